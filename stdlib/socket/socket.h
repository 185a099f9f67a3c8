/* socket.h - what the files of module _socket share.
 *
 * What        The socket object, the state of the module, addresses in both directions, and the one way in which a socket's system calls
 *             are tried, waited for and tried again.
 * How         A call is an attempt (one system call, in which no value is touched) and a plan (its arguments and its result).
 *             socket_perform runs it without the lock; a socket with a time-out is polled first.
 * Invariants  I1 the descriptor is blocking exactly while timeout_ns is negative.   I2 fd is -1 once it is closed or detached.
 * GIL         held, but inside of attempts.
 * Read next   socket_object.c, socket_wait.c */
#ifndef TOY_STDLIB_SOCKET_SOCKET_H
#define TOY_STDLIB_SOCKET_SOCKET_H

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include "vm/toy.h"

typedef struct SocketState {
    ToyType *socket_type, *gai_error, *host_error;
    int64_t default_timeout_ns;   /* of new sockets; -1: they block */
} SocketState;

typedef struct Socket {
    ToyObject head;
    int fd;                       /* I2 */
    int64_t family, type, protocol;
    int64_t timeout_ns;           /* -1: block, 0: never wait, else the longest wait (I1) */
} Socket;
static inline Socket *as_socket(ToyValue v) { return (Socket *)toy_object(v); }
static inline SocketState *socket_state(ToyValue socket) { return toy_instance_state(socket); }

/* ---- socket_wait.c ---- */

/* When a wait that begins now has lasted long enough; -1: never. */
int64_t deadline_after(int64_t timeout_ns);
enum { WAIT_RAISED = -1, WAIT_TIMED_OUT = 0, WAIT_READY = 1 };
TOY_MUST_CHECK int descriptor_wait(ToyThread *t, int fd, short events, int64_t deadline_ns);

/* One system call on socket->fd, with everything else it needs in the plan; negative: errno tells. */
typedef int64_t SocketAttempt(const Socket *socket, void *plan);
typedef struct SocketCall {
    const char *what;             /* for reports */
    short events;                 /* POLLIN or POLLOUT: what has to come first */
    SocketAttempt *attempt;
} SocketCall;
/* What the attempt answered; negative: raised, TimeoutError("timed out") among others. */
TOY_MUST_CHECK int64_t socket_perform(ToyThread *t, const Socket *socket, const SocketCall *call, void *plan, int64_t deadline_ns);
ToyValue socket_raise_timed_out(ToyThread *t);

/* ---- addresses: socket_address.c, kernel_address.c ---- */

typedef union SocketAddress {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    struct sockaddr_storage room;
} SocketAddress;
/* What a script gave, as the system wants it. [function] for messages, without "()". */
TOY_MUST_CHECK bool address_read(ToyThread *t, const Socket *socket, ToyValue v, const char *function, SocketAddress *address, socklen_t *length);
/* And back. No address at all is None. */
TOY_MUST_CHECK ToyValue address_value(ToyThread *t, int fd, int64_t protocol, const SocketAddress *address, socklen_t length);
/* The families that Linux has for its own purposes. */
TOY_MUST_CHECK bool kernel_address_read(ToyThread *t, const Socket *socket, ToyValue v, const char *function, SocketAddress *address, socklen_t *length);
TOY_MUST_CHECK ToyValue kernel_address_value(ToyThread *t, int fd, int64_t protocol, const SocketAddress *address, socklen_t length);
/* The host's number for a name; [function] NULL: no name is in the messages. */
TOY_MUST_CHECK bool host_find(ToyThread *t, SocketState *state, const char *name, int family, SocketAddress *address);
/* A str, bytes or bytearray as the resolver wants it: BORROWED from *holder, which the caller releases. */
TOY_MUST_CHECK const char *host_name(ToyThread *t, ToyValue v, ToyValue *holder);
/* Of an AF_INET or AF_INET6 address. */
TOY_MUST_CHECK ToyValue host_number_text(ToyThread *t, const SocketAddress *address);
/* Is a tuple with [least] to [most] items; else TypeError: not a tuple at all, or [shape]. */
TOY_MUST_CHECK bool address_is_tuple(ToyThread *t, ToyValue v, const char *function, const char *family, size_t least, size_t most, const char *shape);
/* C's unsigned int, as the system takes it: what is above 32 bits falls away. */
TOY_MUST_CHECK bool address_word(ToyThread *t, ToyValue v, uint32_t *out);
TOY_MUST_CHECK bool address_port(ToyThread *t, ToyValue v, const char *function, in_port_t *port);
TOY_COLD ToyValue raise_gai_error(ToyThread *t, SocketState *state, int code);

/* ---- socket_object.c ---- */

/* An int in 32 bits, "signed integer is greater than maximum". */
TOY_MUST_CHECK bool read_flags(ToyThread *t, ToyValue v, int *out);
TOY_MUST_CHECK bool add_socket_type(ToyThread *t, ToyModuleObject *module);
TOY_MUST_CHECK bool add_socket_constants(ToyThread *t, ToyModuleObject *module);

/* ---- socket_transfer.c, socket_message.c: methods ---- */

ToyValue socket_send(ToyThread *t, ToyValue self, const ToyValue *args), socket_sendall(ToyThread *t, ToyValue self, const ToyValue *args),
    socket_sendto(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names),
    socket_recv(ToyThread *t, ToyValue self, const ToyValue *args), socket_recvfrom(ToyThread *t, ToyValue self, const ToyValue *args),
    socket_recv_into(ToyThread *t, ToyValue self, const ToyValue *args), socket_recvfrom_into(ToyThread *t, ToyValue self, const ToyValue *args),
    socket_sendmsg(ToyThread *t, ToyValue self, const ToyValue *args), socket_sendmsg_afalg(ToyThread *t, ToyValue self, const ToyValue *args),
    socket_recvmsg(ToyThread *t, ToyValue self, const ToyValue *args), socket_recvmsg_into(ToyThread *t, ToyValue self, const ToyValue *args);

/* Functions of the module that the files contribute; a table ends with a NULL name. */
extern const ToyFunction socket_timeout_functions[], socket_control_functions[], socket_name_functions[];

#endif
