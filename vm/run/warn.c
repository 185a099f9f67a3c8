/* warn.c - warnings from native code.
 *
 * What        warn and warn_at.
 * How         The warnings module, imported when the first warning is issued, applies the filters and prints.
 * GIL         held; runs script code.
 * Read next   warn.h, stdlib/lib/warnings.toy */
#include "vm/run/warn.h"

#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/import.h"

/* warnings.NAME(*args). */
static bool call_warnings(Thread *t, const char *name, const Value *args, size_t count)
{
    Value module = import_module_text(t, "warnings");
    if (failed(module)) return false;
    Str *key = str_intern_text(t, name);
    Value v = key ? value_call_method(t, module, key, args, count) : FAILED;
    if (key) object_release(key);
    release(module);
    release(v);
    return !failed(v);
}

static bool warn_message(Thread *t, enum ExceptionKind category, int stack_level, Value source, TAKES Str *message)
{
    if (!message) return false;
    Value args[4] = {object_value(message), object_value(exception_type(t, category)), small_int_value(stack_level), source};
    bool done = call_warnings(t, "warn", args, is_bound(source) ? 4 : 3);
    object_release(message);
    return done;
}

bool warn(Thread *t, enum ExceptionKind category, int stack_level, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    Str *message = str_vformat(t, format, arguments);
    va_end(arguments);
    return warn_message(t, category, stack_level, UNBOUND, message);
}

bool warn_about(Thread *t, enum ExceptionKind category, int stack_level, Value source, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    Str *message = str_vformat(t, format, arguments);
    va_end(arguments);
    return warn_message(t, category, stack_level, source, message);
}

static bool warn_unawaited_plainly(Thread *t, Value coroutine)
{
    Value name = value_get_attribute(t, coroutine, NAME_OF(t, __qualname__));
    bool done = !failed(name) && warn(t, EXC_RuntimeWarning, 1, "coroutine '%S' was never awaited", name);
    release(name);
    return done;
}

/* Where the module cannot do it (the interpreter ends, a script has broken it) the plain words do; its own failure is reported. */
bool warn_unawaited(Thread *t, Value coroutine)
{
    if (call_warnings(t, "_warn_unawaited_coroutine", &coroutine, 1) || raised_is(t, EXC_Warning)) return !is_raised(t);
    if (raised_is(t, EXC_AttributeError)) raised_clear(t);
    else raised_report_unraisable(t, coroutine, NULL);
    return warn_unawaited_plainly(t, coroutine);
}

bool warn_text(Thread *t, int category, Str *message)
{
    return warn(t, (enum ExceptionKind)category, 1, "%U", message);
}

bool warn_at(Thread *t, enum ExceptionKind category, Str *message, Str *filename, uint32_t line, Value module)
{
    Value args[5] = {object_value(message), object_value(exception_type(t, category)), object_value(filename), small_int_value(line),
                     is_bound(module) ? module : NONE};
    return call_warnings(t, "warn_explicit", args, 5);
}
