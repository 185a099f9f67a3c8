/* functional.h - what the files of _functional share.
 *
 * What        The types that each of them makes.
 * How         mod_functional.c puts them into the module.
 * GIL         held.
 * Read next   mod_functional.c, partial.c, lru_cache.c */
#ifndef TOY_STDLIB_FUNCTIONAL_H
#define TOY_STDLIB_FUNCTIONAL_H

#include "vm/toy.h"

/* Of the module: what the types' functions need beside their instance. */
typedef struct FunctionalState {
    ToyType *partial, *key, *link;
} FunctionalState;

extern const ToyTypeSpec partial_spec, lru_cache_spec, lru_link_spec;

#endif
