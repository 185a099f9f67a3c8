/* lexer.c - tokens of ordinary code.
 *
 * What        Lines, indentation, names, numbers, plain strings, operators, brackets.
 * How         lexer_read() gives bytes and moves from line to line. One call of lexer_code() skips blanks and comments, then
 *             looks at one byte to choose the function that reads the token.
 *             Indentation is kept as a stack of columns, twice: once with tabs as wide as eight columns, once as one. Lines
 *             whose order differs between the two readings mix tabs and blanks in a way that depends on the reader's
 *             editor: TabError.
 * Invariants  I1-I4 of lexer.h.
 * GIL         never needed.
 * Read next   lex_fstring.c, literal.c, parse_stmt.c */
#include "compiler/lexer.h"

#include <string.h>

#include "vm/base/codec.h"
#include "vm/base/unicode.h"

/* ---- kinds ---- */

static const struct { const char *name, *text; } kinds[TOKEN_KIND_COUNT] = {
#define TOKEN(name_) [TOKEN_##name_] = { #name_, NULL },
#define PUNCTUATION(name_, text_) [TOKEN_##name_] = { #name_, text_ },
#define KEYWORD(name_, text_) [TOKEN_##name_] = { "NAME", text_ },
#include "compiler/tokens.def"
};

const char *token_kind_name(TokenKind kind) { return kinds[kind].name; }
const char *token_kind_text(TokenKind kind) { return kinds[kind].text; }
bool token_kind_is_keyword(TokenKind kind) { return kind >= TOKEN_FALSE; }
bool token_kind_is_punctuation(TokenKind kind) { return kind == TOKEN_OP || (kind >= TOKEN_ELLIPSIS && kind < TOKEN_FALSE); }

static TokenKind name_kind(const char *name, size_t length)
{
    for (TokenKind kind = TOKEN_FALSE; kind < TOKEN_KIND_COUNT; kind++) {
        const char *text = kinds[kind].text;
        if (text[0] == name[0] && strncmp(text, name, length) == 0 && text[length] == '\0')
            return kind;
    }
    return TOKEN_NAME;
}

/* ---- lines and bytes ---- */

void lexer_init(Lexer *lexer, const char *text, size_t length, Diagnostics *diagnostics)
{
    *lexer = (Lexer){
        .text = text, .text_end = text + length, .cursor = text, .line_start = text, .line_end = text, .statement_line = text,
        .is_at_line_start = true, .diagnostics = diagnostics,
    };
}

static size_t count_characters(const char *start, const char *end)
{
    size_t count = 0;
    while (start < end) {
        uint32_t character;
        unsigned length = utf8_read(start, (size_t)(end - start), CODEC_STRICT, &character);
        start += length ? length : 1;
        count++;
    }
    return count;
}

static DiagnosticPlace place_at_cursor(const Lexer *lexer)
{
    const char *newline = memchr(lexer->line_start, '\n', (size_t)(lexer->text_end - lexer->line_start));
    const char *line_end = newline ? newline : lexer->text_end;
    int offset = (int)count_characters(lexer->line_start, lexer->cursor);
    return (DiagnosticPlace){
        .lineno = lexer->lineno, .offset = offset, .end_lineno = lexer->lineno, .end_offset = offset,
        .text = lexer->line_start, .text_length = (size_t)(line_end - lexer->line_start),
    };
}

TokenKind lexer_error(Lexer *lexer, const char *format, ...)
{
    DiagnosticPlace place = place_at_cursor(lexer);
    va_list arguments;
    va_start(arguments, format);
    diagnostic_vadd(lexer->diagnostics, DIAGNOSTIC_SYNTAX_ERROR, &place, format, arguments);
    va_end(arguments);
    lexer->done = LEXER_SYNTAX_ERROR;
    return TOKEN_ERROR;
}

/* A script file is checked line by line, so that a mistake in an earlier line is reported first. */
static bool check_line(Lexer *lexer)
{
    size_t length = (size_t)(lexer->line_end - lexer->line_start);
    CodecRun run = codec_scan(CODEC_UTF8, lexer->line_start, length, CODEC_STRICT);
    if (run.reason) {
        diagnostic_add(lexer->diagnostics, DIAGNOSTIC_SYNTAX_ERROR, NULL,
                       "Non-UTF-8 code starting with '\\x%02x' in file %s on line %d, but no encoding declared; see "
                       "https://peps.python.org/pep-0263/ for details",
                       (unsigned char)lexer->line_start[run.taken], lexer->filename ? lexer->filename : "<string>", lexer->lineno);
        lexer->done = LEXER_SYNTAX_ERROR;
        return false;
    }
    if (memchr(lexer->line_start, 0, length)) {
        lexer_error(lexer, "source code cannot contain null bytes");
        return false;
    }
    return true;
}

static bool load_line(Lexer *lexer)
{
    if (lexer->line_end == lexer->text_end) {
        lexer->done = LEXER_END;
        return false;
    }
    if (!lexer->token_start)
        lexer->statement_line = lexer->cursor;
    lexer->line_start = lexer->cursor;
    const char *newline = memchr(lexer->cursor, '\n', (size_t)(lexer->text_end - lexer->cursor));
    lexer->line_end = newline ? newline + 1 : lexer->text_end;
    lexer->lineno++;
    if (lexer->checks_utf8 && !check_line(lexer)) {
        lexer->cursor = lexer->line_end;
        return false;
    }
    return true;
}

int lexer_read(Lexer *lexer)
{
    if (lexer->cursor == lexer->line_end && (lexer->done != LEXER_GOING || !load_line(lexer)))
        return LEXER_EOF;
    return (unsigned char)*lexer->cursor++;
}

void lexer_unread(Lexer *lexer, int byte)
{
    if (byte != LEXER_EOF)
        lexer->cursor--;
}

static int lexer_peek(Lexer *lexer)
{
    int byte = lexer_read(lexer);
    lexer_unread(lexer, byte);
    return byte;
}

/* Strings may begin on an earlier line than the one they end on; every other token lies in one line. The parser's tokens end
 * where the lexer is, also when their text does not: a NEWLINE has none, of a doubled brace one is left out. */
Token lexer_token(const Lexer *lexer, TokenKind kind, const char *start, const char *end)
{
    Token token = { .kind = kind, .level = lexer->level, .start = start, .end = end };
    token.at.lineno = token.at.end_lineno = lexer->lineno;
    token.at.col_offset = start ? (int32_t)(start - lexer->line_start) : -1;
    token.at.end_col_offset = end ? (int32_t)((lexer->wants_all ? end : lexer->cursor) - lexer->line_start) : -1;
    return token;
}

static Token simple_token(const Lexer *lexer, TokenKind kind)
{
    return lexer_token(lexer, kind, lexer->token_start, lexer->cursor);
}

static Token empty_token(const Lexer *lexer, TokenKind kind) { return lexer_token(lexer, kind, NULL, NULL); }

static Token stop(Lexer *lexer, LexerDone why)
{
    lexer->done = why;
    return empty_token(lexer, TOKEN_ERROR);
}

/* ---- indentation ---- */

/* After a backslash at the end of a line. False: something follows it, or nothing at all. */
static bool continuation_line(Lexer *lexer)
{
    if (lexer_read(lexer) != '\n') {
        lexer->done = LEXER_BAD_CONTINUATION;
        return false;
    }
    if (lexer_peek(lexer) == LEXER_EOF) {
        lexer->cursor = lexer->line_end;
        return false;
    }
    return true;
}

static bool stop_indentation(Lexer *lexer, LexerDone why)
{
    lexer->done = why;
    lexer->cursor = lexer->line_end;
    return false;
}

/* Compares the line's columns with the stack; leaves INDENTs or DEDENTs to hand out. */
static bool change_indentation(Lexer *lexer, int column, int alternate)
{
    int level = lexer->indent_level;
    if (column > lexer->indents[level]) {
        if (level + 1 >= LEXER_MAX_INDENTS)
            return stop_indentation(lexer, LEXER_TOO_DEEP);
        if (alternate <= lexer->alternate_indents[level])
            return stop_indentation(lexer, LEXER_BAD_TABS);
        lexer->pending_indents++;
        lexer->indent_level = ++level;
        lexer->indents[level] = column;
        lexer->alternate_indents[level] = alternate;
        return true;
    }
    while (level > 0 && column < lexer->indents[level]) {
        lexer->pending_indents--;
        level--;
    }
    lexer->indent_level = level;
    if (column != lexer->indents[level])
        return stop_indentation(lexer, LEXER_BAD_DEDENT);
    if (alternate != lexer->alternate_indents[level])
        return stop_indentation(lexer, LEXER_BAD_TABS);
    return true;
}

/* Reads the blanks that begin a line. *is_blank: there is nothing on it but a comment, so its indentation says nothing. */
static bool indentation(Lexer *lexer, bool *is_blank)
{
    int column = 0, alternate = 0, continued_column = 0;
    lexer->is_at_line_start = false;
    for (;;) {
        int byte = lexer_read(lexer);
        if (byte == ' ') {
            column++;
            alternate++;
        } else if (byte == '\t') {
            column = (column / 8 + 1) * 8;
            alternate++;
        } else if (byte == '\f') {
            column = alternate = 0;
        } else if (byte == '\\') {
            /* Indentation cannot be split over lines: the column of the first backslash is the one that counts. */
            continued_column = continued_column ? continued_column : column;
            if (!continuation_line(lexer))
                return false;
        } else {
            lexer_unread(lexer, byte);
            *is_blank = byte == '#' || byte == '\n';
            break;
        }
    }
    if (*is_blank || lexer->level > 0)
        return true;
    if (continued_column)
        column = alternate = continued_column;
    return change_indentation(lexer, column, alternate);
}

static Token pending_indent(Lexer *lexer)
{
    bool opens = lexer->pending_indents > 0;
    lexer->pending_indents += opens ? -1 : 1;
    if (!lexer->wants_all)
        return empty_token(lexer, opens ? TOKEN_INDENT : TOKEN_DEDENT);
    return opens ? lexer_token(lexer, TOKEN_INDENT, lexer->line_start, lexer->cursor)
                 : lexer_token(lexer, TOKEN_DEDENT, lexer->cursor, lexer->cursor);
}

/* ---- names ---- */

static bool begins_name(int byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || byte == '_' || byte >= 128;
}

static bool is_digit(int byte) { return byte >= '0' && byte <= '9'; }
static bool continues_name(int byte) { return begins_name(byte) || is_digit(byte); }

/* Bytes >= 128 were taken on trust; now each character must be one that a name may hold. */
static bool check_name(Lexer *lexer)
{
    const char *at = lexer->token_start;
    while (at < lexer->cursor) {
        uint32_t character;
        unsigned length = utf8_read(at, (size_t)(lexer->cursor - at), CODEC_STRICT, &character);
        if (!length) {
            lexer->done = LEXER_BAD_UTF8;
            return false;
        }
        bool is_good = at == lexer->token_start ? unicode_is_identifier_start(character) : unicode_is_identifier_continue(character);
        if (!is_good) {
            lexer->cursor = at + length;
            if (unicode_is_printable(character))
                lexer_error(lexer, "invalid character '%.*s' (U+%04X)", (int)length, at, (unsigned)character);
            else
                lexer_error(lexer, "invalid non-printable character U+%04X", (unsigned)character);
            return false;
        }
        at += length;
    }
    return true;
}

/* ---- numbers ---- */

/* Is one of the words that may follow a number in a right program at the cursor? */
static bool at_number_follower(const Lexer *lexer)
{
    static const struct { const char *word; bool must_end; } words[] = {
        { "and", true }, { "else", true }, { "for", true }, { "if", false },
        { "in", false }, { "is", false },  { "not", true }, { "or", true },
    };
    for (size_t i = 0; i < ARRAY_LENGTH(words); i++) {
        size_t length = strlen(words[i].word);
        if (strncmp(lexer->cursor, words[i].word, length) == 0)
            return !words[i].must_end || !continues_name((unsigned char)lexer->cursor[length]);
    }
    return false;
}

/* What follows a number. `1if x` is allowed, with a warning; `1x` is a mistake. */
static bool check_number_end(Lexer *lexer, int byte, const char *kind)
{
    if (lexer->wants_all || byte == LEXER_EOF)
        return true;
    lexer_unread(lexer, byte);
    if (at_number_follower(lexer)) {
        DiagnosticPlace place = place_at_cursor(lexer);
        diagnostic_add(lexer->diagnostics, DIAGNOSTIC_SYNTAX_WARNING, &place, "invalid %s literal", kind);
    } else if (byte < 128 && continues_name(byte)) {
        lexer_error(lexer, "invalid %s literal", kind);
        return false;
    }
    lexer_read(lexer);
    return true;
}

/* Digits with single underscores between; the first is read already. Returns the byte behind, 0 after an error. */
static int decimal_tail(Lexer *lexer)
{
    for (;;) {
        int byte;
        do
            byte = lexer_read(lexer);
        while (is_digit(byte));
        if (byte != '_')
            return byte;
        byte = lexer_read(lexer);
        if (!is_digit(byte)) {
            lexer_unread(lexer, byte);
            lexer_error(lexer, "invalid decimal literal");
            return 0;
        }
    }
}

static bool is_digit_of(int base, int byte)
{
    if (base == 16)
        return is_digit(byte) || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
    return byte >= '0' && byte < '0' + base;
}

/* 0x.., 0o.., 0b..: the prefix is read. */
static Token based_number(Lexer *lexer, int base, const char *kind)
{
    int byte = lexer_read(lexer);
    do {
        if (byte == '_')
            byte = lexer_read(lexer);
        if (!is_digit_of(base, byte)) {
            if (is_digit(byte)) {
                lexer_error(lexer, "invalid digit '%c' in %s literal", byte, kind);
            } else {
                lexer_unread(lexer, byte);
                lexer_error(lexer, "invalid %s literal", kind);
            }
            return empty_token(lexer, TOKEN_ERROR);
        }
        do
            byte = lexer_read(lexer);
        while (is_digit_of(base, byte));
    } while (byte == '_');
    if (is_digit(byte)) {
        lexer_error(lexer, "invalid digit '%c' in %s literal", byte, kind);
        return empty_token(lexer, TOKEN_ERROR);
    }
    if (!check_number_end(lexer, byte, kind))
        return empty_token(lexer, TOKEN_ERROR);
    lexer_unread(lexer, byte);
    return simple_token(lexer, TOKEN_NUMBER);
}

static Token leading_zeros(Lexer *lexer, const char *zeros_end)
{
    DiagnosticPlace place = place_at_cursor(lexer);
    place.offset = (int)(lexer->token_start + 1 - lexer->line_start);
    place.end_offset = (int)(zeros_end - lexer->line_start);
    diagnostic_add(lexer->diagnostics, DIAGNOSTIC_SYNTAX_ERROR, &place, "leading zeros in decimal integer literals are not "
                   "permitted; use an 0o prefix for octal integers");
    return stop(lexer, LEXER_SYNTAX_ERROR);
}

/* From the point, the exponent or the j on. [byte] is read; what comes before it too. */
static Token number_tail(Lexer *lexer, int byte)
{
    if (byte == '.') {
        byte = lexer_read(lexer);
        if (is_digit(byte) && (byte = decimal_tail(lexer)) == 0)
            return empty_token(lexer, TOKEN_ERROR);
    }
    if (byte == 'e' || byte == 'E') {
        int letter = byte;
        byte = lexer_read(lexer);
        if (byte == '+' || byte == '-') {
            byte = lexer_read(lexer);
            if (!is_digit(byte)) {
                lexer_unread(lexer, byte);
                lexer_error(lexer, "invalid decimal literal");
                return empty_token(lexer, TOKEN_ERROR);
            }
        } else if (!is_digit(byte)) {   /* `1else`, or `1e` which is no number */
            lexer_unread(lexer, byte);
            if (!check_number_end(lexer, letter, "decimal"))
                return empty_token(lexer, TOKEN_ERROR);
            lexer_unread(lexer, letter);
            return simple_token(lexer, TOKEN_NUMBER);
        }
        if ((byte = decimal_tail(lexer)) == 0)
            return empty_token(lexer, TOKEN_ERROR);
    }
    const char *kind = "decimal";
    if (byte == 'j' || byte == 'J') {
        byte = lexer_read(lexer);
        kind = "imaginary";
    }
    if (!check_number_end(lexer, byte, kind))
        return empty_token(lexer, TOKEN_ERROR);
    lexer_unread(lexer, byte);
    return simple_token(lexer, TOKEN_NUMBER);
}

static Token number(Lexer *lexer, int byte)
{
    if (byte != '0') {
        byte = decimal_tail(lexer);
        return byte == 0 ? empty_token(lexer, TOKEN_ERROR) : number_tail(lexer, byte);
    }
    byte = lexer_read(lexer);
    if (byte == 'x' || byte == 'X')
        return based_number(lexer, 16, "hexadecimal");
    if (byte == 'o' || byte == 'O')
        return based_number(lexer, 8, "octal");
    if (byte == 'b' || byte == 'B')
        return based_number(lexer, 2, "binary");
    for (;;) {   /* 0, 00, 0_0 are zero; 007 is not Python 3's octal any more, but 007.5 is a float */
        if (byte == '_') {
            byte = lexer_read(lexer);
            if (!is_digit(byte)) {
                lexer_unread(lexer, byte);
                lexer_error(lexer, "invalid decimal literal");
                return empty_token(lexer, TOKEN_ERROR);
            }
        }
        if (byte != '0')
            break;
        byte = lexer_read(lexer);
    }
    const char *zeros_end = lexer->cursor;
    bool has_digits = is_digit(byte);
    if (has_digits && (byte = decimal_tail(lexer)) == 0)
        return empty_token(lexer, TOKEN_ERROR);
    bool is_float = byte == '.' || byte == 'e' || byte == 'E' || byte == 'j' || byte == 'J';
    if (has_digits && !is_float && !lexer->wants_all) {
        lexer_unread(lexer, byte);
        return leading_zeros(lexer, zeros_end);
    }
    return number_tail(lexer, byte);
}

/* ---- strings without replacement fields ---- */

static Token unterminated(Lexer *lexer, int byte, int quote, int quote_size, bool has_escaped_quote, const char *first_line,
                          int first_lineno)
{
    int detected_at = lexer->lineno;
    lexer->cursor = lexer->token_start + 1;   /* the mistake is shown at the opening quote (or its prefix) */
    lexer->line_start = first_line;
    lexer->lineno = first_lineno;
    const LexerMode *mode = lexer_mode(lexer);
    if (lexer_in_fstring(lexer) && mode->quote == quote && mode->quote_size == quote_size) {
        lexer_error(lexer, "f-string: expecting '}'");
    } else if (quote_size == 3) {
        lexer_error(lexer, "unterminated triple-quoted string literal (detected at line %d)", detected_at);
        if (byte != '\n')
            lexer->done = LEXER_OPEN_TRIPLE_QUOTES;
    } else {
        lexer_error(lexer, "unterminated string literal (detected at line %d)%s", detected_at,
                    has_escaped_quote ? "; perhaps you escaped the end quote?" : "");
        if (byte != '\n')
            lexer->done = LEXER_OPEN_QUOTES;
    }
    return empty_token(lexer, TOKEN_ERROR);
}

/* [quote] is read. */
static Token string(Lexer *lexer, int quote)
{
    const char *first_line = lexer->line_start;
    int first_lineno = lexer->lineno;
    int quote_size = 1, closing = 0;
    bool has_escaped_quote = false;

    int byte = lexer_read(lexer);
    if (byte == quote) {
        byte = lexer_read(lexer);
        if (byte == quote)
            quote_size = 3;
        else
            closing = 1;   /* the empty string */
    }
    if (byte != quote)
        lexer_unread(lexer, byte);

    while (closing != quote_size) {
        byte = lexer_read(lexer);
        if (lexer->done == LEXER_SYNTAX_ERROR)
            return empty_token(lexer, TOKEN_ERROR);
        if (byte == LEXER_EOF || (quote_size == 1 && byte == '\n'))
            return unterminated(lexer, byte, quote, quote_size, has_escaped_quote, first_line, first_lineno);
        if (byte == quote) {
            closing++;
            continue;
        }
        closing = 0;
        if (byte == '\\' && lexer_read(lexer) == quote)
            has_escaped_quote = true;
    }
    Token token = simple_token(lexer, TOKEN_STRING);
    token.at.lineno = first_lineno;
    token.at.col_offset = (int32_t)(lexer->token_start - first_line);
    return token;
}

/* A name, or a string whose prefix looks like one. [byte] is its first. */
static Token name_or_string(Lexer *lexer, int byte)
{
    bool has_b = false, has_r = false, has_u = false, has_f = false;
    for (;;) {
        int letter = byte | 0x20;
        if (letter == 'b' && !(has_b || has_u || has_f))
            has_b = true;
        else if (letter == 'u' && !(has_b || has_u || has_r || has_f))
            has_u = true;
        else if (letter == 'r' && !(has_r || has_u))
            has_r = true;
        else if (letter == 'f' && !(has_f || has_b || has_u))
            has_f = true;
        else
            break;
        byte = lexer_read(lexer);
        if (byte == '"' || byte == '\'')
            return has_f ? lexer_fstring_start(lexer, byte) : string(lexer, byte);
    }
    bool is_ascii = true;
    while (continues_name(byte)) {
        is_ascii &= byte < 128;
        byte = lexer_read(lexer);
    }
    lexer_unread(lexer, byte);
    if (!is_ascii && !lexer->wants_all && !check_name(lexer))
        return empty_token(lexer, TOKEN_ERROR);
    return simple_token(lexer, name_kind(lexer->token_start, (size_t)(lexer->cursor - lexer->token_start)));
}

/* ---- operators and brackets ---- */

/* The rows of tokens.def stand longest first, so the first that fits is the right one. */
static TokenKind punctuation_kind(Lexer *lexer, int byte)
{
    size_t left = (size_t)(lexer->line_end - lexer->token_start);
    (void)lexer_peek(lexer);   /* `+` at the very end: who waits for more text must hear that the end was reached */
    for (TokenKind kind = TOKEN_ELLIPSIS; kind < TOKEN_FALSE; kind++) {
        const char *text = kinds[kind].text;
        if (text[0] != byte)
            continue;
        size_t length = strlen(text);
        if (length <= left && memcmp(text, lexer->token_start, length) == 0) {
            lexer->cursor = lexer->token_start + length;
            return kind;
        }
    }
    return TOKEN_OP;
}

static TokenKind open_bracket(Lexer *lexer, TokenKind kind, int byte)
{
    if (lexer->level >= LEXER_MAX_BRACKETS)
        return lexer_error(lexer, "too many nested parentheses");
    lexer->brackets[lexer->level++] = (LexerBracket){
        .character = (char)byte, .lineno = lexer->lineno, .col_offset = (int)(lexer->token_start - lexer->line_start),
    };
    if (lexer_in_fstring(lexer))
        lexer_mode(lexer)->bracket_depth++;
    return kind;
}

static TokenKind mismatch(Lexer *lexer, const LexerBracket *opening, int byte)
{
    const LexerMode *mode = lexer_mode(lexer);
    if (lexer_in_fstring(lexer) && opening->character == '{' && mode->bracket_depth - 1 == mode->field_depth)
        return lexer_error(lexer, "f-string: unmatched '%c'", byte);
    if (opening->lineno != lexer->lineno)
        return lexer_error(lexer, "closing parenthesis '%c' does not match opening parenthesis '%c' on line %d", byte,
                           opening->character, opening->lineno);
    return lexer_error(lexer, "closing parenthesis '%c' does not match opening parenthesis '%c'", byte, opening->character);
}

static TokenKind close_bracket(Lexer *lexer, TokenKind kind, int byte)
{
    LexerMode *mode = lexer_mode(lexer);
    bool in_fstring = lexer_in_fstring(lexer);
    if (in_fstring && mode->bracket_depth == 0 && byte == '}')
        return lexer_error(lexer, "f-string: single '}' is not allowed");
    if (lexer->level == 0 && !lexer->wants_all)
        return lexer_error(lexer, "unmatched '%c'", byte);
    if (lexer->level > 0) {
        const LexerBracket *opening = &lexer->brackets[--lexer->level];
        char wanted = opening->character == '(' ? ')' : opening->character == '[' ? ']' : '}';
        if (byte != wanted && !lexer->wants_all)
            return mismatch(lexer, opening, byte);
    }
    if (in_fstring) {
        if (--mode->bracket_depth < 0)
            return lexer_error(lexer, "f-string: unmatched '%c'", byte);
        if (byte == '}' && mode->bracket_depth == mode->field_depth) {
            mode->field_depth--;
            mode->reads_text = true;
            mode->in_format_spec = mode->in_debug = false;
        }
    }
    return kind;
}

static Token punctuation(Lexer *lexer, int byte)
{
    LexerMode *mode = lexer_mode(lexer);
    bool in_field = lexer_in_fstring(lexer) && mode->field_depth >= 0;
    if (in_field && byte == ':' && mode->bracket_depth - 1 == mode->field_depth) {
        mode->reads_text = true;       /* the colon of {x:spec}; not that of {x[1:2]} or {(lambda: 1)} */
        mode->in_format_spec = true;
        return simple_token(lexer, TOKEN_COLON);
    }
    TokenKind kind = punctuation_kind(lexer, byte);
    if (kind == TOKEN_OP && !unicode_is_printable((uint32_t)byte))
        kind = lexer_error(lexer, "invalid non-printable character U+%04X", (unsigned)byte);
    else if (byte == '(' || byte == '[' || byte == '{')
        kind = open_bracket(lexer, kind, byte);
    else if (byte == ')' || byte == ']' || byte == '}')
        kind = close_bracket(lexer, kind, byte);
    else if (kind == TOKEN_EQUAL && in_field)
        mode->in_debug = true;
    return kind == TOKEN_ERROR ? empty_token(lexer, kind) : simple_token(lexer, kind);
}

/* ---- one token ---- */

static void skip_comment(Lexer *lexer)
{
    int byte;
    do
        byte = lexer_read(lexer);
    while (byte != LEXER_EOF && byte != '\n');
    lexer_unread(lexer, byte);
}

static const char *skip_blanks(const char *at)
{
    while (*at == ' ' || *at == '\t') at++;
    return at;
}

/* Is the comment just skipped "# type: ..."? One that says "ignore" and stands alone takes its line end along. */
static bool type_comment(Lexer *lexer, bool is_blank, Token *token)
{
    const char *at = skip_blanks(lexer->token_start + 1);
    if (strncmp(at, "type:", 5) != 0)
        return false;
    at = skip_blanks(at + 5);
    unsigned char behind = (unsigned char)at[strncmp(at, "ignore", 6) == 0 ? 6 : 0];
    bool is_ignore = strncmp(at, "ignore", 6) == 0 && !(at + 6 < lexer->cursor && behind != '_' && continues_name(behind));
    if (is_ignore && is_blank && lexer_read(lexer) == '\n')
        lexer->is_at_line_start = true;
    *token = lexer_token(lexer, is_ignore ? TOKEN_TYPE_IGNORE : TOKEN_TYPE_COMMENT, is_ignore ? at + 6 : at, lexer->cursor);
    return true;
}

/* The line end at the cursor. False: it ends no statement and nobody wants to know. */
static bool newline(Lexer *lexer, bool is_blank, Token *token)
{
    lexer->is_at_line_start = true;
    if (is_blank || lexer->level > 0 || lexer->is_comment_line) {
        lexer->is_comment_line = false;
        *token = simple_token(lexer, TOKEN_NL);
        return lexer->wants_all;
    }
    *token = lexer_token(lexer, TOKEN_NEWLINE, lexer->token_start, lexer->cursor - 1);
    return true;
}

Token lexer_code(Lexer *lexer)
{
    bool is_blank = false;
    for (;;) {
        lexer->token_start = NULL;
        if (lexer->is_at_line_start) {
            is_blank = false;
            if (!indentation(lexer, &is_blank))
                return empty_token(lexer, TOKEN_ERROR);
        }
        lexer->token_start = lexer->cursor;
        if (lexer->pending_indents)
            return pending_indent(lexer);
        lexer_peek(lexer);   /* loads the line that the token is in, before token_start says so */
        lexer->token_start = NULL;

        int byte;
        do
            byte = lexer_read(lexer);
        while (byte == ' ' || byte == '\t' || byte == '\f');
        lexer->token_start = byte == LEXER_EOF ? lexer->cursor : lexer->cursor - 1;
        if (byte == '#') {
            skip_comment(lexer);
            if (lexer->wants_all) {
                lexer->is_comment_line = is_blank;
                return simple_token(lexer, TOKEN_COMMENT);
            }
            Token token;
            if (lexer->wants_type_comments && type_comment(lexer, is_blank, &token))
                return token;
            byte = lexer_read(lexer);   /* the NEWLINE begins where the comment did */
        }
        if (byte == LEXER_EOF)
            return empty_token(lexer, lexer->level == 0 && lexer->done == LEXER_END ? TOKEN_ENDMARKER : TOKEN_ERROR);
        if (begins_name(byte))
            return name_or_string(lexer, byte);
        if (byte == '\n') {
            Token token;
            if (newline(lexer, is_blank, &token))
                return token;
            continue;
        }
        if (byte == '.' && is_digit(lexer_peek(lexer)))
            return number_tail(lexer, byte);
        if (is_digit(byte))
            return number(lexer, byte);
        if (byte == '"' || byte == '\'')
            return string(lexer, byte);
        if (byte == '\\') {
            if (!continuation_line(lexer))
                return empty_token(lexer, TOKEN_ERROR);
            continue;
        }
        return punctuation(lexer, byte);
    }
}

Token lexer_next(Lexer *lexer)
{
    return lexer_mode(lexer)->reads_text ? lexer_fstring_text(lexer) : lexer_code(lexer);
}
