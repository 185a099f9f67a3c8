/* iterators.h - iterators over things that are not one container: old-style sequences, callables, and the lazy built-ins.
 *
 * What        The sequence iterator (v[0], v[1] ...), iter(callable, sentinel), enumerate, zip, map, filter, reversed.
 * How         Each is an object with a `next` slot. zip and enumerate use their result tuple again when nobody kept it.
 * Invariants  I1 an exhausted iterator has dropped what it went over.
 * GIL         held.
 * Read next   iterators.c, protocol.h */
#ifndef TOY_OBJECT_ITERATORS_H
#define TOY_OBJECT_ITERATORS_H

#include "vm/object/context.h"

typedef struct SequenceIterator { Object head; Value sequence; int64_t next; } SequenceIterator;      /* sequence UNBOUND: exhausted */
typedef struct CallableIterator { Object head; Value callable, sentinel; } CallableIterator;
typedef struct Enumerate { Object head; Value iterator, next, result; } Enumerate;                    /* next: an int of any size */
typedef struct Zip { Object head; Tuple *iterators; Value result; bool is_strict; } Zip;
typedef struct Map { Object head; Value function; Tuple *iterators; } Map;
typedef struct Filter { Object head; Value function, iterator; } Filter;
typedef struct Reversed { Object head; Value sequence; int64_t next; } Reversed;                      /* next -1: exhausted */

MUST_CHECK Value sequence_iterator_new(Thread *t, Value sequence);
MUST_CHECK Value callable_iterator_new(Thread *t, Value callable, Value sentinel);
/* What __reduce__ of an iterator answers: (iter, (source,), state) or, with state UNBOUND, (iter, (source,)). */
MUST_CHECK Value iterator_reduction(Thread *t, const char *builtin, Value source, Value state);
/* The same in two steps: finding the built-in may run script code, which may move the iterator; look at it afterwards. */
MUST_CHECK Value iterator_builtin(Thread *t, const char *builtin);
MUST_CHECK Value iterator_reduction_by(Thread *t, TAKES Value function, Value source, Value state);

/* The next pair of an enumerate, a zip of two or the items of a dict without the tuple around it: *a is END at the end, FAILED if something
 * raised. False: [iterator] is none of these; nothing was done. */
bool iterator_next_pair(Thread *t, Object *iterator, Value *a, Value *b);

extern const TypeSpec sequence_iterator_spec, callable_iterator_spec, enumerate_spec, zip_spec, map_spec, filter_spec, reversed_spec;

#endif
