/* diagnostic.h - what the compiler has to say about a source: errors, warnings, "there is more to come".
 *
 * What        A list of Diagnostic in the order they were found. The compiler knows no exception objects: the loader turns
 *             these into raised SyntaxErrors and issued warnings.
 * How         lineno, offset, end_lineno and end_offset are the attributes of CPython's SyntaxError: lines and offsets
 *             count from 1, offsets in characters; -1 or 0 stand for "unknown" exactly where CPython has them, an
 *             end_lineno of -1 for ends that are None. The text may hold bytes that are no UTF-8: show them as U+FFFD.
 * Invariants  I1 an error is the last entry: nothing is reported after it.
 *             I2 messages and source lines live in the arena.
 *             I3 is_incomplete: the input is a good beginning (only when ParseInput asked for it); an error is there as well.
 * GIL         never needed.
 * Read next   parser.h, compile.h */
#ifndef TOY_COMPILER_DIAGNOSTIC_H
#define TOY_COMPILER_DIAGNOSTIC_H

#include <stdarg.h>

#include "vm/base/memory.h"

typedef enum DiagnosticClass {       /* the exception or warning class it becomes */
    DIAGNOSTIC_SYNTAX_ERROR,
    DIAGNOSTIC_INDENTATION_ERROR,
    DIAGNOSTIC_TAB_ERROR,
    DIAGNOSTIC_MEMORY_ERROR,         /* memory, or the parser's depth ("too complex"), as in CPython */
    DIAGNOSTIC_RECURSION_ERROR,
    DIAGNOSTIC_OVERFLOW_ERROR,
    DIAGNOSTIC_VALUE_ERROR,
    DIAGNOSTIC_UNICODE_DECODE_ERROR,
    DIAGNOSTIC_SYSTEM_ERROR,
    DIAGNOSTIC_SYNTAX_WARNING,       /* from here on: warnings */
    DIAGNOSTIC_DEPRECATION_WARNING,
} DiagnosticClass;

typedef struct Diagnostic {
    DiagnosticClass class;
    const char *message;             /* UTF-8, NUL-terminated */
    const char *text;                /* the source line with its newline; NULL when CPython gives None */
    size_t text_length;
    int lineno, offset, end_lineno, end_offset;
    bool has_position;               /* false: the exception is raised with the message alone */
} Diagnostic;

typedef struct Diagnostics {
    Arena *arena;
    Diagnostic *items;
    size_t count, capacity;
    bool has_error;                  /* I1 */
    bool is_incomplete;              /* I3 */
    bool is_out_of_memory;           /* memory ran out while reporting: raise MemoryError */
} Diagnostics;

/* Where a diagnostic points; see How. */
typedef struct DiagnosticPlace {
    int lineno, offset, end_lineno, end_offset;
    const char *text;                /* may be NULL; copied */
    size_t text_length;
} DiagnosticPlace;

void diagnostics_init(Diagnostics *diagnostics, Arena *arena);
/* Appends; [place] NULL: no position. After an error has been reported, further ones are dropped (I1). */
void diagnostic_add(Diagnostics *diagnostics, DiagnosticClass class, const DiagnosticPlace *place, const char *format, ...)
    PRINTF_LIKE(4, 5);
void diagnostic_vadd(Diagnostics *diagnostics, DiagnosticClass class, const DiagnosticPlace *place, const char *format,
                     va_list arguments);
void diagnostics_out_of_memory(Diagnostics *diagnostics);

bool diagnostic_is_warning(const Diagnostic *diagnostic);
const char *diagnostic_class_name(DiagnosticClass class);            /* "SyntaxError" */
BORROWED const Diagnostic *diagnostics_error(const Diagnostics *diagnostics);  /* NULL when there is none */
/* Takes the error out of the list, so that another may be reported in its place; there must be one. */
Diagnostic diagnostics_take_error(Diagnostics *diagnostics);
void diagnostics_put(Diagnostics *diagnostics, const Diagnostic *diagnostic);

#endif
