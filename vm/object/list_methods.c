/* list_methods.c - list as scripts see it: its slots and methods.
 *
 * What        repr, comparison, + and *, iteration, and the methods.
 * How         Thin layers over list.c. Where script code runs between two looks at the list (==, repr of an item), the count
 *             is read again and the item held meanwhile.
 * Invariants  as list.c.
 * GIL         held; comparison, repr and sort run script code.
 * Read next   list.c, sort.c, sequence_iterators.c */
#include "vm/object/arguments.h"
#include "vm/object/exception.h"
#include "vm/object/generic_alias.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/range.h"
#include "vm/object/str.h"

/* ---- the life of a list ---- */

static Value list_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    (void)args, (void)count, (void)names;   /* __init__ looks at them */
    return object_value(type_alloc(t, type));
}

static bool list_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    bool has_own_new = value_type(t, self)->slots.new_instance != kind_type(t, KIND_LIST)->slots.new_instance;   /* with keywords of its own */
    if (!has_own_new && !arguments_no_keywords(t, "list", names))
        return false;
    if (!arguments_count(t, "list", count, 0, 1))
        return false;
    list_clear_items(t, as_list(self));
    return count == 0 || list_extend(t, as_list(self), args[0]);
}

static void list_traverse(Object *self, VisitFn visit, void *context)
{
    List *list = (List *)self;
    for (size_t i = 0; i < list->count; i++)
        visit_value(list->items[i], visit, context);
}

static void list_drop(Object *self)
{
    list_clear_items(thread_current(), (List *)self);
}

/* ---- slots ---- */

static Value list_repr(Thread *t, Value self)
{
    List *list = as_list(self);
    if (list->count == 0)
        return object_value(str_from_ascii(t, "[]", 2));
    bool is_first;
    if (!repr_enter(t, self, &is_first))
        return FAILED;
    if (!is_first)
        return object_value(str_from_ascii(t, "[...]", 5));
    StrBuilder builder;
    str_builder_init(&builder, t);
    for (size_t i = 0; i < list->count && !builder.has_failed; i++) {
        str_builder_add_text(&builder, i == 0 ? "[" : ", ");
        Value item = retain(list->items[i]);
        Value text = value_repr(t, item);
        release(item);
        if (failed(text)) {
            str_builder_abandon(&builder);
            repr_leave(t, self);
            return FAILED;
        }
        str_builder_add(&builder, as_str(text));
        release(text);
    }
    str_builder_add_char(&builder, ']');
    repr_leave(t, self);
    return str_builder_finish(&builder);
}

static bool list_length(Thread *t, Value self, size_t *length)
{
    (void)t;
    *length = as_list(self)->count;
    return true;
}

static Value list_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (!is_list(other))
        return NOT_IMPLEMENTED;
    List *a = as_list(self), *b = as_list(other);
    if (a->count != b->count && (op == COMPARE_EQ || op == COMPARE_NE))
        return bool_value(op == COMPARE_NE);
    /* The first pair that differs decides. */
    for (size_t i = 0; i < a->count && i < b->count; i++) {
        if (is_same(a->items[i], b->items[i]))
            continue;
        if (are_small_ints(a->items[i], b->items[i]))
            return value_compare(t, a->items[i], b->items[i], op);
        Value x = retain(a->items[i]), y = retain(b->items[i]);
        bool equal;
        bool is_good = value_equal(t, x, y, &equal);
        if (is_good && equal) {
            release2(x, y);
            continue;
        }
        if (is_good && (i >= a->count || i >= b->count)) {
            release2(x, y);   /* comparing has shortened one of them: their lengths decide */
            break;
        }
        Value answer = !is_good ? FAILED : op == COMPARE_EQ ? FALSE : op == COMPARE_NE ? TRUE : value_compare(t, x, y, op);
        release2(x, y);
        return answer;
    }
    return compare_by_order((a->count > b->count) - (a->count < b->count), op);
}

static bool list_contains(Thread *t, Value self, Value item, bool *found)
{
    List *list = as_list(self);
    *found = false;
    for (size_t i = 0; i < list->count && !*found; i++) {
        if (are_small_ints(list->items[i], item)) {
            *found = is_same(list->items[i], item);
            continue;
        }
        Value candidate = retain(list->items[i]);
        bool is_good = value_equal(t, candidate, item, found);
        release(candidate);
        if (!is_good)
            return false;
    }
    return true;
}

static Value list_get_item_slot(Thread *t, Value self, Value key)
{
    return list_get_item(t, as_list(self), key);
}

static bool list_set_item_slot(Thread *t, Value self, Value key, Value v)
{
    return list_set_item(t, as_list(self), key, v);
}

static Value list_add(Thread *t, Value left, Value right)
{
    if (!is_list(left))
        return NOT_IMPLEMENTED;
    if (!is_list(right))
        return sequence_add_other(t, left, right, list_add, "can only concatenate list (not \"%T\") to list");
    List *a = as_list(left), *b = as_list(right);
    List *sum = list_new(t, a->count + b->count);
    if (!sum)
        return FAILED;
    for (size_t i = 0; i < a->count; i++)
        sum->items[i] = retain(a->items[i]);
    for (size_t i = 0; i < b->count; i++)
        sum->items[a->count + i] = retain(b->items[i]);
    sum->count = a->count + b->count;
    return object_value(sum);
}

static Value list_inplace_add(Thread *t, Value self, Value other)
{
    return list_extend(t, as_list(self), other) ? retain(self) : FAILED;
}

/* The items [times] over, in a new list. */
static List *repeated(Thread *t, List *list, size_t times)
{
    size_t total;
    if (__builtin_mul_overflow(list->count, times, &total))
        return raise_memory_error(t), NULL;
    List *product = list_new(t, total);
    if (!product)
        return NULL;
    values_repeat(product->items, list->items, list->count, times);
    product->count = total;
    return product;
}

static Value list_multiply(Thread *t, Value left, Value right)
{
    bool is_left = is_list(left);
    size_t times;
    Value answer;
    if (!sequence_repeat_count(t, left, right, is_left, &times, &answer))
        return FAILED;
    if (is_bound(answer))
        return answer;
    return object_value(repeated(t, as_list(is_left ? left : right), times));
}

static Value list_inplace_multiply(Thread *t, Value self, Value other)
{
    size_t times;
    Value answer;
    if (!sequence_repeat_count(t, self, other, true, &times, &answer))
        return FAILED;
    if (is_bound(answer))
        return answer;
    List *list = as_list(self), *product = repeated(t, list, times);
    if (!product)
        return FAILED;
    List old = *list;
    list->items = product->items, list->count = product->count, list->capacity = product->capacity;
    product->items = old.items, product->count = old.count, product->capacity = old.capacity;
    object_release(product);
    return retain(self);
}

/* ---- methods ---- */

Value list_append_method(Thread *t, Value self, const Value *args)
{
    return list_append(t, as_list(self), args[0]) ? NONE : FAILED;
}

static Value extend(Thread *t, Value self, const Value *args)
{
    return list_extend(t, as_list(self), args[0]) ? NONE : FAILED;
}

static Value insert(Thread *t, Value self, const Value *args)
{
    int64_t at;
    if (!arg_size(t, args[0], &at))
        return FAILED;
    return list_insert(t, as_list(self), at, args[1]) ? NONE : FAILED;
}

static Value pop(Thread *t, Value self, const Value *args)
{
    int64_t at = -1;
    if (!arg_size(t, args[0], &at))
        return FAILED;
    return list_pop(t, as_list(self), at);
}

/* The place of the first item equal to [v] in start .. stop-1; SIZE_MAX in *place: there is none. */
static bool find_item(Thread *t, List *list, Value v, size_t start, size_t stop, size_t *place)
{
    *place = SIZE_MAX;
    for (size_t i = start; i < stop && i < list->count; i++) {
        Value candidate = retain(list->items[i]);
        bool equal;
        bool is_good = value_equal(t, candidate, v, &equal);
        release(candidate);
        if (!is_good)
            return false;
        if (equal) {
            *place = i;
            return true;
        }
    }
    return true;
}

static Value remove_item(Thread *t, Value self, const Value *args)
{
    List *list = as_list(self);
    size_t place;
    if (!find_item(t, list, args[0], 0, SIZE_MAX, &place))
        return FAILED;
    if (place == SIZE_MAX)
        return raise_value_error(t, "list.remove(x): x not in list");
    /* The comparison may have shortened the list: then the slice is empty, as in CPython. */
    return list_set_slice(t, list, place < list->count ? place : list->count, place < list->count ? place + 1 : list->count, UNBOUND) ? NONE : FAILED;
}

static Value index_method(Thread *t, Value self, const Value *args)
{
    List *list = as_list(self);
    size_t start, stop, place;
    if (!slice_search_bounds(t, args[1], args[2], list->count, &start, &stop) || !find_item(t, list, args[0], start, stop, &place))
        return FAILED;
    if (place == SIZE_MAX)
        return raise_value_error(t, "%R is not in list", args[0]);
    return small_int_value((int64_t)place);
}

static Value count_method(Thread *t, Value self, const Value *args)
{
    List *list = as_list(self);
    int64_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        Value candidate = retain(list->items[i]);
        bool equal;
        bool is_good = value_equal(t, candidate, args[0], &equal);
        release(candidate);
        if (!is_good)
            return FAILED;
        count += equal;
    }
    return small_int_value(count);
}

static Value clear_method(Thread *t, Value self, const Value *args)
{
    (void)args;
    list_clear_items(t, as_list(self));
    return NONE;
}

static Value copy_method(Thread *t, Value self, const Value *args)
{
    (void)args;
    return list_slice(t, as_list(self), 0, as_list(self)->count);
}

static Value reverse(Thread *t, Value self, const Value *args)
{
    (void)t, (void)args;
    list_turn_around(as_list(self));
    return NONE;
}

static Value sort(Thread *t, Value self, const Value *args)
{
    bool is_reverse = false;
    if (is_bound(args[1]) && !value_truth(t, args[1], &is_reverse))
        return FAILED;
    return list_sort(t, as_list(self), is_bound(args[0]) ? args[0] : NONE, is_reverse) ? NONE : FAILED;
}

static Value size_of_method(Thread *t, Value self, const Value *args)
{
    (void)args;
    return small_int_value((int64_t)(value_type(t, self)->size + as_list(self)->capacity * sizeof(Value)));
}

static const NativeDef list_methods[] = {
    NATIVE("__reversed__", list_reverse_iterator_new, "($self, /)", NATIVE_LEAF, "An iterator from the last item to the first."),
    NATIVE("__sizeof__", size_of_method, "($self, /)", NATIVE_LEAF, "How many bytes of memory the list takes, its items not counted."),
    NATIVE("clear", clear_method, "($self, /)", 0, "Take out all items."),
    NATIVE("copy", copy_method, "($self, /)", NATIVE_LEAF, "A new list of the same items."),
    NATIVE("append", list_append_method, "($self, object, /)", NATIVE_LEAF, "Add object after the last item."),
    NATIVE("insert", insert, "($self, index, object, /)", NATIVE_LEAF, "Put object into the list so that it stands before the item at index."),
    NATIVE("extend", extend, "($self, iterable, /)", 0, "Add all items of the iterable after the last one."),
    NATIVE("pop", pop, "($self, index=-1, /)", NATIVE_LEAF,
           "Take out the item at index, or the last one, and return it.\n\nIndexError if there is no such item."),
    NATIVE("remove", remove_item, "($self, value, /)", 0, "Take out the first item that is equal to value.\n\nValueError if there is none."),
    NATIVE("index", index_method, "($self, value, start=0, stop=sys.maxsize, /)", 0,
           "The index of the first item that is equal to value.\n\nValueError if there is none."),
    NATIVE("count", count_method, "($self, value, /)", 0, "How many items are equal to value."),
    NATIVE("reverse", reverse, "($self, /)", NATIVE_LEAF, "Turn the order of the items around, in this list itself."),
    NATIVE("sort", sort, "($self, /, *, key=None, reverse=False)", 0,
           "Put the items in order, the least first, in this list itself; the result is None.\n\nEqual items stay in the order they are in.\nA key "
           "function is called once for each item; its results are compared in place of the items."),
    CLASS_GET_ITEM_ROW,
    NATIVE_END,
};

const TypeSpec list_spec = {
    .doc =
        "Items in a row that can be changed, inserted and removed.\n\nWithout an argument, a new empty list; else a list of what the iterable "
        "yields.",
    .signature = "(iterable=(), /)",
    .size = sizeof(List),
    .flags = TYPE_IS_CONTAINER | TYPE_IS_SEQUENCE | TYPE_MATCHES_SELF,
    .slots = {
        .repr = list_repr, .hash = hash_not_implemented, .compare = list_compare, .iterate = list_iterator_new,
        .init = list_init, .new_instance = list_new_instance, .length = list_length, .get_item = list_get_item_slot,
        .set_item = list_set_item_slot, .contains = list_contains, .add = list_add, .multiply = list_multiply,
        .inplace_add = list_inplace_add, .inplace_multiply = list_inplace_multiply,
    },
    .methods = list_methods,
    .traverse = list_traverse, .clear = list_drop, .free = list_drop,
};
