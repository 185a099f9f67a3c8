/* gen_call.c - calls: f(a), o.m(a), f(*a, **k), super().m.
 *
 * What        The forms of a call, from the cheapest that fits.
 * How         f(a, k=1)       callee, values, names   CALL, CALL_KW
 *             o.m(a)          LOAD_METHOD finds the function without making a bound method; CALL_METHOD
 *             f(*a, **k)      one list made a tuple, one dict; CALL_FUNCTION_EX
 *             super().m       LOAD_SUPER_ATTR makes no super object, LOAD_SUPER_METHOD no bound method either
 * GIL         never needed.
 * Read next   vm/run/call.c */
#include "compiler/gen.h"

static bool has_unpacking(NodeList arguments, NodeList keywords)
{
    for (size_t i = 0; i < arguments.count; i++)
        if (arguments.items[i]->kind == NODE_Starred) return true;
    for (size_t i = 0; i < keywords.count; i++)
        if (!keywords.items[i]->keyword.arg) return true;
    return false;
}

static bool is_plain(NodeList arguments, NodeList keywords)
{
    return !has_unpacking(arguments, keywords) && arguments.count + 2 * keywords.count <= STACK_USE_GUIDELINE;
}

static void check_keywords(Gen *g, NodeList keywords)
{
    for (size_t i = 0; i < keywords.count; i++) {
        const Node *keyword = keywords.items[i];
        if (!keyword->keyword.arg) continue;
        gen_check_assignable(g, keyword->keyword.arg, CONTEXT_Store, keyword->at);
        for (size_t k = i + 1; k < keywords.count; k++)
            if (keywords.items[k]->keyword.arg == keyword->keyword.arg)
                gen_error(g, keywords.items[k]->at, "keyword argument repeated: %s", keyword->keyword.arg->bytes);
    }
}

/* Pushes positional and keyword values, and the tuple of keyword names if there are any. */
static uint32_t plain_arguments(Gen *g, NodeList arguments, NodeList keywords, Span at)
{
    for (size_t i = 0; i < arguments.count; i++) gen_expression(g, arguments.items[i]);
    if (keywords.count) {
        Const names[STACK_USE_GUIDELINE];
        for (size_t i = 0; i < keywords.count; i++) {
            gen_expression(g, keywords.items[i]->keyword.value);
            Identifier name = gen_mangle(g, keywords.items[i]->keyword.arg);
            if (!name) return 0;
            names[i] = const_text(*name);
        }
        Const tuple = const_tuple(g, names, keywords.count);
        emit_const(g, &tuple, at);
    }
    return (uint32_t)(arguments.count + keywords.count);
}

/* Keywords [from, to) as a dict. */
static void keyword_dict(Gen *g, NodeList keywords, size_t from, size_t to, Span at)
{
    bool is_big = 2 * (to - from) > STACK_USE_GUIDELINE;
    if (is_big) emit(g, OP_BUILD_MAP, 0, NO_PLACE);
    for (size_t i = from; i < to; i++) {
        const Node *keyword = keywords.items[i];
        Identifier name = gen_mangle(g, keyword->keyword.arg);
        if (!name) return;
        emit_text(g, *name, at);
        gen_expression(g, keyword->keyword.value);
        if (is_big) emit(g, OP_MAP_ADD, 1, NO_PLACE);
    }
    if (!is_big) emit(g, OP_BUILD_MAP, (uint32_t)(to - from), at);
}

static void unpacked_keywords(Gen *g, NodeList keywords, Span at)
{
    if (keywords.count == 1 && !keywords.items[0]->keyword.arg) {      /* f(**mapping): the call itself lays out whatever it is */
        gen_expression(g, keywords.items[0]->keyword.value);
        return;
    }
    size_t plain_from = 0;
    bool has_dict = false;
    for (size_t i = 0; i <= keywords.count; i++) {
        bool is_end = i == keywords.count;
        if (!is_end && keywords.items[i]->keyword.arg) continue;
        if (i > plain_from) {
            keyword_dict(g, keywords, plain_from, i, at);
            if (has_dict) emit(g, OP_DICT_MERGE, 1, at);
            has_dict = true;
        }
        plain_from = i + 1;
        if (is_end) break;
        if (!has_dict) emit(g, OP_BUILD_MAP, 0, at);
        has_dict = true;
        gen_expression(g, keywords.items[i]->keyword.value);
        emit(g, OP_DICT_MERGE, 1, at);
    }
}

void gen_call_arguments(Gen *g, uint32_t pushed, NodeList arguments, NodeList keywords, Span at)
{
    check_keywords(g, keywords);
    if (is_plain(arguments, keywords)) {
        uint32_t count = pushed + plain_arguments(g, arguments, keywords, at);
        emit(g, keywords.count ? OP_CALL_KW : OP_CALL, count, at);
        return;
    }
    if (!pushed && arguments.count == 1 && arguments.items[0]->kind == NODE_Starred)
        gen_expression(g, arguments.items[0]->Starred.value);
    else
        gen_star_elements(g, arguments, pushed, OP_BUILD_LIST, OP_LIST_APPEND, OP_LIST_EXTEND, true, at);
    if (keywords.count) unpacked_keywords(g, keywords, at);
    emit(g, OP_CALL_FUNCTION_EX, keywords.count > 0, at);
}

/* ---- super() ---- */

/* `super` must mean the built-in: nothing in sight may bind it. */
static bool super_is_builtin(const Gen *g, Identifier name)
{
    const Scope *scope = g->unit->inlined ? g->unit->inlined->scope : g->unit->scope;
    const Symbol *symbol = scope_find(scope, name);
    while (scope->parent) scope = scope->parent;
    return symbol && symbol->binding == BINDING_GLOBAL_IMPLICIT && !scope_find(scope, name);
}

bool is_short_super(const Gen *g, const Node *attribute)
{
    const Node *call = attribute->Attribute.value;
    if (call->kind != NODE_Call || call->Call.func->kind != NODE_Name ||
        !identifier_is(call->Call.func->Name.id, "super") || call->Call.keywords.count ||
        has_unpacking(call->Call.args, call->Call.keywords))
        return false;
    if (!super_is_builtin(g, call->Call.func->Name.id)) return false;
    if (call->Call.args.count || !g->unit->argument_count) return false;
    Identifier dunder = name_intern(g->names, "__class__", 9);
    return dunder && name_row_find(&g->unit->free, dunder) >= 0;
}

static void super_attribute(Gen *g, Node *node, Opcode opcode)
{
    Node *call = node->Attribute.value;
    gen_expression(g, call->Call.func);
    emit(g, OP_LOAD_DEREF, closure_slot(g, gen_identifier(g, "__class__")), call->at);
    if (!g->has_failed) gen_name(g, g->unit->locals.items[0], CONTEXT_Load, call->at);
    emit_attribute(g, opcode, node->Attribute.attr, node->at);
    emit(g, OP_NOP, 0, place_of_attribute(node->at, node));      /* the name may stand on a line of its own */
}

void gen_super_attribute(Gen *g, Node *node) { super_attribute(g, node, OP_LOAD_SUPER_ATTR); }

/* ---- the call ---- */

static void call_method(Gen *g, Node *node)
{
    Node *method = node->Call.func;
    Span at = place_of_attribute(node->at, method);
    check_keywords(g, node->Call.keywords);
    if (is_short_super(g, method)) {
        super_attribute(g, method, OP_LOAD_SUPER_METHOD);
    } else {
        gen_expression(g, method->Attribute.value);
        emit_attribute(g, OP_LOAD_METHOD, method->Attribute.attr, place_of_attribute(method->at, method));
    }
    uint32_t count = plain_arguments(g, node->Call.args, node->Call.keywords, at);
    emit(g, node->Call.keywords.count ? OP_CALL_METHOD_KW : OP_CALL_METHOD, count, at);
}

void gen_call(Gen *g, Node *node)
{
    Node *callee = node->Call.func;
    if (callee->kind == NODE_Attribute && is_plain(node->Call.args, node->Call.keywords)) {
        call_method(g, node);
        return;
    }
    warn_about_call(g, callee);
    gen_expression(g, callee);
    gen_call_arguments(g, 0, node->Call.args, node->Call.keywords, node->at);
}
