/* module_spec.c - what scripts see of importing: ModuleSpec, the three finders of sys.meta_path, the hooks of sys.path_hooks.
 *
 * What        The types behind importlib.machinery's ModuleSpec, SourceFileLoader, BuiltinImporter, FrozenImporter and PathFinder.
 * How         The machine imports without them (import.c). They are here so that sys.meta_path can hold the real ones from the
 *             start, and every module its spec and loader; what they do when a script calls them is written in toy, in the module
 *             _import_finders, which is loaded then.
 * GIL         held.
 * Read next   import.c, stdlib/lib/_import_finders.toy */
#include "vm/run/module_spec.h"

#include "vm/object/arguments.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/function.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/import.h"
#include "vm/run/interp.h"

typedef struct ModuleSpec {
    Object head;
    Value name, origin, loader_state, locations, cached;   /* cached UNBOUND: not asked for yet */
    Value loader;
    bool has_location, is_initializing;
} ModuleSpec;

static ModuleSpec *spec_of(Value self) { return (ModuleSpec *)as_object(self); }

/* A function of _import_finders, called. */
static Value ask_finders(Thread *t, const char *function, const Value *args, size_t count)
{
    Value module = import_module_text(t, "_import_finders");
    Str *name = failed(module) ? NULL : str_intern_text(t, function);
    Value callee = name ? value_get_attribute(t, module, name) : FAILED;
    Value v = failed(callee) ? FAILED : value_call(t, callee, args, count, NULL);
    if (name) object_release(name);
    release2(module, callee);
    return v;
}

/* ---- ModuleSpec ---- */

Value module_spec_new(Thread *t, Value name, Value loader, Value origin, Value locations, bool has_location)
{
    ModuleSpec *spec = (ModuleSpec *)type_alloc(t, kind_type(t, KIND_MODULE_SPEC));
    if (!spec) return FAILED;
    spec->name = retain(name);
    spec->loader = retain(loader);
    spec->origin = retain(origin);
    spec->locations = retain(locations);
    spec->loader_state = NONE;
    spec->has_location = has_location;
    return object_value(spec);
}

static Value spec_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    static const char *const parameter_names[] = {"name", "loader", "origin", "loader_state", "is_package", NULL};
    static const Parameters parameters = {"ModuleSpec.__init__", parameter_names, 0, 2, 2};
    Value slots[5] = {UNBOUND, UNBOUND, UNBOUND, UNBOUND, UNBOUND};
    bool is_package = false;
    if (!arguments_sort(t, &parameters, args, count, names, slots)) return FAILED;
    if (is_bound(slots[4]) && !value_truth(t, slots[4], &is_package)) return FAILED;
    Value locations = is_package ? object_value(list_new(t, 0)) : NONE;
    if (failed(locations)) return FAILED;
    ModuleSpec *spec = (ModuleSpec *)type_alloc(t, type);
    if (spec) {
        spec->name = retain(slots[0]);
        spec->loader = retain(slots[1]);
        spec->origin = is_bound(slots[2]) ? retain(slots[2]) : NONE;
        spec->loader_state = is_bound(slots[3]) ? retain(slots[3]) : NONE;
        spec->locations = retain(locations);
    }
    release(locations);
    return object_value(spec);
}

/* The package that the module is, or lies in. */
static Value get_parent(Thread *t, Value self)
{
    ModuleSpec *spec = spec_of(self);
    if (!is_none(spec->locations) || !is_str(spec->name)) return retain(spec->name);
    Str *name = as_str(spec->name);
    size_t dot = name->length;
    while (dot > 0 && str_char(name, dot - 1) != '.') dot--;
    return str_slice(t, name, 0, dot ? dot - 1 : 0);
}

static Value get_cached(Thread *t, Value self)
{
    ModuleSpec *spec = spec_of(self);
    if (is_unbound(spec->cached)) {
        Value cached = spec->has_location ? ask_finders(t, "_cached_of_file", &spec->origin, 1) : NONE;
        if (failed(cached)) return FAILED;
        replace(&spec->cached, cached);
    }
    return retain(spec->cached);
}

static bool set_cached(Thread *t, Value self, Value v)
{
    replace(&spec_of(self)->cached, is_bound(v) ? retain(v) : NONE);
    return true;
}

static Value get_has_location(Thread *t, Value self) { return bool_value(spec_of(self)->has_location); }
static bool set_has_location(Thread *t, Value self, Value v) { return is_unbound(v) || value_truth(t, v, &spec_of(self)->has_location); }
static Value get_initializing(Thread *t, Value self) { return bool_value(spec_of(self)->is_initializing); }
static bool set_initializing(Thread *t, Value self, Value v) { return is_unbound(v) || value_truth(t, v, &spec_of(self)->is_initializing); }

static Value spec_repr(Thread *t, Value self)
{
    ModuleSpec *spec = spec_of(self);
    Str *origin = is_none(spec->origin) ? str_from_text(t, "") : str_format(t, ", origin=%R", spec->origin);
    Str *locations = is_none(spec->locations) ? str_from_text(t, "") : str_format(t, ", submodule_search_locations=%R", spec->locations);
    Str *text = origin && locations ? str_format(t, "%U(name=%R, loader=%R%U%U)", value_type(t, self)->name, spec->name, spec->loader, origin, locations) : NULL;
    if (origin) object_release(origin);
    if (locations) object_release(locations);
    return object_value(text);
}

static Value spec_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !has_payload(other, KIND_MODULE_SPEC)) return NOT_IMPLEMENTED;
    ModuleSpec *a = spec_of(self), *b = spec_of(other);
    bool equal = true, done = true;
    Value pairs[][2] = {{a->loader, b->loader}, {a->name, b->name}, {a->origin, b->origin}, {a->locations, b->locations}};
    for (size_t i = 0; done && equal && i < ARRAY_LENGTH(pairs); i++) done = value_equal(t, pairs[i][0], pairs[i][1], &equal);
    return done ? bool_value((equal && a->has_location == b->has_location) == (op == COMPARE_EQ)) : FAILED;
}

static void spec_traverse(Object *self, VisitFn visit, void *context)
{
    ModuleSpec *spec = (ModuleSpec *)self;
    Value fields[] = {spec->name, spec->origin, spec->loader_state, spec->locations, spec->cached, spec->loader};
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++) visit_value(fields[i], visit, context);
}

static void spec_free(Object *self)
{
    ModuleSpec *spec = (ModuleSpec *)self;
    clear(&spec->name);
    clear(&spec->origin);
    clear(&spec->loader_state);
    clear(&spec->locations);
    clear(&spec->cached);
    clear(&spec->loader);
}

static void spec_clear(Object *self)
{
    replace(&((ModuleSpec *)self)->loader, NONE);
    replace(&((ModuleSpec *)self)->loader_state, NONE);
    replace(&((ModuleSpec *)self)->locations, NONE);
}

static const GetSetDef spec_getsets[] = {
    {"parent", get_parent, NULL, "the package the module belongs to; for a package, the package itself"},
    {"cached", get_cached, set_cached, "Where compiled code would be kept."},
    {"has_location", get_has_location, set_has_location, "Is the origin a place that can be read?"},
    {"_set_fileattr", get_has_location, set_has_location, NULL},
    {"_initializing", get_initializing, set_initializing, NULL},
    {NULL, NULL, NULL, NULL},
};
static const MemberDef spec_members[] = {
    {"name", MEMBER_VALUE, offsetof(ModuleSpec, name), false, NULL},
    {"loader", MEMBER_VALUE, offsetof(ModuleSpec, loader), false, "What loads the module."},
    {"origin", MEMBER_VALUE, offsetof(ModuleSpec, origin), false, NULL},
    {"loader_state", MEMBER_VALUE, offsetof(ModuleSpec, loader_state), false, NULL},
    {"submodule_search_locations", MEMBER_VALUE, offsetof(ModuleSpec, locations), false, NULL},
    {NULL, MEMBER_VALUE, 0, false, NULL},
};
static const NativeDef no_methods[] = {NATIVE_END};
const TypeSpec module_spec_spec = {
    .doc = "What a finder says about a module: its name, its loader, where it lies.",
    .signature = "(name, loader, *, origin=None, loader_state=None, is_package=None)",
    .size = sizeof(ModuleSpec), .flags = TYPE_IS_CONTAINER | TYPE_IS_WEAK_REFERABLE | TYPE_HAS_ATTRIBUTES,
    .slots = {.repr = spec_repr, .hash = hash_not_implemented, .compare = spec_compare, .new_instance = spec_make},
    .methods = no_methods, .getsets = spec_getsets, .members = spec_members, .traverse = spec_traverse, .clear = spec_clear, .free = spec_free,
};

/* ---- finders: classes whose methods are functions of _import_finders ---- */

#define ASKS(name_, function_, count_) \
    static Value name_(Thread *t, Value self, const Value *args) { return ask_finders(t, function_, args, count_); }
static Value or_none(Value v) { return is_unbound(v) ? NONE : v; }

static Value builtin_find_spec(Thread *t, Value self, const Value *args) { return ask_finders(t, "_find_builtin", args, 1); }
static Value frozen_find_spec(Thread *t, Value self, const Value *args) { return ask_finders(t, "_find_frozen", args, 1); }
static Value path_find_spec(Thread *t, Value self, const Value *args)
{
    return ask_finders(t, "_find_on_path", (Value[]){args[0], or_none(args[1]), or_none(args[2])}, 3);
}
ASKS(builtin_create, "_create_builtin", 1)
ASKS(builtin_exec, "_exec_builtin", 1)
ASKS(builtin_nothing, "_nothing_for_builtin", 1)
ASKS(builtin_is_package, "_builtin_is_package", 1)
ASKS(builtin_load, "_load_builtin", 1)
ASKS(frozen_create, "_create_default", 1)
ASKS(frozen_exec, "_exec_frozen", 1)
ASKS(frozen_code, "_frozen_code", 1)
ASKS(frozen_source, "_frozen_source", 1)
ASKS(frozen_is_package, "_frozen_is_package", 1)
ASKS(frozen_load, "_load_frozen", 1)
ASKS(path_invalidate, "_invalidate_path", 0)
static Value path_distributions(Thread *t, Value self, const Value *args)
{
    return ask_finders(t, "_find_distributions", is_bound(args[0]) ? args : NULL, is_bound(args[0]) ? 1 : 0);
}

static const NativeDef builtin_methods[] = {
    NATIVE("find_spec", builtin_find_spec, "(fullname, path=None, target=None)", NATIVE_STATIC, "The spec of a native module, or None."),
    NATIVE("create_module", builtin_create, "(spec)", NATIVE_STATIC, "Make a native module."),
    NATIVE("exec_module", builtin_exec, "(module)", NATIVE_STATIC, "A native module is filled when it is made."),
    NATIVE("get_code", builtin_nothing, "(fullname)", NATIVE_STATIC, "None: native modules have no code object."),
    NATIVE("get_source", builtin_nothing, "(fullname)", NATIVE_STATIC, "None: native modules have no source."),
    NATIVE("is_package", builtin_is_package, "(fullname)", NATIVE_STATIC, "False: native modules are no packages."),
    NATIVE("load_module", builtin_load, "(fullname)", NATIVE_STATIC, "Load a native module; the older way."),
    NATIVE_END,
};
static const NativeDef frozen_methods[] = {
    NATIVE("find_spec", frozen_find_spec, "(fullname, path=None, target=None)", NATIVE_STATIC, "The spec of a module that lies in the program, or None."),
    NATIVE("create_module", frozen_create, "(spec)", NATIVE_STATIC, "None: an ordinary module will do."),
    NATIVE("exec_module", frozen_exec, "(module)", NATIVE_STATIC, "Run the module's code in it."),
    NATIVE("get_code", frozen_code, "(fullname)", NATIVE_STATIC, "The module's code object."),
    NATIVE("get_source", frozen_source, "(fullname)", NATIVE_STATIC, "The module's source, as text."),
    NATIVE("is_package", frozen_is_package, "(fullname)", NATIVE_STATIC, "Is it a package?"),
    NATIVE("load_module", frozen_load, "(fullname)", NATIVE_STATIC, "Load the module; the older way."),
    NATIVE_END,
};
static const NativeDef path_methods[] = {
    NATIVE("find_spec", path_find_spec, "(fullname, path=None, target=None)", NATIVE_STATIC, "The spec of a module along a path (sys.path), or None."),
    NATIVE("invalidate_caches", path_invalidate, "()", NATIVE_STATIC, "Let the finders of all folders look again."),
    NATIVE("find_distributions", path_distributions, "(context=<unrepresentable>)", NATIVE_STATIC, "For importlib.metadata."),
    NATIVE_END,
};
const TypeSpec builtin_importer_spec = {
    .doc = "Finds and loads native modules.", .size = sizeof(Object), .methods = builtin_methods,
};
const TypeSpec frozen_importer_spec = {
    .doc = "Finds and loads modules written in toy that lie in the program.", .size = sizeof(Object), .methods = frozen_methods,
};
const TypeSpec path_finder_spec = {
    .doc = "Finds modules along sys.path and the paths of packages.", .size = sizeof(Object), .methods = path_methods,
};

/* ---- SourceFileLoader ---- */

typedef struct SourceLoader { Object head; Value name, path; } SourceLoader;

Value source_file_loader_new(Thread *t, Value name, Value path)
{
    SourceLoader *loader = (SourceLoader *)type_alloc(t, kind_type(t, KIND_SOURCE_FILE_LOADER));
    if (!loader) return FAILED;
    loader->name = retain(name);
    loader->path = retain(path);
    return object_value(loader);
}

static Value loader_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)args, (void)count, (void)names;
    SourceLoader *loader = (SourceLoader *)type_alloc(t, type);
    if (loader) loader->name = loader->path = NONE;
    return object_value(loader);
}

static bool loader_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    static const char *const parameter_names[] = {"fullname", "path", NULL};
    static const Parameters parameters = {"FileLoader.__init__", parameter_names, 0, 2, 2};
    Value slots[2] = {UNBOUND, UNBOUND};
    if (!arguments_sort(t, &parameters, args, count, names, slots)) return false;
    replace(&((SourceLoader *)as_object(self))->name, retain(slots[0]));
    replace(&((SourceLoader *)as_object(self))->path, retain(slots[1]));
    return true;
}

/* A method: a function of _import_finders of self and what was given. */
#define LOADER_ASKS(name_, function_, count_)                                             \
    static Value name_(Thread *t, Value self, const Value *args)                          \
    {                                                                                     \
        Value row[] = {self, count_ > 0 ? or_none(args[0]) : NONE, count_ > 1 ? or_none(args[1]) : NONE}; \
        return ask_finders(t, function_, row, 1 + count_);                                \
    }
LOADER_ASKS(loader_create, "_create_of_file", 1)
LOADER_ASKS(loader_exec, "_exec_of_file", 1)
LOADER_ASKS(loader_load, "_load_of_file", 1)
LOADER_ASKS(loader_code, "_code_of_file", 1)
LOADER_ASKS(loader_source, "_source_of_file", 1)
LOADER_ASKS(loader_is_package, "_file_is_package", 1)
LOADER_ASKS(loader_filename, "_filename_of_file", 1)
LOADER_ASKS(loader_data, "_data_of_file", 1)
LOADER_ASKS(loader_stats, "_stats_of_file", 1)
LOADER_ASKS(loader_mtime, "_mtime_of_file", 1)
LOADER_ASKS(loader_reader, "_reader_of_file", 1)
LOADER_ASKS(loader_set_data, "_set_data_of_file", 2)
static Value loader_compile(Thread *t, Value self, const Value *args)
{
    Value row[] = {args[0], args[1], is_bound(args[2]) ? args[2] : small_int_value(-1)};
    return ask_finders(t, "_compile_source", row, 3);
}

static bool loader_hash(Thread *t, Value self, int64_t *hash)
{
    int64_t path;
    if (!value_hash(t, ((SourceLoader *)as_object(self))->name, hash) || !value_hash(t, ((SourceLoader *)as_object(self))->path, &path)) return false;
    *hash ^= path;
    if (*hash == -1) *hash = -2;
    return true;
}

static Value loader_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if ((op != COMPARE_EQ && op != COMPARE_NE) || value_type(t, self) != value_type(t, other)) return NOT_IMPLEMENTED;
    SourceLoader *a = (SourceLoader *)as_object(self), *b = (SourceLoader *)as_object(other);
    bool equal;
    if (!value_equal(t, a->name, b->name, &equal) || (equal && !value_equal(t, a->path, b->path, &equal))) return FAILED;
    return bool_value(equal == (op == COMPARE_EQ));
}

static void loader_traverse(Object *self, VisitFn visit, void *context)
{
    visit_value(((SourceLoader *)self)->name, visit, context);
    visit_value(((SourceLoader *)self)->path, visit, context);
}
static void loader_free(Object *self)
{
    clear(&((SourceLoader *)self)->name);
    clear(&((SourceLoader *)self)->path);
}

static const NativeDef loader_methods[] = {
    NATIVE("create_module", loader_create, "($self, spec)", 0, "None: an ordinary module will do."),
    NATIVE("exec_module", loader_exec, "($self, module)", 0, "Run the module's code in it."),
    NATIVE("load_module", loader_load, "($self, fullname=None)", 0, "Load the module; the older way."),
    NATIVE("get_code", loader_code, "($self, fullname)", 0, "The module's code object."),
    NATIVE("get_source", loader_source, "($self, fullname)", 0, "The module's source, as text."),
    NATIVE("is_package", loader_is_package, "($self, fullname)", 0, "Is it a package?"),
    NATIVE("get_filename", loader_filename, "($self, name=None)", 0, "The name of the file."),
    NATIVE("get_data", loader_data, "($self, path)", 0, "The bytes of a file."),
    NATIVE("set_data", loader_set_data, "($self, path, data, *, _mode=438)", 0, "Write a file."),
    NATIVE("path_stats", loader_stats, "($self, path)", 0, "{'mtime': ..., 'size': ...}"),
    NATIVE("path_mtime", loader_mtime, "($self, path)", 0, "When a file was changed."),
    NATIVE("source_to_code", loader_compile, "($self, data, path, *, _optimize=-1)", 0, "Compile source."),
    NATIVE("get_resource_reader", loader_reader, "($self, module)", 0, "For importlib.resources."),
    NATIVE_END,
};
static const MemberDef loader_members[] = {
    {"name", MEMBER_VALUE, offsetof(SourceLoader, name), false, NULL},
    {"path", MEMBER_VALUE, offsetof(SourceLoader, path), false, NULL},
    {NULL, MEMBER_VALUE, 0, false, NULL},
};
const TypeSpec source_file_loader_spec = {
    .doc = "Loads a module from a file of source.",
    .signature = "(fullname, path)",
    .size = sizeof(SourceLoader), .flags = TYPE_IS_CONTAINER | TYPE_IS_WEAK_REFERABLE | TYPE_HAS_ATTRIBUTES,
    .slots = {.new_instance = loader_make, .init = loader_init, .hash = loader_hash, .compare = loader_compare},
    .methods = loader_methods, .members = loader_members, .traverse = loader_traverse, .free = loader_free,
};

/* ---- sys.meta_path, sys.path_hooks ---- */

static Value library_hook(Thread *t, Value self, const Value *args) { return ask_finders(t, "LibraryFinder", args, 1); }
static Value folder_hook(Thread *t, Value self, const Value *args) { return ask_finders(t, "_finder_for_folder", args, 1); }
static const NativeDef hooks[] = {
    NATIVE("path_hook_for_LibraryFinder", library_hook, "(path)", 0, "A finder for what lies in the program; ImportError for any other path."),
    NATIVE("path_hook_for_FileFinder", folder_hook, "(path)", 0, "A FileFinder for a folder; ImportError for what is none."),
};
static const enum Kind finders[] = {KIND_BUILTIN_IMPORTER, KIND_FROZEN_IMPORTER, KIND_PATH_FINDER};

bool module_spec_fill_sys(Thread *t)
{
    Value meta_path = sys_get(t, "meta_path"), path_hooks = sys_get(t, "path_hooks");
    if (!is_list(meta_path) || !is_list(path_hooks)) return true;
    for (size_t i = 0; i < ARRAY_LENGTH(finders); i++)
        if (!list_append(t, as_list(meta_path), object_value(kind_type(t, finders[i])))) return false;
    for (size_t i = 0; i < ARRAY_LENGTH(hooks); i++)
        if (!list_append_take(t, as_list(path_hooks), native_function_new(t, &hooks[i], NONE, UNBOUND))) return false;
    return true;
}

static bool is_own_hook(Value v, const NativeDef *def) { return is_kind(v, KIND_NATIVE_FUNCTION) && ((NativeFunction *)as_object(v))->def == def; }

/* Is everything as module_spec_fill_sys left it? Then the machine finds modules by itself. */
bool module_spec_is_untouched(Thread *t)
{
    Value meta_path = sys_get(t, "meta_path"), path_hooks = sys_get(t, "path_hooks"), cache = sys_get(t, "path_importer_cache");
    if (is_unbound(meta_path)) return true;                                  /* before sys is there */
    if (!is_list(meta_path) || !is_list(path_hooks) || !is_dict(cache)) return false;
    List *list = as_list(meta_path), *row = as_list(path_hooks);
    if (list->count != ARRAY_LENGTH(finders) || row->count != ARRAY_LENGTH(hooks) || as_dict(cache)->count != 0) return false;
    for (size_t i = 0; i < ARRAY_LENGTH(finders); i++)
        if (!is_same(list->items[i], object_value(kind_type(t, finders[i])))) return false;
    for (size_t i = 0; i < ARRAY_LENGTH(hooks); i++)
        if (!is_own_hook(row->items[i], &hooks[i])) return false;
    return true;
}

/* Without the entries of the finders themselves: the script's own come first. */
static void trim_traceback(Thread *t)
{
    if (!is_raised(t)) return;
    Exception *e = (Exception *)as_object(t->raised);
    while (is_kind(e->traceback, KIND_TRACEBACK)) {
        Traceback *entry = (Traceback *)as_object(e->traceback);
        if (!str_equal_text(entry->frame->code->filename, "<frozen _import_finders>")) return;
        replace(&e->traceback, entry->next ? retain(object_value(entry->next)) : UNBOUND);
    }
}

Value module_spec_find_and_load(Thread *t, Str *name, Value path)
{
    Value module = ask_finders(t, "_find_and_load", (Value[]){object_value(name), or_none(path)}, 2);
    if (failed(module)) trim_traceback(t);
    return module;
}

Value module_spec_load_shared_object(Thread *t, Str *name, Str *file)
{
    Value module = ask_finders(t, "_load_shared_object", (Value[]){object_value(name), object_value(file)}, 2);
    if (failed(module)) trim_traceback(t);
    return module;
}
