/* object_reduce.c - what an object tells pickle and copy about itself.
 *
 * What        object.__reduce_ex__, __reduce__, __getstate__; attribute_reduction for functions.
 * How         Protocol 2 and up: (copyreg.__newobj__, (class, *args), state, list items, dict items), where args come from
 *             __getnewargs_ex__ or __getnewargs__ and state from __getstate__. Older protocols are left to copyreg._reduce_ex.
 * GIL         held; imports copyreg when first used.
 * Read next   object.c */
#include "vm/object/object_reduce.h"

#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

/* A function of a module, by way of the script's own __import__; owned. */
static Value imported(Thread *t, const char *module_name, const char *name)
{
    Value import = has_payload(t->interp->builtins, KIND_DICT) ? dict_get_str(as_dict(t->interp->builtins), NAME_OF(t, __import__)) : UNBOUND;
    if (is_unbound(import)) return raise_error(t, EXC_ImportError, "__import__ not found");
    Str *text = str_from_text(t, module_name), *attribute = str_intern_text(t, name);
    Value module = text && attribute ? value_call1(t, import, object_value(text)) : FAILED;
    Value function = failed(module) ? FAILED : value_get_attribute(t, module, attribute);
    release(module);
    if (text) object_release(text);
    if (attribute) object_release(attribute);
    return function;
}

Value attribute_reduction(Thread *t, Value owner, Value name)
{
    Str *text = str_intern_text(t, "getattr");
    if (!text) return FAILED;
    Value getattr = has_payload(t->interp->builtins, KIND_DICT) ? dict_get_str(as_dict(t->interp->builtins), text) : UNBOUND;
    object_release(text);
    if (is_unbound(getattr)) return raise_error(t, EXC_AttributeError, "getattr");
    Value pair = tuple_pack2(t, owner, name);
    Value reduction = failed(pair) ? FAILED : tuple_pack2(t, getattr, pair);
    release(pair);
    return reduction;
}

/* ---- the state ---- */

/* (state, {member: value}) when the class has __slots__. [is_required]: nothing but the state could carry what the object is. */
static Value default_state(Thread *t, Value self, bool is_required)
{
    Type *type = value_type(t, self);
    bool has_payload_of_its_own = type->spec->size > sizeof(Object) || !is_object(self);
    bool is_variable = has_payload(self, KIND_MEMORYVIEW) || has_payload(self, KIND_CODE);   /* in CPython, and the words tell */
    if (is_required && has_payload_of_its_own) return raise_type_error(t, is_variable ? "cannot pickle %T objects" : "cannot pickle '%T' object", self);
    Attributes *attributes = is_object(self) ? object_attributes(as_object(self)) : NULL;
    Value state = NONE;
    if (attributes) {
        Dict *dict = object_dict(t, as_object(self));
        if (!dict) return FAILED;
        if (dict_length(dict)) state = object_value(dict);
        else object_release(dict);
    }
    if (!type->member_count) return state;
    Dict *members = dict_new(t);
    bool is_good = members != NULL;
    for (size_t i = type->mro->count; is_good && i-- > 0;) {
        size_t position = 0;
        Value key, attribute;
        Dict *dict = as_type(type->mro->items[i])->dict;
        while (is_good && dict && dict_next(dict, &position, &key, &attribute)) {
            if (!is_kind(attribute, KIND_MEMBER) || ((Member *)as_object(attribute))->def) continue;
            Value value = object_members(as_object(self))[((Member *)as_object(attribute))->index];
            if (is_bound(value)) is_good = dict_set(t, members, key, value);
        }
    }
    Value result = FAILED;
    if (is_good) result = members->count ? tuple_pack2(t, state, object_value(members)) : retain(state);
    if (members) object_release(members);
    release(state);
    return result;
}

Value object_getstate(Thread *t, Value self, const Value *args)
{
    (void)args;
    return default_state(t, self, false);
}

static Value ask_state(Thread *t, Value self, bool is_required)
{
    if (!type_open(t, value_type(t, self))) return FAILED;
    Value method = type_lookup(t, value_type(t, self), NAME_OF(t, __getstate__));
    if (is_kind(method, KIND_METHOD_DESCRIPTOR) && ((MethodDescriptor *)as_object(method))->def->function == object_getstate)
        return default_state(t, self, is_required);
    return value_call_method(t, self, NAME_OF(t, __getstate__), NULL, 0);
}

/* ---- arguments for __new__ ---- */

static bool call_for_tuple(Thread *t, Value self, Str *name, Value *result)
{
    Value method = value_find_special(t, self, name);
    *result = UNBOUND;
    if (is_unbound(method)) return !is_raised(t);
    *result = value_call0(t, method);
    release(method);
    if (failed(*result)) return false;
    if (is_tuple(*result)) return true;
    raise_type_error(t, "%U should return a tuple, not '%T'", name, *result);
    clear(result);
    return false;
}

/* *args a tuple or UNBOUND, *kwargs a dict or UNBOUND; both owned. */
static bool new_arguments(Thread *t, Value self, Value *args, Value *kwargs)
{
    *args = *kwargs = UNBOUND;
    Value pair;
    if (!call_for_tuple(t, self, NAME_OF(t, __getnewargs_ex__), &pair)) return false;
    if (is_unbound(pair)) return call_for_tuple(t, self, NAME_OF(t, __getnewargs__), args);
    bool is_good = false;
    if (as_tuple(pair)->count != 2)
        raise_value_error(t, "__getnewargs_ex__ should return a tuple of length 2, not %zu", as_tuple(pair)->count);
    else if (!is_tuple(as_tuple(pair)->items[0]))
        raise_type_error(t, "first item of the tuple returned by __getnewargs_ex__ must be a tuple, not '%T'", as_tuple(pair)->items[0]);
    else if (!is_dict(as_tuple(pair)->items[1]))
        raise_type_error(t, "second item of the tuple returned by __getnewargs_ex__ must be a dict, not '%T'", as_tuple(pair)->items[1]);
    else
        is_good = true;
    if (is_good) {
        *args = retain(as_tuple(pair)->items[0]);
        *kwargs = retain(as_tuple(pair)->items[1]);
    }
    release(pair);
    return is_good;
}

static Value with_class_in_front(Thread *t, Value cls, Value args)
{
    size_t count = is_bound(args) ? as_tuple(args)->count : 0;
    Tuple *tuple = tuple_new(t, count + 1);
    if (!tuple) return FAILED;
    tuple->items[0] = retain(cls);
    for (size_t i = 0; i < count; i++) tuple->items[i + 1] = retain(as_tuple(args)->items[i]);
    return object_value(tuple);
}

/* parts[0]: the function that makes the object again, parts[1]: its arguments. */
static bool reduce_construction(Thread *t, Value self, Value args, Value kwargs, Value *parts)
{
    Value cls = object_value(value_type(t, self));
    if (is_bound(kwargs) && dict_length(as_dict(kwargs))) {
        Value row[] = {cls, args, kwargs};
        parts[0] = imported(t, "copyreg", "__newobj_ex__");
        parts[1] = failed(parts[0]) ? FAILED : object_value(tuple_from_values(t, row, 3));
    } else {
        parts[0] = imported(t, "copyreg", "__newobj__");
        parts[1] = failed(parts[0]) ? FAILED : with_class_in_front(t, cls, args);
    }
    return !failed(parts[1]);
}

static bool reduce_items(Thread *t, Value self, Value *parts)
{
    parts[3] = has_payload(self, KIND_LIST) ? value_iterate(t, self) : NONE;
    if (failed(parts[3])) return false;
    parts[4] = NONE;
    if (!has_payload(self, KIND_DICT)) return true;
    Value items = value_call_method(t, self, NAME_OF(t, items), NULL, 0);
    parts[4] = failed(items) ? FAILED : value_iterate(t, items);
    release(items);
    return !failed(parts[4]);
}

static Value reduce_by_new(Thread *t, Value self)
{
    if (!value_type(t, self)->slots.new_instance) return raise_type_error(t, "cannot pickle '%T' object", self);
    Value args, kwargs, parts[5] = {UNBOUND, UNBOUND, UNBOUND, UNBOUND, UNBOUND}, result = FAILED;
    if (!new_arguments(t, self, &args, &kwargs)) return FAILED;
    if (reduce_construction(t, self, args, kwargs, parts)) {
        bool is_required = is_unbound(args) && !has_payload(self, KIND_LIST) && !has_payload(self, KIND_DICT);
        parts[2] = ask_state(t, self, is_required);
        if (!failed(parts[2]) && reduce_items(t, self, parts)) result = object_value(tuple_from_values(t, parts, 5));
    }
    for (int i = 0; i < 5; i++) release(parts[i]);
    release2(args, kwargs);
    return result;
}

static Value reduce_by_protocol(Thread *t, Value self, Value protocol)
{
    if (is_small_int(protocol) && small_int(protocol) >= 2) return reduce_by_new(t, self);
    Value function = imported(t, "copyreg", "_reduce_ex");
    if (failed(function)) return FAILED;
    Value result = value_call2(t, function, self, protocol);
    release(function);
    return result;
}

Value object_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    return reduce_by_protocol(t, self, small_int_value(0));
}

Value object_reduce_ex(Thread *t, Value self, const Value *args)
{
    int64_t protocol = 0;
    if (!arg_int64(t, args[0], &protocol)) return FAILED;
    Value method = value_find_attribute(t, self, NAME_OF(t, __reduce__));
    if (is_unbound(method) && is_raised(t)) return FAILED;
    /* Somebody's own __reduce__ goes before the protocol. */
    Value of_type = type_lookup(t, value_type(t, self), NAME_OF(t, __reduce__));
    bool is_default = is_kind(of_type, KIND_METHOD_DESCRIPTOR) && ((MethodDescriptor *)as_object(of_type))->def->function == object_reduce;
    Value result = is_bound(method) && !is_default ? value_call0(t, method) : reduce_by_protocol(t, self, small_int_value(protocol));
    release(method);
    return result;
}

/* ---- without asking anybody ---- */

static bool is_objects_own(Thread *t, Type *type, Str *name)
{
    return is_same(type_lookup(t, type, name), type_lookup(t, kind_type(t, KIND_OBJECT), name));
}

bool type_reduces_plainly(Thread *t, Type *type)
{
    /* What object has, and what it has not, is to be as object has it. */
    Str *const names[] = {NAME_OF(t, __reduce_ex__), NAME_OF(t, __reduce__), NAME_OF(t, __getstate__), NAME_OF(t, __setstate__), NAME_OF(t, __getnewargs__),
                          NAME_OF(t, __getnewargs_ex__), NAME_OF(t, __slots__)};
    if (!type_is(type, TYPE_IS_SCRIPT_MADE) || type_is(type, TYPE_HAS_FINALIZER) || type->head.type != kind_type(t, KIND_TYPE)) return false;
    if (type->spec != &object_spec || type->member_count || !type->attributes_offset) return false;
    if (type->slots.new_instance != object_new || type->slots.get_attribute != generic_get_attribute) return false;
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++)
        if (!is_objects_own(t, type, names[i])) return false;
    return true;
}
