/* ast_objects.c - a syntax tree becomes objects of the module _ast.
 *
 * What        ast_to_objects(); the classes of _ast by kind of node.
 * How         ast.def once more: each field macro becomes a call that sets the attribute of that name. Instances are made without
 *             their __init__, which is for scripts. Operators and contexts have no fields: one instance of each serves all trees.
 * Invariants  I1 every field of a node is an attribute of its object, absent ones as None.
 * GIL         held.
 * Read next   ast_read.c, compiler/ast.def, stdlib/lib/_ast.toy */
#include "vm/cli/ast_objects.h"

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/function.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/import.h"

enum { NAME_SLOTS = 256 };

typedef struct Maker {
    Thread *t;
    AstClasses classes;
    Value shared;                                       /* BORROWED: {name: instance} of operators and contexts */
    struct { const char *text; Str *name; } names[NAME_SLOTS];   /* interned names, found by the address of their literal */
} Maker;

/* ---- names of operators ---- */

static const char *const bool_operators[] = {
#define BOOL_OPERATOR(name, text) #name,
#include "compiler/ast.def"
};
static const char *const unary_operators[] = {
#define UNARY_OPERATOR(name, text) #name,
#include "compiler/ast.def"
};
static const char *const comparisons[] = {
#define COMPARE_OPERATOR(name, text) #name,
#include "compiler/ast.def"
};
static const char *const contexts[] = {
#define CONTEXT(name) #name,
#include "compiler/ast.def"
};
const char *ast_name_of_BoolOperator(BoolOperator op) { return (size_t)op < ARRAY_LENGTH(bool_operators) ? bool_operators[op] : NULL; }
const char *ast_name_of_Operator(Operator op) { return op <= OPERATOR_FloorDiv ? operator_name(op) : NULL; }
const char *ast_name_of_UnaryOperator(UnaryOperator op) { return (size_t)op < ARRAY_LENGTH(unary_operators) ? unary_operators[op] : NULL; }
const char *ast_name_of_CmpOp(CmpOp op) { return (size_t)op < ARRAY_LENGTH(comparisons) ? comparisons[op] : NULL; }
const char *ast_name_of_ExprContext(ExprContext ctx) { return (size_t)ctx < ARRAY_LENGTH(contexts) ? contexts[ctx] : NULL; }

/* ---- classes ---- */

static Value member(Thread *t, Value dict, const char *name)
{
    Str *key = str_intern_text(t, name);
    Value v = key ? dict_get_str(as_dict(dict), key) : UNBOUND;
    if (key) object_release(key);
    return v;
}

bool ast_classes_init(Thread *t, AstClasses *classes)
{
    Value module = import_module_text(t, "_ast");
    *classes = (AstClasses){.module_dict = UNBOUND};
    if (failed(module)) return false;
    if (is_kind(module, KIND_MODULE)) classes->module_dict = retain(object_value(((Module *)as_object(module))->dict));
    release(module);
    bool done = is_bound(classes->module_dict);
    for (int kind = 0; done && kind < NODE_KIND_COUNT; kind++) {
        classes->kinds[kind] = member(t, classes->module_dict, node_kind_name((NodeKind)kind));
        done = is_kind(classes->kinds[kind], KIND_TYPE);
    }
    if (!done && !is_raised(t)) raise_error(t, EXC_SystemError, "_ast has lost its classes");
    if (!done) ast_classes_free(classes);
    return done;
}

void ast_classes_free(AstClasses *classes)
{
    release(classes->module_dict);
    classes->module_dict = UNBOUND;
}

bool ast_is_tree(Thread *t, Value v, bool *answer)
{
    *answer = false;
    Str *name = str_intern_text(t, "_ast");
    Value module = name ? import_find_loaded(t, name) : UNBOUND;           /* not loaded: then there are no trees */
    if (name) object_release(name);
    Value base = is_kind(module, KIND_MODULE) ? member(t, object_value(((Module *)as_object(module))->dict), "AST") : UNBOUND;
    if (is_bound(base)) return value_is_instance(t, v, base, answer);
    if (raised_is(t, EXC_MemoryError)) return false;
    raised_clear(t);                                                        /* a module of that name, but another */
    return true;
}

/* ---- fields ---- */

static BORROWED Str *name_of(Maker *m, const char *text)
{
    size_t slot = ((uintptr_t)text >> 2) % NAME_SLOTS;
    if (m->names[slot].text != text) {
        Str *name = str_intern_text(m->t, text);
        if (!name) return NULL;
        if (m->names[slot].name) object_release(m->names[slot].name);
        m->names[slot].text = text;
        m->names[slot].name = name;
    }
    return m->names[slot].name;
}

static bool set_take(Maker *m, Value object, const char *field, TAKES Value v)
{
    Str *name = failed(v) ? NULL : name_of(m, field);
    bool done = name && value_set_attribute(m->t, object, name, v);
    release(v);
    return done;
}

static Value make_node(Maker *m, const Node *node);

static Value make_list(Maker *m, const NodeList *nodes)
{
    List *list = list_new(m->t, nodes->count);
    for (size_t i = 0; list && i < nodes->count; i++) {
        if (list_append_take(m->t, list, nodes->items[i] ? make_node(m, nodes->items[i]) : NONE)) continue;
        object_release(list);
        list = NULL;
    }
    return object_value(list);
}

static Value make_identifier(Maker *m, Identifier name)
{
    return name ? object_value(str_intern(m->t, str_from_wtf8(m->t, name->bytes, name->length))) : NONE;
}

static Value make_identifiers(Maker *m, const IdentifierList *names)
{
    List *list = list_new(m->t, names->count);
    for (size_t i = 0; list && i < names->count; i++) {
        if (list_append_take(m->t, list, make_identifier(m, names->items[i]))) continue;
        object_release(list);
        list = NULL;
    }
    return object_value(list);
}

static Value shared_instance(Maker *m, const char *name)
{
    Value v = member(m->t, m->shared, name);
    if (is_bound(v)) return retain(v);
    if (!is_raised(m->t)) raise_error(m->t, EXC_SystemError, "_ast has lost %s", name);
    return FAILED;
}

static Value make_comparisons(Maker *m, const CmpOpList *ops)
{
    List *list = list_new(m->t, ops->count);
    for (size_t i = 0; list && i < ops->count; i++) {
        if (list_append_take(m->t, list, shared_instance(m, ast_name_of_CmpOp(ops->items[i])))) continue;
        object_release(list);
        list = NULL;
    }
    return object_value(list);
}

static bool set_fields(Maker *m, Value object, const Node *node)
{
    switch (node->kind) {
    /* clang-format off */
#define NODE(kind, group, placed, fields) case NODE_##kind: { const __typeof__(node->kind) *n = &node->kind; (void)n; return true fields; }
#define CHILD(group, name)        && set_take(m, object, #name, make_node(m, n->name))
#define OPTIONAL(group, name)     && set_take(m, object, #name, n->name ? make_node(m, n->name) : NONE)
#define CHILDREN(group, name)     && set_take(m, object, #name, make_list(m, &n->name))
#define IDENTIFIER(name)          && set_take(m, object, #name, make_identifier(m, n->name))
#define OPTIONAL_IDENTIFIER(name) && set_take(m, object, #name, make_identifier(m, n->name))
#define IDENTIFIERS(name)         && set_take(m, object, #name, make_identifiers(m, &n->name))
#define NUMBER(name)              && set_take(m, object, #name, small_int_value(n->name))
#define CONSTANT(name)            && set_take(m, object, #name, code_constant_value(m->t, &n->name))
#define OPERATION(group, name)    && set_take(m, object, #name, shared_instance(m, ast_name_of_##group(n->name)))
#define COMPARISONS(name)         && set_take(m, object, #name, make_comparisons(m, &n->name))
#include "compiler/ast.def"
    /* clang-format on */
    case NODE_KIND_COUNT: break;
    }
    return true;
}

static bool set_place(Maker *m, Value object, const Span *at)
{
    return set_take(m, object, "lineno", small_int_value(at->lineno)) && set_take(m, object, "col_offset", small_int_value(at->col_offset)) &&
           set_take(m, object, "end_lineno", small_int_value(at->end_lineno)) &&
           set_take(m, object, "end_col_offset", small_int_value(at->end_col_offset));
}

static Value make_node(Maker *m, const Node *node)
{
    if (stack_is_exhausted(m->t, " during ast construction")) return FAILED;
    Value object = object_new(m->t, (Type *)as_object(m->classes.kinds[node->kind]), NULL, 0, NULL);
    if (failed(object)) return FAILED;
    if (set_fields(m, object, node) && (!node_kind_is_placed(node->kind) || set_place(m, object, &node->at))) return object;
    release(object);
    return FAILED;
}

Value ast_to_objects(Thread *t, const Node *tree)
{
    Maker m = {.t = t};
    if (!ast_classes_init(t, &m.classes)) return FAILED;
    m.shared = member(t, m.classes.module_dict, "_shared");
    Value object = FAILED;
    if (is_dict(m.shared)) object = make_node(&m, tree);
    else if (!is_raised(t)) raise_error(t, EXC_SystemError, "_ast has lost its operators");
    for (size_t i = 0; i < NAME_SLOTS; i++)
        if (m.names[i].name) object_release(m.names[i].name);
    ast_classes_free(&m.classes);
    return object;
}
