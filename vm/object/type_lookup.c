/* type_lookup.c - finding an attribute along the method resolution order, fast.
 *
 * What        type_lookup and the cache behind it; type versions.
 * How         A type's version stands for everything its look-ups depend on: itself and its bases. The cache is keyed by version and
 *             name, so nothing is ever removed from it: a changed type gets a new version, and the old entries are never asked
 *             for again. Versions are given out when first needed; a type has one only if all its bases have one, so that a
 *             change travels down until it meets classes that nobody looked at since.
 * Invariants  I1 of method_cache.h.
 *             I2 a type with version 0 has only subclasses with version 0.
 * GIL         held.
 * Read next   type.h, instance.c */
#include "vm/object/context.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/method_cache.h"
#include "vm/object/str.h"
#include "vm/object/type_layout.h"

/* ---- the table ---- */

static size_t size_of_cache(uint32_t size) { return sizeof(MethodCache) + size * sizeof(MethodCacheEntry); }

void method_cache_finish(Interp *interp)
{
    MethodCache *cache = interp->method_cache;
    if (!cache) return;
    interp->method_cache = NULL;
    for (size_t i = 0; i < cache->size; i++)
        if (cache->entries[i].name) object_release(cache->entries[i].name);
    memory_free(&interp->memory, cache, size_of_cache(cache->size));
}

static void note(MethodCacheEntry *entry, Str *name, BORROWED Value value, uint64_t version, uint32_t stamp)
{
    Str *old = entry->name;
    object_retain(name);
    *entry = (MethodCacheEntry){name, value, version, stamp};
    if (old) object_release(old);    /* a Str: runs no script code */
}

/* Without memory it stays as it is. */
static void grow(Interp *interp, MethodCache *cache)
{
    uint32_t old_size = cache->size, size = old_size * METHOD_CACHE_GROWTH;
    cache->replaced = 0;
    cache = memory_resize(&interp->memory, cache, size_of_cache(old_size), size_of_cache(size));
    if (!cache) return;
    interp->method_cache = cache;
    cache->size = size;
    memset(&cache->entries[old_size], 0, (size - old_size) * sizeof(MethodCacheEntry));
    for (uint32_t i = 0; i < old_size; i++) {
        MethodCacheEntry *from = &cache->entries[i];
        if (!from->name) continue;
        MethodCacheEntry *to = method_cache_entry(cache, from->version, from->name);
        if (!to->name) note(to, from->name, from->value, from->version, from->stamp);
    }
}

static void cache_add(Interp *interp, Str *name, BORROWED Value value, uint64_t version)
{
    MethodCache *cache = interp->method_cache;
    MethodCacheEntry *entry = method_cache_entry(cache, version, name);
    if (entry->name && ++cache->replaced > cache->size / 8 && cache->size < METHOD_CACHE_LAST_SIZE) {
        grow(interp, cache);
        cache = interp->method_cache;
        entry = method_cache_entry(cache, version, name);
    }
    uint32_t stamp = cache->last_stamp == UINT32_MAX ? 0 : ++cache->last_stamp;
    note(entry, name, value, version, stamp);
}

/* ---- looking up ---- */

static BORROWED Value lookup_uncached(Type *type, Str *name)
{
    if (!type->mro) return type->dict ? dict_get_str(type->dict, name) : UNBOUND;
    for (size_t i = 0; i < type->mro->count; i++) {
        Dict *dict = ((Type *)as_object(type->mro->items[i]))->dict;
        Value value = dict ? dict_get_str(dict, name) : UNBOUND;
        if (is_bound(value)) return value;
    }
    return UNBOUND;
}

/* Without memory to open the type: what can be seen of it as it is. */
static BORROWED Value lookup_without_memory(Thread *t, Type *type, Str *name, Value raised)
{
    raised_clear(t);
    t->raised = raised;
    return lookup_uncached(type, name);
}

static BORROWED Value lookup_slow(Thread *t, Type *type, Str *name)
{
    if (!type_is(type, TYPE_IS_OPEN)) {
        Value raised = t->raised;
        t->raised = UNBOUND;
        if (!type_open_order(t, type)) return lookup_without_memory(t, type, name, raised);
        t->raised = raised;
    }
    Value value = lookup_uncached(type, name);
    Interp *interp = t->interp;
    if (!(name->head.flags & OBJECT_IS_INTERNED)) return value;
    if (!interp->method_cache) {    /* no memory, no cache */
        interp->method_cache = memory_alloc_zeroed(&interp->memory, size_of_cache(METHOD_CACHE_FIRST_SIZE));
        if (interp->method_cache) interp->method_cache->size = METHOD_CACHE_FIRST_SIZE;
    }
    uint32_t version = interp->method_cache ? type_version(t, type) : 0;
    if (version) cache_add(interp, name, value, version);
    return value;
}

Value type_lookup(Thread *t, Type *type, Str *name)
{
    uint32_t version = type->version;
    MethodCache *cache = t->interp->method_cache;
    if (LIKELY(version && cache)) {
        const struct MethodCacheEntry *entry = method_cache_entry(cache, version, name);
        if (LIKELY(entry->version == version && entry->name == name)) return entry->value;
    }
    return lookup_slow(t, type, name);
}

/* As lookup_uncached, in the order of [start] behind [type]. */
static BORROWED Value lookup_behind(const Type *start, const Type *type, Str *name)
{
    const Tuple *mro = start->mro;
    if (!mro) return UNBOUND;
    size_t i = 0;
    while (i < mro->count && as_object(mro->items[i]) != &type->head) i++;
    for (i++; i < mro->count; i++) {
        Dict *dict = as_type(mro->items[i])->dict;
        Value found = dict ? dict_get_str(dict, name) : UNBOUND;
        if (is_bound(found)) return found;
    }
    return UNBOUND;
}

Value type_lookup_behind(Thread *t, Type *start, Type *type, Str *name)
{
    MethodCache *cache = t->interp->method_cache;
    uint32_t version = type_version(t, start), behind = type_version(t, type);
    if (!cache || !version || !behind || !(name->head.flags & OBJECT_IS_INTERNED)) return lookup_behind(start, type, name);
    uint64_t key = version | (uint64_t)behind << 32;
    const MethodCacheEntry *entry = method_cache_entry(cache, key, name);
    if (LIKELY(entry->version == key && entry->name == name)) return entry->value;
    Value value = lookup_behind(start, type, name);
    cache_add(t->interp, name, value, key);
    return value;
}

uint32_t type_version(Thread *t, Type *type)
{
    if (LIKELY(type->version)) return type->version;
    if (!type->bases) return 0;
    for (size_t i = 0; i < type->bases->count; i++)
        if (!type_version(t, (Type *)as_object(type->bases->items[i]))) return 0;    /* I2 */
    Interp *interp = t->interp;
    if (interp->next_type_version == UINT32_MAX) return 0;    /* used up: look-ups go uncached from here on */
    return type->version = ++interp->next_type_version;
}

void type_modified(Thread *t, Type *type)
{
    if (!type->version) return;    /* I2: so its subclasses have none either */
    type->version = 0;
    for (uint32_t i = 0; i < type->subclass_count; i++)
        type_modified(t, type->subclasses[i]);
}

void type_all_modified(Thread *t) { type_modified(t, kind_type(t, KIND_OBJECT)); }

bool type_is_subtype(const Type *type, const Type *of)
{
    if (type == of) return true;
    if (type->mro) {
        for (size_t i = 0; i < type->mro->count; i++)
            if (as_object(type->mro->items[i]) == &of->head) return true;
        return false;
    }
    for (const Type *base = type->base; base; base = base->base)    /* being made, or already taken apart */
        if (base == of) return true;
    return false;
}
