/* function.c - functions of scripts, and methods: a callable with self in front.
 *
 * What        The types `function` and `method`.
 * How         A function knows its code, globals, defaults and closure; name, qualified name and module start from the code and
 *             the globals. Replaced code objects stay alive until the interpreter ends: a running frame may be in them.
 * Invariants  I1 closure has as many cells as the code has free variables.
 * GIL         held.
 * Read next   vm/object/function.h, call.c */
#include "vm/object/function.h"

#include "vm/object/dict_keys.h"
#include "vm/object/exception.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/call.h"
#include "vm/run/interp.h"

/* ---- function ---- */

/* Globals define many functions, in loops too, while their keys stay the same: two look-ups are an eighth of what a closure costs. */
static void find_origin(Thread *t, Dict *globals, BORROWED Value *name, BORROWED Value *builtins)
{
    DefiningPlaces *places = &t->interp->run->defining;
    if (LIKELY(globals->keys_version && globals->keys_version == places->keys_version)) {
        *name = dict_entry_at(globals, places->name)->value;
        *builtins = dict_entry_at(globals, places->builtins)->value;
        return;
    }
    *name = dict_get_str(globals, NAME_OF(t, __name__));
    *builtins = dict_get_str(globals, NAME_OF(t, __builtins__));
    bool has_both = is_bound(*name) && is_bound(*builtins) && !globals->instance;
    if (!has_both || !globals->keys_version) return;      /* nobody relies on its keys: it is still being filled */
    *places = (DefiningPlaces){globals->keys_version, dict_find_place(globals, NAME_OF(t, __name__)), dict_find_place(globals, NAME_OF(t, __builtins__))};
}

Function *function_new(Thread *t, Code *code, Dict *globals)
{
    Function *function = (Function *)type_alloc(t, kind_type(t, KIND_FUNCTION));
    if (!function) return NULL;
    function->code = code;
    function_warm(function);
    function->globals = globals;
    object_retain(code);
    object_retain(globals);
    function->name = retain(object_value(code->name));
    function->qualified_name = retain(object_value(code->qualified_name));
    Value module, builtins;
    find_origin(t, globals, &module, &builtins);
    function->module = retain(module);
    if (is_kind(builtins, KIND_MODULE)) builtins = object_value(((Module *)as_object(builtins))->dict);
    if (is_unbound(builtins)) builtins = t->interp->builtins;
    function->builtins = retain(builtins);
    return function;
}

void function_set_part(Function *function, uint32_t part, TAKES Value v)
{
    Value *place = part == 1 ? &function->defaults : part == 2 ? &function->keyword_defaults : part == 4 ? &function->annotations : &function->closure;
    replace(place, v);
}

static Function *self_of(Value self) { return (Function *)as_object(self); }

/* The docstring is the first constant, if the compiler put a text there for it. */
static Value function_get_doc(Thread *t, Value self)
{
    Function *function = self_of(self);
    if (is_bound(function->doc)) return retain(function->doc);
    const CodeUnit *unit = function->code->unit;
    bool has_doc = unit->flags & CODE_HAS_DOCSTRING && unit->constant_count > 0 && unit->constants[0].kind == CONST_TEXT;
    return has_doc ? retain(function->code->constants[0]) : NONE;
}
static bool function_set_doc(Thread *t, Value self, Value v)
{
    replace(&self_of(self)->doc, is_bound(v) ? retain(v) : NONE);
    return true;
}
static Value function_get_name(Thread *t, Value self) { return retain(self_of(self)->name); }
static bool function_set_name(Thread *t, Value self, Value v)
{
    if (!is_str(v)) return raise_false(t, EXC_TypeError, "__name__ must be set to a string object");
    replace(&self_of(self)->name, retain(v));
    return true;
}
static Value function_get_qualified_name(Thread *t, Value self) { return retain(self_of(self)->qualified_name); }
static bool function_set_qualified_name(Thread *t, Value self, Value v)
{
    if (!is_str(v)) return raise_false(t, EXC_TypeError, "__qualname__ must be set to a string object");
    replace(&self_of(self)->qualified_name, retain(v));
    return true;
}
static Value function_get_module(Thread *t, Value self)
{
    Value v = self_of(self)->module;
    return is_bound(v) ? retain(v) : NONE;
}
static bool function_set_module(Thread *t, Value self, Value v)
{
    replace(&self_of(self)->module, is_bound(v) ? retain(v) : NONE);
    return true;
}
static Value function_get_code(Thread *t, Value self) { return retain(object_value(self_of(self)->code)); }
static bool function_set_code(Thread *t, Value self, Value v)
{
    Function *function = self_of(self);
    if (!is_kind(v, KIND_CODE)) return raise_false(t, EXC_TypeError, "__code__ must be set to a code object");
    size_t cells = is_bound(function->closure) ? as_tuple(function->closure)->count : 0;
    size_t wanted = ((Code *)as_object(v))->unit->free_count;
    enum { RESUMABLE = CODE_GENERATOR | CODE_COROUTINE | CODE_ASYNC_GENERATOR };
    if ((function->code->unit->flags ^ ((Code *)as_object(v))->unit->flags) & RESUMABLE &&
        !raise_warning(t, EXC_DeprecationWarning, "Assigning a code object of non-matching type is deprecated (e.g., from a generator to a plain function)"))
        return false;
    if (cells != wanted)
        return raise_false(t, EXC_ValueError, "%S() requires a code object with %zu free vars, not %zu", function->name, cells, wanted);
    if (!list_append(t, t->interp->run->retired_code, object_value(function->code))) return false;
    object_release(function->code);
    function->code = (Code *)as_object(retain(v));
    function_warm(function);
    interp_functions_changed(t);
    return true;
}
static Value function_get_defaults(Thread *t, Value self)
{
    Value v = self_of(self)->defaults;
    return is_bound(v) ? retain(v) : NONE;
}
static bool function_set_defaults(Thread *t, Value self, Value v)
{
    if (is_bound(v) && !is_none(v) && !is_tuple(v)) return raise_false(t, EXC_TypeError, "__defaults__ must be set to a tuple object");
    replace(&self_of(self)->defaults, is_none(v) ? UNBOUND : retain(v));
    return true;
}
static Value function_get_keyword_defaults(Thread *t, Value self)
{
    Value v = self_of(self)->keyword_defaults;
    return is_bound(v) ? retain(v) : NONE;
}
static bool function_set_keyword_defaults(Thread *t, Value self, Value v)
{
    if (is_bound(v) && !is_none(v) && !is_dict(v)) return raise_false(t, EXC_TypeError, "__kwdefaults__ must be set to a dict object");
    replace(&self_of(self)->keyword_defaults, is_none(v) ? UNBOUND : retain(v));
    return true;
}

/* The compiler leaves annotations as a row name, value, name, value ...; the dict is made when somebody asks. */
static Value function_get_annotations(Thread *t, Value self)
{
    Function *function = self_of(self);
    if (!is_dict(function->annotations)) {
        Dict *dict = dict_new(t);
        if (!dict) return FAILED;
        if (is_tuple(function->annotations)) {
            Tuple *row = as_tuple(function->annotations);
            for (size_t i = 0; i + 1 < row->count; i += 2) {
                if (dict_set(t, dict, row->items[i], row->items[i + 1])) continue;
                object_release(dict);
                return FAILED;
            }
        }
        replace(&function->annotations, object_value(dict));
    }
    return retain(function->annotations);
}
static bool function_set_annotations(Thread *t, Value self, Value v)
{
    if (is_bound(v) && !is_none(v) && !is_dict(v)) return raise_false(t, EXC_TypeError, "__annotations__ must be set to a dict object");
    replace(&self_of(self)->annotations, is_none(v) ? UNBOUND : retain(v));
    return true;
}
static Value function_get_type_params(Thread *t, Value self)
{
    Value v = self_of(self)->type_params;
    return is_bound(v) ? retain(v) : retain(t->interp->empty_tuple);
}
static bool function_set_type_params(Thread *t, Value self, Value v)
{
    if (!is_tuple(v)) return raise_false(t, EXC_TypeError, "__type_params__ must be set to a tuple");
    replace(&self_of(self)->type_params, retain(v));
    return true;
}

static Value function_repr(Thread *t, Value self)
{
    return object_value(str_format(t, "<function %S at %p>", self_of(self)->qualified_name, (void *)as_object(self)));
}

static Value function_bind(Thread *t, Value self, Value instance, Type *owner)
{
    return is_unbound(instance) || (is_none(instance) && owner != kind_type(t, KIND_NONE_TYPE)) ? retain(self) : method_new(t, self, instance);
}

/* FunctionType(code, globals, name=None, argdefs=None, closure=None, kwdefaults=None) */
static Value function_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    static const char text[] = "(code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)";
    Signature *signature = signature_parse(t, text);
    Value slots[6] = {UNBOUND, UNBOUND, UNBOUND, UNBOUND, UNBOUND, UNBOUND};
    bool done = signature && signature_bind(t, signature, "function", args, count, names, slots);
    if (signature) signature_free(t, signature);
    if (!done) return FAILED;
    if (!is_kind(slots[0], KIND_CODE)) return raise_type_error(t, "function() argument 'code' must be code, not %N", slots[0]);
    if (!is_dict(slots[1])) return raise_type_error(t, "function() argument 'globals' must be dict, not %N", slots[1]);
    Code *code = (Code *)as_object(slots[0]);
    size_t cells = is_tuple(slots[4]) ? as_tuple(slots[4])->count : 0;
    if (is_bound(slots[2]) && !is_none(slots[2]) && !is_str(slots[2])) return raise_type_error(t, "arg 3 (name) must be None or string");
    if (is_bound(slots[3]) && !is_none(slots[3]) && !is_tuple(slots[3])) return raise_type_error(t, "arg 4 (defaults) must be None or tuple");
    if (is_bound(slots[4]) && !is_none(slots[4]) && !is_tuple(slots[4])) return raise_type_error(t, "arg 5 (closure) must be None or tuple");
    if (is_bound(slots[5]) && !is_none(slots[5]) && !is_dict(slots[5])) return raise_type_error(t, "arg 6 (kwdefaults) must be None or dict");
    if (code->unit->free_count && !is_tuple(slots[4])) return raise_type_error(t, "arg 5 (closure) must be tuple");
    if (cells != code->unit->free_count)
        return raise_value_error(t, "%U requires closure of length %u, not %zu", code->name, code->unit->free_count, cells);
    for (size_t i = 0; i < cells; i++)
        if (!is_kind(as_tuple(slots[4])->items[i], KIND_CELL))
            return raise_type_error(t, "arg 5 (closure) expected cell, found %T", as_tuple(slots[4])->items[i]);
    Function *function = function_new(t, code, as_dict(slots[1]));
    if (!function) return FAILED;
    if (is_str(slots[2])) replace(&function->name, retain(slots[2]));
    if (is_tuple(slots[3])) replace(&function->defaults, retain(slots[3]));
    if (cells) replace(&function->closure, retain(slots[4]));
    if (is_dict(slots[5])) replace(&function->keyword_defaults, retain(slots[5]));
    return object_value(function);
}

static void function_traverse(Object *self, VisitFn visit, void *context)
{
    Function *f = (Function *)self;
    if (f->code) visit((Object *)f->code, context);
    if (f->globals) visit((Object *)f->globals, context);
    Value fields[] = {f->builtins, f->defaults, f->keyword_defaults, f->closure, f->name, f->qualified_name, f->module, f->doc, f->annotations, f->type_params};
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++)
        if (is_object(fields[i])) visit(as_object(fields[i]), context);
}

static void drop_parts(Function *f)
{
    clear(&f->module);
    clear(&f->defaults);
    clear(&f->keyword_defaults);
    clear(&f->doc);
    clear(&f->annotations);
    clear(&f->type_params);
    clear(&f->closure);
}

/* code, globals and builtins stay: a finaliser that still runs may call the function. The names may be of a subclass of str, and so part
 * of the cycle: they become empty, for whoever still shows the function. */
static void function_clear(Object *self)
{
    Function *f = (Function *)self;
    Value empty = thread_current()->interp->empty_str;
    replace(&f->name, retain(empty));
    replace(&f->qualified_name, retain(empty));
    drop_parts(f);
}

static void function_free(Object *self)
{
    Function *f = (Function *)self;
    drop_parts(f);
    clear(&f->builtins);
    clear(&f->name);
    clear(&f->qualified_name);
    if (f->code) object_release(f->code);
    if (f->globals) object_release(f->globals);
}

static bool function_put_dict(Thread *t, Value self, Value v)
{
    return is_bound(v) ? object_put_dict(t, self, v) : raise_false(t, EXC_TypeError, "cannot delete __dict__");
}

static const MemberDef function_members[] = {
    {"__closure__", MEMBER_VALUE_OR_NONE, offsetof(Function, closure), true, NULL},
    {"__builtins__", MEMBER_VALUE, offsetof(Function, builtins), true, NULL},
    {"__globals__", MEMBER_VALUE, offsetof(Function, globals), true, NULL},      /* a Dict *: as a word it is the value */
    {NULL, MEMBER_VALUE, 0, false, NULL},
};
static const GetSetDef function_getsets[] = {
    {"__dict__", object_get_dict, function_put_dict, NULL},
    {"__code__", function_get_code, function_set_code, NULL},
    {"__defaults__", function_get_defaults, function_set_defaults, NULL},
    {"__kwdefaults__", function_get_keyword_defaults, function_set_keyword_defaults, NULL},
    {"__annotations__", function_get_annotations, function_set_annotations, NULL},
    {"__name__", function_get_name, function_set_name, NULL},
    {"__qualname__", function_get_qualified_name, function_set_qualified_name, NULL},
    {"__module__", function_get_module, function_set_module, NULL},
    {"__doc__", function_get_doc, function_set_doc, NULL},
    {"__type_params__", function_get_type_params, function_set_type_params, NULL},
    {NULL, NULL, NULL, NULL},
};
const TypeSpec function_spec = {
    .doc = "Create a function object.",
    .signature = "(code, globals, name=None, argdefs=None, closure=None, kwdefaults=None)",
    .size = sizeof(Function),
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_IS_WEAK_REFERABLE | TYPE_HAS_ATTRIBUTES | TYPE_IS_METHOD_DESCRIPTOR,
    .slots = {.repr = function_repr, .call = function_call, .descriptor_get = function_bind, .new_instance = function_make},
    .getsets = function_getsets,
    .members = function_members,
    .traverse = function_traverse,
    .clear = function_clear,
    .free = function_free,
};

/* ---- method ---- */

Value method_new(Thread *t, Value function, Value self)
{
    Method *method = (Method *)type_alloc(t, kind_type(t, KIND_METHOD));
    if (!method) return FAILED;
    method->function = retain(function);
    method->self = retain(self);
    return object_value(method);
}

static Method *method_of(Value self) { return (Method *)as_object(self); }

static Value method_call(Thread *t, Value callee, const Value *args, size_t count, Tuple *names)
{
    Method *method = method_of(callee);
    size_t named = names ? names->count : 0;
    Value small[8], *row = small;
    if (count + named + 1 > ARRAY_LENGTH(small)) {
        row = memory_alloc_array(&t->interp->memory, count + named + 1, sizeof *row);
        if (!row) return raise_memory_error(t);
    }
    row[0] = method->self;
    if (count + named) memcpy(row + 1, args, (count + named) * sizeof *row);
    object_retain(method);
    Value result = value_call(t, method->function, row, count + 1, names);
    object_release(method);
    if (row != small) memory_free(&t->interp->memory, row, (count + named + 1) * sizeof *row);
    return result;
}

static Value method_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    if (names) return raise_type_error(t, "method() takes no keyword arguments");
    if (count != 2) return raise_type_error(t, "method expected 2 arguments, got %zu", count);
    if (!value_is_callable(t, args[0])) return raise_type_error(t, "first argument must be callable");
    if (is_none(args[1])) return raise_type_error(t, "instance must not be None");
    return method_new(t, args[0], args[1]);
}

static Value method_repr(Thread *t, Value self)
{
    Method *method = method_of(self);
    Value name = value_find_attribute(t, method->function, NAME_OF(t, __qualname__));
    if (is_unbound(name)) {
        raised_clear(t);
        name = value_find_attribute(t, method->function, NAME_OF(t, __name__));
        raised_clear(t);
    }
    Str *text = is_str(name) ? str_format(t, "<bound method %S of %R>", name, method->self) : str_format(t, "<bound method ? of %R>", method->self);
    release(name);
    return object_value(text);
}

static bool method_hash(Thread *t, Value self, int64_t *hash)
{
    Method *method = method_of(self);
    int64_t of_function;
    if (!value_hash(t, method->function, &of_function)) return false;
    *hash = (int64_t)((method->self.bits >> 4) | (method->self.bits << 60)) ^ of_function;
    if (*hash == -1) *hash = -2;
    return true;
}

static Value method_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (!is_kind(other, KIND_METHOD) || (op != COMPARE_EQ && op != COMPARE_NE)) return NOT_IMPLEMENTED;
    bool equal;
    if (!value_equal(t, method_of(self)->function, method_of(other)->function, &equal)) return FAILED;
    equal = equal && is_same(method_of(self)->self, method_of(other)->self);
    return bool_value(equal == (op == COMPARE_EQ));
}

/* What a method does not have, its function has. */
static Value method_get_attribute(Thread *t, Value self, Str *name)
{
    for (;;) {
        Value v = generic_find_attribute(t, self, name);
        if (is_bound(v) || is_raised(t)) return v;
        Value function = method_of(self)->function;
        if (!is_kind(function, KIND_METHOD)) return value_get_attribute(t, function, name);
        self = function;    /* a method of a method: a chain of them may be longer than the C stack */
    }
}

static Value method_get_function(Thread *t, Value self) { return retain(method_of(self)->function); }
static Value method_get_self(Thread *t, Value self) { return retain(method_of(self)->self); }
static Value method_get_doc(Thread *t, Value self)
{
    while (is_kind(method_of(self)->function, KIND_METHOD)) self = method_of(self)->function;
    return value_get_attribute(t, method_of(self)->function, NAME_OF(t, __doc__));
}
static Value method_reduce(Thread *t, Value self, const Value *args)
{
    Value getattr = dict_get_str(as_dict(t->interp->builtins), NAME_OF(t, getattr));
    Value name = value_get_attribute(t, method_of(self)->function, NAME_OF(t, __name__));
    Value inner = failed(name) ? FAILED : tuple_pack2(t, method_of(self)->self, name);
    Value result = failed(inner) ? FAILED : tuple_pack2(t, getattr, inner);
    release2(name, inner);
    return result;
}
static void method_traverse(Object *self, VisitFn visit, void *context)
{
    Method *method = (Method *)self;
    if (is_object(method->function)) visit(as_object(method->function), context);
    if (is_object(method->self)) visit(as_object(method->self), context);
}
static void method_free(Object *self)
{
    clear(&((Method *)self)->function);
    clear(&((Method *)self)->self);
}

static const NativeDef method_methods[] = {NATIVE("__reduce__", method_reduce, "($self, /)", 0, NULL), NATIVE_END};
static const GetSetDef method_getsets[] = {
    {"__func__", method_get_function, NULL, "function, or other callable, that is called"},
    {"__self__", method_get_self, NULL, "object that it gets as first argument"},
    {"__doc__", method_get_doc, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
/* It is bound already. */
static Value method_get(Thread *t, Value self, Value instance, Type *owner) { return retain(self); }

const TypeSpec method_spec = {
    .doc = "Create a bound instance method object.",
    .signature = "(function, instance, /)",
    .size = sizeof(Method),
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = method_repr, .hash = method_hash, .compare = method_compare, .call = method_call, .get_attribute = method_get_attribute,
              .descriptor_get = method_get,
              .new_instance = method_make},
    .methods = method_methods,
    .getsets = method_getsets,
    .traverse = method_traverse,
    .free = method_free,
};
