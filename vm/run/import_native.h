/* import_native.h - native modules: those that lie in the program, and those that lie in shared objects.
 * What        From the table of a module to the module; from a file to the table.   How  import_native.c
 * GIL         held; dropped while a shared object is read.   Read next  import_file.c (who finds the file), stdlib/lib/_import_finders.toy */
#ifndef TOY_RUN_IMPORT_NATIVE_H
#define TOY_RUN_IMPORT_NATIVE_H

#include "vm/run/frame.h"

struct NativeModule;

/* How the names of shared objects end that hold a module. */
#define IMPORT_NATIVE_SUFFIX ".toy.so"

BORROWED const struct NativeModule *import_find_native(Thread *t, Str *name);   /* in the program; or NULL */
/* The module's object, filled; not yet in sys.modules. [name] NULL: it lies in the program. Else to scripts it is [name], and describing it
 * (__spec__ ...) is left to the caller. */
MUST_CHECK Module *import_make_native(Thread *t, const struct NativeModule *definition, Str *name);

/* The file of toy's own shared object of that name, owned; NULL: there is none, or raised. */
Str *import_find_own_shared_object(Thread *t, Str *name);
/* import_make_native of what lies in [file]; ImportError if that cannot be loaded, or is not such a module. */
MUST_CHECK Module *import_load_shared_object(Thread *t, Str *name, Str *file);

#endif
