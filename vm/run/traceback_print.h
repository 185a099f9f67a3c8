/* traceback_print.h - an exception as text, the way people read it.
 *
 * What        "Traceback (most recent call last):" and what follows.
 * How         traceback_print.c (the whole: chains, groups, notes), traceback_frame.c (the stack: source lines and carets),
 *             source_lines.c (where lines come from).
 * GIL         held; runs script code (__str__ of exceptions, write() of files).
 * Read next   traceback_print.c */
#ifndef TOY_RUN_TRACEBACK_PRINT_H
#define TOY_RUN_TRACEBACK_PRINT_H

#include "vm/object/exception.h"
#include "vm/object/str.h"

/* The whole text, ending in a newline. FAILED: raised (out of memory). */
MUST_CHECK Value traceback_text(Thread *t, Value exception, bool has_colours);
/* The same to a file object; UNBOUND: sys.stderr, in colours if it is a terminal that wants them. False: raised. */
MUST_CHECK bool traceback_print(Thread *t, Value exception, Value file_or_unbound);
/* The short form of sys.unraisablehook: [title] line, stack without carets, message; no chain, no notes. */
MUST_CHECK Value traceback_plain_text(Thread *t, Value exception, Str *title);
/* TOY_COLORS, NO_COLOR, FORCE_COLOR, TERM, then whether [file] is a terminal. */
bool file_wants_colours(Thread *t, Value file);

/* ---- between the files of this room ---- */

typedef struct TracebackWriter {
    Thread *t;
    StrBuilder out;                 /* what is finished */
    StrBuilder piece;               /* lines that still want the margin of the groups around them */
    bool has_failed;                /* t->raised tells why; nothing more is written */
    bool has_colours;
    bool is_plain;                  /* only the first line of each frame, no carets: what nobody can catch is told so */
    uint32_t group_depth;           /* how many groups are around */
    bool needs_close;               /* the last exception of a group closes its box */
    Value sources;                  /* dict: lines of the files seen so far, by name */
} TracebackWriter;

/* The colours of CPython's tracebacks; "" without colours. */
#define COLOUR_PLACE "\033[35m"
#define COLOUR_TYPE "\033[1;35m"
#define COLOUR_STRONG "\033[1;31m"
#define COLOUR_WEAK "\033[31m"
#define COLOUR_END "\033[0m"
static inline const char *traceback_colour(const TracebackWriter *writer, const char *colour) { return writer->has_colours ? colour : ""; }

/* printf formats of str_format, into writer->piece. */
void traceback_write(TracebackWriter *writer, const char *format, ...);
/* The piece goes out, each line behind the margin. [mark]: '|', or '+' for the first line of a box. */
void traceback_emit(TracebackWriter *writer, char mark);
/* What is typed at the prompt is numbered, <stdin>-7; people need not know. Owned. */
MUST_CHECK Value traceback_file_name(Thread *t, Value filename);
/* traceback_frame.c: the stack of a Traceback, oldest frame first, below [title]; emitted. */
void traceback_write_frames(TracebackWriter *writer, Value traceback, const char *title, char mark);

#endif
