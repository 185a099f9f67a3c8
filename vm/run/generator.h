/* generator.h - generators, coroutines, asynchronous generators: frames that can be left and entered again.
 *
 * What        Generator: one struct for the three kinds.
 * How         The frame lies in the object, with its locals and operand stack; resuming pushes it on the chain of frames, yielding
 *             takes it off. Script code resumes it without C recursion (FOR_ITER, SEND); native code through generator_resume.
 * Invariants  I1 state RUNNING exactly while the frame is on a thread's chain.
 * GIL         held.
 * Read next   frame.h, eval_calls.h (YIELD_VALUE, SEND), eval_containers.h (FOR_ITER), coroutine.c */
#ifndef TOY_RUN_GENERATOR_H
#define TOY_RUN_GENERATOR_H

#include "vm/bytecode/opcode.h"
#include "vm/run/eval.h"
#include "vm/run/frame.h"

typedef enum GeneratorState { GENERATOR_CREATED, GENERATOR_SUSPENDED, GENERATOR_RUNNING, GENERATOR_CLOSED } GeneratorState;

struct Generator {
    Object head;
    GeneratorState state;
    bool hooks_are_set, is_closing, is_running_async;
    Frame *frame;                  /* in place below; NULL when closed */
    HandledException handled;      /* its link in the chain while it runs */
    Function *function;            /* owned */
    Code *code;                    /* the function's when it was made: I3 of frame.h; BORROWED */
    Value name, qualified_name;    /* UNBOUND: those of the code */
    Value origin;                  /* cr_origin */
    Value hooks_finalizer;         /* async generators: the finalizer hook of sys */
    Value values[];                /* locals, Frame, operand stack */
};

/* Moves the running frame's locals into a new generator of the right kind. */
MUST_CHECK Generator *generator_from_frame(Thread *t, Frame *frame);
/* What a call of [function] makes, whose code has a generator_start and wants exactly these arguments: without a frame on the stack. Takes over
 * function and arguments unless it fails. */
MUST_CHECK Generator *generator_from_call(Thread *t, Function *function, const Value *args);
BORROWED static inline Generator *generator_of_frame(Frame *frame) { return (Generator *)((char *)frame->locals - offsetof(Generator, values)); }
/* A generator or coroutine; NULL: something else. */
BORROWED static inline Generator *generator_of(Value v)
{
    return is_kind(v, KIND_GENERATOR) || is_kind(v, KIND_COROUTINE) ? (Generator *)as_object(v) : NULL;
}

/* ---- the loop's way: the frame becomes the running one / the frame below does again ---- */

static inline bool generator_hears_nothing(Thread *t) { return LIKELY(atomic_load_explicit(&t->breaker, memory_order_relaxed) == 0); }
/* A generator drops the None that it begins with, and so does `yield x` as a statement what it is sent: that need not be sent, and the
 * generator goes on behind both words at once. */
static inline bool generator_begins(const Word *ip) { return WORD_OPCODE(ip[0]) == OP_POP_TOP && WORD_OPCODE(ip[1]) == OP_RESUME; }
static inline bool generator_drops_sent(const Word *ip)
{
    return (WORD_OPCODE(ip[0]) == OP_RESUME && WORD_OPCODE(ip[1]) == OP_POP_TOP) || generator_begins(ip);
}
/* Its frame above the running one, but not running yet, as eval wants it. [top]: where the stack is free. */
static inline Frame *generator_place(Thread *t, Generator *generator, Value *top, uint32_t flags)
{
    Frame *frame = generator->frame;
    generator->state = GENERATOR_RUNNING;
    generator->handled.previous = t->handled;
    t->handled = &generator->handled;
    frame->caller = t->frame;
    frame->result_at = top;
    frame->flags = FRAME_IS_GENERATOR | (frame->flags & FRAME_HAS_OBJECT) | flags;
    return frame;
}
ALWAYS_INLINE Frame *generator_link(Thread *t, Generator *generator, Value *top, uint32_t flags)
{
    Frame *frame = generator_place(t, generator, top, flags);
    t->frame = frame;
    t->depth++;
    return frame;
}
static inline void generator_unlink(Thread *t, Generator *generator, Frame *frame)
{
    t->handled = generator->handled.previous;
    generator->handled.previous = NULL;
    t->frame = frame->caller;
    frame->caller = NULL;
}
/* A call of send(value) or next(iterator[, default]), whose callee lies at [call_at] of the running frame: the frame that eval goes on in. NULL:
 * nothing has happened, it is to be called. */
MUST_CHECK Frame *generator_enter_send(Thread *t, Value *call_at);
MUST_CHECK Frame *generator_enter_next(Thread *t, Value *call_at, uint32_t count);
COLD void generator_raise_too_deep(Thread *t);
/* [flags]: FRAME_IN_FOR, FRAME_IN_SEND, FRAME_IS_ENTRY. */
MUST_CHECK Frame *generator_enter_slow(Thread *t, Generator *generator, uint32_t flags);
MUST_CHECK static inline Frame *generator_enter(Thread *t, Generator *generator, uint32_t flags)
{
    if (UNLIKELY(!t->frame || t->depth >= t->depth_limit)) return generator_enter_slow(t, generator, flags);
    return generator_link(t, generator, frame_top(t->frame), flags);
}
static inline Frame *generator_suspend(Thread *t, Generator *generator, Frame *frame)
{
    generator_unlink(t, generator, frame);
    generator->state = GENERATOR_SUSPENDED;
    t->depth--;
    return t->frame;
}
/* Gives the visitor what [generator] has yielded, and enters it once more. NULL: it is not to be entered, or cannot be. */
Frame *generator_visit(Thread *t, Generator *generator, Visitor *visitor, TAKES Value item);
void generator_returned(Thread *t, Frame *frame);    /* it returned or raised: closed */

/* Native code's way. Continue with [value] (borrowed; UNBOUND pushes nothing) or, if t->raised is bound, by raising.
 * Result: the yielded value; END and *returned: it returned. */
MUST_CHECK Value generator_resume(Thread *t, Generator *generator, Value value, Value *returned);
/* Drop what the frame of one that is not running holds. */
void generator_finish(Thread *t, Generator *generator);
/* What `yield from` sends into: any iterator. END and *returned when it is exhausted. */
MUST_CHECK Value iterator_send(Thread *t, Value iterator, Value value, Value *returned);
MUST_CHECK Value generator_throw(Thread *t, Value iterator, Value exception, Value *returned);
MUST_CHECK Value generator_close(Thread *t, Generator *generator);
/* All that it still yields, in one go: see Interp.visit_generator. */
MUST_CHECK bool generator_visit_all(Thread *t, Value generator, bool (*visit)(Thread *t, Value item, void *context), void *context);
/* A result of send and throw for scripts: END becomes StopIteration. */
MUST_CHECK Value generator_result(Thread *t, Value v, TAKES Value returned);
/* The iterator that a suspended frame delegates to (gi_yieldfrom), UNBOUND if none. */
BORROWED Value generator_delegate(Generator *generator);
void generator_leave_delegation(Generator *generator, TAKES Value result);
/* GET_YIELD_FROM_ITER, CLEANUP_THROW */
MUST_CHECK Value generator_delegate_iterator(Thread *t, Frame *frame, Value v);
MUST_CHECK Value generator_cleanup_throw(Thread *t, Value exception);

/* Methods, attributes and memory that coroutines share. */
Value generator_send_method(Thread *t, Value self, const Value *args);
Value generator_throw_method(Thread *t, Value self, const Value *args);
Value generator_close_method(Thread *t, Value self, const Value *args);
MUST_CHECK Value generator_thrown(Thread *t, const Value *args, const char *method);
BORROWED Value generator_qualified_name(Generator *generator);
Value generator_get_name(Thread *t, Value self);
Value generator_get_qualified_name(Thread *t, Value self);
bool generator_set_name(Thread *t, Value self, Value value);
bool generator_set_qualified_name(Thread *t, Value self, Value value);
Value generator_get_frame(Thread *t, Value self);
Value generator_get_code(Thread *t, Value self);
Value generator_get_running(Thread *t, Value self);
Value generator_get_suspended(Thread *t, Value self);
Value generator_get_delegate(Thread *t, Value self);
void generator_traverse(Object *self, VisitFn visit, void *context);
void generator_clear(Object *self);
void generator_free(Object *self);
size_t generator_size_of(Object *self);

extern const TypeSpec generator_spec;

#endif
