/* set_table.h - what set_methods.c needs of set.c beyond set.h.
 * How         hashes are computed once and handed on.
 * What        Steps with known hashes; the ways two sets combine. [kind] is KIND_SET or KIND_FROZENSET, of the result.
 * GIL         held.   Read next  set.c */
#ifndef TOY_OBJECT_SET_TABLE_H
#define TOY_OBJECT_SET_TABLE_H

#include "vm/object/set.h"

void set_make_empty(Set *set);
void set_clear_entries(Thread *t, Set *set);
void set_free(Object *self);                                              /* of a set that nobody sees any more */
size_t set_table_bytes(const Set *set);
bool set_next_entry(const Set *set, size_t *position, SetEntry *entry);   /* BORROWED key */

MUST_CHECK bool set_add_hashed(Thread *t, Set *set, Value key, int64_t hash);
MUST_CHECK bool set_find_hashed(Thread *t, Set *set, Value key, int64_t hash, bool *found);
MUST_CHECK bool set_discard_hashed(Thread *t, Set *set, Value key, int64_t hash, bool *was_there);

MUST_CHECK Set *set_copy_as(Thread *t, Set *set, enum Kind kind);
MUST_CHECK Set *set_subtract(Thread *t, Set *set, Value other, enum Kind kind);
MUST_CHECK Set *set_intersect(Thread *t, Set *set, Value other, enum Kind kind);
MUST_CHECK bool set_difference_update(Thread *t, Set *set, Value other);
MUST_CHECK bool set_symmetric_difference_update(Thread *t, Set *set, Value other);
MUST_CHECK bool set_is_subset(Thread *t, Set *set, Set *of, bool *answer);
MUST_CHECK Value set_take_one(Thread *t, Set *set);                       /* pop() */
void set_swap(Set *a, Set *b);
bool frozenset_hash(Set *set, int64_t *hash);

#endif
