/* unwind.c - how an exception travels.
 *
 * What        From t->raised to a handler: traceback entries, the handler table, frames left on the way; raise, except, with.
 * How         Nothing is done on entering try or with: the table beside the code says, for each word, which handler covers it, how deep
 *             the operand stack is there, and where to go on (eval.c, unwind). A frame without a handler is left; its caller
 *             looks in its own table. An entry frame hands the failure to native code.
 *
 *                 instruction fails --> unwind_add_traceback --> code_handler? --yes--> stack cut, exception pushed, go on there
 *                                             ^                      | no
 *                                             +--- caller's frame <--+ unwind_frame        entry frame: eval returns FAILED
 * Invariants  I1 t->raised is bound from the failure to the handler.
 * GIL         held.
 * Read next   eval.c, vm/bytecode/code.h (HandlerEntry), traceback_print.c */
#include "vm/run/unwind.h"

#include "vm/bytecode/opcode.h"
#include "vm/object/exception.h"
#include "vm/object/exception_group.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/generator.h"
#include "vm/run/trace.h"

Value handled_exception(Thread *t)
{
    for (HandledException *link = t->handled; link; link = link->previous)
        if (is_bound(link->exception) && !is_none(link->exception)) return link->exception;
    return UNBOUND;
}

void unwind_add_traceback(Thread *t, Frame *frame)
{
    if (!traceback_add(t, frame, frame_offset(frame))) return;
}

/* While a handler re-raises for an earlier instruction, that one's offset stands in the frame's ip: see RERAISE. */
int64_t unwind_origin(Thread *t, Frame *frame) { return frame_offset(frame); }

void unwind_set_origin(Thread *t, Frame *frame, Value offset)
{
    /* CPython's f_lineno moves back to the raising line while the exception goes on; so does ours. */
    if (is_small_int(offset)) frame->ip = unwind_target(t, frame, (uint32_t)small_int(offset)) + 1;
}

const Word *unwind_target(Thread *t, Frame *frame, uint32_t offset) { return trace_words(t, frame) + offset; }

static void release_locals(Frame *frame)
{
    for (Value *slot = frame->locals; slot < (Value *)frame; slot++) clear(slot);
    clear(&frame->mapping);
}

void frame_abandon(Thread *t, Frame *frame)
{
    if (frame->flags & FRAME_IS_GENERATOR) return;      /* its owner keeps it */
    release_locals(frame);
}

bool unwind_frame(Thread *t, Frame *frame)
{
    uint32_t flags = frame->flags;
    if (trace_is_on(t)) trace_unwound(t, frame);
    frame->flags |= FRAME_IS_LEFT;
    if (frame->object) frame_leave(t, frame);
    t->depth--;
    release_locals(frame);       /* finalisers lay their frames above this one: it goes last */
    if (flags & FRAME_IS_GENERATOR) generator_returned(t, frame);
    else t->frame = frame->caller;
    return flags & FRAME_IS_ENTRY;
}

/* ---- raise ---- */

static void raise_not_an_exception(Thread *t) { raise_type_error(t, "exceptions must derive from BaseException"); }

/* raise ... from cause. False: raised something else. */
static bool set_cause(Thread *t, Value exception, Value cause)
{
    Value instance = NONE;
    if (!is_none(cause)) {
        bool is_class = has_payload(cause, KIND_TYPE) && type_is((Type *)as_object(cause), TYPE_IS_EXCEPTION);
        if (!is_class && !has_payload(cause, KIND_BASE_EXCEPTION))
            return raise_false(t, EXC_TypeError, "exception causes must derive from BaseException");
        instance = exception_make(t, cause, UNBOUND);
        if (failed(instance)) return false;
    }
    Exception *e = (Exception *)as_object(exception);
    replace(&e->cause, is_none(instance) ? UNBOUND : instance);
    e->suppress_context = true;
    return true;
}

void unwind_nothing_to_reraise(Thread *t) { raise_error(t, EXC_RuntimeError, "No active exception to reraise"); }

bool unwind_raise(Thread *t, Value *operands, uint32_t count)
{
    if (count == 0) {
        Value handled = handled_exception(t);
        if (is_unbound(handled)) {
            unwind_nothing_to_reraise(t);
            return false;
        }
        t->raised = retain(handled);
        return true;
    }
    bool is_class = has_payload(operands[0], KIND_TYPE) && type_is((Type *)as_object(operands[0]), TYPE_IS_EXCEPTION);
    if (!is_class && !has_payload(operands[0], KIND_BASE_EXCEPTION)) {
        raise_not_an_exception(t);
        return false;
    }
    Value exception = exception_make(t, operands[0], UNBOUND);
    if (failed(exception)) return false;
    if (count == 2 && !set_cause(t, exception, operands[1])) {
        release(exception);
        return false;
    }
    raise_instance(t, exception);
    return false;
}

/* ---- except ---- */

static bool is_exception_class(Value v) { return has_payload(v, KIND_TYPE) && type_is((Type *)as_object(v), TYPE_IS_EXCEPTION); }

static bool check_classes(Thread *t, Value classes, const char *message)
{
    bool good = is_exception_class(classes);
    if (!good && is_tuple(classes)) {
        good = true;
        for (size_t i = 0; i < as_tuple(classes)->count; i++) good = good && is_exception_class(as_tuple(classes)->items[i]);
    }
    return good || raise_false(t, EXC_TypeError, "%s", message);
}

static bool matches_class(Thread *t, Value exception, Value class)
{
    return type_is_subtype(value_type(t, exception), (Type *)as_object(class));
}

bool unwind_matches(Thread *t, Value exception, Value classes, bool *matches)
{
    if (!check_classes(t, classes, "catching classes that do not inherit from BaseException is not allowed")) return false;
    *matches = false;
    if (!is_tuple(classes)) {
        *matches = matches_class(t, exception, classes);
        return true;
    }
    for (size_t i = 0; i < as_tuple(classes)->count && !*matches; i++) *matches = matches_class(t, exception, as_tuple(classes)->items[i]);
    return true;
}

bool unwind_match_group(Thread *t, Value exception, Value classes, Value *rest, Value *match)
{
    *rest = *match = NONE;
    if (!check_classes(t, classes, "catching classes that do not inherit from BaseException is not allowed")) return false;
    Type *group = exception_type(t, EXC_BaseExceptionGroup);
    bool has_group = false;
    if (is_tuple(classes)) {
        for (size_t i = 0; i < as_tuple(classes)->count; i++)
            has_group = has_group || type_is_subtype((Type *)as_object(as_tuple(classes)->items[i]), group);
    } else {
        has_group = type_is_subtype((Type *)as_object(classes), group);
    }
    if (has_group) return raise_false(t, EXC_TypeError, "catching ExceptionGroup with except* is not allowed. Use except instead.");
    return exception_group_match(t, exception, classes, rest, match);
}

Value unwind_prepare_reraise_star(Thread *t, Value original, Value raised_list)
{
    return exception_group_reraise_star(t, original, as_list(raised_list));
}

/* ---- with ---- */

/* The bound special method, or the TypeError that says what is missing. */
static Value special(Thread *t, Value manager, Str *name, const char *protocol, const char *missing)
{
    Value method = value_find_special(t, manager, name);
    if (is_unbound(method) && !is_raised(t))
        raise_type_error(t, "'%T' object does not support the %s protocol%s", manager, protocol, missing);
    return method;
}

static Value enter(Thread *t, Value manager, Str *enter_name, Str *exit_name, const char *protocol, const char *exit_missing, Value *exit)
{
    Value entering = special(t, manager, enter_name, protocol, "");
    if (failed(entering)) return FAILED;
    *exit = special(t, manager, exit_name, protocol, exit_missing);
    if (failed(*exit)) {
        release(entering);
        return FAILED;
    }
    Value result = value_call0(t, entering);
    release(entering);
    if (failed(result)) clear(exit);
    return result;
}

Value unwind_enter_with(Thread *t, Value manager, Value *exit)
{
    return enter(t, manager, NAME_OF(t, __enter__), NAME_OF(t, __exit__), "context manager", " (missed __exit__ method)", exit);
}

Value unwind_enter_async_with(Thread *t, Value manager, Value *exit)
{
    return enter(t, manager, NAME_OF(t, __aenter__), NAME_OF(t, __aexit__), "asynchronous context manager", " (missed __aexit__ method)", exit);
}

Value unwind_call_exit(Thread *t, Value exit, Value exception)
{
    Exception *e = (Exception *)as_object(exception);
    Value args[3] = {object_value(value_type(t, exception)), exception, is_bound(e->traceback) ? e->traceback : NONE};
    retain(args[2]);
    Value result = value_call(t, exit, args, 3, NULL);
    release(args[2]);
    return result;
}
