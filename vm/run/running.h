/* running.h - see running.c.
 * What        running_super, running_module.   How  They look at the running frame.   GIL  held.   Read next  running.c */
#ifndef TOY_RUN_RUNNING_H
#define TOY_RUN_RUNNING_H

#include "vm/object/context.h"

/* What super() without arguments stands for, both owned; false: raised. */
MUST_CHECK bool running_super(Thread *t, Value *type, Value *object);
/* __name__ of the module whose code runs; UNBOUND when none does. */
BORROWED Value running_module(Thread *t);

#endif
