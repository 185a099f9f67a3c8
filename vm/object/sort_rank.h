/* sort_rank.h - keys of a sort as numbers.
 * What        sort_rank: for each key a number that orders as the key does.   How  see sort_rank.c.
 * GIL         held; no script code runs.   Read next  sort_rank.c, sort.c */
#ifndef TOY_OBJECT_SORT_RANK_H
#define TOY_OBJECT_SORT_RANK_H

#include "vm/object/context.h"

/* A smaller rank means a smaller key; equal ranks say nothing, but where *are_exact: there the keys are equal, too.
 * false: the keys are not of a kind that has ranks, what is in [ranks] has no meaning. */
bool sort_rank(const Value *keys, size_t count, int64_t *ranks, bool *are_exact);

#endif
