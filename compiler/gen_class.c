/* gen_class.c - class statements.
 *
 * What        The call of __build_class__(body, name, *bases, **keywords), and the unit of the body.
 * How         The body is a function without arguments whose locals are a mapping. It starts with the names every class has and
 *             ends by handing out two cells, if something inside needs them: __class__ (for super() and __class__; filled by
 *             type.__new__, which finds it as __classcell__) and __classdict__ (for type-parameter scopes).
 *             A class with type parameters is made inside a function that holds them, with Generic[parameters] as last base.
 * GIL         never needed.
 * Read next   gen_function.c, gen_type.c */
#include <stdlib.h>
#include <string.h>

#include "compiler/gen.h"

static void store(Gen *g, const char *name, Span at)
{
    Identifier identifier = gen_identifier(g, name);
    if (identifier) gen_name(g, identifier, CONTEXT_Store, at);
}

static int compare_names(const void *a, const void *b)
{
    const CodeText *left = &((const Const *)a)->text, *right = &((const Const *)b)->text;
    int order = memcmp(left->bytes, right->bytes, left->length < right->length ? left->length : right->length);
    return order ? order : left->length < right->length ? -1 : left->length > right->length;
}

static void static_attributes(Gen *g, const NameRow *row)
{
    Const *items = arena_alloc(g->arena, row->count * sizeof *items + 1);
    if (!items) {
        gen_out_of_memory(g);
        return;
    }
    for (uint32_t i = 0; i < row->count; i++) items[i] = const_text(*row->items[i]);
    qsort(items, row->count, sizeof *items, compare_names);
    Const tuple = const_tuple(g, items, row->count);
    emit_const(g, &tuple, NO_PLACE);
    store(g, "__static_attributes__", NO_PLACE);
}

static void class_body(Gen *g, Node *node, int32_t first_line)
{
    GenUnit unit;
    Scope *scope = node->scope;
    Span at = {first_line, 0, first_line, 0};
    unit_enter(g, &unit, UNIT_CLASS, scope, node->ClassDef.name, first_line);
    unit_begin(g);
    gen_name(g, gen_identifier(g, "__name__"), CONTEXT_Load, at);
    store(g, "__module__", at);
    if (!g->has_failed) emit_text(g, *unit.qualified_name, at);
    store(g, "__qualname__", at);
    emit_int(g, (uint64_t)first_line, at);
    store(g, "__firstlineno__", at);
    if (node->ClassDef.type_params.count) {
        gen_name(g, gen_identifier(g, ".type_params"), CONTEXT_Load, at);
        store(g, "__type_params__", at);
    }
    if (scope->needs_class_dictionary) {
        emit(g, OP_LOAD_LOCALS, 0, at);
        emit(g, OP_STORE_DEREF, closure_slot(g, gen_identifier(g, "__classdict__")), at);
    }
    gen_body(g, node->ClassDef.body, at);
    static_attributes(g, &unit.static_attributes);
    if (scope->needs_class_dictionary) {
        emit(g, OP_LOAD_CLOSURE, closure_slot(g, gen_identifier(g, "__classdict__")), NO_PLACE);
        store(g, "__classdictcell__", NO_PLACE);
    }
    if (scope->needs_class_cell) {
        emit(g, OP_LOAD_CLOSURE, closure_slot(g, gen_identifier(g, "__class__")), NO_PLACE);
        emit(g, OP_COPY, 1, NO_PLACE);
        store(g, "__classcell__", NO_PLACE);
    } else {
        emit_none(g, NO_PLACE);
    }
    emit(g, OP_RETURN_VALUE, 0, NO_PLACE);
    CodeUnit *code = unit_leave(g, false);
    emit(g, OP_LOAD_BUILD_CLASS, 0, node->at);
    gen_make_function(g, code, &unit.free, 0, node->at);
    emit_text(g, *node->ClassDef.name, node->at);
}

/* The bases and Generic[parameters], which the hidden variable .generic_base holds. */
static NodeList with_generic_base(Gen *g, const Node *node)
{
    NodeList bases = node->ClassDef.bases;
    Node **items = arena_alloc(g->arena, (bases.count + 1) * sizeof *items);
    Node *generic = node_new(g->arena, NODE_Name, node->at);
    if (!items || !generic) {
        gen_out_of_memory(g);
        return bases;
    }
    generic->Name.id = gen_identifier(g, ".generic_base");
    generic->Name.ctx = CONTEXT_Load;
    for (size_t i = 0; i < bases.count; i++) items[i] = bases.items[i];
    items[bases.count] = generic;
    return (NodeList){items, bases.count + 1};
}

void gen_class(Gen *g, Node *node)
{
    NodeList decorators = node->ClassDef.decorator_list, parameters = node->ClassDef.type_params;
    int32_t first_line = decorators.count ? decorators.items[0]->at.lineno : node->at.lineno;
    gen_check_assignable(g, node->ClassDef.name, CONTEXT_Store, node->at);
    gen_decorators(g, decorators);
    if (parameters.count) {
        GenUnit unit;
        Scope *scope = node->scope->parent;
        unit_enter(g, &unit, UNIT_ANNOTATIONS, scope, scope->name, first_line);
        unit_begin(g);
        gen_type_parameters(g, parameters, node->at);
        store(g, ".type_params", node->at);
        class_body(g, node, first_line);
        gen_name(g, gen_identifier(g, ".type_params"), CONTEXT_Load, node->at);
        emit(g, OP_CALL_INTRINSIC_1, INTRINSIC_SUBSCRIPT_GENERIC, node->at);
        store(g, ".generic_base", node->at);
        gen_call_arguments(g, 2, with_generic_base(g, node), node->ClassDef.keywords, node->at);
        emit(g, OP_RETURN_VALUE, 0, node->at);
        gen_make_function(g, unit_leave(g, false), &unit.free, 0, node->at);
        emit(g, OP_CALL, 0, node->at);
    } else {
        class_body(g, node, first_line);
        gen_call_arguments(g, 2, node->ClassDef.bases, node->ClassDef.keywords, node->at);
    }
    gen_apply_decorators(g, decorators);
    gen_name(g, node->ClassDef.name, CONTEXT_Store, node->at);
}
