/* hash.h - the hashes of numbers and of collections, equal to CPython's.
 *
 * What        hash() of ints, floats, complex numbers, tuples and frozensets. The type above walks its items; the
 *             arithmetic is here.
 * How         Numbers that compare equal must hash equal, whatever their type: hash(2**70) == hash(float(2**70)) ==
 *             hash(Fraction(2**70)). So the hash of a number is its value modulo the prime 2**61 - 1, as a field element
 *             (x/y is x times the inverse of y), with the sign of the number.
 * Invariants  I1 no hash is -1: in the language's C tradition that means failure; -2 takes its place.
 * GIL         never needed.
 * Read next   siphash.h (text and bytes) */
#ifndef TOY_BASE_HASH_H
#define TOY_BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vm/base/attributes.h"

#define HASH_PRIME    ((UINT64_C(1) << 61) - 1)
#define HASH_INFINITY 314159
#define HASH_IMAGINARY 1000003

int64_t hash_int64(int64_t value);
/* Sign and magnitude, least significant limb first. */
int64_t hash_limbs(const uint64_t *limbs, size_t count, bool is_negative);
/* Not for NaN: nans hash by identity, and only the caller knows the object. */
int64_t hash_double(double value);
int64_t hash_complex(int64_t real_hash, int64_t imaginary_hash);
/* An address as a hash: the low bits, always zero, are rotated away. */
int64_t hash_address(const void *address);

/* tuple: begin, one add for each item in order, end. It is the one-lane form of xxHash, a multiply-rotate-multiply per item: without such
 * mixing, nested tuples of small numbers collide so often that dicts of points or boards become lists. */
#define HASH_MIX_1 UINT64_C(11400714785074694791)
#define HASH_MIX_2 UINT64_C(14029467366897019727)
#define HASH_MIX_5 UINT64_C(2870177450012600261)

static inline uint64_t hash_tuple_begin(void) { return HASH_MIX_5; }
static inline uint64_t hash_tuple_add(uint64_t state, int64_t item_hash)
{
    state += (uint64_t)item_hash * HASH_MIX_2;
    return (state << 31 | state >> 33) * HASH_MIX_1;
}
static inline int64_t hash_tuple_end(uint64_t state, size_t count)
{
    state += count ^ (HASH_MIX_5 ^ UINT64_C(3527539));
    return state == UINT64_MAX ? 1546275796 : (int64_t)state;
}

/* frozenset: the same, in any order. */
uint64_t hash_set_add(uint64_t state, int64_t item_hash);  /* begins with 0 */
int64_t hash_set_end(uint64_t state, size_t count);

#endif
