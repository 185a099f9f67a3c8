/* mod_ctypes.c - _ctypes: calling functions of shared libraries.
 *
 * What        CFuncPtr, the object that is called; loading libraries; errno. The scalar types are in ctypes_data.c.
 * How         Each argument becomes 16 bytes and a description of them for libffi, which lays them out as the system's calling convention
 *             says. What is wrong with an argument is found out before the call. A function of a CDLL gives the lock up around the call
 *             (other threads run while C works), one of a PyDLL keeps it.
 * Invariants  I1 what an argument points to is held until the call is over.
 * GIL         held; dropped around the call unless the function is a PyDLL's.
 * Read next   ctypes_data.c, stdlib/lib/ctypes/__init__.toy, tests/native/ctypes_lock.toy */
#include <dlfcn.h>
#include <errno.h>

#include "stdlib/ctypes_parts.h"

enum { FLAG_KEEPS_LOCK = 4, FLAG_USES_ERRNO = 8, MAX_ARGUMENTS = 1024, FEW_ARGUMENTS = 16 };

typedef struct Function {
    ToyObject head;
    void (*address)(void);
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

static ToyValue get_errno(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, thread_errno(t, toy_module_state(self))); }
static ToyValue set_errno(ToyThread *t, ToyValue self, const ToyValue *args)
{
    CtypesState *state = toy_module_state(self);
    int number, old = thread_errno(t, state);
    if (!toy_arg_int(t, args[0], &number) || !set_thread_errno(t, state, number)) return TOY_FAILED;
    return toy_int(t, old);
}

/* ---- libraries ---- */

static ToyValue ctypes_dlopen(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int mode = RTLD_LOCAL;
    const char *name = NULL;
    ToyValue holder = TOY_UNBOUND;
    if (toy_is_given(args[0])) {
        name = toy_path(t, args[0], NULL, &holder);
        if (!name) return TOY_FAILED;
    }
    if (!toy_arg_int(t, args[1], &mode)) {
        toy_release(holder);
        return TOY_FAILED;
    }
    toy_block_begin(t, "dlopen");   /* runs the library's constructors, reads files */
    void *handle = dlopen(name, mode | RTLD_NOW);
    toy_block_end(t);
    toy_release(holder);
    if (!handle) return toy_raise(t, TOY_OSError, "%s", dlerror());
    return toy_int_from_uint64(t, (uint64_t)(uintptr_t)handle);
}

static bool arg_pointer(ToyThread *t, ToyValue v, void **out)
{
    uint64_t address = 0;
    if (!toy_arg_uint64(t, v, &address)) return false;
    *out = (void *)(uintptr_t)address;
    return true;
}

static ToyValue ctypes_dlclose(ToyThread *t, ToyValue self, const ToyValue *args)
{
    void *handle;
    if (!arg_pointer(t, args[0], &handle)) return TOY_FAILED;
    return dlclose(handle) == 0 ? TOY_NONE : toy_raise(t, TOY_OSError, "%s", dlerror());
}

/* The address of a name in a library, or of data in it: AttributeError and ValueError say it is not there. */
void *ctypes_symbol(ToyThread *t, ToyValue library, ToyValue name, ToyException error)
{
    ToyValue handle_value = toy_get_attribute(t, library, "_handle");
    void *handle, *symbol = NULL;
    const char *text = NULL;
    if (toy_failed(handle_value)) return NULL;
    bool is_read = arg_pointer(t, handle_value, &handle);
    toy_release(handle_value);
    if (is_read && !toy_is_str(name)) toy_raise_type_error(t, "the name of a function must be str, not %T", name);
    else if (is_read) text = toy_str_utf8(t, name, NULL);
    if (!text) return NULL;
    symbol = dlsym(handle, text);
    if (!symbol) toy_raise(t, error, "%s", dlerror());
    return symbol;
}

/* ---- making a function ---- */

static ToyValue function_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!toy_arguments_no_keywords(t, "_FuncPtr", names) || !toy_arguments_count(t, "_FuncPtr", count, 1, 1)) return TOY_FAILED;
    ToyValue class = toy_type_value(type), library = TOY_UNBOUND;
    void *address = NULL;
    if (toy_is_tuple(args[0]) && toy_tuple_length(args[0]) == 2) {
        library = toy_tuple_item(args[0], 1);
        address = ctypes_symbol(t, library, toy_tuple_item(args[0], 0), TOY_AttributeError);
        if (!address) return TOY_FAILED;
    } else if (!toy_is_int(args[0])) {
        return toy_raise_type_error(t, "argument must be callable or integer function address");
    } else if (!arg_pointer(t, args[0], &address)) {
        return TOY_FAILED;
    }
    ToyValue flags = toy_get_attribute(t, class, "_flags_");
    ToyValue restype = toy_failed(flags) ? TOY_FAILED : toy_get_attribute(t, class, "_restype_");
    int of_class;
    Function *function = NULL;
    if (!toy_failed(restype) && toy_arg_int(t, flags, &of_class)) function = (Function *)toy_type_alloc(t, type);
    if (function) {
        function->address = (void (*)(void))(uintptr_t)address;
        function->flags = of_class;
        function->restype = toy_is_none(restype) ? TOY_NONE : toy_retain(restype);
        function->library = toy_retain(library);
    }
    toy_release(flags);
    toy_release(restype);
    return toy_value(function);
}

static void function_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const Function *function = (Function *)self;
    toy_visit(function->argtypes, visit, context);
    toy_visit(function->converters, visit, context);
    toy_visit(function->restype, visit, context);
    toy_visit(function->errcheck, visit, context);
    toy_visit(function->library, visit, context);
}
static void function_clear(ToyObject *self)
{
    Function *function = (Function *)self;
    toy_clear(&function->argtypes);
    toy_clear(&function->converters);
    toy_clear(&function->restype);
    toy_clear(&function->errcheck);
    toy_clear(&function->library);
}

/* ---- calling ---- */

/* "argument 1: TypeError: ...": what went wrong, and with which argument. */
static bool blame_argument(ToyThread *t, CtypesState *state, size_t number)
{
    ToyValue exception = toy_raised_take(t);
    ToyValue text = toy_to_str(t, exception);
    if (!toy_failed(text)) toy_raise_type(t, state->argument_error, "argument %zu: %T: %S", number, exception, text);
    toy_release(text);
    toy_release(exception);
    return false;
}

static ToyValue call_with_arguments(ToyThread *t, CtypesState *state, Function *function, ToyValue self, const ToyValue *args, size_t count,
                                    Argument *arguments)
{
    size_t declared = toy_is_bound(function->converters) ? toy_tuple_length(function->converters) : 0;
    for (size_t i = 0; i < count; i++) {
        bool done = i < declared ? ctypes_convert_as(t, state, toy_tuple_item(function->converters, i), args[i], &arguments[i])
                                 : ctypes_convert(t, state, args[i], i + 1, &arguments[i]);
        if (!done) {
            blame_argument(t, state, i + 1);
            return TOY_FAILED;
        }
    }
    ffi_type *types[FEW_ARGUMENTS], **type_row = count <= FEW_ARGUMENTS ? types : toy_alloc(t, count * sizeof *types);
    void *places[FEW_ARGUMENTS], **place_row = count <= FEW_ARGUMENTS ? places : toy_alloc(t, count * sizeof *places);
    ToyValue result = TOY_FAILED;
    Scalar returned = {.bits = 0};
    ffi_type *result_type;
    ffi_cif interface;
    if (type_row && place_row && ctypes_result_type(t, state, function->restype, &result_type)) {
        for (size_t i = 0; i < count; i++) {
            type_row[i] = arguments[i].type;
            place_row[i] = &arguments[i].scalar;
        }
        if (ffi_prep_cif(&interface, FFI_DEFAULT_ABI, (unsigned)count, result_type, type_row) != FFI_OK) {
            toy_raise(t, TOY_RuntimeError, "ffi_prep_cif failed");
        } else {
            bool uses_errno = function->flags & FLAG_USES_ERRNO, keeps_lock = function->flags & FLAG_KEEPS_LOCK;
            int given_errno = uses_errno ? thread_errno(t, state) : 0;
            if (!keeps_lock) toy_block_begin(t, "foreign call");
            if (uses_errno) errno = given_errno;
            ffi_call(&interface, function->address, &returned, place_row);
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
    size_t declared = toy_is_bound(function->converters) ? toy_tuple_length(function->converters) : 0;
    if (count < declared) {
        return toy_raise_type_error(t, "this function takes at least %zu argument%s (%zu given)", declared, declared == 1 ? "" : "s", count);
    }
    if (count > MAX_ARGUMENTS) return toy_raise_type_error(t, "too many arguments (%zu), maximum is %d", count, MAX_ARGUMENTS);
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
    ToyValue converters = TOY_UNBOUND;
    if (toy_is_given(v)) {
        if (!toy_is_tuple(v) && !toy_is_list(v)) return toy_raise_false(t, TOY_TypeError, "_argtypes_ must be a sequence of types");
        converters = toy_tuple_from(t, v);
        if (toy_failed(converters)) return false;
        for (size_t i = 0; i < toy_tuple_length(converters); i++) {
            ToyValue method = toy_find_attribute(t, toy_tuple_item(converters, i), "from_param");
            toy_release(method);
            if (toy_is_bound(method)) continue;
            if (!toy_is_raised(t)) toy_raise_type_error(t, "item %zu in _argtypes_ has no from_param method", i + 1);
            toy_release(converters);
            return false;
        }
    }
    toy_replace(&function->converters, converters);
    toy_replace(&function->argtypes, toy_is_given(v) ? toy_retain(v) : TOY_UNBOUND);
    return true;
}

static ToyValue get_restype(ToyThread *t, ToyValue self)
{
    ToyValue v = as_function(self)->restype;
    return toy_is_bound(v) ? toy_retain(v) : TOY_NONE;
}
static bool set_restype(ToyThread *t, ToyValue self, ToyValue v)
{
    if (toy_is_bound(v) && !toy_is_none(v) && !toy_is_callable(t, v))
        return toy_raise_false(t, TOY_TypeError, "restype must be a type, a callable, or None");
    toy_replace(&as_function(self)->restype, toy_is_bound(v) ? toy_retain(v) : TOY_NONE);
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
    *truth = as_function(self)->address != NULL;
    return true;
}

static const ToyGetSet function_getsets[] = {
    {"argtypes", get_argtypes, set_argtypes, "the types of the arguments"},
    {"restype", get_restype, set_restype, "the type of the result"},
    {"errcheck", get_errcheck, set_errcheck, "a function that is called with the result, the function and the arguments"},
    {NULL, NULL, NULL, NULL},
};
static const ToyTypeSpec function_spec = {
    .doc = "A foreign function; restype and argtypes say how it is called.",
    .size = sizeof(Function),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = function_repr, .call = function_call, .truth = function_truth, .new_instance = function_new},
    .getsets = function_getsets,
    .traverse = function_traverse,
    .clear = function_clear,
    .free = function_clear,
};

/* ---- the module ---- */

/* The bytes at an address, up to a NUL or of the given length. */
static ToyValue string_at(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Argument argument = {.holder = TOY_UNBOUND};
    int64_t size = -1;
    if (!ctypes_convert(t, toy_module_state(self), args[0], 1, &argument)) return TOY_FAILED;
    ToyValue bytes = TOY_FAILED;
    /* A C int may have been made of an address: take it as it was written. */
    if (toy_is_int(args[0]) && !arg_pointer(t, args[0], &argument.scalar.pointer)) bytes = TOY_FAILED;
    else if (toy_arg_int64(t, args[1], &size))
        bytes = toy_bytes(t, argument.scalar.pointer, size < 0 ? strlen(argument.scalar.pointer) : (size_t)size);
    toy_release(argument.holder);
    return bytes;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("dlopen", ctypes_dlopen, "(name, flag=RTLD_LOCAL, /)", 0, "Load a shared library; return its handle."),
    TOY_FUNCTION("dlclose", ctypes_dlclose, "(handle, /)", 0, "Give a shared library back."),
    TOY_FUNCTION("get_errno", get_errno, "()", 0, "Return errno as calls of functions made with use_errno left it."),
    TOY_FUNCTION("set_errno", set_errno, "(value, /)", 0, "Set that errno; return the old one."),
    TOY_FUNCTION("sizeof", ctypes_sizeof, "(obj_or_type, /)", 0, "Return the size in bytes of a C type, or of an object of one."),
    TOY_FUNCTION("alignment", ctypes_sizeof, "(obj_or_type, /)", 0, "Return the alignment of a C type, or of an object of one."),
    TOY_FUNCTION("addressof", ctypes_addressof, "(obj, /)", 0, "Return the address of the C object."),
    TOY_FUNCTION("byref", ctypes_byref, "(obj, offset=0, /)", 0, "Return a pointer to the C object, to be used as an argument only."),
    TOY_FUNCTION("string_at", string_at, "(ptr, size=-1, /)", 0, "Return the bytes at an address."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant constants[] = {
        {"RTLD_LOCAL", RTLD_LOCAL}, {"RTLD_GLOBAL", RTLD_GLOBAL}, {"FUNCFLAG_CDECL", 1}, {"FUNCFLAG_PYTHONAPI", FLAG_KEEPS_LOCK},
        {"FUNCFLAG_USE_ERRNO", FLAG_USES_ERRNO}};
    CtypesState *state = toy_module_state(toy_module_value(module));
    state->argument_error = toy_exception_new(t, "ctypes.ArgumentError", toy_exception_type(t, TOY_Exception));
    state->function_type = toy_type_new(t, module, &function_spec, "_ctypes.CFuncPtr", NULL);
    return ctypes_data_init(t, module, state) && toy_module_add_type(t, module, state->argument_error) &&
           toy_module_add_type(t, module, state->function_type) && toy_module_add_ints(t, module, constants, sizeof constants / sizeof *constants);
}

void *ctypes_function_address(ToyValue v) { return (void *)(uintptr_t)as_function(v)->address; }

const ToyModule toy_module_ctypes = {
    .name = "_ctypes",
    .doc = "Calling functions of shared libraries: the native part of ctypes.",
    .functions = functions,
    .state_size = sizeof(CtypesState),
    .init = init,
};
