/* fork.h - one process becomes two, and only one thread comes along.
 *
 * What        process_fork, and the three steps it is made of; hooks that scripts and native modules hang into them.
 * How         fork.c, from top to bottom in the order of time.
 * Invariants  I1 the forking thread holds the GIL before, during and after, in both processes.
 *             I2 in the child every lock of the machine is new; every lock of a script is as it was, whoever held it.
 * GIL         held throughout.
 * Read next   fork.c */
#ifndef TOY_THREADS_FORK_H
#define TOY_THREADS_FORK_H

#include <sys/types.h>

#include "vm/object/context.h"

/* os.register_at_fork: any of the three may be UNBOUND. */
typedef struct ScriptForkHook {
    Value before, in_parent, in_child;   /* owned */
} ScriptForkHook;

/* A floor above with locks or pools of its own. Any of the three may be NULL. */
typedef struct NativeForkHook {
    void (*before)(Thread *t, void *context);
    void (*in_parent)(Thread *t, void *context);
    void (*in_child)(Thread *t, void *context);
    void *context;
} NativeForkHook;

enum { NATIVE_FORK_HOOKS_MAX = 16 };

typedef struct ForkHooks {
    ScriptForkHook *scripts;
    size_t script_count, script_capacity;
    NativeForkHook natives[NATIVE_FORK_HOOKS_MAX];
    size_t native_count;
} ForkHooks;

/* False raises MemoryError. Retains the three. */
MUST_CHECK bool fork_register(Thread *t, Value before, Value in_parent, Value in_child);
/* At start-up, before any script runs. */
void fork_register_native(Interp *interp, NativeForkHook hook);
void fork_hooks_finish(Interp *interp, ForkHooks *hooks);

/* The three steps. For fork_exec of subprocess, and for process_fork. */
void fork_before(Thread *t);
void fork_in_parent(Thread *t);
void fork_in_child(Thread *t);

/* All of os.fork but its warning: the child's pid, 0 in the child, -1 raised (PythonFinalizationError, OSError). */
MUST_CHECK pid_t process_fork(Thread *t);

#endif
