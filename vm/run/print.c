/* print.c - print and input, and writing to whatever sys.stdout is.
 *
 * What        The built-in functions print and input; file_write and file_flush for everyone who writes to a script's file.
 * How         print() joins its text and writes it with one call: one append, so that lines of threads do not mix. Where one could tell, it
 *             writes piece by piece: to a file whose class a script made, and before an object whose __str__ may print or raise.
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

/* What print() writes, on its way to a file. */
typedef struct Line { Thread *t; Value file; StrBuilder text; bool is_joined; } Line;

static bool line_flush(Line *line)
{
    Value text = str_builder_finish(&line->text);
    bool done = !failed(text) && file_write(line->t, line->file, as_str(text));
    release(text);
    return done;
}

static bool line_add(Line *line, Value str)
{
    if (!line->is_joined) return file_write(line->t, line->file, as_str(str));
    str_builder_add(&line->text, as_str(str));
    return true;
}

/* Does str() of it run code that may print too? Or raise: then what came before is to be seen. */
static bool is_plain(Value v) { return !is_object(v) || is_str(v) || is_kind(v, KIND_INT) || is_kind(v, KIND_FLOAT); }

static bool line_add_item(Line *line, Value item)
{
    if (!is_plain(item) && line->text.length && !line_flush(line)) return false;
    Value text = value_str(line->t, item);
    bool done = !failed(text) && line_add(line, text);
    release(text);
    return done;
}

static bool line_write(Line *line, const Value *items, size_t count, Value separator, Value end)
{
    Value space = object_value(str_from_text(line->t, " ")), newline = object_value(str_from_text(line->t, "\n"));
    bool done = !failed(space) && !failed(newline);
    for (size_t i = 0; done && i < count; i++)
        done = (i == 0 || line_add_item(line, is_str(separator) ? separator : space)) && line_add_item(line, items[i]);
    done = done && line_add_item(line, is_str(end) ? end : newline) && (!line->is_joined || line_flush(line));
    release2(space, newline);
    str_builder_abandon(&line->text);
    return done;
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
    Line line = {.t = t, .file = file, .is_joined = !type_is(value_type(t, file), TYPE_IS_SCRIPT_MADE)};
    str_builder_init(&line.text, t);
    bool done = line_write(&line, args, count, separator, end) && (!flush || file_flush(t, file));
    release(file);
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
