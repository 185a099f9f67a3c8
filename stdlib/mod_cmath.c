/* mod_cmath.c - cmath: functions of complex numbers.
 *
 * What        Powers, logarithms, trigonometric and hyperbolic functions, polar coordinates, classification, constants.
 * How         The C library's complex functions do the work: they have the special values of C99's annex G, which Python has too. What is an
 *             error here is told from argument and result: an infinity out of finite numbers is a range error; where an infinite argument
 *             leaves the value open (exp(inf + inf j)), it is a domain error, as at a pole.
 * GIL         held.
 * Read next   mod_math.c */
#include <complex.h>
#include <float.h>
#include <math.h>

#include "vm/toy.h"

typedef double complex Complex;

static Complex make(double real, double imaginary) { return __builtin_complex(real, imaginary); }
static bool is_finite(Complex z) { return isfinite(creal(z)) && isfinite(cimag(z)); }
static bool is_infinite(Complex z) { return isinf(creal(z)) || isinf(cimag(z)); }
static bool is_same_number(double a, double b) { return isnan(a) ? isnan(b) : a == b && signbit(a) == signbit(b); }
static bool is_nan(Complex z) { return isnan(creal(z)) || isnan(cimag(z)); }

static ToyValue range_error(ToyThread *t) { return toy_raise(t, TOY_OverflowError, "math range error"); }
static ToyValue domain_error(ToyThread *t) { return toy_raise_value_error(t, "math domain error"); }
static ToyValue value_of(ToyThread *t, Complex z) { return toy_complex(t, creal(z), cimag(z)); }

/* A complex, or what __complex__, __float__ or __index__ make of it. */
static bool read_complex(ToyThread *t, ToyValue v, Complex *z)
{
    double real, imaginary = 0;
    if (toy_is_complex(v)) {
        toy_complex_read(v, &real, &imaginary);
    } else if (!toy_is_float(v) && !toy_is_int(v)) {
        ToyValue method = toy_find_special(t, v, "__complex__");
        if (toy_is_unbound(method) && toy_is_raised(t)) return false;
        if (toy_is_bound(method)) {
            ToyValue made = toy_call0(t, method);
            toy_release(method);
            bool done = !toy_failed(made) && (toy_is_complex(made) || toy_raise_false(t, TOY_TypeError, "__complex__ returned non-complex (type %T)", made));
            if (done) toy_complex_read(made, &real, &imaginary);
            toy_release(made);
            if (!done) return false;
        } else if (!toy_arg_double(t, v, &real)) {
            return false;
        }
    } else if (!toy_arg_double(t, v, &real)) {
        return false;
    }
    *z = make(real, imaginary);
    return true;
}

/* ---- functions of one number ---- */

/* Where an infinite part leaves it open which value is meant. */
typedef bool (*IsOpen)(Complex z);
static bool never(Complex z) { return (void)z, false; }
static bool is_imaginary_open(Complex z) { return isinf(cimag(z)) && !isnan(creal(z)); }
static bool is_exp_open(Complex z) { return isinf(cimag(z)) && (isfinite(creal(z)) || (isinf(creal(z)) && creal(z) > 0)); }
static bool is_real_open(Complex z) { return isinf(creal(z)) && !isnan(cimag(z)); }
static bool is_tanh_open(Complex z) { return isinf(cimag(z)) && isfinite(creal(z)); }
static bool is_tan_open(Complex z) { return isinf(creal(z)) && isfinite(cimag(z)); }


/* Where annex G leaves a sign open, or allows a nan as well as a number: what CPython has. */
static Complex settle(Complex (*function)(Complex z), Complex z, Complex w)
{
    static const struct { Complex (*function)(Complex z); double real, imaginary, to_real, to_imaginary; } choices[] = {
        {cacos, -INFINITY, NAN, NAN, INFINITY}, {cacos, INFINITY, NAN, NAN, INFINITY}, {cacosh, -0.0, NAN, NAN, NAN}, {cacosh, 0.0, NAN, NAN, NAN},
        {casin, -INFINITY, NAN, NAN, -INFINITY}, {casin, INFINITY, NAN, NAN, -INFINITY}, {catan, -INFINITY, NAN, -M_PI_2, -0.0},
        {catan, INFINITY, NAN, M_PI_2, -0.0}, {ccos, -0.0, NAN, NAN, 0.0}, {ccosh, NAN, -0.0, NAN, 0.0}, {cexp, -INFINITY, -INFINITY, 0.0, 0.0},
        {csin, NAN, -INFINITY, NAN, -INFINITY}, {csin, NAN, 0.0, NAN, -0.0}, {csin, NAN, INFINITY, NAN, -INFINITY}, {csinh, -0.0, NAN, 0.0, NAN},
        {ctan, -INFINITY, -INFINITY, 0.0, -1.0}, {ctan, -INFINITY, INFINITY, 0.0, 1.0}, {ctan, NAN, -0.0, NAN, NAN}, {ctan, NAN, 0.0, NAN, NAN},
        {ctanh, -INFINITY, -INFINITY, -1.0, 0.0}, {ctanh, INFINITY, -INFINITY, 1.0, 0.0}, {ctanh, -0.0, NAN, NAN, NAN}, {ctanh, 0.0, NAN, NAN, NAN},
    };
    for (size_t i = 0; i < sizeof choices / sizeof *choices; i++) {
        if (choices[i].function == function && is_same_number(choices[i].real, creal(z)) && is_same_number(choices[i].imaginary, cimag(z)))
            return make(choices[i].to_real, choices[i].to_imaginary);
    }
    return w;
}

static ToyValue apply(ToyThread *t, ToyValue argument, Complex (*function)(Complex z), IsOpen is_open)
{
    Complex z;
    if (!read_complex(t, argument, &z)) return TOY_FAILED;
    if (is_open(z)) return domain_error(t);
    Complex w = function(z);
    if (is_finite(z) && is_nan(w)) return domain_error(t);
    if (is_finite(z)) return is_infinite(w) ? range_error(t) : value_of(t, w);
    return value_of(t, settle(function, z, w));
}

#define FUNCTION(name, c_function, is_open)                                                                                          \
    static ToyValue function_##name(ToyThread *t, ToyValue module, const ToyValue *args) { return apply(t, args[0], c_function, is_open); }
FUNCTION(acos, cacos, never)
FUNCTION(acosh, cacosh, never)
FUNCTION(asin, casin, never)
FUNCTION(asinh, casinh, never)
FUNCTION(cos, ccos, is_real_open)
FUNCTION(cosh, ccosh, is_imaginary_open)
FUNCTION(exp, cexp, is_exp_open)
FUNCTION(sin, csin, is_real_open)
FUNCTION(sinh, csinh, is_imaginary_open)
FUNCTION(sqrt, csqrt, never)
FUNCTION(tan, ctan, is_tan_open)
FUNCTION(tanh, ctanh, is_tanh_open)

/* At their poles these two are errors of the domain, not of the range. */
static ToyValue function_atanh(ToyThread *t, ToyValue module, const ToyValue *args)
{
    Complex z;
    if (!read_complex(t, args[0], &z)) return TOY_FAILED;
    if (cimag(z) == 0 && fabs(creal(z)) == 1) return domain_error(t);
    return value_of(t, catanh(z));
}
static ToyValue function_atan(ToyThread *t, ToyValue module, const ToyValue *args)
{
    Complex z;
    if (!read_complex(t, args[0], &z)) return TOY_FAILED;
    if (creal(z) == 0 && fabs(cimag(z)) == 1) return domain_error(t);
    return value_of(t, is_finite(z) ? catan(z) : settle(catan, z, catan(z)));
}

static bool logarithm(ToyThread *t, Complex z, Complex *result)
{
    *result = clog(z);
    return z != 0 || (domain_error(t), false);
}

static ToyValue function_log(ToyThread *t, ToyValue module, const ToyValue *args)
{
    Complex z, base, result, divisor;
    if (!read_complex(t, args[0], &z) || (toy_is_bound(args[1]) && !read_complex(t, args[1], &base))) return TOY_FAILED;
    if (toy_is_unbound(args[1])) return logarithm(t, z, &result) ? value_of(t, result) : TOY_FAILED;
    result = clog(z);   /* with a base, zero has a logarithm: -inf + nan j */
    if (!logarithm(t, base, &divisor)) return TOY_FAILED;
    ToyValue left = value_of(t, result), right = value_of(t, divisor);
    ToyValue quotient = toy_failed(left) || toy_failed(right) ? TOY_FAILED : toy_operate(t, TOY_TRUE_DIVIDE, left, right);
    toy_release(left);
    toy_release(right);
    if (toy_failed(quotient) && toy_raised_is(t, TOY_ZeroDivisionError)) {
        toy_raised_clear(t);
        return domain_error(t);
    }
    return quotient;
}

static ToyValue function_log10(ToyThread *t, ToyValue module, const ToyValue *args)
{
    Complex z, result;
    if (!read_complex(t, args[0], &z) || !logarithm(t, z, &result)) return TOY_FAILED;
    return toy_complex(t, creal(result) / M_LN10, cimag(result) / M_LN10);
}

/* ---- polar coordinates ---- */

static ToyValue function_phase(ToyThread *t, ToyValue module, const ToyValue *args)
{
    Complex z;
    return read_complex(t, args[0], &z) ? toy_float(t, carg(z)) : TOY_FAILED;
}

static ToyValue function_polar(ToyThread *t, ToyValue module, const ToyValue *args)
{
    Complex z;
    if (!read_complex(t, args[0], &z)) return TOY_FAILED;
    double radius = hypot(creal(z), cimag(z));
    if (isinf(radius) && is_finite(z)) return range_error(t);
    return toy_tuple(t, toy_float(t, radius), toy_float(t, carg(z)));
}

static ToyValue function_rect(ToyThread *t, ToyValue module, const ToyValue *args)
{
    double radius, angle;
    if (!toy_arg_double(t, args[0], &radius) || !toy_arg_double(t, args[1], &angle)) return TOY_FAILED;
    if (isinf(angle) && radius != 0 && !isnan(radius)) return domain_error(t);
    if (angle == 0) return toy_complex(t, radius, isfinite(radius) ? radius * angle : isnan(radius) ? 0.0 : copysign(angle, radius) * copysign(1, angle));
    if (isinf(radius)) {
        if (isnan(angle)) return toy_complex(t, HUGE_VAL, angle);
        return toy_complex(t, copysign(HUGE_VAL, cos(angle)) * copysign(1, radius), copysign(HUGE_VAL, sin(angle)) * copysign(1, radius));
    }
    if (radius == 0 && !isfinite(angle)) return toy_complex(t, 0, 0);
    return toy_complex(t, radius * cos(angle), radius * sin(angle));
}

/* ---- classification ---- */

#define CLAIM(name, claim)                                                                                                           \
    static ToyValue function_##name(ToyThread *t, ToyValue module, const ToyValue *args)                                               \
    {                                                                                                                                  \
        Complex z;                                                                                                                     \
        return read_complex(t, args[0], &z) ? toy_bool(claim(z)) : TOY_FAILED;                                                         \
    }
CLAIM(isfinite, is_finite)
CLAIM(isinf, is_infinite)
CLAIM(isnan, is_nan)

static ToyValue function_isclose(ToyThread *t, ToyValue module, const ToyValue *args)
{
    Complex a, b;
    double relative = 1e-9, absolute = 0;
    if (!read_complex(t, args[0], &a) || !read_complex(t, args[1], &b)) return TOY_FAILED;
    if ((toy_is_bound(args[2]) && !toy_arg_double(t, args[2], &relative)) || (toy_is_bound(args[3]) && !toy_arg_double(t, args[3], &absolute))) return TOY_FAILED;
    if (relative < 0 || absolute < 0) return toy_raise_value_error(t, "tolerances must be non-negative");
    if (creal(a) == creal(b) && cimag(a) == cimag(b)) return TOY_TRUE;
    if (is_infinite(a) || is_infinite(b)) return TOY_FALSE;
    double difference = cabs(a - b);
    return toy_bool(difference <= relative * cabs(b) || difference <= relative * cabs(a) || difference <= absolute);
}

static const ToyFunction functions[] = {
#define ROW(name, doc) TOY_FUNCTION(#name, function_##name, "(z, /)", TOY_LEAF, doc)
    ROW(acos, "The number whose cosine is z; cuts along the real axis from 1 to infinity and from -1 to -infinity."),
    ROW(acosh, "The number whose hyperbolic cosine is z; a cut along the real axis from 1 to -infinity."),
    ROW(asin, "The number whose sine is z; cuts as for acos()."),
    ROW(asinh, "The number whose hyperbolic sine is z; cuts along the imaginary axis from 1j to infinity and from -1j to -infinity."),
    ROW(atan, "The number whose tangent is z; cuts as for asinh()."),
    ROW(atanh, "The number whose hyperbolic tangent is z; cuts as for acos()."), ROW(cos, "The cosine of a complex number."),
    ROW(cosh, "The hyperbolic cosine of a complex number."),
    ROW(exp, "e to the power of z."), ROW(sin, "The sine of a complex number."), ROW(sinh, "The hyperbolic sine of a complex number."),
    ROW(sqrt, "The root of z that is not left of the imaginary axis."), ROW(tan, "The tangent of a complex number."),
    ROW(tanh, "The hyperbolic tangent of a complex number."),
    TOY_FUNCTION("log", function_log, "(z, base=<unrepresentable>, /)", 0, "Return the logarithm of z to the base, or the natural one."),
    ROW(log10, "The power of 10 that z is; a cut along the real axis from 0 to -infinity."),
    ROW(phase, "The angle of z in polar coordinates, between -pi and pi."),
    ROW(polar, "Return (r, phi): the polar coordinates of z."),
    TOY_FUNCTION("rect", function_rect, "(r, phi, /)", 0, "Return the complex whose polar coordinates these are."),
    ROW(isfinite, "Return True if both parts of z are finite."), ROW(isinf, "Return True if a part of z is infinite."),
    ROW(isnan, "Return True if a part of z is not a number."),
    TOY_FUNCTION("isclose", function_isclose, "(a, b, *, rel_tol=1e-09, abs_tol=0.0)", 0,
                 "Return True if the difference is within one of the tolerances: relative to the larger of the two, or absolute."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    return toy_module_add(t, module, "pi", toy_float(t, M_PI)) && toy_module_add(t, module, "e", toy_float(t, M_E)) &&
           toy_module_add(t, module, "tau", toy_float(t, 2 * M_PI)) && toy_module_add(t, module, "inf", toy_float(t, HUGE_VAL)) &&
           toy_module_add(t, module, "infj", toy_complex(t, 0, HUGE_VAL)) && toy_module_add(t, module, "nan", toy_float(t, NAN)) &&
           toy_module_add(t, module, "nanj", toy_complex(t, 0, NAN));
}

const ToyModule toy_module_cmath = {
    .name = "cmath",
    .doc = "Mathematical functions for complex numbers.",
    .functions = functions,
    .init = init,
};
