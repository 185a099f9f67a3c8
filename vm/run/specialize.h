/* specialize.h - the hot copy: a code object's private words, in which instructions are replaced by faster forms.
 *
 * What        When a code object gets its copy, and how one instruction is specialised by what it has just met (PEP 659).
 * How         specialize.c. Off the hot copy every specialize_* does nothing.
 * GIL         held.
 * Read next   specialize.c, eval_hot.h */
#ifndef TOY_RUN_SPECIALIZE_H
#define TOY_RUN_SPECIALIZE_H

#include "vm/run/frame.h"

enum { HEAT_CALLS = 2, HEAT_LOOPS = 8 };      /* calls or turns after which a code object is worth a copy */

static inline bool is_cold(const Code *code) { return code->hot == NULL; }
/* A loop turned in cold code; [ip] is where it goes on: there, or at the same place of the new copy. */
const Word *specialize_loop(Thread *t, Frame *frame, const Word *ip);
/* Count a call; make the copy when it is due. Never fails: without memory the code stays cold. */
void specialize_call(Thread *t, Code *code);

/* [at] is the word of the running instruction, its caches behind it. */
void specialize_global(Thread *t, Frame *frame, const Word *at);
void specialize_attribute(Thread *t, Frame *frame, const Word *at, Value object);
void specialize_method(Thread *t, Frame *frame, const Word *at, Value object);
void specialize_store(Thread *t, Frame *frame, const Word *at, Value object);

#endif
