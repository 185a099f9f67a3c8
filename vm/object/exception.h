/* exception.h - raising: how native code says what went wrong; and the objects that carry it.
 *
 * What        raise_*: make an exception instance, chain it to the one being handled, put it into t->raised.
 * How         `return raise_error(t, EXC_ValueError, "bad %R", v);` works wherever a Value is returned; raise_false and
 *             raise_null serve the other result kinds. Formats are printf's plus %R %S %U %T %N, see below.
 * Invariants  I1 t->raised is an instance, never a class.
 *             I2 notes live among the attributes, as __notes__: nothing here knows them.
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

/* Where the classes keep their fields. UNBOUND shows as None. */
enum ExceptionField {
    FIELD_CODE = 0,                                                                        /* SystemExit */
    FIELD_VALUE = 0,                                                                       /* StopIteration */
    FIELD_NAME = 0, FIELD_OBJECT = 1,                                                      /* NameError, AttributeError */
    FIELD_IMPORT_MESSAGE = 0, FIELD_IMPORT_NAME, FIELD_IMPORT_PATH, FIELD_IMPORT_NAME_FROM,
    FIELD_ERRNO = 0, FIELD_STRERROR, FIELD_FILENAME, FIELD_FILENAME2, FIELD_CHARACTERS_WRITTEN,   /* OSError */
    FIELD_SYNTAX_MESSAGE = 0, FIELD_SYNTAX_FILENAME, FIELD_LINE, FIELD_COLUMN, FIELD_TEXT, FIELD_END_LINE, FIELD_END_COLUMN, FIELD_PRINT_FILE,
    FIELD_ENCODING = 0, FIELD_DATA, FIELD_START, FIELD_END_AT, FIELD_REASON,               /* Unicode*Error */
    FIELD_MESSAGE = 0, FIELD_EXCEPTIONS = 1,                                               /* groups */
    FIELD_COUNT = 8,
};

typedef struct Exception {
    Object head;
    Value args;               /* tuple */
    Value traceback;          /* Traceback or UNBOUND */
    Value cause, context;     /* exception or UNBOUND */
    bool suppress_context;
    Value fields[FIELD_COUNT];
} Exception;

static inline bool is_exception(Value v) { return has_payload(v, KIND_BASE_EXCEPTION); }
static inline Exception *as_exception(Value v) { return (Exception *)as_object(v); }

BORROWED Type *exception_type(Thread *t, enum ExceptionKind kind);
static inline bool is_raised(Thread *t) { return is_bound(t->raised); }
/* Does the raised (or any) exception belong to the class? */
bool raised_is(Thread *t, enum ExceptionKind kind);
bool exception_is(Thread *t, Value exception, enum ExceptionKind kind);
/* Take the raised exception away (owned) / drop it. */
MUST_CHECK Value raised_take(Thread *t);
void raised_clear(Thread *t);
/* Adds a note to the raised exception; raise_error's formats. */
void raised_note(Thread *t, const char *format, ...);

/* COLD in the declaration, so that what leads to them lies apart in every caller, too.
 * printf formats plus: %R repr of a Value, %S str of a Value, %U a Str*, %T the type name of a Value, %N also, but None for None (Value structs are passed as they are). */
COLD Value raise_error(Thread *t, enum ExceptionKind kind, const char *format, ...);
COLD Value raise_verror(Thread *t, enum ExceptionKind kind, const char *format, va_list arguments);
#define raise_false(...) (raise_error(__VA_ARGS__), false)
#define raise_null(...)  (raise_error(__VA_ARGS__), NULL)
#define raise_type_error(t, ...)  raise_error(t, EXC_TypeError, __VA_ARGS__)
#define raise_value_error(t, ...) raise_error(t, EXC_ValueError, __VA_ARGS__)

/* A warning from native code of this floor (category: EXC_DeprecationWarning ...). False: a filter made it an exception. */
MUST_CHECK bool raise_warning(Thread *t, enum ExceptionKind category, const char *format, ...);
COLD Value raise_memory_error(Thread *t);                       /* a new one, or, without memory for that, the one made in advance */
Value raise_value(Thread *t, enum ExceptionKind kind, Value argument);        /* KeyError(key), StopIteration(value) */
Value raise_instance(Thread *t, TAKES Value exception);    /* sets context to the handled exception */
COLD Value raise_os_error(Thread *t, int error_number, Value filename_or_unbound);                       /* the subclass that belongs to errno */
COLD Value raise_os_error2(Thread *t, int error_number, Value filename, Value filename2);
Value raise_stop_iteration(Thread *t, Value value);
COLD Value raise_member_error(Thread *t, Value object, Str *name);                 /* the same for a member of __slots__ without a value */
Value raise_attribute_error(Thread *t, Value object, Str *name);              /* "'T' object has no attribute 'x'", with name and obj set */
/* class or instance, args (tuple or value or UNBOUND): a new instance, as `raise` does. */
MUST_CHECK Value exception_make(Thread *t, Value type_or_instance, Value args);
/* Turn the pending failure into "Exception ignored in: ..." through sys.unraisablehook (a hook plugged in by vm/run). */
void raised_report_unraisable(Thread *t, Value where, const char *message);

/* Cuts what would make the chain of contexts a ring, then makes [context] (taken) the context of [exception]. */
void exception_set_context(Value exception, TAKES Value context);

MUST_CHECK bool exceptions_init(Thread *t);
void exceptions_finish(Interp *interp);
extern const TypeSpec base_exception_spec;

#endif
