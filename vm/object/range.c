/* range.c - range: an arithmetic progression that is never written out.
 *
 * What        The type and its two iterators: one whose numbers are all small ints, one for the rest.
 * How         start, stop, step and the length computed once, each an int of any size. Questions about one number (index,
 *             contains) are arithmetic; when everything is small they are int64 arithmetic.
 * Invariants  I1 step is not 0; length is never negative.  I2 a RangeIterator's numbers fit small ints, also the one behind the last.
 * GIL         held; __index__ of arguments runs script code.
 * Read next   slice.c, list.c (list_extend), vm/run's FOR_ITER */
#include "vm/object/range.h"

#include "vm/base/hash.h"
#include "vm/object/arguments.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/int.h"
#include "vm/object/iterators.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

#define AS_RANGE(v) ((Range *)as_object(v))

/* ---- lengths ---- */

/* How many numbers lie in start, start + step ... before stop. */
static Value length_of(Thread *t, Value start, Value stop, Value step)
{
    if (are_small_ints(start, stop) && is_small_int(step)) {
        int64_t a = small_int(start), b = small_int(stop), s = small_int(step);
        uint64_t n = 0;
        if (s > 0 && a < b)
            n = ((uint64_t)b - (uint64_t)a - 1) / (uint64_t)s + 1;
        else if (s < 0 && a > b)
            n = ((uint64_t)a - (uint64_t)b - 1) / (0 - (uint64_t)s) + 1;
        return int_from_uint64(t, n);
    }
    /* (distance - 1) // |step| + 1, the ends turned round for a negative step */
    bool is_back = int_sign(step) < 0;
    Value low = is_back ? stop : start, high = is_back ? start : stop;
    if (int_order(low, high) >= 0)
        return small_int_value(0);
    Value one = small_int_value(1), width = is_back ? int_negative(t, step) : retain(step);
    Value distance = failed(width) ? FAILED : int_subtract(t, high, low);
    Value less_one = failed(distance) ? FAILED : int_subtract(t, distance, one);
    Value quotient = failed(less_one) ? FAILED : int_floor_divide(t, less_one, width);
    Value length = failed(quotient) ? FAILED : int_add(t, quotient, one);
    release2(width, distance);
    release2(less_one, quotient);
    return length;
}

/* Takes the three numbers over. */
static Value range_new(Thread *t, TAKES Value start, TAKES Value stop, TAKES Value step)
{
    Value length = length_of(t, start, stop, step);
    Range *range = failed(length) ? NULL : (Range *)heap_new(t, kind_type(t, KIND_RANGE), sizeof(Range));
    if (!range) {
        release2(start, stop);
        release2(step, length);
        return FAILED;
    }
    range->start = start, range->stop = stop, range->step = step, range->length = length;
    return object_value(range);
}

bool range_is_small(const Range *range, int64_t *start, int64_t *step, size_t *count)
{
    if (!are_small_ints(range->start, range->step) || !is_small_int(range->length))
        return false;
    int64_t end;
    *start = small_int(range->start);
    *step = small_int(range->step);
    *count = (size_t)small_int(range->length);
    if (__builtin_mul_overflow((int64_t)*count, *step, &end) || __builtin_add_overflow(end, *start, &end))
        return false;
    return fits_small_int(end);   /* the number behind the last one: keeps I2 */
}

/* range(n) and range(a, b) of small ints, as loops have them; a bigger length goes the other way. */
static Value range_upward(Thread *t, Value start, Value stop)
{
    int64_t length = small_int(stop) - small_int(start);
    if (length > SMALL_INT_MAX)
        return range_new(t, start, stop, small_int_value(1));
    Range *range = (Range *)heap_new_quick(t, kind_type(t, KIND_RANGE), sizeof(Range));
    if (!range)
        return FAILED;
    range->start = start, range->stop = stop, range->step = small_int_value(1), range->length = small_int_value(length < 0 ? 0 : length);
    return object_value(range);
}

static Value range_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)type;   /* final */
    if (!names && count == 1 && is_small_int(args[0]))
        return range_upward(t, small_int_value(0), args[0]);
    if (!names && count == 2 && are_small_ints(args[0], args[1]))
        return range_upward(t, args[0], args[1]);
    if (!arguments_no_keywords(t, "range", names) || !arguments_count(t, "range", count, 1, 3))
        return FAILED;
    Value numbers[3] = {small_int_value(0), UNBOUND, small_int_value(1)};
    size_t first = count == 1 ? 1 : 0;
    for (size_t i = 0; i < count; i++) {
        numbers[first + i] = int_from_index(t, args[i]);
        if (failed(numbers[first + i])) {
            for (size_t j = 0; j < i; j++)
                release(numbers[first + j]);
            return FAILED;
        }
    }
    if (int_sign(numbers[2]) == 0) {
        release2(numbers[0], numbers[1]);
        return raise_value_error(t, "range() arg 3 must not be zero");
    }
    return range_new(t, numbers[0], numbers[1], numbers[2]);
}

static void range_free(Object *self)
{
    Range *range = (Range *)self;
    clear(&range->start);
    clear(&range->stop);
    clear(&range->step);
    clear(&range->length);
}

/* ---- items ---- */

/* start + index * step */
static Value item_at(Thread *t, const Range *range, Value index)
{
    Value offset = int_multiply(t, index, range->step);
    Value item = failed(offset) ? FAILED : int_add(t, range->start, offset);
    release(offset);
    return item;
}

static Value get_slice(Thread *t, Range *range, Value key)
{
    Value args[] = {range->length};
    Str *name = str_intern_text(t, "indices");
    Value three = name ? value_call_method(t, key, name, args, 1) : FAILED;
    if (name)
        object_release(name);
    if (failed(three))
        return FAILED;
    Value *part = as_tuple(three)->items, result = FAILED;
    Value start = item_at(t, range, part[0]), stop = failed(start) ? FAILED : item_at(t, range, part[1]);
    Value step = failed(stop) ? FAILED : int_multiply(t, range->step, part[2]);
    if (failed(step))
        release2(start, stop);
    else
        result = range_new(t, start, stop, step);
    release(three);
    return result;
}

static Value range_get_item(Thread *t, Value self, Value key)
{
    Range *range = AS_RANGE(self);
    if (is_kind(key, KIND_SLICE))
        return get_slice(t, range, key);
    if (!is_small_int(key) && !value_type(t, key)->slots.index)
        return raise_type_error(t, "range indices must be integers or slices, not %T", key);
    Value index = int_from_index(t, key), zero = small_int_value(0);
    if (!failed(index) && int_sign(index) < 0) {
        Value from_end = int_add(t, index, range->length);
        release(index);
        index = from_end;
    }
    if (failed(index))
        return FAILED;
    Value item;
    if (int_order(index, zero) < 0 || int_order(index, range->length) >= 0)
        item = raise_error(t, EXC_IndexError, "range object index out of range");
    else
        item = item_at(t, range, index);
    release(index);
    return item;
}

/* The index of an int in the range; UNBOUND in *index: it is not there. */
static bool find_int(Thread *t, const Range *range, Value v, Value *index)
{
    *index = UNBOUND;
    if (int_sign(range->length) == 0)
        return true;
    if (are_small_ints(range->start, range->stop) && are_small_ints(range->step, v)) {
        int64_t a = small_int(range->start), b = small_int(range->stop), s = small_int(range->step), n = small_int(v);
        bool is_inside = s > 0 ? n >= a && n < b : n <= a && n > b;
        __int128 distance = (__int128)n - a;
        if (is_inside && distance % s == 0)
            *index = small_int_value((int64_t)(distance / s));
        return true;
    }
    Value distance = int_subtract(t, v, range->start);
    Value quotient = failed(distance) ? FAILED : int_floor_divide(t, distance, range->step);
    Value product = failed(quotient) ? FAILED : int_multiply(t, quotient, range->step);
    bool is_good = !failed(product);
    if (is_good && int_order(product, distance) == 0 && int_sign(quotient) >= 0 && int_order(quotient, range->length) < 0)
        *index = retain(quotient);
    release2(distance, quotient);
    release(product);
    return is_good;
}

static bool is_plain_int(Value v)
{
    return is_small_int(v) || is_bool(v) || is_kind(v, KIND_INT);
}

typedef struct Search { Value wanted; int64_t at, found_at, count; bool stops; } Search;

static bool search_item(Thread *t, Value item, void *context)
{
    Search *search = context;
    bool equal;
    if (!value_equal(t, item, search->wanted, &equal))
        return false;
    if (equal) {
        search->found_at = search->found_at < 0 ? search->at : search->found_at;
        search->count++;
    }
    search->at++;
    return !(equal && search->stops);
}

/* What is no int may still equal one: then there is nothing for it but to look at each. */
static bool search(Thread *t, Value self, Value wanted, bool stops, Search *result)
{
    *result = (Search){wanted, 0, -1, 0, stops};
    return value_for_each(t, self, search_item, result) || !is_raised(t);
}

static bool range_contains(Thread *t, Value self, Value item, bool *found)
{
    if (is_plain_int(item)) {
        Value index;
        bool is_good = find_int(t, AS_RANGE(self), is_bool(item) ? small_int_value(is_true(item)) : item, &index);
        *found = is_bound(index);
        release(index);
        return is_good;
    }
    Search result;
    bool is_good = search(t, self, item, true, &result);
    *found = result.count > 0;
    return is_good;
}

static Value index_method(Thread *t, Value self, const Value *args)
{
    if (is_plain_int(args[0])) {
        Value index;
        if (!find_int(t, AS_RANGE(self), is_bool(args[0]) ? small_int_value(is_true(args[0])) : args[0], &index))
            return FAILED;
        return is_bound(index) ? index : raise_value_error(t, "%R is not in range", args[0]);
    }
    Search result;
    if (!search(t, self, args[0], true, &result))
        return FAILED;
    return result.count ? small_int_value(result.found_at) : raise_value_error(t, "sequence.index(x): x not in sequence");
}

static Value count_method(Thread *t, Value self, const Value *args)
{
    if (is_plain_int(args[0])) {
        bool found;
        return range_contains(t, self, args[0], &found) ? small_int_value(found) : FAILED;
    }
    Search result;
    return search(t, self, args[0], false, &result) ? small_int_value(result.count) : FAILED;
}

/* ---- other slots ---- */

static Value range_repr(Thread *t, Value self)
{
    Range *range = AS_RANGE(self);
    if (is_same(range->step, small_int_value(1)))
        return object_value(str_format(t, "range(%R, %R)", range->start, range->stop));
    return object_value(str_format(t, "range(%R, %R, %R)", range->start, range->stop, range->step));
}

static bool range_length(Thread *t, Value self, size_t *length)
{
    int64_t n;
    if (!int_fits_int64(AS_RANGE(self)->length, &n))
        return raise_false(t, EXC_OverflowError, "Python int too large to convert to C ssize_t");
    *length = (size_t)n;
    return true;
}

static bool range_truth(Thread *t, Value self, bool *truth)
{
    (void)t;
    *truth = int_sign(AS_RANGE(self)->length) != 0;
    return true;
}

/* Two ranges are equal if they are the same sequence: start and step matter only as far as they show. */
static void shown_parts(const Range *range, Value parts[3])
{
    bool has_start = int_sign(range->length) != 0;
    bool has_step = has_start && !is_same(range->length, small_int_value(1));
    parts[0] = range->length;
    parts[1] = has_start ? range->start : NONE;
    parts[2] = has_step ? range->step : NONE;
}

static bool is_equal_part(Value a, Value b)
{
    return is_same(a, b) || (!is_none(a) && !is_none(b) && int_order(a, b) == 0);
}

static Value range_compare(Thread *t, Value self, Value other, CompareOp op)
{
    (void)t;
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !is_kind(other, KIND_RANGE))
        return NOT_IMPLEMENTED;
    Value a[3], b[3];
    shown_parts(AS_RANGE(self), a);
    shown_parts(AS_RANGE(other), b);
    bool equal = is_equal_part(a[0], b[0]) && is_equal_part(a[1], b[1]) && is_equal_part(a[2], b[2]);
    return bool_value(equal == (op == COMPARE_EQ));
}

static bool range_hash(Thread *t, Value self, int64_t *hash)
{
    Value parts[3];
    shown_parts(AS_RANGE(self), parts);
    uint64_t state = hash_tuple_begin();
    for (int i = 0; i < 3; i++) {
        int64_t part_hash;
        if (!value_hash(t, parts[i], &part_hash))
            return false;
        state = hash_tuple_add(state, part_hash);
    }
    *hash = hash_tuple_end(state, 3);
    return true;
}

static Value reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Range *range = AS_RANGE(self);
    Tuple *three = tuple_from_values(t, &range->start, 3);
    if (!three)
        return FAILED;
    Value pair = tuple_pack2(t, object_value(value_type(t, self)), object_value(three));
    object_release(three);
    return pair;
}

/* ---- iterators ---- */

typedef struct LongRangeIterator { Object head; Value next, step, left; } LongRangeIterator;

static Value long_iterator_new(Thread *t, TAKES Value next, TAKES Value step, Value left)
{
    LongRangeIterator *iterator =
        failed(next) || failed(step) ? NULL : (LongRangeIterator *)heap_new(t, kind_type(t, KIND_LONG_RANGE_ITERATOR), sizeof(LongRangeIterator));
    if (!iterator) {
        release2(next, step);
        return FAILED;
    }
    iterator->next = next;
    iterator->step = step;
    iterator->left = retain(left);
    return object_value(iterator);
}

static Value small_iterator_new(Thread *t, int64_t next, int64_t step, size_t left)
{
    RangeIterator *iterator = (RangeIterator *)heap_new(t, kind_type(t, KIND_RANGE_ITERATOR), sizeof(RangeIterator));
    if (!iterator)
        return FAILED;
    iterator->next = small_int_value(next);
    iterator->end = small_int_value(next + (int64_t)left * step);
    iterator->word_step = (uint64_t)step << 1;
    return object_value(iterator);
}

static int64_t step_of(const RangeIterator *iterator)
{
    return (int64_t)iterator->word_step >> 1;
}

static uint64_t left_of(const RangeIterator *iterator)
{
    return (uint64_t)((small_int(iterator->end) - small_int(iterator->next)) / step_of(iterator));
}

static Value range_iterate(Thread *t, Value self)
{
    Range *range = AS_RANGE(self);
    int64_t start, step;
    size_t count;
    if (range_is_small(range, &start, &step, &count))
        return small_iterator_new(t, start, step, count);
    return long_iterator_new(t, retain(range->start), retain(range->step), range->length);
}

static Value reversed(Thread *t, Value self, const Value *args)
{
    (void)args;
    Range *range = AS_RANGE(self);
    int64_t start, step;
    size_t count;
    if (range_is_small(range, &start, &step, &count)) {
        int64_t end = start + ((int64_t)count - 1) * step;
        if (fits_small_int(start - step))
            return small_iterator_new(t, end, -step, count);
    }
    Value last = int_subtract(t, range->length, small_int_value(1));
    if (failed(last))
        return FAILED;
    Value next = item_at(t, range, last);
    release(last);
    return long_iterator_new(t, next, failed(next) ? FAILED : int_negative(t, range->step), range->length);
}

static Value iterate_self(Thread *t, Value self)
{
    (void)t;
    return retain(self);
}

static Value small_next(Thread *t, Value self)
{
    (void)t;
    return range_iterator_next((RangeIterator *)as_object(self));
}

static Value long_next(Thread *t, Value self)
{
    LongRangeIterator *iterator = (LongRangeIterator *)as_object(self);
    if (int_sign(iterator->left) == 0)
        return END;
    Value left = int_subtract(t, iterator->left, small_int_value(1));
    Value following = failed(left) ? FAILED : int_add(t, iterator->next, iterator->step);
    if (failed(following)) {
        release(left);
        return FAILED;
    }
    Value item = iterator->next;
    iterator->next = following;
    replace(&iterator->left, left);
    return item;
}

static void long_free(Object *self)
{
    LongRangeIterator *iterator = (LongRangeIterator *)self;
    clear(&iterator->next);
    clear(&iterator->step);
    clear(&iterator->left);
}

/* What is left, as a range: both iterators in the form of the long one. */
static bool state_of(Thread *t, Value self, Value *next, Value *step, Value *left)
{
    if (is_kind(self, KIND_LONG_RANGE_ITERATOR)) {
        LongRangeIterator *iterator = (LongRangeIterator *)as_object(self);
        *next = retain(iterator->next), *step = retain(iterator->step), *left = retain(iterator->left);
        return true;
    }
    RangeIterator *iterator = (RangeIterator *)as_object(self);
    *next = iterator->next, *step = small_int_value(step_of(iterator));
    *left = int_from_uint64(t, left_of(iterator));
    return !failed(*left);
}

static Value iterator_length_hint(Thread *t, Value self, const Value *args)
{
    (void)args;
    if (is_kind(self, KIND_LONG_RANGE_ITERATOR))
        return retain(((LongRangeIterator *)as_object(self))->left);
    return int_from_uint64(t, left_of((RangeIterator *)as_object(self)));
}

static Value iterator_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Value next, step, left;
    if (!state_of(t, self, &next, &step, &left))
        return FAILED;
    Value width = int_multiply(t, left, step);
    Value stop = failed(width) ? FAILED : int_add(t, next, width);
    release2(width, left);
    if (failed(stop)) {
        release2(next, step);
        return FAILED;
    }
    Value range = range_new(t, next, stop, step);
    if (failed(range))
        return FAILED;
    Value reduction = iterator_reduction(t, "iter", range, NONE);
    release(range);
    return reduction;
}

static Value small_set_state(Thread *t, Value self, const Value *args)
{
    RangeIterator *iterator = (RangeIterator *)as_object(self);
    int64_t index;
    if (is_none(args[0]))
        return NONE;
    if (!value_to_index(t, args[0], &index))
        return FAILED;
    uint64_t left = left_of(iterator);
    index = index < 0 ? 0 : (uint64_t)index > left ? (int64_t)left : index;
    iterator->next.bits += (uint64_t)index * iterator->word_step;
    return NONE;
}

static Value long_set_state(Thread *t, Value self, const Value *args)
{
    LongRangeIterator *iterator = (LongRangeIterator *)as_object(self);
    if (is_none(args[0]))
        return NONE;
    if (!is_int(args[0]))
        return raise_type_error(t, "state must be an int, not %T", args[0]);
    Value index = int_sign(args[0]) < 0 ? small_int_value(0) : retain(int_order(args[0], iterator->left) > 0 ? iterator->left : args[0]);
    Value way = int_multiply(t, index, iterator->step);
    Value next = failed(way) ? FAILED : int_add(t, iterator->next, way);
    Value left = failed(next) ? FAILED : int_subtract(t, iterator->left, index);
    release2(index, way);
    if (failed(left)) {
        release(next);
        return FAILED;
    }
    replace(&iterator->next, next);
    replace(&iterator->left, left);
    return NONE;
}

static const NativeDef small_iterator_methods[] = {
    NATIVE("__length_hint__", iterator_length_hint, "($self, /)", NATIVE_LEAF, "How many items are to come, as far as is known."),
    NATIVE("__reduce__", iterator_reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    NATIVE("__setstate__", small_set_state, "($self, object, /)", 0, "Take over the position that pickle or copy has kept."),
    NATIVE_END,
};
static const NativeDef long_iterator_methods[] = {
    NATIVE("__length_hint__", iterator_length_hint, "($self, /)", NATIVE_LEAF, "How many items are to come, as far as is known."),
    NATIVE("__reduce__", iterator_reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    NATIVE("__setstate__", long_set_state, "($self, object, /)", 0, "Take over the position that pickle or copy has kept."),
    NATIVE_END,
};

const TypeSpec range_iterator_spec = {
    .size = sizeof(RangeIterator), .flags = TYPE_IS_FINAL | TYPE_NO_NEW,
    .slots = {.iterate = iterate_self, .next = small_next}, .methods = small_iterator_methods,
};
const TypeSpec long_range_iterator_spec = {
    .size = sizeof(LongRangeIterator), .flags = TYPE_IS_FINAL | TYPE_NO_NEW,
    .slots = {.iterate = iterate_self, .next = long_next}, .methods = long_iterator_methods, .free = long_free,
};

/* ---- the type ---- */

static const NativeDef range_methods[] = {
    NATIVE("__reversed__", reversed, "($self, /)", NATIVE_LEAF, "An iterator over the same numbers from the last to the first."),
    NATIVE("__reduce__", reduce, "($self, /)", 0, NULL),
    NATIVE("count", count_method, "($self, object, /)", 0, "How many items are equal to value."),
    NATIVE("index", index_method, "($self, object, /)", 0, "The position of value, counted from 0; ValueError if the range does not come by it."),
    NATIVE_END,
};

static const MemberDef range_members[] = {
    {"start", MEMBER_VALUE, offsetof(Range, start), true, NULL},
    {"stop", MEMBER_VALUE, offsetof(Range, stop), true, NULL},
    {"step", MEMBER_VALUE, offsetof(Range, step), true, NULL},
    {NULL, MEMBER_VALUE, 0, false, NULL},
};

const TypeSpec range_spec = {
    .doc = "range(stop) -> range object\nrange(start, stop[, step]) -> range object\n\n"
           "The numbers from start up to, but not including, stop, in steps of step; start defaults to 0, step to 1."
           "\nrange(len(a)) are the valid indices of a.",
    .size = sizeof(Range), .flags = TYPE_IS_FINAL | TYPE_IS_SEQUENCE,
    .slots = {.repr = range_repr, .hash = range_hash, .compare = range_compare, .iterate = range_iterate, .new_instance = range_new_instance,
              .length = range_length, .get_item = range_get_item, .contains = range_contains, .truth = range_truth},
    .methods = range_methods, .members = range_members, .free = range_free,
};
