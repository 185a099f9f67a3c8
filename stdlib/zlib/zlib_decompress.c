/* zlib_decompress.c - zlib.decompressobj: decompressing what comes in parts.
 *
 * What        The type zlib.Decompress: decompress, flush, copy; unconsumed_tail, unused_data, eof. How a dictionary is set.
 * How         The library's stream. Input that a limit left over is the tail, which the caller gives again; what lies behind the end is
 *             collected as unused.
 * Invariants  I1 the stream and the fields are touched only by who has taken the object's own lock: a step happens without the
 *             interpreter's lock.
 * GIL         held; dropped in each step, and while waiting for a thread that is in one.
 * Read next   mod_zlib.c, zlib_decompressor.c */
#include "stdlib/zlib/zlib_parts.h"

typedef struct Decompress {
    ToyObject head;
    ToyLock busy;                        /* I1 */
    z_stream stream;
    ToyValue unused, tail;               /* bytes, owned */
    ToyValue zdict;                      /* owned; or UNBOUND */
    bool is_at_end;
} Decompress;

static Decompress *as_decompress(ToyValue v) { return (Decompress *)toy_object(v); }
static bool enter(ToyThread *t, Decompress *object) { return toy_lock_acquire(t, &object->busy, -1) == TOY_LOCK_ACQUIRED; }
static void leave(ToyThread *t, Decompress *object) { toy_lock_release(t, &object->busy); }

bool zlib_set_dictionary(ToyThread *t, ZlibState *state, z_stream *stream, ToyValue zdict)
{
    ToyBuffer dictionary;
    if (!toy_buffer_get(t, zdict, &dictionary, 0)) return false;
    bool fits = dictionary.length <= UINT_MAX;
    int code = fits ? inflateSetDictionary(stream, dictionary.length ? dictionary.data : (const Bytef *)"", (uInt)dictionary.length) : Z_OK;
    toy_buffer_release(t, &dictionary);
    if (!fits) return toy_raise_false(t, TOY_OverflowError, "zdict length does not fit in an unsigned int");
    return code == Z_OK || (zlib_raise(t, state, stream, code, "while setting zdict"), false);
}

bool zlib_inflate_start(ToyThread *t, ZlibState *state, z_stream *stream, int wbits, ToyValue zdict)
{
    int code = inflateInit2(stream, wbits);
    if (code == Z_MEM_ERROR) return toy_raise_false(t, TOY_MemoryError, "Can't allocate memory for decompression object");
    if (code != Z_OK) return toy_raise_false(t, TOY_ValueError, "Invalid initialization option");
    return wbits >= 0 || toy_is_unbound(zdict) || zlib_set_dictionary(t, state, stream, zdict);      /* raw streams do not ask */
}

static Decompress *decompress_alloc(ToyThread *t, ToyType *type)
{
    Decompress *object = (Decompress *)toy_type_alloc(t, type);
    if (!object) return NULL;
    object->unused = toy_bytes(t, "", 0);
    object->tail = toy_retain(object->unused);
    if (!toy_failed(object->unused)) return object;
    toy_release(toy_value(object));
    return NULL;
}

ToyValue zlib_decompressobj(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ZlibState *state = toy_module_state(self);
    int wbits = MAX_WBITS;
    if (!toy_arg_int(t, args[0], &wbits)) return TOY_FAILED;
    if (toy_is_bound(args[1]) && !toy_has_buffer(t, args[1])) return toy_raise_type_error(t, "zdict argument must support the buffer protocol");
    Decompress *object = decompress_alloc(t, state->decompress);
    if (!object) return TOY_FAILED;
    object->zdict = toy_retain(args[1]);
    if (zlib_inflate_start(t, state, &object->stream, wbits, args[1])) return toy_value(object);
    toy_release(toy_value(object));
    return TOY_FAILED;
}

/* What of the input is left: behind the end it is unused, else it is the tail. */
static bool keep_rest(ToyThread *t, Decompress *object, size_t left, int code)
{
    size_t length;
    const uint8_t *rest = object->stream.next_in;
    if (code == Z_STREAM_END && left) {
        const uint8_t *before = toy_bytes_data(object->unused, &length);
        uint8_t *data;
        ToyValue joined = toy_bytes_new(t, length + left, &data);
        if (toy_failed(joined)) return false;
        memcpy(data, before, length);
        memcpy(data + length, rest, left);
        toy_replace(&object->unused, joined);
    }
    toy_bytes_data(object->tail, &length);
    if (length == 0 && (left == 0 || code == Z_STREAM_END)) return true;
    ToyValue tail = toy_bytes(t, rest, left);
    if (toy_failed(tail)) return false;
    toy_replace(&object->tail, tail);
    return true;
}

static ToyValue run(ToyThread *t, Decompress *object, ZlibState *state, const uint8_t *data, size_t left, int64_t max_length)
{
    ZlibOutput output;
    int code = Z_OK;
    object->stream.next_in = data;
    bool done = zlib_output_init(t, &output, ZLIB_BUFFER_SIZE, max_length ? (size_t)max_length : SIZE_MAX) &&
                zlib_inflate_all(t, state, &object->stream, &left, Z_SYNC_FLUSH, object->zdict, &output, &code) && keep_rest(t, object, left, code);
    if (done && code == Z_STREAM_END) object->is_at_end = true;
    else if (done && code != Z_OK && code != Z_BUF_ERROR) done = (zlib_raise(t, state, &object->stream, code, "while decompressing data"), false);
    return zlib_output_finish(t, &output, done);
}

static ToyValue decompress_decompress(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Decompress *object = as_decompress(self);
    int64_t max_length = 0;
    ToyBuffer data;
    if (!toy_arg_size(t, args[1], &max_length)) return TOY_FAILED;
    if (max_length < 0) return toy_raise_value_error(t, "max_length must be non-negative");
    if (!toy_buffer_get(t, args[0], &data, 0)) return TOY_FAILED;
    ToyValue bytes = TOY_FAILED;
    if (enter(t, object)) {
        bytes = run(t, object, toy_instance_state(self), data.data, data.length, max_length);
        leave(t, object);
    }
    toy_buffer_release(t, &data);
    return bytes;
}

/* The tail, as far as it goes. A stream that has not come to its end is no error here. */
static ToyValue finish(ToyThread *t, Decompress *object, ZlibState *state, size_t first)
{
    ZlibOutput output;
    int code = Z_OK;
    size_t left;
    ToyValue tail = toy_retain(object->tail);
    object->stream.next_in = toy_bytes_data(tail, &left);
    bool done = zlib_output_init(t, &output, first, SIZE_MAX) &&
                zlib_inflate_all(t, state, &object->stream, &left, Z_FINISH, object->zdict, &output, &code) && keep_rest(t, object, left, code);
    toy_release(tail);
    if (done && code == Z_STREAM_END) {
        object->is_at_end = true;
        inflateEnd(&object->stream);
    }
    return zlib_output_finish(t, &output, done);
}

static ToyValue decompress_flush(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t length = ZLIB_BUFFER_SIZE;
    if (!toy_arg_size(t, args[0], &length)) return TOY_FAILED;
    if (length <= 0) return toy_raise_value_error(t, "length must be greater than zero");
    if (!enter(t, as_decompress(self))) return TOY_FAILED;
    ToyValue bytes = finish(t, as_decompress(self), toy_instance_state(self), (size_t)length);
    leave(t, as_decompress(self));
    return bytes;
}

static ToyValue decompress_copy(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Decompress *object = as_decompress(self), *copy = decompress_alloc(t, toy_type_of(t, self));
    if (!copy) return TOY_FAILED;
    int code = Z_STREAM_ERROR;
    bool is_entered = enter(t, object);
    if (is_entered) {
        code = inflateCopy(&copy->stream, &object->stream);
        toy_replace(&copy->unused, toy_retain(object->unused));
        toy_replace(&copy->tail, toy_retain(object->tail));
        copy->zdict = toy_retain(object->zdict);
        copy->is_at_end = object->is_at_end;
        leave(t, object);
        if (code == Z_OK) return toy_value(copy);
    }
    copy->stream.state = NULL;                            /* nothing to free */
    toy_release(toy_value(copy));
    if (!is_entered) return TOY_FAILED;
    return code == Z_STREAM_ERROR ? toy_raise_value_error(t, "Inconsistent stream state") : toy_raise_memory_error(t);
}

static void decompress_free(ToyObject *self)
{
    Decompress *object = (Decompress *)self;
    inflateEnd(&object->stream);
    toy_clear(&object->unused);
    toy_clear(&object->tail);
    toy_clear(&object->zdict);
}

static const ToyFunction methods[] = {
    TOY_FUNCTION("decompress", decompress_decompress, "($self, data, /, max_length=0)", 0, "What comes out when these bytes go in, max_length bytes at most if it is not 0."),
    TOY_FUNCTION("flush", decompress_flush, "($self, length=zlib.DEF_BUF_SIZE, /)", 0, "What is still to come. length: how much is expected."),
    TOY_FUNCTION("copy", decompress_copy, "($self, /)", 0, "Another object in the same state."),
    TOY_FUNCTION("__copy__", decompress_copy, "($self, /)", 0, "Another object in the same state."),
    TOY_FUNCTION("__deepcopy__", decompress_copy, "($self, memo, /)", 0, "Another object in the same state."),
    TOY_FUNCTIONS_END,
};
static const ToyMember members[] = {
    {"unused_data", MEMBER_VALUE, offsetof(Decompress, unused), true, "What came behind the end."},
    {"unconsumed_tail", MEMBER_VALUE, offsetof(Decompress, tail), true, "Input that a limit left over: to be given again."},
    {"eof", MEMBER_BOOL, offsetof(Decompress, is_at_end), true, "Has the end been reached?"},
    {NULL, MEMBER_VALUE, 0, true, NULL},
};
static const ToyTypeSpec spec = {
    .doc = "Decompresses what it is given in parts.", .size = sizeof(Decompress), .flags = TOY_TYPE_NO_NEW | TOY_TYPE_IS_FINAL,
    .methods = methods, .members = members, .free = decompress_free,
};

bool zlib_add_decompress(ToyThread *t, ToyModuleObject *module, ZlibState *state)
{
    state->decompress = toy_type_new(t, module, &spec, "zlib.Decompress", NULL);
    return state->decompress != NULL;
}
