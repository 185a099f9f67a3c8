/* suggest.c - "Did you mean": the name nearest to a misspelt one.
 *
 * What        suggest_name for a list of candidates; suggest_for_exception for NameError, AttributeError, ImportError.
 * How         Levenshtein distance with moves of cost 2, changes of case cost 1; a candidate may differ by at most a third of
 *             both lengths (that is how CPython 3.13 limits it, and why it never suggests nonsense for short names).
 * GIL         held.
 * Read next   bind.c, traceback_print.c */
#include "vm/run/suggest.h"

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/run/builtins.h"
#include "vm/run/frame.h"

enum { NAME_LENGTH_MAX = 40, CANDIDATES_MAX = 750, MOVE_COST = 2, CASE_COST = 1 };

static uint32_t lower(uint32_t c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; }

static size_t change_cost(uint32_t a, uint32_t b)
{
    if (a == b) return 0;
    return lower(a) == lower(b) ? CASE_COST : MOVE_COST;
}

/* The distance, or anything above [limit] once it must be more. */
static size_t distance(const Str *a, const Str *b, size_t limit)
{
    size_t start = 0, a_end = a->length, b_end = b->length;
    while (start < a_end && start < b_end && str_char(a, start) == str_char(b, start)) start++;
    while (a_end > start && b_end > start && str_char(a, a_end - 1) == str_char(b, b_end - 1)) a_end--, b_end--;
    size_t columns = a_end - start, rows = b_end - start;
    if (columns == 0 || rows == 0) return (columns + rows) * MOVE_COST;
    if (columns > NAME_LENGTH_MAX || rows > NAME_LENGTH_MAX) return limit + 1;
    size_t difference = columns > rows ? columns - rows : rows - columns;
    if (difference * MOVE_COST > limit) return limit + 1;
    size_t row[NAME_LENGTH_MAX + 1];
    for (size_t i = 0; i < columns; i++) row[i] = (i + 1) * MOVE_COST;
    size_t result = 0;
    for (size_t j = 0; j < rows; j++) {
        uint32_t c = str_char(b, start + j);
        size_t diagonal = j * MOVE_COST, best = SIZE_MAX;
        result = diagonal;
        for (size_t i = 0; i < columns; i++) {
            size_t change = diagonal + change_cost(str_char(a, start + i), c);
            diagonal = row[i];
            size_t move = (result < diagonal ? result : diagonal) + MOVE_COST;
            result = change < move ? change : move;
            row[i] = result;
            if (result < best) best = result;
        }
        if (best > limit) return limit + 1;
    }
    return result;
}

Str *suggest_name(Thread *t, Str *wrong, Str *const *candidates, size_t count)
{
    if (count >= CANDIDATES_MAX || wrong->length > NAME_LENGTH_MAX) return NULL;
    Str *best = NULL;
    size_t best_distance = SIZE_MAX;
    for (size_t i = 0; i < count; i++) {
        Str *candidate = candidates[i];
        if (str_equal(candidate, wrong)) continue;
        size_t limit = (wrong->length + candidate->length + 3) * MOVE_COST / 6;
        if (best && best_distance - 1 < limit) limit = best_distance - 1;
        size_t d = distance(wrong, candidate, limit);
        if (d > limit) continue;
        if (!best || d < best_distance) {
            best = candidate;
            best_distance = d;
        }
    }
    return best;
}

/* ---- for exceptions ---- */

static Value suggest_in_list(Thread *t, Value names, Str *wrong)
{
    List *list = failed(names) ? NULL : list_from_iterable(t, names);
    if (!list) return FAILED;
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        if (!is_str(list->items[i])) continue;
        Value kept = list->items[count];
        list->items[count++] = list->items[i];
        list->items[i] = kept;
    }
    /* A name that hides behind an underscore is proposed only for one that has one too. */
    bool wants_hidden = wrong->length > 0 && str_char(wrong, 0) == '_';
    size_t shown = 0;
    for (size_t i = 0; i < count; i++) {
        Str *s = as_str(list->items[i]);
        if (!wants_hidden && s->length > 0 && str_char(s, 0) == '_') continue;
        Value kept = list->items[shown];
        list->items[shown++] = list->items[i];
        list->items[i] = kept;
    }
    Str **candidates = memory_alloc_array(&t->interp->memory, shown ? shown : 1, sizeof *candidates);
    Value best = UNBOUND;
    if (candidates) {
        for (size_t i = 0; i < shown; i++) candidates[i] = as_str(list->items[i]);
        Str *s = suggest_name(t, wrong, candidates, shown);
        if (s) best = retain(object_value(s));
        memory_free(&t->interp->memory, candidates, (shown ? shown : 1) * sizeof *candidates);
    }
    object_release(list);
    return best;
}

/* Names the frame of the error could see: locals, globals, built-ins. */
static Value visible_names(Thread *t, Exception *e)
{
    if (!is_kind(e->traceback, KIND_TRACEBACK)) return UNBOUND;
    Traceback *last = (Traceback *)as_object(e->traceback);
    while (last->next) last = last->next;
    List *names = list_new(t, 64);
    Str *key = str_intern_text(t, "f_locals");
    Value locals = key ? value_get_attribute(t, object_value(last->frame), key) : FAILED;
    bool done = names && !failed(locals) && list_extend(t, names, locals) && list_extend(t, names, object_value(last->frame->function->globals)) &&
                list_extend(t, names, last->frame->function->builtins);
    if (key) object_release(key);
    release(locals);
    if (done) return object_value(names);
    if (names) object_release(names);
    return FAILED;
}

/* self.NAME exists where NAME was meant. */
static bool is_attribute_of_self(Thread *t, Exception *e, Str *name)
{
    if (!is_kind(e->traceback, KIND_TRACEBACK)) return false;
    Traceback *last = (Traceback *)as_object(e->traceback);
    while (last->next) last = last->next;
    Str *key = str_intern_text(t, "f_locals");
    Value locals = key ? value_get_attribute(t, object_value(last->frame), key) : FAILED;
    if (key) object_release(key);
    Str *self_name = str_intern_text(t, "self");
    bool found = false;
    if (self_name && is_dict(locals)) {
        Value self = dict_get_str(as_dict(locals), self_name);
        Value there = is_bound(self) ? value_find_attribute(t, self, name) : UNBOUND;
        found = is_bound(there);
        release(there);
    }
    if (self_name) object_release(self_name);
    release(locals);
    raised_clear(t);
    return found;
}

Value suggest_for_exception(Thread *t, Value exception)
{
    Exception *e = (Exception *)as_object(exception);
    Value names = UNBOUND, wrong = UNBOUND;
    bool is_name = exception_is(t, exception, EXC_NameError);
    if (is_name) {
        wrong = e->fields[0];
        if (is_str(wrong) && is_attribute_of_self(t, e, as_str(wrong))) return object_value(str_format(t, ". Did you mean: 'self.%S'?", wrong));
        if (is_str(wrong)) names = visible_names(t, e);
    } else if (exception_is(t, exception, EXC_AttributeError)) {
        wrong = e->fields[0];
        if (is_str(wrong) && is_bound(e->fields[1])) names = builtins_dir(t, e->fields[1]);
    } else if (exception_is(t, exception, EXC_ImportError)) {
        wrong = e->fields[3];
        Value module = is_str(wrong) && is_str(e->fields[1]) ? dict_get_str(as_dict(t->interp->modules), as_str(e->fields[1])) : UNBOUND;
        if (is_bound(module)) names = builtins_dir(t, module);
    }
    Value best = is_bound(names) && is_str(wrong) ? suggest_in_list(t, names, as_str(wrong)) : UNBOUND;
    release(names);
    raised_clear(t);
    if (is_unbound(best)) return retain(t->interp->empty_str);
    Value text = object_value(str_format(t, ". Did you mean: '%S'?", best));
    release(best);
    return text;
}
