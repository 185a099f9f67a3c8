/* mod_blake2.c - _blake2: the digests blake2b and blake2s, with all their parameters.
 *
 * What        Two types alike: made with data and parameters; update, digest, hexdigest, copy.
 * How         What a type can take is a row of numbers, Kind. The parameters become the algorithm's parameter block, whose layout is
 *             the same for both but for the width of the offset. Reading the digest ends a state, so it is done to a copy.
 * Invariants  I1 a state is read or changed only by who has taken the object's own lock: feeding much happens without the
 *             interpreter's lock, and other threads may come to the same object meanwhile.
 * GIL         held; dropped while RELEASE_MIN bytes or more are fed, and while waiting for a thread that does that.
 * Read next   blake2.h, stdlib/lib/hashlib.toy */
#include "stdlib/blake2/blake2.h"
#include "vm/toy.h"

/* From so many bytes on the lock is given up: below, the hand-over would cost more than the work. */
enum { RELEASE_MIN = 2048 };

typedef struct Kind {
    const char *name, *type_name;
    uint8_t digest_max, key_max, salt_size, person_size, block_size, offset_size;
} Kind;
static const Kind kind_b = {"blake2b", "_blake2.blake2b", 64, 64, 16, 16, 128, 8}, kind_s = {"blake2s", "_blake2.blake2s", 32, 32, 8, 8, 64, 6};

typedef struct Blake2 {
    ToyObject head;
    ToyLock busy;              /* I1 */
    const Kind *kind;
    size_t digest_size;
    union { Blake2b b; Blake2s s; } state;
} Blake2;

static Blake2 *as_blake2(ToyValue v) { return (Blake2 *)toy_object(v); }

/* ---- feeding ---- */

static void feed_bytes(Blake2 *hash, const uint8_t *data, size_t length)
{
    if (hash->kind == &kind_b) blake2b_feed(&hash->state.b, data, length);
    else blake2s_feed(&hash->state.s, data, length);
}

static bool enter(ToyThread *t, Blake2 *hash) { return toy_lock_acquire(t, &hash->busy, -1) == TOY_LOCK_ACQUIRED; }
static void leave(ToyThread *t, Blake2 *hash) { toy_lock_release(t, &hash->busy); }

static bool feed(ToyThread *t, Blake2 *hash, ToyValue data)
{
    ToyBuffer buffer;
    if (toy_is_str(data)) return toy_raise_false(t, TOY_TypeError, "Strings must be encoded before hashing");
    if (!toy_has_buffer(t, data)) return toy_raise_false(t, TOY_TypeError, "object supporting the buffer API required");
    if (!toy_buffer_get(t, data, &buffer, 0)) return false;
    bool is_entered = enter(t, hash), is_long = buffer.length >= RELEASE_MIN;
    if (is_entered) {
        if (is_long) toy_block_begin(t, "hash");
        feed_bytes(hash, buffer.data, buffer.length);
        if (is_long) toy_block_end(t);
        leave(t, hash);
    }
    toy_buffer_release(t, &buffer);
    return is_entered;
}

/* ---- making: the parameter block ---- */

enum { DATA, DIGEST_SIZE, KEY, SALT, PERSON, FANOUT, DEPTH, LEAF_SIZE, NODE_OFFSET, NODE_DEPTH, INNER_SIZE, LAST_NODE, FOR_SECURITY, PARAMETERS };
static const char *const parameter_names[] = {"", "digest_size", "key", "salt", "person", "fanout", "depth", "leaf_size", "node_offset", "node_depth",
                                              "inner_size", "last_node", "usedforsecurity", NULL};

/* A small number from [least] to [most], for one byte of the block. [unit]: how the message goes on. */
static bool read_byte(ToyThread *t, ToyValue v, const char *name, int least, int most, const char *unit, uint8_t *byte)
{
    int n = *byte;
    if (!toy_arg_int(t, v, &n)) return false;
    if (n < least || n > most) return toy_raise_false(t, TOY_ValueError, "%s must be between %d and %s%d%s", name, least, unit[0] == 'i' ? unit : "", most, unit[0] == 'i' ? "" : unit);
    *byte = (uint8_t)n;
    return true;
}

static bool read_number(ToyThread *t, ToyValue v, const char *name, const char *huge, unsigned size, uint8_t *bytes)
{
    uint64_t n = 0;
    if (toy_is_unbound(v)) return true;
    if (!toy_is_int(v)) return toy_raise_false(t, TOY_TypeError, "an integer is required");
    if (toy_int_sign(v) < 0) return toy_raise_false(t, TOY_ValueError, "value must be positive");
    if (!toy_int_fits_uint64(v, &n)) return toy_raise_false(t, TOY_OverflowError, "%s", huge);
    if (size < 8 && n >> (8 * size)) return toy_raise_false(t, TOY_OverflowError, "%s is too large", name);
    for (unsigned i = 0; i < size; i++) bytes[i] = (uint8_t)(n >> (8 * i));
    return true;
}

/* Bytes, [most] of them at most; *length, if it is asked for, says how many. */
static bool read_bytes(ToyThread *t, ToyValue v, const char *name, size_t most, uint8_t *bytes, uint8_t *length)
{
    ToyBuffer buffer;
    if (toy_is_unbound(v)) return true;
    if (!toy_buffer_get(t, v, &buffer, 0)) return false;
    bool fits = buffer.length <= most;
    if (fits && buffer.length) memcpy(bytes, buffer.data, buffer.length);
    if (fits && length) *length = (uint8_t)buffer.length;
    toy_buffer_release(t, &buffer);
    return fits || toy_raise_false(t, TOY_ValueError, "maximum %s length is %zu bytes", name, most);
}

static bool start(ToyThread *t, Blake2 *hash, const ToyValue *given)
{
    const Kind *kind = hash->kind;
    uint8_t block[64] = {0}, key[128] = {0};
    uint8_t *behind = block + 8 + kind->offset_size, *texts = block + 2 * kind->salt_size;       /* the second half: salt, person */
    bool is_last_node = false;
    block[0] = kind->digest_max;
    block[2] = block[3] = 1;
    if (!read_byte(t, given[DIGEST_SIZE], "digest_size", 1, kind->digest_max, " bytes", &block[0]) ||
        !read_bytes(t, given[KEY], "key", kind->key_max, key, &block[1]) ||
        !read_bytes(t, given[SALT], "salt", kind->salt_size, texts, NULL) ||
        !read_bytes(t, given[PERSON], "person", kind->person_size, texts + kind->salt_size, NULL) ||
        !read_byte(t, given[FANOUT], "fanout", 0, 255, "", &block[2]) || !read_byte(t, given[DEPTH], "depth", 1, 255, "", &block[3]) ||
        !read_number(t, given[LEAF_SIZE], "leaf_size", "Python int too large to convert to C unsigned long", 4, block + 4) ||
        !read_number(t, given[NODE_OFFSET], "node_offset", "int too big to convert", kind->offset_size, block + 8) ||
        !read_byte(t, given[NODE_DEPTH], "node_depth", 0, 255, "", &behind[0]) ||
        !read_byte(t, given[INNER_SIZE], "inner_size", 0, kind->digest_max, "is ", &behind[1]) ||
        !toy_arg_bool(t, given[LAST_NODE], &is_last_node)) return false;
    hash->digest_size = block[0];
    if (kind == &kind_b) blake2b_start(&hash->state.b, block, is_last_node);
    else blake2s_start(&hash->state.s, block, is_last_node);
    if (block[1]) feed_bytes(hash, key, kind->block_size);
    explicit_bzero(key, sizeof key);
    return toy_is_unbound(given[DATA]) || feed(t, hash, given[DATA]);
}

static ToyValue make(ToyThread *t, ToyType *type, const Kind *kind, const ToyValue *args, size_t count, ToyTuple *names)
{
    const ToyParameters parameters = {kind->name, parameter_names, 1, 1, 0};
    ToyValue given[PARAMETERS] = {{0}};
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return TOY_FAILED;
    Blake2 *hash = (Blake2 *)toy_type_alloc(t, type);
    if (!hash) return TOY_FAILED;
    hash->kind = kind;
    if (start(t, hash, given)) return toy_value(hash);
    toy_release(toy_value(hash));
    return TOY_FAILED;
}
static ToyValue make_b(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names) { return make(t, type, &kind_b, args, count, names); }
static ToyValue make_s(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names) { return make(t, type, &kind_s, args, count, names); }

/* ---- methods ---- */

static ToyValue blake2_update(ToyThread *t, ToyValue self, const ToyValue *args) { return feed(t, as_blake2(self), args[0]) ? TOY_NONE : TOY_FAILED; }

static ToyValue blake2_copy(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Blake2 *hash = as_blake2(self), *copy = (Blake2 *)toy_type_alloc(t, toy_type_of(t, self));
    if (!copy) return TOY_FAILED;
    if (!enter(t, hash)) {
        toy_release(toy_value(copy));
        return TOY_FAILED;
    }
    copy->kind = hash->kind;
    copy->digest_size = hash->digest_size;
    copy->state = hash->state;
    leave(t, hash);
    return toy_value(copy);
}

static ToyValue blake2_digest(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Blake2 *hash = as_blake2(self);
    uint8_t digest[64];
    if (!enter(t, hash)) return TOY_FAILED;
    Blake2 copy = {.state = hash->state};
    leave(t, hash);
    if (hash->kind == &kind_b) blake2b_finish(&copy.state.b, digest, hash->digest_size);
    else blake2s_finish(&copy.state.s, digest, hash->digest_size);
    return toy_bytes(t, digest, hash->digest_size);
}
static ToyValue blake2_hexdigest(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue digest = blake2_digest(t, self, args), hex = toy_failed(digest) ? TOY_FAILED : toy_call_method(t, digest, "hex", NULL, 0);
    toy_release(digest);
    return hex;
}

static ToyValue get_name(ToyThread *t, ToyValue self) { return toy_str(t, as_blake2(self)->kind->name); }
static ToyValue get_block_size(ToyThread *t, ToyValue self) { return toy_small_int_value(as_blake2(self)->kind->block_size); }
static ToyValue get_digest_size(ToyThread *t, ToyValue self) { return toy_small_int_value((int64_t)as_blake2(self)->digest_size); }

static const ToyFunction methods[] = {
    TOY_FUNCTION("update", blake2_update, "($self, data, /)", 0, "Hash these bytes, too."),
    TOY_FUNCTION("digest", blake2_digest, "($self, /)", 0, "The digest of what came so far."),
    TOY_FUNCTION("hexdigest", blake2_hexdigest, "($self, /)", 0, "The digest in hexadecimal digits."),
    TOY_FUNCTION("copy", blake2_copy, "($self, /)", 0, "Another object that has seen the same bytes."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet getsets[] = {
    {"name", get_name, NULL, "The name of the algorithm."},
    {"block_size", get_block_size, NULL, "How many bytes the algorithm takes at a time."},
    {"digest_size", get_digest_size, NULL, "How many bytes the digest has."},
    {NULL, NULL, NULL, NULL},
};
#define SIGNATURE(max_) \
    "(data=b'', /, *, digest_size=" max_ ", key=b'', salt=b'', person=b'', fanout=1, depth=1, leaf_size=0, node_offset=0, node_depth=0, " \
    "inner_size=0, last_node=False, usedforsecurity=True)"
static const ToyTypeSpec spec_b = {
    .doc = "A BLAKE2b digest, fed with data: for 64-bit machines, up to 64 bytes.", .signature = SIGNATURE("64"), .size = sizeof(Blake2),
    .flags = TOY_TYPE_IS_FINAL, .slots = {.new_instance = make_b}, .methods = methods, .getsets = getsets,
};
static const ToyTypeSpec spec_s = {
    .doc = "A BLAKE2s digest, fed with data: for smaller machines, up to 32 bytes.", .signature = SIGNATURE("32"), .size = sizeof(Blake2),
    .flags = TOY_TYPE_IS_FINAL, .slots = {.new_instance = make_s}, .methods = methods, .getsets = getsets,
};

static bool add_type(ToyThread *t, ToyModuleObject *module, const ToyTypeSpec *spec, const Kind *kind)
{
    ToyType *type = toy_type_new(t, module, spec, kind->type_name, NULL);
    return type && toy_type_set(t, type, "MAX_DIGEST_SIZE", toy_small_int_value(kind->digest_max)) &&
           toy_type_set(t, type, "MAX_KEY_SIZE", toy_small_int_value(kind->key_max)) &&
           toy_type_set(t, type, "SALT_SIZE", toy_small_int_value(kind->salt_size)) &&
           toy_type_set(t, type, "PERSON_SIZE", toy_small_int_value(kind->person_size)) && toy_module_add_type(t, module, type);
}

static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant constants[] = {
        {"BLAKE2B_MAX_DIGEST_SIZE", 64}, {"BLAKE2B_MAX_KEY_SIZE", 64}, {"BLAKE2B_PERSON_SIZE", 16}, {"BLAKE2B_SALT_SIZE", 16},
        {"BLAKE2S_MAX_DIGEST_SIZE", 32}, {"BLAKE2S_MAX_KEY_SIZE", 32}, {"BLAKE2S_PERSON_SIZE", 8}, {"BLAKE2S_SALT_SIZE", 8},
    };
    return add_type(t, module, &spec_b, &kind_b) && add_type(t, module, &spec_s, &kind_s) &&
           toy_module_add_ints(t, module, constants, sizeof constants / sizeof *constants);
}

const ToyModule toy_module_blake2 = {.name = "_blake2", .doc = "The digests BLAKE2b and BLAKE2s.", .init = init};
