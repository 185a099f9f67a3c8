/* call.h - calls: laying frames for script functions, and the row of arguments for everything else.
 *
 * What        call_enter* push a frame for the loop; call_row calls any value; the keyword and star forms on top.
 * How         A script function called with exactly its plain arguments starts where they lie. Others are sorted into its
 *             parameters by frame_bind, in the same place.
 * Invariants  I1 functions called call_enter_* take callee and arguments over when they fail: the caller's sp goes back to the callee's place.
 * GIL         held.
 * Read next   call.c, frame.h */
#ifndef TOY_RUN_CALL_H
#define TOY_RUN_CALL_H

#include "vm/run/frame.h"

/* Push a frame for the Function at *callee_at, whose [count] exact arguments begin at [args]. The new running frame, or NULL (I1). */
MUST_CHECK Frame *call_enter(Thread *t, Value *callee_at, Value *args, size_t count);
/* The method of a script function at *callee_at gives way to its function; self goes in front of the arguments, which begin now at the answer. They
 * lie as call_enter_script wants them. */
Value *call_unwrap_method(Value *callee_at, Value *args, size_t count);
/* Nothing but defaults is missing to what warm code wants that has a warm_count: they lie behind the [count] arguments now. */
bool call_add_defaults(Thread *t, const Function *function, Value *args, size_t count);
/* The same for any arguments, as long as none is given by name. The running frame: as call_enter_script. */
MUST_CHECK Frame *call_enter_function(Thread *t, Value *callee_at, Value *args, size_t count);
/* The same when the last of the [count] arguments are given by these names. */
MUST_CHECK Frame *call_enter_function_kw(Thread *t, Value *callee_at, Value *args, size_t count, const Tuple *names);
/* For a frame of [code] that is called from a generator's frame: the [args] copied to where the stack is free. NULL: they stay. */
Value *call_move_args(Thread *t, const Code *code, const Value *args);
/* The same for a class at *callee_at whose __init__ is a script function and takes exactly self and them: makes the instance, enters
 * __init__. [args] begin one or two places above the callee. */
MUST_CHECK Frame *call_enter_init(Thread *t, Value *callee_at, Value *args, size_t count);

/* The frame of a call of warm code, whose warm_count arguments lie at [row], owned, where there is room for it. Linked nowhere. */
static inline Frame *call_lay_warm(Thread *t, Function *function, Value *row, Value *result_at, uint32_t flags)
{
    Code *code = function->code;
    Frame *frame = (Frame *)(row + function->slot_count);
    slots_clear(row + function->warm_count, (Value *)frame);
    frame->sp = frame_stack(frame);
    return frame_fill(frame, t->frame, function, code, frame_warm_start(t, code), row, result_at, flags);
}

/* What a frame can be pushed for: a script function, a method of one, a class whose __init__ is one. */
static inline bool call_is_script(Value callee)
{
    if (!is_object(callee)) return false;
    Object *o = as_object(callee);
    if (o->kind == KIND_FUNCTION) return true;
    if (o->kind == KIND_METHOD) return is_kind(((Method *)o)->function, KIND_FUNCTION);
    return o->kind == KIND_TYPE && ((Type *)o)->init_function;
}
/* The same for any such callee and any arguments: [count] positional ones, then those that [names] name. They begin right above the callee,
 * one free place behind them, or elsewhere, one free place in front. False: it is something else. *entered NULL: raised (I1); the running
 * frame: there was nothing to enter, the result lies at *callee_at, sp and ip are those behind the call. */
MUST_CHECK bool call_enter_script(Thread *t, Value *callee_at, Value *args, size_t count, const Value *names, size_t named, Frame **entered);
void call_raise_init_result(Thread *t, TAKES Value result);

Value call_raise_not_callable(Thread *t, Value callee);   /* returns FAILED */

/* Any callee, arguments borrowed. */
MUST_CHECK static inline Value call_row(Thread *t, Value callee, const Value *args, size_t count, Tuple *names)
{
    if (LIKELY(is_object(callee)) && LIKELY(as_object(callee)->type->slots.call != NULL))
        return as_object(callee)->type->slots.call(t, callee, args, count, names);
    return call_raise_not_callable(t, callee);
}
/* Short native calls that never run script code: the loop does not look at the breaker after them. */
bool call_is_leaf(Thread *t, Value callee, size_t count);

/* CALL_FUNCTION_EX: the callee and an iterable lie at callee_at. Either *entered is the new frame (both are taken) or the result counts;
 * [entered] NULL: no frame is wanted. */
MUST_CHECK Value call_with_iterables(Thread *t, Value *callee_at, Value keywords, Frame **entered);
MUST_CHECK bool call_merge_keywords(Thread *t, Dict *into, Value mapping, Value callee);
/* callee(*args, **keywords) for native code; either may be NULL. */
MUST_CHECK Value call_with(Thread *t, Value callee, Tuple *args, Dict *keywords);

/* The call slot of functions and of methods. */
MUST_CHECK Value function_call(Thread *t, Value callee, const Value *args, size_t count, Tuple *names);
/* Run a code object as a module or class body, or for exec: [mapping] holds its locals. */
MUST_CHECK Value call_body(Thread *t, Function *function, Value mapping);
/* "f()" or "C.f()" for messages: a new Str. */
MUST_CHECK Str *call_text(Thread *t, Value callee);

#endif
