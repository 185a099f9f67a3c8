/* newlines.c - IncrementalNewlineDecoder: \r\n and \r become \n, piece by piece.
 *
 * What        The type; newlines_translate, which does it for text files too; and io_newlines: the kinds of line ends that were seen, as scripts get them.
 * How         A \r at the end of a piece is held back until it is known whether a \n follows.
 * GIL         held; another decoder may be asked first, which is a script's.
 * Read next   text_io.c */
#include "stdlib/io/io.h"

typedef struct NewlineDecoder {
    ToyObject head;
    ToyValue decoder;          /* what makes str of the input; None: it is str already. UNBOUND: __init__ did not run */
    ToyValue errors;
    NewlineState newlines;
} NewlineDecoder;

static NewlineDecoder *self_of(ToyValue self) { return (NewlineDecoder *)toy_object(self); }

ToyValue io_newlines(ToyThread *t, unsigned seen)
{
    static const char *const kinds[] = {"\r", "\n", "\r\n"};
    static const unsigned bits[] = {NEWLINES_CR, NEWLINES_LF, NEWLINES_CRLF};
    ToyValue found[3];
    size_t count = 0;
    for (size_t i = 0; i < 3; i++)
        if (seen & bits[i]) found[count++] = toy_str(t, kinds[i]);
    if (count == 0) return TOY_NONE;
    return count == 1 ? found[0] : toy_tuple_take(t, found, count);
}

/* As str.replace, for what mostly is one line, or none. */
ToyValue io_with_line_ends(ToyThread *t, ToyValue str, const char *end)
{
    size_t length = toy_str_length(str), from = 0, added = strlen(end);
    int64_t found = toy_str_find_char(str, '\n', 0, length);
    if (found < 0) return toy_retain(str);
    ToyText out;
    toy_text_init(&out, t);
    for (; found >= 0; found = toy_str_find_char(str, '\n', from, length)) {
        toy_text_add_slice(&out, str, from, (size_t)found);
        toy_text_add_ascii(&out, end, added);
        from = (size_t)found + 1;
    }
    toy_text_add_slice(&out, str, from, length);
    return toy_text_finish(&out);
}

static bool check_ready(ToyThread *t, NewlineDecoder *decoder)
{
    return toy_is_bound(decoder->decoder) || toy_raise_false(t, TOY_ValueError, "IncrementalNewlineDecoder.__init__() not called");
}

/* What the inner decoder makes of the input, owned. */
static ToyValue decode_inner(ToyThread *t, NewlineDecoder *decoder, ToyValue input, bool is_final)
{
    if (toy_is_none(decoder->decoder)) {
        if (!toy_is_str(input)) return toy_raise_type_error(t, "decoder should return a string result, not '%T'", input);
        return toy_retain(input);
    }
    ToyValue row[2] = {input, toy_bool(is_final)};
    ToyValue str = toy_call_method(t, decoder->decoder, "decode", row, 2);
    if (toy_failed(str) || toy_is_str(str)) return str;
    toy_raise_type_error(t, "decoder should return a string result, not '%T'", str);
    toy_release(str);
    return TOY_FAILED;
}

bool newlines_are_plain(NewlineState *state, const void *ascii, size_t length)
{
    if (state->has_cr || memchr(ascii, '\r', length)) return false;
    if (!(state->seen & NEWLINES_LF) && memchr(ascii, '\n', length)) state->seen |= NEWLINES_LF;
    return true;
}

/* The class of the widest character, which the translation leaves as it is: line ends are plain. */
static uint32_t widest_of(const void *data, unsigned width, size_t length)
{
    if (width > 1) return width == 2 ? 0xffff : 0x10ffff;
    const uint8_t *at = data;
    uint8_t all = 0;
    for (size_t i = 0; i < length; i++) all |= at[i];
    return all;
}

static void put(void *data, unsigned width, size_t i, char c)
{
    if (width == 1) ((uint8_t *)data)[i] = (uint8_t)c;
    else if (width == 2) ((uint16_t *)data)[i] = (uint8_t)c;
    else ((uint32_t *)data)[i] = (uint8_t)c;
}

/* Notes the kinds of line ends in str[from..length); counts the \r\n there. A \n without a \r need be found but once. */
static size_t note_ends(NewlineState *state, ToyValue str, size_t from, size_t length)
{
    size_t pairs = 0, at = from;
    for (int64_t found; (found = toy_str_find_char(str, '\r', at, length)) >= 0; at = (size_t)found + 1) {
        if (!(state->seen & NEWLINES_LF) && toy_str_find_char(str, '\n', at, (size_t)found) >= 0) state->seen |= NEWLINES_LF;
        bool is_pair = (size_t)found + 1 < length && toy_str_char(str, (size_t)found + 1) == '\n';
        state->seen |= is_pair ? NEWLINES_CRLF : NEWLINES_CR;
        pairs += is_pair;
        found += is_pair;
    }
    if (!(state->seen & NEWLINES_LF) && toy_str_find_char(str, '\n', at, length) >= 0) state->seen |= NEWLINES_LF;
    return pairs;
}

/* str[from..length) with \n for each line end, [pairs] of which take two characters, and before it [first], unless that is 0. */
static ToyValue translate(ToyThread *t, ToyValue str, size_t from, size_t length, size_t pairs, char first)
{
    unsigned width;
    const char *data = toy_str_data(str, &width);
    size_t count = length - from - pairs + (first != 0), at = 0;
    if (count == 0) return toy_str(t, "");
    if (count == 1) return toy_str_from_char(t, first ? (uint8_t)first : toy_str_char(str, from) == '\r' ? '\n' : toy_str_char(str, from));
    ToyValue result = toy_str_new(t, count, widest_of(data + from * width, width, length - from));
    if (toy_failed(result)) return TOY_FAILED;
    char *to = toy_str_data(result, &width);
    if (first) put(to, width, at++, first);
    while (from < length) {
        int64_t found = toy_str_find_char(str, '\r', from, length);
        size_t end = found < 0 ? length : (size_t)found;
        memcpy(to + at * width, data + from * width, (end - from) * width);
        at += end - from;
        from = end;
        if (from == length) break;
        put(to, width, at++, '\n');
        from += from + 1 < length && toy_str_char(str, from + 1) == '\n' ? 2 : 1;
    }
    return result;
}

ToyValue newlines_translate(ToyThread *t, NewlineState *state, TOY_TAKES ToyValue str, bool is_final)
{
    size_t length = toy_str_length(str), from = 0;
    bool had_cr = state->has_cr && (length > 0 || is_final);
    char first = 0;                                     /* what the \r that was held back becomes */
    if (had_cr) {
        bool is_pair = length > 0 && toy_str_char(str, 0) == '\n';
        state->has_cr = false;
        state->seen |= is_pair ? NEWLINES_CRLF : NEWLINES_CR;
        first = state->translates ? '\n' : '\r';
        if (is_pair && state->translates) from = 1;
    }
    if (!is_final && length > from && toy_str_char(str, length - 1) == '\r') {
        state->has_cr = true;
        length--;
    }
    bool is_part_of_pair = had_cr && !state->translates && length > 0 && toy_str_char(str, 0) == '\n';
    size_t pairs = note_ends(state, str, from + is_part_of_pair, length);
    ToyValue result;
    if (state->translates && (pairs || first || toy_str_find_char(str, '\r', from, length) >= 0)) {
        result = translate(t, str, from, length, pairs, first);
    } else if (first) {
        ToyValue held = toy_str_from_char(t, (uint8_t)first), rest = toy_failed(held) ? TOY_FAILED : toy_str_slice(t, str, 0, length);
        result = toy_failed(rest) ? TOY_FAILED : toy_str_concat(t, held, rest);
        toy_release(held);
        toy_release(rest);
    } else {
        result = toy_str_slice(t, str, 0, length);
    }
    toy_release(str);
    return result;
}

static ToyValue decode(ToyThread *t, NewlineDecoder *decoder, ToyValue input, bool is_final)
{
    ToyValue str = decode_inner(t, decoder, input, is_final);
    return toy_failed(str) ? TOY_FAILED : newlines_translate(t, &decoder->newlines, str, is_final);
}

static ToyValue method_decode(ToyThread *t, ToyValue self, const ToyValue *args)
{
    bool is_final = false;
    if (!check_ready(t, self_of(self)) || !toy_arg_bool(t, args[1], &is_final)) return TOY_FAILED;
    return decode(t, self_of(self), args[0], is_final);
}

/* The lowest bit of the state's number says that a \r is held back; the rest is the inner decoder's. */
static ToyValue method_get_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    NewlineDecoder *decoder = self_of(self);
    if (!check_ready(t, decoder)) return TOY_FAILED;
    if (toy_is_none(decoder->decoder)) return toy_tuple(t, toy_bytes(t, "", 0), toy_int(t, decoder->newlines.has_cr));
    ToyValue state = toy_call_method(t, decoder->decoder, "getstate", NULL, 0), result = TOY_FAILED;
    uint64_t flag = 0;
    if (toy_failed(state)) return TOY_FAILED;
    if (!toy_is_tuple(state) || toy_tuple_length(state) != 2) toy_raise_type_error(t, "illegal decoder state");
    else if (toy_arg_uint64(t, toy_tuple_item(state, 1), &flag))
        result = toy_tuple(t, toy_retain(toy_tuple_item(state, 0)), toy_int_from_uint64(t, flag << 1 | decoder->newlines.has_cr));
    toy_release(state);
    return result;
}

static ToyValue method_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    NewlineDecoder *decoder = self_of(self);
    uint64_t flag = 0;
    if (!check_ready(t, decoder)) return TOY_FAILED;
    if (!toy_is_tuple(args[0])) return toy_raise_type_error(t, "state argument must be a tuple");
    if (toy_tuple_length(args[0]) != 2) return toy_raise_type_error(t, "setstate(): illegal state argument");
    if (!toy_arg_uint64(t, toy_tuple_item(args[0], 1), &flag)) return TOY_FAILED;
    decoder->newlines.has_cr = flag & 1;
    if (toy_is_none(decoder->decoder)) return TOY_NONE;
    ToyValue inner = toy_tuple(t, toy_retain(toy_tuple_item(args[0], 0)), toy_int_from_uint64(t, flag >> 1));
    ToyValue v = toy_failed(inner) ? TOY_FAILED : toy_call_method(t, decoder->decoder, "setstate", &inner, 1);
    toy_release(inner);
    return v;
}

static ToyValue method_reset(ToyThread *t, ToyValue self, const ToyValue *args)
{
    NewlineDecoder *decoder = self_of(self);
    if (!check_ready(t, decoder)) return TOY_FAILED;
    decoder->newlines.has_cr = false;
    decoder->newlines.seen = 0;
    return toy_is_none(decoder->decoder) ? TOY_NONE : toy_call_method(t, decoder->decoder, "reset", NULL, 0);
}
static ToyValue get_newlines(ToyThread *t, ToyValue self) { return check_ready(t, self_of(self)) ? io_newlines(t, self_of(self)->newlines.seen) : TOY_FAILED; }

static ToyValue decoder_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names) { return toy_value(toy_type_alloc(t, type)); }
static bool decoder_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const list[] = {"decoder", "translate", "errors", NULL};
    static const ToyParameters parameters = {"IncrementalNewlineDecoder", list, 0, 3, 2};
    ToyValue given[3];
    bool translates = false;
    if (!toy_arguments_sort(t, &parameters, args, count, names, given) || !toy_truth(t, given[1], &translates)) return false;
    NewlineDecoder *decoder = self_of(self);
    ToyValue errors = toy_is_bound(given[2]) ? toy_retain(given[2]) : toy_str(t, "strict");
    if (toy_failed(errors)) return false;
    toy_replace(&decoder->errors, errors);
    toy_replace(&decoder->decoder, toy_retain(given[0]));
    decoder->newlines.translates = translates;
    decoder->newlines.has_cr = false;
    decoder->newlines.seen = 0;
    return true;
}
static void traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((NewlineDecoder *)self)->decoder, visit, context);
    toy_visit(((NewlineDecoder *)self)->errors, visit, context);
}
static void clear(ToyObject *self)
{
    toy_clear(&((NewlineDecoder *)self)->decoder);
    toy_clear(&((NewlineDecoder *)self)->errors);
}
static const ToyFunction methods[] = {
    TOY_FUNCTION("decode", method_decode, "($self, /, input, final=False)", 0, "Return the str with its line ends translated, but for a last \\r."),
    TOY_FUNCTION("getstate", method_get_state, "($self, /)", 0, NULL),
    TOY_FUNCTION("setstate", method_set_state, "($self, state, /)", 0, NULL),
    TOY_FUNCTION("reset", method_reset, "($self, /)", 0, NULL),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet getsets[] = {{"newlines", get_newlines, NULL, NULL}, {NULL, NULL, NULL, NULL}};
const ToyTypeSpec newline_decoder_spec = {
    .doc = "Turns \\\\r\\\n and \\\\r into \\\n, piece by piece, on top of another decoder or of none.", .signature =
        "(decoder, translate, errors='strict')",
    .size = sizeof(NewlineDecoder), .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE,
    .slots = {.new_instance = decoder_new, .init = decoder_init}, .methods = methods, .getsets = getsets,
    .traverse = traverse, .clear = clear, .free = clear,
};
