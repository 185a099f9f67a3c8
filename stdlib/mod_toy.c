/* mod_toy.c - toy: what this machine can tell about itself. The one module that CPython lacks.
 *
 * What        gil_stats, gil_dump, gil_policy, gil_drops: the lock. mark and marks: notes with a time. What tests need: memory in use, live objects, a
 *             hand-over and a failing allocation on demand.
 * How         Thin: vm/gil counts.
 * GIL         held.
 * Read next   vm/gil/README.md (what the counters mean) */
#include "vm/toy_vm.h"

static ToyValue gil_stats(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_gil_stats(t); }
static ToyValue gil_drops(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int_from_uint64(t, toy_gil_drops(t)); }

static ToyValue gil_policy(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *wanted = NULL;
    if (toy_is_given(args[0])) {
        if (!toy_arg_text(t, args[0], "gil_policy", "1", &wanted)) return TOY_FAILED;
    }
    ToyValue old = toy_str(t, toy_gil_policy(t));
    if (wanted && !toy_failed(old) && !toy_gil_set_policy(t, wanted)) {
        toy_release(old);
        return toy_raise_value_error(t, "there is no policy '%s'", wanted);
    }
    return old;
}

static ToyValue gil_policies(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue list = toy_list(t);
    for (int i = 0; !toy_failed(list) && toy_gil_policy_name_at(i); i++)
        if (!toy_list_append_take(t, list, toy_str(t, toy_gil_policy_name_at(i)))) toy_clear(&list);
    return list;
}

static ToyValue gil_dump(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int descriptor = 2;
    if (toy_is_given(args[0]) && !toy_arg_int(t, args[0], &descriptor)) return TOY_FAILED;
    if (descriptor < 0) return toy_raise_value_error(t, "gil_dump() takes no negative descriptor");
    toy_gil_dump(t, descriptor);
    return TOY_NONE;
}

static ToyValue hand_over(ToyThread *t, ToyValue self, const ToyValue *args)
{
    toy_gil_hand_over(t);
    return TOY_NONE;
}

/* Notes of scripts: (seconds, thread, text), in the order of time. */
typedef struct ToyState { ToyValue marks; } ToyState;

static ToyValue mark(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyState *state = toy_module_state(self);
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "mark() argument 1 must be str, not %N", args[0]);
    ToyValue row = toy_tuple(t, toy_float(t, (double)toy_monotonic_ns() / 1e9), toy_int_from_uint64(t, toy_thread_ident(t)), toy_retain(args[0]));
    return toy_list_append_take(t, state->marks, row) ? TOY_NONE : TOY_FAILED;
}
static ToyValue marks(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_list_from(t, ((ToyState *)toy_module_state(self))->marks);
}

static ToyValue bytes_in_use(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, (int64_t)toy_bytes_in_use(t)); }
static ToyValue live_objects(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t live = toy_live_objects(t);
    return live < 0 ? TOY_NONE : toy_int(t, live);
}

static ToyValue fail_allocation(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t number;
    if (!toy_arg_int64(t, args[0], &number)) return TOY_FAILED;
    if (number < 0) return toy_raise_value_error(t, "fail_allocation() takes no negative number");
    return toy_bool(toy_fail_allocation(t, (uint64_t)number));
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("gil_stats", gil_stats, "()", 0, "Return what the lock has counted since the start: a dict, with one for each thread in 'threads',\nand one for each of the last that have ended in 'ended'."),
    TOY_FUNCTION("gil_dump", gil_dump, "(descriptor=2, /)", 0, "Write who has the lock, and of each thread what it does or waits for and its stack. -X gil-dump does it on SIGQUIT."),
    TOY_FUNCTION("gil_drops", gil_drops, "()", 0, "Return how many times this thread has given the lock up."),
    TOY_FUNCTION("gil_policy", gil_policy, "(name=None, /)", 0, "Return the name of the lock's policy; choose another one if a name is given."),
    TOY_FUNCTION("gil_policies", gil_policies, "()", 0, "Return the names of the policies there are."),
    TOY_FUNCTION("hand_over", hand_over, "()", 0, "Let another thread run now, if one waits."),
    TOY_FUNCTION("mark", mark, "(text, /)", 0, "Note the text, with the time and the thread."),
    TOY_FUNCTION("marks", marks, "()", 0, "Return what mark() has noted: a list of (monotonic time in seconds, thread, text)."),
    TOY_FUNCTION("bytes_in_use", bytes_in_use, "()", 0, "Return how many bytes the interpreter has taken from the system and not given back."),
    TOY_FUNCTION("live_objects", live_objects, "()", 0, "Return how many objects are alive; None in a build that does not count them."),
    TOY_FUNCTION("fail_allocation", fail_allocation, "(number, /)", 0, "Let the allocation of this number, counted from now, fail; 0 asks for none. Return whether the one asked for before has failed."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    ToyState *state = toy_module_state(toy_module_value(module));
    state->marks = toy_list(t);
    return !toy_failed(state->marks);
}
static void free_state(ToyThread *t, void *state) { toy_clear(&((ToyState *)state)->marks); }

const ToyModule toy_module_toy = {
    .name = "toy",
    .doc = "What this machine can tell about itself. CPython has no such module.",
    .functions = functions,
    .state_size = sizeof(ToyState),
    .init = init,
    .free_state = free_state,
};
