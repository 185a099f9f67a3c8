/* mod_random.c - _random: the Mersenne Twister, CPython's numbers for CPython's seeds.
 *
 * What        Random: random, getrandbits, seed, getstate, setstate, and _randbelow and shuffle, on which the rest of module random
 *             stands; sha512, with which a text becomes a seed.
 * How         MT19937 by Matsumoto and Nishimura: 624 words, of which each next set of 624 is a linear mix of the last; what is handed
 *             out is tempered. A float takes two words: 27 and 26 bits of them. An int seed is a row of words, each of which stirs
 *             the whole state.
 * Invariants  I1 'index' is where the next word lies; at 624 a new set is made first.
 * GIL         held throughout: so two threads never get the same number of one generator.
 * Read next   stdlib/lib/random.toy */
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "vm/toy.h"

enum { WORDS = 624, MIDDLE = 397 };

typedef struct Random {
    ToyObject head;
    uint32_t index;          /* I1 */
    uint32_t words[WORDS];
} Random;
static Random *as_random(ToyValue v) { return (Random *)toy_object(v); }

/* ==== the generator ========================================================================================================= */

static uint32_t mix(uint32_t high, uint32_t low)
{
    uint32_t y = (high & 0x80000000u) | (low & 0x7fffffffu);
    return (y >> 1) ^ (low & 1 ? 0x9908b0dfu : 0);
}

static void refill(Random *random)
{
    uint32_t *w = random->words;
    for (int i = 0; i < WORDS - MIDDLE; i++) w[i] = w[i + MIDDLE] ^ mix(w[i], w[i + 1]);
    for (int i = WORDS - MIDDLE; i < WORDS - 1; i++) w[i] = w[i + MIDDLE - WORDS] ^ mix(w[i], w[i + 1]);
    w[WORDS - 1] = w[MIDDLE - 1] ^ mix(w[WORDS - 1], w[0]);
    random->index = 0;
}

static uint32_t next_word(Random *random)
{
    if (random->index >= WORDS) refill(random);
    uint32_t y = random->words[random->index++];
    y ^= y >> 11;
    y ^= (y << 7) & 0x9d2c5680u;
    y ^= (y << 15) & 0xefc60000u;
    return y ^ (y >> 18);
}

static void seed_with_word(Random *random, uint32_t word)
{
    uint32_t *w = random->words;
    w[0] = word;
    for (uint32_t i = 1; i < WORDS; i++) w[i] = 1812433253u * (w[i - 1] ^ (w[i - 1] >> 30)) + i;
    random->index = WORDS;
}

static void seed_with_words(Random *random, const uint32_t *key, size_t length)
{
    uint32_t *w = random->words;
    seed_with_word(random, 19650218u);
    size_t i = 1, j = 0;
    for (size_t k = length > WORDS ? length : WORDS; k > 0; k--) {
        w[i] = (w[i] ^ ((w[i - 1] ^ (w[i - 1] >> 30)) * 1664525u)) + key[j] + (uint32_t)j;
        if (++i >= WORDS) w[0] = w[WORDS - 1], i = 1;
        if (++j >= length) j = 0;
    }
    for (size_t k = WORDS - 1; k > 0; k--) {
        w[i] = (w[i] ^ ((w[i - 1] ^ (w[i - 1] >> 30)) * 1566083941u)) - (uint32_t)i;
        if (++i >= WORDS) w[0] = w[WORDS - 1], i = 1;
    }
    w[0] = 0x80000000u;   /* at least one bit is set */
}

/* ==== seeds ================================================================================================================= */

static bool seed_from_system(ToyThread *t, Random *random)
{
    uint32_t key[WORDS];
    if (getrandom(key, sizeof key, GRND_NONBLOCK) == (ssize_t)sizeof key) {
        seed_with_words(random, key, WORDS);
        return true;
    }
    /* Early at boot: the time and the process must do. */
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    uint32_t poor[5] = {(uint32_t)now.tv_nsec, (uint32_t)now.tv_sec, (uint32_t)getpid(), (uint32_t)toy_monotonic_ns(), (uint32_t)((uint64_t)toy_monotonic_ns() >> 32)};
    seed_with_words(random, poor, 5);
    return true;
}

/* The absolute value, word by word: a subclass of int may have an __abs__ of its own. */
static bool seed_with_int(ToyThread *t, Random *random, ToyValue n)
{
    size_t length = toy_int_bit_length(n) / 32 + 1, size = length * sizeof(uint32_t);
    uint32_t *key = toy_alloc(t, size);
    if (!key) return false;
    bool done = toy_int_to_bytes(t, n, (uint8_t *)key, size, true, true);
    if (done) {
        size_t used = length;
        for (size_t i = 0, carry = 1; i < length && toy_int_sign(n) < 0; i++) {
            uint64_t word = (uint64_t)(uint32_t)~key[i] + carry;
            key[i] = (uint32_t)word;
            carry = word >> 32;
        }
        while (used > 1 && key[used - 1] == 0) used--;
        seed_with_words(random, key, used);
    }
    toy_free(t, key, size);
    return done;
}

static bool seed(ToyThread *t, Random *random, ToyValue v)
{
    if (!toy_is_given(v)) return seed_from_system(t, random);
    if (toy_is_int(v)) return seed_with_int(t, random, v);
    int64_t hash;
    if (!toy_hash(t, v, &hash)) return false;
    ToyValue n = toy_int_from_uint64(t, (uint64_t)hash);
    bool done = !toy_failed(n) && seed_with_int(t, random, n);
    toy_release(n);
    return done;
}

static ToyValue random_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    Random *random = (Random *)toy_type_alloc(t, type);
    if (!random) return TOY_FAILED;
    if (seed(t, random, count ? args[0] : TOY_UNBOUND)) return toy_value(random);
    toy_release(toy_value(random));
    return TOY_FAILED;
}
static ToyValue random_seed(ToyThread *t, ToyValue self, const ToyValue *args) { return seed(t, as_random(self), args[0]) ? TOY_NONE : TOY_FAILED; }

/* ==== numbers =============================================================================================================== */

static ToyValue random_random(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Random *random = as_random(self);
    uint32_t high = next_word(random) >> 5, low = next_word(random) >> 6;
    return toy_float(t, (high * 67108864.0 + low) * (1.0 / 9007199254740992.0));
}

/* [bits] up to 64: words in order, the lowest first. */
static uint64_t next_bits(Random *random, unsigned bits)
{
    if (bits <= 32) return next_word(random) >> (32 - bits);
    uint64_t low = next_word(random);
    return low | (uint64_t)(next_word(random) >> (64 - bits)) << 32;
}

static ToyValue many_bits(ToyThread *t, Random *random, uint64_t bits)
{
    if (bits > (uint64_t)INT64_MAX / 2) return toy_raise(t, TOY_OverflowError, "Python int too large to convert to C int");
    size_t count = (size_t)((bits - 1) / 32 + 1);
    uint32_t *words = toy_alloc(t, count * sizeof *words);
    if (!words) return TOY_FAILED;
    for (size_t i = 0; i < count; i++, bits -= 32) words[i] = bits < 32 ? next_word(random) >> (32 - bits) : next_word(random);
    ToyValue n = toy_int_from_bytes(t, (uint8_t *)words, count * sizeof *words, true, false);
    toy_free(t, words, count * sizeof *words);
    return n;
}

static ToyValue random_bits(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t bits;
    if (!toy_arg_int64(t, args[0], &bits)) return TOY_FAILED;
    if (bits < 0) return toy_raise_value_error(t, "number of bits must be non-negative");
    if (bits == 0) return toy_small_int_value(0);
    return bits <= 64 ? toy_int_from_uint64(t, next_bits(as_random(self), (unsigned)bits)) : many_bits(t, as_random(self), (uint64_t)bits);
}

/* Below [n]: as many bits as n has, again until they are below. */
static uint64_t below(Random *random, uint64_t n)
{
    unsigned bits = 64 - (unsigned)__builtin_clzll(n);
    uint64_t r;
    do r = next_bits(random, bits);
    while (r >= n);
    return r;
}

static ToyValue random_below(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Random *random = as_random(self);
    uint64_t n;
    if (toy_is_small_int(args[0]) && toy_small_int(args[0]) > 0) return toy_small_int_value((int64_t)below(random, (uint64_t)toy_small_int(args[0])));
    if (!toy_is_int(args[0])) return toy_raise_type_error(t, "an int is wanted, not %T", args[0]);
    if (toy_int_sign(args[0]) <= 0) return toy_raise_value_error(t, "the bound must be above zero");
    if (toy_int_fits_uint64(args[0], &n)) return toy_int_from_uint64(t, below(random, n));
    for (;;) {
        bool is_below;
        ToyValue r = many_bits(t, random, toy_int_bit_length(args[0]));
        if (toy_failed(r)) return TOY_FAILED;
        if (!toy_compare(t, r, args[0], COMPARE_LT, &is_below)) {
            toy_release(r);
            return TOY_FAILED;
        }
        if (is_below) return r;
        toy_release(r);
        if (!toy_check_signals(t)) return TOY_FAILED;
    }
}

/* The last item changes places with one of all, then the one before it with one of those up to it ... */
static ToyValue random_shuffle(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_list(args[0])) return toy_raise_type_error(t, "a list is wanted, not %T", args[0]);
    for (size_t i = toy_list_length(args[0]); i-- > 1;) {
        size_t j = below(as_random(self), i + 1);
        ToyValue a = toy_retain(toy_list_item(args[0], i)), b = toy_retain(toy_list_item(args[0], j));
        toy_list_put(t, args[0], i, b);
        toy_list_put(t, args[0], j, a);
    }
    return TOY_NONE;
}

/* ==== the state ============================================================================================================= */

static ToyValue random_getstate(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue items[WORDS + 1];
    for (size_t i = 0; i < WORDS; i++) items[i] = toy_small_int_value(as_random(self)->words[i]);
    items[WORDS] = toy_small_int_value(as_random(self)->index);
    return toy_tuple_take(t, items, WORDS + 1);
}

static ToyValue random_setstate(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint32_t words[WORDS];
    if (!toy_is_tuple(args[0])) return toy_raise_type_error(t, "state vector must be a tuple");
    if (toy_tuple_length(args[0]) != WORDS + 1) return toy_raise_value_error(t, "state vector is the wrong size");
    for (size_t i = 0; i < WORDS; i++) {
        uint64_t word;
        if (!toy_arg_uint64(t, toy_tuple_item(args[0], i), &word)) return TOY_FAILED;
        words[i] = (uint32_t)word;
    }
    int64_t index;
    if (!toy_arg_int64(t, toy_tuple_item(args[0], WORDS), &index)) return TOY_FAILED;
    if (index < 0 || index > WORDS) return toy_raise_value_error(t, "invalid state");
    memcpy(as_random(self)->words, words, sizeof words);
    as_random(self)->index = (uint32_t)index;
    return TOY_NONE;
}

/* ==== SHA-512 (FIPS 180-4): all there is of hashing here ==================================================================== */

static const uint64_t round_constants[80] = {
    0x428a2f98d728ae22, 0x7137449123ef65cd, 0xb5c0fbcfec4d3b2f, 0xe9b5dba58189dbbc, 0x3956c25bf348b538, 0x59f111f1b605d019, 0x923f82a4af194f9b,
    0xab1c5ed5da6d8118, 0xd807aa98a3030242, 0x12835b0145706fbe, 0x243185be4ee4b28c, 0x550c7dc3d5ffb4e2, 0x72be5d74f27b896f, 0x80deb1fe3b1696b1,
    0x9bdc06a725c71235, 0xc19bf174cf692694, 0xe49b69c19ef14ad2, 0xefbe4786384f25e3, 0x0fc19dc68b8cd5b5, 0x240ca1cc77ac9c65, 0x2de92c6f592b0275,
    0x4a7484aa6ea6e483, 0x5cb0a9dcbd41fbd4, 0x76f988da831153b5, 0x983e5152ee66dfab, 0xa831c66d2db43210, 0xb00327c898fb213f, 0xbf597fc7beef0ee4,
    0xc6e00bf33da88fc2, 0xd5a79147930aa725, 0x06ca6351e003826f, 0x142929670a0e6e70, 0x27b70a8546d22ffc, 0x2e1b21385c26c926, 0x4d2c6dfc5ac42aed,
    0x53380d139d95b3df, 0x650a73548baf63de, 0x766a0abb3c77b2a8, 0x81c2c92e47edaee6, 0x92722c851482353b, 0xa2bfe8a14cf10364, 0xa81a664bbc423001,
    0xc24b8b70d0f89791, 0xc76c51a30654be30, 0xd192e819d6ef5218, 0xd69906245565a910, 0xf40e35855771202a, 0x106aa07032bbd1b8, 0x19a4c116b8d2d0c8,
    0x1e376c085141ab53, 0x2748774cdf8eeb99, 0x34b0bcb5e19b48a8, 0x391c0cb3c5c95a63, 0x4ed8aa4ae3418acb, 0x5b9cca4f7763e373, 0x682e6ff3d6b2b8a3,
    0x748f82ee5defb2fc, 0x78a5636f43172f60, 0x84c87814a1f0ab72, 0x8cc702081a6439ec, 0x90befffa23631e28, 0xa4506cebde82bde9, 0xbef9a3f7b2c67915,
    0xc67178f2e372532b, 0xca273eceea26619c, 0xd186b8c721c0c207, 0xeada7dd6cde0eb1e, 0xf57d4f7fee6ed178, 0x06f067aa72176fba, 0x0a637dc5a2c898a6,
    0x113f9804bef90dae, 0x1b710b35131c471b, 0x28db77f523047d84, 0x32caab7b40c72493, 0x3c9ebe0a15c9bebc, 0x431d67c49c100d4c, 0x4cc5d4becb3e42b6,
    0x597f299cfc657e2a, 0x5fcb6fab3ad6faec, 0x6c44198c4a475817,
};

static uint64_t rotate(uint64_t x, unsigned n) { return x >> n | x << (64 - n); }

static void hash_block(uint64_t state[8], const uint8_t block[128])
{
    uint64_t w[80], s[8];
    for (size_t i = 0; i < 16; i++) {
        memcpy(&w[i], block + 8 * i, 8);
        w[i] = __builtin_bswap64(w[i]);
    }
    for (size_t i = 16; i < 80; i++) {
        uint64_t a = rotate(w[i - 15], 1) ^ rotate(w[i - 15], 8) ^ w[i - 15] >> 7, b = rotate(w[i - 2], 19) ^ rotate(w[i - 2], 61) ^ w[i - 2] >> 6;
        w[i] = w[i - 16] + a + w[i - 7] + b;
    }
    memcpy(s, state, sizeof s);
    for (size_t i = 0; i < 80; i++) {
        uint64_t choice = (s[4] & s[5]) ^ (~s[4] & s[6]), majority = (s[0] & s[1]) ^ (s[0] & s[2]) ^ (s[1] & s[2]);
        uint64_t first = s[7] + (rotate(s[4], 14) ^ rotate(s[4], 18) ^ rotate(s[4], 41)) + choice + round_constants[i] + w[i];
        uint64_t second = (rotate(s[0], 28) ^ rotate(s[0], 34) ^ rotate(s[0], 39)) + majority;
        memmove(s + 1, s, 7 * sizeof *s);
        s[4] += first;
        s[0] = first + second;
    }
    for (size_t i = 0; i < 8; i++) state[i] += s[i];
}

static ToyValue sha512(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint64_t state[8] = {0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
                         0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179};
    ToyBuffer buffer;
    if (!toy_buffer_get(t, args[0], &buffer, 0)) return TOY_FAILED;
    size_t whole = buffer.length / 128 * 128, rest = buffer.length - whole;
    for (size_t at = 0; at < whole; at += 128) hash_block(state, buffer.data + at);
    uint8_t last[256] = {0};
    memcpy(last, buffer.data + whole, rest);
    last[rest] = 0x80;
    size_t last_length = rest < 112 ? 128 : 256;
    uint64_t bits = __builtin_bswap64((uint64_t)buffer.length * 8);
    memcpy(last + last_length - 8, &bits, 8);
    toy_buffer_release(t, &buffer);
    for (size_t at = 0; at < last_length; at += 128) hash_block(state, last + at);
    for (size_t i = 0; i < 8; i++) state[i] = __builtin_bswap64(state[i]);
    return toy_bytes(t, state, sizeof state);
}

/* ==== the module ============================================================================================================ */

static const ToyFunction random_methods[] = {
    TOY_FUNCTION("random", random_random, "($self, /)", 0, "The next float that is at least 0.0 and less than 1.0, of 53 bits."),
    TOY_FUNCTION("seed", random_seed, "($self, n=None, /)", 0, "Start anew with an int, or the hash of something else; None: what the system offers."),
    TOY_FUNCTION("getstate", random_getstate, "($self, /)", 0, "The 624 words of the state and the place in them, as a tuple for setstate()."),
    TOY_FUNCTION("setstate", random_setstate, "($self, state, /)", 0, "Go on from a state that getstate() gave."),
    TOY_FUNCTION("getrandbits", random_bits, "($self, k, /)", 0, "The next k bits, as an int of at least 0."),
    TOY_FUNCTION("_randbelow", random_below, "($self, n, /)", 0, "A random int in the range [0, n)."),
    TOY_FUNCTION("_shuffle", random_shuffle, "($self, list, /)", 0, "Shuffle the list in place."),
    TOY_FUNCTIONS_END,
};
static const ToyTypeSpec random_spec = {
    .doc = "A generator with a state of its own, set by the seed; without one, by the system.",
    .signature = "(seed=None, /)",
    .size = sizeof(Random),
    .slots = {.new_instance = random_new},
    .methods = random_methods,
};

static const ToyFunction functions[] = {
    TOY_FUNCTION("sha512", sha512, "(data, /)", 0, "The SHA-512 digest of the bytes."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    return toy_module_add_type(t, module, toy_type_new(t, module, &random_spec, "_random.Random", NULL));
}

const ToyModule toy_module_random = {
    .name = "_random",
    .doc = "Pseudo-random numbers from the Mersenne Twister: the floor under the module random.",
    .functions = functions,
    .init = init,
};
