/* test_unicode.c - characters: classes, case, normal forms, names.
 *
 * What        One character for each answer that is easily got wrong. The tables as a whole were made from CPython's and
 *             compared with them; here it is the reading of them that is tested.
 * Read next   vm/base/unicode.c, vm/base/normalize.c */
#include <string.h>

#include "tests/unit/run_tests.h"
#include "vm/base/normalize.h"
#include "vm/base/unicode.h"
#include "vm/base/unicode_names.h"

START_TEST(classes)
{
    ck_assert(unicode_is_alpha('a') && unicode_is_alpha(0x4e00) && !unicode_is_alpha('1'));
    ck_assert(unicode_is_decimal(0x661) && !unicode_is_decimal(0xb2));
    ck_assert(unicode_is_digit(0xb2) && !unicode_is_digit(0xbd));
    ck_assert(unicode_is_numeric(0xbd) && unicode_is_alnum(0xbd) && !unicode_is_alnum('_'));
    ck_assert(unicode_is_space(0x3000) && unicode_is_space(0x1c) && !unicode_is_space(0x200b));
    ck_assert(unicode_is_printable(' ') && !unicode_is_printable(0xa0) && !unicode_is_printable(0xad));
    ck_assert(unicode_is_upper(0x2160) && unicode_is_lower(0xaa) && unicode_is_title(0x1c5));
    ck_assert(unicode_is_identifier_start('_') && !unicode_is_identifier_start('1') && unicode_is_identifier_continue('1'));
    ck_assert(unicode_is_identifier_continue(0xb7) && !unicode_is_identifier_start(0xb7));
    ck_assert(unicode_is_linebreak(0x2028) && unicode_is_linebreak('\v') && !unicode_is_linebreak(' '));
    ck_assert_str_eq(unicode_category('a'), "Ll");
    ck_assert_str_eq(unicode_category(0x378), "Cn");
    ck_assert_str_eq(unicode_east_asian_width(0xff21), "F");
    ck_assert_str_eq(unicode_version(), "15.1.0");
    ck_assert_int_eq(unicode_width(0x4e00), 2);
    ck_assert_int_eq(unicode_width('a'), 1);
}
END_TEST

START_TEST(numbers)
{
    double value;
    ck_assert_int_eq(unicode_decimal(0x663), 3);
    ck_assert_int_eq(unicode_decimal('x'), -1);
    ck_assert_int_eq(unicode_digit(0x2075), 5);
    ck_assert(unicode_numeric(0xbd, &value) && value == 0.5);
    ck_assert(unicode_numeric(0x5104, &value) && value == 1e8);
    ck_assert(!unicode_numeric('x', &value));
}
END_TEST

START_TEST(beyond_the_last_character)
{
    const uint32_t strange[] = {0x110000, 0x7fffffff, UINT32_MAX};
    for (size_t i = 0; i < ARRAY_LENGTH(strange); i++) {
        uint32_t out[UNICODE_CASE_MAX];
        ck_assert(!unicode_is_alpha(strange[i]) && !unicode_is_printable(strange[i]));
        ck_assert_uint_eq(unicode_upper_full(strange[i], out), 1);
        ck_assert_uint_eq(out[0], strange[i]);
        ck_assert_str_eq(unicode_category(strange[i]), "Cn");
        ck_assert_int_eq(unicode_decimal(strange[i]), -1);
    }
}
END_TEST

static void assert_mapping(unsigned (*map)(uint32_t, uint32_t *), uint32_t c, size_t count, const uint32_t *wanted)
{
    uint32_t out[UNICODE_CASE_MAX];
    ck_assert_uint_eq(map(c, out), count);
    for (size_t i = 0; i < count; i++)
        ck_assert_uint_eq(out[i], wanted[i]);
}

START_TEST(case_mappings)
{
    assert_mapping(unicode_upper_full, 'a', 1, (const uint32_t[]){'A'});
    assert_mapping(unicode_upper_full, 0xdf, 2, (const uint32_t[]){'S', 'S'});
    assert_mapping(unicode_title_full, 0xdf, 2, (const uint32_t[]){'S', 's'});
    assert_mapping(unicode_fold_full, 0xdf, 2, (const uint32_t[]){'s', 's'});
    assert_mapping(unicode_upper_full, 0x390, 3, (const uint32_t[]){0x399, 0x308, 0x301});
    assert_mapping(unicode_lower_full, 0x130, 2, (const uint32_t[]){'i', 0x307});
    assert_mapping(unicode_title_full, 0x1c4, 1, (const uint32_t[]){0x1c5});
    ck_assert_uint_eq(unicode_upper(0x1f80), 0x1f88);
    ck_assert_uint_eq(unicode_upper(0xdf), 0xdf);
    ck_assert_uint_eq(unicode_lower(0x130), 'i');
    ck_assert_uint_eq(unicode_title(0x1c6), 0x1c5);
}
END_TEST

static uint32_t lowered_sigma(const char *latin1, size_t at)
{
    /* '$' stands for the capital sigma. */
    uint16_t text[16];
    size_t length = strlen(latin1);
    for (size_t i = 0; i < length; i++)
        text[i] = latin1[i] == '$' ? 0x3a3 : (unsigned char)latin1[i];
    return unicode_lower_sigma(text, 2, length, at);
}

START_TEST(final_sigma)
{
    ck_assert_uint_eq(lowered_sigma("$", 0), 0x3c3);
    ck_assert_uint_eq(lowered_sigma("A$", 1), 0x3c2);
    ck_assert_uint_eq(lowered_sigma("A$B", 1), 0x3c3);
    ck_assert_uint_eq(lowered_sigma("A.$", 2), 0x3c2);
    ck_assert_uint_eq(lowered_sigma("A$.B", 1), 0x3c3);
    ck_assert_uint_eq(lowered_sigma("A$. B", 1), 0x3c2);
    ck_assert_uint_eq(lowered_sigma("1$", 1), 0x3c3);
}
END_TEST

static void assert_normal(NormalForm form, const uint32_t *text, size_t length, const uint32_t *wanted, size_t wanted_length)
{
    Memory memory;
    Buffer out;
    memory_init(&memory);
    buffer_init(&out, &memory);
    buffer_add_byte(&out, 'x');  /* what stands in the buffer stays, also at an odd place */
    unicode_normalize(form, text, length, &out);
    ck_assert(buffer_ok(&out));
    ck_assert_uint_eq(out.length, 1 + wanted_length * sizeof *wanted);
    ck_assert_int_eq(out.data[0], 'x');
    ck_assert_int_eq(memcmp(out.data + 1, wanted, wanted_length * sizeof *wanted), 0);
    buffer_free(&out);
}

#define ASSERT_NORMAL(form, text, wanted) assert_normal(form, text, ARRAY_LENGTH(text), wanted, ARRAY_LENGTH(wanted))

START_TEST(normal_forms)
{
    const uint32_t e_acute[] = {0xe9}, e_and_acute[] = {'e', 0x301}, ligature[] = {0xfb01}, fi[] = {'f', 'i'};
    ASSERT_NORMAL(NORMAL_C, e_and_acute, e_acute);
    ASSERT_NORMAL(NORMAL_D, e_acute, e_and_acute);
    ASSERT_NORMAL(NORMAL_C, ligature, ligature);
    ASSERT_NORMAL(NORMAL_KC, ligature, fi);
    const uint32_t syllable[] = {0xd55c}, jamo[] = {0x1112, 0x1161, 0x11ab};
    ASSERT_NORMAL(NORMAL_D, syllable, jamo);
    ASSERT_NORMAL(NORMAL_C, jamo, syllable);
    const uint32_t shuffled[] = {'a', 0x301, 0x323}, sorted[] = {'a', 0x323, 0x301}, composed[] = {0x1ea1, 0x301};
    ASSERT_NORMAL(NORMAL_D, shuffled, sorted);
    ASSERT_NORMAL(NORMAL_C, shuffled, composed);
    const uint32_t excluded[] = {0x958}, apart[] = {0x915, 0x93c};
    ASSERT_NORMAL(NORMAL_C, excluded, apart);
    /* A mark of the same class stands in the way of the second one. */
    const uint32_t blocked[] = {'a', 0x304, 0x301}, partly[] = {0x101, 0x301};
    ASSERT_NORMAL(NORMAL_C, blocked, partly);
}
END_TEST

START_TEST(normalizing_may_run_out_of_memory)
{
    const uint32_t text[] = {0xfdfa, 0xfdfa, 0xfdfa, 0xfdfa, 0xfdfa};  /* 18 characters each */
    for (uint64_t fail_at = 1; ; fail_at++) {
        Memory memory;
        Buffer out;
        memory_init(&memory);
        memory.fail_at = fail_at;
        buffer_init(&out, &memory);
        unicode_normalize(NORMAL_KC, text, ARRAY_LENGTH(text), &out);
        bool is_done = buffer_ok(&out);
        ck_assert(is_done == (memory.failures == 0));
        buffer_free(&out);
        ck_assert_uint_eq(memory.bytes_in_use, 0);
        if (is_done)
            break;
    }
}
END_TEST

static uint32_t named(const char *name) { return unicode_by_name(name, strlen(name)); }

START_TEST(names)
{
    char name[UNICODE_NAME_MAX];
    ck_assert_uint_eq(named("BULLET"), 0x2022);
    ck_assert_uint_eq(named("latin small letter e with acute"), 0xe9);
    ck_assert_uint_eq(named("line feed"), '\n');
    ck_assert_uint_eq(named("VS256"), 0xe01ef);
    ck_assert_uint_eq(named("HANGUL SYLLABLE GAG"), 0xac01);
    ck_assert_uint_eq(named("CJK UNIFIED IDEOGRAPH-4E00"), 0x4e00);
    static const char *const strangers[] = {"", "NO SUCH NAME", " BULLET", "BULLETS", "hangul syllable gag", "HANGUL SYLLABLE GAGX",
                                            "CJK UNIFIED IDEOGRAPH-F900", "CJK UNIFIED IDEOGRAPH-"};
    for (size_t i = 0; i < ARRAY_LENGTH(strangers); i++)
        ck_assert_uint_eq(named(strangers[i]), UNICODE_NO_NAME);
    ck_assert_uint_eq(unicode_by_name("BULLET\0X", 8), UNICODE_NO_NAME);
    ck_assert_uint_eq(unicode_name(0x378, name), 0);
    ck_assert_uint_eq(unicode_name(UINT32_MAX, name), 0);
    for (uint32_t c = 0; c < 0x110000; c += 7) {
        size_t length = unicode_name(c, name);
        ck_assert_uint_eq(length, strlen(name));
        if (length)
            ck_assert_uint_eq(unicode_by_name(name, length), c);
    }
}
END_TEST

int main(void)
{
    const TTest *tests[] = {classes, numbers, beyond_the_last_character, case_mappings, final_sigma, normal_forms,
                            normalizing_may_run_out_of_memory, names};
    return run_tests("unicode", tests, ARRAY_LENGTH(tests));
}
