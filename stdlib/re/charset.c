/* charset.c - a [set] as the fewest words, and the question whether a character is in it.
 *
 * What        charset_make: the items of a set, in any case if flags say so, as the items that will be written. charset_write: as words.
 *             charset_has: the question, asked of the words.
 * How         Single characters and ranges are drawn into a map of bits, 256 of them, or 65536 when one is beyond. What comes out as at most
 *             two runs is written as characters and ranges, anything else as the map itself: one block of 256 bits (CHARSET), or the
 *             different ones among 256 such blocks and a table that says which is where (BIGCHARSET). Categories and what lies beyond
 *             65535 follow as they are.
 * Invariants  I1 the words are those of CPython, for re.DEBUG shows them.
 *             I2 a set in words ends with FAILURE.
 * GIL         held while a set is made, never needed to ask.
 * Read next   generate.c, case_rules.c */
#include <ctype.h>

#include "stdlib/re/re.h"

enum { SMALL = 256, LARGE = 65536, BLOCK = 256 };

typedef struct Map { uint32_t bits[LARGE / 32]; uint32_t size; } Map;

static bool map_has(const Map *map, uint32_t c) { return (map->bits[c >> 5] >> (c & 31)) & 1; }
static void map_add(Map *map, uint32_t c)
{
    if (c >= SMALL) map->size = LARGE;
    map->bits[c >> 5] |= UINT32_C(1) << (c & 31);
}

/* One character below 65536 and what is the same without regard to case. */
static void draw(Map *map, CaseRule rule, uint32_t c)
{
    uint32_t lower = case_lower(rule, c), others[CASE_OTHERS_MAX];
    map_add(map, lower);
    for (unsigned i = 0, n = case_others(rule, lower, others); i < n; i++) map_add(map, others[i]);
}

/* The first character from [c] on that is there, or is not. */
static uint32_t map_next(const Map *map, uint32_t c, bool is_there)
{
    const uint32_t nothing_here = is_there ? 0 : UINT32_MAX;
    while (c < map->size && map_has(map, c) != is_there) c += c % 32 == 0 && map->bits[c >> 5] == nothing_here ? 32 : 1;
    return c;
}

static bool folds(CaseRule rule) { return rule == CASE_ASCII || rule == CASE_UNICODE; }

bool charset_make(Tree *tree, const SetItem *items, size_t count, CaseRule rule, Charset *set)
{
    Map *map = tree_alloc(tree, sizeof *map);
    SetItem *out = tree_alloc(tree, (count + 4) * sizeof *out), *rest = tree_alloc(tree, (count + 1) * sizeof *rest);
    if (!map || !out || !rest) return false;
    *set = (Charset){.items = out};
    map->size = SMALL;
    size_t rest_count = 0;
    for (size_t i = 0; i < count; i++) {
        SetItem item = items[i];
        uint32_t high = item.op == OP_RANGE ? item.high : item.low;
        if (item.op == OP_NEGATE) {
            out[set->count++] = item;
        } else if (item.op == OP_CATEGORY) {
            rest[rest_count++] = item;
        } else {
            for (uint32_t c = item.low; c <= high && c < LARGE; c++) {
                draw(map, rule, c);
                set->has_case |= case_matters(rule, c);
            }
            if (high < LARGE) continue;
            map->size = LARGE;
            set->has_case |= folds(rule);
            if (item.op == OP_RANGE && folds(rule)) item.op = OP_RANGE_UNI_IGNORE;
            rest[rest_count++] = item;
        }
    }

    size_t runs = 0;
    for (uint32_t start = map_next(map, 0, true), end; start < map->size && runs < 3; start = map_next(map, end, true)) {
        end = map_next(map, start, false);
        if (++runs < 3) out[set->count++] = (SetItem){end - start == 1 ? OP_LITERAL : OP_RANGE, start, end - 1};
    }
    if (runs == 3) {
        set->count -= 2;
        out[set->count++] = (SetItem){map->size == SMALL ? OP_CHARSET : OP_BIGCHARSET, 0, 0};
        set->bits = map->bits;
    }
    memcpy(out + set->count, rest, rest_count * sizeof *rest);
    set->count += rest_count;
    /* Nothing gained: the set stays as it was written. */
    if (runs < 3 && !set->has_case && set->count >= count) {
        set->items = items;
        set->count = count;
    }
    return true;
}

/* ==== as words ============================================================================================================== */

static bool write_blocks(Program *program, ToyThread *t, const uint32_t *bits)
{
    enum { WORDS = BLOCK / 32, BLOCKS = LARGE / BLOCK };
    uint8_t of[BLOCKS], first[BLOCKS];
    size_t count = 0;
    for (size_t i = 0; i < BLOCKS; i++) {
        size_t j = 0;
        while (j < count && memcmp(bits + first[j] * WORDS, bits + i * WORDS, WORDS * sizeof *bits) != 0) j++;
        if (j == count) first[count++] = (uint8_t)i;
        of[i] = (uint8_t)j;
    }
    if (!program_add(program, t, (uint32_t)count)) return false;
    for (size_t i = 0; i < BLOCKS; i += 4) {
        uint32_t four;
        memcpy(&four, of + i, sizeof four);
        if (!program_add(program, t, four)) return false;
    }
    for (size_t i = 0; i < count * WORDS; i++)
        if (!program_add(program, t, bits[first[i / WORDS] * WORDS + i % WORDS])) return false;
    return true;
}

static uint32_t category_for(uint32_t category, uint32_t flags)
{
    static const uint8_t with_locale[] = {
#define OP(name, operands, sentence)
#define PLACE(name, line, locale, unicode)
#define CATEGORY(name, locale, unicode) CATEGORY_##locale,
#include "stdlib/re/opcodes.def"
#undef CATEGORY
    };
    static const uint8_t with_unicode[] = {
#define CATEGORY(name, locale, unicode) CATEGORY_##unicode,
#include "stdlib/re/opcodes.def"
#undef CATEGORY
#undef PLACE
#undef OP
    };
    return flags & REGEX_LOCALE ? with_locale[category] : flags & REGEX_UNICODE ? with_unicode[category] : category;
}

bool charset_write(Program *program, ToyThread *t, const Charset *set, uint32_t flags)
{
    for (size_t i = 0; i < set->count; i++) {
        const SetItem *item = &set->items[i];
        bool done = program_add(program, t, item->op);
        switch (item->op) {
        case OP_LITERAL:
            done = done && program_add(program, t, item->low);
            break;
        case OP_RANGE: case OP_RANGE_UNI_IGNORE:
            done = done && program_add(program, t, item->low) && program_add(program, t, item->high);
            break;
        case OP_CATEGORY:
            done = done && program_add(program, t, category_for(item->low, flags));
            break;
        case OP_CHARSET:
            for (size_t j = 0; j < SMALL / 32; j++) done = done && program_add(program, t, set->bits[j]);
            break;
        case OP_BIGCHARSET:
            done = done && write_blocks(program, t, set->bits);
            break;
        default:
            break;
        }
        if (!done) return false;
    }
    return program_add(program, t, OP_FAILURE);
}

/* ==== the question ========================================================================================================== */

static bool is_ascii_word(uint32_t c) { return c < 128 && (is_ascii_letter(c) || (c >= '0' && c <= '9') || c == '_'); }
static bool is_ascii_space(uint32_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static bool is_locale_word(uint32_t c) { return c < 256 && (isalnum((int)c) || c == '_'); }

bool category_has(uint32_t category, uint32_t c)
{
    switch ((RegexCategory)category) {
    case CATEGORY_DIGIT: return c >= '0' && c <= '9';
    case CATEGORY_NOT_DIGIT: return !(c >= '0' && c <= '9');
    case CATEGORY_SPACE: return is_ascii_space(c);
    case CATEGORY_NOT_SPACE: return !is_ascii_space(c);
    case CATEGORY_WORD: return is_ascii_word(c);
    case CATEGORY_NOT_WORD: return !is_ascii_word(c);
    case CATEGORY_LOC_WORD: return is_locale_word(c);
    case CATEGORY_LOC_NOT_WORD: return !is_locale_word(c);
    case CATEGORY_UNI_DIGIT: return toy_char_is_decimal(c);
    case CATEGORY_UNI_NOT_DIGIT: return !toy_char_is_decimal(c);
    case CATEGORY_UNI_SPACE: return toy_char_is_space(c);
    case CATEGORY_UNI_NOT_SPACE: return !toy_char_is_space(c);
    case CATEGORY_UNI_WORD: return toy_char_is_alnum(c) || c == '_';
    case CATEGORY_UNI_NOT_WORD: return !(toy_char_is_alnum(c) || c == '_');
    case CATEGORY_COUNT: break;
    }
    return false;
}

bool charset_has(const uint32_t *set, uint32_t c)
{
    bool answer = true;
    for (;;) {
        switch ((RegexOp)*set++) {
        case OP_NEGATE:
            answer = !answer;
            break;
        case OP_LITERAL:
            if (c == *set++) return answer;
            break;
        case OP_RANGE:
            if (c >= set[0] && c <= set[1]) return answer;
            set += 2;
            break;
        case OP_RANGE_UNI_IGNORE: {
            uint32_t upper = toy_char_upper(c);
            if ((c >= set[0] && c <= set[1]) || (upper >= set[0] && upper <= set[1])) return answer;
            set += 2;
            break;
        }
        case OP_CATEGORY:
            if (category_has(*set++, c)) return answer;
            break;
        case OP_CHARSET:
            if (c < SMALL && (set[c >> 5] >> (c & 31)) & 1) return answer;
            set += SMALL / 32;
            break;
        case OP_BIGCHARSET: {
            uint32_t count = *set++;
            const uint8_t *of = (const uint8_t *)set;
            set += 64;
            if (c < LARGE && (set[of[c >> 8] * 8 + ((c & 255) >> 5)] >> (c & 31)) & 1) return answer;
            set += count * 8;
            break;
        }
        default:   /* FAILURE: the end of the list */
            return !answer;
        }
    }
}
