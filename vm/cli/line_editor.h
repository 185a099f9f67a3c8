/* line_editor.h - one line from a person: with editing and history on a terminal, plainly otherwise.
 *
 * What        LineEditor: line_editor_read() asks for a line; history is kept in a file.
 * How         libedit's own interface, loaded when the first prompt is near and only on a terminal: scripts never pay for it. Without
 *             it, or when input or output is no terminal, lines are read as they come.
 * GIL         not held while a line is read: the struct knows no Values.
 * Read next   line_editor.c, repl.c */
#ifndef TOY_CLI_LINE_EDITOR_H
#define TOY_CLI_LINE_EDITOR_H

#include "vm/base/buffer.h"

typedef struct LineEditor LineEditor;

typedef enum LineResult {
    LINE_READ,            /* the line is in the buffer, its newline included if there was one */
    LINE_END,             /* end of input, nothing read */
    LINE_INTERRUPTED,     /* on_signal said so; what was typed is gone */
    LINE_FAILED,          /* no memory */
} LineResult;

/* Two questions asked while waiting, without the GIL: has a signal come (any time, also just before); and, once one has:
 * shall the waiting go on? */
typedef bool (*LineSignal)(void *context);

/* [history_file] may be NULL: none is kept. NULL: no memory. */
MUST_CHECK LineEditor *line_editor_new(Memory *memory, bool wants_editing, const char *history_file, LineSignal has_signal,
                                       LineSignal on_signal, void *context);
void line_editor_free(LineEditor *editor);
bool line_editor_is_plain(const LineEditor *editor);

/* Show [prompt] and read one line. */
MUST_CHECK LineResult line_editor_read(LineEditor *editor, const char *prompt, Buffer *line);
/* What the up key shall bring back; one line, without its newline. */
void line_editor_remember(LineEditor *editor, const char *line);

#endif
