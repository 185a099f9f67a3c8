/* ordered_dict.c - collections.OrderedDict: a dict whose order is part of what it is.
 *
 * What        The type OrderedDict, its views and its iterator.
 * How         Every dict keeps the order in which keys came. This one can change it (dict_move_to_end, dict_move_to_front), compares it, gives its
 *             oldest item away at once, and does not let itself be iterated over while it changes. A class derived from it that stores in a
 *             way of its own is asked to: what comes in by the constructor, update or setdefault goes through its __setitem__.
 * Invariants  I1 an iterator's version is that of the dict's keys when it was made; a version of another number means that they have changed.
 * GIL         held; == of keys and overridden methods are script code.
 * Read next   dict.c, dict_views.c, default_dict.c */
#include "vm/object/dict_subtypes.h"

#include "vm/object/arguments.h"
#include "vm/object/dict_keys.h"
#include "vm/object/dict_views.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/iterators.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

static bool is_ordered(Thread *t, Value v)
{
    const Type *type = t->interp->dict_subtypes[ORDERED_DICT];
    return is_dict(v) && type_is_subtype(value_type(t, v), type);
}
/* Nobody has overridden how it stores and deletes. */
static bool stores_plainly(Thread *t, Value self) { return value_type(t, self)->slots.set_item == dict_spec.slots.set_item; }

/* ---- filling ---- */

static bool store_all(Thread *t, Value self, Dict *from)
{
    size_t position = 0;
    Value key, value;
    bool is_good = true;
    while (is_good && dict_next(from, &position, &key, &value)) is_good = value_set_item(t, self, key, value);
    return is_good;
}
static bool take_over(Thread *t, Value self, Value mapping_or_pairs)
{
    if (stores_plainly(t, self)) return dict_update(t, as_dict(self), mapping_or_pairs);
    Dict *collected = dict_new(t);
    bool is_good = collected && dict_update(t, collected, mapping_or_pairs) && store_all(t, self, collected);
    if (collected) object_release(collected);
    return is_good;
}
static bool update_by_arguments(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (count && !take_over(t, self, args[0])) return false;
    for (size_t i = 0; names && i < names->count; i++)
        if (!value_set_item(t, self, names->items[i], args[count + i])) return false;
    return true;
}
static bool ordered_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (count > 1) return raise_false(t, EXC_TypeError, "expected at most 1 arguments, got %zu", count);
    return update_by_arguments(t, self, args, count, names);
}
static Value update(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (count > 1) return raise_type_error(t, "update() takes at most 1 positional argument (%zu given)", count);
    return update_by_arguments(t, self, args, count, names) ? NONE : FAILED;
}

typedef struct FromKeys { Value target, value; } FromKeys;
static bool add_key(Thread *t, Value key, void *context)
{
    FromKeys *from = context;
    return value_set_item(t, from->target, key, from->value);
}
static Value fromkeys(Thread *t, Value cls, const Value *args)
{
    FromKeys from = {value_call0(t, cls), is_bound(args[1]) ? args[1] : NONE};
    if (failed(from.target) || value_for_each(t, args[0], add_key, &from)) return from.target;
    release(from.target);
    return FAILED;
}

static Value copy(Thread *t, Value self, const Value *args)
{
    (void)args;
    Value made = value_call0(t, object_value(value_type(t, self)));
    if (failed(made) || (is_dict(made) && take_over(t, made, self))) return made;
    release(made);
    return is_raised(t) ? FAILED : raise_type_error(t, "expected a dict");
}

/* ---- taking out, moving ---- */

static bool find_key(Thread *t, Value self, Value key, size_t *place)
{
    int64_t hash;
    return value_hash(t, key, &hash) && dict_find(t, as_dict(self), key, hash, place);
}

static Value move_to_end(Thread *t, Value self, const Value *args)
{
    bool is_last = true;
    size_t place;
    if (!arg_bool(t, args[1], &is_last) || !find_key(t, self, args[0], &place)) return FAILED;
    if (place == PLACE_NONE) return raise_value(t, EXC_KeyError, args[0]);
    bool is_moved = is_last ? dict_move_to_end(t, as_dict(self), place) : dict_move_to_front(t, as_dict(self), place);
    return is_moved ? NONE : FAILED;
}

static Value popitem(Thread *t, Value self, const Value *args)
{
    Dict *dict = as_dict(self);
    bool is_last = true;
    size_t position = 0;
    Value key, value;
    if (!arg_bool(t, args[0], &is_last)) return FAILED;
    if (is_last) position = SIZE_MAX;
    if (!(is_last ? dict_previous(dict, &position, &key, &value) : dict_next(dict, &position, &key, &value)))
        return raise_error(t, EXC_KeyError, "dictionary is empty");
    Value pair = tuple_pack2(t, key, value);
    if (!failed(pair)) dict_delete_at(t, dict, is_last ? position : position - 1);
    return pair;
}

static Value pop(Thread *t, Value self, const Value *args)
{
    Value value;
    if (!dict_pop(t, as_dict(self), args[0], &value)) return FAILED;
    if (is_bound(value)) return value;
    return is_bound(args[1]) ? retain(args[1]) : raise_value(t, EXC_KeyError, args[0]);
}

/* The value of a key by way of the class's own methods. UNBOUND without an error: it is not there. */
static Value get_by_methods(Thread *t, Value self, Value key)
{
    bool found;
    if (!value_contains(t, self, key, &found) || !found) return UNBOUND;
    return value_get_item(t, self, key);
}
static Value setdefault(Thread *t, Value self, const Value *args)
{
    Value value = is_bound(args[1]) ? args[1] : NONE, result;
    if (stores_plainly(t, self)) return dict_set_default(t, as_dict(self), args[0], value, &result) ? result : FAILED;
    result = get_by_methods(t, self, args[0]);
    if (is_bound(result) || is_raised(t)) return result;
    return value_set_item(t, self, args[0], value) ? retain(value) : FAILED;
}

/* ---- comparing, text, operators ---- */

/* Of two dicts that were equal a moment ago: == of a value may have changed one of them meanwhile. */
static bool have_same_order(Thread *t, Dict *a, Dict *b, bool *answer)
{
    size_t position_a = 0, position_b = 0;
    Value key_a, key_b, value;
    uint32_t version_a = dict_keys_version(t, a), version_b = dict_keys_version(t, b);
    *answer = true;
    while (*answer) {
        bool has_a = dict_next(a, &position_a, &key_a, &value), has_b = dict_next(b, &position_b, &key_b, &value);
        *answer = has_a == has_b;
        if (!has_a || !has_b) return true;
        retain(key_a);
        retain(key_b);
        bool is_good = value_equal(t, key_a, key_b, answer);
        release2(key_a, key_b);
        if (!is_good) return false;
        if (a->keys_version != version_a || b->keys_version != version_b)
            return raise_false(t, EXC_RuntimeError, "OrderedDict mutated during iteration");
    }
    return true;
}
static Value ordered_compare(Thread *t, Value self, Value other, CompareOp op)
{
    Value answer = dict_spec.slots.compare(t, self, other, op);
    bool are_equal = is_true(answer) == (op == COMPARE_EQ);
    if (!is_bool(answer) || !are_equal || !is_ordered(t, other)) return answer;
    return have_same_order(t, as_dict(self), as_dict(other), &are_equal) ? bool_value(are_equal == (op == COMPARE_EQ)) : FAILED;
}

static Value ordered_repr(Thread *t, Value self)
{
    Str *name = value_type(t, self)->name, *text = NULL;
    if (dict_length(as_dict(self)) == 0) return object_value(str_format(t, "%U()", name));
    bool is_first;
    if (!repr_enter(t, self, &is_first)) return FAILED;
    if (!is_first) return object_value(str_from_text(t, "..."));
    Value items = FAILED;
    Dict *dict = NULL;
    /* A class of its own may have its own idea of its items. */
    if (value_type(t, self) == t->interp->dict_subtypes[ORDERED_DICT]) {
        dict = dict_copy(t, as_dict(self));
    } else if (!failed(items = value_call_method(t, self, NAME_OF(t, items), NULL, 0)) && (dict = dict_new(t)) != NULL && !dict_update(t, dict, items)) {
        object_release(dict);
        dict = NULL;
    }
    release(items);
    if (dict) {
        text = str_format(t, "%U(%R)", name, object_value(dict));
        object_release(dict);
    }
    repr_leave(t, self);
    return object_value(text);
}

static Value ordered_or(Thread *t, Value left, Value right)
{
    if (!is_dict(left) || !is_dict(right)) return NOT_IMPLEMENTED;
    Type *type = value_type(t, is_ordered(t, left) ? left : right);
    Value both = value_call1(t, object_value(type), left);
    if (failed(both) || (is_dict(both) && take_over(t, both, right))) return both;
    release(both);
    return is_raised(t) ? FAILED : NOT_IMPLEMENTED;
}
static Value ordered_inplace_or(Thread *t, Value self, Value other) { return take_over(t, self, other) ? retain(self) : FAILED; }

static Value reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Value state = value_call_method(t, self, NAME_OF(t, __getstate__), NULL, 0);
    Value view = failed(state) ? FAILED : value_call_method(t, self, NAME_OF(t, items), NULL, 0);
    Value items = failed(view) ? FAILED : value_iterate(t, view);
    Value parts[] = {object_value(value_type(t, self)), t->interp->empty_tuple, state, NONE, items};
    Value reduction = failed(items) ? FAILED : object_value(tuple_from_values(t, parts, 5));
    release2(state, view);
    release(items);
    return reduction;
}

/* ---- the iterator ---- */

typedef struct OrderedIterator {
    Object head;
    Dict *dict;               /* NULL: exhausted */
    size_t position;          /* of dict_next or dict_previous */
    size_t left;
    uint32_t version;         /* I1; 0: the dict was empty */
    bool is_reverse, gives_keys, gives_values;
} OrderedIterator;
static OrderedIterator *as_iterator(Value v) { return (OrderedIterator *)as_object(v); }

static Value iterator_new(Thread *t, Dict *dict, bool is_reverse, enum Kind gives)
{
    OrderedIterator *iterator = (OrderedIterator *)heap_new(t, t->interp->dict_subtypes[ORDERED_ITERATOR], sizeof(OrderedIterator));
    if (!iterator) return FAILED;
    object_retain(dict);
    iterator->dict = dict;
    iterator->position = is_reverse ? SIZE_MAX : 0;
    iterator->left = dict_length(dict);
    iterator->version = dict_keys_version(t, dict);
    iterator->is_reverse = is_reverse;
    iterator->gives_keys = gives != KIND_DICT_VALUES;
    iterator->gives_values = gives != KIND_DICT_KEYS;
    return object_value(iterator);
}
static void iterator_drop(Object *self)
{
    OrderedIterator *iterator = (OrderedIterator *)self;
    Dict *dict = iterator->dict;
    iterator->dict = NULL;
    if (dict) object_release(dict);
}
static void iterator_traverse(Object *self, VisitFn visit, void *context)
{
    if (((OrderedIterator *)self)->dict) visit(&((OrderedIterator *)self)->dict->head, context);
}
static Value iterator_next(Thread *t, Value self)
{
    OrderedIterator *iterator = as_iterator(self);
    Dict *dict = iterator->dict;
    if (!dict) return END;
    if (dict->keys_version != iterator->version || (!iterator->left && dict_length(dict) && !iterator->version)) {
        iterator_drop(&iterator->head);
        return raise_error(t, EXC_RuntimeError, "OrderedDict mutated during iteration");
    }
    Value key, value;
    if (!(iterator->is_reverse ? dict_previous(dict, &iterator->position, &key, &value) : dict_next(dict, &iterator->position, &key, &value))) {
        iterator_drop(&iterator->head);
        return END;
    }
    iterator->left--;
    return iterator->gives_keys && iterator->gives_values ? tuple_pack2(t, key, value) : retain(iterator->gives_keys ? key : value);
}
static Value iterate_self(Thread *t, Value self)
{
    (void)t;
    return retain(self);
}
/* As an iterator over a list of what is left. */
static Value iterator_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    OrderedIterator *iterator = as_iterator(self);
    Value twin = iterator->dict ? iterator_new(t, iterator->dict, iterator->is_reverse,
                                               !iterator->gives_values ? KIND_DICT_KEYS : iterator->gives_keys ? KIND_DICT_ITEMS : KIND_DICT_VALUES)
                                : retain(t->interp->empty_tuple);
    if (failed(twin)) return FAILED;
    if (iterator->dict) {
        as_iterator(twin)->position = iterator->position;
        as_iterator(twin)->left = iterator->left;
        as_iterator(twin)->version = iterator->version;
    }
    List *rest = list_from_iterable(t, twin);
    release(twin);
    Value reduction = rest ? iterator_reduction(t, "iter", object_value(rest), UNBOUND) : FAILED;
    if (rest) object_release(rest);
    return reduction;
}
static Value iterator_length_hint(Thread *t, Value self, const Value *args)
{
    (void)t, (void)args;
    return small_int_value(as_iterator(self)->dict ? (int64_t)as_iterator(self)->left : 0);
}
static const NativeDef iterator_methods[] = {
    NATIVE("__length_hint__", iterator_length_hint, "($self, /)", NATIVE_LEAF, "Return how many items are left."),
    NATIVE("__reduce__", iterator_reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    NATIVE_END,
};
const TypeSpec ordered_iterator_spec = {
    .size = sizeof(OrderedIterator), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_NO_NEW,
    .slots = {.iterate = iterate_self, .next = iterator_next}, .methods = iterator_methods,
    .traverse = iterator_traverse, .clear = iterator_drop, .free = iterator_drop,
};

/* ---- the views: those of dict, but for the iterator ---- */

static Value view_new(Thread *t, Value self, enum DictSubtype which)
{
    DictView *view = (DictView *)heap_new(t, t->interp->dict_subtypes[which], sizeof(DictView));
    if (!view) return FAILED;
    view->dict = as_dict(retain(self));
    return object_value(view);
}
static Value keys(Thread *t, Value self, const Value *args) { (void)args; return view_new(t, self, ORDERED_KEYS); }
static Value values(Thread *t, Value self, const Value *args) { (void)args; return view_new(t, self, ORDERED_VALUES); }
static Value items(Thread *t, Value self, const Value *args) { (void)args; return view_new(t, self, ORDERED_ITEMS); }

static Value view_iterate(Thread *t, Value self)
{
    return iterator_new(t, ((DictView *)as_object(self))->dict, false, as_object(self)->kind);
}
static Value view_reversed(Thread *t, Value self, const Value *args)
{
    (void)args;
    return iterator_new(t, ((DictView *)as_object(self))->dict, true, as_object(self)->kind);
}
static Value ordered_iterate(Thread *t, Value self) { return iterator_new(t, as_dict(self), false, KIND_DICT_KEYS); }
static Value reversed_method(Thread *t, Value self, const Value *args) { (void)args; return iterator_new(t, as_dict(self), true, KIND_DICT_KEYS); }

static void view_traverse(Object *self, VisitFn visit, void *context)
{
    if (((DictView *)self)->dict) visit(&((DictView *)self)->dict->head, context);
}
static void view_free(Object *self)
{
    Dict *dict = ((DictView *)self)->dict;
    ((DictView *)self)->dict = NULL;
    if (dict) object_release(dict);
}
static const NativeDef view_methods[] = {
    NATIVE("__reversed__", view_reversed, "($self, /)", 0, "An iterator over the view, the newest item first."),
    NATIVE_END,
};
#define ORDERED_VIEW_SPEC(name)                                                              \
    const TypeSpec name = {                                                                  \
        .size = sizeof(DictView), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_NO_NEW,  \
        .slots = {.iterate = view_iterate}, .methods = view_methods,                         \
        .traverse = view_traverse, .free = view_free,                                        \
    }
ORDERED_VIEW_SPEC(ordered_keys_spec);
ORDERED_VIEW_SPEC(ordered_values_spec);
ORDERED_VIEW_SPEC(ordered_items_spec);

/* ---- the type ---- */

static const NativeDef methods[] = {
    NATIVE("fromkeys", fromkeys, "($type, /, iterable, value=None)", NATIVE_CLASS, "Make one of the keys of an iterable, all with the same value."),
    NATIVE("setdefault", setdefault, "($self, /, key, default=None)", 0, "Return the value of a key; if it is not there, store the default and return that."),
    NATIVE("pop", pop, "($self, /, key, default=<unrepresentable>)", 0, "Remove a key and return its value; if it is not there, return the default or raise KeyError."),
    NATIVE("popitem", popitem, "($self, /, last=True)", 0, "Remove and return the pair that stands last, or first if last is false."),
    NATIVE("move_to_end", move_to_end, "($self, /, key, last=True)", 0, "Let a key stand last, or first if last is false; KeyError if it is not there."),
    NATIVE("keys", keys, "($self, /)", 0, "Return a view of the keys."),
    NATIVE("values", values, "($self, /)", 0, "Return a view of the values."),
    NATIVE("items", items, "($self, /)", 0, "Return a view of the pairs of key and value."),
    NATIVE_RAW_ROW("update", update, NULL, 0, "Take over the items of a mapping, or pairs of an iterable; then the keywords."),
    NATIVE("copy", copy, "($self, /)", 0, "A new OrderedDict with the same keys and values, in the same order."),
    NATIVE("__reversed__", reversed_method, "($self, /)", 0, "An iterator over the keys, the last first."),
    NATIVE("__reduce__", reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    NATIVE_END,
};
const TypeSpec ordered_dict_spec = {
    .doc = "A dict that knows its order: it can be changed, and it counts when two of them are compared.",
    .signature = "(mapping_or_pairs=(), /, **kwargs)",
    .size = sizeof(Dict),
    .flags = TYPE_IS_CONTAINER | TYPE_HAS_ATTRIBUTES | TYPE_IS_WEAK_REFERABLE,
    .slots = {.init = ordered_init, .hash = hash_not_implemented, .compare = ordered_compare, .repr = ordered_repr, .iterate = ordered_iterate,
              .or = ordered_or, .inplace_or = ordered_inplace_or},
    .methods = methods,
    .traverse = dict_traverse, .clear = dict_drop, .free = dict_drop,
};
