/* options.h - the command line and the environment, read.
 *
 * What        options_read() fills an Options; the help texts.
 * How         options.c; one table, options.def.
 * GIL         never needed: nothing runs yet.
 * Read next   options.def, options.c, main.c */
#ifndef TOY_CLI_OPTIONS_H
#define TOY_CLI_OPTIONS_H

#include <stdio.h>

#include "vm/object/context.h"

typedef enum RunKind { RUN_STDIN, RUN_FILE, RUN_COMMAND, RUN_MODULE } RunKind;

/* A growing row of texts that lie in argv or in the environment. */
typedef struct TextRow { const char **items; size_t count; } TextRow;

typedef struct Options {
    Config config;                   /* what the interpreter is given */
    RunKind kind;
    const char *target;              /* file, code or module name; NULL for RUN_STDIN */
    bool is_dash;                    /* the script was called "-" */
    int argument_count;              /* what is left for the script */
    char **arguments;
    bool skips_first_line;           /* -x */
    bool shows_gil_stats;
    const char *count_file;          /* -X count; NULL: it is not counted */
    bool has_fault_handler;
    bool dumps_on_signal;            /* -X gil-dump */
    const GilPolicy *policy;         /* NULL: the default */
    uint64_t interval_us;            /* 0: the default */
    uint64_t fail_at;                /* the N-th allocation of the script fails; 0: none */
    TextRow warnings;                /* -W and TOYWARNINGS */
    TextRow x_options;               /* -X, as given */
    int original_count;
    char **original;                 /* argv */
} Options;

/* -1: go on. Else the program ends with this status; help, version or a complaint has been printed. */
MUST_CHECK int options_read(Options *options, int argc, char **argv);
void options_free(Options *options);

/* The variable's value; NULL if it is not set, is empty, or -E forbids to look. */
const char *options_variable(const Config *config, const char *name);

#define TOY_VERSION "3.13.0"         /* the language it speaks: sys.version_info */

#endif
