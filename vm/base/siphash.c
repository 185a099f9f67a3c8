/* siphash.c - SipHash-1-3, after the paper of Aumasson and Bernstein.
 *
 * What        One round for every 8 bytes of input, three at the end: the variant that CPython 3.13 uses.
 * How         Four 64-bit words are stirred by additions, rotations and exclusive-ors. The input is xored in before and
 *             after each round; the last word carries the length in its top byte, so that trailing zeros count.
 * GIL         never needed.
 * Read next   siphash.h */
#include "vm/base/siphash.h"

#include <endian.h>
#include <string.h>
#include <sys/random.h>

#include "vm/base/clock.h"

static inline uint64_t rotate_left(uint64_t word, unsigned by)
{
    return word << by | word >> (64 - by);
}

static inline void stir(uint64_t v[4])
{
    v[0] += v[1];  v[1] = rotate_left(v[1], 13) ^ v[0];  v[0] = rotate_left(v[0], 32);
    v[2] += v[3];  v[3] = rotate_left(v[3], 16) ^ v[2];
    v[0] += v[3];  v[3] = rotate_left(v[3], 21) ^ v[0];
    v[2] += v[1];  v[1] = rotate_left(v[1], 17) ^ v[2];  v[2] = rotate_left(v[2], 32);
}

static inline void absorb(uint64_t v[4], uint64_t word)
{
    v[3] ^= word;
    stir(v);
    v[0] ^= word;
}

/* Bytes are read little end first, whatever the machine. */
static inline uint64_t read_word(const unsigned char *bytes)
{
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return le64toh(word);
}

uint64_t siphash(HashKey key, const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t v[4] = {
        key.k0 ^ 0x736f6d6570736575, key.k1 ^ 0x646f72616e646f6d,  /* "somepseu" "dorandom" */
        key.k0 ^ 0x6c7967656e657261, key.k1 ^ 0x7465646279746573,  /* "lygenera" "tedbytes" */
    };
    size_t left = length;
    for (; left >= 8; left -= 8, at += 8)
        absorb(v, read_word(at));
    uint64_t last = (uint64_t)length << 56;
    for (size_t i = 0; i < left; i++)
        last |= (uint64_t)at[i] << (8 * i);
    absorb(v, last);
    v[2] ^= 0xff;
    stir(v);
    stir(v);
    stir(v);
    return v[0] ^ v[1] ^ v[2] ^ v[3];
}

int64_t hash_bytes(HashKey key, const void *bytes, size_t length)
{
    if (length == 0)
        return 0;
    int64_t hash = (int64_t)siphash(key, bytes, length);
    return hash == -1 ? -2 : hash;
}

HashKey hash_key_from_seed(uint32_t seed)
{
    HashKey key = {0, 0};
    if (seed == 0)
        return key;
    /* The linear congruential generator of old C libraries; bits 16..23 of each state make one byte of the key. */
    uint32_t state = seed;
    for (unsigned i = 0; i < 16; i++) {
        state = state * 214013 + 2531011;
        uint64_t byte = state >> 16 & 0xff;
        if (i < 8)
            key.k0 |= byte << (8 * i);
        else
            key.k1 |= byte << (8 * (i - 8));
    }
    return key;
}

HashKey hash_key_random(void)
{
    HashKey key;
    /* Not blocking: early in boot a weaker key is better than a program that waits for entropy. */
    if (getrandom(&key, sizeof key, GRND_NONBLOCK) == (ssize_t)sizeof key)
        return key;
    key.k0 = (uint64_t)clock_wall_ns();
    key.k1 = (uint64_t)clock_monotonic_ns() ^ (uint64_t)(uintptr_t)&key;
    return key;
}
