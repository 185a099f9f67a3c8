/* future.c - from __future__ import ...
 *
 * What        future_statements() reads those at the head of a module and refuses misplaced or unknown ones.
 * How         They may follow only the docstring and each other. Of all features only `annotations` still changes anything.
 * GIL         never needed.
 * Read next   compile.c, gen_function.c (gen_annotation) */
#include "compiler/compile.h"

static const char *const old_features[] = {
    "nested_scopes",  "generators",       "division",       "absolute_import", "with_statement",
    "print_function", "unicode_literals", "barry_as_FLUFL", "generator_stop",
};

static bool is_future(const Node *node)
{
    return node->kind == NODE_ImportFrom && node->ImportFrom.level == 0 &&
           identifier_is(node->ImportFrom.module, "__future__");
}

static bool fail(Diagnostics *diagnostics, Span at, bool has_end, const char *format, const char *name)
{
    DiagnosticPlace place = {
        at.lineno, at.col_offset + 1, has_end ? at.end_lineno : -1, has_end ? at.end_col_offset + 1 : -1, NULL, 0};
    diagnostic_add(diagnostics, DIAGNOSTIC_SYNTAX_ERROR, &place, format, name);
    return false;
}

static bool read_features(const Node *node, bool *has_text_annotations, Diagnostics *diagnostics)
{
    for (size_t i = 0; i < node->ImportFrom.names.count; i++) {
        Identifier name = node->ImportFrom.names.items[i]->alias.name;
        if (identifier_is(name, "annotations")) {
            *has_text_annotations = true;
            continue;
        }
        if (identifier_is(name, "braces")) return fail(diagnostics, node->at, false, "%s", "not a chance");
        bool is_known = false;
        for (size_t k = 0; k < ARRAY_LENGTH(old_features); k++) is_known |= identifier_is(name, old_features[k]);
        if (!is_known) return fail(diagnostics, node->at, false, "future feature %s is not defined", name->bytes);
    }
    return true;
}

static bool is_docstring(const Node *node)
{
    return node->kind == NODE_Expr && node->Expr.value->kind == NODE_Constant &&
           node->Expr.value->Constant.value.kind == CONST_TEXT;
}

/* Inside functions and classes, too, a future statement is misplaced; the walk for those is the scope builder's neighbour here. */
static bool find_misplaced(Node **place, void *context)
{
    Node *node = *place;
    if (!node_is_statement(node) && node->kind != NODE_ExceptHandler && node->kind != NODE_match_case) return true;
    if (is_future(node))
        return fail(context, node->at, true, "%s", "from __future__ imports must occur at the beginning of the file");
    return node_visit_children(node, find_misplaced, context);
}

bool future_statements(const Node *module, bool *has_text_annotations, Diagnostics *diagnostics)
{
    if (module->kind == NODE_Expression) return true;
    NodeList body = module->kind == NODE_Module ? module->Module.body : module->Interactive.body;
    size_t i = module->kind == NODE_Module && body.count && is_docstring(body.items[0]);
    for (; i < body.count && is_future(body.items[i]); i++)
        if (!read_features(body.items[i], has_text_annotations, diagnostics)) return false;
    for (; i < body.count; i++)
        if (!find_misplaced(&body.items[i], diagnostics)) return false;
    return true;
}
