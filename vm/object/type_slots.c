/* type_slots.c - which function stands in which slot of a type.
 *
 * What        Slots of native types from their spec and base; slots of script classes from what their order says; keeping them right
 *             when a dunder is assigned.
 * How         For each field, look its dunders up. If what is found is the wrapper of a native slot, that native function is the
 *             answer and no script code is in the way: class A(int) adds as fast as int. Anything else found puts the
 *             field's caller there, which looks the dunder up at each call. Nothing found: the slot is empty.
 * Invariants  keeps I3 of type.h.
 * GIL         held.
 * Read next   slot_calls.c, slots.def */
#include "vm/object/slots.h"

#include "vm/object/descriptor.h"
#include "vm/object/function.h"
#include "vm/object/instance.h"
#include "vm/object/protocol.h"
#include "vm/object/type_layout.h"

void type_inherit_slots(Type *type, const TypeSpec *spec)
{
    type->slots = spec->slots;
    const Type *base = type->base;
    if (!base) return;
    /* Equality and hash belong together: who defines the first alone cannot be hashed. */
    if (spec->slots.compare && !spec->slots.hash)
        type->slots.hash = hash_not_implemented;
    /* A native type directly below object is not made by object's constructor unless it says so. */
    bool keeps_new = spec->slots.new_instance || base->base || type_is(type, TYPE_IS_SCRIPT_MADE);
    for (unsigned field = 0; field < SLOT_FIELD_COUNT; field++)
        if (!*type_slot(type, field)) *type_slot(type, field) = *type_slot((Type *)base, field);
    if (!keeps_new) type->slots.new_instance = NULL;
    if (!type->slots.new_instance) type->flags |= TYPE_NO_NEW;
}

/* The native function behind what was found for a row, or NULL. */
static void *native_slot(Type *type, const SlotRow *row, Value found)
{
    if (is_kind(found, KIND_SLOT_WRAPPER)) {
        SlotWrapper *wrapper = (SlotWrapper *)as_object(found);
        return wrapper->row == row && type_is_subtype(type, wrapper->d.owner) ? wrapper->function : NULL;
    }
    if (row->wrapper == WRAP_NEW && is_kind(found, KIND_NATIVE_FUNCTION)) {
        NativeFunction *function = (NativeFunction *)as_object(found);
        bool is_new = function->def->name && strcmp(function->def->name, "__new__") == 0 && is_type(function->self);
        return is_new && type_is_subtype(type, as_type(function->self)) ? (void *)as_type(function->self)->slots.new_instance : NULL;
    }
    return row->wrapper == WRAP_HASH && is_none(found) ? (void *)hash_not_implemented : NULL;
}

/* Fills the field of rows [from] up to, not including, [to] (slots.h I1). */
static void fill_field(Thread *t, Type *type, size_t from, size_t to)
{
    void *native = NULL;
    bool needs_caller = false;
    for (size_t i = from; i < to; i++) {
        Value found = type_lookup(t, type, slot_row_name(t->interp, &slot_rows[i]));
        if (is_unbound(found)) continue;
        void *function = native_slot(type, &slot_rows[i], found);
        if (!function || (native && native != function))
            needs_caller = true;
        else
            native = function;
    }
    *type_slot(type, slot_rows[from].field) = needs_caller ? slot_rows[from].caller : native;
}

static size_t field_end(size_t from)
{
    size_t to = from + 1;
    while (to < slot_row_count && slot_rows[to].field == slot_rows[from].field) to++;
    return to;
}

void type_fill_slots(Thread *t, Type *type)
{
    for (size_t from = 0, to; from < slot_row_count; from = to) {
        to = field_end(from);
        fill_field(t, type, from, to);
    }
    type_note_slots(t, type);
}

void type_note_slots(Thread *t, Type *type)
{
    type->flags &= ~(uint32_t)(TYPE_HAS_FINALIZER | TYPE_DEFINES_GETATTR);
    if (type->slots.finalize) type->flags |= TYPE_HAS_FINALIZER;
    if (type->slots.get_attribute != generic_get_attribute) type->flags |= TYPE_DEFINES_GETATTR;
    type->init_function = NULL;
    if (type->slots.new_instance != object_new || type_is(type, TYPE_IS_ABSTRACT) || !type_is(type, TYPE_IS_SCRIPT_MADE)) return;
    if (type->head.type->slots.call != type_call) return;
    Value init = type_lookup(t, type, NAME_OF(t, __init__));
    if (is_kind(init, KIND_FUNCTION)) type->init_function = (Function *)as_object(init);
}

unsigned type_descriptor_ways(const Type *type) { return (type->slots.descriptor_get != NULL) | (type->slots.descriptor_set != NULL) << 1; }

static void update_field(Thread *t, Type *type, size_t from, size_t to)
{
    unsigned ways = type_descriptor_ways(type);
    fill_field(t, type, from, to);
    type_note_slots(t, type);
    if (type_descriptor_ways(type) != ways) type_all_modified(t);
    for (uint32_t i = 0; i < type->subclass_count; i++)
        update_field(t, type->subclasses[i], from, to);
}

void type_update_slots(Thread *t, Type *type, Str *name)
{
    for (size_t from = 0, to; from < slot_row_count; from = to) {
        to = field_end(from);
        for (size_t i = from; i < to; i++)
            if (slot_row_name(t->interp, &slot_rows[i]) == name) {
                update_field(t, type, from, to);
                return;
            }
    }
}
