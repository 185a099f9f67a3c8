/* slots.h - the table behind slots.def: rows that tie a dunder to a field of TypeSlots.
 *
 * What        SlotRow and the list of them; slot_calls, the functions that a script's class gets in its slots.
 * How         A TypeSlots is read as a row of function pointers: field numbers stand for names here.
 * Invariants  I1 rows of one field stand together.
 * GIL         held.
 * Read next   slots.def, type_slots.c, slot_calls.c, slot_wrapper.c */
#ifndef TOY_OBJECT_SLOTS_H
#define TOY_OBJECT_SLOTS_H

#include "vm/object/context.h"

enum SlotWrapperKind {
    WRAP_UNARY, WRAP_BINARY, WRAP_RBINARY, WRAP_INPLACE, WRAP_TERNARY, WRAP_RTERNARY,
    WRAP_COMPARE_LT, WRAP_COMPARE_LE, WRAP_COMPARE_EQ, WRAP_COMPARE_NE, WRAP_COMPARE_GT, WRAP_COMPARE_GE,
    WRAP_INQUIRY, WRAP_LENGTH, WRAP_HASH, WRAP_CALL, WRAP_GET_ATTR, WRAP_SET_ATTR, WRAP_DEL_ATTR, WRAP_GET_ITEM, WRAP_SET_ITEM,
    WRAP_DEL_ITEM, WRAP_CONTAINS, WRAP_NEXT, WRAP_DESCR_GET, WRAP_DESCR_SET, WRAP_DESCR_DELETE, WRAP_INIT, WRAP_NEW, WRAP_FINAL,
    WRAP_BUFFER, WRAP_RELEASE_BUFFER,
};

typedef struct SlotRow {
    const char *dunder;
    uint16_t field;                 /* index into TypeSlots as a row of pointers */
    uint16_t name_offset;           /* of the interned dunder in Names */
    enum SlotWrapperKind wrapper;
    void *caller;                   /* what a script's class gets in the field: looks the dunder up and calls it (slot_calls.c) */
} SlotRow;

enum { SLOT_FIELD_COUNT = sizeof(TypeSlots) / sizeof(void *) };

extern const SlotRow slot_rows[];      /* slot_calls.c */
extern const size_t slot_row_count;

static inline void **type_slot(Type *type, unsigned field) { return (void **)&type->slots + field; }
static inline void *spec_slot(const TypeSpec *spec, unsigned field) { return ((void *const *)&spec->slots)[field]; }
static inline Str *slot_row_name(Interp *interp, const SlotRow *row) { return *(Str **)((char *)&interp->names + row->name_offset); }

/* All slots of a new script class, from what its order says. */
void type_fill_slots(Thread *t, Type *type);
/* A native type: what its spec leaves empty comes from its base. */
void type_inherit_slots(Type *type, const TypeSpec *spec);

MUST_CHECK Value new_wrapper(Thread *t, Type *type);   /* what a native type's dict has as __new__ */

#endif
