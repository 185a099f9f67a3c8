/* gil.c - the lock that lets one thread at a time run bytecode.
 *
 * What        One word, one mutex, and a place to sleep in each client. Everything that waits for its turn waits here.
 * How         free --take--> held --drop--> free.  Nobody waits: one compare-and-exchange each way, no mutex, no system call.
 *             Somebody waits: the word wears GIL_CROWDED, so that those exchanges fail and everybody goes through the mutex.
 *             A waiter that has waited long enough (policy) asks, by a bit in the holder's own breaker word. The holder
 *             hears it at its next safepoint, yields, and stays away until somebody else ran: without that it would be back
 *             before the waiter is on its feet, and the request would have been for nothing.
 * Invariants  I1 at most one client holds: the word names it.
 *             I2 while anybody waits, 'state' changes only under 'mutex'.
 *             I3 a drop under a request returns only after another client held the lock, if one is still waiting and the policy
 *                wants it so (the last drop of a thread that ends excepted: it returns to nothing that needs the lock).
 *             I4 if the lock is free and somebody waits, a waiter is awake and about to look ('awake' > 0), so no wake is lost;
 *                and while one is awake, drops wake no other: if that one may not take (policy), it passes the wake on.
 *             I5 the breaker bit is set only while its owner holds the lock and somebody waits.
 * GIL         taken and dropped here, nowhere else.
 * Read next   policy_interval.c (when a waiter asks), vm/threads/safepoint.c (who hears it), vm/threads/thread.c (who arrives),
 *             vm/threads/fork.c (who is left). */
#include "vm/gil/gil.h"

#include <assert.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm/base/clock.h"
#include "vm/gil/policy.h"

#define GIL_CROWDED ((uintptr_t)1)

/* How long a short look lasts at most. Less than what falling asleep and being woken would cost, and at most once for each
 * request; the holder hears a request within a microsecond or so unless it is in a long native call. */
enum { WATCH_NS = 20 * NS_PER_US };

static const GilPolicy *const policies[] = {&policy_interval, &policy_ticks, &policy_fair, &policy_io};

const GilPolicy *gil_policy_at(int index)
{
    return index >= 0 && (size_t)index < ARRAY_LENGTH(policies) ? policies[index] : NULL;
}

const GilPolicy *gil_policy_named(const char *name)
{
    if (name == NULL)
        return &policy_interval;
    for (size_t i = 0; i < ARRAY_LENGTH(policies); i++)
        if (strcmp(policies[i]->name, name) == 0)
            return policies[i];
    return NULL;
}

const char *gil_policy_name(const GilPolicy *policy)    { return policy->name; }
const char *gil_policy_summary(const GilPolicy *policy) { return policy->summary; }

const char *gil_drop_reason_name(DropReason reason)
{
    static const char *const names[] = {
#define X(name, text, meaning) [DROP_##name] = text,
        EACH_DROP_REASON(X)
#undef X
    };
    return names[reason];
}

/* ---- set up, clients ------------------------------------------------------------------------------------------------------ */

static void init_mutex(Gil *gil)
{
    /* Adaptive: its critical sections last some 50 ns, so who finds it taken looks a few times before it sleeps. */
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_ADAPTIVE_NP);
    pthread_mutex_init(&gil->mutex, &attributes);
    pthread_mutexattr_destroy(&attributes);
}

void gil_init(Gil *gil, const GilPolicy *policy)
{
    memset(gil, 0, sizeof *gil);
    gil->policy = policy;
    gil_set_interval(gil, GIL_DEFAULT_INTERVAL_US);
    init_mutex(gil);
}

void gil_destroy(Gil *gil)
{
    assert(gil->first_client == NULL);
    pthread_mutex_destroy(&gil->mutex);
    free(gil->ended);
}

static void link_client(Gil *gil, GilClient *client)
{
    client->next_client = gil->first_client;
    client->prior_client = NULL;
    if (gil->first_client != NULL)
        gil->first_client->prior_client = client;
    gil->first_client = client;
}

void gil_join(Gil *gil, GilClient *client, _Atomic uint32_t *breaker)
{
    memset(client, 0, sizeof *client);
    client->breaker = breaker;
    pthread_mutex_lock(&gil->mutex);
    client->number = gil->joined++;
    link_client(gil, client);
    pthread_mutex_unlock(&gil->mutex);
}

static int64_t longer(int64_t a, int64_t b) { return a > b ? a : b; }

void gil_counts_add(GilCounts *sum, const GilCounts *counts)
{
    sum->takes += counts->takes;
    sum->contended_takes += counts->contended_takes;
    sum->woken_in_vain += counts->woken_in_vain;
    sum->asks += counts->asks;
    sum->asked_drops += counts->asked_drops;
    for (int reason = 0; reason < DROP_REASON_COUNT; reason++)
        sum->drops[reason] += counts->drops[reason];
    sum->ns_waited += counts->ns_waited;
    sum->ns_held += counts->ns_held;
    sum->ns_longest_wait = longer(sum->ns_longest_wait, counts->ns_longest_wait);
}

/* Under the mutex. */
static void remember_ended(Gil *gil, const GilClient *client)
{
    if (client->counts.takes == 0)
        return;
    /* Not at the start: a program of one thread needs no room for this. */
    if (gil->ended == NULL)
        gil->ended = malloc(GIL_ENDED_ROWS * sizeof *gil->ended);
    if (gil->ended == NULL) {
        gil_counts_add(&gil->gone, &client->counts);
        gil->gone_count++;
    } else {
        GilEnded *row = &gil->ended[gil->ended_count % GIL_ENDED_ROWS];
        if (gil->ended_count - gil->gone_count == GIL_ENDED_ROWS) {
            gil_counts_add(&gil->gone, &row->counts);
            gil->gone_count++;
        }
        *row = (GilEnded){client->number, client->counts};
    }
    gil->ended_count++;
}

/* Under the mutex. */
static void forget_client(Gil *gil, GilClient *client)
{
    remember_ended(gil, client);
    if (client->prior_client != NULL)
        client->prior_client->next_client = client->next_client;
    else
        gil->first_client = client->next_client;
    if (client->next_client != NULL)
        client->next_client->prior_client = client->prior_client;
    /* Its address may be given to a newcomer, who is somebody else. */
    if (gil->last_holder == client)
        gil->last_holder = NULL;
}

void gil_leave(Gil *gil, GilClient *client)
{
    assert(!gil_is_held_by(gil, client));
    pthread_mutex_lock(&gil->mutex);
    forget_client(gil, client);
    pthread_mutex_unlock(&gil->mutex);
}

GilClient *gil_holder(Gil *gil)
{
    return (GilClient *)(atomic_load_explicit(&gil->state, memory_order_acquire) & ~GIL_CROWDED);
}

bool gil_is_held_by(Gil *gil, const GilClient *client)
{
    return gil_holder(gil) == client;
}

/* ---- the queue of waiters; all under the mutex ---------------------------------------------------------------------------- */

/* Before [next]; NULL: at the end. */
static void queue_insert(Gil *gil, GilClient *waiter, GilClient *next)
{
    GilClient *prior = next != NULL ? next->prior_waiter : gil->last_waiter;
    waiter->next_waiter = next;
    waiter->prior_waiter = prior;
    if (prior != NULL)
        prior->next_waiter = waiter;
    else
        gil->first_waiter = waiter;
    if (next != NULL)
        next->prior_waiter = waiter;
    else
        gil->last_waiter = waiter;
    gil->waiter_count++;
}

static void queue_remove(Gil *gil, GilClient *waiter)
{
    if (waiter->prior_waiter != NULL)
        waiter->prior_waiter->next_waiter = waiter->next_waiter;
    else
        gil->first_waiter = waiter->next_waiter;
    if (waiter->next_waiter != NULL)
        waiter->next_waiter->prior_waiter = waiter->prior_waiter;
    else
        gil->last_waiter = waiter->prior_waiter;
    gil->waiter_count--;
}

void gil_place(Gil *gil, GilClient *waiter, GilClient *before)
{
    assert(before != waiter);
    queue_remove(gil, waiter);
    queue_insert(gil, waiter, before);
}

static void clear_request(Gil *gil, GilClient *holder)
{
    gil->is_asked = false;
    atomic_fetch_and_explicit(holder->breaker, ~GIL_REQUEST_BIT, memory_order_relaxed);
}

void gil_alert(Gil *gil)
{
    atomic_fetch_or_explicit(gil_holder(gil)->breaker, GIL_REQUEST_BIT, memory_order_relaxed);
}

bool gil_ask(Gil *gil, GilClient *waiter)
{
    bool is_first_to_ask = !gil->is_asked;
    gil->is_asked = true;
    gil_alert(gil);
    waiter->counts.asks++;
    return is_first_to_ask;
}

/* The second half of a wake, after the mutex was released: else the woken thread would run into it. */
static void kick(Parking *sleeper)
{
    if (sleeper != NULL)
        parking_kick(sleeper);
}

void gil_call(Gil *gil, GilClient *waiter)
{
    (void)gil;
    if (parking_mark(&waiter->parking))
        parking_kick(&waiter->parking);
}

/* A drop has chosen this waiter, and now it looks. Under the mutex. */
static bool answer_wake(Gil *gil, GilClient *waiter)
{
    bool was_woken = waiter->is_woken;
    waiter->is_woken = false;
    gil->awake -= was_woken;
    return was_woken;
}

GilWake gil_sleep(Gil *gil, GilClient *waiter, int64_t deadline_ns)
{
    assert(!waiter->is_woken);
    waiter->alarm_ns = deadline_ns;
    parking_reset(&waiter->parking);
    pthread_mutex_unlock(&gil->mutex);
    ParkResult result;
    do  /* A signal is the business of the safepoint that follows the take. */
        result = parking_wait(&waiter->parking, deadline_ns, 0);
    while (result == PARK_INTERRUPTED);
    pthread_mutex_lock(&gil->mutex);
    /* It may have been chosen after its time was up, before it had the mutex. */
    waiter->alarm_ns = 0;
    if (answer_wake(gil, waiter)) {
        if (gil_holder(gil) != NULL)
            waiter->counts.woken_in_vain++;
        return GIL_CHOSEN;
    }
    return parking_is_woken(&waiter->parking) ? GIL_CALLED : GIL_TIME_IS_UP;
}

/* Look for some microseconds, without the mutex, whether the word is still what it was. */
static void look_while_same(Gil *gil, uintptr_t seen)
{
    int64_t until = clock_monotonic_ns() + WATCH_NS;
    bool is_same;
    do {
        for (int i = 0; (is_same = atomic_load_explicit(&gil->state, memory_order_relaxed) == seen) && i < LOOKS_PER_YIELD; i++)
            parking_pause();
        if (is_same)
            sched_yield();
    } while (is_same && clock_monotonic_ns() < until);
}

void gil_watch(Gil *gil, GilClient *waiter)
{
    (void)waiter;
    uintptr_t seen = atomic_load_explicit(&gil->state, memory_order_relaxed);
    gil->awake++;
    pthread_mutex_unlock(&gil->mutex);
    look_while_same(gil, seen);
    pthread_mutex_lock(&gil->mutex);
    gil->awake--;
}

/* Let the one go on that stays away. Under the mutex; who is returned must be kicked after it was released. */
static Parking *release_yielder(Gil *gil)
{
    GilClient *yielder = gil->yielder;
    gil->yielder = NULL;
    return yielder != NULL && parking_mark(&yielder->parking) ? &yielder->parking : NULL;
}

/* ---- take ----------------------------------------------------------------------------------------------------------------- */

/* A thread that finds the lock closed. It must not return, for there is nothing left that it could run on; it cannot end
 * either, since its C frames may own things. The process will end under it. */
NORETURN static void sleep_for_ever(void)
{
    for (;;)
        pause();
}

/* Wake one waiter, not all: the rest would only queue on the mutex again. And none while one is on its way (I4).
 * Under the mutex; who is returned must be kicked after it was released. */
static Parking *wake_one(Gil *gil)
{
    if (gil->waiter_count == 0 || (gil->awake > 0 && !gil->policy->wakes_at_each_drop))
        return NULL;
    GilClient *chosen = gil->policy->choose == NULL ? gil->first_waiter : gil->policy->choose(gil);
    if (chosen == NULL)
        return NULL;
    chosen->is_woken = true;
    gil->awake++;
    return parking_mark(&chosen->parking) ? &chosen->parking : NULL;
}

/* A waiter gives up its place: nobody may go on waiting for it (I3), and its request is void if it was the last (I5). */
static void leave_closed_lock(Gil *gil, GilClient *waiter)
{
    Parking *yielder = NULL;
    queue_remove(gil, waiter);
    waiter->waiting_since_ns = 0;
    if (gil->waiter_count == 0) {
        if (gil_holder(gil) != NULL)
            clear_request(gil, gil_holder(gil));
        yielder = release_yielder(gil);
    }
    pthread_mutex_unlock(&gil->mutex);
    kick(yielder);
    sleep_for_ever();
}

static bool is_closed_to(Gil *gil, GilClient *client)
{
    return gil->closer != NULL && gil->closer != client;
}

static bool may_take(Gil *gil, GilClient *client)
{
    if (gil_holder(gil) != NULL)
        return false;
    return gil->policy->may_take == NULL || gil->closer == client || gil->policy->may_take(gil, client);
}

/* Under the mutex. From here on no fast path succeeds, and what the word says is true until we let go of the mutex (I2). */
static void stand_in_line(Gil *gil, GilClient *client, bool was_forced)
{
    client->waiting_since_ns = clock_monotonic_ns();
    client->was_forced = was_forced;
    queue_insert(gil, client, NULL);
    if (gil->policy->arrived != NULL)
        gil->policy->arrived(gil, client);
    atomic_fetch_or_explicit(&gil->state, GIL_CROWDED, memory_order_acquire);
}

/* Called under the mutex, standing in line. Returns without it, at the moment it tells, holding the lock. */
static int64_t wait_in_line(Gil *gil, GilClient *client)
{
    bool has_waited = false;
    for (;;) {
        if (is_closed_to(gil, client))
            leave_closed_lock(gil, client);
        if (may_take(gil, client))
            break;
        /* Free, but not for us: then see to it that the one is up whom it is for (I4). */
        if (gil_holder(gil) == NULL)
            kick(wake_one(gil));
        has_waited = true;
        gil->policy->wait(gil, client);
    }
    queue_remove(gil, client);

    Parking *yielder = NULL;
    bool is_switch = gil->last_holder != client;
    if (is_switch) {
        gil->last_holder = client;
        gil->switch_number++;
        yielder = release_yielder(gil);
    }
    int64_t now = clock_monotonic_ns();
    if (has_waited) {
        int64_t waited = now - client->waiting_since_ns;
        client->counts.contended_takes++;
        client->counts.ns_waited += waited;
        client->counts.ns_longest_wait = longer(client->counts.ns_longest_wait, waited);
    }
    bool is_crowded = gil->waiter_count > 0 || gil->closer != NULL;
    atomic_store_explicit(&gil->state, (uintptr_t)client | (is_crowded ? GIL_CROWDED : 0), memory_order_release);
    if (gil->policy->took != NULL)
        gil->policy->took(gil, client, is_switch);
    client->waiting_since_ns = 0;
    pthread_mutex_unlock(&gil->mutex);
    kick(yielder);
    return now;
}

static int64_t take_slowly(Gil *gil, GilClient *client)
{
    int saved_errno = errno;
    pthread_mutex_lock(&gil->mutex);
    stand_in_line(gil, client, false);
    int64_t now = wait_in_line(gil, client);
    errno = saved_errno;
    return now;
}

void gil_take(Gil *gil, GilClient *client)
{
    assert(!gil_is_held_by(gil, client));
    uintptr_t expected = 0;
    if (LIKELY(atomic_compare_exchange_strong_explicit(&gil->state, &expected, (uintptr_t)client, memory_order_acquire,
                                                       memory_order_relaxed)))
        client->held_since_ns = clock_monotonic_ns();
    else
        client->held_since_ns = take_slowly(gil, client);
    client->counts.takes++;
}

/* ---- kicks that wait for the drop ----------------------------------------------------------------------------------------- */

void gil_kick_now(GilClient *client)
{
    Parking *sleeper = client->to_kick;
    client->to_kick = NULL;
    if (sleeper != NULL)
        parking_kick(sleeper);
}

void gil_kick_later(GilClient *client, Parking *sleeper)
{
    gil_kick_now(client);
    client->to_kick = sleeper;
}

/* ---- drop ----------------------------------------------------------------------------------------------------------------- */

static void count_drop(GilClient *client, DropReason reason)
{
    client->counts.ns_held += clock_monotonic_ns() - client->held_since_ns;
    client->counts.drops[reason]++;
}

/* The holder hears a request at the latest here. Under the mutex. */
static bool take_back_request(Gil *gil, GilClient *holder)
{
    bool was_asked = gil->is_asked;
    clear_request(gil, holder);
    if (was_asked)
        holder->counts.asked_drops++;
    return was_asked;
}

static bool must_stay_away(Gil *gil, GilClient *dropper)
{
    return gil->waiter_count > 0 && (gil->policy->stays_away == NULL || gil->policy->stays_away(gil, dropper));
}

/* Under the mutex, and the last thing done there: somebody may be watching for just this. */
static void set_free(Gil *gil)
{
    bool is_crowded = gil->waiter_count > 0 || gil->closer != NULL;
    atomic_store_explicit(&gil->state, is_crowded ? GIL_CROWDED : 0, memory_order_release);
}

/* What a drop does under the mutex, all but setting the lock free. */
typedef struct Departure {
    Parking *woken;    /* to be kicked */
    bool stays_away;
    int64_t look_ns;
} Departure;

static Departure depart(Gil *gil, GilClient *client, bool is_hand_over)
{
    bool was_asked = take_back_request(gil, client);
    gil->last_holder = client;
    /* Worth a short look only if the next holder is up already; if it must be woken, it will be a while. */
    Departure departure = {.look_ns = gil->awake > 0 ? WATCH_NS : 0};
    departure.woken = wake_one(gil);
    departure.stays_away = (was_asked && must_stay_away(gil, client)) || (is_hand_over && gil->waiter_count > 0);
    if (departure.stays_away) {
        gil->yielder = client;
        parking_reset(&client->parking);
    }
    return departure;
}

/* Forced switching (I3): who takes the lock next marks our parking place. */
static void stay_away(GilClient *client, int64_t look_ns)
{
    while (parking_wait(&client->parking, PARK_FOREVER, look_ns) != PARK_WOKEN)
        look_ns = 0;
}

static void drop_slowly(Gil *gil, GilClient *client)
{
    int saved_errno = errno;
    pthread_mutex_lock(&gil->mutex);
    Departure departure = depart(gil, client, false);
    set_free(gil);
    pthread_mutex_unlock(&gil->mutex);
    kick(departure.woken);
    gil_kick_now(client);
    if (departure.stays_away)
        stay_away(client, departure.look_ns);
    errno = saved_errno;
}

void gil_drop(Gil *gil, GilClient *client, DropReason reason)
{
    assert(gil_is_held_by(gil, client));
    count_drop(client, reason);
    uintptr_t expected = (uintptr_t)client;
    if (UNLIKELY(!atomic_compare_exchange_strong_explicit(&gil->state, &expected, 0, memory_order_release, memory_order_relaxed)))
        drop_slowly(gil, client);
    else if (UNLIKELY(client->to_kick != NULL))
        gil_kick_now(client);
}

void gil_drop_and_leave(Gil *gil, GilClient *client, DropReason reason)
{
    assert(gil_is_held_by(gil, client));
    count_drop(client, reason);
    pthread_mutex_lock(&gil->mutex);
    /* Nobody is made to stay away: it will not come back. */
    take_back_request(gil, client);
    forget_client(gil, client);
    Parking *woken = wake_one(gil), *to_kick = client->to_kick;
    set_free(gil);
    pthread_mutex_unlock(&gil->mutex);
    kick(woken);
    kick(to_kick);
}

/* ---- yield ---------------------------------------------------------------------------------------------------------------- */

/* Drop and take in one: who does not have to stay away stands in line before anybody else can come, however long the kernel
 * keeps it off its processor in between. */
static void yield(Gil *gil, GilClient *client, bool is_hand_over)
{
    assert(gil_is_held_by(gil, client));
    int saved_errno = errno;
    count_drop(client, DROP_FORCED);
    pthread_mutex_lock(&gil->mutex);
    Departure departure = depart(gil, client, is_hand_over);
    if (!departure.stays_away)
        stand_in_line(gil, client, true);
    set_free(gil);
    /* It is another's, who is up and about to have it: the mutex is for that one first. */
    bool keeps_clear = !departure.stays_away && departure.look_ns > 0 && !may_take(gil, client);
    pthread_mutex_unlock(&gil->mutex);
    kick(departure.woken);
    gil_kick_now(client);
    if (departure.stays_away)
        stay_away(client, departure.look_ns);
    else if (keeps_clear)
        look_while_same(gil, GIL_CROWDED);
    pthread_mutex_lock(&gil->mutex);
    if (departure.stays_away)
        stand_in_line(gil, client, true);
    answer_wake(gil, client);
    client->held_since_ns = wait_in_line(gil, client);
    client->counts.takes++;
    errno = saved_errno;
}

void gil_yield(Gil *gil, GilClient *client)
{
    if (gil->policy->gives_way == NULL || gil->policy->gives_way(gil, client))
        yield(gil, client, false);
}

void gil_hand_over(Gil *gil, GilClient *client)
{
    /* Whoever waits now goes on waiting until we drop. */
    bool is_crowded = (atomic_load_explicit(&gil->state, memory_order_relaxed) & GIL_CROWDED) != 0;
    if (is_crowded)
        yield(gil, client, true);
}

/* ---- settings, fork, the end ---------------------------------------------------------------------------------------------- */

uint32_t gil_waiter_count(Gil *gil)
{
    pthread_mutex_lock(&gil->mutex);
    uint32_t count = gil->waiter_count;
    pthread_mutex_unlock(&gil->mutex);
    return count;
}

void gil_set_interval(Gil *gil, uint64_t interval_us)
{
    /* A bound that keeps nanoseconds in 63 bits: nearly three centuries. */
    const uint64_t longest = INT64_MAX / NS_PER_US / 2;
    atomic_store_explicit(&gil->interval_us, interval_us < longest ? interval_us : longest, memory_order_relaxed);
}

uint64_t gil_interval(Gil *gil)
{
    return atomic_load_explicit(&gil->interval_us, memory_order_relaxed);
}

void gil_set_policy(Gil *gil, const GilPolicy *policy)
{
    pthread_mutex_lock(&gil->mutex);
    gil->policy = policy;
    clear_request(gil, gil_holder(gil));
    memset(gil->notes, 0, sizeof gil->notes);
    for (GilClient *client = gil->first_client; client != NULL; client = client->next_client)
        memset(client->notes, 0, sizeof client->notes);
    for (GilClient *waiter = gil->first_waiter; waiter != NULL; waiter = waiter->next_waiter)
        gil_call(gil, waiter);
    pthread_mutex_unlock(&gil->mutex);
}

void gil_hold_for_fork(Gil *gil) { pthread_mutex_lock(&gil->mutex); }

void gil_resume_after_fork(Gil *gil) { pthread_mutex_unlock(&gil->mutex); }

void gil_remake_after_fork(Gil *gil, GilClient *client)
{
    /* The waiters in the copied queue are not here, and a mutex is for the threads of one process: both are made anew. What is
     * the caller's own stays: it held the lock, and goes on holding it here. */
    init_mutex(gil);
    gil->first_waiter = gil->last_waiter = gil->yielder = gil->closer = NULL;
    gil->waiter_count = gil->awake = 0;
    gil->last_holder = client;
    gil->first_client = NULL;
    link_client(gil, client);
    clear_request(gil, client);
    client->is_woken = false;
    parking_reset(&client->parking);
    memset(gil->notes, 0, sizeof gil->notes);
    memset(client->notes, 0, sizeof client->notes);
    /* A process accounts for itself: the parent goes on counting what was before. */
    memset(&gil->gone, 0, sizeof gil->gone);
    gil->ended_count = gil->gone_count = 0;
    gil->joined = 1;
    client->number = 0;
    memset(&client->counts, 0, sizeof client->counts);
    client->counts.takes = 1;
    client->held_since_ns = clock_monotonic_ns();
    atomic_store_explicit(&gil->state, (uintptr_t)client, memory_order_release);
}

void gil_close(Gil *gil, GilClient *client)
{
    assert(gil_is_held_by(gil, client));
    pthread_mutex_lock(&gil->mutex);
    gil->closer = client;
    /* The bit stays from now on: a fast path would not see that the lock is closed. */
    atomic_fetch_or_explicit(&gil->state, GIL_CROWDED, memory_order_relaxed);
    /* Who waits must leave the queue now, or our own drops would wait for it (I3). */
    for (GilClient *waiter = gil->first_waiter; waiter != NULL; waiter = waiter->next_waiter) {
        if (waiter->is_woken)
            continue;
        waiter->is_woken = true;
        gil->awake++;
        gil_call(gil, waiter);
    }
    pthread_mutex_unlock(&gil->mutex);
}

/* ---- counters ------------------------------------------------------------------------------------------------------------- */

/* Under the mutex, so that a waiter's own counts stand still; a holder's can only be the caller's. */
static GilCounts counts_now(Gil *gil, const GilClient *client, int64_t now)
{
    GilCounts counts = client->counts;
    if (gil_is_held_by(gil, client))
        counts.ns_held += now - client->held_since_ns;
    else if (client->waiting_since_ns != 0) {
        int64_t waited = now - client->waiting_since_ns;
        counts.ns_waited += waited;
        counts.ns_longest_wait = longer(counts.ns_longest_wait, waited);
    }
    return counts;
}

GilCounts gil_counts(Gil *gil, const GilClient *client)
{
    pthread_mutex_lock(&gil->mutex);
    GilCounts counts = counts_now(gil, client, clock_monotonic_ns());
    pthread_mutex_unlock(&gil->mutex);
    return counts;
}

/* Under the mutex. */
static void list_ended(Gil *gil, GilEndedList *list)
{
    list->count = gil->ended_count;
    list->others = gil->gone;
    list->row_count = 0;
    for (uint64_t i = gil->gone_count; i < gil->ended_count; i++)
        list->rows[list->row_count++] = gil->ended[i % GIL_ENDED_ROWS];
}

void gil_ended(Gil *gil, GilEndedList *list)
{
    pthread_mutex_lock(&gil->mutex);
    list_ended(gil, list);
    pthread_mutex_unlock(&gil->mutex);
}

GilCounts gil_counts_total(Gil *gil)
{
    GilEndedList ended;
    pthread_mutex_lock(&gil->mutex);
    list_ended(gil, &ended);
    GilCounts total = ended.others;
    for (int i = 0; i < ended.row_count; i++)
        gil_counts_add(&total, &ended.rows[i].counts);
    int64_t now = clock_monotonic_ns();
    for (GilClient *client = gil->first_client; client != NULL; client = client->next_client) {
        GilCounts counts = counts_now(gil, client, now);
        gil_counts_add(&total, &counts);
    }
    pthread_mutex_unlock(&gil->mutex);
    return total;
}
