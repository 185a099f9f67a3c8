/* policy.h - what a lock policy decides, and what it may use to do so.
 *
 * What        Four decisions, one small file for each policy. To add one: write policy_NAME.c, add it to the list in gil.c.
 * How         Every decision is asked under the lock's mutex, and only when somebody waits: the fast paths know no policy.
 * Invariants  P1 a policy never writes 'state', 'awake' or the queue but through the functions below.
 *             P2 'wait' returns when the lock may have become free, or when it wants to be called again; never with the mutex
 *                dropped.
 * GIL         not held by waiters, held or just dropped by the others.
 * Read next   policy_interval.c, the shortest example */
#ifndef TOY_GIL_POLICY_H
#define TOY_GIL_POLICY_H

#include "vm/gil/gil.h"

struct GilPolicy {
    const char *name, *summary;
    /* How a waiter waits while another client holds the lock, and when it asks for it: one turn of waiting. */
    void (*wait)(Gil *gil, GilClient *waiter);
    /* May [client], next in line or just come, have the free lock? (A policy with a queue says: only the first.) */
    bool (*may_take)(Gil *gil, GilClient *client);
    /* Whom a drop wakes: one of the queue, which is not empty. */
    GilClient *(*choose)(Gil *gil);
    /* Somebody has asked. Does the holder give way at this safepoint (or does it count on)? Without the mutex. */
    bool (*gives_way)(Gil *gil, GilClient *holder);
    /* A drop was made while somebody was asking: must the dropper stay away until another client has had the lock? */
    bool (*stays_away)(Gil *gil, GilClient *dropper);
};

/* Who holds the lock; NULL when it is free. */
BORROWED GilClient *gil_holder(Gil *gil);
/* Sleep until a drop chooses this waiter or until [deadline_ns]. Lets go of the mutex meanwhile. True: time is up. */
bool gil_sleep(Gil *gil, GilClient *waiter, int64_t deadline_ns);
/* Set the request in the holder's own word. True if it was not set yet. */
bool gil_ask(Gil *gil, GilClient *waiter);
/* Look at the lock for some microseconds instead of sleeping, because the holder has just been asked and is about to drop it.
 * Lets go of the mutex meanwhile. */
void gil_watch(Gil *gil, GilClient *waiter);
/* To the end of the queue. */
void gil_requeue(Gil *gil, GilClient *waiter);

extern const GilPolicy policy_interval;

#endif
