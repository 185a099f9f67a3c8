/* set_methods.c - set and frozenset as scripts see them.
 *
 * What        Constructors, operators, comparison (by inclusion), methods, and the iterator.
 * How         Operators insist on two sets, methods take any iterable. Results have the left operand's kind, never its
 *             subclass. A frozenset hashes once.
 * Invariants  I1 of set.h.
 * GIL         held; == and hash of keys run script code.
 * Read next   set.c */
#include "vm/object/arguments.h"
#include "vm/object/exception.h"
#include "vm/object/generic_alias.h"
#include "vm/object/heap.h"
#include "vm/object/iterators.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/set_table.h"
#include "vm/object/str.h"

static enum Kind kind_of(Value set)
{
    return (enum Kind)as_object(set)->solid;
}

/* ---- the life of a set ---- */

static Value set_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)args, (void)count, (void)names;   /* __init__ looks at them */
    if (type->kind == KIND_SET)
        return object_value(set_new(t, KIND_SET));
    Set *set = (Set *)type_alloc(t, type);
    if (set)
        set_make_empty(set);
    return object_value(set);
}

static bool set_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (!arguments_no_keywords(t, "set", names) || !arguments_count(t, "set", count, 0, 1))
        return false;
    set_clear_entries(t, as_set(self));
    as_set(self)->hash = -1;
    return count == 0 || set_update(t, as_set(self), args[0]);
}

static Value frozenset_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    bool is_exact = type->kind == KIND_FROZENSET;
    if (!arguments_no_keywords_for(t, type, KIND_FROZENSET, "frozenset", names) || !arguments_count(t, "frozenset", count, 0, 1))
        return FAILED;
    if (is_exact && count == 1 && is_kind(args[0], KIND_FROZENSET))
        return retain(args[0]);
    Set *set = is_exact ? set_new(t, KIND_FROZENSET) : (Set *)type_alloc(t, type);
    if (!set)
        return FAILED;
    if (!is_exact)
        set_make_empty(set);
    if (count == 1 && !set_update(t, set, args[0])) {
        object_release(set);
        return FAILED;
    }
    return object_value(set);
}

static void set_traverse(Object *self, VisitFn visit, void *context)
{
    Set *set = (Set *)self;
    for (size_t i = 0; set->table && i <= set->mask; i++)
        visit_value(set->table[i].key, visit, context);
}

static void set_drop(Object *self)
{
    set_clear_entries(thread_current(), (Set *)self);
}

/* ---- slots ---- */

static Value set_repr(Thread *t, Value self)
{
    bool is_exact_set = as_object(self)->kind == KIND_SET;
    if (as_set(self)->used == 0)
        return object_value(str_format(t, "%T()", self));
    bool is_first;
    if (!repr_enter(t, self, &is_first))
        return FAILED;
    if (!is_first)
        return object_value(str_format(t, "%T(...)", self));
    Str *text = NULL;
    List *items = list_from_iterable(t, self);
    Value row = items ? value_repr(t, object_value(items)) : FAILED;
    if (!failed(row)) {
        /* [1, 2] becomes {1, 2} */
        Value inner = str_slice(t, as_str(row), 1, as_str(row)->length - 1);
        if (!failed(inner))
            text = is_exact_set ? str_format(t, "{%U}", as_str(inner)) : str_format(t, "%T({%U})", self, as_str(inner));
        release(inner);
    }
    release(row);
    if (items)
        object_release(items);
    repr_leave(t, self);
    return object_value(text);
}

static bool frozenset_hash_slot(Thread *t, Value self, int64_t *hash)
{
    (void)t;
    return frozenset_hash(as_set(self), hash);
}

static bool set_length(Thread *t, Value self, size_t *length)
{
    (void)t;
    *length = as_set(self)->used;
    return true;
}

static Value set_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (!is_set(other))
        return NOT_IMPLEMENTED;
    Set *a = as_set(self), *b = as_set(other);
    bool holds = false;
    switch (op) {
    case COMPARE_EQ:
    case COMPARE_NE:
        if (a->used == b->used && !(a->hash != -1 && b->hash != -1 && a->hash != b->hash) && !set_is_subset(t, a, b, &holds))
            return FAILED;
        return bool_value(holds == (op == COMPARE_EQ));
    case COMPARE_LT:
        if (a->used >= b->used)
            return FALSE;
        break;
    case COMPARE_GT:
        if (a->used <= b->used)
            return FALSE;
        break;
    default:
        break;
    }
    bool is_smaller = op == COMPARE_LT || op == COMPARE_LE;
    return set_is_subset(t, is_smaller ? a : b, is_smaller ? b : a, &holds) ? bool_value(holds) : FAILED;
}

/* A set as a key is looked for as the frozenset it would be. True: do it again with *stand_in (owned). */
static bool wants_stand_in(Thread *t, Value key, Value *stand_in)
{
    if (!has_payload(key, KIND_SET) || !raised_is(t, EXC_TypeError))
        return false;
    raised_clear(t);
    Set *frozen = set_copy_as(t, as_set(key), KIND_FROZENSET);
    *stand_in = object_value(frozen);
    return frozen != NULL;
}

static bool set_contains_slot(Thread *t, Value self, Value key, bool *found)
{
    if (set_contains(t, as_set(self), key, found))
        return true;
    Value stand_in;
    if (!wants_stand_in(t, key, &stand_in))
        return false;
    bool is_good = set_contains(t, as_set(self), stand_in, found);
    release(stand_in);
    return is_good;
}

static bool discard_key(Thread *t, Value self, Value key, bool *was_there)
{
    if (set_discard(t, as_set(self), key, was_there))
        return true;
    Value stand_in;
    if (!wants_stand_in(t, key, &stand_in))
        return false;
    bool is_good = set_discard(t, as_set(self), stand_in, was_there);
    release(stand_in);
    return is_good;
}

/* ---- operators ---- */

static Set *union_of(Thread *t, Value left, Value right)
{
    Set *result = set_copy_as(t, as_set(left), kind_of(left));
    if (result && !is_same(left, right) && !set_update(t, result, right)) {
        object_release(result);
        return NULL;
    }
    return result;
}

/* Built from the other side, then the left one's items are toggled: so CPython does, and it shows in the order. */
static Set *symmetric_difference_of(Thread *t, Value left, Value right)
{
    Set *result = set_new(t, kind_of(left));
    if (result && !(set_update(t, result, right) && set_symmetric_difference_update(t, result, left))) {
        object_release(result);
        return NULL;
    }
    return result;
}

static bool are_sets(Value left, Value right) { return is_set(left) && is_set(right); }

static Value set_or(Thread *t, Value left, Value right)
{
    return are_sets(left, right) ? object_value(union_of(t, left, right)) : NOT_IMPLEMENTED;
}

static Value set_and(Thread *t, Value left, Value right)
{
    return are_sets(left, right) ? object_value(set_intersect(t, as_set(left), right, kind_of(left))) : NOT_IMPLEMENTED;
}

static Value set_sub(Thread *t, Value left, Value right)
{
    return are_sets(left, right) ? object_value(set_subtract(t, as_set(left), right, kind_of(left))) : NOT_IMPLEMENTED;
}

static Value set_xor(Thread *t, Value left, Value right)
{
    return are_sets(left, right) ? object_value(symmetric_difference_of(t, left, right)) : NOT_IMPLEMENTED;
}

static Value set_inplace_or(Thread *t, Value self, Value other)
{
    if (!is_set(other))
        return NOT_IMPLEMENTED;
    return set_update(t, as_set(self), other) ? retain(self) : FAILED;
}

static bool intersection_update(Thread *t, Value self, Value other)
{
    Set *common = set_intersect(t, as_set(self), other, KIND_SET);
    if (!common)
        return false;
    set_swap(as_set(self), common);
    object_release(common);
    return true;
}

static Value set_inplace_and(Thread *t, Value self, Value other)
{
    if (!is_set(other))
        return NOT_IMPLEMENTED;
    return intersection_update(t, self, other) ? retain(self) : FAILED;
}

static Value set_inplace_sub(Thread *t, Value self, Value other)
{
    if (!is_set(other))
        return NOT_IMPLEMENTED;
    return set_difference_update(t, as_set(self), other) ? retain(self) : FAILED;
}

static Value set_inplace_xor(Thread *t, Value self, Value other)
{
    if (!is_set(other))
        return NOT_IMPLEMENTED;
    return set_symmetric_difference_update(t, as_set(self), other) ? retain(self) : FAILED;
}

/* ---- methods of both ---- */

static Value copy(Thread *t, Value self, const Value *args)
{
    (void)args;
    if (as_object(self)->kind == KIND_FROZENSET)
        return retain(self);
    return object_value(set_copy_as(t, as_set(self), kind_of(self)));
}

/* Folds a method's *others into [result] step by step; NULL in, NULL out. */
typedef bool (*FoldFn)(Thread *t, Set *result, Value other);
static Value fold(Thread *t, TAKES Set *result, Tuple *others, size_t start, FoldFn step)
{
    for (size_t i = start; result && i < others->count; i++) {
        if (!step(t, result, others->items[i])) {
            object_release(result);
            return FAILED;
        }
    }
    return object_value(result);
}

static bool fold_intersection(Thread *t, Set *result, Value other)
{
    return intersection_update(t, object_value(result), other);
}

static Value union_method(Thread *t, Value self, const Value *args)
{
    return fold(t, set_copy_as(t, as_set(self), kind_of(self)), as_tuple(args[0]), 0, set_update);
}

static Value intersection(Thread *t, Value self, const Value *args)
{
    Tuple *others = as_tuple(args[0]);
    if (others->count == 0)
        return object_value(set_copy_as(t, as_set(self), kind_of(self)));   /* also of a frozenset */
    Set *first = set_intersect(t, as_set(self), others->items[0], kind_of(self));
    return fold(t, first, others, 1, fold_intersection);
}

static Value difference(Thread *t, Value self, const Value *args)
{
    Tuple *others = as_tuple(args[0]);
    if (others->count == 0)
        return object_value(set_copy_as(t, as_set(self), kind_of(self)));   /* also of a frozenset */
    return fold(t, set_subtract(t, as_set(self), others->items[0], kind_of(self)), others, 1, set_difference_update);
}

static Value symmetric_difference(Thread *t, Value self, const Value *args)
{
    return object_value(symmetric_difference_of(t, self, args[0]));
}

static Value issubset(Thread *t, Value self, const Value *args)
{
    Set *other = is_set(args[0]) ? as_set(retain(args[0])) : set_from_iterable(t, KIND_SET, args[0]);
    if (!other)
        return FAILED;
    bool holds;
    bool is_good = set_is_subset(t, as_set(self), other, &holds);
    object_release(other);
    return is_good ? bool_value(holds) : FAILED;
}

typedef struct Check { Set *set; bool wanted, holds; } Check;

static bool check_item(Thread *t, Value item, void *context)
{
    Check *check = context;
    bool found;
    if (!set_contains(t, check->set, item, &found))
        return false;
    check->holds = found == check->wanted;
    return check->holds;
}

static Value issuperset(Thread *t, Value self, const Value *args)
{
    bool holds;
    if (is_set(args[0]))
        return set_is_subset(t, as_set(args[0]), as_set(self), &holds) ? bool_value(holds) : FAILED;
    Check check = {as_set(self), true, true};
    return value_for_each(t, args[0], check_item, &check) || !is_raised(t) ? bool_value(check.holds) : FAILED;
}

/* Comparing may change either of them: then whatever is still met counts. */
static Value is_disjoint_from(Thread *t, Set *walked, Set *asked)
{
    SetEntry entry;
    for (size_t at = 0; set_next_entry(walked, &at, &entry);) {
        Value key = retain(entry.key);
        bool found, is_good = set_find_hashed(t, asked, key, entry.hash, &found);
        release(key);
        if (!is_good || found)
            return is_good ? FALSE : FAILED;
    }
    return TRUE;
}

static Value isdisjoint(Thread *t, Value self, const Value *args)
{
    Value other = args[0], walked = other, asked = self;
    if (is_same(self, other))
        return bool_value(as_set(self)->used == 0);
    if (is_set(other) && as_set(other)->used > as_set(self)->used) {
        walked = self;
        asked = other;
    }
    if (is_set(walked))
        return is_disjoint_from(t, as_set(walked), as_set(asked));
    Check check = {as_set(asked), false, true};
    return value_for_each(t, walked, check_item, &check) || !is_raised(t) ? bool_value(check.holds) : FAILED;
}

static Value reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    List *items = list_from_iterable(t, self);
    if (!items)
        return FAILED;
    Value item = object_value(items), state, reduction = FAILED;
    Tuple *row = tuple_take_values(t, &item, 1);
    state = row ? value_call_method(t, self, NAME_OF(t, __getstate__), NULL, 0) : FAILED;
    if (!failed(state)) {
        Value parts[] = {object_value(value_type(t, self)), object_value(row), state};
        reduction = object_value(tuple_from_values(t, parts, 3));
        release(state);
    }
    if (row)
        object_release(row);
    return reduction;
}

static Value size_of_method(Thread *t, Value self, const Value *args)
{
    (void)args;
    return small_int_value((int64_t)(value_type(t, self)->size + set_table_bytes(as_set(self))));
}

/* ---- methods of set alone ---- */

static Value add(Thread *t, Value self, const Value *args)
{
    return set_add(t, as_set(self), args[0]) ? NONE : FAILED;
}

static Value discard(Thread *t, Value self, const Value *args)
{
    bool was_there;
    return discard_key(t, self, args[0], &was_there) ? NONE : FAILED;
}

static Value remove_key(Thread *t, Value self, const Value *args)
{
    bool was_there;
    if (!discard_key(t, self, args[0], &was_there))
        return FAILED;
    return was_there ? NONE : raise_value(t, EXC_KeyError, args[0]);
}

static Value pop(Thread *t, Value self, const Value *args)
{
    (void)args;
    return set_take_one(t, as_set(self));
}

static Value clear_method(Thread *t, Value self, const Value *args)
{
    (void)args;
    set_clear_entries(t, as_set(self));
    return NONE;
}

static Value for_each_other(Thread *t, Value self, Value others, FoldFn step)
{
    for (size_t i = 0; i < as_tuple(others)->count; i++) {
        if (!step(t, as_set(self), as_tuple(others)->items[i]))
            return FAILED;
    }
    return NONE;
}

static Value update(Thread *t, Value self, const Value *args) { return for_each_other(t, self, args[0], set_update); }
static Value difference_update(Thread *t, Value self, const Value *args) { return for_each_other(t, self, args[0], set_difference_update); }

static Value intersection_update_method(Thread *t, Value self, const Value *args)
{
    Value common = intersection(t, self, args);
    if (failed(common))
        return FAILED;
    set_swap(as_set(self), as_set(common));
    release(common);
    return NONE;
}

static Value symmetric_difference_update(Thread *t, Value self, const Value *args)
{
    return set_symmetric_difference_update(t, as_set(self), args[0]) ? NONE : FAILED;
}

/* ---- the iterator ---- */

typedef struct SetIterator { Object head; Set *set; size_t position, length, left; } SetIterator;   /* set NULL: exhausted */

static Value set_iterate(Thread *t, Value self)
{
    SetIterator *iterator = (SetIterator *)heap_new(t, kind_type(t, KIND_SET_ITERATOR), sizeof(SetIterator));
    if (!iterator)
        return FAILED;
    iterator->set = as_set(retain(self));
    iterator->length = iterator->left = iterator->set->used;
    return object_value(iterator);
}

static void iterator_traverse(Object *self, VisitFn visit, void *context)
{
    if (((SetIterator *)self)->set)
        visit(&((SetIterator *)self)->set->head, context);
}

static void iterator_drop(Object *self)
{
    SetIterator *iterator = (SetIterator *)self;
    Set *set = iterator->set;
    iterator->set = NULL;
    if (set)
        object_release(set);
}

static Value iterate_self(Thread *t, Value self)
{
    (void)t;
    return retain(self);
}

static Value iterator_next(Thread *t, Value self)
{
    SetIterator *iterator = (SetIterator *)as_object(self);
    if (!iterator->set)
        return END;
    if (iterator->set->used != iterator->length) {
        iterator->length = SIZE_MAX;   /* the error stays */
        return raise_error(t, EXC_RuntimeError, "Set changed size during iteration");
    }
    Value key;
    if (!set_next(iterator->set, &iterator->position, &key)) {
        iterator_drop(&iterator->head);
        return END;
    }
    iterator->left--;
    return retain(key);
}

static Value iterator_length_hint(Thread *t, Value self, const Value *args)
{
    (void)t, (void)args;
    SetIterator *iterator = (SetIterator *)as_object(self);
    return small_int_value(iterator->set && iterator->set->used == iterator->length ? (int64_t)iterator->left : 0);
}

static Value iterator_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    SetIterator *iterator = (SetIterator *)as_object(self);
    List *rest = list_new(t, 0);
    bool is_good = rest != NULL;
    size_t position = iterator->position;
    Value key;
    while (is_good && iterator->set && set_next(iterator->set, &position, &key))
        is_good = list_append(t, rest, key);
    Value reduction = is_good ? iterator_reduction(t, "iter", object_value(rest), UNBOUND) : FAILED;
    if (rest)
        object_release(rest);
    return reduction;
}

static const NativeDef iterator_methods[] = {
    NATIVE("__length_hint__", iterator_length_hint, "($self, /)", NATIVE_LEAF, "How many items are to come, as far as is known."),
    NATIVE("__reduce__", iterator_reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    NATIVE_END,
};

const TypeSpec set_iterator_spec = {
    .size = sizeof(SetIterator), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_NO_NEW,
    .slots = {.iterate = iterate_self, .next = iterator_next},
    .methods = iterator_methods, .traverse = iterator_traverse, .clear = iterator_drop, .free = iterator_drop,
};

/* ---- the two types ---- */

#define METHODS_OF_BOTH                                                                                                                \
    NATIVE("copy", copy, "($self, /)", NATIVE_LEAF, "A new set with the same items; a frozenset may return itself."),                  \
    NATIVE("difference", difference, "($self, /, *others)", 0, "A new set of the items that none of the others has."),                 \
    NATIVE("intersection", intersection, "($self, /, *others)", 0, "A new set of the items that all the others have too."),            \
    NATIVE("isdisjoint", isdisjoint, "($self, other, /)", 0, "Have the set and the other no item in common?"),                         \
    NATIVE("issubset", issubset, "($self, other, /)", 0, "Is every item of this set in the other?"),                                   \
    NATIVE("issuperset", issuperset, "($self, other, /)", 0, "Is every item of the other in this set?"),                               \
    NATIVE("__reduce__", reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),                              \
    NATIVE("__sizeof__", size_of_method, "($self, /)", NATIVE_LEAF, "How many bytes of memory the set takes, its items not counted."), \
    NATIVE("symmetric_difference", symmetric_difference, "($self, other, /)", 0,                                                       \
           "A new set of the items that are in just one of the two."),                                                                 \
    NATIVE("union", union_method, "($self, /, *others)", 0, "A new set of the items of this set and of all the others."),              \
    CLASS_GET_ITEM_ROW

static const NativeDef frozenset_methods[] = {
    METHODS_OF_BOTH,
    NATIVE_END,
};

static const NativeDef set_methods[] = {
    METHODS_OF_BOTH,
    NATIVE("add", add, "($self, object, /)", 0, "Put an item into the set; nothing happens if it is there."),
    NATIVE("clear", clear_method, "($self, /)", 0, "Take out all items."),
    NATIVE("discard", discard, "($self, object, /)", 0, "Take an element out; nothing happens if it is not in."),
    NATIVE("difference_update", difference_update, "($self, /, *others)", 0, "Take out the items that one of the others has."),
    NATIVE("intersection_update", intersection_update_method, "($self, /, *others)", 0,
           "Keep only the items that all the others have too."),
    NATIVE("pop", pop, "($self, /)", NATIVE_LEAF, "Take out any one item and return it.\n\nKeyError if there is none."),
    NATIVE("remove", remove_key, "($self, object, /)", 0,
           "Take out an item.\n\nKeyError if it is not in the set."),
    NATIVE("symmetric_difference_update", symmetric_difference_update, "($self, other, /)", 0,
           "Take out the items that both have, and put in those that only the other has."),
    NATIVE("update", update, "($self, /, *others)", 0, "Put in the items of all the others."),
    NATIVE_END,
};

const TypeSpec set_spec = {
    .doc = "An unordered collection of different items, those of an iterable.", .signature = "(iterable=(), /)",
    .size = sizeof(Set), .flags = TYPE_IS_CONTAINER | TYPE_MATCHES_SELF | TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = set_repr, .hash = hash_not_implemented, .compare = set_compare, .iterate = set_iterate, .init = set_init,
              .new_instance = set_new_instance, .length = set_length, .contains = set_contains_slot, .or = set_or, .and = set_and,
              .subtract = set_sub, .xor = set_xor, .inplace_or = set_inplace_or, .inplace_and = set_inplace_and,
              .inplace_subtract = set_inplace_sub, .inplace_xor = set_inplace_xor},
    .methods = set_methods, .traverse = set_traverse, .clear = set_drop, .free = set_free,
};

const TypeSpec frozenset_spec = {
    .doc = "A set that never changes and so can be a key: the different items of an iterable.", .signature = "(iterable=(), /)",
    .size = sizeof(Set), .flags = TYPE_IS_CONTAINER | TYPE_MATCHES_SELF | TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = set_repr, .hash = frozenset_hash_slot, .compare = set_compare, .iterate = set_iterate,
              .new_instance = frozenset_new_instance, .length = set_length, .contains = set_contains_slot, .or = set_or, .and = set_and,
              .subtract = set_sub, .xor = set_xor},
    .methods = frozenset_methods, .traverse = set_traverse, .clear = set_drop, .free = set_free,
};
