/* test_disasm.c - listings, line by line.
 *
 * What        The layout (it is CPython 3.13's), constants as repr() writes them, the explanation of an opcode.
 * Read next   vm/bytecode/disasm.c */
#include "tests/unit/code_maker.h"
#include "tests/unit/run_tests.h"
#include "vm/bytecode/disasm.h"

/* The listing ends the test's buffer: the caller frees it. */
static const char *listing_of(Buffer *out, const CodeUnit *unit, DisasmOptions options)
{
    options.current = options.current ? options.current : -1;
    disasm_unit(out, unit, &options);
    return buffer_text(out);
}

static CodeUnit *make_loop(Memory *memory)
{
    const Word words[] = {W(LOAD_FAST, 0), W(GET_ITER, 0), W(FOR_ITER, 2), 0, W(STORE_FAST, 1), W(JUMP_BACKWARD, 4), W(RETURN_CONST, 0)};
    CodeUnit *unit = make(memory, words, ARRAY_LENGTH(words));
    unit->lines[1].start = 4;
    return unit;
}

START_TEST(layout)
{
    Memory memory;
    Buffer out;
    memory_init(&memory);
    buffer_init(&out, &memory);
    CodeUnit *unit = make_loop(&memory);
    ck_assert_str_eq(listing_of(&out, unit, (DisasmOptions){.has_tables = false}),
                     "  1           LOAD_FAST                0 (a)\n"
                     "              GET_ITER\n"
                     "      L1:     FOR_ITER                 2 (to L2)\n"
                     "\n"
                     "  2           STORE_FAST               1 (b)\n"
                     "           \xe2\x87\x84  JUMP_BACKWARD            4 (to L1)\n"
                     "      L2:     RETURN_CONST             0 (None)\n");
    code_free(unit);
    buffer_free(&out);
}
END_TEST

START_TEST(offsets_caches_tables)
{
    Memory memory;
    Buffer out;
    memory_init(&memory);
    buffer_init(&out, &memory);
    CodeUnit *unit = make_loop(&memory);
    add_handler(unit, 0, 2, 4, 0, false);
    unit->lines[0].line = 0;
    const char *text = listing_of(&out, unit, (DisasmOptions){.has_offsets = true, .has_caches = true, .has_tables = true, .current = 2});
    ck_assert_ptr_nonnull(strstr(text, "  --   L1:    0       LOAD_FAST                0 (a)\n"));
    ck_assert_ptr_nonnull(strstr(text, "       L2:    2   --> FOR_ITER                 2 (to L4)\n"));
    ck_assert_ptr_nonnull(strstr(text, "              3       CACHE                    0\n"));
    ck_assert_ptr_nonnull(strstr(text, "ExceptionTable:\n  L1 to L2 -> L3 [0]\n"));
    ck_assert_ptr_nonnull(strstr(text, "Constants:\n   0: None\n   1: 1\n   2: ('key',)\n   3: <code object leaf at 0x"));
    ck_assert_ptr_nonnull(strstr(text, "Names:\n   0: name\nVariable names:\n   0: a\n   1: b\nCell variables:\n   2: c\n"));
    code_free(unit);
    buffer_free(&out);
}
END_TEST

START_TEST(prefixes_and_nested_units)
{
    Memory memory;
    Buffer out;
    memory_init(&memory);
    buffer_init(&out, &memory);
    const Word words[] = {W(EXTENDED_ARG, 1), W(CALL, 2), 0, 0, W(RETURN_CONST, 0)};
    CodeUnit *unit = make(&memory, words, ARRAY_LENGTH(words));
    const char *text = listing_of(&out, unit, (DisasmOptions){.has_nested = true});
    ck_assert_ptr_nonnull(strstr(text, "  1           EXTENDED_ARG             1\n"
                                       "           \xe2\x87\x84  CALL                 16777218\n"));
    ck_assert_ptr_nonnull(strstr(text, "\nDisassembly of <code object leaf at 0x"));
    ck_assert_ptr_nonnull(strstr(text, ", file \"test.toy\", line 7>:\n"));
    code_free(unit);
    buffer_free(&out);
}
END_TEST

static void assert_constant(Const constant, const char *wanted)
{
    Memory memory;
    Buffer out;
    memory_init(&memory);
    buffer_init(&out, &memory);
    disasm_constant(&out, &constant);
    ck_assert_str_eq(buffer_text(&out), wanted);
    buffer_free(&out);
    ck_assert_uint_eq(memory.bytes_in_use, 0);
}

#define TEXT_CONST(literal)  ((Const){.kind = CONST_TEXT, .text = {literal, sizeof(literal) - 1}})
#define BYTES_CONST(literal) ((Const){.kind = CONST_BYTES, .text = {literal, sizeof(literal) - 1}})

START_TEST(constants)
{
    static const uint64_t power[] = {0, 0, 1}, ten_to_19[] = {UINT64_C(10000000000000000000)}, all[] = {UINT64_MAX};
    assert_constant((Const){.kind = CONST_INT, .integer = {power, 3}}, "340282366920938463463374607431768211456");
    assert_constant((Const){.kind = CONST_INT, .is_negative = true, .integer = {ten_to_19, 1}}, "-10000000000000000000");
    assert_constant((Const){.kind = CONST_INT, .integer = {all, 1}}, "18446744073709551615");
    assert_constant((Const){.kind = CONST_INT}, "0");
    assert_constant((Const){.kind = CONST_FLOAT, .real = 1e16}, "1e+16");
    assert_constant((Const){.kind = CONST_FLOAT, .real = 1}, "1.0");
    assert_constant((Const){.kind = CONST_COMPLEX, .imaginary = 5}, "5j");
    assert_constant((Const){.kind = CONST_COMPLEX, .real = -0.0, .imaginary = -5}, "(-0-5j)");
    assert_constant((Const){.kind = CONST_COMPLEX, .real = 1.5, .imaginary = 2}, "(1.5+2j)");
    assert_constant(TEXT_CONST("it's"), "\"it's\"");
    assert_constant(TEXT_CONST("'\""), "'\\'\"'");
    assert_constant(TEXT_CONST("a\n\t\\\x7f\xc3\xa9\xc2\xa0\xe2\x80\xa8\xf3\xa0\x80\x81\xed\xb2\x80"),
                    "'a\\n\\t\\\\\\x7f\xc3\xa9\\xa0\\u2028\\U000e0001\\udc80'");
    assert_constant(BYTES_CONST("it's \x00\xff"), "b\"it's \\x00\\xff\"");
    assert_constant((Const){.kind = CONST_TUPLE}, "()");
    assert_constant((Const){.kind = CONST_FROZENSET}, "frozenset()");
    const Const none = {.kind = CONST_NONE};
    assert_constant((Const){.kind = CONST_TUPLE, .items = {&none, 1}}, "(None,)");
    assert_constant((Const){.kind = CONST_FROZENSET, .items = {&none, 1}}, "frozenset({None})");
}
END_TEST

START_TEST(explanations)
{
    Memory memory;
    Buffer out;
    memory_init(&memory);
    buffer_init(&out, &memory);
    for (unsigned op = 0; op < OPCODE_PLAIN_COUNT; op++)
        disasm_explain(&out, (Opcode)op);
    const char *text = buffer_text(&out);
    ck_assert_ptr_nonnull(strstr(text, "CALL: Call callee with arg positional arguments.\n"
                                       "  stack    callee a1..an -- result\n"
                                       "  operand  COUNT\n"
                                       "  pops     arg + 1\n"
                                       "  pushes   1\n"
                                       "  words    3\n"
                                       "  may raise\n"
                                       "  may run other script code\n"
                                       "  the lock may change hands here\n"));
    ck_assert_ptr_nonnull(strstr(text, "  pushes   2, or 0 when it jumps\n"));
    buffer_free(&out);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {layout, offsets_caches_tables, prefixes_and_nested_units, constants, explanations};
    return run_tests("disasm", tests, ARRAY_LENGTH(tests));
}
