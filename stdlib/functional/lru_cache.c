/* lru_cache.c - what functools.lru_cache makes of a function: one that remembers its results.
 *
 * What        The type _lru_cache_wrapper.
 * How         A dict from key to result, or, if the size is bounded, from key to a link: links form a ring in order of use, the one used longest
 *             ago next to the wrapper's own place in it. A hit moves a link to the other end; a miss in a full cache takes the oldest link out.
 *             The key is the only argument, if that is an exact str or int, else a tuple of what distinguishes this call from others.
 * Invariants  I1 a link is in the ring exactly if its cache owns it by the dict, but for the moment in which it changes hands.
 *             I2 the ring is changed without a step at which script code runs; after a step at which it may, the dict is asked again.
 * GIL         held. The function itself runs with no link touched: other threads and inner calls may change the cache meanwhile.
 * Read next   functional.h, stdlib/lib/functools.toy */
#include "stdlib/functional/functional.h"

typedef struct Ring { struct Ring *newer, *older; } Ring;
/* One remembered call. Owned by the dict; key is needed to find the dict's entry when the link is the oldest. */
typedef struct Link { ToyObject head; Ring place; ToyValue key, result; int64_t hash; } Link;

typedef struct LruCache {
    ToyObject head;
    ToyValue function, results, info_type;
    Ring ring;                   /* ring.newer is the oldest link, ring.older the newest */
    int64_t max_size;            /* -1: unbounded, results are in the dict themselves */
    int64_t hits, misses;
    bool is_typed;
    ToyType *link_type;          /* BORROWED: lives as long as the interpreter */
} LruCache;
static LruCache *as_cache(ToyValue v) { return (LruCache *)toy_object(v); }
static Link *as_link(ToyValue v) { return (Link *)toy_object(v); }
static Link *link_at(Ring *place) { return (Link *)((char *)place - offsetof(Link, place)); }

/* ---- the ring ---- */

static void ring_take_out(Ring *place)
{
    place->older->newer = place->newer;
    place->newer->older = place->older;
    place->newer = place->older = place;
}
static void ring_put_newest(LruCache *cache, Ring *place)
{
    place->older = cache->ring.older;
    place->newer = &cache->ring;
    place->older->newer = place;
    cache->ring.older = place;
}

static void link_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((Link *)self)->key, visit, context);
    toy_visit(((Link *)self)->result, visit, context);
}
static void link_free(ToyObject *self)
{
    Link *link = (Link *)self;
    if (link->place.newer) ring_take_out(&link->place);
    toy_clear(&link->key);
    toy_clear(&link->result);
}
const ToyTypeSpec lru_link_spec = {
    .doc = "One remembered call.", .size = sizeof(Link), .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_FINAL | TOY_TYPE_NO_NEW,
    .traverse = link_traverse, .free = link_free,
};

/* ---- keys ---- */

static bool is_key_itself(ToyThread *t, ToyValue v)
{
    if (toy_is_small_int(v)) return true;
    ToyType *type = toy_type_of(t, v);
    return type == toy_builtin_type(t, TOY_KIND_STR) || type == toy_builtin_type(t, TOY_KIND_INT);
}

/* Positional arguments; a mark and name, value, name, value ... if there are named ones; then, if typed, all types. */
static ToyValue make_key(ToyThread *t, const LruCache *cache, const ToyValue *args, size_t count, ToyTuple *names)
{
    size_t named = toy_names_length(names);
    if (count == 1 && !named && !cache->is_typed && is_key_itself(t, args[0])) return toy_retain(args[0]);
    if (!named && !cache->is_typed) return toy_tuple_of(t, args, count);
    size_t parts = count + (named ? 1 + 2 * named : 0) + (cache->is_typed ? count + named : 0), n = 0;
    ToyValue *row = toy_alloc(t, (parts + 1) * sizeof *row);
    if (!row) return TOY_FAILED;
    memcpy(row, args, count * sizeof *row);
    n = count;
    /* No argument can be this type: scripts do not get hold of it. */
    if (named) row[n++] = toy_type_value(cache->link_type);
    for (size_t i = 0; i < named; i++) {
        row[n++] = toy_names_item(names, i);
        row[n++] = args[count + i];
    }
    for (size_t i = 0; cache->is_typed && i < count + named; i++) row[n++] = toy_type_value(toy_type_of(t, args[i]));
    ToyValue key = toy_tuple_of(t, row, n);
    toy_free(t, row, (parts + 1) * sizeof *row);
    return key;
}

/* ---- calling ---- */

static ToyValue call_unbounded(ToyThread *t, LruCache *cache, ToyValue key, int64_t hash, const ToyValue *args, size_t count, ToyTuple *names)
{
    ToyValue result;
    if (!toy_dict_get_hashed(t, cache->results, key, hash, &result)) return TOY_FAILED;
    if (toy_is_bound(result)) {
        cache->hits++;
        return result;
    }
    cache->misses++;
    result = toy_call_names(t, cache->function, args, count, names);
    if (!toy_failed(result) && !toy_dict_set_hashed(t, cache->results, key, hash, result)) toy_clear(&result);
    return result;
}

/* A link that nobody else has, for [key] and [result]: the oldest if the cache is full. UNBOUND without an error: the cache has changed so that
 * there is none to be had, and nothing shall be remembered. */
static ToyValue take_link(ToyThread *t, LruCache *cache)
{
    if ((int64_t)toy_dict_length(cache->results) < cache->max_size || cache->ring.newer == &cache->ring)
        return toy_value(toy_type_alloc(t, cache->link_type));
    ToyValue oldest = toy_retain(toy_value(link_at(cache->ring.newer))), link = TOY_UNBOUND;
    ring_take_out(&as_link(oldest)->place);
    ToyValue key = toy_retain(as_link(oldest)->key);
    if (!toy_dict_pop_hashed(t, cache->results, key, as_link(oldest)->hash, &link)) ring_put_newest(cache, &as_link(oldest)->place);
    if (toy_is_bound(link)) ring_take_out(&as_link(link)->place);    /* an __eq__ of its own mind may have found another one */
    toy_release(key);
    toy_release(oldest);
    return link;
}

static bool remember(ToyThread *t, LruCache *cache, ToyValue key, int64_t hash, ToyValue result)
{
    ToyValue known;
    if (!toy_dict_get_hashed(t, cache->results, key, hash, &known)) return false;
    bool is_known = toy_is_bound(known);    /* an inner call, or another thread, was here meanwhile */
    toy_release(known);
    if (is_known) return true;
    ToyValue link = take_link(t, cache);
    if (toy_is_unbound(link)) return !toy_is_raised(t);
    Link *of = as_link(link);
    /* What the link held dies last: that may run script code. */
    ToyValue old_key = of->key, old_result = of->result;
    of->key = toy_retain(key);
    of->result = toy_retain(result);
    of->hash = hash;
    if (!of->place.newer) of->place.newer = of->place.older = &of->place;
    bool is_kept = toy_dict_set_hashed(t, cache->results, key, hash, link);
    if (is_kept && of->place.newer == &of->place) ring_put_newest(cache, &of->place);
    toy_release(link);
    toy_release(old_key);
    toy_release(old_result);
    return is_kept;
}

static ToyValue call_bounded(ToyThread *t, LruCache *cache, ToyValue key, int64_t hash, const ToyValue *args, size_t count, ToyTuple *names)
{
    ToyValue link;
    if (!toy_dict_get_hashed(t, cache->results, key, hash, &link)) return TOY_FAILED;
    if (toy_is_bound(link)) {
        Link *of = as_link(link);
        ToyValue result = toy_retain(of->result);
        ring_take_out(&of->place);
        ring_put_newest(cache, &of->place);
        cache->hits++;
        toy_release(link);
        return result;
    }
    cache->misses++;
    ToyValue result = toy_call_names(t, cache->function, args, count, names);
    if (!toy_failed(result) && !remember(t, cache, key, hash, result)) toy_clear(&result);
    return result;
}

static ToyValue cache_call(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    LruCache *cache = as_cache(self);
    if (toy_is_unbound(cache->results)) return toy_raise_type_error(t, "the first argument must be callable");   /* it was part of garbage */
    if (cache->max_size == 0) {
        cache->misses++;
        return toy_call_names(t, cache->function, args, count, names);
    }
    ToyValue key = make_key(t, cache, args, count, names), result = TOY_FAILED;
    int64_t hash;
    if (toy_failed(key)) return TOY_FAILED;
    toy_retain(self);
    if (toy_hash(t, key, &hash)) {
        if (cache->max_size < 0) result = call_unbounded(t, cache, key, hash, args, count, names);
        else result = call_bounded(t, cache, key, hash, args, count, names);
    }
    toy_release(self);
    toy_release(key);
    return result;
}

static ToyValue cache_get(ToyThread *t, ToyValue self, ToyValue instance, ToyType *owner)
{
    return toy_is_given(instance) ? toy_method(t, self, instance) : toy_retain(self);
}

/* ---- making one ---- */

static ToyValue cache_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"user_function", "maxsize", "typed", "cache_info_type", NULL};
    static const ToyParameters parameters = {"lru_cache", parameter_names, 0, 4, 4};
    ToyValue given[4];
    bool is_typed;
    int64_t max_size = -1;
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return TOY_FAILED;
    if (!toy_is_callable(t, given[0])) return toy_raise_type_error(t, "the first argument must be callable");
    if (!toy_is_none(given[1])) {
        if (!toy_is_int(given[1])) return toy_raise_type_error(t, "maxsize should be integer or None");
        if (!toy_arg_size(t, given[1], &max_size)) return TOY_FAILED;
        if (max_size < 0) max_size = 0;
    }
    if (!toy_arg_bool(t, given[2], &is_typed)) return TOY_FAILED;
    ToyValue self = toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) return TOY_FAILED;
    LruCache *cache = as_cache(self);
    cache->ring.newer = cache->ring.older = &cache->ring;
    cache->function = toy_retain(given[0]);
    cache->info_type = toy_retain(given[3]);
    cache->max_size = max_size;
    cache->is_typed = is_typed;
    cache->link_type = ((FunctionalState *)toy_type_state(type))->link;
    cache->results = toy_dict(t);
    if (toy_failed(cache->results)) toy_clear(&self);
    return self;
}

/* ---- methods ---- */

static ToyValue cache_info(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const LruCache *cache = as_cache(self);
    ToyValue figures[] = {toy_int(t, cache->hits), toy_int(t, cache->misses), cache->max_size < 0 ? TOY_NONE : toy_int(t, cache->max_size),
                          toy_int(t, (int64_t)toy_dict_length(cache->results))};
    bool is_whole = true;
    for (size_t i = 0; i < 4; i++) is_whole &= !toy_failed(figures[i]);
    ToyValue info = is_whole ? toy_call(t, cache->info_type, figures, 4) : TOY_FAILED;
    for (size_t i = 0; i < 4; i++) toy_release(figures[i]);
    return info;
}

/* All links leave the ring before the dict lets them go: what dies then may call the function. */
static void empty_ring(LruCache *cache)
{
    while (cache->ring.newer && cache->ring.newer != &cache->ring) ring_take_out(cache->ring.newer);
}
static ToyValue cache_clear(ToyThread *t, ToyValue self, const ToyValue *args)
{
    LruCache *cache = as_cache(self);
    ToyValue fresh = toy_dict(t);
    if (toy_failed(fresh)) return TOY_FAILED;
    empty_ring(cache);
    cache->hits = cache->misses = 0;
    toy_replace(&cache->results, fresh);
    return TOY_NONE;
}

static ToyValue cache_reduce(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_get_attribute(t, self, "__qualname__"); }
static ToyValue cache_copy(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_retain(self); }

static void cache_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const LruCache *cache = (LruCache *)self;
    toy_visit(cache->function, visit, context);
    toy_visit(cache->results, visit, context);
    toy_visit(cache->info_type, visit, context);
}
static void cache_drop(ToyObject *self)
{
    LruCache *cache = (LruCache *)self;
    empty_ring(cache);
    toy_clear(&cache->results);
    toy_clear(&cache->function);
    toy_clear(&cache->info_type);
}

static const ToyFunction methods[] = {
    TOY_FUNCTION("cache_info", cache_info, "($self, /)", 0,
                 "How often the cache had the answer and how often not, its limit and its size, as a named tuple."),
    TOY_FUNCTION("cache_clear", cache_clear, "($self, /)", 0, "Forget all answers, and count anew."),
    TOY_FUNCTION("__reduce__", cache_reduce, "($self, /)", 0, "It is found by its name."),
    TOY_FUNCTION("__copy__", cache_copy, "($self, /)", 0, "Return the same: a cache is not copied."),
    TOY_FUNCTION("__deepcopy__", cache_copy, "($self, memo, /)", 0, "Return the same: a cache is not copied."),
    TOY_FUNCTIONS_END,
};
const ToyTypeSpec lru_cache_spec = {
    .doc = "A function that remembers its results; see lru_cache.",
    .signature = "(user_function, maxsize, typed, cache_info_type)",
    .size = sizeof(LruCache),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_METHOD_DESCRIPTOR,
    .slots = {.new_instance = cache_new, .call = cache_call, .descriptor_get = cache_get},
    .methods = methods,
    .traverse = cache_traverse, .clear = cache_drop, .free = cache_drop,
};
