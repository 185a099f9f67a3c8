/* eval_values.h - the cases about attributes, items and operators. Part of eval.c, which includes it inside its switch.
 *
 * What        x.name, x[key], x[a:b] to read, write and delete; arithmetic, comparisons, `is`, `in`, `not`.
 * How         Operands lie on the stack, the object floor's function for the operation is asked, its result takes their place. The
 *             commonest kinds are asked after first: items of list, tuple and dict, text + text. Cases with cache words tell
 *             specialize.c what they have met, and may find themselves replaced by a form of eval_hot.h.
 * Invariants  I1 operands stay owned by the stack or a local while code of a script may run, and are released after the result is there.
 * GIL         held; nearly all of it may run script code.
 * Read next   eval.c (the words used here), vm/object/protocol.h, arith.c, names.c */

    /* ---- attributes and items ---- */

    CASE(LOAD_ATTR) {
        SAVE();
        specialize_attribute(t, frame, ip, TOP);
        Value v = value_get_attribute(t, TOP, frame->code->names[OPERAND]);
        if (failed(v)) FAIL;
        SKIP(LOAD_ATTR);
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(LOAD_METHOD) {
        SAVE();
        specialize_method(t, frame, ip, TOP);
        bool is_method;
        Value v = object_get_method(t, TOP, frame->code->names[OPERAND], &is_method);
        if (failed(v)) FAIL;
        SKIP(LOAD_METHOD);
        if (is_method) {
            Value self = TOP;
            TOP = v;
            PUSH(self);
        } else {
            release(TOP);
            TOP = v;
            PUSH(UNBOUND);
        }
        NEXT;
    }
    CASE(LOAD_SUPER_ATTR) {
        SAVE();
        Value v = names_load_super(t, sp - 3, frame->code->names[OPERAND]);
        for (int i = 0; i < 3; i++) RELEASE_TOP();
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(LOAD_SUPER_METHOD) {
        SAVE();
        bool is_method;
        Value *row = sp - 3, v = names_load_super_method(t, row, frame->code->names[OPERAND], &is_method);
        if (failed(v)) FAIL;
        Value plain = row[0], class = row[1], self = row[2];
        row[0] = v;
        row[1] = is_method ? self : UNBOUND;
        sp--;
        release2(plain, class);
        if (!is_method) release(self);
        NEXT;
    }
    CASE(STORE_ATTR) {
        SAVE();
        specialize_store(t, frame, ip, TOP);
        SKIP(STORE_ATTR);
        if (is_maybe_script_made(TOP)) {
            SAVE();
            TRY_METHOD(operator_enter_set_attribute(t, sp, frame->code->names[OPERAND]));
        }
        bool done = value_set_attribute(t, TOP, frame->code->names[OPERAND], sp[-2]);
        Value object = POP(), value = POP();
        release2(object, value);
        if (!done) FAIL;
        NEXT;
    }
    CASE(DELETE_ATTR) {
        SAVE();
        Value object = POP();
        bool done = value_delete_attribute(t, object, frame->code->names[OPERAND]);
        release(object);
        if (!done) FAIL;
        NEXT;
    }
    /* container[key]: list and tuple here, counted from the front; the rest of what iterate_item knows out of line. [found] stays UNBOUND when
     * nobody knows. */
#define ITEM_AT(container, key, found)                                         \
    do {                                                                       \
        uint64_t at_ = (uint64_t)small_int(key);                               \
        if (LIKELY(is_small_int(key) && is_object(container))) {               \
            if (LIKELY(as_object(container)->kind == KIND_LIST)) {             \
                if (LIKELY(at_ < as_list(container)->count)) {                 \
                    found = retain(as_list(container)->items[at_]);            \
                    break;                                                     \
                }                                                              \
            } else if (as_object(container)->kind == KIND_TUPLE && at_ < as_tuple(container)->count) { \
                found = retain(as_tuple(container)->items[at_]);               \
                break;                                                         \
            }                                                                  \
        }                                                                      \
        found = iterate_item(t, container, key);                               \
    } while (0)
    /* Does the list have an item there, counted from the front? */
#define IS_LIST_PLACE(container, key) (is_small_int(key) && is_kind(container, KIND_LIST) && (uint64_t)small_int(key) < as_list(container)->count)
    CASE(BINARY_SUBSCR) {
        Value key = TOP, object = sp[-2], v = UNBOUND;
        ITEM_AT(object, key, v);
        if (LIKELY(is_bound(v))) goto item_found;
        SAVE();
        if (is_maybe_script_made(object)) TRY_METHOD(operator_enter_get_item(t, sp));
        v = value_get_item(t, object, key);
        if (failed(v)) FAIL;
    item_found:
        RELEASE(key);
        RELEASE(object);
        FINISH(v, 2, 0);
    }
    CASE(STORE_SUBSCR) {
        Value key = TOP, object = sp[-2], value = sp[-3];
        if (IS_LIST_PLACE(object, key)) {
            sp -= 3;
            REPLACE(&as_list(object)->items[small_int(key)], value);
            RELEASE(object);
            NEXT;
        }
        SAVE();
        if (is_maybe_script_made(object)) TRY_METHOD(operator_enter_set_item(t, sp));
        bool done = value_set_item(t, object, key, value);
        sp -= 3;
        release2(key, object);
        release(value);
        if (!done) FAIL;
        NEXT;
    }
    CASE(DELETE_SUBSCR) {
        SAVE();
        Value key = POP(), object = POP();
        bool done = value_delete_item(t, object, key);
        release2(key, object);
        if (!done) FAIL;
        NEXT;
    }
    CASE(BUILD_SLICE) {
        SAVE();
        Value step = OPERAND == 3 ? POP() : NONE, stop = POP(), start = POP();
        Value v = slice_new(t, start, stop, step);
        release2(start, stop);
        release(step);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(BINARY_SLICE) {
        SAVE();
        Value stop = POP(), start = POP(), object = POP();
        Value v = iterate_get_slice(t, object, start, stop);
        release2(start, stop);
        release(object);
        if (failed(v)) FAIL;
        PUSH(v);
        NEXT;
    }
    CASE(STORE_SLICE) {
        SAVE();
        Value stop = POP(), start = POP(), object = POP(), value = POP();
        bool done = iterate_set_slice(t, object, start, stop, value);
        release2(start, stop);
        release2(object, value);
        if (!done) FAIL;
        NEXT;
    }

    /* ---- operators ---- */

    CASE(UNARY_NEGATIVE) {
        SAVE();
        if (is_maybe_script_made(TOP)) TRY_METHOD(operator_enter_unary(t, sp, NAME_OF(t, __neg__)));
        Value v = value_negative(t, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(UNARY_POSITIVE) {
        SAVE();
        Value v = value_positive(t, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(UNARY_INVERT) {
        SAVE();
        if (is_maybe_script_made(TOP)) TRY_METHOD(operator_enter_unary(t, sp, NAME_OF(t, __invert__)));
        Value v = value_invert(t, TOP);
        if (failed(v)) FAIL;
        release(TOP);
        TOP = v;
        NEXT;
    }
    CASE(UNARY_NOT) {
        SAVE();
        bool truth;
        if (!TRUTH(TOP, truth)) FAIL;
        release(TOP);
        TOP = bool_value(!truth);
        NEXT;
    }
    CASE(BINARY_OP) {
        SKIP(BINARY_OP);
        SAVE();
        Value left = sp[-2], right = TOP;
        if (is_kind(left, KIND_STR) && is_kind(right, KIND_STR) && (OPERAND == BINARY_ADD || OPERAND == BINARY_INPLACE_ADD)) {
            sp -= 2;
            /* s = s + t: the variable gives its reference up first, so that nobody else has s and it grows in place. */
            Value *target = arith_append_target(locals, *ip);
            if (target && is_same(*target, left)) clear(target);
            Value text = str_append(t, left, as_str(right));
            release(right);
            if (failed(text)) FAIL;
            PUSH(text);
            NEXT;
        }
        if (is_maybe_script_made(left) || is_maybe_script_made(right)) TRY_METHOD(operator_enter_binary(t, sp, OPERAND));
        Value v = value_binary(t, left, right, OPERAND);
        if (failed(v)) FAIL;
        sp--;
        TOP = v;
        release2(left, right);
        NEXT;
    }
    CASE(COMPARE_OP) {
        SKIP(COMPARE_OP);
        SAVE();
        Value left = sp[-2], right = TOP;
        if (is_maybe_script_made(left)) TRY_METHOD(operator_enter_compare(t, sp, OPERAND));
        Value v = value_compare(t, left, right, OPERAND);
        if (failed(v)) FAIL;
        sp--;
        TOP = v;
        release2(left, right);
        NEXT;
    }
    CASE(IS_OP) {
        Value right = POP(), left = TOP;
        TOP = bool_value(is_same(left, right) != (bool)OPERAND);
        release2(left, right);
        NEXT;
    }
    CASE(CONTAINS_OP) {
        SAVE();
        Value container = TOP, item = sp[-2];
        if (is_maybe_script_made(container)) TRY_METHOD(operator_enter_contains(t, sp, OPERAND));
        int found = iterate_contains(t, container, item);
        if (UNLIKELY(found < 0)) FAIL;
        sp--;
        TOP = bool_value(found != (int)OPERAND);
        release2(item, container);
        NEXT;
    }
