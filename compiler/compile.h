/* compile.h - the way through the compiler: source text in, code unit out.
 *
 * What        compile_source(): text and options -> CodeUnit, or diagnostics. compile_tree(): the same from a tree.
 * How         parse -> future statements -> fold -> scopes -> generate -> assemble. Each stage has a header of its own.
 *             Errors and warnings are data (diagnostic.h); a unit may come with warnings, or nothing with one error, or
 *             nothing and is_incomplete when the input asked for that.
 * Invariants  I1 NULL is returned exactly when diagnostics has an error or is out of memory.
 *             I2 everything but the result and the diagnostics is freed before the return.
 *             I3 how deep a program may nest is bounded by the C stack: a RecursionError or MemoryError, never a crash.
 * GIL         never needed: nothing here knows a Value.
 * Read next   compile.c, parser.h, scope.h, gen.h, assemble.h */
#ifndef TOY_COMPILER_COMPILE_H
#define TOY_COMPILER_COMPILE_H

#include "compiler/ast.h"
#include "compiler/diagnostic.h"
#include "compiler/parser.h"

typedef struct CompileOptions {
    ParseInput input;
    int optimize;                /* 0; 1: no assert, __debug__ is False; 2: no docstrings either */
    bool has_text_annotations;   /* as if the source began with: from __future__ import annotations */
    bool allows_top_level_await; /* PyCF_ALLOW_TOP_LEVEL_AWAIT: a REPL for coroutines */
    bool omits_columns;          /* keep only the lines of instructions */
    bool quotes_source;          /* errors found after parsing quote their line, as CPython does when it can read the
                                         file called input.filename: true for scripts and imported modules */
    const char *stack_limit;     /* the lowest address of the C stack that may be used; NULL: 256 KiB from here */
} CompileOptions;

MUST_CHECK CodeUnit *compile_source(Memory *memory, const CompileOptions *options, Diagnostics *diagnostics);

/* The tree is changed (folding) and used up; its nodes and names lie in [arena], which the caller frees afterwards. */
MUST_CHECK CodeUnit *compile_tree(Memory *memory, Arena *arena, NameTable *names, Node *module,
                                  const CompileOptions *options, Diagnostics *diagnostics);

/* ---- the stages that have no header of their own ---- */

/* future.c: the future statements at the head of a module; false when a diagnostic tells what is wrong with one. */
MUST_CHECK bool future_statements(const Node *module, bool *has_text_annotations, Diagnostics *diagnostics);

/* fold.c: computes what is constant, in the tree. */
typedef struct FoldOptions {
    int optimize;
    bool has_text_annotations; /* annotations keep their text */
    bool folds_statements;     /* also an operation that stands alone: for scripts that look at the tree */
    const char *stack_limit;
} FoldOptions;
MUST_CHECK bool fold_tree(Arena *arena, Node *module, const FoldOptions *options, Diagnostics *diagnostics);
/* fold_format.c: turns "text" % (tuple) into an f-string where that means the same; [node] is such a BinOp. */
MUST_CHECK bool fold_format(Arena *arena, Node *node, Diagnostics *diagnostics);

#endif
