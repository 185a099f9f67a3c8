/* set.c - see set.h: the hash table of set and frozenset, and what combines two of them.
 *
 * What        Adding, finding, discarding; update, difference, intersection and symmetric difference as native code uses them.
 * How         One array of entries, no index. A hash starts at its slot and looks at up to nine neighbours (they share cache
 *             lines), then jumps, the high bits of the hash mixed in. The order in which a set prints is the order of its
 *             slots: so probing, growth (four times the size, twice when above 50,000) and the ways to combine two sets are
 *             those of CPython, step by step, and sets of ints print alike.
 * Invariants  I1 of set.h.  I2 at most three fifths of the slots are filled.  I3 a deleted entry keeps its slot until it is used again or the table resized.
 * GIL         held; == of keys runs script code, after which the table is looked at again.
 * Read next   set_methods.c */
#include "vm/object/set.h"

#include "vm/object/dict_keys.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/order.h"
#include "vm/object/protocol.h"
#include "vm/object/set_table.h"
#include "vm/object/str.h"

enum { SET_NEIGHBOURS = 9, SET_SMALL = 8, SET_GROWS_LESS_ABOVE = 50000 };

static size_t neighbours_of(size_t slot, size_t mask)
{
    return slot + SET_NEIGHBOURS <= mask ? SET_NEIGHBOURS : 0;
}

static inline void next_place(Probe *probe, size_t mask)
{
    probe->rest >>= 5;
    probe->slot = (probe->slot * 5 + 1 + probe->rest) & mask;
}

/* ---- the table ---- */

/* Into a table without deleted entries where the key is not: takes the reference over. */
static void insert_clean(SetEntry *table, size_t mask, Value key, int64_t hash)
{
    for (Probe probe = {(size_t)hash & mask, (uint64_t)hash}; ; next_place(&probe, mask)) {
        SetEntry *entry = &table[probe.slot];
        for (size_t left = neighbours_of(probe.slot, mask) + 1; left > 0; left--, entry++) {
            if (is_unbound(entry->key)) {
                *entry = (SetEntry){key, hash};
                return;
            }
        }
    }
}

static SetEntry *table_new(Thread *t, size_t size)
{
    SetEntry *table = block_alloc(t, size * sizeof(SetEntry));
    if (table)
        memset(table, 0, size * sizeof(SetEntry));
    return table;
}

/* A table of more than [wanted] slots, without the deleted entries. */
static bool resize(Thread *t, Set *set, size_t wanted)
{
    size_t size = SET_SMALL, old_size = set->mask + 1;
    while (size <= wanted)
        size *= 2;
    SetEntry copy[SET_SMALL], *old = set->table, *table;
    bool old_is_small = old == set->small_table;
    if (size == SET_SMALL) {
        table = set->small_table;
        if (old_is_small) {
            if (set->filled == set->used)
                return true;
            memcpy(copy, old, sizeof copy);
            old = copy;
        }
        memset(table, 0, sizeof set->small_table);
    } else {
        table = table_new(t, size);
        if (!table)
            return false;
    }
    for (size_t i = 0; i < old_size; i++) {
        if (is_bound(old[i].key))
            insert_clean(table, size - 1, old[i].key, old[i].hash);
    }
    if (!old_is_small)
        block_free(t, old, old_size * sizeof(SetEntry));
    set->table = table;
    set->mask = size - 1;
    set->filled = set->used;
    return true;
}

static bool grow(Thread *t, Set *set)
{
    return resize(t, set, set->used > SET_GROWS_LESS_ABOVE ? set->used * 2 : set->used * 4);
}

/* Makes a set over zeroed memory an empty one. */
void set_make_empty(Set *set)
{
    set->used = set->filled = 0;
    set->mask = SET_SMALL - 1;
    set->table = set->small_table;
    set->hash = -1;
    set->finger = 0;
    memset(set->small_table, 0, sizeof set->small_table);
}

void set_clear_entries(Thread *t, Set *set)
{
    /* Detach first: finalisers may look at the set. */
    SetEntry copy[SET_SMALL], *old = set->table;
    size_t size = set->mask + 1, filled = set->filled;
    bool old_is_small = old == set->small_table;
    if (!old || (old_is_small && !filled))
        return;
    if (old_is_small) {
        memcpy(copy, old, sizeof copy);
        old = copy;
    }
    int64_t hash = set->hash;
    set_make_empty(set);
    set->hash = hash;
    for (size_t i = 0; filled > 0 && i < size; i++) {
        if (is_bound(old[i].key))
            release(old[i].key);
    }
    if (!old_is_small)
        block_free(t, old, size * sizeof(SetEntry));
}

void set_free(Object *self)
{
    Set *set = (Set *)self;
    if (!set->table)
        return;
    SetEntry *entry = set->table;
    for (size_t left = set->used; left > 0; entry++) {
        if (is_unbound(entry->key))
            continue;
        release(entry->key);
        left--;
    }
    if (set->table != set->small_table)
        block_free(thread_current(), set->table, (set->mask + 1) * sizeof(SetEntry));
}

size_t set_table_bytes(const Set *set)
{
    return set->table == set->small_table ? 0 : (set->mask + 1) * sizeof(SetEntry);
}

/* ---- finding ---- */

typedef enum Comparison { DIFFERENT, EQUAL, CHANGED, RAISED } Comparison;

/* The hashes are equal, the keys not the same: are they equal? CHANGED: == has changed the table. */
static Comparison compare_keys(Thread *t, Set *set, SetEntry *entry, Value key)
{
    Value candidate = entry->key;
    if (are_small_ints(candidate, key))
        return DIFFERENT;
    if (is_kind(candidate, KIND_STR) && is_kind(key, KIND_STR))
        return str_equal(as_str(candidate), as_str(key)) ? EQUAL : DIFFERENT;
    int order = is_kind(candidate, KIND_TUPLE) && is_kind(key, KIND_TUPLE) ? order_try(candidate, key) : ORDER_UNKNOWN;
    if (order != ORDER_UNKNOWN)
        return order == 0 ? EQUAL : DIFFERENT;
    SetEntry *table = set->table;
    size_t mask = set->mask;
    bool equal;
    retain(candidate);
    bool is_good = value_equal(t, candidate, key, &equal);
    bool is_changed = set->table != table || set->mask != mask || !is_same(entry->key, candidate);
    release(candidate);
    return !is_good ? RAISED : is_changed ? CHANGED : equal ? EQUAL : DIFFERENT;
}

/* Two keys of equal hash whose equality can be told at a glance. */
ALWAYS_INLINE bool are_short_texts(Value a, Value b)
{
    return is_kind(a, KIND_STR) && is_kind(b, KIND_STR) && str_is_short(as_str(a)) && str_is_short(as_str(b));
}

/* find() where == must be asked, or at least a long text read. */
NOINLINE static SetEntry *find_by_equality(Thread *t, Set *set, Value key, int64_t hash, bool *is_there)
{
    SetEntry *deleted;
restart:
    deleted = NULL;
    for (Probe probe = {(size_t)hash & set->mask, (uint64_t)hash}; ; next_place(&probe, set->mask)) {
        SetEntry *entry = &set->table[probe.slot];
        for (size_t left = neighbours_of(probe.slot, set->mask) + 1; left > 0; left--, entry++) {
            if (is_unbound(entry->key)) {
                if (entry->hash == 0) {
                    *is_there = false;
                    return deleted ? deleted : entry;
                }
                deleted = entry;
            } else if (entry->hash == hash) {
                if (LIKELY(is_same(entry->key, key))) {
                    *is_there = true;
                    return entry;
                }
                switch (compare_keys(t, set, entry, key)) {
                case DIFFERENT: break;
                case EQUAL: *is_there = true; return entry;
                case CHANGED: goto restart;
                case RAISED: return NULL;
                }
            }
        }
    }
}

/* The entry that holds the key or, *is_there false, the place for it: the last deleted entry on the way (CPython's choice
 * too), else the free one where the search ended. NULL: == must be asked. The loop calls nothing and so saves no registers. */
ALWAYS_INLINE SetEntry *find_at_a_glance(Set *set, Value key, int64_t hash, bool *is_there)
{
    SetEntry *deleted = NULL, *first = &set->table[(size_t)hash & set->mask];
    if (first->hash == hash && is_same(first->key, key)) {     /* most searches end where they begin */
        *is_there = true;
        return first;
    }
    if (is_unbound(first->key) && first->hash == 0) {
        *is_there = false;
        return first;
    }
    for (Probe probe = {(size_t)hash & set->mask, (uint64_t)hash}; ; next_place(&probe, set->mask)) {
        SetEntry *entry = &set->table[probe.slot];
        for (size_t left = neighbours_of(probe.slot, set->mask) + 1; left > 0; left--, entry++) {
            if (is_unbound(entry->key)) {
                if (entry->hash == 0) {
                    *is_there = false;
                    return deleted ? deleted : entry;
                }
                deleted = entry;
            } else if (entry->hash == hash) {
                bool is_same_key = is_same(entry->key, key);
                if (UNLIKELY(!is_same_key)) {
                    if (!are_short_texts(entry->key, key))
                        return NULL;
                    is_same_key = str_equal_short(as_str(entry->key), as_str(key));
                }
                if (LIKELY(is_same_key)) {
                    *is_there = true;
                    return entry;
                }
            }
        }
    }
}

/* The same, with == if need be. NULL: raised. */
ALWAYS_INLINE SetEntry *find(Thread *t, Set *set, Value key, int64_t hash, bool *is_there)
{
    SetEntry *entry = find_at_a_glance(set, key, hash, is_there);
    return LIKELY(entry != NULL) ? entry : find_by_equality(t, set, key, hash, is_there);
}

/* Is an entry of another set, which == may change, in this one? */
ALWAYS_INLINE bool holds(Thread *t, Set *set, SetEntry entry, bool *found)
{
    if (LIKELY(find_at_a_glance(set, entry.key, entry.hash, found) != NULL))
        return true;
    retain(entry.key);
    bool is_good = find_by_equality(t, set, entry.key, entry.hash, found) != NULL;
    release(entry.key);
    return is_good;
}

bool set_add_hashed(Thread *t, Set *set, Value key, int64_t hash)
{
    bool is_there;
    SetEntry *entry = find(t, set, key, hash, &is_there);
    if (!entry)
        return false;
    if (is_there)
        return true;
    bool was_deleted = entry->hash == -1;
    *entry = (SetEntry){retain(key), hash};
    set->used++;
    if (was_deleted)
        return true;   /* it was filled already */
    set->filled++;
    if (set->filled * 5 < set->mask * 3 || grow(t, set))   /* keeps I2 */
        return true;
    /* No room to grow: as if it had never been added. The slot was free, so it may be so again. */
    *entry = (SetEntry){UNBOUND, 0};
    set->filled--;
    set->used--;
    release(key);
    return false;
}

bool set_find_hashed(Thread *t, Set *set, Value key, int64_t hash, bool *found)
{
    return find(t, set, key, hash, found) != NULL;
}

bool set_discard_hashed(Thread *t, Set *set, Value key, int64_t hash, bool *was_there)
{
    SetEntry *entry = find(t, set, key, hash, was_there);
    if (!entry)
        return false;
    if (*was_there) {
        Value old = entry->key;
        *entry = (SetEntry){UNBOUND, -1};   /* deleted: I3 */
        set->used--;
        release(old);
    }
    return true;
}

bool set_add(Thread *t, Set *set, Value v)
{
    ASSERT_GIL(t);
    int64_t hash;
    return key_hash(t, v, &hash) && set_add_hashed(t, set, v, hash);
}

NOINLINE static int holds_other(Thread *t, Set *set, Value v)
{
    int64_t hash;
    bool found;
    return key_hash(t, v, &hash) && find(t, set, v, hash, &found) ? found : -1;
}

NOINLINE static int holds_by_equality(Set *set, Value v, int64_t hash)
{
    bool found;
    return find_by_equality(thread_current(), set, v, hash, &found) ? found : -1;
}

/* As find_at_a_glance, for who does not ask for a place. It has no Thread: one word less to keep. */
NOINLINE static int holds_plain_key(Set *set, Value v, int64_t hash)
{
    for (Probe probe = {(size_t)hash & set->mask, (uint64_t)hash}; ; next_place(&probe, set->mask)) {
        const SetEntry *entry = &set->table[probe.slot], *last = entry + neighbours_of(probe.slot, set->mask);
        for (; entry <= last; entry++) {
            if (entry->hash == hash && is_bound(entry->key)) {
                if (LIKELY(is_same(entry->key, v)))
                    return true;
                if (!are_short_texts(entry->key, v))
                    return holds_by_equality(set, v, hash);
                if (str_equal_short(as_str(entry->key), as_str(v)))
                    return true;
            } else if (entry->hash == 0 && is_unbound(entry->key)) {
                return false;
            }
        }
    }
}

/* The hash of a plain key, or -1 where it is not to be had at once. */
ALWAYS_INLINE int64_t hash_at_once(Value key)
{
    if (is_small_int(key))
        return (uint64_t)small_int(key) < HASH_PRIME ? small_int(key) : -1;
    return is_kind(key, KIND_STR) ? as_str(key)->hash : -1;
}

/* Most searches end where they begin. Told here, nothing is called and no register saved: 22 instructions instead of 64. */
int set_holds(Thread *t, Set *set, Value v)
{
    int64_t hash = hash_at_once(v);
    if (UNLIKELY(hash == -1))
        return holds_other(t, set, v);
    const SetEntry *first = &set->table[(size_t)hash & set->mask];
    if (first->hash == 0 && is_unbound(first->key))
        return false;
    return first->hash == hash && is_same(first->key, v) ? true : holds_plain_key(set, v, hash);
}

bool set_discard(Thread *t, Set *set, Value v, bool *was_there)
{
    ASSERT_GIL(t);
    int64_t hash;
    return key_hash(t, v, &hash) && set_discard_hashed(t, set, v, hash, was_there);
}

ALWAYS_INLINE bool next_entry(const Set *set, size_t *position, SetEntry *entry)
{
    for (size_t i = *position; i <= set->mask; i++) {
        if (is_bound(set->table[i].key)) {
            *entry = set->table[i];
            *position = i + 1;
            return true;
        }
    }
    *position = set->mask + 1;
    return false;
}

bool set_next_entry(const Set *set, size_t *position, SetEntry *entry) { return next_entry(set, position, entry); }

bool set_next(Set *set, size_t *position, Value *key)
{
    SetEntry entry;
    if (!next_entry(set, position, &entry))
        return false;
    *key = entry.key;
    return true;
}

/* ---- making ---- */

Set *set_new(Thread *t, enum Kind set_or_frozenset)
{
    Set *set = (Set *)heap_new_quick(t, kind_type(t, set_or_frozenset), sizeof(Set));
    if (set)
        set_make_empty(set);
    return set;
}

Set *set_from_iterable(Thread *t, enum Kind set_or_frozenset, Value iterable_or_unbound)
{
    Set *set = set_new(t, set_or_frozenset);
    if (set && is_bound(iterable_or_unbound) && !set_update(t, set, iterable_or_unbound)) {
        object_release(set);
        return NULL;
    }
    return set;
}

/* ---- combining ---- */

static bool make_room(Thread *t, Set *set, size_t coming)
{
    return (set->filled + coming) * 5 < set->mask * 3 || resize(t, set, (set->used + coming) * 2);
}

static bool merge_set(Thread *t, Set *set, Set *other)
{
    if (set == other || other->used == 0)
        return true;
    if (!make_room(t, set, other->used))
        return false;
    SetEntry entry;
    size_t position = 0;
    if (set->filled == 0 && set->mask == other->mask && other->filled == other->used) {
        /* Same size, nothing deleted: slot by slot. */
        for (size_t i = 0; i <= other->mask; i++) {
            set->table[i] = other->table[i];
            retain(set->table[i].key);
        }
        set->filled = set->used = other->used;
        return true;
    }
    if (set->filled == 0) {
        while (set_next_entry(other, &position, &entry))
            insert_clean(set->table, set->mask, retain(entry.key), entry.hash);
        set->filled = set->used = other->used;
        return true;
    }
    while (set_next_entry(other, &position, &entry)) {
        retain(entry.key);
        bool is_good = set_add_hashed(t, set, entry.key, entry.hash);
        release(entry.key);
        if (!is_good)
            return false;
    }
    return true;
}

static bool add_visited(Thread *t, Value item, void *context)
{
    return set_add(t, context, item);
}

/* A dict whose keys and hashes can be read where they lie. */
static bool is_plain_dict(Value v)
{
    return is_kind(v, KIND_DICT) && !as_dict(v)->instance;
}

static bool for_each_key(Thread *t, Dict *dict, Set *set, bool (*act)(Thread *t, Set *set, Value key, int64_t hash))
{
    Value key;
    int64_t hash;
    bool is_good = true;
    for (size_t at = 0; is_good && dict_next_hashed(dict, &at, &key, &hash);) {
        retain(key);
        is_good = act(t, set, key, hash);
        release(key);
    }
    return is_good;
}

bool set_update(Thread *t, Set *set, Value iterable)
{
    ASSERT_GIL(t);
    if (is_set(iterable))
        return merge_set(t, set, as_set(iterable));
    if (is_kind(iterable, KIND_DICT) && !make_room(t, set, dict_length(as_dict(iterable))))
        return false;
    if (is_plain_dict(iterable))
        return for_each_key(t, as_dict(iterable), set, set_add_hashed);
    if (is_kind(iterable, KIND_LIST)) {
        /* set(list) is common enough for a loop without visitor. The list may change under ==. */
        List *list = as_list(iterable);
        for (size_t i = 0; i < list->count; i++) {
            Value item = retain(list->items[i]);
            bool is_good = set_add(t, set, item);
            release(item);
            if (!is_good)
                return false;
        }
        return true;
    }
    return value_for_each(t, iterable, add_visited, set);
}

/* A copy of a set whose entries lie in itself, none of them deleted: as it stands. */
static Set *copy_small(Thread *t, const Set *set, enum Kind kind)
{
    Set *copy = (Set *)heap_new_quick(t, kind_type(t, kind), sizeof(Set));
    if (UNLIKELY(!copy))
        return NULL;
    memcpy(&copy->head + 1, &set->head + 1, sizeof(Set) - sizeof(Object));
    copy->table = copy->small_table;
    copy->hash = -1;
    copy->finger = 0;
    for (size_t i = 0; i < SET_SMALL; i++)
        retain(copy->small_table[i].key);
    return copy;
}

Set *set_copy_as(Thread *t, Set *set, enum Kind kind)
{
    if (set->table == set->small_table && set->filled == set->used)
        return copy_small(t, set, kind);
    Set *copy = set_new(t, kind);
    if (copy && !merge_set(t, copy, set)) {
        object_release(copy);
        return NULL;
    }
    return copy;
}

static bool discard_visited(Thread *t, Value item, void *context)
{
    bool was_there;
    return set_discard(t, context, item, &was_there);
}

bool set_difference_update(Thread *t, Set *set, Value other)
{
    ASSERT_GIL(t);
    if (is_same(other, object_value(set))) {
        set_clear_entries(t, set);
        return true;
    }
    bool is_good = true;
    if (is_set(other)) {
        /* From a much larger set only what both have needs to be looked at. */
        Set *source = as_set(other);
        if (source->used >> 3 > set->used)
            source = set_intersect(t, set, other, KIND_SET);
        else
            object_retain(source);
        is_good = source != NULL;
        SetEntry entry;
        size_t position = 0;
        while (is_good && set_next_entry(source, &position, &entry)) {
            bool was_there;
            retain(entry.key);
            is_good = set_discard_hashed(t, set, entry.key, entry.hash, &was_there);
            release(entry.key);
        }
        if (source)
            object_release(source);
    } else {
        is_good = value_for_each(t, other, discard_visited, set);
    }
    if (!is_good)
        return false;
    /* Many deleted entries make every search longer. */
    return set->filled - set->used <= set->mask / 4 || grow(t, set);
}

/* A copy of [set] without what [other] yields. */
static Set *copy_and_remove(Thread *t, Set *set, Value other, enum Kind kind)
{
    Set *result = set_copy_as(t, set, kind);
    if (result && !set_difference_update(t, result, other)) {
        object_release(result);
        return NULL;
    }
    return result;
}

Set *set_subtract(Thread *t, Set *set, Value other, enum Kind kind)
{
    bool is_a_set = is_set(other);
    if (!is_a_set && !is_kind(other, KIND_DICT))
        return copy_and_remove(t, set, other, kind);
    size_t other_size = is_a_set ? as_set(other)->used : dict_length(as_dict(other));
    if (set->used >> 2 > other_size)
        return copy_and_remove(t, set, other, kind);
    Set *result = set_new(t, kind);
    SetEntry entry;
    size_t position = 0;
    while (result && next_entry(set, &position, &entry)) {
        bool found;
        retain(entry.key);
        bool is_good = is_a_set ? find(t, as_set(other), entry.key, entry.hash, &found) != NULL
                                 : dict_contains_hashed(t, as_dict(other), entry.key, entry.hash, &found);
        is_good = is_good && (found || set_add_hashed(t, result, entry.key, entry.hash));
        release(entry.key);
        if (!is_good) {
            object_release(result);
            return NULL;
        }
    }
    return result;
}

typedef struct Intersection { Set *set, *result; } Intersection;

static bool add_common(Thread *t, Value item, void *context)
{
    Intersection *intersection = context;
    int64_t hash;
    bool found;
    return value_hash(t, item, &hash) && set_find_hashed(t, intersection->set, item, hash, &found) &&
           (!found || set_add_hashed(t, intersection->result, item, hash));
}

Set *set_intersect(Thread *t, Set *set, Value other, enum Kind kind)
{
    if (is_same(other, object_value(set)))
        return set_copy_as(t, set, kind);
    Set *result = set_new(t, kind);
    if (!result)
        return NULL;
    bool is_good = true;
    if (is_set(other)) {
        /* Walk through the smaller one. */
        Set *walked = as_set(other), *asked = set;
        if (walked->used > asked->used)
            walked = set, asked = as_set(other);
        SetEntry entry;
        size_t position = 0;
        while (is_good && next_entry(walked, &position, &entry)) {
            bool found;
            retain(entry.key);
            is_good = find(t, asked, entry.key, entry.hash, &found) && (!found || set_add_hashed(t, result, entry.key, entry.hash));
            release(entry.key);
        }
    } else {
        Intersection intersection = {set, result};
        is_good = value_for_each(t, other, add_common, &intersection);
    }
    if (!is_good) {
        object_release(result);
        return NULL;
    }
    return result;
}

static bool toggle(Thread *t, Set *set, Value key, int64_t hash)
{
    bool was_there;
    return set_discard_hashed(t, set, key, hash, &was_there) && (was_there || set_add_hashed(t, set, key, hash));
}

static bool toggle_visited(Thread *t, Value item, void *context)
{
    int64_t hash;
    return value_hash(t, item, &hash) && toggle(t, context, item, hash);
}

bool set_symmetric_difference_update(Thread *t, Set *set, Value other)
{
    ASSERT_GIL(t);
    if (is_same(other, object_value(set))) {
        set_clear_entries(t, set);
        return true;
    }
    if (is_plain_dict(other))
        return for_each_key(t, as_dict(other), set, toggle);
    if (is_kind(other, KIND_DICT))
        return value_for_each(t, other, toggle_visited, set);
    /* Each item once: what occurs twice would come back. */
    Set *items = is_set(other) ? as_set(retain(other)) : set_from_iterable(t, KIND_SET, other);
    bool is_good = items != NULL;
    SetEntry entry;
    size_t position = 0;
    while (is_good && set_next_entry(items, &position, &entry)) {
        retain(entry.key);
        is_good = toggle(t, set, entry.key, entry.hash);
        release(entry.key);
    }
    if (items)
        object_release(items);
    return is_good;
}

bool set_is_subset(Thread *t, Set *set, Set *of, bool *answer)
{
    SetEntry entry;
    size_t position = 0;
    *answer = set->used <= of->used;
    while (*answer && next_entry(set, &position, &entry)) {
        if (!holds(t, of, entry, answer))
            return false;
    }
    return true;
}

Value set_take_one(Thread *t, Set *set)
{
    ASSERT_GIL(t);
    if (set->used == 0)
        return raise_error(t, EXC_KeyError, "pop from an empty set");
    /* The search goes on where the last one stopped, or emptying a set would take quadratic time. */
    size_t slot = set->finger & set->mask;
    while (is_unbound(set->table[slot].key))
        slot = slot == set->mask ? 0 : slot + 1;
    Value key = set->table[slot].key;
    set->table[slot] = (SetEntry){UNBOUND, -1};
    set->used--;
    set->finger = slot + 1;
    return key;
}

void set_swap(Set *a, Set *b)
{
    SetEntry small[SET_SMALL];
    SetEntry *table_a = a->table == a->small_table ? b->small_table : a->table;
    SetEntry *table_b = b->table == b->small_table ? a->small_table : b->table;
    size_t used = a->used, filled = a->filled, mask = a->mask;
    memcpy(small, a->small_table, sizeof small);
    memcpy(a->small_table, b->small_table, sizeof small);
    memcpy(b->small_table, small, sizeof small);
    a->used = b->used, a->filled = b->filled, a->mask = b->mask, a->table = table_b;
    b->used = used, b->filled = filled, b->mask = mask, b->table = table_a;
    a->hash = b->hash = -1;
}

bool frozenset_hash(Set *set, int64_t *hash)
{
    if (set->hash == -1) {
        uint64_t state = 0;
        SetEntry entry;
        size_t position = 0;
        while (set_next_entry(set, &position, &entry))
            state = hash_set_add(state, entry.hash);
        set->hash = hash_set_end(state, set->used);
    }
    *hash = set->hash;
    return true;
}
