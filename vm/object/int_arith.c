/* int_arith.c - the operators of int, for any mixture of small and large.
 *
 * What        + - * // % divmod / << >> & | ^ ~ and their like. Power has its own file.
 * How         Small operands are computed in 64 bits, those of one limb and most of two in 128: there each operator is one of C's, for products of
 *             hashes and random numbers, masked again at once. For the rest signs are settled here and magnitudes by mpn_*. Bitwise operators see negative numbers as two's
 *             complement with endless ones in front: operands are turned into that form, one limb longer than the longest.
 * Invariants  I1 division rounds down: a == (a // b) * b + a % b, and the remainder has the sign of b.
 * GIL         held; mpn_* computes with the lock, as CPython's arithmetic does.
 * Read next   bigint.h, int_power.c */
#include <math.h>

#include "vm/object/bigint.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"

/* Above this, GMP's algorithms leave its schoolbook and Toom methods on the C stack and ask for memory. */
enum { SCRATCH_FROM = 1000 };

/* ---- numbers of 128 bits ---- */

typedef __int128 Wide;

/* An int below 2**126 on both sides, so that a sum or difference of two fits as well. */
static inline bool wide_number(Value v, Wide *n)
{
    int64_t small;
    if (small_number(v, &small)) {
        *n = small;
        return true;
    }
    const BigInt *big = (const BigInt *)as_object(v);
    int64_t count = big->size < 0 ? -big->size : big->size;
    if (count > 2 || count == 0)
        return false;
    unsigned __int128 magnitude = big->limbs[0];
    if (count == 2) {
        if (big->limbs[1] >> 62)
            return false;
        magnitude |= (unsigned __int128)big->limbs[1] << 64;
    }
    *n = big->size < 0 ? -(Wide)magnitude : (Wide)magnitude;
    return true;
}

static Value int_from_magnitude(Thread *t, unsigned __int128 magnitude, bool is_negative)
{
    if (magnitude <= (uint64_t)SMALL_INT_MAX)
        return small_int_value(is_negative ? -(int64_t)magnitude : (int64_t)magnitude);
    if (is_negative && magnitude == (uint64_t)SMALL_INT_MAX + 1)
        return small_int_value(SMALL_INT_MIN);
    bool is_long = (uint64_t)(magnitude >> 64) != 0;
    BigInt *big = bigint_new(t, is_long ? 2 : 1);
    if (!big)
        return FAILED;
    big->limbs[0] = (uint64_t)magnitude;
    if (is_long)
        big->limbs[1] = (uint64_t)(magnitude >> 64);
    if (is_negative)
        big->size = -big->size;
    return object_value(big);
}

static inline Value int_from_wide(Thread *t, Wide n)
{
    if (n >= SMALL_INT_MIN && n <= SMALL_INT_MAX)
        return small_int_value((int64_t)n);
    return int_from_magnitude(t, n < 0 ? 0 - (unsigned __int128)n : (unsigned __int128)n, n < 0);
}

/* ---- sums ---- */

static Value add_magnitudes(Thread *t, const Limbs *a, const Limbs *b, bool is_negative)
{
    if (a->count < b->count) {
        const Limbs *swapped = a;
        a = b;
        b = swapped;
    }
    if (b->count == 0)
        return int_from_limbs(t, a->data, a->count, is_negative);
    BigInt *sum = bigint_new(t, a->count);
    if (!sum)
        return FAILED;
    mp_limb_t carry = mpn_add(mpn(sum->limbs), mpn_const(a->data), (mp_size_t)a->count, mpn_const(b->data), (mp_size_t)b->count);
    if (!carry)
        return bigint_finish(t, sum, a->count, is_negative);
    BigInt *longer = bigint_new(t, a->count + 1);  /* seldom enough not to make room for it always */
    if (longer) {
        memcpy(longer->limbs, sum->limbs, a->count * sizeof(uint64_t));
        longer->limbs[a->count] = carry;
    }
    object_release(sum);
    return longer ? bigint_finish(t, longer, a->count + 1, is_negative) : FAILED;
}

static Value subtract_magnitudes(Thread *t, const Limbs *a, const Limbs *b, bool is_negative)
{
    int order = limbs_order(a, b);
    if (order == 0)
        return small_int_value(0);
    if (order < 0) {
        const Limbs *swapped = a;
        a = b;
        b = swapped;
        is_negative = !is_negative;
    }
    if (b->count == 0)
        return int_from_limbs(t, a->data, a->count, is_negative);
    BigInt *difference = bigint_new(t, a->count);
    if (!difference)
        return FAILED;
    mpn_sub(mpn(difference->limbs), mpn_const(a->data), (mp_size_t)a->count, mpn_const(b->data), (mp_size_t)b->count);
    return bigint_finish(t, difference, a->count, is_negative);
}

static Value add_signed(Thread *t, Value left, Value right, bool flips_right)
{
    Limbs a, b;
    limbs_view(left, &a);
    limbs_view(right, &b);
    bool right_is_negative = b.is_negative != flips_right;
    return a.is_negative == right_is_negative ? add_magnitudes(t, &a, &b, a.is_negative)
                                              : subtract_magnitudes(t, &a, &b, a.is_negative);
}

Value int_add(Thread *t, Value left, Value right)
{
    int64_t a, b;
    if (LIKELY(small_number(left, &a) && small_number(right, &b)))
        return int_from_int64(t, a + b);  /* 63 and 63 bits: no overflow of 64 */
    Wide x, y;
    if (wide_number(left, &x) && wide_number(right, &y))
        return int_from_wide(t, x + y);
    return add_signed(t, left, right, false);
}

Value int_subtract(Thread *t, Value left, Value right)
{
    int64_t a, b;
    if (LIKELY(small_number(left, &a) && small_number(right, &b)))
        return int_from_int64(t, a - b);
    Wide x, y;
    if (wide_number(left, &x) && wide_number(right, &y))
        return int_from_wide(t, x - y);
    return add_signed(t, left, right, true);
}

Value int_negative(Thread *t, Value v)
{
    int64_t n;
    if (LIKELY(small_number(v, &n)))
        return int_from_int64(t, -n);
    Limbs a;
    limbs_view(v, &a);
    return int_from_limbs(t, a.data, a.count, !a.is_negative);
}

Value int_invert(Thread *t, Value v)
{
    int64_t n;
    if (LIKELY(small_number(v, &n)))
        return small_int_value(~n);
    Value minus_one = small_int_value(-1);
    Value negated = int_negative(t, v);
    if (failed(negated))
        return FAILED;
    Value inverse = int_add(t, negated, minus_one);
    release(negated);
    return inverse;
}

/* ---- product ---- */

static Value multiply_limbs(Thread *t, const Limbs *a, const Limbs *b, bool is_negative)
{
    if (a->count < b->count) {
        const Limbs *swapped = a;
        a = b;
        b = swapped;
    }
    if (b->count == 0)
        return small_int_value(0);
    size_t count = a->count + b->count;
    BigInt *product = bigint_new(t, count);
    if (!product)
        return FAILED;
    bool has_scratch = count > SCRATCH_FROM;
    if (has_scratch && !scratch_reserve(t, count)) {
        object_release(product);
        return FAILED;
    }
    mp_limb_t *to = mpn(product->limbs);
    if (b->count == 1)
        to[a->count] = mpn_mul_1(to, mpn_const(a->data), (mp_size_t)a->count, b->data[0]);
    else if (a->data == b->data && a->count == b->count)
        mpn_sqr(to, mpn_const(a->data), (mp_size_t)a->count);
    else
        mpn_mul(to, mpn_const(a->data), (mp_size_t)a->count, mpn_const(b->data), (mp_size_t)b->count);
    if (has_scratch)
        scratch_release(t);
    return bigint_finish(t, product, count, is_negative);
}

Value int_multiply(Thread *t, Value left, Value right)
{
    int64_t x, y;
    if (LIKELY(small_number(left, &x) && small_number(right, &y)))
        return int_from_wide(t, (Wide)x * y);
    Limbs a, b;
    limbs_view(left, &a);
    limbs_view(right, &b);
    if (a.count == 1 && b.count == 1)
        return int_from_magnitude(t, (unsigned __int128)a.data[0] * b.data[0], a.is_negative != b.is_negative);
    return multiply_limbs(t, &a, &b, a.is_negative != b.is_negative);
}

/* ---- division ---- */

static bool divide_small(Thread *t, int64_t a, int64_t b, Value *quotient, Value *remainder)
{
    int64_t q = a / b, r = a % b;
    if (r != 0 && (r < 0) != (b < 0)) {  /* C truncates, we round down: I1 */
        q--;
        r += b;
    }
    if (remainder)
        *remainder = small_int_value(r);
    if (quotient)
        *quotient = int_from_int64(t, q);  /* -2**62 // -1 leaves 63 bits */
    return !quotient || !failed(*quotient);
}

/* |a| < |b|: the quotient is 0 or -1. */
static bool divide_by_larger(Thread *t, Value a, Value b, bool rounds_down, Value *quotient, Value *remainder)
{
    if (remainder) {
        *remainder = rounds_down ? int_add(t, a, b) : int_exact(t, a);
        if (failed(*remainder))
            return false;
    }
    if (quotient)
        *quotient = small_int_value(rounds_down ? -1 : 0);
    return true;
}

/* The remainder of a truncating division of magnitudes becomes the one of I1. */
static Value finish_remainder(Thread *t, TAKES BigInt *rest, const Limbs *b, bool rounds_down, bool is_negative)
{
    if (rounds_down) {
        mpn_sub_n(mpn(rest->limbs), mpn_const(b->data), mpn_const(rest->limbs), (mp_size_t)b->count);
        is_negative = b->is_negative;
    }
    return bigint_finish(t, rest, b->count, is_negative);
}

static bool divide_limbs(Thread *t, const Limbs *a, const Limbs *b, Value *quotient, Value *remainder)
{
    size_t quotient_count = a->count - b->count + 1;
    BigInt *q = bigint_new(t, quotient_count + 1);  /* one more: rounding down may carry out of it */
    BigInt *r = q ? bigint_new(t, b->count) : NULL;
    bool has_scratch = a->count + b->count > SCRATCH_FROM;
    if (!r || (has_scratch && !scratch_reserve(t, a->count + b->count))) {
        if (r)
            object_release(r);
        if (q)
            object_release(q);
        return false;
    }
    if (b->count == 1)
        r->limbs[0] = mpn_divrem_1(mpn(q->limbs), 0, mpn_const(a->data), (mp_size_t)a->count, b->data[0]);
    else
        mpn_tdiv_qr(mpn(q->limbs), mpn(r->limbs), 0, mpn_const(a->data), (mp_size_t)a->count, mpn_const(b->data), (mp_size_t)b->count);
    if (has_scratch)
        scratch_release(t);
    q->limbs[quotient_count] = 0;
    bool is_negative = a->is_negative != b->is_negative;
    bool rounds_down = is_negative && !mpn_zero_p(mpn(r->limbs), (mp_size_t)b->count);
    if (remainder) {
        *remainder = finish_remainder(t, r, b, rounds_down, a->is_negative);
        if (failed(*remainder)) {
            object_release(q);
            return false;
        }
    } else {
        object_release(r);
    }
    if (!quotient) {
        object_release(q);
        return true;
    }
    if (rounds_down)
        mpn_add_1(mpn(q->limbs), mpn(q->limbs), (mp_size_t)(quotient_count + 1), 1);
    *quotient = bigint_finish(t, q, quotient_count + 1, is_negative);
    if (!failed(*quotient))
        return true;
    if (remainder)
        release(*remainder);
    return false;
}

bool int_divide(Thread *t, Value left, Value right, Value *quotient, Value *remainder)
{
    int64_t x, y;
    if (LIKELY(small_number(left, &x) && small_number(right, &y)))
        return divide_small(t, x, y, quotient, remainder);
    Wide wide;
    if (small_number(right, &y) && wide_number(left, &wide)) {
        Wide q = wide / y;
        int64_t r = (int64_t)(wide - q * y);
        if (r != 0 && (r < 0) != (y < 0)) {  /* I1 */
            q--;
            r += y;
        }
        if (remainder)
            *remainder = small_int_value(r);
        if (quotient)
            *quotient = int_from_wide(t, q);
        return !quotient || !failed(*quotient);
    }
    Limbs a, b;
    limbs_view(left, &a);
    limbs_view(right, &b);
    if (limbs_order(&a, &b) < 0)
        return divide_by_larger(t, left, right, a.count && a.is_negative != b.is_negative, quotient, remainder);
    return divide_limbs(t, &a, &b, quotient, remainder);
}

Value int_floor_divide(Thread *t, Value a, Value b)
{
    Value quotient;
    if (int_sign(b) == 0)
        return raise_error(t, EXC_ZeroDivisionError, "integer division or modulo by zero");
    return int_divide(t, a, b, &quotient, NULL) ? quotient : FAILED;
}

Value int_remainder(Thread *t, Value a, Value b)
{
    Value remainder;
    if (int_sign(b) == 0)
        return raise_error(t, EXC_ZeroDivisionError, "integer modulo by zero");
    return int_divide(t, a, b, NULL, &remainder) ? remainder : FAILED;
}

Value int_divmod(Thread *t, Value a, Value b)
{
    Value quotient, remainder;
    if (int_sign(b) == 0)
        return raise_error(t, EXC_ZeroDivisionError, "integer division or modulo by zero");
    if (!int_divide(t, a, b, &quotient, &remainder))
        return FAILED;
    Value pair = tuple_pack2(t, quotient, remainder);
    release2(quotient, remainder);
    return pair;
}

/* ---- true division ---- */

/* quotient * 2**exponent, where something smaller than 1 was cut off if [is_inexact]: rounded once, ties to even. */
static double round_scaled(uint64_t quotient, bool is_inexact, int64_t exponent)
{
    int bits = 64 - __builtin_clzll(quotient);
    int64_t extra = bits - 53;              /* how many bits a double has no room for ... */
    if (extra < -1074 - exponent)           /* ... and it has less room where it loses precision near zero */
        extra = -1074 - exponent;
    if (extra > 62)
        return 0.0;
    if (extra > 0) {
        uint64_t rest = quotient & (((uint64_t)1 << extra) - 1), half = (uint64_t)1 << (extra - 1);
        quotient >>= extra;
        exponent += extra;
        if (rest > half || (rest == half && (is_inexact || (quotient & 1))))
            quotient++;
    }
    return ldexp((double)quotient, (int)exponent);
}

Value int_true_divide(Thread *t, Value left, Value right)
{
    enum { QUOTIENT_BITS = 56 };            /* 53, one to round by, and room for a length off by one */
    const int64_t exact_below = (int64_t)1 << 53;
    int64_t x, y;
    if (int_sign(right) == 0)
        return raise_error(t, EXC_ZeroDivisionError, "division by zero");
    if (LIKELY(small_number(left, &x) && small_number(right, &y)) && x > -exact_below && x < exact_below && y > -exact_below &&
        y < exact_below)
        return float_value(t, (double)x / (double)y);
    if (int_sign(left) == 0)
        return float_value(t, int_sign(right) < 0 ? -0.0 : 0.0);
    bool is_negative = int_sign(left) != int_sign(right);
    int64_t exponent = (int64_t)int_bit_length(left) - (int64_t)int_bit_length(right) - QUOTIENT_BITS;
    if (exponent + QUOTIENT_BITS > 1025)
        return raise_error(t, EXC_OverflowError, "integer division result too large for a float");
    if (exponent + QUOTIENT_BITS < -1076)
        return float_value(t, is_negative ? -0.0 : 0.0);
    /* Scale one side so that the quotient has about QUOTIENT_BITS bits. */
    Value amount = small_int_value(exponent < 0 ? -exponent : exponent);
    Value scaled = int_lshift(t, exponent < 0 ? left : right, amount);
    if (failed(scaled))
        return FAILED;
    Limbs a, b;
    limbs_view(exponent < 0 ? scaled : left, &a);
    limbs_view(exponent < 0 ? right : scaled, &b);
    a.is_negative = b.is_negative = false;
    Value quotient = UNBOUND, remainder = UNBOUND;
    bool is_done = limbs_order(&a, &b) < 0 || divide_limbs(t, &a, &b, &quotient, &remainder);
    release(scaled);
    if (!is_done)
        return FAILED;
    uint64_t q = (uint64_t)small_int(quotient);
    double d = round_scaled(q, !is_same(remainder, small_int_value(0)), exponent);
    release(remainder);
    if (isinf(d))
        return raise_error(t, EXC_OverflowError, "integer division result too large for a float");
    return float_value(t, is_negative ? -d : d);
}

/* ---- shifts ---- */

/* The amount of a shift; *is_huge: more than any number has bits. */
static bool shift_amount(Thread *t, Value v, uint64_t *amount, bool *is_huge)
{
    if (int_sign(v) < 0)
        return raise_false(t, EXC_ValueError, "negative shift count");
    *is_huge = !int_fits_uint64(v, amount) || *amount > INT64_MAX;
    return true;
}

Value int_lshift(Thread *t, Value left, Value right)
{
    uint64_t amount;
    bool is_huge;
    if (!shift_amount(t, right, &amount, &is_huge))
        return FAILED;
    if (int_sign(left) == 0)
        return small_int_value(0);
    if (is_huge)
        return raise_error(t, EXC_OverflowError, "too many digits in integer");
    Wide wide;
    if (amount < 64 && wide_number(left, &wide)) {
        Wide lost = wide >> (126 - amount);
        if (lost == 0 || lost == -1)
            return int_from_wide(t, (Wide)((unsigned __int128)wide << amount));
    }
    Limbs a;
    limbs_view(left, &a);
    size_t whole = amount / 64, count = a.count + whole + 1;
    BigInt *shifted = bigint_new(t, count);
    if (!shifted)
        return FAILED;
    mp_limb_t *to = mpn(shifted->limbs) + whole;
    mpn_zero(mpn(shifted->limbs), (mp_size_t)whole);
    if (amount % 64 != 0) {
        to[a.count] = mpn_lshift(to, mpn_const(a.data), (mp_size_t)a.count, amount % 64);
    } else {
        mpn_copyi(to, mpn_const(a.data), (mp_size_t)a.count);
        to[a.count] = 0;
    }
    return bigint_finish(t, shifted, count, a.is_negative);
}

Value int_rshift(Thread *t, Value left, Value right)
{
    uint64_t amount;
    bool is_huge;
    int64_t n;
    if (!shift_amount(t, right, &amount, &is_huge))
        return FAILED;
    if (small_number(left, &n))
        return small_int_value(n >> (is_huge || amount > 62 ? 62 : amount));  /* floors, as I1 wants it */
    Wide wide;
    if (wide_number(left, &wide))
        return int_from_wide(t, wide >> (is_huge || amount > 127 ? 127 : amount));
    Limbs a;
    limbs_view(left, &a);
    size_t whole = amount / 64;
    if (is_huge || whole >= a.count)
        return small_int_value(a.is_negative && a.count ? -1 : 0);
    size_t count = a.count - whole;
    BigInt *shifted = bigint_new(t, count + 1);
    if (!shifted)
        return FAILED;
    mp_limb_t lost = 0;
    if (amount % 64 != 0)
        lost = mpn_rshift(mpn(shifted->limbs), mpn_const(a.data) + whole, (mp_size_t)count, amount % 64);
    else
        mpn_copyi(mpn(shifted->limbs), mpn_const(a.data) + whole, (mp_size_t)count);
    shifted->limbs[count] = 0;
    if (a.is_negative && (lost || (whole && !mpn_zero_p(mpn_const(a.data), (mp_size_t)whole))))
        mpn_add_1(mpn(shifted->limbs), mpn(shifted->limbs), (mp_size_t)(count + 1), 1);
    return bigint_finish(t, shifted, count + 1, a.is_negative);
}

/* ---- bitwise ---- */

typedef enum BitOperator { BIT_AND, BIT_OR, BIT_XOR } BitOperator;

/* Limb [i] of the endless two's complement. [carry] begins as true for a negative number. */
static uint64_t complement_limb(const Limbs *a, size_t i, bool *carry)
{
    uint64_t limb = i < a->count ? a->data[i] : 0;
    if (!a->is_negative)
        return limb;
    limb = ~limb + *carry;
    *carry = *carry && limb == 0;
    return limb;
}

static Value bitwise(Thread *t, Value left, Value right, BitOperator operator)
{
    Limbs a, b;
    limbs_view(left, &a);
    limbs_view(right, &b);
    size_t count = (a.count > b.count ? a.count : b.count) + 1;
    BigInt *result = bigint_new(t, count);
    if (!result)
        return FAILED;
    bool a_carry = true, b_carry = true;
    for (size_t i = 0; i < count; i++) {
        uint64_t x = complement_limb(&a, i, &a_carry), y = complement_limb(&b, i, &b_carry);
        result->limbs[i] = operator == BIT_AND ? x & y : operator == BIT_OR ? x | y : x ^ y;
    }
    bool is_negative = result->limbs[count - 1] >> 63;
    if (is_negative)
        mpn_neg(mpn(result->limbs), mpn(result->limbs), (mp_size_t)count);
    return bigint_finish(t, result, count, is_negative);
}

Value int_and(Thread *t, Value left, Value right)
{
    int64_t a, b;
    if (LIKELY(small_number(left, &a) && small_number(right, &b)))
        return small_int_value(a & b);
    Wide x, y;
    if (wide_number(left, &x) && wide_number(right, &y))
        return int_from_wide(t, x & y);
    return bitwise(t, left, right, BIT_AND);
}

Value int_or(Thread *t, Value left, Value right)
{
    int64_t a, b;
    if (LIKELY(small_number(left, &a) && small_number(right, &b)))
        return small_int_value(a | b);
    Wide x, y;
    if (wide_number(left, &x) && wide_number(right, &y))
        return int_from_wide(t, x | y);
    return bitwise(t, left, right, BIT_OR);
}

Value int_xor(Thread *t, Value left, Value right)
{
    int64_t a, b;
    if (LIKELY(small_number(left, &a) && small_number(right, &b)))
        return small_int_value(a ^ b);
    Wide x, y;
    if (wide_number(left, &x) && wide_number(right, &y))
        return int_from_wide(t, x ^ y);
    return bitwise(t, left, right, BIT_XOR);
}
