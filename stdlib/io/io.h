/* io.h - between the files of module io: raw files, buffers over them, text over those.
 *
 * What        The structs of the three layers and what one asks of the next; the module's state.
 * How         open() stacks them: FileIO (a descriptor) <- Buffered (bytes in a block) <- TextFile (characters). Each layer calls the
 *             one below directly when it is toy's own, and by its methods when a script put something else there.
 * Invariants  I1 a Buffered has either read bytes in its block or bytes to be written, never both.
 *             I2 whoever may block inside a Buffered has its turn: the GIL alone is given up in there.
 * GIL         held; dropped around system calls.
 * Read next   file_io.c, buffered.c, text_io.c, bytes_io.c, mod_io.c */
#ifndef TOY_STDLIB_IO_H
#define TOY_STDLIB_IO_H

#include "vm/toy.h"

enum { IO_BUFFER_SIZE = 8192 };

typedef struct IoState {
    ToyType *base, *raw_base, *buffered_base, *text_base;
    ToyType *file, *reader, *writer, *random, *pair, *text, *bytes, *bytes_buffer, *string, *newline_decoder;
    bool is_dev_mode, warns_of_encoding;    /* -X dev, -X warn_default_encoding */
    uint32_t forks;                 /* since the start, as the child counts them */
    const ToyObject **below;        /* scripts' files that one of ours lies over; see io_lie_over */
    size_t below_count, below_capacity;
    ToyValue unsupported;           /* class UnsupportedOperation(OSError, ValueError); owned */
} IoState;

/* Whose turn it is with a file, while the GIL is given up in there. */
typedef struct IoTurn {
    ToyLock lock;
    uint64_t owner;                 /* ident of who has it; 0: nobody */
    uint32_t forks;                 /* state->forks then: a turn in another process was left behind by a fork */
} IoTurn;
static inline bool io_turn_is_mine(ToyThread *t, const IoTurn *turn) { return turn->lock.is_locked && turn->owner == toy_thread_ident(t); }
TOY_MUST_CHECK bool io_turn_take(ToyThread *t, const IoState *state, IoTurn *turn);     /* waits for it; it is not mine. False: a signal's handler raised */
void io_turn_leave(ToyThread *t, IoTurn *turn);

/* ---- raw ---- */

typedef struct FileIO {
    ToyObject head;                 /* its name is an ordinary attribute */
    int fd;                         /* -1: closed */
    bool is_readable, is_writable, is_created, is_appending, closes_fd;
    bool is_finalizing;             /* nobody has closed it: closing it says so */
    uint32_t layers;                /* files over it, see io_lie_over */
    int64_t block_size;             /* as fstat tells; 0: not known */
} FileIO;

/* Read or write once; -1: raised; -2: it would block. The caller keeps [data] alive. */
TOY_MUST_CHECK int64_t file_read(ToyThread *t, FileIO *file, void *data, size_t length);
TOY_MUST_CHECK int64_t file_write_once(ToyThread *t, FileIO *file, const void *data, size_t length);
TOY_MUST_CHECK bool file_seek(ToyThread *t, FileIO *file, int64_t offset, int whence, int64_t *position);
TOY_MUST_CHECK FileIO *file_open(ToyThread *t, IoState *state, ToyValue name, const char *mode, bool closes_fd, ToyValue opener);
/* ResourceWarning: unclosed file, if it is open and its own to close. [source]: the layer on top, which scripts know. */
void file_warn_unclosed(ToyThread *t, FileIO *file, ToyValue source);

/* ---- buffered ---- */

typedef struct Buffered {
    ToyObject head;
    ToyValue raw;                   /* a FileIO, or anything with its methods; UNBOUND: detached, or __init__ did not run */
    uint8_t *block;
    size_t size;                    /* of block */
    size_t start, end;              /* read bytes not yet given out are block[start..end] */
    size_t pending;                 /* bytes to be written, from the start of block; I1 */
    int64_t raw_at;                 /* where the raw file stands; -1: ask it */
    bool is_readable, is_writable, is_detached, is_finalizing;
    uint32_t layers;                /* files over it, see io_lie_over */
    IoTurn turn;                    /* I2 */
    IoState *state;
} Buffered;

/* The raw file, if it is a FileIO and no subclass; else NULL: something else, or nothing. */
static inline TOY_BORROWED FileIO *buffered_own_raw(const Buffered *buffered)
{
    return toy_is_object(buffered->raw) && toy_object(buffered->raw)->type == buffered->state->file ? (FileIO *)toy_object(buffered->raw) : NULL;
}
TOY_MUST_CHECK Buffered *buffered_new(ToyThread *t, ToyType *type, ToyValue raw, size_t size, bool is_readable, bool is_writable);
/* The methods, for text files over a Buffered of the very type. */
TOY_MUST_CHECK bool buffered_write(ToyThread *t, Buffered *buffered, const void *data, size_t length);
TOY_MUST_CHECK bool buffered_flush(ToyThread *t, Buffered *buffered);
TOY_MUST_CHECK ToyValue buffered_read1(ToyThread *t, Buffered *buffered, int64_t count);
TOY_MUST_CHECK bool buffered_is_closed(ToyThread *t, Buffered *buffered, bool *is_closed);

/* ---- text ---- */

typedef struct TextOptions {
    ToyValue encoding, errors;      /* strs, or None or UNBOUND: utf-8, strict */
    ToyValue newline;               /* None, or a str; UNBOUND: None */
    bool line_buffering, write_through;
} TextOptions;
TOY_MUST_CHECK ToyValue text_new(ToyThread *t, IoState *state, ToyType *type, ToyValue buffer, const TextOptions *options);

/* ---- shared ---- */

TOY_COLD ToyValue raise_unsupported(ToyThread *t, IoState *state, const char *what);
/* Does the file's method [question] answer True? Else UnsupportedOperation, or what it raised. */
TOY_MUST_CHECK bool io_agrees(ToyThread *t, IoState *state, ToyValue file, const char *question, const char *refusal);
/* A buffer to read into; TypeError "WHICH must be read-write bytes-like object, not T". */
TOY_MUST_CHECK bool io_get_writable(ToyThread *t, ToyValue v, const char *which, ToyBuffer *buffer);
/* For a repr that shows what scripts may have put there; leave with toy_repr_leave. RuntimeError: it is itself in there. */
TOY_MUST_CHECK bool io_repr_enter(ToyThread *t, ToyValue v);
/* The last item of a pickled state, a dict or None, goes into the instance's dict. [which]: "third". */
TOY_MUST_CHECK bool io_set_dict(ToyThread *t, ToyValue self, ToyValue dict, const char *which);
enum { NEWLINES_LF = 1, NEWLINES_CR = 2, NEWLINES_CRLF = 4 };
typedef struct NewlineState {
    bool translates;                /* else line ends are only kept whole and noted */
    bool has_cr;                    /* a \r is held back: a \n may follow */
    uint8_t seen;                   /* NEWLINES_ bits */
} NewlineState;
/* Is there no \r in what comes next, so that nothing needs a translation? For bytes of encodings in which ASCII stands for itself alone. */
TOY_MUST_CHECK bool newlines_are_plain(NewlineState *state, const void *ascii, size_t length);
TOY_MUST_CHECK ToyValue newlines_translate(ToyThread *t, NewlineState *state, TOY_TAKES ToyValue str, bool is_final);
TOY_MUST_CHECK ToyValue io_with_line_ends(ToyThread *t, ToyValue str, const char *end);     /* another for each \n: "\r" or "\r\n" */
TOY_MUST_CHECK ToyValue io_newlines(ToyThread *t, unsigned seen);       /* None, a str, or a tuple of strs */
/* When a whole cycle dies, finalisers run in any order. A file that another lies over leaves its closing to that one, which may still have
 * bytes for it. So both say when they begin, keeping a reference in *below, and when they end. */
TOY_MUST_CHECK bool io_lie_over(ToyThread *t, IoState *state, ToyValue *below, ToyValue file);
ToyValue io_part_from(ToyThread *t, IoState *state, ToyValue *below);   /* the reference, or UNBOUND */
void io_forget_all_below(ToyThread *t, IoState *state);
/* -X warn_default_encoding: the encoding was not said. False: the warning was made an exception. */
TOY_MUST_CHECK bool io_warn_of_encoding(ToyThread *t, const IoState *state, int stack_level);
/* What nobody closed is closed by its own close(), which hears by `_finalizing` that it is too late. Runs script code. */
void io_finalize(ToyThread *t, ToyValue self);
/* IOBase.readlines: what iterating over the file gives, until that exceeds [hint]; 0 and less: to the end. */
ToyValue io_readlines(ToyThread *t, ToyValue self, int64_t hint);
/* IOBase.writelines: write() for each. */
ToyValue io_writelines(ToyThread *t, ToyValue self, ToyValue lines);
/* IOBase.close: flush(), and the mark that it is closed. */
TOY_MUST_CHECK bool io_base_close(ToyThread *t, ToyValue self);
/* Instead of what is raised, an exception that it is the cause of. */
void io_raise_from(ToyThread *t, ToyException kind, const char *message);
/* Two things went wrong in turn: [earlier], taken (or UNBOUND), becomes the context of what is raised now, or is raised itself. True:
 * neither did. */
TOY_MUST_CHECK bool io_raise_both(ToyThread *t, TOY_TAKES ToyValue earlier);
/* Open files cannot be pickled. */
ToyValue io_refuse_pickle(ToyThread *t, ToyValue self, const ToyValue *args);
#define IO_NOT_PICKLED                                                                                                      \
    TOY_FUNCTION("__reduce__", io_refuse_pickle, "($self, /)", 0, NULL), TOY_FUNCTION("__reduce_ex__", io_refuse_pickle, "($self, protocol, /)", 0, NULL)
TOY_COLD ToyValue raise_closed(ToyThread *t);                                   /* ValueError: I/O operation on closed file. */
TOY_MUST_CHECK bool whence_of(ToyThread *t, ToyValue v, int *whence);
/* A byte count argument: None and UNBOUND and negative mean all: -1. */
TOY_MUST_CHECK bool count_of(ToyThread *t, ToyValue v, int64_t *count);

extern const ToyTypeSpec io_base_spec, raw_base_spec, buffered_base_spec, text_base_spec, file_io_spec, buffered_reader_spec, buffered_writer_spec,
    buffered_random_spec, buffered_pair_spec, text_io_spec, bytes_io_spec, bytes_buffer_spec, string_io_spec, newline_decoder_spec;

#endif
