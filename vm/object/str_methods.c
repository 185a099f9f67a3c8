/* str_methods.c - the table of str's methods, and those of one step.
 *
 * What        All methods of str: searching and joining here, case in str_case.c, cutting in str_split.c, changing in str_replace.c.
 * How         Each row of the table has the signature that argument checking and help() use.
 * GIL         held.
 * Read next   native.h */
#include "vm/object/str_methods.h"

#include "vm/object/exception.h"
#include "vm/object/format.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str_format.h"
#include "vm/object/text_arguments.h"

/* ---- searching ---- */

/* x[, start[, end]]: *from > *to means that nothing can be found. */
static bool read_search(Thread *t, Str *s, const char *name, const Value *args, size_t *from, size_t *to)
{
    return str_argument(t, name, 1, args[0]) && text_bounds(t, args[1], args[2], s->length, from, to);
}

/* false: raised. */
static bool search(Thread *t, Value self, const char *name, const Value *args, bool from_end, int64_t *at)
{
    size_t from, to;
    Str *s = as_str(self);
    if (!read_search(t, s, name, args, &from, &to))
        return false;
    *at = from > to ? -1 : from_end ? str_find_last(s, as_str(args[0]), from, to) : str_find(s, as_str(args[0]), from, to);
    return true;
}

static Value find(Thread *t, Value self, const Value *args)
{
    int64_t at;
    return search(t, self, "find", args, false, &at) ? small_int_value(at) : FAILED;
}

static Value rfind(Thread *t, Value self, const Value *args)
{
    int64_t at;
    return search(t, self, "rfind", args, true, &at) ? small_int_value(at) : FAILED;
}

static Value found_or_raise(Thread *t, int64_t at)
{
    return at >= 0 ? small_int_value(at) : raise_value_error(t, "substring not found");
}

static Value find_or_raise(Thread *t, Value self, const Value *args)
{
    int64_t at;
    return search(t, self, "index", args, false, &at) ? found_or_raise(t, at) : FAILED;
}

static Value rfind_or_raise(Thread *t, Value self, const Value *args)
{
    int64_t at;
    return search(t, self, "rindex", args, true, &at) ? found_or_raise(t, at) : FAILED;
}

static Value count(Thread *t, Value self, const Value *args)
{
    size_t from, to;
    Str *s = as_str(self);
    if (!read_search(t, s, "count", args, &from, &to))
        return FAILED;
    return small_int_value(from > to ? 0 : (int64_t)str_count(s, as_str(args[0]), from, to));
}

/* Does s[from:to] begin, or end, with [part]? */
static bool has_affix(const Str *s, const Str *part, size_t from, size_t to, bool at_end)
{
    if (from > to || part->length > to - from || part->width > s->width)
        return false;
    size_t start = at_end ? to - part->length : from;
    if (s->width == part->width)
        return memcmp(str_at(s, start), str_data(part), part->length * s->width) == 0;
    for (size_t i = 0; i < part->length; i++) {
        if (str_char(s, start + i) != str_char(part, i))
            return false;
    }
    return true;
}

static Value affix(Thread *t, Value self, const char *name, const Value *args, bool at_end)
{
    size_t from, to;
    Str *s = as_str(self);
    if (!text_bounds(t, args[1], args[2], s->length, &from, &to))
        return FAILED;
    if (is_str(args[0]))
        return bool_value(has_affix(s, as_str(args[0]), from, to, at_end));
    if (!is_tuple(args[0]))
        return raise_type_error(t, "%s first arg must be str or a tuple of str, not %T", name, args[0]);
    Tuple *tuple = as_tuple(args[0]);
    for (size_t i = 0; i < tuple->count; i++) {
        if (!is_str(tuple->items[i]))
            return raise_type_error(t, "tuple for %s must only contain str, not %T", name, tuple->items[i]);
        if (has_affix(s, as_str(tuple->items[i]), from, to, at_end))
            return TRUE;
    }
    return FALSE;
}

static Value startswith(Thread *t, Value self, const Value *args) { return affix(t, self, "startswith", args, false); }
static Value endswith(Thread *t, Value self, const Value *args) { return affix(t, self, "endswith", args, true); }

static Value removeprefix(Thread *t, Value self, const Value *args)
{
    Str *s = as_str(self);
    if (!str_argument(t, "removeprefix", 0, args[0]))
        return FAILED;
    bool is_there = has_affix(s, as_str(args[0]), 0, s->length, false);
    return str_slice(t, s, is_there ? as_str(args[0])->length : 0, s->length);
}

static Value removesuffix(Thread *t, Value self, const Value *args)
{
    Str *s = as_str(self);
    if (!str_argument(t, "removesuffix", 0, args[0]))
        return FAILED;
    bool is_there = has_affix(s, as_str(args[0]), 0, s->length, true);
    return str_slice(t, s, 0, s->length - (is_there ? as_str(args[0])->length : 0));
}

/* ---- joining, formatting, encoding ---- */

static Value join(Thread *t, Value self, const Value *args)
{
    Value held;
    const Value *items;
    size_t item_count;
    if (!join_items(t, args[0], &held, &items, &item_count))
        return FAILED;
    Value s = str_join(t, as_str(self), items, item_count);
    release(held);
    return s;
}

static Value format(Thread *t, Value self, const Value *args, size_t argument_count, Tuple *names)
{
    return str_format_call(t, as_str(self), args, argument_count, names);
}

static Value format_map(Thread *t, Value self, const Value *args)
{
    return str_format_map(t, as_str(self), args[0]);
}

static Value format_method(Thread *t, Value self, const Value *args)
{
    return str_argument(t, "__format__", 0, args[0]) ? format_str(t, self, as_str(args[0])) : FAILED;
}

static Value encode(Thread *t, Value self, const Value *args)
{
    const char *encoding, *errors;
    if (!name_argument(t, "encode", "encoding", args[0], &encoding) || !name_argument(t, "encode", "errors", args[1], &errors) ||
        !codec_names_exist(t, encoding, errors))
        return FAILED;
    return str_encode(t, as_str(self), encoding, errors);
}

static Value getnewargs(Thread *t, Value self, const Value *args)
{
    /* A copy: pickle must not take it for the object that it is about to rebuild. */
    Str *from = as_str(self), *copy = str_new(t, from->length, from->is_ascii ? 0x7f : from->width == 1 ? 0xff : from->width == 2 ? 0xffff : 0x10ffff);
    if (!copy)
        return FAILED;
    memcpy(str_data(copy), str_data(from), from->length * from->width);
    Value s = object_value(copy);
    Tuple *arguments = tuple_from_values(t, &s, 1);
    release(s);
    return arguments ? object_value(arguments) : FAILED;
}

static Value sizeof_method(Thread *t, Value self, const Value *args)
{
    return small_int_value((int64_t)object_size(as_object(self)));
}

/* clang-format off */
#define METHOD(name, signature, doc) NATIVE(#name, str_method_##name, signature, 0, doc)
const NativeDef str_methods[] = {
    METHOD(capitalize,   "($self, /)",                               "First character in title case, the rest in lower case."),
    METHOD(casefold,     "($self, /)",                               "For comparing without regard to case."),
    METHOD(center,       "($self, width, fillchar=' ', /)",          "Padded on both sides."),
    NATIVE("count", count, "($self, sub[, start[, end]], /)",  0, "How often sub occurs in s[start:end], without overlaps."),
    NATIVE("encode", encode, "($self, /, encoding='utf-8', errors='strict')", 0, "The text as bytes."),
    NATIVE("endswith", endswith, "($self, suffix[, start[, end]], /)", 0, "Whether s[start:end] ends with suffix, or one of a tuple."),
    METHOD(expandtabs,   "($self, /, tabsize=8)",                    "Tabs replaced by blanks up to the next column that tabsize divides."),
    NATIVE("find", find, "($self, sub[, start[, end]], /)",    0, "The first place of sub in s[start:end], or -1."),
    NATIVE_RAW_ROW("format", format, "($self, /, *args, **kwargs)",  0, "The text with its {fields} filled in."),
    NATIVE("format_map", format_map, "($self, mapping, /)",          0, "As format(**mapping), without a copy."),
    NATIVE("index", find_or_raise, "($self, sub[, start[, end]], /)",  0, "As find, but ValueError when it is not there."),
    METHOD(isalnum,      "($self, /)",                               "Letters and numbers only, and at least one."),
    METHOD(isalpha,      "($self, /)",                               "Letters only, and at least one."),
    METHOD(isascii,      "($self, /)",                               "Nothing above U+007F."),
    METHOD(isdecimal,    "($self, /)",                               "Decimal digits only, and at least one."),
    METHOD(isdigit,      "($self, /)",                               "Digits only, superscripts too, and at least one."),
    METHOD(isidentifier, "($self, /)",                               "Whether it could be a name in source text."),
    METHOD(islower,      "($self, /)",                               "Some letters with case, all of them small."),
    METHOD(isnumeric,    "($self, /)",                               "Numeric characters only, fractions too, and at least one."),
    METHOD(isprintable,  "($self, /)",                               "Nothing that repr() would escape."),
    METHOD(isspace,      "($self, /)",                               "Blanks only, and at least one."),
    METHOD(istitle,      "($self, /)",                               "Each word begins with a capital, and only there."),
    METHOD(isupper,      "($self, /)",                               "Some letters with case, all of them capital."),
    NATIVE("join", join, "($self, iterable, /)",                     0, "The texts of iterable with this one between them."),
    METHOD(ljust,        "($self, width, fillchar=' ', /)",          "Padded on the right."),
    METHOD(lower,        "($self, /)",                               "In small letters."),
    METHOD(lstrip,       "($self, chars=None, /)",                   "Without the blanks (or chars) in front."),
    NATIVE("maketrans", str_method_maketrans, "(x, y=None, z=None, /)", NATIVE_STATIC, "A table for translate()."),
    METHOD(partition,    "($self, sep, /)",                          "(before, sep, after) at the first sep."),
    NATIVE("removeprefix", removeprefix, "($self, prefix, /)",       0, "Without prefix, if it begins so."),
    NATIVE("removesuffix", removesuffix, "($self, suffix, /)",       0, "Without suffix, if it ends so."),
    NATIVE("replace", str_method_replace, "($self, old, new, /, count=-1)", 0, "With new for old: everywhere, or the first count times."),
    NATIVE("rfind", rfind, "($self, sub[, start[, end]], /)",  0, "The last place of sub in s[start:end], or -1."),
    NATIVE("rindex", rfind_or_raise, "($self, sub[, start[, end]], /)", 0, "As rfind, but ValueError when it is not there."),
    METHOD(rjust,        "($self, width, fillchar=' ', /)",          "Padded on the left."),
    METHOD(rpartition,   "($self, sep, /)",                          "(before, sep, after) at the last sep."),
    METHOD(rsplit,       "($self, /, sep=None, maxsplit=-1)",        "As split, counting from the end."),
    METHOD(rstrip,       "($self, chars=None, /)",                   "Without the blanks (or chars) at the end."),
    METHOD(split,        "($self, /, sep=None, maxsplit=-1)",        "The parts between sep, or between blanks."),
    METHOD(splitlines,   "($self, /, keepends=False)",               "The lines."),
    NATIVE("startswith", startswith, "($self, prefix[, start[, end]], /)", 0, "Whether s[start:end] begins with prefix, or one of a tuple."),
    METHOD(strip,        "($self, chars=None, /)",                   "Without the blanks (or chars) around."),
    METHOD(swapcase,     "($self, /)",                               "Capital letters small and small ones capital."),
    METHOD(title,        "($self, /)",                               "Each word with a capital in front."),
    NATIVE("translate", str_method_translate, "($self, table, /)",   0, "Each character as table has it."),
    METHOD(upper,        "($self, /)",                               "In capital letters."),
    METHOD(zfill,        "($self, width, /)",                        "Padded with zeros behind the sign."),
    NATIVE("__format__", format_method, "($self, format_spec, /)",   0, "Text as the format specification asks."),
    NATIVE("__getnewargs__", getnewargs, "($self, /)",               0, NULL),
    NATIVE("__sizeof__", sizeof_method, "($self, /)",                0, "Bytes of memory this object takes."),
    NATIVE_END,
};
#undef METHOD
/* clang-format on */
