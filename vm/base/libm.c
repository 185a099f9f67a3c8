/* libm.c - the mathematical library, loaded when something is computed with it for the first time.
 *
 * What        Each function of libm.def under its own name: it goes on to the one of that name in the shared library.
 * How         Linked in the ordinary way, the library would be loaded with the program, and choose each of its functions for the processor,
 *             before main: 0.35 MB resident and 0.2 ms in every program that never asks for a sine. Here the first call of any of them
 *             loads it and looks up all. Later calls cost one load and a jump more. What else <math.h> has is either unused or
 *             the processor's own (sqrt, fabs, isnan, copysign).
 * Invariants  I1 'found' is written only by load(), with the same values however often; so it does not matter who comes first.
 * GIL         never needed. (Not held by who forks while another thread is in load(): that thread holds it.)
 * Read next   stdlib/mod_math.c, float_text.c */
#include <complex.h>
#include <dlfcn.h>
#include <fenv.h>
#include <gnu/lib-names.h>
#include <math.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

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
