/* trace.c - the traced copy, and what TRACED does in the place of an instruction.
 *
 * What        When a frame runs traced words, what stands in them, and the order in which things are told.
 * How         A copy has TRACED at each place where one of the events that are wanted now can happen: a line begins or is jumped
 *             to, a call, a jump, the ways in and out. Frames change words at safepoints, and when they are resumed;
 *             a frame in native code changes at its next one. What a plain instruction would not show (which way a
 *             branch goes, that a native call has returned) is done here instead, and the loop goes on behind it.
 *
 *                 words of a frame:   plain --warm--> hot
 *                                       \             /          trace_safepoint, trace_resume, TRACED itself
 *                                        <-- traced -->
 * Invariants  I1, I2 of trace.h.  I3 the word TRACED keeps the operand of what it replaces, and stands on the prefix if there is one.
 *             I4 frame->traced_line is the line of the last traced word, 0 where the next one shall be told in any case.
 * GIL         held; hooks give it up as they like.
 * Read next   hooks.c, monitor.c, vm/threads/safepoint.h */
#include "vm/run/trace.h"

#include "vm/bytecode/opcode.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/run/call.h"
#include "vm/run/coroutine.h"
#include "vm/run/generator.h"
#include "vm/run/interp.h"
#include "vm/run/iterate.h"
#include "vm/run/names.h"
#include "vm/threads/safepoint.h"

/* ---- the copy ---- */

CodeTrace *code_trace(Thread *t, Code *code)
{
    if (!code->trace) code->trace = memory_alloc_zeroed(&t->interp->memory, sizeof *code->trace);
    return code->trace;
}

/* The events that instruction [opcode] itself can bring about. */
static uint32_t events_of(Opcode opcode, uint32_t arg)
{
    switch (opcode) {
    case OP_RESUME: return arg == 0 ? EVENT_BIT(PY_START) : EVENT_BIT(PY_RESUME);
    case OP_RETURN_VALUE: case OP_RETURN_CONST: return EVENT_BIT(PY_RETURN);
    case OP_YIELD_VALUE: return EVENT_BIT(PY_YIELD);
    case OP_CALL: case OP_CALL_METHOD: case OP_CALL_KW: case OP_CALL_METHOD_KW: case OP_CALL_FUNCTION_EX:
    case OP_LOAD_SUPER_ATTR: case OP_LOAD_SUPER_METHOD: return EVENT_BIT(CALL);
    case OP_JUMP_FORWARD: case OP_JUMP_BACKWARD: return EVENT_BIT(JUMP);
    case OP_POP_JUMP_IF_FALSE: case OP_POP_JUMP_IF_TRUE: case OP_POP_JUMP_IF_NONE: case OP_POP_JUMP_IF_NOT_NONE:
    case OP_JUMP_IF_FALSE_OR_POP: case OP_JUMP_IF_TRUE_OR_POP: return EVENT_BIT(BRANCH);
    case OP_FOR_ITER: return EVENT_BIT(BRANCH) | EVENT_BIT(STOP_ITERATION);
    case OP_END_SEND: return EVENT_BIT(STOP_ITERATION);
    default: return 0;
    }
}

/* All words of [words] are plain. Lines: where a row of the table with another line begins, and wherever a jump or a handler leads. */
static void mark_lines(const CodeUnit *unit, Word *words)
{
    uint32_t line = 0;
    for (uint32_t i = 0; i < unit->line_count; i++) {
        if (unit->lines[i].line != line && unit->lines[i].start < unit->word_count)
            words[unit->lines[i].start] = WORD_MAKE(OP_TRACED, WORD_OPERAND(unit->words[unit->lines[i].start]));
        line = unit->lines[i].line;
    }
    for (uint32_t i = 0; i < unit->handler_count; i++)
        words[unit->handlers[i].target] = WORD_MAKE(OP_TRACED, WORD_OPERAND(unit->words[unit->handlers[i].target]));
    Instruction each;
    for (uint32_t at = 0; at < unit->word_count && instruction_read(unit->words, unit->word_count, at, &each); at = each.next) {
        if (!(opcode_info(each.opcode)->flags & OPCODE_JUMPS)) continue;
        int64_t target = instruction_target(&each);
        words[target] = WORD_MAKE(OP_TRACED, WORD_OPERAND(unit->words[target]));
    }
}

static uint32_t wanted_events(const Tracing *tracing, const Code *code)
{
    return tracing->hook_events | monitor_events(tracing, code);
}

static void fill_copy(const Tracing *tracing, Code *code)
{
    const CodeUnit *unit = code->unit;
    CodeTrace *trace = code->trace;
    uint32_t wanted = wanted_events(tracing, code);
    trace->version = tracing->version;
    memcpy(trace->words, unit->words, unit->word_count * sizeof(Word));
    if (wanted & EVENT_BIT(LINE)) mark_lines(unit, trace->words);
    Instruction each;
    bool has_begun = false, is_first = false; /* nothing is told before the first RESUME */
    for (uint32_t at = 0; at < unit->word_count && instruction_read(unit->words, unit->word_count, at, &each); at = each.next) {
        uint32_t own = events_of(each.opcode, each.arg) | (each.opcode == OP_RESUME ? 0 : EVENT_BIT(INSTRUCTION)) | (is_first ? EVENT_BIT(LINE) : 0);
        has_begun |= each.opcode == OP_RESUME;
        is_first = each.opcode == OP_RESUME;      /* its line is told, even if the signature stands on it */
        if (!has_begun) trace->words[at] = unit->words[at];
        else if (wanted & own)
            trace->words[at] = WORD_MAKE(OP_TRACED, WORD_OPERAND(unit->words[at]));
    }
}

/* The current copy; NULL: no memory. A frame that needed it goes on untraced, up to its next safepoint, which raises. */
static const Word *traced_words(Thread *t, Code *code)
{
    const Tracing *tracing = &t->interp->run->tracing;
    CodeTrace *trace = code_trace(t, code);
    if (!trace) return NULL;
    if (!trace->words) {
        trace->words = memory_alloc(&t->interp->memory, code->unit->word_count * sizeof(Word));
        if (!trace->words) return NULL;
        trace->version = tracing->version - 1;
    }
    if (trace->version != tracing->version) fill_copy(tracing, code);
    return trace->words;
}

const Word *trace_words(Thread *t, Frame *frame)
{
    Code *code = frame->code;
    if (UNLIKELY(atomic_load_explicit(&t->breaker, memory_order_relaxed) & BREAKER_TRACE)) {
        const Word *words = traced_words(t, code);
        if (words) return words;
    }
    return code->hot ? code->hot : code->unit->words;
}

static bool runs_traced(const Frame *frame)
{
    const CodeTrace *trace = frame->code->trace;
    return trace && trace->words && frame->ip > trace->words && frame->ip <= trace->words + frame->code->unit->word_count;
}

/* The frame goes on at the same place of the words it should run. Of the line it is in, nothing more is told. False: those that it
 * should run could not be made; it goes on in others. */
static bool change_words(Thread *t, Frame *frame)
{
    const Word *words = trace_words(t, frame);
    uint32_t offset = frame_offset(frame);
    if (!runs_traced(frame)) frame->traced_line = code_position(frame->code->unit, offset).line;
    if (frame->ip == frame->code->unit->words || frame->ip == frame->code->hot) frame->ip = words;      /* it has not begun */
    else frame->ip = words + offset + 1;
    bool is_watched = atomic_load_explicit(&t->breaker, memory_order_relaxed) & BREAKER_TRACE;
    return !is_watched || (frame->code->trace && frame->code->trace->words == words);
}

/* ---- who is watched ---- */

void trace_changed(Interp *interp)
{
    Tracing *tracing = &interp->run->tracing;
    tracing->version++;
    tracing->hook_events = 0;
    for (Thread *each = interp->threads; each; each = each->next) {
        uint32_t entrances = EVENT_BIT(PY_START) | EVENT_BIT(PY_RESUME) | EVENT_BIT(PY_RETURN) | EVENT_BIT(PY_YIELD);
        if (is_bound(each->trace_function))
            tracing->hook_events |= entrances | EVENT_BIT(LINE) | EVENT_BIT(JUMP) | EVENT_BIT(STOP_ITERATION) |
                                    (tracing->traces_opcodes ? EVENT_BIT(INSTRUCTION) : 0);
        if (is_bound(each->profile_function)) tracing->hook_events |= entrances | EVENT_BIT(CALL);
    }
    tracing->global_events = 0;
    for (int tool = 0; tool < MONITOR_TOOLS; tool++) tracing->global_events |= tracing->events[tool];
    for (Thread *each = interp->threads; each; each = each->next) {
        bool is_watched = tracing->global_events || interp->watched_codes || is_bound(each->trace_function) || is_bound(each->profile_function);
        if (is_watched) breaker_set(each, BREAKER_TRACE);
        else breaker_clear(each, BREAKER_TRACE);
        for (Frame *frame = each->frame; frame; frame = frame->caller) (void)change_words(each, frame);
    }
}

void trace_thread_begins(Thread *t)
{
    const RunState *run = t->interp->run;
    if (run && (run->tracing.global_events || t->interp->watched_codes)) breaker_set(t, BREAKER_TRACE);
}

static bool may_differ(Thread *t, const Frame *frame)
{
    return runs_traced(frame) != ((atomic_load_explicit(&t->breaker, memory_order_relaxed) & BREAKER_TRACE) != 0);
}

static bool no_copy(Thread *t)
{
    raise_memory_error(t);
    return false;
}

bool trace_safepoint(Thread *t, Frame *frame)
{
    if (atomic_load_explicit(&t->breaker, memory_order_relaxed) & ~(uint32_t)BREAKER_TRACE && !safepoint_handle(t)) return false;
    return !may_differ(t, frame) || change_words(t, frame) || no_copy(t);
}

bool trace_resume(Thread *t, Frame *frame, bool is_safepoint)
{
    bool is_quiet = !(atomic_load_explicit(&t->breaker, memory_order_relaxed) & ~(uint32_t)BREAKER_TRACE);
    if (is_safepoint && !is_quiet && !safepoint_handle(t)) return false;
    if (!may_differ(t, frame)) return true;
    if (!change_words(t, frame)) return no_copy(t);
    bool is_watched = atomic_load_explicit(&t->breaker, memory_order_relaxed) & BREAKER_TRACE;
    if (is_watched && frame->code->trace && frame->code->trace->words == frame->ip - 1 - frame_offset(frame)) frame->ip--;
    return true;
}

/* ---- events of instructions ---- */

/* Event and hook of a place, in the order of CPython's tools: scripts' tools, then the hooks. */
static bool tell(Thread *t, Frame *frame, uint32_t events, MonitorEvent event, uint32_t offset, const Value *more, size_t count)
{
    return !(events & (1u << event)) || monitor_tell(t, frame, event, offset, (int64_t)offset * (int64_t)sizeof(Word), more, count);
}

static bool tell_line(Thread *t, Frame *frame, uint32_t events, uint32_t offset, uint32_t line)
{
    if (events & EVENT_BIT(LINE) && !monitor_tell(t, frame, EVENT_LINE, offset, line, NULL, 0)) return false;
    return hooks_tell_line(t, frame);
}

/* The value that `return` or `yield` is about to hand over: BORROWED. */
static Value handed_over(const Frame *frame, const Instruction *instruction)
{
    return instruction->opcode == OP_RETURN_CONST ? frame->code->constants[instruction->arg] : frame->sp[-1];
}

static bool tell_jump(Thread *t, Frame *frame, uint32_t events, const Instruction *instruction, int64_t target)
{
    Value destination = small_int_value(target * (int64_t)sizeof(Word));
    MonitorEvent event = opcode_info(instruction->opcode)->pops[0] == '0' ? EVENT_JUMP : EVENT_BRANCH;
    return tell(t, frame, events, event, instruction->offset, &destination, 1);
}

/* A jump back to its own line: settrace's hook hears of each turn of a loop that is written on one line. */
static bool tell_turn(Thread *t, Frame *frame, int64_t target)
{
    uint32_t line = code_position(frame->code->unit, (uint32_t)target).line;
    return line == 0 || line != frame->traced_line || hooks_tell_line(t, frame);
}

static TraceStep go_to(Thread *t, Frame *frame, uint32_t offset)
{
    frame->ip = trace_words(t, frame) + offset;
    return TRACE_GO_ON;
}

/* A conditional jump, done here because only now is it known where it leads. */
static TraceStep run_branch(Thread *t, Frame *frame, uint32_t events, const Instruction *instruction)
{
    bool truth, jumps, keeps = false;
    Value top = frame->sp[-1];
    Opcode opcode = instruction->opcode;
    if (opcode == OP_POP_JUMP_IF_NONE || opcode == OP_POP_JUMP_IF_NOT_NONE) truth = !is_none(top);
    else if (!value_truth(t, top, &truth)) return TRACE_FAILED;
    if (opcode == OP_POP_JUMP_IF_TRUE || opcode == OP_POP_JUMP_IF_NOT_NONE || opcode == OP_JUMP_IF_TRUE_OR_POP) jumps = truth;
    else jumps = !truth;
    if (opcode == OP_JUMP_IF_FALSE_OR_POP || opcode == OP_JUMP_IF_TRUE_OR_POP) keeps = jumps;
    uint32_t target = jumps ? (uint32_t)instruction_target(instruction) : instruction->next;
    if (!tell_jump(t, frame, events, instruction, target)) return TRACE_FAILED;
    if (!keeps) release(*--frame->sp);
    return go_to(t, frame, target);
}

static bool tell_stop(Thread *t, Frame *frame, uint32_t events, uint32_t offset, Value exception)
{
    return tell(t, frame, events, EVENT_STOP_ITERATION, offset, &exception, 1) && hooks_tell_exception(t, frame, exception);
}

/* The end of a generator, for which no exception was ever made, told as one. */
static bool tell_end(Thread *t, Frame *frame, uint32_t events, uint32_t offset, Value returned)
{
    raise_stop_iteration(t, returned);
    Value stop = raised_take(t);
    bool done = tell_stop(t, frame, events, offset, stop);
    release(stop);
    return done;
}

/* FOR_ITER by a call: what comes, and where the loop goes on, is known afterwards. */
static TraceStep run_for(Thread *t, Frame *frame, uint32_t events, const Instruction *instruction)
{
    Value iterator = frame->sp[-1], v, returned = UNBOUND;
    if (is_kind(iterator, KIND_GENERATOR)) {
        v = iterator_send(t, iterator, NONE, &returned);
        if (is_end(v) && !is_none(returned) && !tell_end(t, frame, events, instruction->offset, returned)) v = FAILED;
        release(returned);
    } else {
        v = iterate_other(t, iterator);
    }
    if (failed(v) && raised_is(t, EXC_StopIteration)) {
        Value stop = raised_take(t);
        if (tell_stop(t, frame, events, instruction->offset, stop)) v = END;
        release(stop);
    }
    if (failed(v)) return TRACE_FAILED;
    uint32_t target = is_end(v) ? (uint32_t)instruction_target(instruction) : instruction->next;
    Value destination = small_int_value((int64_t)target * (int64_t)sizeof(Word));
    bool done = tell(t, frame, events, EVENT_BRANCH, instruction->offset, &destination, 1);
    if (is_end(v)) release(*--frame->sp);
    else *frame->sp++ = v;
    if (!done) return TRACE_FAILED;
    return go_to(t, frame, target);
}

/* ---- calls ---- */

/* The parts of a call as they lie on the stack. */
typedef struct CallParts {
    Value *callee_at, *args;
    size_t count;                 /* without keyword names; self included */
    Tuple *names;
} CallParts;

static CallParts call_parts(const Frame *frame, const Instruction *instruction)
{
    Opcode opcode = instruction->opcode;
    CallParts parts = {0};
    Value *sp = frame->sp;
    if (opcode == OP_CALL_KW || opcode == OP_CALL_METHOD_KW) parts.names = as_tuple(*--sp);
    bool is_method = opcode == OP_CALL_METHOD || opcode == OP_CALL_METHOD_KW;
    parts.callee_at = sp - instruction->arg - (is_method ? 2 : 1);
    parts.count = is_method && is_bound(parts.callee_at[1]) ? instruction->arg + 1 : instruction->arg;
    parts.args = sp - parts.count;
    if (opcode == OP_CALL_FUNCTION_EX) {
        parts.callee_at = sp - instruction->arg - 2;
        parts.args = parts.callee_at + 1;
        parts.count = 0;
    }
    return parts;
}

static Value call_now(Thread *t, Frame *frame, const Instruction *instruction, const CallParts *parts)
{
    if (instruction->opcode != OP_CALL_FUNCTION_EX)
        return call_row(t, *parts->callee_at, parts->args, parts->count - (parts->names ? parts->names->count : 0), parts->names);
    return call_with_iterables(t, parts->callee_at, instruction->arg ? frame->sp[-1] : UNBOUND, NULL);
}

/* A bound method of a script function is entered as the function would be: its return is an event of its own. */
static bool enters_script(Value callee)
{
    return is_kind(callee, KIND_FUNCTION) || (is_kind(callee, KIND_METHOD) && is_kind(((Method *)as_object(callee))->function, KIND_FUNCTION));
}

/* How a call ended that was told of by row[0], the callee, and row[1], its first argument. TAKES v; it comes back, or FAILED if a callback raised. */
static Value tell_result(Thread *t, Frame *frame, const Instruction *instruction, TAKES Value v, const Value *row)
{
    MonitorEvent event = failed(v) ? EVENT_C_RAISE : EVENT_C_RETURN;
    Value pending = t->raised;
    t->raised = UNBOUND;
    uint32_t events = monitor_events(&t->interp->run->tracing, frame->code);
    if (tell(t, frame, events, event, instruction->offset, row, 2) && hooks_tell_native(t, frame, event, row[0], row[1])) {
        t->raised = pending;
        return v;
    }
    release2(v, pending);
    return FAILED;
}

static TraceStep run_call(Thread *t, Frame *frame, uint32_t events, const Instruction *instruction)
{
    CallParts parts = call_parts(frame, instruction);
    Value callee = *parts.callee_at, first = parts.count ? parts.args[0] : t->interp->run->tracing.missing;
    if (instruction->opcode == OP_CALL_FUNCTION_EX && is_tuple(parts.args[0]) && as_tuple(parts.args[0])->count)
        first = as_tuple(parts.args[0])->items[0];
    Value row[2] = {callee, first};
    if (!tell(t, frame, events, EVENT_CALL, instruction->offset, row, 2)) return TRACE_FAILED;
    if (enters_script(callee)) return TRACE_RUN;

    retain(callee);
    retain(first);
    Value v = FAILED;
    if (hooks_tell_native(t, frame, EVENT_CALL, callee, first)) {
        v = call_now(t, frame, instruction, &parts);
        v = tell_result(t, frame, instruction, v, row);
    }
    release2(callee, first);
    if (failed(v)) return TRACE_FAILED;
    while (frame->sp > parts.callee_at) release(*--frame->sp);
    *frame->sp++ = v;
    frame->ip = trace_words(t, frame) + instruction->next;
    return trace_safepoint(t, frame) ? TRACE_GO_ON : TRACE_FAILED;
}

/* super().name in the two steps in which it is written: the call is told, so the object is made; then its attribute. */
static TraceStep run_super(Thread *t, Frame *frame, uint32_t events, const Instruction *instruction)
{
    Value *at = frame->sp - 3, row[2] = {at[0], t->interp->run->tracing.missing};
    if (!tell(t, frame, events, EVENT_CALL, instruction->offset, row, 2)) return TRACE_FAILED;
    Value proxy = names_make_super(t, at);
    if (!enters_script(at[0])) proxy = tell_result(t, frame, instruction, proxy, row);
    if (failed(proxy)) return TRACE_FAILED;
    Value v = value_get_attribute(t, proxy, frame->code->names[instruction->arg]);
    release(proxy);
    if (failed(v)) return TRACE_FAILED;
    while (frame->sp > at) release(*--frame->sp);
    *frame->sp++ = v;
    if (instruction->opcode == OP_LOAD_SUPER_METHOD) *frame->sp++ = UNBOUND;
    frame->ip = trace_words(t, frame) + instruction->next;
    return trace_safepoint(t, frame) ? TRACE_GO_ON : TRACE_FAILED;
}

/* ---- TRACED ---- */

static TraceStep run_traced(Thread *t, Frame *frame, uint32_t events, const Instruction *instruction)
{
    uint32_t offset = instruction->offset;
    switch (instruction->opcode) {
    case OP_RESUME:
        if (instruction->arg == 0) frame->traced_line = 0;
        if (!tell(t, frame, events, instruction->arg == 0 ? EVENT_PY_START : EVENT_PY_RESUME, offset, NULL, 0)) return TRACE_FAILED;
        return hooks_tell_call(t, frame) ? TRACE_RUN : TRACE_FAILED;
    case OP_RETURN_VALUE: case OP_RETURN_CONST: case OP_YIELD_VALUE: {
        Value v = retain(handed_over(frame, instruction));
        MonitorEvent event = instruction->opcode == OP_YIELD_VALUE ? EVENT_PY_YIELD : EVENT_PY_RETURN;
        bool done = tell(t, frame, events, event, offset, &v, 1) && hooks_tell_return(t, frame, v);
        release(v);
        return done ? TRACE_RUN : TRACE_FAILED;
    }
    case OP_CALL: case OP_CALL_METHOD: case OP_CALL_KW: case OP_CALL_METHOD_KW: case OP_CALL_FUNCTION_EX:
        if (!((events | t->interp->run->tracing.hook_events) & EVENT_BIT(CALL))) return TRACE_RUN;
        return run_call(t, frame, events, instruction);
    case OP_LOAD_SUPER_ATTR: case OP_LOAD_SUPER_METHOD:
        return events & EVENT_BIT(CALL) ? run_super(t, frame, events, instruction) : TRACE_RUN;
    case OP_JUMP_FORWARD: case OP_JUMP_BACKWARD: {
        int64_t target = instruction_target(instruction);
        if (!tell_jump(t, frame, events, instruction, target)) return TRACE_FAILED;
        return target > offset || tell_turn(t, frame, target) ? TRACE_RUN : TRACE_FAILED;
    }
    case OP_POP_JUMP_IF_FALSE: case OP_POP_JUMP_IF_TRUE: case OP_POP_JUMP_IF_NONE: case OP_POP_JUMP_IF_NOT_NONE:
    case OP_JUMP_IF_FALSE_OR_POP: case OP_JUMP_IF_TRUE_OR_POP:
        return events & EVENT_BIT(BRANCH) ? run_branch(t, frame, events, instruction) : TRACE_RUN;
    case OP_FOR_ITER:
        return run_for(t, frame, events, instruction);
    case OP_END_SEND:
        if (!generator_of(frame->sp[-2]) && !coroutine_can_send(frame->sp[-2])) return TRACE_RUN;
        return tell_end(t, frame, events, offset, frame->sp[-1]) ? TRACE_RUN : TRACE_FAILED;
    default:
        return TRACE_RUN;
    }
}

/* A hook has set f_lineno, and with it frame->ip and frame->sp: the place it chose is next. It knows that line and is not told of it. */
static TraceStep jump(Thread *t, Frame *frame)
{
    uint32_t at = frame_offset(frame);
    frame->ip = trace_words(t, frame) + at;
    frame->traced_line = code_position(frame->code->unit, at).line;
    return TRACE_GO_ON;
}

TraceStep trace_instruction(Thread *t, Frame *frame)
{
    Code *code = frame->code;
    const CodeUnit *unit = code->unit;
    const Tracing *tracing = &t->interp->run->tracing;
    uint32_t at = frame_offset(frame);
    if (!trace_is_on(t)) {
        if (t->tracing) return TRACE_RUN;
        frame->ip = trace_words(t, frame) + at;      /* watched no more: back to the words without TRACED */
        return TRACE_GO_ON;
    }
    Instruction instruction;
    if (!instruction_read(unit->words, unit->word_count, at, &instruction)) return TRACE_RUN;
    uint32_t events = monitor_events(tracing, code);
    uint32_t line = code_position(unit, at).line;
    if (instruction.opcode != OP_RESUME && (events | tracing->hook_events) & EVENT_BIT(LINE)) {
        bool is_new = line && line != frame->traced_line;
        frame->traced_line = line;
        if (is_new && !tell_line(t, frame, events, instruction.offset, line)) return TRACE_FAILED;
        if (frame->traced_line == TRACED_JUMP) return jump(t, frame);
    }
    if (instruction.opcode != OP_RESUME && (events | tracing->hook_events) & EVENT_BIT(INSTRUCTION)) {
        if (!tell(t, frame, events, EVENT_INSTRUCTION, instruction.offset, NULL, 0) || !hooks_tell_opcode(t, frame)) return TRACE_FAILED;
        if (frame->traced_line == TRACED_JUMP) return jump(t, frame);
    }
    TraceStep step = run_traced(t, frame, events, &instruction);
    return step == TRACE_RUN && frame->traced_line == TRACED_JUMP ? jump(t, frame) : step;
}

/* ---- exceptions ---- */

/* Tell of [event] with the exception that is on its way, which is put aside meanwhile; a callback's own takes its place. */
static void tell_exception(Thread *t, Frame *frame, MonitorEvent event, bool (*hook)(Thread *t, Frame *frame, Value exception))
{
    const Tracing *tracing = &t->interp->run->tracing;
    Value pending = raised_take(t);
    uint32_t offset = frame_offset(frame);
    bool done = tell(t, frame, tracing->global_events, event, offset, &pending, 1);
    done = done && (!hook || hook(t, frame, pending));
    if (done) t->raised = pending;
    else release(pending);
}

static bool tell_unwound(Thread *t, Frame *frame, Value exception) { return hooks_tell_return(t, frame, UNBOUND); }
static bool tell_thrown(Thread *t, Frame *frame, Value exception) { return hooks_tell_call(t, frame); }

void trace_raised(Thread *t, Frame *frame) { tell_exception(t, frame, EVENT_RAISE, hooks_tell_exception); }
void trace_reraised(Thread *t, Frame *frame) { tell_exception(t, frame, EVENT_RERAISE, NULL); }
void trace_unwound(Thread *t, Frame *frame) { tell_exception(t, frame, EVENT_PY_UNWIND, tell_unwound); }
void trace_thrown(Thread *t, Frame *frame) { tell_exception(t, frame, EVENT_PY_THROW, tell_thrown); }

bool trace_handled(Thread *t, Frame *frame, Value exception)
{
    const Tracing *tracing = &t->interp->run->tracing;
    return tell(t, frame, tracing->global_events, EVENT_EXCEPTION_HANDLED, frame_offset(frame), &exception, 1);
}

/* ---- beginning and end ---- */

bool trace_init(Thread *t)
{
    Tracing *tracing = &t->interp->run->tracing;
    tracing->version = 1;
    Type *object = kind_type(t, KIND_OBJECT);
    tracing->disable = object_value(type_alloc(t, object));
    tracing->missing = failed(tracing->disable) ? FAILED : object_value(type_alloc(t, object));
    return !failed(tracing->missing);
}

void trace_finish(Thread *t)
{
    Tracing *tracing = &t->interp->run->tracing;
    memset(tracing->events, 0, sizeof tracing->events);
    clear(&t->trace_function);
    clear(&t->profile_function);
    trace_changed(t->interp);
    for (int tool = 0; tool < MONITOR_TOOLS; tool++) {
        clear(&tracing->tools[tool]);
        for (int event = 0; event < EVENT_COUNT; event++) clear(&tracing->callbacks[tool][event]);
    }
    clear(&tracing->disable);
    clear(&tracing->missing);
}
