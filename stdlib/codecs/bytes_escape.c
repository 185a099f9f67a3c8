/* bytes_escape.c - bytes as they are written in a literal, without the quotes.
 *
 * What        escape_encode, escape_decode: what pickle's oldest protocol and some data formats use.
 * How         Both go through the data once. Of the named error handlers only strict, replace and ignore have a meaning, for a \x
 *             without its two digits.
 * GIL         held.
 * Read next   mod_codecs.c */
#include "stdlib/codecs/codecs.h"

static const char letters[] = "\\'\"abfnrtv", meanings[] = "\\'\"\a\b\f\n\r\t\v";

ToyValue escape_encode(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_bytes(args[0])) return toy_raise_type_error(t, "escape_encode() argument 1 must be bytes, not %N", args[0]);
    size_t length;
    const uint8_t *data = toy_bytes_data(args[0], &length);
    ToyText out;
    toy_text_init(&out, t);
    for (size_t i = 0; i < length && !out.has_failed; i++) {
        uint8_t c = data[i];
        char letter = c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c == '\\' || c == '\'' ? (char)c : 0;
        if (letter || c < ' ' || c >= 0x7f) toy_text_add_char(&out, '\\');
        if (letter) {
            toy_text_add_char(&out, (uint32_t)letter);
        } else if (c < ' ' || c >= 0x7f) {
            toy_text_add_char(&out, 'x');
            toy_text_add_char(&out, (uint32_t)"0123456789abcdef"[c >> 4]);
            toy_text_add_char(&out, (uint32_t)"0123456789abcdef"[c & 15]);
        } else {
            toy_text_add_char(&out, c);
        }
    }
    ToyValue text = toy_text_finish(&out);
    ToyValue bytes = toy_failed(text) ? TOY_FAILED : toy_str_encode_part(t, text, "latin-1", NULL);
    toy_release(text);
    return codec_answer(t, bytes, length);
}

static int hex_value(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* The first escape that means nothing, or more than a byte holds: worth a warning. */
typedef struct Doubt { bool exists, is_octal; unsigned value; } Doubt;

/* One escape; *at is behind the backslash. Writes to *out. False: raised. */
static bool read_escape(ToyThread *t, const uint8_t *data, size_t length, size_t *at, const char *errors, uint8_t **out, Doubt *doubt)
{
    size_t backslash = *at - 1;
    if (*at == length) return toy_raise_false(t, TOY_ValueError, "Trailing \\ in string");
    uint8_t c = data[(*at)++];
    if (c == '\n') return true;
    const char *found = c ? strchr(letters, c) : NULL;
    if (found) {
        *(*out)++ = (uint8_t)meanings[found - letters];
    } else if (c >= '0' && c <= '7') {
        unsigned value = c - '0';
        for (int i = 0; i < 2 && *at < length && data[*at] >= '0' && data[*at] <= '7'; i++)
            value = value * 8 + (data[(*at)++] - '0');
        if (value > 0377 && !doubt->exists) *doubt = (Doubt){true, true, value};
        *(*out)++ = (uint8_t)value;
    } else if (c == 'x') {
        int high = *at < length ? hex_value(data[*at]) : -1, low = high >= 0 && *at + 1 < length ? hex_value(data[*at + 1]) : -1;
        if (low >= 0) {
            *(*out)++ = (uint8_t)(high << 4 | low);
            *at += 2;
            return true;
        }
        bool is_strict = !errors || strcmp(errors, "strict") == 0;
        if (is_strict) return toy_raise_false(t, TOY_ValueError, "invalid \\x escape at position %zu", backslash);
        if (strcmp(errors, "replace") == 0) *(*out)++ = '?';
        else if (strcmp(errors, "ignore") != 0) return toy_raise_false(t, TOY_ValueError, "decoding error; unknown error handling code: %s", errors);
        *at += high >= 0;
    } else {
        if (!doubt->exists) *doubt = (Doubt){true, false, c};
        *(*out)++ = '\\';
        *(*out)++ = c;
    }
    return true;
}

static bool warn_of(ToyThread *t, Doubt doubt)
{
    if (!doubt.exists) return true;
    return doubt.is_octal ? toy_warn(t, TOY_DeprecationWarning, 1, "invalid octal escape sequence '\\%o'", doubt.value)
                          : toy_warn(t, TOY_DeprecationWarning, 1, "invalid escape sequence '\\%c'", (int)doubt.value);
}

/* The result is never longer than the data. */
static ToyValue decode(ToyThread *t, const uint8_t *data, size_t length, const char *errors)
{
    uint8_t *out;
    ToyValue bytes = toy_bytes_new(t, length, &out);
    if (toy_failed(bytes)) return TOY_FAILED;
    const uint8_t *start = out;
    Doubt doubt = {.exists = false};
    bool is_good = true;
    for (size_t at = 0; is_good && at < length;) {
        uint8_t c = data[at++];
        if (c != '\\') *out++ = c;
        else is_good = read_escape(t, data, length, &at, errors, &out, &doubt);
    }
    if (is_good && warn_of(t, doubt)) return toy_bytes_cut(t, bytes, (size_t)(out - start));
    toy_release(bytes);
    return TOY_FAILED;
}

ToyValue escape_decode(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *errors;
    if (!codec_errors_argument(t, "escape_decode", args[1], &errors)) return TOY_FAILED;
    size_t length;
    if (toy_is_str(args[0])) {
        const char *utf8 = toy_str_utf8(t, args[0], &length);
        return utf8 ? codec_answer(t, decode(t, (const uint8_t *)utf8, length, errors), length) : TOY_FAILED;
    }
    ToyBuffer view;
    if (!toy_buffer_get(t, args[0], &view, 0)) return TOY_FAILED;
    length = view.length;
    ToyValue bytes = decode(t, view.data, length, errors);
    toy_buffer_release(t, &view);
    return codec_answer(t, bytes, length);
}
