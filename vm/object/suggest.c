/* suggest.c - the name nearest to a misspelt one.
 *
 * What        suggest_name.
 * How         Levenshtein distance with moves of cost 2, changes of case cost 1; a candidate may differ by at most a third of
 *             both lengths (that is how CPython 3.13 limits it, and why it never suggests nonsense for short names).
 * GIL         held.
 * Read next   signature.c, vm/run/did_you_mean.c */
#include "vm/object/suggest.h"

#include "vm/object/str.h"

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
