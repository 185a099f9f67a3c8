/* fatal_signals.c - signals after which it is written where each thread was.
 *
 * What        Last words at fatal signals (-X faulthandler, faulthandler.enable), stacks at signals that a script chose
 *             (faulthandler.register), and the dump behind -X gil-dump.
 * How         A handler finds the interpreter by signals_interp(), and all it needs in its FaultWatch. After last words the action
 *             that was there before is put back and the signal sent again: the process dies as it would have.
 * Invariants  I1 a FaultWatch, once made, stays until fatal_signals_finish: a handler may run in another thread meanwhile.
 *             I2 handlers call nothing but thread_dump and system calls that POSIX allows there, and keep errno if the program goes on.
 * GIL         held to set up, not needed by handlers.
 * Read next   thread_dump.c, vm/threads/signals.c */
#include "vm/run/fatal_signals.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "vm/run/interp.h"
#include "vm/run/thread_dump.h"
#include "vm/threads/signals.h"

enum { HANDLER_STACK_BYTES = 64 * 1024 };

static const struct { int number; const char *name; } fatal_signals[] = {
    {SIGBUS, "Bus error"}, {SIGILL, "Illegal instruction"}, {SIGFPE, "Floating-point exception"},
    {SIGABRT, "Aborted"}, {SIGSEGV, "Segmentation fault"},
};
enum { FATAL_COUNT = ARRAY_LENGTH(fatal_signals) };

/* A signal that shows stacks and lets the program go on. */
typedef struct StackSignal {
    bool is_registered, all_threads, chains;
    int descriptor;
    struct sigaction previous;
} StackSignal;

typedef struct FaultWatch {
    bool is_enabled, all_threads;                /* of the fatal ones */
    int descriptor;
    struct sigaction previous[FATAL_COUNT];
    void *stack;                                 /* the handlers' own, of the thread that enabled them; NULL: not yet needed */
    StackSignal signals[SIGNAL_COUNT];           /* by number */
} FaultWatch;

static void say(int descriptor, const char *text) { (void)!write(descriptor, text, strlen(text)); }

static FaultWatch *watch_now(void)
{
    Interp *interp = signals_interp();
    return interp && interp->run ? interp->run->faults : NULL;
}

/* NULL: no memory. */
static FaultWatch *watch_of(Interp *interp)
{
    FaultWatch *watch = interp->run->faults;
    if (watch) return watch;
    watch = memory_alloc(&interp->memory, sizeof *watch);
    if (watch) memset(watch, 0, sizeof *watch);
    return interp->run->faults = watch;
}

/* The stacks as [descriptor] is to have them; the thread this runs in may be one that knows no script. */
static void show_stacks(int descriptor, bool all_threads)
{
    Thread *t = thread_current();
    Interp *interp = t ? t->interp : signals_interp();
    if (interp) thread_dump_stacks(descriptor, interp, t, all_threads);
}

/* ---- last words ---- */

static void stop_watching(FaultWatch *watch)
{
    watch->is_enabled = false;
    for (size_t i = 0; i < FATAL_COUNT; i++) sigaction(fatal_signals[i].number, &watch->previous[i], NULL);
}

static void on_fatal_signal(int number)
{
    int saved_errno = errno;
    FaultWatch *watch = watch_now();
    if (!watch || !watch->is_enabled) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    /* First of all: should reading what is broken fail in its turn, that is the end. */
    stop_watching(watch);
    say(watch->descriptor, "Fatal Python error: ");
    for (size_t i = 0; i < FATAL_COUNT; i++)
        if (fatal_signals[i].number == number) say(watch->descriptor, fatal_signals[i].name);
    say(watch->descriptor, "\n\n");
    show_stacks(watch->descriptor, watch->all_threads);
    thread_dump_native_modules(watch->descriptor, signals_interp());
    errno = saved_errno;
    raise(number);
}

/* The usual stack may be what has run out. */
static bool use_own_stack(Interp *interp, FaultWatch *watch)
{
    if (watch->stack) return true;
    watch->stack = memory_alloc(&interp->memory, HANDLER_STACK_BYTES);
    stack_t stack = {.ss_sp = watch->stack, .ss_size = HANDLER_STACK_BYTES};
    return watch->stack && sigaltstack(&stack, NULL) == 0;
}

bool signal_is_fatal(int number)
{
    for (size_t i = 0; i < FATAL_COUNT; i++)
        if (fatal_signals[i].number == number) return true;
    return false;
}

bool fatal_signals_watch(Interp *interp, int descriptor, bool all_threads)
{
    FaultWatch *watch = watch_of(interp);
    if (!watch || !use_own_stack(interp, watch)) return false;
    watch->descriptor = descriptor;
    watch->all_threads = all_threads;
    if (watch->is_enabled) return true;
    struct sigaction action = {.sa_handler = on_fatal_signal, .sa_flags = SA_NODEFER | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    watch->is_enabled = true;
    bool done = true;
    for (size_t i = 0; i < FATAL_COUNT; i++) done &= sigaction(fatal_signals[i].number, &action, &watch->previous[i]) == 0;
    return done;
}

void fatal_signals_forget(Interp *interp)
{
    FaultWatch *watch = interp->run->faults;
    if (watch && watch->is_enabled) stop_watching(watch);
}

bool fatal_signals_are_watched(const Interp *interp) { return interp->run->faults && interp->run->faults->is_enabled; }

_Noreturn void fatal_error(const char *function, const char *message)
{
    FaultWatch *watch = watch_now();
    int descriptor = watch && watch->is_enabled ? watch->descriptor : STDERR_FILENO;
    if (watch && watch->is_enabled) stop_watching(watch);       /* abort() would be another fatal signal */
    say(descriptor, "Fatal Python error: ");
    say(descriptor, function);
    say(descriptor, ": ");
    say(descriptor, message);
    say(descriptor, "\nPython runtime state: initialized\n\n");
    show_stacks(descriptor, true);
    if (signals_interp()) thread_dump_native_modules(descriptor, signals_interp());
    abort();
}

/* ---- signals that a script chose ---- */

static bool catch_stack_signal(const StackSignal *row, int number, struct sigaction *previous);

static void on_stack_signal(int number)
{
    int saved_errno = errno;
    FaultWatch *watch = watch_now();
    StackSignal *row = watch ? &watch->signals[number] : NULL;
    if (row && row->is_registered) {
        show_stacks(row->descriptor, row->all_threads);
        if (row->chains) {
            sigaction(number, &row->previous, NULL);
            errno = saved_errno;
            raise(number);                       /* comes at once: SA_NODEFER */
            saved_errno = errno;
            (void)catch_stack_signal(row, number, NULL);
        }
    }
    errno = saved_errno;
}

static bool catch_stack_signal(const StackSignal *row, int number, struct sigaction *previous)
{
    /* SA_RESTART: whoever is in the middle of a system call shall not notice. If another handler is to follow, that is its affair. */
    struct sigaction action = {.sa_handler = on_stack_signal, .sa_flags = SA_ONSTACK | (row->chains ? SA_NODEFER : SA_RESTART)};
    sigemptyset(&action.sa_mask);
    return sigaction(number, &action, previous) == 0;
}

bool stack_signal_register(Interp *interp, int number, int descriptor, bool all_threads, bool chains)
{
    FaultWatch *watch = watch_of(interp);
    errno = ENOMEM;
    if (!watch) return false;
    StackSignal *row = &watch->signals[number], before = *row;
    row->all_threads = all_threads;
    row->descriptor = descriptor;
    row->chains = chains;
    /* Registered again, what was there before is still what was there before. */
    bool done = catch_stack_signal(row, number, row->is_registered ? NULL : &row->previous);
    if (done) row->is_registered = true;
    else *row = before;
    return done;
}

bool stack_signal_unregister(Interp *interp, int number)
{
    FaultWatch *watch = interp->run->faults;
    if (!watch || !watch->signals[number].is_registered) return false;
    watch->signals[number].is_registered = false;
    sigaction(number, &watch->signals[number].previous, NULL);
    return true;
}

void fatal_signals_finish(Interp *interp)
{
    FaultWatch *watch = interp->run ? interp->run->faults : NULL;
    if (!watch) return;
    fatal_signals_forget(interp);
    for (int number = 1; number < SIGNAL_COUNT; number++) stack_signal_unregister(interp, number);
    if (watch->stack) {
        stack_t stack = {.ss_flags = SS_DISABLE};
        sigaltstack(&stack, NULL);
        memory_free(&interp->memory, watch->stack, HANDLER_STACK_BYTES);
    }
    interp->run->faults = NULL;
    memory_free(&interp->memory, watch, sizeof *watch);
}

/* ---- the dump of a program that hangs ---- */

static void on_dump_signal(int number)
{
    int saved_errno = errno;
    Interp *interp = signals_interp();
    if (interp) thread_dump_all(STDERR_FILENO, interp);
    errno = saved_errno;
}

bool dump_signal_watch(void)
{
    struct sigaction action = {.sa_handler = on_dump_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    return sigaction(SIGQUIT, &action, NULL) == 0;
}
