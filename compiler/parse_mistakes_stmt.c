/* parse_mistakes_stmt.c - what people mean when a statement is wrong.
 *
 * What        The mistake_* rules for assignments, del, import, for, with, try, match.
 * How         As parse_mistakes.c. Missing colons and missing indentation are named in parse_compound.c, where headers are read.
 * Invariants  I1, I2 of parse_mistakes.c.
 * GIL         never needed.
 * Read next   parse_stmt.c, parse_compound.c */
#include "compiler/parse_rules.h"

static void report_target(Parser *parser, Node *node, TargetUse use)
{
    Node *wrong = invalid_target(node, use);
    if (wrong)
        mistake_at(parser, wrong->at, use == TARGET_DELETE ? "cannot delete %s" : "cannot assign to %s", expression_name(wrong));
}

/* ---- assignments ---- */

/* (list | tuple | '(' one of these ')') ':' expression */
static void annotated_display(Parser *parser)
{
    while (at(parser, TOKEN_LPAR)) {   /* brackets around brackets, down to the display */
        size_t mark = parser->mark;
        Node *atom = parse_atom(parser);
        if (atom && atom->at.lineno == token_at(parser, mark)->at.lineno && atom->at.col_offset == token_at(parser, mark)->at.col_offset) {
            parser->mark = mark;
            break;
        }
        parser->mark = mark + 1;
        if (!atom)
            return;
    }
    if (!at_either(parser, TOKEN_LPAR, TOKEN_LSQB))
        return;
    Node *display = parse_atom(parser);
    if (!display || (display->kind != NODE_List && display->kind != NODE_Tuple))
        return;
    while (accept(parser, TOKEN_RPAR))
        continue;
    if (accept(parser, TOKEN_COLON) && parse_expression(parser))
        mistake_at(parser, display->at, "only single target (not %s) can be annotated", display->kind == NODE_List ? "list" : "tuple");
}

/* star_named_expression ',' star_named_expressions* ':' expression */
static void annotated_tuple(Parser *parser)
{
    Node *first = parse_star_named_expression(parser);
    if (!first || !accept(parser, TOKEN_COMMA))
        return;
    for (;;) {   /* row upon row, also without commas between them */
        NodeList rest = { 0 };
        size_t mark = parser->mark;
        if (!parse_star_named_expressions(parser, &rest)) {
            parser->mark = mark;
            break;
        }
    }
    if (accept(parser, TOKEN_COLON) && parse_expression(parser))
        mistake_at(parser, first->at, "only single target (not tuple) can be annotated");
}

/* expression ':' expression */
static void annotated_expression(Parser *parser)
{
    Node *target = parse_expression(parser);
    if (target && accept(parser, TOKEN_COLON) && parse_expression(parser))
        mistake_at(parser, target->at, "illegal target for annotation");
}

/* Behind (star_targets '=')*. */
static void skip_targets(Parser *parser)
{
    for (;;) {
        size_t mark = parser->mark;
        if (!parse_star_targets(parser) || !accept(parser, TOKEN_EQUAL)) {
            parser->mark = mark;
            return;
        }
    }
}

/* (star_targets '=')* star_expressions '=' */
static void assigned_expression(Parser *parser)
{
    skip_targets(parser);
    Node *target = parse_star_expressions(parser);
    if (target && at(parser, TOKEN_EQUAL))
        report_target(parser, target, TARGET_STAR);
}

/* (star_targets '=')* yield_expr '=' */
static void assigned_yield(Parser *parser)
{
    skip_targets(parser);
    Node *target = parse_yield_expr(parser);
    if (target && at(parser, TOKEN_EQUAL))
        mistake_at(parser, target->at, "assignment to yield expression not possible");
}

static bool at_augmented_operator(Parser *parser)
{
    TokenKind kind = next_kind(parser);
    return (kind >= TOKEN_PLUSEQUAL && kind <= TOKEN_ATEQUAL) || (kind >= TOKEN_DOUBLESTAREQUAL && kind <= TOKEN_RIGHTSHIFTEQUAL);
}

/* star_expressions augassign annotated_rhs */
static void augmented_expression(Parser *parser)
{
    Node *target = parse_star_expressions(parser);
    if (!target || !at_augmented_operator(parser))
        return;
    parser->mark++;
    if (parse_annotated_rhs(parser))
        mistake_at(parser, target->at, "'%s' is an illegal expression for augmented assignment", expression_name(target));
}

void mistake_assignment(Parser *parser)
{
    static void (*const rules[])(Parser *parser) = {
        annotated_display, annotated_tuple, annotated_expression, assigned_expression, assigned_yield, augmented_expression,
    };
    size_t start = parser->mark;
    for (size_t i = 0; i < ARRAY_LENGTH(rules); i++) {
        rules[i](parser);
        parser->mark = start;
    }
}

/* 'del' star_expressions */
void mistake_del(Parser *parser)
{
    size_t start = parser->mark++;
    Node *targets = parse_star_expressions(parser);
    if (targets)
        report_target(parser, targets, TARGET_DELETE);
    parser->mark = start;
}

/* 'for' star_expressions */
void mistake_for_target(Parser *parser)
{
    size_t start = parser->mark++;
    Node *target = parse_star_expressions(parser);
    if (target)
        report_target(parser, target, TARGET_FOR);
    parser->mark = start;
}

/* ---- import ---- */

static bool skip_dotted_name(Parser *parser)
{
    if (!accept(parser, TOKEN_NAME))
        return false;
    while (at(parser, TOKEN_DOT) && kind_ahead(parser, 1) == TOKEN_NAME)
        parser->mark += 2;
    return true;
}

/* 'import' ','.dotted_name+ 'from' dotted_name | 'import' NEWLINE */
void mistake_import(Parser *parser)
{
    size_t start = parser->mark;
    Span from = here(parser);
    if (accept(parser, TOKEN_IMPORT)) {
        if (at(parser, TOKEN_NEWLINE))
            mistake_from(parser, here(parser), "Expected one or more names after 'import'");
        bool has_name;
        do
            has_name = skip_dotted_name(parser);
        while (has_name && accept(parser, TOKEN_COMMA));
        if (has_name && accept(parser, TOKEN_FROM) && skip_dotted_name(parser))
            mistake_from(parser, from, "Did you mean to use 'from ... import ...' instead?");
    }
    parser->mark = start;
}

/* ','.(NAME ['as' NAME])+ ',' NEWLINE | NEWLINE */
void mistake_import_from_targets(Parser *parser)
{
    size_t start = parser->mark;
    if (at(parser, TOKEN_NEWLINE))
        mistake_from(parser, here(parser), "Expected one or more names after 'import'");
    while (accept(parser, TOKEN_NAME)) {
        if (at(parser, TOKEN_AS) && kind_ahead(parser, 1) == TOKEN_NAME)
            parser->mark += 2;
        if (!accept(parser, TOKEN_COMMA))
            break;
        if (at(parser, TOKEN_NEWLINE))
            mistake_here(parser, "trailing comma not allowed without surrounding parentheses");
    }
    parser->mark = start;
}

/* ---- with ---- */

/* expression 'as' expression &(',' | ')' | ':') */
void mistake_with_item(Parser *parser)
{
    size_t start = parser->mark;
    Node *target = parse_expression(parser) && accept(parser, TOKEN_AS) ? parse_expression(parser) : NULL;
    if (target && (at_either(parser, TOKEN_COMMA, TOKEN_RPAR) || at(parser, TOKEN_COLON)))
        report_target(parser, target, TARGET_STAR);
    parser->mark = start;
}

/* ','.(expression ['as' star_target])+ */
static bool skip_with_items(Parser *parser, Node *(*rule)(Parser *parser))
{
    size_t end = parser->mark;
    bool has_item = false;
    while (rule(parser)) {
        size_t mark = parser->mark;
        if (!accept(parser, TOKEN_AS) || !parse_star_target(parser))
            parser->mark = mark;
        end = parser->mark;
        has_item = true;
        if (!accept(parser, TOKEN_COMMA))
            return true;
    }
    parser->mark = end;
    return has_item;
}

/* 'with' items NEWLINE | 'with' '(' items [','] ')' NEWLINE */
void mistake_with(Parser *parser)
{
    size_t start = parser->mark++;
    if (skip_with_items(parser, parse_expression) && at(parser, TOKEN_NEWLINE))
        mistake_here(parser, "expected ':'");
    parser->mark = start + 1;
    if (accept(parser, TOKEN_LPAR) && skip_with_items(parser, parse_expressions)) {
        (void)accept(parser, TOKEN_COMMA);
        if (accept(parser, TOKEN_RPAR) && at(parser, TOKEN_NEWLINE))
            mistake_here(parser, "expected ':'");
    }
    parser->mark = start;
}

/* ---- try ---- */

/* [expression ['as' NAME]] ':' behind an 'except' or 'except*' of the other sort than those before it. */
void mistake_try(Parser *parser)
{
    size_t start = parser->mark;
    Span from = here(parser);
    parser->mark++;
    bool is_star = accept(parser, TOKEN_STAR);
    Span keyword = span_join(from, last_token(parser)->at);
    size_t mark = parser->mark;
    if (!parse_expression(parser))
        parser->mark = mark;
    else if (at(parser, TOKEN_AS) && kind_ahead(parser, 1) == TOKEN_NAME)
        parser->mark += 2;
    if (accept(parser, TOKEN_COLON) && (!is_star || parser->mark > mark + 1))
        mistake_at(parser, keyword, "cannot have both 'except' and 'except*' on the same 'try'");
    parser->mark = start;
}

static void skip_as_name(Parser *parser)
{
    if (at(parser, TOKEN_AS) && kind_ahead(parser, 1) == TOKEN_NAME)
        parser->mark += 2;
}

/* 'except' ['*'] a ',' b ':' | 'except' ['*'] a NEWLINE | 'except' NEWLINE | 'except' '*' (NEWLINE | ':') */
void mistake_except(Parser *parser)
{
    size_t start = parser->mark++;
    bool is_star = accept(parser, TOKEN_STAR);
    size_t behind = parser->mark;
    Node *type = parse_expression(parser);
    if (type && accept(parser, TOKEN_COMMA) && parse_expressions(parser)) {
        skip_as_name(parser);
        if (at(parser, TOKEN_COLON))
            mistake_from(parser, type->at, "multiple exception types must be parenthesized");
    }
    parser->mark = behind;
    if (parse_expression(parser)) {
        skip_as_name(parser);
        if (at(parser, TOKEN_NEWLINE))
            mistake_here(parser, "expected ':'");
    }
    parser->mark = behind;
    if (!is_star && at(parser, TOKEN_NEWLINE))
        mistake_here(parser, "expected ':'");
    if (is_star && at_either(parser, TOKEN_NEWLINE, TOKEN_COLON))
        mistake_here(parser, "expected one or more exception types");
    parser->mark = start;
}

/* ---- match ---- */

/* or_pattern 'as' "_" | or_pattern 'as' !NAME expression */
void mistake_as_pattern(Parser *parser)
{
    size_t start = parser->mark;
    if (parse_or_pattern(parser) && accept(parser, TOKEN_AS)) {
        Span target = here(parser);
        if (at_name(parser, parser->underscore))
            mistake_at(parser, target, "cannot use '_' as a target");
        else if (!at(parser, TOKEN_NAME)) {
            Node *node = parse_expression(parser);
            if (node)
                mistake_at(parser, node->at, "invalid pattern target");
        }
    }
    parser->mark = start;
}

/* '(' [patterns ','] ','.(NAME '=' pattern)+ ',' patterns: positional ones behind keywords */
void mistake_class_pattern(Parser *parser)
{
    size_t start = parser->mark++;
    bool has_keyword = false;
    Span first = { 0 }, last = { 0 };
    for (;;) {
        size_t mark = parser->mark;
        bool is_keyword = at(parser, TOKEN_NAME) && kind_ahead(parser, 1) == TOKEN_EQUAL;
        if (is_keyword && first.lineno)
            break;
        if (is_keyword)
            parser->mark += 2;
        Node *pattern = parse_pattern(parser);
        if (!pattern) {
            parser->mark = mark;
            break;
        }
        if (!is_keyword && has_keyword) {
            first = first.lineno ? first : pattern->at;
            last = pattern->at;
        }
        has_keyword |= is_keyword;
        if (!accept(parser, TOKEN_COMMA))
            break;
    }
    if (first.lineno)
        mistake_between(parser, first, last, "positional patterns follow keyword patterns");
    parser->mark = start;
}
