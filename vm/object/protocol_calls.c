/* protocol_calls.c - see protocol.h: comparing two values, going through one, calling one.
 *
 * What        value_compare and its kin; value_contains, value_iterate, value_next, value_for_each; value_call in its forms.
 * How         Comparison is a dance of two: the right operand first if its type derives from the left one's, then left, then
 *             right with the reflected question; equality falls back to identity. Iteration of the exact built-in containers
 *             goes without an iterator object.
 * Invariants  I1 value_for_each looks at the container's size again before each item: the visitor may have changed it.
 * GIL         held; script code may run in all of these.
 * Read next   protocol.c, slot_calls.c, iterators.c */
#include "vm/object/bytes_methods.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/int.h"
#include "vm/object/iterators.h"
#include "vm/object/list.h"
#include "vm/object/order.h"
#include "vm/object/protocol.h"
#include "vm/object/range.h"
#include "vm/object/set.h"
#include "vm/object/str.h"

/* ---- comparison ---- */

static const CompareOp reflected[] = {
    [COMPARE_LT] = COMPARE_GT, [COMPARE_LE] = COMPARE_GE, [COMPARE_EQ] = COMPARE_EQ,
    [COMPARE_NE] = COMPARE_NE, [COMPARE_GT] = COMPARE_LT, [COMPARE_GE] = COMPARE_LE,
};
static const char *const symbols[] = {"<", "<=", "==", "!=", ">", ">="};

/* Neither has an answer. */
static Value compare_identities(Thread *t, Value a, Value b, CompareOp op)
{
    if (op == COMPARE_EQ)
        return bool_value(is_same(a, b));
    if (op == COMPARE_NE)
        return bool_value(!is_same(a, b));
    return raise_type_error(t, "'%s' not supported between instances of '%T' and '%T'", symbols[op], a, b);
}

Value value_compare_declined(Thread *t, Value a, Value b, CompareOp op)
{
    CompareFn compare = value_type(t, b)->slots.compare;
    Value answer = compare ? compare(t, b, a, reflected[op]) : NOT_IMPLEMENTED;
    return is_not_implemented(answer) ? compare_identities(t, a, b, op) : answer;
}

static Value compare_by_slots(Thread *t, Value a, Value b, CompareOp op)
{
    Type *left = is_object(a) ? as_object(a)->type : value_type(t, a), *right = is_object(b) ? as_object(b)->type : value_type(t, b);
    bool is_right_asked = false;
    if (left != right && right->slots.compare && type_is_subtype(right, left)) {
        is_right_asked = true;
        Value answer = right->slots.compare(t, b, a, reflected[op]);
        if (!is_not_implemented(answer))
            return answer;
    }
    if (left->slots.compare) {
        Value answer = left->slots.compare(t, a, b, op);
        if (!is_not_implemented(answer))
            return answer;
    }
    return is_right_asked ? compare_identities(t, a, b, op) : value_compare_declined(t, a, b, op);
}

static Value compare_doubles(double a, double b, CompareOp op)
{
    if (a != a || b != b)
        return bool_value(op == COMPARE_NE);   /* a nan */
    return compare_by_order((a > b) - (a < b), op);
}

Value value_compare(Thread *t, Value a, Value b, CompareOp op)
{
    if (are_small_ints(a, b))
        return compare_by_order(((int64_t)a.bits > (int64_t)b.bits) - ((int64_t)a.bits < (int64_t)b.bits), op);
    if (is_kind(a, KIND_STR) && is_kind(b, KIND_STR)) {
        if (op == COMPARE_EQ || op == COMPARE_NE)
            return bool_value(str_equal(as_str(a), as_str(b)) == (op == COMPARE_EQ));
        return compare_by_order(str_order(as_str(a), as_str(b)), op);
    }
    if (is_object(a) && is_object(b) && as_object(a)->type == as_object(b)->type && as_object(a)->type->slots.compare) {
        /* Neither side goes before the other: none of the two is asked twice. */
        if (stack_is_low(t) && stack_is_exhausted(t, " in comparison"))
            return FAILED;
        Value answer = as_object(a)->type->slots.compare(t, a, b, op);
        return LIKELY(!is_not_implemented(answer)) ? answer : value_compare_declined(t, a, b, op);
    }
    double x, y;
    if (!(is_object(a) && is_object(b)) && order_numbers(a, b, &x, &y))
        return compare_doubles(x, y, op);
    if (stack_is_low(t) && stack_is_exhausted(t, " in comparison"))
        return FAILED;
    return compare_by_slots(t, a, b, op);
}

bool value_compare_truth(Thread *t, Value a, Value b, CompareOp op, bool *truth)
{
    Value answer = value_compare(t, a, b, op);
    if (is_bool(answer)) {
        *truth = is_true(answer);
        return true;
    }
    if (failed(answer))
        return false;
    bool is_good = value_truth(t, answer, truth);
    release(answer);
    return is_good;
}

bool value_equal(Thread *t, Value a, Value b, bool *equal)
{
    if (is_same(a, b)) {
        /* Also a NaN that is the same word: containers look at identity first. */
        *equal = true;
        return true;
    }
    if (are_small_ints(a, b) || (is_word_float(a) && is_word_float(b))) {
        *equal = false;   /* each has one word only, and those of a float do not hold 0.0, which has two */
        return true;
    }
    if (is_kind(a, KIND_STR) && is_kind(b, KIND_STR)) {
        *equal = str_equal(as_str(a), as_str(b));
        return true;
    }
    return value_compare_truth(t, a, b, COMPARE_EQ, equal);
}

/* ---- iteration ---- */

/* The old protocol: v[0], v[1] ... until IndexError. A native type that can be subscripted but not iterated means it. */
static bool is_old_sequence(const Type *type)
{
    return type->slots.get_item && type_is(type, TYPE_IS_SCRIPT_MADE) && type->solid != KIND_DICT;
}

bool value_is_iterable(Thread *t, Value v)
{
    Type *type = value_type(t, v);
    return type->slots.iterate || is_old_sequence(type);
}

Value value_iterate(Thread *t, Value v)
{
    Type *type = value_type(t, v);
    if (type->slots.iterate) {
        Value iterator = type->slots.iterate(t, v);
        if (!failed(iterator) && UNLIKELY(!value_type(t, iterator)->slots.next)) {
            raise_type_error(t, "iter() returned non-iterator of type '%T'", iterator);
            release(iterator);
            return FAILED;
        }
        return iterator;
    }
    if (is_old_sequence(type))
        return sequence_iterator_new(t, v);
    return raise_type_error(t, "'%T' object is not iterable", v);
}

static NOINLINE Value end_if_stopped(Thread *t)
{
    if (!raised_is(t, EXC_StopIteration))
        return FAILED;
    raised_clear(t);
    return END;
}

/* Apart, so that the common cases below save no registers. */
static NOINLINE Value next_by_slot(Thread *t, Value iterator)
{
    NextFn next = is_object(iterator) ? as_object(iterator)->type->slots.next : NULL;
    if (UNLIKELY(!next))
        return raise_type_error(t, "'%T' object is not an iterator", iterator);
    /* Iterators stand on each other: map(f, map(g, ...)). */
    char here;
    if (UNLIKELY(&here < t->stack_limit) && stack_is_exhausted(t, ""))
        return FAILED;
    Value item = next(t, iterator);
    return LIKELY(is_bound(item)) ? item : end_if_stopped(t);
}

Value value_next(Thread *t, Value iterator)
{
    if (LIKELY(is_object(iterator))) {
        /* As in sequence_iterators.c and range.c, for the most common cases. */
        Object *o = as_object(iterator);
        if (o->kind == KIND_LIST_ITERATOR) {
            ListIterator *it = (ListIterator *)o;
            if (LIKELY(it->list && it->next < it->list->count))
                return retain(it->list->items[it->next++]);
        } else if (o->kind == KIND_RANGE_ITERATOR) {
            return range_iterator_next((RangeIterator *)o);
        }
    }
    return next_by_slot(t, iterator);
}

ALWAYS_INLINE bool visit_and_release(Thread *t, TAKES Value item, VisitItemFn visit, void *context)
{
    bool goes_on = visit(t, item, context);
    release(item);
    return goes_on;
}

static bool for_each_of_dict(Thread *t, Dict *dict, VisitItemFn visit, void *context)
{
    size_t length = dict_length(dict), position = 0;
    Value key, value;
    while (dict_next(dict, &position, &key, &value)) {
        if (!visit_and_release(t, retain(key), visit, context))
            return false;
        if (dict_length(dict) != length)
            return raise_false(t, EXC_RuntimeError, "dictionary changed size during iteration");
    }
    return true;
}

static bool for_each_of_set(Thread *t, Set *set, VisitItemFn visit, void *context)
{
    size_t length = set->used, position = 0;
    Value key;
    while (set_next(set, &position, &key)) {
        if (!visit_and_release(t, retain(key), visit, context))
            return false;
        if (set->used != length)
            return raise_false(t, EXC_RuntimeError, "Set changed size during iteration");
    }
    return true;
}

/* What value_next would find anew for each item: a built-in iterator has the same slot all the time. */
static NextFn next_of(Thread *t, Value iterator)
{
    if (!is_object(iterator) || type_is(as_object(iterator)->type, TYPE_IS_SCRIPT_MADE) || (char *)__builtin_frame_address(0) < t->stack_limit)
        return value_next;
    NextFn next = as_object(iterator)->type->slots.next;
    return next ? next : value_next;
}

bool iterator_for_each(Thread *t, Value iterator, VisitItemFn visit, void *context)
{
    if (is_kind(iterator, KIND_GENERATOR) && !t->interp->visit_generator(t, iterator, visit, context))
        return false;
    NextFn next = next_of(t, iterator);
    for (;;) {
        Value item = next(t, iterator);
        if (is_end(item))
            return true;
        if (failed(item)) {
            if (!raised_is(t, EXC_StopIteration))
                return false;
            raised_clear(t);
            return true;
        }
        if (!visit_and_release(t, item, visit, context))
            return false;
    }
}

static bool for_each_by_iterator(Thread *t, Value iterable, VisitItemFn visit, void *context)
{
    Value iterator = value_iterate(t, iterable);
    if (failed(iterator))
        return false;
    bool goes_on = iterator_for_each(t, iterator, visit, context);
    release(iterator);
    return goes_on;
}

bool value_for_each(Thread *t, Value iterable, VisitItemFn visit, void *context)
{
    bool goes_on = true;
    switch (is_object(iterable) ? as_object(iterable)->kind : KIND_INSTANCE) {
    case KIND_LIST:
        for (size_t i = 0; goes_on && i < as_list(iterable)->count; i++)   /* keeps I1 */
            goes_on = visit_and_release(t, retain(as_list(iterable)->items[i]), visit, context);
        return goes_on;
    case KIND_TUPLE:
        for (size_t i = 0; goes_on && i < as_tuple(iterable)->count; i++)
            goes_on = visit(t, as_tuple(iterable)->items[i], context);
        return goes_on;
    case KIND_STR:
        for (size_t i = 0; goes_on && i < as_str(iterable)->length; i++) {
            Str *character = str_from_char(t, str_char(as_str(iterable), i));
            goes_on = character && visit_and_release(t, object_value(character), visit, context);
        }
        return goes_on;
    case KIND_BYTES:
        for (size_t i = 0; goes_on && i < as_bytes(iterable)->length; i++)
            goes_on = visit(t, small_int_value(as_bytes(iterable)->data[i]), context);
        return goes_on;
    case KIND_BYTEARRAY:
        for (size_t i = 0; goes_on && i < span_of(iterable).length; i++)
            goes_on = visit(t, small_int_value(span_of(iterable).data[i]), context);
        return goes_on;
    case KIND_RANGE: {
        int64_t start, step;
        size_t count;
        if (!range_is_small((const Range *)as_object(iterable), &start, &step, &count))
            return for_each_by_iterator(t, iterable, visit, context);
        for (size_t i = 0; goes_on && i < count; i++, start += step)
            goes_on = visit(t, small_int_value(start), context);
        return goes_on;
    }
    case KIND_DICT:
        return for_each_of_dict(t, as_dict(iterable), visit, context);
    case KIND_SET:
    case KIND_FROZENSET:
        return for_each_of_set(t, as_set(iterable), visit, context);
    default:
        return for_each_by_iterator(t, iterable, visit, context);
    }
}

/* ---- membership ---- */

typedef struct Search { Value wanted; bool is_found; } Search;

static bool search_item(Thread *t, Value item, void *context)
{
    Search *search = context;
    bool equal;
    if (!value_equal(t, item, search->wanted, &equal))
        return false;
    search->is_found = equal;
    return !equal;
}

bool value_contains(Thread *t, Value v, Value item, bool *found)
{
    Type *type = value_type(t, v);
    if (type->slots.contains)
        return type->slots.contains(t, v, item, found);
    if (!value_is_iterable(t, v))
        return raise_false(t, EXC_TypeError, "argument of type '%T' is not iterable", v);
    Search search = {item, false};
    bool is_good = value_for_each(t, v, search_item, &search) || !is_raised(t);
    *found = search.is_found;
    return is_good;
}

/* ---- calls ---- */

bool value_is_callable(Thread *t, Value v)
{
    return value_type(t, v)->slots.call != NULL;
}

Value value_call(Thread *t, Value callee, const Value *args, size_t count, Tuple *names)
{
    CallFn call = LIKELY(is_object(callee)) ? as_object(callee)->type->slots.call : NULL;
    if (UNLIKELY(!call))
        return raise_type_error(t, "'%T' object is not callable", callee);
    if (stack_is_low(t) && stack_is_exhausted(t, " while calling a Python object"))
        return FAILED;
    return call(t, callee, args, count, names);
}

Value value_call0(Thread *t, Value callee)
{
    return value_call(t, callee, NULL, 0, NULL);
}

Value value_call1(Thread *t, Value callee, Value a)
{
    return value_call(t, callee, &a, 1, NULL);
}

Value value_call2(Thread *t, Value callee, Value a, Value b)
{
    Value args[] = {a, b};
    return value_call(t, callee, args, 2, NULL);
}

Value value_call_method(Thread *t, Value object, Str *name, const Value *args, size_t count)
{
    bool is_method;
    retain(object);     /* often a field of who calls, and the method may have it exchanged */
    Value callee = object_get_method(t, object, name, &is_method);
    Value result = FAILED;
    if (failed(callee))
        goto done;
    if (!is_method) {
        result = value_call(t, callee, args, count, NULL);
    } else if (count < 8) {
        Value row[8];
        row[0] = object;
        for (size_t i = 0; i < count; i++)
            row[i + 1] = args[i];
        result = value_call(t, callee, row, count + 1, NULL);
    } else {
        Value *row = block_alloc(t, (count + 1) * sizeof(Value));
        if (row) {
            row[0] = object;
            memcpy(row + 1, args, count * sizeof(Value));
            result = value_call(t, callee, row, count + 1, NULL);
            block_free(t, row, (count + 1) * sizeof(Value));
        }
    }
    release(callee);
done:
    release(object);
    return result;
}

/* ---- paths ---- */

Value value_path_text(Thread *t, Value path)
{
    if (is_str(path) || is_bytes(path)) return retain(path);
    Value method = value_find_special(t, path, NAME_OF(t, __fspath__));
    if (is_unbound(method) || is_none(method)) return UNBOUND;   /* None: a class that is no path although its base is */
    Value text = value_call0(t, method);
    release(method);
    if (failed(text) || is_str(text) || is_bytes(text)) return text;
    raise_type_error(t, "expected %T.__fspath__() to return str or bytes, not %T", path, text);
    release(text);
    return FAILED;
}

Value value_fspath(Thread *t, Value path)
{
    Value text = value_path_text(t, path);
    if (is_bound(text) || is_raised(t)) return text;
    return raise_type_error(t, "expected str, bytes or os.PathLike object, not %T", path);
}
