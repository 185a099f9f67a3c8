/* libm.c - the mathematical library, loaded when something is computed with it for the first time.
 *
 * What        Each function of libm.def under its own name: it goes on to the one of that name in the shared library.
 * How         Linked in the ordinary way, the library would be loaded with the program, and choose each of its functions for the processor,
 *             before main: 0.35 MB resident and 0.2 ms in every program that never asks for a sine. Here the first call of any of them
 *             loads it and looks up all. Later calls cost one load and a jump more. What ordinary arithmetic needs (`%`, `//`, math.floor,
 *             round, abs of a complex) stands here instead: half a megabyte is much for a remainder. Their results are exact, or, hypot's,
 *             the same to the last bit. What else <math.h> has is unused, in libc (frexp, modf) or the processor's own (sqrt, fabs, isnan).
 * Invariants  I1 'found' is written only by load(), with the same values however often; so it does not matter who comes first.
 * GIL         never needed. (Not held by who forks while another thread is in load(): that thread holds it.)
 * Read next   stdlib/mod_math.c, float_text.c */
#include <complex.h>
#include <dlfcn.h>
#include <fenv.h>
#include <gnu/lib-names.h>
#include <math.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vm/base/attributes.h"

enum Function {
#define LIBM(result, name, parameters, arguments) FUNCTION_##name,
#include "vm/base/libm.def"
#undef LIBM
    FUNCTION_COUNT
};

static const char *const names[FUNCTION_COUNT] = {
#define LIBM(result, name, parameters, arguments) #name,
#include "vm/base/libm.def"
#undef LIBM
};

static _Atomic(void *) found[FUNCTION_COUNT];    /* I1 */

COLD static void *load(enum Function wanted)
{
    void *library = dlopen(LIBM_SO, RTLD_NOW);
    for (size_t i = 0; i < FUNCTION_COUNT; i++) {
        void *function = library ? dlsym(library, names[i]) : NULL;
        if (!function) {
            fprintf(stderr, "toy: the mathematical library: %s\n", dlerror());
            abort();
        }
        atomic_store_explicit(&found[i], function, memory_order_relaxed);
    }
    return atomic_load_explicit(&found[wanted], memory_order_relaxed);
}

/* 'used': the compiler makes calls of some of these by itself, after it has thrown away what nobody calls. */
#define LIBM(result, name, parameters, arguments)                                                                \
    __attribute__((used)) result name parameters                                                                 \
    {                                                                                                            \
        void *function = atomic_load_explicit(&found[FUNCTION_##name], memory_order_relaxed);                    \
        return ((result (*) parameters)(LIKELY(function != NULL) ? function : load(FUNCTION_##name))) arguments; \
    }
#include "vm/base/libm.def"
#undef LIBM

/* ---- what needs no library ---- */

static const double all_whole = 0x1p52;    /* from here on every double is a whole number */

double floor(double x)
{
    if (!(fabs(x) < all_whole)) return x;      /* nan, too */
    double whole = (double)(int64_t)x;
    return copysign(whole > x ? whole - 1 : whole, x);
}

double ceil(double x)
{
    return -floor(-x);
}

/* The nearest whole number, of two the even one: the sum is rounded so. */
double nearbyint(double x)
{
    if (!(fabs(x) < all_whole)) return x;
    return copysign(fabs(x) + all_whole - all_whole, x);
}

/* [x] as a whole number times 2 to the [exponent]. Not for inf, nan. */
static uint64_t mantissa_of(double x, int *exponent)
{
    uint64_t bits;
    memcpy(&bits, &x, sizeof bits);
    int raised = bits >> 52 & 0x7ff;
    *exponent = raised ? raised - 1075 : -1074;
    return (bits & ((UINT64_C(1) << 52) - 1)) | (uint64_t)(raised > 0) << 52;
}

/* Division as on paper, eleven binary digits at a time, for a 64-bit word holds the 53 of a remainder and so many more. */
double fmod(double x, double y)
{
    if (isnan(x) || isnan(y) || isinf(x) || y == 0) return (x * y) / (x * y);    /* nan, and the flag that tells why */
    if (fabs(x) < fabs(y)) return x;
    int exponent, lowest;
    uint64_t rest = mantissa_of(x, &exponent), divisor = mantissa_of(y, &lowest);
    rest %= divisor;
    for (int left = exponent - lowest, step; left > 0 && rest; left -= step) {
        step = left < 11 ? left : 11;
        rest = (rest << step) % divisor;
    }
    return copysign(ldexp((double)rest, lowest), x);
}

#ifndef __FP_FAST_FMA
/* The root of the sum of squares, corrected by what rounding took from it. Borges, "An improved algorithm for hypot(a, b)", 2019, which is
 * what the C library does since 2.35, too. */
static double corrected_length(double longer, double shorter)
{
    double length = sqrt(longer * longer + shorter * shorter), excess;
    if (length <= 2 * shorter) {
        double over = length - shorter;
        excess = longer * (2 * over - longer) + (over - 2 * (longer - shorter)) * over;
    } else {
        double over = length - longer;
        excess = 2 * over * (longer - 2 * shorter) + ((4 * over - shorter) * shorter + over * over);
    }
    return length - excess / (2 * length);
}

double hypot(double x, double y)
{
    x = fabs(x);
    y = fabs(y);
    if (isinf(x) || isinf(y)) return INFINITY;    /* though the other is nan */
    double longer = x > y ? x : y, shorter = x > y ? y : x;
    if (!(shorter > longer * 0x1p-54)) return x + y;    /* nan, too */
    if (longer > 0x1p511) return corrected_length(longer * 0x1p-600, shorter * 0x1p-600) * 0x1p600;       /* the squares would */
    if (shorter < 0x1p-459) return corrected_length(longer * 0x1p600, shorter * 0x1p600) * 0x1p-600;     /* not be doubles */
    return corrected_length(longer, shorter);
}
#endif

double cabs(double complex z)
{
    return hypot(creal(z), cimag(z));
}
