/* main_module.c - the module __main__, and the five ways in which a script gets into it.
 *
 * What        sys.argv and sys.path; finding, compiling and running the script.
 * How         Whatever the way, the code runs in the one module __main__, which exists before it is known what will run. What
 *             cannot even be started (no such file, no such module) is said in one line, without a traceback.
 * Invariants  I1 the module path is: the script's folder, TOYPATH, the library in the program, TOYLIB.
 * GIL         held; dropped while files are read.
 * Read next   vm/run/import_file.h, vm/run/uncaught.h */
#include "vm/cli/main_module.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/cli/site_names.h"
#include "vm/cli/tools.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/module_spec.h"
#include "vm/run/builtins.h"
#include "vm/run/import.h"
#include "vm/run/import_file.h"
#include "vm/run/import_order.h"
#include "vm/run/interp.h"
#include "vm/run/source_lines.h"

/* ---- sys ---- */

/* Bytes of the operating system as a str. */
static Value os_text(Thread *t, const char *bytes) { return str_decode(t, bytes, strlen(bytes), "utf-8", "surrogateescape"); }

static bool append_text(Thread *t, List *list, const char *bytes)
{
    Value v = os_text(t, bytes);
    return !failed(v) && list_append_take(t, list, v);
}

static bool sys_set_take(Thread *t, const char *name, TAKES Value v)
{
    bool done = !failed(v) && sys_set(t, name, v);
    release(v);
    return done;
}

static bool set_argv(Thread *t, const Options *options)
{
    static const char *const first[] = {[RUN_STDIN] = "", [RUN_COMMAND] = "-c", [RUN_MODULE] = "-m"};
    List *argv = list_new(t, 8), *original = list_new(t, 8);
    bool done = argv && original;
    done = done && append_text(t, argv, options->kind == RUN_FILE ? options->target : options->is_dash ? "-" : first[options->kind]);
    for (int i = 0; done && i < options->argument_count; i++) done = append_text(t, argv, options->arguments[i]);
    for (int i = 0; done && i < options->original_count; i++) done = append_text(t, original, options->original[i]);
    done = done && sys_set(t, "argv", object_value(argv)) && sys_set(t, "orig_argv", object_value(original));
    if (argv) object_release(argv);
    if (original) object_release(original);
    return done;
}

static bool append_folders(Thread *t, List *path, const char *folders)
{
    while (folders && *folders) {
        size_t length = strcspn(folders, ":");
        char folder[PATH_MAX];
        if (length > 0 && length < sizeof folder) {
            memcpy(folder, folders, length);
            folder[length] = 0;
            if (!append_text(t, path, folder)) return false;
        }
        folders += length + (folders[length] == ':');
    }
    return true;
}

/* I1, without the script's folder. */
static bool set_path(Thread *t, const Options *options)
{
    List *path = list_new(t, 4);
    bool done = path && append_folders(t, path, options_variable(&options->config, "TOYPATH")) &&
                list_append_take(t, path, import_library_entry(t, NULL)) && append_folders(t, path, options_variable(&options->config, "TOYLIB")) && sys_set(t, "path", object_value(path));
    if (path) object_release(path);
    return done;
}

static bool prepend_path(Thread *t, const Options *options, const char *folder)
{
    if (options->config.has_safe_path) return true;
    Value path = sys_get(t, "path"), text = os_text(t, folder);
    bool done = !failed(text) && (!is_list(path) || list_insert(t, as_list(path), 0, text));
    if (done) replace(&t->interp->run->first_path, retain(text));
    release(text);
    return done;
}

/* The program, and the folder above the one it lies in, under all the names that tools ask for. */
static bool set_executable(Thread *t)
{
    static const char *const prefixes[] = {"prefix", "exec_prefix", "base_prefix", "base_exec_prefix"};
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n < 0 ? 0 : n] = 0;
    if (!sys_set_take(t, "executable", os_text(t, path)) || !sys_set_take(t, "_base_executable", os_text(t, path))) return false;
    for (int i = 0; i < 2; i++) {
        char *slash = strrchr(path, '/');
        if (slash && slash > path) *slash = 0;
    }
    for (size_t i = 0; i < ARRAY_LENGTH(prefixes); i++)
        if (!sys_set_take(t, prefixes[i], os_text(t, path))) return false;
    return true;
}

static bool set_x_options(Thread *t, const Options *options)
{
    Dict *dict = dict_new(t);
    bool done = dict != NULL;
    for (size_t i = 0; done && i < options->x_options.count; i++) {
        const char *word = options->x_options.items[i];
        size_t length = strcspn(word, "=");
        Value key = str_decode(t, word, length, "utf-8", "surrogateescape");
        Value v = word[length] ? os_text(t, word + length + 1) : TRUE;
        done = !failed(key) && !failed(v) && dict_set(t, dict, key, v);
        release2(key, v);
    }
    done = done && sys_set(t, "_xoptions", object_value(dict));
    if (dict) object_release(dict);
    return done;
}

/* The weakest first: developer mode, the environment, -W, -b. */
static bool set_warnings(Thread *t, const Options *options)
{
    List *list = list_new(t, 4);
    bool done = list && (!options->config.is_dev_mode || append_text(t, list, "default"));
    const char *text = options_variable(&options->config, "TOYWARNINGS");
    while (done && text && *text) {
        size_t length = strcspn(text, ",");
        Value v = str_decode(t, text, length, "utf-8", "surrogateescape");
        done = !failed(v) && (length == 0 || list_append(t, list, v));
        release(v);
        text += length + (text[length] == ',');
    }
    for (size_t i = 0; done && i < options->warnings.count; i++) done = append_text(t, list, options->warnings.items[i]);
    if (options->config.bytes_warning)
        done = done && append_text(t, list, options->config.bytes_warning > 1 ? "error::BytesWarning" : "default::BytesWarning");
    done = done && sys_set(t, "warnoptions", object_value(list));
    bool has_any = done && list->count > 0;
    if (list) object_release(list);
    if (!has_any) return done;
    /* Filters must be understood before anything can warn; bad ones are complained about now. */
    Value module = import_module_text(t, "warnings");
    release(module);
    return !failed(module);
}

static bool make_main(Thread *t)
{
    Str *name = NAME_OF(t, __main__);
    Module *module = module_new(t, name);
    Dict *annotations = module ? dict_new(t) : NULL;
    bool done = annotations && dict_set_str(t, module->dict, NAME_OF(t, __annotations__), object_value(annotations)) &&
                dict_set_str(t, module->dict, NAME_OF(t, __builtins__), object_value(t->interp->run->builtins_module)) &&
                dict_set_str(t, module->dict, NAME_OF(t, __loader__), object_value(kind_type(t, KIND_BUILTIN_IMPORTER))) &&
                dict_set_str(t, as_dict(t->interp->modules), name, object_value(module));
    if (annotations) object_release(annotations);
    if (module) object_release(module);
    return done;
}

bool main_module_prepare(Thread *t, const Options *options)
{
    return set_argv(t, options) && set_path(t, options) && set_executable(t) && set_x_options(t, options) && make_main(t) &&
           (options->config.no_site || site_names_add(t)) && set_warnings(t, options);
}

Dict *main_module_dict(Thread *t)
{
    Value module = import_find_loaded(t, NAME_OF(t, __main__));
    return is_kind(module, KIND_MODULE) ? ((Module *)as_object(module))->dict : NULL;
}

/* ---- running code in __main__ ---- */

static bool run_code(Thread *t, Code *code)
{
    Dict *globals = main_module_dict(t);
    if (!globals) return raise_false(t, EXC_RuntimeError, "no __main__ module");
    object_retain(globals);
    Value v = interp_run_code(t, code, globals, UNBOUND, UNBOUND);
    object_release(globals);
    release(v);
    return !failed(v);
}

/* [name] is what tracebacks show. */
static bool run_source(Thread *t, const char *source, size_t length, Str *name, bool is_text, bool is_file)
{
    CompileRequest request = {.source = source, .length = length, .is_text = is_text, .filename = name, .mode = COMPILE_MODULE,
                              .optimize = -1, .quotes_source = is_file, .is_script = is_file};
    bool is_incomplete = false;
    Code *code = interp_compile(t, &request, &is_incomplete);
    bool done = code && run_code(t, code);
    if (code) object_release(code);
    return done;
}

/* The first line becomes an empty one: line numbers stay right. */
static size_t without_first_line(const char *bytes, size_t length)
{
    const char *end = memchr(bytes, '\n', length);
    return end ? (size_t)(end - bytes) : length;
}

static bool run_bytes_of_file(Thread *t, Str *name, bool skips_first_line)
{
    char *bytes;
    size_t length;
    if (!file_read_all(t, name, &bytes, &length)) return false;
    size_t start = skips_first_line ? without_first_line(bytes, length) : 0;
    Dict *globals = main_module_dict(t);
    Str *cached = str_intern_text(t, "__cached__");
    Value loader = source_file_loader_new(t, object_value(NAME_OF(t, __main__)), object_value(name));
    bool done = globals && cached && !failed(loader) && dict_set_str(t, globals, NAME_OF(t, __file__), object_value(name)) &&
                dict_set_str(t, globals, cached, NONE) && dict_set_str(t, globals, NAME_OF(t, __loader__), loader);
    release(loader);
    if (cached) object_release(cached);
    done = done && run_source(t, bytes + start, length - start, name, false, true);
    memory_free(&t->interp->memory, bytes, length + 1);
    return done;
}

/* ---- a file or a folder ---- */

/* The path from the root; symbolic links stay as they are. */
static void make_absolute(const char *path, char *absolute, size_t size)
{
    bool is_relative = path[0] != '/' && getcwd(absolute, size);
    size_t start = is_relative ? strlen(absolute) : 0, length = strlen(path);
    if (is_relative && absolute[1]) absolute[start++] = '/';
    if (start + length < size)
        memcpy(absolute + start, path, length + 1);
    else
        absolute[0] = 0;       /* longer than any path: opening it will say so */
}

/* The folder a script really lies in: links to scripts do not hide the modules beside them. */
static void folder_of(const char *path, char *folder, size_t size)
{
    char *real = realpath(path, NULL);
    const char *from = real ? real : path, *slash = strrchr(from, '/');
    size_t length = !slash ? 0 : slash == from ? 1 : (size_t)(slash - from);
    if (length >= size) length = 0;
    memcpy(folder, from, length);
    folder[length] = 0;
    free(real);
}

static bool set_spec_of_main(Thread *t, const char *name, const ImportSource *source)
{
    Value module = import_find_loaded(t, NAME_OF(t, __main__));
    Str *spec_name = str_from_text(t, name);
    bool done = spec_name && is_kind(module, KIND_MODULE) &&
                import_set_spec(t, (Module *)as_object(module), spec_name, source->embedded ? "frozen" : NULL,
                                source->embedded ? UNBOUND : object_value(source->file), UNBOUND);
    if (spec_name) object_release(spec_name);
    return done;
}

static bool run_import_source(Thread *t, const char *name, const ImportSource *source)
{
    Code *code = set_spec_of_main(t, name, source) ? import_source_code(t, source) : NULL;
    bool done = code && run_code(t, code);
    if (code) object_release(code);
    return done;
}

/* A folder with a __main__ in it. */
static int run_folder(Thread *t, const Options *options, const char *folder)
{
    if (!prepend_path(t, options, folder)) return -1;
    List *path = list_new(t, 1);
    Str *name = NAME_OF(t, __main__);
    ImportSource source = {.file = NULL};
    bool found = path && append_text(t, path, folder) && import_find_source(t, name, object_value(path), &source);
    if (path) object_release(path);
    if (is_raised(t)) return -1;
    if (!found || source.portions) {
        if (found) import_source_free(t, &source);
        fprintf(stderr, "toy: can't find '__main__' module in '%s'\n", folder);
        return 1;
    }
    bool has_code = !source.is_shared_object;
    if (!has_code) fputs("toy: No code object available for __main__\n", stderr);
    bool done = !has_code || run_import_source(t, "__main__", &source);
    import_source_free(t, &source);
    return !done ? -1 : has_code ? 0 : 1;
}

/* What the script wrote is out before its exception is told, and before anything of the end runs. */
void main_module_flush(Thread *t)
{
    static const char *const names[] = {"stderr", "stdout"};
    Value raised = is_raised(t) ? raised_take(t) : UNBOUND;
    for (size_t i = 0; i < 2; i++) {
        Value file = sys_get(t, names[i]);
        if (is_unbound(file) || is_none(file)) continue;
        retain(file);
        if (!file_flush(t, file)) raised_clear(t);
        release(file);
    }
    t->raised = raised;
}

static int run_file(Thread *t, const Options *options)
{
    char absolute[PATH_MAX], folder[PATH_MAX];
    make_absolute(options->target, absolute, sizeof absolute);
    struct stat status;
    if (stat(absolute, &status) == 0 && S_ISDIR(status.st_mode)) return run_folder(t, options, absolute);
    int descriptor = open(absolute, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        fprintf(stderr, "toy: can't open file '%s': [Errno %d] %s\n", absolute, errno, strerror(errno));
        return 2;
    }
    close(descriptor);
    folder_of(absolute, folder, sizeof folder);
    if (!prepend_path(t, options, folder)) return -1;
    Value name = os_text(t, absolute);
    bool done = !failed(name) && run_bytes_of_file(t, as_str(name), options->skips_first_line);
    main_module_flush(t);
    release(name);
    return done ? 0 : -1;
}

bool main_module_run_file(Thread *t, const char *path)
{
    Value name = os_text(t, path);
    bool done = !failed(name) && run_bytes_of_file(t, as_str(name), false);
    release(name);
    return done;
}

/* ---- -c and standard input ---- */

static int run_command(Thread *t, const Options *options)
{
    if (!prepend_path(t, options, "")) return -1;
    Value text = os_text(t, options->target);
    Str *name = str_from_text(t, "<string>");
    size_t length;
    const char *source = !failed(text) && name ? str_utf8(t, as_str(text), &length) : NULL;
    bool done = source && source_lines_register(t, name, as_str(text)) && run_source(t, source, length, name, true, false);
    release(text);
    if (name) object_release(name);
    return done ? 0 : -1;
}

bool main_module_at_prompt(Thread *t, const Options *options) { return prepend_path(t, options, ""); }

static int run_stdin(Thread *t, const Options *options)
{
    if (!prepend_path(t, options, "")) return -1;
    if (fcntl(STDIN_FILENO, F_GETFD) < 0) return 0;        /* closed: there is nothing to run */
    char *bytes;
    size_t length;
    Str *name = str_from_text(t, "<stdin>");
    bool done = name && file_read_descriptor(t, STDIN_FILENO, name, &bytes, &length);
    if (done) {
        size_t start = options->skips_first_line ? without_first_line(bytes, length) : 0;
        done = run_source(t, bytes + start, length - start, name, false, true);
        main_module_flush(t);
        memory_free(&t->interp->memory, bytes, length + 1);
    }
    if (name) object_release(name);
    return done ? 0 : -1;
}

/* ---- -m ---- */

/* The module's __path__ (of its package), UNBOUND at the top. False: raised. */
static bool path_of_parent(Thread *t, Str *name, Value *path)
{
    *path = UNBOUND;
    size_t dot = name->length;
    while (dot > 0 && str_char(name, dot - 1) != '.') dot--;
    if (dot == 0) return true;
    Value parent = str_slice(t, name, 0, dot - 1);
    Value module = failed(parent) ? FAILED : import_module(t, as_str(parent));
    if (!failed(module)) *path = value_find_attribute(t, module, NAME_OF(t, __path__));
    if (!failed(module) && is_unbound(*path) && !is_raised(t))
        raise_error(t, EXC_ModuleNotFoundError, "__path__ attribute not found on '%S' while trying to find '%U'", parent, name);
    release2(parent, module);
    return is_bound(*path);
}

/* The parent could not be imported. An ImportError is told in one line; anything else is the package's own affair. */
static int parent_failed(Thread *t, Str *name)
{
    if (!raised_is(t, EXC_ImportError)) return -1;
    Value exception = raised_take(t);
    Value text = value_str(t, exception);
    Str *line = failed(text) ? NULL : str_format(t, "toy: Error while finding module specification for %R (%T: %S)\n", object_value(name), exception, text);
    size_t length;
    const char *bytes = line ? str_utf8(t, line, &length) : NULL;
    if (bytes) fputs(bytes, stderr);
    if (line) object_release(line);
    release2(text, exception);
    raised_clear(t);
    return 1;
}

/* sys.argv[0] is the module's file. */
static bool set_first_argument(Thread *t, const ImportSource *source)
{
    Value argv = sys_get(t, "argv");
    return source->embedded || !is_list(argv) || list_set_item(t, as_list(argv), small_int_value(0), object_value(source->file));
}

static int run_named(Thread *t, Str *name, Str *package);

/* A package is run by running its module __main__. */
static int run_package(Thread *t, Str *name)
{
    Value module = import_module(t, name);
    if (failed(module)) return -1;
    release(module);
    Str *main_name = str_intern(t, str_format(t, "%U.__main__", name));
    int status = main_name ? run_named(t, main_name, name) : -1;
    if (main_name) object_release(main_name);
    return status;
}

static int run_named(Thread *t, Str *name, Str *package)
{
    Value path;
    if (!path_of_parent(t, name, &path)) return parent_failed(t, name);
    size_t length;
    const char *text = str_utf8(t, name, &length);
    if (!text) return -1;
    ImportSource source;
    bool found = import_find_source(t, name, path, &source);
    release(path);
    if (!found) {
        if (is_raised(t)) return -1;
        if (package) fprintf(stderr, "toy: No module named %s; '%.*s' is a package and cannot be directly executed\n", text, (int)(length - 9), text);
        else fprintf(stderr, "toy: No module named %s\n", text);
        return 1;
    }
    int status;
    if (source.native || source.is_shared_object) {
        fprintf(stderr, "toy: No code object available for %s\n", text);
        status = 1;
    } else if (source.is_package && !package) {
        status = run_package(t, name);
    } else {
        status = set_first_argument(t, &source) && run_import_source(t, text, &source) ? 0 : -1;
    }
    import_source_free(t, &source);
    return status;
}

static int run_module(Thread *t, const Options *options)
{
    char here[PATH_MAX];
    if (!prepend_path(t, options, getcwd(here, sizeof here) ? here : "")) return -1;
    Value name = os_text(t, options->target);
    Str *interned = failed(name) ? NULL : str_intern(t, as_str(name));
    int status = interned ? run_named(t, interned, NULL) : -1;
    if (interned) object_release(interned);
    return status;
}

int main_module_run(Thread *t, const Options *options)
{
    switch (options->kind) {
    case RUN_FILE: return run_file(t, options);
    case RUN_COMMAND: return run_command(t, options);
    case RUN_MODULE: return tool_find(options->target) ? tool_find(options->target)->run(t, options) : run_module(t, options);
    case RUN_STDIN: return run_stdin(t, options);
    }
    return 0;
}
