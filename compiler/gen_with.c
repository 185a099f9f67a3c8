/* gen_with.c - with and async with.
 *
 * What        The statement with one or several managers; the call of __exit__ on every way out.
 * How         manager; BEFORE_WITH leaves __exit__ below the value; the body runs under a handler. Leaving normally (or by return,
 *             break, continue: gen_leave.c) calls __exit__(None, None, None). When something is raised, the handler finds __exit__
 *             on the stack and asks it whether to swallow the exception:
 *
 *                 exit  offset  previous  exc   --WITH_EXCEPT_START-->   exit  offset  previous  exc  result
 *
 *             Several managers nest: the first is left last.
 * GIL         never needed.
 * Read next   gen_try.c, gen_leave.c */
#include "compiler/gen.h"

void gen_call_exit(Gen *g, Span at)
{
    emit_none(g, at);
    emit_none(g, at);
    emit_none(g, at);
    emit(g, OP_CALL, 3, at);
}

/* The handler: __exit__ was asked and its answer lies on the stack. */
static void finish_exceptional(Gen *g, Label cleanup, Label exit, Span at)
{
    Label suppress = label_new(g);
    emit_jump(g, OP_POP_JUMP_IF_TRUE, suppress, at);
    emit(g, OP_RERAISE, 2, NO_PLACE);
    label_place(g, suppress);
    emit(g, OP_POP_TOP, 0, NO_PLACE); /* the exception */
    emit_pop_block(g, NO_PLACE);
    emit(g, OP_POP_EXCEPT, 0, NO_PLACE);
    emit(g, OP_POP_TOP, 0, NO_PLACE); /* the offset */
    emit(g, OP_POP_TOP, 0, NO_PLACE); /* __exit__ */
    emit_jump(g, PSEUDO_JUMP, exit, NO_PLACE);
    label_place(g, cleanup);
    emit(g, OP_COPY, 3, NO_PLACE);
    emit(g, OP_POP_EXCEPT, 0, NO_PLACE);
    emit(g, OP_RERAISE, 1, NO_PLACE);
}

static void with_item(Gen *g, Node *node, NodeList items, size_t index, NodeList body, bool is_async)
{
    if (gen_is_too_deep(g)) return;
    Node *item = items.items[index], *manager = item->withitem.context_expr;
    Span at = manager->at;
    Label final = label_new(g), exit = label_new(g), cleanup = label_new(g);
    gen_expression(g, manager);
    emit(g, is_async ? OP_BEFORE_ASYNC_WITH : OP_BEFORE_WITH, 0, at);
    if (is_async) gen_await(g, 1, at);
    emit_setup(g, SETUP_BELOW, final, at);
    FrameBlock block;
    block_push(g, &block, is_async ? BLOCK_ASYNC_WITH : BLOCK_WITH, NO_LABEL, NO_LABEL, node->at);
    block.node = manager;
    if (item->withitem.optional_vars)
        gen_expression(g, item->withitem.optional_vars);
    else
        emit(g, OP_POP_TOP, 0, at);
    if (index + 1 < items.count)
        with_item(g, node, items, index + 1, body, is_async);
    else
        gen_statements(g, body);
    block_pop(g);
    emit_pop_block(g, NO_PLACE);
    gen_call_exit(g, at);
    if (is_async) gen_await(g, 2, at);
    emit(g, OP_POP_TOP, 0, at);
    emit_jump(g, PSEUDO_JUMP, exit, at);

    label_place(g, final);
    emit(g, OP_PUSH_EXC_INFO, 0, at);
    emit_setup(g, SETUP_BELOW, cleanup, at);
    emit(g, OP_WITH_EXCEPT_START, 0, at);
    if (is_async) gen_await(g, 2, at);
    finish_exceptional(g, cleanup, exit, at);
    label_place(g, exit);
}

void gen_with(Gen *g, Node *node, bool is_async)
{
    if (is_async)
        with_item(g, node, node->AsyncWith.items, 0, node->AsyncWith.body, true);
    else
        with_item(g, node, node->With.items, 0, node->With.body, false);
}
