/* scope_build.c - first walk: which names does each scope meet, and how?
 *
 * What        Opens a Scope for every node that has one and notes in it each name assigned, used, declared or imported.
 *             Reports what is wrong with declarations, however the names are bound in the end.
 * How         One visitor, visit(), that knows the nodes which bind names or open scopes; all others just visit their children.
 *             What is evaluated where: decorators, defaults, annotations, base classes and the iterable of a comprehension's
 *             first `for` belong to the scope around; the rest to the new one.
 * Invariants  I1 builder->current is the scope of the code being visited; enter and leave come in pairs unless an error ends all.
 * GIL         never needed.
 * Read next   scope_resolve.c */
#include <string.h>

#include "compiler/scope.h"

typedef struct Builder {
    Arena *arena;
    NameTable *names;
    Diagnostics *diagnostics;
    const ScopeOptions *options;
    Scope *module, *current;
    Identifier private_class;
} Builder;

static bool visit(Builder *b, Node *node);

static bool out_of_memory(Builder *b)
{
    diagnostics_out_of_memory(b->diagnostics);
    return false;
}

static bool fail(Builder *b, Span at, const char *format, Identifier name)
{
    scope_error(b->diagnostics, at, format, name ? name->bytes : "");
    return false;
}

/* ---- names ---- */

static bool add_to(Builder *b, Scope *scope, Identifier name, unsigned flag, Span at)
{
    Identifier mangled = scope_mangle_in(b->names, scope, name);
    Symbol *symbol = mangled ? scope_add(b->arena, scope, mangled) : NULL;
    if (!symbol) return out_of_memory(b);
    if (flag & SYMBOL_PARAMETER && symbol->flags & SYMBOL_PARAMETER)
        return fail(b, at, "duplicate argument '%s' in function definition", name);
    if (flag & SYMBOL_TYPE_PARAMETER && symbol->flags & SYMBOL_TYPE_PARAMETER)
        return fail(b, at, "duplicate type parameter '%s'", name);
    symbol->flags |= flag;
    if (flag & SYMBOL_GLOBAL && scope != b->module) { /* the module reaches such a name as a global, too */
        symbol = scope_add(b->arena, b->module, mangled);
        if (!symbol) return out_of_memory(b);
        symbol->flags |= SYMBOL_GLOBAL;
        symbol = scope_find(scope, mangled);
    }
    if (scope->is_iteration_target) {
        if (symbol->flags & (SYMBOL_GLOBAL | SYMBOL_NONLOCAL))
            return fail(b, at, "comprehension inner loop cannot rebind assignment expression target '%s'", name);
        symbol->flags |= SYMBOL_ITERATION;
    }
    return true;
}

static bool add(Builder *b, Identifier name, unsigned flag, Span at) { return add_to(b, b->current, name, flag, at); }

static bool add_text(Builder *b, const char *text, unsigned flag, Span at)
{
    Identifier name = name_intern(b->names, text, strlen(text));
    return name ? add(b, name, flag, at) : out_of_memory(b);
}

/* The flags the current scope has noted for [name] so far. */
static unsigned flags_of(Builder *b, const Scope *scope, Identifier name)
{
    Identifier mangled = scope_mangle_in(b->names, scope, name);
    const Symbol *symbol = mangled ? scope_find(scope, mangled) : NULL;
    return symbol ? symbol->flags : 0;
}

static bool add_directive(Builder *b, Identifier name, Span at)
{
    Directive *directive = arena_alloc(b->arena, sizeof *directive);
    Identifier mangled = scope_mangle_in(b->names, b->current, name);
    if (!directive || !mangled) return out_of_memory(b);
    *directive = (Directive){b->current->directives, mangled, at};
    b->current->directives = directive;
    return true;
}

/* ---- scopes ---- */

static Scope *enter(Builder *b, ScopeKind kind, Identifier name, Node *node, Span at)
{
    Scope *scope = name ? arena_alloc(b->arena, sizeof *scope) : NULL;
    if (!scope) {
        out_of_memory(b);
        return NULL;
    }
    scope->kind = kind;
    scope->name = name;
    scope->node = node;
    scope->at = at;
    scope->parent = b->current;
    scope->private_class = b->private_class;
    if (b->current) scope->iteration_expressions = b->current->iteration_expressions;   /* also what is nested in there */
    if (b->current && kind != SCOPE_ANNOTATION) { /* an annotation that becomes text must not capture anything */
        if (b->current->last_child)
            b->current->last_child->next_sibling = scope;
        else
            b->current->first_child = scope;
        b->current->last_child = scope;
    }
    b->current = scope;
    return scope;
}

static bool leave(Builder *b)
{
    b->current = b->current->parent;
    return true;
}

static Scope *enter_text(Builder *b, ScopeKind kind, const char *name, Node *node, Span at)
{
    return enter(b, kind, name_intern(b->names, name, strlen(name)), node, at);
}

/* Scopes that are computed lazily, or hold type parameters, allow no walrus, yield or await. */
static bool check_lazy_scope(Builder *b, const Node *node, const char *what)
{
    const char *where;
    switch (b->current->kind) {
    case SCOPE_ANNOTATION: where = "an annotation"; break;
    case SCOPE_TYPE_VARIABLE: where = b->current->annotation_kind; break;
    case SCOPE_TYPE_ALIAS: where = "a type alias"; break;
    case SCOPE_TYPE_PARAMETERS: where = "the definition of a generic"; break;
    default: return true;
    }
    scope_error(b->diagnostics, node->at, "%s cannot be used within %s", what, where);
    return false;
}

/* ---- pieces ---- */

static bool visit_list(Builder *b, NodeList list)
{
    for (size_t i = 0; i < list.count; i++)
        if (list.items[i] && !visit(b, list.items[i])) return false;
    return true;
}

static bool visit_optional(Builder *b, Node *node) { return !node || visit(b, node); }

static bool visit_place(Node **place, void *builder) { return visit(builder, *place); }

static bool visit_annotation(Builder *b, Node *annotation)
{
    if (!annotation) return true;
    if (!b->options->has_text_annotations) return visit(b, annotation);
    return enter_text(b, SCOPE_ANNOTATION, "_annotation", annotation, annotation->at) && visit(b, annotation) &&
           leave(b);
}

static bool visit_parameter_annotations(Builder *b, NodeList parameters)
{
    for (size_t i = 0; i < parameters.count; i++)
        if (!visit_annotation(b, parameters.items[i]->arg.annotation)) return false;
    return true;
}

static bool visit_annotations(Builder *b, const Node *arguments, Node *returns)
{
    const Node *vararg = arguments->arguments.vararg, *kwarg = arguments->arguments.kwarg;
    return visit_parameter_annotations(b, arguments->arguments.posonlyargs) &&
           visit_parameter_annotations(b, arguments->arguments.args) &&
           (!vararg || visit_annotation(b, vararg->arg.annotation)) &&
           (!kwarg || visit_annotation(b, kwarg->arg.annotation)) &&
           visit_parameter_annotations(b, arguments->arguments.kwonlyargs) && visit_annotation(b, returns);
}

static bool add_parameters(Builder *b, NodeList parameters)
{
    for (size_t i = 0; i < parameters.count; i++)
        if (!add(b, parameters.items[i]->arg.arg, SYMBOL_PARAMETER, parameters.items[i]->at)) return false;
    return true;
}

static bool add_arguments(Builder *b, const Node *arguments)
{
    const Node *vararg = arguments->arguments.vararg, *kwarg = arguments->arguments.kwarg;
    b->current->has_varargs = vararg != NULL;
    b->current->has_varkeywords = kwarg != NULL;
    return add_parameters(b, arguments->arguments.posonlyargs) && add_parameters(b, arguments->arguments.args) &&
           add_parameters(b, arguments->arguments.kwonlyargs) &&
           (!vararg || add(b, vararg->arg.arg, SYMBOL_PARAMETER, vararg->at)) &&
           (!kwarg || add(b, kwarg->arg.arg, SYMBOL_PARAMETER, kwarg->at));
}

/* ---- type parameters ---- */

static bool mark_class_seen(Builder *b, bool sees_class)
{
    b->current->sees_class = sees_class;
    return !sees_class || add_text(b, "__classdict__", SYMBOL_USED, b->current->at);
}

static bool enter_type_parameters(Builder *b, Node *node, Identifier name, NodeList parameters)
{
    bool is_in_class = b->current->kind == SCOPE_CLASS;
    char *title = arena_alloc(b->arena, name->length + 32);
    if (!title) return out_of_memory(b);
    size_t length = 0;
    memcpy(title, "<generic parameters of ", length = 23);
    memcpy(title + length, name->bytes, name->length);
    length += name->length;
    title[length++] = '>';
    if (!enter(b, SCOPE_TYPE_PARAMETERS, name_intern(b->names, title, length), node, node->at)) return false;
    if (!mark_class_seen(b, is_in_class)) return false;
    if (node->kind == NODE_ClassDef) {
        b->private_class = name;
        b->current->private_class = name;
        b->current->mangles_only_parameters = true;
        return add_text(b, ".type_params", SYMBOL_LOCAL | SYMBOL_USED, node->at) &&
               add_text(b, ".generic_base", SYMBOL_LOCAL | SYMBOL_USED, node->at) && visit_list(b, parameters);
    }
    if (node->kind != NODE_TypeAlias) { /* both kinds of def; their arguments have the same layout */
        const Node *arguments = node->kind == NODE_FunctionDef ? node->FunctionDef.args : node->AsyncFunctionDef.args;
        bool has_kwdefaults = false;
        for (size_t i = 0; i < arguments->arguments.kw_defaults.count; i++)
            has_kwdefaults |= arguments->arguments.kw_defaults.items[i] != NULL;
        if (arguments->arguments.defaults.count && !add_text(b, ".defaults", SYMBOL_PARAMETER, node->at)) return false;
        if (has_kwdefaults && !add_text(b, ".kwdefaults", SYMBOL_PARAMETER, node->at)) return false;
    }
    return visit_list(b, parameters);
}

static bool visit_type_variable_part(Builder *b, Node *parameter, Identifier name, Node *expression, const char *kind)
{
    if (!expression) return true;
    bool sees_class = b->current->sees_class;
    Scope *scope = enter(b, SCOPE_TYPE_VARIABLE, name, parameter, expression->at);
    if (!scope) return false;
    scope->annotation_kind = kind;
    return mark_class_seen(b, sees_class) && visit(b, expression) && leave(b);
}

static bool visit_type_parameter(Builder *b, Node *node)
{
    Identifier name = node->kind == NODE_TypeVar     ? node->TypeVar.name
                      : node->kind == NODE_ParamSpec ? node->ParamSpec.name
                                                     : node->TypeVarTuple.name;
    if (!add(b, name, SYMBOL_TYPE_PARAMETER | SYMBOL_LOCAL, node->at)) return false;
    if (node->kind == NODE_ParamSpec)
        return visit_type_variable_part(b, node, name, node->ParamSpec.default_value, "a ParamSpec default");
    if (node->kind == NODE_TypeVarTuple)
        return visit_type_variable_part(b, node, name, node->TypeVarTuple.default_value, "a TypeVarTuple default");
    const Node *bound = node->TypeVar.bound;
    return visit_type_variable_part(b, node, name, node->TypeVar.bound,
                                    bound && bound->kind == NODE_Tuple ? "a TypeVar constraint" : "a TypeVar bound") &&
           visit_type_variable_part(b, node, name, node->TypeVar.default_value, "a TypeVar default");
}

/* ---- definitions ---- */

static bool visit_function(Builder *b, Node *node, bool is_async)
{
    Identifier name = is_async ? node->AsyncFunctionDef.name : node->FunctionDef.name;
    Node *arguments = is_async ? node->AsyncFunctionDef.args : node->FunctionDef.args;
    Node *returns = is_async ? node->AsyncFunctionDef.returns : node->FunctionDef.returns;
    NodeList body = is_async ? node->AsyncFunctionDef.body : node->FunctionDef.body;
    NodeList decorators = is_async ? node->AsyncFunctionDef.decorator_list : node->FunctionDef.decorator_list;
    NodeList type_params = is_async ? node->AsyncFunctionDef.type_params : node->FunctionDef.type_params;
    if (!add(b, name, SYMBOL_LOCAL, node->at) || !visit_list(b, arguments->arguments.defaults) ||
        !visit_list(b, arguments->arguments.kw_defaults) || !visit_list(b, decorators))
        return false;
    if (type_params.count && !enter_type_parameters(b, node, name, type_params)) return false;
    if (!visit_annotations(b, arguments, returns)) return false;
    node->scope = enter(b, SCOPE_FUNCTION, name, node, node->at);
    if (!node->scope) return false;
    node->scope->is_coroutine = is_async;
    if (!add_arguments(b, arguments) || !visit_list(b, body)) return false;
    return leave(b) && (!type_params.count || leave(b));
}

static bool visit_lambda(Builder *b, Node *node)
{
    Node *arguments = node->Lambda.args;
    if (!visit_list(b, arguments->arguments.defaults) || !visit_list(b, arguments->arguments.kw_defaults)) return false;
    node->scope = enter_text(b, SCOPE_FUNCTION, "<lambda>", node, node->at);
    return node->scope && add_arguments(b, arguments) && visit(b, node->Lambda.body) && leave(b);
}

static bool visit_class(Builder *b, Node *node)
{
    Identifier name = node->ClassDef.name, outer_private = b->private_class;
    bool is_generic = node->ClassDef.type_params.count > 0;
    if (!add(b, name, SYMBOL_LOCAL, node->at) || !visit_list(b, node->ClassDef.decorator_list)) return false;
    if (is_generic && !enter_type_parameters(b, node, name, node->ClassDef.type_params)) return false;
    if (!visit_list(b, node->ClassDef.bases) || !visit_list(b, node->ClassDef.keywords)) return false;
    b->private_class = name;
    node->scope = enter(b, SCOPE_CLASS, name, node, node->at);
    if (!node->scope) return false;
    if (is_generic &&
        !(add_text(b, "__type_params__", SYMBOL_LOCAL, node->at) && add_text(b, ".type_params", SYMBOL_USED, node->at)))
        return false;
    if (!visit_list(b, node->ClassDef.body)) return false;
    b->private_class = outer_private;
    return leave(b) && (!is_generic || leave(b));
}

static bool visit_type_alias(Builder *b, Node *node)
{
    Node *target = node->TypeAlias.name;
    bool is_in_class = b->current->kind == SCOPE_CLASS, is_generic = node->TypeAlias.type_params.count > 0;
    if (!visit(b, target)) return false;
    if (is_generic && !enter_type_parameters(b, node, target->Name.id, node->TypeAlias.type_params)) return false;
    node->scope = enter(b, SCOPE_TYPE_ALIAS, target->Name.id, node, node->at);
    return node->scope && mark_class_seen(b, is_in_class) && visit(b, node->TypeAlias.value) && leave(b) &&
           (!is_generic || leave(b));
}

/* ---- comprehensions ---- */

static bool visit_clause(Builder *b, Node *clause, bool is_first)
{
    b->current->is_iteration_target = true;
    if (!visit(b, clause->comprehension.target)) return false;
    b->current->is_iteration_target = false;
    if (!is_first) {
        b->current->iteration_expressions++;
        if (!visit(b, clause->comprehension.iter)) return false;
        b->current->iteration_expressions--;
    }
    if (clause->comprehension.is_async) b->current->is_coroutine = true;
    return visit_list(b, clause->comprehension.ifs);
}

static bool visit_comprehension(Builder *b, Node *node, ComprehensionKind kind, NodeList clauses, Node *element,
                                Node *value)
{
    static const char *const titles[] = {"", "<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>"};
    /* The first iterable is evaluated outside: a generator expression receives it as its argument. */
    b->current->iteration_expressions++;
    if (!visit(b, clauses.items[0]->comprehension.iter)) return false;
    b->current->iteration_expressions--;

    Scope *outer = b->current;
    Scope *scope = node->scope = enter_text(b, SCOPE_FUNCTION, titles[kind], node, node->at);
    if (!scope) return false;
    scope->comprehension = kind;
    scope->is_inlined = kind != COMPREHENSION_GENERATOR && !outer->sees_class;
    if (!add_text(b, ".0", SYMBOL_PARAMETER, node->at)) return false;
    for (size_t i = 0; i < clauses.count; i++)
        if (!visit_clause(b, clauses.items[i], i == 0)) return false;
    if (!visit_optional(b, value) || !visit(b, element)) return false;
    scope->is_generator = kind == COMPREHENSION_GENERATOR;
    bool is_async = scope->is_coroutine && !scope->is_generator;
    leave(b);
    if (is_async) outer->is_coroutine = true;
    return true;
}

/* A walrus inside comprehensions assigns in the function or module around them. */
static bool extend_walrus(Builder *b, Node *node)
{
    const Node *target = node->NamedExpr.target;
    Identifier name = target->Name.id;
    for (Scope *scope = b->current; scope; scope = scope->parent) {
        unsigned flags = flags_of(b, scope, name);
        if (scope->comprehension) {
            if (flags & SYMBOL_ITERATION && flags & (SYMBOL_LOCAL | SYMBOL_GLOBAL))
                return fail(b, target->at, "assignment expression cannot rebind comprehension iteration variable '%s'",
                            name);
            continue;
        }
        switch (scope->kind) {
        case SCOPE_FUNCTION:
            return add(b, name, flags & SYMBOL_GLOBAL ? SYMBOL_GLOBAL : SYMBOL_NONLOCAL, target->at) &&
                   add_directive(b, name, target->at) && add_to(b, scope, name, SYMBOL_LOCAL, target->at);
        case SCOPE_MODULE:
            return add(b, name, SYMBOL_GLOBAL, target->at) && add_directive(b, name, target->at) &&
                   add_to(b, scope, name, SYMBOL_GLOBAL, target->at);
        case SCOPE_CLASS:
            return fail(b, target->at, "assignment expression within a comprehension cannot be used in a class body",
                        NULL);
        case SCOPE_TYPE_PARAMETERS:
            return fail(
                b, target->at,
                "assignment expression within a comprehension cannot be used within the definition of a generic", NULL);
        case SCOPE_TYPE_ALIAS:
            return fail(b, target->at, "assignment expression within a comprehension cannot be used in a type alias",
                        NULL);
        case SCOPE_TYPE_VARIABLE:
            return fail(b, target->at, "assignment expression within a comprehension cannot be used in a TypeVar bound",
                        NULL);
        case SCOPE_ANNOTATION: break;
        }
    }
    return true;
}

static bool visit_walrus(Builder *b, Node *node)
{
    if (!check_lazy_scope(b, node, "named expression")) return false;
    if (b->current->iteration_expressions)
        return fail(b, node->at, "assignment expression cannot be used in a comprehension iterable expression", NULL);
    if (b->current->comprehension && !extend_walrus(b, node)) return false;
    return visit(b, node->NamedExpr.value) && visit(b, node->NamedExpr.target);
}

static bool visit_yield(Builder *b, Node *node)
{
    static const char *const places[] = {"", "list comprehension", "set comprehension", "dict comprehension",
                                         "generator expression"};
    if (!check_lazy_scope(b, node, "yield expression")) return false;
    if (!node_visit_children(node, visit_place, b)) return false;
    b->current->is_generator = true;
    if (!b->current->comprehension) return true;
    scope_error(b->diagnostics, node->at, "'yield' inside %s", places[b->current->comprehension]);
    return false;
}

/* ---- declarations ---- */

static bool visit_declaration(Builder *b, Node *node, bool is_global)
{
    const IdentifierList *names = is_global ? &node->Global.names : &node->Nonlocal.names;
    const char *word = is_global ? "global" : "nonlocal";
    for (size_t i = 0; i < names->count; i++) {
        Identifier name = names->items[i];
        unsigned flags = flags_of(b, b->current, name);
        const char *message = flags & SYMBOL_PARAMETER   ? "name '%s' is parameter and %s"
                              : flags & SYMBOL_ANNOTATED ? "annotated name '%s' can't be %s"
                              : flags & SYMBOL_LOCAL     ? "name '%s' is assigned to before %s declaration"
                              : flags & SYMBOL_USED      ? "name '%s' is used prior to %s declaration"
                                                         : NULL;
        if (message) {
            scope_error(b->diagnostics, node->at, message, name->bytes, word);
            return false;
        }
        if (!add(b, name, is_global ? SYMBOL_GLOBAL : SYMBOL_NONLOCAL, node->at) || !add_directive(b, name, node->at))
            return false;
    }
    return true;
}

static bool visit_annotated_assignment(Builder *b, Node *node)
{
    Node *target = node->AnnAssign.target;
    if (target->kind == NODE_Name) {
        unsigned flags = flags_of(b, b->current, target->Name.id);
        if (flags & (SYMBOL_GLOBAL | SYMBOL_NONLOCAL) && b->current != b->module && node->AnnAssign.simple)
            return fail(b, node->at,
                        flags & SYMBOL_GLOBAL ? "annotated name '%s' can't be global"
                                              : "annotated name '%s' can't be nonlocal",
                        target->Name.id);
        if (node->AnnAssign.simple) {
            if (!add(b, target->Name.id, SYMBOL_ANNOTATED | SYMBOL_LOCAL, target->at)) return false;
        } else if (node->AnnAssign.value && !add(b, target->Name.id, SYMBOL_LOCAL, target->at)) {
            return false;
        }
    } else if (!visit(b, target)) {
        return false;
    }
    return visit_annotation(b, node->AnnAssign.annotation) && visit_optional(b, node->AnnAssign.value);
}

static bool visit_alias(Builder *b, Node *node)
{
    Identifier name = node->alias.asname ? node->alias.asname : node->alias.name;
    if (identifier_is(name, "*")) {
        if (b->current->kind == SCOPE_MODULE) return true;
        return fail(b, node->at, "import * only allowed at module level", NULL);
    }
    if (!node->alias.asname) { /* import a.b binds a */
        const char *dot = memchr(name->bytes, '.', name->length);
        if (dot) name = name_intern(b->names, name->bytes, (size_t)(dot - name->bytes));
        if (!name) return out_of_memory(b);
    }
    return add(b, name, SYMBOL_IMPORTED, node->at);
}

static bool visit_name(Builder *b, Node *node)
{
    bool is_load = node->Name.ctx == CONTEXT_Load;
    if (!add(b, node->Name.id, is_load ? SYMBOL_USED : SYMBOL_LOCAL, node->at)) return false;
    /* super() without arguments finds the class through the cell __class__. */
    if (is_load && scope_is_function(b->current) && identifier_is(node->Name.id, "super"))
        return add_text(b, "__class__", SYMBOL_USED, node->at);
    return true;
}

/* ---- the visitor ---- */

static bool visit_known(Builder *b, Node *node)
{
    switch (node->kind) {
    case NODE_FunctionDef: return visit_function(b, node, false);
    case NODE_AsyncFunctionDef: return visit_function(b, node, true);
    case NODE_Lambda: return visit_lambda(b, node);
    case NODE_ClassDef: return visit_class(b, node);
    case NODE_TypeAlias: return visit_type_alias(b, node);
    case NODE_TypeVar:
    case NODE_ParamSpec:
    case NODE_TypeVarTuple: return visit_type_parameter(b, node);
    case NODE_ListComp:
        return visit_comprehension(b, node, COMPREHENSION_LIST, node->ListComp.generators, node->ListComp.elt, NULL);
    case NODE_SetComp:
        return visit_comprehension(b, node, COMPREHENSION_SET, node->SetComp.generators, node->SetComp.elt, NULL);
    case NODE_DictComp:
        return visit_comprehension(b, node, COMPREHENSION_DICT, node->DictComp.generators, node->DictComp.key,
                                   node->DictComp.value);
    case NODE_GeneratorExp:
        return visit_comprehension(b, node, COMPREHENSION_GENERATOR, node->GeneratorExp.generators,
                                   node->GeneratorExp.elt, NULL);
    case NODE_NamedExpr: return visit_walrus(b, node);
    case NODE_Yield:
    case NODE_YieldFrom: return visit_yield(b, node);
    case NODE_Await:
        if (!check_lazy_scope(b, node, "await expression") || !visit(b, node->Await.value)) return false;
        b->current->is_coroutine = true;
        return true;
    case NODE_Global: return visit_declaration(b, node, true);
    case NODE_Nonlocal: return visit_declaration(b, node, false);
    case NODE_AnnAssign: return visit_annotated_assignment(b, node);
    case NODE_alias: return visit_alias(b, node);
    case NODE_Name: return visit_name(b, node);
    case NODE_ExceptHandler:
        return visit_optional(b, node->ExceptHandler.type) &&
               (!node->ExceptHandler.name || add(b, node->ExceptHandler.name, SYMBOL_LOCAL, node->at)) &&
               visit_list(b, node->ExceptHandler.body);
    case NODE_MatchAs:
        return visit_optional(b, node->MatchAs.pattern) &&
               (!node->MatchAs.name || add(b, node->MatchAs.name, SYMBOL_LOCAL, node->at));
    case NODE_MatchStar: return !node->MatchStar.name || add(b, node->MatchStar.name, SYMBOL_LOCAL, node->at);
    case NODE_MatchMapping:
        return visit_list(b, node->MatchMapping.keys) && visit_list(b, node->MatchMapping.patterns) &&
               (!node->MatchMapping.rest || add(b, node->MatchMapping.rest, SYMBOL_LOCAL, node->at));
    default: return node_visit_children(node, visit_place, b);
    }
}

static bool visit(Builder *b, Node *node)
{
    if ((const char *)__builtin_frame_address(0) < b->options->stack_limit) {
        diagnostic_add(b->diagnostics, DIAGNOSTIC_RECURSION_ERROR, NULL,
                       "maximum recursion depth exceeded during compilation");
        return false;
    }
    return visit_known(b, node);
}

Scope *scope_analyze(Arena *arena, NameTable *names, Node *module, const ScopeOptions *options,
                     Diagnostics *diagnostics)
{
    Builder b = {.arena = arena, .names = names, .diagnostics = diagnostics, .options = options};
    Scope *top = b.module = module->scope = enter_text(&b, SCOPE_MODULE, "top", module, (Span){0, 0, 0, 0});
    if (!top || !node_visit_children(module, visit_place, &b)) return NULL;
    return scope_resolve(arena, names, top, diagnostics) ? top : NULL;
}
