/* order.c - see order.h.
 *
 * What        order_try beyond small ints: floats, large ints, ints beside floats, strings, tuples.
 * How         Tuples go from item to item; the first pair of different ones decides, and pairs that are the same word are equal whatever they
 *             are, a nan too: so the language says. Tuples inside of tuples are followed a few levels down, no further: this
 *             recursion asks nobody how much stack is left.
 * Invariants  I1 and I2 of order.h.
 * GIL         held.
 * Read next   sort.c, stdlib/mod_heaps.c */
#include "vm/object/order.h"

#include "vm/object/float.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/str.h"

enum { LEVELS_MAX = 3 };

#define SIGN(a, b) (((a) > (b)) - ((a) < (b)))

/* An exact int or float that a double holds without loss. */
static inline bool is_exact_double(Value v, double *d)
{
    const int64_t exact_up_to = (int64_t)1 << 53;
    if (is_small_int(v)) {
        int64_t n = small_int(v);
        *d = (double)n;
        return n >= -exact_up_to && n <= exact_up_to;
    }
    if (!is_exact_float(v)) return false;
    *d = as_double(v);
    return true;
}

bool order_numbers(Value a, Value b, double *x, double *y)
{
    return is_exact_double(a, x) && is_exact_double(b, y);
}

static int order_of_strs(const Str *a, const Str *b)
{
    if (a == b) return 0;
    int order = str_order(a, b);
    return SIGN(order, 0);
}

static int order_of_values(Value a, Value b, int levels);

static int order_of_tuples(const Tuple *a, const Tuple *b, int levels)
{
    size_t shorter = a->count < b->count ? a->count : b->count;
    for (size_t i = 0; i < shorter; i++) {
        if (is_same(a->items[i], b->items[i])) continue;
        int order = order_of_values(a->items[i], b->items[i], levels);
        if (order != 0) return order;
    }
    return SIGN(a->count, b->count);
}

static inline int order_of_values(Value a, Value b, int levels)
{
    double x, y;
    if (are_small_ints(a, b)) return SIGN((int64_t)a.bits, (int64_t)b.bits);
    if (is_kind(a, KIND_STR) && is_kind(b, KIND_STR)) return order_of_strs(as_str(a), as_str(b));
    if (is_kind(a, KIND_TUPLE) && is_kind(b, KIND_TUPLE)) return levels > 0 ? order_of_tuples(as_tuple(a), as_tuple(b), levels - 1) : ORDER_UNKNOWN;
    if (is_exact_int(a) && is_exact_int(b)) return int_order(a, b);
    if (!order_numbers(a, b, &x, &y) || x != x || y != y) return ORDER_UNKNOWN;
    return SIGN(x, y);
}

int order_try_others(Value a, Value b)
{
    return order_of_values(a, b, LEVELS_MAX);
}
