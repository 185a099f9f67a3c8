/* mod_ctypes.c - _ctypes: the data of C, and functions of shared libraries.
 *
 * What        The module: its functions, its types, loading of libraries.
 * How         ctypes_classes.c: classes that describe C types. ctypes_objects.c: objects that are bytes. One file for each family of types:
 *             simple, arrays, structures (layout, fields), pointers, functions. ctypes_arguments.c: the way into a call and back.
 * GIL         held; dropped while a library is loaded.
 * Read next   ctypes.h, stdlib/lib/ctypes/__init__.toy */
#include <dlfcn.h>

#include "stdlib/ctypes/ctypes.h"

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

static ToyValue ctypes_dlclose(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint64_t handle = 0;
    if (!toy_arg_uint64(t, args[0], &handle)) return TOY_FAILED;
    return dlclose((void *)(uintptr_t)handle) == 0 ? TOY_NONE : toy_raise(t, TOY_OSError, "%s", dlerror());
}

/* ---- the module ---- */

static const ToyFunction functions[] = {
    TOY_FUNCTION("dlopen", ctypes_dlopen, "(name, flag=RTLD_LOCAL, /)", 0, "Load a shared library; return its handle."),
    TOY_FUNCTION("dlclose", ctypes_dlclose, "(handle, /)", 0, "Give a shared library back."),
    TOY_FUNCTION("get_errno", ctypes_get_errno, "()", 0, "Return errno as calls of functions made with use_errno left it."),
    TOY_FUNCTION("set_errno", ctypes_set_errno, "(value, /)", 0, "Set that errno; return the old one."),
    TOY_FUNCTION("sizeof", ctypes_sizeof, "(obj_or_type, /)", 0, "Return the size in bytes of a C type, or of an object of one."),
    TOY_FUNCTION("alignment", ctypes_alignment, "(obj_or_type, /)", 0, "Return the alignment of a C type, or of an object of one."),
    TOY_FUNCTION("addressof", ctypes_addressof, "(obj, /)", 0, "Return the address of the C object."),
    TOY_FUNCTION("byref", ctypes_byref, "(obj, offset=0, /)", 0, "Return a pointer to the C object, to be used as an argument only."),
    TOY_FUNCTION("POINTER", ctypes_pointer_to, "(type, /)", 0, "Return the class of pointers to a C type; of one of that name, which is told later, if it is a str."),
    TOY_FUNCTION("pointer", ctypes_pointer, "(obj, /)", 0, "Return a pointer to the C object."),
    TOY_FUNCTION("resize", ctypes_resize, "(obj, size, /)", 0, "Give the object more memory, at least what its type needs."),
    TOY_FUNCTION("memmove", ctypes_memmove, "(dst, src, count)", 0, "Copy count bytes between two addresses, which may overlap; return dst."),
    TOY_FUNCTION("memset", ctypes_memset, "(dst, c, count)", 0, "Fill count bytes at an address; return it."),
    TOY_FUNCTION("string_at", ctypes_string_at, "(ptr, size=-1)", 0, "Return the bytes at an address."),
    TOY_FUNCTION("wstring_at", ctypes_wstring_at, "(ptr, size=-1)", 0, "Return the wide characters at an address, as a str."),
    TOY_FUNCTION("cast", ctypes_cast, "(obj, typ)", 0, "Return a pointer of another type to the same memory."),
    TOY_FUNCTION("_unpickle", ctypes_unpickle, "(type, state, /)", 0, "Make what a pickle tells of."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant constants[] = {
        {"RTLD_LOCAL", RTLD_LOCAL}, {"RTLD_GLOBAL", RTLD_GLOBAL}, {"FUNCFLAG_CDECL", 1}, {"FUNCFLAG_PYTHONAPI", CTYPES_KEEPS_LOCK},
        {"FUNCFLAG_USE_ERRNO", CTYPES_USES_ERRNO}, {"CTYPES_MAX_ARGCOUNT", CTYPES_MAX_ARGUMENTS}};
    CtypesState *state = toy_module_state(toy_module_value(module));
    state->argument_error = toy_exception_new(t, "ctypes.ArgumentError", toy_exception_type(t, TOY_Exception));
    state->parameter_type = toy_type_new(t, module, &ctypes_parameter_spec, "_ctypes.CArgObject", NULL);
    state->field_type = toy_type_new(t, module, &ctypes_field_spec, "_ctypes.CField", NULL);
    state->thunk_type = toy_type_new(t, module, &ctypes_thunk_spec, "_ctypes.CThunkObject", NULL);
    return state->argument_error && state->parameter_type && state->field_type && state->thunk_type && ctypes_classes_init(t, module, state) &&
           toy_module_add(t, module, "_pointer_type_cache", toy_dict(t)) && toy_module_add_type(t, module, state->argument_error) && toy_module_add_ints(t, module, constants, sizeof constants / sizeof *constants);
}

const ToyModule toy_module_ctypes = {
    .name = "_ctypes",
    .doc = "The data of C, and functions of shared libraries: the native part of ctypes.",
    .functions = functions,
    .state_size = sizeof(CtypesState),
    .init = init,
};
