/* eval_containers.h - the cases that go through containers and build them. Part of eval.c, which includes it inside its switch.
 *
 * What        for loops, displays and comprehensions, unpacking, f-strings.
 * How         FOR_ITER asks for the iterators of ranges and lists and for generators by their kind, any other by its slot; the end of an
 *             iteration is the word END, for which no StopIteration is made. A generator's frame is entered without a call.
 *             Displays take their items off the stack as they lie there: where a container wants an array, it gets this one.
 * Invariants  I1 while a container is being built it lies on the stack, below what is put into it.
 * GIL         held; iterators, hashes and __format__ may run script code.
 * Read next   eval.c (the words used here), iterate.c, vm/object/iterators.c */

    /* ---- iteration and containers ---- */

    CASE(GET_ITER) {
        SAVE();
        if (is_maybe_script_made(TOP)) TRY_METHOD(operator_enter_iterate(t, sp));
        Value v = value_iterate(t, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(FOR_ITER) {
        SKIP(FOR_ITER);
        SAVE();
        Value iterator = TOP, v;
        Object *o = as_object(iterator);
        if (UNLIKELY(!is_object(iterator))) {
            v = iterate_other(t, iterator);
        } else if (o->kind == KIND_RANGE_ITERATOR) {
            v = range_iterator_next((RangeIterator *)o);
        } else if (o->kind == KIND_LIST_ITERATOR) {
            v = iterate_list((ListIterator *)o);
        } else if (o->kind == KIND_GENERATOR) {
            if (LIKELY(((Generator *)o)->state <= GENERATOR_SUSPENDED)) goto enter_generator;
            v = value_next(t, iterator);
        } else {
            if (o->kind == KIND_INSTANCE) TRY_METHOD(operator_enter_next(t, sp));
            v = iterate_other(t, iterator);
        }
        if (LIKELY(v.bits != END.bits)) {
            if (failed(v) && !iterate_ended(t)) FAIL;
            if (!failed(v)) {
                PUSH(v);
                NEXT;
            }
        }
        ip += OPERAND;
        RELEASE_TOP();
        NEXT;
    }
    CASE(BUILD_TUPLE) {
        SAVE();
        sp -= OPERAND;
        Value v = OPERAND == 0 ? retain(t->interp->empty_tuple) : object_value(tuple_take_values(t, sp, OPERAND));
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(BUILD_LIST) {
        SAVE();
        sp -= OPERAND;
        List *list = list_take_values(t, sp, OPERAND);
        if (!list) FAIL;
        PUSH(object_value(list));
        NEXT;
    }
    CASE(BUILD_SET) {
        SAVE();
        Value v = iterate_build_set(t, sp - OPERAND, OPERAND);
        for (uint32_t i = 0; i < OPERAND; i++) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(BUILD_MAP) {
        SAVE();
        Value v = iterate_build_map(t, sp - 2 * (size_t)OPERAND, OPERAND);
        for (uint32_t i = 0; i < 2 * OPERAND; i++) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(BUILD_STRING) {
        SAVE();
        Value v = str_join_pieces(t, sp - OPERAND, OPERAND);
        for (uint32_t i = 0; i < OPERAND; i++) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(LIST_APPEND) {
        SAVE();
        Value v = POP();
        if (!list_append_take(t, as_list(sp[-(int)OPERAND]), v)) FAIL;
        NEXT;
    }
    CASE(SET_ADD) {
        SAVE();
        Value v = POP();
        bool done = set_add(t, as_set(sp[-(int)OPERAND]), v);
        release(v);
        if (!done) FAIL;
        NEXT;
    }
    CASE(MAP_ADD) {
        SAVE();
        Value v = POP(), key = POP();
        bool done = dict_set(t, as_dict(sp[-(int)OPERAND]), key, v);
        release2(key, v);
        if (!done) FAIL;
        NEXT;
    }
    CASE(LIST_EXTEND) {
        SAVE();
        Value v = POP();
        bool done = iterate_extend(t, as_list(sp[-(int)OPERAND]), v);
        release(v);
        if (!done) FAIL;
        NEXT;
    }
    CASE(SET_UPDATE) {
        SAVE();
        Value v = POP();
        bool done = set_update(t, as_set(sp[-(int)OPERAND]), v);
        release(v);
        if (!done) FAIL;
        NEXT;
    }
    CASE(DICT_UPDATE) {
        SAVE();
        Value v = POP();
        bool done = iterate_update(t, as_dict(sp[-(int)OPERAND]), v);
        release(v);
        if (!done) FAIL;
        NEXT;
    }
    CASE(DICT_MERGE) {
        SAVE();
        Value v = POP();
        bool done = call_merge_keywords(t, as_dict(sp[-(int)OPERAND]), v, sp[-(int)OPERAND - 2]);
        release(v);
        if (!done) FAIL;
        NEXT;
    }
    CASE(UNPACK_SEQUENCE) {
        Value sequence = POP();
        if (is_kind(sequence, KIND_TUPLE) && as_tuple(sequence)->count == OPERAND) {
            bool is_dying = as_object(sequence)->count == 1;
            for (uint32_t i = OPERAND; i-- > 0;) {
                Value item = as_tuple(sequence)->items[i];
                PUSH(is_dying ? item : retain(item));
            }
            if (is_dying && OPERAND > 0) {
                SKIP(UNPACK_SEQUENCE);
                tuple_give_up(t, as_tuple(sequence), OPERAND);
                NEXT;
            }
        } else {
            SAVE();
            bool done = iterate_unpack(t, sequence, sp, OPERAND);
            if (!done) { release(sequence); FAIL; }
            sp += OPERAND;
        }
        SKIP(UNPACK_SEQUENCE);
        release(sequence);
        NEXT;
    }
    CASE(UNPACK_EX) {
        SAVE();
        Value sequence = POP();
        bool done = iterate_unpack_starred(t, sequence, sp, OPERAND & 0xff, OPERAND >> 8);
        release(sequence);
        if (!done) FAIL;
        sp += (OPERAND & 0xff) + (OPERAND >> 8) + 1;
        NEXT;
    }

    /* ---- f-strings ---- */

    CASE(CONVERT_VALUE) {
        SAVE();
        Value v = OPERAND == 1 ? value_str(t, TOP) : OPERAND == 2 ? value_repr(t, TOP) : value_ascii(t, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(FORMAT_SIMPLE) {
        if (is_kind(TOP, KIND_STR)) NEXT;
        SAVE();
        Value v = value_format(t, TOP, UNBOUND);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(FORMAT_WITH_SPEC) {
        SAVE();
        Value spec = POP();
        Value v = value_format(t, TOP, spec);
        release(spec);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
