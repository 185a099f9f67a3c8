/* repl.h - the prompt.
 * What        repl_run().   How  repl.c   GIL  held; dropped while a line is read.   Read next  repl.c, line_editor.h */
#ifndef TOY_CLI_REPL_H
#define TOY_CLI_REPL_H

#include "vm/cli/options.h"

/* Ask, run, show, until the end of input or SystemExit; the status to leave with. */
MUST_CHECK int repl_run(Thread *t, const Options *options);

#endif
