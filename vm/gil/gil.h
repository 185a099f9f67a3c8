/* gil.h - the lock that lets one thread at a time run bytecode.
 *
 * What        One Gil per interpreter, one GilClient in each thread. take, drop, yield; who holds it; what it has cost.
 * How         gil.c. What differs from policy to policy (when a waiter asks, whom a drop wakes) is behind policy.h.
 * States      of a client:
 *
 *               outside --gil_take--> waiting --> holding --gil_drop--> outside
 *                                                  |   ^
 *                                                  +---+ gil_yield: drop, let another one run, take
 * GIL         each function says whether its caller holds it.
 * Read next   gil.c, policy_interval.c, README.md */
#ifndef TOY_GIL_GIL_H
#define TOY_GIL_GIL_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "vm/base/attributes.h"
#include "vm/gil/parking.h"

/* Why a holder gave the lock up. The one list: enum, names and counters are made from it. */
#define EACH_DROP_REASON(X)                                                \
    X(FORCED, "forced", "another thread asked, and a safepoint heard it")  \
    X(NATIVE, "native", "a native call that may block, or is long")        \
    X(LOCK,   "lock",   "waiting for a script lock")                       \
    X(SLEEP,  "sleep",  "time.sleep and its like")                         \
    X(FORK,   "fork",   "around a fork or the wait for a child")           \
    X(EXIT,   "exit",   "the thread ends")

typedef enum DropReason {
#define X(name, text, meaning) DROP_##name,
    EACH_DROP_REASON(X)
#undef X
    DROP_REASON_COUNT
} DropReason;

/* What a client has done and suffered so far. Always on; README.md says what each number means and costs. */
typedef struct GilCounts {
    uint64_t takes;            /* all of them */
    uint64_t contended_takes;  /* those that had to wait, be it ever so short */
    uint64_t woken_in_vain;    /* times a waiter was woken and found the lock gone again */
    uint64_t asks;             /* times a waiter lost patience and asked the holder to give the lock up */
    uint64_t asked_drops;      /* drops of any reason made while somebody was asking; these wait until another one ran */
    uint64_t drops[DROP_REASON_COUNT];
    int64_t ns_waited, ns_held;
    int64_t ns_longest_wait;   /* of one take */
} GilCounts;

/* The bit of a thread's breaker word that means "give up the lock". The other bits belong to vm/threads/safepoint.h. */
#define GIL_REQUEST_BIT ((uint32_t)1)

/* What a policy may write down about the lock, and about each client, without a change here: it gives the places names of its
 * own. All 0 when a policy is chosen, and when a client joins. */
enum { GIL_NOTES = 4, GIL_CLIENT_NOTES = 2 };

typedef struct GilClient GilClient;
typedef struct GilPolicy GilPolicy;

/* One thread as the lock sees it. The address is its identity while it is joined. */
struct GilClient {
    _Atomic uint32_t *breaker;             /* the word this thread's loop tests; GIL_REQUEST_BIT is set there by waiters under 'mutex' */
    Parking parking;                       /* where it sleeps, as a waiter or as one that stays away */
    GilClient *next_waiter, *prior_waiter; /* in the queue of waiters; under 'mutex' */
    GilClient *next_client, *prior_client; /* among all clients; under 'mutex' */
    int64_t waiting_since_ns;              /* 0: not waiting; under 'mutex' */
    int64_t alarm_ns;                      /* until when it sleeps if nobody wakes it; 0: it is awake; under 'mutex' */
    int64_t held_since_ns;                 /* written by itself while holding */
    bool is_woken;                         /* a drop has chosen it and it has not looked yet; under 'mutex' */
    Parking *to_kick;                      /* see gil_kick_later; its own. NULL: nobody */
    uint64_t number;                       /* how many had joined before it; constant */
    bool was_forced;                       /* it waits because it had to yield, not of its own will; under 'mutex' */
    int64_t notes[GIL_CLIENT_NOTES];       /* the policy's; under 'mutex', or its own while it holds: the policy says which */
    GilCounts counts;                      /* written while holding the lock or 'mutex'; read while holding both */
};

/* What clients that have left had counted: the last of them one by one, the others together. Who never had the lock is no one. */
enum { GIL_ENDED_ROWS = 32 };
typedef struct GilEnded {
    uint64_t number;
    GilCounts counts;
} GilEnded;
typedef struct GilEndedList {
    uint64_t count;            /* all of them */
    int row_count;
    GilEnded rows[GIL_ENDED_ROWS];   /* the last, the earliest of these first */
    GilCounts others;
} GilEndedList;

typedef struct Gil {
    /* The lock itself: the holder's address, or 0 when free; the lowest bit (GIL_CROWDED, gil.c) means that somebody
     * waits. While the bit is clear, take and drop are one compare-and-exchange each; while it is set, the word changes only
     * under 'mutex'. */
    _Atomic uintptr_t state;
    const GilPolicy *policy;               /* written by a holder under 'mutex' */
    _Atomic uint64_t interval_us;          /* written by a holder, read by waiters at each turn */

    pthread_mutex_t mutex;                 /* guards everything below */
    GilClient *first_waiter, *last_waiter; /* the queue, oldest turn first */
    uint32_t waiter_count;
    GilClient *last_holder;                /* who held it last, as far as any waiter could see */
    uint64_t switch_number;                /* counts changes of holder that a waiter could see */
    bool is_asked;                         /* a waiter has lost patience with this holder */
    int64_t notes[GIL_NOTES];              /* the policy's */
    GilClient *yielder;                    /* dropped the lock under a request, stays away until the switch; NULL: nobody */
    uint32_t awake;                        /* waiters that are up and will look at the lock again without being woken */
    GilClient *closer;                     /* once set, nobody else ever gets the lock */
    GilClient *first_client;
    uint64_t joined;                       /* clients so far */
    uint64_t ended_count, gone_count;      /* those that have left: all, and those counted in 'gone' */
    GilCounts gone;
    GilEnded *ended;                       /* the others, a ring; NULL: none yet, or no memory for it */
} Gil;

enum { GIL_DEFAULT_INTERVAL_US = 5000 };

/* The policy called [name] (the -X gil= option), or NULL. With NULL for the name: the default. */
BORROWED const GilPolicy *gil_policy_named(const char *name);
/* The policies in order, for listings; NULL behind the last. */
BORROWED const GilPolicy *gil_policy_at(int index);
const char *gil_policy_name(const GilPolicy *policy);
const char *gil_policy_summary(const GilPolicy *policy);

void gil_init(Gil *gil, BORROWED const GilPolicy *policy);
void gil_destroy(Gil *gil);                    /* no client is left */

/* A thread becomes known to the lock, and unknown. Neither needs the lock; a client that leaves must not hold it. */
void gil_join(Gil *gil, GilClient *client, _Atomic uint32_t *breaker);
void gil_leave(Gil *gil, GilClient *client);
/* The last drop and the leaving in one: once another client can have the lock, [client] is not touched any more, so that
 * who takes the lock next may free it or give it to a new thread. */
void gil_drop_and_leave(Gil *gil, GilClient *client, DropReason reason);

/* Returns holding the lock; errno is kept. After gil_close it returns for the closer only: others sleep here for ever. */
void gil_take(Gil *gil, GilClient *client);
/* The caller holds it. If another thread has asked for it, this returns only after another thread has had it. errno is kept. */
void gil_drop(Gil *gil, GilClient *client, DropReason reason);
/* What a safepoint does when it finds GIL_REQUEST_BIT: drop, stay away until another one ran, take. */
void gil_yield(Gil *gil, GilClient *client);
/* As if somebody had just asked: whoever waits runs before the caller goes on. For -X stress=switch. */
void gil_hand_over(Gil *gil, GilClient *client);

/* The holder has marked a sleeper that will want the lock: kick it behind the next drop, when it can have it. Kicked at once it would
 * wake up only to wait here. The holder sees to it that this does not take long: gil_kick_now. */
void gil_kick_later(GilClient *client, Parking *sleeper);
void gil_kick_now(GilClient *client);

/* True for the holder's own client; of use to asserts. Any thread may ask about itself. */
bool gil_is_held_by(Gil *gil, const GilClient *client);
/* How many wait at this moment; a hint. */
uint32_t gil_waiter_count(Gil *gil);

/* The switch interval. 0 is as good as 1 us: over before the wait has begun. A waiter re-reads it at each turn, so the turn it is in ends as it began. */
void gil_set_interval(Gil *gil, uint64_t interval_us);
uint64_t gil_interval(Gil *gil);
/* The caller holds it. Whoever waits begins a new wait under the new policy. */
void gil_set_policy(Gil *gil, BORROWED const GilPolicy *policy);

/* Around a fork: between the two nobody is in the middle of anything here, so that the child's copy is whole. The holder calls
 * the first before it forks, the second in the parent. */
void gil_hold_for_fork(Gil *gil);
void gil_resume_after_fork(Gil *gil);
/* In the child of a fork, where only the caller is left: a new lock, held by [client], with nobody waiting and every count 0.
 * The caller held the lock when it forked. Clients of threads that are no more are forgotten, not touched. */
void gil_remake_after_fork(Gil *gil, GilClient *client);

/* The end: the caller, who holds the lock, is the last to have it. Who waits, or comes later, sleeps for ever: a thread that
 * runs when the interpreter's objects are gone would be worse. A Gil that was closed while other clients were joined must not
 * be destroyed nor its memory freed. */
void gil_close(Gil *gil, GilClient *client);

/* Counts up to this moment, the current hold or wait included. The caller holds the lock. */
GilCounts gil_counts(Gil *gil, const GilClient *client);
GilCounts gil_counts_total(Gil *gil);          /* all clients, those that left included */
void gil_ended(Gil *gil, GilEndedList *list);
void gil_counts_add(GilCounts *sum, const GilCounts *counts);
const char *gil_drop_reason_name(DropReason reason);

#endif
