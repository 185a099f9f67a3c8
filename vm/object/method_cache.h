/* method_cache.h - where type_lookup remembers what it found.
 *
 * What        A table of (type version, name) -> value; one per interpreter.
 * How         The place of a pair is computed from both; a newer pair replaces an older one. The loop's hot forms keep the
 *             number of a place and check that what they found still stands there, by the stamp that each pair gets when it comes in: a
 *             look-up without computing anything.
 *             A look-up behind one of the classes in the order, as super() does it, is a pair of its own: that class's version stands in
 *             the upper half of the number.
 *             The table is small until pairs have replaced one another often: most programs look into few classes. When it grows, what was
 *             there stays in its place too, because the hot forms look for it there.
 * Invariants  I1 a cached value is BORROWED from a dict that has not changed while its version is in use.
 * GIL         held.
 * Read next   type_lookup.c, vm/run/specialize.c */
#ifndef TOY_OBJECT_METHOD_CACHE_H
#define TOY_OBJECT_METHOD_CACHE_H

#include "vm/object/context.h"

enum { METHOD_CACHE_FIRST_SIZE = 512, METHOD_CACHE_GROWTH = 4, METHOD_CACHE_LAST_SIZE = 2048 };

typedef struct MethodCacheEntry {
    Str *name;            /* owned: an address in use again must not look like this name */
    Value value;          /* I1; UNBOUND: known not to be there */
    uint64_t version;     /* of the class; shifted up by 32, that of the class behind which the order was walked, if any */
    uint32_t stamp;       /* no other pair has it; 0: there are no more stamps, the hot forms leave this one alone */
} MethodCacheEntry;

struct MethodCache {
    uint32_t size;        /* a power of two */
    uint32_t replaced;    /* pairs that another took the place of, since it has this size */
    uint32_t last_stamp;
    MethodCacheEntry entries[];
};

static inline uint32_t method_cache_place(const MethodCache *cache, uint64_t version, const Str *name)
{
    uint32_t mixed = (uint32_t)version + (uint32_t)(version >> 32) * 31;
    return (mixed * 0x9e3779b1u >> 8 ^ (uint32_t)((uintptr_t)name >> 5)) & (cache->size - 1);
}

static inline MethodCacheEntry *method_cache_entry(MethodCache *cache, uint64_t version, const Str *name)
{
    return &cache->entries[method_cache_place(cache, version, name)];
}

#endif
