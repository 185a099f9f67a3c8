/* trace.h - being watched: sys.settrace, sys.setprofile and sys.monitoring, as the loop sees them.
 *
 * What        trace_is_on (the test), the traced copy of a code object, and what the loop calls when something is to be told.
 * How         A thread that is watched has BREAKER_TRACE in its breaker word, for as long as it is. At its next safepoint the running
 *             frame goes over to the traced copy: the plain words, in which TRACED stands wherever something may be
 *             told. TRACED comes to trace_instruction and then to the plain instruction. Nobody watched, nothing is tested
 *             that was not tested before.
 *
 *                 trace.c    where: copies, lines, calls, jumps      hooks.c    settrace and setprofile, one per thread
 *                 monitor.c  sys.monitoring: tools, events, callbacks
 * Invariants  I1 an offset means the same place in the plain words, the hot copy and the traced copy.
 *             I2 while a hook or callback runs (t->tracing > 0) its thread tells nothing.
 * GIL         held.
 * Read next   trace.c, eval.c (TRACED) */
#ifndef TOY_RUN_TRACE_H
#define TOY_RUN_TRACE_H

#include "vm/run/frame.h"

/* sys.monitoring's events; their sets have bit 1 << event. The first MONITOR_LOCAL_EVENTS belong to places in code. */
typedef enum MonitorEvent {
#define EVENT(NAME) EVENT_##NAME,
#include "vm/run/monitor_events.def"
#undef EVENT
    EVENT_COUNT
} MonitorEvent;
#define EVENT_BIT(NAME) (1u << EVENT_##NAME)
_Static_assert((int)EVENT_RAISE == (int)MONITOR_LOCAL_EVENTS, "the events that belong to places come first");

/* Interp.run->tracing: who watches. */
typedef struct Tracing {
    uint32_t events[MONITOR_TOOLS];              /* for all code */
    Value callbacks[MONITOR_TOOLS][EVENT_COUNT]; /* owned; UNBOUND: none */
    Value tools[MONITOR_TOOLS];                  /* their names; UNBOUND: the number is free */
    uint32_t global_events;                      /* union of [events] */
    uint32_t hook_events;                        /* what settrace and setprofile, of any thread, need to be told */
    bool traces_opcodes;                         /* some frame has had f_trace_opcodes */
    uint32_t version;                            /* what must be told has changed: traced copies are filled anew */
    uint32_t restarts;                           /* restart_events() */
    Value disable, missing;                      /* sys.monitoring.DISABLE, MISSING */
} Tracing;

/* In Frame.traced_line: a hook has chosen another place, where the frame stands already. */
#define TRACED_JUMP UINT32_MAX

static inline bool trace_is_on(Thread *t)
{
    return UNLIKELY(atomic_load_explicit(&t->breaker, memory_order_relaxed) & BREAKER_TRACE) && t->tracing == 0;
}

/* ---- the loop's side (trace.c) ---- */

/* At a safepoint: does what the breaker asks for, and lets [frame] go on in the words that fit (it may change frame->ip). False: raised. */
COLD MUST_CHECK bool trace_safepoint(Thread *t, Frame *frame);
/* RESUME: the same; [is_safepoint]: threads may change here. The frame comes to RESUME once more if it changes words. */
COLD MUST_CHECK bool trace_resume(Thread *t, Frame *frame, bool is_safepoint);

typedef enum TraceStep { TRACE_RUN, TRACE_GO_ON, TRACE_FAILED } TraceStep;
/* TRACED, frame->ip and frame->sp are those of the loop. TRACE_RUN: now the plain instruction of the place. TRACE_GO_ON: it
 * is done, or another place is next: ip and sp stand in the frame. TRACE_FAILED: raised, sp stands in the frame. */
COLD MUST_CHECK TraceStep trace_instruction(Thread *t, Frame *frame);

/* An exception: raised or passed on in this frame; raised again as it is; about to be handled at frame->ip; about to leave the
 * frame; thrown into a generator. t->raised may be another one afterwards. */
COLD void trace_raised(Thread *t, Frame *frame);
COLD void trace_reraised(Thread *t, Frame *frame);
COLD MUST_CHECK bool trace_handled(Thread *t, Frame *frame, Value exception);
COLD void trace_unwound(Thread *t, Frame *frame);
COLD void trace_thrown(Thread *t, Frame *frame);

/* The words in which [frame] should go on now. */
COLD const Word *trace_words(Thread *t, Frame *frame);
/* What is watched has changed: every thread's breaker and every frame's words. */
void trace_changed(Interp *interp);
void trace_thread_begins(Thread *t);
MUST_CHECK bool trace_init(Thread *t);
void trace_finish(Thread *t);
/* The CodeTrace of [code], made if it must be; NULL: no memory, nothing raised. */
CodeTrace *code_trace(Thread *t, Code *code);

/* ---- sys.settrace, sys.setprofile (hooks.c) ---- */

/* Thread.telling: which kind of event the trace function hears now; f_lineno may be set at some. */
enum Telling { TELLING_NOTHING, TELLING_CALL, TELLING_LINE, TELLING_OTHER };

/* UNBOUND: none. */
void hooks_set_trace(Thread *target, Value function);
void hooks_set_profile(Thread *target, Value function);
/* Each does nothing where no hook wants it. False: raised, and the hook is gone. */
MUST_CHECK bool hooks_tell_call(Thread *t, Frame *frame);
MUST_CHECK bool hooks_tell_return(Thread *t, Frame *frame, Value result);
MUST_CHECK bool hooks_tell_line(Thread *t, Frame *frame);
MUST_CHECK bool hooks_tell_opcode(Thread *t, Frame *frame);
MUST_CHECK bool hooks_tell_exception(Thread *t, Frame *frame, Value exception);
/* A native callable is called ("c_call"), has returned, has raised. */
MUST_CHECK bool hooks_tell_native(Thread *t, Frame *frame, MonitorEvent event, Value callee, Value self);

/* ---- sys.monitoring (monitor.c) ---- */

/* Which of the events in [wanted] somebody waits for in this code. */
uint32_t monitor_events(const Tracing *tracing, const Code *code);
/* Tell of [event] at the place: callbacks get code, [where] and the [count] values behind it. False: a callback raised. */
MUST_CHECK bool monitor_tell(Thread *t, Frame *frame, MonitorEvent event, uint32_t offset, int64_t where, const Value *more, size_t count);

#endif
