/* import_native.c - native modules: those that lie in the program, and those that lie in shared objects.
 *
 * What        See import_native.h.
 * How         Both are described by the same constant table, a NativeModule (ToyModule in vm/toy.h). In the program its address is
 *             known; of a shared object it is the one symbol that is looked for. What it needs of the machine, the loader of the
 *             system binds to the functions that the program exports: those of vm/toy.h, no others. Before anything else of the
 *             table is believed, its first word must say that it was compiled with this toy.h.
 *               A shared object stays loaded for good: types, functions and frames may point into it as long as the process lives.
 * Invariants  I1 a file is mapped only if it is as long as its own headers say: reading behind its end would be a SIGBUS.
 * GIL         held; dropped while a shared object is read and its constructors run.
 * Read next   import_file.c (who finds the file), stdlib/mod_imp.c (who asks for it), vm/README.md, "A module of one's own" */
#include "vm/run/import_native.h"

#include <dlfcn.h>
#include <elf.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/native.h"
#include "vm/object/str.h"
#include "vm/run/import_file.h"
#include "vm/run/interp.h"
#include "vm/threads/blocking.h"

/* ---- from the table to the module ---- */

Module *import_make_native(Thread *t, const NativeModule *definition, Str *name_of_file)
{
    Str *name = name_of_file ? as_str(retain(object_value(name_of_file))) : str_intern_text(t, definition->name);
    Module *module = name ? module_new(t, name) : NULL;
    if (!module) {
        if (name) object_release(name);
        return NULL;
    }
    module->is_native = true;
    bool done = true;
    if (definition->state_size) {
        module->state = memory_alloc_zeroed(&t->interp->memory, definition->state_size);
        module->state_size = definition->state_size;
        module->traverse_state = definition->traverse_state;
        module->free_state = definition->free_state;
        done = module->state || raise_false(t, EXC_MemoryError, "%s", "");
    }
    if (done && definition->doc) {
        Str *doc = str_from_text(t, definition->doc);
        done = doc && dict_set_str(t, module->dict, NAME_OF(t, __doc__), object_value(doc));
        if (doc) object_release(doc);
    }
    if (done && definition->functions) {
        Str *known_as = definition->known_as ? str_intern_text(t, definition->known_as) : as_str(retain(object_value(name)));
        done = known_as && native_add_functions(t, module->dict, definition->functions, object_value(module), object_value(known_as));
        if (known_as) object_release(known_as);
    }
    if (done && !name_of_file) done = import_set_spec(t, module, name, "built-in", UNBOUND, UNBOUND);
    if (done && definition->init) done = definition->init(t, module);
    object_release(name);
    if (done) return module;
    object_release(module);
    return NULL;
}

const NativeModule *import_find_native(Thread *t, Str *name)
{
    const NativeModule *const *table = t->interp->run->hooks.native_modules;
    for (; table && *table; table++)
        if (str_equal_text(name, (*table)->name)) return *table;
    return NULL;
}

/* ---- toy's own shared objects ---- */

/* As seen from the program's folder: where the build leaves them, and where installing puts them. */
static const char *const own_folders[] = {"stdlib/loadable", TOY_MODULE_FOLDER};

Str *import_find_own_shared_object(Thread *t, Str *name)
{
    const char *last = str_utf8(t, name, NULL), *library = last ? str_os_name(t, as_str(t->interp->run->library_entry)) : NULL;
    if (!library) {
        raised_clear(t);                                        /* lone surrogates: not ours */
        return NULL;
    }
    size_t folder_length = strlen(library);
    for (int slashes = 0; folder_length > 0 && slashes < 2;) slashes += library[--folder_length] == '/';    /* FOLDER/toy/lib */
    for (size_t i = 0; i < ARRAY_LENGTH(own_folders); i++) {
        bool is_absolute = own_folders[i][0] == '/';
        char path[4096];
        struct stat status;
        int length = snprintf(path, sizeof path, "%.*s%s%s/%s" IMPORT_NATIVE_SUFFIX, is_absolute ? 0 : (int)folder_length, library,
                              is_absolute ? "" : "/", own_folders[i], last);
        bool is_there = length > 0 && (size_t)length < sizeof path && stat(path, &status) == 0 && S_ISREG(status.st_mode);
        if (is_there) return str_from_wtf8(t, path, (size_t)length);
    }
    return NULL;
}

/* ---- from a file to the table ---- */

/* What is wrong with the file that the system's loader would not see, or NULL (I1). */
static const char *damage_of(int descriptor)
{
    ElfW(Ehdr) head;
    struct stat status;
    if (fstat(descriptor, &status) < 0 || pread(descriptor, &head, sizeof head, 0) != sizeof head) return NULL;     /* "file too short" */
    if (memcmp(head.e_ident, ELFMAG, SELFMAG) != 0 || head.e_phentsize != sizeof(ElfW(Phdr))) return NULL;          /* "invalid ELF header" */
    uint64_t length = (uint64_t)status.st_size;
    for (unsigned i = 0; i < head.e_phnum; i++) {
        ElfW(Phdr) segment;
        off_t at = (off_t)(head.e_phoff + i * sizeof segment);
        if (pread(descriptor, &segment, sizeof segment, at) != sizeof segment) return "file is truncated";
        if (segment.p_type == PT_LOAD && (segment.p_filesz > length || segment.p_offset > length - segment.p_filesz)) return "file is truncated";
    }
    return NULL;
}

/* NULL: *why says what is wrong. [path] has a slash in it, or it would be searched for. */
static void *load_object(Thread *t, const char *path, const char **why)
{
    *why = NULL;
    block_begin(t, "dlopen");
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor >= 0) {
        *why = damage_of(descriptor);
        close(descriptor);
    }
    void *object = *why ? NULL : dlopen(path, RTLD_NOW | RTLD_LOCAL);
    if (!object && !*why) *why = dlerror();
    block_end(t);
    return object;
}

static bool ends_in_name(const char *name, const char *last)
{
    size_t length = strlen(name), last_length = strlen(last);
    return length >= last_length && strcmp(name + length - last_length, last) == 0 && (length == last_length || name[length - last_length - 1] == '.');
}

/* Is it a module that this program can run, and the one that is wanted? Raises nothing: what is wrong is a str. NULL: nothing, or raised. */
static Str *find_fault(Thread *t, const NativeModule *definition, Str *name, Str *file)
{
    if (!definition) return str_format(t, "%U does not define toy_module", file);
    uint64_t abi = definition->abi;
    if (abi >> 32 != NATIVE_MODULE_ABI >> 32)
        return str_format(t, "%U was compiled for version %u of toy.h, this is version %u", file, (unsigned)(abi >> 32), (unsigned)(NATIVE_MODULE_ABI >> 32));
    if (abi != NATIVE_MODULE_ABI) return str_format(t, "%U was compiled with a toy.h that lays out its structs in another way", file);
    const char *wanted = str_utf8(t, name, NULL);
    if (!wanted || (definition->name && ends_in_name(wanted, definition->name))) return NULL;
    return str_format(t, "%U holds the module '%s'", file, definition->name ? definition->name : "");
}

static Module *raise_import_error(Thread *t, const char *text, Str *name, Str *file)
{
    raise_error(t, EXC_ImportError, "%s", text);
    if (raised_is(t, EXC_ImportError)) {
        Exception *e = (Exception *)as_object(t->raised);
        replace(&e->fields[1], retain(object_value(name)));
        replace(&e->fields[2], retain(object_value(file)));
    }
    return NULL;
}

Module *import_load_shared_object(Thread *t, Str *name, Str *file)
{
    const char *path = str_os_name(t, file), *why;
    char here[4096];
    if (!path) return NULL;
    if (!strchr(path, '/')) {
        if ((size_t)snprintf(here, sizeof here, "./%s", path) >= sizeof here) return raise_import_error(t, "file name too long", name, file);
        path = here;
    }
    void *object = load_object(t, path, &why);
    if (!object) {
        Str *text = strncmp(why, path, strlen(path)) == 0 ? str_from_wtf8(t, why, strlen(why)) : str_format(t, "%U: %s", file, why);
        const char *utf8 = text ? str_utf8(t, text, NULL) : NULL;
        if (utf8) raise_import_error(t, utf8, name, file);
        if (text) object_release(text);
        return NULL;
    }
    const NativeModule *definition = dlsym(object, "toy_module");
    Str *fault = find_fault(t, definition, name, file);
    Module *module = NULL;
    if (!fault && !is_raised(t)) module = import_make_native(t, definition, name);
    else dlclose(object);                                       /* nothing has seen it yet */
    if (fault) {
        const char *utf8 = str_utf8(t, fault, NULL);
        if (utf8) raise_import_error(t, utf8, name, file);
        object_release(fault);
    }
    return module;
}
