/* api_watch.c - the second door of the wall: tracing, profiling, monitoring, auditing, hooks of coroutines.
 *
 * What        toy_set_trace, toy_monitor_*, toy_audit and their kin of toy_vm.h.
 * How         as api.c.
 * GIL         held.
 * Read next   toy_vm.h, vm/run/trace.h, vm/run/monitor.h */
#include "vm/object/dict.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/run/call.h"
#include "vm/run/import_native.h"
#include "vm/run/interp.h"
#include "vm/run/monitor.h"
#include "vm/run/trace.h"

#include "vm/toy_vm.h"

void toy_set_trace(ToyThread *t, ToyValue function, bool in_all_threads)
{
    hooks_set_trace(t, function);
    for (Thread *each = t->interp->threads; in_all_threads && each; each = each->next)
        if (each != t) hooks_set_trace(each, function);
}
void toy_set_profile(ToyThread *t, ToyValue function, bool in_all_threads)
{
    hooks_set_profile(t, function);
    for (Thread *each = t->interp->threads; in_all_threads && each; each = each->next)
        if (each != t) hooks_set_profile(each, function);
}
ToyValue toy_trace_function(ToyThread *t) { return t->trace_function; }
ToyValue toy_profile_function(ToyThread *t) { return t->profile_function; }

ToyValue toy_call_traced(ToyThread *t, ToyValue callee, ToyValue args)
{
    int tracing = t->tracing;
    t->tracing = 0;
    Value v = call_with(t, callee, as_tuple(args), NULL);
    t->tracing = tracing;
    return v;
}

const char *toy_monitor_event_name(int event) { return monitor_event_name(event); }
ToyValue toy_monitor_disable(ToyThread *t) { return t->interp->run->tracing.disable; }
ToyValue toy_monitor_missing(ToyThread *t) { return t->interp->run->tracing.missing; }
bool toy_monitor_use_tool(ToyThread *t, int tool, ToyValue name) { return monitor_use_tool(t, tool, name); }
bool toy_monitor_free_tool(ToyThread *t, int tool) { return monitor_free_tool(t, tool); }
ToyValue toy_monitor_tool_name(ToyThread *t, int tool)
{
    Value name;
    if (!monitor_tool_name(t, tool, &name)) return FAILED;
    return is_bound(name) ? retain(name) : NONE;
}
ToyValue toy_monitor_register(ToyThread *t, int tool, int event_set, ToyValue callback)
{
    Value previous;
    return monitor_register(t, tool, event_set, callback, &previous) ? previous : FAILED;
}
bool toy_monitor_set_events(ToyThread *t, int tool, int events) { return monitor_set_events(t, tool, events); }
ToyValue toy_monitor_events(ToyThread *t, int tool)
{
    uint32_t events;
    return monitor_get_events(t, tool, &events) ? small_int_value(events) : FAILED;
}
bool toy_monitor_set_local_events(ToyThread *t, int tool, ToyValue code, int events) { return monitor_set_local_events(t, tool, code, events); }
ToyValue toy_monitor_local_events(ToyThread *t, int tool, ToyValue code)
{
    uint32_t events;
    return monitor_get_local_events(t, tool, code, &events) ? small_int_value(events) : FAILED;
}
void toy_monitor_restart(ToyThread *t) { monitor_restart(t); }

/* ---- hooks of coroutines and of auditing ---- */

ToyValue toy_async_hook(ToyThread *t, int which) { return t->async_generator_hooks[which]; }
void toy_set_async_hook(ToyThread *t, int which, ToyValue hook) { replace(&t->async_generator_hooks[which], retain(hook)); }
uint32_t toy_coroutine_origin_depth(ToyThread *t) { return t->coroutine_origin_depth; }
void toy_set_coroutine_origin_depth(ToyThread *t, uint32_t depth) { t->coroutine_origin_depth = depth; }
bool toy_audit(ToyThread *t, ToyValue event, const ToyValue *args, size_t count) { return audit(t, event, args, count); }
bool toy_add_audit_hook(ToyThread *t, ToyValue hook)
{
    RunState *run = t->interp->run;
    if (!run->audit_hooks) run->audit_hooks = list_new(t, 1);
    return run->audit_hooks && list_append(t, run->audit_hooks, hook);
}
bool toy_is_interned(ToyValue text) { return as_object(text)->flags & OBJECT_IS_INTERNED; }
void toy_set_unraisable_type(ToyThread *t, ToyType *type)
{
    object_retain(type);
    t->interp->run->unraisable_type = type;
}

ToyValue toy_current_exceptions(ToyThread *t)
{
    Dict *dict = dict_new(t);
    for (Thread *each = t->interp->threads; dict && each; each = each->next) {
        if (!each->frame) continue;
        Value key = int_from_uint64(t, each->ident), handled = handled_exception(each);
        bool done = !failed(key) && dict_set(t, dict, key, is_bound(handled) ? handled : NONE);
        release(key);
        if (done) continue;
        object_release(dict);
        return FAILED;
    }
    return object_value(dict);
}

ToyValue toy_hidden_module(ToyThread *t, const ToyModule *definition) { return object_value(import_make_native(t, definition, NULL)); }
