/* ctypes_pointers.c - pointers of C: what POINTER(T) and pointer(object) make.
 *
 * What        _Pointer and its metaclass: contents, items, slices, truth.
 * How         The bytes are an address. What it leads to is an object over that memory, made anew each time; the object that was pointed at
 *             first is kept. NULL is never followed: ValueError.
 * GIL         held.
 * Read next   ctypes_arrays.c */
#include "stdlib/ctypes/ctypes.h"

/* ---- the class ---- */

static bool set_target(ToyThread *t, CClass *class, ToyValue type)
{
    CtypesState *state = cclass_state(class);
    if (!toy_is_type(type)) return toy_raise_false(t, TOY_TypeError, "_type_ must be a type");
    if (!ctypes_is_class(t, state, type)) return toy_raise_false(t, TOY_TypeError, "_type_ must have storage info");
    toy_replace(&class->item, toy_retain(type));
    return true;
}

static bool pointer_meta_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    CClass *class = as_cclass(self);
    if (!ctypes_class_begin(t, class)) return false;
    ToyValue type = count >= 3 && toy_is_dict(args[2]) ? toy_dict_get_text(t, args[2], "_type_") : TOY_UNBOUND;
    bool done = !toy_is_raised(t) && (toy_is_unbound(type) || set_target(t, class, type));
    toy_release(type);
    if (!done) return false;
    class->size = class->alignment = sizeof(void *);
    class->count = 1;
    class->has_pointers = true;
    ToyValue shape = toy_is_bound(type) ? ctypes_shape_text(t, as_cclass(class->item)) : TOY_UNBOUND, format;
    if (toy_is_unbound(type)) format = toy_str(t, "X{}");
    else format = toy_failed(shape) ? TOY_FAILED : toy_str_format(t, "&%S%S", shape, as_cclass(class->item)->format);
    toy_release(shape);
    if (!ctypes_class_describe(t, class, format, NULL, SIZE_MAX)) return false;
    ctypes_class_end(class, FAMILY_POINTER);
    return true;
}

static ToyValue set_type(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!set_target(t, as_cclass(self), args[0])) return TOY_FAILED;
    return toy_set_attribute(t, self, "_type_", args[0]) ? TOY_NONE : TOY_FAILED;
}

/* from_param: what may stand where such a pointer is declared. */
static ToyValue pointer_from_param(ToyThread *t, ToyValue self, const ToyValue *args)
{
    CtypesState *state = cclass_state(as_cclass(self));
    ToyValue v = args[0], target = as_cclass(self)->item;
    bool is_instance;
    if (toy_is_none(v)) return TOY_NONE;
    if (toy_is_bound(target)) {
        if (!toy_is_instance(t, v, target, &is_instance)) return TOY_FAILED;
        if (is_instance) return ctypes_byref(t, TOY_UNBOUND, (ToyValue[]){v, TOY_UNBOUND});
    }
    if (ctypes_is_object(t, state, v)) {
        const CClass *of = cobject_class(v);
        if ((of->family == FAMILY_POINTER || of->family == FAMILY_ARRAY) && toy_is_bound(of->item) && toy_is_bound(target)) {
            bool fits;
            if (!toy_is_subclass(t, of->item, target, &fits)) return TOY_FAILED;
            if (fits) return toy_retain(v);
        }
    }
    return ctypes_from_param(t, self, args);
}

static const ToyFunction pointer_meta_methods[] = {
    TOY_FUNCTION("set_type", set_type, "($self, type, /)", 0, "Say what a pointer that was declared by name leads to."),
    TOY_FUNCTION("from_param", pointer_from_param, "($self, value, /)", 0, "Convert a Python object into a function call parameter."),
    TOY_FUNCTIONS_END,
};

const ToyTypeSpec ctypes_pointer_meta_spec = {
    .doc = "metatype for the Pointer Objects",
    .size = sizeof(CClass),
    .slots = {.init = pointer_meta_init},
    .methods = pointer_meta_methods,
    .traverse = ctypes_class_traverse,
    .clear = ctypes_class_clear,
    .free = ctypes_class_free,
};

/* ---- POINTER, pointer ---- */

/* "LP_name", a pointer to [target], which may be UNBOUND: not known yet. */
static ToyValue make_pointer(ToyThread *t, CtypesState *state, ToyValue name, ToyValue target)
{
    ToyValue full = toy_str_format(t, "LP_%S", name), bases = TOY_FAILED, dict = TOY_FAILED, made = TOY_FAILED;
    if (!toy_failed(full)) bases = toy_tuple(t, toy_retain(toy_type_value(state->bases[FAMILY_POINTER])));
    if (!toy_failed(bases)) dict = toy_dict(t);
    if (!toy_failed(dict) && (toy_is_unbound(target) || toy_dict_set_text(t, dict, "_type_", target)))
        made = toy_call(t, toy_type_value(state->metas[FAMILY_POINTER]), (ToyValue[]){full, bases, dict}, 3);
    toy_release(full);
    toy_release(bases);
    toy_release(dict);
    return made;
}

/* The class of pointers to a C type: made once, as the module's dict _pointer_type_cache remembers. One that has only a name so far is
 * remembered by its own address. */
ToyValue ctypes_pointer_to(ToyThread *t, ToyValue self, const ToyValue *args)
{
    CtypesState *state = toy_module_state(self);
    ToyValue target = args[0], cache = toy_get_attribute(t, self, "_pointer_type_cache"), made = TOY_UNBOUND, key = TOY_UNBOUND;
    if (toy_failed(cache) || !toy_dict_get(t, cache, target, &made) || toy_is_bound(made)) {
        toy_release(cache);
        return made;
    }
    if (toy_is_str(target)) {
        made = make_pointer(t, state, target, TOY_UNBOUND);
        if (!toy_failed(made)) key = toy_int(t, (int64_t)(uintptr_t)toy_object(made));
    } else if (toy_is_type(target)) {
        ToyValue name = toy_get_attribute(t, target, "__name__");
        if (!toy_failed(name)) made = make_pointer(t, state, name, target);
        toy_release(name);
        key = toy_retain(target);
    } else {
        toy_raise_type_error(t, "must be a ctypes type");
    }
    if (!toy_failed(made) && (toy_failed(key) || !toy_dict_set(t, cache, key, made))) toy_clear(&made);
    toy_release(key);
    toy_release(cache);
    return made;
}

ToyValue ctypes_pointer(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue type = toy_type_value(toy_type_of(t, args[0])), class = ctypes_pointer_to(t, self, &type);
    ToyValue made = toy_failed(class) ? TOY_FAILED : toy_call1(t, class, args[0]);
    toy_release(class);
    return made;
}

/* ---- following it ---- */

/* Where it leads to; false: nowhere, raised. */
static bool follow(ToyThread *t, ToyValue self, uint8_t **target)
{
    const CObject *object = as_cobject(self);
    if (!ctypes_has_bytes(t, object, 0, sizeof *target)) return false;
    memcpy(target, object->data, sizeof *target);
    if (!*target) return toy_raise_false(t, TOY_ValueError, "NULL pointer access");
    return toy_is_bound(cobject_class(self)->item) || toy_raise_false(t, TOY_TypeError, "the pointer has no _type_");
}

static ToyValue get_contents(ToyThread *t, ToyValue self)
{
    uint8_t *target;
    return follow(t, self, &target) ? ctypes_object_at(t, as_cclass(cobject_class(self)->item), target, self, 0) : TOY_FAILED;
}

static bool set_contents(ToyThread *t, ToyValue self, ToyValue v)
{
    CObject *object = as_cobject(self);
    ToyValue target = cobject_class(self)->item;
    if (toy_is_unbound(v)) return toy_raise_false(t, TOY_TypeError, "Pointer does not support item deletion");
    if (toy_is_unbound(target)) return toy_raise_false(t, TOY_TypeError, "the pointer has no _type_");
    /* Of another class it may be: CPython lets it pass. */
    if (!ctypes_is_object(t, toy_instance_state(self), v)) {
        ToyValue name = toy_get_attribute(t, target, "__name__");
        if (!toy_failed(name)) toy_raise_type_error(t, "expected %S instead of %T", name, v);
        toy_release(name);
        return false;
    }
    if (!ctypes_has_bytes(t, object, 0, sizeof(void *))) return false;
    memcpy(object->data, &as_cobject(v)->data, sizeof(void *));
    /* Both the object itself, and what it keeps by now: it may come to keep other things. */
    if (!ctypes_keep(t, object, 1, toy_retain(v))) return false;
    ToyValue kept = ctypes_kept(t, as_cobject(v));
    return !toy_failed(kept) && ctypes_keep(t, object, 0, kept);
}

static ToyValue pointer_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    CClass *class = (CClass *)type;
    if (toy_is_unbound(class->item)) return toy_raise_type_error(t, "Cannot create instance: has no _type_");
    return ctypes_object_new(t, class);
}

static bool pointer_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!toy_arguments_count(t, "POINTER", count, 0, 1)) return false;
    return count == 0 || set_contents(t, self, args[0]);
}

static bool pointer_truth(ToyThread *t, ToyValue self, bool *truth)
{
    const void *target = NULL;
    if (as_cobject(self)->size >= sizeof target) memcpy(&target, as_cobject(self)->data, sizeof target);
    *truth = target != NULL;
    return true;
}

/* ---- items ---- */

static bool read_bound(ToyThread *t, ToyValue slice, const char *name, bool *is_given, int64_t *n)
{
    ToyValue v = toy_get_attribute(t, slice, name);
    if (toy_failed(v)) return false;
    *is_given = !toy_is_none(v);
    bool done = !*is_given || toy_arg_size(t, v, n);
    toy_release(v);
    return done;
}

/* A pointer has no length, so its slices need their ends. */
static ToyValue get_slice(ToyThread *t, ToyValue self, ToyValue slice)
{
    int64_t start = 0, stop = 0, step = 1;
    bool has_start, has_stop, has_step;
    uint8_t *target;
    if (!read_bound(t, slice, "step", &has_step, &step)) return TOY_FAILED;
    if (has_step && step == 0) return toy_raise_value_error(t, "slice step cannot be zero");
    if (!read_bound(t, slice, "start", &has_start, &start)) return TOY_FAILED;
    if (!has_start && step < 0) return toy_raise_value_error(t, "slice start is required for step < 0");
    if (!read_bound(t, slice, "stop", &has_stop, &stop)) return TOY_FAILED;
    if (!has_stop) return toy_raise_value_error(t, "slice stop is required");
    if (!follow(t, self, &target)) return TOY_FAILED;
    size_t count = 0;
    if (step > 0 && stop > start) count = ((size_t)stop - (size_t)start - 1) / (size_t)step + 1;
    if (step < 0 && stop < start) count = ((size_t)start - (size_t)stop - 1) / ((size_t)0 - (size_t)step) + 1;
    return ctypes_items(t, as_cclass(cobject_class(self)->item), self, target, start, step, count);
}

static bool read_place(ToyThread *t, ToyValue self, ToyValue key, int64_t *index, uint8_t **at)
{
    if (!toy_is_int(key)) {
        ToyValue method = toy_find_special(t, key, "__index__");
        toy_release(method);
        if (toy_is_unbound(method)) return toy_is_raised(t) ? false : toy_raise_false(t, TOY_TypeError, "Pointer indices must be integer");
    }
    if (!toy_arg_size(t, key, index) || !follow(t, self, at)) return false;
    *at += *index * (int64_t)as_cclass(cobject_class(self)->item)->size;
    return true;
}

static ToyValue pointer_get_item(ToyThread *t, ToyValue self, ToyValue key)
{
    int64_t index;
    uint8_t *at;
    if (toy_is_a(t, key, toy_builtin_type(t, TOY_KIND_SLICE))) return get_slice(t, self, key);
    if (!read_place(t, self, key, &index, &at)) return TOY_FAILED;
    return ctypes_read(t, as_cclass(cobject_class(self)->item), self, (size_t)index, at);
}

static bool pointer_set_item(ToyThread *t, ToyValue self, ToyValue key, ToyValue v)
{
    int64_t index;
    uint8_t *at;
    if (toy_is_unbound(v)) return toy_raise_false(t, TOY_TypeError, "Pointer does not support item deletion");
    return read_place(t, self, key, &index, &at) && ctypes_write(t, as_cclass(cobject_class(self)->item), self, (size_t)index, v, at);
}

static const ToyGetSet pointer_getsets[] = {
    {"contents", get_contents, set_contents, "the object this pointer points to (read-write)"},
    {NULL, NULL, NULL, NULL},
};
const ToyTypeSpec ctypes_pointer_spec = {
    .doc = "An address, and the class of what is there.",
    .size = sizeof(CObject),
    .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.hash = ctypes_object_hash, .truth = pointer_truth, .new_instance = pointer_new, .init = pointer_init, .get_item = pointer_get_item,
              .set_item = pointer_set_item, .get_buffer = ctypes_object_buffer, .release_buffer = ctypes_object_buffer_release},
    .getsets = pointer_getsets,
    .traverse = ctypes_object_traverse,
    .clear = ctypes_object_clear,
    .free = ctypes_object_free,
};
