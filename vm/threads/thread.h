/* thread.h - threads: how one is made, starts, ends and is waited for; and what the interpreter knows about all of them.
 *
 * What        thread_new, thread_start, thread_main, thread_join; foreign threads; the end of the interpreter's threads.
 * How         One pthread each, detached: who waits for a thread waits for its handle, with a time limit and open to signals,
 *             which pthread_join is not. A start may wait until the new thread has had the GIL (threading.Thread.start does,
 *             _thread.start_new_thread does not). Ending is one last drop, behind which nothing of ours is touched.
 * Invariants  I1 a Thread in Interp.threads has its GilClient joined.
 *             I2 a handle's 'done' lock is taken exactly from the start of its thread until its end.
 * GIL         each function says it.
 * Read next   thread.c `thread_main`, lock.h, fork.c */
#ifndef TOY_THREADS_THREAD_H
#define TOY_THREADS_THREAD_H

#include "vm/threads/fork.h"
#include "vm/threads/lock.h"

/* What the thread is to do, with the GIL held. It reports its own exceptions: t->raised is unbound when it returns. */
typedef void (*ThreadBody)(Thread *t, void *argument);

/* What outlives a thread: who it was, and whether it is still at work. Everything under the GIL. */
struct ThreadHandle {
    uint32_t count;             /* references: the thread's own, and those of script objects */
    bool is_done, is_daemon;
    ScriptLock done;            /* I2 */
    uint64_t ident;
    int native_id;              /* 0 until the thread has had the GIL for the first time */
    Parking *starter;           /* of a creator that waits for that; NULL: nobody does */
    ThreadBody body;
    void *argument;
};

/* What floors above put into each thread, plugged in by vm/run at start-up. */
typedef struct ThreadHooks {
    bool (*prepare)(Thread *t);     /* the value stack and what else a new thread needs; false: no memory, nothing raised */
    void (*finish)(Thread *t);      /* gives it back; the last thing done under the GIL, runs no script code */
} ThreadHooks;

enum { PENDING_CALLS_MAX = 32 };
typedef struct PendingCall {
    bool (*call)(Thread *t, void *argument);
    void *argument;
} PendingCall;
typedef struct PendingCalls {
    pthread_mutex_t mutex;          /* for threads without the GIL */
    PendingCall calls[PENDING_CALLS_MAX];
    int first, count;               /* a ring; under 'mutex' */
    bool is_running;                /* main thread only */
} PendingCalls;

/* Interp.threading: what vm/threads keeps for an interpreter. Under the GIL, where it says nothing else. */
struct Threading {
    ThreadHooks hooks;              /* constant after start-up */
    size_t stack_size;              /* as _thread.stack_size() says it; 0: the system's default */
    size_t default_stack_size;
    Thread *ended;                  /* structs of threads that have ended, for the next ones to use; linked by next */
    Thread *vanished;               /* threads that a fork left behind in the parent, with all they had in hand */
    uint32_t fork_count;            /* forks that lie between the first process and this one */
    ForkHooks fork_hooks;
    PendingCalls pending;
};

/* ---- the interpreter's threads ---- */

/* [hooks] are copied. No thread yet, no GIL. False: no memory. */
MUST_CHECK bool threading_init(Interp *interp, const ThreadHooks *hooks);
/* The last thread is gone or going; frees the structs. Not to be called if daemon threads are left (threads_close). */
void threading_finish(Interp *interp);

/* The calling thread becomes [interp]'s main thread and takes the GIL. NULL: no memory. */
MUST_CHECK Thread *thread_attach_main(Interp *interp);
/* A thread that somebody else has made (a native library's callback) enters, taking the GIL; and leaves. NULL: no memory, or
 * the interpreter is ending. [thread_attach] in a thread that is already known is a mistake: ask thread_current() first. */
MUST_CHECK Thread *thread_attach(Interp *interp);
void thread_detach(Thread *t);

/* ---- starting, ending, waiting; the GIL is held ---- */

/* A handle for a thread that is not started yet; count 1. NULL raises MemoryError. */
MUST_CHECK ThreadHandle *thread_handle_new(Thread *t);
void thread_handle_retain(ThreadHandle *handle);
void thread_handle_release(Thread *t, TAKES ThreadHandle *handle);

/* Start a thread that runs body(t, argument). Keeps a reference to [handle] of its own while the thread lives.
 * False raises: RuntimeError "can't start new thread", PythonFinalizationError at the end; [argument] is then still the caller's. */
MUST_CHECK bool thread_start(Thread *t, ThreadHandle *handle, ThreadBody body, void *argument, bool is_daemon);
/* The same, and returns only when the new thread has had the GIL: its first code has run, its native_id is known. */
MUST_CHECK bool thread_start_and_see(Thread *t, ThreadHandle *handle, ThreadBody body, void *argument, bool is_daemon);

/* Wait for the end of the handle's thread; any number of threads may. */
MUST_CHECK LockResult thread_join(Thread *t, ThreadHandle *handle, int64_t timeout_ns);

/* Wait for all threads that are not daemons, also those they start meanwhile. False raises (Ctrl-C). */
MUST_CHECK bool threads_join_all(Thread *t);

/* From here on no thread starts, and none but the caller runs: the others sleep in gil_take for ever. True: there are such
 * threads, so Interp must outlive everything. */
bool threads_close(Thread *t);

/* The live thread with that ident, or NULL. */
BORROWED Thread *thread_with_ident(Interp *interp, uint64_t ident);

/* 0 or at least 32768 bytes; false: too small (nothing raised). */
MUST_CHECK bool thread_set_stack_size(Interp *interp, size_t bytes);

/* fork.c: what the child does with the threads that did not come along. */
void threads_forget_others(Thread *t);

#endif
