/* type_order.c - the method resolution order, and which metaclass wins.
 *
 * What        type_linearize (C3), type_metaclass.
 * How         C3 merges the orders of the bases and the list of bases itself: take the first class that stands in the tail of none of
 *             the lists, strike it everywhere, repeat. So a class comes before its bases, and bases keep the order they are written in.
 *
 *                 class D(B, C), both below A:   merge [B A object] [C A object] [B C]  ->  D B C A object
 * GIL         held; a metaclass may have its own mro().
 * Read next   type_new.c */
#include "vm/object/context.h"

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/str.h"
#include "vm/object/type_layout.h"

/* The lists to merge: list i < bases->count is the order of base i, the last one is bases itself. next[i] is how far it is used up. */
typedef struct Merge { Tuple *bases; size_t *next; } Merge;

static Tuple *merge_list(const Merge *merge, size_t i) { return i < merge->bases->count ? as_type(merge->bases->items[i])->mro : merge->bases; }

static bool is_in_a_tail(const Merge *merge, Value cls)
{
    for (size_t i = 0; i <= merge->bases->count; i++) {
        Tuple *list = merge_list(merge, i);
        for (size_t j = merge->next[i] + 1; j < list->count; j++)
            if (is_same(list->items[j], cls)) return true;
    }
    return false;
}

static bool refuse_order(Thread *t, const Merge *merge)
{
    StrBuilder text;
    str_builder_init(&text, t);
    str_builder_add_text(&text, "Cannot create a consistent method resolution order (MRO) for bases ");
    /* The heads that block each other, each once. */
    bool is_first = true;
    for (size_t i = 0; i <= merge->bases->count; i++) {
        Tuple *list = merge_list(merge, i);
        if (merge->next[i] >= list->count) continue;
        Value head = list->items[merge->next[i]];
        bool is_known = false;
        for (size_t j = 0; j < i; j++) {
            Tuple *earlier = merge_list(merge, j);
            is_known |= merge->next[j] < earlier->count && is_same(earlier->items[merge->next[j]], head);
        }
        if (is_known) continue;
        if (!is_first) str_builder_add_text(&text, ", ");
        is_first = false;
        str_builder_add(&text, as_type(head)->name);
    }
    Value message = str_builder_finish(&text);
    if (failed(message)) return false;
    raise_type_error(t, "%U", as_str(message));
    release(message);
    return false;
}

static bool merge_all(Thread *t, Merge *merge, Value *order, size_t *count)
{
    for (;;) {
        bool is_done = true;
        Value chosen = UNBOUND;
        for (size_t i = 0; i <= merge->bases->count && is_unbound(chosen); i++) {
            Tuple *list = merge_list(merge, i);
            if (merge->next[i] >= list->count) continue;
            is_done = false;
            if (!is_in_a_tail(merge, list->items[merge->next[i]])) chosen = list->items[merge->next[i]];
        }
        if (is_done) return true;
        if (is_unbound(chosen)) return refuse_order(t, merge);
        order[(*count)++] = chosen;
        for (size_t i = 0; i <= merge->bases->count; i++) {
            Tuple *list = merge_list(merge, i);
            if (merge->next[i] < list->count && is_same(list->items[merge->next[i]], chosen)) merge->next[i]++;
        }
    }
}

Tuple *type_linearize(Thread *t, Type *type)
{
    Tuple *bases = type->bases;
    size_t most = 1;
    for (size_t i = 0; i < bases->count; i++) {
        Type *base = as_type(bases->items[i]);
        if (!base->mro) return raise_null(t, EXC_TypeError, "Cannot extend an incomplete type '%s'", type_text(t, base));
        for (size_t j = 0; j < i; j++)
            if (is_same(bases->items[i], bases->items[j])) return raise_null(t, EXC_TypeError, "duplicate base class %U", base->name);
        most += base->mro->count;
    }
    size_t size = most * sizeof(Value) + (bases->count + 1) * sizeof(size_t);
    Value *order = block_alloc(t, size);
    if (!order) return NULL;
    Merge merge = {bases, (size_t *)(order + most)};
    memset(merge.next, 0, (bases->count + 1) * sizeof(size_t));
    size_t count = 0;
    order[count++] = object_value(type);
    Tuple *result = merge_all(t, &merge, order, &count) ? tuple_from_values(t, order, count) : NULL;
    block_free(t, order, size);
    return result;
}

Type *type_metaclass(Thread *t, Type *metaclass, Tuple *bases)
{
    Type *winner = metaclass;
    for (size_t i = 0; i < bases->count; i++) {
        Type *candidate = value_type(t, bases->items[i]);
        if (type_is_subtype(winner, candidate)) continue;
        if (!type_is_subtype(candidate, winner))
            return raise_null(t, EXC_TypeError, "metaclass conflict: the metaclass of a derived class must be a (non-strict) subclass of the metaclasses of all its bases");
        winner = candidate;
    }
    return winner;
}
