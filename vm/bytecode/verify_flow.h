/* verify_flow.h - what the two passes of the verifier share.
 *
 * What        The Verifier: one unit under inspection, what the first pass found, where complaints go.
 * GIL         never needed.
 * Read next   verify.c, verify_flow.c */
#ifndef TOY_BYTECODE_VERIFY_FLOW_H
#define TOY_BYTECODE_VERIFY_FLOW_H

#include "vm/bytecode/opcode.h"
#include "vm/bytecode/verify.h"

enum WordMarks {
    WORD_IS_START = 1,      /* an instruction, with its prefixes, begins here */
    WORD_IS_TARGET = 2,     /* a jump or a handler leads here */
    WORD_BEGINS_LINE = 4,   /* an entry of the line table begins here: a debugger may raise before the instruction */
};

typedef struct Verifier {
    CodeUnit *unit;
    VerifyError *error;
    Arena scratch;
    uint8_t *marks;         /* enum WordMarks of each word, and of the one behind the last */
} Verifier;

/* Notes what is wrong and returns false, so that a check reads: return verify_refuse(...). */
bool verify_refuse(Verifier *verifier, uint32_t offset, const char *format, ...) PRINTF_LIKE(3, 4);
bool verify_no_memory(Verifier *verifier);

/* The second pass. Needs what the first established: operands in range, marks complete. */
MUST_CHECK bool verify_flow(Verifier *verifier);

#endif
