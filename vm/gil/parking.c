/* parking.c - see parking.h.
 *
 * What        Sleeping and waking on one word, by the kernel's futex.
 * How         futex(WAIT) puts the thread to sleep if the word still holds the value it believes in, in one step with that test;
 *             futex(WAKE) wakes who sleeps at an address. Both take the absolute monotonic time, so that a wait
 *             which was interrupted goes on to the same moment.
 *             A pthread condition with a mutex of its own does the same and, measured, as fast; but it may not be signalled
 *             when its owner may have ended meanwhile (I3), and it is 88 bytes where this is 4.
 * GIL         never needed; errno is left as it was.
 * Read next   gil.c, vm/threads/lock.c */
#include "vm/gil/parking.h"

#include <errno.h>
#include <linux/futex.h>
#include <sched.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "vm/base/clock.h"

enum { PARKING_EMPTY, PARKING_ASLEEP, PARKING_WOKEN };

void parking_reset(Parking *parking)
{
    atomic_store_explicit(&parking->word, PARKING_EMPTY, memory_order_relaxed);
}

bool parking_is_woken(Parking *parking)
{
    return atomic_load_explicit(&parking->word, memory_order_acquire) == PARKING_WOKEN;
}

static bool spin(Parking *parking, int64_t spin_ns)
{
    int64_t until = clock_monotonic_ns() + spin_ns;
    do {
        for (int i = 0; i < LOOKS_PER_YIELD; i++) {
            if (parking_is_woken(parking))
                return true;
            parking_pause();
        }
        sched_yield();
    } while (clock_monotonic_ns() < until);
    return false;
}

ParkResult parking_wait(Parking *parking, int64_t deadline_ns, int64_t spin_ns)
{
    if (spin_ns > 0 && spin(parking, spin_ns))
        return PARK_WOKEN;

    uint32_t seen = PARKING_EMPTY;
    if (!atomic_compare_exchange_strong_explicit(&parking->word, &seen, PARKING_ASLEEP, memory_order_acq_rel, memory_order_acquire)
        && seen == PARKING_WOKEN)
        return PARK_WOKEN;

    struct timespec deadline = clock_timespec(deadline_ns);
    struct timespec *limit = deadline_ns == PARK_FOREVER ? NULL : &deadline;
    int saved_errno = errno;
    ParkResult result = PARK_WOKEN;
    /* The kernel may return early without a reason (a wake meant for an earlier sleep at this address, I3): the word decides. */
    while (!parking_is_woken(parking)) {
        long failed = syscall(SYS_futex, &parking->word, FUTEX_WAIT_BITSET_PRIVATE, PARKING_ASLEEP, limit, NULL,
                              FUTEX_BITSET_MATCH_ANY);
        if (failed == 0 || errno == EAGAIN)
            continue;
        result = errno == EINTR ? PARK_INTERRUPTED : PARK_TIMED_OUT;
        /* A wake that came together with the time-out or the signal counts as a wake: it may not get lost. */
        if (parking_is_woken(parking))
            result = PARK_WOKEN;
        break;
    }
    errno = saved_errno;
    return result;
}

bool parking_mark(Parking *parking)
{
    return atomic_exchange_explicit(&parking->word, PARKING_WOKEN, memory_order_acq_rel) == PARKING_ASLEEP;
}

void parking_kick(Parking *parking)
{
    int saved_errno = errno;
    syscall(SYS_futex, &parking->word, FUTEX_WAKE_PRIVATE, 1, NULL, NULL, 0);
    errno = saved_errno;
}
