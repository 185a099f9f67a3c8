/* parser.h - source text in, syntax tree out.
 *
 * What        parse() reads a whole input and returns its tree, or NULL and a diagnostic.
 * How         bytes --source.c--> UTF-8 lines --lexer.c--> tokens --parse_*.c--> nodes (ast.h).
 *             Recursive descent, one function per grammar rule, named after it. The first reading builds the tree and only
 *             knows "this does not fit"; when that happens the tokens are read a second time with the rules for common
 *             mistakes switched on (parse_errors.c), which name the mistake. Good programs never pay for good messages.
 * Invariants  I1 NULL is returned exactly when diagnostics has an error or is out of memory.
 *             I2 the tree's depth is bounded: what would need more C stack than the limit is a MemoryError
 *                ("too complex"), as in CPython, never a crash.
 * GIL         never needed.
 * Read next   lexer.h, parse_stmt.c, parse_errors.c */
#ifndef TOY_COMPILER_PARSER_H
#define TOY_COMPILER_PARSER_H

#include "compiler/ast.h"
#include "compiler/diagnostic.h"

typedef enum ParseMode {
    PARSE_FILE,          /* -> Module */
    PARSE_SINGLE,        /* -> Interactive: one statement of a REPL */
    PARSE_EVAL,          /* -> Expression */
    PARSE_FUNC_TYPE,     /* -> FunctionType */
} ParseMode;

/* Decodes [bytes] in an encoding that the compiler does not know by itself. True: *text is what they say, in UTF-8; false: it is a message
 * that tells why not. Either lies in the arena; NULL when there is no memory, or something else to be told first. */
typedef bool (*SourceDecoder)(void *context, Arena *arena, const char *encoding, const char *bytes, size_t length, CodeText *text);

typedef struct ParseInput {
    const char *source;
    size_t length;                 /* bytes; NULs inside are an error, not the end */
    const char *filename;          /* only for messages that name it */
    ParseMode mode;
    SourceDecoder decode;          /* NULL: the encodings that the compiler knows must do */
    void *decode_context;
    bool is_text;                  /* from a str: UTF-8 already, an encoding line means nothing */
    bool is_script_file;           /* read from a file: bad bytes are reported as "Non-UTF-8 code starting with ..." */
    bool allows_incomplete;        /* say is_incomplete when more lines could make it right (REPL, codeop) */
    bool spells_like_flufl;        /* CO_FUTURE_BARRY_AS_BDFL: "<>" for "!=" */
    bool keeps_open_block;         /* the end of the input does not close an indented block (PyCF_DONT_IMPLY_DEDENT) */
    bool keeps_type_comments;      /* ast.parse(type_comments=True): "# type: ..." goes into the tree, and is an error where it means nothing */
    int feature_version;           /* refuse what came with a later 3.N; 0: nothing is refused */
    uintptr_t stack_limit;         /* the C stack must not grow below this address; 0: only the depth limit holds */
    uint32_t max_int_digits;       /* sys.int_max_str_digits; 0 = no limit */
} ParseInput;

#define PARSE_DEFAULT_MAX_INT_DIGITS 4300

/* The tree and everything it points at live in [arena], names in [names] (which lives there too). */
MUST_CHECK Node *parse(Arena *arena, NameTable *names, const ParseInput *input, Diagnostics *diagnostics);

/* One token: columns in characters; "OP" stands for all punctuation; the lines that it lies in, whole. */
typedef struct TokenRow {
    Span at;
    const char *kind;
    CodeText text, lines;
} TokenRow;
typedef bool (*TokenSink)(const TokenRow *row, void *context);   /* false: no more, please */
/* Every token of the input, comments and blank lines too. False when a diagnostic tells why it stopped, or the sink did. */
MUST_CHECK bool token_rows(Arena *arena, const ParseInput *input, TokenSink sink, void *context, Diagnostics *diagnostics);
/* The tokens of the input in the format of `python -m tokenize`. False when a diagnostic tells why it stopped. */
MUST_CHECK bool token_dump(Buffer *out, Arena *arena, const ParseInput *input, Diagnostics *diagnostics);

#endif
