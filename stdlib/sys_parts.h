/* sys_parts.h - what the files of module sys have of each other.
 * What        Functions for its table, and the module sys.monitoring.
 * How         Under the name of the file that has them.
 * GIL         held.   Read next  mod_sys.c */
#ifndef TOY_STDLIB_SYS_PARTS_H
#define TOY_STDLIB_SYS_PARTS_H

#include "vm/toy_vm.h"

/* sys_watch.c */
ToyValue sys_settrace(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue sys_setprofile(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue sys_settraceallthreads(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue sys_setprofileallthreads(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue sys_gettrace(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue sys_getprofile(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue sys_call_tracing(ToyThread *t, ToyValue self, const ToyValue *args);
extern const ToyModule sys_monitoring;

/* sys_hooks.c */
ToyValue sys_get_asyncgen_hooks(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue sys_set_asyncgen_hooks(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue sys_get_origin_depth(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue sys_set_origin_depth(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue sys_audit(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names);
ToyValue sys_addaudithook(ToyThread *t, ToyValue self, const ToyValue *args);
extern const ToyTypeSpec sys_async_hooks_spec;

/* mod_sys.c: the record that get_asyncgen_hooks() returns; [self] is the module. */
ToyType *sys_async_hooks_type(ToyValue self);

#endif
