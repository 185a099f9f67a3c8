/* operators.c - see operators.h.
 *
 * What        Which method an operator begins with, laying its frame, and the rest of the operator once it has returned.
 * How         Only the commonest beginning is entered: a plain function with exactly these parameters, when nobody else has to be asked
 *             before. A method of numbers says NotImplemented to an instance of a script's class, so then the right operand's is the first.
 *             All else goes on as if no frame had been laid: NotImplemented asks the other operand, `in` wants a truth.
 *
 *                 left right | method left right .. | Frame ...
 *                              ^ at                          flags: what is left of the operator | operands | operator << 16
 * Invariants  I1 what is looked up here is what the slot of the type would look up: type_slots.c keeps both together.
 * GIL         held.
 * Read next   arith.c, vm/object/protocol_calls.c, vm/object/slot_calls.c (the same by slots) */
#include "vm/run/operators.h"

#include "vm/bytecode/opcode.h"
#include "vm/object/descriptor.h"
#include "vm/object/exception.h"
#include "vm/object/instance.h"
#include "vm/object/int.h"
#include "vm/object/method_cache.h"
#include "vm/object/protocol.h"
#include "vm/run/arith.h"
#include "vm/run/call.h"

/* What the frame of a method is in the middle of, in the bits of its flags from FRAME_STAGE_SHIFT on. */
enum Stage {
    STAGE_PLAIN,                /* the result is that of the instruction */
    STAGE_TRUTH,                /* its truth is; the operator number: 1 inverts it */
    STAGE_ITERATOR,             /* it has to be an iterator */
    STAGE_JUMP,                 /* its truth decides on a jump: a __bool__ */
    STAGE_COMPARED,             /* the left operand's answer to a comparison */
    STAGE_IN_PLACE,             /* ... to a += b */
    STAGE_LEFT,                 /* ... to a + b */
    STAGE_RIGHT,                /* the right operand's, the left one had nothing to say */
};
enum { OPERATOR_SHIFT = 16 };
_Static_assert((int)STAGE_JUMP == (int)OPERATOR_STAGE_JUMP, "what the loop asks for");

static uint32_t flags_for(enum Stage stage, uint32_t operands, uint32_t op)
{
    return FRAME_IS_OPERATOR | (uint32_t)stage << FRAME_STAGE_SHIFT | operands << FRAME_OPERANDS_SHIFT | op << OPERATOR_SHIFT;
}

/* type_lookup, without a call where it has been asked before. */
static inline BORROWED Value look_up(Thread *t, Type *type, Str *name)
{
    MethodCache *cache = t->interp->method_cache;
    if (LIKELY(cache != NULL) && LIKELY(type->version != 0)) {
        const MethodCacheEntry *entry = method_cache_entry(cache, type->version, name);
        if (LIKELY(entry->version == type->version && entry->name == name)) return entry->value;
    }
    return type_lookup(t, type, name);
}

/* The method called [name] of a script's class, if it can be entered with [count] arguments. */
static inline BORROWED Function *method_of(Thread *t, Type *type, Str *name, uint32_t count)
{
    Value method = look_up(t, type, name);
    if (!is_kind(method, KIND_FUNCTION)) return NULL;
    Function *function = (Function *)as_object(method);
    return function->code->exact_count == count ? function : NULL;
}

static inline Frame *enter(Thread *t, Function *function, Value *at, const Value *args, uint32_t count, uint32_t flags)
{
    object_retain(function);
    at[0] = object_value(function);
    for (uint32_t i = 0; i < count; i++) at[i + 1] = retain(args[i]);
    Frame *frame;
    if (LIKELY(function->warm_count == count && stack_has_room(t, at + 1, function->code->frame_words) && t->depth < t->depth_limit)) {
        t->frame = frame = call_lay_warm(t, function, at + 1, at, flags);
        t->depth++;
        return frame;
    }
    frame = call_enter(t, at, at + 1, count);
    if (frame) frame->flags = flags;
    return frame;
}

static inline BORROWED Type *script_type(Value v)
{
    if (!is_maybe_script_made(v)) return NULL;
    Type *type = as_object(v)->type;
    return type_is(type, TYPE_IS_SCRIPT_MADE) ? type : NULL;
}

/* The right operand is asked before the left one, if it has a say: its class derives from the left one's. */
static inline bool right_goes_first(const Type *left, Value right)
{
    const Type *type = is_object(right) ? as_object(right)->type : left;
    return type != left && type_is(type, TYPE_IS_SCRIPT_MADE) && type_is_subtype(type, left);
}

Frame *operator_enter_binary(Thread *t, Value *sp, uint32_t op)
{
    Value *row = sp - 2, left = row[0], right = row[1];
    Type *left_type = script_type(left), *right_type;
    if (left_type && as_object(left)->solid != KIND_OBJECT && arith_is_native(t, left, op)) return NULL;
    BinaryNames names = arith_names(t, op);
    Function *method = NULL;
    if (left_type) {
        if (names.in_place && is_bound(look_up(t, left_type, names.in_place))) {
            method = method_of(t, left_type, names.in_place, 2);
            return method ? enter(t, method, sp, row, 2, flags_for(STAGE_IN_PLACE, 2, op)) : NULL;
        }
        if (right_goes_first(left_type, right) || !(method = method_of(t, left_type, names.plain, 2))) return NULL;
        return enter(t, method, sp, row, 2, flags_for(STAGE_LEFT, 2, op));
    }
    bool left_is_number = is_exact_int(left) || is_word_float(left) || is_kind(left, KIND_FLOAT);
    right_type = left_is_number ? script_type(right) : NULL;
    if (!right_type || as_object(right)->solid != KIND_OBJECT || !(method = method_of(t, right_type, names.reflected, 2))) return NULL;
    Value args[] = {right, left};
    return enter(t, method, sp, args, 2, flags_for(STAGE_RIGHT, 2, op));
}

Frame *operator_enter_compare(Thread *t, Value *sp, uint32_t op)
{
    const Names *names = &t->interp->names;
    Str *const by_op[] = {names->__lt__, names->__le__, names->__eq__, names->__ne__, names->__gt__, names->__ge__};
    Value *row = sp - 2;
    Type *type = script_type(row[0]);
    Function *method = type && !right_goes_first(type, row[1]) ? method_of(t, type, by_op[op], 2) : NULL;
    return method ? enter(t, method, sp, row, 2, flags_for(STAGE_COMPARED, 2, op)) : NULL;
}

Frame *operator_enter_unary(Thread *t, Value *sp, Str *name)
{
    Type *type = script_type(sp[-1]);
    Function *method = type ? method_of(t, type, name, 1) : NULL;
    return method ? enter(t, method, sp, sp - 1, 1, flags_for(STAGE_PLAIN, 1, 0)) : NULL;
}

Frame *operator_enter_get_item(Thread *t, Value *sp)
{
    Type *type = script_type(sp[-2]);
    Function *method = type ? method_of(t, type, NAME_OF(t, __getitem__), 2) : NULL;
    return method ? enter(t, method, sp, sp - 2, 2, flags_for(STAGE_PLAIN, 2, 0)) : NULL;
}

Frame *operator_enter_set_item(Thread *t, Value *sp)
{
    Type *type = script_type(sp[-2]);
    Function *method = type ? method_of(t, type, NAME_OF(t, __setitem__), 3) : NULL;
    Value args[] = {sp[-2], sp[-1], sp[-3]};
    return method ? enter(t, method, sp, args, 3, flags_for(STAGE_PLAIN, 3, 0) | FRAME_DROPS_RESULT) : NULL;
}

Frame *operator_enter_contains(Thread *t, Value *sp, uint32_t is_inverted)
{
    Type *type = script_type(sp[-1]);
    Function *method = type ? method_of(t, type, NAME_OF(t, __contains__), 2) : NULL;
    Value args[] = {sp[-1], sp[-2]};
    return method ? enter(t, method, sp, args, 2, flags_for(STAGE_TRUTH, 2, is_inverted)) : NULL;
}

Frame *operator_enter_next(Thread *t, Value *sp)
{
    Type *type = script_type(sp[-1]);
    Function *method = type ? method_of(t, type, NAME_OF(t, __next__), 1) : NULL;
    return method ? enter(t, method, sp, sp - 1, 1, FRAME_IS_NEXT) : NULL;
}

Frame *operator_enter_next_call(Thread *t, Value *call_at)
{
    Type *type = script_type(call_at[1]);
    Function *method = type ? method_of(t, type, NAME_OF(t, __next__), 1) : NULL;
    bool is_easy = method && method->code->warm_count == 1 && stack_has_room(t, call_at + 1, method->code->frame_words) && t->depth < t->depth_limit;
    if (!is_easy) return NULL;
    object_retain(method);
    replace(call_at, object_value(method));
    Frame *frame = t->frame = call_lay_warm(t, method, call_at + 1, call_at, 0);
    t->depth++;
    return frame;
}

Frame *operator_enter_iterate(Thread *t, Value *sp)
{
    Type *type = script_type(sp[-1]);
    Function *method = type ? method_of(t, type, NAME_OF(t, __iter__), 1) : NULL;
    if (!method || method->code->generator_start) return NULL;      /* a generator is made without a frame */
    return enter(t, method, sp, sp - 1, 1, flags_for(STAGE_ITERATOR, 1, 0));
}

Frame *operator_enter_truth(Thread *t, Value *sp, uint64_t distance)
{
    Type *type = distance >> 24 ? NULL : script_type(sp[-1]);        /* an EXTENDED_ARG would have to be read again */
    Function *method = type ? method_of(t, type, NAME_OF(t, __bool__), 1) : NULL;
    return method ? enter(t, method, sp, sp - 1, 1, flags_for(STAGE_JUMP, 1, 0)) : NULL;
}

Frame *operator_enter_set_attribute(Thread *t, Value *sp, Str *name)
{
    Type *type = script_type(sp[-1]);
    Value property = type && type->slots.set_attribute == generic_set_attribute ? type_lookup(t, type, name) : UNBOUND;
    Value setter = is_kind(property, KIND_PROPERTY) ? ((Property *)as_object(property))->setter : UNBOUND;
    if (!is_kind(setter, KIND_FUNCTION) || ((Function *)as_object(setter))->code->exact_count != 2) return NULL;
    Value args[] = {sp[-1], sp[-2]};
    return enter(t, (Function *)as_object(setter), sp, args, 2, flags_for(STAGE_PLAIN, 2, 0) | FRAME_DROPS_RESULT);
}

Frame *operator_enter_with(Thread *t, Value *sp)
{
    Value manager = sp[-1];
    Type *type = script_type(manager);
    Function *method = type ? method_of(t, type, NAME_OF(t, __enter__), 1) : NULL;
    Value exit = method ? type_lookup(t, type, NAME_OF(t, __exit__)) : UNBOUND;
    if (!is_kind(exit, KIND_FUNCTION)) return NULL;
    Value bound = method_new(t, exit, manager);
    if (failed(bound)) return NULL;
    Frame *frame = enter(t, method, sp, sp - 1, 1, flags_for(STAGE_PLAIN, 0, 0));
    if (!frame) {
        release(bound);
        return NULL;
    }
    sp[-1] = bound;
    release(manager);     /* the frame and the bound method have it */
    return frame;
}

/* ---- the rest of it ---- */

static Value truth_of(Thread *t, TAKES Value answer, bool is_inverted)
{
    bool truth;
    bool is_good = value_truth(t, answer, &truth);
    release(answer);
    return is_good ? bool_value(truth != is_inverted) : FAILED;
}

static Value checked_iterator(Thread *t, TAKES Value answer)
{
    if (LIKELY(value_type(t, answer)->slots.next != NULL)) return answer;
    raise_type_error(t, "iter() returned non-iterator of type '%T'", answer);
    release(answer);
    return FAILED;
}

static Value raise_no_bool(Thread *t, TAKES Value answer)
{
    raise_type_error(t, "__bool__ should return bool, returned %T", answer);
    release(answer);
    return FAILED;
}

Value operator_returned(Thread *t, Value *at, uint32_t flags, TAKES Value sent)
{
    enum Stage stage = flags >> FRAME_STAGE_SHIFT & 7;
    uint32_t op = flags >> OPERATOR_SHIFT;
    if (LIKELY(stage >= STAGE_COMPARED && !is_not_implemented(sent))) {      /* the commonest: two operands, whose answer is the last word */
        release2(at[-2], at[-1]);
        release(*at);
        return sent;
    }
    if (stage == STAGE_TRUTH)
        sent = truth_of(t, sent, op);
    else if (stage == STAGE_ITERATOR)
        sent = checked_iterator(t, sent);
    else if (stage == STAGE_JUMP && !is_bool(sent))
        sent = raise_no_bool(t, sent);
    else if (stage == STAGE_COMPARED)
        sent = value_compare_declined(t, at[-2], at[-1], (CompareOp)op);
    else if (stage >= STAGE_IN_PLACE)
        sent = value_binary_declined(t, at[-2], at[-1], (BinaryOp)op, stage == STAGE_IN_PLACE ? ASKED_IN_PLACE : stage == STAGE_LEFT ? ASKED_LEFT : ASKED_BOTH);
    for (Value *each = at - operator_operands(flags); each <= at; each++) release(*each);
    if (flags & FRAME_DROPS_RESULT) {
        release(sent);
        return NONE;
    }
    return sent;
}
