/* main_module.h - the module __main__, and the five ways in which a script gets into it.
 *
 * What        A file, a folder with a __main__, -c, -m, or standard input: made into code and run as __main__.
 * How         main_module.c
 * GIL         held.
 * Read next   main_module.c, main.c */
#ifndef TOY_CLI_MAIN_MODULE_H
#define TOY_CLI_MAIN_MODULE_H

#include "vm/cli/options.h"
#include "vm/object/function.h"

/* sys.argv, sys.path and what else the command line says; __main__ in sys.modules. False: raised. */
MUST_CHECK bool main_module_prepare(Thread *t, const Options *options);
/* Run what the options name. -1: raised; else the status to leave with (0, or 1 and 2 for what could not be started). */
MUST_CHECK int main_module_run(Thread *t, const Options *options);
/* sys.path for a prompt without a script: the folder of the moment comes first. False: raised. */
MUST_CHECK bool main_module_at_prompt(Thread *t, const Options *options);
/* A file run in __main__ as if its text stood there: TOYSTARTUP. False: raised. */
MUST_CHECK bool main_module_run_file(Thread *t, const char *path);

/* What was written to sys.stdout and sys.stderr goes out. An exception that is on its way stays; errors of flushing are passed over. */
void main_module_flush(Thread *t);

/* The dict of __main__, BORROWED; NULL if a script took it away. */
BORROWED Dict *main_module_dict(Thread *t);

#endif
