/* api_containers.c - the wall: list, tuple, dict, set.
 *
 * What        toy_list_*, toy_tuple_*, toy_dict_*, toy_set_*.
 * How         as api.c.
 * GIL         held.
 * Read next   toy.h, vm/object/list.h, vm/object/dict.h, vm/object/set.h */
#include "vm/object/dict.h"
#include "vm/object/dict_subtypes.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/set.h"
#include "vm/object/str.h"
#include "vm/run/call.h"

#include "vm/toy.h"

ToyValue toy_list(ToyThread *t) { return object_value(list_new(t, 0)); }
ToyValue toy_list_from(ToyThread *t, ToyValue iterable) { return object_value(list_from_iterable(t, iterable)); }
ToyValue toy_list_of(ToyThread *t, const ToyValue *items, size_t count) { return object_value(list_from_values(t, items, count)); }
size_t toy_list_length(ToyValue list) { return as_list(list)->count; }
ToyValue toy_list_item(ToyValue list, size_t i) { return as_list(list)->items[i]; }
ToyValue *toy_list_items(ToyValue list) { return as_list(list)->items; }
bool toy_list_append(ToyThread *t, ToyValue list, ToyValue v) { return list_append(t, as_list(list), v); }
bool toy_list_append_take(ToyThread *t, ToyValue list, TOY_TAKES ToyValue v) { return list_append_take(t, as_list(list), v); }
bool toy_list_extend(ToyThread *t, ToyValue list, ToyValue iterable) { return list_extend(t, as_list(list), iterable); }
ToyValue toy_list_pop(ToyThread *t, ToyValue list, int64_t at) { return list_pop(t, as_list(list), at); }
bool toy_list_insert(ToyThread *t, ToyValue list, int64_t at, ToyValue v) { return list_insert(t, as_list(list), at, v); }
void toy_list_put(ToyThread *t, ToyValue list, size_t i, TOY_TAKES ToyValue v) { replace(&as_list(list)->items[i], v); }
void toy_list_clear(ToyThread *t, ToyValue list) { list_clear_items(t, as_list(list)); }
bool toy_list_sort(ToyThread *t, ToyValue list) { return list_sort(t, as_list(list), NONE, false); }

ToyValue toy_tuple_of(ToyThread *t, const ToyValue *items, size_t count) { return object_value(tuple_from_values(t, items, count)); }

ToyValue toy_tuple_take(ToyThread *t, TOY_TAKES ToyValue *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!failed(items[i])) continue;
        for (size_t k = 0; k < count; k++) release(items[k]);
        return FAILED;
    }
    return object_value(tuple_take_values(t, items, count));
}

ToyValue toy_tuple_new(ToyThread *t, size_t count)
{
    if (count == 0) return retain(t->interp->empty_tuple);
    Tuple *tuple = tuple_new(t, count);
    for (size_t i = 0; tuple && i < count; i++) tuple->items[i] = NONE;
    return object_value(tuple);
}
void toy_tuple_put(ToyValue tuple, size_t i, TOY_TAKES ToyValue v) { replace(&as_tuple(tuple)->items[i], v); }

ToyValue toy_tuple_from(ToyThread *t, ToyValue iterable) { return object_value(tuple_from_iterable(t, iterable)); }
size_t toy_tuple_length(ToyValue tuple) { return as_tuple(tuple)->count; }
ToyValue toy_tuple_item(ToyValue tuple, size_t i) { return as_tuple(tuple)->items[i]; }
const ToyValue *toy_tuple_items(ToyValue tuple) { return as_tuple(tuple)->items; }

ToyValue toy_dict(ToyThread *t) { return object_value(dict_new(t)); }
ToyValue toy_dict_copy(ToyThread *t, ToyValue dict) { return object_value(dict_copy(t, as_dict(dict))); }
size_t toy_dict_length(ToyValue dict) { return dict_length(as_dict(dict)); }
bool toy_dict_get(ToyThread *t, ToyValue dict, ToyValue key, ToyValue *value) { return dict_get(t, as_dict(dict), key, value); }
bool toy_dict_set(ToyThread *t, ToyValue dict, ToyValue key, ToyValue value) { return dict_set(t, as_dict(dict), key, value); }
ToyValue *toy_dict_peek(ToyValue dict, ToyValue key) { return dict_peek(as_dict(dict), key); }
bool toy_dict_pop(ToyThread *t, ToyValue dict, ToyValue key, ToyValue *value) { return dict_pop(t, as_dict(dict), key, value); }
bool toy_dict_contains(ToyThread *t, ToyValue dict, ToyValue key, bool *found) { return dict_contains(t, as_dict(dict), key, found); }
bool toy_dict_update(ToyThread *t, ToyValue dict, ToyValue mapping_or_pairs) { return dict_update(t, as_dict(dict), mapping_or_pairs); }
void toy_dict_clear(ToyThread *t, ToyValue dict) { dict_clear(t, as_dict(dict)); }
bool toy_dict_get_hashed(ToyThread *t, ToyValue dict, ToyValue key, int64_t hash, ToyValue *value)
{
    return dict_get_hashed(t, as_dict(dict), key, hash, value);
}
bool toy_dict_set_hashed(ToyThread *t, ToyValue dict, ToyValue key, int64_t hash, ToyValue value)
{
    return dict_set_hashed(t, as_dict(dict), key, hash, value);
}
bool toy_dict_pop_hashed(ToyThread *t, ToyValue dict, ToyValue key, int64_t hash, ToyValue *value)
{
    return dict_pop_hashed(t, as_dict(dict), key, hash, value);
}
bool toy_dict_next(ToyValue dict, size_t *position, ToyValue *key, ToyValue *value) { return dict_next(as_dict(dict), position, key, value); }

ToyValue toy_dict_get_text(ToyThread *t, ToyValue dict, const char *key)
{
    Str *interned = str_intern_text(t, key);
    if (!interned) return FAILED;
    Value v = retain(dict_get_str(as_dict(dict), interned));
    object_release(interned);
    return v;
}
bool toy_dict_set_text(ToyThread *t, ToyValue dict, const char *key, ToyValue value) { return dict_set_text(t, as_dict(dict), key, value); }
bool toy_dict_take_text(ToyThread *t, ToyValue dict, const char *key, TOY_TAKES ToyValue value)
{
    bool done = !failed(value) && dict_set_text(t, as_dict(dict), key, value);
    release(value);
    return done;
}

ToyType *toy_default_dict_type(ToyThread *t) { return dict_subtype(t, DEFAULT_DICT); }
ToyType *toy_ordered_dict_type(ToyThread *t) { return dict_subtype(t, ORDERED_DICT); }

ToyValue toy_set(ToyThread *t, bool is_frozen) { return object_value(set_new(t, is_frozen ? KIND_FROZENSET : KIND_SET)); }
ToyValue toy_set_from(ToyThread *t, bool is_frozen, ToyValue iterable)
{
    return object_value(set_from_iterable(t, is_frozen ? KIND_FROZENSET : KIND_SET, iterable));
}
size_t toy_set_length(ToyValue set) { return as_set(set)->used; }
bool toy_set_add(ToyThread *t, ToyValue set, ToyValue v) { return set_add(t, as_set(set), v); }
bool toy_set_contains(ToyThread *t, ToyValue set, ToyValue v, bool *found) { return set_contains(t, as_set(set), v, found); }
bool toy_set_discard(ToyThread *t, ToyValue set, ToyValue v, bool *was_there) { return set_discard(t, as_set(set), v, was_there); }
bool toy_set_next(ToyValue set, size_t *position, ToyValue *key) { return set_next(as_set(set), position, key); }

ToyValue toy_namespace(ToyThread *t, ToyValue dict)
{
    return call_with(t, object_value(kind_type(t, KIND_NAMESPACE)), NULL, as_dict(dict));
}
