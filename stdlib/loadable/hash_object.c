/* hash_object.c - HASH and HASHXOF: a digest that grows with what it is fed.
 *
 * What        update, digest, hexdigest, copy; name, digest_size, block_size. An XOF (shake) gives as many bytes as one asks for.
 * How         libcrypto's context. Reading the digest ends a context, so it is done to a copy.
 * Invariants  I1 a context is read or changed only by who has taken the object's own lock: feeding much happens without the
 *             interpreter's lock, and other threads may come to the same object meanwhile.
 * GIL         held; dropped while HASH_RELEASE_MIN bytes or more are fed, and while waiting for a thread that does that.
 * Read next   mod_hashlib.c, hash_keyed.c */
#include "stdlib/loadable/hash_parts.h"

typedef struct HashObject {
    ToyObject head;
    ToyLock busy;            /* I1 */
    EVP_MD_CTX *context;     /* owned */
} HashObject;

static HashObject *as_hash(ToyValue v) { return (HashObject *)toy_object(v); }
static const EVP_MD *digest_of(ToyValue v) { return EVP_MD_CTX_get0_md(as_hash(v)->context); }

static bool enter(ToyThread *t, HashObject *hash) { return toy_lock_acquire(t, &hash->busy, -1) == TOY_LOCK_ACQUIRED; }
static void leave(ToyThread *t, HashObject *hash) { toy_lock_release(t, &hash->busy); }

static bool feed(ToyThread *t, HashObject *hash, ToyValue data)
{
    ToyBuffer buffer;
    if (!hash_get_data(t, data, &buffer)) return false;
    bool is_entered = enter(t, hash), done = false, is_long = buffer.length >= HASH_RELEASE_MIN;
    if (is_entered) {
        if (is_long) toy_block_begin(t, "hash");
        done = EVP_DigestUpdate(hash->context, buffer.data, buffer.length);
        if (is_long) toy_block_end(t);
        leave(t, hash);
        if (!done) hash_raise_value_error(t);
    }
    toy_buffer_release(t, &buffer);
    return done;
}

/* Without a digest yet: a context that something else is copied or started into. */
static HashObject *hash_alloc(ToyThread *t, ToyType *type)
{
    HashObject *hash = (HashObject *)toy_type_alloc(t, type);
    if (!hash) return NULL;
    hash->context = EVP_MD_CTX_new();
    if (hash->context) return hash;
    toy_release(toy_value(hash));
    toy_raise_memory_error(t);
    return NULL;
}

static bool is_xof(const EVP_MD *digest) { return EVP_MD_get_flags(digest) & EVP_MD_FLAG_XOF; }

ToyValue hash_object_new(ToyThread *t, HashState *state, const EVP_MD *digest, ToyValue data)
{
    HashObject *hash = hash_alloc(t, is_xof(digest) ? state->xof : state->hash);
    if (!hash) return TOY_FAILED;
    bool done = EVP_DigestInit_ex(hash->context, digest, NULL);
    if (!done) hash_raise_value_error(t);
    if (done && (toy_is_unbound(data) || feed(t, hash, data))) return toy_value(hash);
    toy_release(toy_value(hash));
    return TOY_FAILED;
}

static ToyValue hash_update(ToyThread *t, ToyValue self, const ToyValue *args) { return feed(t, as_hash(self), args[0]) ? TOY_NONE : TOY_FAILED; }

static ToyValue hash_copy(ToyThread *t, ToyValue self, const ToyValue *args)
{
    HashObject *copy = hash_alloc(t, toy_type_of(t, self));
    bool is_entered = copy && enter(t, as_hash(self)), done = is_entered && EVP_MD_CTX_copy_ex(copy->context, as_hash(self)->context);
    if (is_entered) leave(t, as_hash(self));
    if (is_entered && !done) hash_raise_value_error(t);
    if (done) return toy_value(copy);
    toy_release(toy_value(copy));
    return TOY_FAILED;
}

/* As many bytes as [digest] has room for, or the XOF is to give. */
static bool read_digest(ToyThread *t, HashObject *hash, uint8_t *digest, size_t length, bool has_any_length)
{
    EVP_MD_CTX *copy = EVP_MD_CTX_new();
    if (!copy) return toy_raise_false(t, TOY_MemoryError, "%s", "");
    bool is_entered = enter(t, hash), done = is_entered && EVP_MD_CTX_copy_ex(copy, hash->context);
    if (is_entered) leave(t, hash);
    done = done && (has_any_length ? EVP_DigestFinalXOF(copy, digest, length) : EVP_DigestFinal_ex(copy, digest, NULL));
    EVP_MD_CTX_free(copy);
    if (is_entered && !done) hash_raise_value_error(t);
    return done;
}

static ToyValue hash_digest(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    bool done = read_digest(t, as_hash(self), digest, sizeof digest, false);
    return done ? toy_bytes(t, digest, (size_t)EVP_MD_get_size(digest_of(self))) : TOY_FAILED;
}
static ToyValue hash_hexdigest(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint8_t digest[EVP_MAX_MD_SIZE];
    bool done = read_digest(t, as_hash(self), digest, sizeof digest, false);
    return done ? hash_hex(t, digest, (size_t)EVP_MD_get_size(digest_of(self))) : TOY_FAILED;
}

/* libcrypto's sponge asks for one byte at least. */
static ToyValue xof_digest(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t length = 0;
    uint8_t *data;
    if (!toy_arg_size(t, args[0], &length)) return TOY_FAILED;
    if (length < 0) return toy_raise_value_error(t, "value must be positive");
    ToyValue bytes = toy_bytes_new(t, (size_t)length, &data);
    if (toy_failed(bytes) || length == 0 || read_digest(t, as_hash(self), data, (size_t)length, true)) return bytes;
    toy_release(bytes);
    return TOY_FAILED;
}
static ToyValue xof_hexdigest(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue bytes = xof_digest(t, self, args), hex = TOY_FAILED;
    size_t length;
    const uint8_t *data = toy_failed(bytes) ? NULL : toy_bytes_data(bytes, &length);
    if (data) hex = hash_hex(t, data, length);
    toy_release(bytes);
    return hex;
}

static ToyValue get_name(ToyThread *t, ToyValue self) { return toy_str(t, hash_name(digest_of(self))); }
static ToyValue get_block_size(ToyThread *t, ToyValue self) { return toy_int(t, EVP_MD_get_block_size(digest_of(self))); }
static ToyValue get_digest_size(ToyThread *t, ToyValue self) { return toy_int(t, EVP_MD_get_size(digest_of(self))); }
static ToyValue get_no_size(ToyThread *t, ToyValue self) { return toy_small_int_value(0); }

static ToyValue hash_repr(ToyThread *t, ToyValue self)
{
    return toy_str_format(t, "<%s %T object @ %p>", hash_name(digest_of(self)), self, (void *)toy_object(self));
}

static void hash_free(ToyObject *self) { EVP_MD_CTX_free(((HashObject *)self)->context); }

static const ToyFunction hash_methods[] = {
    TOY_FUNCTION("update", hash_update, "($self, obj, /)", 0, "Hash these bytes, too."),
    TOY_FUNCTION("digest", hash_digest, "($self, /)", 0, "The digest of what came so far."),
    TOY_FUNCTION("hexdigest", hash_hexdigest, "($self, /)", 0, "The digest in hexadecimal digits."),
    TOY_FUNCTION("copy", hash_copy, "($self, /)", 0, "Another object that has seen the same bytes."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet hash_getsets[] = {
    {"digest_size", get_digest_size, NULL, "How many bytes a digest has."},
    {"block_size", get_block_size, NULL, "How many bytes the algorithm takes at a time."},
    {"name", get_name, NULL, "The name of the algorithm."},
    {NULL, NULL, NULL, NULL},
};
static const ToyTypeSpec hash_spec = {
    .doc = "A digest that grows with what it is fed: update(), digest(), hexdigest(), copy().",
    .size = sizeof(HashObject), .flags = TOY_TYPE_NO_NEW, .slots = {.repr = hash_repr},
    .methods = hash_methods, .getsets = hash_getsets, .free = hash_free,
};

static const ToyFunction xof_methods[] = {
    TOY_FUNCTION("digest", xof_digest, "($self, /, length)", 0, "That many bytes of the digest."),
    TOY_FUNCTION("hexdigest", xof_hexdigest, "($self, /, length)", 0, "That many bytes of the digest, in hexadecimal digits."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet xof_getsets[] = {
    {"digest_size", get_no_size, NULL, "0: a digest has as many bytes as one asks for."},
    {NULL, NULL, NULL, NULL},
};
static const ToyTypeSpec xof_spec = {
    .doc = "A digest without an end: digest() and hexdigest() want to know how many bytes.",
    .size = sizeof(HashObject), .flags = TOY_TYPE_NO_NEW, .slots = {.repr = hash_repr},
    .methods = xof_methods, .getsets = xof_getsets, .free = hash_free,
};

bool hash_add_types(ToyThread *t, ToyModuleObject *module, HashState *state)
{
    state->hash = toy_type_new(t, module, &hash_spec, "_hashlib.HASH", NULL);
    state->xof = state->hash ? toy_type_new(t, module, &xof_spec, "_hashlib.HASHXOF", state->hash) : NULL;
    return state->xof && toy_module_add_type(t, module, state->hash) && toy_module_add_type(t, module, state->xof);
}
