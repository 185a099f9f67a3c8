/* bytearray.c - the type bytearray: bytes that can be changed.
 *
 * What        Growing and shrinking, the methods that change, the iterator. The rest is shared with bytes (bytes_methods.c).
 * How         The data lies in a block with room to spare: appending doubles by eighths. Who looks at the bytes through a view
 *             (memoryview, recv_into) counts as an export, and while there are exports the size is frozen.
 * Invariants  I1 of bytes.h.  I2 data is NULL exactly if capacity is 0; else length < capacity and a NUL stands behind the bytes.
 * GIL         held; the bytes of a view may be written without it by who holds the view.
 * Read next   buffer_view.h, bytes_methods.c */
#include "vm/object/arguments.h"
#include "vm/object/bytes_methods.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/object_reduce.h"
#include "vm/object/percent.h"
#include "vm/object/protocol.h"
#include "vm/object/range.h"
#include "vm/object/search.h"
#include "vm/object/str.h"

/* ---- size ---- */

static bool check_exports(Thread *t, const ByteArray *array)
{
    if (array->exports == 0)
        return true;
    return raise_false(t, EXC_BufferError, "Existing exports of data: object cannot be re-sized");
}

/* Makes it [length] bytes long; new bytes are not set. */
static bool resize(Thread *t, ByteArray *array, size_t length)
{
    if (length == array->length)
        return true;
    if (!check_exports(t, array))  /* I1 */
        return false;
    if (length >= array->capacity || length < array->capacity / 2) {
        if (length > (size_t)PTRDIFF_MAX - 64) {
            raise_memory_error(t);
            return false;
        }
        bool is_append = array->capacity && length >= array->capacity && length < array->capacity + array->capacity / 8 + 8;
        size_t capacity = is_append ? length + length / 8 + (length < 9 ? 3 : 6) + 1 : length + 1;
        uint8_t *data = block_resize(t, array->data, array->capacity, capacity);
        if (!data)
            return false;
        array->data = data;
        array->capacity = capacity;
    }
    array->length = length;
    array->data[length] = 0;
    return true;
}

/* bytes[at : at + removed] become data[0:added]. [data] may lie in the array itself. */
static bool splice(Thread *t, ByteArray *array, size_t at, size_t removed, const void *data, size_t added)
{
    uint8_t *copy = NULL;
    const uint8_t *from = data;
    bool is_inside = added && array->data && from >= array->data && from < array->data + array->length;
    if (added > (size_t)PTRDIFF_MAX - array->length) {
        raise_memory_error(t);
        return false;
    }
    if (is_inside) {
        copy = block_alloc(t, added);
        if (!copy)
            return false;
        memcpy(copy, data, added);
        from = copy;
    }
    size_t old_length = array->length, tail = old_length - at - removed;
    bool is_good = true;
    if (added < removed) {
        is_good = check_exports(t, array);
        if (is_good) {
            memmove(array->data + at + added, array->data + at + removed, tail);
            is_good = resize(t, array, old_length - removed + added);
        }
    } else if (added > removed) {
        is_good = resize(t, array, old_length - removed + added);
        if (is_good)
            memmove(array->data + at + added, array->data + at + removed, tail);
    }
    if (is_good && added)
        memcpy(array->data + at, from, added);
    if (copy)
        block_free(t, copy, added);
    return is_good;
}

Value bytearray_from(Thread *t, const void *data, size_t length)
{
    ByteArray *array = (ByteArray *)heap_new(t, t->interp->types[KIND_BYTEARRAY], sizeof *array);
    if (!array)
        return FAILED;
    if (length && !resize(t, array, length)) {
        object_release(array);
        return FAILED;
    }
    if (data && length)
        memcpy(array->data, data, length);
    else if (length)
        memset(array->data, 0, length);
    return object_value(array);
}

/* ---- bytearray() ---- */

static Value bytearray_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    Object *array = type_alloc(t, type);
    return array ? object_value(array) : FAILED;
}

/* One by one: an iterator may look at what is there already. */
static bool append_items(Thread *t, ByteArray *array, Value iterable)
{
    Value iterator = value_iterate(t, iterable);
    bool is_good = !failed(iterator);
    while (is_good) {
        Value item = value_next(t, iterator);
        uint8_t byte;
        if (is_end(item))
            break;
        is_good = !failed(item) && byte_from_value(t, item, "byte must be in range(0, 256)", &byte) && check_exports(t, array) &&
                  resize(t, array, array->length + 1);
        if (is_good)
            array->data[array->length - 1] = byte;
        release(item);
    }
    release(iterator);
    return is_good;
}

static bool bytearray_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    static const char *const parameters[] = {"source", "encoding", "errors", NULL};
    static const Parameters signature = {"bytearray", parameters, 0, 3, 0};
    Value slots[3];
    ByteArray *array = as_bytearray(self);
    if (!arguments_sort(t, &signature, args, count, names, slots) || (array->length && !resize(t, array, 0)))
        return false;
    if (is_bound(slots[0]) && is_unbound(slots[1]) && is_unbound(slots[2]) && !is_list(slots[0]) && !is_tuple(slots[0]) && !is_str(slots[0]) &&
        !value_has_buffer(t, slots[0]) && !value_type(t, slots[0])->slots.index && value_type(t, slots[0])->slots.iterate)
        return append_items(t, array, slots[0]);
    Value bytes = bytes_from_arguments(t, "bytearray", slots[0], slots[1], slots[2]);
    if (failed(bytes))
        return false;
    bool is_good = splice(t, array, 0, array->length, as_bytes(bytes)->data, as_bytes(bytes)->length);
    release(bytes);
    return is_good;
}

static void bytearray_free(Object *self)
{
    ByteArray *array = (ByteArray *)self;
    block_free(thread_current(), array->data, array->capacity);
}

/* ---- slots ---- */

static Value slot_add(Thread *t, Value left, Value right)
{
    return is_bytearray(left) ? bytes_concat(t, left, right, slot_add) : NOT_IMPLEMENTED;
}

static Value slot_remainder(Thread *t, Value left, Value right)
{
    if (!is_bytearray(left))
        return NOT_IMPLEMENTED;
    Value bytes = percent_format_bytes(t, span_of(left).data, span_of(left).length, right);
    if (failed(bytes))
        return FAILED;
    Value array = bytearray_from(t, as_bytes(bytes)->data, as_bytes(bytes)->length);
    release(bytes);
    return array;
}

static Value slot_compare(Thread *t, Value self, Value other, CompareOp op)
{
    return is_bytearray(self) ? bytes_compare(t, self, other, op) : NOT_IMPLEMENTED;
}

static Value slot_inplace_add(Thread *t, Value self, Value other)
{
    Needle needle;
    ByteArray *array = as_bytearray(self);
    if (!is_bytes(other) && !value_has_buffer(t, other))
        return raise_type_error(t, "can't concat %T to %T", other, self);
    if (!needle_get(t, other, false, &needle))
        return FAILED;
    /* b += b: the view of the right side forbids the left side to grow, in CPython too. */
    bool is_good = splice(t, array, array->length, 0, needle.span.data, needle.span.length);
    needle_release(t, &needle);
    return is_good ? retain(self) : FAILED;
}

static Value slot_inplace_multiply(Thread *t, Value self, Value other)
{
    ByteArray *array = as_bytearray(self);
    int64_t count;
    Value index = int_from_index(t, other);
    if (failed(index))
        return FAILED;
    bool fits = int_fits_int64(index, &count);
    release(index);
    if (!fits)
        return raise_error(t, EXC_OverflowError, "cannot fit '%T' into an index-sized integer", other);
    size_t unit = array->length, length;
    if (__builtin_mul_overflow(unit, (size_t)(count < 0 ? 0 : count), &length))
        return raise_memory_error(t);
    if (!resize(t, array, length))
        return FAILED;
    for (size_t done = unit; unit && done < length; done += unit)
        memcpy(array->data + done, array->data, unit);
    return retain(self);
}

static bool slot_length(Thread *t, Value self, size_t *length)
{
    *length = as_bytearray(self)->length;
    return true;
}

static Value slot_repr(Thread *t, Value self)
{
    char prefix[128];
    size_t length;
    const char *name = str_utf8(t, value_type(t, self)->name, &length);
    if (!name)
        return FAILED;
    if (length + 4 > sizeof prefix)
        length = sizeof prefix - 4;
    memcpy(prefix, name, length);
    memcpy(prefix + length, "(b", 3);
    return bytes_repr(t, prefix, span_of(self), ")");
}

static bool slot_get_buffer(Thread *t, Value self, BufferView *view, int flags)
{
    ByteArray *array = as_bytearray(self);
    ByteSpan span = span_of(self);
    array->exports++;
    *view = (BufferView){.owner = retain(self), .data = (uint8_t *)span.data, .length = span.length, .item_size = 1, .format = "B",
                         .dimensions = 1, .one_shape = (int64_t)span.length, .one_stride = 1};
    return true;
}

static void slot_release_buffer(Thread *t, Value self, BufferView *view)
{
    as_bytearray(self)->exports--;
}

/* ---- assigning to items and slices ---- */

/* The place an index names; false: raised. [message] when it is out of range. */
static bool read_index(Thread *t, Value self, Value key, int64_t *i)
{
    if (!is_int(key) && !value_type(t, key)->slots.index)
        return raise_false(t, EXC_TypeError, "bytearray indices must be integers or slices, not %T", key);
    if (!value_to_index(t, key, i))
        return false;
    int64_t length = (int64_t)as_bytearray(self)->length;
    if (*i < 0)
        *i += length;
    if (*i >= 0 && *i < length)
        return true;
    return raise_false(t, EXC_IndexError, "bytearray index out of range");
}

static bool set_index(Thread *t, Value self, Value key, Value value)
{
    ByteArray *array = as_bytearray(self);
    int64_t i;
    uint8_t byte;
    if (!read_index(t, self, key, &i))
        return false;
    if (is_unbound(value))
        return splice(t, array, (size_t)i, 1, NULL, 0);
    if (!byte_from_value(t, value, "byte must be in range(0, 256)", &byte))
        return false;
    if ((size_t)i >= array->length)  /* __index__ may have shortened it */
        return raise_false(t, EXC_IndexError, "bytearray index out of range");
    array->data[i] = byte;
    return true;
}

/* Every step-th byte from start on leaves. */
static bool delete_stepped(Thread *t, ByteArray *array, int64_t start, int64_t step, size_t count)
{
    if (!check_exports(t, array))
        return false;
    if (step < 0) {
        start += step * (int64_t)(count - 1);
        step = -step;
    }
    size_t to = (size_t)start, next = (size_t)start, left = count;
    for (size_t from = (size_t)start; from < array->length; from++) {
        if (left && from == next) {
            next += (size_t)step;
            left--;
        } else {
            array->data[to++] = array->data[from];
        }
    }
    return resize(t, array, to);
}

/* No bytes at all delete the slice, whatever its step. */
static bool set_slice_bytes(Thread *t, Value self, Value slice, ByteSpan bytes)
{
    ByteArray *array = as_bytearray(self);
    int64_t start, stop, step;
    if (!slice_unpack(t, slice, &start, &stop, &step))
        return false;
    size_t count = slice_fit(array->length, &start, &stop, step);
    if (step == 1)
        return splice(t, array, (size_t)start, count, bytes.data, bytes.length);
    if (bytes.length == 0)
        return count == 0 || delete_stepped(t, array, start, step, count);
    if (bytes.length != count)
        return raise_false(t, EXC_ValueError, "attempt to assign bytes of size %zu to extended slice of size %zu", bytes.length, count);
    /* By names of its own: a byte that is written could be one of start's, or of the array's, for all that the compiler knows. */
    uint8_t *to = array->data;
    for (int64_t at = start, by = step, i = 0; i < (int64_t)count; i++, at += by)
        to[at] = bytes.data[i];
    return true;
}

static bool slot_set_item(Thread *t, Value self, Value key, Value value)
{
    if (!is_kind(key, KIND_SLICE))
        return set_index(t, self, key, value);
    if (is_unbound(value))
        return set_slice_bytes(t, self, key, (ByteSpan){(const uint8_t *)"", 0});
    if (is_same(self, value) || (!is_bytes(value) && !is_bytearray(value))) {
        /* Anything else becomes bytes first: a view of self would forbid the change, an iterable has to be walked. */
        if (is_int(value) || is_str(value) || (!value_has_buffer(t, value) && !value_type(t, value)->slots.iterate))
            return raise_false(t, EXC_TypeError, "can assign only bytes, buffers, or iterables of ints in range(0, 256)");
        Value copy = bytes_from_arguments(t, "bytearray", value, UNBOUND, UNBOUND);
        if (failed(copy))
            return false;
        bool is_set = set_slice_bytes(t, self, key, span_of(copy));
        release(copy);
        return is_set;
    }
    Needle needle;
    if (!needle_get(t, value, false, &needle))
        return false;
    bool is_set = set_slice_bytes(t, self, key, needle.span);
    needle_release(t, &needle);
    return is_set;
}

/* ---- methods that change ---- */

static Value append(Thread *t, Value self, const Value *args)
{
    uint8_t byte;
    ByteArray *array = as_bytearray(self);
    if (!byte_from_value(t, args[0], "byte must be in range(0, 256)", &byte))
        return FAILED;
    if (LIKELY(array->length + 1 < array->capacity && array->exports == 0)) {
        array->data[array->length++] = byte;
        array->data[array->length] = 0;
        return NONE;
    }
    return splice(t, array, array->length, 0, &byte, 1) ? NONE : FAILED;
}

static Value clear_method(Thread *t, Value self, const Value *args)
{
    return resize(t, as_bytearray(self), 0) ? NONE : FAILED;
}

static Value copy_method(Thread *t, Value self, const Value *args)
{
    return bytearray_from(t, span_of(self).data, span_of(self).length);
}

static Value extend(Thread *t, Value self, const Value *args)
{
    ByteArray *array = as_bytearray(self);
    if (is_same(args[0], self))
        return splice(t, array, array->length, 0, array->data, array->length) ? NONE : FAILED;
    if (is_bytes(args[0]) || value_has_buffer(t, args[0])) {
        Value sum = slot_inplace_add(t, self, args[0]);
        release(sum);
        return failed(sum) ? FAILED : NONE;
    }
    if (is_str(args[0]))
        return raise_type_error(t, "expected iterable of integers; got: 'str'");
    if (!value_type(t, args[0])->slots.iterate && !value_type(t, args[0])->slots.get_item)
        return raise_type_error(t, "can't extend bytearray with %T", args[0]);
    uint8_t *data;
    size_t length, capacity;
    if (!bytes_collect(t, args[0], "byte must be in range(0, 256)", &data, &length, &capacity))
        return FAILED;
    bool is_good = splice(t, array, array->length, 0, data, length);
    block_free(t, data, capacity);
    return is_good ? NONE : FAILED;
}

static Value insert(Thread *t, Value self, const Value *args)
{
    int64_t at;
    uint8_t byte;
    ByteArray *array = as_bytearray(self);
    if (!arg_size(t, args[0], &at) || !byte_from_value(t, args[1], "byte must be in range(0, 256)", &byte))
        return FAILED;
    int64_t length = (int64_t)array->length;
    at = at < -length ? 0 : at < 0 ? at + length : at > length ? length : at;
    return splice(t, array, (size_t)at, 0, &byte, 1) ? NONE : FAILED;
}

static Value pop(Thread *t, Value self, const Value *args)
{
    int64_t at = -1;
    ByteArray *array = as_bytearray(self);
    if (!arg_size(t, args[0], &at))
        return FAILED;
    if (array->length == 0)
        return raise_error(t, EXC_IndexError, "pop from empty bytearray");
    if (at < 0)
        at += (int64_t)array->length;
    if (at < 0 || at >= (int64_t)array->length)
        return raise_error(t, EXC_IndexError, "pop index out of range");
    uint8_t byte = array->data[at];
    return splice(t, array, (size_t)at, 1, NULL, 0) ? small_int_value(byte) : FAILED;
}

static Value remove_method(Thread *t, Value self, const Value *args)
{
    uint8_t byte;
    ByteArray *array = as_bytearray(self);
    if (!byte_from_value(t, args[0], "byte must be in range(0, 256)", &byte))
        return FAILED;
    ssize_t at = search_first(span_of(self).data, array->length, &byte, 1, 1);
    if (at < 0)
        return raise_value_error(t, "value not found in bytearray");
    return splice(t, array, (size_t)at, 1, NULL, 0) ? NONE : FAILED;
}

static Value reverse(Thread *t, Value self, const Value *args)
{
    ByteArray *array = as_bytearray(self);
    for (size_t i = 0, k = array->length; i + 1 < k; i++) {
        k--;
        uint8_t byte = array->data[i];
        array->data[i] = array->data[k];
        array->data[k] = byte;
    }
    return NONE;
}

/* ---- copying and pickling ---- */

static Value fromhex(Thread *t, Value class, const Value *args)
{
    Value bytes = bytes_fromhex(t, args[0]);
    if (failed(bytes))
        return FAILED;
    Value array = value_call1(t, class, bytes);
    release(bytes);
    return array;
}

/* Protocols below 3 know no bytes: they get text and an encoding. */
static Value reduce_for(Thread *t, Value self, int64_t protocol)
{
    ByteSpan span = span_of(self);
    Value args = FAILED;
    if (protocol < 3) {
        Value text = str_decode(t, (const char *)span.data, span.length, "latin-1", NULL);
        Str *encoding = str_from_text(t, "latin-1");
        args = failed(text) || !encoding ? FAILED : tuple_pack2(t, text, object_value(encoding));
        release(text);
        if (encoding)
            object_release(encoding);
    } else {
        Bytes *bytes = bytes_from(t, span.data, span.length);
        Value v = object_value(bytes);
        Tuple *tuple = bytes ? tuple_from_values(t, &v, 1) : NULL;
        release(v);
        args = object_value(tuple);
    }
    Value parts[3] = {object_value(value_type(t, self)), args, failed(args) ? FAILED : object_getstate(t, self, NULL)};
    Tuple *tuple = failed(parts[2]) ? NULL : tuple_from_values(t, parts, 3);
    release2(parts[1], parts[2]);
    return tuple ? object_value(tuple) : FAILED;
}

static Value reduce(Thread *t, Value self, const Value *args)
{
    return reduce_for(t, self, 2);
}

static Value reduce_ex(Thread *t, Value self, const Value *args)
{
    int64_t protocol = 0;
    return arg_int64(t, args[0], &protocol) ? reduce_for(t, self, protocol) : FAILED;
}

static Value alloc_method(Thread *t, Value self, const Value *args)
{
    return small_int_value((int64_t)as_bytearray(self)->capacity);
}

static Value sizeof_method(Thread *t, Value self, const Value *args)
{
    return small_int_value((int64_t)(object_size(as_object(self)) + as_bytearray(self)->capacity));
}

static const NativeDef bytearray_methods[] = {
    BYTES_COMMON_METHODS,
    NATIVE("append", append, "($self, item, /)", 0, "Adds one byte at the end."),
    NATIVE("clear", clear_method, "($self, /)", 0, "Takes all bytes away."),
    NATIVE("copy", copy_method, "($self, /)", 0, "A bytearray with the same bytes."),
    NATIVE("extend", extend, "($self, iterable_of_ints, /)", 0, "Adds all bytes at the end."),
    NATIVE("fromhex", fromhex, "($type, string, /)", NATIVE_CLASS, "The bytes that pairs of hexadecimal digits stand for."),
    NATIVE("insert", insert, "($self, index, item, /)", 0, "Puts one byte in front of index."),
    NATIVE("pop", pop, "($self, index=-1, /)", 0, "Takes one byte out and returns it."),
    NATIVE("remove", remove_method, "($self, value, /)", 0, "Takes the first such byte out."),
    NATIVE("reverse", reverse, "($self, /)", 0, "Turns the bytes around, in place."),
    NATIVE("__alloc__", alloc_method, "($self, /)", 0, "Bytes of memory set aside."),
    NATIVE("__reduce__", reduce, "($self, /)", 0, "For copy and pickle."),
    NATIVE("__reduce_ex__", reduce_ex, "($self, proto=0, /)", 0, "For copy and pickle."),
    NATIVE("__sizeof__", sizeof_method, "($self, /)", 0, "Bytes of memory this object takes."),
    NATIVE_END,
};

const TypeSpec bytearray_spec = {
    .doc = "bytearray(iterable_of_ints) -> bytearray\nbytearray(string, encoding[, errors]) -> bytearray\n"
           "bytearray(bytes_or_buffer) -> bytearray\nbytearray(int) -> that many zero bytes\nbytearray() -> empty bytearray\n\n"
           "A row of bytes that can be changed.",
    .size = sizeof(ByteArray),
    .flags = TYPE_MATCHES_SELF,
    .slots = {
        .repr = slot_repr, .str = bytes_str, .hash = hash_not_implemented, .compare = slot_compare, .new_instance = bytearray_new_instance,
        .init = bytearray_init, .length = slot_length, .contains = bytes_contains, .get_item = bytes_get_item,
        .set_item = slot_set_item, .iterate = byte_iterator_new, .add = slot_add, .multiply = bytes_multiply, .remainder = slot_remainder,
        .inplace_add = slot_inplace_add, .inplace_multiply = slot_inplace_multiply,
        .get_buffer = slot_get_buffer, .release_buffer = slot_release_buffer,
    },
    .methods = bytearray_methods,
    .free = bytearray_free,
};
