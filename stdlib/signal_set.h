/* signal_set.h - sets of signals as arguments.
 *
 * What        signal_set_read: any iterable of numbers as the system's set. For the module signal and os.posix_spawn.
 * How         Inline, so that two modules can have it without one needing the other.
 * GIL         held; walking the iterable may run script code.
 * Read next   mod_signal.c */
#ifndef TOY_STDLIB_SIGNAL_SET_H
#define TOY_STDLIB_SIGNAL_SET_H

#include <signal.h>

#include "vm/toy.h"

static inline bool signal_set_add(ToyThread *t, ToyValue item, void *context)
{
    ToyValue index = toy_index(t, item);
    if (toy_failed(index)) return false;
    int64_t number = -1;   /* also for one that fits nowhere */
    if (!toy_int_fits_int64(index, &number)) number = -1;
    toy_release(index);
    if (number < 1 || number >= NSIG)
        return toy_raise_false(t, TOY_ValueError, "signal number %lld out of range [1; %d]", (long long)number, NSIG - 1);
    if (sigaddset(context, (int)number) == 0) return true;
    /* The two that the C library keeps for itself. */
    return toy_warn(t, TOY_RuntimeWarning, 1, "invalid signal number %lld, please use valid_signals()", (long long)number);
}

TOY_MUST_CHECK static inline bool signal_set_read(ToyThread *t, ToyValue v, sigset_t *set)
{
    sigemptyset(set);
    return toy_for_each(t, v, signal_set_add, set);
}

#endif
