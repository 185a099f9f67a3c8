/* fold.c - what can be computed while compiling is computed: in the tree, before scopes and code.
 *
 * What        -1, 60 * 60 * 24, (1, 2, 3), x in {1, 2}, not a is b, __debug__; "%s" % (x,) is left to fold_format.c.
 * How         Children first; a node whose parts are all constants becomes a Constant where it stands. Only what cannot raise and
 *             stays small is folded: an int that would need more than two limbs is left to the machine.
 *             A list or set display that is only searched or looped over becomes a tuple or frozenset constant.
 * Invariants  I1 the result has the value and type the machine would have computed, and the place of the whole expression.
 * GIL         never needed.
 * Read next   scope_build.c */
#include <math.h>
#include <string.h>

#include "compiler/compile.h"

typedef __int128 Wide;

enum { LONGEST_REPEATED = 4096 }; /* bytes of "-" * 70; longer ones are made when they are needed */

typedef struct Folder {
    Arena *arena;
    const FoldOptions *options;
    Diagnostics *diagnostics;
} Folder;

static bool fold(Node **place, void *context);

static bool out_of_memory(Folder *f)
{
    diagnostics_out_of_memory(f->diagnostics);
    return false;
}

static void become_constant(Node *node, Const value)
{
    node->kind = NODE_Constant;
    memset(&node->Constant, 0, sizeof node->Constant);
    node->Constant.value = value;
}

static const Const *constant_of(const Node *node) { return node->kind == NODE_Constant ? &node->Constant.value : NULL; }

/* ---- integers ---- */

/* Within 63 bits, so that sums and products of two fit in 128. */
static bool small_int(const Const *value, Wide *number)
{
    if (value->kind != CONST_INT || value->integer.count > 1) return false;
    uint64_t limb = value->integer.count ? value->integer.limbs[0] : 0;
    if (limb >> 63) return false;
    *number = value->is_negative ? -(Wide)limb : (Wide)limb;
    return true;
}

static bool set_int(Folder *f, Node *node, Wide number)
{
    uint64_t *limbs = arena_alloc(f->arena, 2 * sizeof *limbs);
    if (!limbs) return out_of_memory(f);
    bool is_negative = number < 0;
    unsigned __int128 magnitude = is_negative ? -(unsigned __int128)number : (unsigned __int128)number;
    limbs[0] = (uint64_t)magnitude;
    limbs[1] = (uint64_t)(magnitude >> 64);
    become_constant(node, (Const){.kind = CONST_INT,
                                  .is_negative = is_negative,
                                  .integer = {limbs, limbs[1]   ? 2u
                                                     : limbs[0] ? 1u
                                                                : 0u}});
    return true;
}

static bool int_power(Wide base, Wide exponent, Wide *result)
{
    if (exponent < 0) return false;
    *result = 1;
    while (exponent-- > 0) {
        if (*result > (Wide)1 << 62 || *result < -((Wide)1 << 62)) return false;
        *result *= base;
        if (base == 0 || base == 1) return true;
        if (base == -1) {
            if (exponent % 2) *result = -*result;
            return true;
        }
    }
    return true;
}

static Wide floor_quotient(Wide left, Wide right)
{
    Wide quotient = left / right;
    return left % right && (left < 0) != (right < 0) ? quotient - 1 : quotient;
}

static bool fold_ints(Folder *f, Node *node, Operator op, Wide left, Wide right)
{
    Wide result;
    switch (op) {
    case OPERATOR_Add: result = left + right; break;
    case OPERATOR_Sub: result = left - right; break;
    case OPERATOR_Mult: result = left * right; break;
    case OPERATOR_FloorDiv:
        if (!right) return true;
        result = floor_quotient(left, right);
        break;
    case OPERATOR_Mod:
        if (!right) return true;
        result = left - floor_quotient(left, right) * right;
        break;
    case OPERATOR_Pow:
        if (!int_power(left, right, &result)) return true;
        break;
    case OPERATOR_LShift:
        if (right < 0 || right > 62) return true;
        result = left * ((Wide)1 << right);
        break;
    case OPERATOR_RShift:
        if (right < 0) return true;
        result = right > 126 ? (left < 0 ? -1 : 0) : left >> right;
        break;
    case OPERATOR_BitAnd: result = left & right; break;
    case OPERATOR_BitOr: result = left | right; break;
    case OPERATOR_BitXor: result = left ^ right; break;
    case OPERATOR_Div:
        if (!right || left > (Wide)1 << 53 || left < -((Wide)1 << 53) || right > (Wide)1 << 53 ||
            right < -((Wide)1 << 53))
            return true;
        become_constant(node, (Const){.kind = CONST_FLOAT, .real = (double)left / (double)right});
        return true;
    default: return true;
    }
    return set_int(f, node, result);
}

/* ---- floats and complex ---- */

static bool exact_double(const Const *value, double *number)
{
    Wide integer;
    if (value->kind == CONST_FLOAT) {
        *number = value->real;
        return true;
    }
    if (!small_int(value, &integer) || integer > (Wide)1 << 53 || integer < -((Wide)1 << 53)) return false;
    *number = (double)integer;
    return true;
}

static void fold_floats(Node *node, Operator op, double left, double right)
{
    double result;
    switch (op) {
    case OPERATOR_Add: result = left + right; break;
    case OPERATOR_Sub: result = left - right; break;
    case OPERATOR_Mult: result = left * right; break;
    case OPERATOR_Div:
        if (right == 0) return;
        result = left / right;
        break;
    default: return;
    }
    become_constant(node, (Const){.kind = CONST_FLOAT, .real = result});
}

/* real + imaginary j, the one form in which complex constants are written. */
static void fold_complex(Node *node, Operator op, double left, const Const *right)
{
    double sign = op == OPERATOR_Add ? 1 : -1;
    if (op != OPERATOR_Add && op != OPERATOR_Sub) return;
    become_constant(node, (Const){.kind = CONST_COMPLEX,
                                  .real = left + sign * right->real,
                                  .imaginary = op == OPERATOR_Add ? 0.0 + right->imaginary : 0.0 - right->imaginary});
}

/* ---- texts ---- */

static bool is_text(const Const *value) { return value->kind == CONST_TEXT || value->kind == CONST_BYTES; }

/* The bytes of [left], [times] over, then those of [right]. */
static bool set_text(Folder *f, Node *node, const Const *left, uint64_t times, const Const *right)
{
    size_t length = left->text.length * times + (right ? right->text.length : 0), filled = 0;
    ConstKind kind = left->kind;
    char *bytes = arena_alloc(f->arena, length + 1);
    if (!bytes) return out_of_memory(f);
    for (; times > 0; times--, filled += left->text.length) memcpy(bytes + filled, left->text.bytes, left->text.length);
    if (right) memcpy(bytes + filled, right->text.bytes, right->text.length);
    become_constant(node, (Const){.kind = kind, .text = {bytes, length}});
    return true;
}

static bool fold_texts(Folder *f, Node *node, const Const *left, const Const *right)
{
    Wide times;
    if (node->BinOp.op == OPERATOR_Add && left->kind == right->kind) return set_text(f, node, left, 1, right);
    if (node->BinOp.op == OPERATOR_Mult && small_int(right, &times) && times >= 0 && times <= LONGEST_REPEATED &&
        times * (Wide)left->text.length <= LONGEST_REPEATED)
        return set_text(f, node, left, (uint64_t)times, NULL);
    return true;
}

static bool fold_binary(Folder *f, Node *node)
{
    const Const *left = constant_of(node->BinOp.left), *right = constant_of(node->BinOp.right);
    if (left && left->kind == CONST_TEXT && node->BinOp.op == OPERATOR_Mod && node->BinOp.right->kind == NODE_Tuple)
        return fold_format(f->arena, node, f->diagnostics);
    Wide left_int, right_int;
    double left_float, right_float;
    if (!left || !right) return true;
    if (is_text(left)) return fold_texts(f, node, left, right);
    if (small_int(left, &left_int) && small_int(right, &right_int))
        return fold_ints(f, node, node->BinOp.op, left_int, right_int);
    if (!exact_double(left, &left_float)) return true;
    if (right->kind == CONST_COMPLEX)
        fold_complex(node, node->BinOp.op, left_float, right);
    else if (exact_double(right, &right_float))
        fold_floats(node, node->BinOp.op, left_float, right_float);
    return true;
}

/* ---- unary ---- */

/* not a is b  ->  a is not b, at the place of the comparison; the same for in. Other comparisons may answer anything. */
static void fold_not(Node *node)
{
    Node *operand = node->UnaryOp.operand;
    if (operand->kind == NODE_Constant) {
        become_constant(node, (Const){.kind = const_is_true(&operand->Constant.value) ? CONST_FALSE : CONST_TRUE});
        return;
    }
    if (operand->kind != NODE_Compare || operand->Compare.ops.count != 1) return;
    CmpOp *op = &operand->Compare.ops.items[0];
    switch (*op) {
    case COMPARE_Is: *op = COMPARE_IsNot; break;
    case COMPARE_IsNot: *op = COMPARE_Is; break;
    case COMPARE_In: *op = COMPARE_NotIn; break;
    case COMPARE_NotIn: *op = COMPARE_In; break;
    default: return;
    }
    *node = *operand;
}

static bool fold_unary(Folder *f, Node *node)
{
    if (node->UnaryOp.op == UNARY_Not) {
        fold_not(node);
        return true;
    }
    const Const *operand = constant_of(node->UnaryOp.operand);
    if (!operand) return true;
    Const value = *operand;
    Wide number;
    switch (node->UnaryOp.op) {
    case UNARY_USub:
        if (value.kind == CONST_INT)
            value.is_negative = value.integer.count && !value.is_negative;
        else if (value.kind == CONST_FLOAT || value.kind == CONST_COMPLEX)
            value.real = -value.real, value.imaginary = -value.imaginary;
        else
            return true;
        break;
    case UNARY_UAdd:
        if (value.kind != CONST_INT && value.kind != CONST_FLOAT && value.kind != CONST_COMPLEX) return true;
        break;
    default: return small_int(&value, &number) ? set_int(f, node, -number - 1) : true;
    }
    become_constant(node, value);
    return true;
}

/* ---- displays ---- */

static bool all_constant(NodeList elements)
{
    for (size_t i = 0; i < elements.count; i++)
        if (elements.items[i]->kind != NODE_Constant) return false;
    return true;
}

static bool become_row(Folder *f, Node *node, NodeList elements, ConstKind kind)
{
    Const *items = arena_alloc(f->arena, elements.count * sizeof *items + 1);
    if (!items) return out_of_memory(f);
    for (size_t i = 0; i < elements.count; i++) items[i] = elements.items[i]->Constant.value;
    become_constant(node, (Const){.kind = kind, .items = {items, elements.count}});
    return true;
}

/* A display that nobody can change or keep: after `in`, in a comparison or a loop. */
static bool fold_searched(Folder *f, Node *node)
{
    if (node->kind == NODE_Set)
        return !all_constant(node->Set.elts) || become_row(f, node, node->Set.elts, CONST_FROZENSET);
    if (node->kind != NODE_List) return true;
    NodeList elements = node->List.elts;
    if (all_constant(elements)) return become_row(f, node, elements, CONST_TUPLE);
    for (size_t i = 0; i < elements.count; i++)
        if (elements.items[i]->kind == NODE_Starred) return true;
    node->kind = NODE_Tuple;
    node->Tuple.elts = elements;
    node->Tuple.ctx = CONTEXT_Load;
    return true;
}

static bool fold_compare(Folder *f, Node *node)
{
    size_t last = node->Compare.ops.count - 1;
    CmpOp op = node->Compare.ops.items[last];
    return (op != COMPARE_In && op != COMPARE_NotIn) || fold_searched(f, node->Compare.comparators.items[last]);
}

/* ---- the walk ---- */

static bool fold_here(Folder *f, Node *node)
{
    switch (node->kind) {
    case NODE_Name:
        if (node->Name.ctx == CONTEXT_Load && identifier_is(node->Name.id, "__debug__"))
            become_constant(node, (Const){.kind = f->options->optimize ? CONST_FALSE : CONST_TRUE});
        return true;
    case NODE_BinOp: return fold_binary(f, node);
    case NODE_UnaryOp: return fold_unary(f, node);
    case NODE_Compare: return fold_compare(f, node);
    case NODE_Tuple:
        return node->Tuple.ctx != CONTEXT_Load || !all_constant(node->Tuple.elts) ||
               become_row(f, node, node->Tuple.elts, CONST_TUPLE);
    case NODE_For: return fold_searched(f, node->For.iter);
    case NODE_comprehension: return fold_searched(f, node->comprehension.iter);
    default: return true;
    }
}

static bool fold_optional(Folder *f, Node **place) { return !*place || fold(place, f); }

/* With annotations as text, those of arguments, results and targets are not touched. */
static bool fold_children(Folder *f, Node *node)
{
    /* What stands alone keeps its form: "a" + "b" at the head of a function is no docstring. */
    bool stands_alone = node->kind == NODE_Expr && node->Expr.value->kind == NODE_BinOp;
    if (stands_alone && !f->options->folds_statements) return fold_children(f, node->Expr.value);
    if (!f->options->has_text_annotations) return node_visit_children(node, fold, f);
    switch (node->kind) {
    case NODE_arg: return true;
    case NODE_AnnAssign: return fold(&node->AnnAssign.target, f) && fold_optional(f, &node->AnnAssign.value);
    case NODE_FunctionDef:
    case NODE_AsyncFunctionDef: {
        Node **returns = node->kind == NODE_FunctionDef ? &node->FunctionDef.returns : &node->AsyncFunctionDef.returns;
        Node *kept = *returns;
        *returns = NULL;
        bool passed = node_visit_children(node, fold, f);
        *returns = kept;
        return passed;
    }
    default: return node_visit_children(node, fold, f);
    }
}

static bool fold(Node **place, void *context)
{
    Folder *f = context;
    if ((const char *)__builtin_frame_address(0) < f->options->stack_limit) {
        diagnostic_add(f->diagnostics, DIAGNOSTIC_RECURSION_ERROR, NULL,
                       "maximum recursion depth exceeded during compilation");
        return false;
    }
    return fold_children(f, *place) && fold_here(f, *place);
}

bool fold_tree(Arena *arena, Node *module, const FoldOptions *options, Diagnostics *diagnostics)
{
    Folder folder = {arena, options, diagnostics};
    return node_visit_children(module, fold, &folder);
}
