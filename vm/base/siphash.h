/* siphash.h - the keyed hash of text and bytes.
 *
 * What        SipHash-1-3 with a 128-bit key, and where the key comes from. Who can choose the keys of a dict but not
 *             the hash key cannot make them collide on purpose.
 * How         As CPython 3.13, so that with the same seed number a set of strings is walked in the same order.
 * GIL         never needed.
 * Read next   hash.h (numbers and tuples), vm/object/dict.c */
#ifndef TOY_BASE_SIPHASH_H
#define TOY_BASE_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#include "vm/base/attributes.h"

typedef struct HashKey {
    uint64_t k0, k1;
} HashKey;

/* The key that belongs to a seed number (TOYHASHSEED): 0 gives the zero key, as PYTHONHASHSEED=0 does. */
HashKey hash_key_from_seed(uint32_t seed);
/* A key nobody can guess. */
HashKey hash_key_random(void);

uint64_t siphash(HashKey key, const void *bytes, size_t length);

/* hash() of the stored bytes of a str or bytes: 0 for the empty one, never -1 (which means failure in C APIs). */
int64_t hash_bytes(HashKey key, const void *bytes, size_t length);

#endif
