/* set.h - set and frozenset: an open-addressing table probed exactly as CPython's, so that sets of ints print in the same order.
 * What        Set, for both kinds.   Invariants  I1 a frozenset does not change once somebody else sees it.   GIL  held.   Read next  dict.h */
#ifndef TOY_OBJECT_SET_H
#define TOY_OBJECT_SET_H

#include "vm/object/context.h"

typedef struct SetEntry { Value key; int64_t hash; } SetEntry;   /* key UNBOUND: free; hash -1 with UNBOUND key: deleted */
typedef struct Set {
    Object head;
    size_t used, filled, mask;     /* live; live and deleted; table size less one */
    SetEntry *table;               /* small_table while small */
    int64_t hash;                  /* of a frozenset; -1: not computed */
    size_t finger;                 /* where pop() goes on searching */
    SetEntry small_table[8];
} Set;

static inline bool is_set(Value v) { return has_payload(v, KIND_SET) || has_payload(v, KIND_FROZENSET); }
static inline Set *as_set(Value v) { return (Set *)as_object(v); }
MUST_CHECK Set *set_new(Thread *t, enum Kind set_or_frozenset);
MUST_CHECK bool set_add(Thread *t, Set *set, Value v);
MUST_CHECK int set_holds(Thread *t, Set *set, Value v);          /* 1 or 0; -1: raised */
MUST_CHECK static inline bool set_contains(Thread *t, Set *set, Value v, bool *found)
{
    int answer = set_holds(t, set, v);
    return *found = answer > 0, answer >= 0;
}
MUST_CHECK bool set_discard(Thread *t, Set *set, Value v, bool *was_there);
MUST_CHECK bool set_update(Thread *t, Set *set, Value iterable);
MUST_CHECK Set *set_from_iterable(Thread *t, enum Kind set_or_frozenset, Value iterable_or_unbound);
bool set_next(Set *set, size_t *position, Value *key);            /* BORROWED */

extern const TypeSpec set_spec, frozenset_spec, set_iterator_spec;

#endif
