/* deque.c - collections.deque: a sequence that is quick at both its ends.
 *
 * What        The type deque. Its iterators are in deque_iterator.c.
 * How         A ring of values, whose capacity is a power of two, so that any place is found by one mask; it doubles when it is full. In the
 *             midst the shorter side moves. With a maxlen, what is put in at one end pushes out at the other.
 * Invariants  I1 items[first .. first + count) (masked) are bound, all others are not anybody's.
 *             I2 'changes' counts whatever changes length or order: whoever ran script code in between compares it.
 *             I3 what is taken out is released last, when the deque is whole again.
 * GIL         held; == of items and finalisers run script code.
 * Read next   deque.h, deque_iterator.c */
#include "stdlib/containers/deque.h"

enum { FIRST_CAPACITY = 8 };

static ToyValue *place(const Deque *deque, size_t i) { return &deque->items[(deque->first + i) & (deque->capacity - 1)]; }
static bool is_deque(ToyThread *t, ToyValue v, const ContainersState *state) { return toy_is_a(t, v, state->deque); }
static bool is_bounded(const Deque *deque) { return deque->max_length >= 0; }

/* ---- the ring ---- */

static bool grow(ToyThread *t, Deque *deque)
{
    size_t capacity = deque->capacity ? deque->capacity * 2 : FIRST_CAPACITY;
    ToyValue *items = toy_alloc(t, capacity * sizeof *items);
    if (!items) return false;
    for (size_t i = 0; i < deque->count; i++) items[i] = *place(deque, i);
    if (deque->items) toy_free(t, deque->items, deque->capacity * sizeof *items);
    deque->items = items;
    deque->capacity = capacity;
    deque->first = 0;
    return true;
}

static ToyValue take_first(Deque *deque)
{
    ToyValue v = *place(deque, 0);
    deque->first = (deque->first + 1) & (deque->capacity - 1);
    deque->count--;
    deque->changes++;
    return v;
}
static ToyValue take_last(Deque *deque)
{
    deque->changes++;
    return *place(deque, --deque->count);
}

static bool put_last(ToyThread *t, Deque *deque, ToyValue v)
{
    if (__builtin_expect(deque->count == deque->capacity, 0) && !grow(t, deque)) return false;
    *place(deque, deque->count++) = toy_retain(v);
    deque->changes++;
    if (is_bounded(deque) && deque->count > (size_t)deque->max_length) toy_release(take_first(deque));
    return true;
}
static bool put_first(ToyThread *t, Deque *deque, ToyValue v)
{
    if (__builtin_expect(deque->count == deque->capacity, 0) && !grow(t, deque)) return false;
    deque->first = (deque->first - 1) & (deque->capacity - 1);
    deque->count++;
    deque->changes++;
    *place(deque, 0) = toy_retain(v);
    if (is_bounded(deque) && deque->count > (size_t)deque->max_length) toy_release(take_last(deque));
    return true;
}

/* Opens a hole before item [i]; the deque is one longer and the hole is the caller's to fill. */
static bool open_hole(ToyThread *t, Deque *deque, size_t i)
{
    if (deque->count == deque->capacity && !grow(t, deque)) return false;
    deque->count++;
    deque->changes++;
    if (i < deque->count / 2) {
        deque->first = (deque->first - 1) & (deque->capacity - 1);
        for (size_t k = 0; k < i; k++) *place(deque, k) = *place(deque, k + 1);
    } else {
        for (size_t k = deque->count - 1; k > i; k--) *place(deque, k) = *place(deque, k - 1);
    }
    return true;
}
static ToyValue take_at(Deque *deque, size_t i)
{
    ToyValue v = *place(deque, i);
    if (i < deque->count / 2) {
        for (size_t k = i; k > 0; k--) *place(deque, k) = *place(deque, k - 1);
        deque->first = (deque->first + 1) & (deque->capacity - 1);
    } else {
        for (size_t k = i; k + 1 < deque->count; k++) *place(deque, k) = *place(deque, k + 1);
    }
    deque->count--;
    deque->changes++;
    return v;
}

static void drop_all(Deque *deque)
{
    Deque old = *deque;
    deque->items = NULL;
    deque->first = deque->count = deque->capacity = 0;
    deque->changes++;
    for (size_t i = 0; i < old.count; i++) toy_release(*place(&old, i));
    if (old.items) toy_free(toy_thread(), old.items, old.capacity * sizeof *old.items);
}

/* ---- filling ---- */

typedef struct Filling { Deque *deque; bool (*put)(ToyThread *t, Deque *deque, ToyValue v); } Filling;
static bool put_item(ToyThread *t, ToyValue item, void *context)
{
    const Filling *filling = context;
    return filling->put(t, filling->deque, item);
}
static bool extend(ToyThread *t, ToyValue self, ToyValue iterable, bool (*put)(ToyThread *t, Deque *deque, ToyValue v))
{
    Filling filling = {as_deque(self), put};
    ToyValue copy = TOY_UNBOUND;
    if (toy_is_same(self, iterable)) {    /* it would never end */
        copy = iterable = toy_list_from(t, self);
        if (toy_failed(copy)) return false;
    }
    bool is_good = toy_for_each(t, iterable, put_item, &filling);
    toy_release(copy);
    return is_good;
}

static ToyValue deque_make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    ToyValue self = toy_value(toy_type_alloc(t, type));
    if (!toy_failed(self)) as_deque(self)->max_length = -1;
    return self;
}

static bool deque_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"iterable", "maxlen", NULL};
    static const ToyParameters parameters = {"deque", parameter_names, 0, 2, 0};
    ToyValue given[2];
    int64_t max_length = -1;
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return false;
    if (toy_is_given(given[1])) {
        if (!toy_is_int(given[1])) return toy_raise_false(t, TOY_TypeError, "an integer is required");
        if (!toy_int_fits_int64(given[1], &max_length)) return toy_raise_false(t, TOY_OverflowError, "Python int too large to convert to C ssize_t");
        if (max_length < 0) return toy_raise_false(t, TOY_ValueError, "maxlen must be non-negative");
    }
    Deque *deque = as_deque(self);
    deque->max_length = max_length;
    if (deque->count) drop_all(deque);
    return toy_is_unbound(given[0]) || extend(t, self, given[0], put_last);
}

/* A new deque of the same class, with the same bound and items: natively, unless the class has its own idea of making one. */
static ToyValue deque_copy(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const ContainersState *state = toy_instance_state(self);
    Deque *deque = as_deque(self);
    ToyValue type = toy_type_value(toy_type_of(t, self));
    if (toy_type_of(t, self) != state->deque) {
        if (!is_bounded(deque)) return toy_call1(t, type, self);
        ToyValue bound = toy_int(t, deque->max_length);
        ToyValue copy = toy_failed(bound) ? TOY_FAILED : toy_call2(t, type, self, bound);
        toy_release(bound);
        return copy;
    }
    ToyValue copy = deque_make(t, state->deque, NULL, 0, NULL);
    if (toy_failed(copy)) return TOY_FAILED;
    as_deque(copy)->max_length = deque->max_length;
    for (size_t i = 0; i < deque->count; i++)
        if (!put_last(t, as_deque(copy), *place(deque, i))) {
            toy_release(copy);
            return TOY_FAILED;
        }
    return copy;
}

/* ---- both ends ---- */

static ToyValue deque_append(ToyThread *t, ToyValue self, const ToyValue *args) { return put_last(t, as_deque(self), args[0]) ? TOY_NONE : TOY_FAILED; }
static ToyValue deque_append_left(ToyThread *t, ToyValue self, const ToyValue *args) { return put_first(t, as_deque(self), args[0]) ? TOY_NONE : TOY_FAILED; }
static ToyValue deque_pop(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!as_deque(self)->count) return toy_raise(t, TOY_IndexError, "pop from an empty deque");
    return take_last(as_deque(self));
}
static ToyValue deque_pop_left(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!as_deque(self)->count) return toy_raise(t, TOY_IndexError, "pop from an empty deque");
    return take_first(as_deque(self));
}
static ToyValue deque_extend(ToyThread *t, ToyValue self, const ToyValue *args) { return extend(t, self, args[0], put_last) ? TOY_NONE : TOY_FAILED; }
static ToyValue deque_extend_left(ToyThread *t, ToyValue self, const ToyValue *args) { return extend(t, self, args[0], put_first) ? TOY_NONE : TOY_FAILED; }
static ToyValue deque_clear_method(ToyThread *t, ToyValue self, const ToyValue *args)
{
    drop_all(as_deque(self));
    return TOY_NONE;
}

static ToyValue deque_rotate(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Deque *deque = as_deque(self);
    int64_t steps = 1;
    if (!toy_arg_size(t, args[0], &steps)) return TOY_FAILED;
    if (deque->count < 2) return TOY_NONE;
    int64_t count = (int64_t)deque->count;
    steps %= count;
    if (steps > count / 2) steps -= count;
    if (steps < -(count / 2)) steps += count;
    deque->changes++;
    for (; steps > 0; steps--) {
        ToyValue v = *place(deque, deque->count - 1);
        deque->first = (deque->first - 1) & (deque->capacity - 1);
        *place(deque, 0) = v;
    }
    for (; steps < 0; steps++) {
        ToyValue v = *place(deque, 0);
        deque->first = (deque->first + 1) & (deque->capacity - 1);
        *place(deque, deque->count - 1) = v;
    }
    return TOY_NONE;
}
static ToyValue deque_reverse(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Deque *deque = as_deque(self);
    for (size_t i = 0; i < deque->count / 2; i++) {
        ToyValue v = *place(deque, i);
        *place(deque, i) = *place(deque, deque->count - 1 - i);
        *place(deque, deque->count - 1 - i) = v;
    }
    deque->changes++;
    return TOY_NONE;
}

/* ---- looking for a value ---- */

/* From [start] up to [stop]: the place of an item that equals [v], or -1; -2: raised. Counts all of them if [count] is given. */
static int64_t find(ToyThread *t, Deque *deque, ToyValue v, size_t start, size_t stop, ToyException on_change, int64_t *count)
{
    uint64_t changes = deque->changes;
    for (size_t i = start; i < stop; i++) {
        ToyValue item = toy_retain(*place(deque, i));
        bool equal, is_good = toy_equal(t, item, v, &equal);
        toy_release(item);
        if (!is_good) return -2;
        if (deque->changes != changes) {
            toy_raise(t, on_change, "deque mutated during iteration");
            return -2;
        }
        if (equal && !count) return (int64_t)i;
        if (equal) ++*count;
    }
    return -1;
}
static bool deque_contains(ToyThread *t, ToyValue self, ToyValue v, bool *found)
{
    int64_t at = find(t, as_deque(self), v, 0, as_deque(self)->count, TOY_RuntimeError, NULL);
    *found = at >= 0;
    return at != -2;
}
static ToyValue deque_count(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t count = 0;
    return find(t, as_deque(self), args[0], 0, as_deque(self)->count, TOY_RuntimeError, &count) == -2 ? TOY_FAILED : toy_int(t, count);
}
static ToyValue deque_index(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Deque *deque = as_deque(self);
    int64_t start = 0, stop = INT64_MAX;
    if (!toy_arg_index(t, args[1], &start) || !toy_arg_index(t, args[2], &stop)) return TOY_FAILED;
    int64_t count = (int64_t)deque->count;
    if (start < 0) start = start + count < 0 ? 0 : start + count;
    if (stop < 0) stop = stop + count < 0 ? 0 : stop + count;
    if (stop > count) stop = count;
    int64_t at = start < stop ? find(t, deque, args[0], (size_t)start, (size_t)stop, TOY_RuntimeError, NULL) : -1;
    return at >= 0 ? toy_int(t, at) : at == -2 ? TOY_FAILED : toy_raise_value_error(t, "%R is not in deque", args[0]);
}
static ToyValue deque_remove(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Deque *deque = as_deque(self);
    int64_t at = find(t, deque, args[0], 0, deque->count, TOY_IndexError, NULL);
    if (at == -2) return TOY_FAILED;
    if (at < 0) return toy_raise_value_error(t, "%R is not in deque", args[0]);
    toy_release(take_at(deque, (size_t)at));
    return TOY_NONE;
}

/* ---- by index ---- */

static bool index_of(ToyThread *t, const Deque *deque, ToyValue key, size_t *i)
{
    int64_t n;
    if (toy_is_small_int(key)) n = toy_small_int(key);
    else if (!toy_arg_size(t, key, &n)) return false;
    if (n < 0) n += (int64_t)deque->count;
    if (n < 0 || n >= (int64_t)deque->count) return toy_raise_false(t, TOY_IndexError, "deque index out of range");
    *i = (size_t)n;
    return true;
}
static ToyValue deque_get_item(ToyThread *t, ToyValue self, ToyValue key)
{
    size_t i;
    if (!toy_is_int(key)) {
        ToyValue index = toy_find_special(t, key, "__index__");
        toy_release(index);
        if (toy_is_unbound(index)) return toy_is_raised(t) ? TOY_FAILED : toy_raise_type_error(t, "sequence index must be integer, not '%T'", key);
    }
    return index_of(t, as_deque(self), key, &i) ? toy_retain(*place(as_deque(self), i)) : TOY_FAILED;
}
static bool deque_set_item(ToyThread *t, ToyValue self, ToyValue key, ToyValue v)
{
    Deque *deque = as_deque(self);
    size_t i;
    if (!index_of(t, deque, key, &i)) return false;
    if (toy_is_bound(v)) toy_replace(place(deque, i), toy_retain(v));
    else toy_release(take_at(deque, i));
    return true;
}
static ToyValue deque_insert(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Deque *deque = as_deque(self);
    int64_t at;
    if (!toy_arg_size(t, args[0], &at)) return TOY_FAILED;
    if (deque->max_length == (int64_t)deque->count) return toy_raise(t, TOY_IndexError, "deque already at its maximum size");
    int64_t count = (int64_t)deque->count;
    if (at < 0) at = at + count < 0 ? 0 : at + count;
    if (at > count) at = count;
    if (!open_hole(t, deque, (size_t)at)) return TOY_FAILED;
    *place(deque, (size_t)at) = toy_retain(args[1]);
    return TOY_NONE;
}

/* ---- operators ---- */

static ToyValue deque_add(ToyThread *t, ToyValue left, ToyValue right)
{
    if (!toy_is_made_of(t, left, &deque_spec)) return TOY_NOT_IMPLEMENTED;
    if (!toy_is_made_of(t, right, &deque_spec)) return toy_raise_type_error(t, "can only concatenate deque (not \"%T\") to deque", right);
    ToyValue sum = deque_copy(t, left, NULL);
    if (!toy_failed(sum) && !extend(t, sum, right, put_last)) toy_clear(&sum);
    return sum;
}
static ToyValue deque_inplace_add(ToyThread *t, ToyValue self, ToyValue other)
{
    return extend(t, self, other, put_last) ? toy_retain(self) : TOY_FAILED;
}

/* All items [times] times over. With a bound, only what stays is put in. */
static bool repeat(ToyThread *t, Deque *deque, int64_t times)
{
    if (times <= 0 || !deque->count) {
        drop_all(deque);
        return true;
    }
    size_t count = deque->count;
    if (is_bounded(deque) && times > 1) {
        int64_t enough = deque->max_length / (int64_t)count + 2;
        if (times > enough) times = enough;
    } else if ((uint64_t)times > SIZE_MAX / 16 / count) {
        return toy_failed(toy_raise_memory_error(t)) && false;
    }
    /* Rotated, so that whatever is pushed out, the last item of the row stays last. */
    for (int64_t round = 1; round < times; round++)
        for (size_t i = 0; i < count; i++)
            if (!put_last(t, deque, *place(deque, deque->count - count))) return false;
    return true;
}
static ToyValue deque_inplace_multiply(ToyThread *t, ToyValue self, ToyValue times)
{
    int64_t n;
    ToyValue index = toy_is_int(times) ? toy_retain(times) : toy_find_special(t, times, "__index__");
    if (toy_is_unbound(index))
        return toy_is_raised(t) ? TOY_FAILED : toy_raise_type_error(t, "can't multiply sequence by non-int of type '%T'", times);
    toy_release(index);
    return toy_arg_size(t, times, &n) && repeat(t, as_deque(self), n) ? toy_retain(self) : TOY_FAILED;
}
static ToyValue deque_multiply(ToyThread *t, ToyValue left, ToyValue right)
{
    bool is_left = toy_is_made_of(t, left, &deque_spec);
    ToyValue copy = deque_copy(t, is_left ? left : right, NULL);
    if (toy_failed(copy)) return TOY_FAILED;
    ToyValue product = deque_inplace_multiply(t, copy, is_left ? right : left);
    toy_release(copy);
    return product;
}

/* The first pair that is not equal decides; if there is none, the lengths do. */
static ToyValue deque_compare(ToyThread *t, ToyValue self, ToyValue other, ToyCompare op)
{
    if (!is_deque(t, other, toy_instance_state(self))) return TOY_NOT_IMPLEMENTED;
    Deque *a = as_deque(self), *b = as_deque(other);
    if (a->count != b->count && (op == COMPARE_EQ || op == COMPARE_NE)) return toy_bool(op == COMPARE_NE);
    uint64_t changes_a = a->changes, changes_b = b->changes;
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        ToyValue x = toy_retain(*place(a, i)), y = toy_retain(*place(b, i)), answer = TOY_UNBOUND;
        bool equal, is_good = toy_equal(t, x, y, &equal);
        if (is_good && !equal) {
            if (op == COMPARE_EQ || op == COMPARE_NE) answer = toy_bool(op == COMPARE_NE);
            else answer = toy_compare_value(t, x, y, op);
            is_good = !toy_failed(answer);
        }
        toy_release(x);
        toy_release(y);
        if (!is_good || toy_is_bound(answer)) return answer;
        if (a->changes != changes_a || b->changes != changes_b) return toy_raise(t, TOY_RuntimeError, "deque mutated during iteration");
    }
    size_t n = a->count, m = b->count;
    switch (op) {
    case COMPARE_LT: return toy_bool(n < m);
    case COMPARE_LE: return toy_bool(n <= m);
    case COMPARE_EQ: return toy_bool(n == m);
    case COMPARE_NE: return toy_bool(n != m);
    case COMPARE_GT: return toy_bool(n > m);
    case COMPARE_GE: return toy_bool(n >= m);
    }
    return TOY_NOT_IMPLEMENTED;
}

static bool deque_length(ToyThread *t, ToyValue self, size_t *length)
{
    *length = as_deque(self)->count;
    return true;
}

/* ---- text, pickling ---- */

static ToyValue deque_repr(ToyThread *t, ToyValue self)
{
    bool is_first;
    if (!toy_repr_enter(t, self, &is_first)) return TOY_FAILED;
    if (!is_first) return toy_str(t, "[...]");
    ToyValue items = toy_list_from(t, self), text = TOY_FAILED;
    if (!toy_failed(items)) {
        ToyValue name = toy_get_attribute(t, toy_type_value(toy_type_of(t, self)), "__name__");
        if (toy_failed(name)) text = TOY_FAILED;
        else if (is_bounded(as_deque(self))) text = toy_str_format(t, "%S(%R, maxlen=%lld)", name, items, (long long)as_deque(self)->max_length);
        else text = toy_str_format(t, "%S(%R)", name, items);
        toy_release(name);
    }
    toy_release(items);
    toy_repr_leave(t, self);
    return text;
}

static ToyValue deque_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Deque *deque = as_deque(self);
    ToyValue state = toy_call_method(t, self, "__getstate__", NULL, 0);
    if (toy_failed(state)) return TOY_FAILED;
    ToyValue made_with = is_bounded(deque) ? toy_tuple(t, toy_tuple_of(t, NULL, 0), toy_int(t, deque->max_length)) : toy_tuple_of(t, NULL, 0);
    return toy_tuple(t, toy_retain(toy_type_value(toy_type_of(t, self))), made_with, state, toy_iterate(t, self));
}

static ToyValue deque_size_of(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_int(t, (int64_t)(sizeof(Deque) + as_deque(self)->capacity * sizeof(ToyValue)));
}
static ToyValue deque_class_item(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_generic_alias(t, self, args[0]); }

static ToyValue get_max_length(ToyThread *t, ToyValue self)
{
    return is_bounded(as_deque(self)) ? toy_int(t, as_deque(self)->max_length) : TOY_NONE;
}

/* ---- the type ---- */

static void deque_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const Deque *deque = (Deque *)self;
    for (size_t i = 0; i < deque->count; i++) toy_visit(*place(deque, i), visit, context);
}
static void deque_drop(ToyObject *self) { drop_all((Deque *)self); }

static const ToyFunction methods[] = {
    TOY_FUNCTION("append", deque_append, "($self, item, /)", 0, "Add an item at the right end."),
    TOY_FUNCTION("appendleft", deque_append_left, "($self, item, /)", 0, "Add an item at the left end."),
    TOY_FUNCTION("clear", deque_clear_method, "($self, /)", 0, "Take every item out."),
    TOY_FUNCTION("__copy__", deque_copy, "($self, /)", 0, "A new deque with the same items and the same maxlen."),
    TOY_FUNCTION("copy", deque_copy, "($self, /)", 0, "A new deque with the same items and the same maxlen."),
    TOY_FUNCTION("count", deque_count, "($self, value, /)", 0, "Return how many items equal the value."),
    TOY_FUNCTION("extend", deque_extend, "($self, iterable, /)", 0, "Add all items of an iterable at the right end, one after the other."),
    TOY_FUNCTION("extendleft", deque_extend_left, "($self, iterable, /)", 0, "Add all items of an iterable at the left end, one after the other."),
    TOY_FUNCTION("index", deque_index, "($self, value, start=0, stop=<unrepresentable>, /)", 0, "Return the first place of a value; ValueError if it is not there."),
    TOY_FUNCTION("insert", deque_insert, "($self, index, value, /)", 0, "Put value in front of the item at index; IndexError if maxlen is reached."),
    TOY_FUNCTION("pop", deque_pop, "($self, /)", TOY_LEAF, "Remove and return the item at the right end."),
    TOY_FUNCTION("popleft", deque_pop_left, "($self, /)", TOY_LEAF, "Remove and return the item at the left end."),
    TOY_FUNCTION("remove", deque_remove, "($self, value, /)", 0, "Remove the first item that equals the value."),
    TOY_FUNCTION("__reversed__", deque_reversed, "($self, /)", 0, "An iterator over the items, the last first."),
    TOY_FUNCTION("reverse", deque_reverse, "($self, /)", TOY_LEAF, "Turn the order round, in place."),
    TOY_FUNCTION("rotate", deque_rotate, "($self, n=1, /)", 0, "Let n items, one by one, leave at the right end and come in at the left; the other way round if n is negative."),
    TOY_FUNCTION("__reduce__", deque_reduce, "($self, /)", 0, "What pickle and copy need to build an equal object."),
    TOY_FUNCTION("__sizeof__", deque_size_of, "($self, /)", TOY_LEAF, "The bytes that the deque takes, its blocks of items included."),
    TOY_FUNCTION("__class_getitem__", deque_class_item, "($type, object, /)", TOY_CLASS, "See PEP 585"),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet getsets[] = {
    {"maxlen", get_max_length, NULL, "the number of items it holds at most, or None"},
    {NULL, NULL, NULL, NULL},
};
const ToyTypeSpec deque_spec = {
    .doc = "A list-like sequence that is quick at both its ends.",
    .signature = "(iterable=(), maxlen=None)",
    .size = sizeof(Deque),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_SEQUENCE,
    .slots = {.new_instance = deque_make, .init = deque_init, .repr = deque_repr, .compare = deque_compare, .iterate = deque_iterate,
              .length = deque_length, .contains = deque_contains, .get_item = deque_get_item, .set_item = deque_set_item,
              .add = deque_add, .multiply = deque_multiply, .inplace_add = deque_inplace_add, .inplace_multiply = deque_inplace_multiply},
    .methods = methods, .getsets = getsets,
    .traverse = deque_traverse, .clear = deque_drop, .free = deque_drop,
};
