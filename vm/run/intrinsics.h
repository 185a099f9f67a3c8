/* intrinsics.h - the rare operations of intrinsics.def.
 * What        CALL_INTRINSIC_1 and CALL_INTRINSIC_2.
 * How         intrinsics.c
 * GIL         held; may run script code.
 * Read next   vm/bytecode/intrinsics.def, intrinsics.c */
#ifndef TOY_RUN_INTRINSICS_H
#define TOY_RUN_INTRINSICS_H

#include "vm/run/frame.h"

MUST_CHECK Value intrinsic_1(Thread *t, Frame *frame, uint32_t number, Value v);
MUST_CHECK Value intrinsic_2(Thread *t, Frame *frame, uint32_t number, Value first, Value second);

#endif
