/* api_source.c - the second door of the wall: source text, and what the compiler knows about it.
 *
 * What        Sources that are no files, what a traceback underlines, positions of instructions.
 * How         The compiler stands on no floor below: what asks it goes through the hooks that the program has plugged in.
 * GIL         held.
 * Read next   toy_vm.h, vm/run/interp.h (LoaderHooks), vm/run/source_lines.h */
#include <string.h>

#include "vm/base/unicode.h"
#include "vm/object/function.h"
#include "vm/object/str.h"
#include "vm/run/did_you_mean.h"
#include "vm/run/interp.h"
#include "vm/run/source_lines.h"

#include "vm/toy_vm.h"

ToyValue toy_source_lines(ToyThread *t, ToyValue filename) { return is_str(filename) ? source_lines_of(t, as_str(filename)) : UNBOUND; }

bool toy_caret_anchors(ToyThread *t, const char *segment, size_t length, uint32_t ends[4])
{
    const LoaderHooks *hooks = &t->interp->run->hooks;
    CaretAnchors anchors;
    if (!hooks->caret_anchors || !hooks->caret_anchors(t, segment, length, &anchors)) return false;
    ends[0] = anchors.left_line;
    ends[1] = anchors.left_column;
    ends[2] = anchors.right_line;
    ends[3] = anchors.right_column;
    return true;
}

bool toy_carets_are_idle(ToyThread *t, const char *lines, size_t length, uint32_t line_count, uint32_t start, uint32_t end)
{
    const LoaderHooks *hooks = &t->interp->run->hooks;
    return hooks->carets_are_idle && hooks->carets_are_idle(t, lines, length, line_count, start, end);
}

ToyValue toy_did_you_mean(ToyThread *t, ToyValue exception, ToyValue traceback) { return did_you_mean(t, exception, traceback); }

bool toy_code_position(ToyValue code, int64_t offset, ToyPosition *position)
{
    if (!is_kind(code, KIND_CODE) || offset < 0) return false;
    LineEntry entry = code_position(((Code *)as_object(code))->unit, (uint32_t)(offset / (int64_t)sizeof(Word)));
    *position = (ToyPosition){entry.line, entry.end_line, entry.column, entry.end_column, entry.column != NO_COLUMN};
    return entry.line != 0;
}

size_t toy_str_width(ToyValue str)
{
    size_t width = 0;
    for (size_t i = 0; i < as_str(str)->length; i++) width += (size_t)unicode_width(str_char(as_str(str), i));
    return width;
}

bool toy_tokens(ToyThread *t, const char *source, size_t length, ToyValue rows)
{
    CompileRequest request = {.source = source, .length = length, .is_text = true, .filename = str_from_text(t, "<string>"),
                              .mode = COMPILE_MODULE, .optimize = -1};
    if (!request.filename) return false;
    bool done = t->interp->run->hooks.tokens(t, &request, rows);
    object_release(request.filename);
    return done;
}

ToyValue toy_symbols(ToyThread *t, ToyValue source, ToyValue filename, const char *mode)
{
    CompileRequest request = {.is_text = true, .filename = as_str(filename), .optimize = -1};
    request.mode = strcmp(mode, "eval") == 0 ? COMPILE_EXPRESSION : strcmp(mode, "single") == 0 ? COMPILE_SINGLE : COMPILE_MODULE;
    request.source = str_utf8(t, as_str(source), &request.length);
    return request.source ? t->interp->run->hooks.symbols(t, &request) : FAILED;
}
