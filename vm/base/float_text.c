/* float_text.c - see float_text.h.
 *
 * What        One struct of digits, two ways to fill it (shortest, or a given number), one way to lay it out.
 * How         A finite value is  0.d1 d2 d3 ... x 10**point  with d1 not zero:
 *
 *                 digits "15", point 1: 1.5      point -3: 0.00015      point 20: 1.5e+19
 *
 *             'r' writes an exponent below 1e-4 and from 1e16; 'g' when the precision has no place for the integer part.
 *             What people print mostly is of middling size: then value * 10**precision is computed exactly, as an integer of
 *             128 bits that is shifted by the exponent (scaled_exactly), for 'f' and for rounding. Reading is exact by one multiplication or
 *             division of doubles where the digits fit 53 bits. All of these leave the hard cases to the library.
 * Invariants  I1 as in float_text.h.
 * GIL         never needed.
 * Read next   float_shortest.cc */
#include "vm/base/float_text.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* float_shortest.cc */
size_t float_shortest(double value, char *out, size_t room);
size_t float_scientific(double value, int precision, char *out, size_t room);

enum {
    SHORTEST_DIGITS = 17,     /* no double needs more to be told from its neighbours */
    EXACT_DIGITS = 767,       /* and none has more in all */
    SCIENTIFIC_ROOM = EXACT_DIGITS + 16,
    SMALLEST_PLAIN_POINT = -3,  /* 0.0001 */
    LARGEST_PLAIN_POINT = 16,   /* 9999999999999998.0 */
    SCALED_PLACES = 19,         /* 10**19 fits 64 bits */
    EXACT_POWER = 22,           /* 10**22 is the largest power of ten that a double holds exactly */
    DOUBLE_BITS = 53,
};

static const double powers_of_ten[EXACT_POWER + 1] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                                      1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};

/* ---- middling sizes ---- */

/* magnitude * 10**places, rounded to an integer, ties to even; false: it needs more than 63 bits, or is not worth the trouble.
 * magnitude = mantissa * 2**-shift: the product with the power of ten is exact in 128 bits, and what is shifted out decides. */
static bool scaled_exactly(double magnitude, int places, uint64_t *scaled)
{
    if (places < 0 || places > SCALED_PLACES)
        return false;
    uint64_t bits;
    memcpy(&bits, &magnitude, sizeof bits);
    int exponent = (int)(bits >> (DOUBLE_BITS - 1) & 0x7ff);
    uint64_t mantissa = (bits & ((UINT64_C(1) << (DOUBLE_BITS - 1)) - 1)) | (UINT64_C(1) << (DOUBLE_BITS - 1));
    int shift = 1023 + DOUBLE_BITS - 1 - exponent;
    if (magnitude == 0 || shift > 126) {  /* the product has 117 bits at most: far below a half */
        *scaled = 0;
        return true;
    }
    if (shift < -10)
        return false;
    __extension__ typedef unsigned __int128 Wide;
    uint64_t power = 1;
    for (int i = 0; i < places; i++)
        power *= 10;
    Wide product = (Wide)mantissa * power, whole = shift > 0 ? product >> shift : product << -shift;
    if (whole >> 63)
        return false;
    *scaled = (uint64_t)whole;
    if (shift <= 0)
        return true;
    Wide rest = product & (((Wide)1 << shift) - 1), half = (Wide)1 << (shift - 1);
    *scaled += rest > half || (rest == half && (whole & 1));
    return true;
}

/* Writes the digits of [n] so that they end before [end], at least [least] of them; returns where they begin. */
static char *write_whole(char *end, uint64_t n, int least)
{
    char *at = end;
    for (; n || end - at < least; n /= 10)
        *--at = (char)('0' + n % 10);
    return at;
}

/* Format 'f' without a flag, if it can be had so. */
static bool add_fixed(Buffer *out, double magnitude, int precision)
{
    enum { ROOM = 24 };
    uint64_t scaled;
    if (!scaled_exactly(magnitude, precision, &scaled))
        return false;
    char digits[ROOM], *end = digits + ROOM, *start = write_whole(end, scaled, precision + 1);
    size_t whole = (size_t)(end - start - precision);
    char *to = buffer_reserve(out, ROOM);
    if (!to)
        return true;
    memcpy(to, start, whole);
    to[whole] = '.';
    memcpy(to + whole + 1, end - precision, (size_t)precision);
    buffer_advance(out, whole + (precision ? (size_t)precision + 1 : 0));
    return true;
}

/* ---- digits and their layout ---- */

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

/* "e+05", as printf writes it: two digits at least. Returns the end. */
static char *write_exponent(char *to, int exponent, bool is_capital)
{
    enum { ROOM = 8 };
    char digits[ROOM], *end = digits + ROOM, *start = write_whole(end, (uint64_t)abs(exponent), 2);
    *to++ = is_capital ? 'E' : 'e';
    *to++ = exponent < 0 ? '-' : '+';
    memcpy(to, start, (size_t)(end - start));
    return to + (end - start);
}

/* Writes the digits with the point at its place, or with an exponent. No digits behind the point: no point, except where the
 * flags want one. */
static void lay_out(Buffer *out, const char *digits, size_t count, int point, bool has_exponent, bool is_capital, unsigned flags)
{
    enum { MARKS = 8 };  /* "0." or ".0" or ".e+308" */
    int exponent = point - 1;
    if (has_exponent)
        point = 1;
    size_t whole = point > 0 ? (size_t)point : 0;                      /* digits before the point */
    size_t zeros = point < 0 ? (size_t)-point : 0;                     /* behind it */
    char *start = buffer_reserve(out, (whole > count ? whole : count) + zeros + MARKS), *to = start;
    if (!start)
        return;
    if (whole == 0) {
        *to++ = '0';
    } else {
        size_t known = whole < count ? whole : count;
        memcpy(to, digits, known);
        memset(to + known, '0', whole - known);
        to += whole;
    }
    if (count > whole) {
        *to++ = '.';
        memset(to, '0', zeros);
        memcpy(to + zeros, digits + whole, count - whole);
        to += zeros + count - whole;
    } else if ((flags & FLOAT_ADD_DOT_0) && !has_exponent) {
        *to++ = '.';
        *to++ = '0';
    } else if (flags & FLOAT_ALTERNATE) {
        *to++ = '.';
    }
    if (has_exponent)
        to = write_exponent(to, exponent, is_capital);
    buffer_advance(out, (size_t)(to - start));
}

static void add_shortest(Buffer *out, double magnitude, bool is_capital, unsigned flags)
{
    /* A whole number below 2**53 is its own shortest text: its neighbours are at least 1 away. */
    if (magnitude < 9007199254740992.0 && magnitude == (double)(uint64_t)magnitude) {
        add_fixed(out, magnitude, 0);
        if (flags & FLOAT_ADD_DOT_0)
            buffer_add(out, ".0", 2);
        else if (flags & FLOAT_ALTERNATE)
            buffer_add_byte(out, '.');
        return;
    }
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
    size_t length = float_scientific(magnitude, asked - 1, digits, sizeof digits - 1), count;
    digits[length] = '\0';
    int point = split_scientific(digits, length, &count);
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
            if (flags & FLOAT_ALTERNATE || !add_fixed(out, magnitude, precision))
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

/* A number of at most 19 digits that fit 53 bits, and a power of ten that a double holds: both are exact, so their product or
 * quotient is rounded once, and correctly. [point] is that of the text or NULL; its exponent, if any, is read here. */
static bool read_exactly(const char *whole, const char *point, const char *end, double *value)
{
    uint64_t n = 0;
    const char *at = whole;
    int places = 0, digits = 0;
    for (; at < end && *at != 'e' && *at != 'E'; at++) {
        if (at == point)
            continue;
        n = n * 10 + (uint64_t)(*at - '0');
        digits += n > 0;
        places += point != NULL && at > point;
        if (digits > SCALED_PLACES)
            return false;
    }
    int exponent = 0;
    if (at < end) {
        bool goes_down = at[1] == '-';
        at += at[1] == '-' || at[1] == '+' ? 2 : 1;
        for (; at < end && exponent < 1000; at++)
            exponent = exponent * 10 + (*at - '0');
        exponent = goes_down ? -exponent : exponent;
    }
    exponent -= places;
    if (n >> DOUBLE_BITS || exponent > EXACT_POWER || exponent < -EXACT_POWER)
        return false;
    *value = exponent < 0 ? (double)n / powers_of_ten[-exponent] : (double)n * powers_of_ten[exponent];
    return true;
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
    const char *whole = at, *point = NULL;
    at = skip_digits(at);
    size_t digits = (size_t)(at - whole);
    if (*at == '.') {
        const char *fraction = at + 1;
        point = at;
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
    if (!read_exactly(whole, point, at, value))
        *value = strtod(whole, NULL);
    if (is_negative)
        *value = -*value;
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
    uint64_t scaled;
    if (scaled_exactly(fabs(value), places, &scaled) && !(scaled >> DOUBLE_BITS))   /* both exact: one rounding, as in reading */
        return copysign((double)scaled / powers_of_ten[places], value);
    char text[310 + MOST_PLACES + 16];
    snprintf(text, sizeof text, "%.*f", places, value);
    return strtod(text, NULL);
}
