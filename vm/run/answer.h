/* answer.h - functions that only answer: what a call of one comes to, without a frame.
 *
 * What        answer_scan finds out whether code is nothing but `return self.x`, `return x` or `return constant`; answer_of is what it returns.
 * How         Getters, defaults that subclasses override, key functions: half of the calls of a program full of small classes. A frame for one
 *             costs five times of what it does. Such code has no warm_count, so that nothing else has to ask: who finds that a function is not
 *             to be entered the quick way asks here, and lays a frame where there is no answer. The attribute is looked for as the code's own
 *             words have noted it.
 * Invariants  I1 looking for the answer runs no script code and raises nothing.
 *             I2 who is watched, or asked for the lock, or has no room for the frame gets the frame all the same.
 * GIL         held.
 * Read next   answer.c, eval.c (enter_any_function), vm/object/plain_init.h (the same for __init__) */
#ifndef TOY_RUN_ANSWER_H
#define TOY_RUN_ANSWER_H

#include "vm/object/function.h"

/* For code with a hot copy. */
bool answer_scan(const Code *code);

/* What warm code that only answers returns to exact_count [args], owned. UNBOUND: it has to be run; after many such calls it is
 * code like any other, for a frame of that is laid faster: the fields of named tuples, say, have to be asked for. */
Value answer_of(Thread *t, Code *code, const Value *args);

#endif
