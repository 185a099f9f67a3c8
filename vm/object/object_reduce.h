/* object_reduce.h - what an object tells pickle and copy about itself.
 * What        The methods __reduce_ex__, __reduce__, __getstate__ of object.   How  object_reduce.c.   GIL  held.   Read next  object.c */
#ifndef TOY_OBJECT_OBJECT_REDUCE_H
#define TOY_OBJECT_OBJECT_REDUCE_H

#include "vm/object/context.h"

MUST_CHECK Value object_reduce_ex(Thread *t, Value self, const Value *args);
MUST_CHECK Value object_reduce(Thread *t, Value self, const Value *args);
MUST_CHECK Value object_getstate(Thread *t, Value self, const Value *args);

#endif
