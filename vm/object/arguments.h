/* arguments.h - what constructors do with the row of arguments they are given.
 *
 * What        Checks and sorting for `new_instance` and `init` slots, which get arguments raw. Functions and methods of tables
 *             have their signatures for this (native.h).
 * How         Wording of CPython's own argument parsing: "list expected at most 1 argument, got 2".
 * GIL         held.
 * Read next   native.h, type.h (CallFn) */
#ifndef TOY_OBJECT_ARGUMENTS_H
#define TOY_OBJECT_ARGUMENTS_H

#include "vm/object/context.h"

/* TypeError "f() takes no keyword arguments" if there are any. */
MUST_CHECK bool arguments_no_keywords(Thread *t, const char *function, Tuple *names);
/* The same for the constructor of a built-in: a subclass with an __init__ of its own may have keywords for it. */
static inline bool arguments_no_keywords_for(Thread *t, const Type *type, enum Kind built_in, const char *function, Tuple *names)
{
    return type->slots.init != t->interp->types[built_in]->slots.init || arguments_no_keywords(t, function, names);
}
/* TypeError unless least <= count <= most. */
MUST_CHECK bool arguments_count(Thread *t, const char *function, size_t count, size_t least, size_t most);

/* Sorts a row into [slots], one for each of [parameters] (NULL-terminated; the first [positional_only] cannot be given by
 * name, those after [positional] only so). Absent ones are UNBOUND; the first [required] must not be. Slots are BORROWED. */
typedef struct Parameters {
    const char *function;
    const char *const *names;
    size_t positional_only, positional, required;
} Parameters;
MUST_CHECK bool arguments_sort(Thread *t, const Parameters *parameters, const Value *args, size_t count, Tuple *names, Value *slots);

#endif
