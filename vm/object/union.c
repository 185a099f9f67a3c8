/* union.c - types.UnionType: int | str.
 *
 * What        The `or` of types, and the object it makes.
 * How         Unions inside are flattened and what is said twice is dropped; None stands for its type. isinstance() and
 *             issubclass() look at __args__ (instance_check.c).
 * Invariants  I1 args has at least two members, no unions among them.
 * GIL         held.
 * Read next   generic_alias.c */
#include "vm/object/exception.h"
#include "vm/object/generic_alias.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/set.h"
#include "vm/object/str.h"

#define AS_UNION(v) ((Union *)as_object(v))

/* ---- making ---- */

static bool can_be_in_union(Value v)
{
    return is_none(v) || is_type(v) || has_payload(v, KIND_GENERIC_ALIAS) || is_kind(v, KIND_UNION) || is_kind(v, KIND_TYPE_ALIAS);
}

static bool add_member(Thread *t, List *members, Value v)
{
    for (size_t i = 0; i < members->count; i++) {
        Value known = members->items[i];
        bool equal = is_same(known, v);
        /* list[int] | list[int]: equal, not the same. Classes are compared by identity. */
        if (!equal && is_kind(known, KIND_GENERIC_ALIAS) && is_kind(v, KIND_GENERIC_ALIAS) && !value_equal(t, known, v, &equal))
            return false;
        if (equal)
            return true;
    }
    return list_append(t, members, v);
}

static bool add_flattened(Thread *t, List *members, Value v)
{
    if (!is_kind(v, KIND_UNION))
        return add_member(t, members, is_none(v) ? object_value(kind_type(t, KIND_NONE_TYPE)) : v);
    Tuple *args = as_tuple(AS_UNION(v)->args);
    for (size_t i = 0; i < args->count; i++) {
        if (!add_member(t, members, args->items[i]))
            return false;
    }
    return true;
}

/* A union of the members; of one, itself. */
static Value union_of(Thread *t, List *members)
{
    if (members->count == 1)
        return retain(members->items[0]);
    Tuple *args = tuple_from_values(t, members->items, members->count);
    Union *made = args ? (Union *)heap_new(t, kind_type(t, KIND_UNION), sizeof(Union)) : NULL;
    if (!made) {
        if (args)
            object_release(args);
        return FAILED;
    }
    made->args = object_value(args);
    return object_value(made);
}

Value union_new(Thread *t, Value left, Value right)
{
    if (!can_be_in_union(left) || !can_be_in_union(right) || (is_none(left) && is_none(right)))
        return NOT_IMPLEMENTED;
    List *members = list_new(t, 0);
    Value made = FAILED;
    if (members && add_flattened(t, members, left) && add_flattened(t, members, right))
        made = union_of(t, members);
    if (members)
        object_release(members);
    return made;
}

Value union_or_slot(Thread *t, Value left, Value right)
{
    return union_new(t, left, right);
}

static void union_traverse(Object *self, VisitFn visit, void *context)
{
    visit_value(((Union *)self)->args, visit, context);
    visit_value(((Union *)self)->parameters, visit, context);
}

static void union_free(Object *self)
{
    clear(&((Union *)self)->args);
    clear(&((Union *)self)->parameters);
}

/* ---- slots ---- */

static Value union_repr(Thread *t, Value self)
{
    Tuple *args = as_tuple(AS_UNION(self)->args);
    StrBuilder builder;
    str_builder_init(&builder, t);
    for (size_t i = 0; i < args->count; i++) {
        if (i > 0)
            str_builder_add_text(&builder, " | ");
        bool is_none_type = is_same(args->items[i], object_value(kind_type(t, KIND_NONE_TYPE)));
        Value text = is_none_type ? object_value(str_from_ascii(t, "None", 4)) : generic_item_text(t, args->items[i]);
        if (failed(text)) {
            str_builder_abandon(&builder);
            return FAILED;
        }
        str_builder_add(&builder, as_str(text));
        release(text);
    }
    return str_builder_finish(&builder);
}

/* Order does not matter: int | str == str | int. */
static Set *as_frozenset(Thread *t, Value self)
{
    return set_from_iterable(t, KIND_FROZENSET, AS_UNION(self)->args);
}

static bool union_hash(Thread *t, Value self, int64_t *hash)
{
    Set *set = as_frozenset(t, self);
    bool is_good = set && value_hash(t, object_value(set), hash);
    if (set)
        object_release(set);
    return is_good;
}

static Value union_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !is_kind(other, KIND_UNION))
        return NOT_IMPLEMENTED;
    Set *a = as_frozenset(t, self), *b = a ? as_frozenset(t, other) : NULL;
    Value answer = b ? value_compare(t, object_value(a), object_value(b), op) : FAILED;
    if (a)
        object_release(a);
    if (b)
        object_release(b);
    return answer;
}

static Value get_parameters(Thread *t, Value self)
{
    if (is_unbound(AS_UNION(self)->parameters))
        AS_UNION(self)->parameters = generic_parameters(t, as_tuple(AS_UNION(self)->args));
    return retain(AS_UNION(self)->parameters);
}

static Value union_get_item(Thread *t, Value self, Value item)
{
    Value parameters = get_parameters(t, self);
    if (failed(parameters))
        return FAILED;
    Value args = generic_substitute(t, self, as_tuple(AS_UNION(self)->args), as_tuple(parameters), item);
    release(parameters);
    if (failed(args))
        return FAILED;
    List *members = list_new(t, 0);
    bool is_good = members != NULL;
    for (size_t i = 0; is_good && i < as_tuple(args)->count; i++)
        is_good = add_flattened(t, members, as_tuple(args)->items[i]);
    Value made = is_good ? union_of(t, members) : FAILED;
    if (members)
        object_release(members);
    release(args);
    return made;
}

static const GetSetDef getsets[] = {
    {"__parameters__", get_parameters, NULL, "Type variables in the types.UnionType."},
    {NULL, NULL, NULL, NULL},
};

static const MemberDef members_of_union[] = {
    {"__args__", MEMBER_VALUE, offsetof(Union, args), true, NULL},
    {NULL, MEMBER_VALUE, 0, false, NULL},
};

static const NativeDef no_methods[] = {NATIVE_END};

const TypeSpec union_spec = {
    .doc = "Represent a PEP 604 union type\n\nE.g. for int | str",
    .size = sizeof(Union), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_NO_NEW | TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = union_repr, .hash = union_hash, .compare = union_compare, .get_item = union_get_item, .or = union_or_slot},
    .methods = no_methods, .getsets = getsets, .members = members_of_union, .traverse = union_traverse, .free = union_free,
};
