/* flow.h - code as basic blocks: what is tidied between generator and assembler.
 *
 * What        A Block is a row of drafts that is entered at its top and left at its end; blocks are linked in layout order.
 * How         flow_build cuts the drafts at labels and jumps. flow_optimize removes what is never reached, jumps to jumps, empty
 *             steps, and gives each instruction a line. flow_layout moves handlers behind the code that runs without
 *             exceptions and settles the direction of jumps. flow_measure counts the stack.
 * Invariants  I1 only the last draft of a block may jump or end, conditional jumps included.
 *             I2 a block whose last draft does not end goes on to block->next.
 * GIL         never needed.
 * Read next   flow.c, flow_layout.c, assemble.c */
#ifndef TOY_COMPILER_FLOW_H
#define TOY_COMPILER_FLOW_H

#include "compiler/assemble.h"

typedef struct Block {
    struct Block *next; /* in layout order */
    Draft *items;
    size_t count, capacity;
    uint32_t predecessors; /* jumps and falls into it */
    uint32_t offset;       /* of its first word, once laid out */
    int64_t depth;         /* of the stack at its top; -1: not known yet */
    bool is_handler;       /* some handler starts here */
    bool is_reached, is_warm, is_queued;
    struct Block *queue; /* work list of whoever walks the graph */
} Block;

typedef struct Flow {
    Arena *arena;
    Block *first;
    bool has_failed; /* memory ran out: stop soon */
} Flow;

MUST_CHECK bool flow_build(Flow *flow, Arena *arena, DraftCode *code);
void flow_optimize(Flow *flow, CodeUnit *unit);
void flow_layout(Flow *flow);
/* The deepest stack; also sets the depth of every handler. */
int64_t flow_measure(Flow *flow);

/* Shared by the passes. */
BORROWED Draft *block_last(const Block *block); /* NULL when empty */
bool draft_is_conditional(const Draft *draft);
bool draft_ends(const Draft *draft);   /* control never goes on */
bool draft_leaves(const Draft *draft); /* returns or raises */
bool block_falls_through(const Block *block);
Block *block_insert_after(Flow *flow, Block *before);       /* NULL when memory is exhausted */
Draft *block_append(Flow *flow, Block *block, Draft draft); /* NULL when memory is exhausted */

#endif
