/* type_parameter.h - TypeVar, ParamSpec, TypeVarTuple and type aliases, as the syntax of PEP 695 makes them.
 * What        Their objects; bounds, constraints, defaults and alias values are computed when first asked.   How  type_parameter.c
 * GIL         held.   Read next  intrinsics.c */
#ifndef TOY_RUN_TYPE_PARAMETER_H
#define TOY_RUN_TYPE_PARAMETER_H

#include "vm/object/context.h"

typedef enum TypeParameterForm { TYPE_VAR, PARAM_SPEC, TYPE_VAR_TUPLE } TypeParameterForm;

/* [bound] and [constraints]: functions that compute them, or UNBOUND. */
MUST_CHECK Value type_parameter_new(Thread *t, TypeParameterForm form, Value name, Value bound, Value constraints);
MUST_CHECK Value type_parameter_set_default(Thread *t, Value parameter, Value compute);
MUST_CHECK Value type_parameter_generic(Thread *t, Value parameters);    /* typing.Generic[parameters] */
MUST_CHECK Value type_alias_new(Thread *t, Value row);                   /* (name, type parameters or None, compute) */

extern const TypeSpec type_parameter_spec, type_alias_spec;

#endif
