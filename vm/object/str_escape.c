/* str_escape.c - backslashes: repr of text, and the codecs unicode_escape and raw_unicode_escape.
 *
 * What        str_repr; the two codecs that write any text in ASCII or Latin-1.
 * How         repr prefers ' and takes " only for text that has ' and no ". What is printable stays; the rest becomes \n \r \t
 *             or the shortest of \xhh, \uhhhh, \Uhhhhhhhh.
 * GIL         held.
 * Read next   str_codec.c */
#include "vm/base/unicode.h"
#include "vm/base/unicode_names.h"
#include "vm/object/bytes.h"
#include "vm/object/exception.h"
#include "vm/object/str_codec.h"

static const char hex_digits[] = "0123456789abcdef";

void str_builder_add_escape(StrBuilder *builder, uint32_t c)
{
    char text[10] = {'\\', c < 0x100 ? 'x' : c < 0x10000 ? 'u' : 'U'};
    int digits = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
    for (int i = 0; i < digits; i++)
        text[2 + i] = hex_digits[c >> 4 * (digits - 1 - i) & 15];
    str_builder_add_ascii(builder, text, (size_t)digits + 2);
}

/* ---- repr ---- */

/* '\n' as 'n' and so on; 0 for characters without a short escape. */
static char short_escape(uint32_t c)
{
    return c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c == '\\' ? '\\' : 0;
}

static bool stays(uint32_t c, bool is_ascii_only)
{
    if (c < 0x7f)
        return c >= 0x20;
    return !is_ascii_only && unicode_is_printable(c);
}

/* Does nothing in the text need an escape? Then repr is a copy between quotes. */
static bool is_plain(const Str *s)
{
    const uint8_t *at = str_data(s);
    for (size_t i = 0; i < s->length; i++) {
        if (at[i] < 0x20 || at[i] >= 0x7f || at[i] == '\\' || at[i] == '\'')
            return false;
    }
    return true;
}

Value str_repr(Thread *t, Str *s, bool is_ascii_only)
{
    if (s->is_ascii && is_plain(s)) {
        Str *repr = str_new(t, s->length + 2, 0x7f);
        if (!repr)
            return FAILED;
        repr->characters[0] = repr->characters[s->length + 1] = '\'';
        memcpy(repr->characters + 1, str_data(s), s->length);
        return object_value(repr);
    }
    bool has_single = false, has_double = false;
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char(s, i);
        has_single |= c == '\'';
        has_double |= c == '"';
    }
    uint32_t quote = has_single && !has_double ? '"' : '\'';
    StrBuilder out;
    str_builder_init(&out, t);
    str_builder_add_char(&out, quote);
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char(s, i);
        char letter = short_escape(c);
        if (c >= 0x20 && c < 0x7f && c != quote && c != '\\') {  /* a run of what stays is added at once */
            size_t end = i + 1;
            for (; end < s->length; end++) {
                uint32_t next = str_char(s, end);
                if (next < 0x20 || next >= 0x7f || next == quote || next == '\\')
                    break;
            }
            str_builder_add_slice(&out, s, i, end);
            i = end - 1;
        } else if (letter || c == quote) {
            str_builder_add_char(&out, '\\');
            str_builder_add_char(&out, letter ? (uint32_t)letter : c);
        } else if (stays(c, is_ascii_only)) {
            str_builder_add_char(&out, c);
        } else {
            str_builder_add_escape(&out, c);
        }
    }
    str_builder_add_char(&out, quote);
    return str_builder_finish(&out);
}

/* ---- unicode_escape ---- */

static int hex_value(uint8_t c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* An escape that the end of the bytes cuts off: an error, unless more bytes may follow; then it is left over, and *at stays on its
 * backslash. */
static bool cut_off(Decoding *d, size_t start, const char *reason, size_t *at)
{
    if (!d->is_partial)
        return decoding_error(d, start, d->length, reason, at);
    *at = start;
    return true;
}

/* \x \u \U at [start]; the digits begin two further. */
static bool read_hex(Decoding *d, size_t start, size_t *at)
{
    static const char *const reasons[] = {"truncated \\xXX escape", "truncated \\uXXXX escape", "truncated \\UXXXXXXXX escape"};
    uint8_t letter = (uint8_t)d->bytes[start + 1];
    size_t wanted = letter == 'x' ? 2 : letter == 'u' ? 4 : 8, found = 0;
    uint32_t c = 0;
    while (found < wanted && start + 2 + found < d->length) {
        int value = hex_value((uint8_t)d->bytes[start + 2 + found]);
        if (value < 0)
            break;
        c = c << 4 | (uint32_t)value;
        found++;
    }
    const char *reason = reasons[letter == 'x' ? 0 : letter == 'u' ? 1 : 2];
    if (found < wanted && start + 2 + found == d->length)
        return cut_off(d, start, reason, at);
    if (found < wanted)
        return decoding_error(d, start, start + 2 + found, reason, at);
    if (c > UNICODE_MAX)
        return decoding_error(d, start, start + 2 + found, "illegal Unicode character", at);
    str_builder_add_char(&d->out, c);
    *at = start + 2 + found;
    return true;
}

/* \N{NAME} at [start]. */
static bool read_name(Decoding *d, size_t start, size_t *at)
{
    static const char reason[] = "malformed \\N character escape";
    const char *name = d->bytes + start + 3, *end = d->bytes + d->length;
    if (start + 2 >= d->length)
        return cut_off(d, start, reason, at);
    if (d->bytes[start + 2] != '{')
        return decoding_error(d, start, start + 2, reason, at);
    const char *close = memchr(name, '}', (size_t)(end - name));
    if (!close)
        return cut_off(d, start, reason, at);
    if (close == name)
        return decoding_error(d, start, start + 3, reason, at);
    *at = (size_t)(close + 1 - d->bytes);
    uint32_t c = unicode_by_name(name, (size_t)(close - name));
    if (c == UNICODE_NO_NAME)
        return decoding_error(d, start, *at, "unknown Unicode character name", at);
    str_builder_add_char(&d->out, c);
    return true;
}

static char escaped_character(uint8_t letter)
{
    static const char letters[] = "abfnrtv", meanings[] = "\a\b\f\n\r\t\v";
    const char *found = letter ? strchr(letters, letter) : NULL;
    return found ? meanings[found - letters] : (char)letter;
}

/* What should not have been written, but has a meaning: the first such escape is warned of at the end. */
typedef struct Doubt { bool exists, is_octal; unsigned value; } Doubt;

static bool read_octal(Decoding *d, size_t *at, Doubt *doubt)
{
    uint32_t c = 0;
    for (int i = 0; i < 3 && *at < d->length && d->bytes[*at] >= '0' && d->bytes[*at] <= '7'; i++)
        c = c * 8 + (uint32_t)(d->bytes[(*at)++] - '0');
    if (c > 0377 && !doubt->exists)
        *doubt = (Doubt){true, true, c};
    str_builder_add_char(&d->out, c);
    return true;
}

/* One escape; *at is at the backslash, and still is afterwards if the escape is cut off. */
static bool read_escape(Decoding *d, size_t *at, Doubt *doubt)
{
    size_t start = *at;
    if (start + 1 >= d->length)
        return cut_off(d, start, "\\ at end of string", at);
    uint8_t letter = (uint8_t)d->bytes[start + 1];
    *at = start + 2;
    switch (letter) {
    case '\n':
        return true;
    case '\\': case '\'': case '"': case 'a': case 'b': case 'f': case 'n': case 'r': case 't': case 'v':
        str_builder_add_char(&d->out, (uint8_t)escaped_character(letter));
        return true;
    case '0': case '1': case '2': case '3': case '4': case '5': case '6': case '7':
        *at = start + 1;
        return read_octal(d, at, doubt);
    case 'x': case 'u': case 'U':
        return read_hex(d, start, at);
    case 'N':
        return read_name(d, start, at);
    default:
        if (!doubt->exists)
            *doubt = (Doubt){true, false, letter};
        str_builder_add_char(&d->out, '\\');
        str_builder_add_char(&d->out, letter);
        return true;
    }
}

static bool warn_of(Thread *t, Doubt doubt)
{
    if (!doubt.exists)
        return true;
    return doubt.is_octal ? raise_warning(t, EXC_DeprecationWarning, "invalid octal escape sequence '\\%o'", doubt.value)
                          : raise_warning(t, EXC_DeprecationWarning, "invalid escape sequence '\\%c'", (int)doubt.value);
}

/* In the raw codec only \u and \U are escapes. */
static bool is_escape(const Decoding *d, size_t at, bool is_raw)
{
    if (d->bytes[at] != '\\')
        return false;
    return !is_raw || (at + 1 < d->length && (d->bytes[at + 1] == 'u' || d->bytes[at + 1] == 'U'));
}

Value unicode_escape_decode(Decoding *d, bool is_raw)
{
    str_builder_init(&d->out, d->t);
    size_t at = 0;
    Doubt doubt = {.exists = false};
    while (at < d->length && !d->out.has_failed) {
        size_t start = at;
        if (!is_escape(d, at, is_raw)) {
            bool is_backslash = d->bytes[at] == '\\';
            if (is_backslash && at + 1 == d->length && d->is_partial)
                break;
            str_builder_add_char(&d->out, (uint8_t)d->bytes[at]);
            /* A backslash that is no escape takes the next one with it: raw "\\u0041" stays as it is. */
            if (is_backslash && at + 1 < d->length)
                str_builder_add_char(&d->out, (uint8_t)d->bytes[++at]);
            at++;
        } else if (!read_escape(d, &at, &doubt)) {
            str_builder_abandon(&d->out);
            return FAILED;
        } else if (at == start && d->is_partial) {
            break;
        }
    }
    d->taken = at;
    Value text = str_builder_finish(&d->out);
    if (!failed(text) && !warn_of(d->t, doubt)) {
        release(text);
        return FAILED;
    }
    return text;
}

Value unicode_escape_encode(Thread *t, Str *s, bool is_raw)
{
    StrBuilder out;
    str_builder_init(&out, t);
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char(s, i);
        char letter = is_raw ? 0 : short_escape(c);
        if (letter) {
            str_builder_add_char(&out, '\\');
            str_builder_add_char(&out, (uint32_t)letter);
        } else if (is_raw ? c < 0x100 : c >= 0x20 && c < 0x7f) {
            str_builder_add_char(&out, c);
        } else {
            str_builder_add_escape(&out, c);
        }
    }
    Value text = str_builder_finish(&out);
    if (failed(text))
        return FAILED;
    Bytes *bytes = bytes_from(t, str_data(as_str(text)), as_str(text)->length);
    release(text);
    return bytes ? object_value(bytes) : FAILED;
}
