/* mod_zlib.c - zlib: data made smaller and whole again; checksums.
 *
 * What        compress, decompress, crc32, adler32; the objects that take data in parts are in the other files.
 * How         The library is linked into the program, and does the work. What comes out goes into a block that doubles; each time it is
 *             full is one step of the library.
 * GIL         held; dropped in each step, however little there is to do, and for checksums of more than CHECKSUM_RELEASE_MIN - 1 bytes.
 * Read next   zlib_compress.c, zlib_decompress.c, zlib_decompressor.c */
#include "stdlib/zlib/zlib_parts.h"

/* From so many bytes on a checksum takes longer than handing the lock over. */
enum { CHECKSUM_RELEASE_MIN = 5 * 1024 + 1 };

/* ---- output ---- */

bool zlib_output_init(ToyThread *t, ZlibOutput *output, size_t first, size_t limit)
{
    *output = (ZlibOutput){.capacity = first < limit ? first : limit ? limit : 1, .limit = limit};
    output->data = toy_alloc(t, output->capacity);
    return output->data != NULL;
}

ToyValue zlib_output_finish(ToyThread *t, ZlibOutput *output, bool done)
{
    ToyValue bytes = done ? toy_bytes(t, output->data, output->length) : TOY_FAILED;
    if (output->data) toy_free(t, output->data, output->capacity);
    output->data = NULL;
    return bytes;
}

static bool make_room(ToyThread *t, ZlibOutput *output)
{
    if (output->length < output->capacity) return true;
    size_t capacity = output->capacity > output->limit / 2 ? output->limit : output->capacity * 2;
    uint8_t *grown = toy_resize(t, output->data, output->capacity, capacity);
    if (!grown) return false;
    output->data = grown;
    output->capacity = capacity;
    return true;
}

bool zlib_step(ToyThread *t, z_stream *stream, int (*step)(z_stream *, int), int flush, ZlibOutput *output, int *code)
{
    if (!make_room(t, output)) return false;
    size_t room = output->capacity - output->length;
    uInt given = room > UINT_MAX ? UINT_MAX : (uInt)room;
    stream->next_out = output->data + output->length;
    stream->avail_out = given;
    toy_block_begin(t, "zlib");
    *code = step(stream, flush);
    toy_block_end(t);
    output->length += given - stream->avail_out;
    return true;
}

bool zlib_wants_room(const z_stream *stream, const ZlibOutput *output) { return stream->avail_out == 0 && output->length < output->limit; }

ToyValue zlib_raise(ToyThread *t, ZlibState *state, const z_stream *stream, int code, const char *doing)
{
    const char *why = stream->msg;
    if (!why && code == Z_BUF_ERROR) why = "incomplete or truncated stream";
    if (!why && code == Z_STREAM_ERROR) why = "inconsistent stream state";
    if (!why && code == Z_DATA_ERROR) why = "invalid input data";
    if (code == Z_MEM_ERROR) return toy_raise_memory_error(t);
    return why ? toy_raise_type(t, state->error, "Error %d %s: %s", code, doing, why) : toy_raise_type(t, state->error, "Error %d %s", code, doing);
}

/* ---- all at once ---- */

static bool deflate_all(ToyThread *t, ZlibState *state, const ToyBuffer *data, int level, int wbits, ZlibOutput *output)
{
    z_stream stream = {.next_in = data->data};
    int code = deflateInit2(&stream, level, Z_DEFLATED, wbits, ZLIB_MEMORY_LEVEL, Z_DEFAULT_STRATEGY);
    if (code == Z_STREAM_ERROR) return toy_raise_type(t, state->error, "Bad compression level"), false;
    if (code != Z_OK) return zlib_raise(t, state, &stream, code, "while compressing data"), false;
    size_t left = data->length;
    bool done = true;
    do {
        zlib_give_input(&stream, left);
        left -= stream.avail_in;
        do done = zlib_step(t, &stream, deflate, left ? Z_NO_FLUSH : Z_FINISH, output, &code);
        while (done && code != Z_STREAM_ERROR && stream.avail_out == 0);
    } while (done && left && code != Z_STREAM_ERROR);
    if (done && code != Z_STREAM_END) done = (zlib_raise(t, state, &stream, code, "while compressing data"), false);
    deflateEnd(&stream);
    return done;
}

static ToyValue zlib_compress(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int level = Z_DEFAULT_COMPRESSION, wbits = MAX_WBITS;
    ToyBuffer data;
    ZlibOutput output;
    if (!toy_arg_int(t, args[1], &level) || !toy_arg_int(t, args[2], &wbits) || !toy_buffer_get(t, args[0], &data, 0)) return TOY_FAILED;
    bool done = zlib_output_init(t, &output, ZLIB_OUTPUT_SIZE, SIZE_MAX) && deflate_all(t, toy_module_state(self), &data, level, wbits, &output);
    toy_buffer_release(t, &data);
    return zlib_output_finish(t, &output, done);
}

bool zlib_inflate_all(ToyThread *t, ZlibState *state, z_stream *stream, size_t *left, int flush, ToyValue zdict, ZlibOutput *output, int *code)
{
    *code = Z_OK;
    do {
        zlib_give_input(stream, *left);
        do {
            uInt before = stream->avail_in;
            if (!zlib_step(t, stream, inflate, flush, output, code)) return false;
            *left -= before - stream->avail_in;
            if (*code == Z_NEED_DICT && toy_is_bound(zdict)) {
                if (!zlib_set_dictionary(t, state, stream, zdict)) return false;
                *code = Z_OK;
                continue;
            }
            if (*code != Z_OK && *code != Z_BUF_ERROR) return true;
        } while (zlib_wants_room(stream, output) || (*code == Z_OK && stream->avail_in && output->length < output->limit));
    } while (*left && output->length < output->limit);
    return true;
}

static bool decompress(ToyThread *t, ZlibState *state, const ToyBuffer *data, int wbits, ZlibOutput *output)
{
    z_stream stream = {.next_in = data->data};
    int code = inflateInit2(&stream, wbits);
    if (code != Z_OK) return zlib_raise(t, state, &stream, code, "while preparing to decompress data"), false;
    size_t left = data->length;
    bool done = zlib_inflate_all(t, state, &stream, &left, Z_SYNC_FLUSH, TOY_UNBOUND, output, &code);
    if (done && code != Z_STREAM_END) done = (zlib_raise(t, state, &stream, code == Z_OK ? Z_BUF_ERROR : code, "while decompressing data"), false);
    inflateEnd(&stream);
    return done;
}

static ToyValue zlib_decompress(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int wbits = MAX_WBITS;
    int64_t first = ZLIB_BUFFER_SIZE;
    ToyBuffer data;
    ZlibOutput output;
    if (!toy_arg_int(t, args[1], &wbits) || !toy_arg_size(t, args[2], &first)) return TOY_FAILED;
    if (first < 0) return toy_raise_value_error(t, "bufsize must be non-negative");
    if (!toy_buffer_get(t, args[0], &data, 0)) return TOY_FAILED;
    bool done = zlib_output_init(t, &output, first ? (size_t)first : 1, SIZE_MAX) && decompress(t, toy_module_state(self), &data, wbits, &output);
    toy_buffer_release(t, &data);
    return zlib_output_finish(t, &output, done);
}

/* ---- checksums ---- */

typedef uLong (*Checksum)(uLong value, const Bytef *data, z_size_t length);

/* [value]: any int, of which the lowest 32 bits count. */
static ToyValue checksum(ToyThread *t, const ToyValue *args, uint32_t start, Checksum next)
{
    ToyBuffer data;
    ToyValue low = TOY_UNBOUND;
    if (toy_is_bound(args[1])) {
        ToyValue value = toy_index(t, args[1]);
        low = toy_failed(value) ? TOY_FAILED : toy_operate(t, TOY_AND, value, toy_small_int_value(UINT32_MAX));
        toy_release(value);
        if (toy_failed(low)) return TOY_FAILED;
        start = (uint32_t)toy_small_int(low);                       /* fits: no reference to drop */
    }
    if (!toy_buffer_get(t, args[0], &data, 0)) return TOY_FAILED;
    bool is_long = data.length >= CHECKSUM_RELEASE_MIN;
    if (is_long) toy_block_begin(t, "checksum");
    uLong result = next(start, data.length ? data.data : (const Bytef *)"", data.length);
    if (is_long) toy_block_end(t);
    toy_buffer_release(t, &data);
    return toy_small_int_value((int64_t)(result & UINT32_MAX));
}
static ToyValue zlib_crc32(ToyThread *t, ToyValue self, const ToyValue *args) { return checksum(t, args, 0, crc32_z); }
static ToyValue zlib_adler32(ToyThread *t, ToyValue self, const ToyValue *args) { return checksum(t, args, 1, adler32_z); }

/* ---- the module ---- */

static const ToyFunction functions[] = {
    TOY_FUNCTION("compress", zlib_compress, "(data, /, level=Z_DEFAULT_COMPRESSION, wbits=MAX_WBITS)", 0, "Data made smaller. wbits: the size of the window, and which head and tail."),
    TOY_FUNCTION("decompress", zlib_decompress, "(data, /, wbits=MAX_WBITS, bufsize=DEF_BUF_SIZE)", 0, "What compress made smaller. bufsize: how much is expected."),
    TOY_FUNCTION("compressobj", zlib_compressobj, "(level=Z_DEFAULT_COMPRESSION, method=DEFLATED, wbits=MAX_WBITS, memLevel=DEF_MEM_LEVEL, strategy=Z_DEFAULT_STRATEGY, zdict=None)", 0,
                 "An object that compresses what it is given in parts."),
    TOY_FUNCTION("decompressobj", zlib_decompressobj, "(wbits=MAX_WBITS, zdict=b'')", 0, "An object that decompresses what it is given in parts."),
    TOY_FUNCTION("crc32", zlib_crc32, "(data, value=0, /)", 0, "The CRC-32 checksum of data that follows on what has the checksum value."),
    TOY_FUNCTION("adler32", zlib_adler32, "(data, value=1, /)", 0, "The Adler-32 checksum of data that follows on what has the checksum value."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
#define CONSTANT(name_) {#name_, name_}
    static const ToyIntConstant constants[] = {
        {"DEFLATED", Z_DEFLATED}, {"DEF_BUF_SIZE", ZLIB_BUFFER_SIZE}, {"DEF_MEM_LEVEL", ZLIB_MEMORY_LEVEL}, CONSTANT(MAX_WBITS),
        CONSTANT(Z_BEST_COMPRESSION), CONSTANT(Z_BEST_SPEED), CONSTANT(Z_BLOCK), CONSTANT(Z_DEFAULT_COMPRESSION), CONSTANT(Z_DEFAULT_STRATEGY),
        CONSTANT(Z_FILTERED), CONSTANT(Z_FINISH), CONSTANT(Z_FIXED), CONSTANT(Z_FULL_FLUSH), CONSTANT(Z_HUFFMAN_ONLY), CONSTANT(Z_NO_COMPRESSION),
        CONSTANT(Z_NO_FLUSH), CONSTANT(Z_PARTIAL_FLUSH), CONSTANT(Z_RLE), CONSTANT(Z_SYNC_FLUSH), CONSTANT(Z_TREES),
    };
#undef CONSTANT
    ZlibState *state = toy_module_state(toy_module_value(module));
    state->error = toy_exception_new(t, "zlib.error", toy_exception_type(t, TOY_Exception));
    return state->error && toy_module_add_type(t, module, state->error) && zlib_add_compress(t, module, state) && zlib_add_decompress(t, module, state) &&
           zlib_add_decompressor(t, module, state) && toy_module_add_ints(t, module, constants, sizeof constants / sizeof *constants) &&
           toy_module_add(t, module, "ZLIB_VERSION", toy_str(t, ZLIB_VERSION)) &&
           toy_module_add(t, module, "ZLIB_RUNTIME_VERSION", toy_str(t, zlibVersion())) && toy_module_add(t, module, "__version__", toy_str(t, "1.0"));
}

const ToyModule toy_module_zlib = {
    .name = "zlib",
    .doc = "Data made smaller and whole again; checksums.",
    .functions = functions,
    .state_size = sizeof(ZlibState),
    .init = init,
};
