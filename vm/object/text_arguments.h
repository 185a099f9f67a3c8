/* text_arguments.h - arguments that the methods of str and bytes have in common.
 * What        find(x[, start[, end]]) and its like; text arguments with CPython's wording.   GIL  held.   Read next  str_methods.c, bytes_methods.c */
#ifndef TOY_OBJECT_TEXT_ARGUMENTS_H
#define TOY_OBJECT_TEXT_ARGUMENTS_H

#include "vm/object/str.h"

/* start and end as slices take them (UNBOUND or None: absent). *from > *to: there is no such part, not even an empty one. */
MUST_CHECK bool text_bounds(Thread *t, Value start, Value end, size_t length, size_t *from, size_t *to);
/* TypeError "f() argument 2 must be str, not int"; number 0: the only argument. */
MUST_CHECK bool str_argument(Thread *t, const char *function, int number, Value v);
/* An optional str argument as C text, NULL when absent: names of encodings and of error handlers. */
MUST_CHECK bool name_argument(Thread *t, const char *function, const char *parameter, Value v, BORROWED const char **name);
/* (before, separator, after) and such: takes all three references, UNBOUND ones have failed already. */
MUST_CHECK Value tuple_take3(Thread *t, TAKES Value a, TAKES Value b, TAKES Value c);
/* The row of a join's items: *held, owned, is the list or tuple that holds them. TypeError "can only join an iterable". */
MUST_CHECK bool join_items(Thread *t, Value iterable, Value *held, BORROWED const Value **items, size_t *count);

#endif
