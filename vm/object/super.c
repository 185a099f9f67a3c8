/* super.c - super(): attributes as the classes behind a given one define them.
 *
 * What        The type super, and super_get_attribute, which the loop uses for super().name without making the object.
 * How         The method resolution order of the object's class is walked from behind the given class; what is found is bound to the
 *             object (or to the class, in a class method).
 * GIL         held.
 * Read next   type_lookup.c, descriptor.c */
#include "vm/object/descriptor.h"

#include "vm/object/arguments.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

static Super *as_super(Value v) { return (Super *)as_object(v); }

/* The class whose order is walked: the object itself if it is a class below [type], else its class (or its __class__). Owned. */
static Type *find_object_type(Thread *t, Type *type, Value object)
{
    Type *found = NULL;
    if (is_type(object) && type_is_subtype(as_type(object), type)) {
        found = as_type(object);
    } else if (type_is_subtype(value_type(t, object), type)) {
        found = value_type(t, object);
    } else {
        Value cls = value_find_attribute(t, object, NAME_OF(t, __class__));    /* a proxy may claim another class */
        if (is_unbound(cls) && is_raised(t)) return NULL;
        if (is_bound(cls) && is_type(cls) && as_type(cls) != value_type(t, object) && type_is_subtype(as_type(cls), type)) return as_type(cls);
        release(cls);
        return raise_null(t, EXC_TypeError, "super(type, obj): obj (%s %U) is not an instance or subtype of type (%U).",
                          is_type(object) ? "type" : "instance of", is_type(object) ? as_type(object)->name : value_type(t, object)->name, type->name);
    }
    object_retain(found);
    return found;
}

Value super_get_attribute(Thread *t, Type *type, Value object, Str *name, bool *is_method)
{
    /* What stands behind [type] in the order of the object's class says by this that the class is one below [type]. */
    if (is_object(object) && !is_type(object) && type_is(as_object(object)->type, TYPE_IS_OPEN)) {
        Value method = type_lookup_behind(t, as_object(object)->type, type, name);
        *is_method = is_object(method) && type_is(as_object(method)->type, TYPE_IS_METHOD_DESCRIPTOR);
        if (*is_method) return retain(method);
    }
    *is_method = false;
    Type *start = find_object_type(t, type, object);
    if (!start) return FAILED;
    if (!type_open(t, start)) {
        object_release(start);
        return FAILED;
    }
    Value found = name == NAME_OF(t, __class__) ? UNBOUND : type_lookup_behind(t, start, type, name), result;
    if (is_unbound(found)) {
        /* Not behind: then it is an attribute of super objects themselves, or none at all. */
        Value args[] = {object_value(type), object};
        Value super = value_call(t, object_value(kind_type(t, KIND_SUPER)), args, 2, NULL);
        result = failed(super) ? FAILED : generic_get_attribute(t, super, name);
        release(super);
    } else if (is_object(object) && as_object(object) == &start->head) {
        result = attribute_bind(t, found, UNBOUND, start);
    } else if (type_is(value_type(t, found), TYPE_IS_METHOD_DESCRIPTOR)) {
        *is_method = true;
        result = retain(found);
    } else {
        result = attribute_bind(t, found, object, start);
    }
    object_release(start);
    return result;
}

static Value super_get(Thread *t, Value self, Str *name)
{
    Super *super = as_super(self);
    if (super->object_type && name != NAME_OF(t, __class__)) {
        Type *start = super->object_type;
        Value found = type_lookup_behind(t, start, super->type, name);
        if (is_bound(found)) {
            bool is_class = is_object(super->object) && as_object(super->object) == &start->head;
            object_retain(start);
            Value result = attribute_bind(t, found, is_class ? UNBOUND : super->object, start);
            object_release(start);
            return result;
        }
    }
    return generic_get_attribute(t, self, name);
}

static bool super_fill(Thread *t, Super *super, Type *type, Value object)
{
    Type *object_type = NULL;
    if (is_bound(object) && !(object_type = find_object_type(t, type, object))) return false;
    Value old[] = {object_value(super->type), super->object, object_value(super->object_type)};
    object_retain(type);
    super->type = type;
    super->object = retain(object);
    super->object_type = object_type;
    for (size_t i = 0; i < ARRAY_LENGTH(old); i++) release(old[i]);
    return true;
}

static bool super_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (!arguments_no_keywords(t, "super", names)) return false;
    if (count > 2) return raise_false(t, EXC_TypeError, "super() expected at most 2 arguments, got %zu", count);
    if (count) {
        if (!is_type(args[0])) return raise_false(t, EXC_TypeError, "super() argument 1 must be a type, not %T", args[0]);
        return super_fill(t, as_super(self), as_type(args[0]), count < 2 || is_none(args[1]) ? UNBOUND : args[1]);
    }
    Value type, object;
    if (!t->interp->super_arguments) return raise_false(t, EXC_RuntimeError, "super(): no current frame");
    if (!t->interp->super_arguments(t, &type, &object)) return false;
    bool is_good = is_type(type) ? super_fill(t, as_super(self), as_type(type), object)
                                 : raise_false(t, EXC_RuntimeError, "super(): __class__ is not a type (%T)", type);
    release2(type, object);
    return is_good;
}

static Value super_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)args, (void)count, (void)names;
    return object_value(type_alloc(t, type));
}

static Value super_bind(Thread *t, Value self, Value instance, Type *owner)
{
    (void)owner;
    Super *super = as_super(self);
    if (is_unbound(instance) || is_none(instance) || is_bound(super->object)) return retain(self);
    if (!is_kind(self, KIND_SUPER)) {
        Value args[] = {object_value(super->type), instance};
        return value_call(t, object_value(value_type(t, self)), args, super->type ? 2 : 0, NULL);
    }
    Super *bound = (Super *)type_alloc(t, value_type(t, self));
    if (!bound || super_fill(t, bound, super->type, instance)) return object_value(bound);
    object_release(bound);
    return FAILED;
}

static Value super_repr(Thread *t, Value self)
{
    Super *super = as_super(self);
    if (super->object_type)
        return object_value(str_format(t, "<super: <class '%U'>, <%U object>>", super->type->name, super->object_type->name));
    return super->type ? object_value(str_format(t, "<super: <class '%U'>, NULL>", super->type->name)) : object_value(str_from_text(t, "<super: NULL, NULL>"));
}

static const MemberDef super_members[] = {
    {"__thisclass__", MEMBER_VALUE_OR_NONE, offsetof(Super, type), true, "class after which the search begins"},
    {"__self__", MEMBER_VALUE_OR_NONE, offsetof(Super, object), true, "object that found attributes are bound to, or None"},
    {"__self_class__", MEMBER_VALUE_OR_NONE, offsetof(Super, object_type), true, "class whose order of inheritance is searched, or None"},
    {NULL, 0, 0, false, NULL},
};

static void super_traverse(Object *self, VisitFn visit, void *context)
{
    Super *super = (Super *)self;
    if (super->type) visit(&super->type->head, context);
    visit_value(super->object, visit, context);
    if (super->object_type) visit(&super->object_type->head, context);
}

static void super_free(Object *self)
{
    Super *super = (Super *)self;
    if (super->type) object_release(super->type);
    release(super->object);
    if (super->object_type) object_release(super->object_type);
}

const TypeSpec super_spec = {
    .doc = "The attributes that classes after a given one, in the order of inheritance, define.\n\n"
           "super(type, object) looks them up for an instance of type, super(type, type2) for a subclass;\n"
           "super() within a method means its class and its first argument; super(type) is bound later.\n"
           "class Child(Parent):\n"
           "    def method(self, argument):\n"
           "        super().method(argument)\n",
    .size = sizeof(Super), .flags = TYPE_IS_CONTAINER,
    .slots = {.repr = super_repr, .get_attribute = super_get, .new_instance = super_new, .init = super_init, .descriptor_get = super_bind},
    .members = super_members, .traverse = super_traverse, .free = super_free,
};
