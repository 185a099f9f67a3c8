/* fork.c - see fork.h. Read it from top to bottom: that is the order of time.
 *
 * What        fork_before -> fork(2) -> fork_in_parent | fork_in_child.
 * How         fork(2) copies the memory of all threads, but only the caller goes on in the copy. What another thread was doing at
 *             that moment stays half done for ever, a lock that it held stays held. Hence: before the fork, hooks may bring
 *             what they guard into order, last registered first. In the child, the machine's own locks are made anew, then
 *             the other threads are taken off the books, then hooks put theirs in order, first registered first.
 * Invariants  I1 and I2 of fork.h.
 *             I3 what a hook raises is reported and does not stop the fork.
 * GIL         held throughout; script hooks may give it up, as any script code.
 * Read next   vm/gil/gil.c `gil_remake_after_fork`, thread.c `threads_forget_others`, lock.c (why queues count forks) */
#include "vm/threads/fork.h"

#include <errno.h>
#include <unistd.h>

#include "vm/object/exception.h"
#include "vm/object/protocol.h"
#include "vm/threads/signals.h"
#include "vm/threads/thread.h"

/* ---- hooks ---------------------------------------------------------------------------------------------------------------- */

bool fork_register(Thread *t, Value before, Value in_parent, Value in_child)
{
    ForkHooks *hooks = &t->interp->threading->fork_hooks;
    if (hooks->script_count == hooks->script_capacity) {
        size_t capacity = hooks->script_capacity == 0 ? 8 : hooks->script_capacity * 2;
        ScriptForkHook *larger = memory_resize(&t->interp->memory, hooks->scripts, hooks->script_capacity * sizeof *larger,
                                               capacity * sizeof *larger);
        if (larger == NULL) {
            raise_memory_error(t);
            return false;
        }
        hooks->scripts = larger;
        hooks->script_capacity = capacity;
    }
    hooks->scripts[hooks->script_count++] = (ScriptForkHook){retain(before), retain(in_parent), retain(in_child)};
    return true;
}

void fork_register_native(Interp *interp, NativeForkHook hook)
{
    ForkHooks *hooks = &interp->threading->fork_hooks;
    assert(hooks->native_count < NATIVE_FORK_HOOKS_MAX);
    hooks->natives[hooks->native_count++] = hook;
}

void fork_hooks_finish(Interp *interp, ForkHooks *hooks)
{
    ScriptForkHook *scripts = hooks->scripts;
    size_t count = hooks->script_count, capacity = hooks->script_capacity;
    hooks->scripts = NULL;
    hooks->script_count = hooks->script_capacity = 0;
    for (size_t i = 0; i < count; i++) {
        release2(scripts[i].before, scripts[i].in_parent);
        release(scripts[i].in_child);
    }
    memory_free(&interp->memory, scripts, capacity * sizeof *scripts);
}

/* I3. The hook is held meanwhile: it may register others, and the table move. */
static void run_script_hook(Thread *t, Value hook)
{
    if (is_unbound(hook))
        return;
    retain(hook);
    Value result = value_call0(t, hook);
    if (failed(result))
        raised_report_unraisable(t, hook, NULL);
    else
        release(result);
    release(hook);
}

/* ---- 1. before ------------------------------------------------------------------------------------------------------------ */

void fork_before(Thread *t)
{
    ASSERT_GIL(t);
    ForkHooks *hooks = &t->interp->threading->fork_hooks;
    for (size_t i = hooks->script_count; i-- > 0;)
        run_script_hook(t, hooks->scripts[i].before);
    /* Upper floors first: who holds an import lock may yet want a lower one, never the other way round. */
    for (size_t i = hooks->native_count; i-- > 0;)
        if (hooks->natives[i].before != NULL)
            hooks->natives[i].before(t, hooks->natives[i].context);
    gil_kick_now(&t->gil_client);            /* a fork takes its time */
    gil_hold_for_fork(&t->interp->gil);      /* the lowest floor last; nothing may take or drop the lock from here on */
}

/* ---- 2. fork -------------------------------------------------------------------------------------------------------------- */

pid_t process_fork(Thread *t)
{
    if (atomic_load(&t->interp->is_finalizing)) {
        raise_error(t, EXC_PythonFinalizationError, "can't fork at interpreter shutdown");
        return -1;
    }
    fork_before(t);
    pid_t pid = fork();
    int error = errno;
    if (pid == 0)
        fork_in_child(t);
    else
        fork_in_parent(t);
    if (pid < 0)
        raise_os_error(t, error, UNBOUND);
    return pid;
}

/* ---- 3a. in the parent ---------------------------------------------------------------------------------------------------- */

void fork_in_parent(Thread *t)
{
    gil_resume_after_fork(&t->interp->gil);
    ForkHooks *hooks = &t->interp->threading->fork_hooks;
    for (size_t i = 0; i < hooks->native_count; i++)
        if (hooks->natives[i].in_parent != NULL)
            hooks->natives[i].in_parent(t, hooks->natives[i].context);
    for (size_t i = 0; i < hooks->script_count; i++)
        run_script_hook(t, hooks->scripts[i].in_parent);
}

/* ---- 3b. in the child ----------------------------------------------------------------------------------------------------- */

void fork_in_child(Thread *t)
{
    Interp *interp = t->interp;
    /* The lock first: everything below may want to drop it. */
    gil_resume_after_fork(&interp->gil);     /* this thread's copy of the mutex, taken in fork_before */
    gil_remake_after_fork(&interp->gil, &t->gil_client);
    /* Queues of script locks hold waiters that do not exist here: this number tells them so. */
    interp->threading->fork_count++;
    threads_forget_others(t);
    /* What was sent to the parent is the parent's to handle. */
    signals_forget(t);

    ForkHooks *hooks = &interp->threading->fork_hooks;
    for (size_t i = 0; i < hooks->native_count; i++)
        if (hooks->natives[i].in_child != NULL)
            hooks->natives[i].in_child(t, hooks->natives[i].context);
    for (size_t i = 0; i < hooks->script_count; i++)
        run_script_hook(t, hooks->scripts[i].in_child);
}
