/* sys_watch.c - sys: settrace, setprofile and their kin; the module sys.monitoring.
 *
 * What        What scripts call to be told of calls, lines, returns and the rest.
 * How         Thin: the machine keeps the functions and knows when to call them.
 * GIL         held.
 * Read next   vm/run/trace.h, vm/run/monitor.c */
#include "stdlib/sys_parts.h"

/* ---- settrace, setprofile ---- */

static ToyValue hook_of(ToyValue argument) { return toy_is_none(argument) ? TOY_UNBOUND : argument; }
static ToyValue shown(ToyValue hook) { return toy_is_bound(hook) ? toy_retain(hook) : TOY_NONE; }

ToyValue sys_settrace(ToyThread *t, ToyValue self, const ToyValue *args)
{
    toy_set_trace(t, hook_of(args[0]), false);
    return TOY_NONE;
}
ToyValue sys_setprofile(ToyThread *t, ToyValue self, const ToyValue *args)
{
    toy_set_profile(t, hook_of(args[0]), false);
    return TOY_NONE;
}
ToyValue sys_settraceallthreads(ToyThread *t, ToyValue self, const ToyValue *args)
{
    toy_set_trace(t, hook_of(args[0]), true);
    return TOY_NONE;
}
ToyValue sys_setprofileallthreads(ToyThread *t, ToyValue self, const ToyValue *args)
{
    toy_set_profile(t, hook_of(args[0]), true);
    return TOY_NONE;
}
ToyValue sys_gettrace(ToyThread *t, ToyValue self, const ToyValue *args) { return shown(toy_trace_function(t)); }
ToyValue sys_getprofile(ToyThread *t, ToyValue self, const ToyValue *args) { return shown(toy_profile_function(t)); }

ToyValue sys_call_tracing(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_tuple(args[1])) return toy_raise_type_error(t, "call_tracing() argument 2 must be tuple, not %N", args[1]);
    return toy_call_traced(t, args[0], args[1]);
}

/* ---- sys.monitoring ---- */

static ToyValue none_if(bool done) { return done ? TOY_NONE : TOY_FAILED; }

static ToyValue use_tool_id(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int tool;
    return none_if(toy_arg_int(t, args[0], &tool) && toy_monitor_use_tool(t, tool, args[1]));
}
static ToyValue free_tool_id(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int tool;
    return none_if(toy_arg_int(t, args[0], &tool) && toy_monitor_free_tool(t, tool));
}
static ToyValue get_tool(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int tool;
    return toy_arg_int(t, args[0], &tool) ? toy_monitor_tool_name(t, tool) : TOY_FAILED;
}
static ToyValue register_callback(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int tool, event;
    if (!toy_arg_int(t, args[0], &tool) || !toy_arg_int(t, args[1], &event)) return TOY_FAILED;
    return toy_monitor_register(t, tool, event, args[2]);
}
static ToyValue set_events(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int tool, events;
    return none_if(toy_arg_int(t, args[0], &tool) && toy_arg_int(t, args[1], &events) && toy_monitor_set_events(t, tool, events));
}
static ToyValue get_events(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int tool;
    return toy_arg_int(t, args[0], &tool) ? toy_monitor_events(t, tool) : TOY_FAILED;
}
static ToyValue set_local_events(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int tool, events;
    return none_if(toy_arg_int(t, args[0], &tool) && toy_arg_int(t, args[2], &events) && toy_monitor_set_local_events(t, tool, args[1], events));
}
static ToyValue get_local_events(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int tool;
    return toy_arg_int(t, args[0], &tool) ? toy_monitor_local_events(t, tool, args[1]) : TOY_FAILED;
}
static ToyValue restart_events(ToyThread *t, ToyValue self, const ToyValue *args)
{
    toy_monitor_restart(t);
    return TOY_NONE;
}

/* {event: tools that want it in all code}: for tests. */
static ToyValue all_events(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue dict = toy_dict(t);
    for (int event = 0; !toy_failed(dict) && toy_monitor_event_name(event); event++) {
        int64_t tools = 0;
        for (int tool = 0; tool < 6; tool++) {
            ToyValue name = toy_monitor_tool_name(t, tool), events = toy_is_given(name) ? toy_monitor_events(t, tool) : toy_small_int_value(0);
            if (toy_small_int(events) >> event & 1) tools |= 1 << tool;
            toy_release(name);
        }
        if (tools && !toy_dict_take_text(t, dict, toy_monitor_event_name(event), toy_small_int_value(tools))) toy_clear(&dict);
    }
    return dict;
}

static const ToyFunction monitoring_functions[] = {
    TOY_FUNCTION("_all_events", all_events, "()", 0, "Return which tools want which events in all code."),
    TOY_FUNCTION("free_tool_id", free_tool_id, "(tool_id, /)", 0, "Give a tool's number back. Its events and callbacks stay as they are."),
    TOY_FUNCTION("get_events", get_events, "(tool_id, /)", 0, "Return the events the tool wants in all code."),
    TOY_FUNCTION("get_local_events", get_local_events, "(tool_id, code, /)", 0, "Return the events the tool wants in this code object."),
    TOY_FUNCTION("get_tool", get_tool, "(tool_id, /)", 0, "Return the name of the tool that uses the number, None if it is free."),
    TOY_FUNCTION("register_callback", register_callback, "(tool_id, event, func, /)", 0, "Set what is called for one event; return what was."),
    TOY_FUNCTION("restart_events", restart_events, "()", 0, "Tell again of events that were disabled at their places."),
    TOY_FUNCTION("set_events", set_events, "(tool_id, event_set, /)", 0, "Choose the events the tool wants in all code."),
    TOY_FUNCTION("set_local_events", set_local_events, "(tool_id, code, event_set, /)", 0, "Choose the events the tool wants in this code object."),
    TOY_FUNCTION("use_tool_id", use_tool_id, "(tool_id, name, /)", 0, "Take a number for a tool."),
    TOY_FUNCTIONS_END,
};

static ToyValue events_namespace(ToyThread *t)
{
    ToyValue dict = toy_dict(t);
    bool done = !toy_failed(dict);
    for (int event = 0; done && toy_monitor_event_name(event); event++)
        done = toy_dict_take_text(t, dict, toy_monitor_event_name(event), toy_small_int_value(1 << event));
    done = done && toy_dict_take_text(t, dict, "NO_EVENTS", toy_small_int_value(0));
    ToyValue v = done ? toy_namespace(t, dict) : TOY_FAILED;
    toy_release(dict);
    return v;
}

static bool monitoring_init(ToyThread *t, ToyModuleObject *module)
{
    return toy_module_add(t, module, "__spec__", TOY_NONE) && toy_module_add(t, module, "__loader__", TOY_NONE) &&
           toy_module_add(t, module, "events", events_namespace(t)) && toy_module_add(t, module, "DISABLE", toy_retain(toy_monitor_disable(t))) &&
           toy_module_add(t, module, "MISSING", toy_retain(toy_monitor_missing(t))) && toy_module_add_int(t, module, "DEBUGGER_ID", 0) &&
           toy_module_add_int(t, module, "COVERAGE_ID", 1) && toy_module_add_int(t, module, "PROFILER_ID", 2) &&
           toy_module_add_int(t, module, "OPTIMIZER_ID", 5);
}

const ToyModule sys_monitoring = {.name = "sys.monitoring", .functions = monitoring_functions, .init = monitoring_init};
