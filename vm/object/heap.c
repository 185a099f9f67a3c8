/* heap.c - cells for objects, blocks for what they own, and the end of an object.
 *
 * What        heap_new, block_alloc and their counterparts; object_free, called when a count falls to zero.
 * How         Two sets of free lists by size, one for containers, one for everything else (other objects, and blocks). An empty list is
 *             refilled with a few cells cut from a page, so that a small program touches little memory. Pages come from chunks.
 *
 *                 chunk  | page | page | page | ...            page  | HeapPage, scratch | cell | cell | not yet cut ... |
 *
 *             The first page of a class is a nook, an eighth of a page: most classes hold little, and every 4 KB that are touched are resident.
 *             A free cell keeps the link in its first word, so that a container's second, the type, can be NULL (heap.h I1).
 *             What is larger than HEAP_SMALL_MAX stands alone behind a LargeHeader; with TOY_HEAP_MALLOC everything does.
 *
 *             Freeing a list of lists of lists ... must not use the C stack up: once the outermost object_free has gone
 *             FREE_STACK_MAX bytes deep, further objects wait in Thread.free_later. The link fits into the 48 bits of count, kind
 *             and solid, which a dead object does not need: the last two can be read off its type.
 * Invariants  as in heap.h, and  I4 a container that is dead but not yet freed has colour COLOUR_DYING: the collector passes it by.
 *             I5 a page whose bit is set in its chunk's [empty] stands in no list, has no cell in one, and takes no memory.
 * GIL         held.
 * Read next   collector.c, weakref.c, instance.c */
#include "vm/object/heap.h"

#include <stdio.h>
#include <sys/mman.h>

#include "vm/object/colours.h"
#include "vm/object/exception.h"
#include "vm/object/instance.h"
#include "vm/object/list.h"
#include "vm/object/str.h"
#include "vm/object/type_layout.h"
#include "vm/object/weakref.h"

enum {
    PAGE_SIZE = 16 * 1024,
    NOOK_SIZE = PAGE_SIZE / 8,
    CHUNK_PAGES = 16,
    REFILL_BYTES = 2048,            /* cut from a page at a time */
    CELL_FINE_MAX = 64,             /* up to here each class has pages of its own, above it two share theirs: a page takes 4 KB as soon as it is used */
    FREE_STACK_MAX = 24 * 1024,
    FIRST_GROWTH = 20000,           /* containers before the first collection */
};

typedef struct HeapPage {
    struct HeapPage *next;
    char *first;                    /* cell */
    uint32_t cell_size, cell_count;
    uint32_t cut;                   /* cells in use or in a free list */
    uint32_t reciprocal;            /* 2**32 / units in a cell, rounded up: division by multiplying */
    uint32_t free_count;            /* of the cells cut; of no meaning outside of heap_give_back */
    uint32_t is_divided;            /* a nook; its head may be that of the page, too */
    struct HeapChunk *chunk;
    uint32_t scratch[];             /* one for each cell of a container page */
} HeapPage;

typedef struct HeapChunk {
    struct HeapChunk *next, *next_empty;
    size_t size;
    char *pages;                    /* aligned */
    uint32_t empty;                 /* a bit for each page that was in use and is not any more: I5 */
} HeapChunk;

typedef struct LargeHeader {
    size_t size;                    /* this header included */
    struct LargeHeader *next, *previous;
    uint32_t scratch, unused;
} LargeHeader;
_Static_assert(sizeof(LargeHeader) % CELL_UNIT == 0, "the object behind it must be aligned");

struct Heap {
    FreeCell *reserve[CELL_CLASSES];     /* by class of the page; containers: cells that were free when the last collection ended; using them counts as growth */
    HeapPage *pages[2][CELL_CLASSES];    /* newest first: cells are cut from it */
    HeapChunk *chunks, *empty;      /* all; those with empty pages */
    char *next_page, *chunk_end;    /* of the newest */
    char *next_nook, *nooks_end;    /* of the page divided last */
    LargeHeader large[2];               /* heads of rings */
    size_t young, growth;               /* containers added since heap_settle; how many may be */
};

static void heap_give_back(void *owner);

bool heap_init(Interp *interp)
{
    Heap *heap = memory_alloc_zeroed(&interp->memory, sizeof *heap);
    if (!heap) return false;
    for (int i = 0; i < 2; i++)
        heap->large[i].next = heap->large[i].previous = &heap->large[i];
    heap->growth = FIRST_GROWTH;
    interp->heap = heap;
    interp->memory.give_back = heap_give_back;
    interp->memory.owner = interp;
    return true;
}

void heap_finish(Interp *interp)
{
    Heap *heap = interp->heap;
    if (!heap) return;
    interp->memory.give_back = NULL;
    for (HeapChunk *chunk = heap->chunks, *next; chunk; chunk = next) {
        next = chunk->next;
        memory_free(&interp->memory, chunk, chunk->size);
    }
    memory_free(&interp->memory, heap, sizeof *heap);
    interp->heap = NULL;
}

/* ---- pages ---- */

static void *aligned(const void *place, uintptr_t size) { return (void *)((uintptr_t)place & ~(size - 1)); }

static HeapPage *page_of(const void *cell)
{
    HeapPage *page = aligned(cell, PAGE_SIZE);
    return UNLIKELY(page->is_divided) ? aligned(cell, NOOK_SIZE) : page;
}

static LargeHeader *large_of(const Object *object) { return (LargeHeader *)object - 1; }

static bool chunk_new(Interp *interp)
{
    /* One page more than is used: wherever the block begins, CHUNK_PAGES aligned ones fit behind the chunk's header. */
    size_t size = sizeof(HeapChunk) + (CHUNK_PAGES + 1) * (size_t)PAGE_SIZE;
    HeapChunk *chunk = memory_alloc(&interp->memory, size);
    if (!chunk) return false;
    Heap *heap = interp->heap;
    *chunk = (HeapChunk){.next = heap->chunks, .size = size, .pages = aligned((char *)(chunk + 1) + PAGE_SIZE - 1, PAGE_SIZE)};
    heap->chunks = chunk;
    heap->next_page = chunk->pages;
    heap->chunk_end = heap->next_page + CHUNK_PAGES * PAGE_SIZE;
    return true;
}

/* One that was in use, or the next of the newest chunk. */
static HeapPage *page_take(Interp *interp)
{
    Heap *heap = interp->heap;
    HeapChunk *chunk = heap->empty;
    if (chunk) {
        unsigned place = (unsigned)__builtin_ctz(chunk->empty);
        chunk->empty &= chunk->empty - 1;
        if (!chunk->empty) heap->empty = chunk->next_empty;
        HeapPage *page = (HeapPage *)(chunk->pages + place * (size_t)PAGE_SIZE);
        page->chunk = chunk;
        return page;
    }
    if (heap->next_page == heap->chunk_end && !chunk_new(interp)) return NULL;
    HeapPage *page = (HeapPage *)heap->next_page;
    heap->next_page += PAGE_SIZE;
    page->chunk = heap->chunks;
    return page;
}

static HeapPage *nook_take(Interp *interp)
{
    Heap *heap = interp->heap;
    if (heap->next_nook == heap->nooks_end) {
        HeapPage *page = page_take(interp);
        if (!page) return NULL;
        heap->next_nook = (char *)page;
        heap->nooks_end = heap->next_nook + PAGE_SIZE;
    }
    HeapPage *nook = (HeapPage *)heap->next_nook;
    heap->next_nook += NOOK_SIZE;
    return nook;
}

static HeapPage *page_new(Interp *interp, bool holds_containers, uint32_t cell_size)
{
    Heap *heap = interp->heap;
    bool is_first = !heap->pages[holds_containers][cell_size / CELL_UNIT];
    HeapPage *page = is_first ? nook_take(interp) : page_take(interp);
    if (!page) return NULL;
    size_t per_cell = cell_size + (holds_containers ? sizeof(uint32_t) : 0);
    uint32_t count = (uint32_t)(((is_first ? NOOK_SIZE : PAGE_SIZE) - sizeof *page - CELL_UNIT) / per_cell);
    size_t header = sizeof *page + (holds_containers ? count * sizeof(uint32_t) : 0);
    header = (header + CELL_UNIT - 1) & ~(size_t)(CELL_UNIT - 1);
    uint32_t units = cell_size / CELL_UNIT;
    *page = (HeapPage){.first = (char *)page + header, .cell_size = cell_size, .cell_count = count, .chunk = page->chunk, .is_divided = is_first,
                       .reciprocal = (uint32_t)(((UINT64_C(1) << 32) + units - 1) / units)};
    HeapPage **pages = &heap->pages[holds_containers][units];
    page->next = *pages;
    *pages = page;
    return page;
}

static void count_young(Thread *t, size_t count)
{
    Heap *heap = t->interp->heap;
    heap->young += count;
    if (UNLIKELY(heap->young >= heap->growth))
        atomic_fetch_or_explicit(&t->breaker, BREAKER_COLLECT, memory_order_relaxed);
}

/* The class whose pages serve [class]. */
static size_t class_of_page(size_t class)
{
    return class > CELL_FINE_MAX / CELL_UNIT ? (class + 1) & ~(size_t)1 : class;
}

/* All that is free in the list of the other class with the same pages: an object is given back to the class of its page, so one
 * would fill while the other cuts cell after cell. True: there was something. */
static bool take_from_sibling(Interp *interp, bool holds_containers, size_t class)
{
    if (class <= CELL_FINE_MAX / CELL_UNIT) return false;
    FreeCell **lists = interp->free_cells[holds_containers], **sibling = &lists[class & 1 ? class + 1 : class - 1];
    lists[class] = *sibling;
    *sibling = NULL;
    return lists[class] != NULL;
}

/* Puts some cells into the empty free list of a class. */
static bool refill(Thread *t, bool holds_containers, size_t class)
{
    if (take_from_sibling(t->interp, holds_containers, class)) return true;
    Heap *heap = t->interp->heap;
    FreeCell **list = &t->interp->free_cells[holds_containers][class];
    size_t of_page = class_of_page(class);
    uint32_t cell_size = (uint32_t)(of_page * CELL_UNIT), wanted = REFILL_BYTES / cell_size, count = 0;
    if (holds_containers && heap->reserve[of_page]) {
        FreeCell *last = *list = heap->reserve[of_page];
        for (count = 1; count < wanted && last->next; count++)
            last = last->next;
        heap->reserve[of_page] = last->next;
        last->next = NULL;
        count_young(t, count);
        return true;
    }
    HeapPage *page = heap->pages[holds_containers][of_page];
    if (!page || page->cut == page->cell_count) {
        page = page_new(t->interp, holds_containers, cell_size);
        if (!page) return false;
    }
    FreeCell **link = list;
    for (; count < wanted && page->cut < page->cell_count; count++) {
        FreeCell *cell = (FreeCell *)(page->first + (size_t)page->cut++ * cell_size);
        if (holds_containers)   /* others are not looked through, and the smallest have no room for it */
            cell->type = NULL;
        *link = cell;
        link = &cell->next;
    }
    *link = NULL;
    if (holds_containers)
        count_young(t, count);
    return true;
}

/* ---- pages without a live cell ---- */

static void count_free(FreeCell *cell)
{
    for (; cell; cell = cell->next)
        page_of(cell)->free_count++;
}

/* And may go: a nook shares its 4 KB with another class. */
static bool page_is_empty(const HeapPage *page) { return page->free_count == page->cut && !page->is_divided; }

static void drop_cells_of_empty(FreeCell **link)
{
    for (FreeCell *cell = *link; cell; cell = cell->next)
        if (!page_is_empty(page_of(cell))) {
            *link = cell;
            link = &cell->next;
        }
    *link = NULL;
}

static void page_give_back(Heap *heap, HeapPage *page)
{
    HeapChunk *chunk = page->chunk;
    if (!chunk->empty) {
        chunk->next_empty = heap->empty;
        heap->empty = chunk;
    }
    chunk->empty |= UINT32_C(1) << ((char *)page - chunk->pages) / PAGE_SIZE;
    madvise(page, PAGE_SIZE, MADV_DONTNEED);
}

/* The pages of a class of which all cells are free leave it; the class of [of_page] and its sibling. */
static void class_give_back(Interp *interp, bool holds_containers, size_t of_page)
{
    Heap *heap = interp->heap;
    FreeCell **free_cells = interp->free_cells[holds_containers];
    FreeCell **lists[] = {&free_cells[of_page], &free_cells[of_page - 1], &heap->reserve[of_page]};
    size_t list_count = holds_containers ? 3 : 2;
    if (class_of_page(of_page - 1) != of_page) lists[1] = lists[--list_count];
    for (HeapPage *page = heap->pages[holds_containers][of_page]; page; page = page->next)
        page->free_count = 0;
    for (size_t i = 0; i < list_count; i++)
        count_free(*lists[i]);
    size_t empty = 0;
    for (HeapPage *page = heap->pages[holds_containers][of_page]; page; page = page->next)
        empty += page_is_empty(page);
    if (!empty) return;
    for (size_t i = 0; i < list_count; i++)
        drop_cells_of_empty(lists[i]);
    HeapPage **link = &heap->pages[holds_containers][of_page];
    for (HeapPage *page = *link, *next; page; page = next) {
        next = page->next;
        if (page_is_empty(page)) {
            page_give_back(heap, page);
        } else {
            *link = page;
            link = &page->next;
        }
    }
    *link = NULL;
}

/* For the Memory. The owner of free cells can be found, that of free bytes in a page cannot: only whole pages go. Any class may take them again. */
static void heap_give_back(void *owner)
{
    Interp *interp = owner;
    for (int holds_containers = 0; holds_containers < 2; holds_containers++)
        for (size_t class = 1; class < CELL_CLASSES; class++)
            if (interp->heap->pages[holds_containers][class])
                class_give_back(interp, holds_containers, class);
}

/* ---- which way an allocation goes ---- */

#ifdef TOY_HEAP_MALLOC
static inline bool fits_page(size_t size) { return size == 0; }
#else
static inline bool fits_page(size_t size) { return size <= HEAP_SMALL_MAX; }
#endif

#if defined TOY_HEAP_MALLOC || !defined NDEBUG
static inline void count_objects(Interp *interp, int change) { interp->live_objects += change; }
#else
static inline void count_objects(Interp *interp, int change) { (void)interp, (void)change; }
#endif

/* -X stress: cells pass by the Memory's account, which fails one of them; and each new container asks for a collection. */
static bool stress_passes(Thread *t, bool is_container)
{
    Memory *memory = &t->interp->memory;
    if (is_container && t->interp->config.stress_gc)
        atomic_fetch_or_explicit(&t->breaker, BREAKER_COLLECT, memory_order_relaxed);
    if (!memory->fail_at) return true;
    void *probe = memory_alloc(memory, 1);
    if (!probe) return false;
    memory_free(memory, probe, 1);
    return true;
}

COLD static void *cell_new_slow(Thread *t, bool is_container, size_t size)
{
    size_t class = cell_class(size);
    FreeCell **list = &t->interp->free_cells[is_container][class];
    if (!stress_passes(t, is_container)) return NULL;
    if (!*list && !refill(t, is_container, class)) return NULL;
    FreeCell *cell = *list;
    *list = cell->next;
    return cell;
}

static inline void *cell_new(Thread *t, bool is_container, size_t size)
{
    Interp *interp = t->interp;
    FreeCell **list = &interp->free_cells[is_container][cell_class(size)];
    FreeCell *cell = *list;
    if (UNLIKELY(!cell) || UNLIKELY((interp->memory.fail_at != 0) | interp->config.stress_gc))
        return cell_new_slow(t, is_container, size);
    *list = cell->next;
    return cell;
}

static void *large_new(Thread *t, bool is_container, size_t size)
{
    Interp *interp = t->interp;
    if (size > PTRDIFF_MAX - sizeof(LargeHeader)) return NULL;
    if (is_container && interp->config.stress_gc)
        atomic_fetch_or_explicit(&t->breaker, BREAKER_COLLECT, memory_order_relaxed);
    LargeHeader *large = memory_alloc(&interp->memory, sizeof *large + size);
    if (!large) return NULL;
    LargeHeader *head = &interp->heap->large[is_container];
    *large = (LargeHeader){.size = sizeof *large + size, .next = head, .previous = head->previous};
    head->previous->next = large;
    head->previous = large;
    if (is_container) count_young(t, 1);
    return large + 1;
}

/* ---- objects ---- */

/* A cell with its header; the rest is whatever lay there before. */
static inline Object *cell_with_header(Thread *t, Type *type, size_t size)
{
    ASSERT_GIL(t);
    uint32_t header;
    memcpy(&header, &type->kind, sizeof header);    /* kind, solid, first_flags */
    bool is_container = header >> 16 & OBJECT_IS_TRACKED;
    Object *object;
    if (LIKELY(fits_page(size))) {
        object = cell_new(t, is_container, size);
    } else {
        object = large_new(t, is_container, size);
        header |= (uint32_t)OBJECT_IS_LARGE << 16;
    }
    if (UNLIKELY(!object)) {
        raise_memory_error(t);
        return NULL;
    }
    uint64_t first_word = (uint64_t)header << 32 | 1;
    memcpy(object, &first_word, sizeof first_word);
    object->type = type;
    object_retain(type);
    count_objects(t->interp, 1);
    return object;
}

Object *heap_new_raw(Thread *t, Type *type, size_t size)
{
    return cell_with_header(t, type, size);
}

Object *heap_new(Thread *t, Type *type, size_t size)
{
    if (size > HEAP_SMALL_MAX) {
        Object *object = cell_with_header(t, type, size);
        return object ? memset(object + 1, 0, size - sizeof *object), object : NULL;
    }
    Object *object = heap_new_quick(t, type, size);
    if (UNLIKELY(!object))
        return NULL;
    /* Two words at a time. A loop, not the call of memset that the compiler would make of one: for the sizes that matter that costs more. */
    char *word = (char *)(object + 1), *end = (char *)object + size;
    for (; end - word >= CELL_UNIT; word += CELL_UNIT) {
        memset(word, 0, CELL_UNIT);
        __asm__("" : "+r"(word));
    }
    if (word < end) memset(word, 0, sizeof(Value));
    return object;
}

Object *heap_resize(Thread *t, Object *object, size_t old_size, size_t new_size)
{
    assert(object->flags & OBJECT_IS_LARGE && object->count == 1 && large_of(object)->size == sizeof(LargeHeader) + old_size);
    LargeHeader *large = memory_resize(&t->interp->memory, large_of(object), sizeof *large + old_size, sizeof *large + new_size);
    if (UNLIKELY(!large)) {
        raise_memory_error(t);
        return NULL;
    }
    large->size = sizeof *large + new_size;
    large->previous->next = large->next->previous = large;
    return (Object *)(large + 1);
}

size_t object_size(Object *object)
{
    return object->flags & OBJECT_IS_LARGE ? large_of(object)->size - sizeof(LargeHeader) : page_of(object)->cell_size;
}

uint32_t *heap_scratch(Object *container)
{
    if (container->flags & OBJECT_IS_LARGE)
        return &large_of(container)->scratch;
    HeapPage *page = page_of(container);
    uint64_t unit = (uint64_t)((char *)container - page->first) / CELL_UNIT;
    return &page->scratch[unit * page->reciprocal >> 32];
}

static void large_give_back(Interp *interp, Object *object)
{
    LargeHeader *large = large_of(object);
    large->previous->next = large->next;
    large->next->previous = large->previous;
    Heap *heap = interp->heap;
    if (object->flags & OBJECT_IS_TRACKED && heap->young) heap->young--;
    memory_free(&interp->memory, large, large->size);
}

ALWAYS_INLINE void cell_give_back(Interp *interp, Object *object)
{
    count_objects(interp, -1);
    if (UNLIKELY(object->flags & OBJECT_IS_LARGE)) {
        large_give_back(interp, object);
        return;
    }
    FreeCell *cell = (FreeCell *)object;
    FreeCell **list = &interp->free_cells[object->flags / OBJECT_IS_TRACKED & 1][page_of(object)->cell_size / CELL_UNIT];
    cell->type = NULL;
    cell->next = *list;
    *list = cell;
}

/* Runs script code (a finaliser, weak reference callbacks) in the midst of freeing: what that code frees must not wait for
 * the outermost object_free, and the exception on its way up, if any, is none of its business. */
static bool object_survives(Thread *t, Object *object)
{
    char *free_base = t->free_base;
    Value raised = t->raised;
    t->free_base = NULL;
    t->raised = UNBOUND;
    Type *type = object->type;
    bool survives = false;
    object->count = 1;
    if (type->slots.finalize && !(object->flags & OBJECT_IS_FINALIZED)) {
        object->flags |= OBJECT_IS_FINALIZED;
        type->slots.finalize(t, object_value(object));
        survives = object->count > 1;
    }
    if (!survives && (object->flags & OBJECT_HAS_WEAKREFS))
        weakrefs_clear(t, object);
    object->count--;
    if (is_bound(t->raised)) raised_clear(t);
    t->raised = raised;
    t->free_base = free_base;
    return survives;
}

/* What an instance has beside its native payload. */
static inline void members_free(Object *object, const Type *type)
{
    Attributes *attributes = (Attributes *)((char *)object + type->attributes_offset);
    if (LIKELY(type->attributes_offset && !type->member_count && attributes->shape && !attributes->extra)) {
        /* The plain instance: a shape, everything in the object itself; the other plain one has nothing but __slots__. */
        Value *slot = attributes->slots, *end = slot + attributes->shape->count;
        while (slot < end) release(*slot++);
    } else if (!type_is(type, TYPE_HAS_ATTRIBUTES | TYPE_IS_VARIABLE_SIZE)) {
        Value *member = (Value *)((char *)object + type_payload_size(type)), *end = member + type->member_count;
        while (member < end) release(*member++);
    } else {
        attributes_clear(object);
    }
}

static void free_later(Thread *t, Object *object)
{
    object->flags |= COLOUR_DYING;
    uint64_t word = (uint64_t)object->flags << 48 | (uint64_t)(uintptr_t)t->free_later;
    memcpy(object, &word, sizeof word);
    t->free_later = object;
}

static Object *take_free_later(Thread *t)
{
    Object *object = t->free_later;
    uint64_t word;
    memcpy(&word, object, sizeof word);
    t->free_later = (Object *)(uintptr_t)(word & 0xffffffffffff);
    object->count = 0;
    object->kind = object->type->kind;
    object->solid = object->type->solid;
    object->flags = (word >> 48) & ~(uint64_t)OBJECT_COLOUR_MASK;
    return object;
}

ALWAYS_INLINE void free_one(Thread *t, Object *object)
{
    Type *type = object->type;
    bool is_finalized = type_is(type, TYPE_HAS_FINALIZER) && !(object->flags & OBJECT_NEEDS_NO_FINALIZER);
    if (UNLIKELY(object->flags & OBJECT_HAS_WEAKREFS || is_finalized) && object_survives(t, object))
        return;
    object->flags |= COLOUR_DYING;    /* I4 */
    if (type->member_count || type_is(type, TYPE_HAS_ATTRIBUTES))
        members_free(object, type);
    if (type->spec->free)
        type->spec->free(object);
    cell_give_back(t->interp, object);
    object_release(type);
}

static void free_postponed(Thread *t)
{
    while (t->free_later)
        free_one(t, take_free_later(t));
}

/* The commonest of all: a small ASCII text, from whose length the size of its cell can be told without a look at the page. */
ALWAYS_INLINE bool free_text(Interp *interp, Object *object)
{
    if (object->kind != KIND_STR || object->flags & (OBJECT_IS_LARGE | OBJECT_IS_INTERNED | OBJECT_HAS_WEAKREFS) || !((Str *)object)->is_ascii)
        return false;
    count_objects(interp, -1);
    size_t class = cell_class(offsetof(Str, characters) + ((Str *)object)->length + 1);
    FreeCell *cell = (FreeCell *)object;
    cell->type = NULL;
    cell->next = interp->free_cells[0][class];
    interp->free_cells[0][class] = cell;
    return true;
}

/* Lets go of items if all of them outlive it; false: one would die, and nothing is changed. */
ALWAYS_INLINE bool release_survivors(const Value *items, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (!is_object(items[i])) continue;
        Object *item = as_object(items[i]);
        if (item->count >= COUNT_IMMORTAL) continue;
        if (UNLIKELY(item->count == 1)) {
            while (i-- > 0) retain(items[i]);
            return false;
        }
        item->count--;
    }
    return true;
}

/* A tuple or list that takes nothing with it: no other object is freed, no script code runs, and so none of what object_free provides
 * for is needed. A loop that makes tuples and takes them apart spends a tenth less of its instructions. */
ALWAYS_INLINE bool sequence_dies_alone(Thread *t, Object *object)
{
    if (object->kind == KIND_TUPLE)
        return release_survivors(((Tuple *)object)->items, ((Tuple *)object)->count);
    if (object->kind != KIND_LIST) return false;
    List *list = (List *)object;
    if (!release_survivors(list->items, list->count)) return false;
    if (list->items) block_free_quick(t, list->items, list->capacity * sizeof(Value));
    return true;
}

/* All but a small text. Apart, so that for that one no registers are saved: 22 instructions instead of 38. */
NOINLINE static void free_other(Thread *t, TAKES Object *object)
{
    Type *type = object->type;
    if (!(type->flags & (TYPE_IS_CONTAINER | TYPE_HAS_FINALIZER | TYPE_HAS_ATTRIBUTES)) && !(object->flags & OBJECT_HAS_WEAKREFS)) {
        if (type->spec->free)
            type->spec->free(object);
        cell_give_back(t->interp, object);
        object_release(type);
        return;
    }
    if (sequence_dies_alone(t, object)) {
        cell_give_back(t->interp, object);    /* its type is immortal */
        return;
    }
    /* An object that may hold others. See "Freeing a list of lists" above. */
    char *here = __builtin_frame_address(0), *base = t->free_base;
    if (!base)
        t->free_base = here;
    else if (UNLIKELY(base - here > FREE_STACK_MAX)) {
        free_later(t, object);
        return;
    }
    free_one(t, object);
    if (!base) {
        if (UNLIKELY(t->free_later != NULL))
            free_postponed(t);
        t->free_base = NULL;
    }
}

void object_free(TAKES Object *object)
{
    Thread *t = thread_current();
    if (!free_text(t->interp, object))
        free_other(t, object);
}

/* ---- blocks ---- */

void *block_alloc(Thread *t, size_t size)
{
    ASSERT_GIL(t);
    void *block = fits_page(size) && size ? cell_new(t, false, size) : memory_alloc(&t->interp->memory, size);
    if (UNLIKELY(!block))
        raise_memory_error(t);
    return block;
}

void block_free(Thread *t, TAKES void *block, size_t size)
{
    if (!block) return;
    if (!fits_page(size) || !size) {
        memory_free(&t->interp->memory, block, size);
        return;
    }
    FreeCell *cell = block;
    FreeCell **list = &t->interp->free_cells[0][cell_class(size)];
    cell->next = *list;
    *list = cell;
}

void *block_resize(Thread *t, void *block, size_t old_size, size_t new_size)
{
    if (!block) return block_alloc(t, new_size);
    bool was_small = fits_page(old_size) && old_size, is_small = fits_page(new_size) && new_size;
    if (!was_small && !is_small) {
        void *moved = memory_resize(&t->interp->memory, block, old_size, new_size);
        if (UNLIKELY(!moved))
            raise_memory_error(t);
        return moved;
    }
    if (was_small && is_small && cell_class(old_size) == cell_class(new_size))
        return block;
    void *moved = block_alloc(t, new_size);
    if (!moved) return NULL;
    memcpy(moved, block, old_size < new_size ? old_size : new_size);
    block_free(t, block, old_size);
    return moved;
}

/* ---- for the collector ---- */

void heap_walk_containers(Interp *interp, void (*visit)(Object *object, void *context), void *context)
{
    Heap *heap = interp->heap;
    for (size_t class = 1; class < CELL_CLASSES; class++)
        for (HeapPage *page = heap->pages[1][class]; page; page = page->next)
            for (uint32_t i = 0; i < page->cut; i++) {
                Object *object = (Object *)(page->first + (size_t)i * page->cell_size);
                if (object->type)
                    visit(object, context);
            }
    LargeHeader *head = &heap->large[1];
    for (LargeHeader *large = head->next, *next; large != head; large = next) {
        next = large->next;
        visit((Object *)(large + 1), context);
    }
}

size_t heap_young(Interp *interp) { return interp->heap->young; }

void heap_allow(Interp *interp, size_t growth) { interp->heap->growth = growth ? growth : SIZE_MAX; }

void heap_settle(Interp *interp, size_t growth)
{
    Heap *heap = interp->heap;
    heap->young = 0;
    heap_allow(interp, growth);
    for (size_t class = 1; class < CELL_CLASSES; class++) {
        FreeCell *cell = interp->free_cells[1][class];
        if (!cell) continue;
        while (cell->next) cell = cell->next;
        FreeCell **reserve = &heap->reserve[class_of_page(class)];
        cell->next = *reserve;
        *reserve = interp->free_cells[1][class];
        interp->free_cells[1][class] = NULL;
    }
}

void heap_discard(Interp *interp, TAKES Object *object) { cell_give_back(interp, object); }

/* What is still alive when nothing should be: the first few, by type. Other objects than containers are seen only if they stand alone. */
static void report_one(Object *object, void *context)
{
    int *left = context;
    if (object->flags & OBJECT_COLOUR_MASK || *left == 0) return;
    --*left;
    fprintf(stderr, "toy: still alive: %p kind %d, %u references\n", (void *)object, object->kind, object->count);
}

void heap_report_leaks(Interp *interp)
{
    int left = 20;
    fprintf(stderr, "toy: %lld objects are alive at the end\n", (long long)interp->live_objects);
    heap_walk_containers(interp, report_one, &left);
    LargeHeader *head = &interp->heap->large[0];
    for (LargeHeader *large = head->next; large != head; large = large->next)
        report_one((Object *)(large + 1), &left);
}
