/* namespace.h - making a SimpleNamespace from native code.
 * What        namespace_new.   How  see namespace.c.
 * GIL         held.   Read next  namespace.c */
#ifndef TOY_OBJECT_NAMESPACE_H
#define TOY_OBJECT_NAMESPACE_H

#include "vm/object/context.h"

MUST_CHECK Value namespace_new(Thread *t, Dict *fields);       /* attributes: a copy of [fields], whose keys are strings */
extern const TypeSpec namespace_spec;

#endif
