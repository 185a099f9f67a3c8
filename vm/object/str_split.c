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

/* Parts on their way into a list. The first ones wait here, so that a list of the usual length is made once and takes just the room it
 * needs; when there are more, the list grows. */
typedef struct Parts {
    Thread *t;
    Str *s;                    /* what is cut */
    List *list;                /* NULL: all of them still wait */
    size_t count;              /* that wait */
    Value waiting[48];
} Parts;

static void parts_begin(Parts *parts, Thread *t, Str *s)
{
    parts->t = t;
    parts->s = s;
    parts->list = NULL;
    parts->count = 0;
}

NOINLINE static bool add_to_list(Parts *parts, TAKES Value part)
{
    if (!parts->list) {
        size_t count = parts->count;
        parts->count = 0;
        parts->list = list_take_values(parts->t, parts->waiting, count);
        if (!parts->list) {
            release(part);
            return false;
        }
    }
    return list_append_take(parts->t, parts->list, part);
}

ALWAYS_INLINE bool add_part(Parts *parts, TAKES Value part)
{
    if (UNLIKELY(failed(part)))
        return false;
    if (UNLIKELY(parts->list || parts->count == ARRAY_LENGTH(parts->waiting)))
        return add_to_list(parts, part);
    parts->waiting[parts->count++] = part;
    return true;
}

static bool add_slice(Parts *parts, size_t start, size_t end)
{
    Str *s = parts->s;
    if (s->is_ascii && (start > 0 || end < s->length))
        return add_part(parts, object_value(str_from_ascii(parts->t, s->characters + start, end - start)));
    return add_part(parts, str_slice(parts->t, s, start, end));
}

/* The list, of parts that were found from the end turned around; [is_good] false: something was raised on the way. */
static Value parts_finish(Parts *parts, bool is_good, bool from_end)
{
    if (!parts->list && is_good)
        parts->list = list_take_values(parts->t, parts->waiting, parts->count);
    else if (!parts->list)
        while (parts->count > 0)
            release(parts->waiting[--parts->count]);
    if (parts->list && from_end)
        list_turn_around(parts->list);
    if (is_good || !parts->list)
        return object_value(parts->list);
    object_release(parts->list);
    return FAILED;
}

/* ---- split ---- */

/* [width] is that of s, constant where this is inlined. */
ALWAYS_INLINE bool split_blanks_of(Parts *parts, int64_t most, unsigned width)
{
    Str *s = parts->s;
    size_t i = 0, length = s->length;
    const void *data = str_data(s);
    for (;;) {
        while (i < length && is_space(unicode_at(data, width, i)))
            i++;
        if (i >= length)
            return true;
        size_t start = i;
        if (most-- <= 0)
            return add_slice(parts, start, length);  /* the blanks at its end stay */
        while (i < length && !is_space(unicode_at(data, width, i)))
            i++;
        if (!add_slice(parts, start, i))
            return false;
    }
}

static bool split_blanks(Parts *parts, int64_t most)
{
    return parts->s->width == 1 ? split_blanks_of(parts, most, 1) : split_blanks_of(parts, most, parts->s->width);
}

static bool rsplit_blanks(Parts *parts, int64_t most)
{
    Str *s = parts->s;
    size_t i = s->length;
    for (;;) {
        while (i > 0 && is_space(str_char(s, i - 1)))
            i--;
        if (i == 0)
            return true;
        size_t end = i;
        if (most-- <= 0)
            return add_slice(parts, 0, end);
        while (i > 0 && !is_space(str_char(s, i - 1)))
            i--;
        if (!add_slice(parts, i, end))
            return false;
    }
}

/* The frequent case: one narrow character between narrow parts. */
static bool split_at_byte(Parts *parts, uint8_t separator, int64_t most)
{
    Str *s = parts->s;
    const char *data = str_data(s), *start = data, *end = data + s->length;
    while (most-- > 0) {
        const char *at = memchr(start, separator, (size_t)(end - start));
        if (!at)
            break;
        if (!add_slice(parts, (size_t)(start - data), (size_t)(at - data)))
            return false;
        start = at + 1;
    }
    return add_slice(parts, (size_t)(start - data), s->length);
}

static bool split_at(Parts *parts, Str *separator, int64_t most)
{
    Str *s = parts->s;
    if (s->width == 1 && separator->width == 1 && separator->length == 1)
        return split_at_byte(parts, (uint8_t)separator->characters[0], most);
    size_t start = 0;
    for (int64_t at; most-- > 0 && (at = str_find(s, separator, start, s->length)) >= 0; start = (size_t)at + separator->length) {
        if (!add_slice(parts, start, (size_t)at))
            return false;
    }
    return add_slice(parts, start, s->length);
}

static bool rsplit_at(Parts *parts, Str *separator, int64_t most)
{
    Str *s = parts->s;
    size_t end = s->length;
    for (int64_t at; most-- > 0 && (at = str_find_last(s, separator, 0, end)) >= 0; end = (size_t)at) {
        if (!add_slice(parts, (size_t)at + separator->length, end))
            return false;
    }
    return add_slice(parts, 0, end);
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
    Parts parts;
    parts_begin(&parts, t, s);
    bool is_good;
    if (by_blanks)
        is_good = from_end ? rsplit_blanks(&parts, most) : split_blanks(&parts, most);
    else
        is_good = from_end ? rsplit_at(&parts, as_str(separator), most) : split_at(&parts, as_str(separator), most);
    return parts_finish(&parts, is_good, from_end);
}

Value str_method_split(Thread *t, Value self, const Value *args) { return split(t, as_str(self), args, false); }
Value str_method_rsplit(Thread *t, Value self, const Value *args) { return split(t, as_str(self), args, true); }

static bool is_line_end(uint32_t c)
{
    if (c < 0x80)
        return (c >= '\n' && c <= '\r') || (c >= 0x1c && c <= 0x1e);
    return unicode_is_linebreak(c);
}

/* The next line end at or behind [i], or [length]. Most characters are above all the line ends but one, U+0085. */
static size_t narrow_line_end(const uint8_t *at, size_t i, size_t length)
{
    while (i < length && ((at[i] > 0x1e && at[i] != 0x85) || !is_line_end(at[i])))
        i++;
    return i;
}

/* [width] is that of s, constant where this is inlined. */
ALWAYS_INLINE size_t wide_line_end(const Str *s, size_t i, unsigned width)
{
    for (; i < s->length; i++) {
        uint32_t c = unicode_at(str_data(s), width, i);
        if ((c <= 0x1e || c == 0x85 || (c & ~1u) == 0x2028) && is_line_end(c))      /* there are no others */
            break;
    }
    return i;
}

Value str_method_splitlines(Thread *t, Value self, const Value *args)
{
    Str *s = as_str(self);
    bool keeps_ends = false;
    if (!arg_bool(t, args[0], &keeps_ends))
        return FAILED;
    Parts parts;
    parts_begin(&parts, t, s);
    bool is_good = true;
    for (size_t i = 0; is_good && i < s->length;) {
        size_t start = i;
        if (s->width == 1)
            i = narrow_line_end((const uint8_t *)s->characters, i, s->length);
        else
            i = s->width == 2 ? wide_line_end(s, i, 2) : wide_line_end(s, i, 4);
        size_t end = i;
        if (i < s->length)
            i += str_char(s, i) == '\r' && i + 1 < s->length && str_char(s, i + 1) == '\n' ? 2 : 1;
        is_good = add_slice(&parts, start, keeps_ends ? i : end);
    }
    return parts_finish(&parts, is_good, false);
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
