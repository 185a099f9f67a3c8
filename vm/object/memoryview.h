/* memoryview.h - making memoryviews from native code.
 * What        memoryview_new.   How  see memoryview.c.
 * GIL         held.   Read next  memoryview.c */
#ifndef TOY_OBJECT_MEMORYVIEW_H
#define TOY_OBJECT_MEMORYVIEW_H

#include "vm/object/context.h"

MUST_CHECK Value memoryview_new(Thread *t, Value exporter);    /* TypeError "memoryview: a bytes-like object is required, not 'T'" */
extern const TypeSpec memoryview_spec;

#endif
