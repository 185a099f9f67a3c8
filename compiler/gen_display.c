/* gen_display.c - [a, *b], (a, b), {a}, {k: v, **m}, f"{x}".
 *
 * What        Displays of lists, tuples, sets and dicts, and formatted strings.
 * How         Few elements: all on the stack, then one BUILD. Many, or with unpacking: a collection first, then one addition
 *             each, so that the stack stays small. Three or more constants: one constant tuple, then one EXTEND.
 * GIL         never needed.
 * Read next   gen_expr.c */
#include "compiler/gen.h"

static bool all_constant(NodeList elements)
{
    for (size_t i = 0; i < elements.count; i++)
        if (elements.items[i]->kind != NODE_Constant) return false;
    return true;
}

static Const constant_row(Gen *g, NodeList elements, ConstKind kind)
{
    Const *items = arena_alloc(g->arena, elements.count * sizeof *items + 1);
    if (!items) {
        gen_out_of_memory(g);
        return const_none();
    }
    for (size_t i = 0; i < elements.count; i++) items[i] = elements.items[i]->Constant.value;
    return (Const){.kind = kind, .items = {items, elements.count}};
}

void gen_star_elements(Gen *g, NodeList elements, uint32_t pushed, Opcode build, Opcode add, Opcode extend,
                       bool is_tuple, Span at)
{
    size_t count = elements.count;
    if (count > 2 && all_constant(elements)) {
        Const row = constant_row(g, elements, add == OP_SET_ADD ? CONST_FROZENSET : CONST_TUPLE);
        if (is_tuple && !pushed) {
            emit_const(g, &row, at);
            return;
        }
        emit(g, build, pushed, at);
        emit_const(g, &row, at);
        emit(g, extend, 1, at);
        if (is_tuple) emit(g, OP_CALL_INTRINSIC_1, INTRINSIC_LIST_TO_TUPLE, at);
        return;
    }
    bool is_big = count + pushed > STACK_USE_GUIDELINE;
    bool is_built = is_big;
    if (is_big) emit(g, build, pushed, at);
    for (size_t i = 0; i < count; i++) {
        Node *element = elements.items[i];
        bool is_star = element->kind == NODE_Starred;
        if (is_star && !is_built) {
            emit(g, build, pushed + (uint32_t)i, at);
            is_built = true;
        }
        gen_expression(g, is_star ? element->Starred.value : element);
        if (is_star)
            emit(g, extend, 1, at);
        else if (is_built)
            emit(g, add, 1, at);
    }
    if (!is_built)
        emit(g, is_tuple ? OP_BUILD_TUPLE : build, pushed + (uint32_t)count, at);
    else if (is_tuple)
        emit(g, OP_CALL_INTRINSIC_1, INTRINSIC_LIST_TO_TUPLE, at);
}

/* A tuple of any length, without unpacking. */
void gen_row(Gen *g, NodeList elements, Span at)
{
    if (all_constant(elements)) {
        Const row = constant_row(g, elements, CONST_TUPLE);
        emit_const(g, &row, at);
        return;
    }
    for (size_t i = 0; i < elements.count; i++) gen_expression(g, elements.items[i]);
    emit(g, OP_BUILD_TUPLE, (uint32_t)elements.count, at);
}

static void delete_each(Gen *g, NodeList elements)
{
    for (size_t i = 0; i < elements.count; i++) gen_expression(g, elements.items[i]);
}

void gen_list(Gen *g, Node *node)
{
    NodeList elements = node->List.elts;
    if (node->List.ctx == CONTEXT_Store)
        gen_unpack(g, elements, node->at);
    else if (node->List.ctx == CONTEXT_Del)
        delete_each(g, elements);
    else
        gen_star_elements(g, elements, 0, OP_BUILD_LIST, OP_LIST_APPEND, OP_LIST_EXTEND, false, node->at);
}

void gen_tuple(Gen *g, Node *node)
{
    NodeList elements = node->Tuple.elts;
    if (node->Tuple.ctx == CONTEXT_Store)
        gen_unpack(g, elements, node->at);
    else if (node->Tuple.ctx == CONTEXT_Del)
        delete_each(g, elements);
    else
        gen_star_elements(g, elements, 0, OP_BUILD_LIST, OP_LIST_APPEND, OP_LIST_EXTEND, true, node->at);
}

void gen_set(Gen *g, Node *node)
{
    gen_star_elements(g, node->Set.elts, 0, OP_BUILD_SET, OP_SET_ADD, OP_SET_UPDATE, false, node->at);
}

/* ---- dicts ---- */

static void dict_part(Gen *g, const Node *node, size_t from, size_t to)
{
    bool is_big = 2 * (to - from) > STACK_USE_GUIDELINE;
    if (is_big) emit(g, OP_BUILD_MAP, 0, node->at);
    for (size_t i = from; i < to; i++) {
        gen_expression(g, node->Dict.keys.items[i]);
        gen_expression(g, node->Dict.values.items[i]);
        if (is_big) emit(g, OP_MAP_ADD, 1, node->at);
    }
    if (!is_big) emit(g, OP_BUILD_MAP, (uint32_t)(to - from), node->at);
}

void gen_dict(Gen *g, Node *node)
{
    size_t from = 0, count = node->Dict.keys.count, part = STACK_USE_GUIDELINE / 2 + 2;
    bool has_dict = false;
    for (size_t i = 0; i <= count; i++) {
        bool is_unpacking = i < count && !node->Dict.keys.items[i];
        if (i > from && (i == count || is_unpacking || i - from == part)) {
            dict_part(g, node, from, i);
            if (has_dict) emit(g, OP_DICT_UPDATE, 1, node->at);
            has_dict = true;
            from = i;
        }
        if (!is_unpacking) continue;
        if (!has_dict) emit(g, OP_BUILD_MAP, 0, node->at);
        has_dict = true;
        gen_expression(g, node->Dict.values.items[i]);
        emit(g, OP_DICT_UPDATE, 1, node->at);
        from = i + 1;
    }
    if (!has_dict) emit(g, OP_BUILD_MAP, 0, node->at);
}

/* ---- f-strings ---- */

void gen_formatted_value(Gen *g, Node *node)
{
    gen_expression(g, node->FormattedValue.value);
    switch (node->FormattedValue.conversion) {
    case 's': emit(g, OP_CONVERT_VALUE, 1, node->at); break;
    case 'r': emit(g, OP_CONVERT_VALUE, 2, node->at); break;
    case 'a': emit(g, OP_CONVERT_VALUE, 3, node->at); break;
    default: break;
    }
    if (node->FormattedValue.format_spec) {
        gen_expression(g, node->FormattedValue.format_spec);
        emit(g, OP_FORMAT_WITH_SPEC, 0, node->at);
    } else {
        emit(g, OP_FORMAT_SIMPLE, 0, node->at);
    }
}

void gen_joined_string(Gen *g, Node *node)
{
    NodeList values = node->JoinedStr.values;
    uint32_t waiting = 0;
    if (!values.count) emit_text(g, (CodeText){"", 0}, node->at);
    for (size_t i = 0; i < values.count; i++) {
        gen_expression(g, values.items[i]);
        if (++waiting < STACK_USE_GUIDELINE) continue;
        emit(g, OP_BUILD_STRING, waiting, node->at); /* a long string is joined in parts */
        waiting = 1;
    }
    if (waiting > 1) emit(g, OP_BUILD_STRING, waiting, node->at);
}
