/* loader.c - where the machine meets the compiler: source text becomes a code unit, or an exception.
 *
 * What        The hook behind import, compile(), eval() and exec(); the lists of native and of embedded modules.
 * How         The compiler knows no values and answers with diagnostics. Here warnings go through the script's filters, an error
 *             becomes the exception CPython would raise, with the same fields, and a good unit passes the verifier.
 * Invariants  I1 NULL means: raised, or *is_incomplete.  I2 everything the compiler needed is given back, but the unit.
 * GIL         held: source may come from any thread, and the account of memory is the interpreter's.
 * Read next   compiler/compile.h, compiler/diagnostic.h, vm/run/interp.h */
#include "vm/cli/loader.h"

#include "compiler/compile.h"
#include "vm/bytecode/verify.h"
#include "vm/cli/ast_objects.h"
#include "vm/object/bytes.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/warn.h"

/* ---- modules that lie in the program ---- */

#define MODULE(name, definition) extern const NativeModule definition;
#include "stdlib/modules.def"
#undef MODULE

static const NativeModule *const native_modules[] = {
#define MODULE(name, definition) &definition,
#include "stdlib/modules.def"
#undef MODULE
    NULL,
};

extern const EmbeddedModule embedded_modules[];   /* generated: see compiler/embed.c */

/* ---- diagnostics become exceptions ---- */

/* PyCF_ flags of compile() that concern the compiler. */
enum { FLAG_DONT_IMPLY_DEDENT = 0x200, FLAG_TYPE_COMMENTS = 0x1000, FLAG_TOP_LEVEL_AWAIT = 0x2000, FLAG_ALLOW_INCOMPLETE = 0x4000, FLAG_OPTIMIZED_AST = 0x8000 };

static enum ExceptionKind class_of(DiagnosticClass class)
{
    static const enum ExceptionKind classes[] = {
        [DIAGNOSTIC_SYNTAX_ERROR] = EXC_SyntaxError,
        [DIAGNOSTIC_INDENTATION_ERROR] = EXC_IndentationError,
        [DIAGNOSTIC_TAB_ERROR] = EXC_TabError,
        [DIAGNOSTIC_MEMORY_ERROR] = EXC_MemoryError,
        [DIAGNOSTIC_RECURSION_ERROR] = EXC_RecursionError,
        [DIAGNOSTIC_OVERFLOW_ERROR] = EXC_OverflowError,
        [DIAGNOSTIC_VALUE_ERROR] = EXC_ValueError,
        [DIAGNOSTIC_UNICODE_DECODE_ERROR] = EXC_ValueError,   /* the class proper wants the bytes, which are gone */
        [DIAGNOSTIC_SYSTEM_ERROR] = EXC_SystemError,
        [DIAGNOSTIC_SYNTAX_WARNING] = EXC_SyntaxWarning,
        [DIAGNOSTIC_DEPRECATION_WARNING] = EXC_DeprecationWarning,
    };
    return classes[class];
}

/* A line ends at a NUL, which is what is wrong with it. */
static Value text_or_none(Thread *t, const char *bytes, size_t length)
{
    return bytes ? object_value(str_from_wtf8(t, bytes, strnlen(bytes, length))) : NONE;
}

/* SyntaxError(message, (filename, line, offset, text, end line, end offset)) */
static Value make_syntax_error(Thread *t, enum ExceptionKind kind, const Diagnostic *diagnostic, Str *filename)
{
    Value text = text_or_none(t, diagnostic->text, diagnostic->text_length);
    Value message = object_value(str_from_wtf8(t, diagnostic->message, strlen(diagnostic->message)));
    Value exception = FAILED;
    Value place[6] = {
        object_value(filename), small_int_value(diagnostic->lineno), small_int_value(diagnostic->offset), text,
        small_int_value(diagnostic->end_lineno), small_int_value(diagnostic->end_offset),
    };
    if (diagnostic->end_lineno == -1) place[4] = place[1], place[5] = NONE;          /* where the end is not known, its line is */
    Tuple *details = failed(text) || failed(message) ? NULL : tuple_from_values(t, place, diagnostic->end_lineno == -1 && diagnostic->lineno <= 0 ? 4 : 6);
    if (details)
        exception = value_call2(t, object_value(exception_type(t, kind)), message, object_value(details));
    if (details) object_release(details);
    release2(text, message);
    return exception;
}

/* [is_incomplete]: more source could make it right, and somebody has asked to be told. */
static void raise_diagnostic(Thread *t, const Diagnostic *diagnostic, Str *filename, bool is_incomplete)
{
    enum ExceptionKind kind = class_of(diagnostic->class);
    if (is_incomplete && kind == EXC_SyntaxError) kind = EXC__IncompleteInputError;
    bool is_syntax = diagnostic->class <= DIAGNOSTIC_TAB_ERROR || diagnostic_is_warning(diagnostic);
    if (!is_syntax || !diagnostic->has_position) {
        raise_error(t, is_syntax && diagnostic_is_warning(diagnostic) ? EXC_SyntaxError : kind, "%s", diagnostic->message);
        return;
    }
    Value exception = make_syntax_error(t, diagnostic_is_warning(diagnostic) ? EXC_SyntaxError : kind, diagnostic, filename);
    if (!failed(exception)) raise_instance(t, exception);
}

void loader_raise(Thread *t, const Diagnostics *diagnostics, Str *filename)
{
    const Diagnostic *error = diagnostics_error(diagnostics);
    if (diagnostics->is_out_of_memory || !error) raise_memory_error(t);
    else raise_diagnostic(t, error, filename, diagnostics->is_incomplete);
}

/* Through the filters of the script. A filter that makes it an exception gives a SyntaxError at the place, as CPython does. */
static bool issue_warning(Thread *t, const Diagnostic *diagnostic, Str *filename)
{
    Str *message = str_from_wtf8(t, diagnostic->message, strlen(diagnostic->message));
    if (!message) return false;
    enum ExceptionKind kind = class_of(diagnostic->class);
    bool passed = warn_at(t, kind, message, filename, (uint32_t)diagnostic->lineno, UNBOUND);
    object_release(message);
    if (passed || !raised_is(t, kind)) return passed;
    raised_clear(t);
    raise_diagnostic(t, diagnostic, filename, false);
    return false;
}

/* ---- the hook ---- */

/* Is the unit fit to run? What the compiler makes always is; a mistake of the compiler shall not become a crash. */
static bool verify(Thread *t, CodeUnit *unit)
{
    VerifyError error;
    if (unit->is_verified || code_verify(unit, &error)) return true;
    if (error.is_out_of_memory) raise_memory_error(t);
    else raise_error(t, EXC_SystemError, "the compiler made a bad code unit: %s (word %u)", error.message, error.offset);
    return false;
}

static CodeUnit *report(Thread *t, const CompileRequest *request, CodeUnit *unit, const Diagnostics *diagnostics, bool *is_incomplete)
{
    bool passed = true;
    for (size_t i = 0; passed && i < diagnostics->count; i++) {
        if (!diagnostic_is_warning(&diagnostics->items[i])) break;
        if (diagnostics->is_incomplete && request->may_be_incomplete) break;      /* they come again with the whole */
        passed = issue_warning(t, &diagnostics->items[i], request->filename);
    }
    if (passed && unit && verify(t, unit)) return unit;
    if (passed && !unit) {
        if (diagnostics->is_incomplete && request->may_be_incomplete) *is_incomplete = true;
        else if (!is_raised(t)) loader_raise(t, diagnostics, request->filename);
    }
    if (unit) code_free(unit);
    return NULL;
}

/* ---- encodings ---- */

static bool copy_text(Arena *arena, Thread *t, Value v, const char *errors, CodeText *out)
{
    Value bytes = failed(v) ? FAILED : str_encode(t, as_str(v), "utf-8", errors);
    if (failed(bytes)) return false;
    out->length = as_bytes(bytes)->length;
    out->bytes = arena_copy(arena, (const char *)as_bytes(bytes)->data, out->length);
    release(bytes);
    return out->bytes != NULL;
}

/* The compiler's SourceDecoder: asks the script's codecs. What they raise is told as a message, if it is an Exception. */
static bool decode_by_codec(void *context, Arena *arena, const char *encoding, const char *bytes, size_t length, CodeText *text)
{
    Thread *t = context;
    Value decoded = str_decode(t, bytes, length, encoding, "strict");
    bool done = copy_text(arena, t, decoded, "surrogatepass", text);
    release(decoded);
    if (done || !raised_is(t, EXC_Exception) || raised_is(t, EXC_MemoryError)) return done;
    Value exception = raised_take(t);
    Value message = value_str(t, exception);
    if (!copy_text(arena, t, message, "replace", text)) text->bytes = NULL;
    release2(message, exception);
    return false;
}

static CompileOptions options_of(Thread *t, const CompileRequest *request, const char *filename)
{
    static const ParseMode modes[] = {[COMPILE_MODULE] = PARSE_FILE, [COMPILE_EXPRESSION] = PARSE_EVAL, [COMPILE_SINGLE] = PARSE_SINGLE,
                                       [COMPILE_FUNC_TYPE] = PARSE_FUNC_TYPE};
    return (CompileOptions){
        .input = {
            .source = request->source, .length = request->length, .filename = filename,
            .decode = decode_by_codec, .decode_context = t, .mode = modes[request->mode], .is_text = request->is_text, .is_script_file = request->is_script,
            .allows_incomplete = request->may_be_incomplete || (request->flags & FLAG_ALLOW_INCOMPLETE),
            .spells_like_flufl = (request->flags & CODE_FUTURE_BARRY_AS_BDFL) != 0,
            .keeps_type_comments = (request->flags & FLAG_TYPE_COMMENTS) != 0, .feature_version = request->feature_version,
            .keeps_open_block = (request->flags & FLAG_DONT_IMPLY_DEDENT) != 0,
            .stack_limit = (uintptr_t)t->stack_limit, .max_int_digits = (uint32_t)t->interp->config.int_max_str_digits,
        },
        .optimize = request->optimize < 0 ? t->interp->config.optimize : request->optimize,
        .has_text_annotations = (request->flags & CODE_FUTURE_ANNOTATIONS) != 0,
        .allows_top_level_await = (request->flags & FLAG_TOP_LEVEL_AWAIT) != 0,
        .omits_columns = t->interp->config.omits_columns,
        .quotes_source = request->quotes_source,
        .stack_limit = t->stack_limit,
    };
}

/* What all three hooks need: everything but the result is given back by workshop_close. */
typedef struct Workshop {
    Arena arena;
    Diagnostics diagnostics;
    NameTable names;
    CompileOptions options;
    Value filename;                     /* File names may hold bytes that are no UTF-8, as lone surrogates: they go through. */
} Workshop;

static bool workshop_open(Thread *t, const CompileRequest *request, Workshop *shop)
{
    shop->filename = str_encode(t, request->filename, "utf-8", "surrogatepass");
    if (failed(shop->filename)) return false;
    arena_init(&shop->arena, &t->interp->memory);
    diagnostics_init(&shop->diagnostics, &shop->arena);
    name_table_init(&shop->names, &shop->arena);
    shop->options = options_of(t, request, (const char *)as_bytes(shop->filename)->data);
    return true;
}

static void workshop_close(Workshop *shop)
{
    arena_free(&shop->arena);
    release(shop->filename);
}

static CodeUnit *load(Thread *t, const CompileRequest *request, bool *is_incomplete)
{
    Workshop shop;
    *is_incomplete = false;
    if (!workshop_open(t, request, &shop)) return NULL;
    CodeUnit *unit = compile_source(&t->interp->memory, &shop.options, &shop.diagnostics);
    unit = report(t, request, unit, &shop.diagnostics, is_incomplete);
    workshop_close(&shop);
    if (request->quotes_source) memory_give_back(&t->interp->memory);    /* a file: its tree was some fifty times its size */
    return unit;
}

/* ---- trees as objects ---- */

static bool issue_warnings(Thread *t, const CompileRequest *request, const Diagnostics *diagnostics)
{
    for (size_t i = 0; i < diagnostics->count && diagnostic_is_warning(&diagnostics->items[i]); i++)
        if (!issue_warning(t, &diagnostics->items[i], request->filename)) return false;
    return true;
}

static const NodeKind roots[] = {[COMPILE_MODULE] = NODE_Module, [COMPILE_EXPRESSION] = NODE_Expression, [COMPILE_SINGLE] = NODE_Interactive,
                                 [COMPILE_FUNC_TYPE] = NODE_FunctionType};

static Value parse_to_objects(Thread *t, const CompileRequest *request, Value given)
{
    Workshop shop;
    if (!workshop_open(t, request, &shop)) return FAILED;
    Node *tree = is_bound(given) ? ast_from_objects(t, &shop.arena, &shop.names, given, roots[request->mode])
                                 : parse(&shop.arena, &shop.names, &shop.options.input, &shop.diagnostics);
    bool done = tree != NULL;
    if (done && (request->flags & FLAG_OPTIMIZED_AST)) {
        FoldOptions options = {.optimize = shop.options.optimize, .has_text_annotations = shop.options.has_text_annotations, .folds_statements = true,
                               .stack_limit = t->stack_limit};
        done = fold_tree(&shop.arena, tree, &options, &shop.diagnostics);
    }
    done = issue_warnings(t, request, &shop.diagnostics) && done;
    if (!done && !is_raised(t)) loader_raise(t, &shop.diagnostics, request->filename);
    Value objects = done ? ast_to_objects(t, tree) : FAILED;
    workshop_close(&shop);
    return objects;
}

static CodeUnit *compile_objects(Thread *t, const CompileRequest *request, Value tree)
{
    Workshop shop;
    bool is_incomplete;
    if (!workshop_open(t, request, &shop)) return NULL;
    Node *root = ast_from_objects(t, &shop.arena, &shop.names, tree, roots[request->mode]);
    CodeUnit *unit = NULL;
    if (root) {
        unit = compile_tree(&t->interp->memory, &shop.arena, &shop.names, root, &shop.options, &shop.diagnostics);
        unit = report(t, request, unit, &shop.diagnostics, &is_incomplete);
    }
    workshop_close(&shop);
    return unit;
}

static Value symbols_of(Thread *t, const CompileRequest *request)
{
    Workshop shop;
    if (!workshop_open(t, request, &shop)) return FAILED;
    Node *tree = parse(&shop.arena, &shop.names, &shop.options.input, &shop.diagnostics);
    Value rows = tree ? loader_symbols(t, &shop.arena, &shop.names, tree, &shop.options, &shop.diagnostics) : UNBOUND;
    if (is_unbound(rows) && !is_raised(t)) loader_raise(t, &shop.diagnostics, request->filename);
    workshop_close(&shop);
    return is_unbound(rows) ? FAILED : rows;
}

/* ---- tokens ---- */

typedef struct TokenList { Thread *t; List *rows; } TokenList;

static bool append_token(const TokenRow *row, void *context)
{
    TokenList *list = context;
    Thread *t = list->t;
    Value items[] = {
        object_value(str_intern_text(t, row->kind)), object_value(str_from_wtf8(t, row->text.bytes, row->text.length)),
        small_int_value(row->at.lineno), small_int_value(row->at.col_offset), small_int_value(row->at.end_lineno),
        small_int_value(row->at.end_col_offset), object_value(str_from_wtf8(t, row->lines.bytes, row->lines.length)),
    };
    bool done = true;
    for (size_t i = 0; i < ARRAY_LENGTH(items); i++) done = done && !failed(items[i]);
    Tuple *tuple = done ? tuple_from_values(t, items, ARRAY_LENGTH(items)) : NULL;
    for (size_t i = 0; i < ARRAY_LENGTH(items); i++) release(items[i]);
    return tuple && list_append_take(t, list->rows, object_value(tuple));
}

static bool list_tokens(Thread *t, const CompileRequest *request, Value rows)
{
    Workshop shop;
    if (!workshop_open(t, request, &shop)) return false;
    TokenList list = {t, as_list(rows)};
    bool done = token_rows(&shop.arena, &shop.options.input, append_token, &list, &shop.diagnostics);
    if (!done && !is_raised(t)) loader_raise(t, &shop.diagnostics, request->filename);
    workshop_close(&shop);
    return done;
}

LoaderHooks loader_hooks(void)
{
    return (LoaderHooks){
        .compile = load,
        .is_tree = ast_is_tree,
        .parse = parse_to_objects,
        .compile_tree = compile_objects,
        .symbols = symbols_of,
        .tokens = list_tokens,
        .native_modules = native_modules,
        .embedded_modules = embedded_modules,
        .caret_anchors = loader_caret_anchors,
        .carets_are_idle = loader_carets_are_idle,
    };
}
