/* type_layout.h - how the instances of a class are laid out, for the files that make types and instances.
 *
 * What        Payload, members, Attributes: where each begins, and which classes share a layout.
 * How         The layout of a class is named by the type that added something to it last: a native payload or __slots__.
 *             Attributes stand at the very end and do not count: classes with and without them are compatible as bases.
 * GIL         held.
 * Read next   type.h, type_new.c */
#ifndef TOY_OBJECT_TYPE_LAYOUT_H
#define TOY_OBJECT_TYPE_LAYOUT_H

#include "vm/object/instance.h"

/* Bytes before the members of a fixed-size instance. */
static inline uint32_t type_payload_size(const Type *type) { return (uint32_t)((type->spec->size + 7) & ~(size_t)7); }

/* The type whose layout [type] has: itself if it adds a native payload or members, else its base's. */
BORROWED const Type *type_layout(const Type *type);
/* Sets size and attributes_offset from payload, member_count, inline_slots. */
void type_compute_size(Type *type);
/* What a class has from its base before anything of its own is added: spec, solid, flags that are inherited. */
void type_inherit_layout(Type *type, const Type *base);

/* Both classes, of the same base, add members of the same names in the same places (type_members.c). */
bool type_adds_same_members(const Type *a, const Type *b);

/* Fills mro by the C3 rule; TypeError "Cannot create a consistent method resolution order (MRO) for bases ...". */
MUST_CHECK Tuple *type_linearize(Thread *t, Type *type);
MUST_CHECK bool type_add_subclass(Thread *t, Type *base, Type *type);
void type_remove_subclass(Type *base, Type *type);

/* type_lookup.c */
void method_cache_finish(Interp *interp);
/* type_slots.c: what follows from a class's slots and dict: flags and init_function. */
void type_note_slots(Thread *t, Type *type);
unsigned type_descriptor_ways(const Type *type);     /* 1: has a __get__, 2: a __set__ or __delete__ */
/* type.c */
void types_finish(Interp *interp);
/* A new Type cell with its header set; nothing else. */
MUST_CHECK Type *type_cell_new(Thread *t, Type *metaclass);

#endif
