/* source_lines.c - lines of source for tracebacks.
 *
 * What        Where a traceback gets the lines it quotes.
 * How         Texts that never were files (-c, the prompt, doctest) are registered under the name their code carries. Modules that
 *             lie in the program bring their source along. Anything else is read from disk, decoded as its first lines ask for.
 * Invariants  I1 a source that cannot be had is silently absent: a traceback is no place to complain. That memory is short is said.
 * GIL         held; dropped while a file is read.
 * Read next   traceback_print.c, vm/run/import_file.c */
#include "vm/run/source_lines.h"

#include <ctype.h>

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/str.h"
#include "vm/run/import_file.h"
#include "vm/run/interp.h"

bool source_lines_register(Thread *t, Str *filename, Str *text)
{
    RunState *run = t->interp->run;
    if (is_unbound(run->sources)) {
        Dict *sources = dict_new(t);
        if (!sources) return false;
        run->sources = object_value(sources);
    }
    return dict_set_str(t, as_dict(run->sources), filename, object_value(text));
}

/* ---- text to lines ---- */

static Value split_lines(Thread *t, Str *text)
{
    List *lines = list_new(t, 64);
    size_t start = 0;
    bool done = lines != NULL;
    while (done && start < text->length) {
        size_t end = start;
        while (end < text->length && str_char(text, end) != '\n' && str_char(text, end) != '\r') end++;
        Value line = str_slice(t, text, start, end);
        done = !failed(line) && list_append_take(t, lines, line);
        bool is_pair = end + 1 < text->length && str_char(text, end) == '\r' && str_char(text, end + 1) == '\n';
        start = end + 1 + is_pair;
    }
    if (done) return object_value(lines);
    if (lines) object_release(lines);
    return FAILED;
}

/* ---- bytes to text ---- */

/* The name in a comment such as "coding: latin-1" of one line; false: it has none. */
static bool encoding_of_line(const char *line, const char *end, char *name, size_t size)
{
    while (line < end && (*line == ' ' || *line == '\t' || *line == '\f')) line++;
    if (line == end || *line != '#') return false;
    for (; line + 7 < end; line++) {
        if (memcmp(line, "coding", 6) != 0 || (line[6] != ':' && line[6] != '=')) continue;
        line += 7;
        while (line < end && (*line == ' ' || *line == '\t')) line++;
        size_t n = 0;
        while (line < end && n + 1 < size && (isalnum((unsigned char)*line) || *line == '-' || *line == '_' || *line == '.')) name[n++] = *line++;
        name[n] = 0;
        return n > 0;
    }
    return false;
}

static Value decode_source(Thread *t, const char *bytes, size_t length)
{
    char encoding[64] = "utf-8";
    const char *end = bytes + length, *line = bytes;
    for (int i = 0; i < 2 && line < end; i++) {
        const char *stop = memchr(line, '\n', (size_t)(end - line));
        if (!stop) stop = end;
        if (encoding_of_line(line, stop, encoding, sizeof encoding)) break;
        line = stop + (stop < end);
    }
    if (length >= 3 && memcmp(bytes, "\xef\xbb\xbf", 3) == 0) bytes += 3, length -= 3;
    return str_decode(t, bytes, length, encoding, "strict");
}

/* ---- the three places ---- */

static Value text_of_embedded(Thread *t, Str *filename)
{
    const EmbeddedModule *module = t->interp->run->hooks.embedded_modules;
    size_t length = filename->length;
    if (length < 10 || str_char(filename, 0) != '<' || str_char(filename, length - 1) != '>') return UNBOUND;
    Value name = str_slice(t, filename, 8, length - 1);
    if (failed(name)) return FAILED;
    Value text = UNBOUND;
    for (; module && module->name; module++) {
        if (!str_equal_text(as_str(name), module->name)) continue;
        if (module->source) text = object_value(str_from_utf8(t, module->source, module->source_length));
        break;
    }
    release(name);
    return text;
}

static Value text_of_file(Thread *t, Str *filename)
{
    char *bytes;
    size_t length;
    if (!file_read_all(t, filename, &bytes, &length)) return FAILED;
    Value text = decode_source(t, bytes, length);
    memory_free(&t->interp->memory, bytes, length + 1);
    return text;
}

Value source_lines_of(Thread *t, Str *filename)
{
    RunState *run = t->interp->run;
    Value text = is_dict(run->sources) ? retain(dict_get_str(as_dict(run->sources), filename)) : UNBOUND;
    if (is_unbound(text) && filename->length > 0)
        text = str_char(filename, 0) == '<' ? text_of_embedded(t, filename) : text_of_file(t, filename);
    Value lines = is_str(text) ? split_lines(t, as_str(text)) : UNBOUND;
    release(text);
    if (!raised_is(t, EXC_MemoryError)) raised_clear(t);     /* I1 */
    return lines;
}
