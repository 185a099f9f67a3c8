/* uncaught.h - what happens to an exception that nobody caught.
 *
 * What        Telling the person (sys.excepthook, sys.unraisablehook), and the exit status that belongs to it.
 * How         uncaught.c; the text is made by traceback_print.c.
 * GIL         held; runs script code.
 * Read next   uncaught.c, traceback_print.h */
#ifndef TOY_RUN_UNCAUGHT_H
#define TOY_RUN_UNCAUGHT_H

#include "vm/object/exception.h"

/* The statuses that are not simply numbers. */
enum { STATUS_OK = 0, STATUS_ERROR = 1, STATUS_INTERRUPTED = 130 /* KeyboardInterrupt: the process shall die of SIGINT */ };

/* t->raised reached the top of the main thread; it is taken. SystemExit gives its status, anything else is shown.
 * [stays]: -i was given, so SystemExit is shown as well. *interrupted: it was KeyboardInterrupt. */
MUST_CHECK int uncaught_end(Thread *t, bool stays, bool *interrupted);
/* Shows t->raised through sys.excepthook and takes it: the prompt goes on afterwards. */
void uncaught_show(Thread *t);
/* The status a SystemExit asks for; what is no number goes to stderr. */
MUST_CHECK int uncaught_exit_status(Thread *t, Value exception);

/* Interp.unraisable_hook. */
void unraisable_show(Thread *t, Value exception, Value where, const char *message);
/* Interp.show_note: onto sys.stderr; nowhere, if there is none. */
void note_show(Thread *t, Str *text);
/* What sys.__unraisablehook__ does: the header, then the traceback, on sys.stderr. [where] may be UNBOUND or None. */
void unraisable_print(Thread *t, Value exception, Value where, Value message_or_unbound);

#endif
