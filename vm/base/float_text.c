/* float_text.c - see float_text.h.
 *
 * What        One struct of digits, two ways to fill it (shortest, or a given number), one way to lay it out.
 * How         A finite value is  0.d1 d2 d3 ... x 10**point  with d1 not zero:
 *
 *                 digits "15", point 1: 1.5      point -3: 0.00015      point 20: 1.5e+19
 *
 *             'r' writes an exponent below 1e-4 and from 1e16; 'g' when the precision has no place for the integer part.
 * Invariants  I1 as in float_text.h.
 * GIL         never needed.
 * Read next   float_shortest.cc */
#include "vm/base/float_text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t float_shortest(double value, char *out, size_t room);  /* float_shortest.cc */

enum {
    SHORTEST_DIGITS = 17,     /* no double needs more to be told from its neighbours */
    EXACT_DIGITS = 767,       /* and none has more in all */
    SCIENTIFIC_ROOM = EXACT_DIGITS + 16,
    SMALLEST_PLAIN_POINT = -3,  /* 0.0001 */
    LARGEST_PLAIN_POINT = 16,   /* 9999999999999998.0 */
};

/* Takes "d.ddde+xx" (no sign, NUL behind) apart: moves the digits together, in place; returns the place of the point. */
static int split_scientific(char *text, size_t length, size_t *count)
{
    char *exponent = memchr(text, 'e', length);
    size_t digits = (size_t)(exponent - text);
    int point = atoi(exponent + 1) + 1;
    if (digits > 1) {
        memmove(text + 1, text + 2, digits - 2);
        digits--;
    }
    *count = digits;
    return point;
}

static size_t strip_zeros(const char *digits, size_t count)
{
    while (count > 1 && digits[count - 1] == '0')
        count--;
    return count;
}

/* Writes the digits with the point at its place, or with an exponent. No digits behind the point: no point, except where the
 * flags want one. */
static void lay_out(Buffer *out, const char *digits, size_t count, int point, bool has_exponent, bool is_capital, unsigned flags)
{
    int exponent = point - 1;
    if (has_exponent)
        point = 1;
    size_t whole = point > 0 ? (size_t)point : 0;  /* digits before the point */
    if (whole == 0) {
        buffer_add_byte(out, '0');
    } else {
        buffer_add(out, digits, whole < count ? whole : count);
        for (size_t i = count; i < whole; i++)
            buffer_add_byte(out, '0');
    }
    if (count > whole) {
        buffer_add_byte(out, '.');
        for (int i = point; i < 0; i++)
            buffer_add_byte(out, '0');
        buffer_add(out, digits + whole, count - whole);
    } else if ((flags & FLOAT_ADD_DOT_0) && !has_exponent) {
        buffer_add_text(out, ".0");
    } else if (flags & FLOAT_ALTERNATE) {
        buffer_add_byte(out, '.');
    }
    if (has_exponent)
        buffer_add_format(out, "%c%+03d", is_capital ? 'E' : 'e', exponent);
}

static void add_shortest(Buffer *out, double magnitude, bool is_capital, unsigned flags)
{
    char digits[SHORTEST_DIGITS + 16];
    size_t length = float_shortest(magnitude, digits, sizeof digits - 1), count;
    digits[length] = '\0';
    int point = split_scientific(digits, length, &count);
    bool has_exponent = point < SMALLEST_PLAIN_POINT || point > LARGEST_PLAIN_POINT;
    lay_out(out, digits, count, point, has_exponent, is_capital, flags);
}

static void add_general(Buffer *out, double magnitude, int precision, bool is_capital, unsigned flags)
{
    if (precision == 0)
        precision = 1;
    /* Past the last digit that any double has there are only zeros: ask for those no more than once. */
    char digits[SCIENTIFIC_ROOM];
    int asked = precision < EXACT_DIGITS ? precision : EXACT_DIGITS;
    int length = snprintf(digits, sizeof digits, "%.*e", asked - 1, magnitude);
    size_t count;
    int point = split_scientific(digits, (size_t)length, &count);
    int widest = precision - ((flags & FLOAT_ADD_DOT_0) ? 1 : 0);
    bool has_exponent = point < SMALLEST_PLAIN_POINT || point > widest;
    if (!(flags & FLOAT_ALTERNATE)) {
        lay_out(out, digits, strip_zeros(digits, count), point, has_exponent, is_capital, flags);
        return;
    }
    if (precision == asked) {
        lay_out(out, digits, count, point, has_exponent, is_capital, flags);
        return;
    }
    Buffer padded;
    buffer_init(&padded, out->memory);
    buffer_add(&padded, digits, count);
    for (int i = asked; i < precision && buffer_ok(&padded); i++)
        buffer_add_byte(&padded, '0');
    if (buffer_ok(&padded))
        lay_out(out, padded.data, padded.length, point, has_exponent, is_capital, flags);
    else
        out->has_failed = true;
    buffer_free(&padded);
}

/* Does the text from [from] on show nothing but zeros? */
static bool shows_zero(const Buffer *out, size_t from)
{
    for (size_t i = from; i < out->length; i++) {
        char c = out->data[i];
        if (c == 'e' || c == 'E')
            break;
        if (c >= '1' && c <= '9')
            return false;
    }
    return true;
}

static void drop_sign(Buffer *out, size_t at)
{
    memmove(out->data + at, out->data + at + 1, out->length - at - 1);
    buffer_truncate(out, out->length - 1);
}

void float_format(Buffer *out, double value, char code, int precision, unsigned flags)
{
    size_t start = out->length;
    bool is_capital = code == 'E' || code == 'F' || code == 'G';
    bool is_negative = signbit(value) && !isnan(value);
    if (is_negative)
        buffer_add_byte(out, '-');
    else if (flags & FLOAT_ALWAYS_SIGN)
        buffer_add_byte(out, '+');
    double magnitude = fabs(value);
    if (code == '%')
        magnitude *= 100;
    if (isnan(value)) {
        buffer_add_text(out, is_capital ? "NAN" : "nan");
    } else if (isinf(magnitude)) {
        buffer_add_text(out, is_capital ? "INF" : "inf");
    } else {
        switch (tolower((unsigned char)code)) {
        case 'e':
            if (flags & FLOAT_ALTERNATE)
                buffer_add_format(out, is_capital ? "%#.*E" : "%#.*e", precision, magnitude);
            else
                buffer_add_format(out, is_capital ? "%.*E" : "%.*e", precision, magnitude);
            break;
        case 'f': case '%':
            buffer_add_format(out, (flags & FLOAT_ALTERNATE) ? "%#.*f" : "%.*f", precision, magnitude);
            if ((flags & FLOAT_ADD_DOT_0) && precision == 0 && !(flags & FLOAT_ALTERNATE))
                buffer_add_text(out, ".0");
            break;
        case 'g': add_general(out, magnitude, precision, is_capital, flags); break;
        default:  add_shortest(out, magnitude, is_capital, flags); break;
        }
        if (is_negative && (flags & FLOAT_NO_NEGATIVE_ZERO) && buffer_ok(out) && shows_zero(out, start)) {
            if (flags & FLOAT_ALWAYS_SIGN)
                out->data[start] = '+';
            else
                drop_sign(out, start);
        }
    }
    if (code == '%')
        buffer_add_byte(out, '%');
}

size_t float_repr(double value, char out[FLOAT_REPR_MAX])
{
    Memory scratch;
    Buffer text;
    memory_init(&scratch);
    /* A buffer over the caller's array: the longest repr, -1.7976931348623157e+308, is 24 characters, so it never grows. */
    text = (Buffer){.memory = &scratch, .data = out, .capacity = FLOAT_REPR_MAX};
    float_format(&text, value, 'r', 0, FLOAT_ADD_DOT_0);
    out[text.length] = '\0';
    return text.length;
}

/* Does [text] begin with [word], in any case? */
static bool begins_with(const char *text, const char *word)
{
    for (; *word; text++, word++) {
        if (tolower((unsigned char)*text) != *word)
            return false;
    }
    return true;
}

static const char *skip_digits(const char *at)
{
    while (*at >= '0' && *at <= '9')
        at++;
    return at;
}

size_t float_parse(const char *text, double *value)
{
    const char *at = text;
    bool is_negative = *at == '-';
    if (*at == '-' || *at == '+')
        at++;
    if (begins_with(at, "inf") || begins_with(at, "nan")) {
        bool is_nan = begins_with(at, "nan");
        *value = copysign(is_nan ? NAN : INFINITY, is_negative ? -1.0 : 1.0);
        at += begins_with(at, "infinity") ? strlen("infinity") : 3;
        return (size_t)(at - text);
    }
    /* strtod alone would also take hexadecimal and leading spaces: what it may see is decided here. */
    const char *whole = at;
    at = skip_digits(at);
    size_t digits = (size_t)(at - whole);
    if (*at == '.') {
        const char *fraction = at + 1;
        at = skip_digits(fraction);
        digits += (size_t)(at - fraction);
    }
    if (digits == 0)
        return 0;
    if (*at == 'e' || *at == 'E') {
        const char *exponent = at + 1;
        if (*exponent == '-' || *exponent == '+')
            exponent++;
        if (*exponent >= '0' && *exponent <= '9')
            at = skip_digits(exponent);
    }
    if (whole[0] == '0' && (whole[1] == 'x' || whole[1] == 'X')) {
        *value = is_negative ? -0.0 : 0.0;  /* "0x..": a zero, then something that is not ours */
        return (size_t)(at - text);
    }
    *value = strtod(text, NULL);
    return (size_t)(at - text);
}

/* Rounding to tens and up: the exact digits are rounded by hand, ties to even. */
static double round_left_of_point(double value, int places)
{
    char digits[SCIENTIFIC_ROOM];
    size_t count;
    int length = snprintf(digits, sizeof digits, "%.*e", EXACT_DIGITS - 1, fabs(value));
    int point = split_scientific(digits, (size_t)length, &count);
    int kept = point + places;  /* how many digits stay */
    if (kept < 0)
        return copysign(0.0, value);
    char rest = digits[kept];
    bool is_tie = rest == '5' && strip_zeros(digits, count) <= (size_t)kept + 1;
    bool is_odd = kept > 0 && (digits[kept - 1] - '0') % 2 == 1;
    bool goes_up = rest > '5' || (rest == '5' && (!is_tie || is_odd));
    char text[SCIENTIFIC_ROOM + 16];
    char *at = text;
    *at++ = '0';  /* room for a carry out of the first digit */
    memcpy(at, digits, (size_t)kept);
    at += kept;
    if (goes_up) {
        char *last = at - 1;
        while (*last == '9')
            *last-- = '0';
        ++*last;
    }
    snprintf(at, 16, "e%d", -places);
    return copysign(strtod(text, NULL), value);
}

double float_round(double value, int places)
{
    enum { MOST_PLACES = 324 + SHORTEST_DIGITS, LEAST_PLACES = -309 };
    if (!isfinite(value) || value == 0 || places > MOST_PLACES)
        return value;
    if (places < LEAST_PLACES)
        return copysign(0.0, value);
    if (places < 0)
        return round_left_of_point(value, places);
    char text[310 + MOST_PLACES + 16];
    snprintf(text, sizeof text, "%.*f", places, value);
    return strtod(text, NULL);
}
