/* literal.h - what a number or a string token means.
 *
 * What        From the characters of a literal to its value as a Const.
 * How         The lexer has checked the form of numbers, so they cannot be malformed here, only too long. Strings can hold
 *             escapes that mean nothing: some are mistakes, most are taken as they stand, with a warning.
 * Invariants  I1 results lie in the arena.  I2 on false, problem.message says why, or is NULL when memory is exhausted.
 * GIL         never needed.
 * Read next   literal.c, parse_fstring.c */
#ifndef TOY_COMPILER_LITERAL_H
#define TOY_COMPILER_LITERAL_H

#include "vm/base/memory.h"
#include "vm/bytecode/code.h"

typedef struct LiteralProblem {
    const char *message;         /* NULL: memory */
    bool is_at_token;            /* shown at the literal itself; else at the last token the parser has looked at */
} LiteralProblem;

typedef struct StringLiteral {
    Const value;                 /* CONST_TEXT or CONST_BYTES */
    bool has_u_prefix;
    const char *invalid_escape;  /* the character behind the backslash of the first escape that means nothing; NULL = none */
} StringLiteral;

MUST_CHECK bool literal_number(Arena *arena, const char *start, const char *end, uint32_t max_int_digits, Const *value,
                               LiteralProblem *problem);
/* A whole string token, prefix and quotes included. */
MUST_CHECK bool literal_string(Arena *arena, const char *start, const char *end, StringLiteral *literal, LiteralProblem *problem);
/* The text between the fields of an f-string. */
MUST_CHECK bool literal_fstring_text(Arena *arena, const char *start, const char *end, bool is_raw, StringLiteral *literal,
                                     LiteralProblem *problem);

/* False, with the problem in CPython's words, when the bytes are not UTF-8. */
MUST_CHECK bool literal_check_utf8(Arena *arena, const char *start, const char *end, LiteralProblem *problem);

#endif
