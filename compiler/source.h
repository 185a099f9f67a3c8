/* source.h - from the bytes of a file to the text the lexer reads.
 *
 * What        Finds the encoding (byte order mark, encoding line), decodes to UTF-8, turns CRLF and CR into LF, refuses NULs.
 * How         The text may still hold bytes that are no UTF-8 when the source claims to be UTF-8: the lexer reports them
 *             where they matter, as CPython does (in a name or a string, not in a comment).
 * Invariants  I1 the result lies in the arena and ends in a NUL that is not counted.
 *             I2 for PARSE_FILE a non-empty text ends in a newline.
 * GIL         never needed.
 * Read next   lexer.h */
#ifndef TOY_COMPILER_SOURCE_H
#define TOY_COMPILER_SOURCE_H

#include "compiler/diagnostic.h"
#include "compiler/parser.h"

typedef struct SourceText {
    const char *bytes;
    size_t length;
    const char *encoding;   /* as tokenize names it: "utf-8", "utf-8-sig", "iso-8859-1", or the name declared */
    bool lacked_newline;    /* the last line had no newline of its own */
} SourceText;

/* False when a diagnostic tells what is wrong. */
MUST_CHECK bool source_read(Arena *arena, const ParseInput *input, SourceText *text, Diagnostics *diagnostics);

#endif
