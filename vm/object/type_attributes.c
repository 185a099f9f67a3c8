/* type_attributes.c - the attributes of classes: looking them up, setting them, and those that every class has.
 *
 * What        A.x and A.x = v; __name__, __dict__, __module__, __doc__ and the other names that type itself provides.
 * How         A class is also an instance of its metaclass, so a look-up has two places to go: the metaclass's data descriptors
 *             come first, then the class's own order, then what else the metaclass has.
 *             Setting changes the class's dict, its version (so caches forget it) and, for a dunder, its slots.
 * GIL         held.
 * Read next   type_lookup.c, type_slots.c, type_bases.c */
#include "vm/object/type_making.h"

#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

Value type_get_attribute(Thread *t, Value v, Str *name)
{
    Type *type = as_type(v), *metaclass = type->head.type;
    if (!type_open(t, metaclass) || !type_open(t, type)) return FAILED;
    Value of_meta = type_lookup(t, metaclass, name);
    DescrGetFn get = is_bound(of_meta) ? value_type(t, of_meta)->slots.descriptor_get : NULL;
    retain(of_meta);
    Value result;
    Value own = get && is_data_descriptor(t, of_meta) ? UNBOUND : type_lookup(t, type, name);
    if (is_bound(own)) {
        result = attribute_bind(t, own, UNBOUND, type);
    } else if (get) {
        result = get(t, of_meta, v, metaclass);
    } else if (is_bound(of_meta)) {
        return of_meta;
    } else {
        raise_error(t, EXC_AttributeError, "type object '%U' has no attribute '%U'", type->name, name);
        attribute_error_set_place(t, v, name);
        return FAILED;
    }
    release(of_meta);
    return result;
}

static bool is_dunder(const Str *name)
{
    size_t n = name->length;
    return n > 4 && str_char(name, 0) == '_' && str_char(name, 1) == '_' && str_char(name, n - 1) == '_' && str_char(name, n - 2) == '_';
}

/* Into the class's own dict, and all that follows from it. */
static bool store(Thread *t, Type *type, Str *name, Value value)
{
    object_retain(name);
    Str *interned = str_intern(t, name);
    if (!interned) return false;
    bool is_good, was_there = true;
    Value old = retain(dict_get_str(type->dict, interned));    /* its finaliser must not see a half-changed class */
    is_good = is_bound(value) ? dict_set_str(t, type->dict, interned, value) : dict_delete_str(t, type->dict, interned, &was_there);
    if (is_good && was_there) {
        type_modified(t, type);
        if (is_dunder(interned)) type_update_slots(t, type, interned);
    } else if (is_good) {
        is_good = raise_false(t, EXC_AttributeError, "type object '%U' has no attribute '%U'", type->name, name);
        attribute_error_set_place(t, object_value(type), name);
    }
    release(old);
    object_release(interned);
    return is_good;
}

bool type_set_slot(Thread *t, Value v, Str *name, Value value)
{
    ASSERT_GIL(t);
    Type *type = as_type(v);
    if (!type_is(type, TYPE_IS_SCRIPT_MADE))
        return raise_false(t, EXC_TypeError, "cannot set %R attribute of immutable type '%s'", object_value(name), type_text(t, type));
    if (!type_open(t, type->head.type)) return false;
    Value of_meta = type_lookup(t, type->head.type, name);
    DescrSetFn set = is_bound(of_meta) ? value_type(t, of_meta)->slots.descriptor_set : NULL;
    if (!set) return store(t, type, name, value);
    retain(of_meta);
    bool is_good = set(t, of_meta, v, value);
    release(of_meta);
    return is_good;
}

bool type_set_attribute(Thread *t, Value type, Str *name, Value value) { return value_type(t, type)->slots.set_attribute(t, type, name, value); }

/* ---- the attributes that type provides ---- */

bool type_may_change(Thread *t, Type *type, const char *name, Value value)
{
    if (!type_is(type, TYPE_IS_SCRIPT_MADE))
        return raise_false(t, EXC_TypeError, "cannot set '%s' attribute of immutable type '%s'", name, type_text(t, type));
    if (is_bound(value)) return true;
    return raise_false(t, EXC_TypeError, "cannot delete '%s' attribute of immutable type '%s'", name, type_text(t, type));
}

/* Of a type that is open: its own attribute is being asked for. */
static Value own_entry(Value type, Str *name) { return as_type(type)->dict ? dict_get_str(as_type(type)->dict, name) : UNBOUND; }

static Value get_name(Thread *t, Value v) { (void)t; return retain(object_value(as_type(v)->name)); }

bool type_name_is_good(Thread *t, Str *name)
{
    size_t length;
    const char *text = str_utf8(t, name, &length);
    if (!text) return false;
    return !memchr(text, 0, length) || raise_false(t, EXC_ValueError, "type name must not contain null characters");
}

static bool set_name(Thread *t, Value v, Value value)
{
    Type *type = as_type(v);
    if (!type_may_change(t, type, "__name__", value)) return false;
    if (!is_str(value)) return raise_false(t, EXC_TypeError, "can only assign string to %U.__name__, not '%T'", type->name, value);
    if (!type_name_is_good(t, as_str(value))) return false;
    Str *old = type->name;
    type->name = as_str(retain(value));
    object_release(old);
    return true;
}

static Value get_qualname(Thread *t, Value v) { (void)t; return retain(object_value(as_type(v)->qualified_name)); }

static bool set_qualname(Thread *t, Value v, Value value)
{
    Type *type = as_type(v);
    if (!type_may_change(t, type, "__qualname__", value)) return false;
    if (!is_str(value)) return raise_false(t, EXC_TypeError, "can only assign string to %U.__qualname__, not '%T'", type->name, value);
    Str *old = type->qualified_name;
    type->qualified_name = as_str(retain(value));
    object_release(old);
    return true;
}

static Value get_module(Thread *t, Value v)
{
    if (is_bound(as_type(v)->module)) return retain(as_type(v)->module);
    Value module = own_entry(v, NAME_OF(t, __module__));
    return is_bound(module) ? retain(module) : raise_error(t, EXC_AttributeError, "__module__");
}

static bool set_module(Thread *t, Value v, Value value)
{
    bool was_there;
    if (!type_may_change(t, as_type(v), "__module__", value) || !store(t, as_type(v), NAME_OF(t, __module__), value)) return false;
    Str *line = str_intern_text(t, "__firstlineno__");   /* of another module: it means nothing any more */
    bool done = line && dict_delete_str(t, as_type(v)->dict, line, &was_there);
    if (line) object_release(line);
    return done;
}

static Value get_dict(Thread *t, Value v)
{
    Dict *dict = as_type(v)->dict;
    return dict ? mapping_proxy_new(t, object_value(dict)) : NONE;
}

static Value get_doc(Thread *t, Value v)
{
    Value doc = own_entry(v, NAME_OF(t, __doc__));
    return is_bound(doc) ? attribute_bind(t, doc, UNBOUND, as_type(v)) : NONE;
}

static bool set_doc(Thread *t, Value v, Value value)
{
    return type_may_change(t, as_type(v), "__doc__", value) && store(t, as_type(v), NAME_OF(t, __doc__), value);
}

static Value get_text_signature(Thread *t, Value v)
{
    Type *type = as_type(v);
    if (type_is(type, TYPE_IS_SCRIPT_MADE) || !type->spec->signature) return NONE;
    return object_value(str_from_text(t, type->spec->signature));
}

static Value get_abstract_methods(Thread *t, Value v)
{
    Value names = v.bits == object_value(kind_type(t, KIND_TYPE)).bits ? UNBOUND : own_entry(v, NAME_OF(t, __abstractmethods__));
    if (is_bound(names)) return retain(names);
    raise_error(t, EXC_AttributeError, "__abstractmethods__");
    attribute_error_set_place(t, v, NAME_OF(t, __abstractmethods__));
    return FAILED;
}

static bool set_abstract_methods(Thread *t, Value v, Value value)
{
    Type *type = as_type(v);
    bool is_abstract = false;
    if (!type_is(type, TYPE_IS_SCRIPT_MADE)) return type_may_change(t, type, "__abstractmethods__", value);
    if (is_bound(value) && !value_truth(t, value, &is_abstract)) return false;
    if (!store(t, type, NAME_OF(t, __abstractmethods__), value)) return false;
    type->flags = is_abstract ? type->flags | TYPE_IS_ABSTRACT : type->flags & ~(uint32_t)TYPE_IS_ABSTRACT;
    type_note_slots(t, type);
    return true;
}

static Value get_annotations(Thread *t, Value v)
{
    Str *name = NAME_OF(t, __annotations__);
    if (!type_is(as_type(v), TYPE_IS_SCRIPT_MADE)) {
        raise_error(t, EXC_AttributeError, "type object '%U' has no attribute '__annotations__'", as_type(v)->name);
        return FAILED;
    }
    Value annotations = own_entry(v, name);
    if (is_bound(annotations)) return attribute_bind(t, annotations, UNBOUND, as_type(v));
    Dict *dict = dict_new(t);
    if (!dict) return FAILED;
    if (store(t, as_type(v), name, object_value(dict))) return object_value(dict);
    object_release(dict);
    return FAILED;
}

static bool set_annotations(Thread *t, Value v, Value value)
{
    Type *type = as_type(v);
    Str *name = NAME_OF(t, __annotations__);
    if (!type_is(type, TYPE_IS_SCRIPT_MADE)) return type_may_change(t, type, "__annotations__", value);
    if (is_unbound(value) && is_unbound(own_entry(v, name))) return raise_false(t, EXC_AttributeError, "__annotations__");
    return store(t, type, name, value);
}

static Value get_type_params(Thread *t, Value v)
{
    Value params = v.bits == object_value(kind_type(t, KIND_TYPE)).bits ? UNBOUND : own_entry(v, NAME_OF(t, __type_params__));
    return retain(is_bound(params) ? params : t->interp->empty_tuple);
}

static bool set_type_params(Thread *t, Value v, Value value)
{
    return type_may_change(t, as_type(v), "__type_params__", value) && store(t, as_type(v), NAME_OF(t, __type_params__), value);
}

static Value get_mro(Thread *t, Value v) { (void)t; return as_type(v)->mro ? retain(object_value(as_type(v)->mro)) : NONE; }
static Value get_base(Thread *t, Value v) { (void)t; return as_type(v)->base ? retain(object_value(as_type(v)->base)) : NONE; }
static bool set_base(Thread *t, Value v, Value value)
{
    (void)v, (void)value;
    return raise_false(t, EXC_AttributeError, "readonly attribute");
}
static Value get_basic_size(Thread *t, Value v) { (void)t; return small_int_value(as_type(v)->size); }
static Value get_item_size(Thread *t, Value v) { (void)t; return small_int_value(type_is(as_type(v), TYPE_IS_VARIABLE_SIZE) ? 8 : 0); }
static Value get_dict_offset(Thread *t, Value v) { (void)t; return small_int_value(type_is(as_type(v), TYPE_HAS_ATTRIBUTES) ? -1 : 0); }
static Value get_weakref_offset(Thread *t, Value v) { (void)t; return small_int_value(type_is(as_type(v), TYPE_IS_WEAK_REFERABLE) ? -1 : 0); }

/* Py_TPFLAGS, as far as scripts are known to look at them: inspect.isabstract, and what distinguishes heap types. */
static Value get_flags(Thread *t, Value v)
{
    (void)t;
    const Type *type = as_type(v);
    static const struct { uint32_t own; int shown; } bits[] = {{TYPE_IS_SCRIPT_MADE, 9}, {TYPE_IS_CONTAINER, 14}, {TYPE_IS_ABSTRACT, 20},
        {TYPE_IS_METHOD_DESCRIPTOR, 17}, {TYPE_IS_SEQUENCE, 5}, {TYPE_IS_MAPPING, 6}, {TYPE_IS_EXCEPTION, 30}, {TYPE_NO_NEW, 7}};
    static const struct { uint8_t solid; int shown; } kinds[] = {{KIND_INT, 24}, {KIND_LIST, 25}, {KIND_TUPLE, 26}, {KIND_BYTES, 27},
        {KIND_STR, 28}, {KIND_DICT, 29}, {KIND_TYPE, 31}};
    int64_t flags = 1 << 12;
    for (size_t i = 0; i < ARRAY_LENGTH(bits); i++)
        if (type->flags & bits[i].own) flags |= INT64_C(1) << bits[i].shown;
    for (size_t i = 0; i < ARRAY_LENGTH(kinds); i++)
        if (type->solid == kinds[i].solid) flags |= INT64_C(1) << kinds[i].shown;
    if (!type_is(type, TYPE_IS_FINAL)) flags |= 1 << 10;
    if (!type_is(type, TYPE_IS_SCRIPT_MADE)) flags |= 1 << 8;
    return small_int_value(flags);
}

const GetSetDef type_getsets[] = {
    {"__name__", get_name, set_name, NULL},
    {"__qualname__", get_qualname, set_qualname, NULL},
    {"__bases__", type_get_bases, type_put_bases, NULL},
    {"__mro__", get_mro, NULL, NULL},
    {"__base__", get_base, set_base, NULL},
    {"__module__", get_module, set_module, NULL},
    {"__dict__", get_dict, NULL, NULL},
    {"__doc__", get_doc, set_doc, NULL},
    {"__text_signature__", get_text_signature, NULL, NULL},
    {"__abstractmethods__", get_abstract_methods, set_abstract_methods, NULL},
    {"__annotations__", get_annotations, set_annotations, NULL},
    {"__type_params__", get_type_params, set_type_params, NULL},
    {"__basicsize__", get_basic_size, NULL, NULL},
    {"__itemsize__", get_item_size, NULL, NULL},
    {"__dictoffset__", get_dict_offset, NULL, NULL},
    {"__weakrefoffset__", get_weakref_offset, NULL, NULL},
    {"__flags__", get_flags, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
