/* eval_hot_attributes.h - the cases of the hot forms of globals, attributes and methods. Part of eval.c, as eval_hot.h.
 *
 * What        What a name means, remembered: the place in a dict whose keys have not changed, the slot of a shape, the offset of one of the
 *             __slots__, the place in the method cache of what a class has. The forms called _ANY have met many classes and ask a table.
 * How         Each compares the numbers in its cache words (specialize.c, Layout) with those of the object it meets. All the same: the value is
 *             taken from where it was. Else the plain form comes back and runs. A property's getter is entered like a called function.
 * Invariants  I1 as eval_hot.h.
 * GIL         held.
 * Read next   specialize.c, vm/object/method_cache.h, vm/object/shape.h */

/* ---- globals ---- */

CASE(LOAD_GLOBAL_MODULE) {
    Dict *globals = frame->function->globals;
    if (LIKELY(globals->keys_version == ip[0])) {
        PUSH(retain_bound(dict_entry_at(globals, ip[2])->value));
        SKIP(LOAD_GLOBAL);
        NEXT;
    }
    goto guess_failed_global;
}
CASE(LOAD_GLOBAL_BUILTIN) {
    Dict *builtins = as_dict(frame->function->builtins);
    if (LIKELY(frame->function->globals->keys_version == ip[0] && builtins->head.kind == KIND_DICT && builtins->keys_version == ip[1])) {
        PUSH(retain_bound(dict_entry_at(builtins, ip[2])->value));
        SKIP(LOAD_GLOBAL);
        NEXT;
    }
guess_failed_global:
    specialize_again(ip, OP_LOAD_GLOBAL, OP_LOAD_GLOBAL, CACHES_LOAD_GLOBAL);
    goto run_LOAD_GLOBAL;
}
/* The same for a module's own code, which says *_NAME: its mapping is the module's dict. */
#define HAS_KEYS_OF_MODULE(globals) (LIKELY(is_same(frame->mapping, object_value(globals))) && LIKELY((globals)->keys_version == ip[0]))
CASE(LOAD_NAME_MODULE) {
    Dict *globals = frame->function->globals;
    if (HAS_KEYS_OF_MODULE(globals)) {
        PUSH(retain_bound(dict_entry_at(globals, ip[2])->value));
        SKIP(LOAD_NAME);
        NEXT;
    }
    goto guess_failed_name;
}
CASE(LOAD_NAME_BUILTIN) {
    Dict *globals = frame->function->globals, *builtins = as_dict(frame->function->builtins);
    if (HAS_KEYS_OF_MODULE(globals) && LIKELY(builtins->head.kind == KIND_DICT && builtins->keys_version == ip[1])) {
        PUSH(retain_bound(dict_entry_at(builtins, ip[2])->value));
        SKIP(LOAD_NAME);
        NEXT;
    }
guess_failed_name:
    specialize_again(ip, OP_LOAD_NAME, OP_LOAD_NAME, CACHES_LOAD_NAME);
    goto run_LOAD_NAME;
}
CASE(STORE_NAME_MODULE) {
    Dict *globals = frame->function->globals;
    if (HAS_KEYS_OF_MODULE(globals)) {
        Value *place = &dict_entry_at(globals, ip[2])->value, old = *place;
        *place = POP();
        SKIP(STORE_NAME);
        RELEASE(old);
        NEXT;
    }
    specialize_again(ip, OP_STORE_NAME, OP_STORE_NAME, CACHES_STORE_NAME);
    goto run_STORE_NAME;
}
CASE(STORE_GLOBAL_MODULE) {
    Dict *globals = frame->function->globals;
    if (LIKELY(globals->keys_version == ip[0])) {
        Value *place = &dict_entry_at(globals, ip[2])->value, old = *place;
        *place = POP();
        SKIP(STORE_GLOBAL);
        RELEASE(old);
        NEXT;
    }
    specialize_again(ip, OP_STORE_GLOBAL, OP_STORE_GLOBAL, CACHES_STORE_GLOBAL);
    goto run_STORE_GLOBAL;
}
/* ---- attributes ---- */

#define IS_OF_VERSION(value, expected) (LIKELY(is_object(value)) && LIKELY(as_object(value)->type->version == (expected)))
/* A slot or member, by what the cache words say of it: not by way of the type, whose load the value would have to wait for. */
#define PLACE_IN(object, offset) ((Value *)((char *)(object) + (offset)))
#define ATTRIBUTES_OF(object) ((Attributes *)((char *)(object) + (object)->type->attributes_offset))
/* At the place that ip[2] says the method cache still has what it had there, by the stamp ip[0], and it is for that type. */
#define CACHED() (cached = &t->interp->method_cache->entries[ip[2]], LIKELY(cached->stamp == ip[0]))
#define CACHED_FOR(type_) (CACHED() && LIKELY((type_)->version == cached->version))
#define CACHED_FOR_TYPE_OF(value) (is_object(value) && CACHED_FOR(as_object(value)->type))
/* The object's own attributes have nothing of that name, for all of its [shape]; 0: it has none at all. */
#define HAS_SHAPE(object, shape_id) ((shape_id) == 0 || (ATTRIBUTES_OF(object)->shape && ATTRIBUTES_OF(object)->shape->id == (shape_id)))

CASE(LOAD_ATTR_SLOT) {
    if (IS_OF_VERSION(TOP, ip[0])) {
        Object *object = as_object(TOP);
        Attributes *attributes = ATTRIBUTES_OF(object);
        if (LIKELY(attributes->shape && attributes->shape->id == ip[1])) {
            TOP = retain_bound(*PLACE_IN(object, ip[2]));
            SKIP(LOAD_ATTR);
            object_release(object);
            NEXT;
        }
    }
    goto guess_failed_attribute;
}
CASE(LOAD_ATTR_MEMBER) {
    if (IS_OF_VERSION(TOP, ip[0])) {
        Object *object = as_object(TOP);
        Value v = *PLACE_IN(object, ip[2]);
        if (LIKELY(is_bound(v))) {
            TOP = retain(v);
            SKIP(LOAD_ATTR);
            SAVE();
            object_release(object);
            NEXT;
        }
    }
    goto guess_failed_attribute;
}
CASE(LOAD_ATTR_CLASS) {
    const MethodCacheEntry *cached;
    if (CACHED_FOR_TYPE_OF(TOP) && LIKELY(HAS_SHAPE(as_object(TOP), ip[1]))) {
        Object *object = as_object(TOP);
        TOP = retain_bound(cached->value);
        SKIP(LOAD_ATTR);
        SAVE();
        object_release(object);
        NEXT;
    }
    goto guess_failed_attribute;
}
CASE(LOAD_ATTR_PROPERTY) {
    const MethodCacheEntry *cached;
    if (CACHED_FOR_TYPE_OF(TOP)) {
        Value getter = ((Property *)as_object(cached->value))->getter;
        if (LIKELY(is_kind(getter, KIND_FUNCTION))) {
            Value self = TOP;
            TOP = retain(getter);
            sp[0] = self;
            SKIP(LOAD_ATTR);
            SAVE();
            callee_at = sp - 1;
            given = 1;
            goto enter_any_function;
        }
    }
    goto guess_failed_attribute;
}
CASE(LOAD_ATTR_OF_CLASS) {
    const MethodCacheEntry *cached;
    if (IS_OF_VERSION(TOP, ip[1]) && LIKELY(is_type(TOP)) && CACHED_FOR(as_type(TOP))) {
        Object *object = as_object(TOP);
        TOP = retain_bound(cached->value);
        SKIP(LOAD_ATTR);
        SAVE();
        object_release(object);
        NEXT;
    }
    goto guess_failed_attribute;
}
CASE(LOAD_ATTR_MODULE) {
    if (LIKELY(is_kind(TOP, KIND_MODULE))) {
        Module *module = (Module *)as_object(TOP);
        if (LIKELY(module->dict->keys_version == ip[0])) {
            TOP = retain_bound(dict_entry_at(module->dict, ip[2])->value);
            SKIP(LOAD_ATTR);
            object_release(module);
            NEXT;
        }
    }
guess_failed_attribute:
    specialize_again(ip, OP_LOAD_ATTR, OP_LOAD_ATTR_ANY, CACHES_LOAD_ATTR);
    goto run_LOAD_ATTR;
}
CASE(LOAD_ATTR_ANY) {
    Value object = TOP, v = attribute_cached_value(t, object, frame->code->names[OPERAND]);
    if (LIKELY(is_bound(v))) {
        TOP = retain(v);
        SKIP(LOAD_ATTR);
        SAVE();
        release(object);
        NEXT;
    }
    const AttributePlace *place = attribute_cached_load(t, object, frame->code->names[OPERAND]);
    if (UNLIKELY(!place)) goto run_LOAD_ATTR;
    if (LIKELY(place->kind == ATTRIBUTE_IS_ASKED)) {
        SAVE();
        v = attribute_ask(t, place, as_object(object));
        if (failed(v)) FAIL;
        TOP = v;
        SKIP(LOAD_ATTR);
        release(object);
        NEXT;
    }
    Value getter = attribute_getter(place);
    if (is_kind(getter, KIND_FUNCTION)) {
        TOP = retain(getter);
        sp[0] = object;
        SKIP(LOAD_ATTR);
        SAVE();
        callee_at = sp - 1;
        given = 1;
        goto enter_any_function;
    }
    goto run_LOAD_ATTR;
}
/* [v]: the attribute of [holder] in a slot or member, as the LOAD_ATTR at [noted] has it in its cache words. BORROWED. */
#define NOTED_ATTRIBUTE(holder, noted, v, otherwise)                                                        \
    do {                                                                                                    \
        Value holder_ = (holder);                                                                           \
        if (!IS_OF_VERSION(holder_, (noted)[1])) goto otherwise;                                            \
        if (LIKELY(WORD_OPCODE((noted)[0]) == OP_LOAD_ATTR_SLOT)) {                                         \
            Attributes *attributes_ = ATTRIBUTES_OF(as_object(holder_));                                    \
            if (UNLIKELY(!attributes_->shape || attributes_->shape->id != (noted)[2])) goto otherwise;      \
        } else if (WORD_OPCODE((noted)[0]) != OP_LOAD_ATTR_MEMBER) {                                        \
            goto otherwise;                                                                                 \
        }                                                                                                   \
        v = *PLACE_IN(as_object(holder_), (noted)[3]);                                                      \
        if (UNLIKELY(is_unbound(v))) goto otherwise;        /* a member may be */                           \
    } while (0)
/* The attribute of a local, without counting the local up and down again. */
CASE(LOAD_FAST_ATTR) {
    Value v;
    NOTED_ATTRIBUTE(locals[OPERAND], ip, v, fast_attribute_elsewhere);
    PUSH(retain_bound(v));
    ip += 1 + CACHES_LOAD_ATTR;
    NEXT;
fast_attribute_elsewhere:;
    Value holder = locals[OPERAND];
    if (WORD_OPCODE(ip[0]) == OP_LOAD_ATTR_CLASS && is_object(holder)) {
        const MethodCacheEntry *cached = &t->interp->method_cache->entries[ip[3]];      /* here ip[1] is a stamp */
        bool is_there = cached->stamp == ip[1] && as_object(holder)->type->version == cached->version;
        if (UNLIKELY(!is_there || !HAS_SHAPE(as_object(holder), ip[2]))) goto run_LOAD_FAST;
        PUSH(retain_bound(cached->value));
        ip += 1 + CACHES_LOAD_ATTR;
        NEXT;
    }
    if (WORD_OPCODE(ip[0]) != OP_LOAD_ATTR_ANY) goto run_LOAD_FAST;
    v = attribute_cached_value(t, holder, frame->code->names[WORD_OPERAND(ip[0])]);
    if (LIKELY(is_bound(v))) {
        PUSH(retain_bound(v));
        ip += 1 + CACHES_LOAD_ATTR;
        NEXT;
    }
    const AttributePlace *place = attribute_cached_load(t, holder, frame->code->names[WORD_OPERAND(ip[0])]);
    if (!place || place->kind != ATTRIBUTE_IS_ASKED) goto run_LOAD_FAST;
    ip++;      /* the LOAD_ATTR is what runs, should it be asked where it stands */
    SAVE();
    v = attribute_ask(t, place, as_object(holder));
    if (failed(v)) FAIL;
    PUSH(v);
    SKIP(LOAD_ATTR);
    NEXT;
}
/* ... as the right operand. The words: LOAD_FAST, LOAD_ATTR, BINARY_OP. */
#define ATTR_OPERAND_WORDS (1 + CACHES_LOAD_ATTR + 1 + CACHES_BINARY_OP)
CASE(ADD_ATTR) {
    Value left = TOP, right;
    NOTED_ATTRIBUTE(locals[OPERAND], ip, right, fast_attribute_elsewhere);
    ARITHMETIC(left, right, INT_ADD, +, 1, ATTR_OPERAND_WORDS);
    goto run_LOAD_FAST_ATTR;
}
CASE(SUBTRACT_ATTR) {
    Value left = TOP, right;
    NOTED_ATTRIBUTE(locals[OPERAND], ip, right, fast_attribute_elsewhere);
    ARITHMETIC(left, right, INT_SUBTRACT, -, 1, ATTR_OPERAND_WORDS);
    goto run_LOAD_FAST_ATTR;
}
CASE(MULTIPLY_ATTR) {
    Value left = TOP, right;
    NOTED_ATTRIBUTE(locals[OPERAND], ip, right, fast_attribute_elsewhere);
    ARITHMETIC(left, right, INT_MULTIPLY, *, 1, ATTR_OPERAND_WORDS);
    goto run_LOAD_FAST_ATTR;
}
/* a.x += y: LOAD_FAST, COPY 1, LOAD_ATTR, then y and the operator, then SWAP 2, STORE_ATTR. */
CASE(LOAD_FAST_ATTR_UNDER) {
    Value v;
    NOTED_ATTRIBUTE(locals[OPERAND], ip + 1, v, under_elsewhere);
under_found:
    sp[0] = retain_bound(locals[OPERAND]);
    sp[1] = retain_bound(v);
    sp += 2;
    ip += 2 + CACHES_LOAD_ATTR;
    NEXT;
under_elsewhere:
    if (WORD_OPCODE(ip[1]) != OP_LOAD_ATTR_ANY) goto run_LOAD_FAST;
    v = attribute_cached_value(t, locals[OPERAND], frame->code->names[WORD_OPERAND(ip[1])]);
    if (LIKELY(is_bound(v))) goto under_found;
    goto run_LOAD_FAST;
}

/* ---- methods ---- */

CASE(LOAD_METHOD_SHAPE) {
    const MethodCacheEntry *cached;
    if (CACHED_FOR_TYPE_OF(TOP)) {
        Attributes *attributes = ATTRIBUTES_OF(as_object(TOP));
        if (LIKELY(attributes->shape && attributes->shape->id == ip[1])) {
            Value self = TOP;
            TOP = retain_bound(cached->value);
            PUSH(self);
            SKIP(LOAD_METHOD);
            NEXT;
        }
    }
    goto guess_failed_method;
}
CASE(LOAD_METHOD_TYPE) {
    const MethodCacheEntry *cached;
    Type *type = LIKELY(is_object(TOP)) ? as_object(TOP)->type : value_type(t, TOP);      /* numbers have methods too */
    if (CACHED_FOR(type)) {
        Value self = TOP;
        TOP = retain_bound(cached->value);
        PUSH(self);
        SKIP(LOAD_METHOD);
        NEXT;
    }
    goto guess_failed_method;
}
/* The method of a local, as the LOAD_METHOD behind it has noted. */
CASE(LOAD_FAST_METHOD) {
    Value holder = locals[OPERAND], v;
    Opcode noted = WORD_OPCODE(ip[0]);
    if (UNLIKELY(!is_object(holder))) goto run_LOAD_FAST;
    if (LIKELY(noted == OP_LOAD_METHOD_SHAPE || noted == OP_LOAD_METHOD_TYPE)) {
        const MethodCacheEntry *cached = &t->interp->method_cache->entries[ip[3]];
        if (UNLIKELY(cached->stamp != ip[1] || cached->version != as_object(holder)->type->version)) goto run_LOAD_FAST;
        if (noted == OP_LOAD_METHOD_SHAPE && UNLIKELY(!HAS_SHAPE(as_object(holder), ip[2]))) goto run_LOAD_FAST;
        v = cached->value;
    } else {
        if (noted != OP_LOAD_METHOD_ANY) goto run_LOAD_FAST;
        const AttributePlace *place = attribute_cached_load(t, holder, frame->code->names[WORD_OPERAND(ip[0])]);
        if (UNLIKELY(!place || place->kind != ATTRIBUTE_IS_METHOD)) goto run_LOAD_FAST;
        v = place->value;
    }
    sp[0] = retain_bound(v);
    sp[1] = retain_bound(holder);
    sp += 2;
    ip += 1 + CACHES_LOAD_METHOD;
    NEXT;
}
/* The CALL_METHOD behind it, too. The method needs no counting: its class cannot change, and self keeps the class. */
CASE(CALL_TYPE_METHOD) {
    const MethodCacheEntry *cached;
    Type *type = LIKELY(is_object(TOP)) ? as_object(TOP)->type : value_type(t, TOP);
    if (CACHED_FOR(type)) {
        MethodDescriptor *method = (MethodDescriptor *)as_object(cached->value);
        const NativeDef *def = method->def;
        ip += CACHES_LOAD_METHOD + 1 + CACHES_CALL_METHOD;
        SAVE();
        Value v = native_call_in_place(t, def, &method->signature, method->d.owner, TOP, sp, 0);
        if (failed(v)) FAIL;
        Value self = TOP;
        TOP = v;
        release(self);
        if (!(def->flags & NATIVE_LEAF) && SAFEPOINT()) FAIL;
        NEXT;
    }
    goto guess_failed_method;
}
CASE(LOAD_METHOD_MODULE) {
    if (LIKELY(is_kind(TOP, KIND_MODULE))) {
        Module *module = (Module *)as_object(TOP);
        if (LIKELY(module->dict->keys_version == ip[0])) {
            TOP = retain_bound(dict_entry_at(module->dict, ip[2])->value);
            PUSH(UNBOUND);
            SKIP(LOAD_METHOD);
            SAVE();
            object_release(module);
            NEXT;
        }
    }
    goto guess_failed_method;
}
CASE(LOAD_METHOD_OF_CLASS) {
    const MethodCacheEntry *cached;
    if (IS_OF_VERSION(TOP, ip[1]) && LIKELY(is_type(TOP)) && CACHED_FOR(as_type(TOP))) {
        Value holder = TOP, v = cached->value;
        if (is_kind(v, KIND_CLASS_METHOD)) {
            TOP = retain(((WrappedFunction *)as_object(v))->function);
            PUSH(holder);
            SKIP(LOAD_METHOD);
            NEXT;
        }
        TOP = retain(is_kind(v, KIND_STATIC_METHOD) ? ((WrappedFunction *)as_object(v))->function : v);
        PUSH(UNBOUND);
        SKIP(LOAD_METHOD);
        SAVE();
        release(holder);
        NEXT;
    }
    goto guess_failed_method;
}
CASE(LOAD_METHOD_SLOT) {
    if (IS_OF_VERSION(TOP, ip[0])) {
        Object *object = as_object(TOP);
        Attributes *attributes = ATTRIBUTES_OF(object);
        if (LIKELY(attributes->shape && attributes->shape->id == ip[1])) {
            TOP = retain_bound(*PLACE_IN(object, ip[2]));
            PUSH(UNBOUND);
            SKIP(LOAD_METHOD);
            SAVE();
            object_release(object);
            NEXT;
        }
    }
guess_failed_method:
    specialize_again(ip, OP_LOAD_METHOD, OP_LOAD_METHOD_ANY, CACHES_LOAD_METHOD);
    goto run_LOAD_METHOD;
}
CASE(LOAD_METHOD_ANY) {
    const AttributePlace *place = attribute_cached_load(t, TOP, frame->code->names[OPERAND]);
    if (UNLIKELY(!place)) goto run_LOAD_METHOD;
    Value object = TOP;
    if (LIKELY(place->kind == ATTRIBUTE_IS_METHOD)) {
        TOP = retain_bound(place->value);
        PUSH(object);
        SKIP(LOAD_METHOD);
        NEXT;
    }
    Value v = attribute_at(place, as_object(object));
    if (UNLIKELY(is_unbound(v))) goto run_LOAD_METHOD;
    TOP = retain(v);
    PUSH(UNBOUND);
    SKIP(LOAD_METHOD);
    SAVE();
    release(object);
    NEXT;
}
/* ---- storing ---- */

CASE(STORE_ATTR_MEMBER) {
    if (IS_OF_VERSION(TOP, ip[0])) {
        Object *object = as_object(TOP);
        Value *slot = PLACE_IN(object, ip[2]), old = *slot;
        *slot = sp[-2];
        sp -= 2;
        SKIP(STORE_ATTR);
        SAVE();
        release(old);
        object_release(object);
        NEXT;
    }
    goto guess_failed_store;
}
CASE(STORE_ATTR_SLOT) {
    if (IS_OF_VERSION(TOP, ip[0])) {
        Object *object = as_object(TOP);
        Attributes *attributes = ATTRIBUTES_OF(object);
        if (LIKELY(attributes->shape && attributes->shape->id == ip[1])) {
            Value *slot = PLACE_IN(object, ip[2]), old = *slot;
            *slot = sp[-2];
            sp -= 2;
            SKIP(STORE_ATTR);
            SAVE();
            release(old);
            object_release(object);
            NEXT;
        }
    }
    goto guess_failed_store;
}
CASE(STORE_ATTR_ADD) {
    if (IS_OF_VERSION(TOP, ip[0])) {
        Object *object = as_object(TOP);
        Attributes *attributes = ATTRIBUTES_OF(object);
        if (LIKELY(attributes->shape && attributes->shape->id == ip[1])) {
            Shape *next = shape_next(attributes->shape, frame->code->names[OPERAND]);
            if (LIKELY(next != NULL)) {
                *PLACE_IN(object, ip[2]) = sp[-2];
                attributes->shape = next;
                sp -= 2;
                SKIP(STORE_ATTR);
                object_release(object);
                NEXT;
            }
        }
    }
guess_failed_store:
    specialize_again(ip, OP_STORE_ATTR, OP_STORE_ATTR_ANY, CACHES_STORE_ATTR);
    goto run_STORE_ATTR;
}
CASE(STORE_ATTR_ANY) {
    Value *place = attribute_cached_store(t, TOP, frame->code->names[OPERAND]);
    if (UNLIKELY(!place)) goto run_STORE_ATTR;
    Value object = TOP, old = *place;
    *place = sp[-2];
    sp -= 2;
    SKIP(STORE_ATTR);
    SAVE();
    release2(old, object);
    NEXT;
}
/* [place]: where the attribute of [holder] lies that the STORE_ATTR at [noted] has in its cache words. */
#define NOTED_PLACE(holder, noted, place, otherwise)                                                        \
    do {                                                                                                    \
        Value holder_ = (holder);                                                                           \
        if (!IS_OF_VERSION(holder_, (noted)[1])) goto otherwise;                                            \
        if (LIKELY(WORD_OPCODE((noted)[0]) == OP_STORE_ATTR_SLOT)) {                                        \
            Attributes *attributes_ = ATTRIBUTES_OF(as_object(holder_));                                    \
            if (UNLIKELY(!attributes_->shape || attributes_->shape->id != (noted)[2])) goto otherwise;      \
        } else if (WORD_OPCODE((noted)[0]) != OP_STORE_ATTR_MEMBER) {                                       \
            goto otherwise;                                                                                 \
        }                                                                                                   \
        place = PLACE_IN(as_object(holder_), (noted)[3]);                                                   \
    } while (0)
CASE(STORE_FAST_ATTR) {
    Value *place, old;
    NOTED_PLACE(locals[OPERAND], ip, place, fast_store_elsewhere);
fast_store_found:
    old = *place;
    *place = POP();
    ip += 1 + CACHES_STORE_ATTR;
    RELEASE(old);
    NEXT;
fast_store_elsewhere:
    if (WORD_OPCODE(ip[0]) == OP_STORE_ATTR_ANY) {
        place = attribute_cached_store(t, locals[OPERAND], frame->code->names[WORD_OPERAND(ip[0])]);
        if (LIKELY(place != NULL)) goto fast_store_found;
    }
    if (WORD_OPCODE(ip[0]) != OP_STORE_ATTR_ADD || !IS_OF_VERSION(locals[OPERAND], ip[1])) goto run_LOAD_FAST;
    Attributes *attributes = ATTRIBUTES_OF(as_object(locals[OPERAND]));
    if (UNLIKELY(!attributes->shape || attributes->shape->id != ip[2])) goto run_LOAD_FAST;
    Shape *next = shape_next(attributes->shape, frame->code->names[WORD_OPERAND(ip[0])]);
    if (UNLIKELY(!next)) goto run_LOAD_FAST;
    *PLACE_IN(as_object(locals[OPERAND]), ip[3]) = POP();
    attributes->shape = next;
    ip += 1 + CACHES_STORE_ATTR;
    NEXT;
}
CASE(STORE_ATTR_UNDER) {
    Value holder = sp[-2], *place, old;
    NOTED_PLACE(holder, ip, place, store_under_elsewhere);
store_under_found:
    old = *place;
    *place = TOP;
    sp -= 2;
    ip += 1 + CACHES_STORE_ATTR;
    SAVE();
    release(old);
    object_release(as_object(holder));
    NEXT;
store_under_elsewhere:
    if (WORD_OPCODE(ip[0]) != OP_STORE_ATTR_ANY) goto run_SWAP;
    place = attribute_cached_store(t, holder, frame->code->names[WORD_OPERAND(ip[0])]);
    if (LIKELY(place != NULL)) goto store_under_found;
    goto run_SWAP;
}
