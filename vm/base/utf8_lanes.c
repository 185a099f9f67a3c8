/* utf8_lanes.c - UTF-8, many bytes at a time.
 *
 * What        Checking and counting (utf8_skim_lanes), decoding (utf8_decode_lanes).
 * How         A vector holds sixteen neighbouring bytes, one in each lane; other vectors hold those one, two and three places away, loaded
 *             anew from there. So what one byte has to say about its neighbours is asked in all lanes at once, and no text, however its
 *             scripts are mixed, makes the processor guess. gcc and clang make of these vectors what the machine has.
 *
 *             Decoding makes in each lane the character that would begin there, and keeps those that do begin there: each is written, but
 *             only a first byte moves the place to write to on, so the next one overwrites what was none.
 * Invariants  I1 nothing is read outside of the input. Nothing is written behind the last character: its continuation lies in the last
 *             bytes, which are left to codec.c.
 * GIL         never needed.
 * Read next   codec.c */
#include "vm/base/utf8_lanes.h"

#include <string.h>

enum { LANES = 16, HALF = LANES / 2, GROUP = 8 * LANES, BEFORE = 3 };

typedef uint8_t Bytes __attribute__((vector_size(LANES)));
typedef uint8_t HalfBytes __attribute__((vector_size(HALF)));
typedef uint16_t Units __attribute__((vector_size(LANES)));

static inline Bytes load(const uint8_t *at)
{
    Bytes bytes;
    memcpy(&bytes, at, sizeof bytes);
    return bytes;
}

static inline Units load_units(const uint8_t *at)
{
    HalfBytes bytes;
    memcpy(&bytes, at, sizeof bytes);
    return __builtin_convertvector(bytes, Units);
}

static bool is_continuation(uint8_t byte) { return (byte & 0xc0) == 0x80; }

/* ---- checking ---- */

/* Each is not zero in the lanes where something is wrong. First, for text of the characters up to U+07FF: a byte that would be a longer form
 * than needed, a continuation without a beginning, a beginning without a continuation. */
static inline Bytes find_bad_2(const uint8_t *at)
{
    Bytes here = load(at), is_wanted = (Bytes)(load(at - 1) >= 0xc0);
    return (is_wanted ^ (Bytes)((here & 0xc0) == 0x80)) | (Bytes)((here & 0xfe) == 0xc0);
}

/* For all text: also a byte that none has, and a second byte that makes of the first a longer form than needed, a surrogate, or more than there
 * are characters. */
static inline Bytes find_bad_4(const uint8_t *at)
{
    Bytes here = load(at), back1 = load(at - 1);
    Bytes is_wanted = (Bytes)(back1 >= 0xc0) | (Bytes)(load(at - 2) >= 0xe0) | (Bytes)(load(at - 3) >= 0xf0);
    Bytes bad = is_wanted ^ (Bytes)((here & 0xc0) == 0x80);
    bad |= (Bytes)(here > 0xf4) | (Bytes)((here & 0xfe) == 0xc0);
    bad |= (Bytes)(back1 == 0xe0) & (Bytes)(here < 0xa0);
    bad |= (Bytes)(back1 == 0xed) & (Bytes)(here > 0x9f);
    bad |= (Bytes)(back1 == 0xf0) & (Bytes)(here < 0x90);
    bad |= (Bytes)(back1 == 0xf4) & (Bytes)(here > 0x8f);
    return bad;
}

static inline bool is_any(Bytes lanes)
{
    uint64_t halves[2];
    memcpy(halves, &lanes, sizeof halves);
    return (halves[0] | halves[1]) != 0;
}

static inline Bytes greater(Bytes a, Bytes b)
{
    Bytes is_a = (Bytes)(a > b);
    return (a & is_a) | (b & ~is_a);
}

/* A group: *first counts the bytes in it that begin a character, *top is the greatest of each lane. False: something is wrong in it. */
static inline bool skim_group(const uint8_t *at, size_t *first, Bytes *top)
{
    Bytes bad = {0}, count = bad, highest = bad;
    for (size_t i = 0; i < GROUP; i += LANES) {
        Bytes here = load(at + i);
        count -= (Bytes)((here & 0xc0) != 0x80);        /* a true lane is -1 */
        highest = greater(here, highest);
        bad |= find_bad_2(at + i);
    }
    /* What began before the group may want more continuations than one, too. */
    if (is_any((Bytes)(highest >= 0xe0)) || at[-1] >= 0xe0 || at[-2] >= 0xe0 || at[-3] >= 0xe0) {
        bad = (Bytes){0};
        for (size_t i = 0; i < GROUP; i += LANES)
            bad |= find_bad_4(at + i);
    }
    uint64_t halves[2];
    memcpy(halves, &count, sizeof halves);
    *first = (halves[0] + halves[1]) * UINT64_C(0x0101010101010101) >> 56;      /* the product adds the lanes up: GROUP at most */
    *top = highest;
    return !is_any(bad);
}

/* The class of the widest character, by the greatest byte of good text. */
static uint32_t widest_of(uint8_t top) { return top < 0x80 ? 0x7f : top < 0xc4 ? 0xff : top < 0xf0 ? 0xffff : 0x10ffff; }

static uint8_t greatest(const uint8_t *at, size_t length)
{
    uint8_t greatest = 0;
    for (size_t i = 0; i < length; i++)
        if (at[i] > greatest) greatest = at[i];
    return greatest;
}

/* The group may end within a character: where that begins, else where the group ends. */
static size_t whole_characters(const uint8_t *at, size_t end)
{
    size_t last = end - 1;
    while (is_continuation(at[last])) last--;
    unsigned size = at[last] < 0x80 ? 1 : at[last] < 0xe0 ? 2 : at[last] < 0xf0 ? 3 : 4;
    return last + size > end ? last : end;
}

void utf8_skim_lanes(const uint8_t *at, size_t length, CodecRun *run)
{
    size_t i = run->taken, made = run->made, first;
    Bytes top = {0}, top_before = top, top_here = top;
    bool is_plain = false;
    if (i < BEFORE) return;
    for (; !is_plain && i + GROUP <= length && skim_group(at + i, &first, &top_here); i += GROUP) {
        made += first;
        top_before = top;
        top = greater(top, top_here);
        is_plain = !is_any(top_here & 0x80);            /* there are faster ways through that */
    }
    if (i == run->taken) return;
    /* What the last group ends in may turn out to be no character: its width does not count yet. */
    size_t end = whole_characters(at, i), last_group = i - GROUP;
    uint8_t lanes[LANES];
    memcpy(lanes, &top_before, sizeof lanes);
    run->taken = end;
    run->made = made - (end < i);
    run->widest |= widest_of(greatest(lanes, LANES)) | widest_of(greatest(at + last_group, end - last_group));
}

/* ---- decoding ---- */

static inline bool are_plain(const uint8_t *at)
{
    uint64_t eight;
    memcpy(&eight, at, sizeof eight);
    return !(eight & UINT64_C(0x8080808080808080));
}

/* Eight characters of which only those count that begin where they were made: writes them; returns how many. */
#define KEEP_FIRST(NAME, TYPE)                                                              \
    static inline size_t NAME(const uint8_t *at, const TYPE *made, TYPE *to)                \
    {                                                                                       \
        uint8_t is_first[HALF];                                                             \
        HalfBytes here, first;                                                              \
        memcpy(&here, at, sizeof here);                                                     \
        first = (HalfBytes)((here & 0xc0) != 0x80) & 1;                                     \
        memcpy(is_first, &first, sizeof is_first);                                          \
        size_t kept = 0;                                                                    \
        _Pragma("GCC unroll 8") for (size_t j = 0; j < HALF; j++) {                         \
            to[kept] = made[j];                                                             \
            kept += is_first[j];                                                            \
        }                                                                                   \
        return kept;                                                                        \
    }
KEEP_FIRST(keep_first_1, uint8_t)
KEEP_FIRST(keep_first_2, uint16_t)

static inline Units decode_units(const uint8_t *at)
{
    Units here = load_units(at), next1 = load_units(at + 1) & 0x3f, next2 = load_units(at + 2) & 0x3f;
    Units of_two = (here & 0x1f) << 6 | next1, of_three = here << 12 | next1 << 6 | next2;
    Units is_two = (Units)(here >= 0x80), is_three = (Units)(here >= 0xe0);
    return (here & ~is_two) | (of_two & is_two & ~is_three) | (of_three & is_three);
}

static size_t decode_1(const uint8_t *at, size_t length, uint8_t *to, size_t *taken)
{
    size_t i = 0, made = 0;
    for (; i + LANES <= length; i += HALF) {
        if (are_plain(at + i)) {
            memcpy(to + made, at + i, HALF);
            made += HALF;
            continue;
        }
        uint8_t characters[HALF];
        HalfBytes narrow = __builtin_convertvector(decode_units(at + i), HalfBytes);
        memcpy(characters, &narrow, sizeof characters);
        made += keep_first_1(at + i, characters, to + made);
    }
    *taken = i;
    return made;
}

static size_t decode_2(const uint8_t *at, size_t length, uint16_t *to, size_t *taken)
{
    size_t i = 0, made = 0;
    for (; i + LANES <= length; i += HALF) {
        uint16_t characters[HALF];
        Units units = decode_units(at + i);
        if (are_plain(at + i)) {
            memcpy(to + made, &units, sizeof units);
            made += HALF;
            continue;
        }
        memcpy(characters, &units, sizeof characters);
        made += keep_first_2(at + i, characters, to + made);
    }
    *taken = i;
    return made;
}

size_t utf8_decode_lanes(const uint8_t *at, size_t length, unsigned width, void *characters, size_t *taken)
{
    size_t made = width == 1 ? decode_1(at, length, characters, taken) : decode_2(at, length, characters, taken);
    while (*taken > 0 && *taken < length && is_continuation(at[*taken])) ++*taken;      /* of a character that is made already */
    return made;
}
