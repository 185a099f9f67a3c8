/* parse_params.c - parameters of functions and lambdas; type parameters.
 *
 * What        `a, /, b: int = 1, *c, d, **e`, the lambda expression, `[T: int, *Ts, **P]`.
 * How         One loop over the parameters, which knows what has been seen: '/', a default, '*'. At the first one that may not
 *             stand there it stops before it; the caller finds that the bracket (or colon) is missing.
 *             Functions and lambdas differ in what ends the list and in that lambdas have no annotations.
 * Invariants  I1-I3 of parse_rules.h.
 * GIL         never needed.
 * Read next   parse_compound.c (def), parse_mistakes_params.c */
#include "compiler/parse_rules.h"

typedef struct Params {
    bool is_lambda;
    bool has_default, has_slash, has_star;
    Node *arguments;
} Params;

static bool at_end(Parser *parser, bool is_lambda) { return at(parser, is_lambda ? TOKEN_COLON : TOKEN_RPAR); }

/* param: NAME [':' expression]; only after a star may the annotation be `*Ts` */
static Node *param(Parser *parser, bool is_lambda, bool allows_star)
{
    Span from = here(parser);
    Identifier name = accept_name(parser);
    if (!name)
        return NULL;
    Node *annotation = NULL;
    if (!is_lambda && accept(parser, TOKEN_COLON)) {
        annotation = allows_star ? parse_star_expression(parser) : parse_expression(parser);
        if (!annotation)
            return NULL;
    }
    Node *node = node_make(parser, NODE_arg, from);
    node->arg.arg = name;
    node->arg.annotation = annotation;
    return node;
}

/* default: '=' expression. False: there is a '=' and no expression. */
static bool default_value(Parser *parser, bool is_lambda, Node **value)
{
    size_t start = parser->mark;
    *value = NULL;
    if (!accept(parser, TOKEN_EQUAL))
        return true;
    *value = parse_expression(parser);
    if (*value)
        return true;
    if (names_mistakes(parser)) {
        parser->mark = start;
        mistake_default(parser, is_lambda);
    }
    return false;
}

/* Behind every parameter: a comma, or the end in sight. */
static bool param_end(Parser *parser, bool is_lambda) { return accept(parser, TOKEN_COMMA) || at_end(parser, is_lambda); }

/* The same, with a type comment behind the comma, or before the end. */
static bool typed_param_end(Parser *parser, bool is_lambda, Node *arg)
{
    if (is_lambda)
        return param_end(parser, is_lambda);
    bool has_comma = accept(parser, TOKEN_COMMA);
    arg->arg.type_comment = accept_type_comment(parser);
    return has_comma || at_end(parser, is_lambda);
}

static bool plain_param(Parser *parser, Params *params)
{
    Node *value, *arg = param(parser, params->is_lambda, false);
    struct { NodeList *args, *defaults; } into = { &params->arguments->arguments.args, &params->arguments->arguments.defaults };
    if (!arg || !default_value(parser, params->is_lambda, &value) || !typed_param_end(parser, params->is_lambda, arg))
        return false;
    if (params->has_star) {   /* keyword-only: each has its place among the defaults, NULL when it has none */
        into.args = &params->arguments->arguments.kwonlyargs;
        into.defaults = &params->arguments->arguments.kw_defaults;
    } else if (!value && params->has_default) {
        return false;
    }
    list_add(parser, into.args, arg);
    if (value || params->has_star)
        list_add(parser, into.defaults, value);
    params->has_default |= value != NULL;
    return true;
}

static bool slash(Parser *parser, Params *params)
{
    Node *arguments = params->arguments;
    parser->mark++;
    if (params->has_slash || params->has_star || !arguments->arguments.args.count || !param_end(parser, params->is_lambda))
        return false;
    if (!is_of_version(parser, "Positional-only parameters are", 8))
        return false;
    arguments->arguments.posonlyargs = arguments->arguments.args;
    arguments->arguments.args = (NodeList){ 0 };
    params->has_slash = true;
    return true;
}

static bool star(Parser *parser, Params *params)
{
    if (names_mistakes(parser))
        mistake_star_etc(parser, params->is_lambda);
    parser->mark++;
    if (params->has_star)
        return false;
    if (accept(parser, TOKEN_COMMA)) {   /* a bare star wants a parameter behind it */
        params->has_star = true;
        return at(parser, TOKEN_NAME);
    }
    Node *vararg = param(parser, params->is_lambda, true);
    if (!vararg || !typed_param_end(parser, params->is_lambda, vararg))
        return false;
    params->arguments->arguments.vararg = vararg;
    params->has_star = true;
    return true;
}

static bool double_star(Parser *parser, Params *params)
{
    if (names_mistakes(parser))
        mistake_kwds(parser, params->is_lambda);
    parser->mark++;
    Node *kwarg = param(parser, params->is_lambda, false);
    if (!kwarg || !typed_param_end(parser, params->is_lambda, kwarg))
        return false;
    params->arguments->arguments.kwarg = kwarg;
    return true;
}

/* params; the mark is behind the last one that fits. */
Node *parse_params(Parser *parser, bool is_lambda)
{
    Params params = { .is_lambda = is_lambda, .arguments = node_make_at(parser, NODE_arguments, (Span){ 0 }) };
    if (names_mistakes(parser) && !at_end(parser, is_lambda))
        mistake_params(parser, is_lambda);
    while (!at_end(parser, is_lambda)) {
        size_t start = parser->mark;
        TokenKind kind = next_kind(parser);
        bool fits = kind == TOKEN_SLASH        ? slash(parser, &params)
                    : kind == TOKEN_STAR       ? star(parser, &params)
                    : kind == TOKEN_DOUBLESTAR ? double_star(parser, &params)
                                               : plain_param(parser, &params);
        if (!fits) {
            parser->mark = start;
            break;
        }
        if (kind == TOKEN_DOUBLESTAR)
            break;
    }
    return params.arguments;
}

/* lambdef: 'lambda' [lambda_params] ':' expression */
Node *parse_lambdef(Parser *parser)
{
    Span from = here(parser);
    if (!parser_enter(parser))
        return NULL;
    parser->mark++;
    Node *args = parse_params(parser, true);
    Node *body = accept(parser, TOKEN_COLON) ? parse_expression(parser) : NULL;
    parser_leave(parser);
    if (!body)
        return NULL;
    Node *node = node_make(parser, NODE_Lambda, from);
    node->Lambda.args = args;
    node->Lambda.body = body;
    return node;
}

/* ---- type parameters ---- */

static bool type_default(Parser *parser, bool allows_star, Node **value)
{
    *value = NULL;
    if (!accept(parser, TOKEN_EQUAL))
        return true;
    *value = allows_star ? parse_star_expression(parser) : parse_expression(parser);
    return *value != NULL && is_of_version(parser, "Type parameter defaults are", 13);
}

/* type_param: NAME [':' expression] ['=' expression] | '*' NAME ['=' star_expression] | '**' NAME ['=' expression] */
static Node *type_param(Parser *parser)
{
    Span from = here(parser);
    Node *bound = NULL, *value;
    if (names_mistakes(parser))
        mistake_type_param(parser);
    bool is_tuple = accept(parser, TOKEN_STAR), is_spec = !is_tuple && accept(parser, TOKEN_DOUBLESTAR);
    Identifier name = accept_name(parser);
    if (!name)
        return NULL;
    if (!is_tuple && !is_spec && accept(parser, TOKEN_COLON) && !(bound = parse_expression(parser)))
        return NULL;
    if (!type_default(parser, is_tuple, &value))
        return NULL;
    Node *node = node_make(parser, is_tuple ? NODE_TypeVarTuple : is_spec ? NODE_ParamSpec : NODE_TypeVar, from);
    if (is_tuple) {
        node->TypeVarTuple.name = name;
        node->TypeVarTuple.default_value = value;
    } else if (is_spec) {
        node->ParamSpec.name = name;
        node->ParamSpec.default_value = value;
    } else {
        node->TypeVar.name = name;
        node->TypeVar.bound = bound;
        node->TypeVar.default_value = value;
    }
    return node;
}

/* type_params: '[' ','.type_param+ [','] ']' */
bool parse_type_params(Parser *parser, NodeList *list)
{
    if (!at(parser, TOKEN_LSQB))
        return true;
    if (names_mistakes(parser))
        mistake_type_params(parser);
    parser->mark++;
    do {
        if (at(parser, TOKEN_RSQB) && list->count)
            break;
        Node *param = type_param(parser);
        if (!param)
            return false;
        list_add(parser, list, param);
    } while (accept(parser, TOKEN_COMMA));
    return accept(parser, TOKEN_RSQB) && is_of_version(parser, "Type parameter lists are", 12);
}
