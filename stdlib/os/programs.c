/* programs.c - posix: a process becomes another program, or starts one.
 *
 * What        execv, execve, posix_spawn, posix_spawnp.
 * How         Arguments and environment are made into rows of C texts, which values keep alive. exec comes back only when it fails;
 *             posix_spawn is a fork and an exec in one, with a list of what to do in between, and runs no hooks.
 * GIL         held throughout: the C library's spawn suspends the caller for as long as the child needs to become the program.
 * Read next   processes.c, stdlib/unix/mod_posixsubprocess.c */
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#include "stdlib/os/os.h"
#include "stdlib/signal_set.h"

/* ---- arguments and environment ---- */

/* A NULL-terminated row of texts, and what keeps them. */
typedef struct TextRow { char **texts; ToyValue *holders; size_t count; } TextRow;

static void row_free(ToyThread *t, TextRow *row)
{
    if (row->holders)
        for (size_t i = 0; i < row->count; i++) toy_release(row->holders[i]);
    if (row->holders) toy_free(t, row->holders, (row->count + 1) * sizeof *row->holders);
    if (row->texts) toy_free(t, row->texts, (row->count + 1) * sizeof *row->texts);
}

static bool row_start(ToyThread *t, TextRow *row, size_t count)
{
    *row = (TextRow){.count = count};
    row->texts = toy_alloc(t, (count + 1) * sizeof *row->texts);
    row->holders = row->texts ? toy_alloc(t, (count + 1) * sizeof *row->holders) : NULL;
    if (!row->holders) return false;
    memset(row->texts, 0, (count + 1) * sizeof *row->texts);
    memset(row->holders, 0, (count + 1) * sizeof *row->holders);
    return true;
}

static bool row_put(ToyThread *t, TextRow *row, size_t i, ToyValue v)
{
    const char *text = toy_path(t, v, NULL, &row->holders[i]);
    row->texts[i] = (char *)(uintptr_t)text;
    return text != NULL;
}

static bool read_arguments(ToyThread *t, ToyValue v, const char *function, TextRow *row)
{
    *row = (TextRow){0};
    if (!toy_is_list(v) && !toy_is_tuple(v))
        return toy_raise_false(t, TOY_TypeError, "%s %s", function, strcmp(function, "execv()") == 0 ? "arg 2 must be a tuple or list" : "argv must be a tuple or list");
    ToyValue items = toy_tuple_from(t, v);
    if (toy_failed(items)) return false;
    size_t count = toy_tuple_length(items);
    bool done = count ? row_start(t, row, count)
                      : toy_raise_false(t, TOY_ValueError, "%s %s must not be empty", function, strcmp(function, "execv()") == 0 ? "arg 2" : "argv");
    for (size_t i = 0; done && i < count; i++) done = row_put(t, row, i, toy_tuple_item(items, i));
    if (done && !row->texts[0][0])
        done = toy_raise_false(t, TOY_ValueError, "%s %s first element cannot be empty", function, strcmp(function, "execv()") == 0 ? "arg 2" : "argv");
    toy_release(items);
    return done;
}

/* A mapping as "NAME=VALUE" texts. */
static bool read_environment(ToyThread *t, ToyValue v, TextRow *row)
{
    *row = (TextRow){0};
    ToyValue items = toy_call_method(t, v, "items", NULL, 0);
    ToyValue list = toy_failed(items) ? TOY_FAILED : toy_list_from(t, items);
    toy_release(items);
    if (toy_failed(list)) return false;
    size_t count = toy_list_length(list);
    bool done = row_start(t, row, count);
    for (size_t i = 0; done && i < count; i++) {
        ToyValue pair = toy_tuple_from(t, toy_list_item(list, i)), name_holder = TOY_UNBOUND, value_holder = TOY_UNBOUND;
        done = !toy_failed(pair) && (toy_tuple_length(pair) == 2 || toy_raise_false(t, TOY_TypeError, "items() returned item which size is not 2"));
        const char *name = done ? toy_path(t, toy_tuple_item(pair, 0), NULL, &name_holder) : NULL;
        const char *value = name ? toy_path(t, toy_tuple_item(pair, 1), NULL, &value_holder) : NULL;
        done = value != NULL && ((name[0] && !strchr(name + 1, '=')) || toy_raise_false(t, TOY_ValueError, "illegal environment variable name"));
        if (done) {
            size_t length = strlen(name) + strlen(value) + 1;
            uint8_t *text;
            ToyValue joined = toy_bytes_new(t, length, &text);
            done = !toy_failed(joined);
            if (done) {
                memcpy(text, name, strlen(name));
                text[strlen(name)] = '=';
                memcpy(text + strlen(name) + 1, value, strlen(value));
                row->holders[i] = joined;
                row->texts[i] = (char *)text;
            }
        }
        toy_release(name_holder);
        toy_release(value_holder);
        toy_release(pair);
    }
    toy_release(list);
    return done;
}

/* The same of an argument that may be missing. */
static bool read_variables(ToyThread *t, ToyValue v, const char *function, const char *also, TextRow *row)
{
    *row = (TextRow){0};
    if (toy_is_unbound(v)) return true;
    ToyValue keys = toy_find_attribute(t, v, "keys");
    bool is_mapping = toy_is_bound(keys);
    toy_release(keys);
    if (is_mapping) return read_environment(t, v, row);
    return !toy_is_raised(t) && toy_raise_false(t, TOY_TypeError, "%s: environment must be a mapping object%s", function, also);
}

/* ---- exec ---- */

extern char **environ;

static ToyValue replace_process(ToyThread *t, ToyValue program, ToyValue arguments, ToyValue environment, const char *function, const char *shown)
{
    Path path;
    TextRow argv = {0}, env = {0};
    if (!path_read(t, program, function, "path", toy_is_bound(environment) ? PATH_OR_FD : PATH_ONLY_TEXT, &path)) return TOY_FAILED;
    bool done = read_arguments(t, arguments, shown, &argv) && read_variables(t, environment, function, "", &env);
    if (done) {
        /* Comes back only if it fails. */
        char **variables = toy_is_bound(environment) ? env.texts : environ;
        if (path.fd >= 0) fexecve(path.fd, argv.texts, variables);
        else execve(path.text, argv.texts, variables);
        toy_raise_os_error(t, errno, toy_is_bound(environment) ? path.name : TOY_UNBOUND);
    }
    row_free(t, &argv);
    row_free(t, &env);
    path_release(&path);
    return TOY_FAILED;
}
static ToyValue posix_execv(ToyThread *t, ToyValue self, const ToyValue *args) { return replace_process(t, args[0], args[1], TOY_UNBOUND, "execv", "execv()"); }
static ToyValue posix_execve(ToyThread *t, ToyValue self, const ToyValue *args) { return replace_process(t, args[0], args[1], args[2], "execve", "execve:"); }

/* ---- posix_spawn ---- */

typedef posix_spawn_file_actions_t FileActions;

/* The number at [i] of an action's tuple. */
static bool action_number(ToyThread *t, ToyValue action, size_t i, int *n) { return toy_arg_int(t, toy_tuple_item(action, i), n); }

static bool action_length(ToyThread *t, ToyValue action, const char *kind, size_t length)
{
    return toy_tuple_length(action) == length || toy_raise_false(t, TOY_TypeError, "A %s file_action tuple must have %zu elements", kind, length);
}

/* An error number, or -1: raised. */
static int add_open(ToyThread *t, ToyValue action, FileActions *actions)
{
    int fd, flags, mode;
    ToyValue holder;
    if (!action_length(t, action, "open", 5) || !action_number(t, action, 1, &fd)) return -1;
    const char *path = toy_path(t, toy_tuple_item(action, 2), NULL, &holder);
    if (!path) return -1;
    int error = -1;
    if (action_number(t, action, 3, &flags) && action_number(t, action, 4, &mode))
        error = posix_spawn_file_actions_addopen(actions, fd, path, flags, (mode_t)mode);   /* keeps a copy of the path */
    toy_release(holder);
    return error;
}

enum FileActionKind { ACTION_OPEN, ACTION_CLOSE, ACTION_DUP2, ACTION_CLOSEFROM };
static int add_action(ToyThread *t, ToyValue action, FileActions *actions)
{
    int fd, copy;
    int64_t kind = -1;
    if (!toy_is_tuple(action) || toy_tuple_length(action) == 0) {
        toy_raise_type_error(t, "Each file_actions element must be a non-empty tuple");
        return -1;
    }
    if (!toy_arg_int64(t, toy_tuple_item(action, 0), &kind)) return -1;
    switch (kind) {
    case ACTION_OPEN: return add_open(t, action, actions);
    case ACTION_CLOSE:
        return action_length(t, action, "close", 2) && action_number(t, action, 1, &fd) ? posix_spawn_file_actions_addclose(actions, fd) : -1;
    case ACTION_DUP2:
        return action_length(t, action, "dup2", 3) && action_number(t, action, 1, &fd) && action_number(t, action, 2, &copy)
                   ? posix_spawn_file_actions_adddup2(actions, fd, copy) : -1;
    case ACTION_CLOSEFROM:
        return action_length(t, action, "closefrom", 2) && action_number(t, action, 1, &fd) ? posix_spawn_file_actions_addclosefrom_np(actions, fd) : -1;
    default: toy_raise_type_error(t, "Unknown file_actions identifier"); return -1;
    }
}

static bool read_actions(ToyThread *t, ToyValue v, FileActions *actions)
{
    if (!toy_is_given(v)) return true;
    if (!toy_is_iterable(t, v)) return toy_raise_false(t, TOY_TypeError, "file_actions must be a sequence or None");
    ToyValue items = toy_tuple_from(t, v);
    if (toy_failed(items)) return false;
    int error = 0;
    for (size_t i = 0; error == 0 && i < toy_tuple_length(items); i++) error = add_action(t, toy_tuple_item(items, i), actions);
    toy_release(items);
    if (error > 0) toy_raise_os_error(t, error, TOY_UNBOUND);
    return error == 0;
}

/* The arguments of posix_spawn, in order. */
enum SpawnArgument { SPAWN_PATH, SPAWN_ARGV, SPAWN_ENV, SPAWN_ACTIONS, SPAWN_GROUP, SPAWN_RESET_IDS, SPAWN_SESSION, SPAWN_MASK, SPAWN_DEFAULTS, SPAWN_SCHEDULER };

static bool read_scheduler(ToyThread *t, PosixState *state, ToyValue v, posix_spawnattr_t *attributes, short *flags)
{
    int policy, error = 0;
    struct sched_param param;
    if (toy_is_unbound(v)) return true;
    /* CPython says it so, and blames itself. */
    if (!toy_is_tuple(v)) return toy_raise_false(t, TOY_SystemError, "new style getargs format but argument is not a tuple");
    if (toy_tuple_length(v) != 2) return toy_raise_false(t, TOY_TypeError, "A scheduler tuple must have two elements");
    ToyValue given = toy_tuple_item(v, 0);
    if (!toy_is_none(given)) {
        if (!toy_arg_int(t, given, &policy)) return false;
        *flags |= POSIX_SPAWN_SETSCHEDULER;
        error = posix_spawnattr_setschedpolicy(attributes, policy);   /* the C library knows three of the system's policies */
    }
    if (error) toy_raise_os_error(t, error, TOY_UNBOUND);
    if (error || !sched_param_read(t, state, toy_tuple_item(v, 1), &param)) return false;
    *flags |= POSIX_SPAWN_SETSCHEDPARAM;
    posix_spawnattr_setschedparam(attributes, &param);
    return true;
}

static bool read_attributes(ToyThread *t, PosixState *state, const ToyValue *args, posix_spawnattr_t *attributes)
{
    short flags = 0;
    int group = 0;
    bool resets_ids = false, is_new_session = false;
    sigset_t signals;
    if (!toy_arg_int(t, args[SPAWN_GROUP], &group) || !toy_arg_bool(t, args[SPAWN_RESET_IDS], &resets_ids) ||
        !toy_arg_bool(t, args[SPAWN_SESSION], &is_new_session)) return false;
    if (toy_is_bound(args[SPAWN_GROUP])) {
        flags |= POSIX_SPAWN_SETPGROUP;
        posix_spawnattr_setpgroup(attributes, group);
    }
    if (resets_ids) flags |= POSIX_SPAWN_RESETIDS;
    if (is_new_session) flags |= POSIX_SPAWN_SETSID;
    if (toy_is_bound(args[SPAWN_MASK])) {
        if (!signal_set_read(t, args[SPAWN_MASK], &signals)) return false;
        flags |= POSIX_SPAWN_SETSIGMASK;
        posix_spawnattr_setsigmask(attributes, &signals);
    }
    if (toy_is_bound(args[SPAWN_DEFAULTS])) {
        if (!signal_set_read(t, args[SPAWN_DEFAULTS], &signals)) return false;
        flags |= POSIX_SPAWN_SETSIGDEF;
        posix_spawnattr_setsigdefault(attributes, &signals);
    }
    if (!read_scheduler(t, state, args[SPAWN_SCHEDULER], attributes, &flags)) return false;
    posix_spawnattr_setflags(attributes, flags);
    return true;
}

typedef int SpawnCall(pid_t *pid, const char *path, const FileActions *actions, const posix_spawnattr_t *attributes, char *const *argv, char *const *env);

static ToyValue spawn(ToyThread *t, PosixState *state, const ToyValue *args, const char *function, const char *shown, SpawnCall *call)
{
    Path path;
    TextRow argv = {0}, env = {0};
    FileActions actions;
    posix_spawnattr_t attributes;
    pid_t pid;
    ToyValue answer = TOY_FAILED, environment = toy_is_none(args[SPAWN_ENV]) ? TOY_UNBOUND : args[SPAWN_ENV];
    if (!path_read(t, args[SPAWN_PATH], function, "path", PATH_ONLY_TEXT, &path)) return TOY_FAILED;
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    if (read_arguments(t, args[SPAWN_ARGV], shown, &argv) && read_variables(t, environment, function, " or None", &env) &&
        read_actions(t, args[SPAWN_ACTIONS], &actions) && read_attributes(t, state, args, &attributes)) {
        /* With the lock: the parent stands still until the child has become the program. */
        int error = call(&pid, path.text, &actions, &attributes, argv.texts, toy_is_bound(environment) ? env.texts : environ);
        answer = error ? toy_raise_os_error(t, error, path.name) : toy_int(t, pid);
    }
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    row_free(t, &argv);
    row_free(t, &env);
    path_release(&path);
    return answer;
}
static ToyValue posix_posix_spawn(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return spawn(t, posix_state(self), args, "posix_spawn", "posix_spawn:", posix_spawn);
}
static ToyValue posix_posix_spawnp(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return spawn(t, posix_state(self), args, "posix_spawnp", "posix_spawnp:", posix_spawnp);
}

bool add_program_constants(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant rows[] = {{"POSIX_SPAWN_OPEN", ACTION_OPEN}, {"POSIX_SPAWN_CLOSE", ACTION_CLOSE}, {"POSIX_SPAWN_DUP2", ACTION_DUP2},
                                          {"POSIX_SPAWN_CLOSEFROM", ACTION_CLOSEFROM}};
    return toy_module_add_ints(t, module, rows, sizeof rows / sizeof *rows);
}

#define SPAWN_SIGNATURE "(path, argv, env, /, *, file_actions=(), setpgroup=0, resetids=False, setsid=False, setsigmask=(), setsigdef=(), scheduler=None)"
const ToyFunction posix_program_functions[] = {
    TOY_FUNCTION("execv", posix_execv, "(path, argv, /)", 0,
                 "Become another program: this one ends, and path runs in its process with these arguments."),
    TOY_FUNCTION("execve", posix_execve, "(path, argv, env)", 0, "Become another program, as execv() does, with these variables as its environment."),
    TOY_FUNCTION("posix_spawn", posix_posix_spawn, SPAWN_SIGNATURE, 0,
                 "Run a program in a new process; its id. file_actions say what is opened, copied and closed there before."),
    TOY_FUNCTION("posix_spawnp", posix_posix_spawnp, SPAWN_SIGNATURE, 0, "As posix_spawn(); the program is looked for in PATH."),
    TOY_FUNCTIONS_END,
};
