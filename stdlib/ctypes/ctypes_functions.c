/* ctypes_functions.c - functions of shared libraries as objects that are called.
 *
 * What        CFuncPtr and its metaclass; the call; errno.
 * How         libffi lays the arguments out as the system's calling convention says. A function of a CDLL gives the lock up around the call
 *             (other threads run while C works), one of a PyDLL keeps it. The object's bytes are the function's address.
 * Invariants  I1 what an argument points to is held until the call is over.
 * GIL         held; dropped around the call unless the function is a PyDLL's.
 * Read next   ctypes_arguments.c, stdlib/lib/ctypes/__init__.toy, tests/native/ctypes_lock.toy */
#include <errno.h>

#include "stdlib/ctypes/ctypes.h"

enum { FEW_ARGUMENTS = 16 };

typedef struct Function {
    CObject object;
    int flags;
    ToyValue argtypes;          /* as it was given, or UNBOUND */
    ToyValue converters;        /* a tuple of the classes in it */
    ToyValue restype, errcheck; /* UNBOUND: none */
    ToyValue library;           /* keeps it loaded */
} Function;

static Function *as_function(ToyValue v) { return (Function *)toy_object(v); }

/* ---- errno: one for each thread, exchanged with C's around a call that asks for it ---- */

static int thread_errno(ToyThread *t, CtypesState *state)
{
    ToyValue v = toy_local_find(t, state);
    return toy_is_small_int(v) ? (int)toy_small_int(v) : 0;
}
static bool set_thread_errno(ToyThread *t, CtypesState *state, int number) { return toy_local_store(t, state, toy_small_int_value(number)); }

ToyValue ctypes_get_errno(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, thread_errno(t, toy_module_state(self))); }
ToyValue ctypes_set_errno(ToyThread *t, ToyValue self, const ToyValue *args)
{
    CtypesState *state = toy_module_state(self);
    int number, old = thread_errno(t, state);
    if (!toy_arg_int(t, args[0], &number) || !set_thread_errno(t, state, number)) return TOY_FAILED;
    return toy_int(t, old);
}

/* ---- the class ---- */

/* The types of arguments as a tuple; each must say how it converts. */
static ToyValue as_converters(ToyThread *t, ToyValue v)
{
    if (!toy_is_tuple(v) && !toy_is_list(v)) return toy_raise_type_error(t, "_argtypes_ must be a sequence of types");
    ToyValue converters = toy_tuple_from(t, v);
    for (size_t i = 0; !toy_failed(converters) && i < toy_tuple_length(converters); i++) {
        ToyValue method = toy_find_attribute(t, toy_tuple_item(converters, i), "from_param");
        toy_release(method);
        if (toy_is_bound(method)) continue;
        if (!toy_is_raised(t)) toy_raise_type_error(t, "item %zu in _argtypes_ has no from_param method", i + 1);
        toy_clear(&converters);
    }
    return converters;
}

static bool function_meta_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    CClass *class = as_cclass(self);
    if (!ctypes_class_begin(t, class)) return false;
    ToyValue flags = toy_find_attribute(t, self, "_flags_");
    bool is_good = toy_is_bound(flags) && toy_is_int(flags);
    toy_release(flags);
    if (!is_good) return toy_is_raised(t) ? false : toy_raise_false(t, TOY_TypeError, "class must define _flags_ which must be an integer");
    ToyValue argtypes = toy_find_attribute(t, self, "_argtypes_");
    if (toy_is_bound(argtypes)) toy_release(as_converters(t, argtypes));
    toy_release(argtypes);
    if (toy_is_raised(t)) return false;
    class->size = class->alignment = sizeof(void *);
    class->count = 1;
    class->has_pointers = true;
    if (!ctypes_class_describe(t, class, toy_str(t, "X{}"), NULL, SIZE_MAX)) return false;
    ctypes_class_end(class, FAMILY_FUNCTION);
    return true;
}

const ToyTypeSpec ctypes_function_meta_spec = {
    .doc = "metatype for C function pointers",
    .size = sizeof(CClass),
    .slots = {.init = function_meta_init},
    .traverse = ctypes_class_traverse,
    .clear = ctypes_class_clear,
    .free = ctypes_class_free,
};

/* ---- making a function ---- */

static bool set_argtypes(ToyThread *t, ToyValue self, ToyValue v);

/* What the class says of its functions; made of one that lies somewhere in memory, too. */
static bool take_class(ToyThread *t, ToyValue self)
{
    Function *function = as_function(self);
    ToyValue class = cclass_value(cobject_class(self)), flags = toy_get_attribute(t, class, "_flags_");
    bool done = !toy_failed(flags) && toy_arg_int(t, flags, &function->flags);
    toy_release(flags);
    if (!done) return false;
    toy_replace(&function->restype, toy_find_attribute(t, class, "_restype_"));
    bool has_own = toy_is_bound(function->argtypes);
    ToyValue argtypes = toy_is_raised(t) || has_own ? TOY_UNBOUND : toy_find_attribute(t, class, "_argtypes_");
    done = !toy_is_raised(t) && (toy_is_unbound(argtypes) || set_argtypes(t, self, argtypes));
    toy_release(argtypes);
    return done;
}

static ToyValue function_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!toy_arguments_no_keywords(t, "_FuncPtr", names) || !toy_arguments_count(t, "_FuncPtr", count, 0, 1)) return TOY_FAILED;
    ToyValue library = TOY_UNBOUND;
    void *address = NULL;
    uint64_t bits = 0;
    if (count && toy_is_tuple(args[0]) && toy_tuple_length(args[0]) == 2) {
        library = toy_tuple_item(args[0], 1);
        address = ctypes_symbol(t, library, toy_tuple_item(args[0], 0), TOY_AttributeError);
        if (!address) return TOY_FAILED;
    } else if (count && !toy_is_int(args[0])) {
        if (!toy_is_callable(t, args[0])) return toy_raise_type_error(t, "argument must be callable or integer function address");
    } else if (count) {
        if (!ctypes_low_bits(t, args[0], &bits)) return TOY_FAILED;
        address = (void *)(uintptr_t)bits;
    }
    ToyValue v = ctypes_object_new(t, (CClass *)type);
    if (toy_failed(v)) return TOY_FAILED;
    memcpy(as_cobject(v)->data, &address, sizeof address);
    as_function(v)->library = toy_retain(library);
    bool is_script = count && !toy_is_int(args[0]) && !address, done = take_class(t, v);
    if (done && is_script) {
        Function *function = as_function(v);
        ToyValue thunk = toy_is_unbound(function->restype) ? toy_raise_type_error(t, "cannot construct instance of this class: no argtypes")
            : ctypes_thunk_new(t, cclass_state((CClass *)type), args[0], function->converters, function->restype, &address);
        done = !toy_failed(thunk) && ctypes_keep(t, &function->object, 0, thunk);
        if (done) memcpy(function->object.data, &address, sizeof address);
    }
    if (done) return v;
    toy_release(v);
    return TOY_FAILED;
}

static void function_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const Function *function = (Function *)self;
    ctypes_object_traverse(self, visit, context);
    toy_visit(function->argtypes, visit, context);
    toy_visit(function->converters, visit, context);
    toy_visit(function->restype, visit, context);
    toy_visit(function->errcheck, visit, context);
    toy_visit(function->library, visit, context);
}
static void function_clear(ToyObject *self)
{
    Function *function = (Function *)self;
    ctypes_object_clear(self);
    toy_clear(&function->argtypes);
    toy_clear(&function->converters);
    toy_clear(&function->restype);
    toy_clear(&function->errcheck);
    toy_clear(&function->library);
}
static void function_free(ToyObject *self)
{
    function_clear(self);
    ctypes_object_free(self);
}

/* ---- calling ---- */

static ToyValue call_with_arguments(ToyThread *t, CtypesState *state, Function *function, ToyValue self, const ToyValue *args, size_t count,
                                    Argument *arguments)
{
    size_t declared = toy_is_bound(function->converters) ? toy_tuple_length(function->converters) : 0;
    for (size_t i = 0; i < count; i++) {
        bool done = i < declared ? ctypes_convert_as(t, state, toy_tuple_item(function->converters, i), args[i], i + 1, &arguments[i])
                                 : ctypes_convert(t, state, args[i], i + 1, &arguments[i]);
        if (!done) {
            ctypes_blame_argument(t, state, i + 1);
            return TOY_FAILED;
        }
    }
    ffi_type *types[FEW_ARGUMENTS], **type_row = count <= FEW_ARGUMENTS ? types : toy_alloc(t, count * sizeof *types);
    void *places[FEW_ARGUMENTS], **place_row = count <= FEW_ARGUMENTS ? places : toy_alloc(t, count * sizeof *places);
    ToyValue result = TOY_FAILED;
    Scalar returned = {.bits = 0};
    ffi_type *result_type;
    ffi_cif interface;
    void (*address)(void) = NULL;
    if (ctypes_has_bytes(t, &function->object, 0, sizeof address)) memcpy(&address, function->object.data, sizeof address);
    if (!address && !toy_is_raised(t)) toy_raise_value_error(t, "attempt to call NULL function pointer");
    if (address && type_row && place_row && ctypes_result_type(t, state, function->restype, &result_type)) {
        for (size_t i = 0; i < count; i++) {
            type_row[i] = arguments[i].type;
            place_row[i] = &arguments[i].scalar;
        }
        if (ffi_prep_cif(&interface, FFI_DEFAULT_ABI, (unsigned)count, result_type, type_row) != FFI_OK) {
            toy_raise(t, TOY_RuntimeError, "ffi_prep_cif failed");
        } else {
            bool uses_errno = function->flags & CTYPES_USES_ERRNO, keeps_lock = function->flags & CTYPES_KEEPS_LOCK;
            int given_errno = uses_errno ? thread_errno(t, state) : 0;
            if (!keeps_lock) toy_block_begin(t, "foreign call");
            if (uses_errno) errno = given_errno;
            ffi_call(&interface, address, &returned, place_row);
            int left_errno = errno;
            if (!keeps_lock) toy_block_end(t);
            if (!uses_errno || set_thread_errno(t, state, left_errno)) result = ctypes_result(t, state, function->restype, &returned);
        }
    }
    if (type_row && type_row != types) toy_free(t, type_row, count * sizeof *types);
    if (place_row && place_row != places) toy_free(t, place_row, count * sizeof *places);
    if (toy_failed(result) || toy_is_unbound(function->errcheck)) return result;
    ToyValue given = toy_tuple_of(t, args, count), check = toy_retain(function->errcheck), checked = TOY_FAILED;
    if (!toy_failed(given)) checked = toy_call(t, check, (ToyValue[]){result, self, given}, 3);
    toy_release(check);
    toy_release(given);
    toy_release(result);
    return checked;
}

static ToyValue function_call(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    Function *function = as_function(self);
    CtypesState *state = toy_instance_state(self);
    /* A function pointer that lies in a structure has had no call of its class. */
    if (toy_is_unbound(function->restype) && !take_class(t, self)) return TOY_FAILED;
    size_t declared = toy_is_bound(function->converters) ? toy_tuple_length(function->converters) : 0;
    if (count < declared) {
        return toy_raise_type_error(t, "this function takes at least %zu argument%s (%zu given)", declared, declared == 1 ? "" : "s", count);
    }
    if (count > CTYPES_MAX_ARGUMENTS) return toy_raise_type_error(t, "too many arguments (%zu), maximum is %d", count, CTYPES_MAX_ARGUMENTS);
    Argument few[FEW_ARGUMENTS], *arguments = count <= FEW_ARGUMENTS ? few : toy_alloc(t, count * sizeof *arguments);
    if (!arguments) return TOY_FAILED;
    memset(arguments, 0, count * sizeof *arguments);
    ToyValue result = call_with_arguments(t, state, function, self, args, count, arguments);
    for (size_t i = 0; i < count; i++) toy_release(arguments[i].holder);   /* I1 */
    if (arguments != few) toy_free(t, arguments, count * sizeof *arguments);
    return result;
}

/* ---- attributes ---- */

static ToyValue get_argtypes(ToyThread *t, ToyValue self)
{
    ToyValue v = as_function(self)->argtypes;
    return toy_is_bound(v) ? toy_retain(v) : TOY_NONE;
}
static bool set_argtypes(ToyThread *t, ToyValue self, ToyValue v)
{
    Function *function = as_function(self);
    ToyValue converters = toy_is_given(v) ? as_converters(t, v) : TOY_UNBOUND;
    if (toy_is_raised(t)) return false;
    toy_replace(&function->converters, converters);
    toy_replace(&function->argtypes, toy_is_given(v) ? toy_retain(v) : TOY_UNBOUND);
    return true;
}

static ToyValue get_restype(ToyThread *t, ToyValue self)
{
    ToyValue v = as_function(self)->restype;
    if (toy_is_unbound(v) && !take_class(t, self)) return TOY_FAILED;
    v = as_function(self)->restype;
    return toy_is_bound(v) ? toy_retain(v) : TOY_NONE;
}
/* Deleted, it is the class's again. */
static bool set_restype(ToyThread *t, ToyValue self, ToyValue v)
{
    if (toy_is_bound(v) && !toy_is_none(v) && !toy_is_callable(t, v))
        return toy_raise_false(t, TOY_TypeError, "restype must be a type, a callable, or None");
    toy_replace(&as_function(self)->restype, toy_retain(v));
    return true;
}

static ToyValue get_errcheck(ToyThread *t, ToyValue self)
{
    ToyValue v = as_function(self)->errcheck;
    return toy_is_bound(v) ? toy_retain(v) : TOY_NONE;
}
static bool set_errcheck(ToyThread *t, ToyValue self, ToyValue v)
{
    if (toy_is_bound(v) && !toy_is_callable(t, v)) return toy_raise_false(t, TOY_TypeError, "the errcheck attribute must be callable");
    toy_replace(&as_function(self)->errcheck, toy_retain(v));
    return true;
}

static ToyValue function_repr(ToyThread *t, ToyValue self) { return toy_str_format(t, "<%T object at %p>", self, (void *)toy_object(self)); }
static bool function_truth(ToyThread *t, ToyValue self, bool *truth)
{
    void *address = NULL;
    if (as_cobject(self)->size >= sizeof address) memcpy(&address, as_cobject(self)->data, sizeof address);
    *truth = address != NULL;
    return true;
}

static const ToyGetSet function_getsets[] = {
    {"argtypes", get_argtypes, set_argtypes, "the types of the arguments"},
    {"restype", get_restype, set_restype, "the type of the result"},
    {"errcheck", get_errcheck, set_errcheck, "a function that is called with the result, the function and the arguments"},
    {NULL, NULL, NULL, NULL},
};
const ToyTypeSpec ctypes_function_spec = {
    .doc = "A foreign function; restype and argtypes say how it is called.",
    .size = sizeof(Function),
    .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.repr = function_repr, .hash = ctypes_object_hash, .call = function_call, .truth = function_truth, .new_instance = function_new,
              .get_buffer = ctypes_object_buffer, .release_buffer = ctypes_object_buffer_release},
    .getsets = function_getsets,
    .traverse = function_traverse,
    .clear = function_clear,
    .free = function_free,
};
