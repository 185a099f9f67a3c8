/* processes.c - posix: processes are born, waited for, told things, and end.
 *
 * What        fork, wait and its kin, kill, _exit, process groups, at-fork hooks, system.
 * How         fork keeps the lock: the child begins with it. Waiting drops it.
 * GIL         held; dropped around wait, system, and nothing else.
 * Read next   vm/threads/fork.c (what happens in between), programs.c, identities.c, scheduling.c */
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "stdlib/os/os.h"
#include "stdlib/unix/usage.h"

/* ---- fork ---- */

static ToyValue posix_fork(ToyThread *t, ToyValue self, const ToyValue *args)
{
    pid_t pid = toy_fork(t);
    if (pid < 0) return TOY_FAILED;
    /* In the parent, and after the fact: the child shall not be the one to print it. */
    if (pid > 0 && toy_thread_count(t) > 1 &&
        !toy_warn(t, TOY_DeprecationWarning, 1, "This process (pid=%d) is multi-threaded, use of fork() may lead to deadlocks in the child.", (int)getpid()))
        toy_raised_clear(t);   /* a filter made it an error; but there is a child now, whose pid must not be lost */
    return toy_int(t, pid);
}

static ToyValue register_at_fork(ToyThread *t, ToyValue self, const ToyValue *args)
{
    static const char *const names[] = {"before", "after_in_child", "after_in_parent"};
    bool has_any = false;
    for (size_t i = 0; i < 3; i++) {
        if (toy_is_unbound(args[i])) continue;
        has_any = true;
        if (!toy_is_callable(t, args[i])) return toy_raise_type_error(t, "'%s' must be callable, not %T", names[i], args[i]);
    }
    if (!has_any) return toy_raise_type_error(t, "At least one argument is required.");
    return toy_fork_register(t, args[0], args[2], args[1]) ? TOY_NONE : TOY_FAILED;
}

/* ---- programs and signals ---- */

static ToyValue posix_system(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue holder;
    const char *command = toy_path(t, args[0], NULL, &holder);
    if (!command) return TOY_FAILED;
    int result;
    WITHOUT_LOCK(t, "system", result = system(command));
    toy_release(holder);
    return toy_int(t, result);
}

static ToyValue exit_now(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int status;
    if (!toy_arg_int(t, args[0], &status)) return TOY_FAILED;
    toy_exit_now(t, status);
}
static ToyValue posix_abort(ToyThread *t, ToyValue self, const ToyValue *args) { abort(); }

static ToyValue posix_kill(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t pid;
    int number;
    if (!toy_arg_int64(t, args[0], &pid) || !toy_arg_int(t, args[1], &number)) return TOY_FAILED;
    if (kill((pid_t)pid, number) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    /* To ourselves: its handler runs before the next line of the script. */
    return toy_check_signals(t) ? TOY_NONE : TOY_FAILED;
}
static ToyValue posix_killpg(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int group, number;
    if (!toy_arg_int(t, args[0], &group) || !toy_arg_int(t, args[1], &number)) return TOY_FAILED;
    if (killpg(group, number) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return toy_check_signals(t) ? TOY_NONE : TOY_FAILED;
}

/* ---- waiting ---- */

static ToyValue wait_for(ToyThread *t, pid_t which, int options)
{
    pid_t pid;
    int status = 0;
    do WITHOUT_LOCK(t, "waitpid", pid = waitpid(which, &status, options));
    while (pid < 0 && toy_block_retry(t));
    return pid < 0 ? toy_block_failed(t, TOY_UNBOUND) : toy_tuple(t, toy_int(t, pid), toy_int(t, status));
}
static ToyValue posix_waitpid(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t pid;
    int options;
    if (!toy_arg_int64(t, args[0], &pid) || !toy_arg_int(t, args[1], &options)) return TOY_FAILED;
    return wait_for(t, (pid_t)pid, options);
}
static ToyValue posix_wait(ToyThread *t, ToyValue self, const ToyValue *args) { return wait_for(t, -1, 0); }

/* wait3, wait4: what the child has used comes along, as the module resource shows it. */
static ToyValue wait_with_usage(ToyThread *t, pid_t which, int options)
{
    pid_t pid;
    int status = 0;
    struct rusage used = {.ru_maxrss = 0};
    do WITHOUT_LOCK(t, "wait4", pid = wait4(which, &status, options, &used));
    while (pid < 0 && toy_block_retry(t));
    if (pid < 0) return toy_block_failed(t, TOY_UNBOUND);
    ToyValue record = toy_import_from(t, "resource", "struct_rusage");
    ToyValue items = toy_failed(record) ? TOY_FAILED : usage_items(t, &used);
    ToyValue usage = toy_failed(items) ? TOY_FAILED : toy_call1(t, record, items);
    toy_release(items);
    toy_release(record);
    return toy_failed(usage) ? TOY_FAILED : toy_tuple(t, toy_int(t, pid), toy_int(t, status), usage);
}
static ToyValue posix_wait3(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int options;
    return toy_arg_int(t, args[0], &options) ? wait_with_usage(t, -1, options) : TOY_FAILED;
}
static ToyValue posix_wait4(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t pid;
    int options;
    return toy_arg_int64(t, args[0], &pid) && toy_arg_int(t, args[1], &options) ? wait_with_usage(t, (pid_t)pid, options) : TOY_FAILED;
}

static const ToyMember waitid_fields[] = {
    TOY_RECORD_FIELD("si_pid", 0, NULL), TOY_RECORD_FIELD("si_uid", 1, NULL), TOY_RECORD_FIELD("si_signo", 2, NULL),
    TOY_RECORD_FIELD("si_status", 3, NULL), TOY_RECORD_FIELD("si_code", 4, NULL), TOY_RECORD_END,
};
static const ToyTypeSpec waitid_spec = TOY_RECORD("waitid_result: Result from waitid.", waitid_fields, 5);

static ToyValue posix_waitid(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int kind, options, result;
    int64_t id;
    siginfo_t info = {.si_pid = 0};
    if (!toy_arg_int(t, args[0], &kind) || !toy_arg_int64(t, args[1], &id) || !toy_arg_int(t, args[2], &options)) return TOY_FAILED;
    do WITHOUT_LOCK(t, "waitid", result = waitid((idtype_t)kind, (id_t)id, &info, options));
    while (result < 0 && toy_block_retry(t));
    if (result < 0) return toy_block_failed(t, TOY_UNBOUND);
    if (info.si_pid == 0) return TOY_NONE;
    ToyValue values[5] = {toy_int(t, info.si_pid), toy_int(t, info.si_uid), toy_int(t, info.si_signo), toy_int(t, info.si_status), toy_int(t, info.si_code)};
    return toy_record_new(t, posix_state(self)->waitid_result, values);
}

bool add_process_types(ToyThread *t, ToyModuleObject *module)
{
    PosixState *state = posix_state(toy_module_value(module));
    state->waitid_result = toy_record_type_new(t, module, &waitid_spec, "posix.waitid_result");
    return toy_module_add_type(t, module, state->waitid_result);
}

static ToyValue waitstatus_to_exitcode(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int status;
    if (!toy_arg_int(t, args[0], &status)) return TOY_FAILED;
    if (WIFEXITED(status)) return toy_int(t, WEXITSTATUS(status));
    if (WIFSIGNALED(status)) return toy_int(t, -WTERMSIG(status));
    if (WIFSTOPPED(status)) return toy_raise_value_error(t, "process stopped by delivery of signal %d", WSTOPSIG(status));
    return toy_raise_value_error(t, "invalid wait status: %d", status);
}

#define STATUS_CLAIM(name) \
    static ToyValue status_##name(ToyThread *t, ToyValue self, const ToyValue *args) \
    { \
        int status; \
        return toy_arg_int(t, args[0], &status) ? toy_bool(name(status)) : TOY_FAILED; \
    }
#define STATUS_NUMBER(name) \
    static ToyValue status_##name(ToyThread *t, ToyValue self, const ToyValue *args) \
    { \
        int status; \
        return toy_arg_int(t, args[0], &status) ? toy_int(t, name(status)) : TOY_FAILED; \
    }
STATUS_CLAIM(WCOREDUMP)
STATUS_CLAIM(WIFCONTINUED)
STATUS_CLAIM(WIFEXITED)
STATUS_CLAIM(WIFSIGNALED)
STATUS_CLAIM(WIFSTOPPED)
STATUS_NUMBER(WEXITSTATUS)
STATUS_NUMBER(WSTOPSIG)
STATUS_NUMBER(WTERMSIG)
#undef STATUS_CLAIM
#undef STATUS_NUMBER

/* ---- who we are ---- */

#define IDENTITY(name) \
    static ToyValue posix_##name(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, name()); }
IDENTITY(getpid)
IDENTITY(getppid)
IDENTITY(getpgrp)
#undef IDENTITY

static ToyValue posix_getpgid(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t pid;
    return toy_arg_int64(t, args[0], &pid) ? int_or_error(t, getpgid((pid_t)pid)) : TOY_FAILED;
}
static ToyValue posix_getsid(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t pid;
    return toy_arg_int64(t, args[0], &pid) ? int_or_error(t, getsid((pid_t)pid)) : TOY_FAILED;
}
static ToyValue posix_setpgid(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t pid, group;
    if (!toy_arg_int64(t, args[0], &pid) || !toy_arg_int64(t, args[1], &group)) return TOY_FAILED;
    return none_or_error(t, setpgid((pid_t)pid, (pid_t)group));
}
static ToyValue posix_setpgrp(ToyThread *t, ToyValue self, const ToyValue *args) { return none_or_error(t, setpgid(0, 0)); }
static ToyValue posix_setsid(ToyThread *t, ToyValue self, const ToyValue *args) { return none_or_error(t, setsid()); }

static ToyValue posix_pidfd_open(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t pid;
    int flags = 0;
    if (!toy_arg_int64(t, args[0], &pid) || !toy_arg_int(t, args[1], &flags)) return TOY_FAILED;
    return int_or_error(t, syscall(SYS_pidfd_open, (pid_t)pid, (unsigned)flags));
}

#define STATUS_ROW(name, doc) TOY_FUNCTION(#name, status_##name, "(status)", 0, doc)
const ToyFunction posix_process_functions[] = {
    TOY_FUNCTION("fork", posix_fork, "()", 0, "Split the process in two. Returns the child's process id in the parent and 0 in the child."),
    TOY_FUNCTION("register_at_fork", register_at_fork, "(*, before=None, after_in_child=None, after_in_parent=None)", 0,
                 "Have functions called before a fork, the last one first, and after it in the parent and in the child."),
    TOY_FUNCTION("system", posix_system, "(command)", 0, "Run the command in a shell and wait for it; returns its wait status."),
    TOY_FUNCTION("_exit", exit_now, "(status)", 0, "End the process at once with this exit code: no cleanup handlers, no flushing of files."),
    TOY_FUNCTION("abort", posix_abort, "()", 0, "End the process at once by SIGABRT: nothing is flushed, no handler runs."),
    TOY_FUNCTION("kill", posix_kill, "(pid, signal, /)", 0, "Send a signal to the process with this id."),
    TOY_FUNCTION("killpg", posix_killpg, "(pgid, signal, /)", 0, "Send a signal to every process of the group with this id."),
    TOY_FUNCTION("wait", posix_wait, "()", 0, "Wait until a child ends. Returns its process id and its status: (pid, status)."),
    TOY_FUNCTION("waitpid", posix_waitpid, "(pid, options, /)", 0,
                 "Wait for the child process pid, the lock released; the pair of its number and its wait status, (0, 0) if options say not to wait."),
    TOY_FUNCTION("wait3", posix_wait3, "(options)", 0, "Wait until a child ends: its process id, its status, and what it has used of the machine."),
    TOY_FUNCTION("wait4", posix_wait4, "(pid, options)", 0, "Wait until the child pid ends: its process id, its status, and what it has used of the machine."),
    TOY_FUNCTION("waitid", posix_waitid, "(idtype, id, options, /)", 0,
                 "Wait for a change in a process or in one of several, the lock released; what happened, or None if nothing had to."),
    TOY_FUNCTION("waitstatus_to_exitcode", waitstatus_to_exitcode, "(status)", 0,
                 "The exit status that a wait status stands for; -N if signal N ended the process."),
    STATUS_ROW(WCOREDUMP, "Did the process that ended with this status leave a core dump?"),
    STATUS_ROW(WIFCONTINUED, "Whether the process was stopped and goes on now."),
    STATUS_ROW(WIFEXITED, "Does status say that the process ended by itself, by a call of exit()?"),
    STATUS_ROW(WIFSIGNALED, "Does status say that a signal ended the process?"),
    STATUS_ROW(WIFSTOPPED, "Does status say that the process is stopped, not ended?"),
    STATUS_ROW(WEXITSTATUS, "The exit code in a status for which WIFEXITED() is true."),
    STATUS_ROW(WSTOPSIG, "The number of the signal that stopped the process, out of its status."),
    STATUS_ROW(WTERMSIG, "The number of the signal that ended the process, out of its status."),
    TOY_FUNCTION("getpid", posix_getpid, "()", 0, "The id of this process."),
    TOY_FUNCTION("getppid", posix_getppid, "()", 0, "The number of the process that started this one."),
    TOY_FUNCTION("getpgrp", posix_getpgrp, "()", 0, "The id of this process's group."),
    TOY_FUNCTION("getpgid", posix_getpgid, "(pid)", 0, "The id of the process group of process pid; 0 means this process."),
    TOY_FUNCTION("getsid", posix_getsid, "(pid, /)", 0, "The id of the session that process pid belongs to; 0 means this process."),
    TOY_FUNCTION("setpgid", posix_setpgid, "(pid, pgrp, /)", 0, "Move process pid into the process group pgrp; 0 stands for this process, or for a group of its own."),
    TOY_FUNCTION("setpgrp", posix_setpgrp, "()", 0, "Put this process into a new process group that it leads."),
    TOY_FUNCTION("setsid", posix_setsid, "()", 0, "Start a new session with this process as its leader and without a terminal."),
    TOY_FUNCTION("pidfd_open", posix_pidfd_open, "(pid, flags=0)", 0, "Return a file descriptor referring to the process *pid*."),
    TOY_FUNCTIONS_END,
};
