/* float_methods.c - the methods of float.
 *
 * What        hex and fromhex, as_integer_ratio, round and the rest that scripts call by name.
 * How         A double is mantissa * 2**exponent with 53 bits of mantissa: frexp takes it apart, exactly.
 * GIL         held.
 * Read next   float.c */
#include "vm/object/float_methods.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#include "vm/base/float_text.h"
#include "vm/object/exception.h"
#include "vm/object/format.h"
#include "vm/object/heap.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

static Value is_integer(Thread *t, Value self, const Value *args)
{
    double d = as_double(self);
    return bool_value(isfinite(d) && d == floor(d));
}

static Value as_integer_ratio(Thread *t, Value self, const Value *args)
{
    double d = as_double(self);
    if (isinf(d))
        return raise_error(t, EXC_OverflowError, "cannot convert Infinity to integer ratio");
    if (isnan(d))
        return raise_value_error(t, "cannot convert NaN to integer ratio");
    int exponent;
    int64_t mantissa = (int64_t)ldexp(frexp(d, &exponent), DBL_MANT_DIG);
    exponent -= DBL_MANT_DIG;
    while (mantissa && !(mantissa & 1)) {  /* lowest terms */
        mantissa /= 2;
        exponent++;
    }
    if (mantissa == 0)
        exponent = 0;
    Value numerator = small_int_value(mantissa), denominator = small_int_value(1);
    Value scaled = int_lshift(t, exponent > 0 ? numerator : denominator, small_int_value(abs(exponent)));
    if (failed(scaled))
        return FAILED;
    Value pair = exponent > 0 ? tuple_pack2(t, scaled, denominator) : tuple_pack2(t, numerator, scaled);
    release(scaled);
    return pair;
}

/* ---- hexadecimal ---- */

enum { HEX_DIGITS = (DBL_MANT_DIG - 1) / 4 };

static Value hex(Thread *t, Value self, const Value *args)
{
    double d = as_double(self);
    char text[64];
    const char *sign = signbit(d) ? "-" : "";
    if (!isfinite(d))
        return float_to_str(t, d);
    if (d == 0) {
        snprintf(text, sizeof text, "%s0x0.0p+0", sign);
    } else {
        int exponent;
        double mantissa = frexp(fabs(d), &exponent);
        int shift = 1 - (DBL_MIN_EXP - exponent > 0 ? DBL_MIN_EXP - exponent : 0);  /* subnormals keep a leading 0 */
        mantissa = ldexp(mantissa, shift);
        exponent -= shift;
        uint64_t whole = (uint64_t)mantissa;
        uint64_t fraction = (uint64_t)ldexp(mantissa - (double)whole, 4 * HEX_DIGITS);
        snprintf(text, sizeof text, "%s0x%d.%0*llxp%+d", sign, (int)whole, HEX_DIGITS, (unsigned long long)fraction, exponent);
    }
    Str *s = str_from_text(t, text);
    return s ? object_value(s) : FAILED;
}

/* A number of hexadecimal digits as it is read: bits * 2**exponent. What does not fit is left out; was it all zeros? */
typedef struct HexNumber {
    uint64_t bits;
    int64_t exponent;
    bool has_rest;
    size_t digits;
} HexNumber;

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static const char *read_hex_digits(const char *at, HexNumber *n, bool is_fraction)
{
    for (; hex_digit(*at) >= 0; at++) {
        n->digits++;
        if (n->bits >> 60) {
            n->has_rest |= *at != '0';
            n->exponent += is_fraction ? 0 : 4;
        } else {
            n->bits = n->bits << 4 | (uint64_t)hex_digit(*at);
            n->exponent -= is_fraction ? 4 : 0;
        }
    }
    return at;
}

/* The nearest double, half to even; the C library's strtod does not round all subnormals so. Infinite when too large. */
static double hex_value(HexNumber n)
{
    if (n.bits == 0)
        return 0.0;
    int64_t width = 64 - __builtin_clzll(n.bits), top = n.exponent + width;
    if (top > DBL_MAX_EXP)
        return HUGE_VAL;
    if (top < DBL_MIN_EXP - DBL_MANT_DIG - 1)
        return 0.0;
    int64_t last = top > DBL_MIN_EXP ? top - DBL_MANT_DIG : DBL_MIN_EXP - DBL_MANT_DIG;   /* the power of two of the last bit kept */
    int64_t dropped = last - n.exponent;
    if (dropped > 0) {
        uint64_t rest = dropped > 63 ? n.bits : n.bits & ((UINT64_C(1) << dropped) - 1);
        uint64_t kept = dropped > 63 ? 0 : n.bits >> dropped;
        uint64_t half = dropped > 64 ? UINT64_MAX : UINT64_C(1) << (dropped - 1);
        bool is_up = dropped <= 64 && (rest > half || (rest == half && (n.has_rest || (kept & 1))));
        n.bits = kept + is_up;
        n.exponent = last;
    }
    return ldexp((double)n.bits, (int)n.exponent);
}

/* "p-12" and such; NULL: no number. */
static const char *read_exponent(const char *at, int64_t *exponent)
{
    bool is_negative = at[1] == '-';
    at += at[1] == '-' || at[1] == '+' ? 2 : 1;
    if (!(*at >= '0' && *at <= '9'))
        return NULL;
    int64_t n = 0;
    for (; *at >= '0' && *at <= '9'; at++)
        n = n > INT64_MAX / 100 ? n : n * 10 + (*at - '0');
    *exponent += is_negative ? -n : n;
    return at;
}

/* [text] without blanks around. */
static bool parse_hex(Thread *t, const char *text, size_t length, double *d)
{
    const char *at = text + (*text == '-' || *text == '+');
    if (length && float_parse(text, d) == length && !isfinite(*d) && strncasecmp(at, "0x", 2) != 0 && !(*at >= '0' && *at <= '9'))
        return true;  /* inf and nan */
    HexNumber n = {.bits = 0};
    if (at[0] == '0' && (at[1] | 0x20) == 'x')
        at += 2;
    at = read_hex_digits(at, &n, false);
    if (*at == '.')
        at = read_hex_digits(at + 1, &n, true);
    if (n.digits == 0)
        return false;
    if ((*at | 0x20) == 'p')
        at = read_exponent(at, &n.exponent);
    if (at != text + length)
        return false;
    *d = hex_value(n);
    if (isinf(*d))
        return raise_false(t, EXC_OverflowError, "hexadecimal value too large to represent as a float");
    if (*text == '-')
        *d = -*d;
    return true;
}

static Value fromhex(Thread *t, Value class, const Value *args)
{
    if (!is_str(args[0]))
        return raise_type_error(t, "fromhex() argument must be str, not %N", args[0]);
    size_t length;
    const char *text = str_utf8(t, as_str(args[0]), &length);
    if (!text)
        return FAILED;
    const char *end = text + length;
    while (text < end && (*text == ' ' || (*text >= '\t' && *text <= '\r')))
        text++;
    while (end > text && (end[-1] == ' ' || (end[-1] >= '\t' && end[-1] <= '\r')))
        end--;
    size_t size = (size_t)(end - text) + 1;
    char *copy = block_alloc(t, size);
    if (!copy)
        return FAILED;
    memcpy(copy, text, size - 1);
    copy[size - 1] = '\0';
    double d;
    bool is_good = parse_hex(t, copy, size - 1, &d);
    block_free(t, copy, size);
    if (!is_good)
        return is_raised(t) ? FAILED : raise_value_error(t, "invalid hexadecimal floating-point string");
    Value f = float_value(t, d);
    if (failed(f) || as_object(class) == &t->interp->types[KIND_FLOAT]->head)
        return f;
    Value instance = value_call1(t, class, f);
    release(f);
    return instance;
}

/* ---- rounding ---- */

/* The quick way, where it is exact: d * 10**places as a rounded product and its error (fma gives it exactly) tells on which
 * side of a half it lies; then whole / 10**places is the double nearest to the decimal, for both are exact doubles. */
static bool round_quickly(double d, int places, double *rounded)
{
    static const double powers[] = {1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
    const double exact_below = 0x1p51;
    if (places < 0 || places >= (int)ARRAY_LENGTH(powers))
        return false;
    double product = d * powers[places];
    if (!(fabs(product) < exact_below) || fabs(d) < DBL_MIN * exact_below)
        return false;
    double error = fma(d, powers[places], -product), whole = rint(product);
    double past = product - whole;  /* exact; +-0.5 for what looks like a tie */
    if (fabs(past) == 0.5 && error != 0)
        whole = floor(product) + (error > 0);
    *rounded = copysign(whole / powers[places], d);
    return true;
}

static Value round_method(Thread *t, Value self, const Value *args)
{
    double d = as_double(self);
    if (is_unbound(args[0]) || is_none(args[0]))
        return int_from_double(t, rint(d));  /* ties to even: the processor's default, which nobody changes here */
    Value places = int_from_index(t, args[0]);
    if (failed(places))
        return FAILED;
    int64_t n;
    bool fits = int_fits_int64(places, &n), is_negative = int_sign(places) < 0;
    release(places);
    const int64_t most = 1000;  /* far beyond what a double has, on either side */
    if (!fits || n > most || n < -most)
        n = is_negative ? -most : most;
    double rounded;
    if (!round_quickly(d, (int)n, &rounded))
        rounded = float_round(d, (int)n);
    if (isinf(rounded) && isfinite(d))
        return raise_error(t, EXC_OverflowError, "rounded value too large to represent");
    return float_value(t, rounded);
}

static Value method_trunc(Thread *t, Value self, const Value *args) { return int_from_double(t, as_double(self)); }
static Value method_floor(Thread *t, Value self, const Value *args) { return int_from_double(t, floor(as_double(self))); }
static Value method_ceil(Thread *t, Value self, const Value *args) { return int_from_double(t, ceil(as_double(self))); }
static Value conjugate(Thread *t, Value self, const Value *args) { return float_exact(t, self); }

static Value format_method(Thread *t, Value self, const Value *args)
{
    if (!is_str(args[0]))
        return raise_type_error(t, "__format__() argument must be str, not %N", args[0]);
    return format_float(t, self, as_str(args[0]));
}

static Value getnewargs(Thread *t, Value self, const Value *args)
{
    Value f = float_exact(t, self);
    if (failed(f))
        return FAILED;
    Tuple *arguments = tuple_from_values(t, &f, 1);
    release(f);
    return arguments ? object_value(arguments) : FAILED;
}

static Value getformat(Thread *t, Value class, const Value *args)
{
    if (!is_str(args[0]))
        return raise_type_error(t, "__getformat__() argument must be str, not %N", args[0]);
    if (!str_equal_text(as_str(args[0]), "double") && !str_equal_text(as_str(args[0]), "float"))
        return raise_value_error(t, "__getformat__() argument 1 must be 'double' or 'float'");
    const uint16_t probe = 1;
    Str *s = str_from_text(t, *(const uint8_t *)&probe ? "IEEE, little-endian" : "IEEE, big-endian");
    return s ? object_value(s) : FAILED;
}

const NativeDef float_methods[] = {
    NATIVE("as_integer_ratio", as_integer_ratio, "($self, /)", 0, "Two ints without a common factor whose ratio is this number."),
    NATIVE("conjugate", conjugate, "($self, /)", 0, "The number itself: a float has no imaginary part."),
    NATIVE("fromhex", fromhex, "($type, string, /)", NATIVE_CLASS, "The float that hex() wrote."),
    NATIVE("hex", hex, "($self, /)", 0, "Exact text in hexadecimal: 3.14 is '0x1.91eb851eb851fp+1'."),
    NATIVE("is_integer", is_integer, "($self, /)", 0, "Whether there is nothing behind the point."),
    NATIVE("__ceil__", method_ceil, "($self, /)", 0, "The least int that is not less."),
    NATIVE("__floor__", method_floor, "($self, /)", 0, "The greatest int that is not greater."),
    NATIVE("__trunc__", method_trunc, "($self, /)", 0, "The int before the point."),
    NATIVE("__round__", round_method, "($self, ndigits=None, /)", 0, "Rounded to ndigits behind the point, ties to even; an int without ndigits."),
    NATIVE("__format__", format_method, "($self, format_spec, /)", 0, "Text as the format specification asks."),
    NATIVE("__getformat__", getformat, "($type, typestr, /)", NATIVE_CLASS, "How the machine holds a 'double' or a 'float'."),
    NATIVE("__getnewargs__", getnewargs, "($self, /)", 0, NULL),
    NATIVE_END,
};

static Value get_real(Thread *t, Value self) { return float_exact(t, self); }
static Value get_imag(Thread *t, Value self) { return float_value(t, 0.0); }

const GetSetDef float_getsets[] = {
    {"real", get_real, NULL, "the real part of a complex number"},
    {"imag", get_imag, NULL, "the imaginary part of a complex number"},
    {0},
};
