/* test_verify.c - the verifier takes good code and refuses, one by one, the ways in which code can be bad.
 *
 * What        Each promise of verify.h has code that breaks it. At the end good code is damaged at random: the verifier must
 *             answer, without reading outside (under sanitizers) and without end.
 * Read next   vm/bytecode/verify.h */
#include <stdlib.h>

#include "tests/unit/code_maker.h"
#include "tests/unit/run_tests.h"
#include "vm/bytecode/verify.h"

/* NULL when the unit passes, else the complaint. */
static const char *complaint_about(CodeUnit *unit)
{
    static VerifyError error;
    if (code_verify(unit, &error))
        return NULL;
    ck_assert(!error.is_out_of_memory);
    ck_assert_ptr_nonnull(error.unit);
    return error.message;
}

static void assert_code(bool is_good, const char *what, const Word *words, size_t count)
{
    Memory memory;
    memory_init(&memory);
    CodeUnit *unit = make(&memory, words, count);
    const char *complaint = complaint_about(unit);
    if (is_good)
        ck_assert_msg(complaint == NULL, "%s: %s", what, complaint);
    else
        ck_assert_msg(complaint != NULL, "%s: was not refused", what);
    ck_assert(unit->is_verified == is_good);
    code_free(unit);
    ck_assert_uint_eq(memory.bytes_in_use, 0);
}

#define GOOD(what, ...) assert_code(true, what, (const Word[]){__VA_ARGS__}, sizeof((const Word[]){__VA_ARGS__}) / sizeof(Word))
#define BAD(what, ...)  assert_code(false, what, (const Word[]){__VA_ARGS__}, sizeof((const Word[]){__VA_ARGS__}) / sizeof(Word))

START_TEST(good_code)
{
    GOOD("return None", W(RETURN_CONST, 0));
    GOOD("return a", W(LOAD_FAST, 0), W(RETURN_VALUE, 0));
    GOOD("a prefix", W(EXTENDED_ARG, 0), W(LOAD_FAST, 1), W(RETURN_VALUE, 0));
    GOOD("a loop", W(LOAD_FAST, 0), W(GET_ITER, 0), W(FOR_ITER, 2), 0, W(STORE_FAST, 1), W(JUMP_BACKWARD, 4), W(RETURN_CONST, 0));
    GOOD("and", W(LOAD_FAST, 0), W(JUMP_IF_FALSE_OR_POP, 1), W(LOAD_FAST, 1), W(RETURN_VALUE, 0));
    GOOD("a method", W(LOAD_FAST, 0), W(LOAD_METHOD, 0), 0, 0, 0, 0, W(LOAD_CONST, 1), W(CALL_METHOD, 1), 0, 0, W(RETURN_VALUE, 0));
    GOOD("a list", W(BUILD_LIST, 0), W(LOAD_FAST, 0), W(LIST_APPEND, 1), W(RETURN_VALUE, 0));
    GOOD("a cell", W(MAKE_CELL, 2), W(LOAD_FAST, 0), W(STORE_DEREF, 2), W(LOAD_DEREF, 2), W(RETURN_VALUE, 0));
    GOOD("a function", W(LOAD_CONST, 3), W(MAKE_FUNCTION, 0), W(RETURN_VALUE, 0));
    GOOD("a closure", W(MAKE_CELL, 2), W(LOAD_CLOSURE, 2), W(BUILD_TUPLE, 1), W(LOAD_CONST, 4), W(MAKE_FUNCTION, 0),
         W(SET_FUNCTION_ATTRIBUTE, 8), W(RETURN_VALUE, 0));
    GOOD("keywords", W(LOAD_FAST, 0), W(LOAD_FAST, 1), W(LOAD_CONST, 2), W(CALL_KW, 1), W(RETURN_VALUE, 0));
    GOOD("a comprehension keeps the outer cell", W(MAKE_CELL, 2), W(LOAD_FAST_AND_CLEAR, 2), W(MAKE_CELL, 2), W(LOAD_FAST, 0),
         W(STORE_DEREF, 2), W(STORE_FAST, 2), W(LOAD_DEREF, 2), W(RETURN_VALUE, 0));
    GOOD("code that is never reached", W(RETURN_CONST, 0), W(POP_TOP, 0), W(RETURN_CONST, 0));
}
END_TEST

START_TEST(operands_and_words)
{
    BAD("no code at all", W(EXTENDED_ARG, 0));
    BAD("constant out of range", W(RETURN_CONST, 5));
    BAD("name out of range", W(LOAD_GLOBAL, 1), 0, 0, 0, W(RETURN_VALUE, 0));
    BAD("local out of range", W(LOAD_FAST, 3), W(RETURN_VALUE, 0));
    BAD("cell that is none", W(LOAD_DEREF, 1), W(RETURN_VALUE, 0));
    BAD("an unknown opcode", 255, W(RETURN_CONST, 0));
    BAD("an operand where none belongs", W(POP_TOP, 1), W(RETURN_CONST, 0));
    BAD("an operator out of range", W(LOAD_FAST, 0), W(LOAD_FAST, 0), W(BINARY_OP, BINARY_OP_COUNT), 0, W(RETURN_VALUE, 0));
    BAD("a dirty cache", W(LOAD_GLOBAL, 0), 0, 1, 0, W(RETURN_VALUE, 0));
    BAD("missing caches", W(LOAD_GLOBAL, 0), 0);
    BAD("two prefixes", W(EXTENDED_ARG, 0), W(EXTENDED_ARG, 0), W(LOAD_FAST, 0), W(RETURN_VALUE, 0));
    BAD("a wide prefix", W(EXTENDED_ARG, 0x100), W(LOAD_FAST, 0), W(RETURN_VALUE, 0));
    BAD("a large operand by prefix", W(EXTENDED_ARG, 1), W(LOAD_FAST, 0), W(RETURN_VALUE, 0));
    BAD("copy of nothing", W(LOAD_FAST, 0), W(COPY, 0), W(POP_TOP, 0), W(RETURN_VALUE, 0));
    BAD("free variables that are not there", W(COPY_FREE_VARS, 1), W(RETURN_CONST, 0));
    BAD("names in a function", W(LOAD_NAME, 0), W(RETURN_VALUE, 0));
    BAD("a wrapped value in a plain function", W(LOAD_FAST, 0), W(CALL_INTRINSIC_1, INTRINSIC_ASYNC_GEN_WRAP), W(RETURN_VALUE, 0));
    BAD("a plain function that yields", W(LOAD_FAST, 0), W(YIELD_VALUE, 0), W(RETURN_VALUE, 0));
}
END_TEST

START_TEST(jumps)
{
    BAD("into a cache", W(JUMP_FORWARD, 1), W(LOAD_GLOBAL, 0), 0, 0, 0, W(RETURN_VALUE, 0));
    BAD("behind a prefix", W(JUMP_FORWARD, 1), W(EXTENDED_ARG, 0), W(RETURN_CONST, 0));
    BAD("out of the code", W(JUMP_FORWARD, 1), W(RETURN_CONST, 0));
    BAD("before the code", W(NOP, 0), W(JUMP_BACKWARD, 3));
    BAD("far before the code", W(NOP, 0), W(JUMP_BACKWARD, OPERAND_MAX));
    BAD("off the end", W(NOP, 0));
    BAD("off the end after a condition", W(LOAD_FAST, 0), W(POP_JUMP_IF_TRUE, 0));
    GOOD("backwards for ever", W(JUMP_BACKWARD, 1));
}
END_TEST

START_TEST(depths)
{
    BAD("pop of nothing", W(POP_TOP, 0), W(RETURN_CONST, 0));
    BAD("overflow", W(LOAD_CONST, 0), W(COPY, 1), W(COPY, 1), W(COPY, 1), W(COPY, 1), W(COPY, 1), W(COPY, 1), W(COPY, 1), W(COPY, 1),
        W(RETURN_VALUE, 0));
    BAD("a loop that pushes", W(LOAD_CONST, 0), W(JUMP_BACKWARD, 2));
    BAD("two depths at one place", W(LOAD_FAST, 0), W(POP_JUMP_IF_TRUE, 1), W(LOAD_FAST, 0), W(RETURN_CONST, 0));
    BAD("values left behind", W(LOAD_FAST, 0), W(RETURN_CONST, 0));
    BAD("a huge call", W(CALL, OPERAND_MAX), 0, 0, W(RETURN_VALUE, 0));
    BAD("a huge unpacking", W(LOAD_FAST, 0), W(UNPACK_SEQUENCE, OPERAND_MAX), 0, W(RETURN_CONST, 0));
    BAD("a swap below the bottom", W(LOAD_FAST, 0), W(SWAP, 2), W(RETURN_VALUE, 0));
    BAD("no callee below the dict", W(BUILD_MAP, 0), W(BUILD_MAP, 0), W(DICT_MERGE, 1), W(RETURN_VALUE, 0));
}
END_TEST

START_TEST(kinds)
{
    BAD("append to what is no list", W(LOAD_FAST, 0), W(LOAD_FAST, 0), W(LIST_APPEND, 1), W(RETURN_VALUE, 0));
    BAD("append to a set", W(BUILD_SET, 0), W(LOAD_FAST, 0), W(LIST_APPEND, 1), W(RETURN_VALUE, 0));
    BAD("append to a list or a set", W(LOAD_FAST, 0), W(POP_JUMP_IF_TRUE, 2), W(BUILD_LIST, 0), W(JUMP_FORWARD, 1),
        W(BUILD_SET, 0), W(LOAD_FAST, 0), W(LIST_APPEND, 1), W(RETURN_VALUE, 0));
    BAD("a cell before it is made", W(LOAD_DEREF, 2), W(RETURN_VALUE, 0));
    BAD("a cell that one path does not make", W(LOAD_FAST, 0), W(POP_JUMP_IF_TRUE, 1), W(MAKE_CELL, 2), W(LOAD_DEREF, 2),
        W(RETURN_VALUE, 0));
    BAD("a cell overwritten", W(MAKE_CELL, 2), W(LOAD_FAST, 0), W(STORE_FAST, 2), W(LOAD_DEREF, 2), W(RETURN_VALUE, 0));
    BAD("an unbound operand", W(LOAD_FAST_AND_CLEAR, 1), W(RETURN_VALUE, 0));
    BAD("an unbound self called", W(LOAD_FAST, 0), W(LOAD_METHOD, 0), 0, 0, 0, 0, W(CALL, 1), 0, 0, W(RETURN_VALUE, 0));
    BAD("a function of no code", W(LOAD_CONST, 1), W(MAKE_FUNCTION, 0), W(RETURN_VALUE, 0));
    BAD("a function of computed code", W(LOAD_FAST, 0), W(MAKE_FUNCTION, 0), W(RETURN_VALUE, 0));
    BAD("a closure forgotten", W(LOAD_CONST, 4), W(MAKE_FUNCTION, 0), W(RETURN_VALUE, 0));
    BAD("a closure too short", W(BUILD_TUPLE, 0), W(LOAD_CONST, 4), W(MAKE_FUNCTION, 0), W(SET_FUNCTION_ATTRIBUTE, 8),
        W(RETURN_VALUE, 0));
    BAD("a closure of no cells", W(LOAD_FAST, 0), W(BUILD_TUPLE, 1), W(LOAD_CONST, 4), W(MAKE_FUNCTION, 0),
        W(SET_FUNCTION_ATTRIBUTE, 8), W(RETURN_VALUE, 0));
    BAD("defaults of no function", W(LOAD_FAST, 0), W(LOAD_FAST, 0), W(SET_FUNCTION_ATTRIBUTE, 1), W(RETURN_VALUE, 0));
    BAD("more keywords than arguments", W(LOAD_FAST, 0), W(LOAD_CONST, 2), W(CALL_KW, 0), W(RETURN_VALUE, 0));
    BAD("keywords that are no names", W(LOAD_FAST, 0), W(LOAD_FAST, 0), W(LOAD_CONST, 1), W(CALL_KW, 1), W(RETURN_VALUE, 0));
    BAD("an exception that is none", W(LOAD_FAST, 0), W(PUSH_EXC_INFO, 0), W(POP_TOP, 0), W(POP_TOP, 0), W(RETURN_CONST, 0));
    BAD("nothing saved to restore", W(LOAD_FAST, 0), W(POP_EXCEPT, 0), W(RETURN_CONST, 0));
    BAD("raising again what is no exception", W(LOAD_FAST, 0), W(RERAISE, 0));
}
END_TEST

/*   0 NOP | 1 LOAD_FAST a | 2 POP_TOP | 3 RETURN_CONST | 4 PUSH_EXC_INFO | 5 POP_TOP | 6 POP_EXCEPT | 7 RETURN_CONST */
static CodeUnit *make_try(Memory *memory)
{
    const Word words[] = {W(NOP, 0), W(LOAD_FAST, 0), W(POP_TOP, 0), W(RETURN_CONST, 0),
                          W(PUSH_EXC_INFO, 0), W(POP_TOP, 0), W(POP_EXCEPT, 0), W(RETURN_CONST, 0)};
    return make(memory, words, ARRAY_LENGTH(words));
}

static void assert_handler(bool is_good, uint32_t start, uint32_t end, uint32_t target, uint32_t depth, bool pushes_offset)
{
    Memory memory;
    memory_init(&memory);
    CodeUnit *unit = make_try(&memory);
    add_handler(unit, start, end, target, depth, pushes_offset);
    const char *complaint = complaint_about(unit);
    ck_assert_msg((complaint == NULL) == is_good, "%u..%u -> %u [%u]: %s", start, end, target, depth, complaint);
    code_free(unit);
}

START_TEST(handlers)
{
    assert_handler(true, 0, 3, 4, 0, false);
    assert_handler(true, 0, 8, 4, 0, false);      /* its own handler, too */
}
END_TEST

START_TEST(bad_handlers)
{
    assert_handler(false, 3, 3, 4, 0, false);     /* empty */
    assert_handler(false, 0, 3, 3, 0, false);     /* 3 is reached with and without an exception on the stack */
    assert_handler(false, 0, 9, 4, 0, false);     /* past the end */
    assert_handler(false, 0, 3, 8, 0, false);     /* leads nowhere */
    assert_handler(false, 0, 3, 4, 1, false);     /* deeper than the stack */
    assert_handler(false, 0, 3, 4, 0, true);      /* an offset that the handler does not expect */
    assert_handler(false, 0, 3, 4, 0x7fffffff, true);
    assert_handler(false, 0, UINT32_MAX, 4, 0, false);
}
END_TEST

START_TEST(tables)
{
    Memory memory;
    memory_init(&memory);
    const Word words[] = {W(NOP, 0), W(RETURN_CONST, 0)};
#define REFUSED(change)                                     \
    do {                                                    \
        CodeUnit *unit = make(&memory, words, 2);           \
        change;                                             \
        ck_assert_msg(complaint_about(unit) != NULL, #change); \
        code_free(unit);                                    \
    } while (0)
    REFUSED(unit->lines[1].start = 0);
    REFUSED(unit->lines[1].start = 2);
    REFUSED(unit->argument_count = 4);
    REFUSED(unit->argument_count = UINT32_MAX; unit->keyword_only_count = 5);
    REFUSED(unit->positional_only_count = 2);
    REFUSED(unit->free_count = 1);
    REFUSED(unit->local_count = 3);
    REFUSED(unit->cell_count = 0);
    REFUSED(unit->slot_kinds[1] = 0);
    REFUSED(unit->slot_kinds[1] = SLOT_FREE);
    REFUSED(unit->slot_kinds[0] = SLOT_CELL);
    REFUSED(unit->stack_size = UINT32_MAX);
    REFUSED(unit->names[0] = TEXT("\xff"));
    REFUSED(unit->constants[0] = ((Const){.kind = CONST_TEXT, .text = {"\xc3", 1}}));
    REFUSED(unit->constants[0].kind = (ConstKind)77);
    REFUSED(unit->constants[3].code->words[1] = W(RETURN_CONST, 9));   /* in a nested unit */
    REFUSED(unit->word_count = 0);
#undef REFUSED
    ck_assert_uint_eq(memory.bytes_in_use, 0);
}
END_TEST

START_TEST(generators)
{
    static const struct { bool is_good; Word words[6]; } rows[] = {
        {true, {W(RETURN_GENERATOR, 0), W(POP_TOP, 0), W(LOAD_FAST, 0), W(YIELD_VALUE, 0), W(RETURN_VALUE, 0), W(NOP, 0)}},
        {true, {W(MAKE_CELL, 2), W(RETURN_GENERATOR, 0), W(POP_TOP, 0), W(LOAD_DEREF, 2), W(RETURN_VALUE, 0), W(NOP, 0)}},
        {false, {W(LOAD_FAST, 0), W(YIELD_VALUE, 0), W(RETURN_VALUE, 0), W(NOP, 0), W(NOP, 0), W(NOP, 0)}},
        {false, {W(RETURN_GENERATOR, 0), W(POP_TOP, 0), W(RETURN_GENERATOR, 0), W(RETURN_VALUE, 0), W(NOP, 0), W(NOP, 0)}},
        {false, {W(RETURN_GENERATOR, 0), W(POP_TOP, 0), W(JUMP_BACKWARD, 3), W(NOP, 0), W(NOP, 0), W(NOP, 0)}},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        Memory memory;
        memory_init(&memory);
        CodeUnit *unit = make(&memory, rows[i].words, 6);
        unit->flags |= CODE_GENERATOR;
        const char *complaint = complaint_about(unit);
        ck_assert_msg((complaint == NULL) == rows[i].is_good, "row %zu: %s", i, complaint);
        code_free(unit);
    }
}
END_TEST

START_TEST(memory_may_run_out)
{
    const Word words[] = {W(LOAD_FAST, 0), W(GET_ITER, 0), W(FOR_ITER, 2), 0, W(STORE_FAST, 1), W(JUMP_BACKWARD, 4), W(RETURN_CONST, 0)};
    for (uint64_t n = 1; ; n++) {
        Memory memory;
        memory_init(&memory);
        CodeUnit *unit = make(&memory, words, ARRAY_LENGTH(words));
        VerifyError error;
        memory.fail_at = memory.allocations + n;
        bool is_good = code_verify(unit, &error);
        ck_assert(is_good == (memory.failures == 0));
        ck_assert(is_good || error.is_out_of_memory);
        code_free(unit);
        ck_assert_uint_eq(memory.bytes_in_use, 0);
        if (is_good)
            break;
    }
}
END_TEST

static uint32_t next_random(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)(*state >> 33);
}

START_TEST(damaged_code_gets_an_answer)
{
    const Word words[] = {
        W(MAKE_CELL, 2), W(LOAD_FAST, 0), W(GET_ITER, 0), W(FOR_ITER, 9), 0, W(STORE_FAST, 1), W(LOAD_FAST, 1), W(LOAD_METHOD, 0), 0, 0, 0, 0,
        W(CALL_METHOD, 0), 0, 0, W(STORE_DEREF, 2), W(JUMP_BACKWARD, 14), W(BUILD_LIST, 0), W(LOAD_DEREF, 2), W(LIST_APPEND, 1),
        W(RETURN_VALUE, 0), W(PUSH_EXC_INFO, 0), W(LOAD_GLOBAL, 0), 0, 0, 0, W(CHECK_EXC_MATCH, 0), W(POP_JUMP_IF_FALSE, 3), W(POP_TOP, 0),
        W(POP_EXCEPT, 0), W(RETURN_CONST, 0), W(RERAISE, 0), W(COPY, 3), W(POP_EXCEPT, 0), W(RERAISE, 1),
    };
    uint64_t state = 1;
    for (int i = 0; i < 40000; i++) {
        Memory memory;
        memory_init(&memory);
        CodeUnit *unit = make(&memory, words, ARRAY_LENGTH(words));
        add_handler(unit, 1, 15, 21, 0, false);
        add_handler(unit, 21, 32, 32, 1, true);
        for (uint32_t changes = next_random(&state) % 4; changes > 0; changes--) {
            uint32_t at = next_random(&state) % unit->word_count;
            uint32_t opcode = next_random(&state) % (OPCODE_PLAIN_COUNT + 2), arg = next_random(&state) % 12;
            unit->words[at] = next_random(&state) % 5 ? WORD_MAKE(opcode, arg) : next_random(&state);
        }
        if (next_random(&state) % 4 == 0)
            unit->handlers[next_random(&state) % 2].target = next_random(&state) % 40;
        VerifyError error;
        bool is_good = code_verify(unit, &error);
        ck_assert(is_good == unit->is_verified);
        code_free(unit);
        ck_assert_uint_eq(memory.bytes_in_use, 0);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {good_code, operands_and_words, jumps, depths, kinds, handlers, bad_handlers, tables, generators,
                            memory_may_run_out, damaged_code_gets_an_answer};
    return run_tests("verify", tests, ARRAY_LENGTH(tests));
}
