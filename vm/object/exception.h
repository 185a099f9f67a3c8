/* exception.h - raising: how native code says what went wrong; and the objects that carry it.
 *
 * What        raise_*: make an exception instance, chain it to the one being handled, put it into t->raised.
 * How         `return raise_error(t, EXC_ValueError, "bad %R", v);` works wherever a Value is returned; raise_false and
 *             raise_null serve the other result kinds. Formats are printf's plus %R %S %U %T, see below.
 * Invariants  I1 t->raised is an instance, never a class.
 * GIL         held.
 * Read next   exceptions.def, traceback.h, vm/run/unwind.c */
#ifndef TOY_OBJECT_EXCEPTION_H
#define TOY_OBJECT_EXCEPTION_H

#include <stdarg.h>

#include "vm/object/context.h"

enum ExceptionKind {
#define EXCEPTION(Name, Base, layout, doc) EXC_##Name,
#include "vm/object/exceptions.def"
#undef EXCEPTION
    EXC_COUNT
};

typedef struct Exception {
    Object head;
    Value args;               /* tuple */
    Value notes;              /* list or UNBOUND: __notes__ lives in the attributes; unused here when UNBOUND */
    Value traceback;          /* Traceback or UNBOUND */
    Value cause, context;     /* exception or UNBOUND */
    bool suppress_context;
    Value fields[8];          /* by layout:
                               *   EXIT code | STOP value | NAME name | ATTRIBUTE name, obj | IMPORT msg, name, path, name_from
                               *   OS errno, strerror, filename, filename2, characters_written
                               *   SYNTAX msg, filename, lineno, offset, text, end_lineno, end_offset, print_file_and_line
                               *   UNICODE encoding, object, start, end, reason | GROUP message, exceptions */
} Exception;

BORROWED Type *exception_type(Thread *t, enum ExceptionKind kind);
static inline bool is_raised(Thread *t) { return is_bound(t->raised); }
/* Does the raised (or any) exception belong to the class? */
bool raised_is(Thread *t, enum ExceptionKind kind);
bool exception_is(Thread *t, Value exception, enum ExceptionKind kind);
/* Take the raised exception away (owned) / drop it. */
MUST_CHECK Value raised_take(Thread *t);
void raised_clear(Thread *t);

/* printf formats plus: %R repr of a Value, %S str of a Value, %U a Str*, %T the type name of a Value (Value structs are passed as they are). */
Value raise_error(Thread *t, enum ExceptionKind kind, const char *format, ...);
Value raise_verror(Thread *t, enum ExceptionKind kind, const char *format, va_list arguments);
#define raise_false(...) (raise_error(__VA_ARGS__), false)
#define raise_null(...)  (raise_error(__VA_ARGS__), NULL)
#define raise_type_error(t, ...)  raise_error(t, EXC_TypeError, __VA_ARGS__)
#define raise_value_error(t, ...) raise_error(t, EXC_ValueError, __VA_ARGS__)

Value raise_memory_error(Thread *t);                       /* allocates nothing */
Value raise_value(Thread *t, enum ExceptionKind kind, Value argument);        /* KeyError(key), StopIteration(value) */
Value raise_instance(Thread *t, TAKES Value exception);    /* sets context to the handled exception */
Value raise_os_error(Thread *t, int error_number, Value filename_or_unbound);                       /* the subclass that belongs to errno */
Value raise_os_error2(Thread *t, int error_number, Value filename, Value filename2);
Value raise_stop_iteration(Thread *t, Value value);
Value raise_attribute_error(Thread *t, Value object, Str *name);              /* "'T' object has no attribute 'x'", with name and obj set */
/* class or instance, args (tuple or value or UNBOUND): a new instance, as `raise` does. */
MUST_CHECK Value exception_make(Thread *t, Value type_or_instance, Value args);
/* Turn the pending failure into "Exception ignored in: ..." through sys.unraisablehook (a hook plugged in by vm/run). */
void raised_report_unraisable(Thread *t, Value where, const char *message);
/* sys.unraisablehook is called through this; the default prints in CPython's form. */

MUST_CHECK bool exceptions_init(Thread *t);
extern const TypeSpec base_exception_spec;

#endif
