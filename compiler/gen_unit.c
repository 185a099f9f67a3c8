/* gen_unit.c - one code unit under construction: emitting, and the tables of names, variables and constants.
 *
 * What        unit_enter opens a unit and emits how it starts; emit and its kin append drafts; unit_leave assembles.
 * How         Own cells and free variables are known from the scopes when the unit starts. Locals get their slots in the
 *             order of first use, so their number is known only at the end; until then a cell or free variable is an
 *             operand in a range of its own, which unit_leave (in finish_slots) turns into the real slot:
 *
 *                 slots of the frame:  | arguments | other locals | cells that are no locals | free variables |
 *
 * Invariants  I1 tables hold each thing once.  I2 an argument that is captured is a local and a cell in one slot.
 * GIL         never needed.
 * Read next   gen_name.c, assemble.c */
#include <stdlib.h>
#include <string.h>

#include "compiler/gen.h"

/* ---- failure ---- */

void gen_out_of_memory(Gen *g)
{
    if (!g->has_failed) diagnostics_out_of_memory(g->diagnostics);
    g->has_failed = true;
}

static void add_diagnostic(Gen *g, DiagnosticClass class, Span at, const char *format, va_list arguments)
{
    DiagnosticPlace place = {at.lineno, at.col_offset + 1, at.end_lineno, at.end_col_offset + 1, NULL, 0};
    diagnostic_vadd(g->diagnostics, class, &place, format, arguments);
}

void gen_error(Gen *g, Span at, const char *format, ...)
{
    if (g->has_failed) return;
    va_list arguments;
    va_start(arguments, format);
    add_diagnostic(g, DIAGNOSTIC_SYNTAX_ERROR, at, format, arguments);
    va_end(arguments);
    g->has_failed = true;
}

void gen_warn(Gen *g, Span at, const char *format, ...)
{
    if (g->has_failed) return;
    va_list arguments;
    va_start(arguments, format);
    add_diagnostic(g, DIAGNOSTIC_SYNTAX_WARNING, at, format, arguments);
    va_end(arguments);
}

bool gen_is_too_deep(Gen *g)
{
    if ((const char *)__builtin_frame_address(0) >= g->stack_limit) return false;
    if (!g->has_failed)
        diagnostic_add(g->diagnostics, DIAGNOSTIC_RECURSION_ERROR, NULL,
                       "maximum recursion depth exceeded during compilation");
    g->has_failed = true;
    return true;
}

Identifier gen_identifier(Gen *g, const char *text)
{
    Identifier name = name_intern(g->names, text, strlen(text));
    if (!name) gen_out_of_memory(g);
    return name;
}

Identifier gen_mangle(Gen *g, Identifier name)
{
    Identifier mangled = name ? scope_mangle_in(g->names, g->unit->scope, name) : NULL;
    if (!mangled) gen_out_of_memory(g);
    return mangled;
}

/* ---- growing arrays in the arena: what is outgrown stays there until the compilation ends ---- */

bool gen_grow(Gen *g, void **items, size_t count, size_t *capacity, size_t size)
{
    size_t larger = *capacity ? *capacity * 2 : 8;
    void *moved = arena_alloc(g->arena, larger * size);
    if (!moved) {
        gen_out_of_memory(g);
        return false;
    }
    if (count) memcpy(moved, *items, count * size);
    *items = moved;
    *capacity = larger;
    return true;
}

/* ---- rows of names ---- */

static uint32_t name_slot(const NameRow *row, Identifier name)
{
    uint32_t mask = row->slot_capacity - 1, i = (uint32_t)(((uintptr_t)name >> 4) * 0x9e3779b97f4a7c15u >> 32) & mask;
    while (row->slots[i] && row->items[row->slots[i] - 1] != name) i = (i + 1) & mask;
    return i;
}

int64_t name_row_find(const NameRow *row, Identifier name)
{
    return row->slot_capacity ? (int64_t)row->slots[name_slot(row, name)] - 1 : -1;
}

uint32_t name_row_add(Gen *g, NameRow *row, Identifier name)
{
    if (g->has_failed) return 0;
    int64_t found = name_row_find(row, name);
    if (found >= 0) return (uint32_t)found;
    if (row->count == row->capacity) {
        if (!gen_grow(g, (void **)&row->items, row->count, &row->capacity, sizeof *row->items)) return 0;
        row->slot_capacity = row->capacity * 2;
        row->slots = arena_alloc(g->arena, row->slot_capacity * sizeof *row->slots);
        if (!row->slots) {
            row->slot_capacity = 0;
            gen_out_of_memory(g);
            return 0;
        }
        for (uint32_t i = 0; i < row->count; i++) row->slots[name_slot(row, row->items[i])] = i + 1;
    }
    row->items[row->count] = name;
    row->slots[name_slot(row, name)] = row->count + 1;
    return row->count++;
}

/* ---- constants ---- */

static bool text_equals(CodeText left, CodeText right)
{
    return left.length == right.length && memcmp(left.bytes, right.bytes, left.length) == 0;
}

bool const_equals(const Const *left, const Const *right)
{
    if (left->kind != right->kind) return false;
    switch (left->kind) {
    case CONST_INT:
        return left->is_negative == right->is_negative && left->integer.count == right->integer.count &&
               memcmp(left->integer.limbs, right->integer.limbs, left->integer.count * sizeof(uint64_t)) == 0;
    case CONST_COMPLEX:
        if (memcmp(&left->imaginary, &right->imaginary, sizeof left->imaginary) != 0) return false;
        /* fall through */
    case CONST_FLOAT: return memcmp(&left->real, &right->real, sizeof left->real) == 0; /* bits: 0.0 is not -0.0 */
    case CONST_TEXT:
    case CONST_BYTES: return text_equals(left->text, right->text);
    case CONST_TUPLE:
    case CONST_FROZENSET:
        if (left->items.count != right->items.count) return false;
        for (size_t i = 0; i < left->items.count; i++)
            if (!const_equals(&left->items.items[i], &right->items.items[i])) return false;
        return true;
    case CONST_CODE: return left->code == right->code;
    default: return true;
    }
}

static uint32_t hash_bytes(uint32_t hash, const void *bytes, size_t length)
{
    const unsigned char *byte = bytes;
    for (size_t i = 0; i < length; i++) hash = (hash ^ byte[i]) * 16777619u; /* FNV-1a */
    return hash;
}

static uint32_t const_hash(const Const *value)
{
    uint32_t hash = 2166136261u ^ (uint32_t)value->kind * 31u;
    switch (value->kind) {
    case CONST_INT:
        return hash_bytes(hash ^ value->is_negative, value->integer.limbs, value->integer.count * sizeof(uint64_t));
    case CONST_COMPLEX: return hash_bytes(hash_bytes(hash, &value->imaginary, 8), &value->real, 8);
    case CONST_FLOAT: return hash_bytes(hash, &value->real, sizeof value->real);
    case CONST_TEXT:
    case CONST_BYTES: return hash_bytes(hash, value->text.bytes, value->text.length);
    case CONST_TUPLE:
    case CONST_FROZENSET:
        for (size_t i = 0; i < value->items.count; i++) hash = (hash ^ const_hash(&value->items.items[i])) * 16777619u;
        return hash;
    case CONST_CODE: return hash_bytes(hash, &value->code, sizeof value->code);
    default: return hash;
    }
}

static uint32_t const_slot(const ConstRow *row, const Const *value)
{
    uint32_t mask = row->slot_capacity - 1, i = const_hash(value) & mask;
    while (row->slots[i] && !const_equals(&row->items[row->slots[i] - 1], value)) i = (i + 1) & mask;
    return i;
}

uint32_t unit_constant(Gen *g, const Const *value)
{
    if (g->has_failed) return 0;
    ConstRow *row = &g->unit->constants;
    if (row->count == row->capacity) {
        if (!gen_grow(g, (void **)&row->items, row->count, &row->capacity, sizeof *row->items)) return 0;
        row->slot_capacity = row->capacity * 2;
        row->slots = arena_alloc(g->arena, row->slot_capacity * sizeof *row->slots);
        if (!row->slots) {
            row->slot_capacity = 0;
            gen_out_of_memory(g);
            return 0;
        }
        for (uint32_t i = 0; i < row->count; i++) row->slots[const_slot(row, &row->items[i])] = i + 1;
    }
    uint32_t slot = const_slot(row, value);
    if (row->slots[slot]) return row->slots[slot] - 1;
    row->items[row->count] = *value;
    row->slots[slot] = row->count + 1;
    return row->count++;
}

Const const_none(void) { return (Const){.kind = CONST_NONE}; }
Const const_text(CodeText text) { return (Const){.kind = CONST_TEXT, .text = text}; }

Const const_tuple(Gen *g, const Const *items, size_t count)
{
    Const *copy = arena_alloc(g->arena, count * sizeof *copy);
    if (!copy) {
        gen_out_of_memory(g);
        count = 0;
    }
    if (count) memcpy(copy, items, count * sizeof *copy);
    return (Const){.kind = CONST_TUPLE, .items = {copy, count}};
}

/* ---- emitting ---- */

static Draft *append(Gen *g, unsigned opcode, uint32_t operand, Span at)
{
    if (g->has_failed) return NULL;
    DraftCode *code = &g->unit->code;
    if (code->count == code->capacity && !gen_grow(g, (void **)&code->items, code->count, &code->capacity, sizeof *code->items)) return NULL;
    Draft *draft = &code->items[code->count++];
    *draft = (Draft){
        .opcode = (uint16_t)opcode, .operand = operand, .label = NO_LABEL, .at = at, .handler = g->unit->handler};
    return draft;
}

void emit(Gen *g, Opcode opcode, uint32_t operand, Span at) { append(g, opcode, operand, at); }

void emit_jump(Gen *g, unsigned opcode, Label label, Span at)
{
    Draft *draft = append(g, opcode, 0, at);
    if (draft) draft->label = label;
}

void emit_name(Gen *g, Opcode opcode, Identifier name, Span at)
{
    if (!g->has_failed) append(g, opcode, name_row_add(g, &g->unit->names, name), at);
}

void emit_attribute(Gen *g, Opcode opcode, Identifier name, Span at) { emit_name(g, opcode, gen_mangle(g, name), at); }

void emit_const(Gen *g, const Const *value, Span at) { append(g, OP_LOAD_CONST, unit_constant(g, value), at); }

void emit_none(Gen *g, Span at)
{
    Const none = const_none();
    emit_const(g, &none, at);
}

void emit_int(Gen *g, uint64_t value, Span at)
{
    uint64_t *limb = arena_alloc(g->arena, sizeof *limb);
    if (!limb) {
        gen_out_of_memory(g);
        return;
    }
    *limb = value;
    Const constant = {.kind = CONST_INT, .integer = {limb, value != 0}};
    emit_const(g, &constant, at);
}

void emit_text(Gen *g, CodeText text, Span at)
{
    Const constant = const_text(text);
    emit_const(g, &constant, at);
}

void emit_setup(Gen *g, SetupKind kind, Label label, Span at)
{
    Handler *handler = arena_alloc(g->arena, sizeof *handler);
    Draft *draft = append(g, PSEUDO_SETUP, 0, at);
    if (!handler || !draft) {
        gen_out_of_memory(g);
        return;
    }
    *handler = (Handler){.outer = g->unit->handler,
                         .label = label,
                         .pushes_offset = kind != SETUP_FINALLY,
                         .drops_value = kind == SETUP_BELOW};
    draft->setup = handler;
    g->unit->handler = handler;
}

void emit_pop_block(Gen *g, Span at)
{
    if (g->has_failed) return;
    append(g, OP_NOP, 0, at); /* goes away unless its line would be lost with it */
    g->unit->handler = g->unit->handler->outer;
}

Label label_new(Gen *g)
{
    DraftCode *code = &g->unit->code;
    if (g->has_failed) return NO_LABEL;
    if (code->label_count == code->label_capacity &&
        !gen_grow(g, (void **)&code->label_places, code->label_count, &code->label_capacity, sizeof *code->label_places)) return NO_LABEL;
    code->label_places[code->label_count] = UINT32_MAX;
    return (Label)code->label_count++;
}

void label_place(Gen *g, Label label)
{
    if (!g->has_failed) g->unit->code.label_places[label] = (uint32_t)g->unit->code.count;
}

/* ---- frame blocks ---- */

void block_push(Gen *g, FrameBlock *block, FrameBlockKind kind, Label start, Label exit, Span at)
{
    if (g->unit->block_count >= MOST_FRAME_BLOCKS) gen_error(g, at, "too many statically nested blocks");
    *block = (FrameBlock){.outer = g->unit->blocks, .kind = kind, .start = start, .exit = exit};
    g->unit->blocks = block;
    g->unit->block_count++;
}

void block_pop(Gen *g)
{
    g->unit->blocks = g->unit->blocks->outer;
    g->unit->block_count--;
}

/* ---- opening a unit ---- */

static int compare_identifiers(const void *left, const void *right)
{
    Identifier a = *(const Identifier *)left, b = *(const Identifier *)right;
    size_t shorter = a->length < b->length ? a->length : b->length;
    int order = memcmp(a->bytes, b->bytes, shorter);
    return order ? order : (a->length > b->length) - (a->length < b->length);
}

static void collect(Gen *g, const Scope *scope, unsigned binding, unsigned flag, NameRow *row)
{
    for (size_t i = 0; i < scope->symbol_count; i++) {
        const Symbol *symbol = scope->symbols[i];
        if (symbol->binding == binding || symbol->flags & flag) name_row_add(g, row, symbol->name);
    }
}

static void sort_row(Gen *g, NameRow *row)
{
    if (g->has_failed || row->count < 2) return;
    qsort(row->items, row->count, sizeof *row->items, compare_identifiers);
    memset(row->slots, 0, row->slot_capacity * sizeof *row->slots);
    for (uint32_t i = 0; i < row->count; i++) row->slots[name_slot(row, row->items[i])] = i + 1;
}

static Identifier joined(Gen *g, Identifier base, const char *middle, Identifier name)
{
    size_t middle_length = strlen(middle), length = base->length + middle_length + name->length;
    char *text = arena_alloc(g->arena, length);
    if (!text) {
        gen_out_of_memory(g);
        return name;
    }
    memcpy(text, base->bytes, base->length);
    memcpy(text + base->length, middle, middle_length);
    memcpy(text + base->length + middle_length, name->bytes, name->length);
    Identifier result = name_intern(g->names, text, length);
    if (!result) gen_out_of_memory(g);
    return result;
}

static Identifier qualified_name(Gen *g, const GenUnit *unit)
{
    const GenUnit *around = unit->outer;
    if (around && around->kind == UNIT_ANNOTATIONS && around->outer)
        around = around->outer; /* as if it were not there */
    if (!around || around->kind == UNIT_MODULE || g->has_failed) return unit->name;
    if (unit->kind == UNIT_FUNCTION || unit->kind == UNIT_ASYNC_FUNCTION || unit->kind == UNIT_CLASS) {
        Identifier mangled = scope_mangle_in(g->names, around->scope, unit->name);
        const Symbol *symbol = mangled ? scope_find(around->scope, mangled) : NULL;
        if (symbol && symbol->binding == BINDING_GLOBAL_EXPLICIT) return unit->name;
    }
    bool is_function =
        around->kind == UNIT_FUNCTION || around->kind == UNIT_ASYNC_FUNCTION || around->kind == UNIT_LAMBDA;
    return joined(g, around->qualified_name, is_function ? ".<locals>." : ".", unit->name);
}

static void emit_prefix(Gen *g, GenUnit *unit)
{
    if (unit->free.count) emit(g, OP_COPY_FREE_VARS, unit->free.count, NO_PLACE);
    for (uint32_t i = 0; i < unit->cells.count; i++)
        emit(g, OP_MAKE_CELL, closure_slot(g, unit->cells.items[i]), NO_PLACE);
    Span first = {unit->first_line, 0, unit->first_line, 0};
    if (unit->is_resumable) {
        Span line_alone = {unit->first_line, -1, unit->first_line, -1};
        emit(g, OP_RETURN_GENERATOR, 0, line_alone);
        emit(g, OP_POP_TOP, 0, line_alone);
        unit->stop_iteration = label_new(g);
        emit_setup(g, SETUP_CLEANUP, unit->stop_iteration, NO_PLACE);
    }
    emit(g, OP_RESUME, 0, unit->kind == UNIT_MODULE ? NO_PLACE : first);
}

void unit_enter(Gen *g, GenUnit *unit, UnitKind kind, Scope *scope, Identifier name, int32_t first_line)
{
    *unit = (GenUnit){.outer = g->unit, .kind = kind, .scope = scope, .name = name, .first_line = first_line};
    g->unit = unit;
    if (g->has_failed) return;
    unit->qualified_name = qualified_name(g, unit);
    unit->is_resumable = kind == UNIT_MODULE
                             ? scope->is_coroutine && !scope->is_generator && g->options->allows_top_level_await
                             : scope_is_function(scope) && (scope->is_generator || scope->is_coroutine);
    collect(g, scope, BINDING_FREE, SYMBOL_FREE_CLASS, &unit->free);
    if (scope_is_function(scope)) collect(g, scope, BINDING_CELL, 0, &unit->cells);
    if (scope->needs_class_cell) name_row_add(g, &unit->cells, gen_identifier(g, "__class__"));
    if (scope->needs_class_dictionary) name_row_add(g, &unit->cells, gen_identifier(g, "__classdict__"));
    sort_row(g, &unit->free);
    sort_row(g, &unit->cells);
}

void unit_begin(Gen *g) { emit_prefix(g, g->unit); }

/* ---- finishing a unit ---- */

enum { CELL_OPERANDS = 1 << 22, FREE_OPERANDS = 1 << 23 };

uint32_t free_slot(Gen *g, Identifier name)
{
    int64_t free = name_row_find(&g->unit->free, name);
    return free < 0 ? closure_slot(g, name) : FREE_OPERANDS + (uint32_t)free;
}

uint32_t closure_slot(Gen *g, Identifier name)
{
    int64_t cell = name_row_find(&g->unit->cells, name);
    if (cell >= 0) return CELL_OPERANDS + (uint32_t)cell;
    int64_t free = name_row_find(&g->unit->free, name);
    return FREE_OPERANDS + (uint32_t)(free < 0 ? 0 : free);
}

uint32_t local_slot(Gen *g, Identifier name) { return name_row_add(g, &g->unit->locals, name); }

static CodeText text_copy(Gen *g, CodeUnit *code, CodeText text)
{
    const char *bytes = arena_copy(&code->arena, text.bytes, text.length);
    if (!bytes) gen_out_of_memory(g);
    return (CodeText){bytes, text.length};
}

static void const_copy(Gen *g, CodeUnit *code, Const *to, const Const *from)
{
    *to = *from;
    if (from->kind == CONST_TEXT || from->kind == CONST_BYTES) to->text = text_copy(g, code, from->text);
    if (from->kind == CONST_INT && from->integer.count) {
        to->integer.limbs = (const uint64_t *)arena_copy(&code->arena, (const char *)from->integer.limbs,
                                                         from->integer.count * sizeof(uint64_t));
        if (!to->integer.limbs) gen_out_of_memory(g);
    }
    if (from->kind == CONST_TUPLE || from->kind == CONST_FROZENSET) {
        Const *items = arena_alloc(&code->arena, from->items.count * sizeof *items);
        if (!items) gen_out_of_memory(g);
        for (size_t i = 0; i < from->items.count && !g->has_failed; i++)
            const_copy(g, code, &items[i], &from->items.items[i]);
        to->items.items = items;
    }
}

/* Lays out the slots and turns the operands of cells and free variables into slot numbers. */
static void finish_slots(Gen *g, GenUnit *unit, CodeUnit *code)
{
    uint32_t local_count = unit->locals.count, slot_count = local_count;
    uint32_t *cell_slots = arena_alloc(g->arena, unit->cells.count * sizeof *cell_slots + 1);
    if (!cell_slots) {
        gen_out_of_memory(g);
        return;
    }
    for (uint32_t i = 0; i < unit->cells.count; i++) {
        int64_t local = name_row_find(&unit->locals, unit->cells.items[i]);
        cell_slots[i] = local >= 0 ? (uint32_t)local : slot_count++; /* I2 */
    }
    uint32_t first_free = slot_count;
    slot_count += unit->free.count;
    code->slot_names = arena_alloc(&code->arena, slot_count * sizeof *code->slot_names + 1);
    code->slot_kinds = arena_alloc(&code->arena, slot_count + 1);
    if (!code->slot_names || !code->slot_kinds) {
        gen_out_of_memory(g);
        return;
    }
    uint8_t hidden = scope_is_function(unit->scope) ? 0 : SLOT_HIDDEN;
    for (uint32_t i = 0; i < local_count; i++) {
        code->slot_names[i] = text_copy(g, code, *unit->locals.items[i]);
        code->slot_kinds[i] = SLOT_LOCAL | hidden;
    }
    for (uint32_t i = 0; i < unit->cells.count; i++) {
        if (cell_slots[i] >= local_count) code->slot_names[cell_slots[i]] = text_copy(g, code, *unit->cells.items[i]);
        code->slot_kinds[cell_slots[i]] |= SLOT_CELL;
    }
    for (uint32_t i = 0; i < unit->free.count; i++) {
        code->slot_names[first_free + i] = text_copy(g, code, *unit->free.items[i]);
        code->slot_kinds[first_free + i] = SLOT_FREE;
    }
    code->slot_count = slot_count;
    code->local_count = local_count;
    code->cell_count = unit->cells.count;
    code->free_count = unit->free.count;
    for (size_t i = 0; i < unit->code.count; i++) {
        Draft *draft = &unit->code.items[i];
        if (draft->opcode >= OPCODE_PLAIN_COUNT) continue;
        OperandKind kind = opcode_info(draft->opcode)->operand;
        if (kind != OPERAND_LOCAL && kind != OPERAND_CELL) continue;
        if (draft->operand >= FREE_OPERANDS)
            draft->operand = first_free + draft->operand - FREE_OPERANDS;
        else if (draft->operand >= CELL_OPERANDS)
            draft->operand = cell_slots[draft->operand - CELL_OPERANDS];
    }
}

static uint32_t code_flags(const Gen *g, const GenUnit *unit)
{
    const Scope *scope = unit->scope;
    uint32_t flags = g->has_text_annotations ? CODE_FUTURE_ANNOTATIONS : 0;
    if (!scope_is_function(scope)) return flags | (unit->is_resumable ? CODE_COROUTINE : 0);
    flags |= CODE_OPTIMIZED | CODE_NEWLOCALS;
    if (scope->is_nested) flags |= CODE_NESTED;
    if (scope->is_generator && scope->is_coroutine)
        flags |= CODE_ASYNC_GENERATOR;
    else if (scope->is_generator)
        flags |= CODE_GENERATOR;
    else if (scope->is_coroutine)
        flags |= CODE_COROUTINE;
    if (scope->has_varargs) flags |= CODE_VARARGS;
    if (scope->has_varkeywords) flags |= CODE_VARKEYWORDS;
    if (unit->kept_constants && unit->constants.items[0].kind == CONST_TEXT) flags |= CODE_HAS_DOCSTRING;
    return flags;
}

/* A new unit, remembered so that a failure later can free it. */
static CodeUnit *new_code(Gen *g)
{
    if (g->has_failed) return NULL;
    if (g->finished_count == g->finished_capacity &&
        !gen_grow(g, (void **)&g->finished, g->finished_count, &g->finished_capacity, sizeof *g->finished)) return NULL;
    CodeUnit *code = code_new(g->memory);
    if (!code)
        gen_out_of_memory(g);
    else
        g->finished[g->finished_count++] = code;
    return code;
}

static CodeUnit *finish(Gen *g, GenUnit *unit)
{
    CodeUnit *code = new_code(g);
    if (!code) return NULL;
    const char *filename = g->options->input.filename ? g->options->input.filename : "";
    code->name = text_copy(g, code, *unit->name);
    code->qualified_name = text_copy(g, code, *unit->qualified_name);
    code->filename = text_copy(g, code, (CodeText){filename, strlen(filename)});
    code->flags = code_flags(g, unit);
    code->argument_count = unit->argument_count;
    code->positional_only_count = unit->positional_only_count;
    code->keyword_only_count = unit->keyword_only_count;
    code->first_line = (uint32_t)unit->first_line;
    code->names = arena_alloc(&code->arena, unit->names.count * sizeof *code->names + 1);
    code->constants = arena_alloc(&code->arena, unit->constants.count * sizeof *code->constants + 1);
    if (!code->names || !code->constants) {
        gen_out_of_memory(g);
        return NULL;
    }
    for (uint32_t i = 0; i < unit->names.count; i++) code->names[i] = text_copy(g, code, *unit->names.items[i]);
    code->name_count = unit->names.count;
    for (uint32_t i = 0; i < unit->constants.count; i++)
        const_copy(g, code, &code->constants[i], &unit->constants.items[i]);
    code->constant_count = unit->constants.count;
    finish_slots(g, unit, code);
    if (g->has_failed) return NULL;
    if (!assemble(g->arena, &unit->code, code, unit->kept_constants, !g->options->omits_columns)) {
        gen_out_of_memory(g);
        return NULL;
    }
    return code;
}

CodeUnit *unit_leave(Gen *g, bool returns_none)
{
    GenUnit *unit = g->unit;
    if (returns_none) {
        emit_none(g, NO_PLACE);
        emit(g, OP_RETURN_VALUE, 0, NO_PLACE);
    }
    if (unit->is_resumable && !g->has_failed) {
        unit->handler = NULL;
        label_place(g, unit->stop_iteration);
        emit(g, OP_CALL_INTRINSIC_1, INTRINSIC_STOPITERATION_ERROR, NO_PLACE);
        emit(g, OP_RERAISE, 1, NO_PLACE);
    }
    CodeUnit *code = g->has_failed ? NULL : finish(g, unit);
    g->unit = unit->outer;
    return code;
}
