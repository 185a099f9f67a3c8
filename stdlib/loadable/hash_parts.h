/* hash_parts.h - what the files of _hashlib share: the module's state, and how libcrypto's digests are named.
 * What        Digests by their names; the objects; what libcrypto has to say when it fails.
 * How         Defined in mod_hashlib.c, hash_object.c, hash_keyed.c and hash_derive.c.
 * GIL         held.   Read next  mod_hashlib.c */
#ifndef TOY_STDLIB_HASH_PARTS_H
#define TOY_STDLIB_HASH_PARTS_H

#include <openssl/evp.h>

#include "vm/toy.h"

/* From so many bytes on the lock is given up: below, the hand-over would cost more than the work. */
enum { HASH_RELEASE_MIN = 2048 };

enum { HASH_NAMES = 19 };
typedef struct HashState {
    ToyType *hash, *xof, *hmac, *unsupported;     /* HASH, HASHXOF, HMAC, UnsupportedDigestmodError */
    ToyValue constructors;                        /* the dict _constructors: function -> name */
    EVP_MD *known[2][HASH_NAMES];                 /* [1]: also where security rules would refuse; fetched when first asked for */
} HashState;

/* libcrypto's digest of that name, to be given back with EVP_MD_free. [is_for_security] false: also one that the rules of the system
 * forbid for signatures and the like. NULL: raised. */
TOY_MUST_CHECK EVP_MD *hash_find(ToyThread *t, HashState *state, const char *name, bool is_for_security);
/* The same of what scripts pass as digestmod: a name, or one of this module's constructors. */
TOY_MUST_CHECK EVP_MD *hash_find_by(ToyThread *t, HashState *state, ToyValue digestmod);
const char *hash_name(const EVP_MD *digest);      /* as scripts know it */

/* The bytes to be hashed. Why a str will not do is told. */
TOY_MUST_CHECK bool hash_get_data(ToyThread *t, ToyValue v, ToyBuffer *buffer);

/* What libcrypto says about its last failure, or [otherwise] if it says nothing; FAILED. */
ToyValue hash_raise(ToyThread *t, ToyType *type, const char *otherwise);
ToyValue hash_raise_value_error(ToyThread *t);

/* A new object over a digest, fed with [data] (UNBOUND: nothing). */
TOY_MUST_CHECK ToyValue hash_object_new(ToyThread *t, HashState *state, const EVP_MD *digest, ToyValue data);

TOY_MUST_CHECK bool hash_add_types(ToyThread *t, ToyModuleObject *module, HashState *state);
TOY_MUST_CHECK bool hash_add_keyed_type(ToyThread *t, ToyModuleObject *module, HashState *state);

/* Rows of the module's table. */
ToyValue hash_hmac_new(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue hash_hmac_digest(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue hash_pbkdf2_hmac(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue hash_scrypt(ToyThread *t, ToyValue self, const ToyValue *args);

/* Hexadecimal digits of bytes. */
TOY_MUST_CHECK ToyValue hash_hex(ToyThread *t, const uint8_t *bytes, size_t length);

#endif
