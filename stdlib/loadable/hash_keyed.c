/* hash_keyed.c - HMAC: a digest that only who has the key can make.
 *
 * What        hmac_new, hmac_digest and the type HMAC, which the module hmac leans on.
 * How         libcrypto's HMAC through EVP_MAC, whose contexts know the key, the digest and what was fed. Reading the digest ends a
 *             context, so it is done to a copy.
 * Invariants  I1 a context is read or changed only by who has taken the object's own lock, as in hash_object.c.
 * GIL         held; dropped while HASH_RELEASE_MIN bytes or more are fed, while waiting for a thread that does that, and in hmac_digest.
 * Read next   hash_object.c, stdlib/lib/hmac.toy */
#include <openssl/core_names.h>
#include <openssl/params.h>

#include "stdlib/loadable/hash_parts.h"

typedef struct KeyedObject {
    ToyObject head;
    ToyLock busy;               /* I1 */
    EVP_MAC_CTX *context;       /* owned */
    EVP_MD *digest;             /* owned */
} KeyedObject;

static KeyedObject *as_keyed(ToyValue v) { return (KeyedObject *)toy_object(v); }

static bool enter(ToyThread *t, KeyedObject *keyed) { return toy_lock_acquire(t, &keyed->busy, -1) == TOY_LOCK_ACQUIRED; }
static void leave(ToyThread *t, KeyedObject *keyed) { toy_lock_release(t, &keyed->busy); }

/* A context that knows the key. NULL: libcrypto knows why. Touches no value. */
static EVP_MAC_CTX *context_new(const EVP_MD *digest, const ToyBuffer *key)
{
    EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    EVP_MAC_CTX *context = mac ? EVP_MAC_CTX_new(mac) : NULL;
    EVP_MAC_free(mac);                                           /* the context keeps it */
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, (char *)EVP_MD_get0_name(digest), 0),
        OSSL_PARAM_construct_end(),
    };
    static const unsigned char no_key[1] = "";                   /* a key of no bytes is a key; NULL would be none */
    if (context && EVP_MAC_init(context, key->length ? key->data : no_key, key->length, parameters)) return context;
    EVP_MAC_CTX_free(context);
    return NULL;
}

static bool feed(ToyThread *t, KeyedObject *keyed, ToyValue data)
{
    ToyBuffer buffer;
    if (!hash_get_data(t, data, &buffer)) return false;
    bool is_entered = enter(t, keyed), done = false, is_long = buffer.length >= HASH_RELEASE_MIN;
    if (is_entered) {
        if (is_long) toy_block_begin(t, "hmac");
        done = EVP_MAC_update(keyed->context, buffer.data, buffer.length);
        if (is_long) toy_block_end(t);
        leave(t, keyed);
        if (!done) hash_raise_value_error(t);
    }
    toy_buffer_release(t, &buffer);
    return done;
}

static ToyValue keyed_new(ToyThread *t, HashState *state, const EVP_MD *digest, const ToyBuffer *key, ToyValue message)
{
    if (EVP_MD_get_flags(digest) & EVP_MD_FLAG_XOF) return toy_raise_value_error(t, "no reason supplied");   /* CPython's words */
    KeyedObject *keyed = (KeyedObject *)toy_type_alloc(t, state->hmac);
    if (!keyed) return TOY_FAILED;
    keyed->context = context_new(digest, key);
    if (keyed->context && EVP_MD_up_ref((EVP_MD *)digest)) keyed->digest = (EVP_MD *)digest;
    if (!keyed->digest) hash_raise_value_error(t);
    if (keyed->digest && (!toy_is_given(message) || feed(t, keyed, message))) return toy_value(keyed);
    toy_release(toy_value(keyed));
    return TOY_FAILED;
}

ToyValue hash_hmac_new(ToyThread *t, ToyValue self, const ToyValue *args)
{
    HashState *state = toy_module_state(self);
    ToyBuffer key;
    if (!toy_buffer_get(t, args[0], &key, 0)) return TOY_FAILED;
    ToyValue keyed = TOY_FAILED;
    if (toy_is_unbound(args[2])) {
        toy_raise_type_error(t, "Missing required parameter 'digestmod'.");
    } else {
        EVP_MD *digest = hash_find_by(t, state, args[2]);
        if (digest) keyed = keyed_new(t, state, digest, &key, args[1]);
        EVP_MD_free(digest);
    }
    toy_buffer_release(t, &key);
    return keyed;
}

/* All in one. */
static ToyValue digest_at_once(ToyThread *t, const EVP_MD *digest, const ToyBuffer *key, const ToyBuffer *message)
{
    uint8_t result[EVP_MAX_MD_SIZE];
    size_t length = 0;
    if (EVP_MD_get_flags(digest) & EVP_MD_FLAG_XOF) return toy_raise_value_error(t, "no reason supplied");
    toy_block_begin(t, "hmac");
    EVP_MAC_CTX *context = context_new(digest, key);
    bool done = context && EVP_MAC_update(context, message->data, message->length) && EVP_MAC_final(context, result, &length, sizeof result);
    EVP_MAC_CTX_free(context);
    toy_block_end(t);
    return done ? toy_bytes(t, result, length) : hash_raise_value_error(t);
}

ToyValue hash_hmac_digest(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyBuffer key, message;
    if (!toy_buffer_get(t, args[0], &key, 0)) return TOY_FAILED;
    ToyValue result = TOY_FAILED;
    if (toy_buffer_get(t, args[1], &message, 0)) {
        EVP_MD *digest = hash_find_by(t, toy_module_state(self), args[2]);
        if (digest) result = digest_at_once(t, digest, &key, &message);
        EVP_MD_free(digest);
        toy_buffer_release(t, &message);
    }
    toy_buffer_release(t, &key);
    return result;
}

static ToyValue keyed_update(ToyThread *t, ToyValue self, const ToyValue *args) { return feed(t, as_keyed(self), args[0]) ? TOY_NONE : TOY_FAILED; }

/* A copy of the context as it is; NULL: raised. */
static EVP_MAC_CTX *copy_context(ToyThread *t, KeyedObject *keyed)
{
    if (!enter(t, keyed)) return NULL;
    EVP_MAC_CTX *copy = EVP_MAC_CTX_dup(keyed->context);
    leave(t, keyed);
    if (!copy) hash_raise_value_error(t);
    return copy;
}

static ToyValue keyed_copy(ToyThread *t, ToyValue self, const ToyValue *args)
{
    KeyedObject *copy = (KeyedObject *)toy_type_alloc(t, toy_type_of(t, self));
    if (!copy) return TOY_FAILED;
    copy->context = copy_context(t, as_keyed(self));
    if (copy->context && EVP_MD_up_ref(as_keyed(self)->digest)) {
        copy->digest = as_keyed(self)->digest;
        return toy_value(copy);
    }
    if (copy->context) hash_raise_value_error(t);
    toy_release(toy_value(copy));
    return TOY_FAILED;
}

/* How many bytes; 0: raised. */
static size_t read_digest(ToyThread *t, ToyValue self, uint8_t digest[EVP_MAX_MD_SIZE])
{
    size_t length = 0;
    EVP_MAC_CTX *copy = copy_context(t, as_keyed(self));
    if (!copy) return 0;
    bool done = EVP_MAC_final(copy, digest, &length, EVP_MAX_MD_SIZE);
    EVP_MAC_CTX_free(copy);
    if (done) return length;
    hash_raise_value_error(t);
    return 0;
}
static ToyValue keyed_digest(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    size_t length = read_digest(t, self, digest);
    return length ? toy_bytes(t, digest, length) : TOY_FAILED;
}
static ToyValue keyed_hexdigest(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    size_t length = read_digest(t, self, digest);
    return length ? hash_hex(t, digest, length) : TOY_FAILED;
}

static ToyValue get_name(ToyThread *t, ToyValue self) { return toy_str_format(t, "hmac-%s", hash_name(as_keyed(self)->digest)); }
static ToyValue get_block_size(ToyThread *t, ToyValue self) { return toy_int(t, EVP_MD_get_block_size(as_keyed(self)->digest)); }
static ToyValue get_digest_size(ToyThread *t, ToyValue self) { return toy_int(t, EVP_MD_get_size(as_keyed(self)->digest)); }

static ToyValue keyed_repr(ToyThread *t, ToyValue self)
{
    return toy_str_format(t, "<%s HMAC object @ %p>", hash_name(as_keyed(self)->digest), (void *)toy_object(self));
}

static void keyed_free(ToyObject *self)
{
    EVP_MAC_CTX_free(((KeyedObject *)self)->context);
    EVP_MD_free(((KeyedObject *)self)->digest);
}

static const ToyFunction keyed_methods[] = {
    TOY_FUNCTION("update", keyed_update, "($self, /, msg)", 0, "Hash these bytes, too."),
    TOY_FUNCTION("digest", keyed_digest, "($self, /)", 0, "The digest of what came so far."),
    TOY_FUNCTION("hexdigest", keyed_hexdigest, "($self, /)", 0, "The digest in hexadecimal digits."),
    TOY_FUNCTION("copy", keyed_copy, "($self, /)", 0, "Another object with the same key that has seen the same bytes."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet keyed_getsets[] = {
    {"digest_size", get_digest_size, NULL, "How many bytes a digest has."},
    {"block_size", get_block_size, NULL, "How many bytes the algorithm takes at a time."},
    {"name", get_name, NULL, "hmac- and the name of the algorithm."},
    {NULL, NULL, NULL, NULL},
};
static const ToyTypeSpec keyed_spec = {
    .doc = "A digest with a key: update(), digest(), hexdigest(), copy().",
    .size = sizeof(KeyedObject), .flags = TOY_TYPE_NO_NEW | TOY_TYPE_IS_FINAL, .slots = {.repr = keyed_repr},
    .methods = keyed_methods, .getsets = keyed_getsets, .free = keyed_free,
};

bool hash_add_keyed_type(ToyThread *t, ToyModuleObject *module, HashState *state)
{
    state->hmac = toy_type_new(t, module, &keyed_spec, "_hashlib.HMAC", NULL);
    return state->hmac && toy_module_add_type(t, module, state->hmac);
}
