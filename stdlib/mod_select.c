/* mod_select.c - _select: waiting for one of several descriptors.
 *
 * What        poll(pairs, timeout): one wait, the base of select.poll and select.select.
 * How         The descriptors are copied into an array of the system's, so that nothing of the script is touched during the wait. After a
 *             signal only the rest of the time is waited for.
 * GIL         dropped during the wait.
 * Read next   lib/select.toy */
#include <errno.h>
#include <poll.h>

#include "vm/toy.h"

enum { NS_PER_MS = 1000000 };

static int milliseconds_until(int64_t deadline_ns)
{
    if (deadline_ns < 0) return -1;
    int64_t left = deadline_ns - toy_monotonic_ns();
    int64_t ms = left <= 0 ? 0 : (left + NS_PER_MS - 1) / NS_PER_MS;
    return ms > INT32_MAX ? INT32_MAX : (int)ms;
}

/* [(descriptor, events)] into the system's structs. False: raised. */
static bool read_pairs(ToyThread *t, ToyValue pairs, struct pollfd *polled, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        ToyValue pair = toy_list_item(pairs, i);
        int events;
        if (!toy_is_tuple(pair) || toy_tuple_length(pair) != 2) {
            (void)toy_raise_type_error(t, "poll() wants pairs");
            return false;
        }
        if (!toy_arg_int(t, toy_tuple_item(pair, 0), &polled[i].fd) || !toy_arg_int(t, toy_tuple_item(pair, 1), &events)) return false;
        polled[i].events = (short)events;
        polled[i].revents = 0;
    }
    return true;
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

static ToyValue select_poll(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t timeout_ns = -1;
    if (!toy_is_list(args[0])) return toy_raise_type_error(t, "poll() argument 1 must be list, not %N", args[0]);
    if (!toy_is_none(args[1]) && !toy_arg_seconds(t, args[1], &timeout_ns)) return TOY_FAILED;
    size_t count = toy_list_length(args[0]), size = (count + 1) * sizeof(struct pollfd);
    struct pollfd *polled = toy_alloc(t, size);
    if (!polled) return TOY_FAILED;
    ToyValue result = TOY_FAILED;
    if (read_pairs(t, args[0], polled, count)) {
        int64_t deadline = timeout_ns < 0 ? -1 : toy_monotonic_ns() + timeout_ns;
        int n;
        do {
            int ms = milliseconds_until(deadline);
            toy_block_begin(t, "poll");
            n = poll(polled, (nfds_t)count, ms);
            toy_block_end(t);
        } while (n < 0 && toy_block_retry(t));
        result = n < 0 ? toy_block_failed(t, TOY_UNBOUND) : ready_pairs(t, polled, count);
    }
    toy_free(t, polled, size);
    return result;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("poll", select_poll, "(pairs, timeout, /)", 0,
                 "Wait until a descriptor of the pairs (descriptor, events) is ready, at most timeout seconds; return those that are."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant events[] = {
        {"POLLIN", POLLIN}, {"POLLPRI", POLLPRI}, {"POLLOUT", POLLOUT}, {"POLLERR", POLLERR}, {"POLLHUP", POLLHUP}, {"POLLNVAL", POLLNVAL},
        {"POLLRDNORM", 0x40}, {"POLLRDBAND", 0x80}, {"POLLWRNORM", 0x100}, {"POLLWRBAND", 0x200}, {"POLLMSG", 0x400}, {"POLLRDHUP", 0x2000},
    };
    return toy_module_add_ints(t, module, events, sizeof events / sizeof *events);
}

const ToyModule toy_module_select = {
    .name = "_select",
    .doc = "Waiting for one of several descriptors.",
    .functions = functions,
    .init = init,
};
