/* warn.c - warnings from native code.
 *
 * What        warn and warn_at.
 * How         The warnings module, imported when the first warning is issued, applies the filters and prints. Where it is out of
 *             reach, as when the interpreter ends or a script's own warnings.py hides it, a line on sys.stderr must do.
 * GIL         held; runs script code.
 * Read next   warn.h, stdlib/lib/warnings.toy */
#include "vm/run/warn.h"

#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/builtins.h"
#include "vm/run/import.h"
#include "vm/run/interp.h"

/* What became of a call. OUT_OF_REACH, nothing raised: the interpreter ends and imports no more, or what bears the name is a script's. */
typedef enum Outcome { TOLD, RAISED, OUT_OF_REACH } Outcome;

static Outcome outcome_of_failure(Thread *t)
{
    if (!t->interp->run->is_shutting_down || !raised_is(t, EXC_ImportError)) return RAISED;
    raised_clear(t);
    return OUT_OF_REACH;
}

/* warnings.NAME(*args). */
static Outcome call_warnings(Thread *t, const char *name, const Value *args, size_t count)
{
    Value last = t->interp->run->last_warnings;          /* at the very end nothing is imported any more */
    Value module = is_bound(last) ? retain(last) : import_module_text(t, "warnings");
    Str *key = failed(module) ? NULL : str_intern_text(t, name);
    Value function = key ? value_find_attribute(t, module, key) : FAILED;
    if (key) object_release(key);
    release(module);
    if (is_unbound(function)) return is_raised(t) ? outcome_of_failure(t) : OUT_OF_REACH;
    Value v = value_call(t, function, args, count, NULL);
    release2(function, v);
    return failed(v) ? outcome_of_failure(t) : TOLD;
}

/* One line on sys.stderr. Without the module there are no filters; what they hide from the start stays hidden. */
static bool tell_plainly(Thread *t, enum ExceptionKind category, Str *message, Str *filename, uint32_t line)
{
    if (category == EXC_ResourceWarning || category == EXC_DeprecationWarning || category == EXC_PendingDeprecationWarning ||
        category == EXC_ImportWarning) return true;
    Value file = sys_get(t, "stderr");
    if (is_unbound(file) || is_none(file)) return true;
    retain(file);
    const char *name = type_text(t, exception_type(t, category));
    Str *text = filename ? str_format(t, "%U:%u: %s: %U\n", filename, line, name, message) : str_format(t, "<sys>:0: %s: %U\n", name, message);
    if (!text || !file_write(t, file, text)) raised_clear(t);
    if (text) object_release(text);
    release(file);
    return true;
}

/* The same, where the script stands. */
static bool tell_plainly_here(Thread *t, enum ExceptionKind category, int stack_level, Str *message)
{
    Frame *frame = t->interp->run->is_shutting_down ? NULL : frame_in_use(t->frame);
    while (frame && --stack_level > 0) frame = frame_in_use(frame->caller);
    return tell_plainly(t, category, message, frame ? frame->code->filename : NULL, frame ? frame_line(frame) : 0);
}

static bool warn_message(Thread *t, enum ExceptionKind category, int stack_level, Value source, TAKES Str *message)
{
    if (!message) return false;
    Value args[4] = {object_value(message), object_value(exception_type(t, category)), small_int_value(stack_level), source};
    Outcome outcome = call_warnings(t, "warn", args, is_bound(source) ? 4 : 3);
    bool done = outcome == TOLD || (outcome == OUT_OF_REACH && tell_plainly_here(t, category, stack_level, message));
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
    Outcome outcome = call_warnings(t, "_warn_unawaited_coroutine", &coroutine, 1);
    if (outcome == TOLD || (outcome == RAISED && raised_is(t, EXC_Warning))) return outcome == TOLD;
    if (outcome == RAISED && raised_is(t, EXC_AttributeError)) raised_clear(t);
    else if (outcome == RAISED) raised_report_unraisable(t, coroutine, NULL);
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
    Outcome outcome = call_warnings(t, "warn_explicit", args, 5);
    return outcome == TOLD || (outcome == OUT_OF_REACH && tell_plainly(t, category, message, filename, line));
}
