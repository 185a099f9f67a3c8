/* iterate.c - loops, unpacking, slices and displays.
 *
 * What        See iterate.h.
 * How         Exact lists and tuples are read where they are; anything else goes through its iterator.
 * GIL         held.
 * Read next   eval_containers.h (FOR_ITER, UNPACK_SEQUENCE) */
#include "vm/run/iterate.h"

#include "vm/object/bytes.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/protocol.h"
#include "vm/object/set.h"
#include "vm/object/str.h"

bool iterate_ended(Thread *t)
{
    if (!raised_is(t, EXC_StopIteration)) return false;
    raised_clear(t);
    return true;
}

/* ---- items and slices ---- */

/* Of lists, tuples, bytes and bytearrays. */
NOINLINE static Value item_of_row(Object *o, int64_t at)
{
    const Value *items = NULL;
    const uint8_t *bytes = NULL;
    size_t count;
    switch (o->kind) {
    case KIND_LIST: items = ((List *)o)->items, count = ((List *)o)->count; break;
    case KIND_TUPLE: items = ((Tuple *)o)->items, count = ((Tuple *)o)->count; break;
    case KIND_BYTES: bytes = ((Bytes *)o)->data, count = ((Bytes *)o)->length; break;
    case KIND_BYTEARRAY: bytes = ((ByteArray *)o)->data, count = ((ByteArray *)o)->length; break;
    default: return UNBOUND;
    }
    if (at < 0) at += (int64_t)count;
    if ((uint64_t)at >= count) return UNBOUND;
    return items ? retain(items[at]) : small_int_value(bytes[at]);
}

Value iterate_item(Thread *t, Value container, Value key)
{
    if (UNLIKELY(!is_object(container))) return UNBOUND;
    Object *o = as_object(container);
    if (o->kind == KIND_DICT) return dict_get_plainly((Dict *)o, key);
    if (UNLIKELY(!is_small_int(key))) return UNBOUND;
    int64_t at = small_int(key);
    if (o->kind != KIND_STR) return item_of_row(o, at);
    const Str *s = (const Str *)o;
    if (at < 0) at += (int64_t)s->length;
    if ((uint64_t)at >= s->length) return UNBOUND;
    uint32_t character = str_char(s, (size_t)at);
    if (UNLIKELY(character > 0xff)) return UNBOUND;       /* only those of Latin-1 are there already, immortal */
    return object_value(t->interp->one_char[character]);
}

int iterate_truth(Value v)
{
    if (is_none(v)) return 0;
    if (!is_object(v)) return -1;
    switch (as_object(v)->kind) {
    case KIND_LIST: return as_list(v)->count > 0;
    case KIND_TUPLE: return as_tuple(v)->count > 0;
    case KIND_STR: return as_str(v)->length > 0;
    case KIND_DICT: return dict_length(as_dict(v)) > 0;
    default: return -1;
    }
}

NOINLINE static int contains_by_type(Thread *t, Value container, Value item)
{
    bool found;
    return value_contains(t, container, item, &found) ? found : -1;
}

int iterate_contains(Thread *t, Value container, Value item)
{
    if (UNLIKELY(!is_object(container))) return contains_by_type(t, container, item);
    switch (as_object(container)->kind) {
    case KIND_STR: return LIKELY(is_kind(item, KIND_STR)) ? str_contains(as_str(container), as_str(item)) : contains_by_type(t, container, item);
    case KIND_DICT: return dict_holds(t, as_dict(container), item);
    case KIND_SET:
    case KIND_FROZENSET:      /* a set may be asked for as the frozenset that is equal to it */
        return LIKELY(!has_payload(item, KIND_SET)) ? set_holds(t, as_set(container), item) : contains_by_type(t, container, item);
    default: return contains_by_type(t, container, item);
    }
}

/* Containers that only read a slice: for them it need not be an object of the heap, but may lie on the C stack. */
static bool only_reads_slices(Value object)
{
    if (!is_object(object)) return false;
    enum Kind kind = as_object(object)->kind;
    return kind == KIND_LIST || kind == KIND_STR || kind == KIND_TUPLE || kind == KIND_BYTES || kind == KIND_BYTEARRAY || kind == KIND_RANGE ||
           kind == KIND_MEMORYVIEW;
}

static Slice slice_on_stack(Thread *t, Value start, Value stop, Value step)
{
    return (Slice){{.count = COUNT_IMMORTAL, .kind = KIND_SLICE, .solid = KIND_SLICE, .type = kind_type(t, KIND_SLICE)}, start, stop, step};
}

/* Neither end of a slice may change the list before both are known, as an __index__ can: then its length counts as it is afterwards. */
static inline bool is_plain_bound(Value v) { return is_small_int(v) || is_none(v); }

Value iterate_get_slice(Thread *t, Value object, Value start, Value stop)
{
    size_t from, to;
    if (is_kind(object, KIND_LIST) && is_plain_bound(start) && is_plain_bound(stop))
        return slice_bounds(t, start, stop, as_list(object)->count, &from, &to) ? list_slice(t, as_list(object), from, to) : FAILED;
    if (is_kind(object, KIND_STR)) {
        if (!slice_bounds(t, start, stop, as_str(object)->length, &from, &to)) return FAILED;
        return str_slice(t, as_str(object), from, to);
    }
    if (is_kind(object, KIND_TUPLE)) {
        if (!slice_bounds(t, start, stop, as_tuple(object)->count, &from, &to)) return FAILED;
        if (from == 0 && to == as_tuple(object)->count) return retain(object);
        return object_value(tuple_from_values(t, as_tuple(object)->items + from, to > from ? to - from : 0));
    }
    if (is_kind(object, KIND_BYTES)) {
        if (!slice_bounds(t, start, stop, as_bytes(object)->length, &from, &to)) return FAILED;
        if (from == 0 && to == as_bytes(object)->length) return retain(object);
        Bytes *part = bytes_from(t, as_bytes(object)->data + from, to > from ? to - from : 0);
        return part ? object_value(part) : FAILED;
    }
    return iterate_get_stepped_slice(t, object, start, stop, NONE);
}

Value iterate_get_stepped_slice(Thread *t, Value object, Value start, Value stop, Value step)
{
    if (is_kind(object, KIND_LIST)) {
        Slice slice = slice_on_stack(t, start, stop, step);
        return list_get_item(t, as_list(object), object_value(&slice));
    }
    if (only_reads_slices(object)) {
        Slice slice = slice_on_stack(t, start, stop, step);
        return value_get_item(t, object, object_value(&slice));
    }
    Value slice = slice_new(t, start, stop, step);
    if (failed(slice)) return FAILED;
    Value v = value_get_item(t, object, slice);
    release(slice);
    return v;
}

bool iterate_set_slice(Thread *t, Value object, Value start, Value stop, Value value)
{
    size_t from, to;
    if (is_kind(object, KIND_LIST) && is_plain_bound(start) && is_plain_bound(stop)) {
        List *list = as_list(object);
        if (!slice_bounds(t, start, stop, list->count, &from, &to)) return false;
        bool is_unshared = is_kind(value, KIND_LIST) && as_list(value)->head.count == 1;
        if (!is_unshared || from > to || as_list(value)->count != to - from) return list_set_slice(t, list, from, to, value);
        list_exchange_slice(list, from, as_list(value));      /* the old items die with it */
        return true;
    }
    if (only_reads_slices(object)) {
        Slice slice = slice_on_stack(t, start, stop, NONE);
        return value_set_item(t, object, object_value(&slice), value);
    }
    Value slice = slice_new(t, start, stop, NONE);
    if (failed(slice)) return false;
    bool done = value_set_item(t, object, slice, value);
    release(slice);
    return done;
}

/* ---- displays ---- */

Value iterate_build_set(Thread *t, const Value *items, size_t count)
{
    Set *set = set_new(t, KIND_SET);
    for (size_t i = 0; set && i < count; i++) {
        if (set_add(t, set, items[i])) continue;
        object_release(set);
        set = NULL;
    }
    return object_value(set);
}

Value iterate_build_map(Thread *t, const Value *pairs, size_t count)
{
    Dict *dict = dict_new_sized(t, count);
    for (size_t i = 0; dict && i < count; i++) {
        if (dict_set(t, dict, pairs[2 * i], pairs[2 * i + 1])) continue;
        object_release(dict);
        dict = NULL;
    }
    return object_value(dict);
}

bool iterate_extend(Thread *t, List *list, Value iterable)
{
    if (list_extend(t, list, iterable)) return true;
    if (raised_is(t, EXC_TypeError) && !value_is_iterable(t, iterable)) {
        raised_clear(t);
        raise_type_error(t, "Value after * must be an iterable, not %T", iterable);
    }
    return false;
}

bool iterate_update(Thread *t, Dict *dict, Value mapping)
{
    if (is_dict(mapping)) return dict_update(t, dict, mapping);
    Value keys = value_find_attribute(t, mapping, NAME_OF(t, keys));
    if (is_unbound(keys)) {
        if (!is_raised(t)) raise_type_error(t, "'%T' object is not a mapping", mapping);
        return false;
    }
    release(keys);
    return dict_update(t, dict, mapping);
}

/* ---- unpacking ---- */

static bool raise_not_iterable(Thread *t, Value v)
{
    if (raised_is(t, EXC_TypeError) && !value_is_iterable(t, v)) {
        raised_clear(t);
        raise_type_error(t, "cannot unpack non-iterable %T object", v);
    }
    return false;
}

/* Items in a row: of a list or tuple. NULL: it is something else. */
static const Value *row_of(Value v, size_t *count)
{
    if (is_kind(v, KIND_TUPLE)) return *count = as_tuple(v)->count, as_tuple(v)->items;
    if (is_kind(v, KIND_LIST)) return *count = as_list(v)->count, as_list(v)->items ? as_list(v)->items : (const Value *)v.bits;
    return NULL;
}

bool iterate_unpack(Thread *t, Value iterable, Value *out, size_t count)
{
    size_t there;
    const Value *row = row_of(iterable, &there);
    if (row) {
        if (there < count) return raise_false(t, EXC_ValueError, "not enough values to unpack (expected %zu, got %zu)", count, there);
        if (there > count) return raise_false(t, EXC_ValueError, "too many values to unpack (expected %zu)", count);
        for (size_t i = 0; i < count; i++) out[count - 1 - i] = retain(row[i]);
        return true;
    }
    Value iterator = value_iterate(t, iterable);
    if (failed(iterator)) return raise_not_iterable(t, iterable);
    size_t got = 0;
    Value v = UNBOUND;
    while (got < count) {
        v = value_next(t, iterator);
        if (failed(v) || is_end(v)) break;
        out[count - 1 - got++] = v;
    }
    bool done = got == count;
    if (!done && is_end(v)) raise_value_error(t, "not enough values to unpack (expected %zu, got %zu)", count, got);
    if (done) {
        v = value_next(t, iterator);
        done = is_end(v);
        if (!done && !failed(v)) {
            release(v);
            raise_value_error(t, "too many values to unpack (expected %zu)", count);
        }
    }
    release(iterator);
    if (!done)
        while (got > 0) release(out[count - got--]);
    return done;
}

/* The items of a row in their places, those between [before] and [after] in a list of their own. */
static bool unpack_row(Thread *t, const Value *row, size_t there, Value *out, size_t before, size_t after)
{
    if (there < before + after)
        return raise_false(t, EXC_ValueError, "not enough values to unpack (expected at least %zu, got %zu)", before + after, there);
    size_t rest = there - before - after;
    List *middle = list_from_values(t, row + before, rest);
    if (!middle) return false;
    for (size_t i = 0; i < after; i++) out[after - 1 - i] = retain(row[before + rest + i]);
    out[after] = object_value(middle);
    for (size_t i = 0; i < before; i++) out[after + before - i] = retain(row[i]);
    return true;
}

bool iterate_unpack_starred(Thread *t, Value iterable, Value *out, size_t before, size_t after)
{
    size_t there;
    const Value *row = row_of(iterable, &there);
    if (row) return unpack_row(t, row, there, out, before, after);
    List *all = list_from_iterable(t, iterable);
    if (!all) return raise_not_iterable(t, iterable);
    bool done = unpack_row(t, all->items, all->count, out, before, after);
    object_release(all);
    return done;
}
