/* dict_methods.c - dict as scripts see it: its slots and methods.
 *
 * What        Subscripts with __missing__, ==, |, repr, and the methods. Views and iterators: dict_views.c, dict_iterators.c.
 * How         Thin layers over dict.c. d[k] of a subclass asks the class's __missing__ before it raises KeyError.
 * Invariants  as dict.c.
 * GIL         held; == and hash of keys run script code.
 * Read next   dict.c, dict_views.c */
#include "vm/object/arguments.h"
#include "vm/object/dict_keys.h"
#include "vm/object/dict_views.h"
#include "vm/object/exception.h"
#include "vm/object/generic_alias.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/set_table.h"

/* ---- the life of a dict ---- */

static Value dict_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)args, (void)count, (void)names;   /* __init__ looks at them */
    return object_value(type_alloc(t, type));
}

/* The arguments of dict() and update(): at most one mapping or iterable of pairs, and keywords. */
static bool update_by_arguments(Thread *t, const char *function, Dict *dict, const Value *args, size_t count, Tuple *names)
{
    if (!arguments_count(t, function, count, 0, 1))
        return false;
    if (count == 1 && !dict_update(t, dict, args[0]))
        return false;
    for (size_t i = 0; names && i < names->count; i++) {
        if (!dict_set(t, dict, names->items[i], args[count + i]))
            return false;
    }
    return true;
}

static bool dict_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    return update_by_arguments(t, "dict", as_dict(self), args, count, names);
}

/* ---- slots ---- */

static Value dict_repr(Thread *t, Value self)
{
    Dict *dict = as_dict(self);
    if (dict_length(dict) == 0)
        return object_value(str_from_ascii(t, "{}", 2));
    bool is_first;
    if (!repr_enter(t, self, &is_first))
        return FAILED;
    if (!is_first)
        return object_value(str_from_ascii(t, "{...}", 5));
    StrBuilder builder;
    str_builder_init(&builder, t);
    str_builder_add_char(&builder, '{');
    size_t position = 0;
    bool is_good = true, comes_first = true;
    Value key, value;
    while (is_good && dict_next(dict, &position, &key, &value)) {
        retain(key);
        retain(value);
        Value key_text = value_repr(t, key);
        Value value_text = failed(key_text) ? FAILED : value_repr(t, value);
        release2(key, value);
        is_good = !failed(value_text);
        if (is_good) {
            if (!comes_first)
                str_builder_add_text(&builder, ", ");
            comes_first = false;
            str_builder_add(&builder, as_str(key_text));
            str_builder_add_text(&builder, ": ");
            str_builder_add(&builder, as_str(value_text));
        }
        release2(key_text, value_text);
    }
    repr_leave(t, self);
    if (!is_good) {
        str_builder_abandon(&builder);
        return FAILED;
    }
    str_builder_add_char(&builder, '}');
    return str_builder_finish(&builder);
}

static bool dict_length_slot(Thread *t, Value self, size_t *length)
{
    (void)t;
    *length = dict_length(as_dict(self));
    return true;
}

static Value dict_get_item(Thread *t, Value self, Value key)
{
    Value value;
    if (!dict_get(t, as_dict(self), key, &value))
        return FAILED;
    if (LIKELY(is_bound(value)))
        return value;
    if (as_object(self)->kind != KIND_DICT) {
        Value missing = value_find_special(t, self, NAME_OF(t, __missing__));
        if (is_bound(missing)) {
            value = value_call1(t, missing, key);
            release(missing);
            return value;
        }
        if (is_raised(t))
            return FAILED;
    }
    return raise_value(t, EXC_KeyError, key);
}

static bool dict_set_item(Thread *t, Value self, Value key, Value value)
{
    if (is_bound(value))
        return dict_set(t, as_dict(self), key, value);
    bool was_there;
    if (!dict_delete(t, as_dict(self), key, &was_there))
        return false;
    if (!was_there)
        raise_value(t, EXC_KeyError, key);
    return was_there;
}

static bool dict_contains_slot(Thread *t, Value self, Value key, bool *found)
{
    return dict_contains(t, as_dict(self), key, found);
}

/* Is every entry of a, with an equal value, in b? */
static bool is_within(Thread *t, Dict *a, Dict *b, bool *is_true)
{
    size_t position = 0;
    Value key, value;
    *is_true = true;
    while (*is_true && dict_next(a, &position, &key, &value)) {
        const Value *there = dict_peek(b, key);
        if (there && is_same(*there, value))
            continue;
        Value other;
        retain(key);
        retain(value);
        bool is_good = dict_get(t, b, key, &other);
        if (is_good && is_unbound(other))
            *is_true = false;
        else if (is_good)
            is_good = value_equal(t, value, other, is_true);
        release(other);
        release2(key, value);
        if (!is_good)
            return false;
    }
    return true;
}

static Value dict_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !is_dict(other))
        return NOT_IMPLEMENTED;
    bool equal = false;
    if (dict_length(as_dict(self)) == dict_length(as_dict(other)) && !is_within(t, as_dict(self), as_dict(other), &equal))
        return FAILED;
    return bool_value(equal == (op == COMPARE_EQ));
}

static Value dict_or(Thread *t, Value left, Value right)
{
    if (!is_dict(left) || !is_dict(right))
        return NOT_IMPLEMENTED;
    Dict *both = dict_copy(t, as_dict(left));
    if (both && !dict_update(t, both, right)) {
        object_release(both);
        return FAILED;
    }
    return object_value(both);
}

static Value dict_inplace_or(Thread *t, Value self, Value other)
{
    return dict_update(t, as_dict(self), other) ? retain(self) : FAILED;
}

/* ---- methods ---- */

static Value or_default(Value value, Value given)
{
    if (is_bound(value))
        return value;
    return is_bound(given) ? retain(given) : NONE;
}

static Value get(Thread *t, Value self, const Value *args)
{
    Value value;
    return dict_get(t, as_dict(self), args[0], &value) ? or_default(value, args[1]) : FAILED;
}

static Value setdefault(Thread *t, Value self, const Value *args)
{
    Value value;
    return dict_set_default(t, as_dict(self), args[0], is_bound(args[1]) ? args[1] : NONE, &value) ? value : FAILED;
}

static Value pop(Thread *t, Value self, const Value *args)
{
    Value value;
    if (!dict_pop(t, as_dict(self), args[0], &value))
        return FAILED;
    if (is_bound(value))
        return value;
    return is_bound(args[1]) ? retain(args[1]) : raise_value(t, EXC_KeyError, args[0]);
}

static Value popitem(Thread *t, Value self, const Value *args)
{
    (void)args;
    Dict *dict = as_dict(self);
    size_t position = SIZE_MAX;
    Value key, value;
    if (dict->instance && !dict_detach(t, dict))
        return FAILED;
    if (!dict_previous(dict, &position, &key, &value))
        return raise_error(t, EXC_KeyError, "popitem(): dictionary is empty");
    Value pair = tuple_pack2(t, key, value);
    if (!failed(pair))
        dict_delete_last(t, dict, position);
    return pair;
}

static Value update(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    return update_by_arguments(t, "update", as_dict(self), args, count, names) ? NONE : FAILED;
}

typedef struct FromKeys { Value target, value; } FromKeys;

static bool add_key(Thread *t, Value key, void *context)
{
    FromKeys *from = context;
    return is_kind(from->target, KIND_DICT) ? dict_set(t, as_dict(from->target), key, from->value)
                                            : value_set_item(t, from->target, key, from->value);
}

static bool add_hashed(Thread *t, Dict *dict, Value key, int64_t hash, Value value)
{
    size_t place;
    if (!dict_find(t, dict, key, hash, &place))
        return false;
    return place != PLACE_NONE || dict_insert(t, dict, key, hash, value);
}

/* The keys of an exact set or dict, whose hashes are known. Comparing may run script code that changes it. */
static bool add_hashed_keys(Thread *t, Dict *dict, Value source, Value value)
{
    bool is_good = true, from_dict = is_kind(source, KIND_DICT);
    SetEntry entry = {.hash = 0};
    for (size_t at = 0; is_good && (from_dict ? dict_next_hashed(as_dict(source), &at, &entry.key, &entry.hash)
                                              : set_next_entry((Set *)as_object(source), &at, &entry));) {
        Value key = retain(entry.key);
        is_good = add_hashed(t, dict, key, entry.hash, value);
        release(key);
    }
    return is_good;
}

static Value fromkeys(Thread *t, Value cls, const Value *args)
{
    Value target = value_call0(t, cls);
    if (failed(target))
        return FAILED;
    FromKeys from = {target, is_bound(args[1]) ? args[1] : NONE};
    bool is_hashed = is_kind(args[0], KIND_SET) || is_kind(args[0], KIND_FROZENSET) || (is_kind(args[0], KIND_DICT) && !as_dict(args[0])->instance);
    if (is_kind(target, KIND_DICT) && !as_dict(target)->instance && is_hashed) {
        if (add_hashed_keys(t, as_dict(target), args[0], from.value))
            return target;
        release(target);
        return FAILED;
    }
    if (value_for_each(t, args[0], add_key, &from))
        return target;
    release(target);
    return FAILED;
}

static Value clear_method(Thread *t, Value self, const Value *args)
{
    (void)args;
    dict_clear(t, as_dict(self));
    return NONE;
}

static Value copy_method(Thread *t, Value self, const Value *args)
{
    (void)args;
    return object_value(dict_copy(t, as_dict(self)));
}

static Value keys_method(Thread *t, Value self, const Value *args)
{
    (void)args;
    return dict_view_new(t, KIND_DICT_KEYS, as_dict(self));
}

static Value values_method(Thread *t, Value self, const Value *args)
{
    (void)args;
    return dict_view_new(t, KIND_DICT_VALUES, as_dict(self));
}

static Value items_method(Thread *t, Value self, const Value *args)
{
    (void)args;
    return dict_view_new(t, KIND_DICT_ITEMS, as_dict(self));
}

static Value dict_iterate(Thread *t, Value self)
{
    return dict_iterator_new(t, KIND_DICT_KEY_ITERATOR, as_dict(self));
}

static Value reversed_method(Thread *t, Value self, const Value *args)
{
    (void)args;
    return dict_iterator_new(t, KIND_DICT_REVERSE_KEY_ITERATOR, as_dict(self));
}

static Value size_of_method(Thread *t, Value self, const Value *args)
{
    (void)args;
    return small_int_value((int64_t)(value_type(t, self)->size + dict_table_size(as_dict(self))));
}

static const NativeDef dict_methods[] = {
    NATIVE("__sizeof__", size_of_method, "($self, /)", NATIVE_LEAF, "How many bytes of memory the dict takes, its items not counted."),
    NATIVE("get", get, "($self, key, default=None, /)", 0, "The value of key, or default if there is none."),
    NATIVE("setdefault", setdefault, "($self, key, default=None, /)", 0,
           "The value of key; if there is none, key is added with default, which is returned."),
    NATIVE("pop", pop, "($self, key, default=<unrepresentable>, /)", 0,
           "Remove the key and return its value.\n\nA missing key gives the default, or KeyError if there is none."),
    NATIVE("popitem", popitem, "($self, /)", 0,
           "Remove and return the pair that was added last, as a 2-tuple.\n\nRaises KeyError if the dict is empty."),
    NATIVE("keys", keys_method, "($self, /)", NATIVE_LEAF, "The keys, as a view that follows the dict and works like a set."),
    NATIVE("items", items_method, "($self, /)", NATIVE_LEAF, "The pairs (key, value), as a view that follows the dict and works like a set."),
    NATIVE("values", values_method, "($self, /)", NATIVE_LEAF, "The values, as a view that follows the dict."),
    NATIVE_RAW_ROW("update", update, NULL, 0,
                   "D.update([E, ]**F) -> None.\n\nTake over the items of a mapping, or pairs of an iterable; then the keywords."),
    NATIVE("fromkeys", fromkeys, "($type, iterable, value=None, /)", NATIVE_CLASS,
           "A new dict with the items of iterable as keys, all with the same value."),
    NATIVE("clear", clear_method, "($self, /)", 0, "Take out all items."),
    NATIVE("copy", copy_method, "($self, /)", NATIVE_LEAF, "A new dict with the same keys and values."),
    NATIVE("__reversed__", reversed_method, "($self, /)", NATIVE_LEAF, "An iterator over the keys, the newest first."),
    CLASS_GET_ITEM_ROW,
    NATIVE_END,
};

const TypeSpec dict_spec = {
    .doc = "dict() -> new empty dictionary\ndict(mapping) -> its (key, value) pairs\ndict(iterable) -> the pairs that it yields\n"
           "dict(**kwargs) -> the name=value pairs, also after one of the others: dict(one=1, two=2)",
    .size = sizeof(Dict),
    .flags = TYPE_IS_CONTAINER | TYPE_IS_MAPPING | TYPE_MATCHES_SELF,
    .slots = {
        .repr = dict_repr, .hash = hash_not_implemented, .compare = dict_compare, .iterate = dict_iterate,
        .init = dict_init, .new_instance = dict_new_instance, .length = dict_length_slot, .get_item = dict_get_item,
        .set_item = dict_set_item, .contains = dict_contains_slot, .or = dict_or, .inplace_or = dict_inplace_or,
    },
    .methods = dict_methods,
    .traverse = dict_traverse, .clear = dict_drop, .free = dict_drop,
};
