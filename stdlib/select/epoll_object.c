/* epoll_object.c - select: epoll, a set of descriptors that the system keeps, and the wait for any of them.
 *
 * What        The type epoll.
 * How         The set lives in the kernel, behind a descriptor of its own, so each wait tells nothing and costs what is ready, not what is
 *             registered. A descriptor that is closed everywhere drops out by itself.
 * Invariants  I1 fd is -1 once it is closed.
 * GIL         dropped during the wait, and while epoll objects are made and closed.
 * Read next   poll_object.c */
#include <sys/epoll.h>
#include <sys/select.h>
#include <unistd.h>

#include "stdlib/select/select.h"

typedef struct Epoll {
    ToyObject head;
    int fd;   /* I1 */
} Epoll;
static Epoll *as_epoll(ToyValue v) { return (Epoll *)toy_object(v); }

enum { EVENTS_DEFAULT = FD_SETSIZE - 1, EVENTS_EVERYDAY = EPOLLIN | EPOLLPRI | EPOLLOUT };

static ToyValue epoll_adopt(ToyThread *t, ToyType *type, int fd)
{
    Epoll *epoll = (Epoll *)toy_type_alloc(t, type);
    if (!epoll) {
        close(fd);
        return TOY_FAILED;
    }
    epoll->fd = fd;
    return toy_value(epoll);
}

static ToyValue epoll_make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const list[] = {"sizehint", "flags", NULL};
    static const ToyParameters parameters = {"epoll", list, 0, 2, 0};
    ToyValue slots[2] = {TOY_UNBOUND};
    int size_hint = -1, flags = 0;
    if (!toy_arguments_sort(t, &parameters, args, count, names, slots) || !toy_arg_int(t, slots[0], &size_hint) || !toy_arg_int(t, slots[1], &flags))
        return TOY_FAILED;
    if (size_hint != -1 && size_hint <= 0) return toy_raise_value_error(t, "negative sizehint");
    if (flags & ~EPOLL_CLOEXEC) return toy_raise(t, TOY_OSError, "invalid flags");
    toy_block_begin(t, "epoll_create1");
    int fd = epoll_create1(EPOLL_CLOEXEC);
    toy_block_end(t);
    return fd < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : epoll_adopt(t, type, fd);
}

static ToyValue epoll_fromfd(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    Epoll *epoll = (Epoll *)toy_type_alloc(t, (ToyType *)toy_object(self));
    if (!epoll) return TOY_FAILED;
    epoll->fd = fd;
    return toy_value(epoll);
}

static bool is_open(ToyThread *t, const Epoll *epoll)
{
    return epoll->fd >= 0 || toy_raise_false(t, TOY_ValueError, "I/O operation on closed epoll object");
}

static ToyValue epoll_close(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Epoll *epoll = as_epoll(self);
    int fd = epoll->fd;
    if (fd < 0) return TOY_NONE;
    epoll->fd = -1;   /* first: the number may be another file's while we are without the lock */
    toy_block_begin(t, "close");
    int result = close(fd);
    toy_block_end(t);
    return result < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : TOY_NONE;
}

static ToyValue epoll_closed(ToyThread *t, ToyValue self) { return toy_bool(as_epoll(self)->fd < 0); }
static ToyValue epoll_fileno(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return is_open(t, as_epoll(self)) ? toy_int(t, as_epoll(self)->fd) : TOY_FAILED;
}
static ToyValue epoll_enter(ToyThread *t, ToyValue self, const ToyValue *args) { return is_open(t, as_epoll(self)) ? toy_retain(self) : TOY_FAILED; }

/* ==== the set =============================================================================================================== */

static ToyValue change(ToyThread *t, const Epoll *epoll, int operation, ToyValue file, ToyValue mask)
{
    int fd;
    uint32_t events = EVENTS_EVERYDAY;
    if (!is_open(t, epoll) || !toy_arg_fd(t, file, &fd)) return TOY_FAILED;
    if (toy_is_bound(mask)) {
        ToyValue n = toy_index(t, mask);
        ToyValue low = toy_failed(n) ? TOY_FAILED : toy_operate(t, TOY_AND, n, toy_small_int_value(UINT32_MAX));
        toy_release(n);
        if (toy_failed(low)) return TOY_FAILED;
        events = (uint32_t)toy_small_int(low);
    }
    struct epoll_event event = {.events = events, .data.fd = fd};
    toy_block_begin(t, "epoll_ctl");
    int result = epoll_ctl(epoll->fd, operation, fd, &event);
    toy_block_end(t);
    return result < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : TOY_NONE;
}
static ToyValue epoll_register(ToyThread *t, ToyValue self, const ToyValue *args) { return change(t, as_epoll(self), EPOLL_CTL_ADD, args[0], args[1]); }
static ToyValue epoll_modify(ToyThread *t, ToyValue self, const ToyValue *args) { return change(t, as_epoll(self), EPOLL_CTL_MOD, args[0], args[1]); }
static ToyValue epoll_unregister(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return change(t, as_epoll(self), EPOLL_CTL_DEL, args[0], TOY_UNBOUND);
}

/* ==== the wait ============================================================================================================== */

static ToyValue ready_pairs(ToyThread *t, const struct epoll_event *events, int count)
{
    ToyValue list = toy_list(t);
    for (int i = 0; !toy_failed(list) && i < count; i++)
        if (!toy_list_append_take(t, list, toy_tuple(t, toy_int(t, events[i].data.fd), toy_int(t, events[i].events)))) toy_clear(&list);
    return list;
}

static ToyValue epoll_poll(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Epoll *epoll = as_epoll(self);
    int64_t limit_ns;
    int most = -1;
    if (!is_open(t, epoll) || !toy_arg_int(t, args[1], &most) || !wait_limit_read(t, args[0], (int64_t)NS_PER_MS * MS_PER_SECOND, &limit_ns))
        return TOY_FAILED;
    if (most == -1) most = EVENTS_DEFAULT;
    if (most < 1) return toy_raise_value_error(t, "maxevents must be greater than 0, got %d", most);
    size_t size = (size_t)most * sizeof(struct epoll_event);
    struct epoll_event *events = toy_alloc(t, size);
    if (!events) return TOY_FAILED;
    int64_t deadline = deadline_of(limit_ns);
    int n;
    do {
        int ms = milliseconds_left(deadline);
        toy_block_begin(t, "epoll_wait");
        n = epoll_wait(epoll->fd, events, most, ms);
        toy_block_end(t);
    } while (n < 0 && toy_block_retry(t));
    ToyValue result = n < 0 ? toy_block_failed(t, TOY_UNBOUND) : ready_pairs(t, events, n);
    toy_free(t, events, size);
    return result;
}

/* ==== the type ============================================================================================================== */

static void epoll_free(ToyObject *self)
{
    if (((Epoll *)self)->fd >= 0) close(((Epoll *)self)->fd);
}

static const ToyFunction epoll_methods[] = {
    TOY_FUNCTION("fromfd", epoll_fromfd, "($type, fd, /)", TOY_CLASS, "An epoll object on a descriptor that is one already."),
    TOY_FUNCTION("close", epoll_close, "($self, /)", 0, "Close the descriptor of the epoll object. It can be used no longer."),
    TOY_FUNCTION("fileno", epoll_fileno, "($self, /)", 0, "The descriptor of the epoll object."),
    TOY_FUNCTION("register", epoll_register, "($self, /, fd, eventmask=select.EPOLLIN | select.EPOLLPRI | select.EPOLLOUT)", 0,
                 "Wait for these events on this descriptor, too."),
    TOY_FUNCTION("modify", epoll_modify, "($self, /, fd, eventmask)", 0, "Wait for other events on a descriptor that is registered."),
    TOY_FUNCTION("unregister", epoll_unregister, "($self, /, fd)", 0, "Wait for it no longer."),
    TOY_FUNCTION("poll", epoll_poll, "($self, /, timeout=None, maxevents=-1)", 0,
                 "Wait until a descriptor is ready, at most timeout seconds; return a list of at most maxevents pairs (descriptor, events)."),
    TOY_FUNCTION("__enter__", epoll_enter, "($self, /)", 0, "The object itself, which closes at the end of the with statement."),
    TOY_FUNCTION("__exit__", epoll_close, "($self, exc_type=None, exc_value=None, exc_tb=None, /)", 0, "close()"),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet epoll_getsets[] = {{"closed", epoll_closed, NULL, "Has it been closed?"}, {NULL, NULL, NULL, NULL}};
static const ToyTypeSpec epoll_spec = {
    .doc = "A set of descriptors that the system keeps, to wait for any of them. The arguments are checked, and have no effect any more.",
    .signature = "(sizehint=-1, flags=0)",
    .size = sizeof(Epoll),
    .slots = {.new_instance = epoll_make},
    .methods = epoll_methods,
    .getsets = epoll_getsets,
    .free = epoll_free,
};

bool add_epoll_type(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant constants[] = {
        {"EPOLLIN", EPOLLIN},         {"EPOLLOUT", EPOLLOUT},       {"EPOLLPRI", EPOLLPRI},       {"EPOLLERR", EPOLLERR},
        {"EPOLLHUP", EPOLLHUP},       {"EPOLLRDHUP", EPOLLRDHUP},   {"EPOLLRDNORM", EPOLLRDNORM}, {"EPOLLRDBAND", EPOLLRDBAND},
        {"EPOLLWRNORM", EPOLLWRNORM}, {"EPOLLWRBAND", EPOLLWRBAND}, {"EPOLLMSG", EPOLLMSG},       {"EPOLLET", (uint32_t)EPOLLET},
        {"EPOLLONESHOT", EPOLLONESHOT}, {"EPOLLEXCLUSIVE", EPOLLEXCLUSIVE}, {"EPOLL_CLOEXEC", EPOLL_CLOEXEC},
    };
    SelectState *state = toy_module_state(toy_module_value(module));
    state->epoll_type = toy_type_new(t, module, &epoll_spec, "select.epoll", NULL);
    return state->epoll_type && toy_module_add_type(t, module, state->epoll_type) &&
           toy_module_add_ints(t, module, constants, sizeof constants / sizeof *constants);
}
