/* socket_wait.c - _socket: how a socket's call is tried, waited for, and tried again.
 *
 * What        descriptor_wait: a poll of one descriptor up to a moment. socket_perform: a whole call.
 * How         A socket without a time-out is asked at once: the kernel waits, or says that it would have to. One with a time-out is not
 *             blocking for the kernel; it is polled until ready, then asked. Ready is a hint (another reader may be quicker),
 *             so "again" means polling again, for what is left of the time.
 * GIL         dropped once for a call, and once more for each poll before it; the same counts as CPython's.
 * Read next   socket_transfer.c */
#include <poll.h>

#include "stdlib/socket/socket.h"

enum { NS_PER_SECOND = 1000000000 };

int64_t deadline_after(int64_t timeout_ns)
{
    int64_t deadline;
    if (timeout_ns < 0 || __builtin_add_overflow(toy_monotonic_ns(), timeout_ns, &deadline)) return -1;
    return deadline;
}

ToyValue socket_raise_timed_out(ToyThread *t) { return toy_raise(t, TOY_TimeoutError, "timed out"); }

int descriptor_wait(ToyThread *t, int fd, short events, int64_t deadline_ns)
{
    struct pollfd polled = {.fd = fd, .events = events};
    int n;
    do {
        int64_t left = deadline_ns < 0 ? 0 : deadline_ns - toy_monotonic_ns();
        if (left < 0) left = 0;
        struct timespec rest = {.tv_sec = left / NS_PER_SECOND, .tv_nsec = left % NS_PER_SECOND};
        toy_block_begin(t, "poll");
        n = ppoll(&polled, 1, deadline_ns < 0 ? NULL : &rest, NULL);
        toy_block_end(t);
    } while (n < 0 && toy_block_retry(t));
    if (n >= 0) return n > 0 ? WAIT_READY : WAIT_TIMED_OUT;
    (void)toy_block_failed(t, TOY_UNBOUND);
    return WAIT_RAISED;
}

int64_t socket_perform(ToyThread *t, const Socket *socket, const SocketCall *call, void *plan, int64_t deadline_ns)
{
    for (;;) {
        /* A closed one is not worth waiting for: the attempt tells. */
        if (socket->timeout_ns > 0 && socket->fd >= 0) {
            int ready = descriptor_wait(t, socket->fd, call->events, deadline_ns);
            if (ready == WAIT_TIMED_OUT) (void)socket_raise_timed_out(t);
            if (ready != WAIT_READY) return -1;
        }
        int64_t n;
        do {
            toy_block_begin(t, call->what);
            n = call->attempt(socket, plan);
            toy_block_end(t);
        } while (n < 0 && toy_block_retry(t));
        if (n >= 0) return n;
        bool was_too_late = errno == EAGAIN || errno == EWOULDBLOCK;
        if (toy_is_raised(t) || !was_too_late || socket->timeout_ns <= 0) {
            (void)toy_block_failed(t, TOY_UNBOUND);
            return -1;
        }
    }
}
