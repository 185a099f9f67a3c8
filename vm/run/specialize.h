/* specialize.h - the hot copy: a code object's private words, in which instructions are replaced by faster forms.
 *
 * What        When a code object gets its copy, and how one instruction is specialised by what it has just met (PEP 659).
 * How         specialize.c. Off the hot copy every specialize_* does nothing.
 * GIL         held.
 * Read next   specialize.c, eval_hot.h */
#ifndef TOY_RUN_SPECIALIZE_H
#define TOY_RUN_SPECIALIZE_H

#include "vm/bytecode/opcode.h"
#include "vm/run/frame.h"

enum { HEAT_CALLS = 2, HEAT_LOOPS = 8 };      /* calls or turns after which a code object is worth a copy */

/* How two numbers may lie to each other: what COMPARE_OP's cache word in a hot copy is a set of. */
enum Outcome { OUTCOME_LESS = 1, OUTCOME_EQUAL = 2, OUTCOME_GREATER = 4 };

static inline bool is_cold(const Code *code) { return code->hot == NULL; }
/* A loop turned in plain words; [ip] is where it goes on: there, or at the same place of the hot copy, which another frame of the same code
 * (a thread's, a generator's) may have made long ago. */
const Word *specialize_loop(Thread *t, Frame *frame, const Word *ip);
/* Count a call; make the copy when it is due. Never fails: without memory the code stays cold. */
void specialize_call(Thread *t, Code *code);

/* [ip] is behind the first word of the running instruction, at its caches. (Were it that word, the loop would have its address ready for
 * every instruction: 2 % of all that run.) */
void specialize_name(Thread *t, Frame *frame, const Word *ip, Opcode plain);     /* LOAD_GLOBAL, LOAD_NAME, STORE_NAME, STORE_GLOBAL */
void specialize_attribute(Thread *t, Frame *frame, const Word *ip, Value object);
void specialize_method(Thread *t, Frame *frame, const Word *ip, Value object);
void specialize_store(Thread *t, Frame *frame, const Word *ip, Value object);
/* A call of something native is about to be made: [callee] with [first], of a method self (UNBOUND: none), else the first argument. [next] is
 * behind the instruction, caches included. */
void specialize_native_call(const Frame *frame, const Word *next, Opcode plain, Value callee, Value first);
/* The guess of the instruction has failed: [plain] comes back, or after several failures [any]. */
COLD void specialize_again(const Word *ip, Opcode plain, Opcode any, unsigned caches);

#endif
