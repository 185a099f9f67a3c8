/* lex_fstring.c - tokens of the text of f-strings (PEP 701).
 *
 * What        FSTRING_START, FSTRING_MIDDLE, FSTRING_END, and the change to code and back.
 * How         The mode on top of the stack belongs to the innermost open f-string. While it reads text, an unpaired '{' changes
 *             it to code; the '}' that closes the field, or the ':' before a format spec, changes it back (lexer.c does
 *             both, for it counts the brackets). Doubled braces end a MIDDLE behind the first of the two; the text of the next
 *             begins behind the second. Escapes stay as written: literal.c decodes them.
 *
 *                 f"{{x} \N{BULLET}"    MIDDLE({)  would end the string's text at the first brace; the name of \N{..} is text
 *
 * Invariants  I1 field_depth is -1 exactly while no replacement field of this f-string is open.
 * GIL         never needed.
 * Read next   literal.c, parse_fstring.c */
#include "compiler/lexer.h"

#include <ctype.h>

Token lexer_fstring_start(Lexer *lexer, int quote)
{
    int quote_size = 1;
    const char *first_line = lexer->line_start;
    int byte = lexer_read(lexer);
    if (byte == quote) {
        int third = lexer_read(lexer);
        if (third == quote) {
            quote_size = 3;
        } else {
            lexer_unread(lexer, third);
            lexer_unread(lexer, byte);
        }
    } else {
        lexer_unread(lexer, byte);
    }
    if (lexer->mode + 1 >= LEXER_MAX_MODES)
        return lexer_token(lexer, lexer_error(lexer, "too many nested f-strings"), NULL, NULL);
    lexer->mode++;
    *lexer_mode(lexer) = (LexerMode){
        .reads_text = true,
        .is_raw = tolower((unsigned char)lexer->token_start[0]) == 'r' || tolower((unsigned char)lexer->token_start[1]) == 'r',
        .quote = (char)quote, .quote_size = quote_size,
        .start = lexer->token_start, .start_line = first_line, .start_lineno = lexer->lineno, .field_depth = -1,
    };
    return lexer_token(lexer, TOKEN_FSTRING_START, lexer->token_start, lexer->cursor);
}

void lexer_warn_escape(Lexer *lexer, int byte)
{
    if (lexer->wants_all)
        return;
    DiagnosticPlace place = { .lineno = lexer->lineno, .offset = (int)(lexer->cursor - lexer->line_start), .end_lineno = lexer->lineno,
                              .end_offset = -1, .text = lexer->line_start,
                              .text_length = (size_t)(lexer->line_end - lexer->line_start) };
    diagnostic_add(lexer->diagnostics, DIAGNOSTIC_SYNTAX_WARNING, &place, "invalid escape sequence '\\%c'", byte);
}

/* The text ran into the end of the line or of the input. */
static Token unterminated(Lexer *lexer, int byte)
{
    const LexerMode *mode = lexer_mode(lexer);
    int detected_at = lexer->lineno;
    lexer->cursor = mode->start + 1;
    lexer->line_start = mode->start_line;
    lexer->lineno = mode->start_lineno;
    if (mode->quote_size == 3) {
        lexer_error(lexer, "unterminated triple-quoted f-string literal (detected at line %d)", detected_at);
        if (byte != '\n')
            lexer->done = LEXER_OPEN_TRIPLE_QUOTES;
    } else {
        lexer_error(lexer, "unterminated f-string literal (detected at line %d)", detected_at);
    }
    return lexer_token(lexer, TOKEN_ERROR, NULL, NULL);
}

/* A '{' that opens a field is at the cursor. */
static bool enter_field(Lexer *lexer)
{
    LexerMode *mode = lexer_mode(lexer);
    if (++mode->field_depth >= LEXER_MAX_FIELD_DEPTH) {
        lexer_error(lexer, "f-string: expressions nested too deeply");
        return false;
    }
    mode->reads_text = false;
    return true;
}

/* True when the closing quotes were read. */
static bool at_end(Lexer *lexer)
{
    const LexerMode *mode = lexer_mode(lexer);
    const char *before = lexer->cursor;
    for (int i = 0; i < mode->quote_size; i++) {
        int byte = lexer_read(lexer);
        if (byte != mode->quote) {
            if (byte != LEXER_EOF)
                lexer->cursor = before < lexer->line_start ? lexer->line_start : before;
            return false;
        }
    }
    return true;
}

/* Where the text token began, when it may span lines. */
typedef struct TextStart { const char *start, *line; int lineno; } TextStart;

static Token text_token(const Lexer *lexer, TextStart from, const char *end)
{
    Token token = lexer_token(lexer, TOKEN_FSTRING_MIDDLE, from.start, end);
    token.at.lineno = from.lineno;
    token.at.col_offset = (int32_t)(from.start - from.line);
    return token;
}

Token lexer_fstring_text(Lexer *lexer)
{
    LexerMode *mode = lexer_mode(lexer);
    lexer->token_start = lexer->cursor;

    int byte = lexer_read(lexer);
    if (byte == '{') {
        int next = lexer_read(lexer);
        lexer_unread(lexer, next);
        lexer_unread(lexer, byte);
        if (next != '{') {
            if (!enter_field(lexer))
                return lexer_token(lexer, TOKEN_ERROR, NULL, NULL);
            return lexer_code(lexer);
        }
    } else {
        lexer_unread(lexer, byte);
    }
    if (at_end(lexer)) {
        Token token = lexer_token(lexer, TOKEN_FSTRING_END, lexer->token_start, lexer->cursor);
        lexer->mode--;
        return token;
    }

    TextStart from = { lexer->token_start, lexer->line_start, lexer->lineno };
    bool in_escape_name = false;   /* in the braces of \N{...} */
    int closing = 0;
    while (closing != mode->quote_size) {
        byte = lexer_read(lexer);
        if (lexer->done == LEXER_SYNTAX_ERROR)
            return lexer_token(lexer, TOKEN_ERROR, NULL, NULL);
        bool in_format_spec = mode->in_format_spec && mode->field_depth >= 0;
        if (byte == LEXER_EOF || (mode->quote_size == 1 && byte == '\n')) {
            if (!in_format_spec || byte != '\n')
                return unterminated(lexer, byte);
            lexer_unread(lexer, byte);   /* {x:3 <newline> }: the spec ends here, the field goes on */
            mode->reads_text = mode->in_format_spec = false;
            return text_token(lexer, from, lexer->cursor);
        }
        if (byte == mode->quote) {
            closing++;
            continue;
        }
        closing = 0;
        if (byte == '{') {
            int next = lexer_read(lexer);
            if (next == '{' && !in_format_spec)
                return text_token(lexer, from, lexer->cursor - 1);
            lexer_unread(lexer, next);
            lexer_unread(lexer, byte);
            if (!enter_field(lexer))
                return lexer_token(lexer, TOKEN_ERROR, NULL, NULL);
            return text_token(lexer, from, lexer->cursor);
        }
        if (byte == '}') {
            if (in_escape_name)
                return text_token(lexer, from, lexer->cursor);
            int next = lexer_read(lexer);
            if (next == '}' && !in_format_spec && mode->bracket_depth == 0)
                return text_token(lexer, from, lexer->cursor - 1);
            lexer_unread(lexer, next);
            lexer_unread(lexer, byte);
            mode->reads_text = false;
            return text_token(lexer, from, lexer->cursor);
        }
        if (byte == '\\') {
            int next = lexer_read(lexer);
            if (next == '{' || next == '}') {   /* no escape: the brace is looked at again, as a brace */
                if (!mode->is_raw)
                    lexer_warn_escape(lexer, next);
                lexer_unread(lexer, next);
            } else if (!mode->is_raw && next == 'N') {
                next = lexer_read(lexer);
                if (next == '{')
                    in_escape_name = true;
                else
                    lexer_unread(lexer, next);
            }
        }
    }
    lexer->cursor -= mode->quote_size;   /* the quotes are the next token's */
    return text_token(lexer, from, lexer->cursor);
}
