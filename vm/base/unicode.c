/* unicode.c - reads the tables of unicode_tables.h.
 *
 * What        One look-up, record_of, and the questions asked of its result.
 * How         The upper bits of a character choose a block, the lower seven a place in it; blocks that are equal are
 *             stored once, which is why 1,114,112 characters fit into about 100 KB:
 *
 *                 c = 0x03a3   stage1[0x03a3 >> 7 = 7] --> block 7 of stage2 [0x23] --> record --> flags, class, case number
 *
 * Invariants  I1 as in unicode.h: record_of checks the range, nothing else indexes by a character.
 * GIL         never needed.
 * Read next   generate_unicode.py (who makes the tables), normalize.c */
#include "vm/base/unicode.h"

#include "vm/base/unicode_tables.h"

enum { BLOCK_SHIFT = 7, BLOCK_MASK = (1 << BLOCK_SHIFT) - 1, EXPANSION = 1 << 24 };

static const UnicodeRecord unassigned = {.flags = 0, .width = 5 /* "N" */, .decimal = -1, .digit = -1};

static const UnicodeRecord *record_of(uint32_t c)
{
    if (UNLIKELY(c > UNICODE_MAX))
        return &unassigned;
    uint32_t block = unicode_stage1[c >> BLOCK_SHIFT];
    return &unicode_records[unicode_stage2[block << BLOCK_SHIFT | (c & BLOCK_MASK)]];
}

static bool has(uint32_t c, unsigned flags)
{
    return (record_of(c)->flags & flags) != 0;
}

bool unicode_is_alpha(uint32_t c)               { return has(c, HAS_ALPHA); }
bool unicode_is_decimal(uint32_t c)             { return has(c, HAS_DECIMAL); }
bool unicode_is_digit(uint32_t c)               { return has(c, HAS_DIGIT); }
bool unicode_is_numeric(uint32_t c)             { return has(c, HAS_NUMERIC); }
bool unicode_is_alnum(uint32_t c)               { return has(c, HAS_ALPHA | HAS_DECIMAL | HAS_DIGIT | HAS_NUMERIC); }
bool unicode_is_space(uint32_t c)               { return has(c, HAS_SPACE); }
bool unicode_is_printable(uint32_t c)           { return has(c, HAS_PRINTABLE); }
bool unicode_is_upper(uint32_t c)               { return has(c, HAS_UPPER); }
bool unicode_is_lower(uint32_t c)               { return has(c, HAS_LOWER); }
bool unicode_is_title(uint32_t c)               { return has(c, HAS_TITLE); }
bool unicode_is_cased(uint32_t c)               { return has(c, HAS_CASED); }
bool unicode_is_case_ignorable(uint32_t c)      { return has(c, HAS_CASE_IGNORABLE); }
bool unicode_is_identifier_start(uint32_t c)    { return has(c, HAS_ID_START); }
bool unicode_is_identifier_continue(uint32_t c) { return has(c, HAS_ID_CONTINUE); }
bool unicode_is_linebreak(uint32_t c)           { return has(c, HAS_LINEBREAK); }
bool unicode_is_mirrored(uint32_t c)            { return has(c, HAS_MIRRORED); }

int unicode_decimal(uint32_t c) { return record_of(c)->decimal; }
int unicode_digit(uint32_t c)   { return record_of(c)->digit; }

bool unicode_numeric(uint32_t c, double *value)
{
    unsigned place = record_of(c)->numeric;
    if (place == 0)
        return false;
    *value = unicode_numerics[place];
    return true;
}

const char *unicode_category(uint32_t c)         { return unicode_categories[record_of(c)->category]; }
const char *unicode_bidirectional(uint32_t c)    { return unicode_bidirectional_names[record_of(c)->bidirectional]; }
const char *unicode_east_asian_width(uint32_t c) { return unicode_widths[record_of(c)->width]; }
unsigned unicode_combining(uint32_t c)           { return record_of(c)->combining; }
int unicode_width(uint32_t c)                    { return has(c, HAS_WIDE) ? 2 : 1; }

static const UnicodeCase *case_of(uint32_t c)
{
    return &unicode_cases[record_of(c)->case_number];
}

/* Writes what [mapping] makes of [c] and returns how many characters that is. */
static unsigned map_full(uint32_t c, int32_t mapping, uint32_t out[UNICODE_CASE_MAX])
{
    if (LIKELY(mapping < EXPANSION)) {
        out[0] = (uint32_t)((int32_t)c + mapping);
        return 1;
    }
    unsigned count = (unsigned)mapping >> 24;
    const uint16_t *from = unicode_expansions + (mapping & (EXPANSION - 1));
    for (unsigned i = 0; i < count; i++)
        out[i] = from[i];
    return count;
}

unsigned unicode_upper_full(uint32_t c, uint32_t out[UNICODE_CASE_MAX]) { return map_full(c, case_of(c)->upper, out); }
unsigned unicode_lower_full(uint32_t c, uint32_t out[UNICODE_CASE_MAX]) { return map_full(c, case_of(c)->lower, out); }
unsigned unicode_title_full(uint32_t c, uint32_t out[UNICODE_CASE_MAX]) { return map_full(c, case_of(c)->title, out); }
unsigned unicode_fold_full(uint32_t c, uint32_t out[UNICODE_CASE_MAX])  { return map_full(c, case_of(c)->fold, out); }

/* The database keeps simple mappings apart from full ones; they can be told from the full ones, so we need not. */
uint32_t unicode_title(uint32_t c)
{
    uint32_t out[UNICODE_CASE_MAX];
    return unicode_title_full(c, out) == 1 ? out[0] : c;
}

uint32_t unicode_upper(uint32_t c)
{
    uint32_t out[UNICODE_CASE_MAX];
    /* Greek letters with iota subscript: two capitals in full, but one title-case letter, which is the simple mapping. */
    return unicode_upper_full(c, out) == 1 ? out[0] : unicode_title(c);
}

uint32_t unicode_lower(uint32_t c)
{
    uint32_t out[UNICODE_CASE_MAX];
    unicode_lower_full(c, out);
    return out[0];  /* only U+0130 has two: an i, then a combining dot */
}

uint32_t unicode_lower_sigma(const void *text, unsigned width, size_t length, size_t at)
{
    size_t before = at;
    while (before > 0 && unicode_is_case_ignorable(unicode_at(text, width, before - 1)))
        before--;
    if (before == 0 || !unicode_is_cased(unicode_at(text, width, before - 1)))
        return 0x3c3;
    size_t after = at + 1;
    while (after < length && unicode_is_case_ignorable(unicode_at(text, width, after)))
        after++;
    if (after < length && unicode_is_cased(unicode_at(text, width, after)))
        return 0x3c3;
    return 0x3c2;
}

unsigned unicode_decomposition(uint32_t c, const uint32_t **parts, const char **tag)
{
    *parts = NULL;
    *tag = "";
    if (c > UNICODE_MAX)
        return 0;
    uint32_t block = unicode_decomposition_stage1[c >> BLOCK_SHIFT];
    unsigned place = unicode_decomposition_stage2[block << BLOCK_SHIFT | (c & BLOCK_MASK)];
    uint32_t header = unicode_decompositions[place];  /* count, and the tag above it; place 0 has count 0 */
    *parts = unicode_decompositions + place + 1;
    *tag = unicode_tags[header >> 8];
    return header & 0xff;
}

uint32_t unicode_compose_pair(uint32_t first, uint32_t second)
{
    size_t low = 0, high = ARRAY_LENGTH(unicode_pairs);
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const UnicodePair *pair = &unicode_pairs[middle];
        if (pair->first == first && pair->second == second)
            return pair->composed;
        if (pair->first < first || (pair->first == first && pair->second < second))
            low = middle + 1;
        else
            high = middle;
    }
    return 0;
}

const char *unicode_version(void)
{
    return UNICODE_VERSION_TEXT;
}
