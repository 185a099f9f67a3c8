/* parse_fstring.c - strings: adjacent literals become one, f-strings become a JoinedStr.
 *
 * What        The rule `strings`, and what stands between the quotes of an f-string.
 * How         All parts of all adjacent literals are laid in one row: Constants and FormattedValues. Neighbouring constants are
 *             joined, empty ones left out. Without any f-string the row is a single Constant.
 *             {x = } leaves its own source text before the value: it is cut out of the source between two tokens, without comments.
 * Invariants  I1-I3 of parse_rules.h.
 * GIL         never needed.
 * Read next   lex_fstring.c, literal.c */
#include <string.h>

#include "compiler/literal.h"
#include "compiler/parse_rules.h"

/* ---- text ---- */

static Node *constant_text(Parser *parser, Span at, const char *bytes, size_t length)
{
    Node *node = node_make_at(parser, NODE_Constant, at);
    node->Constant.value = (Const){ .kind = CONST_TEXT, .text = { bytes, length } };
    return node;
}

static void report_problem(Parser *parser, const Token *token, LiteralProblem problem)
{
    if (!problem.message) {
        diagnostics_out_of_memory(parser->diagnostics);
        parser->has_failed = true;
    } else if (problem.is_at_token) {
        mistake_at(parser, token->at, "%s", problem.message);
    } else {
        mistake_here(parser, "%s", problem.message);
    }
}

static void warn_escape(Parser *parser, const Token *token, const StringLiteral *literal)
{
    const char *escape = literal->invalid_escape;
    if (!escape || (token->kind == TOKEN_FSTRING_MIDDLE && (*escape == '{' || *escape == '}')))   /* the lexer warned of those */
        return;
    if (*escape >= '4' && *escape <= '7')
        token_warn(parser, token, "invalid octal escape sequence '\\%.3s'", escape);
    else
        token_warn(parser, token, "invalid escape sequence '\\%c'", *escape);
}

/* One STRING token, just taken. */
static Node *string(Parser *parser)
{
    const Token *token = last_token(parser);
    StringLiteral literal;
    LiteralProblem problem;
    if (!literal_string(parser->arena, token->start, token->end, &literal, &problem)) {
        report_problem(parser, token, problem);
        return NULL;
    }
    warn_escape(parser, token, &literal);
    Node *node = node_make_at(parser, NODE_Constant, token->at);
    node->Constant.value = literal.value;
    if (literal.has_u_prefix)
        node->Constant.kind = name_intern(parser->names, "u", 1);
    return node;
}

/* One FSTRING_MIDDLE token, just taken. A problem is kept for the end of the f-string, if it is the first. */
static Node *fstring_text(Parser *parser, bool is_raw, LiteralProblem *first_problem)
{
    const Token *token = last_token(parser);
    StringLiteral literal;
    LiteralProblem problem;
    if (literal_fstring_text(parser->arena, token->start, token->end, is_raw, &literal, &problem)) {
        warn_escape(parser, token, &literal);
        return constant_text(parser, token->at, literal.value.text.bytes, literal.value.text.length);
    }
    if (!problem.message)
        report_problem(parser, token, problem);
    else if (!first_problem->message)
        *first_problem = problem;
    return constant_text(parser, token->at, "", 0);
}

/* ---- joining ---- */

static Node *join_run(Parser *parser, Node **parts, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++)
        length += parts[i]->Constant.value.text.length;
    char *bytes = parser_alloc(parser, length + 1);
    if (!bytes)
        return parts[0];
    char *at = bytes;
    for (size_t i = 0; i < count; i++) {
        CodeText text = parts[i]->Constant.value.text;
        if (text.length)
            memcpy(at, text.bytes, text.length);
        at += text.length;
    }
    Node *node = node_make_at(parser, NODE_Constant, span_join(parts[0]->at, parts[count - 1]->at));
    node->Constant = parts[0]->Constant;
    node->Constant.value.text = (CodeText){ bytes, length };
    return node;
}

/* Joins neighbouring constants and leaves out what is empty. */
static NodeList join_constants(Parser *parser, NodeList parts)
{
    NodeList joined = { 0 };
    for (size_t i = 0; i < parts.count;) {
        size_t end = i;
        while (end < parts.count && parts.items[end]->kind == NODE_Constant)
            end++;
        if (end == i) {
            list_add(parser, &joined, parts.items[i++]);
            continue;
        }
        Node *constant = end - i > 1 ? join_run(parser, parts.items + i, end - i) : parts.items[i];
        if (constant->Constant.value.text.length)
            list_add(parser, &joined, constant);
        i = end;
    }
    return joined;
}

/* ---- replacement fields ---- */

/* The source between two places, without comments: the text that {x = } shows. */
static Node *debug_text(Parser *parser, Span at, const char *start, const char *end)
{
    char *text = parser_alloc(parser, (size_t)(end - start) + 1);
    if (!text)
        return NULL;
    size_t length = 0;
    char quote = '\0';
    for (; start < end; start++) {
        if (quote) {
            if (*start == '\\' && start + 1 < end)
                text[length++] = *start++;
            else if (*start == quote)
                quote = '\0';
        } else if (*start == '\'' || *start == '"') {
            quote = *start;
        } else if (*start == '#') {
            while (start < end && *start != '\n')
                start++;
            if (start == end)
                break;
        }
        text[length++] = *start;
    }
    return constant_text(parser, at, text, length);
}

/* '!' NAME: its first letter; -1: none here; 0: a mistake */
static int fstring_conversion(Parser *parser)
{
    if (!accept(parser, TOKEN_EXCLAMATION))
        return -1;
    const Token *mark = last_token(parser);
    if (!accept(parser, TOKEN_NAME))
        return 0;
    mark = token_at(parser, parser->mark - 2);
    const Token *name = last_token(parser);
    if (mark->end != name->start) {
        /* The spelling is CPython 3.13's. */
        mistake_between(parser, mark->at, name->at, "f-string: conversion type must come right after the exclamanation mark");
        return 0;
    }
    return (unsigned char)*name->start;
}

/* The NAME of a conversion must be one letter of three. Asked when the field is closed, for an open one is the greater mistake. */
static bool check_conversion(Parser *parser, const Token *name)
{
    char letter = *name->start;
    if (name->end - name->start == 1 && (letter == 's' || letter == 'r' || letter == 'a'))
        return true;
    Identifier shown = token_name(parser, name);
    mistake_at(parser, name->at, "f-string: invalid conversion character '%.*s': expected 's', 'r', or 'a'", (int)shown->length,
               shown->bytes);
    return false;
}

/* ':' (FSTRING_MIDDLE | field)*: the spec is an f-string of its own, and never a raw one in CPython 3.13. */
static Node *format_spec(Parser *parser)
{
    Span from = last_token(parser)->at;
    NodeList parts = { 0 };
    LiteralProblem problem = { 0 };
    for (;;) {
        if (accept(parser, TOKEN_FSTRING_MIDDLE)) {
            const Token *token = last_token(parser);
            list_add(parser, &parts, fstring_text(parser, false, &problem));
            if (problem.message) {
                report_problem(parser, token, problem);
                return NULL;
            }
        } else if (at(parser, TOKEN_LBRACE)) {
            if (!parse_fstring_field(parser, &parts))
                return NULL;
        } else {
            break;
        }
    }
    Node *node = node_make(parser, NODE_JoinedStr, from);
    node->JoinedStr.values = join_constants(parser, parts);
    return node;
}

/* '{' annotated_rhs ['='] ['!' NAME] [':' spec] '}' */
static bool field(Parser *parser, NodeList *parts)
{
    Span from = here(parser);
    if (!accept(parser, TOKEN_LBRACE))
        return false;
    const char *text_start = last_token(parser)->end;
    Node *value = parse_annotated_rhs(parser);
    if (!value)
        return false;
    bool is_debug = accept(parser, TOKEN_EQUAL);
    Span text_at = here(parser);
    const char *text_end = parser->has_failed ? text_start : token_at(parser, parser->mark)->start;
    int conversion = fstring_conversion(parser);
    size_t conversion_name = parser->mark - 1;
    Node *spec = NULL;
    if (!conversion)
        return false;
    if (accept(parser, TOKEN_COLON)) {
        spec = format_spec(parser);
        if (!spec)
            return false;
    }
    if (!accept(parser, TOKEN_RBRACE) || (conversion != -1 && !check_conversion(parser, token_at(parser, conversion_name))))
        return false;
    if (is_debug) {
        text_at = (Span){ from.lineno, from.col_offset + 1, text_at.lineno, text_at.col_offset };
        Node *text = debug_text(parser, text_at, text_start, text_end);
        if (text)
            list_add(parser, parts, text);
        if (conversion == -1 && !spec)
            conversion = 'r';
    }
    Node *node = node_make(parser, NODE_FormattedValue, from);
    node->FormattedValue.value = value;
    node->FormattedValue.conversion = conversion;
    node->FormattedValue.format_spec = spec;
    list_add(parser, parts, node);
    return true;
}

bool parse_fstring_field(Parser *parser, NodeList *parts)
{
    size_t start = parser->mark;
    if (field(parser, parts))
        return true;
    if (names_mistakes(parser)) {
        parser->mark = start;
        mistake_replacement_field(parser);
    }
    return false;
}

/* fstring: FSTRING_START (FSTRING_MIDDLE | field)* FSTRING_END; the start is taken. */
static bool fstring(Parser *parser, NodeList *parts)
{
    const Token *start = last_token(parser);
    bool is_raw = memchr(start->start, 'r', 2) || memchr(start->start, 'R', 2);
    LiteralProblem problem = { 0 };
    for (;;) {
        if (accept(parser, TOKEN_FSTRING_MIDDLE)) {
            list_add(parser, parts, fstring_text(parser, is_raw, &problem));
        } else if (at(parser, TOKEN_LBRACE)) {
            if (!parse_fstring_field(parser, parts))
                return false;
        } else {
            break;
        }
    }
    if (!accept(parser, TOKEN_FSTRING_END))
        return false;
    if (problem.message)
        report_problem(parser, start, problem);
    return !problem.message;
}

/* ---- strings ---- */

static Node *strings(Parser *parser)
{
    Span from = here(parser);
    NodeList parts = { 0 };
    size_t literals = 0, bytes = 0;
    bool has_fstring = false;
    for (;; literals++) {
        if (accept(parser, TOKEN_FSTRING_START)) {
            has_fstring = true;
            if (!fstring(parser, &parts))
                return NULL;
        } else if (accept(parser, TOKEN_STRING)) {
            Node *node = string(parser);
            if (!node)
                return NULL;
            bytes += node->Constant.value.kind == CONST_BYTES;
            list_add(parser, &parts, node);
        } else {
            break;
        }
    }
    if (!literals || parser->has_failed)
        return NULL;
    if (bytes && bytes != literals)
        return mistake_here(parser, "cannot mix bytes and nonbytes literals");
    if (!has_fstring)
        return literals == 1 ? parts.items[0] : join_run(parser, parts.items, parts.count);
    Node *node = node_make(parser, NODE_JoinedStr, from);
    node->JoinedStr.values = join_constants(parser, parts);
    return node;
}

/* strings: (fstring | STRING)+ */
Node *parse_strings(Parser *parser)
{
    Memo memo;
    if (memo_find(parser, RULE_STRINGS, &memo))
        return memo.node;
    size_t start = parser->mark;
    Node *node = strings(parser);
    memo_keep(parser, RULE_STRINGS, start, node, (NodeList){ 0 });
    return node;
}
