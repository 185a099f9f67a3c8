/* test_opcode.c - the table, and reading instructions.
 *
 * What        Rows are consistent with themselves; prefixes, caches and jumps are decoded; nothing is read outside.
 * Read next   vm/bytecode/opcode.c */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/code_maker.h"
#include "tests/unit/run_tests.h"

START_TEST(rows_are_consistent)
{
    for (unsigned op = 0; op < OPCODE_PLAIN_COUNT; op++) {
        const OpcodeInfo *info = opcode_info(op);
        bool has_target = info->operand == OPERAND_JUMP || info->operand == OPERAND_BACK;
        ck_assert_uint_eq(opcode_by_name(info->name), op);
        ck_assert_uint_eq(info->plain, op);
        ck_assert_msg(has_target == ((info->flags & OPCODE_JUMPS) != 0), "%s", info->name);
        ck_assert_msg(!(info->flags & OPCODE_CALLS) || (info->flags & OPCODE_RAISES), "%s calls but cannot raise", info->name);
        ck_assert_msg(strchr(".?", info->sentence[strlen(info->sentence) - 1]) != NULL, "%s: no sentence", info->name);
        ck_assert_msg(strstr(info->picture, "--") != NULL, "%s: no picture", info->name);
        for (uint32_t arg = 0; arg < 4; arg++) {
            OpcodeEffect effect = opcode_effect(op, arg, false);
            ck_assert(effect.pops >= 0 && effect.pushes >= 0);
            if (!(info->flags & OPCODE_JUMPS))
                ck_assert_int_eq(opcode_effect(op, arg, true).pops, effect.pops);
        }
    }
    ck_assert_uint_eq(opcode_by_name("NO_SUCH_THING"), OPCODE_COUNT);
    ck_assert_uint_eq(opcode_info(255)->flags, 0);
}
END_TEST

/* The picture and the counts of a row without `arg` say the same. */
static int words_in(const char *from, const char *to)
{
    int count = 0;
    bool is_inside = false;
    for (; from < to; from++) {
        count += *from != ' ' && !is_inside;
        is_inside = *from != ' ';
    }
    return count;
}

START_TEST(pictures_fit_the_counts)
{
    for (unsigned op = 0; op < OPCODE_PLAIN_COUNT; op++) {
        const OpcodeInfo *info = opcode_info(op);
        if (strstr(info->pops, "arg") || strstr(info->pushes, "arg") || strchr(info->picture, '['))
            continue;
        const char *middle = strstr(info->picture, "--");
        ck_assert_msg(words_in(info->picture, middle) == opcode_effect(op, 0, false).pops, "%s", info->name);
        if (!(info->flags & OPCODE_ENDS))
            ck_assert_msg(words_in(middle + 2, info->picture + strlen(info->picture)) == opcode_effect(op, 0, false).pushes,
                          "%s", info->name);
    }
}
END_TEST

START_TEST(effects_of_some_rows)
{
    OpcodeEffect call = opcode_effect(OP_CALL, 3, false);
    ck_assert_int_eq(call.pops, 4);
    ck_assert_int_eq(call.pushes, 1);
    ck_assert_int_eq(opcode_effect(OP_FOR_ITER, 9, false).pushes, 2);
    ck_assert_int_eq(opcode_effect(OP_FOR_ITER, 9, true).pushes, 0);
    ck_assert_int_eq(opcode_effect(OP_BUILD_MAP, UINT32_MAX, false).pops, 2 * (int64_t)UINT32_MAX);
}
END_TEST

START_TEST(instructions_are_read)
{
    const Word words[] = {W(EXTENDED_ARG, 0x12), W(LOAD_CONST, 0x345678), W(LOAD_ATTR, 5), 0, 0, 0, 0, W(EXTENDED_ARG, 1)};
    Instruction instruction;
    ck_assert(instruction_read(words, 8, 0, &instruction));
    ck_assert_uint_eq(instruction.offset, 1);
    ck_assert_uint_eq(instruction.arg, 0x12345678);
    ck_assert_uint_eq(instruction.next, 2);
    ck_assert(instruction_read(words, 8, 2, &instruction));
    ck_assert_uint_eq(instruction.opcode, OP_LOAD_ATTR);
    ck_assert_uint_eq(instruction.next, 3 + CACHES_LOAD_ATTR);
    ck_assert(!instruction_read(words, 8, 7, &instruction));   /* a prefix of nothing */
    ck_assert(!instruction_read(words, 5, 2, &instruction));   /* no room for its caches */
}
END_TEST

START_TEST(jumps_have_targets)
{
    Word words[] = {W(NOP, 0), W(JUMP_FORWARD, 3), W(NOP, 0), W(JUMP_BACKWARD, 2)};
    Instruction instruction;
    ck_assert(instruction_read(words, 4, 1, &instruction));
    ck_assert_int_eq(instruction_target(&instruction), 5);
    ck_assert(instruction_read(words, 4, 3, &instruction));
    ck_assert_int_eq(instruction_target(&instruction), 2);
    words[3] = W(JUMP_BACKWARD, 9);
    ck_assert(instruction_read(words, 4, 3, &instruction));
    ck_assert_int_eq(instruction_target(&instruction), -5);
}
END_TEST

START_TEST(operators_are_numbered_as_in_cpython)
{
    ck_assert_str_eq(binary_op_symbol(0), "+");
    ck_assert_str_eq(binary_op_symbol(10), "-");
    ck_assert_str_eq(binary_op_symbol(BINARY_INPLACE_FIRST), "+=");
    ck_assert_str_eq(compare_op_symbol(2), "==");
    ck_assert_ptr_null(binary_op_symbol(BINARY_OP_COUNT));
    ck_assert_ptr_null(compare_op_symbol(6));
    ck_assert_str_eq(intrinsic_1_name(INTRINSIC_PRINT), "INTRINSIC_PRINT");
    ck_assert_ptr_null(intrinsic_2_name(INTRINSIC_2_COUNT));
    for (unsigned i = 0; i < BINARY_INPLACE_FIRST; i++) {
        const char *plain = binary_op_symbol(i), *in_place = binary_op_symbol(i + BINARY_INPLACE_FIRST);
        ck_assert(strncmp(plain, in_place, strlen(plain)) == 0 && strcmp(in_place + strlen(plain), "=") == 0);
    }
}
END_TEST

START_TEST(tables_beside_the_code)
{
    Memory memory;
    memory_init(&memory);
    const Word words[] = {W(NOP, 0), W(NOP, 0), W(NOP, 0), W(RETURN_CONST, 0)};
    CodeUnit *unit = make(&memory, words, 4);
    add_handler(unit, 1, 2, 3, 0, false);
    add_handler(unit, 0, 3, 3, 1, true);
    ck_assert_uint_eq(code_position(unit, 0).line, 1);
    ck_assert_uint_eq(code_position(unit, 3).line, 2);
    unit->lines[0].start = 1;
    unit->line_count = 1;
    ck_assert_uint_eq(code_position(unit, 0).line, 0);
    ck_assert_uint_eq(code_handler(unit, 1)->depth, 0);
    ck_assert_uint_eq(code_handler(unit, 2)->depth, 1);
    ck_assert_ptr_null(code_handler(unit, 3));
    code_free(unit);
    code_free(NULL);
    ck_assert_uint_eq(memory.bytes_in_use, 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {rows_are_consistent, pictures_fit_the_counts, effects_of_some_rows, instructions_are_read,
                            jumps_have_targets, operators_are_numbered_as_in_cpython, tables_beside_the_code};
    return run_tests("opcode", tests, ARRAY_LENGTH(tests));
}
