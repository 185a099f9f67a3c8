/* test_float_text.c - floats as text and back.
 *
 * What        repr, formats, reading, rounding: the cases where a digit, a point or a sign is easily lost.
 * Read next   vm/base/float_text.c */
#include <math.h>
#include <string.h>

#include "tests/unit/run_tests.h"
#include "vm/base/clock.h"
#include "vm/base/float_text.h"

START_TEST(repr_is_shortest)
{
    static const struct { double value; const char *text; } rows[] = {
        {0.0, "0.0"}, {-0.0, "-0.0"}, {1, "1.0"}, {0.1, "0.1"}, {1.0 / 3, "0.3333333333333333"}, {1e15, "1000000000000000.0"},
        {9999999999999998.0, "9999999999999998.0"}, {1e16, "1e+16"}, {1.5e16, "1.5e+16"}, {1e22, "1e+22"}, {0.0001, "0.0001"},
        {0.00001, "1e-05"}, {1.5e-7, "1.5e-07"}, {5e-324, "5e-324"}, {1.7976931348623157e308, "1.7976931348623157e+308"},
        {-1.7976931348623157e308, "-1.7976931348623157e+308"}, {123456789.125, "123456789.125"}, {100, "100.0"},
        {INFINITY, "inf"}, {-INFINITY, "-inf"}, {NAN, "nan"}, {2e-44, "2e-44"}, {9007199254740993.0, "9007199254740992.0"},
    };
    char text[FLOAT_REPR_MAX];
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        ck_assert_uint_eq(float_repr(rows[i].value, text), strlen(rows[i].text));
        ck_assert_str_eq(text, rows[i].text);
    }
}
END_TEST

START_TEST(formats)
{
    static const struct { double value; char code; int precision; unsigned flags; const char *text; } rows[] = {
        {3.14159, 'f', 2, 0, "3.14"}, {2.5, 'f', 0, 0, "2"}, {3.5, 'f', 0, 0, "4"}, {0.5, 'f', 0, FLOAT_ALTERNATE, "0."},
        {1e22, 'f', 1, 0, "10000000000000000000000.0"}, {-0.04, 'f', 1, FLOAT_NO_NEGATIVE_ZERO, "0.0"},
        {-0.04, 'f', 1, FLOAT_NO_NEGATIVE_ZERO | FLOAT_ALWAYS_SIGN, "+0.0"}, {-0.06, 'f', 1, FLOAT_NO_NEGATIVE_ZERO, "-0.1"},
        {1234.5, 'e', 3, 0, "1.234e+03"}, {1234.5, 'E', 0, FLOAT_ALTERNATE, "1.E+03"}, {0, 'e', 1, 0, "0.0e+00"},
        {1234.5, 'g', 6, 0, "1234.5"}, {1e6, 'g', 6, 0, "1e+06"}, {123456, 'g', 6, 0, "123456"}, {0.0001, 'g', 6, 0, "0.0001"},
        {0.00001, 'g', 6, 0, "1e-05"}, {1, 'g', 6, FLOAT_ALTERNATE, "1.00000"}, {100, 'g', 0, 0, "1e+02"},
        {123, 'g', 3, FLOAT_ADD_DOT_0, "1.23e+02"}, {12, 'g', 3, FLOAT_ADD_DOT_0, "12.0"}, {1e100, 'G', 3, 0, "1E+100"},
        {0.1234, '%', 1, 0, "12.3%"}, {INFINITY, '%', 1, 0, "inf%"}, {INFINITY, 'F', 1, FLOAT_ALWAYS_SIGN, "+INF"},
        {NAN, 'E', 1, 0, "NAN"}, {-NAN, 'f', 1, 0, "nan"}, {1.0, 'r', 0, 0, "1"}, {1e16, 'r', 0, 0, "1e+16"},
    };
    Memory memory;
    Buffer out;
    memory_init(&memory);
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        buffer_init(&out, &memory);
        buffer_add_byte(&out, '>');
        float_format(&out, rows[i].value, rows[i].code, rows[i].precision, rows[i].flags);
        ck_assert_str_eq(buffer_text(&out) + 1, rows[i].text);
        buffer_free(&out);
    }
}
END_TEST

START_TEST(long_precisions)
{
    Memory memory;
    Buffer out;
    memory_init(&memory);
    buffer_init(&out, &memory);
    float_format(&out, 0.1, 'f', 3000, 0);
    ck_assert_uint_eq(out.length, 3002);
    buffer_truncate(&out, 0);
    float_format(&out, 0.1, 'g', 3000, FLOAT_ALTERNATE);
    ck_assert_uint_eq(out.length, 3002);
    buffer_truncate(&out, 0);
    float_format(&out, 5e-324, 'e', 5000, 0);
    ck_assert_uint_eq(out.length, 5002 + strlen("e-324"));
    buffer_free(&out);
}
END_TEST

START_TEST(reading)
{
    static const struct { const char *text; size_t length; double value; } rows[] = {
        {"1", 1, 1}, {"-1.5e3", 6, -1500}, {"+.5", 3, 0.5}, {"5.", 2, 5}, {"1e", 1, 1}, {"1e+", 1, 1}, {"1e5x", 3, 1e5},
        {"inf", 3, INFINITY}, {"-Infinity", 9, -INFINITY}, {"infinit", 3, INFINITY}, {"1e999", 5, INFINITY}, {"1e-999", 6, 0},
        {"0x10", 1, 0}, {"", 0, 0}, {".", 0, 0}, {"-", 0, 0}, {"e5", 0, 0}, {" 1", 0, 0}, {"1_0", 1, 1},
        {"179769313486231580793e289", 25, INFINITY}, {"2.2250738585072011e-308", 23, 2.2250738585072011e-308},
    };
    double value = 0;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        size_t length = float_parse(rows[i].text, &value);
        ck_assert_uint_eq(length, rows[i].length);
        if (length)
            ck_assert(value == rows[i].value);
    }
    ck_assert_uint_eq(float_parse("nan", &value), 3);
    ck_assert(isnan(value));
}
END_TEST

START_TEST(every_repr_reads_back)
{
    uint64_t state = 12345;
    char text[FLOAT_REPR_MAX];
    for (int i = 0; i < 200000; i++) {
        double value, back;
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        uint64_t bits = state ^ state >> 29;
        memcpy(&value, &bits, sizeof value);
        if (!isfinite(value))
            continue;
        size_t length = float_repr(value, text);
        ck_assert_uint_lt(length, FLOAT_REPR_MAX);
        ck_assert_uint_eq(float_parse(text, &back), length);
        ck_assert(memcmp(&back, &value, sizeof value) == 0);
    }
}
END_TEST

START_TEST(rounding)
{
    static const struct { double value; int places; double rounded; } rows[] = {
        {2.675, 2, 2.67}, {2.5, 0, 2}, {3.5, 0, 4}, {-0.5, 0, -0.0}, {25, -1, 20}, {35, -1, 40}, {5, -1, 0}, {15, -1, 20},
        {5.1, -1, 10}, {99, -2, 100}, {50, -2, 0}, {51, -2, 100}, {1e308, -308, 1e308}, {1.7976931348623157e308, -308, INFINITY},
        {1e300, -400, 0}, {1.1, 400, 1.1}, {123456.789, -3, 123000}, {5e-324, 323, 0}, {1e22, 5, 1e22},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        double rounded = float_round(rows[i].value, rows[i].places);
        ck_assert_msg(memcmp(&rounded, &rows[i].rounded, sizeof rounded) == 0, "round(%.17g, %d) gave %.17g", rows[i].value,
                      rows[i].places, rounded);
    }
}
END_TEST

START_TEST(clocks_go_on)
{
    int64_t monotonic = clock_monotonic_ns(), cpu = clock_thread_cpu_ns();
    for (volatile int i = 0; i < 2000000; i++) {}
    ck_assert_int_gt(clock_monotonic_ns(), monotonic);
    ck_assert_int_gt(clock_thread_cpu_ns(), cpu);
    ck_assert_int_ge(clock_process_cpu_ns(), clock_thread_cpu_ns() / 2);
    ck_assert_int_gt(clock_wall_ns(), INT64_C(1700000000) * NS_PER_S);
    struct timespec time = clock_timespec(INT64_C(2500000001));
    ck_assert_int_eq(time.tv_sec, 2);
    ck_assert_int_eq(time.tv_nsec, 500000001);
    ck_assert_int_eq(clock_timespec(-5).tv_nsec, 0);
    ck_assert_int_gt(clock_resolution_ns(CLOCK_MONOTONIC), 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {repr_is_shortest, formats, long_precisions, reading, every_repr_reads_back, rounding, clocks_go_on};
    return run_tests("float_text", tests, ARRAY_LENGTH(tests));
}
