/* scope.c - see scope.h: symbols by name, private names, messages.
 *
 * What        What both walks need: finding and adding symbols, name mangling, reporting an error at a place.
 * How         Names are interned (ast.h), so a symbol is found by hashing and comparing a pointer.
 * GIL         never needed.
 * Read next   scope_build.c, scope_resolve.c */
#include "compiler/scope.h"

#include <string.h>

static size_t slot_of(const Scope *scope, Identifier name)
{
    size_t mask = scope->slot_capacity - 1;
    size_t i = ((uintptr_t)name >> 4) * 0x9e3779b97f4a7c15u >> 32 & mask;
    while (scope->slots[i] && scope->slots[i]->name != name) i = (i + 1) & mask;
    return i;
}

Symbol *scope_find(const Scope *scope, Identifier name)
{
    return scope->slot_capacity ? scope->slots[slot_of(scope, name)] : NULL;
}

/* The outgrown arrays stay in the arena; together they are no larger than the last ones. */
static bool grow(Arena *arena, Scope *scope)
{
    size_t capacity = scope->slot_capacity ? scope->slot_capacity * 2 : 8;
    Symbol **slots = arena_alloc(arena, capacity * sizeof *slots);
    Symbol **symbols = arena_alloc(arena, capacity / 2 * sizeof *symbols);
    if (!slots || !symbols) return false;
    if (scope->symbol_count) memcpy(symbols, scope->symbols, scope->symbol_count * sizeof *symbols);
    scope->slots = slots;
    scope->slot_capacity = capacity;
    scope->symbols = symbols;
    scope->symbol_capacity = capacity / 2;
    for (size_t i = 0; i < scope->symbol_count; i++) slots[slot_of(scope, symbols[i]->name)] = symbols[i];
    return true;
}

Symbol *scope_add(Arena *arena, Scope *scope, Identifier name)
{
    Symbol *symbol = scope_find(scope, name);
    if (symbol) return symbol;
    if (scope->symbol_count == scope->symbol_capacity && !grow(arena, scope)) return NULL;
    symbol = arena_alloc(arena, sizeof *symbol);
    if (!symbol) return NULL;
    symbol->name = name;
    scope->symbols[scope->symbol_count++] = symbol;
    scope->slots[slot_of(scope, name)] = symbol;
    return symbol;
}

Scope *scope_host(Scope *scope)
{
    while (scope->is_inlined) scope = scope->parent;
    return scope;
}

Scope *scope_of_type_variable(const Scope *scope, const Node *parameter, bool is_default)
{
    for (Scope *child = scope->first_child; child; child = child->next_sibling)
        if (child->node == parameter && child->kind == SCOPE_TYPE_VARIABLE &&
            (strstr(child->annotation_kind, "default") != NULL) == is_default)
            return child;
    return NULL;
}

/* Names of the form __x, not __x__ and not a.b, get the class name in front; its own leading underscores are left out. */
Identifier scope_mangle(NameTable *names, Identifier private_class, Identifier name)
{
    size_t length = name->length;
    if (!private_class || length < 3 || memcmp(name->bytes, "__", 2) != 0 ||
        memcmp(name->bytes + length - 2, "__", 2) == 0 || memchr(name->bytes, '.', length))
        return name;
    const char *class = private_class->bytes;
    size_t class_length = private_class->length;
    while (class_length && *class == '_') class ++, class_length--;
    if (!class_length) return name; /* a class called _ mangles nothing */
    char *mangled = arena_alloc(names->arena, 1 + class_length + length);
    if (!mangled) return NULL;
    mangled[0] = '_';
    memcpy(mangled + 1, class, class_length);
    memcpy(mangled + 1 + class_length, name->bytes, length);
    return name_intern(names, mangled, 1 + class_length + length);
}

static bool is_type_parameter_of(const Node *definition, Identifier name)
{
    const NodeList *parameters = &definition->ClassDef.type_params;
    for (size_t i = 0; i < parameters->count; i++) {
        const Node *parameter = parameters->items[i];
        Identifier own = parameter->kind == NODE_TypeVar     ? parameter->TypeVar.name
                         : parameter->kind == NODE_ParamSpec ? parameter->ParamSpec.name
                                                             : parameter->TypeVarTuple.name;
        if (own == name) return true;
    }
    return false;
}

Identifier scope_mangle_in(NameTable *names, const Scope *scope, Identifier name)
{
    if (scope->mangles_only_parameters && !is_type_parameter_of(scope->node, name)) return name;
    return scope_mangle(names, scope->private_class, name);
}

void scope_error(Diagnostics *diagnostics, Span at, const char *format, ...)
{
    /* Columns after parsing are bytes, not characters: CPython's are, too. */
    DiagnosticPlace place = {at.lineno, at.col_offset + 1, at.end_lineno, at.end_col_offset + 1, NULL, 0};
    va_list arguments;
    va_start(arguments, format);
    diagnostic_vadd(diagnostics, DIAGNOSTIC_SYNTAX_ERROR, &place, format, arguments);
    va_end(arguments);
}
