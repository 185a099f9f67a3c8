/* search.c - finds where a match begins.
 *
 * What        matcher_search: the first place from start on at which the program matches.
 * How         The program is tried at one place after the other, but only where it can succeed: where its literal prefix stands, else where
 *             a character is that can come first, and nowhere if the rest is shorter than the shortest match. A pattern that begins with \A or
 *             ^ is tried at the begin, or at the begin of lines, only.
 *             The prefix is found by the C library where characters are bytes, else by the table of Knuth, Morris and Pratt that INFO
 *             carries: each character of the subject is looked at once.
 * Invariants  I1 a failed try leaves marks and notes as they were (matcher.c, I1).
 * GIL         held. Looks for signals as matcher.c does.
 * Read next   matcher.c, prepare.c */
#include <wchar.h>

#include "stdlib/re/re.h"

_Static_assert(sizeof(wchar_t) == 4, "wmemchr searches characters of four bytes");

/* In characters of two bytes: four at a time, as long as none of the four differs from [c] by nothing. */
static size_t find_char_2(const uint16_t *text, uint16_t c, size_t at, size_t end)
{
    const uint64_t each = UINT64_C(0x0001000100010001), tops = each << 15, wanted = c * each;
    for (; end - at >= 4; at += 4) {
        uint64_t four;
        memcpy(&four, text + at, sizeof four);
        four ^= wanted;
        if ((four - each) & ~four & tops) break;
    }
    while (at < end && text[at] != c) at++;
    return at;
}

size_t find_char(const void *text, unsigned width, uint32_t c, size_t at, size_t end)
{
    if (width == 1) {
        const uint8_t *place = c < 256 ? memchr((const uint8_t *)text + at, (int)c, end - at) : NULL;
        return place ? (size_t)(place - (const uint8_t *)text) : end;
    }
    if (width == 2) return c < 65536 ? find_char_2(text, (uint16_t)c, at, end) : end;
    const wchar_t *place = wmemchr((const wchar_t *)text + at, (wchar_t)c, end - at);
    return place ? (size_t)(place - (const wchar_t *)text) : end;
}

/* The literal prefix among wide characters: the first of them is found, then the table says how much still fits. */
static size_t find_wide_prefix(const Matcher *m, size_t at)
{
    const uint32_t *prefix = m->program->code + INFO_PREFIX_TEXT;
    size_t length = m->program->code[INFO_PREFIX_LENGTH], found = 0;
    const uint32_t *overlap = prefix + length;
    while (at < m->end) {
        if (!found) at = find_char(m->text, m->width, prefix[0], at, m->end);
        if (at == m->end) break;
        uint32_t c = m->width == 2 ? ((const uint16_t *)m->text)[at] : ((const uint32_t *)m->text)[at];
        while (found && c != prefix[found]) found = overlap[found - 1];
        at++;
        if (c == prefix[found] && ++found == length) return at - length;
    }
    return PLACE_NONE;
}

/* The place of the literal prefix at or behind [at]; PLACE_NONE: there is none. */
static size_t find_prefix(const Matcher *m, size_t at)
{
    size_t length = m->program->code[INFO_PREFIX_LENGTH];
    if (at > m->end || m->end - at < length) return PLACE_NONE;
    if (m->width > 1) return find_wide_prefix(m, at);
    const uint8_t *text = m->text, *needle = m->program->needle, *place;
    if (!needle) return PLACE_NONE;
    place = length == 1 ? memchr(text + at, needle[0], m->end - at) : memmem(text + at, m->end - at, needle, length);
    return place ? (size_t)(place - text) : PLACE_NONE;
}

static MatchResult search_prefix(Matcher *m, size_t pc)
{
    bool is_all = m->program->code[INFO_FLAGS] & INFO_LITERAL;
    for (size_t at = m->start; (at = find_prefix(m, at)) != PLACE_NONE; at++) {
        m->match_start = at;
        if (is_all) {
            m->match_end = at + m->program->code[INFO_PREFIX_LENGTH];
            return MATCH_YES;
        }
        MatchResult result = matcher_run(m, pc, at);
        if (result != MATCH_NO) return result;
    }
    return MATCH_NO;
}

/* The first place in between where one of the first characters stands; [end] if there is none. */
static size_t find_first(const Matcher *m, const Bitmap *firsts, size_t at, size_t end)
{
    if (m->width == 1) {
        const uint8_t *text = m->text;
        while (at < end && !((firsts->bits[text[at] >> 5] >> (text[at] & 31)) & 1)) at++;
    } else if (m->width == 2) {
        while (at < end && !bitmap_has(firsts, ((const uint16_t *)m->text)[at])) at++;
    } else {
        while (at < end && !bitmap_has(firsts, ((const uint32_t *)m->text)[at])) at++;
    }
    return at;
}

/* Where the next try is worth while, from [at] on; more than [last]: nowhere. */
typedef struct Candidates { const Bitmap *firsts; bool at_line_begins; size_t last; } Candidates;

static size_t next_candidate(const Matcher *m, const Candidates *candidates, size_t at)
{
    if (candidates->at_line_begins && at > 0) {
        at = find_char(m->text, m->width, '\n', at - 1, m->end) + 1;
        if (at > m->end) return SIZE_MAX;
    }
    if (!candidates->firsts) return at;
    /* It consumes a character, so it cannot begin at the end. */
    size_t end = candidates->last < m->end ? candidates->last + 1 : m->end;
    if (!candidates->at_line_begins) at = find_first(m, candidates->firsts, at, end);
    return at < end ? at : SIZE_MAX;
}

MatchResult matcher_search(Matcher *m)
{
    const Program *program = m->program;
    const uint32_t *code = program->code;
    size_t pc = program_start(program), least = code[INFO_LEAST];
    matcher_reset(m);
    if (m->start > m->end || m->end - m->start < least) return MATCH_NO;
    if (code[INFO_FLAGS] & INFO_PREFIX) return search_prefix(m, pc);
    uint32_t place = code[pc] == OP_AT ? code[pc + 1] : PLACE_COUNT;
    Candidates candidates = {
        .firsts = program->links[0] ? &program->bitmaps[program->links[0]] : NULL,
        .at_line_begins = place == PLACE_BEGINNING_LINE,
        .last = place == PLACE_BEGINNING || place == PLACE_BEGINNING_STRING ? m->start : m->end - least,
    };
    for (size_t at = m->start; (at = next_candidate(m, &candidates, at)) <= candidates.last; at++) {
        m->match_start = at;
        MatchResult result = matcher_run(m, pc, at);
        if (result != MATCH_NO) return result;
    }
    return MATCH_NO;
}
