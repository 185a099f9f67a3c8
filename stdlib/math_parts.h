/* math_parts.h - what the files of module math share.
 *
 * What        Functions of math_integer.c and math_sums.c for the table in mod_math.c; the two errors.
 * How         One table of functions, three files by kind of argument: floats, whole numbers, many floats.
 * GIL         held.
 * Read next   mod_math.c */
#ifndef TOY_STDLIB_MATH_PARTS_H
#define TOY_STDLIB_MATH_PARTS_H

#include "vm/toy.h"

TOY_COLD ToyValue math_domain_error(ToyThread *t);
TOY_COLD ToyValue math_range_error(ToyThread *t);

/* An int as fraction * 2**exponent, 0.5 <= fraction < 1, correctly rounded. */
TOY_MUST_CHECK bool math_int_frexp(ToyThread *t, ToyValue v, double *fraction, int64_t *exponent);

ToyValue math_comb(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue math_factorial(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue math_gcd(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names);
ToyValue math_isqrt(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue math_lcm(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names);
ToyValue math_perm(ToyThread *t, ToyValue self, const ToyValue *args);

ToyValue math_dist(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue math_fsum(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue math_hypot(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue math_prod(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue math_sumprod(ToyThread *t, ToyValue self, const ToyValue *args);

#endif
