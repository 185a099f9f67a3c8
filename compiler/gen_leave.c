/* gen_leave.c - return, break, continue: leaving what is around them in order.
 *
 * What        The three statements that jump out of loops, with and try blocks.
 * How         The unit knows the blocks around the current point (FrameBlock, innermost first). Leaving one emits what it needs: a
 *             `for` drops its iterator, a `with` calls __exit__, a `finally` runs a copy of its body right here, an except clause
 *             ends the handled exception. A value that is returned waits on the stack meanwhile.
 *
 *                 for x in y:                  unit->blocks:  FINALLY -> WITH -> FOR
 *                     with w:                  break emits:   finally body, w.__exit__(..), drop iterator, jump
 *                         try: break
 *                         finally: ...
 *
 * Invariants  I1 afterwards the blocks and the handler are again those of the code around the statement.
 * GIL         never needed.
 * Read next   gen_try.c, gen_with.c, gen_loop.c */
#include "compiler/gen.h"

/* While a block is left, code belongs to what is around it: restored when the jump has been emitted (I1). */
typedef struct Surroundings {
    FrameBlock *blocks;
    uint32_t block_count;
    Handler *handler;
} Surroundings;

static Surroundings remember(const GenUnit *unit)
{
    return (Surroundings){unit->blocks, unit->block_count, unit->handler};
}

static void restore(GenUnit *unit, Surroundings around)
{
    unit->blocks = around.blocks;
    unit->block_count = around.block_count;
    unit->handler = around.handler;
}

/* Drops the value on top, or the one below a value that is carried along. */
static void drop(Gen *g, bool keeps_value, Span at)
{
    if (keeps_value) emit(g, OP_SWAP, 2, at);
    emit(g, OP_POP_TOP, 0, at);
}

static void leave_finally(Gen *g, const FrameBlock *block, bool keeps_value, Span at)
{
    FrameBlock carried;
    emit_pop_block(g, at);
    if (keeps_value) block_push(g, &carried, BLOCK_VALUE, NO_LABEL, NO_LABEL, at);
    gen_statements(g, block->finally_body);
    if (keeps_value) block_pop(g);
}

static void leave_with(Gen *g, bool is_async, bool keeps_value, Span at)
{
    emit_pop_block(g, at);
    if (keeps_value) emit(g, OP_SWAP, 2, at);
    gen_call_exit(g, at);
    if (is_async) gen_await(g, 2, at);
    emit(g, OP_POP_TOP, 0, at);
}

/* [at] becomes NO_PLACE where what follows shall seem to happen after the block's own end. */
static void leave_block(Gen *g, const FrameBlock *block, Span *at, bool keeps_value)
{
    switch (block->kind) {
    case BLOCK_WHILE:
    case BLOCK_HANDLERS:
    case BLOCK_GROUP_HANDLERS: break;
    case BLOCK_FOR:
    case BLOCK_ASYNC_FOR:
    case BLOCK_VALUE: drop(g, keeps_value, *at); break;
    case BLOCK_TRY: emit_pop_block(g, *at); break;
    case BLOCK_FINALLY:
        leave_finally(g, block, keeps_value, *at);
        *at = NO_PLACE;
        break;
    case BLOCK_FINALLY_HANDLER:
        drop(g, keeps_value, *at); /* the exception */
        if (keeps_value) emit(g, OP_SWAP, 2, *at);
        emit_pop_block(g, *at);
        emit(g, OP_POP_EXCEPT, 0, *at);
        break;
    case BLOCK_WITH:
    case BLOCK_ASYNC_WITH:
        leave_with(g, block->kind == BLOCK_ASYNC_WITH, keeps_value, block->node->at);
        *at = NO_PLACE;
        break;
    case BLOCK_HANDLER:
        if (block->name) emit_pop_block(g, *at);
        if (keeps_value) emit(g, OP_SWAP, 2, *at);
        emit_pop_block(g, *at);
        emit(g, OP_POP_EXCEPT, 0, *at);
        if (block->name) gen_unbind(g, block->name, *at);
        break;
    }
}

static bool is_loop(const FrameBlock *block)
{
    return block->kind == BLOCK_WHILE || block->kind == BLOCK_FOR || block->kind == BLOCK_ASYNC_FOR;
}

static void leave_one(Gen *g, Span *at, bool keeps_value)
{
    FrameBlock *block = g->unit->blocks;
    g->unit->blocks = block->outer;
    g->unit->block_count--;
    leave_block(g, block, at, keeps_value);
}

/* Leaves blocks up to the function's own, or up to a loop, which is returned and not left yet. */
static FrameBlock *leave_blocks(Gen *g, Span *at, bool keeps_value, bool stops_at_loop)
{
    while (g->unit->blocks && !g->has_failed) {
        FrameBlock *block = g->unit->blocks;
        if (block->kind == BLOCK_GROUP_HANDLERS) {
            gen_error(g, *at, "'break', 'continue' and 'return' cannot appear in an except* block");
            return NULL;
        }
        if (stops_at_loop && is_loop(block)) return block;
        leave_one(g, at, keeps_value);
    }
    return NULL;
}

void gen_return(Gen *g, Node *node)
{
    Span at = node->at;
    Node *value = node->Return.value;
    const Scope *scope = g->unit->scope;
    if (!scope_is_function(scope)) {
        gen_error(g, at, "'return' outside function");
        return;
    }
    if (value && scope->is_coroutine && scope->is_generator) {
        gen_error(g, at, "'return' with value in async generator");
        return;
    }
    bool keeps_value = value && value->kind != NODE_Constant;
    if (keeps_value)
        gen_expression(g, value);
    else if (value)
        emit(g, OP_NOP, 0, at = value->at);
    if (!value || value->at.lineno != node->at.lineno) emit(g, OP_NOP, 0, at = node->at);
    Surroundings around = remember(g->unit);
    leave_blocks(g, &at, keeps_value, false);
    if (!value)
        emit_none(g, at);
    else if (!keeps_value)
        emit_const(g, &value->Constant.value, at);
    emit(g, OP_RETURN_VALUE, 0, at);
    restore(g->unit, around);
}

void gen_break(Gen *g, Node *node)
{
    Span at = node->at;
    Surroundings around = remember(g->unit);
    emit(g, OP_NOP, 0, at);
    FrameBlock *loop = leave_blocks(g, &at, false, true);
    if (!loop) {
        gen_error(g, node->at, "'break' outside loop");
    } else {
        leave_one(g, &at, false);
        emit_jump(g, PSEUDO_JUMP, loop->exit, at);
    }
    restore(g->unit, around);
}

void gen_continue(Gen *g, Node *node)
{
    Span at = node->at;
    Surroundings around = remember(g->unit);
    emit(g, OP_NOP, 0, at);
    FrameBlock *loop = leave_blocks(g, &at, false, true);
    if (!loop)
        gen_error(g, node->at, "'continue' not properly in loop");
    else
        emit_jump(g, PSEUDO_JUMP, loop->start, at);
    restore(g->unit, around);
}
