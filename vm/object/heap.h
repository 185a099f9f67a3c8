/* heap.h - where objects live: size classes, pages of containers, and the end of an object.
 *
 * What        Cells for objects; raw blocks for what objects own (list items, dict tables).
 * How         Sizes are rounded up to 8 bytes; each size up to HEAP_SMALL_MAX has a free list, refilled from a page. (By 16 a tuple of two, a
 *             list and an instance of three attributes took 8 bytes more: a sixth.)
 *             Objects that can be part of a cycle come from pages of their own, so that the collector finds them by walking
 *             the pages: no links in the object. Bigger ones come from the Memory and, if containers, stand in a list.
 *             Builds with TOY_HEAP_MALLOC send every object and block to malloc, or sanitizers would see nothing.
 * Layout      page: | header: cell size, next page, scratch for the collector | cell | cell | ...    a free cell has type NULL
 *             alone: | LargeHeader: size, next, previous, scratch | object ...      for what is larger; all of them with TOY_HEAP_MALLOC
 * Invariants  I1 a cell of a container page with type != NULL is a live object.  I2 an object's size can be told from its
 *             page or LargeHeader, so freeing needs no size.  I3 pages are aligned to their size.
 * GIL         held: free lists have no lock of their own.
 * Read next   collector.h, type.h */
#ifndef TOY_OBJECT_HEAP_H
#define TOY_OBJECT_HEAP_H

#include "vm/object/context.h"

MUST_CHECK bool heap_init(Interp *interp);
void heap_finish(Interp *interp);            /* gives all pages back; counts what is still alive first */

/* A cell of [size] bytes with its header set up (count 1, kind and solid from the type) and the rest zeroed.
 * Raises MemoryError. The collector may walk the object at once: all fields must be valid when zero. */
MUST_CHECK Object *heap_new(Thread *t, Type *type, size_t size);

/* The same without zeroing, for payloads that hold no references (text, bytes, limbs), and for who sets every field before anything else happens. */
MUST_CHECK Object *heap_new_raw(Thread *t, Type *type, size_t size);
/* And without a call, for who makes very many: [size] is at most HEAP_SMALL_MAX. */
MUST_CHECK ALWAYS_INLINE Object *heap_new_quick(Thread *t, Type *type, size_t size);
/* Another size for a cell larger than HEAP_SMALL_MAX (both sizes) that is no container and has a count of 1; it may move, the new
 * bytes are not zeroed. On failure, raised, the object is as it was. */
MUST_CHECK Object *heap_resize(Thread *t, Object *object, size_t old_size, size_t new_size);

/* Blocks owned by objects. Raise MemoryError. Sizes must be said again to free. */
MUST_CHECK void *block_alloc(Thread *t, size_t size);
MUST_CHECK void *block_resize(Thread *t, void *block, size_t old_size, size_t new_size);
void block_free(Thread *t, TAKES void *block, size_t size);
MUST_CHECK ALWAYS_INLINE void *block_alloc_quick(Thread *t, size_t size);   /* the same, without a call for small ones; size > 0 */
ALWAYS_INLINE void block_free_quick(Thread *t, TAKES void *block, size_t size);
/* As heap_discard, of a container of a built-in type that [size] is enough to be made for. */
ALWAYS_INLINE void heap_discard_quick(Thread *t, TAKES Object *container, size_t size);

size_t object_size(Object *object);          /* bytes of its cell */

/* Calls visit(object, context) for each live container; the collector's and gc.get_objects' way around the heap.
 * visit may free the object it is given, and allocate nothing. */
void heap_walk_containers(Interp *interp, void (*visit)(Object *object, void *context), void *context);

void heap_discard(Interp *interp, TAKES Object *object);   /* the cell alone: contents and type are somebody else's business */
void heap_report_leaks(Interp *interp);      /* to stderr, when the count of live objects is not zero at the end */

/* -- for the collector -- */
uint32_t *heap_scratch(Object *container);   /* 32 bits beside each container, of no meaning outside of a collection */
size_t heap_young(Interp *interp);           /* containers by which the heap grew since heap_settle */
/* A collection has ended: growth counts from here, and BREAKER_COLLECT is asked for after [growth] more containers. */
void heap_settle(Interp *interp, size_t growth);
void heap_allow(Interp *interp, size_t growth);   /* the same limit, while growth counts on; 0: none */

/* ---- heap_new_quick, block_alloc_quick, block_free_quick ---- */

#if defined TOY_HEAP_MALLOC || !defined NDEBUG
ALWAYS_INLINE Object *heap_new_quick(Thread *t, Type *type, size_t size) { return heap_new_raw(t, type, size); }
ALWAYS_INLINE void *block_alloc_quick(Thread *t, size_t size) { return block_alloc(t, size); }
ALWAYS_INLINE void block_free_quick(Thread *t, TAKES void *block, size_t size) { block_free(t, block, size); }
ALWAYS_INLINE void heap_discard_quick(Thread *t, TAKES Object *container, size_t size) { (void)size; heap_discard(t->interp, container); }
#else
/* NULL: the long way, which fills the list, and reports to -X stress. */
ALWAYS_INLINE void *free_cell_take(Interp *interp, bool for_container, size_t size)
{
    FreeCell **list = &interp->free_cells[for_container][cell_class(size)], *cell = *list;
    if (UNLIKELY(!cell) || UNLIKELY((interp->memory.fail_at != 0) | interp->config.stress_gc))
        return NULL;
    *list = cell->next;
    return cell;
}

ALWAYS_INLINE Object *heap_new_quick(Thread *t, Type *type, size_t size)
{
    uint32_t header;
    memcpy(&header, &type->kind, sizeof header);    /* kind, solid, first_flags */
    Object *object = free_cell_take(t->interp, header / (OBJECT_IS_TRACKED << 16) & 1, size);
    if (UNLIKELY(!object))
        return heap_new_raw(t, type, size);
    uint64_t first_word = (uint64_t)header << 32 | 1;
    memcpy(object, &first_word, sizeof first_word);
    object->type = type;
    object_retain(type);
    return object;
}

ALWAYS_INLINE void *block_alloc_quick(Thread *t, size_t size)
{
    void *block = size <= HEAP_SMALL_MAX ? free_cell_take(t->interp, false, size) : NULL;
    return LIKELY(block != NULL) ? block : block_alloc(t, size);
}

ALWAYS_INLINE void block_free_quick(Thread *t, TAKES void *block, size_t size)
{
    if (UNLIKELY(size - 1 >= HEAP_SMALL_MAX)) {   /* or 0: a block of the Memory's, too */
        block_free(t, block, size);
        return;
    }
    FreeCell **list = &t->interp->free_cells[0][cell_class(size)], *cell = block;
    cell->next = *list;
    *list = cell;
}

ALWAYS_INLINE void heap_discard_quick(Thread *t, TAKES Object *container, size_t size)
{
    if (UNLIKELY(size > HEAP_SMALL_MAX)) {
        heap_discard(t->interp, container);
        return;
    }
    FreeCell **list = &t->interp->free_cells[1][cell_class(size)], *cell = (FreeCell *)container;
    cell->type = NULL;
    cell->next = *list;
    *list = cell;
}
#endif

#endif
