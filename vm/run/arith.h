/* arith.h - operators: what BINARY_OP, COMPARE_OP and the unary instructions do when the operands are not two small ints or floats.
 *
 * What        value_binary for any operator by number, the in-place forms, and the fast middle cases.
 * How         Ints and floats of any size first; then the slots of both types with the language's rule: the right operand
 *             goes first if its type is a subclass that has its own method; NOT_IMPLEMENTED asks the other one.
 * GIL         held; may run script code.
 * Read next   vm/bytecode/binary_ops.def, vm/object/slots.def */
#ifndef TOY_RUN_ARITH_H
#define TOY_RUN_ARITH_H

#include "vm/bytecode/opcode.h"
#include "vm/object/context.h"

/* The local that the instruction behind an addition stores into, or NULL. */
static inline Value *arith_append_target(Value *locals, Word next)
{
    bool stores = WORD_OPCODE(next) == OP_STORE_FAST || WORD_OPCODE(next) == OP_STORE_FAST_LOAD_FAST;
    return stores ? &locals[WORD_OPERAND(next)] : NULL;
}

/* A number as the double that equals it; NaN for any other value, for an int that no double equals, and for NaN: somebody else has to do it. */
double arith_double(Value v);
/* Both, unless both are ints; NaN on the left: they are not. */
typedef struct TwoDoubles { double left, right; } TwoDoubles;
TwoDoubles arith_two_doubles(Value left, Value right);
/* A number in its word divided by another; NaN: somebody else has to do it. */
double arith_divide_words(Value left, Value right);
/* The powers that are finite floats, of a double or of a number in its word; NaN: somebody else has to do it. */
double arith_power(double base, Value exponent);
double arith_power_words(Value base, Value exponent);
/* How two numbers that are not both small ints, two exact strs, bytes, tuples or lists lie to each other, as far as [outcomes] (enum Outcome) tell them apart: the number of an outcome's
 * bit; -1 when they are something else. Runs no script code. */
int arith_outcome(Value left, Value right, uint32_t outcomes);

MUST_CHECK Value value_binary(Thread *t, Value left, Value right, BinaryOp op);

/* The methods behind an operator. in_place: NULL unless it is an in-place one. */
typedef struct BinaryNames { Str *plain, *reflected, *in_place; } BinaryNames;
BinaryNames arith_names(Thread *t, uint32_t op);
/* Is [op] of v, an instance of a subclass of int, str ..., answered by the built-in type's own code, no method of a script's class? */
bool arith_is_native(Thread *t, Value v, uint32_t op);
/* Go on with an operator after a method of these has answered NotImplemented: a result, or the TypeError. */
enum ArithAsked { ASKED_IN_PLACE, ASKED_LEFT, ASKED_BOTH };
MUST_CHECK Value value_binary_declined(Thread *t, Value left, Value right, BinaryOp op, enum ArithAsked asked);
MUST_CHECK Value value_divmod(Thread *t, Value left, Value right);
MUST_CHECK Value value_power(Thread *t, Value base, Value exponent, Value modulus_or_none);
MUST_CHECK Value value_negative(Thread *t, Value v);
MUST_CHECK Value value_positive(Thread *t, Value v);
MUST_CHECK Value value_invert(Thread *t, Value v);
MUST_CHECK Value value_absolute(Thread *t, Value v);

#endif
