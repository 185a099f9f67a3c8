/* scope_resolve.c - second walk: what each name means.
 *
 * What        Gives every symbol its binding, and passes captured variables through the scopes between.
 * How         Outermost scope first. A name that is assigned in a scope is local there, unless declared otherwise. Any other
 *             name is looked for outwards: functions are asked, classes are not (their names are no variables of the
 *             methods inside), until a function binds it, or declares it global, or the module is reached.
 *
 *                 def f():            x: local of f, then CELL, because g needs it
 *                     x = 1
 *                     class C:        x: FREE in C, only passed through
 *                         def g(self): return x       x: FREE in g
 *
 *             An inlined comprehension shares the frame of its host, so it captures nothing from it. Its own variables
 *             may be captured by functions inside it, and then they are cells in the host's frame.
 * Invariants  I1 when a scope is resolved, all scopes around it are.
 * GIL         never needed.
 * Read next   gen_name.c, gen_function.c (closures) */
#include <string.h>

#include "compiler/scope.h"

typedef struct Resolver {
    Arena *arena;
    Diagnostics *diagnostics;
    Identifier dunder_class, dunder_classdict; /* __class__, __classdict__ */
} Resolver;

static bool out_of_memory(Resolver *r)
{
    diagnostics_out_of_memory(r->diagnostics);
    return false;
}

static bool error_at_directive(Resolver *r, const Scope *scope, Identifier name, const char *format)
{
    Span at = scope->at;
    for (const Directive *directive = scope->directives; directive; directive = directive->next)
        if (directive->name == name) at = directive->at; /* the list runs backwards: the first one counts */
    scope_error(r->diagnostics, at, format, name->bytes);
    return false;
}

/* Does [scope], a class, bind [name] for the functions inside it? Only the two names that classes make up. */
static bool class_provides(Resolver *r, const Scope *scope, Identifier name)
{
    return scope->kind == SCOPE_CLASS && (name == r->dunder_class || name == r->dunder_classdict);
}

/* The scope around [scope] that binds [name] as a variable, or NULL. */
static Scope *find_binder(Resolver *r, Scope *scope, Identifier name)
{
    const Scope *host = scope_host(scope);
    for (Scope *around = scope->parent; around; around = around->parent) {
        if (class_provides(r, around, name) && around != host) return around;
        if (!scope_is_function(around)) continue;
        const Symbol *symbol = scope_find(around, name);
        if (!symbol || !(symbol->flags & (SYMBOL_BOUND | SYMBOL_GLOBAL))) continue;
        if (symbol->binding == BINDING_GLOBAL_EXPLICIT) return NULL;
        if (symbol->binding != BINDING_FREE) return around; /* a nonlocal one is assigned, too: go on to its owner */
    }
    return NULL;
}

/* Lets [name] pass from [binder] into [scope]: every scope between them hands it on. */
static bool pass_through(Resolver *r, Scope *scope, Scope *binder, Identifier name)
{
    Scope *frame = scope_host(binder);
    if (scope_host(scope) == frame && binder->kind != SCOPE_CLASS)
        return true; /* the same frame: nothing is captured */
    for (Scope *between = scope->parent; between != binder; between = between->parent) {
        if (between->is_inlined && scope_host(between) == frame) continue;
        Symbol *symbol = scope_find(between, name);
        if (symbol && (between->kind == SCOPE_CLASS || between->kind == SCOPE_MODULE) &&
            symbol->flags & (SYMBOL_BOUND | SYMBOL_GLOBAL)) {
            symbol->flags |= SYMBOL_FREE_CLASS;
            continue;
        }
        if (between == frame) continue; /* the comprehension that binds it is inlined here */
        if (!symbol) {
            symbol = scope_add(r->arena, between, name);
            if (!symbol) return out_of_memory(r);
        }
        symbol->binding = BINDING_FREE;
    }
    if (binder->kind == SCOPE_CLASS) {
        if (name == r->dunder_class)
            binder->needs_class_cell = true;
        else
            binder->needs_class_dictionary = true;
        return true;
    }
    scope_find(binder, name)->binding = BINDING_CELL;
    return true;
}

/* A type-parameter scope in a class asks the class first; what the class binds is then never an outer function's. */
static Binding binding_by_class(const Scope *scope, Identifier name)
{
    if (!scope->sees_class) return BINDING_UNKNOWN;
    const Scope *class = scope->parent;
    while (class && class->kind != SCOPE_CLASS) class = class->parent;
    const Symbol *symbol = class ? scope_find(class, name) : NULL;
    if (!symbol) return BINDING_UNKNOWN;
    if (symbol->flags & SYMBOL_GLOBAL) return BINDING_GLOBAL_EXPLICIT;
    if (symbol->flags & SYMBOL_BOUND && !(symbol->flags & SYMBOL_NONLOCAL)) return BINDING_GLOBAL_IMPLICIT;
    return BINDING_UNKNOWN;
}

static bool resolve_nonlocal(Resolver *r, Scope *scope, Symbol *symbol)
{
    if (scope->kind == SCOPE_MODULE)
        return error_at_directive(r, scope, symbol->name, "nonlocal declaration not allowed at module level");
    Scope *binder = find_binder(r, scope, symbol->name);
    if (!binder) return error_at_directive(r, scope, symbol->name, "no binding for nonlocal '%s' found");
    const Symbol *owner = scope_find(binder, symbol->name);
    if (owner && owner->flags & SYMBOL_TYPE_PARAMETER)
        return error_at_directive(r, scope, symbol->name, "nonlocal binding not allowed for type parameter '%s'");
    symbol->binding = BINDING_FREE;
    return pass_through(r, scope, binder, symbol->name);
}

static bool resolve_symbol(Resolver *r, Scope *scope, Symbol *symbol)
{
    if (symbol->flags & SYMBOL_GLOBAL) {
        if (symbol->flags & SYMBOL_NONLOCAL)
            return error_at_directive(r, scope, symbol->name, "name '%s' is nonlocal and global");
        symbol->binding = BINDING_GLOBAL_EXPLICIT;
        return true;
    }
    if (symbol->flags & SYMBOL_NONLOCAL) return resolve_nonlocal(r, scope, symbol);
    if (symbol->flags & SYMBOL_BOUND) {
        if (symbol->binding == BINDING_UNKNOWN) symbol->binding = BINDING_LOCAL;
        return true;
    }
    symbol->binding = binding_by_class(scope, symbol->name);
    if (symbol->binding != BINDING_UNKNOWN) return true;
    Scope *binder = find_binder(r, scope, symbol->name);
    symbol->binding = binder ? BINDING_FREE : BINDING_GLOBAL_IMPLICIT;
    return !binder || pass_through(r, scope, binder, symbol->name);
}

/* The depth of scopes is bounded by the depth of the tree, whose walk (scope_build.c) has just passed. */
static bool resolve_scope(Resolver *r, Scope *scope)
{
    if (scope->parent && (scope->parent->is_nested || scope_is_function(scope->parent))) scope->is_nested = true;
    for (size_t i = 0; i < scope->symbol_count; i++)
        if (!resolve_symbol(r, scope, scope->symbols[i])) return false;
    for (Scope *child = scope->first_child; child; child = child->next_sibling)
        if (!resolve_scope(r, child)) return false;
    return true;
}

bool scope_resolve(Arena *arena, NameTable *names, Scope *module, Diagnostics *diagnostics)
{
    Resolver r = {arena, diagnostics, name_intern(names, "__class__", 9), name_intern(names, "__classdict__", 13)};
    if (!r.dunder_class || !r.dunder_classdict) return out_of_memory(&r);
    return resolve_scope(&r, module);
}
