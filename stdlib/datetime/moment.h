/* moment.h - class datetime in two files: what they share.
 *
 * What        moment_make.c is how moments come to be (constructors, the clock, texts), moment.c is what they can do.
 * How         The tables stand in moment.c and name the functions of both.
 * GIL         held.
 * Read next   moment_make.c, moment.c */
#ifndef TOY_STDLIB_MOMENT_H
#define TOY_STDLIB_MOMENT_H

#include "stdlib/datetime/datetime.h"

enum { MOMENT_STATE_LENGTH = 10, MOMENT_FOLD_BIT = 0x80 };

ToyValue moment_construct(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names);
ToyValue moment_now(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue moment_utcnow(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue moment_fromtimestamp(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue moment_utcfromtimestamp(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue moment_fromisoformat(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue moment_strptime(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names);
ToyValue moment_combine(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue moment_replace(ToyThread *t, ToyValue self, const ToyValue *args);

static inline int64_t moment_seconds(const Moment *moment)
{
    return seconds_of(moment->date.year, moment->date.month, moment->date.day, &moment->clock);
}

#endif
