/* ast_objects.h - syntax trees as objects of the module _ast, and back.
 * What        The hooks is_tree, parse and compile_tree of compile().   How  ast_objects.c (to objects), ast_read.c (back)
 * GIL         held.   Read next  ast_objects.c */
#ifndef TOY_CLI_AST_OBJECTS_H
#define TOY_CLI_AST_OBJECTS_H

#include "compiler/ast.h"
#include "vm/object/context.h"

/* The classes of _ast: one for each kind of node, one instance for each operator and context. */
typedef struct AstClasses {
    Value module_dict;                    /* of _ast, owned */
    Value kinds[NODE_KIND_COUNT];         /* BORROWED from it */
} AstClasses;
MUST_CHECK bool ast_classes_init(Thread *t, AstClasses *classes);       /* imports _ast */
void ast_classes_free(AstClasses *classes);

/* Names of operators as the enums number them. */
const char *ast_name_of_BoolOperator(BoolOperator op);
const char *ast_name_of_Operator(Operator op);
const char *ast_name_of_UnaryOperator(UnaryOperator op);
const char *ast_name_of_CmpOp(CmpOp op);
const char *ast_name_of_ExprContext(ExprContext ctx);

MUST_CHECK Value ast_to_objects(Thread *t, const Node *tree);           /* owned */
MUST_CHECK bool ast_is_tree(Thread *t, Value v, bool *answer);
/* The tree of an object that must be a [kind] (Module, Expression, Interactive), checked as the parser's own would never need to be. */
MUST_CHECK Node *ast_from_objects(Thread *t, Arena *arena, NameTable *names, Value tree, NodeKind kind);

/* ast_check.c: what the grammar cannot say about the fields of one node. False: raised. */
MUST_CHECK bool ast_check_node(Thread *t, const Node *node);

#endif
