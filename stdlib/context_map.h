/* context_map.h - the immutable mapping that a Context holds.
 *
 * What        Make one, look something up, make others from it with a pair more, changed or less; compare, iterate.
 * How         context_map.c tells.
 * GIL         held.
 * Read next   context_map.c */
#ifndef TOY_STDLIB_CONTEXT_MAP_H
#define TOY_STDLIB_CONTEXT_MAP_H

#include "vm/toy.h"

typedef enum ContextMapPart { CONTEXT_MAP_KEYS, CONTEXT_MAP_VALUES, CONTEXT_MAP_ITEMS, CONTEXT_MAP_PART_COUNT } ContextMapPart;

/* The module's state begins with this. */
typedef struct ContextMapTypes { ToyType *map, *iterators[CONTEXT_MAP_PART_COUNT]; } ContextMapTypes;
TOY_MUST_CHECK bool context_map_make_types(ToyThread *t, ToyModuleObject *module, ContextMapTypes *types);

/* The empty one. */
TOY_MUST_CHECK ToyValue context_map_new(ToyThread *t, const ContextMapTypes *types);
size_t context_map_length(ToyValue map);

/* Keys are compared and hashed as a dict does it, which may run script code. The caller keeps the map alive meanwhile. */
TOY_MUST_CHECK bool context_map_find(ToyThread *t, ToyValue map, ToyValue key, ToyValue *value);   /* owned; UNBOUND: not there */
TOY_MUST_CHECK ToyValue context_map_with(ToyThread *t, ToyValue map, ToyValue key, ToyValue value);
TOY_MUST_CHECK ToyValue context_map_without(ToyThread *t, ToyValue map, ToyValue key);             /* the same map, if it is not there */
TOY_MUST_CHECK bool context_map_equal(ToyThread *t, ToyValue a, ToyValue b, bool *equal);

TOY_MUST_CHECK ToyValue context_map_iterate(ToyThread *t, ToyValue map, ContextMapPart part);      /* an iterator; it has a length, that of the map */

#endif
