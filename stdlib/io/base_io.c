/* base_io.c - what all files have in common.
 *
 * What        IOBase and its three families: with, iteration, readlines, writelines, and the refusals of what a file cannot do.
 * How         In terms of readline(), write(), close() and `closed`, which the classes below define.
 * GIL         held; runs script code.
 * Read next   io.h */
#include <stdio.h>

#include "stdlib/io/io.h"

ToyValue raise_unsupported(ToyThread *t, IoState *state, const char *what)
{
    ToyValue text = toy_str(t, what), exception = toy_failed(text) ? TOY_FAILED : toy_call1(t, state->unsupported, text);
    toy_release(text);
    return toy_failed(exception) ? TOY_FAILED : toy_raise_instance(t, exception);
}

ToyValue raise_closed(ToyThread *t) { return toy_raise_value_error(t, "I/O operation on closed file."); }

bool whence_of(ToyThread *t, ToyValue v, int *whence)
{
    *whence = SEEK_SET;
    if (!toy_arg_int(t, v, whence)) return false;
    if (*whence >= 0 && *whence <= 2) return true;
    return toy_raise_false(t, TOY_ValueError, "whence value %d unsupported", *whence);
}

bool count_of(ToyThread *t, ToyValue v, int64_t *count)
{
    *count = -1;
    if (!toy_is_given(v)) return true;
    if (!toy_arg_size(t, v, count)) return false;
    if (*count < 0) *count = -1;
    return true;
}

/* Does the file say it is closed? False: raised. */
static bool ask_closed(ToyThread *t, ToyValue self, bool *is_closed)
{
    ToyValue closed = toy_get_attribute(t, self, "closed");
    bool done = !toy_failed(closed) && toy_truth(t, closed, is_closed);
    toy_release(closed);
    return done;
}

static bool check_open(ToyThread *t, ToyValue self)
{
    bool is_closed;
    if (!ask_closed(t, self, &is_closed)) return false;
    if (is_closed) raise_closed(t);
    return !is_closed;
}

static ToyValue base_enter(ToyThread *t, ToyValue self, const ToyValue *args) { return check_open(t, self) ? toy_retain(self) : TOY_FAILED; }
static ToyValue base_exit(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_call_method(t, self, "close", NULL, 0); }
static ToyValue base_iterate(ToyThread *t, ToyValue self) { return check_open(t, self) ? toy_retain(self) : TOY_FAILED; }

static ToyValue base_next(ToyThread *t, ToyValue self)
{
    ToyValue line = toy_call_method(t, self, "readline", NULL, 0);
    size_t length;
    if (toy_failed(line)) return TOY_FAILED;
    if (!toy_length(t, line, &length)) length = 1;
    if (length > 0) return line;
    toy_release(line);
    return TOY_END;
}

static ToyValue base_readlines(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t hint, total = 0;
    if (!count_of(t, args[0], &hint)) return TOY_FAILED;
    ToyValue list = toy_list(t);
    while (!toy_failed(list)) {
        ToyValue line = toy_next(t, self);
        if (toy_is_end(line)) return list;
        size_t length = 0;
        bool done = !toy_failed(line) && toy_length(t, line, &length) && toy_list_append(t, list, line);
        toy_release(line);
        if (!done) toy_clear(&list);
        total += (int64_t)length;
        if (hint > 0 && total >= hint) return list;
    }
    return TOY_FAILED;
}

static bool write_one(ToyThread *t, ToyValue line, void *context)
{
    ToyValue v = toy_call_method(t, *(ToyValue *)context, "write", &line, 1);
    toy_release(v);
    return !toy_failed(v);
}

static ToyValue base_writelines(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!check_open(t, self)) return TOY_FAILED;
    return toy_for_each(t, args[0], write_one, &self) ? TOY_NONE : TOY_FAILED;
}

/* A readline for raw files and classes of scripts: byte by byte through read(). */
static ToyValue base_readline(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t limit;
    if (!count_of(t, args[0], &limit)) return TOY_FAILED;
    ToyValue line = toy_bytearray(t, "", 0), one = toy_small_int_value(1);
    for (int64_t got = 0; !toy_failed(line) && (limit < 0 || got < limit); got++) {
        ToyValue piece = toy_call_method(t, self, "read", &one, 1);
        size_t length = 0;
        if (toy_failed(piece) || !toy_is_bytes(piece)) {
            if (!toy_failed(piece)) toy_raise(t, TOY_OSError, "read() should have returned a bytes object, not '%T'", piece);
            toy_release(piece);
            toy_clear(&line);
            break;
        }
        const uint8_t *data = toy_bytes_data(piece, &length);
        bool is_last = length == 0 || data[length - 1] == '\n';
        ToyValue longer = length ? toy_operate_in_place(t, TOY_ADD, line, piece) : toy_retain(line);
        toy_release(piece);
        toy_release(line);
        line = longer;
        if (is_last) break;
    }
    if (toy_failed(line)) return TOY_FAILED;
    ToyBuffer view;
    ToyValue result = TOY_FAILED;
    if (toy_buffer_get(t, line, &view, 0)) {
        result = toy_bytes(t, view.data, view.length);
        toy_buffer_release(t, &view);
    }
    toy_release(line);
    return result;
}

static ToyValue base_flush(ToyThread *t, ToyValue self, const ToyValue *args) { return check_open(t, self) ? TOY_NONE : TOY_FAILED; }
static ToyValue base_close(ToyThread *t, ToyValue self, const ToyValue *args) { return TOY_NONE; }
static ToyValue base_closed(ToyThread *t, ToyValue self) { return TOY_FALSE; }
static ToyValue base_no(ToyThread *t, ToyValue self, const ToyValue *args) { return TOY_FALSE; }

#define REFUSAL(name)                                                                               \
    static ToyValue refuse_##name(ToyThread *t, ToyValue self, const ToyValue *args)                \
    {                                                                                               \
        return raise_unsupported(t, toy_instance_state(self), #name);                               \
    }
REFUSAL(fileno)
REFUSAL(seek)
REFUSAL(truncate)
REFUSAL(read)
REFUSAL(write)
REFUSAL(detach)

static ToyValue base_tell(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue row[2] = {toy_small_int_value(0), toy_small_int_value(SEEK_CUR)};
    return toy_call_method(t, self, "seek", row, 2);
}

static const ToyFunction base_methods[] = {
    TOY_FUNCTION("__enter__", base_enter, "($self, /)", 0, NULL),
    TOY_FUNCTION("__exit__", base_exit, "($self, type=None, value=None, traceback=None, /)", 0, NULL),
    TOY_FUNCTION("close", base_close, "($self, /)", 0, "Flush and close the IO object."),
    TOY_FUNCTION("fileno", refuse_fileno, "($self, /)", 0, "Return underlying file descriptor if one exists."),
    TOY_FUNCTION("flush", base_flush, "($self, /)", 0, "Flush write buffers, if applicable."),
    TOY_FUNCTION("isatty", base_no, "($self, /)", 0, "Return whether this is an 'interactive' stream."),
    TOY_FUNCTION("readable", base_no, "($self, /)", 0, "Return whether object was opened for reading."),
    TOY_FUNCTION("readline", base_readline, "($self, size=-1, /)", 0, "Read and return a line from the stream."),
    TOY_FUNCTION("readlines", base_readlines, "($self, hint=-1, /)", 0, "Return a list of lines from the stream."),
    TOY_FUNCTION("seek", refuse_seek, "($self, offset, whence=0, /)", 0, "Change the stream position to the given byte offset."),
    TOY_FUNCTION("seekable", base_no, "($self, /)", 0, "Return whether object supports random access."),
    TOY_FUNCTION("tell", base_tell, "($self, /)", 0, "Return current stream position."),
    TOY_FUNCTION("truncate", refuse_truncate, "($self, size=None, /)", 0, "Truncate file to size bytes."),
    TOY_FUNCTION("writable", base_no, "($self, /)", 0, "Return whether object was opened for writing."),
    TOY_FUNCTION("writelines", base_writelines, "($self, lines, /)", 0, "Write a list of lines to stream."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet base_getsets[] = {{"closed", base_closed, NULL, NULL}, {NULL, NULL, NULL, NULL}};
const ToyTypeSpec io_base_spec = {
    .doc = "The abstract base class for all I/O classes.",
    .size = sizeof(ToyObject),
    .flags = TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_CONTAINER,
    .slots = {.iterate = base_iterate, .next = base_next},
    .methods = base_methods,
    .getsets = base_getsets,
};

static const ToyFunction family_methods[] = {
    TOY_FUNCTION("read", refuse_read, "($self, size=-1, /)", 0, NULL),
    TOY_FUNCTION("write", refuse_write, "($self, b, /)", 0, NULL),
    TOY_FUNCTION("detach", refuse_detach, "($self, /)", 0, NULL),
    TOY_FUNCTIONS_END,
};
#define FAMILY(doc_) {.doc = doc_, .size = sizeof(ToyObject), .flags = TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_CONTAINER, .methods = family_methods}
const ToyTypeSpec raw_base_spec = FAMILY("Base class for raw binary I/O.");
const ToyTypeSpec buffered_base_spec = FAMILY("Base class for buffered IO objects.");
const ToyTypeSpec text_base_spec = FAMILY("Base class for text I/O.");
