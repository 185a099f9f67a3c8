/* object_reduce.h - what an object tells pickle and copy about itself.
 * What        The methods __reduce_ex__, __reduce__, __getstate__ of object.   How  object_reduce.c.   GIL  held.   Read next  object.c */
#ifndef TOY_OBJECT_OBJECT_REDUCE_H
#define TOY_OBJECT_OBJECT_REDUCE_H

#include "vm/object/context.h"

MUST_CHECK Value object_reduce_ex(Thread *t, Value self, const Value *args);
MUST_CHECK Value object_reduce(Thread *t, Value self, const Value *args);
MUST_CHECK Value object_getstate(Thread *t, Value self, const Value *args);

/* Instances of the class are their attributes and nothing else: a reduction of theirs is (copyreg.__newobj__, (class,), __dict__), undoing it
 * runs no code, and neither does the end of one. */
bool type_reduces_plainly(Thread *t, Type *type);

#endif
