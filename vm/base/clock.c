/* clock.c - see clock.h.
 *
 * What        Thin names over clock_gettime, so that the unit is the same everywhere.
 * How         Nanoseconds in 64 bits with a sign: 292 years either way, and differences are plain subtractions.
 * GIL         never needed.
 * Read next   clock.h */
#include "vm/base/clock.h"

static int64_t clock_read(clockid_t clock)
{
    struct timespec now;
    /* These four clocks exist on every Linux; a failure would be a bug of the system, and 0 the least surprising answer. */
    if (clock_gettime(clock, &now) != 0)
        return 0;
    return (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
}

int64_t clock_monotonic_ns(void)   { return clock_read(CLOCK_MONOTONIC); }
int64_t clock_wall_ns(void)        { return clock_read(CLOCK_REALTIME); }
int64_t clock_process_cpu_ns(void) { return clock_read(CLOCK_PROCESS_CPUTIME_ID); }
int64_t clock_thread_cpu_ns(void)  { return clock_read(CLOCK_THREAD_CPUTIME_ID); }

int64_t clock_resolution_ns(clockid_t clock)
{
    struct timespec step;
    if (clock_getres(clock, &step) != 0)
        return 0;
    return (int64_t)step.tv_sec * NS_PER_S + step.tv_nsec;
}

struct timespec clock_timespec(int64_t ns)
{
    if (ns < 0)
        ns = 0;
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_S), .tv_nsec = (long)(ns % NS_PER_S)};
}
