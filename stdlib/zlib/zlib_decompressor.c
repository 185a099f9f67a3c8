/* zlib_decompressor.c - zlib._ZlibDecompressor: decompressing in parts, keeping by itself what a limit left over.
 *
 * What        decompress, eof, needs_input, unused_data: what bz2's and lzma's decompressors have, for readers of files of any of the three.
 * How         As zlib_decompress.c; but the rest of the input waits in the object, and the next call begins with it.
 * Invariants  I1 the stream and the fields are touched only by who has taken the object's own lock.
 * GIL         held; dropped in each step, and while waiting for a thread that is in one.
 * Read next   zlib_decompress.c */
#include "stdlib/zlib/zlib_parts.h"

typedef struct Decompressor {
    ToyObject head;
    ToyLock busy;                        /* I1 */
    z_stream stream;
    ToyValue waiting, unused;            /* bytes, owned: input not taken yet; what came behind the end */
    ToyValue zdict;                      /* owned; or UNBOUND */
    bool is_at_end, needs_input;
} Decompressor;

static Decompressor *as_decompressor(ToyValue v) { return (Decompressor *)toy_object(v); }

static ToyValue decompressor_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"wbits", "zdict", NULL};
    static const ToyParameters parameters = {"_ZlibDecompressor", parameter_names, 0, 2, 0};
    ToyValue given[2] = {{0}};
    int wbits = MAX_WBITS;
    if (!toy_arguments_sort(t, &parameters, args, count, names, given) || !toy_arg_int(t, given[0], &wbits)) return TOY_FAILED;
    Decompressor *object = (Decompressor *)toy_type_alloc(t, type);
    if (!object) return TOY_FAILED;
    object->needs_input = true;
    object->zdict = toy_retain(given[1]);
    object->waiting = toy_bytes(t, "", 0);
    object->unused = toy_retain(object->waiting);
    if (!toy_failed(object->waiting) && zlib_inflate_start(t, toy_type_state(type), &object->stream, wbits, given[1])) return toy_value(object);
    toy_release(toy_value(object));
    return TOY_FAILED;
}

/* What waits, and [data] behind it: bytes, owned. */
static ToyValue all_input(ToyThread *t, Decompressor *object, const ToyBuffer *data)
{
    size_t waiting;
    const uint8_t *first = toy_bytes_data(object->waiting, &waiting);
    if (!data->length) return toy_retain(object->waiting);
    uint8_t *both;
    ToyValue input = toy_bytes_new(t, waiting + data->length, &both);
    if (toy_failed(input)) return TOY_FAILED;
    memcpy(both, first, waiting);
    memcpy(both + waiting, data->data, data->length);
    return input;
}

static ToyValue run(ToyThread *t, Decompressor *object, ZlibState *state, const ToyBuffer *data, int64_t max_length)
{
    ZlibOutput output;
    int code = Z_OK;
    size_t left = 0;
    ToyValue input = all_input(t, object, data);
    if (toy_failed(input)) return TOY_FAILED;
    object->stream.next_in = toy_bytes_data(input, &left);
    bool done = zlib_output_init(t, &output, ZLIB_BUFFER_SIZE, max_length < 0 ? SIZE_MAX : (size_t)max_length) &&
                (max_length == 0 || zlib_inflate_all(t, state, &object->stream, &left, Z_SYNC_FLUSH, object->zdict, &output, &code));
    if (done && code != Z_OK && code != Z_BUF_ERROR && code != Z_STREAM_END) done = (zlib_raise(t, state, &object->stream, code, "while decompressing data"), false);
    ToyValue rest = done ? toy_bytes(t, object->stream.next_in, left) : TOY_FAILED;
    toy_release(input);
    done = done && !toy_failed(rest);
    if (done) {
        object->is_at_end = code == Z_STREAM_END;
        object->needs_input = !object->is_at_end && left == 0;
        toy_replace(object->is_at_end ? &object->unused : &object->waiting, rest);
    }
    return zlib_output_finish(t, &output, done);
}

static ToyValue decompressor_decompress(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Decompressor *object = as_decompressor(self);
    int64_t max_length = -1;
    ToyBuffer data;
    if (!toy_arg_size(t, args[1], &max_length) || !toy_buffer_get(t, args[0], &data, 0)) return TOY_FAILED;
    ToyValue bytes = TOY_FAILED;
    if (toy_lock_acquire(t, &object->busy, -1) == TOY_LOCK_ACQUIRED) {
        if (object->is_at_end) toy_raise(t, TOY_EOFError, "End of stream already reached");
        else bytes = run(t, object, toy_instance_state(self), &data, max_length);
        toy_lock_release(t, &object->busy);
    }
    toy_buffer_release(t, &data);
    return bytes;
}

static void decompressor_free(ToyObject *self)
{
    Decompressor *object = (Decompressor *)self;
    inflateEnd(&object->stream);
    toy_clear(&object->waiting);
    toy_clear(&object->unused);
    toy_clear(&object->zdict);
}

static const ToyFunction methods[] = {
    TOY_FUNCTION("decompress", decompressor_decompress, "($self, /, data, max_length=-1)", 0,
                 "What comes out when these bytes go in, max_length bytes at most if it is not negative; the rest of the input is kept."),
    TOY_FUNCTIONS_END,
};
static const ToyMember members[] = {
    {"eof", MEMBER_BOOL, offsetof(Decompressor, is_at_end), true, "Has the end been reached?"},
    {"unused_data", MEMBER_VALUE, offsetof(Decompressor, unused), true, "What came behind the end."},
    {"needs_input", MEMBER_BOOL, offsetof(Decompressor, needs_input), true, "Will nothing come out before more goes in?"},
    {NULL, MEMBER_VALUE, 0, true, NULL},
};
static const ToyTypeSpec spec = {
    .doc = "Decompresses what it is given in parts, and keeps what a limit leaves over.", .signature = "(wbits=15, zdict=b'')", .size = sizeof(Decompressor),
    .flags = TOY_TYPE_IS_FINAL, .slots = {.new_instance = decompressor_new}, .methods = methods, .members = members, .free = decompressor_free,
};

bool zlib_add_decompressor(ToyThread *t, ToyModuleObject *module, ZlibState *state)
{
    state->decompressor = toy_type_new(t, module, &spec, "zlib._ZlibDecompressor", NULL);
    return state->decompressor && toy_module_add_type(t, module, state->decompressor);
}
