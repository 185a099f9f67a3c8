/* eval.h - running a frame.
 * What        eval: the loop.   How  eval.c.   GIL  held; given up and taken again at SAFE instructions and inside native calls.
 * Read next   eval.c */
#ifndef TOY_RUN_EVAL_H
#define TOY_RUN_EVAL_H

#include "vm/run/frame.h"

/* Run [frame], whose flags include FRAME_IS_ENTRY, until it returns or yields (owned result) or raises (FAILED).
 * [sent]: what a resumed generator's YIELD_VALUE pushes (taken); UNBOUND when it starts. If t->raised is bound on entry, the frame raises at once. */
MUST_CHECK Value eval(Thread *t, Frame *frame, TAKES Value sent);

#endif
