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

#endif
