/* tuple.c - tuple: an immutable row of values.
 *
 * What        Making tuples, and tuple as scripts see it.
 * How         The items lie in the object, so a tuple is one allocation. The empty tuple is shared.
 * Invariants  I1 nobody sees a tuple before all its items are bound; after that only its end changes it.
 * GIL         held.
 * Read next   list.c, sequence_iterators.c */
#include "vm/base/hash.h"
#include "vm/object/arguments.h"
#include "vm/object/dict_keys.h"
#include "vm/object/exception.h"
#include "vm/object/generic_alias.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/range.h"
#include "vm/object/str.h"

/* ---- making ---- */

static size_t size_for(size_t count)
{
    return sizeof(Tuple) + count * sizeof(Value);
}

static Tuple *shared_empty(Thread *t)
{
    return as_tuple(retain(t->interp->empty_tuple));
}

Tuple *tuple_new(Thread *t, size_t count)
{
    if (count == 0 && is_bound(t->interp->empty_tuple))
        return shared_empty(t);
    if (count > (INT64_MAX - sizeof(Tuple)) / sizeof(Value))
        return raise_memory_error(t), NULL;
    Tuple *tuple = (Tuple *)heap_new(t, kind_type(t, KIND_TUPLE), size_for(count));
    if (tuple)
        tuple->count = count;
    return tuple;
}

/* A tuple whose items the caller binds at once: they are whatever lay there before. */
static inline Tuple *tuple_new_raw(Thread *t, size_t count)
{
    if (count - 1 >= (HEAP_SMALL_MAX - sizeof(Tuple)) / sizeof(Value))   /* none, or many */
        return tuple_new(t, count);
    Tuple *tuple = (Tuple *)heap_new_quick(t, t->interp->types[KIND_TUPLE], size_for(count));
    if (LIKELY(tuple != NULL))
        tuple->count = count;
    return tuple;
}

Tuple *tuple_from_values(Thread *t, const Value *items, size_t count)
{
    Tuple *tuple = tuple_new_raw(t, count);
    for (size_t i = 0; tuple && i < count; i++)
        tuple->items[i] = retain(items[i]);
    return tuple;
}

Tuple *tuple_take_values(Thread *t, TAKES Value *items, size_t count)
{
    Tuple *tuple = tuple_new_raw(t, count);
    if (UNLIKELY(!tuple)) {
        while (count-- > 0)
            release(items[count]);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        tuple->items[i] = items[i];
    return tuple;
}

Tuple *tuple_from_iterable(Thread *t, Value iterable)
{
    if (is_kind(iterable, KIND_TUPLE))
        return as_tuple(retain(iterable));
    if (is_kind(iterable, KIND_LIST))
        return tuple_from_values(t, as_list(iterable)->items, as_list(iterable)->count);
    List *list = list_from_iterable(t, iterable);
    if (!list)
        return NULL;
    Tuple *tuple = tuple_take_values(t, list->items, list->count);
    list->count = 0;   /* taken over, also after a failure */
    object_release(list);
    return tuple;
}

Value tuple_pack2(Thread *t, Value a, Value b)
{
    Value items[] = {a, b};
    return object_value(tuple_from_values(t, items, 2));
}

static Value tuple_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    if (!arguments_no_keywords_for(t, type, KIND_TUPLE, "tuple", names))
        return FAILED;
    if (!arguments_count(t, "tuple", count, 0, 1))
        return FAILED;
    Tuple *items = count == 0 ? shared_empty(t) : tuple_from_iterable(t, args[0]);
    if (!items || type->kind == KIND_TUPLE)
        return object_value(items);
    Tuple *tuple = (Tuple *)type_alloc_sized(t, type, size_for(items->count));
    if (tuple) {
        for (size_t i = 0; i < items->count; i++)
            tuple->items[i] = retain(items->items[i]);
        tuple->count = items->count;
    }
    object_release(items);
    return object_value(tuple);
}

static size_t tuple_size_of(Object *self)
{
    return size_for(((Tuple *)self)->count);
}

static void tuple_traverse(Object *self, VisitFn visit, void *context)
{
    Tuple *tuple = (Tuple *)self;
    for (size_t i = 0; i < tuple->count; i++)
        visit_value(tuple->items[i], visit, context);
}

static void tuple_free(Object *self)
{
    Tuple *tuple = (Tuple *)self;
    for (size_t i = tuple->count; i-- > 0; )
        release(tuple->items[i]);   /* nobody sees the place any more: heap.c I4 */
}

/* ---- items ---- */

static Value get_slice(Thread *t, Tuple *tuple, Value key)
{
    int64_t start, stop, step;
    size_t count;
    if (!slice_resolve(t, key, tuple->count, &start, &stop, &step, &count))
        return FAILED;
    if (step == 1 && count == tuple->count && tuple->head.kind == KIND_TUPLE)
        return retain(object_value(tuple));
    Tuple *part = tuple_new_raw(t, count);
    for (size_t i = 0; part && i < count; i++)
        part->items[i] = retain(tuple->items[start + (int64_t)i * step]);
    return object_value(part);
}

Value tuple_get_item(Thread *t, Tuple *tuple, Value key)
{
    if (is_small_int(key) && (uint64_t)small_int(key) < tuple->count)
        return retain(tuple->items[small_int(key)]);
    if (has_payload(key, KIND_SLICE))
        return get_slice(t, tuple, key);
    if (!is_small_int(key) && !value_type(t, key)->slots.index)
        return raise_type_error(t, "tuple indices must be integers or slices, not %T", key);
    int64_t index;
    if (!value_to_index(t, key, &index))
        return FAILED;
    if (index < 0)
        index += (int64_t)tuple->count;
    if (UNLIKELY(index < 0 || (size_t)index >= tuple->count))
        return raise_error(t, EXC_IndexError, "tuple index out of range");
    return retain(tuple->items[index]);
}

static Value tuple_get_item_slot(Thread *t, Value self, Value key)
{
    return tuple_get_item(t, as_tuple(self), key);
}

/* ---- other slots ---- */

static Value tuple_repr(Thread *t, Value self)
{
    Tuple *tuple = as_tuple(self);
    if (tuple->count == 0)
        return object_value(str_from_ascii(t, "()", 2));
    bool is_first;
    if (!repr_enter(t, self, &is_first))
        return FAILED;
    if (!is_first)
        return object_value(str_from_ascii(t, "(...)", 5));
    StrBuilder builder;
    str_builder_init(&builder, t);
    for (size_t i = 0; i < tuple->count && !builder.has_failed; i++) {
        str_builder_add_text(&builder, i == 0 ? "(" : ", ");
        Value text = value_repr(t, tuple->items[i]);
        if (failed(text)) {
            str_builder_abandon(&builder);
            repr_leave(t, self);
            return FAILED;
        }
        str_builder_add(&builder, as_str(text));
        release(text);
    }
    str_builder_add_text(&builder, tuple->count == 1 ? ",)" : ")");
    repr_leave(t, self);
    return str_builder_finish(&builder);
}

static bool tuple_hash(Thread *t, Value self, int64_t *hash)
{
    Tuple *tuple = as_tuple(self);
    uint64_t state = hash_tuple_begin();
    for (size_t i = 0; i < tuple->count; i++) {
        int64_t item_hash;
        if (!key_hash(t, tuple->items[i], &item_hash))
            return false;
        state = hash_tuple_add(state, item_hash);
    }
    *hash = hash_tuple_end(state, tuple->count);
    return true;
}

static bool tuple_length(Thread *t, Value self, size_t *length)
{
    (void)t;
    *length = as_tuple(self)->count;
    return true;
}

static Value tuple_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (!is_tuple(other))
        return NOT_IMPLEMENTED;
    Tuple *a = as_tuple(self), *b = as_tuple(other);
    size_t shorter = a->count < b->count ? a->count : b->count;
    for (size_t i = 0; i < shorter; i++) {
        Value x = a->items[i], y = b->items[i];
        if (is_same(x, y))
            continue;
        bool equal = false;
        if (!are_small_ints(x, y) && !value_equal(t, x, y, &equal))
            return FAILED;
        if (!equal)
            return op == COMPARE_EQ ? FALSE : op == COMPARE_NE ? TRUE : value_compare(t, x, y, op);
    }
    return compare_by_order((a->count > b->count) - (a->count < b->count), op);
}

static bool tuple_contains(Thread *t, Value self, Value item, bool *found)
{
    Tuple *tuple = as_tuple(self);
    *found = false;
    for (size_t i = 0; i < tuple->count && !*found; i++) {
        if (!value_equal(t, tuple->items[i], item, found))
            return false;
    }
    return true;
}

static Value tuple_add(Thread *t, Value left, Value right)
{
    if (!is_tuple(left))
        return NOT_IMPLEMENTED;
    if (!is_tuple(right))
        return sequence_add_other(t, left, right, tuple_add, "can only concatenate tuple (not \"%T\") to tuple");
    Tuple *a = as_tuple(left), *b = as_tuple(right);
    if (a->count == 0 && is_kind(right, KIND_TUPLE))
        return retain(right);
    if (b->count == 0 && is_kind(left, KIND_TUPLE))
        return retain(left);
    Tuple *sum = tuple_new_raw(t, a->count + b->count);
    if (!sum)
        return FAILED;
    for (size_t i = 0; i < a->count; i++)
        sum->items[i] = retain(a->items[i]);
    for (size_t i = 0; i < b->count; i++)
        sum->items[a->count + i] = retain(b->items[i]);
    return object_value(sum);
}

static Value tuple_multiply(Thread *t, Value left, Value right)
{
    bool is_left = is_tuple(left);
    size_t times, total;
    Value answer;
    if (!sequence_repeat_count(t, left, right, is_left, &times, &answer))
        return FAILED;
    if (is_bound(answer))
        return answer;
    Tuple *tuple = as_tuple(is_left ? left : right);
    if (times == 1 && tuple->head.kind == KIND_TUPLE)
        return retain(object_value(tuple));
    if (__builtin_mul_overflow(tuple->count, times, &total))
        return raise_memory_error(t);
    Tuple *product = tuple_new(t, total);
    if (product && total > 0)
        values_repeat(product->items, tuple->items, tuple->count, times);
    return object_value(product);
}

/* ---- methods ---- */

static Value index_method(Thread *t, Value self, const Value *args)
{
    Tuple *tuple = as_tuple(self);
    size_t start, stop;
    if (!slice_search_bounds(t, args[1], args[2], tuple->count, &start, &stop))
        return FAILED;
    for (size_t i = start; i < stop && i < tuple->count; i++) {
        bool equal;
        if (!value_equal(t, tuple->items[i], args[0], &equal))
            return FAILED;
        if (equal)
            return small_int_value((int64_t)i);
    }
    return raise_value_error(t, "tuple.index(x): x not in tuple");
}

static Value count_method(Thread *t, Value self, const Value *args)
{
    Tuple *tuple = as_tuple(self);
    int64_t count = 0;
    for (size_t i = 0; i < tuple->count; i++) {
        bool equal;
        if (!value_equal(t, tuple->items[i], args[0], &equal))
            return FAILED;
        count += equal;
    }
    return small_int_value(count);
}

static Value getnewargs(Thread *t, Value self, const Value *args)
{
    (void)args;
    Tuple *plain = tuple_from_values(t, as_tuple(self)->items, as_tuple(self)->count);
    if (!plain)
        return FAILED;
    Value item = object_value(plain);
    return object_value(tuple_take_values(t, &item, 1));
}

static const NativeDef tuple_methods[] = {
    NATIVE("__getnewargs__", getnewargs, "($self, /)", NATIVE_LEAF, NULL),
    NATIVE("index", index_method, "($self, value, start=0, stop=sys.maxsize, /)", 0,
           "The index of the first item that is equal to value.\n\nValueError if there is none."),
    NATIVE("count", count_method, "($self, value, /)", 0, "How many items are equal to value."),
    CLASS_GET_ITEM_ROW,
    NATIVE_END,
};

const TypeSpec tuple_spec = {
    .doc =
        "Items in a row that never changes.\n\nWithout an argument, the empty tuple; else a tuple of what the iterable yields.\nA tuple as argument "
        "is returned itself.",
    .signature = "(iterable=(), /)",
    .size = sizeof(Tuple),
    .flags = TYPE_IS_CONTAINER | TYPE_IS_SEQUENCE | TYPE_MATCHES_SELF | TYPE_IS_VARIABLE_SIZE,
    .slots = {
        .repr = tuple_repr, .hash = tuple_hash, .compare = tuple_compare, .iterate = tuple_iterator_new,
        .new_instance = tuple_new_instance, .length = tuple_length, .get_item = tuple_get_item_slot,
        .contains = tuple_contains, .add = tuple_add, .multiply = tuple_multiply,
    },
    .methods = tuple_methods,
    .traverse = tuple_traverse, .clear = NULL, .free = tuple_free,
    .size_of = tuple_size_of,
};
