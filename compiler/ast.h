/* ast.h - the syntax tree: what the parser builds, what scope analysis and code generation read.
 *
 * What        One struct Node for every kind of node, with a union that has one member per kind: node->BinOp.left.
 *             Kinds, fields and enums all come from ast.def.
 * How         Nodes live in an Arena and are never freed one by one. Every node has room for every kind, so a pass may
 *             turn a node into another kind where it stands (constant folding does).
 *             Identifiers are NFKC-normalised and interned in a NameTable: two names of one compilation are equal
 *             exactly when their pointers are.
 * Invariants  I1 node->kind names the union member that may be read.
 *             I2 lines count from 1, columns from 0 in bytes of the source as UTF-8; both are 0 in UNPLACED kinds.
 *             I3 a tree is as deep as its source; the parser has bounded that depth (see parser.h).
 * GIL         never needed.
 * Read next   ast.def, parser.h */
#ifndef TOY_COMPILER_AST_H
#define TOY_COMPILER_AST_H

#include "vm/base/buffer.h"
#include "vm/base/memory.h"
#include "vm/bytecode/code.h"

typedef struct Node Node;

/* A name, or another short string of the tree. UTF-8 (lone surrogates as three bytes); NULL = absent. */
typedef const CodeText *Identifier;

typedef enum NodeKind {
#define NODE(kind, group, placed, fields) NODE_##kind,
#include "compiler/ast.def"
    NODE_KIND_COUNT
} NodeKind;

typedef enum BoolOperator {
#define BOOL_OPERATOR(name, text) BOOL_##name,
#include "compiler/ast.def"
} BoolOperator;

typedef enum Operator {
#define BINARY_OPERATOR(name, text) OPERATOR_##name,
#include "compiler/ast.def"
} Operator;

typedef enum UnaryOperator {
#define UNARY_OPERATOR(name, text) UNARY_##name,
#include "compiler/ast.def"
} UnaryOperator;

typedef enum CmpOp {
#define COMPARE_OPERATOR(name, text) COMPARE_##name,
#include "compiler/ast.def"
} CmpOp;

typedef enum ExprContext {
#define CONTEXT(name) CONTEXT_##name,
#include "compiler/ast.def"
} ExprContext;

typedef struct NodeList { Node **items; size_t count; } NodeList;
typedef struct IdentifierList { Identifier *items; size_t count; } IdentifierList;
typedef struct CmpOpList { CmpOp *items; size_t count; } CmpOpList;

/* From the first byte of a piece of source to the byte after its last. */
typedef struct Span {
    int32_t lineno, col_offset, end_lineno, end_col_offset;  /* I2 */
} Span;

struct Node {
    NodeKind kind;
    Span at;
    struct Scope *scope;  /* of a node that opens one; NULL until scope analysis has run */
    union {               /* I1 */
#define NODE(kind, group, placed, fields) struct { fields } kind;
#define CHILD(group, name) Node *name;
#define OPTIONAL(group, name) Node *name;
#define CHILDREN(group, name) NodeList name;
#define IDENTIFIER(name) Identifier name;
#define OPTIONAL_IDENTIFIER(name) Identifier name;
#define IDENTIFIERS(name) IdentifierList name;
#define NUMBER(name) int name;
#define CONSTANT(name) Const name;
#define OPERATION(group, name) group name;
#define COMPARISONS(name) CmpOpList name;
#include "compiler/ast.def"
    };
};

const char *node_kind_name(NodeKind kind);                   /* "BinOp" */
bool node_kind_is_placed(NodeKind kind);
bool node_is_statement(const Node *node);
const char *operator_name(Operator op);                      /* "Add" */
const char *operator_text(Operator op);                      /* "+" */

/* A zeroed node of the arena; NULL when memory is exhausted. */
MUST_CHECK Node *node_new(Arena *arena, NodeKind kind, Span at);

/* Calls [visit] with the place of every child of [node], in field order, until it answers false. Absent children are
 * left out. The visitor may put another node in the place. Returns false when a visit did. */
typedef bool (*NodeVisitor)(Node **place, void *context);
bool node_visit_children(Node *node, NodeVisitor visit, void *context);

/* Names of one compilation, each stored once: that is what makes comparing pointers enough. */
typedef struct NameTable {
    Arena *arena;
    Identifier *slots;   /* open addressing; a power of two */
    size_t capacity, count;
} NameTable;

void name_table_init(NameTable *table, Arena *arena);
/* The one Identifier with these bytes; NULL when memory is exhausted. Does not normalise. */
MUST_CHECK Identifier name_intern(NameTable *table, const char *bytes, size_t length);
bool identifier_is(Identifier name, const char *text);       /* false for an absent name */

/* Text in the format of Python's ast.dump(); indent < 0: all on one line. */
typedef struct DumpStyle { bool has_attributes; int indent; } DumpStyle;
void ast_dump(Buffer *out, const Node *node, DumpStyle style);

#endif
