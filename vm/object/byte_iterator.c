/* byte_iterator.c - the iterators over bytes and bytearray.
 *
 * What        bytes_iterator, bytearray_iterator: two types, which scripts can tell apart, of one making.
 * How         A reference to what is gone through and an index. A bytearray may change meanwhile: its length is asked each time.
 * Invariants  I1 `bytes` is UNBOUND once the end has been met: a bytearray that grows afterwards is not gone on with.
 * GIL         held; nothing here runs script code.
 * Read next   bytes_methods.h (ByteSpan), sequence_iterators.c */
#include "vm/object/bytes_methods.h"

#include "vm/object/heap.h"
#include "vm/object/iterators.h"
#include "vm/object/arguments.h"

typedef struct ByteIterator { Object head; Value bytes; size_t next; } ByteIterator;

static ByteIterator *as_iterator(Value v) { return (ByteIterator *)as_object(v); }

Value byte_iterator_new(Thread *t, Value self)
{
    enum Kind kind = is_kind(self, KIND_BYTEARRAY) ? KIND_BYTEARRAY_ITERATOR : KIND_BYTES_ITERATOR;
    ByteIterator *iterator = (ByteIterator *)heap_new(t, t->interp->types[kind], sizeof *iterator);
    if (!iterator)
        return FAILED;
    iterator->bytes = retain(self);
    return object_value(iterator);
}

static size_t length_of(const ByteIterator *iterator) { return is_bound(iterator->bytes) ? span_of(iterator->bytes).length : 0; }

static Value iterator_self(Thread *t, Value self) { return retain(self); }

static Value iterator_next(Thread *t, Value self)
{
    ByteIterator *iterator = as_iterator(self);
    if (is_unbound(iterator->bytes))
        return END;
    ByteSpan span = span_of(iterator->bytes);
    if (iterator->next < span.length)
        return small_int_value(span.data[iterator->next++]);
    clear(&iterator->bytes);
    return END;
}

static void iterator_free(Object *self) { release(((ByteIterator *)self)->bytes); }

static void iterator_traverse(Object *self, VisitFn visit, void *context) { visit_value(((ByteIterator *)self)->bytes, visit, context); }

static Value iterator_length_hint(Thread *t, Value self, const Value *args)
{
    size_t length = length_of(as_iterator(self)), next = as_iterator(self)->next;
    return small_int_value(next < length ? (int64_t)(length - next) : 0);
}

static Value iterator_reduce(Thread *t, Value self, const Value *args)
{
    ByteIterator *iterator = as_iterator(self);
    Value iter = iterator_builtin(t, "iter");
    if (is_unbound(iterator->bytes))
        return iterator_reduction_by(t, iter, t->interp->empty_tuple, UNBOUND);
    return iterator_reduction_by(t, iter, iterator->bytes, small_int_value((int64_t)iterator->next));
}

static Value iterator_setstate(Thread *t, Value self, const Value *args)
{
    ByteIterator *iterator = as_iterator(self);
    int64_t next;
    if (!arg_size(t, args[0], &next))
        return FAILED;
    size_t length = length_of(iterator);
    if (is_bound(iterator->bytes))
        iterator->next = next < 0 ? 0 : (size_t)next < length ? (size_t)next : length;
    return NONE;
}

static const NativeDef iterator_methods[] = {
    NATIVE("__length_hint__", iterator_length_hint, "($self, /)", 0, "How many bytes are left."),
    NATIVE("__reduce__", iterator_reduce, "($self, /)", 0, "For copy and pickle."),
    NATIVE("__setstate__", iterator_setstate, "($self, object, /)", 0, "Go to this place."),
    NATIVE_END,
};

#define BYTE_ITERATOR                                                                    \
    {.size = sizeof(ByteIterator), .flags = TYPE_NO_NEW | TYPE_IS_FINAL | TYPE_IS_CONTAINER, \
     .slots = {.iterate = iterator_self, .next = iterator_next}, .methods = iterator_methods, \
     .traverse = iterator_traverse, .free = iterator_free}

const TypeSpec bytes_iterator_spec = BYTE_ITERATOR, bytearray_iterator_spec = BYTE_ITERATOR;
