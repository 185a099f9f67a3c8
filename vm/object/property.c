/* property.c - property: an attribute computed by functions.
 *
 * What        The type property, its decorators getter, setter, deleter.
 * How         A data descriptor. Each decorator makes a changed copy; a docstring taken from the getter goes along with it.
 * GIL         held; the functions are script code.
 * Read next   descriptor.c */
#include "vm/object/descriptor.h"

#include "vm/object/arguments.h"
#include "vm/object/exception.h"
#include "vm/object/instance.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

static Property *as_property(Value v) { return (Property *)as_object(v); }

static Value property_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)args, (void)count, (void)names;
    return object_value(type_alloc(t, type));
}

/* The name for messages: the one given by the class, else the getter's own. */
static Value find_name(Thread *t, Property *property)
{
    if (is_bound(property->name)) return retain(property->name);
    if (is_unbound(property->getter)) return UNBOUND;
    return value_find_attribute(t, property->getter, NAME_OF(t, __name__));
}

/* A subclass of property keeps the doc as an attribute, where its class's docstring does not hide it. One that has no room for it does
 * without the doc that it was given; what comes from the getter may not get lost silently. */
static bool store_doc(Thread *t, Value self, Value doc)
{
    if (is_kind(self, KIND_PROPERTY)) {
        replace(&as_property(self)->doc, retain(doc));
        return true;
    }
    if (value_set_attribute(t, self, NAME_OF(t, __doc__), is_bound(doc) ? doc : NONE)) return true;
    if (as_property(self)->has_getter_doc || !raised_is(t, EXC_AttributeError)) return false;
    raised_clear(t);
    return true;
}

static bool property_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    static const char *const parameter_names[] = {"fget", "fset", "fdel", "doc", NULL};
    static const Parameters parameters = {"property", parameter_names, 0, 4, 0};
    Value slots[4];
    if (!arguments_sort(t, &parameters, args, count, names, slots)) return false;
    for (int i = 0; i < 4; i++)
        if (is_none(slots[i])) slots[i] = UNBOUND;
    Property *property = as_property(self);
    replace(&property->getter, retain(slots[0]));
    replace(&property->setter, retain(slots[1]));
    replace(&property->deleter, retain(slots[2]));
    clear(&property->name);
    property->has_getter_doc = false;
    Value doc = retain(slots[3]);
    if (is_unbound(doc) && is_bound(slots[0])) {
        doc = value_find_attribute(t, slots[0], NAME_OF(t, __doc__));
        if (is_unbound(doc) && is_raised(t)) return false;
        property->has_getter_doc = is_bound(doc) && !is_none(doc);
    }
    bool is_good = store_doc(t, self, doc);
    release(doc);
    return is_good;
}

static bool refuse(Thread *t, Value self, Value instance, const char *what)
{
    Value name = find_name(t, as_property(self));
    if (is_unbound(name) && is_raised(t)) return false;
    if (is_bound(name))
        raise_error(t, EXC_AttributeError, "property %R of '%U' object has no %s", name, value_type(t, instance)->qualified_name, what);
    else
        raise_error(t, EXC_AttributeError, "property of '%U' object has no %s", value_type(t, instance)->qualified_name, what);
    release(name);
    return false;
}

static Value property_get(Thread *t, Value self, Value instance, Type *owner)
{
    (void)owner;
    if (is_unbound(instance) || is_none(instance)) return retain(self);
    Property *property = as_property(self);
    if (UNLIKELY(is_unbound(property->getter))) return refuse(t, self, instance, "getter"), FAILED;
    if (stack_is_low(t) && stack_is_exhausted(t, " while calling a Python object")) return FAILED;
    return value_call1(t, property->getter, instance);
}

static bool property_set(Thread *t, Value self, Value instance, Value value)
{
    Property *property = as_property(self);
    Value function = is_bound(value) ? property->setter : property->deleter;
    if (is_unbound(function)) return refuse(t, self, instance, is_bound(value) ? "setter" : "deleter");
    Value result = is_bound(value) ? value_call2(t, function, instance, value) : value_call1(t, function, instance);
    if (failed(result)) return false;
    release(result);
    return true;
}

/* A copy with one function replaced, made by the class of the original. */
static Value changed_copy(Thread *t, Value self, Value getter, Value setter, Value deleter)
{
    Property *old = as_property(self);
    Value args[] = {is_bound(getter) ? getter : old->getter, is_bound(setter) ? setter : old->setter,
                    is_bound(deleter) ? deleter : old->deleter, old->has_getter_doc && is_bound(getter) ? UNBOUND : old->doc};
    if (old->has_getter_doc && is_bound(args[0]) && !is_none(args[0])) args[3] = UNBOUND;    /* the new one asks the getter itself */
    for (int i = 0; i < 4; i++)
        if (is_unbound(args[i])) args[i] = NONE;
    Value copy = value_call(t, object_value(value_type(t, self)), args, 4, NULL);
    if (!failed(copy) && has_payload(copy, KIND_PROPERTY)) replace(&as_property(copy)->name, retain(old->name));
    return copy;
}

static Value property_getter(Thread *t, Value self, const Value *args) { return changed_copy(t, self, args[0], UNBOUND, UNBOUND); }
static Value property_setter(Thread *t, Value self, const Value *args) { return changed_copy(t, self, UNBOUND, args[0], UNBOUND); }
static Value property_deleter(Thread *t, Value self, const Value *args) { return changed_copy(t, self, UNBOUND, UNBOUND, args[0]); }

static Value property_set_name(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    (void)names;
    if (count != 2) return raise_type_error(t, "__set_name__() takes 2 positional arguments but %zu were given", count);
    replace(&as_property(self)->name, retain(args[1]));
    return NONE;
}

static const NativeDef property_methods[] = {
    NATIVE("getter", property_getter, "($self, object, /)", 0, "A copy of the property with this function to read it."),
    NATIVE("setter", property_setter, "($self, object, /)", 0, "A copy of the property with this function to set it."),
    NATIVE("deleter", property_deleter, "($self, object, /)", 0, "A copy of the property with this function to delete it."),
    NATIVE_RAW_ROW("__set_name__", property_set_name, "($self, owner, name, /)", 0, "Keep the name under which a class holds the property."),
    NATIVE_END,
};

static Value get_name(Thread *t, Value self)
{
    Value name = find_name(t, as_property(self));
    return is_unbound(name) && !is_raised(t) ? raise_attribute_error(t, self, NAME_OF(t, __name__)) : name;
}

static bool set_name(Thread *t, Value self, Value value)
{
    (void)t;
    replace(&as_property(self)->name, retain(value));
    return true;
}

static Value is_abstract(Thread *t, Value self)
{
    Property *property = as_property(self);
    const Value functions[] = {property->getter, property->setter, property->deleter};
    for (size_t i = 0; i < 3; i++) {
        bool answer;
        if (is_unbound(functions[i])) continue;
        if (!function_is_abstract(t, functions[i], &answer)) return FAILED;
        if (answer) return TRUE;
    }
    return FALSE;
}

static const GetSetDef property_getsets[] = {
    {"__name__", get_name, set_name, NULL},
    {"__isabstractmethod__", is_abstract, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

static const MemberDef property_members[] = {
    {"fget", MEMBER_VALUE_OR_NONE, offsetof(Property, getter), true, NULL},
    {"fset", MEMBER_VALUE_OR_NONE, offsetof(Property, setter), true, NULL},
    {"fdel", MEMBER_VALUE_OR_NONE, offsetof(Property, deleter), true, NULL},
    {"__doc__", MEMBER_VALUE_OR_NONE, offsetof(Property, doc), false, NULL},
    {NULL, 0, 0, false, NULL},
};

static void property_traverse(Object *self, VisitFn visit, void *context)
{
    Property *property = (Property *)self;
    const Value held[] = {property->getter, property->setter, property->deleter, property->doc, property->name};
    for (size_t i = 0; i < ARRAY_LENGTH(held); i++) visit_value(held[i], visit, context);
}

static void property_clear(Object *self)
{
    Property *property = (Property *)self;
    clear(&property->getter);
    clear(&property->setter);
    clear(&property->deleter);
    clear(&property->doc);
    clear(&property->name);
}

const TypeSpec property_spec = {
    .doc = "An attribute that functions stand behind: fget reads it, fset stores, fdel deletes.\n\n"
           "Without doc the docstring is that of fget. Most properties are made by decorators:\n\n"
           "class C:\n    @property\n    def x(self):\n        \"The place on the left.\"\n        return self._x\n\n"
           "    @x.setter\n    def x(self, value):\n        self._x = value",
    .signature = "(fget=None, fset=None, fdel=None, doc=None)",
    .size = sizeof(Property), .flags = TYPE_IS_CONTAINER,
    .slots = {.new_instance = property_new, .init = property_init, .descriptor_get = property_get, .descriptor_set = property_set,
              .get_attribute = generic_get_attribute},
    .methods = property_methods, .getsets = property_getsets, .members = property_members,
    .traverse = property_traverse, .clear = property_clear, .free = property_clear,
};
