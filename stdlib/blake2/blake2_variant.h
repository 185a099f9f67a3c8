/* blake2_variant.h - BLAKE2 for one width of words. No guard: blake2.c includes it once for each width.
 *
 * What        NAME(start), NAME(feed), NAME(finish): RFC 7693, with the whole of the parameter block of the BLAKE2 paper.
 * How         The includer defines WORD, FROM_LITTLE, NAME, KIND (the struct), ROUNDS, the four distances of G's rotations, and INITIAL (the first
 *             words). 16 words are stirred by ROUNDS rounds of eight steps G: four down the columns, four along the diagonals. The
 *             last block is marked, so a full buffer waits until it is known that more comes.
 * GIL         never needed.
 * Read next   blake2.c */

static WORD NAME(load)(const uint8_t *bytes)
{
    WORD word;
    memcpy(&word, bytes, sizeof word);
    return FROM_LITTLE(word);
}

static inline WORD NAME(turn)(WORD word, unsigned distance) { return (WORD)(word >> distance | word << (8 * sizeof word - distance)); }

static inline void NAME(step)(WORD v[16], unsigned a, unsigned b, unsigned c, unsigned d, WORD x, WORD y)
{
    v[a] += v[b] + x;
    v[d] = NAME(turn)(v[d] ^ v[a], TURN_1);
    v[c] += v[d];
    v[b] = NAME(turn)(v[b] ^ v[c], TURN_2);
    v[a] += v[b] + y;
    v[d] = NAME(turn)(v[d] ^ v[a], TURN_3);
    v[c] += v[d];
    v[b] = NAME(turn)(v[b] ^ v[c], TURN_4);
}

/* Take in one block; the count of bytes includes it already. */
static void NAME(compress)(KIND *state, const uint8_t *block, bool is_last)
{
    WORD m[16], v[16];
    for (size_t i = 0; i < 16; i++) m[i] = NAME(load)(block + i * sizeof(WORD));
    for (size_t i = 0; i < 8; i++) {
        v[i] = state->chain[i];
        v[i + 8] = INITIAL[i];
    }
    v[12] ^= state->count[0];
    v[13] ^= state->count[1];
    if (is_last) v[14] = ~v[14];
    if (is_last && state->is_last_node) v[15] = ~v[15];
#pragma GCC unroll 12              /* then the schedule is no table any more: half of the time */
    for (size_t round = 0; round < ROUNDS; round++) {
        const uint8_t *s = schedule[round % 10];
        NAME(step)(v, 0, 4, 8, 12, m[s[0]], m[s[1]]);
        NAME(step)(v, 1, 5, 9, 13, m[s[2]], m[s[3]]);
        NAME(step)(v, 2, 6, 10, 14, m[s[4]], m[s[5]]);
        NAME(step)(v, 3, 7, 11, 15, m[s[6]], m[s[7]]);
        NAME(step)(v, 0, 5, 10, 15, m[s[8]], m[s[9]]);
        NAME(step)(v, 1, 6, 11, 12, m[s[10]], m[s[11]]);
        NAME(step)(v, 2, 7, 8, 13, m[s[12]], m[s[13]]);
        NAME(step)(v, 3, 4, 9, 14, m[s[14]], m[s[15]]);
    }
    for (size_t i = 0; i < 8; i++) state->chain[i] ^= v[i] ^ v[i + 8];
}

static void NAME(count)(KIND *state, size_t bytes)
{
    state->count[0] += (WORD)bytes;
    state->count[1] += state->count[0] < bytes;
}

void NAME(start)(KIND *state, const uint8_t *parameters, bool is_last_node)
{
    memset(state, 0, sizeof *state);
    state->is_last_node = is_last_node;
    for (size_t i = 0; i < 8; i++) state->chain[i] = INITIAL[i] ^ NAME(load)(parameters + i * sizeof(WORD));
}

void NAME(feed)(KIND *state, const uint8_t *data, size_t length)
{
    size_t room = sizeof state->buffer - state->length;
    if (length > room) {
        memcpy(state->buffer + state->length, data, room);
        NAME(count)(state, sizeof state->buffer);
        NAME(compress)(state, state->buffer, false);
        data += room;
        length -= room;
        for (; length > sizeof state->buffer; data += sizeof state->buffer, length -= sizeof state->buffer) {
            NAME(count)(state, sizeof state->buffer);
            NAME(compress)(state, data, false);
        }
        state->length = 0;
    }
    if (length) memcpy(state->buffer + state->length, data, length);
    state->length += length;
}

void NAME(finish)(KIND *state, uint8_t *digest, size_t length)
{
    memset(state->buffer + state->length, 0, sizeof state->buffer - state->length);
    NAME(count)(state, state->length);
    NAME(compress)(state, state->buffer, true);
    for (size_t i = 0; i < length; i++) digest[i] = (uint8_t)(state->chain[i / sizeof(WORD)] >> (8 * (i % sizeof(WORD))));
}
