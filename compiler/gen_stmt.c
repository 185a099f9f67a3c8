/* gen_stmt.c - statements: the switch over all kinds, and the simple ones.
 *
 * What        gen_statement sends each statement to its family; if, assert, raise, del, expression statements are here.
 * How         A statement leaves the stack as it found it.
 * GIL         never needed.
 * Read next   gen_assign.c, gen_loop.c, gen_leave.c, gen_try.c, gen_with.c, gen_import.c, gen_match.c, gen_function.c, gen_class.c */
#include "compiler/gen.h"

static void gen_if(Gen *g, Node *node)
{
    Label next = label_new(g), end = label_new(g);
    gen_jump_if(g, node->If.test, next, false, node->at);
    gen_statements(g, node->If.body);
    if (node->If.orelse.count) emit_jump(g, PSEUDO_JUMP, end, NO_PLACE);
    label_place(g, next);
    gen_statements(g, node->If.orelse);
    label_place(g, end);
}

static bool is_full_tuple(const Node *test)
{
    if (test->kind == NODE_Tuple) return test->Tuple.elts.count > 0;
    return test->kind == NODE_Constant && test->Constant.value.kind == CONST_TUPLE &&
           test->Constant.value.items.count > 0;
}

static void gen_assert(Gen *g, Node *node)
{
    Node *test = node->Assert.test;
    if (is_full_tuple(test)) gen_warn(g, node->at, "assertion is always true, perhaps remove parentheses?");
    if (g->options->optimize) return;
    Label end = label_new(g);
    gen_jump_if(g, test, end, true, node->at);
    emit(g, OP_LOAD_ASSERTION_ERROR, 0, node->at);
    if (node->Assert.msg) {
        gen_expression(g, node->Assert.msg);
        emit(g, OP_CALL, 1, node->at);
    }
    emit(g, OP_RAISE_VARARGS, 1, test->at);
    label_place(g, end);
}

static void gen_raise(Gen *g, Node *node)
{
    uint32_t count = 0;
    if (node->Raise.exc) {
        gen_expression(g, node->Raise.exc);
        count++;
        if (node->Raise.cause) {
            gen_expression(g, node->Raise.cause);
            count++;
        }
    }
    emit(g, OP_RAISE_VARARGS, count, node->at);
}

static void gen_expression_statement(Gen *g, Node *node)
{
    Node *value = node->Expr.value;
    if (g->is_interactive && g->unit->kind == UNIT_MODULE) {
        gen_expression(g, value);
        emit(g, OP_CALL_INTRINSIC_1, INTRINSIC_PRINT, node->at);
        emit(g, OP_POP_TOP, 0, NO_PLACE);
    } else if (value->kind == NODE_Constant) {
        emit(g, OP_NOP, 0, node->at); /* nothing to do, but the line counts as run */
    } else {
        gen_expression(g, value);
        emit(g, OP_POP_TOP, 0, NO_PLACE);
    }
}

static void gen_delete(Gen *g, Node *node)
{
    for (size_t i = 0; i < node->Delete.targets.count; i++) gen_expression(g, node->Delete.targets.items[i]);
}

static void gen_assign(Gen *g, Node *node)
{
    NodeList targets = node->Assign.targets;
    gen_expression(g, node->Assign.value);
    for (size_t i = 0; i < targets.count; i++) {
        if (i + 1 < targets.count) emit(g, OP_COPY, 1, node->at);
        gen_expression(g, targets.items[i]);
    }
}

void gen_statement(Gen *g, Node *node)
{
    if (g->has_failed || gen_is_too_deep(g)) return;
    switch (node->kind) {
    case NODE_FunctionDef: gen_function(g, node, false); break;
    case NODE_AsyncFunctionDef: gen_function(g, node, true); break;
    case NODE_ClassDef: gen_class(g, node); break;
    case NODE_TypeAlias: gen_type_alias(g, node); break;
    case NODE_Return: gen_return(g, node); break;
    case NODE_Delete: gen_delete(g, node); break;
    case NODE_Assign: gen_assign(g, node); break;
    case NODE_AugAssign: gen_augmented_assignment(g, node); break;
    case NODE_AnnAssign: gen_annotated_assignment(g, node); break;
    case NODE_For: gen_for(g, node); break;
    case NODE_While: gen_while(g, node); break;
    case NODE_If: gen_if(g, node); break;
    case NODE_Match: gen_match(g, node); break;
    case NODE_Raise: gen_raise(g, node); break;
    case NODE_Try: gen_try(g, node); break;
    case NODE_TryStar: gen_try_star(g, node); break;
    case NODE_Assert: gen_assert(g, node); break;
    case NODE_Import: gen_import(g, node); break;
    case NODE_ImportFrom: gen_import_from(g, node); break;
    case NODE_Expr: gen_expression_statement(g, node); break;
    case NODE_With: gen_with(g, node, false); break;
    case NODE_AsyncFor:
        if (g->unit->kind != UNIT_ASYNC_FUNCTION &&
            !(g->options->allows_top_level_await && g->unit->kind == UNIT_MODULE))
            gen_error(g, node->at, "'async for' outside async function");
        else
            gen_async_for(g, node);
        break;
    case NODE_AsyncWith:
        if (g->unit->kind != UNIT_ASYNC_FUNCTION &&
            !(g->options->allows_top_level_await && g->unit->kind == UNIT_MODULE))
            gen_error(g, node->at, "'async with' outside async function");
        else
            gen_with(g, node, true);
        break;
    case NODE_Pass: emit(g, OP_NOP, 0, node->at); break;
    case NODE_Break: gen_break(g, node); break;
    case NODE_Continue: gen_continue(g, node); break;
    default: break; /* global and nonlocal have had their effect in the scopes */
    }
}

void gen_statements(Gen *g, NodeList body)
{
    for (size_t i = 0; i < body.count && !g->has_failed; i++) gen_statement(g, body.items[i]);
}

/* ---- modules ---- */

static bool has_annotations(const Gen *g, NodeList body);

static bool statement_has_annotations(const Gen *g, const Node *node)
{
    if ((const char *)__builtin_frame_address(0) < g->stack_limit) return false; /* gen_statement will report it */
    switch (node->kind) {
    case NODE_AnnAssign: return true;
    case NODE_For: return has_annotations(g, node->For.body) || has_annotations(g, node->For.orelse);
    case NODE_AsyncFor: return has_annotations(g, node->AsyncFor.body) || has_annotations(g, node->AsyncFor.orelse);
    case NODE_While: return has_annotations(g, node->While.body) || has_annotations(g, node->While.orelse);
    case NODE_If: return has_annotations(g, node->If.body) || has_annotations(g, node->If.orelse);
    case NODE_With: return has_annotations(g, node->With.body);
    case NODE_AsyncWith: return has_annotations(g, node->AsyncWith.body);
    case NODE_Match:
        for (size_t i = 0; i < node->Match.cases.count; i++)
            if (has_annotations(g, node->Match.cases.items[i]->match_case.body)) return true;
        return false;
    case NODE_Try:
    case NODE_TryStar: /* the same fields */
        for (size_t i = 0; i < node->Try.handlers.count; i++)
            if (has_annotations(g, node->Try.handlers.items[i]->ExceptHandler.body)) return true;
        return has_annotations(g, node->Try.body) || has_annotations(g, node->Try.orelse) ||
               has_annotations(g, node->Try.finalbody);
    default: return false;
    }
}

static bool has_annotations(const Gen *g, NodeList body)
{
    for (size_t i = 0; i < body.count; i++)
        if (statement_has_annotations(g, body.items[i])) return true;
    return false;
}

void gen_body(Gen *g, NodeList body, Span at)
{
    if (has_annotations(g, body)) emit(g, OP_SETUP_ANNOTATIONS, 0, at);
    CodeText text;
    if (docstring_of(body, &text)) {
        Node *first = body.items[0]->Expr.value;
        body.items++;
        body.count--;
        if (g->options->optimize < 2) {
            emit_text(g, docstring_clean(g, text), first->at);
            gen_name(g, gen_identifier(g, "__doc__"), CONTEXT_Store, NO_PLACE);
        }
    }
    gen_statements(g, body);
}

void gen_module(Gen *g, Node *module, Scope *scope)
{
    GenUnit unit;
    unit_enter(g, &unit, UNIT_MODULE, scope, gen_identifier(g, "<module>"), 1);
    unit_begin(g);
    switch (module->kind) {
    case NODE_Module:
        gen_body(g, module->Module.body, module->Module.body.count ? module->Module.body.items[0]->at : NO_PLACE);
        unit_leave(g, true);
        break;
    case NODE_Interactive:
        g->is_interactive = true;
        if (has_annotations(g, module->Interactive.body))
            emit(g, OP_SETUP_ANNOTATIONS, 0, module->Interactive.body.items[0]->at);
        gen_statements(g, module->Interactive.body);
        unit_leave(g, true);
        break;
    default:
        gen_expression(g, module->Expression.body);
        emit(g, OP_RETURN_VALUE, 0, NO_PLACE);
        unit_leave(g, false);
    }
}
