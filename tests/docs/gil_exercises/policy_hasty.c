/* policy_hasty.c - as interval, but nobody stays away: who drops the lock under a request may take it again at once.
 *
 * What        The answer to exercise 1 of vm/gil/README.md: what forced switching is for.
 * How         'stays_away' says no, and nobody watches.
 * Invariants  P4 a request is set only after a full turn without a switch.
 * GIL         see vm/gil/policy.h.
 * Read next   vm/gil/policy_ticks.c, where this was so for years */
#include "vm/base/clock.h"
#include "vm/gil/policy.h"

static void hasty_wait(Gil *gil, GilClient *waiter)
{
    uint64_t seen = gil->switch_number;
    if (gil_sleep(gil, waiter, clock_monotonic_ns() + (int64_t)gil_interval(gil) * NS_PER_US) == GIL_TIME_IS_UP
        && gil_holder(gil) != NULL && gil->switch_number == seen)
        gil_ask(gil, waiter);
}

static bool hasty_stays_away(Gil *gil, GilClient *dropper)
{
    (void)gil, (void)dropper;
    return false;
}

const GilPolicy policy_hasty = {
    .name = "hasty",
    .summary = "a waiter asks after one switch interval; the holder drops the lock, and may be the first to take it again",
    .wait = hasty_wait,
    .stays_away = hasty_stays_away,
};
