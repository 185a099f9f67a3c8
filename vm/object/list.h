/* list.h - list and tuple.
 * What        The two sequences; sorting is in sort.c, methods of scripts in list_methods.c and tuple.c.
 * How         A list owns a block of values that doubles (by eighths when large); a tuple's items lie in the object.
 * Invariants  I1 items 0 .. count-1 are bound.  I2 while a list is sorted it is seen as empty.   GIL  held: that makes append, pop, item access atomic.
 * Read next   sort.c, iterators.c */
#ifndef TOY_OBJECT_LIST_H
#define TOY_OBJECT_LIST_H

#include "vm/object/heap.h"

struct List { Object head; Value *items; size_t count, capacity; };
struct Tuple { Object head; size_t count; Value items[]; };

static inline bool is_list(Value v) { return has_payload(v, KIND_LIST); }
static inline List *as_list(Value v) { return (List *)as_object(v); }
static inline bool is_tuple(Value v) { return has_payload(v, KIND_TUPLE); }
static inline Tuple *as_tuple(Value v) { return (Tuple *)as_object(v); }

MUST_CHECK List *list_new(Thread *t, size_t capacity);                         /* empty */
MUST_CHECK List *list_from_values(Thread *t, const Value *items, size_t count); /* retains each */
MUST_CHECK List *list_take_values(Thread *t, TAKES Value *items, size_t count); /* takes the references over, from a row on the stack */
MUST_CHECK List *list_from_iterable(Thread *t, Value iterable);
MUST_CHECK bool list_append(Thread *t, List *list, Value v);
MUST_CHECK bool list_append_growing(Thread *t, List *list, TAKES Value v);   /* FAILED is passed on */
/* The same without a call where there is room. */
MUST_CHECK ALWAYS_INLINE bool list_append_take(Thread *t, List *list, TAKES Value v)
{
    if (UNLIKELY(list->count == list->capacity) || failed(v)) return list_append_growing(t, list, v);
    list->items[list->count++] = v;
    return true;
}
MUST_CHECK bool list_extend(Thread *t, List *list, Value iterable);
void list_turn_around(List *list);                                      /* the last item first */
MUST_CHECK bool list_insert(Thread *t, List *list, int64_t at, Value v);
void list_clear_items(Thread *t, List *list);
MUST_CHECK Value list_pop(Thread *t, List *list, int64_t at);
MUST_CHECK bool list_reserve(Thread *t, List *list, size_t capacity);
MUST_CHECK Value list_slice(Thread *t, List *list, size_t start, size_t end);
MUST_CHECK bool list_set_slice(Thread *t, List *list, size_t start, size_t end, Value iterable_or_unbound);
/* list[start:start + n] and the n items of [values], a list that nobody else has, change places: as list_set_slice, and nothing is counted. */
void list_exchange_slice(List *list, size_t start, List *values);
MUST_CHECK bool list_sort(Thread *t, List *list, Value key_or_none, bool reverse);
MUST_CHECK Value list_get_item(Thread *t, List *list, Value key);              /* int or slice */
MUST_CHECK bool list_set_item(Thread *t, List *list, Value key, Value v_or_unbound);

/* Fills [to] with [count] values, [times] over; retains each. For list * n and tuple * n. */
void values_repeat(Value *to, const Value *items, size_t count, size_t times);

MUST_CHECK Tuple *tuple_new(Thread *t, size_t count);                          /* items unbound: fill all before anyone sees it */
MUST_CHECK Tuple *tuple_from_values(Thread *t, const Value *items, size_t count);
MUST_CHECK Tuple *tuple_take_values(Thread *t, TAKES Value *items, size_t count);
/* The last reference to a tuple of [count] items, which are the caller's now: nothing is counted where one is made to be taken apart. */
ALWAYS_INLINE void tuple_give_up(Thread *t, TAKES Tuple *tuple, size_t count) { heap_discard_quick(t, &tuple->head, sizeof(Tuple) + count * sizeof(Value)); }
MUST_CHECK Tuple *tuple_from_iterable(Thread *t, Value iterable);
MUST_CHECK Value tuple_pack2(Thread *t, Value a, Value b);
MUST_CHECK Value tuple_get_item(Thread *t, Tuple *tuple, Value key);

Value list_append_method(Thread *t, Value self, const Value *args);            /* list.append: the loop knows it by its address */

MUST_CHECK Value list_iterator_new(Thread *t, Value list);                      /* iter(list), of any subclass */
MUST_CHECK Value list_reverse_iterator_new(Thread *t, Value list, const Value *unused);
MUST_CHECK Value tuple_iterator_new(Thread *t, Value tuple);

extern const TypeSpec list_spec, tuple_spec, list_iterator_spec, list_reverse_iterator_spec, tuple_iterator_spec;

/* Iterators the loop knows by kind: see FOR_ITER. */
typedef struct ListIterator { Object head; List *list; size_t next; } ListIterator;       /* list NULL: exhausted */
typedef struct TupleIterator { Object head; Tuple *tuple; size_t next; } TupleIterator;

#endif
