/* did_you_mean.h - what somebody may have meant who wrote a name that is not there.
 * What        did_you_mean, for exceptions about to be printed.
 * How         did_you_mean.c
 * GIL         held; may run script code.
 * Read next   did_you_mean.c */
#ifndef TOY_RUN_DID_YOU_MEAN_H
#define TOY_RUN_DID_YOU_MEAN_H

#include "vm/object/context.h"

/* For an exception that is about to be printed with a traceback (or something else, or UNBOUND): ". Did you mean: 'x'?" or "" as a new Str;
 * only a MemoryError makes it fail. */
MUST_CHECK Value did_you_mean(Thread *t, Value exception, Value traceback);

#endif
