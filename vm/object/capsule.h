/* capsule.h - a native pointer that scripts may carry about.
 * What        Capsule.   How  A name says what the pointer is for; who asks must know it.   GIL  held.   Read next  capsule.c */
#ifndef TOY_OBJECT_CAPSULE_H
#define TOY_OBJECT_CAPSULE_H

#include "vm/object/context.h"

typedef struct Capsule {
    Object head;
    void *pointer;
    const char *name;                   /* a constant */
    void (*destroy)(void *pointer);     /* NULL: nothing to do */
} Capsule;

MUST_CHECK Value capsule_new(Thread *t, void *pointer, const char *name, void (*destroy)(void *pointer));
MUST_CHECK void *capsule_pointer(Thread *t, Value v, const char *name);   /* ValueError unless it is a capsule of that name */

extern const TypeSpec capsule_spec;

#endif
