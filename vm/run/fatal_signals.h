/* fatal_signals.h - last words: where each thread was when a fatal signal came.
 * What        fatal_signals_watch (-X faulthandler), dump_signal_watch (-X gil-dump).   How  fatal_signals.c
 * GIL         not needed: what is read may be half written, and that must do.   Read next  fatal_signals.c */
#ifndef TOY_RUN_FATAL_SIGNALS_H
#define TOY_RUN_FATAL_SIGNALS_H

#include "vm/object/context.h"

/* From now on SIGSEGV, SIGFPE, SIGABRT, SIGBUS and SIGILL are reported before they kill. False: the system would not. */
bool fatal_signals_watch(Interp *interp);
void fatal_signals_forget(Interp *interp);
bool fatal_signals_are_watched(const Interp *interp);

/* From now on SIGQUIT (Ctrl-\) shows what each thread does and who has the lock, and the program goes on. False: the system would not. */
bool dump_signal_watch(void);

#endif
