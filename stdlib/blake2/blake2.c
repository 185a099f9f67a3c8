/* blake2.c - BLAKE2b and BLAKE2s (RFC 7693).
 *
 * What        See blake2.h. libcrypto has both, but without key, salt, person and trees.
 * How         One algorithm in two widths: blake2_variant.h is included once for 64-bit words and once for 32-bit words.
 * GIL         never needed.
 * Read next   blake2_variant.h, mod_blake2.c */
#include "stdlib/blake2/blake2.h"

#include <endian.h>
#include <string.h>

/* Which words of the block each round takes, and in which order; after ten rounds from the beginning. */
static const uint8_t schedule[10][16] = {
    {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
    {14, 10, 4, 8, 9, 15, 13, 6, 1, 12, 0, 2, 11, 7, 5, 3},
    {11, 8, 12, 0, 5, 2, 15, 13, 10, 14, 3, 6, 7, 1, 9, 4},
    {7, 9, 3, 1, 13, 12, 11, 14, 2, 6, 5, 10, 4, 0, 15, 8},
    {9, 0, 5, 7, 2, 4, 10, 15, 14, 1, 11, 12, 6, 8, 3, 13},
    {2, 12, 6, 10, 0, 11, 8, 3, 4, 13, 7, 5, 15, 14, 1, 9},
    {12, 5, 1, 15, 14, 13, 4, 10, 0, 7, 6, 3, 9, 2, 8, 11},
    {13, 11, 7, 14, 12, 1, 3, 9, 5, 0, 15, 4, 8, 6, 2, 10},
    {6, 15, 14, 9, 11, 3, 0, 8, 12, 2, 13, 7, 1, 4, 10, 5},
    {10, 2, 8, 4, 7, 6, 1, 5, 15, 11, 9, 14, 3, 12, 13, 0},
};

/* The fractional parts of the square roots of the first eight primes: what SHA-512 and SHA-256 begin with, too. */
static const uint64_t roots_64[8] = {
    0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
    0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
};
static const uint32_t roots_32[8] = {
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
};

#define WORD uint64_t
#define FROM_LITTLE le64toh
#define KIND Blake2b
#define NAME(part) blake2b_##part
#define INITIAL roots_64
#define ROUNDS 12
#define TURN_1 32
#define TURN_2 24
#define TURN_3 16
#define TURN_4 63
#include "stdlib/blake2/blake2_variant.h"
#undef WORD
#undef FROM_LITTLE
#undef KIND
#undef NAME
#undef INITIAL
#undef ROUNDS
#undef TURN_1
#undef TURN_2
#undef TURN_3
#undef TURN_4

#define WORD uint32_t
#define FROM_LITTLE le32toh
#define KIND Blake2s
#define NAME(part) blake2s_##part
#define INITIAL roots_32
#define ROUNDS 10
#define TURN_1 16
#define TURN_2 12
#define TURN_3 8
#define TURN_4 7
#include "stdlib/blake2/blake2_variant.h"
