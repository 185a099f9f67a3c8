/* uncaught.c - what happens to an exception that nobody caught.
 *
 * What        The default sys.excepthook and sys.unraisablehook, calling those that scripts put in their place, and exit statuses.
 * How         The exception goes to sys.excepthook. If that is the original one, the text is written straight away; if a script's
 *             hook fails in turn, both failures are shown. SystemExit is no failure: it names the status.
 * Invariants  I1 whatever happens here, t->raised is unbound afterwards.
 * GIL         held; runs script code.
 * Read next   traceback_print.c, vm/cli/main.c */
#include "vm/run/uncaught.h"

#include <unistd.h>

#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/builtins.h"
#include "vm/run/interp.h"
#include "vm/run/traceback_print.h"

void note_show(Thread *t, Str *text)
{
    Value file = sys_get(t, "stderr");
    if (is_unbound(file) || is_none(file)) return;
    retain(file);
    if (!file_write(t, file, text)) raised_clear(t);
    release(file);
}

static void write_stderr(Thread *t, const char *text)
{
    Str *s = str_from_text(t, text);
    if (s) note_show(t, s);
    else raised_clear(t);
    if (s) object_release(s);
}

/* ---- SystemExit ---- */

int uncaught_exit_status(Thread *t, Value exception)
{
    Value code = as_exception(exception)->fields[FIELD_CODE];
    if (is_unbound(code) || is_none(code)) return STATUS_OK;
    if (is_int(code)) {
        int64_t status;
        return int_fits_int64(code, &status) ? (int)(status & 0xff) : 0xff;
    }
    Value text = value_str(t, code);
    if (failed(text)) {
        raised_clear(t);
        return STATUS_ERROR;
    }
    Str *line = str_format(t, "%S\n", text);
    Value file = sys_get(t, "stderr");
    size_t length;
    if (line && is_bound(file) && !is_none(file)) {
        retain(file);
        if (!file_write(t, file, line) || !file_flush(t, file)) raised_clear(t);
        release(file);
    } else if (line) {
        const char *bytes = str_utf8(t, line, &length);
        if (bytes && write(STDERR_FILENO, bytes, length) < 0) raised_clear(t);
    }
    if (line) object_release(line);
    release(text);
    raised_clear(t);
    return STATUS_ERROR;
}

/* ---- sys.excepthook ---- */

/* When memory is short, what was given back by the first try may do for the second; at the very least the class is named. */
static void print(Thread *t, Value exception)
{
    for (int i = 0; i < 2; i++) {
        if (traceback_print(t, exception, UNBOUND)) return;
        bool is_short = raised_is(t, EXC_MemoryError);
        raised_clear(t);
        if (!is_short) return;
    }
    const char *name = value_type_name(t, exception);
    if (write(STDERR_FILENO, name, strlen(name)) < 0 || write(STDERR_FILENO, "\n", 1) < 0) raised_clear(t);
}

static void remember(Thread *t, Value exception, Value traceback)
{
    bool done = sys_set(t, "last_exc", exception) && sys_set(t, "last_type", object_value(value_type(t, exception))) &&
                sys_set(t, "last_value", exception) && sys_set(t, "last_traceback", traceback);
    if (!done) raised_clear(t);
}

/* The script's own hook. True: it ended in SystemExit, whose status is *status. */
static bool call_hook(Thread *t, Value hook, Value exception, Value traceback, int *status)
{
    Value args[3] = {object_value(value_type(t, exception)), exception, traceback};
    retain(hook);
    Value result = value_call(t, hook, args, 3, NULL);
    release2(hook, result);
    if (!failed(result)) return false;
    Value second = raised_take(t);
    bool leaves = exception_is(t, second, EXC_SystemExit);
    if (leaves) {
        *status = uncaught_exit_status(t, second);
    } else {
        write_stderr(t, "Error in sys.excepthook:\n");
        print(t, second);
        write_stderr(t, "\nOriginal exception was:\n");
        print(t, exception);
    }
    release(second);
    return leaves;
}

/* True: the hook asked for an end with *status. */
static bool show(Thread *t, Value exception, int *status)
{
    Value traceback = as_exception(exception)->traceback;
    if (is_unbound(traceback)) traceback = NONE;
    remember(t, exception, traceback);
    Value hook = sys_get(t, "excepthook"), original = sys_get(t, "__excepthook__");
    if (is_unbound(hook)) write_stderr(t, "sys.excepthook is missing\n");
    if (is_unbound(hook) || is_same(hook, original)) {
        print(t, exception);
        return false;
    }
    return call_hook(t, hook, exception, traceback, status);
}

void uncaught_show(Thread *t)
{
    Value exception = raised_take(t);
    int status;
    if (is_bound(exception)) show(t, exception, &status);
    release(exception);
    raised_clear(t);
}

int uncaught_end(Thread *t, bool stays, bool *interrupted)
{
    Value exception = raised_take(t);
    int status = STATUS_ERROR;
    *interrupted = false;
    if (!stays && exception_is(t, exception, EXC_SystemExit)) {
        status = uncaught_exit_status(t, exception);
    } else {
        bool was_asked = show(t, exception, &status);
        *interrupted = !was_asked && value_type(t, exception) == exception_type(t, EXC_KeyboardInterrupt);
        if (*interrupted) status = STATUS_INTERRUPTED;
    }
    release(exception);
    raised_clear(t);
    return status;
}

/* ---- sys.unraisablehook ---- */

void unraisable_print(Thread *t, Value exception, Value where, Value message)
{
    Str *title;
    bool has_message = is_str(message);
    if (is_bound(where) && !is_none(where)) {
        Value text = value_repr(t, where);
        if (failed(text)) {
            raised_clear(t);
            text = object_value(str_from_text(t, "<object repr() failed>"));
        }
        title = failed(text) ? NULL : has_message ? str_format(t, "%S: %S\n", message, text) : str_format(t, "Exception ignored in: %S\n", text);
        release(text);
    } else {
        title = has_message ? str_format(t, "%S:\n", message) : str_from_text(t, "");
    }
    Value text = title ? traceback_plain_text(t, exception, title) : FAILED;
    Value file = sys_get(t, "stderr");
    if (!failed(text) && is_bound(file) && !is_none(file)) {
        retain(file);
        if (!file_write(t, file, as_str(text)) || !file_flush(t, file)) raised_clear(t);
        release(file);
    }
    release(text);
    if (title) object_release(title);
    raised_clear(t);
}

/* What a script's hook is given. */
static Value hook_arguments(Thread *t, Value exception, Value where, Value message)
{
    Value traceback = as_exception(exception)->traceback;
    Value row[5] = {object_value(value_type(t, exception)), exception, is_bound(traceback) ? traceback : NONE, is_bound(message) ? message : NONE,
                    is_bound(where) ? where : NONE};
    Value fields = object_value(tuple_from_values(t, row, 5));
    Type *type = t->interp->run->unraisable_type;
    Value v = failed(fields) || !type ? FAILED : value_call1(t, object_value(type), fields);
    release(fields);
    return v;
}

void unraisable_show(Thread *t, Value exception, Value where, const char *words)
{
    Frame *running = frame_in_use(t->frame);
    if (is_unbound(as_exception(exception)->traceback) && running) {     /* raised by native code: it came to pass here */
        t->raised = retain(exception);
        if (traceback_add(t, running, frame_offset(running))) release(raised_take(t));
        else raised_clear(t);
    }
    Value hook = sys_get(t, "unraisablehook"), original = sys_get(t, "__unraisablehook__");
    Value message = words ? object_value(str_from_text(t, words)) : UNBOUND;
    if (is_unbound(hook) || is_none(hook) || is_same(hook, original)) {
        unraisable_print(t, exception, where, message);
    } else {
        retain(hook);
        Value arguments = hook_arguments(t, exception, where, message);
        Value result = failed(arguments) ? FAILED : value_call1(t, hook, arguments);
        if (failed(result)) {
            Value second = raised_take(t);
            Str *title = str_from_text(t, "Exception ignored in sys.unraisablehook");
            if (title && is_bound(second)) unraisable_print(t, second, hook, object_value(title));
            if (title) object_release(title);
            release(second);
        }
        release2(result, arguments);
        release(hook);
    }
    release(message);
    raised_clear(t);
}
