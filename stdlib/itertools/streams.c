/* streams.c - iterators that join, group or transform: accumulate, batched, chain, pairwise, starmap, zip_longest.
 *
 * What        The six types.
 * How         Each asks the iterator below it once or more for an item of its own.
 * Invariants  I1 a step may come back to the same iterator (an iterator below may ask for it): fields are read again after each such call.
 * GIL         held.
 * Read next   itertools.h, filters.c */
#include "stdlib/itertools/itertools.h"

/* [a] and [b] own what a type needs beside the iterator. */
typedef struct Stream { ToyObject head; ToyValue iterator, a, b; int64_t size; bool is_strict; } Stream;
static Stream *as_stream(ToyValue v) { return (Stream *)toy_object(v); }

/* [iterator] UNBOUND is an iterator of none; FAILED cannot be told from it, so who calls checks. */
static ToyValue stream_make(ToyThread *t, ToyType *type, TOY_TAKES ToyValue iterator, ToyValue a, ToyValue b)
{
    ToyValue self = toy_failed(iterator) ? TOY_FAILED : toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) {
        toy_release(iterator);
        return TOY_FAILED;
    }
    as_stream(self)->iterator = iterator;
    as_stream(self)->a = toy_retain(a);
    as_stream(self)->b = toy_retain(b);
    return self;
}
static void stream_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const Stream *stream = (Stream *)self;
    toy_visit(stream->iterator, visit, context);
    toy_visit(stream->a, visit, context);
    toy_visit(stream->b, visit, context);
}
static void stream_free(ToyObject *self)
{
    Stream *stream = (Stream *)self;
    toy_clear(&stream->iterator);
    toy_clear(&stream->a);
    toy_clear(&stream->b);
}
#define STREAM_SPEC(doc_, signature_, new_, next_, methods_) { \
    .doc = doc_, .signature = signature_, .size = sizeof(Stream), .flags = TOY_TYPE_IS_CONTAINER, \
    .slots = {.new_instance = new_, .iterate = iterate_self, .next = next_}, .methods = methods_, \
    .traverse = stream_traverse, .free = stream_free}

/* ---- accumulate: a is the function or None, b the total so far; [initial] is given first if it is there ---- */

typedef struct Accumulate { Stream stream; ToyValue initial; } Accumulate;
static Accumulate *as_accumulate(ToyValue v) { return (Accumulate *)toy_object(v); }

static ToyValue accumulate_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"iterable", "func", "initial", NULL};
    static const ToyParameters parameters = {"accumulate", parameter_names, 0, 2, 1};
    ToyValue given[3];
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return TOY_FAILED;
    ToyValue function = toy_is_bound(given[1]) ? given[1] : TOY_NONE;
    ToyValue self = stream_make(t, type, toy_iterate(t, given[0]), function, TOY_UNBOUND);
    if (!toy_failed(self) && toy_is_given(given[2])) as_accumulate(self)->initial = toy_retain(given[2]);
    return self;
}
static ToyValue accumulate_next(ToyThread *t, ToyValue self)
{
    Stream *stream = as_stream(self);
    if (toy_is_bound(as_accumulate(self)->initial)) {
        ToyValue initial = as_accumulate(self)->initial;
        as_accumulate(self)->initial = TOY_UNBOUND;
        toy_replace(&stream->b, toy_retain(initial));
        return initial;
    }
    ToyValue item = toy_next(t, stream->iterator);
    if (toy_failed(item) || toy_is_end(item)) return item;
    if (toy_is_unbound(stream->b)) {
        stream->b = toy_retain(item);
        return item;
    }
    ToyValue before = toy_retain(stream->b);
    ToyValue total = toy_is_none(stream->a) ? toy_operate(t, TOY_ADD, before, item) : toy_call2(t, stream->a, before, item);
    toy_release(before);
    toy_release(item);
    if (toy_failed(total)) return TOY_FAILED;
    toy_replace(&stream->b, toy_retain(total));
    return total;
}
/* An iterator that gives [first] and then what the other one gives. */
static ToyValue put_in_front(ToyThread *t, const ItertoolsState *state, ToyValue first, ToyValue iterator)
{
    ToyValue row = toy_tuple_of(t, &first, 1);
    ToyValue both = toy_failed(row) ? TOY_FAILED : toy_call2(t, toy_type_value(state->chain), row, iterator);
    toy_release(row);
    return both;
}
static ToyValue accumulate_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Stream *stream = as_stream(self);
    const ItertoolsState *state = toy_instance_state(self);
    ToyValue initial = as_accumulate(self)->initial;
    if (!warn_of_pickling(t)) return TOY_FAILED;
    if (toy_is_bound(initial))    /* it becomes the first item */
        return toy_tuple(t, type_of(t, self), toy_tuple(t, put_in_front(t, state, initial, stream->iterator), toy_retain(stream->a)), TOY_NONE);
    if (toy_is_none(stream->b)) { /* as a state None means nothing: begin again with it, and leave the first result out */
        ToyValue given[] = {put_in_front(t, state, TOY_NONE, stream->iterator), stream->a};
        ToyValue again = toy_failed(given[0]) ? TOY_FAILED : toy_call(t, toy_type_value(toy_type_of(t, self)), given, 2);
        toy_release(given[0]);
        return toy_tuple(t, toy_retain(toy_type_value(state->islice)), toy_tuple(t, again, toy_small_int_value(1), TOY_NONE));
    }
    ToyValue total = toy_is_bound(stream->b) ? toy_retain(stream->b) : TOY_NONE;
    return toy_tuple(t, type_of(t, self), toy_tuple(t, toy_retain(stream->iterator), toy_retain(stream->a)), total);
}
static ToyValue accumulate_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!warn_of_pickling(t)) return TOY_FAILED;
    toy_replace(&as_stream(self)->b, toy_retain(args[0]));
    return TOY_NONE;
}
static void accumulate_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    stream_traverse(self, visit, context);
    toy_visit(((Accumulate *)self)->initial, visit, context);
}
static void accumulate_free(ToyObject *self)
{
    stream_free(self);
    toy_clear(&((Accumulate *)self)->initial);
}
static const ToyFunction accumulate_methods[] = {REDUCE_ROW(accumulate_reduce), SET_STATE_ROW(accumulate_set_state), TOY_FUNCTIONS_END};
const ToyTypeSpec accumulate_spec = {
    .doc = "Sums of the items so far, or what another function of two arguments makes of the total and the next item.",
    .signature = "(iterable, func=None, *, initial=None)",
    .size = sizeof(Accumulate), .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.new_instance = accumulate_new, .iterate = iterate_self, .next = accumulate_next},
    .methods = accumulate_methods, .traverse = accumulate_traverse, .free = accumulate_free,
};

/* ---- batched ---- */

static ToyValue batched_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"iterable", "n", "strict", NULL};
    static const ToyParameters parameters = {"batched", parameter_names, 0, 2, 2};
    ToyValue given[3];
    int64_t size;
    bool is_strict = false;
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return TOY_FAILED;
    if (!toy_arg_size(t, given[1], &size) || !toy_arg_bool(t, given[2], &is_strict)) return TOY_FAILED;
    if (size < 1) return toy_raise_value_error(t, "n must be at least one");
    ToyValue self = stream_make(t, type, toy_iterate(t, given[0]), TOY_UNBOUND, TOY_UNBOUND);
    if (toy_failed(self)) return TOY_FAILED;
    as_stream(self)->size = size;
    as_stream(self)->is_strict = is_strict;
    return self;
}
static ToyValue batched_next(ToyThread *t, ToyValue self)
{
    Stream *stream = as_stream(self);
    if (toy_is_unbound(stream->iterator)) return TOY_END;
    ToyValue row = toy_list(t), iterator = toy_retain(stream->iterator);
    bool is_over = false;
    for (int64_t i = 0; i < stream->size && !is_over && !toy_failed(row); i++) {
        ToyValue item = toy_next(t, iterator);
        is_over = toy_is_end(item);
        if (!is_over && !toy_list_append_take(t, row, item)) toy_clear(&row);
    }
    toy_release(iterator);
    if (is_over || toy_failed(row)) toy_clear(&stream->iterator);
    if (toy_failed(row)) return TOY_FAILED;
    ToyValue batch = TOY_END;
    if (is_over && stream->is_strict && toy_list_length(row)) batch = toy_raise_value_error(t, "batched(): incomplete batch");
    else if (toy_list_length(row)) batch = toy_tuple_from(t, row);
    toy_release(row);
    return batch;
}
const ToyTypeSpec batched_spec = STREAM_SPEC("Tuples of n items each; the last one may be shorter, unless strict is true: then that is a ValueError.",
                                             "(iterable, n, *, strict=False)", batched_new, batched_next, NULL);

/* ---- chain: a is the iterator over the present iterable; iterator goes over the iterables ---- */

static ToyValue chain_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!takes_no_keywords(t, type, "chain", names)) return TOY_FAILED;
    ToyValue all = toy_tuple_of(t, args, count);
    ToyValue self = toy_failed(all) ? TOY_FAILED : stream_make(t, type, toy_iterate(t, all), TOY_UNBOUND, TOY_UNBOUND);
    toy_release(all);
    return self;
}
static ToyValue chain_from_iterable(ToyThread *t, ToyValue cls, const ToyValue *args)
{
    return stream_make(t, (ToyType *)toy_object(cls), toy_iterate(t, args[0]), TOY_UNBOUND, TOY_UNBOUND);
}
static ToyValue chain_next(ToyThread *t, ToyValue self)
{
    Stream *stream = as_stream(self);
    while (toy_is_bound(stream->iterator)) {
        if (toy_is_unbound(stream->a)) {
            ToyValue source = toy_retain(stream->iterator), iterable = toy_next(t, source);
            toy_release(source);
            ToyValue active = toy_failed(iterable) || toy_is_end(iterable) ? TOY_FAILED : toy_iterate(t, iterable);
            toy_release(iterable);
            if (toy_failed(active)) {
                toy_clear(&stream->iterator);
                return toy_is_end(iterable) ? TOY_END : TOY_FAILED;
            }
            toy_replace(&stream->a, active);
        }
        ToyValue active = toy_retain(stream->a), item = toy_next(t, active);
        bool is_over = toy_is_end(item);
        if (is_over && toy_is_same(stream->a, active)) toy_clear(&stream->a);
        toy_release(active);
        if (!is_over) return item;
    }
    return TOY_END;
}
static ToyValue chain_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Stream *stream = as_stream(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    if (toy_is_unbound(stream->iterator)) return toy_tuple(t, type_of(t, self), toy_tuple_of(t, NULL, 0));
    ToyValue state = toy_is_bound(stream->a) ? toy_tuple(t, toy_retain(stream->iterator), toy_retain(stream->a)) : toy_tuple(t, toy_retain(stream->iterator));
    return toy_tuple(t, type_of(t, self), toy_tuple_of(t, NULL, 0), state);
}
static bool is_iterator(ToyThread *t, ToyValue v)
{
    ToyValue next = toy_find_special(t, v, "__next__");
    toy_release(next);
    return toy_is_bound(next);
}
static ToyValue chain_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!warn_of_pickling(t)) return TOY_FAILED;
    if (!toy_is_tuple(args[0])) return toy_raise_type_error(t, "state is not a tuple");
    size_t length = toy_tuple_length(args[0]);
    if (length < 1 || length > 2) return toy_raise_type_error(t, "function takes at %s argument%s (%zu given)", length ? "most 2" : "least 1", length ? "s" : "", length);
    for (size_t i = 0; i < length; i++)
        if (!is_iterator(t, toy_tuple_item(args[0], i))) return toy_is_raised(t) ? TOY_FAILED : toy_raise_type_error(t, "Arguments must be iterators.");
    toy_replace(&as_stream(self)->iterator, toy_retain(toy_tuple_item(args[0], 0)));
    toy_replace(&as_stream(self)->a, length == 2 ? toy_retain(toy_tuple_item(args[0], 1)) : TOY_UNBOUND);
    return TOY_NONE;
}
static ToyValue chain_class_item(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_generic_alias(t, self, args[0]); }
static const ToyFunction chain_methods[] = {
    TOY_FUNCTION("from_iterable", chain_from_iterable, "($type, iterable, /)", TOY_CLASS, "The same for one iterable that gives the iterables, when they are needed."),
    REDUCE_ROW(chain_reduce), SET_STATE_ROW(chain_set_state),
    TOY_FUNCTION("__class_getitem__", chain_class_item, "($type, object, /)", TOY_CLASS, "See PEP 585"),
    TOY_FUNCTIONS_END,
};
const ToyTypeSpec chain_spec = STREAM_SPEC("The items of the first iterable, then those of the second, and so on.", "(*iterables)", chain_new, chain_next, chain_methods);

/* ---- pairwise: a is the item before ---- */

static ToyValue pairwise_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!takes_exactly(t, type, "pairwise", 1, count, names)) return TOY_FAILED;
    return stream_make(t, type, toy_iterate(t, args[0]), TOY_UNBOUND, TOY_UNBOUND);
}
static ToyValue pairwise_end(Stream *stream, ToyValue result)
{
    toy_clear(&stream->iterator);
    toy_clear(&stream->a);
    return result;
}
static ToyValue next_of(ToyThread *t, const Stream *stream)
{
    ToyValue iterator = toy_retain(stream->iterator), item = toy_next(t, iterator);
    toy_release(iterator);
    return item;
}
static ToyValue pairwise_next(ToyThread *t, ToyValue self)
{
    Stream *stream = as_stream(self);
    if (toy_is_unbound(stream->iterator)) return TOY_END;
    if (toy_is_unbound(stream->a)) {
        ToyValue first = next_of(t, stream);
        if (toy_failed(first) || toy_is_end(first)) return pairwise_end(stream, first);
        toy_replace(&stream->a, first);
        if (toy_is_unbound(stream->iterator)) return pairwise_end(stream, TOY_END);
    }
    ToyValue before = toy_retain(stream->a), item = next_of(t, stream);
    if (toy_failed(item) || toy_is_end(item)) {
        toy_release(before);
        return pairwise_end(stream, item);
    }
    toy_replace(&stream->a, toy_retain(item));
    return toy_tuple(t, before, item);
}
const ToyTypeSpec pairwise_spec = STREAM_SPEC("Each item with the one behind it: pairwise('abc') gives ('a', 'b') and ('b', 'c').", "(iterable, /)", pairwise_new, pairwise_next, NULL);

/* ---- starmap: a is the function ---- */

static ToyValue starmap_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!takes_exactly(t, type, "starmap", 2, count, names)) return TOY_FAILED;
    return stream_make(t, type, toy_iterate(t, args[1]), args[0], TOY_UNBOUND);
}
static ToyValue starmap_next(ToyThread *t, ToyValue self)
{
    const Stream *stream = as_stream(self);
    ToyValue row = toy_next(t, stream->iterator);
    if (toy_failed(row) || toy_is_end(row)) return row;
    if (!toy_is_tuple(row)) {
        toy_replace(&row, toy_tuple_from(t, row));
        if (toy_failed(row)) return TOY_FAILED;
    }
    ToyValue result = toy_call(t, stream->a, toy_tuple_items(row), toy_tuple_length(row));
    toy_release(row);
    return result;
}
static ToyValue starmap_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!warn_of_pickling(t)) return TOY_FAILED;
    return toy_tuple(t, type_of(t, self), toy_tuple(t, toy_retain(as_stream(self)->a), toy_retain(as_stream(self)->iterator)));
}
static const ToyFunction starmap_methods[] = {REDUCE_ROW(starmap_reduce), TOY_FUNCTIONS_END};
const ToyTypeSpec starmap_spec = STREAM_SPEC("What the function answers, called with each item of the iterable as its arguments.", "(function, iterable, /)",
                                             starmap_new, starmap_next, starmap_methods);

/* ---- zip_longest ---- */

typedef struct ZipLongest { ToyObject head; ToyValue fill; size_t count, active; ToyValue *iterators; } ZipLongest;   /* an iterator that has ended is UNBOUND */
static ZipLongest *as_zip(ToyValue v) { return (ZipLongest *)toy_object(v); }

static ToyValue zip_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    ToyValue fill = TOY_NONE;
    for (size_t i = 0; i < toy_names_length(names); i++) {
        if (toy_names_length(names) > 1 || !toy_str_is(toy_names_item(names, i), "fillvalue"))
            return toy_raise_type_error(t, "zip_longest() got an unexpected keyword argument");
        fill = args[count];
    }
    ToyValue self = toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) return TOY_FAILED;
    ZipLongest *zip = as_zip(self);
    zip->fill = toy_retain(fill);
    zip->iterators = toy_alloc(t, (count + 1) * sizeof *zip->iterators);
    bool is_good = zip->iterators != NULL;
    if (is_good) memset(zip->iterators, 0, (count + 1) * sizeof *zip->iterators);
    if (is_good) zip->count = zip->active = count;
    for (size_t i = 0; i < count && is_good; i++) is_good = !toy_failed(zip->iterators[i] = toy_iterate(t, args[i]));
    if (!is_good) toy_clear(&self);
    return self;
}
static ToyValue zip_item(ToyThread *t, ZipLongest *zip, size_t i)
{
    if (toy_is_unbound(zip->iterators[i])) return toy_retain(zip->fill);
    ToyValue iterator = toy_retain(zip->iterators[i]), item = toy_next(t, iterator);
    toy_release(iterator);
    if (toy_failed(item)) zip->active = 0;
    if (!toy_is_end(item)) return item;
    if (zip->active) zip->active--;
    if (!zip->active) return TOY_END;
    toy_clear(&zip->iterators[i]);
    return toy_retain(zip->fill);
}
enum { ROW_ON_STACK = 8 };
static ToyValue zip_next(ToyThread *t, ToyValue self)
{
    ZipLongest *zip = as_zip(self);
    if (!zip->active) return TOY_END;
    size_t count = zip->count, n = 0;
    ToyValue on_stack[ROW_ON_STACK], *row = on_stack, item = TOY_NONE;
    if (count > ROW_ON_STACK && !(row = toy_alloc(t, count * sizeof *row))) return TOY_FAILED;
    while (n < count) {
        item = zip_item(t, zip, n);
        if (toy_failed(item) || toy_is_end(item)) break;
        row[n++] = item;
    }
    ToyValue result = n == count ? toy_tuple_take(t, row, n) : item;
    for (size_t i = 0; n < count && i < n; i++) toy_release(row[i]);
    if (row != on_stack) toy_free(t, row, count * sizeof *row);
    return result;
}
static ToyValue zip_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const ZipLongest *zip = as_zip(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    ToyValue list = toy_list(t);
    for (size_t i = 0; i < zip->count && !toy_failed(list); i++) {
        ToyValue iterator = toy_is_bound(zip->iterators[i]) ? toy_retain(zip->iterators[i]) : toy_tuple_of(t, NULL, 0);
        if (!toy_list_append_take(t, list, iterator)) toy_clear(&list);
    }
    ToyValue made_with = toy_failed(list) ? TOY_FAILED : toy_tuple_from(t, list);
    toy_release(list);
    return toy_tuple(t, type_of(t, self), made_with, toy_retain(zip->fill));
}
static ToyValue zip_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!warn_of_pickling(t)) return TOY_FAILED;
    toy_replace(&as_zip(self)->fill, toy_retain(args[0]));
    return TOY_NONE;
}
static void zip_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const ZipLongest *zip = (ZipLongest *)self;
    toy_visit(zip->fill, visit, context);
    for (size_t i = 0; i < zip->count; i++) toy_visit(zip->iterators[i], visit, context);
}
static void zip_free(ToyObject *self)
{
    ZipLongest *zip = (ZipLongest *)self;
    toy_clear(&zip->fill);
    for (size_t i = 0; i < zip->count; i++) toy_clear(&zip->iterators[i]);
    if (zip->iterators) toy_free(toy_thread(), zip->iterators, (zip->count + 1) * sizeof *zip->iterators);
}
static const ToyFunction zip_methods[] = {REDUCE_ROW(zip_reduce), SET_STATE_ROW(zip_set_state), TOY_FUNCTIONS_END};
const ToyTypeSpec zip_longest_spec = {
    .doc = "Like zip(), but until the longest iterable ends: fillvalue stands for what the others have not got.",
    .signature = "(*iterables, fillvalue=None)",
    .size = sizeof(ZipLongest), .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.new_instance = zip_new, .iterate = iterate_self, .next = zip_next},
    .methods = zip_methods, .traverse = zip_traverse, .free = zip_free,
};
