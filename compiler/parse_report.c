/* parse_report.c - turning "this does not fit" into a message with a place.
 *
 * What        mistake_*: the reports that rules make, by what they point at. report_*: what is said when no rule spoke.
 * How         A span is given in bytes of the line, a SyntaxError wants characters from 1: the conversion is here, with the
 *             corner cases that users of CPython's attributes see (0 or -1 for an unknown column).
 *             A mistake of the grammar may be the consequence of one in the characters further down (a bracket that was never
 *             closed makes the next line look wrong). So the rest of the text is read for its tokens, and what the lexer
 *             has to say goes before what the parser said.
 * Invariants  I1 of parse_rules.h: has_failed is set behind every report.
 * GIL         never needed.
 * Read next   parse_mistakes.c */
#include <string.h>

#include "compiler/literal.h"
#include "compiler/parse_rules.h"
#include "vm/base/codec.h"

/* ---- lines and columns ---- */

typedef struct Line { const char *start; size_t length; } Line;

/* What CPython shows for line [lineno]: the line the lexer is in with its end, an earlier one without. */
static Line source_line(const Lexer *lexer, int lineno)
{
    if (lexer->lineno <= lineno && lexer->line_end > lexer->statement_line)
        return (Line){ lexer->statement_line, (size_t)(lexer->line_end - lexer->statement_line) };
    const char *start = lexer->text;
    for (int i = 1; i < lineno; i++) {
        const char *newline = memchr(start, '\n', (size_t)(lexer->text_end - start));
        if (!newline)
            break;
        start = newline + 1;
    }
    const char *newline = memchr(start, '\n', (size_t)(lexer->text_end - start));
    return (Line){ start, (size_t)((newline ? newline : lexer->text_end) - start) };
}

/* How many characters the first [column] bytes hold; columns behind the line count as the one behind its end. Bytes that
 * are no UTF-8 are shown as U+FFFD, and then count as the three bytes of that. */
static int characters_before(Line line, int column)
{
    const char *at = line.start, *end = line.start + line.length;
    int count = 0, used = 0;
    if (column <= 0)
        return column;
    while (used < column && at < end) {
        uint32_t character;
        unsigned length = utf8_read(at, (size_t)(end - at), CODEC_STRICT, &character);
        used += length ? (int)length : 3;
        at += length ? length : 1;
        count++;
    }
    return used < column ? count + 1 : count;
}

/* Columns here are what CPython hands to its last step: bytes from 1, or 0 or -1. */
static void report(Parser *parser, DiagnosticClass class, Span place, const char *format, va_list arguments)
{
    Line line = source_line(parser->lexer, place.lineno);
    DiagnosticPlace where = {
        .lineno = place.lineno, .offset = characters_before(line, place.col_offset),
        .end_lineno = place.end_lineno, .end_offset = characters_before(line, place.end_col_offset),
        .text = line.start, .text_length = line.length,
    };
    diagnostic_vadd(parser->diagnostics, class, &where, format, arguments);
    parser->has_failed = true;
}

static void report_text(Parser *parser, DiagnosticClass class, Span place, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

static void report_text(Parser *parser, DiagnosticClass class, Span place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report(parser, class, place, format, arguments);
    va_end(arguments);
}

static Span from_one(Span span)
{
    span.col_offset++;
    span.end_col_offset++;
    return span;
}

static int lexer_column(const Lexer *lexer) { return (int)(lexer->cursor - lexer->line_start); }

/* Tokens made of nothing have no column: then it is where the lexer is. */
static Span token_place(const Parser *parser, const Token *token)
{
    Span place = token->at;
    place.col_offset = place.col_offset == -1 ? lexer_column(parser->lexer) : place.col_offset + 1;
    if (place.end_col_offset != -1)
        place.end_col_offset++;
    return place;
}

/* ---- what rules say ---- */

#define REPORT(class, place)                             \
    do {                                                 \
        va_list arguments;                               \
        va_start(arguments, format);                     \
        report(parser, class, place, format, arguments); \
        va_end(arguments);                               \
        return NULL;                                     \
    } while (0)

Node *mistake_at(Parser *parser, Span span, const char *format, ...) { REPORT(DIAGNOSTIC_SYNTAX_ERROR, from_one(span)); }

Node *mistake_between(Parser *parser, Span from, Span to, const char *format, ...)
{
    REPORT(DIAGNOSTIC_SYNTAX_ERROR, from_one(span_join(from, to)));
}

Node *mistake_from(Parser *parser, Span from, const char *format, ...)
{
    Span place = { from.lineno, from.col_offset + 1, parser->lexer->lineno, lexer_column(parser->lexer) };
    REPORT(DIAGNOSTIC_SYNTAX_ERROR, place);
}

Node *mistake_here(Parser *parser, const char *format, ...)
{
    if (!parser->fill)
        REPORT(DIAGNOSTIC_SYNTAX_ERROR, ((Span){ 0, 0, 0, -1 }));
    REPORT(DIAGNOSTIC_SYNTAX_ERROR, token_place(parser, token_at(parser, parser->fill - 1)));
}

Node *mistake_next(Parser *parser, const char *format, ...)
{
    (void)next_kind(parser);
    size_t index = parser->mark < parser->fill ? parser->mark : parser->fill - 1;
    REPORT(DIAGNOSTIC_SYNTAX_ERROR, token_place(parser, token_at(parser, index)));
}

Node *mistake_indent(Parser *parser, const char *format, ...)
{
    REPORT(DIAGNOSTIC_INDENTATION_ERROR, token_place(parser, token_at(parser, parser->fill - 1)));
}

Node *mistake_columns(Parser *parser, DiagnosticClass class, Span span, const char *format, ...) { REPORT(class, span); }

void token_warn(Parser *parser, const Token *token, const char *format, ...)
{
    if (names_mistakes(parser))   /* said in the first reading */
        return;
    Line line = source_line(parser->lexer, token->at.lineno);
    Span place = from_one(token->at);
    DiagnosticPlace where = {
        .lineno = place.lineno, .offset = characters_before(line, place.col_offset),
        .end_lineno = place.end_lineno, .end_offset = characters_before(line, place.end_col_offset),
        .text = line.start, .text_length = line.length,
    };
    va_list arguments;
    va_start(arguments, format);
    diagnostic_vadd(parser->diagnostics, DIAGNOSTIC_SYNTAX_WARNING, &where, format, arguments);
    va_end(arguments);
}

/* ---- when the lexer stops ---- */

static void report_unclosed(Parser *parser)
{
    const LexerBracket *bracket = &parser->lexer->brackets[parser->lexer->level - 1];
    Span place = { bracket->lineno, bracket->col_offset + 1, bracket->lineno, 0 };
    report_text(parser, DIAGNOSTIC_SYNTAX_ERROR, place, "'%c' was never closed", bracket->character);
}

void report_lexer_stop(Parser *parser)
{
    const Lexer *lexer = parser->lexer;
    Span line_start = { lexer->lineno, 1, lexer->lineno, 0 };
    if (parser->diagnostics->has_error)
        return;
    switch (lexer->done) {
    case LEXER_BAD_DEDENT:
        mistake_indent(parser, "unindent does not match any outer indentation level");
        break;
    case LEXER_BAD_TABS:
        report_text(parser, DIAGNOSTIC_TAB_ERROR, line_start, "inconsistent use of tabs and spaces in indentation");
        break;
    case LEXER_TOO_DEEP:
        report_text(parser, DIAGNOSTIC_INDENTATION_ERROR, line_start, "too many levels of indentation");
        break;
    case LEXER_BAD_UTF8: {
        LiteralProblem problem;
        if (!literal_check_utf8(parser->arena, lexer->token_start, lexer->cursor, &problem) && problem.message)
            mistake_here(parser, "%s", problem.message);
        break;
    }
    case LEXER_BAD_CONTINUATION: {
        Span place = { lexer->lineno, (int)(lexer->cursor - lexer->statement_line), lexer->lineno, 0 };
        report_text(parser, DIAGNOSTIC_SYNTAX_ERROR, place, "unexpected character after line continuation character");
        break;
    }
    default:
        if (lexer->level)
            report_unclosed(parser);
        else
            mistake_here(parser, "unexpected EOF while parsing");
        break;
    }
    if (!parser->diagnostics->has_error)   /* there was no memory to say it */
        diagnostics_out_of_memory(parser->diagnostics);
}

/* ---- the last word ---- */

/* Reads the rest of the text; a mistake of the lexer, or an open bracket before the place, replaces the one reported. Not so
 * a mistake within an f-string. */
static void prefer_lexer_error(Parser *parser)
{
    Diagnostics *diagnostics = parser->diagnostics;
    Lexer *lexer = parser->lexer;
    if (!diagnostics->count || diagnostics->is_out_of_memory)
        return;
    Diagnostic reported = diagnostics_take_error(diagnostics);
    int reached_line = token_at(parser, parser->fill - 1)->at.lineno;
    Token token = { .kind = TOKEN_NL };
    while (token.kind != TOKEN_ERROR && token.kind != TOKEN_ENDMARKER)
        token = lexer_next(lexer);
    if (lexer_in_fstring(lexer)) {
        if (diagnostics->has_error)
            (void)diagnostics_take_error(diagnostics);
    } else if (token.kind == TOKEN_ERROR && !diagnostics->has_error && lexer->level
               && reached_line > lexer->brackets[lexer->level - 1].lineno) {
        report_unclosed(parser);
    }
    if (!diagnostics->has_error)
        diagnostics_put(diagnostics, &reported);
}

void report_final(Parser *parser, Token last)
{
    const Diagnostics *diagnostics = parser->diagnostics;
    const Lexer *lexer = parser->lexer;
    if (diagnostics->has_error) {
        const Diagnostic *error = diagnostics_error(diagnostics);
        if (error && error->class <= DIAGNOSTIC_TAB_ERROR && lexer->done == LEXER_GOING)
            prefer_lexer_error(parser);
        return;
    }
    if (last.kind == TOKEN_INDENT || last.kind == TOKEN_DEDENT) {
        mistake_indent(parser, last.kind == TOKEN_INDENT ? "unexpected indent" : "unexpected unindent");
        return;
    }
    mistake_at(parser, last.at, "invalid syntax");
    prefer_lexer_error(parser);
}
