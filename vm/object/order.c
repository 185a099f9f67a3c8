/* order.c - see order.h.
 *
 * What        order_try beyond small ints: floats, large ints, ints beside floats, strings, tuples, lists.
 * How         Tuples and lists go from item to item; the first pair of different ones decides, and pairs that are the same word are equal whatever they
 *             are, a nan too: so the language says. Those inside of others are followed a few levels down, no further: this
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

static int order_of_rows(const Value *a, size_t a_count, const Value *b, size_t b_count, int levels)
{
    size_t shorter = a_count < b_count ? a_count : b_count;
    for (size_t i = 0; i < shorter; i++) {
        if (is_same(a[i], b[i])) continue;
        if (are_small_ints(a[i], b[i])) return (int64_t)a[i].bits < (int64_t)b[i].bits ? -1 : 1;
        if (are_word_floats(a[i], b[i])) return word_float(a[i]) < word_float(b[i]) ? -1 : 1;    /* never a nan */
        int order = order_of_values(a[i], b[i], levels);
        if (order != 0) return order;
    }
    return SIGN(a_count, b_count);
}

static int order_of_tuples(const Tuple *a, const Tuple *b, int levels)
{
    return levels > 0 ? order_of_rows(a->items, a->count, b->items, b->count, levels - 1) : ORDER_UNKNOWN;
}

static int order_of_lists(const List *a, const List *b, int levels)
{
    return levels > 0 ? order_of_rows(a->items, a->count, b->items, b->count, levels - 1) : ORDER_UNKNOWN;
}

static inline int order_of_values(Value a, Value b, int levels)
{
    double x, y;
    if (are_small_ints(a, b)) return SIGN((int64_t)a.bits, (int64_t)b.bits);
    if (is_object(a) && is_object(b) && as_object(a)->kind == as_object(b)->kind) {
        switch (as_object(a)->kind) {
        case KIND_STR: return order_of_strs(as_str(a), as_str(b));
        case KIND_TUPLE: return order_of_tuples(as_tuple(a), as_tuple(b), levels);
        case KIND_LIST: return order_of_lists(as_list(a), as_list(b), levels);
        default: break;
        }
    }
    if (is_exact_int(a) && is_exact_int(b)) return int_order(a, b);
    if (!order_numbers(a, b, &x, &y) || x != x || y != y) return ORDER_UNKNOWN;
    return SIGN(x, y);
}

int order_try_others(Value a, Value b)
{
    /* What lies in a heap or is sorted is most often a tuple whose first item, a number, decides: nothing else is asked then. */
    if (is_kind(a, KIND_TUPLE) && is_kind(b, KIND_TUPLE) && as_tuple(a)->count && as_tuple(b)->count) {
        Value first = as_tuple(a)->items[0], other = as_tuple(b)->items[0];
        if (are_small_ints(first, other) && !is_same(first, other)) return (int64_t)first.bits < (int64_t)other.bits ? -1 : 1;
    }
    return order_of_values(a, b, LEVELS_MAX);
}
