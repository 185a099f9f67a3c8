/* list.c - see list.h: what native code does with a list.
 *
 * What        Making, growing, reading and changing lists; slices, extended ones included. Scripts' methods: list_methods.c.
 * How         A list owns one block of values. It grows to double its size, by eighths when large, so that n appends cost
 *             O(n); it shrinks when less than half is used.
 * Invariants  I1 of list.h: items 0 .. count-1 are bound.
 *             I2 an item is released only after the list no longer shows it: its finaliser may look at the list.
 * GIL         held; nothing here runs script code except iterating over what is not a list or tuple, and finalisers.
 * Read next   list_methods.c, sort.c, sequence_iterators.c */
#include "vm/object/list.h"

#include "vm/object/bytes.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/protocol.h"
#include "vm/object/range.h"
#include "vm/object/str.h"

enum { LIST_DOUBLES_BELOW = 4096, LIST_COUNT_MAX = INT64_MAX / sizeof(Value) };

/* ---- making and growing ---- */

static bool set_capacity(Thread *t, List *list, size_t capacity)
{
    if (capacity > LIST_COUNT_MAX)
        return raise_memory_error(t), false;
    Value *items = block_resize(t, list->items, list->capacity * sizeof(Value), capacity * sizeof(Value));
    if (!items)
        return false;
    list->items = items;
    list->capacity = capacity;
    return true;
}

static bool grow(Thread *t, List *list, size_t count)
{
    size_t capacity = list->capacity < LIST_DOUBLES_BELOW ? 2 * list->capacity : list->capacity + list->capacity / 8;
    if (capacity < count)
        capacity = count;
    return set_capacity(t, list, capacity < 4 ? 4 : capacity);
}

/* Room given back once it is more than half empty. A failure is none: the block stays as it is. */
static void shrink(Thread *t, List *list)
{
    if (list->count >= list->capacity / 2 || list->capacity <= 16)
        return;
    if (!set_capacity(t, list, list->count + list->count / 8 + 4))
        raised_clear(t);
}

bool list_reserve(Thread *t, List *list, size_t capacity)
{
    return capacity <= list->capacity || set_capacity(t, list, capacity);
}

List *list_new(Thread *t, size_t capacity)
{
    List *list = (List *)heap_new_quick(t, kind_type(t, KIND_LIST), sizeof(List));
    if (UNLIKELY(!list))
        return NULL;
    list->items = NULL;
    list->count = list->capacity = 0;
    if (capacity > 0) {
        list->items = capacity <= LIST_COUNT_MAX ? block_alloc_quick(t, capacity * sizeof(Value)) : (raise_memory_error(t), NULL);
        if (UNLIKELY(!list->items)) {
            object_release(list);
            return NULL;
        }
        list->capacity = capacity;
    }
    return list;
}

List *list_from_values(Thread *t, const Value *items, size_t count)
{
    List *list = list_new(t, count);
    if (!list)
        return NULL;
    Value *to = list->items;
    for (const Value *end = items + count; items < end; items++)
        *to++ = retain(*items);
    list->count = count;
    return list;
}

List *list_take_values(Thread *t, TAKES Value *items, size_t count)
{
    List *list = list_new(t, count);
    if (!list) {
        for (size_t i = 0; i < count; i++)
            release(items[i]);
        return NULL;
    }
    if (count > 0)
        memcpy(list->items, items, count * sizeof(Value));
    list->count = count;
    return list;
}

List *list_from_iterable(Thread *t, Value iterable)
{
    List *list = list_new(t, 0);
    if (list && !list_extend(t, list, iterable)) {
        object_release(list);
        return NULL;
    }
    return list;
}

/* ---- adding ---- */

bool list_append_growing(Thread *t, List *list, TAKES Value v)
{
    if (UNLIKELY(failed(v)))
        return false;
    if (UNLIKELY(list->count == list->capacity) && !grow(t, list, list->count + 1)) {
        release(v);
        return false;
    }
    list->items[list->count++] = v;
    return true;
}

bool list_append(Thread *t, List *list, Value v)
{
    ASSERT_GIL(t);
    return list_append_take(t, list, retain(v));
}

static bool extend_by_values(Thread *t, List *list, const Value *items, size_t count)
{
    size_t total = list->count + count;
    if (total > list->capacity) {
        bool is_self = items == list->items;
        if (list->count == 0 ? !set_capacity(t, list, total) : !grow(t, list, total))
            return false;
        if (is_self)
            items = list->items;   /* l.extend(l): the block has moved */
    }
    for (size_t i = 0; i < count; i++)
        list->items[list->count + i] = retain(items[i]);
    list->count = total;
    return true;
}

static bool extend_by_range(Thread *t, List *list, int64_t start, int64_t step, size_t count)
{
    size_t total = list->count + count;
    if (total > list->capacity && !(list->count == 0 ? set_capacity(t, list, total) : grow(t, list, total)))
        return false;
    for (size_t i = 0; i < count; i++)
        list->items[list->count + i] = small_int_value(start + (int64_t)i * step);
    list->count = total;
    return true;
}

static bool append_visited(Thread *t, Value item, void *context)
{
    return list_append(t, context, item);
}

bool list_extend(Thread *t, List *list, Value iterable)
{
    ASSERT_GIL(t);
    if (is_kind(iterable, KIND_LIST))
        return extend_by_values(t, list, as_list(iterable)->items, as_list(iterable)->count);
    if (is_kind(iterable, KIND_TUPLE))
        return extend_by_values(t, list, as_tuple(iterable)->items, as_tuple(iterable)->count);
    int64_t start, step;
    size_t count;
    if (is_kind(iterable, KIND_RANGE) && range_is_small((Range *)as_object(iterable), &start, &step, &count))
        return extend_by_range(t, list, start, step, count);
    if (is_kind(iterable, KIND_STR) || is_kind(iterable, KIND_BYTES)) {
        size_t length = is_kind(iterable, KIND_STR) ? as_str(iterable)->length : as_bytes(iterable)->length;
        if (length > list->capacity - list->count && !(list->count ? grow(t, list, list->count + length) : set_capacity(t, list, length)))
            return false;
        if (is_kind(iterable, KIND_STR) && as_str(iterable)->width == 1) {     /* these characters are there already */
            for (size_t i = 0; i < length; i++)
                list->items[list->count + i] = retain(object_value(t->interp->one_char[(uint8_t)as_str(iterable)->characters[i]]));
            list->count += length;
            return true;
        }
        return value_for_each(t, iterable, append_visited, list);
    }
    if (is_kind(iterable, KIND_DICT) || is_kind(iterable, KIND_SET))
        return value_for_each(t, iterable, append_visited, list);

    /* The iterator first: whether the thing can be iterated at all is said before its length is asked. */
    Value iterator = value_iterate(t, iterable);
    if (failed(iterator))
        return false;
    size_t hint;
    bool is_good = value_length_hint(t, iterable, 8, &hint);
    if (is_good && hint > list->capacity - list->count && hint <= (size_t)PTRDIFF_MAX - list->count)
        is_good = set_capacity(t, list, list->count + hint);
    if (is_kind(iterator, KIND_GENERATOR))
        is_good = is_good && iterator_for_each(t, iterator, append_visited, list);
    while (is_good) {
        Value item = value_next(t, iterator);
        if (is_end(item))
            break;
        is_good = !failed(item) && list_append_take(t, list, item);
    }
    release(iterator);
    shrink(t, list);
    return is_good;
}

void list_turn_around(List *list)
{
    for (size_t i = 0, j = list->count; i + 1 < j; i++) {
        Value item = list->items[i];
        list->items[i] = list->items[--j];
        list->items[j] = item;
    }
}

bool list_insert(Thread *t, List *list, int64_t at, Value v)
{
    ASSERT_GIL(t);
    int64_t count = (int64_t)list->count;
    if (at < 0)
        at = at + count < 0 ? 0 : at + count;
    if (at > count)
        at = count;
    if (list->count == list->capacity && !grow(t, list, list->count + 1))
        return false;
    memmove(&list->items[at + 1], &list->items[at], (size_t)(count - at) * sizeof(Value));
    list->items[at] = retain(v);
    list->count++;
    return true;
}

/* ---- taking away ---- */

Value list_pop(Thread *t, List *list, int64_t at)
{
    ASSERT_GIL(t);
    if (list->count == 0)
        return raise_error(t, EXC_IndexError, "pop from empty list");
    int64_t count = (int64_t)list->count;
    if (at < 0)
        at += count;
    if (at < 0 || at >= count)
        return raise_error(t, EXC_IndexError, "pop index out of range");
    Value item = list->items[at];
    memmove(&list->items[at], &list->items[at + 1], (size_t)(count - at - 1) * sizeof(Value));
    list->count--;
    shrink(t, list);
    return item;
}

/* Releases a row of former items, the last one first as CPython does. */
static inline void release_items(const Value *items, size_t count)
{
    for (size_t i = count; i-- > 0; )
        release(items[i]);
}

void list_clear_items(Thread *t, List *list)
{
    Value *items = list->items;
    size_t count = list->count, capacity = list->capacity;
    list->items = NULL;
    list->count = list->capacity = 0;
    if (items) {   /* keeps I2 */
        release_items(items, count);
        block_free_quick(t, items, capacity * sizeof(Value));
    }
}

/* One addition to the count of each item, then blocks copied, each twice as long as the one before. */
void values_repeat(Value *to, const Value *items, size_t count, size_t times)
{
    size_t total = count * times;
    if (count == 1 && !is_object(items[0])) {      /* [0] * n */
        for (size_t i = 0; i < total; i++)
            to[i] = items[0];
        return;
    }
    for (size_t i = 0; i < count && times > 0; i++) {
        Value v = to[i] = items[i];
        if (!is_object(v))
            continue;
        uint32_t held = as_object(v)->count;
        if (times < COUNT_IMMORTAL - (held < COUNT_IMMORTAL ? held : 0))
            as_object(v)->count = held < COUNT_IMMORTAL ? held + (uint32_t)times : held;
        else
            as_object(v)->count = COUNT_IMMORTAL;
    }
    for (size_t done = count; done < total; ) {
        size_t n = total - done < done ? total - done : done;
        memcpy(to + done, to, n * sizeof(Value));
        done += n;
    }
}

/* ---- slices ---- */

Value list_slice(Thread *t, List *list, size_t start, size_t end)
{
    return object_value(list_from_values(t, list->items + start, start < end ? end - start : 0));
}

enum { OLD_ON_STACK = 32 };

/* items[start:end] becomes [count] values, which are taken over; the values may not lie in the list itself. */
static bool replace_range(Thread *t, List *list, size_t start, size_t end, TAKES const Value *values, size_t count)
{
    size_t removed = end - start, tail = list->count - end, total = list->count - removed + count;
    Value on_stack[OLD_ON_STACK], *old = on_stack;
    if (removed > OLD_ON_STACK) {
        old = block_alloc(t, removed * sizeof(Value));
        if (!old)
            goto no_memory;
    }
    if (total > list->capacity && !grow(t, list, total)) {
        if (old != on_stack)
            block_free(t, old, removed * sizeof(Value));
        goto no_memory;
    }
    Value *place = list->items + start;
    if (removed == count) {
        for (size_t i = 0; i < count; i++) {
            old[i] = place[i];
            place[i] = values[i];
        }
    } else {
        for (size_t i = 0; i < removed; i++)
            old[i] = place[i];
        if (tail > 0)
            memmove(place + count, place + removed, tail * sizeof(Value));
        for (size_t i = 0; i < count; i++)
            place[i] = values[i];
        list->count = total;
        if (count < removed)
            shrink(t, list);
    }
    release_items(old, removed);     /* keeps I2 */
    if (old != on_stack)
        block_free(t, old, removed * sizeof(Value));
    return true;

no_memory:
    for (size_t i = 0; i < count; i++)
        release(values[i]);
    return false;
}

/* Items that can be taken without script code running meanwhile: of a list or tuple other than [list]. NULL: there are none. */
static const Value *items_at_hand(const List *list, Value iterable, size_t *count)
{
    if (is_kind(iterable, KIND_TUPLE)) {
        *count = as_tuple(iterable)->count;
        return as_tuple(iterable)->items;
    }
    if (!is_kind(iterable, KIND_LIST) || as_list(iterable) == list)
        return NULL;
    *count = as_list(iterable)->count;
    return as_list(iterable)->items;
}

void list_exchange_slice(List *list, size_t start, List *values)
{
    Value *place = list->items + start;
    for (size_t i = 0; i < values->count; i++) {
        Value old = place[i];
        place[i] = values->items[i];
        values->items[i] = old;
    }
}

bool list_set_slice(Thread *t, List *list, size_t start, size_t end, Value iterable_or_unbound)
{
    ASSERT_GIL(t);
    if (end < start)
        end = start;
    if (is_unbound(iterable_or_unbound))
        return replace_range(t, list, start, end, NULL, 0);
    if (end > list->count)
        end = list->count;
    if (start > end)
        start = end;
    size_t count;
    const Value *items = items_at_hand(list, iterable_or_unbound, &count);
    if (items) {
        for (size_t i = 0; i < count; i++)
            retain(items[i]);
        return replace_range(t, list, start, end, items, count);
    }
    List *values = list_from_iterable(t, iterable_or_unbound);   /* a copy: it may be this list, or iterating may change it */
    if (!values) {
        if (raised_is(t, EXC_TypeError) && !value_is_iterable(t, iterable_or_unbound)) {
            raised_clear(t);
            return raise_false(t, EXC_TypeError, "must assign iterable to extended slice");
        }
        return false;
    }
    if (end > list->count)
        end = list->count;
    if (start > end)
        start = end;
    bool is_good = replace_range(t, list, start, end, values->items, values->count);
    values->count = 0;   /* taken over */
    object_release(values);
    return is_good;
}

static Value get_slice(Thread *t, List *list, Value key)
{
    int64_t start, stop, step;
    if (!slice_unpack(t, key, &start, &stop, &step))
        return FAILED;
    size_t count = slice_fit(list->count, &start, &stop, step);
    if (step == 1)
        return list_slice(t, list, (size_t)start, (size_t)start + count);
    List *part = list_new(t, count);
    if (!part)
        return FAILED;
    const Value *from = list->items;
    Value *to = part->items, *end = to + count;
    size_t at = (size_t)start;      /* no pointer that moves: it would end up outside, or begin at no items; unsigned: the last step may be any */
    for (; to < end; to++, at += (size_t)step)
        *to = retain(from[at]);
    part->count = count;
    return object_value(part);
}

static bool delete_slice(Thread *t, List *list, int64_t start, int64_t step, size_t count)
{
    if (count == 0)
        return true;
    if (step < 0) {
        start += (int64_t)(count - 1) * step;
        step = -step;
    }
    Value *old = block_alloc(t, count * sizeof(Value));
    if (!old)
        return false;
    size_t to = (size_t)start, next = (size_t)start, taken = 0;
    for (size_t from = (size_t)start; from < list->count; from++) {
        if (from == next && taken < count) {
            old[taken++] = list->items[from];
            next += (size_t)step;
        } else {
            list->items[to++] = list->items[from];
        }
    }
    list->count = to;
    shrink(t, list);
    for (size_t i = 0; i < count; i++)
        release(old[i]);
    block_free(t, old, count * sizeof(Value));
    return true;
}

/* start and stop are as the slice has them: iterating may change the list, so they are fitted to it afterwards. */
static bool set_extended_slice(Thread *t, List *list, int64_t start, int64_t stop, int64_t step, Value iterable)
{
    List *values = list_from_iterable(t, iterable);
    if (!values) {
        if (raised_is(t, EXC_TypeError) && !value_is_iterable(t, iterable)) {
            raised_clear(t);
            return raise_false(t, EXC_TypeError, "must assign iterable to extended slice");
        }
        return false;
    }
    size_t count = slice_fit(list->count, &start, &stop, step);
    if (values->count != count) {
        raise_value_error(t, "attempt to assign sequence of size %zu to extended slice of size %zu", values->count, count);
        object_release(values);
        return false;
    }
    /* Swap, so that the old items die with the helper list, after the list is whole again. */
    for (size_t i = 0; i < count; i++) {
        size_t at = (size_t)(start + (int64_t)i * step);
        Value old = list->items[at];
        list->items[at] = values->items[i];
        values->items[i] = old;
    }
    object_release(values);
    return true;
}

static bool set_slice(Thread *t, List *list, Value key, Value value)
{
    int64_t start, stop, step;
    if (!slice_unpack(t, key, &start, &stop, &step))
        return false;
    if (step != 1 && is_bound(value))
        return set_extended_slice(t, list, start, stop, step, value);
    size_t count = slice_fit(list->count, &start, &stop, step);
    return step == 1 ? list_set_slice(t, list, (size_t)start, (size_t)start + count, value) : delete_slice(t, list, start, step, count);
}

/* ---- items ---- */

/* The place that an index means, negative ones counted from the end; false: out of range, or raised. */
static bool find_place(Thread *t, List *list, Value key, const char *message, size_t *place)
{
    int64_t index;
    if (!value_to_index(t, key, &index))
        return false;
    if (index < 0)
        index += (int64_t)list->count;
    if (index < 0 || (size_t)index >= list->count)
        return raise_false(t, EXC_IndexError, message);
    *place = (size_t)index;
    return true;
}

static Value refuse_key(Thread *t, Value key)
{
    return raise_type_error(t, "list indices must be integers or slices, not %T", key);
}

Value list_get_item(Thread *t, List *list, Value key)
{
    if (is_small_int(key)) {
        int64_t index = small_int(key);
        if (index < 0)
            index += (int64_t)list->count;
        if (UNLIKELY((uint64_t)index >= list->count))
            return raise_error(t, EXC_IndexError, "list index out of range");
        return retain(list->items[index]);
    }
    if (has_payload(key, KIND_SLICE))
        return get_slice(t, list, key);
    if (!value_type(t, key)->slots.index)
        return refuse_key(t, key);
    size_t place;
    return find_place(t, list, key, "list index out of range", &place) ? retain(list->items[place]) : FAILED;
}

bool list_set_item(Thread *t, List *list, Value key, Value v_or_unbound)
{
    ASSERT_GIL(t);
    if (has_payload(key, KIND_SLICE))
        return set_slice(t, list, key, v_or_unbound);
    if (!value_type(t, key)->slots.index)
        return refuse_key(t, key), false;
    size_t place;
    if (!find_place(t, list, key, "list assignment index out of range", &place))
        return false;
    if (is_unbound(v_or_unbound)) {
        Value item = list_pop(t, list, (int64_t)place);
        release(item);
    } else {
        replace(&list->items[place], retain(v_or_unbound));
    }
    return true;
}
