/* mod_imp.c - _imp: modules that lie in the program or in shared objects, for finders and loaders written in toy.
 *
 * What        Is there a native or embedded module of a name; making it; its code and source. The lock of imports, for scripts.
 * How         Thin: for what lies in the program the machine's own import does the same without coming here (vm/run/import.c). It needs no lock for all imports,
 *             each module has its own; but who takes this one is not disturbed by a fork, which waits for it.
 * GIL         held; dropped while waiting for the lock.
 * Read next   lib/_import_finders.toy */
#include "vm/toy_vm.h"

static ToyValue name_argument(ToyThread *t, ToyValue v, const char *function)
{
    if (toy_is_str(v)) return v;
    return toy_raise_type_error(t, "%s() argument must be str, not %N", function, v);
}

static ToyValue embedded(ToyThread *t, ToyValue name, const char *function, ToyEmbeddedPart part)
{
    if (toy_failed(name_argument(t, name, function))) return TOY_FAILED;
    ToyValue v = toy_embedded_module(t, name, part);
    if (toy_is_bound(v) || toy_is_raised(t)) return v;
    return toy_raise(t, TOY_ImportError, "No such frozen object named %S", name);
}

static ToyValue imp_is_builtin(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (toy_failed(name_argument(t, args[0], "is_builtin"))) return TOY_FAILED;
    ToyValue names = toy_native_module_names(t, false);
    bool found = false;
    bool done = !toy_failed(names) && toy_contains(t, names, args[0], &found);
    toy_release(names);
    return done ? toy_small_int_value(found) : TOY_FAILED;
}

static ToyValue imp_is_frozen(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (toy_failed(name_argument(t, args[0], "is_frozen"))) return TOY_FAILED;
    ToyValue v = toy_embedded_module(t, args[0], TOY_EMBEDDED_IS_PACKAGE);
    return toy_bool(toy_is_bound(v));
}

static ToyValue imp_is_never_hidden(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (toy_failed(name_argument(t, args[0], "is_never_hidden"))) return TOY_FAILED;
    return toy_bool(toy_is_never_hidden(args[0]));
}
static ToyValue imp_library_entry(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_library_entry(t); }

static ToyValue imp_is_frozen_package(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return embedded(t, args[0], "is_frozen_package", TOY_EMBEDDED_IS_PACKAGE);
}
static ToyValue imp_get_frozen_object(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return embedded(t, args[0], "get_frozen_object", TOY_EMBEDDED_CODE);
}
static ToyValue imp_get_frozen_source(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return embedded(t, args[0], "get_frozen_source", TOY_EMBEDDED_SOURCE);
}

static ToyValue imp_create_builtin(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue name = toy_get_attribute(t, args[0], "name");
    if (toy_failed(name)) return TOY_FAILED;
    ToyValue module = toy_failed(name_argument(t, name, "create_builtin")) ? TOY_FAILED : toy_native_module_new(t, name);
    if (toy_is_unbound(module) && !toy_is_raised(t)) toy_raise(t, TOY_ImportError, "%R is not a built-in module", name);
    toy_release(name);
    return module;
}

static ToyValue imp_create_dynamic(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue name = toy_get_attribute(t, args[0], "name"), file = toy_failed(name) ? TOY_FAILED : toy_get_attribute(t, args[0], "origin");
    bool is_good = !toy_failed(file) && !toy_failed(name_argument(t, name, "create_dynamic")) && !toy_failed(name_argument(t, file, "create_dynamic"));
    ToyValue module = is_good ? toy_shared_object_load(t, name, file) : TOY_FAILED;
    toy_release(name);
    toy_release(file);
    return module;
}
static ToyValue imp_own_shared_object(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (toy_failed(name_argument(t, args[0], "own_shared_object"))) return TOY_FAILED;
    ToyValue file = toy_own_shared_object(t, args[0]);
    return toy_is_bound(file) || toy_is_raised(t) ? file : TOY_NONE;
}

/* ---- the lock: its owner may take it again ---- */

typedef struct ImpState { ToyLock lock; uint64_t owner; size_t depth; } ImpState;

static bool lock_is_ours(ToyThread *t, const ImpState *state) { return state->depth > 0 && state->owner == toy_thread_ident(t); }
static void lock_give(ToyThread *t, ImpState *state)
{
    if (--state->depth == 0) toy_lock_release(t, &state->lock);
}

static ToyValue imp_lock_held(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_bool(((ImpState *)toy_module_state(self))->depth > 0); }
static ToyValue imp_acquire_lock(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ImpState *state = toy_module_state(self);
    if (!lock_is_ours(t, state)) {
        if (toy_lock_acquire(t, &state->lock, -1) != TOY_LOCK_ACQUIRED) return TOY_FAILED;
        state->owner = toy_thread_ident(t);
    }
    state->depth++;
    return TOY_NONE;
}
static ToyValue imp_release_lock(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ImpState *state = toy_module_state(self);
    if (!lock_is_ours(t, state)) return toy_raise(t, TOY_RuntimeError, "not holding the import lock");
    lock_give(t, state);
    return TOY_NONE;
}
/* After a fork, in both processes: not held if taking it before was interrupted. */
static ToyValue imp_release_after_fork(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ImpState *state = toy_module_state(self);
    if (lock_is_ours(t, state)) lock_give(t, state);
    return TOY_NONE;
}
static bool register_fork_hooks(ToyThread *t, ToyModuleObject *module)
{
    static const ToyFunction acquire = TOY_FUNCTION("acquire_lock", imp_acquire_lock, "()", 0, "Before a fork."),
                             release = TOY_FUNCTION("release_lock", imp_release_after_fork, "()", 0, "After a fork.");
    ToyValue before = toy_function_new(t, &acquire, toy_module_value(module)), after = toy_function_new(t, &release, toy_module_value(module));
    bool done = !toy_failed(before) && !toy_failed(after) && toy_fork_register(t, before, after, after);
    toy_release(before);
    toy_release(after);
    return done;
}

static ToyValue imp_none(ToyThread *t, ToyValue self, const ToyValue *args) { return TOY_NONE; }
static ToyValue imp_zero(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_small_int_value(0); }
static ToyValue imp_extension_suffixes(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue suffix = toy_str(t, ".toy.so");
    ToyValue list = toy_failed(suffix) ? TOY_FAILED : toy_list_of(t, &suffix, 1);
    toy_release(suffix);
    return list;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("is_builtin", imp_is_builtin, "(name, /)", 0, "1 if there is a native module of that name, else 0."),
    TOY_FUNCTION("is_frozen", imp_is_frozen, "(name, /)", 0, "Is there a module of that name, written in toy, in the program?"),
    TOY_FUNCTION("is_never_hidden", imp_is_never_hidden, "(name, /)", 0, "Is the program's module of that name found before any file?"),
    TOY_FUNCTION("library_entry", imp_library_entry, "()", 0, "The entry of sys.path that stands for the modules in the program."),
    TOY_FUNCTION("is_frozen_package", imp_is_frozen_package, "(name, /)", 0, "Is that module a package?"),
    TOY_FUNCTION("get_frozen_object", imp_get_frozen_object, "(name, data=None, /)", 0, "The code object of that module."),
    TOY_FUNCTION("get_frozen_source", imp_get_frozen_source, "(name, /)", 0, "The source of that module."),
    TOY_FUNCTION("create_builtin", imp_create_builtin, "(spec, /)", 0, "Make the native module that a spec names."),
    TOY_FUNCTION("exec_builtin", imp_zero, "(mod, /)", 0, "Nothing: it was filled when it was made."),
    TOY_FUNCTION("create_dynamic", imp_create_dynamic, "(spec, file=None, /)", 0, "Make the native module that lies in the shared object a spec names."),
    TOY_FUNCTION("exec_dynamic", imp_zero, "(mod, /)", 0, "Nothing: it was filled when it was made."),
    TOY_FUNCTION("own_shared_object", imp_own_shared_object, "(name, /)", 0, "The file of toy's own shared object with the module of that name, or None."),
    TOY_FUNCTION("lock_held", imp_lock_held, "()", 0, "Has a script taken the lock of imports?"),
    TOY_FUNCTION("acquire_lock", imp_acquire_lock, "()", 0, "Take the lock of imports; a fork waits until it is given back."),
    TOY_FUNCTION("release_lock", imp_release_lock, "()", 0, "Give the lock of imports back, as often as it was taken."),
    TOY_FUNCTION("_override_frozen_modules_for_tests", imp_none, "(override, /)", 0, "Nothing: modules in the program stay there."),
    TOY_FUNCTION("_override_multi_interp_extensions_check", imp_zero, "(override, /)", 0, "0: there is one interpreter."),
    TOY_FUNCTION("extension_suffixes", imp_extension_suffixes, "()", 0, "How the names of loadable modules end."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const struct { const char *name; ToyBuiltin kind; } types[] = {
        {"ModuleSpec", TOY_KIND_MODULE_SPEC},
        {"BuiltinImporter", TOY_KIND_BUILTIN_IMPORTER},
        {"FrozenImporter", TOY_KIND_FROZEN_IMPORTER},
        {"PathFinder", TOY_KIND_PATH_FINDER},
        {"SourceFileLoader", TOY_KIND_SOURCE_FILE_LOADER},
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!toy_module_add(t, module, types[i].name, toy_retain(toy_type_value(toy_builtin_type(t, types[i].kind))))) return false;
    return register_fork_hooks(t, module);
}

const ToyModule toy_module_imp = {
    .name = "_imp",
    .doc = "Modules that lie in the program or in shared objects, for finders and loaders written in toy.",
    .functions = functions,
    .state_size = sizeof(ImpState),
    .init = init,
};
