/* policy_ticks.c - the holder counts: every hundred checks it drops the lock and takes it again. (CPython up to 3.1.)
 *
 * What        The lock as it was before anybody kept time. Here to be watched: with two threads that compute on two cores it
 *             burns time on wake-ups that come to nothing; with a thread that waits for input it is quick.
 * How         A waiter sleeps until a drop wakes it. While somebody waits, the holder's breaker bit is set, so that it comes to
 *             'gives_way' at each safepoint and counts there: 1 to 99 go on, 100 drops. Nobody is made to stay away, so the
 *             dropper mostly has the lock again before the woken thread is on its feet on the other core: woken in vain. Who
 *             wins is decided by the kernel's scheduler and by chance.
 * Invariants  P4 while somebody waits, the holder's bit is set: who comes to wait sets it, and who takes the lock from others.
 *             P5 nobody ever asks.
 * GIL         CHECKS is written by the holder about itself.
 * Read next   policy_interval.c, which cured this */
#include "vm/gil/policy.h"

enum { CHECKS_PER_DROP = 100 };

/* Of a client: how many checks since its last drop here. */
enum { CHECKS };

static void ticks_wait(Gil *gil, GilClient *waiter)
{
    /* As at a semaphore: who was woken in vain stands in line anew. */
    gil_place(gil, waiter, NULL);
    gil_alert(gil);
    gil_sleep(gil, waiter, PARK_FOREVER);
}

/* As a semaphore would: the one that has slept longest, though another may be on its way. */
static GilClient *ticks_choose(Gil *gil)
{
    GilClient *waiter = gil->first_waiter;
    while (waiter != NULL && (waiter->alarm_ns == 0 || waiter->is_woken))
        waiter = waiter->next_waiter;
    return waiter;
}

static void ticks_took(Gil *gil, GilClient *holder, bool is_switch)
{
    (void)holder, (void)is_switch;
    if (gil->waiter_count > 0)
        gil_alert(gil);
}

static bool ticks_gives_way(Gil *gil, GilClient *holder)
{
    (void)gil;
    holder->notes[CHECKS] = (holder->notes[CHECKS] + 1) % CHECKS_PER_DROP;
    return holder->notes[CHECKS] == 0;
}

const GilPolicy policy_ticks = {
    .name = "ticks",
    .summary = "every 100 checks the holder drops the lock and takes it again; nobody is made to wait",
    .wait = ticks_wait,
    .choose = ticks_choose,
    .wakes_at_each_drop = true,
    .took = ticks_took,
    .gives_way = ticks_gives_way,
};
