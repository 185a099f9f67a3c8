/* builtins.h - the functions every script sees without import.
 * What        The module `builtins`, and the parts of it that other rooms call.   How  builtins*.c: one file per family.
 * GIL         held.   Read next  builtins.c */
#ifndef TOY_RUN_BUILTINS_H
#define TOY_RUN_BUILTINS_H

#include "vm/run/frame.h"
#include "vm/object/native.h"

/* Fills interp->builtins: functions, types, exceptions, constants. */
MUST_CHECK bool builtins_init(Thread *t);

extern const NativeDef builtins_iterate_functions[];   /* sum, min, max, sorted, any, all */
extern const NativeDef builtins_code_functions[];      /* compile, eval, exec, globals, locals, vars, dir, __import__ */
extern const NativeDef builtins_print_functions[];     /* print, input */

MUST_CHECK Value builtin_len(Thread *t, Value self, const Value *args);   /* the loop knows it: CALL_BUILTIN_FAST */
MUST_CHECK Value builtin_next(Thread *t, Value self, const Value *args);  /* and this: CALL_NEXT */
MUST_CHECK Value build_class(Thread *t, Value self, const Value *args, size_t count, Tuple *names);   /* builtins.__build_class__ */
MUST_CHECK Value builtins_dir(Thread *t, Value v);     /* dir(v), sorted list */

/* Write one Str to a file object as a single locked append: straight into toy's own text files, else through write(). */
MUST_CHECK bool file_write(Thread *t, Value file, Str *text);
MUST_CHECK bool file_flush(Thread *t, Value file);

#endif
