/* signals.h - signals: noted at once, handled by the main thread when it can.
 *
 * What        What the process does about each signal; delivery to scripts; the wakeup descriptor.
 * How         The C handler may be run between any two instructions of any thread, so it does next to nothing: it sets a flag,
 *             a bit in the main thread's breaker word, wakes the main thread if that waits for a script lock, and writes a
 *             byte to the wakeup descriptor. The script's handler runs in the main thread at its next safepoint. Handlers
 *             are installed without SA_RESTART, so a system call that the main thread sits in comes back with EINTR (block_retry).
 * Invariants  I1 only the main thread runs script handlers.  I2 the C handler allocates nothing, takes no lock, keeps errno.
 * GIL         not held in the C handler; held in everything else.
 * Read next   signals.c, safepoint.c, blocking.h */
#ifndef TOY_THREADS_SIGNALS_H
#define TOY_THREADS_SIGNALS_H

#include <signal.h>

#include "vm/object/context.h"

enum { SIGNAL_COUNT = 65 };          /* 1..64; as signal.NSIG */

typedef enum SignalAction {
    SIGNAL_UNASKED,                  /* as the process was started; nobody has looked yet */
    SIGNAL_DEFAULT, SIGNAL_IGNORED,
    SIGNAL_FOREIGN,                  /* a handler that is not ours: a native library's */
    SIGNAL_INTERRUPTS,               /* raises KeyboardInterrupt: signal.default_int_handler */
    SIGNAL_CALLS,                    /* a script's function */
} SignalAction;

typedef struct SignalRow {
    atomic_bool is_tripped;          /* set by the C handler, cleared by delivery */
    SignalAction action;             /* under the GIL */
    Value handler;                   /* SIGNAL_CALLS: owned; else UNBOUND */
} SignalRow;

struct SignalState {
    atomic_bool is_any_tripped;
    SignalRow rows[SIGNAL_COUNT];
    atomic_int wakeup_fd;            /* -1: none */
    atomic_bool warns_on_full_buffer;
    atomic_int wakeup_error;         /* errno of a failed write to it, not yet reported; 0: none */
    Value (*current_frame)(Thread *t); /* plugged in by vm/run: the frame object handed to handlers, owned; NULL: they get None */
};

/* At start-up, by the main thread: SIGPIPE and SIGXFSZ are ignored; SIGINT, unless it came ignored, will raise KeyboardInterrupt.
 * False: no memory. */
MUST_CHECK bool signals_init(Thread *t);
/* When the end has begun: what scripts had changed goes back to the system's default. From here on Ctrl-C ends the process at once. */
void signals_close(Thread *t);
/* After the last script code. */
void signals_finish(Thread *t);

/* What happens on signal [number] now. The handler is BORROWED and UNBOUND unless the action is SIGNAL_CALLS. */
SignalAction signals_action(Thread *t, int number, Value *handler);
/* Change it: SIGNAL_DEFAULT, _IGNORED, _INTERRUPTS or _CALLS with [handler]. False: errno says why (nothing raised). */
MUST_CHECK bool signals_set_action(Thread *t, int number, SignalAction action, Value handler);

/* As if [number] had just arrived. Any thread, also within a signal handler: this is what the C handler calls. */
void signals_trip(Interp *interp, int number);

/* Run the handlers of what has arrived. In other threads than main: nothing. False: a handler raised. */
MUST_CHECK bool signals_deliver(Thread *t);
MUST_CHECK static inline bool signals_deliver_if_due(Thread *t)
{
    if (LIKELY(!(atomic_load_explicit(&t->breaker, memory_order_relaxed) & BREAKER_SIGNAL)))
        return true;
    return signals_deliver(t);
}

/* The old descriptor. The caller has checked that it is valid and non-blocking. */
int signals_set_wakeup_fd(Thread *t, int fd, bool warns_on_full_buffer);

/* Whose signals those of the process are; NULL: nobody's. Safe in a signal handler. */
BORROWED Interp *signals_interp(void);

/* In the child of a fork: nothing has arrived yet. */
void signals_forget(Thread *t);

#endif
