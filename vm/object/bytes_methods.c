/* bytes_methods.c - what bytes and bytearray can both do: making, searching, and their common operators.
 *
 * What        bytes_methods.h, but for cutting (bytes_split.c), letters (bytes_case.c), joining and replacing (bytes_replace.c).
 * How         Searching is search.h's. A bytearray that lends its bytes out (a view) refuses to be resized, so bytes of arguments
 *             are held through views while they are looked at.
 * GIL         held.
 * Read next   bytes.c, bytearray.c */
#include "vm/object/bytes_methods.h"

#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/range.h"
#include "vm/object/search.h"
#include "vm/object/str.h"
#include "vm/object/text_arguments.h"

/* ---- results and arguments ---- */

Value bytes_like(Thread *t, Value self, const void *data, size_t length)
{
    if (is_bytearray(self))
        return bytearray_from(t, data, length);
    Bytes *bytes = bytes_from(t, data, length);
    return bytes ? object_value(bytes) : FAILED;
}

Value bytes_slice(Thread *t, Value self, size_t start, size_t end)
{
    ByteSpan span = span_of(self);
    if (start == 0 && end == span.length && is_kind(self, KIND_BYTES))
        return retain(self);
    return bytes_like(t, self, span.data + start, end > start ? end - start : 0);
}

bool byte_from_value(Thread *t, Value v, const char *message, uint8_t *byte)
{
    int64_t n;
    if (LIKELY(is_small_int(v))) {
        n = small_int(v);
    } else {
        Value index = int_from_index(t, v);
        if (failed(index))
            return false;
        if (!int_fits_int64(index, &n))
            n = -1;
        release(index);
    }
    if (n < 0 || n > 255)
        return raise_false(t, EXC_ValueError, "%s", message);
    *byte = (uint8_t)n;
    return true;
}

bool needle_get(Thread *t, Value v, bool takes_int, Needle *needle)
{
    needle->has_view = false;
    if (takes_int && !value_has_buffer(t, v)) {
        if (!is_int(v) && !value_type(t, v)->slots.index)
            return raise_false(t, EXC_TypeError, "argument should be integer or bytes-like object, not '%T'", v);
        if (!byte_from_value(t, v, "byte must be in range(0, 256)", &needle->byte))
            return false;
        needle->span = (ByteSpan){&needle->byte, 1};
        return true;
    }
    if (is_bytes(v)) {  /* by far the most frequent, and it cannot change */
        needle->span = span_of(v);
        return true;
    }
    if (!buffer_get(t, v, &needle->view, 0))
        return false;
    needle->has_view = true;
    needle->span = (ByteSpan){needle->view.data, needle->view.length};
    return true;
}

void needle_release(Thread *t, Needle *needle)
{
    if (needle->has_view)
        buffer_release(t, &needle->view);
}

/* The ints of an exact list or tuple, which nobody has to be asked for. false: one of them is not so plain, *data is NULL; or raised. */
static bool collect_row(Thread *t, Value row, uint8_t **data, size_t *length, size_t *capacity)
{
    const Value *items = is_kind(row, KIND_LIST) ? as_list(row)->items : as_tuple(row)->items;
    size_t count = is_kind(row, KIND_LIST) ? as_list(row)->count : as_tuple(row)->count;
    for (size_t i = 0; i < count; i++) {
        if (!is_small_int(items[i]) || (uint64_t)small_int(items[i]) > 255)
            return false;
    }
    *capacity = count ? count : 1;
    *data = block_alloc(t, *capacity);
    for (size_t i = 0; *data && i < count; i++)
        (*data)[i] = (uint8_t)small_int(items[i]);
    *length = count;
    return *data != NULL;
}

bool bytes_collect(Thread *t, Value iterable, const char *range_message, uint8_t **data, size_t *length, size_t *capacity)
{
    size_t hint = 0;
    *data = NULL;
    *length = *capacity = 0;
    if ((is_kind(iterable, KIND_LIST) || is_kind(iterable, KIND_TUPLE)) && collect_row(t, iterable, data, length, capacity))
        return true;
    if (is_raised(t) || !value_length_hint(t, iterable, 64, &hint))
        return false;
    Value iterator = value_iterate(t, iterable);
    if (failed(iterator))
        return false;
    Value item;
    bool is_good = true;
    while (is_good && !is_end(item = value_next(t, iterator))) {
        is_good = !failed(item);
        if (is_good && *length == *capacity) {
            size_t wanted = *capacity ? *capacity * 2 : hint < 16 ? 16 : hint;
            uint8_t *moved = block_resize(t, *data, *capacity, wanted);
            is_good = moved != NULL;
            if (moved) {
                *data = moved;
                *capacity = wanted;
            }
        }
        is_good = is_good && byte_from_value(t, item, range_message, &(*data)[*length]);
        *length += is_good;
        release(item);
    }
    release(iterator);
    if (!is_good && *data) {
        block_free(t, *data, *capacity);
        *data = NULL;
    }
    return is_good;
}

static Value bytes_of_count(Thread *t, int64_t count)
{
    if (count < 0)
        return raise_value_error(t, "negative count");
    Bytes *bytes = bytes_new(t, (size_t)count);
    if (!bytes)
        return FAILED;
    memset(bytes->data, 0, (size_t)count);
    return object_value(bytes);
}

/* A buffer, or an iterable of ints. */
static Value bytes_from_items(Thread *t, Value v, const char *name)
{
    if (value_has_buffer(t, v)) {
        BufferView view;
        if (!buffer_get(t, v, &view, BUFFER_STRIDED))
            return FAILED;
        Bytes *bytes = bytes_new(t, view.length);
        if (bytes)
            buffer_copy(&view, bytes->data);
        buffer_release(t, &view);
        return bytes ? object_value(bytes) : FAILED;
    }
    Type *type = value_type(t, v);
    if (is_str(v) || (!type->slots.iterate && !type->slots.get_item))
        return raise_type_error(t, "cannot convert '%T' object to %s", v, name);
    uint8_t *data;
    size_t length, capacity;
    bool for_bytes = strcmp(name, "bytes") == 0;
    if (!bytes_collect(t, v, for_bytes ? "bytes must be in range(0, 256)" : "byte must be in range(0, 256)", &data, &length, &capacity))
        return FAILED;
    Bytes *bytes = bytes_from(t, data, length);
    block_free(t, data, capacity);
    return bytes ? object_value(bytes) : FAILED;
}

/* What __bytes__ answers; UNBOUND and nothing raised: there is none. */
static Value ask_bytes(Thread *t, Value v)
{
    if (is_kind(v, KIND_LIST) || is_kind(v, KIND_TUPLE) || is_kind(v, KIND_BYTEARRAY))   /* these have none */
        return UNBOUND;
    Value method = value_find_special(t, v, NAME_OF(t, __bytes__));
    if (is_unbound(method))
        return UNBOUND;
    Value bytes = value_call0(t, method);
    release(method);
    if (!failed(bytes) && !is_bytes(bytes)) {
        raise_type_error(t, "__bytes__ returned non-bytes (type %T)", bytes);
        release(bytes);
        return FAILED;
    }
    return bytes;
}

Value bytes_from_object(Thread *t, Value v)
{
    if (is_kind(v, KIND_BYTES))
        return retain(v);
    Value bytes = ask_bytes(t, v);
    if (is_bound(bytes) || is_raised(t))
        return bytes;
    return bytes_from_items(t, v, "bytes");
}

static Value encode_source(Thread *t, const char *name, Value source, Value encoding_value, Value errors_value)
{
    const char *encoding, *errors;
    if (!name_argument(t, name, "encoding", encoding_value, &encoding) || !name_argument(t, name, "errors", errors_value, &errors))
        return FAILED;
    if (is_bound(source) && is_str(source)) {
        if (is_unbound(encoding_value))
            return raise_type_error(t, "string argument without an encoding");
        return codec_names_exist(t, encoding, errors) ? str_encode(t, as_str(source), encoding, errors) : FAILED;
    }
    return raise_type_error(t, "%s without a string argument", is_bound(encoding_value) ? "encoding" : "errors");
}

Value bytes_from_arguments(Thread *t, const char *name, Value source, Value encoding, Value errors)
{
    bool for_bytes = strcmp(name, "bytes") == 0;
    if (is_bound(encoding) || is_bound(errors))
        return encode_source(t, name, source, encoding, errors);
    if (is_unbound(source))
        return retain(t->interp->empty_bytes);
    if (for_bytes && is_kind(source, KIND_BYTES))
        return retain(source);
    if (for_bytes && !is_exact_int(source) && !is_kind(source, KIND_STR)) {
        Value bytes = ask_bytes(t, source);
        if (is_bound(bytes) || is_raised(t))
            return bytes;
    }
    if (is_str(source))
        return raise_type_error(t, "string argument without an encoding");
    if (is_int(source) || value_type(t, source)->slots.index) {
        Value index = int_from_index(t, source);
        int64_t count;
        if (failed(index) && !raised_is(t, EXC_TypeError))
            return FAILED;
        if (!failed(index)) {
            bool fits = int_fits_int64(index, &count);
            release(index);
            if (fits)
                return bytes_of_count(t, count);
            return raise_error(t, EXC_OverflowError, "cannot fit '%T' into an index-sized integer", source);
        }
        raised_clear(t);
    }
    return bytes_from_items(t, source, name);
}

/* ---- operators ---- */

Value bytes_repr(Thread *t, const char *prefix, ByteSpan span, const char *suffix)
{
    /* CPython's bytearray escapes ' even between "; where there is a closing bracket, so do we. */
    bool is_array = *suffix != 0;
    static const char hex_digits[] = "0123456789abcdef";
    bool has_single = memchr(span.data, '\'', span.length) != NULL, has_double = memchr(span.data, '"', span.length) != NULL;
    uint8_t quote = has_single && !has_double ? '"' : '\'';
    StrBuilder out;
    str_builder_init(&out, t);
    str_builder_add_text(&out, prefix);
    str_builder_add_char(&out, quote);
    for (size_t i = 0; i < span.length && !out.has_failed; i++) {
        uint8_t c = span.data[i];
        char letter = c == '\t' ? 't' : c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\\' ? '\\'
                    : c == (is_array ? '\'' : quote) ? (char)c : 0;
        if (letter) {
            str_builder_add_char(&out, '\\');
            str_builder_add_char(&out, (uint32_t)letter);
        } else if (c >= 0x20 && c < 0x7f) {
            str_builder_add_char(&out, c);
        } else {
            char escape[4] = {'\\', 'x', hex_digits[c >> 4], hex_digits[c & 15]};
            str_builder_add_ascii(&out, escape, sizeof escape);
        }
    }
    str_builder_add_char(&out, quote);
    str_builder_add_text(&out, suffix);
    return str_builder_finish(&out);
}

static Value get_slice(Thread *t, Value self, Value slice)
{
    int64_t start, stop, step;
    if (!slice_unpack(t, slice, &start, &stop, &step))
        return FAILED;
    ByteSpan span = span_of(self);   /* not before: __index__ may change a bytearray */
    size_t count = slice_fit(span.length, &start, &stop, step);
    if (step == 1)
        return bytes_slice(t, self, (size_t)start, (size_t)start + count);
    Value result = is_bytearray(self) ? bytearray_from(t, NULL, count) : object_value(bytes_new(t, count));
    if (failed(result))
        return FAILED;
    uint8_t *to = (uint8_t *)span_of(result).data;
    size_t at = (size_t)start;      /* unsigned: the step behind the last may be any */
    for (size_t i = 0; i < count; i++, at += (size_t)step)
        to[i] = span.data[at];
    return result;
}

Value bytes_get_item(Thread *t, Value self, Value key)
{
    int64_t i;
    if (is_kind(key, KIND_SLICE))
        return get_slice(t, self, key);
    if (LIKELY(is_small_int(key))) {
        i = small_int(key);
    } else {
        if (!is_int(key) && !value_type(t, key)->slots.index)
            return raise_type_error(t, is_bytes(self) ? "byte indices must be integers or slices, not %T"
                                                      : "bytearray indices must be integers or slices, not %T", key);
        if (!value_to_index(t, key, &i))
            return FAILED;
    }
    ByteSpan span = span_of(self);
    if (i < 0)
        i += (int64_t)span.length;
    if (i < 0 || (size_t)i >= span.length)
        return raise_error(t, EXC_IndexError, is_bytes(self) ? "index out of range" : "bytearray index out of range");
    return small_int_value(span.data[i]);
}

bool bytes_contains(Thread *t, Value self, Value item, bool *found)
{
    Needle needle;
    bool is_number = is_int(item) || (value_type(t, item)->slots.index && !value_has_buffer(t, item));
    if (!needle_get(t, item, is_number, &needle))
        return false;
    ByteSpan span = span_of(self);
    *found = search_first(span.data, span.length, needle.span.data, needle.span.length, 1) >= 0;
    needle_release(t, &needle);
    return true;
}

/* -b: bytes are never equal to text, and who asks has mixed them up. */
static bool warn_of_comparison(Thread *t, Value self, Value other)
{
    const char *name = is_bytes(self) ? "bytes" : "bytearray";
    if (is_str(other))
        return raise_warning(t, EXC_BytesWarning, "Comparison between %s and string", name);
    return !is_bytes(self) || !is_int(other) || raise_warning(t, EXC_BytesWarning, "Comparison between bytes and int");
}

Value bytes_str(Thread *t, Value self)
{
    if (UNLIKELY(t->interp->config.bytes_warning) &&
        !raise_warning(t, EXC_BytesWarning, "str() on a %s instance", is_bytes(self) ? "bytes" : "bytearray"))
        return FAILED;
    return value_repr(t, self);
}

Value bytes_compare(Thread *t, Value self, Value other, CompareOp op)
{
    Needle needle;
    bool is_ours = is_bytes(other) || is_bytearray(other);
    if (!is_ours && (is_bytes(self) || !value_has_buffer(t, other))) {
        bool is_equality = op == COMPARE_EQ || op == COMPARE_NE;
        if (UNLIKELY(t->interp->config.bytes_warning) && is_equality && !warn_of_comparison(t, self, other))
            return FAILED;
        return NOT_IMPLEMENTED;
    }
    if (!needle_get(t, other, false, &needle))
        return FAILED;
    ByteSpan a = span_of(self), b = needle.span;
    size_t shorter = a.length < b.length ? a.length : b.length;
    int order = shorter ? memcmp(a.data, b.data, shorter) : 0;
    if (order == 0)
        order = a.length < b.length ? -1 : a.length > b.length;
    needle_release(t, &needle);
    return compare_by_order(order, op);
}

Value bytes_concat(Thread *t, Value left, Value right, BinaryFn own)
{
    Needle needle;
    if (!is_bytes(right) && !value_has_buffer(t, right))
        return sequence_add_other(t, left, right, own, is_bytes(left) ? "can't concat %T to bytes" : "can't concat %T to bytearray");
    if (!needle_get(t, right, false, &needle))
        return FAILED;
    ByteSpan a = span_of(left), b = needle.span;
    Value sum;
    if (b.length == 0 && is_kind(left, KIND_BYTES)) {
        sum = retain(left);
    } else if (a.length == 0 && is_kind(left, KIND_BYTES) && is_kind(right, KIND_BYTES)) {
        sum = retain(right);
    } else {
        sum = is_bytearray(left) ? bytearray_from(t, NULL, a.length + b.length) : object_value(bytes_new(t, a.length + b.length));
        if (!failed(sum)) {
            uint8_t *to = (uint8_t *)span_of(sum).data;
            memcpy(to, a.data, a.length);
            memcpy(to + a.length, b.data, b.length);
        }
    }
    needle_release(t, &needle);
    return sum;
}

Value bytes_multiply(Thread *t, Value left, Value right)
{
    bool is_left = is_bytes(left) || is_bytearray(left);
    Value self = is_left ? left : right, result;
    size_t count, length;
    if (!sequence_repeat_count(t, left, right, is_left, &count, &result))
        return FAILED;
    if (is_bound(result))
        return result;
    ByteSpan span = span_of(self);
    if (count == 1 && is_kind(self, KIND_BYTES))
        return retain(self);
    if (__builtin_mul_overflow(span.length, count, &length) || length > (size_t)PTRDIFF_MAX)
        return is_bytes(self) ? raise_error(t, EXC_OverflowError, "repeated bytes are too long") : raise_memory_error(t);
    result = is_bytearray(self) ? bytearray_from(t, NULL, length) : object_value(bytes_new(t, length));
    if (failed(result) || length == 0)
        return result;
    uint8_t *to = (uint8_t *)span_of(result).data;
    span = span_of(self);
    if (span.length == 1) {
        memset(to, span.data[0], length);
        return result;
    }
    memcpy(to, span.data, span.length);
    for (size_t done = span.length; done < length; done *= 2)
        memcpy(to + done, to, done < length - done ? done : length - done);
    return result;
}

/* ---- searching ---- */

/* false: raised. */
static bool search(Thread *t, Value self, const Value *args, bool from_end, int64_t *at)
{
    size_t from, to;
    Needle needle;
    if (!text_bounds(t, args[1], args[2], span_of(self).length, &from, &to) || !needle_get(t, args[0], true, &needle))
        return false;
    ByteSpan span = span_of(self);
    if (to > span.length)
        to = span.length;
    *at = -1;
    if (from <= to) {
        ssize_t place = from_end ? search_last(span.data + from, to - from, needle.span.data, needle.span.length, 1)
                                 : search_first(span.data + from, to - from, needle.span.data, needle.span.length, 1);
        if (place >= 0)
            *at = (int64_t)from + place;
    }
    needle_release(t, &needle);
    return true;
}

static Value place_or_raise(Thread *t, int64_t at)
{
    return at >= 0 ? small_int_value(at) : raise_value_error(t, "subsection not found");
}

Value bytes_method_find(Thread *t, Value self, const Value *args)
{
    int64_t at;
    return search(t, self, args, false, &at) ? small_int_value(at) : FAILED;
}

Value bytes_method_rfind(Thread *t, Value self, const Value *args)
{
    int64_t at;
    return search(t, self, args, true, &at) ? small_int_value(at) : FAILED;
}

Value bytes_method_index(Thread *t, Value self, const Value *args)
{
    int64_t at;
    return search(t, self, args, false, &at) ? place_or_raise(t, at) : FAILED;
}

Value bytes_method_rindex(Thread *t, Value self, const Value *args)
{
    int64_t at;
    return search(t, self, args, true, &at) ? place_or_raise(t, at) : FAILED;
}

size_t span_count(ByteSpan span, ByteSpan part)
{
    if (part.length == 0)
        return span.length + 1;
    size_t count = 0;
    if (part.length == 1) {
        for (size_t i = 0; i < span.length; i++)
            count += span.data[i] == part.data[0];
        return count;
    }
    for (ssize_t at; (at = search_first(span.data, span.length, part.data, part.length, 1)) >= 0; count++) {
        span.data += (size_t)at + part.length;
        span.length -= (size_t)at + part.length;
    }
    return count;
}

Value bytes_method_count(Thread *t, Value self, const Value *args)
{
    size_t from, to;
    Needle needle;
    if (!text_bounds(t, args[1], args[2], span_of(self).length, &from, &to) || !needle_get(t, args[0], true, &needle))
        return FAILED;
    ByteSpan span = span_of(self);
    if (to > span.length)
        to = span.length;
    size_t count = from > to ? 0 : span_count((ByteSpan){span.data + from, to - from}, needle.span);
    needle_release(t, &needle);
    return small_int_value((int64_t)count);
}

static bool has_affix(ByteSpan span, ByteSpan part, bool at_end)
{
    if (part.length > span.length)
        return false;
    return part.length == 0 || memcmp(at_end ? span.data + span.length - part.length : span.data, part.data, part.length) == 0;
}

/* Is it there? 1, 0, or -1: raised. */
static int check_affix(Thread *t, Value self, Value part, size_t from, size_t to, bool at_end)
{
    Needle needle;
    if (!needle_get(t, part, false, &needle))
        return -1;
    ByteSpan span = span_of(self);
    if (to > span.length)
        to = span.length;
    bool is_there = from <= to && has_affix((ByteSpan){span.data + from, to - from}, needle.span, at_end);
    needle_release(t, &needle);
    return is_there;
}

static Value affix(Thread *t, Value self, const char *name, const Value *args, bool at_end)
{
    size_t from, to;
    if (!text_bounds(t, args[1], args[2], span_of(self).length, &from, &to))
        return FAILED;
    if (is_tuple(args[0])) {
        Tuple *tuple = as_tuple(args[0]);
        for (size_t i = 0; i < tuple->count; i++) {
            int answer = check_affix(t, self, tuple->items[i], from, to, at_end);
            if (answer != 0)
                return answer < 0 ? FAILED : TRUE;
        }
        return FALSE;
    }
    if (!is_bytes(args[0]) && !value_has_buffer(t, args[0]))
        return raise_type_error(t, "%s first arg must be bytes or a tuple of bytes, not %T", name, args[0]);
    int answer = check_affix(t, self, args[0], from, to, at_end);
    return answer < 0 ? FAILED : bool_value(answer);
}

Value bytes_method_startswith(Thread *t, Value self, const Value *args) { return affix(t, self, "startswith", args, false); }
Value bytes_method_endswith(Thread *t, Value self, const Value *args) { return affix(t, self, "endswith", args, true); }

static Value remove_affix(Thread *t, Value self, Value part, bool at_end)
{
    Needle needle;
    if (!needle_get(t, part, false, &needle))
        return FAILED;
    ByteSpan span = span_of(self);
    size_t removed = has_affix(span, needle.span, at_end) ? needle.span.length : 0;
    Value rest = bytes_slice(t, self, at_end ? 0 : removed, span.length - (at_end ? removed : 0));
    needle_release(t, &needle);
    return rest;
}

Value bytes_method_removeprefix(Thread *t, Value self, const Value *args) { return remove_affix(t, self, args[0], false); }
Value bytes_method_removesuffix(Thread *t, Value self, const Value *args) { return remove_affix(t, self, args[0], true); }

/* ---- text ---- */

Value bytes_method_decode(Thread *t, Value self, const Value *args)
{
    const char *encoding, *errors;
    if (!name_argument(t, "decode", "encoding", args[0], &encoding) || !name_argument(t, "decode", "errors", args[1], &errors) ||
        !codec_names_exist(t, encoding, errors))
        return FAILED;
    if (span_of(self).length == 0)      /* no bytes are no text in any encoding: nobody is asked */
        return retain(t->interp->empty_str);
    Needle whole;                       /* an error handler may try to change a bytearray: it must not */
    if (!needle_get(t, self, false, &whole))
        return FAILED;
    Value text = str_decode(t, (const char *)whole.span.data, whole.span.length, encoding, errors);
    needle_release(t, &whole);
    return text;
}

/* The one ASCII character that separates groups; below 0: none. */
static bool read_separator(Thread *t, Value v, int *separator)
{
    *separator = -1;
    if (is_unbound(v))
        return true;
    size_t length;
    if (!value_length(t, v, &length))
        return false;
    if (length != 1)
        return raise_false(t, EXC_ValueError, "sep must be length 1.");
    if (!is_str(v) && !is_bytes(v))
        return raise_false(t, EXC_TypeError, "sep must be str or bytes.");
    uint32_t c = is_str(v) ? str_char(as_str(v), 0) : as_bytes(v)->data[0];
    if (c > 127)
        return raise_false(t, EXC_ValueError, "sep must be ASCII.");
    *separator = (int)c;
    return true;
}

Value bytes_method_hex(Thread *t, Value self, const Value *args)
{
    static const char hex_digits[] = "0123456789abcdef";
    int group = 1;
    int separator;
    if (!read_separator(t, args[0], &separator) || !arg_int(t, args[1], &group))
        return FAILED;
    ByteSpan span = span_of(self);   /* not before: __index__ may change a bytearray */
    bool from_start = group < 0;  /* where the short group is: at the end, or (the rule) in front */
    size_t size = (size_t)llabs(group);
    if (separator < 0 || size == 0 || span.length == 0)
        size = span.length ? span.length : 1;
    if (span.length > STR_LENGTH_MAX / 3)
        return raise_memory_error(t);
    size_t length = span.length ? span.length * 2 + (span.length - 1) / size : 0;
    if (length == 0)
        return retain(t->interp->empty_str);
    Str *s = str_new(t, length, 0x7f);
    if (!s)
        return FAILED;
    char *to = s->characters;
    size_t first = from_start ? size : (span.length - 1) % size + 1;
    for (size_t i = 0; i < span.length; i++) {
        if (i >= first && (i - first) % size == 0)
            *to++ = (char)separator;
        *to++ = hex_digits[span.data[i] >> 4];
        *to++ = hex_digits[span.data[i] & 15];
    }
    return object_value(s);
}

static int hex_value(uint32_t c)
{
    if (c >= '0' && c <= '9')
        return (int)c - '0';
    return c >= 'a' && c <= 'f' ? (int)c - 'a' + 10 : c >= 'A' && c <= 'F' ? (int)c - 'A' + 10 : -1;
}

Value bytes_fromhex(Thread *t, Value text)
{
    if (!is_str(text))
        return raise_type_error(t, "fromhex() argument must be str, not %N", text);
    Str *s = as_str(text);
    Bytes *bytes = bytes_new(t, s->length / 2);
    if (!bytes)
        return FAILED;
    size_t length = 0;
    for (size_t i = 0; i < s->length;) {
        uint32_t c = str_char(s, i);
        if (c == ' ' || (c >= '\t' && c <= '\r')) {
            i++;
            continue;
        }
        int high = hex_value(c), low = high >= 0 && i + 1 < s->length ? hex_value(str_char(s, i + 1)) : -1;
        if (low < 0) {
            object_release(bytes);
            return raise_value_error(t, "non-hexadecimal number found in fromhex() arg at position %zu", high < 0 ? i : i + 1);
        }
        bytes->data[length++] = (uint8_t)(high << 4 | low);
        i += 2;
    }
    if (length == bytes->length)
        return object_value(bytes);
    Bytes *shorter = bytes_from(t, bytes->data, length);
    object_release(bytes);
    return shorter ? object_value(shorter) : FAILED;
}
