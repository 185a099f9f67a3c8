/* normalize.c - see normalize.h.
 *
 * What        Decomposition, canonical ordering and composition, as annex 15 of the Unicode standard describes them.
 * How         The buffer is worked on in place: characters are appended taken apart, each combining mark is moved left to its
 *             place as it arrives, and composition, which only shortens, writes behind its own reading.
 *             Hangul syllables (11,172 of them) are composed by arithmetic: syllable = (lead * 21 + vowel) * 28 + trail.
 * Invariants  I1 the output holds whole 4-byte characters from [from] on; what stood in the buffer before is untouched.
 * GIL         as the Buffer's Memory.
 * Read next   unicode.c */
#include "vm/base/normalize.h"

#include <string.h>

#include "vm/base/unicode.h"

enum {
    SYLLABLE_FIRST = 0xac00, LEAD_FIRST = 0x1100, VOWEL_FIRST = 0x1161, TRAIL_BEFORE_FIRST = 0x11a7,
    LEADS = 19, VOWELS = 21, TRAILS = 28, SYLLABLES = LEADS * VOWELS * TRAILS,
};

static uint32_t get(const Buffer *out, size_t from, size_t i)
{
    uint32_t c;
    memcpy(&c, out->data + from + i * sizeof c, sizeof c);
    return c;
}

static void set(Buffer *out, size_t from, size_t i, uint32_t c)
{
    memcpy(out->data + from + i * sizeof c, &c, sizeof c);
}

/* Appends one character that cannot be taken apart further, at its place among the marks before it. */
static void add_ordered(Buffer *out, size_t from, uint32_t c)
{
    unsigned class = unicode_combining(c);
    buffer_add_u32(out, c);
    if (class == 0 || !buffer_ok(out))
        return;
    size_t i = (out->length - from) / sizeof c - 1;
    for (; i > 0; i--) {
        uint32_t before = get(out, from, i - 1);
        if (unicode_combining(before) <= class)
            break;
        set(out, from, i, before);
    }
    set(out, from, i, c);
}

/* Mappings nest at most a few levels in Unicode's data, so the recursion is bounded by the table. */
static void add_decomposed(Buffer *out, size_t from, uint32_t c, bool is_compatible)
{
    uint32_t syllable = c - SYLLABLE_FIRST;
    if (syllable < SYLLABLES) {
        buffer_add_u32(out, LEAD_FIRST + syllable / (VOWELS * TRAILS));
        buffer_add_u32(out, VOWEL_FIRST + syllable % (VOWELS * TRAILS) / TRAILS);
        if (syllable % TRAILS)
            buffer_add_u32(out, TRAIL_BEFORE_FIRST + syllable % TRAILS);
        return;
    }
    const uint32_t *parts;
    const char *tag;
    unsigned count = unicode_decomposition(c, &parts, &tag);
    if (count == 0 || (tag[0] && !is_compatible)) {
        add_ordered(out, from, c);
        return;
    }
    for (unsigned i = 0; i < count; i++)
        add_decomposed(out, from, parts[i], is_compatible);
}

static uint32_t compose(uint32_t first, uint32_t second)
{
    uint32_t lead = first - LEAD_FIRST, vowel = second - VOWEL_FIRST;
    if (lead < LEADS && vowel < VOWELS)
        return SYLLABLE_FIRST + (lead * VOWELS + vowel) * TRAILS;
    uint32_t syllable = first - SYLLABLE_FIRST, trail = second - TRAIL_BEFORE_FIRST;
    if (syllable < SYLLABLES && syllable % TRAILS == 0 && trail > 0 && trail < TRAILS)
        return first + trail;
    return unicode_compose_pair(first, second);
}

/* Each character tries to melt into the last starter; a mark of the same or a higher class between them is in the way. */
static void compose_all(Buffer *out, size_t from)
{
    size_t count = (out->length - from) / sizeof(uint32_t), kept = 0, starter = 0;
    bool has_starter = false;
    unsigned class_before = 0;  /* of the last character kept behind the starter; 0: none */
    for (size_t i = 0; i < count; i++) {
        uint32_t c = get(out, from, i);
        unsigned class = unicode_combining(c);
        bool is_next = has_starter && kept == starter + 1;
        if (has_starter && (is_next || (class_before != 0 && class_before < class))) {
            uint32_t composed = compose(get(out, from, starter), c);
            if (composed) {
                set(out, from, starter, composed);
                continue;
            }
        }
        set(out, from, kept, c);
        if (class == 0) {
            starter = kept;
            has_starter = true;
        }
        class_before = class;
        kept++;
    }
    buffer_truncate(out, from + kept * sizeof(uint32_t));
}

void unicode_normalize(NormalForm form, const uint32_t *text, size_t length, Buffer *out)
{
    size_t from = out->length;
    bool is_compatible = form == NORMAL_KC || form == NORMAL_KD;
    for (size_t i = 0; i < length && buffer_ok(out); i++)
        add_decomposed(out, from, text[i], is_compatible);
    if (buffer_ok(out) && (form == NORMAL_C || form == NORMAL_KC))
        compose_all(out, from);
}
