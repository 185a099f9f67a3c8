/* scope.h - which variable does each name mean?
 *
 * What        The tree of scopes of one compilation: module, classes, functions, comprehensions, type-parameter scopes. For
 *             each name used in a scope: a Symbol that says how it is bound there.
 * How         Two walks. scope_build.c visits the syntax tree once, opens a Scope for every node that has one and
 *             notes what is assigned, used, declared. scope_resolve.c then decides, outermost scope first, what each
 *             name means: a name that is not bound where it is used is looked for in the functions around it.
 *             A list, set or dict comprehension has a scope but usually no frame: it is *inlined*, its variables live in
 *             the frame of the scope around it (its host), as in CPython 3.12 and later (PEP 709).
 * Invariants  I1 after scope_analyze every symbol has a binding.
 *             I2 node->scope is set for every node that opens a scope; the scope of its type parameters, if it has
 *                any, is that scope's parent.
 *             I3 symbols are kept in the order in which they were first met.
 * GIL         never needed.
 * Read next   scope_build.c, scope_resolve.c, gen_name.c (what code each binding becomes) */
#ifndef TOY_COMPILER_SCOPE_H
#define TOY_COMPILER_SCOPE_H

#include "compiler/ast.h"
#include "compiler/diagnostic.h"

typedef enum ScopeKind {
    SCOPE_MODULE,
    SCOPE_CLASS,
    SCOPE_FUNCTION,        /* def, lambda, comprehension */
    SCOPE_TYPE_PARAMETERS, /* [T] of a def, class or type statement: a function around it that makes the parameters */
    SCOPE_TYPE_ALIAS,      /* the value of a type statement, computed when asked for */
    SCOPE_TYPE_VARIABLE,   /* the bound or the default of a type parameter, computed when asked for */
    SCOPE_ANNOTATION,      /* an annotation that becomes text (from __future__ import annotations): bound nowhere */
} ScopeKind;

typedef enum ComprehensionKind {
    COMPREHENSION_NONE,
    COMPREHENSION_LIST,
    COMPREHENSION_SET,
    COMPREHENSION_DICT,
    COMPREHENSION_GENERATOR,
} ComprehensionKind;

enum SymbolFlags {
    SYMBOL_GLOBAL = 1, /* declared global */
    SYMBOL_LOCAL = 2,  /* assigned */
    SYMBOL_PARAMETER = 4,
    SYMBOL_NONLOCAL = 8, /* declared nonlocal */
    SYMBOL_USED = 0x10,
    SYMBOL_FREE_CLASS = 0x20, /* a class's own name that its methods see past: they mean an outer function's */
    SYMBOL_IMPORTED = 0x40,
    SYMBOL_ANNOTATED = 0x80,
    SYMBOL_ITERATION = 0x100, /* the target of a comprehension's for */
    SYMBOL_TYPE_PARAMETER = 0x200,
    SYMBOL_BOUND = SYMBOL_LOCAL | SYMBOL_PARAMETER | SYMBOL_IMPORTED | SYMBOL_TYPE_PARAMETER,
};

typedef enum Binding {
    BINDING_UNKNOWN,
    BINDING_LOCAL,           /* of this scope; a slot in functions, a name in the namespace of classes and modules */
    BINDING_CELL,            /* of this scope, and an inner function needs it */
    BINDING_FREE,            /* of a function around this scope */
    BINDING_GLOBAL_EXPLICIT, /* declared global */
    BINDING_GLOBAL_IMPLICIT, /* found nowhere: global or built-in */
} Binding;

typedef struct Symbol {
    Identifier name;
    Identifier slot_name; /* gen_comprehension.c: a variable of an inlined comprehension with a slot of its own */
    uint16_t flags;       /* enum SymbolFlags */
    uint8_t binding;      /* enum Binding (I1) */
} Symbol;

typedef struct Scope Scope;

/* Where a global or nonlocal statement (or a walrus in a comprehension) named a variable: for messages. */
typedef struct Directive {
    struct Directive *next;
    Identifier name;
    Span at;
} Directive;

struct Scope {
    ScopeKind kind;
    ComprehensionKind comprehension;
    Identifier name;
    Identifier private_class;    /* the class whose private names (__x) are mangled here, or NULL */
    Node *node;                  /* what opened it */
    const char *annotation_kind; /* SCOPE_TYPE_VARIABLE: "a TypeVar bound" and so on, for messages */
    Scope *parent;
    Scope *first_child, *last_child, *next_sibling;
    Span at;
    Symbol **symbols; /* I3 */
    size_t symbol_count, symbol_capacity;
    Symbol **slots; /* the same by name: open addressing, a power of two */
    size_t slot_capacity;
    Directive *directives;
    int iteration_expressions; /* building: depth inside `in EXPRESSION` of a comprehension */
    bool is_iteration_target;  /* building: names met now are targets of a comprehension's for */
    bool is_nested;            /* a function is around it */
    bool is_generator, is_coroutine;
    bool has_varargs, has_varkeywords;
    bool is_inlined;              /* a comprehension without a frame of its own */
    bool mangles_only_parameters; /* type parameters of a class: only their own names are mangled */
    bool sees_class;              /* a type-parameter or alias scope directly in a class: class variables come first */
    bool needs_class_cell;        /* a class: something inside uses __class__ or super() */
    bool needs_class_dictionary;  /* a class: a scope that sees_class is inside */
};

/* Everything scope analysis needs to know and remember. */
typedef struct ScopeOptions {
    bool has_text_annotations; /* from __future__ import annotations */
    const char *stack_limit;   /* recursion ends where the C stack is below this address */
} ScopeOptions;

/* Builds and resolves all scopes of [module]; returns the outermost, NULL when a diagnostic tells why. Positions of diagnostics
 * quote no source line: the caller adds it. */
MUST_CHECK Scope *scope_analyze(Arena *arena, NameTable *names, Node *module, const ScopeOptions *options,
                                Diagnostics *diagnostics);

BORROWED Symbol *scope_find(const Scope *scope, Identifier name); /* NULL when not met there */
MUST_CHECK BORROWED Symbol *scope_add(Arena *arena, Scope *scope,
                                      Identifier name); /* finds or makes; NULL: no memory */
static inline bool scope_is_function(const Scope *scope) { return scope->kind >= SCOPE_FUNCTION; }
/* The scope whose frame holds the variables of [scope]: itself, or what an inlined comprehension is part of. */
BORROWED Scope *scope_host(Scope *scope);
/* The scope opened for the bound ([index] 0) or default (1) of a type parameter; [scope] is its type-parameter scope. */
BORROWED Scope *scope_of_type_variable(const Scope *scope, const Node *parameter, bool is_default);

/* __name in class C is _C__name. Returns [name] itself when nothing is to be done, NULL when memory is exhausted. */
MUST_CHECK Identifier scope_mangle(NameTable *names, Identifier private_class, Identifier name);
/* The same, as [scope] wants it. */
MUST_CHECK Identifier scope_mangle_in(NameTable *names, const Scope *scope, Identifier name);

/* For scope_resolve.c and scope_build.c. */
COLD void scope_error(Diagnostics *diagnostics, Span at, const char *format, ...) PRINTF_LIKE(3, 4);
MUST_CHECK bool scope_resolve(Arena *arena, NameTable *names, Scope *module, Diagnostics *diagnostics);

#endif
