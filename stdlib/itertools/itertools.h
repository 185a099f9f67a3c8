/* itertools.h - what the files of itertools share.
 *
 * What        The module's state, the descriptions of its types, and small helpers.
 * How         Each type is a struct that owns the iterators below it; its `next` slot asks them. What has come to its end has dropped them.
 *             Copying and pickling are on their way out: they work, with a warning.
 * GIL         held; all iterators run script code.
 * Read next   mod_itertools.c, streams.c */
#ifndef TOY_STDLIB_ITERTOOLS_H
#define TOY_STDLIB_ITERTOOLS_H

#include "vm/toy.h"

typedef struct ItertoolsState { ToyType *chain, *islice, *grouper, *tee, *tee_block; } ItertoolsState;

extern const ToyTypeSpec count_spec, cycle_spec, repeat_spec;                                                /* endless.c */
extern const ToyTypeSpec accumulate_spec, batched_spec, chain_spec, pairwise_spec, starmap_spec, zip_longest_spec;   /* streams.c */
extern const ToyTypeSpec compress_spec, drop_while_spec, filter_false_spec, islice_spec, take_while_spec;    /* filters.c */
extern const ToyTypeSpec combinations_spec, combinations_with_replacement_spec, permutations_spec, product_spec;   /* combinatorics.c */
extern const ToyTypeSpec groupby_spec, grouper_spec;                                                         /* groupby.c */
extern const ToyTypeSpec tee_spec, tee_block_spec;                                                           /* tee.c */
ToyValue itertools_tee(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names);

static inline ToyValue iterate_self(ToyThread *t, ToyValue self) { return toy_retain(self); }
static inline ToyValue type_of(ToyThread *t, ToyValue self) { return toy_retain(toy_type_value(toy_type_of(t, self))); }

/* Every __reduce__ and __setstate__ begins with this. */
TOY_MUST_CHECK static inline bool warn_of_pickling(ToyThread *t)
{
    return toy_warn(t, TOY_DeprecationWarning, 1, "Pickle, copy, and deepcopy support will be removed from itertools in Python 3.14.");
}
TOY_MUST_CHECK static inline bool check_state(ToyThread *t, ToyValue state, size_t length)
{
    if (!toy_is_tuple(state)) return toy_raise_false(t, TOY_TypeError, "state is not a tuple");
    if (toy_tuple_length(state) == length) return true;
    return toy_raise_false(t, TOY_TypeError, "function takes exactly %zu arguments (%zu given)", length, toy_tuple_length(state));
}

/* None given by name, unless a class derived from the type has an __init__ that knows them. */
TOY_MUST_CHECK static inline bool takes_no_keywords(ToyThread *t, ToyType *type, const char *name, ToyTuple *names)
{
    return toy_type_has_own_init(t, type) || toy_arguments_no_keywords(t, name, names);
}
/* [expected] arguments that cannot be given by name. */
TOY_MUST_CHECK static inline bool takes_exactly(ToyThread *t, ToyType *type, const char *name, size_t expected, size_t count, ToyTuple *names)
{
    return takes_no_keywords(t, type, name, names) && toy_arguments_count(t, name, count, expected, expected);
}

#define REDUCE_ROW(function)    TOY_FUNCTION("__reduce__", function, "($self, /)", 0, "What pickle and copy need to build an equal object.")
#define SET_STATE_ROW(function) TOY_FUNCTION("__setstate__", function, "($self, state, /)", 0, "Take over the position that pickle or copy has kept.")

#endif
