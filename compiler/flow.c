/* flow.c - code as blocks: building the graph, what is reached, how deep the stack is.
 *
 * What        flow_build cuts a row of drafts into blocks; flow_reach drops what cannot run; flow_measure walks all paths with the
 *             depth of the stack.
 * How         A block starts at each label and after each jump. An edge leads from a block to the target of its last draft, to the
 *             next block unless the last draft ends, and to the handlers of all its drafts.
 * Invariants  I1, I2 as in flow.h.
 * GIL         never needed.
 * Read next   flow_tidy.c, flow_layout.c */
#include "compiler/flow.h"
#include "compiler/flow_passes.h"

#include <string.h>

/* ---- what a draft does ---- */

bool draft_is_conditional(const Draft *draft)
{
    return draft->target && draft->opcode != PSEUDO_JUMP && draft->opcode != PSEUDO_JUMP_NO_INTERRUPT;
}

bool draft_ends(const Draft *draft)
{
    if (draft->opcode == PSEUDO_JUMP || draft->opcode == PSEUDO_JUMP_NO_INTERRUPT) return true;
    return draft->opcode < OPCODE_PLAIN_COUNT && opcode_info(draft->opcode)->flags & OPCODE_ENDS;
}

bool draft_leaves(const Draft *draft) { return draft_ends(draft) && !draft->target; }

Draft *block_last(const Block *block) { return block->count ? &block->items[block->count - 1] : NULL; }

bool block_falls_through(const Block *block)
{
    const Draft *last = block_last(block);
    return !last || !draft_ends(last);
}

Block *block_full(Block *block)
{
    while (block && !block->count) block = block->next;
    return block;
}

/* ---- building ---- */

Block *block_insert_after(Flow *flow, Block *before)
{
    Block *block = arena_alloc(flow->arena, sizeof *block);
    if (!block) {
        flow->has_failed = true;
        return NULL;
    }
    block->next = before->next;
    before->next = block;
    return block;
}

Draft *block_append(Flow *flow, Block *block, Draft draft)
{
    if (block->count == block->capacity) {
        size_t larger = block->count + 8;
        Draft *items = arena_alloc(flow->arena, larger * sizeof *items);
        if (!items) {
            flow->has_failed = true;
            return NULL;
        }
        if (block->count) memcpy(items, block->items, block->count * sizeof *items);
        block->items = items;
        block->capacity = larger;
    }
    block->items[block->count] = draft;
    return &block->items[block->count++];
}

/* Blocks are slices of the generator's row; one that must grow moves to a place of its own (block_append). */
bool flow_build(Flow *flow, Arena *arena, DraftCode *code)
{
    *flow = (Flow){.arena = arena};
    Block **starts =
        arena_alloc(arena, (code->count + 1) * sizeof *starts); /* draft number -> the block that starts there */
    Block *block = flow->first = arena_alloc(arena, sizeof *block);
    if (!starts || !block) return false;
    static Block *const wanted = (Block *)1;
    for (size_t i = 0; i < code->label_count; i++)
        if (code->label_places[i] != UINT32_MAX) starts[code->label_places[i]] = wanted;
    block->items = code->items;
    for (size_t i = 0; i <= code->count; i++) {
        bool is_after_jump = i > 0 && (code->items[i - 1].label != NO_LABEL || draft_ends(&code->items[i - 1]));
        if (i > 0 && (starts[i] || is_after_jump)) {
            block = block_insert_after(flow, block);
            if (!block) return false;
            block->items = code->items + i;
        }
        if (starts[i]) starts[i] = block;
        if (i < code->count) block->capacity = ++block->count;
    }
    for (size_t i = 0; i < code->count; i++) {
        Draft *draft = &code->items[i];
        if (draft->label != NO_LABEL) draft->target = starts[code->label_places[draft->label]];
        if (!draft->setup) continue;
        draft->setup->block = starts[code->label_places[draft->setup->label]];
        draft->setup->block->is_handler = true;
    }
    return true;
}

/* ---- reaching ---- */

static void enqueue(Block **queue, Block *block)
{
    if (!block || block->is_queued) return;
    block->is_queued = true;
    block->queue = *queue;
    *queue = block;
}

static Block *dequeue(Block **queue)
{
    Block *block = *queue;
    if (block) *queue = block->queue;
    return block;
}

static void clear_queued(Flow *flow)
{
    for (Block *block = flow->first; block; block = block->next) block->is_queued = false;
}

/* Marks what can be reached; without handlers: what runs as long as nothing is raised. */
static void mark(Flow *flow, bool follows_handlers)
{
    Block *queue = NULL;
    clear_queued(flow);
    enqueue(&queue, flow->first);
    for (Block *block; (block = dequeue(&queue));) {
        if (follows_handlers)
            block->is_reached = true;
        else
            block->is_warm = true;
        const Draft *last = block_last(block);
        if (last && last->target) enqueue(&queue, last->target);
        if (block_falls_through(block)) enqueue(&queue, block->next);
        for (size_t i = 0; i < block->count && follows_handlers; i++)
            if (block->items[i].handler) enqueue(&queue, block->items[i].handler->block);
    }
}

void flow_mark_warm(Flow *flow)
{
    for (Block *block = flow->first; block; block = block->next) block->is_warm = false;
    mark(flow, false);
}

void flow_reach(Flow *flow)
{
    for (Block *block = flow->first; block; block = block->next) {
        block->is_reached = false;
        block->predecessors = 0;
    }
    mark(flow, true);
    Block **place = &flow->first;
    while (*place) {
        if ((*place)->is_reached)
            place = &(*place)->next;
        else
            *place = (*place)->next;
    }
    flow->first->predecessors = 1;
    for (Block *block = flow->first; block; block = block->next) {
        const Draft *last = block_last(block);
        if (last && last->target) last->target->predecessors++;
        if (block_falls_through(block) && block->next) block->next->predecessors++;
    }
}

/* ---- measuring ---- */

static void arrive(Block **queue, Block *block, int64_t depth)
{
    if (!block || block->depth >= depth) return;
    block->depth = depth;
    block->is_queued = false;
    enqueue(queue, block);
}

int64_t flow_measure(Flow *flow)
{
    int64_t deepest = 0;
    Block *queue = NULL;
    clear_queued(flow);
    for (Block *block = flow->first; block; block = block->next) block->depth = -1;
    arrive(&queue, flow->first, 0);
    for (Block *block; (block = dequeue(&queue));) {
        int64_t depth = block->depth;
        bool goes_on = true;
        for (size_t i = 0; i < block->count; i++) {
            Draft *draft = &block->items[i];
            if (draft->setup) draft->setup->depth = (uint32_t)depth - draft->setup->drops_value;
            const Handler *handler = draft->handler;
            if (handler) arrive(&queue, handler->block, handler->depth + 1 + handler->pushes_offset);
            if (draft->opcode >= OPCODE_PLAIN_COUNT) { /* pseudo instructions leave the stack alone */
                if (draft->target) arrive(&queue, draft->target, depth);
            } else {
                OpcodeEffect effect = opcode_effect(draft->opcode, draft->operand, false);
                if (draft->target) {
                    OpcodeEffect jumped = opcode_effect(draft->opcode, draft->operand, true);
                    int64_t there = depth - jumped.pops + jumped.pushes;
                    if (there > deepest) deepest = there;
                    arrive(&queue, draft->target, there);
                }
                depth += effect.pushes - effect.pops;
            }
            if (depth > deepest) deepest = depth;
            goes_on = !draft_ends(draft);
        }
        if (goes_on) arrive(&queue, block->next, depth);
    }
    for (Block *block = flow->first; block; block = block->next)
        if (block->is_handler && block->depth > deepest) deepest = block->depth;
    return deepest;
}
