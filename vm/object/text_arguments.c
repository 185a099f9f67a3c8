/* text_arguments.c - see text_arguments.h.
 *
 * What        The helpers one by one.
 * How         An absent argument is UNBOUND, as native.h says.
 * GIL         held; an argument's __index__ and iteration run script code.
 * Read next   str_methods.c */
#include "vm/object/text_arguments.h"

#include "vm/object/exception.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"

/* One bound; negative ones count from the end. */
static bool read_bound(Thread *t, Value v, size_t length, int64_t *bound)
{
    if (is_unbound(v) || is_none(v))
        return true;
    if (is_small_int(v)) {
        *bound = small_int(v);
    } else {
        if (!is_int(v) && !value_type(t, v)->slots.index)
            return raise_false(t, EXC_TypeError, "slice indices must be integers or None or have an __index__ method");
        if (!value_to_clipped_index(t, v, bound))
            return false;
    }
    if (*bound < 0)
        *bound = *bound < -(int64_t)length ? 0 : *bound + (int64_t)length;
    return true;
}

bool text_bounds(Thread *t, Value start, Value end, size_t length, size_t *from, size_t *to)
{
    int64_t first = 0, last = (int64_t)length;
    if (!read_bound(t, start, length, &first) || !read_bound(t, end, length, &last))
        return false;
    *from = (size_t)first;
    *to = (size_t)last < length ? (size_t)last : length;
    return true;
}

bool str_argument(Thread *t, const char *function, int number, Value v)
{
    if (LIKELY(is_str(v)))
        return true;
    if (number == 0)
        return raise_false(t, EXC_TypeError, "%s() argument must be str, not %N", function, v);
    return raise_false(t, EXC_TypeError, "%s() argument %d must be str, not %N", function, number, v);
}

bool name_argument(Thread *t, const char *function, const char *parameter, Value v, const char **name)
{
    *name = NULL;
    if (is_unbound(v))
        return true;
    if (!is_str(v))
        return raise_false(t, EXC_TypeError, "%s() argument '%s' must be str, not %N", function, parameter, v);
    size_t length;
    *name = str_utf8(t, as_str(v), &length);
    if (*name && strlen(*name) != length)
        return raise_false(t, EXC_ValueError, "embedded null character");
    return *name != NULL;
}

Value tuple_take3(Thread *t, TAKES Value a, TAKES Value b, TAKES Value c)
{
    Value items[3] = {a, b, c};
    Tuple *tuple = failed(a) || failed(b) || failed(c) ? NULL : tuple_from_values(t, items, 3);
    release2(a, b);
    release(c);
    return tuple ? object_value(tuple) : FAILED;
}

bool join_items(Thread *t, Value iterable, Value *held, const Value **items, size_t *count)
{
    if (is_kind(iterable, KIND_LIST) || is_kind(iterable, KIND_TUPLE)) {    /* a subclass may iterate in a way of its own */
        *held = retain(iterable);
    } else {
        Value iterator = value_iterate(t, iterable);
        if (failed(iterator)) {
            if (raised_is(t, EXC_TypeError)) {
                raised_clear(t);
                raise_type_error(t, "can only join an iterable");
            }
            return false;
        }
        List *list = list_from_iterable(t, iterator);
        release(iterator);
        if (!list)
            return false;
        *held = object_value(list);
    }
    *items = is_list(*held) ? as_list(*held)->items : as_tuple(*held)->items;
    *count = is_list(*held) ? as_list(*held)->count : as_tuple(*held)->count;
    return true;
}
