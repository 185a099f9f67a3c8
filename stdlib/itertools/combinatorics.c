/* combinatorics.c - iterators over choices from pools: combinations, combinations_with_replacement, permutations, product.
 *
 * What        The four types.
 * How         All are one struct: pools of items, and a row of indices that says which item stands where. A step moves the indices to the next
 *             row in lexicographic order and makes a tuple of what they point at; one function per type says how they move.
 *
 *                 product('ab', 'xy')    pools  ab | xy     indices  0 0 -> 0 1 -> 1 0 -> 1 1 -> over
 *                 permutations           also a row of cycles: how many swaps each place still has before it
 * Invariants  I1 indices are within their pools.  I2 is_over: nothing more will come; begun: the first row has been given.
 * GIL         held; no script code runs once the pools are read.
 * Read next   itertools.h */
#include "stdlib/itertools/itertools.h"

typedef struct Choice {
    ToyObject head;
    ToyValue pools;              /* of product: a tuple of tuples; else: the one tuple */
    size_t length;               /* of a row */
    size_t *indices;             /* length of them; of permutations one for each item of the pool */
    size_t *cycles;              /* permutations: length of them; else NULL */
    size_t index_count;
    bool has_begun, is_over;
    ToyValue row, row_before;    /* the tuples given out last: each is used again if its count says that nobody has kept it */
} Choice;
static Choice *as_choice(ToyValue v) { return (Choice *)toy_object(v); }

/* ---- making ---- */

static ToyValue choice_make(ToyThread *t, ToyType *type, TOY_TAKES ToyValue pools, size_t length, size_t index_count, bool has_cycles)
{
    ToyValue self = toy_failed(pools) ? TOY_FAILED : toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) {
        toy_release(pools);
        return TOY_FAILED;
    }
    Choice *choice = as_choice(self);
    choice->pools = pools;
    choice->length = length;
    if (length > SIZE_MAX / 64 || index_count > SIZE_MAX / 64) {
        toy_release(self);
        return toy_raise_memory_error(t);
    }
    choice->indices = toy_alloc(t, (index_count + 1) * sizeof(size_t));
    if (choice->indices) choice->index_count = index_count;
    if (choice->indices && has_cycles) choice->cycles = toy_alloc(t, (length + 1) * sizeof(size_t));
    if (choice->indices && (choice->cycles || !has_cycles)) return self;
    toy_release(self);
    return TOY_FAILED;
}
static void choice_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((Choice *)self)->pools, visit, context);
    toy_visit(((Choice *)self)->row, visit, context);
    toy_visit(((Choice *)self)->row_before, visit, context);
}
static void choice_free(ToyObject *self)
{
    Choice *choice = (Choice *)self;
    if (choice->cycles) toy_free(toy_thread(), choice->cycles, (choice->length + 1) * sizeof(size_t));
    if (choice->indices) toy_free(toy_thread(), choice->indices, (choice->index_count + 1) * sizeof(size_t));
    choice->indices = choice->cycles = NULL;
    choice->is_over = true;
    toy_clear(&choice->pools);
    toy_clear(&choice->row);
    toy_clear(&choice->row_before);
}

static ToyValue pool_of(const Choice *choice, size_t place, bool is_product)
{
    return is_product ? toy_tuple_item(choice->pools, place) : choice->pools;
}

/* The tuple that the indices point at: a new one. */
enum { ROW_ON_STACK = 16 };
static ToyValue row_new(ToyThread *t, const Choice *choice, bool is_product)
{
    ToyValue on_stack[ROW_ON_STACK], *row = on_stack;
    on_stack[0] = TOY_UNBOUND;      /* of none at all, the compiler cannot see that nothing is read */
    if (choice->length > ROW_ON_STACK && !(row = toy_alloc(t, choice->length * sizeof *row))) return TOY_FAILED;
    for (size_t i = 0; i < choice->length; i++) row[i] = toy_tuple_item(pool_of(choice, i, is_product), choice->indices[i]);
    ToyValue tuple = toy_tuple_of(t, row, choice->length);
    if (row != on_stack) toy_free(t, row, choice->length * sizeof *row);
    return tuple;
}
/* One of the last two again if nobody else has it; only the places that changed are written. They take turns, for a loop's variable holds the
 * last one still while this one is made: such a loop makes two tuples in all. */
static ToyValue row_now(ToyThread *t, Choice *choice, bool is_product)
{
    ToyValue last = choice->row;
    choice->row = choice->row_before;
    choice->row_before = last;
    if (toy_is_unbound(choice->row) || toy_object(choice->row)->count != 1) {
        ToyValue row = row_new(t, choice, is_product);
        if (toy_failed(row)) return TOY_FAILED;
        toy_replace(&choice->row, row);
        return toy_retain(row);
    }
    ToyValue result = toy_retain(choice->row), *items = (ToyValue *)toy_tuple_items(result);
    for (size_t i = 0; i < choice->length; i++) {
        ToyValue item = toy_tuple_item(pool_of(choice, i, is_product), choice->indices[i]);
        if (!toy_is_same(items[i], item)) toy_replace(&items[i], toy_retain(item));
    }
    return result;
}

/* [advance] moves the indices; false: that was the last row. */
static ToyValue choice_next(ToyThread *t, ToyValue self, bool (*advance)(Choice *choice), bool is_product)
{
    Choice *choice = as_choice(self);
    if (choice->is_over) return TOY_END;
    if (choice->has_begun && !advance(choice)) {
        choice->is_over = true;
        return TOY_END;
    }
    choice->has_begun = true;
    return row_now(t, choice, is_product);
}

static ToyValue indices_tuple(ToyThread *t, const size_t *numbers, size_t count)
{
    ToyValue list = toy_list(t);
    for (size_t i = 0; i < count && !toy_failed(list); i++)
        if (!toy_list_append_take(t, list, toy_int(t, (int64_t)numbers[i]))) toy_clear(&list);
    ToyValue tuple = toy_failed(list) ? TOY_FAILED : toy_tuple_from(t, list);
    toy_release(list);
    return tuple;
}
static ToyValue size_of(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Choice *choice = as_choice(self);
    return toy_int(t, (int64_t)(sizeof(Choice) + (choice->index_count + (choice->cycles ? choice->length : 0)) * sizeof(size_t)));
}
#define SIZE_ROW TOY_FUNCTION("__sizeof__", size_of, "($self, /)", TOY_LEAF, "The memory it takes, in bytes, its working arrays included.")

/* ---- one pool, r of its items ---- */

static bool read_pool(ToyThread *t, const char *name, const ToyValue *args, size_t count, ToyTuple *names, size_t required, ToyValue *given)
{
    static const char *const parameter_names[] = {"iterable", "r", NULL};
    const ToyParameters parameters = {name, parameter_names, 0, 2, required};
    return toy_arguments_sort(t, &parameters, args, count, names, given);
}
static ToyValue one_pool_new(ToyThread *t, ToyType *type, const char *name, const ToyValue *args, size_t count, ToyTuple *names, bool repeats)
{
    ToyValue given[2];
    int64_t r;
    if (!read_pool(t, name, args, count, names, 2, given) || !toy_arg_size(t, given[1], &r)) return TOY_FAILED;
    ToyValue pool = toy_tuple_from(t, given[0]);
    if (toy_failed(pool)) return TOY_FAILED;
    if (r < 0) {
        toy_release(pool);
        return toy_raise_value_error(t, "r must be non-negative");
    }
    size_t size = toy_tuple_length(pool);
    ToyValue self = choice_make(t, type, pool, (size_t)r, (size_t)r, false);
    if (toy_failed(self)) return TOY_FAILED;
    Choice *choice = as_choice(self);
    for (size_t i = 0; i < choice->length; i++) choice->indices[i] = repeats ? 0 : i;
    choice->is_over = repeats ? !size && r > 0 : (size_t)r > size;
    return self;
}

static bool combinations_advance(Choice *choice)
{
    size_t size = toy_tuple_length(choice->pools), r = choice->length, i = r;
    while (i > 0 && choice->indices[i - 1] == i - 1 + size - r) i--;
    if (i == 0) return false;
    choice->indices[i - 1]++;
    for (; i < r; i++) choice->indices[i] = choice->indices[i - 1] + 1;
    return true;
}
static bool with_replacement_advance(Choice *choice)
{
    size_t size = toy_tuple_length(choice->pools), r = choice->length, i = r;
    while (i > 0 && choice->indices[i - 1] == size - 1) i--;
    if (i == 0) return false;
    size_t index = choice->indices[i - 1] + 1;
    for (i--; i < r; i++) choice->indices[i] = index;
    return true;
}

static ToyValue one_pool_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Choice *choice = as_choice(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    bool was_over = choice->is_over && choice->has_begun;
    ToyValue made_with = toy_tuple(t, was_over ? toy_tuple_of(t, NULL, 0) : toy_retain(choice->pools), toy_int(t, (int64_t)choice->length));
    if (was_over || !choice->has_begun) return toy_tuple(t, type_of(t, self), made_with);
    return toy_tuple(t, type_of(t, self), made_with, indices_tuple(t, choice->indices, choice->length));
}
/* Numbers from a tuple, each made to fit between 0 and what [most] allows at its place. */
static bool read_indices(ToyThread *t, ToyValue state, size_t *numbers, size_t count, size_t (*most)(const Choice *, size_t), const Choice *choice)
{
    if (!toy_is_tuple(state) || toy_tuple_length(state) != count) return toy_raise_false(t, TOY_ValueError, "invalid arguments");
    for (size_t i = 0; i < count; i++) {
        int64_t n;
        if (!toy_is_int(toy_tuple_item(state, i))) return toy_raise_false(t, TOY_TypeError, "an integer is required");
        if (!toy_arg_size(t, toy_tuple_item(state, i), &n)) return false;
        size_t limit = most(choice, i);
        numbers[i] = n < 0 ? 0 : (size_t)n > limit ? limit : (size_t)n;
    }
    return true;
}
static size_t combinations_most(const Choice *choice, size_t i)
{
    return toy_tuple_length(choice->pools) + i - choice->length;
}
static size_t pool_most(const Choice *choice, size_t i) { return toy_tuple_length(choice->pools) - 1; }
static ToyValue one_pool_set_state(ToyThread *t, ToyValue self, ToyValue state, size_t (*most)(const Choice *, size_t))
{
    Choice *choice = as_choice(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    if (choice->is_over) return toy_raise_value_error(t, "invalid arguments");
    if (!read_indices(t, state, choice->indices, choice->length, most, choice)) return TOY_FAILED;
    choice->has_begun = true;
    return TOY_NONE;
}

static ToyValue combinations_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    return one_pool_new(t, type, "combinations", args, count, names, false);
}
static ToyValue combinations_next(ToyThread *t, ToyValue self) { return choice_next(t, self, combinations_advance, false); }
static ToyValue combinations_set_state(ToyThread *t, ToyValue self, const ToyValue *args) { return one_pool_set_state(t, self, args[0], combinations_most); }
static ToyValue with_replacement_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    return one_pool_new(t, type, "combinations_with_replacement", args, count, names, true);
}
static ToyValue with_replacement_next(ToyThread *t, ToyValue self) { return choice_next(t, self, with_replacement_advance, false); }
static ToyValue with_replacement_set_state(ToyThread *t, ToyValue self, const ToyValue *args) { return one_pool_set_state(t, self, args[0], pool_most); }

static const ToyFunction combinations_methods[] = {REDUCE_ROW(one_pool_reduce), SET_STATE_ROW(combinations_set_state), SIZE_ROW, TOY_FUNCTIONS_END};
static const ToyFunction with_replacement_methods[] = {REDUCE_ROW(one_pool_reduce), SET_STATE_ROW(with_replacement_set_state), SIZE_ROW, TOY_FUNCTIONS_END};

#define CHOICE_SPEC(doc_, signature_, new_, next_, methods_) { \
    .doc = doc_, .signature = signature_, .size = sizeof(Choice), .flags = TOY_TYPE_IS_CONTAINER, \
    .slots = {.new_instance = new_, .iterate = iterate_self, .next = next_}, .methods = methods_, \
    .traverse = choice_traverse, .free = choice_free}
const ToyTypeSpec combinations_spec = CHOICE_SPEC("Tuples of r items of the iterable, in their order, each choice once: combinations('abc', 2) gives ab, ac, bc.",
                                                  "(iterable, r)", combinations_new, combinations_next, combinations_methods);
const ToyTypeSpec combinations_with_replacement_spec = CHOICE_SPEC(
    "The same, but an item may be chosen again: combinations_with_replacement('ab', 2) gives aa, ab, bb.", "(iterable, r)",
    with_replacement_new, with_replacement_next, with_replacement_methods);

/* ---- permutations ---- */

static ToyValue permutations_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    ToyValue given[2];
    if (!read_pool(t, "permutations", args, count, names, 1, given)) return TOY_FAILED;
    ToyValue pool = toy_tuple_from(t, given[0]);
    if (toy_failed(pool)) return TOY_FAILED;
    size_t size = toy_tuple_length(pool);
    int64_t r = (int64_t)size;
    bool is_good = true;
    if (toy_is_given(given[1])) {
        if (!toy_is_int(given[1])) is_good = toy_raise_false(t, TOY_TypeError, "Expected int as r");
        else is_good = toy_arg_size(t, given[1], &r) && (r >= 0 || toy_raise_false(t, TOY_ValueError, "r must be non-negative"));
    }
    if (!is_good) {
        toy_release(pool);
        return TOY_FAILED;
    }
    ToyValue self = choice_make(t, type, pool, (size_t)r, size, true);
    if (toy_failed(self)) return TOY_FAILED;
    Choice *choice = as_choice(self);
    for (size_t i = 0; i < size; i++) choice->indices[i] = i;
    for (size_t i = 0; i < choice->length; i++) choice->cycles[i] = size - i;
    choice->is_over = choice->length > size;
    return self;
}

/* The last place that has swaps left takes its next one; places behind it begin anew, which puts their items back in order. */
static bool permutations_advance(Choice *choice)
{
    size_t size = choice->index_count, *indices = choice->indices;
    for (size_t i = choice->length; i-- > 0;) {
        if (--choice->cycles[i] == 0) {
            size_t first = indices[i];
            memmove(&indices[i], &indices[i + 1], (size - 1 - i) * sizeof *indices);
            indices[size - 1] = first;
            choice->cycles[i] = size - i;
            continue;
        }
        size_t other = size - choice->cycles[i], index = indices[i];
        indices[i] = indices[other];
        indices[other] = index;
        return true;
    }
    return false;
}
static ToyValue permutations_next(ToyThread *t, ToyValue self) { return choice_next(t, self, permutations_advance, false); }

static ToyValue permutations_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Choice *choice = as_choice(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    bool was_over = choice->is_over && choice->has_begun;
    ToyValue made_with = toy_tuple(t, was_over ? toy_tuple_of(t, NULL, 0) : toy_retain(choice->pools), toy_int(t, (int64_t)choice->length));
    if (was_over || !choice->has_begun) return toy_tuple(t, type_of(t, self), made_with);
    ToyValue state = toy_tuple(t, indices_tuple(t, choice->indices, choice->index_count), indices_tuple(t, choice->cycles, choice->length));
    return toy_tuple(t, type_of(t, self), made_with, state);
}
static size_t cycle_most(const Choice *choice, size_t i) { return choice->index_count - i; }
static ToyValue permutations_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Choice *choice = as_choice(self);
    if (!warn_of_pickling(t) || !check_state(t, args[0], 2)) return TOY_FAILED;
    if (choice->is_over) return toy_raise_value_error(t, "invalid arguments");
    if (!read_indices(t, toy_tuple_item(args[0], 0), choice->indices, choice->index_count, pool_most, choice) ||
        !read_indices(t, toy_tuple_item(args[0], 1), choice->cycles, choice->length, cycle_most, choice))
        return TOY_FAILED;
    for (size_t i = 0; i < choice->length; i++)
        if (choice->cycles[i] == 0) choice->cycles[i] = 1;
    choice->has_begun = true;
    return TOY_NONE;
}
static const ToyFunction permutations_methods[] = {REDUCE_ROW(permutations_reduce), SET_STATE_ROW(permutations_set_state), SIZE_ROW, TOY_FUNCTIONS_END};
const ToyTypeSpec permutations_spec = CHOICE_SPEC("Tuples of r items of the iterable (all of them if r is None) in every order.", "(iterable, r=None)",
                                                  permutations_new, permutations_next, permutations_methods);

/* ---- product ---- */

static ToyValue read_pools(ToyThread *t, const ToyValue *args, size_t count, int64_t repeat)
{
    ToyValue once = toy_list(t), all = TOY_FAILED;
    bool is_good = !toy_failed(once);
    for (size_t i = 0; i < count && is_good; i++) is_good = toy_list_append_take(t, once, toy_tuple_from(t, args[i]));
    if (is_good && count && (uint64_t)repeat > SIZE_MAX / 64 / count) is_good = toy_raise_false(t, TOY_OverflowError, "repeat argument too large");
    if (is_good) all = toy_list(t);
    is_good = !toy_failed(all);
    for (int64_t round = 0; count && round < repeat && is_good; round++) is_good = toy_list_extend(t, all, once);
    ToyValue pools = is_good ? toy_tuple_from(t, all) : TOY_FAILED;
    toy_release(once);
    toy_release(all);
    return pools;
}
static ToyValue product_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    int64_t repeat = 1;
    for (size_t i = 0; i < toy_names_length(names); i++) {
        if (!toy_str_is(toy_names_item(names, i), "repeat"))
            return toy_raise_type_error(t, "product() got an unexpected keyword argument '%S'", toy_names_item(names, i));
        if (!toy_arg_size(t, args[count + i], &repeat)) return TOY_FAILED;
    }
    if (repeat < 0) return toy_raise_value_error(t, "repeat argument cannot be negative");
    ToyValue pools = read_pools(t, args, count, repeat);
    size_t length = toy_failed(pools) ? 0 : toy_tuple_length(pools);
    ToyValue self = choice_make(t, type, pools, length, length, false);
    if (toy_failed(self)) return TOY_FAILED;
    Choice *choice = as_choice(self);
    for (size_t i = 0; i < length; i++) {
        choice->indices[i] = 0;
        if (!toy_tuple_length(toy_tuple_item(choice->pools, i))) choice->is_over = true;
    }
    return self;
}
static bool product_advance(Choice *choice)
{
    for (size_t i = choice->length; i-- > 0;) {
        if (++choice->indices[i] < toy_tuple_length(toy_tuple_item(choice->pools, i))) return true;
        choice->indices[i] = 0;
    }
    return false;
}
static ToyValue product_next(ToyThread *t, ToyValue self) { return choice_next(t, self, product_advance, true); }
static ToyValue product_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Choice *choice = as_choice(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    if (choice->is_over && choice->has_begun) return toy_tuple(t, type_of(t, self), toy_tuple(t, toy_tuple_of(t, NULL, 0)));
    if (!choice->has_begun) return toy_tuple(t, type_of(t, self), toy_retain(choice->pools));
    return toy_tuple(t, type_of(t, self), toy_retain(choice->pools), indices_tuple(t, choice->indices, choice->length));
}
static size_t product_most(const Choice *choice, size_t i) { return toy_tuple_length(toy_tuple_item(choice->pools, i)) - 1; }
static ToyValue product_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Choice *choice = as_choice(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    if (!toy_is_tuple(args[0]) || toy_tuple_length(args[0]) != choice->length) return toy_raise_value_error(t, "invalid arguments");
    if (choice->is_over) return TOY_NONE;
    if (!read_indices(t, args[0], choice->indices, choice->length, product_most, choice)) return TOY_FAILED;
    choice->has_begun = true;
    return TOY_NONE;
}
static const ToyFunction product_methods[] = {REDUCE_ROW(product_reduce), SET_STATE_ROW(product_set_state), SIZE_ROW, TOY_FUNCTIONS_END};
const ToyTypeSpec product_spec = CHOICE_SPEC("What nested loops over the iterables go through, as tuples; repeat=2 takes all iterables twice.",
                                             "(*iterables, repeat=1)", product_new, product_next, product_methods);
