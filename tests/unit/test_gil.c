/* test_gil.c - the lock alone, on plain pthreads: no interpreter, no bytecode, no thread of ours.
 *
 * What        Mutual exclusion, forced switching, who asks and who does not, counters, fork, the end.
 * How         Workers and stages are those of gil_workers.h. What two workers must not do at once is done on plain variables, so
 *             ThreadSanitizer checks I1 as well as the assertions do. What must hold under every policy is tried under each; what
 *             one of them promises is in test_gil_policies.c.
 * Read next   vm/gil/gil.c, test_gil_policies.c */
#include <sys/wait.h>

#include "gil_workers.h"

/* ---- I1 ---- */

static uint64_t shared_number;   /* plain on purpose: only the lock protects it */

static void body_count(Worker *worker)
{
    for (int i = 0; i < 20000; i++) {
        uint64_t seen = shared_number;
        if (i % 64 == 0)
            for (volatile int k = 0; k < 50; k++)
                continue;
        shared_number = seen + 1;
        safepoint(worker);
        if (i % 128 == worker->id) {
            drop(worker, DROP_NATIVE);
            take(worker);
        }
    }
}

static void exclusion(uint64_t interval_us, const GilPolicy *policy)
{
    enum { WORKERS = 6 };
    Stage stage;
    stage_open_under(&stage, policy);
    gil_set_interval(&stage.gil, interval_us);
    shared_number = 0;
    Worker workers[WORKERS] = {0};
    for (int i = 0; i < WORKERS; i++) {
        workers[i].id = i;
        worker_start(&workers[i], &stage.gil, body_count);
    }
    drop(&stage.self, DROP_NATIVE);
    for (int i = 0; i < WORKERS; i++)
        worker_wait(&workers[i]);
    take(&stage.self);
    ck_assert_uint_eq(shared_number, WORKERS * 20000);
    stage_close(&stage);
}

START_TEST(one_at_a_time)          { exclusion(GIL_DEFAULT_INTERVAL_US, gil_policy_at(_i)); } END_TEST
START_TEST(one_at_a_time_at_1_us)  { exclusion(1, gil_policy_at(_i)); } END_TEST

/* ---- forced switching ---- */

static void body_note_holder(Worker *worker)
{
    while (!atomic_load_explicit(worker->stop, memory_order_relaxed)) {
        shared_number = (uint64_t)worker->id;
        worker->turns++;
        safepoint(worker);
    }
}

/* I3: after each yield under a request, the other one has run. */
START_TEST(yield_lets_another_run)
{
    Stage stage;
    stage_open(&stage);
    gil_set_interval(&stage.gil, 500);
    atomic_bool stop = false;
    Worker other = {.id = 7, .stop = &stop};
    worker_start(&other, &stage.gil, body_note_holder);
    await_waiters(&stage, 1);
    for (int i = 0; i < 100; i++) {
        shared_number = 0;
        while (!(atomic_load(&stage.self.breaker) & GIL_REQUEST_BIT))
            continue;
        gil_yield(&stage.gil, &stage.self.client);
        ck_assert_uint_eq(shared_number, 7);
        ck_assert_uint_eq(atomic_load(&stage.self.breaker) & GIL_REQUEST_BIT, 0);
    }
    GilCounts mine = gil_counts(&stage.gil, &stage.self.client);
    ck_assert_uint_eq(mine.drops[DROP_FORCED], 100);
    ck_assert_uint_eq(mine.asked_drops, 100);
    atomic_store(&stop, true);
    drop(&stage.self, DROP_NATIVE);
    worker_wait(&other);
    take(&stage.self);
    stage_close(&stage);
}
END_TEST

/* The same for a voluntary drop while somebody asks: the reason does not matter. */
START_TEST(asked_drop_for_a_native_call_lets_another_run)
{
    Stage stage;
    stage_open(&stage);
    gil_set_interval(&stage.gil, 200);
    atomic_bool stop = false;
    Worker other = {.id = 7, .stop = &stop};
    worker_start(&other, &stage.gil, body_note_holder);
    for (int i = 0; i < 100; i++) {
        shared_number = 0;
        while (!(atomic_load(&stage.self.breaker) & GIL_REQUEST_BIT))
            continue;
        drop(&stage.self, DROP_NATIVE);
        take(&stage.self);
        ck_assert_uint_eq(shared_number, 7);
    }
    atomic_store(&stop, true);
    drop(&stage.self, DROP_NATIVE);
    worker_wait(&other);
    take(&stage.self);
    stage_close(&stage);
}
END_TEST

/* Who asks last is not who must get it: -X stress=switch hands over without waiting for an interval. */
START_TEST(hand_over_needs_no_request)
{
    Stage stage;
    stage_open_under(&stage, gil_policy_at(_i));
    gil_set_interval(&stage.gil, 1000000000);
    gil_hand_over(&stage.gil, &stage.self.client);   /* nobody waits: returns at once, still holding */
    ck_assert(gil_is_held_by(&stage.gil, &stage.self.client));
    ck_assert_uint_eq(atomic_load(&stage.self.breaker), 0);
    atomic_bool stop = true;                          /* the other one runs once and ends */
    Worker other = {.stop = &stop, .id = 3};
    worker_start(&other, &stage.gil, body_spin);
    await_waiters(&stage, 1);
    gil_hand_over(&stage.gil, &stage.self.client);
    worker_wait(&other);
    GilCounts total = gil_counts_total(&stage.gil);
    ck_assert_uint_eq(total.drops[DROP_EXIT], 1);
    ck_assert_uint_eq(total.asks, 0);
    stage_close(&stage);
}
END_TEST

/* ---- when a waiter asks ---- */

static void body_nothing(Worker *worker) { worker->turns = 1; }

START_TEST(nobody_asks_before_the_interval)
{
    Stage stage;
    stage_open(&stage);
    gil_set_interval(&stage.gil, 200000);
    Worker other = {0};
    worker_start(&other, &stage.gil, body_nothing);
    await_waiters(&stage, 1);
    sleep_ms(20);
    ck_assert_uint_eq(atomic_load(&stage.self.breaker), 0);
    int64_t began = clock_monotonic_ns();
    while (!(atomic_load(&stage.self.breaker) & GIL_REQUEST_BIT))
        sleep_ms(1);
    ck_assert_int_ge(clock_monotonic_ns() - began, 100 * NS_PER_MS);
    gil_yield(&stage.gil, &stage.self.client);
    worker_wait(&other);
    stage_close(&stage);
}
END_TEST

/* A new interval counts from the next turn of each waiter. */
START_TEST(interval_is_read_at_each_turn)
{
    Stage stage;
    stage_open(&stage);
    ck_assert_uint_eq(gil_interval(&stage.gil), 5000);
    gil_set_interval(&stage.gil, 0);
    ck_assert_uint_eq(gil_interval(&stage.gil), 0);
    gil_set_interval(&stage.gil, 100000);
    Worker other = {0};
    worker_start(&other, &stage.gil, body_nothing);
    await_waiters(&stage, 1);
    gil_set_interval(&stage.gil, 1000000000000);
    /* The turn under way still ends after 100 ms. */
    int64_t began = clock_monotonic_ns();
    while (!(atomic_load(&stage.self.breaker) & GIL_REQUEST_BIT))
        sleep_ms(1);
    ck_assert_int_lt(clock_monotonic_ns() - began, 5ll * NS_PER_S);
    gil_yield(&stage.gil, &stage.self.client);
    worker_wait(&other);

    Worker patient = {0};
    worker_start(&patient, &stage.gil, body_nothing);
    await_waiters(&stage, 1);
    sleep_ms(150);
    ck_assert_uint_eq(atomic_load(&stage.self.breaker), 0);   /* its turn is of the long kind */
    drop(&stage.self, DROP_NATIVE);
    worker_wait(&patient);
    take(&stage.self);
    stage_close(&stage);
}
END_TEST

static void body_swap_often(Worker *worker)
{
    while (!atomic_load(worker->stop)) {
        worker->turns++;
        drop(worker, DROP_NATIVE);
        usleep(300);
        take(worker);
    }
}

/* P3: while others take turns quicker than the interval, a waiter sees a switch in each of its own and asks nobody. */
START_TEST(nobody_is_asked_after_a_switch)
{
    Stage stage;
    stage_open(&stage);
    gil_set_interval(&stage.gil, 150000);
    atomic_bool stop = false;
    Worker swappers[3] = {{.stop = &stop}, {.stop = &stop}, {.stop = &stop}};
    for (int i = 0; i < 3; i++)
        worker_start(&swappers[i], &stage.gil, body_swap_often);
    for (int i = 0; i < 300; i++) {
        drop(&stage.self, DROP_NATIVE);
        usleep(1000);
        take(&stage.self);
    }
    GilCounts total = gil_counts_total(&stage.gil);
    ck_assert_uint_eq(total.asks, 0);
    ck_assert_uint_eq(total.asked_drops, 0);
    atomic_store(&stop, true);
    drop(&stage.self, DROP_NATIVE);
    for (int i = 0; i < 3; i++)
        worker_wait(&swappers[i]);
    take(&stage.self);
    stage_close(&stage);
}
END_TEST

/* ---- counters ---- */

START_TEST(counters_are_exact)
{
    Stage stage;
    stage_open(&stage);
    for (int i = 0; i < 1000; i++) {
        drop(&stage.self, i % 4 == 0 ? DROP_LOCK : DROP_NATIVE);
        take(&stage.self);
    }
    GilCounts counts = gil_counts(&stage.gil, &stage.self.client);
    ck_assert_uint_eq(counts.takes, 1001);
    ck_assert_uint_eq(counts.contended_takes, 0);
    ck_assert_uint_eq(counts.drops[DROP_LOCK], 250);
    ck_assert_uint_eq(counts.drops[DROP_NATIVE], 750);
    ck_assert_uint_eq(counts.drops[DROP_FORCED], 0);
    ck_assert_uint_eq(counts.asks + counts.asked_drops + counts.woken_in_vain, 0);
    ck_assert_int_eq(counts.ns_waited, 0);
    ck_assert_int_gt(counts.ns_held, 0);

    /* One waiter, 50 ms: what it waited is what we held, and both say so. */
    gil_set_interval(&stage.gil, 1000000000);
    Worker other = {0};
    worker_start(&other, &stage.gil, body_nothing);
    await_waiters(&stage, 1);
    sleep_ms(50);
    GilCounts waiting = gil_counts(&stage.gil, &other.client);
    ck_assert_int_ge(waiting.ns_waited, 50ll * NS_PER_MS);   /* a wait that is not over counts too */
    ck_assert_uint_eq(waiting.takes, 0);
    drop(&stage.self, DROP_SLEEP);
    worker_wait(&other);
    take(&stage.self);
    GilCounts total = gil_counts_total(&stage.gil);           /* its counts outlive it */
    ck_assert_uint_eq(total.takes, 1003);
    ck_assert_uint_eq(total.contended_takes, 1);
    ck_assert_uint_eq(total.drops[DROP_EXIT], 1);
    ck_assert_uint_eq(total.drops[DROP_SLEEP], 1);
    ck_assert_int_ge(total.ns_waited, 50ll * NS_PER_MS);
    uint64_t drops = 0;
    for (int reason = 0; reason < DROP_REASON_COUNT; reason++)
        drops += total.drops[reason];
    ck_assert_uint_eq(drops + 1, total.takes);                /* we hold it now */
    stage_close(&stage);
}
END_TEST

START_TEST(names_are_there)
{
    ck_assert_str_eq(gil_drop_reason_name(DROP_FORCED), "forced");
    ck_assert_str_eq(gil_drop_reason_name(DROP_EXIT), "exit");
    ck_assert_str_eq(gil_policy_name(gil_policy_named(NULL)), "interval");
    ck_assert_ptr_eq(gil_policy_named("interval"), gil_policy_at(0));
    ck_assert_str_eq(gil_policy_name(gil_policy_named("ticks")), "ticks");
    ck_assert_str_eq(gil_policy_name(gil_policy_named("fair")), "fair");
    ck_assert_str_eq(gil_policy_name(gil_policy_named("io")), "io");
    ck_assert_ptr_null(gil_policy_named("anarchy"));
    for (int i = 0; gil_policy_at(i) != NULL; i++)
        ck_assert_int_gt((int)strlen(gil_policy_summary(gil_policy_at(i))), 10);
}
END_TEST

START_TEST(errno_is_kept)
{
    Stage stage;
    stage_open_under(&stage, gil_policy_at(_i));
    gil_set_interval(&stage.gil, 100);
    atomic_bool stop = false;
    Worker other = {.stop = &stop};
    worker_start(&other, &stage.gil, body_spin);
    await_waiters(&stage, 1);
    for (int i = 0; i < 50; i++) {
        errno = ENOTTY;
        drop(&stage.self, DROP_NATIVE);
        ck_assert_int_eq(errno, ENOTTY);
        errno = EXDEV;
        take(&stage.self);
        ck_assert_int_eq(errno, EXDEV);
    }
    atomic_store(&stop, true);
    drop(&stage.self, DROP_NATIVE);
    worker_wait(&other);
    take(&stage.self);
    stage_close(&stage);
}
END_TEST

/* ---- fork: in the middle of everything ---- */

START_TEST(remade_in_the_child)
{
    Stage stage;
    stage_open_under(&stage, gil_policy_at(_i));
    gil_set_interval(&stage.gil, 50);
    atomic_bool stop = false;
    Worker others[3] = {{.stop = &stop}, {.stop = &stop}, {.stop = &stop}};
    for (int i = 0; i < 3; i++)
        worker_start(&others[i], &stage.gil, body_spin);
    for (int i = 0; i < 40; i++) {
        safepoint(&stage.self);
        pid_t pid = fork();
        if (pid == 0) {
            gil_remake_after_fork(&stage.gil, &stage.self.client);
            GilCounts counts = gil_counts_total(&stage.gil);
            bool is_fresh = gil_is_held_by(&stage.gil, &stage.self.client) && gil_waiter_count(&stage.gil) == 0
                && counts.takes == 1 && counts.drops[DROP_FORCED] == 0;
            drop(&stage.self, DROP_NATIVE);
            take(&stage.self);
            safepoint(&stage.self);
            _exit(is_fresh ? 0 : 1);
        }
        ck_assert_int_gt(pid, 0);
        int status = -1;
        drop(&stage.self, DROP_FORK);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        take(&stage.self);
        ck_assert_int_eq(status, 0);
    }
    atomic_store(&stop, true);
    drop(&stage.self, DROP_NATIVE);
    for (int i = 0; i < 3; i++)
        worker_wait(&others[i]);
    take(&stage.self);
    stage_close(&stage);
}
END_TEST

/* ---- the end ---- */

static atomic_int arrivals;

static void body_come_and_go(Worker *worker)
{
    for (;;) {
        worker->turns++;
        safepoint(worker);
        if (worker->turns % 16 == 0) {
            drop(worker, DROP_NATIVE);
            atomic_fetch_add(&arrivals, 1);
            take(worker);
        }
    }
}

/* Closed while others wait, ask and come back from native calls: the closer goes on alone, and its own drops wait for nobody. */
START_TEST(closed_lock_lets_nobody_in)
{
    enum { WORKERS = 4 };
    /* They sleep in it for ever: it outlives the test, and so do they. */
    Stage *stage = malloc(sizeof *stage);
    stage_open_under(stage, gil_policy_at(_i));
    gil_set_interval(&stage->gil, 20);
    Worker *workers = calloc(WORKERS, sizeof *workers);
    atomic_store(&arrivals, 0);
    for (int i = 0; i < WORKERS; i++)
        worker_start(&workers[i], &stage->gil, body_come_and_go);
    while (atomic_load(&arrivals) < 1000) {
        drop(&stage->self, DROP_NATIVE);
        usleep(100);
        take(&stage->self);
    }
    while (!(atomic_load(&stage->self.breaker) & GIL_REQUEST_BIT))
        usleep(100);
    gil_close(&stage->gil, &stage->self.client);
    uint64_t turns[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        turns[i] = workers[i].turns;
    for (int i = 0; i < 1000; i++) {
        drop(&stage->self, DROP_NATIVE);
        take(&stage->self);
        safepoint(&stage->self);
    }
    sleep_ms(20);
    for (int i = 0; i < WORKERS; i++)
        ck_assert_uint_eq(turns[i], workers[i].turns);
    ck_assert_uint_eq(gil_waiter_count(&stage->gil), 0);
    drop(&stage->self, DROP_EXIT);
    for (int i = 0; i < WORKERS; i++)
        pthread_detach(workers[i].pthread);
}
END_TEST

/* ---- crowds ---- */

static void body_a_few(Worker *worker)
{
    for (int i = 0; i < 20; i++) {
        shared_number++;
        drop(worker, DROP_LOCK);
        take(worker);
        safepoint(worker);
    }
}

START_TEST(thousand_clients)
{
    enum { WORKERS = 1000 };
    Stage stage;
    stage_open_under(&stage, gil_policy_at(_i));
    gil_set_interval(&stage.gil, 100);
    shared_number = 0;
    Worker *workers = calloc(WORKERS, sizeof *workers);
    for (int i = 0; i < WORKERS; i++)
        worker_start(&workers[i], &stage.gil, body_a_few);
    await_waiters(&stage, WORKERS);
    drop(&stage.self, DROP_NATIVE);
    for (int i = 0; i < WORKERS; i++)
        worker_wait(&workers[i]);
    take(&stage.self);
    ck_assert_uint_eq(shared_number, WORKERS * 20);
    GilCounts total = gil_counts_total(&stage.gil);
    ck_assert_uint_eq(total.drops[DROP_LOCK], WORKERS * 20);
    ck_assert_uint_eq(total.drops[DROP_EXIT], WORKERS);
    ck_assert_uint_ge(total.contended_takes, WORKERS);
    free(workers);
    stage_close(&stage);
}
END_TEST

START_TEST(everybody_gets_a_share)
{
    enum { WORKERS = 4 };
    Stage stage;
    stage_open(&stage);
    gil_set_interval(&stage.gil, 1000);
    atomic_bool stop = false;
    Worker workers[WORKERS] = {0};
    for (int i = 0; i < WORKERS; i++) {
        workers[i].stop = &stop;
        worker_start(&workers[i], &stage.gil, body_spin);
    }
    drop(&stage.self, DROP_SLEEP);
    sleep_ms(400);
    atomic_store(&stop, true);
    for (int i = 0; i < WORKERS; i++)
        worker_wait(&workers[i]);
    take(&stage.self);
    for (int i = 0; i < WORKERS; i++)
        ck_assert_uint_gt(workers[i].turns, 100);
    GilCounts total = gil_counts_total(&stage.gil);
    ck_assert_uint_gt(total.drops[DROP_FORCED], 20);
    ck_assert_uint_ge(total.asked_drops, total.drops[DROP_FORCED]);
    stage_close(&stage);
}
END_TEST

/* ---- the parking place, alone ---- */

static void *wake_later(void *argument)
{
    Parking *parking = argument;
    usleep(20000);
    if (parking_mark(parking))
        parking_kick(parking);
    return NULL;
}

START_TEST(parking_remembers_a_wake)
{
    Parking parking = {0};
    parking_reset(&parking);
    int64_t began = clock_monotonic_ns();
    ck_assert_int_eq(parking_wait(&parking, began + 10 * NS_PER_MS, 0), PARK_TIMED_OUT);
    ck_assert_int_ge(clock_monotonic_ns() - began, 10 * NS_PER_MS);
    ck_assert(parking_mark(&parking));           /* it looks asleep until it is reset: the kick goes nowhere */
    parking_reset(&parking);
    ck_assert(!parking_mark(&parking));          /* nobody asleep: no kick needed, but remembered */
    ck_assert_int_eq(parking_wait(&parking, PARK_FOREVER, 0), PARK_WOKEN);
    ck_assert(parking_is_woken(&parking));
    for (int spin_ns = 0; spin_ns <= 40 * NS_PER_MS; spin_ns += 40 * NS_PER_MS) {
        pthread_t waker;
        parking_reset(&parking);
        pthread_create(&waker, NULL, wake_later, &parking);
        ck_assert_int_eq(parking_wait(&parking, PARK_FOREVER, spin_ns), PARK_WOKEN);
        pthread_join(waker, NULL);
    }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("gil");
    TCase *tests = tcase_create("gil");
    tcase_set_timeout(tests, 60);
    int policy_count = 0;
    while (gil_policy_at(policy_count) != NULL)
        policy_count++;
    tcase_add_loop_test(tests, one_at_a_time, 0, policy_count);
    tcase_add_loop_test(tests, one_at_a_time_at_1_us, 0, policy_count);
    tcase_add_test(tests, yield_lets_another_run);
    tcase_add_test(tests, asked_drop_for_a_native_call_lets_another_run);
    tcase_add_loop_test(tests, hand_over_needs_no_request, 0, policy_count);
    tcase_add_test(tests, nobody_asks_before_the_interval);
    tcase_add_test(tests, interval_is_read_at_each_turn);
    tcase_add_test(tests, nobody_is_asked_after_a_switch);
    tcase_add_test(tests, counters_are_exact);
    tcase_add_test(tests, names_are_there);
    tcase_add_loop_test(tests, errno_is_kept, 0, policy_count);
    tcase_add_loop_test(tests, remade_in_the_child, 0, policy_count);
    tcase_add_loop_test(tests, thousand_clients, 0, policy_count);
    tcase_add_test(tests, everybody_gets_a_share);
    tcase_add_test(tests, parking_remembers_a_wake);
    tcase_add_loop_test(tests, closed_lock_lets_nobody_in, 0, policy_count);   /* last: its threads stay */
    suite_add_tcase(suite, tests);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? 0 : 1;
}
