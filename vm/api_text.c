/* api_text.c - the wall: text, paths, bytes and buffers.
 *
 * What        toy_str_*, toy_text_*, toy_char_*, toy_path, toy_bytes_*, toy_buffer_*.
 * How         as api.c.
 * GIL         held.
 * Read next   toy.h, vm/object/str.h, vm/object/bytes.h, vm/object/buffer_view.h */
#include "vm/base/normalize.h"
#include "vm/base/unicode.h"
#include "vm/base/unicode_names.h"
#include "vm/object/buffer_view.h"
#include "vm/object/bytes.h"
#include "vm/object/exception.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/object/str_codec.h"

#include "vm/toy.h"

/* ---- making text ---- */

ToyValue toy_str(ToyThread *t, const char *utf8) { return object_value(str_from_text(t, utf8)); }
ToyValue toy_str_from_utf8(ToyThread *t, const char *bytes, size_t length) { return object_value(str_from_utf8(t, bytes, length)); }
ToyValue toy_str_from_char(ToyThread *t, uint32_t character) { return object_value(str_from_char(t, character)); }
ToyValue toy_str_from_os(ToyThread *t, const char *bytes, size_t length) { return str_decode(t, bytes, length, "utf-8", "surrogateescape"); }

ToyValue toy_str_from_latin1(ToyThread *t, const char *bytes, size_t length) { return object_value(str_from_characters(t, bytes, 1, length)); }
ToyValue toy_str_from_ucs4(ToyThread *t, const uint32_t *characters, size_t length) { return object_value(str_from_characters(t, characters, 4, length)); }
ToyValue toy_str_from_characters(ToyThread *t, const void *characters, unsigned width, size_t length)
{
    return object_value(str_from_characters(t, characters, width, length));
}

ToyValue toy_str_vformat(ToyThread *t, const char *format, va_list arguments) { return object_value(str_vformat(t, format, arguments)); }
ToyValue toy_str_format(ToyThread *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    Str *s = str_vformat(t, format, arguments);
    va_end(arguments);
    return object_value(s);
}

ToyValue toy_str_intern(ToyThread *t, TOY_TAKES ToyValue str)
{
    return failed(str) ? FAILED : object_value(str_intern(t, as_str(str)));
}
ToyValue toy_str_new(ToyThread *t, size_t length, uint32_t widest) { return object_value(str_new(t, length, widest)); }

/* ---- reading text ---- */

size_t toy_str_length(ToyValue str) { return as_str(str)->length; }
uint32_t toy_str_char(ToyValue str, size_t i) { return str_char(as_str(str), i); }
void *toy_str_data(ToyValue str, unsigned *width)
{
    *width = as_str(str)->width;
    return str_data(as_str(str));
}
const char *toy_str_utf8(ToyThread *t, ToyValue str, size_t *length)
{
    size_t unwanted;
    return str_utf8(t, as_str(str), length ? length : &unwanted);
}
const char *toy_str_os(ToyThread *t, ToyValue str) { return str_os_name(t, as_str(str)); }
bool toy_str_is(ToyValue str, const char *ascii) { return str_equal_text(as_str(str), ascii); }
bool toy_str_equal(ToyValue a, ToyValue b) { return str_equal(as_str(a), as_str(b)); }
int64_t toy_str_find(ToyValue str, ToyValue part, size_t start, size_t end) { return str_find(as_str(str), as_str(part), start, end); }
void toy_str_copy(ToyValue str, size_t start, size_t count, void *to, unsigned width)
{
    characters_copy(to, width, str_at(as_str(str), start), as_str(str)->width, count);
}
int64_t toy_str_find_char(ToyValue str, uint32_t character, size_t start, size_t end) { return str_find_char(as_str(str), character, start, end); }
ToyValue toy_str_slice(ToyThread *t, ToyValue str, size_t start, size_t end) { return str_slice(t, as_str(str), start, end); }
ToyValue toy_str_concat(ToyThread *t, ToyValue a, ToyValue b) { return str_concat(t, as_str(a), as_str(b)); }
ToyValue toy_str_join(ToyThread *t, ToyValue separator, const ToyValue *items, size_t count) { return str_join(t, as_str(separator), items, count); }
ToyValue toy_str_decode(ToyThread *t, const char *bytes, size_t length, const char *encoding, const char *errors)
{
    return str_decode(t, bytes, length, encoding ? encoding : "utf-8", errors ? errors : "strict");
}
ToyValue toy_str_encode(ToyThread *t, ToyValue str, const char *encoding, const char *errors)
{
    return str_encode(t, as_str(str), encoding ? encoding : "utf-8", errors ? errors : "strict");
}

ToyValue toy_str_decode_part(ToyThread *t, const char *bytes, size_t length, const char *encoding, const char *errors, bool is_final,
                             size_t *taken, int *order)
{
    return str_decode_part(t, bytes, length, encoding, errors, is_final, taken, order);
}
ToyValue toy_str_encode_part(ToyThread *t, ToyValue str, const char *encoding, const char *errors)
{
    return str_encode_part(t, as_str(str), encoding, errors);
}
bool toy_codec_ask_handler(ToyThread *t, ToyCodecError *error, ToyValue *replacement, size_t *resume)
{
    return codec_ask_handler(t, error, replacement, resume);
}
ToyValue toy_raise_encode_error(ToyThread *t, const char *encoding, ToyValue str, size_t start, size_t end, const char *reason)
{
    return raise_encode_error(t, encoding, as_str(str), start, end, reason);
}

void toy_text_init(ToyText *text, ToyThread *t) { str_builder_init(text, t); }
void toy_text_add_char(ToyText *text, uint32_t character) { str_builder_add_char(text, character); }
void toy_text_add(ToyText *text, ToyValue str) { str_builder_add(text, as_str(str)); }
void toy_text_add_slice(ToyText *text, ToyValue str, size_t start, size_t end) { str_builder_add_slice(text, as_str(str), start, end); }
void toy_text_add_ascii(ToyText *text, const char *ascii, size_t length) { str_builder_add_ascii(text, ascii, length); }
ToyValue toy_text_finish(ToyText *text) { return str_builder_finish(text); }
void toy_text_abandon(ToyText *text) { str_builder_abandon(text); }

/* ---- characters ---- */

bool toy_char_is_alpha(uint32_t character) { return unicode_is_alpha(character); }
bool toy_char_is_alnum(uint32_t character) { return unicode_is_alnum(character); }
bool toy_char_is_decimal(uint32_t character) { return unicode_is_decimal(character); }
bool toy_char_is_space(uint32_t character) { return unicode_is_space(character); }
uint32_t toy_char_upper(uint32_t character)
{
    uint32_t full[UNICODE_CASE_MAX];
    unicode_upper_full(character, full);
    return full[0];
}
uint32_t toy_char_lower(uint32_t character)
{
    uint32_t full[UNICODE_CASE_MAX];
    unicode_lower_full(character, full);
    return full[0];
}
ToyCharacter toy_char(uint32_t c)
{
    ToyCharacter known = {
        .category = unicode_category(c), .bidirectional = unicode_bidirectional(c), .east_asian_width = unicode_east_asian_width(c),
        .combining = unicode_combining(c), .is_mirrored = unicode_is_mirrored(c), .decimal = unicode_decimal(c), .digit = unicode_digit(c),
    };
    known.is_numeric = unicode_numeric(c, &known.numeric);
    return known;
}

size_t toy_char_decomposition(uint32_t character, const uint32_t **parts, const char **tag) { return unicode_decomposition(character, parts, tag); }
const char *toy_unicode_version(void) { return unicode_version(); }

ToyValue toy_str_normalize(ToyThread *t, ToyValue v, ToyNormalForm form)
{
    static const NormalForm forms[] = {NORMAL_C, NORMAL_D, NORMAL_KC, NORMAL_KD};
    const Str *s = as_str(v);
    if (s->is_ascii) return is_kind(v, KIND_STR) ? retain(v) : str_slice(t, as_str(v), 0, s->length);
    uint32_t *wide = memory_alloc(&t->interp->memory, s->length * sizeof *wide);
    if (!wide) return raise_memory_error(t);
    characters_copy(wide, sizeof *wide, str_data(s), s->width, s->length);
    Buffer out;
    buffer_init(&out, &t->interp->memory);
    unicode_normalize(forms[form], wide, s->length, &out);
    Value normal = buffer_ok(&out) ? object_value(str_from_characters(t, out.data, sizeof *wide, out.length / sizeof *wide)) : raise_memory_error(t);
    buffer_free(&out);
    memory_free(&t->interp->memory, wide, s->length * sizeof *wide);
    return normal;
}

size_t toy_char_name(uint32_t character, char name[TOY_CHAR_NAME_MAX]) { return unicode_name(character, name); }
uint32_t toy_char_by_name(const char *name, size_t length) { return unicode_by_name(name, length); }

/* ---- paths ---- */

ToyValue toy_fspath(ToyThread *t, ToyValue path) { return value_fspath(t, path); }

const char *toy_path(ToyThread *t, ToyValue path, const char *function, ToyValue *holder)
{
    *holder = value_path_text(t, path);
    if (is_unbound(*holder)) {
        if (is_raised(t)) return NULL;
        return function ? raise_null(t, EXC_TypeError, "%s: path should be string, bytes or os.PathLike, not %T", function, path)
                        : raise_null(t, EXC_TypeError, "expected str, bytes or os.PathLike object, not %T", path);
    }
    if (is_str(*holder)) {
        Value bytes = str_encode(t, as_str(*holder), "utf-8", "surrogateescape");
        release(*holder);
        *holder = bytes;
        if (failed(bytes)) return NULL;
    }
    const Bytes *bytes = as_bytes(*holder);
    if (memchr(bytes->data, 0, bytes->length) == NULL) return (const char *)bytes->data;
    clear(holder);
    return function ? raise_null(t, EXC_ValueError, "%s: embedded null character in path", function)
                    : raise_null(t, EXC_ValueError, "embedded null byte");
}

/* ---- bytes ---- */

ToyValue toy_bytes(ToyThread *t, const void *data, size_t length) { return object_value(bytes_from(t, data, length)); }
ToyValue toy_bytes_new(ToyThread *t, size_t length, uint8_t **data)
{
    Bytes *bytes = bytes_new(t, length);
    if (bytes) *data = bytes->data;
    return object_value(bytes);
}

ToyValue toy_bytes_cut(ToyThread *t, TOY_TAKES ToyValue v, size_t length) { return object_value(bytes_resize(t, as_bytes(v), length)); }

ToyValue toy_bytes_resize(ToyThread *t, TOY_TAKES ToyValue v, size_t length, uint8_t **data)
{
    Bytes *bytes = bytes_resize(t, as_bytes(v), length);
    if (bytes) *data = bytes->data;
    return object_value(bytes);
}

const uint8_t *toy_bytes_data(ToyValue v, size_t *length)
{
    if (has_payload(v, KIND_BYTEARRAY)) {
        *length = ((ByteArray *)as_object(v))->length;
        return ((ByteArray *)as_object(v))->data;
    }
    *length = as_bytes(v)->length;
    return as_bytes(v)->data;
}
ToyValue toy_bytearray(ToyThread *t, const void *data, size_t length) { return bytearray_from(t, data, length); }

bool toy_buffer_get(ToyThread *t, ToyValue v, ToyBuffer *buffer, int flags) { return buffer_get(t, v, buffer, flags); }
void toy_buffer_release(ToyThread *t, ToyBuffer *buffer) { buffer_release(t, buffer); }
void toy_buffer_fill(ToyBuffer *buffer, ToyValue owner, void *data, size_t length, bool is_read_only)
{
    *buffer = (BufferView){.owner = retain(owner), .data = data, .length = length, .item_size = 1, .is_read_only = is_read_only,
                           .format = "B", .dimensions = 1, .one_shape = (int64_t)length, .one_stride = 1};
}
ToyValue toy_memoryview(ToyThread *t, ToyValue v) { return value_call1(t, object_value(kind_type(t, KIND_MEMORYVIEW)), v); }
