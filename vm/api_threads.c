/* api_threads.c - the wall: blocking calls, script locks, threads, fork.
 *
 * What        toy_block_*, toy_lock_*, toy_thread_*, toy_fork_*.
 * How         as api.c; the work is done in vm/threads.
 * GIL         toy_block_begin drops it, toy_block_end takes it; toy_thread_attach takes it. Else held.
 * Read next   toy.h, vm/threads/README.md */
#include <unistd.h>

#include "vm/base/clock.h"
#include "vm/object/capsule.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/threads/blocking.h"
#include "vm/threads/safepoint.h"
#include "vm/threads/thread.h"

#include "vm/toy.h"

/* ---- blocking ---- */

void toy_block_begin(ToyThread *t, const char *what) { block_begin(t, what); }
void toy_block_begin_for(ToyThread *t, const char *what, ToyBlockReason reason)
{
    static const uint8_t reasons[] = {
        [TOY_BLOCK_NATIVE] = DROP_NATIVE, [TOY_BLOCK_LOCK] = DROP_LOCK, [TOY_BLOCK_SLEEP] = DROP_SLEEP, [TOY_BLOCK_FORK] = DROP_FORK};
    block_begin_for(t, what, reasons[reason]);
}
void toy_block_end(ToyThread *t) { block_end(t); }
bool toy_block_retry(ToyThread *t) { return block_retry(t); }
bool toy_check_signals(ToyThread *t) { return safepoint_handle_interruption(t); }
bool toy_check_recursion(ToyThread *t, const char *doing) { return !(stack_is_low(t) && stack_is_exhausted(t, doing)); }
int64_t toy_monotonic_ns(void) { return clock_monotonic_ns(); }

/* ---- locks ---- */

ToyLockResult toy_lock_wait(ToyThread *t, ToyLock *lock, int64_t timeout_ns) { return (ToyLockResult)lock_wait(t, lock, timeout_ns); }
void toy_lock_wake(ToyThread *t, ToyLock *lock) { lock_wake_waiter(t, lock); }
void toy_lock_forget(ToyThread *t, ToyLock *lock) { lock_reinit_after_fork(t, lock); }

/* ---- threads ---- */

bool toy_thread_start(ToyThread *t, void (*body)(ToyThread *t, void *argument), void *argument, bool is_daemon)
{
    ThreadHandle *handle = thread_handle_new(t);
    if (!handle) return false;
    bool done = thread_start(t, handle, body, argument, is_daemon);
    thread_handle_release(t, handle);
    return done;
}

/* *was: -1 for a thread that was unknown; else how deep in blocking calls it was. Such a thread is inside of a native call that gave
 * the lock up; what it calls from here may block as well, so its depth starts at nothing again. */
ToyThread *toy_thread_attach(ToyInterp *interp, int *was)
{
    Thread *t = thread_current();
    *was = t ? t->block_depth : -1;
    if (!t) return thread_attach(interp);
    if (t->block_depth) gil_take(&interp->gil, &t->gil_client);
    t->block_depth = 0;
    return t;
}

void toy_thread_leave(ToyThread *t, int was)
{
    if (was < 0) {
        thread_detach(t);
        return;
    }
    t->block_depth = was;
    if (was) gil_drop(&t->interp->gil, &t->gil_client, DROP_NATIVE);
}

uint64_t toy_thread_ident(ToyThread *t) { return t->ident; }
bool toy_thread_is_main(ToyThread *t) { return t->is_main; }
bool toy_is_finalizing(ToyThread *t) { return atomic_load(&t->interp->is_finalizing); }
size_t toy_thread_count(ToyThread *t) { return t->interp->thread_count; }

/* ---- thread-local storage ---- */

static Value local_key(const void *key) { return small_int_value((int64_t)(intptr_t)key); }

/* The value lies in a capsule, into which the collector does not look: whoever owns the key may visit it, as if it were its own. */
static void drop_local(void *pointer) { release((Value){(uint64_t)(uintptr_t)pointer}); }
static Value local_value(Value capsule) { return (Value){(uint64_t)(uintptr_t)((Capsule *)as_object(capsule))->pointer}; }

/* UNBOUND: there is none, nothing is raised. */
static BORROWED Value find_local_capsule(Thread *t, const Thread *of, const void *key)
{
    Value capsule = UNBOUND;
    if (is_unbound(of->locals) || !dict_get(t, as_dict(of->locals), local_key(key), &capsule) || is_unbound(capsule)) return UNBOUND;
    release(capsule);    /* the table has it still */
    return capsule;
}

static BORROWED Value find_local(Thread *t, const Thread *of, const void *key)
{
    Value capsule = find_local_capsule(t, of, key);
    return is_bound(capsule) ? local_value(capsule) : UNBOUND;
}

ToyValue toy_local_find(ToyThread *t, const void *key) { return find_local(t, t, key); }

bool toy_local_store(ToyThread *t, const void *key, ToyValue v)
{
    Value capsule = find_local_capsule(t, t, key);
    if (is_bound(capsule)) {
        Value old = local_value(capsule);
        ((Capsule *)as_object(capsule))->pointer = (void *)(uintptr_t)retain(v).bits;
        release(old);
        return true;
    }
    if (is_unbound(t->locals)) t->locals = object_value(dict_new(t));
    if (failed(t->locals)) return false;
    capsule = capsule_new(t, (void *)(uintptr_t)v.bits, "thread's own", drop_local);
    if (failed(capsule)) return false;
    retain(v);
    bool done = dict_set(t, as_dict(t->locals), local_key(key), capsule);
    release(capsule);
    return done;
}

void toy_local_visit(ToyThread *t, const void *key, ToyVisit visit, void *context)
{
    for (const Thread *each = t->interp->threads; each; each = each->next) {
        Value v = find_local(t, each, key);
        if (is_bound(v)) toy_visit(v, visit, context);
    }
}

void toy_local_forget(ToyThread *t, const void *key)
{
    /* Finalisers of what a value held may run script code, and threads may end meanwhile: collect first, drop afterwards. */
    Value raised = t->raised;
    t->raised = UNBOUND;
    List *values = list_new(t, 0);
    Thread *each = t->interp->threads;
    while (each) {
        Value v = UNBOUND;
        bool is_found = is_bound(each->locals) && dict_pop(t, as_dict(each->locals), local_key(key), &v) && is_bound(v);
        each = each->next;
        if (!is_found) continue;
        if (values && list_append_take(t, values, v)) continue;
        /* No memory: the value is gone already, and the list of threads may be another one. */
        if (!values) release(v);
        raised_clear(t);
        each = t->interp->threads;
    }
    raised_clear(t);
    t->raised = raised;
    if (values) object_release(values);
}

/* ---- fork ---- */

pid_t toy_fork(ToyThread *t) { return process_fork(t); }
void toy_exit_now(ToyThread *t, int status)
{
    if (t->interp->report) t->interp->report(t);
    _exit(status);
}
void toy_fork_before(ToyThread *t) { fork_before(t); }
void toy_fork_in_parent(ToyThread *t) { fork_in_parent(t); }
void toy_fork_in_child(ToyThread *t) { fork_in_child(t); }
bool toy_fork_register(ToyThread *t, ToyValue before, ToyValue in_parent, ToyValue in_child)
{
    return fork_register(t, before, in_parent, in_child);
}
