/* str_type.c - the type str as scripts see it: str(), operators, iteration.
 *
 * What        str_spec and str_iterator_spec.
 * How         Slots over the functions of str.c. str(v) asks v; str(bytes, encoding) decodes. An instance of a subclass is a copy of the text
 *             in a cell of that class.
 * Invariants  I1 results are plain strs, whatever subclass the operands are of.
 * GIL         held.
 * Read next   str_methods.c */
#include "vm/object/arguments.h"
#include "vm/object/buffer_view.h"
#include "vm/object/bytes.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/int.h"
#include "vm/object/iterators.h"
#include "vm/object/list.h"
#include "vm/object/percent.h"
#include "vm/object/protocol.h"
#include "vm/object/range.h"
#include "vm/object/str_methods.h"
#include "vm/object/text_arguments.h"

/* ---- str() ---- */

static Value decode_object(Thread *t, Value v, Value encoding_value, Value errors_value)
{
    const char *encoding, *errors;
    if (!name_argument(t, "str", "encoding", encoding_value, &encoding) || !name_argument(t, "str", "errors", errors_value, &errors))
        return FAILED;
    if (is_str(v))
        return raise_type_error(t, "decoding str is not supported");
    if (!value_has_buffer(t, v))
        return raise_type_error(t, "decoding to str: need a bytes-like object, %T found", v);
    if (!codec_names_exist(t, encoding, errors)) return FAILED;
    BufferView view;
    if (!buffer_get(t, v, &view, 0))
        return FAILED;
    Value s = view.length ? str_decode(t, (const char *)view.data, view.length, encoding, errors) : retain(t->interp->empty_str);
    buffer_release(t, &view);
    return s;
}

static Value str_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    static const char *const parameters[] = {"object", "encoding", "errors", NULL};
    static const Parameters signature = {"str", parameters, 0, 3, 0};
    Value slots[3] = {UNBOUND, UNBOUND, UNBOUND};
    if (LIKELY(!names && count == 1))
        slots[0] = args[0];
    else if (!arguments_count(t, "str", count, 0, 3) || !arguments_sort(t, &signature, args, count, names, slots))
        return FAILED;
    Value s;
    if (is_unbound(slots[0]))
        s = retain(t->interp->empty_str);
    else if (is_bound(slots[1]) || is_bound(slots[2]))
        s = decode_object(t, slots[0], slots[1], slots[2]);
    else
        s = value_str(t, slots[0]);
    if (LIKELY(type->kind == KIND_STR) || failed(s))
        return s;
    Str *from = as_str(s);
    Str *instance = str_new_of(t, type, from->length, from->is_ascii ? 0x7f : from->width == 1 ? 0xff : from->width == 2 ? 0xffff : 0x10ffff);
    if (instance)
        characters_copy(str_data(instance), instance->width, str_data(from), from->width, from->length);
    release(s);
    return instance ? object_value(instance) : FAILED;
}

/* ---- operators ---- */

static Value slot_add(Thread *t, Value left, Value right)
{
    if (!is_str(left))
        return NOT_IMPLEMENTED;
    if (LIKELY(is_str(right)))
        return str_concat(t, as_str(left), as_str(right));
    return sequence_add_other(t, left, right, slot_add, "can only concatenate str (not \"%T\") to str");
}

static Value repeat(Thread *t, Str *s, size_t count)
{
    size_t length;
    if (count == 1)
        return str_exact(t, s);
    if (count == 0 || s->length == 0)
        return retain(t->interp->empty_str);
    if (__builtin_mul_overflow(s->length, count, &length) || length > (size_t)PTRDIFF_MAX)
        return raise_error(t, EXC_OverflowError, "repeated string is too long");
    Str *result = str_new(t, length, s->is_ascii ? 0x7f : s->width == 1 ? 0xff : s->width == 2 ? 0xffff : 0x10ffff);
    if (!result)
        return FAILED;
    char *to = str_data(result);
    size_t unit = s->length * s->width, total = length * s->width;
    if (unit == 1) {
        memset(to, (unsigned char)s->characters[0], total);
        return object_value(result);
    }
    memcpy(to, str_data(s), unit);
    for (size_t done = unit; done < total; done *= 2)  /* what is there is copied behind itself */
        memcpy(to + done, to, done < total - done ? done : total - done);
    return object_value(result);
}

static Value slot_multiply(Thread *t, Value left, Value right)
{
    bool is_left = is_str(left);
    size_t count;
    Value result;
    if (!sequence_repeat_count(t, left, right, is_left, &count, &result))
        return FAILED;
    return is_bound(result) ? result : repeat(t, as_str(is_left ? left : right), count);
}

static Value slot_remainder(Thread *t, Value left, Value right)
{
    return is_str(left) ? percent_format(t, as_str(left), right) : NOT_IMPLEMENTED;
}

static Value slot_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (!is_str(self) || !is_str(other))
        return NOT_IMPLEMENTED;
    if (op == COMPARE_EQ || op == COMPARE_NE)
        return bool_value(str_equal(as_str(self), as_str(other)) == (op == COMPARE_EQ));
    return compare_by_order(str_order(as_str(self), as_str(other)), op);
}

static bool slot_hash(Thread *t, Value self, int64_t *hash)
{
    *hash = str_hash(t, as_str(self));
    return true;
}

static bool slot_length(Thread *t, Value self, size_t *length)
{
    *length = as_str(self)->length;
    return true;
}

static bool slot_contains(Thread *t, Value self, Value item, bool *found)
{
    if (!is_str(item))
        return raise_false(t, EXC_TypeError, "'in <string>' requires string as left operand, not %T", item);
    *found = str_contains(as_str(self), as_str(item));
    return true;
}

static Value slot_repr(Thread *t, Value self) { return str_repr(t, as_str(self), false); }
static Value slot_str(Thread *t, Value self) { return str_exact(t, as_str(self)); }

/* ---- subscripts ---- */

static Value get_slice(Thread *t, Str *s, Value slice)
{
    int64_t start, stop, step;
    size_t count;
    if (!slice_resolve(t, slice, s->length, &start, &stop, &step, &count))
        return FAILED;
    if (step == 1)
        return str_slice(t, s, (size_t)start, (size_t)start + count);
    uint32_t widest = 0;
    size_t at = (size_t)start, by = (size_t)step;     /* unsigned: the step behind the last may be any */
    for (size_t i = 0; i < count && !s->is_ascii; i++, at += by)
        widest |= str_char(s, at);
    if (count == 0)
        return retain(t->interp->empty_str);
    if (count == 1)
        return object_value(str_from_char(t, str_char(s, (size_t)start)));
    Str *result = str_new(t, count, s->is_ascii ? 0x7f : widest);
    if (!result)
        return FAILED;
    at = (size_t)start;
    if (s->is_ascii) {
        for (size_t i = 0; i < count; i++, at += by)
            result->characters[i] = s->characters[at];
        return object_value(result);
    }
    if (s->width == 2 && result->width == 2) {
        const uint16_t *from = str_data(s);
        uint16_t *to = str_data(result);
        for (size_t i = 0; i < count; i++, at += by)
            to[i] = from[at];
        return object_value(result);
    }
    for (size_t i = 0; i < count; i++, at += by)
        str_put(result, i, str_char(s, at));
    return object_value(result);
}

static Value slot_get_item(Thread *t, Value self, Value key)
{
    Str *s = as_str(self);
    int64_t i;
    if (is_kind(key, KIND_SLICE))
        return get_slice(t, s, key);
    if (LIKELY(is_small_int(key))) {
        i = small_int(key);
    } else {
        if (!is_int(key) && !value_type(t, key)->slots.index)
            return raise_type_error(t, "string indices must be integers, not '%T'", key);
        if (!value_to_index(t, key, &i))
            return FAILED;
    }
    if (i < 0)
        i += (int64_t)s->length;
    if (i < 0 || (size_t)i >= s->length)
        return raise_error(t, EXC_IndexError, "string index out of range");
    return object_value(str_from_char(t, str_char(s, (size_t)i)));
}

/* ---- iteration ---- */

static Value slot_iterate(Thread *t, Value self)
{
    StrIterator *iterator = (StrIterator *)heap_new(t, t->interp->types[KIND_STR_ITERATOR], sizeof *iterator);
    if (!iterator)
        return FAILED;
    iterator->str = (Str *)as_object(retain(self));
    return object_value(iterator);
}

static Value iterator_next(Thread *t, Value self)
{
    StrIterator *iterator = (StrIterator *)as_object(self);
    Str *s = iterator->str;
    if (!s)
        return END;
    if (LIKELY(iterator->next < s->length)) {
        uint32_t character = str_char(s, iterator->next++);
        return LIKELY(character <= 0xff) ? retain(object_value(t->interp->one_char[character])) : object_value(str_from_char(t, character));
    }
    iterator->str = NULL;
    object_release(s);
    return END;
}

static Value iterator_self(Thread *t, Value self) { return retain(self); }

static void iterator_free(Object *self)
{
    StrIterator *iterator = (StrIterator *)self;
    if (iterator->str)
        object_release(iterator->str);
}

static void iterator_traverse(Object *self, VisitFn visit, void *context)
{
    StrIterator *iterator = (StrIterator *)self;
    if (iterator->str)
        visit(&iterator->str->head, context);
}

static Value iterator_length_hint(Thread *t, Value self, const Value *args)
{
    StrIterator *iterator = (StrIterator *)as_object(self);
    return small_int_value(iterator->str ? (int64_t)(iterator->str->length - iterator->next) : 0);
}

static Value iterator_reduce(Thread *t, Value self, const Value *args)
{
    StrIterator *iterator = (StrIterator *)as_object(self);
    Value iter = iterator_builtin(t, "iter");
    if (!iterator->str)
        return iterator_reduction_by(t, iter, t->interp->empty_str, UNBOUND);
    return iterator_reduction_by(t, iter, object_value(iterator->str), small_int_value((int64_t)iterator->next));
}

static Value iterator_setstate(Thread *t, Value self, const Value *args)
{
    StrIterator *iterator = (StrIterator *)as_object(self);
    int64_t next;
    if (!arg_size(t, args[0], &next))
        return FAILED;
    if (iterator->str)
        iterator->next = next < 0 ? 0 : (size_t)next < iterator->str->length ? (size_t)next : iterator->str->length;
    return NONE;
}

static const NativeDef iterator_methods[] = {
    NATIVE("__length_hint__", iterator_length_hint, "($self, /)", 0, "How many characters are left."),
    NATIVE("__reduce__", iterator_reduce, "($self, /)", 0, "For copy and pickle."),
    NATIVE("__setstate__", iterator_setstate, "($self, object, /)", 0, "Go to this place."),
    NATIVE_END,
};

const TypeSpec str_iterator_spec = {
    .size = sizeof(StrIterator),
    .flags = TYPE_NO_NEW | TYPE_IS_FINAL | TYPE_IS_CONTAINER,
    .slots = {.iterate = iterator_self, .next = iterator_next},
    .methods = iterator_methods,
    .traverse = iterator_traverse,
    .free = iterator_free,
};

const TypeSpec str_spec = {
    .doc = "str(object='') -> str\nstr(bytes_or_buffer[, encoding[, errors]]) -> str\n\n"
           "The text of any object; or bytes decoded, as utf-8 unless said otherwise.",
    .size = offsetof(Str, characters),
    .flags = TYPE_IS_VARIABLE_SIZE | TYPE_MATCHES_SELF,
    .slots = {
        .repr = slot_repr, .str = slot_str, .hash = slot_hash, .compare = slot_compare, .new_instance = str_new_instance,
        .length = slot_length, .contains = slot_contains, .get_item = slot_get_item, .iterate = slot_iterate,
        .add = slot_add, .multiply = slot_multiply, .remainder = slot_remainder,
    },
    .methods = str_methods,
    .free = str_free,
    .size_of = str_size_of,
};
