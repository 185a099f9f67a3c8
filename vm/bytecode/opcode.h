/* opcode.h - the rows of opcodes.def as C sees them.
 *
 * What        The numbers (OP_LOAD_FAST ...), and for each the name, operand kind, cache words, flags, stack picture and
 *             sentence; what an instruction does to the depth of the stack; the numbered operators and intrinsics.
 * How         Each .def file is read several times with another meaning of its row macro. There is no second list.
 *             HOT(name, plain, words, sentence) rows, once there are any, follow the plain ones: a specialised or fused form, the
 *             plain form it falls back to (whose kind, caches and flags count), how many words it stands for.
 * Invariants  I1 plain opcodes are 0 .. OPCODE_PLAIN_COUNT - 1, hot ones follow: only plain ones appear in a CodeUnit.
 * GIL         never needed.
 * Read next   opcodes.def, verify.h, vm/run/eval.c */
#ifndef TOY_BYTECODE_OPCODE_H
#define TOY_BYTECODE_OPCODE_H

#include <stdbool.h>
#include <stdint.h>

#include "vm/bytecode/code.h"

/* clang-format off */
typedef enum Opcode {
#define OP(name, operand, pops, pushes, jumped, caches, flags, picture, sentence) OP_##name,
#define HOT(name, plain, words, sentence) OP_##name,
#include "vm/bytecode/opcodes.def"
#undef OP
#undef HOT
    OPCODE_COUNT
} Opcode;

enum {
    OPCODE_PLAIN_COUNT = 0
#define OP(name, operand, pops, pushes, jumped, caches, flags, picture, sentence) + 1
#define HOT(name, plain, words, sentence)
#include "vm/bytecode/opcodes.def"
#undef OP
#undef HOT
};

/* How many cache words follow OP_NAME, as CACHES_NAME: for the loop, which wants constants. */
enum {
#define OP(name, operand, pops, pushes, jumped, caches, flags, picture, sentence) CACHES_##name = caches,
#define HOT(name, plain, words, sentence)
#include "vm/bytecode/opcodes.def"
#undef OP
#undef HOT
};
/* clang-format on */

typedef enum OperandKind {
    OPERAND_NONE, OPERAND_CONST, OPERAND_NAME, OPERAND_LOCAL, OPERAND_CELL, OPERAND_COUNT, OPERAND_FLAG, OPERAND_JUMP,
    OPERAND_BACK,
} OperandKind;

enum OpcodeFlags {
    OPCODE_RAISES = 1,
    OPCODE_CALLS = 2,   /* may run script code */
    OPCODE_SAFE = 4,    /* tests the breaker word: the lock may change hands here */
    OPCODE_JUMPS = 8,
    OPCODE_ENDS = 16,   /* control never goes on to the next instruction */
};

typedef struct OpcodeInfo {
    const char *name;
    OperandKind operand;
    uint8_t caches;              /* words that follow */
    uint8_t flags;               /* enum OpcodeFlags */
    uint8_t plain;               /* the form it falls back to; a plain opcode is its own */
    const char *pops, *pushes, *jumped;  /* the columns as written, for people */
    const char *picture, *sentence;
} OpcodeInfo;

/* Of any byte: what is no opcode has the name "<byte>" as CPython's dis shows it, no operand and no flags. */
BORROWED const OpcodeInfo *opcode_info(unsigned opcode);
BORROWED const char *opcode_name(unsigned opcode);
BORROWED const char *opcode_operand_name(OperandKind kind);   /* "LOCAL" */
/* The number of the opcode called [name]; OPCODE_COUNT when there is none. */
Opcode opcode_by_name(const char *name);

static inline bool opcode_is_plain(unsigned opcode) { return opcode < OPCODE_PLAIN_COUNT; }

/* What an instruction takes off the stack and then puts on it, when it goes on or when it jumps. 64 bits, because the
 * operand of a unit from outside may be anything. */
typedef struct OpcodeEffect {
    int64_t pops, pushes;
} OpcodeEffect;
OpcodeEffect opcode_effect(unsigned opcode, uint32_t arg, bool jumped);

/* An instruction with its prefixes put together. */
typedef struct Instruction {
    uint32_t start;    /* offset of the first prefix, or of the instruction itself */
    uint32_t offset;   /* offset of the instruction word */
    uint32_t next;     /* first word after it and its caches; may lie behind the end of a damaged unit */
    uint32_t arg;
    Opcode opcode;
} Instruction;

/* Reads the instruction at [start] (< word_count), prefixes included; false when it is not whole: only prefixes up to the
 * end, or caches that the code has no room for. Never reads outside. */
MUST_CHECK bool instruction_read(const Word *words, uint32_t word_count, uint32_t start, Instruction *instruction);
/* Where a JUMP or BACK instruction goes; may be nonsense in a damaged unit. */
int64_t instruction_target(const Instruction *instruction);

/* How many of the entries it pops an instruction leaves where they are: those it only looks at, and those between the top and a
 * container that it changes. They are counted among its pops and its pushes. */
uint32_t instruction_kept_entries(const Instruction *instruction);

/* clang-format off */
typedef enum BinaryOp {              /* operands of BINARY_OP */
#define BINARY(name, symbol, slot) BINARY_##name,
#include "vm/bytecode/binary_ops.def"
#undef BINARY
    BINARY_OP_COUNT
} BinaryOp;
enum { BINARY_INPLACE_FIRST = BINARY_INPLACE_ADD, COMPARE_OP_COUNT = 6 };

typedef enum Intrinsic1 {            /* operands of CALL_INTRINSIC_1 */
#define INTRINSIC_1(name, sentence) INTRINSIC_##name,
#define INTRINSIC_2(name, sentence)
#include "vm/bytecode/intrinsics.def"
#undef INTRINSIC_1
#undef INTRINSIC_2
    INTRINSIC_1_COUNT
} Intrinsic1;

typedef enum Intrinsic2 {            /* operands of CALL_INTRINSIC_2 */
#define INTRINSIC_1(name, sentence)
#define INTRINSIC_2(name, sentence) INTRINSIC_##name,
#include "vm/bytecode/intrinsics.def"
#undef INTRINSIC_1
#undef INTRINSIC_2
    INTRINSIC_2_COUNT
} Intrinsic2;
/* clang-format on */

/* Each NULL when [number] is out of range. */
BORROWED const char *binary_op_symbol(uint32_t number);    /* "+", "+=" */
BORROWED const char *compare_op_symbol(uint32_t number);   /* "<" */
BORROWED const char *intrinsic_1_name(uint32_t number);    /* "INTRINSIC_PRINT" */
BORROWED const char *intrinsic_2_name(uint32_t number);

#endif
