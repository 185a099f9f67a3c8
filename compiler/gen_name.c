/* gen_name.c - a variable is loaded, stored or deleted: which instruction does it?
 *
 * What        gen_name(), the one place where a binding (scope.h) becomes an instruction.
 * How         binding of the name in the unit's scope      instruction
 *               local of a function                          LOAD_FAST    slot of the frame
 *               cell, or free variable                       LOAD_DEREF   content of the cell in a slot
 *               global, declared or of a function            LOAD_GLOBAL  module, then built-ins
 *               anything else in a class or module body      LOAD_NAME    the body's namespace, then the same
 *             Inside an inlined comprehension its own variables come first: they are slots of the host's frame, even where the host
 *             is a class or a module.
 * Invariants  I1 names are mangled here and nowhere else on this way.
 * GIL         never needed.
 * Read next   scope_resolve.c, gen_comprehension.c */
#include "compiler/gen.h"

typedef enum Access { ACCESS_FAST, ACCESS_DEREF, ACCESS_GLOBAL, ACCESS_NAME } Access;

static Access access_of_binding(const Scope *scope, const Symbol *symbol)
{
    switch (symbol ? (Binding)symbol->binding : BINDING_GLOBAL_IMPLICIT) {
    case BINDING_CELL:
    case BINDING_FREE: return ACCESS_DEREF;
    case BINDING_GLOBAL_EXPLICIT: return ACCESS_GLOBAL;
    case BINDING_GLOBAL_IMPLICIT: return scope_is_function(scope) ? ACCESS_GLOBAL : ACCESS_NAME;
    default: return scope_is_function(scope) ? ACCESS_FAST : ACCESS_NAME;
    }
}

/* The variable of an inlined comprehension around this point that is called [name], or NULL. */
static const Symbol *inlined_variable(const GenUnit *unit, Identifier name)
{
    for (const InlinedComprehension *inlined = unit->inlined; inlined; inlined = inlined->outer) {
        const Symbol *symbol = scope_find(inlined->scope, name);
        if (symbol && symbol_is_own(symbol)) return symbol;
    }
    return NULL;
}

Identifier slot_name_of(const GenUnit *unit, Identifier name)
{
    const Symbol *own = inlined_variable(unit, name);
    return own ? own->slot_name : name;
}

/* [sees_namespace]: the variable may be in the namespace of a class body, which is asked first. */
static Access access_of(const GenUnit *unit, Identifier name, bool *sees_namespace)
{
    const Scope *scope = unit->scope;
    *sees_namespace = false;
    const Symbol *own = inlined_variable(unit, name);
    if (own) return own->binding == BINDING_CELL ? ACCESS_DEREF : ACCESS_FAST;
    if (unit->inlined && scope->kind == SCOPE_CLASS) { /* a comprehension does not see the class it stands in */
        const Symbol *symbol = scope_find(unit->inlined->scope, name);
        return symbol && symbol->binding == BINDING_FREE ? ACCESS_DEREF : ACCESS_GLOBAL;
    }
    const Symbol *symbol = scope_find(scope, name);
    Access access = access_of_binding(scope, symbol);
    bool is_explicit = symbol && symbol->binding == BINDING_GLOBAL_EXPLICIT;
    *sees_namespace = (scope->kind == SCOPE_CLASS && access == ACCESS_DEREF) ||
                      (scope->sees_class && (access == ACCESS_DEREF || (access == ACCESS_GLOBAL && !is_explicit)));
    return access;
}

static void load_namespace(Gen *g, Span at)
{
    if (g->unit->scope->kind == SCOPE_CLASS)
        emit(g, OP_LOAD_LOCALS, 0, at);
    else
        emit(g, OP_LOAD_DEREF, closure_slot(g, gen_identifier(g, "__classdict__")), at);
}

void gen_check_assignable(Gen *g, Identifier name, ExprContext context, Span at)
{
    if (context == CONTEXT_Load || !identifier_is(name, "__debug__")) return;
    gen_error(g, at, context == CONTEXT_Store ? "cannot assign to __debug__" : "cannot delete __debug__");
}

void gen_name(Gen *g, Identifier name, ExprContext context, Span at)
{
    static const Opcode opcodes[4][3] = {
        [ACCESS_FAST] = {OP_LOAD_FAST, OP_STORE_FAST, OP_DELETE_FAST},
        [ACCESS_DEREF] = {OP_LOAD_DEREF, OP_STORE_DEREF, OP_DELETE_DEREF},
        [ACCESS_GLOBAL] = {OP_LOAD_GLOBAL, OP_STORE_GLOBAL, OP_DELETE_GLOBAL},
        [ACCESS_NAME] = {OP_LOAD_NAME, OP_STORE_NAME, OP_DELETE_NAME},
    };
    gen_check_assignable(g, name, context, at);
    if (g->has_failed) return;
    Identifier mangled = gen_mangle(g, name);
    if (!mangled) return;
    bool sees_namespace;
    Access access = access_of(g->unit, mangled, &sees_namespace);
    Opcode opcode = opcodes[access][context];
    if (sees_namespace && context == CONTEXT_Load) {
        load_namespace(g, at);
        opcode = access == ACCESS_DEREF ? OP_LOAD_FROM_DICT_OR_DEREF : OP_LOAD_FROM_DICT_OR_GLOBALS;
    }
    switch (access) {
    case ACCESS_FAST: emit(g, opcode, local_slot(g, slot_name_of(g->unit, mangled)), at); break;
    case ACCESS_DEREF: {
        Identifier slot = slot_name_of(g->unit, mangled);
        emit(g, opcode, g->unit->scope->kind == SCOPE_CLASS ? free_slot(g, slot) : closure_slot(g, slot), at);
        break;
    }
    default: emit_name(g, opcode, mangled, at);
    }
}
