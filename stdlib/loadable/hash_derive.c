/* hash_derive.c - keys from passwords: pbkdf2_hmac and scrypt, which are slow on purpose.
 *
 * What        See the docstrings.
 * How         libcrypto's functions; all there is to do is to see that the numbers are such as they can take.
 * GIL         held; dropped while the key is computed, however short that is.
 * Read next   mod_hashlib.c */
#include <limits.h>

#include "stdlib/loadable/hash_parts.h"

/* ValueError or OverflowError: not from 1 to INT_MAX. */
static bool check_count(ToyThread *t, int64_t n, const char *what)
{
    if (n < 1) return toy_raise_false(t, TOY_ValueError, "%s must be greater than 0.", what);
    return n <= INT_MAX || toy_raise_false(t, TOY_OverflowError, "%s is too great.", what);
}

static ToyValue derive(ToyThread *t, const EVP_MD *digest, const ToyBuffer *password, const ToyBuffer *salt, const ToyValue *args)
{
    int64_t iterations = 0, length = EVP_MD_get_size(digest);
    if (password->length > INT_MAX) return toy_raise(t, TOY_OverflowError, "password is too long.");
    if (salt->length > INT_MAX) return toy_raise(t, TOY_OverflowError, "salt is too long.");
    if (!toy_arg_int64(t, args[3], &iterations) || !check_count(t, iterations, "iteration value")) return TOY_FAILED;
    if (toy_is_given(args[4]) && !toy_arg_int64(t, args[4], &length)) return TOY_FAILED;
    uint8_t *key;
    ToyValue bytes = check_count(t, length, "key length") ? toy_bytes_new(t, (size_t)length, &key) : TOY_FAILED;
    if (toy_failed(bytes)) return TOY_FAILED;
    toy_block_begin(t, "pbkdf2");
    bool done = PKCS5_PBKDF2_HMAC((const char *)password->data, (int)password->length, salt->data, (int)salt->length, (int)iterations, digest,
                                  (int)length, key);
    toy_block_end(t);
    if (done) return bytes;
    toy_release(bytes);
    return hash_raise_value_error(t);
}

ToyValue hash_pbkdf2_hmac(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *name;
    if (!toy_arg_text(t, args[0], "pbkdf2_hmac", "'hash_name'", &name)) return TOY_FAILED;
    ToyBuffer password, salt;
    if (!toy_buffer_get(t, args[1], &password, 0)) return TOY_FAILED;
    ToyValue key = TOY_FAILED;
    if (toy_buffer_get(t, args[2], &salt, 0)) {
        EVP_MD *digest = hash_find(t, toy_module_state(self), name, true);
        if (digest) key = derive(t, digest, &password, &salt, args);
        EVP_MD_free(digest);
        toy_buffer_release(t, &salt);
    }
    toy_buffer_release(t, &password);
    return key;
}

/* n, r or p: an int that was given and fits 64 bits without a sign. */
static bool read_cost(ToyThread *t, ToyValue v, const char *name, uint64_t *out)
{
    if (toy_is_bound(v) && !toy_is_int(v)) return toy_raise_false(t, TOY_TypeError, "scrypt() argument '%s' must be int, not %N", name, v);
    if (toy_is_bound(v) && toy_int_fits_uint64(v, out)) return true;
    return toy_raise_false(t, TOY_TypeError, "%s is required and must be an unsigned int", name);
}

static ToyValue derive_by_scrypt(ToyThread *t, const ToyBuffer *password, const ToyBuffer *salt, const ToyValue *args)
{
    uint64_t n, r, p;
    int64_t memory_max = 0, length = 64;
    if (!read_cost(t, args[2], "n", &n)) return TOY_FAILED;
    if (n < 2 || (n & (n - 1))) return toy_raise_value_error(t, "n must be a power of 2.");
    if (!read_cost(t, args[3], "r", &r) || !read_cost(t, args[4], "p", &p) || !toy_arg_int64(t, args[5], &memory_max)) return TOY_FAILED;
    if (memory_max < 0 || memory_max >= INT_MAX) return toy_raise_value_error(t, "maxmem must be positive and smaller than %d", INT_MAX);
    if (!toy_arg_int64(t, args[6], &length)) return TOY_FAILED;
    if (length < 1 || length >= INT_MAX) return toy_raise_value_error(t, "dklen must be greater than 0 and smaller than %d", INT_MAX);
    /* Without a place for the key it only says what it thinks of the numbers. */
    if (!EVP_PBE_scrypt(NULL, 0, NULL, 0, n, r, p, (uint64_t)memory_max, NULL, 0))
        return hash_raise(t, toy_exception_type(t, TOY_ValueError), "Invalid parameter combination for n, r, p, maxmem.");
    uint8_t *key;
    ToyValue bytes = toy_bytes_new(t, (size_t)length, &key);
    if (toy_failed(bytes)) return TOY_FAILED;
    toy_block_begin(t, "scrypt");
    bool done = EVP_PBE_scrypt((const char *)password->data, password->length, salt->data, salt->length, n, r, p, (uint64_t)memory_max, key, (size_t)length);
    toy_block_end(t);
    if (done) return bytes;
    toy_release(bytes);
    return hash_raise_value_error(t);
}

ToyValue hash_scrypt(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyBuffer password, salt;
    if (!toy_buffer_get(t, args[0], &password, 0)) return TOY_FAILED;
    ToyValue key = TOY_FAILED;
    if (toy_is_unbound(args[1])) {
        toy_raise_type_error(t, "salt is required");
    } else if (toy_buffer_get(t, args[1], &salt, 0)) {
        key = derive_by_scrypt(t, &password, &salt, args);
        toy_buffer_release(t, &salt);
    }
    toy_buffer_release(t, &password);
    return key;
}
