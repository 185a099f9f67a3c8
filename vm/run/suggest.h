/* suggest.h - "Did you mean": the name nearest to a misspelt one.
 * What        suggest_name.   How  edit distance with cheap case changes, CPython's limits.   GIL  held.   Read next  suggest.c */
#ifndef TOY_RUN_SUGGEST_H
#define TOY_RUN_SUGGEST_H

#include "vm/object/context.h"

/* The best of [candidates] for [wrong]; NULL when none is near enough (or memory ran out: t->raised). */
BORROWED Str *suggest_name(Thread *t, Str *wrong, Str *const *candidates, size_t count);
/* For an exception that is about to be printed: ". Did you mean: 'x'?" or "" as a new Str. */
MUST_CHECK Value suggest_for_exception(Thread *t, Value exception);

#endif
