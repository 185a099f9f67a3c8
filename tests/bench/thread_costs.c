/* thread_costs.c - what one operation with threads costs in C, on bare pthreads: the other side of thread_costs.toy.
 *
 * What        thread_costs NAME: prints microseconds. The names and what they do are those of thread_costs.toy.
 * How         A lock that anybody may release is a semaphore; a queue is a ring with a mutex and a condition.
 *             The median of some batches; CPU time of the whole process, but for the hand-over, which is a delay.
 * GIL         there is none. */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "costs.h"

static void *nothing(void *argument) { return argument; }

static void start_join(int n)
{
    for (int i = 0; i < n; i++) {
        pthread_t thread;
        pthread_create(&thread, NULL, nothing, NULL);
        pthread_join(thread, NULL);
    }
}

static void lock_pair(int n)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    for (int i = 0; i < n; i++) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
}

static void with_rlock(int n)
{
    pthread_mutexattr_t attributes;
    pthread_mutexattr_init(&attributes);
    pthread_mutexattr_settype(&attributes, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_t mutex;
    pthread_mutex_init(&mutex, &attributes);
    for (int i = 0; i < n; i++) {
        pthread_mutex_lock(&mutex);
        pthread_mutex_unlock(&mutex);
    }
}

/* ---- queues ---- */

enum { ROOM = 8192 };
typedef struct Queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    void *items[ROOM];
    int first, count;
} Queue;

static Queue *queue_new(void)
{
    Queue *queue = calloc(1, sizeof *queue);
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->filled, NULL);
    return queue;
}

static void put(Queue *queue, void *item)
{
    pthread_mutex_lock(&queue->mutex);
    queue->items[(queue->first + queue->count++) % ROOM] = item;
    pthread_cond_signal(&queue->filled);
    pthread_mutex_unlock(&queue->mutex);
}

static void *get(Queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    while (queue->count == 0) pthread_cond_wait(&queue->filled, &queue->mutex);
    void *item = queue->items[queue->first];
    queue->first = (queue->first + 1) % ROOM;
    queue->count--;
    pthread_mutex_unlock(&queue->mutex);
    return item;
}

static void queue_pair(int n)
{
    Queue *queue = queue_new();
    for (int i = 0; i < n; i++) {
        put(queue, NULL);
        get(queue);
    }
    free(queue);
}

/* ---- two threads ---- */

typedef struct Pair { sem_t ping, pong; Queue *to, *back; int n; } Pair;

static void *produce(void *argument)
{
    Pair *pair = argument;
    for (int i = 0; i < pair->n; i++) put(pair->to, NULL);
    return NULL;
}

static void *answer_locks(void *argument)
{
    Pair *pair = argument;
    for (int i = 0; i < pair->n; i++) {
        sem_wait(&pair->ping);
        sem_post(&pair->pong);
    }
    return NULL;
}

static void *answer_queues(void *argument)
{
    Pair *pair = argument;
    for (int i = 0; i < pair->n; i++) put(pair->back, get(pair->to));
    return NULL;
}

static void with_another(void *(*other)(void *), int n)
{
    Pair pair = {.n = n, .to = queue_new(), .back = queue_new()};
    sem_init(&pair.ping, 0, 0);
    sem_init(&pair.pong, 0, 0);
    pthread_t thread;
    pthread_create(&thread, NULL, other, &pair);
    for (int i = 0; i < n; i++) {
        if (other == answer_locks) {
            sem_post(&pair.ping);
            sem_wait(&pair.pong);
        } else if (other == answer_queues) {
            put(pair.to, NULL);
            get(pair.back);
        } else {
            get(pair.to);
        }
    }
    pthread_join(thread, NULL);
    free(pair.to);
    free(pair.back);
}
static void produce_consume(int n) { with_another(produce, n); }
static void lock_ping_pong(int n)  { with_another(answer_locks, n); }
static void queue_ping_pong(int n) { with_another(answer_queues, n); }

static void fork_wait(int n)
{
    for (int i = 0; i < n; i++) {
        pid_t pid = fork();
        if (pid == 0) _exit(0);
        waitpid(pid, NULL, 0);
    }
}

/* ---- the hand-over ---- */

static double now_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

/* A token that goes from thread to thread: who has it works for a while, then signals the other one, who sleeps. */
typedef struct Token { pthread_mutex_t mutex; pthread_cond_t passed; int owner, count; double left_at, gaps[500]; } Token;
typedef struct Runner { Token *token; int me; } Runner;

static void *run_with_token(void *argument)
{
    enum { WORK_US = 500 };
    Runner *runner = argument;
    Token *token = runner->token;
    pthread_mutex_lock(&token->mutex);
    while (token->count < 500) {
        if (token->owner != runner->me) {
            pthread_cond_wait(&token->passed, &token->mutex);
            continue;
        }
        double now = now_us();
        if (token->left_at > 0) token->gaps[token->count++] = now - token->left_at;
        while (now_us() < now + WORK_US) continue;
        token->owner = !runner->me;
        token->left_at = now_us();
        pthread_cond_signal(&token->passed);
    }
    pthread_cond_signal(&token->passed);
    pthread_mutex_unlock(&token->mutex);
    return NULL;
}

static double hand_over(void)
{
    static Token token = {.mutex = PTHREAD_MUTEX_INITIALIZER, .passed = PTHREAD_COND_INITIALIZER};
    Runner runners[2] = {{&token, 0}, {&token, 1}};
    pthread_t threads[2];
    for (int i = 0; i < 2; i++) pthread_create(&threads[i], NULL, run_with_token, &runners[i]);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    qsort(token.gaps, 500, sizeof(double), order);
    return token.gaps[250];
}

/* ---- measuring ---- */

static const Cost costs[] = {
    {"start_join", start_join, 200},          {"lock_pair", lock_pair, 50000},         {"with_lock", lock_pair, 50000},
    {"with_rlock", with_rlock, 50000},        {"queue_pair", queue_pair, 5000},        {"simple_queue_pair", queue_pair, 50000},
    {"produce_consume", produce_consume, 5000}, {"lock_ping_pong", lock_ping_pong, 2000}, {"queue_ping_pong", queue_ping_pong, 2000},
    {"fork_wait", fork_wait, 50},
};

int main(int argc, char **argv)
{
    if (argc != 2) return 2;
    if (strcmp(argv[1], "hand_over") == 0) {
        printf("%f\n", hand_over());
        return 0;
    }
    return cost_print(costs, sizeof costs / sizeof costs[0], argv[1]);
}
