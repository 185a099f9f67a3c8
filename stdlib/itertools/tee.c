/* tee.c - itertools.tee: several iterators over one.
 *
 * What        tee(), the type _tee, and _tee_dataobject, in which items wait for the slower ones.
 * How         Items lie in a chain of blocks; each _tee owns the block in which it stands. Whoever comes to the end of what has been read reads
 *             the next item for all. A block that all have left dies.
 *
 *                 block 0: a b c ... -> block 1: d e . -> NULL
 *                     ^ slow                ^ fast
 * Invariants  I1 only the last block of a chain has room.  I2 is_running: somebody is asking the iterator below; nobody else may, also not another
 *             thread: it is a RuntimeError.
 * GIL         held; the iterator below runs script code.
 * Read next   itertools.h */
#include "stdlib/itertools/itertools.h"

enum { ITEMS_PER_BLOCK = 57 };

typedef struct Block {
    ToyObject head;
    ToyValue iterator;
    size_t count;
    bool is_running;
    ToyValue next;                            /* a Block; UNBOUND: this is the last one so far */
    ToyValue items[ITEMS_PER_BLOCK];
} Block;
typedef struct Tee { ToyObject head; ToyValue block; size_t index; } Tee;
static Block *as_block(ToyValue v) { return (Block *)toy_object(v); }
static Tee *as_tee(ToyValue v) { return (Tee *)toy_object(v); }

static ToyValue block_make(ToyThread *t, ToyType *type, ToyValue iterator)
{
    ToyValue self = toy_value(toy_type_alloc(t, type));
    if (!toy_failed(self)) as_block(self)->iterator = toy_retain(iterator);
    return self;
}
/* Item [i], read if need be. */
static ToyValue block_item(ToyThread *t, Block *block, size_t i)
{
    if (i < block->count) return toy_retain(block->items[i]);
    if (block->is_running) return toy_raise(t, TOY_RuntimeError, "cannot re-enter the tee iterator");
    block->is_running = true;
    ToyValue item = toy_next(t, block->iterator);
    block->is_running = false;
    if (!toy_failed(item) && !toy_is_end(item)) block->items[block->count++] = toy_retain(item);
    return item;
}
static void block_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const Block *block = (Block *)self;
    toy_visit(block->iterator, visit, context);
    toy_visit(block->next, visit, context);
    for (size_t i = 0; i < block->count; i++) toy_visit(block->items[i], visit, context);
}
/* A long chain must not be dropped by recursion: blocks that only this one keeps alive are cut loose one by one. */
static void block_free(ToyObject *self)
{
    Block *block = (Block *)self;
    toy_clear(&block->iterator);
    while (block->count) toy_clear(&block->items[--block->count]);
    ToyValue next = block->next;
    block->next = TOY_UNBOUND;
    while (toy_is_bound(next) && toy_object(next)->count == 1) {
        ToyValue after = as_block(next)->next;
        as_block(next)->next = TOY_UNBOUND;
        toy_release(next);
        next = after;
    }
    toy_release(next);
}

static ToyValue block_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Block *block = as_block(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    ToyValue made_with = toy_tuple(t, toy_retain(block->iterator), toy_list_of(t, block->items, block->count), toy_is_bound(block->next) ? toy_retain(block->next) : TOY_NONE);
    return toy_tuple(t, type_of(t, self), made_with);
}
static ToyValue block_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!takes_exactly(t, type, "teedataobject", 3, count, names)) return TOY_FAILED;
    if (!toy_is_list(args[1])) return toy_raise_type_error(t, "teedataobject() argument 2 must be list, not %N", args[1]);
    size_t length = toy_list_length(args[1]);
    if (length > ITEMS_PER_BLOCK) return toy_raise_value_error(t, "Invalid arguments");
    bool has_next = !toy_is_none(args[2]);
    if (has_next && (length != ITEMS_PER_BLOCK || toy_type_of(t, args[2]) != type)) return toy_raise_value_error(t, "Invalid arguments");
    ToyValue self = block_make(t, type, args[0]);
    if (toy_failed(self)) return TOY_FAILED;
    Block *block = as_block(self);
    for (size_t i = 0; i < length; i++) block->items[i] = toy_retain(toy_list_item(args[1], i));
    block->count = length;
    if (has_next) block->next = toy_retain(args[2]);
    return self;
}
static const ToyFunction block_methods[] = {REDUCE_ROW(block_reduce), TOY_FUNCTIONS_END};
const ToyTypeSpec tee_block_spec = {
    .doc = "A row of items that iterators of one tee() share: the first to come for one fetches it.",
    .size = sizeof(Block), .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_FINAL,
    .slots = {.new_instance = block_new}, .methods = block_methods,
    .traverse = block_traverse, .clear = block_free, .free = block_free,
};

/* ---- one of the iterators ---- */

static ToyValue tee_at(ToyThread *t, ToyType *type, TOY_TAKES ToyValue block, size_t index)
{
    ToyValue self = toy_failed(block) ? TOY_FAILED : toy_value(toy_type_alloc(t, type));
    if (toy_failed(self)) {
        toy_release(block);
        return TOY_FAILED;
    }
    as_tee(self)->block = block;
    as_tee(self)->index = index;
    return self;
}
static ToyValue tee_copy(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return tee_at(t, toy_type_of(t, self), toy_retain(as_tee(self)->block), as_tee(self)->index);
}
static ToyValue tee_over(ToyThread *t, const ItertoolsState *state, ToyType *type, ToyValue iterable)
{
    ToyValue iterator = toy_iterate(t, iterable);
    if (toy_failed(iterator)) return TOY_FAILED;
    bool is_tee = toy_is_a(t, iterator, state->tee);
    ToyValue self = is_tee ? tee_copy(t, iterator, NULL) : tee_at(t, type, block_make(t, state->tee_block, iterator), 0);
    toy_release(iterator);
    return self;
}
static ToyValue tee_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    return takes_exactly(t, type, "_tee", 1, count, names) ? tee_over(t, toy_type_state(type), type, args[0]) : TOY_FAILED;
}
static ToyValue tee_next(ToyThread *t, ToyValue self)
{
    Tee *tee = as_tee(self);
    if (toy_is_unbound(tee->block)) return TOY_END;    /* it was part of garbage */
    if (tee->index == ITEMS_PER_BLOCK) {
        Block *full = as_block(tee->block);
        if (toy_is_unbound(full->next)) full->next = block_make(t, ((ItertoolsState *)toy_instance_state(self))->tee_block, full->iterator);
        if (toy_failed(full->next)) return TOY_FAILED;
        tee->index = 0;
        toy_replace(&tee->block, toy_retain(full->next));
    }
    ToyValue block = toy_retain(tee->block), item = block_item(t, as_block(block), tee->index);
    toy_release(block);
    if (!toy_failed(item) && !toy_is_end(item)) tee->index++;
    return item;
}
static ToyValue tee_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Tee *tee = as_tee(self);
    if (!warn_of_pickling(t)) return TOY_FAILED;
    return toy_tuple(t, type_of(t, self), toy_tuple(t, toy_tuple_of(t, NULL, 0)), toy_tuple(t, toy_retain(tee->block), toy_int(t, (int64_t)tee->index)));
}
static ToyValue tee_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t index;
    if (!warn_of_pickling(t) || !check_state(t, args[0], 2)) return TOY_FAILED;
    ToyValue block = toy_tuple_item(args[0], 0);
    if (toy_type_of(t, block) != ((ItertoolsState *)toy_instance_state(self))->tee_block) return toy_raise_type_error(t, "state is not a tuple");
    if (!toy_arg_size(t, toy_tuple_item(args[0], 1), &index)) return TOY_FAILED;
    if (index < 0 || index > ITEMS_PER_BLOCK || (size_t)index > as_block(block)->count) return toy_raise_value_error(t, "Index out of range");
    toy_replace(&as_tee(self)->block, toy_retain(block));
    as_tee(self)->index = (size_t)index;
    return TOY_NONE;
}
static void tee_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((Tee *)self)->block, visit, context); }
static void tee_free(ToyObject *self) { toy_clear(&((Tee *)self)->block); }
static const ToyFunction tee_methods[] = {
    TOY_FUNCTION("__copy__", tee_copy, "($self, /)", 0, "One more iterator that goes on from where this one is."), REDUCE_ROW(tee_reduce),
    SET_STATE_ROW(tee_set_state), TOY_FUNCTIONS_END,
};
const ToyTypeSpec tee_spec = {
    .doc = "One of the iterators that tee() gives.", .signature = "(iterable, /)",
    .size = sizeof(Tee), .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_FINAL | TOY_TYPE_IS_WEAK_REFERABLE,
    .slots = {.new_instance = tee_new, .iterate = iterate_self, .next = tee_next},
    .methods = tee_methods, .traverse = tee_traverse, .clear = tee_free, .free = tee_free,
};

/* ---- tee() ---- */

/* An iterator that can be copied needs no blocks: itself and its copies will do. */
ToyValue itertools_tee(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    const ItertoolsState *state = toy_module_state(self);
    int64_t n = 2;
    if (toy_names_length(names)) return toy_raise_type_error(t, "itertools.tee() takes no keyword arguments");
    if (!toy_arguments_count(t, "tee", count, 1, 2) || (count > 1 && !toy_arg_size(t, args[1], &n))) return TOY_FAILED;
    if (n < 0) return toy_raise_value_error(t, "n must be >= 0");
    if (!n) return toy_tuple_of(t, NULL, 0);
    ToyValue iterator = toy_iterate(t, args[0]);
    if (toy_failed(iterator)) return TOY_FAILED;
    ToyValue copy = toy_find_attribute(t, iterator, "__copy__");
    if (toy_is_unbound(copy) && !toy_is_raised(t)) {
        toy_replace(&iterator, tee_over(t, state, state->tee, iterator));
        copy = toy_failed(iterator) ? TOY_FAILED : toy_get_attribute(t, iterator, "__copy__");
    }
    /* Room for all comes first: a count without measure is a MemoryError, and no copies until there is no memory. */
    ToyValue result = toy_failed(copy) ? TOY_FAILED : toy_tuple_new(t, (size_t)n);
    if (!toy_failed(result)) toy_tuple_put(result, 0, toy_retain(iterator));
    for (int64_t i = 1; i < n && !toy_failed(result); i++) {
        ToyValue twin = toy_call0(t, copy);
        if (toy_failed(twin)) toy_clear(&result);
        else toy_tuple_put(result, (size_t)i, twin);
    }
    toy_release(copy);
    toy_release(iterator);
    return result;
}
