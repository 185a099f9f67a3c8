/* test_codec.c - bytes to characters and back, and what is said about bad ones.
 *
 * What        Every error text with its place; every character through every codec; no read outside (under sanitizers).
 * Read next   vm/base/codec.c */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/run_tests.h"
#include "vm/base/codec.h"

typedef struct Bad {
    Codec codec;
    const char *bytes;
    size_t length, taken, error_length;
    const char *reason;
} Bad;

static const Bad bad[] = {
    {CODEC_UTF8, "ab\x80", 3, 2, 1, "invalid start byte"},
    {CODEC_UTF8, "\xc0\x80", 2, 0, 1, "invalid start byte"},
    {CODEC_UTF8, "\xf5", 1, 0, 1, "invalid start byte"},
    {CODEC_UTF8, "\xc3(", 2, 0, 1, "invalid continuation byte"},
    {CODEC_UTF8, "\xe0\x80\x80", 3, 0, 1, "invalid continuation byte"},
    {CODEC_UTF8, "\xed\xa0\x80", 3, 0, 1, "invalid continuation byte"},
    {CODEC_UTF8, "\xe2\x82(", 3, 0, 2, "invalid continuation byte"},
    {CODEC_UTF8, "\xf4\x90\x80\x80", 4, 0, 1, "invalid continuation byte"},
    {CODEC_UTF8, "x\xe2\x82", 3, 1, 2, "unexpected end of data"},
    {CODEC_UTF8, "\xf0\x9f\x98", 3, 0, 3, "unexpected end of data"},
    {CODEC_ASCII, "abc\xff", 4, 3, 1, "ordinal not in range(128)"},
    {CODEC_UTF16_LE, "a\0b", 3, 2, 1, "truncated data"},
    {CODEC_UTF16_LE, "\x00\xd8", 2, 0, 2, "unexpected end of data"},
    {CODEC_UTF16_LE, "\x00\xd8x\0", 4, 0, 2, "illegal UTF-16 surrogate"},
    {CODEC_UTF16_BE, "\xdc\x00", 2, 0, 2, "illegal encoding"},
    {CODEC_UTF32_LE, "a\0\0\0b\0", 6, 4, 2, "truncated data"},
    {CODEC_UTF32_BE, "\0\x11\0\0", 4, 0, 4, "code point not in range(0x110000)"},
    {CODEC_UTF32_BE, "\0\0\xd8\0", 4, 0, 4, "code point in surrogate code point range(0xd800, 0xe000)"},
};

START_TEST(errors_say_where_and_why)
{
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        char *exact = malloc(bad[i].length);  /* exactly as large, so that a sanitizer sees a read too far */
        memcpy(exact, bad[i].bytes, bad[i].length);
        CodecRun run = codec_scan(bad[i].codec, exact, bad[i].length, CODEC_STRICT);
        ck_assert_ptr_nonnull(run.reason);
        ck_assert_str_eq(run.reason, bad[i].reason);
        ck_assert_uint_eq(run.taken, bad[i].taken);
        ck_assert_uint_eq(run.error_length, bad[i].error_length);
        free(exact);
    }
}
END_TEST

START_TEST(unfinished_input_may_wait)
{
    for (size_t i = 0; i < ARRAY_LENGTH(bad); i++) {
        bool waits = strcmp(bad[i].reason, "truncated data") == 0 || strcmp(bad[i].reason, "unexpected end of data") == 0;
        CodecRun run = codec_scan(bad[i].codec, bad[i].bytes, bad[i].length, CODEC_PARTIAL);
        ck_assert_uint_eq(run.taken, bad[i].taken);
        ck_assert((run.reason == NULL) == waits);
    }
}
END_TEST

static void assert_round_trip(Codec codec, uint32_t c, unsigned options)
{
    unsigned char bytes[4] = {0};
    unsigned width = codec_width(c);
    uint32_t in4 = c, out4 = 0;
    uint16_t in2 = (uint16_t)c;
    uint8_t in1 = (uint8_t)c;
    const void *in = width == 1 ? (const void *)&in1 : width == 2 ? (const void *)&in2 : (const void *)&in4;
    CodecRun run = codec_measure(codec, in, width, 1, options);
    bool has_it = codec == CODEC_ASCII ? c < 0x80 : codec == CODEC_LATIN1 ? c < 0x100 : c - 0xd800 >= 0x800 || options;
    ck_assert_uint_eq(run.reason == NULL, has_it);
    if (!has_it)
        return;
    codec_encode(codec, in, width, 1, bytes);
    CodecRun back = codec_scan(codec, bytes, run.made, options);
    ck_assert_ptr_null(back.reason);
    ck_assert_uint_eq(back.made, 1);
    ck_assert_uint_eq(codec_width(back.widest), width);
    codec_decode(codec, bytes, run.made, 4, &out4);
    ck_assert_uint_eq(out4, c);
}

START_TEST(every_character_comes_back)
{
    for (uint32_t c = 0; c < 0x110000; c += c < 0x3000 || (c >= 0xd7f0 && c < 0xe010) ? 1 : 251) {
        for (Codec codec = CODEC_UTF8; codec <= CODEC_UTF32_BE; codec++) {
            assert_round_trip(codec, c, CODEC_STRICT);
            if (codec != CODEC_ASCII && codec != CODEC_LATIN1)
                assert_round_trip(codec, c, CODEC_SURROGATES);
        }
    }
}
END_TEST

START_TEST(widths_and_mixtures)
{
    const char text[] = "plain ascii first, then \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80 and on";
    uint32_t characters[64];
    CodecRun run = codec_scan(CODEC_UTF8, text, sizeof text - 1, CODEC_STRICT);
    ck_assert_ptr_null(run.reason);
    ck_assert_uint_eq(run.made, utf8_count(text, sizeof text - 1));
    ck_assert_uint_eq(codec_width(run.widest), 4);
    codec_decode(CODEC_UTF8, text, sizeof text - 1, 4, characters);
    ck_assert_uint_eq(characters[24], 0xe9);
    ck_assert_uint_eq(characters[26], 0x1f600);
    ck_assert_uint_eq(characters[27], ' ');
    char back[sizeof text];
    CodecRun measured = codec_measure(CODEC_UTF8, characters, 4, run.made, CODEC_STRICT);
    ck_assert_uint_eq(measured.made, sizeof text - 1);
    codec_encode(CODEC_UTF8, characters, 4, run.made, back);
    ck_assert_int_eq(memcmp(back, text, sizeof text - 1), 0);
}
END_TEST

/* A seeded text of characters below [most], as UTF-8; returns its length in bytes, and the characters. */
static size_t make_text(unsigned *seed, uint32_t most, unsigned char *bytes, uint32_t *characters, size_t count)
{
    size_t length = 0;
    for (size_t i = 0; i < count; i++) {
        *seed = *seed * 1103515245 + 12345;
        uint32_t c = *seed >> 8 & 3 ? (*seed >> 10) % most : 'a';
        characters[i] = c >= 0xd800 && c < 0xe000 ? ' ' : c;
        length += utf8_write(characters[i], bytes + length);
    }
    return length;
}

/* Long texts are looked through many bytes at a time: whatever lies in them, and wherever they end, the answer is that of one character after the
 * other, and nothing is touched outside. */
START_TEST(long_texts_are_as_short_ones)
{
    static const uint32_t most[] = {0x80, 0x100, 0x800, 0x10000, 0x110000};
    unsigned seed = 1;
    for (size_t round = 0; round < 2000; round++) {
        unsigned char bytes[4 * 400], damaged = 0;
        uint32_t characters[400], c;
        size_t count = round % 400, length = make_text(&seed, most[round % ARRAY_LENGTH(most)], bytes, characters, count), good = 0, made = 0;
        if (round % 3 == 0 && length) bytes[seed % length] = damaged = (unsigned char)(0x80 | seed >> 12);
        uint8_t *exact = malloc(length);
        memcpy(exact, bytes, length);
        for (unsigned size; (size = utf8_read(exact + good, length - good, CODEC_STRICT, &c)); good += size)
            characters[made++] = c;
        CodecRun run = codec_scan(CODEC_UTF8, exact, length, CODEC_STRICT);
        ck_assert_uint_eq(run.taken, good);
        ck_assert_uint_eq(run.made, made);
        ck_assert(damaged || !run.reason);
        unsigned width = codec_width(run.widest);
        uint8_t *decoded = malloc(made * width);
        uint32_t widest = 0;
        codec_decode(CODEC_UTF8, exact, good, width, decoded);
        for (size_t i = 0; i < made; i++) {
            widest |= characters[i];
            ck_assert_uint_eq(width == 1 ? decoded[i] : width == 2 ? ((uint16_t *)(void *)decoded)[i] : ((uint32_t *)(void *)decoded)[i], characters[i]);
        }
        ck_assert_uint_eq(codec_width(widest), width);
        free(decoded);
        free(exact);
    }
}
END_TEST

START_TEST(encoding_errors_name_the_whole_row)
{
    const uint16_t text[] = {'a', 0xd800, 0xdfff, 'b'};
    CodecRun run = codec_measure(CODEC_UTF8, text, 2, 4, CODEC_STRICT);
    ck_assert_str_eq(run.reason, "surrogates not allowed");
    ck_assert_uint_eq(run.taken, 1);
    ck_assert_uint_eq(run.error_length, 2);
    const uint16_t wide[] = {'a', 0x100, 0x3a3, 0xe9};
    run = codec_measure(CODEC_LATIN1, wide, 2, 4, CODEC_STRICT);
    ck_assert_str_eq(run.reason, "ordinal not in range(256)");
    ck_assert_uint_eq(run.error_length, 2);
    run = codec_measure(CODEC_ASCII, wide, 2, 4, CODEC_STRICT);
    ck_assert_uint_eq(run.error_length, 3);
}
END_TEST

START_TEST(one_character_at_a_time)
{
    uint32_t c;
    unsigned char out[4];
    ck_assert_uint_eq(utf8_read("", 0, CODEC_STRICT, &c), 0);
    ck_assert_uint_eq(utf8_read("\xe2\x82\xac", 3, CODEC_STRICT, &c), 3);
    ck_assert_uint_eq(c, 0x20ac);
    ck_assert_uint_eq(utf8_read("\xe2\x82\xac", 2, CODEC_STRICT, &c), 0);
    ck_assert_uint_eq(utf8_read("\xed\xa0\x80", 3, CODEC_STRICT, &c), 0);
    ck_assert_uint_eq(utf8_read("\xed\xa0\x80", 3, CODEC_SURROGATES, &c), 3);
    ck_assert_uint_eq(c, 0xd800);
    ck_assert_uint_eq(utf8_write(0x10ffff, out), 4);
    ck_assert_int_eq(memcmp(out, "\xf4\x8f\xbf\xbf", 4), 0);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {errors_say_where_and_why, unfinished_input_may_wait, every_character_comes_back, widths_and_mixtures, long_texts_are_as_short_ones,
                            encoding_errors_name_the_whole_row, one_character_at_a_time};
    return run_tests("codec", tests, ARRAY_LENGTH(tests));
}
