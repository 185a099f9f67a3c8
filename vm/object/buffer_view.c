/* buffer_view.c - see buffer_view.h: borrowing the bytes of an object, and giving them back.
 *
 * What        buffer_get, buffer_release, buffer_copy.
 * How         The view is filled with the plainest case (bytes, one dimension, contiguous) before the exporter's slot is
 *             asked, so that simple exporters only say where the bytes are and how many.
 * Invariants  I1 of buffer_view.h.
 * GIL         held.
 * Read next   memoryview.c, bytes.h */
#include "vm/object/buffer_view.h"

#include "vm/object/exception.h"

bool value_has_buffer(Thread *t, Value v)
{
    return value_type(t, v)->slots.get_buffer != NULL;
}

bool buffer_get(Thread *t, Value v, BufferView *view, int flags)
{
    GetBufferFn get = value_type(t, v)->slots.get_buffer;
    if (!get)
        return raise_false(t, EXC_TypeError, "a bytes-like object is required, not '%T'", v);
    return buffer_get_by(t, v, get, view, flags);
}

bool buffer_get_by(Thread *t, Value v, GetBufferFn get, BufferView *view, int flags)
{
    *view = (BufferView){.item_size = 1, .format = "B", .dimensions = 1};
    if (!get(t, v, view, flags))
        return false;
    if (is_unbound(view->owner))
        view->owner = retain(v);
    if ((flags & BUFFER_WRITABLE) && view->is_read_only) {
        buffer_release(t, view);
        return raise_false(t, EXC_BufferError, "Object is not writable.");
    }
    return true;
}

void buffer_release(Thread *t, BufferView *view)
{
    Value owner = view->owner;
    if (is_unbound(owner))
        return;
    ReleaseBufferFn give_back = value_type(t, owner)->slots.release_buffer;
    if (give_back)
        give_back(t, owner, view);
    view->owner = UNBOUND;
    view->data = NULL;
    release(owner);
}

static uint8_t *copy_dimension(const BufferView *view, int dimension, const uint8_t *at, uint8_t *to)
{
    if (dimension == view->dimensions) {
        memcpy(to, at, view->item_size);
        return to + view->item_size;
    }
    for (int64_t i = 0; i < view->shape[dimension]; i++)
        to = copy_dimension(view, dimension + 1, at + i * view->strides[dimension], to);
    return to;
}

void buffer_copy(const BufferView *view, uint8_t *to)
{
    if (view->shape && view->strides)
        copy_dimension(view, 0, view->data, to);
    else
        memcpy(to, view->data, view->length);
}
