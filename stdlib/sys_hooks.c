/* sys_hooks.c - sys: what scripts plug into coroutines, asynchronous generators and auditing.
 *
 * What        set_asyncgen_hooks, set_coroutine_origin_tracking_depth, addaudithook and audit (PEP 578).
 * How         The first two are settings of the thread. Audit hooks are a list of the interpreter: each hears of every event that audit()
 *             names, and ends the action by raising.
 * GIL         held; hooks are script code.
 * Read next   vm/run/async_generator.c, mod_sys.c */
#include "stdlib/sys_parts.h"

static ToyValue shown(ToyValue hook) { return toy_is_bound(hook) ? toy_retain(hook) : TOY_NONE; }

/* ---- asynchronous generators, coroutines ---- */

static const ToyMember hook_fields[] = {
    TOY_RECORD_FIELD("firstiter", 0, NULL), TOY_RECORD_FIELD("finalizer", 1, NULL), TOY_RECORD_END,
};
const ToyTypeSpec sys_async_hooks_spec =
    TOY_RECORD(
               "asyncgen_hooks\n\nWho hears of async generators: firstiter when one takes its first step,\nfinalizer when one is "
               "given up before its end.", hook_fields, 2);

ToyValue sys_get_asyncgen_hooks(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue items[] = {shown(toy_async_hook(t, 0)), shown(toy_async_hook(t, 1))};
    return toy_record_new(t, sys_async_hooks_type(self), items);
}

ToyValue sys_set_asyncgen_hooks(ToyThread *t, ToyValue self, const ToyValue *args)
{
    static const char *const names[] = {"firstiter", "finalizer"};
    for (int i = 0; i < 2; i++)
        if (toy_is_given(args[i]) && !toy_is_callable(t, args[i]))
            return toy_raise_type_error(t, "callable %s expected, got %T", names[i], args[i]);
    for (int i = 0; i < 2; i++)
        if (toy_is_bound(args[i])) toy_set_async_hook(t, i, toy_is_none(args[i]) ? TOY_UNBOUND : args[i]);
    return TOY_NONE;
}

ToyValue sys_get_origin_depth(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_small_int_value(toy_coroutine_origin_depth(t)); }
ToyValue sys_set_origin_depth(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int depth;
    if (!toy_arg_int(t, args[0], &depth)) return TOY_FAILED;
    if (depth < 0) return toy_raise_value_error(t, "depth must be >= 0");
    toy_set_coroutine_origin_depth(t, (uint32_t)depth);
    return TOY_NONE;
}

/* ---- auditing ---- */

ToyValue sys_audit(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (names) return toy_raise_type_error(t, "audit() takes no keyword arguments");
    if (count == 0) return toy_raise_type_error(t, "audit() missing 1 required positional argument: 'event'");
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "expected str for argument 'event', not %T", args[0]);
    return toy_audit(t, args[0], args + 1, count - 1) ? TOY_NONE : TOY_FAILED;
}

/* Hooks that are there already hear of it, and may refuse: quietly, if with an Exception. */
ToyValue sys_addaudithook(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue event = toy_str(t, "sys.addaudithook");
    bool done = !toy_failed(event) && toy_audit(t, event, NULL, 0);
    toy_release(event);
    if (!done) {
        if (!toy_raised_is(t, TOY_Exception)) return TOY_FAILED;
        toy_raised_clear(t);
        return TOY_NONE;
    }
    return toy_add_audit_hook(t, args[0]) ? TOY_NONE : TOY_FAILED;
}
