/* type_methods.c - the type `type`: calling a class, its methods, its end.
 *
 * What        type_spec; type_call; mro, __subclasses__, __prepare__, __instancecheck__ ...
 * How         Calling a class asks its new_instance slot for an object and, if that is an instance of the class, its init slot.
 * GIL         held.
 * Read next   type_new.c, type_attributes.c, object.c */
#include "vm/object/type_making.h"

#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/generic_alias.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/plain_init.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

/* ---- calling ---- */

Value type_call(Thread *t, Value callee, const Value *args, size_t count, Tuple *names)
{
    Type *type = as_type(callee);
    if (UNLIKELY(type == kind_type(t, KIND_TYPE))) {
        if (count == 1 && !(names && names->count)) return retain(object_value(value_type(t, args[0])));
        if (count != 3) return raise_type_error(t, "type() takes 1 or 3 arguments");
    }
    if (UNLIKELY(!type->slots.new_instance)) return raise_type_error(t, "cannot create '%s' instances", type_text(t, type));
    if (stack_is_low(t) && stack_is_exhausted(t, " while calling a Python object")) return FAILED;
    Value object = type->slots.new_instance(t, type, args, count, names);
    if (failed(object)) return FAILED;
    if (!type_is(type, TYPE_IS_SCRIPT_MADE) && type->slots.init == object_init && type->slots.new_instance != object_new) return object;
    Type *made = value_type(t, object);
    if (UNLIKELY(made != type && !type_is_subtype(made, type))) return object;
    if (made->slots.init && !made->slots.init(t, object, args, count, names)) {
        release(object);
        return FAILED;
    }
    return object;
}

static bool type_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    (void)self, (void)args;
    if (count == 1 && names && names->count) return raise_false(t, EXC_TypeError, "type.__init__() takes no keyword arguments");
    if (count != 1 && count != 3) return raise_false(t, EXC_TypeError, "type.__init__() takes 1 or 3 arguments");
    return true;
}

/* ---- methods ---- */

static Value method_mro(Thread *t, Value self, const Value *args)
{
    (void)args;
    Tuple *order = type_linearize(t, as_type(self));
    if (!order) return FAILED;
    List *list = list_from_values(t, order->items, order->count);
    object_release(order);
    return object_value(list);
}

static bool check_order(Thread *t, Type *type, Tuple *order)
{
    for (size_t i = 0; i < order->count; i++) {
        Value cls = order->items[i];
        if (!is_type(cls)) return raise_false(t, EXC_TypeError, "mro() returned a non-class ('%T')", cls);
        if (!type_is_subtype(type_layout(type), type_layout(as_type(cls))))
            return raise_false(t, EXC_TypeError, "mro() returned base with unsuitable layout ('%s')", type_text(t, as_type(cls)));
    }
    return true;
}

Tuple *type_ask_order(Thread *t, Type *type)
{
    Str *name = str_intern_text(t, "mro");
    if (!name) return NULL;
    if (!type_open(t, type->head.type)) {
        object_release(name);
        return NULL;
    }
    Value method = type_lookup(t, type->head.type, name);
    object_release(name);
    bool is_own = is_kind(method, KIND_METHOD_DESCRIPTOR) && ((MethodDescriptor *)as_object(method))->def->function == method_mro;
    if (is_unbound(method) || is_own) return type_linearize(t, type);
    Value answer = call_unbound(t, method, object_value(type), NULL, 0, NULL);
    if (failed(answer)) return NULL;
    Tuple *order = tuple_from_iterable(t, answer);
    release(answer);
    if (!order || check_order(t, type, order)) return order;
    object_release(order);
    return NULL;
}

static Value method_subclasses(Thread *t, Value self, const Value *args)
{
    (void)args;
    Type *type = as_type(self);
    List *list = list_new(t, type->subclass_count);
    if (!list) return FAILED;
    for (uint32_t i = 0; i < type->subclass_count; i++)
        if (!list_append(t, list, object_value(type->subclasses[i]))) {
            object_release(list);
            return FAILED;
        }
    return object_value(list);
}

static Value method_prepare(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    (void)self, (void)args, (void)count, (void)names;
    return object_value(dict_new(t));
}

static Value method_instancecheck(Thread *t, Value self, const Value *args)
{
    bool answer;
    return plain_is_instance(t, args[0], self, &answer) ? bool_value(answer) : FAILED;
}

static Value method_subclasscheck(Thread *t, Value self, const Value *args)
{
    bool answer;
    return plain_is_subclass(t, args[0], self, &answer) ? bool_value(answer) : FAILED;
}

static Value method_dir(Thread *t, Value self, const Value *args)
{
    (void)args;
    Dict *names = type_open(t, as_type(self)) ? dict_new(t) : NULL;
    if (!names) return FAILED;
    Tuple *mro = as_type(self)->mro;
    List *list = NULL;
    for (size_t i = mro ? mro->count : 0; i-- > 0;) {
        Dict *dict = as_type(mro->items[i])->dict;
        if (dict && !dict_update(t, names, object_value(dict))) goto done;
    }
    list = list_from_iterable(t, object_value(names));
done:
    object_release(names);
    return object_value(list);
}

static Value method_sizeof(Thread *t, Value self, const Value *args)
{
    (void)t, (void)args;
    return small_int_value((int64_t)object_size(as_object(self)));
}

static const NativeDef type_methods[] = {
    NATIVE("mro", method_mro, "($self, /)", 0, "The order in which the class and its bases are searched, in a list."),
    NATIVE("__subclasses__", method_subclasses, "($self, /)", 0, "The classes derived directly from this one that are still alive."),
    NATIVE_RAW_ROW("__prepare__", method_prepare, "($cls, name, bases, /, **kwds)", NATIVE_CLASS, "A new dict for the body of a class statement to run in."),
    NATIVE("__instancecheck__", method_instancecheck, "($self, instance, /)", 0, "Is the object an instance of this class? What isinstance() asks."),
    NATIVE("__subclasscheck__", method_subclasscheck, "($self, subclass, /)", 0, "Is the class derived from this one? What issubclass() asks."),
    NATIVE("__dir__", method_dir, "($self, /)", 0, "The names of the attributes of the class and its bases, without those of its metaclass."),
    NATIVE("__sizeof__", method_sizeof, "($self, /)", 0, "How many bytes of memory the class takes."),
    NATIVE_END,
};

static Value type_repr(Thread *t, Value v)
{
    Type *type = as_type(v);
    Value module = is_bound(type->module) ? type->module : type->dict ? dict_get_str(type->dict, NAME_OF(t, __module__)) : UNBOUND;
    if (is_unbound(module) || !is_str(module) || as_str(module) == NAME_OF(t, builtins))
        return object_value(str_format(t, "<class '%U'>", type->qualified_name));
    return object_value(str_format(t, "<class '%U.%U'>", as_str(module), type->qualified_name));
}

/* ---- the end of a class ---- */

static void type_traverse(Object *self, VisitFn visit, void *context)
{
    Type *type = (Type *)self;
    Object *const held[] = {(Object *)type->base, (Object *)type->bases, (Object *)type->mro, (Object *)type->dict};
    for (size_t i = 0; i < ARRAY_LENGTH(held); i++)
        if (held[i]) visit(held[i], context);
    visit_value(type->module, visit, context);
}

/* The order contains the class itself: the one cycle that every class is part of. The dict stays, empty. */
static void type_clear(Object *self)
{
    Type *type = (Type *)self;
    Thread *t = thread_current();
    type_modified(t, type);
    type->init_function = NULL;
    if (type->dict) dict_clear(t, type->dict);
    Tuple *mro = type->mro;
    type->mro = NULL;
    if (mro) object_release(mro);
}

static void type_free(Object *self)
{
    Type *type = (Type *)self;
    Thread *t = thread_current();
    for (size_t i = 0; type->bases && i < type->bases->count; i++)
        type_remove_subclass(as_type(type->bases->items[i]), type);
    Object *const held[] = {(Object *)type->mro, (Object *)type->dict, (Object *)type->bases, (Object *)type->base, (Object *)type->name,
                            (Object *)type->qualified_name};
    type->mro = type->bases = NULL;
    type->dict = NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(held); i++)
        if (held[i]) object_release(held[i]);
    release(type->module);
    block_free(t, type->subclasses, type->subclass_capacity * sizeof(Type *));
    for (Shape *root = type->root_shape, *older; root; root = older) {
        older = root->older;
        shape_free_tree(t, root);
    }
    plain_init_free(t, type);
}

const TypeSpec type_spec = {
    .doc = "type(object) -> the object's type\ntype(name, bases, dict, **kwds) -> a new type",
    .size = sizeof(Type), .flags = TYPE_IS_CONTAINER | TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = type_repr, .call = type_call, .get_attribute = type_get_attribute, .set_attribute = type_set_slot,
              .new_instance = type_new_slot, .init = type_init, .or = union_or_slot},
    .methods = type_methods, .getsets = type_getsets, .traverse = type_traverse, .clear = type_clear, .free = type_free,
};
