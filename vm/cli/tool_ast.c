/* tool_ast.c - toy -m ast: a source as a tree.
 *
 * What        The syntax tree in the form of CPython's ast.dump().
 * How         compiler/ast_dump.c writes it.
 * GIL         held.
 * Read next   compiler/ast.def */
#include <stdlib.h>
#include <string.h>

#include "vm/cli/loader.h"
#include "vm/cli/tools.h"
#include "vm/object/exception.h"

static const char help[] = "usage: toy -m ast [-h] [-m {exec,single,eval}] [-a] [-i INDENT] [file]\n\n"
                           "Shows the syntax tree of a source.\n\n"
                           "  -m, --mode MODE           what the source is: a file, one line of the prompt, an expression\n"
                           "  -a, --include-attributes  lines and columns too\n"
                           "  -i, --indent INDENT       blanks for each level (3)\n"
                           "      --no-type-comments    accepted; there are none\n\n"
                           "Without a file, or with -, the source is read from stdin.\n";

static bool mode_of(const char *name, ParseMode *mode)
{
    static const char *const names[] = {[PARSE_FILE] = "exec", [PARSE_SINGLE] = "single", [PARSE_EVAL] = "eval"};
    for (size_t i = 0; i < ARRAY_LENGTH(names); i++) {
        if (strcmp(names[i], name) != 0) continue;
        *mode = (ParseMode)i;
        return true;
    }
    return false;
}

static int show(Thread *t, const char *file, ParseMode mode, DumpStyle style)
{
    ToolInput input;
    if (!tool_read(t, file, &input)) return -1;
    Arena arena;
    NameTable names;
    Diagnostics diagnostics;
    Buffer out;
    arena_init(&arena, &t->interp->memory);
    name_table_init(&names, &arena);
    diagnostics_init(&diagnostics, &arena);
    buffer_init(&out, &t->interp->memory);
    ParseInput source = {.source = input.bytes, .length = input.length, .filename = "<source>", .mode = mode, .is_script_file = true,
                         .stack_limit = (uintptr_t)t->stack_limit, .max_int_digits = (uint32_t)t->interp->config.int_max_str_digits};
    Node *tree = parse(&arena, &names, &source, &diagnostics);
    int status = -1;
    if (!tree) {
        loader_raise(t, &diagnostics, input.name);
    } else {
        ast_dump(&out, tree, style);
        buffer_add_byte(&out, '\n');
        if (buffer_ok(&out)) status = tool_print(&out);
        else raise_memory_error(t);
    }
    buffer_free(&out);
    arena_free(&arena);
    tool_free(t, &input);
    return status;
}

int tool_ast(Thread *t, const Options *options)
{
    static const ToolSwitch switches[] = {
        {'m', "mode", true}, {'a', "include-attributes", false}, {'i', "indent", true}, {'t', "no-type-comments", false}, {0, NULL, false},
    };
    ToolWords words = {.tool = "toy -m ast", .help = help, .switches = switches};
    ParseMode mode = PARSE_FILE;
    DumpStyle style = {.indent = 3};
    for (;;) {
        int met = tool_next(&words, options);
        if (met == TOOL_NO_MORE) return show(t, words.file, mode, style);
        if (met < 0) return met == TOOL_HELP ? 0 : 2;
        if (met == 'a') style.has_attributes = true;
        if (met == 'i') style.indent = atoi(words.argument);
        if (met == 'm' && !mode_of(words.argument, &mode)) {
            fprintf(stderr, "%stoy -m ast: error: argument -m/--mode: invalid choice: '%s' (choose from exec, single, eval)\n", help, words.argument);
            return 2;
        }
    }
}
