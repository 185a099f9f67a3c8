/* eval.h - running a frame.
 * What        eval: the loop.   How  eval.c.   GIL  held; given up and taken again at SAFE instructions and inside native calls.
 * Read next   eval.c */
#ifndef TOY_RUN_EVAL_H
#define TOY_RUN_EVAL_H

#include "vm/run/frame.h"

/* Who takes what a generator yields, while the loop stays in it. */
typedef struct Visitor {
    bool (*visit)(Thread *t, Value item, void *context);
    void *context;
    bool goes_on;               /* false: visit has answered so, or something is raised */
} Visitor;

/* Run [frame], whose flags include FRAME_IS_ENTRY, until it returns or yields (owned result) or raises (FAILED).
 * [sent]: what a resumed generator's YIELD_VALUE pushes (taken); UNBOUND when it starts. If t->raised is bound on entry, the frame raises at once.
 * [visitor], for a generator, may be NULL: it gets what is yielded, and the generator goes on; END if it waits at a yield nevertheless. */
MUST_CHECK Value eval(Thread *t, Frame *frame, TAKES Value sent, Visitor *visitor);

#endif
