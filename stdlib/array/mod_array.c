/* mod_array.c - array: sequences of numbers or characters, stored as C stores them.
 *
 * What        The type array and its iterator. What a list can do and a type code allows, and a buffer that others write into.
 * How         One block that grows by half when it is full. Every change of the length goes through array_resize, which is where exports are
 *             respected.
 * Invariants  I1, I2 of array.h.
 * GIL         held; tofile and fromfile call the file's methods.
 * Read next   array_items.c, array_pickle.c, array_methods.c */
#include "stdlib/array/array.h"
#include "stdlib/array/array_methods.h"

/* ---- the block ---- */

bool array_resize(ToyThread *t, Array *array, size_t length)
{
    if (array->exports && length != array->length) return toy_raise_false(t, TOY_BufferError, "cannot resize an array that is exporting buffers");
    size_t size = array->item->size, capacity = array->capacity;
    if (length > PTRDIFF_MAX / size) return (toy_raise_memory_error(t), false);
    if (length > capacity || length < capacity / 2) {
        capacity = length > array->length ? length + length / 8 + (length < 9 ? 3 : 6) : length;
        uint8_t *data = capacity ? toy_resize(t, array->data, array->capacity * size, capacity * size) : NULL;
        if (capacity && !data) return false;
        if (!capacity && array->data) toy_free(t, array->data, array->capacity * size);
        array->data = data;
        array->capacity = capacity;
    }
    array->length = length;
    return true;
}

Array *array_new(ToyThread *t, ToyType *type, const ItemType *item, size_t length)
{
    Array *array = (Array *)toy_type_alloc(t, type);
    if (!array) return NULL;
    array->item = item;
    if (!length || array_resize(t, array, length)) return array;
    toy_release(toy_value(array));
    return NULL;
}

static void array_free(ToyObject *self)
{
    Array *array = (Array *)self;
    if (array->data) toy_free(toy_thread(), array->data, array->capacity * array->item->size);
}

/* ---- making ---- */

bool array_add_bytes(ToyThread *t, Array *array, ToyValue bytes_like)
{
    ToyBuffer buffer;
    if (!toy_buffer_get(t, bytes_like, &buffer, 0)) return false;
    size_t size = array->item->size, before = array->length;
    bool done = buffer.item_size == 1 || toy_raise_false(t, TOY_TypeError, "a bytes-like object is required");
    done = done && (buffer.length % size == 0 || toy_raise_false(t, TOY_ValueError, "bytes length not a multiple of item size"));
    done = done && array_resize(t, array, before + buffer.length / size);
    if (done && buffer.length) memcpy(array_at(array, before), buffer.data, buffer.length);
    toy_buffer_release(t, &buffer);
    return done;
}

bool array_add_text(ToyThread *t, Array *array, ToyValue str)
{
    size_t before = array->length, count = toy_str_length(str);
    if (!array_resize(t, array, before + count)) return false;
    for (size_t i = 0; i < count; i++) {
        uint32_t character = toy_str_char(str, i);
        memcpy(array_at(array, before + i), &character, sizeof character);
    }
    return true;
}

bool array_add_item(ToyThread *t, ToyValue v, void *context)
{
    Array *array = context;
    uint8_t bytes[ITEM_BYTES_MAX];
    if (!array_convert_item(t, array->item, v, bytes) || !array_resize(t, array, array->length + 1)) return false;
    memcpy(array_at(array, array->length - 1), bytes, array->item->size);
    return true;
}

static bool check_initializer(ToyThread *t, const ItemType *item, ToyValue v)
{
    if (item->kind == ARRAY_CHARACTER) return true;
    if (toy_is_str(v)) return toy_raise_false(t, TOY_TypeError, "cannot use a str to initialize an array with typecode '%c'", item->code);
    if (is_array(t, v) && as_array(v)->item->kind == ARRAY_CHARACTER)
        return toy_raise_false(t, TOY_TypeError, "cannot use a unicode array to initialize an array with typecode '%c'", item->code);
    return true;
}

/* Lists and tuples have a length that is known; anything else is iterated over. */
static bool add_all(ToyThread *t, Array *array, ToyValue from)
{
    if (toy_is_str(from)) return array_add_text(t, array, from);
    if (toy_is_bytes(from) || toy_is_bytearray(from)) return array_add_bytes(t, array, from);
    if (is_array(t, from) && as_array(from)->item == array->item) {
        size_t length = as_array(from)->length;
        if (!array_resize(t, array, length)) return false;
        if (length) memcpy(array->data, as_array(from)->data, length * array->item->size);
        return true;
    }
    return toy_for_each(t, from, array_add_item, array);
}

ToyValue array_make(ToyThread *t, ToyType *type, const ItemType *item, ToyValue from)
{
    if (item->code == 'u' &&
        !toy_warn(t, TOY_DeprecationWarning, 1, "The 'u' type code is deprecated and will be removed in Python 3.16"))
        return TOY_FAILED;
    if (toy_is_bound(from) && !check_initializer(t, item, from)) return TOY_FAILED;
    Array *array = array_new(t, type, item, 0);
    if (!array || toy_is_unbound(from) || add_all(t, array, from)) return toy_value(array);
    toy_release(toy_value(array));
    return TOY_FAILED;
}

static ToyValue array_new_instance(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    ArrayState *state = toy_type_state(type);
    if (type == state->array && !toy_arguments_no_keywords(t, "array.array", names)) return TOY_FAILED;
    if (count < 1) return toy_raise_type_error(t, "array() takes at least 1 argument (0 given)");
    if (count > 2) return toy_raise_type_error(t, "array() takes at most 2 arguments (%zu given)", count);
    if (!toy_is_str(args[0]) || toy_str_length(args[0]) != 1)
        return toy_raise_type_error(t, "array() argument 1 must be a unicode character, not %T", args[0]);
    const ItemType *item = array_item_type(toy_str_char(args[0], 0));
    if (!item) return toy_raise_value_error(t, "bad typecode (must be b, B, u, h, H, i, I, l, L, q, Q, f or d)");
    return array_make(t, type, item, count > 1 ? args[1] : TOY_UNBOUND);
}

/* ---- items and slices ---- */

ToyValue array_to_list(ToyThread *t, const Array *array)
{
    ToyValue list = toy_list(t);
    for (size_t i = 0; !toy_failed(list) && i < array->length; i++)
        if (!toy_list_append_take(t, list, array_read_item(t, array->item, array_at(array, i)))) toy_clear(&list);
    return list;
}

static bool array_length(ToyThread *t, ToyValue self, size_t *length) { return (*length = as_array(self)->length, true); }

static bool is_slice(ToyThread *t, ToyValue v) { return toy_is_a(t, v, toy_builtin_type(t, TOY_KIND_SLICE)); }

/* The place that the key means, not yet compared with the length, which __index__ may change. */
static bool read_index(ToyThread *t, const Array *array, ToyValue key, int64_t *index)
{
    if (!toy_is_int(key)) {
        ToyValue method = toy_find_special(t, key, "__index__");
        if (toy_is_unbound(method)) return toy_is_raised(t) ? false : toy_raise_false(t, TOY_TypeError, "array indices must be integers");
        toy_release(method);
    }
    if (!toy_arg_size(t, key, index)) {
        if (!toy_raised_is(t, TOY_OverflowError)) return false;
        toy_raised_clear(t);
        return toy_raise_false(t, TOY_IndexError, "cannot fit '%T' into an index-sized integer", key);
    }
    if (*index < 0) *index += (int64_t)array->length;
    return true;
}

static ToyValue get_slice(ToyThread *t, const Array *array, ToyValue key)
{
    int64_t start, stop, step;
    size_t count, size = array->item->size;
    if (!toy_slice_resolve(t, key, &array->length, &start, &stop, &step, &count)) return TOY_FAILED;
    Array *slice = array_new(t, ((ArrayState *)toy_type_state(array->head.type))->array, array->item, count);
    for (size_t i = 0; slice && i < count; i++) memcpy(array_at(slice, i), array_at(array, (size_t)(start + (int64_t)i * step)), size);
    return toy_value(slice);
}

static ToyValue array_get_item(ToyThread *t, ToyValue self, ToyValue key)
{
    Array *array = as_array(self);
    int64_t index;
    if (is_slice(t, key)) return get_slice(t, array, key);
    if (!read_index(t, array, key, &index)) return TOY_FAILED;
    if (index < 0 || (size_t)index >= array->length) return toy_raise(t, TOY_IndexError, "array index out of range");
    return array_read_item(t, array->item, array_at(array, (size_t)index));
}

/* [length] items at [at] make place for [new_length]. */
static bool replace_range(ToyThread *t, Array *array, size_t at, size_t length, const uint8_t *items, size_t new_length)
{
    size_t size = array->item->size, behind = array->length - at - length, total = array->length - length + new_length;
    if (array->exports && new_length != length) return array_resize(t, array, total);
    if (new_length < length) memmove(array_at(array, at + new_length), array_at(array, at + length), behind * size);
    if (!array_resize(t, array, total)) return false;
    if (new_length > length && behind) memmove(array_at(array, at + new_length), array_at(array, at + length), behind * size);
    if (new_length) memcpy(array_at(array, at), items, new_length * size);
    return true;
}

/* Every [step]th of [count] items from [start] goes. */
static bool delete_strided(ToyThread *t, Array *array, int64_t start, int64_t step, size_t count)
{
    size_t size = array->item->size;
    if (step < 0) {
        start += (int64_t)(count - 1) * step;
        step = -step;
    }
    if (array->exports) return array_resize(t, array, array->length - count);
    uint8_t *to = array_at(array, (size_t)start);
    for (size_t i = 0; i < count; i++) {
        size_t from = (size_t)(start + (int64_t)i * step) + 1, end = i + 1 < count ? from + (size_t)step - 1 : array->length;
        memmove(to, array_at(array, from), (end - from) * size);
        to += (end - from) * size;
    }
    return array_resize(t, array, array->length - count);
}

static bool set_slice(ToyThread *t, ToyValue self, ToyValue key, ToyValue v)
{
    Array *array = as_array(self);
    int64_t start, stop, step;
    size_t count, size = array->item->size;
    if (toy_is_bound(v) && !is_array(t, v))
        return toy_raise_false(t, TOY_TypeError, "can only assign array (not \"%T\") to array slice", v);
    if (toy_is_bound(v) && as_array(v)->item != array->item) return toy_raise_false(t, TOY_TypeError, "bad argument type for built-in operation");
    if (!toy_slice_resolve(t, key, &array->length, &start, &stop, &step, &count)) return false;
    size_t new_count = toy_is_bound(v) ? as_array(v)->length : 0;
    if (new_count == 0 && step != 1) return count == 0 || delete_strided(t, array, start, step, count);
    if (step != 1 && new_count != count)
        return toy_raise_false(t, TOY_ValueError, "attempt to assign array of size %zu to extended slice of size %zu", new_count, count);
    if (new_count == 0) return replace_range(t, array, (size_t)start, count, NULL, 0);
    uint8_t *items = toy_alloc(t, new_count * size);   /* a copy: the array may be assigned to a part of itself */
    if (!items) return false;
    memcpy(items, as_array(v)->data, new_count * size);
    bool done = true;
    if (step == 1) done = replace_range(t, array, (size_t)start, count, items, new_count);
    for (size_t i = 0; step != 1 && i < count; i++) memcpy(array_at(array, (size_t)(start + (int64_t)i * step)), items + i * size, size);
    toy_free(t, items, new_count * size);
    return done;
}

static bool array_set_item(ToyThread *t, ToyValue self, ToyValue key, ToyValue v)
{
    Array *array = as_array(self);
    uint8_t bytes[ITEM_BYTES_MAX];
    int64_t index;
    if (is_slice(t, key)) return set_slice(t, self, key, v);
    if (!read_index(t, array, key, &index)) return false;
    bool is_there = index >= 0 && (size_t)index < array->length;
    if (is_there && toy_is_bound(v) && !array_convert_item(t, array->item, v, bytes)) return false;
    if (!is_there || (size_t)index >= array->length) return toy_raise_false(t, TOY_IndexError, "array assignment index out of range");
    if (toy_is_unbound(v)) return replace_range(t, array, (size_t)index, 1, NULL, 0);
    memcpy(array_at(array, (size_t)index), bytes, array->item->size);
    return true;
}

bool array_insert_bytes(ToyThread *t, Array *array, size_t at, const uint8_t *item) { return replace_range(t, array, at, 0, item, 1); }
bool array_delete(ToyThread *t, Array *array, size_t at) { return replace_range(t, array, at, 1, NULL, 0); }

static bool array_contains(ToyThread *t, ToyValue self, ToyValue v, bool *found)
{
    size_t at;
    if (!array_find(t, as_array(self), v, 0, as_array(self)->length, &at)) return false;
    *found = at != SIZE_MAX;
    return true;
}

/* ---- operators ---- */

static ToyValue array_add(ToyThread *t, ToyValue self, ToyValue other)
{
    if (!is_array(t, self)) return TOY_NOT_IMPLEMENTED;
    if (!is_array(t, other)) return toy_raise_type_error(t, "can only append array (not \"%T\") to array", other);
    Array *left = as_array(self), *right = as_array(other);
    if (left->item != right->item) return toy_raise_type_error(t, "bad argument type for built-in operation");
    Array *sum = array_new(t, array_state(self)->array, left->item, left->length + right->length);
    if (sum && left->length) memcpy(sum->data, left->data, left->length * left->item->size);
    if (sum && right->length) memcpy(array_at(sum, left->length), right->data, right->length * right->item->size);
    return toy_value(sum);
}

static ToyValue array_inplace_add(ToyThread *t, ToyValue self, ToyValue other)
{
    if (!is_array(t, other)) return toy_raise_type_error(t, "can only extend array with array (not \"%T\")", other);
    return array_extend_with(t, as_array(self), other) ? toy_retain(self) : TOY_FAILED;
}

/* Fills [array] with repetitions of its first [length] items. */
static void repeat(Array *array, size_t length)
{
    size_t bytes = length * array->item->size, total = array->length * array->item->size;
    for (size_t done = bytes; bytes && done < total; ) {
        size_t piece = done < total - done ? done : total - done;
        memcpy(array->data + done, array->data, piece);
        done += piece;
    }
}

static bool read_times(ToyThread *t, const Array *array, ToyValue v, size_t *length)
{
    int64_t times;
    if (!toy_arg_size(t, v, &times)) return false;
    if (times < 0) times = 0;
    if (__builtin_mul_overflow(array->length, (size_t)times, length)) return (toy_raise_memory_error(t), false);
    return true;
}

static bool can_be_times(ToyThread *t, ToyValue v)
{
    if (toy_is_int(v)) return true;
    ToyValue method = toy_find_special(t, v, "__index__");
    toy_release(method);
    return toy_is_bound(method);
}

static ToyValue array_multiply(ToyThread *t, ToyValue left, ToyValue right)
{
    bool is_left = is_array(t, left);
    ToyValue self = is_left ? left : right, times = is_left ? right : left;
    size_t length;
    if (!can_be_times(t, times))
        return toy_is_raised(t) ? TOY_FAILED : toy_raise_type_error(t, "can't multiply sequence by non-int of type '%T'", times);
    if (!read_times(t, as_array(self), times, &length)) return TOY_FAILED;
    Array *array = as_array(self), *product = array_new(t, array_state(self)->array, array->item, length);
    if (product && length) {
        memcpy(product->data, array->data, array->length * array->item->size);
        repeat(product, array->length);
    }
    return toy_value(product);
}

static ToyValue array_inplace_multiply(ToyThread *t, ToyValue self, ToyValue times)
{
    Array *array = as_array(self);
    size_t length, before;
    if (!can_be_times(t, times))
        return toy_is_raised(t) ? TOY_FAILED : toy_raise_type_error(t, "can't multiply sequence by non-int of type '%T'", times);
    if (!read_times(t, array, times, &length)) return TOY_FAILED;
    before = array->length;
    if (!array_resize(t, array, length)) return TOY_FAILED;
    repeat(array, before);
    return toy_retain(self);
}

/* Which of two arrays of one type code comes first is seen in the items, and not before values are made of them. */
static ToyValue array_compare(ToyThread *t, ToyValue self, ToyValue other, ToyCompare op)
{
    if (!is_array(t, other)) return TOY_NOT_IMPLEMENTED;
    const Array *left = as_array(self), *right = as_array(other);
    bool is_equality = op == COMPARE_EQ || op == COMPARE_NE, answer = true;
    if (is_equality && left->length != right->length) return toy_bool(op == COMPARE_NE);
    if (is_equality && left->item == right->item && left->item->kind != ARRAY_FLOAT)
        return toy_bool((left->length == 0 || memcmp(left->data, right->data, left->length * left->item->size) == 0) == (op == COMPARE_EQ));
    for (size_t i = 0; i < left->length && i < right->length; i++) {
        ToyValue a = array_read_item(t, left->item, array_at(left, i)), b = toy_failed(a) ? a : array_read_item(t, right->item, array_at(right, i));
        bool done = !toy_failed(b) && toy_compare(t, a, b, COMPARE_EQ, &answer);
        bool decides = done && !answer;
        if (decides) done = op == COMPARE_NE ? (answer = true) : op == COMPARE_EQ ? true : toy_compare(t, a, b, op, &answer);
        toy_release(a);
        toy_release(b);
        if (!done) return TOY_FAILED;
        if (decides) return toy_bool(answer);
    }
    switch (op) {
    case COMPARE_LT: return toy_bool(left->length < right->length);
    case COMPARE_LE: return toy_bool(left->length <= right->length);
    case COMPARE_GT: return toy_bool(left->length > right->length);
    case COMPARE_GE: return toy_bool(left->length >= right->length);
    case COMPARE_EQ: return TOY_TRUE;
    case COMPARE_NE: return TOY_FALSE;
    }
    return TOY_NOT_IMPLEMENTED;
}

static ToyValue array_repr(ToyThread *t, ToyValue self)
{
    const Array *array = as_array(self);
    ToyValue name = toy_get_attribute(t, toy_type_value(toy_type_of(t, self)), "__name__");
    if (toy_failed(name)) return TOY_FAILED;
    ToyValue items = array->length == 0 ? TOY_NONE : array->item->kind == ARRAY_CHARACTER ? array_text(t, array) : array_to_list(t, array);
    ToyValue text = toy_failed(items)       ? TOY_FAILED
                    : array->length == 0 ? toy_str_format(t, "%S('%c')", name, array->item->code)
                                         : toy_str_format(t, "%S('%c', %R)", name, array->item->code, items);
    toy_release(items);
    toy_release(name);
    return text;
}

/* ---- buffers ---- */

static bool array_get_buffer(ToyThread *t, ToyValue self, ToyBuffer *buffer, int flags)
{
    Array *array = as_array(self);
    toy_buffer_fill(buffer, self, array->data ? array->data : (uint8_t *)"", array->length * array->item->size, false);
    buffer->item_size = array->item->size;
    buffer->format = array->item->format;
    buffer->one_shape = (int64_t)array->length;
    buffer->one_stride = array->item->size;
    array->exports++;
    return true;
}
static void array_release_buffer(ToyThread *t, ToyValue self, ToyBuffer *buffer) { as_array(self)->exports--; }

/* ---- the iterator ---- */

typedef struct ArrayIterator { ToyObject head; ToyValue array; size_t next; } ArrayIterator;   /* UNBOUND: over */

static ArrayIterator *as_iterator(ToyValue v) { return (ArrayIterator *)toy_object(v); }

static ToyValue array_iterate(ToyThread *t, ToyValue self)
{
    ArrayIterator *iterator = (ArrayIterator *)toy_type_alloc(t, ((ArrayState *)toy_instance_state(self))->iterator);
    if (iterator) iterator->array = toy_retain(self);
    return toy_value(iterator);
}
static ToyValue iterator_next(ToyThread *t, ToyValue self)
{
    ArrayIterator *iterator = as_iterator(self);
    if (toy_is_unbound(iterator->array)) return TOY_END;
    const Array *array = as_array(iterator->array);
    if (iterator->next < array->length) return array_read_item(t, array->item, array_at(array, iterator->next++));
    toy_clear(&iterator->array);
    return TOY_END;
}
static ToyValue iterator_self(ToyThread *t, ToyValue self) { return toy_retain(self); }
static ToyValue iterator_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const ArrayIterator *iterator = as_iterator(self);
    ToyValue iter = toy_import_from(t, "builtins", "iter");
    if (toy_is_unbound(iterator->array)) return toy_tuple(t, iter, toy_tuple(t, toy_tuple_of(t, NULL, 0)));
    return toy_tuple(t, iter, toy_tuple(t, toy_retain(iterator->array)), toy_int(t, (int64_t)iterator->next));
}
static ToyValue iterator_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ArrayIterator *iterator = as_iterator(self);
    int64_t next;
    if (!toy_is_int(args[0])) return toy_raise_type_error(t, "an integer is required");
    if (!toy_arg_index(t, args[0], &next)) return TOY_FAILED;
    if (toy_is_unbound(iterator->array)) return TOY_NONE;
    size_t length = as_array(iterator->array)->length;
    iterator->next = next < 0 ? 0 : (size_t)next > length ? length : (size_t)next;
    return TOY_NONE;
}
static void iterator_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((ArrayIterator *)self)->array, visit, context); }
static void iterator_clear(ToyObject *self) { toy_clear(&((ArrayIterator *)self)->array); }
static const ToyFunction iterator_methods[] = {
    TOY_FUNCTION("__reduce__", iterator_reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    TOY_FUNCTION("__setstate__", iterator_set_state, "($self, state, /)", 0, "Take over the position that pickle or copy has kept."),
    TOY_FUNCTIONS_END,
};
static const ToyTypeSpec iterator_spec = {
    .size = sizeof(ArrayIterator), .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_FINAL | TOY_TYPE_NO_NEW,
    .slots = {.iterate = iterator_self, .next = iterator_next}, .methods = iterator_methods,
    .traverse = iterator_traverse, .clear = iterator_clear, .free = iterator_clear,
};

/* ---- the module ---- */

static ToyValue get_typecode(ToyThread *t, ToyValue self) { return toy_str_from_char(t, (uint8_t)as_array(self)->item->code); }
static ToyValue get_itemsize(ToyThread *t, ToyValue self) { return toy_int(t, as_array(self)->item->size); }
static const ToyGetSet array_getsets[] = {
    {"typecode", get_typecode, NULL, "the letter for the type of the items"},
    {"itemsize", get_itemsize, NULL, "The bytes that one item takes."},
    {NULL, NULL, NULL, NULL},
};
const ToyTypeSpec array_spec = {
    .doc = "array(typecode [, initializer]): items of one C type, side by side.\n\n"
           "b B: 1 byte, signed and not; h H: 2; i I: 4; l L q Q: 8; f: float; d: double; w u: character.",
    .size = sizeof(Array), .flags = TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_SEQUENCE,
    .slots = {.repr = array_repr, .compare = array_compare, .iterate = array_iterate, .new_instance = array_new_instance, .length = array_length,
              .get_item = array_get_item, .set_item = array_set_item, .contains = array_contains, .add = array_add, .multiply = array_multiply,
              .inplace_add = array_inplace_add, .inplace_multiply = array_inplace_multiply, .get_buffer = array_get_buffer,
              .release_buffer = array_release_buffer},
    .methods = array_methods, .getsets = array_getsets, .free = array_free,
};

static const ToyFunction functions[] = {
    TOY_FUNCTION("_array_reconstructor", array_reconstruct, "(arraytype, typecode, mformat_code, items, /)", 0,
                 "What pickle calls to make an array of bytes that may come from a machine with another layout."),
    TOY_FUNCTIONS_END,
};

/* What isinstance(array(...), MutableSequence) asks for. */
static bool register_type(ToyThread *t, ToyType *type)
{
    ToyValue abstract = toy_import_from(t, "_collections_abc", "MutableSequence"), v = toy_type_value(type);
    ToyValue done = toy_failed(abstract) ? TOY_FAILED : toy_call_method(t, abstract, "register", &v, 1);
    toy_release(abstract);
    toy_release(done);
    return !toy_failed(done);
}

static bool init(ToyThread *t, ToyModuleObject *module)
{
    ArrayState *state = toy_module_state(toy_module_value(module));
    char codes[32], *at = codes;
    for (const ItemType *item = array_item_types; item->code; item++) *at++ = item->code;
    *at = 0;
    state->array = toy_type_new(t, module, &array_spec, "array.array", NULL);
    state->iterator = toy_type_new(t, module, &iterator_spec, "array.arrayiterator", NULL);
    return state->array && state->iterator && toy_module_add_type(t, module, state->array) &&
           toy_module_add(t, module, "ArrayType", toy_retain(toy_type_value(state->array))) &&
           toy_module_add(t, module, "typecodes", toy_str(t, codes)) && register_type(t, state->array);
}

const ToyModule toy_module_array = {
    .name = "array",
    .doc = "Sequences of numbers or characters that take as little room as in C.",
    .functions = functions,
    .state_size = sizeof(ArrayState),
    .init = init,
};
