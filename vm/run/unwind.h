/* unwind.h - exceptions on their way: raise, match, unwind, with.
 * What        What the loop needs when t->raised is set, and the bodies of the exception instructions.   How  unwind.c
 * GIL         held.   Read next  unwind.c */
#ifndef TOY_RUN_UNWIND_H
#define TOY_RUN_UNWIND_H

#include "vm/run/frame.h"

/* The running instruction of [frame] failed: name it in the traceback of t->raised. Out of memory: the entry is missing. */
void unwind_add_traceback(Thread *t, Frame *frame);
/* No handler here: leave [frame], whose operand stack is empty. True if it was an entry frame. */
bool unwind_frame(Thread *t, Frame *frame);
/* [frame] was laid but never ran. */
void frame_abandon(Thread *t, Frame *frame);
/* The word offset to push for a handler that wants it, and the word to go on with. */
int64_t unwind_origin(Thread *t, Frame *frame);
void unwind_set_origin(Thread *t, Frame *frame, Value offset);
const Word *unwind_target(Thread *t, Frame *frame, uint32_t offset);

/* raise with 0, 1 or 2 operands (borrowed): sets t->raised. True: an old exception goes on, no new traceback entry. */
bool unwind_raise(Thread *t, Value *operands, uint32_t count);
/* RERAISE found None instead of an exception: RuntimeError. */
void unwind_nothing_to_reraise(Thread *t);
MUST_CHECK bool unwind_matches(Thread *t, Value exception, Value classes, bool *matches);
MUST_CHECK bool unwind_match_group(Thread *t, Value exception, Value classes, Value *rest, Value *match);
MUST_CHECK Value unwind_enter_with(Thread *t, Value manager, Value *exit);
MUST_CHECK Value unwind_enter_async_with(Thread *t, Value manager, Value *exit);
MUST_CHECK Value unwind_call_exit(Thread *t, Value exit, Value exception);
/* except*: what is raised in the end, or None. */
MUST_CHECK Value unwind_prepare_reraise_star(Thread *t, Value original, Value raised_list);

#endif
