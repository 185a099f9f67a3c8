/* source_lines.h - lines of source for tracebacks.
 *
 * What        source_line(): line N of a file, of an embedded module, or of a text that never was a file (-c, the prompt).
 * How         source_lines.c
 * GIL         held; dropped while a file is read.
 * Read next   source_lines.c */
#ifndef TOY_RUN_SOURCE_LINES_H
#define TOY_RUN_SOURCE_LINES_H

#include "vm/object/context.h"

/* From now on tracebacks find the lines of [filename] in [text]; keeps its own references. */
MUST_CHECK bool source_lines_register(Thread *t, Str *filename, Str *text);
/* All lines of a source, for as long as one traceback is printed: a list of Strs without newlines. UNBOUND: not to be had;
 * nothing but a MemoryError is raised. Owned. */
Value source_lines_of(Thread *t, Str *filename);

#endif
