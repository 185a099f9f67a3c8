/* case_rules.c - which characters are the same when case does not matter.
 *
 * What        case_rule: which of the rules flags ask for. case_lower, case_matters, case_others.
 * How         Two characters are the same if their lower cases are. Unicode has some more: different lower-case letters with one upper
 *             case between them, as the two sigmas have. They stand in a table, a family a row; the table was found by asking CPython
 *             which characters match which.
 * GIL         never needed.
 * Read next   charset.c, generate.c */
#include <ctype.h>

#include "stdlib/re/re.h"

enum { FAMILY_MAX = 3 };
static const uint16_t families[][FAMILY_MAX] = {
    {0x69, 0x131},            /* i, dotless i */
    {0x73, 0x17f},            /* s, long s */
    {0xb5, 0x3bc},            /* micro sign, mu */
    {0x345, 0x3b9, 0x1fbe},   /* three iotas */
    {0x390, 0x1fd3}, {0x3b0, 0x1fe3}, {0x3b2, 0x3d0}, {0x3b5, 0x3f5}, {0x3b8, 0x3d1}, {0x3ba, 0x3f0}, {0x3c0, 0x3d6}, {0x3c1, 0x3f1},
    {0x3c2, 0x3c3},           /* final sigma, sigma */
    {0x3c6, 0x3d5}, {0x432, 0x1c80}, {0x434, 0x1c81}, {0x43e, 0x1c82}, {0x441, 0x1c83}, {0x442, 0x1c84, 0x1c85}, {0x44a, 0x1c86},
    {0x463, 0x1c87}, {0x1c88, 0xa64b}, {0x1e61, 0x1e9b}, {0xfb05, 0xfb06},
};

CaseRule case_rule(uint32_t flags)
{
    if (!(flags & REGEX_IGNORECASE)) return CASE_EXACT;
    if (flags & REGEX_LOCALE) return CASE_LOCALE;
    return flags & REGEX_UNICODE ? CASE_UNICODE : CASE_ASCII;
}

uint32_t case_ascii_lower(uint32_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }
/* The locale's, of one byte; its characters end there. */
uint32_t case_locale_lower(uint32_t c) { return c < 256 ? (uint32_t)tolower((int)c) : c; }
uint32_t case_locale_upper(uint32_t c) { return c < 256 ? (uint32_t)toupper((int)c) : c; }

uint32_t case_lower(CaseRule rule, uint32_t c)
{
    switch (rule) {
    case CASE_ASCII: return case_ascii_lower(c);
    case CASE_UNICODE: return toy_char_lower(c);
    default: return c;
    }
}

bool case_matters(CaseRule rule, uint32_t c)
{
    switch (rule) {
    case CASE_ASCII: return c < 128 && is_ascii_letter(c);
    case CASE_UNICODE: return toy_char_lower(c) != c || toy_char_upper(c) != c;
    default: return false;
    }
}

unsigned case_others(CaseRule rule, uint32_t lower, uint32_t others[CASE_OTHERS_MAX])
{
    if (rule != CASE_UNICODE) return 0;
    for (size_t i = 0; i < sizeof families / sizeof *families; i++) {
        bool is_member = false;
        for (size_t j = 0; j < FAMILY_MAX; j++) is_member |= families[i][j] == lower;
        if (!is_member) continue;
        unsigned count = 0;
        for (size_t j = 0; j < FAMILY_MAX; j++)
            if (families[i][j] && families[i][j] != lower) others[count++] = families[i][j];
        return count;
    }
    return 0;
}
