/* text_codec.c - what a text file asks of its encoding.
 *
 * What        Finding it, decoding piece by piece, encoding, and the states of both.
 * How         See text.h. The beginning of a character at the end of a piece waits in `rest`, or inside of the codec's object; a \r waits
 *             in `newlines`. The state as a number has the \r in its lowest bit where the file looks for line ends of any kind.
 * GIL         held; codecs may be scripts'.
 * Read next   newlines.c, stdlib/codecs */
#include "stdlib/io/text.h"

static bool is_universal(const TextFile *text) { return text->newline == NEWLINE_UNIVERSAL || text->newline == NEWLINE_KEEP; }

/* ---- finding it ---- */

/* The machine's own codecs that have no state but a character's beginning. NULL: none of them. */
static const char *own_codec(ToyValue encoding)
{
    static const struct { const char *name, *codec; } rows[] = {
        {"utf-8", "utf-8"}, {"utf8", "utf-8"}, {"UTF-8", "utf-8"}, {"utf_8", "utf-8"}, {"UTF8", "utf-8"}, {"locale", "utf-8"},
        {"ascii", "ascii"}, {"us-ascii", "ascii"}, {"latin-1", "latin-1"}, {"latin1", "latin-1"}, {"iso-8859-1", "latin-1"},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (toy_str_is(encoding, rows[i].name)) return rows[i].codec;
    return NULL;
}

static bool check_is_text(ToyThread *t, ToyValue codec, ToyValue encoding)
{
    ToyValue mark = toy_find_attribute(t, codec, "_is_text_encoding");
    bool is_text = true, done = !toy_is_raised(t) && (toy_is_unbound(mark) || toy_truth(t, mark, &is_text));
    toy_release(mark);
    if (!done || is_text) return done;
    return toy_raise_false(t, TOY_LookupError, "%R is not a text encoding; use codecs.open() to handle arbitrary codecs", encoding);
}

static bool make_part(ToyThread *t, ToyValue codec, const char *kind, ToyValue errors, ToyValue *place)
{
    ToyValue factory = toy_get_attribute(t, codec, kind), part = toy_failed(factory) ? TOY_FAILED : toy_call1(t, factory, errors);
    toy_release(factory);
    toy_replace(place, part);
    return !toy_failed(part);
}

bool text_codec_set(ToyThread *t, TextFile *text, ToyValue encoding, ToyValue errors)
{
    ToyValue encoder = TOY_UNBOUND, decoder = TOY_UNBOUND;
    const char *own = own_codec(encoding);
    if (!own) {
        ToyValue lookup = toy_import_from(t, "codecs", "lookup"), codec = toy_failed(lookup) ? TOY_FAILED : toy_call1(t, lookup, encoding);
        bool done = !toy_failed(codec) && check_is_text(t, codec, encoding);
        done = done && (!text->is_readable || make_part(t, codec, "incrementaldecoder", errors, &decoder));
        done = done && (!text->is_writable || make_part(t, codec, "incrementalencoder", errors, &encoder));
        toy_release(lookup);
        toy_release(codec);
        if (!done) {
            toy_release(decoder);
            toy_release(encoder);
            return false;
        }
    }
    text->own_codec = own;
    text->rest_length = 0;
    toy_replace(&text->encoding, toy_retain(encoding));
    toy_replace(&text->errors, toy_retain(errors));
    toy_replace(&text->encoder, encoder);
    toy_replace(&text->decoder, decoder);
    return true;
}

void text_codec_clear(TextFile *text)
{
    toy_clear(&text->encoding);
    toy_clear(&text->errors);
    toy_clear(&text->encoder);
    toy_clear(&text->decoder);
}

/* ---- decoding ---- */

static ToyValue decode_own(ToyThread *t, TextFile *text, const uint8_t *data, size_t length, bool is_final)
{
    const char *errors = toy_str_utf8(t, text->errors, NULL);
    size_t taken = 0;
    if (!errors) return TOY_FAILED;
    ToyValue str = toy_str_decode_part(t, (const char *)data, length, text->own_codec, errors, is_final, &taken, NULL);
    if (toy_failed(str)) return TOY_FAILED;
    text->rest_length = length - taken;
    memcpy(text->rest, data + taken, text->rest_length);
    /* The bytes are looked through sooner than the characters; a handler of a script's may have made line ends of other bytes. */
    bool is_done = !is_universal(text) || (strcmp(errors, "strict") == 0 && newlines_are_plain(&text->newlines, data, length));
    return is_done ? str : newlines_translate(t, &text->newlines, str, is_final);
}

static ToyValue decode_with_rest(ToyThread *t, TextFile *text, const uint8_t *data, size_t data_length, bool is_final)
{
    if (text->rest_length == 0) return decode_own(t, text, data, data_length, is_final);
    size_t length = text->rest_length + data_length;
    uint8_t *joined = toy_alloc(t, length);
    if (!joined) return TOY_FAILED;
    memcpy(joined, text->rest, text->rest_length);
    memcpy(joined + text->rest_length, data, data_length);
    ToyValue str = decode_own(t, text, joined, length, is_final);
    toy_free(t, joined, length);
    return str;
}

static ToyValue decode_by_object(ToyThread *t, TextFile *text, ToyValue bytes_like, bool is_final)
{
    ToyValue row[2] = {bytes_like, toy_bool(is_final)}, decoder = toy_retain(text->decoder);
    ToyValue str = toy_call_method(t, decoder, "decode", row, 2);
    toy_release(decoder);
    if (toy_failed(str)) return TOY_FAILED;
    if (toy_is_str(str)) return is_universal(text) ? newlines_translate(t, &text->newlines, str, is_final) : str;
    toy_raise_type_error(t, "decoder should return a string result, not '%T'", str);
    toy_release(str);
    return TOY_FAILED;
}

ToyValue text_codec_decode(ToyThread *t, TextFile *text, ToyValue bytes_like, bool is_final)
{
    ToyBuffer view;
    if (!text->own_codec) return decode_by_object(t, text, bytes_like, is_final);
    if (!toy_has_buffer(t, bytes_like)) return toy_raise_type_error(t, "can't concat %T to bytes", bytes_like);
    if (!toy_buffer_get(t, bytes_like, &view, 0)) return TOY_FAILED;
    ToyValue str = decode_with_rest(t, text, view.data, view.length, is_final);
    toy_buffer_release(t, &view);
    return str;
}

static bool read_state(ToyThread *t, ToyValue state, ToyValue *held_back, int64_t *flags)
{
    if (!toy_is_tuple(state) || toy_tuple_length(state) != 2) return toy_raise_false(t, TOY_TypeError, "illegal decoder state");
    *held_back = toy_tuple_item(state, 0);
    if (!toy_is_bytes(*held_back))
        return toy_raise_false(t, TOY_TypeError, "illegal decoder state: the first item should be a bytes object, not '%T'", *held_back);
    if (!toy_is_int(toy_tuple_item(state, 1))) return toy_raise_false(t, TOY_TypeError, "illegal decoder state");
    return toy_arg_int64(t, toy_tuple_item(state, 1), flags);
}

ToyValue text_codec_get_state(ToyThread *t, TextFile *text, int64_t *flags)
{
    ToyValue held_back = TOY_FAILED;
    *flags = 0;
    if (text->own_codec) {
        held_back = toy_bytes(t, text->rest, text->rest_length);
    } else {
        ToyValue state = toy_call_method(t, text->decoder, "getstate", NULL, 0);
        bool done = !toy_failed(state) && read_state(t, state, &held_back, flags);
        held_back = done ? toy_retain(held_back) : TOY_FAILED;
        toy_release(state);
    }
    if (is_universal(text)) *flags = (int64_t)((uint64_t)*flags << 1) | text->newlines.has_cr;
    return held_back;
}

bool text_codec_set_state(ToyThread *t, TextFile *text, ToyValue held_back, int64_t flags)
{
    if (is_universal(text)) {
        text->newlines.has_cr = flags & 1;
        flags >>= 1;
    }
    if (text->own_codec) {
        size_t length;
        const uint8_t *data = toy_bytes_data(held_back, &length);
        text->rest_length = length < sizeof text->rest ? length : sizeof text->rest;
        memcpy(text->rest, data, text->rest_length);
        return true;
    }
    ToyValue state = toy_tuple(t, toy_retain(held_back), toy_int(t, flags));
    ToyValue v = toy_failed(state) ? TOY_FAILED : toy_call_method(t, text->decoder, "setstate", &state, 1);
    toy_release(state);
    toy_release(v);
    return !toy_failed(v);
}

bool text_codec_reset_decoder(ToyThread *t, TextFile *text)
{
    text->rest_length = 0;
    text->newlines.has_cr = false;
    text->newlines.seen = 0;
    if (toy_is_unbound(text->decoder)) return true;
    ToyValue v = toy_call_method(t, text->decoder, "reset", NULL, 0);
    toy_release(v);
    return !toy_failed(v);
}

/* ---- encoding ---- */

ToyValue text_codec_encode(ToyThread *t, TextFile *text, ToyValue str)
{
    if (text->own_codec) {
        const char *errors = toy_str_utf8(t, text->errors, NULL);
        return errors ? toy_str_encode_part(t, str, text->own_codec, errors) : TOY_FAILED;
    }
    ToyValue encoder = toy_retain(text->encoder), bytes = toy_call_method(t, encoder, "encode", &str, 1);
    toy_release(encoder);
    if (toy_failed(bytes) || toy_is_bytes(bytes)) return bytes;
    toy_raise_type_error(t, "encoder should return a bytes object, not '%T'", bytes);
    toy_release(bytes);
    return TOY_FAILED;
}

bool text_codec_reset_encoder(ToyThread *t, TextFile *text, bool is_start)
{
    if (toy_is_unbound(text->encoder)) return true;
    ToyValue zero = toy_small_int_value(0);
    ToyValue v = is_start ? toy_call_method(t, text->encoder, "reset", NULL, 0) : toy_call_method(t, text->encoder, "setstate", &zero, 1);
    toy_release(v);
    return !toy_failed(v);
}
