/* scheduling.c - posix: who runs where, and how eagerly.
 *
 * What        cpu_count, affinity, scheduling policies and their parameters, niceness and priorities.
 * How         One system call each. sched_yield gives up the lock as well as the processor: with the lock held it would only bring
 *             threads to life that wait for that.
 * GIL         held; dropped by sched_yield.
 * Read next   vm/gil/README.md */
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

#include "stdlib/os/os.h"

static ToyValue posix_cpu_count(ToyThread *t, ToyValue self, const ToyValue *args)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count < 1 ? TOY_NONE : toy_int(t, count);
}

static ToyValue posix_sched_yield(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int result;
    WITHOUT_LOCK(t, "sched_yield", result = sched_yield());
    return none_or_error(t, result);
}

/* Sets of processors come in any size: ask with a larger one until it is large enough. */
enum { FIRST_CPU_COUNT = 1024, CPU_COUNT_MAX = 1 << 20 };

static ToyValue get_affinity(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t pid;
    if (!toy_arg_int64(t, args[0], &pid)) return TOY_FAILED;
    for (size_t cpus = FIRST_CPU_COUNT;; cpus *= 2) {
        size_t size = CPU_ALLOC_SIZE(cpus);
        cpu_set_t *mask = toy_alloc(t, size);
        if (!mask) return TOY_FAILED;
        if (sched_getaffinity((pid_t)pid, size, mask) == 0) {
            ToyValue set = toy_set(t, false);
            bool done = !toy_failed(set);
            for (size_t cpu = 0; done && cpu < cpus; cpu++)
                if (CPU_ISSET_S(cpu, size, mask)) done = toy_set_add(t, set, toy_small_int_value((int64_t)cpu));
            toy_free(t, mask, size);
            if (done) return set;
            toy_release(set);
            return TOY_FAILED;
        }
        int error = errno;
        toy_free(t, mask, size);
        if (error != EINVAL || cpus >= CPU_COUNT_MAX) return toy_raise_os_error(t, error, TOY_UNBOUND);
    }
}

typedef struct CpuMask { cpu_set_t *set; size_t size, cpus; } CpuMask;

static bool add_cpu(ToyThread *t, ToyValue item, void *context)
{
    CpuMask *mask = context;
    if (!toy_is_int(item)) return toy_raise_false(t, TOY_TypeError, "expected an iterator of ints, but iterator yielded %R", toy_type_value(toy_type_of(t, item)));
    int64_t cpu;
    if (!toy_arg_int64(t, item, &cpu)) return false;
    if (cpu < 0) return toy_raise_false(t, TOY_ValueError, "negative CPU number");
    if (cpu >= CPU_COUNT_MAX) return toy_raise_false(t, TOY_OverflowError, "CPU number too large");
    if ((size_t)cpu >= mask->cpus) {
        size_t cpus = mask->cpus;
        while ((size_t)cpu >= cpus) cpus *= 2;
        cpu_set_t *larger = toy_resize(t, mask->set, mask->size, CPU_ALLOC_SIZE(cpus));
        if (!larger) return false;
        memset((char *)larger + mask->size, 0, CPU_ALLOC_SIZE(cpus) - mask->size);
        *mask = (CpuMask){larger, CPU_ALLOC_SIZE(cpus), cpus};
    }
    CPU_SET_S((size_t)cpu, mask->size, mask->set);
    return true;
}

static ToyValue set_affinity(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t pid;
    if (!toy_arg_int64(t, args[0], &pid)) return TOY_FAILED;
    CpuMask mask = {.size = CPU_ALLOC_SIZE(FIRST_CPU_COUNT), .cpus = FIRST_CPU_COUNT};
    mask.set = toy_alloc(t, mask.size);
    if (!mask.set) return TOY_FAILED;
    memset(mask.set, 0, mask.size);
    ToyValue answer = TOY_FAILED;
    if (toy_for_each(t, args[1], add_cpu, &mask)) answer = none_or_error(t, sched_setaffinity((pid_t)pid, mask.size, mask.set));
    toy_free(t, mask.set, mask.size);
    return answer;
}

static ToyValue get_scheduler(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t pid;
    return toy_arg_int64(t, args[0], &pid) ? int_or_error(t, sched_getscheduler((pid_t)pid)) : TOY_FAILED;
}

/* ---- parameters of a policy: a priority, and room for more ---- */

static const ToyMember sched_param_fields[] = {TOY_RECORD_FIELD("sched_priority", 0, "how urgent, by the measure of its policy"), TOY_RECORD_END};

/* A record of one field is made of that, not of an iterable. */
static ToyValue sched_param_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameters[] = {"sched_priority", NULL};
    ToyValue priority = TOY_UNBOUND;
    if (!toy_arguments_sort(t, &(ToyParameters){"sched_param", parameters, 0, 1, 1}, args, count, names, &priority)) return TOY_FAILED;
    return toy_record_new(t, type, (ToyValue[]){toy_retain(priority)});
}

static const ToyTypeSpec sched_param_spec = {
    .doc = "What a scheduling policy is told about a process: its priority.",
    .signature = "(sched_priority)",
    .size = sizeof(ToyObject) + sizeof(size_t) + sizeof(ToyValue),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_IS_CONTAINER | TOY_TYPE_IS_SEQUENCE | TOY_TYPE_IS_VARIABLE_SIZE,
    .slots = {.repr = toy_record_repr, .new_instance = sched_param_new},
    .methods = toy_record_methods,
    .members = sched_param_fields,
    .traverse = toy_record_traverse,
    .free = toy_record_free,
    .size_of = toy_record_size,
    .add_rest = toy_record_add_rest,
};

bool add_schedule_types(ToyThread *t, ToyModuleObject *module)
{
    PosixState *state = posix_state(toy_module_value(module));
    state->sched_param = toy_record_type_new(t, module, &sched_param_spec, "posix.sched_param");
    return toy_module_add_type(t, module, state->sched_param);
}

bool sched_param_read(ToyThread *t, PosixState *state, ToyValue v, struct sched_param *param)
{
    int64_t priority = 0;
    if (!toy_is_a(t, v, state->sched_param)) return toy_raise_false(t, TOY_TypeError, "must have a sched_param object");
    ToyValue field = toy_get_attribute(t, v, "sched_priority");
    bool is_read = !toy_failed(field) && toy_arg_int64(t, field, &priority);
    toy_release(field);
    if (!is_read) return false;
    if (priority < INT32_MIN || priority > INT32_MAX) return toy_raise_false(t, TOY_OverflowError, "sched_priority out of range");
    *param = (struct sched_param){.sched_priority = (int)priority};
    return true;
}

static ToyValue get_param(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t pid;
    struct sched_param param;
    if (!toy_arg_int64(t, args[0], &pid)) return TOY_FAILED;
    if (sched_getparam((pid_t)pid, &param) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return toy_record_new(t, posix_state(self)->sched_param, (ToyValue[]){toy_int(t, param.sched_priority)});
}
static ToyValue set_param(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t pid;
    struct sched_param param;
    if (!toy_arg_int64(t, args[0], &pid) || !sched_param_read(t, posix_state(self), args[1], &param)) return TOY_FAILED;
    return none_or_error(t, sched_setparam((pid_t)pid, &param));
}
static ToyValue set_scheduler(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t pid;
    int policy;
    struct sched_param param;
    if (!toy_arg_int64(t, args[0], &pid) || !toy_arg_int(t, args[1], &policy) || !sched_param_read(t, posix_state(self), args[2], &param)) return TOY_FAILED;
    return none_or_error(t, sched_setscheduler((pid_t)pid, policy, &param));
}
static ToyValue round_robin_interval(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t pid;
    struct timespec interval;
    if (!toy_arg_int64(t, args[0], &pid)) return TOY_FAILED;
    if (sched_rr_get_interval((pid_t)pid, &interval) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return toy_float(t, (double)interval.tv_sec + 1e-9 * (double)interval.tv_nsec);
}
static ToyValue priority_max(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int policy;
    return toy_arg_int(t, args[0], &policy) ? int_or_error(t, sched_get_priority_max(policy)) : TOY_FAILED;
}
static ToyValue priority_min(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int policy;
    return toy_arg_int(t, args[0], &policy) ? int_or_error(t, sched_get_priority_min(policy)) : TOY_FAILED;
}

/* -1 is a good answer of the next two: only errno tells. */
static ToyValue posix_nice(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int step;
    if (!toy_arg_int(t, args[0], &step)) return TOY_FAILED;
    errno = 0;
    int value = nice(step);
    return value == -1 && errno ? toy_raise_os_error(t, errno, TOY_UNBOUND) : toy_int(t, value);
}
static ToyValue get_priority(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int which, who;
    if (!toy_arg_int(t, args[0], &which) || !toy_arg_int(t, args[1], &who)) return TOY_FAILED;
    errno = 0;
    int value = getpriority((__priority_which_t)which, (id_t)who);
    return value == -1 && errno ? toy_raise_os_error(t, errno, TOY_UNBOUND) : toy_int(t, value);
}
static ToyValue set_priority(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int which, who, priority;
    if (!toy_arg_int(t, args[0], &which) || !toy_arg_int(t, args[1], &who) || !toy_arg_int(t, args[2], &priority)) return TOY_FAILED;
    return none_or_error(t, setpriority((__priority_which_t)which, (id_t)who, priority));
}

const ToyFunction posix_schedule_functions[] = {
    TOY_FUNCTION("cpu_count", posix_cpu_count, "()", 0, "How many logical processors the system has; None if it cannot be told."),
    TOY_FUNCTION("sched_yield", posix_sched_yield, "()", 0, "Let another thread have the processor, if one is waiting for it."),
    TOY_FUNCTION("sched_getaffinity", get_affinity, "(pid, /)", 0, "Return the affinity of the process identified by pid: a set of CPU numbers."),
    TOY_FUNCTION("sched_setaffinity", set_affinity, "(pid, mask, /)", 0,
                 "Say on which processors the process pid may run: mask is an iterable of their numbers."),
    TOY_FUNCTION("sched_getscheduler", get_scheduler, "(pid, /)", 0, "By which policy the process pid is given its time; 0 is this process."),
    TOY_FUNCTION("sched_setscheduler", set_scheduler, "(pid, policy, param, /)", 0, "Choose the policy by which the process pid is given its time, and its parameters."),
    TOY_FUNCTION("sched_getparam", get_param, "(pid, /)", 0, "The scheduling parameters of the process pid; 0 is this process."),
    TOY_FUNCTION("sched_setparam", set_param, "(pid, param, /)", 0, "Set the scheduling parameters of the process pid; 0 is this process."),
    TOY_FUNCTION("sched_rr_get_interval", round_robin_interval, "(pid, /)", 0, "How many seconds a process of the policy SCHED_RR gets at a time."),
    TOY_FUNCTION("sched_get_priority_max", priority_max, "(policy)", 0, "The highest priority that the scheduling policy knows."),
    TOY_FUNCTION("sched_get_priority_min", priority_min, "(policy)", 0, "The lowest priority that the scheduling policy knows."),
    TOY_FUNCTION("nice", posix_nice, "(increment, /)", 0, "Add increment to the nice value of this process; returns the new value."),
    TOY_FUNCTION("getpriority", get_priority, "(which, who)", 0, "The nice value of a process, of a process group or of a user, as which says."),
    TOY_FUNCTION("setpriority", set_priority, "(which, who, priority)", 0, "Set the nice value of a process, of a process group or of a user, as which says."),
    TOY_FUNCTIONS_END,
};
