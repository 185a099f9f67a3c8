/* hooks.c - sys.settrace and sys.setprofile: a function per thread that hears what its frames do.
 *
 * What        hooks_set_trace, hooks_set_profile; hooks_tell_*, one per event, called by trace.c.
 * How         The profile function hears calls and returns, native ones too. The trace function hears of each call; what it answers
 *             becomes the frame's own f_trace, and that hears lines, returns, exceptions and, if asked, opcodes. A hook
 *             that raises is taken off, and its exception goes on in the script.
 * Invariants  I2 of trace.h.
 * GIL         held; hooks are script code.
 * Read next   trace.c */
#include "vm/bytecode/opcode.h"
#include "vm/object/descriptor.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/trace.h"

void hooks_set_trace(Thread *target, Value function)
{
    replace(&target->trace_function, retain(function));
    trace_changed(target->interp);
}

void hooks_set_profile(Thread *target, Value function)
{
    replace(&target->profile_function, retain(function));
    trace_changed(target->interp);
}

/* hook(frame, event, argument); [argument] UNBOUND: None. An exception on its way stays, unless the hook raises. */
static Value call_hook(Thread *t, Frame *frame, Value hook, const char *event, Value argument)
{
    Value pending = t->raised;
    t->raised = UNBOUND;
    FrameObject *object = frame_object(t, frame);
    Str *name = object ? str_intern_text(t, event) : NULL;
    Value result = FAILED;
    if (name) {
        Value row[3] = {object_value(object), object_value(name), is_bound(argument) ? argument : NONE};
        retain(hook);
        t->tracing++;
        result = value_call(t, hook, row, 3, NULL);
        t->tracing--;
        release(hook);
        object_release(name);
    }
    if (object) object_release(object);
    if (failed(result)) release(pending);
    else t->raised = pending;
    return result;
}

static bool tell_profile(Thread *t, Frame *frame, const char *event, Value argument)
{
    if (is_unbound(t->profile_function)) return true;
    Value result = call_hook(t, frame, t->profile_function, event, argument);
    if (failed(result)) {
        Value raised = raised_take(t);
        hooks_set_profile(t, UNBOUND);
        t->raised = raised;
        return false;
    }
    release(result);
    return true;
}

/* To [hook], the thread's function for a call and the frame's own for everything else. */
static bool tell_trace(Thread *t, Frame *frame, Value hook, enum Telling telling, const char *event, Value argument)
{
    uint8_t outer = t->telling;
    t->telling = (uint8_t)telling;
    Value result = call_hook(t, frame, hook, event, argument);
    t->telling = outer;
    if (failed(result)) {
        Value raised = raised_take(t);
        hooks_set_trace(t, UNBOUND);
        if (frame->object) clear(&frame->object->trace);
        t->raised = raised;
        return false;
    }
    if (frame->object && !is_none(result)) replace(&frame->object->trace, result);
    else release(result);
    return true;
}

/* The frame's own function, UNBOUND if it has none or its thread is not traced. */
static Value own_hook(Thread *t, const Frame *frame)
{
    return is_bound(t->trace_function) && frame->object ? frame->object->trace : UNBOUND;
}

bool hooks_tell_call(Thread *t, Frame *frame)
{
    if (!tell_profile(t, frame, "call", UNBOUND)) return false;
    return is_unbound(t->trace_function) || tell_trace(t, frame, t->trace_function, TELLING_CALL, "call", UNBOUND);
}

/* A frame that is about to yield may be sent elsewhere, as from a line. */
static bool is_yield(const Frame *frame)
{
    return WORD_OPCODE(frame->code->unit->words[frame_offset(frame)]) == OP_YIELD_VALUE;
}

bool hooks_tell_return(Thread *t, Frame *frame, Value result)
{
    if (!tell_profile(t, frame, "return", result)) return false;
    Value own = own_hook(t, frame);
    return is_unbound(own) || tell_trace(t, frame, own, is_yield(frame) ? TELLING_LINE : TELLING_OTHER, "return", result);
}

bool hooks_tell_line(Thread *t, Frame *frame)
{
    Value own = own_hook(t, frame);
    return is_unbound(own) || !frame->object->trace_lines || tell_trace(t, frame, own, TELLING_LINE, "line", UNBOUND);
}

bool hooks_tell_opcode(Thread *t, Frame *frame)
{
    Value own = own_hook(t, frame);
    return is_unbound(own) || !frame->object->trace_opcodes || tell_trace(t, frame, own, TELLING_OTHER, "opcode", UNBOUND);
}

bool hooks_tell_exception(Thread *t, Frame *frame, Value exception)
{
    Value own = own_hook(t, frame);
    if (is_unbound(own)) return true;
    Value traceback = as_exception(exception)->traceback;
    Value row[3] = {object_value(value_type(t, exception)), exception, is_bound(traceback) ? traceback : NONE};
    Value about = object_value(tuple_from_values(t, row, 3));
    bool done = !failed(about) && tell_trace(t, frame, own, TELLING_OTHER, "exception", about);
    release(about);
    return done;
}

/* The built-in function that is called: a method found in its type is bound to [self] first. UNBOUND: none of ours to tell of. */
static Value native_callee(Thread *t, Value callee, Value self)
{
    if (is_kind(callee, KIND_METHOD)) callee = ((Method *)as_object(callee))->function;
    if (is_kind(callee, KIND_NATIVE_FUNCTION)) return retain(callee);
    if (!is_kind(callee, KIND_METHOD_DESCRIPTOR)) return UNBOUND;
    Value bound = value_type(t, callee)->slots.descriptor_get(t, callee, self, value_type(t, self));
    if (failed(bound)) raised_clear(t);        /* called with something else in front: that is the call's own error */
    return bound;
}

bool hooks_tell_native(Thread *t, Frame *frame, MonitorEvent event, Value callee, Value self)
{
    if (is_unbound(t->profile_function)) return true;
    Value function = native_callee(t, callee, self);
    if (is_unbound(function)) return true;
    const char *name = event == EVENT_CALL ? "c_call" : event == EVENT_C_RETURN ? "c_return" : "c_exception";
    bool done = tell_profile(t, frame, name, function);
    release(function);
    return done;
}
