/* builtins_iterate.c - sum, min, max, sorted, any, all.
 *
 * What        The built-in functions that run through an iterable.
 * How         sum keeps ints in a machine word and floats in a compensated pair as long as it can, as CPython 3.12+ does (so that float sums agree
 *             to the last digit); then it adds like `+`. min and max look at numbers, text and tuples before they ask types.
 * GIL         held.
 * Read next   builtins.c, vm/object/sort.c */
#include "vm/object/arguments.h"
#include "vm/object/bytes.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/order.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/arith.h"
#include "vm/run/builtins.h"

#include <math.h>

/* ---- sum ---- */

/* Neumaier's compensated sum: [compensation] collects what [total] is too coarse to hold. */
typedef struct FloatSum { double total, compensation; } FloatSum;

static void float_sum_add(FloatSum *sum, double x)
{
    double total = sum->total + x;
    if (fabs(sum->total) >= fabs(x)) sum->compensation += (sum->total - total) + x;
    else sum->compensation += (x - total) + sum->total;
    sum->total = total;
}

static double float_sum_result(const FloatSum *sum)
{
    return sum->compensation != 0 && isfinite(sum->compensation) ? sum->total + sum->compensation : sum->total;
}

/* Where the sum stands: ints in a word, floats in a pair, anything else as a value. */
typedef struct Summing {
    enum { SUM_INT, SUM_FLOAT, SUM_VALUE } form;
    int64_t whole;
    FloatSum real;
    Value total;              /* SUM_VALUE; owned */
} Summing;

static bool summing_to_value(Thread *t, Summing *sum)
{
    if (sum->form == SUM_INT) sum->total = int_from_int64(t, sum->whole);
    else if (sum->form == SUM_FLOAT) sum->total = float_value(t, float_sum_result(&sum->real));
    sum->form = SUM_VALUE;
    return !failed(sum->total);
}

/* As CPython does it: ints and bools in a word; the first float joins by a plain addition; from then on floats are compensated and ints are not. */
static bool sum_one(Thread *t, Value item, void *context)
{
    Summing *sum = context;
    int64_t whole;
    if (sum->form == SUM_INT) {
        if (is_small_int(item) && !__builtin_add_overflow(sum->whole, small_int(item), &whole)) return sum->whole = whole, true;
        if ((is_exact_int(item) || is_bool(item)) && int_fits_int64(item, &whole) && !__builtin_add_overflow(sum->whole, whole, &whole)) return sum->whole = whole, true;
        if (is_exact_float(item)) {
            sum->real = (FloatSum){(double)sum->whole + as_double(item), 0};
            sum->form = SUM_FLOAT;
            return true;
        }
    }
    if (sum->form == SUM_FLOAT) {
        if (is_exact_float(item)) return float_sum_add(&sum->real, as_double(item)), true;
        if (is_int(item) && int_fits_int64(item, &whole)) return sum->real.total += (double)whole, true;
    }
    if (sum->form != SUM_VALUE && !summing_to_value(t, sum)) return false;
    Value total = value_binary(t, sum->total, item, BINARY_ADD);
    if (failed(total)) return false;
    replace(&sum->total, total);
    return true;
}

static Value builtin_sum(Thread *t, Value self, const Value *args)
{
    Summing sum = {.form = SUM_INT};
    Value start = args[1];
    if (is_bound(start)) {
        if (is_str(start)) return raise_type_error(t, "sum() can't sum strings [use ''.join(seq) instead]");
        if (is_bytes(start)) return raise_type_error(t, "sum() can't sum bytes [use b''.join(seq) instead]");
        if (has_payload(start, KIND_BYTEARRAY)) return raise_type_error(t, "sum() can't sum bytearray [use b''.join(seq) instead]");
        if (is_exact_int(start) && int_fits_int64(start, &sum.whole)) sum.form = SUM_INT;
        else if (is_exact_float(start)) sum = (Summing){.form = SUM_FLOAT, .real = {as_double(start), 0}};
        else sum = (Summing){.form = SUM_VALUE, .total = retain(start)};
    }
    bool done = value_for_each(t, args[0], sum_one, &sum);
    if (done && sum.form != SUM_VALUE) done = summing_to_value(t, &sum);
    if (!done) clear(&sum.total);
    return sum.total;
}

/* ---- min, max ---- */

typedef struct Extreme {
    CompareOp wanted;         /* COMPARE_LT for min */
    Value key_function;       /* UNBOUND: the items themselves */
    Value best, best_key;     /* owned; UNBOUND before the first */
} Extreme;

static bool extreme_one(Thread *t, Value item, void *context)
{
    Extreme *extreme = context;
    Value key = is_bound(extreme->key_function) ? value_call1(t, extreme->key_function, item) : retain(item);
    if (failed(key)) return false;
    bool is_better = is_unbound(extreme->best);
    if (!is_better) {
        int order = order_try(key, extreme->best_key);
        if (order != ORDER_UNKNOWN)
            is_better = extreme->wanted == COMPARE_LT ? order < 0 : order > 0;
        else if (!value_compare_truth(t, key, extreme->best_key, extreme->wanted, &is_better)) {
            release(key);
            return false;
        }
    }
    if (!is_better) {
        release(key);
        return true;
    }
    replace(&extreme->best, retain(item));
    replace(&extreme->best_key, key);
    return true;
}

/* min(a, b, ...): the caller's row holds them all, also while they are compared. */
static Value extreme_of_row(Thread *t, CompareOp wanted, const Value *row, size_t count)
{
    Value best = row[0];
    for (size_t i = 1; i < count; i++) {
        int order = order_try(row[i], best);
        bool is_better = wanted == COMPARE_LT ? order < 0 : order == 1;
        if (order == ORDER_UNKNOWN && !value_compare_truth(t, row[i], best, wanted, &is_better)) return FAILED;
        if (is_better) best = row[i];
    }
    return retain(best);
}

static Value extreme_of(Thread *t, const char *name, CompareOp wanted, const Value *args, size_t count, Tuple *names)
{
    if (count > 1 && !names) return extreme_of_row(t, wanted, args, count);
    Extreme extreme = {.wanted = wanted};
    Value slots[] = {UNBOUND, UNBOUND};
    if (count == 0) return raise_type_error(t, "%s expected at least 1 argument, got 0", name);
    if (names) {
        Parameters parameters = {.function = name, .names = (const char *const[]){"key", "default", NULL}};
        if (!arguments_sort(t, &parameters, args + count, 0, names, slots)) return FAILED;
        if (is_bound(slots[0]) && !is_none(slots[0])) extreme.key_function = slots[0];
    }
    Value otherwise = slots[1];
    if (count > 1 && is_bound(otherwise)) return raise_type_error(t, "Cannot specify a default for %s() with multiple positional arguments", name);
    bool done = true;
    if (count > 1)
        for (size_t i = 0; done && i < count; i++) done = extreme_one(t, args[i], &extreme);
    else
        done = value_for_each(t, args[0], extreme_one, &extreme);
    release(extreme.best_key);
    if (!done) clear(&extreme.best);
    if (done && is_unbound(extreme.best)) return is_bound(otherwise) ? retain(otherwise) : raise_value_error(t, "%s() iterable argument is empty", name);
    return extreme.best;
}

static Value builtin_min(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    return extreme_of(t, "min", COMPARE_LT, args, count, names);
}
static Value builtin_max(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    return extreme_of(t, "max", COMPARE_GT, args, count, names);
}

/* ---- any, all ---- */

typedef struct Search { bool wanted, is_found; } Search;

static bool search_one(Thread *t, Value item, void *context)
{
    Search *search = context;
    bool truth;
    if (!value_truth(t, item, &truth)) return false;
    search->is_found = truth == search->wanted;
    return !search->is_found;
}
static Value builtin_any(Thread *t, Value self, const Value *args)
{
    Search search = {.wanted = true};
    bool ran_through = value_for_each(t, args[0], search_one, &search);
    return ran_through || search.is_found ? bool_value(search.is_found) : FAILED;
}
static Value builtin_all(Thread *t, Value self, const Value *args)
{
    Search search = {.wanted = false};
    bool ran_through = value_for_each(t, args[0], search_one, &search);
    return ran_through || search.is_found ? bool_value(!search.is_found) : FAILED;
}

/* Keywords are those of list.sort, and what is wrong with them is said in its name. */
static Value builtin_sorted(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    Parameters parameters = {.function = "sort", .names = (const char *const[]){"key", "reverse", NULL}};
    Value slots[2];
    bool reverse = false;
    if (!arguments_count(t, "sorted", count, 1, 1)) return FAILED;
    List *list = list_from_iterable(t, args[0]);
    if (!list) return FAILED;
    bool done = arguments_sort(t, &parameters, args + 1, 0, names, slots) && arg_bool(t, slots[1], &reverse) &&
                list_sort(t, list, is_bound(slots[0]) ? slots[0] : NONE, reverse);
    if (done) return object_value(list);
    object_release(list);
    return FAILED;
}

const NativeDef builtins_iterate_functions[] = {
    NATIVE("all", builtin_all, "(iterable, /)", 0, "Are all items of the iterable true? True if there are none."),
    NATIVE("any", builtin_any, "(iterable, /)", 0, "Is at least one item of the iterable true? False if there are none."),
    NATIVE_RAW_ROW("max", builtin_max, "(*args, key=None, default=<unrepresentable>)", 0, "With a single iterable argument, return its biggest item; with two or more arguments, the largest argument."),
    NATIVE_RAW_ROW("min", builtin_min, "(*args, key=None, default=<unrepresentable>)", 0, "With a single iterable argument, return its smallest item; with two or more arguments, the smallest argument."),
    NATIVE_RAW_ROW("sorted", builtin_sorted, "(iterable, /, *, key=None, reverse=False)", 0, "A new list of the items of the iterable, the least first."),
    NATIVE("sum", builtin_sum, "(iterable, /, start=0)", 0, "All the numbers of an iterable added up, on top of start."),
    NATIVE_END,
};
