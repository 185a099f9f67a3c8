/* parse_group.c - what an opening parenthesis begins.
 *
 * What        (...) (?P<name>...) (?P=name) (?:...) (?>...) (?=...) (?!...) (?<=...) (?<!...) (?(1)yes|no) (?#...) (?i) (?i-m:...)
 * How         One function for each kind, chosen by the character behind "(?". A group's number is given when it opens, its width when it
 *             closes; in between it is open and cannot be referred to.
 * Invariants  I1 [start] is the place of the parenthesis, for messages about what is missing at its end.
 * GIL         held.
 * Read next   parse.c, tokens.c */
#include "stdlib/re/re.h"

/* The part of the pattern that a function works on, handed around as one. */
typedef struct Opening {
    Sequence *into;
    size_t start;
    bool *is_verbose;
    int nesting;
    bool is_first;            /* nothing stands before this in the pattern, as far as alternatives are concerned */
} Opening;

static bool missing_end(Parser *p, const Opening *opening)
{
    return parse_error(p, p->at - opening->start, "missing ), unterminated subpattern");
}

/* ==== flags ================================================================================================================= */

static uint32_t flag_of(Token token)
{
    if (token.is_escape) return 0;
    switch (token.c) {
    case 'i': return REGEX_IGNORECASE;
    case 'L': return REGEX_LOCALE;
    case 'm': return REGEX_MULTILINE;
    case 's': return REGEX_DOTALL;
    case 'x': return REGEX_VERBOSE;
    case 'a': return REGEX_ASCII;
    case 'u': return REGEX_UNICODE;
    default: return 0;
    }
}

/* A token that is no flag where one could be: a letter is an unknown one, anything else means that something is missing. */
static bool no_flag(Parser *p, Token token, const char *missing)
{
    if (token_is_end(token)) return parse_error(p, 0, "%s", missing);
    bool is_letter = !token.is_escape && toy_char_is_alpha(token.c);
    return parse_error(p, token.is_escape ? 2 : 1, "%s", is_letter ? "unknown flag" : missing);
}

static bool flags_to_add(Parser *p, Token *token, uint32_t *on)
{
    for (;;) {
        uint32_t flag = flag_of(*token);
        if (p->is_str && flag == REGEX_LOCALE) return parse_error(p, 0, "bad inline flags: cannot use 'L' flag with a str pattern");
        if (!p->is_str && flag == REGEX_UNICODE) return parse_error(p, 0, "bad inline flags: cannot use 'u' flag with a bytes pattern");
        *on |= flag;
        if (flag & REGEX_CHARACTERS && (*on & REGEX_CHARACTERS) != flag)
            return parse_error(p, 0, "bad inline flags: flags 'a', 'u' and 'L' are incompatible");
        *token = token_get(p);
        if (token_is(*token, ')') || token_is(*token, '-') || token_is(*token, ':')) return true;
        if (!flag_of(*token)) return no_flag(p, *token, "missing -, : or )");
    }
}

static bool flags_to_remove(Parser *p, uint32_t *off)
{
    Token token = token_get(p);
    if (!flag_of(token)) return no_flag(p, token, "missing flag");
    for (;;) {
        uint32_t flag = flag_of(token);
        if (flag & REGEX_CHARACTERS) return parse_error(p, 0, "bad inline flags: cannot turn off flags 'a', 'u' and 'L'");
        *off |= flag;
        token = token_get(p);
        if (token_is(token, ':')) return true;
        if (!flag_of(token)) return no_flag(p, token, "missing :");
    }
}

/* [token] is a flag or a minus. *is_global: it was (?flags). */
static bool parse_flags(Parser *p, Token token, uint32_t *on, uint32_t *off, bool *is_global)
{
    if (!token_is(token, '-') && !flags_to_add(p, &token, on)) return false;
    *is_global = token_is(token, ')');
    if (*is_global) return true;
    if (token_is(token, '-') && !flags_to_remove(p, off)) return false;
    return !(*on & *off) || parse_error(p, 1, "bad inline flags: flag turned on and off");
}

static bool global_flags(Parser *p, const Opening *opening, uint32_t on)
{
    p->tree->flags |= on;
    if (!opening->is_first || opening->into->count)
        return parse_error(p, p->at - opening->start, "global flags not at the start of the expression");
    *opening->is_verbose = p->tree->flags & REGEX_VERBOSE;
    return true;
}

/* ==== groups with contents ================================================================================================== */

/* Gives [group] its name, which may not be taken. */
static bool name_group(Parser *p, ToyValue name, uint32_t group)
{
    ToyValue old;
    if (!toy_dict_get(p->t, p->tree->names, name, &old)) return parse_failed(p);
    if (toy_is_bound(old))
        return parse_error(p, toy_str_length(name) + 1, "redefinition of group name %R as group %u; was group %d", name, group, (int)toy_small_int(old));
    return toy_dict_set(p->t, p->tree->names, name, toy_small_int_value(group)) || parse_failed(p);
}

static bool contents(Parser *p, const Opening *opening, Node *node, bool is_verbose)
{
    node->arms = parse_alternatives(p, is_verbose, opening->nesting + 1);
    if (!node->arms) return false;
    if (!token_accept(p, ')')) return missing_end(p, opening);
    if (p->has_failed) return false;
    node_measure(p->tree, node);
    sequence_append(opening->into, node);
    return true;
}

static bool capturing_group(Parser *p, const Opening *opening, ToyValue name)
{
    if (p->tree->group_count >= REGEX_GROUPS_MAX - 1) return parse_error(p, 0, "too many groups");
    uint32_t group = tree_open_group(p->tree);
    if (!group || (toy_is_bound(name) && !name_group(p, name, group))) return false;
    Node *node = tree_node(p->tree, NODE_SUBPATTERN, group);
    if (!node || !contents(p, opening, node, *opening->is_verbose)) return false;
    tree_close_group(p->tree, group, node->arms);
    return true;
}

static bool plain_group(Parser *p, const Opening *opening, NodeKind kind, uint32_t on, uint32_t off)
{
    Node *node = tree_node(p->tree, kind, 0);
    if (!node) return false;
    node->flags_on = on;
    node->flags_off = off;
    return contents(p, opening, node, (*opening->is_verbose || on & REGEX_VERBOSE) && !(off & REGEX_VERBOSE));
}

static bool lookaround(Parser *p, const Opening *opening, bool is_behind, bool is_negated)
{
    uint32_t groups_outside = p->lookbehind_groups;
    if (is_behind && !groups_outside) p->lookbehind_groups = p->tree->group_count + 1;
    Node *node = tree_node(p->tree, is_negated ? NODE_ASSERT_NOT : NODE_ASSERT, is_behind);
    if (!node) return false;
    node->arms = parse_alternatives(p, *opening->is_verbose, opening->nesting + 1);
    if (!node->arms) return false;
    p->lookbehind_groups = groups_outside;
    if (!token_accept(p, ')')) return missing_end(p, opening);
    if (is_negated && !node->arms->count) *node = (Node){.kind = NODE_FAILURE};   /* (?!) never matches */
    sequence_append(opening->into, node);
    return true;
}

/* ==== names and conditions ================================================================================================== */

/* (?P<name>...) or (?P=name), behind the P. */
static bool named_group(Parser *p, const Opening *opening)
{
    bool is_group = token_accept(p, '<');
    if (!is_group && !token_accept(p, '=')) {
        size_t at = p->at;
        Token token = token_get(p);
        if (token_is_end(token)) return parse_error(p, 0, "unexpected end of pattern");
        return parse_error_text(p, p->at - at + 2, "unknown extension ?P%S", at, p->at);
    }
    ToyValue name = tokens_until(p, is_group ? '>' : ')', "group name"), number = TOY_UNBOUND;
    bool done = !toy_failed(name) && name_check(p, name, 1);
    if (done && is_group) {
        done = capturing_group(p, opening, name);
    } else if (done) {
        done = toy_dict_get(p->t, p->tree->names, name, &number);
        if (!done) parse_failed(p);
        else if (toy_is_unbound(number)) done = parse_error(p, toy_str_length(name) + 1, "unknown group name %R", name);
        Node *node = done ? parse_reference(p, (uint32_t)toy_small_int(number), toy_str_length(name) + 1) : NULL;
        done = node != NULL;
        if (done) sequence_append(opening->into, node);
    }
    toy_release(name);
    return done;
}

static bool remember_condition(Parser *p, uint32_t group, size_t place)
{
    if (p->condition_count == p->condition_capacity) {
        size_t capacity = p->condition_capacity ? 2 * p->condition_capacity : 8;
        void *grown = toy_resize(p->t, p->conditions, p->condition_capacity * sizeof *p->conditions, capacity * sizeof *p->conditions);
        if (!grown) return parse_failed(p);
        p->conditions = grown;
        p->condition_capacity = capacity;
    }
    p->conditions[p->condition_count].group = group;
    p->conditions[p->condition_count++].place = place;
    return true;
}

/* The group that (?(...) asks for; 0: raised. */
static uint32_t condition_group(Parser *p, ToyValue name)
{
    size_t back = toy_str_length(name) + 1;
    if (!name_is_number(name)) {
        ToyValue number;
        if (!name_check(p, name, 1)) return 0;
        if (!toy_dict_get(p->t, p->tree->names, name, &number)) return parse_failed(p);
        if (toy_is_unbound(number)) return parse_error(p, back, "unknown group name %R", name);
        return (uint32_t)toy_small_int(number);
    }
    uint64_t group = name_number(name);
    if (group == 0) return parse_error(p, back, "bad group number");
    if (group >= REGEX_GROUPS_MAX) return name_no_such_number(p, name, back);
    return remember_condition(p, (uint32_t)group, p->at - back) ? (uint32_t)group : 0;
}

static bool conditional(Parser *p, const Opening *opening)
{
    ToyValue name = tokens_until(p, ')', "group name");
    uint32_t group = toy_failed(name) ? 0 : condition_group(p, name);
    toy_release(name);
    if (!group || !parse_check_lookbehind(p, group)) return false;
    Node *node = tree_node(p->tree, NODE_GROUPREF_EXISTS, group);
    if (!node) return false;
    node->arms = parse_items(p, *opening->is_verbose, opening->nesting + 1, false);
    if (!node->arms) return false;
    if (token_accept(p, '|')) {
        Sequence *no = parse_items(p, *opening->is_verbose, opening->nesting + 1, false);
        if (!no) return false;
        if (no->count) node->arms->next = no;
        if (token_is(p->next, '|')) return parse_error(p, 0, "conditional backref with more than two branches");
    }
    if (!token_accept(p, ')')) return missing_end(p, opening);
    node_measure(p->tree, node);
    sequence_append(opening->into, node);
    return true;
}

static bool comment(Parser *p, const Opening *opening)
{
    for (;;) {
        if (token_is_end(p->next)) return parse_error(p, p->at - opening->start, "missing ), unterminated comment");
        if (token_is(token_get(p), ')')) return true;
    }
}

/* ==== which of them ========================================================================================================= */

static bool lookbehind(Parser *p, const Opening *opening)
{
    size_t at = p->at;
    Token token = token_get(p);
    if (token_is_end(token)) return parse_error(p, 0, "unexpected end of pattern");
    if (token_is(token, '=') || token_is(token, '!')) return lookaround(p, opening, true, token.c == '!');
    return parse_error_text(p, p->at - at + 2, "unknown extension ?<%S", at, p->at);
}

bool parse_group(Parser *p, Sequence *into, bool *is_verbose, int nesting, bool is_first)
{
    Opening opening = {into, p->at - 1, is_verbose, nesting, is_first};
    if (!token_accept(p, '?')) return capturing_group(p, &opening, TOY_UNBOUND);
    size_t at = p->at;
    Token token = token_get(p);
    if (token_is_end(token)) return parse_error(p, 0, "unexpected end of pattern");
    if (!token.is_escape) {
        switch (token.c) {
        case 'P': return named_group(p, &opening);
        case ':': return plain_group(p, &opening, NODE_SUBPATTERN, 0, 0);
        case '>': return plain_group(p, &opening, NODE_ATOMIC_GROUP, 0, 0);
        case '#': return comment(p, &opening);
        case '=': case '!': return lookaround(p, &opening, false, token.c == '!');
        case '<': return lookbehind(p, &opening);
        case '(': return conditional(p, &opening);
        default: break;
        }
    }
    if (!flag_of(token) && !token_is(token, '-')) return parse_error_text(p, p->at - at + 1, "unknown extension ?%S", at, p->at);
    uint32_t on = 0, off = 0;
    bool is_global = false;
    if (!parse_flags(p, token, &on, &off, &is_global)) return false;
    return is_global ? global_flags(p, &opening, on) : plain_group(p, &opening, NODE_SUBPATTERN, on, off);
}
