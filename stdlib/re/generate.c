/* generate.c - a tree becomes a program.
 *
 * What        One function writes the instructions of a node, another what INFO tells a search: widths, a literal prefix or a set of first
 *             characters.
 * How         Recursion over the tree, which the parser has kept shallow enough for the C stack. A skip is written as 0 and filled in when its
 *             target is known. Flags are handed down, for (?i:...) changes them for a part.
 * Invariants  I1 a skip counts from its own word.
 *             I2 the words are those of CPython: re.DEBUG shows them, and they are the same there.
 * GIL         held.
 * Read next   opcodes.def, charset.c, prepare.c */
#include "stdlib/re/re.h"

typedef struct Generator { ToyThread *t; Tree *tree; Program *program; } Generator;

bool program_add(Program *program, ToyThread *t, uint32_t word)
{
    if (program->length == program->capacity) {
        size_t capacity = program->capacity ? 2 * program->capacity : 32;
        uint32_t *code = toy_resize(t, program->code, program->capacity * sizeof *code, capacity * sizeof *code);
        if (!code) return false;
        program->code = code;
        program->capacity = capacity;
    }
    program->code[program->length++] = word;
    return true;
}

static bool add(Generator *g, uint32_t word) { return program_add(g->program, g->t, word); }
static bool add2(Generator *g, RegexOp op, uint32_t operand) { return add(g, op) && add(g, operand); }

/* A word to be filled in. */
static bool add_skip(Generator *g, size_t *at)
{
    *at = g->program->length;
    return add(g, 0);
}
static void set_skip(Generator *g, size_t at) { g->program->code[at] = (uint32_t)(g->program->length - at); }

static bool write_sequence(Generator *g, const Sequence *sequence, uint32_t flags);

/* ==== characters ============================================================================================================ */

/* The instruction for a literal under each CaseRule. */
static const uint8_t literal_ops[] = {OP_LITERAL, OP_LITERAL_IGNORE, OP_LITERAL_LOC_IGNORE, OP_LITERAL_UNI_IGNORE};
static const uint8_t not_literal_ops[] = {OP_NOT_LITERAL, OP_NOT_LITERAL_IGNORE, OP_NOT_LITERAL_LOC_IGNORE, OP_NOT_LITERAL_UNI_IGNORE};
static const uint8_t reference_ops[] = {OP_GROUPREF, OP_GROUPREF_IGNORE, OP_GROUPREF_LOC_IGNORE, OP_GROUPREF_UNI_IGNORE};

static bool write_literal(Generator *g, uint32_t c, bool is_negated, uint32_t flags)
{
    CaseRule rule = case_rule(flags);
    const uint8_t *ops = is_negated ? not_literal_ops : literal_ops;
    if (rule == CASE_LOCALE) return add2(g, ops[rule], c);
    if (!case_matters(rule, c)) return add2(g, ops[CASE_EXACT], c);
    uint32_t lower = case_lower(rule, c), others[CASE_OTHERS_MAX];
    unsigned count = case_others(rule, lower, others);
    if (!count) return add2(g, ops[rule], lower);
    /* Several characters are the same without regard to case. */
    size_t skip = 0;
    bool done = add(g, OP_IN_UNI_IGNORE) && add_skip(g, &skip) && (!is_negated || add(g, OP_NEGATE)) && add2(g, OP_LITERAL, lower);
    for (unsigned i = 0; i < count; i++) done = done && add2(g, OP_LITERAL, others[i]);
    if (!done || !add(g, OP_FAILURE)) return false;
    set_skip(g, skip);
    return true;
}

static bool write_set(Generator *g, const Node *node, uint32_t flags)
{
    CaseRule rule = case_rule(flags);
    Charset set;
    size_t skip;
    if (!charset_make(g->tree, node->items, node->item_count, rule, &set)) return false;
    RegexOp op = rule == CASE_LOCALE ? OP_IN_LOC_IGNORE : !set.has_case ? OP_IN : rule == CASE_ASCII ? OP_IN_IGNORE : OP_IN_UNI_IGNORE;
    if (!add(g, op) || !add_skip(g, &skip) || !charset_write(g->program, g->t, &set, flags)) return false;
    set_skip(g, skip);
    return true;
}

static uint32_t place_for(uint32_t place, uint32_t flags)
{
    static const uint8_t in_line[] = {
#define OP(name, operands, sentence)
#define CATEGORY(name, locale, unicode)
#define PLACE(name, line, locale, unicode) PLACE_##line,
#include "stdlib/re/opcodes.def"
#undef PLACE
    };
    static const uint8_t with_locale[] = {
#define PLACE(name, line, locale, unicode) PLACE_##locale,
#include "stdlib/re/opcodes.def"
#undef PLACE
    };
    static const uint8_t with_unicode[] = {
#define PLACE(name, line, locale, unicode) PLACE_##unicode,
#include "stdlib/re/opcodes.def"
#undef PLACE
#undef CATEGORY
#undef OP
    };
    if (flags & REGEX_MULTILINE) place = in_line[place];
    return flags & REGEX_LOCALE ? with_locale[place] : flags & REGEX_UNICODE ? with_unicode[place] : place;
}

/* ==== repeats =============================================================================================================== */

/* One item that always matches one character. */
static bool is_single(const Sequence *body)
{
    while (body->count == 1) {
        const Node *node = body->first;
        if (node->kind <= NODE_IN) return true;
        if (node->kind != NODE_SUBPATTERN || node->number) return false;
        body = node->arms;
    }
    return false;
}

static bool write_repeat(Generator *g, const Node *node, uint32_t flags)
{
    static const uint8_t single_ops[] = {OP_REPEAT_ONE, OP_MIN_REPEAT_ONE, OP_POSSESSIVE_REPEAT_ONE};
    static const uint8_t ops[] = {OP_REPEAT, OP_REPEAT, OP_POSSESSIVE_REPEAT}, end_ops[] = {OP_MAX_UNTIL, OP_MIN_UNTIL, OP_SUCCESS};
    size_t which = node->kind - NODE_MAX_REPEAT, skip;
    bool single = is_single(node->arms);
    if (!add(g, single ? single_ops[which] : ops[which]) || !add_skip(g, &skip) || !add(g, node->minimum) || !add(g, node->maximum)) return false;
    if (!write_sequence(g, node->arms, flags)) return false;
    if (single && !add(g, OP_SUCCESS)) return false;
    set_skip(g, skip);
    return single || add(g, end_ops[which]);
}

/* ==== groups ================================================================================================================ */

/* A part that is tried by itself: op, skip, perhaps how far back, body, SUCCESS. */
static bool write_part(Generator *g, RegexOp op, const Node *node, const uint32_t *back, uint32_t flags)
{
    size_t skip;
    if (!add(g, op) || !add_skip(g, &skip) || (back && !add(g, *back)) || !write_sequence(g, node->arms, flags) || !add(g, OP_SUCCESS)) return false;
    set_skip(g, skip);
    return true;
}

static bool write_lookaround(Generator *g, const Node *node, uint32_t flags)
{
    uint32_t back = 0;
    if (node->number) {
        Width width = sequence_width(node->arms);
        const char *wrong = width.least >= UINT32_MAX ? "looks too much behind" : width.least != width.most ? "look-behind requires fixed-width pattern" : NULL;
        if (wrong) {
            regex_raise(g->t, toy_str(g->t, wrong), TOY_NONE, SIZE_MAX);
            return false;
        }
        back = (uint32_t)width.least;
    }
    return write_part(g, node->kind == NODE_ASSERT ? OP_ASSERT : OP_ASSERT_NOT, node, &back, flags);
}

static bool write_branch(Generator *g, const Node *node, uint32_t flags)
{
    /* Until the end is known, the JUMPs form a list: each holds the place of the one before. */
    size_t last_jump = 0;
    if (!add(g, OP_BRANCH)) return false;
    for (const Sequence *arm = node->arms; arm; arm = arm->next) {
        size_t skip, jump;
        if (!add_skip(g, &skip) || !write_sequence(g, arm, flags) || !add(g, OP_JUMP) || !add_skip(g, &jump)) return false;
        g->program->code[jump] = (uint32_t)last_jump;
        last_jump = jump;
        set_skip(g, skip);
    }
    if (!add(g, OP_FAILURE)) return false;
    while (last_jump) {
        size_t before = g->program->code[last_jump];
        set_skip(g, last_jump);
        last_jump = before;
    }
    return true;
}

static bool write_conditional(Generator *g, const Node *node, uint32_t flags)
{
    size_t skip_yes, skip_no = 0;
    const Sequence *no = node->arms->next;
    if (!add2(g, OP_GROUPREF_EXISTS, node->number - 1) || !add_skip(g, &skip_yes) || !write_sequence(g, node->arms, flags)) return false;
    if (no && (!add(g, OP_JUMP) || !add_skip(g, &skip_no))) return false;
    g->program->code[skip_yes] = (uint32_t)(g->program->length - skip_yes + 1);
    if (!no) return true;
    if (!write_sequence(g, no, flags)) return false;
    set_skip(g, skip_no);
    return true;
}

static bool write_subpattern(Generator *g, const Node *node, uint32_t flags)
{
    uint32_t mark = (node->number - 1) * 2;
    if (node->number && !add2(g, OP_MARK, mark)) return false;
    return write_sequence(g, node->arms, flags_inside(flags, node)) && (!node->number || add2(g, OP_MARK, mark + 1));
}

/* ==== nodes ================================================================================================================= */

static bool write_node(Generator *g, const Node *node, uint32_t flags)
{
    switch (node->kind) {
    case NODE_LITERAL: case NODE_NOT_LITERAL: return write_literal(g, node->number, node->kind == NODE_NOT_LITERAL, flags);
    case NODE_ANY: return add(g, flags & REGEX_DOTALL ? OP_ANY_ALL : OP_ANY);
    case NODE_IN: return write_set(g, node, flags);
    case NODE_AT: return add2(g, OP_AT, place_for(node->number, flags));
    case NODE_FAILURE: return add(g, OP_FAILURE);
    case NODE_GROUPREF: return add2(g, reference_ops[case_rule(flags)], node->number - 1);
    case NODE_MAX_REPEAT: case NODE_MIN_REPEAT: case NODE_POSSESSIVE_REPEAT: return write_repeat(g, node, flags);
    case NODE_SUBPATTERN: return write_subpattern(g, node, flags);
    case NODE_ATOMIC_GROUP: return write_part(g, OP_ATOMIC_GROUP, node, NULL, flags);
    case NODE_ASSERT: case NODE_ASSERT_NOT: return write_lookaround(g, node, flags);
    case NODE_BRANCH: return write_branch(g, node, flags);
    case NODE_GROUPREF_EXISTS: return write_conditional(g, node, flags);
    }
    return false;
}

static bool write_sequence(Generator *g, const Sequence *sequence, uint32_t flags)
{
    if (!toy_check_recursion(g->t, "")) return false;
    for (const Node *node = sequence->first; node; node = node->next)
        if (!write_node(g, node, flags)) return false;
    return true;
}

/* ==== INFO ================================================================================================================== */

typedef struct Prefix { uint32_t *text; size_t length, capacity, skip; } Prefix;   /* [skip]: characters before the first group; SIZE_MAX: no group */

/* The characters that everything begins with; *is_all: there is nothing else in the sequence. */
static bool literal_prefix(Generator *g, const Sequence *sequence, uint32_t flags, Prefix *prefix, bool *is_all)
{
    CaseRule rule = case_rule(flags);
    *is_all = false;
    if (!toy_check_recursion(g->t, "")) return false;
    for (const Node *node = sequence->first; node; node = node->next) {
        if (node->kind == NODE_LITERAL) {
            if (case_matters(rule, node->number)) return true;
            if (prefix->length == prefix->capacity) {
                size_t capacity = prefix->capacity ? 2 * prefix->capacity : 16;
                uint32_t *text = tree_alloc(g->tree, capacity * sizeof *text);
                if (!text) return false;
                if (prefix->length) memcpy(text, prefix->text, prefix->length * sizeof *text);
                prefix->text = text;
                prefix->capacity = capacity;
            }
            prefix->text[prefix->length++] = node->number;
        } else if (node->kind == NODE_SUBPATTERN) {
            uint32_t inside = flags_inside(flags, node);
            if (case_rule(inside) == CASE_LOCALE) return true;
            if (prefix->skip == SIZE_MAX && node->number) prefix->skip = prefix->length;
            if (!literal_prefix(g, node->arms, inside, prefix, is_all)) return false;
            if (!*is_all) return true;
            *is_all = false;
        } else {
            return true;
        }
    }
    *is_all = true;
    return true;
}

/* A set of characters one of which everything begins with; *count 0: none is known. */
static bool first_characters(Generator *g, const Sequence *sequence, uint32_t flags, const SetItem **items, size_t *count)
{
    *count = 0;
    const Node *node = sequence->first;
    for (; node && node->kind == NODE_SUBPATTERN; node = node->arms->first) {
        flags = flags_inside(flags, node);
        if (case_rule(flags) == CASE_LOCALE) return true;
    }
    if (!node) return true;
    CaseRule rule = case_rule(flags);
    if (node->kind == NODE_IN) {
        for (size_t i = 0; i < node->item_count; i++) {
            const SetItem *item = &node->items[i];
            if (item->op == OP_LITERAL && case_matters(rule, item->low)) return true;
            if (item->op != OP_RANGE || rule == CASE_EXACT) continue;
            if (item->high > 0xffff) return true;
            for (uint32_t c = item->low; c <= item->high; c++)
                if (case_matters(rule, c)) return true;
        }
        *items = node->items;
        *count = node->item_count;
        return true;
    }
    size_t arms = 1;
    if (node->kind == NODE_BRANCH) {
        arms = 0;
        for (const Sequence *arm = node->arms; arm; arm = arm->next, arms++)
            if (!arm->first || arm->first->kind != NODE_LITERAL || case_matters(rule, arm->first->number)) return true;
    } else if (node->kind != NODE_LITERAL || case_matters(rule, node->number)) {
        return true;
    }
    SetItem *made = tree_alloc(g->tree, arms * sizeof *made);
    if (!made) return false;
    *items = made;
    if (node->kind == NODE_LITERAL) made[(*count)++] = (SetItem){OP_LITERAL, node->number, 0};
    for (const Sequence *arm = node->arms; arm; arm = arm->next) made[(*count)++] = (SetItem){OP_LITERAL, arm->first->number, 0};
    return true;
}

/* The text, and for each place in it how much of the prefix one is in when the next character does not fit: Knuth, Morris, Pratt. */
static bool write_prefix(Generator *g, const Prefix *prefix)
{
    bool done = add(g, (uint32_t)prefix->length) && add(g, (uint32_t)(prefix->skip == SIZE_MAX ? prefix->length : prefix->skip));
    for (size_t i = 0; i < prefix->length; i++) done = done && add(g, prefix->text[i]);
    size_t table = g->program->length;
    for (size_t i = 0; done && i < prefix->length; i++) {
        uint32_t overlap = 0;
        if (i) {
            const uint32_t *before = g->program->code + table;
            overlap = before[i - 1];
            while (overlap && prefix->text[i] != prefix->text[overlap]) overlap = before[overlap - 1];
            overlap += prefix->text[i] == prefix->text[overlap];
        }
        done = add(g, overlap);
    }
    return done;
}

static bool write_info(Generator *g, uint32_t flags)
{
    Width width = sequence_width(g->tree->root);
    uint32_t least = width.least < UINT32_MAX ? (uint32_t)width.least : UINT32_MAX, most = width.most < UINT32_MAX ? (uint32_t)width.most : UINT32_MAX;
    Prefix prefix = {.skip = SIZE_MAX};
    const SetItem *items = NULL;
    size_t count = 0, skip;
    bool is_all = false;
    if (least && case_rule(flags) != CASE_LOCALE) {
        if (!literal_prefix(g, g->tree->root, flags, &prefix, &is_all)) return false;
        if (!prefix.length && !first_characters(g, g->tree->root, flags, &items, &count)) return false;
    }
    uint32_t info = prefix.length ? INFO_PREFIX | (is_all && prefix.skip == SIZE_MAX ? INFO_LITERAL : 0) : count ? INFO_CHARSET : 0;
    if (!add(g, OP_INFO) || !add_skip(g, &skip) || !add(g, info) || !add(g, least) || !add(g, most)) return false;
    if (prefix.length && !write_prefix(g, &prefix)) return false;
    if (count) {
        Charset set;
        if (!charset_make(g->tree, items, count, CASE_EXACT, &set) || !charset_write(g->program, g->t, &set, flags)) return false;
    }
    set_skip(g, skip);
    return true;
}

bool generate_program(Tree *tree, Program *program)
{
    Generator g = {tree->t, tree, program};
    program->group_count = tree->group_count;
    return write_info(&g, tree->flags) && write_sequence(&g, tree->root, tree->flags) && add(&g, OP_SUCCESS);
}
