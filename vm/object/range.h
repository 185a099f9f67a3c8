/* range.h - range and slice.
 * What        Arithmetic progressions, and the three numbers of a subscript.   How  ranges of small ints iterate without objects (FOR_ITER knows RangeIterator).
 * GIL         held.   Read next  list.h */
#ifndef TOY_OBJECT_RANGE_H
#define TOY_OBJECT_RANGE_H

#include "vm/object/context.h"

typedef struct Range { Object head; Value start, stop, step, length; } Range;          /* ints */
/* All are small ints, the one behind the last too. They are kept as words, and the step as what is added to one: a turn of a loop is a
 * comparison and an addition then. */
typedef struct RangeIterator { Object head; Value next, end; uint64_t word_step; } RangeIterator;
typedef struct Slice { Object head; Value start, stop, step; } Slice;

static inline bool range_iterator_is_done(const RangeIterator *iterator) { return is_same(iterator->next, iterator->end); }
/* The next value, or END. */
static inline Value range_iterator_next(RangeIterator *iterator)
{
    if (range_iterator_is_done(iterator)) return END;
    Value v = iterator->next;
    iterator->next.bits += iterator->word_step;
    return v;
}
/* Are all values small ints? Then the three numbers. */
bool range_is_small(const Range *range, int64_t *start, int64_t *step, size_t *count);
MUST_CHECK Value slice_new(Thread *t, Value start, Value stop, Value step);
/* start, stop, step and count for a sequence of [length]; raises for bad indices and step 0. Indices honour __index__. */
MUST_CHECK bool slice_resolve(Thread *t, Value slice, size_t length, int64_t *start, int64_t *stop, int64_t *step, size_t *count);
/* The same in two steps, for what script code can resize: unpacking runs __index__, only then should the length be looked at. */
MUST_CHECK bool slice_unpack(Thread *t, Value slice, int64_t *start, int64_t *stop, int64_t *step);
size_t slice_fit(size_t length, int64_t *start, int64_t *stop, int64_t step);
/* The bounds of object[start:stop] (either may be None), clipped to length. */
MUST_CHECK bool slice_bounds(Thread *t, Value start, Value stop, size_t length, size_t *from, size_t *to);
/* The same for the start and stop of index(): UNBOUND when not given; None is refused. */
MUST_CHECK bool slice_search_bounds(Thread *t, Value start, Value stop, size_t length, size_t *from, size_t *to);

extern const TypeSpec range_spec, slice_spec, range_iterator_spec, long_range_iterator_spec;

#endif
