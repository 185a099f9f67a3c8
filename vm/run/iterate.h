/* iterate.h - loops, unpacking, slices and displays: what the container instructions need.
 * What        The bodies of FOR_ITER's fast cases, UNPACK_*, BINARY_SLICE, BUILD_SET, BUILD_MAP, LIST_EXTEND ...   How  iterate.c
 * GIL         held.   Read next  iterate.c, vm/object/iterators.c */
#ifndef TOY_RUN_ITERATE_H
#define TOY_RUN_ITERATE_H

#include "vm/object/context.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/range.h"

/* The next value, or END. */
ALWAYS_INLINE Value iterate_list(ListIterator *iterator)
{
    List *list = iterator->list;
    if (LIKELY(list != NULL)) {
        if (LIKELY(iterator->next < list->count)) return retain(list->items[iterator->next++]);
        iterator->list = NULL;
        object_release(list);
    }
    return END;
}

ALWAYS_INLINE Value iterate_tuple(TupleIterator *iterator)
{
    Tuple *tuple = iterator->tuple;
    if (LIKELY(tuple != NULL)) {
        if (LIKELY(iterator->next < tuple->count)) return retain(tuple->items[iterator->next++]);
        iterator->tuple = NULL;
        object_release(tuple);
    }
    return END;
}
/* Is [v] true, if that can be told without asking it: None, and exact built-in containers. 1 or 0; -1: something else. */
int iterate_truth(Value v);

/* The next item by the type's slot. What GET_ITER pushed was an iterator, but its class may have lost __next__ since, and
   what a generator expression is called with by hand is anything. */
static inline Value iterate_other(Thread *t, Value iterator)
{
    NextFn next = is_object(iterator) ? as_object(iterator)->type->slots.next : NULL;
    if (UNLIKELY(!next)) return raise_type_error(t, "'%T' object is not iterable", iterator);
    return next(t, iterator);
}

/* A next slot failed: true, and nothing is raised any more, if it was with StopIteration. */
bool iterate_ended(Thread *t);

/* container[key] where it is had without asking anybody: an item of a list, tuple, str of Latin-1 characters, bytes or bytearray, also counted
 * from the end; what a dict has for a string or small int. Else, or where there is none, UNBOUND with nothing raised. */
Value iterate_item(Thread *t, Value container, Value key);
/* `item in container`, the commonest types asked directly: 1 or 0; -1: raised. */
MUST_CHECK int iterate_contains(Thread *t, Value container, Value item);

MUST_CHECK Value iterate_get_slice(Thread *t, Value object, Value start, Value stop);
MUST_CHECK Value iterate_get_stepped_slice(Thread *t, Value object, Value start, Value stop, Value step);
/* Takes what it stores out of a list that only the caller still holds. */
MUST_CHECK bool iterate_set_slice(Thread *t, Value object, Value start, Value stop, Value value);
MUST_CHECK Value iterate_build_set(Thread *t, const Value *items, size_t count);
MUST_CHECK Value iterate_build_map(Thread *t, const Value *pairs, size_t count);
/* [*value] and {**value}, with their own error messages. */
MUST_CHECK bool iterate_extend(Thread *t, List *list, Value iterable);
MUST_CHECK bool iterate_update(Thread *t, Dict *dict, Value mapping);
/* Exactly [count] items to [out], the first one highest; on failure nothing is left there. */
MUST_CHECK bool iterate_unpack(Thread *t, Value iterable, Value *out, size_t count);
/* before.., list, after..: out holds after reversed, the list, before reversed. */
MUST_CHECK bool iterate_unpack_starred(Thread *t, Value iterable, Value *out, size_t before, size_t after);

#endif
