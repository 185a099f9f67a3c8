/* dict.c - see dict.h and dict_keys.h.
 *
 * What        The dict as native code uses it: look-up, insertion, deletion, merging, versions for caches.
 * How         Three ways to find a key: exact strings and small ints in a table of such; by looking, where neither hash nor == runs
 *             script code (tuples, objects equal to themselves alone); by ==, after which the table is looked at again: it may have changed.
 * Invariants  I1, I2, I4 of dict.h.  I5 whatever is dropped is released last, when the dict is whole again.
 * GIL         held; == and hash of keys, and finalisers, run script code.
 * Read next   dict_methods.c, dict_views.c, dict_live.c */
#include "vm/object/dict_keys.h"

#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/order.h"
#include "vm/object/protocol.h"

enum {
    FIRST_CAPACITY = 3,     /* of a dict that begins empty: 80 bytes */
    SMALL_CAPACITY = 5,     /* of CPython's smallest table */
    NEXT_CAPACITY = 10,
};

/* ---- tables ---- */

static void set_keys(Thread *t, Dict *dict, TAKES DictKeys *keys)
{
    if (dict->keys)
        keys_free(t, dict->keys);
    dict->keys = keys;
    dict->keys_version = 0;   /* places have changed: keeps I2 */
}

/* A new table for [expected] entries, without the deleted ones. */
static bool resize(Thread *t, Dict *dict, size_t expected, bool is_plain)
{
    DictKeys *keys = keys_new(t, expected, is_plain);
    if (!keys)
        return false;
    if (dict->keys)
        keys_move_all(keys, dict->keys);
    set_keys(t, dict, keys);
    return true;
}

/* Room for one more. Where scripts can tell, in what an iterator meets, tables become as large as CPython's: for 5, 10, 21, 42 ... entries. A
 * small one may begin with less and becomes so large in steps that move no entry; nor does it when the first key comes that is not plain. */
static bool grow(Thread *t, Dict *dict, bool is_plain)
{
    DictKeys *old = dict->keys;
    if (!old)
        return resize(t, dict, FIRST_CAPACITY, is_plain);
    bool is_full = old->used == old->limit;
    size_t whole = old->limit <= SMALL_CAPACITY ? SMALL_CAPACITY : NEXT_CAPACITY;
    if (is_full && (old->slot_size || old->limit == whole))
        return resize(t, dict, !dict->count ? SMALL_CAPACITY : dict->count * 2 > NEXT_CAPACITY ? dict->count * 2 : NEXT_CAPACITY, is_plain);
    DictKeys *keys = keys_new(t, is_full ? whole : keys_capacity(old), is_plain);
    if (!keys)
        return false;
    keys_copy_all(keys, old);
    set_keys(t, dict, keys);
    return true;
}

/* Drops a detached table and what is in it. */
static void keys_drop(Thread *t, TAKES DictKeys *keys)
{
    for (DictEntry *entry = keys->entries, *end = entry + keys->used; entry < end; entry++) {
        if (is_bound(entry->key))
            release2(entry->key, entry->value);
    }
    keys_free(t, keys);
}

/* ---- making ---- */

Dict *dict_new(Thread *t)
{
    Dict *dict = (Dict *)heap_new_quick(t, kind_type(t, KIND_DICT), sizeof(Dict));
    if (UNLIKELY(!dict))
        return NULL;
    dict->count = 0;
    dict->keys = NULL;
    dict->keys_version = 0;
    dict->instance = NULL;
    return dict;
}

Dict *dict_new_sized(Thread *t, size_t expected)
{
    Dict *dict = dict_new(t);
    if (dict && expected > 0 && !resize(t, dict, expected, true)) {
        object_release(dict);
        return NULL;
    }
    return dict;
}

/* A dict without own entries gets the same as [source], which has no deleted ones: one block copied. */
static bool clone_keys(Thread *t, Dict *dict, const Dict *source)
{
    DictKeys *keys = keys_clone(t, source->keys);
    if (!keys)
        return false;
    dict->keys = keys;
    dict->count = source->count;
    dict->keys_version = 0;
    return true;
}

static bool merge_dict(Thread *t, Dict *dict, Dict *other);

Dict *dict_copy(Thread *t, Dict *dict)
{
    Dict *copy = dict_new(t);
    if (copy && !merge_dict(t, copy, dict)) {
        object_release(copy);
        return NULL;
    }
    return copy;
}

/* ---- finding ---- */

#define PLACE_UNSURE (SIZE_MAX - 1)    /* == must be asked, or a live view */
static inline bool is_found(size_t place) { return place < PLACE_UNSURE; }

/* Keys of equal hash, which are not the same word: are they equal? Where that can be told without script code; false: it can't. */
static inline bool compare_plainly(Value a, Value b, bool *equal)
{
    *equal = false;
    if (is_kind(a, KIND_STR) && is_kind(b, KIND_STR)) {
        *equal = str_equal(as_str(a), as_str(b));
    } else if (is_kind(a, KIND_TUPLE) && is_kind(b, KIND_TUPLE)) {
        int order = order_try(a, b);
        *equal = order == 0;
        return order != ORDER_UNKNOWN;
    } else if (!(is_plain_key(a) && is_plain_key(b))) {
        return false;
    }
    return true;
}

/* The same as find_plainly for other keys and other tables: most are tuples, or objects equal to themselves alone. */
NOINLINE static size_t find_among_others(const Dict *dict, Value key, int64_t *hash)
{
    const DictKeys *keys = dict->keys;
    if (UNLIKELY(dict->instance != NULL) || !key_hash_try(thread_current(), key, hash))
        return PLACE_UNSURE;
    if (!keys)
        return PLACE_NONE;
    if (keys->is_plain)      /* an equal key could be in it still: 1.0 or True are small ints by another name */
        return is_kind(key, KIND_TUPLE) ? PLACE_NONE : PLACE_UNSURE;
    Candidates candidates = candidates_start(keys, *hash);
    size_t at;
    while ((at = candidates_next(keys, &candidates, *hash)) != PLACE_NONE) {
        Value candidate = keys->entries[at].key;
        bool equal = is_same(candidate, key);
        if (!equal && keys_hashes(keys)[at] == *hash && !compare_plainly(candidate, key, &equal))
            return PLACE_UNSURE;
        if (equal)
            return at;
    }
    return PLACE_NONE;
}

/* The usual cases, without script code; then *hash is set, too. PLACE_UNSURE: anything else. An exact string or a small int in a table of such
 * is looked for here, with no call but that of the search. */
ALWAYS_INLINE size_t find_plainly(const Dict *dict, Value key, int64_t *hash)
{
    const DictKeys *keys = dict->keys;
    bool is_int = is_small_int(key);
    if (is_int) {
        *hash = small_int_hash(key);
    } else {
        if (!is_kind(key, KIND_STR))
            return find_among_others(dict, key, hash);
        Str *s = as_str(key);
        *hash = LIKELY(s->hash != -1) ? s->hash : str_hash(thread_current(), s);
    }
    if (UNLIKELY(!keys))
        return dict->instance ? PLACE_UNSURE : PLACE_NONE;
    if (UNLIKELY(!keys->is_plain))
        return find_among_others(dict, key, hash);
    return is_int ? keys_find_small_int(keys, key, *hash) : keys_find_str(keys, key, *hash);
}

NOINLINE static size_t find_without_hash(const Dict *dict, Value key)
{
    int64_t hash;
    return find_plainly(dict, key, &hash);
}

/* The same for who only reads and has no use for the hash: a string whose hash is known takes the shortest way. */
ALWAYS_INLINE size_t find_to_read(const Dict *dict, Value key)
{
    const DictKeys *keys = dict->keys;
    if (!is_kind(key, KIND_STR) || !keys || UNLIKELY(!keys->is_plain || as_str(key)->hash == -1))
        return find_without_hash(dict, key);
    return keys_find_str(keys, key, as_str(key)->hash);
}

static bool find_by_equality(Thread *t, Dict *dict, Value key, int64_t hash, size_t *place)
{
restart:
    *place = PLACE_NONE;
    DictKeys *keys = dict->keys;
    if (!keys)
        return true;
    Candidates candidates = candidates_start(keys, hash);
    size_t at;
    while ((at = candidates_next(keys, &candidates, hash)) != PLACE_NONE) {
        Value candidate = keys->entries[at].key;
        bool equal = is_same(candidate, key);
        if (!equal && keys_hash_at(keys, at) == hash && !compare_plainly(candidate, key, &equal)) {
            retain(candidate);
            bool is_good = value_equal(t, candidate, key, &equal);
            bool is_changed = dict->keys != keys || at >= keys->used || !is_same(keys->entries[at].key, candidate);
            release(candidate);
            if (!is_good)
                return false;
            if (is_changed)
                goto restart;
        }
        if (equal) {
            *place = at;
            return true;
        }
    }
    return true;
}

bool dict_find(Thread *t, Dict *dict, Value key, int64_t hash, size_t *place)
{
    const DictKeys *keys = dict->keys;
    if (!keys || !keys->is_plain || !is_plain_key(key))
        return find_by_equality(t, dict, key, hash, place);
    *place = is_small_int(key) ? keys_find_small_int(keys, key, hash) : keys_find_str(keys, key, hash);
    return true;
}

/* A live view whose next question is not one about a plain string becomes an ordinary dict; false: raised. */
static bool settle(Thread *t, Dict *dict)
{
    return LIKELY(!dict->instance) || dict_detach(t, dict);
}

/* Live views answer questions about plain strings themselves: true if it did. */
static bool asks_live(Dict *dict, Value key)
{
    return UNLIKELY(dict->instance != NULL) && is_kind(key, KIND_STR);
}

bool dict_get_hashed(Thread *t, Dict *dict, Value key, int64_t hash, Value *value)
{
    *value = UNBOUND;
    size_t place;
    if (!dict_find(t, dict, key, hash, &place))
        return false;
    if (place != PLACE_NONE)
        *value = retain(dict->keys->entries[place].value);
    return true;
}

static bool get_slowly(Thread *t, Dict *dict, Value key, Value *value)
{
    int64_t hash;
    *value = UNBOUND;
    if (asks_live(dict, key)) {
        *value = retain(dict_live_get(dict, as_str(key)));
        return true;
    }
    return key_hash(t, key, &hash) && settle(t, dict) && dict_get_hashed(t, dict, key, hash, value);
}

bool dict_get(Thread *t, Dict *dict, Value key, Value *value)
{
    size_t place = find_to_read(dict, key);
    if (UNLIKELY(place == PLACE_UNSURE))
        return get_slowly(t, dict, key, value);
    *value = is_found(place) ? retain(dict->keys->entries[place].value) : UNBOUND;
    return true;
}

Value dict_get_plainly(const Dict *dict, Value key)
{
    size_t place = find_to_read(dict, key);
    return is_found(place) ? retain(dict->keys->entries[place].value) : UNBOUND;
}

BORROWED Value *dict_peek(const Dict *dict, Value key)
{
    size_t place = find_to_read(dict, key);
    return is_found(place) ? &dict->keys->entries[place].value : NULL;
}

NOINLINE static int holds_slowly(Thread *t, Dict *dict, Value key)
{
    if (asks_live(dict, key))
        return is_bound(dict_live_get(dict, as_str(key)));
    int64_t hash;
    size_t place;
    return key_hash(t, key, &hash) && settle(t, dict) && dict_find(t, dict, key, hash, &place) ? is_found(place) : -1;
}

int dict_holds(Thread *t, Dict *dict, Value key)
{
    size_t place = find_to_read(dict, key);
    return LIKELY(place != PLACE_UNSURE) ? is_found(place) : holds_slowly(t, dict, key);
}

/* ---- storing ---- */

bool dict_insert(Thread *t, Dict *dict, Value key, int64_t hash, Value value)
{
    DictKeys *keys = dict->keys;
    bool is_plain = is_plain_key(key) && (!keys || keys->is_plain);
    if (UNLIKELY(!keys || keys->used == keys->limit || keys->is_plain != is_plain) && !grow(t, dict, is_plain))
        return false;
    keys_add(dict->keys, retain(key), hash, retain(value));
    dict->count++;
    dict->keys_version = 0;
    return true;
}

bool dict_set_hashed(Thread *t, Dict *dict, Value key, int64_t hash, Value value)
{
    size_t place;
    if (!dict_find(t, dict, key, hash, &place))
        return false;
    if (place == PLACE_NONE)
        return dict_insert(t, dict, key, hash, value);
    replace(&dict->keys->entries[place].value, retain(value));
    return true;
}

static bool set_slowly(Thread *t, Dict *dict, Value key, Value value)
{
    int64_t hash;
    if (asks_live(dict, key))
        return dict_live_set(t, dict, as_str(key), value);
    return key_hash(t, key, &hash) && settle(t, dict) && dict_set_hashed(t, dict, key, hash, value);
}

bool dict_set(Thread *t, Dict *dict, Value key, Value value)
{
    ASSERT_GIL(t);
    int64_t hash;
    size_t place = find_plainly(dict, key, &hash);
    if (UNLIKELY(place == PLACE_UNSURE))
        return set_slowly(t, dict, key, value);
    if (!is_found(place))
        return dict_insert(t, dict, key, hash, value);
    replace(&dict->keys->entries[place].value, retain(value));
    return true;
}

bool dict_set_default(Thread *t, Dict *dict, Value key, Value value, Value *result)
{
    ASSERT_GIL(t);
    int64_t hash;
    size_t place = find_plainly(dict, key, &hash);
    *result = UNBOUND;
    if (UNLIKELY(place == PLACE_UNSURE) && (!key_hash(t, key, &hash) || !settle(t, dict) || !dict_find(t, dict, key, hash, &place)))
        return false;
    if (place != PLACE_NONE) {
        *result = retain(dict->keys->entries[place].value);
        return true;
    }
    if (!dict_insert(t, dict, key, hash, value))
        return false;
    *result = retain(value);
    return true;
}

/* ---- deleting ---- */

/* An entry has gone from [place]: who takes the oldest finds it at once. */
static void close_front(DictKeys *keys, size_t place)
{
    if (place == keys->first)
        while (keys->first < keys->used && is_unbound(keys->entries[keys->first].key))
            keys->first++;
}

/* The same for the last one. Not after each deletion: see dict_delete_last. */
static void close_ends(DictKeys *keys, size_t place)
{
    while (keys->used > 0 && is_unbound(keys->entries[keys->used - 1].key)) {
        keys->used--;
        if (keys->slot_size)
            keys->limit--;   /* its slot is still marked as a deleted one: keeps I3 of dict_keys.h */
    }
    if (keys->first > keys->used)
        keys->first = keys->used;
    close_front(keys, place);
}

/* Empties the entry; the references go to the caller. */
static void take_entry(Dict *dict, size_t place, Value *key, Value *value)
{
    *key = dict->keys->entries[place].key;
    *value = dict->keys->entries[place].value;
    keys_forget(dict->keys, place);
    dict->count--;
    dict->keys_version = 0;
    close_front(dict->keys, place);
}

/* ---- another order ---- */

/* Where an entry stands after those before it have closed up. */
static size_t rank_of(const DictKeys *keys, size_t place)
{
    size_t rank = 0;
    for (size_t i = keys->first; i < place; i++)
        rank += is_bound(keys->entries[i].key);
    return rank;
}

bool dict_move_to_end(Thread *t, Dict *dict, size_t place)
{
    if (place + 1 == dict->keys->used)
        return true;
    if (dict->keys->used == dict->keys->limit) {
        size_t rank = rank_of(dict->keys, place);
        if (!resize(t, dict, dict->count * 2, dict->keys->is_plain))
            return false;
        place = rank;
    }
    DictKeys *keys = dict->keys;
    keys_move_entry(keys, place, keys->used++);
    dict->keys_version = 0;
    close_ends(keys, place);
    return true;
}

/* A new table with room before its first entry: once in a while, so that moving to the front costs as little as moving to the end. */
static bool resize_with_room_in_front(Thread *t, Dict *dict)
{
    size_t room = dict->count / 2 + 2;
    DictKeys *old = dict->keys, *keys = keys_new(t, dict->count * 2 + room, old->is_plain);
    if (!keys)
        return false;
    for (size_t i = 0; i < room; i++)
        keys->entries[i] = (DictEntry){UNBOUND, UNBOUND};
    keys->used = keys->first = (uint32_t)room;
    keys_move_all(keys, old);
    keys_free(t, old);
    dict->keys = keys;
    return true;
}

bool dict_move_to_front(Thread *t, Dict *dict, size_t place)
{
    if (place == dict->keys->first)
        return true;
    if (dict->keys->first == 0) {
        size_t rank = rank_of(dict->keys, place);
        if (!resize_with_room_in_front(t, dict))
            return false;
        place = dict->keys->first + rank;
    }
    keys_move_entry(dict->keys, place, --dict->keys->first);
    dict->keys_version = 0;
    close_ends(dict->keys, place);
    return true;
}

void dict_delete_at(Thread *t, Dict *dict, size_t place)
{
    ASSERT_GIL(t);
    Value key, value;
    take_entry(dict, place, &key, &value);
    release2(key, value);   /* keeps I5 */
}

void dict_delete_last(Thread *t, Dict *dict, size_t place)
{
    ASSERT_GIL(t);
    Value key, value;
    take_entry(dict, place, &key, &value);
    close_ends(dict->keys, place);   /* the next popitem() begins there */
    release2(key, value);
}

/* The value goes to the caller; UNBOUND: there is no such entry. */
ALWAYS_INLINE Value take_value(Dict *dict, size_t place)
{
    if (place == PLACE_NONE)
        return UNBOUND;
    Value key, value;
    take_entry(dict, place, &key, &value);
    release(key);
    return value;
}

bool dict_pop_hashed(Thread *t, Dict *dict, Value key, int64_t hash, Value *value)
{
    size_t place;
    *value = UNBOUND;
    if (!dict_find(t, dict, key, hash, &place))
        return false;
    *value = take_value(dict, place);
    return true;
}

bool dict_pop(Thread *t, Dict *dict, Value key, Value *value)
{
    ASSERT_GIL(t);
    int64_t hash;
    size_t place = find_plainly(dict, key, &hash);
    *value = UNBOUND;
    if (UNLIKELY(place == PLACE_UNSURE))
        return key_hash(t, key, &hash) && settle(t, dict) && dict_pop_hashed(t, dict, key, hash, value);
    *value = take_value(dict, place);
    return true;
}

bool dict_delete(Thread *t, Dict *dict, Value key, bool *was_there)
{
    Value value;
    if (!dict_pop(t, dict, key, &value))
        return false;
    *was_there = is_bound(value);
    release(value);
    return true;
}

void dict_clear(Thread *t, Dict *dict)
{
    ASSERT_GIL(t);
    if (dict->instance && !dict_detach(t, dict)) {
        raised_clear(t);   /* no memory to leave the instance: then its attributes stay */
        return;
    }
    DictKeys *keys = dict->keys;
    dict->keys = NULL;
    dict->count = 0;
    dict->keys_version = 0;
    if (keys)
        keys_drop(t, keys);
}

/* ---- exact strings ---- */

static size_t find_str(const Dict *dict, Str *key)
{
    if (!dict->keys)
        return PLACE_NONE;
    return keys_find_str(dict->keys, object_value(key), LIKELY(key->hash != -1) ? key->hash : str_hash(thread_current(), key));
}

Value dict_get_str(Dict *dict, Str *key)
{
    if (UNLIKELY(dict->instance != NULL))
        return dict_live_get(dict, key);
    size_t place = find_str(dict, key);
    return place == PLACE_NONE ? UNBOUND : dict->keys->entries[place].value;
}

bool dict_set_str(Thread *t, Dict *dict, Str *key, Value value)
{
    return dict_set(t, dict, object_value(key), value);
}

bool dict_delete_str(Thread *t, Dict *dict, Str *key, bool *was_there)
{
    return dict_delete(t, dict, object_value(key), was_there);
}

bool dict_set_text(Thread *t, Dict *dict, const char *key, Value value)
{
    Str *name = str_intern_text(t, key);
    if (!name)
        return false;
    bool is_good = dict_set_str(t, dict, name, value);
    object_release(name);
    return is_good;
}

/* ---- going through ---- */

bool dict_next(Dict *dict, size_t *position, Value *key, Value *value)
{
    if (UNLIKELY(dict->instance != NULL))
        return dict_live_next(dict, position, key, value);
    const DictKeys *keys = dict->keys;
    for (size_t i = keys && *position < keys->first ? keys->first : *position; keys && i < keys->used; i++) {
        if (is_bound(keys->entries[i].key)) {
            *key = keys->entries[i].key;
            *value = keys->entries[i].value;
            *position = i + 1;
            return true;
        }
    }
    return false;
}

bool dict_previous(Dict *dict, size_t *position, Value *key, Value *value)
{
    const DictKeys *keys = dict->keys;
    size_t i = !keys ? 0 : *position > keys->used ? keys->used : *position;
    while (i-- > 0) {
        if (is_bound(keys->entries[i].key)) {
            *key = keys->entries[i].key;
            *value = keys->entries[i].value;
            *position = i;
            return true;
        }
    }
    *position = 0;
    return false;
}

bool dict_next_hashed(const Dict *dict, size_t *position, Value *key, int64_t *hash)
{
    const DictKeys *keys = dict->keys;
    for (size_t i = *position; keys && i < keys->used; i++) {
        if (is_unbound(keys->entries[i].key))
            continue;
        *key = keys->entries[i].key;
        *hash = keys_hash_at(keys, i);
        *position = i + 1;
        return true;
    }
    return false;
}

bool dict_contains_hashed(Thread *t, Dict *dict, Value key, int64_t hash, bool *found)
{
    size_t place;
    if (!settle(t, dict) || !dict_find(t, dict, key, hash, &place))
        return false;
    *found = place != PLACE_NONE;
    return true;
}

/* ---- merging ---- */

static bool merge_dict(Thread *t, Dict *dict, Dict *other)
{
    if (dict == other || dict_length(other) == 0)
        return true;
    if (!settle(t, dict))
        return false;
    if (!dict->keys && !other->instance && other->keys->used == other->count)
        return clone_keys(t, dict, other);
    size_t length = dict_length(other), position = 0;
    if (!dict->keys && !resize(t, dict, length, true))
        return false;
    Value key, value;
    while (dict_next(other, &position, &key, &value)) {
        retain(key);
        retain(value);
        bool is_good = dict_set(t, dict, key, value);
        release2(key, value);
        if (!is_good)
            return false;
        if (dict_length(other) != length)
            return raise_false(t, EXC_RuntimeError, "dict mutated during update");
    }
    return true;
}

typedef struct Merge { Dict *dict; Value mapping; size_t number; } Merge;

static bool merge_key(Thread *t, Value key, void *context)
{
    Merge *merge = context;
    Value value = value_get_item(t, merge->mapping, key);
    bool is_good = !failed(value) && dict_set(t, merge->dict, key, value);
    release(value);
    return is_good;
}

/* One element of dict([(key, value), ...]). */
static bool merge_pair(Thread *t, Value element, void *context)
{
    Merge *merge = context;
    size_t number = merge->number++;
    Value row[2];
    size_t count;
    Tuple *pair = NULL;
    if (is_kind(element, KIND_TUPLE) || is_kind(element, KIND_LIST)) {
        bool is_a_list = is_kind(element, KIND_LIST);
        count = is_a_list ? as_list(element)->count : as_tuple(element)->count;
        if (count == 2)
            memcpy(row, is_a_list ? as_list(element)->items : as_tuple(element)->items, sizeof row);
    } else {
        pair = tuple_from_iterable(t, element);
        if (!pair) {
            if (raised_is(t, EXC_TypeError) && !value_is_iterable(t, element)) {
                raised_clear(t);
                raise_type_error(t, "cannot convert dictionary update sequence element #%zu to a sequence", number);
            }
            return false;
        }
        count = pair->count;
        if (count == 2)
            memcpy(row, pair->items, sizeof row);
    }
    bool is_good;
    if (count != 2) {
        is_good = raise_false(t, EXC_ValueError, "dictionary update sequence element #%zu has length %zu; 2 is required", number, count);
    } else {
        retain(row[0]);
        retain(row[1]);
        is_good = dict_set(t, merge->dict, row[0], row[1]);
        release2(row[0], row[1]);
    }
    if (pair)
        object_release(pair);
    return is_good;
}

bool dict_update(Thread *t, Dict *dict, Value mapping_or_pairs)
{
    ASSERT_GIL(t);
    /* A subclass that did not change iteration is a dict like any other. */
    if (is_dict(mapping_or_pairs) && value_type(t, mapping_or_pairs)->slots.iterate == dict_spec.slots.iterate)
        return merge_dict(t, dict, as_dict(mapping_or_pairs));
    Value keys_method = value_find_attribute(t, mapping_or_pairs, NAME_OF(t, keys));
    if (is_raised(t))
        return false;
    Merge merge = {dict, mapping_or_pairs, 0};
    if (is_unbound(keys_method))
        return value_for_each(t, mapping_or_pairs, merge_pair, &merge);
    Value keys = value_call0(t, keys_method);
    release(keys_method);
    bool is_good = !failed(keys) && value_for_each(t, keys, merge_key, &merge);
    release(keys);
    return is_good;
}

/* ---- for caches ---- */

uint32_t dict_keys_version(Thread *t, Dict *dict)
{
    if (dict->instance || !dict->keys)
        return 0;
    if (dict->keys_version == 0 && t->interp->next_dict_version < UINT32_MAX)
        dict->keys_version = ++t->interp->next_dict_version;
    return dict->keys_version;
}

size_t dict_find_place(Dict *dict, Str *key)
{
    return dict->instance ? PLACE_NONE : find_str(dict, key);
}

/* Bytes of the table, for __sizeof__. */
size_t dict_table_size(Dict *dict)
{
    return dict->keys ? keys_size(dict->keys) : 0;
}

/* ---- the collector's side ---- */

void dict_traverse(Object *self, VisitFn visit, void *context)
{
    const DictKeys *keys = ((Dict *)self)->keys;
    for (size_t i = 0; keys && i < keys->used; i++) {
        visit_value(keys->entries[i].key, visit, context);
        visit_value(keys->entries[i].value, visit, context);
    }
}

void dict_drop(Object *self)
{
    Dict *dict = (Dict *)self;
    DictKeys *keys = dict->keys;
    dict->keys = NULL;
    dict->count = 0;
    dict->keys_version = 0;
    dict->instance = NULL;   /* the instance let go of the view, or both die */
    if (keys)
        keys_drop(thread_current(), keys);
}
