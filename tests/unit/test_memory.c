/* test_memory.c - the account, the failure on purpose, arenas.
 *
 * What        I1 to I3 of memory.h, I4 of memory.c, and that memory is given back.
 * Read next   vm/base/memory.c */
#include <stdio.h>
#include <string.h>

#include "tests/unit/run_tests.h"
#include "vm/base/memory.h"

START_TEST(account_is_exact)
{
    Memory memory;
    memory_init(&memory);
    char *one = memory_alloc(&memory, 100), *two = memory_alloc_zeroed(&memory, 50);
    ck_assert_uint_eq(memory.bytes_in_use, 150);
    for (int i = 0; i < 50; i++)
        ck_assert_int_eq(two[i], 0);
    memset(one, 7, 100);
    one = memory_resize(&memory, one, 100, 1000);
    ck_assert_int_eq(one[99], 7);
    ck_assert_uint_eq(memory.bytes_in_use, 1050);
    one = memory_resize(&memory, one, 1000, 10);
    memory_free(&memory, one, 10);
    memory_free(&memory, two, 50);
    memory_free(&memory, NULL, 0);
    ck_assert_uint_eq(memory.bytes_in_use, 0);
    ck_assert_uint_eq(memory.bytes_peak, 1050);
    ck_assert_uint_eq(memory.allocations, 4);
    ck_assert_uint_eq(memory.failures, 0);
}
END_TEST

START_TEST(nth_request_fails_once)
{
    Memory memory;
    memory_init(&memory);
    memory.fail_at = 3;
    void *one = memory_alloc(&memory, 8), *two = memory_alloc(&memory, 8);
    ck_assert_ptr_nonnull(one);
    ck_assert_ptr_null(memory_resize(&memory, two, 8, 80));
    ck_assert_uint_eq(memory.bytes_in_use, 16);
    two = memory_resize(&memory, two, 8, 80);
    ck_assert_ptr_nonnull(two);
    ck_assert_uint_eq(memory.failures, 1);
    memory_free(&memory, one, 8);
    memory_free(&memory, two, 80);
}
END_TEST

START_TEST(products_do_not_overflow)
{
    Memory memory;
    memory_init(&memory);
    ck_assert_ptr_null(memory_alloc_array(&memory, SIZE_MAX / 2, 3));
    void *small = memory_alloc_array(&memory, 3, 5);
    ck_assert_uint_eq(memory.bytes_in_use, 15);
    memory_free(&memory, small, 15);
}
END_TEST

START_TEST(arena_pieces_are_zeroed_aligned_and_stay)
{
    Memory memory;
    Arena arena;
    memory_init(&memory);
    arena_init(&arena, &memory);
    char *pieces[2000];
    for (size_t i = 0; i < 2000; i++) {
        pieces[i] = arena_alloc(&arena, i % 97);
        ck_assert_ptr_nonnull(pieces[i]);
        ck_assert_uint_eq((uintptr_t)pieces[i] % 16, 0);
        for (size_t j = 0; j < i % 97; j++)
            ck_assert_int_eq(pieces[i][j], 0);
        memset(pieces[i], (int)(i & 0xff), i % 97);
    }
    char *large = arena_alloc(&arena, 1 << 20);
    memset(large, 1, 1 << 20);
    for (size_t i = 0; i < 2000; i++) {
        for (size_t j = 0; j < i % 97; j++)
            ck_assert_int_eq((unsigned char)pieces[i][j], i & 0xff);
    }
    ck_assert_str_eq(arena_copy(&arena, "abcdef", 3), "abc");
    ck_assert_str_eq(arena_copy(&arena, NULL, 0), "");
    ck_assert_ptr_null(arena_alloc(&arena, SIZE_MAX - 3));
    arena_free(&arena);
    ck_assert_uint_eq(memory.bytes_in_use, 0);
    ck_assert_ptr_nonnull(arena_alloc(&arena, 1));
    arena_free(&arena);
}
END_TEST

START_TEST(arena_fails_without_loss)
{
    Memory memory;
    Arena arena;
    memory_init(&memory);
    arena_init(&arena, &memory);
    memory.fail_at = 2;
    char *first = arena_copy(&arena, "kept", 4);
    ck_assert_ptr_null(arena_alloc(&arena, 100000));
    ck_assert_str_eq(first, "kept");
    ck_assert_ptr_nonnull(arena_alloc(&arena, 100000));
    arena_free(&arena);
    ck_assert_uint_eq(memory.bytes_in_use, 0);
}
END_TEST

/* A sanitizer's malloc keeps what is freed, on purpose. */
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define MALLOC_GIVES_BACK false
#elif defined __has_feature
#define MALLOC_GIVES_BACK (!__has_feature(address_sanitizer) && !__has_feature(thread_sanitizer))
#else
#define MALLOC_GIVES_BACK true
#endif

static size_t resident_pages(void)
{
    FILE *file = fopen("/proc/self/statm", "r");
    size_t all = 0, resident = 0;
    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fscanf(file, "%zu %zu", &all, &resident), 2);
    fclose(file);
    return resident;
}

START_TEST(what_a_phase_took_goes_back)
{
    enum { BLOCKS = 4096, SIZE = 1024 };
    Memory memory;
    memory_init(&memory);
    static char *blocks[BLOCKS];
    for (size_t i = 0; i < BLOCKS; i++) {
        blocks[i] = memory_alloc(&memory, SIZE);
        memset(blocks[i], 1, SIZE);
    }
    for (size_t i = 0; i < BLOCKS - 1; i++)      /* the last one is in the way of those before it */
        memory_free(&memory, blocks[i], SIZE);
    size_t before = resident_pages();
    memory_give_back(&memory);
    if (MALLOC_GIVES_BACK) ck_assert_uint_lt(resident_pages() + 700, before);
    ck_assert_int_eq(blocks[BLOCKS - 1][SIZE - 1], 1);
    memory_free(&memory, blocks[BLOCKS - 1], SIZE);
}
END_TEST

static void count_call(void *owner) { ++*(int *)owner; }

START_TEST(growth_asks_the_owner_first)
{
    enum { LARGE = 8 * 1024 * 1024 };
    Memory memory;
    memory_init(&memory);
    int calls = 0;
    memory.give_back = count_call;
    memory.owner = &calls;
    void *small = memory_alloc(&memory, 1000), *large = memory_alloc(&memory, LARGE);
    ck_assert_int_eq(calls, 1);
    for (int i = 0; i < 100; i++) {              /* as large as it was before: nobody is asked */
        memory_free(&memory, large, LARGE);
        large = memory_alloc(&memory, LARGE);
    }
    ck_assert_int_eq(calls, 1);
    large = memory_resize(&memory, large, LARGE, 2 * LARGE);
    ck_assert_int_eq(calls, 2);
    memory_free(&memory, large, 2 * LARGE);
    ck_assert_uint_ge(memory.released, 2 * LARGE);
    large = memory_alloc(&memory, 2 * LARGE + 1000);     /* past the peak by little: only malloc is asked */
    ck_assert_int_eq(calls, 2);
    ck_assert_uint_eq(memory.released, 0);
    memory_free(&memory, large, 2 * LARGE + 1000);
    memory_free(&memory, small, 1000);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {account_is_exact, nth_request_fails_once, products_do_not_overflow,
                            arena_pieces_are_zeroed_aligned_and_stay, arena_fails_without_loss, what_a_phase_took_goes_back,
                            growth_asks_the_owner_first};
    return run_tests("memory", tests, ARRAY_LENGTH(tests));
}
