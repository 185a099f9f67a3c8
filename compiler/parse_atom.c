/* parse_atom.c - what an expression is made of at its leaves, and everything in brackets.
 *
 * What        Names, numbers, constants; tuples, groups, lists, dicts, sets; comprehensions.
 * How         Behind an opening bracket one element is read; what follows it (a comma, `for`, the closing bracket, a colon)
 *             tells which of the forms this is.
 * Invariants  I1-I3 of parse_rules.h.
 * GIL         never needed.
 * Read next   parse_fstring.c, literal.c, parse_params.c (lambda) */
#include <string.h>

#include "compiler/literal.h"
#include "compiler/parse_rules.h"

/* ---- comprehensions ---- */

bool at_comprehension(Parser *parser)
{
    return at(parser, TOKEN_FOR) || (at(parser, TOKEN_ASYNC) && kind_ahead(parser, 1) == TOKEN_FOR);
}

/* for_if_clause: ['async'] 'for' star_targets 'in' disjunction ('if' disjunction)* */
static Node *for_if_clause(Parser *parser)
{
    size_t start = parser->mark;
    bool is_async = accept(parser, TOKEN_ASYNC);
    Node *target = accept(parser, TOKEN_FOR) ? parse_star_targets(parser) : NULL;
    if (!target || !accept(parser, TOKEN_IN)) {
        if (names_mistakes(parser)) {
            parser->mark = start;
            mistake_for_if_clause(parser);
        }
        return NULL;
    }
    Node *clause = node_make_at(parser, NODE_comprehension, (Span){ 0 });
    clause->comprehension.target = target;
    clause->comprehension.is_async = is_async;
    clause->comprehension.iter = parse_disjunction(parser);
    if (is_async && !is_of_version(parser, "Async comprehensions are", 6))
        return NULL;
    if (!clause->comprehension.iter)
        return NULL;
    for (;;) {
        size_t mark = parser->mark;
        Node *test = accept(parser, TOKEN_IF) ? parse_disjunction(parser) : NULL;
        if (!test) {
            parser->mark = mark;
            return clause;
        }
        list_add(parser, &clause->comprehension.ifs, test);
    }
}

/* for_if_clauses: for_if_clause+ */
bool parse_for_if_clauses(Parser *parser, NodeList *clauses)
{
    Memo memo;
    if (memo_find(parser, RULE_FOR_IF_CLAUSES, &memo)) {
        *clauses = memo.list;
        return memo.list.count > 0;
    }
    size_t start = parser->mark;
    Node *clause = NULL;
    while (at_comprehension(parser)) {
        size_t mark = parser->mark;
        Node *next = for_if_clause(parser);
        if (!next) {
            parser->mark = mark;
            break;
        }
        clause = next;
        list_add(parser, clauses, clause);
    }
    memo_keep(parser, RULE_FOR_IF_CLAUSES, start, clause, *clauses);
    return clauses->count > 0;
}

/* ---- ( ... ) ---- */

static Node *tuple_make(Parser *parser, Span from, NodeList elements)
{
    Node *node = node_make(parser, NODE_Tuple, from);
    node->Tuple.elts = elements;
    return node;
}

/* The rest of tuple | group | genexp, behind '('. */
static Node *paren_inside(Parser *parser, Span from)
{
    NodeList elements = { 0 };
    if (accept(parser, TOKEN_RPAR))
        return tuple_make(parser, from, elements);
    if (at(parser, TOKEN_YIELD)) {
        Node *yield = parse_yield_expr(parser);
        return yield && accept(parser, TOKEN_RPAR) ? yield : NULL;
    }
    Node *first = parse_star_named_expression(parser);
    if (!first)
        return NULL;
    if (accept(parser, TOKEN_COMMA)) {
        list_add(parser, &elements, first);
        size_t mark = parser->mark;
        if (!parse_star_named_expressions(parser, &elements))
            parser->mark = mark;
        return accept(parser, TOKEN_RPAR) ? tuple_make(parser, from, elements) : NULL;
    }
    if (first->kind == NODE_Starred)
        return NULL;
    if (!at_comprehension(parser))
        return accept(parser, TOKEN_RPAR) ? first : NULL;
    NodeList generators = { 0 };
    if (!parse_for_if_clauses(parser, &generators) || !accept(parser, TOKEN_RPAR))
        return NULL;
    Node *node = node_make(parser, NODE_GeneratorExp, from);
    node->GeneratorExp.elt = first;
    node->GeneratorExp.generators = generators;
    return node;
}

/* tuple | group | genexp. A group leaves no node: its brackets are not part of the expression's span. */
Node *parse_paren(Parser *parser)
{
    size_t start = parser->mark;
    Span from = here(parser);
    if (!accept(parser, TOKEN_LPAR))
        return NULL;
    Node *node = paren_inside(parser, from);
    if (!node && names_mistakes(parser)) {
        parser->mark = start;
        mistake_group(parser);
        mistake_comprehension(parser);
    }
    return node;
}

/* ---- [ ... ] ---- */

static Node *list_inside(Parser *parser, Span from)
{
    NodeList elements = { 0 };
    size_t mark = parser->mark;
    if (!at(parser, TOKEN_RSQB) && !parse_star_named_expressions(parser, &elements))
        parser->mark = mark;
    if (accept(parser, TOKEN_RSQB)) {
        Node *node = node_make(parser, NODE_List, from);
        node->List.elts = elements;
        return node;
    }
    if (elements.count != 1 || elements.items[0]->kind == NODE_Starred || last_token(parser)->kind == TOKEN_COMMA)
        return NULL;
    NodeList generators = { 0 };
    if (!parse_for_if_clauses(parser, &generators) || !accept(parser, TOKEN_RSQB))
        return NULL;
    Node *node = node_make(parser, NODE_ListComp, from);
    node->ListComp.elt = elements.items[0];
    node->ListComp.generators = generators;
    return node;
}

/* list | listcomp */
Node *parse_list(Parser *parser)
{
    size_t start = parser->mark;
    Span from = here(parser);
    if (!accept(parser, TOKEN_LSQB))
        return NULL;
    Node *node = list_inside(parser, from);
    if (!node && names_mistakes(parser)) {
        parser->mark = start;
        mistake_comprehension(parser);
    }
    return node;
}

/* ---- { ... } ---- */

/* double_starred_kvpair: '**' bitwise_or | expression ':' expression. A NULL key stands for **. */
static bool kvpair(Parser *parser, NodeList *keys, NodeList *values)
{
    Node *key = NULL, *value = NULL;
    if (accept(parser, TOKEN_DOUBLESTAR)) {
        value = parse_bitwise_or(parser);
    } else {
        key = parse_expression(parser);
        size_t mark = parser->mark;
        if (key && accept(parser, TOKEN_COLON)) {
            mark = parser->mark;
            value = parse_expression(parser);
        }
        if (key && !value) {
            parser->mark = mark;
            mistake_kvpair(parser, key, keys->count == 0);
        }
    }
    if (!value)
        return false;
    list_add(parser, keys, key);
    list_add(parser, values, value);
    return true;
}

/* The pairs behind the first, and the brace. */
static Node *dict_rest(Parser *parser, Span from, NodeList keys, NodeList values)
{
    while (!keys.count || accept(parser, TOKEN_COMMA)) {
        size_t mark = parser->mark;
        if (at(parser, TOKEN_RBRACE) || !kvpair(parser, &keys, &values)) {
            parser->mark = mark;
            break;
        }
    }
    if (!accept(parser, TOKEN_RBRACE))
        return NULL;
    Node *node = node_make(parser, NODE_Dict, from);
    node->Dict.keys = keys;
    node->Dict.values = values;
    return node;
}

static Node *set_rest(Parser *parser, Span from, NodeList elements)
{
    size_t mark = parser->mark;
    if (accept(parser, TOKEN_COMMA) || !elements.count) {
        mark = parser->mark;
        if (!parse_star_named_expressions(parser, &elements))
            return NULL;
        mark = parser->mark;
    }
    parser->mark = mark;
    if (!accept(parser, TOKEN_RBRACE))
        return NULL;
    Node *node = node_make(parser, NODE_Set, from);
    node->Set.elts = elements;
    return node;
}

static Node *dict_comprehension_rest(Parser *parser, Span from, Node *key, Node *value)
{
    NodeList generators = { 0 };
    if (!parse_for_if_clauses(parser, &generators) || !accept(parser, TOKEN_RBRACE))
        return NULL;
    Node *node = node_make(parser, NODE_DictComp, from);
    node->DictComp.key = key;
    node->DictComp.value = value;
    node->DictComp.generators = generators;
    return node;
}

static Node *set_comprehension_rest(Parser *parser, Span from, Node *element)
{
    NodeList generators = { 0 };
    if (!parse_for_if_clauses(parser, &generators) || !accept(parser, TOKEN_RBRACE))
        return NULL;
    Node *node = node_make(parser, NODE_SetComp, from);
    node->SetComp.elt = element;
    node->SetComp.generators = generators;
    return node;
}

static Node *brace_inside(Parser *parser, Span from)
{
    NodeList keys = { 0 }, values = { 0 };
    if (at_either(parser, TOKEN_RBRACE, TOKEN_DOUBLESTAR))
        return dict_rest(parser, from, keys, values);
    Span start = here(parser);
    Node *first = parse_star_named_expression(parser);
    if (!first)
        return NULL;
    bool is_bare_walrus = first->kind == NODE_NamedExpr && first->at.lineno == start.lineno && first->at.col_offset == start.col_offset;
    if (first->kind != NODE_Starred && !is_bare_walrus && accept(parser, TOKEN_COLON)) {
        size_t mark = parser->mark;
        Node *value = parse_expression(parser);
        if (!value) {
            parser->mark = mark;
            mistake_kvpair(parser, first, true);
            return NULL;
        }
        if (at_comprehension(parser))
            return dict_comprehension_rest(parser, from, first, value);
        list_add(parser, &keys, first);
        list_add(parser, &values, value);
        return dict_rest(parser, from, keys, values);
    }
    if (first->kind != NODE_Starred && at_comprehension(parser))
        return set_comprehension_rest(parser, from, first);
    list_add(parser, &values, first);
    return set_rest(parser, from, values);
}

/* The same in the second reading: each form from the start, with its mistakes, in the order of the grammar. */
static Node *brace_slowly(Parser *parser, size_t start, Span from)
{
    NodeList none = { 0 };
    Node *node = dict_rest(parser, from, none, none);
    if (node)
        return node;
    parser->mark = start + 1;
    if ((node = set_rest(parser, from, none)))
        return node;
    parser->mark = start + 1;
    Node *key = parse_expression(parser);
    Node *value = key && accept(parser, TOKEN_COLON) ? parse_expression(parser) : NULL;
    if (value && (node = dict_comprehension_rest(parser, from, key, value)))
        return node;
    parser->mark = start;
    mistake_dict_comprehension(parser);
    parser->mark = start + 1;
    Node *element = parse_named_expression(parser);
    if (element && (node = set_comprehension_rest(parser, from, element)))
        return node;
    parser->mark = start;
    mistake_comprehension(parser);
    return NULL;
}

/* dict | set | dictcomp | setcomp */
Node *parse_brace(Parser *parser)
{
    size_t start = parser->mark;
    Span from = here(parser);
    if (!accept(parser, TOKEN_LBRACE))
        return NULL;
    return names_mistakes(parser) ? brace_slowly(parser, start, from) : brace_inside(parser, from);
}

/* ---- leaves ---- */

static Node *constant(Parser *parser, ConstKind kind)
{
    parser->mark++;
    Node *node = node_make_at(parser, NODE_Constant, last_token(parser)->at);
    node->Constant.value = (Const){ .kind = kind };
    return node;
}

Node *parse_number(Parser *parser)
{
    if (!accept(parser, TOKEN_NUMBER))
        return NULL;
    const Token *token = last_token(parser);
    if (memchr(token->start, '_', (size_t)(token->end - token->start)) && !is_of_version(parser, "Underscores in numeric literals are", 6))
        return NULL;
    Node *node = node_make_at(parser, NODE_Constant, token->at);
    LiteralProblem problem;
    if (literal_number(parser->arena, token->start, token->end, parser->input->max_int_digits, &node->Constant.value, &problem))
        return node;
    if (!problem.message) {
        diagnostics_out_of_memory(parser->diagnostics);
        parser->has_failed = true;
        return NULL;
    }
    Span line = { token->at.lineno, 0, token->at.end_lineno, 0 };
    return mistake_columns(parser, DIAGNOSTIC_SYNTAX_ERROR, line, "%s", problem.message);
}

/* atom: NAME | True | False | None | strings | NUMBER | (...) | [...] | {...} | '...' */
static Node *atom(Parser *parser)
{
    switch (next_kind(parser)) {
    case TOKEN_NAME: return accept_name_node(parser, CONTEXT_Load);
    case TOKEN_TRUE: return constant(parser, CONST_TRUE);
    case TOKEN_FALSE: return constant(parser, CONST_FALSE);
    case TOKEN_NONE: return constant(parser, CONST_NONE);
    case TOKEN_ELLIPSIS: return constant(parser, CONST_ELLIPSIS);
    case TOKEN_NUMBER: return parse_number(parser);
    case TOKEN_STRING:
    case TOKEN_FSTRING_START: return parse_strings(parser);
    case TOKEN_LPAR: return parse_paren(parser);
    case TOKEN_LSQB: return parse_list(parser);
    case TOKEN_LBRACE: return parse_brace(parser);
    default: return NULL;
    }
}

Node *parse_atom(Parser *parser)
{
    Memo memo;
    if (memo_find(parser, RULE_ATOM, &memo))
        return memo.node;
    size_t start = parser->mark;
    Node *node = atom(parser);
    memo_keep(parser, RULE_ATOM, start, node, (NodeList){ 0 });
    return node;
}
