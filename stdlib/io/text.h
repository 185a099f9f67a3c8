/* text.h - between the files of TextIOWrapper.
 *
 * What        The struct; bytes to characters with state (text_codec.c); places in a file (text_position.c).
 * How         UTF-8, ASCII and Latin-1 are decoded and encoded by the machine's own codecs, anything else by the codec's incremental
 *             objects. Both kinds have a state that can be asked for and set, of which the place in a file is a part.
 * Invariants  I1 decoded[at..] is what was read and not yet given out.
 *             I2 snapshot, if there: the bytes that [decoded] was made of, from the decoder's state snapshot_flags with nothing held back.
 *             I3 pending bytes come before anything that is asked of the file below, but for its own sake.
 *             I4 whoever writes bytes below has the turn, so they arrive in the order in which they were written here.
 * GIL         held; the file below drops it.
 * Read next   text_io.c */
#ifndef TOY_STDLIB_IO_TEXT_H
#define TOY_STDLIB_IO_TEXT_H

#include "stdlib/io/io.h"

enum { TEXT_CHUNK = 8192, TEXT_PENDING = 2 * TEXT_CHUNK };

typedef enum Newline { NEWLINE_UNIVERSAL, NEWLINE_KEEP, NEWLINE_LF, NEWLINE_CR, NEWLINE_CRLF } Newline;

typedef struct TextFile {
    ToyObject head;
    ToyValue buffer;                 /* UNBOUND: detached, or __init__ did not run */
    ToyValue encoding, errors;       /* strs */
    const char *own_codec;           /* the machine's name of it; NULL: the two objects */
    ToyValue encoder, decoder;       /* UNBOUND where own_codec does, or the file cannot be written, or read */
    bool is_readable, is_writable, is_seekable, has_read1, is_detached, is_finalizing;
    bool line_buffering, write_through;
    bool is_iterated;                /* next() was called: where we are is not known before the end */
    Newline newline;
    NewlineState newlines;
    uint8_t rest[8]; size_t rest_length;    /* of the machine's own codec: the beginning of a character */
    uint8_t *pending; size_t pending_length; /* TEXT_PENDING bytes, or NULL */
    IoTurn turn;                     /* I4 */
    int64_t chunk_size;              /* how much is read at once */
    double bytes_per_character;      /* of the last piece */
    ToyValue decoded;                /* a str, or UNBOUND */
    size_t at;                       /* characters of it given out */
    ToyValue snapshot;               /* I2; bytes, or UNBOUND */
    int64_t snapshot_flags;
    IoState *state;
} TextFile;

TOY_MUST_CHECK bool text_check_attached(ToyThread *t, TextFile *text);
TOY_MUST_CHECK bool text_check_open(ToyThread *t, TextFile *text);
/* A method of the file below, which may detach itself from us meanwhile. */
TOY_MUST_CHECK ToyValue text_call_below(ToyThread *t, TextFile *text, const char *method, const ToyValue *args, size_t count);
/* I3: into the file below. */
TOY_MUST_CHECK bool text_write_pending(ToyThread *t, TextFile *text);
/* Forget what was read. */
void text_set_decoded(TextFile *text, TOY_TAKES ToyValue decoded);
/* The Buffered below, if it is one of our own classes and no subclass, whose methods need not be asked for. What runs below may detach the file
 * from it: who calls into it keeps a reference meanwhile. */
static inline TOY_BORROWED Buffered *text_own_buffer(const TextFile *text)
{
    const IoState *state = text->state;
    const ToyType *type = toy_is_object(text->buffer) ? toy_object(text->buffer)->type : NULL;
    return type && (type == state->reader || type == state->writer || type == state->random) ? (Buffered *)toy_object(text->buffer) : NULL;
}
/* All layers are our own, and the file is open: nobody has to be asked. False: text_check_open knows. */
static inline bool text_is_open(const TextFile *text)
{
    const Buffered *buffer = text_own_buffer(text);
    const FileIO *file = buffer ? buffered_own_raw(buffer) : NULL;
    return file && file->fd >= 0;
}
/* Raises if it is closed; what waits to be written goes first. */
static inline TOY_MUST_CHECK bool text_begin_reading(ToyThread *t, TextFile *text)
{
    if (text->pending_length == 0 && text_is_open(text)) return true;
    return text_check_open(t, text) && text_write_pending(t, text);
}
/* The end of the file: the next read asks again. */
void text_end_reading(TextFile *text);

/* ---- text_codec.c ---- */

/* By name: finds the codec, makes what the file needs of it. Strs; [errors] is checked only when it is used. */
TOY_MUST_CHECK bool text_codec_set(ToyThread *t, TextFile *text, ToyValue encoding, ToyValue errors);
void text_codec_clear(TextFile *text);
TOY_MUST_CHECK ToyValue text_codec_decode(ToyThread *t, TextFile *text, ToyValue bytes_like, bool is_final);
TOY_MUST_CHECK ToyValue text_codec_encode(ToyThread *t, TextFile *text, ToyValue str);        /* bytes */
/* What the decoder holds back, bytes, and its other state as a number. */
TOY_MUST_CHECK ToyValue text_codec_get_state(ToyThread *t, TextFile *text, int64_t *flags);
TOY_MUST_CHECK bool text_codec_set_state(ToyThread *t, TextFile *text, ToyValue held_back, int64_t flags);
TOY_MUST_CHECK bool text_codec_reset_decoder(ToyThread *t, TextFile *text);
/* Whether what is written next begins the file: then a mark of byte order may belong there. */
TOY_MUST_CHECK bool text_codec_reset_encoder(ToyThread *t, TextFile *text, bool is_start);

/* ---- text_read.c: methods ---- */

ToyValue text_read(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue text_readline(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue text_readlines(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue text_next(ToyThread *t, ToyValue self);

/* ---- text_position.c ---- */

ToyValue text_tell(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue text_seek(ToyThread *t, ToyValue self, const ToyValue *args);

#endif
