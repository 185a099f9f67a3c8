/* ctypes_fields.c - CField: a member of a structure or union, as a descriptor in its class.
 *
 * What        Reading and writing a member; bit fields; members that are arrays of characters, which look like strings.
 * How         A member has a place in the instance's bytes. Bits are cut out of, and put into, an integer of the declared type.
 * Invariants  I1 an instance of any class may come along, as CPython allows: the bytes asked for are compared with those that it has.
 * GIL         held.
 * Read next   ctypes_layout.c (who makes them), ctypes_objects.c */
#include "stdlib/ctypes/ctypes.h"

ToyValue ctypes_field_new(ToyThread *t, CtypesState *state, const Field *like)
{
    Field *field = (Field *)toy_type_alloc(t, state->field_type);
    if (!field) return TOY_FAILED;
    field->class = toy_retain(like->class);
    field->offset = like->offset;
    field->index = like->index;
    field->low_bit = like->low_bit;
    field->bits = like->bits;
    return toy_value(field);
}

/* An array of characters: *is_wide tells of which. */
static bool is_string(const CClass *class, bool *is_wide)
{
    if (class->family != FAMILY_ARRAY || toy_is_unbound(class->item)) return false;
    const CClass *item = as_cclass(class->item);
    char letter = item->kind && ctypes_is_direct(item) ? item->kind->letter : 0;
    *is_wide = letter == 'u';
    return letter == 'c' || letter == 'u';
}

/* ---- bits ---- */

static uint64_t load(const CClass *class, const uint8_t *at)
{
    uint64_t word = 0;
    for (size_t i = 0; i < class->size; i++) word |= (uint64_t)at[i] << 8 * (class->is_swapped ? class->size - 1 - i : i);
    return word;
}
static void save(const CClass *class, uint8_t *at, uint64_t word)
{
    for (size_t i = 0; i < class->size; i++) at[i] = (uint8_t)(word >> 8 * (class->is_swapped ? class->size - 1 - i : i));
}

static ToyValue get_bits(ToyThread *t, const Field *field, const CClass *class, const uint8_t *at)
{
    uint64_t word = load(class, at) << (64 - field->low_bit - field->bits);   /* to the top, and down again with the sign or without */
    bool is_signed = strchr("bhilq", class->kind->letter) != NULL;
    return is_signed ? toy_int(t, (int64_t)word >> (64 - field->bits)) : toy_int_from_uint64(t, word >> (64 - field->bits));
}

static bool set_bits(ToyThread *t, const Field *field, const CClass *class, ToyValue v, uint8_t *at)
{
    uint64_t bits, mask = (UINT64_MAX >> (64 - field->bits)) << field->low_bit;
    if (!ctypes_low_bits(t, v, &bits)) return false;
    save(class, at, (load(class, at) & ~mask) | (bits << field->low_bit & mask));
    return true;
}

/* CPython's bools have no bits: each is the whole byte. */
static bool has_bits(const Field *field, const CClass *class) { return field->bits && class->kind && class->kind->letter != '?'; }

/* ---- the descriptor ---- */

/* The class, and the place in the instance; NULL: raised. */
static CClass *locate(ToyThread *t, const Field *field, ToyValue instance, uint8_t **at)
{
    CClass *class = as_cclass(field->class);
    if (!ctypes_is_object(t, cclass_state(class), instance)) return toy_raise_null(t, TOY_TypeError, "not a ctype instance");
    CObject *object = as_cobject(instance);
    if (!ctypes_has_bytes(t, object, field->offset, class->size)) return NULL;
    *at = object->data + field->offset;
    return class;
}

static ToyValue field_get(ToyThread *t, ToyValue self, ToyValue instance, ToyType *owner)
{
    const Field *field = as_field(self);
    uint8_t *at;
    bool is_wide;
    if (!toy_is_given(instance)) return toy_retain(self);
    CClass *class = locate(t, field, instance, &at);
    if (!class) return TOY_FAILED;
    if (has_bits(field, class)) return get_bits(t, field, class, at);
    if (is_string(class, &is_wide)) return ctypes_text_get(t, as_cobject(instance), at, class->count, is_wide);
    return ctypes_read(t, class, instance, field->index, at);
}

static bool field_set(ToyThread *t, ToyValue self, ToyValue instance, ToyValue v)
{
    const Field *field = as_field(self);
    uint8_t *at;
    bool is_wide;
    CClass *class = locate(t, field, instance, &at);
    if (!class) return false;
    if (toy_is_unbound(v)) return toy_raise_false(t, TOY_TypeError, "can't delete attribute");
    if (has_bits(field, class)) return set_bits(t, field, class, v, at);
    if (is_string(class, &is_wide) && !ctypes_is_object(t, cclass_state(class), v) && !toy_is_tuple(v)) return ctypes_text_set(t, at, class->count, v, is_wide);
    return ctypes_write(t, class, instance, field->index, v, at);
}

static ToyValue field_repr(ToyThread *t, ToyValue self)
{
    const Field *field = as_field(self);
    ToyValue name = toy_get_attribute(t, field->class, "__name__"), text;
    if (toy_failed(name)) return TOY_FAILED;
    if (field->bits) text = toy_str_format(t, "<Field type=%S, ofs=%zu:%d, bits=%d>", name, field->offset, field->low_bit, field->bits);
    else text = toy_str_format(t, "<Field type=%S, ofs=%zu, size=%zu>", name, field->offset, as_cclass(field->class)->size);
    toy_release(name);
    return text;
}

static ToyValue get_offset(ToyThread *t, ToyValue self) { return toy_int(t, (int64_t)as_field(self)->offset); }
/* Of bits, both numbers in one, as CPython has it. */
static ToyValue get_size(ToyThread *t, ToyValue self)
{
    const Field *field = as_field(self);
    return toy_int(t, field->bits ? (int64_t)field->bits << 16 | field->low_bit : (int64_t)as_cclass(field->class)->size);
}

static void field_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((Field *)self)->class, visit, context); }
static void field_free(ToyObject *self) { toy_clear(&((Field *)self)->class); }

static const ToyGetSet field_getsets[] = {
    {"offset", get_offset, NULL, "offset in bytes of this field"},
    {"size", get_size, NULL, "size in bytes of this field"},
    {NULL, NULL, NULL, NULL},
};
const ToyTypeSpec ctypes_field_spec = {
    .doc = "Structure/Union member",
    .size = sizeof(Field),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_NO_NEW | TOY_TYPE_IS_CONTAINER,
    .slots = {.repr = field_repr, .descriptor_get = field_get, .descriptor_set = field_set},
    .getsets = field_getsets,
    .traverse = field_traverse,
    .free = field_free,
};
