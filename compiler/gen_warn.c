/* gen_warn.c - what is legal but surely a mistake.
 *
 * What        The SyntaxWarnings of code generation: `x is 1`, "a" "b"(c), [1](2), "text"["key"].
 * How         The type of an expression is guessed from its kind alone; where nothing can be said, nothing is warned about.
 * GIL         never needed.
 * Read next   gen_expr.c, gen_call.c */
#include "compiler/gen.h"

static const char *constant_type(const Const *value)
{
    switch (value->kind) {
    case CONST_NONE: return "NoneType";
    case CONST_TRUE:
    case CONST_FALSE: return "bool";
    case CONST_ELLIPSIS: return "ellipsis";
    case CONST_INT: return "int";
    case CONST_FLOAT: return "float";
    case CONST_COMPLEX: return "complex";
    case CONST_TEXT: return "str";
    case CONST_BYTES: return "bytes";
    case CONST_TUPLE: return "tuple";
    case CONST_FROZENSET: return "frozenset";
    case CONST_CODE: return "code";
    }
    return "";
}

static const char *type_of(const Node *node)
{
    switch (node->kind) {
    case NODE_Tuple: return "tuple";
    case NODE_List:
    case NODE_ListComp: return "list";
    case NODE_Dict:
    case NODE_DictComp: return "dict";
    case NODE_Set:
    case NODE_SetComp: return "set";
    case NODE_GeneratorExp: return "generator";
    case NODE_Lambda: return "function";
    case NODE_JoinedStr:
    case NODE_FormattedValue: return "str";
    case NODE_Constant: return constant_type(&node->Constant.value);
    default: return NULL;
    }
}

static bool is_identity_literal(const Node *node)
{
    if (node->kind != NODE_Constant) return true;
    ConstKind kind = node->Constant.value.kind;
    return kind == CONST_NONE || kind == CONST_TRUE || kind == CONST_FALSE || kind == CONST_ELLIPSIS;
}

void warn_about_compare(Gen *g, const Node *node)
{
    const Node *left = node->Compare.left;
    bool left_is_fine = is_identity_literal(left);
    for (size_t i = 0; i < node->Compare.ops.count; i++) {
        CmpOp op = node->Compare.ops.items[i];
        const Node *right = node->Compare.comparators.items[i];
        bool right_is_fine = is_identity_literal(right);
        if ((op == COMPARE_Is || op == COMPARE_IsNot) && !(left_is_fine && right_is_fine)) {
            const Node *literal = left_is_fine ? right : left;
            if (op == COMPARE_Is)
                gen_warn(g, node->at, "\"is\" with '%s' literal. Did you mean \"==\"?",
                         constant_type(&literal->Constant.value));
            else
                gen_warn(g, node->at, "\"is not\" with '%s' literal. Did you mean \"!=\"?",
                         constant_type(&literal->Constant.value));
            return;
        }
        left = right;
        left_is_fine = right_is_fine;
    }
}

void warn_about_call(Gen *g, const Node *callee)
{
    if (callee->kind == NODE_Lambda) return;
    const char *type = type_of(callee);
    if (type) gen_warn(g, callee->at, "'%s' object is not callable; perhaps you missed a comma?", type);
}

void warn_about_subscript(Gen *g, const Node *value)
{
    switch (value->kind) {
    case NODE_Constant:
        switch (value->Constant.value.kind) {
        case CONST_TEXT:
        case CONST_BYTES:
        case CONST_TUPLE: return;
        default: break;
        }
        break;
    case NODE_Set:
    case NODE_SetComp:
    case NODE_GeneratorExp:
    case NODE_Lambda: break;
    default: return;
    }
    gen_warn(g, value->at, "'%s' object is not subscriptable; perhaps you missed a comma?", type_of(value));
}

void warn_about_index(Gen *g, const Node *value, const Node *index)
{
    const char *type = type_of(index);
    if (!type || index->kind == NODE_Slice) return;
    if (index->kind == NODE_Constant) {
        ConstKind kind = index->Constant.value.kind;
        if (kind == CONST_INT || kind == CONST_TRUE || kind == CONST_FALSE) return;
    }
    switch (value->kind) {
    case NODE_Constant: {
        ConstKind kind = value->Constant.value.kind;
        if (kind != CONST_TEXT && kind != CONST_BYTES && kind != CONST_TUPLE) return;
        break;
    }
    case NODE_Tuple:
    case NODE_List:
    case NODE_ListComp:
    case NODE_JoinedStr:
    case NODE_FormattedValue: break;
    default: return;
    }
    gen_warn(g, value->at, "%s indices must be integers or slices, not %s; perhaps you missed a comma?", type_of(value),
             type);
}
