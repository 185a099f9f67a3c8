/* test_gil_policies.c - what each policy of the lock promises, on plain pthreads.
 *
 * What        ticks: counts to a hundred, asks nobody. fair: arrival order, nobody is passed, equal numbers of turns, what was too long
 *             is taken back. io: who comes back goes first, whoever was interrupted goes on, and those who compute keep half.
 *             And: policies can be changed under way.
 * How         Where it can be, the order of turns is checked and not their length, or an interval of a quarter of an hour makes all
 *             that waits for its end impossible: so a busy machine changes nothing. Shares and latencies to the per cent are
 *             measured by tests/bench (gil_table, parts/gil_*.toy).
 * Read next   vm/gil/policy.h and the four files behind it */
#include <sched.h>

#include "gil_workers.h"
#include "vm/gil/policy.h"

enum { NEVER_US = 1000 * 1000 * 1000 };

/* Who has run, in order; written under the lock. */
enum { MAX_TURNS = 4096 };
typedef struct Turns {
    int count;
    uint8_t ids[MAX_TURNS];
} Turns;
static Turns turns;

static void note_turn(int id)
{
    if (turns.count < MAX_TURNS && (turns.count == 0 || turns.ids[turns.count - 1] != id))
        turns.ids[turns.count++] = (uint8_t)id;
}

static void body_spin_noting(Worker *worker)
{
    while (!atomic_load_explicit(worker->stop, memory_order_relaxed)) {
        note_turn(worker->id);
        worker->turns++;
        safepoint(worker);
    }
}

static void start_all(Worker *workers, int count, Stage *stage, atomic_bool *stop, void (*body)(Worker *))
{
    turns.count = 0;
    for (int i = 0; i < count; i++) {
        workers[i].id = i;
        workers[i].stop = stop;
        worker_start(&workers[i], &stage->gil, body);
    }
    await_waiters(stage, (uint32_t)count);
}

/* ---- ticks ---- */

START_TEST(ticks_drops_at_every_hundredth_check)
{
    Stage stage;
    stage_open_under(&stage, gil_policy_named("ticks"));
    gil_set_interval(&stage.gil, 1);      /* means nothing here */
    atomic_bool stop = false;
    Worker other;
    memset(&other, 0, sizeof other);
    for (int i = 0; i < 1000; i++)
        safepoint(&stage.self);           /* nobody waits: nothing to hear, nothing counted */
    start_all(&other, 1, &stage, &stop, body_spin);
    enum { DROPS = 200 };
    for (int checks = 0; checks < 100 * DROPS; checks++) {
        ck_assert_uint_eq(gil_counts(&stage.gil, &stage.self.client).drops[DROP_FORCED], (uint64_t)checks / 100);
        while (!(atomic_load(&stage.self.breaker) & GIL_REQUEST_BIT))
            continue;                     /* the other one has just dropped it and does not wait yet */
        gil_yield(&stage.gil, &stage.self.client);
    }
    GilCounts total = gil_counts_total(&stage.gil);
    ck_assert_uint_eq(gil_counts(&stage.gil, &stage.self.client).drops[DROP_FORCED], DROPS);
    ck_assert_uint_eq(total.asks + total.asked_drops, 0);
    atomic_store(&stop, true);
    await_end(&stage, &other, 1);
    ck_assert_uint_eq(atomic_load(&stage.self.breaker), 0);
    stage_close(&stage);
}
END_TEST

/* The price: a thread is woken by a drop and finds that the dropper was faster. */
START_TEST(ticks_wakes_in_vain)
{
    Stage stage;
    stage_open_under(&stage, gil_policy_named("ticks"));
    atomic_bool stop = false;
    Worker other;
    memset(&other, 0, sizeof other);
    start_all(&other, 1, &stage, &stop, body_spin);
    int64_t until = clock_monotonic_ns() + 30ll * NS_PER_S;
    uint64_t in_vain = 0;
    while (in_vain == 0 && clock_monotonic_ns() < until) {
        for (int i = 0; i < 10000; i++)
            safepoint(&stage.self);
        in_vain = gil_counts_total(&stage.gil).woken_in_vain;
    }
    ck_assert_uint_gt(in_vain, 0);
    atomic_store(&stop, true);
    await_end(&stage, &other, 1);
    stage_close(&stage);
}
END_TEST

/* ---- fair ---- */

/* Eight that compute: after the first round each turn goes to the one whose last turn is the oldest. */
START_TEST(fair_goes_round)
{
    enum { WORKERS = 8, ROUNDS = 20 };
    Stage stage;
    stage_open_under(&stage, gil_policy_named("fair"));
    gil_set_interval(&stage.gil, 1000);
    atomic_bool stop = false;
    Worker workers[WORKERS];
    memset(workers, 0, sizeof workers);
    start_all(workers, WORKERS, &stage, &stop, body_spin_noting);
    int64_t until = clock_monotonic_ns() + 15ll * NS_PER_S;
    for (int seen = 0; seen < WORKERS * ROUNDS && clock_monotonic_ns() < until; seen = turns.count) {
        drop(&stage.self, DROP_SLEEP);
        sleep_ms(20);
        take(&stage.self);      /* comes to the end of the queue too, and changes nothing in the order of the rest */
    }
    ck_assert_int_ge(turns.count, WORKERS * ROUNDS);
    for (int i = WORKERS; i < WORKERS * ROUNDS; i++)
        ck_assert_int_eq(turns.ids[i], turns.ids[i - WORKERS]);
    atomic_store(&stop, true);
    await_end(&stage, workers, WORKERS);
    stage_close(&stage);
}
END_TEST

/* Nobody passes those who wait, be its call ever so short. */
START_TEST(fair_lets_nobody_pass)
{
    enum { WORKERS = 4 };
    Stage stage;
    stage_open_under(&stage, gil_policy_named("fair"));
    gil_set_interval(&stage.gil, 300);
    atomic_bool stop = false;
    Worker workers[WORKERS];
    memset(workers, 0, sizeof workers);
    start_all(workers, WORKERS, &stage, &stop, body_spin);
    for (int round = 0; round < 30; round++) {
        uint64_t before[WORKERS];
        for (int i = 0; i < WORKERS; i++)
            before[i] = workers[i].turns;
        drop(&stage.self, DROP_NATIVE);
        take(&stage.self);
        for (int i = 0; i < WORKERS; i++)
            ck_assert_uint_gt(workers[i].turns, before[i]);
    }
    atomic_store(&stop, true);
    await_end(&stage, workers, WORKERS);
    stage_close(&stage);
}
END_TEST

/* The first to wait asks after one interval, and only the first; who is asked is asked once. */
START_TEST(fair_asks_once_a_turn)
{
    Stage stage;
    stage_open_under(&stage, gil_policy_named("fair"));
    gil_set_interval(&stage.gil, 2000);
    atomic_bool stop = true;              /* each runs once and ends */
    Worker workers[3];
    memset(workers, 0, sizeof workers);
    start_all(workers, 3, &stage, &stop, body_spin);
    int64_t until = clock_monotonic_ns() + 30ll * NS_PER_S;
    while (!(atomic_load(&stage.self.breaker) & GIL_REQUEST_BIT) && clock_monotonic_ns() < until)
        sleep_ms(1);
    sleep_ms(30);                         /* many intervals: nobody asks a second time */
    uint64_t asks = 0;
    for (int i = 0; i < 3; i++)
        asks += gil_counts(&stage.gil, &workers[i].client).asks;
    ck_assert_uint_eq(asks, 1);
    gil_yield(&stage.gil, &stage.self.client);
    await_end(&stage, workers, 3);
    stage_close(&stage);
}
END_TEST

/* How long the test's own thread holds the lock from now on until it is asked, in ms; it gives way only [late_ms] after that. */
static int ms_until_asked(Stage *stage, int late_ms)
{
    int64_t begin = clock_monotonic_ns(), end = begin + 30ll * NS_PER_S;
    while (!(atomic_load(&stage->self.breaker) & GIL_REQUEST_BIT) && clock_monotonic_ns() < end)
        sleep_ms(1);
    int64_t asked = clock_monotonic_ns();
    sleep_ms(late_ms);
    gil_yield(&stage->gil, &stage->self.client);
    return (int)((asked - begin) / NS_PER_MS);
}

/* Who came late to its safepoint has a shorter turn the next time, and then whole turns again. */
START_TEST(fair_takes_back_what_was_too_long)
{
    Stage stage;
    stage_open_under(&stage, gil_policy_named("fair"));
    gil_set_interval(&stage.gil, 400 * 1000);
    atomic_bool stop = false;
    Worker other;
    memset(&other, 0, sizeof other);
    start_all(&other, 1, &stage, &stop, body_spin);
    ms_until_asked(&stage, 0);                               /* from here on turns are timed */
    ck_assert_int_ge(ms_until_asked(&stage, 300), 350);
    ck_assert_int_le(ms_until_asked(&stage, 0), 300);        /* 400 less 300 */
    ck_assert_int_ge(ms_until_asked(&stage, 0), 250);
    atomic_store(&stop, true);
    await_end(&stage, &other, 1);
    stage_close(&stage);
}
END_TEST

/* ---- io ---- */

/* Those that compute would keep the lock for a quarter of an hour: who comes back from a call has it all the same. New ones do not. */
START_TEST(io_returns_at_once)
{
    enum { HOGS = 4 };
    Stage stage;
    stage_open_under(&stage, gil_policy_named("io"));
    gil_set_interval(&stage.gil, NEVER_US);
    atomic_bool stop = false;
    Worker hogs[HOGS];
    memset(hogs, 0, sizeof hogs);
    start_all(hogs, HOGS, &stage, &stop, body_spin_noting);
    for (int i = 0; i < 100; i++) {
        drop(&stage.self, DROP_NATIVE);
        usleep(300);
        take(&stage.self);
    }
    int running = turns.ids[0];           /* the first of them has been interrupted a hundred times, and each time it went on */
    ck_assert_int_eq(turns.count, 1);
    for (int i = 0; i < HOGS; i++)
        ck_assert_int_eq(hogs[i].turns > 0, i == running);
    ck_assert_uint_eq(gil_counts(&stage.gil, &stage.self.client).drops[DROP_FORCED], 0);
    ck_assert_uint_gt(gil_counts(&stage.gil, &hogs[running].client).drops[DROP_FORCED], 0);
    atomic_store(&stop, true);
    gil_set_interval(&stage.gil, 1000);
    await_end(&stage, hogs, HOGS);
    stage_close(&stage);
}
END_TEST

/* The turns of those that compute are as long as they would be: being interrupted costs nobody its place. */
START_TEST(io_interrupts_no_turn_for_good)
{
    enum { HOGS = 3 };
    Stage stage;
    stage_open_under(&stage, gil_policy_named("io"));
    gil_set_interval(&stage.gil, 20000);
    atomic_bool stop = false;
    Worker hogs[HOGS];
    memset(hogs, 0, sizeof hogs);
    start_all(hogs, HOGS, &stage, &stop, body_spin_noting);
    int64_t began = clock_monotonic_ns();
    while (clock_monotonic_ns() - began < 500 * NS_PER_MS) {
        drop(&stage.self, DROP_NATIVE);
        usleep(500);
        take(&stage.self);
    }
    int64_t longest = (clock_monotonic_ns() - began) / (20 * NS_PER_MS) + 2;
    ck_assert_int_le(turns.count, longest);
    atomic_store(&stop, true);
    await_end(&stage, hogs, HOGS);
    stage_close(&stage);
}
END_TEST

static void compute_us(int us)
{
    int64_t until = clock_monotonic_ns() + us * NS_PER_US;
    while (clock_monotonic_ns() < until)
        continue;
}

/* Hardly back, it is away again: all of them together want more than there is. */
static void body_greedy(Worker *worker)
{
    while (!atomic_load_explicit(worker->stop, memory_order_relaxed)) {
        worker->turns++;
        compute_us(200);
        drop(worker, DROP_NATIVE);
        take(worker);
    }
}

/* The bound: six that always come back, and one that computes. It keeps half, less what one interval is of the whole. */
static void check_half_is_left(void)
{
    enum { GREEDY = 6 };
    Stage stage;
    stage_open_under(&stage, gil_policy_named("io"));
    gil_set_interval(&stage.gil, 2000);
    atomic_bool stop = false;
    Worker workers[GREEDY + 1];
    memset(workers, 0, sizeof workers);
    start_all(workers, GREEDY, &stage, &stop, body_greedy);
    Worker *hog = &workers[GREEDY];
    hog->stop = &stop;
    worker_start(hog, &stage.gil, body_spin);
    await_waiters(&stage, GREEDY + 1);
    int64_t began = clock_monotonic_ns();
    drop(&stage.self, DROP_NATIVE);
    usleep(800000);
    take(&stage.self);
    double share = (double)gil_counts(&stage.gil, &hog->client).ns_held / (double)(clock_monotonic_ns() - began);
    ck_assert_double_ge(share, 0.40);
    for (int i = 0; i < GREEDY; i++)
        ck_assert_uint_gt(workers[i].turns, 0);
    atomic_store(&stop, true);
    await_end(&stage, workers, GREEDY + 1);
    stage_close(&stage);
}

START_TEST(io_leaves_half_to_who_computes)
{
    check_half_is_left();
}
END_TEST

/* On one core, who drops the lock is back before the one that was woken has run at all. */
START_TEST(io_leaves_half_on_one_core)
{
    cpu_set_t all, one;
    ck_assert_int_eq(sched_getaffinity(0, sizeof all, &all), 0);
    CPU_ZERO(&one);
    for (int cpu = 0; CPU_COUNT(&one) == 0; cpu++)
        if (CPU_ISSET(cpu, &all))
            CPU_SET(cpu, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    check_half_is_left();
    ck_assert_int_eq(sched_setaffinity(0, sizeof all, &all), 0);
}
END_TEST

/* ---- all of them ---- */

static void body_now_and_then(Worker *worker)
{
    while (!atomic_load_explicit(worker->stop, memory_order_relaxed)) {
        worker->turns++;
        safepoint(worker);
        if (worker->turns % 64 == 0) {
            drop(worker, DROP_NATIVE);
            usleep(50);
            take(worker);
        }
    }
}

/* Policies change while threads wait, ask, watch and stay away: each goes on under the new one. */
START_TEST(changing_the_policy_loses_nobody)
{
    enum { WORKERS = 6, CHANGES = 400 };
    Stage stage;
    stage_open(&stage);
    gil_set_interval(&stage.gil, 100);
    atomic_bool stop = false;
    Worker workers[WORKERS];
    memset(workers, 0, sizeof workers);
    start_all(workers, WORKERS / 2, &stage, &stop, body_spin);
    for (int i = WORKERS / 2; i < WORKERS; i++) {
        workers[i].stop = &stop;
        worker_start(&workers[i], &stage.gil, body_now_and_then);
    }
    unsigned random = 12345;
    for (int i = 0; i < CHANGES; i++) {
        random = random * 1103515245 + 12345;
        gil_set_policy(&stage.gil, gil_policy_at((int)(random >> 16) % 4));
        drop(&stage.self, DROP_SLEEP);
        usleep(random >> 16 & 511);
        take(&stage.self);
    }
    uint64_t before[WORKERS];
    for (int i = 0; i < WORKERS; i++)
        before[i] = workers[i].turns;
    gil_set_policy(&stage.gil, gil_policy_named("fair"));
    for (int i = 0; i < 4; i++) {
        drop(&stage.self, DROP_NATIVE);
        usleep(20000);
        take(&stage.self);
    }
    for (int i = 0; i < WORKERS; i++)
        ck_assert_uint_gt(workers[i].turns, before[i]);
    atomic_store(&stop, true);
    await_end(&stage, workers, WORKERS);
    stage_close(&stage);
}
END_TEST

/* A lock that nobody else wants is taken and dropped without asking its policy: this one has no answers, and would crash. */
START_TEST(alone_no_policy_is_asked)
{
    static const struct GilPolicy speechless = {.name = "speechless", .summary = "has no answer to anything"};
    Stage stage;
    stage_open_under(&stage, &speechless);
    for (int i = 0; i < 1000; i++) {
        drop(&stage.self, DROP_NATIVE);
        take(&stage.self);
        safepoint(&stage.self);
    }
    stage_close(&stage);
}
END_TEST

/* A case for each policy: CK_RUN_CASE=fair runs one. */
static TCase *add_case(Suite *suite, const char *name)
{
    TCase *tests = tcase_create(name);
    tcase_set_timeout(tests, 60);
    suite_add_tcase(suite, tests);
    return tests;
}

int main(void)
{
    Suite *suite = suite_create("gil policies");
    TCase *ticks = add_case(suite, "ticks");
    tcase_add_test(ticks, ticks_drops_at_every_hundredth_check);
    tcase_add_test(ticks, ticks_wakes_in_vain);
    TCase *fair = add_case(suite, "fair");
    tcase_add_test(fair, fair_goes_round);
    tcase_add_test(fair, fair_lets_nobody_pass);
    tcase_add_test(fair, fair_asks_once_a_turn);
    tcase_add_test(fair, fair_takes_back_what_was_too_long);
    TCase *io = add_case(suite, "io");
    tcase_add_test(io, io_returns_at_once);
    tcase_add_test(io, io_interrupts_no_turn_for_good);
    tcase_add_test(io, io_leaves_half_to_who_computes);
    tcase_add_test(io, io_leaves_half_on_one_core);
    TCase *all = add_case(suite, "all");
    tcase_add_test(all, changing_the_policy_loses_nobody);
    tcase_add_test(all, alone_no_policy_is_asked);
    SRunner *runner = srunner_create(suite);
    srunner_run_all(runner, CK_ENV);
    int failures = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failures == 0 ? 0 : 1;
}
