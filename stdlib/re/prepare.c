/* prepare.c - what can be known about a program before it runs.
 *
 * What        program_prepare fills in the links: one word beside each word of code, with what the instruction there would otherwise have to
 *             search for. And the literal prefix as bytes.
 * How         A walk over the instructions. For every set there is a bitmap of its characters below 256. For a repeat of one character, and for
 *             every arm of a branch, there is a bitmap of what can come first behind it: an arm that cannot begin with the character at hand is
 *             not tried, and a repeat that has taken all the a's need not give back any if an a cannot follow.
 *                 IN and like ops     links[op]: bitmap of the set
 *                 literals in any case links[op]: bitmap
 *                 REPEAT_ONE & co.    links[op]: bitmap of what may follow, 0: anything;  links[op + 1]: 1: nothing that it repeats may follow
 *                 BRANCH              links[skip] of each arm: bitmap of its first characters
 *                 REPEAT, POSSESSIVE_REPEAT   links[op]: number of the loop
 *                 MAX_UNTIL, MIN_UNTIL        links[op]: where their REPEAT is
 *                 INFO                links[0]: bitmap of what anything that matches begins with
 * Invariants  I1 a bitmap of firsts has all that can come first, perhaps more, never less.
 * GIL         held.
 * Read next   matcher.c (who reads the links) */
#include "stdlib/re/re.h"

enum { STEPS_FOR_PROGRAM = 2000, STEPS_FOR_PART = 60, DEPTH_MAX = 20 };

void program_free(Program *program, ToyThread *t)
{
    if (program->code) toy_free(t, program->code, program->capacity * sizeof *program->code);
    if (program->links) toy_free(t, program->links, program->length * sizeof *program->links);
    if (program->bitmaps) toy_free(t, program->bitmaps, program->bitmap_capacity * sizeof *program->bitmaps);
    if (program->needle) toy_free(t, program->needle, program->needle_length);
    *program = (Program){.code = NULL};
}

static Bitmap *new_bitmap(Program *program, ToyThread *t, uint32_t *number)
{
    if (program->bitmap_count == program->bitmap_capacity) {
        size_t capacity = program->bitmap_capacity ? 2 * program->bitmap_capacity : 4;
        Bitmap *bitmaps = toy_resize(t, program->bitmaps, program->bitmap_capacity * sizeof *bitmaps, capacity * sizeof *bitmaps);
        if (!bitmaps) return NULL;
        program->bitmaps = bitmaps;
        program->bitmap_capacity = capacity;
    }
    *number = (uint32_t)program->bitmap_count++;
    Bitmap *bitmap = &program->bitmaps[*number];
    *bitmap = (Bitmap){.has_high = false};
    return bitmap;
}

/* ==== one character ========================================================================================================= */

/* Does the item at [at], which matches one character, match this one? */
bool item_has(const uint32_t *code, size_t at, uint32_t c)
{
    uint32_t operand = code[at + 1];
    switch ((RegexOp)code[at]) {
    case OP_ANY: return c != '\n';
    case OP_ANY_ALL: return true;
    case OP_LITERAL: return c == operand;
    case OP_NOT_LITERAL: return c != operand;
    case OP_LITERAL_IGNORE: return case_ascii_lower(c) == operand;
    case OP_NOT_LITERAL_IGNORE: return case_ascii_lower(c) != operand;
    case OP_LITERAL_UNI_IGNORE: return toy_char_lower(c) == operand;
    case OP_NOT_LITERAL_UNI_IGNORE: return toy_char_lower(c) != operand;
    case OP_LITERAL_LOC_IGNORE: return c == operand || case_locale_lower(c) == operand || case_locale_upper(c) == operand;
    case OP_NOT_LITERAL_LOC_IGNORE: return !(c == operand || case_locale_lower(c) == operand || case_locale_upper(c) == operand);
    case OP_IN: return charset_has(code + at + 2, c);
    case OP_IN_IGNORE: return charset_has(code + at + 2, case_ascii_lower(c));
    case OP_IN_UNI_IGNORE: return charset_has(code + at + 2, toy_char_lower(c));
    case OP_IN_LOC_IGNORE:
        return charset_has(code + at + 2, case_locale_lower(c)) || (case_locale_upper(c) != case_locale_lower(c) && charset_has(code + at + 2, case_locale_upper(c)));
    default: return false;
    }
}

/* May it match a character above 255? Yes, if that would take long to find out. */
static bool item_may_have_high(const uint32_t *code, size_t at)
{
    switch ((RegexOp)code[at]) {
    case OP_LITERAL: return code[at + 1] > 255;
    case OP_LITERAL_LOC_IGNORE: case OP_LITERAL_IGNORE: case OP_IN_LOC_IGNORE: return false;
    case OP_IN: case OP_IN_IGNORE: break;
    default: return true;
    }
    for (const uint32_t *set = code + at + 2; *set != OP_FAILURE;) {
        switch ((RegexOp)*set) {
        case OP_LITERAL:
            if (set[1] > 255) return true;
            set += 2;
            break;
        case OP_RANGE:
            if (set[2] > 255) return true;
            set += 3;
            break;
        case OP_CATEGORY:
            if (set[1] != CATEGORY_DIGIT && set[1] != CATEGORY_SPACE && set[1] != CATEGORY_WORD) return true;
            set += 2;
            break;
        case OP_CHARSET:
            set += 9;
            break;
        default:
            return true;
        }
    }
    return false;
}

static bool is_locale_item(uint32_t op)
{
    return op == OP_IN_LOC_IGNORE || op == OP_LITERAL_LOC_IGNORE || op == OP_NOT_LITERAL_LOC_IGNORE;
}

static void add_item(const uint32_t *code, size_t at, Bitmap *into)
{
    /* What the locale says may change. */
    bool is_any = is_locale_item(code[at]);
    for (uint32_t c = 0; c < 256; c++)
        if (is_any || item_has(code, at, c)) bitmap_add(into, c);
    into->has_high |= is_any || item_may_have_high(code, at);
}

/* ==== what can come first =================================================================================================== */

/* FIRST_ALL: every way consumes a character. FIRST_EMPTY: one comes to a SUCCESS without. FIRST_UNKNOWN: given up. */
typedef enum First { FIRST_ALL, FIRST_EMPTY, FIRST_UNKNOWN } First;
enum { LOOPS_MAX = 16 };
typedef struct Walk {
    const Program *program;
    Bitmap *into;
    int steps;
    size_t seen[LOOPS_MAX], seen_count;   /* begins and ends of loops: what is behind them has been looked at */
} Walk;

/* The second time, nothing new can be found there. */
static bool is_seen(Walk *walk, size_t at)
{
    for (size_t i = 0; i < walk->seen_count; i++)
        if (walk->seen[i] == at) return true;
    if (walk->seen_count < LOOPS_MAX) walk->seen[walk->seen_count++] = at;
    else walk->steps = 0;
    return false;
}

static void merge(Bitmap *into, const Bitmap *from)
{
    for (size_t i = 0; i < 8; i++) into->bits[i] |= from->bits[i];
    into->has_high |= from->has_high;
}

/* What the item at [at] matches; the first pass has made bitmaps of sets. */
static void merge_item(const Program *program, size_t at, Bitmap *into)
{
    const uint32_t *code = program->code;
    if (code[at] == OP_LITERAL) bitmap_add(into, code[at + 1]);
    else if (program->links[at]) merge(into, &program->bitmaps[program->links[at]]);
    else add_item(code, at, into);
}

static First walk_firsts(Walk *walk, size_t at, int depth)
{
    const uint32_t *code = walk->program->code;
    for (;;) {
        if (--walk->steps < 0 || depth > DEPTH_MAX) return FIRST_UNKNOWN;
        First first, first_of_no;
        switch ((RegexOp)code[at]) {
        case OP_FAILURE: return FIRST_ALL;
        case OP_SUCCESS: return FIRST_EMPTY;
        case OP_ANY: case OP_ANY_ALL: case OP_LITERAL: case OP_NOT_LITERAL: case OP_LITERAL_IGNORE: case OP_NOT_LITERAL_IGNORE:
        case OP_LITERAL_UNI_IGNORE: case OP_NOT_LITERAL_UNI_IGNORE: case OP_LITERAL_LOC_IGNORE: case OP_NOT_LITERAL_LOC_IGNORE:
        case OP_IN: case OP_IN_IGNORE: case OP_IN_UNI_IGNORE: case OP_IN_LOC_IGNORE:
            merge_item(walk->program, at, walk->into);
            return FIRST_ALL;
        case OP_MARK: case OP_AT:
            at += 2;
            break;
        case OP_ASSERT: case OP_ASSERT_NOT: case OP_JUMP: case OP_INFO:
            at += 1 + code[at + 1];
            break;
        case OP_MAX_UNTIL: case OP_MIN_UNTIL:
            /* Once more, or on behind it. */
            if (is_seen(walk, at)) return FIRST_ALL;
            first = is_seen(walk, walk->program->links[at]) ? FIRST_ALL : walk_firsts(walk, walk->program->links[at] + 4, depth + 1);
            if (first != FIRST_ALL) return first;
            at++;
            break;
        case OP_REPEAT_ONE: case OP_MIN_REPEAT_ONE: case OP_POSSESSIVE_REPEAT_ONE:
            if (code[at + 3] > 0) merge_item(walk->program, at + 4, walk->into);
            if (code[at + 2] > 0) return FIRST_ALL;
            at += 1 + code[at + 1];
            break;
        case OP_ATOMIC_GROUP: case OP_POSSESSIVE_REPEAT: {
            bool is_loop = code[at] == OP_POSSESSIVE_REPEAT;
            first = walk_firsts(walk, at + (is_loop ? 4 : 2), depth + 1);
            if (first == FIRST_UNKNOWN || (first == FIRST_ALL && (!is_loop || code[at + 2] > 0))) return first;
            at += 1 + code[at + 1] + is_loop;
            break;
        }
        case OP_REPEAT:
            if (is_seen(walk, at)) return FIRST_ALL;
            first = walk_firsts(walk, at + 4, depth + 1);
            if (first != FIRST_ALL || code[at + 2] > 0) return first;
            at += 2 + code[at + 1];
            break;
        case OP_BRANCH: {
            First all = FIRST_ALL;
            for (size_t arm = at + 1; code[arm]; arm += code[arm]) {
                first = walk_firsts(walk, arm + 1, depth + 1);
                if (first > all) all = first;
                if (all == FIRST_UNKNOWN) break;
            }
            return all;
        }
        case OP_GROUPREF_EXISTS:
            first = walk_firsts(walk, at + 3, depth + 1);
            if (first == FIRST_UNKNOWN) return first;
            first_of_no = walk_firsts(walk, at + 1 + code[at + 2], depth + 1);   /* the other arm, or what follows */
            return first_of_no > first ? first_of_no : first;
        default:   /* a reference to a group may be anything */
            return FIRST_UNKNOWN;
        }
    }
}

/* The number of the bitmap of what can be matched first from [at] on; 0: anything, and perhaps nothing. False: raised. */
static bool find_firsts(Program *program, ToyThread *t, size_t at, int steps, uint32_t *number)
{
    Bitmap bitmap = {.has_high = false};
    Walk walk = {.program = program, .into = &bitmap, .steps = steps};
    *number = 0;
    if (walk_firsts(&walk, at, 0) != FIRST_ALL) return true;
    Bitmap *kept = new_bitmap(program, t, number);
    if (kept) *kept = bitmap;
    return kept != NULL;
}

static bool have_common(const Bitmap *a, const Bitmap *b)
{
    bool is_common = a->has_high && b->has_high;
    for (size_t i = 0; i < 8; i++) is_common |= (a->bits[i] & b->bits[i]) != 0;
    return is_common;
}

/* ==== the walk over the code ================================================================================================ */

static bool link_repeat_one(Program *program, ToyThread *t, size_t at)
{
    if (!find_firsts(program, t, at + 1 + program->code[at + 1], STEPS_FOR_PART, &program->links[at])) return false;
    if (!program->links[at]) return true;
    Bitmap item = {.has_high = false};
    merge_item(program, at + 4, &item);
    program->links[at + 1] = !have_common(&item, &program->bitmaps[program->links[at]]);
    return true;
}

static bool link_set(Program *program, ToyThread *t, size_t at)
{
    uint32_t number;
    if (is_locale_item(program->code[at])) return true;
    Bitmap *bitmap = new_bitmap(program, t, &number);
    if (!bitmap) return false;
    add_item(program->code, at, bitmap);
    program->links[at] = number;
    return true;
}

/* What is left for the second pass: the skip of an arm, a repeat of one character. */
#define LINK_ARM    UINT32_MAX
#define LINK_REPEAT (UINT32_MAX - 1)

/* First pass: loops, and bitmaps of sets, which the bitmaps of firsts are made of. */
static bool link_items(Program *program, ToyThread *t)
{
    const uint32_t *code = program->code;
    for (size_t at = program_start(program); at < program->length;) {
        if (program->links[at] == LINK_ARM) {
            at++;
            continue;
        }
        switch ((RegexOp)code[at]) {
        case OP_LITERAL: case OP_NOT_LITERAL: case OP_MARK: case OP_AT: case OP_JUMP:
        case OP_GROUPREF: case OP_GROUPREF_IGNORE: case OP_GROUPREF_UNI_IGNORE: case OP_GROUPREF_LOC_IGNORE:
        case OP_LITERAL_LOC_IGNORE: case OP_NOT_LITERAL_LOC_IGNORE: case OP_ATOMIC_GROUP:
            at += 2;
            break;
        case OP_LITERAL_IGNORE: case OP_NOT_LITERAL_IGNORE: case OP_LITERAL_UNI_IGNORE: case OP_NOT_LITERAL_UNI_IGNORE:
            if (!link_set(program, t, at)) return false;
            at += 2;
            break;
        case OP_IN: case OP_IN_IGNORE: case OP_IN_UNI_IGNORE: case OP_IN_LOC_IGNORE:
            if (!link_set(program, t, at)) return false;
            at += 1 + code[at + 1];
            break;
        case OP_REPEAT:
            program->links[at] = program->loop_count++;
            program->links[at + 1 + code[at + 1]] = (uint32_t)at;   /* its UNTIL */
            at += 4;
            break;
        case OP_POSSESSIVE_REPEAT:
            program->links[at] = program->loop_count++;
            at += 4;
            break;
        case OP_REPEAT_ONE: case OP_MIN_REPEAT_ONE: case OP_POSSESSIVE_REPEAT_ONE:
            program->links[at] = LINK_REPEAT;
            at += 4;
            break;
        case OP_ASSERT: case OP_ASSERT_NOT: case OP_GROUPREF_EXISTS:
            at += 3;
            break;
        case OP_BRANCH:
            /* Skips are no instructions: marked, or the walk would take them for some. */
            for (size_t arm = at + 1; code[arm]; arm += code[arm]) program->links[arm] = LINK_ARM;
            at++;
            break;
        default:
            at++;
            break;
        }
    }
    return true;
}

static bool link_firsts(Program *program, ToyThread *t)
{
    for (size_t at = program_start(program); at < program->length; at++) {
        if (program->links[at] == LINK_ARM && !find_firsts(program, t, at + 1, STEPS_FOR_PART, &program->links[at])) return false;
        if (program->links[at] == LINK_REPEAT && !link_repeat_one(program, t, at)) return false;
    }
    return find_firsts(program, t, program_start(program), STEPS_FOR_PROGRAM, &program->links[0]);
}

/* The literal prefix as bytes, for the C library's search. */
static bool make_needle(Program *program, ToyThread *t)
{
    if (!(program->code[INFO_FLAGS] & INFO_PREFIX)) return true;
    size_t length = program->code[INFO_PREFIX_LENGTH];
    const uint32_t *prefix = program->code + INFO_PREFIX_TEXT;
    for (size_t i = 0; i < length; i++)
        if (prefix[i] > 255) return true;
    program->needle = toy_alloc(t, length);
    if (!program->needle) return false;
    for (size_t i = 0; i < length; i++) program->needle[i] = (uint8_t)prefix[i];
    program->needle_length = length;
    return true;
}

bool program_prepare(Program *program, ToyThread *t)
{
    uint32_t number;
    program->links = toy_alloc(t, program->length * sizeof *program->links);
    Bitmap *every = program->links ? new_bitmap(program, t, &number) : NULL;
    if (!every) return false;
    memset(program->links, 0, program->length * sizeof *program->links);
    memset(every->bits, 0xff, sizeof every->bits);
    every->has_high = true;
    return link_items(program, t) && link_firsts(program, t) && make_needle(program, t);
}
