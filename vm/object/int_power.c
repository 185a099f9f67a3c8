/* int_power.c - a ** b, and pow(a, b, m).
 *
 * What        Powers of ints: plain, and modulo a number.
 * How         Plain: from the top bit of the exponent down, square, and multiply where a bit is set. Powers of two shift. What stays
 *             within 63 bits is computed in words, without making a value on the way.
 *             Modulo: all intermediate results stay below the modulus. One of a single limb is done in 128-bit
 *             arithmetic; a longer one works on two rows of limbs in a scratch block, four bits of the exponent at a time.
 *             pow(a, -n, m) starts from the inverse of a modulo m, by the extended Euclidean algorithm.
 * Invariants  I1 signals are looked for before each squaring: a large power can be interrupted.
 * GIL         held.
 * Read next   int_arith.c */
#include "vm/object/bigint.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/heap.h"

/* Beyond this a result has no chance to fit into memory; better to say so before an hour of squaring. */
#define POWER_BITS_MAX ((uint64_t)1 << 46)

/* ---- plain powers ---- */

static Value multiply_replace(Thread *t, TAKES Value a, Value b)
{
    Value product = int_multiply(t, a, b);
    release(a);
    return product;
}

/* base ** exponent if it and all on the way fit in 64 bits. */
static bool power_in_words(int64_t base, uint64_t exponent, int64_t *power)
{
    int64_t result = 1;
    for (;;) {
        if ((exponent & 1) && __builtin_mul_overflow(result, base, &result))
            return false;
        exponent >>= 1;
        if (exponent == 0)
            break;
        if (__builtin_mul_overflow(base, base, &base))
            return false;
    }
    *power = result;
    return true;
}

static Value power_by_squaring(Thread *t, Value base, uint64_t exponent)
{
    Value result = retain(base);
    for (int bit = 62 - __builtin_clzll(exponent); bit >= 0; bit--) {
        if (!int_may_go_on(t)) {  /* I1 */
            release(result);
            return FAILED;
        }
        result = multiply_replace(t, result, result);
        if (!failed(result) && (exponent >> bit & 1))
            result = multiply_replace(t, result, base);
        if (failed(result))
            return FAILED;
    }
    return result;
}

static Value plain_power(Thread *t, Value base, Value exponent)
{
    uint64_t n = 0;
    int64_t small;
    if (are_small_ints(base, exponent) && small_int(exponent) >= 0 && power_in_words(small_int(base), (uint64_t)small_int(exponent), &small))
        return int_from_int64(t, small);
    bool fits = int_fits_uint64(exponent, &n);
    if (int_sign(exponent) == 0)
        return small_int_value(1);
    if (small_number(base, &small)) {
        bool is_odd = is_small_int(exponent) ? small_int(exponent) & 1 : fits ? n & 1 : ((const BigInt *)as_object(exponent))->limbs[0] & 1;
        if (small == 0 || small == 1)
            return small_int_value(small);
        if (small == -1)
            return small_int_value(is_odd ? -1 : 1);
        uint64_t magnitude = small < 0 ? (uint64_t)-small : (uint64_t)small;
        if (fits && (magnitude & (magnitude - 1)) == 0 && n < POWER_BITS_MAX) {
            Value amount = small_int_value((int64_t)n * __builtin_ctzll(magnitude));
            return int_lshift(t, small_int_value(small < 0 && is_odd ? -1 : 1), amount);
        }
    }
    size_t bits = int_bit_length(base) - 1;
    if (!fits || n > POWER_BITS_MAX || bits > POWER_BITS_MAX / n)
        return raise_memory_error(t);
    Value exact = int_exact(t, base);
    if (failed(exact))
        return FAILED;
    Value power = power_by_squaring(t, exact, n);
    release(exact);
    return power;
}

/* ---- modulo a number of one limb ---- */

static inline uint64_t multiply_words(uint64_t a, uint64_t b, uint64_t modulus)
{
    return (uint64_t)((unsigned __int128)a * b % modulus);
}

static uint64_t power_modulo_small(uint64_t base, const Limbs *exponent, uint64_t modulus)
{
    base %= modulus;
    uint64_t result = base;
    size_t i = exponent->count - 1;
    int bit = 62 - __builtin_clzll(exponent->data[i]);
    for (;; bit = 63, i--) {
        for (; bit >= 0; bit--) {
            result = multiply_words(result, result, modulus);
            if (exponent->data[i] >> bit & 1)
                result = multiply_words(result, base, modulus);
        }
        if (i == 0)
            return result;
    }
}

/* ---- modulo a long number ---- */

enum { WINDOW_BITS = 4, WINDOW_SIZE = 1 << WINDOW_BITS };

/* The rows of limbs one modular power needs, in one block. */
typedef struct ModularPower {
    const Limbs *modulus;
    size_t n;                          /* limbs of the modulus, and of every residue */
    mp_limb_t *product, *quotient;     /* 2n, n + 1 */
    mp_limb_t *result;                 /* n */
    mp_limb_t *powers[WINDOW_SIZE];    /* n each: base ** 0 .. base ** 15 */
} ModularPower;

/* to = a * b modulo m. to may be a or b. */
static void multiply_modulo(ModularPower *p, mp_limb_t *to, const mp_limb_t *a, const mp_limb_t *b)
{
    if (a == b)
        mpn_sqr(p->product, a, (mp_size_t)p->n);
    else
        mpn_mul_n(p->product, a, b, (mp_size_t)p->n);
    mpn_tdiv_qr(p->quotient, to, 0, p->product, (mp_size_t)(2 * p->n), mpn_const(p->modulus->data), (mp_size_t)p->n);
}

static bool run_windows(Thread *t, ModularPower *p, const Limbs *exponent)
{
    bool is_first = true;
    for (size_t i = exponent->count; i-- > 0;) {
        for (int shift = 64 - WINDOW_BITS; shift >= 0; shift -= WINDOW_BITS) {
            unsigned digit = exponent->data[i] >> shift & (WINDOW_SIZE - 1);
            if (is_first) {
                mpn_copyi(p->result, p->powers[digit], (mp_size_t)p->n);
                is_first = digit == 0;
                continue;
            }
            if (!int_may_go_on(t))  /* I1 */
                return false;
            for (int step = 0; step < WINDOW_BITS; step++)
                multiply_modulo(p, p->result, p->result, p->result);
            if (digit)
                multiply_modulo(p, p->result, p->result, p->powers[digit]);
        }
    }
    return true;
}

/* base ** exponent modulo m, for 0 <= base < m and m of two limbs or more. */
static Value power_modulo_long(Thread *t, const Limbs *base, const Limbs *exponent, const Limbs *modulus)
{
    size_t n = modulus->count;
    size_t size = (2 * n + n + 1 + n + WINDOW_SIZE * n) * sizeof(mp_limb_t);
    ModularPower p = {.modulus = modulus, .n = n};
    mp_limb_t *block = block_alloc(t, size);
    if (!block)
        return FAILED;
    if (!scratch_reserve(t, 4 * n)) {
        block_free(t, block, size);
        return FAILED;
    }
    memset(block, 0, size);
    p.product = block;
    p.quotient = p.product + 2 * n;
    p.result = p.quotient + n + 1;
    for (size_t i = 0; i < WINDOW_SIZE; i++)
        p.powers[i] = p.result + n + i * n;
    p.powers[0][0] = 1;
    mpn_copyi(p.powers[1], mpn_const(base->data), (mp_size_t)base->count);
    for (size_t i = 2; i < WINDOW_SIZE; i++)
        multiply_modulo(&p, p.powers[i], p.powers[i - 1], p.powers[1]);
    bool is_done = run_windows(t, &p, exponent);
    scratch_release(t);
    Value power = is_done ? int_from_limbs(t, (const uint64_t *)p.result, n, false) : FAILED;
    block_free(t, block, size);
    return power;
}

/* ---- the inverse ---- */

/* The x with a * x == 1 modulo m, for 0 <= a < m. */
static Value inverse(Thread *t, Value a, Value modulus)
{
    Limbs m, u;
    Value sum = int_add(t, a, modulus);  /* mpn_gcdext wants the first operand to be the larger one */
    if (failed(sum))
        return FAILED;
    limbs_view(modulus, &m);
    limbs_view(sum, &u);
    size_t n = u.count + 2, size = 4 * n * sizeof(mp_limb_t);
    mp_limb_t *block = block_alloc(t, size);
    if (!block || !scratch_reserve(t, 4 * n)) {
        if (block)
            block_free(t, block, size);
        release(sum);
        return FAILED;
    }
    mp_limb_t *divisor = block, *factor = block + n, *first = block + 2 * n, *second = block + 3 * n;
    memset(block, 0, size);
    mpn_copyi(first, mpn_const(u.data), (mp_size_t)u.count);
    mpn_copyi(second, mpn_const(m.data), (mp_size_t)m.count);
    mp_size_t factor_count = 0;
    mp_size_t divisor_count = mpn_gcdext(divisor, factor, &factor_count, first, (mp_size_t)u.count, second, (mp_size_t)m.count);
    scratch_release(t);
    release(sum);
    Value x = FAILED;
    if (divisor_count == 1 && divisor[0] == 1) {
        bool is_negative = factor_count < 0;
        Value raw = int_from_limbs(t, (const uint64_t *)factor, (size_t)(is_negative ? -factor_count : factor_count), is_negative);
        x = failed(raw) ? FAILED : int_remainder(t, raw, modulus);
        release(raw);
    } else {
        raise_value_error(t, "base is not invertible for the given modulus");
    }
    block_free(t, block, size);
    return x;
}

/* ---- pow with three arguments ---- */

/* For a modulus > 1, base already reduced. */
static Value power_modulo(Thread *t, Value base, Value exponent, Value modulus)
{
    Limbs b, e, m;
    Value start = int_sign(exponent) < 0 ? inverse(t, base, modulus) : retain(base);
    if (failed(start))
        return FAILED;
    limbs_view(start, &b);
    limbs_view(exponent, &e);
    limbs_view(modulus, &m);
    Value power;
    if (e.count == 0)
        power = small_int_value(1);
    else if (m.count == 1)
        power = int_from_uint64(t, power_modulo_small(b.count ? b.data[0] : 0, &e, m.data[0]));
    else
        power = power_modulo_long(t, &b, &e, &m);
    release(start);
    return power;
}

static Value modular_power(Thread *t, Value base, Value exponent, Value modulus)
{
    if (int_sign(modulus) == 0)
        return raise_value_error(t, "pow() 3rd argument cannot be 0");
    bool is_negative = int_sign(modulus) < 0;
    Value magnitude = is_negative ? int_negative(t, modulus) : int_exact(t, modulus);
    if (failed(magnitude))
        return FAILED;
    if (is_same(magnitude, small_int_value(1)))
        return small_int_value(0);
    Value reduced = int_remainder(t, base, magnitude);
    Value power = failed(reduced) ? FAILED : power_modulo(t, reduced, exponent, magnitude);
    release2(reduced, magnitude);
    if (failed(power) || !is_negative || int_sign(power) == 0)
        return power;
    Value shifted = int_add(t, power, modulus);  /* the result has the sign of the modulus */
    release(power);
    return shifted;
}

Value int_power(Thread *t, Value base, Value exponent, Value modulus)
{
    if (is_bound(modulus) && !is_none(modulus))
        return modular_power(t, base, exponent, modulus);
    if (int_sign(exponent) >= 0)
        return plain_power(t, base, exponent);
    double x, y;
    if (!int_to_double(t, base, &x) || !int_to_double(t, exponent, &y))
        return FAILED;
    return float_power(t, x, y);
}
