/* bytes_split.c - cutting bytes: split, partition, strip, splitlines.
 *
 * What        The methods of bytes and bytearray that give parts.
 * How         As str_split.c, over a ByteSpan; blanks are ASCII's. The span stays good while parts are made: nothing here runs script code
 *             after the arguments are read.
 * GIL         held.
 * Read next   str_split.c */
#include "vm/object/bytes_methods.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/search.h"
#include "vm/object/text_arguments.h"

static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool add_part(Thread *t, List *list, Value self, size_t start, size_t end)
{
    Value part;
    if (is_kind(self, KIND_BYTES) && (start > 0 || end < as_bytes(self)->length))
        part = object_value(bytes_from(t, as_bytes(self)->data + start, end - start));
    else
        part = bytes_slice(t, self, start, end);
    return !failed(part) && list_append_take(t, list, part);
}

static bool split_blanks(Thread *t, List *list, Value self, int64_t most)
{
    ByteSpan span = span_of(self);
    size_t i = 0;
    for (;;) {
        while (i < span.length && is_space(span.data[i]))
            i++;
        if (i >= span.length)
            return true;
        size_t start = i;
        if (most-- <= 0)
            return add_part(t, list, self, start, span.length);
        while (i < span.length && !is_space(span.data[i]))
            i++;
        if (!add_part(t, list, self, start, i))
            return false;
    }
}

static bool rsplit_blanks(Thread *t, List *list, Value self, int64_t most)
{
    ByteSpan span = span_of(self);
    size_t i = span.length;
    for (;;) {
        while (i > 0 && is_space(span.data[i - 1]))
            i--;
        if (i == 0)
            return true;
        size_t end = i;
        if (most-- <= 0)
            return add_part(t, list, self, 0, end);
        while (i > 0 && !is_space(span.data[i - 1]))
            i--;
        if (!add_part(t, list, self, i, end))
            return false;
    }
}

/* The frequent case: one byte between the parts. */
static bool split_at_byte(Thread *t, List *list, Value self, uint8_t separator, int64_t most)
{
    ByteSpan span = span_of(self);
    size_t start = 0;
    const uint8_t *at;
    while (start < span.length && most-- > 0 && (at = memchr(span.data + start, separator, span.length - start)) != NULL) {
        size_t end = (size_t)(at - span.data);
        if (!add_part(t, list, self, start, end))
            return false;
        start = end + 1;
    }
    return add_part(t, list, self, start, span.length);
}

static bool split_at(Thread *t, List *list, Value self, ByteSpan separator, int64_t most)
{
    if (separator.length == 1)
        return split_at_byte(t, list, self, separator.data[0], most);
    ByteSpan span = span_of(self);
    size_t start = 0;
    while (most-- > 0) {
        ssize_t at = search_first(span.data + start, span.length - start, separator.data, separator.length, 1);
        if (at < 0)
            break;
        if (!add_part(t, list, self, start, start + (size_t)at))
            return false;
        start += (size_t)at + separator.length;
    }
    return add_part(t, list, self, start, span.length);
}

static bool rsplit_at(Thread *t, List *list, Value self, ByteSpan separator, int64_t most)
{
    ByteSpan span = span_of(self);
    size_t end = span.length;
    while (most-- > 0) {
        ssize_t at = search_last(span.data, end, separator.data, separator.length, 1);
        if (at < 0)
            break;
        if (!add_part(t, list, self, (size_t)at + separator.length, end))
            return false;
        end = (size_t)at;
    }
    return add_part(t, list, self, 0, end);
}

static bool fill_list(Thread *t, List *list, Value self, Value separator, int64_t most, bool from_end)
{
    if (is_unbound(separator) || is_none(separator))
        return from_end ? rsplit_blanks(t, list, self, most) : split_blanks(t, list, self, most);
    Needle needle;
    if (!needle_get(t, separator, false, &needle))
        return false;
    bool is_good;
    if (needle.span.length == 0)
        is_good = raise_false(t, EXC_ValueError, "empty separator");
    else
        is_good = from_end ? rsplit_at(t, list, self, needle.span, most) : split_at(t, list, self, needle.span, most);
    needle_release(t, &needle);
    return is_good;
}

static Value split(Thread *t, Value self, const Value *args, bool from_end)
{
    int64_t most = -1;
    if (!arg_size(t, args[1], &most))
        return FAILED;
    List *list = list_new(t, 4);
    if (!list)
        return FAILED;
    if (!fill_list(t, list, self, args[0], most < 0 ? INT64_MAX : most, from_end)) {
        object_release(list);
        return FAILED;
    }
    if (from_end)
        list_turn_around(list);
    return object_value(list);
}

Value bytes_method_split(Thread *t, Value self, const Value *args) { return split(t, self, args, false); }
Value bytes_method_rsplit(Thread *t, Value self, const Value *args) { return split(t, self, args, true); }

Value bytes_method_splitlines(Thread *t, Value self, const Value *args)
{
    bool keeps_ends = false;
    if (!arg_bool(t, args[0], &keeps_ends))
        return FAILED;
    List *list = list_new(t, 4);
    if (!list)
        return FAILED;
    ByteSpan span = span_of(self);
    for (size_t i = 0; i < span.length;) {
        size_t start = i;
        while (i < span.length && span.data[i] != '\n' && span.data[i] != '\r')
            i++;
        size_t end = i;
        if (i < span.length)
            i += span.data[i] == '\r' && i + 1 < span.length && span.data[i + 1] == '\n' ? 2 : 1;
        if (!add_part(t, list, self, start, keeps_ends ? i : end)) {
            object_release(list);
            return FAILED;
        }
    }
    return object_value(list);
}

/* ---- partition ---- */

static Value partition(Thread *t, Value self, Value separator, bool from_end)
{
    Needle needle;
    if (!needle_get(t, separator, false, &needle))
        return FAILED;
    ByteSpan span = span_of(self), part = needle.span;
    Value parts = FAILED;
    if (part.length == 0) {
        raise_value_error(t, "empty separator");
    } else {
        ssize_t at = from_end ? search_last(span.data, span.length, part.data, part.length, 1)
                              : search_first(span.data, span.length, part.data, part.length, 1);
        size_t before_end = at >= 0 ? (size_t)at : from_end ? 0 : span.length;
        size_t after_start = at >= 0 ? (size_t)at + part.length : from_end ? 0 : span.length;
        Value before = bytes_slice(t, self, 0, before_end);
        Value middle = is_bytes(self) && at >= 0 ? retain(separator) : bytes_like(t, self, part.data, at >= 0 ? part.length : 0);
        parts = tuple_take3(t, before, middle, bytes_slice(t, self, after_start, span.length));
    }
    needle_release(t, &needle);
    return parts;
}

Value bytes_method_partition(Thread *t, Value self, const Value *args) { return partition(t, self, args[0], false); }
Value bytes_method_rpartition(Thread *t, Value self, const Value *args) { return partition(t, self, args[0], true); }

/* ---- strip ---- */

static Value strip(Thread *t, Value self, Value set, bool left, bool right)
{
    bool is_stripped[256];
    Needle needle = {.has_view = false};
    bool by_blanks = is_unbound(set) || is_none(set);
    if (!by_blanks && !needle_get(t, set, false, &needle))
        return FAILED;
    for (unsigned c = 0; c < 256; c++)
        is_stripped[c] = by_blanks && is_space((uint8_t)c);
    for (size_t i = 0; i < needle.span.length && !by_blanks; i++)
        is_stripped[needle.span.data[i]] = true;
    needle_release(t, &needle);
    ByteSpan span = span_of(self);
    size_t start = 0, end = span.length;
    while (left && start < end && is_stripped[span.data[start]])
        start++;
    while (right && end > start && is_stripped[span.data[end - 1]])
        end--;
    return bytes_slice(t, self, start, end);
}

Value bytes_method_strip(Thread *t, Value self, const Value *args) { return strip(t, self, args[0], true, true); }
Value bytes_method_lstrip(Thread *t, Value self, const Value *args) { return strip(t, self, args[0], true, false); }
Value bytes_method_rstrip(Thread *t, Value self, const Value *args) { return strip(t, self, args[0], false, true); }
