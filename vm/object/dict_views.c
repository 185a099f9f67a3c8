/* dict_views.c - keys(), values() and items(): windows on a dict.
 *
 * What        The three view types: iteration, length, membership; for keys and items also what sets can do.
 * How         A view owns a reference to its dict and nothing else. Set operations make a set of one side and use set.c.
 * Invariants  I1 values() has no order or equality of its own: it is compared by identity.
 * GIL         held; == and hash run script code.
 * Read next   dict_iterators.c, set.c */
#include "vm/object/dict_views.h"

#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/set.h"
#include "vm/object/str.h"

Value dict_view_new(Thread *t, enum Kind kind, Dict *dict)
{
    DictView *view = (DictView *)heap_new(t, kind_type(t, kind), sizeof(DictView));
    if (!view)
        return FAILED;
    object_retain(dict);
    view->dict = dict;
    return object_value(view);
}

static Dict *dict_of(Value self)
{
    return ((DictView *)as_object(self))->dict;
}

static void view_traverse(Object *self, VisitFn visit, void *context)
{
    if (((DictView *)self)->dict)
        visit(&((DictView *)self)->dict->head, context);
}

static void view_free(Object *self)
{
    DictView *view = (DictView *)self;
    Dict *dict = view->dict;
    view->dict = NULL;
    if (dict)
        object_release(dict);
}

static bool is_set_like(Value v)
{
    return is_kind(v, KIND_DICT_KEYS) || is_kind(v, KIND_DICT_ITEMS) || is_set(v);
}

/* ---- slots of all three ---- */

static Value view_repr(Thread *t, Value self)
{
    bool is_first;
    if (!repr_enter(t, self, &is_first))
        return FAILED;
    if (!is_first)
        return object_value(str_from_ascii(t, "...", 3));
    List *items = list_from_iterable(t, self);
    Str *text = NULL;
    if (items) {
        text = str_format(t, "%T(%R)", self, object_value(items));
        object_release(items);
    }
    repr_leave(t, self);
    return object_value(text);
}

static bool view_length(Thread *t, Value self, size_t *length)
{
    (void)t;
    *length = dict_length(dict_of(self));
    return true;
}

static Value view_iterate(Thread *t, Value self)
{
    switch (as_object(self)->kind) {
    case KIND_DICT_KEYS: return dict_iterator_new(t, KIND_DICT_KEY_ITERATOR, dict_of(self));
    case KIND_DICT_VALUES: return dict_iterator_new(t, KIND_DICT_VALUE_ITERATOR, dict_of(self));
    default: return dict_iterator_new(t, KIND_DICT_ITEM_ITERATOR, dict_of(self));
    }
}

static Value view_reversed(Thread *t, Value self, const Value *args)
{
    (void)args;
    switch (as_object(self)->kind) {
    case KIND_DICT_KEYS: return dict_iterator_new(t, KIND_DICT_REVERSE_KEY_ITERATOR, dict_of(self));
    case KIND_DICT_VALUES: return dict_iterator_new(t, KIND_DICT_REVERSE_VALUE_ITERATOR, dict_of(self));
    default: return dict_iterator_new(t, KIND_DICT_REVERSE_ITEM_ITERATOR, dict_of(self));
    }
}

static Value get_mapping(Thread *t, Value self)
{
    return mapping_proxy_new(t, object_value(dict_of(self)));
}

static bool keys_contains(Thread *t, Value self, Value key, bool *found)
{
    return dict_contains(t, dict_of(self), key, found);
}

static bool items_contains(Thread *t, Value self, Value pair, bool *found)
{
    *found = false;
    if (!is_tuple(pair) || as_tuple(pair)->count != 2)
        return true;
    Value value;
    if (!dict_get(t, dict_of(self), as_tuple(pair)->items[0], &value))
        return false;
    bool is_good = is_unbound(value) || value_equal(t, value, as_tuple(pair)->items[1], found);
    release(value);
    return is_good;
}

/* ---- what sets can do ---- */

typedef struct Membership { Value container; bool wanted; bool holds; } Membership;

static bool check_member(Thread *t, Value item, void *context)
{
    Membership *membership = context;
    bool found;
    if (!value_contains(t, membership->container, item, &found))
        return false;
    membership->holds = found == membership->wanted;
    return membership->holds;
}

/* Is each item of [v] in [container] ([wanted] false: not in it)? */
static bool all_members(Thread *t, Value v, Value container, bool wanted, bool *holds)
{
    Membership membership = {container, wanted, true};
    bool is_good = value_for_each(t, v, check_member, &membership) || !is_raised(t);
    *holds = membership.holds;
    return is_good;
}

static Value view_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (!is_set_like(other))
        return NOT_IMPLEMENTED;
    size_t a, b;
    if (!value_length(t, self, &a) || !value_length(t, other, &b))
        return FAILED;
    bool is_smaller_side = op == COMPARE_LT || op == COMPARE_LE;
    bool may_hold = op == COMPARE_EQ || op == COMPARE_NE ? a == b : op == COMPARE_LT ? a < b : op == COMPARE_LE ? a <= b : op == COMPARE_GT ? a > b : a >= b;
    bool holds = may_hold;
    if (may_hold) {
        Value small = is_smaller_side || op == COMPARE_EQ || op == COMPARE_NE ? self : other;
        if (!all_members(t, small, is_same(small, self) ? other : self, true, &holds))
            return FAILED;
    }
    return bool_value(op == COMPARE_NE ? !holds : holds);
}

/* Only one side need be a view; the other may be any iterable, as long as it is not the number protocol's business. */
static bool is_view(Value v)
{
    return is_kind(v, KIND_DICT_KEYS) || is_kind(v, KIND_DICT_ITEMS);
}

typedef struct Filter { Set *result; Value container; } Filter;

static bool add_if_member(Thread *t, Value item, void *context)
{
    Filter *filter = context;
    bool found;
    return value_contains(t, filter->container, item, &found) && (!found || set_add(t, filter->result, item));
}

static bool discard_item(Thread *t, Value item, void *context)
{
    bool was_there;
    return set_discard(t, context, item, &was_there);
}

static bool toggle_item(Thread *t, Value item, void *context)
{
    bool was_there;
    return set_discard(t, context, item, &was_there) && (was_there || set_add(t, context, item));
}

static Value finish_set(TAKES Set *set, bool is_good)
{
    if (!is_good && set) {
        object_release(set);
        return FAILED;
    }
    return object_value(set);
}

static Value view_or(Thread *t, Value left, Value right)
{
    Set *result = set_from_iterable(t, KIND_SET, left);
    return finish_set(result, result && set_update(t, result, right));
}

static Value view_subtract(Thread *t, Value left, Value right)
{
    Set *result = set_from_iterable(t, KIND_SET, left);
    return finish_set(result, result && value_for_each(t, right, discard_item, result));
}

static Value view_and(Thread *t, Value left, Value right)
{
    /* The order of the result follows CPython's: a larger view is asked about the items of the other side. */
    Value view = is_view(left) ? left : right, other = is_view(left) ? right : left;
    size_t a, b;
    if (is_kind(other, KIND_SET) || is_view(other)) {
        if (!value_length(t, view, &a) || !value_length(t, other, &b))
            return FAILED;
        if (b > a || (b == a && !is_view(other))) {
            Value swap = view;
            view = other;
            other = swap;
        }
    }
    Set *result = set_new(t, KIND_SET);
    if (!result)
        return FAILED;
    Filter filter = {result, view};
    return finish_set(result, value_for_each(t, other, add_if_member, &filter));
}

static Value view_xor(Thread *t, Value left, Value right)
{
    Set *result = set_from_iterable(t, KIND_SET, left);
    Set *other = result ? set_from_iterable(t, KIND_SET, right) : NULL;   /* each item once, or it would come back */
    bool is_good = other && value_for_each(t, object_value(other), toggle_item, result);
    if (other)
        object_release(other);
    return finish_set(result, is_good);
}

static Value isdisjoint(Thread *t, Value self, const Value *args)
{
    Value other = args[0], walked = other, asked = self;
    size_t a, b;
    bool holds;
    if (is_same(self, other))
        return bool_value(dict_length(dict_of(self)) == 0);
    if (is_set_like(other)) {
        if (!value_length(t, self, &a) || !value_length(t, other, &b))
            return FAILED;
        if (b > a) {
            walked = self;
            asked = other;
        }
    }
    return all_members(t, walked, asked, false, &holds) ? bool_value(holds) : FAILED;
}

/* ---- the three types ---- */

static const GetSetDef view_getsets[] = {
    {"mapping", get_mapping, NULL, "the dict seen, for reading only"},
    {NULL, NULL, NULL, NULL},
};
static const NativeDef set_like_methods[] = {
    NATIVE("isdisjoint", isdisjoint, "($self, object, /)", 0, "Have the view and the iterable no item in common?"),
    NATIVE("__reversed__", view_reversed, "($self, /)", 0, "An iterator over the view, the newest item first."),
    NATIVE_END,
};
static const NativeDef values_methods[] = {
    NATIVE("__reversed__", view_reversed, "($self, /)", 0, "An iterator over the view, the newest item first."),
    NATIVE_END,
};

#define VIEW_FLAGS (TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_NO_NEW)

const TypeSpec dict_keys_spec = {
    .size = sizeof(DictView), .flags = VIEW_FLAGS,
    .slots = {.repr = view_repr, .hash = hash_not_implemented, .compare = view_compare, .iterate = view_iterate, .length = view_length,
              .contains = keys_contains, .subtract = view_subtract, .and = view_and, .or = view_or, .xor = view_xor},
    .methods = set_like_methods, .getsets = view_getsets,
    .traverse = view_traverse, .free = view_free,
};

const TypeSpec dict_items_spec = {
    .size = sizeof(DictView), .flags = VIEW_FLAGS,
    .slots = {.repr = view_repr, .hash = hash_not_implemented, .compare = view_compare, .iterate = view_iterate, .length = view_length,
              .contains = items_contains, .subtract = view_subtract, .and = view_and, .or = view_or, .xor = view_xor},
    .methods = set_like_methods, .getsets = view_getsets,
    .traverse = view_traverse, .free = view_free,
};

const TypeSpec dict_values_spec = {
    .size = sizeof(DictView), .flags = VIEW_FLAGS,
    .slots = {.repr = view_repr, .iterate = view_iterate, .length = view_length},
    .methods = values_methods, .getsets = view_getsets,
    .traverse = view_traverse, .free = view_free,
};
