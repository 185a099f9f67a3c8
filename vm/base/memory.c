/* memory.c - the account of a Memory, and arenas on top of it.
 *
 * What        Every byte the interpreter asks for passes memory_alloc or memory_resize; nobody else calls malloc.
 * How         One counter numbers the requests. That is what makes failure testable: run a program once for each number
 *             up to some bound, and let exactly that request fail.
 *             An arena hands out pieces of large blocks by moving a pointer:
 *
 *                 newest -> [ block header | piece | piece | free ....... ]
 *                              | older                      ^ next        ^ end
 *                              v
 *                           [ block header | piece | piece | piece | lost ]
 *
 * Invariants  I1 to I3 as in memory.h.   I4 every piece of an arena is zeroed and aligned to ARENA_ALIGNMENT.
 * GIL         as the Memory: its owner's.
 * Read next   buffer.c */
#include "vm/base/memory.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

enum { ARENA_ALIGNMENT = 16, ARENA_FIRST_BLOCK = 1024, ARENA_LARGEST_BLOCK = 64 * 1024 };
enum { GIVE_BACK_FIRST = 4 * 1024 * 1024, GIVE_BACK_STEP = 16 };

void memory_init(Memory *memory)
{
    *memory = (Memory){.give_back_at = GIVE_BACK_FIRST};
}

/* More than any address space holds: refused without asking the system. */
enum { MEMORY_REQUEST_MAX = (size_t)1 << 46 };

/* Counts one request; false when it is the one that shall fail (I2). */
static bool request_passes(Memory *memory, size_t size)
{
    memory->allocations++;
    if (LIKELY(memory->allocations != memory->fail_at && size <= MEMORY_REQUEST_MAX))
        return true;
    memory->failures++;
    return false;
}

/* The process is about to become larger than it ever was: what a phase that is over left behind goes first (I3), or it would be resident beside
 * what comes. Not when something is freed, for what a loop frees and takes again would go to the system and back each time around; and
 * in steps, so that a program that grows all the time spends nothing to speak of. */
COLD static void grow_past_peak(Memory *memory, size_t coming)
{
    bool by_much = coming > memory->give_back_at;
    if (!by_much && memory->released < coming / GIVE_BACK_STEP) return;
    if (by_much && memory->give_back) memory->give_back(memory->owner);
    malloc_trim(0);
    memory->released = 0;
    if (by_much) memory->give_back_at = coming + coming / GIVE_BACK_STEP;
}

static void before_growth(Memory *memory, size_t growth)
{
    size_t coming = memory->bytes_in_use + growth;
    if (UNLIKELY(coming > GIVE_BACK_FIRST && coming > memory->bytes_peak))   /* a small program never gets to the page with the rest */
        grow_past_peak(memory, coming);
}

static void account_add(Memory *memory, size_t size)
{
    memory->bytes_in_use += size;
    if (memory->bytes_in_use > memory->bytes_peak)
        memory->bytes_peak = memory->bytes_in_use;
}

void *memory_alloc(Memory *memory, size_t size)
{
    if (!request_passes(memory, size))
        return NULL;
    before_growth(memory, size);
    void *block = malloc(size ? size : 1);
    if (UNLIKELY(!block)) {
        memory->failures++;
        return NULL;
    }
    account_add(memory, size);
    return block;
}

void *memory_alloc_zeroed(Memory *memory, size_t size)
{
    if (!request_passes(memory, size))
        return NULL;
    before_growth(memory, size);
    /* calloc, not malloc and memset: fresh pages from the system are zero already and stay untouched until used. */
    void *block = calloc(1, size ? size : 1);
    if (UNLIKELY(!block)) {
        memory->failures++;
        return NULL;
    }
    account_add(memory, size);
    return block;
}

void *memory_resize(Memory *memory, void *block, size_t old_size, size_t new_size)
{
    if (!request_passes(memory, new_size))
        return NULL;
    if (new_size > old_size)
        before_growth(memory, new_size - old_size);
    uintptr_t place = (uintptr_t)block;
    void *moved = realloc(block, new_size ? new_size : 1);
    if (UNLIKELY(!moved)) {
        memory->failures++;
        return NULL;
    }
    memory->bytes_in_use -= old_size;
    if ((uintptr_t)moved != place)
        memory->released += old_size;
    account_add(memory, new_size);
    return moved;
}

void memory_free(Memory *memory, TAKES void *block, size_t size)
{
    if (!block)
        return;
    memory->bytes_in_use -= size;
    memory->released += size;
    free(block);
}

/* malloc keeps what lies between blocks still in use, and the heap's pages do not come from there: the tree of a script of 5 KB would
 * stay resident, 0.3 MB, until the end. Little is not worth two calls of the system. */
void memory_give_back(Memory *memory)
{
    enum { LITTLE = 64 * 1024 };
    if (memory->bytes_peak - memory->bytes_in_use >= LITTLE)
        malloc_trim(0);
}

void *memory_alloc_array(Memory *memory, size_t count, size_t size)
{
    size_t total;
    if (__builtin_mul_overflow(count, size, &total)) {
        memory->allocations++;
        memory->failures++;
        return NULL;
    }
    return memory_alloc(memory, total);
}

/* The header keeps a multiple of ARENA_ALIGNMENT, so that the first piece behind it is aligned (I4). */
struct ArenaBlock {
    ArenaBlock *older;
    size_t size;  /* header included: what memory_free wants to hear */
};
_Static_assert(sizeof(ArenaBlock) % ARENA_ALIGNMENT == 0, "pieces behind the header must be aligned");

void arena_init(Arena *arena, Memory *memory)
{
    *arena = (Arena){.memory = memory};
}

void arena_free(Arena *arena)
{
    ArenaBlock *block = arena->newest;
    while (block) {
        ArenaBlock *older = block->older;
        memory_free(arena->memory, block, block->size);
        block = older;
    }
    arena_init(arena, arena->memory);
}

/* A block of its own for a large piece, a shared one, twice as large as the last, for small pieces. */
static bool arena_grow(Arena *arena, size_t piece)
{
    size_t size = arena->newest ? arena->newest->size * 2 : ARENA_FIRST_BLOCK;
    if (size > ARENA_LARGEST_BLOCK)
        size = ARENA_LARGEST_BLOCK;
    if (piece > SIZE_MAX - sizeof(ArenaBlock))
        return false;
    if (size < piece + sizeof(ArenaBlock))
        size = piece + sizeof(ArenaBlock);
    ArenaBlock *block = memory_alloc(arena->memory, size);
    if (!block)
        return false;
    block->older = arena->newest;
    block->size = size;
    arena->newest = block;
    arena->next = (char *)(block + 1);
    arena->end = (char *)block + size;
    return true;
}

void *arena_alloc(Arena *arena, size_t size)
{
    if (size > SIZE_MAX - ARENA_ALIGNMENT)
        return NULL;
    size_t rounded = (size + ARENA_ALIGNMENT - 1) & ~(size_t)(ARENA_ALIGNMENT - 1);
    if (rounded == 0)
        rounded = ARENA_ALIGNMENT;  /* two empty pieces still have two addresses */
    if ((size_t)(arena->end - arena->next) < rounded && !arena_grow(arena, rounded))
        return NULL;
    void *piece = arena->next;
    arena->next += rounded;
    /* Not the whole block at once: what of it is never handed out shall not become resident. */
    return memset(piece, 0, rounded);
}

char *arena_copy(Arena *arena, const char *text, size_t length)
{
    if (length == SIZE_MAX)
        return NULL;
    char *copy = arena_alloc(arena, length + 1);
    if (copy && length)
        memcpy(copy, text, length);  /* the NUL is there: pieces are zeroed */
    return copy;
}
