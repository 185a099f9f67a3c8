/* mod_signal.c - _signal: handlers, timers, masks and waiting for signals. Numbers only; signal.toy gives them names.
 *
 * What        signal, getsignal, raise_signal, alarm, setitimer, pause, sigwait, pthread_sigmask, set_wakeup_fd ...
 * How         What the process does about a signal is kept in vm/threads/signals.c; script handlers run in the main thread at its next
 *             safepoint. A call that raises a signal in this very thread runs the handler before it returns.
 * GIL         held; pause and the sigwait family drop it.
 * Read next   stdlib/lib/signal.toy, vm/threads/signals.h */
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "stdlib/signal_set.h"
#include "vm/toy_vm.h"

typedef struct SignalModule {
    ToyType *itimer_error, *siginfo;
    ToyValue default_int_handler;
} SignalModule;

static SignalModule *state_of(ToyValue self) { return toy_module_state(self); }

static bool arg_number(ToyThread *t, ToyValue v, int *number)
{
    if (!toy_arg_int(t, v, number)) return false;
    return (*number >= 1 && *number < TOY_SIGNAL_COUNT) || toy_raise_false(t, TOY_ValueError, "signal number out of range");
}

/* None, or what the handlers that have run meanwhile raised. */
static ToyValue done_or_raised(ToyThread *t) { return toy_check_signals(t) ? TOY_NONE : TOY_FAILED; }

/* ---- handlers ---- */

/* The present handler as scripts see it: 0, 1, None, or a callable. */
static ToyValue handler_of(ToyThread *t, ToyValue self, int number)
{
    ToyValue handler = TOY_UNBOUND;
    switch (toy_signal_action(t, number, &handler)) {
    case TOY_SIGNAL_DEFAULT: return toy_small_int_value(0);
    case TOY_SIGNAL_IGNORED: return toy_small_int_value(1);
    case TOY_SIGNAL_FOREIGN: return TOY_NONE;
    case TOY_SIGNAL_INTERRUPTS: return toy_retain(state_of(self)->default_int_handler);
    case TOY_SIGNAL_CALLS: break;
    }
    return toy_retain(handler);
}

static ToyValue signal_signal(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int number;
    if (!toy_arg_int(t, args[0], &number)) return TOY_FAILED;
    if (!toy_thread_is_main(t)) return toy_raise_value_error(t, "signal only works in main thread of the main interpreter");
    if (number < 1 || number >= TOY_SIGNAL_COUNT) return toy_raise_value_error(t, "signal number out of range");
    ToySignalAction action = TOY_SIGNAL_CALLS;
    int64_t as_number;
    if (toy_is_same(args[1], state_of(self)->default_int_handler)) action = TOY_SIGNAL_INTERRUPTS;
    else if (toy_is_int(args[1]) && toy_int_fits_int64(args[1], &as_number) && as_number == 0) action = TOY_SIGNAL_DEFAULT;
    else if (toy_is_int(args[1]) && toy_int_fits_int64(args[1], &as_number) && as_number == 1) action = TOY_SIGNAL_IGNORED;
    else if (!toy_is_callable(t, args[1]))
        return toy_raise_type_error(t, "signal handler must be signal.SIG_IGN, signal.SIG_DFL, or a callable object");
    /* What has come so far is for the old handler. */
    if (!toy_check_signals(t)) return TOY_FAILED;
    ToyValue old = handler_of(t, self, number);
    if (toy_signal_set_action(t, number, action, args[1])) return old;
    toy_release(old);
    return toy_raise_os_error(t, errno, TOY_UNBOUND);
}

static ToyValue signal_getsignal(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int number;
    return arg_number(t, args[0], &number) ? handler_of(t, self, number) : TOY_FAILED;
}

static ToyValue default_int_handler(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int number;
    if (!toy_arg_int(t, args[0], &number)) return TOY_FAILED;
    ToyValue exception = toy_call0(t, toy_type_value(toy_exception_type(t, TOY_KeyboardInterrupt)));
    return toy_failed(exception) ? TOY_FAILED : toy_raise_instance(t, exception);
}

static ToyValue signal_siginterrupt(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int number;
    bool interrupts;
    struct sigaction action;
    if (!arg_number(t, args[0], &number) || !toy_arg_bool(t, args[1], &interrupts)) return TOY_FAILED;
    if (sigaction(number, NULL, &action) != 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    action.sa_flags = interrupts ? action.sa_flags & ~SA_RESTART : action.sa_flags | SA_RESTART;
    if (sigaction(number, &action, NULL) != 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return TOY_NONE;
}

static ToyValue signal_set_wakeup_fd(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    bool warns = true;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_bool(t, args[1], &warns)) return TOY_FAILED;
    if (!toy_thread_is_main(t)) return toy_raise_value_error(t, "set_wakeup_fd only works in main thread of the main interpreter");
    if (fd != -1) {
        int flags = fcntl(fd, F_GETFL);
        if (flags < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
        if (!(flags & O_NONBLOCK)) return toy_raise_value_error(t, "the fd %d must be in non-blocking mode", fd);
    }
    return toy_int(t, toy_signal_set_wakeup_fd(t, fd, warns));
}

/* ---- sending ---- */

static ToyValue signal_raise_signal(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int number;
    if (!toy_arg_int(t, args[0], &number)) return TOY_FAILED;
    if (raise(number) != 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return done_or_raised(t);
}

static ToyValue signal_pthread_kill(ToyThread *t, ToyValue self, const ToyValue *args)
{
    uint64_t ident;
    int number;
    if (!toy_is_int(args[0])) return toy_raise_type_error(t, "pthread_kill() argument 1 must be int, not %T", args[0]);
    if (!toy_arg_uint64(t, args[0], &ident) || !toy_arg_int(t, args[1], &number)) return TOY_FAILED;
    int error = pthread_kill((pthread_t)ident, number);
    if (error) return toy_raise_os_error(t, error, TOY_UNBOUND);
    return done_or_raised(t);
}

static ToyValue signal_pidfd_send_signal(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int pidfd, number, flags = 0;
    if (!toy_arg_int(t, args[0], &pidfd) || !toy_arg_int(t, args[1], &number) || !toy_arg_int(t, args[3], &flags)) return TOY_FAILED;
    if (toy_is_given(args[2])) return toy_raise_type_error(t, "siginfo must be None");
    if (syscall(SYS_pidfd_send_signal, pidfd, number, NULL, flags) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return TOY_NONE;
}

/* ---- timers ---- */

static ToyValue signal_alarm(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int seconds;
    return toy_arg_int(t, args[0], &seconds) ? toy_int(t, alarm((unsigned)seconds)) : TOY_FAILED;
}

static ToyValue timer_pair(ToyThread *t, const struct itimerval *timer)
{
    return toy_tuple(t, toy_float(t, (double)timer->it_value.tv_sec + (double)timer->it_value.tv_usec / 1e6),
                     toy_float(t, (double)timer->it_interval.tv_sec + (double)timer->it_interval.tv_usec / 1e6));
}

static ToyValue raise_timer_error(ToyThread *t, ToyValue self, int error)
{
    ToyValue class = toy_type_value(state_of(self)->itimer_error);
    ToyValue args[2] = {toy_int(t, error), toy_str(t, strerror(error))};
    ToyValue exception = toy_failed(args[1]) ? TOY_FAILED : toy_call(t, class, args, 2);
    toy_release(args[1]);
    return toy_failed(exception) ? TOY_FAILED : toy_raise_instance(t, exception);
}

static bool arg_timeval(ToyThread *t, ToyValue v, struct timeval *out)
{
    int64_t ns = 0;
    if (!toy_arg_seconds(t, v, &ns)) return false;
    int64_t us = ns / 1000 + (ns % 1000 > 0);
    out->tv_sec = us / 1000000;
    out->tv_usec = us % 1000000;
    return true;
}

static ToyValue signal_setitimer(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int which;
    struct itimerval wanted = {{0, 0}, {0, 0}}, old;
    if (!toy_arg_int(t, args[0], &which) || !arg_timeval(t, args[1], &wanted.it_value) || !arg_timeval(t, args[2], &wanted.it_interval))
        return TOY_FAILED;
    if (setitimer((__itimer_which_t)which, &wanted, &old) != 0) return raise_timer_error(t, self, errno);
    return timer_pair(t, &old);
}

static ToyValue signal_getitimer(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int which;
    struct itimerval now;
    if (!toy_arg_int(t, args[0], &which)) return TOY_FAILED;
    return getitimer((__itimer_which_t)which, &now) != 0 ? raise_timer_error(t, self, errno) : timer_pair(t, &now);
}

/* ---- waiting and masks ---- */

static ToyValue signal_pause(ToyThread *t, ToyValue self, const ToyValue *args)
{
    toy_block_begin_for(t, "pause", TOY_BLOCK_SLEEP);
    pause();
    toy_block_end(t);
    return done_or_raised(t);
}

static ToyValue set_value(ToyThread *t, const sigset_t *signals)
{
    ToyValue set = toy_set(t, false);
    for (int number = 1; number < TOY_SIGNAL_COUNT && !toy_failed(set); number++)
        if (sigismember(signals, number) == 1 && !toy_set_add(t, set, toy_small_int_value(number))) toy_clear(&set);
    return set;
}

static ToyValue signal_pthread_sigmask(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int how;
    sigset_t set, old;
    if (!toy_arg_int(t, args[0], &how) || !signal_set_read(t, args[1], &set)) return TOY_FAILED;
    int error = pthread_sigmask(how, &set, &old);
    if (error) return toy_raise_os_error(t, error, TOY_UNBOUND);
    /* Unblocked, a signal that was pending has come by now. */
    return toy_check_signals(t) ? set_value(t, &old) : TOY_FAILED;
}

static ToyValue signal_sigpending(ToyThread *t, ToyValue self, const ToyValue *args)
{
    sigset_t set;
    return sigpending(&set) != 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : set_value(t, &set);
}

static ToyValue signal_sigwait(ToyThread *t, ToyValue self, const ToyValue *args)
{
    sigset_t set;
    int number = 0;
    if (!signal_set_read(t, args[0], &set)) return TOY_FAILED;
    toy_block_begin_for(t, "sigwait", TOY_BLOCK_SLEEP);
    int error = sigwait(&set, &number);
    toy_block_end(t);
    if (error) return toy_raise_os_error(t, error, TOY_UNBOUND);
    return toy_int(t, number);
}

static ToyValue siginfo_value(ToyThread *t, ToyValue self, const siginfo_t *info)
{
    ToyValue values[7] = {toy_int(t, info->si_signo), toy_int(t, info->si_code), toy_int(t, info->si_errno), toy_int(t, info->si_pid),
                          toy_int(t, info->si_uid), toy_int(t, info->si_status), toy_int(t, info->si_band)};
    return toy_record_new(t, state_of(self)->siginfo, values);
}

/* [timeout_ns] below 0: for ever. */
static ToyValue wait_for_info(ToyThread *t, ToyValue self, ToyValue signals, int64_t timeout_ns)
{
    sigset_t set;
    siginfo_t info;
    if (!signal_set_read(t, signals, &set)) return TOY_FAILED;
    int64_t deadline = timeout_ns < 0 ? 0 : toy_monotonic_ns() + timeout_ns;
    int number;
    do {
        int64_t left = timeout_ns < 0 ? 0 : deadline - toy_monotonic_ns();
        if (left < 0) left = 0;
        struct timespec limit = {.tv_sec = left / 1000000000, .tv_nsec = left % 1000000000};
        toy_block_begin_for(t, "sigwaitinfo", TOY_BLOCK_SLEEP);
        number = timeout_ns < 0 ? sigwaitinfo(&set, &info) : sigtimedwait(&set, &info, &limit);
        toy_block_end(t);
    } while (number < 0 && toy_block_retry(t));
    if (number >= 0) return siginfo_value(t, self, &info);
    if (errno == EAGAIN && !toy_is_raised(t)) return TOY_NONE;
    return toy_block_failed(t, TOY_UNBOUND);
}
static ToyValue signal_sigwaitinfo(ToyThread *t, ToyValue self, const ToyValue *args) { return wait_for_info(t, self, args[0], -1); }
static ToyValue signal_sigtimedwait(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t timeout_ns = 0;
    if (!toy_arg_seconds(t, args[1], &timeout_ns)) return TOY_FAILED;
    if (timeout_ns < 0) return toy_raise_value_error(t, "timeout must be non-negative");
    return wait_for_info(t, self, args[0], timeout_ns);
}

/* ---- names ---- */

static ToyValue signal_strsignal(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int number;
    if (!arg_number(t, args[0], &number)) return TOY_FAILED;
    const char *text = sigdescr_np(number);
    if (text) return toy_str(t, text);
    if (number >= SIGRTMIN && number <= SIGRTMAX) return toy_str_format(t, "Real-time signal %d", number - SIGRTMIN);
    return TOY_NONE;
}

static ToyValue signal_valid_signals(ToyThread *t, ToyValue self, const ToyValue *args)
{
    sigset_t all;
    sigfillset(&all);
    return set_value(t, &all);
}

/* ---- the module ---- */

static const ToyFunction default_int_handler_row = TOY_FUNCTION(
    "default_int_handler", default_int_handler, "(signalnum, frame, /)", 0,
    "What Ctrl-C does unless something else is set: raise KeyboardInterrupt.");

/* A function without a module as self: the state that holds it belongs to the module, and the two would keep each other. */
static ToyValue make_default_handler(ToyThread *t)
{
    ToyValue handler = toy_function_new(t, &default_int_handler_row, TOY_UNBOUND), name = toy_str(t, "_signal");
    if (!toy_failed(handler) && (toy_failed(name) || !toy_set_attribute(t, handler, "__module__", name))) toy_clear(&handler);
    toy_release(name);
    return handler;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("signal", signal_signal, "(signalnum, handler, /)", 0, "Set what happens on a signal: SIG_DFL, SIG_IGN or a function of the number and a frame. Return what it was."),
    TOY_FUNCTION("getsignal", signal_getsignal, "(signalnum, /)", 0, "Return what happens on a signal. None: a handler that no script has set."),
    TOY_FUNCTION("siginterrupt", signal_siginterrupt, "(signalnum, flag, /)", 0, "Change whether system calls are cut short by the signal."),
    TOY_FUNCTION("set_wakeup_fd", signal_set_wakeup_fd, "(fd, /, *, warn_on_full_buffer=True)", 0, "Let each signal write a byte to fd; -1 for none. Return the old one."),
    TOY_FUNCTION("raise_signal", signal_raise_signal, "(signalnum, /)", 0, "Send a signal to this very process."),
    TOY_FUNCTION("pthread_kill", signal_pthread_kill, "(thread_id, signalnum, /)", 0, "Send a signal to one thread of this process."),
    TOY_FUNCTION("pidfd_send_signal", signal_pidfd_send_signal, "(pidfd, signalnum, siginfo=None, flags=0, /)", 0,
                 "Send a signal to the process that the descriptor pidfd stands for."),
    TOY_FUNCTION("alarm", signal_alarm, "(seconds, /)", 0,
                 "Have SIGALRM sent to this process in so many seconds, 0 for never; what was left of the time before."),
    TOY_FUNCTION("setitimer", signal_setitimer, "(which, seconds, interval=0.0, /)", 0, "Set a timer that fires after seconds and then every interval. Return the old values."),
    TOY_FUNCTION("getitimer", signal_getitimer, "(which, /)", 0, "The pair of seconds until the timer fires, and between firings after that."),
    TOY_FUNCTION("pause", signal_pause, "()", 0, "Do nothing until a signal has come, the lock released; its handler has run when this returns."),
    TOY_FUNCTION("pthread_sigmask", signal_pthread_sigmask, "(how, mask, /)", 0,
                 "Change which signals the calling thread holds back (how: SIG_BLOCK, SIG_UNBLOCK, SIG_SETMASK); the set from before."),
    TOY_FUNCTION("sigpending", signal_sigpending, "()", 0, "Return the set of signals that wait to be delivered to this thread."),
    TOY_FUNCTION("sigwait", signal_sigwait, "(sigset, /)", 0, "Wait for one of the signals; accept it and return its number."),
    TOY_FUNCTION("sigwaitinfo", signal_sigwaitinfo, "(sigset, /)", 0, "Wait for one of the signals; return what is known of it."),
    TOY_FUNCTION("sigtimedwait", signal_sigtimedwait, "(sigset, timeout, /)", 0, "As sigwaitinfo(), for a limited time; then None."),
    TOY_FUNCTION("strsignal", signal_strsignal, "(signalnum, /)", 0, "What the system calls a signal, in words; None if it does not know it."),
    TOY_FUNCTION("valid_signals", signal_valid_signals, "()", 0, "Return the set of signal numbers that exist on this system."),
    TOY_FUNCTIONS_END,
};

static const ToyMember siginfo_fields[] = {
    TOY_RECORD_FIELD("si_signo", 0, "signal number"), TOY_RECORD_FIELD("si_code", 1, "signal code"),
    TOY_RECORD_FIELD("si_errno", 2, "number of an error that came with it"), TOY_RECORD_FIELD("si_pid", 3, "the process that sent it"),
    TOY_RECORD_FIELD("si_uid", 4, "the user whose process sent it"),
    TOY_RECORD_FIELD("si_status", 5, "how the child ended: its exit status, or the signal"),
    TOY_RECORD_FIELD("si_band", 6, "which events SIGPOLL reports"), TOY_RECORD_END};
static const ToyTypeSpec siginfo_spec = TOY_RECORD("struct_siginfo: Result from sigwaitinfo or sigtimedwait.", siginfo_fields, 7);

static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant constants[] = {
#define NUMBER(NAME) {#NAME, NAME}
        NUMBER(SIGHUP), NUMBER(SIGINT), NUMBER(SIGQUIT), NUMBER(SIGILL), NUMBER(SIGTRAP), NUMBER(SIGABRT), NUMBER(SIGIOT), NUMBER(SIGBUS),
        NUMBER(SIGFPE), NUMBER(SIGKILL), NUMBER(SIGUSR1), NUMBER(SIGSEGV), NUMBER(SIGUSR2), NUMBER(SIGPIPE), NUMBER(SIGALRM), NUMBER(SIGTERM),
        NUMBER(SIGSTKFLT), NUMBER(SIGCHLD), NUMBER(SIGCLD), NUMBER(SIGCONT), NUMBER(SIGSTOP), NUMBER(SIGTSTP), NUMBER(SIGTTIN), NUMBER(SIGTTOU),
        NUMBER(SIGURG), NUMBER(SIGXCPU), NUMBER(SIGXFSZ), NUMBER(SIGVTALRM), NUMBER(SIGPROF), NUMBER(SIGWINCH), NUMBER(SIGIO), NUMBER(SIGPOLL),
        NUMBER(SIGPWR), NUMBER(SIGSYS), NUMBER(SIG_BLOCK), NUMBER(SIG_UNBLOCK), NUMBER(SIG_SETMASK), NUMBER(ITIMER_REAL), NUMBER(ITIMER_VIRTUAL),
        NUMBER(ITIMER_PROF), {"SIG_DFL", 0}, {"SIG_IGN", 1}, {"NSIG", TOY_SIGNAL_COUNT},
#undef NUMBER
    };
    SignalModule *state = toy_module_state(toy_module_value(module));
    state->default_int_handler = make_default_handler(t);
    state->itimer_error = toy_exception_new(t, "signal.itimer_error", toy_exception_type(t, TOY_OSError));
    state->siginfo = toy_record_type_new(t, module, &siginfo_spec, "signal.struct_siginfo");
    return state->itimer_error && !toy_failed(state->default_int_handler) && toy_module_add(t, module, "default_int_handler", toy_retain(state->default_int_handler)) &&
           toy_module_add(t, module, "ItimerError", toy_type_value(state->itimer_error)) && toy_module_add_type(t, module, state->siginfo) &&
           toy_module_add_int(t, module, "SIGRTMIN", SIGRTMIN) && toy_module_add_int(t, module, "SIGRTMAX", SIGRTMAX) &&
           toy_module_add_ints(t, module, constants, sizeof constants / sizeof *constants);
}

static void free_state(ToyThread *t, void *state) { toy_clear(&((SignalModule *)state)->default_int_handler); }

const ToyModule toy_module_signal = {
    .name = "_signal",
    .doc = "Signals by number.",
    .functions = functions,
    .state_size = sizeof(SignalModule),
    .init = init,
    .free_state = free_state,
};
