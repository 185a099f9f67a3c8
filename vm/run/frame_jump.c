/* frame_jump.c - frame.f_lineno = n: a debugger lets a frame go on somewhere else.
 *
 * What        frame_jump.
 * How         The code is walked once, with a row of kinds in place of the stack: iterators of loops, what except blocks keep,
 *             anything else. A jump is good if the stack at its goal is what is left of the stack here when entries are taken off
 *             the top. Then they are taken off, variables that are unbound become None, and the frame's ip is the goal.
 * Invariants  I1 the stack is as deep at the goal as the verifier found it.
 * GIL         held.
 * Read next   trace.c (jump), vm/bytecode/verify_flow.c */
#include "vm/bytecode/opcode.h"
#include "vm/object/exception.h"
#include "vm/run/frame.h"
#include "vm/run/trace.h"
#include "vm/run/warn.h"

typedef enum Entry {
    ENTRY_ANY,
    ENTRY_NO_SELF,      /* the unbound word that LOAD_METHOD may push */
    ENTRY_ITERATOR,     /* of a for loop */
    ENTRY_EXCEPTION,    /* the exception at a handler, and what PUSH_EXC_INFO saves below it */
    ENTRY_OFFSET,       /* the offset that a handler pushes */
} Entry;

/* Of each word where an instruction begins: how deep the stack is (-1: never reached) and what lies on it. */
typedef struct StackMap {
    const CodeUnit *unit;
    uint8_t *entries;   /* word_count rows of stack_size + 1 */
    int32_t *depths;
    uint32_t *pending;  /* words whose row is known and not walked from yet */
    uint32_t pending_count, width;
} StackMap;

static uint8_t *row_at(const StackMap *map, uint32_t offset) { return map->entries + (size_t)offset * map->width; }

static void reach(StackMap *map, uint32_t offset, const uint8_t *row, uint32_t depth)
{
    if (offset >= map->unit->word_count || map->depths[offset] >= 0) return;
    map->depths[offset] = (int32_t)depth;
    memcpy(row_at(map, offset), row, depth);
    map->pending[map->pending_count++] = offset;
}

/* What the instruction pushes at [i] entries below its new top. */
static Entry pushed_entry(Opcode opcode, uint32_t i)
{
    switch (opcode) {
    case OP_GET_ITER: case OP_GET_YIELD_FROM_ITER: case OP_GET_AITER: return ENTRY_ITERATOR;
    case OP_LOAD_METHOD: case OP_LOAD_SUPER_METHOD: return i == 0 ? ENTRY_NO_SELF : ENTRY_ANY;
    case OP_PUSH_EXC_INFO: return ENTRY_EXCEPTION;
    default: return ENTRY_ANY;
    }
}

/* The depth behind the instruction; its effect on [row]. */
static uint32_t step(const Instruction *instruction, uint8_t *row, uint32_t depth, bool jumped)
{
    OpcodeEffect effect = opcode_effect(instruction->opcode, instruction->arg, jumped);
    uint32_t pops = (uint32_t)effect.pops, pushes = (uint32_t)effect.pushes, kept = instruction_kept_entries(instruction);
    if (instruction->opcode == OP_SWAP) {
        uint8_t top = row[depth - 1];
        row[depth - 1] = row[depth - instruction->arg];
        row[depth - instruction->arg] = top;
        return depth;
    }
    if (kept > pushes) kept = pushes;
    uint32_t base = depth - pops + kept;
    uint8_t copied = instruction->opcode == OP_COPY ? row[depth - instruction->arg] : ENTRY_ANY;
    for (uint32_t i = kept; i < pushes; i++) row[base + i - kept] = (uint8_t)pushed_entry(instruction->opcode, pushes - 1 - i);
    depth = base + pushes - kept;
    if (instruction->opcode == OP_COPY) row[depth - 1] = copied;
    return depth;
}

static void walk(StackMap *map, uint32_t at)
{
    const CodeUnit *unit = map->unit;
    Instruction each;
    uint8_t *row = row_at(map, at), *next = row_at(map, unit->word_count);      /* a spare row behind the last word */
    uint32_t depth = (uint32_t)map->depths[at];
    if (!instruction_read(unit->words, unit->word_count, at, &each)) return;
    const HandlerEntry *handler = code_handler(unit, at);
    if (handler && handler->depth <= depth) {
        uint32_t handled = handler->depth;
        memcpy(next, row, handled);
        if (handler->pushes_offset) next[handled++] = ENTRY_OFFSET;
        next[handled++] = ENTRY_EXCEPTION;
        reach(map, handler->target, next, handled);
    }
    if (opcode_info(each.opcode)->flags & OPCODE_JUMPS) {
        memcpy(next, row, depth);
        uint32_t there = step(&each, next, depth, true);
        reach(map, (uint32_t)instruction_target(&each), next, there);
    }
    if (opcode_info(each.opcode)->flags & OPCODE_ENDS) return;
    memcpy(next, row, depth);
    uint32_t behind = step(&each, next, depth, false);
    reach(map, each.next, next, behind);
}

static void map_free(Thread *t, StackMap *map)
{
    size_t words = map->unit->word_count;
    Memory *memory = &t->interp->memory;
    memory_free(memory, map->entries, (words + 1) * map->width);
    memory_free(memory, map->depths, words * sizeof *map->depths);
    memory_free(memory, map->pending, words * sizeof *map->pending);
}

static bool map_make(Thread *t, StackMap *map, const CodeUnit *unit)
{
    Memory *memory = &t->interp->memory;
    size_t words = unit->word_count;
    *map = (StackMap){.unit = unit, .width = unit->stack_size + 3};
    map->entries = memory_alloc_zeroed(memory, (words + 1) * map->width);
    map->depths = memory_alloc_array(memory, words, sizeof *map->depths);
    map->pending = memory_alloc_array(memory, words, sizeof *map->pending);
    if (!map->entries || !map->depths || !map->pending) {
        map_free(t, map);
        return !failed(raise_memory_error(t));
    }
    for (size_t i = 0; i < words; i++) map->depths[i] = -1;
    reach(map, 0, map->entries, 0);
    while (map->pending_count > 0) walk(map, map->pending[--map->pending_count]);
    return true;
}

/* ---- the goal ---- */

static bool fits(Entry here, Entry there)
{
    if (there == ENTRY_NO_SELF) return true;
    return there == ENTRY_ANY ? here != ENTRY_NO_SELF : here == there;
}

/* Is the stack there what the bottom of the stack here is? */
static bool is_reachable(const StackMap *map, uint32_t here, uint32_t there)
{
    int32_t depth = map->depths[there];
    if (depth > map->depths[here]) return false;
    for (int32_t i = 0; i < depth; i++)
        if (!fits((Entry)row_at(map, here)[i], (Entry)row_at(map, there)[i])) return false;
    return true;
}

static const char *obstacle(const StackMap *map, uint32_t there)
{
    int32_t depth = map->depths[there];
    Entry top = depth > 0 ? (Entry)row_at(map, there)[depth - 1] : ENTRY_ANY;
    if (top == ENTRY_ITERATOR) return "can't jump into the body of a for loop";
    if (top == ENTRY_EXCEPTION || top == ENTRY_OFFSET) return "can't jump into an 'except' block as there's no exception";
    return "incompatible stacks";
}

/* The first line with code at or behind [line]; 0: none. */
static uint32_t line_with_code(const CodeUnit *unit, int64_t line)
{
    uint32_t best = 0;
    for (uint32_t i = 0; i < unit->line_count; i++)
        if (unit->lines[i].line >= line && (!best || unit->lines[i].line < best)) best = unit->lines[i].line;
    return best;
}

/* A word where [line] begins and where the stack fits, the deepest of them. False: raised. */
static bool find_goal(Thread *t, const StackMap *map, uint32_t here, uint32_t line, uint32_t *goal)
{
    const CodeUnit *unit = map->unit;
    int32_t best = -1;
    bool is_explained = false;
    const char *why = "cannot find bytecode for specified line";
    for (uint32_t i = 0; i < unit->line_count; i++) {
        uint32_t at = unit->lines[i].start;
        if (unit->lines[i].line != line || (i > 0 && unit->lines[i - 1].line == line) || map->depths[at] < 0) continue;
        if (WORD_OPCODE(unit->words[at]) == OP_RESUME && at + 1 < unit->word_count && map->depths[at + 1] >= 0) at++;
        if (is_reachable(map, here, at)) {
            if (map->depths[at] <= best) continue;
            best = map->depths[at];
            *goal = at;
        } else if (!is_explained) {
            why = obstacle(map, at);
            is_explained = true;
        }
    }
    return best >= 0 || raise_false(t, EXC_ValueError, "%s", why);
}

/* Take entries off until the stack is as deep as at the goal; what an except block has saved is the handled exception again. */
static void cut_stack(Thread *t, Frame *frame, const StackMap *map, uint32_t here, uint32_t goal)
{
    for (int32_t depth = map->depths[here]; depth > map->depths[goal]; depth--) {
        Value v = *--frame->sp;
        if (row_at(map, here)[depth - 1] == ENTRY_EXCEPTION) replace(&t->handled->exception, v);
        else release(v);
    }
}

static bool bind_all(Thread *t, Frame *frame)
{
    const CodeUnit *unit = frame->code->unit;
    Value *locals = frame->locals;
    int count = 0;
    for (uint32_t i = 0; i < unit->slot_count; i++) count += (unit->slot_kinds[i] & SLOT_LOCAL) && is_unbound(locals[i]);
    if (count && !warn(t, EXC_RuntimeWarning, 0, "assigning None to %d unbound local%s", count, count == 1 ? "" : "s")) return false;
    for (uint32_t i = 0; i < unit->slot_count; i++)
        if ((unit->slot_kinds[i] & SLOT_LOCAL) && is_unbound(locals[i])) locals[i] = NONE;
    return true;
}

/* May the frame be sent elsewhere now? Only from a hook that hears of a line, and from the lines and returns that tools see. */
static bool is_at_line(Thread *t, const FrameObject *object)
{
    if (!object->frame || !t->telling) return raise_false(t, EXC_ValueError, "f_lineno can only be set in a trace function");
    if (t->telling == TELLING_CALL) return raise_false(t, EXC_ValueError, "can't jump from the 'call' trace event of a new frame");
    return t->telling == TELLING_LINE || raise_false(t, EXC_ValueError, "can only jump from a 'line' trace event");
}

bool frame_jump(Thread *t, FrameObject *object, int64_t line)
{
    if (!is_at_line(t, object)) return false;
    Frame *frame = object->frame;
    const CodeUnit *unit = frame->code->unit;
    if (line < unit->first_line) return raise_false(t, EXC_ValueError, "line %d comes before the current code block", (int)line);
    uint32_t goal_line = line_with_code(unit, line), goal = 0, here = frame_offset(frame);
    if (!goal_line) return raise_false(t, EXC_ValueError, "line %d comes after the current code block", (int)line);
    StackMap map;
    if (!map_make(t, &map, unit)) return false;
    bool done = find_goal(t, &map, here, goal_line, &goal) && bind_all(t, frame);
    if (done) {
        cut_stack(t, frame, &map, here, goal);
        frame->ip = trace_words(t, frame) + goal + 1;
        frame->traced_line = TRACED_JUMP;
    }
    map_free(t, &map);
    return done;
}
