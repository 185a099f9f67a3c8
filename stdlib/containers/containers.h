/* containers.h - what the files of _containers share.
 *
 * What        The module's state, and the types that its files describe.
 * How         mod_containers.c makes the types; a method finds them by toy_instance_state.
 * GIL         held.
 * Read next   mod_containers.c, deque.c */
#ifndef TOY_STDLIB_CONTAINERS_H
#define TOY_STDLIB_CONTAINERS_H

#include "vm/toy.h"

typedef struct ContainersState {
    ToyType *deque, *deque_iterator, *deque_reverse_iterator, *tuple_getter;
    ToyValue get, set_item;      /* names that counting asks for */
} ContainersState;

extern const ToyTypeSpec deque_spec, deque_iterator_spec, deque_reverse_iterator_spec, tuple_getter_spec;

#endif
