/* select.h - what the files of module select share.
 *
 * What        Time limits of waits, and the types that the files contribute.
 * How         A wait has a deadline on the monotonic clock, so that a signal in the middle does not make it longer. The system counts in
 *             milliseconds: what is left is rounded up, or the last of it would be waited for again and again.
 * GIL         held.
 * Read next   mod_select.c */
#ifndef TOY_STDLIB_SELECT_SELECT_H
#define TOY_STDLIB_SELECT_SELECT_H

#include <errno.h>

#include "vm/toy.h"

enum { NS_PER_MS = 1000000, MS_PER_SECOND = 1000 };

typedef struct SelectState { ToyType *poll_type, *epoll_type; } SelectState;

/* -1: without limit. False raises "timeout must be an integer or None". [unit_ns] is how long 1 lasts. */
TOY_MUST_CHECK bool wait_limit_read(ToyThread *t, ToyValue timeout, int64_t unit_ns, int64_t *limit_ns);
static inline int64_t deadline_of(int64_t limit_ns) { return limit_ns < 0 ? -1 : toy_monotonic_ns() + limit_ns; }
static inline int milliseconds_left(int64_t deadline_ns)
{
    if (deadline_ns < 0) return -1;
    int64_t left = deadline_ns - toy_monotonic_ns();
    int64_t ms = left <= 0 ? 0 : (left + NS_PER_MS - 1) / NS_PER_MS;
    return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

TOY_MUST_CHECK bool add_poll_type(ToyThread *t, ToyModuleObject *module);
TOY_MUST_CHECK bool add_epoll_type(ToyThread *t, ToyModuleObject *module);
ToyValue poll_new(ToyThread *t, ToyValue self, const ToyValue *args);

#endif
