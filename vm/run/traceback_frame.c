/* traceback_frame.c - the stack in a traceback: one entry per frame, its source line, and what is underlined.
 *
 * What        traceback_write_frames().
 * How         An instruction knows from which lines and columns it was made. These lines are quoted, less the indent they share.
 *             Carets go below the expression that failed; within it the operator or the brackets are told apart (~~^~~), for which
 *             the expression is parsed again (LoaderHooks). Of an expression of many lines the first, the last and those around the
 *             operator are shown. More than three entries of the same place in a row are counted, not shown.
 *
 *                   File "f.toy", line 3, in g          all of it: one frame's entry
 *                     return (a +
 *                             ~~^                       a line, and the carets below it
 *                     ...<2 lines>...
 *
 * Invariants  I1 columns of carets are columns of a terminal: wide characters take two.
 * GIL         held.
 * Read next   traceback_print.c, vm/cli/caret_anchors.c */
#include "vm/base/codec.h"
#include "vm/base/unicode.h"
#include "vm/object/dict.h"
#include "vm/object/list.h"
#include "vm/run/frame.h"
#include "vm/run/interp.h"
#include "vm/run/source_lines.h"
#include "vm/run/traceback_print.h"

enum { SHOWN_REPEATS = 3 };

/* A line of source without the indent that all lines of the entry share. */
typedef struct QuotedLine { Str *s; size_t start, length; } QuotedLine;

/* One entry being written. Columns count characters of the quoted lines. */
typedef struct Quote {
    QuotedLine *lines;
    size_t count;
    size_t start, end;                  /* of the expression: in the first line, in the last line */
    bool shows_carets, has_anchors;
    CaretAnchors anchors;               /* left_column and right_column made columns of a terminal */
    size_t shown_start, shown_end;      /* start and end as columns of a terminal */
} Quote;

static uint32_t line_char(const QuotedLine *line, size_t i) { return str_char(line->s, line->start + i); }

/* Columns of the first [count] characters: I1. */
static size_t shown_width(const QuotedLine *line, size_t count)
{
    if (line->s->is_ascii) return count;
    size_t width = 0;
    for (size_t i = 0; i < count && i < line->length; i++) width += (size_t)unicode_width(line_char(line, i));
    return width;
}

static size_t indent_of(const QuotedLine *line)
{
    size_t i = 0;
    while (i < line->length && unicode_is_space(line_char(line, i))) i++;
    return i;
}

/* How many characters the first [bytes] bytes of the line are, as UTF-8. */
static size_t characters_in(const Str *line, size_t bytes)
{
    if (line->is_ascii) return bytes < line->length ? bytes : line->length;
    size_t i = 0;
    for (size_t seen = 0; i < line->length; i++) {
        uint32_t c = str_char(line, i);
        seen += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        if (seen > bytes) break;
    }
    return i;
}

/* ---- the lines ---- */

static BORROWED Value lines_of_file(TracebackWriter *writer, Str *filename)
{
    /* CPython's simple printer knows files only, not what was typed. */
    if (writer->is_plain && filename->length > 0 && str_char(filename, 0) == '<') return NONE;
    Value lines = dict_get_str(as_dict(writer->sources), filename);
    if (is_bound(lines)) return lines;
    lines = source_lines_of(writer->t, filename);
    if (is_unbound(lines) && is_bound(writer->t->raised)) return FAILED;
    bool kept = dict_set_str(writer->t, as_dict(writer->sources), filename, is_bound(lines) ? lines : NONE);
    release(lines);
    return kept ? dict_get_str(as_dict(writer->sources), filename) : UNBOUND;
}

static size_t length_without_tail(const Str *s)
{
    size_t length = s->length;
    while (length > 0 && unicode_is_space(str_char(s, length - 1))) length--;
    return length;
}

/* How many leading blanks all lines that are not empty share. */
static size_t shared_indent(const QuotedLine *lines, size_t count)
{
    const QuotedLine *first = NULL;
    size_t shared = 0;
    for (size_t i = 0; i < count; i++) {
        if (lines[i].length == 0) continue;
        size_t n = 0;
        while (n < lines[i].length && (line_char(&lines[i], n) == ' ' || line_char(&lines[i], n) == '\t') &&
               (!first || (n < shared && line_char(&lines[i], n) == line_char(first, n)))) n++;
        if (!first) first = &lines[i];
        shared = n;
    }
    return shared;
}

/* Fills quote->lines with the lines of [position], dedented; false: there are none worth showing. */
static bool quote_lines(TracebackWriter *writer, Value lines, const LineEntry *position, Quote *quote)
{
    size_t count = position->end_line - position->line + 1;
    quote->lines = memory_alloc_array(&writer->t->interp->memory, count, sizeof *quote->lines);
    if (!quote->lines) return false;
    quote->count = count;
    bool has_text = false;
    for (size_t i = 0; i < count; i++) {
        size_t number = position->line - 1 + i;
        Value line = number < as_list(lines)->count ? as_list(lines)->items[number] : writer->t->interp->empty_str;
        quote->lines[i] = (QuotedLine){as_str(line), 0, length_without_tail(as_str(line))};
        has_text |= quote->lines[i].length > 0;
    }
    size_t indent = shared_indent(quote->lines, count);
    for (size_t i = 0; i < count; i++) {
        if (quote->lines[i].length == 0) continue;
        quote->lines[i].start = indent;
        quote->lines[i].length -= indent;
    }
    return has_text;
}

static void quote_free(TracebackWriter *writer, Quote *quote)
{
    memory_free(&writer->t->interp->memory, quote->lines, quote->count * sizeof *quote->lines);
}

/* ---- the carets ---- */

static void add_line(Buffer *buffer, const QuotedLine *line, size_t from, size_t to)
{
    for (size_t i = from; i < to && i < line->length; i++) {
        unsigned char bytes[4];
        unsigned n = utf8_write(line_char(line, i), bytes);
        buffer_add(buffer, bytes, n);
    }
}

/* The lines as one text: from [start] of the first to [end] of the last. */
static void add_lines(Buffer *buffer, const Quote *quote, size_t start, size_t end)
{
    for (size_t i = 0; i < quote->count; i++) {
        if (i > 0) buffer_add_byte(buffer, '\n');
        add_line(buffer, &quote->lines[i], i == 0 ? start : 0, i + 1 == quote->count ? end : SIZE_MAX);
    }
}

static void find_anchors(Thread *t, Quote *quote)
{
    const LoaderHooks *hooks = &t->interp->run->hooks;
    if (!hooks->caret_anchors) return;
    Buffer segment;
    buffer_init(&segment, &t->interp->memory);
    add_lines(&segment, quote, quote->start, quote->end);
    CaretAnchors *anchors = &quote->anchors;
    quote->has_anchors = buffer_ok(&segment) && hooks->caret_anchors(t, segment.data ? segment.data : "", segment.length, anchors);
    raised_clear(t);
    buffer_free(&segment);
    if (!quote->has_anchors) return;
    if (anchors->left_line == 0) anchors->left_column += (uint32_t)quote->start;
    if (anchors->right_line == 0) anchors->right_column += (uint32_t)quote->start;
    anchors->left_column = (uint32_t)shown_width(&quote->lines[anchors->left_line], anchors->left_column);
    anchors->right_column = (uint32_t)shown_width(&quote->lines[anchors->right_line], anchors->right_column);
}

static bool is_blank(const QuotedLine *line, size_t from, size_t to)
{
    for (size_t i = from; i < to && i < line->length; i++)
        if (!unicode_is_space(line_char(line, i))) return false;
    return true;
}

/* Carets below everything would tell nothing. */
static bool should_show_carets(Thread *t, const Quote *quote)
{
    const LoaderHooks *hooks = &t->interp->run->hooks;
    bool is_idle = false;
    if (hooks->carets_are_idle) {
        Buffer text;
        buffer_init(&text, &t->interp->memory);
        add_lines(&text, quote, 0, SIZE_MAX);
        is_idle = buffer_ok(&text) && hooks->carets_are_idle(t, text.data ? text.data : "", text.length, (uint32_t)quote->count,
                                                             (uint32_t)quote->start, (uint32_t)quote->end);
        raised_clear(t);
        buffer_free(&text);
    }
    if (is_idle) return false;
    return quote->has_anchors || !is_blank(&quote->lines[0], 0, quote->start) ||
           !is_blank(&quote->lines[quote->count - 1], quote->end, SIZE_MAX);
}

static char caret_at(const Quote *quote, size_t line, size_t column, size_t indent)
{
    if (column < indent || (line == 0 && column < quote->shown_start)) return ' ';
    if (!quote->has_anchors) return '^';
    const CaretAnchors *a = &quote->anchors;
    bool is_behind_left = line > a->left_line || (line == a->left_line && column >= a->left_column);
    bool is_before_right = line < a->right_line || (line == a->right_line && column < a->right_column);
    return is_behind_left && is_before_right ? '^' : '~';
}

static const char *colour_of(char caret) { return caret == '^' ? COLOUR_STRONG : caret == '~' ? COLOUR_WEAK : ""; }

/* One run of equal carets: the characters above them, or the carets themselves, in their colour. */
static void write_coloured(TracebackWriter *writer, const Quote *quote, size_t number, size_t indent, size_t carets, bool writes_carets)
{
    const QuotedLine *line = &quote->lines[number];
    size_t end = writes_carets || carets > line->length ? carets : line->length;
    for (size_t i = 0; i < end;) {
        char caret = i < carets ? caret_at(quote, number, i, indent) : ' ';
        const char *colour = colour_of(caret);
        str_builder_add_text(&writer->piece, colour);
        for (; i < end && (i < carets ? caret_at(quote, number, i, indent) : ' ') == caret; i++) {
            if (writes_carets) str_builder_add_char(&writer->piece, (uint32_t)caret);
            else if (i < line->length) str_builder_add_char(&writer->piece, line_char(line, i));
        }
        if (*colour) str_builder_add_text(&writer->piece, COLOUR_END);
    }
}

static void write_line(TracebackWriter *writer, const Quote *quote, size_t number)
{
    const QuotedLine *line = &quote->lines[number];
    size_t indent = indent_of(line);
    size_t carets = number + 1 == quote->count ? quote->shown_end : shown_width(line, line->length);
    bool is_coloured = writer->has_colours && quote->shows_carets;
    traceback_write(writer, "    ");
    if (is_coloured) write_coloured(writer, quote, number, indent, carets, false);
    else str_builder_add_slice(&writer->piece, line->s, line->start, line->start + line->length);
    traceback_write(writer, "\n");
    if (!quote->shows_carets) return;
    traceback_write(writer, "    ");
    bool is_empty = true;                /* a line of blanks alone is written as an empty one */
    for (size_t i = 0; i < carets && is_empty; i++) is_empty = caret_at(quote, number, i, indent) == ' ';
    if (is_coloured) write_coloured(writer, quote, number, indent, carets, true);
    for (size_t i = 0; !is_coloured && !is_empty && i < carets; i++) str_builder_add_char(&writer->piece, (uint32_t)caret_at(quote, number, i, indent));
    traceback_write(writer, "\n");
}

static bool is_near(size_t line, uint32_t anchor) { return line + 1 >= anchor && line <= (size_t)anchor + 1; }

static bool is_shown(const Quote *quote, size_t line)
{
    if (line == 0 || line + 1 == quote->count) return true;
    return quote->has_anchors && (is_near(line, quote->anchors.left_line) || is_near(line, quote->anchors.right_line));
}

/* All lines that matter; one line between two of them is shown as well, more are counted. */
static void write_lines(TracebackWriter *writer, const Quote *quote)
{
    size_t last = 0;
    for (size_t i = 0; i < quote->count; i++) {
        if (!is_shown(quote, i)) continue;
        if (i - last == 2) write_line(writer, quote, i - 1);
        else if (i - last > 2) traceback_write(writer, "    ...<%zu lines>...\n", i - last - 1);
        write_line(writer, quote, i);
        last = i;
    }
}

static void write_quote(TracebackWriter *writer, Str *filename, const LineEntry *position)
{
    Thread *t = writer->t;
    Value lines = lines_of_file(writer, filename);
    if (!is_list(lines) || position->line == 0 || position->end_line < position->line) return;
    Quote quote = {.lines = NULL};
    if (writer->is_plain || position->column == NO_COLUMN) {
        LineEntry first = *position;
        first.end_line = first.line;
        if (quote_lines(writer, lines, &first, &quote)) write_line(writer, &quote, 0);
    } else if (quote_lines(writer, lines, position, &quote)) {
        QuotedLine *first = &quote.lines[0], *last = &quote.lines[quote.count - 1];
        size_t start = characters_in(first->s, position->column), end = characters_in(last->s, position->end_column);
        quote.start = start > first->start ? start - first->start : 0;
        quote.end = end > first->start ? end - first->start : 0;
        quote.shown_start = shown_width(first, quote.start);
        quote.shown_end = shown_width(last, quote.end);
        find_anchors(t, &quote);
        quote.shows_carets = should_show_carets(t, &quote);
        write_lines(writer, &quote);
    }
    quote_free(writer, &quote);
}

/* ---- the stack ---- */

static LineEntry position_of(const Traceback *entry)
{
    return code_position(entry->frame->code->unit, entry->offset);
}

static void write_entry(TracebackWriter *writer, const Traceback *entry, uint32_t line)
{
    const Code *code = entry->frame->code;
    const char *colour = traceback_colour(writer, COLOUR_PLACE), *end = traceback_colour(writer, COLOUR_END);
    LineEntry position = position_of(entry);
    Value file = traceback_file_name(writer->t, object_value(code->filename));
    if (failed(file)) return;
    traceback_write(writer, "  File %s\"%S\"%s, line %s%u%s, in %s%U%s\n", colour, file, end, colour, line, end, colour, code->name, end);
    release(file);
    write_quote(writer, code->filename, &position);
    traceback_emit(writer, '|');
}

static void write_repeats(TracebackWriter *writer, size_t count)
{
    if (count <= SHOWN_REPEATS) return;
    count -= SHOWN_REPEATS;
    traceback_write(writer, "  [Previous line repeated %zu more time%s]\n", count, count > 1 ? "s" : "");
    traceback_emit(writer, '|');
}

/* sys.tracebacklimit: only the newest so many. */
static size_t entries_to_skip(Thread *t, const Traceback *traceback)
{
    Value limit = sys_get(t, "tracebacklimit");
    if (!is_small_int(limit)) return 0;
    size_t count = 0, wanted = small_int(limit) > 0 ? (size_t)small_int(limit) : 0;
    for (const Traceback *entry = traceback; entry; entry = entry->next) count++;
    return count > wanted ? count - wanted : 0;
}

void traceback_write_frames(TracebackWriter *writer, Value traceback, const char *title, char mark)
{
    const Traceback *entry = (const Traceback *)as_object(traceback), *last = NULL;
    size_t repeats = 0;
    uint32_t last_line = 0;
    for (size_t skip = entries_to_skip(writer->t, entry); skip > 0; skip--) entry = entry->next;
    if (!entry) return;
    traceback_write(writer, "%s\n", title);
    traceback_emit(writer, mark);
    for (; entry; entry = entry->next) {
        LineEntry position = position_of(entry);
        uint32_t line = position.line ? position.line : entry->line;
        const Code *code = entry->frame->code;
        bool is_same_place = last && line == last_line && str_equal(code->filename, last->frame->code->filename) &&
                             str_equal(code->name, last->frame->code->name);
        if (!is_same_place) {
            write_repeats(writer, repeats);
            repeats = 0;
        }
        last = entry;
        last_line = line;
        if (++repeats <= SHOWN_REPEATS) write_entry(writer, entry, line);
    }
    write_repeats(writer, repeats);
}
