/* intrinsics.c - the rare operations.
 *
 * What        The bodies of intrinsics.def.
 * How         One function each, chosen by number from the .def file.
 * GIL         held.
 * Read next   vm/bytecode/intrinsics.def, type_parameter.c */
#include "vm/run/intrinsics.h"

#include "vm/bytecode/opcode.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/coroutine.h"
#include "vm/run/import.h"
#include "vm/run/interp.h"
#include "vm/run/type_parameter.h"
#include "vm/run/unwind.h"

static Value show_at_prompt(Thread *t, Value v)
{
    Value hook = sys_get(t, "displayhook");
    if (is_unbound(hook)) return raise_error(t, EXC_RuntimeError, "lost sys.displayhook");
    retain(hook);
    Value result = value_call1(t, hook, v);
    release(hook);
    return result;
}

/* StopIteration that leaves a generator (PEP 479), StopAsyncIteration an asynchronous one. */
static Value stop_iteration_error(Thread *t, Frame *frame, Value exception)
{
    uint32_t flags = frame->code->unit->flags;
    const char *message = NULL;
    if (exception_is(t, exception, EXC_StopIteration)) {
        message = flags & CODE_ASYNC_GENERATOR ? "async generator raised StopIteration"
                  : flags & CODE_COROUTINE     ? "coroutine raised StopIteration"
                                               : "generator raised StopIteration";
    } else if (flags & CODE_ASYNC_GENERATOR && exception_is(t, exception, EXC_StopAsyncIteration)) {
        message = "async generator raised StopAsyncIteration";
    }
    if (!message) return retain(exception);
    Value text = object_value(str_from_text(t, message));
    Value error = failed(text) ? FAILED : exception_make(t, object_value(exception_type(t, EXC_RuntimeError)), text);
    release(text);
    if (failed(error)) return FAILED;
    Exception *e = (Exception *)as_object(error);
    replace(&e->cause, retain(exception));
    replace(&e->context, retain(exception));
    e->suppress_context = true;
    return error;
}

/* Code units from outside may hand over anything: the verifier does not follow the values of type parameters. */
static Value wrong_operand(Thread *t, const char *wanted) { return raise_error(t, EXC_SystemError, "intrinsic needs %s", wanted); }

static bool is_alias_row(Value v) { return is_kind(v, KIND_TUPLE) && as_tuple(v)->count == 3 && is_str(as_tuple(v)->items[0]); }
static bool is_type_parameter(Value v) { return is_kind(v, KIND_TYPE_VAR) || is_kind(v, KIND_PARAM_SPEC) || is_kind(v, KIND_TYPE_VAR_TUPLE); }

static Value new_parameter(Thread *t, TypeParameterForm form, Value name, Value bound, Value constraints)
{
    return is_str(name) ? type_parameter_new(t, form, name, bound, constraints) : wrong_operand(t, "a name");
}

Value intrinsic_1(Thread *t, Frame *frame, uint32_t number, Value v)
{
    switch (number) {
    case INTRINSIC_PRINT: return show_at_prompt(t, v);
    case INTRINSIC_IMPORT_STAR: return import_star(t, frame, v) ? NONE : FAILED;
    case INTRINSIC_STOPITERATION_ERROR: return stop_iteration_error(t, frame, v);
    case INTRINSIC_ASYNC_GEN_WRAP: return async_generator_wrap(t, v);
    case INTRINSIC_LIST_TO_TUPLE: return object_value(tuple_from_values(t, as_list(v)->items, as_list(v)->count));
    case INTRINSIC_TYPEVAR: return new_parameter(t, TYPE_VAR, v, UNBOUND, UNBOUND);
    case INTRINSIC_PARAMSPEC: return new_parameter(t, PARAM_SPEC, v, UNBOUND, UNBOUND);
    case INTRINSIC_TYPEVARTUPLE: return new_parameter(t, TYPE_VAR_TUPLE, v, UNBOUND, UNBOUND);
    case INTRINSIC_SUBSCRIPT_GENERIC: return is_kind(v, KIND_TUPLE) ? type_parameter_generic(t, v) : wrong_operand(t, "a tuple");
    case INTRINSIC_TYPEALIAS: return is_alias_row(v) ? type_alias_new(t, v) : wrong_operand(t, "(name, parameters, function)");
    }
    return raise_error(t, EXC_SystemError, "unknown intrinsic");
}

Value intrinsic_2(Thread *t, Frame *frame, uint32_t number, Value first, Value second)
{
    switch (number) {
    case INTRINSIC_PREP_RERAISE_STAR: return unwind_prepare_reraise_star(t, first, second);
    case INTRINSIC_TYPEVAR_WITH_BOUND: return new_parameter(t, TYPE_VAR, first, second, UNBOUND);
    case INTRINSIC_TYPEVAR_WITH_CONSTRAINTS: return new_parameter(t, TYPE_VAR, first, UNBOUND, second);
    case INTRINSIC_SET_FUNCTION_TYPE_PARAMS:
        if (!is_kind(first, KIND_FUNCTION)) return wrong_operand(t, "a function");
        replace(&((Function *)as_object(first))->type_params, retain(second));
        return retain(first);
    case INTRINSIC_SET_TYPEPARAM_DEFAULT:
        return is_type_parameter(first) ? type_parameter_set_default(t, first, second) : wrong_operand(t, "a type parameter");
    }
    return raise_error(t, EXC_SystemError, "unknown intrinsic");
}
