/* slice.c - slice objects, and what they mean for a sequence of a given length.
 *
 * What        slice(start, stop, step); slice_resolve and slice_bounds, which every sequence uses.
 * How         Indices count from the end when negative and are clipped to the sequence. Numbers too large for 64 bits clip,
 *             so arithmetic stays in int64; only slice.indices(), whose length may be of any size, uses big ints.
 * Invariants  I1 slice_resolve, and slice_fit, give 0 <= start + i * step < length for all i < count.
 * GIL         held; __index__ runs script code.
 * Read next   list.c, range.c */
#include "vm/base/hash.h"
#include "vm/object/arguments.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/range.h"
#include "vm/object/str.h"

Value slice_new(Thread *t, Value start, Value stop, Value step)
{
    Slice *slice = (Slice *)heap_new(t, kind_type(t, KIND_SLICE), sizeof(Slice));
    if (!slice)
        return FAILED;
    slice->start = retain(start);
    slice->stop = retain(stop);
    slice->step = retain(step);
    return object_value(slice);
}

/* ---- resolving ---- */

COLD static bool part_of_object(Thread *t, Value v, int64_t *out)
{
    if (!value_type(t, v)->slots.index)
        return raise_false(t, EXC_TypeError, "slice indices must be integers or None or have an __index__ method");
    return value_to_clipped_index(t, v, out);
}

/* One number of a slice. None leaves *out alone. */
static inline bool part_of(Thread *t, Value v, int64_t *out)
{
    if (is_small_int(v))
        *out = small_int(v);
    return is_small_int(v) || is_none(v) || part_of_object(t, v, out);
}

/* An index counted from the end if negative, into low .. high. */
static int64_t clip(int64_t index, int64_t length, int64_t low, int64_t high)
{
    if (index < 0)
        index += length;
    return index < low ? low : index > high ? high : index;
}

bool slice_unpack(Thread *t, Value slice, int64_t *start, int64_t *stop, int64_t *step)
{
    Slice *s = (Slice *)as_object(slice);
    *step = 1;
    if (!part_of(t, s->step, step))
        return false;
    if (*step == 0)
        return raise_false(t, EXC_ValueError, "slice step cannot be zero");
    if (*step < -INT64_MAX)
        *step = -INT64_MAX;   /* so that it can be negated */
    bool is_back = *step < 0;
    *start = is_back ? INT64_MAX : 0;
    *stop = is_back ? INT64_MIN : INT64_MAX;
    return part_of(t, s->start, start) && part_of(t, s->stop, stop);
}

size_t slice_fit(size_t length, int64_t *start, int64_t *stop, int64_t step)
{
    bool is_back = step < 0;
    int64_t n = (int64_t)length, low = is_back ? -1 : 0, high = is_back ? n - 1 : n;
    *start = clip(*start, n, low, high);
    *stop = *stop == INT64_MIN ? low : clip(*stop, n, low, high);
    int64_t distance = is_back ? *start - *stop : *stop - *start;
    if (distance <= 0)
        return 0;
    int64_t by = is_back ? -step : step;
    return by == 1 ? (size_t)distance : (size_t)((distance - 1) / by + 1);   /* a division takes as long as copying twenty items */
}

bool slice_resolve(Thread *t, Value slice, size_t length, int64_t *start, int64_t *stop, int64_t *step, size_t *count)
{
    if (!slice_unpack(t, slice, start, stop, step))
        return false;
    *count = slice_fit(length, start, stop, *step);
    return true;
}

bool slice_bounds(Thread *t, Value start, Value stop, size_t length, size_t *from, size_t *to)
{
    int64_t a = 0, b = INT64_MAX, n = (int64_t)length;
    if (!part_of(t, start, &a) || !part_of(t, stop, &b))
        return false;
    *from = (size_t)clip(a, n, 0, n);
    *to = (size_t)clip(b, n, 0, n);
    return true;
}

bool slice_search_bounds(Thread *t, Value start, Value stop, size_t length, size_t *from, size_t *to)
{
    Value both[] = {start, stop};
    int64_t bounds[] = {0, INT64_MAX}, n = (int64_t)length;
    for (int i = 0; i < 2; i++) {
        if (is_unbound(both[i]))
            continue;
        if (!is_small_int(both[i]) && !value_type(t, both[i])->slots.index)
            return raise_false(t, EXC_TypeError, "slice indices must be integers or have an __index__ method");
        if (!value_to_clipped_index(t, both[i], &bounds[i]))
            return false;
    }
    *from = (size_t)clip(bounds[0], n, 0, n);
    *to = (size_t)clip(bounds[1], n, 0, n);
    return true;
}

/* ---- slice.indices(length), for a length of any size ---- */

/* min and max of two ints; results are owned. */
static Value smaller(Value a, Value b) { return retain(int_order(a, b) <= 0 ? a : b); }
static Value larger(Value a, Value b) { return retain(int_order(a, b) >= 0 ? a : b); }

/* start or stop: counted from the end if negative, then between low and high. */
static Value clip_int(Thread *t, Value v, Value length, Value low, Value high)
{
    if (!is_small_int(v) && !value_type(t, v)->slots.index)
        return raise_type_error(t, "slice indices must be integers or None or have an __index__ method");
    Value index = int_from_index(t, v);
    if (failed(index))
        return FAILED;
    if (int_sign(index) < 0) {
        Value sum = int_add(t, index, length);
        release(index);
        if (failed(sum))
            return FAILED;
        index = larger(sum, low);
        release(sum);
        return index;
    }
    Value clipped = smaller(index, high);
    release(index);
    return clipped;
}

static Value indices(Thread *t, Value self, const Value *args)
{
    Slice *s = (Slice *)as_object(self);
    Value length = int_from_index(t, args[0]), step = UNBOUND, low = UNBOUND, high = UNBOUND, start = UNBOUND, stop = UNBOUND, result = FAILED;
    if (failed(length))
        return FAILED;
    if (int_sign(length) < 0) {
        raise_value_error(t, "length should not be negative");
        goto done;
    }
    if (!is_none(s->step) && !is_small_int(s->step) && !value_type(t, s->step)->slots.index) {
        raise_type_error(t, "slice indices must be integers or None or have an __index__ method");
        goto done;
    }
    step = is_none(s->step) ? small_int_value(1) : int_from_index(t, s->step);
    if (failed(step))
        goto done;
    if (int_sign(step) == 0) {
        raise_value_error(t, "slice step cannot be zero");
        goto done;
    }
    bool is_back = int_sign(step) < 0;
    low = small_int_value(is_back ? -1 : 0);
    high = is_back ? int_subtract(t, length, small_int_value(1)) : retain(length);
    if (failed(high))
        goto done;
    start = is_none(s->start) ? retain(is_back ? high : low) : clip_int(t, s->start, length, low, high);
    if (failed(start))
        goto done;
    stop = is_none(s->stop) ? retain(is_back ? low : high) : clip_int(t, s->stop, length, low, high);
    if (!failed(stop)) {
        Value three[] = {start, stop, step};
        result = object_value(tuple_from_values(t, three, 3));
    }
done:
    release2(length, step);
    release2(low, high);
    release2(start, stop);
    return result;
}

/* ---- the type ---- */

static Value slice_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)type;   /* final */
    if (!arguments_no_keywords(t, "slice", names) || !arguments_count(t, "slice", count, 1, 3))
        return FAILED;
    if (count == 1)
        return slice_new(t, NONE, args[0], NONE);
    return slice_new(t, args[0], args[1], count == 3 ? args[2] : NONE);
}

static Value as_three(Thread *t, Value self)
{
    Slice *s = (Slice *)as_object(self);
    return object_value(tuple_from_values(t, &s->start, 3));
}

static Value slice_repr(Thread *t, Value self)
{
    Slice *s = (Slice *)as_object(self);
    return object_value(str_format(t, "slice(%R, %R, %R)", s->start, s->stop, s->step));
}

static Value slice_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (!is_kind(other, KIND_SLICE))
        return NOT_IMPLEMENTED;
    if (is_same(self, other))
        return bool_value(op == COMPARE_EQ || op == COMPARE_LE || op == COMPARE_GE);
    Value a = as_three(t, self), b = failed(a) ? FAILED : as_three(t, other);
    Value answer = failed(b) ? FAILED : value_compare(t, a, b, op);
    release2(a, b);
    return answer;
}

static bool slice_hash(Thread *t, Value self, int64_t *hash)
{
    Slice *s = (Slice *)as_object(self);
    Value parts[] = {s->start, s->stop, s->step};
    uint64_t state = hash_tuple_begin();
    for (int i = 0; i < 3; i++) {
        int64_t part_hash;
        if (!value_hash(t, parts[i], &part_hash))
            return false;
        state = hash_tuple_add(state, part_hash);
    }
    /* As a tuple's, but its length is not mixed in. */
    *hash = (int64_t)state == -1 ? 1546275796 : (int64_t)state;
    return true;
}

static void slice_traverse(Object *self, VisitFn visit, void *context)
{
    Slice *s = (Slice *)self;
    visit_value(s->start, visit, context);
    visit_value(s->stop, visit, context);
    visit_value(s->step, visit, context);
}

static void slice_free(Object *self)
{
    Slice *s = (Slice *)self;
    clear(&s->start);
    clear(&s->stop);
    clear(&s->step);
}

static Value reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Value three = as_three(t, self);
    if (failed(three))
        return FAILED;
    Value pair = tuple_pack2(t, object_value(value_type(t, self)), three);
    release(three);
    return pair;
}

static const NativeDef slice_methods[] = {
    NATIVE("indices", indices, "($self, object, /)", 0,
           "S.indices(len) -> (start, stop, stride)\n\nThe slice's numbers for a sequence of that length, clipped as slicing clips them."),
    NATIVE("__reduce__", reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    NATIVE_END,
};

static const MemberDef slice_members[] = {
    {"start", MEMBER_VALUE, offsetof(Slice, start), true, NULL},
    {"stop", MEMBER_VALUE, offsetof(Slice, stop), true, NULL},
    {"step", MEMBER_VALUE, offsetof(Slice, step), true, NULL},
    {NULL, MEMBER_VALUE, 0, false, NULL},
};

const TypeSpec slice_spec = {
    .doc = "slice(stop)\nslice(start, stop[, step])\n\nWhat stands between the brackets of a[start:stop:step].",
    .size = sizeof(Slice), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL,
    .slots = {.repr = slice_repr, .hash = slice_hash, .compare = slice_compare, .new_instance = slice_new_instance},
    .methods = slice_methods, .members = slice_members, .traverse = slice_traverse, .free = slice_free,
};
