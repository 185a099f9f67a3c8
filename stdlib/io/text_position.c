/* text_position.c - where a text file stands, as a number.
 *
 * What        tell() and seek() of TextIOWrapper.
 * How         A place between two characters is a place in the bytes where the decoder holds nothing back, the decoder's state there, and how
 *             many bytes to read and characters to give out from there. For most encodings that is the place in the bytes alone. tell() finds
 *             it by decoding again the bytes that the last piece was made of (the snapshot). The parts make one number:
 *
 *                 bits 0-63 place in the bytes | 64-95 state | 96-127 bytes | 128-159 characters | 160 the end of the file was reached
 *
 * GIL         held; codecs and the file below may be scripts'.
 * Read next   text_codec.c */
#include <stdio.h>

#include "stdlib/io/text.h"

typedef struct Place {
    int64_t bytes;
    int32_t flags, bytes_to_feed, characters_to_skip;
    bool needs_end;
} Place;

enum { PLACE_SIZE = 21 };

static ToyValue place_pack(ToyThread *t, const Place *place)
{
    uint8_t packed[PLACE_SIZE];
    memcpy(packed, &place->bytes, 8);
    memcpy(packed + 8, &place->flags, 4);
    memcpy(packed + 12, &place->bytes_to_feed, 4);
    memcpy(packed + 16, &place->characters_to_skip, 4);
    packed[20] = place->needs_end;
    return toy_int_from_bytes(t, packed, PLACE_SIZE, true, false);
}

static bool place_unpack(ToyThread *t, ToyValue cookie, Place *place)
{
    uint8_t packed[PLACE_SIZE];
    ToyValue number = toy_call1(t, toy_type_value(toy_builtin_type(t, TOY_KIND_INT)), cookie);
    bool done = !toy_failed(number) && toy_int_to_bytes(t, number, packed, PLACE_SIZE, true, false);
    toy_release(number);
    if (!done) return false;
    memcpy(&place->bytes, packed, 8);
    memcpy(&place->flags, packed + 8, 4);
    memcpy(&place->bytes_to_feed, packed + 12, 4);
    memcpy(&place->characters_to_skip, packed + 16, 4);
    place->needs_end = packed[20];
    return true;
}

/* ---- tell ---- */

/* How many characters the bytes [from, to) of the snapshot make. -1: raised. */
static int64_t feed(ToyThread *t, TextFile *text, const uint8_t *data, size_t from, size_t to, bool is_final)
{
    ToyValue piece = toy_bytes(t, data + from, to - from), str = toy_failed(piece) ? TOY_FAILED : text_codec_decode(t, text, piece, is_final);
    int64_t count = toy_failed(str) ? -1 : (int64_t)toy_str_length(str);
    toy_release(piece);
    toy_release(str);
    return count;
}

/* How many bytes the decoder holds back, and its flags. -1: raised. */
static int64_t held_back(ToyThread *t, TextFile *text, int64_t *flags)
{
    size_t length;
    ToyValue bytes = text_codec_get_state(t, text, flags);
    if (toy_failed(bytes)) return -1;
    (void)toy_bytes_data(bytes, &length);
    toy_release(bytes);
    return (int64_t)length;
}

static bool restart(ToyThread *t, TextFile *text, int64_t flags)
{
    ToyValue nothing = toy_bytes(t, "", 0);
    bool done = !toy_failed(nothing) && text_codec_set_state(t, text, nothing, flags);
    toy_release(nothing);
    return done;
}

/* A first guess at the place, from how many bytes a character took in this piece, taken back until it is not behind it. Answers the bytes that
 * may be left out of the search; they are taken off *characters. -1: raised. */
static int64_t guess_start(ToyThread *t, TextFile *text, const uint8_t *data, size_t length, int64_t *characters, int64_t *flags)
{
    int64_t bytes = (int64_t)(text->bytes_per_character * (double)*characters), back = 1;
    if (bytes > (int64_t)length) bytes = (int64_t)length;
    while (bytes > 0) {
        int64_t state, made, held;
        if (!restart(t, text, *flags) || (made = feed(t, text, data, 0, (size_t)bytes, false)) < 0) return -1;
        if (made <= *characters) {
            if ((held = held_back(t, text, &state)) < 0) return -1;
            if (held == 0) {
                *characters -= made;
                *flags = state;
                return bytes;
            }
            bytes -= held;
            back = 1;
        } else {
            bytes -= back;
            back *= 2;
        }
    }
    return restart(t, text, *flags) ? 0 : -1;
}

/* From the snapshot's start to the character that comes next; [place] says where the snapshot starts. The decoder is left anywhere. */
static bool find_place(ToyThread *t, TextFile *text, const uint8_t *data, size_t length, Place *place)
{
    int64_t characters = (int64_t)text->at, flags = text->snapshot_flags, made = 0, fed = 0;
    int64_t from = guess_start(t, text, data, length, &characters, &flags);
    if (from < 0) return false;
    place->bytes += from;
    for (size_t i = (size_t)from; i < length && made < characters; i++) {
        int64_t state, held, n = feed(t, text, data, i, i + 1, false);
        if (n < 0 || (held = held_back(t, text, &state)) < 0) return false;
        fed++;
        made += n;
        if (held == 0 && made <= characters) {          /* a place to start from */
            place->bytes += fed;
            characters -= made;
            flags = state;
            fed = made = 0;
        }
    }
    if (made < characters) {                            /* only the end of the file brings them out */
        int64_t n = feed(t, text, data, 0, 0, true);
        if (n < 0) return false;
        place->needs_end = true;
        if (made + n < characters) return toy_raise_false(t, TOY_OSError, "can't reconstruct logical file position");
    }
    place->flags = (int32_t)flags;
    place->bytes_to_feed = (int32_t)fed;
    place->characters_to_skip = (int32_t)characters;
    return true;
}

/* The decoder works for us here: it gets its state back, whatever happens. */
static bool find_place_aside(ToyThread *t, TextFile *text, const uint8_t *data, size_t length, Place *place)
{
    int64_t flags;
    NewlineState newlines = text->newlines;
    ToyValue state = text_codec_get_state(t, text, &flags);
    if (toy_failed(state)) return false;
    bool done = find_place(t, text, data, length, place);
    ToyValue raised = done ? TOY_UNBOUND : toy_raised_take(t);
    if (!text_codec_set_state(t, text, state, flags) && !done) toy_raised_clear(t);
    text->newlines = newlines;
    toy_release(state);
    if (toy_is_bound(raised)) toy_raise_instance(t, raised);
    return !toy_is_raised(t);
}

static bool flush(ToyThread *t, ToyValue self)
{
    ToyValue v = toy_call_method(t, self, "flush", NULL, 0);
    toy_release(v);
    return !toy_failed(v);
}

ToyValue text_tell(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = (TextFile *)toy_object(self);
    if (!text_check_open(t, text)) return TOY_FAILED;
    if (!text->is_seekable) return raise_unsupported(t, toy_instance_state(self), "underlying stream is not seekable");
    if (text->is_iterated) return toy_raise(t, TOY_OSError, "telling position disabled by next() call");
    if (!text_write_pending(t, text) || !flush(t, self)) return TOY_FAILED;
    ToyValue position = text_call_below(t, text, "tell", NULL, 0);
    if (toy_failed(position) || !text->is_readable || toy_is_unbound(text->snapshot)) return position;
    Place place = {.flags = (int32_t)text->snapshot_flags};
    bool done = toy_arg_int64(t, position, &place.bytes);
    toy_release(position);
    if (!done) return TOY_FAILED;
    ToyValue snapshot = toy_retain(text->snapshot);     /* decoding may be a script's */
    size_t length;
    const uint8_t *data = toy_bytes_data(snapshot, &length);
    place.bytes -= (int64_t)length;
    done = text->at == 0 || find_place_aside(t, text, data, length, &place);
    toy_release(snapshot);
    return done ? place_pack(t, &place) : TOY_FAILED;
}

/* ---- seek ---- */

static void forget(TextFile *text)
{
    text_set_decoded(text, TOY_UNBOUND);
    toy_clear(&text->snapshot);
    text->is_iterated = false;
}

static ToyValue seek_end(ToyThread *t, ToyValue self, TextFile *text)
{
    if (!flush(t, self)) return TOY_FAILED;
    forget(text);
    if (!text_codec_reset_decoder(t, text)) return TOY_FAILED;
    ToyValue row[2] = {toy_small_int_value(0), toy_small_int_value(SEEK_END)};
    ToyValue position = text_call_below(t, text, "seek", row, 2);
    bool is_start = false;
    if (!toy_failed(position) && toy_equal(t, position, toy_small_int_value(0), &is_start) && text_codec_reset_encoder(t, text, is_start)) return position;
    toy_release(position);
    return TOY_FAILED;
}

/* Read and decode what lies before the character, give out what comes before it. */
static bool skip(ToyThread *t, TextFile *text, const Place *place)
{
    ToyValue count = toy_small_int_value(place->bytes_to_feed), bytes = text_call_below(t, text, "read", &count, 1);
    if (toy_failed(bytes)) return false;
    bool done = toy_is_bytes(bytes) || toy_raise_false(t, TOY_TypeError, "underlying read() should have returned a bytes object, not '%T'", bytes);
    ToyValue str = done ? text_codec_decode(t, text, bytes, place->needs_end) : TOY_FAILED;
    if (!toy_failed(str)) {
        toy_replace(&text->snapshot, toy_retain(bytes));
        done = toy_str_length(str) >= (size_t)place->characters_to_skip || toy_raise_false(t, TOY_OSError, "can't restore logical file position");
        text_set_decoded(text, str);
        if (done) text->at = (size_t)place->characters_to_skip;
    }
    toy_release(bytes);
    return done && !toy_failed(str);
}

static bool seek_place(ToyThread *t, ToyValue self, TextFile *text, const Place *place)
{
    if (!flush(t, self)) return false;
    ToyValue offset = toy_int(t, place->bytes), v = toy_failed(offset) ? TOY_FAILED : text_call_below(t, text, "seek", &offset, 1);
    toy_release(offset);
    toy_release(v);
    if (toy_failed(v)) return false;
    bool is_start = place->bytes == 0 && place->flags == 0;
    forget(text);
    if (text->is_readable && !(is_start ? text_codec_reset_decoder(t, text) : restart(t, text, place->flags))) return false;
    text->snapshot_flags = place->flags;
    if (place->characters_to_skip ? !skip(t, text, place) : (text->snapshot = toy_bytes(t, "", 0), toy_failed(text->snapshot))) return false;
    return text_codec_reset_encoder(t, text, is_start);
}

ToyValue text_seek(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TextFile *text = (TextFile *)toy_object(self);
    IoState *state = toy_instance_state(self);
    Place place;
    int whence = SEEK_SET;
    bool is_zero, is_negative;
    if (!text_check_open(t, text) || !toy_arg_int(t, args[1], &whence)) return TOY_FAILED;
    if (!text->is_seekable) return raise_unsupported(t, state, "underlying stream is not seekable");
    if (!toy_equal(t, args[0], toy_small_int_value(0), &is_zero)) return TOY_FAILED;
    if (whence == SEEK_CUR && !is_zero) return raise_unsupported(t, state, "can't do nonzero cur-relative seeks");
    if (whence == SEEK_END && !is_zero) return raise_unsupported(t, state, "can't do nonzero end-relative seeks");
    if (whence == SEEK_END) return seek_end(t, self, text);
    if (whence != SEEK_SET && whence != SEEK_CUR) return toy_raise_value_error(t, "invalid whence (%d, should be 0, 1 or 2)", whence);
    /* To where it is already: that brings the file below to this place too. */
    ToyValue cookie = whence == SEEK_CUR ? toy_call_method(t, self, "tell", NULL, 0) : toy_retain(args[0]);
    if (toy_failed(cookie)) return TOY_FAILED;
    bool done = toy_compare(t, cookie, toy_small_int_value(0), COMPARE_LT, &is_negative);
    if (done && is_negative) done = toy_raise_false(t, TOY_ValueError, "negative seek position %R", cookie);
    if (done && place_unpack(t, cookie, &place) && seek_place(t, self, text, &place)) return cookie;
    toy_release(cookie);
    return TOY_FAILED;
}
