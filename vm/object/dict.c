/* dict.c - see dict.h and dict_keys.h.
 *
 * What        The dict as native code uses it: look-up, insertion, deletion, merging, versions for caches.
 * How         Three ways to find a key: by an exact string in a table of strings (no script code can run); by identity and
 *             small ints; by hash and ==, after which the table is looked at again, for == may have changed it.
 * Invariants  I1, I2, I4 of dict.h.  I5 whatever is dropped is released last, when the dict is whole again.
 * GIL         held; == and hash of keys, and finalisers, run script code.
 * Read next   dict_methods.c, dict_views.c, dict_live.c */
#include "vm/object/dict_keys.h"

#include "vm/base/hash.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"

/* ---- blocks ---- */

static size_t keys_size(size_t slots, unsigned width_log2, size_t capacity)
{
    return sizeof(DictKeys) + ((slots << width_log2) + 7) / 8 * 8 + capacity * sizeof(DictEntry);
}

static size_t size_of_keys(const DictKeys *keys)
{
    return keys_size(keys->mask + 1, keys->width_log2, keys->capacity);
}

/* A table of at least [expected] entries. */
static DictKeys *keys_new(Thread *t, size_t expected)
{
    if (expected > SIZE_MAX / 256)
        return raise_memory_error(t), NULL;
    size_t slots = 8;
    while (slots * 2 / 3 < expected)
        slots *= 2;
    unsigned width_log2 = slots <= 1 << 7 ? 0 : slots <= 1 << 15 ? 1 : slots <= (size_t)1 << 31 ? 2 : 3;
    size_t capacity = slots * 2 / 3;
    DictKeys *keys = block_alloc(t, keys_size(slots, width_log2, capacity));
    if (!keys)
        return NULL;
    keys->mask = slots - 1;
    keys->capacity = capacity;
    keys->usable = capacity;
    keys->used = keys->first = 0;
    keys->width_log2 = (uint8_t)width_log2;
    keys->has_only_str = true;
    keys->entries = (DictEntry *)(keys->slots + ((slots << width_log2) + 7) / 8 * 8);
    memset(keys->slots, 0xff, slots << width_log2);   /* SLOT_FREE everywhere */
    return keys;
}

/* Puts an entry into a table that has room; takes the references over. */
static void keys_add(DictKeys *keys, Value key, int64_t hash, Value value)
{
    Probe probe = probe_start(keys, hash);
    while (slot_get(keys, probe.slot) >= 0)
        probe_next(keys, &probe);
    slot_set(keys, probe.slot, (int64_t)keys->used);
    keys->entries[keys->used++] = (DictEntry){hash, key, value};
    keys->usable--;
    if (!is_kind(key, KIND_STR))
        keys->has_only_str = false;
}

static bool resize(Thread *t, Dict *dict, size_t expected)
{
    DictKeys *old = dict->keys, *keys = keys_new(t, expected);
    if (!keys)
        return false;
    for (size_t i = old ? old->first : 0; old && i < old->used; i++) {
        DictEntry *entry = &old->entries[i];
        if (is_bound(entry->key))
            keys_add(keys, entry->key, entry->hash, entry->value);
    }
    if (old)
        block_free(t, old, size_of_keys(old));
    dict->keys = keys;
    dict->keys_version = 0;   /* places have changed: keeps I2 */
    return true;
}

/* Drops a detached table and what is in it. */
static void keys_drop(Thread *t, TAKES DictKeys *keys)
{
    for (size_t i = 0; i < keys->used; i++) {
        if (is_bound(keys->entries[i].key))
            release2(keys->entries[i].key, keys->entries[i].value);
    }
    block_free(t, keys, size_of_keys(keys));
}

/* ---- making ---- */

Dict *dict_new(Thread *t)
{
    return (Dict *)heap_new(t, kind_type(t, KIND_DICT), sizeof(Dict));
}

Dict *dict_new_sized(Thread *t, size_t expected)
{
    Dict *dict = dict_new(t);
    if (dict && expected > 0 && !resize(t, dict, expected)) {
        object_release(dict);
        return NULL;
    }
    return dict;
}

/* A dict without own entries gets the same as [source], which has no deleted ones: one block copied. */
static bool clone_keys(Thread *t, Dict *dict, const Dict *source)
{
    size_t size = size_of_keys(source->keys);
    DictKeys *keys = block_alloc(t, size);
    if (!keys)
        return false;
    memcpy(keys, source->keys, size);
    keys->entries = (DictEntry *)((char *)keys + ((char *)source->keys->entries - (char *)source->keys));
    for (size_t i = 0; i < keys->used; i++) {
        retain(keys->entries[i].key);
        retain(keys->entries[i].value);
    }
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

static inline bool hash_of(Thread *t, Value key, int64_t *hash)
{
    if (is_kind(key, KIND_STR)) {
        Str *s = as_str(key);
        *hash = LIKELY(s->hash != -1) ? s->hash : str_hash(t, s);
        return true;
    }
    if (is_small_int(key)) {
        int64_t n = small_int(key);
        *hash = LIKELY(n > -1 && n < (int64_t)HASH_PRIME) ? n : hash_int64(n);
        return true;
    }
    return value_hash(t, key, hash);
}

/* The usual cases, without calls: an exact string in a table of strings, a small int. PLACE_UNSURE: anything else. */
static inline size_t find_plainly(const DictKeys *keys, Value key, int64_t hash)
{
    if (!keys)
        return PLACE_NONE;
    if (is_small_int(key))
        return keys_find_small_int(keys, key, hash);
    if (keys->has_only_str && is_kind(key, KIND_STR))
        return keys_find_str(keys, as_str(key), hash);
    return PLACE_UNSURE;
}

bool dict_find(Thread *t, Dict *dict, Value key, int64_t hash, size_t *place)
{
restart:
    *place = PLACE_NONE;
    DictKeys *keys = dict->keys;
    size_t plain = find_plainly(keys, key, hash);
    if (plain != PLACE_UNSURE) {
        *place = plain;
        return true;
    }
    for (Probe probe = probe_start(keys, hash); ; probe_next(keys, &probe)) {
        int64_t at = slot_get(keys, probe.slot);
        if (at == SLOT_FREE)
            return true;
        if (at == SLOT_DELETED)
            continue;
        DictEntry *entry = &keys->entries[at];
        if (is_same(entry->key, key)) {
            *place = (size_t)at;
            return true;
        }
        if (entry->hash != hash || are_small_ints(entry->key, key))
            continue;
        Value candidate = retain(entry->key);
        bool equal;
        bool is_good = value_equal(t, candidate, key, &equal);
        bool is_changed = dict->keys != keys || !is_same(keys->entries[at].key, candidate);
        release(candidate);
        if (!is_good)
            return false;
        if (is_changed)
            goto restart;
        if (equal) {
            *place = (size_t)at;
            return true;
        }
    }
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
    size_t place = find_plainly(dict->keys, key, hash);
    if (UNLIKELY(place == PLACE_UNSURE) && !dict_find(t, dict, key, hash, &place))
        return false;
    if (place != PLACE_NONE)
        *value = retain(dict->keys->entries[place].value);
    return true;
}

bool dict_get(Thread *t, Dict *dict, Value key, Value *value)
{
    int64_t hash;
    *value = UNBOUND;
    if (asks_live(dict, key)) {
        *value = retain(dict_live_get(dict, as_str(key)));
        return true;
    }
    return hash_of(t, key, &hash) && settle(t, dict) && dict_get_hashed(t, dict, key, hash, value);
}

bool dict_contains(Thread *t, Dict *dict, Value key, bool *found)
{
    int64_t hash;
    size_t place;
    if (asks_live(dict, key)) {
        *found = is_bound(dict_live_get(dict, as_str(key)));
        return true;
    }
    if (!hash_of(t, key, &hash) || !settle(t, dict) || !dict_find(t, dict, key, hash, &place))
        return false;
    *found = place != PLACE_NONE;
    return true;
}

/* ---- storing ---- */

bool dict_insert(Thread *t, Dict *dict, Value key, int64_t hash, Value value)
{
    DictKeys *keys = dict->keys;
    if (UNLIKELY(!keys || keys->usable == 0)) {
        if (!resize(t, dict, keys ? dict->count * 2 + 1 : 1))
            return false;
    }
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

bool dict_set(Thread *t, Dict *dict, Value key, Value value)
{
    ASSERT_GIL(t);
    int64_t hash;
    if (asks_live(dict, key))
        return dict_live_set(t, dict, as_str(key), value);
    return hash_of(t, key, &hash) && settle(t, dict) && dict_set_hashed(t, dict, key, hash, value);
}

bool dict_set_default(Thread *t, Dict *dict, Value key, Value value, Value *result)
{
    ASSERT_GIL(t);
    int64_t hash;
    size_t place;
    *result = UNBOUND;
    if (!hash_of(t, key, &hash) || !settle(t, dict) || !dict_find(t, dict, key, hash, &place))
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

/* The slot that leads to an entry. */
static size_t slot_of_entry(const DictKeys *keys, size_t place)
{
    Probe probe = probe_start(keys, keys->entries[place].hash);
    while (slot_get(keys, probe.slot) != (int64_t)place)
        probe_next(keys, &probe);
    return probe.slot;
}

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
    while (keys->used > 0 && is_unbound(keys->entries[keys->used - 1].key))
        keys->used--;
    if (keys->first > keys->used)
        keys->first = keys->used;
    close_front(keys, place);
}

/* Empties the entry and its slot; the references go to the caller. */
static void take_entry(Dict *dict, size_t place, Value *key, Value *value)
{
    DictKeys *keys = dict->keys;
    DictEntry *entry = &keys->entries[place];
    slot_set(keys, slot_of_entry(keys, place), SLOT_DELETED);
    *key = entry->key;
    *value = entry->value;
    entry->key = entry->value = UNBOUND;
    dict->count--;
    dict->keys_version = 0;
    close_front(keys, place);
}

/* ---- another order ---- */

static void move_entry(Dict *dict, size_t from, size_t to)
{
    DictKeys *keys = dict->keys;
    slot_set(keys, slot_of_entry(keys, from), (int64_t)to);
    keys->entries[to] = keys->entries[from];
    keys->entries[from].key = keys->entries[from].value = UNBOUND;
    dict->keys_version = 0;
}

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
    if (dict->keys->used == dict->keys->capacity || dict->keys->usable == 0) {
        size_t rank = rank_of(dict->keys, place);
        if (!resize(t, dict, dict->count * 2 + 1))
            return false;
        place = rank;
    }
    DictKeys *keys = dict->keys;
    move_entry(dict, place, keys->used++);
    keys->usable--;
    close_ends(keys, place);
    return true;
}

/* A new table with room before its first entry: once in a while, so that moving to the front costs as little as moving to the end. */
static bool resize_with_room_in_front(Thread *t, Dict *dict)
{
    size_t room = dict->count / 2 + 2;
    DictKeys *old = dict->keys, *keys = keys_new(t, dict->count * 2 + room);
    if (!keys)
        return false;
    for (size_t i = 0; i < room; i++)
        keys->entries[i] = (DictEntry){0, UNBOUND, UNBOUND};
    keys->used = keys->first = room;
    keys->usable -= room;
    for (size_t i = old->first; i < old->used; i++) {
        if (is_bound(old->entries[i].key))
            keys_add(keys, old->entries[i].key, old->entries[i].hash, old->entries[i].value);
    }
    block_free(t, old, size_of_keys(old));
    dict->keys = keys;
    dict->keys_version = 0;
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
    move_entry(dict, place, --dict->keys->first);
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

bool dict_pop_hashed(Thread *t, Dict *dict, Value key, int64_t hash, Value *value)
{
    size_t place;
    *value = UNBOUND;
    if (!dict_find(t, dict, key, hash, &place))
        return false;
    if (place != PLACE_NONE) {
        Value old_key;
        take_entry(dict, place, &old_key, value);
        release(old_key);
    }
    return true;
}

bool dict_pop(Thread *t, Dict *dict, Value key, Value *value)
{
    ASSERT_GIL(t);
    int64_t hash;
    *value = UNBOUND;
    return hash_of(t, key, &hash) && settle(t, dict) && dict_pop_hashed(t, dict, key, hash, value);
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

Value dict_get_str(Dict *dict, Str *key)
{
    if (UNLIKELY(dict->instance != NULL))
        return dict_live_get(dict, key);
    DictKeys *keys = dict->keys;
    if (!keys)
        return UNBOUND;
    size_t place = keys_find_str(keys, key, LIKELY(key->hash != -1) ? key->hash : str_hash(thread_current(), key));
    return place == PLACE_NONE ? UNBOUND : keys->entries[place].value;
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
        *hash = keys->entries[i].hash;
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
    if (!dict->keys && !resize(t, dict, length))
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
    if (dict->instance || !dict->keys)
        return PLACE_NONE;
    return keys_find_str(dict->keys, key, key->hash != -1 ? key->hash : str_hash(thread_current(), key));
}

DictEntry *dict_entry_at(Dict *dict, size_t place)
{
    return &dict->keys->entries[place];
}

/* Bytes of the table, for __sizeof__. */
size_t dict_table_size(Dict *dict)
{
    return dict->keys ? size_of_keys(dict->keys) : 0;
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
