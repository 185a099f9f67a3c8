/* iterators.c - see iterators.h.
 *
 * What        iterator (over v[0], v[1] ...), callable_iterator, enumerate, zip, map, filter, reversed.
 * How         Each `next` slot asks the iterators below it. A tuple that is given out for each item is kept and used again
 *             if its count says that nobody else has it.
 * Invariants  I1 of iterators.h.
 * GIL         held; script code runs in most of these.
 * Read next   sequence_iterators.c, protocol_calls.c */
#include "vm/object/iterators.h"

#include "vm/object/arguments.h"
#include "vm/object/dict.h"
#include "vm/object/dict_views.h"
#include "vm/object/exception.h"
#include "vm/object/generic_alias.h"
#include "vm/object/heap.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

static Value iterate_self(Thread *t, Value self)
{
    (void)t;
    return retain(self);
}

Value iterator_builtin(Thread *t, const char *builtin)
{
    Str *name = str_intern_text(t, builtin);
    if (!name)
        return FAILED;
    Value function = UNBOUND;
    bool is_asked = !is_dict(t->interp->builtins) || dict_get(t, as_dict(t->interp->builtins), object_value(name), &function);
    if (is_asked && is_unbound(function))
        raise_error(t, EXC_AttributeError, "%U", name);
    object_release(name);
    return function;
}

Value iterator_reduction_by(Thread *t, TAKES Value function, Value source, Value state)
{
    Tuple *args = failed(function) ? NULL : tuple_from_values(t, &source, 1);
    Value parts[] = {function, args ? object_value(args) : UNBOUND, state};
    Value reduction = args ? object_value(tuple_from_values(t, parts, is_bound(state) ? 3 : 2)) : FAILED;
    release(function);
    if (args)
        object_release(args);
    return reduction;
}

Value iterator_reduction(Thread *t, const char *builtin, Value source, Value state)
{
    return iterator_reduction_by(t, iterator_builtin(t, builtin), source, state);
}

/* (self's class, args...), or with state a third part. */
static Value class_reduction(Thread *t, Value self, const Value *args, size_t count, Value state)
{
    Tuple *row = tuple_from_values(t, args, count);
    if (!row)
        return FAILED;
    Value parts[] = {object_value(value_type(t, self)), object_value(row), state};
    Value reduction = object_value(tuple_from_values(t, parts, is_bound(state) ? 3 : 2));
    object_release(row);
    return reduction;
}

#define ITERATOR_FLAGS (TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_NO_NEW)
#define REDUCE_DOC "What pickle and copy need to build an equal object."

/* ---- iterator: the old sequence protocol ---- */

Value sequence_iterator_new(Thread *t, Value sequence)
{
    SequenceIterator *iterator = (SequenceIterator *)heap_new(t, kind_type(t, KIND_SEQUENCE_ITERATOR), sizeof(SequenceIterator));
    if (!iterator)
        return FAILED;
    iterator->sequence = retain(sequence);
    return object_value(iterator);
}

static Value sequence_next(Thread *t, Value self)
{
    SequenceIterator *iterator = (SequenceIterator *)as_object(self);
    if (is_unbound(iterator->sequence))
        return END;
    if (iterator->next == SMALL_INT_MAX)
        return raise_error(t, EXC_OverflowError, "iter index too large");
    Value sequence = retain(iterator->sequence);
    Value item = value_get_item(t, sequence, small_int_value(iterator->next));
    release(sequence);
    if (!failed(item)) {
        iterator->next++;
        return item;
    }
    if (raised_is(t, EXC_IndexError) || raised_is(t, EXC_StopIteration)) {
        raised_clear(t);
        clear(&iterator->sequence);
        return END;
    }
    return FAILED;
}

static void sequence_traverse(Object *self, VisitFn visit, void *context)
{
    visit_value(((SequenceIterator *)self)->sequence, visit, context);
}

static void sequence_drop(Object *self)
{
    clear(&((SequenceIterator *)self)->sequence);
}

static Value sequence_length_hint(Thread *t, Value self, const Value *args)
{
    (void)args;
    SequenceIterator *iterator = (SequenceIterator *)as_object(self);
    if (is_unbound(iterator->sequence))
        return small_int_value(0);
    if (!value_type(t, iterator->sequence)->slots.length)
        return NOT_IMPLEMENTED;
    size_t length;
    if (!value_length(t, iterator->sequence, &length))
        return FAILED;
    int64_t left = (int64_t)length - iterator->next;
    return small_int_value(left < 0 ? 0 : left);
}

static Value sequence_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    SequenceIterator *iterator = (SequenceIterator *)as_object(self);
    Value iter = iterator_builtin(t, "iter");
    if (is_unbound(iterator->sequence))
        return iterator_reduction_by(t, iter, t->interp->empty_tuple, UNBOUND);
    return iterator_reduction_by(t, iter, iterator->sequence, small_int_value(iterator->next));
}

static Value sequence_set_state(Thread *t, Value self, const Value *args)
{
    SequenceIterator *iterator = (SequenceIterator *)as_object(self);
    int64_t index;
    if (!value_to_index(t, args[0], &index))
        return FAILED;
    if (is_bound(iterator->sequence))
        iterator->next = index < 0 ? 0 : index;
    return NONE;
}

static const NativeDef sequence_methods[] = {
    NATIVE("__length_hint__", sequence_length_hint, "($self, /)", 0, "How many items are to come, as far as is known."),
    NATIVE("__reduce__", sequence_reduce, "($self, /)", 0, REDUCE_DOC),
    NATIVE("__setstate__", sequence_set_state, "($self, object, /)", 0, "Take over the position that pickle or copy has kept."),
    NATIVE_END,
};

const TypeSpec sequence_iterator_spec = {
    .size = sizeof(SequenceIterator), .flags = ITERATOR_FLAGS, .slots = {.iterate = iterate_self, .next = sequence_next},
    .methods = sequence_methods, .traverse = sequence_traverse, .clear = sequence_drop, .free = sequence_drop,
};

/* ---- callable_iterator: iter(f, sentinel) ---- */

Value callable_iterator_new(Thread *t, Value callable, Value sentinel)
{
    CallableIterator *iterator = (CallableIterator *)heap_new(t, kind_type(t, KIND_CALLABLE_ITERATOR), sizeof(CallableIterator));
    if (!iterator)
        return FAILED;
    iterator->callable = retain(callable);
    iterator->sentinel = retain(sentinel);
    return object_value(iterator);
}

static void callable_drop(Object *self)
{
    CallableIterator *iterator = (CallableIterator *)self;
    clear(&iterator->callable);
    clear(&iterator->sentinel);
}

static Value callable_next(Thread *t, Value self)
{
    CallableIterator *iterator = (CallableIterator *)as_object(self);
    if (is_unbound(iterator->callable))
        return END;
    Value callable = retain(iterator->callable), sentinel = retain(iterator->sentinel);
    Value item = value_call0(t, callable);
    if (!failed(item) && is_unbound(iterator->callable)) {
        release(item);   /* the call itself has brought this iterator to its end */
        item = END;
    } else if (failed(item) && raised_is(t, EXC_StopIteration)) {
        raised_clear(t);
        callable_drop(&iterator->head);
        item = END;
    } else if (!failed(item)) {
        bool equal;
        if (!value_equal(t, item, sentinel, &equal)) {
            release(item);
            item = FAILED;
        } else if (equal) {
            callable_drop(&iterator->head);
            release(item);
            item = END;
        }
    }
    release2(callable, sentinel);
    return item;
}

static void callable_traverse(Object *self, VisitFn visit, void *context)
{
    visit_value(((CallableIterator *)self)->callable, visit, context);
    visit_value(((CallableIterator *)self)->sentinel, visit, context);
}

static Value callable_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    CallableIterator *iterator = (CallableIterator *)as_object(self);
    Value iter = iterator_builtin(t, "iter");
    if (failed(iter))
        return FAILED;
    if (is_unbound(iterator->callable))
        return iterator_reduction_by(t, iter, t->interp->empty_tuple, UNBOUND);
    Value both = tuple_pack2(t, iterator->callable, iterator->sentinel);
    Value reduction = failed(both) ? FAILED : tuple_pack2(t, iter, both);
    release2(iter, both);
    return reduction;
}

static const NativeDef callable_methods[] = {
    NATIVE("__reduce__", callable_reduce, "($self, /)", 0, REDUCE_DOC),
    NATIVE_END,
};

const TypeSpec callable_iterator_spec = {
    .size = sizeof(CallableIterator), .flags = ITERATOR_FLAGS, .slots = {.iterate = iterate_self, .next = callable_next},
    .methods = callable_methods, .traverse = callable_traverse, .clear = callable_drop, .free = callable_drop,
};

/* ---- enumerate ---- */

static Value enumerate_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    Value slots[2] = {UNBOUND, UNBOUND};
    if (count + (names ? names->count : 0) > 2)
        return raise_type_error(t, "enumerate() takes at most 2 arguments (%zu given)", count + (names ? names->count : 0));
    for (size_t i = 0; i < count; i++)
        slots[i] = args[i];
    for (size_t i = 0; names && i < names->count; i++) {
        Str *name = as_str(names->items[i]);
        size_t place = str_equal_text(name, "iterable") ? 0 : str_equal_text(name, "start") ? 1 : 2;
        if (place == 2 || is_bound(slots[place]))
            return raise_type_error(t, "'%U' is an invalid keyword argument for enumerate()", name);
        slots[place] = args[count + i];
    }
    if (is_unbound(slots[0]))
        return raise_type_error(t, "enumerate() missing required argument 'iterable'");
    Value start = is_bound(slots[1]) ? int_from_index(t, slots[1]) : small_int_value(0);
    if (failed(start))
        return FAILED;
    Value iterator = value_iterate(t, slots[0]);
    Enumerate *self = failed(iterator) ? NULL : (Enumerate *)type_alloc(t, type);
    if (!self) {
        release2(start, iterator);
        return FAILED;
    }
    self->iterator = iterator;
    self->next = start;
    return object_value(self);
}

/* (a, b), taken over, in *kept if nobody else has that tuple. */
static Value pair_again(Thread *t, Value *kept, TAKES Value a, TAKES Value b)
{
    if (is_bound(*kept) && as_object(*kept)->count == 1) {
        Tuple *tuple = as_tuple(*kept);
        Value pair = retain(*kept), old_a = tuple->items[0], old_b = tuple->items[1];
        tuple->items[0] = a;
        tuple->items[1] = b;
        release2(old_a, old_b);
        return pair;
    }
    Value items[] = {a, b};
    Tuple *tuple = tuple_take_values(t, items, 2);
    if (!tuple)
        return FAILED;
    replace(kept, retain(object_value(tuple)));
    return object_value(tuple);
}

/* *item is END or FAILED if there is no pair. */
static void enumerate_step(Thread *t, Enumerate *e, Value *number, Value *item)
{
    *item = value_next(t, e->iterator);
    if (failed(*item) || is_end(*item))
        return;
    *number = e->next;
    e->next = is_small_int(*number) && small_int(*number) < SMALL_INT_MAX ? small_int_value(small_int(*number) + 1) : int_add(t, *number, small_int_value(1));
    if (failed(e->next)) {
        e->next = *number;
        clear(item);
    }
}

static Value enumerate_next(Thread *t, Value self)
{
    Enumerate *e = (Enumerate *)as_object(self);
    Value number, item;
    enumerate_step(t, e, &number, &item);
    return failed(item) || is_end(item) ? item : pair_again(t, &e->result, number, item);
}

static void enumerate_traverse(Object *self, VisitFn visit, void *context)
{
    visit_value(((Enumerate *)self)->iterator, visit, context);
    visit_value(((Enumerate *)self)->result, visit, context);
}

static void enumerate_free(Object *self)
{
    Enumerate *e = (Enumerate *)self;
    clear(&e->iterator);
    clear(&e->next);
    clear(&e->result);
}

static Value enumerate_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Enumerate *e = (Enumerate *)as_object(self);
    Value both[] = {e->iterator, e->next};
    return class_reduction(t, self, both, 2, UNBOUND);
}

static const NativeDef enumerate_methods[] = {
    NATIVE("__reduce__", enumerate_reduce, "($self, /)", 0, REDUCE_DOC),
    CLASS_GET_ITEM_ROW,
    NATIVE_END,
};

const TypeSpec enumerate_spec = {
    .doc = "Number the items of an iterable.\n\n"
           "It yields pairs of a count (from start, which defaults to zero) and a value of the iterable.",
    .signature = "(iterable, start=0)",
    .size = sizeof(Enumerate), .flags = TYPE_IS_CONTAINER,
    .slots = {.iterate = iterate_self, .next = enumerate_next, .new_instance = enumerate_new},
    .methods = enumerate_methods, .traverse = enumerate_traverse, .free = enumerate_free,
};

/* ---- zip and map: several iterators at once ---- */

/* iter() of each; NULL: raised. */
static Tuple *iterate_all(Thread *t, const Value *args, size_t count)
{
    Tuple *iterators = tuple_new(t, count);
    for (size_t i = 0; iterators && i < count; i++) {
        iterators->items[i] = value_iterate(t, args[i]);
        if (failed(iterators->items[i])) {
            object_release(iterators);
            return NULL;
        }
    }
    return iterators;
}

static Value zip_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    bool is_strict = false;
    if (names && names->count > 1)
        return raise_type_error(t, "zip() takes at most 1 keyword argument (%zu given)", names->count);
    if (names && names->count == 1) {
        Str *name = as_str(names->items[0]);
        if (!str_equal_text(name, "strict"))
            return raise_type_error(t, "zip() got an unexpected keyword argument '%U'", name);
        if (!value_truth(t, args[count], &is_strict))
            return FAILED;
    }
    Tuple *iterators = iterate_all(t, args, count);
    Zip *zip = iterators ? (Zip *)type_alloc(t, type) : NULL;
    if (!zip) {
        if (iterators)
            object_release(iterators);
        return FAILED;
    }
    zip->iterators = iterators;
    zip->is_strict = is_strict;
    return object_value(zip);
}

static Value raise_uneven(Thread *t, size_t which, const char *how)
{
    return raise_value_error(t, which == 1 ? "zip() argument %zu is %s than argument %zu" : "zip() argument %zu is %s than arguments 1-%zu",
                             which + 1, how, which);
}

/* strict: iterator [ended] had nothing more. Was that so for all? */
static Value check_even(Thread *t, Zip *zip, size_t ended)
{
    if (ended > 0)
        return raise_uneven(t, ended, "shorter");
    for (size_t i = 1; i < zip->iterators->count; i++) {
        Value item = value_next(t, zip->iterators->items[i]);
        if (failed(item))
            return FAILED;
        if (!is_end(item)) {
            release(item);
            return raise_uneven(t, i, "longer");
        }
    }
    return END;
}

static Value zip_next(Thread *t, Value self)
{
    Zip *zip = (Zip *)as_object(self);
    size_t count = zip->iterators ? zip->iterators->count : 0;
    if (count == 0)
        return END;
    Tuple *row;
    bool is_kept = is_bound(zip->result) && as_object(zip->result)->count == 1;
    if (is_kept) {
        row = as_tuple(retain(zip->result));
    } else {
        row = tuple_new(t, count);
        if (!row)
            return FAILED;
    }
    for (size_t i = 0; i < count; i++) {
        Value item = value_next(t, zip->iterators->items[i]);
        if (failed(item) || is_end(item)) {
            object_release(row);
            return failed(item) || !zip->is_strict ? item : check_even(t, zip, i);
        }
        replace(&row->items[i], item);
    }
    if (!is_kept)
        replace(&zip->result, retain(object_value(row)));
    return object_value(row);
}

static void zip_step(Thread *t, Zip *zip, Value *a, Value *b)
{
    *a = value_next(t, zip->iterators->items[0]);
    if (failed(*a) || is_end(*a)) {
        if (is_end(*a) && zip->is_strict) *a = check_even(t, zip, 0);
        return;
    }
    *b = value_next(t, zip->iterators->items[1]);
    if (failed(*b) || is_end(*b)) {
        release(*a);
        *a = is_end(*b) && zip->is_strict ? check_even(t, zip, 1) : *b;
    }
}

bool iterator_next_pair(Thread *t, Object *iterator, Value *a, Value *b)
{
    switch (iterator->kind) {
    case KIND_ENUMERATE: {
        enumerate_step(t, (Enumerate *)iterator, a, b);
        if (failed(*b) || is_end(*b))
            *a = *b;
        return true;
    }
    case KIND_ZIP: {
        Zip *zip = (Zip *)iterator;
        if (!zip->iterators || zip->iterators->count != 2)
            return false;
        zip_step(t, zip, a, b);
        return true;
    }
    case KIND_DICT_ITEM_ITERATOR:
        dict_next_item(t, iterator, a, b);
        return true;
    default:
        return false;
    }
}

static void zip_traverse(Object *self, VisitFn visit, void *context)
{
    Zip *zip = (Zip *)self;
    if (zip->iterators)
        visit(&zip->iterators->head, context);
    visit_value(zip->result, visit, context);
}

static void zip_free(Object *self)
{
    Zip *zip = (Zip *)self;
    Tuple *iterators = zip->iterators;
    zip->iterators = NULL;
    clear(&zip->result);
    if (iterators)
        object_release(iterators);
}

static Value zip_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Zip *zip = (Zip *)as_object(self);
    return class_reduction(t, self, zip->iterators->items, zip->iterators->count, zip->is_strict ? TRUE : UNBOUND);
}

static Value zip_set_state(Thread *t, Value self, const Value *args)
{
    return value_truth(t, args[0], &((Zip *)as_object(self))->is_strict) ? NONE : FAILED;
}

static const NativeDef zip_methods[] = {
    NATIVE("__reduce__", zip_reduce, "($self, /)", 0, REDUCE_DOC),
    NATIVE("__setstate__", zip_set_state, "($self, object, /)", 0, "Take over the position that pickle or copy has kept."),
    NATIVE_END,
};

const TypeSpec zip_spec = {
    .doc = "zip yields tuples: the i-th item of each of the iterables, until the shortest is exhausted."
           "\n\nIf strict is true, iterables of different lengths are a ValueError."
           "\n\n   >>> list(zip('abcdefg', range(3), range(4)))\n   [('a', 0, 0), ('b', 1, 1), ('c', 2, 2)]",
    .signature = "(*iterables, strict=False)",
    .size = sizeof(Zip), .flags = TYPE_IS_CONTAINER,
    .slots = {.iterate = iterate_self, .next = zip_next, .new_instance = zip_new},
    .methods = zip_methods, .traverse = zip_traverse, .free = zip_free,
};

static Value map_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    if (!arguments_no_keywords_for(t, type, KIND_MAP, "map", names))
        return FAILED;
    if (count < 2)
        return raise_type_error(t, "map() must have at least two arguments.");
    Tuple *iterators = iterate_all(t, args + 1, count - 1);
    Map *map = iterators ? (Map *)type_alloc(t, type) : NULL;
    if (!map) {
        if (iterators)
            object_release(iterators);
        return FAILED;
    }
    map->function = retain(args[0]);
    map->iterators = iterators;
    return object_value(map);
}

static Value map_next_of_one(Thread *t, Map *map)
{
    Value item = value_next(t, map->iterators->items[0]);
    if (failed(item) || is_end(item))
        return item;
    Value result = value_call(t, map->function, &item, 1, NULL);
    release(item);
    return result;
}

static Value map_next(Thread *t, Value self)
{
    enum { ROW = 4 };
    Map *map = (Map *)as_object(self);
    size_t count = map->iterators->count, got = 0;
    if (LIKELY(count == 1))
        return map_next_of_one(t, map);
    Value small[ROW], *row = count <= ROW ? small : block_alloc(t, count * sizeof(Value));
    if (!row)
        return FAILED;
    Value result = END;
    for (; got < count; got++) {
        row[got] = value_next(t, map->iterators->items[got]);
        if (failed(row[got]) || is_end(row[got])) {
            result = row[got];
            break;
        }
    }
    if (got == count)
        result = value_call(t, map->function, row, count, NULL);
    for (size_t i = 0; i < got; i++)
        release(row[i]);
    if (row != small)
        block_free(t, row, count * sizeof(Value));
    return result;
}

static void map_traverse(Object *self, VisitFn visit, void *context)
{
    Map *map = (Map *)self;
    visit_value(map->function, visit, context);
    if (map->iterators)
        visit(&map->iterators->head, context);
}

static void map_free(Object *self)
{
    Map *map = (Map *)self;
    Tuple *iterators = map->iterators;
    map->iterators = NULL;
    clear(&map->function);
    if (iterators)
        object_release(iterators);
}

static Value map_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Map *map = (Map *)as_object(self);
    List *row = list_from_values(t, &map->function, 1);
    Value reduction = FAILED;
    if (row && list_extend(t, row, object_value(map->iterators)))
        reduction = class_reduction(t, self, row->items, row->count, UNBOUND);
    if (row)
        object_release(row);
    return reduction;
}

static const NativeDef map_methods[] = {
    NATIVE("__reduce__", map_reduce, "($self, /)", 0, REDUCE_DOC),
    NATIVE_END,
};

const TypeSpec map_spec = {
    .doc = "An iterator over function(a, b, ...) for the next item of each iterable,\nuntil one of them has no more.",
    .signature = "(function, iterable, /, *iterables)",
    .size = sizeof(Map), .flags = TYPE_IS_CONTAINER,
    .slots = {.iterate = iterate_self, .next = map_next, .new_instance = map_new},
    .methods = map_methods, .traverse = map_traverse, .free = map_free,
};

/* ---- filter ---- */

static Value filter_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    if (!arguments_no_keywords_for(t, type, KIND_FILTER, "filter", names))
        return FAILED;
    if (!arguments_count(t, "filter", count, 2, 2))
        return FAILED;
    Value iterator = value_iterate(t, args[1]);
    Filter *filter = failed(iterator) ? NULL : (Filter *)type_alloc(t, type);
    if (!filter) {
        release(iterator);
        return FAILED;
    }
    filter->function = retain(args[0]);
    filter->iterator = iterator;
    return object_value(filter);
}

static Value filter_next(Thread *t, Value self)
{
    Filter *filter = (Filter *)as_object(self);
    bool asks_itself = is_none(filter->function) || is_same(filter->function, object_value(kind_type(t, KIND_BOOL)));
    for (;;) {
        Value item = value_next(t, filter->iterator);
        if (failed(item) || is_end(item))
            return item;
        bool truth;
        bool is_good;
        if (asks_itself) {
            is_good = value_truth(t, item, &truth);
        } else {
            Value answer = value_call1(t, filter->function, item);
            is_good = !failed(answer) && value_truth(t, answer, &truth);
            release(answer);
        }
        if (is_good && truth)
            return item;
        release(item);
        if (!is_good)
            return FAILED;
    }
}

static void filter_traverse(Object *self, VisitFn visit, void *context)
{
    visit_value(((Filter *)self)->function, visit, context);
    visit_value(((Filter *)self)->iterator, visit, context);
}

static void filter_free(Object *self)
{
    clear(&((Filter *)self)->function);
    clear(&((Filter *)self)->iterator);
}

static Value filter_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Filter *filter = (Filter *)as_object(self);
    Value both[] = {filter->function, filter->iterator};
    return class_reduction(t, self, both, 2, UNBOUND);
}

static const NativeDef filter_methods[] = {
    NATIVE("__reduce__", filter_reduce, "($self, /)", 0, REDUCE_DOC),
    NATIVE_END,
};

const TypeSpec filter_spec = {
    .doc = "Return an iterator yielding those items of iterable for which function(item)\nis true, or that are true themselves if function is None.",
    .signature = "(function, iterable, /)",
    .size = sizeof(Filter), .flags = TYPE_IS_CONTAINER,
    .slots = {.iterate = iterate_self, .next = filter_next, .new_instance = filter_new},
    .methods = filter_methods, .traverse = filter_traverse, .free = filter_free,
};

/* ---- reversed ---- */

static Value reversed_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    if (!arguments_no_keywords_for(t, type, KIND_REVERSED, "reversed", names))
        return FAILED;
    if (!arguments_count(t, "reversed", count, 1, 1))
        return FAILED;
    Value sequence = args[0];
    if (!type_open(t, value_type(t, sequence)))
        return FAILED;
    Value found = type_lookup(t, value_type(t, sequence), NAME_OF(t, __reversed__));
    if (is_bound(found) && !is_none(found)) {
        /* What would be bound to the sequence first takes it as its argument as well. */
        bool takes_self = is_kind(found, KIND_METHOD_DESCRIPTOR) || is_kind(found, KIND_FUNCTION);
        Value method = takes_self ? retain(found) : value_find_special(t, sequence, NAME_OF(t, __reversed__));
        Value result = failed(method) ? FAILED : value_call(t, method, &sequence, takes_self, NULL);
        release(method);
        return result;
    }
    Type *sequence_type = value_type(t, sequence);
    bool is_sequence = sequence_type->slots.get_item && sequence_type->slots.length && sequence_type->solid != KIND_DICT;
    if (is_none(found) || !is_sequence)
        return raise_type_error(t, "'%T' object is not reversible", sequence);
    size_t length;
    if (!value_length(t, sequence, &length))
        return FAILED;
    Reversed *reversed = (Reversed *)type_alloc(t, type);
    if (!reversed)
        return FAILED;
    reversed->sequence = retain(sequence);
    reversed->next = (int64_t)length - 1;
    return object_value(reversed);
}

static Value reversed_next(Thread *t, Value self)
{
    Reversed *reversed = (Reversed *)as_object(self);
    if (reversed->next >= 0) {
        Value sequence = retain(reversed->sequence);
        Value item = value_get_item(t, sequence, small_int_value(reversed->next));
        release(sequence);
        if (!failed(item)) {
            reversed->next--;
            return item;
        }
        if (!raised_is(t, EXC_IndexError) && !raised_is(t, EXC_StopIteration))
            return FAILED;
        raised_clear(t);
    }
    reversed->next = -1;
    clear(&reversed->sequence);
    return END;
}

static void reversed_traverse(Object *self, VisitFn visit, void *context)
{
    visit_value(((Reversed *)self)->sequence, visit, context);
}

static void reversed_free(Object *self)
{
    clear(&((Reversed *)self)->sequence);
}

static Value reversed_length_hint(Thread *t, Value self, const Value *args)
{
    (void)args;
    Reversed *reversed = (Reversed *)as_object(self);
    size_t length;
    if (is_unbound(reversed->sequence))
        return small_int_value(0);
    if (!value_length(t, reversed->sequence, &length))
        return FAILED;
    return small_int_value(reversed->next + 1 > (int64_t)length ? 0 : reversed->next + 1);
}

static Value reversed_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Reversed *reversed = (Reversed *)as_object(self);
    if (is_unbound(reversed->sequence)) {
        Value empty = t->interp->empty_tuple;
        return class_reduction(t, self, &empty, 1, UNBOUND);
    }
    return class_reduction(t, self, &reversed->sequence, 1, small_int_value(reversed->next));
}

static Value reversed_set_state(Thread *t, Value self, const Value *args)
{
    Reversed *reversed = (Reversed *)as_object(self);
    int64_t index;
    size_t length;
    if (!value_to_index(t, args[0], &index))
        return FAILED;
    if (is_unbound(reversed->sequence))
        return NONE;
    if (!value_length(t, reversed->sequence, &length))
        return FAILED;
    reversed->next = index < -1 ? -1 : index > (int64_t)length - 1 ? (int64_t)length - 1 : index;
    return NONE;
}

static const NativeDef reversed_methods[] = {
    NATIVE("__length_hint__", reversed_length_hint, "($self, /)", 0, "How many items are to come, as far as is known."),
    NATIVE("__reduce__", reversed_reduce, "($self, /)", 0, REDUCE_DOC),
    NATIVE("__setstate__", reversed_set_state, "($self, object, /)", 0, "Take over the position that pickle or copy has kept."),
    NATIVE_END,
};

const TypeSpec reversed_spec = {
    .doc = "An iterator over a sequence from its last item to its first.", .signature = "(sequence, /)",
    .size = sizeof(Reversed), .flags = TYPE_IS_CONTAINER,
    .slots = {.iterate = iterate_self, .next = reversed_next, .new_instance = reversed_new},
    .methods = reversed_methods, .traverse = reversed_traverse, .free = reversed_free,
};
