/* gen_match.c - match statements.
 *
 * What        One kind of pattern per function.
 * How         The subject lies on the stack. Each pattern consumes its subject, whether it matches or not. Captured values wait on the
 *             stack, below what is still to be matched, until the whole case matched; only then are the names stored.
 *             A failure may happen with any number of values on the stack. fail_pop[n] is the label to jump to with n values
 *             too many: the labels stand one after the other, each pops one value and falls to the next.
 *
 *                 on_top: values above the captures, such as subjects that other parts of the pattern still need
 *                 .. subject captures .. on_top ..
 *
 * Invariants  I1 at a jump to a fail label, on_top + captures values lie above the subject's place.
 * GIL         never needed.
 * Read next   gen_stmt.c */
#include <string.h>

#include "compiler/gen.h"
#include "vm/bytecode/disasm.h"

typedef struct Pattern {
    Identifier *stores; /* captured so far, in the order of their values on the stack */
    uint32_t store_count;
    size_t store_capacity;
    Label *fail_pop;
    uint32_t fail_count;
    size_t fail_capacity;
    uint32_t on_top;
    bool allows_irrefutable; /* may the pattern match everything? Only if nothing comes after it */
} Pattern;

static void pattern_any(Gen *g, Pattern *p, Node *node);

static bool is_wildcard(const Node *node) { return node->kind == NODE_MatchAs && !node->MatchAs.name; }
static bool is_star_wildcard(const Node *node) { return node->kind == NODE_MatchStar && !node->MatchStar.name; }

/* ---- captures and failures ---- */

/* Brings the top of the stack [count] - 1 places down. */
static void rotate(Gen *g, uint32_t count, Span at)
{
    for (; count > 1; count--) emit(g, OP_SWAP, count, at);
}

static bool has_store(const Pattern *p, Identifier name)
{
    for (uint32_t i = 0; i < p->store_count; i++)
        if (p->stores[i] == name) return true;
    return false;
}

static void add_store(Gen *g, Pattern *p, Identifier name, Span at)
{
    if (has_store(p, name)) {
        gen_error(g, at, "multiple assignments to name '%s' in pattern", name->bytes);
        return;
    }
    if (p->store_count == p->store_capacity && !gen_grow(g, (void **)&p->stores, p->store_count, &p->store_capacity, sizeof *p->stores)) return;
    p->stores[p->store_count++] = name;
}

static void capture(Gen *g, Pattern *p, Identifier name, Span at)
{
    if (!name) {
        emit(g, OP_POP_TOP, 0, at);
        return;
    }
    gen_check_assignable(g, name, CONTEXT_Store, at);
    rotate(g, p->on_top + p->store_count + 1, at);
    add_store(g, p, name, at);
}

static void need_fail_labels(Gen *g, Pattern *p, uint32_t count)
{
    while (p->fail_capacity < count)
        if (!gen_grow(g, (void **)&p->fail_pop, p->fail_count, &p->fail_capacity, sizeof *p->fail_pop)) return;
    while (p->fail_count < count) p->fail_pop[p->fail_count++] = label_new(g);
}

static void jump_to_fail(Gen *g, Pattern *p, unsigned opcode, Span at)
{
    uint32_t pops = p->on_top + p->store_count;
    need_fail_labels(g, p, pops + 1);
    if (!g->has_failed) emit_jump(g, opcode, p->fail_pop[pops], at);
}

static void place_fail_labels(Gen *g, Pattern *p, Span at)
{
    for (uint32_t i = p->fail_count; i > 0; i--) {
        label_place(g, p->fail_pop[i - 1]);
        if (i > 1) emit(g, OP_POP_TOP, 0, at);
    }
    p->fail_count = p->fail_capacity = 0;
}

static void subpattern(Gen *g, Pattern *p, Node *node)
{
    bool outer = p->allows_irrefutable;
    p->allows_irrefutable = true;
    pattern_any(g, p, node);
    p->allows_irrefutable = outer;
}

/* ---- simple patterns ---- */

static void pattern_value(Gen *g, Pattern *p, Node *node)
{
    Node *value = node->MatchValue.value;
    if (value->kind != NODE_Constant && value->kind != NODE_Attribute) {
        gen_error(g, node->at, "patterns may only match literals and attribute lookups");
        return;
    }
    gen_expression(g, value);
    emit(g, OP_COMPARE_OP, 2, node->at);
    jump_to_fail(g, p, OP_POP_JUMP_IF_FALSE, node->at);
}

static void pattern_singleton(Gen *g, Pattern *p, Node *node)
{
    emit_const(g, &node->MatchSingleton.value, node->at);
    emit(g, OP_IS_OP, 0, node->at);
    jump_to_fail(g, p, OP_POP_JUMP_IF_FALSE, node->at);
}

static void pattern_as(Gen *g, Pattern *p, Node *node)
{
    Identifier name = node->MatchAs.name;
    if (!node->MatchAs.pattern) {
        if (!p->allows_irrefutable) {
            if (name)
                gen_error(g, node->at, "name capture '%s' makes remaining patterns unreachable", name->bytes);
            else
                gen_error(g, node->at, "wildcard makes remaining patterns unreachable");
            return;
        }
        capture(g, p, name, node->at);
        return;
    }
    p->on_top++;
    emit(g, OP_COPY, 1, node->at);
    pattern_any(g, p, node->MatchAs.pattern);
    p->on_top--;
    capture(g, p, name, node->at);
}

/* ---- sequences ---- */

static void check_length(Gen *g, Pattern *p, uint64_t length, uint32_t comparison, Span at)
{
    emit(g, OP_GET_LEN, 0, at);
    emit_int(g, length, at);
    emit(g, OP_COMPARE_OP, comparison, at);
    jump_to_fail(g, p, OP_POP_JUMP_IF_FALSE, at);
}

/* With a named star, or none: take the sequence apart. */
static void unpack_sequence(Gen *g, Pattern *p, Node *node, int64_t star)
{
    NodeList patterns = node->MatchSequence.patterns;
    uint32_t count = (uint32_t)patterns.count;
    if (star >= 0) {
        uint32_t after = count - (uint32_t)star - 1;
        if (star >= 256 || after >= 1 << 16) {
            gen_error(g, node->at, "too many expressions in star-unpacking sequence pattern");
            return;
        }
        emit(g, OP_UNPACK_EX, (uint32_t)star + (after << 8), node->at);
    } else {
        emit(g, OP_UNPACK_SEQUENCE, count, node->at);
    }
    p->on_top += count;
    for (uint32_t i = 0; i < count; i++) {
        p->on_top--;
        subpattern(g, p, patterns.items[i]);
    }
}

/* With *_: only the wanted items are fetched, by index. */
static void index_sequence(Gen *g, Pattern *p, Node *node, int64_t star)
{
    NodeList patterns = node->MatchSequence.patterns;
    p->on_top++;
    for (size_t i = 0; i < patterns.count; i++) {
        Node *pattern = patterns.items[i];
        if (is_wildcard(pattern) || (int64_t)i == star) continue;
        emit(g, OP_COPY, 1, node->at);
        if ((int64_t)i < star) {
            emit_int(g, i, node->at);
        } else {
            emit(g, OP_GET_LEN, 0, node->at);
            emit_int(g, patterns.count - i, node->at);
            emit(g, OP_BINARY_OP, BINARY_SUBTRACT, node->at);
        }
        emit(g, OP_BINARY_SUBSCR, 0, node->at);
        subpattern(g, p, pattern);
    }
    p->on_top--;
    emit(g, OP_POP_TOP, 0, node->at);
}

static void pattern_sequence(Gen *g, Pattern *p, Node *node)
{
    NodeList patterns = node->MatchSequence.patterns;
    int64_t star = -1;
    bool only_wildcards = true, star_is_wildcard = false;
    for (size_t i = 0; i < patterns.count; i++) {
        if (patterns.items[i]->kind != NODE_MatchStar) {
            only_wildcards &= is_wildcard(patterns.items[i]);
            continue;
        }
        if (star >= 0) {
            gen_error(g, node->at, "multiple starred names in sequence pattern");
            return;
        }
        star = (int64_t)i;
        star_is_wildcard = is_star_wildcard(patterns.items[i]);
        only_wildcards &= star_is_wildcard;
    }
    p->on_top++;
    emit(g, OP_MATCH_SEQUENCE, 0, node->at);
    jump_to_fail(g, p, OP_POP_JUMP_IF_FALSE, node->at);
    if (star < 0)
        check_length(g, p, patterns.count, 2, node->at);
    else if (patterns.count > 1)
        check_length(g, p, patterns.count - 1, 5, node->at);
    p->on_top--;
    if (only_wildcards)
        emit(g, OP_POP_TOP, 0, node->at);
    else if (star_is_wildcard)
        index_sequence(g, p, node, star);
    else
        unpack_sequence(g, p, node, star);
}

/* ---- mappings ---- */

static bool const_as_double(const Const *value, double *number)
{
    switch (value->kind) {
    case CONST_FALSE: *number = 0; return true;
    case CONST_TRUE: *number = 1; return true;
    case CONST_FLOAT: *number = value->real; return true;
    case CONST_INT:
        if (value->integer.count > 1) return false;
        *number = value->integer.count ? (double)value->integer.limbs[0] : 0;
        if (value->is_negative) *number = -*number;
        return true;
    case CONST_COMPLEX:
        *number = value->real;
        return value->imaginary == 0;
    default: return false;
    }
}

/* The same key of a dict? 1, 1.0 and True are. */
static bool is_same_key(const Const *left, const Const *right)
{
    double a, b;
    if (left->kind != right->kind && const_as_double(left, &a) && const_as_double(right, &b)) return a == b;
    return const_equals(left, right);
}

static void mapping_keys(Gen *g, Node *node)
{
    NodeList keys = node->MatchMapping.keys;
    for (size_t i = 0; i < keys.count; i++) {
        Node *key = keys.items[i];
        if (key->kind != NODE_Constant && key->kind != NODE_Attribute) {
            gen_error(g, node->at, "mapping pattern keys may only match literals and attribute lookups");
            return;
        }
        for (size_t k = 0; k < i && key->kind == NODE_Constant; k++) {
            if (keys.items[k]->kind != NODE_Constant ||
                !is_same_key(&key->Constant.value, &keys.items[k]->Constant.value))
                continue;
            Buffer text;
            buffer_init(&text, g->memory);
            disasm_constant(&text, &key->Constant.value);
            const char *repr = buffer_text(&text);
            gen_error(g, node->at, "mapping pattern checks duplicate key (%s)", repr ? repr : "");
            buffer_free(&text);
            return;
        }
        gen_expression(g, key);
    }
    emit(g, OP_BUILD_TUPLE, (uint32_t)keys.count, node->at);
}

/* subject keys -> a new dict without the keys */
static void mapping_rest(Gen *g, Pattern *p, Node *node, uint32_t count)
{
    emit(g, OP_BUILD_MAP, 0, node->at);
    emit(g, OP_SWAP, 3, node->at);
    emit(g, OP_DICT_UPDATE, 2, node->at);
    emit(g, OP_UNPACK_SEQUENCE, count, node->at);
    for (uint32_t i = count; i > 0; i--) {
        emit(g, OP_COPY, i + 1, node->at);
        emit(g, OP_SWAP, 2, node->at);
        emit(g, OP_DELETE_SUBSCR, 0, node->at);
    }
    capture(g, p, node->MatchMapping.rest, node->at);
}

static void pattern_mapping(Gen *g, Pattern *p, Node *node)
{
    uint32_t count = (uint32_t)node->MatchMapping.keys.count;
    p->on_top++;
    emit(g, OP_MATCH_MAPPING, 0, node->at);
    jump_to_fail(g, p, OP_POP_JUMP_IF_FALSE, node->at);
    if (!count && !node->MatchMapping.rest) {
        p->on_top--;
        emit(g, OP_POP_TOP, 0, node->at);
        return;
    }
    if (count) check_length(g, p, count, 5, node->at);
    mapping_keys(g, node);
    emit(g, OP_MATCH_KEYS, 0, node->at);
    p->on_top += 2; /* keys and values */
    emit(g, OP_COPY, 1, node->at);
    jump_to_fail(g, p, OP_POP_JUMP_IF_NONE, node->at);
    emit(g, OP_UNPACK_SEQUENCE, count, node->at);
    p->on_top += count - 1;
    for (uint32_t i = 0; i < count; i++) {
        p->on_top--;
        subpattern(g, p, node->MatchMapping.patterns.items[i]);
    }
    p->on_top -= 2;
    if (node->MatchMapping.rest) {
        mapping_rest(g, p, node, count);
    } else {
        emit(g, OP_POP_TOP, 0, node->at);
        emit(g, OP_POP_TOP, 0, node->at);
    }
}

/* ---- classes ---- */

static void check_attributes(Gen *g, const Node *node)
{
    IdentifierList names = node->MatchClass.kwd_attrs;
    for (size_t i = 0; i < names.count; i++) {
        gen_check_assignable(g, names.items[i], CONTEXT_Store, node->MatchClass.kwd_patterns.items[i]->at);
        for (size_t k = i + 1; k < names.count; k++)
            if (names.items[i] == names.items[k])
                gen_error(g, node->MatchClass.kwd_patterns.items[k]->at, "attribute name repeated in class pattern: %s",
                          names.items[i]->bytes);
    }
}

static void pattern_class(Gen *g, Pattern *p, Node *node)
{
    NodeList positional = node->MatchClass.patterns, named = node->MatchClass.kwd_patterns;
    uint32_t count = (uint32_t)(positional.count + named.count);
    Const *names = arena_alloc(g->arena, named.count * sizeof *names + 1);
    if (!names) {
        gen_out_of_memory(g);
        return;
    }
    check_attributes(g, node);
    gen_expression(g, node->MatchClass.cls);
    for (size_t i = 0; i < named.count; i++) names[i] = const_text(*node->MatchClass.kwd_attrs.items[i]);
    Const tuple = {.kind = CONST_TUPLE, .items = {names, named.count}};
    emit_const(g, &tuple, node->at);
    emit(g, OP_MATCH_CLASS, (uint32_t)positional.count, node->at);
    emit(g, OP_COPY, 1, node->at);
    p->on_top++;
    jump_to_fail(g, p, OP_POP_JUMP_IF_NONE, node->at);
    emit(g, OP_UNPACK_SEQUENCE, count, node->at);
    p->on_top += count - 1;
    for (uint32_t i = 0; i < count; i++) {
        Node *pattern = i < positional.count ? positional.items[i] : named.items[i - positional.count];
        p->on_top--;
        if (is_wildcard(pattern))
            emit(g, OP_POP_TOP, 0, node->at);
        else
            subpattern(g, p, pattern);
    }
}

/* ---- alternatives ---- */

/* Brings the captures of an alternative into the order of the first one's; false if the names differ. */
static bool reorder(Gen *g, Pattern *p, const Identifier *control, uint32_t count, Span at)
{
    if (p->store_count != count) return false;
    for (uint32_t wanted = count; wanted-- > 0;) {
        uint32_t found = 0;
        while (found < count && p->stores[found] != control[wanted]) found++;
        if (found == count) return false;
        if (found == wanted) continue;
        /* The first found + 1 names go up so far that the last of them comes to its place; the stack follows. */
        for (uint32_t moves = found + 1; moves > 0; moves--) {
            Identifier first = p->stores[0];
            memmove(p->stores, p->stores + 1, wanted * sizeof *p->stores);
            p->stores[wanted] = first;
            rotate(g, wanted + 1, at);
        }
    }
    return true;
}

static void pattern_or(Gen *g, Pattern *p, Node *node)
{
    NodeList alternatives = node->MatchOr.patterns;
    Label end = label_new(g);
    Identifier *control = NULL;
    uint32_t control_count = 0;
    for (size_t i = 0; i < alternatives.count; i++) {
        Node *alternative = alternatives.items[i];
        Pattern own = {.allows_irrefutable = i + 1 == alternatives.count && p->allows_irrefutable};
        emit(g, OP_COPY, 1, alternative->at);
        pattern_any(g, &own, alternative);
        if (g->has_failed) return;
        if (i == 0) {
            control = own.stores;
            control_count = own.store_count;
        } else if (!reorder(g, &own, control, control_count, alternative->at)) {
            gen_error(g, node->at, "alternative patterns bind different names");
            return;
        }
        emit_jump(g, PSEUDO_JUMP, end, alternative->at);
        place_fail_labels(g, &own, alternative->at);
    }
    emit(g, OP_POP_TOP, 0, node->at);
    jump_to_fail(g, p, PSEUDO_JUMP, node->at);
    label_place(g, end);
    /* The captures lie above the subject's copy and all that was there before: bring each to its place. */
    uint32_t rotations = control_count + 1 + p->on_top + p->store_count;
    for (uint32_t i = 0; i < control_count; i++) {
        rotate(g, rotations, node->at);
        add_store(g, p, control[i], node->at);
    }
    emit(g, OP_POP_TOP, 0, node->at);
}

/* ---- the statement ---- */

static void pattern_any(Gen *g, Pattern *p, Node *node)
{
    if (g->has_failed || gen_is_too_deep(g)) return;
    switch (node->kind) {
    case NODE_MatchValue: pattern_value(g, p, node); break;
    case NODE_MatchSingleton: pattern_singleton(g, p, node); break;
    case NODE_MatchSequence: pattern_sequence(g, p, node); break;
    case NODE_MatchMapping: pattern_mapping(g, p, node); break;
    case NODE_MatchClass: pattern_class(g, p, node); break;
    case NODE_MatchStar: capture(g, p, node->MatchStar.name, node->at); break;
    case NODE_MatchAs: pattern_as(g, p, node); break;
    default: pattern_or(g, p, node);
    }
}

static void one_case(Gen *g, Node *node, bool is_last, bool allows_irrefutable, Label end)
{
    Node *pattern = node->match_case.pattern, *guard = node->match_case.guard;
    Pattern p = {.allows_irrefutable = guard || allows_irrefutable};
    if (!is_last) emit(g, OP_COPY, 1, pattern->at);
    pattern_any(g, &p, pattern);
    for (uint32_t i = 0; i < p.store_count; i++) gen_name(g, p.stores[i], CONTEXT_Store, pattern->at);
    p.store_count = 0;
    if (guard) {
        need_fail_labels(g, &p, 1);
        if (!g->has_failed) gen_jump_if(g, guard, p.fail_pop[0], false, pattern->at);
    }
    if (!is_last) emit(g, OP_POP_TOP, 0, pattern->at);
    gen_statements(g, node->match_case.body);
    emit_jump(g, PSEUDO_JUMP, end, NO_PLACE);
    place_fail_labels(g, &p, pattern->at);
}

void gen_match(Gen *g, Node *node)
{
    NodeList cases = node->Match.cases;
    Node *last = cases.items[cases.count - 1];
    bool has_default = cases.count > 1 && is_wildcard(last->match_case.pattern);
    size_t tested = cases.count - has_default;
    Label end = label_new(g);
    gen_expression(g, node->Match.subject);
    for (size_t i = 0; i < tested; i++) one_case(g, cases.items[i], i + 1 == tested, i + 1 == cases.count, end);
    if (has_default) {
        emit(g, OP_NOP, 0, last->match_case.pattern->at);
        if (last->match_case.guard) gen_jump_if(g, last->match_case.guard, end, false, last->match_case.pattern->at);
        gen_statements(g, last->match_case.body);
    }
    label_place(g, end);
}
