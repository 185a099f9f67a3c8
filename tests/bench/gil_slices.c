/* gil_slices.c - the lock alone, measured: slices, shares and hand-overs of threads that only compute.
 *
 * What        usage: gil_slices POLICY THREADS INTERVAL_US SECONDS. One line: figures separated by blanks.
 *             With THREADS 0: nanoseconds of a take and drop that nobody contends.
 * How         Each thread writes the time into a common word at each turn of its loop and tests its breaker word, as a loop of
 *             bytecode does. Who finds another's number in the owner's place has just got the lock: the difference
 *             to the last time the other wrote is the hand-over, the time since the other got it is its slice.
 * GIL         held by who writes; that is all that protects the tables.
 * Read next   gil_table (runs this and fills in the table of vm/gil/README.md) */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "vm/base/clock.h"
#include "vm/gil/gil.h"

enum { MAX_SWITCHES = 1 << 20, MAX_THREADS = 64 };

typedef struct Bench {
    Gil gil;
    atomic_bool stop;
    int owner;                 /* -1: nobody yet */
    int64_t got_at, last_at;   /* the owner's first and latest turn */
    size_t count;
    int64_t slices[MAX_SWITCHES], handovers[MAX_SWITCHES];
    int64_t held[MAX_THREADS];
} Bench;

typedef struct Spinner {
    Bench *bench;
    GilClient client;
    _Atomic uint32_t breaker;
    pthread_t pthread;
    int id;
} Spinner;

static void note_turn(Bench *bench, int id)
{
    int64_t now = clock_monotonic_ns();
    if (bench->owner != id) {
        if (bench->owner >= 0 && bench->count < MAX_SWITCHES) {
            bench->handovers[bench->count] = now - bench->last_at;
            bench->slices[bench->count++] = now - bench->got_at;
            bench->held[bench->owner] += bench->last_at - bench->got_at;
        }
        bench->owner = id;
        bench->got_at = now;
    }
    bench->last_at = now;
}

static void *spin(void *argument)
{
    Spinner *self = argument;
    Gil *gil = &self->bench->gil;
    gil_join(gil, &self->client, &self->breaker);
    gil_take(gil, &self->client);
    while (!atomic_load_explicit(&self->bench->stop, memory_order_relaxed)) {
        note_turn(self->bench, self->id);
        if (atomic_load_explicit(&self->breaker, memory_order_relaxed) & GIL_REQUEST_BIT)
            gil_yield(gil, &self->client);
    }
    gil_drop_and_leave(gil, &self->client, DROP_EXIT);
    return NULL;
}

static int by_size(const void *left, const void *right)
{
    int64_t a = *(const int64_t *)left, b = *(const int64_t *)right;
    return (a > b) - (a < b);
}

static int uncontended(Gil *gil)
{
    enum { PAIRS = 5000000 };
    GilClient client;
    _Atomic uint32_t breaker = 0;
    gil_join(gil, &client, &breaker);
    int64_t began = clock_monotonic_ns();
    for (int i = 0; i < PAIRS; i++) {
        gil_take(gil, &client);
        gil_drop(gil, &client, DROP_NATIVE);
    }
    printf("%.1f\n", (double)(clock_monotonic_ns() - began) / PAIRS);
    return 0;
}

int main(int count, char **arguments)
{
    if (count != 5)
        return 2;
    const GilPolicy *policy = gil_policy_named(arguments[1]);
    int threads = atoi(arguments[2]);
    double seconds = atof(arguments[4]);
    if (policy == NULL || threads > MAX_THREADS)
        return 2;
    Bench *bench = calloc(1, sizeof *bench);
    bench->owner = -1;
    gil_init(&bench->gil, policy);
    gil_set_interval(&bench->gil, strtoull(arguments[3], NULL, 10));
    if (threads == 0)
        return uncontended(&bench->gil);

    Spinner *spinners = calloc((size_t)threads, sizeof *spinners);
    for (int i = 0; i < threads; i++) {
        spinners[i].bench = bench;
        spinners[i].id = i;
        pthread_create(&spinners[i].pthread, NULL, spin, &spinners[i]);
    }
    struct timespec duration = clock_timespec((int64_t)(seconds * NS_PER_S));
    nanosleep(&duration, NULL);
    atomic_store(&bench->stop, true);
    for (int i = 0; i < threads; i++)
        pthread_join(spinners[i].pthread, NULL);

    GilCounts total = gil_counts_total(&bench->gil);
    size_t n = bench->count;
    if (n == 0)
        return 1;
    qsort(bench->slices, n, sizeof *bench->slices, by_size);
    qsort(bench->handovers, n, sizeof *bench->handovers, by_size);
    double sum = 0, least = 1e9, most = 0;
    for (int i = 0; i < threads; i++)
        sum += (double)bench->held[i];
    for (int i = 0; i < threads; i++) {
        double share = (double)bench->held[i] / sum * threads;
        least = share < least ? share : least;
        most = share > most ? share : most;
    }
    printf("%.0f %.3f %.3f %.3f %.2f %.2f %.1f %.1f %.1f %.2f\n", (double)n / seconds, (double)bench->slices[n / 2] / 1e6,
           (double)bench->slices[n * 95 / 100] / 1e6, (double)bench->slices[n - 1] / 1e6, least, most,
           (double)bench->handovers[n / 10] / 1e3, (double)bench->handovers[n / 2] / 1e3, (double)bench->handovers[n * 9 / 10] / 1e3,
           (double)total.woken_in_vain / (double)n);
    free(spinners);
    free(bench);
    return 0;
}
