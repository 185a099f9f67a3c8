/* memory.h - where bytes come from: counted, and able to fail on purpose.
 *
 * What        A Memory is a source of bytes with an account: how many allocations, how many bytes are out, and
 *             at which allocation it shall fail. An Arena gives memory that is freed all at once (trees, scratch).
 * How         malloc underneath. A caller that frees says the size again, so the account needs no header.
 * Invariants  I1 bytes_in_use is the sum of the sizes given out and not yet returned.
 *             I2 the allocation whose number is fail_at fails, exactly once; nothing else about it is special.
 *             I3 the account passes neither give_back_at, nor its peak when much was returned, before what lies free has gone back to the system.
 * GIL         a Memory belongs to one interpreter: hold its lock, or own the Memory alone (compiler tools, tests).
 * Read next   buffer.h, vm/object/heap.h (size classes and pages on top of this) */
#ifndef TOY_BASE_MEMORY_H
#define TOY_BASE_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "vm/base/attributes.h"

typedef struct Memory {
    uint64_t allocations;  /* how many were asked for since the start: numbers the next failure */
    uint64_t fail_at;      /* the number of the allocation that shall fail; 0 = none (-X stress=alloc:N) */
    uint64_t failures;     /* how many failed, forced or real */
    size_t bytes_in_use;   /* I1 */
    size_t bytes_peak;
    size_t give_back_at;   /* I3: a sixteenth more than when it last happened */
    size_t released;       /* bytes returned since then: that much malloc may keep */
    void (*give_back)(void *owner);   /* asks the owner for what it keeps free; allocates nothing. NULL: no owner */
    void *owner;
} Memory;

void memory_init(Memory *memory);

/* Each returns NULL when memory is exhausted or this is the allocation that shall fail. A size of 0 is served as 1. */
MUST_CHECK void *memory_alloc(Memory *memory, size_t size);
MUST_CHECK void *memory_alloc_zeroed(Memory *memory, size_t size);
/* On failure the old block stays as it was, still owned by the caller. [block] may be NULL with [old_size] 0. */
MUST_CHECK void *memory_resize(Memory *memory, void *block, size_t old_size, size_t new_size);
void memory_free(Memory *memory, TAKES void *block, size_t size);  /* NULL is fine */

/* A phase is over that took much for a short time (a source file has become code): what of it is free goes back to the system. */
void memory_give_back(Memory *memory);

/* count * size without overflow; NULL when the product does not fit in a size_t. */
MUST_CHECK void *memory_alloc_array(Memory *memory, size_t count, size_t size);

/* Arena: many small pieces with one lifetime. Blocks never move, so pointers into it stay good until arena_free. */
typedef struct ArenaBlock ArenaBlock;
typedef struct Arena {
    Memory *memory;
    ArenaBlock *newest;
    char *next, *end;  /* the free part of the newest block */
} Arena;

void arena_init(Arena *arena, Memory *memory);
void arena_free(Arena *arena);                                       /* gives everything back; the arena may be used again */
MUST_CHECK void *arena_alloc(Arena *arena, size_t size);             /* zeroed, aligned to 16 */
MUST_CHECK char *arena_copy(Arena *arena, const char *text, size_t length);  /* adds a NUL */

#endif
