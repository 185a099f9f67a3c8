/* verify_flow.c - second pass of the verifier: the code, run on kinds instead of values.
 *
 * What        The depth of the stack and, for each slot and stack entry, what it may hold, along every path: jumps, falls, and
 *             handlers. Proves P2, P3, P4 and P7 of verify.h.
 * How         A state is a row of kinds, slots first, then the stack. A kind is a set of bits ("a list", "unbound or a
 *             value"). Where paths meet, depths must be equal and the sets are united. A state is stored only where
 *             something leads to (the leaders); from each leader the code is walked until control leaves or the next leader
 *             comes. A leader whose state grew is walked again; sets only grow, so this ends.
 *
 *                 state of a leader:  [ slot 0 | slot 1 | ... | stack bottom | ... | top ]    depth entries above slot_count
 *
 *             An instruction inside a handler's range goes to the handler, too, with the state it had before, if it may raise
 *             or begins a line: a debugger's function, called for each line, may raise whatever stands there.
 *             Ordinary locals are not followed further than "bound or not": a debugger may store anything into them.
 * Invariants  I1 depth <= stack_size before anything is written to a state.
 * GIL         never needed.
 * Read next   verify.h (the promises) */
#include <string.h>

#include "vm/bytecode/verify_flow.h"

typedef uint16_t Kind;

enum Kinds {
    KIND_UNBOUND = 1,
    KIND_ANY = 2,          /* any value: nothing is known about it */
    KIND_NONE = 4,
    KIND_LIST = 8, KIND_SET = 16, KIND_DICT = 32, KIND_TUPLE = 64,
    KIND_CELL = 128,
    KIND_CODE = 256, KIND_FUNCTION = 512,
    KIND_EXCEPTION = 1024, /* an exception instance */
    KIND_PREVIOUS = 2048,  /* what PUSH_EXC_INFO saved: an exception or None */
    KIND_OFFSET = 4096,    /* the offset that a handler pushes */
};

typedef struct Leader {
    uint32_t offset;
    int32_t depth;         /* -1: not reached yet */
    bool is_queued;
    Kind *state;
} Leader;

typedef struct Flow {
    Verifier *verifier;
    const CodeUnit *unit;
    uint32_t *leader_numbers;  /* by offset: 0, or 1 + index in leaders */
    Leader *leaders;
    uint32_t *queue;           /* indexes of leaders to walk (again): a stack */
    uint32_t leader_count, queued;
    uint32_t *handlers;        /* by offset: 0, or 1 + index of the innermost handler entry */
    Kind *state;               /* the state being changed: slots, then stack */
    uint32_t depth;
    uint32_t offset;           /* of the instruction looked at */
    Opcode opcode;
} Flow;

static Kind *stack(Flow *flow)
{
    return flow->state + flow->unit->slot_count;
}

/* The kind [down] entries below the top; 0 is the top. Only after need_depth. */
static Kind *entry(Flow *flow, uint32_t down)
{
    return &stack(flow)[flow->depth - 1 - down];
}

static bool refuse(Flow *flow, const char *complaint)
{
    return verify_refuse(flow->verifier, flow->offset, "%s: %s", opcode_name(flow->opcode), complaint);
}

/* -- meeting -- */

/* Lets [state] with [depth] flow into the leader at [offset]; queues it when it learns something new. */
static bool flow_into(Flow *flow, uint32_t offset, const Kind *state, uint32_t depth)
{
    Leader *leader = &flow->leaders[flow->leader_numbers[offset] - 1];
    size_t count = (size_t)flow->unit->slot_count + depth;
    bool has_grown = false;
    if (leader->depth < 0) {
        leader->state = arena_alloc(&flow->verifier->scratch, count * sizeof *state);
        if (!leader->state)
            return verify_no_memory(flow->verifier);
        memcpy(leader->state, state, count * sizeof *state);
        leader->depth = (int32_t)depth;
        has_grown = true;
    } else {
        if ((uint32_t)leader->depth != depth)
            return verify_refuse(flow->verifier, offset, "reached with %d and with %u values on the stack", leader->depth, depth);
        for (size_t i = 0; i < count; i++) {
            has_grown |= (state[i] & ~leader->state[i]) != 0;
            leader->state[i] |= state[i];
        }
    }
    if (has_grown && !leader->is_queued) {
        leader->is_queued = true;
        flow->queue[flow->queued++] = (uint32_t)(leader - flow->leaders);
    }
    return true;
}

/* The current state goes to the handler that covers this instruction, which takes [taken] entries before it can fail. */
static bool flow_into_handler(Flow *flow, const Instruction *instruction, uint32_t taken)
{
    uint32_t number = flow->handlers[flow->offset];
    bool may_raise = opcode_info(flow->opcode)->flags & OPCODE_RAISES;
    if (!number || !(may_raise || (flow->verifier->marks[instruction->start] & WORD_BEGINS_LINE)))
        return true;
    const HandlerEntry *handler = &flow->unit->handlers[number - 1];
    uint32_t pushed = handler->pushes_offset ? 2 : 1;
    uint32_t left = may_raise ? flow->depth - taken : flow->depth;
    if (handler->depth > left)
        return refuse(flow, "its handler wants more on the stack than there is");
    if (handler->depth + pushed > flow->unit->stack_size)
        return refuse(flow, "the stack overflows in its handler");
    /* The entries above the handler's depth make room for what the handler pushes, and come back afterwards. */
    Kind saved[2], *at = stack(flow) + handler->depth;
    memcpy(saved, at, pushed * sizeof *at);
    at[0] = KIND_OFFSET;
    at[pushed - 1] = KIND_EXCEPTION;
    bool is_good = flow_into(flow, handler->target, flow->state, handler->depth + pushed);
    memcpy(at, saved, pushed * sizeof *at);
    return is_good;
}

/* -- one instruction -- */

static bool holds_only(Kind kind, unsigned allowed)
{
    return (kind & ~allowed) == 0;
}

static bool need_only(Flow *flow, Kind kind, unsigned allowed, const char *complaint)
{
    return holds_only(kind, allowed) || refuse(flow, complaint);
}

/* P3: nothing that is taken may be unbound, with the exceptions listed there. */
static bool check_bound(Flow *flow, const Instruction *instruction, uint32_t pops)
{
    Opcode opcode = instruction->opcode;
    if (opcode == OP_SWAP || opcode == OP_COPY || opcode == OP_STORE_FAST)
        return true;
    uint32_t self = UINT32_MAX;
    if (opcode == OP_CALL_METHOD)
        self = instruction->arg;
    else if (opcode == OP_CALL_METHOD_KW)
        self = instruction->arg + 1;
    /* Entries that only lie between the top and a container are not touched. */
    uint32_t touched = pops;
    bool reaches_down = opcode == OP_LIST_APPEND || opcode == OP_SET_ADD || opcode == OP_MAP_ADD || opcode == OP_LIST_EXTEND
                        || opcode == OP_SET_UPDATE || opcode == OP_DICT_UPDATE || opcode == OP_DICT_MERGE || opcode == OP_RERAISE;
    if (reaches_down)
        touched = pops - instruction_kept_entries(instruction);
    for (uint32_t i = 0; i < touched; i++) {
        if (i != self && (*entry(flow, i) & KIND_UNBOUND))
            return refuse(flow, "an operand may be unbound");
    }
    return true;
}

/* P4, and what intrinsics ask for. The depth was checked. */
static bool check_kinds(Flow *flow, const Instruction *instruction)
{
    static const char no_exception[] = "needs an exception", no_cell[] = "the slot may hold no cell";
    uint32_t arg = instruction->arg;
    switch (instruction->opcode) {
    case OP_LIST_APPEND: case OP_LIST_EXTEND:
        return need_only(flow, *entry(flow, arg), KIND_LIST, "needs a list");
    case OP_SET_ADD: case OP_SET_UPDATE:
        return need_only(flow, *entry(flow, arg), KIND_SET, "needs a set");
    case OP_MAP_ADD:
        return need_only(flow, *entry(flow, arg + 1), KIND_DICT, "needs a dict");
    case OP_DICT_UPDATE: case OP_DICT_MERGE:
        return need_only(flow, *entry(flow, arg), KIND_DICT, "needs a dict");
    case OP_LOAD_CLOSURE: case OP_LOAD_DEREF: case OP_STORE_DEREF: case OP_DELETE_DEREF: case OP_LOAD_FROM_DICT_OR_DEREF:
        return need_only(flow, flow->state[arg], KIND_CELL, no_cell);
    case OP_SET_FUNCTION_ATTRIBUTE:
        return need_only(flow, *entry(flow, 0), KIND_FUNCTION, "needs a function");
    case OP_PUSH_EXC_INFO: case OP_CLEANUP_THROW: case OP_END_ASYNC_FOR: case OP_WITH_EXCEPT_START:
        return need_only(flow, *entry(flow, 0), KIND_EXCEPTION, no_exception);
    case OP_CHECK_EXC_MATCH:
        return need_only(flow, *entry(flow, 1), KIND_EXCEPTION, no_exception);
    case OP_CHECK_EG_MATCH:
        return need_only(flow, *entry(flow, 1), KIND_EXCEPTION | KIND_NONE, no_exception);
    case OP_POP_EXCEPT:
        return need_only(flow, *entry(flow, 0), KIND_PREVIOUS, "needs what PUSH_EXC_INFO saved");
    case OP_RERAISE:
        return need_only(flow, *entry(flow, 0), KIND_EXCEPTION | KIND_NONE, no_exception)
            && (arg == 0 || need_only(flow, *entry(flow, arg), KIND_OFFSET, "needs an offset that a handler pushed"));
    case OP_MATCH_KEYS:
        return need_only(flow, *entry(flow, 0), KIND_TUPLE, "needs a tuple");
    case OP_CALL_INTRINSIC_1:
        if (arg == INTRINSIC_LIST_TO_TUPLE)
            return need_only(flow, *entry(flow, 0), KIND_LIST, "needs a list");
        if (arg == INTRINSIC_STOPITERATION_ERROR)
            return need_only(flow, *entry(flow, 0), KIND_EXCEPTION, no_exception);
        return true;
    case OP_CALL_INTRINSIC_2:
        return arg != INTRINSIC_PREP_RERAISE_STAR || need_only(flow, *entry(flow, 0), KIND_LIST, "needs a list");
    default:
        return true;
    }
}

/* What an instruction pushes, seen from the slots as they were before it. By default: any values. */
static Kind pushed_kind(const CodeUnit *unit, const Instruction *instruction, const Kind *slots)
{
    uint32_t arg = instruction->arg;
    switch (instruction->opcode) {
    case OP_LOAD_CONST:
        switch (unit->constants[arg].kind) {
        case CONST_NONE:  return KIND_NONE;
        case CONST_TUPLE: return KIND_TUPLE;
        case CONST_CODE:  return KIND_CODE;
        default:          return KIND_ANY;
        }
    case OP_LOAD_FAST:           return holds_only(slots[arg], KIND_CELL) ? KIND_CELL : KIND_ANY;
    case OP_LOAD_FAST_AND_CLEAR: return slots[arg];
    case OP_LOAD_CLOSURE:        return KIND_CELL;
    case OP_BUILD_LIST:          return KIND_LIST;
    case OP_BUILD_SET:           return KIND_SET;
    case OP_BUILD_MAP:           return KIND_DICT;
    case OP_BUILD_TUPLE:         return KIND_TUPLE;
    case OP_MAKE_FUNCTION:       return KIND_FUNCTION;
    case OP_CHECK_EG_MATCH:      return KIND_EXCEPTION | KIND_NONE;
    case OP_CALL_INTRINSIC_1:
        if (arg == INTRINSIC_LIST_TO_TUPLE)
            return KIND_TUPLE;
        return arg == INTRINSIC_STOPITERATION_ERROR ? KIND_EXCEPTION : KIND_ANY;
    case OP_CALL_INTRINSIC_2:
        return arg == INTRINSIC_PREP_RERAISE_STAR ? KIND_EXCEPTION | KIND_NONE : KIND_ANY;
    default:                     return KIND_ANY;
    }
}

/* Slots hold less than the stack does: bound or not, cell or not. */
static Kind slot_kind(Kind kind)
{
    Kind kept = kind & (KIND_UNBOUND | KIND_CELL);
    return kind & ~(KIND_UNBOUND | KIND_CELL) ? kept | KIND_ANY : kept;
}

static void change_slots(Flow *flow, const Instruction *instruction)
{
    uint32_t arg = instruction->arg, slot_count = flow->unit->slot_count;
    switch (instruction->opcode) {
    case OP_STORE_FAST:
        flow->state[arg] = slot_kind(*entry(flow, 0));
        break;
    case OP_DELETE_FAST: case OP_LOAD_FAST_AND_CLEAR:
        flow->state[arg] = KIND_UNBOUND;
        break;
    case OP_MAKE_CELL:
        flow->state[arg] = KIND_CELL;
        break;
    case OP_COPY_FREE_VARS:
        for (uint32_t i = slot_count - arg; i < slot_count; i++)
            flow->state[i] = KIND_CELL;
        break;
    default:
        break;
    }
}

static void swap_entries(Kind *one, Kind *other)
{
    Kind kind = *one;
    *one = *other;
    *other = kind;
}

/* Changes the stack as the instruction does when it goes on, or when it jumps. The depths were checked. */
static void change_stack(Flow *flow, const Instruction *instruction, OpcodeEffect effect, Kind pushed)
{
    uint32_t arg = instruction->arg;
    if (instruction->opcode == OP_SWAP) {
        swap_entries(entry(flow, 0), entry(flow, arg - 1));
        return;
    }
    if (instruction->opcode == OP_COPY) {
        Kind copied = *entry(flow, arg - 1);
        flow->depth++;
        *entry(flow, 0) = copied;
        return;
    }
    Kind top = flow->depth ? *entry(flow, 0) : KIND_ANY;
    if (instruction->opcode == OP_END_SEND) {
        flow->depth--;
        *entry(flow, 0) = top;
        return;
    }
    uint32_t kept = instruction_kept_entries(instruction);
    uint32_t pops = (uint32_t)effect.pops, pushes = (uint32_t)effect.pushes;
    if (kept > pushes)
        kept = pushes;  /* FOR_ITER at its end drops the iterator, JUMP_IF_FALSE_OR_POP going on drops the value */
    flow->depth = flow->depth - pops + kept;
    for (uint32_t i = kept; i < pushes; i++) {
        flow->depth++;
        *entry(flow, 0) = pushed;
    }
    if (instruction->opcode == OP_LOAD_METHOD || instruction->opcode == OP_LOAD_SUPER_METHOD)
        *entry(flow, 0) = KIND_ANY | KIND_UNBOUND;
    if (instruction->opcode == OP_SET_FUNCTION_ATTRIBUTE)
        *entry(flow, 0) = KIND_FUNCTION;
    if (instruction->opcode == OP_PUSH_EXC_INFO) {
        *entry(flow, 0) = KIND_EXCEPTION;
        *entry(flow, 1) = KIND_PREVIOUS;
    }
}

static bool check_depth(Flow *flow, OpcodeEffect effect)
{
    if (effect.pops > flow->depth)
        return refuse(flow, "takes more than the stack holds");
    if (flow->depth - effect.pops + effect.pushes > flow->unit->stack_size)
        return refuse(flow, "the stack overflows");
    return true;
}

static bool flow_jump(Flow *flow, const Instruction *instruction)
{
    OpcodeEffect effect = opcode_effect(instruction->opcode, instruction->arg, true);
    if (!check_depth(flow, effect))
        return false;
    /* The jump changes the state its own way; then the state from before comes back, for going on. */
    uint32_t depth = flow->depth, affected = (uint32_t)(effect.pops > effect.pushes ? effect.pops : effect.pushes);
    uint32_t bottom = depth - (uint32_t)effect.pops;
    Kind saved[8];
    if (affected > ARRAY_LENGTH(saved))
        return refuse(flow, "a jump that changes too much of the stack");
    memcpy(saved, stack(flow) + bottom, (depth - bottom) * sizeof *saved);
    change_stack(flow, instruction, effect, KIND_ANY);
    bool is_good = flow_into(flow, (uint32_t)instruction_target(instruction), flow->state, flow->depth);
    flow->depth = depth;
    memcpy(stack(flow) + bottom, saved, (depth - bottom) * sizeof *saved);
    return is_good;
}

static bool flow_instruction(Flow *flow, const Instruction *instruction)
{
    flow->offset = instruction->offset;
    flow->opcode = instruction->opcode;
    const OpcodeInfo *info = opcode_info(instruction->opcode);
    OpcodeEffect effect = opcode_effect(instruction->opcode, instruction->arg, false);
    /* DICT_MERGE names the function in its message, and finds it two places below the dict. */
    if (instruction->opcode == OP_DICT_MERGE && (int64_t)flow->depth < effect.pops + 2)
        return refuse(flow, "there is no callee below the dict");
    if (!check_depth(flow, effect) || !check_bound(flow, instruction, (uint32_t)effect.pops) || !check_kinds(flow, instruction))
        return false;
    uint32_t kept = instruction_kept_entries(instruction);
    uint32_t taken = (uint32_t)effect.pops > kept ? (uint32_t)effect.pops - kept : 0;
    if (!flow_into_handler(flow, instruction, taken))
        return false;
    if ((info->flags & OPCODE_JUMPS) && !flow_jump(flow, instruction))
        return false;
    bool leaves = instruction->opcode == OP_RETURN_VALUE || instruction->opcode == OP_RETURN_CONST;
    if (leaves && flow->depth != effect.pops)
        return refuse(flow, "leaves values on the stack");
    Kind pushed = pushed_kind(flow->unit, instruction, flow->state);
    change_slots(flow, instruction);
    change_stack(flow, instruction, effect, pushed);
    return true;
}

/* -- all instructions -- */

/* From a leader to where control leaves or meets the next leader. */
static bool walk(Flow *flow, Leader *leader)
{
    const CodeUnit *unit = flow->unit;
    Instruction instruction;
    flow->depth = (uint32_t)leader->depth;
    memcpy(flow->state, leader->state, ((size_t)unit->slot_count + flow->depth) * sizeof *flow->state);
    for (uint32_t at = leader->offset; ; at = instruction.next) {
        if (at == unit->word_count)
            return refuse(flow, "the code has no end");
        if (at != leader->offset && flow->leader_numbers[at])
            return flow_into(flow, at, flow->state, flow->depth);
        if (!instruction_read(unit->words, unit->word_count, at, &instruction))
            return refuse(flow, "the code ends inside an instruction");
        if (!flow_instruction(flow, &instruction))
            return false;
        if (opcode_info(instruction.opcode)->flags & OPCODE_ENDS)
            return true;
    }
}

static bool flow_prepare(Flow *flow)
{
    Verifier *verifier = flow->verifier;
    const CodeUnit *unit = flow->unit;
    Arena *scratch = &verifier->scratch;
    for (uint32_t at = 0; at < unit->word_count; at++)
        flow->leader_count += at == 0 || (verifier->marks[at] & WORD_IS_TARGET);
    flow->leader_numbers = arena_alloc(scratch, unit->word_count * sizeof *flow->leader_numbers);
    flow->handlers = arena_alloc(scratch, unit->word_count * sizeof *flow->handlers);
    flow->leaders = arena_alloc(scratch, flow->leader_count * sizeof *flow->leaders);
    flow->queue = arena_alloc(scratch, flow->leader_count * sizeof *flow->queue);
    flow->state = arena_alloc(scratch, ((size_t)unit->slot_count + unit->stack_size + 2) * sizeof *flow->state);
    if (!flow->leader_numbers || !flow->handlers || !flow->leaders || !flow->queue || !flow->state)
        return verify_no_memory(verifier);
    uint32_t count = 0;
    for (uint32_t at = 0; at < unit->word_count; at++) {
        if (at != 0 && !(verifier->marks[at] & WORD_IS_TARGET))
            continue;
        flow->leaders[count] = (Leader){.offset = at, .depth = -1};
        flow->leader_numbers[at] = ++count;
    }
    /* The first entry that covers an offset wins, so the last is painted first. */
    for (uint32_t i = unit->handler_count; i-- > 0; ) {
        for (uint32_t at = unit->handlers[i].start; at < unit->handlers[i].end; at++)
            flow->handlers[at] = i + 1;
    }
    return true;
}

static void enter_frame(Flow *flow)
{
    const CodeUnit *unit = flow->unit;
    uint64_t arguments = (uint64_t)unit->argument_count + unit->keyword_only_count + ((unit->flags & CODE_VARARGS) != 0)
                         + ((unit->flags & CODE_VARKEYWORDS) != 0);
    for (uint32_t i = 0; i < unit->slot_count; i++)
        flow->state[i] = i < arguments ? KIND_ANY : KIND_UNBOUND;
}

bool verify_flow(Verifier *verifier)
{
    Flow flow = {.verifier = verifier, .unit = verifier->unit};
    if (!flow_prepare(&flow))
        return false;
    enter_frame(&flow);
    if (!flow_into(&flow, 0, flow.state, 0))
        return false;
    while (flow.queued > 0) {
        Leader *leader = &flow.leaders[flow.queue[--flow.queued]];
        leader->is_queued = false;
        if (!walk(&flow, leader))
            return false;
    }
    return true;
}
