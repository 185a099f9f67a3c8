/* str_codec.c - str.encode and bytes.decode: encodings by name, and what happens at an error.
 *
 * What        str_decode, str_encode, and the two exceptions they raise.
 * How         vm/base/codec scans and measures good runs; this file walks from run to run and asks the error handler in between.
 *             An encoding is found by its name in any usual spelling: case, '-', '_' and blanks do not matter.
 *
 *                 handler             decoding gives                     encoding gives
 *                 strict              UnicodeDecodeError                 UnicodeEncodeError
 *                 ignore              nothing                            nothing
 *                 replace             U+FFFD                             '?'
 *                 backslashreplace    \xhh for each byte                 \xhh, \uhhhh, \Uhhhhhhhh
 *                 xmlcharrefreplace   (not for decoding)                 &#number;
 *                 namereplace         (not for decoding)                 \N{NAME}, or as backslashreplace
 *                 surrogateescape     U+DC80..U+DCFF for bytes >= 0x80   these characters as their bytes
 *                 surrogatepass       lone surrogates                    lone surrogates (UTF encodings)
 * Invariants  I1 positions in errors count from the start of the whole object, byte order mark included.
 * GIL         held.
 * Read next   vm/base/codec.h, str_escape.c */
#include "vm/object/str_codec.h"

#include <ctype.h>
#include <stdio.h>

#include "vm/base/unicode.h"
#include "vm/base/unicode_names.h"
#include "vm/object/bytes.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/int.h"
#include "vm/object/list.h"

/* ---- names ---- */

typedef enum Encoding {
    ENCODING_UTF8, ENCODING_UTF8_SIG, ENCODING_LATIN1, ENCODING_ASCII, ENCODING_UTF16, ENCODING_UTF16_LE, ENCODING_UTF16_BE,
    ENCODING_UTF32, ENCODING_UTF32_LE, ENCODING_UTF32_BE, ENCODING_UNICODE_ESCAPE, ENCODING_RAW_UNICODE_ESCAPE, ENCODING_UNKNOWN,
} Encoding;

static const struct { const char *name; Encoding encoding; } encoding_names[] = {
    {"utf-8", ENCODING_UTF8}, {"utf8", ENCODING_UTF8}, {"u8", ENCODING_UTF8}, {"utf", ENCODING_UTF8}, {"cp65001", ENCODING_UTF8},
    {"utf-8-sig", ENCODING_UTF8_SIG}, {"utf8-sig", ENCODING_UTF8_SIG},
    {"latin-1", ENCODING_LATIN1}, {"latin1", ENCODING_LATIN1}, {"latin", ENCODING_LATIN1}, {"iso-8859-1", ENCODING_LATIN1},
    {"iso8859-1", ENCODING_LATIN1}, {"iso8859", ENCODING_LATIN1}, {"8859", ENCODING_LATIN1}, {"cp819", ENCODING_LATIN1},
    {"ibm819", ENCODING_LATIN1}, {"l1", ENCODING_LATIN1}, {"iso-ir-100", ENCODING_LATIN1}, {"csisolatin1", ENCODING_LATIN1},
    {"ascii", ENCODING_ASCII}, {"us-ascii", ENCODING_ASCII}, {"646", ENCODING_ASCII}, {"us", ENCODING_ASCII},
    {"cp367", ENCODING_ASCII}, {"ibm367", ENCODING_ASCII}, {"iso646-us", ENCODING_ASCII}, {"csascii", ENCODING_ASCII},
    {"ansi-x3.4-1968", ENCODING_ASCII}, {"iso-ir-6", ENCODING_ASCII},
    {"utf-16", ENCODING_UTF16}, {"utf16", ENCODING_UTF16}, {"u16", ENCODING_UTF16},
    {"utf-16-le", ENCODING_UTF16_LE}, {"utf-16le", ENCODING_UTF16_LE}, {"unicodelittleunmarked", ENCODING_UTF16_LE},
    {"utf-16-be", ENCODING_UTF16_BE}, {"utf-16be", ENCODING_UTF16_BE}, {"unicodebigunmarked", ENCODING_UTF16_BE},
    {"utf-32", ENCODING_UTF32}, {"utf32", ENCODING_UTF32}, {"u32", ENCODING_UTF32},
    {"utf-32-le", ENCODING_UTF32_LE}, {"utf-32le", ENCODING_UTF32_LE}, {"utf-32-be", ENCODING_UTF32_BE}, {"utf-32be", ENCODING_UTF32_BE},
    {"unicode-escape", ENCODING_UNICODE_ESCAPE}, {"unicodeescape", ENCODING_UNICODE_ESCAPE},
    {"raw-unicode-escape", ENCODING_RAW_UNICODE_ESCAPE}, {"rawunicodeescape", ENCODING_RAW_UNICODE_ESCAPE},
};

static Encoding find_encoding(const char *name)
{
    char normal[32];
    size_t length = 0;
    for (; *name && length + 1 < sizeof normal; name++) {
        char c = *name == '_' || *name == ' ' ? '-' : (char)tolower((unsigned char)*name);
        if (c != '-' || (length && normal[length - 1] != '-'))
            normal[length++] = c;
    }
    normal[length] = '\0';
    for (size_t i = 0; !*name && i < ARRAY_LENGTH(encoding_names); i++) {
        if (strcmp(normal, encoding_names[i].name) == 0)
            return encoding_names[i].encoding;
    }
    return ENCODING_UNKNOWN;
}

static Value raise_unknown_encoding(Thread *t, const char *encoding)
{
    return raise_error(t, EXC_LookupError, "unknown encoding: %s", encoding);
}

typedef enum Handler {
    HANDLER_STRICT, HANDLER_IGNORE, HANDLER_REPLACE, HANDLER_BACKSLASHREPLACE, HANDLER_XMLCHARREFREPLACE, HANDLER_SURROGATEESCAPE,
    HANDLER_SURROGATEPASS, HANDLER_NAMEREPLACE, HANDLER_UNKNOWN,
} Handler;

static Handler find_handler(const char *errors)
{
    static const char *const names[] = {
        "strict", "ignore", "replace", "backslashreplace", "xmlcharrefreplace", "surrogateescape", "surrogatepass",
        "namereplace",
    };
    for (size_t i = 0; errors && i < ARRAY_LENGTH(names); i++) {
        if (strcmp(errors, names[i]) == 0)
            return (Handler)i;
    }
    return errors ? HANDLER_UNKNOWN : HANDLER_STRICT;
}

static bool raise_unknown_handler(Thread *t, const char *errors)
{
    return raise_false(t, EXC_LookupError, "unknown error handler name '%s'", errors);
}

/* ---- the exceptions ---- */

static Value raise_unicode_error(Thread *t, enum ExceptionKind kind, const char *encoding, TAKES Value object, size_t start, size_t end,
                                 const char *reason)
{
    Value fields[5] = {object_value(str_from_text(t, encoding)), object, small_int_value((int64_t)start), small_int_value((int64_t)end),
                       object_value(str_from_text(t, reason))};
    Tuple *args = failed(fields[0]) || failed(object) || failed(fields[4]) ? NULL : tuple_from_values(t, fields, 5);
    for (size_t i = 0; i < 5; i++)
        release(fields[i]);
    if (!args)
        return FAILED;
    Value exception = exception_make(t, object_value(exception_type(t, kind)), object_value(args));
    object_release(args);
    return failed(exception) ? FAILED : raise_instance(t, exception);
}

Value raise_decode_error(Thread *t, const char *encoding, const char *bytes, size_t length, size_t start, size_t end, const char *reason)
{
    Bytes *object = bytes_from(t, bytes, length);
    return raise_unicode_error(t, EXC_UnicodeDecodeError, encoding, object_value(object), start, end, reason);
}

Value raise_encode_error(Thread *t, const char *encoding, Str *s, size_t start, size_t end, const char *reason)
{
    return raise_unicode_error(t, EXC_UnicodeEncodeError, encoding, retain(object_value(s)), start, end, reason);
}

/* ---- decoding ---- */

/* A lone surrogate at bytes[start:], as the UTF encodings would write it. */
static bool pass_surrogate(Decoding *d, size_t start, size_t *resume)
{
    unsigned size = d->codec == CODEC_UTF8 ? 3 : d->codec == CODEC_UTF16_LE || d->codec == CODEC_UTF16_BE ? 2 : 4;
    if (d->codec == CODEC_LATIN1 || d->codec == CODEC_ASCII || d->length - start < size)
        return false;
    CodecRun run = codec_scan(d->codec, d->bytes + start, size, CODEC_SURROGATES);
    uint32_t character = 0;
    if (run.reason || run.made != 1)
        return false;
    codec_decode(d->codec, d->bytes + start, size, 4, &character);
    if (!unicode_is_surrogate(character))
        return false;
    str_builder_add_char(&d->out, character);
    *resume = start + size;
    return true;
}

bool decoding_error(Decoding *d, size_t start, size_t end, const char *reason, size_t *resume)
{
    *resume = end;
    switch (find_handler(d->errors)) {
    case HANDLER_IGNORE:
        return true;
    case HANDLER_REPLACE:
        str_builder_add_char(&d->out, 0xfffd);
        return !d->out.has_failed;
    case HANDLER_BACKSLASHREPLACE:
        for (size_t i = start; i < end; i++)
            str_builder_add_escape(&d->out, (uint8_t)d->bytes[i]);
        return !d->out.has_failed;
    case HANDLER_SURROGATEESCAPE: {
        size_t i = start;
        for (; i < end && (d->bytes[i] & 0x80); i++)
            str_builder_add_char(&d->out, 0xdc00u + (uint8_t)d->bytes[i]);
        *resume = i;
        if (i > start)
            return !d->out.has_failed;
        break;
    }
    case HANDLER_SURROGATEPASS:
        if (pass_surrogate(d, start, resume))
            return !d->out.has_failed;
        break;
    case HANDLER_XMLCHARREFREPLACE: case HANDLER_NAMEREPLACE:
        return raise_false(d->t, EXC_TypeError, "don't know how to handle UnicodeDecodeError in error callback");
    case HANDLER_UNKNOWN:
        return raise_unknown_handler(d->t, d->errors);
    case HANDLER_STRICT:
        break;
    }
    raise_decode_error(d->t, d->name, d->bytes, d->length, start, end, reason);
    return false;
}

/* Adds bytes[start : start + run.taken], which are good. */
static bool add_run(Decoding *d, size_t start, CodecRun run)
{
    if (run.made == 0)
        return true;
    if (run.widest < 0x80 && (d->codec == CODEC_UTF8 || d->codec == CODEC_ASCII || d->codec == CODEC_LATIN1)) {
        str_builder_add_ascii(&d->out, d->bytes + start, run.made);
        return !d->out.has_failed;
    }
    Str *s = str_new(d->t, run.made, run.widest);
    if (!s)
        return false;
    codec_decode(d->codec, d->bytes + start, run.taken, s->width, str_data(s));
    str_builder_add(&d->out, s);
    object_release(s);
    return !d->out.has_failed;
}

/* The characters of bytes[start:]. */
static Value decode_runs(Decoding *d, size_t start)
{
    CodecRun run = codec_scan(d->codec, d->bytes + start, d->length - start, CODEC_STRICT);
    if (LIKELY(!run.reason)) {
        if (run.made == 0)
            return retain(d->t->interp->empty_str);
        uint32_t one;
        if (run.made == 1) {
            codec_decode(d->codec, d->bytes + start, run.taken, 4, &one);
            return object_value(str_from_char(d->t, one));
        }
        Str *s = str_new(d->t, run.made, run.widest);
        if (s)
            codec_decode(d->codec, d->bytes + start, run.taken, s->width, str_data(s));
        return s ? object_value(s) : FAILED;
    }
    str_builder_init(&d->out, d->t);
    while (add_run(d, start, run)) {
        start += run.taken;
        if (!run.reason)
            return str_builder_finish(&d->out);
        if (!decoding_error(d, start, start + run.error_length, run.reason, &start))
            break;
        run = codec_scan(d->codec, d->bytes + start, d->length - start, CODEC_STRICT);
    }
    str_builder_abandon(&d->out);
    return FAILED;
}

static bool starts_with(const Decoding *d, const char *mark, size_t length)
{
    return d->length >= length && memcmp(d->bytes, mark, length) == 0;
}

static Value decode_as(Decoding *d, Codec codec, const char *name, size_t start)
{
    d->codec = codec;
    d->name = name;
    return decode_runs(d, start);
}

Value str_decode(Thread *t, const char *bytes, size_t length, const char *encoding, const char *errors)
{
    Decoding d = {.t = t, .codec = CODEC_LATIN1, .errors = errors, .bytes = bytes, .length = length};
    switch (encoding ? find_encoding(encoding) : ENCODING_UTF8) {
    case ENCODING_UTF8:     return decode_as(&d, CODEC_UTF8, "utf-8", 0);
    case ENCODING_UTF8_SIG: {
        size_t mark = starts_with(&d, "\xef\xbb\xbf", 3) ? 3 : 0;
        d.bytes += mark;
        d.length -= mark;
        return decode_as(&d, CODEC_UTF8, "utf-8", 0);
    }
    case ENCODING_LATIN1:   return decode_as(&d, CODEC_LATIN1, "latin-1", 0);
    case ENCODING_ASCII:    return decode_as(&d, CODEC_ASCII, "ascii", 0);
    case ENCODING_UTF16_LE: return decode_as(&d, CODEC_UTF16_LE, "utf-16-le", 0);
    case ENCODING_UTF16_BE: return decode_as(&d, CODEC_UTF16_BE, "utf-16-be", 0);
    case ENCODING_UTF16:
        if (starts_with(&d, "\xfe\xff", 2))
            return decode_as(&d, CODEC_UTF16_BE, "utf-16-be", 2);
        return decode_as(&d, CODEC_UTF16_LE, "utf-16-le", starts_with(&d, "\xff\xfe", 2) ? 2 : 0);
    case ENCODING_UTF32_LE: return decode_as(&d, CODEC_UTF32_LE, "utf-32-le", 0);
    case ENCODING_UTF32_BE: return decode_as(&d, CODEC_UTF32_BE, "utf-32-be", 0);
    case ENCODING_UTF32:
        if (starts_with(&d, "\0\0\xfe\xff", 4))
            return decode_as(&d, CODEC_UTF32_BE, "utf-32-be", 4);
        return decode_as(&d, CODEC_UTF32_LE, "utf-32-le", starts_with(&d, "\xff\xfe\0\0", 4) ? 4 : 0);
    case ENCODING_UNICODE_ESCAPE:
        d.name = "unicodeescape";
        return unicode_escape_decode(&d, false);
    case ENCODING_RAW_UNICODE_ESCAPE:
        d.name = "rawunicodeescape";
        return unicode_escape_decode(&d, true);
    case ENCODING_UNKNOWN:
        break;
    }
    return raise_unknown_encoding(t, encoding);
}

/* ---- encoding ---- */

typedef struct Encoder {
    Thread *t;
    Str *s;
    const char *name;
    Codec codec;
    const char *errors;
    Buffer out;
} Encoder;

static void add_encoded(Encoder *e, const void *characters, unsigned width, size_t count)
{
    CodecRun run = codec_measure(e->codec, characters, width, count, CODEC_SURROGATES);
    char *to = buffer_reserve(&e->out, run.made);
    if (!to)
        return;
    codec_encode(e->codec, characters, width, count, to);
    buffer_advance(&e->out, run.made);
}

static void add_replacement(Encoder *e, const char *ascii)
{
    add_encoded(e, ascii, 1, strlen(ascii));
}

static bool raise_range(Encoder *e, size_t start, size_t end, const char *reason)
{
    raise_encode_error(e->t, e->name, e->s, start, end, reason);
    return false;
}

/* Characters [start, end) cannot be encoded: asks the handler. false: raised. */
static bool handle_error(Encoder *e, size_t start, size_t end, const char *reason)
{
    Handler handler = find_handler(e->errors);
    bool is_utf = e->codec != CODEC_LATIN1 && e->codec != CODEC_ASCII;
    if (handler == HANDLER_STRICT)
        return raise_range(e, start, end, reason);
    if (handler == HANDLER_UNKNOWN)
        return raise_unknown_handler(e->t, e->errors);
    for (size_t i = start; i < end; i++) {
        uint32_t c = str_char(e->s, i);
        char text[UNICODE_NAME_MAX + 8], name[UNICODE_NAME_MAX];
        switch (handler) {
        case HANDLER_REPLACE:
            add_replacement(e, "?");
            break;
        case HANDLER_NAMEREPLACE: case HANDLER_BACKSLASHREPLACE:
            if (handler == HANDLER_NAMEREPLACE && unicode_name(c, name) > 0)
                snprintf(text, sizeof text, "\\N{%s}", name);
            else
                snprintf(text, sizeof text, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", (unsigned)c);
            add_replacement(e, text);
            break;
        case HANDLER_XMLCHARREFREPLACE:
            snprintf(text, sizeof text, "&#%u;", (unsigned)c);
            add_replacement(e, text);
            break;
        case HANDLER_SURROGATEESCAPE:
            if (c < 0xdc80 || c > 0xdcff)
                return raise_range(e, i, end, reason);
            buffer_add_byte(&e->out, (unsigned char)(c - 0xdc00));
            break;
        case HANDLER_SURROGATEPASS:
            if (!is_utf || !unicode_is_surrogate(c))
                return raise_range(e, i, end, reason);
            add_encoded(e, &c, 4, 1);
            break;
        default:
            break;
        }
    }
    return true;
}

static Value encode_runs(Encoder *e, const char *mark, size_t mark_length)
{
    Thread *t = e->t;
    Str *s = e->s;
    CodecRun run = codec_measure(e->codec, str_data(s), s->width, s->length, CODEC_STRICT);
    if (LIKELY(!run.reason)) {
        Bytes *bytes = bytes_new(t, mark_length + run.made);
        if (!bytes)
            return FAILED;
        memcpy(bytes->data, mark, mark_length);
        codec_encode(e->codec, str_data(s), s->width, s->length, bytes->data + mark_length);
        return object_value(bytes);
    }
    buffer_init(&e->out, &t->interp->memory);
    buffer_add(&e->out, mark, mark_length);
    bool is_good = true;
    for (size_t at = 0; is_good;) {
        add_encoded(e, str_at(s, at), s->width, run.taken);
        at += run.taken;
        if (!run.reason)
            break;
        is_good = handle_error(e, at, at + run.error_length, run.reason);
        at += run.error_length;
        run = codec_measure(e->codec, str_at(s, at), s->width, s->length - at, CODEC_STRICT);
    }
    if (is_good && !buffer_ok(&e->out)) {
        raise_memory_error(t);
        is_good = false;
    }
    Bytes *bytes = is_good ? bytes_from(t, e->out.data, e->out.length) : NULL;
    buffer_free(&e->out);
    return bytes ? object_value(bytes) : FAILED;
}

Value str_encode(Thread *t, Str *s, const char *encoding, const char *errors)
{
    Encoder e = {.t = t, .s = s, .errors = errors};
#define ENCODE_AS(codec_, name_, mark, mark_length) (e.codec = (codec_), e.name = (name_), encode_runs(&e, mark, mark_length))
    switch (encoding ? find_encoding(encoding) : ENCODING_UTF8) {
    case ENCODING_UTF8:     return ENCODE_AS(CODEC_UTF8, "utf-8", "", 0);
    case ENCODING_UTF8_SIG: return ENCODE_AS(CODEC_UTF8, "utf-8", "\xef\xbb\xbf", 3);
    case ENCODING_LATIN1:   return ENCODE_AS(CODEC_LATIN1, "latin-1", "", 0);
    case ENCODING_ASCII:    return ENCODE_AS(CODEC_ASCII, "ascii", "", 0);
    case ENCODING_UTF16:    return ENCODE_AS(CODEC_UTF16_LE, "utf-16", "\xff\xfe", 2);
    case ENCODING_UTF16_LE: return ENCODE_AS(CODEC_UTF16_LE, "utf-16-le", "", 0);
    case ENCODING_UTF16_BE: return ENCODE_AS(CODEC_UTF16_BE, "utf-16-be", "", 0);
    case ENCODING_UTF32:    return ENCODE_AS(CODEC_UTF32_LE, "utf-32", "\xff\xfe\0\0", 4);
    case ENCODING_UTF32_LE: return ENCODE_AS(CODEC_UTF32_LE, "utf-32-le", "", 0);
    case ENCODING_UTF32_BE: return ENCODE_AS(CODEC_UTF32_BE, "utf-32-be", "", 0);
    case ENCODING_UNICODE_ESCAPE:     return unicode_escape_encode(t, s, false);
    case ENCODING_RAW_UNICODE_ESCAPE: return unicode_escape_encode(t, s, true);
    case ENCODING_UNKNOWN:  break;
    }
#undef ENCODE_AS
    return raise_unknown_encoding(t, encoding);
}
