/* gen_comprehension.c - [x for x in y], its kin, and generator expressions.
 *
 * What        Loops that build a list, a set or a dict, or yield one value after the other.
 * How         A generator expression is a function of one argument, the iterator of its first `for`. The other kinds are inlined:
 *             their loop stands in the host's code and their variables in the host's frame. If the host has a variable of the same
 *             name, its value waits on the stack meanwhile, and is put back also when an exception passes:
 *
 *                 iterator            [saved ..] iterator           [saved ..] result iterator
 *                          ---save--->              ---BUILD_LIST-->                          ---loop, restore---> result
 *
 *             In a type-parameter scope of a class nothing is inlined, because names mean something else there.
 * GIL         never needed.
 * Read next   gen_name.c, scope_resolve.c */
#include "compiler/gen.h"

typedef struct Comprehension {
    ComprehensionKind kind;
    NodeList clauses;
    Node *element, *value; /* value: of a dict comprehension */
    Span at;
} Comprehension;

static Comprehension comprehension_of(const Node *node)
{
    switch (node->kind) {
    case NODE_ListComp:
        return (Comprehension){COMPREHENSION_LIST, node->ListComp.generators, node->ListComp.elt, NULL, node->at};
    case NODE_SetComp:
        return (Comprehension){COMPREHENSION_SET, node->SetComp.generators, node->SetComp.elt, NULL, node->at};
    case NODE_DictComp:
        return (Comprehension){COMPREHENSION_DICT, node->DictComp.generators, node->DictComp.key, node->DictComp.value,
                               node->at};
    default:
        return (Comprehension){COMPREHENSION_GENERATOR, node->GeneratorExp.generators, node->GeneratorExp.elt, NULL,
                               node->at};
    }
}

static void clauses_from(Gen *g, const Comprehension *c, size_t index, uint32_t depth);

/* [depth]: how many iterators lie above the collection. */
static void add_element(Gen *g, const Comprehension *c, uint32_t depth)
{
    Span at = c->element->at;
    gen_expression(g, c->element);
    switch (c->kind) {
    case COMPREHENSION_LIST: emit(g, OP_LIST_APPEND, depth + 1, at); break;
    case COMPREHENSION_SET: emit(g, OP_SET_ADD, depth + 1, at); break;
    case COMPREHENSION_DICT:
        gen_expression(g, c->value);
        at.end_lineno = c->value->at.end_lineno;
        at.end_col_offset = c->value->at.end_col_offset;
        emit(g, OP_MAP_ADD, depth + 1, at);
        break;
    default:
        if (g->unit->scope->is_coroutine) emit(g, OP_CALL_INTRINSIC_1, INTRINSIC_ASYNC_GEN_WRAP, at);
        emit(g, OP_YIELD_VALUE, 0, at);
        emit(g, OP_RESUME, 1, at);
        emit(g, OP_POP_TOP, 0, at);
    }
}

/* Conditions, then the next clause or the element; jumps to [skip] when a condition fails. */
static void clause_body(Gen *g, const Comprehension *c, size_t index, uint32_t depth, Label skip)
{
    NodeList conditions = c->clauses.items[index]->comprehension.ifs;
    for (size_t i = 0; i < conditions.count; i++) gen_jump_if(g, conditions.items[i], skip, false, c->at);
    if (index + 1 < c->clauses.count)
        clauses_from(g, c, index + 1, depth);
    else
        add_element(g, c, depth);
}

/* Where the jump back of a loop belongs: to what it repeats. */
static Span end_place(const Comprehension *c)
{
    Span at = c->element->at;
    if (c->kind == COMPREHENSION_DICT) {
        at.end_lineno = c->value->at.end_lineno;
        at.end_col_offset = c->value->at.end_col_offset;
    }
    return at;
}

/* `for x in [value]` is how comprehensions name an intermediate result: no list, no loop. */
static Node *only_element(const Node *iterable)
{
    const NodeList *elements = iterable->kind == NODE_List    ? &iterable->List.elts
                               : iterable->kind == NODE_Tuple ? &iterable->Tuple.elts
                                                              : NULL;
    return elements && elements->count == 1 && elements->items[0]->kind != NODE_Starred ? elements->items[0] : NULL;
}

static void sync_clause(Gen *g, const Comprehension *c, size_t index, uint32_t depth)
{
    Node *clause = c->clauses.items[index], *iterable = clause->comprehension.iter;
    Label start = label_new(g), skip = label_new(g), end = label_new(g);
    Node *only = index ? only_element(iterable) : NULL;
    if (only) {
        gen_expression(g, only);
    } else {
        if (index) {
            gen_expression(g, iterable);
            emit(g, OP_GET_ITER, 0, iterable->at);
        }
        depth++;
        label_place(g, start);
        emit_jump(g, OP_FOR_ITER, end, iterable->at);
    }
    gen_expression(g, clause->comprehension.target);
    clause_body(g, c, index, depth, skip);
    label_place(g, skip);
    if (!only) emit_jump(g, PSEUDO_JUMP, start, end_place(c));
    label_place(g, end);
}

static void async_clause(Gen *g, const Comprehension *c, size_t index, uint32_t depth)
{
    Node *clause = c->clauses.items[index], *iterable = clause->comprehension.iter;
    Label start = label_new(g), skip = label_new(g), end = label_new(g);
    if (index) {
        gen_expression(g, iterable);
        emit(g, OP_GET_AITER, 0, iterable->at);
    }
    label_place(g, start);
    emit_setup(g, SETUP_FINALLY, end, c->at);
    emit(g, OP_GET_ANEXT, 0, c->at);
    emit_none(g, c->at);
    gen_yield_from(g, true, c->at);
    emit_pop_block(g, c->at);
    gen_expression(g, clause->comprehension.target);
    clause_body(g, c, index, depth + 1, skip);
    label_place(g, skip);
    emit_jump(g, PSEUDO_JUMP, start, end_place(c));
    label_place(g, end);
    emit(g, OP_END_ASYNC_FOR, 0, c->at);
}

static void clauses_from(Gen *g, const Comprehension *c, size_t index, uint32_t depth)
{
    if (gen_is_too_deep(g)) return;
    if (c->clauses.items[index]->comprehension.is_async)
        async_clause(g, c, index, depth);
    else
        sync_clause(g, c, index, depth);
}

static void first_iterator(Gen *g, const Comprehension *c)
{
    const Node *first = c->clauses.items[0];
    gen_expression(g, first->comprehension.iter);
    emit(g, first->comprehension.is_async ? OP_GET_AITER : OP_GET_ITER, 0, first->comprehension.iter->at);
}

static void build_empty(Gen *g, const Comprehension *c)
{
    static const Opcode builders[] = {
        [COMPREHENSION_LIST] = OP_BUILD_LIST, [COMPREHENSION_SET] = OP_BUILD_SET, [COMPREHENSION_DICT] = OP_BUILD_MAP};
    emit(g, builders[c->kind], 0, c->at);
}

/* ---- inlined ---- */

/* A variable shares the slot of the host's variable of that name. But a slot that must hold a cell is never lent, nor one borrowed for
 * a cell: whatever interrupts the comprehension, the host finds in its cells what it put there. Then comprehensions have a slot of
 * their own for that name. The unit's tables know it by a copy of the name, which is another Identifier. */
static Identifier slot_name(Gen *g, const Symbol *symbol)
{
    GenUnit *unit = g->unit;
    const Symbol *of_host = scope_find(unit->scope, symbol->name);
    bool is_cell = symbol->binding == BINDING_CELL;
    if (!is_cell && !(of_host && of_host->binding == BINDING_CELL)) return symbol->name;
    for (OwnSlot *own = unit->own_slots; own; own = own->next)
        if (own->name == symbol->name && own->is_cell == is_cell) return &own->copy;
    OwnSlot *own = arena_alloc(g->arena, sizeof *own);
    if (!own) {
        gen_out_of_memory(g);
        return symbol->name;
    }
    *own = (OwnSlot){unit->own_slots, symbol->name, *symbol->name, is_cell};
    unit->own_slots = own;
    if (is_cell) name_row_add(g, &unit->cells, &own->copy);
    return &own->copy;
}

/* Moves the host's variables of the same names to the stack, below the iterator. */
static uint32_t save_variables(Gen *g, const Scope *scope, uint32_t *slots, Span at)
{
    uint32_t count = 0;
    for (size_t i = 0; i < scope->symbol_count; i++) {
        Symbol *symbol = scope->symbols[i];
        if (!symbol_is_own(symbol)) continue;
        symbol->slot_name = slot_name(g, symbol); /* anew: a lambda in a finally body is generated more than once */
        bool is_cell = symbol->binding == BINDING_CELL;
        uint32_t slot = slots[count++] =
            is_cell ? closure_slot(g, symbol->slot_name) : local_slot(g, symbol->slot_name);
        emit(g, OP_LOAD_FAST_AND_CLEAR, slot, at);
    }
    if (count) emit(g, OP_SWAP, count + 1, at);
    return count;
}

/* Only once the handler is set up that restores the host's variables: making a cell may fail. */
static void make_own_cells(Gen *g, const Scope *scope, Span at)
{
    for (size_t i = 0; i < scope->symbol_count; i++) {
        const Symbol *symbol = scope->symbols[i];
        if (symbol_is_own(symbol) && symbol->binding == BINDING_CELL)
            emit(g, OP_MAKE_CELL, closure_slot(g, symbol->slot_name), at);
    }
}

/* The reverse, from below the one value on top of the stack. */
static void restore_variables(Gen *g, const uint32_t *slots, uint32_t count, Span at)
{
    emit(g, OP_SWAP, count + 1, at);
    for (uint32_t i = count; i > 0; i--) emit(g, OP_STORE_FAST, slots[i - 1], at);
}

static void inlined_comprehension(Gen *g, const Comprehension *c, Scope *scope)
{
    uint32_t *slots = arena_alloc(g->arena, scope->symbol_count * sizeof *slots + 1);
    if (!slots) {
        gen_out_of_memory(g);
        return;
    }
    first_iterator(g, c);
    InlinedComprehension inlined = {g->unit->inlined, scope};
    g->unit->inlined = &inlined;
    uint32_t saved = save_variables(g, scope, slots, c->at);
    Label cleanup = label_new(g), end = label_new(g);
    if (saved) emit_setup(g, SETUP_FINALLY, cleanup, c->at);
    build_empty(g, c);
    emit(g, OP_SWAP, 2, c->at);
    make_own_cells(g, scope, c->at);
    clauses_from(g, c, 0, 0);
    g->unit->inlined = inlined.outer;
    if (!saved) return;
    emit_pop_block(g, NO_PLACE);
    emit_jump(g, PSEUDO_JUMP_NO_INTERRUPT, end, NO_PLACE);
    label_place(g, cleanup);
    emit(g, OP_SWAP, 2, NO_PLACE); /* drop the unfinished result from below the exception */
    emit(g, OP_POP_TOP, 0, NO_PLACE);
    restore_variables(g, slots, saved, c->at);
    emit(g, OP_RERAISE, 0, c->at);
    label_place(g, end);
    restore_variables(g, slots, saved, c->at);
}

/* ---- with a frame of its own ---- */

static void called_comprehension(Gen *g, const Comprehension *c, Scope *scope)
{
    GenUnit unit;
    unit_enter(g, &unit, UNIT_COMPREHENSION, scope, scope->name, c->at.lineno);
    unit.argument_count = 1;
    local_slot(g, gen_identifier(g, ".0"));
    unit_begin(g);
    if (c->kind != COMPREHENSION_GENERATOR) build_empty(g, c);
    emit(g, OP_LOAD_FAST, 0, c->at);
    clauses_from(g, c, 0, 0);
    if (c->kind != COMPREHENSION_GENERATOR) emit(g, OP_RETURN_VALUE, 0, end_place(c));
    CodeUnit *code = unit_leave(g, c->kind == COMPREHENSION_GENERATOR);
    gen_make_function(g, code, &unit.free, 0, c->at);
    first_iterator(g, c);
    emit(g, OP_CALL, 1, c->at);
    if (scope->is_coroutine && c->kind != COMPREHENSION_GENERATOR) gen_await(g, 0, c->at);
}

void gen_comprehension(Gen *g, Node *node)
{
    Comprehension c = comprehension_of(node);
    Scope *scope = node->scope;
    const Scope *around = g->unit->scope;
    bool may_await = g->unit->kind == UNIT_ASYNC_FUNCTION || g->unit->kind == UNIT_COMPREHENSION ||
                     (g->options->allows_top_level_await && around->kind == SCOPE_MODULE);
    if (scope->is_coroutine && c.kind != COMPREHENSION_GENERATOR && !may_await) {
        gen_error(g, c.at, "asynchronous comprehension outside of an asynchronous function");
        return;
    }
    if (scope->is_inlined)
        inlined_comprehension(g, &c, scope);
    else
        called_comprehension(g, &c, scope);
}
