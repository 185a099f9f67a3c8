/* poll_object.c - select: poll objects, which wait for any number of descriptors.
 *
 * What        What select.poll() returns: register, modify, unregister, poll.
 * How         A dict from descriptors to events is the truth; each wait makes the system's array of it anew, which costs no more than the
 *             system's own walk through that array.
 * Invariants  I1 keys of the dict are ints that fit an int, values ints of 16 bits: only poll_put writes.
 * GIL         dropped during the wait.
 * Read next   epoll_object.c */
#include <poll.h>

#include "stdlib/select/select.h"

typedef struct Poll {
    ToyObject head;
    ToyValue wanted;   /* owned: a dict (I1) */
    bool is_waiting;   /* some thread is in poll() */
} Poll;
static Poll *as_poll(ToyValue v) { return (Poll *)toy_object(v); }

ToyValue poll_new(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Poll *poll = (Poll *)toy_type_alloc(t, ((SelectState *)toy_module_state(self))->poll_type);
    if (!poll) return TOY_FAILED;
    poll->wanted = toy_dict(t);
    if (!toy_failed(poll->wanted)) return toy_value(poll);
    toy_release(toy_value(poll));
    return TOY_FAILED;
}

static bool read_events(ToyThread *t, ToyValue v, int64_t *events)
{
    if (toy_is_unbound(v)) return true;
    if (!toy_is_int(v)) return toy_raise_false(t, TOY_TypeError, "an integer is required");
    if (toy_int_sign(v) < 0) return toy_raise_false(t, TOY_ValueError, "value must be positive");
    if (toy_int_bit_length(v) > 64) return toy_raise_false(t, TOY_OverflowError, "Python int too large to convert to C unsigned long");
    if (!toy_int_fits_int64(v, events) || *events > UINT16_MAX) return toy_raise_false(t, TOY_OverflowError, "Python int too large for C unsigned short");
    return true;
}

static bool poll_put(ToyThread *t, Poll *poll, int fd, int64_t events)
{
    return toy_dict_set(t, poll->wanted, toy_small_int_value(fd), toy_small_int_value(events));
}

static ToyValue poll_register(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    int64_t events = POLLIN | POLLPRI | POLLOUT;
    return toy_arg_fd(t, args[0], &fd) && read_events(t, args[1], &events) && poll_put(t, as_poll(self), fd, events) ? TOY_NONE : TOY_FAILED;
}

static ToyValue poll_modify(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    int64_t events;
    bool is_known;
    if (!toy_arg_fd(t, args[0], &fd) || !read_events(t, args[1], &events) ||
        !toy_dict_contains(t, as_poll(self)->wanted, toy_small_int_value(fd), &is_known)) return TOY_FAILED;
    if (!is_known) return toy_raise_os_error(t, ENOENT, TOY_UNBOUND);
    return poll_put(t, as_poll(self), fd, events) ? TOY_NONE : TOY_FAILED;
}

static ToyValue poll_unregister(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    ToyValue events;
    if (!toy_arg_fd(t, args[0], &fd) || !toy_dict_pop(t, as_poll(self)->wanted, toy_small_int_value(fd), &events)) return TOY_FAILED;
    return toy_is_unbound(events) ? toy_raise_with(t, TOY_KeyError, toy_small_int_value(fd)) : TOY_NONE;
}

static void fill_polled(ToyValue wanted, struct pollfd *polled)
{
    size_t position = 0;
    ToyValue fd, events;
    while (toy_dict_next(wanted, &position, &fd, &events))
        *polled++ = (struct pollfd){.fd = (int)toy_small_int(fd), .events = (short)toy_small_int(events)};
}

static ToyValue ready_pairs(ToyThread *t, const struct pollfd *polled, size_t count)
{
    ToyValue list = toy_list(t);
    for (size_t i = 0; !toy_failed(list) && i < count; i++) {
        if (!polled[i].revents) continue;
        if (!toy_list_append_take(t, list, toy_tuple(t, toy_int(t, polled[i].fd), toy_int(t, (unsigned short)polled[i].revents)))) toy_clear(&list);
    }
    return list;
}

static ToyValue poll_poll(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Poll *object = as_poll(self);
    int64_t limit_ns;
    if (!wait_limit_read(t, args[0], NS_PER_MS, &limit_ns)) return TOY_FAILED;
    if (object->is_waiting) return toy_raise(t, TOY_RuntimeError, "concurrent poll() invocation");
    size_t count = toy_dict_length(object->wanted), size = (count + 1) * sizeof(struct pollfd);
    struct pollfd *polled = toy_alloc(t, size);
    if (!polled) return TOY_FAILED;
    fill_polled(object->wanted, polled);
    object->is_waiting = true;
    int64_t deadline = deadline_of(limit_ns);
    int n;
    do {
        int ms = milliseconds_left(deadline);
        toy_block_begin(t, "poll");
        n = poll(polled, (nfds_t)count, ms);
        toy_block_end(t);
    } while (n < 0 && toy_block_retry(t));
    object->is_waiting = false;
    ToyValue result = n < 0 ? toy_block_failed(t, TOY_UNBOUND) : ready_pairs(t, polled, count);
    toy_free(t, polled, size);
    return result;
}

static void poll_free(ToyObject *self) { toy_release(((Poll *)self)->wanted); }

static const ToyFunction poll_methods[] = {
    TOY_FUNCTION("register", poll_register, "($self, fd, eventmask=select.POLLIN | select.POLLPRI | select.POLLOUT, /)", 0,
                 "Wait for these events on this descriptor, too; again: for these instead."),
    TOY_FUNCTION("modify", poll_modify, "($self, fd, eventmask, /)", 0, "Wait for other events on a descriptor that is registered."),
    TOY_FUNCTION("unregister", poll_unregister, "($self, fd, /)", 0, "Wait for it no longer."),
    TOY_FUNCTION("poll", poll_poll, "($self, timeout=None, /)", 0,
                 "Wait until a descriptor is ready, at most timeout milliseconds; return a list of pairs (descriptor, events)."),
    TOY_FUNCTIONS_END,
};
static const ToyTypeSpec poll_spec = {
    .doc = "Waits for any number of descriptors.",
    .size = sizeof(Poll),
    .flags = TOY_TYPE_NO_NEW | TOY_TYPE_IS_FINAL,
    .methods = poll_methods,
    .free = poll_free,
};

bool add_poll_type(ToyThread *t, ToyModuleObject *module)
{
    SelectState *state = toy_module_state(toy_module_value(module));
    state->poll_type = toy_type_new(t, module, &poll_spec, "select.poll", NULL);
    return state->poll_type != NULL;
}
