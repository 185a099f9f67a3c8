/* warn.c - warnings from native code.
 *
 * What        warn and warn_at.
 * How         The warnings module, imported when the first warning is issued, applies the filters and prints. When the interpreter ends
 *             and the module is gone, a line on sys.stderr must do.
 * GIL         held; runs script code.
 * Read next   warn.h, stdlib/lib/warnings.toy */
#include "vm/run/warn.h"

#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/builtins.h"
#include "vm/run/import.h"
#include "vm/run/interp.h"

/* warnings.NAME(*args). */
static bool call_warnings(Thread *t, const char *name, const Value *args, size_t count)
{
    Value last = t->interp->run->last_warnings;          /* at the very end nothing is imported any more */
    Value module = is_bound(last) ? retain(last) : import_module_text(t, "warnings");
    if (failed(module)) return false;
    Str *key = str_intern_text(t, name);
    Value v = key ? value_call_method(t, module, key, args, count) : FAILED;
    if (key) object_release(key);
    release(module);
    release(v);
    return !failed(v);
}

/* The module is gone, and the filters with it. What they hide from the start stays hidden. */
static bool warn_at_the_end(Thread *t, enum ExceptionKind category, Str *message)
{
    raised_clear(t);
    if (category == EXC_ResourceWarning || category == EXC_DeprecationWarning || category == EXC_PendingDeprecationWarning ||
        category == EXC_ImportWarning) return true;
    Value file = sys_get(t, "stderr");
    if (is_unbound(file) || is_none(file)) return true;
    retain(file);
    Str *line = str_format(t, "<sys>:0: %s: %U\n", type_text(t, exception_type(t, category)), message);
    if (!line || !file_write(t, file, line)) raised_clear(t);
    if (line) object_release(line);
    release(file);
    return true;
}

static bool is_the_end(Thread *t) { return t->interp->run->is_shutting_down && raised_is(t, EXC_ImportError); }

static bool warn_message(Thread *t, enum ExceptionKind category, int stack_level, Value source, TAKES Str *message)
{
    if (!message) return false;
    Value args[4] = {object_value(message), object_value(exception_type(t, category)), small_int_value(stack_level), source};
    bool done = call_warnings(t, "warn", args, is_bound(source) ? 4 : 3) || (is_the_end(t) && warn_at_the_end(t, category, message));
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
    if (raised_is(t, EXC_AttributeError) || is_the_end(t)) raised_clear(t);
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
