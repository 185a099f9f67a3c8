/* memoryview.h - making memoryviews from native code.
 * What        memoryview_new.   How  see memoryview.c.
 * GIL         held.   Read next  memoryview.c */
#ifndef TOY_OBJECT_MEMORYVIEW_H
#define TOY_OBJECT_MEMORYVIEW_H

#include "vm/object/buffer_view.h"
#include "vm/object/context.h"

MUST_CHECK Value memoryview_new(Thread *t, Value exporter);    /* TypeError "memoryview: a bytes-like object is required, not 'T'" */
/* super().__buffer__(flags): a memoryview of the value by a base's slot. */
MUST_CHECK Value memoryview_by(Thread *t, Value exporter, GetBufferFn get, Value flags);
/* exporter.__release_buffer__(view): it must be a view of it. */
MUST_CHECK bool memoryview_give_back(Thread *t, Value exporter, Value view);
/* For the time of a call of __release_buffer__: a memoryview of a buffer that is being given back, of which no other can be made; and its end. */
MUST_CHECK Value memoryview_lend(Thread *t, const BufferView *view);
void memoryview_end(Value lent);
BORROWED Value memoryview_exporter(Value view);                /* UNBOUND: released */
extern const TypeSpec memoryview_spec;

#endif
