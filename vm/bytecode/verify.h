/* verify.h - is this code unit fit to run?
 *
 * What        code_verify checks a unit and the units among its constants, so that the loop, which checks nothing of the kind,
 *             can neither read outside a table or the stack nor take a value for what it is not. What the compiler makes
 *             passes always (debug builds ask each time); what comes from outside must pass before its first run.
 * How         Two passes. verify.c looks at each table and each instruction alone: operands in range, jumps to instructions.
 *             verify_flow.c runs the code on kinds instead of values, over all paths at once.
 * Promises    The loop may rely on these, and on no more:
 *             P1 every operand is in range for its kind; every jump lands on an instruction; nothing runs off the end.
 *             P2 at each instruction the depth of the stack is the same whichever way it was reached, is never more than
 *                stack_size, and an instruction finds what its row says it pops; RETURN_VALUE and RETURN_CONST leave it empty.
 *             P3 the unbound word is never an operand, but for the self of CALL_METHOD and what SWAP, COPY and STORE_FAST move.
 *             P4 a slot named by a CELL operand holds a cell. LIST_APPEND and its kin find the container their name says;
 *                PUSH_EXC_INFO, POP_EXCEPT and the CHECK_ rows find what a handler pushed; RERAISE an exception or None.
 *             P5 the names of CALL_KW and CALL_METHOD_KW are a tuple of at most arg strings; those of MATCH_CLASS a tuple of strings.
 *             P6 MAKE_FUNCTION takes a code constant; a closure has as many cells as that code has free variables.
 *             P7 a handler's depth is never more than what lies on the stack where something is raised.
 *             P8 only generators and coroutines suspend, and only after RETURN_GENERATOR; ASYNC_GEN_WRAP's result is yielded at once.
 * GIL         never needed.
 * Read next   verify.c, verify_flow.c */
#ifndef TOY_BYTECODE_VERIFY_H
#define TOY_BYTECODE_VERIFY_H

#include "vm/bytecode/code.h"

typedef struct VerifyError {
    const CodeUnit *unit;    /* the unit at fault: the one given, or one inside it */
    uint32_t offset;         /* of the instruction, 0 when a table is at fault */
    bool is_out_of_memory;   /* nothing was found: there was no memory to look */
    char message[120];
} VerifyError;

/* True: fit, and is_verified is set, in the nested units too. False: *error says what is wrong first. */
MUST_CHECK bool code_verify(CodeUnit *unit, VerifyError *error);

#endif
