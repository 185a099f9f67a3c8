/* eval.c - the loop: one case per instruction.
 *
 * What        eval() runs frames until the one it was entered with returns, yields or raises.
 * How         A stack machine. The words under execution are the code unit's plain ones or the code object's hot copy;
 *             both have the same offsets. Calls from script to script, resumed generators and classes push a frame and go
 *             round the loop; only native code that calls back enters eval() again.
 *             Each case does what its row in opcodes.def says. What takes more than a dozen lines is a function in its
 *             family's file: arith, names, call, iterate, generator, unwind, import, match.
 * Words       CASE(NAME) begins a case; NEXT goes to the next instruction; FAIL unwinds with t->raised; OPERAND is the
 *             operand; PUSH, POP, TOP, RELEASE_TOP work on the stack; SKIP(NAME) steps over an instruction's cache words; SAVE makes the
 *             position visible to whoever looks at the frame. FAIL and NEXT are the only ones that jump.
 * Invariants  I1 ip is past the running instruction's first word.  I2 frame == t->frame.
 *             I3 SAVE stands before anything that CALLS or RAISES.
 * GIL         held; SAFEPOINT, at the rows with flag SAFE, is where it may change hands.
 * Read next   frame.h, call.c, unwind.c, specialize.c */
#include "vm/run/eval.h"

#include "vm/bytecode/opcode.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/instance.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/method_cache.h"
#include "vm/object/protocol.h"
#include "vm/object/range.h"
#include "vm/object/set.h"
#include "vm/object/str.h"
#include "vm/run/arith.h"
#include "vm/run/call.h"
#include "vm/run/coroutine.h"
#include "vm/run/generator.h"
#include "vm/run/import.h"
#include "vm/run/intrinsics.h"
#include "vm/run/iterate.h"
#include "vm/run/match.h"
#include "vm/run/names.h"
#include "vm/run/specialize.h"
#include "vm/run/trace.h"
#include "vm/run/unwind.h"
#include "vm/threads/safepoint.h"

#define OPERAND ((uint32_t)(word >> 8))
#define PUSH(value) (*sp++ = (value))
#define POP() (*--sp)
#define TOP (sp[-1])
#define RELEASE_TOP() (sp--, release(*sp))
#define SAVE() (frame->ip = ip)
#define SKIP(NAME) (ip += CACHES_##NAME)
#define FAIL goto unwind

#ifdef TOY_DISPATCH_SWITCH
#define CASE(NAME) case OP_##NAME: run_##NAME: __attribute__((unused));
#define NO_OTHER_CASE case OPCODE_COUNT:
#define NEXT goto next
#define DISPATCH() switch ((Opcode)(uint8_t)word)
#else
#define CASE(NAME) run_##NAME:
#define NO_OTHER_CASE
#define NEXT do { word = *ip++; goto *labels[(uint8_t)word]; } while (0)
#define DISPATCH() goto *labels[(uint8_t)word];
#endif

/* Hear what other threads, signals, the collector and tracers ask, if anything. After SAVE; ip may go over to other words. */
#define SAFEPOINT() (UNLIKELY(atomic_load_explicit(&t->breaker, memory_order_relaxed) != 0) && !HEAR(trace_safepoint(t, frame)))
#define HEAR(call) ((call) ? (ip = frame->ip, true) : false)

/* The loop's own registers, reloaded whenever another frame becomes the running one. */
#define LOAD_FRAME()                                   \
    do {                                               \
        locals = frame_locals(frame);                  \
        constants = frame->code->constants;            \
        ip = frame->ip;                                \
    } while (0)

/* Truth of a value: the two booleans at once, anything else through its type. */
#define TRUTH(value, truth) (is_bool(value) ? (truth = is_true(value), true) : value_truth(t, value, &truth))

Value eval(Thread *t, Frame *frame, TAKES Value sent)
{
#ifndef TOY_DISPATCH_SWITCH
    static const void *const labels[256] = {
#define OP(name, operand, pops, pushes, jumped, caches, flags, picture, sentence) [OP_##name] = &&run_##name,
#define HOT(name, plain, words, sentence) [OP_##name] = &&run_##name,
#include "vm/bytecode/opcodes.def"
#undef OP
#undef HOT
    };
#endif
    Value *locals, *sp, *constants;
    const Word *ip;
    uint64_t word;                     /* the running instruction; 64 bits so that EXTENDED_ARG's bits find room above */
    Frame *entry = frame;

    if (stack_is_exhausted(t, "")) {
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
        word = (uint64_t)*ip++ | ((uint64_t)OPERAND << 32);
        goto dispatch;
    }
    CASE(POP_TOP) { sp--; release(*sp); NEXT; }
    CASE(COPY) { Value v = retain(sp[-(int)OPERAND]); PUSH(v); NEXT; }
    CASE(SWAP) {
        Value *other = sp - OPERAND, top = TOP;
        TOP = *other;
        *other = top;
        NEXT;
    }

    /* ---- constants and variables ---- */

    CASE(LOAD_CONST) { Value v = retain(constants[OPERAND]); PUSH(v); NEXT; }
    CASE(LOAD_FAST) {
        Value v = locals[OPERAND];
        if (UNLIKELY(is_unbound(v))) { SAVE(); names_raise_unbound(t, frame, OPERAND); FAIL; }
        PUSH(retain(v));
        NEXT;
    }
    CASE(LOAD_FAST_AND_CLEAR) { PUSH(locals[OPERAND]); locals[OPERAND] = UNBOUND; NEXT; }
    CASE(STORE_FAST) { Value v = POP(); replace(&locals[OPERAND], v); NEXT; }
    CASE(DELETE_FAST) {
        if (UNLIKELY(is_unbound(locals[OPERAND]))) { SAVE(); names_raise_unbound(t, frame, OPERAND); FAIL; }
        clear(&locals[OPERAND]);
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
        Value *free_slots = locals + frame->code->unit->slot_count - OPERAND;
        for (uint32_t i = 0; i < OPERAND; i++) free_slots[i] = retain(closure->items[i]);
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
        Value v = POP();
        replace(&((Cell *)as_object(locals[OPERAND]))->content, v);
        NEXT;
    }
    CASE(DELETE_DEREF) {
        Cell *cell = (Cell *)as_object(locals[OPERAND]);
        if (UNLIKELY(is_unbound(cell->content))) { SAVE(); names_raise_unbound(t, frame, OPERAND); FAIL; }
        clear(&cell->content);
        NEXT;
    }
    CASE(LOAD_GLOBAL) {
        SAVE();
        specialize_global(t, frame, ip - 1);
        SKIP(LOAD_GLOBAL);
        Value v = names_load_global(t, frame, frame->code->names[OPERAND]);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(STORE_GLOBAL) {
        SAVE();
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
        Value v = names_load(t, frame, frame->code->names[OPERAND]);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(STORE_NAME) {
        SAVE();
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

    /* ---- attributes and items ---- */

    CASE(LOAD_ATTR) {
        SAVE();
        specialize_attribute(t, frame, ip - 1, TOP);
        Value v = value_get_attribute(t, TOP, frame->code->names[OPERAND]);
        if (failed(v)) FAIL;
        SKIP(LOAD_ATTR);
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(LOAD_METHOD) {
        SAVE();
        specialize_method(t, frame, ip - 1, TOP);
        bool is_method;
        Value v = object_get_method(t, TOP, frame->code->names[OPERAND], &is_method);
        if (failed(v)) FAIL;
        SKIP(LOAD_METHOD);
        if (is_method) {
            Value self = TOP;
            TOP = v;
            PUSH(self);
        } else {
            release(TOP);
            TOP = v;
            PUSH(UNBOUND);
        }
        NEXT;
    }
    CASE(LOAD_SUPER_ATTR) {
        SAVE();
        Value v = names_load_super(t, sp - 3, frame->code->names[OPERAND]);
        for (int i = 0; i < 3; i++) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(STORE_ATTR) {
        SAVE();
        specialize_store(t, frame, ip - 1, TOP);
        bool done = value_set_attribute(t, TOP, frame->code->names[OPERAND], sp[-2]);
        SKIP(STORE_ATTR);
        Value object = POP(), value = POP();
        release2(object, value);
        if (!done) FAIL;
        NEXT;
    }
    CASE(DELETE_ATTR) {
        SAVE();
        Value object = POP();
        bool done = value_delete_attribute(t, object, frame->code->names[OPERAND]);
        release(object);
        if (!done) FAIL;
        NEXT;
    }
    CASE(BINARY_SUBSCR) {
        Value key = TOP, object = sp[-2], v;
        if (is_small_int(key) && is_object(object)) {
            Object *o = as_object(object);
            uint64_t at = (uint64_t)small_int(key);
            if (o->kind == KIND_LIST && at < ((List *)o)->count) {
                v = retain(((List *)o)->items[at]);
                goto item_found;
            }
            if (o->kind == KIND_TUPLE && at < ((Tuple *)o)->count) {
                v = retain(((Tuple *)o)->items[at]);
                goto item_found;
            }
        }
        SAVE();
        if (is_kind(object, KIND_DICT)) {
            if (!dict_get(t, as_dict(object), key, &v)) FAIL;
            if (LIKELY(is_bound(v))) goto item_found;      /* else value_get_item raises the KeyError */
        }
        v = value_get_item(t, object, key);
        if (failed(v)) FAIL;
    item_found:
        sp--;
        TOP = v;
        release2(key, object);
        NEXT;
    }
    CASE(STORE_SUBSCR) {
        Value key = TOP, object = sp[-2], value = sp[-3];
        if (is_small_int(key) && is_kind(object, KIND_LIST) && (uint64_t)small_int(key) < as_list(object)->count) {
            sp -= 3;
            replace(&as_list(object)->items[small_int(key)], value);
            release(object);
            NEXT;
        }
        SAVE();
        bool done = value_set_item(t, object, key, value);
        sp -= 3;
        release2(key, object);
        release(value);
        if (!done) FAIL;
        NEXT;
    }
    CASE(DELETE_SUBSCR) {
        SAVE();
        Value key = POP(), object = POP();
        bool done = value_delete_item(t, object, key);
        release2(key, object);
        if (!done) FAIL;
        NEXT;
    }
    CASE(BUILD_SLICE) {
        SAVE();
        Value step = OPERAND == 3 ? POP() : NONE, stop = POP(), start = POP();
        Value v = slice_new(t, start, stop, step);
        release2(start, stop);
        release(step);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(BINARY_SLICE) {
        SAVE();
        Value stop = POP(), start = POP(), object = POP();
        Value v = iterate_get_slice(t, object, start, stop);
        release2(start, stop);
        release(object);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(STORE_SLICE) {
        SAVE();
        Value stop = POP(), start = POP(), object = POP(), value = POP();
        bool done = iterate_set_slice(t, object, start, stop, value);
        release2(start, stop);
        release2(object, value);
        if (!done) FAIL;
        NEXT;
    }

    /* ---- operators ---- */

    CASE(UNARY_NEGATIVE) {
        SAVE();
        Value v = value_negative(t, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(UNARY_POSITIVE) {
        SAVE();
        Value v = value_positive(t, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(UNARY_INVERT) {
        SAVE();
        Value v = value_invert(t, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(UNARY_NOT) {
        SAVE();
        bool truth;
        if (!TRUTH(TOP, truth)) FAIL;
        release(TOP);
        TOP = bool_value(!truth);
        NEXT;
    }
    CASE(BINARY_OP) {
        SAVE();
        Value left = sp[-2], right = TOP;
        if (is_kind(left, KIND_STR) && is_kind(right, KIND_STR) && (OPERAND == BINARY_ADD || OPERAND == BINARY_INPLACE_ADD)) {
            ip += CACHES_BINARY_OP;
            sp -= 2;
            /* s = s + t: the variable gives its reference up first, so that nobody else has s and it grows in place. */
            Value *target = arith_append_target(locals, *ip);
            if (target && is_same(*target, left)) clear(target);
            Value text = str_append(t, left, as_str(right));
            release(right);
            if (failed(text)) FAIL;
            PUSH(text);
            NEXT;
        }
        Value v = value_binary(t, left, right, OPERAND);
        if (failed(v)) FAIL;
        SKIP(BINARY_OP);
        sp--;
        TOP = v;
        release2(left, right);
        NEXT;
    }
    CASE(COMPARE_OP) {
        SAVE();
        Value left = sp[-2], right = TOP;
        Value v = value_compare(t, left, right, OPERAND);
        if (failed(v)) FAIL;
        SKIP(COMPARE_OP);
        sp--;
        TOP = v;
        release2(left, right);
        NEXT;
    }
    CASE(IS_OP) {
        Value right = POP(), left = TOP;
        TOP = bool_value(is_same(left, right) != (bool)OPERAND);
        release2(left, right);
        NEXT;
    }
    CASE(CONTAINS_OP) {
        SAVE();
        bool found;
        Value container = TOP, item = sp[-2];
        if (!value_contains(t, container, item, &found)) FAIL;
        sp--;
        TOP = bool_value(found != (bool)OPERAND);
        release2(item, container);
        NEXT;
    }

    /* ---- jumps ---- */

    CASE(JUMP_FORWARD) { ip += OPERAND; NEXT; }
    CASE(JUMP_BACKWARD) {
        SAVE();
        if (SAFEPOINT()) FAIL;
        ip -= OPERAND;
        if (UNLIKELY(is_cold(frame->code))) ip = specialize_loop(t, frame, ip);
        NEXT;
    }
    CASE(JUMP_BACKWARD_NO_INTERRUPT) { ip -= OPERAND; NEXT; }
    CASE(POP_JUMP_IF_FALSE) {
        bool truth;
        SAVE();
        if (!TRUTH(TOP, truth)) FAIL;
        RELEASE_TOP();
        if (!truth) ip += OPERAND;
        NEXT;
    }
    CASE(POP_JUMP_IF_TRUE) {
        bool truth;
        SAVE();
        if (!TRUTH(TOP, truth)) FAIL;
        RELEASE_TOP();
        if (truth) ip += OPERAND;
        NEXT;
    }
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

    /* ---- iteration and containers ---- */

    CASE(GET_ITER) {
        SAVE();
        Value v = value_iterate(t, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(FOR_ITER) {
        SAVE();
        SKIP(FOR_ITER);
        Value iterator = TOP, v;
        Object *o = as_object(iterator);
        if (UNLIKELY(!is_object(iterator))) {
            v = iterate_other(t, iterator);
        } else if (o->kind == KIND_RANGE_ITERATOR) {
            v = iterate_range((RangeIterator *)o);
        } else if (o->kind == KIND_LIST_ITERATOR) {
            v = iterate_list((ListIterator *)o);
        } else if (o->kind == KIND_GENERATOR) {
            Generator *generator = (Generator *)o;
            if (LIKELY(generator->state <= GENERATOR_SUSPENDED)) {
                frame->ip = ip;
                frame->sp = sp;
                frame = generator_enter(t, generator, FRAME_IN_FOR);
                if (!frame) { frame = t->frame; FAIL; }
                goto entered_generator;
            }
            v = value_next(t, iterator);
        } else {
            v = iterate_other(t, iterator);
        }
        if (LIKELY(v.bits != END.bits)) {
            if (failed(v) && !iterate_ended(t)) FAIL;
            if (!failed(v)) {
                PUSH(v);
                NEXT;
            }
        }
        ip += OPERAND;
        RELEASE_TOP();
        NEXT;
    }
    CASE(BUILD_TUPLE) {
        SAVE();
        sp -= OPERAND;
        Value v = OPERAND == 0 ? retain(t->interp->empty_tuple) : object_value(tuple_take_values(t, sp, OPERAND));
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(BUILD_LIST) {
        SAVE();
        sp -= OPERAND;
        List *list = list_take_values(t, sp, OPERAND);
        if (!list) FAIL;
        PUSH(object_value(list));
        NEXT;
    }
    CASE(BUILD_SET) {
        SAVE();
        Value v = iterate_build_set(t, sp - OPERAND, OPERAND);
        for (uint32_t i = 0; i < OPERAND; i++) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(BUILD_MAP) {
        SAVE();
        Value v = iterate_build_map(t, sp - 2 * (size_t)OPERAND, OPERAND);
        for (uint32_t i = 0; i < 2 * OPERAND; i++) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(BUILD_STRING) {
        SAVE();
        Value v = str_join_pieces(t, sp - OPERAND, OPERAND);
        for (uint32_t i = 0; i < OPERAND; i++) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(LIST_APPEND) {
        SAVE();
        Value v = POP();
        if (!list_append_take(t, as_list(sp[-(int)OPERAND]), v)) FAIL;
        NEXT;
    }
    CASE(SET_ADD) {
        SAVE();
        Value v = POP();
        bool done = set_add(t, as_set(sp[-(int)OPERAND]), v);
        release(v);
        if (!done) FAIL;
        NEXT;
    }
    CASE(MAP_ADD) {
        SAVE();
        Value v = POP(), key = POP();
        bool done = dict_set(t, as_dict(sp[-(int)OPERAND]), key, v);
        release2(key, v);
        if (!done) FAIL;
        NEXT;
    }
    CASE(LIST_EXTEND) {
        SAVE();
        Value v = POP();
        bool done = iterate_extend(t, as_list(sp[-(int)OPERAND]), v);
        release(v);
        if (!done) FAIL;
        NEXT;
    }
    CASE(SET_UPDATE) {
        SAVE();
        Value v = POP();
        bool done = set_update(t, as_set(sp[-(int)OPERAND]), v);
        release(v);
        if (!done) FAIL;
        NEXT;
    }
    CASE(DICT_UPDATE) {
        SAVE();
        Value v = POP();
        bool done = iterate_update(t, as_dict(sp[-(int)OPERAND]), v);
        release(v);
        if (!done) FAIL;
        NEXT;
    }
    CASE(DICT_MERGE) {
        SAVE();
        Value v = POP();
        bool done = call_merge_keywords(t, as_dict(sp[-(int)OPERAND]), v, sp[-(int)OPERAND - 2]);
        release(v);
        if (!done) FAIL;
        NEXT;
    }
    CASE(UNPACK_SEQUENCE) {
        Value sequence = POP();
        if (is_kind(sequence, KIND_TUPLE) && as_tuple(sequence)->count == OPERAND) {
            for (uint32_t i = OPERAND; i-- > 0;) PUSH(retain(as_tuple(sequence)->items[i]));
        } else {
            SAVE();
            bool done = iterate_unpack(t, sequence, sp, OPERAND);
            if (!done) { release(sequence); FAIL; }
            sp += OPERAND;
        }
        SKIP(UNPACK_SEQUENCE);
        release(sequence);
        NEXT;
    }
    CASE(UNPACK_EX) {
        SAVE();
        Value sequence = POP();
        bool done = iterate_unpack_starred(t, sequence, sp, OPERAND & 0xff, OPERAND >> 8);
        release(sequence);
        if (!done) FAIL;
        sp += (OPERAND & 0xff) + (OPERAND >> 8) + 1;
        NEXT;
    }

    /* ---- f-strings ---- */

    CASE(CONVERT_VALUE) {
        SAVE();
        Value v = OPERAND == 1 ? value_str(t, TOP) : OPERAND == 2 ? value_repr(t, TOP) : value_ascii(t, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(FORMAT_SIMPLE) {
        if (is_kind(TOP, KIND_STR)) NEXT;
        SAVE();
        Value v = value_format(t, TOP, UNBOUND);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(FORMAT_WITH_SPEC) {
        SAVE();
        Value spec = POP();
        Value v = value_format(t, TOP, spec);
        release(spec);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }

    /* ---- functions and calls ---- */

    CASE(MAKE_FUNCTION) {
        SAVE();
        Function *function = function_new(t, (Code *)as_object(TOP), frame->function->globals);
        if (!function) FAIL;
        release(TOP);
        TOP = object_value(function);
        NEXT;
    }
    CASE(SET_FUNCTION_ATTRIBUTE) {
        Value function = POP(), v = POP();
        function_set_part((Function *)as_object(function), OPERAND, v);
        PUSH(function);
        NEXT;
    }
    CASE(CALL) {
        Value *callee_at = sp - OPERAND - 1;
        ip += CACHES_CALL;
        SAVE();
        if (is_object(*callee_at)) {
            Object *callee = as_object(*callee_at);
            if (callee->kind == KIND_FUNCTION && ((Function *)callee)->code->exact_count == OPERAND) {
                sp = callee_at + 1;
                goto enter_function;
            }
            if (callee->kind == KIND_TYPE && ((Type *)callee)->init_function) {
                Frame *entered = call_enter_init(t, callee_at, callee_at + 1, OPERAND);
                if (!entered) { sp = callee_at; FAIL; }
                frame = entered;
                goto entered_frame;
            }
        }
        Value v = call_row(t, *callee_at, callee_at + 1, OPERAND, NULL);
        bool is_leaf = call_is_leaf(t, *callee_at, OPERAND);
        while (sp > callee_at) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        if (!is_leaf && SAFEPOINT()) FAIL;
        NEXT;
    }
    CASE(CALL_METHOD) {
        Value *callee_at = sp - OPERAND - 2;
        ip += CACHES_CALL_METHOD;
        SAVE();
        size_t given = is_bound(callee_at[1]) ? OPERAND + 1 : OPERAND;
        Value *args = sp - given;
        if (is_object(*callee_at)) {
            Object *callee = as_object(*callee_at);
            if (callee->kind == KIND_FUNCTION && ((Function *)callee)->code->exact_count == given) {
                sp = args;
                goto enter_function_at_result;
            }
            if (callee->kind == KIND_TYPE && ((Type *)callee)->init_function && given == OPERAND) {
                Frame *entered = call_enter_init(t, callee_at, args, OPERAND);
                if (!entered) { sp = callee_at; FAIL; }
                frame = entered;
                goto entered_frame;
            }
        }
        Value v = call_row(t, *callee_at, args, given, NULL);
        bool is_leaf = call_is_leaf(t, *callee_at, given);
        while (sp > callee_at) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        if (!is_leaf && SAFEPOINT()) FAIL;
        NEXT;

    enter_function_at_result:;
        /* sp: where the arguments begin; the callee lies at callee_at. */
        Frame *entered = call_enter(t, callee_at, sp, given);
        if (!entered) { sp = callee_at; FAIL; }
        frame = entered;
        goto entered_frame;
    }
    CASE(CALL_KW) {
        SAVE();
        Value names = POP();
        Value *callee_at = sp - OPERAND - 1;
        Frame *entered = NULL;
        Value v = call_with_keywords(t, callee_at, callee_at + 1, OPERAND, names, &entered);
        release(names);
        if (entered) { frame = entered; goto entered_frame; }
        while (sp > callee_at) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        if (SAFEPOINT()) FAIL;
        NEXT;
    }
    CASE(CALL_METHOD_KW) {
        SAVE();
        Value names = POP();
        Value *callee_at = sp - OPERAND - 2;
        size_t given = is_bound(callee_at[1]) ? OPERAND + 1 : OPERAND;
        Frame *entered = NULL;
        Value v = call_with_keywords(t, callee_at, sp - given, given, names, &entered);
        release(names);
        if (entered) { frame = entered; goto entered_frame; }
        while (sp > callee_at) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        if (SAFEPOINT()) FAIL;
        NEXT;
    }
    CASE(CALL_FUNCTION_EX) {
        SAVE();
        Value keywords = OPERAND ? POP() : UNBOUND;
        Value *callee_at = sp - 2;
        Frame *entered = NULL;
        Value v = call_with_iterables(t, callee_at, keywords, &entered);
        release(keywords);
        if (entered) { frame = entered; goto entered_frame; }
        while (sp > callee_at) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        if (SAFEPOINT()) FAIL;
        NEXT;
    }
    CASE(CALL_INTRINSIC_1) {
        SAVE();
        Value v = intrinsic_1(t, frame, OPERAND, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(CALL_INTRINSIC_2) {
        SAVE();
        Value second = POP();
        Value v = intrinsic_2(t, frame, OPERAND, TOP, second);
        release(second);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(RESUME) {
        SAVE();
        bool is_asked = atomic_load_explicit(&t->breaker, memory_order_relaxed) != 0;
        if (UNLIKELY(is_asked) && !HEAR(trace_resume(t, frame, OPERAND < 2))) FAIL;
        NEXT;
    }
    CASE(RETURN_VALUE) {
        sent = POP();
        goto leave_frame;
    }
    CASE(RETURN_CONST) {
        sent = retain(constants[OPERAND]);
        goto leave_frame;
    }

    /* ---- generators, coroutines ---- */

    CASE(RETURN_GENERATOR) {
        SAVE();
        frame->sp = sp;
        Generator *generator = generator_from_frame(t, frame);
        if (!generator) FAIL;
        sent = object_value(generator);
        goto leave_frame;
    }
    CASE(YIELD_VALUE) {
        sent = POP();
        frame->ip = ip;
        frame->sp = sp;
        uint32_t flags = frame->flags;
        frame = generator_suspend(t, frame);
        if (flags & FRAME_IS_ENTRY) return sent;
        LOAD_FRAME();
        sp = frame->sp;
        if (flags & FRAME_IN_SEND) {
            Value old = TOP;
            TOP = sent;
            release(old);
        } else {
            PUSH(sent);
        }
        NEXT;
    }
    CASE(GET_YIELD_FROM_ITER) {
        SAVE();
        Value v = generator_delegate_iterator(t, frame, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(GET_AWAITABLE) {
        SAVE();
        Value v = awaitable_iterator(t, TOP, OPERAND);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(SEND) {
        ip += CACHES_SEND;
        SAVE();
        Generator *generator = generator_of(sp[-2]);
        if (generator && generator->state <= GENERATOR_SUSPENDED && (generator->state == GENERATOR_SUSPENDED || is_none(TOP))) {
            Value value = TOP;
            TOP = NONE;                  /* the place where the result will stand */
            frame->sp = sp;
            Frame *entered = generator_enter(t, generator, FRAME_IN_SEND);
            if (!entered) { release(value); FAIL; }
            frame = entered;
            LOAD_FRAME();
            sp = frame->sp;
            PUSH(value);
            NEXT;
        }
        Value returned = UNBOUND;
        Value v = iterator_send(t, sp[-2], TOP, &returned);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = is_end(v) ? returned : v;
        if (is_end(v)) ip += OPERAND;
        NEXT;
    }
    CASE(END_SEND) {
        Value v = POP();
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(CLEANUP_THROW) {
        SAVE();
        Value result = generator_cleanup_throw(t, TOP);
        if (failed(result)) { frame->ip = ip; goto reraise; }
        RELEASE_TOP();
        release2(sp[-1], sp[-2]);
        sp[-2] = NONE;
        sp[-1] = result;
        NEXT;
    }
    CASE(GET_AITER) {
        SAVE();
        Value v = async_iterator(t, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(GET_ANEXT) {
        SAVE();
        Value v = async_iterator_next(t, TOP);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(END_ASYNC_FOR) {
        SAVE();
        Value exception = POP(), iterator = POP();
        release(iterator);
        if (!exception_is(t, exception, EXC_StopAsyncIteration)) { t->raised = exception; goto reraise; }
        release(exception);
        NEXT;
    }

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
    NO_OTHER_CASE
        __builtin_unreachable();
    }
    __builtin_unreachable();

    /* ---- entering a frame ---- */

enter_function: {
        /* sp: where the arguments begin, one above the callee; as many as the code wants. */
        Frame *entered = call_enter(t, sp - 1, sp, ((Function *)as_object(sp[-1]))->code->exact_count);
        if (!entered) { sp = sp - 1; FAIL; }
        frame = entered;
    }
entered_frame:
    LOAD_FRAME();
    sp = frame->sp;
    NEXT;

entered_generator:
    LOAD_FRAME();
    sp = frame->sp;
    PUSH(NONE);
    NEXT;

    /* ---- leaving a frame with the value `sent` ---- */

leave_frame: {
        Frame *left = frame;
        uint32_t flags = left->flags;
        left->flags = flags | FRAME_IS_LEFT;
        if (UNLIKELY(left->object != NULL)) frame_leave(t, left);
        for (Value *slot = locals; slot < (Value *)left; slot++) {
            if (!is_object(*slot) || as_object(*slot)->count >= COUNT_IMMORTAL || LIKELY(--as_object(*slot)->count > 0)) continue;
            frame_drop_locals(t, left, slot);
            break;
        }
        t->depth--;
        if (LIKELY(flags == 0)) {
            t->frame = frame = left->caller;
            Value *at = left->result_at, callee = *at;
            *at = sent;
            sp = at + 1;
            LOAD_FRAME();
            release(callee);
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
        sp = frame->sp;
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
        unwind_add_traceback(t, frame);
        if (trace_is_on(t)) trace_raised(t, frame);
    }
    (void)entry;
}
