/* policy_io.c - who comes back from a native call goes first, with a bound. (After a proposal by Beazley, bpo-7946.)
 *
 * What        No convoy: a thread that waits for input has the lock within microseconds of its arrival, though others compute.
 *             They keep at least half of the time, whatever the first do.
 * How         Two sides. A client that drops the lock for a native call, a script lock or a sleep comes back on the *I/O side*; one
 *             that was made to yield, or is new, stands on the *computing side*. The queue:
 *
 *               [overdue] [I/O side, as they came] [interrupted] [computing side, as they came]
 *
 *             Computing threads take turns of one interval. Who waits on the I/O side does not wait for the end of the turn: it
 *             interrupts it. Who was interrupted goes on with the rest of its turn. The bound: when the computing side has been kept off
 *             for a while, it is left alone for as long; and when it has been kept off for an interval, it is overdue.
 * Invariants  P4 in any stretch of time in which somebody computes or wants to, the computing side has the lock for half of it,
 *                less one interval.
 *             P5 the first of each side has an alarm set, or the holder is asked, or the lock is free and about to be taken.
 * GIL         all notes are read and written under the mutex.
 * Read next   README.md, "The four policies" */
#include "vm/base/clock.h"
#include "vm/gil/policy.h"

/* Interrupting costs some 50 us in wake-ups: no turn is cut shorter than that. */
enum { LEFT_ALONE_NS = 50 * NS_PER_US };

/* Of the lock: when the turn of the holder ends; until when it is left alone; since when the computing side is kept off, 0: it has the lock. */
enum { TURN_ENDS, ALONE_UNTIL, OFF_SINCE };
/* Of a client that was interrupted: how much of its turn is left. */
enum { TURN_LEFT };

static int64_t interval_ns(Gil *gil)
{
    return (int64_t)gil_interval(gil) * NS_PER_US;
}

static int64_t later(int64_t left, int64_t right) { return left > right ? left : right; }

static bool is_io_side(const GilClient *client)
{
    return !client->was_forced && client->counts.takes > 0;
}

/* Since when [waiter], of the computing side, has been kept off by the other side. */
static int64_t kept_off_since(Gil *gil, const GilClient *waiter)
{
    return later(gil->notes[OFF_SINCE], waiter->waiting_since_ns);
}

static bool is_overdue(Gil *gil, const GilClient *waiter, int64_t now)
{
    return !is_io_side(waiter) && gil->notes[OFF_SINCE] != 0 && now >= kept_off_since(gil, waiter) + interval_ns(gil);
}

static int rank(Gil *gil, const GilClient *waiter, int64_t now)
{
    if (is_overdue(gil, waiter, now))
        return 3;
    return is_io_side(waiter) ? 2 : waiter->notes[TURN_LEFT] > 0 ? 1 : 0;
}

/* To where its rank puts it; among equals the older wait goes first. */
static void find_place(Gil *gil, GilClient *waiter, int64_t now)
{
    GilClient *place = waiter;
    while (place->prior_waiter != NULL && rank(gil, place->prior_waiter, now) < rank(gil, waiter, now))
        place = place->prior_waiter;
    if (place != waiter)
        gil_place(gil, waiter, place);
}

static int count_ahead_on_its_side(const GilClient *waiter)
{
    int ahead = 0;
    for (GilClient *other = waiter->prior_waiter; other != NULL; other = other->prior_waiter)
        ahead += is_io_side(other) == is_io_side(waiter);
    return ahead;
}

/* The moment at which [waiter], if it is the first of its side, has to ask. */
static int64_t patience_ends(Gil *gil, const GilClient *waiter)
{
    bool is_io_side_at_work = gil->notes[OFF_SINCE] != 0;
    if (is_io_side(waiter))
        return is_io_side_at_work ? gil->notes[TURN_ENDS] : gil->notes[ALONE_UNTIL];
    return is_io_side_at_work ? kept_off_since(gil, waiter) + interval_ns(gil) : gil->notes[TURN_ENDS];
}

static void io_arrived(Gil *gil, GilClient *waiter)
{
    find_place(gil, waiter, clock_monotonic_ns());
}

/* Who comes back while the lock is free stands before those who compute, so it passes them. */
static bool io_may_take(Gil *gil, GilClient *client)
{
    return gil->first_waiter == client;
}

static void io_wait(Gil *gil, GilClient *waiter)
{
    int64_t now = clock_monotonic_ns();
    /* A turn that nobody timed, for nobody waited, begins with the first who waits. */
    if (gil->notes[TURN_ENDS] < waiter->waiting_since_ns && !gil->is_asked)
        gil->notes[TURN_ENDS] = waiter->waiting_since_ns + interval_ns(gil);
    int ahead = count_ahead_on_its_side(waiter);
    bool may_ask = ahead == 0 && gil_holder(gil) != NULL && !gil->is_asked;
    int64_t alarm = patience_ends(gil, waiter) + ahead * interval_ns(gil);
    if (alarm <= now && !may_ask)
        alarm = PARK_FOREVER;    /* a drop will choose us, or a take call us */
    if (alarm > now && gil_sleep(gil, waiter, alarm) != GIL_TIME_IS_UP)
        return;
    find_place(gil, waiter, clock_monotonic_ns());    /* it may be overdue by now */
    bool is_time = count_ahead_on_its_side(waiter) == 0 && patience_ends(gil, waiter) <= alarm;
    if (is_time && gil_holder(gil) != NULL && gil_ask(gil, waiter) && gil->first_waiter == waiter)
        gil_watch(gil, waiter);
}

/* The first of each side must not sleep longer than it has patience now. */
static void call_who_sleeps_too_long(Gil *gil)
{
    bool has_seen[2] = {false, false};
    for (GilClient *waiter = gil->first_waiter; waiter != NULL && !(has_seen[0] && has_seen[1]); waiter = waiter->next_waiter) {
        bool side = is_io_side(waiter);
        if (!has_seen[side] && waiter->alarm_ns > patience_ends(gil, waiter))
            gil_call(gil, waiter);
        has_seen[side] = true;
    }
}

static void io_took(Gil *gil, GilClient *holder, bool is_switch)
{
    int64_t now = clock_monotonic_ns(), left_alone_ns = LEFT_ALONE_NS, turn_ns = interval_ns(gil);
    if (!is_switch) {
        /* It computed, was away for a call, and is back before anybody else was on their feet: from now on the other side has the lock. */
        if (is_io_side(holder) && gil->notes[OFF_SINCE] == 0)
            gil->notes[OFF_SINCE] = now;
        return;
    }
    if (is_io_side(holder)) {
        if (gil->notes[OFF_SINCE] == 0)
            gil->notes[OFF_SINCE] = now;
    } else {
        if (gil->notes[OFF_SINCE] != 0)
            left_alone_ns = later(left_alone_ns, now - kept_off_since(gil, holder));
        if (holder->notes[TURN_LEFT] > 0)
            turn_ns = holder->notes[TURN_LEFT];
        gil->notes[OFF_SINCE] = 0;
    }
    holder->notes[TURN_LEFT] = 0;
    gil->notes[TURN_ENDS] = now + turn_ns;
    gil->notes[ALONE_UNTIL] = later(gil->notes[ALONE_UNTIL], now + left_alone_ns);
    call_who_sleeps_too_long(gil);
}

/* The queue keeps it away. But if its turn was not over, it has been interrupted. (Void if it comes back on the I/O side.) */
static bool io_stays_away(Gil *gil, GilClient *dropper)
{
    dropper->notes[TURN_LEFT] = later(gil->notes[TURN_ENDS] - clock_monotonic_ns(), 0);
    return false;
}

const GilPolicy policy_io = {
    .name = "io",
    .summary = "who comes back from a native call goes first; threads that compute keep at least half of the time",
    .wait = io_wait,
    .arrived = io_arrived,
    .may_take = io_may_take,
    .took = io_took,
    .stays_away = io_stays_away,
};
