/* print.c - print and input, and writing to whatever sys.stdout is.
 *
 * What        The built-in functions print and input; file_write and file_flush for everyone who writes to a script's file.
 * How         print() joins its text first and writes it with one call: one append, so that lines of threads do not mix.
 * GIL         held; a file may drop it while it writes.
 * Read next   stdlib/mod_io.c, builtins.c */
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/builtins.h"
#include "vm/run/interp.h"

bool file_write(Thread *t, Value file, Str *text)
{
    Value argument = object_value(text);
    Value v = value_call_method(t, file, NAME_OF(t, write), &argument, 1);
    release(v);
    return !failed(v);
}

bool file_flush(Thread *t, Value file)
{
    Value v = value_call_method(t, file, NAME_OF(t, flush), NULL, 0);
    release(v);
    return !failed(v);
}

/* sep and end: a str, or None for the usual one. */
static bool check_text(Thread *t, Value v, const char *name)
{
    return is_unbound(v) || is_none(v) || is_str(v) || raise_false(t, EXC_TypeError, "%s must be None or a string, not %T", name, v);
}

static Value line_of(Thread *t, const Value *items, size_t count, Value separator, Value end)
{
    StrBuilder builder;
    str_builder_init(&builder, t);
    for (size_t i = 0; i < count; i++) {
        if (i > 0) {
            if (is_str(separator)) str_builder_add(&builder, as_str(separator));
            else str_builder_add_char(&builder, ' ');
        }
        Value text = value_str(t, items[i]);
        if (failed(text)) {
            str_builder_abandon(&builder);
            return FAILED;
        }
        str_builder_add(&builder, as_str(text));
        release(text);
    }
    if (is_str(end)) str_builder_add(&builder, as_str(end));
    else str_builder_add_char(&builder, '\n');
    return str_builder_finish(&builder);
}

static Value builtin_print(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    Value separator = UNBOUND, end = UNBOUND, file = UNBOUND;
    bool flush = false;
    for (size_t i = 0; names && i < names->count; i++) {
        Str *keyword = as_str(names->items[i]);
        Value v = args[count + i];
        if (str_equal(keyword, NAME_OF(t, sep))) separator = v;
        else if (str_equal(keyword, NAME_OF(t, end))) end = v;
        else if (str_equal(keyword, NAME_OF(t, file))) file = v;
        else if (!str_equal(keyword, NAME_OF(t, flush))) return raise_type_error(t, "print() got an unexpected keyword argument '%U'", keyword);
        else if (!value_truth(t, v, &flush)) return FAILED;
    }
    if (is_unbound(file) || is_none(file)) {
        file = sys_get(t, "stdout");
        if (is_unbound(file)) return raise_error(t, EXC_RuntimeError, "lost sys.stdout");
        if (is_none(file)) return NONE;
    }
    if (!check_text(t, separator, "sep") || !check_text(t, end, "end")) return FAILED;
    retain(file);
    Value text = line_of(t, args, count, separator, end);
    bool done = !failed(text) && file_write(t, file, as_str(text)) && (!flush || file_flush(t, file));
    release2(text, file);
    return done ? NONE : FAILED;
}

/* ---- input ---- */

/* The file behind sys.NAME, or the RuntimeError that it is lost. BORROWED. */
static Value stream(Thread *t, const char *name)
{
    Value v = sys_get(t, name);
    return is_unbound(v) || is_none(v) ? raise_error(t, EXC_RuntimeError, "input(): lost sys.%s", name) : v;
}

static Value builtin_input(Thread *t, Value self, const Value *args)
{
    Value in = stream(t, "stdin"), out = failed(in) ? FAILED : stream(t, "stdout"), err = failed(out) ? FAILED : stream(t, "stderr");
    if (failed(err)) return FAILED;
    retain(in);
    retain(out);
    bool done = file_flush(t, err);
    if (!done) raised_clear(t);
    done = true;
    if (is_bound(args[0])) {
        Value prompt = value_str(t, args[0]);
        done = !failed(prompt) && file_write(t, out, as_str(prompt));
        release(prompt);
    }
    if (done && !file_flush(t, out)) raised_clear(t);
    Value line = done ? value_call_method(t, in, NAME_OF(t, readline), NULL, 0) : FAILED;
    release2(in, out);
    if (failed(line)) return FAILED;
    if (!is_str(line)) {
        release(line);
        return raise_type_error(t, "object.readline() returned non-string");
    }
    size_t length = as_str(line)->length;
    if (length == 0) {
        release(line);
        return raise_error(t, EXC_EOFError, "EOF when reading a line");
    }
    if (str_char(as_str(line), length - 1) != '\n') return line;
    Value stripped = str_slice(t, as_str(line), 0, length - 1);
    release(line);
    return stripped;
}

const NativeDef builtins_print_functions[] = {
    NATIVE("input", builtin_input, "(prompt='', /)", 0,
           "Write the prompt to standard output, and read a line: it comes without its end. EOFError if there is none."),
    NATIVE_RAW_ROW("print", builtin_print, "(*args, sep=' ', end='\\n', file=None, flush=False)", 0,
                   "Write the texts of the values to file, or to sys.stdout."),
    NATIVE_END,
};
