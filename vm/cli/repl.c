/* repl.c - the prompt: read, evaluate, print, loop.
 *
 * What        repl_run(): statements are read, compiled one at a time, and run in __main__.
 * How         Lines are gathered until the compiler no longer says "incomplete"; a block ends with an empty line, because the compiler
 *             is asked to keep blocks open. Values are shown by the code itself: in this mode the compiler ends expression
 *             statements in a call of sys.displayhook. Each statement has a file name of its own, <stdin>-N, under which its text is
 *             kept: so a traceback can quote functions typed an hour ago. It is shown as <stdin>.
 * Invariants  I1 while the person thinks, the lock is not held: threads started at the prompt run.
 * GIL         held, but for I1.
 * Read next   line_editor.h, vm/run/source_lines.h */
#include "vm/cli/repl.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "vm/cli/line_editor.h"
#include "vm/cli/main_module.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/builtins.h"
#include "vm/run/interp.h"
#include "vm/run/source_lines.h"
#include "vm/run/uncaught.h"
#include "vm/threads/blocking.h"
#include "vm/threads/signals.h"

enum { FLAG_DONT_IMPLY_DEDENT = 0x200 };

typedef struct Repl {
    Thread *t;
    LineEditor *editor;
    Buffer statement;               /* the lines gathered so far */
    uint32_t number;                /* of the next statement */
    uint32_t flags;                 /* future statements typed before */
} Repl;

/* ---- prompts and streams ---- */

/* sys.ps1 or sys.ps2 as text, into [prompt]. */
static void prompt_text(Thread *t, const char *name, Buffer *prompt)
{
    Value v = sys_get(t, name);
    Value text = is_bound(v) ? value_str(t, v) : FAILED;
    raised_clear(t);
    if (!failed(text)) str_add_to_buffer(as_str(text), prompt);
    release(text);
}

static void flush(Thread *t, const char *name)
{
    Value file = sys_get(t, name);
    if (is_unbound(file) || is_none(file)) return;
    retain(file);
    if (!file_flush(t, file)) raised_clear(t);
    release(file);
}

static void write_error(const char *text)
{
    if (write(STDERR_FILENO, text, strlen(text)) < 0) errno = 0;      /* nobody to see it */
}

static bool has_signal(void *context) { return atomic_load(&((Repl *)context)->t->interp->signals->is_any_tripped); }

/* A signal came at the prompt. Its handler runs here; what it raises ends the line. */
static bool on_signal(void *context)
{
    Repl *repl = context;
    block_end(repl->t);
    bool goes_on = signals_deliver(repl->t);
    block_begin(repl->t, "prompt");
    return goes_on;
}

static LineResult read_line(Repl *repl, bool is_first, Buffer *line)
{
    Thread *t = repl->t;
    Buffer prompt;
    buffer_init(&prompt, &t->interp->memory);
    prompt_text(t, is_first ? "ps1" : "ps2", &prompt);
    flush(t, "stdout");
    flush(t, "stderr");
    const char *text = buffer_text(&prompt);
    block_begin(t, "prompt");                                         /* I1 */
    LineResult result = line_editor_read(repl->editor, text ? text : "", line);
    block_end(t);
    buffer_free(&prompt);
    if (result == LINE_FAILED) raise_memory_error(t);
    return result;
}

/* ---- one statement ---- */

static Str *statement_name(Repl *repl) { return str_format(repl->t, "<stdin>-%u", repl->number); }

/* Compiles [length] bytes of what is gathered. NULL: raised, or *is_incomplete. */
static Code *compile_part(Repl *repl, size_t length, bool may_be_incomplete, bool *is_incomplete)
{
    Thread *t = repl->t;
    Str *name = statement_name(repl);
    const char *text = repl->statement.data;
    Str *source = name ? str_from_wtf8(t, text, length) : NULL;
    Code *code = NULL;
    *is_incomplete = false;
    if (source && source_lines_register(t, name, source)) {
        CompileRequest request = {.source = text, .length = length, .is_text = true, .filename = name, .mode = COMPILE_SINGLE,
                                  .flags = repl->flags | FLAG_DONT_IMPLY_DEDENT, .optimize = -1, .may_be_incomplete = may_be_incomplete};
        code = interp_compile(t, &request, is_incomplete);
    }
    if (source) object_release(source);
    if (name) object_release(name);
    return code;
}

/* Compiles what is gathered, if it is a statement as it stands. If it is not, a further newline tells what it lacks: when that
 * makes it right, or when it is still only a beginning, there is more to come; else it is wrong. */
static Code *compile(Repl *repl, bool is_all, bool *is_incomplete)
{
    Thread *t = repl->t;
    size_t length = repl->statement.length;
    buffer_add_byte(&repl->statement, '\n');
    if (!buffer_ok(&repl->statement)) {
        raise_memory_error(t);
        return NULL;
    }
    Code *code = compile_part(repl, length, true, is_incomplete);
    bool is_settled = code || (is_raised(t) && !raised_is(t, EXC_SyntaxError));
    if (!is_settled) {
        raised_clear(t);
        code = compile_part(repl, length + 1, !is_all, is_incomplete);
        if (code && !is_all) {
            object_release(code);
            code = NULL;
            *is_incomplete = true;
        }
    }
    buffer_truncate(&repl->statement, length);
    return code;
}

static void run(Repl *repl, Code *code)
{
    Thread *t = repl->t;
    repl->number++;
    repl->flags |= code->unit->flags & CODE_FUTURE_ANNOTATIONS;
    Dict *globals = main_module_dict(t);
    if (!globals) {
        raise_error(t, EXC_RuntimeError, "no __main__ module");
        return;
    }
    object_retain(globals);
    Value v = interp_run_code(t, code, globals, UNBOUND, UNBOUND);
    object_release(globals);
    release(v);
}

/* exit, quit and help alone on a line do what is meant, unless the script gave the name another meaning. */
static bool is_command(Repl *repl, const char *word)
{
    size_t length = strlen(word);
    Buffer *line = &repl->statement;
    if (line->length != length || memcmp(line->data, word, length) != 0) return false;
    Dict *globals = main_module_dict(repl->t);
    Str *name = str_intern_text(repl->t, word);
    bool is_free = globals && name && is_unbound(dict_get_str(globals, name));
    if (name) object_release(name);
    raised_clear(repl->t);
    return is_free;
}

static void spell_out_command(Repl *repl)
{
    if (is_command(repl, "exit") || is_command(repl, "quit") || is_command(repl, "help")) buffer_add_text(&repl->statement, "()");
}

/* Without the newline, which the next line is joined with. */
static void add_line(Repl *repl, const Buffer *line, bool is_first)
{
    size_t length = line->length;
    if (length > 0 && line->data[length - 1] == '\n') length--;
    if (!is_first) buffer_add_byte(&repl->statement, '\n');
    buffer_add(&repl->statement, line->data, length);
}

/* Nothing, or nothing but a comment. */
static bool is_idle(const Buffer *line)
{
    size_t i = 0;
    while (i < line->length && (line->data[i] == ' ' || line->data[i] == '\t' || line->data[i] == '\f')) i++;
    return i == line->length || line->data[i] == '#';
}

static void remember(Repl *repl, Buffer *line)
{
    if (line->length > 0 && line->data[line->length - 1] == '\n') buffer_truncate(line, line->length - 1);
    const char *text = buffer_text(line);
    if (text && *text) line_editor_remember(repl->editor, text);
}

/* Reads lines until they are a statement, and runs it. LINE_READ: done, perhaps raised. */
static LineResult ask(Repl *repl)
{
    Thread *t = repl->t;
    Buffer line;
    buffer_truncate(&repl->statement, 0);
    buffer_init(&line, &t->interp->memory);
    LineResult result = LINE_READ;
    for (bool is_first = true; result == LINE_READ; is_first = false) {
        buffer_truncate(&line, 0);
        result = read_line(repl, is_first, &line);
        bool is_all = result == LINE_END && !is_first;                /* the end of input ends the block */
        if (is_all) result = LINE_READ;
        if (result != LINE_READ) break;
        add_line(repl, &line, is_first);
        remember(repl, &line);
        if (is_first && is_idle(&repl->statement)) break;
        if (is_first) spell_out_command(repl);
        bool is_incomplete;
        Code *code = compile(repl, is_all, &is_incomplete);
        if (!code && is_incomplete) continue;
        if (code) {
            run(repl, code);
            object_release(code);
        }
        break;
    }
    buffer_free(&line);
    return result;
}

/* ---- coming and going ---- */

/* Where history is kept: TOY_HISTORY, else below the folder for state. False: nowhere. */
static bool history_path(const Config *config, char *path, size_t size)
{
    const char *given = options_variable(config, "TOY_HISTORY");
    if (given) return (size_t)snprintf(path, size, "%s", given) < size;
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    if (!(state && *state) && !(home && *home)) return false;
    int length = state && *state ? snprintf(path, size, "%s/toy/history", state) : snprintf(path, size, "%s/.local/state/toy/history", home);
    if (length < 0 || (size_t)length >= size) return false;
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
    return true;
}

static bool set_prompts(Thread *t)
{
    static const char *const prompts[][2] = {{"ps1", ">>> "}, {"ps2", "... "}};
    for (size_t i = 0; i < ARRAY_LENGTH(prompts); i++) {
        if (is_bound(sys_get(t, prompts[i][0]))) continue;
        Str *text = str_from_text(t, prompts[i][1]);
        if (!text || !sys_set(t, prompts[i][0], object_value(text))) return false;
        object_release(text);
    }
    return true;
}

/* TOYSTARTUP: only for a prompt that was asked for by nothing else. */
static void run_startup_file(Thread *t, const Options *options)
{
    const char *path = options_variable(&options->config, "TOYSTARTUP");
    if (!path || options->kind != RUN_STDIN) return;
    if (access(path, R_OK) != 0) {
        fprintf(stderr, "Could not open TOYSTARTUP\n");
        fprintf(stderr, "FileNotFoundError: [Errno %d] %s: '%s'\n", errno, strerror(errno), path);
    } else if (!main_module_run_file(t, path)) {
        uncaught_show(t);
    }
}

static void greet(const Options *options)
{
    if (options->config.is_quiet || options->kind != RUN_STDIN) return;
    fprintf(stderr, "toy %s on linux\nType \"help\", \"copyright\", \"credits\" or \"license\" for more information.\n", TOY_VERSION);
}

/* True: the prompt is over, with *status. */
static bool settle(Repl *repl, LineResult result, int *status)
{
    Thread *t = repl->t;
    if (result == LINE_END) {
        write_error("\n");
        return true;
    }
    if (result == LINE_INTERRUPTED && raised_is(t, EXC_KeyboardInterrupt)) {
        raised_clear(t);
        write_error("\nKeyboardInterrupt\n");
    }
    if (raised_is(t, EXC_SystemExit)) {
        Value exception = raised_take(t);
        *status = uncaught_exit_status(t, exception);
        release(exception);
        return true;
    }
    if (is_raised(t)) uncaught_show(t);
    return false;
}

int repl_run(Thread *t, const Options *options)
{
    char path[4096];
    bool has_history = history_path(&options->config, path, sizeof path);
    bool wants_editing = !options_variable(&options->config, "TOY_BASIC_REPL");
    Repl repl = {.t = t};
    buffer_init(&repl.statement, &t->interp->memory);
    int status = 0;
    if (options->kind == RUN_STDIN && !main_module_at_prompt(t, options)) uncaught_show(t);
    greet(options);
    run_startup_file(t, options);
    repl.editor = line_editor_new(&t->interp->memory, wants_editing, has_history ? path : NULL, has_signal, on_signal, &repl);
    if (!repl.editor || !set_prompts(t)) {
        uncaught_show(t);
        line_editor_free(repl.editor);
        return 1;
    }
    while (!settle(&repl, ask(&repl), &status)) continue;
    line_editor_free(repl.editor);
    buffer_free(&repl.statement);
    return status;
}
