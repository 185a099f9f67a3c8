/* deque.h - the struct of a deque, for the two files that know it.
 *
 * What        Deque; and how it is iterated over.
 * How         See deque.c.
 * GIL         held.
 * Read next   deque.c, deque_iterator.c */
#ifndef TOY_STDLIB_DEQUE_H
#define TOY_STDLIB_DEQUE_H

#include "stdlib/containers/containers.h"

typedef struct Deque {
    ToyObject head;
    ToyValue *items;          /* a ring */
    size_t first, count, capacity;
    int64_t max_length;       /* -1: no bound */
    uint64_t changes;         /* I2 of deque.c */
} Deque;
static inline Deque *as_deque(ToyValue v) { return (Deque *)toy_object(v); }

/* The iterate slot, and __reversed__. */
ToyValue deque_iterate(ToyThread *t, ToyValue self);
ToyValue deque_reversed(ToyThread *t, ToyValue self, const ToyValue *args);

#endif
