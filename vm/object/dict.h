/* dict.h - dict: a compact, ordered hash table; and its views.
 *
 * What        Dict and what native code does with it.
 * How         Entries in insertion order, found through eight tags of a byte or a table of slots (dict_keys.h has the drawing).
 *             Keys that are exact strings or small ints are found without script code: by the word, or by hash and text.
 * Layout      | header | count | keys -> | slots ... | DictKeys | entries: key, value ... | hashes, if they can't be told from the keys |
 * Invariants  I1 count entries are live; a deleted entry has key UNBOUND.  I2 keys_version is 0 or unique to this set of keys in these
 *             places; it becomes 0 when a key is added or deleted, not when a value changes.  I3 mutation during iteration is seen by used size.
 *             I4 a dict that is the live view of an instance's slots says so in `instance` and keeps no entries of its own.
 * GIL         held.
 * Read next   set.h, shape.h */
#ifndef TOY_OBJECT_DICT_H
#define TOY_OBJECT_DICT_H

#include "vm/object/context.h"

typedef struct DictEntry { Value key, value; } DictEntry;
typedef struct DictKeys DictKeys;         /* what leads from a hash to an entry, and the entries, in one block: dict_keys.h */

struct Dict {
    Object head;
    size_t count;             /* live entries */
    DictKeys *keys;           /* NULL: empty */
    uint32_t keys_version;    /* I2: asked for with dict_keys_version */
    Object *instance;         /* I4; BORROWED, or NULL */
};

static inline bool is_dict(Value v) { return has_payload(v, KIND_DICT); }
static inline Dict *as_dict(Value v) { return (Dict *)as_object(v); }

/* Keys of an instance whose slots [dict] shows live: see I4 and dict_live.c. */
size_t dict_live_length(Dict *dict);
static inline size_t dict_length(Dict *dict) { return LIKELY(!dict->instance) ? dict->count : dict_live_length(dict); }

/* Ends the view: the attributes move from the instance's slots into the dict, the instance goes into dict mode (shape NULL). */
MUST_CHECK bool dict_detach(Thread *t, Dict *dict);

MUST_CHECK Dict *dict_new(Thread *t);
MUST_CHECK Dict *dict_new_sized(Thread *t, size_t expected);
MUST_CHECK Dict *dict_copy(Thread *t, Dict *dict);
/* false: raised. Found: *value is a new reference; not found: UNBOUND. */
MUST_CHECK bool dict_get(Thread *t, Dict *dict, Value key, Value *value);
MUST_CHECK bool dict_set(Thread *t, Dict *dict, Value key, Value value);
/* The place of a value, found without script code and without raising. NULL: it is not there,
 * or it takes more to tell. BORROWED until the dict changes. */
BORROWED Value *dict_peek(const Dict *dict, Value key);
Value dict_get_plainly(const Dict *dict, Value key);   /* the same as an owned value, or UNBOUND */
/* Keys with their hashes, for a dict that is nobody's __dict__ (dict->instance NULL) and may change in between: from *position = 0, BORROWED. */
bool dict_next_hashed(const Dict *dict, size_t *position, Value *key, int64_t *hash);
MUST_CHECK bool dict_contains_hashed(Thread *t, Dict *dict, Value key, int64_t hash, bool *found);
MUST_CHECK bool dict_set_default(Thread *t, Dict *dict, Value key, Value value, Value *result);   /* owned result */
MUST_CHECK bool dict_delete(Thread *t, Dict *dict, Value key, bool *was_there);
MUST_CHECK bool dict_pop(Thread *t, Dict *dict, Value key, Value *value);                         /* owned, UNBOUND: not there */
MUST_CHECK int dict_holds(Thread *t, Dict *dict, Value key);          /* 1 or 0; -1: raised */
MUST_CHECK static inline bool dict_contains(Thread *t, Dict *dict, Value key, bool *found)
{
    int answer = dict_holds(t, dict, key);
    return *found = answer > 0, answer >= 0;
}
/* The same for a key whose hash is known; [dict] is no instance's view (I4). */
MUST_CHECK bool dict_get_hashed(Thread *t, Dict *dict, Value key, int64_t hash, Value *value);
MUST_CHECK bool dict_set_hashed(Thread *t, Dict *dict, Value key, int64_t hash, Value value);
MUST_CHECK bool dict_pop_hashed(Thread *t, Dict *dict, Value key, int64_t hash, Value *value);
void dict_clear(Thread *t, Dict *dict);
MUST_CHECK bool dict_update(Thread *t, Dict *dict, Value mapping_or_pairs);
/* Keys that are interned or at least exact strings: never raise on look-up. BORROWED result, UNBOUND: not there. */
BORROWED Value dict_get_str(Dict *dict, Str *key);
MUST_CHECK bool dict_set_str(Thread *t, Dict *dict, Str *key, Value value);
MUST_CHECK bool dict_delete_str(Thread *t, Dict *dict, Str *key, bool *was_there);
MUST_CHECK bool dict_set_text(Thread *t, Dict *dict, const char *key, Value value);

/* Iteration from *position = 0; false at the end. BORROWED key and value; the dict must not change in between. */
bool dict_next(Dict *dict, size_t *position, Value *key, Value *value);

/* For inline caches: a version number, and the entry's place. 0: none to be had. While dict->keys_version is the same,
 * dict_entry_at(dict, place) of dict_keys.h is the entry of that key. */
uint32_t dict_keys_version(Thread *t, Dict *dict);
size_t dict_find_place(Dict *dict, Str *key);             /* SIZE_MAX: not there */

extern const TypeSpec dict_spec, dict_keys_spec, dict_values_spec, dict_items_spec, mapping_proxy_spec, dict_key_iterator_spec,
    dict_value_iterator_spec, dict_item_iterator_spec, dict_reverse_key_iterator_spec, dict_reverse_value_iterator_spec,
    dict_reverse_item_iterator_spec;
MUST_CHECK Value mapping_proxy_new(Thread *t, Value mapping);

#endif
