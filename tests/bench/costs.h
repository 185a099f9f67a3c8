/* costs.h - what the C twins of thread_costs and process_costs share: running one operation in batches, and the median of them.
 *
 * What        cost_print(): the operation of that name, in microseconds of the processor's time, children included. order(): of doubles, for qsort.
 * GIL         never needed.
 * Read next   costs.py, who compiles and compares them */
#ifndef TOY_TESTS_BENCH_COSTS_H
#define TOY_TESTS_BENCH_COSTS_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

typedef struct Cost {
    const char *name;
    void (*run)(int n);
    int n;                      /* operations in a batch */
} Cost;

static int order(const void *a, const void *b) { return (*(const double *)a > *(const double *)b) - (*(const double *)a < *(const double *)b); }

static double cpu_us(int who)
{
    struct rusage usage;
    getrusage(who, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

/* The status for main: 2 if there is no operation of that name. */
static int cost_print(const Cost *costs, size_t count, const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(costs[i].name, name) != 0) continue;
        double batches[9];
        for (int k = 0; k < 9; k++) {
            double start = cpu_us(RUSAGE_SELF) + cpu_us(RUSAGE_CHILDREN);
            costs[i].run(costs[i].n);
            batches[k] = (cpu_us(RUSAGE_SELF) + cpu_us(RUSAGE_CHILDREN) - start) / costs[i].n;
        }
        qsort(batches, 9, sizeof(double), order);
        printf("%f\n", batches[4]);
        return 0;
    }
    return 2;
}

#endif
