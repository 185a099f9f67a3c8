/* type_parameter.c - TypeVar, ParamSpec, TypeVarTuple and type aliases.
 *
 * What        What `def f[T: int](x): ...`, `class C[T]: ...` and `type A = ...` make (PEP 695, 696).
 * How         A bound, default or alias value is a function of no arguments, called when first asked for and then kept.
 * GIL         held.
 * Read next   intrinsics.c, compiler/gen_function.c */
#include "vm/run/type_parameter.h"

#include "vm/object/exception.h"
#include "vm/object/generic_alias.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/import.h"

/* A value that is computed when it is first asked for. */
typedef struct Lazy { Value compute, value; } Lazy;

typedef struct TypeParameter {
    Object head;
    TypeParameterForm form;
    Value name;
    Lazy bound, constraints, preset;
} TypeParameter;

typedef struct TypeAlias {
    Object head;
    Value name, type_params;
    Lazy value;
} TypeAlias;

static Value lazy_get(Thread *t, Lazy *lazy, Value otherwise)
{
    if (is_bound(lazy->value)) return retain(lazy->value);
    if (is_unbound(lazy->compute)) return retain(otherwise);
    Value v = value_call0(t, lazy->compute);
    if (failed(v)) return FAILED;
    replace(&lazy->value, retain(v));
    clear(&lazy->compute);
    return v;
}

static void lazy_visit(const Lazy *lazy, VisitFn visit, void *context)
{
    if (is_object(lazy->compute)) visit(as_object(lazy->compute), context);
    if (is_object(lazy->value)) visit(as_object(lazy->value), context);
}

static void lazy_clear(Lazy *lazy)
{
    clear(&lazy->compute);
    clear(&lazy->value);
}

/* ---- parameters ---- */

Value type_parameter_new(Thread *t, TypeParameterForm form, Value name, Value bound, Value constraints)
{
    TypeParameter *parameter = (TypeParameter *)type_alloc(t, kind_type(t, KIND_TYPE_PARAMETER));
    if (!parameter) return FAILED;
    parameter->form = form;
    parameter->name = retain(name);
    parameter->bound.compute = retain(bound);
    parameter->constraints.compute = retain(constraints);
    return object_value(parameter);
}

Value type_parameter_set_default(Thread *t, Value parameter, Value compute)
{
    replace(&((TypeParameter *)as_object(parameter))->preset.compute, retain(compute));
    return retain(parameter);
}

Value type_parameter_generic(Thread *t, Value parameters)
{
    Value typing = import_module_text(t, "typing");
    if (failed(typing)) return FAILED;
    Str *name = str_intern_text(t, "Generic");
    Value generic = name ? value_get_attribute(t, typing, name) : FAILED;
    if (name) object_release(name);
    release(typing);
    if (failed(generic)) return FAILED;
    Value v = value_get_item(t, generic, parameters);
    release(generic);
    return v;
}

static TypeParameter *self_of(Value self) { return (TypeParameter *)as_object(self); }

static Value parameter_repr(Thread *t, Value self) { return retain(self_of(self)->name); }
static Value parameter_get_name(Thread *t, Value self) { return retain(self_of(self)->name); }
static Value parameter_get_bound(Thread *t, Value self) { return lazy_get(t, &self_of(self)->bound, NONE); }
static Value parameter_get_constraints(Thread *t, Value self) { return lazy_get(t, &self_of(self)->constraints, t->interp->empty_tuple); }
static Value parameter_get_default(Thread *t, Value self) { return lazy_get(t, &self_of(self)->preset, NONE); }
static Value parameter_has_default(Thread *t, Value self, const Value *args)
{
    Lazy *preset = &self_of(self)->preset;
    return bool_value(is_bound(preset->compute) || is_bound(preset->value));
}
static Value parameter_or(Thread *t, Value left, Value right) { return union_new(t, left, right); }

/* *Ts in a subscript: one unpacked item. */
static Value parameter_iterate(Thread *t, Value self)
{
    if (self_of(self)->form != TYPE_VAR_TUPLE) return raise_type_error(t, "'%T' object is not iterable", self);
    Tuple *one = tuple_from_values(t, &self, 1);
    if (!one) return FAILED;
    Value iterator = value_iterate(t, object_value(one));
    object_release(one);
    return iterator;
}

static void parameter_traverse(Object *self, VisitFn visit, void *context)
{
    TypeParameter *parameter = (TypeParameter *)self;
    lazy_visit(&parameter->bound, visit, context);
    lazy_visit(&parameter->constraints, visit, context);
    lazy_visit(&parameter->preset, visit, context);
}
static void parameter_clear(Object *self)
{
    TypeParameter *parameter = (TypeParameter *)self;
    lazy_clear(&parameter->bound);
    lazy_clear(&parameter->constraints);
    lazy_clear(&parameter->preset);
}
static void parameter_free(Object *self)
{
    parameter_clear(self);
    clear(&((TypeParameter *)self)->name);
}

static const NativeDef parameter_methods[] = {NATIVE("has_default", parameter_has_default, "($self, /)", 0, NULL), NATIVE_END};
static const GetSetDef parameter_getsets[] = {
    {"__name__", parameter_get_name, NULL, NULL},
    {"__bound__", parameter_get_bound, NULL, NULL},
    {"__constraints__", parameter_get_constraints, NULL, NULL},
    {"__default__", parameter_get_default, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
const TypeSpec type_parameter_spec = {
    .doc = "Type variable.",
    .size = sizeof(TypeParameter),
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_IS_WEAK_REFERABLE | TYPE_HAS_ATTRIBUTES | TYPE_NO_NEW,
    .slots = {.repr = parameter_repr, .or = parameter_or, .iterate = parameter_iterate},
    .methods = parameter_methods,
    .getsets = parameter_getsets,
    .traverse = parameter_traverse,
    .clear = parameter_clear,
    .free = parameter_free,
};

/* ---- aliases ---- */

Value type_alias_new(Thread *t, Value row)
{
    TypeAlias *alias = (TypeAlias *)type_alloc(t, kind_type(t, KIND_TYPE_ALIAS));
    if (!alias) return FAILED;
    alias->name = retain(as_tuple(row)->items[0]);
    alias->type_params = retain(as_tuple(row)->items[1]);
    alias->value.compute = retain(as_tuple(row)->items[2]);
    return object_value(alias);
}

static TypeAlias *alias_of(Value self) { return (TypeAlias *)as_object(self); }
static Value alias_repr(Thread *t, Value self) { return retain(alias_of(self)->name); }
static Value alias_get_name(Thread *t, Value self) { return retain(alias_of(self)->name); }
static Value alias_get_value(Thread *t, Value self) { return lazy_get(t, &alias_of(self)->value, NONE); }
static Value alias_get_type_params(Thread *t, Value self)
{
    Value v = alias_of(self)->type_params;
    return is_none(v) ? retain(t->interp->empty_tuple) : retain(v);
}
static Value alias_get_item(Thread *t, Value self, Value key)
{
    if (is_none(alias_of(self)->type_params)) return raise_type_error(t, "Only generic type aliases are subscriptable");
    return generic_alias_new(t, self, key);
}
static void alias_traverse(Object *self, VisitFn visit, void *context)
{
    TypeAlias *alias = (TypeAlias *)self;
    if (is_object(alias->type_params)) visit(as_object(alias->type_params), context);
    lazy_visit(&alias->value, visit, context);
}
static void alias_free(Object *self)
{
    TypeAlias *alias = (TypeAlias *)self;
    lazy_clear(&alias->value);
    clear(&alias->name);
    clear(&alias->type_params);
}

static const GetSetDef alias_getsets[] = {
    {"__name__", alias_get_name, NULL, NULL},
    {"__value__", alias_get_value, NULL, NULL},
    {"__type_params__", alias_get_type_params, NULL, NULL},
    {"__parameters__", alias_get_type_params, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
const TypeSpec type_alias_spec = {
    .doc = "Type alias.",
    .size = sizeof(TypeAlias),
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_IS_WEAK_REFERABLE | TYPE_NO_NEW,
    .slots = {.repr = alias_repr, .get_item = alias_get_item, .or = parameter_or},
    .getsets = alias_getsets,
    .traverse = alias_traverse,
    .free = alias_free,
};
