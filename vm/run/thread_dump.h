/* thread_dump.h - where each thread is, written by a machine that may be broken.
 * What        thread_dump_stacks: as faulthandler shows it. thread_dump_all: with the lock's state.   How  thread_dump.c
 * GIL         not needed: what is read may be half written, and that must do.   Read next  thread_dump.c */
#ifndef TOY_RUN_THREAD_DUMP_H
#define TOY_RUN_THREAD_DUMP_H

#include "vm/object/context.h"

/* Both are safe in a signal handler. The stacks of all threads, [t] marked as the current one (NULL: none is), or of [t] alone; newest
 * frame first. */
void thread_dump_stacks(int descriptor, Interp *interp, Thread *t, bool all_threads);
/* Which native modules are loaded that are none of the library's (sys.stdlib_module_names): they may be the reason. Nothing if there are
 * none. Safe in a signal handler, too. */
void thread_dump_native_modules(int descriptor, Interp *interp);
/* Who has the lock, and of each thread what it does or waits for, and its stack. */
void thread_dump_all(int descriptor, Interp *interp);

#endif
