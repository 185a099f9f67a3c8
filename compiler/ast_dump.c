/* ast_dump.c - the tree as text, in the format of Python's ast.dump().
 *
 * What        ast_dump(): `BinOp(left=Name(id='a', ctx=Load()), op=Add(), right=Constant(value=1))`, on one line or indented.
 * How         One function per sort of field, and a switch made from ast.def that calls them in order. As in CPython 3.13,
 *             absent fields and empty lists are left out, and a node stays on one line, also in an indented dump, when it has
 *             at most three fields that are all simple: no lists, no nodes with fields. So a node is measured first.
 * Invariants  I1 a tree deeper than MAX_DEPTH (a sum of thousands of terms) ends in "...": the C stack is not the tree's to use.
 * GIL         as the Buffer's Memory.
 * Read next   ast.def */
#include "compiler/ast.h"
#include "vm/bytecode/disasm.h"

enum { MAX_DEPTH = 4000 };

static const char *const bool_operator_names[] = {
#define BOOL_OPERATOR(name, text) #name,
#include "compiler/ast.def"
};
static const char *const unary_operator_names[] = {
#define UNARY_OPERATOR(name, text) #name,
#include "compiler/ast.def"
};
static const char *const compare_operator_names[] = {
#define COMPARE_OPERATOR(name, text) #name,
#include "compiler/ast.def"
};
static const char *const context_names[] = {
#define CONTEXT(name) #name,
#include "compiler/ast.def"
};

static const char *name_of_BoolOperator(BoolOperator op) { return bool_operator_names[op]; }
static const char *name_of_Operator(Operator op) { return operator_name(op); }
static const char *name_of_UnaryOperator(UnaryOperator op) { return unary_operator_names[op]; }
static const char *name_of_ExprContext(ExprContext ctx) { return context_names[ctx]; }

typedef struct Dump {
    Buffer *out;
    DumpStyle style;
    int level;
    bool has_fields;     /* of the node being written: a comma is due */
    bool is_inline;      /* the node being written stays on one line */
} Dump;

static void write_node(Dump *dump, const Node *node);

static void new_line(Dump *dump)
{
    buffer_add_byte(dump->out, '\n');
    for (int i = 0; i < dump->level * dump->style.indent; i++)
        buffer_add_byte(dump->out, ' ');
}

static void separate(Dump *dump, bool is_first)
{
    if (!is_first)
        buffer_add_byte(dump->out, ',');
    if (dump->style.indent >= 0 && !dump->is_inline)
        new_line(dump);
    else if (!is_first)
        buffer_add_byte(dump->out, ' ');
}

static void begin_field(Dump *dump, const char *name)
{
    separate(dump, !dump->has_fields);
    dump->has_fields = true;
    buffer_add_text(dump->out, name);
    buffer_add_byte(dump->out, '=');
}

/* ---- fields ---- */

static void child_field(Dump *dump, const char *name, const Node *child)
{
    if (!child)
        return;
    begin_field(dump, name);
    write_node(dump, child);
}

static void children_field(Dump *dump, const char *name, const NodeList *list)
{
    if (!list->count)
        return;
    begin_field(dump, name);
    buffer_add_byte(dump->out, '[');
    dump->level++;
    for (size_t i = 0; i < list->count; i++) {
        separate(dump, i == 0);
        if (list->items[i])
            write_node(dump, list->items[i]);
        else
            buffer_add_text(dump->out, "None");
    }
    dump->level--;
    buffer_add_byte(dump->out, ']');
}

static void identifier_field(Dump *dump, const char *name, Identifier identifier)
{
    if (!identifier)
        return;
    begin_field(dump, name);
    disasm_text(dump->out, *identifier, false);
}

static void identifiers_field(Dump *dump, const char *name, const IdentifierList *list)
{
    if (!list->count)
        return;
    begin_field(dump, name);
    buffer_add_byte(dump->out, '[');
    dump->level++;
    for (size_t i = 0; i < list->count; i++) {
        separate(dump, i == 0);
        disasm_text(dump->out, *list->items[i], false);
    }
    dump->level--;
    buffer_add_byte(dump->out, ']');
}

static void number_field(Dump *dump, const char *name, int number)
{
    begin_field(dump, name);
    buffer_add_format(dump->out, "%d", number);
}

/* A constant None is a value, not an absent field. */
static void constant_field(Dump *dump, const char *name, const Const *constant)
{
    begin_field(dump, name);
    disasm_constant(dump->out, constant);
}

static void operation_field(Dump *dump, const char *name, const char *operation)
{
    begin_field(dump, name);
    buffer_add_format(dump->out, "%s()", operation);
}

static void comparisons_field(Dump *dump, const char *name, const CmpOpList *list)
{
    begin_field(dump, name);
    buffer_add_byte(dump->out, '[');
    dump->level++;
    for (size_t i = 0; i < list->count; i++) {
        separate(dump, i == 0);
        buffer_add_format(dump->out, "%s()", compare_operator_names[list->items[i]]);
    }
    dump->level--;
    buffer_add_byte(dump->out, ']');
}

/* ---- measuring ---- */

typedef struct Measure {
    int fields;
    bool is_simple;
} Measure;

static Measure measure(const Node *node, bool has_attributes);

static void measure_list(Measure *so_far, size_t count)
{
    so_far->fields += count > 0;
    so_far->is_simple &= count == 0;
}

static void measure_child(Measure *so_far, const Node *child, bool has_attributes)
{
    if (!child)
        return;
    so_far->fields++;
    bool may_be_empty = child->kind == NODE_arguments || child->kind == NODE_JoinedStr;
    so_far->is_simple &= may_be_empty && measure(child, has_attributes).fields == 0;
}

/* Only empty arguments and empty f-strings have no fields; so measuring never goes deeper than one level. */
static Measure measure(const Node *node, bool has_attributes)
{
    Measure so_far = { has_attributes && node_kind_is_placed(node->kind) ? 4 : 0, true };
    switch (node->kind) {
#define NODE(kind_, group, placed, fields_)                 \
    case NODE_##kind_: {                                    \
        const __typeof__(node->kind_) *self = &node->kind_; \
        (void)self;                                         \
        fields_                                             \
        break;                                              \
    }
#define CHILD(group, name) measure_child(&so_far, self->name, has_attributes);
#define OPTIONAL(group, name) measure_child(&so_far, self->name, has_attributes);
#define CHILDREN(group, name) measure_list(&so_far, self->name.count);
#define IDENTIFIER(name) so_far.fields += self->name != NULL;
#define OPTIONAL_IDENTIFIER(name) so_far.fields += self->name != NULL;
#define IDENTIFIERS(name) measure_list(&so_far, self->name.count);
#define NUMBER(name) so_far.fields++;
#define CONSTANT(name) so_far.fields++;
#define OPERATION(group, name) so_far.fields++;
#define COMPARISONS(name) measure_list(&so_far, self->name.count);
#include "compiler/ast.def"
    case NODE_KIND_COUNT:
        break;
    }
    return so_far;
}

/* ---- nodes ---- */

static void write_fields(Dump *dump, const Node *node)
{
    switch (node->kind) {
#define NODE(kind_, group, placed, fields)                    \
    case NODE_##kind_: {                                      \
        const __typeof__(node->kind_) *self = &node->kind_;   \
        (void)self;                                           \
        fields                                                \
        break;                                                \
    }
#define CHILD(group, name) child_field(dump, #name, self->name);
#define OPTIONAL(group, name) child_field(dump, #name, self->name);
#define CHILDREN(group, name) children_field(dump, #name, &self->name);
#define IDENTIFIER(name) identifier_field(dump, #name, self->name);
#define OPTIONAL_IDENTIFIER(name) identifier_field(dump, #name, self->name);
#define IDENTIFIERS(name) identifiers_field(dump, #name, &self->name);
#define NUMBER(name) number_field(dump, #name, self->name);
#define CONSTANT(name) constant_field(dump, #name, &self->name);
#define OPERATION(group, name) operation_field(dump, #name, name_of_##group(self->name));
#define COMPARISONS(name) comparisons_field(dump, #name, &self->name);
#include "compiler/ast.def"
    case NODE_KIND_COUNT:
        break;
    }
}

static void write_node(Dump *dump, const Node *node)
{
    bool outer_has_fields = dump->has_fields, outer_is_inline = dump->is_inline;
    if (dump->level >= MAX_DEPTH) {
        buffer_add_text(dump->out, "...");
        return;
    }
    Measure size = measure(node, dump->style.has_attributes);
    dump->is_inline = size.is_simple && size.fields <= 3;
    buffer_add_text(dump->out, node_kind_name(node->kind));
    buffer_add_byte(dump->out, '(');
    dump->level++;
    dump->has_fields = false;
    write_fields(dump, node);
    if (dump->style.has_attributes && node_kind_is_placed(node->kind)) {
        number_field(dump, "lineno", node->at.lineno);
        number_field(dump, "col_offset", node->at.col_offset);
        number_field(dump, "end_lineno", node->at.end_lineno);
        number_field(dump, "end_col_offset", node->at.end_col_offset);
    }
    dump->level--;
    dump->has_fields = outer_has_fields;
    dump->is_inline = outer_is_inline;
    buffer_add_byte(dump->out, ')');
}

void ast_dump(Buffer *out, const Node *node, DumpStyle style)
{
    Dump dump = { .out = out, .style = style };
    write_node(&dump, node);
}
