/* mod_faulthandler.c - faulthandler: the stacks of all threads, when the program dies, hangs, or is asked.
 *
 * What        enable (at fatal signals), register (at signals of one's choice), dump_traceback (now), dump_traceback_later (unless
 *             cancelled by then); and ways to die, with which all that can be tried.
 * How         vm/run writes stacks and has the handlers; they know a descriptor, never the file. Here is what keeps that file open: a
 *             reference as long as its descriptor may be written to. dump_traceback_later has a thread of its own, which knows no
 *             script and so never needs the lock: a program that hangs may well hang with it.
 * Invariants  I1 the watchman's thread is there while is_watching, in the process that began it; a fork leaves it behind.
 *             I2 it reads of the Watchman only what was set before it began, and is_cancelled under the mutex.
 * GIL         held; the watchman's thread works without it.
 * Read next   vm/run/fatal_signals.c, vm/run/thread_dump.c */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "vm/toy_vm.h"

/* Who says where everybody is, when the time is over. */
typedef struct Watchman {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t cancelled;                    /* by CLOCK_MONOTONIC */
    bool is_watching, is_cancelled;
    pid_t process;                               /* where its thread is */
    ToyInterp *interp;
    int descriptor;
    int64_t timeout_ns;
    bool repeats, exits;
    char header[64];
    size_t header_length;
} Watchman;

typedef struct FaultState {
    ToyValue enabled_file, watchman_file;        /* UNBOUND: none is kept open */
    ToyValue signal_files[TOY_SIGNAL_COUNT];
    Watchman watchman;
} FaultState;

static FaultState *state_of(ToyValue self) { return toy_module_state(self); }

static void keep(ToyValue *place, ToyValue file)
{
    ToyValue before = *place;
    *place = file;
    toy_release(before);
}

/* ==== where to write ======================================================================================================== */

static bool file_descriptor(ToyThread *t, ToyValue file, int *descriptor)
{
    ToyValue number = toy_call_method(t, file, "fileno", NULL, 0);
    if (toy_failed(number)) return false;
    int64_t fd = -1;
    bool is_good = toy_is_int(number) && toy_int_fits_int64(number, &fd) && fd >= 0 && fd <= INT32_MAX;
    toy_release(number);
    if (!is_good) return toy_raise_false(t, TOY_RuntimeError, "file.fileno() is not a valid file descriptor");
    *descriptor = (int)fd;
    /* What the script has written comes first. That it cannot is no reason to be silent. */
    ToyValue flushed = toy_call_method(t, file, "flush", NULL, 0);
    if (toy_failed(flushed)) toy_raised_clear(t);
    else toy_release(flushed);
    return true;
}

/* [file]: a descriptor, a file, or sys.stderr if it is None or not given. *[kept]: owned, what keeps the descriptor open, or UNBOUND. */
static bool arg_file(ToyThread *t, ToyValue file, int *descriptor, ToyValue *kept)
{
    *kept = TOY_UNBOUND;
    if (toy_is_given(file) && toy_is_int(file)) {
        if (toy_is_bool(file) && !toy_warn(t, TOY_RuntimeWarning, 1, "bool is used as a file descriptor")) return false;
        if (!toy_arg_int(t, file, descriptor)) return false;
        return *descriptor >= 0 || toy_raise_false(t, TOY_ValueError, "file is not a valid file descriptor");
    }
    if (toy_is_given(file)) toy_retain(file);
    else {
        file = toy_sys_get(t, "stderr");
        if (toy_is_unbound(file)) return toy_raise_false(t, TOY_RuntimeError, "unable to get sys.stderr");
        if (toy_is_none(file)) return toy_raise_false(t, TOY_RuntimeError, "sys.stderr is None");
    }
    if (!file_descriptor(t, file, descriptor)) {
        toy_release(file);
        return false;
    }
    *kept = file;
    return true;
}

/* ==== now, and at signals =================================================================================================== */

static ToyValue dump_traceback(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int descriptor = -1;
    bool all_threads = true;
    ToyValue file;
    if (!toy_arg_bool(t, args[1], &all_threads) || !arg_file(t, args[0], &descriptor, &file)) return TOY_FAILED;
    toy_dump_stacks(toy_interp(t), t, descriptor, all_threads);
    toy_release(file);
    return toy_check_signals(t) ? TOY_NONE : TOY_FAILED;
}

static ToyValue enable(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int descriptor = -1;
    bool all_threads = true;
    ToyValue file;
    if (!toy_arg_bool(t, args[1], &all_threads) || !arg_file(t, args[0], &descriptor, &file)) return TOY_FAILED;
    if (!toy_faults_watch(t, descriptor, all_threads)) {
        toy_release(file);
        return toy_raise(t, TOY_RuntimeError, "the system does not allow handlers for fatal signals");
    }
    keep(&state_of(self)->enabled_file, file);
    return TOY_NONE;
}

static ToyValue disable(ToyThread *t, ToyValue self, const ToyValue *args)
{
    bool was_enabled = toy_faults_are_watched(t);
    toy_faults_forget(t);
    keep(&state_of(self)->enabled_file, TOY_UNBOUND);
    return toy_bool(was_enabled);
}

static ToyValue is_enabled(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_bool(toy_faults_are_watched(t)); }

static bool arg_signal(ToyThread *t, ToyValue v, int *number)
{
    if (!toy_arg_int(t, v, number)) return false;
    if (toy_signal_is_fatal(*number))
        return toy_raise_false(t, TOY_RuntimeError, "signal %d cannot be registered, use enable() instead", *number);
    return (*number >= 1 && *number < TOY_SIGNAL_COUNT) || toy_raise_false(t, TOY_ValueError, "signal number out of range");
}

static ToyValue register_signal(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int number = 0, descriptor = -1;
    bool all_threads = true, chains = false;
    ToyValue file;
    if (!toy_arg_bool(t, args[2], &all_threads) || !toy_arg_bool(t, args[3], &chains) || !arg_signal(t, args[0], &number) ||
        !arg_file(t, args[1], &descriptor, &file)) return TOY_FAILED;
    if (!toy_stack_signal_register(t, number, descriptor, all_threads, chains)) {
        toy_release(file);
        return errno == ENOMEM ? toy_raise_memory_error(t) : toy_raise_os_error(t, errno, TOY_UNBOUND);
    }
    keep(&state_of(self)->signal_files[number], file);
    return TOY_NONE;
}

static ToyValue unregister_signal(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int number = 0;
    if (!arg_signal(t, args[0], &number)) return TOY_FAILED;
    bool was_registered = toy_stack_signal_unregister(t, number);
    keep(&state_of(self)->signal_files[number], TOY_UNBOUND);
    return toy_bool(was_registered);
}

/* ==== later ================================================================================================================= */

static void add_ns(struct timespec *moment, int64_t ns)
{
    enum { NS_PER_SECOND = 1000000000 };
    moment->tv_sec += ns / NS_PER_SECOND;
    moment->tv_nsec += ns % NS_PER_SECOND;
    if (moment->tv_nsec >= NS_PER_SECOND) {
        moment->tv_sec++;
        moment->tv_nsec -= NS_PER_SECOND;
    }
}

/* True: it was cancelled before the time was over. Under the mutex. */
static bool wait_for_cancel(Watchman *watchman, const struct timespec *moment)
{
    int error = 0;
    while (!watchman->is_cancelled && error != ETIMEDOUT) error = pthread_cond_timedwait(&watchman->cancelled, &watchman->mutex, moment);
    return watchman->is_cancelled;
}

static void *watch(void *argument)
{
    Watchman *watchman = argument;
    struct timespec moment;
    clock_gettime(CLOCK_MONOTONIC, &moment);
    pthread_mutex_lock(&watchman->mutex);
    do {
        add_ns(&moment, watchman->timeout_ns);
        if (wait_for_cancel(watchman, &moment)) break;
        (void)!write(watchman->descriptor, watchman->header, watchman->header_length);
        toy_dump_stacks(watchman->interp, NULL, watchman->descriptor, true);
        if (watchman->exits) _exit(1);
    } while (watchman->repeats);
    pthread_mutex_unlock(&watchman->mutex);
    return NULL;
}

/* I1. Waits for the end of what is being written. */
static void dismiss(Watchman *watchman)
{
    if (!watchman->is_watching) return;
    watchman->is_watching = false;
    if (watchman->process != getpid()) return;   /* a child: there it has no thread, and its mutex no meaning */
    pthread_mutex_lock(&watchman->mutex);
    watchman->is_cancelled = true;
    pthread_cond_signal(&watchman->cancelled);
    pthread_mutex_unlock(&watchman->mutex);
    pthread_join(watchman->thread, NULL);
    pthread_mutex_destroy(&watchman->mutex);
    pthread_cond_destroy(&watchman->cancelled);
}

/* The error of the thread that could not be made, or 0. No signal is for it: it would not be handled by a script's handler any sooner. */
static int begin_watch(Watchman *watchman)
{
    pthread_condattr_t by_monotonic_clock;
    pthread_condattr_init(&by_monotonic_clock);
    pthread_condattr_setclock(&by_monotonic_clock, CLOCK_MONOTONIC);
    pthread_cond_init(&watchman->cancelled, &by_monotonic_clock);
    pthread_condattr_destroy(&by_monotonic_clock);
    pthread_mutex_init(&watchman->mutex, NULL);
    watchman->is_cancelled = false;
    watchman->process = getpid();
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&watchman->thread, NULL, watch, watchman);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    watchman->is_watching = error == 0;
    if (error) {
        pthread_mutex_destroy(&watchman->mutex);
        pthread_cond_destroy(&watchman->cancelled);
    }
    return error;
}

/* "Timeout (0:00:05)!", with microseconds if there are any. */
static void write_header(Watchman *watchman)
{
    int64_t us = watchman->timeout_ns / 1000, seconds = us / 1000000;
    us %= 1000000;
    int n = snprintf(watchman->header, sizeof watchman->header, "Timeout (%lld:%02d:%02d", (long long)(seconds / 3600), (int)(seconds / 60 % 60), (int)(seconds % 60));
    if (us) n += snprintf(watchman->header + n, sizeof watchman->header - (size_t)n, ".%06d", (int)us);
    n += snprintf(watchman->header + n, sizeof watchman->header - (size_t)n, ")!\n");
    watchman->header_length = (size_t)n;
}

static ToyValue dump_traceback_later(ToyThread *t, ToyValue self, const ToyValue *args)
{
    FaultState *state = state_of(self);
    int64_t timeout_ns = 0;
    int descriptor = -1;
    int repeats = 0, exits = 0;
    ToyValue file;
    if (toy_is_none(args[0])) return toy_raise_type_error(t, "'NoneType' object cannot be interpreted as an integer");
    if (!toy_arg_seconds(t, args[0], &timeout_ns)) return TOY_FAILED;
    if (timeout_ns <= 0) return toy_raise_value_error(t, "timeout must be greater than 0");
    if (!toy_arg_int(t, args[1], &repeats) || !toy_arg_int(t, args[3], &exits) || !arg_file(t, args[2], &descriptor, &file)) return TOY_FAILED;
    Watchman *watchman = &state->watchman;
    dismiss(watchman);
    watchman->interp = toy_interp(t);
    watchman->descriptor = descriptor;
    watchman->timeout_ns = timeout_ns;
    watchman->repeats = repeats != 0;
    watchman->exits = exits != 0;
    write_header(watchman);
    keep(&state->watchman_file, file);
    if (begin_watch(watchman) == 0) return TOY_NONE;
    keep(&state->watchman_file, TOY_UNBOUND);
    return toy_raise(t, TOY_RuntimeError, "unable to start watchdog thread");
}

static ToyValue cancel_dump_traceback_later(ToyThread *t, ToyValue self, const ToyValue *args)
{
    dismiss(&state_of(self)->watchman);
    keep(&state_of(self)->watchman_file, TOY_UNBOUND);
    return TOY_NONE;
}

/* ==== ways to die =========================================================================================================== */

/* Sanitizers would die in their own way. A core would only fill the disk: these deaths are meant. */
#define DIES __attribute__((no_sanitize("address", "undefined"), noinline))

static void leave_no_core(void)
{
    struct rlimit none = {0, 0};
    if (getrlimit(RLIMIT_CORE, &none) == 0) {
        none.rlim_cur = 0;
        setrlimit(RLIMIT_CORE, &none);
    }
}

DIES static ToyValue read_null(ToyThread *t, ToyValue self, const ToyValue *args)
{
    leave_no_core();
    int *volatile nowhere = NULL;
    return toy_int(t, *(volatile int *)nowhere);
}

static ToyValue die_of_segv(ToyThread *t, ToyValue self, const ToyValue *args)
{
    bool drops_lock = false;
    if (!toy_arg_bool(t, args[0], &drops_lock)) return TOY_FAILED;
    leave_no_core();
    if (drops_lock) toy_block_begin(t, "raise");
    raise(SIGSEGV);
    if (drops_lock) toy_block_end(t);
    return TOY_NONE;
}

static ToyValue die_of_fpe(ToyThread *t, ToyValue self, const ToyValue *args)
{
    leave_no_core();
    raise(SIGFPE);
    return TOY_NONE;
}

static ToyValue die_of_abort(ToyThread *t, ToyValue self, const ToyValue *args)
{
    leave_no_core();
    abort();
}

static void *die_in_thread(void *argument) { toy_fatal_error("faulthandler_fatal_error_thread", "in new thread"); }

static ToyValue fatal_error_c_thread(ToyThread *t, ToyValue self, const ToyValue *args)
{
    pthread_t thread;
    leave_no_core();
    if (pthread_create(&thread, NULL, die_in_thread, NULL) != 0) return toy_raise(t, TOY_RuntimeError, "unable to start the thread");
    pthread_join(thread, NULL);
    return TOY_NONE;
}

enum { OVERFLOW_STEP = 4096, OVERFLOW_MAX = 100 * 1024 * 1024 };

/* Each call takes a page. [top] is where the first one was; how much was taken, if the stack does not end. */
DIES static uintptr_t take_stack(uintptr_t top, size_t *depth)
{
    volatile unsigned char page[OVERFLOW_STEP];
    page[0] = 1;
    page[sizeof page - 1] = 0;
    uintptr_t taken = top - (uintptr_t)&page[0];
    ++*depth;
    /* page[0] is read afterwards, so that this is no jump but a call. */
    return taken > OVERFLOW_MAX ? taken : take_stack(top, depth) * page[0];
}

DIES static ToyValue stack_overflow(ToyThread *t, ToyValue self, const ToyValue *args)
{
    size_t depth = 0;
    volatile char here = 0;
    leave_no_core();
    uintptr_t taken = take_stack((uintptr_t)&here, &depth);
    return toy_raise(t, TOY_RuntimeError, "unable to raise a stack overflow (allocated %llu bytes on the stack, %llu recursive calls)",
                     (unsigned long long)taken, (unsigned long long)depth);
}

/* ==== the module ============================================================================================================ */

static void traverse_state(void *module_state, void (*visit)(ToyObject *child, void *context), void *context)
{
    FaultState *state = module_state;
    toy_visit(state->enabled_file, visit, context);
    toy_visit(state->watchman_file, visit, context);
    for (int i = 0; i < TOY_SIGNAL_COUNT; i++) toy_visit(state->signal_files[i], visit, context);
}

/* The files may be closed now, and their descriptors become another file's. */
static void free_state(ToyThread *t, void *module_state)
{
    FaultState *state = module_state;
    dismiss(&state->watchman);
    keep(&state->watchman_file, TOY_UNBOUND);
    if (!toy_is_unbound(state->enabled_file)) toy_faults_forget(t);
    keep(&state->enabled_file, TOY_UNBOUND);
    for (int i = 1; i < TOY_SIGNAL_COUNT; i++) {
        toy_stack_signal_unregister(t, i);
        keep(&state->signal_files[i], TOY_UNBOUND);
    }
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("enable", enable, "(file=sys.stderr, all_threads=True)", 0,
                 "From now on write where each thread is (or only the one that gets the signal) when a fatal signal comes."),
    TOY_FUNCTION("disable", disable, "()", 0, "Undo enable(). Was it enabled?"),
    TOY_FUNCTION("is_enabled", is_enabled, "()", 0, "Has enable() been called, and not undone?"),
    TOY_FUNCTION("dump_traceback", dump_traceback, "(file=sys.stderr, all_threads=True)", 0, "Write where each thread is now, or only this one."),
    TOY_FUNCTION("dump_traceback_later", dump_traceback_later, "(timeout, repeat=False, file=sys.stderr, exit=False)", 0,
                 "Write where each thread is when timeout seconds are over, unless that is cancelled by then. repeat: again and again; exit: then end the "
                 "process at once, with 1."),
    TOY_FUNCTION("cancel_dump_traceback_later", cancel_dump_traceback_later, "()", 0, "Undo dump_traceback_later()."),
    TOY_FUNCTION("register", register_signal, "(signum, file=sys.stderr, all_threads=True, chain=False)", 0,
                 "From now on write where each thread is when this signal comes, and go on. chain: then do what was done at it before."),
    TOY_FUNCTION("unregister", unregister_signal, "(signum, /)", 0, "Undo register(). Was it registered?"),
    TOY_FUNCTION("_read_null", read_null, "()", 0, "Die of reading where there is no memory."),
    TOY_FUNCTION("_sigsegv", die_of_segv, "(release_gil=False, /)", 0, "Die of SIGSEGV, with the lock or without."),
    TOY_FUNCTION("_sigfpe", die_of_fpe, "()", 0, "Die of SIGFPE."),
    TOY_FUNCTION("_sigabrt", die_of_abort, "()", 0, "Die of SIGABRT."),
    TOY_FUNCTION("_fatal_error_c_thread", fatal_error_c_thread, "()", 0, "Die of what the machine finds wrong, in a thread that knows no script."),
    TOY_FUNCTION("_stack_overflow", stack_overflow, "()", 0, "Die of recursion in native code."),
    TOY_FUNCTIONS_END,
};

const ToyModule toy_module_faulthandler = {
    .name = "faulthandler",
    .doc = "Where each thread is, when the program dies, hangs, or is asked.",
    .functions = functions,
    .state_size = sizeof(FaultState),
    .traverse_state = traverse_state,
    .free_state = free_state,
};
