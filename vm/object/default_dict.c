/* default_dict.c - collections.defaultdict: a dict that makes up what it is asked for and has not got.
 *
 * What        The type defaultdict, and dict_subtype, which makes this and the types of ordered_dict.c.
 * How         A Dict with one more field, the factory. d[key] goes the way of dict; only a miss comes here.
 * GIL         held; the factory is script code.
 * Read next   dict_methods.c, ordered_dict.c */
#include "vm/object/dict_subtypes.h"

#include "vm/object/dict_keys.h"
#include "vm/object/exception.h"
#include "vm/object/generic_alias.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

typedef struct DefaultDict { Dict dict; Value factory; } DefaultDict;   /* factory UNBOUND or None: none */
static DefaultDict *as_default(Value v) { return (DefaultDict *)as_object(v); }
static bool has_factory(Value self) { return is_bound(as_default(self)->factory) && !is_none(as_default(self)->factory); }

static bool default_dict_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    if (count && !is_none(args[0]) && !value_is_callable(t, args[0])) return raise_false(t, EXC_TypeError, "first argument must be callable or None");
    replace(&as_default(self)->factory, count ? retain(args[0]) : UNBOUND);
    return dict_spec.slots.init(t, self, args + (count > 0), count - (count > 0), names);
}

static Value missing(Thread *t, Value self, const Value *args)
{
    if (!has_factory(self)) return raise_value(t, EXC_KeyError, args[0]);
    Value factory = retain(as_default(self)->factory);
    Value made = value_call0(t, factory);
    release(factory);
    if (failed(made) || value_set_item(t, self, args[0], made)) return made;
    release(made);
    return FAILED;
}

/* A class that has a __missing__ of its own is asked for it, by dict's slot. */
static Value default_dict_get_item(Thread *t, Value self, Value key)
{
    if (UNLIKELY(as_object(self)->type != t->interp->dict_subtypes[DEFAULT_DICT])) return dict_spec.slots.get_item(t, self, key);
    Value value;
    if (!dict_get(t, as_dict(self), key, &value)) return FAILED;
    return LIKELY(is_bound(value)) ? value : missing(t, self, &key);
}

static Value default_dict_repr(Thread *t, Value self)
{
    Value items = dict_spec.slots.repr(t, self), factory = FAILED;
    if (failed(items)) return FAILED;
    bool is_first = true;
    if (has_factory(self)) {
        Value shown = retain(as_default(self)->factory);    /* a method of this dict would come back here */
        if (repr_enter(t, shown, &is_first)) {
            factory = is_first ? value_repr(t, shown) : object_value(str_from_text(t, "..."));
            if (is_first) repr_leave(t, shown);
        }
        release(shown);
    } else {
        factory = object_value(str_from_text(t, "None"));
    }
    Str *text = failed(factory) ? NULL : str_format(t, "%U(%S, %S)", value_type(t, self)->name, factory, items);
    release2(factory, items);
    return object_value(text);
}

static Value factory_or_none(Value self) { return is_bound(as_default(self)->factory) ? as_default(self)->factory : NONE; }

static Value copy(Thread *t, Value self, const Value *args)
{
    (void)args;
    return value_call2(t, object_value(value_type(t, self)), factory_or_none(self), self);
}

static Value reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Value factory = factory_or_none(self);
    Tuple *made_with = tuple_from_values(t, &factory, has_factory(self));
    Value view = made_with ? value_call_method(t, self, NAME_OF(t, items), NULL, 0) : FAILED;
    Value items = failed(view) ? FAILED : value_iterate(t, view);
    release(view);
    Value parts[] = {object_value(value_type(t, self)), object_value(made_with), NONE, NONE, items};
    Value reduction = failed(items) ? FAILED : object_value(tuple_from_values(t, parts, 5));
    if (made_with) object_release(made_with);
    release(items);
    return reduction;
}

/* Of whichever side is a defaultdict, with its factory. */
static Value default_dict_or(Thread *t, Value left, Value right)
{
    if (!is_dict(left) || !is_dict(right)) return NOT_IMPLEMENTED;
    Type *type = dict_subtype(t, DEFAULT_DICT);
    Value self = type_is_subtype(value_type(t, left), type) ? left : right;
    Value both = value_call2(t, object_value(value_type(t, self)), factory_or_none(self), left);
    if (failed(both)) return FAILED;
    if (is_dict(both) && dict_update(t, as_dict(both), right)) return both;
    release(both);
    return is_raised(t) ? FAILED : NOT_IMPLEMENTED;
}

static void default_dict_traverse(Object *self, VisitFn visit, void *context)
{
    dict_traverse(self, visit, context);
    visit_value(((DefaultDict *)self)->factory, visit, context);
}
static void default_dict_drop(Object *self)
{
    dict_drop(self);
    clear(&((DefaultDict *)self)->factory);
}

static const NativeDef methods[] = {
    NATIVE("__missing__", missing, "($self, key, /)", 0, "Called when a key is not there: make a value with the factory, store it, return it; KeyError without a factory."),
    NATIVE("copy", copy, "($self, /)", 0, "Return a shallow copy with the same factory."),
    NATIVE("__copy__", copy, "($self, /)", 0, "Return a shallow copy with the same factory."),
    NATIVE("__reduce__", reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    CLASS_GET_ITEM_ROW,
    NATIVE_END,
};
static const MemberDef members[] = {
    {"default_factory", MEMBER_VALUE_OR_NONE, offsetof(DefaultDict, factory), false, "Called without arguments for the value of a key that is not there."},
    {NULL, MEMBER_VALUE, 0, true, NULL},
};
const TypeSpec default_dict_spec = {
    .doc = "A dict that calls default_factory for the value of a key that is asked for with d[key] and is not there.\n\n"
           "What follows the factory is what dict() takes.",
    .signature = "(default_factory=None, /, *args, **kwargs)",
    .size = sizeof(DefaultDict),
    .flags = TYPE_IS_CONTAINER | TYPE_IS_WEAK_REFERABLE,
    .slots = {.init = default_dict_init, .get_item = default_dict_get_item, .repr = default_dict_repr, .or = default_dict_or},
    .methods = methods, .members = members,
    .traverse = default_dict_traverse, .clear = default_dict_drop, .free = default_dict_drop,
};

Type *dict_subtype(Thread *t, enum DictSubtype which)
{
    static const struct { const TypeSpec *spec; const char *name; enum Kind base, kind; } rows[] = {
        [DEFAULT_DICT] = {&default_dict_spec, "collections.defaultdict", KIND_DICT, KIND_INSTANCE},
        [ORDERED_DICT] = {&ordered_dict_spec, "collections.OrderedDict", KIND_DICT, KIND_INSTANCE},
        [ORDERED_KEYS] = {&ordered_keys_spec, "odict_keys", KIND_DICT_KEYS, KIND_DICT_KEYS},
        [ORDERED_VALUES] = {&ordered_values_spec, "odict_values", KIND_DICT_VALUES, KIND_DICT_VALUES},
        [ORDERED_ITEMS] = {&ordered_items_spec, "odict_items", KIND_DICT_ITEMS, KIND_DICT_ITEMS},
        [ORDERED_ITERATOR] = {&ordered_iterator_spec, "odict_iterator", KIND_OBJECT, KIND_INSTANCE},
    };
    Type **types = t->interp->dict_subtypes;
    for (size_t i = 0; i < ARRAY_LENGTH(rows); i++)
        if (!types[i] && !(types[i] = type_new_native(t, rows[i].spec, rows[i].name, kind_type(t, rows[i].base), NULL, rows[i].kind))) return NULL;
    return types[which];
}
