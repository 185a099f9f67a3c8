/* import_order.c - which module of a name comes first: the program's, or a script's file.
 *
 * What        See import_order.h.
 * How         The library lies in the program, so its place on sys.path is an entry of its own: PROGRAM/lib, a path through the
 *             program's file, where no real folder can be. It stands behind the script's folder and TOYPATH: a script's random.py
 *             hides the library's random, as with CPython; and before TOYLIB, which hides nothing. A package of the library has
 *             PROGRAM/lib/NAME as its __path__, so that a package of a script's does not get the submodules of one it hides.
 *               Only what CPython has in its own program, or has loaded before a script can put a file in the way, is not looked
 *             for along the path; and what those modules here are made of.
 * GIL         held.
 * Read next   import_file.c, vm/cli/main_module.c (sys.path) */
#include "vm/run/import_order.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "vm/object/exception.h"
#include "vm/object/str.h"
#include "vm/run/interp.h"

static const char *const never_hidden[] = {
    "_abc", "_ast", "_codecs", "_collections", "_collections_abc", "_containers", "_digest", "_functional", "_functools", "_imp", "_import_finders",
    "_io", "_locale", "_operator", "_signal", "_sre", "_string", "_symtable", "_sysconfig", "_thread", "_tokenize", "_traceback", "_typing",
    "_warnings", "_weakref", "abc", "atexit", "builtins", "codecs", "encodings", "encodings.aliases", "errno", "gc", "importlib.machinery",
    "importlib.util", "io", "itertools", "marshal", "os", "posix", "posixpath", "pwd", "runpy", "stat", "sys", "time",
};

bool import_is_never_hidden(Str *name)
{
    for (size_t i = 0; i < ARRAY_LENGTH(never_hidden); i++)
        if (str_equal_text(name, never_hidden[i])) return true;
    return false;
}

bool import_order_init(Thread *t)
{
    char program[PATH_MAX];
    ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
    if (length < 0) length = snprintf(program, sizeof program, "/proc/self/exe");
    Value text = str_decode(t, program, (size_t)length, "utf-8", "surrogateescape");
    Str *library = failed(text) ? NULL : str_format(t, "%S/lib", text);
    release(text);
    if (library) t->interp->run->library_entry = object_value(library);
    return library != NULL;
}

void import_order_finish(Thread *t) { clear(&t->interp->run->library_entry); }

Value import_library_entry(Thread *t, Str *package)
{
    Value library = t->interp->run->library_entry;
    if (!package) return retain(library);
    size_t length;
    const char *name = str_utf8(t, package, &length);
    char inside[256];                                    /* the library's names are short */
    if (!name || length >= sizeof inside) return name ? raise_memory_error(t) : FAILED;
    for (size_t i = 0; i <= length; i++) inside[i] = name[i] == '.' ? '/' : name[i];
    return object_value(str_format(t, "%S/%s", library, inside));
}

bool import_is_library_entry(Thread *t, Str *entry)
{
    Str *library = as_str(t->interp->run->library_entry);
    if (entry->length < library->length) return false;
    for (size_t i = library->length; i-- > 0;)           /* from the end: that is where paths differ */
        if (str_char(entry, i) != str_char(library, i)) return false;
    return entry->length == library->length || str_char(entry, library->length) == '/';
}

bool import_entry_is_parent(Thread *t, Str *entry, Str *name)
{
    size_t start = as_str(t->interp->run->library_entry)->length, end = name->length;
    while (end > 0 && str_char(name, end - 1) != '.') end--;
    if (entry->length - start != end) return false;      /* '/json' and 'json.' are of one length */
    for (size_t i = 0; i + 1 < end; i++) {
        uint32_t part = str_char(entry, start + 1 + i);
        if (str_char(name, i) != (part == '/' ? '.' : part)) return false;
    }
    return true;
}
