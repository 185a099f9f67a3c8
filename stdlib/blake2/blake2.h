/* blake2.h - BLAKE2b and BLAKE2s (RFC 7693).
 * What        Starting from a parameter block, feeding, finishing.   How  blake2.c
 * GIL         never needed.   Read next  mod_blake2.c */
#ifndef TOY_STDLIB_BLAKE2_H
#define TOY_STDLIB_BLAKE2_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct Blake2b {
    uint64_t chain[8], count[2];     /* what the blocks so far have become; how many bytes they were */
    uint8_t buffer[128];
    size_t length;                   /* of what waits in the buffer */
    bool is_last_node;               /* of its level in a tree */
} Blake2b;
typedef struct Blake2s {
    uint32_t chain[8], count[2];
    uint8_t buffer[64];
    size_t length;
    bool is_last_node;
} Blake2s;

/* [parameters]: 64 bytes for b, 32 for s. A key is fed as a first block, with zeros behind it. finish() uses the state up; [length] is the
 * first byte of the parameters. */
void blake2b_start(Blake2b *state, const uint8_t *parameters, bool is_last_node);
void blake2b_feed(Blake2b *state, const uint8_t *data, size_t length);
void blake2b_finish(Blake2b *state, uint8_t *digest, size_t length);
void blake2s_start(Blake2s *state, const uint8_t *parameters, bool is_last_node);
void blake2s_feed(Blake2s *state, const uint8_t *data, size_t length);
void blake2s_finish(Blake2s *state, uint8_t *digest, size_t length);

#endif
