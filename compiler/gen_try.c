/* gen_try.c - try with except, else and finally.
 *
 * What        The statement in all its forms, except* included.
 * How         Entering a try costs nothing: the handler is a row in a table beside the code (emit_setup, emit_pop_block mark where it
 *             starts and ends). A finally body is generated several times: once for the normal way, once for exceptions, and
 *             once for each return, break or continue that leaves the try (gen_leave.c).
 *             In a handler the stack is:   .. previous exc      previous: what was being handled before
 *             Under cleanup handlers, which see exceptions raised inside a handler, it is:   .. previous offset exc
 * Invariants  I1 every way out of a handler makes the previous exception the handled one again (POP_EXCEPT).
 *             I2 the `as` name is unbound on every way out of its clause.
 * GIL         never needed.
 * Read next   gen_leave.c, gen_with.c, vm/run/unwind.c */
#include "compiler/gen.h"

void gen_unbind(Gen *g, Identifier name, Span at)
{
    emit_none(g, at);
    gen_name(g, name, CONTEXT_Store, at);
    gen_name(g, name, CONTEXT_Del, at);
}

/* What a cleanup handler does: end the handled exception, raise the new one where it was raised. */
static void pop_except_and_reraise(Gen *g)
{
    emit(g, OP_COPY, 3, NO_PLACE);
    emit(g, OP_POP_EXCEPT, 0, NO_PLACE);
    emit(g, OP_RERAISE, 1, NO_PLACE);
}

static void named_clause(Gen *g, Node *clause, Label end)
{
    Label cleanup = label_new(g);
    Identifier name = clause->ExceptHandler.name;
    FrameBlock block;
    gen_name(g, name, CONTEXT_Store, clause->at);
    emit_setup(g, SETUP_CLEANUP, cleanup, clause->at);
    block_push(g, &block, BLOCK_HANDLER, NO_LABEL, NO_LABEL, clause->at);
    block.name = name;
    gen_statements(g, clause->ExceptHandler.body);
    block_pop(g);
    emit_pop_block(g, NO_PLACE);
    Handler *handler = g->unit->handler;
    emit_pop_block(g, NO_PLACE);
    emit(g, OP_POP_EXCEPT, 0, NO_PLACE);
    gen_unbind(g, name, NO_PLACE);
    emit_jump(g, PSEUDO_JUMP, end, NO_PLACE);
    g->unit->handler = handler;
    label_place(g, cleanup);
    gen_unbind(g, name, NO_PLACE);
    emit(g, OP_RERAISE, 1, NO_PLACE);
}

static void plain_clause(Gen *g, Node *clause, Label end)
{
    FrameBlock block;
    emit(g, OP_POP_TOP, 0, clause->at);
    block_push(g, &block, BLOCK_HANDLER, NO_LABEL, NO_LABEL, clause->at);
    gen_statements(g, clause->ExceptHandler.body);
    block_pop(g);
    Handler *handler = g->unit->handler;
    emit_pop_block(g, NO_PLACE);
    emit(g, OP_POP_EXCEPT, 0, NO_PLACE);
    emit_jump(g, PSEUDO_JUMP, end, NO_PLACE);
    g->unit->handler = handler;
}

static void except_clauses(Gen *g, NodeList clauses, Label end)
{
    FrameBlock handlers;
    Label cleanup = label_new(g);
    emit(g, OP_PUSH_EXC_INFO, 0, NO_PLACE);
    emit_setup(g, SETUP_BELOW, cleanup, NO_PLACE);
    block_push(g, &handlers, BLOCK_HANDLERS, NO_LABEL, NO_LABEL, NO_PLACE);
    for (size_t i = 0; i < clauses.count; i++) {
        Node *clause = clauses.items[i], *type = clause->ExceptHandler.type;
        Label next = label_new(g);
        if (!type && i + 1 < clauses.count) gen_error(g, clause->at, "default 'except:' must be last");
        if (type) {
            gen_expression(g, type);
            emit(g, OP_CHECK_EXC_MATCH, 0, clause->at);
            emit_jump(g, OP_POP_JUMP_IF_FALSE, next, clause->at);
        }
        if (clause->ExceptHandler.name)
            named_clause(g, clause, end);
        else
            plain_clause(g, clause, end);
        label_place(g, next);
    }
    block_pop(g);
    emit(g, OP_RERAISE, 0, NO_PLACE);
    if (!g->has_failed) g->unit->handler = g->unit->handler->outer;
    label_place(g, cleanup);
    pop_except_and_reraise(g);
}

static void try_except(Gen *g, Node *node)
{
    FrameBlock block;
    Label handlers = label_new(g), end = label_new(g);
    emit_setup(g, SETUP_FINALLY, handlers, node->at);
    block_push(g, &block, BLOCK_TRY, NO_LABEL, NO_LABEL, node->at);
    gen_statements(g, node->Try.body);
    block_pop(g);
    emit_pop_block(g, NO_PLACE);
    gen_statements(g, node->Try.orelse);
    emit_jump(g, PSEUDO_JUMP, end, NO_PLACE);
    label_place(g, handlers);
    except_clauses(g, node->Try.handlers, end);
    label_place(g, end);
}

static void try_finally(Gen *g, Node *node, void (*inner)(Gen *g, Node *node), bool has_handlers)
{
    FrameBlock block;
    NodeList body = node->Try.body,
             finally_body = node->Try.finalbody; /* TryStar has the same fields in the same places */
    Label handler = label_new(g), cleanup = label_new(g), exit = label_new(g);
    emit_setup(g, SETUP_FINALLY, handler, node->at);
    block_push(g, &block, BLOCK_FINALLY, NO_LABEL, NO_LABEL, node->at);
    block.finally_body = finally_body;
    if (has_handlers)
        inner(g, node);
    else
        gen_statements(g, body);
    block_pop(g);
    emit_pop_block(g, NO_PLACE);
    gen_statements(g, finally_body);
    emit_jump(g, PSEUDO_JUMP, exit, NO_PLACE);

    label_place(g, handler);
    emit(g, OP_PUSH_EXC_INFO, 0, NO_PLACE);
    emit_setup(g, SETUP_BELOW, cleanup, NO_PLACE);
    block_push(g, &block, BLOCK_FINALLY_HANDLER, NO_LABEL, NO_LABEL, node->at);
    gen_statements(g, finally_body);
    block_pop(g);
    emit(g, OP_RERAISE, 0, NO_PLACE);
    if (!g->has_failed) g->unit->handler = g->unit->handler->outer;
    label_place(g, cleanup);
    pop_except_and_reraise(g);
    label_place(g, exit);
}

void gen_try(Gen *g, Node *node)
{
    if (node->Try.finalbody.count)
        try_finally(g, node, try_except, node->Try.handlers.count > 0);
    else
        try_except(g, node);
}

/* ---- except* ---- */

static void group_body(Gen *g, Node *clause, Label after)
{
    FrameBlock block;
    Label raised = label_new(g), end = label_new(g);
    Identifier name = clause->ExceptHandler.name;
    if (name)
        gen_name(g, name, CONTEXT_Store, clause->at);
    else
        emit(g, OP_POP_TOP, 0, clause->at);
    emit_setup(g, SETUP_CLEANUP, raised, clause->at);
    block_push(g, &block, BLOCK_HANDLER, NO_LABEL, NO_LABEL, clause->at);
    block.name = name;
    gen_statements(g, clause->ExceptHandler.body);
    block_pop(g);
    emit_pop_block(g, NO_PLACE);
    if (name) gen_unbind(g, name, NO_PLACE);
    emit_jump(g, PSEUDO_JUMP, end, NO_PLACE);

    label_place(g, raised);
    if (name) gen_unbind(g, name, NO_PLACE);
    emit(g, OP_LIST_APPEND, 3, NO_PLACE); /* what the clause raised joins what is raised in the end */
    emit(g, OP_POP_TOP, 0, NO_PLACE);     /* the offset */
    emit_jump(g, PSEUDO_JUMP, after, NO_PLACE);
    label_place(g, end);
    emit(g, OP_NOP, 0, NO_PLACE);
    emit_jump(g, PSEUDO_JUMP, after, NO_PLACE);
}

/* The stack in a clause:  previous original raised rest match     raised: a list of what the clauses raised */
static void group_clauses(Gen *g, NodeList clauses)
{
    for (size_t i = 0; i < clauses.count; i++) {
        Node *clause = clauses.items[i];
        Label no_match = label_new(g), after = label_new(g);
        if (i == 0) {
            emit(g, OP_BUILD_LIST, 0, clause->at);
            emit(g, OP_COPY, 2, clause->at);
        }
        if (clause->ExceptHandler.type) {
            gen_expression(g, clause->ExceptHandler.type);
            emit(g, OP_CHECK_EG_MATCH, 0, clause->at);
            emit(g, OP_COPY, 1, clause->at);
            emit_jump(g, OP_POP_JUMP_IF_NONE, no_match, clause->at);
        }
        group_body(g, clause, after);
        label_place(g, no_match);
        emit(g, OP_POP_TOP, 0, clause->at);
        label_place(g, after);
    }
    emit(g, OP_LIST_APPEND, 1, NO_PLACE); /* what no clause matched */
}

static void try_star_except(Gen *g, Node *node)
{
    FrameBlock block;
    Label handlers = label_new(g), cleanup = label_new(g), reraise = label_new(g), orelse = label_new(g),
          end = label_new(g);
    emit_setup(g, SETUP_FINALLY, handlers, node->at);
    block_push(g, &block, BLOCK_TRY, NO_LABEL, NO_LABEL, node->at);
    gen_statements(g, node->TryStar.body);
    block_pop(g);
    emit_pop_block(g, NO_PLACE);
    emit_jump(g, PSEUDO_JUMP, orelse, NO_PLACE);

    label_place(g, handlers);
    emit(g, OP_PUSH_EXC_INFO, 0, NO_PLACE);
    emit_setup(g, SETUP_BELOW, cleanup, NO_PLACE);
    block_push(g, &block, BLOCK_GROUP_HANDLERS, NO_LABEL, NO_LABEL, node->at);
    group_clauses(g, node->TryStar.handlers);
    block_pop(g);
    emit(g, OP_CALL_INTRINSIC_2, INTRINSIC_PREP_RERAISE_STAR, NO_PLACE);
    emit(g, OP_COPY, 1, NO_PLACE);
    emit_jump(g, OP_POP_JUMP_IF_NOT_NONE, reraise, NO_PLACE);
    emit(g, OP_POP_TOP, 0, NO_PLACE);
    Handler *handler = g->unit->handler;
    emit_pop_block(g, NO_PLACE);
    emit(g, OP_POP_EXCEPT, 0, NO_PLACE);
    emit_jump(g, PSEUDO_JUMP, end, NO_PLACE);
    g->unit->handler = handler;
    label_place(g, reraise);
    emit_pop_block(g, NO_PLACE);
    emit(g, OP_SWAP, 2, NO_PLACE);
    emit(g, OP_POP_EXCEPT, 0, NO_PLACE);
    emit(g, OP_RERAISE, 0, NO_PLACE);
    label_place(g, cleanup);
    pop_except_and_reraise(g);
    label_place(g, orelse);
    gen_statements(g, node->TryStar.orelse);
    label_place(g, end);
}

void gen_try_star(Gen *g, Node *node)
{
    if (node->TryStar.finalbody.count)
        try_finally(g, node, try_star_except, true);
    else
        try_star_except(g, node);
}
