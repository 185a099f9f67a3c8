/* buffer_view.h - the buffer protocol: lending out the bytes of an object.
 * What        BufferView: where the bytes are and how they are arranged; memoryview, its face in scripts.
 * How         An exporter counts its views and refuses to resize while there are any.
 * Invariants  I1 every buffer_get that succeeded is matched by one buffer_release.   GIL  held to get and release; the bytes may be used without it between.
 * Read next   bytes.h, memoryview.c */
#ifndef TOY_OBJECT_BUFFER_VIEW_H
#define TOY_OBJECT_BUFFER_VIEW_H

#include "vm/object/context.h"

enum {
    BUFFER_MAX_DIMENSIONS = 64,
    BUFFER_WRITABLE = 1,       /* refuse if the bytes may not be changed */
    BUFFER_STRIDED = 2,        /* the caller can cope with gaps between the items: reads shape and strides, or uses buffer_copy */
};

struct BufferView {
    Value owner;               /* the exporter, owned by the view */
    uint8_t *data;
    size_t length;             /* bytes in all */
    size_t item_size;
    bool is_read_only;
    const char *format;        /* struct notation; "B" */
    int dimensions;
    int64_t *shape, *strides;  /* of the exporter; NULL: one dimension, contiguous */
    int64_t one_shape, one_stride;
    void *internal;            /* the exporter's own */
};

/* The same by a slot that is not that of the value's own type. */
MUST_CHECK bool buffer_get_by(Thread *t, Value v, GetBufferFn get, BufferView *view, int flags);
MUST_CHECK bool buffer_get(Thread *t, Value v, BufferView *view, int flags);   /* TypeError "a bytes-like object is required, not 'T'" */
void buffer_release(Thread *t, BufferView *view);
/* The view's [length] bytes, item by item in reading order, without gaps. */
void buffer_copy(const BufferView *view, uint8_t *to);
extern const TypeSpec buffer_wrapper_spec;   /* slot_calls.c */
bool value_has_buffer(Thread *t, Value v);

#endif
