/* suggest.h - the name nearest to a misspelt one.
 * What        suggest_name, for errors that say "Did you mean".
 * How         edit distance with cheap case changes, CPython's limits.
 * GIL         held.
 * Read next   suggest.c */
#ifndef TOY_OBJECT_SUGGEST_H
#define TOY_OBJECT_SUGGEST_H

#include "vm/object/context.h"

/* The best of [candidates] for [wrong]; NULL when none is near enough. Never raises. */
BORROWED Str *suggest_name(Thread *t, Str *wrong, Str *const *candidates, size_t count);

#endif
