/* unicode_names.c - see unicode_names.h.
 *
 * What        34,000 names in 360 KB, found by bisection either way.
 * How         A stored name is a row of tokens, each a word or a pair of tokens (generate_unicode_names.py tells how they are
 *             made); names stand in the order of their characters, so one bisection over the runs of named characters
 *             finds the number of a name. The other way a list of numbers in alphabetical order is bisected, and
 *             each name met on the way is written out and compared: 16 of them.
 *             Hangul syllables and ideographs are not stored: their names are made by rule.
 * Invariants  I1 as in unicode_names.h.   I2 no name is longer than NAME_LONGEST.
 * GIL         never needed.
 * Read next   generate_unicode_names.py */
#include "vm/base/unicode_names.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "vm/base/attributes.h"
#include "vm/base/unicode_names_data.h"

_Static_assert(NAME_LONGEST + 2 <= UNICODE_NAME_MAX, "a name, the space in front while it is put together, and a NUL");

/* Names of the jamo, as they appear in syllables. */
static const char *const leads[] = {"G", "GG", "N", "D", "DD", "R", "M", "B", "BB", "S", "SS", "", "J", "JJ", "C", "K", "T", "P", "H"};
static const char *const vowels[] = {"A", "AE", "YA", "YAE", "EO", "E", "YEO", "YE", "O", "WA", "WAE", "OE", "YO", "U", "WEO", "WE",
                                     "WI", "YU", "EU", "YI", "I"};
static const char *const trails[] = {"", "G", "GG", "GS", "N", "NJ", "NH", "D", "L", "LG", "LM", "LB", "LS", "LT", "LP", "LH", "M",
                                     "B", "BS", "S", "SS", "NG", "J", "C", "K", "T", "P", "H"};
static const char syllable_prefix[] = "HANGUL SYLLABLE ", ideograph_prefix[] = "CJK UNIFIED IDEOGRAPH-";
enum { SYLLABLE_FIRST = 0xac00, LEADS = ARRAY_LENGTH(leads), VOWELS = ARRAY_LENGTH(vowels), TRAILS = ARRAY_LENGTH(trails) };

/* -- stored names -- */

/* Appends what a token stands for. Pairs nest at most as deep as there were rounds of pairing. */
static char *write_token(char *to, unsigned token)
{
    if (token >= TOKEN_WORDS) {
        const uint16_t *pair = &name_pairs[2 * (token - TOKEN_WORDS)];
        return write_token(write_token(to, pair[0]), pair[1]);
    }
    size_t length = name_words[token + 1] - name_words[token];
    memcpy(to, name_letters + name_words[token], length);
    return to + length;
}

static size_t stored_name(unsigned number, char out[UNICODE_NAME_MAX])
{
    const uint16_t *token = name_tokens + name_offsets[number / NAME_BLOCK];
    for (unsigned skip = number % NAME_BLOCK; skip > 0; token++)
        skip -= (*token & TOKEN_LAST) != 0;
    char *end = out;
    do
        end = write_token(end, *token & ~(unsigned)TOKEN_LAST);
    while (!(*token++ & TOKEN_LAST));
    /* Every word has its space in front: drop that of the first. */
    size_t length = (size_t)(end - out) - 1;
    memmove(out, out + 1, length);
    out[length] = '\0';
    return length;
}

static uint32_t character_of(unsigned number)
{
    if (number >= NAME_COUNT)
        return alias_codes[number - NAME_COUNT];
    size_t low = 0, high = ARRAY_LENGTH(name_runs);
    while (high - low > 1) {
        size_t middle = (low + high) / 2;
        if (name_runs[middle].first <= number)
            low = middle;
        else
            high = middle;
    }
    return name_runs[low].code + (number - name_runs[low].first);
}

/* The number of the name of [c], or NAME_COUNT. */
static unsigned number_of(uint32_t c)
{
    size_t low = 0, high = ARRAY_LENGTH(name_runs);  /* the last run that begins at or before c is in [low - 1, high) */
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (name_runs[middle].code <= c)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == 0)
        return NAME_COUNT;
    unsigned end = low < ARRAY_LENGTH(name_runs) ? name_runs[low].first : NAME_COUNT;
    uint64_t number = (uint64_t)name_runs[low - 1].first + (c - name_runs[low - 1].code);
    return number < end ? (unsigned)number : NAME_COUNT;
}

/* -- names by rule -- */

/* Which of [parts] begins [*at]? The longest. Moves *at behind it. */
static int take_longest(const char *const *parts, int count, const char **at)
{
    int best = -1;
    size_t best_length = 0;
    for (int i = 0; i < count; i++) {
        size_t length = strlen(parts[i]);
        if (strncmp(*at, parts[i], length) == 0 && (best < 0 || length > best_length)) {
            best = i;
            best_length = length;
        }
    }
    *at += best_length;
    return best;
}

static uint32_t syllable_by_name(const char *name)
{
    const char *at = name + strlen(syllable_prefix);
    int lead = take_longest(leads, LEADS, &at);
    int vowel = take_longest(vowels, VOWELS, &at);
    int trail = take_longest(trails, TRAILS, &at);
    if (lead < 0 || vowel < 0 || trail < 0 || *at)
        return UNICODE_NO_NAME;
    return SYLLABLE_FIRST + (uint32_t)((lead * VOWELS + vowel) * TRAILS + trail);
}

static uint32_t ranged_by_name(const char *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(name_ranges); i++) {
        size_t length = strlen(name_ranges[i].prefix);
        if (strncmp(name, name_ranges[i].prefix, length) != 0)
            continue;
        uint32_t code = 0;
        const char *digit = name + length;
        for (; (*digit >= '0' && *digit <= '9') || (*digit >= 'A' && *digit <= 'F'); digit++)
            code = code << 4 | (uint32_t)(*digit <= '9' ? *digit - '0' : *digit - 'A' + 10);
        size_t digits = strlen(name + length);
        if (*digit == '\0' && (digits == 4 || digits == 5) && code >= name_ranges[i].first && code <= name_ranges[i].last)
            return code;
    }
    return UNICODE_NO_NAME;
}

/* -- both ways -- */

uint32_t unicode_by_name(const char *name, size_t length)
{
    char wanted[UNICODE_NAME_MAX], found[UNICODE_NAME_MAX];
    if (length == 0 || length > NAME_LONGEST)
        return UNICODE_NO_NAME;
    for (size_t i = 0; i < length; i++)
        wanted[i] = name[i] >= 'a' && name[i] <= 'z' ? (char)(name[i] - 'a' + 'A') : name[i];
    wanted[length] = '\0';
    if (strlen(wanted) != length)
        return UNICODE_NO_NAME;  /* a NUL inside */
    /* CPython wants the rule-made names of these two in capitals, and so do we. */
    bool is_syllable = strncmp(wanted, syllable_prefix, strlen(syllable_prefix)) == 0;
    bool is_ideograph = strncmp(wanted, ideograph_prefix, strlen(ideograph_prefix)) == 0;
    if ((is_syllable || is_ideograph) && memcmp(wanted, name, length) != 0)
        return UNICODE_NO_NAME;
    if (is_syllable)
        return syllable_by_name(wanted);
    uint32_t code = ranged_by_name(wanted);
    if (code != UNICODE_NO_NAME)
        return code;
    size_t low = 0, high = ARRAY_LENGTH(name_order);
    while (low < high) {
        size_t middle = (low + high) / 2;
        stored_name(name_order[middle], found);
        int order = strcmp(wanted, found);
        if (order == 0)
            return character_of(name_order[middle]);
        if (order > 0)
            low = middle + 1;
        else
            high = middle;
    }
    return UNICODE_NO_NAME;
}

size_t unicode_name(uint32_t c, char out[UNICODE_NAME_MAX])
{
    uint32_t syllable = c - SYLLABLE_FIRST;
    if (syllable < LEADS * VOWELS * TRAILS) {
        return (size_t)snprintf(out, UNICODE_NAME_MAX, "%s%s%s%s", syllable_prefix, leads[syllable / (VOWELS * TRAILS)],
                                vowels[syllable / TRAILS % VOWELS], trails[syllable % TRAILS]);
    }
    for (size_t i = 0; i < ARRAY_LENGTH(name_ranges); i++) {
        if (c >= name_ranges[i].first && c <= name_ranges[i].last)
            return (size_t)snprintf(out, UNICODE_NAME_MAX, "%s%04X", name_ranges[i].prefix, c);
    }
    unsigned number = number_of(c);
    out[0] = '\0';
    return number < NAME_COUNT ? stored_name(number, out) : 0;
}
