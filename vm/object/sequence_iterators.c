/* sequence_iterators.c - the iterators of list (both ways) and tuple.
 *
 * What        list_iterator, list_reverseiterator, tuple_iterator.
 * How         A reference to the sequence and the next index. The loop's FOR_ITER does the same inline for the first and the
 *             last, so the structs are in list.h.
 * Invariants  I1 an exhausted iterator has let its sequence go and never yields again, even if the list grows.
 *             I2 of the reverse one, `next` is the index behind the next item: 0 means exhausted.
 * GIL         held; nothing here runs script code.
 * Read next   list.h, iterators.c */
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/iterators.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"

static Value iterator_new(Thread *t, enum Kind kind, Value sequence, size_t next)
{
    ListIterator *iterator = (ListIterator *)heap_new_quick(t, kind_type(t, kind), sizeof(ListIterator));
    if (!iterator)
        return FAILED;
    iterator->list = as_list(retain(sequence));
    iterator->next = next;
    return object_value(iterator);
}

Value list_iterator_new(Thread *t, Value list)
{
    return iterator_new(t, KIND_LIST_ITERATOR, list, 0);
}

Value list_reverse_iterator_new(Thread *t, Value list, const Value *unused)
{
    (void)unused;
    return iterator_new(t, KIND_LIST_REVERSE_ITERATOR, list, as_list(list)->count);
}

Value tuple_iterator_new(Thread *t, Value tuple)
{
    return iterator_new(t, KIND_TUPLE_ITERATOR, tuple, 0);
}

/* ListIterator and TupleIterator are laid out alike, so one set of functions serves the three kinds. */
static void let_go(ListIterator *iterator)
{
    List *list = iterator->list;
    iterator->list = NULL;
    if (list)
        object_release(list);
}

static void iterator_traverse(Object *self, VisitFn visit, void *context)
{
    List *list = ((ListIterator *)self)->list;
    if (list)
        visit(&list->head, context);
}

static void iterator_drop(Object *self)
{
    let_go((ListIterator *)self);
}

static Value iterate_self(Thread *t, Value self)
{
    (void)t;
    return retain(self);
}

static Value list_next(Thread *t, Value self)
{
    (void)t;
    ListIterator *iterator = (ListIterator *)as_object(self);
    if (!iterator->list)
        return END;
    if (iterator->next < iterator->list->count)
        return retain(iterator->list->items[iterator->next++]);
    let_go(iterator);
    return END;
}

static Value list_reverse_next(Thread *t, Value self)
{
    (void)t;
    ListIterator *iterator = (ListIterator *)as_object(self);
    if (!iterator->list)
        return END;
    if (iterator->next > 0 && iterator->next <= iterator->list->count)
        return retain(iterator->list->items[--iterator->next]);
    let_go(iterator);
    return END;
}

static Value tuple_next(Thread *t, Value self)
{
    (void)t;
    TupleIterator *iterator = (TupleIterator *)as_object(self);
    if (!iterator->tuple)
        return END;
    if (iterator->next < iterator->tuple->count)
        return retain(iterator->tuple->items[iterator->next++]);
    let_go((ListIterator *)iterator);
    return END;
}

/* ---- methods ---- */

static size_t sequence_count(ListIterator *iterator)
{
    if (!iterator->list)
        return 0;
    return iterator->head.kind == KIND_TUPLE_ITERATOR ? ((Tuple *)iterator->list)->count : iterator->list->count;
}

static Value length_hint(Thread *t, Value self, const Value *args)
{
    (void)t, (void)args;
    ListIterator *iterator = (ListIterator *)as_object(self);
    size_t count = sequence_count(iterator);
    if (iterator->head.kind == KIND_LIST_REVERSE_ITERATOR)
        return small_int_value(iterator->next > count ? 0 : (int64_t)iterator->next);
    return small_int_value(iterator->next > count ? 0 : (int64_t)(count - iterator->next));
}

static Value reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    ListIterator *iterator = (ListIterator *)as_object(self);
    bool is_reverse = iterator->head.kind == KIND_LIST_REVERSE_ITERATOR;
    Value function = iterator_builtin(t, is_reverse ? "reversed" : "iter");
    if (failed(function))
        return FAILED;
    if (iterator->list)
        return iterator_reduction_by(t, function, object_value(iterator->list), small_int_value((int64_t)iterator->next - is_reverse));
    if (is_reverse) {   /* an exhausted one begins anew, at nothing */
        release(function);
        function = iterator_builtin(t, "iter");
    }
    if (iterator->head.kind == KIND_TUPLE_ITERATOR)
        return iterator_reduction_by(t, function, t->interp->empty_tuple, UNBOUND);
    List *empty = list_new(t, 0);
    Value reduction = empty ? iterator_reduction_by(t, function, object_value(empty), UNBOUND) : FAILED;
    if (empty)
        object_release(empty);
    else
        release(function);
    return reduction;
}

static Value set_state(Thread *t, Value self, const Value *args)
{
    ListIterator *iterator = (ListIterator *)as_object(self);
    int64_t index, count = (int64_t)sequence_count(iterator);
    if (!value_to_index(t, args[0], &index))
        return FAILED;
    if (!iterator->list)
        return NONE;
    if (iterator->head.kind == KIND_LIST_REVERSE_ITERATOR)
        iterator->next = index < -1 ? 0 : (size_t)((index > count - 1 ? count - 1 : index) + 1);
    else
        iterator->next = index < 0 ? 0 : (size_t)(index > count ? count : index);
    return NONE;
}

static const NativeDef methods[] = {
    NATIVE("__length_hint__", length_hint, "($self, /)", NATIVE_LEAF, "How many items are to come, as far as is known."),
    NATIVE("__reduce__", reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    NATIVE("__setstate__", set_state, "($self, object, /)", 0, "Take over the position that pickle or copy has kept."),
    NATIVE_END,
};

const TypeSpec list_iterator_spec = {
    .size = sizeof(ListIterator), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_NO_NEW,
    .slots = {.iterate = iterate_self, .next = list_next},
    .methods = methods, .traverse = iterator_traverse, .clear = iterator_drop, .free = iterator_drop,
};

const TypeSpec list_reverse_iterator_spec = {
    .size = sizeof(ListIterator), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_NO_NEW,
    .slots = {.iterate = iterate_self, .next = list_reverse_next},
    .methods = methods, .traverse = iterator_traverse, .clear = iterator_drop, .free = iterator_drop,
};

const TypeSpec tuple_iterator_spec = {
    .size = sizeof(TupleIterator), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_NO_NEW,
    .slots = {.iterate = iterate_self, .next = tuple_next},
    .methods = methods, .traverse = iterator_traverse, .clear = iterator_drop, .free = iterator_drop,
};
