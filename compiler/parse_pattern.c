/* parse_pattern.c - what stands behind `case`.
 *
 * What        patterns: literals, captures, values, sequences, mappings, classes, alternatives, `as`.
 * How         The first token decides, but for names: `x` captures, `x.y` is a value, `x(...)` is a class.
 * Invariants  I1-I3 of parse_rules.h.
 * GIL         never needed.
 * Read next   parse_compound.c (case_block) */
#include "compiler/parse_rules.h"

static Node *closed_pattern(Parser *parser);

/* ---- names ---- */

static Node *match_as(Parser *parser, Span from, Node *pattern, Identifier name)
{
    Node *node = node_make(parser, NODE_MatchAs, from);
    node->MatchAs.pattern = pattern;
    node->MatchAs.name = name;
    return node;
}

/* pattern_capture_target: !"_" NAME !('.' | '(' | '=') */
static Identifier capture_target(Parser *parser)
{
    if (at_name(parser, parser->underscore))
        return NULL;
    Identifier name = accept_name(parser);
    if (!name || at_either(parser, TOKEN_DOT, TOKEN_LPAR) || at(parser, TOKEN_EQUAL))
        return NULL;
    return name;
}

/* name_or_attr: NAME ('.' NAME)* */
static Node *name_or_attr(Parser *parser)
{
    Span from = here(parser);
    Node *node = accept_name_node(parser, CONTEXT_Load);
    while (node && at(parser, TOKEN_DOT)) {
        size_t mark = parser->mark++;
        Identifier name = accept_name(parser);
        if (!name) {
            parser->mark = mark;
            break;
        }
        Node *attribute = node_make(parser, NODE_Attribute, from);
        attribute->Attribute.value = node;
        attribute->Attribute.attr = name;
        node = attribute;
    }
    return node;
}

static Node *match_value(Parser *parser, Node *value)
{
    if (!value)
        return NULL;
    Node *node = node_make_at(parser, NODE_MatchValue, value->at);
    node->MatchValue.value = value;
    return node;
}

/* ---- literals ---- */

/* signed_number: ['-'] NUMBER */
static Node *signed_number(Parser *parser)
{
    Span from = here(parser);
    bool is_negative = accept(parser, TOKEN_MINUS);
    Node *number = parse_number(parser);
    if (!number || !is_negative)
        return number;
    Node *node = node_make(parser, NODE_UnaryOp, from);
    node->UnaryOp.op = UNARY_USub;
    node->UnaryOp.operand = number;
    return node;
}

static bool is_imaginary(const Node *number)
{
    if (number->kind == NODE_UnaryOp)
        number = number->UnaryOp.operand;
    return number->kind == NODE_Constant && number->Constant.value.kind == CONST_COMPLEX;
}

/* signed_number !('+' | '-') | signed_number ('+' | '-') NUMBER, the second of which is imaginary */
static Node *number_literal(Parser *parser)
{
    Span from = here(parser);
    Node *left = signed_number(parser);
    if (!left || !at_either(parser, TOKEN_PLUS, TOKEN_MINUS))
        return left;
    if (is_imaginary(left))
        return mistake_at(parser, left->at, "real number required in complex literal");
    Operator op = at(parser, TOKEN_PLUS) ? OPERATOR_Add : OPERATOR_Sub;
    parser->mark++;
    Node *right = parse_number(parser);
    if (!right)
        return NULL;
    if (!is_imaginary(right))
        return mistake_at(parser, right->at, "imaginary number required in complex literal");
    Node *node = node_make(parser, NODE_BinOp, from);
    node->BinOp.left = left;
    node->BinOp.op = op;
    node->BinOp.right = right;
    return node;
}

/* literal_expr: what a mapping may have as a key, attributes apart */
static Node *literal_expr(Parser *parser)
{
    switch (next_kind(parser)) {
    case TOKEN_NUMBER:
    case TOKEN_MINUS: return number_literal(parser);
    case TOKEN_STRING:
    case TOKEN_FSTRING_START: return parse_strings(parser);
    case TOKEN_NONE:
    case TOKEN_TRUE:
    case TOKEN_FALSE: return parse_atom(parser);
    default: return NULL;
    }
}

static Node *literal_pattern(Parser *parser)
{
    bool is_singleton = at_either(parser, TOKEN_NONE, TOKEN_TRUE) || at(parser, TOKEN_FALSE);
    Node *value = literal_expr(parser);
    if (!value || !is_singleton)
        return match_value(parser, value);
    Node *node = node_make_at(parser, NODE_MatchSingleton, value->at);
    node->MatchSingleton.value = value->Constant.value;
    return node;
}

/* ---- sequences ---- */

/* maybe_star_pattern: '*' NAME | pattern */
static Node *maybe_star_pattern(Parser *parser)
{
    Span from = here(parser);
    if (!accept(parser, TOKEN_STAR))
        return parse_pattern(parser);
    bool is_wildcard = at_name(parser, parser->underscore);
    parser->mark += is_wildcard;
    Identifier name = is_wildcard ? NULL : capture_target(parser);
    if (!name && !is_wildcard)
        return NULL;
    Node *node = node_make(parser, NODE_MatchStar, from);
    node->MatchStar.name = name;
    return node;
}

/* ','.maybe_star_pattern+ [',']; may be empty */
static void sequence_items(Parser *parser, NodeList *items)
{
    do {
        size_t mark = parser->mark;
        Node *item = maybe_star_pattern(parser);
        if (!item) {
            parser->mark = mark;
            return;
        }
        list_add(parser, items, item);
    } while (accept(parser, TOKEN_COMMA));
}

static Node *match_sequence(Parser *parser, Span from, NodeList patterns)
{
    Node *node = node_make(parser, NODE_MatchSequence, from);
    node->MatchSequence.patterns = patterns;
    return node;
}

/* group_pattern: '(' pattern ')'; sequence_pattern: '(' [items with a comma] ')' | '[' [items] ']' */
static Node *bracketed_pattern(Parser *parser)
{
    Span from = here(parser);
    NodeList patterns = { 0 };
    bool is_paren = at(parser, TOKEN_LPAR);
    parser->mark++;
    sequence_items(parser, &patterns);
    bool has_comma = patterns.count != 1 || last_token(parser)->kind == TOKEN_COMMA;
    if (!accept(parser, is_paren ? TOKEN_RPAR : TOKEN_RSQB))
        return NULL;
    if (!is_paren || has_comma)
        return match_sequence(parser, from, patterns);
    return patterns.items[0]->kind == NODE_MatchStar ? NULL : patterns.items[0];
}

/* ---- mappings and classes ---- */

/* mapping_pattern: '{' ','.(key ':' pattern)* [',' '**' NAME] [','] '}' */
static Node *mapping_pattern(Parser *parser)
{
    Span from = here(parser);
    NodeList keys = { 0 }, patterns = { 0 };
    Identifier rest = NULL;
    parser->mark++;
    while (!at(parser, TOKEN_RBRACE)) {
        if (accept(parser, TOKEN_DOUBLESTAR)) {
            rest = capture_target(parser);
            if (!rest)
                return NULL;
            (void)accept(parser, TOKEN_COMMA);
            break;
        }
        Node *key = at(parser, TOKEN_NAME) ? name_or_attr(parser) : literal_expr(parser);
        if (!key || key->kind == NODE_Name || !accept(parser, TOKEN_COLON))
            return NULL;
        Node *pattern = parse_pattern(parser);
        if (!pattern)
            return NULL;
        list_add(parser, &keys, key);
        list_add(parser, &patterns, pattern);
        if (!accept(parser, TOKEN_COMMA))
            break;
    }
    if (!accept(parser, TOKEN_RBRACE))
        return NULL;
    Node *node = node_make(parser, NODE_MatchMapping, from);
    node->MatchMapping.keys = keys;
    node->MatchMapping.patterns = patterns;
    node->MatchMapping.rest = rest;
    return node;
}

/* class_pattern: name_or_attr '(' positional patterns, then NAME '=' pattern [','] ')'; the name is read. */
static Node *class_pattern(Parser *parser, Span from, Node *cls)
{
    size_t start = parser->mark++;
    NodeList patterns = { 0 }, kwd_patterns = { 0 };
    IdentifierList kwd_attrs = { 0 };
    while (!at(parser, TOKEN_RPAR)) {
        bool is_keyword = at(parser, TOKEN_NAME) && kind_ahead(parser, 1) == TOKEN_EQUAL;
        if (is_keyword) {
            identifier_list_add(parser, &kwd_attrs, accept_name(parser));
            parser->mark++;
        } else if (kwd_attrs.count) {
            break;
        }
        Node *pattern = parse_pattern(parser);
        if (!pattern)
            break;
        list_add(parser, is_keyword ? &kwd_patterns : &patterns, pattern);
        if (!accept(parser, TOKEN_COMMA))
            break;
    }
    if (!accept(parser, TOKEN_RPAR)) {
        if (names_mistakes(parser)) {
            parser->mark = start;
            mistake_class_pattern(parser);
        }
        return NULL;
    }
    Node *node = node_make(parser, NODE_MatchClass, from);
    node->MatchClass.cls = cls;
    node->MatchClass.patterns = patterns;
    node->MatchClass.kwd_attrs = kwd_attrs;
    node->MatchClass.kwd_patterns = kwd_patterns;
    return node;
}

static Node *name_pattern(Parser *parser)
{
    Span from = here(parser);
    if (at_name(parser, parser->underscore)) {   /* the wildcard, also before '.' or '(': then those are the mistake */
        parser->mark++;
        return match_as(parser, from, NULL, NULL);
    }
    size_t start = parser->mark;
    Node *name = name_or_attr(parser);
    if (at(parser, TOKEN_LPAR))
        return class_pattern(parser, from, name);
    if (!name || at(parser, TOKEN_DOT) || at(parser, TOKEN_EQUAL))
        return NULL;
    return parser->mark == start + 1 ? match_as(parser, from, NULL, name->Name.id) : match_value(parser, name);
}

/* ---- patterns ---- */

static Node *closed_pattern(Parser *parser)
{
    Memo memo;
    if (memo_find(parser, RULE_PATTERN, &memo))
        return memo.node;
    size_t start = parser->mark;
    Node *node;
    switch (next_kind(parser)) {
    case TOKEN_NAME: node = name_pattern(parser); break;
    case TOKEN_LPAR:
    case TOKEN_LSQB: node = bracketed_pattern(parser); break;
    case TOKEN_LBRACE: node = mapping_pattern(parser); break;
    default: node = literal_pattern(parser); break;
    }
    memo_keep(parser, RULE_PATTERN, start, node, (NodeList){ 0 });
    return node;
}

/* or_pattern: '|'.closed_pattern+ */
Node *parse_or_pattern(Parser *parser)
{
    Span from = here(parser);
    Node *first = closed_pattern(parser);
    if (!first || !at(parser, TOKEN_VBAR))
        return first;
    NodeList patterns = { 0 };
    list_add(parser, &patterns, first);
    for (;;) {
        size_t mark = parser->mark;
        Node *next = accept(parser, TOKEN_VBAR) ? closed_pattern(parser) : NULL;
        if (!next) {
            parser->mark = mark;
            break;
        }
        list_add(parser, &patterns, next);
    }
    if (patterns.count == 1)
        return first;
    Node *node = node_make(parser, NODE_MatchOr, from);
    node->MatchOr.patterns = patterns;
    return node;
}

/* pattern: or_pattern ['as' NAME] */
Node *parse_pattern(Parser *parser)
{
    size_t start = parser->mark;
    Span from = here(parser);
    Node *pattern = parse_or_pattern(parser);
    size_t mark = parser->mark;
    if (!pattern || !accept(parser, TOKEN_AS))
        return pattern;
    Identifier name = capture_target(parser);
    if (name)
        return match_as(parser, from, pattern, name);
    if (names_mistakes(parser)) {
        parser->mark = start;
        mistake_as_pattern(parser);
    }
    parser->mark = mark;
    return pattern;
}

/* patterns: maybe_star_pattern ',' [items] | pattern */
Node *parse_patterns(Parser *parser)
{
    Span from = here(parser);
    Node *first = maybe_star_pattern(parser);
    if (!first)
        return NULL;
    if (!accept(parser, TOKEN_COMMA))
        return first->kind == NODE_MatchStar ? NULL : first;
    NodeList patterns = { 0 };
    list_add(parser, &patterns, first);
    sequence_items(parser, &patterns);
    return match_sequence(parser, from, patterns);
}
