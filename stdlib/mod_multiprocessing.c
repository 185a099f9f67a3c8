/* mod_multiprocessing.c - _multiprocessing: semaphores that several processes share, and messages on a descriptor.
 *
 * What        SemLock, on which Lock, RLock, Semaphore, Condition and Event of multiprocessing are built; send_message and
 *             receive_message, what Connection sends and receives.
 * How         A semaphore is a POSIX sem_t in shared memory: a forked child inherits the mapping, so that both see the same count. For
 *             children that begin as a fresh program the memory is an unnamed file, whose descriptor they are given. Nothing has a
 *             name that could be left behind. A message is its length in four bytes, highest first (-1 and eight bytes from 2 GiB
 *             on), and then itself.
 * Invariants  I1 'count' says how often *this process* holds the semaphore, 'owner' which of its threads took it last.
 *             I2 short messages go out in one write: two processes that write to one pipe under a lock each need no second call.
 * GIL         held; dropped while waiting for a semaphore that is not free, and around each read and write.
 * Read next   stdlib/lib/multiprocessing/synchronize.toy, connection.toy */
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <semaphore.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "vm/toy.h"

/* ==== semaphores ============================================================================================================ */

enum { RECURSIVE_MUTEX = 0, SEMAPHORE = 1 };
enum { NS_PER_SECOND = 1000000000 };

typedef struct SemLock {
    ToyObject head;
    sem_t *semaphore;    /* shared by all processes that were forked from here on */
    uint64_t owner;      /* I1 */
    int count;           /* I1 */
    int kind, maximum;
    int descriptor;      /* of the memory, our own; -1: it has none, only forked children can share it */
} SemLock;
static SemLock *as_semlock(ToyValue v) { return (SemLock *)toy_object(v); }

/* One that is not yet anywhere. */
static SemLock *semlock_alloc(ToyThread *t, ToyType *type, int kind, int maximum)
{
    if (kind != RECURSIVE_MUTEX && kind != SEMAPHORE) return toy_raise_null(t, TOY_ValueError, "unrecognized kind");
    SemLock *lock = (SemLock *)toy_type_alloc(t, type);
    if (!lock) return NULL;
    lock->kind = kind;
    lock->maximum = maximum;
    lock->descriptor = -1;
    return lock;
}

/* Into the memory of its descriptor, or into memory of its own; the C error number, or 0. */
static int semlock_map(SemLock *lock)
{
    int flags = lock->descriptor < 0 ? MAP_SHARED | MAP_ANONYMOUS : MAP_SHARED;
    void *memory = mmap(NULL, sizeof *lock->semaphore, PROT_READ | PROT_WRITE, flags, lock->descriptor, 0);
    if (memory == MAP_FAILED) return errno;
    lock->semaphore = memory;
    return 0;
}

static ToyValue semlock_or_error(ToyThread *t, SemLock *lock, int error)
{
    if (!error) return toy_value(lock);
    toy_release(toy_value(lock));
    return toy_raise_os_error(t, error, TOY_UNBOUND);
}

static ToyValue semlock_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const list[] = {"kind", "value", "maxvalue", "can_be_given", NULL};
    static const ToyParameters parameters = {"SemLock", list, 0, 4, 3};
    ToyValue slots[4] = {TOY_UNBOUND};
    int kind, value, maximum, error = 0;
    bool can_be_given = false;
    if (!toy_arguments_sort(t, &parameters, args, count, names, slots) || !toy_arg_int(t, slots[0], &kind) ||
        !toy_arg_int(t, slots[1], &value) || !toy_arg_int(t, slots[2], &maximum) || !toy_arg_bool(t, slots[3], &can_be_given)) return TOY_FAILED;
    if (value < 0) return toy_raise_os_error(t, EINVAL, TOY_UNBOUND);
    SemLock *lock = semlock_alloc(t, type, kind, maximum);
    if (!lock) return TOY_FAILED;
    if (can_be_given) {
        lock->descriptor = memfd_create("semaphore", MFD_CLOEXEC);
        if (lock->descriptor < 0 || ftruncate(lock->descriptor, sizeof *lock->semaphore) < 0) error = errno;
    }
    if (!error) error = semlock_map(lock);
    if (!error && sem_init(lock->semaphore, 1, (unsigned)value) < 0) error = errno;
    return semlock_or_error(t, lock, error);
}

/* In the child: what another process has made, and given us the descriptor of, which is ours from here on. */
static ToyValue semlock_given(ToyThread *t, ToyValue type, const ToyValue *args)
{
    int descriptor, kind, maximum;
    if (!toy_arg_int(t, args[0], &descriptor) || !toy_arg_int(t, args[1], &kind) || !toy_arg_int(t, args[2], &maximum)) return TOY_FAILED;
    SemLock *lock = semlock_alloc(t, (ToyType *)toy_object(type), kind, maximum);
    if (!lock) return TOY_FAILED;
    lock->descriptor = descriptor;
    return semlock_or_error(t, lock, semlock_map(lock));
}

static bool is_mine(ToyThread *t, const SemLock *lock) { return lock->count > 0 && lock->owner == toy_thread_ident(t); }

/* 1: taken, 0: not in time, -1: raised. */
static int semaphore_take(ToyThread *t, sem_t *semaphore, bool is_blocking, int64_t timeout_ns)
{
    int result;
    /* First without giving anything up: mostly it is free. */
    do result = sem_trywait(semaphore);
    while (result < 0 && errno == EINTR);
    if (result == 0) return 1;
    if (errno != EAGAIN) {
        toy_raise_os_error(t, errno, TOY_UNBOUND);
        return -1;
    }
    if (!is_blocking || timeout_ns == 0) return 0;
    int64_t deadline = 0;
    if (timeout_ns > 0 && __builtin_add_overflow(toy_monotonic_ns(), timeout_ns, &deadline)) timeout_ns = -1;
    do {
        toy_block_begin_for(t, "sem_wait", TOY_BLOCK_LOCK);
        if (timeout_ns < 0) {
            result = sem_wait(semaphore);
        } else {
            struct timespec until = {.tv_sec = deadline / NS_PER_SECOND, .tv_nsec = deadline % NS_PER_SECOND};
            result = sem_clockwait(semaphore, CLOCK_MONOTONIC, &until);
        }
        toy_block_end(t);
    } while (result < 0 && toy_block_retry(t));
    if (result == 0) return 1;
    if (errno == ETIMEDOUT && !toy_is_raised(t)) return 0;
    (void)toy_block_failed(t, TOY_UNBOUND);
    return -1;
}

static ToyValue acquire(ToyThread *t, SemLock *lock, bool is_blocking, int64_t timeout_ns)
{
    if (lock->kind == RECURSIVE_MUTEX && is_mine(t, lock)) {
        lock->count++;
        return TOY_TRUE;
    }
    int taken = semaphore_take(t, lock->semaphore, is_blocking, timeout_ns);
    if (taken <= 0) return taken == 0 ? TOY_FALSE : TOY_FAILED;
    lock->count++;
    lock->owner = toy_thread_ident(t);
    return TOY_TRUE;
}

static ToyValue semlock_acquire(ToyThread *t, ToyValue self, const ToyValue *args)
{
    bool is_blocking = true;
    int64_t timeout_ns = -1;
    if (!toy_arg_bool(t, args[0], &is_blocking)) return TOY_FAILED;
    if (toy_is_given(args[1])) {
        double seconds;
        if (!toy_arg_double(t, args[1], &seconds)) return TOY_FAILED;
        timeout_ns = seconds <= 0 ? 0 : seconds > 1e9 ? -1 : (int64_t)(seconds * NS_PER_SECOND);
    }
    return acquire(t, as_semlock(self), is_blocking, timeout_ns);
}

static ToyValue release(ToyThread *t, SemLock *lock)
{
    if (lock->kind == RECURSIVE_MUTEX) {
        if (!is_mine(t, lock)) return toy_raise(t, TOY_AssertionError, "attempt to release recursive lock not owned by thread");
        if (lock->count > 1) {
            lock->count--;
            return TOY_NONE;
        }
    } else {
        int value;
        if (sem_getvalue(lock->semaphore, &value) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
        if (value >= lock->maximum) return toy_raise_value_error(t, "semaphore or lock released too many times");
    }
    if (sem_post(lock->semaphore) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    lock->count--;
    return TOY_NONE;
}
static ToyValue semlock_release(ToyThread *t, ToyValue self, const ToyValue *args) { return release(t, as_semlock(self)); }
static ToyValue semlock_enter(ToyThread *t, ToyValue self, const ToyValue *args) { return acquire(t, as_semlock(self), true, -1); }
static ToyValue semlock_exit(ToyThread *t, ToyValue self, const ToyValue *args) { return release(t, as_semlock(self)); }

static ToyValue semlock_count(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_small_int_value(as_semlock(self)->count); }
static ToyValue semlock_is_mine(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_bool(is_mine(t, as_semlock(self))); }
static ToyValue semlock_value(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int value;
    if (sem_getvalue(as_semlock(self)->semaphore, &value) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return toy_small_int_value(value < 0 ? 0 : value);
}
static ToyValue semlock_is_zero(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int value;
    if (sem_getvalue(as_semlock(self)->semaphore, &value) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return toy_bool(value <= 0);
}
/* In a child: what the parent's threads hold is not ours. */
static ToyValue semlock_after_fork(ToyThread *t, ToyValue self, const ToyValue *args)
{
    as_semlock(self)->count = 0;
    return TOY_NONE;
}
static ToyValue semlock_kind(ToyThread *t, ToyValue self) { return toy_small_int_value(as_semlock(self)->kind); }
static ToyValue semlock_descriptor(ToyThread *t, ToyValue self) { return toy_small_int_value(as_semlock(self)->descriptor); }
static ToyValue semlock_maximum(ToyThread *t, ToyValue self) { return toy_small_int_value(as_semlock(self)->maximum); }

/* Only our view of it goes: another process may have its own. */
static void semlock_free(ToyObject *self)
{
    SemLock *lock = (SemLock *)self;
    if (lock->semaphore) munmap(lock->semaphore, sizeof *lock->semaphore);
    if (lock->descriptor >= 0) close(lock->descriptor);
}

static const ToyFunction semlock_methods[] = {
    TOY_FUNCTION("acquire", semlock_acquire, "($self, /, block=True, timeout=None)", 0, "Take one from the number, or the lock; wait for it, for ever or for the time given. False: did not get it."),
    TOY_FUNCTION("release", semlock_release, "($self, /)", 0, "Give it back."),
    TOY_FUNCTION("__enter__", semlock_enter, "($self, /)", 0, "acquire()"),
    TOY_FUNCTION("__exit__", semlock_exit, "($self, exc_type=None, exc_value=None, exc_tb=None, /)", 0, "release()"),
    TOY_FUNCTION("_count", semlock_count, "($self, /)", 0, "How often this process has taken it and not given it back."),
    TOY_FUNCTION("_is_mine", semlock_is_mine, "($self, /)", 0, "Does this thread own it?"),
    TOY_FUNCTION("_get_value", semlock_value, "($self, /)", 0, "The number."),
    TOY_FUNCTION("_is_zero", semlock_is_zero, "($self, /)", 0, "Is the number zero?"),
    TOY_FUNCTION("_given", semlock_given, "($cls, descriptor, kind, maxvalue, /)", TOY_CLASS, "The semaphore of another process, whose descriptor it has given."),
    TOY_FUNCTION("_after_fork", semlock_after_fork, "($self, /)", 0, "In a child: nobody here has taken it."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet semlock_getsets[] = {{"kind", semlock_kind, NULL, NULL}, {"descriptor", semlock_descriptor, NULL, NULL}, {"maxvalue", semlock_maximum, NULL, NULL}, {NULL, NULL, NULL, NULL}};
static const ToyTypeSpec semlock_spec = {
    .doc = "A lock or semaphore of the system that processes share: the floor under those of multiprocessing.",
    .signature = "(kind, value, maxvalue, can_be_given=False)",
    .size = sizeof(SemLock),
    .flags = TOY_TYPE_IS_FINAL,
    .slots = {.new_instance = semlock_new},
    .methods = semlock_methods,
    .getsets = semlock_getsets,
    .free = semlock_free,
};

/* ==== messages ============================================================================================================== */

enum { SHORT_HEADER = 4, LONG_HEADER = 12, ONE_WRITE_MAX = 16384 };

static void put_number(uint8_t *at, uint64_t n, size_t bytes)
{
    for (size_t i = bytes; i-- > 0; n >>= 8) at[i] = (uint8_t)n;
}
static uint64_t get_number(const uint8_t *at, size_t bytes)
{
    uint64_t n = 0;
    for (size_t i = 0; i < bytes; i++) n = n << 8 | at[i];
    return n;
}

static bool write_all(ToyThread *t, int fd, const uint8_t *data, size_t length)
{
    while (length) {
        ssize_t n;
        do {
            toy_block_begin(t, "write");
            n = write(fd, data, length);
            toy_block_end(t);
        } while (n < 0 && toy_block_retry(t));
        if (n < 0) return toy_block_failed(t, TOY_UNBOUND), false;
        data += n;
        length -= (size_t)n;
    }
    return true;
}

static ToyValue send_message(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    ToyBuffer buffer;
    if (!toy_arg_int(t, args[0], &fd) || !toy_buffer_get(t, args[1], &buffer, 0)) return TOY_FAILED;
    uint8_t together[SHORT_HEADER + ONE_WRITE_MAX];
    size_t length = buffer.length;
    bool done;
    if (length <= ONE_WRITE_MAX) {
        put_number(together, length, SHORT_HEADER);
        memcpy(together + SHORT_HEADER, buffer.data, length);
        done = write_all(t, fd, together, SHORT_HEADER + length);   /* I2 */
    } else {
        bool is_long = length > INT_MAX;
        put_number(together, is_long ? UINT32_MAX : length, SHORT_HEADER);
        if (is_long) put_number(together + SHORT_HEADER, length, LONG_HEADER - SHORT_HEADER);
        done = write_all(t, fd, together, is_long ? LONG_HEADER : SHORT_HEADER) && write_all(t, fd, buffer.data, length);
    }
    toy_buffer_release(t, &buffer);
    return done ? TOY_NONE : TOY_FAILED;
}

/* Send if that needs no waiting: a short message, into a pipe that has room for it. The caller has the lock that all who write take. */
static ToyValue try_send_message(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    ToyBuffer buffer;
    if (!toy_arg_int(t, args[0], &fd) || !toy_buffer_get(t, args[1], &buffer, 0)) return TOY_FAILED;
    uint8_t together[PIPE_BUF];
    size_t length = SHORT_HEADER + buffer.length;
    bool is_short = length <= sizeof together;
    if (is_short) {
        put_number(together, buffer.length, SHORT_HEADER);
        memcpy(together + SHORT_HEADER, buffer.data, buffer.length);
    }
    toy_buffer_release(t, &buffer);
    if (!is_short) return TOY_FALSE;
    struct pollfd room = {.fd = fd, .events = POLLOUT};
    if (poll(&room, 1, 0) != 1 || !(room.revents & POLLOUT)) return TOY_FALSE;
    ssize_t n;
    toy_block_begin(t, "write");
    n = write(fd, together, length);   /* all or nothing: so a pipe treats what is not longer than PIPE_BUF */
    toy_block_end(t);
    return toy_bool(n == (ssize_t)length);
}

/* EOFError if nothing more comes, OSError if it ends in the midst. */
static bool read_all(ToyThread *t, int fd, uint8_t *data, size_t length)
{
    size_t got = 0;
    while (got < length) {
        ssize_t n;
        do {
            toy_block_begin(t, "read");
            n = read(fd, data + got, length - got);
            toy_block_end(t);
        } while (n < 0 && toy_block_retry(t));
        if (n < 0) return toy_block_failed(t, TOY_UNBOUND), false;
        if (n == 0 && got == 0) {
            ToyValue exception = toy_call0(t, toy_type_value(toy_exception_type(t, TOY_EOFError)));
            if (!toy_failed(exception)) toy_raise_instance(t, exception);
            return false;
        }
        if (n == 0) return toy_raise_false(t, TOY_OSError, "got end of file during message");
        got += (size_t)n;
    }
    return true;
}

/* The message as bytes; None if it is longer than [limit], and then nothing of it was read. */
static ToyValue receive_message(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    int64_t limit = -1;
    uint8_t header[LONG_HEADER], *data;
    if (!toy_arg_int(t, args[0], &fd) || (toy_is_given(args[1]) && !toy_arg_index(t, args[1], &limit))) return TOY_FAILED;
    if (!read_all(t, fd, header, SHORT_HEADER)) return TOY_FAILED;
    uint64_t length = get_number(header, SHORT_HEADER);
    if (length == UINT32_MAX) {
        if (!read_all(t, fd, header, LONG_HEADER - SHORT_HEADER)) return TOY_FAILED;
        length = get_number(header, LONG_HEADER - SHORT_HEADER);
    }
    if (toy_is_given(args[1]) && length > (uint64_t)limit) return TOY_NONE;
    ToyValue bytes = toy_bytes_new(t, length, &data);
    if (toy_failed(bytes)) return TOY_FAILED;
    if (read_all(t, fd, data, length)) return bytes;
    toy_release(bytes);
    return TOY_FAILED;
}

/* ==== pipes, and waiting for several ======================================================================================== */

/* Both ends of a pipe in both directions. */
static ToyValue socket_pair(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int ends[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return toy_tuple(t, toy_int(t, ends[0]), toy_int(t, ends[1]));
}

/* Places in the list of those descriptors that can be read, or have been hung up. */
static ToyValue ready_places(ToyThread *t, const struct pollfd *polled, size_t count)
{
    ToyValue list = toy_list(t);
    bool done = !toy_failed(list);
    for (size_t i = 0; done && i < count; i++)
        if (polled[i].revents) done = toy_list_append(t, list, toy_small_int_value((int64_t)i));
    if (done) return list;
    toy_release(list);
    return TOY_FAILED;
}

static ToyValue wait_readable(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_list(args[0])) return toy_raise_type_error(t, "a list of file descriptors is wanted, not %T", args[0]);
    int64_t timeout_ns = -1, deadline = 0;
    if (toy_is_given(args[1]) && !toy_arg_seconds(t, args[1], &timeout_ns)) return TOY_FAILED;
    size_t count = toy_list_length(args[0]), size = (count + 1) * sizeof(struct pollfd);
    struct pollfd *polled = toy_alloc(t, size);
    bool done = polled != NULL;
    for (size_t i = 0; done && i < count; i++) {
        int fd;
        done = toy_arg_int(t, toy_list_item(args[0], i), &fd);
        if (done) polled[i] = (struct pollfd){.fd = fd, .events = POLLIN};
    }
    int result = -1;
    if (done) {
        if (timeout_ns > 0 && __builtin_add_overflow(toy_monotonic_ns(), timeout_ns, &deadline)) timeout_ns = -1;
        do {
            int64_t left = timeout_ns > 0 ? deadline - toy_monotonic_ns() : 0;
            struct timespec rest = {0};
            if (left > 0) rest = (struct timespec){.tv_sec = left / NS_PER_SECOND, .tv_nsec = left % NS_PER_SECOND};
            toy_block_begin(t, "poll");
            result = ppoll(polled, count, timeout_ns < 0 ? NULL : &rest, NULL);
            toy_block_end(t);
        } while (result < 0 && toy_block_retry(t));
    }
    ToyValue answer = !done ? TOY_FAILED : result < 0 ? toy_block_failed(t, TOY_UNBOUND) : ready_places(t, polled, count);
    if (polled) toy_free(t, polled, size);
    return answer;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("socket_pair", socket_pair, "()", 0, "Two descriptors; what is written to one is read from the other."),
    TOY_FUNCTION("wait_readable", wait_readable, "(fds, timeout=None, /)", 0, "Wait until one of the descriptors can be read; return the places of all that can."),
    TOY_FUNCTION("send_message", send_message, "(fd, data, /)", 0, "Write the bytes, with their length before them."),
    TOY_FUNCTION("try_send_message", try_send_message, "(fd, data, /)", 0, "The same, if it needs no waiting; False if it would, or failed."),
    TOY_FUNCTION("receive_message", receive_message, "(fd, limit=None, /)", 0, "Read what send_message wrote; None if it is longer than the limit."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    ToyType *type = toy_type_new(t, module, &semlock_spec, "_multiprocessing.SemLock", NULL);
    return type && toy_type_set(t, type, "SEM_VALUE_MAX", toy_small_int_value(SEM_VALUE_MAX)) && toy_module_add_type(t, module, type);
}

const ToyModule toy_module_multiprocessing = {
    .name = "_multiprocessing",
    .doc = "Semaphores and messages of multiprocessing.",
    .functions = functions,
    .init = init,
};
