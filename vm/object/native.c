/* native.c - functions written in C, as objects of scripts.
 *
 * What        builtin_function_or_method: `len`, and `[].append` once it is bound; native_call, through which every row of a table is called.
 * How         The signature is parsed at the first call. If all parameters are positional and all are given, the function reads its
 *             arguments where the caller has them; if only defaults are missing, they are copied; else they are sorted into slots by name.
 * Invariants  I1 OBJECT_KIND_FLAG_1: the signature is BORROWED from the method descriptor, which lives as long as its owner.
 * GIL         held.
 * Read next   signature.c, descriptor.c */
#include "vm/object/native.h"

#include "vm/base/hash.h"
#include "vm/object/descriptor.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/function.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/str.h"

enum { SIGNATURE_IS_BORROWED = OBJECT_KIND_FLAG_1, SLOTS_ON_STACK = 16 };

/* ---- calling a row ---- */

/* "list.append", "math.sqrt", "len": as CPython names a function whose argument count is wrong. */
static Str *call_name(Thread *t, const NativeDef *def, Type *owner, Value self)
{
    if (owner && def->flags & NATIVE_CLASS && is_type(self)) return str_format(t, "%U.%s", as_type(self)->qualified_name, def->name);
    if (owner) return str_format(t, "%U.%s", owner->qualified_name, def->name);
    if (has_payload(self, KIND_MODULE)) {
        Value module = ((Module *)as_object(self))->name;
        if (is_str(module) && !str_equal_text(as_str(module), "builtins")) return str_format(t, "%U.%s", as_str(module), def->name);
    }
    return str_from_text(t, def->name);
}

static Value refuse(Thread *t, const NativeDef *def, Type *owner, Value self, const char *format, size_t count)
{
    Str *name = call_name(t, def, owner, self);
    if (!name) return FAILED;
    raise_type_error(t, format, name, count);
    object_release(name);
    return FAILED;
}

/* Functions without parameters, with one that cannot be given by name, or with only such, have wordings of their own. */
static bool passes_convention(Thread *t, const Signature *s, const NativeDef *def, Type *owner, Value self, size_t count, size_t keywords)
{
    if (s->positional_only != s->count || s->has_kwargs) return true;
    if (keywords) {
        refuse(t, def, owner, self, "%U() takes no keyword arguments", 0);
        return false;
    }
    if (s->has_args || s->count > 1 || count == s->count || s->required != s->count) return true;
    refuse(t, def, owner, self, s->count ? "%U() takes exactly one argument (%zu given)" : "%U() takes no arguments (%zu given)", count);
    return false;
}

static Value call_bound(Thread *t, const Signature *s, const NativeDef *def, Value self, const Value *args, size_t count, Tuple *names, Value *slots)
{
    if (!signature_bind(t, s, def->name, args, count, names, slots)) return FAILED;
    Value result = def->function(t, self, slots);
    if (s->has_args) release(slots[s->count]);
    if (s->has_kwargs) release(slots[s->count + s->has_args]);
    return result;
}

/* Only positional arguments, all that are required among them: what has a default is left unbound. */
static Value call_with_defaults(Thread *t, const Signature *s, const NativeDef *def, Value self, const Value *args, size_t count)
{
    enum { FEW = 4 };
    if (LIKELY(s->count <= FEW)) {      /* named one by one: of loops compilers make calls of memcpy and memset, for two words */
        Value few[FEW] = {count > 0 ? args[0] : UNBOUND, count > 1 ? args[1] : UNBOUND, count > 2 ? args[2] : UNBOUND, count > 3 ? args[3] : UNBOUND};
        return def->function(t, self, few);
    }
    Value slots[SLOTS_ON_STACK];
    size_t i = 0;
    for (; i < count; i++) slots[i] = args[i];
    for (; i < s->count; i++) slots[i] = UNBOUND;
    return def->function(t, self, slots);
}

static Value call_sorting(Thread *t, const Signature *s, const NativeDef *def, Type *owner, Value self, const Value *args, size_t count, Tuple *names)
{
    if (!passes_convention(t, s, def, owner, self, count, names ? names->count : 0)) return FAILED;
    size_t total = s->count + s->has_args + s->has_kwargs;
    Value on_stack[SLOTS_ON_STACK];
    if (total <= SLOTS_ON_STACK) return call_bound(t, s, def, self, args, count, names, on_stack);
    Value *slots = block_alloc(t, total * sizeof(Value));
    if (!slots) return FAILED;
    Value result = call_bound(t, s, def, self, args, count, names, slots);
    block_free(t, slots, total * sizeof(Value));
    return result;
}

Value native_call(Thread *t, const NativeDef *def, Signature **signature_cache, Type *owner, Value self, const Value *args, size_t count, Tuple *names)
{
    if (def->flags & NATIVE_RAW) return def->raw(t, self, args, count, names && names->count ? names : NULL);
    const Signature *s = *signature_cache;
    if (UNLIKELY(!s)) {
        s = *signature_cache = signature_parse(t, def->signature ? def->signature : "()");
        if (!s) return FAILED;
    }
    if (LIKELY(!s->has_args && !s->has_kwargs && (!names || !names->count))) {
        if (count == s->exact_count) return def->function(t, self, args);
        if (count >= s->required && count <= s->positional && !s->keyword_required && s->count <= SLOTS_ON_STACK)
            return call_with_defaults(t, s, def, self, args, count);
    }
    return call_sorting(t, s, def, owner, self, args, count, names);
}

/* ---- the object ---- */

static NativeFunction *as_native(Value v) { return (NativeFunction *)as_object(v); }

Value native_function_new(Thread *t, const NativeDef *def, Value self, Value module)
{
    NativeFunction *function = (NativeFunction *)type_alloc(t, kind_type(t, KIND_NATIVE_FUNCTION));
    if (!function) return FAILED;
    function->def = def;
    function->self = retain(self);
    function->module = retain(module);
    return object_value(function);
}

Value native_method_new(Thread *t, const NativeDef *def, Type *owner, Signature *signature, Value self)
{
    Value v = native_function_new(t, def, self, UNBOUND);
    if (failed(v)) return FAILED;
    NativeFunction *function = as_native(v);
    function->owner = owner;
    object_retain(owner);
    function->signature = signature;
    if (signature) function->head.flags |= SIGNATURE_IS_BORROWED;
    return v;
}

bool native_add_functions(Thread *t, Dict *dict, const NativeDef *table, Value self, Value module)
{
    for (const NativeDef *def = table; def->name; def++) {
        Value function = native_function_new(t, def, self, module);
        if (failed(function)) return false;
        Str *name = str_intern_text(t, def->name);
        bool is_good = name && dict_set_str(t, dict, name, function);
        if (name) object_release(name);
        release(function);
        if (!is_good) return false;
    }
    return true;
}

static Value function_call(Thread *t, Value callee, const Value *args, size_t count, Tuple *names)
{
    NativeFunction *function = as_native(callee);
    return native_call(t, function->def, &function->signature, function->owner, function->self, args, count, names);
}

static bool is_method(const NativeFunction *function) { return is_bound(function->self) && !has_payload(function->self, KIND_MODULE); }

static Value function_repr(Thread *t, Value v)
{
    NativeFunction *function = as_native(v);
    if (!is_method(function)) return object_value(str_format(t, "<built-in function %s>", function->def->name));
    return object_value(str_format(t, "<built-in method %s of %T object at %p>", function->def->name, function->self, (void *)(uintptr_t)function->self.bits));
}

static Value function_compare(Thread *t, Value self, Value other, CompareOp op)
{
    (void)t;
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !is_kind(other, KIND_NATIVE_FUNCTION)) return NOT_IMPLEMENTED;
    NativeFunction *a = as_native(self), *b = as_native(other);
    return bool_value((a->def == b->def && is_same(a->self, b->self)) == (op == COMPARE_EQ));
}

static bool function_hash(Thread *t, Value self, int64_t *hash)
{
    (void)t;
    NativeFunction *function = as_native(self);
    *hash = hash_address((const void *)(uintptr_t)function->self.bits) ^ hash_address(function->def);
    if (*hash == -1) *hash = -2;
    return true;
}

static Value get_name(Thread *t, Value self) { return object_value(str_from_text(t, as_native(self)->def->name)); }

static Value get_qualname(Thread *t, Value self)
{
    NativeFunction *function = as_native(self);
    if (!is_method(function)) return get_name(t, self);
    Type *type = is_type(function->self) ? as_type(function->self) : value_type(t, function->self);
    return object_value(str_format(t, "%U.%s", type->qualified_name, function->def->name));
}

static Value get_doc(Thread *t, Value self)
{
    const char *doc = as_native(self)->def->doc;
    return doc ? object_value(str_from_text(t, doc)) : NONE;
}

static Value get_signature(Thread *t, Value self)
{
    NativeFunction *function = as_native(self);
    return native_text_signature(t, function->def, is_method(function) ? "self" : "module");
}

static Value get_self(Thread *t, Value self)
{
    (void)t;
    return is_unbound(as_native(self)->self) ? NONE : retain(as_native(self)->self);
}

static Value get_module(Thread *t, Value self)
{
    (void)t;
    return is_unbound(as_native(self)->module) ? NONE : retain(as_native(self)->module);
}

static bool set_module(Thread *t, Value self, Value value)
{
    (void)t;
    replace(&as_native(self)->module, retain(value));
    return true;
}

static const GetSetDef function_getsets[] = {
    {"__name__", get_name, NULL, NULL},
    {"__qualname__", get_qualname, NULL, NULL},
    {"__doc__", get_doc, NULL, NULL},
    {"__text_signature__", get_signature, NULL, NULL},
    {"__self__", get_self, NULL, NULL},
    {"__module__", get_module, set_module, NULL},
    {NULL, NULL, NULL, NULL},
};

static Value function_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Value name = get_name(t, self);
    if (failed(name) || !is_method(as_native(self))) return name;
    Value reduction = attribute_reduction(t, as_native(self)->self, name);
    release(name);
    return reduction;
}

static const NativeDef function_methods[] = {
    NATIVE("__reduce__", function_reduce, "($self, /)", 0, NULL),
    NATIVE_END,
};

static void function_traverse(Object *self, VisitFn visit, void *context)
{
    NativeFunction *function = (NativeFunction *)self;
    visit_value(function->self, visit, context);
    visit_value(function->module, visit, context);
    if (function->owner) visit(&function->owner->head, context);
}

static void function_free(Object *self)
{
    NativeFunction *function = (NativeFunction *)self;
    if (!(function->head.flags & SIGNATURE_IS_BORROWED)) signature_free(thread_current(), function->signature);
    release(function->self);
    release(function->module);
    if (function->owner) object_release(function->owner);
}

const TypeSpec native_function_spec = {
    .size = sizeof(NativeFunction), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = function_repr, .call = function_call, .compare = function_compare, .hash = function_hash},
    .methods = function_methods, .getsets = function_getsets, .traverse = function_traverse, .free = function_free,
};

/* ---- __text_signature__ ---- */

/* Rows may leave the receiver out: it is put in front, positional-only as it is. */
Value native_text_signature(Thread *t, const NativeDef *def, const char *receiver)
{
    const char *text = def->signature;
    if (!text) return NONE;
    if (text[0] == '(' && text[1] == '$') return object_value(str_from_text(t, text));
    const char *rest = text + 1;
    bool has_slash = strstr(text, "/") != NULL, is_empty = *rest == ')';
    return object_value(str_format(t, "($%s, %s%s", receiver, is_empty ? "/" : has_slash ? "" : "/, ", rest));
}
