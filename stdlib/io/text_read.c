/* text_read.c - characters and lines out of a text file.
 *
 * What        read, readline, readlines and iteration of TextIOWrapper.
 * How         The file below is asked for a chunk, its characters wait in `decoded`, from which lines and characters are cut. A line that
 *             goes on behind the piece is put together of pieces.
 * Invariants  I1, I2 of text.h
 * GIL         held; the file below drops it.
 * Read next   text.h, text_codec.c, buffered.c */
#include "stdlib/io/text.h"

static TextFile *self_of(ToyValue self) { return (TextFile *)toy_object(self); }
static IoState *state_of(TextFile *text) { return text->state; }

void text_end_reading(TextFile *text)
{
    text_set_decoded(text, TOY_UNBOUND);
    toy_clear(&text->snapshot);
}

/* ---- pieces ---- */

/* A chunk of bytes, or what else the file below answers. */
static ToyValue read_chunk(ToyThread *t, TextFile *text, int64_t count)
{
    Buffered *own = text_own_buffer(text);
    if (own && own->is_readable) {
        toy_retain(toy_value(own));
        ToyValue chunk = buffered_read1(t, own, count);
        toy_release(toy_value(own));
        return chunk;
    }
    ToyValue want = toy_int(t, count), chunk = toy_failed(want) ? TOY_FAILED : text_call_below(t, text, text->has_read1 ? "read1" : "read", &want, 1);
    toy_release(want);
    if (toy_failed(chunk) || toy_has_buffer(t, chunk)) return chunk;
    toy_raise_type_error(t, "underlying %s() should have returned a bytes-like object, not '%T'", text->has_read1 ? "read1" : "read", chunk);
    toy_release(chunk);
    return TOY_FAILED;
}

static bool chunk_length(ToyThread *t, ToyValue chunk, size_t *length)
{
    ToyBuffer view;
    if (toy_is_bytes(chunk)) {
        (void)toy_bytes_data(chunk, length);
        return true;
    }
    if (!toy_buffer_get(t, chunk, &view, 0)) return false;
    *length = view.length;
    toy_buffer_release(t, &view);
    return true;
}

/* What the decoder held back and the chunk, as bytes: where [decoded] comes from. */
static ToyValue joined(ToyThread *t, TOY_TAKES ToyValue held_back, ToyValue chunk)
{
    size_t length;
    (void)toy_bytes_data(held_back, &length);
    if (length > 0 || !toy_is_bytes(chunk)) {
        toy_replace(&held_back, toy_operate(t, TOY_ADD, held_back, chunk));
        return held_back;
    }
    toy_release(held_back);
    return toy_retain(chunk);
}

/* The next piece, for which all of [decoded] makes room. [wanted]: so many characters, 0: it does not matter. 1: there is one (of no
 * characters, perhaps), 0: the file ends, -1: raised. */
static int read_piece(ToyThread *t, TextFile *text, size_t wanted)
{
    int64_t flags = 0, count = text->chunk_size;
    if (!text->is_readable) {
        raise_unsupported(t, state_of(text), "not readable");
        return -1;
    }
    ToyValue held_back = text->is_iterated || !text->is_seekable ? TOY_UNBOUND : text_codec_get_state(t, text, &flags);
    if (toy_is_raised(t)) return -1;
    if ((double)wanted * text->bytes_per_character > (double)count) count = (int64_t)((double)wanted * text->bytes_per_character);
    ToyValue chunk = read_chunk(t, text, count);
    size_t length = 0;
    ToyValue decoded = toy_failed(chunk) || !chunk_length(t, chunk, &length) ? TOY_FAILED : text_codec_decode(t, text, chunk, length == 0);
    ToyValue snapshot = toy_is_bound(held_back) && !toy_failed(decoded) ? joined(t, toy_retain(held_back), chunk) : TOY_UNBOUND;
    toy_release(held_back);
    toy_release(chunk);
    if (toy_is_raised(t)) {
        toy_release(decoded);
        return -1;
    }
    size_t characters = toy_str_length(decoded);
    text->bytes_per_character = characters ? (double)length / (double)characters : 0;
    text_set_decoded(text, decoded);
    if (toy_is_bound(snapshot)) {
        toy_replace(&text->snapshot, snapshot);
        text->snapshot_flags = flags;
    }
    return length > 0 || characters > 0;
}

static size_t available(TextFile *text) { return toy_is_bound(text->decoded) ? toy_str_length(text->decoded) - text->at : 0; }

/* Up to [count] characters of what is there. */
static ToyValue give(ToyThread *t, TextFile *text, size_t count)
{
    if (count > available(text)) count = available(text);
    if (count == 0) return toy_str(t, "");
    ToyValue v = text->at == 0 && count == toy_str_length(text->decoded) ? toy_retain(text->decoded)
                 : toy_str_slice(t, text->decoded, text->at, text->at + count);
    if (!toy_failed(v)) text->at += count;
    return v;
}

/* ---- characters ---- */

static ToyValue read_all(ToyThread *t, TextFile *text)
{
    ToyValue bytes = text_call_below(t, text, "read", NULL, 0);
    ToyValue rest = toy_failed(bytes) ? TOY_FAILED : text_codec_decode(t, text, bytes, true);
    toy_release(bytes);
    if (toy_failed(rest)) return TOY_FAILED;
    if (available(text)) {
        ToyValue first = give(t, text, available(text));
        toy_replace(&rest, toy_failed(first) ? TOY_FAILED : toy_str_concat(t, first, rest));
        toy_release(first);
    }
    if (!toy_failed(rest)) text_end_reading(text);
    return rest;
}

ToyValue text_read(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = self_of(self);
    int64_t count;
    if (!text_check_attached(t, text) || !count_of(t, args[0], &count) || !text_check_open(t, text)) return TOY_FAILED;
    if (!text->is_readable) return raise_unsupported(t, state_of(text), "not readable");
    if (!text_write_pending(t, text)) return TOY_FAILED;
    if (count < 0) return read_all(t, text);
    ToyValue result = give(t, text, (size_t)count);
    while (!toy_failed(result) && toy_str_length(result) < (size_t)count) {
        size_t wanted = (size_t)count - toy_str_length(result);
        int more = read_piece(t, text, wanted);
        if (more == 0) break;
        ToyValue piece = more < 0 ? TOY_FAILED : give(t, text, wanted);
        toy_replace(&result, toy_failed(piece) ? TOY_FAILED : toy_str_concat(t, result, piece));
        toy_release(piece);
    }
    return result;
}

/* ---- lines ---- */

/* \r\n in decoded[from..], behind it; -1: not there. */
static int64_t find_crlf(const TextFile *text, size_t from, size_t length)
{
    int64_t found;
    while ((found = toy_str_find_char(text->decoded, '\r', from, length)) >= 0) {
        from = (size_t)found + 1;
        if (from < length && toy_str_char(text->decoded, from) == '\n') return found + 2;
    }
    return -1;
}

/* The first end of any kind. In growing windows: of the three, one may not be anywhere in the file. A \r at the very end was held back, if a \n
 * may follow. */
static int64_t find_any_end(const TextFile *text, size_t from, size_t length)
{
    for (size_t window = 256; from < length; from += window, window *= 2) {
        int64_t lf = toy_str_find_char(text->decoded, '\n', from, from + window);
        int64_t cr = toy_str_find_char(text->decoded, '\r', from, lf < 0 ? from + window : (size_t)lf);
        if (cr < 0 && lf >= 0) return lf + 1;
        if (cr >= 0) return (size_t)cr + 1 < length && toy_str_char(text->decoded, (size_t)cr + 1) == '\n' ? cr + 2 : cr + 1;
    }
    return -1;
}

/* Where the first line of decoded[from..] ends, behind its end mark; -1: not in there. */
static inline int64_t line_end(const TextFile *text, size_t from)
{
    size_t length = toy_str_length(text->decoded);
    if (text->newline == NEWLINE_KEEP) return find_any_end(text, from, length);
    if (text->newline == NEWLINE_CRLF) return find_crlf(text, from, length);
    int64_t found = toy_str_find_char(text->decoded, text->newline == NEWLINE_CR ? '\r' : '\n', from, length);
    return found < 0 ? -1 : found + 1;
}

/* The next line, if all of it is there; UNBOUND: it is not. */
static inline ToyValue cut_line(ToyThread *t, TextFile *text)
{
    int64_t end = toy_is_bound(text->decoded) ? line_end(text, text->at) : -1;
    if (end < 0) return TOY_UNBOUND;
    ToyValue line = toy_str_slice(t, text->decoded, text->at, (size_t)end);
    if (!toy_failed(line)) text->at = (size_t)end;
    return line;
}

/* A line of which [left] was found at the end of the piece before: pieces are added until it is whole. [left] is taken. */
static ToyValue read_long_line(ToyThread *t, TextFile *text, TOY_TAKES ToyValue left, int64_t limit)
{
    ToyText line;
    toy_text_init(&line, t);
    size_t length = toy_str_length(left);
    bool ends_in_cr = length && toy_str_char(left, length - 1) == '\r';
    toy_text_add(&line, left);
    toy_release(left);
    for (;;) {
        int more = read_piece(t, text, 0);
        if (more < 0) break;
        if (more == 0) {
            text_end_reading(text);
            return toy_text_finish(&line);
        }
        /* \r\n in two pieces. */
        bool is_split = ends_in_cr && text->newline == NEWLINE_CRLF && available(text) && toy_str_char(text->decoded, 0) == '\n';
        int64_t end = is_split ? 1 : line_end(text, 0);
        size_t count = end < 0 ? available(text) : (size_t)end;
        bool is_last = end >= 0;
        if (limit >= 0 && length + count >= (size_t)limit) {
            count = (size_t)limit - length;
            is_last = true;
        }
        if (count) {
            toy_text_add_slice(&line, text->decoded, 0, count);
            ends_in_cr = toy_str_char(text->decoded, count - 1) == '\r';
        }
        text->at = count;
        length += count;
        if (is_last) return toy_text_finish(&line);
    }
    toy_text_abandon(&line);
    return TOY_FAILED;
}

/* A line, or [limit] characters of it; empty at the end. */
static ToyValue read_line(ToyThread *t, TextFile *text, int64_t limit)
{
    if (limit < 0) {
        ToyValue line = cut_line(t, text);
        if (toy_is_bound(line) || toy_is_raised(t)) return line;
    }
    if (!available(text)) {
        int more;
        while ((more = read_piece(t, text, 0)) > 0 && !available(text)) {}
        if (more < 0) return TOY_FAILED;
        if (more == 0) {
            text_end_reading(text);
            return toy_str(t, "");
        }
    }
    int64_t end = line_end(text, text->at);
    size_t count = end < 0 ? available(text) : (size_t)end - text->at;
    if (limit >= 0 && count >= (size_t)limit) return give(t, text, (size_t)limit);
    if (end >= 0) return give(t, text, count);
    ToyValue left = give(t, text, count);
    return toy_failed(left) ? TOY_FAILED : read_long_line(t, text, left, limit);
}

ToyValue text_readline(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t limit;
    TextFile *text = self_of(self);
    if (!text_check_attached(t, text) || !count_of(t, args[0], &limit) || !text_begin_reading(t, text)) return TOY_FAILED;
    return read_line(t, text, limit);
}

/* A subclass may have a readline of its own. */
static bool has_own_lines(ToyThread *t, ToyValue self) { return toy_type_of(t, self) == state_of(self_of(self))->text; }

static ToyValue call_readline(ToyThread *t, ToyValue self)
{
    ToyValue line = toy_call_method(t, self, "readline", NULL, 0);
    if (toy_failed(line) || toy_is_str(line)) return line;
    toy_raise(t, TOY_OSError, "readline() should have returned a str object, not '%T'", line);
    toy_release(line);
    return TOY_FAILED;
}

ToyValue text_next(ToyThread *t, ToyValue self)
{
    TextFile *text = self_of(self);
    if (!text_check_attached(t, text)) return TOY_FAILED;
    text->is_iterated = true;
    ToyValue line = !has_own_lines(t, self) ? call_readline(t, self) : text_begin_reading(t, text) ? read_line(t, text, -1) : TOY_FAILED;
    if (toy_failed(line) || toy_str_length(line) > 0) return line;
    toy_release(line);
    toy_clear(&text->snapshot);
    text->is_iterated = false;
    return TOY_END;
}

/* [hint] as of IOBase.readlines, which is this for any file. */
ToyValue text_readlines(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t hint, total = 0;
    if (!count_of(t, args[0], &hint)) return TOY_FAILED;
    if (!has_own_lines(t, self)) return io_readlines(t, self, hint);
    if (!text_check_open(t, self_of(self))) return TOY_FAILED;
    ToyValue list = toy_list(t);
    while (!toy_failed(list) && (hint <= 0 || total <= hint)) {
        ToyValue line = text_next(t, self);
        if (toy_is_end(line)) break;
        total += toy_failed(line) ? 0 : (int64_t)toy_str_length(line);
        if (toy_failed(line) || !toy_list_append_take(t, list, line)) toy_clear(&list);
    }
    return list;
}
