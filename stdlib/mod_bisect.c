/* mod_bisect.c - bisect: where in a sorted sequence a value belongs.
 *
 * What        bisect_left, bisect_right, insort_left, insort_right; bisect and insort, which are the right ones.
 * How         Halving. Left asks item < x, right asks x < item, so that x comes before, or behind, what equals it. A key function is asked about
 *             items, by insort about x too.
 * GIL         held; comparisons are script code: a list is looked at anew after each.
 * Read next   stdlib/lib/_bisect.toy */
#include "vm/toy.h"

typedef struct Search { ToyValue sequence, x, key; int64_t low, high; bool is_right, is_list; } Search;

static ToyValue item_of_other(ToyThread *t, ToyValue sequence, int64_t i)
{
    ToyValue index = toy_int(t, i), item = toy_failed(index) ? TOY_FAILED : toy_get_item(t, sequence, index);
    toy_release(index);
    return item;
}
static ToyValue item_at(ToyThread *t, const Search *search, int64_t i)
{
    if (!search->is_list) return item_of_other(t, search->sequence, i);
    if (i < (int64_t)toy_list_length(search->sequence)) return toy_retain(toy_list_item(search->sequence, (size_t)i));
    return toy_raise(t, TOY_IndexError, "list index out of range");
}

/* Does x belong before the item? */
static bool belongs_before(ToyThread *t, const Search *search, ToyValue item, bool *answer)
{
    ToyValue x = search->x;
    if (toy_is_small_int(item) && toy_is_small_int(x)) {
        int64_t a = toy_small_int(item), b = toy_small_int(x);
        *answer = search->is_right ? b < a : !(a < b);
        return true;
    }
    if (search->is_right) return toy_compare(t, x, item, COMPARE_LT, answer);
    bool is_less;
    if (!toy_compare(t, item, x, COMPARE_LT, &is_less)) return false;
    *answer = !is_less;
    return true;
}

/* -1: raised. */
static int64_t search_place(ToyThread *t, const Search *search)
{
    int64_t low = search->low, high = search->high;
    if (low < 0) {
        toy_raise_value_error(t, "lo must be non-negative");
        return -1;
    }
    if (high == -1) {
        size_t length;
        if (!toy_length(t, search->sequence, &length)) return -1;
        high = (int64_t)length;
    }
    while (low < high) {
        int64_t middle = low + (high - low) / 2;
        ToyValue item = item_at(t, search, middle);
        if (!toy_failed(item) && !toy_is_none(search->key)) toy_replace(&item, toy_call1(t, search->key, item));
        bool answer, is_good = !toy_failed(item) && belongs_before(t, search, item, &answer);
        toy_release(item);
        if (!is_good) return -1;
        if (answer) high = middle;
        else low = middle + 1;
    }
    return low;
}

static bool read_arguments(ToyThread *t, const char *name, const ToyValue *args, size_t count, ToyTuple *names, Search *search)
{
    static const char *const parameter_names[] = {"a", "x", "lo", "hi", "key", NULL};
    const ToyParameters parameters = {name, parameter_names, 0, 4, 2};
    ToyValue given[5] = {TOY_UNBOUND};
    search->low = 0;
    search->high = -1;
    if (count == 2 && !names) {     /* nearly always */
        given[0] = args[0];
        given[1] = args[1];
    } else if (!toy_arguments_sort(t, &parameters, args, count, names, given) || !toy_arg_size(t, given[2], &search->low)) {
        return false;
    }
    if (toy_is_given(given[3]) && !toy_arg_size(t, given[3], &search->high)) return false;
    search->sequence = given[0];
    search->is_list = toy_type_of(t, given[0]) == toy_builtin_type(t, TOY_KIND_LIST);     /* exactly: that cannot change */
    search->x = given[1];
    search->key = toy_is_bound(given[4]) ? given[4] : TOY_NONE;
    return true;
}

static ToyValue bisect(ToyThread *t, const char *name, const ToyValue *args, size_t count, ToyTuple *names, bool is_right)
{
    Search search = {.is_right = is_right};
    int64_t place = read_arguments(t, name, args, count, names, &search) ? search_place(t, &search) : -1;
    return place < 0 ? TOY_FAILED : toy_int(t, place);
}

static ToyValue insort(ToyThread *t, const char *name, const ToyValue *args, size_t count, ToyTuple *names, bool is_right)
{
    Search search = {.is_right = is_right};
    if (!read_arguments(t, name, args, count, names, &search)) return TOY_FAILED;
    ToyValue x = search.x;
    search.x = toy_is_none(search.key) ? toy_retain(x) : toy_call1(t, search.key, x);
    int64_t place = toy_failed(search.x) ? -1 : search_place(t, &search);
    toy_release(search.x);
    if (place < 0) return TOY_FAILED;
    if (search.is_list) return toy_list_insert(t, search.sequence, place, x) ? TOY_NONE : TOY_FAILED;
    ToyValue index = toy_int(t, place);
    ToyValue done = toy_failed(index) ? TOY_FAILED : toy_call_method(t, search.sequence, "insert", (ToyValue[]){index, x}, 2);
    toy_release(index);
    toy_release(done);
    return toy_failed(done) ? TOY_FAILED : TOY_NONE;
}

#define FUNCTION(name, act, is_right) \
    static ToyValue name(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names) { return act(t, #name, args, count, names, is_right); }
FUNCTION(bisect_left, bisect, false)
FUNCTION(bisect_right, bisect, true)
FUNCTION(insort_left, insort, false)
FUNCTION(insort_right, insort, true)

#define SIGNATURE "(a, x, lo=0, hi=None, *, key=None)"
static const ToyFunction functions[] = {
    TOY_RAW_FUNCTION("bisect_left", bisect_left, SIGNATURE, 0, "Return the place in the sorted sequence a at which x belongs, before what equals it."),
    TOY_RAW_FUNCTION("bisect_right", bisect_right, SIGNATURE, 0, "Return the place in the sorted sequence a at which x belongs, behind what equals it."),
    TOY_RAW_FUNCTION("insort_left", insort_left, SIGNATURE, 0, "Insert x into the sorted sequence a, before what equals it."),
    TOY_RAW_FUNCTION("insort_right", insort_right, SIGNATURE, 0, "Insert x into the sorted sequence a, behind what equals it."),
    TOY_FUNCTIONS_END,
};

/* Each function on the right side has a shorter name too. */
static bool init(ToyThread *t, ToyModuleObject *module)
{
    ToyValue dict = toy_module_dict(module);
    return toy_module_add(t, module, "bisect", toy_dict_get_text(t, dict, "bisect_right")) &&
           toy_module_add(t, module, "insort", toy_dict_get_text(t, dict, "insort_right"));
}

const ToyModule toy_module_bisect = {
    .name = "bisect",
    .known_as = "_bisect",
    .doc = "Sorted sequences: where a value belongs, and how to put it there.",
    .functions = functions,
    .init = init,
};
