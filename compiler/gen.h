/* gen.h - the generator: syntax tree with scopes in, drafted instructions out.
 *
 * What        What the files gen_*.c share: the state of one compilation (Gen), of one code unit under construction (GenUnit), the
 *             blocks that return, break and continue must leave in order (FrameBlock), and the functions that emit.
 * How         One function per kind of statement or expression, in the file of its family. Each emits the code that runs the
 *             statement, or leaves the expression's value on the stack.
 *             Failure is sticky: after the first error (reported in diagnostics) every emit does nothing, and gen_expression
 *             and gen_statement return at once. So the code here reads as what is generated, without a test per line.
 * Invariants  I1 g->has_failed exactly when diagnostics has an error or is out of memory.
 *             I2 every instruction is emitted with the place CPython gives it: tracebacks underline it.
 *             I3 NO_PLACE means "as what ran before": see assemble.h.
 * GIL         never needed.
 * Read next   gen_unit.c, gen_name.c, gen_stmt.c, gen_expr.c */
#ifndef TOY_COMPILER_GEN_H
#define TOY_COMPILER_GEN_H

#include "compiler/assemble.h"
#include "compiler/compile.h"
#include "compiler/scope.h"

#define NO_PLACE ((Span){0, 0, 0, 0})

/* Values pushed at once by a call or a display; longer ones are built step by step. CPython's figure. */
enum { STACK_USE_GUIDELINE = 30, MOST_FRAME_BLOCKS = 21 };

typedef enum FrameBlockKind {
    BLOCK_WHILE, /* nothing on the stack */
    BLOCK_FOR,   /* the iterator */
    BLOCK_ASYNC_FOR,
    BLOCK_TRY,             /* body of try .. except */
    BLOCK_FINALLY,         /* body of try .. finally: leaving it runs a copy of the finally body */
    BLOCK_FINALLY_HANDLER, /* the finally body that runs for an exception */
    BLOCK_WITH,
    BLOCK_ASYNC_WITH,
    BLOCK_HANDLER,        /* an except clause's body */
    BLOCK_HANDLERS,       /* all except clauses */
    BLOCK_GROUP_HANDLERS, /* all except* clauses */
    BLOCK_VALUE,          /* a value that return carries through a finally body */
} FrameBlockKind;

typedef struct FrameBlock {
    struct FrameBlock *outer;
    FrameBlockKind kind;
    Label start, exit; /* of loops: where continue and break go */
    Node *node;        /* BLOCK_FINALLY: the try statement; BLOCK_WITH: the with item's expression */
    NodeList finally_body;
    Identifier name; /* BLOCK_HANDLER: the `as` name or NULL */
} FrameBlock;

/* A comprehension being generated inside its host's code. */
typedef struct InlinedComprehension {
    struct InlinedComprehension *outer;
    Scope *scope;
} InlinedComprehension;

/* See slot_name in gen_comprehension.c. */
typedef struct OwnSlot {
    struct OwnSlot *next;
    Identifier name;
    CodeText copy; /* its address is the Identifier of the slot */
    bool is_cell;
} OwnSlot;

/* A row of identifiers, each once, with its number. */
typedef struct NameRow {
    Identifier *items;
    uint32_t count;
    size_t capacity;
    uint32_t *slots; /* open addressing: number + 1 */
    uint32_t slot_capacity;
} NameRow;

typedef struct ConstRow {
    Const *items;
    uint32_t count;
    size_t capacity;
    uint32_t *slots;
    uint32_t slot_capacity;
} ConstRow;

typedef enum UnitKind {
    UNIT_MODULE,
    UNIT_CLASS,
    UNIT_FUNCTION,
    UNIT_ASYNC_FUNCTION,
    UNIT_LAMBDA,
    UNIT_COMPREHENSION,
    UNIT_ANNOTATIONS, /* type parameters, aliases, bounds */
} UnitKind;

typedef struct GenUnit {
    struct GenUnit *outer;
    UnitKind kind;
    Scope *scope;
    Identifier name, qualified_name;
    int32_t first_line;
    uint32_t argument_count, positional_only_count, keyword_only_count;
    DraftCode code;
    NameRow names, locals, cells, free; /* locals: arguments first, then in order of first use */
    ConstRow constants;
    uint32_t kept_constants; /* 1: the first constant is the docstring, or None */
    Handler *handler;        /* innermost active one */
    Label stop_iteration;    /* the handler around the whole body of a generator or coroutine */
    bool is_resumable;       /* a generator or coroutine */
    FrameBlock *blocks;      /* innermost first */
    uint32_t block_count;
    InlinedComprehension *inlined;
    OwnSlot *own_slots;
    NameRow static_attributes; /* of a class: names assigned through self */
} GenUnit;

typedef struct Gen {
    Memory *memory;
    Arena *arena; /* everything but the finished units */
    NameTable *names;
    const CompileOptions *options;
    Diagnostics *diagnostics;
    GenUnit *unit; /* innermost */
    const char *stack_limit;
    CodeUnit **finished; /* all units made so far, so that a failure can free them */
    size_t finished_count, finished_capacity;
    bool has_failed; /* I1 */
    bool is_interactive;
    bool has_text_annotations;
} Gen;

/* ---- gen_unit.c: units, emitting, tables ---- */
void gen_out_of_memory(Gen *g);
/* Room for more in an array in the arena, which has become full; false: no memory. What is outgrown stays until the compilation ends. */
MUST_CHECK bool gen_grow(Gen *g, void **items, size_t count, size_t *capacity, size_t size);
COLD void gen_error(Gen *g, Span at, const char *format, ...) PRINTF_LIKE(3, 4);
void gen_warn(Gen *g, Span at, const char *format, ...) PRINTF_LIKE(3, 4);
bool gen_is_too_deep(Gen *g);                        /* reports it */
Identifier gen_identifier(Gen *g, const char *text); /* never NULL unless g has failed */
Identifier gen_mangle(Gen *g, Identifier name);

void unit_enter(Gen *g, GenUnit *unit, UnitKind kind, Scope *scope, Identifier name, int32_t first_line);
/* Emits how the unit starts, once its arguments are local slots. */
void unit_begin(Gen *g);
/* Ends the innermost unit and returns its code, owned by gen's list until it is a constant of another; NULL on failure. */
CodeUnit *unit_leave(Gen *g, bool returns_none);

Label label_new(Gen *g);
void label_place(Gen *g, Label label);
void emit(Gen *g, Opcode opcode, uint32_t operand, Span at);
void emit_jump(Gen *g, unsigned opcode, Label label, Span at);
void emit_name(Gen *g, Opcode opcode, Identifier name, Span at);      /* [name] as it is */
void emit_attribute(Gen *g, Opcode opcode, Identifier name, Span at); /* mangled */
void emit_const(Gen *g, const Const *value, Span at);
void emit_none(Gen *g, Span at);
void emit_int(Gen *g, uint64_t value, Span at);
void emit_text(Gen *g, CodeText text, Span at);
/* From here on a raise goes to [label]. SETUP_CLEANUP: with the offset of what raised. SETUP_BELOW: that, and without what is on top of
 * the stack now: the value that __enter__ returned, or the exception being handled. */
typedef enum SetupKind { SETUP_FINALLY, SETUP_CLEANUP, SETUP_BELOW } SetupKind;
void emit_setup(Gen *g, SetupKind kind, Label label, Span at);
void emit_pop_block(Gen *g, Span at); /* ends the innermost handler */
uint32_t unit_constant(Gen *g, const Const *value);
uint32_t name_row_add(Gen *g, NameRow *row, Identifier name);
int64_t name_row_find(const NameRow *row, Identifier name); /* -1: not there */

void block_push(Gen *g, FrameBlock *block, FrameBlockKind kind, Label start, Label exit, Span at);
void block_pop(Gen *g);

Const const_none(void);
Const const_text(CodeText text);
Const const_tuple(Gen *g, const Const *items, size_t count); /* copies the items */
bool const_equals(const Const *left, const Const *right);    /* same type, same value, same sign of zero */

/* ---- gen_name.c: variables ---- */
void gen_name(Gen *g, Identifier name, ExprContext context, Span at);
uint32_t local_slot(Gen *g, Identifier name);   /* of a name known to be a local or a hidden one */
uint32_t closure_slot(Gen *g, Identifier name); /* of a cell or free variable of the unit */
uint32_t free_slot(Gen *g, Identifier name);    /* of the free one, if there are both: __class__ read in the body of a class that keeps its own */
/* The name under which tables of the unit know the slot of variable [name]: its own, but for some variables of comprehensions. */
Identifier slot_name_of(const GenUnit *unit, Identifier name);
void gen_check_assignable(Gen *g, Identifier name, ExprContext context, Span at); /* __debug__ */
/* Is [symbol], of a comprehension, one of the comprehension's own variables? A walrus inside it assigns outside. */
static inline bool symbol_is_own(const Symbol *symbol)
{
    return symbol->flags & SYMBOL_LOCAL && !(symbol->flags & (SYMBOL_NONLOCAL | SYMBOL_GLOBAL));
}

/* ---- gen_stmt.c, gen_assign.c, gen_loop.c, gen_leave.c, gen_try.c, gen_with.c, gen_import.c, gen_match.c ---- */
void gen_statement(Gen *g, Node *node);
void gen_statements(Gen *g, NodeList body);
void gen_module(Gen *g, Node *module, Scope *scope);
void gen_body(Gen *g, NodeList body, Span at); /* of a module or class: docstring, annotations */
void gen_for(Gen *g, Node *node);
void gen_async_for(Gen *g, Node *node);
void gen_while(Gen *g, Node *node);
void gen_break(Gen *g, Node *node);
void gen_continue(Gen *g, Node *node);
void gen_return(Gen *g, Node *node);
void gen_try(Gen *g, Node *node);
void gen_try_star(Gen *g, Node *node);
void gen_with(Gen *g, Node *node, bool is_async);
void gen_import(Gen *g, Node *node);
void gen_import_from(Gen *g, Node *node);
void gen_match(Gen *g, Node *node);
void gen_annotated_assignment(Gen *g, Node *node);
void gen_augmented_assignment(Gen *g, Node *node);
uint32_t gen_operator(Operator op, bool is_in_place); /* its number for BINARY_OP */
void gen_call_exit(Gen *g, Span at); /* __exit__ on the stack -> the result of __exit__(None, None, None) */
void gen_unbind(Gen *g, Identifier name, Span at); /* name = None; del name */

/* ---- gen_function.c, gen_class.c, gen_type.c ---- */
void gen_function(Gen *g, Node *node, bool is_async);
void gen_lambda(Gen *g, Node *node);
void gen_class(Gen *g, Node *node);
void gen_type_alias(Gen *g, Node *node);
void gen_type_parameters(Gen *g, NodeList parameters, Span at);
/* Makes a function of finished [code]; [free]: its free variables; [attributes]: which of defaults (1), keyword defaults (2) and
 * annotations (4) lie on the stack. */
void gen_make_function(Gen *g, CodeUnit *code, const NameRow *free, unsigned attributes, Span at);
void gen_decorators(Gen *g, NodeList decorators);
void gen_apply_decorators(Gen *g, NodeList decorators);
bool docstring_of(NodeList body, CodeText *text);
CodeText docstring_clean(Gen *g, CodeText text);
/* The text of an annotation, for from __future__ import annotations. */
void gen_annotation(Gen *g, Node *annotation);

/* ---- gen_expr.c, gen_call.c, gen_display.c, gen_comprehension.c ---- */
void gen_expression(Gen *g, Node *node);
void gen_jump_if(Gen *g, Node *node, Label target, bool condition, Span at);
void gen_call(Gen *g, Node *node);
void gen_call_arguments(Gen *g, uint32_t pushed, NodeList arguments, NodeList keywords, Span at);
void gen_super_attribute(Gen *g, Node *node);
bool is_short_super(const Gen *g, const Node *attribute);
void gen_list(Gen *g, Node *node);
void gen_set(Gen *g, Node *node);
void gen_tuple(Gen *g, Node *node);
void gen_dict(Gen *g, Node *node);
void gen_row(Gen *g, NodeList elements, Span at);
void gen_joined_string(Gen *g, Node *node);
void gen_formatted_value(Gen *g, Node *node);
/* Pushes the elements as a list or tuple of [pushed] values that are on the stack already and these. */
void gen_star_elements(Gen *g, NodeList elements, uint32_t pushed, Opcode build, Opcode add, Opcode extend,
                       bool is_tuple, Span at);
void gen_unpack(Gen *g, NodeList targets, Span at);
void gen_subscript(Gen *g, Node *node);
bool is_two_part_slice(const Node *slice);
void gen_slice_parts(Gen *g, Node *slice);
void gen_comprehension(Gen *g, Node *node);
void gen_await(Gen *g, uint32_t from, Span at);          /* awaitable on the stack -> its result */
void gen_yield_from(Gen *g, bool is_await, Span at);     /* iterator, None on the stack -> the result */
Span place_of_attribute(Span at, const Node *attribute); /* a call in a chain over lines is at its own name */

/* ---- gen_warn.c: what is legal but surely wrong ---- */
void warn_about_compare(Gen *g, const Node *node);
void warn_about_call(Gen *g, const Node *callee);
void warn_about_subscript(Gen *g, const Node *value);
void warn_about_index(Gen *g, const Node *value, const Node *index);

/* ---- unparse.c ---- */
void unparse(Buffer *out, const Node *expression);

#endif
