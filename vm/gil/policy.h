/* policy.h - what a lock policy decides, and what it may use to do so.
 *
 * What        Seven questions, one small file for each policy that answers them. Only 'wait' must be answered; NULL for another
 *             gives the plain answer that stands beside it.
 * How         Every question is put under the lock's mutex, and only when somebody waits: the fast paths know no policy.
 *             To add one: write policy_NAME.c, declare it below, name it in 'policies' of gil.c.
 * Invariants  P1 a policy never writes 'state', 'awake' or the queue but through the functions below.
 *             P2 'wait' returns when the lock may have become free, or when it wants to be called again; never with the mutex
 *                dropped. It may not return at once for ever: it sleeps, watches, or has changed something. (The policy may
 *                have changed while it slept, but then it was not time that woke it.)
 *             P3 whom 'choose' names may take; it names somebody if nobody is up: else the lock would lie free while all sleep (I4).
 * GIL         not held by waiters, held or just dropped by the others.
 * Read next   policy_interval.c, the shortest example; policy_fair.c, a queue in earnest */
#ifndef TOY_GIL_POLICY_H
#define TOY_GIL_POLICY_H

#include "vm/gil/gil.h"

struct GilPolicy {
    const char *name, *summary;
    /* How a waiter waits while it may not have the lock, and when it asks for it: one turn of waiting. */
    void (*wait)(Gil *gil, GilClient *waiter);
    /* [waiter] has come to the end of the queue. Does it belong elsewhere? NULL: no. */
    void (*arrived)(Gil *gil, GilClient *waiter);
    /* May [client], who waits or has just come, have the free lock? (A queue in earnest says: only the first.) NULL: yes. */
    bool (*may_take)(Gil *gil, GilClient *client);
    /* Whom a drop wakes: one of the queue, which is not empty; or nobody. NULL: the first. */
    GilClient *(*choose)(Gil *gil);
    /* Does a drop wake one also while another is up and about to look? Only more will be woken in vain. */
    bool wakes_at_each_drop;
    /* [holder] has just taken the lock under the mutex; [is_switch]: and was not the last to have it. NULL: nothing to do. */
    void (*took)(Gil *gil, GilClient *holder, bool is_switch);
    /* Its breaker bit is set. Does the holder drop the lock at this safepoint, or count on? Put without the mutex. NULL: it does. */
    bool (*gives_way)(Gil *gil, GilClient *holder);
    /* A drop was made while somebody was asking: must the dropper stay away until another client has had the lock? NULL: yes. */
    bool (*stays_away)(Gil *gil, GilClient *dropper);
};

/* Who holds the lock; NULL when it is free. */
BORROWED GilClient *gil_holder(Gil *gil);

typedef enum GilWake {
    GIL_CHOSEN,      /* a drop chose this waiter: the lock was free a moment ago */
    GIL_CALLED,      /* there is something new to look at */
    GIL_TIME_IS_UP,  /* the deadline has passed, and neither of the others happened */
} GilWake;

/* Sleep until somebody wakes this waiter or until [deadline_ns]. Lets go of the mutex meanwhile. */
GilWake gil_sleep(Gil *gil, GilClient *waiter, int64_t deadline_ns);
/* Wake a waiter because there is something new to look at: it may have to wait in another way from now on. */
void gil_call(Gil *gil, GilClient *waiter);
/* Ask the holder to give the lock up. True if nobody had asked this holder yet. */
bool gil_ask(Gil *gil, GilClient *waiter);
/* Have the holder come to 'gives_way' at its next safepoint, without asking for anything. */
void gil_alert(Gil *gil);
/* Look at the lock for some microseconds instead of sleeping, because the holder has just been asked and is about to drop it.
 * Only for whom the drop would wake. Lets go of the mutex meanwhile. */
void gil_watch(Gil *gil, GilClient *waiter);
/* To another place in the queue: before that waiter; NULL: to the end. */
void gil_place(Gil *gil, GilClient *waiter, GilClient *before);

extern const GilPolicy policy_interval, policy_ticks, policy_fair, policy_io;

#endif
