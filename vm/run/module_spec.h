/* module_spec.h - what scripts see of importing: ModuleSpec, the finders of sys.meta_path.
 * What        Specs for modules that the machine loads; finding by what scripts have put into sys.meta_path.   How  module_spec.c
 * GIL         held.   Read next  import.c */
#ifndef TOY_RUN_MODULE_SPEC_H
#define TOY_RUN_MODULE_SPEC_H

#include "vm/run/frame.h"

MUST_CHECK Value module_spec_new(Thread *t, Value name, Value loader, Value origin, Value locations, bool has_location);
MUST_CHECK bool module_spec_fill_sys(Thread *t);               /* start-up: sys.meta_path, sys.path_hooks */
bool module_spec_is_untouched(Thread *t);
/* The module as sys.meta_path's finders say; [path] of its package, UNBOUND at the top. Owned. */
MUST_CHECK Value module_spec_find_and_load(Thread *t, Str *name, Value path);
/* The native module in a file that the machine has found; in sys.modules. Owned. */
MUST_CHECK Value module_spec_load_shared_object(Thread *t, Str *name, Str *file);

MUST_CHECK Value source_file_loader_new(Thread *t, Value name, Value path);

extern const TypeSpec module_spec_spec, source_file_loader_spec, builtin_importer_spec, frozen_importer_spec, path_finder_spec;

#endif
