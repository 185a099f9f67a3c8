/* str_split.c - cutting text: split, partition, strip, splitlines.
 *
 * What        The methods of str that give parts of it.
 * How         The places of separators are found first (str_find), each part is a slice. rsplit works from the end and turns the list
 *             around. Blanks are those of unicode_is_space; ASCII is asked from a mask.
 * GIL         held.
 * Read next   str_search.c */
#include "vm/base/unicode.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/str_methods.h"
#include "vm/object/text_arguments.h"

static inline bool is_space(uint32_t c)
{
    const uint64_t blanks = UINT64_C(0x1f0003e00);  /* \t \n \v \f \r, 0x1c to 0x1f, and ' ' */
    return c < 64 ? blanks >> c & 1 : c >= 0x80 && unicode_is_space(c);
}

static bool add_slice(Thread *t, List *list, Str *s, size_t start, size_t end)
{
    if (s->is_ascii && (start > 0 || end < s->length)) {
        Str *part = str_from_ascii(t, s->characters + start, end - start);
        return part && list_append_take(t, list, object_value(part));
    }
    Value part = str_slice(t, s, start, end);
    return !failed(part) && list_append_take(t, list, part);
}

/* ---- split ---- */

/* [width] is that of s, constant where this is inlined. */
ALWAYS_INLINE bool split_blanks_of(Thread *t, List *list, Str *s, int64_t most, unsigned width)
{
    size_t i = 0, length = s->length;
    const void *data = str_data(s);
    for (;;) {
        while (i < length && is_space(unicode_at(data, width, i)))
            i++;
        if (i >= length)
            return true;
        size_t start = i;
        if (most-- <= 0)
            return add_slice(t, list, s, start, length);  /* the blanks at its end stay */
        while (i < length && !is_space(unicode_at(data, width, i)))
            i++;
        if (!add_slice(t, list, s, start, i))
            return false;
    }
}

static bool split_blanks(Thread *t, List *list, Str *s, int64_t most)
{
    return s->width == 1 ? split_blanks_of(t, list, s, most, 1) : split_blanks_of(t, list, s, most, s->width);
}

static bool rsplit_blanks(Thread *t, List *list, Str *s, int64_t most)
{
    size_t i = s->length;
    for (;;) {
        while (i > 0 && is_space(str_char(s, i - 1)))
            i--;
        if (i == 0)
            return true;
        size_t end = i;
        if (most-- <= 0)
            return add_slice(t, list, s, 0, end);
        while (i > 0 && !is_space(str_char(s, i - 1)))
            i--;
        if (!add_slice(t, list, s, i, end))
            return false;
    }
}

/* The frequent case: one narrow character between narrow parts. */
static bool split_at_byte(Thread *t, List *list, Str *s, uint8_t separator, int64_t most)
{
    const char *data = str_data(s), *start = data, *end = data + s->length;
    while (most-- > 0) {
        const char *at = memchr(start, separator, (size_t)(end - start));
        if (!at)
            break;
        if (!add_slice(t, list, s, (size_t)(start - data), (size_t)(at - data)))
            return false;
        start = at + 1;
    }
    return add_slice(t, list, s, (size_t)(start - data), s->length);
}

static bool split_at(Thread *t, List *list, Str *s, Str *separator, int64_t most)
{
    if (s->width == 1 && separator->width == 1 && separator->length == 1)
        return split_at_byte(t, list, s, (uint8_t)separator->characters[0], most);
    size_t start = 0;
    for (int64_t at; most-- > 0 && (at = str_find(s, separator, start, s->length)) >= 0; start = (size_t)at + separator->length) {
        if (!add_slice(t, list, s, start, (size_t)at))
            return false;
    }
    return add_slice(t, list, s, start, s->length);
}

static bool rsplit_at(Thread *t, List *list, Str *s, Str *separator, int64_t most)
{
    size_t end = s->length;
    for (int64_t at; most-- > 0 && (at = str_find_last(s, separator, 0, end)) >= 0; end = (size_t)at) {
        if (!add_slice(t, list, s, (size_t)at + separator->length, end))
            return false;
    }
    return add_slice(t, list, s, 0, end);
}

static Value split(Thread *t, Str *s, const Value *args, bool from_end)
{
    int64_t most = -1;
    Value separator = args[0];
    if (is_bound(separator) && !is_none(separator) && !is_str(separator))
        return raise_type_error(t, "must be str or None, not %T", separator);
    if (!arg_size(t, args[1], &most))
        return FAILED;
    if (most < 0)
        most = INT64_MAX;
    bool by_blanks = is_unbound(separator) || is_none(separator);
    if (!by_blanks && as_str(separator)->length == 0)
        return raise_value_error(t, "empty separator");
    List *list = list_new(t, 4);
    if (!list)
        return FAILED;
    bool is_good;
    if (by_blanks)
        is_good = from_end ? rsplit_blanks(t, list, s, most) : split_blanks(t, list, s, most);
    else
        is_good = from_end ? rsplit_at(t, list, s, as_str(separator), most) : split_at(t, list, s, as_str(separator), most);
    if (!is_good) {
        object_release(list);
        return FAILED;
    }
    if (from_end)
        list_turn_around(list);
    return object_value(list);
}

Value str_method_split(Thread *t, Value self, const Value *args) { return split(t, as_str(self), args, false); }
Value str_method_rsplit(Thread *t, Value self, const Value *args) { return split(t, as_str(self), args, true); }

static bool is_line_end(uint32_t c)
{
    if (c < 0x80)
        return (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e);
    return unicode_is_linebreak(c);
}

Value str_method_splitlines(Thread *t, Value self, const Value *args)
{
    Str *s = as_str(self);
    bool keeps_ends = false;
    if (!arg_bool(t, args[0], &keeps_ends))
        return FAILED;
    List *list = list_new(t, 4);
    if (!list)
        return FAILED;
    for (size_t i = 0; i < s->length;) {
        size_t start = i;
        while (i < s->length && !is_line_end(str_char(s, i)))
            i++;
        size_t end = i;
        if (i < s->length)
            i += str_char(s, i) == '\r' && i + 1 < s->length && str_char(s, i + 1) == '\n' ? 2 : 1;
        if (!add_slice(t, list, s, start, keeps_ends ? i : end)) {
            object_release(list);
            return FAILED;
        }
    }
    return object_value(list);
}

/* ---- partition ---- */

static Value partition(Thread *t, Value self, Value separator, bool from_end)
{
    Str *s = as_str(self);
    if (!is_str(separator))
        return raise_type_error(t, "must be str, not %T", separator);
    if (as_str(separator)->length == 0)
        return raise_value_error(t, "empty separator");
    int64_t at = from_end ? str_find_last(s, as_str(separator), 0, s->length) : str_find(s, as_str(separator), 0, s->length);
    Value empty = t->interp->empty_str;
    if (at < 0 && from_end)
        return tuple_take3(t, retain(empty), retain(empty), str_exact(t, s));
    if (at < 0)
        return tuple_take3(t, str_exact(t, s), retain(empty), retain(empty));
    Value before = str_slice(t, s, 0, (size_t)at), after = str_slice(t, s, (size_t)at + as_str(separator)->length, s->length);
    return tuple_take3(t, before, retain(separator), after);
}

Value str_method_partition(Thread *t, Value self, const Value *args) { return partition(t, self, args[0], false); }
Value str_method_rpartition(Thread *t, Value self, const Value *args) { return partition(t, self, args[0], true); }

/* ---- strip ---- */

enum StripSides { STRIP_LEFT = 1, STRIP_RIGHT = 2 };

static bool is_stripped(uint32_t c, const Str *set)
{
    if (!set)
        return is_space(c);
    for (size_t i = 0; i < set->length; i++) {
        if (str_char(set, i) == c)
            return true;
    }
    return false;
}

static Value strip(Thread *t, Value self, Value characters, int sides, const char *name)
{
    Str *s = as_str(self);
    const Str *set = NULL;
    if (is_bound(characters) && !is_none(characters)) {
        if (!is_str(characters))
            return raise_type_error(t, "%s arg must be None or str", name);
        set = as_str(characters);
    }
    size_t start = 0, end = s->length;
    while ((sides & STRIP_LEFT) && start < end && is_stripped(str_char(s, start), set))
        start++;
    while ((sides & STRIP_RIGHT) && end > start && is_stripped(str_char(s, end - 1), set))
        end--;
    return str_slice(t, s, start, end);
}

Value str_method_strip(Thread *t, Value self, const Value *args) { return strip(t, self, args[0], STRIP_LEFT | STRIP_RIGHT, "strip"); }
Value str_method_lstrip(Thread *t, Value self, const Value *args) { return strip(t, self, args[0], STRIP_LEFT, "lstrip"); }
Value str_method_rstrip(Thread *t, Value self, const Value *args) { return strip(t, self, args[0], STRIP_RIGHT, "rstrip"); }
