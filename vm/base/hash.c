/* hash.c - see hash.h.
 *
 * What        Arithmetic modulo 2**61 - 1 for numbers, the mixer for sets; that for tuples stands in hash.h.
 * How         2**61 is 1 modulo the prime, so multiplying by a power of two rotates the 61 bits, and the digits of a long
 *             number in base 2**61 may simply be added up. A double is taken apart by frexp into 28-bit pieces and an exponent.
 * Invariants  I1 as in hash.h: every exit passes not_minus_one or shows why it need not.
 * GIL         never needed.
 * Read next   hash.h */
#include "vm/base/hash.h"

#include <math.h>

static int64_t not_minus_one(int64_t hash)
{
    return hash == -1 ? -2 : hash;
}

/* x * 2**bits modulo the prime; x < 2**61, 0 <= bits < 61. */
static uint64_t rotate_in_field(uint64_t x, unsigned bits)
{
    return (x << bits & HASH_PRIME) | x >> (61 - bits);
}

/* Modulo the prime without a division: 2**61 is 1, so what lies above bit 61 is added below. */
static uint64_t reduce(uint64_t x)
{
    x = (x & HASH_PRIME) + (x >> 61);
    return x >= HASH_PRIME ? x - HASH_PRIME : x;
}

static int64_t with_sign(uint64_t residue, bool is_negative)
{
    return not_minus_one(is_negative ? -(int64_t)residue : (int64_t)residue);
}

int64_t hash_int64(int64_t value)
{
    uint64_t magnitude = value < 0 ? -(uint64_t)value : (uint64_t)value;
    return with_sign(reduce(magnitude), value < 0);
}

int64_t hash_limbs(const uint64_t *limbs, size_t count, bool is_negative)
{
    uint64_t residue = 0;
    for (size_t i = count; i-- > 0; ) {
        /* 2**64 is 2**3 in the field; then add the limb, reduced. */
        residue = rotate_in_field(residue, 3) + reduce(limbs[i]);
        if (residue >= HASH_PRIME)
            residue -= HASH_PRIME;
    }
    return with_sign(residue, is_negative);
}

int64_t hash_double(double value)
{
    if (isinf(value))
        return value > 0 ? HASH_INFINITY : -HASH_INFINITY;
    int exponent;
    double fraction = frexp(value, &exponent);
    bool is_negative = fraction < 0;
    if (is_negative)
        fraction = -fraction;
    uint64_t residue = 0;
    while (fraction != 0) {
        residue = rotate_in_field(residue, 28);
        fraction *= 268435456.0;  /* 2**28: the next 28 bits of the fraction become the integer part */
        exponent -= 28;
        uint64_t piece = (uint64_t)fraction;
        fraction -= (double)piece;
        residue += piece;
        if (residue >= HASH_PRIME)
            residue -= HASH_PRIME;
    }
    /* 2**exponent, the exponent modulo 61 (and never negative). */
    int turn = exponent >= 0 ? exponent % 61 : 60 - (-1 - exponent) % 61;
    return with_sign(rotate_in_field(residue, (unsigned)turn), is_negative);
}

int64_t hash_complex(int64_t real_hash, int64_t imaginary_hash)
{
    return not_minus_one((int64_t)((uint64_t)real_hash + HASH_IMAGINARY * (uint64_t)imaginary_hash));
}

int64_t hash_address(const void *address)
{
    uint64_t bits = (uint64_t)(uintptr_t)address;
    return not_minus_one((int64_t)(bits >> 4 | bits << 60));
}

/* Sets have no order, so items are combined by exclusive-or, which has none either; each is spread over all bits first,
 * because {1, 2} and {3} must not cancel. */
uint64_t hash_set_add(uint64_t state, int64_t item_hash)
{
    uint64_t item = (uint64_t)item_hash;
    return state ^ ((item ^ UINT64_C(89869747)) ^ item << 16) * UINT64_C(3644798167);
}

int64_t hash_set_end(uint64_t state, size_t count)
{
    state ^= (count + 1) * UINT64_C(1927868237);
    state ^= state >> 11 ^ state >> 25;
    state = state * UINT64_C(69069) + UINT64_C(907133923);
    return state == UINT64_MAX ? 590923713 : (int64_t)state;
}
