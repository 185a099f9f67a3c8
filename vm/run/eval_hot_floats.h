/* eval_hot_floats.h - chains of float operations. Part of eval.c, which includes it inside its switch.
 *
 * What        Where the hot forms go with a double they have computed: float_result.
 * How         In a * b + c * d the result of one operation is an operand of the next. So it is not made a word and pushed at once: it stays
 *             the double [number], the top of the stack in thought, while the instructions that follow are among those below, which take it
 *             from there. Any other one finds it on the stack: float_pushed. A step in a chain is a third of the machine's instructions of
 *             the same form with its operands on the stack.
 * Invariants  I1 nothing here calls or raises before float_pushed, and there only if no memory is left for a float that needs a box.
 *             I2 words, as everywhere: [word] is the instruction that comes next, ip past it.
 * GIL         held.
 * Read next   eval_hot.h (the same forms, operands on the stack), vm/object/value.h (which doubles fit in a word) */

#define FLOAT_CASE(NAME) float_##NAME: COUNTED(NAME)

/* [other]: the operand [value] as a double; of what is no number, or none that a double holds, or NaN, the form itself knows what to do. */
#define FLOAT_OPERAND(value, other)                                            \
    do {                                                                       \
        Value operand_ = (value);                                              \
        if (LIKELY(is_word_float(operand_))) {                                 \
            other = word_float(operand_);                                      \
        } else {                                                               \
            other = arith_double(operand_);                                    \
            if (other != other) goto float_pushed;                             \
        }                                                                      \
    } while (0)
#define FLOAT_STEP(NAME, value, operator)                                      \
    FLOAT_CASE(NAME) {                                                         \
        double other;                                                          \
        FLOAT_OPERAND(value, other);                                           \
        number = number operator other;                                        \
        word = ip[1 + CACHES_BINARY_OP];                                       \
        ip += 2 + CACHES_BINARY_OP;                                            \
        NEXT_OF_FLOAT;                                                         \
    }
/* The same with the operand that lies on the stack, left of it. */
#define FLOAT_BINARY(NAME, operator)                                           \
    FLOAT_CASE(NAME) {                                                         \
        if (UNLIKELY(!is_word_float(TOP))) goto float_pushed;                              \
        number = word_float(POP()) operator number;                            \
        word = ip[CACHES_BINARY_OP];                                           \
        ip += 1 + CACHES_BINARY_OP;                                            \
        NEXT_OF_FLOAT;                                                         \
    }
#define FLOAT_COMPARE_JUMP(left, right, compare)                               \
    do {                                                                       \
        const Word *jump_ = (compare) + 1 + CACHES_COMPARE_OP;                 \
        ip = jump_ + 1;                                                        \
        if (jump_[-1] >> OUTCOME_OF(left, right) & 1) ip += WORD_OPERAND(*jump_); \
        NEXT;                                                                  \
    } while (0)

    FLOAT_CASE(STORE_FAST)
        stored = word_float_try(number);
        if (LIKELY(is_word_float(stored))) goto store_result;
        goto float_pushed;
    FLOAT_STEP(ADD_FAST, locals[OPERAND], +)
    FLOAT_STEP(SUBTRACT_FAST, locals[OPERAND], -)
    FLOAT_STEP(MULTIPLY_FAST, locals[OPERAND], *)
    FLOAT_STEP(ADD_CONST, frame->constants[OPERAND], +)
    FLOAT_STEP(SUBTRACT_CONST, frame->constants[OPERAND], -)
    FLOAT_STEP(MULTIPLY_CONST, frame->constants[OPERAND], *)
    FLOAT_BINARY(BINARY_ADD, +)
    FLOAT_BINARY(BINARY_SUBTRACT, -)
    FLOAT_BINARY(BINARY_MULTIPLY, *)
    FLOAT_CASE(BINARY_TRUE_DIVIDE)
        if (UNLIKELY(!is_word_float(TOP) || number == 0)) goto float_pushed;
        number = word_float(POP()) / number;
        word = ip[CACHES_BINARY_OP];
        ip += 1 + CACHES_BINARY_OP;
        NEXT_OF_FLOAT;
    FLOAT_CASE(POWER_CONST) {
        double power = arith_power(number, frame->constants[OPERAND]);
        if (UNLIKELY(power != power)) goto float_pushed;
        number = power;
        word = ip[1 + CACHES_BINARY_OP];
        ip += 2 + CACHES_BINARY_OP;
        NEXT_OF_FLOAT;
    }
    FLOAT_CASE(UNARY_NEGATIVE)
        number = -number;
        word = *ip++;
        NEXT_OF_FLOAT;
    FLOAT_CASE(COMPARE_FAST_JUMP) {
        double other;
        FLOAT_OPERAND(locals[OPERAND], other);
        if (UNLIKELY(number != number)) goto float_pushed;
        FLOAT_COMPARE_JUMP(number, other, ip);
    }
    FLOAT_CASE(COMPARE_CONST_JUMP) {
        double other;
        FLOAT_OPERAND(frame->constants[OPERAND], other);
        if (UNLIKELY(number != number)) goto float_pushed;
        FLOAT_COMPARE_JUMP(number, other, ip);
    }
    FLOAT_CASE(COMPARE_JUMP) {
        if (UNLIKELY(!is_word_float(TOP) || number != number)) goto float_pushed;
        double left = word_float(POP());
        FLOAT_COMPARE_JUMP(left, number, ip - 1);
    }
    FLOAT_CASE(STORE_SUBSCR_UNDER) {
        Value container = sp[-2], key = TOP, *place, old;
        stored = word_float_try(number);
        if (UNLIKELY(!is_word_float(stored) || !IS_LIST_PLACE(container, key))) goto float_pushed;
        place = &as_list(container)->items[small_int(key)];
        old = *place;
        *place = stored;
        sp -= 2;
        ip += 2 + CACHES_STORE_SUBSCR;
        RELEASE(old);
        RELEASE(container);
        NEXT;
    }
/* With the attribute of a local, and into one. */
#define FLOAT_STEP_ATTR(NAME, operator)                                        \
    FLOAT_CASE(NAME) {                                                         \
        Value right;                                                           \
        double other;                                                          \
        NOTED_ATTRIBUTE(locals[OPERAND], ip, right, float_pushed);             \
        FLOAT_OPERAND(right, other);                                           \
        number = number operator other;                                        \
        word = ip[ATTR_OPERAND_WORDS];                                         \
        ip += ATTR_OPERAND_WORDS + 1;                                          \
        NEXT_OF_FLOAT;                                                         \
    }
    FLOAT_STEP_ATTR(ADD_ATTR, +)
    FLOAT_STEP_ATTR(SUBTRACT_ATTR, -)
    FLOAT_STEP_ATTR(MULTIPLY_ATTR, *)
    FLOAT_CASE(STORE_FAST_ATTR) {
        Value *place, old;
        stored = word_float_try(number);
        if (UNLIKELY(!is_word_float(stored))) goto float_pushed;
        NOTED_PLACE(locals[OPERAND], ip, place, float_pushed);
        old = *place;
        *place = stored;
        ip += 1 + CACHES_STORE_ATTR;
        RELEASE(old);
        NEXT;
    }
    FLOAT_CASE(STORE_ATTR_UNDER) {
        Value holder = TOP, *place, old;
        stored = word_float_try(number);
        if (UNLIKELY(!is_word_float(stored))) goto float_pushed;
        NOTED_PLACE(holder, ip, place, float_pushed);
        old = *place;
        *place = stored;
        sp--;
        ip += 1 + CACHES_STORE_ATTR;
        SAVE();
        release(old);
        object_release(as_object(holder));
        NEXT;
    }
float_pushed: {
        Value v = word_float_try(number);
        if (UNLIKELY(!is_word_float(v))) {
            ip--;                      /* still in the instruction that has computed it */
            SAVE();
            v = float_box(t, number);
            if (failed(v)) FAIL;
            ip++;
        }
        PUSH(v);
        RUN_WORD;
    }
