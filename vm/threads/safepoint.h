/* safepoint.h - the word that the loop tests, and what each of its bits asks for.
 *
 * What        safepoint_is_due (the test), safepoint_handle (what follows), calls queued for the main thread.
 * How         Whoever wants something from a running thread sets a bit in that thread's own breaker word: enum Breaker in
 *             vm/object/context.h. The loop tests the word at function entry, generator resume, backward jumps and after
 *             native calls that are not marked LEAF: nowhere else may another thread come in.
 * Invariants  I1 a bit is cleared before what it asks for is done: a request that comes meanwhile is seen next time.
 * GIL         held; safepoint_handle may give it up and take it again.
 * Read next   safepoint.c, vm/run/eval.c (SAFEPOINT), vm/gil/policy_interval.c (who asks) */
#ifndef TOY_THREADS_SAFEPOINT_H
#define TOY_THREADS_SAFEPOINT_H

#include "vm/object/context.h"

static inline bool safepoint_is_due(Thread *t)
{
    return atomic_load_explicit(&t->breaker, memory_order_relaxed) != 0;
}

static inline void breaker_set(Thread *t, uint32_t bits)
{
    atomic_fetch_or_explicit(&t->breaker, bits, memory_order_release);
}

static inline void breaker_clear(Thread *t, uint32_t bits)
{
    atomic_fetch_and_explicit(&t->breaker, ~bits, memory_order_acquire);
}

/* Do what the bits ask for. False: something raised. (BREAKER_TRACE is the loop's own business and left alone.) */
MUST_CHECK bool safepoint_handle(Thread *t);
/* The part of it that a call which was cut short by a signal wants: signals and pending calls. */
MUST_CHECK bool safepoint_handle_interruption(Thread *t);

/* A call for the main thread to make at its next safepoint. Any thread may queue one, with or without the GIL.
 * False: the queue is full. */
typedef bool (*PendingFn)(Thread *t, void *argument);   /* false: raised */
MUST_CHECK bool pending_call_add(Interp *interp, PendingFn call, void *argument);

/* Raise [exception_type] in [target] at its next safepoint; UNBOUND takes an earlier one back. */
void thread_raise_later(Thread *target, Value exception_type);

#endif
