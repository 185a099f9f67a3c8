/* traceback_print.c - an exception as text, the way people read it.
 *
 * What        traceback_text() and traceback_print(): stack, message, notes; the exceptions before it; the trees of groups.
 * How         First the chain of causes and contexts is made into a tree of Links, each exception at most once (chains may be
 *             rings). Then the tree is written, oldest exception first; inside a group every line gets a margin:
 *
 *               + Exception Group Traceback (most recent call last):
 *               |   File "f.toy", line 1, in <module>
 *               | ExceptionGroup: two (2 sub-exceptions)
 *               +-+---------------- 1 ----------------
 *                 | ValueError: first
 *                 +---------------- 2 ----------------
 *                 | ValueError: second
 *                 +------------------------------------
 *
 * Invariants  I1 what goes wrong in a script's __str__ is said in place ("<exception str() failed>"), never raised.
 * GIL         held.
 * Read next   traceback_frame.c, suggest.c, uncaught.c */
#include "vm/run/traceback_print.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "vm/base/unicode.h"
#include "vm/object/dict.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/set.h"
#include "vm/run/builtins.h"
#include "vm/run/frame.h"
#include "vm/run/interp.h"
#include "vm/run/did_you_mean.h"

enum { GROUP_WIDTH_MAX = 15, GROUP_DEPTH_MAX = 10 };

/* ---- writing ---- */

void traceback_write(TracebackWriter *writer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    Str *s = writer->has_failed || is_raised(writer->t) ? NULL : str_vformat(writer->t, format, arguments);
    va_end(arguments);
    if (!s) {
        writer->has_failed = true;
        return;
    }
    str_builder_add(&writer->piece, s);
    object_release(s);
}

static void add_margin(TracebackWriter *writer, char mark)
{
    if (!writer->group_depth) return;
    str_builder_add_repeated(&writer->out, ' ', 2 * writer->group_depth);
    str_builder_add_char(&writer->out, (uint32_t)mark);
    str_builder_add_char(&writer->out, ' ');
}

void traceback_emit(TracebackWriter *writer, char mark)
{
    Value piece = str_builder_finish(&writer->piece);
    str_builder_init(&writer->piece, writer->t);
    if (failed(piece)) {
        writer->has_failed = true;
        return;
    }
    Str *s = as_str(piece);
    for (size_t start = 0; start < s->length;) {
        size_t end = start;
        while (end < s->length && !unicode_is_linebreak(str_char(s, end))) end++;
        if (end + 1 < s->length && str_char(s, end) == '\r' && str_char(s, end + 1) == '\n') end++;
        if (end < s->length) end++;
        add_margin(writer, mark);
        str_builder_add_slice(&writer->out, s, start, end);
        start = end;
    }
    release(piece);
}

Value traceback_file_name(Thread *t, Value filename)
{
    static const char prefix[] = "<stdin>-";
    bool is_typed = is_str(filename) && as_str(filename)->length >= sizeof prefix - 1;
    for (size_t i = 0; is_typed && i + 1 < sizeof prefix; i++) is_typed = str_char(as_str(filename), i) == (uint32_t)prefix[i];
    return is_typed ? object_value(str_from_text(t, "<stdin>")) : retain(filename);
}

/* str(v) or repr(v), or words that it failed (I1). Owned; FAILED: out of memory. */
static Value safe_text(Thread *t, Value v, Value (*text_of)(Thread *t, Value v), const char *what)
{
    Value text = text_of(t, v);
    if (!failed(text)) return text;
    raised_clear(t);
    return object_value(str_format(t, "<%s %s() failed>", what, text_of == value_str ? "str" : "repr"));
}

/* ---- the tree ---- */

/* One exception and what is printed with it. */
typedef struct Link {
    Value exception;                    /* BORROWED from the chain, which the caller keeps alive */
    struct Link *older;                 /* its cause or context, printed before it */
    bool is_cause;
    struct Link *members;               /* of a group: in order, linked by next_member */
    struct Link *next_member;
    size_t member_count;                /* all of the group */
    bool is_group;
    struct Link *next_to_visit;
} Link;

static bool was_seen(Thread *t, Set *seen, Value exception)
{
    bool found = false;
    return set_contains(t, seen, small_int_value((int64_t)(exception.bits >> 3)), &found) && found;
}

static Link *link_new(Thread *t, Arena *arena, Set *seen, Value exception)
{
    Link *link = arena_alloc(arena, sizeof *link);
    if (!link || !set_add(t, seen, small_int_value((int64_t)(exception.bits >> 3)))) return NULL;
    link->exception = exception;
    return link;
}

static bool link_members(Thread *t, Arena *arena, Set *seen, Link *link, Link **to_visit)
{
    Value members = as_exception(link->exception)->fields[FIELD_EXCEPTIONS];
    link->is_group = true;
    if (!is_tuple(members)) return true;
    link->member_count = as_tuple(members)->count;
    Link **place = &link->members;
    for (size_t i = 0; i < link->member_count; i++) {
        Link *member = link_new(t, arena, seen, as_tuple(members)->items[i]);
        if (!member) return false;
        *place = member;
        place = &member->next_member;
        member->next_to_visit = *to_visit;
        *to_visit = member;
    }
    return true;
}

/* The tree below [root], breadth by breadth: no depth of chaining exhausts the C stack here. */
static bool link_all(Thread *t, Arena *arena, Set *seen, Link *root)
{
    Link *to_visit = root;
    while (to_visit) {
        Link *link = to_visit;
        to_visit = link->next_to_visit;
        Exception *e = as_exception(link->exception);
        if (is_exception(e->cause) && !was_seen(t, seen, e->cause)) {
            link->older = link_new(t, arena, seen, e->cause);
            link->is_cause = true;
        } else if (is_exception(e->context) && !e->suppress_context && !was_seen(t, seen, e->context)) {
            link->older = link_new(t, arena, seen, e->context);
        }
        if (is_raised(t) || ((link->is_cause || link->older) && !link->older)) return false;
        if (link->older) {
            link->older->next_to_visit = to_visit;
            to_visit = link->older;
        }
        if (exception_is(t, link->exception, EXC_BaseExceptionGroup) && !link_members(t, arena, seen, link, &to_visit)) return false;
    }
    return true;
}

/* ---- one exception: its last lines ---- */

/* "ValueError", "module.Class", "Outer.Inner" */
static Str *class_text(Thread *t, Value exception)
{
    Type *type = value_type(t, exception);
    Value module = type_get_attribute(t, object_value(type), NAME_OF(t, __module__));
    raised_clear(t);
    Str *text;
    if (is_str(module) && (str_equal(as_str(module), NAME_OF(t, __main__)) || str_equal_text(as_str(module), "builtins")))
        text = str_format(t, "%U", type->qualified_name);
    else if (is_str(module)) text = str_format(t, "%S.%U", module, type->qualified_name);
    else text = str_format(t, "<unknown>.%U", type->qualified_name);
    release(module);
    return text;
}

/* What CPython adds to the message of a misspelt name. Owned. */
static Value advice(Thread *t, Value exception)
{
    bool is_name = exception_is(t, exception, EXC_NameError);
    if (!is_name && !exception_is(t, exception, EXC_AttributeError) && !exception_is(t, exception, EXC_ImportError))
        return retain(t->interp->empty_str);
    Value text = did_you_mean(t, exception, as_exception(exception)->traceback);
    raised_clear(t);
    if (failed(text)) return retain(t->interp->empty_str);
    Value wrong = as_exception(exception)->fields[FIELD_NAME];
    if (!is_name || !is_str(wrong)) return text;
    Value library = sys_get(t, "stdlib_module_names");
    bool is_module = false;
    if (is_unbound(library) || !value_contains(t, library, wrong, &is_module)) raised_clear(t);
    if (!is_module) return text;
    Str *whole = str_format(t, as_str(text)->length ? "%S Or did you forget to import '%S'?" : "%S. Did you forget to import '%S'?", text, wrong);
    release(text);
    return object_value(whole);
}

static void write_message(TracebackWriter *writer, Value exception, Str *class)
{
    Thread *t = writer->t;
    const char *end = traceback_colour(writer, COLOUR_END);
    Value message = safe_text(t, exception, value_str, "exception"), more = advice(t, exception);
    traceback_write(writer, "%s%U%s", traceback_colour(writer, COLOUR_TYPE), class, end);
    if (!failed(message) && !failed(more) && as_str(message)->length + as_str(more)->length > 0)
        traceback_write(writer, ": %s%S%S%s", traceback_colour(writer, COLOUR_PLACE), message, more, end);
    traceback_write(writer, "\n");
    release2(message, more);
}

/* ---- syntax errors: the place is part of the message ---- */

static int64_t number_or(Value v, int64_t otherwise) { return is_small_int(v) ? small_int(v) : otherwise; }

/* The line and the carets below it. Columns count from 1, as the fields do. */
static void write_syntax_line(TracebackWriter *writer, const Exception *e)
{
    Str *text = as_str(e->fields[FIELD_TEXT]);
    int64_t length = (int64_t)text->length, stop = length, start = 0;
    while (stop > 0 && str_char(text, (size_t)stop - 1) == '\n') stop--;
    while (start < stop && (str_char(text, (size_t)start) == ' ' || str_char(text, (size_t)start) == '\n' || str_char(text, (size_t)start) == '\f')) start++;
    int64_t offset = number_or(e->fields[FIELD_COLUMN], INT64_MIN), from = 0, to = 0;
    if (offset != INT64_MIN) {
        Value last = e->fields[FIELD_END_LINE];
        int64_t end = number_or(e->fields[FIELD_END_COLUMN], 0);
        bool is_one_line = is_same(e->fields[FIELD_LINE], last) || (is_none(last) && is_unbound(e->fields[FIELD_LINE]));
        if (!is_one_line) end = stop + 1;
        else if (end == 0) end = offset;
        if (length && offset > length) offset = stop + 1;
        if (length && end > length) end = stop + 1;
        if (offset >= end || end < 0) end = offset + 1;
        from = offset - 1 - start;
        to = end - 1 - start;
    }
    bool has_carets = offset != INT64_MIN && from >= 0;
    StrBuilder *piece = &writer->piece;
    const char *colour = traceback_colour(writer, COLOUR_STRONG), *colour_end = traceback_colour(writer, COLOUR_END);
    int64_t middle = has_carets && start + from < stop ? start + from : stop, behind = has_carets && start + to < stop ? start + to : stop;
    str_builder_add_text(piece, "    ");
    str_builder_add_slice(piece, text, (size_t)start, (size_t)middle);
    if (has_carets) str_builder_add_text(piece, colour);
    str_builder_add_slice(piece, text, (size_t)middle, (size_t)behind);
    if (has_carets) str_builder_add_text(piece, colour_end);
    str_builder_add_slice(piece, text, (size_t)behind, (size_t)stop);
    str_builder_add_char(piece, '\n');
    if (!has_carets) return;
    str_builder_add_text(piece, "    ");
    for (int64_t i = start; i < middle; i++) {           /* tabs stay, so that the carets stand below their place */
        uint32_t c = str_char(text, (size_t)i);
        str_builder_add_char(piece, unicode_is_space(c) ? c : ' ');
    }
    str_builder_add_text(piece, colour);
    str_builder_add_repeated(piece, '^', (size_t)(to - from));
    str_builder_add_text(piece, colour_end);
    str_builder_add_char(piece, '\n');
}

static void write_syntax_error(TracebackWriter *writer, Value exception, Str *class)
{
    const Exception *e = as_exception(exception);
    Value filename = e->fields[FIELD_SYNTAX_FILENAME], line = e->fields[FIELD_LINE], message = e->fields[FIELD_SYNTAX_MESSAGE];
    const char *colour = traceback_colour(writer, COLOUR_PLACE), *end = traceback_colour(writer, COLOUR_END);
    bool has_line = is_bound(line) && !is_none(line), has_file = is_bound(filename) && !is_none(filename);
    if (has_line) {
        Value shown = has_file ? traceback_file_name(writer->t, filename) : object_value(str_from_text(writer->t, "<string>"));
        if (!failed(shown)) traceback_write(writer, "  File %s\"%S\"%s, line %s%S%s\n", colour, shown, end, colour, line, end);
        release(shown);
    }
    if (is_str(e->fields[FIELD_TEXT])) write_syntax_line(writer, e);
    traceback_write(writer, "%s%U%s: %s", traceback_colour(writer, COLOUR_TYPE), class, end, colour);
    bool has_message = is_bound(message) && !is_none(message);
    if (has_message) traceback_write(writer, "%S", message);
    else traceback_write(writer, "<no detail available>");
    traceback_write(writer, "%s", end);
    if (!has_line && has_file) traceback_write(writer, " (%S)", filename);
    traceback_write(writer, "\n");
}

static void write_notes(TracebackWriter *writer, Value exception)
{
    Thread *t = writer->t;
    if (writer->has_failed) return;
    Value notes = value_find_attribute(t, exception, NAME_OF(t, __notes__));
    if (is_unbound(notes) && is_raised(t)) {
        Value error = raised_take(t), text = safe_text(t, error, value_repr, "__notes__");
        if (!failed(text)) traceback_write(writer, "Ignored error getting __notes__: %S\n", text);
        release2(error, text);
        return;
    }
    if (is_list(notes) || is_tuple(notes)) {
        List *list = list_from_iterable(t, notes);
        for (size_t i = 0; list && i < list->count; i++) {
            Value text = safe_text(t, list->items[i], value_str, "note");
            if (!failed(text)) traceback_write(writer, "%S\n", text);
            release(text);
        }
        if (list) object_release(list);
    } else if (is_bound(notes) && !is_none(notes)) {
        Value text = safe_text(t, notes, value_repr, "__notes__");
        if (!failed(text)) traceback_write(writer, "%S\n", text);
        release(text);
    }
    release(notes);
}

static void write_exception_only(TracebackWriter *writer, Value exception)
{
    Str *class = class_text(writer->t, exception);
    if (!class) {
        writer->has_failed = true;
        return;
    }
    if (exception_is(writer->t, exception, EXC_SyntaxError)) write_syntax_error(writer, exception, class);
    else write_message(writer, exception, class);
    object_release(class);
    write_notes(writer, exception);
    traceback_emit(writer, '|');
}

/* ---- the whole ---- */

static void write_chain(TracebackWriter *writer, Link *link);

static void write_box_line(TracebackWriter *writer, const char *text)
{
    str_builder_add_repeated(&writer->out, ' ', 2 * writer->group_depth);
    str_builder_add_text(&writer->out, text);
}

static void write_members(TracebackWriter *writer, const Link *link)
{
    size_t shown = link->member_count <= GROUP_WIDTH_MAX ? link->member_count : GROUP_WIDTH_MAX + 1;
    Link *member = link->members;
    bool had_colours = writer->has_colours;
    writer->has_colours = false;                          /* as CPython: colours stop at the box */
    writer->needs_close = false;
    for (size_t i = 0; i < shown; i++) {
        bool is_last = i + 1 == shown, is_cut = i >= GROUP_WIDTH_MAX;
        if (is_last) writer->needs_close = true;          /* a group within may close the box for us */
        char title[80], number[24];
        snprintf(number, sizeof number, "%zu", i + 1);
        snprintf(title, sizeof title, "%s+---------------- %s ----------------\n", i == 0 ? "+-" : "  ", is_cut ? "..." : number);
        write_box_line(writer, title);
        writer->group_depth++;
        if (is_cut) {
            size_t left = link->member_count - GROUP_WIDTH_MAX;
            traceback_write(writer, "and %zu more exception%s\n", left, left > 1 ? "s" : "");
            traceback_emit(writer, '|');
        } else {
            write_chain(writer, member);
            member = member->next_member;
        }
        if (is_last && writer->needs_close) {
            write_box_line(writer, "+------------------------------------\n");
            writer->needs_close = false;
        }
        writer->group_depth--;
    }
    writer->has_colours = had_colours;
}

static void write_group(TracebackWriter *writer, const Link *link)
{
    if (writer->group_depth > GROUP_DEPTH_MAX) {
        traceback_write(writer, "... (max_group_depth is %d)\n", GROUP_DEPTH_MAX);
        traceback_emit(writer, '|');
        return;
    }
    bool is_outermost = writer->group_depth == 0;
    if (is_outermost) writer->group_depth = 1;
    Value traceback = as_exception(link->exception)->traceback;
    if (is_kind(traceback, KIND_TRACEBACK))
        traceback_write_frames(writer, traceback, "Exception Group Traceback (most recent call last):", is_outermost ? '+' : '|');
    write_exception_only(writer, link->exception);
    write_members(writer, link);
    if (is_outermost) writer->group_depth = 0;
}

static void write_one(TracebackWriter *writer, const Link *link)
{
    if (link->is_group) {
        write_group(writer, link);
        return;
    }
    Value traceback = as_exception(link->exception)->traceback;
    if (is_kind(traceback, KIND_TRACEBACK)) traceback_write_frames(writer, traceback, "Traceback (most recent call last):", '|');
    write_exception_only(writer, link->exception);
}

/* The oldest exception first. The chain is turned round and back, for it may be longer than the C stack is deep. */
static void write_chain(TracebackWriter *writer, Link *link)
{
    static const char cause[] = "\nThe above exception was the direct cause of the following exception:\n\n";
    static const char context[] = "\nDuring handling of the above exception, another exception occurred:\n\n";
    Link *newer = NULL;
    while (link) {
        Link *older = link->older;
        link->older = newer;
        newer = link;
        link = older;
    }
    for (link = newer; link; link = link->older) {
        write_one(writer, link);
        if (!link->older) break;
        traceback_write(writer, "%s", link->older->is_cause ? cause : context);
        traceback_emit(writer, '|');
    }
}

static Value finish(TracebackWriter *writer)
{
    str_builder_abandon(&writer->piece);
    if (!writer->has_failed && !is_raised(writer->t)) return str_builder_finish(&writer->out);
    str_builder_abandon(&writer->out);
    return FAILED;
}

Value traceback_text(Thread *t, Value exception, bool has_colours)
{
    Arena arena;
    arena_init(&arena, &t->interp->memory);
    Set *seen = set_new(t, KIND_SET);
    Dict *sources = seen ? dict_new(t) : NULL;
    Link *root = sources ? link_new(t, &arena, seen, exception) : NULL;
    Value text = FAILED;
    if (root && link_all(t, &arena, seen, root)) {
        TracebackWriter writer = {.t = t, .has_colours = has_colours, .sources = object_value(sources)};
        str_builder_init(&writer.out, t);
        str_builder_init(&writer.piece, t);
        write_chain(&writer, root);
        text = finish(&writer);
    }
    if (failed(text) && !is_raised(t)) raise_memory_error(t);
    if (sources) object_release(sources);
    if (seen) object_release(seen);
    arena_free(&arena);
    return text;
}

Value traceback_plain_text(Thread *t, Value exception, Str *title)
{
    Dict *sources = dict_new(t);
    Str *class = sources ? class_text(t, exception) : NULL;
    Value message = class ? safe_text(t, exception, value_str, "exception") : FAILED, text = FAILED;
    if (!failed(message)) {
        TracebackWriter writer = {.t = t, .is_plain = true, .sources = object_value(sources)};
        str_builder_init(&writer.out, t);
        str_builder_init(&writer.piece, t);
        traceback_write(&writer, "%U", title);
        Value traceback = as_exception(exception)->traceback;
        if (is_kind(traceback, KIND_TRACEBACK)) traceback_write_frames(&writer, traceback, "Traceback (most recent call last):", '|');
        traceback_write(&writer, "%U: %S\n", class, message);      /* the colon also of an empty message, as CPython's simple printer has it */
        traceback_emit(&writer, '|');
        text = finish(&writer);
    }
    release(message);
    if (class) object_release(class);
    if (sources) object_release(sources);
    return text;
}

/* ---- where it goes ---- */

static bool variable_is_set(const char *variable)
{
    const char *text = getenv(variable);
    return text && *text;
}

static bool is_terminal(Thread *t, Value file)
{
    Value answer = value_call_method(t, file, NAME_OF(t, isatty), NULL, 0);
    bool claim = false;
    if (failed(answer) || !value_truth(t, answer, &claim)) raised_clear(t);
    release(answer);
    return claim;
}

bool file_wants_colours(Thread *t, Value file)
{
    if (!t->interp->config.ignores_environment && variable_is_set("TOY_COLORS")) {
        if (strcmp(getenv("TOY_COLORS"), "0") == 0) return false;
        if (strcmp(getenv("TOY_COLORS"), "1") == 0) return true;
    }
    if (variable_is_set("NO_COLOR")) return false;
    if (variable_is_set("FORCE_COLOR")) return true;
    const char *terminal = getenv("TERM");
    if (terminal && strcmp(terminal, "dumb") == 0) return false;
    return is_terminal(t, file);
}

bool traceback_print(Thread *t, Value exception, Value file)
{
    bool is_own_choice = is_unbound(file);
    if (is_own_choice) file = sys_get(t, "stderr");
    if (is_unbound(file)) file = sys_get(t, "__stderr__");      /* deleted; None is a wish to hear nothing */
    if (is_unbound(file) || is_none(file)) return true;
    retain(file);
    Value text = traceback_text(t, exception, is_own_choice && file_wants_colours(t, file));
    bool done = !failed(text) && file_write(t, file, as_str(text)) && file_flush(t, file);
    release2(text, file);
    return done;
}
