/* assemble.c - blocks become words, lines and handler ranges.
 *
 * What        assemble(), the last stage of the compiler.
 * How         The length of an instruction depends on its operand, that of a jump on the lengths between; so offsets are computed
 *             until they stop changing, which they do, because operands only grow.
 *             The tables beside the code name ranges: a new row starts where the place, or the handler, changes.
 * Invariants  I1 the tables are as code.h wants them (I2, I3 there).
 * GIL         never needed.
 * Read next   vm/bytecode/code.h, vm/bytecode/verify.h */
#include "compiler/assemble.h"

#include <string.h>

#include "compiler/flow.h"
#include "compiler/flow_passes.h"

/* ---- constants that optimisation left without use ---- */

static bool uses_constant(const Draft *draft)
{
    return draft->opcode < OPCODE_PLAIN_COUNT && opcode_info(draft->opcode)->operand == OPERAND_CONST;
}

static bool drop_unused_constants(Flow *flow, CodeUnit *unit, uint32_t kept)
{
    uint32_t *numbers = arena_alloc(flow->arena, unit->constant_count * sizeof *numbers + 1);
    if (!numbers) return false;
    for (Block *block = flow->first; block; block = block->next)
        for (size_t i = 0; i < block->count; i++)
            if (uses_constant(&block->items[i])) numbers[block->items[i].operand] = 1;
    uint32_t count = 0;
    for (uint32_t i = 0; i < unit->constant_count; i++) {
        /* A unit that only dead code names stays: it is owned through this table. */
        if (i >= kept && !numbers[i] && unit->constants[i].kind != CONST_CODE) continue;
        numbers[i] = count;
        unit->constants[count++] = unit->constants[i];
    }
    unit->constant_count = count;
    for (Block *block = flow->first; block; block = block->next)
        for (size_t i = 0; i < block->count; i++)
            if (uses_constant(&block->items[i])) block->items[i].operand = numbers[block->items[i].operand];
    return true;
}

/* ---- offsets ---- */

static uint32_t draft_size(const Draft *draft)
{
    return 1 + opcode_info(draft->opcode)->caches + (draft->operand > OPERAND_MAX);
}

static uint32_t compute_offsets(Flow *flow)
{
    uint32_t offset = 0;
    for (Block *block = flow->first; block; block = block->next) {
        block->offset = offset;
        for (size_t i = 0; i < block->count; i++) offset += draft_size(&block->items[i]);
    }
    return offset;
}

/* Sets the operands of jumps; false when one changed its length. */
static bool resolve_jumps(Flow *flow)
{
    bool is_stable = true;
    for (Block *block = flow->first; block; block = block->next) {
        uint32_t offset = block->offset;
        for (size_t i = 0; i < block->count; i++) {
            Draft *draft = &block->items[i];
            uint32_t size = draft_size(draft);
            offset += size;
            if (!draft->target) continue;
            uint32_t target = draft->target->offset;
            draft->operand = target >= offset ? target - offset : offset - target;
            is_stable &= draft_size(draft) == size;
        }
    }
    return is_stable;
}

/* Only now is it known which way they go. */
static void choose_jumps(Flow *flow)
{
    uint32_t number = 0;
    for (Block *block = flow->first; block; block = block->next) block->offset = number++;
    for (Block *block = flow->first; block; block = block->next) {
        Draft *last = block_last(block);
        if (!last || (last->opcode != PSEUDO_JUMP && last->opcode != PSEUDO_JUMP_NO_INTERRUPT)) continue;
        bool is_forward = last->target->offset > block->offset;
        last->opcode = is_forward                    ? OP_JUMP_FORWARD
                       : last->opcode == PSEUDO_JUMP ? OP_JUMP_BACKWARD
                                                     : OP_JUMP_BACKWARD_NO_INTERRUPT;
        last->operand = 0;
    }
}

/* ---- writing ---- */

typedef struct Writer {
    CodeUnit *unit;
    uint32_t offset;
    const Handler *handler; /* of the range being written */
    bool has_columns;
} Writer;

static void write_line(Writer *w, const Draft *draft)
{
    LineEntry entry = {w->offset, (uint32_t)draft->at.lineno, (uint32_t)draft->at.end_lineno,
                       w->has_columns ? (uint32_t)draft->at.col_offset : NO_COLUMN,
                       w->has_columns ? (uint32_t)draft->at.end_col_offset : NO_COLUMN};
    CodeUnit *unit = w->unit;
    if (unit->line_count) {
        const LineEntry *last = &unit->lines[unit->line_count - 1];
        if (last->line == entry.line && last->end_line == entry.end_line && last->column == entry.column &&
            last->end_column == entry.end_column)
            return;
    }
    unit->lines[unit->line_count++] = entry;
}

static void write_handler(Writer *w, const Handler *handler)
{
    CodeUnit *unit = w->unit;
    if (handler == w->handler) return;
    if (w->handler) unit->handlers[unit->handler_count - 1].end = w->offset;
    if (handler)
        unit->handlers[unit->handler_count++] =
            (HandlerEntry){w->offset, 0, handler->block->offset, handler->depth & 0x7fffffffu, handler->pushes_offset};
    w->handler = handler;
}

static void write_draft(Writer *w, const Draft *draft)
{
    write_line(w, draft);
    write_handler(w, draft->handler);
    if (draft->operand > OPERAND_MAX) w->unit->words[w->offset++] = WORD_MAKE(OP_EXTENDED_ARG, draft->operand >> 24);
    w->unit->words[w->offset++] = WORD_MAKE(draft->opcode, draft->operand & OPERAND_MAX);
    w->offset += opcode_info(draft->opcode)->caches; /* zero already: arenas give zeroed memory */
}

/* How many rows the tables can have at most: arenas give exact room, and units live long. */
static void count_rows(const Flow *flow, uint32_t *lines, uint32_t *handlers)
{
    const Handler *handler = NULL;
    const Draft *previous = NULL;
    *lines = *handlers = 0;
    for (const Block *block = flow->first; block; block = block->next) {
        for (size_t i = 0; i < block->count; i++) {
            const Draft *draft = &block->items[i];
            *lines += !previous || memcmp(&previous->at, &draft->at, sizeof draft->at) != 0;
            *handlers += draft->handler && draft->handler != handler;
            handler = draft->handler;
            previous = draft;
        }
    }
}

bool assemble(Arena *scratch, DraftCode *code, CodeUnit *unit, uint32_t kept_constants, bool has_columns)
{
    Flow flow;
    if (!flow_build(&flow, scratch, code)) return false;
    flow_optimize(&flow, unit);
    if (flow.has_failed) return false;
    flow_layout(&flow);
    if (flow.has_failed || !drop_unused_constants(&flow, unit, kept_constants)) return false;
    unit->stack_size = (uint32_t)flow_measure(&flow);
    choose_jumps(&flow);
    uint32_t word_count;
    do word_count = compute_offsets(&flow);
    while (!resolve_jumps(&flow));

    uint32_t lines, handlers;
    count_rows(&flow, &lines, &handlers);
    unit->words = arena_alloc(&unit->arena, word_count * sizeof *unit->words);
    unit->lines = arena_alloc(&unit->arena, lines * sizeof *unit->lines + 1);
    unit->handlers = arena_alloc(&unit->arena, handlers * sizeof *unit->handlers + 1);
    if (!unit->words || !unit->lines || !unit->handlers) return false;
    unit->word_count = word_count;
    Writer w = {unit, 0, NULL, has_columns};
    for (Block *block = flow.first; block; block = block->next)
        for (size_t i = 0; i < block->count; i++) write_draft(&w, &block->items[i]);
    write_handler(&w, NULL);
    return true;
}
