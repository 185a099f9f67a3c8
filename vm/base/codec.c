/* codec.c - see codec.h.
 *
 * What        A reader of one character per encoding, and the four loops around them.
 * How         UTF-8 by first byte (the table everybody should see once):
 *
 *                 0xxxxxxx                              00..7f
 *                 110xxxxx 10xxxxxx                     80..7ff         first byte c2..df (c0, c1 would be overlong)
 *                 1110xxxx 10xxxxxx 10xxxxxx            800..ffff       second byte narrower after e0 and ed
 *                 11110xxx 10xxxxxx 10xxxxxx 10xxxxxx   10000..10ffff   second byte narrower after f0 and f4
 *
 *             What is wrong is said as soon as it can be known, so the blame covers the longest good beginning.
 *             ASCII is skimmed many bytes at a time, and so is, by utf8_lanes.c, the good UTF-8 behind it.
 * Invariants  I1, I2 as in codec.h.
 * GIL         never needed.
 * Read next   unicode.h */
#include "vm/base/codec.h"

#include <string.h>

#include "vm/base/unicode.h"
#include "vm/base/utf8_lanes.h"

/* What one look at the input gave: a character of [length] bytes; or a reason, with [length] bytes to blame. */
typedef struct Step {
    uint32_t character;
    unsigned length;
    const char *reason;
} Step;

static Step step_good(uint32_t character, unsigned length)
{
    return (Step){character, length, NULL};
}

static Step step_bad(const char *reason, size_t length)
{
    return (Step){0, (unsigned)length, reason};
}

static const char unfinished[] = "unexpected end of data";
static const char truncated[] = "truncated data";

static bool is_continuation(uint8_t byte)
{
    return (byte & 0xc0) == 0x80;
}

/* The bounds of the second byte depend on the first: they keep out overlong forms, surrogates and what is above U+10FFFF. */
static bool second_fits(uint8_t first, uint8_t second, unsigned options)
{
    switch (first) {
    case 0xe0: return second >= 0xa0 && second <= 0xbf;
    case 0xed: return second >= 0x80 && second <= ((options & CODEC_SURROGATES) ? 0xbf : 0x9f);
    case 0xf0: return second >= 0x90 && second <= 0xbf;
    case 0xf4: return second >= 0x80 && second <= 0x8f;
    default:   return is_continuation(second);
    }
}

static Step utf8_step(const uint8_t *at, size_t left, unsigned options)
{
    uint8_t first = at[0];
    if (first < 0x80)
        return step_good(first, 1);
    if (first < 0xc2 || first > 0xf4)
        return step_bad("invalid start byte", 1);
    unsigned length = first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
    uint32_t character = first & (0x7fu >> length);
    /* Half a surrogate at the very end: whether it may pass is only known with its third byte, so an incremental reader waits. */
    if (first == 0xed && left == 2 && at[1] >= 0xa0 && is_continuation(at[1]))
        return (options & CODEC_PARTIAL) ? step_bad(unfinished, 2) : step_bad("invalid continuation byte", 1);
    for (unsigned i = 1; i < length; i++) {
        if (i == left)
            return step_bad(unfinished, left);
        if (i == 1 ? !second_fits(first, at[1], options) : !is_continuation(at[i]))
            return step_bad("invalid continuation byte", i);
        character = character << 6 | (at[i] & 0x3f);
    }
    return step_good(character, length);
}

/* A well-formed character of two or three bytes, which is nearly all there is above ASCII; 0: utf8_step has to look closer. */
static inline unsigned utf8_common(const uint8_t *at, size_t left, uint32_t *character)
{
    if (at[0] >= 0xc2 && at[0] < 0xe0 && left >= 2 && is_continuation(at[1])) {
        *character = (at[0] & 0x1fu) << 6 | (at[1] & 0x3fu);
        return 2;
    }
    if (at[0] > 0xe0 && at[0] < 0xf0 && at[0] != 0xed && left >= 3 && is_continuation(at[1]) && is_continuation(at[2])) {
        *character = (at[0] & 0xfu) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
        return 3;
    }
    return 0;
}

static uint32_t read_unit16(const uint8_t *at, bool is_big)
{
    return is_big ? (uint32_t)at[0] << 8 | at[1] : (uint32_t)at[1] << 8 | at[0];
}

static Step utf16_step(const uint8_t *at, size_t left, unsigned options, bool is_big)
{
    if (left < 2)
        return step_bad(truncated, left);
    uint32_t unit = read_unit16(at, is_big);
    if (!unicode_is_surrogate(unit))
        return step_good(unit, 2);
    if (unicode_is_high_surrogate(unit)) {
        if (left >= 4) {
            uint32_t low = read_unit16(at + 2, is_big);
            if (unicode_is_low_surrogate(low))
                return step_good(0x10000 + ((unit & 0x3ff) << 10 | (low & 0x3ff)), 4);
        } else if (!(options & CODEC_SURROGATES) || (options & CODEC_PARTIAL)) {
            return step_bad(unfinished, left);
        }
    }
    if (options & CODEC_SURROGATES)
        return step_good(unit, 2);
    return step_bad(unicode_is_high_surrogate(unit) ? "illegal UTF-16 surrogate" : "illegal encoding", 2);
}

static Step utf32_step(const uint8_t *at, size_t left, unsigned options, bool is_big)
{
    if (left < 4)
        return step_bad(truncated, left);
    uint32_t first = read_unit16(at, is_big), second = read_unit16(at + 2, is_big);
    uint32_t unit = is_big ? first << 16 | second : second << 16 | first;
    if (unit > UNICODE_MAX)
        return step_bad("code point not in range(0x110000)", 4);
    if (unicode_is_surrogate(unit) && !(options & CODEC_SURROGATES))
        return step_bad("code point in surrogate code point range(0xd800, 0xe000)", 4);
    return step_good(unit, 4);
}

static inline Step codec_step(Codec codec, const uint8_t *at, size_t left, unsigned options)
{
    switch (codec) {
    case CODEC_UTF8:     return utf8_step(at, left, options);
    case CODEC_LATIN1:   return step_good(at[0], 1);
    case CODEC_ASCII:    return at[0] < 0x80 ? step_good(at[0], 1) : step_bad("ordinal not in range(128)", 1);
    case CODEC_UTF16_LE: return utf16_step(at, left, options, false);
    case CODEC_UTF16_BE: return utf16_step(at, left, options, true);
    case CODEC_UTF32_LE: return utf32_step(at, left, options, false);
    case CODEC_UTF32_BE: return utf32_step(at, left, options, true);
    }
    return step_bad(unfinished, left);
}

/* How many bytes from [at] on are ASCII. */
static size_t ascii_length(const uint8_t *at, size_t length)
{
    enum { BLOCK = 32 };
    size_t i = 0;
    for (; i + BLOCK <= length; i += BLOCK) {       /* a block is a question without branches: the compiler asks it of many bytes at once */
        uint8_t all = 0;
        for (size_t j = 0; j < BLOCK; j++)
            all |= at[i + j];
        if (all & 0x80)
            break;
    }
    while (i < length && at[i] < 0x80)
        i++;
    return i;
}

static bool is_byte_codec(Codec codec)
{
    return codec == CODEC_UTF8 || codec == CODEC_LATIN1 || codec == CODEC_ASCII;
}

/* Good characters from run->taken on, as far as they are easy: ASCII, and what utf8_common knows. The counts in registers. */
static void utf8_skim_some(const uint8_t *at, size_t length, CodecRun *run)
{
    size_t taken = run->taken, made = run->made;
    uint32_t widest = run->widest, character;
    while (taken < length) {
        if (at[taken] < 0x80) {
            size_t skimmed = ascii_length(at + taken, length - taken);
            taken += skimmed;
            made += skimmed;
            widest |= 0x7f;
            continue;
        }
        unsigned common = utf8_common(at + taken, length - taken, &character);
        if (!common)
            break;
        taken += common;
        made++;
        widest |= character;
    }
    run->taken = taken;
    run->made = made;
    run->widest = widest;
}

/* The same for long texts: plain ones in large steps, others by utf8_lanes.c. Where that stops, something may be wrong. */
static void utf8_skim(const uint8_t *at, size_t length, CodecRun *run)
{
    enum { SOME = 128 };
    while (run->taken < length) {
        size_t plain = ascii_length(at + run->taken, length - run->taken), before = run->taken + plain;
        if (plain) {
            run->taken = before;
            run->made += plain;
            run->widest |= 0x7f;
        }
        utf8_skim_lanes(at, length, run);
        if (run->taken > before)
            continue;
        size_t end = length - before < SOME ? length : before + SOME;
        utf8_skim_some(at, end, run);
        if (run->taken < end)
            break;
    }
}

CodecRun codec_scan(Codec codec, const void *bytes, size_t length, unsigned options)
{
    const uint8_t *at = bytes;
    CodecRun run = {0};
    if (is_byte_codec(codec) && codec != CODEC_UTF8 && length) {
        size_t plain = ascii_length(at, length);
        run.taken = run.made = codec == CODEC_LATIN1 ? length : plain;
        run.widest = run.taken > plain ? 0xff : 0x7f;
    }
    while (run.taken < length) {
        if (codec == CODEC_UTF8) {
            utf8_skim(at, length, &run);
            if (run.taken == length)
                break;
        }
        Step step = codec_step(codec, at + run.taken, length - run.taken, options);
        if (step.reason) {
            bool is_left_over = (options & CODEC_PARTIAL) && (step.reason == unfinished || step.reason == truncated);
            if (!is_left_over) {
                run.reason = step.reason;
                run.error_length = step.length;
            }
            break;
        }
        run.taken += step.length;
        run.made++;
        run.widest |= step.character;
    }
    return run;
}

static inline void put(void *characters, unsigned width, size_t i, uint32_t character)
{
    if (width == 1)
        ((uint8_t *)characters)[i] = (uint8_t)character;
    else if (width == 2)
        ((uint16_t *)characters)[i] = (uint16_t)character;
    else
        ((uint32_t *)characters)[i] = character;
}

/* Good UTF-8, of which nothing has to be asked but the first byte; [width] is constant where this is inlined. */
ALWAYS_INLINE void utf8_decode(const uint8_t *at, size_t length, unsigned width, void *characters)
{
    const uint8_t *end = at + length;
    for (size_t made = 0; at < end; made++) {
        uint32_t character = at[0];
        unsigned size = character < 0x80 ? 1 : character < 0xe0 ? 2 : character < 0xf0 ? 3 : 4;
        if (size == 2)
            character = (character & 0x1f) << 6 | (at[1] & 0x3fu);
        else if (size == 3)
            character = (character & 0xf) << 12 | (at[1] & 0x3fu) << 6 | (at[2] & 0x3fu);
        else if (size == 4)
            character = (character & 7) << 18 | (at[1] & 0x3fu) << 12 | (at[2] & 0x3fu) << 6 | (at[3] & 0x3fu);
        put(characters, width, made, character);
        at += size;
    }
}

void codec_decode(Codec codec, const void *bytes, size_t length, unsigned width, void *characters)
{
    const uint8_t *at = bytes;
    if (length == 0)
        return;
    if (width == 1 && (codec == CODEC_LATIN1 || codec == CODEC_ASCII)) {
        memcpy(characters, bytes, length);
        return;
    }
    if (codec == CODEC_UTF8 && width < 4) {
        size_t taken, made = utf8_decode_lanes(at, length, width, characters, &taken);
        if (width == 1)
            utf8_decode(at + taken, length - taken, 1, (uint8_t *)characters + made);
        else
            utf8_decode(at + taken, length - taken, 2, (uint16_t *)characters + made);
        return;
    }
    if (codec == CODEC_UTF8 && width == 4) {
        utf8_decode(bytes, length, 4, characters);
        return;
    }
    size_t i = 0, made = 0;
    while (i < length) {
        Step step = codec_step(codec, at + i, length - i, CODEC_SURROGATES);
        put(characters, width, made++, step.character);
        i += step.length;  /* never 0: also a step over bad bytes, which I2 forbids, would end */
    }
}

/* How many bytes [c] takes; 0 when the encoding has no such character. */
static unsigned encoded_length(Codec codec, uint32_t c, unsigned options)
{
    bool passes = !unicode_is_surrogate(c) || (options & CODEC_SURROGATES);
    switch (codec) {
    case CODEC_UTF8:     return c < 0x80 ? 1 : c < 0x800 ? 2 : c >= 0x10000 ? 4 : passes ? 3 : 0;
    case CODEC_LATIN1:   return c < 0x100;
    case CODEC_ASCII:    return c < 0x80;
    case CODEC_UTF16_LE:
    case CODEC_UTF16_BE: return c >= 0x10000 ? 4 : passes ? 2 : 0;
    case CODEC_UTF32_LE:
    case CODEC_UTF32_BE: return passes ? 4 : 0;
    }
    return 0;
}

static const char *encode_reason(Codec codec)
{
    if (codec == CODEC_LATIN1)
        return "ordinal not in range(256)";
    return codec == CODEC_ASCII ? "ordinal not in range(128)" : "surrogates not allowed";
}

/* Goes on to the first surrogate, or to the end. [width] is constant where this is inlined. */
ALWAYS_INLINE void utf8_measure(const void *characters, unsigned width, size_t length, CodecRun *run)
{
    size_t i = run->taken, made = run->made;
    for (uint64_t eight; width == 1 && i + sizeof eight <= length; i += sizeof eight) {      /* a byte or two each; the product adds the high bits up */
        memcpy(&eight, (const char *)characters + i, sizeof eight);
        made += sizeof eight + (size_t)(((eight >> 7 & UINT64_C(0x0101010101010101)) * UINT64_C(0x0101010101010101)) >> 56);
    }
    for (; i < length; i++) {
        uint32_t c = unicode_at(characters, width, i);
        if (width > 1 && unicode_is_surrogate(c))
            break;
        made += 1u + (c >= 0x80) + (c >= 0x800) + (c >= 0x10000);
    }
    run->taken = i;
    run->made = made;
}

CodecRun codec_measure(Codec codec, const void *characters, unsigned width, size_t length, unsigned options)
{
    CodecRun run = {0};
    if (width == 1 && is_byte_codec(codec)) {
        run.taken = run.made = codec == CODEC_LATIN1 ? length : ascii_length(characters, length);
    } else if (width == 1) {
        run.taken = length;
        run.made = length * (codec == CODEC_UTF16_LE || codec == CODEC_UTF16_BE ? 2 : 4);
    }
    if (codec == CODEC_UTF8) {
        if (width == 1)
            utf8_measure(characters, 1, length, &run);
        else if (width == 2)
            utf8_measure(characters, 2, length, &run);
        else
            utf8_measure(characters, 4, length, &run);
    }
    for (; run.taken < length; run.taken++) {
        unsigned bytes = encoded_length(codec, unicode_at(characters, width, run.taken), options);
        if (bytes == 0)
            break;
        run.made += bytes;
    }
    if (run.taken == length)
        return run;
    run.reason = encode_reason(codec);
    run.error_length = 1;
    /* One error names the whole row of bad characters; UTF-16 and UTF-32 name them one by one, as CPython does. */
    if (!is_byte_codec(codec))
        return run;
    for (size_t i = run.taken + 1; i < length; i++, run.error_length++) {
        if (encoded_length(codec, unicode_at(characters, width, i), options) != 0)
            break;
    }
    return run;
}

static void write_unit16(uint8_t *to, uint32_t unit, bool is_big)
{
    to[is_big ? 0 : 1] = (uint8_t)(unit >> 8);
    to[is_big ? 1 : 0] = (uint8_t)unit;
}

static unsigned utf16_write(uint8_t *to, uint32_t c, bool is_big)
{
    if (c < 0x10000) {
        write_unit16(to, c, is_big);
        return 2;
    }
    c -= 0x10000;
    write_unit16(to, 0xd800 | c >> 10, is_big);
    write_unit16(to + 2, 0xdc00 | (c & 0x3ff), is_big);
    return 4;
}

static unsigned utf32_write(uint8_t *to, uint32_t c, bool is_big)
{
    write_unit16(to + (is_big ? 0 : 2), c >> 16, is_big);
    write_unit16(to + (is_big ? 2 : 0), c & 0xffff, is_big);
    return 4;
}

static unsigned codec_write(Codec codec, uint8_t *to, uint32_t c)
{
    switch (codec) {
    case CODEC_UTF8:     return utf8_write(c, to);
    case CODEC_LATIN1:
    case CODEC_ASCII:    to[0] = (uint8_t)c; return 1;
    case CODEC_UTF16_LE: return utf16_write(to, c, false);
    case CODEC_UTF16_BE: return utf16_write(to, c, true);
    case CODEC_UTF32_LE: return utf32_write(to, c, false);
    case CODEC_UTF32_BE: return utf32_write(to, c, true);
    }
    return 0;
}

/* Characters [i, length), as utf8_write would write them; [width] is constant where this is inlined. */
ALWAYS_INLINE void utf8_encode(const void *characters, unsigned width, size_t i, size_t length, uint8_t *to)
{
    for (; i < length; i++) {
        uint32_t c = unicode_at(characters, width, i);
        if (c < 0x80) {
            *to++ = (uint8_t)c;
        } else if (c < 0x800) {
            *to++ = (uint8_t)(0xc0 | c >> 6);
            *to++ = (uint8_t)(0x80 | (c & 0x3f));
        } else if (c < 0x10000) {
            *to++ = (uint8_t)(0xe0 | c >> 12);
            *to++ = (uint8_t)(0x80 | (c >> 6 & 0x3f));
            *to++ = (uint8_t)(0x80 | (c & 0x3f));
        } else {
            to += utf8_write(c, to);
        }
    }
}

void codec_encode(Codec codec, const void *characters, unsigned width, size_t length, void *bytes)
{
    uint8_t *to = bytes;
    size_t i = 0;
    if (length == 0)
        return;
    if (width == 1 && is_byte_codec(codec)) {
        i = codec == CODEC_UTF8 ? ascii_length(characters, length) : length;
        memcpy(to, characters, i);
        to += i;
    } else if (width == 1 && codec == CODEC_UTF16_LE) {
        const uint8_t *narrow = characters;
        for (; i < length; i++) {
            to[2 * i] = narrow[i];
            to[2 * i + 1] = 0;
        }
    }
    if (codec == CODEC_UTF8) {
        if (width == 1)
            utf8_encode(characters, 1, i, length, to);
        else if (width == 2)
            utf8_encode(characters, 2, i, length, to);
        else
            utf8_encode(characters, 4, i, length, to);
        return;
    }
    for (; i < length; i++)
        to += codec_write(codec, to, unicode_at(characters, width, i));
}

const char *codec_name(Codec codec)
{
    static const char *const names[] = {
        [CODEC_UTF8] = "utf-8", [CODEC_LATIN1] = "latin-1", [CODEC_ASCII] = "ascii", [CODEC_UTF16_LE] = "utf-16-le",
        [CODEC_UTF16_BE] = "utf-16-be", [CODEC_UTF32_LE] = "utf-32-le", [CODEC_UTF32_BE] = "utf-32-be",
    };
    return names[codec];
}

unsigned utf8_read(const void *bytes, size_t length, unsigned options, uint32_t *character)
{
    if (length == 0)
        return 0;
    Step step = utf8_step(bytes, length, options);
    *character = step.character;
    return step.reason ? 0 : step.length;
}

unsigned utf8_write(uint32_t character, unsigned char out[4])
{
    uint32_t c = character;
    if (c < 0x80) {
        out[0] = (uint8_t)c;
        return 1;
    }
    unsigned length = c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    for (unsigned i = length; i-- > 1; c >>= 6)
        out[i] = (uint8_t)(0x80 | (c & 0x3f));
    out[0] = (uint8_t)((0xf00u >> length & 0xff) | c);  /* as many ones as bytes, then a zero */
    return length;
}

size_t utf8_count(const void *bytes, size_t length)
{
    const uint8_t *at = bytes;
    size_t count = 0;
    for (size_t i = 0; i < length; i++)
        count += !is_continuation(at[i]);
    return count;
}
