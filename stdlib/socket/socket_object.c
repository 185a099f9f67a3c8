/* socket_object.c - _socket: the socket itself: made, named, connected, listened on, set up, closed.
 *
 * What        The type socket, but for the methods that carry data. module socket makes its own class below it.
 * How         A socket is a descriptor and what it was asked for (family, type, protocol), and its time-out. A descriptor that somebody
 *             else opened is asked what it is.
 *             Connecting is the one call that is not tried again: it goes on by itself, so one waits until the
 *             socket can be written, and asks it how it went.
 * Invariants  I1 and I2 of socket.h.
 * GIL         held; dropped around each call that talks to the network, and around close.
 * Read next   socket_wait.c, socket_transfer.c */
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "stdlib/socket/socket.h"

static ToyValue raise_errno(ToyThread *t) { return toy_raise_os_error(t, errno, TOY_UNBOUND); }

bool read_flags(ToyThread *t, ToyValue v, int *out)
{
    int64_t n = *out;
    if (!toy_arg_int64(t, v, &n)) return false;
    if (n > INT32_MAX) return toy_raise_false(t, TOY_OverflowError, "signed integer is greater than maximum");
    if (n < INT32_MIN) return toy_raise_false(t, TOY_OverflowError, "signed integer is less than minimum");
    *out = (int)n;
    return true;
}

/* ==== made and unmade ======================================================================================================= */

static ToyValue socket_make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    Socket *socket = (Socket *)toy_type_alloc(t, type);
    if (!socket) return TOY_FAILED;
    socket->fd = -1;
    socket->timeout_ns = -1;
    return toy_value(socket);
}

/* Keeps I1: the descriptor's own mode is what the time-out says. */
static bool set_timeout(ToyThread *t, Socket *socket, int64_t timeout_ns)
{
    toy_block_begin(t, "fcntl");
    int flags = fcntl(socket->fd, F_GETFL), wanted = timeout_ns < 0 ? flags & ~O_NONBLOCK : flags | O_NONBLOCK;
    bool done = flags >= 0 && (wanted == flags || fcntl(socket->fd, F_SETFL, wanted) == 0);
    toy_block_end(t);
    if (!done) return raise_errno(t), false;
    socket->timeout_ns = timeout_ns;
    return true;
}

/* What a descriptor is that was opened elsewhere. Only those numbers are looked up that the caller does not know (-1). */
static bool ask_descriptor(ToyThread *t, int fd, int *family, int *type, int *protocol)
{
    SocketAddress address;
    memset(&address, 0, sizeof address);
    socklen_t length = sizeof address, size = sizeof(int);
    if (getsockname(fd, &address.any, &length) < 0 && (*family == -1 || errno == EBADF || errno == ENOTSOCK)) return raise_errno(t), false;
    if (*family == -1) *family = address.any.sa_family;
    if (*type == -1 && getsockopt(fd, SOL_SOCKET, SO_TYPE, type, &size) < 0) return raise_errno(t), false;
    size = sizeof(int);
    if (*protocol == -1 && getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, protocol, &size) < 0) return raise_errno(t), false;
    return true;
}

static bool read_descriptor(ToyThread *t, ToyValue v, int *fd)
{
    int64_t number;
    if (!toy_arg_int64(t, v, &number)) return false;
    if (number < 0) return toy_raise_false(t, TOY_ValueError, "negative file descriptor");
    *fd = number > INT32_MAX ? INT32_MAX : (int)number;
    return true;
}

static bool open_socket(ToyThread *t, int *fd, int family, int type, int protocol)
{
    toy_block_begin(t, "socket");
    *fd = socket(family, type | SOCK_CLOEXEC, protocol);
    toy_block_end(t);
    return *fd >= 0 || (raise_errno(t), false);
}

static bool socket_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const list[] = {"family", "type", "proto", "fileno", NULL};
    static const ToyParameters parameters = {"socket", list, 0, 4, 0};
    ToyValue slots[4] = {TOY_UNBOUND};
    int family = -1, type = -1, protocol = -1, fd = -1;
    if (!toy_arguments_sort(t, &parameters, args, count, names, slots) || !toy_arg_int(t, slots[0], &family) || !toy_arg_int(t, slots[1], &type) ||
        !toy_arg_int(t, slots[2], &protocol)) return false;
    bool is_adopted = toy_is_given(slots[3]);
    if (is_adopted) {
        if (!read_descriptor(t, slots[3], &fd) || !ask_descriptor(t, fd, &family, &type, &protocol)) return false;
    } else {
        if (family == -1) family = AF_INET;
        if (type == -1) type = SOCK_STREAM;
        if (protocol == -1) protocol = 0;
        if (!open_socket(t, &fd, family, type, protocol)) return false;
    }
    Socket *socket = as_socket(self);
    if (socket->fd >= 0 && socket->fd != fd) close(socket->fd);   /* __init__ again: the former one is nobody's any more */
    socket->fd = fd;
    socket->family = family;
    socket->type = type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK);
    socket->protocol = protocol;
    socket->timeout_ns = -1;
    int64_t timeout_ns = socket_state(self)->default_timeout_ns;
    if (type & SOCK_NONBLOCK) socket->timeout_ns = 0;
    else if (timeout_ns >= 0 && !set_timeout(t, socket, timeout_ns)) {
        /* An adopted descriptor stays its owner's. */
        if (!is_adopted) close(fd);
        socket->fd = -1;
        return false;
    }
    return true;
}

static void socket_finalize(ToyThread *t, ToyValue self)
{
    if (as_socket(self)->fd >= 0 && !toy_warn(t, TOY_ResourceWarning, 1, "unclosed %R", self)) toy_report_unraisable(t, self, NULL);
}

static void socket_free(ToyObject *self)
{
    Socket *socket = (Socket *)self;
    if (socket->fd >= 0) close(socket->fd);
}

static ToyValue socket_repr(ToyThread *t, ToyValue self)
{
    Socket *socket = as_socket(self);
    return toy_str_format(t, "<socket object, fd=%d, family=%d, type=%d, proto=%d>", socket->fd, (int)socket->family, (int)socket->type,
                          (int)socket->protocol);
}

static ToyValue socket_close(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Socket *socket = as_socket(self);
    int fd = socket->fd;
    if (fd < 0) return TOY_NONE;
    socket->fd = -1;   /* first: the number may be another file's while we are without the lock */
    toy_block_begin(t, "close");
    int result = close(fd);
    toy_block_end(t);
    /* Reset by the other side: that it is closed all the same is what was wanted. */
    return result < 0 && errno != ECONNRESET ? raise_errno(t) : TOY_NONE;
}

static ToyValue socket_detach(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd = as_socket(self)->fd;
    as_socket(self)->fd = -1;
    return toy_small_int_value(fd);
}

static ToyValue socket_fileno(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_small_int_value(as_socket(self)->fd); }

/* ==== time-outs ============================================================================================================= */

/* None, or seconds that are not negative. */
static bool read_timeout(ToyThread *t, ToyValue v, int64_t *timeout_ns)
{
    *timeout_ns = -1;
    if (toy_is_none(v)) return true;
    if (!toy_arg_seconds(t, v, timeout_ns)) return false;
    return *timeout_ns >= 0 || toy_raise_false(t, TOY_ValueError, "Timeout value out of range");
}

static ToyValue timeout_value(ToyThread *t, int64_t timeout_ns) { return timeout_ns < 0 ? TOY_NONE : toy_float(t, (double)timeout_ns / 1e9); }

static ToyValue socket_settimeout(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t timeout_ns;
    return read_timeout(t, args[0], &timeout_ns) && set_timeout(t, as_socket(self), timeout_ns) ? TOY_NONE : TOY_FAILED;
}
static ToyValue socket_setblocking(ToyThread *t, ToyValue self, const ToyValue *args)
{
    bool is_blocking;
    return toy_arg_bool(t, args[0], &is_blocking) && set_timeout(t, as_socket(self), is_blocking ? -1 : 0) ? TOY_NONE : TOY_FAILED;
}
static ToyValue socket_gettimeout(ToyThread *t, ToyValue self, const ToyValue *args) { return timeout_value(t, as_socket(self)->timeout_ns); }
static ToyValue socket_getblocking(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_bool(as_socket(self)->timeout_ns != 0); }
static ToyValue socket_timeout(ToyThread *t, ToyValue self) { return timeout_value(t, as_socket(self)->timeout_ns); }

static ToyValue get_default_timeout(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return timeout_value(t, ((SocketState *)toy_module_state(self))->default_timeout_ns);
}
static ToyValue set_default_timeout(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return read_timeout(t, args[0], &((SocketState *)toy_module_state(self))->default_timeout_ns) ? TOY_NONE : TOY_FAILED;
}

/* ==== names and connections ================================================================================================= */

static ToyValue socket_bind(ToyThread *t, ToyValue self, const ToyValue *args)
{
    SocketAddress address;
    socklen_t length;
    if (!address_read(t, as_socket(self), args[0], "bind", &address, &length)) return TOY_FAILED;
    toy_block_begin(t, "bind");
    int result = bind(as_socket(self)->fd, &address.any, length);
    toy_block_end(t);
    return result < 0 ? raise_errno(t) : TOY_NONE;
}

static ToyValue socket_listen(ToyThread *t, ToyValue self, const ToyValue *args)
{
    /* Room for bursts, without taking more than the system's usual limit. */
    int backlog = SOMAXCONN < 128 ? SOMAXCONN : 128;
    if (!read_flags(t, args[0], &backlog)) return TOY_FAILED;
    toy_block_begin(t, "listen");
    int result = listen(as_socket(self)->fd, backlog < 0 ? 0 : backlog);
    toy_block_end(t);
    return result < 0 ? raise_errno(t) : TOY_NONE;
}

/* A connection is on its way: 0 once it stands, the error's number, -1 raised. */
static int connection_result(ToyThread *t, const Socket *socket)
{
    int ready = descriptor_wait(t, socket->fd, POLLOUT, deadline_after(socket->timeout_ns));
    if (ready == WAIT_RAISED) return -1;
    if (ready == WAIT_TIMED_OUT) return EWOULDBLOCK;
    int error = 0;
    socklen_t size = sizeof error;
    if (getsockopt(socket->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0) return errno;
    return error == EISCONN ? 0 : error;
}

static int connect_to(ToyThread *t, const Socket *socket, const SocketAddress *address, socklen_t length)
{
    toy_block_begin(t, "connect");
    int result = connect(socket->fd, &address->any, length), error = result < 0 ? errno : 0;
    toy_block_end(t);
    bool goes_on = error == EINPROGRESS && socket->timeout_ns > 0;
    if (error == EINTR) {
        if (!toy_check_signals(t)) return -1;
        goes_on = socket->timeout_ns != 0;
    }
    return goes_on ? connection_result(t, socket) : error;
}

static ToyValue socket_connect(ToyThread *t, ToyValue self, const ToyValue *args)
{
    SocketAddress address;
    socklen_t length;
    if (!address_read(t, as_socket(self), args[0], "connect", &address, &length)) return TOY_FAILED;
    int error = connect_to(t, as_socket(self), &address, length);
    if (error < 0) return TOY_FAILED;
    if (error == EWOULDBLOCK && as_socket(self)->timeout_ns > 0) return socket_raise_timed_out(t);
    return error ? toy_raise_os_error(t, error, TOY_UNBOUND) : TOY_NONE;
}

static ToyValue socket_connect_ex(ToyThread *t, ToyValue self, const ToyValue *args)
{
    SocketAddress address;
    socklen_t length;
    if (!address_read(t, as_socket(self), args[0], "connect_ex", &address, &length)) return TOY_FAILED;
    int error = connect_to(t, as_socket(self), &address, length);
    return error < 0 ? TOY_FAILED : toy_small_int_value(error);
}

typedef struct AcceptPlan { SocketAddress address; socklen_t length; } AcceptPlan;
static int64_t attempt_accept(const Socket *socket, void *plan_)
{
    AcceptPlan *plan = plan_;
    plan->length = sizeof plan->address;
    return accept4(socket->fd, &plan->address.any, &plan->length, SOCK_CLOEXEC);
}
static ToyValue socket_accept(ToyThread *t, ToyValue self, const ToyValue *args)
{
    static const SocketCall call = {"accept", POLLIN, attempt_accept};
    Socket *socket = as_socket(self);
    AcceptPlan plan;
    memset(&plan, 0, sizeof plan);
    int64_t fd = socket_perform(t, socket, &call, &plan, deadline_after(socket->timeout_ns));
    if (fd < 0) return TOY_FAILED;
    ToyValue pair = toy_tuple(t, toy_int(t, fd), address_value(t, (int)fd, socket->protocol, &plan.address, plan.length));
    if (toy_failed(pair)) close((int)fd);
    return pair;
}

typedef int NameCall(int, struct sockaddr *restrict, socklen_t *restrict);
static ToyValue own_name(ToyThread *t, const Socket *socket, NameCall *ask, const char *what)
{
    SocketAddress address;
    memset(&address, 0, sizeof address);
    socklen_t length = sizeof address;
    toy_block_begin(t, what);
    int result = ask(socket->fd, &address.any, &length);
    toy_block_end(t);
    return result < 0 ? raise_errno(t) : address_value(t, socket->fd, socket->protocol, &address, length);
}
static ToyValue socket_getsockname(ToyThread *t, ToyValue self, const ToyValue *args) { return own_name(t, as_socket(self), getsockname, "getsockname"); }
static ToyValue socket_getpeername(ToyThread *t, ToyValue self, const ToyValue *args) { return own_name(t, as_socket(self), getpeername, "getpeername"); }

static ToyValue socket_shutdown(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int how;
    if (!toy_arg_int(t, args[0], &how)) return TOY_FAILED;
    toy_block_begin(t, "shutdown");
    int result = shutdown(as_socket(self)->fd, how);
    toy_block_end(t);
    return result < 0 ? raise_errno(t) : TOY_NONE;
}

/* ==== options =============================================================================================================== */

enum { OPTION_BYTES_MAX = 1024 };

static ToyValue socket_getsockopt(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Socket *socket = as_socket(self);
    int level, option, wanted = 0;
    if (!read_flags(t, args[0], &level) || !read_flags(t, args[1], &option) || !read_flags(t, args[2], &wanted)) return TOY_FAILED;
    if (wanted == 0) {
        /* Of a socket between machines the options are twice as wide. */
        bool is_wide = socket->family == AF_VSOCK;
        uint64_t wide = 0;
        int number = 0;
        socklen_t size = is_wide ? sizeof wide : sizeof number;
        if (getsockopt(socket->fd, level, option, is_wide ? (void *)&wide : (void *)&number, &size) < 0) return raise_errno(t);
        return is_wide ? toy_int_from_uint64(t, wide) : toy_int(t, number);
    }
    if (wanted < 0 || wanted > OPTION_BYTES_MAX) return toy_raise(t, TOY_OSError, "getsockopt buflen out of range");
    uint8_t bytes[OPTION_BYTES_MAX];
    socklen_t size = (socklen_t)wanted;
    if (getsockopt(socket->fd, level, option, bytes, &size) < 0) return raise_errno(t);
    return toy_bytes(t, bytes, size);
}

/* False with nothing raised: it is no number that fits, so it must be bytes. */
static bool read_option_number(ToyThread *t, const Socket *socket, ToyValue v, uint64_t *wide, int *number, socklen_t *size)
{
    if (!toy_is_int(v)) return false;
    int64_t n;
    if (socket->family == AF_VSOCK) {
        *size = sizeof *wide;
        return toy_int_fits_uint64(v, wide);
    }
    if (!toy_int_fits_int64(v, &n) || n < INT32_MIN || n > INT32_MAX) return false;
    *number = (int)n;
    *size = sizeof *number;
    return true;
}

static ToyValue socket_setsockopt(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Socket *socket = as_socket(self);
    bool has_length = toy_is_bound(args[3]);
    int level, option, number, result;
    uint64_t wide;
    socklen_t size;
    /* A fourth argument belongs to None, and to nothing else. */
    if (has_length != toy_is_none(args[2]) && has_length) return toy_raise_type_error(t, "setsockopt() takes exactly 3 arguments (4 given)");
    if (!read_flags(t, args[0], &level) || !read_flags(t, args[1], &option)) return TOY_FAILED;
    if (has_length) {
        uint32_t length;
        if (!address_word(t, args[3], &length)) return TOY_FAILED;
        result = setsockopt(socket->fd, level, option, NULL, length);
    } else if (read_option_number(t, socket, args[2], &wide, &number, &size)) {
        result = setsockopt(socket->fd, level, option, size == sizeof wide ? (void *)&wide : (void *)&number, size);
    } else {
        ToyBuffer buffer;
        if (!toy_buffer_get(t, args[2], &buffer, 0)) return TOY_FAILED;
        result = setsockopt(socket->fd, level, option, buffer.data, (socklen_t)buffer.length);
        int error = errno;
        toy_buffer_release(t, &buffer);
        errno = error;
    }
    return result < 0 ? raise_errno(t) : TOY_NONE;
}

/* ==== the type ============================================================================================================== */

static const ToyFunction socket_methods[] = {
    TOY_FUNCTION("_accept", socket_accept, "($self, /)", 0, "Wait for a connection; return the pair (its descriptor, the address of the other side)."),
    TOY_FUNCTION("bind", socket_bind, "($self, object, /)", 0, "Give the socket this address of its own."),
    TOY_FUNCTION("close", socket_close, "($self, /)", 0, "Close the descriptor. After that the socket can do nothing more."),
    TOY_FUNCTION("connect", socket_connect, "($self, object, /)", 0, "Connect to the socket that has this address."),
    TOY_FUNCTION("connect_ex", socket_connect_ex, "($self, object, /)", 0, "Like connect(), but return the system's error number, 0 for success, instead of raising."),
    TOY_FUNCTION("detach", socket_detach, "($self, /)", 0, "Return the descriptor, which stays open, and be closed without it."),
    TOY_FUNCTION("fileno", socket_fileno, "($self, /)", 0, "The descriptor; -1 when closed."),
    TOY_FUNCTION("getblocking", socket_getblocking, "($self, /)", 0, "Does the socket ever wait?"),
    TOY_FUNCTION("getpeername", socket_getpeername, "($self, /)", 0, "The address of the other side."),
    TOY_FUNCTION("getsockname", socket_getsockname, "($self, /)", 0, "The socket's own address."),
    TOY_FUNCTION("getsockopt", socket_getsockopt, "($self, level, optname, buflen=0, /)", 0, "An option's value: an int, or bytes if a length for them is given."),
    TOY_FUNCTION("gettimeout", socket_gettimeout, "($self, /)", 0, "The longest wait in seconds; None: no limit, 0.0: no wait."),
    TOY_FUNCTION("listen", socket_listen, "($self, backlog=128, /)", 0, "Let others connect; backlog says how many may wait to be accepted."),
    TOY_FUNCTION("setblocking", socket_setblocking, "($self, object, /)", 0, "True: wait as long as it takes. False: never wait."),
    TOY_FUNCTION("setsockopt", socket_setsockopt, "($self, level, optname, value, optlen=0, /)", 0,
                 "Set an option to an int or bytes, or, value being None, to optlen bytes of nothing."),
    TOY_FUNCTION("settimeout", socket_settimeout, "($self, object, /)", 0, "Set the longest wait in seconds; None: no limit, 0: no wait."),
    TOY_FUNCTION("shutdown", socket_shutdown, "($self, object, /)", 0, "Close one or both directions: SHUT_RD, SHUT_WR or SHUT_RDWR."),
    /* socket_transfer.c */
    TOY_FUNCTION("recv", socket_recv, "($self, buffersize, flags=0, /)", 0, "At most so many bytes of what arrives; b'' when the other side has closed."),
    TOY_FUNCTION("recv_into", socket_recv_into, "($self, buffer, nbytes=0, flags=0)", 0, "Receive into a writable buffer; return how many bytes came."),
    TOY_FUNCTION("recvfrom", socket_recvfrom, "($self, buffersize, flags=0, /)", 0, "The pair (bytes, address of the sender)."),
    TOY_FUNCTION("recvfrom_into", socket_recvfrom_into, "($self, buffer, nbytes=0, flags=0)", 0,
                 "Receive into a writable buffer; return the pair (how many bytes came, address of the sender)."),
    TOY_FUNCTION("send", socket_send, "($self, data, flags=0, /)", 0, "Send what the system takes now; return how many bytes that was."),
    TOY_FUNCTION("sendall", socket_sendall, "($self, data, flags=0, /)", 0, "Send all of it, in as many steps as it takes."),
    TOY_RAW_FUNCTION("sendto", socket_sendto, "($self, data, flags_or_address, address=None, /)", 0,
                     "sendto(data, address), sendto(data, flags, address): send to that address; return how many bytes were sent."),
    /* socket_message.c */
    TOY_FUNCTION("sendmsg", socket_sendmsg, "($self, buffers, ancdata=(), flags=0, address=None, /)", 0,
                 "Send the buffers as one message, with control data [(level, type, data), ...]; return how many bytes were sent."),
    TOY_FUNCTION("sendmsg_afalg", socket_sendmsg_afalg, "($self, msg=None, *, op, iv=None, assoclen=-1, flags=0)", 0,
                 "Send the buffers to an operation of the kernel's cryptography."),
    TOY_FUNCTION("recvmsg", socket_recvmsg, "($self, bufsize, ancbufsize=0, flags=0, /)", 0, "Return the tuple (data, control data, flags, address)."),
    TOY_FUNCTION("recvmsg_into", socket_recvmsg_into, "($self, buffers, ancbufsize=0, flags=0, /)", 0,
                 "Receive into several buffers; return the tuple (how many bytes came, control data, flags, address)."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet socket_getsets[] = {{"timeout", socket_timeout, NULL, "The longest wait in seconds."}, {NULL, NULL, NULL, NULL}};
static const ToyMember socket_members[] = {
    {"family", MEMBER_INT64, offsetof(Socket, family), true, "The family of its addresses."},
    {"type", MEMBER_INT64, offsetof(Socket, type), true, "How it carries data."},
    {"proto", MEMBER_INT64, offsetof(Socket, protocol), true, "The protocol."},
    {NULL, MEMBER_INT64, 0, true, NULL},
};
static const ToyTypeSpec socket_spec = {
    .doc = "One end of a connection, or a place where data for it arrives. A fileno is adopted, and asked for what is not given.",
    .signature = "(family=-1, type=-1, proto=-1, fileno=None)",
    .size = sizeof(Socket),
    .slots = {.repr = socket_repr, .init = socket_init, .new_instance = socket_make, .finalize = socket_finalize},
    .methods = socket_methods,
    .getsets = socket_getsets,
    .members = socket_members,
    .free = socket_free,
};

bool add_socket_type(ToyThread *t, ToyModuleObject *module)
{
    SocketState *state = toy_module_state(toy_module_value(module));
    state->default_timeout_ns = -1;
    state->socket_type = toy_type_new(t, module, &socket_spec, "_socket.socket", NULL);
    return state->socket_type && toy_module_add_type(t, module, state->socket_type) &&
           toy_module_add(t, module, "SocketType", toy_retain(toy_type_value(state->socket_type)));
}

const ToyFunction socket_timeout_functions[] = {
    TOY_FUNCTION("getdefaulttimeout", get_default_timeout, "()", 0, "The time-out that new sockets have, in seconds; None: they wait without limit."),
    TOY_FUNCTION("setdefaulttimeout", set_default_timeout, "(timeout, /)", 0, "Set the time-out that new sockets have."),
    TOY_FUNCTIONS_END,
};
