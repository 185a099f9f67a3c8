/* mod_posixsubprocess.c - _posixsubprocess: another program in a child process, with its streams, folder and rights arranged.
 *
 * What        fork_exec, which subprocess is built on.
 * How         Everything the child needs is read into a ChildPlan before it is born: it lives in its parent's memory (vfork) or in a copy
 *             of it (fork), and makes system calls, nothing else. Only a preexec_fn needs a child with an interpreter; then the fork is
 *             os.fork's. A child that does not get as far as the program writes into a pipe why not:
 *             "exception name:error number in hexadecimal:text". The pipe closes when the program begins.
 * Invariants  I1 after vfork no signal arrives until none has a handler of the parent's: it would run in the parent's memory.
 *             I2 the child ends in exec or _exit, whatever happens.
 * GIL         held: a vfork gives back control when the program has begun, a fork at once.
 * Read next   vm/threads/fork.c, stdlib/os/processes.c */
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stdlib/unix/accounts.h"

/* A NULL-terminated row of texts for exec, and what keeps them. */
typedef struct TextRow { char **texts; ToyValue *holders; size_t count; } TextRow;

/* One of the child's standard streams: the end it gets, and the parent's end. -1: none. */
typedef struct StreamEnds { int child, parent; } StreamEnds;
enum { STREAMS = 3 };

typedef struct ChildPlan {
    TextRow arguments, programs, environment;
    bool has_environment;
    const char *folder;                          /* NULL: stay */
    StreamEnds streams[STREAMS];
    int error_read, error_write;                 /* the pipe */
    bool closes_rest;
    int *kept;                                   /* descriptors for the program, in order */
    size_t kept_count;
    bool restores_signals, begins_session;
    int group;                                   /* of processes; -1: stay */
    bool has_uid, has_gid, has_groups;
    uid_t uid;
    gid_t gid;
    gid_t *groups;
    size_t group_count;
    int mask;                                    /* for new files; -1: keep */
} ChildPlan;

/* ==== in the child ========================================================================================================== */

/* Said when exec was not even tried: it is not the program's fault. */
static const char before_exec[] = "noexec", in_folder[] = "noexec:chdir";

/* NULL: the program could not be started; else what went wrong, errno tells. */
static const char *arrange_streams(const ChildPlan *plan)
{
    for (size_t i = 0; i < plan->kept_count; i++)
        if (plan->kept[i] != plan->error_write && fcntl(plan->kept[i], F_SETFD, 0) < 0) return before_exec;
    for (int i = 0; i < STREAMS; i++)
        if (plan->streams[i].parent >= 0) close(plan->streams[i].parent);
    if (plan->error_read >= 0) close(plan->error_read);
    int ends[STREAMS] = {plan->streams[0].child, plan->streams[1].child, plan->streams[2].child};
    /* What lies where an earlier stream goes moves out of the way first. */
    for (int i = 1; i < STREAMS; i++)
        while (ends[i] >= 0 && ends[i] < i)
            if ((ends[i] = fcntl(ends[i], F_DUPFD_CLOEXEC, 0)) < 0) return before_exec;
    for (int i = 0; i < STREAMS; i++) {
        if (ends[i] == i ? fcntl(i, F_SETFD, 0) < 0 : ends[i] != -1 && dup2(ends[i], i) < 0) return before_exec;
    }
    return NULL;
}

static void default_signals(const ChildPlan *plan, const sigset_t *mask)
{
    if (mask) {                                  /* I1 */
        for (int number = 1; number < NSIG; number++) {
            struct sigaction action;
            if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN && action.sa_handler != SIG_DFL) signal(number, SIG_DFL);
        }
        sigprocmask(SIG_SETMASK, mask, NULL);
    }
    if (plan->restores_signals) {
        signal(SIGPIPE, SIG_DFL);
        signal(SIGXFSZ, SIG_DFL);
    }
}

static const char *arrange_rights(const ChildPlan *plan)
{
    if (plan->folder && chdir(plan->folder) < 0) return in_folder;
    if (plan->mask >= 0) umask((mode_t)plan->mask);
    if (plan->begins_session) setsid();
    if (plan->group >= 0 && setpgid(0, plan->group) < 0) return before_exec;
    if (plan->has_groups && setgroups(plan->group_count, plan->groups) < 0) return before_exec;
    if (plan->has_gid && setregid(plan->gid, plan->gid) < 0) return before_exec;
    if (plan->has_uid && setreuid(plan->uid, plan->uid) < 0) return before_exec;
    return NULL;
}

/* From [first] to [last]; one call for all of them, if the kernel has it. */
static void close_between(unsigned first, unsigned last)
{
    if (first > last || close_range(first, last, 0) == 0) return;
    struct rlimit limit;
    unsigned most = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < last ? (unsigned)limit.rlim_cur : last;
    for (unsigned fd = first; fd <= most && fd != UINT32_MAX; fd++) close((int)fd);
}

static void close_rest(const ChildPlan *plan)
{
    unsigned next = STREAMS;
    for (size_t i = 0; i < plan->kept_count; i++) {
        unsigned fd = (unsigned)plan->kept[i];
        if (fd < next) continue;
        close_between(next, fd - 1);
        next = fd + 1;
    }
    close_between(next, UINT32_MAX);
}

/* Comes back only if no program of the list could be started; errno: the first reason that is not just its absence. */
static void execute(const ChildPlan *plan)
{
    int error = 0;
    for (size_t i = 0; i < plan->programs.count; i++) {
        if (plan->has_environment) execve(plan->programs.texts[i], plan->arguments.texts, plan->environment.texts);
        else execv(plan->programs.texts[i], plan->arguments.texts);
        bool is_absent = errno == ENOENT || errno == ENOTDIR;
        if (!error || ((error == ENOENT || error == ENOTDIR) && !is_absent)) error = errno;
    }
    errno = error;
}

static void tell(const ChildPlan *plan, const char *text, size_t length)
{
    ssize_t n = write(plan->error_write, text, length);
    (void)n;                                     /* nobody is left to be told that telling failed */
}

/* No call of the system's has failed: there was no program, or the preexec_fn raised. */
static const char no_program[] = "SubprocessError:0:", no_preparation[] = "SubprocessError:0:Exception occurred in preexec_fn.";

static void tell_errno(const ChildPlan *plan, const char *where)
{
    char text[64];
    if (errno == 0) {
        tell(plan, no_program, sizeof no_program - 1);
        return;
    }
    int length = snprintf(text, sizeof text, "OSError:%x:%s", (unsigned)errno, where ? where : "");
    tell(plan, text, (size_t)length);
}

/* All there is to do before the program, or before the preexec_fn. False: it was told what went wrong. */
static bool child_prepare(const ChildPlan *plan, const sigset_t *mask)
{
    const char *where = arrange_streams(plan);
    if (!where) where = arrange_rights(plan);
    if (where) tell_errno(plan, where);
    else default_signals(plan, mask);
    return !where;
}

static void child_finish(const ChildPlan *plan)
{
    if (plan->closes_rest) close_rest(plan);
    execute(plan);
    tell_errno(plan, NULL);
}

/* In a function of its own: what vfork's child changes of its frame, the parent would find. */
__attribute__((noinline)) static pid_t start_child(const ChildPlan *plan, bool may_share_memory, const sigset_t *mask)
{
    pid_t pid = may_share_memory ? vfork() : fork();
    if (pid != 0) return pid;
    if (child_prepare(plan, mask)) child_finish(plan);
    _exit(255);
}

/* ==== reading the plan ====================================================================================================== */

static void row_release(ToyThread *t, TextRow *row)
{
    for (size_t i = 0; row->holders && i < row->count; i++) toy_release(row->holders[i]);
    if (row->holders) toy_free(t, row->holders, (row->count + 1) * sizeof *row->holders);
    if (row->texts) toy_free(t, row->texts, (row->count + 1) * sizeof *row->texts);
}

/* [is_bytes]: nothing but bytes will do, no text and no paths. */
static bool row_read(ToyThread *t, ToyValue v, bool is_bytes, TextRow *row)
{
    size_t length;
    if (is_bytes && !toy_length(t, v, &length)) return false;
    ToyValue items = toy_tuple_from(t, v);
    if (toy_failed(items)) return false;
    row->count = toy_tuple_length(items);
    size_t places = row->count + 1;
    row->texts = toy_alloc(t, places * sizeof *row->texts);
    row->holders = row->texts ? toy_alloc(t, places * sizeof *row->holders) : NULL;
    bool done = row->holders != NULL;
    if (done) {
        memset(row->texts, 0, places * sizeof *row->texts);
        memset(row->holders, 0, places * sizeof *row->holders);
    }
    for (size_t i = 0; done && i < row->count; i++) {
        ToyValue item = toy_tuple_item(items, i);
        if (is_bytes && !toy_is_bytes(item)) {
            done = toy_raise_false(t, TOY_TypeError, "expected bytes, %T found", item);
            break;
        }
        const char *text = toy_path(t, item, NULL, &row->holders[i]);
        row->texts[i] = (char *)(uintptr_t)text;
        done = text != NULL;
    }
    toy_release(items);
    return done;
}

/* In order, each once, none negative. */
static bool read_kept(ToyThread *t, ToyValue v, ChildPlan *plan)
{
    if (!toy_is_tuple(v)) return toy_raise_false(t, TOY_TypeError, "fork_exec() argument 4 must be tuple, not %N", v);
    plan->kept_count = toy_tuple_length(v);
    plan->kept = toy_alloc(t, (plan->kept_count + 1) * sizeof *plan->kept);
    if (!plan->kept) return false;
    int64_t before = -1;
    for (size_t i = 0; i < plan->kept_count; i++) {
        ToyValue item = toy_tuple_item(v, i);
        int64_t fd;
        if (!toy_is_int(item) || !toy_int_fits_int64(item, &fd) || fd <= before || fd > INT32_MAX)
            return toy_raise_false(t, TOY_ValueError, "bad value(s) in fds_to_keep");
        plan->kept[i] = (int)fd;
        before = fd;
    }
    return true;
}

static bool read_account(ToyThread *t, ToyValue v, const char *what, bool *has, uint32_t *number)
{
    *has = !toy_is_none(v);
    if (!*has) return true;
    enum AccountNumber kind = account_number(t, v, what, number);
    if (kind == ACCOUNT_READ || kind == ACCOUNT_RAISED) return kind == ACCOUNT_READ;
    return toy_raise_false(t, TOY_OverflowError, "%s is %s", what, kind == ACCOUNT_TOO_SMALL ? "less than minimum" : "greater than maximum");
}

static bool read_groups(ToyThread *t, ToyValue v, ChildPlan *plan)
{
    plan->has_groups = !toy_is_none(v);
    if (!plan->has_groups) return true;
    if (!toy_is_list(v)) return toy_raise_false(t, TOY_TypeError, "setgroups argument must be a list");
    ToyValue items = toy_tuple_from(t, v);
    if (toy_failed(items)) return false;
    plan->group_count = toy_tuple_length(items);
    plan->groups = toy_alloc(t, (plan->group_count + 1) * sizeof *plan->groups);
    bool done = plan->groups != NULL;
    for (size_t i = 0; done && i < plan->group_count; i++) {
        ToyValue item = toy_tuple_item(items, i);
        if (!toy_is_int(item)) done = toy_raise_false(t, TOY_TypeError, "extra_groups must be integers");
        else done = account_number(t, item, "gid", &plan->groups[i]) == ACCOUNT_READ || toy_raise_false(t, TOY_ValueError, "invalid group id");
    }
    toy_release(items);
    return done;
}

/* The places of fork_exec's arguments. */
enum {
    ARGS, PROGRAMS, CLOSE_FDS, KEPT, FOLDER, ENVIRONMENT, IN_READ, IN_WRITE, OUT_READ, OUT_WRITE, ERR_READ, ERR_WRITE, PIPE_READ, PIPE_WRITE,
    RESTORE_SIGNALS, SESSION, GROUP, GID, GROUPS, UID, MASK, PREEXEC, ALLOW_VFORK
};

static bool read_numbers(ToyThread *t, const ToyValue *args, ChildPlan *plan)
{
    return toy_arg_int(t, args[IN_READ], &plan->streams[0].child) && toy_arg_int(t, args[IN_WRITE], &plan->streams[0].parent) &&
           toy_arg_int(t, args[OUT_READ], &plan->streams[1].parent) && toy_arg_int(t, args[OUT_WRITE], &plan->streams[1].child) &&
           toy_arg_int(t, args[ERR_READ], &plan->streams[2].parent) && toy_arg_int(t, args[ERR_WRITE], &plan->streams[2].child) &&
           toy_arg_int(t, args[PIPE_READ], &plan->error_read) && toy_arg_int(t, args[PIPE_WRITE], &plan->error_write) &&
           toy_arg_bool(t, args[RESTORE_SIGNALS], &plan->restores_signals) && toy_arg_bool(t, args[SESSION], &plan->begins_session) &&
           toy_arg_int(t, args[GROUP], &plan->group) && toy_arg_int(t, args[MASK], &plan->mask) && toy_arg_bool(t, args[CLOSE_FDS], &plan->closes_rest);
}

/* [folder] keeps the folder's name. */
static bool read_plan(ToyThread *t, const ToyValue *args, ChildPlan *plan, ToyValue *folder)
{
    if (!read_numbers(t, args, plan)) return false;
    if (plan->closes_rest && plan->error_write < STREAMS) return toy_raise_false(t, TOY_ValueError, "errpipe_write must be >= 3");
    if (!read_kept(t, args[KEPT], plan) || !row_read(t, args[PROGRAMS], true, &plan->programs)) return false;
    if (!toy_is_none(args[ARGS])) {
        if (!toy_is_list(args[ARGS]) && !toy_is_tuple(args[ARGS])) return toy_raise_false(t, TOY_TypeError, "argv must be a tuple");
        if (!row_read(t, args[ARGS], false, &plan->arguments)) return false;
    }
    plan->has_environment = !toy_is_none(args[ENVIRONMENT]);
    if (plan->has_environment && !row_read(t, args[ENVIRONMENT], true, &plan->environment)) return false;
    if (!toy_is_none(args[FOLDER])) {
        plan->folder = toy_path(t, args[FOLDER], NULL, folder);
        if (!plan->folder) return false;
    }
    return read_groups(t, args[GROUPS], plan) && read_account(t, args[GID], "gid", &plan->has_gid, &plan->gid) &&
           read_account(t, args[UID], "uid", &plan->has_uid, &plan->uid);
}

static void plan_release(ToyThread *t, ChildPlan *plan)
{
    row_release(t, &plan->arguments);
    row_release(t, &plan->programs);
    row_release(t, &plan->environment);
    if (plan->kept) toy_free(t, plan->kept, (plan->kept_count + 1) * sizeof *plan->kept);
    if (plan->groups) toy_free(t, plan->groups, (plan->group_count + 1) * sizeof *plan->groups);
}

/* ==== fork_exec ============================================================================================================= */

/* A child in which script code runs once more. */
static pid_t start_child_calling(ToyThread *t, const ChildPlan *plan, ToyValue preexec)
{
    pid_t pid = toy_fork(t);
    if (pid != 0) return pid;
    if (child_prepare(plan, NULL)) {
        ToyValue v = toy_call0(t, preexec);
        if (toy_failed(v)) tell(plan, no_preparation, sizeof no_preparation - 1);
        else child_finish(plan);
    }
    _exit(255);
}

static pid_t start_child_alone(const ChildPlan *plan, bool may_share_memory)
{
    /* Who changes his rights must not share memory with one who has other rights. */
    if (plan->has_uid || plan->has_gid || plan->has_groups) may_share_memory = false;
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    pid_t pid = start_child(plan, may_share_memory, &before);
    int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

static ToyValue fork_exec(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ChildPlan plan = {.group = -1};
    ToyValue folder = TOY_UNBOUND, result = TOY_FAILED;
    bool calls_back = !toy_is_none(args[PREEXEC]), may_share_memory = true;
    if (!toy_arg_bool(t, args[ALLOW_VFORK], &may_share_memory)) return TOY_FAILED;
    if (calls_back && toy_is_finalizing(t)) return toy_raise(t, TOY_PythonFinalizationError, "preexec_fn not supported at interpreter shutdown");
    if (read_plan(t, args, &plan, &folder)) {
        pid_t pid = calls_back ? start_child_calling(t, &plan, args[PREEXEC]) : start_child_alone(&plan, may_share_memory);
        if (pid > 0) result = toy_int(t, pid);
        else if (!toy_is_raised(t)) (void)toy_raise_os_error(t, errno, TOY_UNBOUND);
    }
    toy_release(folder);
    plan_release(t, &plan);
    return result;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("fork_exec", fork_exec,
                 "(args, executable_list, close_fds, pass_fds, cwd, env, p2cread, p2cwrite, c2pread, c2pwrite, errread, errwrite, errpipe_read, "
                 "errpipe_write, restore_signals, call_setsid, pgid_to_set, gid, extra_groups, uid, child_umask, preexec_fn, allow_vfork, /)", 0,
                 "Start a program in a child process and return the number of the process. Why it did not begin is written to errpipe_write."),
    TOY_FUNCTIONS_END,
};

const ToyModule toy_module_posixsubprocess = {
    .name = "_posixsubprocess",
    .doc = "The start of another program in a child process.",
    .functions = functions,
};
