/* ast_check.c - what a tree made by a script must keep to, beyond the types of its fields.
 *
 * What        ast_check_node(): lists that may not be empty, lists of equal length, contexts of expressions, names that are none.
 * How         Called for each node when its children have been read and checked. A target's context is its parent's affair; so each
 *             node tells its expressions which context they must have.
 * GIL         held.
 * Read next   ast_read.c */
#include <string.h>

#include "vm/cli/ast_objects.h"
#include "vm/object/exception.h"

static bool wrong(Thread *t, const char *message) { return raise_false(t, EXC_ValueError, "%s", message); }

static bool not_empty(Thread *t, size_t count, const char *field, const Node *node)
{
    return count ? true : raise_false(t, EXC_ValueError, "empty %s on %s", field, node_kind_name(node->kind));
}

/* ---- contexts ---- */

/* False: an expression of this kind has none, it can only be loaded. */
static bool context_of(const Node *node, ExprContext *ctx)
{
    switch (node->kind) {
    case NODE_Attribute: *ctx = node->Attribute.ctx; return true;
    case NODE_Subscript: *ctx = node->Subscript.ctx; return true;
    case NODE_Starred: *ctx = node->Starred.ctx; return true;
    case NODE_Name: *ctx = node->Name.ctx; return true;
    case NODE_List: *ctx = node->List.ctx; return true;
    case NODE_Tuple: *ctx = node->Tuple.ctx; return true;
    default: return false;
    }
}

static bool has_context(Thread *t, const Node *node, ExprContext wanted)
{
    ExprContext ctx;
    if (!node) return true;
    if (!context_of(node, &ctx)) {
        if (wanted == CONTEXT_Load) return true;
        return raise_false(t, EXC_ValueError, "expression which can't be assigned to in %s context", ast_name_of_ExprContext(wanted));
    }
    if (ctx == wanted) return true;
    return raise_false(t, EXC_ValueError, "expression must have %s context but has %s instead", ast_name_of_ExprContext(wanted),
                       ast_name_of_ExprContext(ctx));
}

static bool all_have_context(Thread *t, const NodeList *list, ExprContext wanted)
{
    for (size_t i = 0; i < list->count; i++)
        if (!has_context(t, list->items[i], wanted)) return false;
    return true;
}

/* The child that is a target, and its context; NULL: there is none. */
static const Node *target_of(const Node *node)
{
    switch (node->kind) {
    case NODE_AugAssign: return node->AugAssign.target;
    case NODE_AnnAssign: return node->AnnAssign.target;
    case NODE_For: return node->For.target;
    case NODE_AsyncFor: return node->AsyncFor.target;
    case NODE_NamedExpr: return node->NamedExpr.target;
    case NODE_comprehension: return node->comprehension.target;
    case NODE_withitem: return node->withitem.optional_vars;
    case NODE_TypeAlias: return node->TypeAlias.name;
    default: return NULL;
    }
}

typedef struct ContextCheck { Thread *t; const Node *node; } ContextCheck;

/* Every child that is neither a target nor inside of one is loaded. */
static bool check_child_context(Node **place, void *context)
{
    const ContextCheck *check = context;
    const Node *node = check->node;
    if (*place == target_of(node)) return has_context(check->t, *place, CONTEXT_Store);
    switch (node->kind) {
    case NODE_Assign: if (*place != node->Assign.value) return true; break;
    case NODE_Delete: case NODE_List: case NODE_Tuple: case NODE_Starred: return true;
    default: break;
    }
    return has_context(check->t, *place, CONTEXT_Load);
}

static bool check_contexts(Thread *t, const Node *node)
{
    ContextCheck check = {t, node};
    switch (node->kind) {
    case NODE_Assign: if (!all_have_context(t, &node->Assign.targets, CONTEXT_Store)) return false; break;
    case NODE_Delete: if (!all_have_context(t, &node->Delete.targets, CONTEXT_Del)) return false; break;
    case NODE_List: if (!all_have_context(t, &node->List.elts, node->List.ctx)) return false; break;
    case NODE_Tuple: if (!all_have_context(t, &node->Tuple.elts, node->Tuple.ctx)) return false; break;
    case NODE_Starred: if (!has_context(t, node->Starred.value, node->Starred.ctx)) return false; break;
    default: break;
    }
    return node_visit_children((Node *)node, check_child_context, &check);
}

/* ---- names ---- */

static bool is_name(Thread *t, Identifier name)
{
    static const char *const constants[] = {"None", "True", "False"};
    for (size_t i = 0; name && i < ARRAY_LENGTH(constants); i++)
        if (identifier_is(name, constants[i])) return raise_false(t, EXC_ValueError, "identifier field can't represent '%s' constant", constants[i]);
    return true;
}

static bool captures(Thread *t, Identifier name)
{
    if (name && identifier_is(name, "_")) return wrong(t, "can't capture name '_' in patterns");
    return is_name(t, name);
}

/* ---- one node ---- */

static bool check_try(Thread *t, const NodeList *body, const NodeList *handlers, const NodeList *orelse, const NodeList *finalbody, const Node *node)
{
    const char *name = node_kind_name(node->kind);
    if (!not_empty(t, body->count, "body", node)) return false;
    if (!handlers->count && !finalbody->count) return raise_false(t, EXC_ValueError, "%s has neither except handlers nor finalbody", name);
    if (!handlers->count && orelse->count) return raise_false(t, EXC_ValueError, "%s has orelse but no except handlers", name);
    return true;
}

static bool check_arguments(Thread *t, const Node *node)
{
    if (node->arguments.defaults.count > node->arguments.posonlyargs.count + node->arguments.args.count)
        return wrong(t, "more positional defaults than args on arguments");
    if (node->arguments.kw_defaults.count != node->arguments.kwonlyargs.count)
        return wrong(t, "length of kwonlyargs is not the same as kw_defaults on arguments");
    return true;
}

static bool check_pattern(Thread *t, const Node *node)
{
    switch (node->kind) {
    case NODE_MatchSingleton:
        if (node->MatchSingleton.value.kind > CONST_FALSE) return wrong(t, "MatchSingleton can only contain True, False and None");
        return true;
    case NODE_MatchMapping:
        if (node->MatchMapping.keys.count != node->MatchMapping.patterns.count)
            return wrong(t, "MatchMapping doesn't have the same number of keys as patterns");
        return captures(t, node->MatchMapping.rest);
    case NODE_MatchClass:
        if (node->MatchClass.kwd_attrs.count != node->MatchClass.kwd_patterns.count)
            return wrong(t, "MatchClass doesn't have the same number of keyword attributes as patterns");
        return true;
    case NODE_MatchStar: return captures(t, node->MatchStar.name);
    case NODE_MatchAs:
        if (node->MatchAs.pattern && !node->MatchAs.name) return wrong(t, "MatchAs must specify a target name if a pattern is given");
        return captures(t, node->MatchAs.name);
    case NODE_MatchOr: return node->MatchOr.patterns.count >= 2 ? true : wrong(t, "MatchOr requires at least 2 patterns");
    default: return true;
    }
}

static bool check_expression(Thread *t, const Node *node)
{
    static const char no_generators[] = "comprehension with no generators";
    switch (node->kind) {
    case NODE_BoolOp: return node->BoolOp.values.count >= 2 ? true : wrong(t, "BoolOp with less than 2 values");
    case NODE_Dict:
        return node->Dict.keys.count == node->Dict.values.count ? true : wrong(t, "Dict doesn't have the same number of keys as values");
    case NODE_ListComp: return node->ListComp.generators.count ? true : wrong(t, no_generators);
    case NODE_SetComp: return node->SetComp.generators.count ? true : wrong(t, no_generators);
    case NODE_DictComp: return node->DictComp.generators.count ? true : wrong(t, no_generators);
    case NODE_GeneratorExp: return node->GeneratorExp.generators.count ? true : wrong(t, no_generators);
    case NODE_Compare:
        if (!node->Compare.comparators.count) return wrong(t, "Compare with no comparators");
        return node->Compare.comparators.count == node->Compare.ops.count ? true
                                                                         : wrong(t, "Compare has a different number of comparators and operands");
    case NODE_Name: return is_name(t, node->Name.id);
    case NODE_arguments: return check_arguments(t, node);
    default: return check_pattern(t, node);
    }
}

static bool check_statement(Thread *t, const Node *node)
{
    switch (node->kind) {
    case NODE_FunctionDef: return not_empty(t, node->FunctionDef.body.count, "body", node);
    case NODE_AsyncFunctionDef: return not_empty(t, node->AsyncFunctionDef.body.count, "body", node);
    case NODE_ClassDef: return not_empty(t, node->ClassDef.body.count, "body", node);
    case NODE_Delete: return not_empty(t, node->Delete.targets.count, "targets", node);
    case NODE_Assign: return not_empty(t, node->Assign.targets.count, "targets", node);
    case NODE_AnnAssign:
        if (node->AnnAssign.simple && node->AnnAssign.target->kind != NODE_Name) return raise_false(t, EXC_TypeError, "AnnAssign with simple non-Name target");
        return true;
    case NODE_TypeAlias:
        return node->TypeAlias.name->kind == NODE_Name ? true : raise_false(t, EXC_TypeError, "TypeAlias with non-Name name");
    case NODE_For: return not_empty(t, node->For.body.count, "body", node);
    case NODE_AsyncFor: return not_empty(t, node->AsyncFor.body.count, "body", node);
    case NODE_While: return not_empty(t, node->While.body.count, "body", node);
    case NODE_If: return not_empty(t, node->If.body.count, "body", node);
    case NODE_With: return not_empty(t, node->With.items.count, "items", node) && not_empty(t, node->With.body.count, "body", node);
    case NODE_AsyncWith: return not_empty(t, node->AsyncWith.items.count, "items", node) && not_empty(t, node->AsyncWith.body.count, "body", node);
    case NODE_Match: return not_empty(t, node->Match.cases.count, "cases", node);
    case NODE_match_case: return not_empty(t, node->match_case.body.count, "body", node);
    case NODE_Raise: return node->Raise.exc || !node->Raise.cause ? true : wrong(t, "Raise with cause but no exception");
    case NODE_Try: return check_try(t, &node->Try.body, &node->Try.handlers, &node->Try.orelse, &node->Try.finalbody, node);
    case NODE_TryStar: return check_try(t, &node->TryStar.body, &node->TryStar.handlers, &node->TryStar.orelse, &node->TryStar.finalbody, node);
    case NODE_ExceptHandler: return not_empty(t, node->ExceptHandler.body.count, "body", node);
    case NODE_Import: return not_empty(t, node->Import.names.count, "names", node);
    case NODE_ImportFrom:
        if (node->ImportFrom.level < 0) return wrong(t, "Negative ImportFrom level");
        return not_empty(t, node->ImportFrom.names.count, "names", node);
    case NODE_Global: return not_empty(t, node->Global.names.count, "names", node);
    case NODE_Nonlocal: return not_empty(t, node->Nonlocal.names.count, "names", node);
    default: return true;
    }
}

bool ast_check_node(Thread *t, const Node *node) { return check_statement(t, node) && check_expression(t, node) && check_contexts(t, node); }
