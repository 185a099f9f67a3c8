/* verify.c - first pass of the verifier: every table and every instruction, looked at alone.
 *
 * What        Slots, texts, constants, the line and handler tables; each instruction's operand, prefixes and cache words; the
 *             few rows whose neighbour must be a certain instruction (names of keywords, code of functions).
 * How         One walk from the first word to the last marks where instructions start; jumps and tables are then held
 *             against the marks: a jump into a cache word or behind a prefix finds no mark and is refused.
 *             Nothing here trusts a count before it is compared with another.
 * Invariants  I1 no index is used before it was checked.
 * GIL         never needed.
 * Read next   verify_flow.c (the paths through the code) */
#include "vm/bytecode/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "vm/base/codec.h"
#include "vm/bytecode/verify_flow.h"

enum {
    NESTING_MAX = 400,          /* units in units, tuples in tuples: the source's own nesting is bounded far below */
    FRAME_WORDS_MAX = 1 << 20,  /* slots or stack of one frame */
};

bool verify_refuse(Verifier *verifier, uint32_t offset, const char *format, ...)
{
    VerifyError *error = verifier->error;
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(error->message, sizeof error->message, format, arguments);
    va_end(arguments);
    error->unit = verifier->unit;
    error->offset = offset;
    return false;
}

bool verify_no_memory(Verifier *verifier)
{
    verifier->error->is_out_of_memory = true;
    return verify_refuse(verifier, 0, "out of memory");
}

/* -- tables -- */

static bool text_is_good(CodeText text)
{
    CodecRun run = codec_scan(CODEC_UTF8, text.bytes, text.length, CODEC_SURROGATES);
    return run.reason == NULL;
}

static bool check_texts(Verifier *verifier)
{
    const CodeUnit *unit = verifier->unit;
    bool is_good = text_is_good(unit->name) && text_is_good(unit->qualified_name) && text_is_good(unit->filename);
    for (uint32_t i = 0; is_good && i < unit->name_count; i++)
        is_good = text_is_good(unit->names[i]);
    for (uint32_t i = 0; is_good && i < unit->slot_count; i++)
        is_good = text_is_good(unit->slot_names[i]);
    return is_good || verify_refuse(verifier, 0, "a name is not well-formed UTF-8");
}

static bool check_constant(Verifier *verifier, const Const *constant, unsigned depth)
{
    if (depth > NESTING_MAX)
        return verify_refuse(verifier, 0, "constants nest too deeply");
    switch (constant->kind) {
    case CONST_NONE: case CONST_TRUE: case CONST_FALSE: case CONST_ELLIPSIS: case CONST_FLOAT: case CONST_COMPLEX:
    case CONST_BYTES: case CONST_CODE:
        return true;
    case CONST_INT: {
        size_t count = constant->integer.count;
        if (count && constant->integer.limbs[count - 1] == 0)
            return verify_refuse(verifier, 0, "an integer constant has a leading zero limb");
        return true;
    }
    case CONST_TEXT:
        return text_is_good(constant->text) || verify_refuse(verifier, 0, "a text constant is not well-formed UTF-8");
    case CONST_TUPLE: case CONST_FROZENSET:
        for (size_t i = 0; i < constant->items.count; i++) {
            if (!check_constant(verifier, &constant->items.items[i], depth + 1))
                return false;
        }
        return true;
    }
    return verify_refuse(verifier, 0, "a constant is of no known kind");
}

static uint64_t argument_slots(const CodeUnit *unit)
{
    return (uint64_t)unit->argument_count + unit->keyword_only_count + ((unit->flags & CODE_VARARGS) != 0)
           + ((unit->flags & CODE_VARKEYWORDS) != 0);
}

static bool check_slots(Verifier *verifier)
{
    const CodeUnit *unit = verifier->unit;
    if (unit->slot_count > FRAME_WORDS_MAX || unit->stack_size > FRAME_WORDS_MAX)
        return verify_refuse(verifier, 0, "the frame is too large");
    if (argument_slots(unit) > unit->slot_count || unit->positional_only_count > unit->argument_count)
        return verify_refuse(verifier, 0, "more arguments than slots");
    if (unit->free_count > unit->slot_count)
        return verify_refuse(verifier, 0, "more free variables than slots");
    uint32_t locals = 0, cells = 0;
    for (uint32_t i = 0; i < unit->slot_count; i++) {
        unsigned kind = unit->slot_kinds[i];
        bool is_last = i >= unit->slot_count - unit->free_count;
        if (((kind & SLOT_FREE) != 0) != is_last || (is_last && (kind & (SLOT_LOCAL | SLOT_CELL))))
            return verify_refuse(verifier, 0, "slot %u: free variables are the last slots, and nothing else", i);
        if (!(kind & (SLOT_LOCAL | SLOT_CELL | SLOT_FREE)))
            return verify_refuse(verifier, 0, "slot %u is neither local nor cell nor free", i);
        if (i < argument_slots(unit) && !(kind & SLOT_LOCAL))
            return verify_refuse(verifier, 0, "slot %u: an argument must be a local", i);
        locals += (kind & SLOT_LOCAL) != 0;
        cells += (kind & SLOT_CELL) != 0;
    }
    if (locals != unit->local_count || cells != unit->cell_count)
        return verify_refuse(verifier, 0, "the counts of locals and cells do not fit the slots");
    return true;
}

static bool is_start(const Verifier *verifier, uint32_t offset)
{
    return offset < verifier->unit->word_count && (verifier->marks[offset] & WORD_IS_START);
}

static bool check_line_table(Verifier *verifier)
{
    const CodeUnit *unit = verifier->unit;
    for (uint32_t i = 0; i < unit->line_count; i++) {
        const LineEntry *entry = &unit->lines[i];
        if (entry->start >= unit->word_count)
            return verify_refuse(verifier, 0, "line entry %u starts behind the code", i);
        if (i && entry->start <= unit->lines[i - 1].start)
            return verify_refuse(verifier, 0, "line entry %u is out of order", i);
        verifier->marks[entry->start] |= WORD_BEGINS_LINE;
    }
    return true;
}

static bool check_handler_table(Verifier *verifier)
{
    const CodeUnit *unit = verifier->unit;
    for (uint32_t i = 0; i < unit->handler_count; i++) {
        const HandlerEntry *entry = &unit->handlers[i];
        bool has_end = entry->end == unit->word_count || is_start(verifier, entry->end);
        if (!is_start(verifier, entry->start) || !has_end || entry->start >= entry->end)
            return verify_refuse(verifier, 0, "handler %u covers no whole instructions", i);
        if (!is_start(verifier, entry->target))
            return verify_refuse(verifier, 0, "handler %u leads to no instruction", i);
        verifier->marks[entry->target] |= WORD_IS_TARGET;
    }
    return true;
}

/* -- instructions -- */

static bool in_range(uint32_t arg, uint32_t least, uint32_t most)
{
    return arg >= least && arg <= most;
}

/* Operands that mean more than their kind says. */
static bool operand_fits(const CodeUnit *unit, const Instruction *instruction)
{
    uint32_t arg = instruction->arg;
    switch (instruction->opcode) {
    case OP_COPY: case OP_SWAP:
    case OP_LIST_APPEND: case OP_SET_ADD: case OP_MAP_ADD: case OP_LIST_EXTEND: case OP_SET_UPDATE: case OP_DICT_UPDATE:
    case OP_DICT_MERGE:
        return arg >= 1;
    case OP_COPY_FREE_VARS:         return arg == unit->free_count;
    case OP_BUILD_SLICE:            return in_range(arg, 2, 3);
    case OP_RAISE_VARARGS:          return arg <= 2;
    case OP_BINARY_OP:              return arg < BINARY_OP_COUNT;
    case OP_COMPARE_OP:             return arg < COMPARE_OP_COUNT;
    case OP_IS_OP: case OP_CONTAINS_OP: case OP_CALL_FUNCTION_EX:
        return arg <= 1;
    case OP_CONVERT_VALUE:          return in_range(arg, 1, 3);
    case OP_SET_FUNCTION_ATTRIBUTE: return arg == 1 || arg == 2 || arg == 4 || arg == 8;
    case OP_CALL_INTRINSIC_1:       return arg < INTRINSIC_1_COUNT;
    case OP_CALL_INTRINSIC_2:       return arg < INTRINSIC_2_COUNT;
    case OP_RESUME:                 return arg <= 3;
    case OP_GET_AWAITABLE:          return arg <= 2;
    default:                        return true;
    }
}

static bool check_operand(Verifier *verifier, const Instruction *instruction)
{
    const CodeUnit *unit = verifier->unit;
    const OpcodeInfo *info = opcode_info(instruction->opcode);
    uint32_t arg = instruction->arg;
    bool fits = operand_fits(unit, instruction);
    switch (info->operand) {
    case OPERAND_NONE:  fits = arg == 0; break;
    case OPERAND_CONST: fits = arg < unit->constant_count; break;
    case OPERAND_NAME:  fits = arg < unit->name_count; break;
    case OPERAND_LOCAL: fits = arg < unit->slot_count; break;
    case OPERAND_CELL:
        fits = arg < unit->slot_count && (unit->slot_kinds[arg] & (SLOT_CELL | SLOT_FREE));
        break;
    case OPERAND_JUMP: case OPERAND_BACK: {
        int64_t target = instruction_target(instruction);
        fits = target >= 0 && target < unit->word_count;
        if (fits)
            verifier->marks[target] |= WORD_IS_TARGET;
        break;
    }
    case OPERAND_COUNT: case OPERAND_FLAG:
        break;
    }
    return fits || verify_refuse(verifier, instruction->offset, "%s: operand %u is out of range", info->name, arg);
}

static bool check_words(Verifier *verifier, const Instruction *instruction)
{
    const CodeUnit *unit = verifier->unit;
    if (!opcode_is_plain(instruction->opcode))
        return verify_refuse(verifier, instruction->offset, "%u is no plain opcode", (unsigned)instruction->opcode);
    uint32_t prefixes = instruction->offset - instruction->start;
    if (prefixes > 1 || (prefixes == 1 && WORD_OPERAND(unit->words[instruction->start]) > 0xff))
        return verify_refuse(verifier, instruction->offset, "an operand of more than 32 bits");
    for (uint32_t at = instruction->offset + 1; at < instruction->next; at++) {
        if (unit->words[at] != 0)
            return verify_refuse(verifier, at, "a cache word is not zero");
    }
    return true;
}

static bool needs_plain_locals(const Instruction *instruction)
{
    switch (instruction->opcode) {
    case OP_LOAD_NAME: case OP_STORE_NAME: case OP_DELETE_NAME: case OP_LOAD_LOCALS: case OP_SETUP_ANNOTATIONS:
        return true;
    case OP_CALL_INTRINSIC_1:
        return instruction->arg == INTRINSIC_IMPORT_STAR;
    default:
        return false;
    }
}

static bool is_wrapping(const Instruction *instruction)
{
    return instruction->opcode == OP_CALL_INTRINSIC_1 && instruction->arg == INTRINSIC_ASYNC_GEN_WRAP;
}

enum { SUSPENDING_FLAGS = CODE_GENERATOR | CODE_COROUTINE | CODE_ASYNC_GENERATOR };

/* What an instruction asks of the unit as a whole. */
static bool check_setting(Verifier *verifier, const Instruction *instruction)
{
    const CodeUnit *unit = verifier->unit;
    Opcode opcode = instruction->opcode;
    if ((unit->flags & CODE_OPTIMIZED) && needs_plain_locals(instruction))
        return verify_refuse(verifier, instruction->offset, "%s in a function", opcode_name(opcode));
    bool suspends = opcode == OP_YIELD_VALUE || opcode == OP_RETURN_GENERATOR;
    if (suspends && !(unit->flags & SUSPENDING_FLAGS))
        return verify_refuse(verifier, instruction->offset, "%s outside of a generator", opcode_name(opcode));
    if (is_wrapping(instruction) && !(unit->flags & CODE_ASYNC_GENERATOR))
        return verify_refuse(verifier, instruction->offset, "ASYNC_GEN_WRAP outside of an asynchronous generator");
    return true;
}

/* First walk: starts, operands, targets. */
static bool check_instructions(Verifier *verifier)
{
    const CodeUnit *unit = verifier->unit;
    Instruction instruction;
    if (unit->word_count == 0)
        return verify_refuse(verifier, 0, "no code");
    for (uint32_t at = 0; at < unit->word_count; at = instruction.next) {
        if (!instruction_read(unit->words, unit->word_count, at, &instruction))
            return verify_refuse(verifier, at, "the code ends inside an instruction");
        verifier->marks[at] |= WORD_IS_START;
        if (!check_words(verifier, &instruction) || !check_operand(verifier, &instruction)
            || !check_setting(verifier, &instruction))
            return false;
    }
    return true;
}

static bool check_targets(Verifier *verifier)
{
    for (uint32_t at = 0; at < verifier->unit->word_count; at++) {
        if ((verifier->marks[at] & (WORD_IS_START | WORD_IS_TARGET)) == WORD_IS_TARGET)
            return verify_refuse(verifier, at, "a jump into the middle of an instruction");
    }
    return true;
}

/* -- neighbours --
 *
 * Some rows trust the instruction before them: it must stand there, and no jump may come in between.
 *
 *     LOAD_CLOSURE x n, BUILD_TUPLE n, LOAD_CONST code, MAKE_FUNCTION, SET_FUNCTION_ATTRIBUTE closure
 *     LOAD_CONST names, CALL_KW
 *     CALL_INTRINSIC_1 ASYNC_GEN_WRAP, YIELD_VALUE        the wrapped value is nobody else's to see
 */
typedef struct Neighbours {
    uint32_t cells;              /* how many LOAD_CLOSURE in a row, just before */
    int64_t tuple;               /* cells in the tuple just built of them, or -1 */
    const Const *constant;       /* what the instruction before loaded, or NULL */
    int64_t tuple_below;         /* tuple, as it was before that constant was loaded */
    const CodeUnit *made;        /* the code of the function just made, or NULL */
    int64_t made_tuple;          /* tuple_below at that moment */
    bool is_wrapped;             /* a value was just wrapped for an asynchronous generator */
} Neighbours;

static bool is_tuple_of_texts(const Const *constant, uint64_t most)
{
    if (!constant || constant->kind != CONST_TUPLE || constant->items.count > most)
        return false;
    for (size_t i = 0; i < constant->items.count; i++) {
        if (constant->items.items[i].kind != CONST_TEXT)
            return false;
    }
    return true;
}

/* Is [instruction] content with what stands before it? */
static bool neighbours_fit(const Neighbours *before, const Instruction *instruction)
{
    bool sets_closure = instruction->opcode == OP_SET_FUNCTION_ATTRIBUTE && instruction->arg == 8;
    if (before->made && (before->made->free_count > 0 || sets_closure))
        return sets_closure && before->made_tuple == before->made->free_count;
    switch (instruction->opcode) {
    case OP_SET_FUNCTION_ATTRIBUTE:          return !sets_closure;
    case OP_MAKE_FUNCTION:                   return before->constant && before->constant->kind == CONST_CODE;
    case OP_CALL_KW: case OP_CALL_METHOD_KW: return is_tuple_of_texts(before->constant, instruction->arg);
    case OP_MATCH_CLASS:                     return is_tuple_of_texts(before->constant, UINT64_MAX);
    default:                                 return true;
    }
}

static Neighbours neighbours_after(const Verifier *verifier, const Neighbours *before, const Instruction *instruction)
{
    Neighbours after = {.tuple = -1, .tuple_below = -1, .made_tuple = -1, .is_wrapped = is_wrapping(instruction)};
    switch (instruction->opcode) {
    case OP_LOAD_CLOSURE:
        after.cells = before->cells + 1;
        break;
    case OP_BUILD_TUPLE:
        after.tuple = instruction->arg <= before->cells ? (int64_t)instruction->arg : -1;
        break;
    case OP_LOAD_CONST:
        after.constant = &verifier->unit->constants[instruction->arg];
        after.tuple_below = before->tuple;
        break;
    case OP_MAKE_FUNCTION:
        after.made = before->constant->code;
        after.made_tuple = before->tuple_below;
        break;
    default:
        break;
    }
    return after;
}

static bool check_neighbours(Verifier *verifier)
{
    const CodeUnit *unit = verifier->unit;
    Neighbours before = {.tuple = -1, .tuple_below = -1, .made_tuple = -1};
    const Neighbours none = before;
    Instruction instruction;
    for (uint32_t at = 0; at < unit->word_count; at = instruction.next) {
        if (!instruction_read(unit->words, unit->word_count, at, &instruction))
            return verify_refuse(verifier, at, "the code ends inside an instruction");
        if (before.is_wrapped && instruction.opcode != OP_YIELD_VALUE)
            return verify_refuse(verifier, at, "a value wrapped for a generator, and not yielded");
        if (verifier->marks[at] & WORD_IS_TARGET) {
            if (before.made && before.made->free_count > 0)
                return verify_refuse(verifier, at, "a jump between a function and its closure");
            before = none;
        }
        if (!neighbours_fit(&before, &instruction))
            return verify_refuse(verifier, instruction.offset, "%s does not follow what it needs", opcode_name(instruction.opcode));
        before = neighbours_after(verifier, &before, &instruction);
    }
    return true;
}

/* A generator's code: cells are made, the generator is made, and only then does anything else happen. */
static bool check_generator(Verifier *verifier)
{
    const CodeUnit *unit = verifier->unit;
    if (!(unit->flags & SUSPENDING_FLAGS))
        return true;
    bool is_made = false, is_in_front = true;
    Instruction instruction;
    for (uint32_t at = 0; at < unit->word_count; at = instruction.next) {
        if (!instruction_read(unit->words, unit->word_count, at, &instruction))
            return verify_refuse(verifier, at, "the code ends inside an instruction");
        Opcode opcode = instruction.opcode;
        if (opcode == OP_RETURN_GENERATOR) {
            if (!is_in_front || is_made || (verifier->marks[at] & WORD_IS_TARGET))
                return verify_refuse(verifier, at, "RETURN_GENERATOR is not at the beginning");
            is_made = true;
        } else if (opcode != OP_COPY_FREE_VARS && opcode != OP_MAKE_CELL && opcode != OP_NOP) {
            is_in_front = false;
        }
        if (!is_made && (!is_in_front || (verifier->marks[at] & WORD_IS_TARGET)))
            return verify_refuse(verifier, at, "a generator that begins without RETURN_GENERATOR");
    }
    return true;
}

/* -- the whole -- */

static bool verify_unit(CodeUnit *unit, VerifyError *error, unsigned depth);

static bool verify_nested(Verifier *verifier, const Const *constants, size_t count, unsigned depth)
{
    for (size_t i = 0; i < count; i++) {
        const Const *constant = &constants[i];
        if (constant->kind == CONST_CODE && !verify_unit(constant->code, verifier->error, depth + 1))
            return false;
        bool has_items = constant->kind == CONST_TUPLE || constant->kind == CONST_FROZENSET;
        if (has_items && !verify_nested(verifier, constant->items.items, constant->items.count, depth))
            return false;
    }
    return true;
}

static bool check_all(Verifier *verifier, unsigned depth)
{
    const CodeUnit *unit = verifier->unit;
    if (depth > NESTING_MAX)
        return verify_refuse(verifier, 0, "code units nest too deeply");
    if (unit->word_count == UINT32_MAX)
        return verify_refuse(verifier, 0, "too much code");
    verifier->marks = arena_alloc(&verifier->scratch, (size_t)unit->word_count + 1);
    if (!verifier->marks)
        return verify_no_memory(verifier);
    for (uint32_t i = 0; i < unit->constant_count; i++) {
        if (!check_constant(verifier, &unit->constants[i], 0))
            return false;
    }
    /* Nested units first: the code of a function that is made here is then known to be sound. */
    return verify_nested(verifier, unit->constants, unit->constant_count, depth)
        && check_texts(verifier) && check_slots(verifier)
        && check_instructions(verifier) && check_handler_table(verifier) && check_targets(verifier)
        && check_line_table(verifier) && check_neighbours(verifier) && check_generator(verifier)
        && verify_flow(verifier);
}

static bool verify_unit(CodeUnit *unit, VerifyError *error, unsigned depth)
{
    if (unit->is_verified)
        return true;
    Verifier verifier = {.unit = unit, .error = error};
    arena_init(&verifier.scratch, unit->arena.memory);
    unit->is_verified = check_all(&verifier, depth);
    arena_free(&verifier.scratch);
    return unit->is_verified;
}

bool code_verify(CodeUnit *unit, VerifyError *error)
{
    memset(error, 0, sizeof *error);
    return verify_unit(unit, error, 0);
}
