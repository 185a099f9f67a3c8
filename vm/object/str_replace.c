/* str_replace.c - text with something else in it: replace, translate, padding.
 *
 * What        The methods of str that give a changed copy (case has its own file).
 * How         replace counts first when all is ASCII, and writes into a result of the right size; else it builds. translate asks its
 *             table character by character; a dict is asked without the cost of a KeyError.
 * GIL         held; translate runs script code if the table is a script's.
 * Read next   str_search.c, str_builder.c */
#include "vm/base/unicode.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/int.h"
#include "vm/object/protocol.h"
#include "vm/object/search.h"
#include "vm/object/str_methods.h"
#include "vm/object/text_arguments.h"

/* ---- replace ---- */

/* How long [s] is with [new] in the place of [count] times [old]. False, raised: no str is that long. */
static bool replaced_length(Thread *t, Str *s, Str *old, Str *new, size_t count, size_t *length)
{
    size_t kept = s->length - count * old->length, added;
    if (__builtin_mul_overflow(count, new->length, &added) || added > STR_LENGTH_MAX || kept + added > STR_LENGTH_MAX)
        return raise_false(t, EXC_OverflowError, "replace string is too long");
    *length = kept + added;
    return true;
}

static Value replace_ascii(Thread *t, Str *s, Str *old, Str *new, size_t count)
{
    size_t length;
    if (!replaced_length(t, s, old, new, count, &length))
        return FAILED;
    if (length == 0)
        return retain(t->interp->empty_str);
    Str *result = str_new(t, length, 0x7f);
    if (!result)
        return FAILED;
    char *to = str_data(result);
    size_t from = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = from + (size_t)search_first(s->characters + from, s->length - from, old->characters, old->length, 1);
        memcpy(to, s->characters + from, at - from);
        to += at - from;
        memcpy(to, str_data(new), new->length);
        to += new->length;
        from = at + old->length;
    }
    memcpy(to, s->characters + from, s->length - from);
    return object_value(result);
}

/* One character taken out: each is copied, and the place moves on only behind those that stay. */
static Value drop_character(Thread *t, Str *s, char dropped, size_t count)
{
    if (count == s->length)
        return retain(t->interp->empty_str);
    char *block = block_alloc(t, s->length), *to = block;
    if (!block)
        return FAILED;
    for (size_t i = 0; i < s->length; i++) {
        *to = s->characters[i];
        to += s->characters[i] != dropped;
    }
    Str *result = str_from_ascii(t, block, (size_t)(to - block));
    block_free(t, block, s->length);
    return result ? object_value(result) : FAILED;
}

/* Texts of one length take each other's place. */
static Value replace_in_copy(Thread *t, Str *s, Str *old, Str *new, size_t most)
{
    int64_t at = str_find(s, old, 0, s->length);
    if (at < 0)
        return str_exact(t, s);
    Str *copy = str_new(t, s->length, 0x7f);
    if (!copy)
        return FAILED;
    if (old->length == 1 && most >= s->length) {
        char taken = old->characters[0], put = new->characters[0];
        for (size_t i = 0; i < s->length; i++)
            copy->characters[i] = s->characters[i] == taken ? put : s->characters[i];
        return object_value(copy);
    }
    memcpy(str_data(copy), str_data(s), s->length);
    for (; most-- > 0 && at >= 0; at = str_find(s, old, (size_t)at + old->length, s->length))
        memcpy(copy->characters + at, str_data(new), new->length);
    return object_value(copy);
}

/* How wide the widest character may be: 0 ASCII, 1 Latin-1, 2, 4. */
static unsigned class_of(const Str *s) { return s->is_ascii ? 0 : s->width; }

/* One character by another everywhere, where neither the one that goes nor the one that comes can change the width. */
static Value replace_character(Thread *t, Str *s, uint32_t old, uint32_t new)
{
    Str *copy = str_new(t, s->length, s->width == 1 ? 0xff : s->width == 2 ? 0xffff : UNICODE_MAX);
    if (!copy)
        return FAILED;
    for (size_t i = 0; s->width == 1 && i < s->length; i++) {
        uint8_t c = ((const uint8_t *)str_data(s))[i];
        ((uint8_t *)str_data(copy))[i] = c == old ? (uint8_t)new : c;
    }
    for (size_t i = 0; s->width == 2 && i < s->length; i++) {
        uint16_t c = ((const uint16_t *)str_data(s))[i];
        ((uint16_t *)str_data(copy))[i] = c == old ? (uint16_t)new : c;
    }
    for (size_t i = 0; s->width == 4 && i < s->length; i++) {
        uint32_t c = ((const uint32_t *)str_data(s))[i];
        ((uint32_t *)str_data(copy))[i] = c == old ? new : c;
    }
    return object_value(copy);
}

/* Any widths: put together in a block as wide as the wider of the two, then cut to what is really needed: what was taken out may have
 * been the widest of all. */
static Value replace_any(Thread *t, Str *s, Str *old, Str *new, size_t count)
{
    size_t length;
    if (!replaced_length(t, s, old, new, count, &length))
        return FAILED;
    if (length == 0)
        return retain(t->interp->empty_str);
    unsigned width = s->width > new->width ? s->width : new->width;
    char *block = block_alloc(t, length * width), *to = block;
    if (!block)
        return FAILED;
    size_t from = 0;
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)str_find(s, old, from, s->length);
        characters_copy(to, width, str_at(s, from), s->width, at - from);
        to += (at - from) * width;
        characters_copy(to, width, str_data(new), new->width, new->length);
        to += new->length * width;
        from = at + old->length;
    }
    characters_copy(to, width, str_at(s, from), s->width, s->length - from);
    uint32_t widest = characters_widest(block, width, length);
    Str *result;
    if (length == 1) {
        result = str_from_char(t, unicode_at(block, width, 0));
    } else {
        result = str_new(t, length, widest);
        if (result)
            characters_copy(str_data(result), result->width, block, width, length);
    }
    block_free(t, block, length * width);
    return result ? object_value(result) : FAILED;
}

/* An empty text is found before each character and at the end. */
static Value replace_empty(Thread *t, Str *s, Str *new, size_t count)
{
    StrBuilder out;
    str_builder_init(&out, t);
    for (size_t i = 0; i <= s->length && !out.has_failed; i++) {
        if (i < count)
            str_builder_add(&out, new);
        if (i < s->length)
            str_builder_add_char(&out, str_char(s, i));
    }
    return str_builder_finish(&out);
}

Value str_method_replace(Thread *t, Value self, const Value *args)
{
    int64_t most = -1;
    if (!str_argument(t, "replace", 1, args[0]) || !str_argument(t, "replace", 2, args[1]) || !arg_size(t, args[2], &most))
        return FAILED;
    Str *s = as_str(self), *old = as_str(args[0]), *new = as_str(args[1]);
    if (most == 0 || (old->length > s->length))
        return str_exact(t, s);
    if (old->length == new->length && old->length && s->is_ascii && new->is_ascii && s->length > 1)
        return replace_in_copy(t, s, old, new, most < 0 ? SIZE_MAX : (size_t)most);
    size_t count = str_count(s, old, 0, s->length);
    if (old->length == 1 && new->length == 0 && s->is_ascii && count > 0 && (most < 0 || (size_t)most >= count))
        return drop_character(t, s, old->characters[0], count);
    if (most > 0 && (size_t)most < count)
        count = (size_t)most;
    if (count == 0 || old == new)
        return str_exact(t, s);
    bool stays_as_wide = class_of(new) == class_of(s) || (class_of(new) < class_of(s) && class_of(old) < class_of(s));
    if (old->length == 1 && new->length == 1 && most < 0 && !s->is_ascii && s->length > 1 && stays_as_wide)
        return replace_character(t, s, str_char(old, 0), str_char(new, 0));
    if (old->length == 0)
        return replace_empty(t, s, new, count);
    return s->is_ascii && new->is_ascii ? replace_ascii(t, s, old, new, count) : replace_any(t, s, old, new, count);
}

/* ---- translate ---- */

/* What the table has for the character: UNBOUND and nothing raised when it has nothing. */
static Value look_up(Thread *t, Value table, uint32_t c)
{
    Value key = small_int_value(c), found = UNBOUND;
    if (is_kind(table, KIND_DICT))
        return dict_get(t, as_dict(table), key, &found) ? found : FAILED;
    found = value_get_item(t, table, key);
    if (failed(found) && raised_is(t, EXC_LookupError))
        raised_clear(t);
    return found;
}

static bool add_translation(Thread *t, StrBuilder *out, uint32_t c, TAKES Value found)
{
    bool is_good = true;
    if (is_unbound(found)) {
        if (is_raised(t))
            return false;
        str_builder_add_char(out, c);
    } else if (is_str(found)) {
        str_builder_add(out, as_str(found));
    } else if (is_int(found)) {
        int64_t n;
        if (int_fits_int64(found, &n) && n >= 0 && n <= 0x10ffff)
            str_builder_add_char(out, (uint32_t)n);
        else
            is_good = raise_false(t, EXC_ValueError, "character mapping must be in range(0x110000)");
    } else if (!is_none(found)) {
        is_good = raise_false(t, EXC_TypeError, "character mapping must return integer, None or str");
    }
    release(found);
    return is_good && !out->has_failed;
}

/* What an exact dict has for an ASCII character that becomes one ASCII character, stays, or goes. */
typedef enum Plain { PLAIN_NOT_ASKED = 0, PLAIN_DROPPED = 0xfe, PLAIN_NONE = 0xff } Plain;

static uint8_t plain_translation(Value found, uint32_t c)
{
    if (is_unbound(found))
        return c ? (uint8_t)c : PLAIN_NONE;
    if (is_none(found))
        return PLAIN_DROPPED;
    if (is_small_int(found))
        return small_int(found) > 0 && small_int(found) < 0x80 ? (uint8_t)small_int(found) : PLAIN_NONE;
    if (is_kind(found, KIND_STR) && as_str(found)->is_ascii && as_str(found)->length == 1 && as_str(found)->characters[0])
        return (uint8_t)as_str(found)->characters[0];
    return PLAIN_NONE;
}

/* Asked once for each ASCII character whose answer is plain, every time for all others. */
static bool translate_by_dict(Thread *t, Str *s, Dict *table, StrBuilder *out)
{
    enum { PIECE = 256 };
    uint8_t known[128] = {PLAIN_NOT_ASKED};
    char piece[PIECE];
    size_t length = 0;
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char(s, i);
        uint8_t plain = c < 0x80 ? known[c] : PLAIN_NONE;
        if (plain == PLAIN_NOT_ASKED || plain == PLAIN_NONE) {
            Value found = look_up(t, object_value(table), c);
            if (failed(found) && is_raised(t))
                return false;
            plain = c < 0x80 ? plain_translation(found, c) : PLAIN_NONE;
            if (plain == PLAIN_NONE) {
                str_builder_add_ascii(out, piece, length);
                length = 0;
                if (!add_translation(t, out, c, found))
                    return false;
            } else {
                release(found);
                known[c] = plain;
            }
        }
        if (plain >= 0x80)
            continue;
        if (length == PIECE) {
            str_builder_add_ascii(out, piece, length);
            length = 0;
        }
        piece[length++] = (char)plain;
    }
    str_builder_add_ascii(out, piece, length);
    return true;
}

static bool translate_by_asking(Thread *t, Str *s, Value table, StrBuilder *out)
{
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char(s, i);
        if (!add_translation(t, out, c, look_up(t, table, c)))
            return false;
    }
    return true;
}

Value str_method_translate(Thread *t, Value self, const Value *args)
{
    Str *s = as_str(self);
    StrBuilder out;
    str_builder_init(&out, t);
    if (is_kind(args[0], KIND_DICT) ? translate_by_dict(t, s, as_dict(args[0]), &out) : translate_by_asking(t, s, args[0], &out))
        return str_builder_finish(&out);
    str_builder_abandon(&out);
    return FAILED;
}

/* One entry of maketrans({...}): its key may be a character. */
static bool add_entry(Thread *t, Dict *table, Value key, Value v)
{
    if (is_int(key))
        return dict_set(t, table, key, v);
    if (!is_str(key))
        return raise_false(t, EXC_TypeError, "keys in translate table must be strings or integers");
    if (as_str(key)->length != 1)
        return raise_false(t, EXC_ValueError, "string keys in translate table must be of length 1");
    return dict_set(t, table, small_int_value(str_char(as_str(key), 0)), v);
}

static bool fill_from_dict(Thread *t, Dict *table, Value mapping)
{
    if (!is_kind(mapping, KIND_DICT))
        return raise_false(t, EXC_TypeError, "if you give only one argument to maketrans it must be a dict");
    size_t position = 0;
    for (Value key, v; dict_next(as_dict(mapping), &position, &key, &v);) {
        if (!add_entry(t, table, key, v))
            return false;
    }
    return true;
}

static bool fill_from_texts(Thread *t, Dict *table, const Value *args)
{
    if (!is_str(args[0]))
        return raise_false(t, EXC_TypeError, "first maketrans argument must be a string if there is a second argument");
    if (!str_argument(t, "maketrans", 2, args[1]) || (is_bound(args[2]) && !str_argument(t, "maketrans", 3, args[2])))
        return false;
    Str *from = as_str(args[0]), *to = as_str(args[1]), *dropped = is_bound(args[2]) ? as_str(args[2]) : NULL;
    if (from->length != to->length)
        return raise_false(t, EXC_ValueError, "the first two maketrans arguments must have equal length");
    for (size_t i = 0; i < from->length; i++) {
        if (!dict_set(t, table, small_int_value(str_char(from, i)), small_int_value(str_char(to, i))))
            return false;
    }
    for (size_t i = 0; dropped && i < dropped->length; i++) {
        if (!dict_set(t, table, small_int_value(str_char(dropped, i)), NONE))
            return false;
    }
    return true;
}

Value str_method_maketrans(Thread *t, Value self, const Value *args)
{
    Dict *table = dict_new(t);
    if (!table)
        return FAILED;
    if (is_unbound(args[1]) ? fill_from_dict(t, table, args[0]) : fill_from_texts(t, table, args))
        return object_value(table);
    object_release(table);
    return FAILED;
}

/* ---- padding ---- */

static bool read_fill(Thread *t, Value v, uint32_t *fill)
{
    *fill = ' ';
    if (is_unbound(v))
        return true;
    if (!is_str(v))
        return raise_false(t, EXC_TypeError, "The fill character must be a unicode character, not %T", v);
    if (as_str(v)->length != 1)
        return raise_false(t, EXC_TypeError, "The fill character must be exactly one character long");
    *fill = str_char(as_str(v), 0);
    return true;
}

static Value pad(Thread *t, Str *s, size_t left, size_t right, uint32_t fill)
{
    if (left == 0 && right == 0)
        return str_exact(t, s);
    if (s->is_ascii && fill < 0x80 && left <= STR_LENGTH_MAX && right <= STR_LENGTH_MAX) {
        Str *padded = str_new(t, left + s->length + right, 0x7f);
        if (!padded)
            return FAILED;
        memset(padded->characters, (int)fill, left);
        memcpy(padded->characters + left, s->characters, s->length);
        memset(padded->characters + left + s->length, (int)fill, right);
        return object_value(padded);
    }
    StrBuilder out;
    str_builder_init(&out, t);
    str_builder_add_repeated(&out, fill, left);
    str_builder_add(&out, s);
    str_builder_add_repeated(&out, fill, right);
    return str_builder_finish(&out);
}

typedef enum Side { SIDE_LEFT, SIDE_RIGHT, SIDE_BOTH } Side;

static Value justify(Thread *t, Value self, const Value *args, Side padded)
{
    int64_t width;
    uint32_t fill;
    Str *s = as_str(self);
    if (!arg_size(t, args[0], &width) || !read_fill(t, args[1], &fill))
        return FAILED;
    size_t padding = width > (int64_t)s->length ? (size_t)width - s->length : 0;
    if (padded == SIDE_BOTH) {
        size_t left = padding / 2 + (padding & (size_t)width & 1);
        return pad(t, s, left, padding - left, fill);
    }
    return padded == SIDE_LEFT ? pad(t, s, padding, 0, fill) : pad(t, s, 0, padding, fill);
}

Value str_method_center(Thread *t, Value self, const Value *args) { return justify(t, self, args, SIDE_BOTH); }
Value str_method_ljust(Thread *t, Value self, const Value *args) { return justify(t, self, args, SIDE_RIGHT); }
Value str_method_rjust(Thread *t, Value self, const Value *args) { return justify(t, self, args, SIDE_LEFT); }

Value str_method_zfill(Thread *t, Value self, const Value *args)
{
    int64_t width;
    Str *s = as_str(self);
    if (!arg_size(t, args[0], &width))
        return FAILED;
    if (width <= (int64_t)s->length)
        return str_exact(t, s);
    bool has_sign = s->length && (str_char(s, 0) == '+' || str_char(s, 0) == '-');
    if (!has_sign)
        return pad(t, s, (size_t)width - s->length, 0, '0');
    StrBuilder out;
    str_builder_init(&out, t);
    if (has_sign)
        str_builder_add_char(&out, str_char(s, 0));
    str_builder_add_repeated(&out, '0', (size_t)width - s->length);
    str_builder_add_slice(&out, s, has_sign, s->length);
    return str_builder_finish(&out);
}

Value str_method_expandtabs(Thread *t, Value self, const Value *args)
{
    int64_t tab_size = 8;
    Str *s = as_str(self);
    if (!arg_int64(t, args[0], &tab_size))
        return FAILED;
    if (tab_size > INT32_MAX || tab_size < INT32_MIN)
        return raise_error(t, EXC_OverflowError, "Python int too large to convert to C int");
    if (str_find(s, t->interp->one_char['\t'], 0, s->length) < 0)
        return str_exact(t, s);
    StrBuilder out;
    str_builder_init(&out, t);
    size_t column = 0;
    for (size_t i = 0; i < s->length && !out.has_failed; i++) {
        uint32_t c = str_char(s, i);
        if (c != '\t') {
            str_builder_add_char(&out, c);
            column = c == '\n' || c == '\r' ? 0 : column + 1;
        } else if (tab_size > 0) {
            size_t blanks = (size_t)tab_size - column % (size_t)tab_size;
            str_builder_add_repeated(&out, ' ', blanks);
            column += blanks;
        }
    }
    return str_builder_finish(&out);
}
