/* test_threads.c - threads, script locks, fork and signals, without a script.
 *
 * What        The floor vm/threads on an Interp that has a lock and nothing else: no types, no values, no bytecode.
 * How         Thread bodies are C functions that hold the GIL, test their breaker word as the loop does, and use locks. What
 *             needs values (handlers, hooks, exceptions) is tested by tests/threads and tests/fork in the language itself.
 * Read next   vm/threads/thread.c, vm/threads/lock.c */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "vm/base/clock.h"
#include "vm/threads/blocking.h"
#include "vm/threads/safepoint.h"
#include "vm/threads/signals.h"
#include "vm/threads/thread.h"

static bool prepare_nothing(Thread *t) { (void)t; return true; }
static void finish_nothing(Thread *t) { (void)t; }

static Interp *interp;
static Thread *self;

static void open_stage(void)
{
    interp = calloc(1, sizeof *interp);
    memory_init(&interp->memory);
    gil_init(&interp->gil, gil_policy_named(NULL));
    ck_assert(threading_init(interp, &(ThreadHooks){prepare_nothing, finish_nothing}));
    self = thread_attach_main(interp);
    ck_assert_ptr_nonnull(self);
    signal(SIGINT, SIG_DFL);   /* Check has a handler of its own, which would count as somebody else's */
    ck_assert(signals_init(self));
}

static void close_stage(void)
{
    ck_assert(threads_join_all(self));
    signals_finish(self);
    ck_assert(!threads_close(self));
    thread_detach(self);
    threading_finish(interp);
    gil_destroy(&interp->gil);
    ck_assert_uint_eq(interp->memory.bytes_in_use, 0);
    free(interp);
}

static void safepoint(Thread *t)
{
    if (safepoint_is_due(t))
        ck_assert(safepoint_handle(t));
}

static ThreadHandle *start(ThreadBody body, void *argument, bool is_daemon)
{
    ThreadHandle *handle = thread_handle_new(self);
    ck_assert_ptr_nonnull(handle);
    ck_assert(thread_start(self, handle, body, argument, is_daemon));
    return handle;
}

static void join(ThreadHandle *handle)
{
    ck_assert_int_eq(thread_join(self, handle, LOCK_WAIT_FOREVER), LOCK_ACQUIRED);
    ck_assert(handle->is_done);
    thread_handle_release(self, handle);
}

/* ---- life ---- */

static void body_note_self(Thread *t, void *argument)
{
    ck_assert_ptr_eq(t, thread_current());
    ck_assert_uint_eq(t->ident, (uint64_t)pthread_self());
    ck_assert_int_eq(t->native_id, gettid());
    ck_assert(!t->is_main && !t->is_daemon);
    char here;
    ck_assert(&here > t->stack_limit);
    ck_assert_ptr_eq(thread_with_ident(t->interp, t->ident), t);
    *(uint64_t *)argument = t->ident;
}

START_TEST(start_and_join)
{
    uint64_t ident = 0;
    ThreadHandle *handle = start(body_note_self, &ident, false);
    ck_assert(!handle->is_done);
    ck_assert_uint_eq(interp->thread_count, 2);
    thread_handle_retain(handle);
    join(handle);
    ck_assert_uint_eq(ident, handle->ident);
    ck_assert_int_ne(handle->native_id, 0);
    ck_assert_uint_eq(interp->thread_count, 1);
    ck_assert_ptr_null(thread_with_ident(interp, ident));
    /* An ended thread may be joined again. */
    ck_assert_int_eq(thread_join(self, handle, 0), LOCK_ACQUIRED);
    thread_handle_release(self, handle);
}
END_TEST

static void body_wait_for_lock(Thread *t, void *argument)
{
    ScriptLock *lock = argument;
    ck_assert_int_eq(lock_acquire(t, lock, LOCK_WAIT_FOREVER), LOCK_ACQUIRED);
    lock_release(t, lock);
}

static void body_note_start(Thread *t, void *argument)
{
    (void)t;
    *(int *)argument = 1;
}

/* When the start returns, the new thread's first code has run, whoever else wants the GIL. */
START_TEST(start_that_waits)
{
    for (int i = 0; i < 200; i++) {
        int has_run = 0;
        ThreadHandle *handle = thread_handle_new(self);
        ck_assert(thread_start_and_see(self, handle, body_note_start, &has_run, false));
        ck_assert_int_eq(has_run, 1);
        ck_assert_int_ne(handle->native_id, 0);
        if (i % 20 == 0)
            signals_trip(interp, SIGUSR1);   /* leaves a mark in our Parking: the next start must not take it for its own */
        join(handle);
    }
}
END_TEST

START_TEST(join_with_a_time_limit)
{
    ScriptLock lock;
    lock_init(&lock);
    ck_assert(lock_try(&lock));
    ThreadHandle *handle = start(body_wait_for_lock, &lock, false);
    int64_t began = clock_monotonic_ns();
    ck_assert_int_eq(thread_join(self, handle, 20 * NS_PER_MS), LOCK_TIMED_OUT);
    ck_assert_int_ge(clock_monotonic_ns() - began, 20 * NS_PER_MS);
    ck_assert(!handle->is_done);
    lock_release(self, &lock);
    join(handle);
}
END_TEST

static void body_join_another(Thread *t, void *argument)
{
    ck_assert_int_eq(thread_join(t, argument, LOCK_WAIT_FOREVER), LOCK_ACQUIRED);
}

START_TEST(many_join_one)
{
    ScriptLock lock;
    lock_init(&lock);
    ck_assert(lock_try(&lock));
    ThreadHandle *one = start(body_wait_for_lock, &lock, false);
    ThreadHandle *joiners[10];
    for (int i = 0; i < 10; i++)
        joiners[i] = start(body_join_another, one, false);
    block_begin(self, "usleep");
    usleep(5000);
    block_end(self);
    lock_release(self, &lock);
    for (int i = 0; i < 10; i++)
        join(joiners[i]);
    join(one);
}
END_TEST

static void body_start_another(Thread *t, void *argument)
{
    int depth = (int)(intptr_t)argument;
    if (depth == 0)
        return;
    ThreadHandle *handle = thread_handle_new(t);
    ck_assert(thread_start(t, handle, body_start_another, (void *)(intptr_t)(depth - 1), false));
    thread_handle_release(t, handle);   /* nobody will join it by name */
}

START_TEST(join_all_waits_for_grandchildren)
{
    thread_handle_release(self, start(body_start_another, (void *)(intptr_t)20, false));
    ck_assert(threads_join_all(self));
    ck_assert_uint_eq(interp->thread_count, 1);
}
END_TEST

START_TEST(thousand_threads)
{
    enum { THREADS = 1000 };
    ScriptLock lock;
    lock_init(&lock);
    ck_assert(lock_try(&lock));
    ck_assert(thread_set_stack_size(interp, 32768));
    ThreadHandle **handles = calloc(THREADS, sizeof *handles);
    for (int i = 0; i < THREADS; i++)
        handles[i] = start(body_wait_for_lock, &lock, false);
    ck_assert_uint_eq(interp->thread_count, THREADS + 1);
    lock_release(self, &lock);
    for (int i = 0; i < THREADS; i++)
        join(handles[i]);
    free(handles);
    ck_assert(!thread_set_stack_size(interp, 32767));
    ck_assert(thread_set_stack_size(interp, 0));
}
END_TEST

static void *foreign_main(void *argument)
{
    ck_assert_ptr_null(thread_current());
    for (int i = 0; i < 50; i++) {
        Thread *t = thread_attach(interp);
        ck_assert_ptr_nonnull(t);
        ck_assert_ptr_eq(t, thread_current());
        ++*(int *)argument;
        safepoint(t);
        thread_detach(t);
    }
    return NULL;
}

START_TEST(foreign_threads_come_and_go)
{
    pthread_t threads[4];
    int visits = 0;
    for (int i = 0; i < 4; i++)
        pthread_create(&threads[i], NULL, foreign_main, &visits);
    block_begin(self, "pthread_join");
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
    block_end(self);
    ck_assert_int_eq(visits, 200);
    ck_assert_uint_eq(interp->thread_count, 1);
}
END_TEST

/* ---- locks ---- */

typedef struct Counter {
    ScriptLock lock;
    RecursiveLock rlock;
    uint64_t number;
} Counter;

static void body_count_locked(Thread *t, void *argument)
{
    Counter *counter = argument;
    for (int i = 0; i < 3000; i++) {
        ck_assert_int_eq(lock_acquire(t, &counter->lock, LOCK_WAIT_FOREVER), LOCK_ACQUIRED);
        uint64_t seen = counter->number;
        safepoint(t);                       /* others run here, with the lock taken */
        if (i % 50 == 0) {
            block_begin(t, "sched_yield");
            sched_yield();
            block_end(t);
        }
        counter->number = seen + 1;
        lock_release(t, &counter->lock);
        safepoint(t);
    }
}

static void body_count_recursive(Thread *t, void *argument)
{
    Counter *counter = argument;
    for (int i = 0; i < 1000; i++) {
        for (int k = 0; k < 3; k++)
            ck_assert_int_eq(rlock_acquire(t, &counter->rlock, LOCK_WAIT_FOREVER), LOCK_ACQUIRED);
        uint64_t seen = counter->number;
        safepoint(t);
        if (i % 20 == 0) {
            block_begin(t, "sched_yield");
            sched_yield();
            block_end(t);
        }
        counter->number = seen + 1;
        for (int k = 0; k < 3; k++)
            ck_assert(rlock_release(t, &counter->rlock));
    }
}

static void count_with(ThreadBody body, uint64_t expected)
{
    gil_set_interval(&interp->gil, 20);
    Counter counter = {0};
    lock_init(&counter.lock);
    rlock_init(&counter.rlock);
    ThreadHandle *handles[5];
    for (int i = 0; i < 5; i++)
        handles[i] = start(body, &counter, false);
    for (int i = 0; i < 5; i++)
        join(handles[i]);
    ck_assert_uint_eq(counter.number, expected);
    ck_assert(!counter.lock.is_locked && counter.lock.first == NULL);
    lock_finish(&counter.lock);
}

START_TEST(lock_excludes)  { count_with(body_count_locked, 5 * 3000); } END_TEST
START_TEST(rlock_excludes) { count_with(body_count_recursive, 5 * 1000); } END_TEST

/* A free lock costs no drop of the GIL, a taken one exactly one for each sleep. */
START_TEST(only_a_wait_drops_the_gil)
{
    ScriptLock lock;
    lock_init(&lock);
    GilCounts before = gil_counts(&interp->gil, &self->gil_client);
    for (int i = 0; i < 100; i++) {
        ck_assert_int_eq(lock_acquire(self, &lock, LOCK_WAIT_FOREVER), LOCK_ACQUIRED);
        ck_assert_int_eq(lock_acquire(self, &lock, 0), LOCK_TIMED_OUT);
        lock_release(self, &lock);
    }
    GilCounts after = gil_counts(&interp->gil, &self->gil_client);
    ck_assert_uint_eq(before.takes, after.takes);
    ck_assert(lock_try(&lock));
    int64_t began = clock_monotonic_ns();
    ck_assert_int_eq(lock_acquire(self, &lock, 10 * NS_PER_MS), LOCK_TIMED_OUT);
    ck_assert_int_ge(clock_monotonic_ns() - began, 10 * NS_PER_MS);
    after = gil_counts(&interp->gil, &self->gil_client);
    ck_assert_uint_eq(before.drops[DROP_LOCK] + 1, after.drops[DROP_LOCK]);
    lock_release(self, &lock);
}
END_TEST

static void body_time_out(Thread *t, void *argument)
{
    Counter *counter = argument;
    for (int i = 0; i < 200; i++) {
        LockResult result = lock_acquire(t, &counter->lock, (i % 5) * 50 * NS_PER_US);
        ck_assert_int_ne(result, LOCK_RAISED);
        if (result == LOCK_ACQUIRED) {
            counter->number++;
            block_begin(t, "usleep");
            usleep(20);
            block_end(t);
            lock_release(t, &counter->lock);
        }
    }
}

/* Time-outs and releases at the same moment: no wake may be lost, or the patient ones at the end would hang. */
START_TEST(time_outs_lose_no_wake)
{
    Counter counter = {0};
    ThreadHandle *hasty[4], *patient[2];
    for (int i = 0; i < 4; i++)
        hasty[i] = start(body_time_out, &counter, false);
    for (int i = 0; i < 2; i++)
        patient[i] = start(body_count_locked, &counter, false);
    for (int i = 0; i < 4; i++)
        join(hasty[i]);
    for (int i = 0; i < 2; i++)
        join(patient[i]);
    ck_assert(!counter.lock.is_locked && counter.lock.first == NULL);
}
END_TEST

typedef struct PingPong { ScriptLock ping, pong; int rounds; } PingPong;

static void body_pong(Thread *t, void *argument)
{
    PingPong *game = argument;
    for (int i = 0; i < game->rounds; i++) {
        ck_assert_int_eq(lock_acquire(t, &game->ping, LOCK_WAIT_FOREVER), LOCK_ACQUIRED);
        lock_release(t, &game->pong);
    }
}

START_TEST(ping_pong)
{
    PingPong game = {.rounds = 5000};
    ck_assert(lock_try(&game.ping) && lock_try(&game.pong));
    ThreadHandle *other = start(body_pong, &game, false);
    for (int i = 0; i < game.rounds; i++) {
        lock_release(self, &game.ping);
        ck_assert_int_eq(lock_acquire(self, &game.pong, LOCK_WAIT_FOREVER), LOCK_ACQUIRED);
    }
    join(other);
}
END_TEST

/* ---- signals and pending calls ---- */

static void body_trip_main(Thread *t, void *argument)
{
    for (int i = 0; i < 20; i++) {
        block_begin(t, "usleep");
        usleep(1000);
        /* SIGUSR1 has no action here: the main thread is disturbed, and finds nothing to do. */
        signals_trip(t->interp, SIGUSR1);
        block_end(t);
    }
    lock_release(t, argument);
}

/* Signals disturb a wait and neither end it nor lengthen it. */
START_TEST(lock_wait_hears_signals)
{
    ScriptLock lock;
    lock_init(&lock);
    ck_assert(lock_try(&lock));
    ThreadHandle *other = start(body_trip_main, &lock, false);
    uint64_t drops = gil_counts(&interp->gil, &self->gil_client).drops[DROP_LOCK];
    ck_assert_int_eq(lock_acquire(self, &lock, LOCK_WAIT_FOREVER), LOCK_ACQUIRED);
    ck_assert_uint_gt(gil_counts(&interp->gil, &self->gil_client).drops[DROP_LOCK], drops + 3);
    join(other);

    other = start(body_trip_main, &lock, false);
    int64_t began = clock_monotonic_ns();
    ck_assert_int_eq(lock_acquire(self, &lock, 10 * NS_PER_MS), LOCK_TIMED_OUT);
    int64_t waited = clock_monotonic_ns() - began;
    ck_assert_int_ge(waited, 10 * NS_PER_MS);
    join(other);
    lock_finish(&lock);
}
END_TEST

START_TEST(actions_of_signals)
{
    Value handler;
    ck_assert_int_eq(signals_action(self, SIGPIPE, &handler), SIGNAL_IGNORED);
    ck_assert_int_eq(signals_action(self, SIGXFSZ, &handler), SIGNAL_IGNORED);
    ck_assert_int_eq(signals_action(self, SIGINT, &handler), SIGNAL_INTERRUPTS);
    ck_assert_int_eq(signals_action(self, SIGUSR2, &handler), SIGNAL_DEFAULT);
    ck_assert(!signals_set_action(self, SIGKILL, SIGNAL_IGNORED, UNBOUND));
    ck_assert_int_eq(errno, EINVAL);
    /* A signal that came while a handler was set, and finds none any more, is nobody's. */
    ck_assert(signals_set_action(self, SIGUSR2, SIGNAL_INTERRUPTS, UNBOUND));
    ck_assert_int_eq(raise(SIGUSR2), 0);
    ck_assert(safepoint_is_due(self));
    ck_assert(signals_set_action(self, SIGUSR2, SIGNAL_IGNORED, UNBOUND));
    ck_assert(safepoint_handle(self));
    ck_assert(!safepoint_is_due(self));
}
END_TEST

START_TEST(wakeup_descriptor)
{
    int ends[2];
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(signals_set_wakeup_fd(self, ends[1], true), -1);
    signals_trip(interp, SIGUSR1);
    unsigned char byte = 0;
    ck_assert_int_eq(read(ends[0], &byte, 1), 1);
    ck_assert_int_eq(byte, SIGUSR1);
    ck_assert(safepoint_handle(self));
    ck_assert_int_eq(signals_set_wakeup_fd(self, -1, true), ends[1]);
    close(ends[0]);
    close(ends[1]);
}
END_TEST

static bool count_pending(Thread *t, void *argument)
{
    ck_assert(t->is_main);
    ++*(int *)argument;
    safepoint(t);   /* does not start the next one in here */
    return true;
}

static void body_queue_calls(Thread *t, void *argument)
{
    for (int i = 0; i < 100;) {
        if (pending_call_add(t->interp, count_pending, argument))
            i++;
        safepoint(t);
    }
}

START_TEST(pending_calls_are_made_by_the_main_thread)
{
    int count = 0;
    gil_set_interval(&interp->gil, 50);
    ThreadHandle *handles[3];
    for (int i = 0; i < 3; i++)
        handles[i] = start(body_queue_calls, &count, false);
    while (interp->thread_count > 1)
        safepoint(self);
    for (int i = 0; i < 3; i++)
        join(handles[i]);
    while (safepoint_is_due(self))
        safepoint(self);
    ck_assert_int_eq(count, 300);
}
END_TEST

START_TEST(block_pairs_nest_and_keep_errno)
{
    GilCounts before = gil_counts(&interp->gil, &self->gil_client);
    block_begin(self, "outer");
    block_begin(self, "inner");
    errno = ENOTTY;
    block_end(self);
    ck_assert(!gil_is_held_by(&interp->gil, &self->gil_client));
    block_end(self);
    ck_assert_int_eq(errno, ENOTTY);
    ck_assert(gil_is_held_by(&interp->gil, &self->gil_client));
    ck_assert(!block_retry(self));
    errno = EINTR;
    ck_assert(block_retry(self));
    GilCounts after = gil_counts(&interp->gil, &self->gil_client);
    ck_assert_uint_eq(before.drops[DROP_NATIVE] + 1, after.drops[DROP_NATIVE]);
}
END_TEST

/* ---- fork ---- */

static void body_busy(Thread *t, void *argument)
{
    Counter *counter = argument;
    while (counter->number != UINT64_MAX) {
        if (lock_acquire(t, &counter->lock, 100 * NS_PER_US) == LOCK_ACQUIRED) {
            safepoint(t);
            lock_release(t, &counter->lock);
        }
        block_begin(t, "sched_yield");
        sched_yield();
        block_end(t);
        safepoint(t);
    }
}

static int child_of_a_crowd(Counter *counter, ThreadHandle *busy)
{
    if (!self->is_main || interp->thread_count != 1 || interp->threads != self || !busy->is_done)
        return 1;
    if (thread_join(self, busy, LOCK_WAIT_FOREVER) != LOCK_ACQUIRED)
        return 2;
    /* It was held by us, with waiters that are not here: it is still held, and giving it back wakes nobody. */
    if (!counter->lock.is_locked)
        return 3;
    lock_release(self, &counter->lock);
    if (lock_acquire(self, &counter->lock, NS_PER_S) != LOCK_ACQUIRED)
        return 4;
    lock_release(self, &counter->lock);
    Counter own = {0};
    ThreadHandle *handles[2];
    for (int i = 0; i < 2; i++)
        handles[i] = start(body_count_locked, &own, false);
    for (int i = 0; i < 2; i++)
        join(handles[i]);
    return own.number == 2 * 3000 ? 0 : 5;
}

START_TEST(child_has_one_thread_and_new_locks)
{
    gil_set_interval(&interp->gil, 50);
    Counter counter = {0};
    ThreadHandle *busy[4];
    for (int i = 0; i < 4; i++)
        busy[i] = start(body_busy, &counter, false);
    for (int i = 0; i < 30; i++) {
        ck_assert_int_eq(lock_acquire(self, &counter.lock, LOCK_WAIT_FOREVER), LOCK_ACQUIRED);
        block_begin(self, "usleep");
        usleep(300);                        /* they pile up at the lock */
        block_end(self);
        pid_t pid = process_fork(self);
        if (pid == 0)
            _exit(child_of_a_crowd(&counter, busy[0]));
        ck_assert_int_gt(pid, 0);
        lock_release(self, &counter.lock);
        int status = -1;
        block_begin_for(self, "waitpid", DROP_FORK);
        pid_t waited = waitpid(pid, &status, 0);
        block_end(self);
        ck_assert_int_eq(waited, pid);
        ck_assert_int_eq(status, 0);
    }
    counter.number = UINT64_MAX;
    for (int i = 0; i < 4; i++)
        join(busy[i]);
}
END_TEST

static void body_fork(Thread *t, void *argument)
{
    for (int i = 0; i < 10; i++) {
        pid_t pid = process_fork(t);
        if (pid == 0)
            _exit(t->is_main && t->interp->thread_count == 1 ? 0 : 1);
        int status = -1;
        block_begin_for(t, "waitpid", DROP_FORK);
        waitpid(pid, &status, 0);
        block_end(t);
        ck_assert_int_eq(status, 0);
        ++*(int *)argument;
    }
}

START_TEST(forks_from_several_threads)
{
    int forks = 0;
    ThreadHandle *handles[4];
    for (int i = 0; i < 4; i++)
        handles[i] = start(body_fork, &forks, false);
    for (int i = 0; i < 4; i++)
        join(handles[i]);
    ck_assert_int_eq(forks, 40);
}
END_TEST

/* ---- the end ---- */

static void body_for_ever(Thread *t, void *argument)
{
    for (;;) {
        ++*(uint64_t *)argument;
        block_begin(t, "sched_yield");
        sched_yield();
        block_end(t);
        safepoint(t);
    }
}

START_TEST(daemons_sleep_at_the_end)
{
    /* They are still there when the test is over; so is what they hold. */
    static uint64_t turns;
    gil_set_interval(&interp->gil, 50);
    for (int i = 0; i < 3; i++)
        thread_handle_release(self, start(body_for_ever, &turns, true));
    while (turns < 100)
        safepoint(self);
    ck_assert(threads_join_all(self));      /* daemons are not waited for */
    ck_assert(threads_close(self));
    uint64_t seen = turns;
    for (int i = 0; i < 100; i++) {
        block_begin(self, "usleep");
        usleep(10);
        block_end(self);
        safepoint(self);
    }
    ck_assert_uint_eq(turns, seen);
}
END_TEST

/* gcc 12's ASan does not free its own allocator's lock in a forked child: forks among threads hang in it. */
#ifdef __SANITIZE_ADDRESS__
static const bool is_address_sanitized = true;
#else
static const bool is_address_sanitized = false;
#endif

int main(void)
{
    Suite *suite = suite_create("threads");
    TCase *tests = tcase_create("threads");
    tcase_set_timeout(tests, 60);
    tcase_add_checked_fixture(tests, open_stage, close_stage);
    tcase_add_test(tests, start_and_join);
    tcase_add_test(tests, start_that_waits);
    tcase_add_test(tests, join_with_a_time_limit);
    tcase_add_test(tests, many_join_one);
    tcase_add_test(tests, join_all_waits_for_grandchildren);
    tcase_add_test(tests, thousand_threads);
    tcase_add_test(tests, foreign_threads_come_and_go);
    tcase_add_test(tests, lock_excludes);
    tcase_add_test(tests, rlock_excludes);
    tcase_add_test(tests, only_a_wait_drops_the_gil);
    tcase_add_test(tests, time_outs_lose_no_wake);
    tcase_add_test(tests, ping_pong);
    tcase_add_test(tests, lock_wait_hears_signals);
    tcase_add_test(tests, actions_of_signals);
    tcase_add_test(tests, wakeup_descriptor);
    tcase_add_test(tests, pending_calls_are_made_by_the_main_thread);
    tcase_add_test(tests, block_pairs_nest_and_keep_errno);
    if (!is_address_sanitized) tcase_add_test(tests, child_has_one_thread_and_new_locks);
    if (!is_address_sanitized) tcase_add_test(tests, forks_from_several_threads);
    suite_add_tcase(suite, tests);
    TCase *last = tcase_create("the end");   /* nothing can be closed after it */
    tcase_add_checked_fixture(last, open_stage, NULL);
    tcase_add_test(last, daemons_sleep_at_the_end);
    suite_add_tcase(suite, last);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? 0 : 1;
}
