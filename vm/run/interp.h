/* interp.h - an interpreter from its first to its last breath; and what vm/run keeps for it.
 *
 * What        interp_new, interp_finish; RunState; the hooks through which compiler, library and program reach the machine.
 * How         vm/cli fills LoaderHooks: it is the only floor that knows both the machine and the compiler.
 * GIL         interp_new returns holding it, in the main thread.
 * Read next   interp.c, import.h, vm/cli/main.c */
#ifndef TOY_RUN_INTERP_H
#define TOY_RUN_INTERP_H

#include "vm/object/exception.h"
#include "vm/object/function.h"
#include "vm/object/native.h"
#include "vm/run/trace.h"

/* What compile() and import ask of the compiler. */
typedef enum CompileMode { COMPILE_MODULE, COMPILE_EXPRESSION, COMPILE_SINGLE, COMPILE_FUNC_TYPE } CompileMode;
typedef struct CompileRequest {
    const char *source;              /* with an encoding declaration, a BOM, or as UTF-8 if is_text */
    size_t length;
    bool is_text;                    /* it was a str: its encoding declaration is a comment */
    Str *filename;
    CompileMode mode;
    uint32_t flags;                  /* CODE_FUTURE_ANNOTATIONS ...: inherited futures */
    int optimize;                    /* -1: as the interpreter */
    int feature_version;             /* of the grammar, 3.N; 0: this one */
    bool may_be_incomplete;          /* the REPL: *is_incomplete instead of an error */
    bool quotes_source;              /* errors may quote their line from the file itself */
    bool is_script;                  /* the script itself: what is wrong with its bytes is said in other words */
} CompileRequest;

/* A native module: a table of functions and a start. */
typedef struct NativeModule {
    uint64_t abi;                    /* of a shared object: TOY_ABI of the vm/toy.h it was compiled with. Stays the first field for ever. */
    const char *name, *doc;
    const char *known_as;            /* what its functions say as __module__; NULL: its name */
    const NativeDef *functions;      /* ends with a NULL name; may be NULL */
    size_t state_size;               /* of the module's own struct, zeroed; 0: none */
    bool (*init)(Thread *t, Module *module);              /* adds types and constants; may be NULL. False: raised */
    void (*traverse_state)(void *state, VisitFn visit, void *context);   /* may be NULL */
    void (*free_state)(Thread *t, void *state);           /* may be NULL */
} NativeModule;
/* TOY_ABI of this program: vm/api_layout.c sees that both are the same word. */
#define NATIVE_MODULE_ABI ((uint64_t)1 << 32 | sizeof(TypeSpec) << 16 | sizeof(NativeModule))

/* A module written in toy that lies in the program, compiled. */
typedef struct EmbeddedModule {
    const char *name;                /* dotted */
    const unsigned char *image;      /* vm/bytecode/image.h */
    size_t image_length;
    const char *source;              /* for tracebacks and get_source */
    size_t source_length;
    bool is_package;
} EmbeddedModule;

/* Where the operator, or the pair of brackets, stands in an expression that a traceback underlines: lines from 0, columns in
 * characters; the right end is exclusive. */
typedef struct CaretAnchors { uint32_t left_line, left_column, right_line, right_column; } CaretAnchors;

typedef struct LoaderHooks {
    /* NULL: raised, or *is_incomplete. The unit is verified. SyntaxWarnings have gone through the filter. */
    CodeUnit *(*compile)(Thread *t, const CompileRequest *request, bool *is_incomplete);
    /* For compile() and ast. Is [v] a node of the module _ast (false: raised)? The tree of a source (of [tree], if there is one), as such
     * nodes; a tree, compiled. */
    bool (*is_tree)(Thread *t, Value v, bool *answer);
    Value (*parse)(Thread *t, const CompileRequest *request, Value tree_or_unbound);
    CodeUnit *(*compile_tree)(Thread *t, const CompileRequest *request, Value tree);
    /* For symtable: the scopes of a source as nested tuples, see vm/cli/symbol_rows.c. */
    Value (*symbols)(Thread *t, const CompileRequest *request);
    /* For tokenize: appends (kind, text, line, column, end line, end column, lines) of every token to [rows]. False: raised, what is
     * wrong with the source, behind the good tokens. */
    bool (*tokens)(Thread *t, const CompileRequest *request, Value rows);
    const NativeModule *const *native_modules;            /* ends with NULL */
    const EmbeddedModule *embedded_modules;               /* ends with a NULL name */
    /* For tracebacks; both may be NULL. [segment], an expression that failed: false, if it has no operator to point at. */
    bool (*caret_anchors)(Thread *t, const char *segment, size_t length, CaretAnchors *anchors);
    /* Is [lines], a statement, empty, or `return f(...)` or `x = f(...)` whose call spans columns [start] to [end] of all
     * [line_count] lines? Then carets would tell nothing. */
    bool (*carets_are_idle)(Thread *t, const char *lines, size_t length, uint32_t line_count, uint32_t start, uint32_t end);
} LoaderHooks;

/* Where the last globals that defined a function have what every new function wants of them. */
typedef struct DefiningPlaces {
    uint32_t keys_version;                                /* of those globals (vm/object/dict.h); 0: of none */
    size_t name, builtins;                                /* places of __name__ and __builtins__ */
} DefiningPlaces;

struct RunState {
    LoaderHooks hooks;
    Module *builtins_module, *sys_module;                 /* owned */
    List *retired_code;                                   /* code objects replaced by f.__code__ = ...: see function.c */
    Value import_lock_owner;
    struct ImportState *import;                           /* import.c */
    Value sources;                                        /* source_lines.c: texts that are no files, by file name; or UNBOUND */
    Value library_entry;                                  /* of sys.path, for the library in the program: a str */
    Value first_path;                                     /* where the script looks first: sys.path[0] as it was at the start; or UNBOUND */
    Value last_warnings;                                  /* interp.c: the module warnings while all others go; or UNBOUND */
    Value build_class;
    DefiningPlaces defining;                              /* function.c */
    List *audit_hooks;                                    /* owned; NULL: none */
    Type *unraisable_type;                                /* of what sys.unraisablehook gets: a record; owned, NULL before sys is there */
    Tracing tracing;                                      /* trace.h: who watches */
    Object *no_default;                                   /* typing.NoDefault, owned: type_parameter.c */
    struct FaultWatch *faults;                            /* fatal_signals.c; NULL: nothing was ever watched */
    struct InstructionCounts *counts;                     /* count.c; NULL: nobody asked */
    bool is_shutting_down;
};

/* [config] is copied. NULL: no memory, or a built-in type could not be made. */
MUST_CHECK Thread *interp_new(const Config *config, const LoaderHooks *hooks);
/* Joins nothing, runs no script code of its own: atexit and threads are over (interp_shut_down). Finalises and frees
 * everything it can, unless nobody would see that. */
void interp_finish(Thread *t, int status);
/* The order of the end: threading's joins, atexit functions, flush, daemon threads parked, modules emptied. The exit status if
 * flushing failed (120), else [status]. */
int interp_shut_down(Thread *t, int status);

/* Script functions' code changed: what caches entered frames forget. */
void interp_functions_changed(Thread *t);

/* A code object from source; and running one in [globals] with [locals] (UNBOUND: the globals). */
MUST_CHECK Code *interp_compile(Thread *t, const CompileRequest *request, bool *is_incomplete);
MUST_CHECK Value interp_run_code(Thread *t, Code *code, Dict *globals, Value locals, Value closure);

/* Every audit hook hears of [event]. False: one raised. */
MUST_CHECK bool audit(Thread *t, Value event, const Value *args, size_t count);

/* sys.NAME, BORROWED; UNBOUND if it is not there. */
BORROWED Value sys_get(Thread *t, const char *name);
MUST_CHECK bool sys_set(Thread *t, const char *name, Value v);

#endif
