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

bool io_get_writable(ToyThread *t, ToyValue v, const char *which, ToyBuffer *buffer)
{
    if (toy_has_buffer(t, v) && toy_buffer_get(t, v, buffer, TOY_BUFFER_WRITABLE)) return true;
    toy_raised_clear(t);
    return toy_raise_false(t, TOY_TypeError, "%s must be read-write bytes-like object, not %N", which, v);
}

bool io_warn_of_encoding(ToyThread *t, const IoState *state, int stack_level)
{
    return !state->warns_of_encoding || toy_warn(t, TOY_EncodingWarning, stack_level, "'encoding' argument not specified");
}

bool io_repr_enter(ToyThread *t, ToyValue v)
{
    bool is_first;
    if (!toy_repr_enter(t, v, &is_first)) return false;
    return is_first || toy_raise_false(t, TOY_RuntimeError, "reentrant call inside %T.__repr__", v);
}

bool io_set_dict(ToyThread *t, ToyValue self, ToyValue dict, const char *which)
{
    if (toy_is_none(dict)) return true;
    if (!toy_is_dict(dict)) return toy_raise_false(t, TOY_TypeError, "%s item of state should be a dict, got a %T", which, dict);
    ToyValue own = toy_get_attribute(t, self, "__dict__");
    bool done = !toy_failed(own) && toy_dict_update(t, own, dict);
    toy_release(own);
    return done;
}

ToyValue io_refuse_pickle(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue name = toy_get_attribute(t, toy_type_value(toy_type_of(t, self)), "__name__");
    if (toy_failed(name)) return TOY_FAILED;
    toy_raise_type_error(t, "cannot pickle '%S' instances", name);
    toy_release(name);
    return TOY_FAILED;
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
    if (!toy_is_int(v)) {
        ToyValue method = toy_find_special(t, v, "__index__");
        if (toy_is_unbound(method)) return toy_is_raised(t) ? false : toy_raise_false(t, TOY_TypeError, "argument should be integer or None, not '%T'", v);
        toy_release(method);
    }
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
    bool done = toy_length(t, line, &length);
    if (done && length > 0) return line;
    toy_release(line);
    return done ? TOY_END : TOY_FAILED;
}

ToyValue io_readlines(ToyThread *t, ToyValue self, int64_t hint)
{
    int64_t total = 0;
    ToyValue lines = toy_iterate(t, self), list = toy_failed(lines) ? TOY_FAILED : toy_list(t);
    while (!toy_failed(list)) {
        ToyValue line = toy_next(t, lines);
        if (toy_is_end(line)) break;
        size_t length = 0;
        bool done = !toy_failed(line) && toy_length(t, line, &length) && toy_list_append(t, list, line);
        toy_release(line);
        if (!done) toy_clear(&list);
        total += (int64_t)length;
        if (hint > 0 && total > hint) break;
    }
    toy_release(lines);
    return list;
}

static ToyValue base_readlines(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t hint;
    return count_of(t, args[0], &hint) ? io_readlines(t, self, hint) : TOY_FAILED;
}

static bool write_one(ToyThread *t, ToyValue line, void *context)
{
    ToyValue v = toy_call_method(t, *(ToyValue *)context, "write", &line, 1);
    toy_release(v);
    return !toy_failed(v);
}

ToyValue io_writelines(ToyThread *t, ToyValue self, ToyValue lines)
{
    return check_open(t, self) && toy_for_each(t, lines, write_one, &self) ? TOY_NONE : TOY_FAILED;
}
static ToyValue base_writelines(ToyThread *t, ToyValue self, const ToyValue *args) { return io_writelines(t, self, args[0]); }

/* How many bytes one read may take without going behind the line's end: what peek() shows of it, or a single one. */
static bool line_step(ToyThread *t, ToyValue self, ToyValue peek, int64_t most, int64_t *step)
{
    *step = 1;
    if (toy_is_unbound(peek)) return true;
    ToyValue one = toy_small_int_value(1), shown = toy_call1(t, peek, one);
    if (toy_failed(shown)) return false;
    bool done = toy_is_bytes(shown) || toy_raise_false(t, TOY_OSError, "peek() should have returned a bytes object, not '%T'", shown);
    if (done) {
        size_t length;
        const uint8_t *data = toy_bytes_data(shown, &length), *end = memchr(data, '\n', length);
        if (end) length = (size_t)(end - data) + 1;
        if (most >= 0 && length > (size_t)most) length = (size_t)most;
        if (length) *step = (int64_t)length;
    }
    toy_release(shown);
    return done;
}

/* One piece is read and added to the line. 1: more may come, 0: it is whole, -1: raised. */
static int add_piece(ToyThread *t, ToyValue self, ToyValue peek, int64_t most, ToyValue *line)
{
    int64_t step;
    size_t length = 0;
    if (!line_step(t, self, peek, most, &step)) return -1;
    ToyValue want = toy_int(t, step), piece = toy_call_method(t, self, "read", &want, 1);
    if (toy_failed(piece)) return -1;
    bool done = toy_is_bytes(piece) || toy_raise_false(t, TOY_OSError, "read() should have returned a bytes object, not '%T'", piece);
    bool is_last = true;
    if (done) {
        const uint8_t *data = toy_bytes_data(piece, &length);
        is_last = length == 0 || data[length - 1] == '\n';
        if (length) {
            toy_replace(line, toy_operate_in_place(t, TOY_ADD, *line, piece));
            done = !toy_failed(*line);
        }
    }
    toy_release(piece);
    return !done ? -1 : !is_last;
}

/* A readline for raw files and classes of scripts. */
static ToyValue base_readline(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t limit;
    if (!count_of(t, args[0], &limit)) return TOY_FAILED;
    ToyValue peek = toy_find_attribute(t, self, "peek");
    if (toy_is_raised(t)) return TOY_FAILED;
    ToyValue line = toy_bytearray(t, "", 0), result = TOY_FAILED;
    int more = toy_failed(line) ? -1 : 1;
    while (more > 0) {
        size_t length;
        (void)toy_bytes_data(line, &length);
        more = limit >= 0 && length >= (size_t)limit ? 0 : add_piece(t, self, peek, limit < 0 ? -1 : limit - (int64_t)length, &line);
    }
    if (more == 0) {
        size_t length;
        const uint8_t *data = toy_bytes_data(line, &length);
        result = toy_bytes(t, data, length);
    }
    toy_release(line);
    toy_release(peek);
    return result;
}


/* A class of a script's has no struct of ours: that it is closed is an attribute. */
static const char closed_mark[] = "__IOBase_closed";

static ToyValue base_closed(ToyThread *t, ToyValue self)
{
    ToyValue mark = toy_find_attribute(t, self, closed_mark);
    if (toy_is_unbound(mark)) return toy_is_raised(t) ? TOY_FAILED : TOY_FALSE;
    toy_release(mark);
    return TOY_TRUE;
}

static ToyValue base_flush(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue is_closed = base_closed(t, self);
    if (toy_failed(is_closed)) return TOY_FAILED;
    return toy_is_true(is_closed) ? raise_closed(t) : TOY_NONE;
}

bool io_base_close(ToyThread *t, ToyValue self)
{
    ToyValue is_closed = base_closed(t, self);
    if (!toy_is_false(is_closed)) return !toy_failed(is_closed);
    ToyValue flushed = toy_call_method(t, self, "flush", NULL, 0);
    ToyValue raised = toy_failed(flushed) ? toy_raised_take(t) : TOY_UNBOUND;
    toy_release(flushed);
    if (!toy_set_attribute(t, self, closed_mark, TOY_TRUE)) return io_raise_both(t, raised);
    return toy_is_unbound(raised) || (toy_raise_instance(t, raised), false);
}
static ToyValue base_close(ToyThread *t, ToyValue self, const ToyValue *args) { return io_base_close(t, self) ? TOY_NONE : TOY_FAILED; }

void io_raise_from(ToyThread *t, ToyException kind, const char *message)
{
    ToyValue cause = toy_raised_take(t);
    toy_raise(t, kind, "%s", message);
    ToyValue raised = toy_raised_take(t);
    bool done = toy_set_attribute(t, raised, "__cause__", cause) && toy_set_attribute(t, raised, "__context__", cause);
    toy_release(cause);
    if (!done) toy_raised_clear(t);
    toy_raise_instance(t, raised);
}

bool io_raise_both(ToyThread *t, TOY_TAKES ToyValue earlier)
{
    if (toy_is_unbound(earlier)) return !toy_is_raised(t);
    if (!toy_is_raised(t)) {
        toy_raise_instance(t, earlier);
        return false;
    }
    ToyValue later = toy_raised_take(t);
    bool done = toy_is_same(later, earlier) || toy_set_attribute(t, later, "__context__", earlier);
    toy_release(earlier);
    if (!done) toy_raised_clear(t);
    toy_raise_instance(t, later);
    return false;
}

static uint32_t *layers_of(ToyThread *t, const IoState *state, ToyValue file)
{
    if (toy_is_unbound(file)) return NULL;
    if (toy_is_a(t, file, state->file)) return &((FileIO *)toy_object(file))->layers;
    bool is_buffered = toy_is_a(t, file, state->reader) || toy_is_a(t, file, state->writer) || toy_is_a(t, file, state->random);
    return is_buffered ? &((Buffered *)toy_object(file))->layers : NULL;
}

/* What a script made has no struct of ours to count in: it is in a list, once for each file over it. */
static bool note_below(ToyThread *t, IoState *state, const ToyObject *file)
{
    if (state->below_count == state->below_capacity) {
        size_t capacity = state->below_capacity ? 2 * state->below_capacity : 4;
        const ToyObject **grown = toy_resize(t, state->below, state->below_capacity * sizeof *grown, capacity * sizeof *grown);
        if (!grown) return false;
        state->below = grown;
        state->below_capacity = capacity;
    }
    state->below[state->below_count++] = file;
    return true;
}

/* Where it is in the list, the youngest first; or the length. */
static size_t find_below(const IoState *state, const ToyObject *file)
{
    for (size_t i = state->below_count; i-- > 0;)
        if (state->below[i] == file) return i;
    return state->below_count;
}

static void forget_below(IoState *state, const ToyObject *file)
{
    size_t i = find_below(state, file);
    if (i < state->below_count) state->below[i] = state->below[--state->below_count];
}

void io_forget_all_below(ToyThread *t, IoState *state)
{
    if (state->below) toy_free(t, state->below, state->below_capacity * sizeof *state->below);
    state->below = NULL;
    state->below_count = state->below_capacity = 0;
}

bool io_lie_over(ToyThread *t, IoState *state, ToyValue *below, ToyValue file)
{
    uint32_t *layers = layers_of(t, state, file);
    if (layers) ++*layers;
    else if (toy_is_object(file) && !note_below(t, state, toy_object(file))) return false;
    toy_release(io_part_from(t, state, below));
    *below = toy_retain(file);
    return true;
}

ToyValue io_part_from(ToyThread *t, IoState *state, ToyValue *below)
{
    uint32_t *layers = layers_of(t, state, *below);
    ToyValue file = *below;
    if (layers) --*layers;
    else if (toy_is_bound(file) && toy_is_object(file)) forget_below(state, toy_object(file));
    *below = TOY_UNBOUND;
    return file;
}

void io_finalize(ToyThread *t, ToyValue self)
{
    /* Whatever cannot even say whether it is closed was never open. */
    bool is_closed = true;
    if (!ask_closed(t, self, &is_closed)) is_closed = true;
    toy_raised_clear(t);
    if (is_closed) return;
    if (!toy_set_attribute(t, self, "_finalizing", TOY_TRUE)) toy_raised_clear(t);
    ToyValue v = toy_call_method(t, self, "close", NULL, 0);
    if (toy_failed(v)) toy_report_unraisable(t, self, NULL);
    toy_release(v);
}
static void base_finalize(ToyThread *t, ToyValue self)
{
    const IoState *state = toy_instance_state(self);
    if (find_below(state, toy_object(self)) == state->below_count) io_finalize(t, self);
}
static ToyValue base_no(ToyThread *t, ToyValue self, const ToyValue *args) { return TOY_FALSE; }
static ToyValue base_isatty(ToyThread *t, ToyValue self, const ToyValue *args) { return check_open(t, self) ? TOY_FALSE : TOY_FAILED; }
static ToyValue base_check_closed(ToyThread *t, ToyValue self, const ToyValue *args) { return check_open(t, self) ? TOY_NONE : TOY_FAILED; }

bool io_agrees(ToyThread *t, IoState *state, ToyValue file, const char *question, const char *refusal)
{
    ToyValue v = toy_call_method(t, file, question, NULL, 0);
    bool truth = toy_is_true(v);
    toy_release(v);
    if (!truth && !toy_is_raised(t)) raise_unsupported(t, state, refusal);
    return truth;
}
#define CHECK(name, question, refusal)                                                              \
    static ToyValue base_check_##name(ToyThread *t, ToyValue self, const ToyValue *args)            \
    {                                                                                               \
        return io_agrees(t, toy_instance_state(self), self, question, refusal) ? TOY_TRUE : TOY_FAILED; \
    }
CHECK(readable, "readable", "File or stream is not readable.")
CHECK(writable, "writable", "File or stream is not writable.")
CHECK(seekable, "seekable", "File or stream is not seekable.")

#define REFUSAL(name)                                                                               \
    static ToyValue refuse_##name(ToyThread *t, ToyValue self, const ToyValue *args)                \
    {                                                                                               \
        return raise_unsupported(t, toy_instance_state(self), #name);                               \
    }
REFUSAL(fileno)
REFUSAL(seek)
REFUSAL(truncate)

static ToyValue base_tell(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue row[2] = {toy_small_int_value(0), toy_small_int_value(SEEK_CUR)};
    return toy_call_method(t, self, "seek", row, 2);
}

static const ToyFunction base_methods[] = {
    TOY_FUNCTION("__enter__", base_enter, "($self, /)", 0, NULL),
    TOY_FUNCTION("__exit__", base_exit, "($self, type=None, value=None, traceback=None, /)", 0, NULL),
    TOY_FUNCTION("close", base_close, "($self, /)", 0, "Write what is held back, and close; doing it again is no error."),
    TOY_FUNCTION("fileno", refuse_fileno, "($self, /)", 0, "The number of the descriptor below; OSError if there is none."),
    TOY_FUNCTION("flush", base_flush, "($self, /)", 0, "Write what is held back."),
    TOY_FUNCTION("isatty", base_isatty, "($self, /)", 0, "Whether somebody may be at a terminal at the other end."),
    TOY_FUNCTION("readable", base_no, "($self, /)", 0, "Whether the stream can be read from."),
    TOY_FUNCTION("readline", base_readline, "($self, size=-1, /)", 0,
                 "What comes up to the end of the line, or size of it at most; empty at the end."),
    TOY_FUNCTION("readlines", base_readlines, "($self, hint=-1, /)", 0, "The lines that are left, as a list; no more once they come to hint bytes."),
    TOY_FUNCTION("seek", refuse_seek, "($self, offset, whence=0, /)", 0,
                 "Go to a position, counted from whence: 0 the start, 1 here, 2 the end. The new position."),
    TOY_FUNCTION("seekable", base_no, "($self, /)", 0, "Whether the stream has a position that can be set."),
    TOY_FUNCTION("tell", base_tell, "($self, /)", 0, "Where in the stream the next read or write begins."),
    TOY_FUNCTION("truncate", refuse_truncate, "($self, size=None, /)", 0,
                 "Make the file size bytes long, or as long as the position says; the new size."),
    TOY_FUNCTION("writable", base_no, "($self, /)", 0, "Whether the stream can be written to."),
    TOY_FUNCTION("writelines", base_writelines, "($self, lines, /)", 0, "Write all that an iterable gives; no line ends are added."),
    TOY_FUNCTION("_checkClosed", base_check_closed, "($self, /)", 0, "Raise ValueError if the file is closed."),
    TOY_FUNCTION("_checkReadable", base_check_readable, "($self, /)", 0, "Raise UnsupportedOperation unless readable() says True."),
    TOY_FUNCTION("_checkWritable", base_check_writable, "($self, /)", 0, "Raise UnsupportedOperation unless writable() says True."),
    TOY_FUNCTION("_checkSeekable", base_check_seekable, "($self, /)", 0, "Raise UnsupportedOperation unless seekable() says True."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet base_getsets[] = {{"closed", base_closed, NULL, NULL}, {NULL, NULL, NULL, NULL}};
/* Read when the program starts: named, it lies with what starting needs (vm/cli/startup_order.py). */
static const char base_doc[] = "The base of all streams: closing, iterating over lines, and what may be asked of any of them.";
const ToyTypeSpec io_base_spec = {
    .doc = base_doc,
    .size = sizeof(ToyObject),
    .flags = TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_CONTAINER,
    .slots = {.iterate = base_iterate, .next = base_next, .finalize = base_finalize},
    .methods = base_methods,
    .getsets = base_getsets,
};
