/* socket_address.c - _socket: addresses of the Internet and of the file system, as scripts and as the system write them.
 *
 * What        address_read and address_value for AF_INET, AF_INET6 and AF_UNIX; names of hosts on the way to numbers.
 * How         An Internet address is a tuple whose first item may be a name: what looks like a number is read here, all else is
 *             asked of the resolver. A Unix address is a path; on Linux one that begins with a null byte (or is empty) lives in a
 *             name space without files, and all of its bytes count.
 * GIL         held; dropped while the resolver is at work.
 * Read next   kernel_address.c (all the other families), socket_names.c */
#include <arpa/inet.h>
#include <netdb.h>
#include <sys/un.h>

#include "stdlib/socket/socket.h"

/* ---- names of hosts ---- */

ToyValue raise_gai_error(ToyThread *t, SocketState *state, int code)
{
    if (code == EAI_SYSTEM) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    ToyValue text = toy_str(t, gai_strerror(code));
    if (toy_failed(text)) return TOY_FAILED;
    ToyValue exception = toy_call2(t, toy_type_value(state->gai_error), toy_small_int_value(code), text);
    toy_release(text);
    return toy_failed(exception) ? TOY_FAILED : toy_raise_instance(t, exception);
}

const char *host_name(ToyThread *t, ToyValue v, ToyValue *holder)
{
    *holder = TOY_UNBOUND;
    if (toy_is_str(v)) {
        *holder = toy_str_encode(t, v, "ascii", NULL);
        if (toy_failed(*holder)) {
            toy_raised_clear(t);
            *holder = toy_str_encode(t, v, "idna", NULL);
        }
        if (toy_failed(*holder)) {
            toy_raised_clear(t);
            return toy_raise_null(t, TOY_TypeError, "encoding of hostname failed");
        }
    } else if (toy_is_bytes(v)) {
        *holder = toy_retain(v);
    } else if (toy_is_bytearray(v)) {
        ToyBuffer buffer;
        if (!toy_buffer_get(t, v, &buffer, 0)) return NULL;
        *holder = toy_bytes(t, buffer.data, buffer.length);
        toy_buffer_release(t, &buffer);
        if (toy_failed(*holder)) return NULL;
    } else {
        return toy_raise_null(t, TOY_TypeError, "str, bytes or bytearray expected, not %T", v);
    }
    size_t length;
    const char *name = (const char *)toy_bytes_data(*holder, &length);
    if (strlen(name) == length) return name;
    toy_clear(holder);
    return toy_raise_null(t, TOY_TypeError, "host name must not contain null character");
}

/* The resolver's answer, of which there is exactly one for the empty name: the address that stands for all. */
static bool ask_resolver(ToyThread *t, SocketState *state, const char *name, int family, SocketAddress *address)
{
    bool is_wildcard = !*name;
    struct addrinfo hints = {.ai_family = family, .ai_socktype = is_wildcard ? SOCK_DGRAM : 0, .ai_flags = is_wildcard ? AI_PASSIVE : 0};
    struct addrinfo *found = NULL;
    toy_block_begin(t, "getaddrinfo");
    int error = getaddrinfo(is_wildcard ? NULL : name, is_wildcard ? "0" : NULL, &hints, &found);
    toy_block_end(t);
    if (error) return raise_gai_error(t, state, error), false;
    bool is_clear = !is_wildcard || !found->ai_next;
    if (is_clear) memcpy(address, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
    return is_clear || toy_raise_false(t, TOY_OSError, "wildcard resolved to multiple address");
}

bool host_find(ToyThread *t, SocketState *state, const char *name, int family, SocketAddress *address)
{
    memset(address, 0, sizeof *address);
    bool takes_v4 = family == AF_INET || family == AF_UNSPEC;
    if (strcmp(name, "<broadcast>") == 0 || strcmp(name, "255.255.255.255") == 0) {
        if (!takes_v4) return toy_raise_false(t, TOY_OSError, "address family mismatched");
        address->v4.sin_family = AF_INET;
        address->v4.sin_addr.s_addr = INADDR_BROADCAST;
        return true;
    }
    if (takes_v4 && inet_pton(AF_INET, name, &address->v4.sin_addr) > 0) {
        address->v4.sin_family = AF_INET;
        return true;
    }
    /* With a "%" it names an interface, too, whose number only the resolver looks up. */
    if (family != AF_INET && !strchr(name, '%') && inet_pton(AF_INET6, name, &address->v6.sin6_addr) > 0) {
        address->v6.sin6_family = AF_INET6;
        return true;
    }
    return ask_resolver(t, state, name, family, address);
}

ToyValue host_number_text(ToyThread *t, const SocketAddress *address)
{
    char text[INET6_ADDRSTRLEN];
    bool is_v6 = address->any.sa_family == AF_INET6;
    /* Just the number: the interface that belongs to it has a place of its own in the tuple. */
    return toy_str(t, inet_ntop(address->any.sa_family, is_v6 ? (const void *)&address->v6.sin6_addr : (const void *)&address->v4.sin_addr, text, sizeof text));
}

/* ---- parts that several families share ---- */

bool address_is_tuple(ToyThread *t, ToyValue v, const char *function, const char *family, size_t least, size_t most, const char *shape)
{
    if (!toy_is_tuple(v)) return toy_raise_false(t, TOY_TypeError, "%s(): %s address must be tuple, not %T", function, family, v);
    size_t length = toy_tuple_length(v);
    return (length >= least && length <= most) || toy_raise_false(t, TOY_TypeError, "%s address must be a %s", family, shape);
}

bool address_word(ToyThread *t, ToyValue v, uint32_t *out)
{
    ToyValue n = toy_index(t, v);
    ToyValue low = toy_failed(n) ? TOY_FAILED : toy_operate(t, TOY_AND, n, toy_small_int_value(UINT32_MAX));
    toy_release(n);
    if (toy_failed(low)) return false;
    *out = (uint32_t)toy_small_int(low);
    return true;
}

bool address_port(ToyThread *t, ToyValue v, const char *function, in_port_t *port)
{
    ToyValue n = toy_index(t, v);
    if (toy_failed(n)) return false;
    int64_t number;
    bool fits = toy_int_fits_int64(n, &number) && number >= 0 && number <= UINT16_MAX;
    toy_release(n);
    if (!fits) return toy_raise_false(t, TOY_OverflowError, "%s(): port must be 0-65535.", function);
    *port = htons((uint16_t)number);
    return true;
}

/* The first item of an Internet address. */
static bool read_host(ToyThread *t, const Socket *socket, ToyValue v, int family, SocketAddress *address)
{
    ToyValue holder;
    const char *name = host_name(t, v, &holder);
    bool done = name && host_find(t, socket_state(toy_value(socket)), name, family, address);
    toy_release(holder);
    return done;
}

/* ---- reading ---- */

static bool read_v4(ToyThread *t, const Socket *socket, ToyValue v, const char *function, SocketAddress *address, socklen_t *length)
{
    if (!address_is_tuple(t, v, function, "AF_INET", 2, 2, "pair (host, port)")) return false;
    in_port_t port;
    if (!read_host(t, socket, toy_tuple_item(v, 0), AF_INET, address) || !address_port(t, toy_tuple_item(v, 1), function, &port)) return false;
    address->v4.sin_family = AF_INET;
    address->v4.sin_port = port;
    *length = sizeof address->v4;
    return true;
}

static bool read_v6(ToyThread *t, const Socket *socket, ToyValue v, const char *function, SocketAddress *address, socklen_t *length)
{
    if (!address_is_tuple(t, v, function, "AF_INET6", 2, 4, "tuple (host, port[, flowinfo[, scopeid]])")) return false;
    size_t count = toy_tuple_length(v);
    in_port_t port;
    uint32_t flow = 0, scope = 0;
    if (!read_host(t, socket, toy_tuple_item(v, 0), AF_INET6, address) || !address_port(t, toy_tuple_item(v, 1), function, &port)) return false;
    if (count > 2 && !address_word(t, toy_tuple_item(v, 2), &flow)) return false;
    if (flow > 0xfffff) return toy_raise_false(t, TOY_OverflowError, "%s(): flowinfo must be 0-1048575.", function);
    if (count > 3 && !address_word(t, toy_tuple_item(v, 3), &scope)) return false;
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = port;
    address->v6.sin6_flowinfo = htonl(flow);
    /* The resolver may have found one in the name ("fe80::1%eth0"); the tuple's has the last word. */
    if (count > 3 || !address->v6.sin6_scope_id) address->v6.sin6_scope_id = scope;
    *length = sizeof address->v6;
    return true;
}

static bool fill_unix(ToyThread *t, const void *path, size_t size, SocketAddress *address, socklen_t *length)
{
    struct sockaddr_un *unix_address = (struct sockaddr_un *)&address->any;
    bool has_no_file = size == 0 || *(const char *)path == '\0';
    /* A path of the file system needs room for its final null byte. */
    if (size + (has_no_file ? 0 : 1) > sizeof unix_address->sun_path) return toy_raise_false(t, TOY_OSError, "AF_UNIX path too long");
    memset(address, 0, sizeof *address);
    unix_address->sun_family = AF_UNIX;
    memcpy(unix_address->sun_path, path, size);
    *length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + size);
    return true;
}

static bool read_unix(ToyThread *t, ToyValue v, SocketAddress *address, socklen_t *length)
{
    ToyValue bytes = toy_is_str(v) ? toy_str_encode(t, v, "utf-8", "surrogateescape") : toy_retain(v);
    ToyBuffer buffer;
    bool done = !toy_failed(bytes) && toy_buffer_get(t, bytes, &buffer, 0);
    if (done) {
        done = fill_unix(t, buffer.data, buffer.length, address, length);
        toy_buffer_release(t, &buffer);
    }
    toy_release(bytes);
    return done;
}

bool address_read(ToyThread *t, const Socket *socket, ToyValue v, const char *function, SocketAddress *address, socklen_t *length)
{
    switch (socket->family) {
    case AF_INET: return read_v4(t, socket, v, function, address, length);
    case AF_INET6: return read_v6(t, socket, v, function, address, length);
    case AF_UNIX: return read_unix(t, v, address, length);
    default: return kernel_address_read(t, socket, v, function, address, length);
    }
}

/* ---- writing ---- */

static ToyValue unix_value(ToyThread *t, const SocketAddress *address, socklen_t length)
{
    const struct sockaddr_un *unix_address = (const struct sockaddr_un *)&address->any;
    size_t start = offsetof(struct sockaddr_un, sun_path), size = length > start ? length - start : 0;
    if (size && !unix_address->sun_path[0]) return toy_bytes(t, unix_address->sun_path, size);
    return toy_str_from_os(t, unix_address->sun_path, strnlen(unix_address->sun_path, size));
}

ToyValue address_value(ToyThread *t, int fd, int64_t protocol, const SocketAddress *address, socklen_t length)
{
    if (length == 0) return TOY_NONE;
    switch (address->any.sa_family) {
    case AF_INET: return toy_tuple(t, host_number_text(t, address), toy_int(t, ntohs(address->v4.sin_port)));
    case AF_INET6:
        return toy_tuple(t, host_number_text(t, address), toy_int(t, ntohs(address->v6.sin6_port)),
                         toy_int(t, ntohl(address->v6.sin6_flowinfo)), toy_int(t, address->v6.sin6_scope_id));
    case AF_UNIX: return unix_value(t, address, length);
    default: return kernel_address_value(t, fd, protocol, address, length);
    }
}
