/* arguments.c - see arguments.h.
 *
 * What        The three checks.
 * How         Keyword values follow the positional ones in the row, in the order of [names].
 * GIL         held.
 * Read next   native.c, which does the same for signatures written as text */
#include "vm/object/arguments.h"

#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/str.h"
#include "vm/object/suggest.h"

bool arguments_no_keywords(Thread *t, const char *function, Tuple *names)
{
    if (!names || names->count == 0)
        return true;
    return raise_false(t, EXC_TypeError, "%s() takes no keyword arguments", function);
}

bool arguments_count(Thread *t, const char *function, size_t count, size_t least, size_t most)
{
    if (count >= least && count <= most)
        return true;
    size_t limit = count < least ? least : most;
    const char *bound = least == most ? "" : count < least ? "at least " : "at most ";
    return raise_false(t, EXC_TypeError, "%s expected %s%zu argument%s, got %zu", function, bound, limit, limit == 1 ? "" : "s", count);
}

/* The place of the parameter called [name]; SIZE_MAX: there is none. */
static size_t find_parameter(const Parameters *parameters, const Str *name, size_t total)
{
    for (size_t i = parameters->positional_only; i < total; i++) {
        if (str_equal_text(name, parameters->names[i]))
            return i;
    }
    return SIZE_MAX;
}

enum { SUGGESTED_MAX = 16 };   /* parameters among which a misspelt name is looked for */

static bool raise_unexpected(Thread *t, const Parameters *parameters, Str *name, size_t total)
{
    Str *candidates[SUGGESTED_MAX], *near = NULL;
    size_t count = 0;
    while (parameters->positional_only + count < total && count < SUGGESTED_MAX) {
        candidates[count] = str_from_text(t, parameters->names[parameters->positional_only + count]);
        if (!candidates[count])
            break;
        count++;
    }
    if (!is_raised(t))
        near = suggest_name(t, name, candidates, count);
    const char *function = parameters->function ? parameters->function : "this function", *call = parameters->function ? "()" : "";
    if (near)
        raise_error(t, EXC_TypeError, "%s%s got an unexpected keyword argument '%U'. Did you mean '%U'?", function, call, name, near);
    else if (!is_raised(t))
        raise_error(t, EXC_TypeError, "%s%s got an unexpected keyword argument '%U'", function, call, name);
    while (count > 0)
        object_release(candidates[--count]);
    return false;
}

bool arguments_sort(Thread *t, const Parameters *parameters, const Value *args, size_t count, Tuple *names, Value *slots)
{
    const char *function = parameters->function ? parameters->function : "function", *call = parameters->function ? "()" : "";
    size_t total = 0, keywords = names ? names->count : 0;
    while (parameters->names[total])
        slots[total++] = UNBOUND;
    if (count + keywords > total && total > 0)
        return raise_false(t, EXC_TypeError, "%s%s takes at most %zu %sargument%s (%zu given)", function, call, total,
                           count == 0 ? "keyword " : "", total == 1 ? "" : "s", count + keywords);
    if (count > parameters->positional) {
        if (parameters->positional == 0)
            return raise_false(t, EXC_TypeError, "%s%s takes no positional arguments", function, call);
        return raise_false(t, EXC_TypeError, "%s%s takes %s %zu positional argument%s (%zu given)", function, call,
                           parameters->required == parameters->positional ? "exactly" : "at most", parameters->positional,
                           parameters->positional == 1 ? "" : "s", count);
    }
    for (size_t i = 0; i < count; i++)
        slots[i] = args[i];
    Str *unexpected = NULL;    /* told of last: what is missing comes first */
    for (size_t i = 0; i < keywords; i++) {
        Str *name = as_str(names->items[i]);
        size_t place = find_parameter(parameters, name, total);
        if (place == SIZE_MAX) {
            unexpected = unexpected ? unexpected : name;
            continue;
        }
        if (is_bound(slots[place]))
            return raise_false(t, EXC_TypeError, "argument for %s%s given by name ('%U') and position (%zu)", function, call, name, place + 1);
        slots[place] = args[count + i];
    }
    for (size_t i = 0; i < parameters->required; i++) {
        if (is_unbound(slots[i]))
            return raise_false(t, EXC_TypeError, "%s%s missing required argument '%s' (pos %zu)", function, call, parameters->names[i], i + 1);
    }
    return !unexpected || raise_unexpected(t, parameters, unexpected, total);
}
