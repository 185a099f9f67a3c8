/* bigint.h - inside an int: limbs, and what GMP may allocate while it works on them.
 *
 * What        Limbs, a view of any int as sign and magnitude; making a BigInt and giving it back as a Value; LimbScratch.
 * How         An operation looks at its operands through views (a small int is one limb beside the view), makes a BigInt large
 *             enough, lets mpn_* write into it, and finishes it: leading zeros go, and what fits becomes a small int again.
 * Invariants  I1 while a BigInt is worked on, its size says how many limbs its cell has, so that it can be freed at any moment.
 *             I2 at most one LimbScratch is reserved at a time: script code runs between reserve and
 *             release only as a signal handler, and int_may_go_on puts the reserved one aside for it.
 * GIL         held.
 * Read next   bigint.c, int_arith.c, int_power.c, int_text.c */
#ifndef TOY_OBJECT_BIGINT_H
#define TOY_OBJECT_BIGINT_H

#include <gmp.h>

#include "vm/object/int.h"
#include "vm/object/native.h"

_Static_assert(sizeof(mp_limb_t) == sizeof(uint64_t), "limbs are 64 bits wide");

/* GMP's own type for a limb is unsigned long, ours uint64_t: the same on every 64-bit Linux, but C wants it said. */
static inline mp_limb_t *mpn(uint64_t *limbs) { return (mp_limb_t *)limbs; }
static inline const mp_limb_t *mpn_const(const uint64_t *limbs) { return (const mp_limb_t *)limbs; }

typedef struct Limbs {
    const uint64_t *data;
    size_t count;            /* no leading zero; 0 for zero */
    bool is_negative;
    uint64_t one;            /* where the limb of a small int lies */
} Limbs;

static inline void limbs_view(Value v, Limbs *view)
{
    if (is_small_int(v) || is_bool(v)) {
        int64_t n = is_bool(v) ? is_true(v) : small_int(v);
        view->is_negative = n < 0;
        view->one = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
        view->count = n != 0;
        view->data = &view->one;
    } else {
        const BigInt *big = (const BigInt *)as_object(v);
        view->is_negative = big->size < 0;
        view->count = (size_t)(big->size < 0 ? -big->size : big->size);
        view->data = big->limbs;
    }
}
int limbs_order(const Limbs *a, const Limbs *b);                          /* of magnitudes */

/* The number behind a small int or bool; false for all others. */
static inline bool small_number(Value v, int64_t *n)
{
    if (LIKELY(is_small_int(v)))
        *n = small_int(v);
    else if (is_bool(v))
        *n = is_true(v);
    else
        return false;
    return true;
}

MUST_CHECK BigInt *bigint_new(Thread *t, size_t count);                   /* limbs not set; size is count: I1 */
/* The first [used] limbs with the sign, as a Value. */
MUST_CHECK Value bigint_finish(Thread *t, TAKES BigInt *big, size_t used, bool is_negative);
/* An instance of [type], int or a subclass, with the value of [v]. */
MUST_CHECK Value int_of_type(Thread *t, Type *type, Value v);
/* What a conversion dunder answered, as an exact int: TypeError for others, a warning for subclasses. */
MUST_CHECK Value int_checked(Thread *t, TAKES Value n, const char *dunder);
MUST_CHECK Value int_exact(Thread *t, Value v);                           /* bools and subclasses become plain ints */

/* What GMP allocates during one call comes from here: taken from toy's memory before, so that exhaustion is MemoryError and not
 * GMP's abort. [limbs] is the size of operands and result together; false: raised. */
MUST_CHECK bool scratch_reserve(Thread *t, size_t limbs);
void scratch_release(Thread *t);

/* Between two steps of long work: runs the handlers of signals that arrived. false: one of them raised. */
MUST_CHECK bool int_may_go_on(Thread *t);

/* Floor division; either of [quotient] and [remainder] may be NULL. The divisor is not zero. */
MUST_CHECK bool int_divide(Thread *t, Value a, Value b, Value *quotient, Value *remainder);

/* The digits of the magnitude as text. */
typedef struct IntDigits {
    char *text;
    size_t length, capacity;      /* capacity 0: text is [small] */
    bool is_negative;
    char small[72];
} IntDigits;
/* Bases 2 to 36, small letters. With [is_limited], a decimal text beyond the limit of digits is a ValueError. */
MUST_CHECK bool int_digits(Thread *t, Value v, unsigned base, bool is_limited, IntDigits *digits);
void int_digits_free(Thread *t, IntDigits *digits);

/* int_methods.c */
extern const NativeDef int_methods[];
extern const GetSetDef int_getsets[];
/* int_text.c: int(text, base). */
MUST_CHECK Value int_from_str(Thread *t, Str *text, int base);
MUST_CHECK Value int_from_bytes_text(Thread *t, const char *bytes, size_t length, int base);

#endif
