/* policy_interval.c - the default: a waiter who has waited one switch interval asks. (CPython since 3.2.)
 *
 * What        Threads that compute get slices of one interval. Nobody else keeps time: not the holder, not the kernel.
 * How         The waiter sleeps for one interval. If it was not woken, and the holder is still the same one, it sets the request
 *             bit in the holder's word. If the lock changed hands meanwhile, nobody is asked: the new holder has its interval yet to
 *             come, and the waiter starts over. Hence slices between one and two intervals with three threads or more.
 * Invariants  P4 a request is set only after a full turn without a switch.
 *             P5 it promises that somebody else runs, not who: the drop wakes the waiter whose turn is the oldest, and a
 *                thread that comes by at that moment may be faster.
 * GIL         the waiter is outside; see policy.h.
 * Read next   gil.c, vm/threads/safepoint.c (how the holder hears it) */
#include "vm/base/clock.h"
#include "vm/gil/policy.h"

static void interval_wait(Gil *gil, GilClient *waiter)
{
    uint64_t seen = gil->switch_number;
    /* Read at each turn: a new interval counts from the next turn on. */
    int64_t switch_interval = (int64_t)gil_interval(gil) * NS_PER_US;

    if (gil_sleep(gil, waiter, clock_monotonic_ns() + switch_interval) != GIL_TIME_IS_UP)
        return;
    /* Each turn is a fresh wait: who just had one goes behind those that are still in theirs. */
    gil_place(gil, waiter, NULL);
    if (gil_holder(gil) == NULL || gil->switch_number != seen)
        return;
    /* The holder will hear this within a microsecond or so, unless it is inside a long native call. If the coming drop would
     * wake just this waiter, then it is not worth while to fall asleep. */
    if (gil_ask(gil, waiter) && gil->first_waiter == waiter)
        gil_watch(gil, waiter);
}

const GilPolicy policy_interval = {
    .name = "interval",
    .summary = "a waiter asks after one switch interval; the holder gives way and lets another thread run",
    .wait = interval_wait,
};
