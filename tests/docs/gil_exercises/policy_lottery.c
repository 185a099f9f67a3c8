/* policy_lottery.c - a fifth policy: each turn is drawn by lot.
 *
 * What        The answer to exercise 3 of vm/gil/README.md. Shares even out over time, no order can be relied on, and nobody waits for
 *             ever but with probability nought: waiting is bounded on average only.
 * How         As in interval, a waiter asks after a turn without a switch. A drop wakes the one that was drawn, and only that one
 *             may have the lock, until somebody has had it.
 * Invariants  P4 while the lock is free after a drop, DRAWN names a waiter.
 * GIL         the notes are read and written under the mutex.
 * Read next   vm/gil/policy_fair.c */
#include "vm/base/clock.h"
#include "vm/gil/policy.h"

/* Of the lock: who was drawn, as a number (0: anybody); the state of the generator. */
enum { DRAWN, SEED };

static void lottery_wait(Gil *gil, GilClient *waiter)
{
    uint64_t seen = gil->switch_number;
    if (gil_sleep(gil, waiter, clock_monotonic_ns() + (int64_t)gil_interval(gil) * NS_PER_US) == GIL_TIME_IS_UP
        && gil_holder(gil) != NULL && gil->switch_number == seen)
        gil_ask(gil, waiter);
}

static GilClient *lottery_choose(Gil *gil)
{
    gil->notes[SEED] = gil->notes[SEED] * 6364136223846793005 + 1442695040888963407;
    GilClient *drawn = gil->first_waiter;
    for (uint32_t steps = (uint32_t)((uint64_t)gil->notes[SEED] >> 33) % gil->waiter_count; steps > 0; steps--)
        drawn = drawn->next_waiter;
    gil->notes[DRAWN] = (int64_t)(intptr_t)drawn;
    return drawn;
}

static bool lottery_may_take(Gil *gil, GilClient *client)
{
    return gil->notes[DRAWN] == 0 || gil->notes[DRAWN] == (int64_t)(intptr_t)client;
}

static void lottery_took(Gil *gil, GilClient *holder, bool is_switch)
{
    (void)holder, (void)is_switch;
    gil->notes[DRAWN] = 0;
}

const GilPolicy policy_lottery = {
    .name = "lottery",
    .summary = "the next holder is drawn by lot",
    .wait = lottery_wait,
    .choose = lottery_choose,
    .may_take = lottery_may_take,
    .took = lottery_took,
};
