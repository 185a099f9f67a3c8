/* unparse.c - an expression back to text, as annotations become it under `from __future__ import annotations`.
 *
 * What        unparse() appends the text of an expression in the one layout that CPython gives it.
 * How         Each expression is written at a level: how tightly what stands around it binds. One that binds less is put in
 *             parentheses. The levels are the lines of the grammar, loosest first.
 * Invariants  I1 the text parses to an equal tree.
 * GIL         never needed.
 * Read next   gen_function.c (gen_annotation) */
#include <string.h>

#include "compiler/gen.h"
#include "vm/bytecode/disasm.h"

typedef enum Level {
    LEVEL_TUPLE,
    LEVEL_TEST,
    LEVEL_OR,
    LEVEL_AND,
    LEVEL_NOT,
    LEVEL_COMPARE,
    LEVEL_EXPRESSION,
    LEVEL_XOR,
    LEVEL_BIT_AND,
    LEVEL_SHIFT,
    LEVEL_ARITHMETIC,
    LEVEL_TERM,
    LEVEL_FACTOR,
    LEVEL_POWER,
    LEVEL_AWAIT,
    LEVEL_ATOM,
} Level;

static void write(Buffer *out, const Node *node, Level level);

static void open(Buffer *out, bool is_needed)
{
    if (is_needed) buffer_add_byte(out, '(');
}

static void close(Buffer *out, bool is_needed)
{
    if (is_needed) buffer_add_byte(out, ')');
}

static void write_name(Buffer *out, Identifier name) { buffer_add(out, name->bytes, name->length); }

static void write_list(Buffer *out, NodeList list, Level level)
{
    for (size_t i = 0; i < list.count; i++) {
        if (i) buffer_add_text(out, ", ");
        write(out, list.items[i], level);
    }
}

/* ---- operators ---- */

static void write_bool(Buffer *out, const Node *node, Level level)
{
    Level own = node->BoolOp.op == BOOL_And ? LEVEL_AND : LEVEL_OR;
    open(out, level > own);
    for (size_t i = 0; i < node->BoolOp.values.count; i++) {
        if (i) buffer_add_text(out, node->BoolOp.op == BOOL_And ? " and " : " or ");
        write(out, node->BoolOp.values.items[i], own + 1);
    }
    close(out, level > own);
}

static Level binary_level(Operator op)
{
    switch (op) {
    case OPERATOR_Add:
    case OPERATOR_Sub: return LEVEL_ARITHMETIC;
    case OPERATOR_LShift:
    case OPERATOR_RShift: return LEVEL_SHIFT;
    case OPERATOR_BitOr: return LEVEL_EXPRESSION;
    case OPERATOR_BitXor: return LEVEL_XOR;
    case OPERATOR_BitAnd: return LEVEL_BIT_AND;
    case OPERATOR_Pow: return LEVEL_POWER;
    default: return LEVEL_TERM;
    }
}

static void write_binary(Buffer *out, const Node *node, Level level)
{
    Level own = binary_level(node->BinOp.op);
    bool is_right = node->BinOp.op == OPERATOR_Pow; /* associates to the right */
    open(out, level > own);
    write(out, node->BinOp.left, own + is_right);
    buffer_add_format(out, is_right ? "%s" : " %s ", is_right ? " ** " : operator_text(node->BinOp.op));
    write(out, node->BinOp.right, own + !is_right);
    close(out, level > own);
}

static void write_unary(Buffer *out, const Node *node, Level level)
{
    static const char *const texts[] = {
        [UNARY_Invert] = "~", [UNARY_Not] = "not ", [UNARY_UAdd] = "+", [UNARY_USub] = "-"};
    Level own = node->UnaryOp.op == UNARY_Not ? LEVEL_NOT : LEVEL_FACTOR;
    open(out, level > own);
    buffer_add_text(out, texts[node->UnaryOp.op]);
    write(out, node->UnaryOp.operand, own);
    close(out, level > own);
}

static void write_compare(Buffer *out, const Node *node, Level level)
{
    static const char *const texts[] = {
        [COMPARE_Eq] = " == ", [COMPARE_NotEq] = " != ",     [COMPARE_Lt] = " < ",  [COMPARE_LtE] = " <= ",
        [COMPARE_Gt] = " > ",  [COMPARE_GtE] = " >= ",       [COMPARE_Is] = " is ", [COMPARE_IsNot] = " is not ",
        [COMPARE_In] = " in ", [COMPARE_NotIn] = " not in ",
    };
    open(out, level > LEVEL_COMPARE);
    write(out, node->Compare.left, LEVEL_COMPARE + 1);
    for (size_t i = 0; i < node->Compare.ops.count; i++) {
        buffer_add_text(out, texts[node->Compare.ops.items[i]]);
        write(out, node->Compare.comparators.items[i], LEVEL_COMPARE + 1);
    }
    close(out, level > LEVEL_COMPARE);
}

static void write_conditional(Buffer *out, const Node *node, Level level)
{
    open(out, level > LEVEL_TEST);
    write(out, node->IfExp.body, LEVEL_TEST + 1);
    buffer_add_text(out, " if ");
    write(out, node->IfExp.test, LEVEL_TEST + 1);
    buffer_add_text(out, " else ");
    write(out, node->IfExp.orelse, LEVEL_TEST);
    close(out, level > LEVEL_TEST);
}

/* ---- lambda ---- */

static void comma(Buffer *out, bool *is_first)
{
    if (!*is_first) buffer_add_text(out, ", ");
    *is_first = false;
}

static void write_parameter(Buffer *out, const Node *parameter, const Node *default_value)
{
    write_name(out, parameter->arg.arg);
    if (!default_value) return;
    buffer_add_byte(out, '=');
    write(out, default_value, LEVEL_TEST);
}

static void write_arguments(Buffer *out, const Node *node)
{
    NodeList positional_only = node->arguments.posonlyargs, plain = node->arguments.args,
             named = node->arguments.kwonlyargs;
    NodeList defaults = node->arguments.defaults;
    size_t count = positional_only.count + plain.count, without = count - defaults.count;
    bool is_first = true;
    for (size_t i = 0; i < count; i++) {
        bool is_only = i < positional_only.count;
        comma(out, &is_first);
        write_parameter(out, is_only ? positional_only.items[i] : plain.items[i - positional_only.count],
                        i >= without ? defaults.items[i - without] : NULL);
        if (is_only && i + 1 == positional_only.count) buffer_add_text(out, ", /");
    }
    if (node->arguments.vararg || named.count) {
        comma(out, &is_first);
        buffer_add_byte(out, '*');
        if (node->arguments.vararg) write_parameter(out, node->arguments.vararg, NULL);
    }
    for (size_t i = 0; i < named.count; i++) {
        comma(out, &is_first);
        write_parameter(out, named.items[i], node->arguments.kw_defaults.items[i]);
    }
    if (node->arguments.kwarg) {
        comma(out, &is_first);
        buffer_add_text(out, "**");
        write_parameter(out, node->arguments.kwarg, NULL);
    }
}

static void write_lambda(Buffer *out, const Node *node, Level level)
{
    open(out, level > LEVEL_TEST);
    buffer_add_text(out, "lambda");
    size_t before = out->length;
    buffer_add_byte(out, ' ');
    write_arguments(out, node->Lambda.args);
    if (out->length == before + 1) buffer_truncate(out, before);
    buffer_add_text(out, ": ");
    write(out, node->Lambda.body, LEVEL_TEST);
    close(out, level > LEVEL_TEST);
}

/* ---- displays and comprehensions ---- */

static void write_dict(Buffer *out, const Node *node)
{
    buffer_add_byte(out, '{');
    for (size_t i = 0; i < node->Dict.values.count; i++) {
        const Node *key = node->Dict.keys.items[i];
        if (i) buffer_add_text(out, ", ");
        if (key) {
            write(out, key, LEVEL_TEST);
            buffer_add_text(out, ": ");
            write(out, node->Dict.values.items[i], LEVEL_TEST);
        } else {
            buffer_add_text(out, "**");
            write(out, node->Dict.values.items[i], LEVEL_EXPRESSION);
        }
    }
    buffer_add_byte(out, '}');
}

static void write_tuple(Buffer *out, const Node *node, Level level)
{
    NodeList elements = node->Tuple.elts;
    if (!elements.count) {
        buffer_add_text(out, "()");
        return;
    }
    open(out, level > LEVEL_TUPLE);
    write_list(out, elements, LEVEL_TEST);
    if (elements.count == 1) buffer_add_byte(out, ',');
    close(out, level > LEVEL_TUPLE);
}

static void write_clauses(Buffer *out, NodeList clauses)
{
    for (size_t i = 0; i < clauses.count; i++) {
        const Node *clause = clauses.items[i];
        buffer_add_text(out, clause->comprehension.is_async ? " async for " : " for ");
        write(out, clause->comprehension.target, LEVEL_TUPLE);
        buffer_add_text(out, " in ");
        write(out, clause->comprehension.iter, LEVEL_TEST + 1);
        for (size_t k = 0; k < clause->comprehension.ifs.count; k++) {
            buffer_add_text(out, " if ");
            write(out, clause->comprehension.ifs.items[k], LEVEL_TEST + 1);
        }
    }
}

static void write_comprehension(Buffer *out, char left, const Node *element, const Node *value, NodeList clauses,
                                char right)
{
    buffer_add_byte(out, (unsigned char)left);
    write(out, element, LEVEL_TEST);
    if (value) {
        buffer_add_text(out, ": ");
        write(out, value, LEVEL_TEST);
    }
    write_clauses(out, clauses);
    buffer_add_byte(out, (unsigned char)right);
}

/* ---- calls, attributes, subscripts ---- */

static void write_call(Buffer *out, const Node *node)
{
    NodeList arguments = node->Call.args, keywords = node->Call.keywords;
    write(out, node->Call.func, LEVEL_ATOM);
    if (arguments.count == 1 && !keywords.count && arguments.items[0]->kind == NODE_GeneratorExp) {
        write(out, arguments.items[0], LEVEL_ATOM); /* its own parentheses are enough */
        return;
    }
    buffer_add_byte(out, '(');
    write_list(out, arguments, LEVEL_TEST);
    for (size_t i = 0; i < keywords.count; i++) {
        const Node *keyword = keywords.items[i];
        if (i || arguments.count) buffer_add_text(out, ", ");
        if (keyword->keyword.arg) {
            write_name(out, keyword->keyword.arg);
            buffer_add_byte(out, '=');
        } else {
            buffer_add_text(out, "**");
        }
        write(out, keyword->keyword.value, LEVEL_TEST);
    }
    buffer_add_byte(out, ')');
}

static void write_attribute(Buffer *out, const Node *node)
{
    const Node *value = node->Attribute.value;
    write(out, value, LEVEL_ATOM);
    bool is_number = value->kind == NODE_Constant && value->Constant.value.kind == CONST_INT;
    buffer_add_text(out, is_number ? " ." : ".");
    write_name(out, node->Attribute.attr);
}

static void write_slice(Buffer *out, const Node *node)
{
    if (node->Slice.lower) write(out, node->Slice.lower, LEVEL_TEST);
    buffer_add_byte(out, ':');
    if (node->Slice.upper) write(out, node->Slice.upper, LEVEL_TEST);
    if (node->Slice.step) {
        buffer_add_byte(out, ':');
        write(out, node->Slice.step, LEVEL_TEST);
    }
}

/* ---- constants and f-strings ---- */

static void write_constant(Buffer *out, const Node *node)
{
    const Const *value = &node->Constant.value;
    if (value->kind == CONST_ELLIPSIS) {
        buffer_add_text(out, "...");
        return;
    }
    if (node->Constant.kind) write_name(out, node->Constant.kind);
    size_t start = out->length;
    disasm_constant(out, value);
    bool may_be_infinite = value->kind == CONST_FLOAT || value->kind == CONST_COMPLEX;
    if (!may_be_infinite || !buffer_ok(out)) return;
    for (size_t i = start; i + 3 <= out->length; i++) { /* "inf" is a name; 1e309 is a number as large */
        if (memcmp(out->data + i, "inf", 3) != 0) continue;
        char rest[32];
        size_t length = out->length - i - 3;
        if (length > sizeof rest) return;
        memcpy(rest, out->data + i + 3, length);
        buffer_truncate(out, i);
        buffer_add_text(out, "1e309");
        buffer_add(out, rest, length);
        return;
    }
}

static void write_fstring_parts(Buffer *out, const Node *node);

static void write_replacement(Buffer *out, const Node *node)
{
    Buffer inner;
    buffer_init(&inner, out->memory);
    write(&inner, node->FormattedValue.value, LEVEL_TEST + 1);
    buffer_add_byte(out, '{');
    if (inner.length && inner.data[0] == '{') buffer_add_byte(out, ' '); /* {{ would be a brace */
    buffer_add(out, inner.data, inner.length);
    if (!buffer_ok(&inner)) out->has_failed = true;
    buffer_free(&inner);
    if (node->FormattedValue.conversion > 0) {
        buffer_add_byte(out, '!');
        buffer_add_byte(out, (unsigned char)node->FormattedValue.conversion);
    }
    if (node->FormattedValue.format_spec) {
        buffer_add_byte(out, ':');
        write_fstring_parts(out, node->FormattedValue.format_spec);
    }
    buffer_add_byte(out, '}');
}

static void write_fstring_parts(Buffer *out, const Node *node)
{
    if (node->kind == NODE_JoinedStr) {
        for (size_t i = 0; i < node->JoinedStr.values.count; i++)
            write_fstring_parts(out, node->JoinedStr.values.items[i]);
    } else if (node->kind == NODE_FormattedValue) {
        write_replacement(out, node);
    } else if (node->kind == NODE_Constant) {
        CodeText text = node->Constant.value.text;
        for (size_t i = 0; i < text.length; i++) {
            if (text.bytes[i] == '{' || text.bytes[i] == '}') buffer_add_byte(out, (unsigned char)text.bytes[i]);
            buffer_add_byte(out, (unsigned char)text.bytes[i]);
        }
    }
}

static void write_fstring(Buffer *out, const Node *node)
{
    Buffer body;
    buffer_init(&body, out->memory);
    write_fstring_parts(&body, node);
    buffer_add_byte(out, 'f');
    disasm_text(out, (CodeText){body.data ? body.data : "", body.length}, false);
    if (!buffer_ok(&body)) out->has_failed = true;
    buffer_free(&body);
}

/* ---- all kinds ---- */

static void write(Buffer *out, const Node *node, Level level)
{
    switch (node->kind) {
    case NODE_BoolOp: write_bool(out, node, level); break;
    case NODE_BinOp: write_binary(out, node, level); break;
    case NODE_UnaryOp: write_unary(out, node, level); break;
    case NODE_Compare: write_compare(out, node, level); break;
    case NODE_IfExp: write_conditional(out, node, level); break;
    case NODE_Lambda: write_lambda(out, node, level); break;
    case NODE_Dict: write_dict(out, node); break;
    case NODE_Set:
        buffer_add_byte(out, '{');
        write_list(out, node->Set.elts, LEVEL_TEST);
        buffer_add_byte(out, '}');
        break;
    case NODE_List:
        buffer_add_byte(out, '[');
        write_list(out, node->List.elts, LEVEL_TEST);
        buffer_add_byte(out, ']');
        break;
    case NODE_Tuple: write_tuple(out, node, level); break;
    case NODE_ListComp: write_comprehension(out, '[', node->ListComp.elt, NULL, node->ListComp.generators, ']'); break;
    case NODE_SetComp: write_comprehension(out, '{', node->SetComp.elt, NULL, node->SetComp.generators, '}'); break;
    case NODE_DictComp:
        write_comprehension(out, '{', node->DictComp.key, node->DictComp.value, node->DictComp.generators, '}');
        break;
    case NODE_GeneratorExp:
        write_comprehension(out, '(', node->GeneratorExp.elt, NULL, node->GeneratorExp.generators, ')');
        break;
    case NODE_Call: write_call(out, node); break;
    case NODE_Constant: write_constant(out, node); break;
    case NODE_JoinedStr:
    case NODE_FormattedValue: write_fstring(out, node); break;
    case NODE_Attribute: write_attribute(out, node); break;
    case NODE_Subscript:
        write(out, node->Subscript.value, LEVEL_ATOM);
        buffer_add_byte(out, '[');
        write(out, node->Subscript.slice, LEVEL_TUPLE);
        buffer_add_byte(out, ']');
        break;
    case NODE_Slice: write_slice(out, node); break;
    case NODE_Starred:
        buffer_add_byte(out, '*');
        write(out, node->Starred.value, LEVEL_EXPRESSION);
        break;
    case NODE_Name: write_name(out, node->Name.id); break;
    case NODE_NamedExpr:
        open(out, level > LEVEL_TUPLE);
        write(out, node->NamedExpr.target, LEVEL_ATOM);
        buffer_add_text(out, " := ");
        write(out, node->NamedExpr.value, LEVEL_ATOM);
        close(out, level > LEVEL_TUPLE);
        break;
    case NODE_Yield:
        buffer_add_text(out, node->Yield.value ? "(yield " : "(yield");
        if (node->Yield.value) write(out, node->Yield.value, LEVEL_TEST);
        buffer_add_byte(out, ')');
        break;
    case NODE_YieldFrom:
        buffer_add_text(out, "(yield from ");
        write(out, node->YieldFrom.value, LEVEL_TEST);
        buffer_add_byte(out, ')');
        break;
    case NODE_Await:
        open(out, level > LEVEL_AWAIT);
        buffer_add_text(out, "await ");
        write(out, node->Await.value, LEVEL_ATOM);
        close(out, level > LEVEL_AWAIT);
        break;
    default: break;
    }
}

void unparse(Buffer *out, const Node *expression) { write(out, expression, LEVEL_TEST); }
