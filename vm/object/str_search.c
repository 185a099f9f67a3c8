/* str_search.c - where is this text in that one?
 *
 * What        search.h, and str_find on top of it.
 * How         A part that is wider than the text cannot be in it; one that is narrower is widened first, on the stack if
 *             it is short, else it is compared character by character behind each place where its first one stands.
 * GIL         str_find: held. search_*: never needed.
 * Read next   search.h */
#include "vm/base/unicode.h"
#include "vm/object/search.h"
#include "vm/object/str.h"

enum { WIDENED_ON_STACK = 256, MISALIGNED_MAX = 32 };

static bool are_same(const char *text, const char *part, size_t bytes)
{
    return text[0] == part[0] && memcmp(text, part, bytes) == 0;
}

/* Step by step, for the rare text whose bytes match at every second place but never as characters. */
static ssize_t search_plainly(const char *text, size_t length, const char *part, size_t part_length, unsigned width)
{
    for (size_t i = 0; i + part_length <= length; i++) {
        if (are_same(text + i * width, part, part_length * width))
            return (ssize_t)i;
    }
    return -1;
}

/* The first place of one wide character, or [length]. A block at a time: whether it is in a block is a question without branches, which
 * the compiler asks of many characters at once. */
#define SEARCH_UNIT(NAME, TYPE)                                     \
    static size_t NAME(const TYPE *text, size_t length, TYPE wanted) \
    {                                                               \
        enum { BLOCK = 32 };                                        \
        size_t from = 0;                                            \
        for (; from + BLOCK <= length; from += BLOCK) {             \
            bool is_there = false;                                  \
            for (size_t i = 0; i < BLOCK; i++)                      \
                is_there |= text[from + i] == wanted;               \
            if (is_there)                                           \
                break;                                              \
        }                                                           \
        while (from < length && text[from] != wanted)               \
            from++;                                                 \
        return from;                                                \
    }
SEARCH_UNIT(search_unit_2, uint16_t)
SEARCH_UNIT(search_unit_4, uint32_t)

/* Where its low byte is nowhere near, memchr says so sooner; it is asked a few times. */
static size_t search_character(const char *text, size_t length, const char *part, unsigned width)
{
    enum { TIMES = 3 };
    size_t from = 0;
    for (int i = 0; i < TIMES && from < length; i++) {
        const char *hit = memchr(text + from * width, part[0], (length - from) * width);
        if (!hit)
            return length;
        from = (size_t)(hit - text) / width;
        if (memcmp(text + from * width, part, width) == 0)
            return from;
        from++;
    }
    text += from * width;
    if (width == 2)
        return from + search_unit_2((const uint16_t *)(const void *)text, length - from, *(const uint16_t *)(const void *)part);
    return from + search_unit_4((const uint32_t *)(const void *)text, length - from, *(const uint32_t *)(const void *)part);
}

static ssize_t search_bytes_of_wide(const char *text, size_t length, const char *part, size_t part_length, unsigned width)
{
    size_t from = 0;
    for (int misaligned = 0; misaligned < MISALIGNED_MAX; misaligned++) {
        const char *hit = memmem(text + from, length * width - from, part, part_length * width);
        if (!hit)
            return -1;
        size_t at = (size_t)(hit - text);
        if (at % width == 0)
            return (ssize_t)(at / width);
        from = (at / width + 1) * width;
    }
    size_t passed = from / width;
    ssize_t place = search_plainly(text + from, length - passed, part, part_length, width);
    return place < 0 ? -1 : place + (ssize_t)passed;
}

static ssize_t search_wide(const char *text, size_t length, const char *part, size_t part_length, unsigned width)
{
    if (part_length > 1)
        return search_bytes_of_wide(text, length, part, part_length, width);
    size_t at = search_character(text, length, part, width);
    return at < length ? (ssize_t)at : -1;
}

/* The first place from [at] up to [last] where the first two bytes of a part stand, or NULL. Eight places at a time: a byte of [others] is zero where
 * both are the right ones, and the lowest such byte is found for certain (the machine's words begin with their lowest byte). Where that frequent a first byte led nowhere a few times, this beats memchr. */
static const char *find_pair(const char *at, const char *last, const char *part)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t first = ones * (uint8_t)part[0], second = ones * (uint8_t)part[1], here, behind;
    for (; last - at >= (ptrdiff_t)sizeof here; at += sizeof here) {
        memcpy(&here, at, sizeof here);
        memcpy(&behind, at + 1, sizeof behind);
        uint64_t others = (here ^ first) | (behind ^ second), zeros = (others - ones) & ~others & ones << 7;
        if (zeros)
            return at + __builtin_ctzll(zeros) / 8;
    }
    for (; at <= last; at++) {
        if (at[0] == part[0] && at[1] == part[1])
            return at;
    }
    return NULL;
}

/* Narrow parts of two bytes and more. memchr runs from one first byte to the next, many bytes at a time; where that byte is
 * frequent and leads nowhere, memmem does the rest. */
static ssize_t search_narrow(const char *text, size_t length, const char *part, size_t part_length)
{
    enum { MISSES_OF_ONE = 1, MISSES_ALLOWED = 8, PROGRESS_PER_MISS = 16 };
    const char *at = text, *last = text + length - part_length;
    for (size_t misses = 0; at <= last; misses++) {
        at = misses <= MISSES_OF_ONE ? memchr(at, part[0], (size_t)(last - at) + 1) : find_pair(at, last, part);
        if (!at)
            return -1;
        if (at[1] == part[1] && (part_length == 2 || memcmp(at, part, part_length) == 0))
            return at - text;
        at++;
        if (misses > MISSES_ALLOWED + (size_t)(at - text) / PROGRESS_PER_MISS) {
            at = memmem(at, length - (size_t)(at - text), part, part_length);
            return at ? at - text : -1;
        }
    }
    return -1;
}

ssize_t search_first(const void *text, size_t length, const void *part, size_t part_length, unsigned width)
{
    if (part_length > length)
        return -1;
    if (part_length == 0)
        return 0;
    if (width > 1)
        return search_wide(text, length, part, part_length, width);
    if (part_length > 1)
        return search_narrow(text, length, part, part_length);
    const char *hit = memchr(text, *(const uint8_t *)part, length);
    return hit ? hit - (const char *)text : -1;
}

ssize_t search_last(const void *text, size_t length, const void *part, size_t part_length, unsigned width)
{
    if (part_length > length)
        return -1;
    if (part_length == 0)
        return (ssize_t)length;
    if (width == 1 && part_length == 1) {
        const char *hit = memrchr(text, *(const uint8_t *)part, length);
        return hit ? hit - (const char *)text : -1;
    }
    for (size_t i = length - part_length + 1; i-- > 0;) {
        if (are_same((const char *)text + i * width, part, part_length * width))
            return (ssize_t)i;
    }
    return -1;
}

/* The part is narrower than the text and too long to be widened on the stack. */
static ssize_t find_narrow(const Str *s, const Str *part, size_t start, size_t end, bool from_end)
{
    size_t places = end - start - part->length + 1;
    for (size_t n = 0; n < places; n++) {
        size_t i = from_end ? start + places - 1 - n : start + n;
        size_t same = 0;
        while (same < part->length && str_char(s, i + same) == str_char(part, same))
            same++;
        if (same == part->length)
            return (ssize_t)i;
    }
    return -1;
}

static int64_t find(const Str *s, const Str *part, size_t start, size_t end, bool from_end)
{
    if (end > s->length)
        end = s->length;
    if (start > end || part->length > end - start || part->width > s->width)
        return -1;
    uint32_t widened[WIDENED_ON_STACK];
    const void *wanted = str_data(part);
    if (part->width != s->width) {
        if (part->length > WIDENED_ON_STACK)
            return find_narrow(s, part, start, end, from_end);
        characters_copy(widened, s->width, wanted, part->width, part->length);
        wanted = widened;
    }
    ssize_t at = from_end ? search_last(str_at(s, start), end - start, wanted, part->length, s->width)
                          : search_first(str_at(s, start), end - start, wanted, part->length, s->width);
    return at < 0 ? -1 : (int64_t)start + at;
}

int64_t str_find(const Str *s, const Str *part, size_t start, size_t end)
{
    return find(s, part, start, end, false);
}

int64_t str_find_char(const Str *s, uint32_t character, size_t start, size_t end)
{
    if (end > s->length)
        end = s->length;
    if (start >= end)
        return -1;
    const char *from = str_at(s, start);
    if (LIKELY(s->width == 1)) {
        const char *hit = character < 0x100 ? memchr(from, (int)character, end - start) : NULL;
        return hit ? hit - s->characters : -1;
    }
    uint16_t narrow = (uint16_t)character;
    if (s->width == 2 && character > 0xffff)
        return -1;
    size_t at = search_character(from, end - start, s->width == 2 ? (const char *)&narrow : (const char *)&character, s->width);
    return at < end - start ? (int64_t)(start + at) : -1;
}

int64_t str_find_last(const Str *s, const Str *part, size_t start, size_t end)
{
    return find(s, part, start, end, true);
}

/* Is one of the word's bytes [c], which is not zero? */
static inline bool word_has(uint64_t word, uint8_t c)
{
    const uint64_t ones = UINT64_C(0x0101010101010101);
    uint64_t others = word ^ ones * c;
    return ((others - ones) & ~others & ones << 7) != 0;
}

/* Of a text of at most twenty narrow characters, eight at a time; I5 of str.h: there is nothing but zeros behind them. */
ALWAYS_INLINE bool short_text_has(const Str *s, uint8_t c)
{
    if (word_has(str_word(s, 0) >> 32, c))
        return true;
    return s->length > STR_BYTES_IN_1 && (word_has(str_word(s, 1), c) || (s->length > STR_BYTES_IN_2 && word_has(str_word(s, 2), c)));
}

bool str_contains(const Str *s, const Str *part)
{
    if (part->length == 1 && s->width == 1 && part->width == 1) {
        uint8_t c = (uint8_t)part->characters[0];
        if (LIKELY(s->length <= STR_BYTES_IN_3) && c)      /* `c in ' \t\n'`: calling memchr took as long as looking */
            return short_text_has(s, c);
        return memchr(s->characters, c, s->length) != NULL;
    }
    return find(s, part, 0, s->length, false) >= 0;
}

size_t str_count(const Str *s, const Str *part, size_t start, size_t end)
{
    if (end > s->length)
        end = s->length;
    if (start > end)
        return 0;
    if (part->length == 0)
        return end - start + 1;
    size_t count = 0;
    if (part->length == 1 && s->width == 1 && part->width == 1) {
        const char *at = s->characters + start;
        const uint64_t ones = UINT64_C(0x0101010101010101);
        uint64_t wanted = ones * (uint8_t)part->characters[0], word;
        size_t left = end - start;
        for (; left >= sizeof word; left -= sizeof word, at += sizeof word) {
            memcpy(&word, at, sizeof word);
            word ^= wanted;      /* a byte that is the wanted one is zero: the sum leaves its highest bit, and only its, unset */
            word = ~(((word & ~(ones << 7)) + ~(ones << 7)) | word) >> 7 & ones;
            count += word * ones >> 56;
        }
        for (; left > 0; left--, at++)
            count += *at == part->characters[0];
        return count;
    }
    if (s->width == 1 && part->width == 1) {      /* parts of two and more, found one behind the other without a look at what width they are */
        for (ssize_t at; (at = search_first(s->characters + start, end - start, part->characters, part->length, 1)) >= 0; count++)
            start += (size_t)at + part->length;
        return count;
    }
    if (part->length == 1 && part->width <= s->width && s->width > 1) {
        uint32_t wanted = str_char(part, 0);
        for (size_t i = start; s->width == 2 && i < end; i++)
            count += ((const uint16_t *)str_data(s))[i] == wanted;
        for (size_t i = start; s->width == 4 && i < end; i++)
            count += ((const uint32_t *)str_data(s))[i] == wanted;
        return count;
    }
    for (int64_t at; (at = str_find(s, part, start, end)) >= 0; start = (size_t)at + part->length)
        count++;
    return count;
}
