/* event_descriptors.c - posix: descriptors that are no files.
 *
 * What        eventfd, memfd_create, and timers that can be read and waited for as files can (timerfd_create and its kin).
 * How         One system call each. A timer's moments come in seconds or in nanoseconds; both are a struct timespec there.
 * GIL         held; dropped around the calls.
 * Read next   descriptors.c, stdlib/select/ */
#include <linux/memfd.h>   /* before the C library, which defines some of its names if nobody has */
#include <math.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "stdlib/os/os.h"

/* ---- eventfd: a number to be added to and taken ---- */

static ToyValue posix_eventfd(ToyThread *t, ToyValue self, const ToyValue *args)
{
    unsigned start;
    int flags = EFD_CLOEXEC, fd;
    if (!unsigned_read(t, args[0], &start) || !toy_arg_int(t, args[1], &flags)) return TOY_FAILED;
    WITHOUT_LOCK(t, "eventfd", fd = eventfd(start, flags));
    return int_or_error(t, fd);
}
static ToyValue posix_eventfd_read(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, result;
    eventfd_t count;
    if (!toy_arg_fd(t, args[0], &fd)) return TOY_FAILED;
    WITHOUT_LOCK(t, "eventfd_read", result = eventfd_read(fd, &count));
    return result < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : toy_int_from_uint64(t, count);
}
static ToyValue posix_eventfd_write(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, result;
    uint64_t count;
    if (!toy_arg_fd(t, args[0], &fd)) return TOY_FAILED;
    if (toy_is_int(args[1]) && toy_int_sign(args[1]) < 0) return toy_raise_value_error(t, "value must be positive");
    if (!toy_arg_uint64(t, args[1], &count)) return TOY_FAILED;
    WITHOUT_LOCK(t, "eventfd_write", result = eventfd_write(fd, count));
    return none_or_error(t, result);
}
/* ---- memfd: a file without a name ---- */

static ToyValue posix_memfd_create(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue holder;
    unsigned flags = MFD_CLOEXEC;
    int fd;
    const char *name = toy_path(t, args[0], NULL, &holder);
    if (!name) return TOY_FAILED;
    bool done = unsigned_read(t, args[1], &flags);
    if (done) WITHOUT_LOCK(t, "memfd_create", fd = memfd_create(name, flags));
    ToyValue answer = done ? int_or_error(t, fd) : TOY_FAILED;
    toy_release(holder);
    return answer;
}

/* ---- timerfd: a clock that makes its descriptor readable ---- */

enum { NS_PER_SECOND = 1000000000 };

static ToyValue posix_timerfd_create(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int clock, flags = 0, fd;
    if (!toy_arg_int(t, args[0], &clock) || !toy_arg_int(t, args[1], &flags)) return TOY_FAILED;
    WITHOUT_LOCK(t, "timerfd_create", fd = timerfd_create(clock, flags | TFD_CLOEXEC));
    return int_or_error(t, fd);
}

/* Nanoseconds as the system wants them; below zero the kernel shall refuse. */
static struct timespec moment_of(int64_t ns)
{
    int64_t seconds = ns / NS_PER_SECOND, rest = ns % NS_PER_SECOND;
    if (rest < 0) return (struct timespec){.tv_sec = seconds - 1, .tv_nsec = rest + NS_PER_SECOND};
    return (struct timespec){.tv_sec = seconds, .tv_nsec = rest};
}

static bool read_seconds(ToyThread *t, ToyValue v, int64_t *ns)
{
    double seconds = 0;
    if (!toy_arg_double(t, v, &seconds)) return false;
    double whole = floor(seconds * 1e9);
    if (!(whole >= -0x1p63 && whole < 0x1p63)) return toy_raise_false(t, TOY_OverflowError, "timestamp out of range for platform time_t");
    *ns = (int64_t)whole;
    return true;
}

static ToyValue moment_value(ToyThread *t, struct timespec moment, bool in_ns)
{
    int64_t ns = (int64_t)moment.tv_sec * NS_PER_SECOND + moment.tv_nsec;
    return in_ns ? toy_int(t, ns) : toy_float(t, (double)ns / 1e9);
}
static ToyValue timer_value(ToyThread *t, const struct itimerspec *timer, bool in_ns)
{
    return toy_tuple(t, moment_value(t, timer->it_value, in_ns), moment_value(t, timer->it_interval, in_ns));
}

static ToyValue set_timer(ToyThread *t, const ToyValue *args, bool in_ns)
{
    int fd, flags = 0, result;
    int64_t initial = 0, interval = 0;
    struct itimerspec old;
    if (!toy_arg_fd(t, args[0], &fd) || !toy_arg_int(t, args[1], &flags)) return TOY_FAILED;
    bool is_read = in_ns ? toy_arg_int64(t, args[2], &initial) && toy_arg_int64(t, args[3], &interval)
                         : read_seconds(t, args[2], &initial) && read_seconds(t, args[3], &interval);
    if (!is_read) return TOY_FAILED;
    struct itimerspec timer = {.it_value = moment_of(initial), .it_interval = moment_of(interval)};
    WITHOUT_LOCK(t, "timerfd_settime", result = timerfd_settime(fd, flags, &timer, &old));
    return result < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : timer_value(t, &old, in_ns);
}
static ToyValue posix_timerfd_settime(ToyThread *t, ToyValue self, const ToyValue *args) { return set_timer(t, args, false); }
static ToyValue posix_timerfd_settime_ns(ToyThread *t, ToyValue self, const ToyValue *args) { return set_timer(t, args, true); }

static ToyValue get_timer(ToyThread *t, const ToyValue *args, bool in_ns)
{
    int fd, result;
    struct itimerspec timer;
    if (!toy_arg_fd(t, args[0], &fd)) return TOY_FAILED;
    WITHOUT_LOCK(t, "timerfd_gettime", result = timerfd_gettime(fd, &timer));
    return result < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : timer_value(t, &timer, in_ns);
}
static ToyValue posix_timerfd_gettime(ToyThread *t, ToyValue self, const ToyValue *args) { return get_timer(t, args, false); }
static ToyValue posix_timerfd_gettime_ns(ToyThread *t, ToyValue self, const ToyValue *args) { return get_timer(t, args, true); }

bool add_event_constants(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant rows[] = {
#define N(name) {#name, name},
        N(EFD_CLOEXEC) N(EFD_NONBLOCK) N(EFD_SEMAPHORE) N(TFD_CLOEXEC) N(TFD_NONBLOCK) N(TFD_TIMER_ABSTIME) N(TFD_TIMER_CANCEL_ON_SET)
        N(MFD_CLOEXEC) N(MFD_ALLOW_SEALING) N(MFD_HUGETLB) N(MFD_HUGE_SHIFT) N(MFD_HUGE_MASK) N(MFD_HUGE_64KB) N(MFD_HUGE_512KB) N(MFD_HUGE_1MB)
        N(MFD_HUGE_2MB) N(MFD_HUGE_8MB) N(MFD_HUGE_16MB) N(MFD_HUGE_32MB) N(MFD_HUGE_256MB) N(MFD_HUGE_512MB) N(MFD_HUGE_1GB) N(MFD_HUGE_2GB)
        N(MFD_HUGE_16GB)
#undef N
    };
    return toy_module_add_ints(t, module, rows, sizeof rows / sizeof *rows);
}

#define SET_DOC "Start a timer, or stop it with 0: when it goes off first, and how long between later times, in "
const ToyFunction posix_event_functions[] = {
    TOY_FUNCTION("eventfd", posix_eventfd, "(initval, flags=524288)", 0, "Create an event notification object; return its file descriptor."),
    TOY_FUNCTION("eventfd_read", posix_eventfd_read, "(fd)", 0, "Take the number out of an eventfd; waits while it is 0, the lock released."),
    TOY_FUNCTION("eventfd_write", posix_eventfd_write, "(fd, value)", 0,
                 "Add value to the number in an eventfd; waits if it would overflow, the lock released."),
    TOY_FUNCTION("memfd_create", posix_memfd_create, "(name, flags=1)", 0, "Create an anonymous file in memory; return its file descriptor."),
    TOY_FUNCTION("timerfd_create", posix_timerfd_create, "(clockid, /, *, flags=0)", 0, "Create a timer; the descriptor, which programs started later do not get, tells how often it went off."),
    TOY_FUNCTION("timerfd_settime", posix_timerfd_settime, "(fd, /, *, flags=0, initial=0.0, interval=0.0)", 0,
                 SET_DOC "seconds. What was set before comes back: (next, interval)."),
    TOY_FUNCTION("timerfd_settime_ns", posix_timerfd_settime_ns, "(fd, /, *, flags=0, initial=0, interval=0)", 0,
                 SET_DOC "nanoseconds. What was set before comes back: (next, interval)."),
    TOY_FUNCTION("timerfd_gettime", posix_timerfd_gettime, "(fd, /)", 0, "In how many seconds a timer goes off, and its interval: (next, interval)."),
    TOY_FUNCTION("timerfd_gettime_ns", posix_timerfd_gettime_ns, "(fd, /)", 0, "In how many nanoseconds a timer goes off, and its interval: (next, interval)."),
    TOY_FUNCTIONS_END,
};
