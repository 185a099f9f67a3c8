/* import_order.h - which module of a name comes first: the program's, or a script's file.
 * What        The modules that no file can hide; the entry of sys.path that stands for the library.   How  import_order.c
 * GIL         held.   Read next  import_file.c (who asks), import.c */
#ifndef TOY_RUN_IMPORT_ORDER_H
#define TOY_RUN_IMPORT_ORDER_H

#include "vm/run/frame.h"

MUST_CHECK bool import_order_init(Thread *t);
void import_order_finish(Thread *t);

/* Is the program's module of that name found before anything along a path? */
bool import_is_never_hidden(Str *name);

/* The entry of sys.path for the library; with [package], a package's full name, the entry of that package's __path__. Owned. */
MUST_CHECK Value import_library_entry(Thread *t, Str *package_or_null);
/* Does an entry stand for the library, or for a package in it? */
bool import_is_library_entry(Thread *t, Str *entry);
/* Is such an entry the very one along which the module [name] is to be found? */
bool import_entry_is_parent(Thread *t, Str *entry, Str *name);

#endif
