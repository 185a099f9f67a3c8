/* error_handlers.c - what may be done about a character that cannot be encoded, or bytes that cannot be decoded.
 *
 * What        codecs.strict_errors, ignore_errors, replace_errors ...: functions of a UnicodeError that answer (replacement, position).
 * How         str_codec.c does what these do by itself, without an exception object; they are for codecs that ask by name and for
 *             scripts that build on them. The exception tells what it is about; its start and end are clipped to its object.
 * GIL         held.
 * Read next   registry.c, vm/object/str_codec.c */
#include "stdlib/codecs/codecs.h"

typedef enum Act { ACT_ENCODE, ACT_DECODE, ACT_TRANSLATE, ACT_OTHER } Act;

/* What the exception is about: object[start:end]. */
typedef struct Trouble {
    Act act;
    ToyValue object;            /* owned */
    int64_t start, end;
} Trouble;

static bool is_kind(ToyThread *t, ToyValue exception, ToyException kind)
{
    return toy_is_a(t, exception, toy_exception_type(t, kind));
}

static bool read_position(ToyThread *t, ToyValue exception, const char *name, int64_t least, int64_t most, int64_t *position)
{
    ToyValue v = toy_get_attribute(t, exception, name);
    if (toy_failed(v)) return false;
    bool is_read = toy_arg_index(t, v, position);
    toy_release(v);
    if (*position > most) *position = most;
    if (*position < least) *position = least;
    return is_read;
}

/* TypeError unless the exception is about one of the acts in [handled] (bits). */
static bool trouble_read(ToyThread *t, ToyValue exception, unsigned handled, Trouble *trouble)
{
    *trouble = (Trouble){.act = is_kind(t, exception, TOY_UnicodeEncodeError)    ? ACT_ENCODE
                                : is_kind(t, exception, TOY_UnicodeDecodeError)    ? ACT_DECODE
                                : is_kind(t, exception, TOY_UnicodeTranslateError) ? ACT_TRANSLATE
                                                                                   : ACT_OTHER};
    if (trouble->act == ACT_OTHER || !(handled >> trouble->act & 1))
        return toy_raise_false(t, TOY_TypeError, "don't know how to handle %T in error callback", exception);
    trouble->object = toy_get_attribute(t, exception, "object");
    if (toy_failed(trouble->object)) return false;
    bool is_right = trouble->act == ACT_DECODE ? toy_is_bytes(trouble->object) : toy_is_str(trouble->object);
    size_t length = 0;
    if (!is_right)
        toy_raise_type_error(t, "object attribute must be %s", trouble->act == ACT_DECODE ? "bytes" : "unicode");
    else if (trouble->act == ACT_DECODE)
        toy_bytes_data(trouble->object, &length);
    else
        length = toy_str_length(trouble->object);
    int64_t last = (int64_t)length;
    if (is_right && read_position(t, exception, "start", 0, last > 0 ? last - 1 : 0, &trouble->start) &&
        read_position(t, exception, "end", last > 0, last, &trouble->end)) {
        if (trouble->end < trouble->start) trouble->end = trouble->start;
        return true;
    }
    toy_release(trouble->object);
    return false;
}

/* Character or byte [i] of it. */
static uint32_t trouble_at(const Trouble *trouble, int64_t i)
{
    size_t length;
    return trouble->act == ACT_DECODE ? toy_bytes_data(trouble->object, &length)[i] : toy_str_char(trouble->object, (size_t)i);
}

/* (replacement, position): takes the replacement and what the trouble owns. */
static ToyValue answer(ToyThread *t, Trouble *trouble, TOY_TAKES ToyValue replacement, int64_t position)
{
    toy_release(trouble->object);
    return toy_tuple(t, replacement, toy_int(t, position));
}

/* The exception goes on its way: the answer of every handler that cannot help. */
static ToyValue raise_again(ToyThread *t, Trouble *trouble, ToyValue exception)
{
    toy_release(trouble->object);
    return toy_raise_instance(t, toy_retain(exception));
}

static ToyValue strict(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_exception(args[0])) return toy_raise_type_error(t, "codec must pass exception instance");
    return toy_raise_instance(t, toy_retain(args[0]));
}

enum { ENCODES = 1 << ACT_ENCODE, DECODES = 1 << ACT_DECODE, TRANSLATES = 1 << ACT_TRANSLATE, ANY = ENCODES | DECODES | TRANSLATES };

static ToyValue ignore(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Trouble trouble;
    return trouble_read(t, args[0], ANY, &trouble) ? answer(t, &trouble, toy_str(t, ""), trouble.end) : TOY_FAILED;
}

static ToyValue replace(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Trouble trouble;
    if (!trouble_read(t, args[0], ANY, &trouble)) return TOY_FAILED;
    ToyText text;
    toy_text_init(&text, t);
    for (int64_t i = trouble.act == ACT_DECODE ? trouble.end - 1 : trouble.start; i < trouble.end; i++)
        toy_text_add_char(&text, trouble.act == ACT_ENCODE ? '?' : 0xfffd);
    return answer(t, &trouble, toy_text_finish(&text), trouble.end);
}

/* Hands each character, or byte, to write(). */
static ToyValue rewrite(ToyThread *t, ToyValue exception, unsigned handled, void (*write)(ToyThread *t, ToyText *text, uint32_t c))
{
    Trouble trouble;
    if (!trouble_read(t, exception, handled, &trouble)) return TOY_FAILED;
    ToyText text;
    toy_text_init(&text, t);
    for (int64_t i = trouble.start; i < trouble.end; i++)
        write(t, &text, trouble_at(&trouble, i));
    return answer(t, &trouble, toy_text_finish(&text), trouble.end);
}

static void add_number(ToyText *text, const char *before, uint32_t c, unsigned base, unsigned least_digits, const char *behind)
{
    char digits[16];
    unsigned count = 0;
    for (uint32_t rest = c; rest || count < least_digits || count == 0; rest /= base)
        digits[count++] = "0123456789abcdef"[rest % base];
    toy_text_add_ascii(text, before, strlen(before));
    while (count > 0)
        toy_text_add_char(text, (uint32_t)digits[--count]);
    toy_text_add_ascii(text, behind, strlen(behind));
}

static void write_reference(ToyThread *t, ToyText *text, uint32_t c) { add_number(text, "&#", c, 10, 1, ";"); }
static void write_escape(ToyThread *t, ToyText *text, uint32_t c)
{
    add_number(text, c < 0x100 ? "\\x" : c < 0x10000 ? "\\u" : "\\U", c, 16, c < 0x100 ? 2 : c < 0x10000 ? 4 : 8, "");
}

static void write_name(ToyThread *t, ToyText *text, uint32_t c)
{
    char name[TOY_CHAR_NAME_MAX];
    size_t length = toy_char_name(c, name);
    if (length == 0) {
        write_escape(t, text, c);
        return;
    }
    toy_text_add_ascii(text, "\\N{", 3);
    toy_text_add_ascii(text, name, length);
    toy_text_add_char(text, '}');
}

static ToyValue xmlcharrefreplace(ToyThread *t, ToyValue self, const ToyValue *args) { return rewrite(t, args[0], ENCODES, write_reference); }
static ToyValue backslashreplace(ToyThread *t, ToyValue self, const ToyValue *args) { return rewrite(t, args[0], ANY, write_escape); }
static ToyValue namereplace(ToyThread *t, ToyValue self, const ToyValue *args) { return rewrite(t, args[0], ENCODES, write_name); }

/* ---- surrogates ---- */

static ToyValue surrogateescape(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Trouble trouble;
    if (!trouble_read(t, args[0], ENCODES | DECODES, &trouble)) return TOY_FAILED;
    int64_t at = trouble.start;
    if (trouble.act == ACT_ENCODE) {
        uint8_t *data;
        ToyValue bytes = toy_bytes_new(t, (size_t)(trouble.end - trouble.start), &data);
        for (; !toy_failed(bytes) && at < trouble.end; at++) {
            uint32_t c = trouble_at(&trouble, at);
            if (c < 0xdc80 || c > 0xdcff) {
                toy_release(bytes);
                return raise_again(t, &trouble, args[0]);
            }
            data[at - trouble.start] = (uint8_t)(c - 0xdc00);
        }
        return answer(t, &trouble, bytes, trouble.end);
    }
    /* At most four bytes belong to one character; ASCII among them is for the decoder to look at again. */
    ToyText text;
    toy_text_init(&text, t);
    for (; at < trouble.end && at < trouble.start + 4 && trouble_at(&trouble, at) >= 0x80; at++)
        toy_text_add_char(&text, 0xdc00 + trouble_at(&trouble, at));
    if (at == trouble.start) {
        toy_text_abandon(&text);
        return raise_again(t, &trouble, args[0]);
    }
    return answer(t, &trouble, toy_text_finish(&text), at);
}

/* How many bytes a surrogate takes in the encoding the exception names; 0: not a UTF encoding. */
static int surrogate_size(ToyThread *t, ToyValue exception, ToyValue *encoding)
{
    *encoding = toy_get_attribute(t, exception, "encoding");
    if (toy_failed(*encoding)) return 0;
    char name[16] = "";
    size_t length = 0;
    for (size_t i = 0; toy_is_str(*encoding) && i < toy_str_length(*encoding) && length < sizeof name - 1; i++) {
        uint32_t c = toy_str_char(*encoding, i);
        if (c != '-' && c != '_') name[length++] = (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c < 0x80 ? c : '?');
    }
    name[length] = '\0';
    if (strcmp(name, "utf8") == 0 || strcmp(name, "cputf8") == 0 || strcmp(name, "cp65001") == 0) return 3;
    return strncmp(name, "utf16", 5) == 0 ? 2 : strncmp(name, "utf32", 5) == 0 ? 4 : 0;
}

static ToyValue surrogatepass(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Trouble trouble;
    ToyValue encoding;
    if (!trouble_read(t, args[0], ENCODES | DECODES, &trouble)) return TOY_FAILED;
    int size = surrogate_size(t, args[0], &encoding);
    bool is_possible = size > 0;
    for (int64_t i = trouble.start; trouble.act == ACT_ENCODE && is_possible && i < trouble.end; i++)
        is_possible = (trouble_at(&trouble, i) & 0xfffff800) == 0xd800;
    ToyValue replacement = TOY_FAILED;
    const char *name = toy_failed(encoding) || !toy_is_str(encoding) ? NULL : toy_str_utf8(t, encoding, NULL);
    /* "utf-16" without an order would write a mark: the machine's own order is little. */
    if (name && size == 2 && strlen(name) < 8) name = "utf-16-le";
    if (name && size == 4 && strlen(name) < 8) name = "utf-32-le";
    int64_t resume = trouble.end;
    if (name && is_possible && trouble.act == ACT_ENCODE) {
        ToyValue part = toy_str_slice(t, trouble.object, (size_t)trouble.start, (size_t)trouble.end);
        replacement = toy_failed(part) ? TOY_FAILED : toy_str_encode_part(t, part, name, "surrogatepass");
        toy_release(part);
    } else if (name && is_possible) {
        size_t length, taken;
        const uint8_t *data = toy_bytes_data(trouble.object, &length) + trouble.start;
        resume = trouble.start + size;
        if (resume <= (int64_t)length) replacement = toy_str_decode_part(t, (const char *)data, (size_t)size, name, "surrogatepass", true, &taken, NULL);
        if (!toy_failed(replacement) && (toy_str_length(replacement) != 1 || (toy_str_char(replacement, 0) & 0xfffff800) != 0xd800))
            toy_clear(&replacement);
    }
    toy_release(encoding);
    if (!toy_failed(replacement)) return answer(t, &trouble, replacement, resume);
    if (toy_is_raised(t)) toy_raised_clear(t);
    return raise_again(t, &trouble, args[0]);
}

const ToyFunction codec_handlers[] = {
    TOY_FUNCTION("strict_errors", strict, "(exception, /)", 0, "Raise the exception."),
    TOY_FUNCTION("ignore_errors", ignore, "(exception, /)", 0, "Leave out what cannot be converted."),
    TOY_FUNCTION("replace_errors", replace, "(exception, /)", 0, "Put '?' or U+FFFD into its place."),
    TOY_FUNCTION("xmlcharrefreplace_errors", xmlcharrefreplace, "(exception, /)", 0, "Write characters as XML references."),
    TOY_FUNCTION("backslashreplace_errors", backslashreplace, "(exception, /)", 0, "Write characters or bytes as escapes."),
    TOY_FUNCTION("namereplace_errors", namereplace, "(exception, /)", 0, "Write characters as escapes with their names."),
    TOY_FUNCTION("surrogatepass", surrogatepass, "(exception, /)", 0, "Let lone surrogates pass, in UTF encodings."),
    TOY_FUNCTION("surrogateescape", surrogateescape, "(exception, /)", 0, "Stand for undecodable bytes by surrogates, and back."),
    TOY_FUNCTIONS_END,
};
