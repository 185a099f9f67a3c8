/* mod_socket.c - _socket: the network, as the system has it.
 *
 * What        The module: the type socket, its exceptions, and the functions that need no resolver: numbers in the order of the network,
 *             addresses as text and as bytes, pairs, closing and doubling.
 * How         The other files of this folder contribute tables of functions, which init puts into the module. What people know
 *             about sockets beyond the system's calls (makefile, create_connection, enumerations) is lib/socket.toy.
 * GIL         held; dropped around socketpair, dup and close.
 * Read next   socket.h, socket_object.c, lib/socket.toy */
#include <arpa/inet.h>
#include <fcntl.h>
#include <unistd.h>

#include "stdlib/socket/socket.h"

/* ==== the order of bytes ==================================================================================================== */

static ToyValue swap_short(ToyThread *t, ToyValue v, const char *function)
{
    int n;
    if (!toy_arg_int(t, v, &n)) return TOY_FAILED;
    if (n < 0) return toy_raise(t, TOY_OverflowError, "%s: can't convert negative Python int to C 16-bit unsigned integer", function);
    if (n > UINT16_MAX) return toy_raise(t, TOY_OverflowError, "%s: Python int too large to convert to C 16-bit unsigned integer", function);
    return toy_int(t, htons((uint16_t)n));   /* to and from are the same step */
}
static ToyValue swap_long(ToyThread *t, ToyValue v)
{
    int64_t n;
    if (!toy_is_int(v)) return toy_raise_type_error(t, "expected int, %T found", v);
    bool fits = toy_int_fits_int64(v, &n);
    if (toy_int_sign(v) < 0) return toy_raise(t, TOY_OverflowError, "can't convert negative value to unsigned int");
    if (!fits && toy_int_bit_length(v) > 64) return toy_raise(t, TOY_OverflowError, "Python int too large to convert to C unsigned long");
    if (!fits || n > UINT32_MAX) return toy_raise(t, TOY_OverflowError, "int larger than 32 bits");
    return toy_int(t, htonl((uint32_t)n));
}
static ToyValue socket_htons(ToyThread *t, ToyValue self, const ToyValue *args) { return swap_short(t, args[0], "htons"); }
static ToyValue socket_ntohs(ToyThread *t, ToyValue self, const ToyValue *args) { return swap_short(t, args[0], "ntohs"); }
static ToyValue socket_swap_long(ToyThread *t, ToyValue self, const ToyValue *args) { return swap_long(t, args[0]); }

/* ==== numbers of hosts ====================================================================================================== */

static ToyValue socket_inet_aton(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *text;
    struct in_addr number;
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "inet_aton() argument must be str, not %T", args[0]);
    if (!toy_arg_text(t, args[0], "inet_aton", "1", &text)) return TOY_FAILED;
    if (!inet_aton(text, &number)) return toy_raise(t, TOY_OSError, "illegal IP address string passed to inet_aton");
    return toy_bytes(t, &number, sizeof number);
}

/* The bytes of an address as text; [wrong] is what to raise if there are not just [size] of them. */
static ToyValue packed_text(ToyThread *t, ToyValue v, int family, size_t size, ToyException kind, const char *wrong)
{
    ToyBuffer buffer;
    char text[INET6_ADDRSTRLEN];
    if (!toy_buffer_get(t, v, &buffer, 0)) return TOY_FAILED;
    bool fits = buffer.length == size;
    if (fits) (void)inet_ntop(family, buffer.data, text, sizeof text);
    toy_buffer_release(t, &buffer);
    return fits ? toy_str(t, text) : toy_raise(t, kind, "%s", wrong);
}
static ToyValue socket_inet_ntoa(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return packed_text(t, args[0], AF_INET, sizeof(struct in_addr), TOY_OSError, "packed IP wrong length for inet_ntoa");
}
static ToyValue socket_inet_ntop(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int family;
    if (!toy_arg_int(t, args[0], &family)) return TOY_FAILED;
    if (!toy_has_buffer(t, args[1])) return toy_raise_type_error(t, "a bytes-like object is required, not '%T'", args[1]);
    if (family != AF_INET && family != AF_INET6) return toy_raise_value_error(t, "unknown address family %d", family);
    return packed_text(t, args[1], family, family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr), TOY_ValueError,
                       "invalid length of packed IP address string");
}
static ToyValue socket_inet_pton(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int family;
    const char *text;
    uint8_t number[sizeof(struct in6_addr)];
    if (!toy_arg_int(t, args[0], &family) || !toy_arg_text(t, args[1], "inet_pton", "2", &text)) return TOY_FAILED;
    int result = inet_pton(family, text, number);
    if (result < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    if (result == 0) return toy_raise(t, TOY_OSError, "illegal IP address string passed to inet_pton");
    return toy_bytes(t, number, family == AF_INET ? sizeof(struct in_addr) : sizeof(struct in6_addr));
}

/* ==== descriptors =========================================================================================================== */

static ToyValue adopted(ToyThread *t, SocketState *state, int fd, int family, int type, int protocol)
{
    ToyValue args[] = {toy_int(t, family), toy_int(t, type), toy_int(t, protocol), toy_int(t, fd)};
    ToyValue socket = toy_call(t, toy_type_value(state->socket_type), args, 4);
    if (toy_failed(socket)) close(fd);
    return socket;
}

static ToyValue socket_pair(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int family = AF_UNIX, type = SOCK_STREAM, protocol = 0, ends[2];
    if (!read_flags(t, args[0], &family) || !read_flags(t, args[1], &type) || !read_flags(t, args[2], &protocol)) return TOY_FAILED;
    toy_block_begin(t, "socketpair");
    int result = socketpair(family, type | SOCK_CLOEXEC, protocol, ends);
    toy_block_end(t);
    if (result < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    SocketState *state = toy_module_state(self);
    ToyValue first = adopted(t, state, ends[0], family, type, protocol);
    if (toy_failed(first)) {
        close(ends[1]);
        return TOY_FAILED;
    }
    return toy_tuple(t, first, adopted(t, state, ends[1], family, type, protocol));
}

static ToyValue socket_close_descriptor(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    toy_block_begin(t, "close");
    int result = close(fd);
    toy_block_end(t);
    return result < 0 && errno != ECONNRESET ? toy_raise_os_error(t, errno, TOY_UNBOUND) : TOY_NONE;
}

static ToyValue socket_dup(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    toy_block_begin(t, "dup");
    int copy = fcntl(fd, F_DUPFD_CLOEXEC, 0);
    toy_block_end(t);
    return copy < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : toy_int(t, copy);
}

/* ==== the module ============================================================================================================ */

static const ToyFunction functions[] = {
    TOY_FUNCTION("htons", socket_htons, "(x, /)", TOY_LEAF, "A 16-bit number from the machine's order of bytes to the network's."),
    TOY_FUNCTION("ntohs", socket_ntohs, "(x, /)", TOY_LEAF, "A 16-bit number from the network's order of bytes to the machine's."),
    TOY_FUNCTION("htonl", socket_swap_long, "(x, /)", TOY_LEAF, "A 32-bit number from the machine's order of bytes to the network's."),
    TOY_FUNCTION("ntohl", socket_swap_long, "(x, /)", TOY_LEAF, "A 32-bit number from the network's order of bytes to the machine's."),
    TOY_FUNCTION("inet_aton", socket_inet_aton, "(ip_addr, /)", 0, "The four bytes of an IPv4 address; short forms as '127.1' are understood."),
    TOY_FUNCTION("inet_ntoa", socket_inet_ntoa, "(packed_ip, /)", 0, "The text of an IPv4 address of four bytes."),
    TOY_FUNCTION("inet_pton", socket_inet_pton, "(af, ip, /)", 0, "The bytes of an address of that family."),
    TOY_FUNCTION("inet_ntop", socket_inet_ntop, "(af, packed_ip, /)", 0, "The text of an address of that family."),
    TOY_FUNCTION("socketpair", socket_pair, "(family=1, type=1, proto=0, /)", 0, "Two sockets that are connected with each other."),
    TOY_FUNCTION("close", socket_close_descriptor, "(fd, /)", 0, "Close the socket of this descriptor; a number that is none is an OSError."),
    TOY_FUNCTION("dup", socket_dup, "(fd, /)", 0, "Another descriptor of the same socket; programs that are started do not inherit it."),
    TOY_FUNCTIONS_END,
};

static bool add_functions(ToyThread *t, ToyModuleObject *module, const ToyFunction *rows)
{
    for (; rows->name; rows++)
        if (!toy_module_add(t, module, rows->name, toy_function_new(t, rows, toy_module_value(module)))) return false;
    return true;
}

static bool add_exceptions(ToyThread *t, ToyModuleObject *module)
{
    SocketState *state = toy_module_state(toy_module_value(module));
    ToyType *os_error = toy_exception_type(t, TOY_OSError);
    state->gai_error = toy_exception_new(t, "socket.gaierror", os_error);
    state->host_error = toy_exception_new(t, "socket.herror", os_error);
    return state->gai_error && state->host_error && toy_module_add(t, module, "gaierror", toy_retain(toy_type_value(state->gai_error))) &&
           toy_module_add(t, module, "herror", toy_retain(toy_type_value(state->host_error))) &&
           toy_module_add(t, module, "error", toy_retain(toy_type_value(os_error))) &&
           toy_module_add(t, module, "timeout", toy_retain(toy_type_value(toy_exception_type(t, TOY_TimeoutError))));
}

static bool init(ToyThread *t, ToyModuleObject *module)
{
    return add_socket_type(t, module) && add_exceptions(t, module) && add_functions(t, module, socket_timeout_functions) &&
           add_functions(t, module, socket_control_functions) && add_functions(t, module, socket_name_functions) &&
           add_socket_constants(t, module) && toy_module_add(t, module, "has_ipv6", TOY_TRUE);
}

const ToyModule toy_module_socket = {
    .name = "_socket",
    .doc = "Sockets, and names of hosts and services.",
    .functions = functions,
    .state_size = sizeof(SocketState),
    .init = init,
};
