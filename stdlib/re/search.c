/* search.c - finds where a match begins.
 *
 * What        matcher_search: the first place from start on at which the program matches.
 * How         The program is tried at one place after the other, but only where it can succeed: where its literal prefix stands, else where
 *             a character is that can come first, and nowhere if the rest is shorter than the shortest match. A pattern that begins with \A is
 *             tried at the begin only.
 *             The prefix is found by the C library where characters are bytes, else by the table of Knuth, Morris and Pratt that INFO
 *             carries: each character of the subject is looked at once.
 * Invariants  I1 a failed try leaves marks and notes as they were (matcher.c, I1).
 * GIL         held. Looks for signals as matcher.c does.
 * Read next   matcher.c, prepare.c */
#include "stdlib/re/re.h"

static uint32_t char_at(const Matcher *m, size_t at)
{
    if (m->width == 1) return ((const uint8_t *)m->text)[at];
    return m->width == 2 ? ((const uint16_t *)m->text)[at] : ((const uint32_t *)m->text)[at];
}

/* The place of the literal prefix at or behind [at]; PLACE_NONE: there is none. */
static size_t find_prefix(const Matcher *m, size_t at)
{
    const uint32_t *code = m->program->code;
    size_t length = code[INFO_PREFIX_LENGTH], found = 0;
    if (at > m->end || m->end - at < length) return PLACE_NONE;
    if (m->width == 1) {
        const uint8_t *text = m->text, *place;
        if (!m->program->needle) return PLACE_NONE;
        place = length == 1 ? memchr(text + at, m->program->needle[0], m->end - at) : memmem(text + at, m->end - at, m->program->needle, length);
        return place ? (size_t)(place - text) : PLACE_NONE;
    }
    const uint32_t *prefix = code + INFO_PREFIX_TEXT, *overlap = prefix + length;
    for (; at < m->end; at++) {
        uint32_t c = char_at(m, at);
        while (found && c != prefix[found]) found = overlap[found - 1];
        if (c == prefix[found] && ++found == length) return at + 1 - length;
    }
    return PLACE_NONE;
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

MatchResult matcher_search(Matcher *m)
{
    const Program *program = m->program;
    const uint32_t *code = program->code;
    size_t pc = program_start(program), least = code[INFO_LEAST];
    matcher_reset(m);
    if (m->start > m->end || m->end - m->start < least) return MATCH_NO;
    if (code[INFO_FLAGS] & INFO_PREFIX) return search_prefix(m, pc);
    size_t last = m->end - least;
    if (code[pc] == OP_AT && (code[pc + 1] == PLACE_BEGINNING || code[pc + 1] == PLACE_BEGINNING_STRING)) last = m->start;
    const Bitmap *firsts = program->links[0] ? &program->bitmaps[program->links[0]] : NULL;
    for (size_t at = m->start; at <= last; at++) {
        if (firsts) {
            /* It consumes a character, so it cannot begin at the end. */
            at = find_first(m, firsts, at, last + 1 < m->end ? last + 1 : m->end);
            if (at > last || at == m->end) return MATCH_NO;
        }
        m->match_start = at;
        MatchResult result = matcher_run(m, pc, at);
        if (result != MATCH_NO) return result;
    }
    return MATCH_NO;
}
