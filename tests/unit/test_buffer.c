/* test_buffer.c - bytes that grow at the end, and the failure that sticks.
 *
 * What        I1 and I2 of buffer.h, formatting, handing over.
 * Read next   vm/base/buffer.c */
#include <string.h>

#include "tests/unit/run_tests.h"
#include "vm/base/buffer.h"

START_TEST(grows_and_keeps)
{
    Memory memory;
    Buffer buffer;
    memory_init(&memory);
    buffer_init(&buffer, &memory);
    ck_assert_str_eq(buffer_text(&buffer), "");
    for (int i = 0; i < 10000; i++)
        buffer_add_byte(&buffer, (unsigned char)('a' + i % 26));
    ck_assert_uint_eq(buffer.length, 10000);
    for (int i = 0; i < 10000; i++)
        ck_assert_int_eq(buffer.data[i], 'a' + i % 26);
    buffer_truncate(&buffer, 3);
    buffer_add_text(&buffer, "-xyz");
    buffer_add(&buffer, NULL, 0);
    ck_assert_str_eq(buffer_text(&buffer), "abc-xyz");
    buffer_add_u32(&buffer, 0x01010101);
    ck_assert_uint_eq(buffer.length, 11);
    buffer_free(&buffer);
    ck_assert_uint_eq(memory.bytes_in_use, 0);
}
END_TEST

START_TEST(formats_of_any_length)
{
    Memory memory;
    Buffer buffer;
    memory_init(&memory);
    for (int width = 0; width < 300; width++) {
        buffer_init(&buffer, &memory);
        buffer_add_text(&buffer, "<");
        buffer_add_format(&buffer, "%*d>", width, 7);
        ck_assert_uint_eq(buffer.length, (size_t)(width > 1 ? width : 1) + 2);
        ck_assert_int_eq(buffer.data[buffer.length - 2], '7');
        buffer_free(&buffer);
    }
}
END_TEST

START_TEST(failure_sticks)
{
    Memory memory;
    Buffer buffer;
    memory_init(&memory);
    buffer_init(&buffer, &memory);
    buffer_add_text(&buffer, "kept");
    memory.fail_at = 2;
    for (int i = 0; i < 100; i++)
        buffer_add_format(&buffer, "%d", i);
    ck_assert(!buffer_ok(&buffer));
    ck_assert_ptr_null(buffer_text(&buffer));
    ck_assert_ptr_null(buffer_reserve(&buffer, 1));
    ck_assert_int_eq(memcmp(buffer.data, "kept", 4), 0);
    size_t length, capacity;
    ck_assert_ptr_null(buffer_detach(&buffer, &length, &capacity));
    buffer_free(&buffer);
    ck_assert_uint_eq(memory.bytes_in_use, 0);
}
END_TEST

START_TEST(impossible_sizes_fail)
{
    Memory memory;
    Buffer buffer;
    memory_init(&memory);
    buffer_init(&buffer, &memory);
    buffer_add_byte(&buffer, 'x');
    ck_assert_ptr_null(buffer_reserve(&buffer, SIZE_MAX));
    ck_assert(!buffer_ok(&buffer));
    buffer_free(&buffer);
}
END_TEST

START_TEST(hands_its_block_over)
{
    Memory memory;
    Buffer buffer;
    memory_init(&memory);
    buffer_init(&buffer, &memory);
    buffer_add_text(&buffer, "mine");
    size_t length, capacity;
    char *block = buffer_detach(&buffer, &length, &capacity);
    ck_assert_uint_eq(length, 4);
    ck_assert_ptr_null(buffer.data);
    memory_free(&memory, block, capacity);
    ck_assert_uint_eq(memory.bytes_in_use, 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {grows_and_keeps, formats_of_any_length, failure_sticks, impossible_sizes_fail, hands_its_block_over};
    return run_tests("buffer", tests, ARRAY_LENGTH(tests));
}
