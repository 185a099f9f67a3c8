/* socket_names.c - _socket: what the resolver and the system's tables know.
 *
 * What        getaddrinfo, getnameinfo; gethostbyname and its kin; services, protocols, the machine's own name; interfaces.
 * How         Each is one function of the C library and its answer as lists and tuples. Of those that share their result between
 *             all threads the reentrant form is used, with a buffer that grows as long as the library asks for more.
 * GIL         dropped while the resolver is at work; held for the tables of interfaces, which are the kernel's.
 * Read next   socket_address.c */
#include <arpa/inet.h>
#include <net/if.h>
#include <netdb.h>
#include <unistd.h>

#include "stdlib/socket/socket.h"

static SocketState *names_state(ToyValue module) { return toy_module_state(module); }

/* ==== getaddrinfo and back ================================================================================================== */

static ToyValue address_info(ToyThread *t, const struct addrinfo *found)
{
    SocketAddress address;
    memset(&address, 0, sizeof address);
    memcpy(&address, found->ai_addr, found->ai_addrlen);
    return toy_tuple(t, toy_int(t, found->ai_family), toy_int(t, found->ai_socktype), toy_int(t, found->ai_protocol),
                     toy_str(t, found->ai_canonname ? found->ai_canonname : ""), address_value(t, -1, found->ai_protocol, &address, found->ai_addrlen));
}

/* A service: an int, a str, bytes or None. *holder is owned. False: raised. */
static bool service_text(ToyThread *t, ToyValue v, ToyValue *holder, const char **text)
{
    *holder = TOY_UNBOUND;
    *text = NULL;
    if (toy_is_none(v)) return true;
    if (toy_is_bytes(v)) {
        size_t length;
        *holder = toy_retain(v);
        *text = (const char *)toy_bytes_data(v, &length);
        return true;
    }
    if (!toy_is_int(v) && !toy_is_str(v)) return toy_raise_false(t, TOY_OSError, "Int or String expected");
    *holder = toy_to_str(t, v);
    *text = toy_failed(*holder) ? NULL : toy_str_utf8(t, *holder, NULL);
    return *text != NULL;
}

static ToyValue info_list(ToyThread *t, const struct addrinfo *found)
{
    ToyValue list = toy_list(t);
    for (; !toy_failed(list) && found; found = found->ai_next)
        if (!toy_list_append_take(t, list, address_info(t, found))) toy_clear(&list);
    return list;
}

static ToyValue names_getaddrinfo(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int family = AF_UNSPEC, type = 0, protocol = 0, flags = 0;
    ToyValue host_holder = TOY_UNBOUND, service_holder = TOY_UNBOUND, result = TOY_FAILED;
    const char *host = NULL, *service;
    if (!read_flags(t, args[2], &family) || !read_flags(t, args[3], &type) || !read_flags(t, args[4], &protocol) || !read_flags(t, args[5], &flags))
        return TOY_FAILED;
    if (toy_is_str(args[0])) host_holder = toy_str_encode(t, args[0], "idna", NULL);
    else if (toy_is_bytes(args[0])) host_holder = toy_retain(args[0]);
    else if (!toy_is_none(args[0])) return toy_raise_type_error(t, "getaddrinfo() argument 1 must be string or None");
    if (!toy_is_none(args[0])) {
        if (toy_failed(host_holder)) return TOY_FAILED;
        size_t length;
        host = (const char *)toy_bytes_data(host_holder, &length);
    }
    if (service_text(t, args[1], &service_holder, &service)) {
        struct addrinfo hints = {.ai_family = family, .ai_socktype = type, .ai_protocol = protocol, .ai_flags = flags}, *found = NULL;
        toy_block_begin(t, "getaddrinfo");
        int error = getaddrinfo(host, service, &hints, &found);
        toy_block_end(t);
        result = error ? raise_gai_error(t, names_state(self), error) : info_list(t, found);
        if (!error) freeaddrinfo(found);
    }
    toy_release(service_holder);
    toy_release(host_holder);
    return result;
}

/* (host, port[, flowinfo[, scope]]) of numbers, as getnameinfo wants it. */
static bool read_numeric_address(ToyThread *t, SocketState *state, ToyValue v, SocketAddress *address, socklen_t *length)
{
    if (!toy_is_tuple(v)) return toy_raise_false(t, TOY_TypeError, "getnameinfo() argument 1 must be a tuple");
    size_t count = toy_tuple_length(v);
    int port;
    uint32_t flow = 0, scope = 0;
    const char *host;
    if (count < 2 || count > 4 || !toy_is_str(toy_tuple_item(v, 0))) return toy_raise_false(t, TOY_TypeError, "getnameinfo(): illegal sockaddr argument");
    if (!toy_arg_text(t, toy_tuple_item(v, 0), "getnameinfo", "1", &host) || !toy_arg_int(t, toy_tuple_item(v, 1), &port) ||
        (count > 2 && !address_word(t, toy_tuple_item(v, 2), &flow)) || (count > 3 && !address_word(t, toy_tuple_item(v, 3), &scope))) return false;
    if (flow > 0xfffff) return toy_raise_false(t, TOY_OverflowError, "getnameinfo(): flowinfo must be 0-1048575.");
    /* The resolver is told that there is only a number to read: it must not go and ask anybody. */
    struct addrinfo hints = {.ai_socktype = SOCK_DGRAM, .ai_flags = AI_NUMERICHOST}, *found = NULL;
    toy_block_begin(t, "getaddrinfo");
    int error = getaddrinfo(host, "0", &hints, &found);
    toy_block_end(t);
    if (error) return raise_gai_error(t, state, error), false;
    bool is_single = !found->ai_next;
    memcpy(address, found->ai_addr, found->ai_addrlen);
    *length = found->ai_addrlen;
    freeaddrinfo(found);
    if (!is_single) return toy_raise_false(t, TOY_OSError, "sockaddr resolved to multiple addresses");
    if (address->any.sa_family == AF_INET) {
        if (count != 2) return toy_raise_false(t, TOY_OSError, "IPv4 sockaddr must be 2 tuple");
        address->v4.sin_port = htons((uint16_t)port);
    } else {
        address->v6.sin6_port = htons((uint16_t)port);
        address->v6.sin6_flowinfo = htonl(flow);
        if (count > 3) address->v6.sin6_scope_id = scope;
    }
    return true;
}

static ToyValue names_getnameinfo(ToyThread *t, ToyValue self, const ToyValue *args)
{
    SocketAddress address;
    socklen_t length;
    int flags;
    char host[NI_MAXHOST], service[NI_MAXSERV];
    if (!read_flags(t, args[1], &flags) || !read_numeric_address(t, names_state(self), args[0], &address, &length)) return TOY_FAILED;
    toy_block_begin(t, "getnameinfo");
    int error = getnameinfo(&address.any, length, host, sizeof host, service, sizeof service, flags);
    toy_block_end(t);
    if (error) return raise_gai_error(t, names_state(self), error);
    return toy_tuple(t, toy_str_from_os(t, host, strlen(host)), toy_str_from_os(t, service, strlen(service)));
}

/* ==== hosts ================================================================================================================= */

static ToyValue raise_host_error(ToyThread *t, SocketState *state, int code)
{
    ToyValue text = toy_str(t, hstrerror(code));
    if (toy_failed(text)) return TOY_FAILED;
    ToyValue exception = toy_call2(t, toy_type_value(state->host_error), toy_small_int_value(code), text);
    toy_release(text);
    return toy_failed(exception) ? TOY_FAILED : toy_raise_instance(t, exception);
}

/* "gethostby...() argument 1 must be ..." around host_name. */
static const char *host_argument(ToyThread *t, ToyValue v, const char *function, ToyValue *holder)
{
    *holder = TOY_UNBOUND;
    if (!toy_is_str(v) && !toy_is_bytes(v) && !toy_is_bytearray(v))
        return toy_raise_null(t, TOY_TypeError, "%s() argument 1 must be str, bytes or bytearray, not %N", function, v);
    ToyValue bytes = toy_is_str(v) ? toy_str_encode(t, v, "idna", NULL) : toy_retain(v);
    if (toy_failed(bytes)) return NULL;
    const char *name = host_name(t, bytes, holder);
    toy_release(bytes);
    if (name || !toy_raised_is(t, TOY_TypeError)) return name;
    toy_raised_clear(t);
    return toy_raise_null(t, TOY_TypeError, "%s() argument 1 must be encoded string without null bytes, not %T", function, v);
}

static ToyValue names_gethostbyname(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue holder;
    SocketAddress address;
    const char *name = host_argument(t, args[0], "gethostbyname", &holder);
    bool done = name && host_find(t, names_state(self), name, AF_INET, &address);
    toy_release(holder);
    return done ? host_number_text(t, &address) : TOY_FAILED;
}

static ToyValue text_list(ToyThread *t, char **texts)
{
    ToyValue list = toy_list(t);
    for (size_t i = 0; !toy_failed(list) && texts && texts[i]; i++)
        if (!toy_list_append_take(t, list, toy_str_from_os(t, texts[i], strlen(texts[i])))) toy_clear(&list);
    return list;
}

static ToyValue number_list(ToyThread *t, const struct hostent *host)
{
    char text[INET6_ADDRSTRLEN];
    ToyValue list = toy_list(t);
    for (size_t i = 0; !toy_failed(list) && host->h_addr_list[i]; i++)
        if (!toy_list_append_take(t, list, toy_str(t, inet_ntop(host->h_addrtype, host->h_addr_list[i], text, sizeof text)))) toy_clear(&list);
    return list;
}

/* (name, other names, numbers), of a name of that family (by_number false), or of a number. */
static ToyValue host_entry(ToyThread *t, SocketState *state, const char *name, const SocketAddress *address, bool by_number)
{
    bool is_v6 = address->any.sa_family == AF_INET6;
    const void *number = is_v6 ? (const void *)&address->v6.sin6_addr : (const void *)&address->v4.sin_addr;
    struct hostent room, *host = NULL;
    int error, code = 0;
    ToyValue result = TOY_FAILED;
    for (size_t size = 4096;; size *= 2) {
        char *buffer = toy_alloc(t, size);
        if (!buffer) return TOY_FAILED;
        toy_block_begin(t, "gethostbyname");
        error = by_number ? gethostbyaddr_r(number, is_v6 ? 16 : 4, address->any.sa_family, &room, buffer, size, &host, &code)
                          : gethostbyname_r(name, &room, buffer, size, &host, &code);
        toy_block_end(t);
        if (error != ERANGE) {
            if (host) result = toy_tuple(t, toy_str_from_os(t, host->h_name, strlen(host->h_name)), text_list(t, host->h_aliases), number_list(t, host));
            else result = raise_host_error(t, state, code);
            toy_free(t, buffer, size);
            return result;
        }
        toy_free(t, buffer, size);
    }
}

static ToyValue host_entry_of(ToyThread *t, ToyValue module, ToyValue v, const char *function, int family, bool by_number)
{
    ToyValue holder;
    SocketAddress address;
    const char *name = host_argument(t, v, function, &holder);
    ToyValue entry = TOY_FAILED;
    if (name && host_find(t, names_state(module), name, family, &address)) entry = host_entry(t, names_state(module), name, &address, by_number);
    toy_release(holder);
    return entry;
}
static ToyValue names_gethostbyname_ex(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return host_entry_of(t, self, args[0], "gethostbyname_ex", AF_INET, false);
}
static ToyValue names_gethostbyaddr(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return host_entry_of(t, self, args[0], "gethostbyaddr", AF_UNSPEC, true);
}

enum { HOST_NAME_ROOM = 1024 };
static ToyValue names_gethostname(ToyThread *t, ToyValue self, const ToyValue *args)
{
    char name[HOST_NAME_ROOM];
    toy_block_begin(t, "gethostname");
    int result = gethostname(name, sizeof name - 1);
    toy_block_end(t);
    if (result < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    name[sizeof name - 1] = '\0';
    return toy_str_from_os(t, name, strlen(name));
}
static ToyValue names_sethostname(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue holder;
    const char *name = toy_path(t, args[0], NULL, &holder);
    if (!name) return TOY_FAILED;
    int result = sethostname(name, strlen(name)), error = errno;
    toy_release(holder);
    return result < 0 ? toy_raise_os_error(t, error, TOY_UNBOUND) : TOY_NONE;
}

/* ==== services and protocols ================================================================================================ */

/* The library's tables are read into room of our own; entries are short, a line of a file. */
enum { TABLE_ROOM = 8192 };

static ToyValue names_getservbyname(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *name, *protocol = NULL;
    if (!toy_arg_text(t, args[0], "getservbyname", "1", &name) || !toy_arg_text(t, args[1], "getservbyname", "2", &protocol)) return TOY_FAILED;
    struct servent room, *entry = NULL;
    char buffer[TABLE_ROOM];
    toy_block_begin(t, "getservbyname");
    (void)getservbyname_r(name, protocol, &room, buffer, sizeof buffer, &entry);
    toy_block_end(t);
    return entry ? toy_int(t, ntohs((uint16_t)entry->s_port)) : toy_raise(t, TOY_OSError, "service/proto not found");
}
static ToyValue names_getservbyport(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t port;
    const char *protocol = NULL;
    if (!toy_arg_int64(t, args[0], &port) || !toy_arg_text(t, args[1], "getservbyport", "2", &protocol)) return TOY_FAILED;
    if (port < 0 || port > UINT16_MAX) return toy_raise(t, TOY_OverflowError, "getservbyport: port must be 0-65535.");
    struct servent room, *entry = NULL;
    char buffer[TABLE_ROOM];
    toy_block_begin(t, "getservbyport");
    (void)getservbyport_r(htons((uint16_t)port), protocol, &room, buffer, sizeof buffer, &entry);
    toy_block_end(t);
    return entry ? toy_str_from_os(t, entry->s_name, strlen(entry->s_name)) : toy_raise(t, TOY_OSError, "port/proto not found");
}
static ToyValue names_getprotobyname(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *name;
    if (!toy_arg_text(t, args[0], "getprotobyname", "1", &name)) return TOY_FAILED;
    struct protoent room, *entry = NULL;
    char buffer[TABLE_ROOM];
    toy_block_begin(t, "getprotobyname");
    (void)getprotobyname_r(name, &room, buffer, sizeof buffer, &entry);
    toy_block_end(t);
    return entry ? toy_int(t, entry->p_proto) : toy_raise(t, TOY_OSError, "protocol not found");
}

/* ==== interfaces ============================================================================================================ */

static ToyValue names_if_nameindex(ToyThread *t, ToyValue self, const ToyValue *args)
{
    struct if_nameindex *rows = if_nameindex();
    if (!rows) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    ToyValue list = toy_list(t);
    for (size_t i = 0; !toy_failed(list) && rows[i].if_index; i++) {
        ToyValue name = toy_str_from_os(t, rows[i].if_name, strlen(rows[i].if_name));
        if (!toy_list_append_take(t, list, toy_tuple(t, toy_int(t, rows[i].if_index), name))) toy_clear(&list);
    }
    if_freenameindex(rows);
    return list;
}
static ToyValue names_if_nametoindex(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue holder;
    const char *name = toy_path(t, args[0], NULL, &holder);
    if (!name) return TOY_FAILED;
    unsigned number = if_nametoindex(name);
    toy_release(holder);
    return number ? toy_int(t, number) : toy_raise(t, TOY_OSError, "no interface with this name");
}
static ToyValue names_if_indextoname(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t number;
    char name[IF_NAMESIZE];
    if (!toy_is_int(args[0])) return toy_raise_type_error(t, "an integer is required");
    bool fits = toy_int_fits_int64(args[0], &number);
    if (toy_int_sign(args[0]) < 0) return toy_raise(t, TOY_OverflowError, "can't convert negative value to unsigned int");
    if (!fits || number > UINT32_MAX) return toy_raise(t, TOY_OverflowError, "index is too large");
    if (!if_indextoname((unsigned)number, name)) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return toy_str_from_os(t, name, strlen(name));
}

const ToyFunction socket_name_functions[] = {
    TOY_FUNCTION("getaddrinfo", names_getaddrinfo, "(host, port, family=0, type=0, proto=0, flags=0)", 0,
                 "All the ways to reach a service of a host: a list of (family, type, protocol, canonical name, address)."),
    TOY_FUNCTION("getnameinfo", names_getnameinfo, "(sockaddr, flags, /)", 0, "The pair (host, service) of a numeric address."),
    TOY_FUNCTION("gethostbyname", names_gethostbyname, "(host, /)", 0, "The IPv4 number of a host, as text."),
    TOY_FUNCTION("gethostbyname_ex", names_gethostbyname_ex, "(host, /)", 0, "A host's (name, other names, numbers), found by a name."),
    TOY_FUNCTION("gethostbyaddr", names_gethostbyaddr, "(host, /)", 0, "A host's (name, other names, numbers), found by a number."),
    TOY_FUNCTION("gethostname", names_gethostname, "()", 0, "The name of this machine."),
    TOY_FUNCTION("sethostname", names_sethostname, "(name, /)", 0, "Give this machine another name."),
    TOY_FUNCTION("getservbyname", names_getservbyname, "(servicename, protocolname=None, /)", 0, "The port of a service."),
    TOY_FUNCTION("getservbyport", names_getservbyport, "(port, protocolname=None, /)", 0, "The service of a port."),
    TOY_FUNCTION("getprotobyname", names_getprotobyname, "(name, /)", 0, "The number of a protocol."),
    TOY_FUNCTION("if_nameindex", names_if_nameindex, "()", 0, "All network interfaces: a list of (number, name)."),
    TOY_FUNCTION("if_nametoindex", names_if_nametoindex, "(oname, /)", 0, "The number of a network interface."),
    TOY_FUNCTION("if_indextoname", names_if_indextoname, "(if_index, /)", 0, "The name of a network interface."),
    TOY_FUNCTIONS_END,
};
