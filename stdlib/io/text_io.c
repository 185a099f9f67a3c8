/* text_io.c - characters over bytes.
 *
 * What        TextIOWrapper: how one is made, and writing.
 * How         The encoded text waits in `pending` until there is a chunk of it, or a line where lines go out at once.
 * Invariants  those of text.h
 * GIL         held; the file below drops it.
 * Read next   text.h, text_read.c, text_codec.c, text_position.c, buffered.c, mod_io.c (open) */
#include <stdio.h>

#include "stdlib/io/text.h"

static TextFile *self_of(ToyValue self) { return (TextFile *)toy_object(self); }
static IoState *state_of(TextFile *text) { return text->state; }

bool text_check_attached(ToyThread *t, TextFile *text)
{
    if (toy_is_bound(text->buffer)) return true;
    return toy_raise_false(t, TOY_ValueError, text->is_detached ? "underlying buffer has been detached" : "I/O operation on uninitialized object");
}

ToyValue text_call_below(ToyThread *t, TextFile *text, const char *method, const ToyValue *args, size_t count)
{
    return text_check_attached(t, text) ? toy_call_method(t, text->buffer, method, args, count) : TOY_FAILED;
}

static bool ask_closed(ToyThread *t, TextFile *text, bool *is_closed)
{
    Buffered *own = text_own_buffer(text);
    if (own) {
        toy_retain(toy_value(own));
        bool done = buffered_is_closed(t, own, is_closed);
        toy_release(toy_value(own));
        return done;
    }
    ToyValue v = toy_get_attribute(t, text->buffer, "closed");
    bool done = !toy_failed(v) && toy_truth(t, v, is_closed);
    toy_release(v);
    return done;
}

bool text_check_open(ToyThread *t, TextFile *text)
{
    bool is_closed;
    if (text_is_open(text)) return true;
    if (!text_check_attached(t, text) || !ask_closed(t, text, &is_closed)) return false;
    if (is_closed) raise_closed(t);
    return !is_closed;
}

void text_set_decoded(TextFile *text, TOY_TAKES ToyValue decoded)
{
    text->at = 0;
    toy_replace(&text->decoded, decoded);
}

/* ---- writing ---- */

/* The text as it goes out: with the line ends the file wants. */
static ToyValue translated(ToyThread *t, TextFile *text, ToyValue str)
{
    if (text->newline != NEWLINE_CR && text->newline != NEWLINE_CRLF) return toy_retain(str);
    return io_with_line_ends(t, str, text->newline == NEWLINE_CR ? "\r" : "\r\n");
}

static bool write_below(ToyThread *t, TextFile *text, const void *data, size_t length)
{
    Buffered *own = text_own_buffer(text);
    if (own && own->is_writable) {
        toy_retain(toy_value(own));
        bool done = buffered_write(t, own, data, length);
        toy_release(toy_value(own));
        return done;
    }
    ToyValue bytes = toy_bytes(t, data, length);
    ToyValue v = toy_failed(bytes) ? TOY_FAILED : text_call_below(t, text, "write", &bytes, 1);
    toy_release(bytes);
    toy_release(v);
    return !toy_failed(v);
}

/* The block is taken out of the file before it is written: other threads, or a write() of a script's below, may add to it meanwhile. What fails
 * to be written is given up. */
static bool write_block(ToyThread *t, TextFile *text)
{
    if (text->pending_length == 0) return true;
    uint8_t *block = text->pending;
    size_t length = text->pending_length;
    text->pending = NULL;
    text->pending_length = 0;
    bool done = write_below(t, text, block, length);
    if (text->pending) {
        toy_free(t, block, TEXT_PENDING);
    } else {
        text->pending = block;      /* and serves again */
    }
    return done;
}

/* Keeps I4: what waits, then [data], if any. A write() of a script's below that writes here again, and a signal's handler, have the turn already:
 * theirs comes in the middle. */
static bool write_in_turn(ToyThread *t, TextFile *text, const void *data, size_t length)
{
    bool is_mine = io_turn_is_mine(t, &text->turn);
    if (!is_mine && !io_turn_take(t, text->state, &text->turn)) return false;
    toy_retain(toy_value(text));
    bool done = write_block(t, text);
    while (done && length && text->pending_length) done = write_block(t, text);     /* what was written here meanwhile was written before */
    if (done && length) done = write_below(t, text, data, length);
    if (!is_mine) io_turn_leave(t, &text->turn);
    toy_release(toy_value(text));
    return done;
}

bool text_write_pending(ToyThread *t, TextFile *text)
{
    if (text->pending_length == 0 && !text->turn.lock.is_locked) return true;
    return write_in_turn(t, text, NULL, 0);
}

/* Small pieces wait until together they are a chunk or more, larger ones go out by themselves. While there is a chunk, and somebody else has the
 * turn, one waits for it. */
static bool add_pending(ToyThread *t, TextFile *text, const void *data, size_t length)
{
    size_t chunk = text->chunk_size < TEXT_CHUNK ? (size_t)text->chunk_size : TEXT_CHUNK;
    if (length >= chunk) return write_in_turn(t, text, data, length);
    while (text->pending_length >= chunk)
        if (!text_write_pending(t, text)) return false;
    if (!text->pending && !(text->pending = toy_alloc(t, TEXT_PENDING))) return false;
    memcpy(text->pending + text->pending_length, data, length);
    text->pending_length += length;
    return text->pending_length < chunk || text_write_pending(t, text);
}

static bool add_text(ToyThread *t, TextFile *text, ToyValue str)
{
    size_t length;
    unsigned width;
    const char own = text->own_codec ? text->own_codec[0] : 0;
    const void *characters = toy_str_data(str, &width);
    if (own == 'l' && width == 1) return add_pending(t, text, characters, toy_str_length(str));     /* Latin-1: they are the bytes */
    const char *utf8 = own == 'u' ? toy_str_utf8(t, str, &length) : NULL;
    if (utf8) return add_pending(t, text, utf8, length);
    toy_raised_clear(t);                                /* lone surrogates: the error handler may have a way */
    ToyValue encoded = text_codec_encode(t, text, str);
    bool done = !toy_failed(encoded);
    if (done) {
        const uint8_t *bytes = toy_bytes_data(encoded, &length);
        done = add_pending(t, text, bytes, length);
    }
    toy_release(encoded);
    return done;
}

static bool flush_below(ToyThread *t, TextFile *text)
{
    Buffered *own = text_own_buffer(text);
    if (own && own->is_writable) {
        toy_retain(toy_value(own));
        bool done = buffered_flush(t, own);
        toy_release(toy_value(own));
        return done;
    }
    ToyValue v = text_call_below(t, text, "flush", NULL, 0);
    toy_release(v);
    return !toy_failed(v);
}

static bool has_line_end(ToyValue str)
{
    size_t length = toy_str_length(str);
    return toy_str_find_char(str, '\n', 0, length) >= 0 || toy_str_find_char(str, '\r', 0, length) >= 0;
}

static bool write_str(ToyThread *t, ToyValue v, void *self)
{
    TextFile *text = self;
    if (!toy_is_str(v)) return toy_raise_false(t, TOY_TypeError, "write() argument must be str, not %N", v);
    if (!text_check_open(t, text)) return false;
    if (!text->is_writable) {
        raise_unsupported(t, state_of(text), "not writable");
        return false;
    }
    ToyValue str = translated(t, text, v);
    if (toy_failed(str)) return false;
    bool is_line = text->line_buffering && has_line_end(str), done = add_text(t, text, str);
    toy_release(str);
    if (done && (is_line || text->write_through)) done = text_write_pending(t, text);
    if (done && is_line) done = flush_below(t, text);
    if (!done) return false;
    if (toy_is_bound(text->snapshot)) text_end_reading(text);       /* what was read ahead is no longer what follows */
    bool has_state = text->is_readable && (toy_is_bound(text->decoder) || text->rest_length || text->newlines.has_cr);
    return !has_state || text_codec_reset_decoder(t, text);
}

static ToyValue text_write(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return write_str(t, args[0], self_of(self)) ? toy_int(t, (int64_t)toy_str_length(args[0])) : TOY_FAILED;
}

/* A subclass may have a write of its own. */
static ToyValue text_writelines(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    if (toy_type_of(t, self) != state_of(text)->text) return io_writelines(t, self, args[0]);
    return text_check_open(t, text) && toy_for_each(t, args[0], write_str, text) ? TOY_NONE : TOY_FAILED;
}

/* ---- the rest ---- */

static ToyValue text_flush(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    if (!text_check_open(t, text)) return TOY_FAILED;
    text->is_iterated = false;
    return text_write_pending(t, text) && flush_below(t, text) ? TOY_NONE : TOY_FAILED;
}

static bool flush_self(ToyThread *t, ToyValue self)
{
    ToyValue v = toy_call_method(t, self, "flush", NULL, 0);
    toy_release(v);
    return !toy_failed(v);
}

/* Both the flush and the close() of the file below are tried. */
static ToyValue text_close(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    bool is_closed;
    if (!text_check_attached(t, text) || !ask_closed(t, text, &is_closed)) return TOY_FAILED;
    if (is_closed) return TOY_NONE;
    if (text->is_finalizing) {
        ToyValue warned = text_call_below(t, text, "_dealloc_warn", &self, 1);
        if (toy_failed(warned)) toy_raised_clear(t);
        toy_release(warned);
    }
    ToyValue earlier = flush_self(t, self) ? TOY_UNBOUND : toy_raised_take(t);
    ToyValue v = toy_is_bound(text->buffer) ? text_call_below(t, text, "close", NULL, 0) : TOY_NONE;
    toy_release(v);
    return io_raise_both(t, earlier) ? TOY_NONE : TOY_FAILED;
}

static ToyValue text_detach(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    if (!text_check_attached(t, text) || !flush_self(t, self) || !text_check_attached(t, text)) return TOY_FAILED;
    text->is_detached = true;
    return io_part_from(t, state_of(text), &text->buffer);
}

static ToyValue text_truncate(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    if (!text_check_attached(t, text) || !flush_self(t, self)) return TOY_FAILED;
    ToyValue size = toy_is_given(args[0]) ? args[0] : TOY_NONE;
    return text_call_below(t, text, "truncate", &size, 1);
}

#define FORWARD(name)                                                                \
    static ToyValue text_##name(ToyThread *t, ToyValue self, const ToyValue *args)   \
    {                                                                                \
        TextFile *text = self_of(self);                                              \
        return text_check_attached(t, text) ? text_call_below(t, text, #name, NULL, 0) : TOY_FAILED; \
    }
FORWARD(fileno)
FORWARD(isatty)
FORWARD(readable)
FORWARD(seekable)
FORWARD(writable)

#define ATTRIBUTE_OF_BUFFER(name)                                                    \
    static ToyValue get_##name(ToyThread *t, ToyValue self)                          \
    {                                                                                \
        return text_check_attached(t, self_of(self)) ? toy_get_attribute(t, self_of(self)->buffer, #name) : TOY_FAILED; \
    }
ATTRIBUTE_OF_BUFFER(closed)
ATTRIBUTE_OF_BUFFER(name)

static ToyValue get_errors(ToyThread *t, ToyValue self)
{
    ToyValue errors = self_of(self)->errors;
    return toy_is_bound(errors) ? toy_retain(errors) : toy_raise_value_error(t, "I/O operation on uninitialized object");
}
static ToyValue get_newlines(ToyThread *t, ToyValue self)
{
    TextFile *text = self_of(self);
    if (!text_check_attached(t, text)) return TOY_FAILED;
    if (text->is_readable && (text->newline == NEWLINE_UNIVERSAL || text->newline == NEWLINE_KEEP)) return io_newlines(t, text->newlines.seen);
    ToyValue seen = toy_is_bound(text->decoder) ? toy_find_attribute(t, text->decoder, "newlines") : TOY_UNBOUND;
    return toy_is_bound(seen) || toy_is_raised(t) ? seen : TOY_NONE;
}
static ToyValue get_chunk_size(ToyThread *t, ToyValue self) { return text_check_attached(t, self_of(self)) ? toy_int(t, self_of(self)->chunk_size) : TOY_FAILED; }
static bool set_chunk_size(ToyThread *t, ToyValue self, ToyValue v)
{
    int64_t size = 0;
    if (!text_check_attached(t, self_of(self))) return false;
    if (toy_is_unbound(v)) return toy_raise_false(t, TOY_AttributeError, "cannot delete attribute");
    if (!toy_arg_size(t, v, &size)) return false;
    if (size <= 0) return toy_raise_false(t, TOY_ValueError, "a strictly positive integer is required");
    self_of(self)->chunk_size = size;
    return true;
}

/* An attribute for repr. Detached files raise ValueError: then it is not there. */
static bool find_for_repr(ToyThread *t, ToyValue self, const char *name, ToyValue *found)
{
    *found = toy_find_attribute(t, self, name);
    if (!toy_is_raised(t)) return true;
    if (!toy_raised_is(t, TOY_ValueError)) return false;
    toy_raised_clear(t);
    return true;
}

static ToyValue show(ToyThread *t, ToyValue self, ToyValue name, ToyValue mode)
{
    ToyValue first = toy_is_bound(name) ? toy_str_format(t, "<%T name=%R", self, name) : toy_str_format(t, "<%T", self);
    ToyValue second = toy_is_bound(mode) ? toy_str_format(t, " mode=%R", mode) : toy_str(t, "");
    ToyValue whole = toy_failed(first) || toy_failed(second) ? TOY_FAILED : toy_str_format(t, "%S%S encoding=%R>", first, second, self_of(self)->encoding);
    toy_release(first);
    toy_release(second);
    return whole;
}

static ToyValue text_repr(ToyThread *t, ToyValue self)
{
    ToyValue name = TOY_UNBOUND, mode = TOY_UNBOUND, whole = TOY_FAILED;
    if (toy_is_unbound(self_of(self)->encoding)) return toy_raise_value_error(t, "I/O operation on uninitialized object");
    if (find_for_repr(t, self, "name", &name) && find_for_repr(t, self, "mode", &mode) && io_repr_enter(t, self)) {
        whole = show(t, self, name, mode);
        toy_repr_leave(t, self);
    }
    toy_release(name);
    toy_release(mode);
    return whole;
}

/* ---- making ---- */

static bool newline_of(ToyThread *t, ToyValue v, const char *function, Newline *newline)
{
    *newline = NEWLINE_UNIVERSAL;
    if (!toy_is_given(v)) return true;
    if (!toy_is_str(v)) return toy_raise_false(t, TOY_TypeError, "%s() argument 'newline' must be str or None, not %T", function, v);
    if (toy_str_is(v, "")) *newline = NEWLINE_KEEP;
    else if (toy_str_is(v, "\n")) *newline = NEWLINE_LF;
    else if (toy_str_is(v, "\r")) *newline = NEWLINE_CR;
    else if (toy_str_is(v, "\r\n")) *newline = NEWLINE_CRLF;
    else return toy_raise_false(t, TOY_ValueError, "illegal newline value: %S", v);
    return true;
}

static bool check_name(ToyThread *t, ToyValue v, const char *function, const char *what)
{
    if (!toy_is_given(v)) return true;
    if (!toy_is_str(v)) return toy_raise_false(t, TOY_TypeError, "%s() argument '%s' must be str or None, not %T", function, what, v);
    return toy_str_utf8(t, v, NULL);
}

static bool has_nul(ToyValue v)
{
    size_t length = toy_is_given(v) && toy_is_str(v) ? toy_str_length(v) : 0;
    for (size_t i = 0; i < length; i++)
        if (toy_str_char(v, i) == 0) return true;
    return false;
}

/* In development mode a handler that does not exist is found out before the first error. */
static bool check_handler(ToyThread *t, ToyValue errors)
{
    ToyValue look_up = toy_import_from(t, "codecs", "lookup_error"), handler = toy_failed(look_up) ? TOY_FAILED : toy_call1(t, look_up, errors);
    toy_release(look_up);
    toy_release(handler);
    return !toy_failed(handler);
}

static void set_newline(TextFile *text, Newline newline)
{
    text->newline = newline;
    text->newlines = (NewlineState){.translates = newline == NEWLINE_UNIVERSAL};
}

static bool ask(ToyThread *t, ToyValue file, const char *question, bool *answer)
{
    ToyValue v = toy_call_method(t, file, question, NULL, 0);
    bool done = !toy_failed(v) && toy_truth(t, v, answer);
    toy_release(v);
    return done;
}

/* Where nothing precedes what is written, an encoder with a mark of byte order writes it; elsewhere not. */
static bool fix_encoder(ToyThread *t, TextFile *text)
{
    bool is_start;
    if (!text->is_seekable || toy_is_unbound(text->encoder)) return true;
    ToyValue position = text_call_below(t, text, "tell", NULL, 0);
    bool done = !toy_failed(position) && toy_equal(t, position, toy_small_int_value(0), &is_start);
    toy_release(position);
    return done && (is_start || text_codec_reset_encoder(t, text, false));
}

/* [text] is without a buffer, and stays so if this fails. */
static bool set_up(ToyThread *t, TextFile *text, ToyValue buffer, const TextOptions *options)
{
    Newline newline;
    if (!check_name(t, options->encoding, "TextIOWrapper", "encoding") || !check_name(t, options->errors, "TextIOWrapper", "errors")) return false;
    if (has_nul(options->encoding) || has_nul(options->errors) || has_nul(options->newline)) return toy_raise_false(t, TOY_ValueError, "embedded null character");
    if (!newline_of(t, options->newline, "TextIOWrapper", &newline)) return false;
    if (state_of(text)->is_dev_mode && toy_is_given(options->errors) && !check_handler(t, options->errors)) return false;
    if (!toy_is_given(options->encoding) && !io_warn_of_encoding(t, state_of(text), 1)) return false;
    ToyValue encoding = toy_is_given(options->encoding) ? toy_retain(options->encoding) : toy_str(t, "utf-8");
    ToyValue errors = toy_is_given(options->errors) ? toy_retain(options->errors) : toy_str(t, "strict");
    if (!toy_failed(encoding) && toy_str_is(encoding, "locale")) toy_replace(&encoding, toy_str(t, "UTF-8"));
    bool done = !toy_failed(encoding) && !toy_failed(errors) && ask(t, buffer, "readable", &text->is_readable) &&
                ask(t, buffer, "writable", &text->is_writable) && text_codec_set(t, text, encoding, errors) && ask(t, buffer, "seekable", &text->is_seekable);
    toy_release(encoding);
    toy_release(errors);
    ToyValue read1 = done ? toy_find_attribute(t, buffer, "read1") : TOY_UNBOUND;
    if (!done || toy_is_raised(t)) return false;
    text->has_read1 = toy_is_bound(read1);
    toy_release(read1);
    set_newline(text, newline);
    text->line_buffering = options->line_buffering;
    text->write_through = options->write_through;
    text->is_detached = text->is_iterated = false;
    text->chunk_size = TEXT_CHUNK;
    text->bytes_per_character = 0;
    text->pending_length = 0;
    text_end_reading(text);
    if (!io_lie_over(t, state_of(text), &text->buffer, buffer)) return false;
    if (fix_encoder(t, text)) return true;
    toy_release(io_part_from(t, state_of(text), &text->buffer));
    return false;
}

static TextFile *alloc(ToyThread *t, ToyType *type)
{
    TextFile *text = (TextFile *)toy_type_alloc(t, type);
    if (text) text->state = toy_type_state(type);
    return text;
}

ToyValue text_new(ToyThread *t, IoState *state, ToyType *type, ToyValue buffer, const TextOptions *options)
{
    TextFile *text = alloc(t, type);
    if (text && set_up(t, text, buffer, options)) return toy_value(text);
    toy_release(toy_value(text));
    return TOY_FAILED;
}

static ToyValue text_make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names) { return toy_value(alloc(t, type)); }

static bool text_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const list[] = {"buffer", "encoding", "errors", "newline", "line_buffering", "write_through", NULL};
    static const ToyParameters parameters = {"TextIOWrapper", list, 0, 6, 1};
    ToyValue slots[6] = {TOY_UNBOUND};
    TextOptions options = {0};
    if (!toy_arguments_sort(t, &parameters, args, count, names, slots)) return false;
    options.encoding = slots[1];
    options.errors = slots[2];
    options.newline = slots[3];
    if (!toy_arg_bool(t, slots[4], &options.line_buffering) || !toy_arg_bool(t, slots[5], &options.write_through)) return false;
    /* Called again and failing, it leaves behind a file that was never set up. */
    toy_release(io_part_from(t, state_of(self_of(self)), &self_of(self)->buffer));
    self_of(self)->is_detached = false;
    return set_up(t, self_of(self), slots[0], &options);
}

/* What the arguments leave open stays, but for the errors of another encoding. */
static bool change_encoding(ToyThread *t, TextFile *text, ToyValue encoding, ToyValue errors)
{
    bool has_encoding = toy_is_given(encoding);
    ToyValue strict = toy_str(t, "strict");
    if (toy_failed(strict)) return false;
    encoding = toy_retain(has_encoding ? encoding : text->encoding);
    errors = toy_retain(toy_is_given(errors) ? errors : has_encoding ? strict : text->errors);
    bool done = text_codec_set(t, text, encoding, errors) && fix_encoder(t, text);
    toy_release(encoding);
    toy_release(errors);
    toy_release(strict);
    return done;
}

static ToyValue text_reconfigure(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    ToyValue encoding = args[0], errors = args[1], newline_given = args[2];
    bool line_buffering = text->line_buffering, write_through = text->write_through, changes_newline = toy_is_bound(newline_given);
    Newline newline = text->newline;
    if (!text_check_attached(t, text) || !check_name(t, encoding, "reconfigure", "encoding") || !check_name(t, errors, "reconfigure", "errors")) return TOY_FAILED;
    if (changes_newline && !newline_of(t, newline_given, "reconfigure", &newline)) return TOY_FAILED;
    bool changes_codec = toy_is_given(encoding) || toy_is_given(errors);
    if (toy_is_bound(text->decoded) && (changes_codec || changes_newline))
        return raise_unsupported(t, state_of(text), "It is not possible to set the encoding or newline of stream after the first read");
    if (toy_is_given(args[3]) && !toy_arg_bool(t, args[3], &line_buffering)) return TOY_FAILED;
    if (toy_is_given(args[4]) && !toy_arg_bool(t, args[4], &write_through)) return TOY_FAILED;
    if (!flush_self(t, self)) return TOY_FAILED;
    if (changes_codec && !change_encoding(t, text, encoding, errors)) return TOY_FAILED;
    if (changes_newline) set_newline(text, newline);
    text->line_buffering = line_buffering;
    text->write_through = write_through;
    return TOY_NONE;
}

static void text_finalize(ToyThread *t, ToyValue self)
{
    if (toy_is_bound(self_of(self)->buffer)) io_finalize(t, self);
}
static void text_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    TextFile *text = (TextFile *)self;
    toy_visit(text->buffer, visit, context);
    toy_visit(text->encoder, visit, context);
    toy_visit(text->decoder, visit, context);
}
static void text_clear(ToyObject *self)
{
    toy_release(io_part_from(toy_thread(), state_of((TextFile *)self), &((TextFile *)self)->buffer));
    toy_clear(&((TextFile *)self)->encoder);
    toy_clear(&((TextFile *)self)->decoder);
}
static void text_free(ToyObject *self)
{
    TextFile *text = (TextFile *)self;
    text_clear(self);
    toy_clear(&text->decoded);
    toy_clear(&text->snapshot);
    text_codec_clear(text);
    if (text->pending) toy_free(toy_thread(), text->pending, TEXT_PENDING);
}

static const ToyFunction text_methods[] = {
    IO_NOT_PICKLED,
    TOY_FUNCTION("close", text_close, "($self, /)", 0, NULL),
    TOY_FUNCTION("detach", text_detach, "($self, /)", 0, NULL),
    TOY_FUNCTION("fileno", text_fileno, "($self, /)", 0, NULL),
    TOY_FUNCTION("flush", text_flush, "($self, /)", 0, NULL),
    TOY_FUNCTION("isatty", text_isatty, "($self, /)", 0, NULL),
    TOY_FUNCTION("read", text_read, "($self, size=-1, /)", 0, NULL),
    TOY_FUNCTION("readable", text_readable, "($self, /)", 0, NULL),
    TOY_FUNCTION("readline", text_readline, "($self, size=-1, /)", 0, NULL),
    TOY_FUNCTION("readlines", text_readlines, "($self, hint=-1, /)", 0, NULL),
    TOY_FUNCTION("reconfigure", text_reconfigure, "($self, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)", 0,
                 "Flush, and use another encoding, other newlines or another way of buffering from now on."),
    TOY_FUNCTION("seek", text_seek, "($self, cookie, whence=0, /)", 0, "Go to a place that tell() gave, to the start, or to the end."),
    TOY_FUNCTION("seekable", text_seekable, "($self, /)", 0, NULL),
    TOY_FUNCTION("tell", text_tell, "($self, /)", 0, "Return the place in the file as an opaque number."),
    TOY_FUNCTION("truncate", text_truncate, "($self, pos=None, /)", 0, NULL),
    TOY_FUNCTION("writable", text_writable, "($self, /)", 0, NULL),
    TOY_FUNCTION("write", text_write, "($self, text, /)", 0, NULL),
    TOY_FUNCTION("writelines", text_writelines, "($self, lines, /)", 0, NULL),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet text_getsets[] = {
    {"closed", get_closed, NULL, NULL}, {"errors", get_errors, NULL, NULL}, {"name", get_name, NULL, NULL}, {"newlines", get_newlines, NULL, NULL},
    {"_CHUNK_SIZE", get_chunk_size, set_chunk_size, NULL}, {NULL, NULL, NULL, NULL},
};
static const ToyMember text_members[] = {
    {"buffer", MEMBER_VALUE_OR_NONE, offsetof(TextFile, buffer), true, NULL},
    {"encoding", MEMBER_VALUE_OR_NONE, offsetof(TextFile, encoding), true, NULL},
    {"line_buffering", MEMBER_BOOL, offsetof(TextFile, line_buffering), true, NULL},
    {"write_through", MEMBER_BOOL, offsetof(TextFile, write_through), true, NULL},
    {"_finalizing", MEMBER_BOOL, offsetof(TextFile, is_finalizing), false, NULL},
    {NULL, MEMBER_BOOL, 0, false, NULL},
};
/* Named, as what starting reads is (vm/cli/startup_order.py). */
static const char text_doc[] = "A text stream over a binary one: it encodes what is written and decodes what is read.";
const ToyTypeSpec text_io_spec = {
    .doc = text_doc,
    .signature = "(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)",
    .size = sizeof(TextFile),
    .flags = TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_CONTAINER,
    .slots = {.repr = text_repr, .next = text_next, .new_instance = text_make, .init = text_init, .finalize = text_finalize},
    .methods = text_methods,
    .getsets = text_getsets,
    .members = text_members,
    .traverse = text_traverse,
    .clear = text_clear,
    .free = text_free,
};
