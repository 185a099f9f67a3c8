/* parse_targets.c - what can be assigned to, deleted, or looped over.
 *
 * What        star_targets and del_targets, checks for both, and the context of the nodes that are targets.
 * How         Targets look like expressions. They are read as primaries, then the node tells whether it is a target; the
 *             context of its parts changes from Load to Store or Del once the statement is known to be one.
 * Invariants  I1-I3 of parse_rules.h.
 * GIL         never needed.
 * Read next   parse_stmt.c (assignment), parse_mistakes_stmt.c */
#include "compiler/parse_rules.h"

/* ---- checks ---- */

static bool all_are(const NodeList *list, bool (*test)(const Node *node))
{
    for (size_t i = 0; i < list->count; i++)
        if (!test(list->items[i]))
            return false;
    return true;
}

/* NAME, an attribute or a subscript: what an augmented or annotated assignment takes. */
bool is_single_target(const Node *node)
{
    return node->kind == NODE_Name || node->kind == NODE_Attribute || node->kind == NODE_Subscript;
}

bool is_star_target(const Node *node)
{
    switch (node->kind) {
    case NODE_Starred: return node->Starred.value->kind != NODE_Starred && is_star_target(node->Starred.value);
    case NODE_Tuple: return all_are(&node->Tuple.elts, is_star_target);
    case NODE_List: return all_are(&node->List.elts, is_star_target);
    default: return is_single_target(node);
    }
}

bool is_delete_target(const Node *node)
{
    switch (node->kind) {
    case NODE_Tuple: return all_are(&node->Tuple.elts, is_delete_target);
    case NODE_List: return all_are(&node->List.elts, is_delete_target);
    default: return is_single_target(node);
    }
}

void set_context(Parser *parser, Node *node, ExprContext ctx)
{
    if (parser->has_failed)
        return;
    switch (node->kind) {
    case NODE_Name: node->Name.ctx = ctx; break;
    case NODE_Attribute: node->Attribute.ctx = ctx; break;
    case NODE_Subscript: node->Subscript.ctx = ctx; break;
    case NODE_Starred:
        node->Starred.ctx = ctx;
        set_context(parser, node->Starred.value, ctx);
        break;
    case NODE_Tuple:
        node->Tuple.ctx = ctx;
        for (size_t i = 0; i < node->Tuple.elts.count; i++)
            set_context(parser, node->Tuple.elts.items[i], ctx);
        break;
    case NODE_List:
        node->List.ctx = ctx;
        for (size_t i = 0; i < node->List.elts.count; i++)
            set_context(parser, node->List.elts.items[i], ctx);
        break;
    default:
        break;
    }
}

static Node *invalid_element(const NodeList *list, TargetUse use)
{
    for (size_t i = 0; i < list->count; i++) {
        Node *found = invalid_target(list->items[i], use);
        if (found)
            return found;
    }
    return NULL;
}

Node *invalid_target(Node *node, TargetUse use)
{
    switch (node->kind) {
    case NODE_List: return invalid_element(&node->List.elts, use);
    case NODE_Tuple: return invalid_element(&node->Tuple.elts, use);
    case NODE_Starred: return use == TARGET_DELETE ? node : invalid_target(node->Starred.value, use);
    case NODE_Compare:   /* `for x in y` read as an expression: its left side is what was meant as the target */
        if (use != TARGET_FOR)
            return node;
        return node->Compare.ops.items[0] == COMPARE_In ? invalid_target(node->Compare.left, use) : NULL;
    case NODE_Name:
    case NODE_Subscript:
    case NODE_Attribute: return NULL;
    default: return node;
    }
}

const char *expression_name(const Node *node)
{
    switch (node->kind) {
    case NODE_Attribute: return "attribute";
    case NODE_Subscript: return "subscript";
    case NODE_Starred: return "starred";
    case NODE_Name: return "name";
    case NODE_List: return "list";
    case NODE_Tuple: return "tuple";
    case NODE_Lambda: return "lambda";
    case NODE_Call: return "function call";
    case NODE_BoolOp:
    case NODE_BinOp:
    case NODE_UnaryOp: return "expression";
    case NODE_GeneratorExp: return "generator expression";
    case NODE_Yield:
    case NODE_YieldFrom: return "yield expression";
    case NODE_Await: return "await expression";
    case NODE_ListComp: return "list comprehension";
    case NODE_SetComp: return "set comprehension";
    case NODE_DictComp: return "dict comprehension";
    case NODE_Dict: return "dict literal";
    case NODE_Set: return "set display";
    case NODE_JoinedStr:
    case NODE_FormattedValue: return "f-string expression";
    case NODE_Compare: return "comparison";
    case NODE_IfExp: return "conditional expression";
    case NODE_NamedExpr: return "named expression";
    case NODE_Constant:
        switch (node->Constant.value.kind) {
        case CONST_NONE: return "None";
        case CONST_TRUE: return "True";
        case CONST_FALSE: return "False";
        case CONST_ELLIPSIS: return "ellipsis";
        default: return "literal";
        }
    default: return "expression";
    }
}

/* ---- rules ---- */

/* star_target: '*' (!'*' star_target) | primary that is a target */
Node *parse_star_target(Parser *parser)
{
    Span from = here(parser);
    if (accept(parser, TOKEN_STAR)) {
        Node *value = at(parser, TOKEN_STAR) ? NULL : parse_star_target(parser);
        if (!value)
            return NULL;
        Node *node = node_make(parser, NODE_Starred, from);
        node->Starred.value = value;
        node->Starred.ctx = CONTEXT_Store;
        return node;
    }
    Node *node = parse_primary(parser);
    if (!node || !is_star_target(node))
        return NULL;
    set_context(parser, node, CONTEXT_Store);
    return node;
}

/* star_targets: star_target !',' | ','.star_target+ [','] */
Node *parse_star_targets(Parser *parser)
{
    Node *node = parse_tuple_or_one(parser, parse_star_target);
    if (node && node->kind == NODE_Tuple)
        node->Tuple.ctx = CONTEXT_Store;
    return node;
}

/* del_targets: ','.del_target+ [','] */
Node *parse_del_targets(Parser *parser, NodeList *targets)
{
    Node *last = NULL;
    for (;;) {
        size_t mark = parser->mark;
        Node *target = parse_primary(parser);
        if (!target || !is_delete_target(target)) {
            parser->mark = mark;
            return last;
        }
        set_context(parser, target, CONTEXT_Del);
        list_add(parser, targets, target);
        last = target;
        if (!accept(parser, TOKEN_COMMA))
            return last;
    }
}
