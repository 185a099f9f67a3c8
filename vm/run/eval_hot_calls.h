/* eval_hot_calls.h - the cases of the hot forms of calls. Part of eval.c, as eval_hot.h.
 *
 * What        Calls of what is written in C: functions, methods, classes; list.append as a statement; send() and next(), which enter a generator.
 * How         The plain form has noted what kind of thing is called; here it is called in one step. A signature knows with how many
 *             positional arguments each parameter has one: then the function reads them where they lie on the stack.
 * Invariants  I1 as eval_hot.h.  I2 whether a call is a leaf is asked before the callee is released.
 * GIL         held; SAFEPOINT behind what is not marked LEAF.
 * Read next   specialize.c (specialize_native_call), vm/object/native.h */

/* The result [v] in the place of callee and arguments. */
#define FINISH_CALL(call_at, v, is_leaf)            \
    do {                                              \
        for (Value *at_ = sp; at_ > (call_at);) release(*--at_); \
        sp = (call_at);                               \
        if (failed(v)) FAIL;                          \
        PUSH(v);                                      \
        if (!(is_leaf) && SAFEPOINT()) FAIL;          \
        NEXT;                                         \
    } while (0)

/* len(x), repr(x): LOAD_GLOBAL, LOAD_FAST, CALL 1. The length of a list or text is had without calling anybody. */
enum { CALL_BUILTIN_WORDS = CACHES_LOAD_GLOBAL + 2 + CACHES_CALL };
CASE(CALL_BUILTIN_FAST) {
    Dict *builtins = as_dict(frame->function->builtins);
    if (UNLIKELY(frame->function->globals->keys_version != ip[0] || builtins->head.kind != KIND_DICT || builtins->keys_version != ip[1])) goto guess_failed_global;
    Value callee = dict_entry_at(builtins, ip[2])->value, argument = locals[WORD_OPERAND(ip[CACHES_LOAD_GLOBAL])];
    if (UNLIKELY(!is_kind(callee, KIND_NATIVE_FUNCTION) || is_unbound(argument))) goto run_LOAD_GLOBAL_BUILTIN;
    NativeFunction *function = (NativeFunction *)as_object(callee);
    if (function->def->function == builtin_len && is_object(argument)) {
        if (as_object(argument)->kind == KIND_LIST) FINISH(small_int_value((int64_t)as_list(argument)->count), 0, CALL_BUILTIN_WORDS);
        if (as_object(argument)->kind == KIND_STR) FINISH(small_int_value((int64_t)as_str(argument)->length), 0, CALL_BUILTIN_WORDS);
    }
    sp[0] = retain_bound(callee);
    sp[1] = retain_bound(argument);
    sp += 2;
    ip += CALL_BUILTIN_WORDS;
    SAVE();
    Value v = native_call_in_place(t, function->def, &function->signature, function->owner, function->self, sp - 1, 1);
    bool is_leaf = function->def->flags & NATIVE_LEAF;
    sp -= 2;
    release2(sp[1], sp[0]);
    if (failed(v)) FAIL;
    PUSH(v);
    if (!is_leaf && SAFEPOINT()) FAIL;
    NEXT;
}
/* len(self.text): what the common containers hold is read in place, others are asked. */
CASE(CALL_LEN) {
    Value callee = sp[-2], v = TOP;
    if (UNLIKELY(!is_kind(callee, KIND_NATIVE_FUNCTION) || ((NativeFunction *)as_object(callee))->def->function != builtin_len)) goto guess_failed_call;
    size_t length;
    if (is_kind(v, KIND_STR)) length = as_str(v)->length;
    else if (is_kind(v, KIND_LIST)) length = as_list(v)->count;
    else if (is_kind(v, KIND_DICT)) length = dict_length(as_dict(v));
    else if (is_kind(v, KIND_TUPLE)) length = as_tuple(v)->count;
    else goto run_CALL_NATIVE;
    SAVE();
    release2(v, callee);
    FINISH(small_int_value((int64_t)length), 2, CACHES_CALL);
}
CASE(CALL_NATIVE) {
    Value *call_at = sp - OPERAND - 1;
    if (UNLIKELY(!is_object(*call_at))) goto guess_failed_call;
    Object *callee = as_object(*call_at);
    if (LIKELY(callee->kind == KIND_NATIVE_FUNCTION)) {
        NativeFunction *function = (NativeFunction *)callee;
        SKIP(CALL);
        SAVE();
        Value v = native_call_in_place(t, function->def, &function->signature, function->owner, function->self, call_at + 1, OPERAND);
        bool is_leaf = function->def->flags & NATIVE_LEAF;
        FINISH_CALL(call_at, v, is_leaf);
    }
    if (callee == &t->interp->types[KIND_TYPE]->head && OPERAND == 1) {       /* type(x): immortal, nothing is released but x */
        SKIP(CALL);
        Value argument = TOP;
        SAVE();
        sp--;
        TOP = retain(object_value(value_type(t, argument)));
        release(argument);
        NEXT;
    }
    if (callee->kind == KIND_TYPE && !((Type *)callee)->init_function) {
        SKIP(CALL);
        SAVE();
        Value v = type_call(t, *call_at, call_at + 1, OPERAND, NULL);
        FINISH_CALL(call_at, v, false);
    }
    if (callee->kind == KIND_INSTANCE && !type_is(callee->type, TYPE_IS_SCRIPT_MADE)) {      /* of a native type: itemgetter, partial .. */
        SKIP(CALL);
        SAVE();
        Value v = call_row(t, *call_at, call_at + 1, OPERAND, NULL);
        FINISH_CALL(call_at, v, false);
    }
guess_failed_call:
    specialize_again(ip, OP_CALL, OP_CALL, CACHES_CALL);
    goto run_CALL;
}
CASE(CALL_METHOD_NATIVE) {
    Value *call_at = sp - OPERAND - 2, self = call_at[1];
    if (is_kind(*call_at, KIND_METHOD_DESCRIPTOR)) {
        MethodDescriptor *method = (MethodDescriptor *)as_object(*call_at);
        bool applies = LIKELY(is_object(self)) && LIKELY(as_object(self)->type == method->d.owner);
        if (applies || (is_bound(self) && type_is_subtype(value_type(t, self), method->d.owner))) {
            SKIP(CALL_METHOD);
            SAVE();
            Value v = native_call_in_place(t, method->def, &method->signature, method->d.owner, self, call_at + 2, OPERAND);
            bool is_leaf = method->def->flags & NATIVE_LEAF;
            for (Value *argument = sp; argument > call_at + 2;) release(*--argument);
            sp = call_at;
            release(self);
            object_release(method);
            if (failed(v)) FAIL;
            PUSH(v);
            if (!is_leaf && SAFEPOINT()) FAIL;
            NEXT;
        }
    } else if (is_kind(*call_at, KIND_NATIVE_FUNCTION) && is_unbound(self)) {
        NativeFunction *function = (NativeFunction *)as_object(*call_at);
        SKIP(CALL_METHOD);
        SAVE();
        Value v = native_call_in_place(t, function->def, &function->signature, function->owner, function->self, call_at + 2, OPERAND);
        bool is_leaf = function->def->flags & NATIVE_LEAF;
        FINISH_CALL(call_at, v, is_leaf);
    }
guess_failed_method_call:
    specialize_again(ip, OP_CALL_METHOD, OP_CALL_METHOD, CACHES_CALL_METHOD);
    goto run_CALL_METHOD;
}
/* items.append(x), d.get('k'): the method of a local, called with a local or constant. LOAD_FAST, LOAD_METHOD, LOAD_FAST or LOAD_CONST,
 * CALL_METHOD 1. The method needs no counting: its class cannot change, and self, which the stack owns, keeps the class. */
enum { CALL_FAST_METHOD_WORDS = 1 + CACHES_LOAD_METHOD + 2 + CACHES_CALL_METHOD };
CASE(CALL_FAST_METHOD) {
    Value self = locals[OPERAND];
    const MethodCacheEntry *cached = &t->interp->method_cache->entries[ip[3]];
    Word operand = ip[1 + CACHES_LOAD_METHOD];
    Value argument = WORD_OPCODE(operand) == OP_LOAD_FAST ? locals[WORD_OPERAND(operand)] : frame->constants[WORD_OPERAND(operand)];
    bool is_noted = LIKELY(is_object(self)) && LIKELY(WORD_OPCODE(ip[0]) == OP_LOAD_METHOD_TYPE) && LIKELY(cached->stamp == ip[1]);
    if (UNLIKELY(!is_noted || cached->version != as_object(self)->type->version || is_unbound(argument))) goto run_LOAD_FAST_METHOD;
    MethodDescriptor *method = (MethodDescriptor *)as_object(cached->value);
    const NativeDef *def = method->def;
    ip += CALL_FAST_METHOD_WORDS;
    SAVE();
    if (def->function == list_append_method && WORD_OPCODE(*ip) == OP_POP_TOP) {
        if (UNLIKELY(!list_append_take(t, as_list(self), retain_bound(argument)))) FAIL;
        ip++;
        NEXT;
    }
    sp[0] = retain_bound(self);
    sp[1] = retain_bound(argument);
    sp += 2;
    Value v = native_call_in_place(t, def, &method->signature, method->d.owner, self, sp - 1, 1);
    sp -= 2;
    release2(sp[1], sp[0]);
    if (failed(v)) FAIL;
    PUSH(v);
    if (!(def->flags & NATIVE_LEAF) && SAFEPOINT()) FAIL;
    NEXT;
}
CASE(CALL_LIST_APPEND) {
    Value *call_at = sp - 3, callee = call_at[0], self = call_at[1];
    bool is_append = is_kind(callee, KIND_METHOD_DESCRIPTOR) && ((MethodDescriptor *)as_object(callee))->def->function == list_append_method;
    if (UNLIKELY(!is_append || !is_kind(self, KIND_LIST))) goto guess_failed_method_call;
    SAVE();
    sp--;
    if (UNLIKELY(!list_append_take(t, as_list(self), *sp))) FAIL;
    sp = call_at;
    ip += CACHES_CALL_METHOD + 1;
    release2(self, callee);
    NEXT;
}

CASE(CALL_SEND) {
    frame->ip = ip + CACHES_CALL_METHOD;
    Frame *entered = generator_enter_send(t, sp - 3);
    if (UNLIKELY(!entered)) goto run_CALL_METHOD_NATIVE;
    frame = entered;
    goto entered_frame;
}
CASE(CALL_NEXT) {
    frame->ip = ip + CACHES_CALL;
    Frame *entered = generator_enter_next(t, sp - OPERAND - 1, OPERAND);
    if (UNLIKELY(!entered)) goto run_CALL_NATIVE;
    frame = entered;
    goto entered_frame;
}
