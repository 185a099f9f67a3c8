/* int_text.c - ints as text and back: int("0x1f", 0), str(n), hex(n).
 *
 * What        Digits of any int in any base; int() of str and bytes with signs, prefixes, underscores and Unicode digits.
 * How         mpn_get_str and mpn_set_str do up to STEP_LIMBS at once. What is longer is cut in two by a power of ten (of the base)
 *             from a row of powers P, P**2, P**4 ..., each half in two again: the signals are looked for at each cut.
 *             Converting between bases that are no powers of two costs more than linear time, which is why scripts
 *             may not do it with more than 4300 digits unless sys.set_int_max_str_digits allows it.
 * Invariants  I1 text comes back: int(str(n)) == n, in every base.
 * GIL         held.
 * Read next   bigint.h */
#include <stdio.h>

#include "vm/base/unicode.h"
#include "vm/object/bigint.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/bytes.h"
#include "vm/object/str.h"

enum {
    STEP_LIMBS = 1500,          /* what GMP converts in one step */
    STEP_DIGITS = 19 * 1024,    /* digits of the smallest power to cut by */
    LIMIT_THRESHOLD = 640,      /* no limit below this many digits */
    POWERS_MAX = 48,
};

static const char digit_names[] = "0123456789abcdefghijklmnopqrstuvwxyz";
static const char digit_pairs[] = "0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849"
                                  "5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/* ---- powers to cut by ---- */

typedef struct PowerRow {
    Value powers[POWERS_MAX];   /* base ** (STEP_DIGITS << i) */
    int count;
} PowerRow;

static void power_row_free(PowerRow *row)
{
    for (int i = 0; i < row->count; i++)
        release(row->powers[i]);
}

/* As many powers as cut numbers of [digits] digits down to steps. */
static bool power_row_make(Thread *t, PowerRow *row, unsigned base, size_t digits)
{
    row->count = 0;
    for (size_t covered = STEP_DIGITS; covered < digits && row->count < POWERS_MAX; covered *= 2) {
        Value power = row->count == 0 ? int_power(t, small_int_value(base), small_int_value(STEP_DIGITS), NONE)
                                      : int_multiply(t, row->powers[row->count - 1], row->powers[row->count - 1]);
        if (failed(power) || !int_may_go_on(t)) {
            release(power);
            power_row_free(row);
            return false;
        }
        row->powers[row->count++] = power;
    }
    return true;
}

/* ---- to text ---- */

/* As many digits as [bits] bits can need, and at most two more (in base 10). */
static size_t digits_of_bits(size_t bits, unsigned base)
{
    static const double bits_per_digit[37] = {
        [2] = 1, [3] = 1.5849625007211562, [4] = 2, [5] = 2.321928094887362, [6] = 2.584962500721156, [7] = 2.807354922057604,
        [8] = 3, [9] = 3.1699250014423126, [10] = 3.3219280948873626, [16] = 4, [32] = 5,
    };
    double each = bits_per_digit[base] > 0 ? bits_per_digit[base] : base < 16 ? 3.4 : base < 32 ? 4 : 5;
    return (size_t)((double)bits / each) + 2;
}

/* Appends the digits of [v] to [out], at least [width] of them; returns how many, SIZE_MAX when raised. */
static size_t write_step(Thread *t, Value v, unsigned base, char *out, size_t width)
{
    Limbs view;
    limbs_view(v, &view);
    if (view.count == 0) {
        memset(out, '0', width);
        return width;
    }
    /* mpn_get_str destroys what it reads and may write one digit too many in front. */
    size_t room = digits_of_bits(view.count * 64, base) + 2;
    size_t copy_size = (view.count + 1) * sizeof(uint64_t);
    char *block = block_alloc(t, copy_size + room);
    if (!block)
        return SIZE_MAX;
    if (!scratch_reserve(t, view.count * 2)) {
        block_free(t, block, copy_size + room);
        return SIZE_MAX;
    }
    unsigned char *digits = (unsigned char *)block + copy_size;
    memcpy(block, view.data, view.count * sizeof(uint64_t));
    size_t count = mpn_get_str(digits, (int)base, (mp_limb_t *)(void *)block, (mp_size_t)view.count);
    scratch_release(t);
    while (count > 1 && *digits == 0) {
        digits++;
        count--;
    }
    size_t padding = width > count ? width - count : 0;
    memset(out, '0', padding);
    for (size_t i = 0; i < count; i++)
        out[padding + i] = digit_names[digits[i]];
    block_free(t, block, copy_size + room);
    return padding + count;
}

static size_t write_digits(Thread *t, const PowerRow *row, int level, Value v, unsigned base, char *out, size_t width)
{
    while (level > 0 && int_order(v, row->powers[level - 1]) < 0)
        level--;
    if (level == 0)
        return write_step(t, v, base, out, width);
    Value high, low;
    size_t low_width = (size_t)STEP_DIGITS << (level - 1);
    if (!int_may_go_on(t) || !int_divide(t, v, row->powers[level - 1], &high, &low))
        return SIZE_MAX;
    size_t high_count = write_digits(t, row, level, high, base, out, width > low_width ? width - low_width : 0);
    release(high);
    size_t low_count = high_count == SIZE_MAX ? SIZE_MAX : write_digits(t, row, level - 1, low, base, out + high_count, low_width);
    release(low);
    return low_count == SIZE_MAX ? SIZE_MAX : high_count + low_count;
}

static void write_small(IntDigits *digits, uint64_t magnitude, unsigned base)
{
    char *end = digits->small + sizeof digits->small, *at = end;
    if (base == 10) {  /* two digits a division, which is a multiplication because the divisor is constant */
        while (magnitude >= 100) {
            memcpy(at -= 2, digit_pairs + magnitude % 100 * 2, 2);
            magnitude /= 100;
        }
        if (magnitude >= 10)
            memcpy(at -= 2, digit_pairs + magnitude * 2, 2);
        else
            *--at = (char)('0' + magnitude);
    } else if ((base & (base - 1)) == 0) {
        unsigned shift = (unsigned)__builtin_ctz(base);
        do *--at = digit_names[magnitude & (base - 1)]; while (magnitude >>= shift);
    } else {
        do *--at = digit_names[magnitude % base]; while (magnitude /= base);
    }
    digits->text = at;
    digits->length = (size_t)(end - at);
}

static bool raise_limit(Thread *t)
{
    return raise_false(t, EXC_ValueError, "Exceeds the limit (%d digits) for integer string conversion; "
                       "use sys.set_int_max_str_digits() to increase the limit", t->interp->config.int_max_str_digits);
}

bool int_digits(Thread *t, Value v, unsigned base, bool is_limited, IntDigits *digits)
{
    Limbs view;
    limbs_view(v, &view);
    digits->is_negative = view.is_negative;      /* one by one: the whole struct would be cleared, [small] too */
    digits->capacity = 0;
    if (LIKELY(view.count <= 1)) {
        write_small(digits, view.count ? view.data[0] : 0, base);
        return true;
    }
    size_t bits = int_bit_length(v), most = digits_of_bits(bits, base);
    int limit = t->interp->config.int_max_str_digits;
    bool checks_limit = is_limited && base == 10 && limit > 0 && most > LIMIT_THRESHOLD;
    if (checks_limit && most > (size_t)limit + 3)
        return raise_limit(t);
    PowerRow row = {.count = 0};
    if (view.count > STEP_LIMBS && (base & (base - 1)) != 0 && !power_row_make(t, &row, base, most))
        return false;
    digits->capacity = most + 2;
    digits->text = block_alloc(t, digits->capacity);
    if (!digits->text) {
        power_row_free(&row);
        return false;
    }
    Value magnitude = view.is_negative ? int_negative(t, v) : int_exact(t, v);
    digits->length = failed(magnitude) ? SIZE_MAX : write_digits(t, &row, row.count, magnitude, base, digits->text, 0);
    release(magnitude);
    power_row_free(&row);
    bool is_good = digits->length != SIZE_MAX;
    if (is_good && checks_limit && digits->length > (size_t)limit)
        is_good = raise_limit(t);
    if (!is_good)
        int_digits_free(t, digits);
    return is_good;
}

void int_digits_free(Thread *t, IntDigits *digits)
{
    if (digits->capacity)
        block_free(t, digits->text, digits->capacity);
    digits->capacity = 0;
}

Value int_to_str(Thread *t, Value v, int base)
{
    int64_t n;
    if (small_number(v, &n) && n >= 0 && n < (base < 10 ? base : 10))
        return object_value(str_from_char(t, (uint32_t)('0' + n)));
    IntDigits digits;
    if (!int_digits(t, v, (unsigned)base, true, &digits))
        return FAILED;
    Str *s;
    if (!digits.is_negative) {
        s = str_from_ascii(t, digits.text, digits.length);
    } else {
        s = str_new(t, digits.length + 1, 0x7f);
        if (s) {
            s->characters[0] = '-';
            memcpy(s->characters + 1, digits.text, digits.length);
        }
    }
    int_digits_free(t, &digits);
    return s ? object_value(s) : FAILED;
}

/* ---- from text ---- */

static int digit_value(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'Z' ? c - 'A' + 10 : 99;
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

/* [count] digit values, most significant first, as a magnitude. */
static Value read_step(Thread *t, const unsigned char *digits, size_t count, unsigned base)
{
    while (count > 0 && *digits == 0) {
        digits++;
        count--;
    }
    if (count == 0)
        return small_int_value(0);
    BigInt *big = bigint_new(t, count * 6 / 64 + 2);  /* a digit has 5.2 bits at most */
    if (!big)
        return FAILED;
    if (!scratch_reserve(t, (size_t)big->size * 2)) {
        object_release(big);
        return FAILED;
    }
    mp_size_t used = mpn_set_str(mpn(big->limbs), digits, count, (int)base);
    scratch_release(t);
    return bigint_finish(t, big, (size_t)used, false);
}

static Value read_digits(Thread *t, const PowerRow *row, int level, const unsigned char *digits, size_t count, unsigned base)
{
    while (level > 0 && count <= (size_t)STEP_DIGITS << (level - 1))
        level--;
    if (level == 0)
        return read_step(t, digits, count, base);
    if (!int_may_go_on(t))
        return FAILED;
    size_t low_count = (size_t)STEP_DIGITS << (level - 1);
    Value high = read_digits(t, row, level, digits, count - low_count, base);
    if (failed(high))
        return FAILED;
    Value low = read_digits(t, row, level - 1, digits + count - low_count, low_count, base);
    Value shifted = failed(low) ? FAILED : int_multiply(t, high, row->powers[level - 1]);
    release(high);
    Value sum = failed(shifted) ? FAILED : int_add(t, shifted, low);
    release2(low, shifted);
    return sum;
}

/* What a look at the text found. */
typedef struct Literal {
    const char *digits;
    size_t length;        /* characters, underscores included */
    size_t count;         /* digits */
    unsigned base;
    bool is_negative;
} Literal;

static bool has_prefix(const char *at, const char *end, unsigned base)
{
    char mark = base == 16 ? 'x' : base == 8 ? 'o' : base == 2 ? 'b' : 0;
    return mark && end - at >= 2 && at[0] == '0' && (at[1] | 0x20) == mark;
}

/* The grammar of int(): blanks, a sign, a prefix, digits with single underscores between them, blanks. */
static bool read_literal(const char *at, const char *end, int base, Literal *literal)
{
    while (at < end && is_blank(*at))
        at++;
    while (end > at && is_blank(end[-1]))
        end--;
    *literal = (Literal){.base = (unsigned)base};
    if (at < end && (*at == '+' || *at == '-'))
        literal->is_negative = *at++ == '-';
    bool wants_zero = false;
    if (base == 0) {
        literal->base = has_prefix(at, end, 16) ? 16 : has_prefix(at, end, 8) ? 8 : has_prefix(at, end, 2) ? 2 : 10;
        wants_zero = literal->base == 10 && at < end && *at == '0';  /* 010 is what C calls octal: refused */
    }
    if (has_prefix(at, end, literal->base)) {
        at += 2;
        if (at < end && *at == '_')
            at++;
    }
    literal->digits = at;
    literal->length = (size_t)(end - at);
    bool after_digit = false;
    for (; at < end; at++) {
        if (*at == '_') {
            if (!after_digit)
                return false;
            after_digit = false;
            continue;
        }
        int value = digit_value(*at);
        if (value >= (int)literal->base || (wants_zero && value != 0))
            return false;
        after_digit = true;
        literal->count++;
    }
    return after_digit;
}

static Value read_long(Thread *t, const Literal *literal)
{
    unsigned base = literal->base;
    int limit = t->interp->config.int_max_str_digits;
    bool is_power_of_two = (base & (base - 1)) == 0;
    if (!is_power_of_two && literal->count > LIMIT_THRESHOLD && limit > 0 && literal->count > (size_t)limit)
        return raise_value_error(t, "Exceeds the limit (%d digits) for integer string conversion: value has %zu digits; "
                                 "use sys.set_int_max_str_digits() to increase the limit", limit, literal->count);
    unsigned char *digits = block_alloc(t, literal->count);
    if (!digits)
        return FAILED;
    size_t count = 0;
    for (size_t i = 0; i < literal->length; i++) {
        if (literal->digits[i] != '_')
            digits[count++] = (unsigned char)digit_value(literal->digits[i]);
    }
    PowerRow row = {.count = 0};
    Value magnitude = FAILED;
    if (is_power_of_two || power_row_make(t, &row, base, count))
        magnitude = read_digits(t, &row, row.count, digits, count, base);
    power_row_free(&row);
    block_free(t, digits, literal->count);
    if (failed(magnitude) || !literal->is_negative)
        return magnitude;
    Value negated = int_negative(t, magnitude);
    release(magnitude);
    return negated;
}

static Value read_number(Thread *t, const Literal *literal)
{
    uint64_t n = 0;
    if (literal->count > LIMIT_THRESHOLD)
        return read_long(t, literal);
    for (size_t i = 0; i < literal->length; i++) {
        if (literal->digits[i] == '_')
            continue;
        if (__builtin_mul_overflow(n, literal->base, &n) || __builtin_add_overflow(n, (uint64_t)digit_value(literal->digits[i]), &n) ||
            n > INT64_MAX)
            return read_long(t, literal);
    }
    return int_from_int64(t, literal->is_negative ? -(int64_t)n : (int64_t)n);
}

Value int_from_text(Thread *t, const char *text, size_t length, int base)
{
    Literal literal;
    if (!read_literal(text, text + length, base, &literal)) {
        Str *s = str_from_wtf8(t, text, length < 200 ? length : 200);
        if (s) {
            raise_value_error(t, "invalid literal for int() with base %d: %.200R", base, object_value(s));
            object_release(s);
        }
        return FAILED;
    }
    return read_number(t, &literal);
}

Value int_from_bytes_text(Thread *t, const char *bytes, size_t length, int base)
{
    Literal literal;
    if (read_literal(bytes, bytes + length, base, &literal))
        return read_number(t, &literal);
    Bytes *copy = bytes_from(t, bytes, length);
    if (copy) {
        raise_value_error(t, "invalid literal for int() with base %d: %.200R", base, object_value(copy));
        object_release(copy);
    }
    return FAILED;
}

/* Digits and spaces of other scripts become ASCII; what is neither becomes something that is no digit. */
static void to_ascii(const Str *s, char *out)
{
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char(s, i);
        int digit = c < 0x80 ? -1 : unicode_decimal(c);
        out[i] = c < 0x80 ? (char)c : digit >= 0 ? (char)('0' + digit) : unicode_is_space(c) ? ' ' : '?';
    }
}

/* What nearly all texts of numbers are: a sign perhaps, then as many digits as surely fit a small int, and nothing else. */
static bool read_plainly(const char *at, size_t length, Value *n)
{
    enum { SURE_DIGITS = 18 };
    bool is_negative = length > 1 && *at == '-';
    const char *end = at + length;
    at += is_negative;
    if (length - is_negative - 1 >= SURE_DIGITS)        /* none is too few as well */
        return false;
    int64_t sum = 0;
    for (; at < end; at++) {
        unsigned digit = (unsigned)(uint8_t)*at - '0';
        if (digit > 9)
            return false;
        sum = sum * 10 + digit;
    }
    *n = small_int_value(is_negative ? -sum : sum);
    return true;
}

Value int_from_str(Thread *t, Str *s, int base)
{
    Literal literal;
    Value plain;
    if (base == 10 && s->is_ascii && read_plainly(s->characters, s->length, &plain))
        return plain;
    char *text = str_data(s);
    if (!s->is_ascii) {
        text = block_alloc(t, s->length);
        if (!text)
            return FAILED;
        to_ascii(s, text);
    }
    Value n = FAILED;
    if (read_literal(text, text + s->length, base, &literal))
        n = read_number(t, &literal);
    else
        raise_value_error(t, "invalid literal for int() with base %d: %.200R", base, object_value(s));
    if (!s->is_ascii)
        block_free(t, text, s->length);
    return n;
}
