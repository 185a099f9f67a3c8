/* gen_type.c - type parameters and the type statement.
 *
 * What        [T: bound = default, *Ts, **P] of def, class and type; type X[T] = value.
 * How         A bound, a default or the value of an alias is not evaluated where it stands: it becomes a function without
 *             arguments, which the TypeVar or TypeAliasType calls when somebody asks.
 * GIL         never needed.
 * Read next   gen_function.c, gen_class.c, intrinsics.def */
#include "compiler/gen.h"

/* A function that computes [expression]. */
static void lazy_value(Gen *g, UnitKind kind, Scope *scope, Identifier name, Node *expression, bool allows_star,
                       Span at)
{
    GenUnit unit;
    if (!scope) return;
    unit_enter(g, &unit, kind, scope, name, kind == UNIT_FUNCTION ? at.lineno : expression->at.lineno);
    if (kind == UNIT_FUNCTION) { /* None first, so that a text is not taken for a docstring */
        Const none = const_none();
        unit_constant(g, &none);
        unit.kept_constants = 1;
    }
    unit_begin(g);
    if (allows_star && expression->kind == NODE_Starred) {
        gen_expression(g, expression->Starred.value);
        emit(g, OP_UNPACK_SEQUENCE, 1, expression->at);
    } else {
        gen_expression(g, expression);
    }
    emit(g, OP_RETURN_VALUE, 0, kind == UNIT_FUNCTION ? at : expression->at);
    gen_make_function(g, unit_leave(g, false), &unit.free, 0, at);
}

static void one_parameter(Gen *g, Node *node, bool *has_default)
{
    Scope *scope = g->unit->scope;
    Identifier name;
    Node *default_value;
    switch (node->kind) {
    case NODE_TypeVar:
        name = node->TypeVar.name, default_value = node->TypeVar.default_value;
        emit_text(g, *name, node->at);
        if (node->TypeVar.bound) {
            Node *bound = node->TypeVar.bound;
            lazy_value(g, UNIT_ANNOTATIONS, scope_of_type_variable(scope, node, false), name, bound, false, bound->at);
            emit(g, OP_CALL_INTRINSIC_2,
                 bound->kind == NODE_Tuple ||
                         (bound->kind == NODE_Constant && bound->Constant.value.kind == CONST_TUPLE)
                     ? INTRINSIC_TYPEVAR_WITH_CONSTRAINTS
                     : INTRINSIC_TYPEVAR_WITH_BOUND,
                 node->at);
        } else {
            emit(g, OP_CALL_INTRINSIC_1, INTRINSIC_TYPEVAR, node->at);
        }
        break;
    case NODE_ParamSpec:
        name = node->ParamSpec.name, default_value = node->ParamSpec.default_value;
        emit_text(g, *name, node->at);
        emit(g, OP_CALL_INTRINSIC_1, INTRINSIC_PARAMSPEC, node->at);
        break;
    default:
        name = node->TypeVarTuple.name, default_value = node->TypeVarTuple.default_value;
        emit_text(g, *name, node->at);
        emit(g, OP_CALL_INTRINSIC_1, INTRINSIC_TYPEVARTUPLE, node->at);
    }
    if (default_value) {
        *has_default = true;
        lazy_value(g, UNIT_ANNOTATIONS, scope_of_type_variable(scope, node, true), name, default_value,
                   node->kind == NODE_TypeVarTuple, default_value->at);
        emit(g, OP_CALL_INTRINSIC_2, INTRINSIC_SET_TYPEPARAM_DEFAULT, node->at);
    } else if (*has_default) {
        gen_error(g, node->at, "non-default type parameter '%s' follows default type parameter", name->bytes);
    }
    emit(g, OP_COPY, 1, node->at);
    gen_name(g, name, CONTEXT_Store, node->at);
}

void gen_type_parameters(Gen *g, NodeList parameters, Span at)
{
    bool has_default = false;
    for (size_t i = 0; i < parameters.count; i++) one_parameter(g, parameters.items[i], &has_default);
    emit(g, OP_BUILD_TUPLE, (uint32_t)parameters.count, at);
}

void gen_type_alias(Gen *g, Node *node)
{
    GenUnit unit;
    NodeList parameters = node->TypeAlias.type_params;
    Identifier name = node->TypeAlias.name->Name.id;
    bool is_generic = parameters.count > 0;
    if (is_generic) {
        Scope *scope = node->scope->parent;
        unit_enter(g, &unit, UNIT_ANNOTATIONS, scope, scope->name, node->at.lineno);
        unit_begin(g);
        emit_text(g, *name, node->at);
        gen_type_parameters(g, parameters, node->at);
    } else {
        emit_text(g, *name, node->at);
        emit_none(g, node->at);
    }
    lazy_value(g, UNIT_FUNCTION, node->scope, name, node->TypeAlias.value, false, node->at);
    emit(g, OP_BUILD_TUPLE, 3, node->at);
    emit(g, OP_CALL_INTRINSIC_1, INTRINSIC_TYPEALIAS, node->at);
    if (is_generic) {
        emit(g, OP_RETURN_VALUE, 0, node->at);
        gen_make_function(g, unit_leave(g, false), &unit.free, 0, node->at);
        emit(g, OP_CALL, 0, node->at);
    }
    gen_name(g, name, CONTEXT_Store, node->at);
}
