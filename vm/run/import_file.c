/* import_file.c - modules that come from files and from images in the program.
 *
 * What        See import_file.h.
 * How         Along each entry of the path. In a folder: the package NAME/ first, then NAME.toy.so, NAME.toy, NAME.py. Where the entry
 *             stands for the library, what lies in the program or in toy's folder of shared objects. Nothing is cached on disk. An
 *             embedded module's code unit is read from its image the first time it is imported.
 * GIL         held; dropped while a file is read.
 * Read next   import.c, import_native.c, vm/bytecode/image.h */
#include "vm/run/import_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/bytecode/image.h"
#include "vm/bytecode/verify.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/import.h"
#include "vm/run/import_native.h"
#include "vm/run/import_order.h"
#include "vm/run/interp.h"
#include "vm/run/module_spec.h"
#include "vm/threads/blocking.h"

/* ---- files ---- */

bool file_read_descriptor(Thread *t, int descriptor, Str *name, char **bytes, size_t *length)
{
    size_t capacity = 4096;
    *length = 0;
    *bytes = memory_alloc(&t->interp->memory, capacity);
    if (!*bytes) return raise_false(t, EXC_MemoryError, "%s", "");
    for (;;) {
        block_begin(t, "read");
        ssize_t got = read(descriptor, *bytes + *length, capacity - 1 - *length);
        int error = errno;
        block_end(t);
        if (got < 0 && error == EINTR && block_retry(t)) continue;
        if (got < 0) {
            if (!is_raised(t)) raise_os_error(t, error, object_value(name));
            break;
        }
        *length += (size_t)got;
        if (got == 0) {
            (*bytes)[*length] = 0;
            char *exact = memory_resize(&t->interp->memory, *bytes, capacity, *length + 1);
            if (exact) {
                *bytes = exact;
                return true;
            }
            raise_memory_error(t);
            break;
        }
        if (*length + 1 < capacity) continue;
        char *more = memory_resize(&t->interp->memory, *bytes, capacity, capacity * 2);
        if (!more) {
            raise_memory_error(t);
            break;
        }
        *bytes = more;
        capacity *= 2;
    }
    memory_free(&t->interp->memory, *bytes, capacity);
    return false;
}

bool file_read_all(Thread *t, Str *name, char **bytes, size_t *length)
{
    const char *path = str_os_name(t, name);
    if (!path) return false;
    block_begin(t, "open");
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    int error = errno;
    block_end(t);
    if (descriptor < 0) {
        raise_os_error(t, error, object_value(name));
        return false;
    }
    bool done = file_read_descriptor(t, descriptor, name, bytes, length);
    close(descriptor);
    return done;
}

static bool is_file(Thread *t, Str *path)
{
    struct stat status;
    const char *name = str_os_name(t, path);
    if (!name) {
        raised_clear(t);
        return false;
    }
    return stat(name, &status) == 0 && S_ISREG(status.st_mode);
}

static const char *const suffixes[] = {IMPORT_NATIVE_SUFFIX, ".toy", ".py"};

/* The last part of a dotted name. */
static Value last_part(Thread *t, Str *name)
{
    size_t start = name->length;
    while (start > 0 && str_char(name, start - 1) != '.') start--;
    return str_slice(t, name, start, name->length);
}

static bool is_folder(Thread *t, Str *path)
{
    struct stat status;
    const char *name = str_os_name(t, path);
    if (!name) raised_clear(t);
    return name && stat(name, &status) == 0 && S_ISDIR(status.st_mode);
}

/* Is there a file [base] with one of the suffixes? False: no, or raised. */
static bool find_file(Thread *t, Str *base, const char *between, ImportSource *source)
{
    for (size_t i = 0; i < ARRAY_LENGTH(suffixes); i++) {
        Str *path = str_format(t, "%U%s%s", base, between, suffixes[i]);
        if (!path) return false;
        if (is_file(t, path)) {
            source->file = path;
            source->is_shared_object = i == 0;
            return true;
        }
        object_release(path);
    }
    return false;
}

/* Look in one folder; where it has nothing of the name, that takes four stats. A folder of the name without a file of its own
 * is a portion: part of a package that may have others along the path. False: not there, or raised. */
static bool find_in_folder(Thread *t, Str *folder, Str *part, ImportSource *source)
{
    const char *separator = folder->length == 0 || str_char(folder, folder->length - 1) == '/' ? "" : "/";
    Str *base = str_format(t, "%U%s%U", folder, separator, part);
    if (!base) return false;
    bool has_folder = is_folder(t, base), found = has_folder && find_file(t, base, "/__init__", source);
    if (found) {
        source->is_package = true;
        source->folder = base;
        return true;
    }
    found = !is_raised(t) && find_file(t, base, "", source);
    if (!found && has_folder && !is_raised(t)) {
        if (!source->portions) source->portions = list_new(t, 1);
        if (source->portions && !list_append(t, source->portions, object_value(base))) found = false;    /* raised */
    }
    object_release(base);
    return found;
}

const EmbeddedModule *import_find_embedded(Thread *t, Str *name)
{
    const EmbeddedModule *module = t->interp->run->hooks.embedded_modules;
    while (module && module->name && !str_equal_text(name, module->name)) module++;
    return module && module->name ? module : NULL;
}

static bool find_in_program(Thread *t, Str *name, ImportSource *source)
{
    source->native = import_find_native(t, name);
    if (source->native) return true;
    const EmbeddedModule *module = import_find_embedded(t, name);
    if (!module) {
        source->file = import_find_own_shared_object(t, name);
        source->is_shared_object = source->file != NULL;
        return source->is_shared_object;
    }
    source->embedded = module;
    source->is_package = module->is_package;
    source->file = str_format(t, "<frozen %U>", name);
    return source->file != NULL;
}

/* Look in one entry of the path; '' is the current folder. False: not there, or raised. */
static bool find_in_entry(Thread *t, Str *entry, Str *name, Str *part, ImportSource *source)
{
    if (import_is_library_entry(t, entry)) return import_entry_is_parent(t, entry, name) && find_in_program(t, name, source);
    if (entry->length > 0) return find_in_folder(t, entry, part, source);
    char here[4096];
    Str *current = getcwd(here, sizeof here) ? str_from_wtf8(t, here, strlen(here)) : NULL;
    bool found = current && find_in_folder(t, current, part, source);
    if (current) object_release(current);
    return found;
}

bool import_find_source(Thread *t, Str *name, Value path, ImportSource *source)
{
    *source = (ImportSource){.embedded = NULL};
    if (import_is_never_hidden(name) && find_in_program(t, name, source)) return true;
    if (is_raised(t)) return false;
    Value folders = is_bound(path) ? path : sys_get(t, "path");
    Value part = last_part(t, name);
    List *list = failed(part) || is_unbound(folders) ? NULL : list_from_iterable(t, folders);
    bool found = false;
    for (size_t i = 0; list && i < list->count && !found && !is_raised(t); i++) {
        Value entry = list->items[i];
        found = is_str(entry) && find_in_entry(t, as_str(entry), name, as_str(part), source);
    }
    if (list) object_release(list);
    release(part);
    found = found && !is_raised(t);
    if (found || is_raised(t)) {
        if (source->portions) object_release(source->portions);
        source->portions = NULL;
        return found;
    }
    source->is_package = source->portions != NULL;
    return source->is_package;
}

void import_source_free(Thread *t, ImportSource *source)
{
    if (source->file) object_release(source->file);
    if (source->folder) object_release(source->folder);
    if (source->portions) object_release(source->portions);
}

/* ---- the module's description ---- */

bool import_set_spec(Thread *t, Module *module, Str *name, const char *origin, Value file, Value path)
{
    Value origin_value = origin ? object_value(str_from_text(t, origin)) : retain(file);
    Value package = is_bound(path) ? retain(object_value(name)) : UNBOUND;
    if (is_unbound(package)) {
        size_t dot = name->length;
        while (dot > 0 && str_char(name, dot - 1) != '.') dot--;
        package = str_slice(t, name, 0, dot ? dot - 1 : 0);
    }
    Value loader = !origin ? source_file_loader_new(t, object_value(name), origin_value)
                           : retain(object_value(kind_type(t, strcmp(origin, "frozen") == 0 ? KIND_FROZEN_IMPORTER : KIND_BUILTIN_IMPORTER)));
    bool done = !failed(origin_value) && !failed(package) && !failed(loader);
    Value spec = done ? module_spec_new(t, object_value(name), loader, origin_value, is_bound(path) ? path : NONE, !origin) : FAILED;
    done = !failed(spec) && dict_set_str(t, module->dict, NAME_OF(t, __spec__), spec) &&
           dict_set_str(t, module->dict, NAME_OF(t, __package__), package) &&
           dict_set_str(t, module->dict, NAME_OF(t, __loader__), loader);
    release(loader);
    if (done && is_bound(file)) done = dict_set_str(t, module->dict, NAME_OF(t, __file__), file);
    if (done && is_bound(path)) done = dict_set_str(t, module->dict, NAME_OF(t, __path__), path);
    release(spec);
    release2(origin_value, package);
    return done;
}

/* ---- running it ---- */

static Code *code_of_embedded(Thread *t, const EmbeddedModule *embedded)
{
    ImageError error = {0};
    CodeUnit *unit = image_read(&t->interp->memory, embedded->image, embedded->image_length, IMAGE_BORROW, &error);
    if (!unit) {
        if (error.is_out_of_memory) raise_memory_error(t);
        else raise_error(t, EXC_ImportError, "bad image of module '%s': %s", embedded->name, error.message);
        return NULL;
    }
    unit->is_verified = true;        /* it was verified when it was made, and lies in the program */
    return code_object_new(t, unit);
}

static Code *code_of_file(Thread *t, Str *file)
{
    char *bytes;
    size_t length;
    if (!file_read_all(t, file, &bytes, &length)) return NULL;
    CompileRequest request = {.source = bytes, .length = length, .filename = file, .mode = COMPILE_MODULE, .optimize = -1, .quotes_source = true};
    bool is_incomplete = false;
    Code *code = interp_compile(t, &request, &is_incomplete);
    memory_free(&t->interp->memory, bytes, length + 1);
    return code;
}

Code *import_source_code(Thread *t, const ImportSource *source)
{
    return source->embedded ? code_of_embedded(t, source->embedded) : code_of_file(t, source->file);
}

static Value package_path(Thread *t, Str *name, const ImportSource *source)
{
    if (source->portions) return retain(object_value(source->portions));
    if (!source->is_package) return UNBOUND;
    Value folder = source->embedded ? import_library_entry(t, name) : retain(object_value(source->folder));
    List *path = failed(folder) ? NULL : list_new(t, 1);
    bool done = path && list_append(t, path, folder);
    release(folder);
    if (done) return object_value(path);
    if (path) object_release(path);
    return FAILED;
}

Value import_run_source(Thread *t, Str *name, const ImportSource *source)
{
    Code *code = import_source_code(t, source);
    Module *module = code ? module_new(t, name) : NULL;
    Value path = module ? package_path(t, name, source) : UNBOUND;
    Dict *modules = as_dict(t->interp->modules);
    bool done = module && (!source->is_package || !failed(path));
    done = done && import_set_spec(t, module, name, source->embedded ? "frozen" : NULL, source->embedded ? UNBOUND : object_value(source->file), path) &&
           dict_set_str(t, module->dict, NAME_OF(t, __builtins__), t->interp->builtins) && dict_set_str(t, modules, name, object_value(module));
    release(path);
    Value result = FAILED;
    if (done) {
        Value v = interp_run_code(t, code, module->dict, UNBOUND, UNBOUND);
        release(v);
        if (failed(v)) {                              /* I1 of import.c */
            Value raised = raised_take(t);
            bool was_there;
            if (!dict_delete_str(t, modules, name, &was_there)) raised_clear(t);
            t->raised = raised;
        } else {
            result = retain(import_find_loaded(t, name));      /* a module may replace itself there */
            if (is_unbound(result)) raise_error(t, EXC_KeyError, "%R", object_value(name));
        }
    }
    if (module) object_release(module);
    if (code) object_release(code);
    return result;
}
