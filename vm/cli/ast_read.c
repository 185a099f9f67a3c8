/* ast_read.c - objects of the module _ast become a syntax tree, for compile().
 *
 * What        ast_from_objects().
 * How         ast.def once more: each field macro reads the attribute of that name. A script may have put anything there, so each
 *             value is checked: groups by their classes (subclasses count), lists, names, numbers, constants; then, node by node, what
 *             the grammar cannot say (ast_check.c). The parts of statements and expressions that are a group of their own (arguments,
 *             alias ...) are taken by their fields, whatever their class.
 * Invariants  I1 the tree is one that the parser might have made, apart from its positions and its shape.
 * GIL         held; attributes may be properties: script code runs.
 * Read next   ast_check.c, ast_objects.c */
#include <string.h>

#include "vm/cli/ast_objects.h"
#include "vm/object/bytes.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/set.h"
#include "vm/object/str.h"

typedef struct Reader {
    Thread *t;
    Arena *arena;
    NameTable *names;
    AstClasses classes;
} Reader;

static const char *const groups[] = {
#define NODE(kind, group, placed, fields) #group,
#include "compiler/ast.def"
};

static bool no_memory(Reader *r) { return raise_memory_error(r->t), false; }

/* The attribute, or UNBOUND. False: raised. */
static bool find(Reader *r, Value object, const char *field, Value *v)
{
    Str *name = str_intern_text(r->t, field);
    if (!name) return false;
    *v = value_find_attribute(r->t, object, name);
    object_release(name);
    return is_bound(*v) || !is_raised(r->t);
}

/* The attribute, which must be there; [owner]: of what, for the message. */
static bool get(Reader *r, Value object, const char *field, const char *owner, Value *v)
{
    if (!find(r, object, field, v)) return false;
    if (is_bound(*v)) return true;
    return raise_false(r->t, EXC_TypeError, "required field \"%s\" missing from %s", field, owner);
}

static bool is_required(Reader *r, const char *field, const char *owner)
{
    return raise_false(r->t, EXC_ValueError, "field '%s' is required for %s", field, owner);
}

/* ---- simple fields ---- */

static bool read_int(Reader *r, Value v, int *out)
{
    int64_t n = 0;
    if (!is_exact_int(v) && !is_kind(v, KIND_INT)) return raise_false(r->t, EXC_ValueError, "invalid integer value: %R", v);
    if (!int_fits_int64(v, &n) || n != (int)n) return raise_false(r->t, EXC_OverflowError, "Python int too large to convert to C int");
    *out = (int)n;
    return true;
}

static bool field_number(Reader *r, Value object, const char *field, const char *owner, int *out)
{
    Value v;
    if (!find(r, object, field, &v)) return false;
    bool is_level = strcmp(field, "level") == 0;
    if (is_unbound(v) && !is_level) return get(r, object, field, owner, &v);
    *out = 0;
    bool done = true;
    if (is_bound(v) && !is_none(v)) done = read_int(r, v, out);
    else if (!is_level) done = is_required(r, field, owner);
    release(v);
    return done;
}

static bool read_identifier(Reader *r, Value v, Identifier *out)
{
    if (!is_str(v)) return raise_false(r->t, EXC_TypeError, "AST identifier must be of type str");
    Value bytes = str_encode(r->t, as_str(v), "utf-8", "surrogatepass");
    if (failed(bytes)) return false;
    *out = name_intern(r->names, (const char *)as_bytes(bytes)->data, as_bytes(bytes)->length);
    release(bytes);
    return *out ? true : no_memory(r);
}

static bool field_identifier(Reader *r, Value object, const char *field, const char *owner, bool may_lack, Identifier *out)
{
    Value v;
    *out = NULL;
    if (may_lack ? !find(r, object, field, &v) : !get(r, object, field, owner, &v)) return false;
    bool done = true;
    if (is_bound(v) && !is_none(v)) done = read_identifier(r, v, out);
    else if (!may_lack) done = is_required(r, field, owner);
    release(v);
    return done;
}

/* The list of a field; an absent one is empty. */
static bool field_list(Reader *r, Value object, const char *field, const char *owner, Value *list, size_t *count)
{
    *count = 0;
    if (!find(r, object, field, list)) return false;
    if (is_unbound(*list)) return true;
    if (!is_list(*list)) {
        raise_type_error(r->t, "%s field \"%s\" must be a list, not a %T", owner, field, *list);
        clear(list);
        return false;
    }
    *count = as_list(*list)->count;
    return true;
}

/* Item [i], retained: reading an item may run code that changes the list. */
static bool item_of(Reader *r, Value list, size_t i, size_t count, const char *field, const char *owner, Value *item)
{
    if (as_list(list)->count != count) return raise_false(r->t, EXC_RuntimeError, "%s field \"%s\" changed size during iteration", owner, field);
    *item = retain(as_list(list)->items[i]);
    return true;
}

static bool field_identifiers(Reader *r, Value object, const char *field, const char *owner, IdentifierList *out)
{
    Value list, item;
    size_t count;
    if (!field_list(r, object, field, owner, &list, &count)) return false;
    out->items = arena_alloc(r->arena, (count + 1) * sizeof *out->items);
    out->count = count;
    bool done = out->items || no_memory(r);
    for (size_t i = 0; done && i < count; i++) {
        done = item_of(r, list, i, count, field, owner, &item);
        if (!done) break;
        done = read_identifier(r, item, &out->items[i]);
        release(item);
    }
    release(list);
    return done;
}

/* ---- operators ---- */

/* The number of the operator whose class [v] is an instance of, by the names that [name_of] gives; false: raised. */
static bool read_operator(Reader *r, Value v, const char *group, const char *(*name_of)(unsigned), unsigned *out)
{
    Type *type = value_type(r->t, v);
    for (size_t i = 0; i < type->mro->count; i++)
        for (unsigned number = 0; name_of(number); number++) {
            Str *key = str_intern_text(r->t, name_of(number));
            Value cls = key ? dict_get_str(as_dict(r->classes.module_dict), key) : UNBOUND;
            if (key) object_release(key);
            if (is_raised(r->t)) return false;
            if (!is_bound(cls) || as_object(cls) != as_object(type->mro->items[i])) continue;
            *out = number;
            return true;
        }
    return raise_false(r->t, EXC_TypeError, "expected some sort of %s, but got %R", group, v);
}

static const char *name_BoolOperator(unsigned i) { return ast_name_of_BoolOperator((BoolOperator)i); }
static const char *name_Operator(unsigned i) { return ast_name_of_Operator((Operator)i); }
static const char *name_UnaryOperator(unsigned i) { return ast_name_of_UnaryOperator((UnaryOperator)i); }
static const char *name_CmpOp(unsigned i) { return ast_name_of_CmpOp((CmpOp)i); }
static const char *name_ExprContext(unsigned i) { return ast_name_of_ExprContext((ExprContext)i); }
static const char group_BoolOperator[] = "boolop", group_Operator[] = "operator", group_UnaryOperator[] = "unaryop",
                  group_ExprContext[] = "expr_context";

static bool field_operation(Reader *r, Value object, const char *field, const char *owner, const char *group, const char *(*name_of)(unsigned),
                            unsigned *out)
{
    Value v;
    if (!get(r, object, field, owner, &v)) return false;
    bool done = is_none(v) ? is_required(r, field, owner) : read_operator(r, v, group, name_of, out);
    release(v);
    return done;
}

static bool field_comparisons(Reader *r, Value object, const char *field, const char *owner, CmpOpList *out)
{
    Value list, item;
    size_t count;
    if (!field_list(r, object, field, owner, &list, &count)) return false;
    out->items = arena_alloc(r->arena, (count + 1) * sizeof *out->items);
    out->count = count;
    bool done = out->items || no_memory(r);
    for (size_t i = 0; done && i < count; i++) {
        unsigned number = 0;
        done = item_of(r, list, i, count, field, owner, &item);
        if (!done) break;
        done = read_operator(r, item, "cmpop", name_CmpOp, &number);
        out->items[i] = (CmpOp)number;
        release(item);
    }
    release(list);
    return done;
}

/* ---- constants ---- */

static bool read_constant(Reader *r, Value v, Const *out);

static bool read_constants(Reader *r, Value items, Const *out)
{
    Tuple *tuple = tuple_from_iterable(r->t, items);
    Const *row = tuple ? arena_alloc(r->arena, (tuple->count + 1) * sizeof *row) : NULL;
    bool done = row || (tuple && no_memory(r));
    for (size_t i = 0; done && i < tuple->count; i++) done = read_constant(r, tuple->items[i], &row[i]);
    if (done) out->items.items = row, out->items.count = tuple->count;
    if (tuple) object_release(tuple);
    return done;
}

static bool read_text(Reader *r, const uint8_t *bytes, size_t length, CodeText *out)
{
    out->bytes = arena_copy(r->arena, (const char *)bytes, length);
    out->length = length;
    return out->bytes ? true : no_memory(r);
}

static bool read_int_constant(Reader *r, Value v, Const *out)
{
    uint64_t small;
    const uint64_t *from = &small;
    size_t count = 1;
    out->kind = CONST_INT;
    if (is_small_int(v)) {
        int64_t n = small_int(v);
        out->is_negative = n < 0;
        small = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
        count = n != 0;
    } else {
        const BigInt *big = (const BigInt *)as_object(v);
        out->is_negative = big->size < 0;
        count = (size_t)(big->size < 0 ? -big->size : big->size);
        from = big->limbs;
    }
    uint64_t *limbs = arena_alloc(r->arena, (count + 1) * sizeof *limbs);
    if (!limbs) return no_memory(r);
    memcpy(limbs, from, count * sizeof *limbs);
    out->integer.limbs = limbs, out->integer.count = count;
    return true;
}

static bool read_constant(Reader *r, Value v, Const *out)
{
    if (stack_is_exhausted(r->t, " during compilation")) return false;
    *out = (Const){.kind = CONST_NONE};
    if (is_none(v)) return true;
    if (is_same(v, ELLIPSIS)) return out->kind = CONST_ELLIPSIS, true;
    if (is_bool(v)) return out->kind = is_true(v) ? CONST_TRUE : CONST_FALSE, true;
    Type *type = value_type(r->t, v);
    if (is_exact_int(v)) return read_int_constant(r, v, out);
    if (is_exact_float(v)) return out->kind = CONST_FLOAT, out->real = as_double(v), true;
    if (is_kind(v, KIND_COMPLEX)) {
        const Complex *complex = (const Complex *)as_object(v);
        return out->kind = CONST_COMPLEX, out->real = complex->real, out->imaginary = complex->imaginary, true;
    }
    if (is_str(v) && type == value_type(r->t, r->t->interp->empty_str)) {
        Value bytes = str_encode(r->t, as_str(v), "utf-8", "surrogatepass");
        bool done = !failed(bytes) && read_text(r, as_bytes(bytes)->data, as_bytes(bytes)->length, &out->text);
        release(bytes);
        return out->kind = CONST_TEXT, done;
    }
    if (is_kind(v, KIND_BYTES)) return out->kind = CONST_BYTES, read_text(r, as_bytes(v)->data, as_bytes(v)->length, &out->text);
    if (is_kind(v, KIND_TUPLE)) return out->kind = CONST_TUPLE, read_constants(r, v, out);
    if (is_kind(v, KIND_FROZENSET)) return out->kind = CONST_FROZENSET, read_constants(r, v, out);
    return raise_false(r->t, EXC_TypeError, "got an invalid type in Constant: %T", v);
}

static bool field_constant(Reader *r, Value object, const char *field, const char *owner, Const *out)
{
    Value v;
    if (!get(r, object, field, owner, &v)) return false;
    bool done = read_constant(r, v, out);
    release(v);
    return done;
}

/* ---- nodes ---- */

static bool read_node(Reader *r, Value v, const char *group, Node **out);

static bool field_node(Reader *r, Value object, const char *field, const char *owner, const char *group, bool may_lack, Node **out)
{
    Value v;
    *out = NULL;
    if (may_lack ? !find(r, object, field, &v) : !get(r, object, field, owner, &v)) return false;
    bool done = true;
    if (is_bound(v) && !is_none(v)) done = read_node(r, v, group, out);
    else if (!may_lack) done = is_required(r, field, owner);
    release(v);
    return done;
}

static bool field_nodes(Reader *r, Value object, const char *field, const char *owner, const char *group, NodeList *out)
{
    Value list, item;
    size_t count;
    if (!field_list(r, object, field, owner, &list, &count)) return false;
    bool may_be_none = strcmp(field, "kw_defaults") == 0 || (strcmp(field, "keys") == 0 && strcmp(owner, "Dict") == 0);
    out->items = arena_alloc(r->arena, (count + 1) * sizeof(Node *));
    out->count = count;
    bool done = out->items || no_memory(r);
    for (size_t i = 0; done && i < count; i++) {
        done = item_of(r, list, i, count, field, owner, &item);
        if (!done) break;
        out->items[i] = NULL;
        if (!is_none(item)) done = read_node(r, item, group, &out->items[i]);
        else if (!may_be_none)
            done = raise_false(r->t, EXC_ValueError, "None disallowed in %s list",
                               strcmp(group, "stmt") == 0 ? "statement" : strcmp(group, "expr") == 0 ? "expression" : group);
        release(item);
    }
    release(list);
    return done;
}

static bool read_fields(Reader *r, Value object, Node *node)
{
    const char *owner = node_kind_name(node->kind);
    unsigned number = 0;
    switch (node->kind) {
    /* clang-format off */
#define NODE(kind, group, placed, fields) case NODE_##kind: { __typeof__(node->kind) *n = &node->kind; (void)n; return true fields; }
#define CHILD(group, name)        && field_node(r, object, #name, owner, #group, false, &n->name)
#define OPTIONAL(group, name)     && field_node(r, object, #name, owner, #group, true, &n->name)
#define CHILDREN(group, name)     && field_nodes(r, object, #name, owner, #group, &n->name)
#define IDENTIFIER(name)          && field_identifier(r, object, #name, owner, false, &n->name)
#define OPTIONAL_IDENTIFIER(name) && field_identifier(r, object, #name, owner, true, &n->name)
#define IDENTIFIERS(name)         && field_identifiers(r, object, #name, owner, &n->name)
#define NUMBER(name)              && field_number(r, object, #name, owner, &n->name)
#define CONSTANT(name)            && field_constant(r, object, #name, owner, &n->name)
#define OPERATION(group, name)    && field_operation(r, object, #name, owner, group_##group, name_##group, &number) && (n->name = (group)number, true)
#define COMPARISONS(name)         && field_comparisons(r, object, #name, owner, &n->name)
#include "compiler/ast.def"
    /* clang-format on */
    case NODE_KIND_COUNT: break;
    }
    return true;
}

static bool optional_number(Reader *r, Value object, const char *field, int32_t otherwise, int32_t *out)
{
    Value v;
    int n = otherwise;
    if (!find(r, object, field, &v)) return false;
    bool done = is_unbound(v) || is_none(v) || read_int(r, v, &n);
    release(v);
    *out = n;
    return done;
}

static bool required_number(Reader *r, Value object, const char *field, const char *group, int32_t *out)
{
    Value v;
    int n = 0;
    if (!get(r, object, field, group, &v)) return false;
    bool done = read_int(r, v, &n);
    release(v);
    *out = n;
    return done;
}

static bool read_place(Reader *r, Value object, const char *group, Span *at)
{
    if (!required_number(r, object, "lineno", group, &at->lineno) || !required_number(r, object, "col_offset", group, &at->col_offset)) return false;
    if (!optional_number(r, object, "end_lineno", at->lineno, &at->end_lineno) ||
        !optional_number(r, object, "end_col_offset", at->col_offset, &at->end_col_offset)) return false;
    if (at->lineno > at->end_lineno)
        return raise_false(r->t, EXC_ValueError, "AST node line range (%d, %d) is not valid", at->lineno, at->end_lineno);
    if ((at->lineno < 0 && at->end_lineno != at->lineno) || (at->col_offset < 0 && at->end_col_offset != at->col_offset))
        return raise_false(r->t, EXC_ValueError, "AST node column range (%d, %d) for line range (%d, %d) is not valid", at->col_offset,
                           at->end_col_offset, at->lineno, at->end_lineno);
    if (at->lineno == at->end_lineno && at->col_offset > at->end_col_offset)
        return raise_false(r->t, EXC_ValueError, "line %d, column %d-%d is not a valid range", at->lineno, at->col_offset, at->end_col_offset);
    return true;
}

/* The kind of node that a class of the object's is, NODE_KIND_COUNT if none. */
static NodeKind kind_of(Reader *r, Value v)
{
    Type *type = value_type(r->t, v);
    for (size_t i = 0; i < type->mro->count; i++)
        for (int kind = 0; kind < NODE_KIND_COUNT; kind++)
            if (as_object(r->classes.kinds[kind]) == as_object(type->mro->items[i])) return (NodeKind)kind;
    return NODE_KIND_COUNT;
}

/* The only kind of its group, or NODE_KIND_COUNT. */
static NodeKind only_kind(const char *group)
{
    NodeKind only = NODE_KIND_COUNT;
    for (int kind = 0; kind < NODE_KIND_COUNT; kind++) {
        if (strcmp(groups[kind], group) != 0) continue;
        if (only != NODE_KIND_COUNT) return NODE_KIND_COUNT;
        only = (NodeKind)kind;
    }
    return strcmp(group, "excepthandler") == 0 || strcmp(group, "type_ignore") == 0 ? NODE_KIND_COUNT : only;
}

static bool group_is_placed(const char *group)
{
    for (int kind = 0; kind < NODE_KIND_COUNT; kind++)
        if (strcmp(groups[kind], group) == 0) return node_kind_is_placed((NodeKind)kind);
    return false;
}

static bool read_node(Reader *r, Value v, const char *group, Node **out)
{
    if (stack_is_exhausted(r->t, " during ast construction")) return false;
    Span at = {0, 0, 0, 0};
    if (group_is_placed(group) && !read_place(r, v, group, &at)) return false;
    NodeKind kind = only_kind(group);
    if (kind == NODE_KIND_COUNT) {
        kind = kind_of(r, v);
        if (kind == NODE_KIND_COUNT || strcmp(groups[kind], group) != 0)
            return raise_false(r->t, EXC_TypeError, "expected some sort of %s, but got %R", group, v);
    }
    Node *node = node_new(r->arena, kind, at);
    if (!node) return no_memory(r);
    *out = node;
    return read_fields(r, v, node) && ast_check_node(r->t, node);
}

Node *ast_from_objects(Thread *t, Arena *arena, NameTable *names, Value tree, NodeKind kind)
{
    Reader r = {.t = t, .arena = arena, .names = names};
    if (!ast_classes_init(t, &r.classes)) return NULL;
    Node *node = NULL;
    bool done = false;
    if (kind_of(&r, tree) == kind) done = read_node(&r, tree, "mod", &node);
    else raise_type_error(t, "expected %s node, got %T", node_kind_name(kind), tree);
    ast_classes_free(&r.classes);
    return done ? node : NULL;
}
