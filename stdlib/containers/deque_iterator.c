/* deque_iterator.c - going through a deque, from either end.
 *
 * What        The two iterator types of a deque.
 * How         A count of items left, and the deque's count of changes: if that moved, the iterator refuses to go on, now and for ever.
 * GIL         held.
 * Read next   deque.c */
#include "stdlib/containers/deque.h"

typedef struct DequeIterator { ToyObject head; ToyValue deque; size_t left; uint64_t changes; } DequeIterator;
static DequeIterator *as_iterator(ToyValue v) { return (DequeIterator *)toy_object(v); }

static ToyValue iterator_new(ToyThread *t, ToyType *type, ToyValue deque)
{
    ToyValue self = toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) return TOY_FAILED;
    DequeIterator *iterator = as_iterator(self);
    iterator->deque = toy_retain(deque);
    iterator->left = as_deque(deque)->count;
    iterator->changes = as_deque(deque)->changes;
    return self;
}
ToyValue deque_iterate(ToyThread *t, ToyValue self)
{
    return iterator_new(t, ((ContainersState *)toy_instance_state(self))->deque_iterator, self);
}
ToyValue deque_reversed(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return iterator_new(t, ((ContainersState *)toy_instance_state(self))->deque_reverse_iterator, self);
}

static ToyValue step(ToyThread *t, DequeIterator *iterator, bool is_backwards)
{
    const Deque *deque = as_deque(iterator->deque);
    if (iterator->changes != deque->changes) {
        iterator->left = 0;
        return toy_raise(t, TOY_RuntimeError, "deque mutated during iteration");
    }
    if (!iterator->left) return TOY_END;
    size_t i = is_backwards ? iterator->left - 1 : deque->count - iterator->left;
    iterator->left--;
    return toy_retain(deque->items[(deque->first + i) & (deque->capacity - 1)]);
}
static ToyValue next_forwards(ToyThread *t, ToyValue self) { return step(t, as_iterator(self), false); }
static ToyValue next_backwards(ToyThread *t, ToyValue self) { return step(t, as_iterator(self), true); }
static ToyValue iterate_self(ToyThread *t, ToyValue self) { return toy_retain(self); }

/* (deque, how many are done), as __reduce__ gives it. */
static ToyValue iterator_make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    ContainersState *state = toy_type_state(type);
    int64_t done = 0;
    if (!toy_arguments_no_keywords(t, "_deque_iterator", names)) return TOY_FAILED;
    if (!count) return toy_raise_type_error(t, "function takes at least 1 argument (0 given)");
    if (!toy_is_a(t, args[0], state->deque)) return toy_raise_type_error(t, "argument 1 must be collections.deque, not %T", args[0]);
    if (count > 1 && !toy_arg_size(t, args[1], &done)) return TOY_FAILED;
    ToyValue self = iterator_new(t, type, args[0]);
    if (toy_failed(self) || done <= 0) return self;
    size_t skipped = (size_t)done < as_iterator(self)->left ? (size_t)done : as_iterator(self)->left;
    as_iterator(self)->left -= skipped;
    return self;
}

static ToyValue length_hint(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, (int64_t)as_iterator(self)->left); }
static ToyValue reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const DequeIterator *iterator = as_iterator(self);
    int64_t done = (int64_t)as_deque(iterator->deque)->count - (int64_t)iterator->left;
    return toy_tuple(t, toy_retain(toy_type_value(toy_type_of(t, self))), toy_tuple(t, toy_retain(iterator->deque), toy_int(t, done)));
}

static void iterator_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((DequeIterator *)self)->deque, visit, context); }
static void iterator_free(ToyObject *self) { toy_clear(&((DequeIterator *)self)->deque); }

static const ToyFunction methods[] = {
    TOY_FUNCTION("__length_hint__", length_hint, "($self, /)", TOY_LEAF, "Return how many items are left."),
    TOY_FUNCTION("__reduce__", reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    TOY_FUNCTIONS_END,
};
#define ITERATOR_SPEC(next_) { \
    .size = sizeof(DequeIterator), .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_FINAL, \
    .slots = {.new_instance = iterator_make, .iterate = iterate_self, .next = next_}, .methods = methods, \
    .traverse = iterator_traverse, .free = iterator_free}
const ToyTypeSpec deque_iterator_spec = ITERATOR_SPEC(next_forwards);
const ToyTypeSpec deque_reverse_iterator_spec = ITERATOR_SPEC(next_backwards);
