/* test_image.c - units to bytes and back; what is no image is refused.
 *
 * What        A unit with every kind of constant survives the journey; damaged and cut images are answered, not believed.
 * Read next   vm/bytecode/image.c */
#include <stdlib.h>

#include "tests/unit/code_maker.h"
#include "tests/unit/run_tests.h"
#include "vm/bytecode/disasm.h"
#include "vm/bytecode/image.h"
#include "vm/bytecode/verify.h"

static CodeUnit *make_rich(Memory *memory)
{
    static const uint64_t limbs[] = {0, 0, 1};
    static const Const items[] = {
        {.kind = CONST_TRUE}, {.kind = CONST_FALSE}, {.kind = CONST_ELLIPSIS}, {.kind = CONST_FLOAT, .real = 0.1},
        {.kind = CONST_COMPLEX, .real = -0.0, .imaginary = 2.5}, {.kind = CONST_TEXT, .text = {"\xed\xa0\x80 \"'", 6}},
        {.kind = CONST_BYTES, .text = {"\0\xff\n", 3}}, {.kind = CONST_INT, .is_negative = true, .integer = {limbs, 3}},
        {.kind = CONST_TUPLE}, {.kind = CONST_INT},
    };
    const Word words[] = {W(NOP, 0), W(LOAD_FAST, 0), W(RETURN_VALUE, 0), W(POP_TOP, 0), W(RETURN_CONST, 0)};
    CodeUnit *unit = make(memory, words, ARRAY_LENGTH(words));
    unit->constants[0] = (Const){.kind = CONST_TUPLE, .items = {items, ARRAY_LENGTH(items)}};
    unit->constants[2] = (Const){.kind = CONST_FROZENSET, .items = {items, 2}};
    unit->lines[1].line = 1;  /* a line that goes back */
    unit->lines[1].end_line = 1;
    add_handler(unit, 0, 2, 3, 0, false);
    return unit;
}

static void add_listing(Buffer *out, const CodeUnit *unit)
{
    const DisasmOptions options = {.has_offsets = true, .has_caches = true, .has_tables = true, .current = -1};
    disasm_unit(out, unit, &options);
    for (uint32_t i = 0; i < unit->line_count; i++) {
        const LineEntry *entry = &unit->lines[i];
        buffer_add_format(out, "%u %u %u %u %u\n", entry->start, entry->line, entry->end_line, entry->column, entry->end_column);
    }
    buffer_add_format(out, "%u %u %u %u %u %u", unit->flags, unit->argument_count, unit->first_line, unit->stack_size,
                      unit->cell_count, unit->local_count);
}

/* Two listings, told apart by nothing but the addresses of nested units: cut those out. */
static void blank_addresses(char *text)
{
    for (char *at = strstr(text, " at 0x"); at; at = strstr(at + 1, " at 0x")) {
        for (char *digit = at + 4; *digit && *digit != ','; digit++)
            *digit = '-';
    }
}

static void assert_same(const CodeUnit *one, const CodeUnit *other)
{
    Memory memory;
    Buffer first, second;
    memory_init(&memory);
    buffer_init(&first, &memory);
    buffer_init(&second, &memory);
    add_listing(&first, one);
    add_listing(&second, other);
    buffer_text(&first);
    buffer_text(&second);
    blank_addresses(first.data);
    blank_addresses(second.data);
    ck_assert_str_eq(first.data, second.data);
    buffer_free(&first);
    buffer_free(&second);
}

START_TEST(units_survive_the_journey)
{
    Memory memory;
    Buffer image;
    ImageError error;
    VerifyError complaint;
    memory_init(&memory);
    buffer_init(&image, &memory);
    CodeUnit *unit = make_rich(&memory);
    image_write(&image, unit);
    ck_assert(buffer_ok(&image));
    for (unsigned options = IMAGE_COPY; options <= IMAGE_BORROW; options++) {
        CodeUnit *back = image_read(&memory, image.data, image.length, options, &error);
        ck_assert_msg(back != NULL, "%s at %zu", error.message, error.offset);
        ck_assert(!back->is_verified);
        assert_same(unit, back);
        ck_assert_msg(code_verify(back, &complaint), "%s", complaint.message);
        ck_assert_uint_eq(back->constants[0].items.items[7].integer.limbs[2], 1);
        ck_assert(back->constants[0].items.items[7].is_negative);
        code_free(back);
    }
    code_free(unit);
    buffer_free(&image);
    ck_assert_uint_eq(memory.bytes_in_use, 0);
}
END_TEST

START_TEST(cut_images_are_refused)
{
    Memory memory;
    Buffer image;
    ImageError error;
    memory_init(&memory);
    buffer_init(&image, &memory);
    CodeUnit *unit = make_rich(&memory);
    image_write(&image, unit);
    code_free(unit);
    for (size_t length = 0; length < image.length; length++) {
        char *exact = malloc(length ? length : 1);
        memcpy(exact, image.data, length);
        ck_assert_ptr_null(image_read(&memory, exact, length, IMAGE_COPY, &error));
        ck_assert_ptr_nonnull(error.message);
        ck_assert(!error.is_out_of_memory);
        free(exact);
    }
    buffer_add_byte(&image, 0);
    ck_assert_ptr_null(image_read(&memory, image.data, image.length, IMAGE_COPY, &error));
    buffer_free(&image);
    ck_assert_uint_eq(memory.bytes_in_use, 0);
}
END_TEST

START_TEST(damaged_images_get_an_answer)
{
    Memory memory;
    Buffer image;
    memory_init(&memory);
    buffer_init(&image, &memory);
    CodeUnit *unit = make_rich(&memory);
    image_write(&image, unit);
    code_free(unit);
    uint64_t state = 7;
    char *copy = malloc(image.length);
    for (int i = 0; i < 40000; i++) {
        ImageError error;
        VerifyError complaint;
        memcpy(copy, image.data, image.length);
        for (int changes = 1 + i % 3; changes > 0; changes--) {
            state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
            copy[12 + (state >> 33) % (image.length - 12)] = (char)(state >> 20);
        }
        CodeUnit *read = image_read(&memory, copy, image.length, (unsigned)i % 2, &error);
        if (read) {
            bool is_good = code_verify(read, &complaint);
            Buffer listing;
            buffer_init(&listing, &memory);
            add_listing(&listing, read);  /* also what may not run can be listed */
            buffer_free(&listing);
            ck_assert(is_good == read->is_verified);
        }
        code_free(read);
        ck_assert_uint_lt(memory.bytes_in_use, 1 << 20);
    }
    free(copy);
    buffer_free(&image);
    ck_assert_uint_eq(memory.bytes_in_use, 0);
}
END_TEST

START_TEST(deep_nesting_is_bounded)
{
    Memory memory;
    Buffer image;
    ImageError error;
    memory_init(&memory);
    buffer_init(&image, &memory);
    CodeUnit *unit = make_leaf(&memory, 0);
    image_write(&image, unit);
    code_free(unit);
    /* The leaf's one constant, None, is the byte behind its count; replace the rest of the image by tuples in tuples. */
    size_t head = 12 + 5 + 5 + 9 + 9 + 1 + 2 * sizeof(Word) + 1;
    ck_assert_int_eq(image.data[head], CONST_NONE);
    buffer_truncate(&image, head);
    for (int i = 0; i < 100000; i++) {
        buffer_add_byte(&image, CONST_TUPLE);
        buffer_add_byte(&image, 1);
    }
    ck_assert_ptr_null(image_read(&memory, image.data, image.length, IMAGE_COPY, &error));
    ck_assert_str_eq(error.message, "constants nest too deeply");
    buffer_free(&image);
    ck_assert_uint_eq(memory.bytes_in_use, 0);
}
END_TEST

START_TEST(memory_may_run_out)
{
    Memory memory;
    Buffer image;
    memory_init(&memory);
    buffer_init(&image, &memory);
    CodeUnit *unit = make_rich(&memory);
    image_write(&image, unit);
    code_free(unit);
    for (uint64_t n = 1; ; n++) {
        Memory scarce;
        ImageError error;
        memory_init(&scarce);
        scarce.fail_at = n;
        CodeUnit *read = image_read(&scarce, image.data, image.length, IMAGE_COPY, &error);
        ck_assert((read == NULL) == (scarce.failures > 0));
        ck_assert(read || error.is_out_of_memory);
        code_free(read);
        ck_assert_uint_eq(scarce.bytes_in_use, 0);
        if (read)
            break;
    }
    buffer_free(&image);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {units_survive_the_journey, cut_images_are_refused, damaged_images_get_an_answer, deep_nesting_is_bounded,
                            memory_may_run_out};
    return run_tests("image", tests, ARRAY_LENGTH(tests));
}
