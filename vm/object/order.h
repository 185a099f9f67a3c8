/* order.h - comparing two values without asking their types.
 *
 * What        order_try says which of two values comes first, equality_try whether they are equal, where that can be said by looking.
 * How         Ints, floats, strings, and tuples and lists of these, exactly of these types: nobody can have overridden how
 *             they compare. For everything else the answer is ORDER_UNKNOWN, and the caller asks value_compare.
 * Invariants  I1 no script code runs, nothing is raised, no count changes: what the caller has borrowed stays alive.
 *             I2 a nan has no place in any order: ORDER_UNKNOWN.
 * GIL         held: the values must not change meanwhile.
 * Read next   order.c, protocol_calls.c, sort.c */
#ifndef TOY_OBJECT_ORDER_H
#define TOY_OBJECT_ORDER_H

#include "vm/object/context.h"

enum { ORDER_UNKNOWN = 2 };

int order_try_others(Value a, Value b);      /* the rest of order_try */
/* Two numbers, ints or floats or one of each, as doubles; false: they are none, or too large an int to be exact. */
bool order_numbers(Value a, Value b, double *x, double *y);

/* -1, 0 or 1: a is below, equal to, above b; or ORDER_UNKNOWN. */
static inline int order_try(Value a, Value b)
{
    if (are_small_ints(a, b)) return ((int64_t)a.bits > (int64_t)b.bits) - ((int64_t)a.bits < (int64_t)b.bits);
    return order_try_others(a, b);
}

#endif
