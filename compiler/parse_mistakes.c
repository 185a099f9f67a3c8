/* parse_mistakes.c - what people mean when an expression is wrong.
 *
 * What        The mistake_* rules for expressions, calls, displays, comprehensions and f-strings.
 * How         Each describes a wrong form in the words of the grammar (the comment says which) and names it when it is there.
 *             They run in the second reading only, at the places where CPython's grammar has its invalid_* rules: which of two
 *             mistakes is named depends on that order, so it is kept.
 * Invariants  I1 each rule leaves the mark where it was.  I2 no rule changes what a correct text means.
 * GIL         never needed.
 * Read next   parse_mistakes_stmt.c, parse_mistakes_params.c */
#include <string.h>

#include "compiler/parse_rules.h"

/* ---- helpers ---- */

/* The span of a NAME '=' just taken. */
static Span name_and_equal(const Parser *parser)
{
    return span_join(token_at(parser, parser->mark - 2)->at, token_at(parser, parser->mark - 1)->at);
}

static bool accept_name_equal(Parser *parser)
{
    if (!at(parser, TOKEN_NAME) || kind_ahead(parser, 1) != TOKEN_EQUAL)
        return false;
    parser->mark += 2;
    return true;
}

/* The last thing written in a comprehension. */
static Span comprehension_end(const NodeList *clauses)
{
    const Node *last = clauses->items[clauses->count - 1];
    size_t ifs = last->comprehension.ifs.count;
    return ifs ? last->comprehension.ifs.items[ifs - 1]->at : last->comprehension.iter->at;
}

static bool is_legacy_statement(const Parser *parser, const Node *node)
{
    return node->kind == NODE_Name && (node->Name.id == parser->print || node->Name.id == parser->exec);
}

/* A soft keyword, or the beginning of one: CPython 3.13 compares only as many characters as the name has. */
static bool at_soft_keyword(Parser *parser)
{
    const Identifier keywords[] = { parser->underscore, parser->case_, parser->match, parser->type };
    if (!at(parser, TOKEN_NAME))
        return false;
    const Token *token = token_at(parser, parser->mark);
    size_t length = (size_t)(token->end - token->start);
    for (size_t i = 0; i < ARRAY_LENGTH(keywords); i++)
        if (length <= keywords[i]->length && memcmp(token->start, keywords[i]->bytes, length) == 0)
            return true;
    return false;
}

/* An expression, whatever mistakes are in it. */
static Node *expression_without_mistakes(Parser *parser)
{
    bool hidden = parser->hides_mistakes;
    parser->hides_mistakes = true;
    Node *node = parse_conditional(parser);
    parser->hides_mistakes = hidden;
    return node;
}

/* ---- expressions ---- */

/* disjunction expression: two values side by side, within brackets */
static void missing_comma(Parser *parser)
{
    if ((at(parser, TOKEN_NAME) && kind_ahead(parser, 1) == TOKEN_STRING) || at_soft_keyword(parser))
        return;
    Node *left = parse_disjunction(parser);
    Node *right = left ? expression_without_mistakes(parser) : NULL;
    if (right && !is_legacy_statement(parser, left) && last_token(parser)->level)
        mistake_between(parser, left->at, right->at, "invalid syntax. Perhaps you forgot a comma?");
}

/* disjunction 'if' disjunction !('else' | ':') */
static void missing_else(Parser *parser)
{
    Node *body = parse_disjunction(parser);
    Node *test = body && accept(parser, TOKEN_IF) ? parse_disjunction(parser) : NULL;
    if (test && !at_either(parser, TOKEN_ELSE, TOKEN_COLON) && !parser->has_failed)
        mistake_between(parser, body->at, test->at, "expected 'else' after 'if' expression");
}

/* 'lambda' [params] ':' before the text of an f-string, which took the colon for its own */
static void lambda_in_fstring(Parser *parser)
{
    Span from = here(parser);
    if (!accept(parser, TOKEN_LAMBDA))
        return;
    (void)parse_params(parser, true);
    if (!accept(parser, TOKEN_COLON))
        return;
    Span colon = last_token(parser)->at;
    if (at(parser, TOKEN_FSTRING_MIDDLE))
        mistake_between(parser, from, colon, "f-string: lambda expressions are not allowed without parentheses");
}

/* NAME !'(' star_expressions, of Python 2's statements. What follows the name is read, and its mistakes named, for any name. */
static void legacy_statement(Parser *parser)
{
    Node *name = accept_name_node(parser, CONTEXT_Load);
    Node *value = !name || at(parser, TOKEN_LPAR) ? NULL : parse_star_expressions(parser);
    if (value && is_legacy_statement(parser, name))
        mistake_between(parser, name->at, value->at, "Missing parentheses in call to '%s'. Did you mean %s(...)?", name->Name.id->bytes,
                        name->Name.id->bytes);
}

void mistake_expression(Parser *parser)
{
    static void (*const rules[])(Parser *parser) = { missing_comma, missing_else, lambda_in_fstring, legacy_statement };
    size_t start = parser->mark;
    for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
        rules[i](parser);
        parser->mark = start;
    }
}

static void report_not(Parser *parser, Node *(*operand)(Parser *parser))
{
    Span from = here(parser);
    if (!accept(parser, TOKEN_NOT))
        return;
    Node *value = operand(parser);
    if (value)
        mistake_between(parser, from, value->at, "'not' after an operator must be parenthesized");
}

/* sum operator 'not' inversion */
void mistake_arithmetic(Parser *parser)
{
    size_t start = parser->mark;
    if (parse_sum(parser)) {
        switch (next_kind(parser)) {
        case TOKEN_PLUS:
        case TOKEN_MINUS:
        case TOKEN_STAR:
        case TOKEN_SLASH:
        case TOKEN_DOUBLESLASH:
        case TOKEN_PERCENT:
        case TOKEN_AT:
            parser->mark++;
            report_not(parser, parse_inversion);
            break;
        default: break;
        }
    }
    parser->mark = start;
}

/* ('+' | '-' | '~') 'not' factor */
void mistake_factor(Parser *parser)
{
    size_t start = parser->mark;
    if (at_either(parser, TOKEN_PLUS, TOKEN_MINUS) || at(parser, TOKEN_TILDE)) {
        parser->mark++;
        report_not(parser, parse_factor);
    }
    parser->mark = start;
}

/* What may stand left of a '=' that was meant as such: `[a] = ...`, `(a, b) = ...`. */
static bool at_display_or_constant(Parser *parser)
{
    if (at_either(parser, TOKEN_TRUE, TOKEN_FALSE) || at(parser, TOKEN_NONE))
        return true;
    if (!at_either(parser, TOKEN_LPAR, TOKEN_LSQB))
        return false;
    size_t start = parser->mark;
    Node *node = parse_atom(parser);
    Span from = token_at(parser, start)->at;
    bool is_bracket = node && node->at.lineno == from.lineno && node->at.col_offset == from.col_offset;
    bool is_display = is_bracket && (node->kind == NODE_List || node->kind == NODE_Tuple || node->kind == NODE_GeneratorExp);
    parser->mark = start;
    return is_display;
}

/* expression ':=' expression | NAME '=' bitwise_or | bitwise_or '=' bitwise_or, not followed by '=' or ':=' */
void mistake_named_expression(Parser *parser)
{
    size_t start = parser->mark;
    Node *target = parse_expression(parser);
    if (target && accept(parser, TOKEN_COLONEQUAL) && parse_expression(parser))
        mistake_at(parser, target->at, "cannot use assignment expressions with %s", expression_name(target));

    parser->mark = start;
    if (accept_name_equal(parser)) {
        Span name = token_at(parser, start)->at;
        Node *value = parse_bitwise_or(parser);
        if (value && !at_either(parser, TOKEN_EQUAL, TOKEN_COLONEQUAL))
            mistake_between(parser, name, value->at, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
    }

    parser->mark = start;
    if (!at_display_or_constant(parser)) {
        Node *left = parse_bitwise_or(parser);
        if (left && accept(parser, TOKEN_EQUAL) && parse_bitwise_or(parser) && !at_either(parser, TOKEN_EQUAL, TOKEN_COLONEQUAL))
            mistake_at(parser, left->at, "cannot assign to %s here. Maybe you meant '==' instead of '='?", expression_name(left));
    }
    parser->mark = start;
}

/* '*' expression '=' expression */
void mistake_starred_expression(Parser *parser)
{
    size_t start = parser->mark;
    Span from = here(parser);
    parser->mark++;
    if (parse_expression(parser) && accept(parser, TOKEN_EQUAL)) {
        Node *value = parse_expression(parser);
        if (value)
            mistake_between(parser, from, value->at, "cannot assign to iterable argument unpacking");
    }
    parser->mark = start;
}

/* ---- calls ---- */

/* NAME '=' expression for ... */
static void keyword_comprehension(Parser *parser)
{
    NodeList clauses = { 0 };
    if (!accept_name_equal(parser))
        return;
    Span name = name_and_equal(parser);
    if (parse_expression(parser) && parse_for_if_clauses(parser, &clauses))
        mistake_at(parser, name, "invalid syntax. Maybe you meant '==' or ':=' instead of '='?");
}

void mistake_kwarg(Parser *parser)
{
    size_t start = parser->mark;
    Span from = here(parser);
    if (at_either(parser, TOKEN_TRUE, TOKEN_FALSE) || at(parser, TOKEN_NONE)) {
        const char *text = token_kind_text(next_kind(parser));
        if (kind_ahead(parser, 1) == TOKEN_EQUAL)
            mistake_between(parser, from, token_at(parser, parser->mark + 1)->at, "cannot assign to %s", text);
    }
    keyword_comprehension(parser);
    parser->mark = start;
    if (!accept_name_equal(parser)) {
        Node *target = parse_expression(parser);
        if (target && accept(parser, TOKEN_EQUAL))
            mistake_between(parser, target->at, last_token(parser)->at, "expression cannot contain assignment, perhaps you meant \"==\"?");
    }
    parser->mark = start;
    if (accept(parser, TOKEN_DOUBLESTAR) && parse_expression(parser) && accept(parser, TOKEN_EQUAL)) {
        Node *value = parse_expression(parser);
        if (value)
            mistake_between(parser, from, value->at, "cannot assign to keyword argument unpacking");
    }
    parser->mark = start;
}

/* args with a ** among them, ',' ','.starred_expression+ */
static void star_after_mapping(Parser *parser)
{
    Node *args = parse_args(parser);
    if (!args || !args->Call.keywords.count || !accept(parser, TOKEN_COMMA))
        return;
    Span comma = last_token(parser)->at;
    bool has_star = false;
    do {
        Node *starred = parse_starred_expression(parser);
        if (!starred)
            break;
        has_star = true;
    } while (accept(parser, TOKEN_COMMA));
    if (has_star)
        mistake_from(parser, comma, "iterable argument unpacking follows keyword argument unpacking");
}

static void report_bare_generator(Parser *parser, Node *element, const NodeList *clauses)
{
    mistake_between(parser, element->at, comprehension_end(clauses), "Generator expression must be parenthesized");
}

/* expression for ... ',' [args | expression for ...] */
static void generator_before_comma(Parser *parser)
{
    NodeList clauses = { 0 };
    Node *element = parse_expression(parser);
    if (!element || !parse_for_if_clauses(parser, &clauses) || !accept(parser, TOKEN_COMMA))
        return;
    (void)parse_args(parser);
    report_bare_generator(parser, element, &clauses);
}

/* [args ','] NAME '=' &(',' | ')') */
static void missing_value(Parser *parser)
{
    size_t start = parser->mark;
    if (!parse_args(parser) || !accept(parser, TOKEN_COMMA))
        parser->mark = start;
    if (accept_name_equal(parser) && at_either(parser, TOKEN_COMMA, TOKEN_RPAR))
        mistake_at(parser, name_and_equal(parser), "expected argument value expression");
}

/* args for ...: more than one argument, the last one a generator without brackets */
static void generator_after_args(Parser *parser)
{
    NodeList clauses = { 0 };
    Node *args = parse_args(parser);
    if (!args || !parse_for_if_clauses(parser, &clauses) || args->Call.args.count <= 1)
        return;
    report_bare_generator(parser, args->Call.args.items[args->Call.args.count - 1], &clauses);
}

/* args ',' expression for ... */
static void generator_after_comma(Parser *parser)
{
    NodeList clauses = { 0 };
    if (!parse_args(parser) || !accept(parser, TOKEN_COMMA))
        return;
    Node *element = parse_expression(parser);
    if (element && parse_for_if_clauses(parser, &clauses))
        report_bare_generator(parser, element, &clauses);
}

/* args ',' args: the first ones ended because a positional one may not stand here */
static void positional_after_keyword(Parser *parser)
{
    Node *args = parse_args(parser);
    if (!args || !accept(parser, TOKEN_COMMA) || !parse_args(parser))
        return;
    for (size_t i = 0; i < args->Call.keywords.count; i++) {
        if (!args->Call.keywords.items[i]->keyword.arg) {
            mistake_here(parser, "positional argument follows keyword argument unpacking");
            return;
        }
    }
    mistake_here(parser, "positional argument follows keyword argument");
}

void mistake_arguments(Parser *parser)
{
    static void (*const rules[])(Parser *parser) = {
        star_after_mapping, generator_before_comma, keyword_comprehension, missing_value,
        generator_after_args, generator_after_comma, positional_after_keyword,
    };
    size_t start = parser->mark;
    for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
        rules[i](parser);
        parser->mark = start;
    }
}

/* ---- brackets ---- */

/* '(' starred_expression ')' | '(' '**' expression ')' */
void mistake_group(Parser *parser)
{
    size_t start = parser->mark++;
    Node *starred = parse_starred_expression(parser);
    if (starred && accept(parser, TOKEN_RPAR))
        mistake_at(parser, starred->at, "cannot use starred expression here");
    parser->mark = start + 1;
    Span stars = here(parser);
    if (accept(parser, TOKEN_DOUBLESTAR) && parse_expression(parser) && accept(parser, TOKEN_RPAR))
        mistake_at(parser, stars, "cannot use double starred expression here");
    parser->mark = start;
}

/* bracket starred_expression for ... | ('[' | '{') a ',' [b ...] for ... */
void mistake_comprehension(Parser *parser)
{
    size_t start = parser->mark;
    bool is_paren = at(parser, TOKEN_LPAR);
    NodeList clauses = { 0 };
    parser->mark++;
    Node *starred = parse_starred_expression(parser);
    if (starred && parse_for_if_clauses(parser, &clauses))
        mistake_at(parser, starred->at, "iterable unpacking cannot be used in comprehension");

    parser->mark = start + 1;
    Node *first = is_paren ? NULL : parse_star_named_expression(parser);
    if (first && accept(parser, TOKEN_COMMA)) {
        Span last = last_token(parser)->at;
        size_t mark = parser->mark;
        NodeList rest = { 0 };
        clauses = (NodeList){ 0 };
        if (parse_star_named_expressions(parser, &rest))
            last = rest.items[rest.count - 1]->at;
        else
            parser->mark = mark;
        if (parse_for_if_clauses(parser, &clauses))
            mistake_between(parser, first->at, last, "did you forget parentheses around the comprehension target?");
    }
    parser->mark = start;
}

/* A key without a colon (the first may be an element of a set), or a colon without a value, or with a starred one. The mark is
 * behind the key, or behind the colon. CPython looks for these in its first reading already, so they are named before what is
 * wrong within the key. */
void mistake_kvpair(Parser *parser, const Node *key, bool is_first)
{
    size_t start = parser->mark;
    const Token *last = last_token(parser);
    Span star = here(parser);
    if (parser->has_failed)
        return;
    if (last->kind != TOKEN_COLON) {
        Span place = { key->at.lineno, key->at.end_col_offset, key->at.end_lineno, 0 };
        if (!is_first)
            mistake_columns(parser, DIAGNOSTIC_SYNTAX_ERROR, place, "':' expected after dictionary key");
    } else if (accept(parser, TOKEN_STAR) && parse_bitwise_or(parser)) {
        mistake_from(parser, star, "cannot use a starred expression in a dictionary value");
    } else if (at_either(parser, TOKEN_RBRACE, TOKEN_COMMA)) {
        mistake_at(parser, last->at, "expression expected after dictionary key and ':'");
    }
    parser->mark = start;
}

/* '{' '**' bitwise_or for ... '}' */
void mistake_dict_comprehension(Parser *parser)
{
    size_t start = parser->mark++;
    NodeList clauses = { 0 };
    Span stars = here(parser);
    if (accept(parser, TOKEN_DOUBLESTAR) && parse_bitwise_or(parser) && parse_for_if_clauses(parser, &clauses)
        && accept(parser, TOKEN_RBRACE))
        mistake_at(parser, stars, "dict unpacking cannot be used in dict comprehension");
    parser->mark = start;
}

/* ['async'] 'for' ','.bitwise_or+ [','] !'in', then a wrong target as in a for statement */
void mistake_for_if_clause(Parser *parser)
{
    size_t start = parser->mark;
    (void)accept(parser, TOKEN_ASYNC);
    if (accept(parser, TOKEN_FOR)) {
        size_t target = parser->mark;
        bool has_target = false;
        for (;;) {
            size_t mark = parser->mark;
            if (!parse_bitwise_or(parser)) {
                parser->mark = mark;
                break;
            }
            has_target = true;
            if (!accept(parser, TOKEN_COMMA))
                break;
        }
        if (has_target && !at(parser, TOKEN_IN) && !parser->has_failed)
            mistake_here(parser, "'in' expected after for-loop variables");
        parser->mark = target - 1;
        mistake_for_target(parser);
    }
    parser->mark = start;
}

/* ---- replacement fields ---- */

static void missing_conversion(Parser *parser)
{
    size_t mark = parser->mark;
    if (accept(parser, TOKEN_EXCLAMATION)) {
        if (at_either(parser, TOKEN_COLON, TOKEN_RBRACE))
            mistake_next(parser, "f-string: missing conversion character");
        else if (!at(parser, TOKEN_NAME) && !parser->has_failed)
            mistake_next(parser, "f-string: invalid conversion character");
    }
    parser->mark = mark;
}

static bool at_field_end(Parser *parser, bool allows_equal, bool allows_conversion)
{
    return at_either(parser, TOKEN_COLON, TOKEN_RBRACE) || (allows_equal && at(parser, TOKEN_EQUAL))
           || (allows_conversion && at(parser, TOKEN_EXCLAMATION));
}

/* Everything that can be wrong between '{' and '}', from left to right. The mark is at the '{'. */
void mistake_replacement_field(Parser *parser)
{
    size_t start = parser->mark++;
    TokenKind kind = next_kind(parser);
    if (kind == TOKEN_EQUAL || kind == TOKEN_EXCLAMATION || kind == TOKEN_COLON || kind == TOKEN_RBRACE) {
        mistake_at(parser, here(parser), "f-string: valid expression required before '%s'", token_kind_text(kind));
        return;
    }
    size_t value = parser->mark;
    if (!parse_annotated_rhs(parser)) {
        parser->mark = value;
        if (!parser->has_failed)
            mistake_next(parser, "f-string: expecting a valid expression after '{'");
        return;
    }
    if (!at_field_end(parser, true, true) && !parser->has_failed) {
        mistake_next(parser, "f-string: expecting '=', or '!', or ':', or '}'");
        return;
    }
    if (accept(parser, TOKEN_EQUAL) && !at_field_end(parser, false, true) && !parser->has_failed) {
        mistake_next(parser, "f-string: expecting '!', or ':', or '}'");
        return;
    }
    missing_conversion(parser);
    if (at(parser, TOKEN_EXCLAMATION) && kind_ahead(parser, 1) == TOKEN_NAME)
        parser->mark += 2;
    if (!at_field_end(parser, false, false) && !parser->has_failed) {
        mistake_next(parser, "f-string: expecting ':' or '}'");
        return;
    }
    if (accept(parser, TOKEN_COLON)) {
        NodeList parts = { 0 };
        while (accept(parser, TOKEN_FSTRING_MIDDLE) || (at(parser, TOKEN_LBRACE) && parse_fstring_field(parser, &parts)))
            continue;
        if (!at(parser, TOKEN_RBRACE) && !parser->has_failed)
            mistake_next(parser, "f-string: expecting '}', or format specs");
    } else if (!at(parser, TOKEN_RBRACE) && !parser->has_failed) {
        mistake_next(parser, "f-string: expecting '}'");
    }
    parser->mark = start;
}
