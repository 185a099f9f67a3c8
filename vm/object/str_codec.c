/* str_codec.c - str.encode and bytes.decode: encodings by name, and what happens at an error.
 *
 * What        str_decode, str_encode, and the two exceptions they raise.
 * How         vm/base/codec scans and measures good runs; this file walks from run to run and asks the error handler in between.
 *             An encoding is found by its name in any usual spelling: case, '-', '_' and blanks do not matter. Encodings and handlers
 *             that are not listed here may be known to module _codecs, where scripts register theirs; the machine asks it by name.
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
#include "vm/object/protocol.h"

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

enum { NAME_MOST = 32 };

/* "UTF_8" becomes "utf-8"; what is too long for any of the names, "". */
static void normalize_name(const char *name, char normal[NAME_MOST])
{
    size_t length = 0;
    for (; *name && length + 1 < NAME_MOST; name++) {
        char c = *name == '_' || *name == ' ' ? '-' : (char)tolower((unsigned char)*name);
        if (c != '-' || (length && normal[length - 1] != '-'))
            normal[length++] = c;
    }
    normal[*name ? 0 : length] = '\0';
}

static Encoding find_encoding(const char *name)
{
    static const struct { const char *name; Encoding encoding; } as_written[] = {
        {"utf-8", ENCODING_UTF8}, {"ascii", ENCODING_ASCII}, {"latin-1", ENCODING_LATIN1}, {"utf8", ENCODING_UTF8},
    };
    for (size_t i = 0; i < ARRAY_LENGTH(as_written); i++) {  /* hardly anybody writes others, or these in other ways */
        if (strcmp(name, as_written[i].name) == 0)
            return as_written[i].encoding;
    }
    char normal[NAME_MOST];
    normalize_name(name, normal);
    for (size_t i = 0; i < ARRAY_LENGTH(encoding_names); i++) {
        if (normal[0] == encoding_names[i].name[0] && strcmp(normal, encoding_names[i].name) == 0)
            return encoding_names[i].encoding;
    }
    return ENCODING_UNKNOWN;
}

/* Whose ASCII is ASCII: the bytes are the characters. */
static bool is_superset_of_ascii(Encoding encoding)
{
    return encoding == ENCODING_UTF8 || encoding == ENCODING_ASCII || encoding == ENCODING_LATIN1;
}

/* CPython finds all but the most usual names through its registry, and what fails there gets a note. */
static bool failure_is_noted(const char *encoding)
{
    static const char *const direct[] = {
        "utf-8", "utf8", "latin-1", "latin1", "iso-8859-1", "iso8859-1", "ascii", "us-ascii", "utf-16", "utf16", "utf-32", "utf32",
    };
    char normal[NAME_MOST];
    normalize_name(encoding, normal);
    for (size_t i = 0; i < ARRAY_LENGTH(direct); i++) {
        if (strcmp(normal, direct[i]) == 0)
            return false;
    }
    return true;
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

/* ---- the exceptions ---- */

static Value unicode_error_new(Thread *t, enum ExceptionKind kind, const char *encoding, Value object, size_t start, size_t end,
                               const char *reason)
{
    Value fields[5] = {object_value(str_from_text(t, encoding)), retain(object), small_int_value((int64_t)start), small_int_value((int64_t)end),
                       object_value(str_from_text(t, reason))};
    Tuple *args = failed(fields[0]) || failed(fields[4]) ? NULL : tuple_from_values(t, fields, 5);
    for (size_t i = 0; i < 5; i++)
        release(fields[i]);
    if (!args)
        return FAILED;
    Value exception = exception_make(t, object_value(exception_type(t, kind)), object_value(args));
    object_release(args);
    return exception;
}

static Value raise_unicode_error(Thread *t, enum ExceptionKind kind, const char *encoding, Value object, size_t start, size_t end,
                                 const char *reason)
{
    Value exception = failed(object) ? FAILED : unicode_error_new(t, kind, encoding, object, start, end, reason);
    return failed(exception) ? FAILED : raise_instance(t, exception);
}

Value raise_decode_error(Thread *t, const char *encoding, const char *bytes, size_t length, size_t start, size_t end, const char *reason)
{
    Bytes *object = bytes_from(t, bytes, length);
    raise_unicode_error(t, EXC_UnicodeDecodeError, encoding, object_value(object), start, end, reason);
    release(object_value(object));
    return FAILED;
}

Value raise_encode_error(Thread *t, const char *encoding, Str *s, size_t start, size_t end, const char *reason)
{
    return raise_unicode_error(t, EXC_UnicodeEncodeError, encoding, object_value(s), start, end, reason);
}

/* ---- what the machine does not know itself ---- */

/* Calls a function of module _codecs, where scripts register encodings and handlers. */
static Value ask_codecs(Thread *t, const char *function, const Value *args, size_t count)
{
    Str *name = str_intern_text(t, function);
    Value codecs = name ? t->interp->import_module(t, "_codecs") : FAILED;
    Value answer = failed(codecs) ? FAILED : value_call_method(t, codecs, name, args, count);
    release(codecs);
    if (name)
        object_release(name);
    return answer;
}

/* _text_encode(object, encoding, errors), or _text_decode. */
static Value ask_other_encoding(Thread *t, const char *function, Value object, const char *encoding, const char *errors)
{
    Value args[3] = {object, object_value(str_from_text(t, encoding)), errors ? object_value(str_from_text(t, errors)) : NONE};
    Value answer = failed(object) || failed(args[1]) || failed(args[2]) ? FAILED : ask_codecs(t, function, args, 3);
    release2(args[1], args[2]);
    return answer;
}

/* -X dev: names are looked up even where nobody needs what they name. */
bool codec_names_exist(Thread *t, const char *encoding, const char *errors)
{
    if (LIKELY(!t->interp->config.is_dev_mode)) return true;
    const char *const names[] = {encoding && find_encoding(encoding) == ENCODING_UNKNOWN ? encoding : NULL, errors};
    static const char *const functions[] = {"lookup", "lookup_error"};
    for (int i = 0; i < 2; i++) {
        if (!names[i]) continue;
        Value name = object_value(str_from_text(t, names[i]));
        Value found = failed(name) ? FAILED : ask_codecs(t, functions[i], &name, 1);
        release2(name, found);
        if (failed(found)) return false;
    }
    return true;
}

/* A handler's answer should be (text, position). Positions below 0 count from the end. */
static bool read_answer(Thread *t, Value answer, Value object, Value *replacement, size_t *resume)
{
    bool is_encoding = is_str(object);
    Value text = is_tuple(answer) && as_tuple(answer)->count == 2 ? as_tuple(answer)->items[0] : UNBOUND;
    if (is_unbound(text) || !(is_str(text) || (is_encoding && is_bytes(text))) || !is_int(as_tuple(answer)->items[1]))
        return raise_false(t, EXC_TypeError, is_encoding ? "encoding error handler must return (str/bytes, int) tuple"
                                                         : "decoding error handler must return (str, int) tuple");
    int64_t position;
    if (!value_to_index(t, as_tuple(answer)->items[1], &position))
        return false;
    int64_t length = (int64_t)(is_encoding ? as_str(object)->length : as_bytes(object)->length), given = position;
    if (position < 0)
        position += length;
    if (position < 0 || position > length)
        return raise_false(t, EXC_IndexError, "position %lld from error handler out of bounds", (long long)given);
    *replacement = retain(text);
    *resume = (size_t)position;
    return true;
}

bool codec_ask_handler(Thread *t, CodecError *error, Value *replacement, size_t *resume)
{
    bool is_encoding = is_str(error->object), is_good = false;
    Value name = object_value(str_from_text(t, error->errors ? error->errors : "strict"));
    Value handler = failed(name) ? FAILED : ask_codecs(t, "lookup_error", &name, 1);
    Value exception = failed(handler) ? FAILED : unicode_error_new(t, is_encoding ? EXC_UnicodeEncodeError : EXC_UnicodeDecodeError, error->encoding,
                                                                   error->object, error->start, error->end, error->reason);
    Value answer = failed(exception) ? FAILED : value_call1(t, handler, exception);
    if (!failed(answer)) {
        Value object = as_exception(exception)->fields[FIELD_DATA];
        if (is_encoding ? is_str(object) : is_bytes(object)) {
            replace(&error->object, retain(object));
            is_good = read_answer(t, answer, object, replacement, resume);
        } else {
            raise_type_error(t, "object attribute must be %s", is_encoding ? "unicode" : "bytes");
        }
    }
    release2(name, handler);
    release2(exception, answer);
    return is_good;
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

/* Anything may happen in a script's handler, so from here on the bytes are those of an object of our own. */
static bool ask_decoding_handler(Decoding *d, size_t start, size_t end, const char *reason, size_t *resume)
{
    if (is_unbound(d->object))
        d->object = object_value(bytes_from(d->t, d->bytes, d->length));
    if (failed(d->object))
        return false;
    CodecError error = {d->name, d->errors, d->object, start, end, reason};
    Value replacement;
    bool is_good = codec_ask_handler(d->t, &error, &replacement, resume);
    d->object = error.object;
    d->bytes = (const char *)as_bytes(d->object)->data;
    d->length = as_bytes(d->object)->length;
    if (is_good) {
        str_builder_add(&d->out, as_str(replacement));
        release(replacement);
    }
    return is_good && !d->out.has_failed;
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
    case HANDLER_XMLCHARREFREPLACE: case HANDLER_NAMEREPLACE: case HANDLER_UNKNOWN:
        return ask_decoding_handler(d, start, end, reason, resume);
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
    unsigned options = d->is_partial ? CODEC_PARTIAL : CODEC_STRICT;
    CodecRun run = codec_scan(d->codec, d->bytes + start, d->length - start, options);
    if (LIKELY(!run.reason)) {
        d->taken = start + run.taken;
        if (run.made == 0)
            return retain(d->t->interp->empty_str);
        uint32_t one;
        if (run.made == 1) {
            codec_decode(d->codec, d->bytes + start, run.taken, 4, &one);
            return object_value(str_from_char(d->t, one));
        }
        bool is_plain = run.widest < 0x80 && run.made == run.taken;     /* the bytes are the characters */
        Str *s = is_plain ? str_from_ascii(d->t, d->bytes + start, run.made) : str_new(d->t, run.made, run.widest);
        if (s && !is_plain)
            codec_decode(d->codec, d->bytes + start, run.taken, s->width, str_data(s));
        return s ? object_value(s) : FAILED;
    }
    str_builder_init(&d->out, d->t);
    while (add_run(d, start, run)) {
        start += run.taken;
        if (!run.reason) {
            d->taken = start;
            return str_builder_finish(&d->out);
        }
        if (!decoding_error(d, start, start + run.error_length, run.reason, &start))
            break;
        run = codec_scan(d->codec, d->bytes + start, d->length - start, options);
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

/* UTF-16 and UTF-32 with a mark of [size] bytes in front, unless *order is known. Without one it is the machine's own order, little. */
static Value decode_marked(Decoding *d, bool is_wide, int *order)
{
    size_t size = is_wide ? 4 : 2, skipped = 0;
    if (*order == 0 && d->is_partial && d->length < size)
        return retain(d->t->interp->empty_str);
    if (*order == 0) {
        *order = starts_with(d, is_wide ? "\xff\xfe\0\0" : "\xff\xfe", size) ? -1 : starts_with(d, is_wide ? "\0\0\xfe\xff" : "\xfe\xff", size);
        skipped = *order ? size : 0;
    }
    if (is_wide)
        return *order > 0 ? decode_as(d, CODEC_UTF32_BE, "utf-32-be", skipped) : decode_as(d, CODEC_UTF32_LE, "utf-32-le", skipped);
    return *order > 0 ? decode_as(d, CODEC_UTF16_BE, "utf-16-be", skipped) : decode_as(d, CODEC_UTF16_LE, "utf-16-le", skipped);
}

/* FAILED without anything raised: not an encoding of the machine. */
static Value decode_with(Decoding *d, Encoding encoding, int *order)
{
    switch (encoding) {
    case ENCODING_UTF8:     return decode_as(d, CODEC_UTF8, "utf-8", 0);
    case ENCODING_UTF8_SIG: {
        size_t mark = starts_with(d, "\xef\xbb\xbf", 3) ? 3 : 0;
        d->bytes += mark;
        d->length -= mark;
        return decode_as(d, CODEC_UTF8, "utf-8", 0);
    }
    case ENCODING_LATIN1:   return decode_as(d, CODEC_LATIN1, "latin-1", 0);
    case ENCODING_ASCII:    return decode_as(d, CODEC_ASCII, "ascii", 0);
    case ENCODING_UTF16:    return decode_marked(d, false, order);
    case ENCODING_UTF16_LE: return decode_as(d, CODEC_UTF16_LE, "utf-16-le", 0);
    case ENCODING_UTF16_BE: return decode_as(d, CODEC_UTF16_BE, "utf-16-be", 0);
    case ENCODING_UTF32:    return decode_marked(d, true, order);
    case ENCODING_UTF32_LE: return decode_as(d, CODEC_UTF32_LE, "utf-32-le", 0);
    case ENCODING_UTF32_BE: return decode_as(d, CODEC_UTF32_BE, "utf-32-be", 0);
    case ENCODING_UNICODE_ESCAPE:
        d->name = "unicodeescape";
        return unicode_escape_decode(d, false);
    case ENCODING_RAW_UNICODE_ESCAPE:
        d->name = "rawunicodeescape";
        return unicode_escape_decode(d, true);
    case ENCODING_UNKNOWN:
        break;
    }
    return FAILED;
}

Value str_decode(Thread *t, const char *bytes, size_t length, const char *encoding, const char *errors)
{
    Decoding d = {.t = t, .codec = CODEC_LATIN1, .errors = errors, .bytes = bytes, .length = length};
    Encoding known = encoding ? find_encoding(encoding) : ENCODING_UTF8;
    int order = 0;
    if (UNLIKELY(known == ENCODING_UNKNOWN)) {
        Value object = object_value(bytes_from(t, bytes, length));
        Value text = ask_other_encoding(t, "_text_decode", object, encoding, errors);
        release(object);
        return text;
    }
    if (is_superset_of_ascii(known) && characters_widest(bytes, 1, length) < 0x80) {
        Str *plain = str_from_ascii(t, bytes, length);
        return plain ? object_value(plain) : FAILED;
    }
    Value text = decode_with(&d, known, &order);
    release(d.object);
    if (failed(text) && encoding && failure_is_noted(encoding))
        raised_note(t, "decoding with '%s' codec failed", encoding);
    return text;
}

Value str_decode_part(Thread *t, const char *bytes, size_t length, const char *encoding, const char *errors, bool is_final, size_t *taken,
                      int *order)
{
    int unknown_order = 0;
    Decoding d = {.t = t, .codec = CODEC_LATIN1, .errors = errors, .bytes = bytes, .length = length, .is_partial = !is_final};
    Value text = decode_with(&d, find_encoding(encoding), order ? order : &unknown_order);
    release(d.object);
    *taken = d.taken;
    return failed(text) && !is_raised(t) ? raise_error(t, EXC_LookupError, "unknown encoding: %s", encoding) : text;
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

/* A script's handler may answer with bytes, which are taken as they are, or with text, which must be easy to encode. */
static bool ask_encoding_handler(Encoder *e, size_t start, size_t end, const char *reason, size_t *resume)
{
    CodecError error = {e->name, e->errors, retain(object_value(e->s)), start, end, reason};
    Value replacement = UNBOUND;
    bool is_good = codec_ask_handler(e->t, &error, &replacement, resume);
    if (is_good && is_bytes(replacement)) {
        const Bytes *bytes = as_bytes(replacement);
        size_t unit = e->codec == CODEC_UTF16_LE || e->codec == CODEC_UTF16_BE ? 2 : e->codec == CODEC_UTF32_LE || e->codec == CODEC_UTF32_BE ? 4 : 1;
        is_good = bytes->length % unit == 0;
        if (is_good)
            buffer_add(&e->out, bytes->data, bytes->length);
        else
            raise_encode_error(e->t, e->name, e->s, start, end, reason);
    } else if (is_good) {
        const Str *text = as_str(replacement);
        is_good = text->is_ascii || (e->codec == CODEC_LATIN1 && text->width == 1);
        if (is_good)
            add_encoded(e, str_data(text), text->width, text->length);
        else
            raise_encode_error(e->t, e->name, e->s, start, end, reason);
    }
    release2(error.object, replacement);
    return is_good;
}

static bool raise_range(Encoder *e, size_t start, size_t end, const char *reason)
{
    raise_encode_error(e->t, e->name, e->s, start, end, reason);
    return false;
}

/* Characters [start, end) cannot be encoded: asks the handler. *resume is where to go on; false: raised. */
static bool handle_error(Encoder *e, size_t start, size_t end, const char *reason, size_t *resume)
{
    *resume = end;
    Handler handler = find_handler(e->errors);
    bool is_utf = e->codec != CODEC_LATIN1 && e->codec != CODEC_ASCII;
    if (handler == HANDLER_STRICT)
        return raise_range(e, start, end, reason);
    if (handler == HANDLER_UNKNOWN)
        return ask_encoding_handler(e, start, end, reason, resume);
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
            if (c < 0xdc80 || c > 0xdcff || (is_utf && e->codec != CODEC_UTF8))
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
        is_good = handle_error(e, at, at + run.error_length, run.reason, &at);
        if (is_good)
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

/* FAILED without anything raised: not an encoding of the machine. */
static Value encode_with(Encoder *e, Encoding encoding)
{
    Thread *t = e->t;
#define ENCODE_AS(codec_, name_, mark, mark_length) (e->codec = (codec_), e->name = (name_), encode_runs(e, mark, mark_length))
    switch (encoding) {
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
    case ENCODING_UNICODE_ESCAPE:     return unicode_escape_encode(t, e->s, false);
    case ENCODING_RAW_UNICODE_ESCAPE: return unicode_escape_encode(t, e->s, true);
    case ENCODING_UNKNOWN:  break;
    }
#undef ENCODE_AS
    return FAILED;
}

Value str_encode(Thread *t, Str *s, const char *encoding, const char *errors)
{
    Encoder e = {.t = t, .s = s, .errors = errors};
    Encoding known = encoding ? find_encoding(encoding) : ENCODING_UTF8;
    if (UNLIKELY(known == ENCODING_UNKNOWN))
        return ask_other_encoding(t, "_text_encode", object_value(s), encoding, errors);
    if (s->is_ascii && is_superset_of_ascii(known)) {
        Bytes *plain = bytes_from(t, s->characters, s->length);
        return plain ? object_value(plain) : FAILED;
    }
    Value bytes = encode_with(&e, known);
    if (failed(bytes) && encoding && failure_is_noted(encoding))
        raised_note(t, "encoding with '%s' codec failed", encoding);
    return bytes;
}

Value str_encode_part(Thread *t, Str *s, const char *encoding, const char *errors)
{
    Encoder e = {.t = t, .s = s, .errors = errors};
    Value bytes = encode_with(&e, find_encoding(encoding));
    return failed(bytes) && !is_raised(t) ? raise_error(t, EXC_LookupError, "unknown encoding: %s", encoding) : bytes;
}
