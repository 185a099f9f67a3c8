/* import.h - import: from a name to a module.
 *
 * What        import_name and import_from, the bodies of the instructions; import_module for native callers.
 * How         import.c: sys.modules, the modules that no file can hide, then along sys.path.
 * GIL         held; a thread that needs a module which another one is loading waits without it.
 * Read next   import.c, import_file.c */
#ifndef TOY_RUN_IMPORT_H
#define TOY_RUN_IMPORT_H

#include "vm/run/frame.h"

/* What the import statement means: calls builtins.__import__, straight if nobody replaced it. */
MUST_CHECK Value import_name(Thread *t, Frame *frame, Str *name, Value from_names, Value level);
MUST_CHECK Value import_from(Thread *t, Value module, Str *name);
MUST_CHECK bool import_star(Thread *t, Frame *frame, Value module);

/* __import__(name, globals, locals, fromlist, level); globals may be UNBOUND. */
MUST_CHECK Value import_level(Thread *t, Str *name, Value globals, Value from_names, int level);
/* The module called by the full dotted [name] itself, loaded if need be. */
MUST_CHECK Value import_module(Thread *t, Str *name);
bool import_is_loading(Thread *t, Str *name);     /* the module of that name runs for the first time */
MUST_CHECK Value import_module_text(Thread *t, const char *name);
/* sys.modules[name], BORROWED, UNBOUND if it is not there. */
BORROWED Value import_find_loaded(Thread *t, Str *name);
MUST_CHECK bool import_init(Thread *t);
void import_finish(Thread *t);

#endif
