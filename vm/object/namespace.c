/* namespace.c - types.SimpleNamespace: an object that has the attributes it was made with.
 *
 * What        The type.
 * How         Attributes as any instance has them; this adds the constructor, repr, comparison, pickling.
 * Invariants  none beyond instance.h's.
 * GIL         held.
 * Read next   instance.c */
#include "vm/object/namespace.h"

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

static Value namespace_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)args, (void)count, (void)names;   /* __init__ looks at them */
    return object_value(type_alloc(t, type));
}

/* Sets what a dict says, keys being strings. */
static bool set_all(Thread *t, Value self, Dict *source)
{
    Dict *own = object_dict(t, as_object(self));
    if (!own)
        return false;
    size_t position = 0;
    Value key, value;
    bool is_good = true;
    while (is_good && dict_next(source, &position, &key, &value)) {
        if (!is_str(key))
            is_good = raise_false(t, EXC_TypeError, "keywords must be strings");
        else
            is_good = dict_set(t, own, key, value);
    }
    object_release(own);
    return is_good;
}

Value namespace_new(Thread *t, Dict *fields)
{
    Value self = object_value(type_alloc(t, kind_type(t, KIND_NAMESPACE)));
    if (!failed(self) && !set_all(t, self, fields)) {
        release(self);
        return FAILED;
    }
    return self;
}

static bool namespace_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (count > 1)
        return raise_false(t, EXC_TypeError, "%U expected at most 1 argument, got %zu", value_type(t, self)->name, count);
    Dict *all = dict_new(t);
    if (!all)
        return false;
    bool is_good = count == 0 || dict_update(t, all, args[0]);
    for (size_t i = 0; is_good && names && i < names->count; i++)
        is_good = dict_set(t, all, names->items[i], args[count + i]);
    is_good = is_good && set_all(t, self, all);
    object_release(all);
    return is_good;
}

static Value namespace_repr(Thread *t, Value self)
{
    bool is_exact = as_object(self)->kind == KIND_NAMESPACE;
    Str *name = is_exact ? str_from_text(t, "namespace") : value_type(t, self)->name;
    if (!name)
        return FAILED;
    if (!is_exact)
        object_retain(name);
    bool is_first;
    Dict *own = NULL;
    Value result = FAILED;
    if (!repr_enter(t, self, &is_first))
        goto done;
    if (!is_first) {
        result = object_value(str_format(t, "%U(...)", name));
        goto done;
    }
    own = object_dict(t, as_object(self));
    StrBuilder builder;
    str_builder_init(&builder, t);
    str_builder_add(&builder, name);
    str_builder_add_char(&builder, '(');
    size_t position = 0;
    bool is_good = own != NULL, comes_first = true;
    Value key, value;
    while (is_good && dict_next(own, &position, &key, &value)) {
        if (!is_str(key) || as_str(key)->length == 0)
            continue;
        Str *text = str_format(t, "%s%U=%R", comes_first ? "" : ", ", as_str(key), value);
        is_good = text != NULL;
        if (text) {
            str_builder_add(&builder, text);
            object_release(text);
        }
        comes_first = false;
    }
    repr_leave(t, self);
    str_builder_add_char(&builder, ')');
    if (is_good)
        result = str_builder_finish(&builder);
    else
        str_builder_abandon(&builder);
done:
    if (own)
        object_release(own);
    object_release(name);
    return result;
}

static Value namespace_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (!has_payload(self, KIND_NAMESPACE) || !has_payload(other, KIND_NAMESPACE))
        return NOT_IMPLEMENTED;
    Dict *a = object_dict(t, as_object(self)), *b = a ? object_dict(t, as_object(other)) : NULL;
    Value answer = b ? value_compare(t, object_value(a), object_value(b), op) : FAILED;
    if (a)
        object_release(a);
    if (b)
        object_release(b);
    return answer;
}

static Value reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Dict *own = object_dict(t, as_object(self));
    if (!own)
        return FAILED;
    Value parts[] = {object_value(value_type(t, self)), t->interp->empty_tuple, object_value(own)};
    Value reduction = object_value(tuple_from_values(t, parts, 3));
    object_release(own);
    return reduction;
}

/* copy.replace(): a new one of the same class, with changes. */
static Value replace_method(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (count > 0)
        return raise_type_error(t, "__replace__() takes no positional arguments");
    Value copy = value_call0(t, object_value(value_type(t, self)));
    if (failed(copy))
        return FAILED;
    Dict *own = object_dict(t, as_object(self));
    bool is_good = own && set_all(t, copy, own);
    for (size_t i = 0; is_good && names && i < names->count; i++)
        is_good = value_set_attribute(t, copy, as_str(names->items[i]), args[i]);
    if (own)
        object_release(own);
    if (is_good)
        return copy;
    release(copy);
    return FAILED;
}

static const NativeDef methods[] = {
    NATIVE("__reduce__", reduce, "($self, /)", 0, "What pickle and copy need to build an equal namespace."),
    NATIVE_RAW_ROW("__replace__", replace_method, "($self, /, **changes)", 0,
                   "A copy in which the attributes named by keywords have other values."),
    NATIVE_END,
};

const TypeSpec namespace_spec = {
    .doc = "An object for any attributes: those given as keywords, in a mapping or in pairs.", .signature = "(mapping_or_iterable=(), /, **kwargs)",
    .size = sizeof(Object), .flags = TYPE_IS_CONTAINER | TYPE_HAS_ATTRIBUTES,
    .slots = {.repr = namespace_repr, .hash = hash_not_implemented, .compare = namespace_compare, .new_instance = namespace_new_instance,
              .init = namespace_init},
    .methods = methods,
};
