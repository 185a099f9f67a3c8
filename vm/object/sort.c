/* sort.c - list.sort: a stable merge sort that uses the order that is already there.
 *
 * What        list_sort, with key function and reverse.
 * How         Tim Peters' sort. The list is cut into runs that already ascend (a descending one is turned round); short runs
 *             are filled up by binary insertion. Runs wait on a stack and are merged two by two; which two is decided by their
 *             "power" (Munro and Wild's powersort): the depth at which the border between them would lie in a perfectly
 *             balanced tree over the whole list. A merge copies the shorter run aside; when one side wins several times in a row it
 *             gallops: looks ahead by 1, 3, 7, 15 ... and moves a block at once.
 *             Comparing is most of the work, so keys are looked at first: only small ints, only floats, only strings, only
 *             tuples that begin with one of these, have a comparison of their own that runs no script code.
 * Invariants  I1 at any moment, also after a failed comparison, the row holds each item exactly once.
 *             I2 while sorting the list is seen as empty; changing it then is a ValueError.
 *             I3 the powers on the stack of runs ascend strictly, so it holds at most one run per bit of the length.
 * GIL         held; key functions and == run script code.
 * Read next   list.c, protocol_calls.c */
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

enum { MIN_GALLOP = 7, RUN_MIN_LIMIT = 64, RUNS_MAX = 66 };

/* What is compared, and what moves along with it: [values] is NULL when there is no key function. */
typedef struct Row { Value *keys, *values; } Row;

typedef enum KeyClass { KEYS_ANY, KEYS_INTS, KEYS_FLOATS, KEYS_STRS } KeyClass;

typedef struct Sort {
    Thread *t;
    KeyClass keys;            /* of the keys, or of their first items */
    bool are_tuples;
    size_t min_gallop;        /* wins in a row that start a gallop: grows where galloping does not pay */
    Row scratch;
    size_t scratch_size;
    size_t length;
    struct Run { Row row; size_t start, length; unsigned power; } runs[RUNS_MAX];
    size_t run_count;
} Sort;

/* ---- rows ---- */

static inline Row row_at(Row row, size_t i)
{
    return (Row){row.keys + i, row.values ? row.values + i : NULL};
}

static inline void row_set(Row to, size_t i, Row from, size_t j)
{
    to.keys[i] = from.keys[j];
    if (to.values)
        to.values[i] = from.values[j];
}

static inline void row_move(Row to, Row from, size_t count)
{
    memmove(to.keys, from.keys, count * sizeof(Value));
    if (to.values)
        memmove(to.values, from.values, count * sizeof(Value));
}

static void reverse_values(Value *values, size_t count)
{
    for (size_t i = 0, j = count; i + 1 < j; i++) {
        Value v = values[i];
        values[i] = values[--j];
        values[j] = v;
    }
}

static void row_reverse(Row row, size_t count)
{
    reverse_values(row.keys, count);
    if (row.values)
        reverse_values(row.values, count);
}

/* ---- comparing ---- */

static KeyClass class_of(Value key)
{
    if (is_small_int(key))
        return KEYS_INTS;
    if (is_exact_float(key))
        return KEYS_FLOATS;
    return is_kind(key, KIND_STR) ? KEYS_STRS : KEYS_ANY;
}

static void look_at_keys(Sort *sort, const Value *keys, size_t count)
{
    bool are_tuples = true;
    for (size_t i = 0; i < count && are_tuples; i++)
        are_tuples = is_kind(keys[i], KIND_TUPLE) && as_tuple(keys[i])->count > 0;
    sort->are_tuples = are_tuples;
    for (size_t i = 0; i < count; i++) {
        KeyClass one = class_of(are_tuples ? as_tuple(keys[i])->items[0] : keys[i]);
        if (i > 0 && one != sort->keys) {
            sort->keys = KEYS_ANY;
            break;
        }
        sort->keys = one;
    }
    if (sort->keys == KEYS_ANY)
        sort->are_tuples = false;
}

static inline int simple_less(KeyClass keys, Value a, Value b)
{
    switch (keys) {
    case KEYS_INTS: return (int64_t)a.bits < (int64_t)b.bits;   /* the tag is the same, so the words compare as the numbers do */
    case KEYS_FLOATS: return as_double(a) < as_double(b);
    default: return str_order(as_str(a), as_str(b)) < 0;
    }
}

static int any_less(Sort *sort, Value a, Value b)
{
    bool truth;
    if (!value_compare_truth(sort->t, a, b, COMPARE_LT, &truth))
        return -1;
    return truth;
}

/* a < b: 1 or 0; -1: raised. */
static inline int less(Sort *sort, Value a, Value b)
{
    if (sort->keys == KEYS_ANY)
        return any_less(sort, a, b);
    if (LIKELY(!sort->are_tuples))
        return simple_less(sort->keys, a, b);
    Value x = as_tuple(a)->items[0], y = as_tuple(b)->items[0];
    if (simple_less(sort->keys, x, y))
        return 1;
    return simple_less(sort->keys, y, x) ? 0 : any_less(sort, a, b);
}

/* ---- runs ---- */

/* The length of the run that begins at row; descending ones are turned round. 0: raised. */
static size_t take_run(Sort *sort, Row row, size_t count)
{
    if (count < 2)
        return count;
    int is_less = less(sort, row.keys[1], row.keys[0]);
    if (is_less < 0)
        return 0;
    bool descends = is_less;
    size_t n = 2;
    for (; n < count; n++) {
        is_less = less(sort, row.keys[n], row.keys[n - 1]);
        if (is_less < 0)
            return 0;
        if ((is_less != 0) != descends)
            break;
    }
    if (descends)
        row_reverse(row, n);   /* strictly descending: no equal ones change places */
    return n;
}

/* The first [sorted] are in order: insert the others one by one. */
static bool insert_others(Sort *sort, Row row, size_t sorted, size_t count)
{
    for (size_t i = sorted; i < count; i++) {
        Value key = row.keys[i];
        size_t low = 0, high = i;
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            int is_less = less(sort, key, row.keys[middle]);
            if (is_less < 0)
                return false;
            if (is_less)
                high = middle;
            else
                low = middle + 1;
        }
        memmove(row.keys + low + 1, row.keys + low, (i - low) * sizeof(Value));
        row.keys[low] = key;
        if (row.values) {
            Value value = row.values[i];
            memmove(row.values + low + 1, row.values + low, (i - low) * sizeof(Value));
            row.values[low] = value;
        }
    }
    return true;
}

/* Runs shorter than this are filled up: such that length / it is a power of two, or a bit less than one. */
static size_t least_run(size_t length)
{
    size_t rest = 0;
    while (length >= RUN_MIN_LIMIT) {
        rest |= length & 1;
        length >>= 1;
    }
    return length + rest;
}

/* ---- galloping ---- */

/* Where key belongs in the sorted row: behind its equals ([behind]) or before them. Starts at [hint]. SIZE_MAX: raised. */
static size_t gallop(Sort *sort, Value key, Row row, size_t count, size_t hint, bool behind)
{
    /* "row[i] belongs before key" is true up to some place, then false: find the place. */
    size_t low, high;   /* the place is in low .. high */
    size_t step = 1;
    int is_less;
#define BELONGS_BEFORE(i) (behind ? (is_less = less(sort, key, row.keys[i])) == 0 : (is_less = less(sort, row.keys[i], key)) == 1)
    if (BELONGS_BEFORE(hint)) {
        low = hint + 1;
        high = count;
        while (hint + step < count) {
            if (BELONGS_BEFORE(hint + step)) {
                low = hint + step + 1;
                step = step * 2 + 1;
            } else {
                high = hint + step;
                break;
            }
        }
    } else if (is_less < 0) {
        return SIZE_MAX;
    } else {
        low = 0;
        high = hint;
        while (step <= hint) {
            if (BELONGS_BEFORE(hint - step)) {
                low = hint - step + 1;
                break;
            }
            if (is_less < 0)
                return SIZE_MAX;
            high = hint - step;
            step = step * 2 + 1;
        }
    }
    if (is_less < 0)
        return SIZE_MAX;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (BELONGS_BEFORE(middle))
            low = middle + 1;
        else
            high = middle;
        if (is_less < 0)
            return SIZE_MAX;
    }
#undef BELONGS_BEFORE
    return low;
}

/* ---- merging ---- */

/* One block for both rows; what was in it is not needed any more. */
static bool reserve_scratch(Sort *sort, size_t count, bool with_values)
{
    size_t rows = with_values ? 2 : 1;
    if (count <= sort->scratch_size)
        return true;
    block_free(sort->t, sort->scratch.keys, sort->scratch_size * rows * sizeof(Value));
    sort->scratch_size = 0;
    sort->scratch.keys = block_alloc(sort->t, count * rows * sizeof(Value));
    if (!sort->scratch.keys)
        return false;
    sort->scratch.values = with_values ? sort->scratch.keys + count : NULL;
    sort->scratch_size = count;
    return true;
}

/* a and b are neighbours, a first, a not longer: a goes to the scratch row, the merge fills from the left. */
static bool merge_low(Sort *sort, Row a, size_t a_count, Row b, size_t b_count)
{
    Row to = a;
    if (!reserve_scratch(sort, a_count, a.values != NULL))
        return false;
    Row left = sort->scratch;
    row_move(left, a, a_count);
    size_t i = 0, j = 0, out = 0;   /* next of left, of b, of to: always out == i + j */
    bool is_good = true;
    while (is_good && i < a_count && j < b_count) {
        size_t wins_left = 0, wins_right = 0;
        while (i < a_count && j < b_count && wins_left < sort->min_gallop && wins_right < sort->min_gallop) {
            int is_less = less(sort, b.keys[j], left.keys[i]);
            if (is_less < 0) {
                is_good = false;
                break;
            }
            if (is_less) {
                row_set(to, out++, b, j++);
                wins_right++, wins_left = 0;
            } else {
                row_set(to, out++, left, i++);
                wins_left++, wins_right = 0;
            }
        }
        while (is_good && i < a_count && j < b_count) {
            size_t n = gallop(sort, b.keys[j], row_at(left, i), a_count - i, 0, true);
            if (n == SIZE_MAX) {
                is_good = false;
                break;
            }
            row_move(row_at(to, out), row_at(left, i), n);
            i += n, out += n;
            if (i == a_count)
                break;
            size_t m = gallop(sort, left.keys[i], row_at(b, j), b_count - j, 0, false);
            if (m == SIZE_MAX) {
                is_good = false;
                break;
            }
            row_move(row_at(to, out), row_at(b, j), m);
            j += m, out += m;
            if (n < MIN_GALLOP && m < MIN_GALLOP) {
                sort->min_gallop++;   /* this data does not come in blocks */
                break;
            }
            if (sort->min_gallop > 1)
                sort->min_gallop--;
        }
    }
    row_move(row_at(to, out), row_at(left, i), a_count - i);   /* what is left of b is in its place: keeps I1 */
    return is_good;
}

/* The mirror: b is not longer, goes to the scratch row, the merge fills from the right. */
static bool merge_high(Sort *sort, Row a, size_t a_count, Row b, size_t b_count)
{
    Row to = a;
    if (!reserve_scratch(sort, b_count, a.values != NULL))
        return false;
    Row right = sort->scratch;
    row_move(right, b, b_count);
    size_t i = a_count, j = b_count;   /* left to do; the next place to fill is i + j - 1 */
    bool is_good = true;
    while (is_good && i > 0 && j > 0) {
        size_t wins_left = 0, wins_right = 0;
        while (i > 0 && j > 0 && wins_left < sort->min_gallop && wins_right < sort->min_gallop) {
            int is_less = less(sort, right.keys[j - 1], a.keys[i - 1]);
            if (is_less < 0) {
                is_good = false;
                break;
            }
            if (is_less) {
                row_set(to, i + j - 1, a, i - 1);
                i--;
                wins_left++, wins_right = 0;
            } else {
                row_set(to, i + j - 1, right, j - 1);
                j--;
                wins_right++, wins_left = 0;
            }
        }
        while (is_good && i > 0 && j > 0) {
            size_t place = gallop(sort, right.keys[j - 1], a, i, i - 1, true);
            if (place == SIZE_MAX) {
                is_good = false;
                break;
            }
            size_t n = i - place;
            row_move(row_at(to, place + j), row_at(a, place), n);
            i = place;
            if (i == 0)
                break;
            place = gallop(sort, a.keys[i - 1], right, j, j - 1, false);
            if (place == SIZE_MAX) {
                is_good = false;
                break;
            }
            size_t m = j - place;
            row_move(row_at(to, i + place), row_at(right, place), m);
            j = place;
            if (n < MIN_GALLOP && m < MIN_GALLOP) {
                sort->min_gallop++;
                break;
            }
            if (sort->min_gallop > 1)
                sort->min_gallop--;
        }
    }
    row_move(row_at(to, i), right, j);   /* keeps I1 */
    return is_good;
}

/* The last but one run and the last become one. */
static bool merge_last_two(Sort *sort)
{
    struct Run *a = &sort->runs[sort->run_count - 2], *b = a + 1;
    Row left = a->row, right = b->row;
    size_t left_count = a->length, right_count = b->length;
    a->length += b->length;
    sort->run_count--;
    /* What is already in place at both ends needs no merging. */
    size_t skipped = gallop(sort, right.keys[0], left, left_count, 0, true);
    if (skipped == SIZE_MAX)
        return false;
    left = row_at(left, skipped);
    left_count -= skipped;
    if (left_count == 0)
        return true;
    right_count = gallop(sort, left.keys[left_count - 1], right, right_count, right_count - 1, false);
    if (right_count == SIZE_MAX)
        return false;
    if (right_count == 0)
        return true;
    return left_count <= right_count ? merge_low(sort, left, left_count, right, right_count) : merge_high(sort, left, left_count, right, right_count);
}

/* Depth of the border between two neighbouring runs: the first binary digit in which the middles of the two differ, both
 * taken as fractions of the whole length. */
static unsigned power_of_border(size_t start, size_t left, size_t right, size_t length)
{
    size_t a = 2 * start + left, b = a + left + right;   /* twice the middles */
    unsigned power = 0;
    for (;;) {
        power++;
        if (a >= length) {
            a -= length;
            b -= length;
        } else if (b >= length) {
            return power;
        }
        a *= 2;
        b *= 2;
    }
}

static bool push_run(Sort *sort, Row row, size_t start, size_t length)
{
    if (sort->run_count > 0) {
        struct Run *last = &sort->runs[sort->run_count - 1];
        unsigned power = power_of_border(last->start, last->length, length, sort->length);
        while (sort->run_count > 1 && sort->runs[sort->run_count - 2].power > power) {
            if (!merge_last_two(sort))
                return false;
        }
        sort->runs[sort->run_count - 1].power = power;   /* keeps I3 */
    }
    sort->runs[sort->run_count++] = (struct Run){row, start, length, 0};
    return true;
}

static bool sort_row(Sort *sort, Row row, size_t count)
{
    size_t least = least_run(count);
    for (size_t start = 0; start < count; ) {
        Row rest = row_at(row, start);
        size_t length = take_run(sort, rest, count - start);
        if (length == 0)
            return false;
        if (length < least) {
            size_t wanted = count - start < least ? count - start : least;
            if (!insert_others(sort, rest, length, wanted))
                return false;
            length = wanted;
        }
        if (!push_run(sort, rest, start, length))
            return false;
        start += length;
    }
    while (sort->run_count > 1) {
        if (!merge_last_two(sort))
            return false;
    }
    return true;
}

/* ---- list.sort ---- */

static void release_keys(Thread *t, TAKES Value *keys, size_t made, size_t count)
{
    for (size_t i = 0; i < made; i++)
        release(keys[i]);
    block_free(t, keys, count * sizeof(Value));
}

/* key(item) for each; NULL: raised. */
static Value *make_keys(Thread *t, const Value *items, size_t count, Value function)
{
    Value *keys = block_alloc(t, count * sizeof(Value));
    if (!keys)
        return NULL;
    for (size_t i = 0; i < count; i++) {
        keys[i] = value_call1(t, function, items[i]);
        if (failed(keys[i])) {
            release_keys(t, keys, i, count);
            return NULL;
        }
    }
    return keys;
}

bool list_sort(Thread *t, List *list, Value key_or_none, bool reverse)
{
    ASSERT_GIL(t);
    /* Take the items out: keeps I2, and nobody can free them under our hands. */
    Value *items = list->items;
    size_t count = list->count, capacity = list->capacity;
    list->items = NULL;
    list->count = list->capacity = 0;

    bool is_good = true;
    Value *keys = NULL;
    if (count > 0 && !is_none(key_or_none)) {
        keys = make_keys(t, items, count, key_or_none);
        is_good = keys != NULL;
    }
    if (is_good && count > 1) {
        Sort sort = {.t = t, .min_gallop = MIN_GALLOP, .length = count};
        Row row = {keys ? keys : items, keys ? items : NULL};
        look_at_keys(&sort, row.keys, count);
        if (reverse)
            row_reverse(row, count);   /* turned round before and after, equal items keep their order */
        is_good = sort_row(&sort, row, count);
        if (reverse)
            row_reverse(row, count);
        block_free(t, sort.scratch.keys, sort.scratch_size * (keys ? 2 : 1) * sizeof(Value));
    }
    if (keys)
        release_keys(t, keys, count, count);

    bool is_modified = list->items != NULL;
    List intruders = *list;
    list->items = items;
    list->count = count;
    list->capacity = capacity;
    for (size_t i = 0; i < intruders.count; i++)
        release(intruders.items[i]);
    if (intruders.items)
        block_free(t, intruders.items, intruders.capacity * sizeof(Value));
    if (is_modified && is_good)
        return raise_false(t, EXC_ValueError, "list modified during sort");
    return is_good;
}
