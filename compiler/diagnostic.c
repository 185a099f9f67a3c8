/* diagnostic.c - keeping what the compiler has to say.
 *
 * What        The list behind Diagnostics.
 * How         Messages are formatted into the arena at once, so that they may name things that are soon gone.
 * Invariants  I1-I3 of diagnostic.h.
 * GIL         never needed.
 * Read next   diagnostic.h */
#include "compiler/diagnostic.h"

#include <stdio.h>
#include <string.h>

void diagnostics_init(Diagnostics *diagnostics, Arena *arena)
{
    *diagnostics = (Diagnostics){ .arena = arena };
}

void diagnostics_out_of_memory(Diagnostics *diagnostics)
{
    diagnostics->is_out_of_memory = true;
    diagnostics->has_error = true;
}

/* Room for one more; NULL when memory is exhausted. The old array is left to the arena. */
static Diagnostic *diagnostics_grow(Diagnostics *diagnostics)
{
    if (diagnostics->count == diagnostics->capacity) {
        size_t capacity = diagnostics->capacity ? diagnostics->capacity * 2 : 2;
        Diagnostic *items = arena_alloc(diagnostics->arena, capacity * sizeof *items);
        if (!items)
            return NULL;
        if (diagnostics->count)
            memcpy(items, diagnostics->items, diagnostics->count * sizeof *items);
        diagnostics->items = items;
        diagnostics->capacity = capacity;
    }
    return &diagnostics->items[diagnostics->count];
}

static char *format_message(Arena *arena, const char *format, va_list arguments)
{
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, again);
    va_end(again);
    char *message = length < 0 ? NULL : arena_alloc(arena, (size_t)length + 1);
    if (message)
        vsnprintf(message, (size_t)length + 1, format, arguments);
    return message;
}

void diagnostic_vadd(Diagnostics *diagnostics, DiagnosticClass class, const DiagnosticPlace *place, const char *format,
                     va_list arguments)
{
    if (diagnostics->has_error)
        return;
    char *message = format_message(diagnostics->arena, format, arguments);
    Diagnostic *diagnostic = message ? diagnostics_grow(diagnostics) : NULL;
    if (!diagnostic) {
        diagnostics_out_of_memory(diagnostics);
        return;
    }
    *diagnostic = (Diagnostic){ .class = class, .message = message };
    if (place) {
        diagnostic->has_position = true;
        diagnostic->lineno = place->lineno;
        diagnostic->offset = place->offset;
        diagnostic->end_lineno = place->end_lineno;
        diagnostic->end_offset = place->end_offset;
        if (place->text) {
            diagnostic->text = arena_copy(diagnostics->arena, place->text, place->text_length);
            diagnostic->text_length = place->text_length;
            if (!diagnostic->text) {
                diagnostics_out_of_memory(diagnostics);
                return;
            }
        }
    }
    diagnostics->count++;
    diagnostics->has_error = !diagnostic_is_warning(diagnostic);
}

void diagnostics_put(Diagnostics *diagnostics, const Diagnostic *diagnostic)
{
    Diagnostic *place = diagnostics_grow(diagnostics);
    if (!place) {
        diagnostics_out_of_memory(diagnostics);
        return;
    }
    *place = *diagnostic;
    diagnostics->count++;
    diagnostics->has_error = !diagnostic_is_warning(diagnostic);
}

Diagnostic diagnostics_take_error(Diagnostics *diagnostics)
{
    diagnostics->has_error = false;
    return diagnostics->items[--diagnostics->count];
}

void diagnostic_add(Diagnostics *diagnostics, DiagnosticClass class, const DiagnosticPlace *place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    diagnostic_vadd(diagnostics, class, place, format, arguments);
    va_end(arguments);
}

bool diagnostic_is_warning(const Diagnostic *diagnostic)
{
    return diagnostic->class >= DIAGNOSTIC_SYNTAX_WARNING;
}

const char *diagnostic_class_name(DiagnosticClass class)
{
    static const char *const names[] = {
        [DIAGNOSTIC_SYNTAX_ERROR] = "SyntaxError",
        [DIAGNOSTIC_INDENTATION_ERROR] = "IndentationError",
        [DIAGNOSTIC_TAB_ERROR] = "TabError",
        [DIAGNOSTIC_MEMORY_ERROR] = "MemoryError",
        [DIAGNOSTIC_RECURSION_ERROR] = "RecursionError",
        [DIAGNOSTIC_OVERFLOW_ERROR] = "OverflowError",
        [DIAGNOSTIC_VALUE_ERROR] = "ValueError",
        [DIAGNOSTIC_UNICODE_DECODE_ERROR] = "UnicodeDecodeError",
        [DIAGNOSTIC_SYSTEM_ERROR] = "SystemError",
        [DIAGNOSTIC_SYNTAX_WARNING] = "SyntaxWarning",
        [DIAGNOSTIC_DEPRECATION_WARNING] = "DeprecationWarning",
    };
    return names[class];
}

const Diagnostic *diagnostics_error(const Diagnostics *diagnostics)
{
    if (!diagnostics->count)
        return NULL;
    const Diagnostic *last = &diagnostics->items[diagnostics->count - 1];
    return diagnostic_is_warning(last) ? NULL : last;
}
