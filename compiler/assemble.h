/* assemble.h - from drafted instructions with labels to a finished code unit.
 *
 * What        A Draft is an instruction as the generator writes it: opcode, operand, place in the source, perhaps a label to jump
 *             to, and the handler that covers it. A DraftCode is the row of them for one unit.
 * How         assemble() turns the row into basic blocks (flow.h), tidies them, lays them out, counts the depth of the stack and
 *             writes words, line table and handler table into the CodeUnit.
 * Invariants  I1 an operand of a jump is meaningless before the layout: the label says where it goes.
 *             I2 a draft whose place has line 0 takes the place of what runs before it.
 *             I3 every draft knows its innermost handler from the start, so whatever is moved or copied stays covered.
 * GIL         never needed.
 * Read next   flow.h, flow.c, assemble.c, gen.h */
#ifndef TOY_COMPILER_ASSEMBLE_H
#define TOY_COMPILER_ASSEMBLE_H

#include "compiler/ast.h"
#include "vm/bytecode/opcode.h"

typedef uint32_t Label;
#define NO_LABEL UINT32_MAX

struct Block;

/* One try, with or the like around some code. */
typedef struct Handler {
    struct Handler *outer;
    Label label;         /* where the exception is handled */
    bool pushes_offset;  /* the handler wants to know which instruction raised (HandlerEntry.pushes_offset) */
    bool drops_value;    /* what lies on top where the range starts is dropped before the handler runs */
    struct Block *block; /* flow.c: the block of the label */
    uint32_t depth;      /* flow.c: how deep the stack is when the handler starts, before anything is pushed for it */
} Handler;

/* What only exists before assembly, numbered behind the real opcodes. */
enum PseudoOpcode {
    PSEUDO_JUMP = OPCODE_COUNT, /* becomes JUMP_FORWARD or JUMP_BACKWARD */
    PSEUDO_JUMP_NO_INTERRUPT,   /* becomes JUMP_FORWARD or JUMP_BACKWARD_NO_INTERRUPT */
    PSEUDO_SETUP,               /* a handler becomes active: notes the depth of the stack, then is a NOP */
};

typedef struct Draft {
    uint16_t opcode; /* an Opcode or a PseudoOpcode */
    uint32_t operand;
    Label label;          /* of jumps (I1) */
    Span at;              /* I2 */
    Handler *handler;     /* I3; NULL: none */
    Handler *setup;       /* of PSEUDO_SETUP: the handler that starts here */
    struct Block *target; /* flow.c: the block of the label */
} Draft;

typedef struct DraftCode {
    Draft *items;
    size_t count, capacity;
    uint32_t *label_places; /* label -> number of the draft it stands before */
    size_t label_count, label_capacity;
} DraftCode;

/* Fills words, lines, handlers and stack_size of [unit]; removes constants that no instruction uses, but keeps the first
 * [kept_constants]. [scratch] is for the blocks. False when memory is exhausted. */
MUST_CHECK bool assemble(Arena *scratch, DraftCode *code, CodeUnit *unit, uint32_t kept_constants, bool has_columns);

#endif
