/* code_maker.h - code units by hand, for the tests of floor 2.
 *
 * What        make(&memory, words, count) gives a unit with a few constants, names and slots; tests then bend it.
 *                 constants  0: None  1: 1  2: ("key",)  3: code without free variables  4: code with one
 *                 names      0: "name"
 *                 slots      0: "a" (argument)  1: "b"  2: "c" (cell)
 * Read next   test_verify.c */
#ifndef TOY_TESTS_CODE_MAKER_H
#define TOY_TESTS_CODE_MAKER_H

#include <check.h>
#include <string.h>

#include "vm/bytecode/opcode.h"

#define TEXT(literal) ((CodeText){literal, sizeof(literal) - 1})
#define W(name, operand) WORD_MAKE(OP_##name, operand)

/* The shortest function: return None. [free_count] variables come from outside. */
static inline CodeUnit *make_leaf(Memory *memory, uint32_t free_count)
{
    CodeUnit *unit = code_new(memory);
    ck_assert_ptr_nonnull(unit);
    unit->name = unit->qualified_name = TEXT("leaf");
    unit->filename = TEXT("test.toy");
    unit->flags = CODE_OPTIMIZED | CODE_NEWLOCALS;
    unit->first_line = 7;
    unit->words = arena_alloc(&unit->arena, 2 * sizeof(Word));
    unit->words[unit->word_count++] = free_count ? W(COPY_FREE_VARS, free_count) : W(NOP, 0);
    unit->words[unit->word_count++] = W(RETURN_CONST, 0);
    unit->constants = arena_alloc(&unit->arena, sizeof(Const));
    unit->constant_count = 1;
    unit->slot_count = unit->free_count = free_count;
    unit->slot_names = arena_alloc(&unit->arena, (free_count + 1) * sizeof(CodeText));
    unit->slot_kinds = arena_alloc(&unit->arena, free_count + 1);
    for (uint32_t i = 0; i < free_count; i++) {
        unit->slot_names[i] = TEXT("free");
        unit->slot_kinds[i] = SLOT_FREE;
    }
    return unit;
}

static inline CodeUnit *make(Memory *memory, const Word *words, size_t count)
{
    static const uint64_t one = 1;
    static const Const key = {.kind = CONST_TEXT, .text = {"key", 3}};
    CodeUnit *unit = make_leaf(memory, 0);
    unit->name = unit->qualified_name = TEXT("made");
    unit->words = arena_alloc(&unit->arena, (count + 1) * sizeof *words);
    memcpy(unit->words, words, count * sizeof *words);
    unit->word_count = (uint32_t)count;
    unit->stack_size = 8;
    unit->constant_count = 5;
    unit->constants = arena_alloc(&unit->arena, 5 * sizeof(Const));
    unit->constants[1] = (Const){.kind = CONST_INT, .integer = {&one, 1}};
    unit->constants[2] = (Const){.kind = CONST_TUPLE, .items = {&key, 1}};
    unit->constants[3] = (Const){.kind = CONST_CODE, .code = make_leaf(memory, 0)};
    unit->constants[4] = (Const){.kind = CONST_CODE, .code = make_leaf(memory, 1)};
    unit->name_count = 1;
    unit->names = arena_alloc(&unit->arena, sizeof(CodeText));
    unit->names[0] = TEXT("name");
    unit->argument_count = 1;
    unit->slot_count = 3;
    unit->local_count = 2;
    unit->cell_count = 1;
    unit->slot_names = arena_alloc(&unit->arena, 3 * sizeof(CodeText));
    unit->slot_kinds = arena_alloc(&unit->arena, 3);
    unit->slot_names[0] = TEXT("a");
    unit->slot_names[1] = TEXT("b");
    unit->slot_names[2] = TEXT("c");
    unit->slot_kinds[0] = unit->slot_kinds[1] = SLOT_LOCAL;
    unit->slot_kinds[2] = SLOT_CELL;
    unit->lines = arena_alloc(&unit->arena, 2 * sizeof(LineEntry));
    unit->lines[0] = (LineEntry){0, 1, 1, 0, 5};
    unit->line_count = 1;
    if (count > 1) {
        unit->lines[1] = (LineEntry){1, 2, 3, 4, 10};
        unit->line_count = 2;
    }
    return unit;
}

static inline void add_handler(CodeUnit *unit, uint32_t start, uint32_t end, uint32_t target, uint32_t depth, bool pushes_offset)
{
    HandlerEntry *more = arena_alloc(&unit->arena, (unit->handler_count + 1) * sizeof *more);
    if (unit->handler_count)
        memcpy(more, unit->handlers, unit->handler_count * sizeof *more);
    more[unit->handler_count++] = (HandlerEntry){start, end, target, depth, pushes_offset};
    unit->handlers = more;
}

#endif
