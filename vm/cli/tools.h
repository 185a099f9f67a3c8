/* tools.h - the tools under -m that are part of the program: they show what the compiler makes of a source.
 *
 * What        tool_find(): -m tokenize, -m ast, -m dis; and what the three share.
 * How         Each reads a file or standard input, hands it to one stage of the compiler, and prints. Nothing of the script runs.
 * GIL         held.
 * Read next   tools.c, tool_tokenize.c, tool_ast.c, tool_dis.c */
#ifndef TOY_CLI_TOOLS_H
#define TOY_CLI_TOOLS_H

#include "compiler/parser.h"
#include "vm/base/buffer.h"
#include "vm/cli/options.h"
#include "vm/object/str.h"

typedef struct Tool {
    const char *name;
    int (*run)(Thread *t, const Options *options);      /* the status to leave with; -1: raised */
} Tool;

BORROWED const Tool *tool_find(const char *name);       /* NULL: there is no such tool */

int tool_tokenize(Thread *t, const Options *options);
int tool_ast(Thread *t, const Options *options);
int tool_dis(Thread *t, const Options *options);

/* ---- what the tools share ---- */

/* The text a tool works on. */
typedef struct ToolInput {
    Str *name;                           /* of the file, or <stdin>; owned */
    char *bytes;
    size_t length;
} ToolInput;

/* [file]: NULL and "-" mean standard input. False: raised. */
MUST_CHECK bool tool_read(Thread *t, const char *file, ToolInput *input);
void tool_free(Thread *t, ToolInput *input);

/* Walks over a tool's words. Each switch is a letter or a long name; [takes] tells those with an argument. */
typedef struct ToolSwitch { char letter; const char *name; bool takes; } ToolSwitch;
typedef struct ToolWords {
    const char *tool, *help;             /* the help text, printed for -h */
    const ToolSwitch *switches;          /* ends with a letter and name of 0 */
    int next;
    const char *argument;                /* of the switch just met */
    const char *file;                    /* the word that is no switch; NULL: none */
} ToolWords;
enum { TOOL_NO_MORE = 0, TOOL_HELP = -1, TOOL_MISUSED = -2 };
/* The letter of the next switch, or one of the above; -h is answered here. */
int tool_next(ToolWords *words, const Options *options);

/* To stdout at once. The status: 0, or 1 if it could not be written; a reader that has left is no failure worth words. */
MUST_CHECK int tool_print(const Buffer *buffer);

#endif
