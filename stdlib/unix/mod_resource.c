/* mod_resource.c - resource: what a process has used of the machine, and how much it may.
 *
 * What        getrlimit, setrlimit, prlimit, getrusage, getpagesize, and the record struct_rusage.
 * How         One system call each. "Without limit" is the highest number there, and -1 here.
 * GIL         held: nothing waits.
 * Read next   stdlib/os/scheduling.c */
#include <errno.h>
#include <sys/resource.h>
#include <unistd.h>

#include "stdlib/unix/usage.h"

typedef struct ResourceState { ToyType *usage; } ResourceState;

/* ==== usage ================================================================================================================= */

static const ToyMember usage_fields[] = {
    TOY_RECORD_FIELD("ru_utime", 0, "Seconds of computing in the program."), TOY_RECORD_FIELD("ru_stime", 1, "Seconds of computing in the system, for it."),
    TOY_RECORD_FIELD("ru_maxrss", 2, "Most memory at one time, in KiB."), TOY_RECORD_FIELD("ru_ixrss", 3, "Shared memory; 0."),
    TOY_RECORD_FIELD("ru_idrss", 4, "Memory of its own; 0."), TOY_RECORD_FIELD("ru_isrss", 5, "Memory of the stack; 0."),
    TOY_RECORD_FIELD("ru_minflt", 6, "Pages that were found in memory."), TOY_RECORD_FIELD("ru_majflt", 7, "Pages that had to be read."),
    TOY_RECORD_FIELD("ru_nswap", 8, "How often it was moved out; 0."), TOY_RECORD_FIELD("ru_inblock", 9, "How often a disk was read."),
    TOY_RECORD_FIELD("ru_oublock", 10, "How often a disk was written."), TOY_RECORD_FIELD("ru_msgsnd", 11, "Messages sent; 0."),
    TOY_RECORD_FIELD("ru_msgrcv", 12, "Always 0: Linux does not count messages."),
    TOY_RECORD_FIELD("ru_nsignals", 13, "Always 0: Linux does not count signals."),
    TOY_RECORD_FIELD("ru_nvcsw", 14, "How often it gave the processor up."), TOY_RECORD_FIELD("ru_nivcsw", 15, "How often the processor was taken from it."),
    TOY_RECORD_END,
};
enum { USAGE_FIELDS = 16 };
static const ToyTypeSpec usage_spec = TOY_RECORD("What was used of the machine.", usage_fields, USAGE_FIELDS);

static ToyValue resource_getrusage(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int who;
    struct rusage used;
    if (!toy_arg_int(t, args[0], &who)) return TOY_FAILED;
    if (getrusage(who, &used) < 0) return errno == EINVAL ? toy_raise_value_error(t, "invalid who parameter") : toy_raise_os_error(t, errno, TOY_UNBOUND);
    ToyValue items = usage_items(t, &used);
    ToyValue record = toy_failed(items) ? TOY_FAILED : toy_call1(t, toy_type_value(((ResourceState *)toy_module_state(self))->usage), items);
    toy_release(items);
    return record;
}

/* ==== limits ================================================================================================================ */

static bool read_resource(ToyThread *t, ToyValue v, int *resource)
{
    if (!toy_arg_int(t, v, resource)) return false;
    return (*resource >= 0 && *resource < RLIM_NLIMITS) || toy_raise_false(t, TOY_ValueError, "invalid resource specified");
}

/* (soft, hard), from anything that can be walked. */
static bool read_limits(ToyThread *t, ToyValue v, struct rlimit *limits)
{
    ToyValue pair = toy_tuple_from(t, v);
    if (toy_failed(pair)) return false;
    int64_t soft, hard;
    bool is_right = toy_tuple_length(pair) == 2 || toy_raise_false(t, TOY_ValueError, "expected a tuple of 2 integers");
    is_right = is_right && toy_arg_int64(t, toy_tuple_item(pair, 0), &soft) && toy_arg_int64(t, toy_tuple_item(pair, 1), &hard);
    toy_release(pair);
    if (is_right) *limits = (struct rlimit){.rlim_cur = (rlim_t)soft, .rlim_max = (rlim_t)hard};
    return is_right;
}

static ToyValue limits_value(ToyThread *t, const struct rlimit *limits)
{
    return toy_tuple(t, toy_int(t, (int64_t)limits->rlim_cur), toy_int(t, (int64_t)limits->rlim_max));
}

static ToyValue resource_getrlimit(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int resource;
    struct rlimit limits;
    if (!read_resource(t, args[0], &resource)) return TOY_FAILED;
    return getrlimit((__rlimit_resource_t)resource, &limits) < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : limits_value(t, &limits);
}

static ToyValue resource_setrlimit(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int resource;
    struct rlimit limits;
    if (!read_resource(t, args[0], &resource) || !read_limits(t, args[1], &limits)) return TOY_FAILED;
    if (setrlimit((__rlimit_resource_t)resource, &limits) == 0) return TOY_NONE;
    if (errno == EINVAL) return toy_raise_value_error(t, "current limit exceeds maximum limit");
    if (errno == EPERM) return toy_raise_value_error(t, "not allowed to raise maximum limit");
    return toy_raise_os_error(t, errno, TOY_UNBOUND);
}

static ToyValue resource_prlimit(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int pid, resource;
    struct rlimit before, limits;
    bool is_to_set = toy_is_given(args[2]);
    if (!toy_arg_int(t, args[0], &pid) || !read_resource(t, args[1], &resource) || (is_to_set && !read_limits(t, args[2], &limits))) return TOY_FAILED;
    if (prlimit(pid, (__rlimit_resource_t)resource, is_to_set ? &limits : NULL, &before) == 0) return limits_value(t, &before);
    return errno == EINVAL ? toy_raise_value_error(t, "current limit exceeds maximum limit") : toy_raise_os_error(t, errno, TOY_UNBOUND);
}

static ToyValue resource_getpagesize(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, getpagesize()); }

/* ==== the module ============================================================================================================ */

static const ToyFunction functions[] = {
    TOY_FUNCTION("getrlimit", resource_getrlimit, "(resource, /)", 0, "The limits of this process: (what holds now, how far it may raise that)."),
    TOY_FUNCTION("setrlimit", resource_setrlimit, "(resource, limits, /)", 0, "Set the limits of this process."),
    TOY_FUNCTION("prlimit", resource_prlimit, "(pid, resource, limits=None, /)", 0, "The limits of any process, which are then set if new ones are given."),
    TOY_FUNCTION("getrusage", resource_getrusage, "(who, /)", 0, "What this process (RUSAGE_SELF), its children or this thread has used."),
    TOY_FUNCTION("getpagesize", resource_getpagesize, "()", 0, "How many bytes a page of memory has."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant constants[] = {
        {"RLIMIT_AS", RLIMIT_AS},           {"RLIMIT_CORE", RLIMIT_CORE},         {"RLIMIT_CPU", RLIMIT_CPU},
        {"RLIMIT_DATA", RLIMIT_DATA},       {"RLIMIT_FSIZE", RLIMIT_FSIZE},       {"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
        {"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE}, {"RLIMIT_NICE", RLIMIT_NICE},       {"RLIMIT_NOFILE", RLIMIT_NOFILE},
        {"RLIMIT_NPROC", RLIMIT_NPROC},     {"RLIMIT_OFILE", RLIMIT_OFILE},       {"RLIMIT_RSS", RLIMIT_RSS},
        {"RLIMIT_RTPRIO", RLIMIT_RTPRIO},   {"RLIMIT_RTTIME", RLIMIT_RTTIME},     {"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
        {"RLIMIT_STACK", RLIMIT_STACK},     {"RLIM_INFINITY", (int64_t)RLIM_INFINITY}, {"RUSAGE_SELF", RUSAGE_SELF},
        {"RUSAGE_CHILDREN", RUSAGE_CHILDREN}, {"RUSAGE_THREAD", RUSAGE_THREAD},
    };
    ResourceState *state = toy_module_state(toy_module_value(module));
    state->usage = toy_record_type_new(t, module, &usage_spec, "resource.struct_rusage");
    return state->usage && toy_module_add_type(t, module, state->usage) && toy_module_add_ints(t, module, constants, sizeof constants / sizeof *constants) &&
           toy_module_add(t, module, "error", toy_retain(toy_type_value(toy_exception_type(t, TOY_OSError))));
}

const ToyModule toy_module_resource = {
    .name = "resource",
    .doc = "What a process has used of the machine, and how much it may.",
    .functions = functions,
    .state_size = sizeof(ResourceState),
    .init = init,
};
