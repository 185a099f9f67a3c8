/* safepoint.c - see safepoint.h.
 *
 * What        What happens when the loop finds its breaker word set.
 * How         In CPython's order: signals, pending calls, the collector, the GIL, an exception from another thread. Signals first,
 *             so that Ctrl-C does not wait for another thread's slice; the asynchronous exception last, for it ends the rest.
 * Invariants  I1 of safepoint.h.
 * GIL         given up and taken again in gil_yield; script code (handlers, finalisers) gives it up as it likes.
 * Read next   vm/gil/gil.c `gil_yield`, signals.c, vm/object/collector.c */
#include "vm/threads/safepoint.h"

#include "vm/object/collector.h"
#include "vm/object/exception.h"
#include "vm/threads/signals.h"
#include "vm/threads/thread.h"

_Static_assert(BREAKER_GIL_REQUEST == GIL_REQUEST_BIT, "vm/gil and the loop must mean the same bit");

bool pending_call_add(Interp *interp, PendingFn call, void *argument)
{
    PendingCalls *pending = &interp->threading->pending;
    pthread_mutex_lock(&pending->mutex);
    bool has_room = pending->count < PENDING_CALLS_MAX;
    if (has_room)
        pending->calls[(pending->first + pending->count++) % PENDING_CALLS_MAX] = (PendingCall){call, argument};
    pthread_mutex_unlock(&pending->mutex);
    if (has_room)
        breaker_set(interp->main_thread, BREAKER_PENDING);
    return has_room;
}

/* Takes the oldest; [left] tells how many there are behind it. */
static bool take_pending_call(PendingCalls *pending, PendingCall *out, int *left)
{
    pthread_mutex_lock(&pending->mutex);
    bool has_one = pending->count > 0;
    if (has_one) {
        *out = pending->calls[pending->first];
        pending->first = (pending->first + 1) % PENDING_CALLS_MAX;
        pending->count--;
    }
    *left = pending->count;
    pthread_mutex_unlock(&pending->mutex);
    return has_one;
}

static bool make_pending_calls(Thread *t)
{
    PendingCalls *pending = &t->interp->threading->pending;
    /* A call that itself comes to a safepoint does not start the next one inside of it. */
    if (!t->is_main || pending->is_running)
        return true;
    breaker_clear(t, BREAKER_PENDING);
    pending->is_running = true;
    bool is_fine = true;
    PendingCall next;
    int left = 0;
    /* No more at once than the queue holds: a call that queues itself again must not keep us here. */
    for (int i = 0; is_fine && i < PENDING_CALLS_MAX && take_pending_call(pending, &next, &left); i++)
        is_fine = next.call(t, next.argument);
    pending->is_running = false;
    if (left > 0)
        breaker_set(t, BREAKER_PENDING);
    return is_fine;
}

void thread_raise_later(Thread *target, Value exception_type)
{
    replace(&target->async_raise, retain(exception_type));
    if (is_bound(exception_type))
        breaker_set(target, BREAKER_ASYNC_RAISE);
}

static bool raise_async(Thread *t)
{
    breaker_clear(t, BREAKER_ASYNC_RAISE);
    Value type = t->async_raise;
    t->async_raise = UNBOUND;
    if (is_unbound(type))
        return true;
    Value exception = exception_make(t, type, UNBOUND);
    release(type);
    if (!failed(exception))
        raise_instance(t, exception);
    return false;
}

bool safepoint_handle_interruption(Thread *t)
{
    ASSERT_GIL(t);
    if (!signals_deliver_if_due(t))
        return false;
    if (atomic_load_explicit(&t->breaker, memory_order_relaxed) & BREAKER_PENDING)
        return make_pending_calls(t);
    return true;
}

bool safepoint_handle(Thread *t)
{
    uint32_t bits = atomic_load_explicit(&t->breaker, memory_order_relaxed);
    if ((bits & (BREAKER_SIGNAL | BREAKER_PENDING)) && !safepoint_handle_interruption(t))
        return false;
    if (bits & BREAKER_COLLECT) {
        breaker_clear(t, BREAKER_COLLECT);
        collector_run_if_due(t);
    }
    if (bits & BREAKER_KICK)
        lock_kick_if_due(t);
    if (bits & BREAKER_GIL_REQUEST)
        gil_yield(&t->interp->gil, &t->gil_client);
    if (bits & BREAKER_STRESS) {
        if (t->interp->config.stress_gc)
            collector_run_if_due(t); /* gc.disable() holds under stress too: a script may count on a cycle that lives */
        if (t->interp->config.stress_switch)
            gil_hand_over(&t->interp->gil, &t->gil_client);
    }
    if (bits & BREAKER_ASYNC_RAISE)
        return raise_async(t);
    return true;
}
