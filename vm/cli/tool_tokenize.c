/* tool_tokenize.c - toy -m tokenize: a source as the parser's letters see it.
 *
 * What        One line per token: place, kind, text.
 * How         compiler/token_dump.c does it; what it has found before a mistake is printed as well.
 * GIL         held.
 * Read next   compiler/lexer.h */
#include "vm/cli/tools.h"
#include "vm/object/exception.h"

static const char help[] = "usage: toy -m tokenize [-h] [file]\n\n"
                           "Shows the tokens of a source: where each begins and ends, its kind, its text.\n"
                           "Without a file, or with -, the source is read from stdin.\n";

static void complain(Thread *t, const ToolInput *input, const Diagnostics *diagnostics)
{
    const Diagnostic *error = diagnostics_error(diagnostics);
    size_t length;
    const char *name = str_utf8(t, input->name, &length);
    if (!name) raised_clear(t);
    if (!error) fputs("error: no memory\n", stderr);
    else fprintf(stderr, "%s:%d:%d: error: %s\n", name ? name : "?", error->lineno, error->offset, error->message);
}

int tool_tokenize(Thread *t, const Options *options)
{
    static const ToolSwitch switches[] = {{0, NULL, false}};
    ToolWords words = {.tool = "toy -m tokenize", .help = help, .switches = switches};
    int met = tool_next(&words, options);
    if (met != TOOL_NO_MORE) return met == TOOL_HELP ? 0 : 2;
    ToolInput input;
    if (!tool_read(t, words.file, &input)) return -1;
    Arena arena;
    Buffer out;
    Diagnostics diagnostics;
    arena_init(&arena, &t->interp->memory);
    buffer_init(&out, &t->interp->memory);
    diagnostics_init(&diagnostics, &arena);
    ParseInput source = {.source = input.bytes, .length = input.length, .filename = "<source>", .mode = PARSE_FILE, .is_script_file = true};
    bool done = token_dump(&out, &arena, &source, &diagnostics);
    int status = buffer_ok(&out) ? tool_print(&out) : 1;
    if (!done) {
        complain(t, &input, &diagnostics);
        status = 1;
    }
    buffer_free(&out);
    arena_free(&arena);
    tool_free(t, &input);
    return status;
}
