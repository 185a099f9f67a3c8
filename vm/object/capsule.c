/* capsule.c - see capsule.h.
 * What        The type PyCapsule.
 * How         Made by native code only: scripts can hold one and hand it back.
 * GIL         held.
 * Read next   native.h */
#include "vm/object/capsule.h"

#include "vm/object/exception.h"
#include "vm/object/str.h"

Value capsule_new(Thread *t, void *pointer, const char *name, void (*destroy)(void *pointer))
{
    Capsule *capsule = (Capsule *)type_alloc(t, kind_type(t, KIND_CAPSULE));
    if (!capsule) return FAILED;
    capsule->pointer = pointer;
    capsule->name = name;
    capsule->destroy = destroy;
    return object_value(capsule);
}

void *capsule_pointer(Thread *t, Value v, const char *name)
{
    Capsule *capsule = (Capsule *)as_object(v);
    if (is_kind(v, KIND_CAPSULE) && capsule->pointer && strcmp(capsule->name, name) == 0) return capsule->pointer;
    return raise_null(t, EXC_ValueError, "PyCapsule_GetPointer called with incorrect name");
}

static Value capsule_repr(Thread *t, Value self)
{
    return object_value(str_format(t, "<capsule object \"%s\" at %p>", ((Capsule *)as_object(self))->name, (void *)as_object(self)));
}

static void capsule_free(Object *self)
{
    Capsule *capsule = (Capsule *)self;
    if (capsule->destroy && capsule->pointer) capsule->destroy(capsule->pointer);
}

const TypeSpec capsule_spec = {.size = sizeof(Capsule), .flags = TYPE_IS_FINAL, .slots = {.repr = capsule_repr}, .free = capsule_free};
