/* ctypes_structures.c - Structure and Union: their instances.
 *
 * What        The two base classes, and the call that fills the members: X(1, 2, name=3).
 * How         Positional arguments go to the members in their order, those of the base first; names are set as attributes.
 * GIL         held.
 * Read next   ctypes_layout.c, ctypes_fields.c */
#include "stdlib/ctypes/ctypes.h"

static ToyValue structure_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names) { return ctypes_object_new(t, (CClass *)type); }

typedef struct Initializers { ToyValue self; const ToyValue *args; size_t count, used; ToyTuple *names; } Initializers;

static bool is_named(const ToyTuple *names, ToyValue name)
{
    for (size_t i = 0; i < toy_names_length(names); i++)
        if (toy_str_equal(toy_names_item(names, i), name)) return true;
    return false;
}

/* The members of the class, after those of its bases. */
static bool fill_members(ToyThread *t, CClass *class, Initializers *from)
{
    if (!toy_check_recursion(t, "")) return false;
    CClass *base = (CClass *)toy_type_base(cclass_type(class));
    if (base->family == class->family && !fill_members(t, base, from)) return false;
    ToyValue members = toy_retain(class->names);
    size_t count = toy_is_bound(members) ? toy_tuple_length(members) : 0;
    bool done = true;
    for (size_t i = 0; done && i < count && from->used < from->count; i++) {
        ToyValue name = toy_tuple_item(members, i);
        if (is_named(from->names, name)) done = toy_raise_false(t, TOY_TypeError, "duplicate values for field %R", name);
        else done = toy_set_attribute_of(t, from->self, name, from->args[from->used++]);
    }
    toy_release(members);
    return done;
}

static bool structure_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    Initializers from = {self, args, count, 0, names};
    if (!fill_members(t, cobject_class(self), &from)) return false;
    if (from.used < count) return toy_raise_false(t, TOY_TypeError, "too many initializers");
    for (size_t i = 0; i < toy_names_length(names); i++)
        if (!toy_set_attribute_of(t, self, toy_names_item(names, i), args[count + i])) return false;
    return true;
}

#define SLOTS {.hash = ctypes_object_hash, .new_instance = structure_new, .init = structure_init, .get_buffer = ctypes_object_buffer, \
               .release_buffer = ctypes_object_buffer_release}
const ToyTypeSpec ctypes_structure_spec = {
    .doc = "Structure base class",
    .size = sizeof(CObject),
    .flags = TOY_TYPE_IS_CONTAINER,
    .slots = SLOTS,
    .traverse = ctypes_object_traverse,
    .clear = ctypes_object_clear,
    .free = ctypes_object_free,
};
const ToyTypeSpec ctypes_union_spec = {
    .doc = "Union base class",
    .size = sizeof(CObject),
    .flags = TOY_TYPE_IS_CONTAINER,
    .slots = SLOTS,
    .traverse = ctypes_object_traverse,
    .clear = ctypes_object_clear,
    .free = ctypes_object_free,
};
