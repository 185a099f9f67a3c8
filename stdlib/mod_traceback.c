/* mod_traceback.c - _traceback: what the module traceback asks of the machine and the compiler.
 *
 * What        Positions of instructions, the place of operators in failed expressions, suggestions for misspelt names, the lines of
 *             sources.
 * How         The printer of uncaught exceptions (vm/run/traceback_frame.c) asks the same questions of the same functions.
 * GIL         held.
 * Read next   lib/traceback.toy, vm/api_source.c */
#include "vm/toy_vm.h"

static ToyValue traceback_position(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t offset;
    ToyPosition at;
    if (!toy_arg_int64(t, args[1], &offset)) return TOY_FAILED;
    if (!toy_code_position(args[0], offset, &at)) return toy_tuple(t, TOY_NONE, TOY_NONE, TOY_NONE, TOY_NONE);
    if (!at.has_columns) return toy_tuple(t, toy_int(t, at.line), toy_int(t, at.end_line), TOY_NONE, TOY_NONE);
    return toy_tuple(t, toy_int(t, at.line), toy_int(t, at.end_line), toy_int(t, at.column), toy_int(t, at.end_column));
}

static ToyValue traceback_caret_anchors(ToyThread *t, ToyValue self, const ToyValue *args)
{
    size_t length;
    const char *segment;
    uint32_t ends[4];
    if (!toy_arg_text(t, args[0], "caret_anchors", "1", &segment)) return TOY_FAILED;
    segment = toy_str_utf8(t, args[0], &length);
    if (!segment) return TOY_FAILED;
    if (!toy_caret_anchors(t, segment, length, ends)) return TOY_NONE;
    return toy_tuple(t, toy_int(t, ends[0]), toy_int(t, ends[1]), toy_int(t, ends[2]), toy_int(t, ends[3]));
}

static ToyValue traceback_carets_are_idle(ToyThread *t, ToyValue self, const ToyValue *args)
{
    size_t length;
    const char *lines;
    int numbers[3];
    if (!toy_arg_text(t, args[0], "carets_are_idle", "1", &lines)) return TOY_FAILED;
    lines = toy_str_utf8(t, args[0], &length);
    if (!lines) return TOY_FAILED;
    for (int i = 0; i < 3; i++)
        if (!toy_arg_int(t, args[i + 1], &numbers[i])) return TOY_FAILED;
    return toy_bool(toy_carets_are_idle(t, lines, length, (uint32_t)numbers[0], (uint32_t)numbers[1], (uint32_t)numbers[2]));
}

static ToyValue traceback_did_you_mean(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_did_you_mean(t, args[0], args[1]); }

static ToyValue traceback_source_lines(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue lines = toy_source_lines(t, args[0]);
    return toy_is_unbound(lines) && !toy_is_raised(t) ? TOY_NONE : lines;
}

static ToyValue traceback_width(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *text;
    if (!toy_arg_text(t, args[0], "width", "1", &text)) return TOY_FAILED;
    return toy_int(t, (int64_t)toy_str_width(args[0]));
}

static ToyValue traceback_print_exception(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_exception(args[0])) return toy_raise_type_error(t, "print_exception() argument must be an exception, not %T", args[0]);
    return toy_print_exception(t, args[0], args[1]) ? TOY_NONE : TOY_FAILED;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("position", traceback_position, "(code, lasti, /)", 0,
                 "Return (line, end line, column, end column) of an instruction; each None if it is not known."),
    TOY_FUNCTION("caret_anchors", traceback_caret_anchors, "(segment, /)", 0,
                 "Return where the operator or the brackets of an expression stand, (line, column, end line, end column), or None."),
    TOY_FUNCTION("carets_are_idle", traceback_carets_are_idle, "(lines, line_count, start, end, /)", 0,
                 "Return whether carets below all of this would tell nothing."),
    TOY_FUNCTION("did_you_mean", traceback_did_you_mean, "(exception, traceback, /)", 0, "Return a suggestion for a misspelt name, or an empty string."),
    TOY_FUNCTION("source_lines", traceback_source_lines, "(filename, /)", 0, "Return the lines of a file, of a module in the program or of the prompt, without newlines; None if they cannot be had."),
    TOY_FUNCTION("print_exception", traceback_print_exception, "(exception, file, /)", 0,
                 "Write to a text stream what the interpreter says of an exception that nobody catches."),
    TOY_FUNCTION("width", traceback_width, "(text, /)", 0, "Return how many columns of a terminal a text takes."),
    TOY_FUNCTIONS_END,
};

const ToyModule toy_module_traceback = {
    .name = "_traceback",
    .doc = "What the module traceback asks of the machine and the compiler.",
    .functions = functions,
};
