/* bytes.c - the type bytes.
 *
 * What        Making bytes, bytes(), the slots, and the iterator.
 * How         The bytes lie in the object, with a NUL behind them that does not count, so that C functions can read them. The hash is
 *             SipHash with the interpreter's key, as for text: b'a' and 'a' have the same hash.
 * Invariants  I1 bytes do not change once somebody else than their maker sees them.
 * GIL         held.
 * Read next   bytes_methods.c, bytearray.c */
#include "vm/base/siphash.h"
#include "vm/object/arguments.h"
#include "vm/object/bytes_methods.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/percent.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

/* ---- making ---- */

static size_t bytes_size_of(Object *object)
{
    return offsetof(Bytes, data) + ((Bytes *)object)->length + 1;
}

static Bytes *bytes_new_of(Thread *t, Type *type, size_t length)
{
    if (UNLIKELY(length > (size_t)PTRDIFF_MAX - 64)) {
        raise_memory_error(t);
        return NULL;
    }
    size_t size = offsetof(Bytes, data) + length + 1;
    Bytes *bytes;
    if (LIKELY(type->kind == KIND_BYTES))
        bytes = (Bytes *)(LIKELY(size <= HEAP_SMALL_MAX) ? heap_new_quick(t, type, size) : heap_new_raw(t, type, size));
    else
        bytes = (Bytes *)type_alloc_sized(t, type, size);
    if (UNLIKELY(!bytes))
        return NULL;
    bytes->hash = -1;
    bytes->length = length;
    bytes->data[length] = 0;
    return bytes;
}

Bytes *bytes_new(Thread *t, size_t length)
{
    return bytes_new_of(t, t->interp->types[KIND_BYTES], length);
}

Bytes *bytes_from(Thread *t, const void *data, size_t length)
{
    if (length == 0)
        return as_bytes(retain(t->interp->empty_bytes));
    Value *shared = length == 1 ? &t->interp->one_byte[*(const uint8_t *)data] : NULL;
    if (shared && is_bound(*shared))
        return as_bytes(*shared);
    Bytes *bytes = bytes_new(t, length);
    if (!bytes)
        return NULL;
    memcpy(bytes->data, data, length);
    if (shared) {
        bytes->head.count = COUNT_IMMORTAL;
        *shared = object_value(bytes);
    }
    return bytes;
}

Bytes *bytes_resize(Thread *t, TAKES Bytes *bytes, size_t length)
{
    size_t size = offsetof(Bytes, data) + length + 1;
    if (length == bytes->length)
        return bytes;
    if (bytes->head.flags & OBJECT_IS_LARGE && size > HEAP_SMALL_MAX && length <= (size_t)PTRDIFF_MAX - 64) {
        Bytes *resized = (Bytes *)heap_resize(t, &bytes->head, object_size(&bytes->head), size);
        if (UNLIKELY(!resized)) {
            object_release(bytes);
            return NULL;
        }
        resized->length = length;
        resized->data[length] = 0;
        return resized;
    }
    Bytes *other = length <= bytes->length ? bytes_from(t, bytes->data, length) : bytes_new(t, length);
    if (other && length > bytes->length)
        memcpy(other->data, bytes->data, bytes->length);
    object_release(bytes);
    return other;
}

bool bytes_init(Thread *t)
{
    Bytes *empty = bytes_new(t, 0);
    if (!empty)
        return false;
    empty->head.count = COUNT_IMMORTAL;
    t->interp->empty_bytes = object_value(empty);
    return true;
}

static Value bytes_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    static const char *const parameters[] = {"source", "encoding", "errors", NULL};
    static const Parameters signature = {"bytes", parameters, 0, 3, 0};
    Value slots[3];
    if (!arguments_sort(t, &signature, args, count, names, slots))
        return FAILED;
    Value v = bytes_from_arguments(t, "bytes", slots[0], slots[1], slots[2]);
    if (failed(v) || type->kind == KIND_BYTES)
        return v;
    Bytes *instance = bytes_new_of(t, type, as_bytes(v)->length);
    if (instance)
        memcpy(instance->data, as_bytes(v)->data, as_bytes(v)->length);
    release(v);
    return instance ? object_value(instance) : FAILED;
}

/* ---- slots ---- */

static Value slot_add(Thread *t, Value left, Value right)
{
    return is_bytes(left) ? bytes_concat(t, left, right, slot_add) : NOT_IMPLEMENTED;
}

static Value slot_remainder(Thread *t, Value left, Value right)
{
    return is_bytes(left) ? percent_format_bytes(t, as_bytes(left)->data, as_bytes(left)->length, right) : NOT_IMPLEMENTED;
}

static Value slot_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (!is_bytes(self))
        return NOT_IMPLEMENTED;
    if (is_same(self, other) && is_kind(self, KIND_BYTES))
        return bool_value(op == COMPARE_EQ || op == COMPARE_LE || op == COMPARE_GE);
    return bytes_compare(t, self, other, op);
}

static bool slot_hash(Thread *t, Value self, int64_t *hash)
{
    Bytes *bytes = as_bytes(self);
    if (bytes->hash == -1) {
        HashKey key = {t->interp->hash_key[0], t->interp->hash_key[1]};
        bytes->hash = hash_bytes(key, bytes->data, bytes->length);
    }
    *hash = bytes->hash;
    return true;
}

static bool slot_length(Thread *t, Value self, size_t *length)
{
    *length = as_bytes(self)->length;
    return true;
}

static Value slot_repr(Thread *t, Value self)
{
    return bytes_repr(t, "b", span_of(self), "");
}

static bool slot_get_buffer(Thread *t, Value self, BufferView *view, int flags)
{
    if (flags & BUFFER_WRITABLE)
        return raise_false(t, EXC_BufferError, "Object is not writable.");
    *view = (BufferView){.owner = retain(self), .data = as_bytes(self)->data, .length = as_bytes(self)->length, .item_size = 1,
                         .is_read_only = true, .format = "B", .dimensions = 1, .one_shape = (int64_t)as_bytes(self)->length, .one_stride = 1};
    return true;
}

/* ---- methods ---- */

static Value fromhex(Thread *t, Value class, const Value *args)
{
    Value bytes = bytes_fromhex(t, args[0]);
    if (failed(bytes) || as_object(class) == &t->interp->types[KIND_BYTES]->head)
        return bytes;
    Value instance = value_call1(t, class, bytes);
    release(bytes);
    return instance;
}

static Value bytes_dunder(Thread *t, Value self, const Value *args)
{
    if (is_kind(self, KIND_BYTES))
        return retain(self);
    Bytes *bytes = bytes_from(t, as_bytes(self)->data, as_bytes(self)->length);
    return bytes ? object_value(bytes) : FAILED;
}

static Value getnewargs(Thread *t, Value self, const Value *args)
{
    Value bytes = bytes_dunder(t, self, args);
    if (failed(bytes))
        return FAILED;
    Tuple *arguments = tuple_from_values(t, &bytes, 1);
    release(bytes);
    return arguments ? object_value(arguments) : FAILED;
}

static Value sizeof_method(Thread *t, Value self, const Value *args)
{
    return small_int_value((int64_t)object_size(as_object(self)));
}

static const NativeDef bytes_methods[] = {
    BYTES_COMMON_METHODS,
    NATIVE("fromhex", fromhex, "($type, string, /)", NATIVE_CLASS, "The bytes that pairs of hexadecimal digits stand for."),
    NATIVE("__bytes__", bytes_dunder, "($self, /)", 0, "Itself."),
    NATIVE("__getnewargs__", getnewargs, "($self, /)", 0, NULL),
    NATIVE("__sizeof__", sizeof_method, "($self, /)", 0, "Bytes of memory this object takes."),
    NATIVE_END,
};

const TypeSpec bytes_spec = {
    .doc = "bytes(iterable_of_ints) -> bytes\nbytes(string, encoding[, errors]) -> bytes\nbytes(bytes_or_buffer) -> bytes\n"
           "bytes(int) -> that many zero bytes\nbytes() -> empty bytes\n\nA row of bytes that does not change.",
    .size = offsetof(Bytes, data),
    .flags = TYPE_IS_VARIABLE_SIZE | TYPE_MATCHES_SELF,
    .slots = {
        .repr = slot_repr, .str = bytes_str, .hash = slot_hash, .compare = slot_compare, .new_instance = bytes_new_instance,
        .length = slot_length, .contains = bytes_contains, .get_item = bytes_get_item, .iterate = byte_iterator_new,
        .add = slot_add, .multiply = bytes_multiply, .remainder = slot_remainder, .get_buffer = slot_get_buffer,
    },
    .methods = bytes_methods,
    .size_of = bytes_size_of,
};
