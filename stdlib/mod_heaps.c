/* mod_heaps.c - _heaps: the native part of heapq.
 *
 * What        heappush, heappop, heapreplace, heappushpop, heapify, on lists; and what merge needs of heaps with the largest item on top.
 * How         A binary heap: item i is not above its children 2i+1 and 2i+2. An item that goes down is first let fall to the bottom along the smaller
 *             children, then rises to its place: one comparison less at each level than asking for it on the way.
 *
 *                     0             push: put behind the last, rise
 *                   1   2           pop:  take 0, put the last in its place, fall and rise
 *                  3 4 5 6
 * GIL         held; comparisons are script code: if one changes the list's length, that is a RuntimeError.
 * Read next   stdlib/lib/heapq.toy */
#include "vm/toy.h"

typedef struct Heap { ToyValue list; bool is_max; } Heap;
typedef enum Answer { FAILED_TO_SAY = -1, NO, YES } Answer;

static bool check_list(ToyThread *t, ToyValue v, const char *function, const char *which)
{
    return toy_is_list(v) || toy_raise_false(t, TOY_TypeError, "%s() argument%s must be list, not %T", function, which, v);
}

/* An answer that only the items themselves can give. */
static Answer ask_items(ToyThread *t, const Heap *heap, ToyValue a, ToyValue b)
{
    size_t length = toy_list_length(heap->list);
    bool answer;
    toy_retain(a);
    toy_retain(b);
    bool is_good = toy_compare(t, a, b, COMPARE_LT, &answer);
    toy_release(a);
    toy_release(b);
    if (!is_good) return FAILED_TO_SAY;
    if (toy_list_length(heap->list) == length) return answer ? YES : NO;
    toy_raise(t, TOY_RuntimeError, "list changed size during iteration");
    return FAILED_TO_SAY;
}

/* Does item [i] belong above item [j]? */
static inline Answer is_above(ToyThread *t, const Heap *heap, size_t i, size_t j)
{
    const ToyValue *items = toy_list_items(heap->list);
    ToyValue a = items[heap->is_max ? j : i], b = items[heap->is_max ? i : j];
    int order = toy_order_try(a, b);
    return order != TOY_ORDER_UNKNOWN ? (Answer)(order < 0) : ask_items(t, heap, a, b);
}
static void swap(const Heap *heap, size_t i, size_t j)
{
    ToyValue *items = toy_list_items(heap->list), v = items[i];
    items[i] = items[j];
    items[j] = v;
}

/* Item [i] rises, but not above [top]. */
static bool rise(ToyThread *t, const Heap *heap, size_t top, size_t i)
{
    while (i > top) {
        size_t parent = (i - 1) / 2;
        Answer answer = is_above(t, heap, i, parent);
        if (answer == FAILED_TO_SAY) return false;
        if (answer == NO) break;
        swap(heap, i, parent);
        i = parent;
    }
    return true;
}
static bool fall(ToyThread *t, const Heap *heap, size_t top)
{
    size_t i = top, length = toy_list_length(heap->list);
    while (2 * i + 1 < length) {
        size_t child = 2 * i + 1;
        if (child + 1 < length) {
            Answer answer = is_above(t, heap, child, child + 1);
            if (answer == FAILED_TO_SAY) return false;
            if (answer == NO) child++;
        }
        swap(heap, i, child);
        i = child;
    }
    return rise(t, heap, top, i);
}

static ToyValue heap_pop(ToyThread *t, const Heap *heap)
{
    size_t length = toy_list_length(heap->list);
    if (!length) return toy_raise(t, TOY_IndexError, "index out of range");
    ToyValue last = toy_list_pop(t, heap->list, (int64_t)length - 1);
    if (toy_failed(last) || length == 1) return last;
    ToyValue *items = toy_list_items(heap->list), top = items[0];
    items[0] = last;
    if (fall(t, heap, 0)) return top;
    toy_release(top);
    return TOY_FAILED;
}
static ToyValue heap_replace(ToyThread *t, const Heap *heap, ToyValue v)
{
    if (!toy_list_length(heap->list)) return toy_raise(t, TOY_IndexError, "index out of range");
    ToyValue *items = toy_list_items(heap->list), top = items[0];
    items[0] = toy_retain(v);
    if (fall(t, heap, 0)) return top;
    toy_release(top);
    return TOY_FAILED;
}
static ToyValue heap_order(ToyThread *t, const Heap *heap)
{
    for (size_t i = toy_list_length(heap->list) / 2; i-- > 0;)
        if (!fall(t, heap, i)) return TOY_FAILED;
    return TOY_NONE;
}

static ToyValue heappush(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Heap heap = {args[0], false};
    if (!check_list(t, args[0], "heappush", " 1") || !toy_list_append(t, args[0], args[1])) return TOY_FAILED;
    return rise(t, &heap, 0, toy_list_length(args[0]) - 1) ? TOY_NONE : TOY_FAILED;
}
static ToyValue heappushpop(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Heap heap = {args[0], false};
    bool is_less = false;
    if (!check_list(t, args[0], "heappushpop", " 1")) return TOY_FAILED;
    if (!toy_list_length(args[0])) return toy_retain(args[1]);
    ToyValue top = toy_retain(toy_list_item(args[0], 0));
    bool is_good = toy_compare(t, top, args[1], COMPARE_LT, &is_less);
    toy_release(top);
    if (!is_good) return TOY_FAILED;
    return is_less ? heap_replace(t, &heap, args[1]) : toy_retain(args[1]);
}
#define POP(name, is_max)     static ToyValue name(ToyThread *t, ToyValue self, const ToyValue *args) { return check_list(t, args[0], #name, "") ? heap_pop(t, &(Heap){args[0], is_max}) : TOY_FAILED; }
#define REPLACE(name, is_max) static ToyValue name(ToyThread *t, ToyValue self, const ToyValue *args) { return check_list(t, args[0], #name, " 1") ? heap_replace(t, &(Heap){args[0], is_max}, args[1]) : TOY_FAILED; }
#define ORDER(name, is_max)   static ToyValue name(ToyThread *t, ToyValue self, const ToyValue *args) { return check_list(t, args[0], #name, "") ? heap_order(t, &(Heap){args[0], is_max}) : TOY_FAILED; }
POP(heappop, false) POP(_heappop_max, true)
REPLACE(heapreplace, false) REPLACE(_heapreplace_max, true)
ORDER(heapify, false) ORDER(_heapify_max, true)

static const ToyFunction functions[] = {
    TOY_FUNCTION("heappush", heappush, "(heap, item, /)", 0, "Push the item onto the heap."),
    TOY_FUNCTION("heappop", heappop, "(heap, /)", 0, "Remove and return the smallest item; IndexError if there is none."),
    TOY_FUNCTION("heapreplace", heapreplace, "(heap, item, /)", 0, "Remove and return the smallest item, then push the other one: what comes back may be larger than it."),
    TOY_FUNCTION("heappushpop", heappushpop, "(heap, item, /)", 0, "Push the item, then remove and return the smallest one."),
    TOY_FUNCTION("heapify", heapify, "(heap, /)", 0, "Put the items of a list into the order of a heap, in place, in linear time."),
    TOY_FUNCTION("_heappop_max", _heappop_max, "(heap, /)", 0, "heappop of a heap with the largest item on top."),
    TOY_FUNCTION("_heapreplace_max", _heapreplace_max, "(heap, item, /)", 0, "heapreplace of a heap with the largest item on top."),
    TOY_FUNCTION("_heapify_max", _heapify_max, "(heap, /)", 0, "heapify for a heap with the largest item on top."),
    TOY_FUNCTIONS_END,
};

const ToyModule toy_module_heaps = {
    .name = "_heaps",
    .known_as = "_heapq",
    .doc = "The native part of module heapq.",
    .functions = functions,
};
