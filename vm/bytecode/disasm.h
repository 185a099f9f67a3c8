/* disasm.h - code units as text for people.
 *
 * What        The listing of `-m dis`, one operand or one constant as text, the explanation of one opcode.
 * How         The layout of CPython 3.13's dis: line, label, offset, instruction, operand, what the operand means. In the column
 *             that dis keeps for the current instruction stands a double arrow where the lock may change hands (SAFE rows).
 * GIL         as the Buffer's Memory.
 * Read next   disasm.c, opcodes.def */
#ifndef TOY_BYTECODE_DISASM_H
#define TOY_BYTECODE_DISASM_H

#include "vm/base/buffer.h"
#include "vm/bytecode/opcode.h"

typedef struct DisasmOptions {
    bool has_offsets;       /* -O: a column with the offset in words */
    bool has_caches;        /* -C: a line for each cache word */
    bool has_tables;        /* constants, names and variables behind the code */
    bool has_nested;        /* the units among the constants, one after the other, behind it */
    const Word *words;      /* NULL: the unit's own; else the hot copy of the same length (for this unit, not for nested ones) */
    int64_t current;        /* offset of the instruction to mark with "-->"; -1: none */
} DisasmOptions;

/* Appends the whole listing. A damaged unit is listed as far as it can be read. */
void disasm_unit(Buffer *out, const CodeUnit *unit, const DisasmOptions *options);

/* What dis shows in brackets behind the operand ("x", "+", "to L3" without the label's number: that is the listing's);
 * appends nothing when there is nothing to say. */
void disasm_operand(Buffer *out, const CodeUnit *unit, const Instruction *instruction);

/* repr() of a constant. */
void disasm_constant(Buffer *out, const Const *constant);
/* repr() of a str or of a bytes. */
void disasm_text(Buffer *out, CodeText text, bool is_bytes);
/* <code object f at 0x7f.., file "a.toy", line 2> */
void disasm_code_object(Buffer *out, const CodeUnit *unit);

/* The table row of an opcode, in lines: for --explain. */
void disasm_explain(Buffer *out, Opcode opcode);

#endif
