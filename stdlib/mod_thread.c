/* mod_thread.c - _thread: locks, threads and thread-local storage, as threading builds on them.
 *
 * What        lock, RLock, _local, _ThreadHandle; starting threads; stack_size, get_ident, interrupt_main.
 * How         The work is done in vm/threads; here are Python's arguments, messages and reprs. A new thread gets a Start: what to call,
 *             owned; thread_body calls it and reports what it raises. threading.toy is the rest.
 * Invariants  I1 a Start belongs to the new thread from the moment it was started.
 * GIL         held; waiting for a lock or a thread drops it (vm/threads/lock.c).
 * Read next   stdlib/lib/threading.toy, vm/threads/README.md */
#include "vm/toy_vm.h"

typedef struct ThreadState {
    ToyType *lock_type, *rlock_type, *handle_type;
} ThreadState;

#define TIMEOUT_MAX_NS INT64_C(9223372036000000000)   /* whole seconds that fit into 63 bits of nanoseconds */

/* The two arguments of every acquire; mostly there are none. False: raised. [timeout_ns]: -1 for ever, 0 not at all. */
static bool read_acquire(ToyThread *t, const ToyValue *args, size_t count, ToyTuple *names, int64_t *timeout_ns)
{
    static const char *const parameter_names[] = {"blocking", "timeout", NULL};
    static const ToyParameters parameters = {"acquire", parameter_names, 0, 2, 0};
    *timeout_ns = -1;
    if (__builtin_expect(count == 0 && !names, 1)) return true;
    ToyValue given[2];
    bool is_blocking = true;
    int64_t ns = -1000000000;
    if (!toy_arguments_sort(t, &parameters, args, count, names, given) || !toy_arg_bool(t, given[0], &is_blocking)) return false;
    if (toy_is_none(given[1])) return toy_raise_false(t, TOY_TypeError, "'NoneType' object cannot be interpreted as an integer");
    if (!toy_arg_seconds(t, given[1], &ns)) return false;
    if (!is_blocking && ns != -1000000000)
        return toy_raise_false(t, TOY_ValueError, "can't specify a timeout for a non-blocking call");
    if (ns < 0 && ns != -1000000000) return toy_raise_false(t, TOY_ValueError, "timeout value must be a non-negative number");
    if (ns > TIMEOUT_MAX_NS) return toy_raise_false(t, TOY_OverflowError, "timeout value is too large");
    *timeout_ns = !is_blocking ? 0 : ns < 0 ? -1 : ns;
    return true;
}

static ToyValue acquired(ToyLockResult result)
{
    return result == TOY_LOCK_RAISED ? TOY_FAILED : toy_bool(result == TOY_LOCK_ACQUIRED);
}

/* ---- lock ---- */

typedef struct Lock { ToyObject head; ToyLock lock; } Lock;

static Lock *as_lock(ToyValue v) { return (Lock *)toy_object(v); }

static ToyValue lock_acquire(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    int64_t timeout_ns;
    if (!read_acquire(t, args, count, names, &timeout_ns)) return TOY_FAILED;
    return acquired(toy_lock_acquire(t, &as_lock(self)->lock, timeout_ns));
}

static ToyValue lock_enter(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return acquired(toy_lock_acquire(t, &as_lock(self)->lock, -1));
}

static ToyValue lock_release(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Lock *lock = as_lock(self);
    if (!lock->lock.is_locked) return toy_raise(t, TOY_RuntimeError, "release unlocked lock");
    toy_lock_release(t, &lock->lock);
    return TOY_NONE;
}

/* What a with statement passes is of no interest: taken raw, it need not be made a tuple. */
static ToyValue lock_exit(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names) { return lock_release(t, self, args); }

static ToyValue lock_locked(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_bool(as_lock(self)->lock.is_locked); }

static ToyValue lock_at_fork_reinit(ToyThread *t, ToyValue self, const ToyValue *args)
{
    toy_lock_forget(t, &as_lock(self)->lock);
    return TOY_NONE;
}

static ToyValue lock_repr(ToyThread *t, ToyValue self)
{
    return toy_str_format(t, "<%s %T object at %p>", as_lock(self)->lock.is_locked ? "locked" : "unlocked", self, (void *)toy_object(self));
}

static ToyValue lock_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    if (!toy_arguments_no_keywords(t, "lock", names) || !toy_arguments_count(t, "lock", count, 0, 0)) return TOY_FAILED;
    return toy_value(toy_type_alloc(t, type));
}

#define ACQUIRE_DOC "Lock the lock. Without argument, waits until it is free; with False, answers at once whether it was.\n" \
    "A timeout in seconds bounds the wait. True if the lock was acquired."
#define RELEASE_DOC "Release the lock, so that another thread that waits for it may have it. It need not be locked by this thread."
static const ToyFunction lock_methods[] = {
    TOY_RAW_FUNCTION("acquire", lock_acquire, "($self, /, blocking=True, timeout=-1)", 0, ACQUIRE_DOC),
    TOY_RAW_FUNCTION("acquire_lock", lock_acquire, "($self, /, blocking=True, timeout=-1)", 0, "What acquire() was called in earlier versions."),
    TOY_FUNCTION("release", lock_release, "($self, /)", 0, RELEASE_DOC),
    TOY_FUNCTION("release_lock", lock_release, "($self, /)", 0, "What release() was called in earlier versions."),
    TOY_FUNCTION("locked", lock_locked, "($self, /)", 0, "Whether somebody holds the lock at this moment."),
    TOY_FUNCTION("locked_lock", lock_locked, "($self, /)", 0, "What locked() was called in earlier versions."),
    TOY_FUNCTION("__enter__", lock_enter, "($self, /)", 0, "Lock the lock."),
    TOY_RAW_FUNCTION("__exit__", lock_exit, "($self, /, *exc_info)", 0, "The end of a with block: let the lock go, whatever was raised."),
    TOY_FUNCTION("_at_fork_reinit", lock_at_fork_reinit, "($self, /)", 0, NULL),
    TOY_FUNCTIONS_END,
};
static const ToyTypeSpec lock_spec = {
    .doc = "What one thread at a time can hold: acquire() takes it, release() gives it back. It has no owner:\nany thread may release it.",
    .signature = "()",
    .size = sizeof(Lock),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = lock_repr, .new_instance = lock_new},
    .methods = lock_methods,
};

/* ---- RLock ---- */

typedef struct RLock { ToyObject head; ToyRecursiveLock lock; } RLock;

static RLock *as_rlock(ToyValue v) { return (RLock *)toy_object(v); }

static ToyValue rlock_acquire(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    int64_t timeout_ns;
    if (!read_acquire(t, args, count, names, &timeout_ns)) return TOY_FAILED;
    return acquired(toy_rlock_acquire(t, &as_rlock(self)->lock, timeout_ns));
}

static ToyValue rlock_enter(ToyThread *t, ToyValue self, const ToyValue *args) { return acquired(toy_rlock_acquire(t, &as_rlock(self)->lock, -1)); }
static ToyValue rlock_release(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_rlock_release(t, &as_rlock(self)->lock) ? TOY_NONE : TOY_FAILED;
}
static ToyValue rlock_exit(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names) { return rlock_release(t, self, args); }
static ToyValue rlock_is_owned(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_bool(toy_rlock_is_owned(t, &as_rlock(self)->lock)); }
static ToyValue rlock_recursion_count(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const ToyRecursiveLock *lock = &as_rlock(self)->lock;
    return toy_int(t, toy_rlock_is_owned(t, lock) ? (int64_t)lock->depth : 0);
}

/* For Condition.wait: all of it, as (count, owner). */
static ToyValue rlock_release_save(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint64_t depth, owner;
    if (!toy_rlock_release_all(t, &as_rlock(self)->lock, &depth, &owner)) return TOY_FAILED;
    return toy_tuple(t, toy_int_from_uint64(t, depth), toy_int_from_uint64(t, owner));
}
static ToyValue rlock_acquire_restore(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint64_t depth, owner;
    if (!toy_is_tuple(args[0]) || toy_tuple_length(args[0]) != 2)
        return toy_raise_type_error(t, "_acquire_restore() argument must be a tuple of 2 items");
    if (!toy_arg_uint64(t, toy_tuple_item(args[0], 0), &depth) || !toy_arg_uint64(t, toy_tuple_item(args[0], 1), &owner)) return TOY_FAILED;
    return toy_rlock_acquire_again(t, &as_rlock(self)->lock, depth, owner) == TOY_LOCK_RAISED ? TOY_FAILED : TOY_NONE;
}
static ToyValue rlock_at_fork_reinit(ToyThread *t, ToyValue self, const ToyValue *args)
{
    toy_rlock_forget(t, &as_rlock(self)->lock);
    return TOY_NONE;
}

static ToyValue rlock_repr(ToyThread *t, ToyValue self)
{
    const ToyRecursiveLock *lock = &as_rlock(self)->lock;
    return toy_str_format(t, "<%s %T object owner=%llu count=%llu at %p>", lock->depth ? "locked" : "unlocked", self,
                          (unsigned long long)(lock->depth ? lock->owner : 0), (unsigned long long)lock->depth, (void *)toy_object(self));
}

static ToyValue rlock_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    return toy_value(toy_type_alloc(t, type));    /* subclasses may have any arguments, and 3.13 minds none */
}

static const ToyFunction rlock_methods[] = {
    TOY_RAW_FUNCTION("acquire", rlock_acquire, "($self, /, blocking=True, timeout=-1)", 0, ACQUIRE_DOC " The owner may acquire it again."),
    TOY_FUNCTION("release", rlock_release, "($self, /)", 0, "Release the lock once; the thread that acquired it must do so as often as it did."),
    TOY_FUNCTION("__enter__", rlock_enter, "($self, /)", 0, "Lock the lock."),
    TOY_RAW_FUNCTION("__exit__", rlock_exit, "($self, /, *exc_info)", 0, "The end of a with block: let the lock go, whatever was raised."),
    TOY_FUNCTION("_is_owned", rlock_is_owned, "($self, /)", 0, "Whether the calling thread holds it."),
    TOY_FUNCTION("_recursion_count", rlock_recursion_count, "($self, /)", 0, "How many times the calling thread holds it; 0 if it does not."),
    TOY_FUNCTION("_release_save", rlock_release_save, "($self, /)", 0, "Let go of all levels at once, for a wait; what takes them back is returned."),
    TOY_FUNCTION("_acquire_restore", rlock_acquire_restore, "($self, state, /)", 0, "Take back the levels that _release_save() let go."),
    TOY_FUNCTION("_at_fork_reinit", rlock_at_fork_reinit, "($self, /)", 0, "For internal use at fork."),
    TOY_FUNCTIONS_END,
};
static const ToyTypeSpec rlock_spec = {
    .doc = "A lock that its owner may acquire again.",
    .signature = "(*args, **kwargs)",
    .size = sizeof(RLock),
    .flags = TOY_TYPE_IS_WEAK_REFERABLE,
    .slots = {.repr = rlock_repr, .new_instance = rlock_new},
    .methods = rlock_methods,
};

/* ---- waiting apart from a lock ---- */

/* What there was of a lock that is given up for a while; of an RLock, all levels. */
typedef struct Hold {
    ToyValue lock;
    bool is_recursive;
    uint64_t depth, owner;
} Hold;

static bool hold_read(ToyThread *t, const ThreadState *state, ToyValue lock, Hold *hold)
{
    *hold = (Hold){.lock = lock, .is_recursive = toy_type_of(t, lock) == state->rlock_type};
    if (!hold->is_recursive && toy_type_of(t, lock) != state->lock_type) return toy_raise_false(t, TOY_TypeError, "a lock or an RLock is wanted, not %T", lock);
    if (hold->is_recursive ? toy_rlock_is_owned(t, &as_rlock(lock)->lock) : as_lock(lock)->lock.is_locked) return true;
    return toy_raise_false(t, TOY_RuntimeError, "cannot wait on un-acquired lock");
}

static bool hold_give_up(ToyThread *t, Hold *hold)
{
    if (hold->is_recursive) return toy_rlock_release_all(t, &as_rlock(hold->lock)->lock, &hold->depth, &hold->owner);
    toy_lock_release(t, &as_lock(hold->lock)->lock);
    return true;
}

static bool hold_try_to_take_back(ToyThread *t, const Hold *hold)
{
    ToyLockResult result = hold->is_recursive ? toy_rlock_acquire_again(t, &as_rlock(hold->lock)->lock, hold->depth, hold->owner)
                                              : toy_lock_acquire(t, &as_lock(hold->lock)->lock, -1);
    return result != TOY_LOCK_RAISED;
}

/* An exception of a signal handler, be it raised already, waits until the lock is back: whoever catches it will release the lock, and if it
 * were somebody else's by then, that one's. A second exception does not wait: who presses Ctrl-C twice wants out. */
static bool hold_take_back(ToyThread *t, const Hold *hold)
{
    ToyValue raised = toy_is_raised(t) ? toy_raised_take(t) : TOY_UNBOUND;
    bool is_back = hold_try_to_take_back(t, hold);
    if (!is_back && !toy_is_bound(raised)) {
        raised = toy_raised_take(t);
        is_back = hold_try_to_take_back(t, hold);
    }
    if (is_back && toy_is_bound(raised)) toy_raise_instance(t, raised);
    else toy_release(raised);
    return !toy_is_raised(t);
}

static bool list_remove(ToyThread *t, ToyValue list, ToyValue item)
{
    for (size_t i = 0; i < toy_list_length(list); i++) {
        if (!toy_is_same(toy_list_item(list, i), item)) continue;
        toy_release(toy_list_pop(t, list, (int64_t)i));
        return true;
    }
    return false;
}

/* Condition.wait, in one step as far as handlers of signals can see: the lock is given up, the bell heard, the lock taken back. */
static ToyValue wait_apart(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ThreadState *state = toy_module_state(self);
    Hold hold;
    int64_t timeout_ns;
    if (!hold_read(t, state, args[0], &hold)) return TOY_FAILED;
    if (!toy_is_list(args[1])) return toy_raise_type_error(t, "the bells must be in a list, not %T", args[1]);
    if (!toy_arg_seconds(t, args[2], &timeout_ns)) return TOY_FAILED;
    if (timeout_ns > TIMEOUT_MAX_NS) return toy_raise(t, TOY_OverflowError, "timeout value is too large");
    Lock *bell = (Lock *)toy_type_alloc(t, state->lock_type);
    if (!bell) return TOY_FAILED;
    bell->lock.is_locked = true;
    if (!toy_list_append(t, args[1], toy_value(bell)) || !hold_give_up(t, &hold)) {
        (void)list_remove(t, args[1], toy_value(bell));
        toy_release(toy_value(bell));
        return TOY_FAILED;
    }
    (void)!toy_lock_acquire(t, &bell->lock, timeout_ns < 0 ? -1 : timeout_ns);
    bool is_back = hold_take_back(t, &hold);
    bool was_rung = !list_remove(t, args[1], toy_value(bell));    /* by its owner's hand: nobody has rung it */
    toy_release(toy_value(bell));
    return is_back ? toy_bool(was_rung) : TOY_FAILED;
}

/* ---- _local ---- */

/* A dict per thread lies in that thread's own table, under this object's address; here is only what __init__ is called with in each. */
typedef struct Local { ToyObject head; ToyValue args, keywords; } Local;

static Local *as_local(ToyValue v) { return (Local *)toy_object(v); }

/* The calling thread's dict, made if it is not there yet; BORROWED. */
static ToyValue local_dict(ToyThread *t, ToyValue self)
{
    Local *local = as_local(self);
    ToyValue dict = toy_local_find(t, local);
    if (toy_is_bound(dict)) return dict;
    dict = toy_dict(t);
    if (toy_failed(dict)) return TOY_FAILED;
    bool is_stored = toy_local_store(t, local, dict);
    toy_release(dict);
    if (!is_stored) return TOY_FAILED;
    if (toy_type_has_own_init(t, toy_type_of(t, self))) {
        ToyValue init = toy_find_special(t, self, "__init__");
        ToyValue result = toy_failed(init) ? TOY_FAILED : toy_call_with(t, init, local->args, local->keywords);
        toy_release(init);
        if (toy_failed(result)) {
            ToyValue raised = toy_raised_take(t);
            toy_local_forget(t, local);   /* as if it had never been looked at */
            toy_raise_instance(t, raised);
            return TOY_FAILED;
        }
        toy_release(result);
    }
    return toy_local_find(t, local);
}

static ToyValue local_get(ToyThread *t, ToyValue self, ToyStr *name)
{
    ToyValue dict = local_dict(t, self);
    if (toy_failed(dict)) return TOY_FAILED;
    if (toy_str_is(toy_value(name), "__dict__")) return toy_retain(dict);
    toy_retain(dict);   /* a descriptor is script code */
    ToyValue v = toy_get_attribute_with(t, self, name, dict);
    toy_release(dict);
    return v;
}

static bool local_set(ToyThread *t, ToyValue self, ToyStr *name, ToyValue value)
{
    if (toy_str_is(toy_value(name), "__dict__"))
        return toy_raise_false(t, TOY_AttributeError, "'%T' object attribute '__dict__' is read-only", self);
    ToyValue dict = local_dict(t, self);
    if (toy_failed(dict)) return false;
    toy_retain(dict);
    bool done = toy_set_attribute_with(t, self, name, value, dict);
    toy_release(dict);
    return done;
}

static ToyValue local_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    size_t named = toy_names_length(names);
    if (count + named && !toy_type_has_own_init(t, type)) return toy_raise_type_error(t, "Initialization arguments are not supported");
    Local *local = (Local *)toy_type_alloc(t, type);
    if (!local) return TOY_FAILED;
    local->args = toy_tuple_of(t, args, count);
    local->keywords = toy_dict(t);
    bool done = !toy_failed(local->args) && !toy_failed(local->keywords);
    for (size_t i = 0; done && i < named; i++) done = toy_dict_set(t, local->keywords, toy_names_item(names, i), args[count + i]);
    /* In this thread __init__ is called by whoever called the class. */
    ToyValue dict = done ? toy_dict(t) : TOY_FAILED;
    done = !toy_failed(dict) && toy_local_store(t, local, dict);
    toy_release(dict);
    if (done) return toy_value(local);
    toy_release(toy_value(local));
    return TOY_FAILED;
}

static void local_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    toy_visit(((Local *)self)->args, visit, context);
    toy_visit(((Local *)self)->keywords, visit, context);
    toy_local_visit(toy_thread(), self, visit, context);
}
static void local_clear(ToyObject *self)
{
    toy_local_forget(toy_thread(), self);
    toy_clear(&((Local *)self)->args);
    toy_clear(&((Local *)self)->keywords);
}
static const ToyTypeSpec local_spec = {
    .doc = "An object whose attributes every thread sees its own values of.",
    .signature = "(*args, **kwargs)",
    .size = sizeof(Local),
    .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_WEAK_REFERABLE,
    .slots = {.get_attribute = local_get, .set_attribute = local_set, .new_instance = local_new},
    .traverse = local_traverse,
    .clear = local_clear,
    .free = local_clear,
};

/* ---- _ThreadHandle ---- */

typedef struct Handle { ToyObject head; ToyHandle *handle; } Handle;

static Handle *as_handle(ToyValue v) { return (Handle *)toy_object(v); }

static ToyValue handle_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    Handle *handle = (Handle *)toy_type_alloc(t, type);
    if (!handle) return TOY_FAILED;
    handle->handle = toy_handle_new(t);
    if (handle->handle) return toy_value(handle);
    toy_release(toy_value(handle));
    return TOY_FAILED;
}
static void handle_free(ToyObject *self)
{
    if (((Handle *)self)->handle) toy_handle_release(toy_thread(), ((Handle *)self)->handle);
}

static ToyValue handle_ident(ToyThread *t, ToyValue self) { return toy_int_from_uint64(t, toy_handle_ident(as_handle(self)->handle)); }
static ToyValue handle_native_id(ToyThread *t, ToyValue self) { return toy_int(t, toy_handle_native_id(as_handle(self)->handle)); }
static ToyValue handle_is_done(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_bool(toy_handle_is_done(as_handle(self)->handle)); }
static ToyValue handle_set_done(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyHandle *handle = as_handle(self)->handle;
    if (toy_handle_ident(handle) == 0) return toy_raise(t, TOY_RuntimeError, "thread not started");
    toy_handle_set_done(t, handle);
    return TOY_NONE;
}

static ToyValue handle_join(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyHandle *handle = as_handle(self)->handle;
    int64_t timeout_ns = -1;
    if (toy_is_given(args[0])) {
        if (!toy_arg_seconds(t, args[0], &timeout_ns)) return TOY_FAILED;
        if (timeout_ns < 0) timeout_ns = -1;
        if (timeout_ns > TIMEOUT_MAX_NS) return toy_raise(t, TOY_OverflowError, "timeout value is too large");
    }
    if (toy_handle_ident(handle) == 0) return toy_raise(t, TOY_RuntimeError, "thread not started");
    if (toy_handle_is_done(handle)) return TOY_NONE;
    if (toy_handle_ident(handle) == toy_thread_ident(t)) return toy_raise(t, TOY_RuntimeError, "Cannot join current thread");
    return toy_handle_join(t, handle, timeout_ns) == TOY_LOCK_RAISED ? TOY_FAILED : TOY_NONE;
}

static ToyValue handle_repr(ToyThread *t, ToyValue self)
{
    return toy_str_format(t, "<_ThreadHandle object: ident=%llu>", (unsigned long long)toy_handle_ident(as_handle(self)->handle));
}

static const ToyFunction handle_methods[] = {
    TOY_FUNCTION("is_done", handle_is_done, "($self, /)", 0, NULL),
    TOY_FUNCTION("_set_done", handle_set_done, "($self, /)", 0, NULL),
    TOY_FUNCTION("join", handle_join, "($self, timeout=None, /)", 0, "Wait until the thread has ended, or the time is over."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet handle_getsets[] = {
    {"ident", handle_ident, NULL, NULL}, {"native_id", handle_native_id, NULL, NULL}, {NULL, NULL, NULL, NULL}};
static const ToyTypeSpec handle_spec = {
    .doc = "What outlives a thread: who it was, whether it is still at work, and a way to wait for it.",
    .signature = "()",
    .size = sizeof(Handle),
    .flags = TOY_TYPE_IS_FINAL,
    .slots = {.repr = handle_repr, .new_instance = handle_new},
    .methods = handle_methods,
    .getsets = handle_getsets,
    .free = handle_free,
};

/* ---- starting threads ---- */

typedef struct Start { ToyValue function, args, keywords; } Start;

static void start_free(ToyThread *t, Start *start)
{
    toy_release(start->function);
    toy_release(start->args);
    toy_release(start->keywords);
    toy_free(t, start, sizeof *start);
}

/* Whatever a thread's function raises ends here. SystemExit ends the thread silently. */
static void thread_body(ToyThread *t, void *argument)
{
    Start *start = argument;
    ToyValue result = toy_call_with(t, start->function, start->args, start->keywords);
    toy_release(result);
    if (toy_failed(result)) {
        if (toy_raised_is(t, TOY_SystemExit)) {
            toy_raised_clear(t);
        } else {
            ToyValue raised = toy_raised_take(t);
            ToyValue text = toy_str_format(t, "Exception ignored in thread started by %R", start->function);
            const char *message = toy_failed(text) ? NULL : toy_str_utf8(t, text, NULL);
            if (!message) toy_raised_clear(t);
            toy_raise_instance(t, raised);
            toy_report_unraisable(t, TOY_UNBOUND, message ? message : "Exception ignored in thread");
            toy_release(text);
        }
    }
    start_free(t, start);
}

static bool start(ToyThread *t, ToyHandle *handle, ToyValue function, ToyValue args, ToyValue keywords, bool is_daemon, bool waits)
{
    Start *begin = toy_alloc(t, sizeof *begin);
    if (!begin) return false;
    *begin = (Start){toy_retain(function), toy_retain(args), toy_retain(keywords)};
    if (toy_handle_start(t, handle, thread_body, begin, is_daemon, waits)) return true;   /* I1 */
    start_free(t, begin);
    return false;
}

static ToyValue start_new_thread(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_callable(t, args[0])) return toy_raise_type_error(t, "first arg must be callable");
    if (!toy_is_tuple(args[1])) return toy_raise_type_error(t, "2nd arg must be a tuple");
    if (toy_is_bound(args[2]) && !toy_is_dict(args[2])) return toy_raise_type_error(t, "optional 3rd arg must be a dictionary");
    ToyHandle *handle = toy_handle_new(t);
    if (!handle) return TOY_FAILED;
    bool done = start(t, handle, args[0], args[1], args[2], true, false);
    uint64_t ident = toy_handle_ident(handle);
    toy_handle_release(t, handle);
    return done ? toy_int_from_uint64(t, ident) : TOY_FAILED;
}

/* What threading.Thread.start calls: the handle is given, the start waits until the thread is really there. */
static ToyValue start_joinable_thread(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ThreadState *state = toy_module_state(self);
    bool is_daemon = true;
    if (!toy_is_callable(t, args[0])) return toy_raise_type_error(t, "thread function must be callable");
    if (!toy_arg_bool(t, args[2], &is_daemon)) return TOY_FAILED;
    ToyValue handle = toy_is_given(args[1]) ? toy_retain(args[1]) : toy_call0(t, toy_type_value(state->handle_type));
    if (toy_failed(handle)) return TOY_FAILED;
    if (toy_type_of(t, handle) != state->handle_type) {
        toy_release(handle);
        return toy_raise_type_error(t, "'handle' must be a _ThreadHandle");
    }
    ToyHandle *of_thread = as_handle(handle)->handle;
    bool done = toy_handle_ident(of_thread) == 0 || toy_raise_false(t, TOY_RuntimeError, "thread already started");
    ToyValue nothing = done ? toy_tuple_of(t, NULL, 0) : TOY_FAILED;
    done = !toy_failed(nothing) && start(t, of_thread, args[0], nothing, TOY_UNBOUND, is_daemon, true);
    toy_release(nothing);
    if (done) return handle;
    toy_release(handle);
    return TOY_FAILED;
}

/* A handle for a thread that is there already. */
static ToyValue make_thread_handle(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint64_t ident;
    if (!toy_arg_uint64(t, args[0], &ident)) return TOY_FAILED;
    ThreadState *state = toy_module_state(self);
    ToyValue handle = toy_call0(t, toy_type_value(state->handle_type));
    if (!toy_failed(handle)) toy_handle_set_ident(as_handle(handle)->handle, ident);
    return handle;
}

/* ---- the small functions ---- */

static ToyValue allocate_lock(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_value(toy_type_alloc(t, ((ThreadState *)toy_module_state(self))->lock_type));
}
static ToyValue get_ident(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int_from_uint64(t, toy_thread_ident(t)); }
static ToyValue get_native_id(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, toy_thread_native_id(t)); }
static ToyValue get_main_thread_ident(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int_from_uint64(t, toy_thread_main_ident(t)); }
static ToyValue count_threads(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, (int64_t)toy_thread_count(t) - 1); }
static ToyValue yes(ToyThread *t, ToyValue self, const ToyValue *args) { return TOY_TRUE; }
static ToyValue exit_thread(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue exception = toy_call0(t, toy_type_value(toy_exception_type(t, TOY_SystemExit)));
    return toy_failed(exception) ? TOY_FAILED : toy_raise_instance(t, exception);
}

static ToyValue interrupt_main(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int number = 2;   /* SIGINT */
    if (!toy_arg_int(t, args[0], &number)) return TOY_FAILED;
    if (number < 1 || number >= TOY_SIGNAL_COUNT) return toy_raise_value_error(t, "signal number out of range");
    ToyValue handler;
    ToySignalAction action = toy_signal_action(t, number, &handler);
    /* At the end all handlers are gone: what a finaliser interrupts then is reported as lost. */
    if (action == TOY_SIGNAL_INTERRUPTS || action == TOY_SIGNAL_CALLS || toy_is_finalizing(t)) toy_signal_trip(t, number);
    return TOY_NONE;
}

static ToyValue stack_size(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t size = 0;
    if (!toy_arg_size(t, args[0], &size)) return TOY_FAILED;
    if (size < 0) return toy_raise_value_error(t, "size must be 0 or a positive value");
    int64_t old = (int64_t)toy_thread_stack_size(t);
    /* Who only asks sets it back to 0, as in CPython. */
    if (!toy_thread_set_stack_size(t, (size_t)size))
        return toy_raise_value_error(t, "size not valid: %lld bytes", (long long)size);
    return toy_int(t, old);
}

/* Ctrl-C ends the waiting, and not the end. */
static ToyValue shutdown(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_threads_join_all(t)) toy_report_unraisable(t, TOY_UNBOUND, NULL);
    return TOY_NONE;
}

/* os.register_at_fork(after_in_child=...), for threading: os need not be loaded. */
static ToyValue after_fork_in_child(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_fork_register(t, TOY_UNBOUND, TOY_UNBOUND, args[0]) ? TOY_NONE : TOY_FAILED;
}

static ToyValue raise_in_thread(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint64_t ident;
    if (!toy_arg_uint64(t, args[0], &ident)) return TOY_FAILED;
    return toy_bool(toy_thread_raise_later(t, ident, toy_is_none(args[1]) ? TOY_UNBOUND : args[1]));
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("start_new_thread", start_new_thread, "(function, args, kwargs={}, /)", 0,
                 "Start a thread that calls function(*args, **kwargs); return its ident. An exception of it is reported and ends the thread."),
    TOY_FUNCTION("start_new", start_new_thread, "(function, args, kwargs={}, /)", 0, "What start_new_thread() was called in earlier versions."),
    TOY_FUNCTION("start_joinable_thread", start_joinable_thread, "(function, handle=None, daemon=True)", 0, "For internal use by threading."),
    TOY_FUNCTION("_wait_apart", wait_apart, "(lock, bells, timeout, /)", 0,
                 "Hang up a bell, give the lock up, wait for the bell to be rung, take the lock again. False: the time was over; below 0, it never is."),
    TOY_FUNCTION("_make_thread_handle", make_thread_handle, "(ident, /)", 0, "For internal use by threading."),
    TOY_FUNCTION("daemon_threads_allowed", yes, "()", 0, "True: this interpreter may have daemon threads."),
    TOY_FUNCTION("_is_main_interpreter", yes, "()", 0, NULL),
    TOY_FUNCTION("allocate_lock", allocate_lock, "()", 0, "Return a new lock, not locked."),
    TOY_FUNCTION("allocate", allocate_lock, "()", 0, "What allocate_lock() was called in earlier versions."),
    TOY_FUNCTION("exit", exit_thread, "()", 0, "Raise SystemExit: ends the thread, silently."),
    TOY_FUNCTION("exit_thread", exit_thread, "()", 0, "What exit() was called in earlier versions."),
    TOY_FUNCTION("interrupt_main", interrupt_main, "(signum=signal.SIGINT, /)", 0, "As if the signal had arrived: the main thread handles it."),
    TOY_FUNCTION("get_ident", get_ident, "()", 0, "Return a number that no other living thread has."),
    TOY_FUNCTION("get_native_id", get_native_id, "()", 0, "Return the number by which the kernel knows the thread."),
    TOY_FUNCTION("_get_main_thread_ident", get_main_thread_ident, "()", 0, NULL),
    TOY_FUNCTION("_count", count_threads, "()", 0, "Return the number of threads besides the main one."),
    TOY_FUNCTION("stack_size", stack_size, "(size=0, /)", 0, "Set the stack size for new threads, in bytes; return what it was. 0: the system's default."),
    TOY_FUNCTION("_shutdown", shutdown, "()", 0, "Wait for all threads that are no daemons."),
    TOY_FUNCTION("_after_fork_in_child", after_fork_in_child, "(function, /)", 0, "For internal use by threading."),
    TOY_FUNCTION("_raise_in_thread", raise_in_thread, "(ident, exception, /)", 0,
                 "Raise the exception in that thread at its next safepoint; None takes it back. False if there is no such thread."),
    TOY_FUNCTIONS_END,
};

/* ---- the module ---- */

static const ToyMember hook_args_fields[] = {
    TOY_RECORD_FIELD("exc_type", 0, "Exception type"), TOY_RECORD_FIELD("exc_value", 1, "the exception itself, or None"),
    TOY_RECORD_FIELD("exc_traceback", 2, "its traceback, or None"), TOY_RECORD_FIELD("thread", 3, "Thread"), TOY_RECORD_END};
static const ToyTypeSpec hook_args_spec = TOY_RECORD(
                                                     "ExceptHookArgs\n\nWhat threading.excepthook is told about an exception "
                                                     "that ended a thread.", hook_args_fields, 4);

static bool init(ToyThread *t, ToyModuleObject *module)
{
    ThreadState *state = toy_module_state(toy_module_value(module));
    state->lock_type = toy_type_new(t, module, &lock_spec, "_thread.lock", NULL);
    state->rlock_type = toy_type_new(t, module, &rlock_spec, "_thread.RLock", NULL);
    state->handle_type = toy_type_new(t, module, &handle_spec, "_thread._ThreadHandle", NULL);
    return toy_module_add_type(t, module, state->lock_type) &&
           toy_module_add(t, module, "LockType", toy_type_value(state->lock_type)) &&
           toy_module_add_type(t, module, state->handle_type) &&
           toy_module_add_type(t, module, state->rlock_type) &&
           toy_module_add_type(t, module, toy_type_new(t, module, &local_spec, "_thread._local", NULL)) &&
           toy_module_add_type(t, module, toy_record_type_new(t, module, &hook_args_spec, "_thread._ExceptHookArgs")) &&
           toy_module_add(t, module, "error", toy_type_value(toy_exception_type(t, TOY_RuntimeError))) &&
           toy_module_add(t, module, "TIMEOUT_MAX", toy_float(t, 9223372036.0));
}

const ToyModule toy_module_thread = {
    .name = "_thread",
    .doc = "Threads and locks, as threading builds on them.",
    .functions = functions,
    .state_size = sizeof(ThreadState),
    .init = init,
};
