/* mapping_proxy.c - mappingproxy: a mapping that can be looked at but not changed. A class's __dict__ is one.
 *
 * What        The type and its constructor.
 * How         Every question is passed on to the mapping behind it.
 * Invariants  I1 the mapping is never handed out itself, only copies and views of it.
 * GIL         held; the mapping may be a script's.
 * Read next   dict_methods.c, type.c */
#include "vm/object/arguments.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/generic_alias.h"
#include "vm/object/heap.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

typedef struct MappingProxy { Object head; Value mapping; } MappingProxy;

static Value mapping_of(Value self)
{
    return ((MappingProxy *)as_object(self))->mapping;
}

Value mapping_proxy_new(Thread *t, Value mapping)
{
    MappingProxy *proxy = (MappingProxy *)heap_new(t, kind_type(t, KIND_MAPPING_PROXY), sizeof(MappingProxy));
    if (!proxy)
        return FAILED;
    proxy->mapping = retain(mapping);
    return object_value(proxy);
}

static Value proxy_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)type;   /* final */
    static const char *const parameters[] = {"mapping", NULL};
    static const Parameters wanted = {"mappingproxy", parameters, 0, 1, 1};
    Value mapping;
    if (!arguments_sort(t, &wanted, args, count, names, &mapping))
        return FAILED;
    if (!value_type(t, mapping)->slots.get_item || is_kind(mapping, KIND_LIST) || is_kind(mapping, KIND_TUPLE) || is_str(mapping))
        return raise_type_error(t, "mappingproxy() argument must be a mapping, not %T", mapping);
    return mapping_proxy_new(t, mapping);
}

static void proxy_traverse(Object *self, VisitFn visit, void *context)
{
    visit_value(((MappingProxy *)self)->mapping, visit, context);
}

static void proxy_free(Object *self)
{
    clear(&((MappingProxy *)self)->mapping);
}

/* ---- slots ---- */

static Value proxy_repr(Thread *t, Value self)
{
    return object_value(str_format(t, "mappingproxy(%R)", mapping_of(self)));
}

/* What a proxy of a proxy of a ... shows, found without going down the C stack. */
static Value innermost(Value self)
{
    while (is_kind(self, KIND_MAPPING_PROXY)) self = mapping_of(self);
    return self;
}

static Value proxy_str(Thread *t, Value self) { return value_str(t, innermost(self)); }
static bool proxy_hash(Thread *t, Value self, int64_t *hash) { return value_hash(t, innermost(self), hash); }
static bool proxy_length(Thread *t, Value self, size_t *length) { return value_length(t, innermost(self), length); }
static Value proxy_iterate(Thread *t, Value self) { return value_iterate(t, innermost(self)); }
static Value proxy_get_item(Thread *t, Value self, Value key) { return value_get_item(t, innermost(self), key); }
static bool proxy_contains(Thread *t, Value self, Value key, bool *found) { return value_contains(t, innermost(self), key, found); }
static Value proxy_compare(Thread *t, Value self, Value other, CompareOp op) { return value_compare(t, innermost(self), other, op); }

static Value proxy_or(Thread *t, Value left, Value right)
{
    Value a = is_kind(left, KIND_MAPPING_PROXY) ? innermost(left) : left;
    Value b = is_kind(right, KIND_MAPPING_PROXY) ? innermost(right) : right;
    BinaryFn or_slot = value_type(t, a)->slots.or;
    return or_slot ? or_slot(t, a, b) : NOT_IMPLEMENTED;
}

static Value proxy_inplace_or(Thread *t, Value self, Value other)
{
    (void)other;
    return raise_type_error(t, "'|=' is not supported by %T; use '|' instead", self);
}

/* ---- methods: passed on by name ---- */

static Value pass_on(Thread *t, Value self, const char *method, const Value *args, size_t count)
{
    Str *name = str_intern_text(t, method);
    if (!name)
        return FAILED;
    Value result = value_call_method(t, innermost(self), name, args, count);
    object_release(name);
    return result;
}

static Value get(Thread *t, Value self, const Value *args)
{
    Value both[] = {args[0], is_bound(args[1]) ? args[1] : NONE};
    return pass_on(t, self, "get", both, 2);
}

static Value keys(Thread *t, Value self, const Value *args) { return pass_on(t, self, "keys", args, 0); }
static Value values(Thread *t, Value self, const Value *args) { return pass_on(t, self, "values", args, 0); }
static Value items(Thread *t, Value self, const Value *args) { return pass_on(t, self, "items", args, 0); }
static Value copy(Thread *t, Value self, const Value *args) { return pass_on(t, self, "copy", args, 0); }
static Value reversed(Thread *t, Value self, const Value *args) { return pass_on(t, self, "__reversed__", args, 0); }

static const NativeDef methods[] = {
    NATIVE("get", get, "($self, key, default=None, /)", 0, "The value of key in the mapping, or default if there is none."),
    NATIVE("keys", keys, "($self, /)", 0, "The mapping's keys, as its own keys() returns them."),
    NATIVE("values", values, "($self, /)", 0, "The mapping's values, as its own values() returns them."),
    NATIVE("items", items, "($self, /)", 0, "The mapping's pairs (key, value), as its own items() returns them."),
    NATIVE("copy", copy, "($self, /)", 0, "The copy that the mapping below makes of itself."),
    NATIVE("__reversed__", reversed, "($self, /)", 0, "reversed(D)"),
    CLASS_GET_ITEM_ROW,
    NATIVE_END,
};

const TypeSpec mapping_proxy_spec = {
    .doc = "A view of a mapping that can only be read.", .signature = "(mapping)",
    .size = sizeof(MappingProxy), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_IS_MAPPING,
    .slots = {.repr = proxy_repr, .str = proxy_str, .hash = proxy_hash, .compare = proxy_compare, .iterate = proxy_iterate,
              .new_instance = proxy_new_instance, .length = proxy_length, .get_item = proxy_get_item, .contains = proxy_contains,
              .or = proxy_or, .inplace_or = proxy_inplace_or},
    .methods = methods, .traverse = proxy_traverse, .free = proxy_free,
};
