/* text_io.c - characters over bytes.
 *
 * What        TextIOWrapper: encoding, newlines, lines.
 * How         Writing: the text is encoded and appended to the Buffered below with one call, so one print() is one append. Reading: bytes
 *             are decoded a block at a time into [decoded], from which lines and characters are cut; bytes that end in the middle of a
 *             character wait in [rest].
 * Invariants  I1 decoded[at..] is what was read and not yet given out; raw position = that of the Buffered less what these characters take.
 * GIL         held; the Buffered drops it.
 * Read next   buffered.c, mod_io.c (open) */
#include <stdio.h>
#include <strings.h>

#include "stdlib/io/io.h"

typedef enum Newline { NEWLINE_UNIVERSAL, NEWLINE_KEEP, NEWLINE_LF, NEWLINE_CR, NEWLINE_CRLF } Newline;

typedef struct TextFile {
    ToyObject head;
    ToyValue buffer;                 /* UNBOUND: detached */
    ToyValue encoding, errors;       /* strs */
    ToyValue decoded;                /* a str, or UNBOUND */
    size_t at;                       /* characters of it given out */
    uint8_t rest[8]; size_t rest_length;
    Newline newline;
    bool line_buffering, write_through, is_at_end, was_cr, telling_is_off, has_written;
    ToyValue mode;                   /* as open() was asked, or UNBOUND */
    uint8_t seen_newlines;           /* 1 \n, 2 \r, 4 \r\n */
} TextFile;

enum { CHUNK = 8192 };

static TextFile *self_of(ToyValue self) { return (TextFile *)toy_object(self); }
static IoState *state_of(TextFile *text) { return toy_instance_state(toy_value(text)); }

static bool check_attached(ToyThread *t, TextFile *text)
{
    return toy_is_bound(text->buffer) || toy_raise_false(t, TOY_ValueError, "underlying buffer has been detached");
}

static Buffered *own_buffer(ToyThread *t, TextFile *text)
{
    return is_buffered(state_of(text), t, text->buffer) ? (Buffered *)toy_object(text->buffer) : NULL;
}

static bool ask_buffer(ToyThread *t, TextFile *text, const char *question, bool *answer)
{
    ToyValue v = toy_call_method(t, text->buffer, question, NULL, 0);
    bool done = !toy_failed(v) && toy_truth(t, v, answer);
    toy_release(v);
    return done;
}

static bool check_open(ToyThread *t, TextFile *text)
{
    if (!check_attached(t, text)) return false;
    Buffered *own = own_buffer(t, text);
    bool is_closed = own ? own->is_closed : false;
    if (!own) {
        ToyValue v = toy_get_attribute(t, text->buffer, "closed");
        bool done = !toy_failed(v) && toy_truth(t, v, &is_closed);
        toy_release(v);
        if (!done) return false;
    }
    if (is_closed) raise_closed(t);
    return !is_closed;
}

/* ---- writing ---- */

/* The text as it goes out: with the line ends the file wants. */
static ToyValue translated(ToyThread *t, TextFile *text, ToyValue str)
{
    if (text->newline != NEWLINE_CR && text->newline != NEWLINE_CRLF) return toy_retain(str);
    ToyValue from = toy_str(t, "\n"), to = toy_str(t, text->newline == NEWLINE_CR ? "\r" : "\r\n");
    ToyValue row[2] = {from, to};
    ToyValue v = toy_failed(from) || toy_failed(to) ? TOY_FAILED : toy_call_method(t, str, "replace", row, 2);
    toy_release(from);
    toy_release(to);
    return v;
}

static bool write_bytes(ToyThread *t, TextFile *text, const void *data, size_t length)
{
    Buffered *own = own_buffer(t, text);
    if (own) {
        if (!own->is_writable) {
            raise_unsupported(t, state_of(text), "not writable");
            return false;
        }
        if (buffered_write(t, own, data, length)) return true;
        /* What cannot be written is given up with its text: nobody should try it again when the program ends. */
        if (!toy_raised_is(t, TOY_BlockingIOError)) own->pending = 0;
        return false;
    }
    ToyValue bytes = toy_bytes(t, data, length);
    ToyValue v = toy_failed(bytes) ? TOY_FAILED : toy_call_method(t, text->buffer, "write", &bytes, 1);
    toy_release(bytes);
    toy_release(v);
    return !toy_failed(v);
}

static bool flush_buffer(ToyThread *t, TextFile *text)
{
    Buffered *own = own_buffer(t, text);
    if (own) return buffered_flush(t, own);
    ToyValue v = toy_call_method(t, text->buffer, "flush", NULL, 0);
    toy_release(v);
    return !toy_failed(v);
}

static ToyValue text_write(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "write() argument must be str, not %N", args[0]);
    if (!check_open(t, text)) return TOY_FAILED;
    size_t length = toy_str_length(args[0]), bytes_length;
    ToyValue str = translated(t, text, args[0]);
    if (toy_failed(str)) return TOY_FAILED;
    unsigned width;
    const char *data = toy_str_data(str, &width);
    bool is_utf8 = toy_str_is(text->encoding, "utf-8"), done;
    bool has_newline = text->line_buffering && (width == 1 ? memchr(data, '\n', toy_str_length(str)) || memchr(data, '\r', toy_str_length(str)) : true);
    const char *utf8 = is_utf8 ? toy_str_utf8(t, str, &bytes_length) : NULL;
    if (utf8) {
        done = write_bytes(t, text, utf8, bytes_length);
    } else {
        if (toy_is_raised(t)) toy_raised_clear(t);      /* lone surrogates: the error handler may have a way */
        ToyValue encoded = toy_str_encode(t, str, toy_str_utf8(t, text->encoding, NULL), toy_str_utf8(t, text->errors, NULL));
        done = !toy_failed(encoded);
        if (done) {
            const uint8_t *bytes = toy_bytes_data(encoded, &bytes_length);
            done = write_bytes(t, text, bytes, bytes_length);
        }
        toy_release(encoded);
    }
    toy_release(str);
    text->has_written = true;
    if (done && (has_newline || text->write_through)) done = flush_buffer(t, text);
    return done ? toy_int(t, (int64_t)length) : TOY_FAILED;
}

/* ---- reading ---- */

/* How many bytes at the end of [data] begin a character that is not whole yet. */
static size_t incomplete_tail(TextFile *text, const uint8_t *data, size_t length)
{
    if (!toy_str_is(text->encoding, "utf-8")) return 0;
    for (size_t back = 1; back <= 3 && back <= length; back++) {
        uint8_t c = data[length - back];
        if ((c & 0xc0) == 0x80) continue;
        size_t wants = c >= 0xf0 && c < 0xf5 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;
        return c >= 0xf5 || wants <= back ? 0 : back;
    }
    return 0;
}

/* \r\n and \r become \n, where the file wants that. [str] is taken. */
static ToyValue universal(ToyThread *t, TextFile *text, TOY_TAKES ToyValue str, bool is_last)
{
    unsigned width;
    size_t length = toy_str_length(str);
    const char *data = toy_str_data(str, &width);
    if (text->newline != NEWLINE_UNIVERSAL) return str;
    if (!text->was_cr && width == 1 && !memchr(data, '\r', length)) {
        if (memchr(data, '\n', length)) text->seen_newlines |= 1;
        return str;
    }
    ToyText out;
    toy_text_init(&out, t);
    for (size_t i = 0; i < length; i++) {
        uint32_t c = toy_str_char(str, i);
        if (text->was_cr) {                       /* a \r at the end of the last piece was held back */
            text->was_cr = false;
            toy_text_add_char(&out, '\n');
            text->seen_newlines |= c == '\n' ? 4 : 2;
            if (c == '\n') continue;
        }
        if (c == '\r') text->was_cr = true;
        else {
            if (c == '\n') text->seen_newlines |= 1;
            toy_text_add_char(&out, c);
        }
    }
    if (is_last && text->was_cr) {
        text->was_cr = false;
        text->seen_newlines |= 2;
        toy_text_add_char(&out, '\n');
    }
    toy_release(str);
    return toy_text_finish(&out);
}

/* Read and decode the next piece into [decoded]. False: raised. At the end of the file decoded stays empty. */
static bool read_piece(ToyThread *t, TextFile *text)
{
    uint8_t block[CHUNK + sizeof text->rest];
    Buffered *own = own_buffer(t, text);
    memcpy(block, text->rest, text->rest_length);
    int64_t n;
    if (own) {
        if (!own->is_readable) {
            raise_unsupported(t, state_of(text), "not readable");
            return false;
        }
        n = buffered_read_some(t, own, block + text->rest_length, CHUNK);
        if (n == -1) return false;
        if (n == -2) n = 0;
    } else {
        ToyValue want = toy_small_int_value(CHUNK);
        ToyValue read1 = toy_find_attribute(t, text->buffer, "read1");
        if (toy_is_raised(t)) return false;
        ToyValue bytes = toy_call_method(t, text->buffer, toy_is_bound(read1) ? "read1" : "read", &want, 1);
        toy_release(read1);
        if (toy_failed(bytes)) return false;
        size_t length = 0;
        if (toy_is_bytes(bytes)) {
            const uint8_t *data = toy_bytes_data(bytes, &length);
            if (length > CHUNK) length = CHUNK;
            memcpy(block + text->rest_length, data, length);
        }
        n = (int64_t)length;
        toy_release(bytes);
    }
    size_t length = text->rest_length + (size_t)n, tail = n ? incomplete_tail(text, block, length) : 0;
    text->is_at_end = n == 0;
    ToyValue str = toy_str_decode(t, (const char *)block, length - tail, toy_str_utf8(t, text->encoding, NULL), toy_str_utf8(t, text->errors, NULL));
    if (toy_failed(str)) return false;
    memcpy(text->rest, block + length - tail, tail);
    text->rest_length = tail;
    str = universal(t, text, str, text->is_at_end);
    if (toy_failed(str)) return false;
    /* What is left of the old piece stays in front. */
    if (toy_is_bound(text->decoded) && text->at < toy_str_length(text->decoded)) {
        ToyValue left = toy_str_slice(t, text->decoded, text->at, toy_str_length(text->decoded));
        ToyValue both = toy_failed(left) ? TOY_FAILED : toy_str_concat(t, left, str);
        toy_release(left);
        toy_release(str);
        if (toy_failed(both)) return false;
        str = both;
    }
    toy_replace(&text->decoded, str);
    text->at = 0;
    return true;
}

static size_t available(TextFile *text) { return toy_is_bound(text->decoded) ? toy_str_length(text->decoded) - text->at : 0; }

static bool begin_reading(ToyThread *t, TextFile *text)
{
    if (!check_open(t, text)) return false;
    if (text->has_written) {
        text->has_written = false;
        return flush_buffer(t, text);
    }
    return true;
}

static ToyValue give(ToyThread *t, TextFile *text, size_t count)
{
    if (count == 0 && toy_is_unbound(text->decoded)) return toy_str(t, "");
    ToyValue v = toy_str_slice(t, text->decoded, text->at, text->at + count);
    if (!toy_failed(v)) text->at += count;
    return v;
}

static ToyValue text_read(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    int64_t count;
    if (!count_of(t, args[0], &count) || !begin_reading(t, text)) return TOY_FAILED;
    if (count < 0) {
        /* All of it: collect pieces and join once. */
        ToyText out;
        toy_text_init(&out, t);
        for (;;) {
            if (available(text)) toy_text_add_slice(&out, text->decoded, text->at, toy_str_length(text->decoded));
            toy_clear(&text->decoded);
            text->at = 0;
            if (text->is_at_end && !available(text)) break;
            if (!read_piece(t, text)) {
                toy_text_abandon(&out);
                return TOY_FAILED;
            }
        }
        text->is_at_end = false;
        return toy_text_finish(&out);
    }
    while (available(text) < (size_t)count) {
        if (!read_piece(t, text)) return TOY_FAILED;
        if (text->is_at_end) break;
    }
    text->is_at_end = false;
    return give(t, text, available(text) < (size_t)count ? available(text) : (size_t)count);
}

/* Where the first line of decoded[from..] ends, behind its end mark; -1: not in there. */
static int64_t line_end(TextFile *text, size_t from)
{
    unsigned width;
    size_t length = toy_str_length(text->decoded);
    const char *data = toy_str_data(text->decoded, &width);
    if (width == 1 && (text->newline == NEWLINE_UNIVERSAL || text->newline == NEWLINE_LF)) {
        const char *found = from < length ? memchr(data + from, '\n', length - from) : NULL;
        return found ? found - data + 1 : -1;
    }
    for (size_t i = from; i < length; i++) {
        uint32_t c = toy_str_char(text->decoded, i);
        switch (text->newline) {
        case NEWLINE_UNIVERSAL:
        case NEWLINE_LF:
            if (c == '\n') return (int64_t)i + 1;
            break;
        case NEWLINE_CR:
            if (c == '\r') return (int64_t)i + 1;
            break;
        case NEWLINE_CRLF:
            if (c == '\r' && i + 1 < length && toy_str_char(text->decoded, i + 1) == '\n') return (int64_t)i + 2;
            break;
        case NEWLINE_KEEP:
            if (c == '\n') return (int64_t)i + 1;
            if (c == '\r' && (i + 1 < length || text->is_at_end)) return (int64_t)i + (i + 1 < length && toy_str_char(text->decoded, i + 1) == '\n' ? 2 : 1);
            break;
        }
    }
    return -1;
}

static ToyValue read_line(ToyThread *t, TextFile *text, int64_t limit)
{
    size_t looked = 0;               /* characters behind [at] that hold no line end */
    for (;;) {
        if (available(text)) {
            int64_t end = line_end(text, text->at + looked);
            size_t length = end < 0 ? available(text) : (size_t)end - text->at;
            if (limit >= 0 && length >= (size_t)limit) return give(t, text, (size_t)limit);
            if (end >= 0) return give(t, text, length);
            looked = length > 0 ? length - 1 : 0;
        }
        if (text->is_at_end) {
            text->is_at_end = false;
            return give(t, text, available(text));
        }
        if (!read_piece(t, text)) return TOY_FAILED;
    }
}

static ToyValue text_readline(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t limit;
    TextFile *text = self_of(self);
    if (!count_of(t, args[0], &limit) || !begin_reading(t, text)) return TOY_FAILED;
    return read_line(t, text, limit);
}

static ToyValue text_next(ToyThread *t, ToyValue self)
{
    TextFile *text = self_of(self);
    if (!begin_reading(t, text)) return TOY_FAILED;
    text->telling_is_off = true;
    ToyValue line = read_line(t, text, -1);
    if (toy_failed(line) || toy_str_length(line) > 0) return line;
    toy_release(line);
    text->telling_is_off = false;
    return TOY_END;
}

/* ---- position ---- */

static ToyValue text_tell(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    if (!check_open(t, text)) return TOY_FAILED;
    bool can_seek;
    if (!ask_buffer(t, text, "seekable", &can_seek)) return TOY_FAILED;
    if (!can_seek) return raise_unsupported(t, state_of(text), "underlying stream is not seekable");
    if (text->telling_is_off) return toy_raise(t, TOY_OSError, "telling position disabled by next() call");
    if (!flush_buffer(t, text) && toy_is_raised(t)) return TOY_FAILED;
    ToyValue v = toy_call_method(t, text->buffer, "tell", NULL, 0);
    int64_t position;
    bool done = !toy_failed(v) && toy_arg_int64(t, v, &position);
    toy_release(v);
    if (!done) return TOY_FAILED;
    if (available(text)) {
        ToyValue left = toy_str_slice(t, text->decoded, text->at, toy_str_length(text->decoded));
        ToyValue bytes = toy_failed(left) ? TOY_FAILED : toy_str_encode(t, left, toy_str_utf8(t, text->encoding, NULL), "surrogatepass");
        toy_release(left);
        if (toy_failed(bytes)) return TOY_FAILED;
        size_t length;
        (void)toy_bytes_data(bytes, &length);
        toy_release(bytes);
        position -= (int64_t)length;
    }
    return toy_int(t, position - (int64_t)text->rest_length);
}

static ToyValue text_seek(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    int whence;
    if (!check_open(t, text) || !whence_of(t, args[1], &whence)) return TOY_FAILED;
    bool can_seek, is_zero;
    if (!ask_buffer(t, text, "seekable", &can_seek) || !toy_equal(t, args[0], toy_small_int_value(0), &is_zero)) return TOY_FAILED;
    if (!can_seek) return raise_unsupported(t, state_of(text), "underlying stream is not seekable");
    if (whence == SEEK_CUR && !is_zero) return raise_unsupported(t, state_of(text), "can't do nonzero cur-relative seeks");
    if (whence == SEEK_END && !is_zero) return raise_unsupported(t, state_of(text), "can't do nonzero end-relative seeks");
    ToyValue target = whence == SEEK_CUR ? text_tell(t, self, NULL) : toy_retain(args[0]);
    if (toy_failed(target)) return TOY_FAILED;
    int64_t offset;
    bool done = toy_arg_int64(t, target, &offset);
    if (done && whence == SEEK_SET && offset < 0) done = toy_raise_false(t, TOY_ValueError, "negative seek position %R", target);
    ToyValue row[2] = {target, toy_small_int_value(whence == SEEK_END ? SEEK_END : SEEK_SET)};
    ToyValue v = done && flush_buffer(t, text) ? toy_call_method(t, text->buffer, "seek", row, 2) : TOY_FAILED;
    toy_release(target);
    if (!toy_failed(v)) {
        toy_clear(&text->decoded);
        text->at = text->rest_length = 0;
        text->was_cr = text->is_at_end = text->telling_is_off = false;
    }
    return v;
}

/* ---- the rest ---- */

static ToyValue text_flush(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    text->telling_is_off = false;
    return check_open(t, text) && flush_buffer(t, text) ? TOY_NONE : TOY_FAILED;
}

static bool close_text(ToyThread *t, TextFile *text)
{
    if (toy_is_unbound(text->buffer)) return true;
    Buffered *own = own_buffer(t, text);
    if (own) return buffered_close(t, own);
    ToyValue v = toy_call_method(t, text->buffer, "close", NULL, 0);
    toy_release(v);
    return !toy_failed(v);
}
static ToyValue text_close(ToyThread *t, ToyValue self, const ToyValue *args) { return close_text(t, self_of(self)) ? TOY_NONE : TOY_FAILED; }

static ToyValue text_detach(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    if (!check_attached(t, text) || !flush_buffer(t, text)) return TOY_FAILED;
    ToyValue buffer = text->buffer;
    text->buffer = TOY_UNBOUND;
    return buffer;
}

static ToyValue text_truncate(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    if (!check_open(t, text) || !flush_buffer(t, text)) return TOY_FAILED;
    ToyValue size = toy_is_given(args[0]) ? args[0] : TOY_NONE;
    return toy_call_method(t, text->buffer, "truncate", &size, 1);
}

static Newline newline_of(ToyThread *t, ToyValue v, bool *is_good)
{
    *is_good = true;
    if (!toy_is_given(v)) return NEWLINE_UNIVERSAL;
    if (toy_is_str(v)) {
        if (toy_str_is(v, "")) return NEWLINE_KEEP;
        if (toy_str_is(v, "\n")) return NEWLINE_LF;
        if (toy_str_is(v, "\r")) return NEWLINE_CR;
        if (toy_str_is(v, "\r\n")) return NEWLINE_CRLF;
        toy_raise_value_error(t, "illegal newline value: %R", v);
    } else {
        toy_raise_type_error(t, "newline must be str or None, not %T", v);
    }
    *is_good = false;
    return NEWLINE_UNIVERSAL;
}

static ToyValue text_reconfigure(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    bool line_buffering = text->line_buffering, write_through = text->write_through, is_good = true;
    if (!check_open(t, text) || !flush_buffer(t, text)) return TOY_FAILED;
    Newline newline = toy_is_bound(args[2]) ? newline_of(t, args[2], &is_good) : text->newline;
    if (!is_good) return TOY_FAILED;
    if (toy_is_given(args[3]) && !toy_arg_bool(t, args[3], &line_buffering)) return TOY_FAILED;
    if (toy_is_given(args[4]) && !toy_arg_bool(t, args[4], &write_through)) return TOY_FAILED;
    if (toy_is_given(args[0])) toy_replace(&text->encoding, toy_retain(args[0]));
    if (toy_is_given(args[1])) toy_replace(&text->errors, toy_retain(args[1]));
    else if (toy_is_given(args[0])) toy_replace(&text->errors, toy_str(t, "strict"));
    text->newline = newline;
    text->line_buffering = line_buffering;
    text->write_through = write_through;
    return TOY_NONE;
}

#define FORWARD(name)                                                                \
    static ToyValue text_##name(ToyThread *t, ToyValue self, const ToyValue *args)   \
    {                                                                                \
        TextFile *text = self_of(self);                                              \
        return check_attached(t, text) ? toy_call_method(t, text->buffer, #name, NULL, 0) : TOY_FAILED; \
    }
FORWARD(fileno)
FORWARD(isatty)
FORWARD(readable)
FORWARD(seekable)
FORWARD(writable)

static ToyValue get_buffer(ToyThread *t, ToyValue self) { return check_attached(t, self_of(self)) ? toy_retain(self_of(self)->buffer) : TOY_FAILED; }
static ToyValue get_closed(ToyThread *t, ToyValue self)
{
    return check_attached(t, self_of(self)) ? toy_get_attribute(t, self_of(self)->buffer, "closed") : TOY_FAILED;
}
static ToyValue get_name(ToyThread *t, ToyValue self)
{
    return check_attached(t, self_of(self)) ? toy_get_attribute(t, self_of(self)->buffer, "name") : TOY_FAILED;
}
static ToyValue get_encoding(ToyThread *t, ToyValue self) { return toy_retain(self_of(self)->encoding); }
static ToyValue get_errors(ToyThread *t, ToyValue self) { return toy_retain(self_of(self)->errors); }
static ToyValue get_line_buffering(ToyThread *t, ToyValue self) { return toy_bool(self_of(self)->line_buffering); }
static ToyValue get_write_through(ToyThread *t, ToyValue self) { return toy_bool(self_of(self)->write_through); }
static ToyValue get_mode(ToyThread *t, ToyValue self)
{
    ToyValue mode = self_of(self)->mode;
    return toy_is_bound(mode) ? toy_retain(mode) : toy_raise(t, TOY_AttributeError, "'%T' object has no attribute 'mode'", self);
}
/* Whoever opens by other means than open(), as a socket does, says so himself. */
static bool set_mode(ToyThread *t, ToyValue self, ToyValue value)
{
    if (toy_is_unbound(value) && toy_is_unbound(self_of(self)->mode)) return toy_raise_false(t, TOY_AttributeError, "'%T' object has no attribute 'mode'", self);
    toy_replace(&self_of(self)->mode, toy_retain(value));
    return true;
}
static ToyValue get_newlines(ToyThread *t, ToyValue self)
{
    uint8_t seen = self_of(self)->seen_newlines;
    ToyValue items[3];
    size_t count = 0;
    if (seen & 2) items[count++] = toy_str(t, "\r");
    if (seen & 1) items[count++] = toy_str(t, "\n");
    if (seen & 4) items[count++] = toy_str(t, "\r\n");
    if (count == 0) return TOY_NONE;
    return count == 1 ? items[0] : toy_tuple_take(t, items, count);
}

static ToyValue text_repr(ToyThread *t, ToyValue self)
{
    TextFile *text = self_of(self);
    ToyValue name = toy_is_bound(text->buffer) ? toy_find_attribute(t, text->buffer, "name") : TOY_UNBOUND;
    if (toy_is_raised(t)) toy_raised_clear(t);
    ToyText out;
    toy_text_init(&out, t);
    ToyValue start = toy_is_bound(name) ? toy_str_format(t, "<%T name=%R", self, name) : toy_str_format(t, "<%T", self);
    ToyValue middle = toy_is_bound(text->mode) ? toy_str_format(t, " mode=%R", text->mode) : toy_str(t, "");
    ToyValue whole = toy_failed(start) || toy_failed(middle) ? TOY_FAILED : toy_str_format(t, "%S%S encoding=%R>", start, middle, text->encoding);
    toy_text_abandon(&out);
    toy_release(name);
    toy_release(start);
    toy_release(middle);
    return whole;
}

/* ---- making ---- */

/* Encodings by the name that tells whether the fast way holds. */
static ToyValue canonical(ToyThread *t, const char *encoding)
{
    static const char *const utf8[] = {"utf-8", "utf8", "UTF-8", "utf_8", "U8", "locale"};
    if (!encoding) return toy_str(t, "utf-8");
    for (size_t i = 0; i < sizeof utf8 / sizeof *utf8; i++)
        if (strcasecmp(encoding, utf8[i]) == 0) return toy_str(t, "utf-8");
    return toy_str(t, encoding);
}

ToyValue text_new(ToyThread *t, IoState *state, ToyType *type, ToyValue buffer, const TextOptions *options)
{
    bool is_good;
    Newline newline = newline_of(t, options->newline, &is_good);
    TextFile *text = is_good ? (TextFile *)toy_type_alloc(t, type) : NULL;
    if (!text) return TOY_FAILED;
    text->encoding = canonical(t, options->encoding);
    text->errors = toy_str(t, options->errors ? options->errors : "strict");
    ToyValue probe = toy_failed(text->encoding) || toy_failed(text->errors) ? TOY_FAILED
                     : toy_str_decode(t, "", 0, toy_str_utf8(t, text->encoding, NULL), NULL);      /* LookupError: unknown encoding */
    if (toy_failed(probe)) {
        toy_release(toy_value(text));
        return TOY_FAILED;
    }
    toy_release(probe);
    text->buffer = toy_retain(buffer);
    text->newline = newline;
    text->line_buffering = options->line_buffering;
    text->write_through = options->write_through;
    return toy_value(text);
}

bool text_set_mode(ToyThread *t, ToyValue text, const char *mode)
{
    toy_replace(&self_of(text)->mode, toy_str(t, mode));
    return toy_is_bound(self_of(text)->mode);
}

static ToyValue text_make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const list[] = {"buffer", "encoding", "errors", "newline", "line_buffering", "write_through", NULL};
    static const ToyParameters parameters = {"TextIOWrapper", list, 0, 6, 1};
    ToyValue slots[6] = {TOY_UNBOUND};
    TextOptions options = {0};
    if (!toy_arguments_sort(t, &parameters, args, count, names, slots)) return TOY_FAILED;
    if (toy_is_given(slots[1]) && !toy_arg_text(t, slots[1], "TextIOWrapper", "encoding", &options.encoding)) return TOY_FAILED;
    if (toy_is_given(slots[2]) && !toy_arg_text(t, slots[2], "TextIOWrapper", "errors", &options.errors)) return TOY_FAILED;
    options.newline = slots[3];
    if (!toy_arg_bool(t, slots[4], &options.line_buffering) || !toy_arg_bool(t, slots[5], &options.write_through)) return TOY_FAILED;
    return text_new(t, toy_type_state(type), type, slots[0], &options);
}

static void text_finalize(ToyThread *t, ToyValue self)
{
    TextFile *text = self_of(self);
    if (toy_is_unbound(text->buffer)) return;
    if (!close_text(t, text)) toy_report_unraisable(t, self, NULL);
}
static void text_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((TextFile *)self)->buffer, visit, context);
    toy_visit(((TextFile *)self)->mode, visit, context);
}
static void text_clear(ToyObject *self) { toy_clear(&((TextFile *)self)->buffer); }
static void text_free(ToyObject *self)
{
    TextFile *text = (TextFile *)self;
    text_clear(self);
    toy_clear(&text->encoding);
    toy_clear(&text->errors);
    toy_clear(&text->decoded);
    toy_clear(&text->mode);
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
    TOY_FUNCTION("reconfigure", text_reconfigure, "($self, *, encoding=None, errors=None, newline=None, line_buffering=None, write_through=None)", 0,
                 "Flush, and use another encoding, other newlines or another way of buffering from now on."),
    TOY_FUNCTION("seek", text_seek, "($self, cookie, whence=0, /)", 0, NULL),
    TOY_FUNCTION("seekable", text_seekable, "($self, /)", 0, NULL),
    TOY_FUNCTION("tell", text_tell, "($self, /)", 0, NULL),
    TOY_FUNCTION("truncate", text_truncate, "($self, pos=None, /)", 0, NULL),
    TOY_FUNCTION("writable", text_writable, "($self, /)", 0, NULL),
    TOY_FUNCTION("write", text_write, "($self, text, /)", 0, NULL),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet text_getsets[] = {
    {"buffer", get_buffer, NULL, NULL}, {"closed", get_closed, NULL, NULL}, {"encoding", get_encoding, NULL, NULL}, {"errors", get_errors, NULL, NULL},
    {"line_buffering", get_line_buffering, NULL, NULL}, {"mode", get_mode, set_mode, NULL}, {"name", get_name, NULL, NULL}, {"newlines", get_newlines, NULL, NULL},
    {"write_through", get_write_through, NULL, NULL}, {NULL, NULL, NULL, NULL},
};
const ToyTypeSpec text_io_spec = {
    .doc = "A text stream over a binary one: it encodes what is written and decodes what is read.",
    .signature = "(buffer, encoding=None, errors=None, newline=None, line_buffering=False, write_through=False)",
    .size = sizeof(TextFile),
    .flags = TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_CONTAINER,
    .slots = {.repr = text_repr, .next = text_next, .new_instance = text_make, .finalize = text_finalize},
    .methods = text_methods,
    .getsets = text_getsets,
    .traverse = text_traverse,
    .clear = text_clear,
    .free = text_free,
};
