/* parking.h - one thread sleeps until another one wakes it, or until a moment has passed.
 *
 * What        The only place where a thread of ours goes to sleep waiting for another: for the GIL (gil.c), for a script
 *             lock (vm/threads/lock.c).
 * How         One word per sleeper. The sleeper resets it, makes itself findable (under the finder's lock), releases that lock
 *             and waits; who finds it marks it under the lock and wakes it after. A wake that comes before the sleep
 *             is not lost: the word remembers it.
 *
 *               EMPTY --wait--> ASLEEP --wake--> WOKEN --reset--> EMPTY        EMPTY --wake--> WOKEN: the wait returns at once
 *
 * Invariants  I1 one sleeper per Parking; any number of wakers.
 *             I2 a waker that found the sleeper still awake makes no system call.
 *             I3 waking a Parking whose owner has gone on in the meantime, or ended, is harmless: the kernel is given an
 *                address to look up, nothing is read or written there.
 * GIL         never needed.
 * Read next   gil.c */
#ifndef TOY_GIL_PARKING_H
#define TOY_GIL_PARKING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "vm/base/attributes.h"

typedef struct Parking {
    _Atomic uint32_t word;  /* PARKING_EMPTY, _ASLEEP, _WOKEN; the sleeper writes the first two, wakers the last */
} Parking;

typedef enum ParkResult {
    PARK_WOKEN,
    PARK_TIMED_OUT,
    PARK_INTERRUPTED,  /* a signal handler ran in this thread; nobody woke it */
} ParkResult;

#define PARK_FOREVER INT64_MAX  /* a deadline that never comes */

/* Forget an earlier wake. Before the sleeper can be found, never after. */
void parking_reset(Parking *parking);

/* Wait for a wake until [deadline_ns] on the monotonic clock. The first [spin_ns] are spent looking, not sleeping: worth it
 * only where the wake is expected within the time that falling asleep and waking up would take (some 50 us). */
ParkResult parking_wait(Parking *parking, int64_t deadline_ns, int64_t spin_ns);

/* The two halves of a wake. Mark under the lock by which the sleeper was found; if that says so, kick after releasing it, or
 * the sleeper would wake up only to run into that lock. */
MUST_CHECK bool parking_mark(Parking *parking);
void parking_kick(Parking *parking);

/* Was it marked since the last reset? */
bool parking_is_woken(Parking *parking);

/* A short wait by looking, LOOKS_PER_YIELD times for each sched_yield: on a processor of our own that costs next to nothing;
 * on one that we share with the thread we are waiting for, it is what lets that thread run. */
enum { LOOKS_PER_YIELD = 8 };

/* One step of it: tells the core (and its sibling) that this is a loop that does nothing. */
static inline void parking_pause(void)
{
#if defined(__x86_64__) || defined(__i386__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

#endif
