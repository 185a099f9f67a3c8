/* type_alias.c - type aliases: what `type X[T] = list[T]` makes.
 *
 * What        The type TypeAliasType of `typing`.
 * How         The value is a function of no arguments until somebody asks; an alias may speak of itself. Subscribing one that has
 *             parameters gives a GenericAlias whose origin is the alias.
 * Invariants  I1 type_params is a tuple, or None for no parameters at all.
 * GIL         held.
 * Read next   type_parameter.c */
#include "vm/object/exception.h"
#include "vm/object/generic_alias.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/type_parameter.h"

typedef struct TypeAlias {
    Object head;
    Value name, type_params, module;
    Lazy value;
} TypeAlias;

static Value make(Thread *t, Value name, Value type_params, Lazy value)
{
    TypeAlias *alias = (TypeAlias *)type_alloc(t, kind_type(t, KIND_TYPE_ALIAS));
    if (!alias) return FAILED;
    alias->name = retain(name);
    alias->type_params = retain(type_params);
    alias->value = (Lazy){retain(value.compute), retain(value.value)};
    alias->module = type_parameter_caller(t);
    return object_value(alias);
}

Value type_alias_new(Thread *t, Value row)
{
    Tuple *parts = as_tuple(row);
    return make(t, parts->items[0], parts->items[1], (Lazy){.compute = parts->items[2]});
}

static Value make_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    Value slots[3] = {UNBOUND, UNBOUND, UNBOUND};
    Signature *signature = signature_parse(t, "(name, value, *, type_params=())");
    bool done = signature && signature_bind(t, signature, "typealias", args, count, names, slots);
    if (signature) signature_free(t, signature);
    if (!done) return FAILED;
    if (!is_str(slots[0])) return raise_type_error(t, "typealias() argument 'name' must be str, not %N", slots[0]);
    if (is_bound(slots[2]) && !is_tuple(slots[2])) return raise_type_error(t, "type_params must be a tuple");
    bool is_generic = is_bound(slots[2]) && as_tuple(slots[2])->count > 0;
    return make(t, slots[0], is_generic ? slots[2] : NONE, (Lazy){.value = slots[1]});
}

static TypeAlias *self_of(Value self) { return (TypeAlias *)as_object(self); }
static Value alias_repr(Thread *t, Value self) { return retain(self_of(self)->name); }
static Value get_name(Thread *t, Value self) { return retain(self_of(self)->name); }
static Value get_module(Thread *t, Value self) { return retain(self_of(self)->module); }
static Value get_value(Thread *t, Value self) { return lazy_get(t, &self_of(self)->value, NONE); }
static Value get_type_params(Thread *t, Value self)
{
    Value v = self_of(self)->type_params;
    return is_none(v) ? retain(t->interp->empty_tuple) : retain(v);
}

static Value get_parameters(Thread *t, Value self)
{
    Value params = self_of(self)->type_params;
    return is_none(params) ? retain(t->interp->empty_tuple) : type_parameter_spread(t, as_tuple(params));
}

static Value get_item(Thread *t, Value self, Value key)
{
    if (is_none(self_of(self)->type_params)) return raise_type_error(t, "Only generic type aliases are subscriptable");
    return generic_alias_new(t, self, key);
}

static Value reduce(Thread *t, Value self, const Value *args) { return retain(self_of(self)->name); }

static void alias_traverse(Object *self, VisitFn visit, void *context)
{
    TypeAlias *alias = (TypeAlias *)self;
    visit_value(alias->type_params, visit, context);
    lazy_visit(&alias->value, visit, context);
}

/* type Rec = list[Rec]: of the two, only the alias can let go. */
static void alias_clear(Object *self)
{
    lazy_clear(&((TypeAlias *)self)->value);
    replace(&((TypeAlias *)self)->type_params, NONE);
}

static void alias_free(Object *self)
{
    TypeAlias *alias = (TypeAlias *)self;
    lazy_clear(&alias->value);
    clear(&alias->name);
    clear(&alias->type_params);
    clear(&alias->module);
}

static const NativeDef methods[] = {NATIVE("__reduce__", reduce, "($self, /)", 0, NULL), NATIVE_END};
static const GetSetDef getsets[] = {
    {"__name__", get_name, NULL, NULL},
    {"__value__", get_value, NULL, NULL},
    {"__type_params__", get_type_params, NULL, NULL},
    {"__parameters__", get_parameters, NULL, NULL},
    {"__module__", get_module, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
const TypeSpec type_alias_spec = {
    .doc = "A name for a type, whose value is computed when first asked for. Written type X = list[int].",
    .size = sizeof(TypeAlias), .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER,
    .slots = {.repr = alias_repr, .get_item = get_item, .or = union_or_slot, .new_instance = make_instance},
    .methods = methods, .getsets = getsets, .traverse = alias_traverse, .clear = alias_clear, .free = alias_free,
};
