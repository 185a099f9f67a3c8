/* clock.h - what time it is, in nanoseconds.
 *
 * What        Four clocks: monotonic (durations, time-outs), wall (dates), CPU time of the process and of the calling thread.
 * How         clock_gettime through the vDSO: the first two cost about 20 ns and no system call.
 * GIL         never needed.
 * Read next   vm/gil/gil.c (the greatest customer) */
#ifndef TOY_BASE_CLOCK_H
#define TOY_BASE_CLOCK_H

#include <stdint.h>
#include <time.h>

#include "vm/base/attributes.h"

enum { NS_PER_US = 1000, NS_PER_MS = 1000000, NS_PER_S = 1000000000 };

int64_t clock_monotonic_ns(void);    /* since some point in the past; never goes back */
int64_t clock_wall_ns(void);         /* since 1970-01-01 00:00 UTC; may jump when the system's clock is set */
int64_t clock_process_cpu_ns(void);  /* user and system time of all threads of this process */
int64_t clock_thread_cpu_ns(void);   /* user and system time of the calling thread */

/* The resolution the system claims for one of its clocks; 0 when it knows no such clock. */
int64_t clock_resolution_ns(clockid_t clock);

/* [ns] as the timespec that pthread and poll calls want. A negative time is served as 0. */
struct timespec clock_timespec(int64_t ns);

#endif
