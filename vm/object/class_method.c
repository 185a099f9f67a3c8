/* class_method.c - classmethod and staticmethod.
 *
 * What        The two wrappers that change what a function in a class is bound to.
 * How         Both hold one callable and look like it: __name__, __doc__ and the like are copied when made, as functools.wraps does.
 * GIL         held.
 * Read next   descriptor.c */
#include "vm/object/descriptor.h"

#include "vm/object/arguments.h"
#include "vm/object/exception.h"
#include "vm/object/function.h"
#include "vm/object/instance.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

static WrappedFunction *as_wrapped(Value v) { return (WrappedFunction *)as_object(v); }

bool function_is_abstract(Thread *t, Value function, bool *answer)
{
    *answer = false;
    /* classmethod(classmethod(...)): each asks the next. */
    if (stack_is_low(t) && stack_is_exhausted(t, "")) return false;
    retain(function);       /* of a method or property that __init__ may fill anew meanwhile */
    Value mark = value_find_attribute(t, function, NAME_OF(t, __isabstractmethod__));
    release(function);
    if (is_unbound(mark)) return !is_raised(t);
    bool is_good = value_truth(t, mark, answer);
    release(mark);
    return is_good;
}

static Value wrapped_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)args, (void)count, (void)names;
    Object *object = type_alloc(t, type);
    if (object) ((WrappedFunction *)object)->function = NONE;
    return object_value(object);
}

static bool copy_attributes(Thread *t, Value self, Value function)
{
    if (!object_attributes(as_object(self))) return true;
    Names *names = &t->interp->names;
    Str *const copied[] = {names->__module__, names->__name__, names->__qualname__, names->__doc__, names->__annotations__};
    for (size_t i = 0; i < ARRAY_LENGTH(copied); i++) {
        Value value = value_find_attribute(t, function, copied[i]);
        if (is_unbound(value)) {
            if (is_raised(t)) return false;
            continue;
        }
        bool is_good = attributes_set(t, as_object(self), copied[i], value);
        release(value);
        if (!is_good) return false;
    }
    return true;
}

static bool init(Thread *t, const char *name, Value self, const Value *args, size_t count, Tuple *names)
{
    if (!arguments_no_keywords(t, name, names) || !arguments_count(t, name, count, 1, 1)) return false;
    replace(&as_wrapped(self)->function, retain(args[0]));
    return copy_attributes(t, self, args[0]);
}

static bool class_method_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names) { return init(t, "classmethod", self, args, count, names); }
static bool static_method_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names) { return init(t, "staticmethod", self, args, count, names); }

static Value make(Thread *t, enum Kind kind, Value function)
{
    WrappedFunction *wrapped = (WrappedFunction *)type_alloc(t, kind_type(t, kind));
    if (!wrapped) return FAILED;
    wrapped->function = retain(function);
    /* For the machine's own, made while types are, nobody asks. */
    if (is_kind(function, KIND_NATIVE_FUNCTION) || copy_attributes(t, object_value(wrapped), function)) return object_value(wrapped);
    object_release(wrapped);
    return FAILED;
}

Value class_method_new(Thread *t, Value function) { return make(t, KIND_CLASS_METHOD, function); }
Value static_method_new(Thread *t, Value function) { return make(t, KIND_STATIC_METHOD, function); }

static Value class_method_get(Thread *t, Value self, Value instance, Type *owner)
{
    if (!owner) owner = value_type(t, instance);
    return method_new(t, as_wrapped(self)->function, object_value(owner));
}

static Value static_method_get(Thread *t, Value self, Value instance, Type *owner)
{
    (void)t, (void)instance, (void)owner;
    return retain(as_wrapped(self)->function);
}

static Value static_method_call(Thread *t, Value callee, const Value *args, size_t count, Tuple *names)
{
    return value_call(t, as_wrapped(callee)->function, args, count, names);
}

static Value class_method_repr(Thread *t, Value self) { return object_value(str_format(t, "<classmethod(%R)>", as_wrapped(self)->function)); }
static Value static_method_repr(Thread *t, Value self) { return object_value(str_format(t, "<staticmethod(%R)>", as_wrapped(self)->function)); }

static Value is_abstract(Thread *t, Value self)
{
    bool answer;
    return function_is_abstract(t, as_wrapped(self)->function, &answer) ? bool_value(answer) : FAILED;
}

static const GetSetDef wrapped_getsets[] = {
    {"__isabstractmethod__", is_abstract, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

static const MemberDef wrapped_members[] = {
    {"__func__", MEMBER_VALUE, offsetof(WrappedFunction, function), true, NULL},
    {"__wrapped__", MEMBER_VALUE, offsetof(WrappedFunction, function), true, NULL},
    {NULL, 0, 0, false, NULL},
};

static void wrapped_traverse(Object *self, VisitFn visit, void *context) { visit_value(((WrappedFunction *)self)->function, visit, context); }
static void wrapped_clear(Object *self) { replace(&((WrappedFunction *)self)->function, NONE); }

const TypeSpec class_method_spec = {
    .doc = "A function in a class that gets the class as its first argument.\n\n"
           "Used as a decorator, @classmethod; called through an instance or a subclass, it gets that\n"
           "object's class or the subclass.",
    .signature = "(function, /)",
    .size = sizeof(WrappedFunction), .flags = TYPE_IS_CONTAINER | TYPE_HAS_ATTRIBUTES,
    .slots = {.repr = class_method_repr, .new_instance = wrapped_new, .init = class_method_init, .descriptor_get = class_method_get},
    .getsets = wrapped_getsets, .members = wrapped_members, .traverse = wrapped_traverse, .clear = wrapped_clear, .free = wrapped_clear,
};

const TypeSpec static_method_spec = {
    .doc = "A function in a class that gets neither the instance nor the class as an argument.\n\n"
           "Used as a decorator, @staticmethod; it is called through the class or an instance alike.",
    .signature = "(function, /)",
    .size = sizeof(WrappedFunction), .flags = TYPE_IS_CONTAINER | TYPE_HAS_ATTRIBUTES,
    .slots = {.repr = static_method_repr, .call = static_method_call, .new_instance = wrapped_new, .init = static_method_init,
              .descriptor_get = static_method_get},
    .getsets = wrapped_getsets, .members = wrapped_members, .traverse = wrapped_traverse, .clear = wrapped_clear, .free = wrapped_clear,
};
