/* line_editor.c - one line from a person: with editing and history on a terminal, plainly otherwise.
 *
 * What        See line_editor.h.
 * How         libedit.so.2 is opened with dlopen; the few functions and numbers of its interface that are needed stand below. It
 *             asks us for each character, so that a signal can end the waiting: libedit itself would swallow the first one. The
 *             history file holds one line per entry and is added to at once: a crash loses nothing.
 * Invariants  I1 the terminal is as we found it whenever line_editor_read() is not running: libedit sees to it.
 * GIL         not held in line_editor_read.
 * Read next   repl.c */
#include "vm/cli/line_editor.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#include "vm/base/codec.h"

/* ---- libedit's interface (histedit.h), as far as it is used ---- */

typedef struct EditLine EditLine;
typedef struct History History;
typedef struct HistoryEvent { int number; const char *text; } HistoryEvent;
typedef int (*EditSetFn)(EditLine *, int operation, ...);
enum { EL_PROMPT = 0, EL_EDITOR = 2, EL_SIGNAL = 3, EL_HIST = 10, EL_GETCFN = 13, EL_CLIENTDATA = 14 };
enum { H_SETSIZE = 1, H_ENTER = 10, H_SETUNIQUE = 20 };

typedef struct Libedit {
    EditLine *(*el_init)(const char *program, FILE *in, FILE *out, FILE *error);
    void (*el_end)(EditLine *);
    void (*el_resize)(EditLine *);
    const char *(*el_gets)(EditLine *, int *count);
    EditSetFn el_set;
    History *(*history_init)(void);
    void (*history_end)(History *);
    int (*history)(History *, HistoryEvent *, int operation, ...);
} Libedit;

static const char library_name[] = "libedit.so.2";
enum { HISTORY_LINES = 2000 };

struct LineEditor {
    Memory *memory;
    void *library;                  /* of dlopen */
    Libedit edit;
    EditLine *line;                 /* NULL: plain */
    History *past;
    int history_file;               /* open for appending, or -1 */
    const char *prompt;             /* of the read under way */
    LineSignal has_signal, on_signal;
    void *context;
    bool was_interrupted, has_typed;
};

/* ---- characters ---- */

/* Wait for input or for a signal. A signal that comes just before the wait must end it too, so signals are kept out between
 * the last look and ppoll, which lets them in. False: one has come. */
static bool wait_for_input(LineEditor *editor)
{
    sigset_t all, before;
    struct pollfd input = {.fd = STDIN_FILENO, .events = POLLIN};
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    bool has_come = editor->has_signal(editor->context) || (ppoll(&input, 1, NULL, &before) < 0 && errno == EINTR);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !has_come;
}

/* One byte from the terminal. 1, 0 at the end, -1 when interrupted. */
static int read_byte(LineEditor *editor, char *byte)
{
    for (;;) {
        if (wait_for_input(editor)) {
            ssize_t n = read(STDIN_FILENO, byte, 1);
            if (n >= 0) return (int)n;
            if (errno != EINTR) return 0;
        }
        if (editor->on_signal(editor->context)) continue;
        editor->was_interrupted = true;
        return -1;
    }
}

/* Whose callback this is. libedit keeps our pointer, but gives callbacks only its own; el_get is found again by name, for a
 * pointer to it would have to be a global variable. */
static LineEditor *editor_of(EditLine *line)
{
    LineEditor *editor = NULL;
    void *library = dlopen(library_name, RTLD_LAZY | RTLD_NOLOAD);
    EditSetFn el_get = library ? (EditSetFn)dlsym(library, "el_get") : NULL;
    if (el_get) el_get(line, EL_CLIENTDATA, &editor);
    if (library) dlclose(library);
    return editor;
}

/* libedit asks for a character: UTF-8 is put together here. */
static int read_character(EditLine *line, wchar_t *character)
{
    LineEditor *editor = editor_of(line);
    char bytes[4];
    uint32_t c;
    for (size_t n = 0; editor && n < sizeof bytes; n++) {
        int got = read_byte(editor, &bytes[n]);
        if (got <= 0) return got;
        /* Ctrl-D typed before we were ready: the terminal has made its mark for the end of a line of it. */
        if (bytes[0] == 0 && !editor->has_typed) bytes[0] = 'D' - '@';
        editor->has_typed = true;
        if (utf8_read(bytes, n + 1, CODEC_STRICT, &c) == 0) continue;
        *character = (wchar_t)c;
        return 1;
    }
    return -1;
}

static char *prompt_of(EditLine *line)
{
    LineEditor *editor = editor_of(line);
    return (char *)(editor && editor->prompt ? editor->prompt : "");
}

/* ---- history ---- */

static void recall_later(LineEditor *editor, const char *line)
{
    HistoryEvent event;
    if (editor->past && *line) editor->edit.history(editor->past, &event, H_ENTER, line);
}

/* The newest lines of the file; a file that has grown long is cut to them. */
static void load_history(LineEditor *editor, const char *path)
{
    FILE *file = fopen(path, "re");
    if (!file) return;
    char *line = NULL;
    size_t capacity = 0, count = 0;
    for (ssize_t n; (n = getline(&line, &capacity, file)) > 0; count++) {
        if (line[n - 1] == '\n') line[n - 1] = 0;
        recall_later(editor, line);
    }
    if (count > 2 * HISTORY_LINES) {
        FILE *shorter = fopen(path, "we");
        rewind(file);
        for (size_t i = 0; shorter && getline(&line, &capacity, file) > 0; i++)
            if (i + HISTORY_LINES >= count) fputs(line, shorter);
        if (shorter) fclose(shorter);
    }
    free(line);
    fclose(file);
}

void line_editor_remember(LineEditor *editor, const char *line)
{
    if (!*line) return;
    recall_later(editor, line);
    if (editor->history_file < 0) return;
    struct { const char *text; size_t length; } pieces[] = {{line, strlen(line)}, {"\n", 1}};
    for (size_t i = 0; i < ARRAY_LENGTH(pieces); i++) {
        if (write(editor->history_file, pieces[i].text, pieces[i].length) == (ssize_t)pieces[i].length) continue;
        close(editor->history_file);         /* a full disk: no more history, no more complaints */
        editor->history_file = -1;
        return;
    }
}

/* ---- coming and going ---- */

static bool load_library(LineEditor *editor)
{
    Libedit *edit = &editor->edit;
    editor->library = dlopen(library_name, RTLD_NOW | RTLD_LOCAL);
    if (!editor->library) return false;
    edit->el_init = (EditLine * (*)(const char *, FILE *, FILE *, FILE *))dlsym(editor->library, "el_init");
    edit->el_end = (void (*)(EditLine *))dlsym(editor->library, "el_end");
    edit->el_resize = (void (*)(EditLine *))dlsym(editor->library, "el_resize");
    edit->el_gets = (const char *(*)(EditLine *, int *))dlsym(editor->library, "el_gets");
    edit->el_set = (EditSetFn)dlsym(editor->library, "el_set");
    edit->history_init = (History * (*)(void))dlsym(editor->library, "history_init");
    edit->history_end = (void (*)(History *))dlsym(editor->library, "history_end");
    edit->history = (int (*)(History *, HistoryEvent *, int, ...))dlsym(editor->library, "history");
    return edit->el_init && edit->el_end && edit->el_resize && edit->el_gets && edit->el_set && edit->history_init &&
           edit->history_end && edit->history;
}

static bool start_editing(LineEditor *editor)
{
    if (!load_library(editor)) return false;
    setlocale(LC_CTYPE, "C.UTF-8");          /* libedit measures characters with the C library */
    Libedit *edit = &editor->edit;
    editor->line = edit->el_init("toy", stdin, stdout, stderr);
    if (!editor->line) return false;
    edit->el_set(editor->line, EL_CLIENTDATA, editor);
    edit->el_set(editor->line, EL_PROMPT, prompt_of);
    edit->el_set(editor->line, EL_EDITOR, "emacs");
    edit->el_set(editor->line, EL_SIGNAL, 0);
    edit->el_set(editor->line, EL_GETCFN, read_character);
    HistoryEvent event;
    editor->past = edit->history_init();
    if (editor->past) {
        edit->history(editor->past, &event, H_SETSIZE, HISTORY_LINES);
        edit->history(editor->past, &event, H_SETUNIQUE, 1);
        edit->el_set(editor->line, EL_HIST, edit->history, editor->past);
    }
    return true;
}

LineEditor *line_editor_new(Memory *memory, bool wants_editing, const char *history_file, LineSignal has_signal, LineSignal on_signal,
                            void *context)
{
    LineEditor *editor = memory_alloc_zeroed(memory, sizeof *editor);
    if (!editor) return NULL;
    editor->memory = memory;
    editor->history_file = -1;
    editor->has_signal = has_signal;
    editor->on_signal = on_signal;
    editor->context = context;
    bool is_terminal = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO);
    if (wants_editing && is_terminal && !start_editing(editor)) editor->line = NULL;
    if (is_terminal && history_file) {
        if (editor->line) load_history(editor, history_file);
        editor->history_file = open(history_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    }
    return editor;
}

void line_editor_free(LineEditor *editor)
{
    if (!editor) return;
    if (editor->line) editor->edit.el_end(editor->line);
    if (editor->past) editor->edit.history_end(editor->past);
    /* The library stays loaded: what it knows of the terminal hangs off variables of its own, and would be lost with them. */
    if (editor->history_file >= 0) close(editor->history_file);
    memory_free(editor->memory, editor, sizeof *editor);
}

bool line_editor_is_plain(const LineEditor *editor) { return !editor->line; }

/* ---- reading ---- */

static LineResult read_plain(LineEditor *editor, Buffer *line)
{
    size_t prompt_length = strlen(editor->prompt);
    if (write(STDERR_FILENO, editor->prompt, prompt_length) < 0) errno = 0;      /* nobody to see it */
    char byte = 0;
    while (byte != '\n') {
        int got = read_byte(editor, &byte);
        if (got < 0) return LINE_INTERRUPTED;
        if (got == 0) break;
        buffer_add_byte(line, (unsigned char)byte);
    }
    if (!buffer_ok(line)) return LINE_FAILED;
    return line->length > 0 ? LINE_READ : LINE_END;
}

/* libedit shows its prompt first and then asks the terminal for single keys; who types at once would type into the old mode,
 * and see it twice. So that is asked for now; libedit puts the old mode back as it found it at the start (I1). */
static void take_terminal(void)
{
    struct termios mode;
    if (tcgetattr(STDIN_FILENO, &mode) != 0) return;
    mode.c_lflag &= ~(tcflag_t)(ICANON | ECHO);
    tcsetattr(STDIN_FILENO, TCSADRAIN, &mode);
}

static LineResult read_edited(LineEditor *editor, Buffer *line)
{
    int count = 0;
    fflush(stdout);
    take_terminal();
    editor->edit.el_resize(editor->line);
    const char *text = editor->edit.el_gets(editor->line, &count);
    if (editor->was_interrupted) return LINE_INTERRUPTED;
    if (!text || count <= 0) return LINE_END;
    buffer_add_text(line, text);
    return buffer_ok(line) ? LINE_READ : LINE_FAILED;
}

LineResult line_editor_read(LineEditor *editor, const char *prompt, Buffer *line)
{
    editor->prompt = prompt;
    editor->was_interrupted = editor->has_typed = false;
    LineResult result = editor->line ? read_edited(editor, line) : read_plain(editor, line);
    editor->prompt = NULL;
    return result;
}
