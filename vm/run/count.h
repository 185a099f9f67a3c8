/* count.h - what the loop has run, in a program built to count it.
 *
 * What        COUNTED(NAME), which every case of the loop begins with; in all programs but those built with -Dcount=true it is empty.
 *             How often each instruction ran, which one ran before it, and how often a guess failed; written by -X count=FILE.
 * Read next   count.c, eval.c (CASE), tests/bench/mix (who reads the file) */
#ifndef TOY_RUN_COUNT_H
#define TOY_RUN_COUNT_H

#include "vm/base/attributes.h"
#include "vm/bytecode/opcode.h"
#include "vm/run/interp.h"

#ifdef TOY_COUNT
enum { PROGRAM_COUNTS = true };
#define COUNTED(NAME) count_instruction(t->interp->run->counts, (Opcode)(uint8_t)word, OP_##NAME);
#else
enum { PROGRAM_COUNTS = false };
#define COUNTED(NAME)
#endif

typedef struct InstructionCounts InstructionCounts;

/* From here on everything is counted. False: no memory. */
MUST_CHECK bool counts_begin(Interp *interp);
/* The word said [opcode], and the case of [runs] begins: the same, or the form that [opcode] falls back to. [counts] may be NULL. */
void count_instruction(InstructionCounts *counts, Opcode opcode, Opcode runs);
/* Into the file [path], with ".PID" behind it in a forked process; and no more is counted. False, and errno: it could not be written. */
MUST_CHECK bool counts_write(Interp *interp, const char *path);

#endif
