/* gen_loop.c - for, async for, while.
 *
 * What        Loops with their else clauses.
 * How         for:    iterable, GET_ITER; start: FOR_ITER end; target = ...; body; jump start; end: else clause; exit:
 *             while:  start: test, jump if false to end; body: ...; test again, jump if false to end; jump body; end: else clause; exit:
 *                     The test stands there twice, as in CPython: a tracer is told of a turn only when there is one. `continue` goes to start.
 *             `continue` goes to start, `break` to exit (gen_leave.c). FOR_ITER drops the iterator itself when it is exhausted.
 *             The jump back stands where the loop stands, in the handlers around the loop: an interrupt that arrives there is seen by
 *             the `try` around it.
 * GIL         never needed; the jump back is where the running program looks whether to give up the lock.
 * Read next   gen_leave.c */
#include "compiler/gen.h"

void gen_for(Gen *g, Node *node)
{
    FrameBlock loop;
    Label start = label_new(g), end = label_new(g), exit = label_new(g);
    Node *target = node->For.target;
    block_push(g, &loop, BLOCK_FOR, start, exit, node->at);
    gen_expression(g, node->For.iter);
    emit(g, OP_GET_ITER, 0, node->For.iter->at);
    label_place(g, start);
    emit_jump(g, OP_FOR_ITER, end, node->For.iter->at);
    emit(g, OP_NOP, 0, target->at); /* keeps the line of a target that stands on a line of its own */
    gen_expression(g, target);
    gen_statements(g, node->For.body);
    emit_jump(g, PSEUDO_JUMP, start, NO_PLACE);
    label_place(g, end);
    block_pop(g);
    gen_statements(g, node->For.orelse);
    label_place(g, exit);
}

void gen_async_for(Gen *g, Node *node)
{
    FrameBlock loop;
    Label start = label_new(g), end = label_new(g), exit = label_new(g);
    Node *iterable = node->AsyncFor.iter;
    gen_expression(g, iterable);
    emit(g, OP_GET_AITER, 0, iterable->at);
    label_place(g, start);
    block_push(g, &loop, BLOCK_ASYNC_FOR, start, exit, node->at);
    emit_setup(g, SETUP_FINALLY, end, node->at); /* StopAsyncIteration ends the loop */
    emit(g, OP_GET_ANEXT, 0, node->at);
    emit_none(g, node->at);
    gen_yield_from(g, true, node->at);
    emit_pop_block(g, node->at);
    gen_expression(g, node->AsyncFor.target);
    gen_statements(g, node->AsyncFor.body);
    emit_jump(g, PSEUDO_JUMP, start, NO_PLACE);
    block_pop(g);
    label_place(g, end);
    emit(g, OP_END_ASYNC_FOR, 0, iterable->at);
    gen_statements(g, node->AsyncFor.orelse);
    label_place(g, exit);
}

void gen_while(Gen *g, Node *node)
{
    FrameBlock loop;
    Label start = label_new(g), body = label_new(g), end = label_new(g), exit = label_new(g);
    Node *test = node->While.test;
    block_push(g, &loop, BLOCK_WHILE, start, exit, node->at);
    label_place(g, start);
    gen_jump_if(g, test, end, false, node->at);
    label_place(g, body);
    gen_statements(g, node->While.body);
    gen_jump_if(g, test, end, false, node->at);
    emit_jump(g, PSEUDO_JUMP, body, test->at);
    block_pop(g);
    label_place(g, end);
    gen_statements(g, node->While.orelse);
    label_place(g, exit);
}
