/* signals.c - see signals.h.
 *
 * What        The C handler, the delivery in the main thread, the table of what each signal does.
 * How         Flags first, then the breaker bit, then the wakes: who sees the bit finds the flag.
 * Invariants  I1 and I2 of signals.h.
 *             I3 the interpreter that owns the process's signals is named by the one static variable of this file: a C signal
 *             handler is given nothing but a number, so it must have a place to look.
 * GIL         signals_trip runs without it.
 * Read next   safepoint.c, lock.c */
#include "vm/threads/signals.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "vm/object/exception.h"
#include "vm/object/protocol.h"
#include "vm/threads/safepoint.h"

static _Atomic(Interp *) signal_interp;   /* I3 */

_Static_assert(SIGNAL_COUNT == _NSIG, "the table has a row for each signal");

Interp *signals_interp(void) { return atomic_load(&signal_interp); }

/* ---- arrival -------------------------------------------------------------------------------------------------------------- */

void signals_trip(Interp *interp, int number)
{
    SignalState *state = interp->signals;
    Thread *main_thread = interp->main_thread;
    atomic_store(&state->rows[number].is_tripped, true);
    atomic_store(&state->is_any_tripped, true);
    breaker_set(main_thread, BREAKER_SIGNAL);
    /* It may be waiting for a script lock, and the kernel may have chosen another thread to run this. If it is not waiting, the
     * mark is forgotten at its next wait, after it has looked at the bit. */
    if (parking_mark(&main_thread->parking))
        parking_kick(&main_thread->parking);

    int fd = atomic_load(&state->wakeup_fd);
    if (fd < 0)
        return;
    unsigned char byte = (unsigned char)number;
    ssize_t written;
    do
        written = write(fd, &byte, 1);
    while (written < 0 && errno == EINTR);
    if (written < 0 && ((errno != EAGAIN && errno != EWOULDBLOCK) || atomic_load(&state->warns_on_full_buffer)))
        atomic_store(&state->wakeup_error, errno);
}

static void on_signal(int number)
{
    int saved_errno = errno;
    Interp *interp = atomic_load(&signal_interp);
    if (interp != NULL)
        signals_trip(interp, number);
    errno = saved_errno;
}

/* ---- delivery ------------------------------------------------------------------------------------------------------------- */

static bool raise_keyboard_interrupt(Thread *t)
{
    Value exception = exception_make(t, object_value(exception_type(t, EXC_KeyboardInterrupt)), UNBOUND);
    if (!failed(exception))
        raise_instance(t, exception);
    return false;
}

static bool call_handler(Thread *t, SignalState *state, Value handler, int number)
{
    Value frame = state->current_frame != NULL ? state->current_frame(t) : NONE;
    if (failed(frame))
        return false;
    retain(handler);   /* it may replace itself */
    Value result = value_call2(t, handler, small_int_value(number), frame);
    release2(handler, frame);
    release(result);
    return !failed(result);
}

static bool deliver_one(Thread *t, SignalState *state, int number)
{
    SignalRow *row = &state->rows[number];
    switch (row->action) {
    case SIGNAL_INTERRUPTS:
        return raise_keyboard_interrupt(t);
    case SIGNAL_CALLS:
        return call_handler(t, state, row->handler, number);
    case SIGNAL_UNASKED: case SIGNAL_DEFAULT: case SIGNAL_IGNORED: case SIGNAL_FOREIGN:
        /* It was changed between arrival and delivery: nobody is left to tell, but it shall not get lost unseen. */
        if (t->interp->unraisable_hook == NULL)
            break;
        raise_error(t, EXC_OSError, "Signal %d ignored due to race condition", number);
        raised_report_unraisable(t, UNBOUND, NULL);
        break;
    }
    return true;
}

static void report_wakeup_error(Thread *t, SignalState *state)
{
    int error = atomic_exchange(&state->wakeup_error, 0);
    if (error == 0)
        return;
    raise_os_error(t, error, UNBOUND);
    raised_report_unraisable(t, UNBOUND, "Exception ignored when trying to write to the signal wakeup fd");
}

bool signals_deliver(Thread *t)
{
    ASSERT_GIL(t);
    if (!t->is_main)
        return true;
    SignalState *state = t->interp->signals;
    breaker_clear(t, BREAKER_SIGNAL);
    report_wakeup_error(t, state);
    if (!atomic_exchange(&state->is_any_tripped, false))
        return true;
    for (int number = 1; number < SIGNAL_COUNT; number++) {
        if (!atomic_exchange(&state->rows[number].is_tripped, false))
            continue;
        if (deliver_one(t, state, number))
            continue;
        /* The others that may have arrived get their turn when this exception is handled. */
        atomic_store(&state->is_any_tripped, true);
        breaker_set(t, BREAKER_SIGNAL);
        return false;
    }
    return true;
}

/* ---- the table ------------------------------------------------------------------------------------------------------------ */

SignalAction signals_action(Thread *t, int number, Value *handler)
{
    SignalRow *row = &t->interp->signals->rows[number];
    /* Asked one by one, when wanted: 64 system calls at start-up would cost more than most scripts. */
    if (row->action == SIGNAL_UNASKED) {
        struct sigaction current;
        if (sigaction(number, NULL, &current) != 0)
            return SIGNAL_FOREIGN;
        row->action = current.sa_handler == SIG_DFL ? SIGNAL_DEFAULT
            : current.sa_handler == SIG_IGN ? SIGNAL_IGNORED : SIGNAL_FOREIGN;
    }
    *handler = row->handler;
    return row->action;
}

bool signals_set_action(Thread *t, int number, SignalAction action, Value handler)
{
    assert(t->is_main);
    struct sigaction wanted;
    memset(&wanted, 0, sizeof wanted);
    sigemptyset(&wanted.sa_mask);
    wanted.sa_handler = action == SIGNAL_DEFAULT ? SIG_DFL : action == SIGNAL_IGNORED ? SIG_IGN : on_signal;
    /* Not SA_RESTART: a call that was interrupted must come back, so that the script's handler can run (PEP 475). */
    wanted.sa_flags = SA_ONSTACK;
    if (sigaction(number, &wanted, NULL) != 0)
        return false;
    SignalRow *row = &t->interp->signals->rows[number];
    row->action = action;
    replace(&row->handler, action == SIGNAL_CALLS ? retain(handler) : UNBOUND);
    return true;
}

int signals_set_wakeup_fd(Thread *t, int fd, bool warns_on_full_buffer)
{
    SignalState *state = t->interp->signals;
    atomic_store(&state->warns_on_full_buffer, warns_on_full_buffer);
    return atomic_exchange(&state->wakeup_fd, fd);
}

/* ---- start, fork, end ----------------------------------------------------------------------------------------------------- */

bool signals_init(Thread *t)
{
    SignalState *state = memory_alloc_zeroed(&t->interp->memory, sizeof *state);
    if (state == NULL)
        return false;
    atomic_store(&state->wakeup_fd, -1);
    t->interp->signals = state;
    t->interp->check_signals = signals_deliver;    /* long computations of vm/object look between their steps */
    atomic_store(&signal_interp, t->interp);
    Value handler;
    bool is_set = signals_set_action(t, SIGPIPE, SIGNAL_IGNORED, UNBOUND)    /* a write to a closed pipe is a BrokenPipeError */
        && signals_set_action(t, SIGXFSZ, SIGNAL_IGNORED, UNBOUND);
    /* Started with SIGINT ignored (nohup, a background job of sh): it stays so. */
    if (is_set && signals_action(t, SIGINT, &handler) == SIGNAL_DEFAULT)
        is_set = signals_set_action(t, SIGINT, SIGNAL_INTERRUPTS, UNBOUND);
    return is_set;
}

void signals_forget(Thread *t)
{
    SignalState *state = t->interp->signals;
    if (state == NULL)
        return;
    for (int number = 1; number < SIGNAL_COUNT; number++)
        atomic_store(&state->rows[number].is_tripped, false);
    atomic_store(&state->is_any_tripped, false);
    breaker_clear(t, BREAKER_SIGNAL);
}

void signals_close(Thread *t)
{
    SignalState *state = t->interp->signals;
    for (int number = 1; number < SIGNAL_COUNT; number++) {
        SignalRow *row = &state->rows[number];
        if (row->action == SIGNAL_INTERRUPTS || row->action == SIGNAL_CALLS)
            (void)!signals_set_action(t, number, SIGNAL_DEFAULT, UNBOUND);
    }
}

void signals_finish(Thread *t)
{
    SignalState *state = t->interp->signals;
    atomic_store(&signal_interp, NULL);
    /* Handlers are back at the default, so none is running that could still look here, but in threads that sleep for ever. */
    t->interp->signals = NULL;
    memory_free(&t->interp->memory, state, sizeof *state);
}
