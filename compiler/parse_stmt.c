/* parse_stmt.c - simple statements, and rows of statements.
 *
 * What        statements, statement, simple_stmts and all statements of one line: assignments, import, return, del ...
 * How         The first token tells which statement it is. What begins with none of the keywords is an expression, or an
 *             assignment: the expression is read, and what follows it (':', '=', '+=') decides.
 * Invariants  I1-I3 of parse_rules.h.
 * GIL         never needed.
 * Read next   parse_compound.c, parse_targets.c, parse_mistakes_stmt.c */
#include "compiler/parse_rules.h"

/* ---- assignments ---- */

/* NAME ':' expression ['=' annotated_rhs], also with a bracketed name, an attribute or a subscript on the left */
static Node *annotated_assignment(Parser *parser, Span from, Node *target, bool is_simple)
{
    parser->mark++;
    Node *annotation = parse_expression(parser);
    if (!annotation)
        return NULL;
    size_t mark = parser->mark;
    Node *value = accept(parser, TOKEN_EQUAL) ? parse_annotated_rhs(parser) : NULL;
    if (!value)
        parser->mark = mark;
    if (!is_of_version(parser, is_simple ? "Variable annotation syntax is" : "Variable annotations syntax is", 6))
        return NULL;
    set_context(parser, target, CONTEXT_Store);
    Node *node = node_make(parser, NODE_AnnAssign, from);
    node->AnnAssign.target = target;
    node->AnnAssign.annotation = annotation;
    node->AnnAssign.value = value;
    node->AnnAssign.simple = is_simple;
    return node;
}

/* (star_targets '=')+ annotated_rhs !'='; the first target is read, the mark is at its '='. */
static Node *chained_assignment(Parser *parser, Span from, Node *target)
{
    NodeList targets = { 0 };
    while (accept(parser, TOKEN_EQUAL)) {
        list_add(parser, &targets, target);
        target = parse_annotated_rhs(parser);
        if (!target)
            return NULL;
        if (at(parser, TOKEN_EQUAL) && !is_star_target(target))
            return NULL;
    }
    for (size_t i = 0; i < targets.count; i++)
        set_context(parser, targets.items[i], CONTEXT_Store);
    Identifier comment = accept_type_comment(parser);
    Node *node = node_make(parser, NODE_Assign, from);
    node->Assign.type_comment = comment;
    node->Assign.targets = targets;
    node->Assign.value = target;
    return node;
}

static bool augmented_operator(TokenKind kind, Operator *op)
{
    switch (kind) {
    case TOKEN_PLUSEQUAL: *op = OPERATOR_Add; return true;
    case TOKEN_MINEQUAL: *op = OPERATOR_Sub; return true;
    case TOKEN_STAREQUAL: *op = OPERATOR_Mult; return true;
    case TOKEN_ATEQUAL: *op = OPERATOR_MatMult; return true;
    case TOKEN_SLASHEQUAL: *op = OPERATOR_Div; return true;
    case TOKEN_PERCENTEQUAL: *op = OPERATOR_Mod; return true;
    case TOKEN_AMPEREQUAL: *op = OPERATOR_BitAnd; return true;
    case TOKEN_VBAREQUAL: *op = OPERATOR_BitOr; return true;
    case TOKEN_CIRCUMFLEXEQUAL: *op = OPERATOR_BitXor; return true;
    case TOKEN_LEFTSHIFTEQUAL: *op = OPERATOR_LShift; return true;
    case TOKEN_RIGHTSHIFTEQUAL: *op = OPERATOR_RShift; return true;
    case TOKEN_DOUBLESTAREQUAL: *op = OPERATOR_Pow; return true;
    case TOKEN_DOUBLESLASHEQUAL: *op = OPERATOR_FloorDiv; return true;
    default: return false;
    }
}

/* single_target augassign annotated_rhs; the mark is at the operator. */
static Node *augmented_assignment(Parser *parser, Span from, Node *target, Operator op)
{
    parser->mark++;
    if (op == OPERATOR_MatMult && !is_of_version(parser, "The '@' operator is", 5))
        return NULL;
    Node *value = parse_annotated_rhs(parser);
    if (!value)
        return NULL;
    set_context(parser, target, CONTEXT_Store);
    Node *node = node_make(parser, NODE_AugAssign, from);
    node->AugAssign.target = target;
    node->AugAssign.op = op;
    node->AugAssign.value = value;
    return node;
}

/* What the expression at the left is followed by makes of it; NULL: no assignment, or not a right one. */
static Node *assignment(Parser *parser, Span from, Node *left, bool is_name, bool is_bracketed)
{
    Operator op;
    TokenKind kind = next_kind(parser);
    if (kind == TOKEN_COLON && is_single_target(left) && !(is_bracketed && left->kind == NODE_Tuple))
        return annotated_assignment(parser, from, left, is_name);
    if (kind == TOKEN_EQUAL && is_star_target(left))
        return chained_assignment(parser, from, left);
    if (augmented_operator(kind, &op) && is_single_target(left))
        return augmented_assignment(parser, from, left, op);
    return NULL;
}

/* assignment | star_expressions */
static Node *assignment_or_expression(Parser *parser)
{
    size_t start = parser->mark;
    Span from = here(parser);
    bool is_bracketed = at(parser, TOKEN_LPAR), begins_with_name = at(parser, TOKEN_NAME);
    Node *value = parse_star_expressions(parser);
    size_t mark = parser->mark;
    if (value) {
        Node *node = assignment(parser, from, value, begins_with_name && value->kind == NODE_Name, is_bracketed);
        if (node)
            return node;
    }
    if (names_mistakes(parser)) {
        parser->mark = start;
        mistake_assignment(parser);
    }
    parser->mark = mark;
    if (!value)
        return NULL;
    Node *node = node_make(parser, NODE_Expr, from);
    node->Expr.value = value;
    return node;
}

/* ---- statements that begin with a keyword ---- */

/* return_stmt: 'return' [star_expressions] */
static Node *return_stmt(Parser *parser, Span from)
{
    size_t mark = parser->mark;
    Node *value = parse_star_expressions(parser);
    if (!value)
        parser->mark = mark;
    Node *node = node_make(parser, NODE_Return, from);
    node->Return.value = value;
    return node;
}

/* raise_stmt: 'raise' [expression ['from' expression]] */
static Node *raise_stmt(Parser *parser, Span from)
{
    size_t mark = parser->mark;
    Node *cause = NULL, *exc = parse_expression(parser);
    if (exc) {
        mark = parser->mark;
        if (accept(parser, TOKEN_FROM))
            cause = parse_expression(parser);
    }
    if (!cause)
        parser->mark = mark;
    Node *node = node_make(parser, NODE_Raise, from);
    node->Raise.exc = exc;
    node->Raise.cause = cause;
    return node;
}

/* global_stmt, nonlocal_stmt: keyword ','.NAME+ */
static Node *scope_stmt(Parser *parser, Span from, NodeKind kind)
{
    IdentifierList names = { 0 };
    size_t end = parser->mark;
    do {
        Identifier name = accept_name(parser);
        if (!name)
            break;
        identifier_list_add(parser, &names, name);
        end = parser->mark;
    } while (accept(parser, TOKEN_COMMA));
    parser->mark = end;
    if (!names.count)
        return NULL;
    Node *node = node_make(parser, kind, from);
    if (kind == NODE_Global)
        node->Global.names = names;
    else
        node->Nonlocal.names = names;
    return node;
}

/* del_stmt: 'del' del_targets &(';' | NEWLINE) */
static Node *del_stmt(Parser *parser, Span from)
{
    size_t start = parser->mark - 1;
    NodeList targets = { 0 };
    if (parse_del_targets(parser, &targets) && at_either(parser, TOKEN_SEMI, TOKEN_NEWLINE)) {
        Node *node = node_make(parser, NODE_Delete, from);
        node->Delete.targets = targets;
        return node;
    }
    if (names_mistakes(parser)) {
        parser->mark = start;
        mistake_del(parser);
    }
    return NULL;
}

/* assert_stmt: 'assert' expression [',' expression] */
static Node *assert_stmt(Parser *parser, Span from)
{
    Node *test = parse_expression(parser);
    if (!test)
        return NULL;
    size_t mark = parser->mark;
    Node *message = accept(parser, TOKEN_COMMA) ? parse_expression(parser) : NULL;
    if (!message)
        parser->mark = mark;
    Node *node = node_make(parser, NODE_Assert, from);
    node->Assert.test = test;
    node->Assert.msg = message;
    return node;
}

/* type_alias: "type" NAME [type_params] '=' expression */
Node *parse_type_alias(Parser *parser)
{
    Span from = here(parser);
    if (!at_name(parser, parser->type) || kind_ahead(parser, 1) != TOKEN_NAME)
        return NULL;
    parser->mark++;
    Node *name = accept_name_node(parser, CONTEXT_Store);
    NodeList type_params = { 0 };
    size_t mark = parser->mark;
    if (!parse_type_params(parser, &type_params))
        parser->mark = mark;
    Node *value = accept(parser, TOKEN_EQUAL) ? parse_expression(parser) : NULL;
    if (!value || !is_of_version(parser, "Type statement is", 12))
        return NULL;
    Node *node = node_make(parser, NODE_TypeAlias, from);
    node->TypeAlias.name = name;
    node->TypeAlias.type_params = type_params;
    node->TypeAlias.value = value;
    return node;
}

/* ---- import ---- */

/* dotted_name: NAME ('.' NAME)*, as one identifier */
static Identifier dotted_name(Parser *parser)
{
    Identifier name = accept_name(parser);
    if (!name || !at(parser, TOKEN_DOT))
        return name;
    Buffer text;
    buffer_init(&text, parser->arena->memory);
    buffer_add(&text, name->bytes, name->length);
    while (at(parser, TOKEN_DOT) && kind_ahead(parser, 1) == TOKEN_NAME) {
        parser->mark++;
        name = accept_name(parser);
        buffer_add_byte(&text, '.');
        buffer_add(&text, name->bytes, name->length);
    }
    Identifier dotted = buffer_ok(&text) ? name_intern(parser->names, text.data, text.length) : NULL;
    buffer_free(&text);
    if (!dotted) {
        diagnostics_out_of_memory(parser->diagnostics);
        parser->has_failed = true;
    }
    return dotted;
}

/* name ['as' NAME] */
static Node *alias(Parser *parser, Identifier (*read_name)(Parser *parser))
{
    Span from = here(parser);
    Identifier name = read_name(parser);
    if (!name)
        return NULL;
    size_t mark = parser->mark;
    Identifier asname = accept(parser, TOKEN_AS) ? accept_name(parser) : NULL;
    if (!asname)
        parser->mark = mark;
    Node *node = node_make(parser, NODE_alias, from);
    node->alias.name = name;
    node->alias.asname = asname;
    return node;
}

/* ','.alias+; the mark is behind the last alias, not behind a comma that nothing follows. */
static bool aliases(Parser *parser, Identifier (*read_name)(Parser *parser), NodeList *list)
{
    size_t end = parser->mark;
    do {
        Node *node = alias(parser, read_name);
        if (!node)
            break;
        list_add(parser, list, node);
        end = parser->mark;
    } while (accept(parser, TOKEN_COMMA));
    parser->mark = end;
    return list->count > 0;
}

/* import_from_targets: '(' ','.alias+ [','] ')' | ','.alias+ !',' | '*' */
static bool import_from_targets(Parser *parser, NodeList *names)
{
    size_t start = parser->mark;
    if (accept(parser, TOKEN_LPAR)) {
        if (aliases(parser, accept_name, names)) {
            (void)accept(parser, TOKEN_COMMA);
            if (accept(parser, TOKEN_RPAR))
                return true;
        }
    } else if (accept(parser, TOKEN_STAR)) {
        Node *node = node_make_at(parser, NODE_alias, last_token(parser)->at);
        node->alias.name = name_intern(parser->names, "*", 1);
        list_add(parser, names, node);
        return true;
    } else if (aliases(parser, accept_name, names) && !at(parser, TOKEN_COMMA)) {
        return true;
    }
    if (names_mistakes(parser)) {
        parser->mark = start;
        mistake_import_from_targets(parser);
    }
    return false;
}

/* import_from: 'from' ('.' | '...')* [dotted_name] 'import' import_from_targets */
static Node *import_from(Parser *parser, Span from)
{
    int level = 0;
    for (;;) {
        if (accept(parser, TOKEN_DOT))
            level++;
        else if (accept(parser, TOKEN_ELLIPSIS))
            level += 3;
        else
            break;
    }
    Identifier module = dotted_name(parser);
    NodeList names = { 0 };
    if ((!module && !level) || !accept(parser, TOKEN_IMPORT) || !import_from_targets(parser, &names))
        return NULL;
    Node *node = node_make(parser, NODE_ImportFrom, from);
    node->ImportFrom.module = module;
    node->ImportFrom.names = names;
    node->ImportFrom.level = level;
    return node;
}

/* import_stmt: 'import' ','.alias+ | import_from */
static Node *import_stmt(Parser *parser, Span from)
{
    size_t start = parser->mark;
    if (names_mistakes(parser))
        mistake_import(parser);
    parser->mark = start + 1;
    if (token_at(parser, start)->kind == TOKEN_FROM)
        return import_from(parser, from);
    NodeList names = { 0 };
    if (!aliases(parser, dotted_name, &names))
        return NULL;
    Node *node = node_make(parser, NODE_Import, from);
    node->Import.names = names;
    return node;
}

/* ---- one statement, many statements ---- */

static Node *keyword_only(Parser *parser, NodeKind kind, Span from)
{
    parser->mark++;
    return node_make(parser, kind, from);
}

static Node *after_keyword(Parser *parser, Node *(*rule)(Parser *parser, Span from), Span from)
{
    parser->mark++;
    return rule(parser, from);
}

static Node *simple_stmt_inside(Parser *parser)
{
    Span from = here(parser);
    switch (next_kind(parser)) {
    case TOKEN_RETURN: return after_keyword(parser, return_stmt, from);
    case TOKEN_IMPORT:
    case TOKEN_FROM: return import_stmt(parser, from);
    case TOKEN_RAISE: return after_keyword(parser, raise_stmt, from);
    case TOKEN_PASS: return keyword_only(parser, NODE_Pass, from);
    case TOKEN_DEL: return after_keyword(parser, del_stmt, from);
    case TOKEN_ASSERT: return after_keyword(parser, assert_stmt, from);
    case TOKEN_BREAK: return keyword_only(parser, NODE_Break, from);
    case TOKEN_CONTINUE: return keyword_only(parser, NODE_Continue, from);
    case TOKEN_GLOBAL:
        parser->mark++;
        return scope_stmt(parser, from, NODE_Global);
    case TOKEN_NONLOCAL:
        parser->mark++;
        return scope_stmt(parser, from, NODE_Nonlocal);
    case TOKEN_YIELD: {
        size_t start = parser->mark;
        if (names_mistakes(parser))
            mistake_assignment(parser);
        parser->mark = start;
        Node *value = parse_yield_expr(parser);
        if (!value)
            return NULL;
        Node *node = node_make(parser, NODE_Expr, from);
        node->Expr.value = value;
        return node;
    }
    default:
        break;
    }
    size_t start = parser->mark;
    Node *node = assignment_or_expression(parser);
    size_t mark = parser->mark;
    /* `type X = int` begins like the expression `type`: prefer the statement when it fits. */
    if (token_at(parser, start)->kind == TOKEN_NAME && mark == start + 1 && node && node->kind == NODE_Expr) {
        parser->mark = start;
        Node *type_alias = parse_type_alias(parser);
        if (type_alias)
            return type_alias;
        parser->mark = mark;
    }
    return node;
}

static Node *simple_stmt(Parser *parser)
{
    Memo memo;
    if (memo_find(parser, RULE_SIMPLE_STATEMENT, &memo))
        return memo.node;
    size_t start = parser->mark;
    Node *node = simple_stmt_inside(parser);
    memo_keep(parser, RULE_SIMPLE_STATEMENT, start, node, (NodeList){ 0 });
    return node;
}

/* simple_stmts: ';'.simple_stmt+ [';'] NEWLINE */
bool parse_simple_stmts(Parser *parser, NodeList *body)
{
    do {
        size_t mark = parser->mark;
        Node *statement = simple_stmt(parser);
        if (!statement) {
            parser->mark = mark;
            if (mark && last_token(parser)->kind == TOKEN_SEMI)
                break;
            return false;
        }
        list_add(parser, body, statement);
    } while (accept(parser, TOKEN_SEMI));
    return accept(parser, TOKEN_NEWLINE);
}

/* statement: compound_stmt | simple_stmts */
bool parse_statement(Parser *parser, NodeList *body)
{
    size_t start = parser->mark;
    Node *statement;
    if (parse_compound_stmt(parser, &statement)) {
        if (statement)
            list_add(parser, body, statement);
        if (statement)
            return true;
        parser->mark = start;
    }
    size_t count = body->count;
    if (parse_simple_stmts(parser, body))
        return true;
    body->count = count;
    return false;
}

/* statements: statement+ */
bool parse_statements(Parser *parser, NodeList *body)
{
    size_t count = body->count;
    for (;;) {
        size_t mark = parser->mark;
        if (at(parser, TOKEN_DEDENT) || at(parser, TOKEN_ENDMARKER) || !parse_statement(parser, body)) {
            parser->mark = mark;
            return body->count > count;
        }
    }
}
