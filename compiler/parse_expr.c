/* parse_expr.c - expressions: operators, conditions, calls, subscripts.
 *
 * What        From star_expressions down to primary; atoms are in parse_atom.c.
 * How         One function per grammar rule. The binary operators from | to ** share one function that climbs precedences.
 *             A rule that has read `a +` and finds no operand gives back `a` with the mark before the operator, as PEG rules
 *             do: then it is the caller who finds that nothing fits, and the farthest token looked at is still the right one.
 * Invariants  I1-I3 of parse_rules.h.
 * GIL         never needed.
 * Read next   parse_atom.c, parse_mistakes.c */
#include "compiler/parse_rules.h"

/* ---- lists of expressions ---- */

/* What `1, *a, x` becomes: a Tuple when there is a comma, else the one expression. The kinds of list differ only in [item]. */
Node *parse_tuple_or_one(Parser *parser, Node *(*item)(Parser *parser))
{
    Span from = here(parser);
    Node *first = item(parser);
    if (!first || !at(parser, TOKEN_COMMA))
        return first;
    NodeList elements = { 0 };
    list_add(parser, &elements, first);
    while (accept(parser, TOKEN_COMMA)) {
        size_t mark = parser->mark;
        Node *next = item(parser);
        if (!next) {
            parser->mark = mark;
            break;
        }
        list_add(parser, &elements, next);
    }
    Node *tuple = node_make(parser, NODE_Tuple, from);
    tuple->Tuple.elts = elements;
    return tuple;
}

/* expressions: ','.expression+ [','] */
Node *parse_expressions(Parser *parser) { return parse_tuple_or_one(parser, parse_expression); }

/* star_expressions: ','.star_expression+ [','] */
Node *parse_star_expressions(Parser *parser)
{
    Memo memo;
    if (memo_find(parser, RULE_STAR_EXPRESSIONS, &memo))
        return memo.node;
    size_t start = parser->mark;
    Node *node = parse_tuple_or_one(parser, parse_star_expression);
    memo_keep(parser, RULE_STAR_EXPRESSIONS, start, node, (NodeList){ 0 });
    return node;
}

static Node *starred(Parser *parser, Node *(*operand)(Parser *parser))
{
    Span from = here(parser);
    if (!accept(parser, TOKEN_STAR))
        return NULL;
    Node *value = operand(parser);
    if (!value)
        return NULL;
    Node *node = node_make(parser, NODE_Starred, from);
    node->Starred.value = value;
    return node;
}

/* star_expression: '*' bitwise_or | expression */
Node *parse_star_expression(Parser *parser)
{
    return at(parser, TOKEN_STAR) ? starred(parser, parse_bitwise_or) : parse_expression(parser);
}

/* star_named_expression: '*' bitwise_or | named_expression */
Node *parse_star_named_expression(Parser *parser)
{
    return at(parser, TOKEN_STAR) ? starred(parser, parse_bitwise_or) : parse_named_expression(parser);
}

/* starred_expression: '*' expression. A star without one is named at once, as in CPython: no other rule could use it. */
Node *parse_starred_expression(Parser *parser)
{
    if (!at(parser, TOKEN_STAR))
        return NULL;
    if (names_mistakes(parser))
        mistake_starred_expression(parser);
    Node *node = starred(parser, parse_expression);
    if (!node && !parser->has_failed)
        mistake_here(parser, "Invalid star expression");
    return node;
}

/* star_named_expressions: ','.star_named_expression+ [','] */
bool parse_star_named_expressions(Parser *parser, NodeList *list)
{
    for (;;) {
        size_t mark = parser->mark;
        Node *item = parse_star_named_expression(parser);
        if (!item) {
            parser->mark = mark;
            return list->count > 0;
        }
        list_add(parser, list, item);
        if (!accept(parser, TOKEN_COMMA))
            return true;
    }
}

/* assignment_expression: NAME ':=' expression */
Node *parse_assignment_expression(Parser *parser)
{
    Span from = here(parser);
    if (!at(parser, TOKEN_NAME) || kind_ahead(parser, 1) != TOKEN_COLONEQUAL)
        return NULL;
    Node *target = accept_name_node(parser, CONTEXT_Store);
    parser->mark++;
    Node *value = parse_expression(parser);
    if (!value || !is_of_version(parser, "Assignment expressions are", 8))
        return NULL;
    Node *node = node_make(parser, NODE_NamedExpr, from);
    node->NamedExpr.target = target;
    node->NamedExpr.value = value;
    return node;
}

/* named_expression: assignment_expression | expression !':=' */
Node *parse_named_expression(Parser *parser)
{
    Memo memo;
    if (memo_find(parser, RULE_NAMED_EXPRESSION, &memo))
        return memo.node;
    size_t start = parser->mark;
    Node *node = parse_assignment_expression(parser);
    if (!node) {
        parser->mark = start;
        if (names_mistakes(parser))
            mistake_named_expression(parser);
        node = parse_expression(parser);
        if (at(parser, TOKEN_COLONEQUAL))
            node = NULL;
    }
    if (!parser->hides_mistakes)
        memo_keep(parser, RULE_NAMED_EXPRESSION, start, node, (NodeList){ 0 });
    return node;
}

/* yield_expr: 'yield' 'from' expression | 'yield' [star_expressions] */
Node *parse_yield_expr(Parser *parser)
{
    Span from = here(parser);
    if (!accept(parser, TOKEN_YIELD))
        return NULL;
    if (accept(parser, TOKEN_FROM)) {
        Node *value = parse_expression(parser);
        if (!value)
            return NULL;
        Node *node = node_make(parser, NODE_YieldFrom, from);
        node->YieldFrom.value = value;
        return node;
    }
    size_t mark = parser->mark;
    Node *value = parse_star_expressions(parser);
    if (!value)
        parser->mark = mark;
    Node *node = node_make(parser, NODE_Yield, from);
    node->Yield.value = value;
    return node;
}

/* annotated_rhs: yield_expr | star_expressions */
Node *parse_annotated_rhs(Parser *parser)
{
    return at(parser, TOKEN_YIELD) ? parse_yield_expr(parser) : parse_star_expressions(parser);
}

/* ---- conditions and logic ---- */

/* expression: disjunction 'if' disjunction 'else' expression | disjunction | lambdef */
Node *parse_conditional(Parser *parser)
{
    if (at(parser, TOKEN_LAMBDA))
        return parse_lambdef(parser);
    Span from = here(parser);
    Node *body = parse_disjunction(parser);
    size_t mark = parser->mark;
    if (!body || !accept(parser, TOKEN_IF))
        return body;
    Node *test = parse_disjunction(parser);
    Node *orelse = test && accept(parser, TOKEN_ELSE) ? parse_expression(parser) : NULL;
    if (!orelse) {
        parser->mark = mark;
        return body;
    }
    Node *node = node_make(parser, NODE_IfExp, from);
    node->IfExp.test = test;
    node->IfExp.body = body;
    node->IfExp.orelse = orelse;
    return node;
}

Node *parse_expression(Parser *parser)
{
    Memo memo;
    if (memo_find(parser, RULE_EXPRESSION, &memo))
        return memo.node;
    size_t start = parser->mark;
    if (!parser_enter(parser))
        return NULL;
    if (names_mistakes(parser))
        mistake_expression(parser);
    Node *node = parse_conditional(parser);
    parser_leave(parser);
    memo_keep(parser, RULE_EXPRESSION, start, node, (NodeList){ 0 });
    return node;
}

/* operand (operator operand)+ as one BoolOp. */
static Node *bool_operation(Parser *parser, TokenKind operator, BoolOperator op, Node *(*operand)(Parser *parser))
{
    Span from = here(parser);
    Node *first = operand(parser);
    if (!first || !at(parser, operator))
        return first;
    NodeList values = { 0 };
    list_add(parser, &values, first);
    for (;;) {
        size_t mark = parser->mark;
        Node *next = accept(parser, operator) ? operand(parser) : NULL;
        if (!next) {
            parser->mark = mark;
            break;
        }
        list_add(parser, &values, next);
    }
    if (values.count < 2)
        return first;
    Node *node = node_make(parser, NODE_BoolOp, from);
    node->BoolOp.op = op;
    node->BoolOp.values = values;
    return node;
}

/* One of the two spellings is right, as PEP 401 has it. */
static bool is_not_equal(Parser *parser)
{
    if (!parser->input->spells_like_flufl)
        return at(parser, TOKEN_NOTEQUAL);
    if (at(parser, TOKEN_NOTEQUAL))
        mistake_at(parser, here(parser), "with Barry as BDFL, use '<>' instead of '!='");
    return at(parser, TOKEN_LESSGREATER);
}

static bool compare_operator(Parser *parser, CmpOp *op)
{
    switch (next_kind(parser)) {
    case TOKEN_EQEQUAL: *op = COMPARE_Eq; break;
    case TOKEN_NOTEQUAL:
    case TOKEN_LESSGREATER:
        if (!is_not_equal(parser))
            return false;
        *op = COMPARE_NotEq;
        break;
    case TOKEN_LESS: *op = COMPARE_Lt; break;
    case TOKEN_LESSEQUAL: *op = COMPARE_LtE; break;
    case TOKEN_GREATER: *op = COMPARE_Gt; break;
    case TOKEN_GREATEREQUAL: *op = COMPARE_GtE; break;
    case TOKEN_IN: *op = COMPARE_In; break;
    case TOKEN_NOT:
        if (kind_ahead(parser, 1) != TOKEN_IN)
            return false;
        parser->mark++;
        *op = COMPARE_NotIn;
        break;
    case TOKEN_IS:
        *op = kind_ahead(parser, 1) == TOKEN_NOT ? COMPARE_IsNot : COMPARE_Is;
        parser->mark += *op == COMPARE_IsNot;
        break;
    default:
        return false;
    }
    parser->mark++;
    return true;
}

static void compare_add(Parser *parser, CmpOpList *ops, CmpOp op)
{
    if ((ops->count & (ops->count - 1)) == 0) {
        CmpOp *items = parser_alloc(parser, (ops->count ? ops->count * 2 : 1) * sizeof *items);
        if (!items)
            return;
        for (size_t i = 0; i < ops->count; i++)
            items[i] = ops->items[i];
        ops->items = items;
    }
    ops->items[ops->count++] = op;
}

/* comparison: bitwise_or (compare_operator bitwise_or)* */
static Node *comparison(Parser *parser)
{
    Span from = here(parser);
    Node *left = parse_bitwise_or(parser);
    if (!left)
        return NULL;
    NodeList comparators = { 0 };
    CmpOpList ops = { 0 };
    for (;;) {
        size_t mark = parser->mark;
        CmpOp op;
        Node *right = compare_operator(parser, &op) ? parse_bitwise_or(parser) : NULL;
        if (!right) {
            parser->mark = mark;
            break;
        }
        compare_add(parser, &ops, op);
        list_add(parser, &comparators, right);
    }
    if (!comparators.count)
        return left;
    Node *node = node_make(parser, NODE_Compare, from);
    node->Compare.left = left;
    node->Compare.ops = ops;
    node->Compare.comparators = comparators;
    return node;
}

static Node *unary(Parser *parser, UnaryOperator op, Node *(*operand)(Parser *parser))
{
    Span from = here(parser);
    parser->mark++;
    if (!parser_enter(parser))
        return NULL;
    Node *value = operand(parser);
    parser_leave(parser);
    if (!value)
        return NULL;
    Node *node = node_make(parser, NODE_UnaryOp, from);
    node->UnaryOp.op = op;
    node->UnaryOp.operand = value;
    return node;
}

/* inversion: 'not' inversion | comparison */
Node *parse_inversion(Parser *parser)
{
    return at(parser, TOKEN_NOT) ? unary(parser, UNARY_Not, parse_inversion) : comparison(parser);
}

static Node *conjunction(Parser *parser) { return bool_operation(parser, TOKEN_AND, BOOL_And, parse_inversion); }

/* disjunction: conjunction ('or' conjunction)* */
Node *parse_disjunction(Parser *parser)
{
    Memo memo;
    if (memo_find(parser, RULE_DISJUNCTION, &memo))
        return memo.node;
    size_t start = parser->mark;
    Node *node = bool_operation(parser, TOKEN_OR, BOOL_Or, conjunction);
    memo_keep(parser, RULE_DISJUNCTION, start, node, (NodeList){ 0 });
    return node;
}

/* ---- arithmetic ---- */

enum { LEVEL_BITWISE_OR = 1, LEVEL_BITWISE_XOR, LEVEL_BITWISE_AND, LEVEL_SHIFT, LEVEL_SUM, LEVEL_TERM };

typedef struct Precedence { int level; Operator op; } Precedence;   /* level 0: no binary operator */

static Precedence precedence(TokenKind kind)
{
    switch (kind) {
    case TOKEN_VBAR: return (Precedence){ LEVEL_BITWISE_OR, OPERATOR_BitOr };
    case TOKEN_CIRCUMFLEX: return (Precedence){ LEVEL_BITWISE_XOR, OPERATOR_BitXor };
    case TOKEN_AMPER: return (Precedence){ LEVEL_BITWISE_AND, OPERATOR_BitAnd };
    case TOKEN_LEFTSHIFT: return (Precedence){ LEVEL_SHIFT, OPERATOR_LShift };
    case TOKEN_RIGHTSHIFT: return (Precedence){ LEVEL_SHIFT, OPERATOR_RShift };
    case TOKEN_PLUS: return (Precedence){ LEVEL_SUM, OPERATOR_Add };
    case TOKEN_MINUS: return (Precedence){ LEVEL_SUM, OPERATOR_Sub };
    case TOKEN_STAR: return (Precedence){ LEVEL_TERM, OPERATOR_Mult };
    case TOKEN_SLASH: return (Precedence){ LEVEL_TERM, OPERATOR_Div };
    case TOKEN_DOUBLESLASH: return (Precedence){ LEVEL_TERM, OPERATOR_FloorDiv };
    case TOKEN_PERCENT: return (Precedence){ LEVEL_TERM, OPERATOR_Mod };
    case TOKEN_AT: return (Precedence){ LEVEL_TERM, OPERATOR_MatMult };
    default: return (Precedence){ 0, OPERATOR_Add };
    }
}

static Node *binary_make(Parser *parser, Span from, Node *left, Operator op, Node *right)
{
    Node *node = node_make(parser, NODE_BinOp, from);
    node->BinOp.left = left;
    node->BinOp.op = op;
    node->BinOp.right = right;
    return node;
}

/* Operators of [level] and above, left to right: `a - b - c` is `(a - b) - c`. */
static Node *binary(Parser *parser, int level)
{
    Span from = here(parser);
    if (names_mistakes(parser) && level <= LEVEL_SHIFT)
        mistake_arithmetic(parser);
    if (names_mistakes(parser) && level <= LEVEL_TERM)
        mistake_factor(parser);
    Node *left = parse_factor(parser);
    while (left) {
        size_t mark = parser->mark;
        Precedence found = precedence(next_kind(parser));
        if (found.level < level || !found.level)
            break;
        parser->mark++;
        Node *right = binary(parser, found.level + 1);
        if (!right) {
            parser->mark = mark;
            break;
        }
        if (found.op == OPERATOR_MatMult && !is_of_version(parser, "The '@' operator is", 5))
            return NULL;
        left = binary_make(parser, from, left, found.op, right);
    }
    return left;
}

/* sum: the operators from + and - upwards */
Node *parse_sum(Parser *parser) { return binary(parser, LEVEL_SUM); }

Node *parse_bitwise_or(Parser *parser)
{
    Memo memo;
    if (memo_find(parser, RULE_BITWISE_OR, &memo))
        return memo.node;
    size_t start = parser->mark;
    Node *node = binary(parser, LEVEL_BITWISE_OR);
    memo_keep(parser, RULE_BITWISE_OR, start, node, (NodeList){ 0 });
    return node;
}

/* await_primary: 'await' primary | primary */
static Node *await_primary(Parser *parser)
{
    Span from = here(parser);
    if (!accept(parser, TOKEN_AWAIT))
        return parse_primary(parser);
    Node *value = parse_primary(parser);
    if (!value || !is_of_version(parser, "Await expressions are", 5))
        return NULL;
    Node *node = node_make(parser, NODE_Await, from);
    node->Await.value = value;
    return node;
}

/* power: await_primary ['**' factor], so that -2**2 is -(2**2) and 2**-1 works */
static Node *power(Parser *parser)
{
    Span from = here(parser);
    Node *left = await_primary(parser);
    size_t mark = parser->mark;
    if (!left || !accept(parser, TOKEN_DOUBLESTAR))
        return left;
    Node *right = NULL;
    if (parser_enter(parser)) {
        right = parse_factor(parser);
        parser_leave(parser);
    }
    if (!right) {
        parser->mark = mark;
        return left;
    }
    return binary_make(parser, from, left, OPERATOR_Pow, right);
}

/* factor: ('+' | '-' | '~') factor | power */
Node *parse_factor(Parser *parser)
{
    switch (next_kind(parser)) {
    case TOKEN_PLUS: return unary(parser, UNARY_UAdd, parse_factor);
    case TOKEN_MINUS: return unary(parser, UNARY_USub, parse_factor);
    case TOKEN_TILDE: return unary(parser, UNARY_Invert, parse_factor);
    default: return power(parser);
    }
}

/* ---- attributes, calls, subscripts ---- */

static Node *positional_argument(Parser *parser);

static Node *attribute(Parser *parser, Span from, Node *value)
{
    parser->mark++;
    Identifier name = accept_name(parser);
    if (!name)
        return NULL;
    Node *node = node_make(parser, NODE_Attribute, from);
    node->Attribute.value = value;
    node->Attribute.attr = name;
    return node;
}

/* f(x for x in y): the brackets of the call are those of the generator expression, too. Behind '('; NULL: something else. */
static Node *bare_generator(Parser *parser, Node *element, Span bracket)
{
    NodeList generators = { 0 };
    if (!element || !parse_for_if_clauses(parser, &generators) || !accept(parser, TOKEN_RPAR))
        return NULL;
    Node *node = node_make(parser, NODE_GeneratorExp, bracket);
    node->GeneratorExp.elt = element;
    node->GeneratorExp.generators = generators;
    return node;
}

static Node *call_make(Parser *parser, Span from, Node *func, Node *args)
{
    Node *call = node_make(parser, NODE_Call, from);
    if (args)
        call->Call = args->Call;
    call->Call.func = func;
    return call;
}

static Node *generator_call(Parser *parser, Span from, Node *func, Node *generator)
{
    Node *call = call_make(parser, from, func, NULL);
    list_add(parser, &call->Call.args, generator);
    return call;
}

/* The second reading tries the forms one after the other: '(' generator ')', '(' [arguments] ')'. */
static Node *call_slowly(Parser *parser, Span from, Node *func)
{
    size_t start = parser->mark;
    Span bracket = here(parser);
    parser->mark++;
    Node *generator = bare_generator(parser, positional_argument(parser), bracket);
    if (generator)
        return generator_call(parser, from, func, generator);
    parser->mark = start;
    mistake_comprehension(parser);
    parser->mark = start + 1;
    Node *args = at(parser, TOKEN_RPAR) ? NULL : parse_arguments(parser);
    return accept(parser, TOKEN_RPAR) ? call_make(parser, from, func, args) : NULL;
}

static Node *call(Parser *parser, Span from, Node *func)
{
    if (names_mistakes(parser))
        return call_slowly(parser, from, func);
    Span bracket = here(parser);
    parser->mark++;
    if (accept(parser, TOKEN_RPAR))
        return call_make(parser, from, func, NULL);
    Node *args = parse_args(parser);
    if (!args)
        return NULL;
    bool is_single = args->Call.args.count == 1 && !args->Call.keywords.count && args->Call.args.items[0]->kind != NODE_Starred;
    if (is_single && at_comprehension(parser)) {
        Node *generator = bare_generator(parser, args->Call.args.items[0], bracket);
        return generator ? generator_call(parser, from, func, generator) : NULL;
    }
    (void)accept(parser, TOKEN_COMMA);
    return accept(parser, TOKEN_RPAR) ? call_make(parser, from, func, args) : NULL;
}

static Node *subscript(Parser *parser, Span from, Node *value)
{
    parser->mark++;
    Node *slice = parse_slices(parser);
    if (!slice || !accept(parser, TOKEN_RSQB))
        return NULL;
    Node *node = node_make(parser, NODE_Subscript, from);
    node->Subscript.value = value;
    node->Subscript.slice = slice;
    return node;
}

/* primary: atom ('.' NAME | '(' [arguments] ')' | genexp | '[' slices ']')* */
Node *parse_primary(Parser *parser)
{
    Memo memo;
    if (memo_find(parser, RULE_PRIMARY, &memo))
        return memo.node;
    size_t start = parser->mark;
    Span from = here(parser);
    Node *node = parse_atom(parser);
    while (node) {
        size_t mark = parser->mark;
        TokenKind kind = next_kind(parser);
        if (names_mistakes(parser) && (kind == TOKEN_LSQB || kind == TOKEN_LBRACE))
            mistake_comprehension(parser);   /* f{x, y for ...}: perhaps a call with the wrong brackets */
        Node *longer = kind == TOKEN_DOT    ? attribute(parser, from, node)
                       : kind == TOKEN_LPAR ? call(parser, from, node)
                       : kind == TOKEN_LSQB ? subscript(parser, from, node)
                                            : NULL;
        if (!longer) {
            parser->mark = mark;
            break;
        }
        node = longer;
    }
    memo_keep(parser, RULE_PRIMARY, start, node, (NodeList){ 0 });
    return node;
}

/* slice: [expression] ':' [expression] [':' [expression]] | named_expression */
static Node *slice(Parser *parser)
{
    Span from = here(parser);
    size_t start = parser->mark;
    Node *lower = NULL;
    if (at(parser, TOKEN_NAME) && kind_ahead(parser, 1) == TOKEN_COLONEQUAL)
        return parse_named_expression(parser);
    if (!at(parser, TOKEN_COLON)) {
        lower = parse_expression(parser);
        if (!at(parser, TOKEN_COLON) && names_mistakes(parser)) {
            parser->mark = start;
            return parse_named_expression(parser);
        }
        if (!lower || !at(parser, TOKEN_COLON))
            return at(parser, TOKEN_COLONEQUAL) ? NULL : lower;
    }
    Node *bounds[3] = { lower };
    for (int i = 1; i < 3 && accept(parser, TOKEN_COLON); i++) {
        size_t mark = parser->mark;
        if (at(parser, TOKEN_COLON) || at_either(parser, TOKEN_COMMA, TOKEN_RSQB))
            continue;
        bounds[i] = parse_expression(parser);
        if (!bounds[i])
            parser->mark = mark;
    }
    Node *node = node_make(parser, NODE_Slice, from);
    node->Slice.lower = bounds[0];
    node->Slice.upper = bounds[1];
    node->Slice.step = bounds[2];
    return node;
}

/* slices: slice !',' | ','.(slice | starred_expression)+ [','] */
Node *parse_slices(Parser *parser)
{
    Span from = here(parser);
    NodeList elements = { 0 };
    bool has_comma = false;
    for (;;) {
        size_t mark = parser->mark;
        Node *element = at(parser, TOKEN_STAR) ? parse_starred_expression(parser) : slice(parser);
        if (!element) {
            parser->mark = mark;
            break;
        }
        list_add(parser, &elements, element);
        if (!accept(parser, TOKEN_COMMA))
            break;
        has_comma = true;
    }
    if (!elements.count)
        return NULL;
    if (!has_comma && elements.items[0]->kind != NODE_Starred)
        return elements.items[0];
    Node *tuple = node_make(parser, NODE_Tuple, from);
    tuple->Tuple.elts = elements;
    return tuple;
}

/* ---- arguments of a call ---- */

static Node *keyword_make(Parser *parser, Span from, Identifier name, Node *value)
{
    Node *node = node_make(parser, NODE_keyword, from);
    node->keyword.arg = name;
    node->keyword.value = value;
    return node;
}

static bool at_keyword_argument(Parser *parser)
{
    return at(parser, TOKEN_NAME) && kind_ahead(parser, 1) == TOKEN_EQUAL;
}

/* NAME '=' expression, or '**' expression */
static Node *keyword_argument(Parser *parser)
{
    Span from = here(parser);
    Identifier name = NULL;
    if (!accept(parser, TOKEN_DOUBLESTAR)) {
        name = accept_name(parser);
        parser->mark++;
    }
    Node *value = parse_expression(parser);
    return value ? keyword_make(parser, from, name, value) : NULL;
}

/* (assignment_expression | expression !':=') !'=' */
static Node *positional_argument(Parser *parser)
{
    size_t start = parser->mark;
    Node *node = parse_assignment_expression(parser);
    if (!node) {
        parser->mark = start;
        node = parse_expression(parser);
        if (at(parser, TOKEN_COLONEQUAL))
            return NULL;
    }
    return at(parser, TOKEN_EQUAL) ? NULL : node;
}

/* args: positional and starred ones, then keywords and starred ones, then keywords and ** only. Returns a Call without func
 * that ends before the first argument that does not fit (its comma included). */
Node *parse_args(Parser *parser)
{
    Span from = here(parser);
    Node *args = node_make_at(parser, NODE_Call, from);
    bool has_keyword = false, has_mapping = false;
    size_t end = parser->mark;
    for (;;) {
        size_t start = parser->mark;
        Node *argument = NULL, *keyword = NULL;
        bool is_mapping = at(parser, TOKEN_DOUBLESTAR), is_keyword = is_mapping || at_keyword_argument(parser);
        if (!is_keyword && at(parser, TOKEN_STAR)) {
            argument = has_mapping ? NULL : parse_starred_expression(parser);
        } else if (!is_keyword && !has_keyword) {
            argument = positional_argument(parser);
        }
        if (!argument && names_mistakes(parser)) {
            parser->mark = start;
            mistake_kwarg(parser);
        }
        if (is_keyword)
            keyword = keyword_argument(parser);
        if (!argument && !keyword) {
            parser->mark = end;
            break;
        }
        if (keyword)
            list_add(parser, &args->Call.keywords, keyword);
        else
            list_add(parser, &args->Call.args, argument);
        has_keyword |= is_keyword;
        has_mapping |= is_mapping;
        end = parser->mark;
        if (!accept(parser, TOKEN_COMMA))
            break;
    }
    if (!args->Call.args.count && !args->Call.keywords.count)
        return NULL;
    args->at = span_join(from, token_at(parser, parser->mark - 1)->at);
    return args;
}

/* arguments: args [','] &')' */
static Node *arguments(Parser *parser)
{
    Node *args = parse_args(parser);
    if (args)
        (void)accept(parser, TOKEN_COMMA);
    return args && at(parser, TOKEN_RPAR) ? args : NULL;
}

Node *parse_arguments(Parser *parser)
{
    Memo memo;
    if (memo_find(parser, RULE_ARGUMENTS, &memo))
        return memo.node;
    size_t start = parser->mark;
    Node *node = arguments(parser);
    if (!node && names_mistakes(parser)) {
        parser->mark = start;
        mistake_arguments(parser);
    }
    memo_keep(parser, RULE_ARGUMENTS, start, node, (NodeList){ 0 });
    return node;
}
