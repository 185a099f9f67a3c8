/* memoryview_items.c - the items and slices of a memoryview: m[1], m[1, 2], m[a:b], read and written.
 *
 * What        The slots for items, length and iteration.
 * How         An index of each dimension, times its stride, leads to the item; memory_format.c knows what its bytes mean. A slice is
 *             another view of the same exporter.
 * Invariants  I1 __index__, and the reading of a value to be stored, may run script code that releases the view: it is asked again
 *             whether it is alive before an address is used.
 * GIL         held.
 * Read next   memoryview.c, memory_format.c */
#include "vm/object/memoryview_parts.h"

#include "vm/object/exception.h"
#include "vm/object/iterators.h"
#include "vm/object/list.h"
#include "vm/object/memory_format.h"
#include "vm/object/protocol.h"
#include "vm/object/range.h"

bool memoryview_has_letter(Thread *t, const MemoryView *m)
{
    if (m->letter)
        return true;
    const char *letters = m->format + (m->format[0] == '@');
    return raise_false(t, EXC_NotImplementedError, strlen(letters) == 1 ? "memoryview: format %s not supported" : "memoryview: unsupported format %s", m->format);
}

/* The address along one dimension; NULL: raised. */
static uint8_t *step_to(Thread *t, const MemoryView *m, uint8_t *at, int dimension, int64_t index)
{
    if (index < 0)
        index += m->shape[dimension];
    if (index < 0 || index >= m->shape[dimension])
        return raise_null(t, EXC_IndexError, "index out of bounds on dimension %d", dimension + 1);
    return at + index * m->strides[dimension];
}

static bool is_index(Thread *t, Value v) { return is_small_int(v) || value_type(t, v)->slots.index; }

static bool all_are(Thread *t, Tuple *tuple, bool (*is_such)(Thread *t, Value v))
{
    for (size_t i = 0; i < tuple->count; i++) {
        if (!is_such(t, tuple->items[i]))
            return false;
    }
    return true;
}

static bool is_slice(Thread *t, Value v)
{
    (void)t;
    return is_kind(v, KIND_SLICE);
}

/* The item that m[1, 2] or m[1] means; NULL: raised. */
static uint8_t *find_item(Thread *t, const MemoryView *m, Value key)
{
    int64_t index;
    if (!is_tuple(key)) {
        if (m->dimensions == 0)
            return raise_null(t, EXC_TypeError, "invalid indexing of 0-dim memory");
        if (m->dimensions > 1)
            return raise_null(t, EXC_NotImplementedError, "multi-dimensional sub-views are not implemented");
        /* Also if there is no such item: __index__ may have released the view. */
        return value_to_index(t, key, &index) && memoryview_is_alive(t, m) ? step_to(t, m, m->start, 0, index) : NULL;
    }
    Tuple *indices = as_tuple(key);
    if (indices->count < (size_t)m->dimensions)
        return raise_null(t, EXC_NotImplementedError, "sub-views are not implemented");
    if (indices->count > (size_t)m->dimensions)
        return raise_null(t, EXC_TypeError, "cannot index %d-dimension view with %zu-element tuple", m->dimensions, indices->count);
    uint8_t *at = m->start;
    for (int i = 0; at && i < m->dimensions; i++)
        at = value_to_index(t, indices->items[i], &index) && memoryview_is_alive(t, m) ? step_to(t, m, at, i, index) : NULL;
    return at;
}

/* A view of the first dimension's part. */
static MemoryView *slice_view(Thread *t, const MemoryView *m, Value key)
{
    if (m->dimensions == 0)
        return raise_null(t, EXC_TypeError, "invalid indexing of 0-dim memory");
    MemoryView *part = memoryview_again(t, m, m->dimensions);
    if (!part)
        return NULL;
    int64_t start, stop, step;
    size_t count;
    size_t length = (size_t)part->shape[0];   /* of the new view: __index__ may release the old one */
    if (!slice_resolve(t, key, length, &start, &stop, &step, &count)) {
        object_release(part);
        return NULL;
    }
    part->start += count > 0 ? start * part->strides[0] : 0;
    part->shape[0] = (int64_t)count;
    part->strides[0] *= step;
    return part;
}

static bool is_item_key(Thread *t, Value key)
{
    return is_tuple(key) ? all_are(t, as_tuple(key), is_index) : is_index(t, key);
}

static bool refuse_key(Thread *t, Value key)
{
    if (is_tuple(key) && as_tuple(key)->count > 0 && all_are(t, as_tuple(key), is_slice))
        return raise_false(t, EXC_NotImplementedError, "multi-dimensional slicing is not implemented");
    return raise_false(t, EXC_TypeError, "memoryview: invalid slice key");
}

Value memoryview_get_item(Thread *t, Value self, Value key)
{
    const MemoryView *m = AS_VIEW(self);
    if (!memoryview_is_alive(t, m))
        return FAILED;
    if (is_kind(key, KIND_SLICE))
        return object_value(slice_view(t, m, key));
    if (is_same(key, ELLIPSIS) && m->dimensions == 0)
        return memoryview_new(t, self);
    if (!is_item_key(t, key))
        return refuse_key(t, key), FAILED;
    uint8_t *at = memoryview_has_letter(t, m) ? find_item(t, m, key) : NULL;
    return at && memoryview_is_alive(t, m) ? memory_read(t, m->letter, at) : FAILED;
}

/* m[a:b] = other: same format, same number of items; the two may overlap. */
static bool set_slice(Thread *t, const MemoryView *m, Value key, Value v)
{
    MemoryView *to = slice_view(t, m, key);
    if (!to)
        return false;
    bool is_good = false;
    Value other = value_has_buffer(t, v) ? memoryview_new(t, v) : raise_type_error(t, "a bytes-like object is required, not '%T'", v);
    if (!failed(other)) {
        const MemoryView *from = AS_VIEW(other);
        if (!memoryview_is_alive(t, m))
            ;   /* the slice's __index__ released it: raised */
        else if (to->dimensions != 1)
            raise_error(t, EXC_NotImplementedError, "memoryview slice assignments are currently restricted to ndim = 1");
        else if (from->dimensions != 1 || from->item_size != to->item_size || from->letter != to->letter || from->shape[0] != to->shape[0])
            raise_value_error(t, "memoryview assignment: lvalue and rvalue have different structures");
        else {
            Bytes *copy = memoryview_copy_bytes(t, from);
            is_good = copy != NULL;
            for (int64_t i = 0; is_good && i < to->shape[0]; i++)
                memcpy(to->start + i * to->strides[0], copy->data + (size_t)i * to->item_size, to->item_size);
            if (copy)
                object_release(copy);
        }
    }
    release(other);
    object_release(to);
    return is_good;
}

bool memoryview_set_item(Thread *t, Value self, Value key, Value v)
{
    const MemoryView *m = AS_VIEW(self);
    if (!memoryview_is_alive(t, m))
        return false;
    if (m->is_read_only)
        return raise_false(t, EXC_TypeError, "cannot modify read-only memory");
    if (is_unbound(v))
        return raise_false(t, EXC_TypeError, "cannot delete memory");
    if (is_kind(key, KIND_SLICE))
        return set_slice(t, m, key, v);
    if (!is_item_key(t, key))
        return refuse_key(t, key);
    uint8_t *at = memoryview_has_letter(t, m) ? find_item(t, m, key) : NULL;
    if (!at)
        return false;
    /* Reading the value may run script code that releases this view: write to the side first. */
    uint8_t scratch[16];
    if (!memory_write(t, m->letter, scratch, v) || !memoryview_is_alive(t, m))
        return false;
    memcpy(at, scratch, m->item_size);
    return true;
}

bool memoryview_length(Thread *t, Value self, size_t *count)
{
    const MemoryView *m = AS_VIEW(self);
    if (!memoryview_is_alive(t, m))
        return false;
    if (m->dimensions == 0)
        return raise_false(t, EXC_TypeError, "0-dim memory has no length");
    *count = (size_t)m->shape[0];
    return true;
}

Value memoryview_iterate(Thread *t, Value self)
{
    const MemoryView *m = AS_VIEW(self);
    if (!memoryview_is_alive(t, m))
        return FAILED;
    if (m->dimensions == 0)
        return raise_type_error(t, "invalid indexing of 0-dim memory");
    if (m->dimensions > 1)
        return raise_error(t, EXC_NotImplementedError, "multi-dimensional sub-views are not implemented");
    return memoryview_has_letter(t, m) ? sequence_iterator_new(t, self) : FAILED;
}
