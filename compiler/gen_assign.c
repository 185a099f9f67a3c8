/* gen_assign.c - annotated and augmented assignment, unpacking.
 *
 * What        x: T = v, x += v, and targets that are lists: a, *b = v.
 * How         Augmented assignment evaluates the parts of its target once: they stay on the stack below the value, doubled before the
 *             load. An annotation is evaluated in modules and classes only, where it is stored in __annotations__ if the target is a
 *             plain name.
 * GIL         never needed.
 * Read next   gen_stmt.c, gen_expr.c */
#include "compiler/gen.h"

/* The number BINARY_OP gives each operator, in the order of ast.def. */
static const uint8_t binary_numbers[] = {
    [OPERATOR_Add] = BINARY_ADD,
    [OPERATOR_Sub] = BINARY_SUBTRACT,
    [OPERATOR_Mult] = BINARY_MULTIPLY,
    [OPERATOR_MatMult] = BINARY_MATRIX_MULTIPLY,
    [OPERATOR_Div] = BINARY_TRUE_DIVIDE,
    [OPERATOR_Mod] = BINARY_REMAINDER,
    [OPERATOR_Pow] = BINARY_POWER,
    [OPERATOR_LShift] = BINARY_LSHIFT,
    [OPERATOR_RShift] = BINARY_RSHIFT,
    [OPERATOR_BitOr] = BINARY_OR,
    [OPERATOR_BitXor] = BINARY_XOR,
    [OPERATOR_BitAnd] = BINARY_AND,
    [OPERATOR_FloorDiv] = BINARY_FLOOR_DIVIDE,
};

uint32_t gen_operator(Operator op, bool is_in_place)
{
    return binary_numbers[op] + (is_in_place ? BINARY_INPLACE_FIRST : 0u);
}

/* ---- x += v ---- */

static void augment_attribute(Gen *g, Node *target, Node *node, uint32_t operation)
{
    gen_expression(g, target->Attribute.value);
    emit(g, OP_COPY, 1, target->at);
    Span at = place_of_attribute(target->at, target);
    emit_attribute(g, OP_LOAD_ATTR, target->Attribute.attr, at);
    gen_expression(g, node->AugAssign.value);
    emit(g, OP_BINARY_OP, operation, node->at);
    emit(g, OP_SWAP, 2, at);
    emit_attribute(g, OP_STORE_ATTR, target->Attribute.attr, at);
}

static void augment_item(Gen *g, Node *target, Node *node, uint32_t operation)
{
    Span at = target->at;
    Node *slice = target->Subscript.slice;
    bool is_slice = is_two_part_slice(slice);
    uint32_t parts = is_slice ? 3 : 2;
    gen_expression(g, target->Subscript.value);
    if (is_slice)
        gen_slice_parts(g, slice);
    else
        gen_expression(g, slice);
    for (uint32_t i = 0; i < parts; i++) emit(g, OP_COPY, parts, at);
    emit(g, is_slice ? OP_BINARY_SLICE : OP_BINARY_SUBSCR, 0, at);
    gen_expression(g, node->AugAssign.value);
    emit(g, OP_BINARY_OP, operation, node->at);
    for (uint32_t i = parts + 1; i >= 2; i--) emit(g, OP_SWAP, i, at);
    emit(g, is_slice ? OP_STORE_SLICE : OP_STORE_SUBSCR, 0, at);
}

void gen_augmented_assignment(Gen *g, Node *node)
{
    Node *target = node->AugAssign.target;
    uint32_t operation = gen_operator(node->AugAssign.op, true);
    switch (target->kind) {
    case NODE_Attribute: augment_attribute(g, target, node, operation); break;
    case NODE_Subscript: augment_item(g, target, node, operation); break;
    default:
        gen_name(g, target->Name.id, CONTEXT_Load, target->at);
        gen_expression(g, node->AugAssign.value);
        emit(g, OP_BINARY_OP, operation, node->at);
        gen_name(g, target->Name.id, CONTEXT_Store, target->at);
    }
}

/* ---- x: T = v ---- */

static void evaluate_and_drop(Gen *g, Node *expression)
{
    if (!expression) return;
    gen_expression(g, expression);
    emit(g, OP_POP_TOP, 0, expression->at);
}

static void evaluate_subscript(Gen *g, Node *slice)
{
    if (slice->kind == NODE_Slice) {
        evaluate_and_drop(g, slice->Slice.lower);
        evaluate_and_drop(g, slice->Slice.upper);
        evaluate_and_drop(g, slice->Slice.step);
    } else if (slice->kind == NODE_Tuple) {
        for (size_t i = 0; i < slice->Tuple.elts.count && !gen_is_too_deep(g); i++)
            evaluate_subscript(g, slice->Tuple.elts.items[i]);
    } else {
        evaluate_and_drop(g, slice);
    }
}

/* A target without a value is not assigned, but its parts are evaluated. */
static void evaluate_bare_target(Gen *g, const Node *target)
{
    if (target->kind == NODE_Attribute) {
        evaluate_and_drop(g, target->Attribute.value);
    } else if (target->kind == NODE_Subscript) {
        evaluate_and_drop(g, target->Subscript.value);
        evaluate_subscript(g, target->Subscript.slice);
    }
}

void gen_annotated_assignment(Gen *g, Node *node)
{
    Node *target = node->AnnAssign.target, *annotation = node->AnnAssign.annotation;
    bool is_recorded = g->unit->kind == UNIT_MODULE || g->unit->kind == UNIT_CLASS;
    if (node->AnnAssign.value) {
        gen_expression(g, node->AnnAssign.value);
        gen_expression(g, target);
    }
    if (target->kind == NODE_Name) {
        gen_check_assignable(g, target->Name.id, CONTEXT_Store, node->at);
        if (node->AnnAssign.simple && is_recorded) {
            gen_annotation(g, annotation);
            gen_name(g, gen_identifier(g, "__annotations__"), CONTEXT_Load, node->at);
            Identifier mangled = gen_mangle(g, target->Name.id);
            if (mangled) emit_text(g, *mangled, node->at);
            emit(g, OP_STORE_SUBSCR, 0, node->at);
        }
    } else {
        if (target->kind == NODE_Attribute) gen_check_assignable(g, target->Attribute.attr, CONTEXT_Store, node->at);
        if (!node->AnnAssign.value) evaluate_bare_target(g, target);
    }
    if (!node->AnnAssign.simple && is_recorded && !g->has_text_annotations) evaluate_and_drop(g, annotation);
}

/* ---- a, *b = v ---- */

void gen_unpack(Gen *g, NodeList targets, Span at)
{
    size_t count = targets.count;
    bool has_star = false;
    for (size_t i = 0; i < count; i++) {
        if (targets.items[i]->kind != NODE_Starred) continue;
        if (has_star) {
            gen_error(g, at, "multiple starred expressions in assignment");
            return;
        }
        if (i >= 256 || count - i - 1 >= 1 << 16) {
            gen_error(g, at, "too many expressions in star-unpacking assignment");
            return;
        }
        emit(g, OP_UNPACK_EX, (uint32_t)(i + ((count - i - 1) << 8)), at);
        has_star = true;
    }
    if (!has_star) emit(g, OP_UNPACK_SEQUENCE, (uint32_t)count, at);
    for (size_t i = 0; i < count; i++) {
        Node *target = targets.items[i];
        gen_expression(g, target->kind == NODE_Starred ? target->Starred.value : target);
    }
}
