/* dict_keys.c - see dict_keys.h: the table inside a dict.
 *
 * What        Making tables, finding, adding and moving entries. It knows neither == nor what else may happen to the dict meanwhile.
 * How         Each loop over slots is written once and compiled for each size of them, the size being a constant in each copy: choosing
 *             it anew at every step cost a third of a look-up.
 * Invariants  I1 to I3 of dict_keys.h.
 * GIL         held.
 * Read next   dict.c */
#include "vm/object/dict_keys.h"

#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"

/* ---- hashes ---- */

enum { HASH_LEVELS_MAX = 3 };    /* tuples inside of tuples; deeper ones are left to value_hash, which looks after the stack */

static bool hash_plainly(Thread *t, Value key, int levels, int64_t *hash);

static bool hash_tuple_plainly(Thread *t, const Tuple *tuple, int levels, int64_t *hash)
{
    uint64_t state = hash_tuple_begin();
    for (size_t i = 0; i < tuple->count; i++) {
        int64_t item_hash;
        if (is_small_int(tuple->items[i]))
            item_hash = small_int_hash(tuple->items[i]);
        else if (!hash_plainly(t, tuple->items[i], levels, &item_hash))
            return false;
        state = hash_tuple_add(state, item_hash);
    }
    *hash = hash_tuple_end(state, tuple->count);
    return true;
}

static bool hash_plainly(Thread *t, Value key, int levels, int64_t *hash)
{
    if (!is_object(key))
        return value_type(t, key)->slots.hash(t, key, hash);
    Object *o = as_object(key);
    if (o->kind == KIND_STR)
        *hash = LIKELY(((Str *)o)->hash != -1) ? ((Str *)o)->hash : str_hash(t, (Str *)o);
    else if (o->kind == KIND_TUPLE)
        return levels > 0 && hash_tuple_plainly(t, (Tuple *)o, levels - 1, hash);
    else if (o->type->slots.hash == object_spec.slots.hash)
        *hash = hash_address(o);
    else
        return false;
    return true;
}

bool key_hash_try(Thread *t, Value key, int64_t *hash)
{
    if (LIKELY(is_kind(key, KIND_TUPLE)))
        return hash_tuple_plainly(t, as_tuple(key), HASH_LEVELS_MAX, hash);
    return hash_plainly(t, key, HASH_LEVELS_MAX, hash);
}

/* ---- blocks ---- */

static size_t slots_size(const DictKeys *keys)
{
    return keys->slot_size ? ((size_t)keys->mask + 1) * keys->slot_size : 0;
}

static size_t entries_size(size_t capacity, bool is_plain)
{
    return capacity * (sizeof(DictEntry) + (is_plain ? 0 : sizeof(int64_t)));
}

size_t keys_size(const DictKeys *keys)
{
    return slots_size(keys) + sizeof(DictKeys) + entries_size(keys_capacity(keys), keys->is_plain);
}

DictKeys *keys_new(Thread *t, size_t expected, bool is_plain)
{
    size_t slots = 0, slot_size = 0, capacity = expected;
    if (expected > KEYS_WITHOUT_SLOTS) {
        if (expected > UINT32_MAX / 2)   /* 35 gigabytes */
            return raise_memory_error(t), NULL;
        slots = 16;
        while (slots * 2 / 3 < expected)
            slots *= 2;
        slot_size = slots <= 1 << 7 ? 1 : slots <= 1 << 15 ? 2 : 4;
        if (slot_size == 1)
            slots *= 2;
        capacity = slots_capacity(slots, (unsigned)slot_size);
    }
    char *block = block_alloc_quick(t, slots * slot_size + sizeof(DictKeys) + entries_size(capacity, is_plain));
    if (!block)
        return NULL;
    memset(block, 0xff, slots * slot_size);   /* SLOT_FREE everywhere */
    DictKeys *keys = (DictKeys *)(block + slots * slot_size);
    *keys = (DictKeys){.mask = slots ? slots - 1 : 0, .limit = (uint32_t)capacity, .slot_size = (uint8_t)slot_size, .is_plain = is_plain};
    return keys;
}

void keys_free(Thread *t, TAKES DictKeys *keys)
{
    block_free(t, (char *)keys - slots_size(keys), keys_size(keys));
}

DictKeys *keys_clone(Thread *t, const DictKeys *keys)
{
    size_t size = keys_size(keys), before = slots_size(keys);
    char *block = block_alloc(t, size);
    if (!block)
        return NULL;
    memcpy(block, (const char *)keys - before, size);
    DictKeys *clone = (DictKeys *)(block + before);
    for (size_t i = 0; i < clone->used; i++) {
        retain(clone->entries[i].key);
        retain(clone->entries[i].value);
    }
    return clone;
}

/* ---- finding ---- */

typedef enum Answer { DIFFERENT, EQUAL, LONG_TEXT } Answer;

/* Is the candidate the key? LONG_TEXT: of the same hash, and only a comparison of their characters could tell. */
ALWAYS_INLINE Answer compare(Value candidate, Value key, int64_t hash, bool is_text)
{
    if (LIKELY(is_same(candidate, key)))
        return EQUAL;
    if (!is_text || !is_kind(candidate, KIND_STR) || as_str(candidate)->hash != hash || !str_begins_alike(as_str(candidate), as_str(key)))
        return DIFFERENT;
    return str_is_tiny(as_str(key)) ? EQUAL : !str_is_short(as_str(key)) ? LONG_TEXT : str_equal_short(as_str(candidate), as_str(key)) ? EQUAL : DIFFERENT;
}

/* The second half of a search for a string, if a long one of the same hash was met. Apart, so that the loops below call nothing: saving
 * registers for that took longer than the rest of a look-up. */
static size_t find_long_text(const DictKeys *keys, Value key, int64_t hash)
{
    Candidates candidates = candidates_start(keys, hash);
    size_t place;
    while ((place = candidates_next(keys, &candidates, hash)) != PLACE_NONE) {
        Value candidate = keys->entries[place].key;
        if (is_kind(candidate, KIND_STR) && str_equal(as_str(candidate), as_str(key)))
            break;
    }
    return place;
}

ALWAYS_INLINE size_t find_by_tags(const DictKeys *keys, Value key, int64_t hash, bool is_text)
{
    for (uint64_t found = tags_like(keys, hash); found; found &= found - 1) {
        size_t place = (size_t)__builtin_ctzll(found) >> 3;
        Answer answer = compare(keys->entries[place].key, key, hash, is_text);
        if (LIKELY(answer == EQUAL))
            return place;
        if (answer == LONG_TEXT)
            return find_long_text(keys, key, hash);
    }
    return PLACE_NONE;
}

/* One look at a slot: the place of the key, PLACE_NONE, or that the search goes on. */
#define PLACE_ELSEWHERE (SIZE_MAX - 2)
ALWAYS_INLINE size_t find_in_slot(const DictKeys *keys, Value key, int64_t hash, size_t slot, unsigned size, bool is_text)
{
    uint32_t word = slot_get(keys, slot, size);
    if (!slot_may_lead_to(keys, word, hash, size))
        return word == SLOT_FREE(size) ? PLACE_NONE : PLACE_ELSEWHERE;
    size_t place = word & keys->mask;
    Answer answer = compare(keys->entries[place].key, key, hash, is_text);
    return LIKELY(answer == EQUAL) ? place : answer == LONG_TEXT ? find_long_text(keys, key, hash) : PLACE_ELSEWHERE;
}

ALWAYS_INLINE size_t find_further(const DictKeys *keys, Value key, int64_t hash, unsigned size, bool is_text)
{
    for (Probe probe = probe_start(keys, hash); ; ) {
        probe_next(keys, &probe);
        size_t place = find_in_slot(keys, key, hash, probe.slot, size, is_text);
        if (place != PLACE_ELSEWHERE)
            return place;
    }
}

/* Functions for each size: together they would need more registers than need not be saved, which was a quarter of a look-up in a small table.
 * And most searches end where they begin: so going on from there is a function of its own, too. */
#define FIND_IN_SLOTS(name, size, is_text)                                                            \
    NOINLINE static size_t name##_on(const DictKeys *keys, Value key, int64_t hash) { return find_further(keys, key, hash, size, is_text); } \
    NOINLINE static size_t name(const DictKeys *keys, Value key, int64_t hash)                        \
    {                                                                                                 \
        size_t place = find_in_slot(keys, key, hash, (uint64_t)hash & keys->mask, size, is_text);     \
        return LIKELY(place != PLACE_ELSEWHERE) ? place : name##_on(keys, key, hash);         \
    }
FIND_IN_SLOTS(find_str_1, 1, true)
FIND_IN_SLOTS(find_str_2, 2, true)
FIND_IN_SLOTS(find_str_4, 4, true)
FIND_IN_SLOTS(find_small_int_1, 1, false)
FIND_IN_SLOTS(find_small_int_2, 2, false)
FIND_IN_SLOTS(find_small_int_4, 4, false)

size_t keys_find_str(const DictKeys *keys, Value key, int64_t hash)
{
    switch (keys->slot_size) {
    case 0: return find_by_tags(keys, key, hash, true);
    case 1: return find_str_1(keys, key, hash);
    case 2: return find_str_2(keys, key, hash);
    default: return find_str_4(keys, key, hash);
    }
}

size_t keys_find_small_int(const DictKeys *keys, Value key, int64_t hash)
{
    switch (keys->slot_size) {
    case 0: return find_by_tags(keys, key, hash, false);
    case 1: return find_small_int_1(keys, key, hash);
    case 2: return find_small_int_2(keys, key, hash);
    default: return find_small_int_4(keys, key, hash);
    }
}

size_t candidates_next(const DictKeys *keys, Candidates *candidates, int64_t hash)
{
    unsigned size = keys->slot_size;
    if (!size) {
        if (!candidates->tags)
            return PLACE_NONE;
        size_t place = (size_t)__builtin_ctzll(candidates->tags) >> 3;
        candidates->tags &= candidates->tags - 1;
        return place;
    }
    for (;;) {
        uint32_t word = slot_get(keys, candidates->probe.slot, size);
        if (word == SLOT_FREE(size))
            return PLACE_NONE;
        probe_next(keys, &candidates->probe);
        if (slot_may_lead_to(keys, word, hash, size))
            return word & keys->mask;
    }
}

/* ---- adding ---- */

ALWAYS_INLINE void slot_set(DictKeys *keys, size_t slot, uint32_t word, unsigned size)
{
    switch (size) {
    case 1: ((uint8_t *)keys)[~slot] = (uint8_t)word; break;
    case 2: ((uint16_t *)keys)[~slot] = (uint16_t)word; break;
    default: ((uint32_t *)keys)[~slot] = word; break;
    }
}

ALWAYS_INLINE uint32_t slot_word(const DictKeys *keys, int64_t hash, size_t place)
{
    return (uint32_t)(((uint64_t)hash & ~keys->mask) | place);
}

ALWAYS_INLINE void lead_to(DictKeys *keys, size_t place, int64_t hash, unsigned size)
{
    Probe probe = probe_start(keys, hash);
    while (slot_get(keys, probe.slot, size) < SLOT_DELETED(size))
        probe_next(keys, &probe);
    slot_set(keys, probe.slot, slot_word(keys, hash, place), size);
}

ALWAYS_INLINE void set_tag(DictKeys *keys, size_t place, uint64_t tag)
{
    keys->tags = (keys->tags & ~((uint64_t)0xff << 8 * place)) | tag << 8 * place;
}

void keys_add(DictKeys *keys, TAKES Value key, int64_t hash, TAKES Value value)
{
    size_t place = keys->used++;
    switch (keys->slot_size) {
    case 0: set_tag(keys, place, tag_of(hash)); break;
    case 1: lead_to(keys, place, hash, 1); break;
    case 2: lead_to(keys, place, hash, 2); break;
    default: lead_to(keys, place, hash, 4); break;
    }
    keys->entries[place] = (DictEntry){key, value};
    if (!keys->is_plain)
        keys_hashes(keys)[place] = hash;
}

void keys_move_all(DictKeys *to, const DictKeys *from)
{
    for (size_t i = from->first; i < from->used; i++) {
        const DictEntry *entry = &from->entries[i];
        if (is_bound(entry->key))
            keys_add(to, entry->key, keys_hash_at(from, i), entry->value);
    }
}

void keys_copy_all(DictKeys *to, const DictKeys *from)
{
    for (size_t i = 0; i < from->used; i++) {
        const DictEntry *entry = &from->entries[i];
        if (is_bound(entry->key))
            keys_add(to, entry->key, keys_hash_at(from, i), entry->value);
        else
            to->entries[to->used++] = (DictEntry){UNBOUND, UNBOUND};
    }
    to->first = from->first;
}

/* ---- changing ---- */

/* The slot that leads to an entry. */
static size_t slot_of_entry(const DictKeys *keys, size_t place, int64_t hash)
{
    uint32_t word = slot_word(keys, hash, place) & SLOT_FREE(keys->slot_size);
    Probe probe = probe_start(keys, hash);
    while (slot_get(keys, probe.slot, keys->slot_size) != word)
        probe_next(keys, &probe);
    return probe.slot;
}

void keys_move_entry(DictKeys *keys, size_t from, size_t to)
{
    int64_t hash = keys_hash_at(keys, from);
    if (keys->slot_size) {
        slot_set(keys, slot_of_entry(keys, from, hash), slot_word(keys, hash, to), keys->slot_size);
    } else {
        set_tag(keys, from, 0);
        set_tag(keys, to, tag_of(hash));
    }
    keys->entries[to] = keys->entries[from];
    keys->entries[from] = (DictEntry){UNBOUND, UNBOUND};
    if (!keys->is_plain)
        keys_hashes(keys)[to] = hash;
}

void keys_forget(DictKeys *keys, size_t place)
{
    if (keys->slot_size)
        slot_set(keys, slot_of_entry(keys, place, keys_hash_at(keys, place)), SLOT_DELETED(keys->slot_size), keys->slot_size);
    else
        set_tag(keys, place, 0);
    keys->entries[place] = (DictEntry){UNBOUND, UNBOUND};
}
