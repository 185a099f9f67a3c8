/* dict_keys.h - the hash table inside a dict.
 *
 * What        DictKeys: entries in insertion order and a table of indices over them, in one block.
 * How         The table has a power of two of slots; a slot holds the number of an entry, or says that it is free or was
 *             deleted. Numbers take 1, 2, 4 or 8 bytes, so the table of a small dict is one cache line. At most two thirds
 *             of the slots are taken; then everything moves to a block of the right size and deleted entries vanish.
 * Layout      | header | slot 0 | slot 1 | ...    | entry 0: hash, key, value | entry 1 | ... up to capacity
 *             e.g. {a: 1, b: 2}:  slots  . 1 . . 0 . . .     entries  a:1  b:2  .  .  .
 * Invariants  I1 entries 0 .. used-1 were filled; a deleted one has key UNBOUND.
 *             I2 has_only_str: every key ever put in was an exact str; then look-up of one runs no script code.
 * GIL         held.
 * Read next   dict.c */
#ifndef TOY_OBJECT_DICT_KEYS_H
#define TOY_OBJECT_DICT_KEYS_H

#include "vm/object/dict.h"
#include "vm/object/str.h"

struct DictKeys {
    size_t mask;               /* slots less one */
    size_t capacity, used;     /* entries there is room for; entries taken, deleted ones included */
    size_t first;              /* no live entry stands before this place: the oldest one is found at once */
    size_t usable;             /* additions left before the table must be made anew, or its slots would run out of free ones */
    DictEntry *entries;
    uint8_t width_log2;        /* of a slot's bytes: 0 .. 3 */
    bool has_only_str;         /* I2 */
    _Alignas(8) uint8_t slots[];
};

enum { SLOT_FREE = -1, SLOT_DELETED = -2 };
#define PLACE_NONE SIZE_MAX    /* no such entry */

static inline int64_t slot_get_wide(const DictKeys *keys, size_t slot, int width_log2)
{
    switch (width_log2) {
    case 0: return ((const int8_t *)keys->slots)[slot];
    case 1: return ((const int16_t *)keys->slots)[slot];
    case 2: return ((const int32_t *)keys->slots)[slot];
    default: return ((const int64_t *)keys->slots)[slot];
    }
}
static inline int64_t slot_get(const DictKeys *keys, size_t slot) { return slot_get_wide(keys, slot, keys->width_log2); }

static inline void slot_set(DictKeys *keys, size_t slot, int64_t place)
{
    switch (keys->width_log2) {
    case 0: ((int8_t *)keys->slots)[slot] = (int8_t)place; break;
    case 1: ((int16_t *)keys->slots)[slot] = (int16_t)place; break;
    case 2: ((int32_t *)keys->slots)[slot] = (int32_t)place; break;
    default: ((int64_t *)keys->slots)[slot] = place; break;
    }
}

/* The order in which slots are tried: every slot in the end, the high bits of the hash mixed in on the way. */
typedef struct Probe { size_t slot; uint64_t rest; } Probe;
static inline Probe probe_start(const DictKeys *keys, int64_t hash) { return (Probe){(size_t)hash & keys->mask, (uint64_t)hash}; }
static inline void probe_next(const DictKeys *keys, Probe *probe)
{
    probe->rest >>= 5;
    probe->slot = (probe->slot * 5 + probe->rest + 1) & keys->mask;
}

/* The two searches that run no script code are written once and compiled for each width of slots, the width being a
 * constant in each copy: choosing it anew at every probe cost a third of a look-up. */
__attribute__((always_inline)) static inline size_t find_str_wide(const DictKeys *keys, const Str *key, int64_t hash, int width_log2)
{
    for (Probe probe = probe_start(keys, hash); ; probe_next(keys, &probe)) {
        int64_t place = slot_get_wide(keys, probe.slot, width_log2);
        if (LIKELY(place >= 0)) {
            const DictEntry *entry = &keys->entries[place];
            if (LIKELY(as_object(entry->key) == &key->head))
                return (size_t)place;
            if (entry->hash == hash && is_kind(entry->key, KIND_STR) && str_equal(as_str(entry->key), key))
                return (size_t)place;
        } else if (place == SLOT_FREE) {
            return PLACE_NONE;
        }
    }
}

/* The entry of an exact string; other kinds of keys are passed over. Never raises. */
static inline size_t keys_find_str(const DictKeys *keys, const Str *key, int64_t hash)
{
    switch (keys->width_log2) {
    case 0: return find_str_wide(keys, key, hash, 0);
    case 1: return find_str_wide(keys, key, hash, 1);
    case 2: return find_str_wide(keys, key, hash, 2);
    default: return find_str_wide(keys, key, hash, 3);
    }
}

#define PLACE_UNSURE (SIZE_MAX - 1)    /* == must be asked */

__attribute__((always_inline)) static inline size_t find_same_wide(const DictKeys *keys, Value key, int64_t hash, int width_log2)
{
    for (Probe probe = probe_start(keys, hash); ; probe_next(keys, &probe)) {
        int64_t place = slot_get_wide(keys, probe.slot, width_log2);
        if (LIKELY(place >= 0)) {
            const DictEntry *entry = &keys->entries[place];
            if (LIKELY(is_same(entry->key, key)))
                return (size_t)place;
            if (entry->hash == hash && !is_small_int(entry->key))
                return PLACE_UNSURE;
        } else if (place == SLOT_FREE) {
            return PLACE_NONE;
        }
    }
}

/* The entry of a small int, unless something that is none has the same hash. */
static inline size_t keys_find_small_int(const DictKeys *keys, Value key, int64_t hash)
{
    switch (keys->width_log2) {
    case 0: return find_same_wide(keys, key, hash, 0);
    case 1: return find_same_wide(keys, key, hash, 1);
    case 2: return find_same_wide(keys, key, hash, 2);
    default: return find_same_wide(keys, key, hash, 3);
    }
}

/* dict.c: what the views and iterators need beyond dict.h. */
MUST_CHECK bool dict_find(Thread *t, Dict *dict, Value key, int64_t hash, size_t *place);
MUST_CHECK bool dict_insert(Thread *t, Dict *dict, Value key, int64_t hash, Value value);   /* the key is known to be absent */
void dict_delete_at(Thread *t, Dict *dict, size_t place);
/* An entry becomes the last, or the first, of all. Its place changes, and with the second maybe all places. False: raised, nothing has moved. */
MUST_CHECK bool dict_move_to_end(Thread *t, Dict *dict, size_t place);
MUST_CHECK bool dict_move_to_front(Thread *t, Dict *dict, size_t place);
/* The same for the entry that dict_previous() finds first: only here is its place used again. Otherwise new entries come behind all that
 * an iterator has passed, so that it meets them and can tell that keys were exchanged. */
void dict_delete_last(Thread *t, Dict *dict, size_t place);
/* Backwards from *position = SIZE_MAX; false at the start. BORROWED key and value. */
bool dict_previous(Dict *dict, size_t *position, Value *key, Value *value);

size_t dict_table_size(Dict *dict);
void dict_traverse(Object *self, VisitFn visit, void *context);
void dict_drop(Object *self);

/* dict_live.c: a dict that shows an instance's slots. */
BORROWED Value dict_live_get(Dict *dict, const Str *key);
bool dict_live_next(Dict *dict, size_t *position, Value *key, Value *value);
MUST_CHECK bool dict_live_set(Thread *t, Dict *dict, Str *key, Value value);

#endif
