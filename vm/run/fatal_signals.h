/* fatal_signals.h - signals after which it is written where each thread was: fatal ones, and those that a script chose.
 * What        Behind -X faulthandler, the module faulthandler, and -X gil-dump.   How  fatal_signals.c
 * GIL         held to set up; the handlers need no lock: what they read may be half written, and that must do.   Read next  fatal_signals.c */
#ifndef TOY_RUN_FATAL_SIGNALS_H
#define TOY_RUN_FATAL_SIGNALS_H

#include "vm/object/context.h"

/* From now on SIGSEGV, SIGFPE, SIGABRT, SIGBUS and SIGILL are reported into [descriptor] before they kill; of all threads or of the one
 * that got the signal. Called again, it changes only these two. False: the system would not, or no memory; nothing is raised. */
MUST_CHECK bool fatal_signals_watch(Interp *interp, int descriptor, bool all_threads);
void fatal_signals_forget(Interp *interp);
bool fatal_signals_are_watched(const Interp *interp);
bool signal_is_fatal(int number);

/* From now on signal [number] writes the stacks into [descriptor], and the program goes on; [chains]: what happened at the signal before
 * happens then. False: errno. */
MUST_CHECK bool stack_signal_register(Interp *interp, int number, int descriptor, bool all_threads, bool chains);
/* What happened before happens again. False: it was not registered. */
bool stack_signal_unregister(Interp *interp, int number);

/* Both of the above are over; their memory goes. */
void fatal_signals_finish(Interp *interp);

/* The machine cannot go on: says so with all stacks, and aborts. May be called in any thread. */
_Noreturn void fatal_error(const char *function, const char *message);

/* From now on SIGQUIT (Ctrl-\) shows what each thread does and who has the lock, and the program goes on. False: the system would not. */
bool dump_signal_watch(void);

#endif
