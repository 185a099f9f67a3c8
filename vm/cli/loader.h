/* loader.h - where the machine meets the compiler.
 *
 * What        loader_hooks(): what import, compile() and the program's start ask of the compiler and of the library.
 * How         loader.c
 * GIL         held.
 * Read next   loader.c, vm/run/interp.h */
#ifndef TOY_CLI_LOADER_H
#define TOY_CLI_LOADER_H

#include "compiler/compile.h"
#include "vm/run/interp.h"

LoaderHooks loader_hooks(void);

/* Raise what the compiler found: the last of [diagnostics] is an error, or memory ran out. */
void loader_raise(Thread *t, const Diagnostics *diagnostics, Str *filename);

/* caret_anchors.c: LoaderHooks.caret_anchors and .carets_are_idle. */
bool loader_caret_anchors(Thread *t, const char *text, size_t length, CaretAnchors *anchors);
bool loader_carets_are_idle(Thread *t, const char *text, size_t length, uint32_t line_count, uint32_t start, uint32_t end);

/* symbol_rows.c: the scopes of a tree as nested tuples. UNBOUND: a diagnostic tells why not. */
MUST_CHECK Value loader_symbols(Thread *t, Arena *arena, NameTable *names, Node *tree, const CompileOptions *options, Diagnostics *diagnostics);

#endif
