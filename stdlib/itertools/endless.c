/* endless.c - iterators that need not end: count, cycle, repeat.
 *
 * What        The three types.
 * How         count adds in a machine word while number and step are small, by the operator + otherwise: numbers of any kind will do. cycle keeps
 *             what it has seen.
 * GIL         held.
 * Read next   itertools.h */
#include "stdlib/itertools/itertools.h"

/* ---- count ---- */

typedef struct Count { ToyObject head; ToyValue next, step; } Count;
static Count *as_count(ToyValue v) { return (Count *)toy_object(v); }

static bool check_number(ToyThread *t, ToyValue v)
{
    static const char *const conversions[] = {"__index__", "__float__", "__complex__"};
    if (toy_is_int(v) || toy_is_float(v) || toy_is_complex(v)) return true;
    for (size_t i = 0; i < 3; i++) {
        ToyValue method = toy_find_special(t, v, conversions[i]);
        toy_release(method);
        if (toy_is_bound(method)) return true;
        if (toy_is_raised(t)) return false;
    }
    return toy_raise_false(t, TOY_TypeError, "a number is required");
}

static ToyValue count_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"start", "step", NULL};
    static const ToyParameters parameters = {"count", parameter_names, 0, 2, 0};
    ToyValue given[2];
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return TOY_FAILED;
    for (size_t i = 0; i < 2; i++) {
        if (toy_is_unbound(given[i])) given[i] = toy_small_int_value((int64_t)i);
        else if (!check_number(t, given[i])) return TOY_FAILED;
    }
    ToyValue self = toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) return TOY_FAILED;
    as_count(self)->next = toy_retain(given[0]);
    as_count(self)->step = toy_retain(given[1]);
    return self;
}

static ToyValue count_next(ToyThread *t, ToyValue self)
{
    Count *count = as_count(self);
    ToyValue number = count->next;
    int64_t sum;
    if (__builtin_expect(toy_is_small_int(number) && toy_is_small_int(count->step), 1) &&
        !__builtin_add_overflow(toy_small_int(number), toy_small_int(count->step), &sum) && toy_fits_small_int(sum)) {
        count->next = toy_small_int_value(sum);
        return number;
    }
    toy_retain(number);                              /* __add__ may ask for the next one as well */
    ToyValue next = toy_operate(t, TOY_ADD, number, count->step);
    if (toy_failed(next)) toy_clear(&number);
    else toy_replace(&count->next, next);
    return number;
}

static bool has_step_one(const Count *count)
{
    int64_t step;
    return toy_is_int(count->step) && toy_int_fits_int64(count->step, &step) && step == 1;
}
static ToyValue count_repr(ToyThread *t, ToyValue self)
{
    const Count *count = as_count(self);
    const char *name = toy_type_name(t, self), *dot = strrchr(name, '.');
    if (has_step_one(count)) return toy_str_format(t, "%s(%R)", dot ? dot + 1 : name, count->next);
    return toy_str_format(t, "%s(%R, %R)", dot ? dot + 1 : name, count->next, count->step);
}
static ToyValue count_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Count *count = as_count(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    ToyValue made_with = has_step_one(count) ? toy_tuple(t, toy_retain(count->next)) : toy_tuple(t, toy_retain(count->next), toy_retain(count->step));
    return toy_tuple(t, type_of(t, self), made_with);
}
static void count_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((Count *)self)->next, visit, context);
    toy_visit(((Count *)self)->step, visit, context);
}
static void count_free(ToyObject *self)
{
    toy_clear(&((Count *)self)->next);
    toy_clear(&((Count *)self)->step);
}
static const ToyFunction count_methods[] = {REDUCE_ROW(count_reduce), TOY_FUNCTIONS_END};
const ToyTypeSpec count_spec = {
    .doc = "Numbers from start on, each step more than the one before.", .signature = "(start=0, step=1)",
    .size = sizeof(Count), .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.new_instance = count_new, .iterate = iterate_self, .next = count_next, .repr = count_repr},
    .methods = count_methods, .traverse = count_traverse, .free = count_free,
};

/* ---- cycle ---- */

typedef struct Cycle { ToyObject head; ToyValue iterator, seen; size_t index; bool has_restarted; } Cycle;   /* iterator UNBOUND: all is in seen */
static Cycle *as_cycle(ToyValue v) { return (Cycle *)toy_object(v); }

static ToyValue cycle_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!takes_exactly(t, type, "cycle", 1, count, names)) return TOY_FAILED;
    ToyValue iterator = toy_iterate(t, args[0]);
    ToyValue self = toy_failed(iterator) ? TOY_FAILED : toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) {
        toy_release(iterator);
        return TOY_FAILED;
    }
    as_cycle(self)->iterator = iterator;
    as_cycle(self)->seen = toy_list(t);
    if (toy_failed(as_cycle(self)->seen)) toy_clear(&self);
    return self;
}
static ToyValue cycle_next(ToyThread *t, ToyValue self)
{
    Cycle *cycle = as_cycle(self);
    if (toy_is_bound(cycle->iterator)) {
        ToyValue iterator = toy_retain(cycle->iterator), item = toy_next(t, iterator);   /* it may come back here and find its end */
        toy_release(iterator);
        if (toy_failed(item)) return TOY_FAILED;
        if (!toy_is_end(item)) {
            if (cycle->has_restarted || toy_list_append(t, cycle->seen, item)) return item;
            toy_release(item);
            return TOY_FAILED;
        }
        toy_clear(&cycle->iterator);
    }
    size_t length = toy_list_length(cycle->seen);
    if (!length) return TOY_END;
    if (cycle->index >= length) cycle->index = 0;
    return toy_retain(toy_list_item(cycle->seen, cycle->index++));
}
static ToyValue cycle_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Cycle *cycle = as_cycle(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    bool is_over = toy_is_unbound(cycle->iterator);
    ToyValue iterator = is_over ? toy_iterate(t, cycle->seen) : toy_retain(cycle->iterator);
    if (!toy_failed(iterator) && is_over && cycle->index) {
        ToyValue index = toy_small_int_value((int64_t)cycle->index), done = toy_call_method(t, iterator, "__setstate__", &index, 1);
        if (toy_failed(done)) toy_clear(&iterator);
        toy_release(done);
    }
    if (toy_failed(iterator)) return TOY_FAILED;
    return toy_tuple(t, type_of(t, self), toy_tuple(t, iterator), toy_tuple(t, toy_retain(cycle->seen), toy_bool(is_over)));
}
static ToyValue cycle_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!warn_of_pickling(t) || !check_state(t, args[0], 2)) return TOY_FAILED;
    ToyValue seen = toy_tuple_item(args[0], 0);
    int has_restarted;
    if (!toy_is_list(seen)) return toy_raise_type_error(t, "state[0] must be a list, not %T", seen);
    if (!toy_arg_int(t, toy_tuple_item(args[0], 1), &has_restarted)) return TOY_FAILED;
    toy_replace(&as_cycle(self)->seen, toy_retain(seen));
    as_cycle(self)->has_restarted = has_restarted;
    as_cycle(self)->index = 0;
    return TOY_NONE;
}
static void cycle_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((Cycle *)self)->iterator, visit, context);
    toy_visit(((Cycle *)self)->seen, visit, context);
}
static void cycle_free(ToyObject *self)
{
    toy_clear(&((Cycle *)self)->iterator);
    toy_clear(&((Cycle *)self)->seen);
}
static const ToyFunction cycle_methods[] = {REDUCE_ROW(cycle_reduce), SET_STATE_ROW(cycle_set_state), TOY_FUNCTIONS_END};
const ToyTypeSpec cycle_spec = {
    .doc = "The items of an iterable, again and again.", .signature = "(iterable, /)",
    .size = sizeof(Cycle), .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.new_instance = cycle_new, .iterate = iterate_self, .next = cycle_next},
    .methods = cycle_methods, .traverse = cycle_traverse, .free = cycle_free,
};

/* ---- repeat ---- */

typedef struct Repeat { ToyObject head; ToyValue item; int64_t left; } Repeat;   /* left -1: for ever */
static Repeat *as_repeat(ToyValue v) { return (Repeat *)toy_object(v); }

static ToyValue repeat_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"object", "times", NULL};
    static const ToyParameters parameters = {"repeat", parameter_names, 0, 2, 1};
    ToyValue given[2];
    int64_t times = -1;
    if (!toy_arguments_sort(t, &parameters, args, count, names, given) || !toy_arg_size(t, given[1], &times)) return TOY_FAILED;
    if (toy_is_bound(given[1]) && times < 0) times = 0;
    ToyValue self = toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) return TOY_FAILED;
    as_repeat(self)->item = toy_retain(given[0]);
    as_repeat(self)->left = times;
    return self;
}
static ToyValue repeat_next(ToyThread *t, ToyValue self)
{
    Repeat *repeat = as_repeat(self);
    if (repeat->left == 0) return TOY_END;
    if (repeat->left > 0) repeat->left--;
    return toy_retain(repeat->item);
}
static ToyValue repeat_repr(ToyThread *t, ToyValue self)
{
    const Repeat *repeat = as_repeat(self);
    const char *name = toy_type_name(t, self), *dot = strrchr(name, '.');
    if (repeat->left < 0) return toy_str_format(t, "%s(%R)", dot ? dot + 1 : name, repeat->item);
    return toy_str_format(t, "%s(%R, %lld)", dot ? dot + 1 : name, repeat->item, (long long)repeat->left);
}
static ToyValue repeat_length_hint(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (as_repeat(self)->left < 0) return toy_raise_type_error(t, "len() of unsized object");
    return toy_int(t, as_repeat(self)->left);
}
static ToyValue repeat_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Repeat *repeat = as_repeat(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    ToyValue made_with = repeat->left < 0 ? toy_tuple(t, toy_retain(repeat->item)) : toy_tuple(t, toy_retain(repeat->item), toy_int(t, repeat->left));
    return toy_tuple(t, type_of(t, self), made_with);
}
static void repeat_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((Repeat *)self)->item, visit, context); }
static void repeat_free(ToyObject *self) { toy_clear(&((Repeat *)self)->item); }
static const ToyFunction repeat_methods[] = {
    TOY_FUNCTION("__length_hint__", repeat_length_hint, "($self, /)", 0, "Return how many times are left."),
    REDUCE_ROW(repeat_reduce), TOY_FUNCTIONS_END,
};
const ToyTypeSpec repeat_spec = {
    .doc = "The same object, for ever or the given number of times.", .signature = "(object, times=<unrepresentable>)",
    .size = sizeof(Repeat), .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.new_instance = repeat_new, .iterate = iterate_self, .next = repeat_next, .repr = repeat_repr},
    .methods = repeat_methods, .traverse = repeat_traverse, .free = repeat_free,
};
