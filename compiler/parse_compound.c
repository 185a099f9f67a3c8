/* parse_compound.c - statements that hold other statements.
 *
 * What        if, while, for, with, try, match, def, class, decorators, and blocks.
 * How         Each reads its header and then block(), which takes the colon and the body. In the second reading a header that ends
 *             without its colon, or a colon without an indented line, is named here at once: that needs no rule of its own.
 *             Spans begin at the keyword, not at decorators.
 * Invariants  I1-I3 of parse_rules.h.
 * GIL         never needed.
 * Read next   parse_pattern.c (case), parse_params.c (def), parse_mistakes_stmt.c */
#include "compiler/parse_rules.h"

/* ---- blocks ---- */

/* block: NEWLINE INDENT statements DEDENT | simple_stmts */
bool parse_block(Parser *parser, NodeList *body)
{
    Memo memo;
    if (memo_find(parser, RULE_BLOCK, &memo)) {
        *body = memo.list;
        return memo.node != NULL;
    }
    size_t start = parser->mark;
    bool is_good;
    if (accept(parser, TOKEN_NEWLINE)) {
        is_good = accept(parser, TOKEN_INDENT) && parse_statements(parser, body) && accept(parser, TOKEN_DEDENT);
        if (!is_good && names_mistakes(parser)) {
            parser->mark = start + 1;
            if (!at(parser, TOKEN_INDENT))
                mistake_indent(parser, "expected an indented block");
        }
    } else {
        is_good = parse_simple_stmts(parser, body);
    }
    memo_keep(parser, RULE_BLOCK, start, is_good && body->count ? body->items[0] : NULL, *body);
    return is_good;
}

/* What a header is called in messages, and where it began. */
typedef struct Header {
    const char *what;   /* "'if' statement" */
    int lineno;
} Header;

static Header header(Parser *parser, const char *what) { return (Header){ what, here(parser).lineno }; }

/* The body behind a colon. */
static bool body(Parser *parser, Header opened, NodeList *statements)
{
    *statements = (NodeList){ 0 };
    if (names_mistakes(parser) && at(parser, TOKEN_NEWLINE) && kind_ahead(parser, 1) != TOKEN_INDENT && !parser->has_failed) {
        mistake_indent(parser, "expected an indented block after %s on line %d", opened.what, opened.lineno);
        return false;
    }
    return parse_block(parser, statements);
}

static bool colon(Parser *parser)
{
    if (accept(parser, TOKEN_COLON))
        return true;
    if (names_mistakes(parser) && at(parser, TOKEN_NEWLINE))
        mistake_here(parser, "expected ':'");
    return false;
}

/* ':' [TYPE_COMMENT] block */
static bool typed_block(Parser *parser, Header opened, NodeList *statements, Identifier *comment)
{
    if (!colon(parser))
        return false;
    *comment = accept_type_comment(parser);
    return body(parser, opened, statements);
}

/* ':' block */
static bool block(Parser *parser, Header opened, NodeList *statements)
{
    return colon(parser) && body(parser, opened, statements);
}

/* ---- if, while, for ---- */

/* else_block: 'else' ':' block. True also when there is none. */
static bool else_block(Parser *parser, NodeList *statements)
{
    Header opened = header(parser, "'else' statement");
    *statements = (NodeList){ 0 };
    if (!accept(parser, TOKEN_ELSE))
        return true;
    return expect_forced(parser, TOKEN_COLON) && body(parser, opened, statements);
}

/* if_stmt, elif_stmt: ('if' | 'elif') named_expression block (elif_stmt | [else_block]). An elif is an If within orelse. */
static Node *if_stmt(Parser *parser)
{
    Span from = here(parser);
    Header opened = header(parser, at(parser, TOKEN_IF) ? "'if' statement" : "'elif' statement");
    NodeList statements, orelse = { 0 };
    parser->mark++;
    Node *test = parse_named_expression(parser);
    if (!test || !block(parser, opened, &statements))
        return NULL;
    if (at(parser, TOKEN_ELIF)) {
        size_t mark = parser->mark;
        Node *nested = parser_enter(parser) ? if_stmt(parser) : NULL;
        if (nested || !parser->has_failed)
            parser_leave(parser);
        if (nested)
            list_add(parser, &orelse, nested);
        else
            parser->mark = mark;
    } else {
        size_t mark = parser->mark;
        if (!else_block(parser, &orelse))
            parser->mark = mark;
    }
    Node *node = node_make(parser, NODE_If, from);
    node->If.test = test;
    node->If.body = statements;
    node->If.orelse = orelse;
    return node;
}

/* while_stmt: 'while' named_expression block [else_block] */
static Node *while_stmt(Parser *parser)
{
    Span from = here(parser);
    Header opened = header(parser, "'while' statement");
    NodeList statements, orelse;
    parser->mark++;
    Node *test = parse_named_expression(parser);
    if (!test || !block(parser, opened, &statements))
        return NULL;
    size_t mark = parser->mark;
    if (!else_block(parser, &orelse))
        parser->mark = mark;
    Node *node = node_make(parser, NODE_While, from);
    node->While.test = test;
    node->While.body = statements;
    node->While.orelse = orelse;
    return node;
}

/* for_stmt: ['async'] 'for' star_targets 'in' star_expressions block [else_block] */
static Node *for_stmt(Parser *parser, Span from, bool is_async)
{
    size_t start = parser->mark;
    Header opened = header(parser, "'for' statement");
    NodeList statements, orelse;
    parser->mark++;
    Node *target = parse_star_targets(parser);
    if (!target || !accept(parser, TOKEN_IN)) {
        if (names_mistakes(parser)) {
            parser->mark = start;
            mistake_for_target(parser);
        }
        return NULL;
    }
    Node *iter = parse_star_expressions(parser);
    Identifier comment;
    if (!iter || !typed_block(parser, opened, &statements, &comment) || (is_async && !is_of_version(parser, "Async for loops are", 5)))
        return NULL;
    size_t mark = parser->mark;
    if (!else_block(parser, &orelse))
        parser->mark = mark;
    Node *node = node_make(parser, is_async ? NODE_AsyncFor : NODE_For, from);
    node->For.target = target;   /* For and AsyncFor have the same fields */
    node->For.iter = iter;
    node->For.body = statements;
    node->For.orelse = orelse;
    node->For.type_comment = comment;
    return node;
}

_Static_assert(sizeof(((Node *)0)->For) == sizeof(((Node *)0)->AsyncFor), "For and AsyncFor are filled alike");
_Static_assert(sizeof(((Node *)0)->With) == sizeof(((Node *)0)->AsyncWith), "With and AsyncWith are filled alike");
_Static_assert(sizeof(((Node *)0)->FunctionDef) == sizeof(((Node *)0)->AsyncFunctionDef), "both are filled alike");

/* ---- with ---- */

/* with_item: expression 'as' star_target &(',' | ')' | ':') | expression */
static Node *with_item(Parser *parser)
{
    size_t start = parser->mark;
    Node *vars = NULL, *context = parse_expression(parser);
    if (!context)
        return NULL;
    size_t mark = parser->mark;
    if (accept(parser, TOKEN_AS)) {
        vars = parse_star_target(parser);
        if (!vars || !(at_either(parser, TOKEN_COMMA, TOKEN_RPAR) || at(parser, TOKEN_COLON))) {
            vars = NULL;
            if (names_mistakes(parser)) {
                parser->mark = start;
                mistake_with_item(parser);
            }
            parser->mark = mark;
        }
    }
    Node *item = node_make_at(parser, NODE_withitem, (Span){ 0 });
    item->withitem.context_expr = context;
    item->withitem.optional_vars = vars;
    return item;
}

/* ','.with_item+ */
static bool with_items(Parser *parser, NodeList *items)
{
    size_t end = parser->mark;
    do {
        Node *item = with_item(parser);
        if (!item)
            break;
        list_add(parser, items, item);
        end = parser->mark;
    } while (accept(parser, TOKEN_COMMA));
    if (items->count)
        parser->mark = end;
    return items->count > 0;
}

/* with_stmt: ['async'] 'with' ('(' ','.with_item+ [','] ')' | ','.with_item+) block. Brackets around one or more items may be
 * part of an expression instead: `with (a, b): ` are two items, `with (a, b) as c:` is one tuple. */
Node *parse_with_stmt(Parser *parser, Span from, bool is_async)
{
    size_t start = parser->mark++;
    Header opened = { "'with' statement", token_at(parser, start)->at.lineno };
    NodeList items = { 0 }, statements;
    bool has_items = false;
    if (accept(parser, TOKEN_LPAR) && with_items(parser, &items)) {
        (void)accept(parser, TOKEN_COMMA);
        has_items = accept(parser, TOKEN_RPAR) && at(parser, TOKEN_COLON);
    }
    if (!has_items) {
        items = (NodeList){ 0 };
        parser->mark = start + 1;
        has_items = with_items(parser, &items) && at(parser, TOKEN_COLON);
    }
    if (!has_items) {
        if (names_mistakes(parser)) {
            parser->mark = start;
            mistake_with(parser);
        }
        return NULL;
    }
    Identifier comment;
    if (!typed_block(parser, opened, &statements, &comment) || (is_async && !is_of_version(parser, "Async with statements are", 5)))
        return NULL;
    Node *node = node_make(parser, is_async ? NODE_AsyncWith : NODE_With, from);
    node->With.type_comment = comment;
    node->With.items = items;
    node->With.body = statements;
    return node;
}

/* ---- try ---- */

/* except_block: 'except' ['*'] [expression ['as' NAME]] block */
static Node *except_block(Parser *parser, bool *is_star)
{
    Span from = here(parser);
    size_t start = parser->mark++;
    *is_star = accept(parser, TOKEN_STAR);
    Header opened = { *is_star ? "'except*' statement" : "'except' statement", from.lineno };
    Node *type = NULL;
    Identifier name = NULL;
    NodeList statements;
    if (*is_star || !at(parser, TOKEN_COLON)) {
        type = parse_expression(parser);
        if (type && accept(parser, TOKEN_AS))
            name = accept_name(parser);
        if (!type || (!name && last_token(parser)->kind == TOKEN_AS) || !at(parser, TOKEN_COLON)) {
            if (names_mistakes(parser)) {
                parser->mark = start;
                mistake_except(parser);
            }
            return NULL;
        }
    }
    if (!block(parser, opened, &statements))
        return NULL;
    Node *node = node_make(parser, NODE_ExceptHandler, from);
    node->ExceptHandler.type = type;
    node->ExceptHandler.name = name;
    node->ExceptHandler.body = statements;
    return node;
}

/* except_block+, or all of them with a star. */
static bool except_blocks(Parser *parser, NodeList *handlers, bool *are_star)
{
    while (at(parser, TOKEN_EXCEPT)) {
        size_t mark = parser->mark;
        bool is_star = kind_ahead(parser, 1) == TOKEN_STAR;
        if (handlers->count && is_star != *are_star) {
            if (names_mistakes(parser)) {
                mistake_try(parser);
                mistake_except(parser);
            }
            break;
        }
        Node *handler = except_block(parser, are_star);
        if (!handler) {
            parser->mark = mark;
            break;
        }
        list_add(parser, handlers, handler);
    }
    return handlers->count > 0;
}

static bool finally_block(Parser *parser, NodeList *statements)
{
    Header opened = header(parser, "'finally' statement");
    *statements = (NodeList){ 0 };
    if (!accept(parser, TOKEN_FINALLY))
        return true;
    return expect_forced(parser, TOKEN_COLON) && body(parser, opened, statements);
}

/* try_stmt: 'try' ':' block (finally_block | except_block+ [else_block] [finally_block]) */
Node *parse_try_stmt(Parser *parser)
{
    Span from = here(parser);
    Header opened = header(parser, "'try' statement");
    NodeList statements, handlers = { 0 }, orelse = { 0 }, finalbody = { 0 };
    bool are_star = false;
    parser->mark++;
    if (!expect_forced(parser, TOKEN_COLON) || !body(parser, opened, &statements))
        return NULL;
    if (!at_either(parser, TOKEN_EXCEPT, TOKEN_FINALLY)) {
        if (names_mistakes(parser))
            mistake_here(parser, "expected 'except' or 'finally' block");
        return NULL;
    }
    size_t mark = parser->mark;
    if (except_blocks(parser, &handlers, &are_star)) {
        mark = parser->mark;
        if (!else_block(parser, &orelse))
            parser->mark = mark;
        mark = parser->mark;
    }
    if (!finally_block(parser, &finalbody))
        parser->mark = mark;
    if ((!handlers.count && !finalbody.count) || (are_star && !is_of_version(parser, "Exception groups are", 11)))
        return NULL;
    Node *node = node_make(parser, are_star ? NODE_TryStar : NODE_Try, from);
    node->Try.body = statements;
    node->Try.handlers = handlers;
    node->Try.orelse = orelse;
    node->Try.finalbody = finalbody;
    return node;
}

/* ---- match ---- */

/* subject_expr: star_named_expression ',' [star_named_expressions] | named_expression */
static Node *subject_expr(Parser *parser)
{
    Span from = here(parser);
    Node *first = parse_star_named_expression(parser);
    if (!first)
        return NULL;
    if (!accept(parser, TOKEN_COMMA))
        return first->kind == NODE_Starred ? NULL : first;
    NodeList elements = { 0 };
    list_add(parser, &elements, first);
    size_t mark = parser->mark;
    if (!parse_star_named_expressions(parser, &elements))
        parser->mark = mark;
    Node *tuple = node_make(parser, NODE_Tuple, from);
    tuple->Tuple.elts = elements;
    return tuple;
}

/* guard: 'if' named_expression */
Node *parse_guard(Parser *parser) { return accept(parser, TOKEN_IF) ? parse_named_expression(parser) : NULL; }

/* case_block: "case" patterns [guard] block */
static Node *case_block(Parser *parser)
{
    Header opened = header(parser, "'case' statement");
    NodeList statements;
    if (!at_name(parser, parser->case_))
        return NULL;
    parser->mark++;
    Node *pattern = parse_patterns(parser);
    if (!pattern)
        return NULL;
    size_t mark = parser->mark;
    Node *guard = parse_guard(parser);
    if (!guard)
        parser->mark = mark;
    if (!block(parser, opened, &statements))
        return NULL;
    Node *node = node_make_at(parser, NODE_match_case, (Span){ 0 });
    node->match_case.pattern = pattern;
    node->match_case.guard = guard;
    node->match_case.body = statements;
    return node;
}

/* match_stmt: "match" subject_expr ':' NEWLINE INDENT case_block+ DEDENT */
Node *parse_match_stmt(Parser *parser)
{
    Span from = here(parser);
    Header opened = header(parser, "'match' statement");
    NodeList cases = { 0 };
    parser->mark++;
    Node *subject = subject_expr(parser);
    if (!subject || !colon(parser))
        return NULL;
    if (!accept(parser, TOKEN_NEWLINE))
        return NULL;
    if (!accept(parser, TOKEN_INDENT)) {
        if (names_mistakes(parser))
            mistake_indent(parser, "expected an indented block after %s on line %d", opened.what, opened.lineno);
        return NULL;
    }
    for (;;) {
        size_t mark = parser->mark;
        Node *node = case_block(parser);
        if (!node) {
            parser->mark = mark;
            break;
        }
        list_add(parser, &cases, node);
    }
    if (!cases.count || !accept(parser, TOKEN_DEDENT) || !is_of_version(parser, "Pattern matching is", 10))
        return NULL;
    Node *node = node_make(parser, NODE_Match, from);
    node->Match.subject = subject;
    node->Match.cases = cases;
    return node;
}

/* ---- def, class, decorators ---- */

/* func_type_comment: NEWLINE TYPE_COMMENT &(NEWLINE INDENT) | TYPE_COMMENT. NULL: there is none. */
static Identifier func_type_comment(Parser *parser)
{
    if (!parser->input->keeps_type_comments)
        return NULL;
    size_t start = parser->mark;
    if (accept(parser, TOKEN_NEWLINE)) {
        Identifier comment = accept_type_comment(parser);
        if (comment && at(parser, TOKEN_NEWLINE) && kind_ahead(parser, 1) == TOKEN_INDENT)
            return comment;
        parser->mark = start;
        return NULL;
    }
    Identifier comment = accept_type_comment(parser);
    size_t mark = parser->mark;
    if (comment && names_mistakes(parser) && accept(parser, TOKEN_NEWLINE) && accept(parser, TOKEN_TYPE_COMMENT) && accept(parser, TOKEN_NEWLINE) &&
        accept(parser, TOKEN_INDENT))
        mistake_here(parser, "Cannot have two type comments on def");
    parser->mark = mark;
    return comment;
}

/* function_def: ['async'] 'def' NAME [type_params] '(' [params] ')' ['->' expression] ':' [func_type_comment] block */
static Node *function_def(Parser *parser, Span from, NodeList decorators, bool is_async)
{
    Header opened = header(parser, "function definition");
    NodeList statements, type_params = { 0 };
    parser->mark++;
    Identifier name = accept_name(parser);
    if (!name)
        return NULL;
    size_t mark = parser->mark;
    if (!parse_type_params(parser, &type_params)) {
        type_params = (NodeList){ 0 };
        parser->mark = mark;
    }
    if (!expect_forced(parser, TOKEN_LPAR))
        return NULL;
    Node *args = parse_params(parser, false);
    if (!accept(parser, TOKEN_RPAR))
        return NULL;
    mark = parser->mark;
    Node *returns = accept(parser, TOKEN_RARROW) ? parse_expression(parser) : NULL;
    if (!returns)
        parser->mark = mark;
    if (!expect_forced(parser, TOKEN_COLON))
        return NULL;
    Identifier comment = func_type_comment(parser);
    if (!body(parser, opened, &statements) || (is_async && !is_of_version(parser, "Async functions are", 5)))
        return NULL;
    Node *node = node_make(parser, is_async ? NODE_AsyncFunctionDef : NODE_FunctionDef, from);
    node->FunctionDef.name = name;
    node->FunctionDef.args = args;
    node->FunctionDef.body = statements;
    node->FunctionDef.decorator_list = decorators;
    node->FunctionDef.returns = returns;
    node->FunctionDef.type_comment = comment;
    node->FunctionDef.type_params = type_params;
    return node;
}

/* class_def: 'class' NAME [type_params] ['(' [arguments] ')'] block */
static Node *class_def(Parser *parser, NodeList decorators)
{
    Span from = here(parser);
    Header opened = header(parser, "class definition");
    NodeList statements, type_params = { 0 };
    Node *args = NULL;
    parser->mark++;
    Identifier name = accept_name(parser);
    if (!name)
        return NULL;
    size_t mark = parser->mark;
    if (!parse_type_params(parser, &type_params)) {
        type_params = (NodeList){ 0 };
        parser->mark = mark;
    }
    if (accept(parser, TOKEN_LPAR)) {
        if (!at(parser, TOKEN_RPAR) && !(args = parse_arguments(parser)))
            return NULL;
        if (!accept(parser, TOKEN_RPAR))
            return NULL;
    }
    if (!block(parser, opened, &statements))
        return NULL;
    Node *node = node_make(parser, NODE_ClassDef, from);
    node->ClassDef.name = name;
    if (args) {
        node->ClassDef.bases = args->Call.args;
        node->ClassDef.keywords = args->Call.keywords;
    }
    node->ClassDef.body = statements;
    node->ClassDef.decorator_list = decorators;
    node->ClassDef.type_params = type_params;
    return node;
}

/* 'async' (def | with | for) */
static Node *async_stmt(Parser *parser, NodeList decorators)
{
    Span from = here(parser);
    parser->mark++;
    if (at(parser, TOKEN_DEF))
        return function_def(parser, from, decorators, true);
    if (decorators.count)
        return NULL;
    if (at(parser, TOKEN_WITH))
        return parse_with_stmt(parser, from, true);
    return at(parser, TOKEN_FOR) ? for_stmt(parser, from, true) : NULL;
}

/* decorators: ('@' named_expression NEWLINE)+ */
static Node *decorated(Parser *parser)
{
    NodeList decorators = { 0 };
    while (accept(parser, TOKEN_AT)) {
        Node *decorator = parse_named_expression(parser);
        if (!decorator || !accept(parser, TOKEN_NEWLINE))
            return NULL;
        list_add(parser, &decorators, decorator);
    }
    switch (next_kind(parser)) {
    case TOKEN_DEF: return function_def(parser, here(parser), decorators, false);
    case TOKEN_CLASS: return class_def(parser, decorators);
    case TOKEN_ASYNC: return async_stmt(parser, decorators);
    default: return NULL;
    }
}

/* ---- the choice ---- */

bool parse_compound_stmt(Parser *parser, Node **statement)
{
    NodeList none = { 0 };
    *statement = NULL;
    switch (next_kind(parser)) {
    case TOKEN_DEF: *statement = function_def(parser, here(parser), none, false); return true;
    case TOKEN_AT: *statement = decorated(parser); return true;
    case TOKEN_ASYNC: *statement = async_stmt(parser, none); return true;
    case TOKEN_IF: *statement = if_stmt(parser); return true;
    case TOKEN_CLASS: *statement = class_def(parser, none); return true;
    case TOKEN_WITH: *statement = parse_with_stmt(parser, here(parser), false); return true;
    case TOKEN_FOR: *statement = for_stmt(parser, here(parser), false); return true;
    case TOKEN_TRY: *statement = parse_try_stmt(parser); return true;
    case TOKEN_WHILE: *statement = while_stmt(parser); return true;
    case TOKEN_NAME:
        if (!at_name(parser, parser->match))
            return false;
        *statement = parse_match_stmt(parser);
        return true;
    default: return false;
    }
}
