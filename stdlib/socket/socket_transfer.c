/* socket_transfer.c - _socket: bytes out, bytes in.
 *
 * What        send, sendall, sendto; recv, recvfrom, and both into a buffer of the caller.
 * How         Each is a plan and an attempt for socket_perform. sendall is send, again and again, under one deadline.
 * GIL         dropped in socket_perform. What is sent or filled meanwhile is an exported buffer, which keeps its place and size.
 * Read next   socket_wait.c, socket_message.c */
#include <poll.h>

#include "stdlib/socket/socket.h"

typedef struct TransferPlan {
    void *data;
    size_t length;
    int flags;
    SocketAddress address;
    socklen_t address_length;
} TransferPlan;

/* ==== out =================================================================================================================== */

static int64_t attempt_send(const Socket *socket, void *plan_)
{
    TransferPlan *plan = plan_;
    return send(socket->fd, plan->data, plan->length, plan->flags);
}
static int64_t attempt_sendto(const Socket *socket, void *plan_)
{
    TransferPlan *plan = plan_;
    return sendto(socket->fd, plan->data, plan->length, plan->flags, &plan->address.any, plan->address_length);
}
static const SocketCall send_call = {"send", POLLOUT, attempt_send}, sendto_call = {"sendto", POLLOUT, attempt_sendto};

static ToyValue count_value(ToyThread *t, int64_t n) { return n < 0 ? TOY_FAILED : toy_int(t, n); }

ToyValue socket_send(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Socket *socket = as_socket(self);
    TransferPlan plan = {.flags = 0};
    ToyBuffer buffer;
    if (!toy_buffer_get(t, args[0], &buffer, 0)) return TOY_FAILED;
    int64_t n = -1;
    if (read_flags(t, args[1], &plan.flags)) {
        plan.data = buffer.data;
        plan.length = buffer.length;
        n = socket_perform(t, socket, &send_call, &plan, deadline_after(socket->timeout_ns));
    }
    toy_buffer_release(t, &buffer);
    return count_value(t, n);
}

static bool send_all(ToyThread *t, const Socket *socket, TransferPlan *plan)
{
    int64_t deadline = deadline_after(socket->timeout_ns);
    do {
        int64_t n = socket_perform(t, socket, &send_call, plan, deadline);
        if (n < 0) return false;
        plan->data = (uint8_t *)plan->data + n;
        plan->length -= (size_t)n;
        /* A long way through a full pipe: Ctrl-C shall not have to wait for its end. */
        if (!toy_check_signals(t)) return false;
    } while (plan->length);
    return true;
}
ToyValue socket_sendall(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TransferPlan plan = {.flags = 0};
    ToyBuffer buffer;
    if (!toy_buffer_get(t, args[0], &buffer, 0)) return TOY_FAILED;
    plan.data = buffer.data;
    plan.length = buffer.length;
    bool done = read_flags(t, args[1], &plan.flags) && send_all(t, as_socket(self), &plan);
    toy_buffer_release(t, &buffer);
    return done ? TOY_NONE : TOY_FAILED;
}

/* sendto(data, address) and sendto(data, flags, address): by their number. */
ToyValue socket_sendto(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    const Socket *socket = as_socket(self);
    TransferPlan plan = {.flags = 0};
    ToyBuffer buffer;
    if (!toy_arguments_no_keywords(t, "socket.sendto", names)) return TOY_FAILED;
    if (count != 2 && count != 3) return toy_raise_type_error(t, "sendto() takes 2 or 3 arguments (%zu given)", count);
    if (!toy_buffer_get(t, args[0], &buffer, 0)) return TOY_FAILED;
    int64_t n = -1;
    if ((count == 2 || read_flags(t, args[1], &plan.flags)) && address_read(t, socket, args[count - 1], "sendto", &plan.address, &plan.address_length)) {
        plan.data = buffer.data;
        plan.length = buffer.length;
        n = socket_perform(t, socket, &sendto_call, &plan, deadline_after(socket->timeout_ns));
    }
    toy_buffer_release(t, &buffer);
    return count_value(t, n);
}

/* ==== in ==================================================================================================================== */

static int64_t attempt_recv(const Socket *socket, void *plan_)
{
    TransferPlan *plan = plan_;
    return recv(socket->fd, plan->data, plan->length, plan->flags);
}
static int64_t attempt_recvfrom(const Socket *socket, void *plan_)
{
    TransferPlan *plan = plan_;
    plan->address_length = sizeof plan->address;
    return recvfrom(socket->fd, plan->data, plan->length, plan->flags, &plan->address.any, &plan->address_length);
}
static const SocketCall recv_call = {"recv", POLLIN, attempt_recv}, recvfrom_call = {"recvfrom", POLLIN, attempt_recvfrom};

static bool read_size(ToyThread *t, ToyValue v, const char *function, int64_t *size)
{
    if (!toy_arg_int64(t, v, size)) return false;
    return *size >= 0 || toy_raise_false(t, TOY_ValueError, "negative buffersize in %s", function);
}

/* Fresh bytes with what came. */
static ToyValue receive_bytes(ToyThread *t, const Socket *socket, const SocketCall *call, TransferPlan *plan)
{
    uint8_t *data;
    ToyValue bytes = toy_bytes_new(t, plan->length, &data);
    if (toy_failed(bytes)) return TOY_FAILED;
    plan->data = data;
    int64_t n = socket_perform(t, socket, call, plan, deadline_after(socket->timeout_ns));
    if (n >= 0) return toy_bytes_cut(t, bytes, (size_t)n);
    toy_release(bytes);
    return TOY_FAILED;
}

ToyValue socket_recv(ToyThread *t, ToyValue self, const ToyValue *args)
{
    TransferPlan plan = {.flags = 0};
    int64_t size;
    if (!read_size(t, args[0], "recv", &size) || !read_flags(t, args[1], &plan.flags)) return TOY_FAILED;
    if (size == 0) return toy_bytes(t, "", 0);   /* asking for nothing needs no waiting */
    plan.length = (size_t)size;
    return receive_bytes(t, as_socket(self), &recv_call, &plan);
}

ToyValue socket_recvfrom(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Socket *socket = as_socket(self);
    TransferPlan plan = {.flags = 0};
    int64_t size;
    if (!read_size(t, args[0], "recvfrom", &size) || !read_flags(t, args[1], &plan.flags)) return TOY_FAILED;
    plan.length = (size_t)size;
    ToyValue bytes = receive_bytes(t, socket, &recvfrom_call, &plan);
    if (toy_failed(bytes)) return TOY_FAILED;
    return toy_tuple(t, bytes, address_value(t, socket->fd, socket->protocol, &plan.address, plan.address_length));
}

/* buffer, nbytes=0, flags=0; 0 bytes means all that fit. */
static bool read_into_arguments(ToyThread *t, const char *function, const ToyValue *args, const char *too_small, ToyBuffer *buffer, TransferPlan *plan)
{
    int64_t size = 0;
    if (!toy_buffer_get(t, args[0], buffer, TOY_BUFFER_WRITABLE)) {
        toy_raised_clear(t);
        return toy_raise_false(t, TOY_TypeError, "%s() argument 1 must be read-write bytes-like object, not %T", function, args[0]);
    }
    bool is_right = (toy_is_unbound(args[1]) || read_size(t, args[1], function, &size)) && read_flags(t, args[2], &plan->flags) &&
                    ((size_t)size <= buffer->length || toy_raise_false(t, TOY_ValueError, "%s", too_small));
    if (!is_right) {
        toy_buffer_release(t, buffer);
        return false;
    }
    plan->data = buffer->data;
    plan->length = size ? (size_t)size : buffer->length;
    return true;
}

ToyValue socket_recv_into(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Socket *socket = as_socket(self);
    TransferPlan plan = {.flags = 0};
    ToyBuffer buffer;
    if (!read_into_arguments(t, "recv_into", args, "buffer too small for requested bytes", &buffer, &plan)) return TOY_FAILED;
    int64_t n = plan.length ? socket_perform(t, socket, &recv_call, &plan, deadline_after(socket->timeout_ns)) : 0;
    toy_buffer_release(t, &buffer);
    return count_value(t, n);
}

ToyValue socket_recvfrom_into(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Socket *socket = as_socket(self);
    TransferPlan plan = {.flags = 0};
    ToyBuffer buffer;
    if (!read_into_arguments(t, "recvfrom_into", args, "nbytes is greater than the length of the buffer", &buffer, &plan)) return TOY_FAILED;
    int64_t n = socket_perform(t, socket, &recvfrom_call, &plan, deadline_after(socket->timeout_ns));
    toy_buffer_release(t, &buffer);
    if (n < 0) return TOY_FAILED;
    return toy_tuple(t, toy_int(t, n), address_value(t, socket->fd, socket->protocol, &plan.address, plan.address_length));
}
