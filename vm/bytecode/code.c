/* code.c - see code.h: making and freeing a unit, and its two tables beside the code.
 *
 * What        code_new, code_free, code_position, code_handler.
 * How         A unit lies in its own arena, itself included, so freeing takes two steps: first the nested units, found through
 *             the constants, then the arena, copied out of the unit because the unit goes with it.
 *             Both tables are searched only when something was raised or listed; running code never looks at them.
 * GIL         never needed.
 * Read next   image.c (who builds units from bytes), verify.c */
#include "vm/bytecode/code.h"

CodeUnit *code_new(Memory *memory)
{
    Arena arena;
    arena_init(&arena, memory);
    CodeUnit *unit = arena_alloc(&arena, sizeof *unit);
    if (unit)
        unit->arena = arena;
    return unit;
}

static void constants_free(const Const *constants, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const Const *constant = &constants[i];
        if (constant->kind == CONST_CODE)
            code_free(constant->code);
        else if (constant->kind == CONST_TUPLE || constant->kind == CONST_FROZENSET)
            constants_free(constant->items.items, constant->items.count);
    }
}

void code_free(TAKES CodeUnit *unit)
{
    if (!unit)
        return;
    constants_free(unit->constants, unit->constant_count);
    Arena arena = unit->arena;
    arena_free(&arena);
}

LineEntry code_position(const CodeUnit *unit, uint32_t offset)
{
    static const LineEntry nowhere = {0, 0, 0, 0, 0};
    uint32_t low = 0, high = unit->line_count;  /* the last entry that starts at or before offset is in [low - 1, high) */
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (unit->lines[middle].start <= offset)
            low = middle + 1;
        else
            high = middle;
    }
    return low ? unit->lines[low - 1] : nowhere;
}

const HandlerEntry *code_handler(const CodeUnit *unit, uint32_t offset)
{
    /* Inner ranges come first (I3), so the first that covers the offset is the innermost. */
    for (uint32_t i = 0; i < unit->handler_count; i++) {
        const HandlerEntry *entry = &unit->handlers[i];
        if (entry->start <= offset && offset < entry->end)
            return entry;
    }
    return NULL;
}

bool const_is_true(const Const *value)
{
    switch (value->kind) {
    case CONST_NONE:
    case CONST_FALSE: return false;
    case CONST_INT: return value->integer.count != 0;
    case CONST_FLOAT: return value->real != 0;
    case CONST_COMPLEX: return value->real != 0 || value->imaginary != 0;
    case CONST_TEXT:
    case CONST_BYTES: return value->text.length != 0;
    case CONST_TUPLE:
    case CONST_FROZENSET: return value->items.count != 0;
    default: return true;
    }
}
