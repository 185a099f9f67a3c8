/* thread.c - see thread.h.
 *
 * What        The life of a thread, top to bottom: new, start, main, end; then the waiting, and the end of all.
 * How         thread_start makes the Thread under the creator's GIL and lets a pthread loose on it. thread_main is that pthread's
 *             first function: it finds out about itself, takes the GIL, runs the body, and ends. A Thread struct that has
 *             ended goes to Threading.ended and is used again.
 *             A start that waits drops the GIL, so that the new thread finds it free, and looks for a moment instead of falling
 *             asleep: a pthread is up within some 10 us. If its body is short, it has ended by the time its creator has the GIL
 *             again, and the join waits for nothing: one sleep in all.
 * Invariants  I1 and I2 of thread.h.
 * GIL         taken in thread_main and the attach functions, dropped in end_thread.
 * Read next   safepoint.c, lock.c, fork.c, vm/gil/gil.c `gil_drop_and_leave` */
#include "vm/threads/thread.h"

#include <limits.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/resource.h>
#include <unistd.h>

#include "vm/base/clock.h"
#include "vm/object/exception.h"
#include "vm/threads/safepoint.h"
#include "vm/threads/signals.h"

enum {
    /* What native code may use of the C stack without asking: the deepest path between two tests of stack_limit, libc included,
     * and the larger frames of sanitizer builds. */
    STACK_MARGIN = 512 * 1024,
    STACK_SMALLEST = 32 * 1024,              /* what scripts may ask for */
    STACK_LEAST = STACK_MARGIN + 512 * 1024, /* what they get at least: it is address space, not memory */
    STACK_FALLBACK = 8 * 1024 * 1024,
    STACK_LARGEST = 1024 * 1024 * 1024,      /* of an unlimited main stack we use no more */
    DEPTH_LIMIT_DEFAULT = 1000,
};

/* ---- the C stack ---------------------------------------------------------------------------------------------------------- */

static size_t system_stack_size(void)
{
    struct rlimit limit;
    if (getrlimit(RLIMIT_STACK, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return STACK_FALLBACK;
    return limit.rlim_cur;
}

/* The main thread's stack grows downwards on demand, as far as the limit of the process allows. The kernel puts the name of the
 * program near its very top, above arguments and environment. */
static char *main_stack_limit(void)
{
    struct rlimit limit;
    size_t size = STACK_FALLBACK;
    if (getrlimit(RLIMIT_STACK, &limit) == 0)
        size = limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur > STACK_LARGEST ? STACK_LARGEST : limit.rlim_cur;
    char *here = __builtin_frame_address(0);
    char *top = (char *)getauxval(AT_EXECFN);
    if (top < here)
        top = here;
    return top - size + STACK_MARGIN;
}

/* A thread's stack begins a little above its first function: the C library's own thread data, thread-local variables. */
static char *thread_stack_limit(size_t size)
{
    enum { ABOVE_FIRST_FRAME = 16 * 1024 };
    return (char *)__builtin_frame_address(0) - size + ABOVE_FIRST_FRAME + STACK_MARGIN;
}

static size_t real_stack_size(const Threading *threading)
{
    size_t size = threading->stack_size != 0 ? threading->stack_size : threading->default_stack_size;
    size_t page = 4096;
    if (size < STACK_LEAST)
        size = STACK_LEAST;
    return (size + page - 1) / page * page;
}

bool thread_set_stack_size(Interp *interp, size_t bytes)
{
    if (bytes != 0 && bytes < STACK_SMALLEST)
        return false;
    interp->threading->stack_size = bytes;
    return true;
}

/* ---- new ------------------------------------------------------------------------------------------------------------------ */

static void link_thread(Interp *interp, Thread *t)
{
    t->next = interp->threads;
    t->previous = NULL;
    if (interp->threads != NULL)
        interp->threads->previous = t;
    interp->threads = t;
    interp->thread_count++;
}

static void unlink_thread(Interp *interp, Thread *t)
{
    if (t->previous != NULL)
        t->previous->next = t->next;
    else
        interp->threads = t->next;
    if (t->next != NULL)
        t->next->previous = t->previous;
    interp->thread_count--;
}

static Thread *thread_allocate(Interp *interp)
{
    Thread *t = interp->threading->ended;
    if (t != NULL)
        interp->threading->ended = t->next;
    else
        t = memory_alloc(&interp->memory, sizeof *t);
    return t;
}

static void put_aside(Interp *interp, Thread *t)
{
    t->next = interp->threading->ended;
    interp->threading->ended = t;
}

/* The caller holds the GIL, or is about to become the first thread. Known to the lock and to Interp; not running yet. */
static Thread *thread_new(Interp *interp)
{
    Thread *t = thread_allocate(interp);
    if (t == NULL)
        return NULL;
    memset(t, 0, sizeof *t);
    t->interp = interp;
    t->raised = t->async_raise = UNBOUND;
    t->handled = &t->handled_base;
    t->handled_base.exception = NONE;
    t->depth_limit = interp->main_thread != NULL ? interp->main_thread->depth_limit : DEPTH_LIMIT_DEFAULT;
    if (interp->config.stress_gc || interp->config.stress_switch)
        t->breaker = BREAKER_STRESS;
    if (!interp->threading->hooks.prepare(t)) {
        put_aside(interp, t);
        return NULL;
    }
    gil_join(&interp->gil, &t->gil_client, &t->breaker);
    link_thread(interp, t);
    return t;
}

/* ---- start ---------------------------------------------------------------------------------------------------------------- */

static void *thread_main(void *argument);

ThreadHandle *thread_handle_new(Thread *t)
{
    ThreadHandle *handle = memory_alloc_zeroed(&t->interp->memory, sizeof *handle);
    if (handle == NULL) {
        raise_memory_error(t);
        return NULL;
    }
    handle->count = 1;
    lock_init(&handle->done);
    return handle;
}

void thread_handle_retain(ThreadHandle *handle)
{
    handle->count++;
}

void thread_handle_release(Thread *t, ThreadHandle *handle)
{
    if (--handle->count > 0)
        return;
    lock_finish(&handle->done);
    memory_free(&t->interp->memory, handle, sizeof *handle);
}

/* Undo thread_new for a thread that never ran. */
static void discard_thread(Interp *interp, Thread *t)
{
    gil_leave(&interp->gil, &t->gil_client);
    unlink_thread(interp, t);
    interp->threading->hooks.finish(t);
    put_aside(interp, t);
}

bool thread_start(Thread *t, ThreadHandle *handle, ThreadBody body, void *argument, bool is_daemon)
{
    ASSERT_GIL(t);
    Interp *interp = t->interp;
    if (atomic_load(&interp->is_finalizing))
        return raise_false(t, EXC_PythonFinalizationError, "can't create new thread at interpreter shutdown");
    Thread *child = thread_new(interp);
    if (child == NULL) {
        raise_memory_error(t);
        return false;
    }
    child->handle = handle;
    child->is_daemon = handle->is_daemon = is_daemon;
    handle->body = body;
    handle->argument = argument;
    handle->is_done = false;
    handle->done.is_locked = true;   /* I2 */
    thread_handle_retain(handle);

    pthread_attr_t attributes;
    pthread_attr_init(&attributes);
    pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attributes, real_stack_size(interp->threading));
    pthread_t pthread;
    int error = pthread_create(&pthread, &attributes, thread_main, child);
    pthread_attr_destroy(&attributes);
    if (error != 0) {
        handle->done.is_locked = false;
        discard_thread(interp, child);
        thread_handle_release(t, handle);
        return raise_false(t, EXC_RuntimeError, "can't start new thread");
    }
    /* Written here and not by the new thread, so that everybody who holds the GIL may read it from now on. */
    child->pthread = pthread;
    child->ident = handle->ident = (uint64_t)pthread;
    return true;
}

bool thread_start_and_see(Thread *t, ThreadHandle *handle, ThreadBody body, void *argument, bool is_daemon)
{
    /* About what it takes a new pthread to reach its first instruction. */
    enum { START_LOOK_NS = 30 * NS_PER_US };
    Gil *gil = &t->interp->gil;
    handle->native_id = 0;
    handle->starter = &t->parking;
    parking_reset(&t->parking);
    if (!thread_start(t, handle, body, argument, is_daemon)) {
        handle->starter = NULL;
        return false;
    }
    while (handle->native_id == 0) {
        gil_drop(gil, &t->gil_client, DROP_LOCK);
        /* Signals may wake us too; they are heard at the safepoint that follows the start. */
        (void)!parking_wait(&t->parking, PARK_FOREVER, START_LOOK_NS);
        gil_take(gil, &t->gil_client);
        parking_reset(&t->parking);
    }
    handle->starter = NULL;
    return true;
}

/* ---- main and end --------------------------------------------------------------------------------------------------------- */

/* What scripts have left in the thread. May run script code (finalisers), so the thread must still be whole. */
static void release_values(Thread *t)
{
    Value *places[] = {&t->locals, &t->context, &t->trace_function, &t->profile_function, &t->async_generator_hooks[0],
                       &t->async_generator_hooks[1], &t->async_raise};
    for (size_t i = 0; i < ARRAY_LENGTH(places); i++)
        clear(places[i]);
    assert(!is_raised(t));
}

/* The last act of a thread: after it, nothing of the interpreter is touched. */
static void end_thread(Thread *t)
{
    Interp *interp = t->interp;
    release_values(t);
    /* Threads whose Thread is gone may not find it. */
    unlink_thread(interp, t);
    interp->threading->hooks.finish(t);
    Parking *joiner = NULL;
    ThreadHandle *handle = t->handle;
    if (handle != NULL) {
        handle->is_done = true;
        joiner = lock_release_for_end(t, &handle->done);
        thread_handle_release(t, handle);
    }
    put_aside(interp, t);
    thread_now = NULL;
    gil_drop_and_leave(&interp->gil, &t->gil_client, DROP_EXIT);
    /* Now that the GIL is free the joiner will find it so, and not wake up only to wait again. */
    if (joiner != NULL)
        parking_kick(joiner);
}

static void *thread_main(void *argument)
{
    Thread *t = argument;
    thread_now = t;
    t->stack_limit = thread_stack_limit(real_stack_size(t->interp->threading));
    int native_id = gettid();
    gil_take(&t->interp->gil, &t->gil_client);
    t->native_id = t->handle->native_id = native_id;
    if (t->handle->starter != NULL && parking_mark(t->handle->starter))
        parking_kick(t->handle->starter);
    t->handle->body(t, t->handle->argument);
    end_thread(t);
    return NULL;
}

/* ---- threads that exist already ------------------------------------------------------------------------------------------- */

static void settle(Thread *t, char *stack_limit)
{
    thread_now = t;
    t->stack_limit = stack_limit;
    t->pthread = pthread_self();
    t->ident = (uint64_t)t->pthread;
    t->native_id = gettid();
}

Thread *thread_attach_main(Interp *interp)
{
    Thread *t = thread_new(interp);
    if (t == NULL)
        return NULL;
    settle(t, main_stack_limit());
    t->is_main = true;
    interp->main_thread = t;
    gil_take(&interp->gil, &t->gil_client);
    return t;
}

static char *foreign_stack_limit(void)
{
    pthread_attr_t attributes;
    void *lowest = NULL;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstack(&attributes, &lowest, &size);
        pthread_attr_destroy(&attributes);
    }
    if (lowest == NULL)
        return (char *)__builtin_frame_address(0) - STACK_LEAST + STACK_MARGIN;
    return (char *)lowest + (size > 2 * STACK_MARGIN ? STACK_MARGIN : size / 2);
}

Thread *thread_attach(Interp *interp)
{
    char *stack_limit = foreign_stack_limit();
    /* To make a Thread one must hold the GIL, and to hold the GIL one must be a client: so a guest comes first. */
    GilClient guest;
    _Atomic uint32_t guest_breaker = 0;
    gil_join(&interp->gil, &guest, &guest_breaker);
    gil_take(&interp->gil, &guest);
    Thread *t = atomic_load(&interp->is_finalizing) ? NULL : thread_new(interp);
    if (t != NULL) {
        settle(t, stack_limit);
        t->is_daemon = true;
    }
    gil_drop_and_leave(&interp->gil, &guest, DROP_EXIT);
    if (t != NULL)
        gil_take(&interp->gil, &t->gil_client);
    return t;
}

void thread_detach(Thread *t)
{
    assert(t == thread_current());
    end_thread(t);
}

/* ---- waiting -------------------------------------------------------------------------------------------------------------- */

LockResult thread_join(Thread *t, ThreadHandle *handle, int64_t timeout_ns)
{
    thread_handle_retain(handle);
    LockResult result = lock_acquire(t, &handle->done, timeout_ns);
    /* It is open for good now: the next joiner in the queue, if any, goes on at once. */
    if (result == LOCK_ACQUIRED)
        lock_release(t, &handle->done);
    thread_handle_release(t, handle);
    return result;
}

bool threads_join_all(Thread *t)
{
    Interp *interp = t->interp;
    for (;;) {
        Thread *other = interp->threads;
        while (other != NULL && (other == t || other->is_daemon || other->is_main || other->handle == NULL))
            other = other->next;
        if (other == NULL)
            return true;
        /* The list may look quite different afterwards: begin anew. */
        if (thread_join(t, other->handle, LOCK_WAIT_FOREVER) == LOCK_RAISED)
            return false;
    }
}

Thread *thread_with_ident(Interp *interp, uint64_t ident)
{
    Thread *t = interp->threads;
    while (t != NULL && t->ident != ident)
        t = t->next;
    return t;
}

/* ---- the interpreter's part ----------------------------------------------------------------------------------------------- */

bool threading_init(Interp *interp, const ThreadHooks *hooks)
{
    Threading *threading = memory_alloc_zeroed(&interp->memory, sizeof *threading);
    if (threading == NULL)
        return false;
    interp->threading = threading;
    threading->hooks = *hooks;
    threading->default_stack_size = system_stack_size();
    pthread_mutex_init(&threading->pending.mutex, NULL);
    return true;
}

static void free_all(Interp *interp, Thread *t)
{
    while (t != NULL) {
        Thread *next = t->next;
        memory_free(&interp->memory, t, sizeof *t);
        t = next;
    }
}

void threading_finish(Interp *interp)
{
    Threading *threading = interp->threading;
    fork_hooks_finish(interp, &threading->fork_hooks);
    free_all(interp, threading->ended);
    free_all(interp, threading->vanished);
    pthread_mutex_destroy(&threading->pending.mutex);
    interp->threading = NULL;
    memory_free(&interp->memory, threading, sizeof *threading);
}

bool threads_close(Thread *t)
{
    atomic_store(&t->interp->is_finalizing, true);
    gil_close(&t->interp->gil, &t->gil_client);
    return t->interp->thread_count > 1;
}

void threads_forget_others(Thread *t)
{
    Interp *interp = t->interp;
    Threading *threading = interp->threading;
    Thread *other = interp->threads;
    while (other != NULL) {
        Thread *next = other->next;
        if (other != t) {
            if (other->handle != NULL) {
                /* Its joiners see it ended, as indeed it is here. */
                other->handle->is_done = true;
                lock_reinit_after_fork(t, &other->handle->done);
            }
            /* Nobody can tell what it was in the middle of: what it held in hand stays as it is, reachable but unused. */
            other->next = threading->vanished;
            threading->vanished = other;
        }
        other = next;
    }
    interp->threads = t;
    t->next = t->previous = NULL;
    interp->thread_count = 1;
    t->is_main = true;
    interp->main_thread = t;
    t->native_id = gettid();
    if (t->handle != NULL)
        t->handle->native_id = t->native_id;
    pthread_mutex_init(&threading->pending.mutex, NULL);
    threading->pending.first = threading->pending.count = 0;
    threading->pending.is_running = false;
}
