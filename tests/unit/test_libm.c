/* test_libm.c - the mathematical functions that are written here, against the C library's own.
 *
 * What        floor, ceil, nearbyint, fmod, hypot, cabs: the same bits for any doubles, for near ones, for short decimal ones, for the strange ones.
 * Read next   vm/base/libm.c */
#include <complex.h>
#include <dlfcn.h>
#include <gnu/lib-names.h>
#include <math.h>
#include <string.h>

#include "tests/unit/run_tests.h"
#include "vm/base/attributes.h"

enum { ROUNDS = 400000 };

static uint64_t next_random(uint64_t *state)    /* Marsaglia's xorshift64 */
{
    *state ^= *state << 13;
    *state ^= *state >> 7;
    return *state ^= *state << 17;
}

static double double_of(uint64_t bits)
{
    double d;
    memcpy(&d, &bits, sizeof d);
    return d;
}

static const double strange[] = {0.0, -0.0, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, INFINITY, -INFINITY, NAN, 0.5, -0.5, 1.5, 2.5,
                                 -2.5, 4503599627370495.5, -4503599627370495.5, 4503599627370496.0, 9007199254740993.0, 1.0, -1.0, 3.0, 1e300, 1e-300};

/* The pair of the [round]; the strange ones come first, each beside each. */
static void pair_of(int round, uint64_t *state, double *x, double *y)
{
    int count = (int)ARRAY_LENGTH(strange);
    uint64_t a = next_random(state), b = next_random(state);
    if (round < count * count) {
        *x = strange[round / count];
        *y = strange[round % count];
    } else if (round % 3 == 0) {
        *x = double_of(a);
        *y = double_of(b);
    } else if (round % 3 == 1) {    /* of like magnitude */
        *x = double_of(a);
        *y = double_of((a & UINT64_C(0x7ff) << 52) + ((b >> 58) - 32) * (UINT64_C(1) << 52) + (b & ((UINT64_C(1) << 52) - 1)));
    } else {
        *x = (double)(a % 20000) / 100 - 100;
        *y = (double)(b % 2000) / 100 - 10;
    }
}

static void check_same(const char *name, double x, double y, double here, double there)
{
    if (isnan(here) && isnan(there)) return;
    if (memcmp(&here, &there, sizeof here) != 0) ck_abort_msg("%s of %a, %a: %a here, %a in the library", name, x, y, here, there);
}

START_TEST(same_bits)
{
    void *library = dlopen(LIBM_SO, RTLD_NOW);
    ck_assert_ptr_nonnull(library);
    double (*there_floor)(double) = dlsym(library, "floor"), (*there_ceil)(double) = dlsym(library, "ceil");
    double (*there_nearbyint)(double) = dlsym(library, "nearbyint");
    double (*there_fmod)(double, double) = dlsym(library, "fmod"), (*there_hypot)(double, double) = dlsym(library, "hypot");
    ck_assert(there_floor && there_ceil && there_nearbyint && there_fmod && there_hypot);
    uint64_t state = UINT64_C(88172645463325252);
    for (int round = 0; round < ROUNDS; round++) {
        double x, y;
        pair_of(round, &state, &x, &y);
        check_same("floor", x, y, floor(x), there_floor(x));
        check_same("ceil", x, y, ceil(x), there_ceil(x));
        check_same("nearbyint", x, y, nearbyint(x), there_nearbyint(x));
        check_same("fmod", x, y, fmod(x, y), there_fmod(x, y));
        check_same("hypot", x, y, hypot(x, y), there_hypot(x, y));
        double complex z;
        memcpy(&z, (double[]){x, y}, sizeof z);    /* x + y * I is something else if y is infinite; not every compiler knows CMPLX */
        check_same("cabs", x, y, cabs(z), there_hypot(x, y));
    }
    dlclose(library);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {same_bits};
    return run_tests("libm", tests, ARRAY_LENGTH(tests));
}
