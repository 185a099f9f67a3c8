/* blocking.h - giving the GIL up around a system call that may wait.
 *
 * What        block_begin and block_end, and what to do when a signal cut the call short (PEP 475).
 * How         A native function that may block reads:
 *
 *                 ssize_t n;
 *                 do {
 *                     block_begin(t, "read");
 *                     n = read(fd, buffer, size);      // no Value is touched in here: another thread runs
 *                     block_end(t);
 *                 } while (n < 0 && block_retry(t));
 *                 if (n < 0) return is_raised(t) ? FAILED : raise_os_error(t, errno, UNBOUND);
 *
 * Invariants  I1 pairs nest; only the outermost drops and takes.  I2 errno of the call survives block_end.
 * GIL         dropped by block_begin, taken by block_end.
 * Read next   safepoint.h, signals.h */
#ifndef TOY_THREADS_BLOCKING_H
#define TOY_THREADS_BLOCKING_H

#include "vm/object/context.h"

/* [what] names the call in reports and traces; a string that lives for ever. */
void block_begin(Thread *t, const char *what);
void block_begin_for(Thread *t, const char *what, DropReason reason);
void block_end(Thread *t);

/* After a failed call, errno still set. True: a signal interrupted it, its handlers have run, call again (with the time that is
 * left). False: errno is a real error, or a handler has raised. */
MUST_CHECK bool block_retry(Thread *t);

#endif
