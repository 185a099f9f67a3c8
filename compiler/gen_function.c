/* gen_function.c - def, async def, lambda: defaults, annotations, closures, docstrings.
 *
 * What        Code that makes a function where the statement stands, and the unit of its body.
 * How         Around the body's unit, in this order on the stack: defaults (tuple), keyword defaults (dict), annotations (tuple of
 *             names and values), closure (tuple of cells), then MAKE_FUNCTION, then one SET_FUNCTION_ATTRIBUTE for each of them.
 *             A def with type parameters is made inside another function, which holds the parameters and is called at once:
 *             evaluated outside, defaults arrive there as arguments.
 * Invariants  I1 the first constant of a function is its docstring, or None.
 * GIL         never needed.
 * Read next   gen_type.c, gen_class.c, scope_resolve.c */
#include <string.h>

#include "compiler/gen.h"

enum { HAS_DEFAULTS = 1, HAS_KEYWORD_DEFAULTS = 2, HAS_ANNOTATIONS = 4, HAS_CLOSURE = 8 };

/* ---- docstrings ---- */

bool docstring_of(NodeList body, CodeText *text)
{
    if (!body.count || body.items[0]->kind != NODE_Expr) return false;
    const Node *value = body.items[0]->Expr.value;
    if (value->kind != NODE_Constant || value->Constant.value.kind != CONST_TEXT) return false;
    *text = value->Constant.value.text;
    return true;
}

/* Takes away the indentation that all lines but the first have in common, as 3.13 does when compiling; tabs become spaces. */
CodeText docstring_clean(Gen *g, CodeText text)
{
    Buffer expanded;
    buffer_init(&expanded, g->memory);
    size_t column = 0;
    for (size_t i = 0; i < text.length; i++) {
        if (text.bytes[i] == '\t') {
            do buffer_add_byte(&expanded, ' ');
            while (++column % 8);
            continue;
        }
        buffer_add_byte(&expanded, (unsigned char)text.bytes[i]);
        column = text.bytes[i] == '\n' || text.bytes[i] == '\r' ? 0 : column + ((text.bytes[i] & 0xc0) != 0x80);
    }
    const char *bytes = expanded.data ? expanded.data : "", *end = bytes + expanded.length;
    size_t margin = SIZE_MAX;
    const char *line = expanded.length ? memchr(bytes, '\n', expanded.length) : NULL;
    while (line) {
        const char *start = ++line;
        while (line < end && *line == ' ') line++;
        if (line < end && *line != '\n' && (size_t)(line - start) < margin) margin = (size_t)(line - start);
        line = memchr(line, '\n', (size_t)(end - line));
    }
    if (margin == SIZE_MAX) margin = 0;
    char *cleaned = buffer_ok(&expanded) ? arena_alloc(g->arena, expanded.length + 1) : NULL;
    if (!cleaned) {
        gen_out_of_memory(g);
        buffer_free(&expanded);
        return text;
    }
    size_t length = 0;
    const char *from = bytes;
    while (from < end && *from == ' ') from++; /* the first line stands behind the quotes */
    while (from < end) {
        const char *stop = memchr(from, '\n', (size_t)(end - from));
        stop = stop ? stop + 1 : end;
        memcpy(cleaned + length, from, (size_t)(stop - from));
        length += (size_t)(stop - from);
        from = stop;
        for (size_t i = 0; i < margin && from < end && *from == ' '; i++) from++;
    }
    buffer_free(&expanded);
    return (CodeText){cleaned, length};
}

/* ---- annotations ---- */

void gen_annotation(Gen *g, Node *annotation)
{
    if (!g->has_text_annotations) {
        gen_expression(g, annotation);
        return;
    }
    Buffer text;
    buffer_init(&text, g->memory);
    unparse(&text, annotation);
    const char *bytes = buffer_ok(&text) ? arena_copy(g->arena, text.data ? text.data : "", text.length) : NULL;
    if (bytes)
        emit_text(g, (CodeText){bytes, text.length}, annotation->at);
    else
        gen_out_of_memory(g);
    buffer_free(&text);
}

static void annotate(Gen *g, Identifier name, Node *annotation, uint32_t *count, Span at)
{
    Identifier mangled = annotation ? gen_mangle(g, name) : NULL;
    if (!mangled) return;
    emit_text(g, *mangled, at);
    if (annotation->kind == NODE_Starred && !g->has_text_annotations) { /* *args: *Ts */
        gen_expression(g, annotation->Starred.value);
        emit(g, OP_UNPACK_SEQUENCE, 1, at);
    } else {
        gen_annotation(g, annotation);
    }
    *count += 2;
}

static void annotate_all(Gen *g, NodeList parameters, uint32_t *count, Span at)
{
    for (size_t i = 0; i < parameters.count; i++)
        annotate(g, parameters.items[i]->arg.arg, parameters.items[i]->arg.annotation, count, at);
}

static unsigned gen_annotations(Gen *g, const Node *arguments, Node *returns, Span at)
{
    const Node *vararg = arguments->arguments.vararg, *kwarg = arguments->arguments.kwarg;
    uint32_t count = 0;
    annotate_all(g, arguments->arguments.args, &count, at); /* before the positional-only ones, as CPython has it */
    annotate_all(g, arguments->arguments.posonlyargs, &count, at);
    if (vararg) annotate(g, vararg->arg.arg, vararg->arg.annotation, &count, at);
    annotate_all(g, arguments->arguments.kwonlyargs, &count, at);
    if (kwarg) annotate(g, kwarg->arg.arg, kwarg->arg.annotation, &count, at);
    if (returns) {
        Identifier name = gen_identifier(g, "return");
        if (name) annotate(g, name, returns, &count, at);
    }
    if (!count) return 0;
    emit(g, OP_BUILD_TUPLE, count, at);
    return HAS_ANNOTATIONS;
}

/* ---- defaults ---- */

static unsigned gen_defaults(Gen *g, const Node *arguments, Span at)
{
    NodeList defaults = arguments->arguments.defaults, names = arguments->arguments.kwonlyargs;
    unsigned attributes = 0;
    if (defaults.count) {
        gen_row(g, defaults, at);
        attributes |= HAS_DEFAULTS;
    }
    uint32_t count = 0;
    for (size_t i = 0; i < names.count; i++) {
        Node *value = arguments->arguments.kw_defaults.items[i];
        Identifier name = value ? gen_mangle(g, names.items[i]->arg.arg) : NULL;
        if (!name) continue;
        emit_text(g, *name, at);
        gen_expression(g, value);
        count++;
    }
    if (!count) return attributes;
    emit(g, OP_BUILD_MAP, count, at);
    return attributes | HAS_KEYWORD_DEFAULTS;
}

/* ---- making the function ---- */

void gen_make_function(Gen *g, CodeUnit *code, const NameRow *free, unsigned attributes, Span at)
{
    if (!code) return;
    if (free->count) {
        for (uint32_t i = 0; i < free->count; i++)
            emit(g, OP_LOAD_CLOSURE, closure_slot(g, slot_name_of(g->unit, free->items[i])), at);
        emit(g, OP_BUILD_TUPLE, free->count, at);
        attributes |= HAS_CLOSURE;
    }
    Const constant = {.kind = CONST_CODE, .code = code};
    emit_const(g, &constant, at);
    emit(g, OP_MAKE_FUNCTION, 0, at);
    for (unsigned attribute = HAS_CLOSURE; attribute; attribute >>= 1) /* the last one pushed comes first */
        if (attributes & attribute) emit(g, OP_SET_FUNCTION_ATTRIBUTE, attribute, at);
}

static void name_parameters(Gen *g, NodeList parameters)
{
    for (size_t i = 0; i < parameters.count; i++) {
        Identifier name = gen_mangle(g, parameters.items[i]->arg.arg);
        gen_check_assignable(g, parameters.items[i]->arg.arg, CONTEXT_Store, parameters.items[i]->at);
        if (name) local_slot(g, name);
    }
}

static void name_extra_parameter(Gen *g, Node *parameter)
{
    if (!parameter) return;
    name_parameters(g, (NodeList){&parameter, 1});
}

/* The arguments become the first slots, in the order of code.h. */
static void declare_arguments(Gen *g, const Node *arguments)
{
    GenUnit *unit = g->unit;
    unit->positional_only_count = (uint32_t)arguments->arguments.posonlyargs.count;
    unit->argument_count = unit->positional_only_count + (uint32_t)arguments->arguments.args.count;
    unit->keyword_only_count = (uint32_t)arguments->arguments.kwonlyargs.count;
    name_parameters(g, arguments->arguments.posonlyargs);
    name_parameters(g, arguments->arguments.args);
    name_parameters(g, arguments->arguments.kwonlyargs);
    name_extra_parameter(g, arguments->arguments.vararg);
    name_extra_parameter(g, arguments->arguments.kwarg);
}

void gen_decorators(Gen *g, NodeList decorators)
{
    for (size_t i = 0; i < decorators.count; i++) gen_expression(g, decorators.items[i]);
}

void gen_apply_decorators(Gen *g, NodeList decorators)
{
    for (size_t i = decorators.count; i > 0; i--) emit(g, OP_CALL, 1, decorators.items[i - 1]->at);
}

/* ---- def ---- */

typedef struct Definition {
    Identifier name;
    Node *arguments, *returns;
    NodeList body, decorators, type_parameters;
    Scope *scope;
    Span at;
    int32_t first_line; /* of the first decorator, if there is one */
    bool is_async;
} Definition;

static Definition definition_of(const Node *node, bool is_async)
{
    Definition d = {.scope = node->scope, .at = node->at, .first_line = node->at.lineno, .is_async = is_async};
    if (is_async) {
        d.name = node->AsyncFunctionDef.name, d.arguments = node->AsyncFunctionDef.args;
        d.returns = node->AsyncFunctionDef.returns, d.body = node->AsyncFunctionDef.body;
        d.decorators = node->AsyncFunctionDef.decorator_list, d.type_parameters = node->AsyncFunctionDef.type_params;
    } else {
        d.name = node->FunctionDef.name, d.arguments = node->FunctionDef.args;
        d.returns = node->FunctionDef.returns, d.body = node->FunctionDef.body;
        d.decorators = node->FunctionDef.decorator_list, d.type_parameters = node->FunctionDef.type_params;
    }
    if (d.decorators.count) d.first_line = d.decorators.items[0]->at.lineno;
    return d;
}

static void function_body(Gen *g, const Definition *d, unsigned attributes)
{
    GenUnit unit;
    NodeList body = d->body;
    CodeText text;
    unit_enter(g, &unit, d->is_async ? UNIT_ASYNC_FUNCTION : UNIT_FUNCTION, d->scope, d->name, d->first_line);
    Const first = const_none();
    if (docstring_of(body, &text)) {
        if (g->options->optimize < 2) first = const_text(docstring_clean(g, text));
        body.items++;
        body.count--;
    }
    unit_constant(g, &first);
    unit.kept_constants = 1;
    declare_arguments(g, d->arguments);
    unit_begin(g);
    gen_statements(g, body);
    gen_make_function(g, unit_leave(g, true), &unit.free, attributes, d->at);
}

/* The unit that holds the type parameters; it returns the function. */
static void generic_function(Gen *g, const Definition *d, unsigned attributes)
{
    GenUnit unit;
    Scope *scope = d->scope->parent;
    unit_enter(g, &unit, UNIT_ANNOTATIONS, scope, scope->name, d->first_line);
    if (attributes & HAS_DEFAULTS) local_slot(g, gen_identifier(g, ".defaults"));
    if (attributes & HAS_KEYWORD_DEFAULTS) local_slot(g, gen_identifier(g, ".kwdefaults"));
    uint32_t count = unit.argument_count = unit.locals.count;
    unit_begin(g);
    gen_type_parameters(g, d->type_parameters, d->at);
    for (uint32_t i = 0; i < count; i++) emit(g, OP_LOAD_FAST, i, d->at);
    function_body(g, d, attributes | gen_annotations(g, d->arguments, d->returns, d->at));
    emit(g, OP_SWAP, 2, d->at);
    emit(g, OP_CALL_INTRINSIC_2, INTRINSIC_SET_FUNCTION_TYPE_PARAMS, d->at);
    emit(g, OP_RETURN_VALUE, 0, d->at);
    gen_make_function(g, unit_leave(g, false), &unit.free, 0, d->at);
    /* The defaults were evaluated first and lie below: bring the function below them. */
    for (uint32_t i = count; i > 0; i--) emit(g, OP_SWAP, i + 1, d->at);
    emit(g, OP_CALL, count, d->at);
}

void gen_function(Gen *g, Node *node, bool is_async)
{
    Definition d = definition_of(node, is_async);
    gen_check_assignable(g, d.name, CONTEXT_Store, d.at);
    gen_decorators(g, d.decorators);
    unsigned attributes = gen_defaults(g, d.arguments, d.at);
    if (d.type_parameters.count)
        generic_function(g, &d, attributes);
    else
        function_body(g, &d, attributes | gen_annotations(g, d.arguments, d.returns, d.at));
    gen_apply_decorators(g, d.decorators);
    gen_name(g, d.name, CONTEXT_Store, d.at);
}

void gen_lambda(Gen *g, Node *node)
{
    GenUnit unit;
    unsigned attributes = gen_defaults(g, node->Lambda.args, node->at);
    unit_enter(g, &unit, UNIT_LAMBDA, node->scope, node->scope->name, node->at.lineno);
    Const none = const_none();
    unit_constant(g, &none);
    unit.kept_constants = 1;
    declare_arguments(g, node->Lambda.args);
    unit_begin(g);
    gen_expression(g, node->Lambda.body);
    emit(g, OP_RETURN_VALUE, 0, node->Lambda.body->at);
    gen_make_function(g, unit_leave(g, false), &unit.free, attributes, node->at);
}
