/* lock.h - script locks: plain data under the GIL, and a place in each thread to wait for them.
 *
 * What        ScriptLock (threading.Lock), RecursiveLock (threading.RLock), and the wait that both share.
 * How         Taking a free lock and giving back one that nobody waits for are two plain stores: the GIL makes them atomic.
 *             Who finds it taken stands in the lock's queue, drops the GIL, and sleeps on its own thread's Parking. A release
 *             wakes the first in the queue; it does not hand the lock over: the releaser, or anybody who comes by,
 *             may have it again before the woken one is on its feet. (So does CPython; a fair lock would switch threads at
 *             every release.)
 * Invariants  I1 if a lock is free and its queue is not empty, one of the queue has been woken and has not looked yet.
 *             I2 a queue holds waiters of this process only: after a fork those of the parent are forgotten (fork_count).
 * GIL         held on entry and exit; dropped while waiting.
 * Read next   lock.c, vm/gil/parking.h */
#ifndef TOY_THREADS_LOCK_H
#define TOY_THREADS_LOCK_H

#include "vm/object/context.h"

typedef struct LockWaiter LockWaiter;   /* lies on the C stack of who waits */

typedef struct ScriptLock {
    bool is_locked;
    uint32_t fork_count;                /* when the queue was last known to be of this process (I2) */
    LockWaiter *first, *last;           /* the queue */
} ScriptLock;

typedef enum LockResult {
    LOCK_ACQUIRED,
    LOCK_TIMED_OUT,
    LOCK_RAISED,                        /* main thread only: a signal handler raised while it waited; or the end has begun */
} LockResult;

enum { LOCK_WAIT_FOREVER = -1 };

void lock_init(ScriptLock *lock);
/* Nobody waits for it. A lock that is taken may be freed too: it is only a word that says so. */
void lock_finish(ScriptLock *lock);

static inline bool lock_try(ScriptLock *lock)
{
    if (lock->is_locked)
        return false;
    return lock->is_locked = true;
}

/* The lock is taken: wait for it. [timeout_ns] below 0: for ever. */
MUST_CHECK LockResult lock_wait(Thread *t, ScriptLock *lock, int64_t timeout_ns);

/* Tries first, so that a free lock costs no drop of the GIL; with a [timeout_ns] of 0 that is all. */
MUST_CHECK static inline LockResult lock_acquire(Thread *t, ScriptLock *lock, int64_t timeout_ns)
{
    if (LIKELY(lock_try(lock)))
        return LOCK_ACQUIRED;
    return timeout_ns == 0 ? LOCK_TIMED_OUT : lock_wait(t, lock, timeout_ns);
}

void lock_wake_waiter(Thread *t, ScriptLock *lock);
/* At a safepoint that finds BREAKER_KICK. */
void lock_kick_if_due(Thread *t);

/* The lock is taken, be it by another thread. */
static inline void lock_release(Thread *t, ScriptLock *lock)
{
    lock->is_locked = false;
    if (UNLIKELY(lock->first != NULL))
        lock_wake_waiter(t, lock);
}

/* The same for a thread that ends: the result is to be kicked once the GIL is dropped; NULL: nobody. */
MUST_CHECK Parking *lock_release_for_end(Thread *t, ScriptLock *lock);

/* In the child of a fork: free, whoever had it. */
void lock_reinit_after_fork(Thread *t, ScriptLock *lock);

/* ---- the recursive one ---- */

typedef struct RecursiveLock {
    ScriptLock lock;
    uint64_t owner;                     /* ident of the owning thread; 0: free */
    uint64_t depth;                     /* how many times the owner has it */
} RecursiveLock;

void rlock_init(RecursiveLock *rlock);
static inline bool rlock_is_owned(Thread *t, const RecursiveLock *rlock) { return rlock->depth > 0 && rlock->owner == t->ident; }
MUST_CHECK LockResult rlock_acquire(Thread *t, RecursiveLock *rlock, int64_t timeout_ns);
/* False raises RuntimeError: not the owner. */
MUST_CHECK bool rlock_release(Thread *t, RecursiveLock *rlock);
/* For Condition.wait: give all of it back, and take it again as often. */
MUST_CHECK bool rlock_release_all(Thread *t, RecursiveLock *rlock, uint64_t *depth, uint64_t *owner);
MUST_CHECK LockResult rlock_acquire_again(Thread *t, RecursiveLock *rlock, uint64_t depth, uint64_t owner);
void rlock_reinit_after_fork(Thread *t, RecursiveLock *rlock);

#endif
