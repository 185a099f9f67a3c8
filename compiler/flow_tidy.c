/* flow_tidy.c - what a block does in fewer steps, and which line each step belongs to.
 *
 * What        flow_optimize: small rewrites inside a block, jumps to jumps, copies of short endings, lines for what has none.
 * How         A NOP stands for a line that must be seen by a tracer although nothing happens there (pass, try:). It goes away
 *             as soon as a neighbour has the same line. So everything here turns drafts into NOPs and leaves the cleaning up to
 *             drop_nops.
 * Invariants  I1 no rewrite changes which lines are run.
 * GIL         never needed.
 * Read next   flow_layout.c */
#include <string.h>

#include "compiler/flow.h"
#include "compiler/flow_passes.h"

enum { SHORT_ENDING = 4 }; /* so many instructions are rather copied than jumped to; CPython's figure */

static void make_nop(Draft *draft)
{
    draft->opcode = OP_NOP;
    draft->operand = 0;
    draft->label = NO_LABEL;
    draft->target = NULL;
    draft->setup = NULL;
}

static bool has_line(const Draft *draft) { return draft->at.lineno != 0; }

/* ---- NOPs ---- */

/* The line of what runs next when [block] falls through; 0 when it is not known. */
static int32_t line_after(const Block *block)
{
    for (const Block *next = block->next; next; next = next->next)
        for (size_t i = 0; i < next->count; i++)
            if (next->items[i].opcode != OP_NOP || has_line(&next->items[i])) return next->items[i].at.lineno;
    return 0;
}

static bool drop_nops(Block *block)
{
    size_t kept = 0;
    int32_t previous = 0;
    for (size_t i = 0; i < block->count; i++) {
        Draft *draft = &block->items[i];
        if (draft->opcode == OP_NOP) {
            int32_t line = draft->at.lineno;
            if (!line || line == previous) continue;
            if (i + 1 < block->count) {
                Draft *next = draft + 1;
                if (next->at.lineno == line) continue;
                if (!has_line(next)) {
                    next->at = draft->at;
                    continue;
                }
            } else if (line_after(block) == line) {
                continue;
            }
        }
        previous = draft->at.lineno;
        if (kept != i) block->items[kept] = *draft;
        kept++;
    }
    bool has_changed = kept != block->count;
    block->count = kept;
    return has_changed;
}

/* A jump to what comes next anyway. */
static bool drop_jump(Block *block)
{
    Draft *last = block_last(block);
    if (!last || !last->target || draft_is_conditional(last)) return false;
    Block *next = block_full(block->next);
    if (!next || block_full(last->target) != next) return false;
    make_nop(last);
    return true;
}

void flow_clean(Flow *flow)
{
    bool has_changed = true;
    while (has_changed) {
        has_changed = false;
        for (Block *block = flow->first; block; block = block->next) {
            has_changed |= drop_jump(block);
            has_changed |= drop_nops(block);
        }
    }
}

/* ---- rewrites inside a block ---- */

static bool is_store(const Draft *draft) { return draft->opcode == OP_STORE_FAST || draft->opcode == OP_POP_TOP; }

/* SWAP before stores: store in the other order instead. */
static bool swap_stores(Draft *draft, size_t count)
{
    uint32_t distance = draft->operand;
    if (distance < 2 || distance > 3 || count <= distance) return false;
    for (uint32_t i = 1; i <= distance; i++) {
        if (!is_store(&draft[i]) || draft[i].at.lineno != draft->at.lineno) return false;
        for (uint32_t k = 1; k < i; k++) /* two stores to one variable must keep their order */
            if (draft[i].opcode == OP_STORE_FAST && draft[k].opcode == OP_STORE_FAST &&
                draft[i].operand == draft[k].operand)
                return false;
    }
    Draft first = draft[1];
    draft[1] = draft[distance];
    draft[distance] = first;
    make_nop(draft);
    return true;
}

static void rewrite(Block *block)
{
    for (size_t i = 0; i + 1 < block->count; i++) {
        Draft *draft = &block->items[i], *next = draft + 1;
        size_t left = block->count - i;
        switch (draft->opcode) {
        case OP_LOAD_CONST:
            if (next->opcode == OP_RETURN_VALUE) {
                next->opcode = OP_RETURN_CONST;
                next->operand = draft->operand;
                make_nop(draft);
            } else if (next->opcode == OP_POP_TOP) {
                make_nop(draft);
                make_nop(next);
            }
            break;
        case OP_COPY:
            if (draft->operand == 1 && next->opcode == OP_POP_TOP) {
                make_nop(draft);
                make_nop(next);
            }
            break;
        case OP_BUILD_TUPLE:
            if (next->opcode != OP_UNPACK_SEQUENCE || next->operand != draft->operand) break;
            if (draft->operand == 1) {
                make_nop(draft);
                make_nop(next);
            } else if (draft->operand == 2 || draft->operand == 3) {
                make_nop(draft);
                next->opcode = OP_SWAP;
            }
            break;
        case OP_SWAP: swap_stores(draft, left); break;
        default: break;
        }
    }
}

/* ---- jumps to jumps ---- */

static unsigned popping(unsigned opcode)
{
    return opcode == OP_JUMP_IF_FALSE_OR_POP ? OP_POP_JUMP_IF_FALSE : OP_POP_JUMP_IF_TRUE;
}

static bool jumps_when_true(unsigned opcode)
{
    return opcode == OP_JUMP_IF_TRUE_OR_POP || opcode == OP_POP_JUMP_IF_TRUE;
}

/* JUMP_IF_x_OR_POP to another test of the same value: its outcome is known. */
static bool thread_test(Block *block, Draft *last)
{
    Block *at = block_full(last->target);
    if (!at) return false;
    const Draft *test = &at->items[0];
    if (at->count != 1 || test->at.lineno != last->at.lineno) return false;
    switch (test->opcode) {
    case OP_JUMP_IF_FALSE_OR_POP:
    case OP_JUMP_IF_TRUE_OR_POP:
    case OP_POP_JUMP_IF_FALSE:
    case OP_POP_JUMP_IF_TRUE: break;
    default: return false;
    }
    bool keeps_value = test->opcode == OP_JUMP_IF_FALSE_OR_POP || test->opcode == OP_JUMP_IF_TRUE_OR_POP;
    if (jumps_when_true(test->opcode) != jumps_when_true(last->opcode)) {
        if (!at->next) return false;
        last->opcode = (uint16_t)popping(last->opcode); /* the second test pops it and goes on */
        last->target = at->next;
        return true;
    }
    if (test->target == last->target) return false;
    if (!keeps_value) last->opcode = (uint16_t)popping(last->opcode);
    last->target = test->target;
    (void)block;
    return true;
}

static bool thread_jump(Block *block)
{
    Draft *last = block_last(block);
    if (!last || !last->target) return false;
    switch (last->opcode) {
    case OP_JUMP_IF_FALSE_OR_POP:
    case OP_JUMP_IF_TRUE_OR_POP: return thread_test(block, last);
    case PSEUDO_JUMP:
    case OP_POP_JUMP_IF_FALSE:
    case OP_POP_JUMP_IF_TRUE:
    case OP_POP_JUMP_IF_NONE:
    case OP_POP_JUMP_IF_NOT_NONE: break;
    default: return false;
    }
    const Block *at = block_full(last->target);
    const Draft *jump = at ? &at->items[0] : NULL;
    if (!jump || jump->opcode != PSEUDO_JUMP || jump->target == last->target || jump->target == at) return false;
    if (has_line(jump) && jump->at.lineno != last->at.lineno) return false;
    if (draft_is_conditional(last)) { /* a conditional jump only goes forward */
        const Block *later = at->next;
        while (later && later != jump->target) later = later->next;
        if (!later) return false;
    }
    last->target = jump->target;
    return true;
}

/* ---- short endings are copied ---- */

static bool ends_shortly(const Block *block)
{
    const Draft *last = block_last(block);
    return last && draft_leaves(last) && block->count <= SHORT_ENDING;
}

static bool copy_ending(Flow *flow, Block *block)
{
    Draft *last = block_last(block);
    if (!last || last->opcode != PSEUDO_JUMP) return false;
    const Block *ending = block_full(last->target);
    if (!ending || ending == block || !ends_shortly(ending)) return false;
    make_nop(last);
    for (size_t i = 0; i < ending->count; i++)
        if (!block_append(flow, block, ending->items[i])) return false;
    return true;
}

/* ---- lines ---- */

/* A return, or a jump back, that has no line of its own. */
static bool waits_for_line(const Block *block)
{
    const Draft *last = block_last(block);
    if (!last || !(draft_leaves(last) || last->opcode == PSEUDO_JUMP)) return false;
    for (size_t i = 0; i < block->count; i++)
        if (has_line(&block->items[i])) return false;
    return true;
}

/* Several ways lead to one end without a line: each gets its own copy, so that the return happens on the line it comes from. */
static void split_endings(Flow *flow)
{
    for (Block *block = flow->first; block && !flow->has_failed; block = block->next) {
        Draft *last = block_last(block);
        if (!last || !last->target) continue;
        Block *ending = block_full(last->target);
        if (!ending || !waits_for_line(ending) || ending->predecessors < 2) continue;
        Block *copy = block_insert_after(flow, ending);
        if (!copy) return;
        for (size_t i = 0; i < ending->count; i++)
            if (!block_append(flow, copy, ending->items[i])) return;
        copy->items[0].at = last->at;
        copy->predecessors = 1;
        ending->predecessors--;
        if (copy->items[copy->count - 1].target) copy->items[copy->count - 1].target->predecessors++;
        last->target = copy;
    }
    for (Block *block = flow->first; block; block = block->next) {
        const Draft *last = block_last(block);
        Block *next = block->next;
        if (last && block_falls_through(block) && next && waits_for_line(next)) next->items[0].at = last->at;
    }
}

static void spread_lines(Flow *flow)
{
    for (Block *block = flow->first; block; block = block->next) {
        Span at = {0, 0, 0, 0};
        for (size_t i = 0; i < block->count; i++) {
            if (has_line(&block->items[i]))
                at = block->items[i].at;
            else
                block->items[i].at = at;
        }
        Draft *last = block_last(block);
        if (!last) continue;
        Block *next = block->next;
        if (block_falls_through(block) && next && next->predecessors == 1 && !next->is_handler && next->count &&
            !has_line(&next->items[0]))
            next->items[0].at = at;
        Block *target = last->target;
        if (target && target->predecessors == 1 && target->count && !has_line(&target->items[0]))
            target->items[0].at = at;
    }
}

static void line_for_returns(Flow *flow, const CodeUnit *unit)
{
    Span first = {(int32_t)unit->first_line, 0, (int32_t)unit->first_line, 0};
    for (Block *block = flow->first; block; block = block->next) {
        Draft *last = block_last(block);
        if (!last || has_line(last) || last->opcode != OP_RETURN_VALUE) continue;
        for (size_t i = 0; i < block->count; i++)
            if (!has_line(&block->items[i]) && block->items[i].opcode != OP_RESUME) block->items[i].at = first;
    }
}

/* ---- all of it ---- */

static void finish_setups(Flow *flow)
{
    for (Block *block = flow->first; block; block = block->next)
        for (size_t i = 0; i < block->count; i++)
            if (block->items[i].opcode == PSEUDO_SETUP) make_nop(&block->items[i]);
}

void flow_optimize(Flow *flow, CodeUnit *unit)
{
    flow_reach(flow);
    flow_measure(flow); /* while the setups are still there: they tell the depth of the handlers */
    finish_setups(flow);
    for (Block *block = flow->first; block && !flow->has_failed; block = block->next) copy_ending(flow, block);
    flow_reach(flow);
    split_endings(flow);
    spread_lines(flow);
    line_for_returns(flow, unit);
    flow_clean(flow);
    for (Block *block = flow->first; block; block = block->next) {
        rewrite(block);
        for (int i = 0; i < 8 && thread_jump(block); i++) {}
    }
    flow_clean(flow);
    for (Block *block = flow->first; block && !flow->has_failed; block = block->next) copy_ending(flow, block);
    flow_reach(flow);
    flow_clean(flow);
}
