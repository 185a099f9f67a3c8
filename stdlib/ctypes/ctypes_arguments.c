/* ctypes_arguments.c - values on their way into a foreign call, and back.
 *
 * What        CArgObject, an argument that was made by from_param or byref; conversions by class and without one; results.
 * How         Each argument becomes 16 bytes and a description of them for libffi. What is wrong with one is found out before the call.
 * Invariants  I1 what an argument points to is held until the call is over: Argument.holder.
 * GIL         held; __index__, from_param and _as_parameter_ run script code.
 * Read next   ctypes_functions.c, ctypes_memory.c */
#include "stdlib/ctypes/ctypes.h"

/* ---- arguments made beforehand ---- */

typedef struct Parameter { ToyObject head; const Kind *kind; Scalar scalar; ToyValue holder; } Parameter;

static ToyValue parameter_new(ToyThread *t, CtypesState *state, const Kind *kind, Scalar scalar, TOY_TAKES ToyValue holder)
{
    Parameter *parameter = (Parameter *)toy_type_alloc(t, state->parameter_type);
    if (!parameter) {
        toy_release(holder);
        return TOY_FAILED;
    }
    parameter->kind = kind;
    parameter->scalar = scalar;
    parameter->holder = holder;
    return toy_value(parameter);
}

static ToyValue parameter_repr(ToyThread *t, ToyValue self)
{
    const Parameter *parameter = (Parameter *)toy_object(self);
    char letter = parameter->kind->letter;
    if (strchr("zZP", letter)) return toy_str_format(t, "<cparam '%c' (%p)>", letter, parameter->scalar.pointer);
    if (strchr("?ugO", letter)) return toy_str_format(t, "<cparam '%c' at %p>", letter, (void *)toy_object(self));
    if (letter == 'c') {
        int byte = (uint8_t)parameter->scalar.i8;
        bool is_plain = byte >= ' ' && byte < 127 && byte != '\'' && byte != '\\';
        return toy_str_format(t, is_plain ? "<cparam 'c' ('%c')>" : "<cparam 'c' ('\\x%02x')>", byte);
    }
    ToyValue value = parameter->kind->read(t, parameter->kind, &parameter->scalar);
    ToyValue text = toy_failed(value) ? TOY_FAILED : toy_str_format(t, "<cparam '%c' (%R)>", letter, value);
    toy_release(value);
    return text;
}

static ToyValue get_object(ToyThread *t, ToyValue self)
{
    ToyValue holder = ((Parameter *)toy_object(self))->holder;
    return toy_is_bound(holder) ? toy_retain(holder) : toy_raise(t, TOY_AttributeError, "_obj");
}
static void parameter_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((Parameter *)self)->holder, visit, context); }
static void parameter_free(ToyObject *self) { toy_clear(&((Parameter *)self)->holder); }

static const ToyGetSet parameter_getsets[] = {{"_obj", get_object, NULL, "the wrapped object"}, {NULL, NULL, NULL, NULL}};
const ToyTypeSpec ctypes_parameter_spec = {
    .doc = "An argument of a foreign function, made in advance.",
    .size = sizeof(Parameter),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_NO_NEW | TOY_TYPE_IS_CONTAINER,
    .slots = {.repr = parameter_repr},
    .getsets = parameter_getsets,
    .traverse = parameter_traverse,
    .free = parameter_free,
};

ToyValue ctypes_byref(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t offset = 0;
    ToyValue v = args[0];
    ToyType *type = toy_is_object(v) ? toy_object(v)->type : NULL;
    CtypesState *state = toy_is_bound(self) ? toy_module_state(self) : toy_type_state(type);
    if (!ctypes_is_object(t, state, v)) return toy_raise_type_error(t, "byref() argument must be a ctypes instance, not '%T'", v);
    if (!toy_arg_int64(t, args[1], &offset)) return TOY_FAILED;
    Scalar address = {.pointer = as_cobject(v)->data + offset};
    return parameter_new(t, state, ctypes_kind('P'), address, toy_retain(v));
}

/* ---- by class: from_param ---- */

static bool is_address(const CClass *class) { return class->kind && strchr("zZP", class->kind->letter); }

/* What may be passed for a c_char_p, a c_wchar_p, a c_void_p. *is_none: it is None. UNBOUND without anything raised: this may not. */
static ToyValue address_from(ToyThread *t, CtypesState *state, const Kind *kind, ToyValue v)
{
    Scalar scalar = {.bits = 0};
    ToyValue holder = TOY_UNBOUND;
    bool takes_bytes = kind->letter != 'Z', takes_text = kind->letter != 'z', takes_any = kind->letter == 'P';
    const Kind *as = toy_is_bytes(v) && takes_bytes ? ctypes_kind('z') : toy_is_str(v) && takes_text ? ctypes_kind('Z') : toy_is_int(v) && takes_any ? kind : NULL;
    if (as) {
        if (as->write(t, as, v, &scalar, &holder)) return parameter_new(t, state, as, scalar, holder);
        toy_release(holder);
        return TOY_FAILED;
    }
    if (toy_is_object(v) && toy_is_a(t, v, state->parameter_type)) {
        const Parameter *parameter = (Parameter *)toy_object(v);
        char letter = parameter->kind->letter;
        ToyValue of = parameter->holder;   /* byref(c_char()) may stand for a char * */
        const CClass *class = letter == 'P' && ctypes_is_object(t, state, of) ? cobject_class(of) : NULL;
        bool fits = takes_any ? strchr("zZP", letter) != NULL : letter == kind->letter || (class && class->kind && class->kind->letter == (takes_bytes ? 'c' : 'u'));
        return fits ? toy_retain(v) : TOY_UNBOUND;
    }
    if (!ctypes_is_object(t, state, v)) return TOY_UNBOUND;
    const CClass *class = cobject_class(v);
    if (class->family == FAMILY_FUNCTION && takes_any) {
        memcpy(&scalar.pointer, as_cobject(v)->data, sizeof scalar.pointer);
        return parameter_new(t, state, kind, scalar, toy_retain(v));
    }
    if (class->family == FAMILY_SIMPLE) return takes_any && is_address(class) ? toy_retain(v) : TOY_UNBOUND;
    if (class->family != FAMILY_ARRAY && class->family != FAMILY_POINTER) return TOY_UNBOUND;
    const CClass *item = toy_is_bound(class->item) ? as_cclass(class->item) : NULL;
    bool fits = takes_any || (item && item->kind && item->kind->letter == (takes_bytes ? 'c' : 'u'));
    return fits ? toy_retain(v) : TOY_UNBOUND;
}

static ToyValue refuse(ToyThread *t, CtypesState *state, ToyValue class, ToyValue v)
{
    const CClass *of = as_cclass(class);
    ToyValue name = toy_get_attribute(t, class, "__name__");
    if (!toy_failed(name)) {
        if (of->family == FAMILY_SIMPLE) toy_raise_type_error(t, "'%T' object cannot be interpreted as ctypes.%S", v, name);
        else if (toy_is_object(v) && toy_is_a(t, v, state->parameter_type) && toy_is_bound(((Parameter *)toy_object(v))->holder))
            toy_raise_type_error(t, "expected %S instance instead of pointer to %T", name, ((Parameter *)toy_object(v))->holder);
        else toy_raise_type_error(t, "expected %S instance instead of %T", name, v);
    }
    toy_release(name);
    return TOY_FAILED;
}

/* What is passed for a value where [class] is declared. */
static ToyValue convert_for_class(ToyThread *t, CtypesState *state, ToyValue class, ToyValue v)
{
    const CClass *of = as_cclass(class);
    Scalar scalar = {.bits = 0};
    ToyValue holder = TOY_UNBOUND, converted = TOY_UNBOUND;
    bool is_instance;
    if (!toy_check_recursion(t, " while processing _as_parameter_") || !toy_is_instance(t, v, class, &is_instance)) return TOY_FAILED;
    if (is_instance) return toy_retain(v);
    if (is_address(of)) {
        if (toy_is_none(v)) return TOY_NONE;
        converted = address_from(t, state, of->kind, v);
    } else if (of->family == FAMILY_SIMPLE && of->kind->write(t, of->kind, v, &scalar, &holder)) {
        return parameter_new(t, state, of->kind, scalar, holder);
    } else if (toy_is_object(v) && toy_is_a(t, v, state->parameter_type)) {
        ToyValue held = ((Parameter *)toy_object(v))->holder;   /* byref of what the pointer may lead to */
        bool can_fit = toy_is_bound(held) && toy_is_bound(of->item);
        if (can_fit && !toy_is_instance(t, held, of->item, &is_instance)) return TOY_FAILED;
        if (can_fit && is_instance) return toy_retain(v);
    }
    if (toy_is_bound(converted)) return converted;
    /* Any object may say what shall be passed for it. */
    ToyValue raised = toy_is_raised(t) ? toy_raised_take(t) : TOY_UNBOUND;
    ToyValue stand_in = toy_find_attribute(t, v, "_as_parameter_");
    if (toy_is_bound(stand_in)) {
        toy_release(raised);
        converted = convert_for_class(t, state, class, stand_in);
        toy_release(stand_in);
        return converted;
    }
    if (toy_is_raised(t)) toy_release(raised);
    else if (toy_is_bound(raised)) toy_raise_instance(t, raised);
    else return refuse(t, state, class, v);
    return TOY_FAILED;
}

ToyValue ctypes_from_param(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (as_cclass(self)->family == FAMILY_NONE) return toy_raise_type_error(t, "abstract class");
    return convert_for_class(t, cclass_state(as_cclass(self)), self, args[0]);
}

/* ---- into a call ---- */

static void fill(Argument *argument, const Kind *kind, const void *bytes, ToyValue holder)
{
    memcpy(&argument->scalar, bytes, kind->size);
    argument->type = kind->type;
    argument->holder = toy_retain(holder);
}

static bool fill_from_object(ToyThread *t, ToyValue v, size_t number, Argument *argument)
{
    const CObject *object = as_cobject(v);
    const CClass *class = cobject_class(v);
    argument->type = &ffi_type_pointer;
    switch (class->family) {
    case FAMILY_SIMPLE:
        if (!ctypes_has_bytes(t, object, 0, class->size)) return false;
        fill(argument, class->kind, object->data, v);
        return true;
    case FAMILY_ARRAY:
        argument->scalar.pointer = object->data;
        break;
    case FAMILY_POINTER: case FAMILY_FUNCTION:
        if (!ctypes_has_bytes(t, object, 0, sizeof(void *))) return false;
        memcpy(&argument->scalar.pointer, object->data, sizeof(void *));
        break;
    default:
        return toy_raise_false(t, TOY_TypeError, "Don't know how to convert parameter %zu", number);
    }
    argument->holder = toy_retain(v);
    return true;
}

bool ctypes_convert(ToyThread *t, CtypesState *state, ToyValue v, size_t number, Argument *argument)
{
    size_t length;
    if (ctypes_is_object(t, state, v)) return fill_from_object(t, v, number, argument);
    if (toy_is_object(v) && toy_is_a(t, v, state->parameter_type)) {
        const Parameter *parameter = (Parameter *)toy_object(v);
        return fill(argument, parameter->kind, &parameter->scalar, v), true;
    }
    argument->type = &ffi_type_pointer;
    if (toy_is_none(v)) {
        argument->scalar.pointer = NULL;
        return true;
    }
    if (toy_is_int(v)) {
        int64_t word;
        uint64_t bits;
        argument->type = &ffi_type_sint;
        if (!toy_int_fits_int64(v, &word)) {
            if (!toy_int_fits_uint64(v, &bits)) return toy_raise_false(t, TOY_OverflowError, "int too long to convert");
            word = (int64_t)bits;
        }
        argument->scalar.i64 = word;
        return true;
    }
    if (toy_is_bytes(v)) {
        argument->scalar.pointer = (void *)(uintptr_t)toy_bytes_data(v, &length);
        argument->holder = toy_retain(v);
        return true;
    }
    if (toy_is_str(v)) {
        argument->holder = ctypes_wide_copy(t, v);
        if (toy_failed(argument->holder)) return false;
        argument->scalar.pointer = (void *)(uintptr_t)toy_bytes_data(argument->holder, &length);
        return true;
    }
    ToyValue stand_in = toy_find_attribute(t, v, "_as_parameter_");
    if (toy_is_bound(stand_in)) {
        bool done = toy_check_recursion(t, " while processing _as_parameter_") && ctypes_convert(t, state, stand_in, number, argument);
        toy_release(stand_in);
        return done;
    }
    return toy_is_raised(t) ? false : toy_raise_false(t, TOY_TypeError, "Don't know how to convert parameter %zu", number);
}

bool ctypes_convert_as(ToyThread *t, CtypesState *state, ToyValue class, ToyValue v, size_t number, Argument *argument)
{
    ToyValue converted = TOY_FAILED;
    /* A class derived from c_int may have a from_param of its own. */
    if (ctypes_is_class(t, state, class) && as_cclass(class)->family == FAMILY_SIMPLE && ctypes_is_direct(as_cclass(class))) {
        const Kind *kind = as_cclass(class)->kind;
        /* Numbers, the most frequent case, need no object in between. */
        bool is_number = toy_is_exact_float(v) ? kind->write == ctypes_write_float
                                               : toy_is_small_int(v) && (kind->write == ctypes_write_int || kind->write == ctypes_write_float);
        if (is_number) {
            argument->type = kind->type;
            return kind->write(t, kind, v, &argument->scalar, &argument->holder);
        }
        converted = convert_for_class(t, state, class, v);
    } else {
        converted = toy_call_method(t, class, "from_param", &v, 1);
    }
    if (toy_failed(converted)) return false;
    bool done = ctypes_convert(t, state, converted, number, argument);
    toy_release(converted);   /* the argument holds what it needs */
    return done;
}

/* "argument 1: TypeError: ...": what went wrong, and with which argument. */
bool ctypes_blame_argument(ToyThread *t, CtypesState *state, size_t number)
{
    ToyValue exception = toy_raised_take(t);
    ToyValue text = toy_to_str(t, exception);
    if (!toy_failed(text)) toy_raise_type(t, state->argument_error, "argument %zu: %T: %S", number, exception, text);
    toy_release(text);
    toy_release(exception);
    return false;
}

bool ctypes_arg_address(ToyThread *t, CtypesState *state, ToyValue v, size_t number, uint8_t **address, ToyValue *holder)
{
    Argument argument = {.holder = TOY_UNBOUND};
    const Kind *kind = ctypes_kind('P');
    *holder = TOY_UNBOUND;
    if (toy_is_none(v)) return *address = NULL, true;
    ToyValue converted = address_from(t, state, kind, v);
    if (toy_is_unbound(converted) && !toy_is_raised(t)) {
        ToyValue stand_in = toy_find_attribute(t, v, "_as_parameter_");
        if (toy_is_bound(stand_in)) {
            bool done = toy_check_recursion(t, " while processing _as_parameter_") && ctypes_arg_address(t, state, stand_in, number, address, holder);
            toy_release(stand_in);
            return done;
        }
        if (!toy_is_raised(t)) toy_raise_type_error(t, "'%T' object cannot be interpreted as ctypes.c_void_p", v);
    }
    bool done = !toy_failed(converted) && ctypes_convert(t, state, converted, number, &argument);
    toy_release(converted);
    *address = argument.scalar.pointer;
    *holder = argument.holder;
    return done || ctypes_blame_argument(t, state, number);
}

/* ---- out of a call ---- */

bool ctypes_result_type(ToyThread *t, CtypesState *state, ToyValue restype, ffi_type **type)
{
    *type = toy_is_none(restype) ? &ffi_type_void : &ffi_type_sint;
    if (!ctypes_is_class(t, state, restype)) return true;
    const CClass *class = as_cclass(restype);
    if (class->family == FAMILY_POINTER || class->family == FAMILY_FUNCTION) *type = &ffi_type_pointer;
    else if (class->family == FAMILY_SIMPLE) *type = class->kind->type;
    else return toy_raise_false(t, TOY_TypeError, "invalid result type for callback function");
    return true;
}

ToyValue ctypes_result(ToyThread *t, CtypesState *state, ToyValue restype, const Scalar *returned)
{
    if (toy_is_none(restype)) return TOY_NONE;
    if (!ctypes_is_class(t, state, restype)) {
        ToyValue number = toy_int(t, returned->i32);
        return toy_call1(t, restype, number);
    }
    CClass *class = as_cclass(restype);
    if (class->family == FAMILY_SIMPLE && ctypes_is_direct(class)) {
        ToyValue v = class->kind->read(t, class->kind, returned);
        if (class->kind->letter == 'O') toy_release(v);   /* a function that returns an object gives its reference away */
        return v;
    }
    ToyValue v = ctypes_object_new(t, class);
    if (toy_failed(v)) return TOY_FAILED;
    memcpy(as_cobject(v)->data, returned, class->size);
    ToyValue check = toy_find_attribute(t, restype, "_check_retval_");
    if (toy_is_unbound(check) && !toy_is_raised(t)) return v;
    ToyValue checked = toy_is_bound(check) ? toy_call1(t, check, v) : TOY_FAILED;
    toy_release(check);
    toy_release(v);
    return checked;
}
