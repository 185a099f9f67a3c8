/* flow_layout.c - the order of the blocks in the code, and the direction of jumps.
 *
 * What        flow_layout: what runs only after an exception goes behind everything else.
 * How         The normal way then runs straight on, without jumping over handlers. A handler that used to fall into the code behind
 *             the try now jumps back there; that jump does not look at the breaker, for it is no loop. Conditional jumps only go
 *             forward; one whose target has come to lie before it jumps to a JUMP_BACKWARD at the end instead.
 * GIL         never needed.
 * Read next   assemble.c */
#include "compiler/flow.h"
#include "compiler/flow_passes.h"

static Draft jump_to(Block *target, const Draft *like)
{
    return (Draft){.opcode = PSEUDO_JUMP_NO_INTERRUPT,
                   .label = NO_LABEL,
                   .target = target,
                   .handler = like ? like->handler : NULL,
                   .at = like ? like->at : (Span){0, 0, 0, 0}};
}

static void move_cold_blocks(Flow *flow)
{
    flow_mark_warm(flow);
    /* First make every way from cold to warm an explicit jump, while "next" still means what it meant. */
    for (Block *block = flow->first; block && !flow->has_failed; block = block->next) {
        if (block->is_warm || !block->next || !block->next->is_warm) continue;
        Draft *last = block_last(block);
        if (block_falls_through(block)) {
            Block *target = block->next, *bridge = block_insert_after(flow, block);
            if (!bridge || !block_append(flow, bridge, jump_to(target, last))) return;
            bridge->is_reached = true;
            block = bridge;
        } else if (last->opcode == PSEUDO_JUMP && last->target->is_warm) {
            last->opcode = PSEUDO_JUMP_NO_INTERRUPT;
        }
    }
    Block *warm = NULL, *cold = NULL, **warm_end = &warm, **cold_end = &cold;
    for (Block *block = flow->first, *next; block; block = next) {
        Block ***end = block->is_warm ? &warm_end : &cold_end;
        next = block->next;
        block->next = NULL;
        **end = block;
        *end = &block->next;
    }
    *warm_end = cold;
    flow->first = warm;
}

static void number_blocks(Flow *flow)
{
    uint32_t number = 0;
    for (Block *block = flow->first; block; block = block->next) block->offset = number++;
}

static void turn_backward_tests(Flow *flow)
{
    number_blocks(flow);
    Block *end = flow->first;
    while (end->next) end = end->next;
    for (Block *block = flow->first; block && !flow->has_failed; block = block->next) {
        Draft *last = block_last(block);
        if (!last || !draft_is_conditional(last) || last->target->offset > block->offset) continue;
        Block *bridge = block_insert_after(flow, end);
        if (!bridge) return;
        bridge->offset = UINT32_MAX;
        if (!block_append(flow, bridge, jump_to(last->target, last))) return;
        bridge->items[0].opcode = PSEUDO_JUMP;
        last->target = bridge;
        end = bridge;
    }
}

void flow_layout(Flow *flow)
{
    move_cold_blocks(flow);
    if (flow->has_failed) return;
    flow_clean(flow);
    turn_backward_tests(flow);
}
