/* blocking.c - see blocking.h.
 *
 * What        The pair around every call that may wait.
 * How         gil_drop and gil_take, a depth so that pairs nest, and the name of the call for whoever looks.
 * GIL         this is where native code gives it up of its own will.
 * Read next   vm/gil/gil.c, signals.c */
#include "vm/threads/blocking.h"

#include <errno.h>

#include "vm/threads/safepoint.h"

void block_begin_for(Thread *t, const char *what, DropReason reason)
{
    if (t->block_depth++ > 0)
        return;
    ASSERT_GIL(t);
    t->blocked_on = what;
    gil_drop(&t->interp->gil, &t->gil_client, reason);
}

void block_begin(Thread *t, const char *what)
{
    block_begin_for(t, what, DROP_NATIVE);
}

void block_end(Thread *t)
{
    assert(t->block_depth > 0);
    if (--t->block_depth > 0)
        return;
    gil_take(&t->interp->gil, &t->gil_client);
    t->blocked_on = NULL;
}

bool block_retry(Thread *t)
{
    if (errno != EINTR)
        return false;
    /* Handlers run script code, which may well end with another errno: the call will set its own. */
    return safepoint_handle_interruption(t);
}
