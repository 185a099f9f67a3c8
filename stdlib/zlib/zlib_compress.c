/* zlib_compress.c - zlib.compressobj: compressing what comes in parts.
 *
 * What        The type zlib.Compress: compress, flush, copy.
 * How         The library's stream.
 * Invariants  I1 the stream is touched only by who has taken the object's own lock: a step happens without the interpreter's lock.
 * GIL         held; dropped in each step, and while waiting for a thread that is in one.
 * Read next   mod_zlib.c */
#include "stdlib/zlib/zlib_parts.h"

typedef struct Compress {
    ToyObject head;
    ToyLock busy;            /* I1 */
    z_stream stream;
} Compress;

static Compress *as_compress(ToyValue v) { return (Compress *)toy_object(v); }
static bool enter(ToyThread *t, Compress *object) { return toy_lock_acquire(t, &object->busy, -1) == TOY_LOCK_ACQUIRED; }
static void leave(ToyThread *t, Compress *object) { toy_lock_release(t, &object->busy); }

static bool start(ToyThread *t, Compress *object, const int options[5], ToyValue zdict)
{
    int code = deflateInit2(&object->stream, options[0], options[1], options[2], options[3], options[4]);
    if (code == Z_MEM_ERROR) return toy_raise_false(t, TOY_MemoryError, "Can't allocate memory for compression object");
    if (code != Z_OK) return toy_raise_false(t, TOY_ValueError, "Invalid initialization option");
    if (toy_is_unbound(zdict)) return true;
    ToyBuffer dictionary;
    if (!toy_buffer_get(t, zdict, &dictionary, 0)) return false;
    bool fits = dictionary.length <= UINT_MAX;
    if (fits) code = deflateSetDictionary(&object->stream, dictionary.length ? dictionary.data : (const Bytef *)"", (uInt)dictionary.length);
    toy_buffer_release(t, &dictionary);
    if (!fits) return toy_raise_false(t, TOY_OverflowError, "zdict length does not fit in an unsigned int");
    return code == Z_OK || toy_raise_false(t, TOY_ValueError, "Invalid dictionary");
}

ToyValue zlib_compressobj(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ZlibState *state = toy_module_state(self);
    int options[5] = {Z_DEFAULT_COMPRESSION, Z_DEFLATED, MAX_WBITS, ZLIB_MEMORY_LEVEL, Z_DEFAULT_STRATEGY};
    for (size_t i = 0; i < 5; i++)
        if (!toy_arg_int(t, args[i], &options[i])) return TOY_FAILED;
    Compress *object = (Compress *)toy_type_alloc(t, state->compress);
    if (!object || start(t, object, options, args[5])) return toy_value(object);
    toy_release(toy_value(object));
    return TOY_FAILED;
}

/* All of the input, and what [flush] asks for. */
static ToyValue run(ToyThread *t, Compress *object, ZlibState *state, const ToyBuffer *data, int flush, const char *doing)
{
    ZlibOutput output;
    z_stream *stream = &object->stream;
    size_t left = data ? data->length : 0;
    int code = Z_OK;
    bool done = zlib_output_init(t, &output, ZLIB_OUTPUT_SIZE, SIZE_MAX);
    stream->next_in = data ? data->data : NULL;
    do {
        zlib_give_input(stream, left);
        left -= stream->avail_in;
        do done = done && zlib_step(t, stream, deflate, flush, &output, &code);
        while (done && code != Z_STREAM_ERROR && stream->avail_out == 0);
    } while (done && left && code != Z_STREAM_ERROR);
    if (done && code == Z_STREAM_END) code = deflateEnd(stream);
    if (done && code != Z_OK && code != Z_BUF_ERROR) done = (zlib_raise(t, state, stream, code, doing), false);
    return zlib_output_finish(t, &output, done);
}

static ToyValue compress_compress(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyBuffer data;
    if (!toy_buffer_get(t, args[0], &data, 0)) return TOY_FAILED;
    ToyValue bytes = TOY_FAILED;
    if (enter(t, as_compress(self))) {
        bytes = run(t, as_compress(self), toy_instance_state(self), &data, Z_NO_FLUSH, "while compressing data");
        leave(t, as_compress(self));
    }
    toy_buffer_release(t, &data);
    return bytes;
}

static ToyValue compress_flush(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int mode = Z_FINISH;
    if (!toy_arg_int(t, args[0], &mode)) return TOY_FAILED;
    if (mode == Z_NO_FLUSH) return toy_bytes(t, "", 0);
    if (!enter(t, as_compress(self))) return TOY_FAILED;
    ToyValue bytes = run(t, as_compress(self), toy_instance_state(self), NULL, mode, "while flushing");
    leave(t, as_compress(self));
    return bytes;
}

static ToyValue compress_copy(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Compress *copy = (Compress *)toy_type_alloc(t, toy_type_of(t, self));
    if (!copy) return TOY_FAILED;
    int code = Z_STREAM_ERROR;
    bool is_entered = enter(t, as_compress(self));
    if (is_entered) {
        code = deflateCopy(&copy->stream, &as_compress(self)->stream);
        leave(t, as_compress(self));
        if (code == Z_OK) return toy_value(copy);
    }
    copy->stream.state = NULL;                            /* nothing to free */
    toy_release(toy_value(copy));
    if (!is_entered) return TOY_FAILED;
    return code == Z_STREAM_ERROR ? toy_raise_value_error(t, "Inconsistent stream state") : toy_raise_memory_error(t);
}

static void compress_free(ToyObject *self) { deflateEnd(&((Compress *)self)->stream); }

static const ToyFunction methods[] = {
    TOY_FUNCTION("compress", compress_compress, "($self, data, /)", 0, "What comes out when these bytes go in; some may be kept for later."),
    TOY_FUNCTION("flush", compress_flush, "($self, mode=zlib.Z_FINISH, /)", 0, "What has been kept; Z_FINISH: that is all."),
    TOY_FUNCTION("copy", compress_copy, "($self, /)", 0, "Another object in the same state."),
    TOY_FUNCTION("__copy__", compress_copy, "($self, /)", 0, "Another object in the same state."),
    TOY_FUNCTION("__deepcopy__", compress_copy, "($self, memo, /)", 0, "Another object in the same state."),
    TOY_FUNCTIONS_END,
};
static const ToyTypeSpec spec = {
    .doc = "Compresses what it is given in parts.", .size = sizeof(Compress), .flags = TOY_TYPE_NO_NEW | TOY_TYPE_IS_FINAL,
    .methods = methods, .free = compress_free,
};

bool zlib_add_compress(ToyThread *t, ToyModuleObject *module, ZlibState *state)
{
    state->compress = toy_type_new(t, module, &spec, "zlib.Compress", NULL);
    return state->compress != NULL;
}
