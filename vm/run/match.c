/* match.c - class and mapping patterns.
 *
 * What        What a `case` needs beyond comparisons and unpacking (PEP 634).
 * How         Mapping keys are read with get(), so that a defaultdict does not grow; class patterns by __match_args__.
 * GIL         held.
 * Read next   eval.c (MATCH_KEYS, MATCH_CLASS) */
#include "vm/run/match.h"

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/set.h"
#include "vm/object/str.h"

/* A value no mapping holds: the default given to get(). */
static Value new_marker(Thread *t)
{
    Object *marker = type_alloc(t, kind_type(t, KIND_OBJECT));
    return object_value(marker);
}

Value match_keys(Thread *t, Value subject, Value keys)
{
    size_t count = as_tuple(keys)->count;
    Value get = value_get_attribute(t, subject, NAME_OF(t, get));
    Value marker = failed(get) ? FAILED : new_marker(t);
    Set *seen = failed(marker) ? NULL : set_new(t, KIND_SET);
    Tuple *values = seen ? tuple_new(t, count) : NULL;
    Value result = values ? object_value(values) : FAILED;
    for (size_t i = 0; values && i < count; i++) {
        Value key = as_tuple(keys)->items[i];
        bool is_double;
        Value v = FAILED;
        if (set_contains(t, seen, key, &is_double)) {
            if (is_double) raise_value_error(t, "mapping pattern checks duplicate key (%R)", key);
            else if (set_add(t, seen, key)) v = value_call2(t, get, key, marker);
        }
        if (failed(v) || is_same(v, marker)) {
            result = failed(v) ? FAILED : NONE;
            release(v);
            object_release(values);
            break;
        }
        values->items[i] = v;
    }
    if (seen) object_release(seen);
    release2(marker, get);
    return result;
}

/* One attribute of the subject into *out; false: not there (or raised). A name may be matched once. */
static bool match_attribute(Thread *t, Value subject, Value cls, Value name, Set *seen, Value *out)
{
    bool is_double;
    if (!set_contains(t, seen, name, &is_double)) return false;
    if (is_double) return raise_false(t, EXC_TypeError, "%U() got multiple sub-patterns for attribute %R", ((Type *)as_object(cls))->name, name);
    if (!set_add(t, seen, name)) return false;
    *out = value_find_attribute(t, subject, as_str(name));
    return is_bound(*out);
}

static bool match_positional(Thread *t, Value subject, Value cls, size_t positional, Set *seen, Tuple *out)
{
    Type *type = (Type *)as_object(cls);
    Value match_args = value_find_attribute(t, cls, NAME_OF(t, __match_args__));
    if (is_raised(t)) return false;
    if (is_unbound(match_args)) {
        bool is_self = type_is(type, TYPE_MATCHES_SELF);
        if (positional > (is_self ? 1 : 0))
            return raise_false(t, EXC_TypeError, "%U() accepts %d positional sub-pattern%s (%zu given)", type->name, is_self, is_self ? "" : "s", positional);
        out->items[0] = retain(subject);
        return true;
    }
    bool done = false;
    if (!is_kind(match_args, KIND_TUPLE)) {
        raise_type_error(t, "%U.__match_args__ must be a tuple (got %T)", type->name, match_args);
    } else if (as_tuple(match_args)->count < positional) {
        size_t most = as_tuple(match_args)->count;
        raise_type_error(t, "%U() accepts %zu positional sub-pattern%s (%zu given)", type->name, most, most == 1 ? "" : "s", positional);
    } else {
        done = true;
        for (size_t i = 0; done && i < positional; i++) {
            Value name = as_tuple(match_args)->items[i];
            if (!is_kind(name, KIND_STR)) done = raise_false(t, EXC_TypeError, "__match_args__ elements must be strings (got %T)", name);
            else done = match_attribute(t, subject, cls, name, seen, &out->items[i]);
        }
    }
    release(match_args);
    return done;
}

Value match_class(Thread *t, Value subject, Value cls, size_t positional, Value names)
{
    if (!has_payload(cls, KIND_TYPE)) return raise_type_error(t, "called match pattern must be a class");
    bool is_instance;
    if (!value_is_instance(t, subject, cls, &is_instance)) return FAILED;
    if (!is_instance) return NONE;
    size_t named = as_tuple(names)->count;
    if (positional + named == 0) return retain(t->interp->empty_tuple);
    Set *seen = set_new(t, KIND_SET);
    Tuple *values = seen ? tuple_new(t, positional + named) : NULL;
    bool done = values != NULL;
    if (done && positional > 0) done = match_positional(t, subject, cls, positional, seen, values);
    for (size_t i = 0; done && i < named; i++)
        done = match_attribute(t, subject, cls, as_tuple(names)->items[i], seen, &values->items[positional + i]);
    if (seen) object_release(seen);
    if (done) return object_value(values);
    if (values) object_release(values);
    return is_raised(t) ? FAILED : NONE;
}
