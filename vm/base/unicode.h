/* unicode.h - what is known about each character.
 *
 * What        Classes (is it a letter, a digit, a space ...), case mappings, normalisation, width in a terminal; for the
 *             lexer (identifiers), str methods, the unicodedata module, and the carets under tracebacks.
 * How         Two-stage tables made once from the Unicode database of CPython 3.13 (Unicode 15.1) and committed; ASCII
 *             is answered inline where it is hot. The words are str's: 'decimal' is what int() reads, 'digit' adds
 *             superscripts, 'numeric' adds fractions and the like.
 * Invariants  I1 every function takes any 32-bit number; what is above 0x10ffff is an unassigned character.
 * GIL         never needed.
 * Read next   unicode.c, normalize.h, codec.h */
#ifndef TOY_BASE_UNICODE_H
#define TOY_BASE_UNICODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vm/base/attributes.h"

#define UNICODE_MAX 0x10ffffu

/* The longest full case mapping of one character (U+0390 in capitals is three characters). */
enum { UNICODE_CASE_MAX = 3 };

static inline bool unicode_is_surrogate(uint32_t c) { return (c & 0xfffff800u) == 0xd800u; }
static inline bool unicode_is_high_surrogate(uint32_t c) { return (c & 0xfffffc00u) == 0xd800u; }
static inline bool unicode_is_low_surrogate(uint32_t c) { return (c & 0xfffffc00u) == 0xdc00u; }

bool unicode_is_alpha(uint32_t c);
bool unicode_is_decimal(uint32_t c);
bool unicode_is_digit(uint32_t c);
bool unicode_is_numeric(uint32_t c);
bool unicode_is_alnum(uint32_t c);        /* str.isalnum: any of the four above */
bool unicode_is_space(uint32_t c);
bool unicode_is_printable(uint32_t c);    /* repr() shows it as it is */
bool unicode_is_upper(uint32_t c);
bool unicode_is_lower(uint32_t c);
bool unicode_is_title(uint32_t c);
bool unicode_is_cased(uint32_t c);
bool unicode_is_case_ignorable(uint32_t c);
bool unicode_is_identifier_start(uint32_t c);     /* '_' too */
bool unicode_is_identifier_continue(uint32_t c);
bool unicode_is_linebreak(uint32_t c);            /* where splitlines() splits */
bool unicode_is_mirrored(uint32_t c);

int unicode_decimal(uint32_t c);                  /* 0..9, or -1 */
int unicode_digit(uint32_t c);                    /* 0..9, or -1 */
bool unicode_numeric(uint32_t c, double *value);  /* false: has no numeric value */

BORROWED const char *unicode_category(uint32_t c);          /* "Lu", "Nd", ... */
BORROWED const char *unicode_bidirectional(uint32_t c);     /* "L", "AL", ...; "" when unassigned */
BORROWED const char *unicode_east_asian_width(uint32_t c);  /* "N", "W", "F", "Na", "H", "A" */
unsigned unicode_combining(uint32_t c);                     /* canonical combining class; 0: a starter */
/* Columns in a terminal as tracebacks count them: 2 for wide and full-width characters, else 1. */
int unicode_width(uint32_t c);

/* Simple mappings: one character to one. */
uint32_t unicode_upper(uint32_t c);
uint32_t unicode_lower(uint32_t c);
uint32_t unicode_title(uint32_t c);

/* Full mappings: write 1 to UNICODE_CASE_MAX characters to [out], return how many. */
unsigned unicode_upper_full(uint32_t c, uint32_t out[UNICODE_CASE_MAX]);
unsigned unicode_lower_full(uint32_t c, uint32_t out[UNICODE_CASE_MAX]);
unsigned unicode_title_full(uint32_t c, uint32_t out[UNICODE_CASE_MAX]);
unsigned unicode_fold_full(uint32_t c, uint32_t out[UNICODE_CASE_MAX]);

/* The one case mapping that looks at its neighbours: a Greek capital sigma in lower case is U+03C2 at the end of a word,
 * else U+03C3. [text] is an array of characters of [width] bytes, [at] the place of the sigma. */
#define UNICODE_CAPITAL_SIGMA 0x3a3u
uint32_t unicode_lower_sigma(const void *text, unsigned width, size_t length, size_t at);

/* Character [at] of an array of 1-, 2- or 4-byte characters. */
static inline uint32_t unicode_at(const void *text, unsigned width, size_t at)
{
    if (width == 1)
        return ((const uint8_t *)text)[at];
    return width == 2 ? ((const uint16_t *)text)[at] : ((const uint32_t *)text)[at];
}

/* The decomposition mapping of one character as the database has it: returns how many characters *parts points to (0:
 * none; Hangul syllables are composed by rule and have none here either), and the tag ("<compat>", "" when canonical). */
unsigned unicode_decomposition(uint32_t c, BORROWED const uint32_t **parts, BORROWED const char **tag);
/* The character composed of two, or 0. Hangul is not in here. */
uint32_t unicode_compose_pair(uint32_t first, uint32_t second);

BORROWED const char *unicode_version(void);

#endif
