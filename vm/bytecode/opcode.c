/* opcode.c - see opcode.h: the table, and reading one instruction.
 *
 * What        The rows of opcodes.def as a constant array; opcode_effect as one switch made of all rows.
 * How         Columns become fields; the pops and pushes columns, which may use `arg`, become the cases of a function, so that
 *             no depth is counted by hand anywhere.
 * GIL         never needed.
 * Read next   verify.c, disasm.c */
#include "vm/bytecode/opcode.h"

#include <string.h>

/* The words of the flags column. */
enum { RAISES = OPCODE_RAISES, CALLS = OPCODE_CALLS, SAFE = OPCODE_SAFE, JUMPS = OPCODE_JUMPS, ENDS = OPCODE_ENDS };

/* clang-format off */
static const OpcodeInfo infos[] = {
#define OP(name, operand, pops, pushes, jumped, caches, flags, picture, sentence) \
    [OP_##name] = { #name, OPERAND_##operand, caches, flags, OP_##name, #pops, #pushes, #jumped, picture, sentence },
#define HOT(name, plain, words, sentence) \
    [OP_##name] = { #name, OPERAND_COUNT, 0, 0, OP_##plain, "", "", "", "", sentence },
#include "vm/bytecode/opcodes.def"
#undef OP
#undef HOT
};
/* clang-format on */

_Static_assert(OPCODE_COUNT <= 255, "an opcode is one byte, and 255 stays free");
_Static_assert(OPCODE_PLAIN_COUNT <= 140, "a table that nobody can keep in mind is no table");

static const OpcodeInfo unknown = {"<unknown>", OPERAND_NONE, 0, 0, 0, "0", "0", "0", "--", "Not an instruction."};

const OpcodeInfo *opcode_info(unsigned opcode)
{
    return opcode < OPCODE_COUNT ? &infos[opcode] : &unknown;
}

const char *opcode_name(unsigned opcode)
{
    return opcode_info(opcode)->name;
}

const char *opcode_operand_name(OperandKind kind)
{
    static const char *const names[] = {
        [OPERAND_NONE] = "NONE", [OPERAND_CONST] = "CONST", [OPERAND_NAME] = "NAME", [OPERAND_LOCAL] = "LOCAL",
        [OPERAND_CELL] = "CELL", [OPERAND_COUNT] = "COUNT", [OPERAND_FLAG] = "FLAG", [OPERAND_JUMP] = "JUMP",
        [OPERAND_BACK] = "BACK",
    };
    return names[kind];
}

Opcode opcode_by_name(const char *name)
{
    for (unsigned opcode = 0; opcode < OPCODE_COUNT; opcode++) {
        if (strcmp(infos[opcode].name, name) == 0)
            return (Opcode)opcode;
    }
    return OPCODE_COUNT;
}

OpcodeEffect opcode_effect(unsigned opcode, uint32_t operand, bool jumped)
{
    int64_t arg = operand;
    /* clang-format off */
    switch (opcode) {
#define OP(name, kind, pops, pushes, when_jumped, caches, flags, picture, sentence) \
    case OP_##name: return (OpcodeEffect){(pops), jumped ? (when_jumped) : (pushes)};
#define HOT(name, plain, words, sentence)
#include "vm/bytecode/opcodes.def"
#undef OP
#undef HOT
    }
    /* clang-format on */
    return (OpcodeEffect){0, 0};
}

bool instruction_read(const Word *words, uint32_t word_count, uint32_t start, Instruction *instruction)
{
    uint32_t offset = start, prefix = 0;
    while (WORD_OPCODE(words[offset]) == OP_EXTENDED_ARG) {
        prefix = prefix << 24 | WORD_OPERAND(words[offset]);
        if (++offset == word_count)
            return false;
    }
    Word word = words[offset];
    const OpcodeInfo *plain = opcode_info(opcode_info(WORD_OPCODE(word))->plain);  /* a hot copy keeps the plain lengths */
    *instruction = (Instruction){
        .start = start,
        .offset = offset,
        .next = offset + 1 + plain->caches,
        .arg = prefix << 24 | WORD_OPERAND(word),
        .opcode = (Opcode)WORD_OPCODE(word),
    };
    return instruction->next <= word_count;
}

int64_t instruction_target(const Instruction *instruction)
{
    int64_t from = instruction->next, distance = instruction->arg;
    return opcode_info(instruction->opcode)->operand == OPERAND_BACK ? from - distance : from + distance;
}

/* clang-format off */
const char *binary_op_symbol(uint32_t number)
{
    static const char *const symbols[] = {
#define BINARY(name, symbol, slot) symbol,
#include "vm/bytecode/binary_ops.def"
#undef BINARY
    };
    return number < ARRAY_LENGTH(symbols) ? symbols[number] : NULL;
}

const char *compare_op_symbol(uint32_t number)
{
    static const char *const symbols[COMPARE_OP_COUNT] = {"<", "<=", "==", "!=", ">", ">="};
    return number < ARRAY_LENGTH(symbols) ? symbols[number] : NULL;
}

const char *intrinsic_1_name(uint32_t number)
{
    static const char *const names[] = {
#define INTRINSIC_1(name, sentence) "INTRINSIC_" #name,
#define INTRINSIC_2(name, sentence)
#include "vm/bytecode/intrinsics.def"
#undef INTRINSIC_1
#undef INTRINSIC_2
    };
    return number < ARRAY_LENGTH(names) ? names[number] : NULL;
}

const char *intrinsic_2_name(uint32_t number)
{
    static const char *const names[] = {
#define INTRINSIC_1(name, sentence)
#define INTRINSIC_2(name, sentence) "INTRINSIC_" #name,
#include "vm/bytecode/intrinsics.def"
#undef INTRINSIC_1
#undef INTRINSIC_2
    };
    return number < ARRAY_LENGTH(names) ? names[number] : NULL;
}

uint32_t instruction_kept_entries(const Instruction *instruction)
{
    switch (instruction->opcode) {
    case OP_LIST_APPEND: case OP_SET_ADD: case OP_MAP_ADD: case OP_LIST_EXTEND: case OP_SET_UPDATE: case OP_DICT_UPDATE:
    case OP_DICT_MERGE: case OP_COPY: case OP_RERAISE:
        return instruction->arg;
    case OP_FOR_ITER: case OP_SEND: case OP_CHECK_EXC_MATCH: case OP_IMPORT_FROM: case OP_GET_LEN: case OP_MATCH_MAPPING:
    case OP_MATCH_SEQUENCE: case OP_GET_ANEXT: case OP_JUMP_IF_FALSE_OR_POP: case OP_JUMP_IF_TRUE_OR_POP:
    case OP_SET_FUNCTION_ATTRIBUTE:
    case OP_YIELD_VALUE:  /* throw() resumes it as send(None) would, and raises then */
        return 1;
    case OP_MATCH_KEYS:        return 2;
    case OP_WITH_EXCEPT_START: return 4;
    default:                   return 0;
    }
}
