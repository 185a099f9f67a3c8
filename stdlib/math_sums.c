/* math_sums.c - sums and products of many floats, and lengths of vectors: more exact than term by term.
 *
 * What        fsum, sumprod, prod, hypot, dist.
 * How         A sum of two doubles and its rounding error are again two doubles (two_sum, after Knuth), and so are a product and its error (by
 *             fma). Carrying the errors along, a sum is right to the last digit: fsum keeps as many terms as it takes (Shewchuk), sumprod
 *             keeps three, hypot two and corrects the root once by its remainder.
 * Invariants  I1 every double operation below is rounded once, to double: no wider registers, no contraction.
 * GIL         held; iterating runs script code.
 * Read next   mod_math.c */
#include <float.h>
#include <math.h>

#include "stdlib/math_parts.h"

/* high is the rounded result, low what it lacks; together they are exact. */
typedef struct Pair { double high, low; } Pair;

static Pair fast_two_sum(double a, double b)   /* |a| >= |b| */
{
    double sum = a + b;
    return (Pair){sum, b - (sum - a)};
}
static Pair two_sum(double a, double b)
{
    double sum = a + b, part = sum - a;
    return (Pair){sum, (a - (sum - part)) + (b - part)};
}
static Pair two_product(double a, double b)
{
    double product = a * b;
    return (Pair){product, fma(a, b, -product)};
}

/* ---- fsum ---- */

/* Partial sums that do not overlap, smallest first: their exact sum is the sum of all that was added. */
typedef struct Partials {
    double *terms, first[32];
    size_t count, capacity;
    double special;            /* sum of the infinities and NaNs */
    double infinities;         /* sum of the infinities alone: NaN if there were both */
} Partials;

static bool partials_add(ToyThread *t, Partials *partials, double x)
{
    double given = x;
    size_t kept = 0;
    for (size_t i = 0; i < partials->count; i++) {
        double y = partials->terms[i];
        if (fabs(x) < fabs(y)) {
            double swap = x;
            x = y;
            y = swap;
        }
        Pair sum = fast_two_sum(x, y);
        if (sum.low != 0.0) partials->terms[kept++] = sum.low;
        x = sum.high;
    }
    partials->count = kept;
    if (x == 0.0) return true;
    if (!isfinite(x)) {
        if (isfinite(given)) return toy_raise_false(t, TOY_OverflowError, "intermediate overflow in fsum");
        if (isinf(given)) partials->infinities += given;
        partials->special += given;
        partials->count = 0;
        return true;
    }
    if (partials->count == partials->capacity) {
        size_t capacity = partials->capacity * 2;
        double *grown = toy_alloc(t, capacity * sizeof *grown);
        if (!grown) return false;
        memcpy(grown, partials->terms, partials->count * sizeof *grown);
        if (partials->terms != partials->first) toy_free(t, partials->terms, partials->capacity * sizeof *grown);
        partials->terms = grown;
        partials->capacity = capacity;
    }
    partials->terms[partials->count++] = x;
    return true;
}

static double partials_total(const Partials *partials)
{
    size_t n = partials->count;
    if (n == 0) return 0.0;
    double high = partials->terms[--n], low = 0.0;
    while (n > 0) {
        Pair sum = fast_two_sum(high, partials->terms[--n]);
        high = sum.high;
        low = sum.low;
        if (low != 0.0) break;
    }
    /* Half way between two doubles: what is left decides, and the last addition did not know it. */
    if (n > 0 && ((low < 0.0 && partials->terms[n - 1] < 0.0) || (low > 0.0 && partials->terms[n - 1] > 0.0))) {
        double twice = low * 2.0, other = high + twice;
        if (twice == other - high) high = other;
    }
    return high;
}

static bool fsum_visit(ToyThread *t, ToyValue item, void *context)
{
    double x;
    return toy_arg_double(t, item, &x) && partials_add(t, context, x);
}

ToyValue math_fsum(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Partials partials = {.capacity = 32};
    partials.terms = partials.first;
    ToyValue result = TOY_FAILED;
    if (!toy_for_each(t, args[0], fsum_visit, &partials)) result = TOY_FAILED;
    else if (partials.special == 0.0) result = toy_float(t, partials_total(&partials));
    else if (isnan(partials.infinities)) toy_raise_value_error(t, "-inf + inf in fsum");
    else result = toy_float(t, partials.special);
    if (partials.terms != partials.first) toy_free(t, partials.terms, partials.capacity * sizeof(double));
    return result;
}

/* ---- sumprod ---- */

typedef struct Triple { double high, low, tiny; } Triple;

static Triple triple_add_product(Triple total, double x, double y)
{
    Pair product = two_product(x, y);
    Pair high = two_sum(total.high, product.high);
    Pair low = two_sum(total.low, product.low);
    Pair middle = two_sum(low.high, high.low);
    return (Triple){high.high, middle.high, total.tiny + low.low + middle.low};
}
static double triple_value(Triple total)
{
    Pair last = two_sum(total.low, total.high);
    return total.tiny + last.low + last.high;
}

/* While all is ints of a word, or floats (and ints beside them), the sum is kept outside of values. */
typedef struct SumProd {
    ToyValue total;
    int64_t whole;             /* to be added to total */
    Triple real;
    bool has_whole, has_real, tries_whole, tries_real;
} SumProd;

static bool sumprod_add_value(ToyThread *t, SumProd *sum, TOY_TAKES ToyValue v)
{
    ToyValue next = toy_failed(v) ? TOY_FAILED : toy_operate(t, TOY_ADD, sum->total, v);
    toy_release(v);
    if (toy_failed(next)) return false;
    toy_replace(&sum->total, next);
    return true;
}
static bool flush_whole(ToyThread *t, SumProd *sum)
{
    bool had = sum->has_whole;
    sum->has_whole = sum->tries_whole = false;
    return !had || sumprod_add_value(t, sum, toy_int(t, sum->whole));
}
static bool flush_real(ToyThread *t, SumProd *sum)
{
    bool had = sum->has_real;
    sum->has_real = sum->tries_real = false;
    return !had || sumprod_add_value(t, sum, toy_float(t, triple_value(sum->real)));
}

static bool read_real(ToyThread *t, ToyValue v, double *out)
{
    if (toy_is_exact_float(v)) {
        *out = toy_float_read(v);
        return true;
    }
    if (!toy_is_small_int(v) && !toy_is_bool(v)) return false;
    *out = toy_is_bool(v) ? toy_is_true(v) : (double)toy_small_int(v);
    return true;
}

static bool sumprod_step(ToyThread *t, SumProd *sum, ToyValue p, ToyValue q)
{
    int64_t product, whole;
    if (sum->tries_whole) {
        if (toy_is_small_int(p) && toy_is_small_int(q) && !__builtin_mul_overflow(toy_small_int(p), toy_small_int(q), &product) &&
            !__builtin_add_overflow(sum->whole, product, &whole)) {
            sum->whole = whole;
            sum->has_whole = true;
            return true;
        }
        if (!flush_whole(t, sum)) return false;
    }
    double x, y;
    if (sum->tries_real) {
        if ((toy_is_exact_float(p) || toy_is_exact_float(q)) && read_real(t, p, &x) && read_real(t, q, &y)) {
            Triple next = triple_add_product(sum->has_real ? sum->real : (Triple){0.0, 0.0, 0.0}, x, y);
            if (isfinite(next.high)) {
                sum->real = next;
                sum->has_real = true;
                return true;
            }
        }
        if (!flush_real(t, sum)) return false;
    }
    return sumprod_add_value(t, sum, toy_operate(t, TOY_MULTIPLY, p, q));
}

ToyValue math_sumprod(ToyThread *t, ToyValue self, const ToyValue *args)
{
    SumProd sum = {.total = toy_small_int_value(0), .tries_whole = true, .tries_real = true};
    ToyValue ps = toy_iterate(t, args[0]), qs = toy_failed(ps) ? TOY_FAILED : toy_iterate(t, args[1]);
    bool goes_on = !toy_failed(qs), done = false;
    while (goes_on) {
        ToyValue p = toy_next(t, ps), q = toy_failed(p) ? TOY_FAILED : toy_next(t, qs);
        if (toy_failed(q)) goes_on = false;
        else if (toy_is_end(p) != toy_is_end(q)) goes_on = toy_raise_false(t, TOY_ValueError, "Inputs are not the same length");
        else if (toy_is_end(p)) goes_on = false, done = true;
        else goes_on = sumprod_step(t, &sum, p, q);
        toy_release(p);
        toy_release(q);
    }
    done = done && flush_whole(t, &sum) && flush_real(t, &sum);
    toy_release(ps);
    toy_release(qs);
    if (done) return sum.total;
    toy_release(sum.total);
    return TOY_FAILED;
}

/* ---- prod ---- */

static bool prod_visit(ToyThread *t, ToyValue item, void *context)
{
    ToyValue *product = context;
    ToyValue next = toy_operate(t, TOY_MULTIPLY, *product, item);
    if (toy_failed(next)) return false;
    toy_replace(product, next);
    return true;
}

ToyValue math_prod(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue product = toy_is_bound(args[1]) ? toy_retain(args[1]) : toy_small_int_value(1);
    if (toy_for_each(t, args[0], prod_visit, &product)) return product;
    toy_release(product);
    return TOY_FAILED;
}

/* ---- lengths of vectors ---- */

/* The root of the sum of squares; [largest] is the largest of the sizes in [row]. Scaled by a power of two, no square is out of range. */
static double vector_length(size_t n, double *row, double largest, bool has_nan)
{
    if (isinf(largest)) return largest;
    if (has_nan) return NAN;
    if (largest == 0.0 || n <= 1) return largest;
    int exponent;
    frexp(largest, &exponent);
    if (exponent < -1023) {
        /* The scale itself would overflow: lift all of them out of the subnormal range first. */
        for (size_t i = 0; i < n; i++) row[i] /= DBL_MIN;
        return DBL_MIN * vector_length(n, row, largest / DBL_MIN, has_nan);
    }
    double scale = ldexp(1.0, -exponent);
    double sum = 1.0, lost_of_products = 0.0, lost_of_sums = 0.0;   /* starts at 1, so that it is never the smaller one of an addition */
    for (size_t i = 0; i < n; i++) {
        Pair square = two_product(row[i] * scale, row[i] * scale);
        Pair added = fast_two_sum(sum, square.high);
        sum = added.high;
        lost_of_products += square.low;
        lost_of_sums += added.low;
    }
    double root = sqrt(sum - 1.0 + (lost_of_products + lost_of_sums));
    /* What the root squared lacks, halved by the root, is what the root lacks. */
    Pair square = two_product(-root, root);
    Pair added = fast_two_sum(sum, square.high);
    lost_of_products += square.low;
    lost_of_sums += added.low;
    double rest = added.high - 1.0 + (lost_of_products + lost_of_sums);
    root += rest / (2.0 * root);
    return root / scale;
}

enum { FEW = 8 };   /* coordinates that need no block */

/* The length of what [coordinate] gives for each place. */
static ToyValue length_of(ToyThread *t, size_t n, bool (*coordinate)(ToyThread *t, const ToyValue *points, size_t i, double *out), const ToyValue *points)
{
    double few[FEW], *row = n <= FEW ? few : toy_alloc(t, n * sizeof *row), largest = 0.0;
    if (!row) return TOY_FAILED;
    bool has_nan = false, done = true;
    for (size_t i = 0; done && i < n; i++) {
        done = coordinate(t, points, i, &row[i]);
        if (!done) break;
        row[i] = fabs(row[i]);
        has_nan |= isnan(row[i]);
        if (row[i] > largest) largest = row[i];
    }
    double length = done ? vector_length(n, row, largest, has_nan) : 0.0;
    if (row != few) toy_free(t, row, n * sizeof *row);
    return done ? toy_float(t, length) : TOY_FAILED;
}

static bool coordinate_of_one(ToyThread *t, const ToyValue *points, size_t i, double *out)
{
    return toy_arg_double(t, toy_tuple_item(points[0], i), out);
}
static bool coordinate_of_difference(ToyThread *t, const ToyValue *points, size_t i, double *out)
{
    double p, q;
    if (!toy_arg_double(t, toy_tuple_item(points[0], i), &p) || !toy_arg_double(t, toy_tuple_item(points[1], i), &q)) return false;
    *out = p - q;
    return true;
}

ToyValue math_hypot(ToyThread *t, ToyValue self, const ToyValue *args) { return length_of(t, toy_tuple_length(args[0]), coordinate_of_one, args); }

ToyValue math_dist(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue points[2] = {toy_tuple_from(t, args[0]), TOY_UNBOUND}, result = TOY_FAILED;
    if (!toy_failed(points[0])) points[1] = toy_tuple_from(t, args[1]);
    if (toy_is_bound(points[1])) {
        if (toy_tuple_length(points[0]) != toy_tuple_length(points[1]))
            toy_raise_value_error(t, "both points must have the same number of dimensions");
        else
            result = length_of(t, toy_tuple_length(points[0]), coordinate_of_difference, points);
    }
    toy_release(points[0]);
    toy_release(points[1]);
    return result;
}
