/* stack.c - the thread's value stack: chunks that never move.
 *
 * What        stack_room, for whoever lays a frame or a row of arguments.
 * How         Chunks form a list, oldest first. t->chunk is the one last used; after returns it may be too new, which the next slow
 *             request corrects. Chunks are kept until the thread ends: recursion that comes and goes does not allocate.
 * Invariants  I1 a frame lies within one chunk, or in its generator.
 * GIL         held.
 * Read next   frame.h, call.c */
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/run/frame.h"
#include "vm/run/generator.h"

static StackChunk *chunk_new(Thread *t, size_t values)
{
    if (values < STACK_CHUNK_VALUES) values = STACK_CHUNK_VALUES;
    StackChunk *chunk = memory_alloc(&t->interp->memory, sizeof *chunk + values * sizeof(Value));
    if (!chunk) return NULL;
    *chunk = (StackChunk){.capacity = values};
    return chunk;
}

static void chunk_use(Thread *t, StackChunk *chunk)
{
    t->chunk = chunk;
    t->stack_base = chunk->values;
    t->stack_end = chunk->values + chunk->capacity;
}

/* Raises nothing: the thread is not running yet (vm/threads/thread.h, ThreadHooks). */
bool stack_init(Thread *t)
{
    StackChunk *chunk = chunk_new(t, 0);
    if (!chunk) return false;
    chunk_use(t, chunk);
    t->handled_base = (HandledException){.exception = NONE};
    t->handled = &t->handled_base;
    return true;
}

void stack_finish(Thread *t)
{
    clear(&t->handled_base.exception);
    StackChunk *chunk = t->chunk;
    while (chunk && chunk->newer) chunk = chunk->newer;
    while (chunk) {
        StackChunk *older = chunk->older;
        memory_free(&t->interp->memory, chunk, sizeof *chunk + chunk->capacity * sizeof(Value));
        chunk = older;
    }
    t->chunk = NULL;
    t->stack_end = NULL;
}

static bool lies_in(const StackChunk *chunk, const Value *at)
{
    return at >= chunk->values && at <= chunk->values + chunk->capacity;
}

/* The chunk of [at], or NULL: it lies in a generator. */
static StackChunk *chunk_of(Thread *t, const Value *at)
{
    StackChunk *chunk = t->chunk;
    while (chunk && !lies_in(chunk, at)) chunk = chunk->older;
    return chunk;
}

Value *stack_room_slow(Thread *t, Value *at, size_t count)
{
    StackChunk *chunk = chunk_of(t, at);
    if (!chunk) {
        at = stack_top(t);
        chunk = chunk_of(t, at);
    }
    if ((size_t)(chunk->values + chunk->capacity - at) >= count) {
        chunk_use(t, chunk);
        return at;
    }
    StackChunk *newer = chunk->newer;
    if (newer && newer->capacity < count) {      /* too short and unused: everything above it goes */
        while (newer) {
            StackChunk *next = newer->newer;
            memory_free(&t->interp->memory, newer, sizeof *newer + newer->capacity * sizeof(Value));
            newer = next;
        }
        chunk->newer = NULL;
        chunk_use(t, chunk);
    }
    if (!newer) {
        newer = chunk_new(t, count);
        if (!newer) {
            raise_memory_error(t);
            return NULL;
        }
        newer->older = chunk;
        chunk->newer = newer;
    }
    chunk_use(t, newer);
    return newer->values;
}

Value *stack_top(Thread *t)
{
    if (LIKELY(t->frame)) return frame_top(t->frame);
    StackChunk *oldest = t->chunk;
    while (oldest->older) oldest = oldest->older;
    return oldest->values;
}
