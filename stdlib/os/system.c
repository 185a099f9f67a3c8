/* system.c - posix: the machine around the process.
 *
 * What        Environment variables, uname, times, load, random bytes, texts of errors.
 * How         One call of the C library each.
 * GIL         held; dropped by uname, sync and urandom.
 * Read next   configuration.c, posix_constants.c */
#include <stdlib.h>
#include <sys/random.h>
#include <sys/times.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "stdlib/os/os.h"

/* ---- records ---- */

static const ToyMember terminal_fields[] = {
    TOY_RECORD_FIELD("columns", 0, "how many characters a line has"),
    TOY_RECORD_FIELD("lines", 1, "how many lines it shows"), TOY_RECORD_END,
};
static const ToyTypeSpec terminal_spec = TOY_RECORD("Width and height of a terminal: (columns, lines).", terminal_fields, 2);

static const ToyMember times_fields[] = {
    TOY_RECORD_FIELD("user", 0, "user time"), TOY_RECORD_FIELD("system", 1, "system time"), TOY_RECORD_FIELD("children_user", 2, "user time of the children waited for"),
    TOY_RECORD_FIELD("children_system", 3, "system time of the children waited for"), TOY_RECORD_FIELD("elapsed", 4, "real time since some fixed moment in the past"),
    TOY_RECORD_END,
};
static const ToyTypeSpec times_spec = TOY_RECORD("times_result: Result from os.times().", times_fields, 5);

static const ToyMember uname_fields[] = {
    TOY_RECORD_FIELD("sysname", 0, "name of the operating system"), TOY_RECORD_FIELD("nodename", 1, "the machine's name in its network"),
    TOY_RECORD_FIELD("release", 2, "release of the operating system"), TOY_RECORD_FIELD("version", 3, "version of the operating system"),
    TOY_RECORD_FIELD("machine", 4, "kind of processor"), TOY_RECORD_END,
};
static const ToyTypeSpec uname_spec = TOY_RECORD("uname_result: Result from os.uname().", uname_fields, 5);

bool add_system_types(ToyThread *t, ToyModuleObject *module)
{
    PosixState *state = posix_state(toy_module_value(module));
    state->terminal_size = toy_record_type_new(t, module, &terminal_spec, "os.terminal_size");
    state->times_result = toy_record_type_new(t, module, &times_spec, "posix.times_result");
    state->uname_result = toy_record_type_new(t, module, &uname_spec, "posix.uname_result");
    return toy_module_add_type(t, module, state->terminal_size) && toy_module_add_type(t, module, state->times_result) &&
           toy_module_add_type(t, module, state->uname_result);
}

static ToyValue posix_uname(ToyThread *t, ToyValue self, const ToyValue *args)
{
    struct utsname names;
    int result;
    WITHOUT_LOCK(t, "uname", result = uname(&names));
    if (result < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    const char *texts[5] = {names.sysname, names.nodename, names.release, names.version, names.machine};
    ToyValue values[5];
    for (size_t i = 0; i < 5; i++) values[i] = toy_str_from_os(t, texts[i], strlen(texts[i]));
    return toy_record_new(t, posix_state(self)->uname_result, values);
}

static ToyValue posix_times(ToyThread *t, ToyValue self, const ToyValue *args)
{
    struct tms used;
    clock_t elapsed = times(&used);
    if (elapsed == (clock_t)-1) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    double ticks = (double)sysconf(_SC_CLK_TCK);
    ToyValue values[5] = {toy_float(t, (double)used.tms_utime / ticks), toy_float(t, (double)used.tms_stime / ticks),
                          toy_float(t, (double)used.tms_cutime / ticks), toy_float(t, (double)used.tms_cstime / ticks),
                          toy_float(t, (double)elapsed / ticks)};
    return toy_record_new(t, posix_state(self)->times_result, values);
}

static ToyValue posix_getloadavg(ToyThread *t, ToyValue self, const ToyValue *args)
{
    double loads[3];
    if (getloadavg(loads, 3) != 3) return toy_raise(t, TOY_OSError, "Load averages are unobtainable");
    return toy_tuple(t, toy_float(t, loads[0]), toy_float(t, loads[1]), toy_float(t, loads[2]));
}

/* ---- environment ---- */

extern char **environ;

/* {name: value}, both bytes: os makes texts of them. Of a name that is there twice the first counts, as for getenv. */
static ToyValue environ_dict(ToyThread *t)
{
    ToyValue dict = toy_dict(t);
    bool done = !toy_failed(dict);
    for (char **variable = environ; done && variable && *variable; variable++) {
        const char *equals = strchr(*variable, '=');
        if (!equals) continue;
        ToyValue name = toy_bytes(t, *variable, (size_t)(equals - *variable)), value = toy_bytes(t, equals + 1, strlen(equals + 1));
        bool found = false;
        done = !toy_failed(name) && !toy_failed(value) && toy_dict_contains(t, dict, name, &found) && (found || toy_dict_set(t, dict, name, value));
        toy_release(name);
        toy_release(value);
    }
    if (done) return dict;
    toy_release(dict);
    return TOY_FAILED;
}
static ToyValue read_environ(ToyThread *t, ToyValue self, const ToyValue *args) { return environ_dict(t); }

static ToyValue posix_putenv(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue name_holder, value_holder = TOY_UNBOUND;
    const char *name = toy_path(t, args[0], NULL, &name_holder);
    const char *value = name ? toy_path(t, args[1], NULL, &value_holder) : NULL;
    ToyValue answer = TOY_FAILED;
    if (value && strchr(name, '=')) toy_raise_value_error(t, "illegal environment variable name");
    else if (value) answer = none_or_error(t, setenv(name, value, 1));
    if (name) toy_release(name_holder);
    toy_release(value_holder);
    return answer;
}
static ToyValue posix_unsetenv(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue holder;
    const char *name = toy_path(t, args[0], NULL, &holder);
    if (!name) return TOY_FAILED;
    ToyValue answer = none_or_error(t, unsetenv(name));
    toy_release(holder);
    return answer;
}

/* ---- the rest ---- */

static ToyValue posix_strerror(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int code;
    char text[256];
    if (!toy_arg_int(t, args[0], &code)) return TOY_FAILED;
    const char *message = strerror_r(code, text, sizeof text);
    return toy_str_from_os(t, message, strlen(message));
}

/* Random bytes without holding others up; at boot the kernel may let it wait. */
static ToyValue posix_urandom(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t size;
    uint8_t *data;
    if (!toy_arg_size(t, args[0], &size)) return TOY_FAILED;
    if (size < 0) return toy_raise_value_error(t, "negative argument not allowed");
    ToyValue bytes = toy_bytes_new(t, (size_t)size, &data);
    if (toy_failed(bytes)) return TOY_FAILED;
    ssize_t got = 0;
    while (got < size) {
        ssize_t n;
        WITHOUT_LOCK(t, "getrandom", n = getrandom(data + got, (size_t)(size - got), 0));
        if (n < 0 && toy_block_retry(t)) continue;
        if (n < 0) {
            toy_release(bytes);
            return toy_block_failed(t, TOY_UNBOUND);
        }
        got += n;
    }
    return bytes;
}
/* As many bytes as the kernel gives at once. CPython keeps the lock here. */
static ToyValue posix_getrandom(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t size;
    int flags = 0;
    uint8_t *data;
    ssize_t n;
    if (!toy_arg_size(t, args[0], &size) || !toy_arg_int(t, args[1], &flags)) return TOY_FAILED;
    if (size < 0) return toy_raise_os_error(t, EINVAL, TOY_UNBOUND);
    ToyValue bytes = toy_bytes_new(t, (size_t)size, &data);
    if (toy_failed(bytes)) return TOY_FAILED;
    do n = getrandom(data, (size_t)size, (unsigned)flags);
    while (n < 0 && toy_block_retry(t));
    if (n >= 0) return toy_bytes_cut(t, bytes, (size_t)n);
    toy_release(bytes);
    return toy_block_failed(t, TOY_UNBOUND);
}

static ToyValue posix_sync(ToyThread *t, ToyValue self, const ToyValue *args)
{
    WITHOUT_LOCK(t, "sync", sync());
    return TOY_NONE;
}

bool add_system_values(ToyThread *t, ToyModuleObject *module)
{
    return toy_module_add(t, module, "environ", environ_dict(t));
}

const ToyFunction posix_system_functions[] = {
    TOY_FUNCTION("uname", posix_uname, "()", 0, "The names of the system, the machine and their versions."),
    TOY_FUNCTION("times", posix_times, "()", 0,
                 "The processor time that this process and its children have taken, and the time elapsed, in seconds."),
    TOY_FUNCTION("getloadavg", posix_getloadavg, "()", 0, "How many processes wanted to run, on average over the last 1, 5 and 15 minutes."),
    TOY_FUNCTION("putenv", posix_putenv, "(name, value, /)", 0, "Set a variable in the environment that child processes inherit; os.environ does not see it."),
    TOY_FUNCTION("unsetenv", posix_unsetenv, "(name, /)", 0, "Take a variable out of the environment that child processes inherit; os.environ does not see it."),
    TOY_FUNCTION("_read_environ", read_environ, "()", 0, "The environment as the C library has it now: a dict of bytes."),
    TOY_FUNCTION("strerror", posix_strerror, "(code, /)", 0, "The system's message for an errno code."),
    TOY_FUNCTION("urandom", posix_urandom, "(size, /)", 0, "So many random bytes, fit for use as keys."),
    TOY_FUNCTION("getrandom", posix_getrandom, "(size, flags=0)", 0, "Up to size random bytes from the kernel's generator; fewer if it had no more at hand."),
    TOY_FUNCTION("sync", posix_sync, "()", 0, "Ask the system to write everything it holds in its buffers to disk."),
    TOY_FUNCTIONS_END,
};
