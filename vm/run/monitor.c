/* monitor.c - sys.monitoring: tools, the events they want, and their callbacks (PEP 669).
 *
 * What        monitor_events (what is wanted in a piece of code), monitor_tell (calls the callbacks); what the module does is
 *             at the end: tools come and go, register callbacks, choose events for all code or for one code object.
 * How         A tool's events for all code stand in Tracing, those for one code object in its CodeTrace. A callback that answers DISABLE
 *             hears no more of its event at that place: a bit in CodeTrace.disabled, until restart_events() makes
 *             all of them out of date.
 * Invariants  I1 C_RETURN and C_RAISE are wanted exactly where CALL is.
 * GIL         held; callbacks are script code.
 * Read next   trace.h, trace.c, stdlib/sys_monitoring.c */
#include "vm/run/monitor.h"

#include "vm/object/exception.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/interp.h"

static const char *const event_names[] = {
#define EVENT(NAME) #NAME,
#include "vm/run/monitor_events.def"
#undef EVENT
};

const char *monitor_event_name(int event) { return event < EVENT_COUNT ? event_names[event] : NULL; }

static Tracing *tracing_of(Thread *t) { return &t->interp->run->tracing; }

/* What [tool] wants in [code]. */
static uint32_t tool_events(const Tracing *tracing, const Code *code, int tool)
{
    uint32_t events = tracing->events[tool] | (code->trace ? code->trace->local_events[tool] : 0);
    return events & EVENT_BIT(CALL) ? events | EVENT_BIT(C_RETURN) | EVENT_BIT(C_RAISE) : events;
}

uint32_t monitor_events(const Tracing *tracing, const Code *code)
{
    uint32_t events = tracing->global_events;
    if (code->trace)
        for (int tool = 0; tool < MONITOR_TOOLS; tool++) events |= code->trace->local_events[tool];
    return events & EVENT_BIT(CALL) ? events | EVENT_BIT(C_RETURN) | EVENT_BIT(C_RAISE) : events;
}

/* ---- places where nobody listens any more ---- */

/* The byte of tools that do without [event] at [offset]. NULL: there is none yet, and no memory for it or [makes] is false. */
static uint8_t *disabled_at(Thread *t, Code *code, MonitorEvent event, uint32_t offset, bool makes)
{
    const Tracing *tracing = tracing_of(t);
    CodeTrace *trace = code_trace(t, code);
    size_t size = (size_t)code->unit->word_count * MONITOR_LOCAL_EVENTS;
    if (!trace) return NULL;
    if (trace->disabled && trace->restarts != tracing->restarts) memset(trace->disabled, 0, size);
    trace->restarts = tracing->restarts;
    if (!trace->disabled && makes) trace->disabled = memory_alloc_zeroed(&t->interp->memory, size);
    return trace->disabled ? trace->disabled + (size_t)event * code->unit->word_count + offset : NULL;
}

/* What DISABLE asks for. False: this event cannot be disabled; the callback is gone. */
static bool disable(Thread *t, Code *code, int tool, MonitorEvent event, uint32_t offset)
{
    Tracing *tracing = tracing_of(t);
    if (event >= MONITOR_LOCAL_EVENTS && event != EVENT_C_RETURN && event != EVENT_C_RAISE) {
        clear(&tracing->callbacks[tool][event]);
        return raise_false(t, EXC_ValueError, "Cannot disable %s events. Callback removed.", event_names[event]);
    }
    if (event >= MONITOR_LOCAL_EVENTS) return true;
    uint8_t *tools = disabled_at(t, code, event, offset, true);
    if (!tools) return !failed(raise_memory_error(t));
    *tools |= (uint8_t)(1u << tool);
    return true;
}

/* ---- telling ---- */

enum { MORE_VALUES = 2 };

bool monitor_tell(Thread *t, Frame *frame, MonitorEvent event, uint32_t offset, int64_t where, const Value *more, size_t count)
{
    Tracing *tracing = tracing_of(t);
    Code *code = frame->code;
    object_retain(code);
    bool done = true;
    for (int tool = 0; done && tool < MONITOR_TOOLS; tool++) {
        Value callback = tracing->callbacks[tool][event];
        if (is_unbound(callback) || !(tool_events(tracing, code, tool) & (1u << event))) continue;
        if (event < MONITOR_LOCAL_EVENTS) {
            const uint8_t *disabled = disabled_at(t, code, event, offset, false);
            if (disabled && *disabled & (1u << tool)) continue;
        }
        Value row[2 + MORE_VALUES] = {object_value(code), small_int_value(where)};
        for (size_t i = 0; i < count; i++) row[2 + i] = more[i];
        retain(callback);
        t->tracing++;
        Value answer = value_call(t, callback, row, 2 + count, NULL);
        t->tracing--;
        release(callback);
        done = !failed(answer) && (!is_same(answer, tracing->disable) || disable(t, code, tool, event, offset));
        release(answer);
    }
    object_release(code);
    return done;
}

/* ---- the module's side ---- */

static bool is_tool(Thread *t, int64_t tool)
{
    return (tool >= 0 && tool < MONITOR_TOOLS) || raise_false(t, EXC_ValueError, "invalid tool %d (must be between 0 and %d)", (int)tool, MONITOR_TOOLS - 1);
}

static bool is_tool_in_use(Thread *t, int64_t tool)
{
    if (!is_tool(t, tool)) return false;
    return is_bound(tracing_of(t)->tools[tool]) || raise_false(t, EXC_ValueError, "tool %d is not in use", (int)tool);
}

bool monitor_use_tool(Thread *t, int64_t tool, Value name)
{
    if (!is_tool(t, tool)) return false;
    if (!is_str(name)) return raise_false(t, EXC_ValueError, "tool name must be a str");
    Value *place = &tracing_of(t)->tools[tool];
    if (is_bound(*place)) return raise_false(t, EXC_ValueError, "tool %d is already in use", (int)tool);
    *place = retain(name);
    return true;
}

bool monitor_free_tool(Thread *t, int64_t tool)
{
    if (!is_tool(t, tool)) return false;
    clear(&tracing_of(t)->tools[tool]);
    return true;
}

bool monitor_tool_name(Thread *t, int64_t tool, Value *name)
{
    if (!is_tool(t, tool)) return false;
    *name = tracing_of(t)->tools[tool];
    return true;
}

bool monitor_register(Thread *t, int64_t tool, int64_t event_set, Value callback, Value *previous)
{
    if (!is_tool(t, tool)) return false;
    if (event_set <= 0 || (event_set & (event_set - 1)))
        return raise_false(t, EXC_ValueError, "The callback can only be set for one event at a time");
    int event = __builtin_ctzll((unsigned long long)event_set);
    if (event >= EVENT_COUNT) return raise_false(t, EXC_ValueError, "invalid event %d", (int)event_set);
    Value *place = &tracing_of(t)->callbacks[tool][event];
    *previous = is_bound(*place) ? *place : NONE;
    *place = is_none(callback) ? UNBOUND : retain(callback);
    return true;
}

enum { AFTER_CALL = EVENT_BIT(C_RETURN) | EVENT_BIT(C_RAISE) };

/* The event set of an argument; C_RETURN and C_RAISE come with CALL. False: raised. */
static bool check_events(Thread *t, int64_t events, int count, const char *message)
{
    if (events < 0 || events >= (int64_t)1 << count) return raise_false(t, EXC_ValueError, message, (unsigned)events);
    return true;
}

static bool takes_after_call(Thread *t, int64_t *events)
{
    if (!(*events & AFTER_CALL)) return true;
    if ((*events & (AFTER_CALL | EVENT_BIT(CALL))) != (AFTER_CALL | EVENT_BIT(CALL)))
        return raise_false(t, EXC_ValueError, "cannot set C_RETURN or C_RAISE events independently");
    *events &= ~(int64_t)AFTER_CALL;
    return true;
}

bool monitor_set_events(Thread *t, int64_t tool, int64_t events)
{
    if (!is_tool(t, tool) || !check_events(t, events, EVENT_COUNT, "invalid event set 0x%x") || !takes_after_call(t, &events) || !is_tool_in_use(t, tool))
        return false;
    tracing_of(t)->events[tool] = (uint32_t)events;
    trace_changed(t->interp);
    return true;
}

bool monitor_get_events(Thread *t, int64_t tool, uint32_t *events)
{
    if (!is_tool(t, tool)) return false;
    *events = tracing_of(t)->events[tool];
    return true;
}

bool monitor_set_local_events(Thread *t, int64_t tool, Value code, int64_t events)
{
    if (!is_tool(t, tool)) return false;
    if (!is_kind(code, KIND_CODE)) return raise_false(t, EXC_TypeError, "code must be a code object");
    if (!is_tool_in_use(t, tool) || !takes_after_call(t, &events) || !check_events(t, events, MONITOR_LOCAL_EVENTS, "invalid local event set 0x%x")) return false;
    CodeTrace *trace = code_trace(t, (Code *)as_object(code));
    if (!trace) return !failed(raise_memory_error(t));
    uint32_t before = 0, after = 0;
    for (int i = 0; i < MONITOR_TOOLS; i++) before |= trace->local_events[i];
    trace->local_events[tool] = (uint32_t)events;
    for (int i = 0; i < MONITOR_TOOLS; i++) after |= trace->local_events[i];
    /* While there are any, all threads look; a code object that is freed counts itself out. */
    if (!before && after) t->interp->watched_codes++;
    if (before && !after) t->interp->watched_codes--;
    trace_changed(t->interp);
    return true;
}

bool monitor_get_local_events(Thread *t, int64_t tool, Value code, uint32_t *events)
{
    if (!is_kind(code, KIND_CODE)) return raise_false(t, EXC_TypeError, "code must be a code object");
    if (!is_tool(t, tool)) return false;
    const CodeTrace *trace = ((Code *)as_object(code))->trace;
    *events = trace ? trace->local_events[tool] : 0;
    return true;
}

void monitor_restart(Thread *t)
{
    tracing_of(t)->restarts++;
    trace_changed(t->interp);
}
