/* sort.c - list.sort: a stable merge sort that uses the order that is already there.
 *
 * What        list_sort, with key function and reverse.
 * How         Tim Peters' sort. The list is cut into runs that already ascend (a descending one is turned round); short runs
 *             are filled up by binary insertion. Runs wait on a stack and are merged two by two; which two is decided by their
 *             "power" (Munro and Wild's powersort): the depth at which the border between them would lie in a perfectly
 *             balanced tree over the whole list. A merge copies the shorter run aside; when one side wins several times in a row it
 *             gallops: looks ahead by 1, 3, 7, 15 ... and moves a block at once.
 *             Comparing is most of the work, so keys are looked at first: only small ints, only numbers, only strings, only
 *             tuples that begin with such are given a rank, a number that is compared in their stead (sort_rank.c).
 * Invariants  I1 at any moment, also after a failed comparison, the row holds each item exactly once.
 *             I2 while sorting the list is seen as empty; changing it then is a ValueError.
 *             I3 the powers on the stack of runs ascend strictly, so it holds at most one run per bit of the length.
 * GIL         held; key functions and == run script code.
 * Read next   sort_rank.c, list.c, protocol_calls.c */
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/order.h"
#include "vm/object/protocol.h"
#include "vm/object/sort_rank.h"

enum { MIN_GALLOP = 7, RUN_MIN_LIMIT = 64, RUNS_MAX = 66 };

/* What moves together. Each may be NULL: ranks, where keys have none; keys, where equal ranks mean equal keys; values, without a key function. */
typedef struct Row { int64_t *ranks; Value *keys, *values; } Row;

typedef struct Sort {
    Thread *t;
    size_t min_gallop;        /* wins in a row that start a gallop: grows where galloping does not pay */
    Row scratch;
    void *scratch_block;
    size_t scratch_size;      /* so many of each may be put into scratch */
    size_t length;
    struct Run { Row row; size_t start, length; unsigned power; } runs[RUNS_MAX];
    size_t run_count;
} Sort;

/* ---- rows ---- */

static inline Row row_at(Row row, size_t i)
{
    return (Row){row.ranks ? row.ranks + i : NULL, row.keys ? row.keys + i : NULL, row.values ? row.values + i : NULL};
}

static inline void row_set(Row to, size_t i, Row from, size_t j)
{
    if (to.ranks)
        to.ranks[i] = from.ranks[j];
    if (to.keys)
        to.keys[i] = from.keys[j];
    if (to.values)
        to.values[i] = from.values[j];
}

static inline void row_move(Row to, Row from, size_t count)
{
    if (to.ranks)
        memmove(to.ranks, from.ranks, count * sizeof(int64_t));
    if (to.keys)
        memmove(to.keys, from.keys, count * sizeof(Value));
    if (to.values)
        memmove(to.values, from.values, count * sizeof(Value));
}

#define REVERSE(Type, items, count)                              \
    for (size_t i = 0, j = count; items && i + 1 < j; i++) {     \
        Type v = (items)[i];                                     \
        (items)[i] = (items)[--j];                               \
        (items)[j] = v;                                          \
    }
static void row_reverse(Row row, size_t count)
{
    REVERSE(int64_t, row.ranks, count)
    REVERSE(Value, row.keys, count)
    REVERSE(Value, row.values, count)
}
#undef REVERSE

/* ---- comparing ---- */

static int ask_less(Sort *sort, Value a, Value b)
{
    bool truth;
    if (!value_compare_truth(sort->t, a, b, COMPARE_LT, &truth))
        return -1;
    return truth;
}

/* a[i] < b[j]: 1 or 0; -1: raised. */
static inline int less(Sort *sort, Row a, size_t i, Row b, size_t j)
{
    if (!a.ranks)
        return ask_less(sort, a.keys[i], b.keys[j]);
    if (a.ranks[i] != b.ranks[j] || !a.keys)
        return a.ranks[i] < b.ranks[j];
    int order = order_try(a.keys[i], b.keys[j]);
    return order != ORDER_UNKNOWN ? order < 0 : ask_less(sort, a.keys[i], b.keys[j]);
}

/* ---- runs ---- */

/* The length of the run that begins at row; descending ones are turned round. 0: raised. */
static size_t take_run(Sort *sort, Row row, size_t count)
{
    if (count < 2)
        return count;
    int is_less = less(sort, row, 1, row, 0);
    if (is_less < 0)
        return 0;
    bool descends = is_less;
    size_t n = 2;
    for (; n < count; n++) {
        is_less = less(sort, row, n, row, n - 1);
        if (is_less < 0)
            return 0;
        if ((is_less != 0) != descends)
            break;
    }
    if (descends)
        row_reverse(row, n);   /* strictly descending: no equal ones change places */
    return n;
}

#define INSERT(Type, items, low, i)                                                  \
    if (items) {                                                                     \
        Type v = (items)[i];                                                         \
        memmove((items) + (low) + 1, (items) + (low), ((i) - (low)) * sizeof(Type)); \
        (items)[low] = v;                                                            \
    }
/* Behind how many of the first [count] ranks, in order, this one belongs. Halves without a branch: the processor could only guess it. */
static size_t place_of_rank(const int64_t *ranks, size_t count, int64_t rank)
{
    size_t base = 0;
    while (count > 1) {
        size_t half = count / 2;
        base += ranks[base + half - 1] <= rank ? half : 0;
        count -= half;
    }
    return base + (count == 1 && ranks[base] <= rank);
}

/* The first [sorted] are in order: insert the others one by one. */
static bool insert_others(Sort *sort, Row row, size_t sorted, size_t count)
{
    for (size_t i = sorted; i < count; i++) {
        size_t low = 0, high = i;
        if (row.ranks) {
            low = place_of_rank(row.ranks, i, row.ranks[i]);
            if (row.keys && low > 0 && row.ranks[low - 1] == row.ranks[i])
                low = 0;
            else
                high = low;
        }
        while (low < high) {
            size_t middle = low + (high - low) / 2;
            int is_less = less(sort, row, i, row, middle);
            if (is_less < 0)
                return false;
            if (is_less)
                high = middle;
            else
                low = middle + 1;
        }
        INSERT(int64_t, row.ranks, low, i)
        INSERT(Value, row.keys, low, i)
        INSERT(Value, row.values, low, i)
    }
    return true;
}
#undef INSERT

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

/* Where from[at] belongs in the sorted row: behind its equals ([behind]) or before them. Starts at [hint]. SIZE_MAX: raised. */
static size_t gallop(Sort *sort, Row from, size_t at, Row row, size_t count, size_t hint, bool behind)
{
    /* "row[i] belongs before it" is true up to some place, then false: find the place. */
    size_t low, high;   /* the place is in low .. high */
    size_t step = 1;
    int is_less;
#define BELONGS_BEFORE(i) (behind ? (is_less = less(sort, from, at, row, i)) == 0 : (is_less = less(sort, row, i, from, at)) == 1)
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

static size_t scratch_bytes(Row like, size_t count)
{
    return count * ((like.ranks ? sizeof(int64_t) : 0) + (like.keys ? sizeof(Value) : 0) + (like.values ? sizeof(Value) : 0));
}

/* One block for all that moves; what was in it is not needed any more. */
static bool reserve_scratch(Sort *sort, size_t count, Row like)
{
    if (count <= sort->scratch_size)
        return true;
    block_free(sort->t, sort->scratch_block, scratch_bytes(like, sort->scratch_size));
    sort->scratch_size = 0;
    char *block = sort->scratch_block = block_alloc(sort->t, scratch_bytes(like, count));
    if (!block)
        return false;
    sort->scratch_size = count;
    sort->scratch = (Row){NULL, NULL, NULL};
    if (like.ranks) {
        sort->scratch.ranks = (int64_t *)(void *)block;
        block += count * sizeof(int64_t);
    }
    if (like.keys) {
        sort->scratch.keys = (Value *)(void *)block;
        block += count * sizeof(Value);
    }
    if (like.values)
        sort->scratch.values = (Value *)(void *)block;
    return true;
}

/* Where no side keeps winning, which one comes next is a coin toss, and a branch on it is guessed wrong every other time. So ranks are merged
 * BLOCK by BLOCK without one, until a side has won a whole block (true: it is time to gallop), is nearly used up, or keys have to be compared.
 * Ints are sorted in 0.6 of the time, strings in 0.7. */
enum { BLOCK = 16 };

/* As `mask ? a : b`, which the C compiler would make a branch of. mask is all ones or zero. */
static inline uint64_t pick(uint64_t mask, uint64_t a, uint64_t b) { return b ^ ((a ^ b) & mask); }

static bool merge_blocks_low(Row to, Row left, size_t a_count, Row b, size_t b_count, size_t *i_at, size_t *j_at)
{
    size_t i = *i_at, j = *j_at;
    bool goes_on = true, has_winner = false;
    while (goes_on && a_count - i >= BLOCK && b_count - j >= BLOCK) {
        size_t start = j, n = 0;
        for (; n < BLOCK; n++) {
            int64_t x = left.ranks[i], y = b.ranks[j];
            if (to.keys && UNLIKELY(x == y))
                break;
            bool is_b = y < x;
            uint64_t mask = 0 - (uint64_t)is_b;
            to.ranks[i + j] = (int64_t)pick(mask, (uint64_t)y, (uint64_t)x);
            if (to.keys)
                to.keys[i + j].bits = pick(mask, b.keys[j].bits, left.keys[i].bits);
            if (to.values)
                to.values[i + j].bits = pick(mask, b.values[j].bits, left.values[i].bits);
            j += is_b;
            i += !is_b;
        }
        has_winner = n == BLOCK && (j == start || j == start + BLOCK);
        goes_on = n == BLOCK && !has_winner;
    }
    *i_at = i;
    *j_at = j;
    return has_winner;
}

/* The mirror: from the end, i and j are what is left to do. */
static bool merge_blocks_high(Row to, Row a, Row right, size_t *i_at, size_t *j_at)
{
    size_t i = *i_at, j = *j_at;
    bool goes_on = true, has_winner = false;
    while (goes_on && i >= BLOCK && j >= BLOCK) {
        size_t start = j, n = 0;
        for (; n < BLOCK; n++) {
            int64_t x = a.ranks[i - 1], y = right.ranks[j - 1];
            if (to.keys && UNLIKELY(x == y))
                break;
            bool is_a = y < x;
            uint64_t mask = 0 - (uint64_t)is_a;
            to.ranks[i + j - 1] = (int64_t)pick(mask, (uint64_t)x, (uint64_t)y);
            if (to.keys)
                to.keys[i + j - 1].bits = pick(mask, a.keys[i - 1].bits, right.keys[j - 1].bits);
            if (to.values)
                to.values[i + j - 1].bits = pick(mask, a.values[i - 1].bits, right.values[j - 1].bits);
            i -= is_a;
            j -= !is_a;
        }
        has_winner = n == BLOCK && (j == start || j + BLOCK == start);
        goes_on = n == BLOCK && !has_winner;
    }
    *i_at = i;
    *j_at = j;
    return has_winner;
}

/* a and b are neighbours, a first, a not longer: a goes to the scratch row, the merge fills from the left. */
static bool merge_low(Sort *sort, Row a, size_t a_count, Row b, size_t b_count)
{
    Row to = a;
    if (!reserve_scratch(sort, a_count, a))
        return false;
    Row left = sort->scratch;
    row_move(left, a, a_count);
    size_t i = 0, j = 0, out = 0;   /* next of left, of b, of to: always out == i + j */
    bool is_good = true;
    while (is_good && i < a_count && j < b_count) {
        bool gallops = to.ranks && merge_blocks_low(to, left, a_count, b, b_count, &i, &j);
        out = i + j;
        size_t wins_left = 0, wins_right = 0, steps = 0;
        while (i < a_count && j < b_count && wins_left < sort->min_gallop && wins_right < sort->min_gallop && !gallops && !(to.ranks && steps++ == BLOCK)) {
            int is_less = less(sort, b, j, left, i);
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
        gallops = gallops || wins_left >= sort->min_gallop || wins_right >= sort->min_gallop;
        while (is_good && gallops && i < a_count && j < b_count) {
            size_t n = gallop(sort, b, j, row_at(left, i), a_count - i, 0, true);
            if (n == SIZE_MAX) {
                is_good = false;
                break;
            }
            row_move(row_at(to, out), row_at(left, i), n);
            i += n, out += n;
            if (i == a_count)
                break;
            size_t m = gallop(sort, left, i, row_at(b, j), b_count - j, 0, false);
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
    if (!reserve_scratch(sort, b_count, b))
        return false;
    Row right = sort->scratch;
    row_move(right, b, b_count);
    size_t i = a_count, j = b_count;   /* left to do; the next place to fill is i + j - 1 */
    bool is_good = true;
    while (is_good && i > 0 && j > 0) {
        bool gallops = to.ranks && merge_blocks_high(to, a, right, &i, &j);
        size_t wins_left = 0, wins_right = 0, steps = 0;
        while (i > 0 && j > 0 && wins_left < sort->min_gallop && wins_right < sort->min_gallop && !gallops && !(to.ranks && steps++ == BLOCK)) {
            int is_less = less(sort, right, j - 1, a, i - 1);
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
        gallops = gallops || wins_left >= sort->min_gallop || wins_right >= sort->min_gallop;
        while (is_good && gallops && i > 0 && j > 0) {
            size_t place = gallop(sort, right, j - 1, a, i, i - 1, true);
            if (place == SIZE_MAX) {
                is_good = false;
                break;
            }
            size_t n = i - place;
            row_move(row_at(to, place + j), row_at(a, place), n);
            i = place;
            if (i == 0)
                break;
            place = gallop(sort, a, i - 1, right, j, j - 1, false);
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
    size_t skipped = gallop(sort, right, 0, left, left_count, 0, true);
    if (skipped == SIZE_MAX)
        return false;
    left = row_at(left, skipped);
    left_count -= skipped;
    if (left_count == 0)
        return true;
    right_count = gallop(sort, left, left_count - 1, right, right_count, right_count - 1, false);
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

static bool are_all_small_ints(const Value *keys, size_t count)
{
    uint64_t tags = 1;
    for (size_t i = 0; i < count && tags; i++)
        tags &= keys[i].bits;
    return tags;
}

/* Are they where they belong already? false also if that cannot be said without script code. */
static bool are_in_order(const Value *keys, size_t count, bool reverse)
{
    size_t n = 1;
    while (n < count) {
        int order = reverse ? order_try(keys[n - 1], keys[n]) : order_try(keys[n], keys[n - 1]);
        if (order < 0 || order == ORDER_UNKNOWN)
            break;
        n++;
    }
    return n == count;
}

/* A handful of small ints, the first [count] of a row: their words order as the numbers do, and equal ones cannot be told apart. */
static void insert_small_ints(Value *items, size_t count, bool reverse)
{
    for (size_t i = 1; i < count; i++) {
        Value v = items[i];
        size_t at = i;
        for (; at > 0 && (reverse ? (int64_t)items[at - 1].bits < (int64_t)v.bits : (int64_t)items[at - 1].bits > (int64_t)v.bits); at--)
            items[at] = items[at - 1];
        items[at] = v;
    }
}

/* [keys] is NULL without a key function. Below RANKED_FROM, asking a few times is cheaper than looking at all. The ranks of a short list lie in [few]. */
static bool sort_items(Thread *t, Value *items, Value *keys, size_t count, bool reverse)
{
    enum { HANDFUL = 12, RANKED_FROM = 6, FEW = 32 };
    int64_t few[FEW];
    Value *compared = keys ? keys : items;
    Row row = {NULL, compared, keys ? items : NULL};
    int64_t *ranks = NULL;
    if (are_all_small_ints(compared, count)) {
        if (!keys && count <= HANDFUL) {
            insert_small_ints(items, count, reverse);
            return true;
        }
        row = (Row){(int64_t *)(void *)compared, NULL, keys ? items : NULL};   /* their words order as the numbers do */
    } else if (count >= RANKED_FROM) {
        if (are_in_order(compared, count, reverse))
            return true;
        bool are_exact;
        ranks = count <= FEW ? few : block_alloc(t, count * sizeof *ranks);
        if (!ranks)
            return false;
        if (sort_rank(compared, count, ranks, &are_exact)) {
            row.ranks = ranks;
            if (are_exact)
                row = (Row){ranks, NULL, items};
        }
    }
    Sort sort = {.t = t, .min_gallop = MIN_GALLOP, .length = count};
    if (reverse)
        row_reverse(row, count);   /* turned round before and after, equal items keep their order */
    bool is_good = sort_row(&sort, row, count);
    if (reverse)
        row_reverse(row, count);
    block_free(t, sort.scratch_block, scratch_bytes(row, sort.scratch_size));
    if (ranks && ranks != few)
        block_free(t, ranks, count * sizeof *ranks);
    return is_good;
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
    if (is_good && count > 1)
        is_good = sort_items(t, items, keys, count, reverse);
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
