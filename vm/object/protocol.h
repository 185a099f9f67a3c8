/* protocol.h - what may be asked of any value: its text, hash, truth, length, items, attributes, successor; and calling it.
 *
 * What        value_*: one function per question, whatever the type. The slots of type.h answer.
 * How         Immediate values first, then the slot of the type, then the fallbacks of the language (__len__ for truth,
 *             __getitem__ for iteration ...), with CPython 3.13's messages when nothing answers.
 * GIL         held; any of these may run script code and so give the lock up inside.
 * Read next   type.h, vm/run/arith.h (operators) */
#ifndef TOY_OBJECT_PROTOCOL_H
#define TOY_OBJECT_PROTOCOL_H

#include "vm/object/context.h"

/* The C stack is nearly used up: ask before stack_is_exhausted(), which is a call. */
static inline bool stack_is_low(Thread *t) { return UNLIKELY((char *)__builtin_frame_address(0) < t->stack_limit); }

MUST_CHECK Value value_repr(Thread *t, Value v);                   /* always a Str */
MUST_CHECK Value value_str(Thread *t, Value v);
MUST_CHECK Value value_ascii(Thread *t, Value v);
MUST_CHECK Value value_format(Thread *t, Value v, Value spec);     /* spec a Str, or UNBOUND for '' */
MUST_CHECK bool value_hash(Thread *t, Value v, int64_t *hash);
/* The hash slot of what cannot be hashed ("unhashable type: 'list'"); type.c shows __hash__ as None for it. */
MUST_CHECK bool hash_not_implemented(Thread *t, Value v, int64_t *hash);
MUST_CHECK bool value_truth(Thread *t, Value v, bool *truth);
/* The answer of a comparison, where [order] says below, at or above 0 what the left side is to the right one. */
static inline Value compare_by_order(int order, CompareOp op)
{
    switch (op) {
    case COMPARE_LT: return bool_value(order < 0);
    case COMPARE_LE: return bool_value(order <= 0);
    case COMPARE_EQ: return bool_value(order == 0);
    case COMPARE_NE: return bool_value(order != 0);
    case COMPARE_GT: return bool_value(order > 0);
    case COMPARE_GE: return bool_value(order >= 0);
    }
    return NOT_IMPLEMENTED;
}

MUST_CHECK Value value_compare(Thread *t, Value a, Value b, CompareOp op);              /* the whole dance with reflected operands */
/* The rest of it, after the left operand's method has answered NotImplemented. */
MUST_CHECK Value value_compare_declined(Thread *t, Value a, Value b, CompareOp op);
MUST_CHECK bool value_compare_truth(Thread *t, Value a, Value b, CompareOp op, bool *truth);
MUST_CHECK bool value_equal(Thread *t, Value a, Value b, bool *equal);                  /* identity implies equality, as in containers */

MUST_CHECK bool value_length(Thread *t, Value v, size_t *length);
/* A guess for preallocation: __len__, __length_hint__, else [fallback]. */
MUST_CHECK bool value_length_hint(Thread *t, Value v, size_t fallback, size_t *hint);
MUST_CHECK Value value_get_item(Thread *t, Value v, Value key);
MUST_CHECK bool value_set_item(Thread *t, Value v, Value key, Value item);
MUST_CHECK bool value_delete_item(Thread *t, Value v, Value key);
/* The number behind an index, through __index__; IndexError "cannot fit 'T' into an index-sized integer". The second clips instead. */
MUST_CHECK bool value_to_index(Thread *t, Value v, int64_t *index);
MUST_CHECK bool value_to_clipped_index(Thread *t, Value v, int64_t *index);
MUST_CHECK bool value_contains(Thread *t, Value v, Value item, bool *found);

bool value_is_iterable(Thread *t, Value v);                        /* iter(v) would find something to ask */
MUST_CHECK Value value_iterate(Thread *t, Value v);
MUST_CHECK Value value_next(Thread *t, Value iterator);            /* END when exhausted; a StopIteration from a script becomes END */
/* Calls visit(t, item, context) for each item until it answers false (then false is returned: raised, or stopped by choice). Fast for list, tuple, dict
 * and generators. */
typedef bool (*VisitItemFn)(Thread *t, Value item, void *context);
MUST_CHECK bool value_for_each(Thread *t, Value iterable, VisitItemFn visit, void *context);
MUST_CHECK bool iterator_for_each(Thread *t, Value iterator, VisitItemFn visit, void *context);     /* the same of what iter() has answered */

MUST_CHECK Value value_get_attribute(Thread *t, Value v, Str *name);
/* UNBOUND and t->raised unbound when the attribute does not exist: AttributeError is swallowed, other errors stay raised. */
Value value_find_attribute(Thread *t, Value v, Str *name);
MUST_CHECK bool value_set_attribute(Thread *t, Value v, Str *name, Value value);
MUST_CHECK bool value_delete_attribute(Thread *t, Value v, Str *name);
/* os.fspath: the str or bytes that a path is, or that its __fspath__ answers. The first is UNBOUND, nothing raised, if it is no path. */
Value value_path_text(Thread *t, Value path);
MUST_CHECK Value value_fspath(Thread *t, Value path);
/* The method [name] looked up on the type, bound (never in the instance): special method look-up. UNBOUND: there is none. */
Value value_find_special(Thread *t, Value v, Str *name);

bool value_is_callable(Thread *t, Value v);
/* Arguments as in CallFn: borrowed, in a row, keyword values after the positional ones. */
MUST_CHECK Value value_call(Thread *t, Value callee, const Value *args, size_t count, Tuple *names);
MUST_CHECK Value value_call0(Thread *t, Value callee);
MUST_CHECK Value value_call1(Thread *t, Value callee, Value a);
MUST_CHECK Value value_call2(Thread *t, Value callee, Value a, Value b);
MUST_CHECK Value value_call_method(Thread *t, Value object, Str *name, const Value *args, size_t count);

/* The + and * of sequences when the other operand is none of theirs: the other operand's own slot is asked, then
 * TypeError [format] with the type of [other]. [own] is the slot that asks, so that a subclass's slot is not asked twice. */
MUST_CHECK Value sequence_add_other(Thread *t, Value left, Value right, BinaryFn own, const char *format);
/* The count of sequence * count, either way round. *result is bound if the other operand answered instead. */
MUST_CHECK bool sequence_repeat_count(Thread *t, Value left, Value right, bool sequence_is_left, size_t *count, Value *result);

/* Guards of repr against infinite depth. *is_first false: [v] is being printed already, the caller writes '...' and does not
 * call repr_leave. False: raised. */
MUST_CHECK bool repr_enter(Thread *t, Value v, bool *is_first);
void repr_leave(Thread *t, Value v);

#endif
