/* filters.c - iterators that let some items pass and others not: compress, dropwhile, filterfalse, islice, takewhile.
 *
 * What        The five types.
 * How         Four of them are a question and an iterator, in one struct; islice counts.
 * Invariants  I1 islice never takes more items from below than it needs: `given` of them have been taken, `next` says which one is wanted.
 * GIL         held.
 * Read next   itertools.h */
#include "stdlib/itertools/itertools.h"

/* [test] is the predicate; of compress, the iterator over the selectors. [is_decided]: dropwhile has begun, takewhile is over. */
typedef struct Filter { ToyObject head; ToyValue test, iterator; bool is_decided; } Filter;
static Filter *as_filter(ToyValue v) { return (Filter *)toy_object(v); }

static ToyValue filter_make(ToyThread *t, ToyType *type, TOY_TAKES ToyValue test, TOY_TAKES ToyValue iterator)
{
    ToyValue self = toy_failed(test) || toy_failed(iterator) ? TOY_FAILED : toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) {
        toy_release(test);
        toy_release(iterator);
        return TOY_FAILED;
    }
    as_filter(self)->test = test;
    as_filter(self)->iterator = iterator;
    return self;
}
static void filter_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((Filter *)self)->test, visit, context);
    toy_visit(((Filter *)self)->iterator, visit, context);
}
static void filter_free(ToyObject *self)
{
    toy_clear(&((Filter *)self)->test);
    toy_clear(&((Filter *)self)->iterator);
}

/* What the predicate says about an item; None asks for its truth. */
static bool holds(ToyThread *t, ToyValue predicate, ToyValue item, bool *answer)
{
    if (toy_is_none(predicate)) return toy_truth(t, item, answer);
    ToyValue verdict = toy_call1(t, predicate, item);
    bool is_good = !toy_failed(verdict) && toy_truth(t, verdict, answer);
    toy_release(verdict);
    return is_good;
}

static ToyValue filter_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!warn_of_pickling(t)) return TOY_FAILED;
    return toy_tuple(t, type_of(t, self), toy_tuple(t, toy_retain(as_filter(self)->test), toy_retain(as_filter(self)->iterator)));
}
static ToyValue while_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!warn_of_pickling(t)) return TOY_FAILED;
    ToyValue made_with = toy_tuple(t, toy_retain(as_filter(self)->test), toy_retain(as_filter(self)->iterator));
    return toy_tuple(t, type_of(t, self), made_with, toy_small_int_value(as_filter(self)->is_decided));
}
static ToyValue while_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return warn_of_pickling(t) && toy_arg_bool(t, args[0], &as_filter(self)->is_decided) ? TOY_NONE : TOY_FAILED;
}
static const ToyFunction filter_methods[] = {REDUCE_ROW(filter_reduce), TOY_FUNCTIONS_END};
static const ToyFunction while_methods[] = {REDUCE_ROW(while_reduce), SET_STATE_ROW(while_set_state), TOY_FUNCTIONS_END};

#define FILTER_SPEC(doc_, signature_, new_, next_, methods_) { \
    .doc = doc_, .signature = signature_, .size = sizeof(Filter), .flags = TOY_TYPE_IS_CONTAINER, \
    .slots = {.new_instance = new_, .iterate = iterate_self, .next = next_}, .methods = methods_, \
    .traverse = filter_traverse, .free = filter_free}

static ToyValue drop_while_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!takes_exactly(t, type, "dropwhile", 2, count, names)) return TOY_FAILED;
    return filter_make(t, type, toy_retain(args[0]), toy_iterate(t, args[1]));
}
static ToyValue take_while_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!takes_exactly(t, type, "takewhile", 2, count, names)) return TOY_FAILED;
    return filter_make(t, type, toy_retain(args[0]), toy_iterate(t, args[1]));
}
static ToyValue filter_false_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!takes_exactly(t, type, "filterfalse", 2, count, names)) return TOY_FAILED;
    return filter_make(t, type, toy_retain(args[0]), toy_iterate(t, args[1]));
}
static ToyValue compress_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"data", "selectors", NULL};
    static const ToyParameters parameters = {"compress", parameter_names, 0, 2, 2};
    ToyValue given[2];
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return TOY_FAILED;
    ToyValue data = toy_iterate(t, given[0]);
    return filter_make(t, type, toy_failed(data) ? TOY_FAILED : toy_iterate(t, given[1]), data);
}

static ToyValue drop_while_next(ToyThread *t, ToyValue self)
{
    Filter *filter = as_filter(self);
    for (;;) {
        ToyValue item = toy_next(t, filter->iterator);
        bool answer;
        if (filter->is_decided || toy_failed(item) || toy_is_end(item)) return item;
        if (!holds(t, filter->test, item, &answer)) {
            toy_release(item);
            return TOY_FAILED;
        }
        if (!answer) {
            filter->is_decided = true;
            return item;
        }
        toy_release(item);
    }
}
static ToyValue take_while_next(ToyThread *t, ToyValue self)
{
    Filter *filter = as_filter(self);
    if (filter->is_decided) return TOY_END;
    ToyValue item = toy_next(t, filter->iterator);
    bool answer;
    if (toy_failed(item) || toy_is_end(item)) return item;
    bool is_good = holds(t, filter->test, item, &answer);
    if (is_good && answer) return item;
    toy_release(item);
    if (!is_good) return TOY_FAILED;
    filter->is_decided = true;
    return TOY_END;
}
static ToyValue filter_false_next(ToyThread *t, ToyValue self)
{
    Filter *filter = as_filter(self);
    for (;;) {
        ToyValue item = toy_next(t, filter->iterator);
        bool answer;
        if (toy_failed(item) || toy_is_end(item)) return item;
        bool is_good = holds(t, filter->test, item, &answer);
        if (is_good && !answer) return item;
        toy_release(item);
        if (!is_good) return TOY_FAILED;
    }
}
static ToyValue compress_next(ToyThread *t, ToyValue self)
{
    Filter *filter = as_filter(self);
    for (;;) {
        ToyValue item = toy_next(t, filter->iterator);
        if (toy_failed(item) || toy_is_end(item)) return item;
        ToyValue selector = toy_next(t, filter->test);
        bool is_selected = false;
        if (toy_failed(selector) || toy_is_end(selector)) {
            toy_release(item);
            return selector;
        }
        bool is_good = toy_truth(t, selector, &is_selected);
        toy_release(selector);
        if (is_good && is_selected) return item;
        toy_release(item);
        if (!is_good) return TOY_FAILED;
    }
}

const ToyTypeSpec drop_while_spec = FILTER_SPEC("The items of an iterable from the first one on for which the predicate is false.",
                                                "(predicate, iterable, /)", drop_while_new, drop_while_next, while_methods);
const ToyTypeSpec take_while_spec = FILTER_SPEC("The items of an iterable up to the first one for which the predicate is false.",
                                                "(predicate, iterable, /)", take_while_new, take_while_next, while_methods);
const ToyTypeSpec filter_false_spec = FILTER_SPEC("The items for which the function is false; with None those that are false themselves.",
                                                  "(function, iterable, /)", filter_false_new, filter_false_next, filter_methods);
static ToyValue compress_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!warn_of_pickling(t)) return TOY_FAILED;
    return toy_tuple(t, type_of(t, self), toy_tuple(t, toy_retain(as_filter(self)->iterator), toy_retain(as_filter(self)->test)));
}
static const ToyFunction compress_methods[] = {REDUCE_ROW(compress_reduce), TOY_FUNCTIONS_END};
const ToyTypeSpec compress_spec = FILTER_SPEC("The items of data whose selector is true.", "(data, selectors)", compress_new, compress_next, compress_methods);

/* ---- islice ---- */

typedef struct Slice { ToyObject head; ToyValue iterator; int64_t given, next, stop, step; } Slice;   /* stop -1: none; iterator UNBOUND: over */
static Slice *as_slice(ToyValue v) { return (Slice *)toy_object(v); }

/* None leaves *out. False without an exception: no such number. */
static bool read_bound(ToyThread *t, ToyValue v, int64_t *out)
{
    if (toy_is_none(v)) return true;
    ToyValue n = toy_index(t, v);
    if (toy_failed(n)) {
        if (toy_raised_is(t, TOY_TypeError) || toy_raised_is(t, TOY_OverflowError)) toy_raised_clear(t);
        return false;
    }
    bool fits = toy_int_fits_int64(n, out) && *out >= 0;
    toy_release(n);
    return fits;
}
static bool check_bound(ToyThread *t, ToyValue v, int64_t *out, const char *what)
{
    if (read_bound(t, v, out)) return true;
    return toy_is_raised(t) ? false : toy_raise_false(t, TOY_ValueError, "%s islice() must be None or an integer: 0 <= x <= sys.maxsize.", what);
}
static ToyValue islice_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    int64_t start = 0, stop = -1, step = 1;
    if (!takes_no_keywords(t, type, "islice", names) || !toy_arguments_count(t, "islice", count, 2, 4)) return TOY_FAILED;
    if (count == 2) {
        if (!check_bound(t, args[1], &stop, "Stop argument for")) return TOY_FAILED;
    } else {
        if (!check_bound(t, args[2], &stop, "Stop argument for") || !check_bound(t, args[1], &start, "Indices for")) return TOY_FAILED;
        if (count == 4 && (!read_bound(t, args[3], &step) || step < 1))
            return toy_is_raised(t) ? TOY_FAILED : toy_raise_value_error(t, "Step for islice() must be a positive integer or None.");
    }
    ToyValue iterator = toy_iterate(t, args[0]);
    ToyValue self = toy_failed(iterator) ? TOY_FAILED : toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) {
        toy_release(iterator);
        return TOY_FAILED;
    }
    Slice *slice = as_slice(self);
    slice->iterator = iterator;
    slice->next = start;
    slice->stop = stop;
    slice->step = step;
    return self;
}
static ToyValue islice_next(ToyThread *t, ToyValue self)
{
    Slice *slice = as_slice(self);
    /* With an end, what is skipped behind the last item wanted is left where it is. */
    int64_t stop = slice->stop;
    for (;;) {
        if (slice->given >= slice->next && stop != -1 && slice->given >= stop) break;
        if (toy_is_unbound(slice->iterator)) return TOY_END;    /* it came back here and found its end */
        ToyValue iterator = toy_retain(slice->iterator);
        ToyValue item = toy_next(t, iterator);
        toy_release(iterator);
        if (toy_failed(item)) return TOY_FAILED;
        if (toy_is_end(item)) break;
        if (slice->given++ < slice->next) {
            toy_release(item);
            continue;
        }
        if (__builtin_add_overflow(slice->next, slice->step, &slice->next) || (stop != -1 && slice->next > stop)) slice->next = stop;
        return item;
    }
    toy_clear(&slice->iterator);
    return TOY_END;
}
static ToyValue islice_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Slice *slice = as_slice(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    if (toy_is_unbound(slice->iterator)) {
        ToyValue empty = toy_list(t), iterator = toy_failed(empty) ? TOY_FAILED : toy_iterate(t, empty);
        toy_release(empty);
        return toy_tuple(t, type_of(t, self), toy_tuple(t, iterator, toy_small_int_value(0)), toy_small_int_value(0));
    }
    ToyValue stop = slice->stop < 0 ? TOY_NONE : toy_int(t, slice->stop);
    ToyValue made_with = toy_tuple(t, toy_retain(slice->iterator), toy_int(t, slice->next), stop, toy_int(t, slice->step));
    return toy_tuple(t, type_of(t, self), made_with, toy_int(t, slice->given));
}
static ToyValue islice_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!warn_of_pickling(t)) return TOY_FAILED;
    if (!toy_is_int(args[0])) return toy_raise_type_error(t, "an integer is required");
    return toy_arg_size(t, args[0], &as_slice(self)->given) ? TOY_NONE : TOY_FAILED;
}
static void islice_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((Slice *)self)->iterator, visit, context); }
static void islice_free(ToyObject *self) { toy_clear(&((Slice *)self)->iterator); }
static const ToyFunction islice_methods[] = {REDUCE_ROW(islice_reduce), SET_STATE_ROW(islice_set_state), TOY_FUNCTIONS_END};
const ToyTypeSpec islice_spec = {
    .doc = "islice(iterable, stop) or islice(iterable, start, stop[, step]): the items that a slice of a list would have.",
    .size = sizeof(Slice), .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.new_instance = islice_new, .iterate = iterate_self, .next = islice_next},
    .methods = islice_methods, .traverse = islice_traverse, .free = islice_free,
};
