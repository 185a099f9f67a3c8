/* lexer.h - lines of text in, tokens out, one at a time.
 *
 * What        The Lexer reads normalised UTF-8 (see source.h) and hands out tokens, with positions, until the end or a
 *             mistake. It knows indentation, brackets and the inside of f-strings; it knows no grammar.
 * How         A stack of modes: ordinary code at the bottom, one mode per f-string that is open. An f-string mode switches
 *             between reading text and reading the code of a replacement field:
 *
 *                 f"a{x:>{w}}b"   FSTRING_START  MIDDLE(a)  {  x  :  MIDDLE(>)  {  w  }  }  MIDDLE(b)  FSTRING_END
 *
 * Invariants  I1 text ends in a NUL behind its last byte; every token lies in the text, so start pointers order them.
 *             I2 after TOKEN_ERROR no further token may be asked for; done says why.
 *             I3 brackets[0..level) are the brackets open now, whatever the mode.
 *             I4 line_start <= cursor <= line_end, but for the moment of an error that is reported at an earlier place.
 * GIL         never needed.
 * Read next   lexer.c, lex_fstring.c, literal.h (what a number or string token means) */
#ifndef TOY_COMPILER_LEXER_H
#define TOY_COMPILER_LEXER_H

#include "compiler/ast.h"
#include "compiler/diagnostic.h"

typedef enum TokenKind {
#define TOKEN(name) TOKEN_##name,
#define PUNCTUATION(name, text) TOKEN_##name,
#define KEYWORD(name, text) TOKEN_##name,
#include "compiler/tokens.def"
    TOKEN_KIND_COUNT
} TokenKind;

typedef struct Token {
    TokenKind kind;
    int level;                 /* how many brackets are open behind it */
    const char *start, *end;   /* bytes of the text; NULL for tokens made of nothing: INDENT, DEDENT, ENDMARKER */
    Span at;                   /* col_offset -1 when start is NULL */
    struct Memo *memos;        /* the parser's: what rules made of the text that begins here */
} Token;

typedef enum LexerDone {
    LEXER_GOING,
    LEXER_END,                 /* the end of the text was seen */
    LEXER_SYNTAX_ERROR,        /* reported already */
    LEXER_OPEN_TRIPLE_QUOTES,  /* reported; more text could close it */
    LEXER_OPEN_QUOTES,         /* reported; the text ended in a string */
    LEXER_BAD_DEDENT,
    LEXER_BAD_TABS,
    LEXER_TOO_DEEP,            /* too many levels of indentation */
    LEXER_BAD_CONTINUATION,    /* something stands behind a backslash */
    LEXER_BAD_UTF8,            /* in the name from token_start to cursor */
} LexerDone;

enum { LEXER_MAX_INDENTS = 100, LEXER_MAX_BRACKETS = 200, LEXER_MAX_MODES = 150, LEXER_MAX_FIELD_DEPTH = 3 };

typedef struct LexerMode {     /* one f-string; modes[0] is the code around all of them */
    bool reads_text;           /* false: in code, also in the code of a replacement field */
    bool is_raw;
    bool in_format_spec;
    bool in_debug;             /* an '=' was seen in this field: {x = } */
    char quote;
    int quote_size;            /* 1 or 3 */
    const char *start, *start_line;
    int start_lineno;
    int bracket_depth;         /* brackets opened in this f-string, fields included */
    int field_depth;           /* -1 outside; bracket_depth before the bracket that opened the innermost field */
} LexerMode;

typedef struct LexerBracket {
    char character;
    int lineno, col_offset;
} LexerBracket;

typedef struct Lexer {
    const char *text, *text_end;             /* I1 */
    const char *cursor;                      /* the next byte */
    const char *line_start, *line_end;       /* I4; line_end is behind the newline */
    const char *statement_line;              /* start of the first line of the token being read */
    const char *token_start;                 /* NULL between tokens */
    int lineno;
    LexerDone done;

    bool is_at_line_start;
    bool is_comment_line;                    /* the comment just handed out stood alone on its line */
    int pending_indents;                     /* INDENTs (> 0) or DEDENTs (< 0) to hand out */
    int indent_level;
    int indents[LEXER_MAX_INDENTS];          /* columns, tabs to multiples of eight */
    int alternate_indents[LEXER_MAX_INDENTS];/* columns, a tab counting one: both must agree */

    int level;                               /* I3 */
    LexerBracket brackets[LEXER_MAX_BRACKETS];

    int mode;
    LexerMode modes[LEXER_MAX_MODES];

    bool wants_all;                          /* COMMENT and NL too, and be lenient: `-m tokenize` */
    bool wants_type_comments;                /* "# type: ..." is a token */
    bool checks_utf8;                        /* a script file: each line is checked when it is reached */
    const char *filename;
    Diagnostics *diagnostics;
} Lexer;

void lexer_init(Lexer *lexer, const char *text, size_t length, Diagnostics *diagnostics);
/* The next token; TOKEN_ERROR when there is none (I2). */
Token lexer_next(Lexer *lexer);

const char *token_kind_name(TokenKind kind);      /* "NAME", "LPAR" ...; keywords: "NAME" */
const char *token_kind_text(TokenKind kind);      /* "(" or "if"; NULL for a kind with text of its own */
bool token_kind_is_keyword(TokenKind kind);
bool token_kind_is_punctuation(TokenKind kind);   /* OP too */

/* ---- between lexer.c and lex_fstring.c ---- */
#define LEXER_EOF (-1)
int lexer_read(Lexer *lexer);                     /* the next byte, 0..255, or LEXER_EOF */
void lexer_unread(Lexer *lexer, int byte);
COLD TokenKind lexer_error(Lexer *lexer, const char *format, ...) PRINTF_LIKE(2, 3);   /* at the byte just read; TOKEN_ERROR */
void lexer_warn_escape(Lexer *lexer, int byte);
Token lexer_token(const Lexer *lexer, TokenKind kind, const char *start, const char *end);
Token lexer_code(Lexer *lexer);                   /* one token of ordinary code */
Token lexer_fstring_start(Lexer *lexer, int quote);
Token lexer_fstring_text(Lexer *lexer);           /* one token of the text of an f-string */

static inline LexerMode *lexer_mode(Lexer *lexer) { return &lexer->modes[lexer->mode]; }
static inline bool lexer_in_fstring(const Lexer *lexer) { return lexer->mode > 0; }

#endif
