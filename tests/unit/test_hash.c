/* test_hash.c - hashes, against numbers that CPython 3.13 gave.
 *
 * What        SipHash with three seeds (PYTHONHASHSEED=0, 42, 4294967295), numbers, tuples, frozensets.
 * Read next   vm/base/siphash.c, vm/base/hash.c */
#include <math.h>
#include <string.h>

#include "tests/unit/run_tests.h"
#include "vm/base/hash.h"
#include "vm/base/siphash.h"

START_TEST(text_hashes)
{
    static const struct { uint32_t seed; int64_t a, abc, longer, euro; } rows[] = {
        {0, 4644417185603328019, -4594863902769663758, 7650859633215404784, -5529981157763016009},
        {42, -123207753977932514, 3869580338025362921, -1199649544206272706, -9193319877017669544},
        {4294967295, -5989683813037840249, -6122489556238538401, -8845454792208099849, 1723250505947338019},
    };
    const char *longer = "hello world, this is long";
    const uint16_t euro = 0x20ac;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++) {
        HashKey key = hash_key_from_seed(rows[i].seed);
        ck_assert_int_eq(hash_bytes(key, "a", 1), rows[i].a);
        ck_assert_int_eq(hash_bytes(key, "abc", 3), rows[i].abc);
        ck_assert_int_eq(hash_bytes(key, longer, strlen(longer)), rows[i].longer);
        ck_assert_int_eq(hash_bytes(key, &euro, 2), rows[i].euro);
        ck_assert_int_eq(hash_bytes(key, "", 0), 0);
    }
}
END_TEST

START_TEST(random_keys_differ)
{
    HashKey one = hash_key_random(), two = hash_key_random();
    ck_assert(one.k0 != two.k0 || one.k1 != two.k1);
}
END_TEST

START_TEST(number_hashes)
{
    ck_assert_int_eq(hash_double(0.1), 230584300921369408);
    ck_assert_int_eq(hash_double(1e300), 1224995262755759164);
    ck_assert_int_eq(hash_double(-2.5), -1152921504606846978);
    ck_assert_int_eq(hash_double(5e-324), 16777216);
    ck_assert_int_eq(hash_double(-0.0), 0);
    ck_assert_int_eq(hash_double(INFINITY), 314159);
    ck_assert_int_eq(hash_double(-INFINITY), -314159);
    ck_assert_int_eq(hash_int64(-1), -2);
    ck_assert_int_eq(hash_int64(INT64_MIN), -4);
    ck_assert_int_eq(hash_int64((INT64_C(1) << 61) - 1), 0);
    ck_assert_int_eq(hash_limbs((const uint64_t[]){0, UINT64_C(1) << 36}, 2, false), 549755813888);
    ck_assert_int_eq(hash_limbs(NULL, 0, false), 0);
    ck_assert_int_eq(hash_complex(hash_int64(1), hash_int64(2)), 2000007);
}
END_TEST

START_TEST(equal_numbers_hash_equal)
{
    for (int64_t n = -1000; n <= 1000; n++) {
        uint64_t magnitude = n < 0 ? (uint64_t)-n : (uint64_t)n;
        ck_assert_int_eq(hash_int64(n), hash_double((double)n));
        ck_assert_int_eq(hash_int64(n), hash_limbs(&magnitude, magnitude != 0, n < 0));
        ck_assert_int_ne(hash_int64(n), -1);
    }
    for (unsigned bit = 0; bit < 63; bit++)
        ck_assert_int_eq(hash_int64(INT64_C(1) << bit), hash_double(ldexp(1, (int)bit)));
}
END_TEST

static int64_t tuple_hash(const int64_t *hashes, size_t count)
{
    uint64_t state = hash_tuple_begin();
    for (size_t i = 0; i < count; i++)
        state = hash_tuple_add(state, hashes[i]);
    return hash_tuple_end(state, count);
}

START_TEST(collection_hashes)
{
    const int64_t items[] = {1, 2, 3};
    ck_assert_int_eq(tuple_hash(items, 3), 529344067295497451);
    ck_assert_int_eq(tuple_hash(NULL, 0), 5740354900026072187);
    const int64_t nested[] = {1, tuple_hash((const int64_t[]){2}, 1)};
    ck_assert_int_eq(tuple_hash(nested, 2), -2301627717594549351);
    ck_assert_int_eq(hash_set_end(hash_set_add(hash_set_add(hash_set_add(0, 1), 2), 3), 3), -272375401224217160);
    ck_assert_int_eq(hash_set_end(hash_set_add(hash_set_add(hash_set_add(0, 3), 1), 2), 3), -272375401224217160);
    ck_assert_int_eq(hash_set_end(0, 0), 133146708735736);
}
END_TEST

int main(void)
{
    const TTest *tests[] = {text_hashes, random_keys_differ, number_hashes, equal_numbers_hash_equal, collection_hashes};
    return run_tests("hash", tests, ARRAY_LENGTH(tests));
}
