/* exception_raise.c - raising from native code.
 *
 * What        raise_*: an instance is made, chained to the exception being handled, and put into t->raised. And the opposite:
 *             asking for, taking and dropping what is raised.
 * How         Every instance is made by its class's own constructor, so that fields and args agree. MemoryError exists in
 *             advance: raising it allocates nothing.
 * Invariants  I1 of exception.h.  I2 no chain of __context__ is a ring.
 * GIL         held.
 * Read next   exception.c, vm/run/unwind.c */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "vm/base/buffer.h"
#include "vm/object/exception.h"
#include "vm/object/exception_parts.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

/* ---- asking ---- */

bool exception_is(Thread *t, Value exception, enum ExceptionKind kind)
{
    return is_object(exception) && type_is_subtype(as_object(exception)->type, exception_type(t, kind));
}

bool raised_is(Thread *t, enum ExceptionKind kind)
{
    return is_bound(t->raised) && exception_is(t, t->raised, kind);
}

Value raised_take(Thread *t)
{
    Value raised = t->raised;
    t->raised = UNBOUND;
    return raised;
}

void raised_clear(Thread *t)
{
    clear(&t->raised);
}

/* ---- chaining ---- */

static Value innermost_handled(const Thread *t)
{
    for (const HandledException *link = t->handled; link; link = link->previous) {
        if (is_bound(link->exception) && !is_none(link->exception))
            return link->exception;
    }
    return UNBOUND;
}

void exception_set_context(Value exception, TAKES Value context)
{
    /* If the chain below [context] comes back to [exception], it is cut there: keeps I2. A script may have made a ring of
     * its own with __context__ = ...; the second pointer, half as fast, meets the first one then. */
    Value slow = context;
    bool moves_slow = false;
    for (Value link = context; ; ) {
        Value *next = &as_exception(link)->context;
        if (is_unbound(*next))
            break;
        if (is_same(*next, exception)) {
            clear(next);
            break;
        }
        link = *next;
        if (is_same(link, slow))
            break;
        if (moves_slow)
            slow = as_exception(slow)->context;
        moves_slow = !moves_slow;
    }
    replace(&as_exception(exception)->context, context);
}

Value raise_instance(Thread *t, TAKES Value exception)
{
    Value handled = innermost_handled(t);
    if (is_bound(handled) && !is_same(handled, exception))
        exception_set_context(exception, retain(handled));
    replace(&t->raised, exception);
    return FAILED;
}

void raised_note(Thread *t, const char *format, ...)
{
    Value exception = raised_take(t);
    va_list arguments;
    va_start(arguments, format);
    Value note = object_value(str_vformat(t, format, arguments));
    va_end(arguments);
    Str *method = failed(note) ? NULL : str_intern_text(t, "add_note");
    Value done = method ? value_call_method(t, exception, method, &note, 1) : FAILED;
    release2(done, note);
    if (method)
        object_release(method);
    replace(&t->raised, exception);   /* and not a failure to note something */
}

/* ---- making ---- */

/* A new instance of a built-in class, as if called. */
static Value make(Thread *t, Type *type, const Value *args, size_t count)
{
    Value exception = type->slots.new_instance(t, type, args, count, NULL);
    if (!failed(exception) && !type->slots.init(t, exception, args, count, NULL)) {
        release(exception);
        return FAILED;
    }
    return exception;
}

static Value raise_made(Thread *t, enum ExceptionKind kind, const Value *args, size_t count)
{
    Value exception = make(t, exception_type(t, kind), args, count);
    return failed(exception) ? FAILED : raise_instance(t, exception);
}

Value exception_make(Thread *t, Value type_or_instance, Value args)
{
    if (is_exception(type_or_instance))
        return retain(type_or_instance);
    if (!is_type(type_or_instance) || !type_is(as_type(type_or_instance), TYPE_IS_EXCEPTION))
        return raise_type_error(t, "exceptions must derive from BaseException");
    Value made;
    if (is_unbound(args))
        made = value_call0(t, type_or_instance);
    else if (is_tuple(args))
        made = value_call(t, type_or_instance, as_tuple(args)->items, as_tuple(args)->count, NULL);
    else if (is_exception(args) && type_is_subtype(value_type(t, args), as_type(type_or_instance)))
        made = retain(args);
    else
        made = value_call1(t, type_or_instance, args);
    if (!failed(made) && !is_exception(made)) {
        raise_type_error(t, "calling %R should have returned an instance of BaseException, not %R", type_or_instance, object_value(value_type(t, made)));
        release(made);
        return FAILED;
    }
    return made;
}

/* ---- raising ---- */

Value raise_verror(Thread *t, enum ExceptionKind kind, const char *format, va_list arguments)
{
    ASSERT_GIL(t);
    Str *message = str_vformat(t, format, arguments);
    if (!message)
        return FAILED;   /* what went wrong with the message is raised instead */
    Value argument = object_value(message);
    raise_made(t, kind, &argument, 1);
    release(argument);
    return FAILED;
}

Value raise_error(Thread *t, enum ExceptionKind kind, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    raise_verror(t, kind, format, arguments);
    va_end(arguments);
    return FAILED;
}

bool raise_warning(Thread *t, enum ExceptionKind category, const char *format, ...)
{
    if (!t->interp->warn)
        return true;
    va_list arguments;
    va_start(arguments, format);
    Str *message = str_vformat(t, format, arguments);
    va_end(arguments);
    bool passed = message && t->interp->warn(t, (int)category, message);
    if (message)
        object_release(message);
    return passed;
}

/* A MemoryError with nothing in it, or UNBOUND. While it is being made there is none in advance: a failure on the way has nothing to raise. */
static Value make_memory_error(Thread *t)
{
    Value last_resort = t->interp->memory_error;
    t->interp->memory_error = UNBOUND;
    Value error = base_exception_new(t, t->interp->exceptions[EXC_MemoryError], NULL, 0, NULL);
    t->interp->memory_error = last_resort;
    return error;
}

Value raise_memory_error(Thread *t)
{
    Value last_resort = t->interp->memory_error;
    if (is_unbound(last_resort))
        return FAILED;   /* start-up, before exceptions exist: the caller's false is all that can be said */
    if (is_same(t->raised, last_resort))
        return FAILED;
    Value error = make_memory_error(t);
    if (LIKELY(!failed(error)))
        return raise_instance(t, error);
    /* It may have been raised before: what it carried belongs to that time. */
    Exception *exception = as_exception(last_resort);
    clear(&exception->traceback);
    clear(&exception->cause);
    clear(&exception->context);
    exception->suppress_context = false;
    return raise_instance(t, retain(last_resort));
}

Value raise_value(Thread *t, enum ExceptionKind kind, Value argument)
{
    return raise_made(t, kind, &argument, is_unbound(argument) ? 0 : 1);
}

Value raise_stop_iteration(Thread *t, Value value)
{
    return raise_made(t, EXC_StopIteration, &value, is_none(value) || is_unbound(value) ? 0 : 1);
}

/* What "Did you mean" is looked up by. */
static Value note_missing(Thread *t, Value object, Str *name)
{
    if (raised_is(t, EXC_AttributeError)) {
        Exception *error = as_exception(t->raised);
        replace(&error->fields[FIELD_NAME], retain(object_value(name)));
        replace(&error->fields[FIELD_OBJECT], retain(object));
    }
    return FAILED;
}

Value raise_attribute_error(Thread *t, Value object, Str *name)
{
    if (is_type(object))
        raise_error(t, EXC_AttributeError, "type object '%U' has no attribute '%U'", as_type(object)->name, name);
    else
        raise_error(t, EXC_AttributeError, "'%T' object has no attribute '%U'", object, name);
    return note_missing(t, object, name);
}

/* The whole name of the class, as CPython's __slots__ say it; but what comes from the script itself or is built in goes without its module. */
Value raise_member_error(Thread *t, Value object, Str *name)
{
    Type *type = value_type(t, object);
    Value module = value_find_attribute(t, object_value(type), NAME_OF(t, __module__));
    if (failed(module)) raised_clear(t);
    if (is_str(module) && !str_equal(as_str(module), NAME_OF(t, __main__)) && !str_equal_text(as_str(module), "builtins"))
        raise_error(t, EXC_AttributeError, "'%U.%U' object has no attribute '%U'", as_str(module), type->qualified_name, name);
    else
        raise_error(t, EXC_AttributeError, "'%U' object has no attribute '%U'", type->qualified_name, name);
    release(module);
    return note_missing(t, object, name);
}
Value raise_os_error2(Thread *t, int error_number, Value filename, Value filename2)
{
    char scratch[64];
    Str *text = str_from_text(t, strerror_r(error_number, scratch, sizeof scratch));
    if (!text)
        return FAILED;
    Value args[] = {small_int_value(error_number), object_value(text), filename, NONE, filename2};
    raise_made(t, EXC_OSError, args, is_bound(filename2) ? 5 : is_bound(filename) ? 3 : 2);
    object_release(text);
    return FAILED;
}

Value raise_os_error(Thread *t, int error_number, Value filename_or_unbound)
{
    return raise_os_error2(t, error_number, filename_or_unbound, UNBOUND);
}

/* ---- what nobody can catch ---- */

static void add_text_of(Thread *t, Buffer *buffer, Value v, Value (*text_of)(Thread *t, Value v))
{
    Value text = text_of(t, v);
    if (failed(text)) {
        raised_clear(t);
        buffer_add_text(buffer, "<unprintable>");
        return;
    }
    str_add_to_buffer(as_str(text), buffer);
    release(text);
}

/* Before anybody has plugged in a hook: two lines on standard error. */
static void report_plainly(Thread *t, Value exception, Value where, const char *message)
{
    Buffer buffer;
    buffer_init(&buffer, &t->interp->memory);
    buffer_add_text(&buffer, message ? message : "Exception ignored in");
    buffer_add_text(&buffer, ": ");
    if (is_bound(where))
        add_text_of(t, &buffer, where, value_repr);
    buffer_add_text(&buffer, "\n");
    str_add_to_buffer(value_type(t, exception)->name, &buffer);
    buffer_add_text(&buffer, ": ");
    add_text_of(t, &buffer, exception, value_str);
    buffer_add_text(&buffer, "\n");
    if (buffer_ok(&buffer) && write(STDERR_FILENO, buffer.data, buffer.length) < 0)
        errno = 0;   /* nowhere left to complain */
    buffer_free(&buffer);
}

void raised_report_unraisable(Thread *t, Value where, const char *message)
{
    Value exception = raised_take(t);
    if (is_unbound(exception))
        return;
    UnraisableHook hook = t->interp->unraisable_hook;
    if (hook)
        hook(t, exception, where, message);
    else
        report_plainly(t, exception, where, message);
    raised_clear(t);
    release(exception);
}
