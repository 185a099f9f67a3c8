/* generator.c - frames that can be left and entered again.
 *
 * What        Generator objects: made, entered, suspended, finished; send, throw, close for native callers and scripts.
 * How         The frame lies in the object. Entering links it to the running frame and puts the generator's own link into the
 *             chain of handled exceptions; suspending undoes both. The loop does this without C recursion
 *             (generator_enter, generator_suspend); generator_resume does it for native callers by a nested eval.
 *
 *                CREATED --enter--> RUNNING --YIELD_VALUE--> SUSPENDED --enter--> RUNNING
 *                                      |  return or raise
 *                                      v
 *                                   CLOSED
 * Invariants  I1 of generator.h.
 * GIL         held.
 * Read next   coroutine.c (await, asynchronous generators), eval.c */
#include "vm/run/generator.h"

#include "vm/bytecode/opcode.h"
#include "vm/object/generic_alias.h"
#include "vm/object/descriptor.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/builtins.h"
#include "vm/run/coroutine.h"
#include "vm/run/eval.h"
#include "vm/run/operators.h"

static enum Kind kind_for(const CodeUnit *unit)
{
    if (unit->flags & CODE_ASYNC_GENERATOR) return KIND_ASYNC_GENERATOR;
    return unit->flags & CODE_COROUTINE ? KIND_COROUTINE : KIND_GENERATOR;
}

/* What a generator notes of its function's names: nothing, mostly, for they are those of its code. */
static inline Value name_unless(Value name, Str *of_code) { return is_same(name, object_value(of_code)) ? UNBOUND : retain(name); }

/* A generator of [function], with one reference to it taken over; its frame begins at [ip], with slots that are still to be filled. */
static inline Generator *make(Thread *t, Function *function, Code *code, const Word *ip)
{
    /* Two sizes that share pages would take the free cells out of each other's lists: an even number of words has pages of its own. */
    size_t size = (sizeof(Generator) + code->frame_words * sizeof(Value) + 15) & ~(size_t)15;
    Type *type = kind_type(t, kind_for(code->unit));
    Generator *generator = (Generator *)(LIKELY(size <= HEAP_SMALL_MAX) ? heap_new_quick(t, type, size) : heap_new_raw(t, type, size));
    if (UNLIKELY(!generator)) return NULL;
    generator->state = GENERATOR_CREATED;
    generator->hooks_are_set = generator->is_closing = generator->is_running_async = false;
    generator->function = function;
    generator->code = code;
    generator->name = name_unless(function->name, code->name);
    generator->qualified_name = name_unless(function->qualified_name, code->qualified_name);
    generator->handled = (HandledException){.exception = NONE};
    generator->origin = NONE;
    generator->hooks_finalizer = UNBOUND;
    Frame *frame = (Frame *)(generator->values + code->slot_count);
    frame->sp = frame_stack(frame);
    generator->frame = frame_fill(frame, NULL, function, code, ip, generator->values, NULL, FRAME_IS_GENERATOR);
    return generator;
}

Generator *generator_from_call(Thread *t, Function *function, const Value *args)
{
    Code *code = function->code;
    Generator *generator = make(t, function, code, code->hot + code->generator_start);
    if (UNLIKELY(!generator)) return NULL;
    Value *slot = generator->values, *end = slot + code->slot_count, *args_end = slot + code->exact_count;
    while (slot < args_end) *slot++ = *args++;
    if (code->generator_start > 1) {        /* what COPY_FREE_VARS would do */
        Tuple *closure = as_tuple(function->closure);
        for (size_t i = closure->count; i-- > 0;) *--end = retain(closure->items[i]);
    }
    slots_clear(slot, end);
    return generator;
}

Generator *generator_from_frame(Thread *t, Frame *frame)
{
    Generator *generator = make(t, frame->function, frame->code, frame->ip);
    if (!generator) return NULL;
    object_retain(frame->function);
    for (Value *from = frame->locals, *to = generator->values; from < (Value *)frame; from++, to++) {
        *to = *from;
        *from = UNBOUND;
    }
    generator->frame->mapping = frame->mapping;
    frame->mapping = UNBOUND;
    if (UNLIKELY(t->coroutine_origin_depth) && generator->head.kind == KIND_COROUTINE && !coroutine_note_origin(t, generator)) {
        generator_finish(t, generator);
        object_release(generator);
        return NULL;
    }
    return generator;
}

/* ---- entering and leaving ---- */

void generator_raise_too_deep(Thread *t) { raise_error(t, EXC_RecursionError, "maximum recursion depth exceeded"); }

Frame *generator_enter_slow(Thread *t, Generator *generator, uint32_t flags)
{
    if (UNLIKELY(t->depth >= t->depth_limit)) {
        generator_raise_too_deep(t);
        return NULL;
    }
    return generator_link(t, generator, t->frame ? frame_top(t->frame) : stack_top(t), flags);
}

/* The generator lies on top of the running frame's stack, at [at]; it goes on with [value] (taken over), past its RESUME if there is nothing to
 * hear. */
static inline Frame *enter_called(Thread *t, Generator *generator, Value *at, TAKES Value value, uint32_t flags)
{
    t->frame->sp = at + 1;
    Frame *frame = generator_link(t, generator, frame_top(t->frame), flags);
    if (generator_hears_nothing(t) && generator_drops_sent(frame->ip)) {
        frame->ip += 2;
        release(value);
    } else {
        *frame->sp++ = value;
    }
    return frame;
}

/* Can it be entered, to send it [value]? If not, there is something to raise. */
static inline bool is_ready(Thread *t, const Generator *generator, Value value)
{
    return (generator->state == GENERATOR_SUSPENDED || (generator->state == GENERATOR_CREATED && is_none(value))) && LIKELY(t->depth < t->depth_limit);
}

Frame *generator_enter_send(Thread *t, Value *call_at)
{
    Value callee = call_at[0], value = call_at[2];
    Generator *generator = generator_of(call_at[1]);
    if (UNLIKELY(!generator || !is_kind(callee, KIND_METHOD_DESCRIPTOR) || !is_ready(t, generator, value))) return NULL;
    MethodDescriptor *method = (MethodDescriptor *)as_object(callee);
    if (UNLIKELY(method->def->function != generator_send_method || method->d.owner != generator->head.type)) return NULL;
    call_at[0] = call_at[1];
    object_release(method);
    return enter_called(t, generator, call_at, value, FRAME_IN_CALL);
}

Frame *generator_enter_next(Thread *t, Value *call_at, uint32_t count)
{
    Value callee = call_at[0], iterator = call_at[1];
    if (UNLIKELY(!is_kind(callee, KIND_NATIVE_FUNCTION) || ((NativeFunction *)as_object(callee))->def->function != builtin_next)) return NULL;
    if (UNLIKELY(!is_kind(iterator, KIND_GENERATOR))) return count == 1 ? operator_enter_next_call(t, call_at) : NULL;
    Generator *generator = (Generator *)as_object(iterator);
    if (UNLIKELY(!is_ready(t, generator, NONE))) return NULL;
    call_at[0] = count == 2 ? call_at[2] : iterator;      /* a default lies below the generator */
    release(callee);
    return enter_called(t, generator, call_at + count - 1, NONE, count == 2 ? FRAME_IN_CALL | FRAME_HAS_DEFAULT : FRAME_IN_CALL);
}

static inline void note_end(Generator *generator)
{
    generator->frame = NULL;
    generator->state = GENERATOR_CLOSED;
    generator->head.flags |= OBJECT_NEEDS_NO_FINALIZER;
}

/* What a closed generator no longer needs. */
static void drop_frame(Generator *generator)
{
    Frame *frame = generator->frame;
    if (!frame) return;
    note_end(generator);
    while (frame->sp > frame_stack(frame)) release(*--frame->sp);
    for (Value *slot = frame->locals; slot < (Value *)frame; slot++) clear(slot);
    clear(&frame->mapping);
    clear(&generator->handled.exception);
}

void generator_returned(Thread *t, Frame *frame)
{
    Generator *generator = generator_of_frame(frame);
    generator_unlink(t, generator, frame);
    note_end(generator);      /* its locals and stack were released by whoever left the frame */
    clear(&frame->mapping);
    clear(&generator->handled.exception);
}

void generator_finish(Thread *t, Generator *generator)
{
    if (generator->frame && generator->frame->object) frame_leave(t, generator->frame);
    drop_frame(generator);
}

/* Run it in an eval of its own: up to its next yield, if there is no visitor. END and *returned: it is over. */
static inline Value resume(Thread *t, Generator *generator, TAKES Value sent, Visitor *visitor, Value *returned)
{
    *returned = UNBOUND;
    if (UNLIKELY(t->depth >= t->depth_limit)) {
        generator_raise_too_deep(t);
        release(sent);
        return FAILED;
    }
    Frame *frame = generator_place(t, generator, LIKELY(t->frame) ? frame_top(t->frame) : stack_top(t), FRAME_IS_ENTRY);
    object_retain(generator);    /* the script may drop the last reference while it runs */
    Value v = eval(t, frame, sent, visitor);
    if (generator->state == GENERATOR_CLOSED && !failed(v)) {
        *returned = v;
        v = END;
    }
    object_release(generator);
    return v;
}

Value generator_resume(Thread *t, Generator *generator, Value value, Value *returned)
{
    Value handled = generator->handled.exception;
    if (UNLIKELY(is_bound(t->raised)) && is_bound(handled) && !is_none(handled) && !is_same(handled, t->raised))
        exception_set_context(t->raised, retain(generator->handled.exception));      /* as if it were raised at the yield */
    return resume(t, generator, retain(value), NULL, returned);
}

Frame *generator_visit(Thread *t, Generator *generator, Visitor *visitor, TAKES Value item)
{
    visitor->goes_on = visitor->visit(t, item, visitor->context);
    release(item);
    /* The visitor may have run it, or let another thread do so. */
    if (!visitor->goes_on || UNLIKELY(generator->state != GENERATOR_SUSPENDED)) return NULL;
    Frame *frame = generator_enter(t, generator, FRAME_IS_ENTRY);
    visitor->goes_on = frame != NULL;
    return frame;
}

bool generator_visit_all(Thread *t, Value self, bool (*visit)(Thread *t, Value item, void *context), void *context)
{
    Generator *generator = (Generator *)as_object(self);
    if (generator->state > GENERATOR_SUSPENDED) return true;
    Visitor visitor = {visit, context, true};
    Value returned, v = resume(t, generator, NONE, &visitor, &returned);
    release(returned);
    return !failed(v);
}

/* The next word to run, among the plain ones. */
static const Word *plain_next(const Frame *frame) { return frame->code->unit->words + frame_offset(frame) + 1; }

BORROWED Value generator_delegate(Generator *generator)
{
    Frame *frame = generator->frame;
    if (generator->state != GENERATOR_SUSPENDED || !frame) return UNBOUND;
    /* Suspended in the loop of yield from or await: the receiver is the top of the stack, SEND stands just before. */
    const Word *after = plain_next(frame);                  /* behind YIELD_VALUE: RESUME 2 or 3 */
    bool delegates = WORD_OPCODE(*after) == OP_RESUME && WORD_OPERAND(*after) >= 2;
    return delegates && frame->sp > frame_stack(frame) ? frame->sp[-1] : UNBOUND;
}

/* ---- send, throw, close ---- */

static const char *noun(Generator *generator)
{
    return generator->head.kind == KIND_COROUTINE ? "coroutine" : generator->head.kind == KIND_GENERATOR ? "generator" : "async generator";
}

/* Resume with a value, or raise why that cannot be. */
static Value resume_checked(Thread *t, Generator *generator, Value value, Value *returned)
{
    *returned = UNBOUND;
    switch (generator->state) {
    case GENERATOR_RUNNING:
        return raise_value_error(t, "%s already executing", noun(generator));
    case GENERATOR_CLOSED:
        if (generator->head.kind == KIND_COROUTINE) return raise_error(t, EXC_RuntimeError, "cannot reuse already awaited coroutine");
        *returned = NONE;
        return END;
    case GENERATOR_CREATED:
        if (!is_none(value)) return raise_type_error(t, "can't send non-None value to a just-started %s", noun(generator));
        break;
    case GENERATOR_SUSPENDED:
        break;
    }
    return generator_resume(t, generator, value, returned);
}

/* Turn the end of a generator into what scripts expect of send() and throw(). */
Value generator_result(Thread *t, Value v, TAKES Value returned)
{
    if (!is_end(v)) return v;
    if (is_none(returned)) raise_value(t, EXC_StopIteration, UNBOUND);
    else raise_stop_iteration(t, returned);
    release(returned);
    return FAILED;
}

/* A failure by StopIteration is an end with a value. */
static Value stop_iteration_ends(Thread *t, Value v, Value *returned)
{
    if (!failed(v) || !raised_is(t, EXC_StopIteration)) return v;
    Value stop = raised_take(t);
    Value carried = ((Exception *)as_object(stop))->fields[0];
    *returned = is_bound(carried) ? retain(carried) : NONE;
    release(stop);
    return END;
}

Value iterator_send(Thread *t, Value iterator, Value value, Value *returned)
{
    *returned = UNBOUND;
    if (generator_of(iterator)) return resume_checked(t, generator_of(iterator), value, returned);
    if (coroutine_can_send(iterator)) return coroutine_send(t, iterator, value, returned);
    NextFn next = value_type(t, iterator)->slots.next;
    Value v = is_none(value) && next ? next(t, iterator) : value_call_method(t, iterator, NAME_OF(t, send), &value, 1);
    if (is_end(v)) {
        *returned = NONE;
        return END;
    }
    return stop_iteration_ends(t, v, returned);
}

/* Raise t->raised inside the generator. */
static Value throw_inside(Thread *t, Generator *generator, Value *returned)
{
    *returned = UNBOUND;
    if (generator->state == GENERATOR_RUNNING) {
        raised_clear(t);
        return raise_value_error(t, "%s already executing", noun(generator));
    }
    if (generator->state == GENERATOR_CLOSED) {
        if (generator->head.kind == KIND_COROUTINE) {
            raised_clear(t);
            return raise_error(t, EXC_RuntimeError, "cannot reuse already awaited coroutine");
        }
        return FAILED;
    }
    if (generator->state == GENERATOR_CREATED) {
        /* It never ran: the exception comes from its first line, and it is closed. */
        Frame *frame = generator->frame;
        Frame *running = t->frame;
        frame->caller = running;
        (void)!traceback_add(t, frame, frame_offset(frame));   /* failing, it raises something else: that goes on instead */
        frame->caller = NULL;
        Value raised = raised_take(t);
        generator_finish(t, generator);
        t->raised = raised;
        return FAILED;
    }
    return generator_resume(t, generator, NONE, returned);
}

/* Close what the generator delegates to. False: raised. */
static bool close_delegate(Thread *t, Value delegate)
{
    if (generator_of(delegate)) {
        Value v = generator_close(t, generator_of(delegate));
        release(v);
        return !failed(v);
    }
    Value method = value_find_attribute(t, delegate, NAME_OF(t, close));
    if (is_unbound(method)) {
        if (is_raised(t)) raised_report_unraisable(t, delegate, NULL);
        return true;
    }
    Value v = value_call0(t, method);
    release(method);
    release(v);
    return !failed(v);
}

Value generator_throw(Thread *t, Value iterator, Value exception, Value *returned)
{
    *returned = UNBOUND;
    Generator *generator = generator_of(iterator);
    if (!generator && is_kind(iterator, KIND_ASYNC_GENERATOR)) generator = (Generator *)as_object(iterator);
    if (!generator) {
        Value method = value_find_attribute(t, iterator, NAME_OF(t, throw));
        if (is_unbound(method)) {
            if (!is_raised(t)) raise_instance(t, retain(exception));
            return FAILED;
        }
        Value v = value_call1(t, method, exception);
        release(method);
        return stop_iteration_ends(t, v, returned);
    }
    Value delegate = retain(generator_delegate(generator));
    if (is_unbound(delegate)) {
        t->raised = retain(exception);
        return throw_inside(t, generator, returned);
    }
    bool is_exit = exception_is(t, exception, EXC_GeneratorExit);
    if (is_exit) {
        generator->state = GENERATOR_RUNNING;
        bool closed = close_delegate(t, delegate);
        generator->state = GENERATOR_SUSPENDED;
        release(delegate);
        if (closed) t->raised = retain(exception);
        return throw_inside(t, generator, returned);
    }
    /* The delegate is asked first; what it yields, this generator yields. */
    Value inner_returned;
    Frame *frame = generator->frame;
    frame->caller = t->frame;
    frame->result_at = stack_top(t);
    t->frame = frame;
    generator->state = GENERATOR_RUNNING;
    Value v = generator_throw(t, delegate, exception, &inner_returned);
    generator->state = GENERATOR_SUSPENDED;
    t->frame = frame->caller;
    frame->caller = NULL;
    release(delegate);
    if (failed(v)) return throw_inside(t, generator, returned);
    if (!is_end(v)) return v;
    /* It returned: go on behind the loop with its value, as SEND's jump would. */
    generator_leave_delegation(generator, inner_returned);
    return generator_resume(t, generator, UNBOUND, returned);
}

/* The delegate is finished: replace it on the stack by its result and go on where SEND jumps to (END_SEND). */
void generator_leave_delegation(Generator *generator, TAKES Value result)
{
    Frame *frame = generator->frame;
    const Word *start = plain_next(frame);
    /* Behind YIELD_VALUE stand RESUME and the jump back to SEND; SEND's own jump leads to END_SEND. */
    const Word *jump = start;
    while (WORD_OPCODE(*jump) != OP_JUMP_BACKWARD_NO_INTERRUPT) jump++;
    const Word *send = jump + 1 - WORD_OPERAND(*jump);
    const Word *after = send + 1 + CACHES_SEND;
    *frame->sp++ = result;
    frame->ip += after + WORD_OPERAND(*send) - start;       /* the same way in the words it runs */
}

/* Would a suspended generator do anything about an exception at its yield? Not if all that covers it is the handler around every
 * generator's whole body, which turns StopIteration into RuntimeError. */
static bool would_notice(Generator *generator)
{
    const CodeUnit *unit = generator->code->unit;
    const HandlerEntry *handler = code_handler(unit, frame_offset(generator->frame));
    if (is_bound(generator_delegate(generator))) return true;
    return handler && unit->words[handler->target] != WORD_MAKE(OP_CALL_INTRINSIC_1, INTRINSIC_STOPITERATION_ERROR);
}

Value generator_close(Thread *t, Generator *generator)
{
    if (generator->state == GENERATOR_CLOSED) return NONE;
    if (generator->state == GENERATOR_CREATED) {
        generator_finish(t, generator);
        return NONE;
    }
    if (generator->state == GENERATOR_RUNNING) return raise_value_error(t, "%s already executing", noun(generator));
    if (!would_notice(generator)) {
        generator_finish(t, generator);
        return NONE;
    }
    Value exit = exception_make(t, object_value(exception_type(t, EXC_GeneratorExit)), UNBOUND);
    if (failed(exit)) return FAILED;
    Value returned;
    Value v = generator_throw(t, object_value(generator), exit, &returned);
    release(exit);
    if (is_end(v)) return returned;
    if (!failed(v)) {
        release(v);
        return raise_error(t, EXC_RuntimeError, "%s ignored GeneratorExit", noun(generator));
    }
    if (raised_is(t, EXC_GeneratorExit) || raised_is(t, EXC_StopIteration)) {
        raised_clear(t);
        return NONE;
    }
    return FAILED;
}

Value generator_cleanup_throw(Thread *t, Value exception)
{
    if (!exception_is(t, exception, EXC_StopIteration)) {
        t->raised = retain(exception);
        return FAILED;
    }
    Value carried = ((Exception *)as_object(exception))->fields[0];
    return is_bound(carried) ? retain(carried) : NONE;
}

Value generator_delegate_iterator(Thread *t, Frame *frame, Value v)
{
    if (is_kind(v, KIND_COROUTINE)) {
        if (!(frame->code->unit->flags & (CODE_COROUTINE | CODE_ITERABLE_COROUTINE)))
            return raise_type_error(t, "cannot 'yield from' a coroutine object in a non-coroutine generator");
        return retain(v);
    }
    return is_kind(v, KIND_GENERATOR) ? retain(v) : value_iterate(t, v);
}

/* ---- as objects ---- */

static Generator *self_of(Value self) { return (Generator *)as_object(self); }

Value generator_send_method(Thread *t, Value self, const Value *args)
{
    Generator *generator = self_of(self);
    Value returned;
    Value v = LIKELY(generator->state == GENERATOR_SUSPENDED) ? resume(t, generator, retain(args[0]), NULL, &returned)
                                                              : resume_checked(t, generator, args[0], &returned);
    return LIKELY(!is_end(v)) ? v : generator_result(t, v, returned);
}

/* The exception that throw(type, value, traceback) means: owned. [method] is what the script called. */
Value generator_thrown(Thread *t, const Value *args, const char *method)
{
    Value type = args[0], value = args[1], traceback = args[2];
    if (is_bound(traceback) && !is_none(traceback) && !is_kind(traceback, KIND_TRACEBACK))
        return raise_type_error(t, "throw() third argument must be a traceback object");
    bool is_class = has_payload(type, KIND_TYPE) && type_is((Type *)as_object(type), TYPE_IS_EXCEPTION);
    if (!is_class && !has_payload(type, KIND_BASE_EXCEPTION))
        return raise_type_error(t, "exceptions must be classes or instances deriving from BaseException, not %T", type);
    if (!is_class && is_bound(value) && !is_none(value)) return raise_type_error(t, "instance exception may not have a separate value");
    if (is_bound(value) && !raise_warning(t, EXC_DeprecationWarning, "the (type, exc, tb) signature of %s() is deprecated, use the single-arg signature instead.", method))
        return FAILED;
    bool is_made = is_class && is_bound(value) && has_payload(value, KIND_BASE_EXCEPTION) && type_is_subtype(value_type(t, value), (Type *)as_object(type));
    Value exception = is_made ? retain(value)
                          : exception_make(t, type, is_bound(value) && !is_none(value) ? value : UNBOUND);
    if (failed(exception)) exception = raised_take(t);       /* the class went wrong: that is what the generator hears */
    if (!failed(exception) && is_bound(traceback) && !is_none(traceback))
        replace(&((Exception *)as_object(exception))->traceback, retain(traceback));
    return exception;
}

Value generator_throw_method(Thread *t, Value self, const Value *args)
{
    Value exception = generator_thrown(t, args, "throw");
    if (failed(exception)) return FAILED;
    Value returned;
    Value v = generator_throw(t, self, exception, &returned);
    release(exception);
    return generator_result(t, v, returned);
}

Value generator_close_method(Thread *t, Value self, const Value *args) { return generator_close(t, self_of(self)); }

static Value generator_next(Thread *t, Value self)
{
    Generator *generator = self_of(self);
    Value returned, v;
    if (LIKELY(generator->state <= GENERATOR_SUSPENDED && t->depth < t->depth_limit)) {
        bool drops_sent = generator_hears_nothing(t) && generator_drops_sent(generator->frame->ip);
        if (drops_sent) generator->frame->ip += 2;
        v = resume(t, generator, drops_sent ? UNBOUND : NONE, NULL, &returned);
    } else {
        v = resume_checked(t, generator, NONE, &returned);
    }
    return is_end(v) && !is_none(returned) ? generator_result(t, v, returned) : v;
}

static Value generator_iterate(Thread *t, Value self) { return retain(self); }

static Value generator_repr(Thread *t, Value self)
{
    Generator *generator = self_of(self);
    const char *kind = generator->head.kind == KIND_GENERATOR ? "generator" : generator->head.kind == KIND_COROUTINE ? "coroutine" : "async_generator";
    return object_value(str_format(t, "<%s object %S at %p>", kind, generator_qualified_name(generator), (void *)generator));
}

BORROWED static Value name_of(Value own, Str *of_code) { return is_bound(own) ? own : object_value(of_code); }
Value generator_qualified_name(Generator *generator) { return name_of(generator->qualified_name, generator->code->qualified_name); }
Value generator_get_name(Thread *t, Value self) { return retain(name_of(self_of(self)->name, self_of(self)->code->name)); }
Value generator_get_qualified_name(Thread *t, Value self) { return retain(generator_qualified_name(self_of(self))); }
static bool set_name(Thread *t, Value *place, Value value, const char *what)
{
    if (!is_str(value)) return raise_false(t, EXC_TypeError, "%s must be set to a string object", what);
    replace(place, retain(value));
    return true;
}
bool generator_set_name(Thread *t, Value self, Value value) { return set_name(t, &self_of(self)->name, value, "__name__"); }
bool generator_set_qualified_name(Thread *t, Value self, Value value)
{
    return set_name(t, &self_of(self)->qualified_name, value, "__qualname__");
}
Value generator_get_frame(Thread *t, Value self)
{
    Generator *generator = self_of(self);
    if (!generator->frame) return NONE;
    FrameObject *object = frame_object(t, generator->frame);
    return object ? object_value(object) : FAILED;
}
Value generator_get_code(Thread *t, Value self) { return retain(object_value(self_of(self)->code)); }
Value generator_get_running(Thread *t, Value self) { return bool_value(self_of(self)->state == GENERATOR_RUNNING); }
Value generator_get_suspended(Thread *t, Value self) { return bool_value(self_of(self)->state == GENERATOR_SUSPENDED); }
Value generator_get_delegate(Thread *t, Value self)
{
    Value v = generator_delegate(self_of(self));
    return is_bound(v) ? retain(v) : NONE;
}

void generator_traverse(Object *self, VisitFn visit, void *context)
{
    Generator *generator = (Generator *)self;
    if (generator->function) visit((Object *)generator->function, context);
    Value fields[] = {generator->name, generator->qualified_name, generator->handled.exception, generator->origin, generator->hooks_finalizer};
    for (size_t i = 0; i < ARRAY_LENGTH(fields); i++)
        if (is_object(fields[i])) visit(as_object(fields[i]), context);
    Frame *frame = generator->frame;
    if (!frame || generator->state == GENERATOR_RUNNING) return;
    if (frame->object) visit((Object *)frame->object, context);
    if (is_object(frame->mapping)) visit(as_object(frame->mapping), context);
    for (Value *v = frame->locals; v < (Value *)frame; v++)
        if (is_object(*v)) visit(as_object(*v), context);
    for (Value *v = frame_stack(frame); v < frame->sp; v++)
        if (is_object(*v)) visit(as_object(*v), context);
}

void generator_clear(Object *self)
{
    Generator *generator = (Generator *)self;
    if (generator->state == GENERATOR_RUNNING) return;
    generator_finish(thread_current(), generator);
    clear(&generator->hooks_finalizer);
}

void generator_free(Object *self)
{
    Generator *generator = (Generator *)self;
    if (generator->frame) generator_finish(thread_current(), generator);
    release2(generator->name, generator->qualified_name);
    release2(generator->origin, generator->hooks_finalizer);
    object_release(generator->function);
}

size_t generator_size_of(Object *self)
{
    return sizeof(Generator) + ((Generator *)self)->code->frame_words * sizeof(Value);
}

/* A generator that goes away while suspended inside try or with runs its cleanup: close(). */
static void generator_finalize(Thread *t, Value self)
{
    Generator *generator = self_of(self);
    if (generator->state != GENERATOR_SUSPENDED) return;
    if (!would_notice(generator)) return;
    Value v = generator_close(t, generator);
    if (failed(v)) raised_report_unraisable(t, self, NULL);
    release(v);
}

static const NativeDef generator_methods[] = {
    NATIVE("send", generator_send_method, "($self, arg, /)", 0,
           "Resume the generator so that its yield returns this value.\n\n"
           "Returns what it yields next; StopIteration if it ends."),
    NATIVE("throw", generator_throw_method, "($self, typ, val=None, tb=None, /)", 0,
           "throw(value)\n"
           "throw(type[,value[,tb]])\n\n"
           "Raise an exception where the generator stands; what it yields next is returned,\n"
           "or StopIteration comes with its result."),
    NATIVE("close", generator_close_method, "($self, /)", 0, "End the generator by raising GeneratorExit where it waits."),
    CLASS_GET_ITEM_ROW,
    NATIVE_END,
};
static const GetSetDef generator_getsets[] = {
    {"__name__", generator_get_name, generator_set_name, "the generator's name"},
    {"__qualname__", generator_get_qualified_name, generator_set_qualified_name, "the generator's name with those of the scopes around it"},
    {"gi_frame", generator_get_frame, NULL, NULL},
    {"gi_code", generator_get_code, NULL, NULL},
    {"gi_running", generator_get_running, NULL, NULL},
    {"gi_suspended", generator_get_suspended, NULL, NULL},
    {"gi_yieldfrom", generator_get_delegate, NULL, "what a 'yield from' is waiting for, or None"},
    {NULL, NULL, NULL, NULL},
};
const TypeSpec generator_spec = {
    .size = sizeof(Generator),
    .flags = TYPE_IS_FINAL | TYPE_IS_CONTAINER | TYPE_NO_NEW | TYPE_IS_VARIABLE_SIZE | TYPE_IS_WEAK_REFERABLE | TYPE_HAS_FINALIZER,
    .slots = {.repr = generator_repr, .iterate = generator_iterate, .next = generator_next, .finalize = generator_finalize},
    .methods = generator_methods,
    .getsets = generator_getsets,
    .traverse = generator_traverse,
    .clear = generator_clear,
    .free = generator_free,
    .size_of = generator_size_of,
};
