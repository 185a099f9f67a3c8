/* match.h - class and mapping patterns.
 * What        MATCH_CLASS, MATCH_KEYS.
 * How         match.c
 * GIL         held; may run script code.
 * Read next   match.c */
#ifndef TOY_RUN_MATCH_H
#define TOY_RUN_MATCH_H

#include "vm/object/context.h"

/* The tuple of values of [keys] in the mapping, or None. */
MUST_CHECK Value match_keys(Thread *t, Value subject, Value keys);
/* The tuple of attributes for [positional] sub-patterns and those called [names], or None. */
MUST_CHECK Value match_class(Thread *t, Value subject, Value cls, size_t positional, Value names);

#endif
