/* memory_format.c - see memory_format.h.
 *
 * What        Elements of memory as values of the language.
 * How         Integers pass through 64 bits, sign and width by letter; floats through double. Memory may be unaligned, so
 *             everything is copied, never cast.
 * GIL         held; __index__ and __float__ run script code, but before memory is touched.
 * Read next   memoryview.c */
#include "vm/object/memory_format.h"

#include <math.h>

#include "vm/object/bytes.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/int.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"

static const struct { char letter; uint8_t size; bool is_signed; } integers[] = {
    {'b', 1, true},           {'B', 1, false},           {'h', sizeof(short), true},     {'H', sizeof(short), false},
    {'i', sizeof(int), true}, {'I', sizeof(int), false}, {'l', sizeof(long), true},      {'L', sizeof(long), false},
    {'q', 8, true},           {'Q', 8, false},           {'n', sizeof(ptrdiff_t), true}, {'N', sizeof(size_t), false},
    {'P', sizeof(void *), false},
};

/* The row of an integer letter; -1: it is none. */
static int integer_row(char letter)
{
    for (size_t i = 0; i < ARRAY_LENGTH(integers); i++) {
        if (integers[i].letter == letter)
            return (int)i;
    }
    return -1;
}

char memory_format_letter(const char *format)
{
    if (format[0] == '@')
        format++;
    return format[0] && !format[1] && memory_format_size(format[0]) ? format[0] : 0;
}

size_t memory_format_size(char letter)
{
    switch (letter) {
    case '?': case 'c': return 1;
    case 'e': return 2;
    case 'f': return sizeof(float);
    case 'd': return sizeof(double);
    default: break;
    }
    int row = integer_row(letter);
    return row < 0 ? 0 : integers[row].size;
}

static Value read_integer(Thread *t, int row, const uint8_t *at)
{
    size_t size = integers[row].size;
    uint64_t bits = 0;
    memcpy(&bits, at, size);   /* little-endian, as everything this runs on */
    if (!integers[row].is_signed)
        return int_from_uint64(t, bits);
    unsigned unused = 64 - 8 * (unsigned)size;
    return int_from_int64(t, (int64_t)(bits << unused) >> unused);
}

/* IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits. Not every compiler has the type. */
double half_to_double(uint16_t half)
{
    int exponent = half >> 10 & 0x1f, fraction = half & 0x3ff;
    double d = exponent == 31  ? (fraction ? (double)NAN : (double)INFINITY)
               : exponent == 0 ? ldexp(fraction, -24)
                               : ldexp(fraction + 1024, exponent - 25);
    return half >> 15 ? -d : d;
}

bool half_from_double(double d, uint16_t *half)
{
    uint16_t sign = signbit(d) ? 0x8000 : 0;
    *half = sign | 0x7e00;
    if (isnan(d))
        return true;
    *half = sign;
    if (d == 0)
        return true;
    int exponent;
    double fraction = frexp(fabs(d), &exponent);      /* in [0.5, 1): the number is fraction * 2**exponent */
    *half = sign | 0x7c00;
    if (isinf(d) || exponent > 16)
        return isinf(d);
    /* In units of the last place: of the number's own binade, or of the subnormal ones. */
    double units = exponent < -13 ? ldexp(fraction, exponent + 24) : ldexp(fraction, 11);
    uint32_t whole = (uint32_t)units;
    double rest = units - whole;
    whole += rest > 0.5 || (rest == 0.5 && whole & 1);
    uint32_t bits = exponent < -13 ? whole : ((uint32_t)(exponent + 14) << 10) + (whole - 1024);
    if (bits >= 0x7c00)
        return false;
    *half = sign | (uint16_t)bits;
    return true;
}

Value memory_read(Thread *t, char letter, const uint8_t *at)
{
    switch (letter) {
    case '?': return bool_value(*at != 0);
    case 'B': return small_int_value(*at);      /* what most views show */
    case 'c': return object_value(bytes_from(t, at, 1));
    case 'e': {
        uint16_t half;
        memcpy(&half, at, sizeof half);
        return float_value(t, half_to_double(half));
    }
    case 'f': {
        float single;
        memcpy(&single, at, sizeof single);
        return float_value(t, single);
    }
    case 'd': {
        double d;
        memcpy(&d, at, sizeof d);
        return float_value(t, d);
    }
    default: return read_integer(t, integer_row(letter), at);
    }
}

static bool refuse(Thread *t, enum ExceptionKind kind, const char *what, char letter)
{
    return raise_false(t, kind, "memoryview: invalid %s for format '%c'", what, letter);
}

static bool write_integer(Thread *t, char letter, uint8_t *at, Value v)
{
    int row = integer_row(letter);
    if (!is_int(v) && !value_type(t, v)->slots.index)
        return refuse(t, EXC_TypeError, "type", letter);
    Value number = int_from_index(t, v);
    if (failed(number))
        return false;
    unsigned width = 8 * (unsigned)integers[row].size;
    int64_t n = 0;
    uint64_t bits = 0;
    bool fits;
    if (integers[row].is_signed) {
        fits = int_fits_int64(number, &n) && n >= -((int64_t)1 << (width - 1)) && n <= (int64_t)(((uint64_t)1 << (width - 1)) - 1);
        bits = (uint64_t)n;
    } else {
        fits = int_fits_uint64(number, &bits) && (width == 64 || bits >> width == 0);
    }
    release(number);
    if (!fits)
        return refuse(t, EXC_ValueError, "value", letter);
    memcpy(at, &bits, integers[row].size);
    return true;
}

static bool write_float(Thread *t, char letter, uint8_t *at, Value v)
{
    double d;
    if (!arg_double(t, v, &d)) {
        if (!raised_is(t, EXC_TypeError))
            return false;
        raised_clear(t);
        return refuse(t, EXC_TypeError, "type", letter);
    }
    float single = (float)d;
    uint16_t half;
    if (letter == 'e' && !half_from_double(d, &half))
        return refuse(t, EXC_ValueError, "value", letter);
    if (letter == 'd')
        memcpy(at, &d, sizeof d);
    else if (letter == 'f')
        memcpy(at, &single, sizeof single);
    else
        memcpy(at, &half, sizeof half);
    return true;
}

bool memory_write(Thread *t, char letter, uint8_t *at, Value v)
{
    bool truth;
    switch (letter) {
    case '?':
        if (!value_truth(t, v, &truth))
            return false;
        *at = truth;
        return true;
    case 'c':
        if (!is_bytes(v))
            return refuse(t, EXC_TypeError, "type", letter);
        if (as_bytes(v)->length != 1)
            return refuse(t, EXC_ValueError, "value", letter);
        *at = as_bytes(v)->data[0];
        return true;
    case 'e': case 'f': case 'd':
        return write_float(t, letter, at, v);
    default:
        return write_integer(t, letter, at, v);
    }
}
