/* compile.c - see compile.h: the stages in order, and who frees what.
 *
 * What        compile_source and compile_tree.
 * How         One arena holds tree, scopes and drafts; it is given back at the end, whatever happened. The finished units have arenas
 *             of their own. When generating fails half-way, the units made so far are not yet owned by a constant of another: the
 *             generator kept a list of them, so each is freed alone, not with what is nested in it.
 * Invariants  I1-I3 as in compile.h.
 * GIL         never needed.
 * Read next   fold.c, scope.h, gen.h, assemble.h */
#include "compiler/compile.h"

#include <string.h>

#include "compiler/gen.h"
#include "compiler/source.h"

enum { STACK_WITHOUT_LIMIT = 256 * 1024 };

static const char *stack_limit_of(const CompileOptions *options)
{
    const char *here = __builtin_frame_address(0);
    return options->stack_limit ? options->stack_limit : here - STACK_WITHOUT_LIMIT;
}

/* ---- errors quote their line ---- */

static void quote_line(Diagnostic *diagnostic, const SourceText *source, Arena *arena)
{
    const char *line = source->bytes, *end = source->bytes + source->length;
    for (int number = 1; number < diagnostic->lineno; number++) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        if (!newline) return;
        line = newline + 1;
    }
    const char *newline = memchr(line, '\n', (size_t)(end - line));
    size_t length = newline ? (size_t)(newline + 1 - line) : (size_t)(end - line);
    const char *copy = arena_copy(arena, line, length);
    if (!copy) return; /* the error without its line is better than none */
    diagnostic->text = copy;
    diagnostic->text_length = length;
}

/* What was found after parsing knows its place only. [first]: the number of the first diagnostic of the later stages. */
static void quote_lines(Arena *arena, const CompileOptions *options, Diagnostics *diagnostics, size_t first)
{
    Diagnostics ignored;
    SourceText source;
    if (!options->quotes_source || diagnostics->count <= first) return;
    diagnostics_init(&ignored, arena);
    if (!source_read(arena, &options->input, &source, &ignored)) return;
    for (size_t i = first; i < diagnostics->count; i++)
        if (diagnostics->items[i].has_position && !diagnostics->items[i].text)
            quote_line(&diagnostics->items[i], &source, diagnostics->arena);
}

/* ---- the stages ---- */

static void free_alone(CodeUnit *unit)
{
    Arena arena = unit->arena;
    arena_free(&arena);
}

static CodeUnit *generate(Memory *memory, Arena *arena, NameTable *names, Node *module, Scope *scope,
                          bool has_text_annotations, const CompileOptions *options, Diagnostics *diagnostics)
{
    Gen g = {.memory = memory,
             .arena = arena,
             .names = names,
             .options = options,
             .diagnostics = diagnostics,
             .stack_limit = stack_limit_of(options),
             .has_text_annotations = has_text_annotations};
    gen_module(&g, module, scope);
    if (!g.has_failed) return g.finished[g.finished_count - 1]; /* the module is finished last */
    for (size_t i = 0; i < g.finished_count; i++) free_alone(g.finished[i]);
    return NULL;
}

CodeUnit *compile_tree(Memory *memory, Arena *arena, NameTable *names, Node *module, const CompileOptions *options,
                       Diagnostics *diagnostics)
{
    size_t first = diagnostics->count;
    bool has_text_annotations = options->has_text_annotations;
    CodeUnit *unit = NULL;
    if (future_statements(module, &has_text_annotations, diagnostics)) {
        FoldOptions fold_options = {.optimize = options->optimize, .has_text_annotations = has_text_annotations,
                                    .stack_limit = stack_limit_of(options)};
        ScopeOptions scope_options = {has_text_annotations, stack_limit_of(options)};
        Scope *scope = fold_tree(arena, module, &fold_options, diagnostics)
                           ? scope_analyze(arena, names, module, &scope_options, diagnostics)
                           : NULL;
        if (scope) unit = generate(memory, arena, names, module, scope, has_text_annotations, options, diagnostics);
    }
    quote_lines(arena, options, diagnostics, first);
    return unit;
}

CodeUnit *compile_source(Memory *memory, const CompileOptions *options, Diagnostics *diagnostics)
{
    Arena arena;
    NameTable names;
    arena_init(&arena, memory);
    name_table_init(&names, &arena);
    Node *module = parse(&arena, &names, &options->input, diagnostics);
    CodeUnit *unit = module ? compile_tree(memory, &arena, &names, module, options, diagnostics) : NULL;
    arena_free(&arena);
    return unit;
}
