/* coroutine.h - await, asynchronous iteration, asynchronous generators.
 * What        The bodies of GET_AWAITABLE, GET_AITER, GET_ANEXT; coroutine and async_generator as types.
 * How         coroutine.c, async_generator.c
 * GIL         held.   Read next  generator.h */
#ifndef TOY_RUN_COROUTINE_H
#define TOY_RUN_COROUTINE_H

#include "vm/run/generator.h"

MUST_CHECK bool coroutine_note_origin(Thread *t, Generator *coroutine);       /* cr_origin, if tracking is on */
MUST_CHECK Value awaitable_iterator(Thread *t, Value v, uint32_t context);    /* GET_AWAITABLE; context as its operand */
MUST_CHECK Value async_iterator(Thread *t, Value v);                          /* GET_AITER */
MUST_CHECK Value async_iterator_next(Thread *t, Value iterator);              /* GET_ANEXT: what awaits the next value */
MUST_CHECK Value async_generator_wrap(Thread *t, Value v);                    /* INTRINSIC ASYNC_GEN_WRAP */
/* Awaitables of asynchronous generators, which SEND drives without their Python methods. */
bool coroutine_can_send(Value v);
MUST_CHECK Value coroutine_send(Thread *t, Value awaitable, Value value, Value *returned);

/* anext(iterator, default): what awaits the next value, or is the default at the end. [awaitable] is what __anext__ has answered. */
MUST_CHECK Value anext_with_default(Thread *t, Value awaitable, Value otherwise);

extern const TypeSpec coroutine_spec, coroutine_wrapper_spec, async_generator_spec, async_generator_step_spec, async_generator_throw_spec,
    async_generator_value_spec, anext_awaitable_spec;

#endif
