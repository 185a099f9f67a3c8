/* int.h - whole numbers: small ones in the word, large ones as limbs.
 *
 * What        The operations of int for any mixture of small and large; text to int and back.
 * How         GMP's mpn functions on 64-bit limbs that lie inside the object. GMP aborts when its allocation fails, so results and scratch
 *             come from toy's memory first (bigint.c).
 * Invariants  I1 a BigInt of exact kind KIND_INT does not fit in 63 bits; limbs has no leading zero.
 *             I2 bool is an int: True and False are accepted wherever an int is.
 * GIL         held.
 * Read next   bigint.c, int_text.c */
#ifndef TOY_OBJECT_INT_H
#define TOY_OBJECT_INT_H

#include "vm/base/buffer.h"
#include "vm/object/context.h"

typedef struct BigInt {
    Object head;
    int64_t size;            /* limbs; negative for a negative number */
    uint64_t limbs[];
} BigInt;

static inline bool is_int(Value v) { return is_small_int(v) || is_bool(v) || has_payload(v, KIND_INT); }
static inline bool is_exact_int(Value v) { return is_small_int(v) || is_kind(v, KIND_INT); }

MUST_CHECK Value int_from_int64(Thread *t, int64_t n);
MUST_CHECK Value int_from_uint64(Thread *t, uint64_t n);
MUST_CHECK Value int_from_double(Thread *t, double d);                          /* truncates; raises for inf and nan */
MUST_CHECK Value int_from_limbs(Thread *t, const uint64_t *limbs, size_t count, bool is_negative);
MUST_CHECK Value int_from_text(Thread *t, const char *digits, size_t length, int base);   /* ASCII, no sign or prefix or underscore handling beyond int()'s: see int_text.c */
MUST_CHECK Value int_from_bytes(Thread *t, const uint8_t *bytes, size_t length, bool is_little, bool is_signed);
MUST_CHECK bool int_to_bytes(Thread *t, Value v, uint8_t *bytes, size_t length, bool is_little, bool is_signed);
/* False without raising when v does not fit. */
bool int_fits_int64(Value v, int64_t *out);
bool int_fits_uint64(Value v, uint64_t *out);
MUST_CHECK bool int_to_double(Thread *t, Value v, double *out);                 /* correctly rounded; OverflowError "int too large to convert to float" */
int int_sign(Value v);
size_t int_bit_length(Value v);
int64_t int_hash(Value v);
/* An int from any value through __index__ ("'T' object cannot be interpreted as an integer"): exact int, owned. */
MUST_CHECK Value int_from_index(Thread *t, Value v);

/* Both operands are ints (any mixture, bools and subclasses too). */
MUST_CHECK Value int_add(Thread *t, Value a, Value b);
MUST_CHECK Value int_subtract(Thread *t, Value a, Value b);
MUST_CHECK Value int_multiply(Thread *t, Value a, Value b);
MUST_CHECK Value int_floor_divide(Thread *t, Value a, Value b);
MUST_CHECK Value int_remainder(Thread *t, Value a, Value b);
MUST_CHECK Value int_divmod(Thread *t, Value a, Value b);
MUST_CHECK Value int_true_divide(Thread *t, Value a, Value b);
MUST_CHECK Value int_power(Thread *t, Value a, Value b, Value modulus_or_none);
MUST_CHECK Value int_lshift(Thread *t, Value a, Value b);
MUST_CHECK Value int_rshift(Thread *t, Value a, Value b);
MUST_CHECK Value int_and(Thread *t, Value a, Value b);
MUST_CHECK Value int_or(Thread *t, Value a, Value b);
MUST_CHECK Value int_xor(Thread *t, Value a, Value b);
MUST_CHECK Value int_negative(Thread *t, Value a);
MUST_CHECK Value int_invert(Thread *t, Value a);
int int_order(Value a, Value b);                                                /* -1, 0, 1 */
MUST_CHECK Value int_to_str(Thread *t, Value v, int base);                      /* digits without prefix; 4300-digit limit for base 10 */

MUST_CHECK Value int_round(Thread *t, Value v, int64_t places);                         /* round(v, -places): ties to even */
MUST_CHECK bool int_init(Thread *t);                                            /* start-up: GMP's allocation hook */
void int_finish(Interp *interp);

extern const TypeSpec int_spec, bool_spec;

#endif
