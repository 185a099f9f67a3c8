/* gen_expr.c - expressions: the switch over all kinds, operators, conditions, attributes, subscripts.
 *
 * What        gen_expression leaves the value of an expression on the stack, or stores into it, or deletes it, as its context says.
 *             gen_jump_if tests an expression without making a bool where none is needed.
 * How         Operands left to right, then the instruction, at the place of the whole expression: that is what a traceback underlines.
 * GIL         never needed.
 * Read next   gen_call.c, gen_display.c, gen_comprehension.c, gen_name.c */
#include "compiler/gen.h"
#include "vm/base/codec.h"

/* ---- comparison ---- */

static void emit_compare(Gen *g, CmpOp op, Span at)
{
    switch (op) {
    case COMPARE_Lt: emit(g, OP_COMPARE_OP, 0, at); break;
    case COMPARE_LtE: emit(g, OP_COMPARE_OP, 1, at); break;
    case COMPARE_Eq: emit(g, OP_COMPARE_OP, 2, at); break;
    case COMPARE_NotEq: emit(g, OP_COMPARE_OP, 3, at); break;
    case COMPARE_Gt: emit(g, OP_COMPARE_OP, 4, at); break;
    case COMPARE_GtE: emit(g, OP_COMPARE_OP, 5, at); break;
    case COMPARE_Is: emit(g, OP_IS_OP, 0, at); break;
    case COMPARE_IsNot: emit(g, OP_IS_OP, 1, at); break;
    case COMPARE_In: emit(g, OP_CONTAINS_OP, 0, at); break;
    case COMPARE_NotIn: emit(g, OP_CONTAINS_OP, 1, at); break;
    }
}

/* a < b < c: b is evaluated once. Emits all comparisons but the last; a false one jumps to [failed] with [jump]. */
static void chain(Gen *g, Node *node, unsigned jump, Label failed)
{
    size_t last = node->Compare.comparators.count - 1;
    gen_expression(g, node->Compare.left);
    for (size_t i = 0; i < last; i++) {
        gen_expression(g, node->Compare.comparators.items[i]);
        emit(g, OP_SWAP, 2, node->at);
        emit(g, OP_COPY, 2, node->at);
        emit_compare(g, node->Compare.ops.items[i], node->at);
        emit_jump(g, jump, failed, node->at);
    }
    gen_expression(g, node->Compare.comparators.items[last]);
    emit_compare(g, node->Compare.ops.items[last], node->at);
}

static void gen_compare(Gen *g, Node *node)
{
    warn_about_compare(g, node);
    Label failed = label_new(g), end = label_new(g);
    chain(g, node, OP_JUMP_IF_FALSE_OR_POP, failed);
    if (node->Compare.ops.count > 1) {
        emit_jump(g, PSEUDO_JUMP, end, NO_PLACE);
        label_place(g, failed);
        emit(g, OP_SWAP, 2, node->at);
        emit(g, OP_POP_TOP, 0, node->at);
    } else {
        label_place(g, failed);
    }
    label_place(g, end);
}

/* ---- conditions ---- */

static void jump_if_chain(Gen *g, Node *node, Label target, bool condition)
{
    warn_about_compare(g, node);
    Label failed = label_new(g), end = label_new(g);
    chain(g, node, OP_POP_JUMP_IF_FALSE, failed);
    emit_jump(g, condition ? OP_POP_JUMP_IF_TRUE : OP_POP_JUMP_IF_FALSE, target, node->at);
    emit_jump(g, PSEUDO_JUMP, end, NO_PLACE);
    label_place(g, failed);
    emit(g, OP_POP_TOP, 0, node->at);
    if (!condition) emit_jump(g, PSEUDO_JUMP, target, NO_PLACE);
    label_place(g, end);
}

static void jump_if_bool(Gen *g, Node *node, Label target, bool condition, Span at)
{
    NodeList values = node->BoolOp.values;
    bool decides = node->BoolOp.op == BOOL_Or; /* the truth that ends the evaluation early */
    Label end = label_new(g);
    for (size_t i = 0; i + 1 < values.count; i++)
        gen_jump_if(g, values.items[i], decides == condition ? target : end, decides, at);
    gen_jump_if(g, values.items[values.count - 1], target, condition, at);
    label_place(g, end);
}

static bool is_none(const Node *node) { return node->kind == NODE_Constant && node->Constant.value.kind == CONST_NONE; }

/* `x is None` needs no bool and no second operand. */
static bool jump_if_none(Gen *g, Node *node, Label target, bool condition)
{
    CmpOp op = node->Compare.ops.items[0];
    if ((op != COMPARE_Is && op != COMPARE_IsNot) || !is_none(node->Compare.comparators.items[0])) return false;
    warn_about_compare(g, node);
    gen_expression(g, node->Compare.left);
    emit_jump(g, (op == COMPARE_Is) == condition ? OP_POP_JUMP_IF_NONE : OP_POP_JUMP_IF_NOT_NONE, target, node->at);
    return true;
}

void gen_jump_if(Gen *g, Node *node, Label target, bool condition, Span at)
{
    if (g->has_failed || gen_is_too_deep(g)) return;
    switch (node->kind) {
    case NODE_UnaryOp:
        if (node->UnaryOp.op != UNARY_Not) break;
        gen_jump_if(g, node->UnaryOp.operand, target, !condition, at);
        return;
    case NODE_BoolOp: jump_if_bool(g, node, target, condition, at); return;
    case NODE_IfExp: {
        Label next = label_new(g), end = label_new(g);
        gen_jump_if(g, node->IfExp.test, next, false, at);
        gen_jump_if(g, node->IfExp.body, target, condition, at);
        emit_jump(g, PSEUDO_JUMP, end, NO_PLACE);
        label_place(g, next);
        gen_jump_if(g, node->IfExp.orelse, target, condition, at);
        label_place(g, end);
        return;
    }
    case NODE_Compare:
        if (node->Compare.ops.count > 1) {
            jump_if_chain(g, node, target, condition);
            return;
        }
        if (jump_if_none(g, node, target, condition)) return;
        break;
    case NODE_Constant:
        emit(g, OP_NOP, 0, node->at);
        if (const_is_true(&node->Constant.value) == condition) emit_jump(g, PSEUDO_JUMP, target, node->at);
        return;
    default: break;
    }
    gen_expression(g, node);
    emit_jump(g, condition ? OP_POP_JUMP_IF_TRUE : OP_POP_JUMP_IF_FALSE, target, node->at);
}

static void gen_bool(Gen *g, Node *node)
{
    NodeList values = node->BoolOp.values;
    Label end = label_new(g);
    unsigned jump = node->BoolOp.op == BOOL_And ? OP_JUMP_IF_FALSE_OR_POP : OP_JUMP_IF_TRUE_OR_POP;
    for (size_t i = 0; i + 1 < values.count; i++) {
        gen_expression(g, values.items[i]);
        emit_jump(g, jump, end, node->at);
    }
    gen_expression(g, values.items[values.count - 1]);
    label_place(g, end);
}

static void gen_conditional(Gen *g, Node *node)
{
    Label next = label_new(g), end = label_new(g);
    gen_jump_if(g, node->IfExp.test, next, false, node->at);
    gen_expression(g, node->IfExp.body);
    emit_jump(g, PSEUDO_JUMP, end, NO_PLACE);
    label_place(g, next);
    gen_expression(g, node->IfExp.orelse);
    label_place(g, end);
}

static void gen_unary(Gen *g, Node *node)
{
    static const Opcode opcodes[] = {[UNARY_Invert] = OP_UNARY_INVERT,
                                     [UNARY_Not] = OP_UNARY_NOT,
                                     [UNARY_UAdd] = OP_UNARY_POSITIVE,
                                     [UNARY_USub] = OP_UNARY_NEGATIVE};
    Node *operand = node->UnaryOp.operand;
    /* A traceback underlines `not a < b` as a whole when the comparison fails. */
    if (node->UnaryOp.op == UNARY_Not && operand->kind == NODE_Compare && operand->Compare.ops.count == 1)
        operand->at = node->at;
    gen_expression(g, operand);
    emit(g, opcodes[node->UnaryOp.op], 0, node->at);
}

/* ---- waiting ---- */

void gen_yield_from(Gen *g, bool is_await, Span at)
{
    Label send = label_new(g), fail = label_new(g), exit = label_new(g);
    label_place(g, send);
    emit_jump(g, OP_SEND, exit, at);
    emit_setup(g, SETUP_FINALLY, fail, at); /* a throw() or close() arrives at the yield */
    emit(g, OP_YIELD_VALUE, 0, at);
    emit_pop_block(g, NO_PLACE);
    emit(g, OP_RESUME, is_await ? 3 : 2, at);
    emit_jump(g, PSEUDO_JUMP_NO_INTERRUPT, send, at);
    label_place(g, fail);
    emit(g, OP_CLEANUP_THROW, 0, at);
    label_place(g, exit);
    emit(g, OP_END_SEND, 0, at);
}

void gen_await(Gen *g, uint32_t from, Span at)
{
    emit(g, OP_GET_AWAITABLE, from, at);
    emit_none(g, at);
    gen_yield_from(g, true, at);
}

static void gen_await_expression(Gen *g, Node *node)
{
    UnitKind kind = g->unit->kind;
    if (!(g->options->allows_top_level_await && kind == UNIT_MODULE)) {
        if (!scope_is_function(g->unit->scope)) {
            gen_error(g, node->at, "'await' outside function");
            return;
        }
        if (kind != UNIT_ASYNC_FUNCTION && kind != UNIT_COMPREHENSION) {
            gen_error(g, node->at, "'await' outside async function");
            return;
        }
    }
    gen_expression(g, node->Await.value);
    gen_await(g, 0, node->at);
}

static void gen_yield(Gen *g, Node *node)
{
    if (!scope_is_function(g->unit->scope)) {
        gen_error(g, node->at, "'yield' outside function");
        return;
    }
    if (node->Yield.value)
        gen_expression(g, node->Yield.value);
    else
        emit_none(g, node->at);
    if (g->unit->scope->is_coroutine) emit(g, OP_CALL_INTRINSIC_1, INTRINSIC_ASYNC_GEN_WRAP, node->at);
    emit(g, OP_YIELD_VALUE, 0, node->at);
    emit(g, OP_RESUME, 1, node->at);
}

static void gen_yield_from_expression(Gen *g, Node *node)
{
    if (!scope_is_function(g->unit->scope)) {
        gen_error(g, node->at, "'yield from' outside function");
        return;
    }
    if (g->unit->kind == UNIT_ASYNC_FUNCTION) {
        gen_error(g, node->at, "'yield from' inside async function");
        return;
    }
    gen_expression(g, node->YieldFrom.value);
    emit(g, OP_GET_YIELD_FROM_ITER, 0, node->at);
    emit_none(g, node->at);
    gen_yield_from(g, false, node->at);
}

/* ---- attributes and subscripts ---- */

/* In a chain of calls over several lines, each attribute belongs to the line its own name stands on. */
Span place_of_attribute(Span at, const Node *attribute)
{
    if (at.lineno == attribute->at.end_lineno) return at;
    Identifier name = attribute->Attribute.attr;
    int32_t length = (int32_t)utf8_count(name->bytes, name->length);
    at.lineno = attribute->at.end_lineno;
    if (length <= attribute->at.end_col_offset)
        at.col_offset = attribute->at.end_col_offset - length;
    else
        at.col_offset = at.end_col_offset = 0;
    if (at.end_lineno < at.lineno) at.end_lineno = at.lineno;
    if (at.end_lineno == at.lineno && at.end_col_offset < at.col_offset) at.end_col_offset = at.col_offset;
    return at;
}

static void gen_attribute(Gen *g, Node *node)
{
    static const Opcode opcodes[] = {OP_LOAD_ATTR, OP_STORE_ATTR, OP_DELETE_ATTR};
    ExprContext context = node->Attribute.ctx;
    if (context == CONTEXT_Load && is_short_super(g, node)) {
        gen_super_attribute(g, node);
        return;
    }
    gen_expression(g, node->Attribute.value);
    if (context == CONTEXT_Store) gen_check_assignable(g, node->Attribute.attr, context, node->at);
    if (context == CONTEXT_Store && node->Attribute.value->kind == NODE_Name &&
        identifier_is(node->Attribute.value->Name.id, "self")) {
        /* Noted for the class around: it becomes __static_attributes__. */
        for (GenUnit *unit = g->unit; unit; unit = unit->outer) {
            if (unit->kind != UNIT_CLASS) continue;
            name_row_add(g, &unit->static_attributes, node->Attribute.attr);
            break;
        }
    }
    emit_attribute(g, opcodes[context], node->Attribute.attr, place_of_attribute(node->at, node));
}

bool is_two_part_slice(const Node *slice) { return slice->kind == NODE_Slice && !slice->Slice.step; }

static void expression_or_none(Gen *g, Node *node, Span at)
{
    if (node)
        gen_expression(g, node);
    else
        emit_none(g, at);
}

void gen_slice_parts(Gen *g, Node *slice)
{
    expression_or_none(g, slice->Slice.lower, slice->at);
    expression_or_none(g, slice->Slice.upper, slice->at);
}

void gen_subscript(Gen *g, Node *node)
{
    static const Opcode opcodes[] = {OP_BINARY_SUBSCR, OP_STORE_SUBSCR, OP_DELETE_SUBSCR};
    ExprContext context = node->Subscript.ctx;
    Node *slice = node->Subscript.slice;
    if (context == CONTEXT_Load) {
        warn_about_subscript(g, node->Subscript.value);
        warn_about_index(g, node->Subscript.value, slice);
    }
    gen_expression(g, node->Subscript.value);
    if (is_two_part_slice(slice) && context != CONTEXT_Del) {
        gen_slice_parts(g, slice);
        emit(g, context == CONTEXT_Load ? OP_BINARY_SLICE : OP_STORE_SLICE, 0, node->at);
    } else {
        gen_expression(g, slice);
        emit(g, opcodes[context], 0, node->at);
    }
}

static void gen_slice(Gen *g, Node *node)
{
    gen_slice_parts(g, node);
    if (node->Slice.step) gen_expression(g, node->Slice.step);
    emit(g, OP_BUILD_SLICE, node->Slice.step ? 3 : 2, node->at);
}

/* ---- all kinds ---- */

void gen_expression(Gen *g, Node *node)
{
    if (g->has_failed || gen_is_too_deep(g)) return;
    switch (node->kind) {
    case NODE_Constant: emit_const(g, &node->Constant.value, node->at); break;
    case NODE_Name: gen_name(g, node->Name.id, node->Name.ctx, node->at); break;
    case NODE_NamedExpr:
        gen_expression(g, node->NamedExpr.value);
        emit(g, OP_COPY, 1, node->at);
        gen_expression(g, node->NamedExpr.target);
        break;
    case NODE_BoolOp: gen_bool(g, node); break;
    case NODE_BinOp:
        gen_expression(g, node->BinOp.left);
        gen_expression(g, node->BinOp.right);
        emit(g, OP_BINARY_OP, gen_operator(node->BinOp.op, false), node->at);
        break;
    case NODE_UnaryOp: gen_unary(g, node); break;
    case NODE_Compare: gen_compare(g, node); break;
    case NODE_IfExp: gen_conditional(g, node); break;
    case NODE_Attribute: gen_attribute(g, node); break;
    case NODE_Subscript: gen_subscript(g, node); break;
    case NODE_Slice: gen_slice(g, node); break;
    case NODE_Call: gen_call(g, node); break;
    case NODE_Lambda: gen_lambda(g, node); break;
    case NODE_List: gen_list(g, node); break;
    case NODE_Tuple: gen_tuple(g, node); break;
    case NODE_Set: gen_set(g, node); break;
    case NODE_Dict: gen_dict(g, node); break;
    case NODE_JoinedStr: gen_joined_string(g, node); break;
    case NODE_FormattedValue: gen_formatted_value(g, node); break;
    case NODE_ListComp:
    case NODE_SetComp:
    case NODE_DictComp:
    case NODE_GeneratorExp: gen_comprehension(g, node); break;
    case NODE_Yield: gen_yield(g, node); break;
    case NODE_YieldFrom: gen_yield_from_expression(g, node); break;
    case NODE_Await: gen_await_expression(g, node); break;
    case NODE_Starred:
        gen_error(g, node->at,
                  node->Starred.ctx == CONTEXT_Store ? "starred assignment target must be in a list or tuple"
                                                     : "can't use starred expression here");
        break;
    default: break;
    }
}
