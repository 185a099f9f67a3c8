/* literal.c - numbers and strings, from how they are written to what they are.
 *
 * What        literal_number, literal_string, literal_fstring_text.
 * How         Decimal ints are read nineteen digits at a time, the most that fit in a limb: multiply all limbs by 10^19, add.
 *             Strings are decoded into a buffer as long as the source text, which is always enough: no escape makes more bytes
 *             than it takes to write.
 * Invariants  I1, I2 of literal.h.
 * GIL         never needed.
 * Read next   parse_fstring.c */
#include "compiler/literal.h"

#include <stdio.h>
#include <string.h>

#include "vm/base/codec.h"
#include "vm/base/float_text.h"
#include "vm/base/unicode_names.h"

/* ---- numbers ---- */

enum { DIGITS_PER_LIMB = 19 };   /* 10^19 < 2^64 */

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static void integer_value(Const *value, uint64_t *limbs, size_t count)
{
    while (count && !limbs[count - 1])
        count--;
    *value = (Const){ .kind = CONST_INT, .integer = { limbs, count } };
}

/* limbs = limbs * factor + addend; returns the new count. The array has room. */
static size_t limbs_multiply_add(uint64_t *limbs, size_t count, uint64_t factor, uint64_t addend)
{
    unsigned __int128 carry = addend;
    for (size_t i = 0; i < count; i++) {
        carry += (unsigned __int128)limbs[i] * factor;
        limbs[i] = (uint64_t)carry;
        carry >>= 64;
    }
    if (carry)
        limbs[count++] = (uint64_t)carry;
    return count;
}

static bool decimal_integer(Arena *arena, const char *digits, size_t length, uint32_t max_digits, Const *value,
                            LiteralProblem *problem)
{
    if (max_digits && length > max_digits) {
        char text[256];
        int size = snprintf(text, sizeof text, "Exceeds the limit (%u digits) for integer string conversion: value has %zu digits; use "
                            "sys.set_int_max_str_digits() to increase the limit - Consider hexadecimal for huge integer literals "
                            "to avoid decimal conversion limits.", (unsigned)max_digits, length);
        *problem = (LiteralProblem){ .message = arena_copy(arena, text, (size_t)size) };
        return false;
    }
    uint64_t *limbs = arena_alloc(arena, (length / DIGITS_PER_LIMB + 1) * sizeof *limbs);
    if (!limbs)
        return false;
    size_t count = 0;
    for (size_t i = 0; i < length;) {
        uint64_t chunk = 0, scale = 1;
        for (int n = 0; n < DIGITS_PER_LIMB && i < length; n++, i++) {
            chunk = chunk * 10 + (uint64_t)(digits[i] - '0');
            scale *= 10;
        }
        count = limbs_multiply_add(limbs, count, scale, chunk);
    }
    integer_value(value, limbs, count);
    return true;
}

/* [digits] without prefix; bits per digit: 4, 3 or 1. */
static bool binary_integer(Arena *arena, const char *digits, size_t length, unsigned bits, Const *value)
{
    size_t room = length * bits / 64 + 1;
    uint64_t *limbs = arena_alloc(arena, room * sizeof *limbs);
    if (!limbs)
        return false;
    for (size_t i = 0; i < length; i++) {
        uint64_t digit = (uint64_t)hex_digit(digits[length - 1 - i]);
        size_t bit = i * bits;
        limbs[bit / 64] |= digit << bit % 64;
        if (bit % 64 + bits > 64 && bit / 64 + 1 < room)
            limbs[bit / 64 + 1] |= digit >> (64 - bit % 64);
    }
    integer_value(value, limbs, room);
    return true;
}

bool literal_number(Arena *arena, const char *start, const char *end, uint32_t max_int_digits, Const *value, LiteralProblem *problem)
{
    *problem = (LiteralProblem){ 0 };
    char *digits = arena_alloc(arena, (size_t)(end - start) + 1);
    if (!digits)
        return false;
    size_t length = 0;
    for (const char *at = start; at < end; at++)
        if (*at != '_')
            digits[length++] = *at;
    char marker = length > 1 && digits[0] == '0' ? (char)(digits[1] | 0x20) : '\0';
    if (marker == 'x')
        return binary_integer(arena, digits + 2, length - 2, 4, value);
    if (marker == 'o')
        return binary_integer(arena, digits + 2, length - 2, 3, value);
    if (marker == 'b')
        return binary_integer(arena, digits + 2, length - 2, 1, value);

    bool is_imaginary = (digits[length - 1] | 0x20) == 'j';
    if (!is_imaginary && !strpbrk(digits, ".eE"))
        return decimal_integer(arena, digits, length, max_int_digits, value, problem);
    if (is_imaginary)
        digits[length - 1] = '\0';
    double real = 0;
    (void)float_parse(digits, &real);
    *value = is_imaginary ? (Const){ .kind = CONST_COMPLEX, .real = 0, .imaginary = real } : (Const){ .kind = CONST_FLOAT, .real = real };
    return true;
}

/* ---- strings ---- */

typedef struct Decoder {
    Arena *arena;
    const char *start, *at, *end;   /* what is written */
    char *out;                      /* what it means so far */
    StringLiteral *literal;
    LiteralProblem *problem;
} Decoder;

/* CPython decodes escapes in a text whose other characters stand as \UXXXXXXXX: ten places each. Its messages count so. */
static size_t escaped_position(const Decoder *decoder, const char *at)
{
    size_t position = 0;
    for (const char *byte = decoder->start; byte < at; byte++) {
        bool is_lead = ((unsigned char)*byte & 0xc0) == 0xc0;
        position += (unsigned char)*byte < 0x80 ? 1 : is_lead ? 10 : 0;
    }
    return position;
}

static bool fail_escape(Decoder *decoder, const char *backslash, const char *end, const char *reason)
{
    char text[160];
    int size = snprintf(text, sizeof text, "(unicode error) 'unicodeescape' codec can't decode bytes in position %zu-%zu: %s",
                        escaped_position(decoder, backslash), escaped_position(decoder, end) - 1, reason);
    decoder->problem->message = arena_copy(decoder->arena, text, (size_t)size);
    return false;
}

static void put(Decoder *decoder, uint32_t character)
{
    decoder->out += utf8_write(character, (unsigned char *)decoder->out);
}

/* \xXX, \uXXXX, \UXXXXXXXX: the letter is read. */
static bool hex_escape(Decoder *decoder, const char *backslash, int digits, const char *reason)
{
    uint32_t character = 0;
    for (int i = 0; i < digits; i++) {
        int digit = decoder->at < decoder->end ? hex_digit(*decoder->at) : -1;
        if (digit < 0)
            return fail_escape(decoder, backslash, decoder->at, reason);
        character = character << 4 | (uint32_t)digit;
        decoder->at++;
    }
    if (character > 0x10ffff)
        return fail_escape(decoder, backslash, decoder->at, "illegal Unicode character");
    put(decoder, character);
    return true;
}

/* \N{NAME}: the N is read. */
static bool name_escape(Decoder *decoder, const char *backslash)
{
    static const char malformed[] = "malformed \\N character escape";
    if (decoder->at == decoder->end || *decoder->at != '{')
        return fail_escape(decoder, backslash, decoder->at, malformed);
    const char *name = ++decoder->at;
    while (decoder->at < decoder->end && *decoder->at != '}')
        decoder->at++;
    if (decoder->at == decoder->end || decoder->at == name)
        return fail_escape(decoder, backslash, decoder->at, malformed);
    uint32_t character = unicode_by_name(name, (size_t)(decoder->at - name));
    decoder->at++;
    if (character == UNICODE_NO_NAME)
        return fail_escape(decoder, backslash, decoder->at, "unknown Unicode character name");
    put(decoder, character);
    return true;
}

/* Up to three octal digits; the first is [letter], at [decoder->at] - 1. */
static uint32_t octal_escape(Decoder *decoder, char letter)
{
    const char *first = decoder->at - 1;
    uint32_t character = (uint32_t)(letter - '0');
    for (int i = 0; i < 2 && decoder->at < decoder->end && *decoder->at >= '0' && *decoder->at <= '7'; i++)
        character = character * 8 + (uint32_t)(*decoder->at++ - '0');
    if (character > 0377 && !decoder->literal->invalid_escape)
        decoder->literal->invalid_escape = first;
    return character;
}

/* The escapes that text and bytes share: true when [letter] was one; *character is its meaning, or -1 for none at all. */
static bool common_escape(char letter, int *character)
{
    switch (letter) {
    case '\n': *character = -1; return true;
    case '\\': *character = '\\'; return true;
    case '\'': *character = '\''; return true;
    case '"':  *character = '"';  return true;
    case 'a':  *character = '\a'; return true;
    case 'b':  *character = '\b'; return true;
    case 'f':  *character = '\f'; return true;
    case 'n':  *character = '\n'; return true;
    case 'r':  *character = '\r'; return true;
    case 't':  *character = '\t'; return true;
    case 'v':  *character = '\v'; return true;
    default:   return false;
    }
}

static void invalid_escape(Decoder *decoder)
{
    if (!decoder->literal->invalid_escape)
        decoder->literal->invalid_escape = decoder->at;
    *decoder->out++ = '\\';   /* the character behind it is looked at again, as itself */
}

static bool text_escape(Decoder *decoder)
{
    const char *backslash = decoder->at++;
    if (decoder->at == decoder->end || (unsigned char)*decoder->at >= 0x80) {   /* CPython takes these without a word */
        *decoder->out++ = '\\';
        return true;
    }
    char letter = *decoder->at;
    int character;
    if (common_escape(letter, &character)) {
        decoder->at++;
        if (character >= 0)
            *decoder->out++ = (char)character;
        return true;
    }
    if (letter >= '0' && letter <= '7') {
        decoder->at++;
        put(decoder, octal_escape(decoder, letter));
        return true;
    }
    if (letter != 'x' && letter != 'u' && letter != 'U' && letter != 'N') {
        invalid_escape(decoder);
        return true;
    }
    decoder->at++;
    switch (letter) {
    case 'x': return hex_escape(decoder, backslash, 2, "truncated \\xXX escape");
    case 'u': return hex_escape(decoder, backslash, 4, "truncated \\uXXXX escape");
    case 'U': return hex_escape(decoder, backslash, 8, "truncated \\UXXXXXXXX escape");
    default:  return name_escape(decoder, backslash);
    }
}

static bool bytes_escape(Decoder *decoder)
{
    const char *backslash = decoder->at++;
    char letter = *decoder->at;
    int character;
    if (common_escape(letter, &character)) {
        decoder->at++;
        if (character >= 0)
            *decoder->out++ = (char)character;
    } else if (letter >= '0' && letter <= '7') {
        decoder->at++;
        *decoder->out++ = (char)octal_escape(decoder, letter);
    } else if (letter == 'x') {
        int high = decoder->end - decoder->at > 2 ? hex_digit(decoder->at[1]) : -1;
        int low = decoder->end - decoder->at > 2 ? hex_digit(decoder->at[2]) : -1;
        if (high < 0 || low < 0) {
            char text[64];
            int size = snprintf(text, sizeof text, "(value error) invalid \\x escape at position %td", backslash - decoder->start);
            decoder->problem->message = arena_copy(decoder->arena, text, (size_t)size);
            return false;
        }
        *decoder->out++ = (char)(high * 16 + low);
        decoder->at += 3;
    } else {
        invalid_escape(decoder);
    }
    return true;
}

/* Source text that claims to be UTF-8 is checked where it becomes a value. */
bool literal_check_utf8(Arena *arena, const char *start, const char *end, LiteralProblem *problem)
{
    *problem = (LiteralProblem){ 0 };
    CodecRun run = codec_scan(CODEC_UTF8, start, (size_t)(end - start), CODEC_STRICT);
    if (!run.reason)
        return true;
    char text[160];
    int size = run.error_length == 1
                   ? snprintf(text, sizeof text, "(unicode error) 'utf-8' codec can't decode byte 0x%02x in position %zu: %s",
                              (unsigned char)start[run.taken], run.taken, run.reason)
                   : snprintf(text, sizeof text, "(unicode error) 'utf-8' codec can't decode bytes in position %zu-%zu: %s", run.taken,
                              run.taken + run.error_length - 1, run.reason);
    problem->message = arena_copy(arena, text, (size_t)size);
    return false;
}

static bool decode(Decoder *decoder, bool is_bytes, bool is_raw)
{
    StringLiteral *literal = decoder->literal;
    size_t length = (size_t)(decoder->end - decoder->start);
    char *out = arena_alloc(decoder->arena, length + 1);
    if (!out || (!is_bytes && !literal_check_utf8(decoder->arena, decoder->start, decoder->end, decoder->problem)))
        return false;
    decoder->out = out;
    while (decoder->at < decoder->end) {
        const char *backslash = is_raw ? NULL : memchr(decoder->at, '\\', (size_t)(decoder->end - decoder->at));
        size_t plain = (size_t)((backslash ? backslash : decoder->end) - decoder->at);
        memcpy(decoder->out, decoder->at, plain);
        decoder->at += plain;
        decoder->out += plain;
        if (backslash && !(is_bytes ? bytes_escape(decoder) : text_escape(decoder)))
            return false;
    }
    literal->value = (Const){ .kind = is_bytes ? CONST_BYTES : CONST_TEXT, .text = { out, (size_t)(decoder->out - out) } };
    return true;
}

bool literal_fstring_text(Arena *arena, const char *start, const char *end, bool is_raw, StringLiteral *literal, LiteralProblem *problem)
{
    Decoder decoder = { .arena = arena, .start = start, .at = start, .end = end, .literal = literal, .problem = problem };
    *literal = (StringLiteral){ 0 };
    *problem = (LiteralProblem){ 0 };
    return decode(&decoder, false, is_raw);
}

bool literal_string(Arena *arena, const char *start, const char *end, StringLiteral *literal, LiteralProblem *problem)
{
    bool is_bytes = false, is_raw = false;
    *literal = (StringLiteral){ 0 };
    *problem = (LiteralProblem){ 0 };
    for (; *start != '\'' && *start != '"'; start++) {
        char letter = (char)(*start | 0x20);
        is_bytes |= letter == 'b';
        is_raw |= letter == 'r';
        literal->has_u_prefix |= *start == 'u';   /* only the small letter is remembered, as CPython does */
    }
    int quote_size = end - start >= 6 && start[1] == start[0] && start[2] == start[0] ? 3 : 1;
    start += quote_size;
    end -= quote_size;
    for (const char *at = start; is_bytes && at < end; at++) {
        if ((unsigned char)*at >= 0x80) {
            *problem = (LiteralProblem){ .message = "bytes can only contain ASCII literal characters", .is_at_token = true };
            return false;
        }
    }
    Decoder decoder = { .arena = arena, .start = start, .at = start, .end = end, .literal = literal, .problem = problem };
    return decode(&decoder, is_bytes, is_raw);
}
