/* process_costs.c - what one operation with processes costs in C, on bare fork, exec and pipes: the other side of process_costs.toy.
 *
 * What        process_costs NAME: prints microseconds. The names and what they do are those of process_costs.toy.
 * How         A pipe in both directions is a pair of sockets, a queue is a pipe, a lock is a semaphore in shared memory. A fresh program is
 *             this one, which then does nothing. The median of some batches; CPU time of this process and of its children.
 * GIL         there is none.
 * Read next   process_costs.toy, costs.py */
#include <semaphore.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "costs.h"

extern char **environ;
static char *program;

/* What a Pipe and a Queue send for None: a length, and a pickle of it. */
enum { MESSAGE = 8 };

static void fork_start_join(int n)
{
    for (int i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0) _exit(0);
        waitpid(pid, NULL, 0);
    }
}

static void spawn_start_join(int n)
{
    for (int i = 0; i < n; i++) {
        pid_t pid;
        char *arguments[] = {program, "nothing", NULL};
        if (posix_spawn(&pid, program, NULL, NULL, arguments, environ) != 0) exit(1);
        waitpid(pid, NULL, 0);
    }
}

static void pass(int from, int to, char *message)
{
    if (read(from, message, MESSAGE) != MESSAGE || write(to, message, MESSAGE) != MESSAGE) exit(1);
}

/* The child reads at [its_in] and answers at [its_out]. */
static void round_trips(int n, int our_out, int its_in, int its_out, int our_in)
{
    char message[MESSAGE] = {0};
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < n; i++) pass(its_in, its_out, message);
        _exit(0);
    }
    if (write(our_out, message, MESSAGE) != MESSAGE) exit(1);
    for (int i = 1; i < n; i++) pass(our_in, our_out, message);
    if (read(our_in, message, MESSAGE) != MESSAGE) exit(1);
    waitpid(pid, NULL, 0);
}

static void pipe_round_trip(int n)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0) exit(1);
    round_trips(n, ends[0], ends[1], ends[1], ends[0]);
    close(ends[0]), close(ends[1]);
}

static void queue_round_trip(int n)
{
    int ping[2], pong[2];
    if (pipe(ping) < 0 || pipe(pong) < 0) exit(1);
    round_trips(n, ping[1], ping[0], pong[1], pong[0]);
    close(ping[0]), close(ping[1]), close(pong[0]), close(pong[1]);
}

static void queue_pair(int n)
{
    int ends[2];
    char message[MESSAGE] = {0};
    if (pipe(ends) < 0 || write(ends[1], message, MESSAGE) != MESSAGE) exit(1);
    for (int i = 0; i < n; i++) pass(ends[0], ends[1], message);
    close(ends[0]), close(ends[1]);
}

static void lock_pair(int n)
{
    sem_t *lock = mmap(NULL, sizeof *lock, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (lock == MAP_FAILED || sem_init(lock, 1, 1) < 0) exit(1);
    for (int i = 0; i < n; i++) {
        sem_wait(lock);
        sem_post(lock);
    }
    munmap(lock, sizeof *lock);
}

/* ---- measuring ---- */

static const Cost costs[] = {
    {"fork_start_join", fork_start_join, 50},      {"spawn_start_join", spawn_start_join, 50},
    {"pipe_round_trip", pipe_round_trip, 2000},    {"queue_round_trip", queue_round_trip, 2000},  {"simple_queue_round_trip", queue_round_trip, 2000},
    {"queue_pair", queue_pair, 2000},              {"lock_pair", lock_pair, 20000},               {"executor_call", pipe_round_trip, 1000},
    {"pool_call", pipe_round_trip, 1000},
};

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    program = argv[0];
    if (strcmp(argv[1], "nothing") == 0) return 0;
    return cost_print(costs, sizeof costs / sizeof costs[0], argv[1]);
}
