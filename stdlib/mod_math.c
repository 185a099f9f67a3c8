/* mod_math.c - math: functions of floats, by the C library, with Python's errors.
 *
 * What        sin to lgamma, pow, fmod, hypot, dist, fsum, sumprod, nextafter ... Functions of whole numbers are in math_integer.c.
 * How         Nearly all are the C library's function and a look at the result: NaN out of numbers is "math domain error", infinity out of
 *             finite numbers "math range error" (a domain error where the function has a pole). gamma, lgamma, hypot, fsum and sumprod
 *             are algorithms of our own, for the C library's differ from CPython's in the last digit.
 * Invariants  I1 errno is not looked at: the build says -fno-math-errno.
 * GIL         held throughout.
 * Read next   math_integer.c, math_sums.c */
#include <float.h>
#include <math.h>

#include "stdlib/math_parts.h"

ToyValue math_domain_error(ToyThread *t) { return toy_raise_value_error(t, "math domain error"); }
ToyValue math_range_error(ToyThread *t) { return toy_raise(t, TOY_OverflowError, "math range error"); }

/* ---- one argument ---- */

/* [infinite_is_range]: infinity out of a finite argument means that the result is too large; else that there is none. */
static ToyValue result_of(ToyThread *t, double x, double r, bool infinite_is_range)
{
    if (isnan(r) && !isnan(x)) return math_domain_error(t);
    if (isinf(r) && isfinite(x)) return infinite_is_range ? math_range_error(t) : math_domain_error(t);
    return toy_float(t, r);
}

#define UNARY(name, function, infinite_is_range) \
    static ToyValue math_##name(ToyThread *t, ToyValue self, const ToyValue *args) \
    { \
        double x; \
        if (!toy_arg_double(t, args[0], &x)) return TOY_FAILED; \
        return result_of(t, x, function(x), infinite_is_range); \
    }
UNARY(acos, acos, false)
UNARY(acosh, acosh, false)
UNARY(asin, asin, false)
UNARY(asinh, asinh, false)
UNARY(atan, atan, false)
UNARY(atanh, atanh, false)
UNARY(cbrt, cbrt, false)
UNARY(cos, cos, false)
UNARY(cosh, cosh, true)
UNARY(erf, erf, false)
UNARY(erfc, erfc, false)
UNARY(exp, exp, true)
UNARY(exp2, exp2, true)
UNARY(expm1, expm1, true)
UNARY(fabs, fabs, false)
UNARY(log1p, log1p, false)
UNARY(sin, sin, false)
UNARY(sinh, sinh, true)
UNARY(sqrt, sqrt, false)
UNARY(tan, tan, false)
UNARY(tanh, tanh, false)
#undef UNARY

static ToyValue math_degrees(ToyThread *t, ToyValue self, const ToyValue *args)
{
    double x;
    return toy_arg_double(t, args[0], &x) ? toy_float(t, x * (180.0 / M_PI)) : TOY_FAILED;
}
static ToyValue math_radians(ToyThread *t, ToyValue self, const ToyValue *args)
{
    double x;
    return toy_arg_double(t, args[0], &x) ? toy_float(t, x * (M_PI / 180.0)) : TOY_FAILED;
}

#define TEST(name, claim) \
    static ToyValue math_##name(ToyThread *t, ToyValue self, const ToyValue *args) \
    { \
        double x; \
        return toy_arg_double(t, args[0], &x) ? toy_bool(claim) : TOY_FAILED; \
    }
TEST(isfinite, isfinite(x))
TEST(isinf, isinf(x))
TEST(isnan, isnan(x))
#undef TEST

/* floor, ceil, trunc: a type's own method if it has one. [needs_method]: trunc asks nothing but that. */
static ToyValue to_whole(ToyThread *t, ToyValue v, const char *method_name, double (*function)(double))
{
    if (!toy_is_exact_float(v)) {
        ToyValue method = toy_find_special(t, v, method_name);
        if (toy_is_bound(method)) {
            ToyValue result = toy_call0(t, method);
            toy_release(method);
            return result;
        }
        if (toy_is_raised(t)) return TOY_FAILED;
    }
    double x;
    return toy_arg_double(t, v, &x) ? toy_int_from_double(t, function(x)) : TOY_FAILED;
}
static ToyValue math_ceil(ToyThread *t, ToyValue self, const ToyValue *args) { return to_whole(t, args[0], "__ceil__", ceil); }
static ToyValue math_floor(ToyThread *t, ToyValue self, const ToyValue *args) { return to_whole(t, args[0], "__floor__", floor); }
static ToyValue math_trunc(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (toy_is_exact_float(args[0])) return toy_int_from_double(t, toy_float_read(args[0]));
    ToyValue method = toy_find_special(t, args[0], "__trunc__");
    if (toy_is_unbound(method))
        return toy_is_raised(t) ? TOY_FAILED : toy_raise_type_error(t, "type %T doesn't define __trunc__ method", args[0]);
    ToyValue result = toy_call0(t, method);
    toy_release(method);
    return result;
}

/* ---- gamma and lgamma: Lanczos' approximation ---- */

static const double LANCZOS_G = 6.024680040776729583740234375;
static const double LANCZOS_G_LESS_HALF = 5.524680040776729583740234375;

/* The quotient of two polynomials; far out both are turned round, or they would overflow. */
static double lanczos_sum(double x)
{
    static const double numerator[] = {
        23531376880.410759688572007674451636754734846804940, 42919803642.649098768957899047001988850926355848959,
        35711959237.355668049440185451547166705960488635843, 17921034426.037209699919755754458931112671403265390,
        6039542586.3520280050642916443072979210699388420708, 1439720407.3117216736632230727949123939715485786372,
        248874557.86205415651146038641322942321632125127801, 31426415.585400194380614231628318205362874684987640,
        2876370.6289353724412254090516208496135991145378768, 186056.26539522349504029498971604569928220784236328,
        8071.6720023658162106380029022722506138218516325024, 210.82427775157934587250973392071336271166969580291,
        2.5066282746310002701649081771338373386264310793408};
    static const double denominator[] = {
        0.0, 39916800.0, 120543840.0, 150917976.0, 105258076.0, 45995730.0, 13339535.0, 2637558.0, 357423.0, 32670.0, 1925.0, 66.0, 1.0};
    enum { TERMS = sizeof numerator / sizeof *numerator };
    double above = 0.0, below = 0.0;
    if (x < 5.0) {
        for (int i = TERMS; i-- > 0;) {
            above = above * x + numerator[i];
            below = below * x + denominator[i];
        }
    } else {
        for (int i = 0; i < TERMS; i++) {
            above = above / x + numerator[i];
            below = below / x + denominator[i];
        }
    }
    return above / below;
}

/* sin(pi * x), exact where pi * x would not be. */
static double sin_pi(double x)
{
    double y = fmod(fabs(x), 2.0), r = 0.0;
    switch ((int)round(2.0 * y)) {
    case 0: r = sin(M_PI * y); break;
    case 1: r = cos(M_PI * (y - 0.5)); break;
    case 2: r = sin(M_PI * (1.0 - y)); break;       /* not -sin(pi * (y - 1)): the sign of a zero */
    case 3: r = -cos(M_PI * (y - 1.5)); break;
    case 4: r = sin(M_PI * (y - 2.0)); break;
    }
    return copysign(1.0, x) * r;
}

static ToyValue math_gamma(ToyThread *t, ToyValue self, const ToyValue *args)
{
    static const double factorials[] = {
        1.0, 1.0, 2.0, 6.0, 24.0, 120.0, 720.0, 5040.0, 40320.0, 362880.0, 3628800.0, 39916800.0, 479001600.0, 6227020800.0, 87178291200.0,
        1307674368000.0, 20922789888000.0, 355687428096000.0, 6402373705728000.0, 121645100408832000.0, 2432902008176640000.0,
        51090942171709440000.0, 1124000727777607680000.0};
    double x;
    if (!toy_arg_double(t, args[0], &x)) return TOY_FAILED;
    if (!isfinite(x)) return isnan(x) || x > 0 ? toy_float(t, x) : math_domain_error(t);
    if (x == 0.0) return math_domain_error(t);
    if (x == floor(x)) {
        if (x < 0.0) return math_domain_error(t);
        if (x <= 23.0) return toy_float(t, factorials[(int)x - 1]);
    }
    double size = fabs(x);
    if (size < 1e-20) {
        double r = 1.0 / x;
        return isinf(r) ? math_range_error(t) : toy_float(t, r);
    }
    if (size > 200.0) return x < 0.0 ? toy_float(t, 0.0 / sin_pi(x)) : math_range_error(t);
    double y = size + LANCZOS_G_LESS_HALF, lost, r;
    /* What the sum above has rounded away, made good for below. */
    if (size > LANCZOS_G_LESS_HALF) lost = (y - size) - LANCZOS_G_LESS_HALF;
    else lost = (y - LANCZOS_G_LESS_HALF) - size;
    lost = lost * LANCZOS_G / y;
    if (x < 0.0) {
        r = -M_PI / sin_pi(size) / size * exp(y) / lanczos_sum(size);
        r -= lost * r;
        if (size < 140.0) {
            r /= pow(y, size - 0.5);
        } else {
            double root = pow(y, size / 2.0 - 0.25);
            r /= root;
            r /= root;
        }
    } else {
        r = lanczos_sum(size) / exp(y);
        r += lost * r;
        if (size < 140.0) {
            r *= pow(y, size - 0.5);
        } else {
            double root = pow(y, size / 2.0 - 0.25);
            r *= root;
            r *= root;
        }
    }
    return isinf(r) ? math_range_error(t) : toy_float(t, r);
}

static ToyValue math_lgamma(ToyThread *t, ToyValue self, const ToyValue *args)
{
    static const double LOG_PI = 1.144729885849400174143427351353058711647;
    double x;
    if (!toy_arg_double(t, args[0], &x)) return TOY_FAILED;
    if (!isfinite(x)) return toy_float(t, isnan(x) ? x : INFINITY);
    if (x == floor(x) && x <= 2.0) return x <= 0.0 ? math_domain_error(t) : toy_float(t, 0.0);
    double size = fabs(x);
    if (size < 1e-20) return toy_float(t, -log(size));
    double r = log(lanczos_sum(size)) - LANCZOS_G;
    r += (size - 0.5) * (log(size + LANCZOS_G - 0.5) - 1);
    if (x < 0.0) r = LOG_PI - log(fabs(sin_pi(size))) - log(size) - r;
    return isinf(r) ? math_range_error(t) : toy_float(t, r);
}

/* ---- logarithms: of ints of any size, too ---- */

static ToyValue log_of(ToyThread *t, ToyValue v, double (*function)(double))
{
    double x;
    if (toy_is_int(v)) {
        if (toy_int_sign(v) <= 0) return math_domain_error(t);
        int64_t exponent;
        if (!toy_is_small_int(v) && toy_int_bit_length(v) > 1023) {
            if (!math_int_frexp(t, v, &x, &exponent)) return TOY_FAILED;
            return toy_float(t, function(x) + function(2.0) * (double)exponent);
        }
    }
    if (!toy_arg_double(t, v, &x)) return TOY_FAILED;
    if (isnan(x)) return toy_float(t, x);
    return x > 0.0 ? toy_float(t, function(x)) : math_domain_error(t);
}

static ToyValue math_log(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue of = log_of(t, args[0], log);
    if (toy_failed(of) || toy_is_unbound(args[1])) return of;
    ToyValue base = log_of(t, args[1], log);
    if (toy_failed(base)) return TOY_FAILED;   /* a float needs no release, nor does [of] */
    ToyValue result = toy_operate(t, TOY_TRUE_DIVIDE, of, base);
    toy_release(of);
    toy_release(base);
    return result;
}
static ToyValue math_log2(ToyThread *t, ToyValue self, const ToyValue *args) { return log_of(t, args[0], log2); }
static ToyValue math_log10(ToyThread *t, ToyValue self, const ToyValue *args) { return log_of(t, args[0], log10); }

/* ---- two arguments and more ---- */

#define TWO_DOUBLES double x, y; if (!toy_arg_double(t, args[0], &x) || !toy_arg_double(t, args[1], &y)) return TOY_FAILED

static ToyValue math_atan2(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TWO_DOUBLES;
    return toy_float(t, atan2(x, y));
}
static ToyValue math_copysign(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TWO_DOUBLES;
    return toy_float(t, copysign(x, y));
}
static ToyValue math_fmod(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TWO_DOUBLES;
    if (isinf(y) && isfinite(x)) return toy_float(t, x);
    double r = fmod(x, y);
    return isnan(r) && !isnan(x) && !isnan(y) ? math_domain_error(t) : toy_float(t, r);
}
static ToyValue math_remainder(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TWO_DOUBLES;
    double r = remainder(x, y);
    return isnan(r) && !isnan(x) && !isnan(y) ? math_domain_error(t) : toy_float(t, r);
}

static ToyValue math_pow(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TWO_DOUBLES;
    double r = pow(x, y);
    /* Annex F of C knows all of these, 0 to an infinite power among them, and none is an error. */
    if (!isfinite(x) || !isfinite(y)) return toy_float(t, r);
    if (isnan(r)) return math_domain_error(t);
    if (isinf(r)) return x == 0.0 ? math_domain_error(t) : math_range_error(t);
    return toy_float(t, r);
}

static ToyValue math_fma(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TWO_DOUBLES;
    double z;
    if (!toy_arg_double(t, args[2], &z)) return TOY_FAILED;
    double r = fma(x, y, z);
    if (isnan(r) && !isnan(x) && !isnan(y) && !isnan(z)) return toy_raise_value_error(t, "invalid operation in fma");
    if (isinf(r) && isfinite(x) && isfinite(y) && isfinite(z)) return toy_raise(t, TOY_OverflowError, "overflow in fma");
    return toy_float(t, r);
}

static ToyValue math_frexp(ToyThread *t, ToyValue self, const ToyValue *args)
{
    double x;
    int exponent = 0;
    if (!toy_arg_double(t, args[0], &x)) return TOY_FAILED;
    double fraction = isfinite(x) && x != 0.0 ? frexp(x, &exponent) : x;
    return toy_tuple(t, toy_float(t, fraction), toy_int(t, exponent));
}

static ToyValue math_ldexp(ToyThread *t, ToyValue self, const ToyValue *args)
{
    double x;
    int64_t exponent;
    if (!toy_arg_double(t, args[0], &x)) return TOY_FAILED;
    if (!toy_is_int(args[1])) return toy_raise_type_error(t, "Expected an int as second argument to ldexp.");
    if (!toy_int_fits_int64(args[1], &exponent)) exponent = toy_int_sign(args[1]) < 0 ? INT64_MIN : INT64_MAX;
    if (x == 0.0 || !isfinite(x)) return toy_float(t, x);
    if (exponent > INT32_MAX) return math_range_error(t);
    double r = exponent < INT32_MIN ? copysign(0.0, x) : ldexp(x, (int)exponent);
    return isinf(r) ? math_range_error(t) : toy_float(t, r);
}

static ToyValue math_modf(ToyThread *t, ToyValue self, const ToyValue *args)
{
    double x, whole;
    if (!toy_arg_double(t, args[0], &x)) return TOY_FAILED;
    double fraction = modf(x, &whole);
    return toy_tuple(t, toy_float(t, fraction), toy_float(t, whole));
}

static ToyValue math_isclose(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TWO_DOUBLES;
    double relative = 1e-9, absolute = 0.0;
    if (!toy_arg_double(t, args[2], &relative) || !toy_arg_double(t, args[3], &absolute)) return TOY_FAILED;
    if (relative < 0.0 || absolute < 0.0) return toy_raise_value_error(t, "tolerances must be non-negative");
    if (x == y) return TOY_TRUE;
    if (isinf(x) || isinf(y)) return TOY_FALSE;
    double distance = fabs(y - x);
    return toy_bool(distance <= fabs(relative * y) || distance <= fabs(relative * x) || distance <= absolute);
}

static uint64_t bits_of(double d) { uint64_t bits; memcpy(&bits, &d, sizeof bits); return bits; }
static double double_of(uint64_t bits) { double d; memcpy(&d, &bits, sizeof d); return d; }

static ToyValue math_nextafter(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TWO_DOUBLES;
    if (!toy_is_given(args[2])) return toy_float(t, nextafter(x, y));
    ToyValue n = toy_index(t, args[2]);
    if (toy_failed(n)) return TOY_FAILED;
    uint64_t steps;
    bool is_negative = toy_int_sign(n) < 0, fits = toy_int_fits_uint64(n, &steps);
    toy_release(n);
    if (is_negative) return toy_raise_value_error(t, "steps must be a non-negative integer");
    if (!fits) steps = UINT64_MAX;
    if (isnan(x) || isnan(y)) return toy_float(t, isnan(x) ? x : y);
    if (steps == 0 || x == y) return toy_float(t, steps == 0 ? x : y);
    /* The bits of doubles of one sign are in the order of their values: steps are differences of bits. */
    const uint64_t sign = UINT64_C(1) << 63;
    uint64_t from = bits_of(x), to = bits_of(y), from_size = from & ~sign, to_size = to & ~sign;
    if ((from ^ to) & sign) {
        /* Through zero. */
        if (from_size + to_size <= steps) return toy_float(t, y);
        return toy_float(t, double_of(from_size < steps ? (to & sign) | (steps - from_size) : from - steps));
    }
    if (to_size > from_size) return toy_float(t, to_size - from_size <= steps ? y : double_of(from + steps));
    return toy_float(t, from_size - to_size <= steps ? y : double_of(from - steps));
}

static ToyValue math_ulp(ToyThread *t, ToyValue self, const ToyValue *args)
{
    double x;
    if (!toy_arg_double(t, args[0], &x)) return TOY_FAILED;
    if (isnan(x)) return toy_float(t, x);
    x = fabs(x);
    if (isinf(x)) return toy_float(t, x);
    double next = nextafter(x, INFINITY);
    return toy_float(t, isinf(next) ? x - nextafter(x, -INFINITY) : next - x);
}

/* ---- the module ---- */

#define X_FUNCTION(name, doc) TOY_FUNCTION(#name, math_##name, "(x, /)", 0, doc)
static const ToyFunction functions[] = {
    X_FUNCTION(acos, "The angle, in radians from 0 to pi, whose cosine is x."),
    X_FUNCTION(acosh, "The number >= 0 whose hyperbolic cosine is x."),
    X_FUNCTION(asin, "The angle, in radians from -pi/2 to pi/2, whose sine is x."),
    X_FUNCTION(asinh, "The number whose hyperbolic sine is x."),
    X_FUNCTION(atan, "The angle, in radians from -pi/2 to pi/2, whose tangent is x."),
    TOY_FUNCTION("atan2", math_atan2, "(y, x, /)", 0, "The angle, in radians from -pi to pi, from the positive x axis to the point (x, y)."),
    X_FUNCTION(atanh, "The number whose hyperbolic tangent is x."),
    X_FUNCTION(cbrt, "The number whose cube is x."),
    X_FUNCTION(ceil, "The smallest integer that is not less than x."),
    TOY_FUNCTION("copysign", math_copysign, "(x, y, /)", 0, "A float as far from zero as x, on the side of y."),
    X_FUNCTION(cos, "The cosine of an angle of x radians."),
    X_FUNCTION(cosh, "The hyperbolic cosine: (exp(x) + exp(-x)) / 2."),
    X_FUNCTION(degrees, "An angle of x radians, in degrees."),
    TOY_FUNCTION("dist", math_dist, "(p, q, /)", 0, "Return the Euclidean distance between two points p and q, each a sequence of coordinates."),
    X_FUNCTION(erf, "The likelihood that a normal deviate of variance 1/2 is closer to its mean than x."),
    X_FUNCTION(erfc, "1 - erf(x), exact also where erf(x) is close to 1."),
    X_FUNCTION(exp, "The power e**x."),
    X_FUNCTION(exp2, "The power 2**x."),
    X_FUNCTION(expm1, "exp(x) - 1, exact also for x near zero."),
    X_FUNCTION(fabs, "x without its sign, always as a float."),
    X_FUNCTION(floor, "The largest integer that is not greater than x."),
    TOY_FUNCTION("fma", math_fma, "(x, y, z, /)", 0, "Compute (x * y) + z with a single round."),
    TOY_FUNCTION("fmod", math_fmod, "(x, y, /)", 0, "The remainder of x / y with the sign of x, as in C; the one of x % y has the sign of y."),
    X_FUNCTION(frexp, "The pair (m, e) for which x == m * 2**e, m being 0.0 or at least 0.5 and less than 1.0 in size."),
    TOY_FUNCTION("fsum", math_fsum, "(seq, /)", 0, "The sum of an iterable of numbers, rounded but once."),
    X_FUNCTION(gamma, "The factorial of x - 1, extended to all numbers but 0 and the negative integers."),
    TOY_FUNCTION("hypot", math_hypot, "(*coordinates)", 0, "Return the distance of a point from the origin: sqrt(sum(x**2 for x in coordinates))."),
    TOY_FUNCTION("isclose", math_isclose, "(a, b, *, rel_tol=1e-09, abs_tol=0.0)", 0,
                 "Whether two numbers differ by no more than rel_tol of the larger, or than abs_tol."),
    X_FUNCTION(isfinite, "Is x an ordinary number, neither infinite nor NaN?"),
    X_FUNCTION(isinf, "Is x infinite, with either sign?"),
    X_FUNCTION(isnan, "Is x a NaN?"),
    TOY_FUNCTION("ldexp", math_ldexp, "(x, i, /)", 0, "x * 2**i, which joins again what frexp() takes apart."),
    X_FUNCTION(lgamma, "The natural logarithm of the absolute value of gamma(x)."),
    TOY_FUNCTION("log", math_log, "(x, base=math.e, /)", 0, "To which power base, or e, must be raised to give x."),
    X_FUNCTION(log10, "The logarithm of x to base 10."),
    X_FUNCTION(log1p, "The natural logarithm of 1 + x, exact also for x near zero."),
    X_FUNCTION(log2, "The logarithm of x to base 2."),
    X_FUNCTION(modf, "x taken apart: (fraction, whole part), two floats with the sign of x."),
    TOY_FUNCTION("nextafter", math_nextafter, "(x, y, /, *, steps=None)", 0, "The float that comes so many steps after x on the way to y."),
    TOY_FUNCTION("pow", math_pow, "(x, y, /)", 0, "x to the power y, always as a float."),
    TOY_FUNCTION("prod", math_prod, "(iterable, /, *, start=1)", 0, "All the numbers of an iterable multiplied, and by start."),
    X_FUNCTION(radians, "An angle of x degrees, in radians."),
    TOY_FUNCTION("remainder", math_remainder, "(x, y, /)", 0,
                 "What is left of x beyond its nearest multiple of y: at most half of y, of either sign."),
    X_FUNCTION(sin, "The sine of an angle of x radians."),
    X_FUNCTION(sinh, "The hyperbolic sine: (exp(x) - exp(-x)) / 2."),
    X_FUNCTION(sqrt, "The number >= 0 whose square is x."),
    TOY_FUNCTION("sumprod", math_sumprod, "(p, q, /)", 0, "The products of the pairs from p and q added up; ValueError if one is longer."),
    X_FUNCTION(tan, "The tangent of an angle of x radians."),
    X_FUNCTION(tanh, "The hyperbolic tangent: sinh(x) / cosh(x)."),
    X_FUNCTION(trunc, "x without its fraction, by its method __trunc__()."),
    X_FUNCTION(ulp, "The value of the last bit of x: how far the next larger float is from abs(x)."),
    TOY_FUNCTION("comb", math_comb, "(n, k, /)", 0, "In how many ways k of n things can be chosen, if their order does not matter."),
    TOY_FUNCTION("factorial", math_factorial, "(n, /)", 0, "Find n!."),
    TOY_RAW_FUNCTION("gcd", math_gcd, "(*integers)", 0, "The greatest integer that divides all arguments; 0 if all are 0 or there are none."),
    TOY_FUNCTION("isqrt", math_isqrt, "(n, /)", 0, "The largest integer whose square is not greater than n."),
    TOY_RAW_FUNCTION("lcm", math_lcm, "(*integers)", 0, "The least positive integer that all arguments divide; 0 if one is 0, 1 if there are none."),
    TOY_FUNCTION("perm", math_perm, "(n, k=None, /)", 0, "In how many ways k of n things can be put in a row; without k, all of them."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    return toy_module_add(t, module, "pi", toy_float(t, M_PI)) && toy_module_add(t, module, "e", toy_float(t, M_E)) &&
           toy_module_add(t, module, "tau", toy_float(t, 2.0 * M_PI)) && toy_module_add(t, module, "inf", toy_float(t, INFINITY)) &&
           toy_module_add(t, module, "nan", toy_float(t, NAN));
}

const ToyModule toy_module_math = {
    .name = "math",
    .doc = "Mathematical functions of real numbers, most of them those of the C library.",
    .functions = functions,
    .init = init,
};
