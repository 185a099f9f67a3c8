/* math_integer.c - functions of whole numbers, of any size.
 *
 * What        gcd, lcm, factorial, comb, perm, isqrt.
 * How         In words while they fit, else by toy_operate on ints. Large products are made by halves (product_tree), so that
 *             factors of like size meet: that is where multiplication is fast.
 * GIL         held throughout; __index__ of an argument is the only script code.
 * Read next   mod_math.c */
#include <math.h>

#include "stdlib/math_parts.h"

bool math_int_frexp(ToyThread *t, ToyValue v, double *fraction, int64_t *exponent)
{
    /* The top 64 bits, the lowest of which also says whether anything below was not zero: rounding to 53 bits is then right. */
    int64_t bits = (int64_t)toy_int_bit_length(v), shift = bits > 64 ? bits - 64 : 0;
    ToyValue by = toy_small_int_value(shift), top = toy_operate(t, TOY_RSHIFT, v, by);
    if (toy_failed(top)) return false;
    uint64_t word;
    bool fits = toy_int_fits_uint64(top, &word), is_exact = false;
    ToyValue back = fits ? toy_operate(t, TOY_LSHIFT, top, by) : TOY_FAILED;
    bool done = !toy_failed(back) && toy_equal(t, back, v, &is_exact);
    toy_release(back);
    toy_release(top);
    if (!done) return false;
    int of_word;
    *fraction = frexp((double)(is_exact ? word : word | 1), &of_word);
    *exponent = shift + of_word;
    return true;
}

/* ---- products ---- */

/* first * (first + step) * ... over [count] numbers, all of which fit in 63 bits and are positive. */
static ToyValue product_tree(ToyThread *t, int64_t first, int64_t count, int64_t step)
{
    if (count <= 16) {
        uint64_t word = 1;
        ToyValue product = TOY_UNBOUND;
        for (int64_t i = 0; i < count; i++) {
            uint64_t next, factor = (uint64_t)(first + i * step);
            if (!__builtin_mul_overflow(word, factor, &next)) {
                word = next;
                continue;
            }
            ToyValue part = toy_int_from_uint64(t, word);
            if (toy_is_unbound(product)) product = part;
            else {
                ToyValue both = toy_failed(part) ? TOY_FAILED : toy_operate(t, TOY_MULTIPLY, product, part);
                toy_release(part);
                toy_replace(&product, both);
            }
            if (toy_failed(product)) return TOY_FAILED;
            word = factor;
        }
        ToyValue part = toy_int_from_uint64(t, word);
        if (toy_is_unbound(product) || toy_failed(part)) {
            toy_release(product);
            return part;
        }
        ToyValue both = toy_operate(t, TOY_MULTIPLY, product, part);
        toy_release(product);
        toy_release(part);
        return both;
    }
    if (!toy_check_signals(t)) return TOY_FAILED;
    int64_t half = count / 2;
    ToyValue left = product_tree(t, first, half, step);
    ToyValue right = toy_failed(left) ? TOY_FAILED : product_tree(t, first + half * step, count - half, step);
    ToyValue product = toy_failed(right) ? TOY_FAILED : toy_operate(t, TOY_MULTIPLY, left, right);
    toy_release(left);
    toy_release(right);
    return product;
}

/* n! without its factors of two: the product, over all i, of the odd numbers up to n / 2**i. The ranges are nested: each one's
 * product is that of the next smaller one times what lies between. */
static ToyValue factorial_odd_part(ToyThread *t, int64_t n)
{
    ToyValue inner = toy_small_int_value(1), outer = toy_small_int_value(1);
    int64_t upper = 3;
    for (int i = 62; i >= 0; i--) {
        int64_t limit = n >> i;
        if (limit <= 2) continue;
        int64_t lower = upper;
        upper = (limit + 1) | 1;
        if (upper > lower) {
            ToyValue between = product_tree(t, lower, (upper - lower) / 2, 2);
            ToyValue grown = toy_failed(between) ? TOY_FAILED : toy_operate(t, TOY_MULTIPLY, inner, between);
            toy_release(between);
            toy_replace(&inner, grown);
        }
        ToyValue grown = toy_failed(inner) ? TOY_FAILED : toy_operate(t, TOY_MULTIPLY, outer, inner);
        toy_replace(&outer, grown);
        if (toy_failed(outer)) break;
    }
    toy_release(inner);
    return outer;
}

static ToyValue factorial(ToyThread *t, int64_t n)
{
    ToyValue odd = factorial_odd_part(t, n);
    if (toy_failed(odd)) return TOY_FAILED;
    /* How often two divides n! is n less the number of ones in n (Legendre). */
    ToyValue result = toy_operate(t, TOY_LSHIFT, odd, toy_small_int_value(n - __builtin_popcountll((unsigned long long)n)));
    toy_release(odd);
    return result;
}

ToyValue math_factorial(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue n = toy_index(t, args[0]);
    if (toy_failed(n)) return TOY_FAILED;
    int64_t number = 0;
    bool is_negative = toy_int_sign(n) < 0, fits = toy_int_fits_int64(n, &number);
    toy_release(n);
    if (is_negative) return toy_raise_value_error(t, "factorial() not defined for negative values");
    if (!fits) return toy_raise(t, TOY_OverflowError, "factorial() argument should not exceed %lld", (long long)INT64_MAX);
    return factorial(t, number);
}

/* n * (n - 1) * ... over k factors; n of any size. */
static ToyValue falling_product(ToyThread *t, ToyValue n, int64_t k)
{
    int64_t word;
    if (k == 0) return toy_small_int_value(1);
    if (toy_int_fits_int64(n, &word) && word >= k) return product_tree(t, word - k + 1, k, 1);
    if (k == 1) return toy_retain(n);
    int64_t half = k / 2;
    ToyValue rest = toy_operate(t, TOY_SUBTRACT, n, toy_small_int_value(half));
    ToyValue left = toy_failed(rest) ? TOY_FAILED : falling_product(t, n, half);
    ToyValue right = toy_failed(left) ? TOY_FAILED : falling_product(t, rest, k - half);
    ToyValue product = toy_failed(right) ? TOY_FAILED : toy_operate(t, TOY_MULTIPLY, left, right);
    toy_release(rest);
    toy_release(left);
    toy_release(right);
    return product;
}

/* Both arguments as non-negative ints. */
static bool read_two(ToyThread *t, const ToyValue *args, ToyValue *n, ToyValue *k)
{
    *k = TOY_UNBOUND;
    *n = toy_index(t, args[0]);
    if (!toy_failed(*n)) *k = toy_index(t, args[1]);
    if (toy_is_bound(*k)) {
        if (toy_int_sign(*n) < 0) toy_raise_value_error(t, "n must be a non-negative integer");
        else if (toy_int_sign(*k) < 0) toy_raise_value_error(t, "k must be a non-negative integer");
        else return true;
    }
    toy_release(*n);
    toy_release(*k);
    return false;
}

ToyValue math_perm(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_given(args[1])) return math_factorial(t, self, args);
    ToyValue n, k, result = TOY_FAILED;
    int64_t factors;
    bool is_more;
    if (!read_two(t, args, &n, &k)) return TOY_FAILED;
    if (!toy_compare(t, k, n, COMPARE_GT, &is_more)) result = TOY_FAILED;
    else if (is_more) result = toy_small_int_value(0);
    else if (!toy_int_fits_int64(k, &factors)) toy_raise(t, TOY_OverflowError, "k must not exceed %lld", (long long)INT64_MAX);
    else result = falling_product(t, n, factors);
    toy_release(n);
    toy_release(k);
    return result;
}

/* n over k for a k that is at most half of n. */
static ToyValue binomial(ToyThread *t, ToyValue n, int64_t k)
{
    int64_t word;
    if (toy_int_fits_int64(n, &word) && word < (INT64_C(1) << 31)) {
        /* Each partial result is itself a binomial: multiply, divide exactly, as long as it fits. */
        uint64_t result = 1, next;
        int64_t i = 0;
        while (i < k && !__builtin_mul_overflow(result, (uint64_t)(word - i), &next)) result = next / (uint64_t)++i;
        if (i == k) return toy_int_from_uint64(t, result);
    }
    ToyValue above = falling_product(t, n, k);
    ToyValue below = toy_failed(above) ? TOY_FAILED : factorial(t, k);
    ToyValue result = toy_failed(below) ? TOY_FAILED : toy_operate(t, TOY_FLOOR_DIVIDE, above, below);
    toy_release(above);
    toy_release(below);
    return result;
}

ToyValue math_comb(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue n, k, result = TOY_FAILED;
    if (!read_two(t, args, &n, &k)) return TOY_FAILED;
    ToyValue other = toy_operate(t, TOY_SUBTRACT, n, k);
    bool is_less = false;
    int64_t factors;
    if (toy_failed(other)) result = TOY_FAILED;
    else if (toy_int_sign(other) < 0) result = toy_small_int_value(0);
    else if (!toy_compare(t, other, k, COMPARE_LT, &is_less)) result = TOY_FAILED;
    else if (!toy_int_fits_int64(is_less ? other : k, &factors))
        toy_raise(t, TOY_OverflowError, "min(n - k, k) must not exceed %lld", (long long)INT64_MAX);
    else result = binomial(t, n, factors);
    toy_release(other);
    toy_release(n);
    toy_release(k);
    return result;
}

/* ---- divisors ---- */

/* Stein's way: both odd, their difference is even; shifts instead of divisions, each some twenty times as fast. */
static uint64_t word_gcd(uint64_t a, uint64_t b)
{
    if (!a || !b) return a | b;
    int shared_twos = __builtin_ctzll(a | b);
    a >>= __builtin_ctzll(a);
    do {
        b >>= __builtin_ctzll(b);
        uint64_t smaller = a < b ? a : b;
        b = a < b ? b - a : a - b;
        a = smaller;
    } while (b);
    return a << shared_twos;
}

static uint64_t small_magnitude(ToyValue v)
{
    int64_t n = toy_small_int(v);
    return n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
}

/* Takes both; the result is not negative. */
static ToyValue gcd_take(ToyThread *t, TOY_TAKES ToyValue a, TOY_TAKES ToyValue b)
{
    if (toy_is_small_int(a) && toy_is_small_int(b)) return toy_int_from_uint64(t, word_gcd(small_magnitude(a), small_magnitude(b)));
    ToyValue bigger = toy_absolute(t, a), smaller = toy_failed(bigger) ? TOY_FAILED : toy_absolute(t, b);
    toy_release(a);
    toy_release(b);
    uint64_t x, y;
    while (!toy_failed(smaller) && !(toy_int_fits_uint64(bigger, &x) && toy_int_fits_uint64(smaller, &y))) {
        if (toy_int_sign(smaller) == 0) {
            toy_release(smaller);
            return bigger;
        }
        ToyValue rest = toy_operate(t, TOY_REMAINDER, bigger, smaller);
        toy_release(bigger);
        bigger = smaller;
        smaller = rest;
    }
    bool done = !toy_failed(smaller);
    toy_release(bigger);
    toy_release(smaller);
    return done ? toy_int_from_uint64(t, word_gcd(x, y)) : TOY_FAILED;
}

ToyValue math_gcd(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!toy_arguments_no_keywords(t, "math.gcd", names)) return TOY_FAILED;
    size_t i = 0;
    uint64_t shared = 0;
    for (; i < count && toy_is_small_int(args[i]); i++) shared = word_gcd(shared, small_magnitude(args[i]));
    ToyValue result = toy_int_from_uint64(t, shared);
    for (; i < count && !toy_failed(result); i++) {
        ToyValue n = toy_is_small_int(args[i]) ? args[i] : toy_index(t, args[i]);
        if (toy_failed(n)) {
            toy_release(result);
            return TOY_FAILED;
        }
        result = gcd_take(t, result, n);
    }
    return result;
}

ToyValue math_lcm(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!toy_arguments_no_keywords(t, "math.lcm", names)) return TOY_FAILED;
    ToyValue result = toy_small_int_value(1);
    for (size_t i = 0; i < count && !toy_failed(result); i++) {
        ToyValue n = toy_index(t, args[i]), next = TOY_FAILED;
        if (!toy_failed(n) && (toy_int_sign(n) == 0 || toy_int_sign(result) == 0)) {
            next = toy_small_int_value(0);
        } else if (!toy_failed(n)) {
            ToyValue divisor = gcd_take(t, toy_retain(result), toy_retain(n));
            ToyValue part = toy_failed(divisor) ? TOY_FAILED : toy_operate(t, TOY_FLOOR_DIVIDE, result, divisor);
            ToyValue product = toy_failed(part) ? TOY_FAILED : toy_operate(t, TOY_MULTIPLY, part, n);
            next = toy_failed(product) ? TOY_FAILED : toy_absolute(t, product);
            toy_release(divisor);
            toy_release(part);
            toy_release(product);
        }
        toy_release(n);
        toy_release(result);
        result = next;
    }
    return result;
}

/* ---- the whole root ---- */

static uint64_t word_isqrt(uint64_t n)
{
    uint64_t root = (uint64_t)sqrt((double)n);   /* off by one at most, either way */
    if (root > UINT32_MAX) root = UINT32_MAX;
    while (root * root > n) root--;
    while (root < UINT32_MAX && (root + 1) * (root + 1) <= n) root++;
    return root;
}

/* [v] shifted right by [by]; consumes nothing. */
static ToyValue shifted(ToyThread *t, ToyValue v, int64_t by)
{
    return toy_operate(t, by < 0 ? TOY_LSHIFT : TOY_RSHIFT, v, toy_small_int_value(by < 0 ? -by : by));
}

/* Newton's step with a precision that doubles: after each round [root] is the root of the leading bits of n, or one more. */
static ToyValue big_isqrt(ToyThread *t, ToyValue n)
{
    int64_t half = ((int64_t)toy_int_bit_length(n) - 1) / 2, digits = 0;
    ToyValue root = toy_small_int_value(1);
    for (int i = 64 - __builtin_clzll((unsigned long long)half); i-- > 0 && !toy_failed(root);) {
        int64_t before = digits;
        digits = half >> i;
        ToyValue leading = shifted(t, n, 2 * half - before - digits + 1);
        ToyValue quotient = toy_failed(leading) ? TOY_FAILED : toy_operate(t, TOY_FLOOR_DIVIDE, leading, root);
        ToyValue grown = toy_failed(quotient) ? TOY_FAILED : shifted(t, root, -(digits - before - 1));
        toy_replace(&root, toy_failed(grown) ? TOY_FAILED : toy_operate(t, TOY_ADD, grown, quotient));
        toy_release(leading);
        toy_release(quotient);
        toy_release(grown);
    }
    if (toy_failed(root)) return TOY_FAILED;
    ToyValue square = toy_operate(t, TOY_MULTIPLY, root, root);
    bool is_more = false;
    if (toy_failed(square) || !toy_compare(t, square, n, COMPARE_GT, &is_more)) toy_clear(&root);
    else if (is_more) toy_replace(&root, toy_operate(t, TOY_SUBTRACT, root, toy_small_int_value(1)));
    toy_release(square);
    return root;
}

ToyValue math_isqrt(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue n = toy_index(t, args[0]), root = TOY_FAILED;
    if (toy_failed(n)) return TOY_FAILED;
    uint64_t word;
    if (toy_int_sign(n) < 0) toy_raise_value_error(t, "isqrt() argument must be nonnegative");
    else if (toy_int_fits_uint64(n, &word)) root = toy_int_from_uint64(t, word_isqrt(word));
    else root = big_isqrt(t, n);
    toy_release(n);
    return root;
}
