/* timedelta.c - class timedelta: durations.
 *
 * What        timedelta with its arithmetic.
 * How         Sums of two go field by field. Everything else goes through the total of microseconds, which takes 67 bits: products and
 *             quotients are made in 128, after the sizes have said that they fit. Halves are rounded to even.
 * Invariants  I1 0 <= micros < 1,000,000; 0 <= seconds < 86,400; -999,999,999 <= days <= 999,999,999.
 * GIL         held.
 * Read next   datetime.h, moment.c */
#include <math.h>
#include <stdio.h>

#include "stdlib/datetime/datetime.h"

typedef __int128 Wide;
typedef unsigned __int128 WideMagnitude;

/* ---- making ---- */

static ToyValue raise_too_large(ToyThread *t) { return toy_raise(t, TOY_OverflowError, "Python int too large to convert to C int"); }

static ToyValue alloc(ToyThread *t, ToyType *type, int64_t days, int64_t seconds, int64_t micros)
{
    if (days > DELTA_DAYS_MAX || days < -DELTA_DAYS_MAX)
        return toy_raise(t, TOY_OverflowError, "days=%d; must have magnitude <= %d", (int)days, DELTA_DAYS_MAX);
    Delta *delta = (Delta *)toy_type_alloc(t, type);
    if (!delta) return TOY_FAILED;
    delta->days = (int32_t)days;
    delta->seconds = (int32_t)seconds;
    delta->micros = (int32_t)micros;
    return toy_value(delta);
}

/* Carries what is too much, or below zero, of the second number over to the first. */
static void carry(int64_t *high, int64_t *low, int64_t per)
{
    int64_t n = *low / per;
    *low -= n * per;
    if (*low < 0) *low += per, n--;
    *high += n;
}

ToyValue delta_new(ToyThread *t, ToyType *type, int64_t days, int64_t seconds, int64_t micros)
{
    carry(&seconds, &micros, MICROS_PER_SECOND);
    carry(&days, &seconds, SECONDS_PER_DAY);
    return alloc(t, type, days, seconds, micros);
}

static Wide total(const Delta *delta)
{
    return ((Wide)delta->days * SECONDS_PER_DAY + delta->seconds) * MICROS_PER_SECOND + delta->micros;
}

static ToyValue of_total(ToyThread *t, ToyType *type, Wide micros)
{
    Wide days = micros / MICROS_PER_DAY;
    int64_t rest = (int64_t)(micros - days * MICROS_PER_DAY);
    if (rest < 0) rest += MICROS_PER_DAY, days--;
    if (days > INT32_MAX || days < INT32_MIN) return raise_too_large(t);
    return alloc(t, type, (int64_t)days, rest / MICROS_PER_SECOND, rest % MICROS_PER_SECOND);
}

static WideMagnitude magnitude(Wide n) { return n < 0 ? -(WideMagnitude)n : (WideMagnitude)n; }
static int bit_length(Wide n)
{
    WideMagnitude m = magnitude(n);
    uint64_t high = (uint64_t)(m >> 64), low = (uint64_t)m;
    return high ? 128 - __builtin_clzll(high) : low ? 64 - __builtin_clzll(low) : 0;
}

/* An int of up to [bits] bits; a longer one becomes a power of two that is longer than any total. */
static bool read_int(ToyThread *t, ToyValue v, size_t bits, Wide *out, bool *fits)
{
    int64_t small;
    *fits = true;
    if (toy_int_fits_int64(v, &small)) {
        *out = small;
        return true;
    }
    *fits = toy_int_bit_length(v) <= bits;
    if (!*fits) {
        *out = toy_int_sign(v) < 0 ? -((Wide)1 << 120) : (Wide)1 << 120;
        return true;
    }
    uint8_t bytes[16];
    if (!toy_int_to_bytes(t, v, bytes, sizeof bytes, true, true)) return false;
    memcpy(out, bytes, sizeof bytes);
    return true;
}

static ToyValue int_of(ToyThread *t, Wide n)
{
    if (n >= INT64_MIN && n <= INT64_MAX) return toy_int(t, (int64_t)n);
    uint8_t bytes[16];
    memcpy(bytes, &n, sizeof bytes);
    return toy_int_from_bytes(t, bytes, sizeof bytes, true, true);
}

/* n / d, halves to even; d is above 0. */
static Wide divide_nearest(Wide n, Wide d)
{
    Wide quotient = n / d, rest = n % d;
    if (rest < 0) rest += d, quotient--;
    if (rest > d - rest || (rest == d - rest && (quotient & 1))) quotient++;
    return quotient;
}

static Wide divide_floor(Wide n, Wide d)
{
    Wide quotient = n / d;
    return n % d != 0 && (n < 0) != (d < 0) ? quotient - 1 : quotient;
}

/* One argument of the constructor: whole units go to *sum, what a float has left over to *rest. */
static bool add_units(ToyThread *t, const char *name, ToyValue v, int64_t micros_each, Wide *sum, double *rest)
{
    if (toy_is_int(v)) {
        Wide n;
        bool fits;
        if (!read_int(t, v, 80, &n, &fits)) return false;
        if (!fits) return raise_too_large(t), false;
        *sum += n * micros_each;
        return true;
    }
    if (!toy_is_float(v)) return toy_raise_false(t, TOY_TypeError, "unsupported type for timedelta %s component: %T", name, v);
    double d = toy_float_read(v), whole, part = modf(d, &whole);
    if (isnan(d)) return toy_raise_false(t, TOY_ValueError, "cannot convert float NaN to integer");
    if (isinf(d)) return toy_raise_false(t, TOY_OverflowError, "cannot convert float infinity to integer");
    if (fabs(whole) > 1e24) return raise_too_large(t), false;
    *sum += (Wide)whole * micros_each;
    if (part == 0.0) return true;
    *rest += modf(part * (double)micros_each, &whole);
    *sum += (Wide)whole;
    return true;
}

static ToyValue delta_construct(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"days", "seconds", "microseconds", "milliseconds", "minutes", "hours", "weeks", NULL};
    static const ToyParameters parameters = {"__new__", parameter_names, 0, 7, 0};
    static const struct { uint8_t place; int64_t micros; } units[] = {
        {2, 1}, {3, 1000}, {1, 1000000}, {4, 60000000}, {5, 3600000000}, {0, 86400000000}, {6, 604800000000}};
    ToyValue given[7];
    Wide sum = 0;
    double rest = 0.0;
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return TOY_FAILED;
    for (size_t i = 0; i < 7; i++) {
        ToyValue v = given[units[i].place];
        if (toy_is_bound(v) && !add_units(t, parameter_names[units[i].place], v, units[i].micros, &sum, &rest)) return TOY_FAILED;
    }
    if (rest != 0.0) {
        double whole = round(rest);
        if (fabs(whole - rest) == 0.5) {
            /* Exactly between: which of the two is even depends on the sum so far. */
            int is_odd = (int)(sum & 1);
            whole = 2.0 * round((rest + is_odd) * 0.5) - is_odd;
        }
        sum += (Wide)whole;
    }
    return of_total(t, type, sum);
}

/* ---- arithmetic ---- */

ToyValue delta_sum(ToyThread *t, const DatetimeState *state, ToyValue a, ToyValue b, int sign)
{
    const Delta *x = as_delta(a), *y = as_delta(b);
    return delta_new(t, state->delta, (int64_t)x->days + sign * (int64_t)y->days, (int64_t)x->seconds + sign * y->seconds, (int64_t)x->micros + sign * y->micros);
}

ToyValue delta_negate(ToyThread *t, ToyValue v)
{
    const Delta *delta = as_delta(v);
    return delta_new(t, state_of(v)->delta, -(int64_t)delta->days, -(int64_t)delta->seconds, -(int64_t)delta->micros);
}

int64_t delta_compare_values(const Delta *a, const Delta *b)
{
    if (a->days != b->days) return (int64_t)a->days - b->days;
    return a->seconds != b->seconds ? a->seconds - b->seconds : a->micros - b->micros;
}

double delta_seconds(const Delta *delta) { return (double)total(delta) / 1e6; }

/* Slots get both operands as they stand: one of them is a timedelta. */
static ToyValue delta_add(ToyThread *t, ToyValue left, ToyValue right)
{
    if (!is_delta(t, left) || !is_delta(t, right)) return TOY_NOT_IMPLEMENTED;
    return delta_sum(t, state_of(left), left, right, 1);
}
static ToyValue delta_subtract(ToyThread *t, ToyValue left, ToyValue right)
{
    if (!is_delta(t, left) || !is_delta(t, right)) return TOY_NOT_IMPLEMENTED;
    return delta_sum(t, state_of(left), left, right, -1);
}
static ToyValue delta_positive(ToyThread *t, ToyValue self)
{
    const Delta *delta = as_delta(self);
    return delta_new(t, state_of(self)->delta, delta->days, delta->seconds, delta->micros);
}
static ToyValue delta_absolute(ToyThread *t, ToyValue self) { return as_delta(self)->days < 0 ? delta_negate(t, self) : delta_positive(t, self); }

/* n * d = n * numerator * 2**exponent; the float is one of the two numbers that have a whole numerator. */
static bool float_parts(ToyThread *t, double d, Wide *numerator, int *exponent)
{
    if (isnan(d)) return toy_raise_false(t, TOY_ValueError, "cannot convert NaN to integer ratio");
    if (isinf(d)) return toy_raise_false(t, TOY_OverflowError, "cannot convert Infinity to integer ratio");
    int64_t n = (int64_t)ldexp(frexp(d, exponent), 53);
    *exponent -= 53;
    while (n != 0 && (n & 1) == 0) n /= 2, ++*exponent;
    if (n == 0) *exponent = 0;
    *numerator = n;
    return true;
}

enum { RESULT_BITS = 100, WIDE_BITS = 126 };   /* results of more bits are too large in any case */

static ToyValue multiply_by_int(ToyThread *t, ToyType *type, const Delta *delta, ToyValue v)
{
    Wide n, micros = total(delta);
    bool fits;
    if (!read_int(t, v, RESULT_BITS, &n, &fits)) return TOY_FAILED;
    if (micros != 0 && bit_length(n) + bit_length(micros) > RESULT_BITS) return raise_too_large(t);
    return of_total(t, type, micros * n);
}

/* micros * n * 2**exponent, and micros / n * 2**-exponent. */
static ToyValue scale(ToyThread *t, ToyType *type, Wide n, int exponent)
{
    if (exponent >= 0)
        return n != 0 && bit_length(n) + exponent > RESULT_BITS ? raise_too_large(t) : of_total(t, type, n == 0 ? 0 : n * ((Wide)1 << exponent));
    return of_total(t, type, -exponent > WIDE_BITS ? 0 : divide_nearest(n, (Wide)1 << -exponent));
}

static ToyValue multiply_by_float(ToyThread *t, ToyType *type, const Delta *delta, double d)
{
    Wide n;
    int exponent;
    if (!float_parts(t, d, &n, &exponent)) return TOY_FAILED;
    return scale(t, type, total(delta) * n, exponent);
}

static ToyValue divide_by_float(ToyThread *t, ToyType *type, const Delta *delta, double d)
{
    Wide n, micros = total(delta);
    int exponent;
    if (!float_parts(t, d, &n, &exponent)) return TOY_FAILED;
    if (n == 0) return toy_raise(t, TOY_ZeroDivisionError, "integer division or modulo by zero");
    if (n < 0) n = -n, micros = -micros;
    if (exponent > 0) {
        if (bit_length(n) + exponent > WIDE_BITS) return of_total(t, type, 0);
        return of_total(t, type, divide_nearest(micros, n << exponent));
    }
    if (micros != 0 && bit_length(micros) - exponent > WIDE_BITS) return raise_too_large(t);
    return of_total(t, type, divide_nearest(micros == 0 ? 0 : micros * ((Wide)1 << -exponent), n));
}

static ToyValue delta_multiply(ToyThread *t, ToyValue left, ToyValue right)
{
    ToyValue self = is_delta(t, left) ? left : right, other = is_delta(t, left) ? right : left;
    ToyType *type = state_of(self)->delta;
    if (toy_is_int(other)) return multiply_by_int(t, type, as_delta(self), other);
    if (toy_is_float(other)) return multiply_by_float(t, type, as_delta(self), toy_float_read(other));
    return TOY_NOT_IMPLEMENTED;
}

static ToyValue divide_by_int(ToyThread *t, ToyType *type, const Delta *delta, ToyValue v, bool is_floor)
{
    Wide n, micros = total(delta);
    bool fits;
    if (!read_int(t, v, RESULT_BITS, &n, &fits)) return TOY_FAILED;
    if (n == 0) return toy_raise(t, TOY_ZeroDivisionError, "integer division or modulo by zero");
    if (is_floor) return of_total(t, type, divide_floor(micros, n));
    return of_total(t, type, n < 0 ? divide_nearest(-micros, -n) : divide_nearest(micros, n));
}

static ToyValue delta_true_divide(ToyThread *t, ToyValue left, ToyValue right)
{
    if (!is_delta(t, left)) return TOY_NOT_IMPLEMENTED;
    const Delta *delta = as_delta(left);
    if (is_delta(t, right)) {
        ToyValue n = int_of(t, total(delta)), d = int_of(t, total(as_delta(right)));
        ToyValue quotient = toy_failed(n) || toy_failed(d) ? TOY_FAILED : toy_operate(t, TOY_TRUE_DIVIDE, n, d);
        toy_release(n);
        toy_release(d);
        return quotient;
    }
    if (toy_is_float(right)) return divide_by_float(t, state_of(left)->delta, delta, toy_float_read(right));
    return toy_is_int(right) ? divide_by_int(t, state_of(left)->delta, delta, right, false) : TOY_NOT_IMPLEMENTED;
}

static ToyValue delta_floor_divide(ToyThread *t, ToyValue left, ToyValue right)
{
    if (!is_delta(t, left)) return TOY_NOT_IMPLEMENTED;
    if (!is_delta(t, right)) return toy_is_int(right) ? divide_by_int(t, state_of(left)->delta, as_delta(left), right, true) : TOY_NOT_IMPLEMENTED;
    Wide d = total(as_delta(right));
    if (d == 0) return toy_raise(t, TOY_ZeroDivisionError, "integer division or modulo by zero");
    return int_of(t, divide_floor(total(as_delta(left)), d));
}

static ToyValue remainder_of(ToyThread *t, ToyValue left, ToyValue right, const char *complaint)
{
    Wide n = total(as_delta(left)), d = total(as_delta(right));
    if (d == 0) return toy_raise(t, TOY_ZeroDivisionError, "%s", complaint);
    return of_total(t, state_of(left)->delta, n - divide_floor(n, d) * d);
}
static ToyValue delta_remainder(ToyThread *t, ToyValue left, ToyValue right)
{
    return is_delta(t, left) && is_delta(t, right) ? remainder_of(t, left, right, "integer modulo by zero") : TOY_NOT_IMPLEMENTED;
}
static ToyValue delta_divmod(ToyThread *t, ToyValue left, ToyValue right)
{
    if (!is_delta(t, left) || !is_delta(t, right)) return TOY_NOT_IMPLEMENTED;
    ToyValue rest = remainder_of(t, left, right, "integer division or modulo by zero");
    return toy_failed(rest) ? TOY_FAILED : toy_tuple(t, delta_floor_divide(t, left, right), rest);
}

static bool delta_truth(ToyThread *t, ToyValue self, bool *truth)
{
    const Delta *delta = as_delta(self);
    *truth = delta->days != 0 || delta->seconds != 0 || delta->micros != 0;
    return true;
}

static ToyValue delta_compare(ToyThread *t, ToyValue left, ToyValue right, ToyCompare op)
{
    if (!is_delta(t, left) || !is_delta(t, right)) return TOY_NOT_IMPLEMENTED;
    return order_answer(delta_compare_values(as_delta(left), as_delta(right)), op);
}

static ToyValue delta_state(ToyThread *t, const Delta *delta)
{
    return toy_tuple(t, toy_int(t, delta->days), toy_int(t, delta->seconds), toy_int(t, delta->micros));
}

static bool delta_hash(ToyThread *t, ToyValue self, int64_t *hash)
{
    Delta *delta = as_delta(self);
    if (delta->hash == 0) {
        ToyValue state = delta_state(t, delta);
        if (toy_failed(state)) return false;
        bool done = toy_hash(t, state, &delta->hash);
        toy_release(state);
        if (!done) return false;
    }
    *hash = delta->hash;
    return true;
}

/* ---- text ---- */

static ToyValue delta_repr(ToyThread *t, ToyValue self)
{
    const Delta *delta = as_delta(self);
    const struct { const char *name; int n; } parts[] = {{"days", delta->days}, {"seconds", delta->seconds}, {"microseconds", delta->micros}};
    char text[80];
    size_t length = 0;
    for (size_t i = 0; i < 3; i++)
        if (parts[i].n) length += (size_t)snprintf(text + length, sizeof text - length, "%s%s=%d", length ? ", " : "", parts[i].name, parts[i].n);
    return toy_str_format(t, "%s(%s)", toy_type_name(t, self), length ? text : "0");
}

static ToyValue delta_str(ToyThread *t, ToyValue self)
{
    const Delta *delta = as_delta(self);
    char text[80];
    int length = 0;
    if (delta->days) length = snprintf(text, sizeof text, "%d day%s, ", delta->days, delta->days == 1 || delta->days == -1 ? "" : "s");
    length += snprintf(text + length, sizeof text - (size_t)length, "%d:%02d:%02d", delta->seconds / 3600, delta->seconds / 60 % 60, delta->seconds % 60);
    if (delta->micros) length += snprintf(text + length, sizeof text - (size_t)length, ".%06d", delta->micros);
    return toy_str_from_latin1(t, text, (size_t)length);
}

/* ---- methods ---- */

static ToyValue delta_total_seconds(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue n = int_of(t, total(as_delta(self))), quotient = toy_failed(n) ? TOY_FAILED : toy_operate(t, TOY_TRUE_DIVIDE, n, toy_small_int_value(MICROS_PER_SECOND));
    toy_release(n);
    return quotient;
}

static ToyValue delta_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_tuple(t, toy_retain(toy_type_value(toy_type_of(t, self))), delta_state(t, as_delta(self)));
}

static ToyValue get_days(ToyThread *t, ToyValue self) { return toy_int(t, as_delta(self)->days); }
static ToyValue get_seconds(ToyThread *t, ToyValue self) { return toy_int(t, as_delta(self)->seconds); }
static ToyValue get_micros(ToyThread *t, ToyValue self) { return toy_int(t, as_delta(self)->micros); }

static const ToyFunction delta_methods[] = {
    TOY_FUNCTION("total_seconds", delta_total_seconds, "($self, /)", 0, "The whole span in seconds, as a float."),
    TOY_FUNCTION("__reduce__", delta_reduce, "($self, /)", 0, "What it is made anew of."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet delta_getsets[] = {
    {"days", get_days, NULL, "whole days; the only part that can be negative"},
    {"seconds", get_seconds, NULL, "seconds beyond the whole days, 0 to 86399"},
    {"microseconds", get_micros, NULL, "microseconds beyond the whole seconds, 0 to 999999"},
    {NULL, NULL, NULL, NULL},
};
const ToyTypeSpec delta_spec = {
    .doc = "A duration: the difference between two moments. All arguments may be given as int or float, and be negative.",
    .signature = "(days=0, seconds=0, microseconds=0, milliseconds=0, minutes=0, hours=0, weeks=0)",
    .size = sizeof(Delta),
    .slots = {.new_instance = delta_construct, .repr = delta_repr, .str = delta_str, .hash = delta_hash, .compare = delta_compare, .truth = delta_truth,
              .add = delta_add, .subtract = delta_subtract, .multiply = delta_multiply, .true_divide = delta_true_divide,
              .floor_divide = delta_floor_divide, .remainder = delta_remainder, .divmod = delta_divmod, .negative = delta_negate,
              .positive = delta_positive, .absolute = delta_absolute},
    .methods = delta_methods,
    .getsets = delta_getsets,
};

bool delta_constants(ToyThread *t, const DatetimeState *state)
{
    return toy_type_set(t, state->delta, "min", delta_new(t, state->delta, -DELTA_DAYS_MAX, 0, 0)) &&
           toy_type_set(t, state->delta, "max", delta_new(t, state->delta, DELTA_DAYS_MAX, SECONDS_PER_DAY - 1, MICROS_PER_SECOND - 1)) &&
           toy_type_set(t, state->delta, "resolution", delta_new(t, state->delta, 0, 0, 1));
}
