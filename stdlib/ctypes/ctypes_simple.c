/* ctypes_simple.c - scalars as objects: c_int, c_double, c_char_p and what scripts derive from them.
 *
 * What        _SimpleCData and its metaclass.
 * How         A class has a letter, _type_, that names a row of the table in ctypes_scalars.c. Numbers of more than one byte have a second class,
 *             with the bytes in the other order, which is made when it is asked for.
 * GIL         held.
 * Read next   ctypes_scalars.c, ctypes_objects.c */
#include "stdlib/ctypes/ctypes.h"

/* ---- the class ---- */

static const char letters[] = "cbBhHiIlLdfuzZqQPXOv?g";   /* as CPython has them, those for other systems included */

static const Kind *kind_of_name(ToyThread *t, ToyValue self)
{
    ToyValue letter = toy_find_attribute(t, self, "_type_");
    if (toy_is_raised(t)) return NULL;
    const Kind *kind = NULL;
    if (toy_is_unbound(letter)) {
        toy_raise(t, TOY_AttributeError, "class must define a '_type_' attribute");
    } else if (!toy_is_str(letter)) {
        toy_raise_type_error(t, "class must define a '_type_' string attribute");
    } else if (toy_str_length(letter) != 1) {
        toy_raise_value_error(t, "class must define a '_type_' attribute which must be a string of length 1");
    } else {
        uint32_t character = toy_str_char(letter, 0);
        kind = character < 128 ? ctypes_kind((char)character) : NULL;
        if (!kind) {
            toy_raise(t, TOY_AttributeError, "class must define a '_type_' attribute which must be\n"
                      "a single character string containing one of '%s'.", letters);
        }
    }
    toy_release(letter);
    return kind;
}

static bool simple_meta_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    CClass *class = as_cclass(self);
    if (!toy_arguments_count(t, "PyCSimpleType.__init__", count, 3, 3)) return false;
    const Kind *kind = ctypes_class_begin(t, class) ? kind_of_name(t, self) : NULL;
    if (!kind) return false;
    class->size = class->alignment = kind->size;
    class->kind = kind;
    class->has_pointers = kind->type == &ffi_type_pointer;
    if (!ctypes_class_describe(t, class, toy_str_format(t, "<%c", kind->format), NULL, SIZE_MAX)) return false;
    ctypes_class_end(class, FAMILY_SIMPLE);
    return true;
}

/* ---- the other order of bytes ---- */

static bool has_order(const Kind *kind) { return strchr("hHiIlLqQfd", kind->letter) != NULL; }

static ToyValue make_swapped(ToyThread *t, CClass *class)
{
    CtypesState *state = cclass_state(class);
    ToyValue self = cclass_value(class), dict = toy_dict(t), name = TOY_FAILED, bases = TOY_FAILED, made = TOY_FAILED;
    ToyValue letter = toy_failed(dict) ? TOY_FAILED : toy_str_from_char(t, (uint8_t)class->kind->letter);
    ToyValue module = toy_failed(letter) ? TOY_FAILED : toy_get_attribute(t, self, "__module__");
    ToyValue qualified = toy_failed(module) ? TOY_FAILED : toy_get_attribute(t, self, "__qualname__");
    ToyValue short_name = toy_failed(qualified) ? TOY_FAILED : toy_get_attribute(t, self, "__name__");
    if (!toy_failed(short_name)) name = toy_str_format(t, "%S_be", short_name);
    if (!toy_failed(name)) bases = toy_tuple(t, toy_retain(toy_type_value(state->bases[FAMILY_SIMPLE])));
    if (!toy_failed(bases) && toy_dict_set_text(t, dict, "_type_", letter) && toy_dict_set_text(t, dict, "__module__", module) &&
        toy_dict_set_text(t, dict, "__qualname__", qualified))
        made = toy_call(t, toy_type_value(state->metas[FAMILY_SIMPLE]), (ToyValue[]){name, bases, dict}, 3);
    if (!toy_failed(made)) {
        CClass *other = as_cclass(made);
        other->is_swapped = true;
        other->swapped = toy_retain(self);
        if (!ctypes_class_describe(t, other, toy_str_format(t, ">%c", other->kind->format), NULL, SIZE_MAX)) toy_clear(&made);
    }
    ToyValue used[] = {dict, name, bases, letter, module, qualified, short_name};
    for (size_t i = 0; i < sizeof used / sizeof *used; i++) toy_release(used[i]);
    return made;
}

/* The class with the bytes in that order, of the scalar that a script has derived this one from. */
static ToyValue in_order(ToyThread *t, ToyValue self, bool is_big, const char *name)
{
    CClass *class = as_cclass(self);
    while (class->family == FAMILY_SIMPLE && !ctypes_is_direct(class)) class = (CClass *)toy_type_base((const ToyType *)class);
    bool is_known = class->kind && (has_order(class->kind) || strchr("bBc", class->kind->letter));
    if (!is_known) {
        ToyValue own = toy_get_attribute(t, self, "__name__");
        if (!toy_failed(own)) toy_raise(t, TOY_AttributeError, "type object '%S' has no attribute '%s'", own, name);
        toy_release(own);
        return TOY_FAILED;
    }
    if (!has_order(class->kind) || class->is_swapped == is_big) return toy_retain(cclass_value(class));
    if (toy_is_unbound(class->swapped)) class->swapped = make_swapped(t, class);
    return toy_retain(class->swapped);
}
static ToyValue get_big(ToyThread *t, ToyValue self) { return in_order(t, self, true, "__ctype_be__"); }
static ToyValue get_little(ToyThread *t, ToyValue self) { return in_order(t, self, false, "__ctype_le__"); }

static const ToyGetSet simple_meta_getsets[] = {
    {"__ctype_be__", get_big, NULL, "the class of the same numbers with the high byte first"},
    {"__ctype_le__", get_little, NULL, "the class of the same numbers with the low byte first"},
    {NULL, NULL, NULL, NULL},
};
const ToyTypeSpec ctypes_simple_meta_spec = {
    .doc = "metatype for the PyCSimpleType Objects",
    .size = sizeof(CClass),
    .slots = {.init = simple_meta_init},
    .getsets = simple_meta_getsets,
    .traverse = ctypes_class_traverse,
    .clear = ctypes_class_clear,
    .free = ctypes_class_free,
};

/* ---- the instances ---- */

static ToyValue simple_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names) { return ctypes_object_new(t, (CClass *)type); }

/* It may have got another class, one that is no scalar yet. */
static bool has_value(ToyThread *t, ToyValue self)
{
    const CClass *class = cobject_class(self);
    return class->kind ? ctypes_has_bytes(t, as_cobject(self), 0, class->size) : toy_raise_false(t, TOY_TypeError, "abstract class");
}

static bool set_value(ToyThread *t, ToyValue self, ToyValue v)
{
    CObject *object = as_cobject(self);
    const CClass *class = cobject_class(self);
    ToyValue keeps = TOY_UNBOUND;
    if (toy_is_unbound(v)) return toy_raise_false(t, TOY_TypeError, "can't delete attribute");
    if (!has_value(t, self)) return false;
    if (!ctypes_scalar_write(t, class, v, object->data, &keeps)) {
        toy_release(keeps);
        return false;
    }
    return ctypes_keep(t, object, 0, keeps);
}

static ToyValue get_value(ToyThread *t, ToyValue self)
{
    return has_value(t, self) ? ctypes_scalar_read(t, cobject_class(self), as_cobject(self)->data) : TOY_FAILED;
}

static bool simple_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!toy_arguments_count(t, "__init__", count, 0, 1)) return false;   /* keywords are not looked at, as in CPython */
    return count == 0 || set_value(t, self, args[0]);
}

/* The value of a number; the address of a text, whatever it is. NULL as an object is no value. */
static ToyValue shown_value(ToyThread *t, ToyValue self)
{
    const CClass *class = cobject_class(self);
    const Kind *address = ctypes_kind('P');
    Scalar scalar = {.bits = 0};
    if (!strchr("zZO", class->kind->letter)) return get_value(t, self);
    if (!ctypes_has_bytes(t, as_cobject(self), 0, class->size)) return TOY_FAILED;
    memcpy(&scalar, as_cobject(self)->data, class->size);
    if (class->kind->letter == 'O') return scalar.bits ? get_value(t, self) : TOY_UNBOUND;
    return address->read(t, address, &scalar);
}

static ToyValue simple_repr(ToyThread *t, ToyValue self)
{
    const CClass *class = cobject_class(self);
    ToyValue name = toy_get_attribute(t, cclass_value(class), "__name__"), text = TOY_FAILED;
    if (toy_failed(name)) return TOY_FAILED;
    if (!class->kind || (!ctypes_is_direct(class) && !strchr("zZ", class->kind->letter))) {
        text = toy_str_format(t, "<%S object at %p>", name, (void *)toy_object(self));
    } else {
        ToyValue value = shown_value(t, self);
        if (!toy_failed(value)) text = toy_str_format(t, "%S(%R)", name, value);
        else if (!toy_is_raised(t)) text = toy_str_format(t, "%S(<NULL>)", name);
        toy_release(value);
    }
    toy_release(name);
    return text;
}

static bool simple_truth(ToyThread *t, ToyValue self, bool *truth)
{
    const CObject *object = as_cobject(self);
    *truth = false;
    for (size_t i = 0; i < object->size && i < cobject_class(self)->size; i++) *truth |= object->data[i] != 0;
    return true;
}

static const ToyGetSet simple_getsets[] = {{"value", get_value, set_value, "current value"}, {NULL, NULL, NULL, NULL}};
const ToyTypeSpec ctypes_simple_spec = {
    .doc = "A scalar of C. Classes derived from it say by the letter in _type_ which one.",
    .size = sizeof(CObject),
    .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.repr = simple_repr, .hash = ctypes_object_hash, .truth = simple_truth, .new_instance = simple_new, .init = simple_init,
              .get_buffer = ctypes_object_buffer, .release_buffer = ctypes_object_buffer_release},
    .getsets = simple_getsets,
    .traverse = ctypes_object_traverse,
    .clear = ctypes_object_clear,
    .free = ctypes_object_free,
};
