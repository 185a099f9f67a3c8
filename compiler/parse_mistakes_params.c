/* parse_mistakes_params.c - what people mean when a parameter list is wrong.
 *
 * What        The mistake_* rules for parameters of functions and lambdas, and for type parameters.
 * How         The list is read as a row of small items, each with its sort; the rules look at the order of the sorts.
 * Invariants  I1, I2 of parse_mistakes.c.
 * GIL         never needed.
 * Read next   parse_params.c */
#include "compiler/parse_rules.h"

static TokenKind list_end(bool is_lambda) { return is_lambda ? TOKEN_COLON : TOKEN_RPAR; }

static bool param_end(Parser *parser, bool is_lambda) { return accept(parser, TOKEN_COMMA) || at(parser, list_end(is_lambda)); }

/* NAME [':' expression], without what follows. */
static bool bare_param(Parser *parser, bool is_lambda, Span *span)
{
    *span = here(parser);
    if (!accept(parser, TOKEN_NAME))
        return false;
    size_t mark = parser->mark;
    if (!is_lambda && accept(parser, TOKEN_COLON) && !parse_expression(parser))
        parser->mark = mark;
    *span = span_join(*span, last_token(parser)->at);
    return true;
}

/* The same with its comma, for parameters that have no default; a '=' is left to others. */
static bool plain_param(Parser *parser, bool is_lambda)
{
    size_t start = parser->mark;
    Span span;
    if (bare_param(parser, is_lambda, &span) && param_end(parser, is_lambda))
        return true;
    parser->mark = start;
    return false;
}

typedef enum ParamSort { PARAM_NONE, PARAM_PLAIN, PARAM_DEFAULT } ParamSort;

/* A parameter with its comma; PARAM_NONE, with the mark unmoved, when there is none. */
static ParamSort next_param(Parser *parser, bool is_lambda, Span *span)
{
    size_t start = parser->mark;
    ParamSort sort = PARAM_PLAIN;
    if (bare_param(parser, is_lambda, span)) {
        size_t equal = parser->mark;
        if (accept(parser, TOKEN_EQUAL)) {
            sort = PARAM_DEFAULT;
            if (!parse_expression(parser)) {
                parser->mark = equal;
                mistake_default(parser, is_lambda);
                sort = PARAM_NONE;
            }
        }
        if (sort != PARAM_NONE && param_end(parser, is_lambda))
            return sort;
    }
    parser->mark = start;
    return PARAM_NONE;
}

/* [params '/' ','] : true, and behind it, if there is a slash with parameters before it. */
static bool skip_slash_part(Parser *parser, bool is_lambda, bool *has_default)
{
    size_t start = parser->mark;
    Span span;
    ParamSort sort;
    int count = 0;
    *has_default = false;
    while ((sort = next_param(parser, is_lambda, &span)) != PARAM_NONE) {
        if (sort == PARAM_PLAIN && *has_default)
            break;
        *has_default |= sort == PARAM_DEFAULT;
        count++;
    }
    if (count && sort == PARAM_NONE && accept(parser, TOKEN_SLASH) && param_end(parser, is_lambda))
        return true;
    parser->mark = start;
    *has_default = false;
    return false;
}

static void skip_params(Parser *parser, bool is_lambda)
{
    Span span;
    while (next_param(parser, is_lambda, &span) != PARAM_NONE)
        continue;
}

/* '/' ',' with nothing before it */
static void lonely_slash(Parser *parser, bool is_lambda)
{
    Span slash = here(parser);
    (void)is_lambda;
    if (accept(parser, TOKEN_SLASH) && accept(parser, TOKEN_COMMA))
        mistake_at(parser, slash, "at least one argument must precede /");
}

/* a slash part, params, '/' */
static void second_slash(Parser *parser, bool is_lambda)
{
    bool has_default;
    if (!skip_slash_part(parser, is_lambda, &has_default))
        return;
    skip_params(parser, is_lambda);
    if (at(parser, TOKEN_SLASH))
        mistake_at(parser, here(parser), "/ may appear only once");
}

/* a parameter without a default behind one with */
static void default_before_plain(Parser *parser, bool is_lambda)
{
    bool has_default;
    Span span;
    ParamSort sort;
    (void)skip_slash_part(parser, is_lambda, &has_default);
    while ((sort = next_param(parser, is_lambda, &span)) != PARAM_NONE) {
        if (sort == PARAM_PLAIN && has_default) {
            mistake_at(parser, span, "parameter without a default follows parameter with a default");
            return;
        }
        has_default |= sort == PARAM_DEFAULT;
    }
}

/* plain params, '(' plain params [','] ')' */
static void bracketed_params(Parser *parser, bool is_lambda)
{
    while (plain_param(parser, is_lambda))
        continue;
    Span open = here(parser);
    if (!accept(parser, TOKEN_LPAR))
        return;
    int count = 0;
    if (is_lambda) {   /* ','.lambda_param+ [','] */
        while (accept(parser, TOKEN_NAME)) {
            count++;
            if (!accept(parser, TOKEN_COMMA))
                break;
        }
    } else {
        while (plain_param(parser, is_lambda))
            count++;
    }
    if (count && accept(parser, TOKEN_RPAR))
        mistake_between(parser, open, last_token(parser)->at, is_lambda ? "Lambda expression parameters cannot be parenthesized"
                                                                        : "Function parameters cannot be parenthesized");
}

/* [slash part] params '*' (',' | param) params '/' */
static void slash_after_star(Parser *parser, bool is_lambda)
{
    bool has_default;
    (void)skip_slash_part(parser, is_lambda, &has_default);
    skip_params(parser, is_lambda);
    if (!accept(parser, TOKEN_STAR) || !(accept(parser, TOKEN_COMMA) || plain_param(parser, is_lambda)))
        return;
    skip_params(parser, is_lambda);
    if (at(parser, TOKEN_SLASH))
        mistake_at(parser, here(parser), "/ must be ahead of *");
}

/* params '/' '*' */
static void slash_star(Parser *parser, bool is_lambda)
{
    Span span;
    if (next_param(parser, is_lambda, &span) == PARAM_NONE)
        return;
    skip_params(parser, is_lambda);
    if (accept(parser, TOKEN_SLASH) && at(parser, TOKEN_STAR))
        mistake_at(parser, here(parser), "expected comma between / and *");
}

void mistake_params(Parser *parser, bool is_lambda)
{
    static void (*const rules[])(Parser *parser, bool is_lambda) = {
        lonely_slash, second_slash, default_before_plain, bracketed_params, slash_after_star, slash_star,
    };
    size_t start = parser->mark;
    for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
        rules[i](parser, is_lambda);
        parser->mark = start;
    }
}

/* '=' &(')' | ',') */
void mistake_default(Parser *parser, bool is_lambda)
{
    size_t start = parser->mark;
    Span equal = here(parser);
    (void)is_lambda;
    if (names_mistakes(parser) && accept(parser, TOKEN_EQUAL) && at_either(parser, TOKEN_RPAR, TOKEN_COMMA))
        mistake_at(parser, equal, "expected default value expression");
    parser->mark = start;
}

/* '*' with nothing to name, with a default, or for the second time */
void mistake_star_etc(Parser *parser, bool is_lambda)
{
    size_t start = parser->mark;
    Span star = here(parser), span;
    TokenKind end = list_end(is_lambda);
    parser->mark++;
    size_t behind = parser->mark;
    bool is_bare = at(parser, end) || (accept(parser, TOKEN_COMMA) && at_either(parser, end, TOKEN_DOUBLESTAR));
    if (is_bare && is_lambda)
        mistake_here(parser, "named arguments must follow bare *");
    else if (is_bare)
        mistake_at(parser, star, "named arguments must follow bare *");
    parser->mark = behind;
    if (!is_lambda && accept(parser, TOKEN_COMMA) && accept(parser, TOKEN_TYPE_COMMENT))
        mistake_here(parser, "bare * has associated type comment");
    parser->mark = behind;
    if (bare_param(parser, is_lambda, &span) && at(parser, TOKEN_EQUAL))
        mistake_at(parser, here(parser), "var-positional argument cannot have default value");
    parser->mark = behind;
    if (accept(parser, TOKEN_COMMA) || plain_param(parser, is_lambda)) {
        skip_params(parser, is_lambda);
        Span second = here(parser);
        if (accept(parser, TOKEN_STAR) && (at(parser, TOKEN_COMMA) || plain_param(parser, is_lambda)))
            mistake_at(parser, second, "* argument may appear only once");
    }
    parser->mark = start;
}

/* '**' param '=' | '**' param ',' and anything more */
void mistake_kwds(Parser *parser, bool is_lambda)
{
    size_t start = parser->mark;
    Span span;
    parser->mark++;
    if (bare_param(parser, is_lambda, &span)) {
        if (at(parser, TOKEN_EQUAL))
            mistake_at(parser, here(parser), "var-keyword argument cannot have default value");
        if (accept(parser, TOKEN_COMMA)) {
            Span more = here(parser);
            if (at_either(parser, TOKEN_STAR, TOKEN_DOUBLESTAR) || at(parser, TOKEN_SLASH))
                mistake_at(parser, more, "arguments cannot follow var-keyword argument");
            else if (bare_param(parser, is_lambda, &span))
                mistake_at(parser, span, "arguments cannot follow var-keyword argument");
        }
    }
    parser->mark = start;
}

/* '[' ']' */
void mistake_type_params(Parser *parser)
{
    if (kind_ahead(parser, 1) == TOKEN_RSQB)
        mistake_from(parser, token_at(parser, parser->mark + 1)->at, "Type parameter list cannot be empty");
}

/* ('*' | '**') NAME ':' expression */
void mistake_type_param(Parser *parser)
{
    size_t start = parser->mark;
    bool is_tuple = accept(parser, TOKEN_STAR);
    if ((is_tuple || accept(parser, TOKEN_DOUBLESTAR)) && accept(parser, TOKEN_NAME)) {
        Span colon = here(parser);
        Node *bound = accept(parser, TOKEN_COLON) ? parse_expression(parser) : NULL;
        if (bound)
            mistake_from(parser, colon, "cannot use %s with %s", bound->kind == NODE_Tuple ? "constraints" : "bound",
                         is_tuple ? "TypeVarTuple" : "ParamSpec");
    }
    parser->mark = start;
}
