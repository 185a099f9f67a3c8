/* gil_workers.h - what the tests of the lock share: pthreads that behave as threads of the interpreter would.
 *
 * What        A worker is a pthread with a client and a breaker word. Its "bytecode" is a loop that tests the word as the real
 *             loop does at a safepoint. A stage is a lock, and the test's own thread as the client that holds it.
 * Read next   test_gil.c, test_gil_policies.c */
#ifndef TOY_TESTS_GIL_WORKERS_H
#define TOY_TESTS_GIL_WORKERS_H

#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "vm/base/clock.h"
#include "vm/gil/gil.h"

typedef struct Worker {
    Gil *gil;
    GilClient client;
    _Atomic uint32_t breaker;
    pthread_t pthread;
    void (*body)(struct Worker *);
    atomic_bool *stop;
    uint64_t turns;            /* of its loop; its own */
    int id;
} Worker;

static inline void worker_enter(Worker *worker) { gil_join(worker->gil, &worker->client, &worker->breaker); }
static inline void take(Worker *worker) { gil_take(worker->gil, &worker->client); }
static inline void drop(Worker *worker, DropReason reason) { gil_drop(worker->gil, &worker->client, reason); }

/* What the loop does at a backward jump. */
static inline void safepoint(Worker *worker)
{
    if (atomic_load_explicit(&worker->breaker, memory_order_relaxed) & GIL_REQUEST_BIT)
        gil_yield(worker->gil, &worker->client);
}

static inline void *worker_main(void *argument)
{
    Worker *worker = argument;
    worker_enter(worker);
    take(worker);
    worker->body(worker);
    gil_drop_and_leave(worker->gil, &worker->client, DROP_EXIT);
    return NULL;
}

static inline void worker_start(Worker *worker, Gil *gil, void (*body)(Worker *))
{
    worker->gil = gil;
    worker->body = body;
    pthread_attr_t small_stack;
    pthread_attr_init(&small_stack);
    pthread_attr_setstacksize(&small_stack, 256 * 1024);
    ck_assert_int_eq(pthread_create(&worker->pthread, &small_stack, worker_main, worker), 0);
    pthread_attr_destroy(&small_stack);
}

static inline void worker_wait(Worker *worker) { pthread_join(worker->pthread, NULL); }

/* Spin with safepoints until told to stop. */
static inline void body_spin(Worker *worker)
{
    while (!atomic_load_explicit(worker->stop, memory_order_relaxed)) {
        worker->turns++;
        safepoint(worker);
    }
}

static inline void sleep_ms(int ms) { usleep((useconds_t)ms * 1000); }

/* The test's own thread as a client that holds the lock. */
typedef struct Stage {
    Gil gil;
    Worker self;
} Stage;

static inline void stage_open_under(Stage *stage, const GilPolicy *policy)
{
    memset(stage, 0, sizeof *stage);
    gil_init(&stage->gil, policy);
    stage->self.gil = &stage->gil;
    worker_enter(&stage->self);
    take(&stage->self);
}

static inline void stage_open(Stage *stage) { stage_open_under(stage, gil_policy_named(NULL)); }

static inline void stage_close(Stage *stage)
{
    drop(&stage->self, DROP_EXIT);
    gil_leave(&stage->gil, &stage->self.client);
    gil_destroy(&stage->gil);
}

/* Wait, without the lock, until [count] clients wait for it. The caller holds it. */
static inline void await_waiters(Stage *stage, uint32_t count)
{
    while (gil_waiter_count(&stage->gil) != count)
        usleep(200);
}

/* Drop the lock until [workers] have ended. */
static inline void await_end(Stage *stage, Worker *workers, int count)
{
    gil_drop(&stage->gil, &stage->self.client, DROP_NATIVE);
    for (int i = 0; i < count; i++)
        worker_wait(&workers[i]);
    gil_take(&stage->gil, &stage->self.client);
}

#endif
