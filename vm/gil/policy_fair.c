/* policy_fair.c - a queue: who came first is next, and a turn is one interval.
 *
 * What        Equal shares for any number of threads that compute, and a bound on waiting: with n threads nobody waits longer than
 *             n - 1 intervals (for holders that come to their safepoints). The price: a thread that gave the lock up
 *             for a call of a microsecond queues behind all the others, so it waits for whole turns.
 * How         Only the first of the queue may take the lock, whoever passes by. The first also keeps the time: it sleeps until
 *             the holder's turn ends and then asks. The others set their alarms as if each turn before theirs were a whole one:
 *
 *               holder: turn ends at T   [first: T]  [second: T + 1 interval]  [third: T + 2]   <-- who yields, who comes
 *
 *             Turns are often shorter (a blocking call): then the next first is called, to set its alarm anew. Some are longer: a
 *             native call comes to no safepoint, the kernel runs the first of the queue late. What a turn was too long is taken
 *             off the same thread's next turns. (Deficit round robin, Shreedhar and Varghese 1995.)
 * Invariants  P4 the first of the queue has an alarm set for the end of the turn or before, or has asked, or is awake.
 *             P5 who has waited is never passed.
 * GIL         all notes are read and written under the mutex.
 * Read next   policy_io.c, which lets some pass after all, with a bound */
#include "vm/base/clock.h"
#include "vm/gil/policy.h"

/* Of the lock: when the turn of the holder ends. */
enum { TURN_ENDS };
/* Of a client: how much longer than its turns it has had the lock, and has not given back yet, in ns. */
enum { DEBT };

/* No turn is shorter than a part of the interval, for coming and going cost something too; and what is owed to threads that may
 * be gone by now is forgotten in the end. */
enum { SHORTEST_TURN_PARTS = 4, DEBT_INTERVALS = 4 };

static bool fair_may_take(Gil *gil, GilClient *client)
{
    return gil->first_waiter == client;
}

static int64_t interval_ns(Gil *gil)
{
    return (int64_t)gil_interval(gil) * NS_PER_US;
}

static int64_t longer(int64_t left, int64_t right)  { return left > right ? left : right; }
static int64_t shorter(int64_t left, int64_t right) { return left < right ? left : right; }

static int count_ahead(const GilClient *waiter)
{
    int ahead = 0;
    while ((waiter = waiter->prior_waiter) != NULL)
        ahead++;
    return ahead;
}

static void fair_wait(Gil *gil, GilClient *waiter)
{
    int64_t now = clock_monotonic_ns();
    bool is_first = gil->first_waiter == waiter;
    /* A turn that nobody timed, for nobody waited, begins with the first who waits. */
    if (is_first && gil->notes[TURN_ENDS] < waiter->waiting_since_ns && !gil->is_asked)
        gil->notes[TURN_ENDS] = waiter->waiting_since_ns + interval_ns(gil);
    int64_t alarm = gil->notes[TURN_ENDS] + count_ahead(waiter) * interval_ns(gil);
    if (alarm <= now && (!is_first || gil->is_asked))
        alarm = PARK_FOREVER;    /* somebody is late; a drop will choose us, or a take call us */
    if (gil_sleep(gil, waiter, alarm) != GIL_TIME_IS_UP)
        return;
    bool is_time = gil->first_waiter == waiter && gil->notes[TURN_ENDS] <= alarm;
    if (is_time && gil_holder(gil) != NULL && gil_ask(gil, waiter))
        gil_watch(gil, waiter);
}

/* How long a turn [holder] has now. What that leaves of its debt stays for the turns to come. */
static int64_t pay_back(Gil *gil, GilClient *holder)
{
    int64_t turn_ns = longer(interval_ns(gil) - holder->notes[DEBT], interval_ns(gil) / SHORTEST_TURN_PARTS);
    holder->notes[DEBT] -= interval_ns(gil) - turn_ns;
    return turn_ns;
}

static void fair_took(Gil *gil, GilClient *holder, bool is_switch)
{
    if (is_switch)
        gil->notes[TURN_ENDS] = clock_monotonic_ns() + pay_back(gil, holder);
    GilClient *first = gil->first_waiter;
    if (first != NULL && first->alarm_ns > gil->notes[TURN_ENDS])
        gil_call(gil, first);
}

/* It could not have the lock before its turn anyway: the queue sees to that. But here its turn was over, and we know since when. */
static bool fair_stays_away(Gil *gil, GilClient *dropper)
{
    int64_t owed = dropper->notes[DEBT] + longer(clock_monotonic_ns() - gil->notes[TURN_ENDS], 0);
    dropper->notes[DEBT] = shorter(owed, DEBT_INTERVALS * interval_ns(gil));
    return false;
}

const GilPolicy policy_fair = {
    .name = "fair",
    .summary = "a queue: the lock goes to who has waited longest, after turns of one switch interval",
    .wait = fair_wait,
    .may_take = fair_may_take,
    .took = fair_took,
    .stays_away = fair_stays_away,
};
