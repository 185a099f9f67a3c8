/* exception_unicode.c - UnicodeDecodeError, UnicodeEncodeError, UnicodeTranslateError.
 *
 * What        Their constructors, which insist on number and types of arguments, and their texts.
 * How         Fields: encoding (not for translate), object (bytes or str), start, end, reason.
 * Invariants  as exception.h; a constructor that failed leaves the fields unbound.
 * GIL         held.
 * Read next   exception_fields.c, vm/base/codec.h */
#include "vm/object/buffer_view.h"
#include "vm/object/bytes.h"
#include "vm/object/exception_parts.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

/* The data to decode, as bytes. */
static Value bytes_of(Thread *t, Value data)
{
    if (is_bytes(data))
        return retain(data);
    BufferView view;
    if (!buffer_get(t, data, &view, 0))
        return FAILED;
    Bytes *copy = bytes_from(t, view.data, view.length);
    buffer_release(t, &view);
    return object_value(copy);
}

static bool check_str(Thread *t, Value v, int number)
{
    return is_str(v) || raise_false(t, EXC_TypeError, "argument %d must be str, not %N", number, v);
}

/* The last four arguments of each: object, start, end, reason; the object's check is the caller's. [skipped] came before. */
static bool take_rest(Thread *t, Value self, Value data, const Value *args, int skipped)
{
    for (int i = 1; i <= 2; i++) {
        int64_t position;
        if (!value_to_index(t, args[i], &position))
            return false;
    }
    if (!check_str(t, args[3], skipped + 4))
        return false;
    Value *fields = as_exception(self)->fields;
    replace(&fields[FIELD_DATA], retain(data));
    replace(&fields[FIELD_START], retain(args[1]));
    replace(&fields[FIELD_END_AT], retain(args[2]));
    replace(&fields[FIELD_REASON], retain(args[3]));
    return true;
}

static bool has_count(Thread *t, size_t count, size_t wanted)
{
    return count == wanted || raise_false(t, EXC_TypeError, "function takes exactly %zu arguments (%zu given)", wanted, count);
}

bool decode_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (!base_exception_init(t, self, args, count, names) || !has_count(t, count, 5) || !check_str(t, args[0], 1))
        return false;
    Value data = bytes_of(t, args[1]);
    bool is_good = !failed(data) && take_rest(t, self, data, args + 1, 1);
    release(data);
    if (is_good)
        replace(&as_exception(self)->fields[FIELD_ENCODING], retain(args[0]));
    return is_good;
}

bool encode_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (!base_exception_init(t, self, args, count, names) || !has_count(t, count, 5) || !check_str(t, args[0], 1) ||
        !check_str(t, args[1], 2) || !take_rest(t, self, args[1], args + 1, 1))
        return false;
    replace(&as_exception(self)->fields[FIELD_ENCODING], retain(args[0]));
    return true;
}

bool translate_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    return base_exception_init(t, self, args, count, names) && has_count(t, count, 4) && check_str(t, args[0], 1) &&
           take_rest(t, self, args[0], args, 0);
}

/* ---- texts ---- */

typedef struct Span { int64_t start, end; } Span;

static Span span_of(Value self)
{
    Value *fields = as_exception(self)->fields;
    Span span = {0, 0};
    if (!is_int(fields[FIELD_START]) || !int_fits_int64(fields[FIELD_START], &span.start))
        span.start = 0;
    if (!is_int(fields[FIELD_END_AT]) || !int_fits_int64(fields[FIELD_END_AT], &span.end))
        span.end = 0;
    return span;
}

/* Is it about exactly one element that is there? */
static bool is_single(Span span, size_t length)
{
    return span.start >= 0 && (uint64_t)span.start < length && span.end == span.start + 1;
}

Value decode_error_str(Thread *t, Value self)
{
    Value *fields = as_exception(self)->fields;
    Value data = fields[FIELD_DATA];
    if (!is_bytes(data))
        return retain(t->interp->empty_str);   /* the constructor failed */
    Span span = span_of(self);
    if (is_single(span, as_bytes(data)->length))
        return object_value(str_format(t, "'%S' codec can't decode byte 0x%02x in position %lld: %S", fields[FIELD_ENCODING],
                                       as_bytes(data)->data[span.start], (long long)span.start, fields[FIELD_REASON]));
    return object_value(str_format(t, "'%S' codec can't decode bytes in position %lld-%lld: %S", fields[FIELD_ENCODING],
                                   (long long)span.start, (long long)span.end - 1, fields[FIELD_REASON]));
}

/* The common part of the two that are about characters. */
static Value text_about_characters(Thread *t, Value self, Str *beginning)
{
    if (!beginning)
        return FAILED;
    Value *fields = as_exception(self)->fields;
    Str *data = as_str(fields[FIELD_DATA]), *text;
    Span span = span_of(self);
    if (is_single(span, data->length)) {
        uint32_t c = str_char(data, (size_t)span.start);
        const char *format = c <= 0xff     ? "%U character '\\x%02x' in position %lld: %S"
                             : c <= 0xffff ? "%U character '\\u%04x' in position %lld: %S"
                                           : "%U character '\\U%08x' in position %lld: %S";
        text = str_format(t, format, beginning, c, (long long)span.start, fields[FIELD_REASON]);
    } else {
        text = str_format(t, "%U characters in position %lld-%lld: %S", beginning, (long long)span.start, (long long)span.end - 1,
                          fields[FIELD_REASON]);
    }
    object_release(beginning);
    return object_value(text);
}

Value encode_error_str(Thread *t, Value self)
{
    Value *fields = as_exception(self)->fields;
    if (!is_str(fields[FIELD_DATA]))
        return retain(t->interp->empty_str);
    return text_about_characters(t, self, str_format(t, "'%S' codec can't encode", fields[FIELD_ENCODING]));
}

Value translate_error_str(Thread *t, Value self)
{
    if (!is_str(as_exception(self)->fields[FIELD_DATA]))
        return retain(t->interp->empty_str);
    return text_about_characters(t, self, str_from_text(t, "can't translate"));
}

const MemberDef unicode_members[] = {
    FIELD("encoding", FIELD_ENCODING, "the name of the encoding"), FIELD("object", FIELD_DATA, "what was to be converted"),
    FIELD("start", FIELD_START, "where in it the trouble begins"), FIELD("end", FIELD_END_AT, "where it ends"),
    FIELD("reason", FIELD_REASON, "what is wrong there"), FIELD_END,
};
const MemberDef translate_members[] = {
    FIELD("encoding", FIELD_ENCODING, "the name of the encoding"), FIELD("object", FIELD_DATA, "what was to be converted"),
    FIELD("start", FIELD_START, "where in it the trouble begins"),
    FIELD("end", FIELD_END_AT, "where it ends"), FIELD("reason", FIELD_REASON, "what is wrong there"), FIELD_END,
};
