/* mod_hashlib.c - _hashlib: digests, over libcrypto.
 *
 * What        The constructors that hashlib hands on, by name (new) and one for each algorithm that is always there; what libcrypto knows.
 * How         A shared object, for libcrypto is large and few programs hash: `import hashlib` loads both. A digest is fetched from
 *             libcrypto by name once and kept by the module, for fetching takes longer than hashing a line.
 *               libcrypto tidies up when the process exits; a daemon thread may be hashing then, so it is told not to.
 * GIL         held; dropped as hash_object.c, hash_keyed.c and hash_derive.c say.
 * Read next   hash_object.c, stdlib/lib/hashlib.toy */
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "stdlib/loadable/hash_parts.h"

/* What scripts call a digest, and what libcrypto does. */
static const struct { const char *name, *crypto_name; } digests[HASH_NAMES] = {
    {"md5", "MD5"},
    {"sha1", "SHA1"},
    {"sha224", "SHA224"},
    {"sha256", "SHA256"},
    {"sha384", "SHA384"},
    {"sha512", "SHA512"},
    {"sha512_224", "SHA512-224"},
    {"sha512_256", "SHA512-256"},
    {"sha3_224", "SHA3-224"},
    {"sha3_256", "SHA3-256"},
    {"sha3_384", "SHA3-384"},
    {"sha3_512", "SHA3-512"},
    {"shake_128", "SHAKE128"},
    {"shake_256", "SHAKE256"},
    {"blake2b", "BLAKE2b512"},
    {"blake2s", "BLAKE2s256"},
    {"md5-sha1", "MD5-SHA1"},
    {"ripemd160", "RIPEMD160"},
    {"sm3", "SM3"},
};

const char *hash_name(const EVP_MD *digest)
{
    for (size_t i = 0; i < HASH_NAMES; i++)
        if (EVP_MD_is_a(digest, digests[i].crypto_name)) return digests[i].name;
    return EVP_MD_get0_name(digest);
}

/* ---- failures ---- */

ToyValue hash_raise(ToyThread *t, ToyType *type, const char *otherwise)
{
    unsigned long error = ERR_peek_last_error();
    const char *reason = ERR_reason_error_string(error), *library = ERR_lib_error_string(error);
    ERR_clear_error();
    if (ERR_GET_REASON(error) == ERR_R_MALLOC_FAILURE) return toy_raise_memory_error(t);
    if (!reason) return toy_raise_type(t, type, "%s", otherwise);
    return library ? toy_raise_type(t, type, "[%s] %s", library, reason) : toy_raise_type(t, type, "%s", reason);
}
ToyValue hash_raise_value_error(ToyThread *t) { return hash_raise(t, toy_exception_type(t, TOY_ValueError), "no reason supplied"); }

/* ---- arguments ---- */

bool hash_get_data(ToyThread *t, ToyValue v, ToyBuffer *buffer)
{
    if (toy_is_str(v)) return toy_raise_false(t, TOY_TypeError, "Strings must be encoded before hashing");
    if (!toy_has_buffer(t, v)) return toy_raise_false(t, TOY_TypeError, "object supporting the buffer API required");
    return toy_buffer_get(t, v, buffer, 0);
}

static EVP_MD *fetch(const char *crypto_name, bool is_for_security) { return EVP_MD_fetch(NULL, crypto_name, is_for_security ? NULL : "-fips"); }

static EVP_MD *find_known(HashState *state, size_t i, bool is_for_security)
{
    EVP_MD **place = &state->known[!is_for_security][i];
    if (!*place) *place = fetch(digests[i].crypto_name, is_for_security);
    return *place && EVP_MD_up_ref(*place) ? *place : NULL;
}

EVP_MD *hash_find(ToyThread *t, HashState *state, const char *name, bool is_for_security)
{
    size_t i = 0;
    while (i < HASH_NAMES && strcmp(name, digests[i].name) != 0) i++;
    EVP_MD *digest = i < HASH_NAMES ? find_known(state, i, is_for_security) : fetch(name, is_for_security);
    if (!digest) hash_raise(t, state->unsupported, "unsupported hash type");
    return digest;
}

EVP_MD *hash_find_by(ToyThread *t, HashState *state, ToyValue digestmod)
{
    ToyValue name = toy_is_str(digestmod) ? toy_retain(digestmod) : TOY_UNBOUND;
    int64_t hash;                                          /* what has none is no constructor of ours */
    if (toy_is_unbound(name) && toy_function_row(digestmod) && toy_hash(t, digestmod, &hash) &&
        !toy_dict_get(t, state->constructors, digestmod, &name)) return NULL;
    if (toy_is_raised(t)) return NULL;
    if (toy_is_unbound(name)) {
        toy_raise_type(t, state->unsupported, "Unsupported digestmod %S", digestmod);
        return NULL;
    }
    const char *text = toy_str_utf8(t, name, NULL);
    EVP_MD *digest = text ? hash_find(t, state, text, true) : NULL;
    toy_release(name);
    return digest;
}

ToyValue hash_hex(ToyThread *t, const uint8_t *bytes, size_t length)
{
    ToyValue hex = toy_str_new(t, 2 * length, 127);
    if (toy_failed(hex) || !length) return hex;
    unsigned width;
    char *digits = toy_str_data(hex, &width);
    for (size_t i = 0; i < length; i++) {
        *digits++ = "0123456789abcdef"[bytes[i] >> 4];
        *digits++ = "0123456789abcdef"[bytes[i] & 15];
    }
    return hex;
}

/* ---- constructors ---- */

static ToyValue make(ToyThread *t, HashState *state, const char *name, ToyValue data, ToyValue used_for_security)
{
    bool is_for_security = true;
    if (!toy_arg_bool(t, used_for_security, &is_for_security)) return TOY_FAILED;
    EVP_MD *digest = hash_find(t, state, name, is_for_security);
    ToyValue object = digest ? hash_object_new(t, state, digest, data) : TOY_FAILED;
    EVP_MD_free(digest);
    return object;
}

static ToyValue hash_new(ToyThread *t, ToyValue self, const ToyValue *args)
{
    size_t length = 0;
    const char *name = toy_is_str(args[0]) ? toy_str_utf8(t, args[0], &length) : NULL;
    if (!name || strlen(name) != length) {
        toy_raised_clear(t);                               /* lone surrogates */
        return toy_raise_type_error(t, "name must be a string");
    }
    return make(t, toy_module_state(self), name, args[1], args[2]);
}

#define EACH_CONSTRUCTOR(X) \
    X(md5) X(sha1) X(sha224) X(sha256) X(sha384) X(sha512) X(sha3_224) X(sha3_256) X(sha3_384) X(sha3_512) X(shake_128) X(shake_256)

#define X(name_) \
    static ToyValue hash_##name_(ToyThread *t, ToyValue self, const ToyValue *args) { return make(t, toy_module_state(self), #name_, args[0], args[1]); }
EACH_CONSTRUCTOR(X)
#undef X

static ToyValue get_fips_mode(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_small_int_value(EVP_default_properties_is_fips_enabled(NULL));
}

/* ---- the module ---- */

#define X(name_) \
    TOY_FUNCTION("openssl_" #name_, hash_##name_, "(string=b'', *, usedforsecurity=True)", 0, "A " #name_ " object, fed with string."),
static const ToyFunction functions[] = {
    EACH_CONSTRUCTOR(X)
    TOY_FUNCTION("new", hash_new, "(name, string=b'', *, usedforsecurity=True)", 0, "An object of the algorithm of that name, fed with string."),
    TOY_FUNCTION("hmac_new", hash_hmac_new, "(key, msg=b'', digestmod=None)", 0, "An HMAC object, fed with msg."),
    TOY_FUNCTION("hmac_digest", hash_hmac_digest, "(key, msg, digest)", 0, "The HMAC of msg."),
    TOY_FUNCTION("pbkdf2_hmac", hash_pbkdf2_hmac, "(hash_name, password, salt, iterations, dklen=None)", 0,
                 "A key from a password, by PKCS #5's function with HMAC; iterations make it slow."),
    TOY_FUNCTION("scrypt", hash_scrypt, "(password, *, salt=None, n=None, r=None, p=None, maxmem=0, dklen=64)", 0,
                 "A key from a password, by scrypt; n makes it slow, r and p make it want memory."),
    TOY_FUNCTION("get_fips_mode", get_fips_mode, "()", 0, "1 if libcrypto offers nothing but what the rules called FIPS allow, else 0."),
    TOY_FUNCTIONS_END,
};
#undef X

static bool add_constructor(ToyThread *t, ToyModuleObject *module, HashState *state, const char *function_name, const char *name)
{
    ToyValue function = toy_dict_get_text(t, toy_module_dict(module), function_name), text = toy_failed(function) ? TOY_FAILED : toy_str(t, name);
    bool done = !toy_failed(text) && toy_dict_set(t, state->constructors, function, text);
    toy_release(function);
    toy_release(text);
    return done;
}

static bool add_constructors(ToyThread *t, ToyModuleObject *module, HashState *state)
{
    state->constructors = toy_dict(t);
    if (toy_failed(state->constructors)) return false;
#define X(name_) add_constructor(t, module, state, "openssl_" #name_, #name_) &&
    bool done = EACH_CONSTRUCTOR(X) true;
#undef X
    return done && toy_module_add(t, module, "_constructors", toy_retain(state->constructors));
}

/* The names of all that can be made without a key. */
typedef struct Names { ToyThread *t; ToyValue set; bool has_failed; } Names;
static void add_name(EVP_MD *digest, void *context)
{
    Names *names = context;
    EVP_MD *fetched = names->has_failed ? NULL : fetch(EVP_MD_get0_name(digest), true);      /* is it more than a name? */
    if (!fetched) return;
    for (size_t i = 0; i < HASH_NAMES; i++) {
        if (!EVP_MD_is_a(fetched, digests[i].crypto_name)) continue;
        ToyValue name = toy_str(names->t, digests[i].name);
        names->has_failed = toy_failed(name) || !toy_set_add(names->t, names->set, name);
        toy_release(name);
        break;
    }
    EVP_MD_free(fetched);
}
static ToyValue all_names(ToyThread *t)
{
    Names names = {t, toy_set(t, true), false};
    if (toy_failed(names.set)) return TOY_FAILED;
    EVP_MD_do_all_provided(NULL, add_name, &names);
    ERR_clear_error();
    if (!names.has_failed) return names.set;
    toy_release(names.set);
    return TOY_FAILED;
}

static bool init(ToyThread *t, ToyModuleObject *module)
{
    HashState *state = toy_module_state(toy_module_value(module));
    if (!OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, NULL)) return hash_raise(t, toy_exception_type(t, TOY_ImportError), "libcrypto does not start"), false;
    state->unsupported = toy_exception_new(t, "_hashlib.UnsupportedDigestmodError", toy_exception_type(t, TOY_ValueError));
    ToyValue compare = state->unsupported ? toy_import_from(t, "_operator", "_compare_digest") : TOY_FAILED;
    return !toy_failed(compare) && toy_module_add(t, module, "compare_digest", compare) &&
           toy_module_add_type(t, module, state->unsupported) && hash_add_types(t, module, state) && hash_add_keyed_type(t, module, state) &&
           add_constructors(t, module, state) && toy_module_add(t, module, "openssl_md_meth_names", all_names(t)) &&
           toy_module_add_int(t, module, "_GIL_MINSIZE", HASH_RELEASE_MIN);
}

static void traverse_state(void *place, ToyVisit visit, void *context) { toy_visit(((HashState *)place)->constructors, visit, context); }
static void free_state(ToyThread *t, void *place)
{
    HashState *state = place;
    toy_release(state->constructors);
    for (size_t i = 0; i < HASH_NAMES; i++) {
        EVP_MD_free(state->known[0][i]);
        EVP_MD_free(state->known[1][i]);
    }
}

const ToyModule toy_module = {
    .abi = TOY_ABI,
    .name = "_hashlib",
    .doc = "Digests, over libcrypto.",
    .functions = functions,
    .state_size = sizeof(HashState),
    .init = init,
    .traverse_state = traverse_state,
    .free_state = free_state,
};
