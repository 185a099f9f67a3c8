/* instance_check.c - isinstance and issubclass.
 *
 * What        value_is_instance, value_is_subclass, and the plain answers that type.__instancecheck__ gives.
 * How         A class of the exact type `type` is asked directly; others may have __instancecheck__. What is no class at all may
 *             still claim to be one by a tuple __bases__. A proxy may claim a class by its __class__.
 * GIL         held.
 * Read next   type_methods.c */
#include "vm/object/type_making.h"

#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/generic_alias.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

/* __bases__ of something that acts as a class: a tuple, owned; UNBOUND: it does not. */
static Value abstract_bases(Thread *t, Value cls)
{
    Value bases = value_find_attribute(t, cls, NAME_OF(t, __bases__));
    if (is_bound(bases) && !is_tuple(bases)) clear(&bases);
    return bases;
}

static bool check_is_class(Thread *t, Value cls, const char *message)
{
    Value bases = abstract_bases(t, cls);
    if (is_unbound(bases)) return is_raised(t) ? false : raise_false(t, EXC_TypeError, "%s", message);
    release(bases);
    return true;
}

static bool abstract_is_subclass(Thread *t, Value derived, Value cls, bool *answer)
{
    *answer = is_same(derived, cls);
    if (*answer) return true;
    if (stack_is_low(t) && stack_is_exhausted(t, " in __issubclass__")) return false;
    Value bases = abstract_bases(t, derived);
    if (is_unbound(bases)) return !is_raised(t);
    bool is_good = true;
    for (size_t i = 0; i < as_tuple(bases)->count && is_good && !*answer; i++)
        is_good = abstract_is_subclass(t, as_tuple(bases)->items[i], cls, answer);
    release(bases);
    return is_good;
}

/* Can v.__class__ be anything but its type? For plain objects not, and nothing needs to be looked up. */
static bool may_claim_a_class(Thread *t, Value v)
{
    Type *type = value_type(t, v);
    bool is_built_in = !is_object(v) || as_object(v)->kind != KIND_INSTANCE;
    if (is_built_in && type->slots.get_attribute == generic_get_attribute) return false;
    if (type->slots.get_attribute != generic_get_attribute) return !is_type(v);
    return !is_same(type_lookup(t, type, NAME_OF(t, __class__)), type_lookup(t, kind_type(t, KIND_OBJECT), NAME_OF(t, __class__)));
}

bool plain_is_instance(Thread *t, Value v, Value cls, bool *answer)
{
    if (is_type(cls)) {
        *answer = type_is_subtype(value_type(t, v), as_type(cls));
        if (*answer || !may_claim_a_class(t, v)) return true;
        Value claimed = value_find_attribute(t, v, NAME_OF(t, __class__));
        if (is_unbound(claimed)) return !is_raised(t);
        *answer = is_type(claimed) && type_is_subtype(as_type(claimed), as_type(cls));
        release(claimed);
        return true;
    }
    *answer = false;
    if (!check_is_class(t, cls, "isinstance() arg 2 must be a type, a tuple of types, or a union")) return false;
    Value claimed = value_find_attribute(t, v, NAME_OF(t, __class__));
    if (is_unbound(claimed)) return !is_raised(t);
    bool is_good = abstract_is_subclass(t, claimed, cls, answer);
    release(claimed);
    return is_good;
}

bool plain_is_subclass(Thread *t, Value c, Value cls, bool *answer)
{
    if (is_type(c) && is_type(cls)) {
        *answer = type_is_subtype(as_type(c), as_type(cls));
        return true;
    }
    *answer = false;
    return check_is_class(t, c, "issubclass() arg 1 must be a class") &&
           (is_kind(cls, KIND_UNION) || check_is_class(t, cls, "issubclass() arg 2 must be a class, a tuple of classes, or a union")) &&
           abstract_is_subclass(t, c, cls, answer);
}

typedef bool (*Question)(Thread *t, Value v, Value cls, bool *answer);

static bool any_of(Thread *t, Value v, Value classes, Question question, bool *answer)
{
    if (stack_is_low(t) && stack_is_exhausted(t, "")) return false;
    *answer = false;
    for (size_t i = 0; i < as_tuple(classes)->count && !*answer; i++)
        if (!question(t, v, as_tuple(classes)->items[i], answer)) return false;
    return true;
}

static bool ask(Thread *t, Value v, Value cls, Str *name, Question question, Question plain, bool *answer)
{
    if (is_kind(cls, KIND_UNION)) return any_of(t, v, ((Union *)as_object(cls))->args, question, answer);
    if (is_tuple(cls)) return any_of(t, v, cls, question, answer);
    if (!type_open(t, value_type(t, cls))) return false;
    Value method = type_lookup(t, value_type(t, cls), name);
    if (is_unbound(method)) return plain(t, v, cls, answer);
    if (stack_is_low(t) && stack_is_exhausted(t, name == NAME_OF(t, __instancecheck__) ? " in __instancecheck__" : " in __subclasscheck__"))
        return false;
    retain(method);
    Value result = call_unbound(t, method, cls, &v, 1, NULL);
    release(method);
    if (failed(result)) return false;
    bool is_good = value_truth(t, result, answer);
    release(result);
    return is_good;
}

bool value_is_instance(Thread *t, Value v, Value cls, bool *answer)
{
    const Type *type = value_type(t, v);
    if (is_object(cls) && as_object(cls) == &type->head) return *answer = true;
    if (is_kind(cls, KIND_TUPLE)) return any_of(t, v, cls, value_is_instance, answer);
    if (is_kind(cls, KIND_TYPE) && as_type(cls)->head.type == kind_type(t, KIND_TYPE)) {
        bool is_built_in = !is_object(v) || as_object(v)->kind != KIND_INSTANCE;      /* claims no other class, then */
        if (!is_built_in || type->slots.get_attribute != generic_get_attribute) return plain_is_instance(t, v, cls, answer);
        *answer = type_is_subtype(type, as_type(cls));
        return true;
    }
    return ask(t, v, cls, NAME_OF(t, __instancecheck__), value_is_instance, plain_is_instance, answer);
}

bool value_is_subclass(Thread *t, Value c, Value cls, bool *answer)
{
    if (is_kind(cls, KIND_TYPE) && as_type(cls)->head.type == kind_type(t, KIND_TYPE)) {
        if (is_same(c, cls)) return *answer = true;
        return plain_is_subclass(t, c, cls, answer);
    }
    return ask(t, c, cls, NAME_OF(t, __subclasscheck__), value_is_subclass, plain_is_subclass, answer);
}
