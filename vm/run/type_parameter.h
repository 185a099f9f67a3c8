/* type_parameter.h - TypeVar, ParamSpec, TypeVarTuple and type aliases, as the syntax of PEP 695 makes them.
 * What        Their objects; bounds, constraints, defaults and alias values are computed when first asked.   How  type_parameter.c, type_alias.c
 * GIL         held.   Read next  intrinsics.c */
#ifndef TOY_RUN_TYPE_PARAMETER_H
#define TOY_RUN_TYPE_PARAMETER_H

#include "vm/object/context.h"
#include "vm/object/type.h"
#include "vm/run/interp.h"

typedef enum TypeParameterForm { TYPE_VAR, PARAM_SPEC, TYPE_VAR_TUPLE } TypeParameterForm;

/* A value that is computed when it is first asked for. */
typedef struct Lazy { Value compute, value; } Lazy;
MUST_CHECK Value lazy_get(Thread *t, Lazy *lazy, Value otherwise);
void lazy_visit(const Lazy *lazy, VisitFn visit, void *context);
void lazy_clear(Lazy *lazy);

/* [bound] and [constraints]: functions that compute them, or UNBOUND. */
MUST_CHECK Value type_parameter_new(Thread *t, TypeParameterForm form, Value name, Value bound, Value constraints);
MUST_CHECK Value type_parameter_set_default(Thread *t, Value parameter, Value compute);
MUST_CHECK Value type_parameter_generic(Thread *t, Value parameters);    /* typing.Generic[parameters] */
MUST_CHECK Value type_parameter_spread(Thread *t, Tuple *parameters);    /* a tuple with *Ts for each Ts */
MUST_CHECK Value type_alias_new(Thread *t, Value row);                   /* (name, type parameters or None, compute) */
Value type_parameter_caller(Thread *t);                                  /* __name__ of the module whose code runs, or None; owned */

MUST_CHECK bool type_parameter_init(Thread *t);                          /* start-up: NoDefault */
void type_parameter_finish(Interp *interp);

extern const TypeSpec type_var_spec, param_spec_spec, type_var_tuple_spec, param_spec_args_spec, param_spec_kwargs_spec, no_default_spec,
    type_alias_spec;

#endif
