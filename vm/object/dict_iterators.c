/* dict_iterators.c - the iterators of a dict: keys, values, items; forwards and backwards.
 *
 * What        Six kinds, one struct, one function that steps.
 * How         A position in the entries. The dict's length is compared with the one at the start before each step: adding or
 *             deleting keys on the way is a RuntimeError; storing under an existing key is fine.
 * Invariants  I1 an exhausted iterator has let its dict go.  I2 a pair is used again only when its count says nobody has it.
 * GIL         held; nothing here runs script code but finalisers.
 * Read next   dict_views.c */
#include "vm/object/dict_keys.h"
#include "vm/object/dict_views.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/iterators.h"
#include "vm/object/list.h"
#include "vm/object/native.h"

static bool is_reverse(enum Kind kind)
{
    return kind >= KIND_DICT_REVERSE_KEY_ITERATOR && kind <= KIND_DICT_REVERSE_ITEM_ITERATOR;
}

Value dict_iterator_new(Thread *t, enum Kind kind, Dict *dict)
{
    if (is_reverse(kind) && dict->instance && !dict_detach(t, dict))
        return FAILED;
    DictIterator *iterator = (DictIterator *)heap_new(t, kind_type(t, kind), sizeof(DictIterator));
    if (!iterator)
        return FAILED;
    object_retain(dict);
    iterator->dict = dict;
    iterator->length = iterator->left = dict_length(dict);
    iterator->position = is_reverse(kind) ? SIZE_MAX : 0;
    return object_value(iterator);
}

static void let_go(DictIterator *iterator)
{
    Dict *dict = iterator->dict;
    iterator->dict = NULL;
    if (dict)
        object_release(dict);
    clear(&iterator->pair);
}

static void iterator_traverse(Object *self, VisitFn visit, void *context)
{
    DictIterator *iterator = (DictIterator *)self;
    if (iterator->dict)
        visit(&iterator->dict->head, context);
    visit_value(iterator->pair, visit, context);
}

static void iterator_drop(Object *self)
{
    let_go((DictIterator *)self);
}

static Value iterate_self(Thread *t, Value self)
{
    (void)t;
    return retain(self);
}

/* (key, value), in the tuple given out last if the taker has dropped it: keeps I2. */
static Value make_pair(Thread *t, DictIterator *iterator, Value key, Value value)
{
    Value pair = iterator->pair;
    if (is_bound(pair) && as_object(pair)->count == 1) {
        Tuple *tuple = as_tuple(pair);
        Value old_key = tuple->items[0], old_value = tuple->items[1];
        tuple->items[0] = retain(key);
        tuple->items[1] = retain(value);
        retain(pair);
        release2(old_key, old_value);
        return pair;
    }
    pair = tuple_pack2(t, key, value);
    if (!failed(pair))
        replace(&iterator->pair, retain(pair));
    return pair;
}

/* The next entry, borrowed. *key is END or FAILED if there is none. */
static inline void advance(Thread *t, DictIterator *iterator, bool backwards, Value *key, Value *value)
{
    Dict *dict = iterator->dict;
    *key = END;
    if (!dict)
        return;
    if (UNLIKELY(dict_length(dict) != iterator->length)) {
        iterator->length = SIZE_MAX;   /* the error stays, however the dict changes */
        *key = raise_error(t, EXC_RuntimeError, "dictionary changed size during iteration");
    } else if (backwards ? !dict_previous(dict, &iterator->position, key, value) : !dict_next(dict, &iterator->position, key, value)) {
        let_go(iterator);
        *key = END;
    } else if (iterator->left == 0) {
        *key = raise_error(t, EXC_RuntimeError, "dictionary keys changed during iteration");
    } else {
        iterator->left--;
    }
}

static inline Value step(Thread *t, DictIterator *iterator, bool backwards, bool wants_key, bool wants_value)
{
    Value key, value;
    advance(t, iterator, backwards, &key, &value);
    if (failed(key) || is_end(key))
        return key;
    return wants_key && wants_value ? make_pair(t, iterator, key, value) : retain(wants_key ? key : value);
}

void dict_next_item(Thread *t, Object *iterator, Value *key, Value *value)
{
    advance(t, (DictIterator *)iterator, false, key, value);
    if (failed(*key) || is_end(*key))
        return;
    retain(*key);
    retain(*value);
}

#define AS_ITERATOR(self) ((DictIterator *)as_object(self))
static Value next_key(Thread *t, Value self) { return step(t, AS_ITERATOR(self), false, true, false); }
static Value next_value(Thread *t, Value self) { return step(t, AS_ITERATOR(self), false, false, true); }
static Value next_item(Thread *t, Value self) { return step(t, AS_ITERATOR(self), false, true, true); }
static Value previous_key(Thread *t, Value self) { return step(t, AS_ITERATOR(self), true, true, false); }
static Value previous_value(Thread *t, Value self) { return step(t, AS_ITERATOR(self), true, false, true); }
static Value previous_item(Thread *t, Value self) { return step(t, AS_ITERATOR(self), true, true, true); }

/* ---- methods ---- */

static Value length_hint(Thread *t, Value self, const Value *args)
{
    (void)t, (void)args;
    DictIterator *iterator = AS_ITERATOR(self);
    bool is_valid = iterator->dict && iterator->length == dict_length(iterator->dict);
    return small_int_value(is_valid ? (int64_t)iterator->left : 0);
}

static Value reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    /* What is left, in a list; the iterator itself does not move. */
    DictIterator copy = *AS_ITERATOR(self);
    List *rest = list_new(t, 0);
    if (!rest)
        return FAILED;
    if (copy.dict)
        object_retain(copy.dict);
    copy.pair = UNBOUND;
    NextFn next = value_type(t, self)->slots.next;
    Value reduction = FAILED;
    for (;;) {
        Value item = next(t, object_value(&copy));
        if (is_end(item)) {
            reduction = iterator_reduction(t, "iter", object_value(rest), UNBOUND);
            break;
        }
        if (failed(item) || !list_append_take(t, rest, item))
            break;
    }
    let_go(&copy);
    object_release(rest);
    return reduction;
}

static const NativeDef methods[] = {
    NATIVE("__length_hint__", length_hint, "($self, /)", NATIVE_LEAF, "How many items are to come, as far as is known."),
    NATIVE("__reduce__", reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    NATIVE_END,
};

#define DICT_ITERATOR_SPEC(name, step_function)                                             \
    const TypeSpec name = {                                                                 \
        .size = sizeof(DictIterator), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_NO_NEW, \
        .slots = {.iterate = iterate_self, .next = step_function},                          \
        .methods = methods, .traverse = iterator_traverse, .clear = iterator_drop, .free = iterator_drop, \
    }
DICT_ITERATOR_SPEC(dict_key_iterator_spec, next_key);
DICT_ITERATOR_SPEC(dict_value_iterator_spec, next_value);
DICT_ITERATOR_SPEC(dict_item_iterator_spec, next_item);
DICT_ITERATOR_SPEC(dict_reverse_key_iterator_spec, previous_key);
DICT_ITERATOR_SPEC(dict_reverse_value_iterator_spec, previous_value);
DICT_ITERATOR_SPEC(dict_reverse_item_iterator_spec, previous_item);
