/* subject.c - the text that is searched.
 *
 * What        subject_get and its like: a str, or the bytes of a bytes-like object, as an array of characters.
 * How         A str's characters are used where they lie. A buffer is exported until subject_release, so that it cannot move meanwhile.
 * GIL         held.
 * Read next   objects.h */
#include "stdlib/re/objects.h"

bool subject_get(ToyThread *t, const Pattern *pattern, ToyValue v, Subject *subject)
{
    *subject = (Subject){.value = v, .is_str = toy_is_str(v), .width = 1};
    if (subject->is_str) {
        if (pattern && pattern->is_bytes) return toy_raise_false(t, TOY_TypeError, "cannot use a bytes pattern on a string-like object");
        subject->data = toy_str_data(v, &subject->width);
        subject->length = toy_str_length(v);
        return true;
    }
    if (!toy_has_buffer(t, v)) return toy_raise_false(t, TOY_TypeError, "expected string or bytes-like object, got '%T'", v);
    if (pattern && pattern->is_str) return toy_raise_false(t, TOY_TypeError, "cannot use a string pattern on a bytes-like object");
    if (!toy_buffer_get(t, v, &subject->buffer, 0)) return false;
    subject->data = subject->buffer.data;
    subject->length = subject->buffer.length;
    return true;
}

void subject_release(ToyThread *t, Subject *subject)
{
    if (!subject->is_str) toy_buffer_release(t, &subject->buffer);
}

ToyValue subject_slice(ToyThread *t, const Subject *subject, size_t start, size_t end)
{
    /* A bytearray may be shorter than when it was matched. */
    if (end > subject->length) end = subject->length;
    if (start > end) start = end;
    if (subject->is_str) return toy_str_slice(t, subject->value, start, end);
    if (start == 0 && end == subject->length && toy_is_same(toy_value(toy_type_of(t, subject->value)), toy_value(toy_builtin_type(t, TOY_KIND_BYTES))))
        return toy_retain(subject->value);
    return toy_bytes(t, (const uint8_t *)subject->data + start, end - start);
}

/* A place that was given, within the subject. */
static bool clip(ToyThread *t, ToyValue given, size_t length, size_t *place)
{
    int64_t n;
    if (toy_is_unbound(given)) return true;
    if (!toy_arg_size(t, given, &n)) return false;
    *place = n < 0 ? 0 : (uint64_t)n > length ? length : (size_t)n;
    return true;
}

bool subject_matcher(ToyThread *t, const Pattern *pattern, const Subject *subject, ToyValue pos, ToyValue endpos, Matcher *m)
{
    size_t start = 0, end = subject->length;
    if (!clip(t, pos, subject->length, &start) || !clip(t, endpos, subject->length, &end)) return false;
    if (!matcher_init(m, t, &pattern->program, subject->data, subject->width, subject->length)) return false;
    m->start = start;
    m->end = end;
    return true;
}

void matcher_advance(Matcher *m)
{
    m->must_pass = m->match_end == m->match_start ? m->match_end : PLACE_NONE;
    m->start = m->match_end;
}
