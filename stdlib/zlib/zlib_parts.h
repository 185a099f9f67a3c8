/* zlib_parts.h - what the files of zlib share: output that grows, one step of a stream, its errors.
 * What        ZlibOutput; zlib_step; zlib_raise; the types.
 * How         Defined in mod_zlib.c, zlib_compress.c, zlib_decompress.c and zlib_decompressor.c.
 * GIL         held; dropped by zlib_step.   Read next  mod_zlib.c */
#ifndef TOY_STDLIB_ZLIB_PARTS_H
#define TOY_STDLIB_ZLIB_PARTS_H

#include <limits.h>
#define ZLIB_CONST              /* input is not written to, and says so */
#include <zlib.h>

#include "vm/toy.h"

typedef struct ZlibState { ToyType *error, *compress, *decompress, *decompressor; } ZlibState;

enum { ZLIB_BUFFER_SIZE = 16384, ZLIB_OUTPUT_SIZE = 32768, ZLIB_MEMORY_LEVEL = 8 };

/* What comes out, before it is known how much. */
typedef struct ZlibOutput {
    uint8_t *data;          /* owned */
    size_t length, capacity;
    size_t limit;           /* no more than that; SIZE_MAX: as much as comes */
} ZlibOutput;
TOY_MUST_CHECK bool zlib_output_init(ToyThread *t, ZlibOutput *output, size_t first, size_t limit);
/* bytes of it, if [done]; the output is freed at any rate. */
TOY_MUST_CHECK ToyValue zlib_output_finish(ToyThread *t, ZlibOutput *output, bool done);

/* deflate or inflate once, with room for output. *code is what it answered. False: no memory, raised. */
TOY_MUST_CHECK bool zlib_step(ToyThread *t, z_stream *stream, int (*step)(z_stream *, int), int flush, ZlibOutput *output, int *code);
/* Again? The last step filled all the room there was, and there may be more. */
bool zlib_wants_room(const z_stream *stream, const ZlibOutput *output);
/* The part of the input that a stream can be given at once: its counts have 32 bits. */
static inline void zlib_give_input(z_stream *stream, size_t left) { stream->avail_in = left > UINT_MAX ? UINT_MAX : (uInt)left; }

/* zlib.error "Error CODE DOING: why". FAILED. */
ToyValue zlib_raise(ToyThread *t, ZlibState *state, const z_stream *stream, int code, const char *doing);

/* inflate over all of the input at stream->next_in, of which *left bytes are left, until it ends, the limit is reached or there is no more.
 * False: raised; [*code] tells how it stopped. A dictionary that the stream asks for is [zdict] (UNBOUND: none). */
TOY_MUST_CHECK bool zlib_inflate_all(ToyThread *t, ZlibState *state, z_stream *stream, size_t *left, int flush, ToyValue zdict, ZlibOutput *output, int *code);
/* inflateInit2 for an object, with its dictionary if the stream will not ask for it. */
TOY_MUST_CHECK bool zlib_inflate_start(ToyThread *t, ZlibState *state, z_stream *stream, int wbits, ToyValue zdict);
TOY_MUST_CHECK bool zlib_set_dictionary(ToyThread *t, ZlibState *state, z_stream *stream, ToyValue zdict);

TOY_MUST_CHECK bool zlib_add_compress(ToyThread *t, ToyModuleObject *module, ZlibState *state);
TOY_MUST_CHECK bool zlib_add_decompress(ToyThread *t, ToyModuleObject *module, ZlibState *state);
TOY_MUST_CHECK bool zlib_add_decompressor(ToyThread *t, ToyModuleObject *module, ZlibState *state);
ToyValue zlib_compressobj(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue zlib_decompressobj(ToyThread *t, ToyValue self, const ToyValue *args);

#endif
