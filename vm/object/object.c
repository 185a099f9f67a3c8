/* object.c - the type `object`, from which everything derives.
 *
 * What        object_spec: construction, repr, equality, hash, attributes, __class__, __format__, __dir__ and the hooks for subclasses.
 * How         object() takes no arguments. Its __new__ and __init__ each accept what the other one is there to use: arguments are
 *             refused only if nobody in the class could be interested in them.
 * GIL         held.
 * Read next   instance.c, object_reduce.c, type_methods.c */
#include "vm/object/instance.h"

#include "vm/base/hash.h"
#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/function.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/object_reduce.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

/* ---- construction ---- */

static Value refuse_abstract(Thread *t, Type *type)
{
    Value names = value_get_attribute(t, object_value(type), NAME_OF(t, __abstractmethods__));
    if (failed(names)) return FAILED;
    List *sorted = list_from_iterable(t, names);
    release(names);
    if (!sorted) return FAILED;
    Str *separator = NULL;
    Value joined = FAILED;
    if (list_sort(t, sorted, NONE, false) && (separator = str_from_text(t, "', '")))
        joined = str_join(t, separator, sorted->items, sorted->count);
    if (!failed(joined))
        raise_type_error(t, "Can't instantiate abstract class %U without an implementation for abstract method%s '%U'", type->name,
                         sorted->count == 1 ? "" : "s", as_str(joined));
    release(joined);
    if (separator) object_release(separator);
    object_release(sorted);
    return FAILED;
}

Value object_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)args;
    if (UNLIKELY(count || (names && names->count))) {
        if (type->slots.new_instance != object_new) return raise_type_error(t, "object.__new__() takes exactly one argument (the type to instantiate)");
        if (type->slots.init == object_init) return raise_type_error(t, "%s() takes no arguments", type_text(t, type));
    }
    if (UNLIKELY(type_is(type, TYPE_IS_ABSTRACT))) return refuse_abstract(t, type);
    return object_value(type_alloc(t, type));
}

bool object_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    (void)args;
    if (LIKELY(!count && !(names && names->count))) return true;
    Type *type = value_type(t, self);
    if (type->slots.init != object_init) return raise_false(t, EXC_TypeError, "object.__init__() takes exactly one argument (the instance to initialize)");
    if (type->slots.new_instance == object_new) return raise_false(t, EXC_TypeError, "%s.__init__() takes exactly one argument (the instance to initialize)", type_text(t, type));
    return true;
}

/* ---- text, equality, hash ---- */

static Value object_repr(Thread *t, Value self)
{
    Type *type = value_type(t, self);
    Value module = value_find_attribute(t, object_value(type), NAME_OF(t, __module__));
    if (is_unbound(module) && is_raised(t)) return FAILED;
    void *address = (void *)(uintptr_t)self.bits;
    Str *text = is_bound(module) && is_str(module) && !str_equal_text(as_str(module), "builtins")
                    ? str_format(t, "<%U.%U object at %p>", as_str(module), type->qualified_name, address)
                    : str_format(t, "<%s object at %p>", type_text(t, type), address);
    release(module);
    return object_value(text);
}

static Value object_str(Thread *t, Value self) { return value_repr(t, self); }

static bool object_hash(Thread *t, Value self, int64_t *hash)
{
    (void)t;
    *hash = hash_address((const void *)(uintptr_t)self.bits);
    return true;
}

static Value object_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (op == COMPARE_EQ) return is_same(self, other) ? TRUE : NOT_IMPLEMENTED;
    if (op != COMPARE_NE) return NOT_IMPLEMENTED;
    /* != is not ==, whoever defines that. */
    CompareFn compare = value_type(t, self)->slots.compare;
    if (!compare) return NOT_IMPLEMENTED;
    Value equal = compare(t, self, other, COMPARE_EQ);
    if (failed(equal) || is_not_implemented(equal)) return equal;
    bool truth, is_good = value_truth(t, equal, &truth);
    release(equal);
    return is_good ? bool_value(!truth) : FAILED;
}

/* ---- __class__ and __dict__ ---- */

static Value get_class(Thread *t, Value self) { return retain(object_value(value_type(t, self))); }

static bool set_class(Thread *t, Value self, Value value)
{
    if (is_unbound(value)) return raise_false(t, EXC_TypeError, "can't delete __class__ attribute");
    if (!is_type(value)) return raise_false(t, EXC_TypeError, "__class__ must be set to a class, not '%T' object", value);
    if (!is_object(self)) return raise_false(t, EXC_TypeError, "__class__ assignment only supported for mutable types or ModuleType subclasses");
    return object_set_class(t, as_object(self), as_type(value));
}

/* A class or module whose class also descends from an ordinary one has that one's __dict__ descriptor, but no Attributes. */
static bool has_attributes(Thread *t, Value self)
{
    if (object_attributes(as_object(self))) return true;
    if (is_type(self)) return raise_false(t, EXC_AttributeError, "attribute '__dict__' of 'type' objects is not writable");
    if (has_payload(self, KIND_MODULE)) return raise_false(t, EXC_AttributeError, "readonly attribute");
    return raise_false(t, EXC_TypeError, "this __dict__ descriptor does not support '%T' objects", self);
}

Value object_get_dict(Thread *t, Value self)
{
    if (is_type(self)) return type_open(t, as_type(self)) ? mapping_proxy_new(t, object_value(as_type(self)->dict)) : FAILED;
    if (has_payload(self, KIND_MODULE)) return retain(object_value(((Module *)as_object(self))->dict));
    return has_attributes(t, self) ? object_value(object_dict(t, as_object(self))) : FAILED;
}

bool object_put_dict(Thread *t, Value self, Value value)
{
    if (!has_attributes(t, self)) return false;
    const Type *native = value_type(t, self);
    while (type_is(native, TYPE_IS_SCRIPT_MADE)) native = native->base;
    if (is_unbound(value) && type_is(native, TYPE_HAS_ATTRIBUTES)) return raise_false(t, EXC_TypeError, "cannot delete __dict__");
    if (is_bound(value) && !is_dict(value)) return raise_false(t, EXC_TypeError, "__dict__ must be set to a dictionary, not a '%T'", value);
    Dict *dict = is_bound(value) ? as_dict(retain(value)) : dict_new(t);
    if (!dict) return false;
    bool is_good = object_set_dict(t, as_object(self), dict);
    object_release(dict);
    return is_good;
}

static const GetSetDef object_getsets[] = {
    {"__class__", get_class, set_class, "the class of the object; setting it makes the object one of another class of the same layout"},
    {NULL, NULL, NULL, NULL},
};

/* ---- methods ---- */

static Value method_format(Thread *t, Value self, const Value *args)
{
    if (!is_str(args[0])) return raise_type_error(t, "__format__() argument must be str, not %N", args[0]);
    if (as_str(args[0])->length) return raise_type_error(t, "unsupported format string passed to %T.__format__", self);
    return value_str(t, self);
}

static Value method_sizeof(Thread *t, Value self, const Value *args)
{
    (void)t, (void)args;
    return small_int_value(is_object(self) ? (int64_t)object_size(as_object(self)) : (int64_t)sizeof(Value));
}

/* The names in the instance and in its classes; dir() sorts them. */
static Value method_dir(Thread *t, Value self, const Value *args)
{
    (void)args;
    Dict *names = dict_new(t);
    if (!names) return FAILED;
    List *list = NULL;
    Value own = value_find_attribute(t, self, NAME_OF(t, __dict__)), cls = UNBOUND;
    if (is_unbound(own) && is_raised(t)) goto done;
    if (is_bound(own) && is_dict(own) && !dict_update(t, names, own)) goto done;
    cls = value_find_attribute(t, self, NAME_OF(t, __class__));
    if (is_unbound(cls) && is_raised(t)) goto done;
    if (is_bound(cls) && is_type(cls) && !type_open(t, as_type(cls))) goto done;
    if (is_bound(cls) && is_type(cls) && as_type(cls)->mro)
        for (size_t i = as_type(cls)->mro->count; i-- > 0;) {
            Dict *dict = as_type(as_type(cls)->mro->items[i])->dict;
            if (dict && !dict_update(t, names, object_value(dict))) goto done;
        }
    list = list_from_iterable(t, object_value(names));
done:
    release2(own, cls);
    object_release(names);
    return object_value(list);
}

static Value method_init_subclass(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    (void)args;
    if (names) return raise_type_error(t, "%U.__init_subclass__() takes no keyword arguments", as_type(self)->qualified_name);
    if (count) return raise_type_error(t, "%U.__init_subclass__() takes no arguments (%zu given)", as_type(self)->qualified_name, count);
    return NONE;
}

static Value method_subclasshook(Thread *t, Value self, const Value *args)
{
    (void)t, (void)self, (void)args;
    return NOT_IMPLEMENTED;
}

static const NativeDef object_methods[] = {
    NATIVE("__reduce_ex__", object_reduce_ex, "($self, protocol, /)", 0, "How to make the object again, for pickle and copy, in a protocol."),
    NATIVE("__reduce__", object_reduce, "($self, /)", 0, "How to make the object again, in the oldest protocol."),
    NATIVE("__getstate__", object_getstate, "($self, /)", 0, "What a copy needs besides its class: the attributes, or None."),
    NATIVE("__subclasshook__", method_subclasshook, "($type, object, /)", NATIVE_CLASS,
           "What an abstract class may define to have a say in issubclass().\n\n"
           "True or False is the answer, which ABCMeta keeps; NotImplemented leaves it to the usual rules.\n"),
    NATIVE_RAW_ROW("__init_subclass__", method_init_subclass, "($type, /)", NATIVE_CLASS,
           "Called on a class when a subclass of it is made.\n\nThis one does nothing: it is there to be overridden.\n"),
    NATIVE("__format__", method_format, "($self, format_spec, /)", 0,
           "str(self), if format_spec is empty.\n\nTypeError for every other format_spec."),
    NATIVE("__sizeof__", method_sizeof, "($self, /)", 0, "How many bytes of memory the object takes, without what it refers to."),
    NATIVE("__dir__", method_dir, "($self, /)", 0, "The names of the attributes of the object, of its class and of the bases."),
    NATIVE_END,
};

static const char object_doc[] = "The base of all classes.\n\nobject() takes no arguments and makes an object without attributes.\n";

const TypeSpec object_spec = {
    .doc = object_doc,     /* read when the program starts: vm/cli/startup_order.py */
    .signature = "()",
    .size = sizeof(Object),
    .slots = {.repr = object_repr, .str = object_str, .hash = object_hash, .compare = object_compare,
              .get_attribute = generic_get_attribute, .set_attribute = generic_set_attribute, .init = object_init, .new_instance = object_new},
    .methods = object_methods, .getsets = object_getsets,
};
