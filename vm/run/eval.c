/* eval.c - the loop: one case per instruction.
 *
 * What        eval() runs frames until the one it was entered with returns, yields or raises.
 * How         A stack machine. The words under execution are the code unit's plain ones or the code object's hot copy;
 *             both have the same offsets. Calls from script to script, resumed generators and classes push a frame and go
 *             round the loop; only native code that calls back enters eval() again.
 *             Each case does what its row in opcodes.def says. What takes more than a dozen lines is a function in its
 *             family's file: arith, names, call, iterate, generator, unwind, import, match. Here are variables, jumps, exceptions, and
 *             how frames are entered and left; the other cases are chapters of this function, eval_*.h.
 * Words       CASE(NAME) begins a case; NEXT goes to the next instruction; FAIL unwinds with t->raised; OPERAND is the
 *             operand; PUSH, POP, TOP, RELEASE_TOP work on the stack; RELEASE is release() with SAVE; SKIP(NAME) steps over an instruction's cache
 *             words; SAVE makes the position visible to whoever looks at the frame; TRY_METHOD enters the method of an operator, if it has one.
 * Invariants  I1 ip is past the running instruction's first word.  I2 frame == t->frame.
 *             I3 SAVE stands before anything that CALLS or RAISES.
 * GIL         held; SAFEPOINT, at the rows with flag SAFE, is where it may change hands.
 * Read next   frame.h, eval_values.h, eval_calls.h, unwind.c, specialize.c */
#include "vm/run/eval.h"

#include "vm/bytecode/opcode.h"
#include "vm/object/attribute_cache.h"
#include "vm/object/descriptor.h"
#include "vm/object/dict_keys.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/instance.h"
#include "vm/object/int.h"
#include "vm/object/iterators.h"
#include "vm/object/list.h"
#include "vm/object/method_cache.h"
#include "vm/object/protocol.h"
#include "vm/object/range.h"
#include "vm/object/set.h"
#include "vm/object/str.h"
#include "vm/run/answer.h"
#include "vm/run/arith.h"
#include "vm/run/builtins.h"
#include "vm/run/call.h"
#include "vm/run/coroutine.h"
#include "vm/run/count.h"
#include "vm/run/generator.h"
#include "vm/run/import.h"
#include "vm/run/intrinsics.h"
#include "vm/run/iterate.h"
#include "vm/run/match.h"
#include "vm/run/names.h"
#include "vm/run/operators.h"
#include "vm/run/specialize.h"
#include "vm/run/trace.h"
#include "vm/run/unwind.h"
#include "vm/threads/safepoint.h"

#define OPERAND (word >> 8)                /* 32 bits at most: EXTENDED_ARG gives eight to an instruction's 24 */
#define PUSH(value) (*sp++ = (value))
#define POP() (*--sp)
#define TOP (sp[-1])
#define RELEASE_TOP() (sp--, release(*sp))
#define SAVE() (frame->ip = ip)
/* As release(), where nothing else SAVEs: a finaliser asks in which line its object went. */
#define RELEASE(value)                                                                                              \
    do {                                                                                                            \
        Value old_ = (value);                                                                                       \
        if (is_object(old_) && LIKELY(as_object(old_)->count < COUNT_IMMORTAL) && UNLIKELY(--as_object(old_)->count == 0)) { \
            SAVE();                                                                                                 \
            object_free(as_object(old_));                                                                           \
        }                                                                                                           \
    } while (0)
#define SKIP(NAME) (ip += CACHES_##NAME)
#define FAIL goto unwind

/* The forms that take a double as it is: eval_hot_floats.h. */
#define FLOAT_FORMS(FORM)                                                      \
    FORM(STORE_FAST) FORM(UNARY_NEGATIVE) FORM(BINARY_TRUE_DIVIDE)             \
    FORM(POWER_CONST) FORM(STORE_SUBSCR_UNDER)                                 \
    FORM(ADD_FAST) FORM(ADD_CONST) FORM(BINARY_ADD)                            \
    FORM(SUBTRACT_FAST) FORM(SUBTRACT_CONST) FORM(BINARY_SUBTRACT)             \
    FORM(MULTIPLY_FAST) FORM(MULTIPLY_CONST) FORM(BINARY_MULTIPLY)             \
    FORM(COMPARE_FAST_JUMP) FORM(COMPARE_CONST_JUMP) FORM(COMPARE_JUMP)        \
    FORM(ADD_ATTR) FORM(SUBTRACT_ATTR) FORM(MULTIPLY_ATTR)                     \
    FORM(STORE_FAST_ATTR) FORM(STORE_ATTR_UNDER)

#ifdef TOY_DISPATCH_SWITCH
#define CASE(NAME) case OP_##NAME: run_##NAME: __attribute__((unused)); COUNTED(NAME)
#define NO_OTHER_CASE case OPCODE_COUNT:
#define NEXT goto next
#define RUN_WORD goto dispatch
#define IS_FLOAT_FORM(word) true
#define NEXT_OF_FLOAT switch ((Opcode)(uint8_t)word) { FLOAT_FORMS(FLOAT_GOTO) default: goto float_pushed; }
#define FLOAT_GOTO(NAME) case OP_##NAME: goto float_##NAME;
#define DISPATCH() switch ((Opcode)(uint8_t)word)
#else
#define CASE(NAME) run_##NAME: COUNTED(NAME)
#define NO_OTHER_CASE
#define NEXT do { word = *ip; ip++; RUN_WORD; } while (0)
#define RUN_WORD goto *labels[(uint8_t)word]
#define IS_FLOAT_FORM(word) (float_labels[(uint8_t)word] != 0)
#define NEXT_OF_FLOAT goto *((const char *)&&float_pushed + float_labels[(uint8_t)word])
#define DISPATCH() goto *labels[(uint8_t)word];
#endif

/* Hear what other threads, signals, the collector and tracers ask, if anything. After SAVE; ip may go over to other words. */
#define SAFEPOINT() (UNLIKELY(atomic_load_explicit(&t->breaker, memory_order_relaxed) != 0) && !HEAR(trace_safepoint(t, frame)))
#define HEAR(call) ((call) ? (ip = frame->ip, true) : false)

/* The loop's own registers, reloaded whenever another frame becomes the running one. */
#define LOAD_FRAME()                                   \
    do {                                               \
        locals = frame->locals;                        \
        ip = frame->ip;                                \
    } while (0)

/* An operator whose operand may have a method to enter: go on in its frame, or fail; fall through if it has none. */
#define TRY_METHOD(call)                                                       \
    do {                                                                       \
        Frame *entered_ = (call);                                              \
        if (entered_) { frame = entered_; goto entered_frame; }                \
        if (UNLIKELY(is_raised(t))) FAIL;                                      \
    } while (0)

/* Truth of a value: booleans and small ints at once, anything else through its type. */
#define TRUTH(value, truth)                                                                        \
    (is_bool(value) ? (truth = is_true(value), true)                                               \
                    : is_small_int(value) ? (truth = !is_same(value, small_int_value(0)), true) : value_truth(t, value, &truth))

/* Pop, and jump if the value's truth is [wanted]. A comparison has left a boolean mostly: nothing of it is counted. */
#define POP_JUMP_IF(wanted)                                                    \
    do {                                                                       \
        Value tested_ = TOP;                                                   \
        bool jumps_ = is_same(tested_, bool_value(wanted));                    \
        if (UNLIKELY(!is_bool(tested_))) {                                     \
            bool truth_;                                                       \
            SAVE();                                                            \
            if (is_maybe_script_made(tested_) && type_is(as_object(tested_)->type, TYPE_IS_SCRIPT_MADE)) TRY_METHOD(operator_enter_truth(t, sp, OPERAND)); \
            if (!TRUTH(tested_, truth_)) FAIL;                                 \
            jumps_ = truth_ == (wanted);                                       \
            release(tested_);                                                  \
        }                                                                      \
        sp--;                                                                  \
        if (jumps_) ip += OPERAND;                                             \
        NEXT;                                                                  \
    } while (0)

/* The end of a form that has taken [popped] values and [words] words more than its first: the result goes on the stack, or, where it is
 * to be stored in a local, there at once. So a statement `a = b + c` is one step, and the form behind it begins with a word of its own. */
#define FINISH(result, popped, words)                                          \
    do {                                                                       \
        word = ip[words];                                                      \
        ip += (words) + 1;                                                     \
        if ((uint8_t)word == OP_STORE_FAST) {                                  \
            stored = result;                                                   \
            sp -= popped;                                                      \
            goto store_result;                                                 \
        }                                                                      \
        sp[-(popped)] = result;                                                \
        sp += 1 - (popped);                                                    \
        RUN_WORD;                                                              \
    } while (0)

/* As replace(), in the loop instead of a call. */
#define REPLACE(place, v)                                                      \
    do {                                                                       \
        Value *place_ = (place), replaced_ = *place_;                          \
        *place_ = (v);                                                         \
        RELEASE(replaced_);                                                    \
    } while (0)

Value eval(Thread *t, Frame *frame, TAKES Value sent, Visitor *visitor)
{
#ifndef TOY_DISPATCH_SWITCH
    static const void *const labels[256] = {
#define OP(name, operand, pops, pushes, jumped, caches, flags, picture, sentence) [OP_##name] = &&run_##name,
#define HOT(name, plain, words, sentence) [OP_##name] = &&run_##name,
#include "vm/bytecode/opcodes.def"
#undef OP
#undef HOT
    };
    /* How far it is from float_pushed: nothing for most. */
#define FORM(name) [OP_##name] = (const char *)&&float_##name - (const char *)&&float_pushed,
    static const int32_t float_labels[256] = {FLOAT_FORMS(FORM)};
#undef FORM
#endif
    Value *locals, *sp;
    Value *callee_at;                  /* of the call that is about to enter a frame */
    size_t given;                      /* how many arguments that call has, where they are not all it wants */
    Value stored;                      /* what a form has computed that goes into a local at once */
    Value left_int, right_int;         /* operands of a form of OPERATE, on their way to the operator */
    double number = 0;                 /* what a form has computed, on its way along a chain of floats */
    const Word *ip;
    uint64_t word;                     /* the running instruction; 64 bits so that EXTENDED_ARG's bits find room above */
    Frame *entry = frame;

    char here;                         /* near enough to the end of the C stack; asking for the frame's address would cost a register */
    if (UNLIKELY(&here < t->stack_limit) && stack_is_exhausted(t, "")) {
        release(sent);
        frame_abandon(t, frame);
        return FAILED;
    }
    t->frame = frame;
    t->depth++;
    LOAD_FRAME();
    sp = frame->sp;
    if (is_bound(sent)) PUSH(sent);
    if (UNLIKELY(is_bound(t->raised))) {       /* throw(): raised at the yield, whose place on the stack is filled again */
        if (trace_is_on(t)) trace_thrown(t, frame);
        FAIL;
    }
    goto next;

next:
    word = *ip++;
dispatch:
    DISPATCH() {

    /* ---- stack ---- */

    CASE(NOP) { NEXT; }
    CASE(EXTENDED_ARG) {
        word = (uint64_t)*ip++ | (OPERAND & 0xff) << 32;
        goto dispatch;
    }
    CASE(POP_TOP) { sp--; RELEASE(*sp); NEXT; }
    CASE(COPY) { Value v = retain(sp[-(int)OPERAND]); PUSH(v); NEXT; }
    CASE(SWAP) {
        Value *other = sp - OPERAND, top = TOP;
        TOP = *other;
        *other = top;
        NEXT;
    }

    /* ---- constants and variables ---- */

    CASE(LOAD_CONST) { Value v = retain_bound(frame->constants[OPERAND]); PUSH(v); NEXT; }
    CASE(LOAD_FAST) {
        Value v = locals[OPERAND];
        if (UNLIKELY(is_unbound(v))) { SAVE(); names_raise_unbound(t, frame, OPERAND); FAIL; }
        PUSH(retain(v));
        NEXT;
    }
    CASE(LOAD_FAST_AND_CLEAR) { PUSH(locals[OPERAND]); locals[OPERAND] = UNBOUND; NEXT; }
    CASE(STORE_FAST) {
        Value old = locals[OPERAND];
        locals[OPERAND] = POP();
        RELEASE(old);
        NEXT;
    }
store_result: {
        Value old = locals[OPERAND];
        locals[OPERAND] = stored;
        RELEASE(old);
        NEXT;
    }
    CASE(DELETE_FAST) {
        if (UNLIKELY(is_unbound(locals[OPERAND]))) { SAVE(); names_raise_unbound(t, frame, OPERAND); FAIL; }
        Value old = locals[OPERAND];
        locals[OPERAND] = UNBOUND;
        RELEASE(old);
        NEXT;
    }
    CASE(MAKE_CELL) {
        SAVE();
        Cell *cell = cell_new(t, locals[OPERAND]);
        if (!cell) FAIL;
        replace(&locals[OPERAND], object_value(cell));
        NEXT;
    }
    CASE(COPY_FREE_VARS) {
        Tuple *closure = as_tuple(frame->function->closure);
        Value *free_slots = (Value *)frame - OPERAND;
        for (uint32_t i = 0; i < OPERAND; i++) free_slots[i] = retain(closure->items[i]);
        if (WORD_OPCODE(*ip) == OP_RESUME && LIKELY(atomic_load_explicit(&t->breaker, memory_order_relaxed) == 0)) ip++;     /* nothing to hear */
        NEXT;
    }
    CASE(LOAD_CLOSURE) { Value v = retain(locals[OPERAND]); PUSH(v); NEXT; }
    CASE(LOAD_DEREF) {
        Value v = ((Cell *)as_object(locals[OPERAND]))->content;
        if (UNLIKELY(is_unbound(v))) { SAVE(); names_raise_unbound(t, frame, OPERAND); FAIL; }
        PUSH(retain(v));
        NEXT;
    }
    CASE(STORE_DEREF) {
        REPLACE(&((Cell *)as_object(locals[OPERAND]))->content, POP());
        NEXT;
    }
    CASE(DELETE_DEREF) {
        Cell *cell = (Cell *)as_object(locals[OPERAND]);
        if (UNLIKELY(is_unbound(cell->content))) { SAVE(); names_raise_unbound(t, frame, OPERAND); FAIL; }
        SAVE();
        clear(&cell->content);
        NEXT;
    }
    CASE(LOAD_GLOBAL) {
        SAVE();
        specialize_name(t, frame, ip, OP_LOAD_GLOBAL);
        SKIP(LOAD_GLOBAL);
        Value v = names_load_global(t, frame, frame->code->names[OPERAND]);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(STORE_GLOBAL) {
        SAVE();
        specialize_name(t, frame, ip, OP_STORE_GLOBAL);
        SKIP(STORE_GLOBAL);
        bool done = dict_set_str(t, frame->function->globals, frame->code->names[OPERAND], TOP);
        RELEASE_TOP();
        if (!done) FAIL;
        NEXT;
    }
    CASE(DELETE_GLOBAL) {
        SAVE();
        if (!names_delete_global(t, frame, frame->code->names[OPERAND])) FAIL;
        NEXT;
    }
    CASE(LOAD_NAME) {
        SAVE();
        specialize_name(t, frame, ip, OP_LOAD_NAME);
        SKIP(LOAD_NAME);
        Value v = names_load(t, frame, frame->code->names[OPERAND]);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(STORE_NAME) {
        SAVE();
        specialize_name(t, frame, ip, OP_STORE_NAME);
        SKIP(STORE_NAME);
        bool done = names_store(t, frame, frame->code->names[OPERAND], TOP);
        RELEASE_TOP();
        if (!done) FAIL;
        NEXT;
    }
    CASE(DELETE_NAME) {
        SAVE();
        if (!names_delete(t, frame, frame->code->names[OPERAND])) FAIL;
        NEXT;
    }
    CASE(LOAD_LOCALS) {
        SAVE();
        Value v = frame_locals_snapshot(t, frame);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(LOAD_FROM_DICT_OR_DEREF) {
        SAVE();
        Value v = names_load_from_mapping(t, frame, TOP, OPERAND, true);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(LOAD_FROM_DICT_OR_GLOBALS) {
        SAVE();
        Value v = names_load_from_mapping(t, frame, TOP, OPERAND, false);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(SETUP_ANNOTATIONS) {
        SAVE();
        if (!names_set_up_annotations(t, frame)) FAIL;
        NEXT;
    }
    CASE(LOAD_BUILD_CLASS) {
        SAVE();
        Value v = names_load_build_class(t, frame);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(LOAD_ASSERTION_ERROR) { PUSH(retain(object_value(exception_type(t, EXC_AssertionError)))); NEXT; }

#include "vm/run/eval_values.h"

    /* ---- jumps ---- */

    CASE(JUMP_FORWARD) { ip += OPERAND; NEXT; }
    CASE(JUMP_BACKWARD) {
        SAVE();
        if (SAFEPOINT()) FAIL;
        ip -= OPERAND;
        ip = specialize_loop(t, frame, ip);
        NEXT;
    }
    CASE(JUMP_BACKWARD_NO_INTERRUPT) { ip -= OPERAND; NEXT; }
    CASE(POP_JUMP_IF_FALSE) { POP_JUMP_IF(false); }
    CASE(POP_JUMP_IF_TRUE) { POP_JUMP_IF(true); }
    CASE(POP_JUMP_IF_NONE) {
        Value v = POP();
        if (is_none(v)) ip += OPERAND;
        else release(v);
        NEXT;
    }
    CASE(POP_JUMP_IF_NOT_NONE) {
        Value v = POP();
        if (!is_none(v)) ip += OPERAND;
        release(v);
        NEXT;
    }
    CASE(JUMP_IF_FALSE_OR_POP) {
        bool truth;
        SAVE();
        if (!TRUTH(TOP, truth)) FAIL;
        if (truth) RELEASE_TOP();
        else ip += OPERAND;
        NEXT;
    }
    CASE(JUMP_IF_TRUE_OR_POP) {
        bool truth;
        SAVE();
        if (!TRUTH(TOP, truth)) FAIL;
        if (truth) ip += OPERAND;
        else RELEASE_TOP();
        NEXT;
    }

#include "vm/run/eval_containers.h"
#include "vm/run/eval_calls.h"

    /* ---- exceptions and with ---- */

    CASE(RAISE_VARARGS) {
        SAVE();
        bool is_reraise = unwind_raise(t, sp - OPERAND, OPERAND);
        for (uint32_t i = 0; i < OPERAND; i++) RELEASE_TOP();
        if (is_reraise) goto reraise;
        FAIL;
    }
    CASE(RERAISE) {
        SAVE();
        t->raised = POP();
        if (UNLIKELY(is_none(t->raised))) { unwind_nothing_to_reraise(t); FAIL; }
        if (OPERAND > 0) unwind_set_origin(t, frame, sp[-(int)OPERAND]);
        goto reraise;
    }
    CASE(PUSH_EXC_INFO) {
        Value exception = TOP;
        TOP = t->handled->exception;
        t->handled->exception = retain(exception);
        PUSH(exception);
        NEXT;
    }
    CASE(POP_EXCEPT) {
        Value previous = POP();
        replace(&t->handled->exception, previous);
        NEXT;
    }
    CASE(CHECK_EXC_MATCH) {
        SAVE();
        bool matches;
        if (!unwind_matches(t, sp[-2], TOP, &matches)) FAIL;
        release(TOP);
        TOP = bool_value(matches);
        NEXT;
    }
    CASE(CHECK_EG_MATCH) {
        SAVE();
        Value rest, match;
        if (!unwind_match_group(t, sp[-2], TOP, &rest, &match)) FAIL;
        release2(sp[-2], TOP);
        sp[-2] = rest;
        TOP = match;
        if (!is_none(match)) replace(&t->handled->exception, retain(match));
        NEXT;
    }
    CASE(BEFORE_WITH) {
        SAVE();
        if (is_maybe_script_made(TOP)) TRY_METHOD(operator_enter_with(t, sp));
        Value exit, entered = unwind_enter_with(t, TOP, &exit);
        if (failed(entered)) FAIL;
        release(TOP);
        TOP = exit;
        PUSH(entered);
        NEXT;
    }
    CASE(BEFORE_ASYNC_WITH) {
        SAVE();
        Value exit, awaitable = unwind_enter_async_with(t, TOP, &exit);
        if (failed(awaitable)) FAIL;
        release(TOP);
        TOP = exit;
        PUSH(awaitable);
        NEXT;
    }
    CASE(WITH_EXCEPT_START) {
        SAVE();
        Value v = unwind_call_exit(t, sp[-4], TOP);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }

    /* ---- import, match ---- */

    CASE(IMPORT_NAME) {
        SAVE();
        Value names = POP(), level = POP();
        Value v = import_name(t, frame, frame->code->names[OPERAND], names, level);
        release2(names, level);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(IMPORT_FROM) {
        SAVE();
        Value v = import_from(t, TOP, frame->code->names[OPERAND]);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(GET_LEN) {
        SAVE();
        size_t length;
        if (!value_length(t, TOP, &length)) FAIL;
        Value v = int_from_int64(t, (int64_t)length);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(MATCH_MAPPING) {
        bool is_one = type_is(value_type(t, TOP), TYPE_IS_MAPPING);
        PUSH(bool_value(is_one));
        NEXT;
    }
    CASE(MATCH_SEQUENCE) {
        bool is_one = type_is(value_type(t, TOP), TYPE_IS_SEQUENCE);
        PUSH(bool_value(is_one));
        NEXT;
    }
    CASE(MATCH_KEYS) {
        SAVE();
        Value v = match_keys(t, sp[-2], TOP);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(MATCH_CLASS) {
        SAVE();
        Value names = POP(), cls = POP(), subject = POP();
        Value v = match_class(t, subject, cls, OPERAND, names);
        release2(names, cls);
        release(subject);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }

#include "vm/run/eval_hot.h"
#include "vm/run/eval_hot_attributes.h"
#include "vm/run/eval_hot_floats.h"
#include "vm/run/eval_hot_calls.h"
    NO_OTHER_CASE
        __builtin_unreachable();
    }
    __builtin_unreachable();

    /* ---- entering a frame ---- */

enter_any_function: {
        /* callee_at: the place of a function; sp: where the [given] arguments begin, whatever it wants. */
        Function *function = (Function *)as_object(*callee_at);
        uint32_t wanted = function->warm_count;
        if (wanted == given || (wanted != CODE_BINDS && call_add_defaults(t, function, sp, given))) goto enter_function;
        if (function->code->only_answers && function->code->exact_count == given) {
            Value answer = answer_of(t, function->code, sp);
            if (LIKELY(is_bound(answer))) {
                for (const Value *arg = sp; arg < sp + given; arg++) release(*arg);    /* the first goes first, as locals do */
                *callee_at = answer;
                sp = callee_at + 1;
                object_release(function);
                NEXT;
            }
        }
        Frame *entered = call_enter_function(t, callee_at, sp, given);
        if (!entered) { sp = callee_at; FAIL; }
        frame = entered;
        goto entered_frame;
    }
enter_function: {
        /* callee_at: the place of a warm function; sp: where the arguments begin, as many as it wants. What call_enter does, when there is room. */
        Function *function = (Function *)as_object(*callee_at);
        Code *code = function->code;
        if (UNLIKELY(!stack_has_room(t, sp, code->frame_words) || t->depth >= t->depth_limit)) {
            Value *moved = t->depth < t->depth_limit ? call_move_args(t, code, sp) : NULL;
            if (!moved) {
                Frame *entered = call_enter(t, callee_at, sp, function->warm_count);
                if (!entered) { sp = callee_at; FAIL; }
                frame = entered;
                goto entered_frame;
            }
            sp = moved;
        }
        Frame *entered = (Frame *)(sp + function->slot_count);
        locals = sp;
        ip = function->start;
        slots_clear(locals + function->warm_count, (Value *)entered);
        t->frame = frame = frame_fill(entered, frame, function, code, ip, locals, callee_at, 0);
        t->depth++;
        sp = frame_stack(frame);
        if (UNLIKELY(atomic_load_explicit(&t->breaker, memory_order_relaxed) != 0)) ip = code->hot;     /* RESUME asks what there is to hear */
        NEXT;
    }
entered_frame:
    LOAD_FRAME();
    sp = frame->sp;
    NEXT;

enter_generator: {
        /* That of a for loop, on top of the stack; it does not run. */
        frame->sp = sp;
        Generator *generator = (Generator *)as_object(TOP);
        if (UNLIKELY(t->depth >= t->depth_limit)) { generator_raise_too_deep(t); FAIL; }
        frame = generator_link(t, generator, frame_top(frame), FRAME_IN_FOR);
        *frame->sp = NONE;
    }
entered_generator: {
        /* What its yield results in lies above its stack. With nothing to hear it goes on behind RESUME; and where it waits for another one,
         * with SEND. */
        LOAD_FRAME();
        sp = frame->sp;
        if (generator_hears_nothing(t)) {
            if (WORD_OPCODE(*ip) == OP_RESUME) {
                word = *++ip;
                if ((uint8_t)word == OP_POP_TOP) {
                    ip++;
                    RELEASE(*sp);
                    NEXT;
                }
                if ((uint8_t)word == OP_JUMP_BACKWARD_NO_INTERRUPT) ip = ip + 1 - OPERAND;
            } else if (generator_begins(ip)) {
                ip += 2;
                NEXT;
            }
        }
        sp++;
        NEXT;
    }

    /* ---- leaving a frame with the value `sent` ---- */

leave_frame: {
        Frame *left = frame;
        uint32_t flags = left->flags;
        if (UNLIKELY(flags & FRAME_HAS_OBJECT)) {            /* somebody holds the frame, and will see where it ended */
            left->flags |= FRAME_IS_LEFT;
            left->ip = ip;
            frame_leave(t, left);
        }
        for (Value *slot = locals; slot < (Value *)left; slot++) {
            if (!is_object(*slot) || as_object(*slot)->count >= COUNT_IMMORTAL || LIKELY(--as_object(*slot)->count > 0)) continue;
            frame_drop_locals(t, left, slot);
            break;
        }
        t->depth--;
        if (LIKELY((flags & ~FRAME_HAS_OBJECT) == 0)) {
            t->frame = frame = left->caller;
            Value *at = left->result_at;
            Object *callee = as_object(*at);       /* I3 of frame.h */
            *at = sent;
            sp = at + 1;
            LOAD_FRAME();
            object_release(callee);
            NEXT;
        }
        if (flags & FRAME_IS_GENERATOR) generator_returned(t, left);
        else { release(left->mapping); t->frame = left->caller; }
        if (flags & FRAME_IS_ENTRY) return sent;
        frame = t->frame;
        LOAD_FRAME();
        if (flags & FRAME_IS_INIT) {
            sp = left->result_at + 1;
            if (UNLIKELY(!is_none(sent))) { call_raise_init_result(t, sent); FAIL; }
            NEXT;
        }
        if (flags & FRAME_IS_OPERATOR) {
            Value *at = left->result_at;
            sent = operator_returned(t, at, flags, sent);
            sp = at - operator_operands(flags);
            if (failed(sent)) FAIL;
            if (operator_jumps(flags)) {
                /* The jump that asked stands in front; in plain words, for what runs may be the traced copy by now. */
                Word jump = frame->code->unit->words[frame_offset_at(frame, ip)];
                if (is_true(sent) == (WORD_OPCODE(jump) == OP_POP_JUMP_IF_TRUE)) ip += WORD_OPERAND(jump);
                NEXT;
            }
            if (!(flags & FRAME_DROPS_RESULT)) PUSH(sent);
            NEXT;
        }
        if (flags & FRAME_IS_NEXT) {
            sp = left->result_at + 1;
            replace(left->result_at, sent);
            NEXT;
        }
        sp = frame->sp;
        if (flags & FRAME_IN_CALL) {
            RELEASE_TOP();
            if (flags & FRAME_HAS_DEFAULT) { release(sent); NEXT; }       /* the default lies on top now */
            sent = generator_result(t, END, sent);
            FAIL;
        }
        ip += WORD_OPERAND(ip[-1 - (flags & FRAME_IN_FOR ? CACHES_FOR_ITER : CACHES_SEND)]);
        if (flags & FRAME_IN_FOR) {
            release(sent);
            RELEASE_TOP();
        } else {
            TOP = sent;
        }
        NEXT;
    }

    /* ---- an exception is on its way: t->raised ---- */

unwind:
    frame->ip = ip;
    unwind_add_traceback(t, frame);
    if (trace_is_on(t)) trace_raised(t, frame);
    goto find_handler;
reraise:
    if (trace_is_on(t)) trace_reraised(t, frame);
find_handler:
    for (;;) {
        /* Where it is now decides the handler; where it was raised (frame->ip, after a RERAISE) is what that one remembers. */
        uint32_t offset = frame_offset_at(frame, ip);
        const HandlerEntry *handler = code_handler(frame->code->unit, offset);
        if (handler) {
            Value *keep = frame_stack(frame) + handler->depth;
            while (sp > keep) RELEASE_TOP();
            if (handler->pushes_offset) PUSH(small_int_value(unwind_origin(t, frame)));
            PUSH(raised_take(t));
            ip = unwind_target(t, frame, handler->target);
            if (trace_is_on(t) && !trace_handled(t, frame, TOP)) FAIL;
            /* Back to where it came from: a loop, though no jump closes it. The compiler makes none; code from outside may. */
            if (UNLIKELY(handler->target <= offset)) {
                SAVE();
                if (SAFEPOINT()) FAIL;
            }
            NEXT;
        }
        while (sp > frame_stack(frame)) RELEASE_TOP();
        Frame *left = frame;
        uint32_t flags = left->flags;
        if (unwind_frame(t, left)) return FAILED;      /* it was the entry frame */
        frame = t->frame;
        LOAD_FRAME();
        sp = flags & FRAME_IS_GENERATOR ? frame->sp : left->result_at + 1;
        if (flags & FRAME_IS_NEXT && iterate_ended(t)) {
            ip += WORD_OPERAND(ip[-1 - CACHES_FOR_ITER]);
            RELEASE_TOP();
            RELEASE_TOP();
            NEXT;
        }
        unwind_add_traceback(t, frame);
        if (trace_is_on(t)) trace_raised(t, frame);
    }
    (void)entry;
}
