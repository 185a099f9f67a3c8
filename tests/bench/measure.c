/* measure.c - runs a command some times and says what it cost.
 *
 * What        measure COUNT COMMAND...: on descriptor 3, a line "CPU microseconds, peak memory in KB, wait status", means and maxima.
 * How         wait4(2). It has to be a small program of its own: the peak that the kernel reports for a child counts the
 *             memory of whoever forked it, so a child of a Python process never seems to need less than Python.
 * GIL         never needed. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc < 3) return 2;
    int count = atoi(argv[1]), status = 0;
    long cpu_us = 0, peak_kb = 0;
    for (int i = 0; i < count && status == 0; i++) {
        pid_t child = fork();
        if (child == 0) {
            if (i > 0 && !freopen("/dev/null", "w", stdout)) _exit(127);
            execv(argv[2], argv + 2);
            _exit(127);
        }
        struct rusage usage;
        if (child < 0 || wait4(child, &status, 0, &usage) < 0) return 2;
        cpu_us += (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000L + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
        if (usage.ru_maxrss > peak_kb) peak_kb = usage.ru_maxrss;
    }
    dprintf(3, "%ld %ld %d\n", cpu_us / count, peak_kb, status);
    return 0;
}
