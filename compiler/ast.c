/* ast.c - what all nodes have in common.
 *
 * What        Making nodes, names of kinds and operators, visiting children, interning identifiers.
 * How         Everything about a particular kind is read from ast.def.
 * Invariants  I1-I3 of ast.h.
 * GIL         never needed.
 * Read next   ast_dump.c (the same table, printed) */
#include "compiler/ast.h"

#include <string.h>

#define PLACED true
#define UNPLACED false

static const struct { const char *name; bool is_placed; const char *group; } kinds[NODE_KIND_COUNT] = {
#define NODE(kind, group_, placed, fields) [NODE_##kind] = { #kind, placed, #group_ },
#include "compiler/ast.def"
};

const char *node_kind_name(NodeKind kind) { return kinds[kind].name; }
bool node_kind_is_placed(NodeKind kind) { return kinds[kind].is_placed; }
bool node_is_statement(const Node *node) { return strcmp(kinds[node->kind].group, "stmt") == 0; }

static const struct { const char *name, *text; } operators[] = {
#define BINARY_OPERATOR(name_, text_) [OPERATOR_##name_] = { #name_, text_ },
#include "compiler/ast.def"
};

const char *operator_name(Operator op) { return operators[op].name; }
const char *operator_text(Operator op) { return operators[op].text; }

Node *node_new(Arena *arena, NodeKind kind, Span at)
{
    Node *node = arena_alloc(arena, sizeof *node);
    if (node) {
        node->kind = kind;
        node->at = at;
    }
    return node;
}

/* ---- visiting ---- */

static bool visit_one(Node **place, NodeVisitor visit, void *context)
{
    return !*place || visit(place, context);
}

static bool visit_list(NodeList *list, NodeVisitor visit, void *context)
{
    for (size_t i = 0; i < list->count; i++)
        if (!visit_one(&list->items[i], visit, context))
            return false;
    return true;
}

bool node_visit_children(Node *node, NodeVisitor visit, void *context)
{
    switch (node->kind) {
#define NODE(kind_, group, placed, fields) \
    case NODE_##kind_: {                   \
        __typeof__(node->kind_) *self = &node->kind_; \
        (void)self;                        \
        return true fields;                \
    }
#define CHILD(group, name) &&visit_one(&self->name, visit, context)
#define OPTIONAL(group, name) &&visit_one(&self->name, visit, context)
#define CHILDREN(group, name) &&visit_list(&self->name, visit, context)
#include "compiler/ast.def"
    case NODE_KIND_COUNT:
        break;
    }
    return true;
}

/* ---- names ---- */

void name_table_init(NameTable *table, Arena *arena)
{
    *table = (NameTable){ .arena = arena };
}

/* FNV-1a: short keys, one pass, no setup. */
static size_t name_hash(const char *bytes, size_t length)
{
    uint64_t hash = 14695981039346656037u;
    for (size_t i = 0; i < length; i++)
        hash = (hash ^ (unsigned char)bytes[i]) * 1099511628211u;
    return (size_t)(hash ^ hash >> 32);
}

static Identifier *name_slot(const NameTable *table, const char *bytes, size_t length)
{
    size_t i = name_hash(bytes, length);
    for (;; i++) {
        Identifier *slot = &table->slots[i & (table->capacity - 1)];
        if (!*slot || ((*slot)->length == length && memcmp((*slot)->bytes, bytes, length) == 0))
            return slot;
    }
}

static bool name_table_grow(NameTable *table)
{
    NameTable larger = { .arena = table->arena, .capacity = table->capacity ? table->capacity * 2 : 64, .count = table->count };
    larger.slots = arena_alloc(table->arena, larger.capacity * sizeof *larger.slots);
    if (!larger.slots)
        return false;
    for (size_t i = 0; i < table->capacity; i++)
        if (table->slots[i])
            *name_slot(&larger, table->slots[i]->bytes, table->slots[i]->length) = table->slots[i];
    *table = larger;
    return true;
}

Identifier name_intern(NameTable *table, const char *bytes, size_t length)
{
    if (table->count * 4 >= table->capacity * 3 && !name_table_grow(table))
        return NULL;
    Identifier *slot = name_slot(table, bytes, length);
    if (!*slot) {
        CodeText *name = arena_alloc(table->arena, sizeof *name);
        const char *copy = name ? arena_copy(table->arena, bytes, length) : NULL;
        if (!copy)
            return NULL;
        *name = (CodeText){ copy, length };
        *slot = name;
        table->count++;
    }
    return *slot;
}

bool identifier_is(Identifier name, const char *text)
{
    return name && name->length == strlen(text) && memcmp(name->bytes, text, name->length) == 0;
}
