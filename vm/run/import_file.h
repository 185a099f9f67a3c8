/* import_file.h - modules that come from files and from images in the program.
 * What        Finding a source, running it as a module, describing the module to scripts.   How  import_file.c
 * GIL         held; dropped while a file is read.   Read next  import.c */
#ifndef TOY_RUN_IMPORT_FILE_H
#define TOY_RUN_IMPORT_FILE_H

#include "vm/run/frame.h"

struct EmbeddedModule;
struct NativeModule;
typedef struct ImportSource {
    const struct NativeModule *native;       /* or NULL */
    const struct EmbeddedModule *embedded;   /* or NULL; both NULL: a file */
    Str *file;                               /* owned */
    Str *folder;                             /* of a package, owned; else NULL */
    struct List *portions;                   /* of a package without a file of its own: its folders, owned; else NULL */
    bool is_package;
    bool is_shared_object;                   /* the file is a native module: there is no code to run (import_native.h) */
} ImportSource;

/* The module that lies in the program under that name, or NULL. */
BORROWED const struct EmbeddedModule *import_find_embedded(Thread *t, Str *name);
/* False: not there, or raised. [path]: a package's __path__, UNBOUND for sys.path. */
MUST_CHECK bool import_find_source(Thread *t, Str *name, Value path, ImportSource *source);
void import_source_free(Thread *t, ImportSource *source);
/* Its code, compiled or read from its image. */
MUST_CHECK Code *import_source_code(Thread *t, const ImportSource *source);
/* Make the module, put it into sys.modules, run it; owned. Not for native ones, wherever they lie. */
MUST_CHECK Value import_run_source(Thread *t, Str *name, const ImportSource *source);
/* __spec__, __loader__, __package__, __file__, __path__. [origin]: "built-in", "frozen" or NULL for a file. */
MUST_CHECK bool import_set_spec(Thread *t, Module *module, Str *name, const char *origin, Value file, Value path);

/* All bytes of a file. False: raised, OSError with the name. Freed with memory_free(&interp->memory, *bytes, *length + 1). */
MUST_CHECK bool file_read_all(Thread *t, Str *name, char **bytes, size_t *length);

MUST_CHECK bool file_read_descriptor(Thread *t, int descriptor, Str *name, char **bytes, size_t *length);

#endif
