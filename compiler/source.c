/* source.c - which encoding is this, and what does it say.
 *
 * What        source_read().
 * How         A byte order mark means UTF-8. Else one of the first two lines may be a comment that holds "coding: NAME"
 *             (PEP 263); the second counts only when the first is blank or a comment. No declaration: UTF-8.
 *             UTF-8, Latin-1 and ASCII, under all their names, are read here; any other is the business of the input's decoder.
 * Invariants  I1, I2 of source.h.
 * GIL         never needed.
 * Read next   lexer.c */
#include "compiler/source.h"

#include <string.h>

#include "vm/base/codec.h"

/* Errors that belong to the whole source: line 0, column unknown, as CPython has them. */
static const DiagnosticPlace whole_source = { .lineno = 0, .offset = -1, .end_lineno = -1, .end_offset = -1 };

typedef enum Encoding { ENCODING_UTF8, ENCODING_UTF8_STRICT, ENCODING_LATIN1, ENCODING_ASCII, ENCODING_FOREIGN } Encoding;

typedef struct Declaration {   /* the NAME of an encoding line */
    const char *name;
    size_t length;
} Declaration;

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-'
           || byte == '_' || byte == '.';
}

/* Looks for "coding[:=] *NAME" in the comment of one line. *is_plain: the line holds no code, so the next may declare. */
static Declaration declaration_in_line(const char *line, const char *end, bool *is_plain)
{
    const char *at = line;
    while (at < end && (*at == ' ' || *at == '\t' || *at == '\f'))
        at++;
    *is_plain = at == end || *at == '#';
    if (at == end || *at != '#')
        return (Declaration){ NULL, 0 };
    for (; end - at > 6; at++) {
        if (memcmp(at, "coding", 6) != 0 || (at[6] != ':' && at[6] != '='))
            continue;
        const char *name = at + 7;
        while (name < end && (*name == ' ' || *name == '\t'))
            name++;
        const char *name_end = name;
        while (name_end < end && is_name_byte(*name_end))
            name_end++;
        if (name_end > name)
            return (Declaration){ name, (size_t)(name_end - name) };
    }
    return (Declaration){ NULL, 0 };
}

static Declaration find_declaration(const char *bytes, size_t length)
{
    const char *end = bytes + length;
    for (int line = 0; line < 2; line++) {
        const char *line_end = bytes;
        while (line_end < end && *line_end != '\n' && *line_end != '\r')
            line_end++;
        bool is_plain;
        Declaration found = declaration_in_line(bytes, line_end, &is_plain);
        if (found.name || !is_plain)
            return found;
        bytes = line_end < end ? line_end + 1 : end;
        if (line_end + 1 < end && line_end[0] == '\r' && line_end[1] == '\n')
            bytes++;
    }
    return (Declaration){ NULL, 0 };
}

/* Lower case, '_' as '-': the spelling under which names are compared. */
static void normalise_name(Declaration name, char out[32])
{
    size_t length = name.length < 31 ? name.length : 31;
    for (size_t i = 0; i < length; i++) {
        char byte = name.name[i];
        out[i] = byte == '_' ? '-' : byte >= 'A' && byte <= 'Z' ? (char)(byte + 32) : byte;
    }
    out[length] = '\0';
}

static bool is_or_extends(const char *name, const char *base)
{
    size_t length = strlen(base);
    return strncmp(name, base, length) == 0 && (name[length] == '\0' || name[length] == '-');
}

static bool is_latin1_name(const char *name)
{
    return is_or_extends(name, "latin-1") || is_or_extends(name, "iso-8859-1") || is_or_extends(name, "iso-latin-1");
}

/* [name] is normalised. */
static Encoding encoding_of_name(const char *name)
{
    static const struct { const char *name; Encoding encoding; } aliases[] = {
        { "utf8", ENCODING_UTF8_STRICT }, { "u8", ENCODING_UTF8_STRICT }, { "utf", ENCODING_UTF8_STRICT },
        { "cp65001", ENCODING_UTF8_STRICT }, { "utf8-sig", ENCODING_UTF8_STRICT },
        { "latin1", ENCODING_LATIN1 }, { "latin", ENCODING_LATIN1 }, { "l1", ENCODING_LATIN1 }, { "8859", ENCODING_LATIN1 },
        { "cp819", ENCODING_LATIN1 }, { "iso8859-1", ENCODING_LATIN1 }, { "iso8859", ENCODING_LATIN1 },
        { "ascii", ENCODING_ASCII }, { "us-ascii", ENCODING_ASCII }, { "646", ENCODING_ASCII }, { "us", ENCODING_ASCII },
    };
    if (is_or_extends(name, "utf-8"))
        return ENCODING_UTF8;
    if (is_latin1_name(name))
        return ENCODING_LATIN1;
    for (size_t i = 0; i < ARRAY_LENGTH(aliases); i++)
        if (strcmp(name, aliases[i].name) == 0)
            return aliases[i].encoding;
    return ENCODING_FOREIGN;
}

static bool refuse(const ParseInput *input, Diagnostics *diagnostics, const char *problem, Declaration name, const char *more)
{
    diagnostic_add(diagnostics, DIAGNOSTIC_SYNTAX_ERROR, input->is_script_file ? NULL : &whole_source, "%s: %.*s%s", problem,
                   (int)name.length, name.name, more);
    return false;
}

/* Reports the first byte that the codec does not know, if there is one. A script is read from its file bit by bit, and all that CPython
 * says of one that cannot be is the name of the encoding. */
static bool check_decodes(const ParseInput *input, Codec codec, const char *bytes, size_t length, Diagnostics *diagnostics)
{
    CodecRun run = codec_scan(codec, bytes, length, CODEC_STRICT);
    if (!run.reason)
        return true;
    if (input->is_script_file)
        return refuse(input, diagnostics, "encoding problem", (Declaration){ codec_name(codec), strlen(codec_name(codec)) }, "");
    if (run.error_length == 1)
        diagnostic_add(diagnostics, DIAGNOSTIC_SYNTAX_ERROR, &whole_source, "'%s' codec can't decode byte 0x%02x in position %zu: %s",
                       codec_name(codec), (unsigned char)bytes[run.taken], run.taken, run.reason);
    else
        diagnostic_add(diagnostics, DIAGNOSTIC_SYNTAX_ERROR, &whole_source, "'%s' codec can't decode bytes in position %zu-%zu: %s",
                       codec_name(codec), run.taken, run.taken + run.error_length - 1, run.reason);
    return false;
}

/* The text with \n for every line end; Latin-1 becomes UTF-8 on the way. Never longer than twice the input and a newline. */
static bool normalise_text(Arena *arena, const char *bytes, size_t length, bool is_latin1, bool ends_line, SourceText *text)
{
    size_t wide = 0;
    for (size_t i = 0; is_latin1 && i < length; i++)
        wide += (unsigned char)bytes[i] >= 0x80;
    char *out = arena_alloc(arena, length + wide + 2);
    if (!out)
        return false;
    char *at = out;
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)bytes[i];
        if (byte == '\r') {
            *at++ = '\n';
            if (i + 1 < length && bytes[i + 1] == '\n')
                i++;
        } else if (is_latin1 && byte >= 0x80) {
            at += utf8_write(byte, (unsigned char *)at);
        } else {
            *at++ = (char)byte;
        }
    }
    text->lacked_newline = at > out && at[-1] != '\n';
    if (ends_line && text->lacked_newline)
        *at++ = '\n';
    *at = '\0';
    text->bytes = out;
    text->length = (size_t)(at - out);
    return true;
}

/* Has the whole source decoded by those who know more encodings. */
static bool decode_foreign(Arena *arena, const ParseInput *input, const char *encoding, CodeText *source, Diagnostics *diagnostics)
{
    const Declaration name = { encoding, strlen(encoding) };
    CodeText text = { NULL, 0 };
    if (!input->decode)
        return refuse(input, diagnostics, input->is_script_file ? "encoding problem" : "unknown encoding", name, "");
    if (input->decode(input->decode_context, arena, encoding, source->bytes, source->length, &text)) {
        *source = text;
        return true;
    }
    if (!text.bytes)
        diagnostics_out_of_memory(diagnostics);
    else if (input->is_script_file)
        return refuse(input, diagnostics, "encoding problem", name, "");
    else
        diagnostic_add(diagnostics, DIAGNOSTIC_SYNTAX_ERROR, &whole_source, "%.*s", (int)text.length, text.bytes);
    return false;
}

/* Mark and encoding line: which encoding, under which name. *skip: bytes of the mark. */
static bool find_encoding(Arena *arena, const ParseInput *input, Encoding *encoding, size_t *skip, SourceText *text,
                          Diagnostics *diagnostics)
{
    static const Declaration latin1 = { "iso-8859-1", 10 };
    bool has_mark = input->length >= 3 && memcmp(input->source, "\xef\xbb\xbf", 3) == 0;
    *skip = has_mark ? 3 : 0;
    text->encoding = has_mark ? "utf-8-sig" : "utf-8";
    Declaration declared = find_declaration(input->source + *skip, input->length - *skip);
    if (!declared.name)
        return true;
    char name[32];
    normalise_name(declared, name);
    *encoding = encoding_of_name(name);
    if (is_latin1_name(name))
        declared = latin1;
    if (has_mark && *encoding != ENCODING_UTF8)
        return refuse(input, diagnostics, "encoding problem", declared, " with BOM");
    if (*encoding != ENCODING_UTF8 && !(text->encoding = arena_copy(arena, declared.name, declared.length))) {
        diagnostics_out_of_memory(diagnostics);
        return false;
    }
    return true;
}

bool source_read(Arena *arena, const ParseInput *input, SourceText *text, Diagnostics *diagnostics)
{
    Encoding encoding = ENCODING_UTF8;
    size_t skip = 0;
    *text = (SourceText){ .encoding = "utf-8" };

    if (!input->is_script_file && memchr(input->source, 0, input->length)) {
        diagnostic_add(diagnostics, DIAGNOSTIC_SYNTAX_ERROR, NULL, "source code string cannot contain null bytes");
        return false;
    }
    if (!input->is_text && !find_encoding(arena, input, &encoding, &skip, text, diagnostics))
        return false;
    CodeText source = { input->source + skip, input->length - skip };
    if (encoding == ENCODING_ASCII && !check_decodes(input, CODEC_ASCII, source.bytes, source.length, diagnostics))
        return false;
    if (encoding == ENCODING_UTF8_STRICT && !check_decodes(input, CODEC_UTF8, source.bytes, source.length, diagnostics))
        return false;
    if (encoding == ENCODING_FOREIGN && !decode_foreign(arena, input, text->encoding, &source, diagnostics))
        return false;
    if (!normalise_text(arena, source.bytes, source.length, encoding == ENCODING_LATIN1, input->mode == PARSE_FILE, text)) {
        diagnostics_out_of_memory(diagnostics);
        return false;
    }
    return true;
}
