/* dict_keys.h - the hash table inside a dict.
 *
 * What        DictKeys: entries in insertion order, and what leads from a hash to an entry, in one block.
 * How         Up to eight entries have no table: one word holds seven bits of each entry's hash, and all are compared at once.
 *             More have a table of a power of two of slots, of 1, 2 or 4 bytes, at most two thirds of them taken, or one third where a slot
 *             takes but a byte: a search then nearly always ends where it begins. A slot holds the number of an entry in as many bits as
 *             that needs; in the others, the bits of its hash next to those that chose the slot. So a key
 *             that merely met another on its way is passed by without a look at the entry, which in a large dict is not in the cache.
 *             Exact strings and small ints know their hashes. Only once another key has come are hashes kept, in a row of their own.
 * Layout      | slot n-1 ... slot 1, slot 0 | header | entry 0: key, value | entry 1 | ... up to capacity | hash 0 | hash 1 | ...
 *                              a DictKeys *  ^
 *             e.g. {a: 1, b: 2}:  tags  0 0 0 0 0 0 #b #a    entries  a:1  b:2
 * Invariants  I1 entries 0 .. used-1 were filled; a deleted one has key UNBOUND.
 *             I2 is_plain: every key is an exact str or a small int; then look-up of one runs no script code, and there are no hashes.
 *             I3 limit - used never grows while slots may be left behind by deleted entries: so there is always a free one.
 * GIL         held.
 * Read next   dict_keys.c, dict.c */
#ifndef TOY_OBJECT_DICT_KEYS_H
#define TOY_OBJECT_DICT_KEYS_H

#include "vm/base/hash.h"
#include "vm/object/dict.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

struct DictKeys {
    union {
        uint64_t tags;         /* slot_size 0: byte i is 128 and seven bits of the hash of entry i; 0: no entry, or a deleted one */
        uint64_t mask;         /* otherwise: slots less one */
    };
    uint32_t used;             /* entries taken, deleted ones included */
    uint32_t first;            /* no live entry stands before this place: the oldest one is found at once */
    uint32_t limit;            /* entries may be added up to here, then the table is made anew: I3. Without slots it is the capacity */
    uint8_t slot_size;         /* bytes; 0: no slots, tags */
    bool is_plain;             /* I2 */
    DictEntry entries[];
};

enum { KEYS_WITHOUT_SLOTS = 8 };
#define PLACE_NONE SIZE_MAX    /* no such entry */

/* See dict_keys_version. */
BORROWED static inline DictEntry *dict_entry_at(const Dict *dict, size_t place) { return &dict->keys->entries[place]; }

/* ---- hashes of keys ---- */

ALWAYS_INLINE int64_t small_int_hash(Value key)
{
    int64_t n = small_int(key);
    return LIKELY(n > -1 && n < (int64_t)HASH_PRIME) ? n : hash_int64(n);
}

static inline bool is_plain_key(Value key) { return is_small_int(key) || is_kind(key, KIND_STR); }
/* The hash of what can be hashed without script code: numbers, texts, None and its kin, tuples of such, objects that are equal to
 * themselves alone. False: it is none of these, and nothing was raised. */
bool key_hash_try(Thread *t, Value key, int64_t *hash);
/* As value_hash, without a call for what most keys are. */
ALWAYS_INLINE bool key_hash(Thread *t, Value key, int64_t *hash)
{
    if (is_small_int(key))
        *hash = small_int_hash(key);
    else if (is_kind(key, KIND_STR))
        *hash = LIKELY(as_str(key)->hash != -1) ? as_str(key)->hash : str_hash(t, as_str(key));
    else
        return key_hash_try(t, key, hash) || value_hash(t, key, hash);
    return true;
}
/* A key that is in a table: its hash has been computed. */
static inline int64_t plain_hash(Value key) { return is_small_int(key) ? small_int_hash(key) : as_str(key)->hash; }

static inline size_t slots_capacity(size_t slots, unsigned slot_size) { return slots * (slot_size == 1 ? 1 : 2) / 3; }
static inline size_t keys_capacity(const DictKeys *keys) { return keys->slot_size ? slots_capacity((size_t)keys->mask + 1, keys->slot_size) : keys->limit; }
static inline int64_t *keys_hashes(const DictKeys *keys) { return (int64_t *)(keys->entries + keys_capacity(keys)); }
static inline int64_t keys_hash_at(const DictKeys *keys, size_t place)
{
    return keys->is_plain ? plain_hash(keys->entries[place].key) : keys_hashes(keys)[place];
}

/* ---- slots ---- */

/* The largest word is a free slot, the next one that of a deleted entry; neither can be a place, which is below two thirds of the slots. */
#define SLOT_FREE(size) ((uint32_t)((UINT64_C(1) << 8 * (size)) - 1))
#define SLOT_DELETED(size) (SLOT_FREE(size) - 1)

ALWAYS_INLINE uint32_t slot_get(const DictKeys *keys, size_t slot, unsigned size)
{
    switch (size) {
    case 1: return ((const uint8_t *)keys)[~slot];
    case 2: return ((const uint16_t *)keys)[~slot];
    default: return ((const uint32_t *)keys)[~slot];
    }
}

/* The order in which slots are tried: every slot in the end, the high bits of the hash mixed in on the way. */
typedef struct Probe { size_t slot; uint64_t rest; } Probe;
static inline Probe probe_start(const DictKeys *keys, int64_t hash) { return (Probe){(uint64_t)hash & keys->mask, (uint64_t)hash}; }
static inline void probe_next(const DictKeys *keys, Probe *probe)
{
    probe->rest >>= 5;
    probe->slot = (probe->slot * 5 + probe->rest + 1) & keys->mask;
}

/* The tag of a slot is the hash itself, less the bits of the place: both agree if nothing above the mask differs. */
ALWAYS_INLINE bool slot_may_lead_to(const DictKeys *keys, uint32_t word, int64_t hash, unsigned size)
{
    return ((word ^ (uint32_t)hash) & SLOT_FREE(size)) <= keys->mask && word < SLOT_DELETED(size);
}

/* ---- tags ---- */

#define TAG_ONES  UINT64_C(0x0101010101010101)
static inline uint64_t tag_of(int64_t hash) { return 0x80 | (hash & 0x7f); }

/* A bit in each byte whose tag is that of the hash, and maybe in the next one: a borrow in the subtraction. Never where no entry is. */
static inline uint64_t tags_like(const DictKeys *keys, int64_t hash)
{
    uint64_t difference = keys->tags ^ TAG_ONES * tag_of(hash);
    return (difference - TAG_ONES) & ~difference & TAG_ONES << 7;
}

/* ---- finding what needs no == ---- */

/* The entry of an exact string, other kinds of keys are passed over; that of a small int in a plain table. */
size_t keys_find_str(const DictKeys *keys, Value key, int64_t hash);
size_t keys_find_small_int(const DictKeys *keys, Value key, int64_t hash);

/* ---- finding what may need == ---- */

/* All entries that may have a hash, one after the other. */
typedef struct Candidates { Probe probe; uint64_t tags; } Candidates;
static inline Candidates candidates_start(const DictKeys *keys, int64_t hash)
{
    return keys->slot_size ? (Candidates){probe_start(keys, hash), 0} : (Candidates){{0, 0}, tags_like(keys, hash)};
}
size_t candidates_next(const DictKeys *keys, Candidates *candidates, int64_t hash);   /* PLACE_NONE: there are no more */

/* ---- making and changing tables ---- */

/* A table for at least [expected] entries; without hashes if all keys will be plain. */
MUST_CHECK DictKeys *keys_new(Thread *t, size_t expected, bool is_plain);
MUST_CHECK DictKeys *keys_clone(Thread *t, const DictKeys *keys);   /* the same entries; retains keys and values */
void keys_free(Thread *t, TAKES DictKeys *keys);                    /* the block alone */
size_t keys_size(const DictKeys *keys);
/* An entry behind all others, where used < limit. The key is known to be absent, and plain if the table is. */
void keys_add(DictKeys *keys, TAKES Value key, int64_t hash, TAKES Value value);
void keys_move_all(DictKeys *to, const DictKeys *from);             /* adds every live entry */
void keys_copy_all(DictKeys *to, const DictKeys *from);             /* [to] is empty; deleted entries too, so that all keep their places */
void keys_move_entry(DictKeys *keys, size_t from, size_t to);       /* [to] holds none */
void keys_forget(DictKeys *keys, size_t place);                     /* empties an entry; the references were taken out by the caller */

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
