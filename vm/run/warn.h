/* warn.h - warnings from native code.
 * What        warn(), warn_at().
 * How         through the warnings module.
 * GIL         held; runs script code.
 * Read next   warn.c */
#ifndef TOY_RUN_WARN_H
#define TOY_RUN_WARN_H

#include "vm/object/exception.h"

/* As warnings.warn: [stack_level] 1 is the running script line. False: a filter made it an exception, which is raised. */
MUST_CHECK bool warn(Thread *t, enum ExceptionKind category, int stack_level, const char *format, ...);
/* The same about an object, which the module may tell more of. */
MUST_CHECK bool warn_about(Thread *t, enum ExceptionKind category, int stack_level, Value source, const char *format, ...);
MUST_CHECK bool warn_unawaited(Thread *t, Value coroutine);    /* it dies and never ran */
/* What raise_warning of vm/object ends in. */
MUST_CHECK bool warn_text(Thread *t, int category, Str *message);
/* The same with a place of its own: warnings.warn_explicit. */
MUST_CHECK bool warn_at(Thread *t, enum ExceptionKind category, Str *message, Str *filename, uint32_t line, Value module_or_unbound);

#endif
