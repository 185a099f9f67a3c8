/* operators.h - operators of script classes: entered by the loop, not called.
 *
 * What        operator_enter_*: the frame of __add__, __lt__, __getitem__ ... where that is a plain function of the operand's class.
 *             operator_returned: what becomes of its result.
 * How         The operands stay where they are; the method and its own references to them come above, and the frame above these. When
 *             it is left, the flags of the frame say what the instruction makes of the result: see operators.c.
 * GIL         held.
 * Read next   operators.c, eval_values.h, arith.h */
#ifndef TOY_RUN_OPERATORS_H
#define TOY_RUN_OPERATORS_H

#include "vm/run/frame.h"

enum { OPERATOR_STAGE_JUMP = 3 };     /* of enum Stage in operators.c: the loop has to know it */

/* Could one of these have a method that is entered? The functions below look closer. */
static inline bool is_maybe_script_made(Value v) { return is_kind(v, KIND_INSTANCE); }

/* The new running frame for the instruction whose operands lie below [sp], with its position saved behind its caches. NULL: there
 * is no such method, do it the other way; or, if something is raised, fail. */
MUST_CHECK Frame *operator_enter_binary(Thread *t, Value *sp, uint32_t op);
MUST_CHECK Frame *operator_enter_compare(Thread *t, Value *sp, uint32_t op);
MUST_CHECK Frame *operator_enter_unary(Thread *t, Value *sp, Str *name);
MUST_CHECK Frame *operator_enter_get_item(Thread *t, Value *sp);
MUST_CHECK Frame *operator_enter_set_item(Thread *t, Value *sp);
MUST_CHECK Frame *operator_enter_contains(Thread *t, Value *sp, uint32_t is_inverted);
MUST_CHECK Frame *operator_enter_next(Thread *t, Value *sp);
MUST_CHECK Frame *operator_enter_iterate(Thread *t, Value *sp);
MUST_CHECK Frame *operator_enter_truth(Thread *t, Value *sp, uint64_t distance);      /* for a conditional jump over [distance] words */
/* next(iterator) is called: builtins.next lies at [call_at], the iterator above it. The frame of its __next__, which takes both places; NULL:
 * nothing has happened. */
MUST_CHECK Frame *operator_enter_next_call(Thread *t, Value *call_at);
MUST_CHECK Frame *operator_enter_set_attribute(Thread *t, Value *sp, Str *name);      /* the setter of a property */
MUST_CHECK Frame *operator_enter_with(Thread *t, Value *sp);      /* __enter__; the bound __exit__ lies in the manager's place then */

/* A frame with FRAME_IS_OPERATOR in its [flags] was left with [sent]; its method lies at [at], the operands below: all are released.
 * The instruction's result. */
MUST_CHECK Value operator_returned(Thread *t, Value *at, uint32_t flags, TAKES Value sent);
/* The result is no value, but says whether the jump is taken. */
static inline bool operator_jumps(uint32_t flags) { return (flags >> FRAME_STAGE_SHIFT & 7) == OPERATOR_STAGE_JUMP; }
/* How many operands lie below the method. */
static inline uint32_t operator_operands(uint32_t flags) { return flags >> FRAME_OPERANDS_SHIFT & 3; }

#endif
