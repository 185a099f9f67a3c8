/* eval_calls.h - the cases that call and return: functions, calls, generators, coroutines. Part of eval.c, which includes it inside its
 * switch.
 *
 * What        From CALL to RETURN_VALUE, and how a generator's frame is entered and left in the middle.
 * How         A function written in the language is entered, not called: its frame is pushed and the loop goes on in it, at the
 *             labels entered_frame and leave_frame of eval.c. So is a class whose __init__ is such a function, and a generator in a for
 *             loop or an await. All else is called (call_row) and its result pushed, with a safepoint behind it unless it is a leaf.
 * Invariants  I1 callee and arguments stay on the caller's stack until the call is over; leave_frame puts the result in their place.
 *             I2 after `frame` has changed nothing of the old frame's registers is used before LOAD_FRAME.
 * GIL         held; SAFEPOINT after calls and at RESUME.
 * Read next   call.c, generator.c, coroutine.c */

    /* ---- functions and calls ---- */

    CASE(MAKE_FUNCTION) {
        SAVE();
        Function *function = function_new(t, (Code *)as_object(TOP), frame->function->globals);
        if (!function) FAIL;
        release(TOP);
        TOP = object_value(function);
        NEXT;
    }
    CASE(SET_FUNCTION_ATTRIBUTE) {
        Value function = POP(), v = POP();
        function_set_part((Function *)as_object(function), OPERAND, v);
        PUSH(function);
        NEXT;
    }
    CASE(CALL) {
        callee_at = sp - OPERAND - 1;
        ip += CACHES_CALL;
        SAVE();
        if (is_object(*callee_at)) {
            Object *callee = as_object(*callee_at);
            Frame *entered;
            if (callee->kind == KIND_FUNCTION) {
                sp = callee_at + 1;
                given = OPERAND;
                if (((Function *)callee)->warm_count == OPERAND) goto enter_function;
                goto enter_any_function;
            }
            if (callee->kind == KIND_METHOD && is_kind(((Method *)callee)->function, KIND_FUNCTION)) {
                sp = call_unwrap_method(callee_at, callee_at + 1, OPERAND);
                given = OPERAND + 1;
                goto enter_any_function;
            }
            if (callee->kind == KIND_TYPE && ((Type *)callee)->init_function && ((Type *)callee)->init_function->code->exact_count == OPERAND + 1) {
                entered = call_enter_init(t, callee_at, callee_at + 1, OPERAND);
                if (!entered) { sp = callee_at; FAIL; }
                frame = entered;
                goto entered_frame;
            }
            if (call_enter_script(t, callee_at, callee_at + 1, OPERAND, NULL, 0, &entered)) {
                if (!entered) { sp = callee_at; FAIL; }
                frame = entered;
                goto entered_frame;
            }
        }
        specialize_native_call(frame, ip, OP_CALL, *callee_at, OPERAND > 0 ? callee_at[1] : UNBOUND);
        Value v = call_row(t, *callee_at, callee_at + 1, OPERAND, NULL);
        bool is_leaf = call_is_leaf(t, *callee_at, OPERAND);
        while (sp > callee_at) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        if (!is_leaf && SAFEPOINT()) FAIL;
        NEXT;
    }
    CASE(CALL_METHOD) {
        callee_at = sp - OPERAND - 2;
        ip += CACHES_CALL_METHOD;
        SAVE();
        given = is_bound(callee_at[1]) ? OPERAND + 1 : OPERAND;
        Value *args = sp - given;
        if (is_object(*callee_at)) {
            Object *callee = as_object(*callee_at);
            Frame *entered;
            if (callee->kind == KIND_FUNCTION) {
                sp = args;
                if (((Function *)callee)->warm_count == given) goto enter_function;
                goto enter_any_function;
            }
            if (callee->kind == KIND_METHOD && is_kind(((Method *)callee)->function, KIND_FUNCTION)) {
                sp = call_unwrap_method(callee_at, args, given);
                given++;
                goto enter_any_function;
            }
            if (call_enter_script(t, callee_at, args, given, NULL, 0, &entered)) {
                if (!entered) { sp = callee_at; FAIL; }
                frame = entered;
                goto entered_frame;
            }
        }
        specialize_native_call(frame, ip, OP_CALL_METHOD, *callee_at, callee_at[1]);
        Value v = call_row(t, *callee_at, args, given, NULL);
        bool is_leaf = call_is_leaf(t, *callee_at, given);
        while (sp > callee_at) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        if (!is_leaf && SAFEPOINT()) FAIL;
        NEXT;
    }
    CASE(CALL_KW) {
        SAVE();
        Value names = POP();
        callee_at = sp - OPERAND - 1;
        Tuple *list = as_tuple(names);
        Frame *entered;
        if (is_kind(*callee_at, KIND_FUNCTION)) {
            bool is_ready = frame_is_ready((Function *)as_object(*callee_at), OPERAND, list);
            entered = is_ready ? NULL : call_enter_function_kw(t, callee_at, callee_at + 1, OPERAND, list);
            release(names);
            sp = callee_at + is_ready;
            if (is_ready) goto enter_function;
            if (!entered) FAIL;
            frame = entered;
            goto entered_frame;
        }
        if (call_enter_script(t, callee_at, callee_at + 1, OPERAND - list->count, list->items, list->count, &entered)) {
            release(names);
            if (!entered) { sp = callee_at; FAIL; }
            frame = entered;
            goto entered_frame;
        }
        Value v = call_row(t, *callee_at, callee_at + 1, OPERAND - list->count, list);
        release(names);
        while (sp > callee_at) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        if (SAFEPOINT()) FAIL;
        NEXT;
    }
    CASE(CALL_METHOD_KW) {
        SAVE();
        Value names = POP();
        callee_at = sp - OPERAND - 2;
        given = is_bound(callee_at[1]) ? OPERAND + 1 : OPERAND;
        Tuple *list = as_tuple(names);
        Frame *entered;
        if (is_kind(*callee_at, KIND_FUNCTION)) {
            bool is_ready = frame_is_ready((Function *)as_object(*callee_at), (uint32_t)given, list);
            entered = is_ready ? NULL : call_enter_function_kw(t, callee_at, sp - given, given, list);
            release(names);
            sp = is_ready ? sp - given : callee_at;
            if (is_ready) goto enter_function;
            if (!entered) FAIL;
            frame = entered;
            goto entered_frame;
        }
        if (call_enter_script(t, callee_at, sp - given, given - list->count, list->items, list->count, &entered)) {
            release(names);
            if (!entered) { sp = callee_at; FAIL; }
            frame = entered;
            goto entered_frame;
        }
        Value v = call_row(t, *callee_at, sp - given, given - list->count, list);
        release(names);
        while (sp > callee_at) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        if (SAFEPOINT()) FAIL;
        NEXT;
    }
    CASE(CALL_FUNCTION_EX) {
        SAVE();
        Value keywords = OPERAND ? POP() : UNBOUND;
        callee_at = sp - 2;
        Frame *entered = NULL;
        Value v = call_with_iterables(t, callee_at, keywords, &entered);
        release(keywords);
        if (entered) { frame = entered; goto entered_frame; }
        while (sp > callee_at) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        if (SAFEPOINT()) FAIL;
        NEXT;
    }
    CASE(CALL_INTRINSIC_1) {
        SAVE();
        Value v = intrinsic_1(t, frame, OPERAND, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(CALL_INTRINSIC_2) {
        SAVE();
        Value second = POP();
        Value v = intrinsic_2(t, frame, OPERAND, TOP, second);
        release(second);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(RESUME) {
        SAVE();
        bool is_asked = atomic_load_explicit(&t->breaker, memory_order_relaxed) != 0;
        if (UNLIKELY(is_asked) && !HEAR(trace_resume(t, frame, OPERAND < 2))) FAIL;
        NEXT;
    }
    CASE(RETURN_VALUE) {
        sent = POP();
        goto leave_frame;
    }
    CASE(RETURN_CONST) {
        sent = retain(frame->constants[OPERAND]);
        goto leave_frame;
    }

    /* ---- generators, coroutines ---- */

    CASE(RETURN_GENERATOR) {
        SAVE();
        frame->sp = sp;
        Generator *generator = generator_from_frame(t, frame);
        if (!generator) FAIL;
        sent = object_value(generator);
        goto leave_frame;
    }
    CASE(YIELD_VALUE) {
        Value yielded = POP();
    yield_again:;
        frame->ip = ip;
        frame->sp = sp;
        uint32_t flags = frame->flags;
        Generator *generator = generator_of_frame(frame);
        frame = generator_suspend(t, generator, frame);
        if (flags & FRAME_IS_ENTRY) {
            if (!visitor) return yielded;
            frame = generator_visit(t, generator, visitor, yielded);
            if (!frame) return visitor->goes_on ? END : FAILED;
            *frame->sp = NONE;
            goto entered_generator;
        }
        LOAD_FRAME();
        sp = frame->sp;
        word = *ip++;
        if (flags & FRAME_IN_FOR) {
            if ((uint8_t)word == OP_STORE_FAST) {
                stored = yielded;
                goto store_result;
            }
            PUSH(yielded);
            RUN_WORD;
        }
        /* What this one waits for has yielded: so does it. */
        if ((uint8_t)word == OP_YIELD_VALUE && flags & FRAME_IN_SEND) {
            sp--;
            goto yield_again;
        }
        if (flags & FRAME_IN_CALL) {
            Value generator_left = POP(), otherwise = flags & FRAME_HAS_DEFAULT ? POP() : UNBOUND;
            PUSH(yielded);
            ip--;
            release2(generator_left, otherwise);
            NEXT;
        }
        TOP = yielded;
        RUN_WORD;
    }
    CASE(GET_YIELD_FROM_ITER) {
        SAVE();
        Value v = generator_delegate_iterator(t, frame, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(GET_AWAITABLE) {
        if (is_kind(TOP, KIND_COROUTINE) && ((Generator *)as_object(TOP))->state == GENERATOR_CREATED) NEXT;      /* nobody awaits it yet */
        SAVE();
        Value v = awaitable_iterator(t, TOP, OPERAND);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(SEND) {
        ip += CACHES_SEND;
        SAVE();
        Generator *generator = generator_of(sp[-2]);
        if (generator && generator->state <= GENERATOR_SUSPENDED && (generator->state == GENERATOR_SUSPENDED || is_none(TOP))) {
            if (UNLIKELY(t->depth >= t->depth_limit)) { generator_raise_too_deep(t); FAIL; }
            Value value = TOP;
            TOP = NONE;                  /* the place where the result will stand */
            frame->sp = sp;
            frame = generator_link(t, generator, frame_top(frame), FRAME_IN_SEND);
            *frame->sp = value;
            goto entered_generator;
        }
        Value returned = UNBOUND;
        Value v = iterator_send(t, sp[-2], TOP, &returned);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = is_end(v) ? returned : v;
        if (is_end(v)) ip += OPERAND;
        NEXT;
    }
    CASE(END_SEND) {
        Value v = POP();
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(CLEANUP_THROW) {
        SAVE();
        Value result = generator_cleanup_throw(t, TOP);
        if (failed(result)) { frame->ip = ip; goto reraise; }
        RELEASE_TOP();
        release2(sp[-1], sp[-2]);
        sp[-2] = NONE;
        sp[-1] = result;
        NEXT;
    }
    CASE(GET_AITER) {
        SAVE();
        Value v = async_iterator(t, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(GET_ANEXT) {
        SAVE();
        Value v = async_iterator_next(t, TOP);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(END_ASYNC_FOR) {
        SAVE();
        Value exception = POP(), iterator = POP();
        release(iterator);
        if (!exception_is(t, exception, EXC_StopAsyncIteration)) { t->raised = exception; goto reraise; }
        release(exception);
        NEXT;
    }
