/* eval_hot.h - the cases of the hot forms. Part of eval.c, which includes it inside its switch.
 *
 * What        One case per HOT row of opcodes.def.
 * How         A guess is tested; if it holds, the work is done here, without touching reference counts where the operands are numbers. If not:
 *             a single form runs the plain case (goto run_...); a fused form does its first instruction, or loads its first two, and goes
 *             on with the next, which is whole. So no hot form has an error path of its own.
 * Invariants  I1 nothing here raises or calls script code, but CONTAINS_JUMP, whose operands lie where the plain instruction has them.
 * GIL         held.
 * Read next   specialize.c (who puts them there), eval_hot_floats.h (where a float result goes) */

/* Results of two small ints: false when the sum needs more than 63 bits. Tags: (2a + 1) + (2b + 1) - 1 = 2(a + b) + 1. */
#define INT_ADD(a, b, result) (!__builtin_add_overflow((int64_t)(a).bits, (int64_t)((b).bits - 1), (int64_t *)&(result).bits))
#define INT_SUBTRACT(a, b, result) (!__builtin_sub_overflow((int64_t)(a).bits, (int64_t)((b).bits - 1), (int64_t *)&(result).bits))
#define INT_MULTIPLY(a, b, result)                                                                            \
    (!__builtin_mul_overflow((int64_t)((a).bits - 1), (int64_t)(b).bits >> 1, (int64_t *)&(result).bits) && ((result).bits |= 1, true))

#define INT_AND(a, b, result) ((result).bits = (a).bits & (b).bits, true)
#define INT_OR(a, b, result) ((result).bits = (a).bits | (b).bits, true)
#define INT_XOR(a, b, result) ((result).bits = ((a).bits ^ (b).bits) | 1, true)
/* By a positive number; what C rounds towards zero goes down here. */
#define INT_FLOOR_DIVIDE(a, b, result)                                                                        \
    (small_int(b) > 0 && ((result) = small_int_value(small_int(a) / small_int(b) - (small_int(a) % small_int(b) < 0)), true))
#define INT_REMAINDER(a, b, result)                                                                           \
    (small_int(b) > 0 && ((result) = small_int_value(small_int(a) % small_int(b) + (small_int(a) % small_int(b) < 0 ? small_int(b) : 0)), true))
/* What comes back when it is shifted back has lost nothing. */
#define INT_LSHIFT(a, b, result)                                                                              \
    ((uint64_t)small_int(b) < 63 && (int64_t)((result).bits = ((a).bits - 1) << small_int(b)) >> small_int(b) == (int64_t)((a).bits - 1) && ((result).bits |= 1, true))
#define INT_RSHIFT(a, b, result) ((uint64_t)small_int(b) < 63 && ((result).bits = (uint64_t)((int64_t)(a).bits >> small_int(b)) | 1, true))

/* Two ints whose result is small, or two numbers of which one is a float: that is it. Elsewhere what comes next has to do it. */
#define ARITHMETIC(a, b, INT_OPERATION, operator, popped, words)               \
    do {                                                                       \
        if (are_small_ints(a, b)) {                                            \
            if (LIKELY(INT_OPERATION(a, b, stored))) FINISH(stored, popped, words); \
        } else if (LIKELY(are_word_floats(a, b))) {                            \
            number = word_float(a) operator word_float(b);                     \
            FINISH_FLOAT(popped, words);                                       \
        } else if (is_number_word(a) || is_number_word(b)) {                   \
            TwoDoubles both_ = arith_two_doubles(a, b);                        \
            if (both_.left == both_.left) {                                    \
                if ((popped) > 0) release(a);                                  \
                if ((popped) > 1) release(b);                                  \
                number = both_.left operator both_.right;                      \
                FINISH_FLOAT(popped, words);                                   \
            }                                                                  \
        }                                                                      \
    } while (0)
/* The same with [number] as the result; where nobody takes it as it is, it goes on the stack here: one jump less. */
#define FINISH_FLOAT(popped, words)                                            \
    do {                                                                       \
        word = ip[words];                                                      \
        ip += (words) + 1;                                                     \
        sp -= popped;                                                          \
        if (IS_FLOAT_FORM(word)) NEXT_OF_FLOAT;                                \
        Value pushed_ = word_float_try(number);                                \
        if (UNLIKELY(!is_word_float(pushed_))) goto float_pushed;              \
        PUSH(pushed_);                                                         \
        RUN_WORD;                                                              \
    } while (0)

CASE(BINARY_ADD) {
    Value left = sp[-2], right = TOP;
    ARITHMETIC(left, right, INT_ADD, +, 2, CACHES_BINARY_OP);
    goto run_BINARY_OP;
}
CASE(ADD_FAST) {
    Value left = TOP, right = locals[OPERAND];
    ARITHMETIC(left, right, INT_ADD, +, 1, 1 + CACHES_BINARY_OP);
    goto run_LOAD_FAST;
}
CASE(ADD_CONST) {
    Value left = TOP, right = frame->constants[OPERAND];
    ARITHMETIC(left, right, INT_ADD, +, 1, 1 + CACHES_BINARY_OP);
    goto run_LOAD_CONST;
}
CASE(ADD_FAST_FAST) {
    Value left = locals[OPERAND], right = locals[WORD_OPERAND(ip[0])];
    ARITHMETIC(left, right, INT_ADD, +, 0, 2 + CACHES_BINARY_OP);
    goto run_LOAD_FAST_FAST;
}
CASE(ADD_FAST_CONST) {
    Value left = locals[OPERAND], right = frame->constants[WORD_OPERAND(ip[0])];
    ARITHMETIC(left, right, INT_ADD, +, 0, 2 + CACHES_BINARY_OP);
    goto run_LOAD_FAST_CONST;
}
CASE(BINARY_SUBTRACT) {
    Value left = sp[-2], right = TOP;
    ARITHMETIC(left, right, INT_SUBTRACT, -, 2, CACHES_BINARY_OP);
    goto run_BINARY_OP;
}
CASE(SUBTRACT_FAST) {
    Value left = TOP, right = locals[OPERAND];
    ARITHMETIC(left, right, INT_SUBTRACT, -, 1, 1 + CACHES_BINARY_OP);
    goto run_LOAD_FAST;
}
CASE(SUBTRACT_CONST) {
    Value left = TOP, right = frame->constants[OPERAND];
    ARITHMETIC(left, right, INT_SUBTRACT, -, 1, 1 + CACHES_BINARY_OP);
    goto run_LOAD_CONST;
}
CASE(SUBTRACT_FAST_FAST) {
    Value left = locals[OPERAND], right = locals[WORD_OPERAND(ip[0])];
    ARITHMETIC(left, right, INT_SUBTRACT, -, 0, 2 + CACHES_BINARY_OP);
    goto run_LOAD_FAST_FAST;
}
CASE(SUBTRACT_FAST_CONST) {
    Value left = locals[OPERAND], right = frame->constants[WORD_OPERAND(ip[0])];
    ARITHMETIC(left, right, INT_SUBTRACT, -, 0, 2 + CACHES_BINARY_OP);
    goto run_LOAD_FAST_CONST;
}
CASE(BINARY_MULTIPLY) {
    Value left = sp[-2], right = TOP;
    ARITHMETIC(left, right, INT_MULTIPLY, *, 2, CACHES_BINARY_OP);
    goto run_BINARY_OP;
}
CASE(MULTIPLY_FAST) {
    Value left = TOP, right = locals[OPERAND];
    ARITHMETIC(left, right, INT_MULTIPLY, *, 1, 1 + CACHES_BINARY_OP);
    goto run_LOAD_FAST;
}
CASE(MULTIPLY_CONST) {
    Value left = TOP, right = frame->constants[OPERAND];
    ARITHMETIC(left, right, INT_MULTIPLY, *, 1, 1 + CACHES_BINARY_OP);
    goto run_LOAD_CONST;
}
/* 2 * x: for two numbers that is x * 2. */
CASE(MULTIPLY_CONST_FAST) {
    Value left = frame->constants[OPERAND], right = locals[WORD_OPERAND(ip[0])];
    ARITHMETIC(left, right, INT_MULTIPLY, *, 0, 2 + CACHES_BINARY_OP);
    goto run_LOAD_CONST;
}
CASE(MULTIPLY_FAST_FAST) {
    Value left = locals[OPERAND], right = locals[WORD_OPERAND(ip[0])];
    ARITHMETIC(left, right, INT_MULTIPLY, *, 0, 2 + CACHES_BINARY_OP);
    goto run_LOAD_FAST_FAST;
}
CASE(MULTIPLY_FAST_CONST) {
    Value left = locals[OPERAND], right = frame->constants[WORD_OPERAND(ip[0])];
    ARITHMETIC(left, right, INT_MULTIPLY, *, 0, 2 + CACHES_BINARY_OP);
    goto run_LOAD_FAST_CONST;
}
CASE(BINARY_TRUE_DIVIDE) {
    Value left = sp[-2], right = TOP;
    if (are_word_floats(left, right)) number = word_float(left) / word_float(right);    /* a word float is never zero */
    else if (is_word_float(left) && is_small_int(right) && !is_same(right, small_int_value(0))) number = word_float(left) / (double)small_int(right);
    else number = arith_divide_words(left, right);
    if (LIKELY(number == number)) FINISH_FLOAT(2, CACHES_BINARY_OP);
    goto run_BINARY_OP;
}

/* x ** 2, x ** 0.5: the square of a small int, or of numbers in their word a power that is a finite float. */
CASE(POWER_CONST) {
    Value base = TOP, exponent = frame->constants[OPERAND];
    if (is_small_int(base) && is_same(exponent, small_int_value(2)) && INT_MULTIPLY(base, base, stored)) FINISH(stored, 1, 1 + CACHES_BINARY_OP);
    number = arith_power_words(base, exponent);
    if (LIKELY(number == number)) FINISH_FLOAT(1, 1 + CACHES_BINARY_OP);
    goto run_LOAD_CONST;
}

/* As FINISH, of operators whose result is most often compared with a constant (n % 2 == 0, i & 3 == 0): then it does not go over the stack.
 * A loop over such ints takes 0.95 of the instructions. */
#define FINISH_INT(popped, words)                                              \
    do {                                                                       \
        word = ip[words];                                                      \
        ip += (words) + 1;                                                     \
        sp -= popped;                                                          \
        if ((uint8_t)word == OP_COMPARE_CONST_JUMP) goto compare_result;       \
        if ((uint8_t)word == OP_STORE_FAST) goto store_result;                 \
        PUSH(stored);                                                          \
        RUN_WORD;                                                              \
    } while (0)
/* Two small ints whose result is small. */
#define ARITHMETIC_OF_INTS(left, right, INT_OPERATION, popped, words)          \
    do {                                                                       \
        if (LIKELY(are_small_ints(left, right)) && LIKELY(INT_OPERATION(left, right, stored))) FINISH_INT(popped, words); \
    } while (0)
#define BINARY_OF_INTS(NAME)                                                   \
    CASE(BINARY_##NAME) {                                                      \
        Value left = sp[-2], right = TOP;                                      \
        ARITHMETIC_OF_INTS(left, right, INT_##NAME, 2, CACHES_BINARY_OP);      \
        goto run_BINARY_OP;                                                    \
    }
BINARY_OF_INTS(FLOOR_DIVIDE)
BINARY_OF_INTS(REMAINDER)
BINARY_OF_INTS(AND)
BINARY_OF_INTS(OR)
BINARY_OF_INTS(XOR)
BINARY_OF_INTS(LSHIFT)
BINARY_OF_INTS(RSHIFT)
CASE(REMAINDER_CONST) {
    Value left = TOP, right = frame->constants[OPERAND];
    ARITHMETIC_OF_INTS(left, right, INT_REMAINDER, 1, 1 + CACHES_BINARY_OP);
    goto run_LOAD_CONST;
}
CASE(REMAINDER_FAST_CONST) {
    Value left = locals[OPERAND], right = frame->constants[WORD_OPERAND(ip[0])];
    ARITHMETIC_OF_INTS(left, right, INT_REMAINDER, 0, 2 + CACHES_BINARY_OP);
    goto run_LOAD_FAST_CONST;
}
CASE(AND_CONST) {
    Value left = TOP, right = frame->constants[OPERAND];
    ARITHMETIC_OF_INTS(left, right, INT_AND, 1, 1 + CACHES_BINARY_OP);
    goto run_LOAD_CONST;
}
CASE(AND_FAST_CONST) {
    Value left = locals[OPERAND], right = frame->constants[WORD_OPERAND(ip[0])];
    ARITHMETIC_OF_INTS(left, right, INT_AND, 0, 2 + CACHES_BINARY_OP);
    goto run_LOAD_FAST_CONST;
}

/* The same operators with operands that are not on the stack: // % & | ^ << >>. A form for each place where operands may be, and one way for
 * all operators, which the BINARY_OP's hot word tells apart. */
CASE(OPERATE_FAST) {
    left_int = TOP, right_int = locals[OPERAND];
    if (UNLIKELY(!are_small_ints(left_int, right_int))) goto run_LOAD_FAST;
    sp--;
    goto operate;
}
CASE(OPERATE_CONST) {
    left_int = TOP, right_int = frame->constants[OPERAND];
    if (UNLIKELY(!are_small_ints(left_int, right_int))) goto run_LOAD_CONST;
    sp--;
    goto operate;
}
CASE(OPERATE_FAST_FAST) {
    left_int = locals[OPERAND], right_int = locals[WORD_OPERAND(ip[0])];
    if (UNLIKELY(!are_small_ints(left_int, right_int))) goto run_LOAD_FAST_FAST;
    ip++;
    goto operate;
}
CASE(OPERATE_FAST_CONST) {
    left_int = locals[OPERAND], right_int = frame->constants[WORD_OPERAND(ip[0])];
    if (UNLIKELY(!are_small_ints(left_int, right_int))) goto run_LOAD_FAST_CONST;
    ip++;
    goto operate;
}
#define OPERATOR_OF_INTS(NAME) case OP_BINARY_##NAME: if (LIKELY(INT_##NAME(left_int, right_int, stored))) break; goto operands_pushed;
operate:
    switch (WORD_OPCODE(*ip)) {
        OPERATOR_OF_INTS(FLOOR_DIVIDE)
        OPERATOR_OF_INTS(REMAINDER)
        OPERATOR_OF_INTS(AND)
        OPERATOR_OF_INTS(OR)
        OPERATOR_OF_INTS(XOR)
        OPERATOR_OF_INTS(LSHIFT)
        OPERATOR_OF_INTS(RSHIFT)
    default:
    operands_pushed:                   /* no small int comes of it: the instruction that comes next asks again */
        sp[0] = left_int;
        sp[1] = right_int;
        sp += 2;
        NEXT;
    }
    FINISH_INT(0, 1 + CACHES_BINARY_OP);

/* ---- comparisons ---- */

/* outcome: how two numbers lie to each other (those of the word are never NaN); out of line, where one is boxed or only one is a float, or
 * two texts: the number of a bit in enum Outcome. [drop] lets go of what lies on the stack. Anything else: goto otherwise. */
#define OUTCOME_OF(a, b) (((a) > (b)) - ((a) < (b)) + 1)
#define COMPARE(left, right, outcomes, outcome, drop, otherwise)                                                            \
    do {                                                                                                                    \
        if (LIKELY(are_small_ints(left, right))) {                                                                          \
            outcome = OUTCOME_OF((int64_t)(left).bits, (int64_t)(right).bits);                                              \
        } else if (are_word_floats(left, right)) {                                                                          \
            outcome = OUTCOME_OF(word_float(left), word_float(right));                                                      \
        } else {                                                                                                            \
            outcome = arith_outcome(left, right, outcomes);                                                            \
            if (outcome < 0) goto otherwise;                                                                                \
            drop;                                                                                                           \
        }                                                                                                                   \
    } while (0)

CASE(COMPARE_EASY) {
    Value left = sp[-2], right = TOP;
    int outcome;
    COMPARE(left, right, *ip, outcome, (release(left), release(right)), run_COMPARE_OP);
    sp--;
    TOP = bool_value(*ip >> outcome & 1);
    SKIP(COMPARE_OP);
    NEXT;
}

/* Compare, and jump if the outcome is one of those in [compare]'s cache word; [compare] is where the COMPARE_OP stands, the jump behind it.
 * [loops]: behind that one stands the JUMP_BACKWARD of a loop, which is done here unless it has something to hear. */
#define COMPARE_AND_JUMP(left, right, drop, drop_count, compare, otherwise, loops)             \
    do {                                                                                       \
        const Word *jump_ = (compare) + 1 + CACHES_COMPARE_OP;                                 \
        int outcome_;                                                                          \
        COMPARE(left, right, jump_[-1], outcome_, drop, otherwise);                            \
        sp -= drop_count;                                                                      \
        ip = jump_ + 1;                                                                        \
        if ((loops) && LIKELY(!(jump_[-1] >> outcome_ & 1))) LOOP_AGAIN();                      \
        if (jump_[-1] >> outcome_ & 1) ip += WORD_OPERAND(*jump_);                             \
        NEXT;                                                                                  \
    } while (0)
#define LOOP_AGAIN()                                                                           \
    do {                                                                                       \
        if (LIKELY(atomic_load_explicit(&t->breaker, memory_order_relaxed) == 0)) ip = ip + 1 - (size_t)WORD_OPERAND(*ip); \
        NEXT;                                                                                  \
    } while (0)
CASE(COMPARE_JUMP) {
    Value left = sp[-2], right = TOP;
    COMPARE_AND_JUMP(left, right, (release(left), release(right)), 2, ip - 1, run_COMPARE_OP, false);
}
CASE(COMPARE_FAST_JUMP) {
    Value left = TOP, right = locals[OPERAND];
    COMPARE_AND_JUMP(left, right, release(left), 1, ip, run_LOAD_FAST, false);
}
CASE(COMPARE_CONST_JUMP) {
    Value left = TOP, right = frame->constants[OPERAND];
    COMPARE_AND_JUMP(left, right, release(left), 1, ip, run_LOAD_CONST, false);
}
compare_result: {                      /* the same with the small int [stored], which is not on the stack */
    Value right = frame->constants[OPERAND];
    if (UNLIKELY(!is_small_int(right))) { PUSH(stored); goto run_COMPARE_CONST_JUMP; }
    COUNTED(COMPARE_CONST_JUMP)
    const Word *jump = ip + 1 + CACHES_COMPARE_OP;
    ip = jump + 1;
    if (jump[-1] >> OUTCOME_OF((int64_t)stored.bits, (int64_t)right.bits) & 1) ip += WORD_OPERAND(*jump);
    NEXT;
}
CASE(COMPARE_FAST_FAST_JUMP) {
    Value left = locals[OPERAND], right = locals[WORD_OPERAND(ip[0])];
    COMPARE_AND_JUMP(left, right, (void)0, 0, ip + 1, run_LOAD_FAST_FAST, false);
}
CASE(COMPARE_FAST_FAST_LOOP) {
    Value left = locals[OPERAND], right = locals[WORD_OPERAND(ip[0])];
    COMPARE_AND_JUMP(left, right, (void)0, 0, ip + 1, run_LOAD_FAST_FAST, true);
}
CASE(COMPARE_FAST_CONST_JUMP) {
    Value left = locals[OPERAND], right = frame->constants[WORD_OPERAND(ip[0])];
    COMPARE_AND_JUMP(left, right, (void)0, 0, ip + 1, run_LOAD_FAST_CONST, false);
}
CASE(COMPARE_FAST_CONST_LOOP) {
    Value left = locals[OPERAND], right = frame->constants[WORD_OPERAND(ip[0])];
    COMPARE_AND_JUMP(left, right, (void)0, 0, ip + 1, run_LOAD_FAST_CONST, true);
}

/* if x, while x: the truth of a local that is a boolean, a small int, None or a built-in container. Nobody has to be asked, nothing is counted. */
#define TEST_AND_JUMP(loops)                                                   \
    do {                                                                       \
        Value tested_ = locals[OPERAND];                                       \
        int truth_ = is_bool(tested_) ? is_true(tested_) : is_small_int(tested_) ? !is_same(tested_, small_int_value(0)) : iterate_truth(tested_); \
        if (UNLIKELY(truth_ < 0)) goto run_LOAD_FAST;                          \
        const Word *jump_ = ip++;                                              \
        if ((loops) && LIKELY(truth_ != (WORD_OPCODE(*jump_) == OP_POP_JUMP_IF_TRUE))) LOOP_AGAIN(); \
        if (truth_ == (WORD_OPCODE(*jump_) == OP_POP_JUMP_IF_TRUE)) ip += WORD_OPERAND(*jump_); \
        NEXT;                                                                  \
    } while (0)
CASE(TEST_FAST_JUMP) { TEST_AND_JUMP(false); }
CASE(TEST_FAST_LOOP) { TEST_AND_JUMP(true); }

CASE(IS_JUMP) {
    SAVE();
    Value right = TOP, left = sp[-2];
    sp -= 2;
    if ((is_same(left, right) != (bool)OPERAND) == (WORD_OPCODE(*ip) == OP_POP_JUMP_IF_TRUE)) ip += WORD_OPERAND(*ip);
    ip++;
    release2(left, right);
    NEXT;
}
/* `in` stands in conditions mostly: its answer is no bool then. Any container. */
CASE(CONTAINS_JUMP) {
    SAVE();
    Value container = TOP, item = sp[-2];
    int found = iterate_contains(t, container, item);
    if (UNLIKELY(found < 0)) FAIL;
    sp -= 2;
    if ((found != (int)OPERAND) == (WORD_OPCODE(*ip) == OP_POP_JUMP_IF_TRUE)) ip += WORD_OPERAND(*ip);
    ip++;
    release2(item, container);
    NEXT;
}

/* ---- the traced copy ---- */

CASE(TRACED) {
    frame->ip = ip;
    frame->sp = sp;
    TraceStep step = trace_instruction(t, frame);
    sp = frame->sp;
    if (step == TRACE_FAILED) FAIL;
    ip = frame->ip;
    if (step == TRACE_GO_ON) NEXT;
    word = frame->code->unit->words[frame_offset(frame)];
    goto dispatch;      /* I1 does not hold here: hooks are script code */
}

/* ---- several at once ---- */

CASE(LOAD_FAST_FAST) {
    Value first = locals[OPERAND], second = locals[WORD_OPERAND(ip[0])];
    if (UNLIKELY(is_unbound(first) || is_unbound(second))) goto run_LOAD_FAST;
    sp[0] = retain(first);
    sp[1] = retain(second);
    sp += 2;
    ip++;
    NEXT;
}
CASE(LOAD_FAST_CONST) {
    Value first = locals[OPERAND];
    if (UNLIKELY(is_unbound(first))) goto run_LOAD_FAST;
    sp[0] = retain(first);
    sp[1] = retain_bound(frame->constants[WORD_OPERAND(ip[0])]);
    sp += 2;
    ip++;
    NEXT;
}
CASE(LOAD_CONST_CONST) {
    sp[0] = retain_bound(frame->constants[OPERAND]);
    sp[1] = retain_bound(frame->constants[WORD_OPERAND(ip[0])]);
    sp += 2;
    ip++;
    NEXT;
}
CASE(STORE_FAST_LOAD_FAST) {
    Value old = locals[OPERAND];
    locals[OPERAND] = TOP;
    RELEASE(old);
    Value v = locals[WORD_OPERAND(ip[0])];
    if (UNLIKELY(is_unbound(v))) { sp--; NEXT; }        /* LOAD_FAST, which comes next, says so */
    TOP = retain(v);
    ip++;
    NEXT;
}
CASE(STORE_FAST_STORE_FAST) {
    REPLACE(&locals[OPERAND], POP());
    word = *ip++;
    REPLACE(&locals[OPERAND], POP());
    NEXT;
}
CASE(RETURN_FAST) {
    sent = locals[OPERAND];
    if (UNLIKELY(is_unbound(sent))) goto run_LOAD_FAST;
    if (UNLIKELY(frame->flags & FRAME_HAS_OBJECT)) retain(sent);
    else locals[OPERAND] = UNBOUND;
    ip++;
    goto leave_frame;
}
/* The end of a for loop: its safepoint, if there is nothing to hear, and the next turn. */
CASE(JUMP_TO_FOR) {
    if (UNLIKELY(atomic_load_explicit(&t->breaker, memory_order_relaxed) != 0)) goto run_JUMP_BACKWARD;
    ip -= OPERAND;
    word = *ip++;
    goto run_FOR_ITER_FAST;
}
CASE(FOR_ITER_FAST) {
    Value iterator = TOP, v;
    if (UNLIKELY(!is_object(iterator))) goto run_FOR_ITER;
    Object *o = as_object(iterator);
    if (LIKELY(o->kind == KIND_RANGE_ITERATOR)) {
        if (UNLIKELY(range_iterator_is_done((RangeIterator *)o))) goto run_FOR_ITER;
        v = range_iterator_next((RangeIterator *)o);
    } else if (LIKELY(o->kind == KIND_LIST_ITERATOR)) {
        v = iterate_list((ListIterator *)o);
        if (UNLIKELY(is_end(v))) goto run_FOR_ITER;     /* it says END again, and leaves the loop */
    } else if (o->kind == KIND_TUPLE_ITERATOR) {
        v = iterate_tuple((TupleIterator *)o);
        if (UNLIKELY(is_end(v))) goto run_FOR_ITER;
    } else if (o->kind == KIND_GENERATOR && LIKELY(((Generator *)o)->state <= GENERATOR_SUSPENDED)) {
        SKIP(FOR_ITER);
        SAVE();
        goto enter_generator;
    } else {
        goto next_of_native;
    }
store_next:;
    Value *place = &locals[WORD_OPERAND(ip[CACHES_FOR_ITER])], old = *place;
    ip += CACHES_FOR_ITER + 1;
    *place = v;
    RELEASE(old);
    NEXT;
next_of_native:
    if (o->kind == KIND_GENERATOR || type_is(o->type, TYPE_IS_SCRIPT_MADE) || !o->type->slots.next) goto run_FOR_ITER;
    SAVE();
    v = o->type->slots.next(t, iterator);
    if (LIKELY(is_bound(v) && !is_end(v))) goto store_next;
    if (failed(v) && !iterate_ended(t)) FAIL;
    SKIP(FOR_ITER);
    ip += OPERAND;
    RELEASE_TOP();
    NEXT;
}

CASE(REVERSE_VALUES) {
    for (Value *low = sp - OPERAND, *high = sp - 1; low < high; low++, high--) {
        Value v = *low;
        *low = *high;
        *high = v;
    }
    ip += 1 + CACHES_UNPACK_SEQUENCE;
    NEXT;
}
CASE(UNPACK_FAST) {
    Object *row = as_object(TOP);
    if (UNLIKELY(!is_object(TOP))) goto run_UNPACK_SEQUENCE;
    bool is_list = row->kind == KIND_LIST;
    if (UNLIKELY(!is_list && row->kind != KIND_TUPLE)) goto run_UNPACK_SEQUENCE;
    if (UNLIKELY((is_list ? ((List *)row)->count : ((Tuple *)row)->count) != OPERAND)) goto run_UNPACK_SEQUENCE;
    const Value *items = is_list ? ((List *)row)->items : ((Tuple *)row)->items;
    /* All are taken before one is stored: what a local held may have a finaliser that changes the list. */
    Value first = items[0], second = items[1], third = OPERAND == 3 ? items[2] : UNBOUND;
    const Word *stores = ip + CACHES_UNPACK_SEQUENCE;
    size_t count = OPERAND;
    ip = stores + count;
    sp--;
    if (row->count == 1 && !is_list) {
        tuple_give_up(t, (Tuple *)row, count);
    } else {
        retain(first);
        retain(second);
        retain(third);
        RELEASE(object_value(row));
    }
    REPLACE(&locals[WORD_OPERAND(stores[0])], first);
    REPLACE(&locals[WORD_OPERAND(stores[1])], second);
    if (is_bound(third)) REPLACE(&locals[WORD_OPERAND(stores[2])], third);
    NEXT;
}
CASE(SUBSCR_SLICE) {
    ip += 1 + CACHES_BINARY_SUBSCR;
    SAVE();
    Value step = POP(), stop = POP(), start = POP(), object = POP();
    Value v = iterate_get_stepped_slice(t, object, start, stop, step);
    release2(start, stop);
    release2(step, object);
    if (failed(v)) FAIL;
    PUSH(v);
    NEXT;
}

/* The safepoint of another loop with nothing to hear. */
CASE(JUMP_BACKWARD_WARM) {
    if (UNLIKELY(atomic_load_explicit(&t->breaker, memory_order_relaxed) != 0)) goto run_JUMP_BACKWARD;
    ip -= OPERAND;
    NEXT;
}

/* for a, b in ...: what would go into a tuple and out of it again goes straight to the two locals. */
CASE(FOR_ITER_PAIR) {
    if (UNLIKELY(!is_object(TOP))) goto run_FOR_ITER;
    Object *o = as_object(TOP);
    Value a, b;
    SAVE();
    if (o->kind == KIND_LIST_ITERATOR) {
        ListIterator *iterator = (ListIterator *)o;
        if (UNLIKELY(!iterator->list || iterator->next >= iterator->list->count)) goto run_FOR_ITER;
        Value pair = iterator->list->items[iterator->next];
        if (!is_kind(pair, KIND_TUPLE) || as_tuple(pair)->count != 2) goto run_FOR_ITER;
        iterator->next++;
        a = retain(as_tuple(pair)->items[0]);
        b = retain(as_tuple(pair)->items[1]);
    } else {
        if (!iterator_next_pair(t, o, &a, &b)) goto run_FOR_ITER;
        if (failed(a)) FAIL;
        if (UNLIKELY(is_end(a))) {
            ip += CACHES_FOR_ITER + OPERAND;
            RELEASE_TOP();
            NEXT;
        }
    }
    const Word *stores = ip + CACHES_FOR_ITER + 1 + CACHES_UNPACK_SEQUENCE;
    ip = stores + 2;
    REPLACE(&locals[WORD_OPERAND(stores[0])], a);
    REPLACE(&locals[WORD_OPERAND(stores[1])], b);
    NEXT;
}

/* a[i] += x: COPY 2, COPY 2, BINARY_SUBSCR, then x and the operator, then SWAP 3, SWAP 2, STORE_SUBSCR. */
CASE(SUBSCR_UNDER) {
    Value container = sp[-2], key = TOP, v = UNBOUND;
    ITEM_AT(container, key, v);
    if (UNLIKELY(is_unbound(v))) goto run_COPY;
    PUSH(v);
    ip += 2 + CACHES_BINARY_SUBSCR;
    NEXT;
}
/* The same where the two are locals, or the key is a constant: a[i] += x is four steps then, not five. */
CASE(SUBSCR_FAST_UNDER) {
    Value container = locals[OPERAND], v = UNBOUND;
    Value key = *((WORD_OPCODE(ip[0]) == OP_LOAD_FAST ? locals : frame->constants) + WORD_OPERAND(ip[0]));
    ITEM_AT(container, key, v);
    if (UNLIKELY(is_unbound(v))) goto run_LOAD_FAST;
    sp[0] = retain(container);
    sp[1] = retain(key);
    sp[2] = v;
    sp += 3;
    ip += 4 + CACHES_BINARY_SUBSCR;
    NEXT;
}
CASE(STORE_SUBSCR_UNDER) {
    Value container = sp[-3], key = sp[-2], v = TOP;
    if (UNLIKELY(!IS_LIST_PLACE(container, key))) goto run_SWAP;
    Value *place = &as_list(container)->items[small_int(key)], old = *place;
    *place = v;
    sp -= 3;
    ip += 2 + CACHES_STORE_SUBSCR;
    RELEASE(old);
    RELEASE(container);
    NEXT;
}
CASE(SUBSCR_FAST_FAST) {
    Value container = locals[OPERAND], key = locals[WORD_OPERAND(ip[0])], v = UNBOUND;
    ITEM_AT(container, key, v);
    if (UNLIKELY(is_unbound(v))) goto run_LOAD_FAST_FAST;
    FINISH(v, 0, 2);
}
CASE(SUBSCR_FAST_CONST) {
    Value container = locals[OPERAND], key = frame->constants[WORD_OPERAND(ip[0])], v = UNBOUND;
    ITEM_AT(container, key, v);
    if (UNLIKELY(is_unbound(v))) goto run_LOAD_FAST_CONST;
    FINISH(v, 0, 2);
}
/* a[i + 1], a[i - 1]: the index is never pushed. The constant's own hot word says which of the two it is. */
CASE(SUBSCR_FAST_OFFSET) {
    Value container = locals[OPERAND], start = locals[WORD_OPERAND(ip[0])], offset = frame->constants[WORD_OPERAND(ip[1])], key, v = UNBOUND;
    bool fits = are_small_ints(start, offset) && (WORD_OPCODE(ip[1]) == OP_ADD_CONST ? INT_ADD(start, offset, key) : INT_SUBTRACT(start, offset, key));
    if (LIKELY(fits)) ITEM_AT(container, key, v);
    if (UNLIKELY(is_unbound(v))) goto run_LOAD_FAST;
    FINISH(v, 0, 4 + CACHES_BINARY_OP);
}
CASE(SUBSCR_FAST) {
    Value container = TOP, key = locals[OPERAND], v = UNBOUND;
    ITEM_AT(container, key, v);
    if (UNLIKELY(is_unbound(v))) goto run_LOAD_FAST;
    RELEASE(container);
    FINISH(v, 1, 1);
}
CASE(SUBSCR_CONST) {
    Value container = TOP, key = frame->constants[OPERAND], v = UNBOUND;
    ITEM_AT(container, key, v);
    if (UNLIKELY(is_unbound(v))) goto run_LOAD_CONST;
    RELEASE(container);
    FINISH(v, 1, 1);
}
/* a[i] = top: what the list had there goes last, when nothing of it is in use any more. */
CASE(STORE_SUBSCR_FAST_FAST) {
    Value container = locals[OPERAND], key = locals[WORD_OPERAND(ip[0])];
    if (UNLIKELY(!IS_LIST_PLACE(container, key))) goto run_LOAD_FAST_FAST;
    sp--;
    ip += 2 + CACHES_STORE_SUBSCR;
    REPLACE(&as_list(container)->items[small_int(key)], *sp);
    NEXT;
}
