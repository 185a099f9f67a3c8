/* import.c - import: from a name to a module.
 *
 * What        The import statement, __import__, and the search for a module.
 * How         a.b.c is loaded as a, then a.b, then a.b.c, each found by the first that has it:
 *               1. sys.modules    2. the few modules of the program that no file can hide (import_order.c)
 *               3. along sys.path or the package's __path__: in a folder NAME/__init__, then NAME, each with .toy.so, .toy, .py; in the
 *                  entry that stands for the library, the modules of the program, native (tables) or embedded (written in toy,
 *                  compiled in), then toy's own shared objects
 *             unless a script has changed sys.meta_path or what belongs to it: then the finders there decide (module_spec.c).
 *             While a module runs for the first time its spec says `_initializing`; another thread that wants it waits on the
 *             loading record, unless waiting would be a circle: then it gets the half-made module, as in CPython.
 * Invariants  I1 a module is in sys.modules before its first line runs, and is taken out again if that raises.
 * GIL         held; dropped while waiting for another thread's load.
 * Read next   import_order.c, import_file.c (files and embedded images), import_native.c, interp.h */
#include "vm/run/import.h"

#include <errno.h>
#include <unistd.h>

#include "vm/base/buffer.h"
#include "vm/base/clock.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/call.h"
#include "vm/run/import_file.h"
#include "vm/run/import_native.h"
#include "vm/run/import_order.h"
#include "vm/run/interp.h"
#include "vm/run/module_spec.h"
#include "vm/run/warn.h"
#include "vm/threads/fork.h"
#include "vm/threads/lock.h"

/* One module being loaded by one thread. Lives on that thread's C stack. */
typedef struct Loading {
    Str *name;
    Thread *loader;
    ScriptLock done;            /* taken while it loads */
    uint32_t waiters;
    struct Loading *next;
} Loading;

struct ImportState {
    Loading *loading;           /* all loads under way */
    struct Waiting { Thread *thread; Loading *on; struct Waiting *next; } *waiting;
    uint32_t depth;             /* -X importtime: loads within loads */
    int64_t inner_ns;           /* time that the loads within the present one took */
    bool has_title;
};

/* In the child of a fork: loads of threads that are no more are nobody's, and their records lay on their stacks. Loads of this
 * thread go on. */
static void forget_other_loads(Thread *t, void *context)
{
    struct ImportState *state = t->interp->run->import;
    state->waiting = NULL;
    Loading **link = &state->loading;
    while (*link) {
        Loading *loading = *link;
        if (loading->loader != t) {
            *link = loading->next;
            continue;
        }
        loading->waiters = 0;
        link = &loading->next;
    }
}

bool import_init(Thread *t)
{
    t->interp->run->import = memory_alloc_zeroed(&t->interp->memory, sizeof(struct ImportState));
    if (!t->interp->run->import) return raise_false(t, EXC_MemoryError, "%s", "");
    fork_register_native(t->interp, (NativeForkHook){.in_child = forget_other_loads});
    return import_order_init(t);
}

void import_finish(Thread *t)
{
    memory_free(&t->interp->memory, t->interp->run->import, sizeof(struct ImportState));
    t->interp->run->import = NULL;
    import_order_finish(t);
}

Value import_find_loaded(Thread *t, Str *name)
{
    return is_dict(t->interp->modules) ? dict_get_str(as_dict(t->interp->modules), name) : UNBOUND;
}

/* ---- waiting for another thread's load ---- */

static Loading *find_loading(Thread *t, Str *name)
{
    Loading *loading = t->interp->run->import->loading;
    while (loading && !str_equal(loading->name, name)) loading = loading->next;
    return loading;
}

/* Would waiting for [loading] close a circle: does its loader, through others, wait for a load of ours? */
static bool would_deadlock(Thread *t, Loading *loading)
{
    struct ImportState *state = t->interp->run->import;
    for (int steps = 0; loading && steps < 1000; steps++) {
        if (loading->loader == t) return true;
        struct Waiting *waiting = state->waiting;
        while (waiting && waiting->thread != loading->loader) waiting = waiting->next;
        loading = waiting ? waiting->on : NULL;
    }
    return false;
}

/* Wait until [loading] is over. True: it was waited for, or waiting would be a circle; false: raised by a signal handler. */
static bool wait_for_load(Thread *t, Loading *loading)
{
    if (would_deadlock(t, loading)) return true;
    struct ImportState *state = t->interp->run->import;
    struct Waiting waiting = {t, loading, state->waiting};
    state->waiting = &waiting;
    loading->waiters++;
    LockResult result = lock_acquire(t, &loading->done, LOCK_WAIT_FOREVER);
    if (result == LOCK_ACQUIRED) lock_release(t, &loading->done);
    loading->waiters--;
    for (struct Waiting **link = &state->waiting; *link; link = &(*link)->next) {
        if (*link != &waiting) continue;
        *link = waiting.next;
        break;
    }
    return result != LOCK_RAISED;
}

/* ---- loading one module ---- */

static Value raise_not_found(Thread *t, Str *name)
{
    raise_error(t, EXC_ModuleNotFoundError, "No module named '%U'", name);
    if (raised_is(t, EXC_ImportError)) {
        Exception *e = (Exception *)as_object(t->raised);
        replace(&e->fields[1], retain(object_value(name)));
    }
    return FAILED;
}

static bool add_to_modules(Thread *t, Str *name, Value module) { return dict_set_str(t, as_dict(t->interp->modules), name, module); }

static Value load_native(Thread *t, Str *name, const NativeModule *definition)
{
    Module *module = import_make_native(t, definition, NULL);
    if (!module) return FAILED;
    if (!add_to_modules(t, name, object_value(module))) {
        object_release(module);
        return FAILED;
    }
    return object_value(module);
}

/* Is this thread loading the finders written in toy? Then nobody can be asked but the machine. */
static bool is_loading_finders(Thread *t)
{
    for (Loading *loading = t->interp->run->import->loading; loading; loading = loading->next)
        if (loading->loader == t && str_equal_text(loading->name, "_import_finders")) return true;
    return false;
}

static size_t last_dot_of(const Str *name)
{
    for (size_t i = name->length; i-- > 0;)
        if (str_char(name, i) == '.') return i;
    return SIZE_MAX;
}

/* Under the name by which it was asked for: os.path is posixpath, but people wrote os.path. */
static void raise_not_a_package(Thread *t, Str *name)
{
    Value parent = str_slice(t, name, 0, last_dot_of(name));
    if (failed(parent)) return;
    raise_error(t, EXC_ModuleNotFoundError, "No module named '%U'; '%S' is not a package", name, parent);
    release(parent);
    if (raised_is(t, EXC_ImportError)) replace(&((Exception *)as_object(t->raised))->fields[1], retain(object_value(name)));
}

/* Find and load. [parent]: the package, UNBOUND at the top. Scripts that have put finders of their own into sys.meta_path are asked; so are
 * the finders written in toy about a folder without __init__, which is part of a namespace package. */
static Value load(Thread *t, Str *name, Value parent)
{
    bool is_untouched = module_spec_is_untouched(t) || is_loading_finders(t);
    Value path = UNBOUND;
    if (is_bound(parent)) {
        path = value_find_attribute(t, parent, NAME_OF(t, __path__));
        if (is_unbound(path)) {
            raised_clear(t);
            raise_not_a_package(t, name);
            return FAILED;
        }
    }
    ImportSource source;
    bool found = is_untouched && import_find_source(t, name, path, &source);
    bool is_namespace = found && source.portions;
    if (is_namespace) import_source_free(t, &source);
    if ((!is_untouched && !is_raised(t)) || is_namespace) {
        Value module = module_spec_find_and_load(t, name, path);
        release(path);
        return module;
    }
    release(path);
    if (!found) return is_raised(t) ? FAILED : raise_not_found(t, name);
    Value module = source.native ? load_native(t, name, source.native)
                   : source.is_shared_object ? module_spec_load_shared_object(t, name, source.file) : import_run_source(t, name, &source);
    import_source_free(t, &source);
    return module;
}

/* ---- -v and -X importtime ---- */

static void report_load(Thread *t, Str *name, int64_t self_ns, int64_t whole_ns)
{
    struct ImportState *state = t->interp->run->import;
    const Config *config = &t->interp->config;
    Buffer line;
    buffer_init(&line, &t->interp->memory);
    if (config->shows_import_time && !state->has_title) {
        state->has_title = true;
        buffer_add_text(&line, "import time: self [us] | cumulative | imported package\n");
    }
    if (config->shows_import_time)
        buffer_add_format(&line, "import time: %9lld | %10lld | %*s", (long long)(self_ns / 1000), (long long)(whole_ns / 1000), 2 * (int)state->depth, "");
    else buffer_add_text(&line, "import ");
    str_add_to_buffer(name, &line);
    buffer_add_byte(&line, '\n');
    if (buffer_ok(&line) && write(STDERR_FILENO, line.data, line.length) < 0) errno = 0;      /* nobody to see it */
    buffer_free(&line);
}

static Value load_and_report(Thread *t, Str *name, Value parent)
{
    struct ImportState *state = t->interp->run->import;
    int64_t outer_ns = state->inner_ns, start = clock_monotonic_ns();
    state->inner_ns = 0;
    state->depth++;
    Value module = load(t, name, parent);
    state->depth--;
    int64_t whole_ns = clock_monotonic_ns() - start;
    if (!failed(module)) report_load(t, name, whole_ns - state->inner_ns, whole_ns);
    state->inner_ns = outer_ns + whole_ns;
    return module;
}

/* Load with the record that other threads wait on. */
static Value load_alone(Thread *t, Str *name, Value parent)
{
    struct ImportState *state = t->interp->run->import;
    Loading loading = {.name = name, .loader = t, .next = state->loading};
    lock_init(&loading.done);
    bool taken = lock_try(&loading.done);
    (void)taken;                             /* nobody else can have it yet */
    state->loading = &loading;
    bool is_told = t->interp->config.shows_import_time || t->interp->config.is_verbose;
    Value module = is_told ? load_and_report(t, name, parent) : load(t, name, parent);
    for (Loading **link = &state->loading; *link; link = &(*link)->next) {
        if (*link != &loading) continue;
        *link = loading.next;
        break;
    }
    lock_release(t, &loading.done);
    /* Whom the release wakes is kicked when the GIL is dropped; but it is handed over only to who asks for it already. */
    gil_kick_now(&t->gil_client);
    while (loading.waiters > 0) {            /* the record lies on this stack: the waiters look at it once more */
        Value raised = t->raised;
        t->raised = UNBOUND;
        gil_hand_over(&t->interp->gil, &t->gil_client);
        t->raised = raised;
    }
    lock_finish(&loading.done);
    return module;
}

/* The last part of a dotted name becomes an attribute of its package. */
static bool bind_in_parent(Thread *t, Value parent, Str *name, size_t last_dot, Value module)
{
    Value part = str_slice(t, name, last_dot + 1, name->length);
    if (failed(part)) return false;
    Str *interned = str_intern(t, as_str(part));
    bool done = interned && value_set_attribute(t, parent, interned, module);
    if (interned) object_release(interned);
    if (!done && raised_is(t, EXC_AttributeError)) {
        raised_clear(t);
        done = true;
    }
    return done;
}

bool import_is_loading(Thread *t, Str *name) { return find_loading(t, name) != NULL; }

Value import_module(Thread *t, Str *name)
{
    Value module = import_find_loaded(t, name);
    Loading *loading = find_loading(t, name);
    if (loading && loading->loader != t) {
        if (!wait_for_load(t, loading)) return FAILED;
        module = import_find_loaded(t, name);
    }
    if (is_none(module)) {
        raise_error(t, EXC_ModuleNotFoundError, "import of %U halted; None in sys.modules", name);
        if (raised_is(t, EXC_ImportError)) replace(&((Exception *)as_object(t->raised))->fields[1], retain(object_value(name)));
        return FAILED;
    }
    if (is_bound(module)) return retain(module);
    if (stack_is_exhausted(t, " while importing a module")) return FAILED;

    size_t dot = last_dot_of(name);
    Value parent = UNBOUND;
    if (dot != SIZE_MAX) {
        Value parent_name = str_slice(t, name, 0, dot);
        if (failed(parent_name)) return FAILED;
        parent = import_module(t, as_str(parent_name));
        release(parent_name);
        if (failed(parent)) return FAILED;
        module = import_find_loaded(t, name);        /* the package may have imported it */
        if (is_bound(module) && !is_none(module)) {
            release(parent);
            return retain(module);
        }
    }
    if (t->interp->run->is_shutting_down) {          /* a finaliser at the very end: nothing is loaded any more */
        release(parent);
        return raise_error(t, EXC_ImportError, "sys.meta_path is None, Python is likely shutting down");
    }
    module = load_alone(t, name, parent);
    if (!failed(module) && is_bound(parent) && !bind_in_parent(t, parent, name, dot, module)) clear(&module);
    release(parent);
    return module;
}

Value import_module_text(Thread *t, const char *name)
{
    Str *s = str_intern_text(t, name);
    if (!s) return FAILED;
    Value module = import_module(t, s);
    object_release(s);
    return module;
}

/* ---- relative names ---- */

static Value spec_parent(Thread *t, Value spec)
{
    Str *name = str_intern_text(t, "parent");
    Value parent = name ? value_get_attribute(t, spec, name) : FAILED;
    if (name) object_release(name);
    return parent;
}

/* What __package__ says; a spec that says something else is worth a warning. */
static Value declared_package(Thread *t, Value package, Value spec)
{
    if (!is_str(package)) return raise_type_error(t, "package must be a string");
    bool has_spec = is_bound(spec) && !is_none(spec);
    Value parent = has_spec ? spec_parent(t, spec) : UNBOUND;
    if (has_spec && failed(parent)) return FAILED;
    bool is_same_package = true;
    bool is_good = !has_spec || value_equal(t, package, parent, &is_same_package);
    if (is_good && !is_same_package) is_good = warn(t, EXC_DeprecationWarning, 1, "__package__ != __spec__.parent");
    release(parent);
    return is_good ? retain(package) : FAILED;
}

/* The package that a relative import starts from, by __package__, __spec__ or __name__ of the importing module. */
static Value package_of(Thread *t, Value globals)
{
    Dict *dict = as_dict(globals);
    Value package = dict_get_str(dict, NAME_OF(t, __package__)), spec = dict_get_str(dict, NAME_OF(t, __spec__));
    if (is_bound(package) && !is_none(package)) return declared_package(t, package, spec);
    if (is_bound(spec) && !is_none(spec)) {
        Value parent = spec_parent(t, spec);
        if (failed(parent) || is_str(parent)) return parent;
        release(parent);
        return raise_type_error(t, "__spec__.parent must be a string");
    }
    if (!warn(t, EXC_ImportWarning, 1, "can't resolve package from __spec__ or __package__, falling back on __name__ and __path__")) return FAILED;
    Value name = dict_get_str(dict, NAME_OF(t, __name__));
    if (is_unbound(name)) return raise_error(t, EXC_KeyError, "'__name__' not in globals");
    if (!is_str(name)) return raise_type_error(t, "__name__ must be a string");
    if (is_bound(dict_get_str(dict, NAME_OF(t, __path__)))) return retain(name);
    size_t dot = last_dot_of(as_str(name));
    return dot == SIZE_MAX ? retain(t->interp->empty_str) : str_slice(t, as_str(name), 0, dot);
}

/* The absolute name of a relative one. */
static Str *resolve(Thread *t, Str *name, Value globals, int level)
{
    if (!is_dict(globals)) {
        raise_error(t, EXC_KeyError, "'__name__' not in globals");
        return NULL;
    }
    Value package = package_of(t, globals);
    if (failed(package)) return NULL;
    Str *base = as_str(package);
    if (base->length == 0) {
        release(package);
        raise_error(t, EXC_ImportError, "attempted relative import with no known parent package");
        return NULL;
    }
    size_t end = base->length;
    for (int i = 1; i < level; i++) {
        while (end > 0 && str_char(base, end - 1) != '.') end--;
        if (end == 0) {
            release(package);
            raise_error(t, EXC_ImportError, "attempted relative import beyond top-level package");
            return NULL;
        }
        end--;
    }
    Value start = str_slice(t, base, 0, end);
    release(package);
    if (failed(start)) return NULL;
    Str *result = name->length == 0 ? str_format(t, "%S", start) : str_format(t, "%S.%U", start, name);
    release(start);
    return str_intern(t, result);
}

/* ---- the statement ---- */

/* from package import a, b: submodules that are not attributes yet are loaded. */
static bool load_submodules(Thread *t, Value module, Value from_names, bool is_recursive)
{
    Value path = value_find_attribute(t, module, NAME_OF(t, __path__));
    if (is_unbound(path)) {
        raised_clear(t);
        return true;
    }
    release(path);
    Tuple *names = tuple_from_iterable(t, from_names);
    bool done = names != NULL;
    for (size_t i = 0; done && i < names->count; i++) {
        Value item = names->items[i];
        if (!is_str(item)) {
            done = raise_false(t, EXC_TypeError, "Item in ``from list'' must be str, not %T", item);
            break;
        }
        if (str_equal_text(as_str(item), "*")) {
            Value all = is_recursive ? UNBOUND : value_find_attribute(t, module, NAME_OF(t, __all__));
            if (is_bound(all)) done = load_submodules(t, module, all, true);
            else raised_clear(t);
            release(all);
            continue;
        }
        Value there = value_find_attribute(t, module, as_str(item));
        if (is_bound(there)) {
            release(there);
            continue;
        }
        if (is_raised(t)) {
            done = false;
            break;
        }
        Value package = value_get_attribute(t, module, NAME_OF(t, __name__));
        Str *full = failed(package) ? NULL : str_intern(t, str_format(t, "%S.%S", package, item));
        release(package);
        Value submodule = full ? import_module(t, full) : FAILED;
        if (failed(submodule)) {
            Value missing = raised_is(t, EXC_ModuleNotFoundError) ? ((Exception *)as_object(t->raised))->fields[1] : UNBOUND;
            done = full && is_str(missing) && str_equal(as_str(missing), full);    /* IMPORT_FROM will say so */
            if (done) raised_clear(t);
        }
        release(submodule);
        if (full) object_release(full);
    }
    if (names) object_release(names);
    return done;
}

Value import_level(Thread *t, Str *name, Value globals, Value from_names, int level)
{
    if (level < 0) return raise_value_error(t, "level must be >= 0");
    Str *full = NULL;
    if (level > 0) {
        full = resolve(t, name, globals, level);
    } else {
        if (name->length == 0) return raise_value_error(t, "Empty module name");
        full = (Str *)as_object(retain(object_value(name)));
    }
    if (!full) return FAILED;
    Value module = import_module(t, full);
    bool wants_names = false;
    if (!failed(module) && is_bound(from_names) && !value_truth(t, from_names, &wants_names)) clear(&module);
    if (!failed(module) && wants_names) {
        if (!load_submodules(t, module, from_names, false)) clear(&module);
    } else if (!failed(module) && name->length > 0) {
        /* `import a.b.c` binds a. */
        size_t dot = 0;
        while (dot < name->length && str_char(name, dot) != '.') dot++;
        if (dot < name->length) {
            Value top = str_slice(t, full, 0, full->length - (name->length - dot));
            clear(&module);
            if (!failed(top)) module = import_module(t, as_str(top));
            release(top);
        }
    }
    object_release(full);
    return module;
}

Value import_name(Thread *t, Frame *frame, Str *name, Value from_names, Value level)
{
    Value builtins = frame->function->builtins;
    Value hook = is_dict(builtins) ? retain(dict_get_str(as_dict(builtins), NAME_OF(t, __import__)))
                                   : value_get_item(t, builtins, object_value(NAME_OF(t, __import__)));
    if (is_unbound(hook) && (!is_raised(t) || raised_is(t, EXC_KeyError))) {
        raised_clear(t);
        return raise_error(t, EXC_ImportError, "__import__ not found");
    }
    if (is_unbound(hook)) return FAILED;
    Value own = dict_get_str(t->interp->run->builtins_module->dict, NAME_OF(t, __import__));
    Value module;
    if (is_same(hook, own) && is_kind(hook, KIND_NATIVE_FUNCTION)) {
        module = import_level(t, name, object_value(frame->function->globals), from_names, (int)small_int(level));
    } else {
        Value locals = is_bound(frame->mapping) ? frame->mapping : NONE;
        Value args[5] = {object_value(name), object_value(frame->function->globals), locals, from_names, level};
        module = value_call(t, hook, args, 5, NULL);
    }
    release(hook);
    return module;
}

/* A str attribute of the module, or UNBOUND; nothing stays raised. */
static Value module_text(Thread *t, Value module, Str *name)
{
    Value v = value_find_attribute(t, module, name);
    raised_clear(t);
    if (is_str(v)) return v;
    release(v);
    return UNBOUND;
}

static Value raise_cannot_import(Thread *t, Value module, Str *name, Value module_name)
{
    Value shown = is_bound(module_name) ? retain(module_name) : object_value(str_from_text(t, "<unknown module name>"));
    Value file = module_text(t, module, NAME_OF(t, __file__));
    bool is_half_made = is_bound(module_name) && import_is_loading(t, as_str(module_name));
    if (failed(shown)) return FAILED;
    if (is_half_made) {
        raise_error(t, EXC_ImportError, "cannot import name %R from partially initialized module %R (most likely due to a circular import) (%S)",
                    object_value(name), shown, is_bound(file) ? file : object_value(NAME_OF(t, __file__)));
    } else if (is_bound(file)) {
        raise_error(t, EXC_ImportError, "cannot import name %R from %R (%S)", object_value(name), shown, file);
    } else {
        raise_error(t, EXC_ImportError, "cannot import name %R from %R (unknown location)", object_value(name), shown);
    }
    if (raised_is(t, EXC_ImportError)) {
        Exception *e = (Exception *)as_object(t->raised);
        replace(&e->fields[1], retain(shown));
        if (is_bound(file)) replace(&e->fields[2], retain(file));
        replace(&e->fields[3], retain(object_value(name)));
    }
    release2(shown, file);
    return FAILED;
}

Value import_from(Thread *t, Value module, Str *name)
{
    Value v = value_find_attribute(t, module, name);
    if (is_bound(v) || is_raised(t)) return v;
    /* A submodule that is being loaded further up is in sys.modules, but not yet an attribute. */
    Value module_name = module_text(t, module, NAME_OF(t, __name__));
    if (is_bound(module_name)) {
        Str *full = str_intern(t, str_format(t, "%S.%U", module_name, name));
        if (!full) {
            release(module_name);
            return FAILED;
        }
        v = retain(import_find_loaded(t, full));
        object_release(full);
        if (is_bound(v)) {
            release(module_name);
            return v;
        }
    }
    v = raise_cannot_import(t, module, name, module_name);
    release(module_name);
    return v;
}

bool import_star(Thread *t, Frame *frame, Value module)
{
    Value all = value_find_attribute(t, module, NAME_OF(t, __all__));
    bool takes_public = false;
    if (is_unbound(all)) {
        if (is_raised(t)) return false;
        takes_public = true;
        all = value_get_attribute(t, module, NAME_OF(t, __dict__));
        if (failed(all)) return raise_false(t, EXC_ImportError, "from-import-* object has no __dict__ and no __all__");
    }
    Tuple *names = tuple_from_iterable(t, all);
    release(all);
    bool done = names != NULL;
    for (size_t i = 0; done && i < names->count; i++) {
        Value name = names->items[i];
        if (!is_str(name)) {
            Value module_name = module_text(t, module, NAME_OF(t, __name__));
            done = raise_false(t, EXC_TypeError, "%s in %S.%s must be str, not %T", takes_public ? "Key" : "Item", is_bound(module_name) ? module_name : NONE,
                               takes_public ? "__dict__" : "__all__", name);
            release(module_name);
            break;
        }
        if (takes_public && as_str(name)->length > 0 && str_char(as_str(name), 0) == '_') continue;
        Str *interned = str_intern(t, (Str *)as_object(retain(name)));
        Value v = interned ? value_get_attribute(t, module, interned) : FAILED;
        if (failed(v)) {
            done = false;
        } else if (is_bound(frame->mapping)) {
            done = value_set_item(t, frame->mapping, name, v);
        } else {
            done = raise_false(t, EXC_SystemError, "no locals found during 'import *'");
        }
        release(v);
        if (interned) object_release(interned);
    }
    if (names) object_release(names);
    return done;
}
