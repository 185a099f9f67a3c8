/* type_parameter.c - TypeVar, ParamSpec and TypeVarTuple.
 *
 * What        What `def f[T: int, *Ts, **P](x): ...` makes (PEP 695, 696), and the constructors of `typing`.
 * How         One struct for the three; each has a type of its own. A bound or default from syntax is a function of no arguments,
 *             called when first asked for and then kept. What needs to know the rest of typing (substitution, unions, forward
 *             references) is asked of that module, which by then is loaded or about to be.
 * GIL         held.
 * Read next   type_alias.c, intrinsics.c, stdlib/lib/typing.toy */
#include "vm/run/type_parameter.h"

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/function.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/frame.h"
#include "vm/run/import.h"

typedef struct TypeParameter {
    Object head;
    Value name, module;         /* module UNBOUND: made by syntax */
    Lazy bound, constraints, preset;
    bool is_covariant, is_contravariant, has_inferred_variance;
} TypeParameter;

/* P.args and P.kwargs */
typedef struct ParamSpecPart { Object head; Value origin; } ParamSpecPart;

Value lazy_get(Thread *t, Lazy *lazy, Value otherwise)
{
    if (is_bound(lazy->value)) return retain(lazy->value);
    if (is_unbound(lazy->compute)) return retain(otherwise);
    Value v = value_call0(t, lazy->compute);
    if (failed(v)) return FAILED;
    replace(&lazy->value, retain(v));
    clear(&lazy->compute);
    return v;
}

void lazy_visit(const Lazy *lazy, VisitFn visit, void *context)
{
    if (is_object(lazy->compute)) visit(as_object(lazy->compute), context);
    if (is_object(lazy->value)) visit(as_object(lazy->value), context);
}

void lazy_clear(Lazy *lazy)
{
    clear(&lazy->compute);
    clear(&lazy->value);
}

/* The module whose code is running, by its globals: __name__ or None. */
Value type_parameter_caller(Thread *t)
{
    Value name = t->frame ? dict_get_str(t->frame->function->globals, NAME_OF(t, __name__)) : UNBOUND;
    return is_bound(name) ? retain(name) : NONE;
}

static Value typing_attribute(Thread *t, const char *name)
{
    Value typing = import_module_text(t, "typing");
    if (failed(typing)) return FAILED;
    Str *text = str_intern_text(t, name);
    Value v = text ? value_get_attribute(t, typing, text) : FAILED;
    if (text) object_release(text);
    release(typing);
    return v;
}

static Value ask_typing(Thread *t, const char *function, const Value *args, size_t count)
{
    Value callee = typing_attribute(t, function);
    if (failed(callee)) return FAILED;
    Value v = value_call(t, callee, args, count, NULL);
    release(callee);
    return v;
}

/* The parameters with *Ts for Ts, which is how subscription wants to see them. */
Value type_parameter_spread(Thread *t, Tuple *parameters)
{
    List *list = list_new(t, parameters->count);
    for (size_t i = 0; list && i < parameters->count; i++) {
        Value each = parameters->items[i];
        if (is_kind(each, KIND_TYPE_VAR_TUPLE) ? list_extend(t, list, each) : list_append(t, list, each)) continue;
        object_release(list);
        return FAILED;
    }
    if (!list) return FAILED;
    Tuple *spread = tuple_from_values(t, list->items, list->count);
    object_release(list);
    return object_value(spread);
}

Value type_parameter_generic(Thread *t, Value parameters)
{
    Value generic = typing_attribute(t, "Generic");
    Value key = failed(generic) ? FAILED : type_parameter_spread(t, as_tuple(parameters));
    Value v = failed(key) ? FAILED : value_get_item(t, generic, key);
    release2(generic, key);
    return v;
}

/* ---- making ---- */

static const enum Kind kinds[] = {[TYPE_VAR] = KIND_TYPE_VAR, [PARAM_SPEC] = KIND_PARAM_SPEC, [TYPE_VAR_TUPLE] = KIND_TYPE_VAR_TUPLE};

static TypeParameter *parameter_alloc(Thread *t, TypeParameterForm form, Value name)
{
    TypeParameter *parameter = (TypeParameter *)type_alloc(t, kind_type(t, kinds[form]));
    if (parameter) parameter->name = retain(name);
    return parameter;
}

Value type_parameter_new(Thread *t, TypeParameterForm form, Value name, Value bound, Value constraints)
{
    TypeParameter *parameter = parameter_alloc(t, form, name);
    if (!parameter) return FAILED;
    parameter->bound.compute = retain(bound);
    parameter->constraints.compute = retain(constraints);
    parameter->has_inferred_variance = true;
    return object_value(parameter);
}

static TypeParameter *self_of(Value self) { return (TypeParameter *)as_object(self); }

Value type_parameter_set_default(Thread *t, Value parameter, Value compute)
{
    (void)t;
    replace(&self_of(parameter)->preset.compute, retain(compute));
    return retain(parameter);
}

enum { GIVEN_NAME, GIVEN_ARGS, GIVEN_BOUND = GIVEN_ARGS + 1, GIVEN_DEFAULT, GIVEN_COVARIANT, GIVEN_CONTRAVARIANT, GIVEN_INFER, GIVEN_COUNT };

static bool read_flag(Thread *t, Value given, bool *flag) { return is_unbound(given) || value_truth(t, given, flag); }

static bool read_variance(Thread *t, TypeParameter *parameter, const Value *given)
{
    if (!read_flag(t, given[GIVEN_COVARIANT], &parameter->is_covariant) || !read_flag(t, given[GIVEN_CONTRAVARIANT], &parameter->is_contravariant) ||
        !read_flag(t, given[GIVEN_INFER], &parameter->has_inferred_variance))
        return false;
    if (parameter->is_covariant && parameter->is_contravariant) return raise_false(t, EXC_ValueError, "Bivariant types are not supported.");
    if ((parameter->is_covariant || parameter->is_contravariant) && parameter->has_inferred_variance)
        return raise_false(t, EXC_ValueError, "Variance cannot be specified with infer_variance.");
    return true;
}

/* A bound may be written as a text; then it is a ForwardRef from here on. */
static bool read_bound(Thread *t, TypeParameter *parameter, Value bound)
{
    if (is_unbound(bound) || is_none(bound)) return true;
    Str *message = str_from_text(t, "Bound must be a type.");
    if (!message) return false;
    parameter->bound.value = ask_typing(t, "_type_check", (Value[]){bound, object_value(message)}, 2);
    object_release(message);
    return !failed(parameter->bound.value);
}

static bool read_constraints(Thread *t, TypeParameter *parameter, Value constraints)
{
    size_t count = is_tuple(constraints) ? as_tuple(constraints)->count : 0;
    if (count == 0) return true;
    if (count == 1) return raise_false(t, EXC_TypeError, "A single constraint is not allowed");
    if (is_bound(parameter->bound.value)) return raise_false(t, EXC_TypeError, "Constraints cannot be combined with bound=...");
    parameter->constraints.value = retain(constraints);
    return true;
}

static Value make(Thread *t, TypeParameterForm form, const char *function, const char *signature_text, const int *places, size_t most,
                  const Value *args, size_t count, Tuple *names)
{
    Value slots[GIVEN_COUNT] = {UNBOUND}, given[GIVEN_COUNT] = {UNBOUND};
    Signature *signature = signature_parse(t, signature_text);
    bool done = signature && signature_bind(t, signature, function, args, count, names, slots);
    if (signature) signature_free(t, signature);
    if (!done) return FAILED;
    for (size_t i = 0; i < most; i++) given[places[i]] = slots[i];
    TypeParameter *parameter = NULL;
    if (!is_str(given[GIVEN_NAME])) raise_type_error(t, "%s() argument 'name' must be str, not %N", function, given[GIVEN_NAME]);
    else parameter = parameter_alloc(t, form, given[GIVEN_NAME]);
    if (parameter) {
        done = read_variance(t, parameter, given) && read_bound(t, parameter, given[GIVEN_BOUND]) &&
               (form != TYPE_VAR || read_constraints(t, parameter, given[GIVEN_ARGS]));
        parameter->preset.value = retain(given[GIVEN_DEFAULT]);
        parameter->module = type_parameter_caller(t);
        if (form == PARAM_SPEC && is_unbound(parameter->bound.value)) parameter->bound.value = retain(object_value(kind_type(t, KIND_NONE_TYPE)));
    }
    if (form == TYPE_VAR) release(given[GIVEN_ARGS]);       /* the tuple of *constraints was made by signature_bind */
    if (parameter && done) return object_value(parameter);
    if (parameter) object_release(parameter);
    return FAILED;
}

static Value type_var_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    static const int places[] = {GIVEN_NAME, GIVEN_BOUND, GIVEN_DEFAULT, GIVEN_COVARIANT, GIVEN_CONTRAVARIANT, GIVEN_INFER, GIVEN_ARGS};
    (void)type;
    return make(t, TYPE_VAR, "typevar", "(name, *constraints, bound=None, default=NoDefault, covariant=False, contravariant=False, infer_variance=False)",
                places, ARRAY_LENGTH(places), args, count, names);
}

static Value param_spec_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    static const int places[] = {GIVEN_NAME, GIVEN_BOUND, GIVEN_DEFAULT, GIVEN_COVARIANT, GIVEN_CONTRAVARIANT, GIVEN_INFER};
    (void)type;
    return make(t, PARAM_SPEC, "paramspec", "(name, *, bound=None, default=NoDefault, covariant=False, contravariant=False, infer_variance=False)", places,
                ARRAY_LENGTH(places), args, count, names);
}

static Value type_var_tuple_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    static const int places[] = {GIVEN_NAME, GIVEN_DEFAULT};
    (void)type;
    return make(t, TYPE_VAR_TUPLE, "typevartuple", "(name, *, default=NoDefault)", places, ARRAY_LENGTH(places), args, count, names);
}

/* ---- what all three have ---- */

static Value parameter_repr(Thread *t, Value self)
{
    TypeParameter *parameter = self_of(self);
    if (parameter->has_inferred_variance || is_kind(self, KIND_TYPE_VAR_TUPLE)) return retain(parameter->name);
    return object_value(str_format(t, "%c%S", parameter->is_covariant ? '+' : parameter->is_contravariant ? '-' : '~', parameter->name));
}

static Value get_module(Thread *t, Value self)
{
    Value module = self_of(self)->module;
    return is_bound(module) ? retain(module) : object_value(str_from_text(t, "typing"));
}
static bool set_module(Thread *t, Value self, Value v)
{
    replace(&self_of(self)->module, retain(v));
    return true;
}
static Value get_bound(Thread *t, Value self) { return lazy_get(t, &self_of(self)->bound, NONE); }
static Value get_constraints(Thread *t, Value self) { return lazy_get(t, &self_of(self)->constraints, t->interp->empty_tuple); }
static Value get_default(Thread *t, Value self) { return lazy_get(t, &self_of(self)->preset, object_value(t->interp->run->no_default)); }

static Value has_default(Thread *t, Value self, const Value *args)
{
    Lazy *preset = &self_of(self)->preset;
    return bool_value(is_bound(preset->compute) || (is_bound(preset->value) && !is_same(preset->value, object_value(t->interp->run->no_default))));
}

static Value reduce(Thread *t, Value self, const Value *args) { return retain(self_of(self)->name); }
static Value substitute(Thread *t, Value self, const Value *args) { return ask_typing(t, "_substitute", (Value[]){self, args[0]}, 2); }
static Value prepare(Thread *t, Value self, const Value *args)
{
    return ask_typing(t, "_prepare_substitution", (Value[]){self, args[0], args[1]}, 3);
}
static Value refuse_subclass(Thread *t, Value self, const Value *args)
{
    return raise_type_error(t, "Cannot subclass an instance of %U", value_type(t, self)->name);
}
static Value parameter_or(Thread *t, Value left, Value right) { return ask_typing(t, "_make_union", (Value[]){left, right}, 2); }

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
    clear(&((TypeParameter *)self)->module);
}

static const NativeDef methods[] = {
    NATIVE("has_default", has_default, "($self, /)", 0, "Is there a default?"),
    NATIVE("__reduce__", reduce, "($self, /)", 0, NULL),
    NATIVE("__mro_entries__", refuse_subclass, "($self, bases, /)", 0, NULL),
    NATIVE("__typing_subst__", substitute, "($self, arg, /)", 0, "What an argument becomes in the place of this parameter."),
    NATIVE("__typing_prepare_subst__", prepare, "($self, alias, args, /)", 0, "The row of arguments as this parameter needs it."),
    NATIVE_END,
};

static const MemberDef members[] = {
    {"__name__", MEMBER_VALUE, offsetof(TypeParameter, name), true, NULL},
    {"__covariant__", MEMBER_BOOL, offsetof(TypeParameter, is_covariant), true, NULL},
    {"__contravariant__", MEMBER_BOOL, offsetof(TypeParameter, is_contravariant), true, NULL},
    {"__infer_variance__", MEMBER_BOOL, offsetof(TypeParameter, has_inferred_variance), true, NULL},
    {NULL, MEMBER_VALUE, 0, false, NULL},
};

#define PARAMETER_FLAGS (TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_IS_WEAK_REFERABLE | TYPE_HAS_ATTRIBUTES | TYPE_HIDES_DICT)

/* ---- TypeVar ---- */

static const GetSetDef type_var_getsets[] = {
    {"__module__", get_module, set_module, NULL},
    {"__bound__", get_bound, NULL, NULL},
    {"__constraints__", get_constraints, NULL, NULL},
    {"__default__", get_default, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
const TypeSpec type_var_spec = {
    .doc = "A type that is to be filled in. Written class C[T], or T = TypeVar('T'), with bound=, default= or constraints.",
    .size = sizeof(TypeParameter), .flags = PARAMETER_FLAGS,
    .slots = {.repr = parameter_repr, .or = parameter_or, .new_instance = type_var_make},
    .methods = methods, .getsets = type_var_getsets, .members = members, .traverse = parameter_traverse, .clear = parameter_clear, .free = parameter_free,
};

/* ---- ParamSpec ---- */

static Value part_of(Thread *t, enum Kind kind, Value origin)
{
    ParamSpecPart *part = (ParamSpecPart *)type_alloc(t, kind_type(t, kind));
    if (part) part->origin = retain(origin);
    return object_value(part);
}
static Value get_args(Thread *t, Value self) { return part_of(t, KIND_PARAM_SPEC_ARGS, self); }
static Value get_kwargs(Thread *t, Value self) { return part_of(t, KIND_PARAM_SPEC_KWARGS, self); }

static const GetSetDef param_spec_getsets[] = {
    {"__module__", get_module, set_module, NULL},
    {"__bound__", get_bound, NULL, NULL},
    {"__default__", get_default, NULL, NULL},
    {"args", get_args, NULL, "Stands for the positional arguments."},
    {"kwargs", get_kwargs, NULL, "Stands for the keyword arguments."},
    {NULL, NULL, NULL, NULL},
};
const TypeSpec param_spec_spec = {
    .doc = "The parameters of a callable, to be filled in. Written class C[**P], or P = ParamSpec('P').",
    .size = sizeof(TypeParameter), .flags = PARAMETER_FLAGS,
    .slots = {.repr = parameter_repr, .or = parameter_or, .new_instance = param_spec_make},
    .methods = methods, .getsets = param_spec_getsets, .members = members, .traverse = parameter_traverse, .clear = parameter_clear, .free = parameter_free,
};

static Value part_repr(Thread *t, Value self)
{
    const char *word = is_kind(self, KIND_PARAM_SPEC_ARGS) ? "args" : "kwargs";
    Value origin = ((ParamSpecPart *)as_object(self))->origin;
    return object_value(is_kind(origin, KIND_PARAM_SPEC) ? str_format(t, "%S.%s", self_of(origin)->name, word) : str_format(t, "%R.%s", origin, word));
}

static Value part_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if ((op != COMPARE_EQ && op != COMPARE_NE) || value_type(t, self) != value_type(t, other)) return NOT_IMPLEMENTED;
    bool equal;
    if (!value_equal(t, ((ParamSpecPart *)as_object(self))->origin, ((ParamSpecPart *)as_object(other))->origin, &equal)) return FAILED;
    return bool_value(equal == (op == COMPARE_EQ));
}

static Value part_make(Thread *t, enum Kind kind, const char *function, const Value *args, size_t count, Tuple *names)
{
    if (names || count != 1) return raise_type_error(t, "%s() takes exactly 1 positional argument (%zu given)", function, count);
    return part_of(t, kind, args[0]);
}
static Value args_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    return part_make(t, KIND_PARAM_SPEC_ARGS, "paramspecargs", args, count, names);
}
static Value kwargs_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    return part_make(t, KIND_PARAM_SPEC_KWARGS, "paramspeckwargs", args, count, names);
}
static void part_traverse(Object *self, VisitFn visit, void *context) { visit_value(((ParamSpecPart *)self)->origin, visit, context); }
static void part_free(Object *self) { clear(&((ParamSpecPart *)self)->origin); }

static const NativeDef part_methods[] = {NATIVE("__mro_entries__", refuse_subclass, "($self, bases, /)", 0, NULL), NATIVE_END};
static Value part_get_module(Thread *t, Value self) { return object_value(str_from_text(t, "typing")); }
static const GetSetDef part_getsets[] = {{"__module__", part_get_module, NULL, NULL}, {NULL, NULL, NULL, NULL}};
static const MemberDef part_members[] = {
    {"__origin__", MEMBER_VALUE, offsetof(ParamSpecPart, origin), true, NULL},
    {NULL, MEMBER_VALUE, 0, false, NULL},
};
const TypeSpec param_spec_args_spec = {
    .doc = "What P.args is, for a ParamSpec P.",
    .size = sizeof(ParamSpecPart), .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = part_repr, .hash = hash_not_implemented, .compare = part_compare, .new_instance = args_make},
    .methods = part_methods, .getsets = part_getsets, .members = part_members, .traverse = part_traverse, .free = part_free,
};
const TypeSpec param_spec_kwargs_spec = {
    .doc = "What P.kwargs is, for a ParamSpec P.",
    .size = sizeof(ParamSpecPart), .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = part_repr, .hash = hash_not_implemented, .compare = part_compare, .new_instance = kwargs_make},
    .methods = part_methods, .getsets = part_getsets, .members = part_members, .traverse = part_traverse, .free = part_free,
};

/* ---- TypeVarTuple ---- */

/* *Ts in a subscript: one item, Unpack[Ts]. */
static Value tuple_iterate(Thread *t, Value self)
{
    Value unpacked = ask_typing(t, "_unpack", &self, 1);
    if (failed(unpacked)) return FAILED;
    Tuple *one = tuple_take_values(t, &unpacked, 1);
    Value iterator = one ? value_iterate(t, object_value(one)) : FAILED;
    if (one) object_release(one);
    return iterator;
}

static const MemberDef type_var_tuple_members[] = {
    {"__name__", MEMBER_VALUE, offsetof(TypeParameter, name), true, NULL},
    {NULL, MEMBER_VALUE, 0, false, NULL},
};
static const GetSetDef type_var_tuple_getsets[] = {
    {"__module__", get_module, set_module, NULL},
    {"__default__", get_default, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};
const TypeSpec type_var_tuple_spec = {
    .doc = "A row of types to be filled in. Written class C[*Ts], or Ts = TypeVarTuple('Ts').",
    .size = sizeof(TypeParameter), .flags = PARAMETER_FLAGS,
    .slots = {.repr = parameter_repr, .iterate = tuple_iterate, .new_instance = type_var_tuple_make},
    .methods = methods, .getsets = type_var_tuple_getsets, .members = type_var_tuple_members, .traverse = parameter_traverse, .clear = parameter_clear, .free = parameter_free,
};

/* ---- NoDefault ---- */

static Value no_default_repr(Thread *t, Value self) { return object_value(str_from_text(t, "typing.NoDefault")); }
static Value no_default_reduce(Thread *t, Value self, const Value *args) { return object_value(str_from_text(t, "NoDefault")); }
static Value no_default_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    if (count || names) return raise_type_error(t, "NoDefaultType takes no arguments");
    return retain(object_value(t->interp->run->no_default));
}

static const NativeDef no_default_methods[] = {NATIVE("__reduce__", no_default_reduce, "($self, /)", 0, NULL), NATIVE_END};
const TypeSpec no_default_spec = {
    .doc = "The type of NoDefault.",
    .size = sizeof(Object), .flags = TYPE_IS_FINAL,
    .slots = {.repr = no_default_repr, .new_instance = no_default_make},
    .methods = no_default_methods,
};

bool type_parameter_init(Thread *t)
{
    t->interp->run->no_default = type_alloc(t, kind_type(t, KIND_NO_DEFAULT));
    return t->interp->run->no_default != NULL;
}

void type_parameter_finish(Interp *interp)
{
    if (interp->run->no_default) object_release(interp->run->no_default);
    interp->run->no_default = NULL;
}
