/* lock.c - see lock.h.
 *
 * What        Waiting for a script lock, waking who waits, and the recursive lock on top.
 * How         A waiter goes round: forget earlier wakes, hear signals, look at the lock, look at the clock, sleep. Everything
 *             but the sleep happens under the GIL, so nothing can change between the looking and the falling asleep that would
 *             not also mark the Parking.
 * Invariants  I1 and I2 of lock.h.
 *             I3 a waiter that leaves without the lock passes on a wake it may have been given.
 * GIL         dropped only in park().
 * Read next   blocking.h, signals.h (why the main thread's Parking may be marked by a signal) */
#include "vm/threads/lock.h"

#include "vm/base/clock.h"
#include "vm/object/exception.h"
#include "vm/threads/safepoint.h"
#include "vm/threads/signals.h"
#include "vm/threads/thread.h"

struct LockWaiter {
    Thread *thread;
    LockWaiter *next, *previous;
};

void lock_init(ScriptLock *lock)
{
    *lock = (ScriptLock){.is_locked = false};
}

void lock_finish(ScriptLock *lock)
{
    lock->first = lock->last = NULL;
}

/* After a fork the queue's waiters are gone, and the stacks they stood on may be somebody else's (I2). */
static void forget_foreign_waiters(Thread *t, ScriptLock *lock)
{
    uint32_t fork_count = t->interp->threading->fork_count;
    if (lock->fork_count == fork_count)
        return;
    lock->fork_count = fork_count;
    lock->first = lock->last = NULL;
}

/* Not inlined: gcc would see a local's address stored in the lock, and miss that lock_wait takes it out again. */
static __attribute__((noinline)) void queue_append(ScriptLock *lock, LockWaiter *waiter)
{
    waiter->next = NULL;
    waiter->previous = lock->last;
    if (lock->last != NULL)
        lock->last->next = waiter;
    else
        lock->first = waiter;
    lock->last = waiter;
}

static void queue_remove(ScriptLock *lock, LockWaiter *waiter)
{
    if (waiter->previous != NULL)
        waiter->previous->next = waiter->next;
    else
        lock->first = waiter->next;
    if (waiter->next != NULL)
        waiter->next->previous = waiter->previous;
    else
        lock->last = waiter->previous;
}

static ParkResult park(Thread *t, int64_t deadline_ns)
{
    const char *outer = t->blocked_on;
    t->blocked_on = "lock";
    gil_drop(&t->interp->gil, &t->gil_client, DROP_LOCK);
    ParkResult result = parking_wait(&t->parking, deadline_ns, 0);
    gil_take(&t->interp->gil, &t->gil_client);
    t->blocked_on = outer;
    return result;
}

static int64_t deadline_after(int64_t timeout_ns)
{
    if (timeout_ns < 0)
        return PARK_FOREVER;
    int64_t now = clock_monotonic_ns();
    return timeout_ns > PARK_FOREVER - now ? PARK_FOREVER : now + timeout_ns;
}

LockResult lock_wait(Thread *t, ScriptLock *lock, int64_t timeout_ns)
{
    ASSERT_GIL(t);
    /* A daemon thread has it, and has stopped for good: to wait would be to hang. */
    if (UNLIKELY(atomic_load_explicit(&t->interp->is_finalizing, memory_order_relaxed)) && timeout_ns < 0) {
        raise_error(t, EXC_PythonFinalizationError, "can't wait for a lock at interpreter shutdown: no thread is left to release it");
        return LOCK_RAISED;
    }
    forget_foreign_waiters(t, lock);
    int64_t deadline = deadline_after(timeout_ns);
    LockWaiter self = {.thread = t};
    queue_append(lock, &self);
    LockResult result;
    bool is_in_time = true;
    for (;;) {
        /* Before the looking: what is released or signalled from here on marks the Parking anew. */
        parking_reset(&t->parking);
        bool is_undisturbed = signals_deliver_if_due(t);
        /* A handler may have forked: then this is the child, and the queue holds the parent's waiters. */
        if (UNLIKELY(lock->fork_count != t->interp->threading->fork_count)) {
            forget_foreign_waiters(t, lock);
            queue_append(lock, &self);
        }
        if (!is_undisturbed) {
            result = LOCK_RAISED;
            break;
        }
        if (lock_try(lock)) {
            result = LOCK_ACQUIRED;
            break;
        }
        if (!is_in_time) {
            result = LOCK_TIMED_OUT;
            break;
        }
        is_in_time = park(t, deadline) != PARK_TIMED_OUT;
    }
    queue_remove(lock, &self);
    if (result != LOCK_ACQUIRED && !lock->is_locked && lock->first != NULL)
        lock_wake_waiter(t, lock);   /* I3 */
    return result;
}

static Parking *mark_first_waiter(Thread *t, ScriptLock *lock)
{
    forget_foreign_waiters(t, lock);
    if (lock->first == NULL)
        return NULL;
    Parking *parking = &lock->first->thread->parking;
    return parking_mark(parking) ? parking : NULL;
}

/* The woken one wants the GIL first of all, and who releases a lock often waits for another in the next moment: then the GIL is free by
 * the time of the kick. Woken at once, it would most often run into the GIL and sleep again: two threads that took turns by two
 * locks paid two thirds more for each turn. So the kick waits for the drop of the GIL, but not for long: who computes on kicks at the second
 * safepoint (lock_kick_if_due), the first being that of the release itself. Then the woken one waits for the GIL, and can ask for it. */
void lock_wake_waiter(Thread *t, ScriptLock *lock)
{
    ASSERT_GIL(t);
    Parking *parking = mark_first_waiter(t, lock);
    if (parking == NULL)
        return;
    gil_kick_later(&t->gil_client, parking);
    t->kick_is_due = false;
    breaker_set(t, BREAKER_KICK);
}

void lock_kick_if_due(Thread *t)
{
    if (t->gil_client.to_kick != NULL && !t->kick_is_due) {
        t->kick_is_due = true;
        return;
    }
    breaker_clear(t, BREAKER_KICK);
    gil_kick_now(&t->gil_client);
}

Parking *lock_release_for_end(Thread *t, ScriptLock *lock)
{
    lock->is_locked = false;
    return mark_first_waiter(t, lock);
}

void lock_reinit_after_fork(Thread *t, ScriptLock *lock)
{
    lock_init(lock);
    lock->fork_count = t->interp->threading->fork_count;
}

/* ---- the recursive one ---------------------------------------------------------------------------------------------------- */

void rlock_init(RecursiveLock *rlock)
{
    *rlock = (RecursiveLock){.owner = 0};
}

LockResult rlock_acquire(Thread *t, RecursiveLock *rlock, int64_t timeout_ns)
{
    if (rlock_is_owned(t, rlock)) {
        rlock->depth++;
        return LOCK_ACQUIRED;
    }
    LockResult result = lock_acquire(t, &rlock->lock, timeout_ns);
    if (result == LOCK_ACQUIRED) {
        rlock->owner = t->ident;
        rlock->depth = 1;
    }
    return result;
}

bool rlock_release(Thread *t, RecursiveLock *rlock)
{
    if (!rlock_is_owned(t, rlock))
        return raise_false(t, EXC_RuntimeError, "cannot release un-acquired lock");
    if (--rlock->depth == 0) {
        rlock->owner = 0;
        lock_release(t, &rlock->lock);
    }
    return true;
}

bool rlock_release_all(Thread *t, RecursiveLock *rlock, uint64_t *depth, uint64_t *owner)
{
    /* Whoever asks: Condition calls this for a lock that it knows to be its own. */
    if (rlock->depth == 0)
        return raise_false(t, EXC_RuntimeError, "cannot release un-acquired lock");
    *depth = rlock->depth;
    *owner = rlock->owner;
    rlock->depth = 0;
    rlock->owner = 0;
    lock_release(t, &rlock->lock);
    return true;
}

LockResult rlock_acquire_again(Thread *t, RecursiveLock *rlock, uint64_t depth, uint64_t owner)
{
    LockResult result = lock_acquire(t, &rlock->lock, LOCK_WAIT_FOREVER);
    if (result == LOCK_ACQUIRED) {
        rlock->owner = owner;
        rlock->depth = depth;
    }
    return result;
}

void rlock_reinit_after_fork(Thread *t, RecursiveLock *rlock)
{
    rlock_init(rlock);
    lock_reinit_after_fork(t, &rlock->lock);
}
