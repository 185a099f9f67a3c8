/* fatal_signals.c - last words: where each thread was when a fatal signal came.
 *
 * What        The handler behind -X faulthandler; and the one behind -X gil-dump, after which the program goes on.
 * How         The handler finds the interpreter through the thread it runs in, writes from its own stack, restores
 *             the default action and sends the signal again: the process dies as it would have.
 * GIL         not needed.
 * Read next   thread_dump.c, vm/threads/signals.c */
#include "vm/run/fatal_signals.h"

#include <errno.h>
#include <signal.h>
#include <unistd.h>

#include "vm/run/interp.h"
#include "vm/run/thread_dump.h"
#include "vm/threads/signals.h"

enum { HANDLER_STACK_BYTES = 64 * 1024 };

static const struct { int number; const char *name; } fatal_signals[] = {
    {SIGBUS, "Bus error"}, {SIGILL, "Illegal instruction"}, {SIGFPE, "Floating-point exception"},
    {SIGABRT, "Aborted"}, {SIGSEGV, "Segmentation fault"},
};

static void say(const char *text) { (void)!write(STDERR_FILENO, text, strlen(text)); }

/* ---- the handler ---- */

static void on_fatal_signal(int number)
{
    const char *name = "unknown signal";
    for (size_t i = 0; i < ARRAY_LENGTH(fatal_signals); i++)
        if (fatal_signals[i].number == number) name = fatal_signals[i].name;
    signal(number, SIG_DFL);
    say("Fatal Python error: ");
    say(name);
    say("\n\n");
    Thread *t = thread_current();
    if (t) thread_dump_stacks(STDERR_FILENO, t->interp, t, true);
    raise(number);
}

bool fatal_signals_watch(Interp *interp)
{
    if (interp->run->signal_stack) return true;
    /* A stack of its own: the usual one may be what ran out. */
    interp->run->signal_stack = memory_alloc(&interp->memory, HANDLER_STACK_BYTES);
    if (!interp->run->signal_stack) return false;
    stack_t stack = {.ss_sp = interp->run->signal_stack, .ss_size = HANDLER_STACK_BYTES};
    struct sigaction action = {.sa_handler = on_fatal_signal, .sa_flags = SA_NODEFER | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    bool done = sigaltstack(&stack, NULL) == 0;
    for (size_t i = 0; i < ARRAY_LENGTH(fatal_signals); i++) done &= sigaction(fatal_signals[i].number, &action, NULL) == 0;
    return done;
}

void fatal_signals_forget(Interp *interp)
{
    if (!interp->run || !interp->run->signal_stack) return;
    for (size_t i = 0; i < ARRAY_LENGTH(fatal_signals); i++) signal(fatal_signals[i].number, SIG_DFL);
    stack_t stack = {.ss_flags = SS_DISABLE};
    sigaltstack(&stack, NULL);
    memory_free(&interp->memory, interp->run->signal_stack, HANDLER_STACK_BYTES);
    interp->run->signal_stack = NULL;
}

bool fatal_signals_are_watched(const Interp *interp) { return interp->run->signal_stack != NULL; }

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
    /* SA_RESTART: whoever is in the middle of a system call shall not notice. */
    struct sigaction action = {.sa_handler = on_dump_signal, .sa_flags = SA_RESTART | SA_ONSTACK};
    sigemptyset(&action.sa_mask);
    return sigaction(SIGQUIT, &action, NULL) == 0;
}
