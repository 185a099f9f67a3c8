/* ctypes_classes.c - classes that describe C types: what their metaclasses have in common.
 *
 * What        _CType_Type, from which the metaclasses are derived; T * n; from_address, from_buffer, from_buffer_copy, in_dll.
 * How         A class statement calls its metaclass, whose __init__ reads _type_, _length_ or _fields_ and fills the CClass. Those of each
 *             family are in the file of that family.
 * Invariants  I1 a class with family FAMILY_NONE has no instances.
 * GIL         held.
 * Read next   ctypes_simple.c, ctypes_arrays.c, ctypes_layout.c, ctypes_pointers.c */
#include "stdlib/ctypes/ctypes.h"

#include <dlfcn.h>

bool ctypes_is_class(ToyThread *t, const CtypesState *state, ToyValue v)
{
    return toy_is_type(v) && toy_is_a(t, v, state->meta) && as_cclass(v)->family != FAMILY_NONE;
}
bool ctypes_is_object(ToyThread *t, const CtypesState *state, ToyValue v) { return toy_is_object(v) && toy_is_a(t, v, state->data); }
bool ctypes_is_direct(const CClass *class) { return toy_type_base((const ToyType *)class) == cclass_state(class)->bases[FAMILY_SIMPLE]; }

bool ctypes_class_begin(ToyThread *t, CClass *class)
{
    return class->family == FAMILY_NONE || toy_raise_false(t, TOY_SystemError, "StgInfo of '%s' is already initialized.", toy_type_text(t, cclass_type(class)));
}

void ctypes_class_end(CClass *class, Family family)
{
    bool may_have = family != FAMILY_NONE && toy_type_is_subtype((const ToyType *)class, cclass_state(class)->bases[family]);
    class->family = may_have ? family : FAMILY_NONE;
}

bool ctypes_class_describe(ToyThread *t, CClass *class, TOY_TAKES ToyValue format, const CClass *item, size_t count)
{
    const char *text = toy_failed(format) ? NULL : toy_str_utf8(t, format, NULL);
    int dimensions = item && count != SIZE_MAX ? item->dimensions + 1 : 0;
    int64_t *shape = text && dimensions ? toy_alloc(t, (size_t)dimensions * sizeof *shape) : NULL;
    if (!text || (dimensions && !shape)) {
        toy_release(format);
        return false;
    }
    if (dimensions) {
        shape[0] = (int64_t)count;
        if (item->dimensions) memcpy(shape + 1, item->shape, (size_t)item->dimensions * sizeof *shape);
    }
    if (class->shape) toy_free(t, class->shape, (size_t)class->dimensions * sizeof *shape);
    class->shape = shape;
    class->dimensions = dimensions;
    class->item_size = dimensions ? item->item_size : class->size;
    class->format_text = text;
    toy_replace(&class->format, format);
    return true;
}

ToyValue ctypes_shape_text(ToyThread *t, const CClass *class)
{
    ToyValue text = toy_str(t, "");
    for (int i = 0; !toy_failed(text) && i < class->dimensions; i++)
        toy_replace(&text, toy_str_format(t, "%S%s%lld%s", text, i ? "," : "(", (long long)class->shape[i], i + 1 == class->dimensions ? ")" : ""));
    return text;
}

/* ---- T * n ---- */

/* The class of arrays of [count] of these, if there is one. */
static bool find_array(ToyThread *t, const CClass *item, ToyValue count, ToyValue *array)
{
    ToyValue reference = TOY_UNBOUND;
    *array = TOY_UNBOUND;
    if (toy_is_unbound(item->arrays)) return true;
    if (!toy_dict_get(t, item->arrays, count, &reference)) return false;
    if (toy_is_unbound(reference)) return true;
    *array = toy_weakref_target(reference);
    toy_release(reference);
    return true;
}

static bool note_array(ToyThread *t, CClass *item, ToyValue count, ToyValue array)
{
    if (toy_is_unbound(item->arrays)) item->arrays = toy_dict(t);
    ToyValue reference = toy_failed(item->arrays) ? TOY_FAILED : toy_weakref(t, array, TOY_NONE);
    bool done = !toy_failed(reference) && toy_dict_set(t, item->arrays, count, reference);
    toy_release(reference);
    return done;
}

static ToyValue make_array(ToyThread *t, CClass *item, ToyValue count)
{
    CtypesState *state = cclass_state(item);
    ToyValue name = toy_get_attribute(t, cclass_value(item), "__name__"), full = TOY_FAILED, bases = TOY_FAILED, dict = TOY_FAILED, array = TOY_FAILED;
    if (!toy_failed(name)) full = toy_str_format(t, "%S_Array_%S", name, count);
    if (!toy_failed(full)) bases = toy_tuple(t, toy_retain(toy_type_value(state->bases[FAMILY_ARRAY])));
    if (!toy_failed(bases)) dict = toy_dict(t);
    if (!toy_failed(dict) && toy_dict_set_text(t, dict, "_length_", count) && toy_dict_set_text(t, dict, "_type_", cclass_value(item)))
        array = toy_call(t, toy_type_value(state->metas[FAMILY_ARRAY]), (ToyValue[]){full, bases, dict}, 3);
    toy_release(name);
    toy_release(full);
    toy_release(bases);
    toy_release(dict);
    return array;
}

ToyValue ctypes_array_of(ToyThread *t, CClass *item, int64_t count)
{
    if (count < 0) return toy_raise_value_error(t, "Array length must be >= 0, not %lld", (long long)count);
    ToyValue number = toy_int(t, count), array = TOY_FAILED;
    if (!toy_failed(number) && find_array(t, item, number, &array) && toy_is_unbound(array)) {
        array = make_array(t, item, number);
        if (!toy_failed(array) && !note_array(t, item, number, array)) toy_clear(&array);
    }
    toy_release(number);
    return array;
}

static const ToyTypeSpec meta_spec;

static ToyValue class_multiply(ToyThread *t, ToyValue left, ToyValue right)
{
    if (!toy_is_made_of(t, left, &meta_spec)) return class_multiply(t, right, left);   /* one of the two is ours */
    int64_t count;
    if (!toy_is_int(right)) {
        ToyValue index = toy_find_special(t, right, "__index__");
        toy_release(index);
        if (toy_is_unbound(index)) return toy_is_raised(t) ? TOY_FAILED : toy_raise_type_error(t, "can't multiply sequence by non-int of type '%T'", right);
    }
    ToyValue number = toy_index(t, right);
    if (toy_failed(number)) return TOY_FAILED;
    bool fits = toy_int_fits_int64(number, &count);
    toy_release(number);
    if (!fits) return toy_raise(t, TOY_OverflowError, "cannot fit '%T' into an index-sized integer", right);
    if (count >= 0 && as_cclass(left)->family == FAMILY_NONE) return toy_raise_type_error(t, "_type_ must have storage info");
    return ctypes_array_of(t, as_cclass(left), count);
}

/* ---- objects over memory that is there already ---- */

static bool is_concrete(ToyThread *t, const CClass *class)
{
    return class->family != FAMILY_NONE || toy_raise_false(t, TOY_TypeError, "abstract class");
}

static ToyValue from_address(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint64_t bits;
    if (!toy_is_int(args[0])) return toy_raise_type_error(t, "integer expected");
    if (!is_concrete(t, as_cclass(self)) || !ctypes_low_bits(t, args[0], &bits)) return TOY_FAILED;
    return ctypes_object_at(t, as_cclass(self), (uint8_t *)(uintptr_t)bits, TOY_UNBOUND, 0);
}

static ToyValue from_buffer(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t offset = 0;
    if (!is_concrete(t, as_cclass(self)) || !toy_arg_size(t, args[1], &offset)) return TOY_FAILED;
    ToyValue v = ctypes_object_at(t, as_cclass(self), NULL, TOY_UNBOUND, 0);
    if (toy_failed(v)) return TOY_FAILED;
    as_cobject(v)->size = 0;
    if (ctypes_object_borrow(t, as_cobject(v), args[0], offset)) return v;
    toy_release(v);
    return TOY_FAILED;
}

static ToyValue from_buffer_copy(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t offset = 0;
    ToyBuffer buffer;
    CClass *class = as_cclass(self);
    if (!toy_arg_size(t, args[1], &offset) || !toy_buffer_get(t, args[0], &buffer, 0)) return TOY_FAILED;
    ToyValue v = TOY_FAILED;
    if (!is_concrete(t, class)) v = TOY_FAILED;
    else if (offset < 0) toy_raise_value_error(t, "offset cannot be negative");
    else if ((size_t)offset > buffer.length || class->size > buffer.length - (size_t)offset)
        toy_raise_value_error(t, "Buffer size too small (%zu instead of at least %zu bytes)", buffer.length, (size_t)offset + class->size);
    else v = ctypes_object_new(t, class);
    if (!toy_failed(v) && class->size) memcpy(as_cobject(v)->data, buffer.data + offset, class->size);
    toy_buffer_release(t, &buffer);
    return v;
}

/* The address of a name in a library, or of data in it: [error] says that it is not there. */
void *ctypes_symbol(ToyThread *t, ToyValue library, ToyValue name, ToyException error)
{
    ToyValue handle = toy_get_attribute(t, library, "_handle");
    uint64_t bits = 0;
    const char *text = NULL;
    if (toy_failed(handle)) return NULL;
    bool is_read = toy_arg_uint64(t, handle, &bits);
    toy_release(handle);
    if (is_read && !toy_is_str(name)) toy_raise_type_error(t, "the name of a function must be str, not %T", name);
    else if (is_read) text = toy_str_utf8(t, name, NULL);
    if (!text) return NULL;
    void *symbol = dlsym((void *)(uintptr_t)bits, text);
    if (!symbol) toy_raise(t, error, "%s", dlerror());
    return symbol;
}

static ToyValue in_dll(ToyThread *t, ToyValue self, const ToyValue *args)
{
    void *symbol = is_concrete(t, as_cclass(self)) ? ctypes_symbol(t, args[0], args[1], TOY_ValueError) : NULL;
    ToyValue v = symbol ? ctypes_object_at(t, as_cclass(self), symbol, TOY_UNBOUND, 0) : TOY_FAILED;
    if (!toy_failed(v)) as_cobject(v)->keeps = toy_retain(args[0]);   /* the library stays loaded */
    return v;
}

static const ToyFunction class_methods[] = {
    TOY_FUNCTION("from_address", from_address, "($self, integer, /)", 0, "C.from_address(integer) -> C instance\naccess a C instance at the specified address"),
    TOY_FUNCTION("from_buffer", from_buffer, "($self, object, offset=0, /)", 0, "An instance over the memory of a writable buffer, which stays exported as long as it lives."),
    TOY_FUNCTION("from_buffer_copy", from_buffer_copy, "($self, buffer, offset=0, /)", 0, "An instance with a copy of the buffer's bytes."),
    TOY_FUNCTION("from_param", ctypes_from_param, "($self, value, /)", 0, "Convert a Python object into a function call parameter."),
    TOY_FUNCTION("in_dll", in_dll, "($self, dll, name, /)", 0, "C.in_dll(dll, name) -> C instance\naccess a C instance in a dll"),
    TOY_FUNCTIONS_END,
};

/* ---- the metaclasses ---- */

void ctypes_class_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const CClass *class = (CClass *)self;
    toy_class_traverse(self, visit, context);
    toy_visit(class->item, visit, context);
    toy_visit(class->format, visit, context);
    toy_visit(class->names, visit, context);
    toy_visit(class->arrays, visit, context);
    toy_visit(class->swapped, visit, context);
}

/* The size stays: an instance may still be there. */
void ctypes_class_clear(ToyObject *self)
{
    CClass *class = (CClass *)self;
    toy_class_clear(self);
    toy_clear(&class->item);
    toy_clear(&class->names);
    toy_clear(&class->arrays);
    toy_clear(&class->swapped);
}

void ctypes_class_free(ToyObject *self)
{
    CClass *class = (CClass *)self;
    toy_clear(&class->item);
    toy_clear(&class->names);
    toy_clear(&class->arrays);
    toy_clear(&class->swapped);
    toy_clear(&class->format);
    if (class->shape) toy_free(toy_thread(), class->shape, (size_t)class->dimensions * sizeof *class->shape);
    toy_class_free(self);
}

static const ToyTypeSpec meta_spec = {
    .doc = "What the classes of all C types are instances of.",
    .size = sizeof(CClass),
    .slots = {.multiply = class_multiply},
    .methods = class_methods,
    .traverse = ctypes_class_traverse,
    .clear = ctypes_class_clear,
    .free = ctypes_class_free,
};

bool ctypes_classes_init(ToyThread *t, ToyModuleObject *module, CtypesState *state)
{
    static const struct { Family family; const char *meta_name, *base_name; const ToyTypeSpec *meta, *base; } rows[] = {
        {FAMILY_SIMPLE, "_ctypes.PyCSimpleType", "_ctypes._SimpleCData", &ctypes_simple_meta_spec, &ctypes_simple_spec},
        {FAMILY_ARRAY, "_ctypes.PyCArrayType", "_ctypes.Array", &ctypes_array_meta_spec, &ctypes_array_spec},
        {FAMILY_STRUCTURE, "_ctypes.PyCStructType", "_ctypes.Structure", &ctypes_structure_meta_spec, &ctypes_structure_spec},
        {FAMILY_UNION, "_ctypes.UnionType", "_ctypes.Union", &ctypes_structure_meta_spec, &ctypes_union_spec},
        {FAMILY_POINTER, "_ctypes.PyCPointerType", "_ctypes._Pointer", &ctypes_pointer_meta_spec, &ctypes_pointer_spec},
        {FAMILY_FUNCTION, "_ctypes.PyCFuncPtrType", "_ctypes.CFuncPtr", &ctypes_function_meta_spec, &ctypes_function_spec},
    };
    state->meta = toy_type_new(t, module, &meta_spec, "_ctypes.CType_Type", toy_builtin_type(t, TOY_KIND_TYPE));
    if (!state->meta) return false;
    state->data = toy_type_new_of(t, module, &ctypes_data_spec, "_ctypes._CData", NULL, state->meta);
    if (!state->data) return false;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        ToyType **meta = &state->metas[rows[i].family], **base = &state->bases[rows[i].family];
        *meta = toy_type_new(t, module, rows[i].meta, rows[i].meta_name, state->meta);
        if (*meta) *base = toy_type_new_of(t, module, rows[i].base, rows[i].base_name, state->data, *meta);
        if (!*meta || !*base || !toy_module_add_type(t, module, *base)) return false;
    }
    return true;
}
