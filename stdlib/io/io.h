/* io.h - between the files of module io: raw files, buffers over them, text over those.
 *
 * What        The structs of the three layers and what one asks of the next; the module's state.
 * How         open() stacks them: FileIO (a descriptor) <- Buffered (bytes in a block) <- TextFile (characters). Each layer calls the
 *             one below directly when it is toy's own, and by its methods when a script put something else there.
 * Invariants  I1 a Buffered has either read bytes in its block or bytes to be written, never both.
 *             I2 whoever may block inside a Buffered holds its lock: the GIL alone is given up in there.
 * GIL         held; dropped around system calls.
 * Read next   file_io.c, buffered.c, text_io.c, bytes_io.c, mod_io.c */
#ifndef TOY_STDLIB_IO_H
#define TOY_STDLIB_IO_H

#include "vm/toy.h"

enum { IO_BUFFER_SIZE = 8192 };

typedef struct IoState {
    ToyType *base, *raw_base, *buffered_base, *text_base;
    ToyType *file, *reader, *writer, *random, *pair, *text, *bytes, *bytes_buffer, *string, *newline_decoder;
    ToyValue unsupported;           /* class UnsupportedOperation(OSError, ValueError); owned */
} IoState;

/* ---- raw ---- */

typedef struct FileIO {
    ToyObject head;
    int fd;                         /* -1: closed */
    bool is_readable, is_writable, is_created, is_appending, closes_fd, is_finalized;
    ToyValue name;
} FileIO;

/* Read or write once; -1: raised; -2: it would block. The caller keeps [data] alive. */
TOY_MUST_CHECK int64_t file_read(ToyThread *t, FileIO *file, void *data, size_t length);
TOY_MUST_CHECK int64_t file_write_once(ToyThread *t, FileIO *file, const void *data, size_t length);
TOY_MUST_CHECK bool file_seek(ToyThread *t, FileIO *file, int64_t offset, int whence, int64_t *position);
TOY_MUST_CHECK bool file_close(ToyThread *t, FileIO *file);
TOY_MUST_CHECK FileIO *file_open(ToyThread *t, IoState *state, ToyValue name, const char *mode, bool closes_fd, ToyValue opener);
const char *file_mode(const FileIO *file);

/* ---- buffered ---- */

typedef struct Buffered {
    ToyObject head;
    ToyValue raw;                   /* a FileIO, or anything with its methods; UNBOUND: detached */
    uint8_t *block;
    size_t size;                    /* of block */
    size_t start, end;              /* read bytes not yet given out */
    size_t pending;                 /* bytes to be written, from the start of block; I1 */
    bool is_readable, is_writable, is_closed;
    ToyLock lock;                   /* I2 */
    uint64_t owner;                 /* ident of who has the lock; 0: nobody */
    pid_t owner_process;            /* a lock of another process was left behind by a fork */
} Buffered;

TOY_MUST_CHECK Buffered *buffered_new(ToyThread *t, ToyType *type, ToyValue raw, size_t size, bool is_readable, bool is_writable);
TOY_MUST_CHECK bool buffered_write(ToyThread *t, Buffered *buffered, const void *data, size_t length);
TOY_MUST_CHECK bool buffered_flush(ToyThread *t, Buffered *buffered);
/* At least one byte unless at the end; -1 raised, -2 it would block. */
TOY_MUST_CHECK int64_t buffered_read_some(ToyThread *t, Buffered *buffered, void *data, size_t length);
TOY_MUST_CHECK bool buffered_tell(ToyThread *t, Buffered *buffered, int64_t *position);
TOY_MUST_CHECK bool buffered_seek(ToyThread *t, Buffered *buffered, int64_t offset, int whence, int64_t *position);
TOY_MUST_CHECK bool buffered_close(ToyThread *t, Buffered *buffered);
bool is_buffered(IoState *state, ToyThread *t, ToyValue v);

/* ---- text ---- */

typedef struct TextOptions {
    const char *encoding, *errors;  /* NULL: utf-8, strict */
    ToyValue newline;               /* None, or a str; UNBOUND: None */
    bool line_buffering, write_through;
} TextOptions;
TOY_MUST_CHECK ToyValue text_new(ToyThread *t, IoState *state, ToyType *type, ToyValue buffer, const TextOptions *options);
TOY_MUST_CHECK bool text_set_mode(ToyThread *t, ToyValue text, const char *mode);

/* ---- shared ---- */

ToyValue raise_unsupported(ToyThread *t, IoState *state, const char *what);
/* Does the file's method [question] answer True? Else UnsupportedOperation, or what it raised. */
TOY_MUST_CHECK bool io_agrees(ToyThread *t, IoState *state, ToyValue file, const char *question, const char *refusal);
/* A buffer to read into; TypeError "readinto() argument must be read-write bytes-like object, not T". */
TOY_MUST_CHECK bool io_get_writable(ToyThread *t, ToyValue v, const char *function, ToyBuffer *buffer);
/* The last item of a pickled state, a dict or None, goes into the instance's dict. [which]: "third". */
TOY_MUST_CHECK bool io_set_dict(ToyThread *t, ToyValue self, ToyValue dict, const char *which);
enum { NEWLINES_LF = 1, NEWLINES_CR = 2, NEWLINES_CRLF = 4 };
TOY_MUST_CHECK ToyValue io_newlines(ToyThread *t, unsigned seen);       /* None, a str, or a tuple of strs */
/* Open files cannot be pickled. */
ToyValue io_refuse_pickle(ToyThread *t, ToyValue self, const ToyValue *args);
#define IO_NOT_PICKLED                                                                                                      \
    TOY_FUNCTION("__reduce__", io_refuse_pickle, "($self, /)", 0, NULL), TOY_FUNCTION("__reduce_ex__", io_refuse_pickle, "($self, protocol, /)", 0, NULL)
ToyValue raise_closed(ToyThread *t);                                   /* ValueError: I/O operation on closed file. */
TOY_MUST_CHECK bool whence_of(ToyThread *t, ToyValue v, int *whence);
/* A byte count argument: None and UNBOUND and negative mean all: -1. */
TOY_MUST_CHECK bool count_of(ToyThread *t, ToyValue v, int64_t *count);

extern const ToyTypeSpec io_base_spec, raw_base_spec, buffered_base_spec, text_base_spec, file_io_spec, buffered_reader_spec, buffered_writer_spec,
    buffered_random_spec, buffered_pair_spec, text_io_spec, bytes_io_spec, bytes_buffer_spec, string_io_spec, newline_decoder_spec;

#endif
