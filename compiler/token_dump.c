/* token_dump.c - the tokens as people want them: all of them, as the source has them.
 *
 * What        token_rows(): every token with its range, kind, text and lines to a sink, comments and blank lines too. token_dump(): the
 *             same as text, in the format of `python -m tokenize`.
 * How         The lexer is asked for everything it sees. Columns are counted in characters. What the lexer does not make is added:
 *             the encoding in front, the line ends as they stood in the file (CRLF or LF), and the tokens behind the last line.
 * Invariants  I1 ranges are those of CPython: rows from 1, columns from 0.
 * GIL         as the Buffer's Memory.
 * Read next   tokens.def, lexer.c */
#include <string.h>

#include "compiler/lexer.h"
#include "compiler/parser.h"
#include "compiler/source.h"
#include "vm/base/codec.h"
#include "vm/bytecode/disasm.h"

typedef struct TokenDump {
    TokenSink sink;
    void *context;
    bool has_stopped;            /* the sink wants no more */
    Arena *arena;
    Lexer *lexer;
    const SourceText *text;
    const char *raw, *raw_end;   /* the input from the line [raw_line] on: only there are the line ends still as written */
    int raw_line;
} TokenDump;

static void add_row(TokenDump *dump, Span at, const char *kind, CodeText text, CodeText lines)
{
    TokenRow row = { at, kind, text, lines };
    if (!dump->has_stopped && !dump->sink(&row, dump->context))
        dump->has_stopped = true;
}

/* Does line [lineno] end in CRLF? Lines are asked for in order. */
static bool ends_in_crlf(TokenDump *dump, int lineno)
{
    const char *newline = NULL;
    for (;; dump->raw_line++, dump->raw = newline + 1) {
        newline = memchr(dump->raw, '\n', (size_t)(dump->raw_end - dump->raw));
        if (!newline || dump->raw_line >= lineno)
            break;
    }
    return newline && newline > dump->raw && newline[-1] == '\r';
}

static int character_column(const char *line, const char *at) { return (int)utf8_count(line, (size_t)(at - line)); }

static const char *line_of(const TokenDump *dump, const char *at)
{
    while (at > dump->text->bytes && at[-1] != '\n')
        at--;
    return at;
}

/* The lines from [start] to [end], the last one to its end. */
static CodeText lines_around(const TokenDump *dump, const char *start, const char *end)
{
    const char *text_end = dump->text->bytes + dump->text->length;
    start = line_of(dump, start);
    if (end < start)
        end = start;
    if (end > start && end[-1] == '\n' && end > dump->text->bytes)
        end--;
    const char *newline = end < text_end ? memchr(end, '\n', (size_t)(text_end - end)) : NULL;
    end = newline ? newline + 1 : text_end;
    if (end == text_end && dump->text->lacked_newline && end > start)
        end--;
    return (CodeText){ start, (size_t)(end - start) };
}

/* A text that begins in line [lineno], its line ends as they were. */
static CodeText with_line_ends(TokenDump *dump, CodeText plain, int lineno)
{
    if (!memchr(plain.bytes, '\n', plain.length) || !ends_in_crlf(dump, lineno))
        return plain;
    char *text = arena_alloc(dump->arena, plain.length * 2 + 1), *at = text;
    if (!text)
        return plain;
    for (const char *byte = plain.bytes; byte < plain.bytes + plain.length; byte++) {
        if (*byte == '\n')
            *at++ = '\r';
        *at++ = *byte;
    }
    return (CodeText){ text, (size_t)(at - text) };
}

static CodeText token_text(TokenDump *dump, const Token *token)
{
    return with_line_ends(dump, (CodeText){ token->start, (size_t)(token->end - token->start) }, token->at.lineno);
}

static CodeText newline_text(TokenDump *dump, const Token *token)
{
    bool is_last = token->start + 1 >= dump->text->bytes + dump->text->length;
    if (is_last && dump->text->lacked_newline)
        return (CodeText){ "", 0 };
    return ends_in_crlf(dump, token->at.lineno) ? (CodeText){ "\r\n", 2 } : (CodeText){ "\n", 1 };
}

static void add_token(TokenDump *dump, const Token *token)
{
    const char *kind = token_kind_is_punctuation(token->kind) ? "OP" : token_kind_name(token->kind);
    bool is_behind = token->kind == TOKEN_ENDMARKER || (token->kind == TOKEN_DEDENT && dump->lexer->done == LEXER_END);
    if (is_behind) {
        int line = token->at.lineno + 1;
        add_row(dump, (Span){ line, 0, line, 0 }, kind, (CodeText){ "", 0 }, (CodeText){ "", 0 });
        return;
    }
    Span at = token->at;
    CodeText lines = with_line_ends(dump, lines_around(dump, token->start, token->end), token->at.lineno);
    at.col_offset = character_column(line_of(dump, token->start), token->start);
    at.end_col_offset = character_column(line_of(dump, token->end), token->end);
    if (token->kind == TOKEN_NEWLINE || token->kind == TOKEN_NL) {
        CodeText text = newline_text(dump, token);
        at.end_col_offset = at.col_offset + (text.length == 2 ? 2 : 1);
        add_row(dump, at, kind, text, lines);
        return;
    }
    add_row(dump, at, kind, token_text(dump, token), lines);
}

/* The words of the tokenize module, where the lexer has not reported by itself. */
static void report_stop(const Lexer *lexer)
{
    DiagnosticClass class = DIAGNOSTIC_SYNTAX_ERROR;
    const char *message = "unexpected EOF in multi-line statement";
    switch (lexer->done) {
    case LEXER_BAD_DEDENT:
        class = DIAGNOSTIC_INDENTATION_ERROR;
        message = "unindent does not match any outer indentation level";
        break;
    case LEXER_BAD_TABS:
        class = DIAGNOSTIC_TAB_ERROR;
        message = "inconsistent use of tabs and spaces in indentation";
        break;
    case LEXER_TOO_DEEP:
        class = DIAGNOSTIC_INDENTATION_ERROR;
        message = "too many levels of indentation";
        break;
    case LEXER_BAD_CONTINUATION: message = "unexpected character after line continuation character"; break;
    case LEXER_BAD_UTF8: message = "invalid utf-8"; break;
    default: break;
    }
    int offset = character_column(lexer->line_start, lexer->cursor) + 1;
    DiagnosticPlace place = { .lineno = lexer->lineno, .offset = offset, .end_lineno = lexer->lineno, .end_offset = offset,
                              .text = lexer->line_start, .text_length = (size_t)(lexer->line_end - lexer->line_start) };
    diagnostic_add(lexer->diagnostics, class, &place, "%s", message);
}

bool token_rows(Arena *arena, const ParseInput *input, TokenSink sink, void *context, Diagnostics *diagnostics)
{
    SourceText text;
    if (!source_read(arena, input, &text, diagnostics))
        return false;
    Lexer *lexer = arena_alloc(arena, sizeof *lexer);
    if (!lexer) {
        diagnostics_out_of_memory(diagnostics);
        return false;
    }
    lexer_init(lexer, text.bytes, text.length, diagnostics);
    lexer->wants_all = true;
    TokenDump dump = { .sink = sink, .context = context, .arena = arena, .lexer = lexer, .text = &text, .raw = input->source,
                       .raw_end = input->source + input->length, .raw_line = 1 };
    add_row(&dump, (Span){ 0, 0, 0, 0 }, "ENCODING", (CodeText){ text.encoding, strlen(text.encoding) }, (CodeText){ "", 0 });
    while (!dump.has_stopped) {
        Token token = lexer_next(lexer);
        if (token.kind == TOKEN_ERROR) {
            report_stop(lexer);
            return false;
        }
        add_token(&dump, &token);
        if (token.kind == TOKEN_ENDMARKER)
            break;
    }
    return !dump.has_stopped;
}

static bool write_row(const TokenRow *row, void *context)
{
    Buffer *out = context;
    size_t start = out->length;
    buffer_add_format(out, "%d,%d-%d,%d:", row->at.lineno, row->at.col_offset, row->at.end_lineno, row->at.end_col_offset);
    while (buffer_ok(out) && out->length < start + 20)
        buffer_add_byte(out, ' ');
    buffer_add_format(out, "%-15s", row->kind);
    start = out->length;
    disasm_text(out, row->text, false);
    size_t width = buffer_ok(out) ? utf8_count(out->data + start, out->length - start) : 15;
    for (; width < 15; width++)
        buffer_add_byte(out, ' ');
    buffer_add_byte(out, '\n');
    return buffer_ok(out);
}

bool token_dump(Buffer *out, Arena *arena, const ParseInput *input, Diagnostics *diagnostics)
{
    return token_rows(arena, input, write_row, out, diagnostics);
}
