/* kernel_address.c - _socket: addresses of the families in which Linux talks with itself and with what is plugged in.
 *
 * What        AF_NETLINK, AF_PACKET, AF_CAN, AF_TIPC, AF_ALG, AF_VSOCK and AF_QIPCRTR, in both directions.
 * How         Each has a function that reads a tuple of a script into its struct, and one that makes the tuple again. An
 *             interface goes by its name in a script and by its number in the system; the socket itself is asked for either.
 * GIL         held: nothing here waits.
 * Read next   socket_address.c */
#include <linux/can.h>
#include <linux/if_alg.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/qrtr.h>
#include <linux/tipc.h>
#include <linux/vm_sockets.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include "stdlib/socket/socket.h"

/* The struct of a family, in the room that all share. */
#define AS(type, address) ((struct type *)&(address)->room)
#define AS_CONST(type, address) ((const struct type *)&(address)->room)

/* ---- interfaces ---- */

static bool read_interface(ToyThread *t, const Socket *socket, ToyValue v, const char *shape_error, int *number)
{
    if (!toy_is_str(v)) return toy_raise_false(t, TOY_TypeError, "%s", shape_error);
    const char *name = toy_str_os(t, v);
    if (!name) return false;
    *number = 0;
    if (!*name) return true;
    struct ifreq request = {0};
    if (strlen(name) >= sizeof request.ifr_name) return toy_raise_false(t, TOY_OSError, "interface name too long");
    strcpy(request.ifr_name, name);
    if (ioctl(socket->fd, SIOCGIFINDEX, &request) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND), false;
    *number = request.ifr_ifindex;
    return true;
}

static ToyValue interface_value(ToyThread *t, int fd, int number)
{
    struct ifreq request = {.ifr_ifindex = number};
    if (!number || ioctl(fd, SIOCGIFNAME, &request) < 0) return toy_str(t, "");
    return toy_str_from_os(t, request.ifr_name, strnlen(request.ifr_name, sizeof request.ifr_name));
}

/* Whole 32 bits each, from the tuple's items [first] on; what the tuple does not have stays as it is. */
static bool read_words(ToyThread *t, ToyValue tuple, size_t first, uint32_t *const *words, size_t count)
{
    for (size_t i = 0; i < count && first + i < toy_tuple_length(tuple); i++)
        if (!address_word(t, toy_tuple_item(tuple, first + i), words[i])) return false;
    return true;
}

/* ---- AF_NETLINK: (pid, groups) ---- */

static bool read_netlink(ToyThread *t, ToyValue v, const char *function, SocketAddress *address, socklen_t *length)
{
    struct sockaddr_nl *netlink = AS(sockaddr_nl, address);
    netlink->nl_family = AF_NETLINK;
    *length = sizeof *netlink;
    return address_is_tuple(t, v, function, "AF_NETLINK", 2, 2, "pair (pid, groups)") &&
           read_words(t, v, 0, (uint32_t *const[]){&netlink->nl_pid, &netlink->nl_groups}, 2);
}

/* ---- AF_PACKET: (interface, protocol[, packet type[, hardware type[, address]]]) ---- */

static bool read_hardware_address(ToyThread *t, ToyValue v, struct sockaddr_ll *packet)
{
    ToyBuffer buffer;
    if (!toy_buffer_get(t, v, &buffer, 0)) return false;
    bool fits = buffer.length <= sizeof packet->sll_addr;
    if (fits) {
        memcpy(packet->sll_addr, buffer.data, buffer.length);
        packet->sll_halen = (uint8_t)buffer.length;
    }
    toy_buffer_release(t, &buffer);
    return fits || toy_raise_false(t, TOY_ValueError, "Hardware address must be 8 bytes or less");
}

static bool read_packet(ToyThread *t, const Socket *socket, ToyValue v, const char *function, SocketAddress *address, socklen_t *length)
{
    static const char shape[] = "AF_PACKET address must be a tuple of two to five elements";
    if (!address_is_tuple(t, v, function, "AF_PACKET", 2, 5, "tuple of two to five elements")) return false;
    struct sockaddr_ll *packet = AS(sockaddr_ll, address);
    size_t count = toy_tuple_length(v);
    int interface, protocol, packet_type = 0, hardware_type = 0;
    if (!toy_is_str(toy_tuple_item(v, 0))) return toy_raise_false(t, TOY_TypeError, "%s", shape);
    if (!toy_arg_int(t, toy_tuple_item(v, 1), &protocol) || (count > 2 && !toy_arg_int(t, toy_tuple_item(v, 2), &packet_type)) ||
        (count > 3 && !toy_arg_int(t, toy_tuple_item(v, 3), &hardware_type)) ||
        (count > 4 && !read_hardware_address(t, toy_tuple_item(v, 4), packet)) ||
        !read_interface(t, socket, toy_tuple_item(v, 0), shape, &interface)) return false;
    if (protocol < 0 || protocol > UINT16_MAX) return toy_raise_false(t, TOY_OverflowError, "%s(): proto must be 0-65535.", function);
    packet->sll_family = AF_PACKET;
    packet->sll_protocol = htons((uint16_t)protocol);
    packet->sll_ifindex = interface;
    packet->sll_pkttype = (uint8_t)packet_type;
    packet->sll_hatype = (uint16_t)hardware_type;
    *length = sizeof *packet;
    return true;
}

static ToyValue packet_value(ToyThread *t, int fd, const struct sockaddr_ll *packet)
{
    size_t length = packet->sll_halen <= sizeof packet->sll_addr ? packet->sll_halen : sizeof packet->sll_addr;
    return toy_tuple(t, interface_value(t, fd, packet->sll_ifindex), toy_int(t, ntohs(packet->sll_protocol)), toy_int(t, packet->sll_pkttype),
                     toy_int(t, packet->sll_hatype), toy_bytes(t, packet->sll_addr, length));
}

/* ---- AF_CAN: what follows the interface depends on the protocol ---- */

static bool read_can_j1939(ToyThread *t, ToyValue v, struct sockaddr_can *can)
{
    uint64_t name;
    uint32_t group, number;
    if (!toy_arg_uint64(t, toy_tuple_item(v, 1), &name) || !read_words(t, v, 2, (uint32_t *const[]){&group, &number}, 2)) return false;
    can->can_addr.j1939.name = name;
    can->can_addr.j1939.pgn = group;
    can->can_addr.j1939.addr = (uint8_t)number;
    return true;
}

static bool read_can(ToyThread *t, const Socket *socket, ToyValue v, const char *function, SocketAddress *address, socklen_t *length)
{
    struct sockaddr_can *can = AS(sockaddr_can, address);
    can->can_family = AF_CAN;
    *length = sizeof *can;
    bool is_right;
    switch (socket->protocol) {
    case CAN_RAW:
    case CAN_BCM: is_right = address_is_tuple(t, v, function, "AF_CAN", 1, 1, "tuple (interface, )"); break;
    case CAN_ISOTP:
        is_right = address_is_tuple(t, v, function, "AF_CAN", 3, 3, "tuple (interface, rx_addr, tx_addr)") &&
                   read_words(t, v, 1, (uint32_t *const[]){&can->can_addr.tp.rx_id, &can->can_addr.tp.tx_id}, 2);
        break;
    case CAN_J1939:
        is_right = address_is_tuple(t, v, function, "AF_CAN", 4, 4, "tuple (interface, name, pgn, addr)") && read_can_j1939(t, v, can);
        break;
    default: return toy_raise_false(t, TOY_OSError, "%s(): unsupported CAN protocol", function);
    }
    return is_right && read_interface(t, socket, toy_tuple_item(v, 0), "AF_CAN address must be a tuple (interface, )", &can->can_ifindex);
}

static ToyValue can_value(ToyThread *t, int fd, int64_t protocol, const struct sockaddr_can *can)
{
    ToyValue interface = interface_value(t, fd, can->can_ifindex);
    switch (protocol) {
    case CAN_ISOTP: return toy_tuple(t, interface, toy_int(t, can->can_addr.tp.rx_id), toy_int(t, can->can_addr.tp.tx_id));
    case CAN_J1939:
        return toy_tuple(t, interface, toy_int_from_uint64(t, can->can_addr.j1939.name), toy_int(t, can->can_addr.j1939.pgn),
                         toy_int(t, can->can_addr.j1939.addr));
    default: return toy_tuple(t, interface);
    }
}

/* ---- AF_TIPC: (kind of address, three numbers[, scope]) ---- */

static bool read_tipc(ToyThread *t, ToyValue v, const char *function, SocketAddress *address, socklen_t *length)
{
    static const char shape[] = "tuple (addr_type, v1, v2, v3[, scope])";
    struct sockaddr_tipc *tipc = AS(sockaddr_tipc, address);
    uint32_t kind, first, second, third, scope = TIPC_CLUSTER_SCOPE;
    if (!address_is_tuple(t, v, function, "AF_TIPC", 4, 5, shape) ||
        !read_words(t, v, 0, (uint32_t *const[]){&kind, &first, &second, &third, &scope}, 5)) return false;
    tipc->family = AF_TIPC;
    tipc->addrtype = (uint8_t)kind;
    tipc->scope = (int8_t)scope;
    *length = sizeof *tipc;
    switch (kind) {
    case TIPC_ADDR_NAMESEQ: tipc->addr.nameseq = (struct tipc_service_range){.type = first, .lower = second, .upper = third}; return true;
    case TIPC_ADDR_NAME: tipc->addr.name.name = (struct tipc_service_addr){.type = first, .instance = second}; return true;
    case TIPC_ADDR_ID: tipc->addr.id = (struct tipc_socket_addr){.node = first, .ref = second}; return true;
    default: return toy_raise_false(t, TOY_TypeError, "Invalid address type");
    }
}

static ToyValue tipc_value(ToyThread *t, const struct sockaddr_tipc *tipc)
{
    uint32_t words[3] = {0};
    switch (tipc->addrtype) {
    case TIPC_ADDR_NAMESEQ: words[0] = tipc->addr.nameseq.type, words[1] = tipc->addr.nameseq.lower, words[2] = tipc->addr.nameseq.upper; break;
    case TIPC_ADDR_NAME: words[0] = tipc->addr.name.name.type, words[1] = tipc->addr.name.name.instance, words[2] = tipc->addr.name.name.instance; break;
    case TIPC_ADDR_ID: words[0] = tipc->addr.id.node, words[1] = tipc->addr.id.ref; break;
    default: return toy_raise_value_error(t, "Invalid address type");
    }
    return toy_tuple(t, toy_int(t, tipc->addrtype), toy_int(t, words[0]), toy_int(t, words[1]), toy_int(t, words[2]), toy_int(t, tipc->scope));
}

/* ---- AF_ALG: (type, name[, feature[, mask]]) ---- */

/* A text into a field of that size; with its null byte. */
static bool read_field(ToyThread *t, ToyValue v, const char *what, void *field, size_t size)
{
    const char *text;
    if (!toy_arg_text(t, v, "getsockaddrarg", what, &text)) return false;
    if (strlen(text) >= size) return toy_raise_false(t, TOY_ValueError, "AF_ALG %s too long.", what);
    memcpy(field, text, strlen(text) + 1);
    return true;
}

static bool read_algorithm(ToyThread *t, ToyValue v, const char *function, SocketAddress *address, socklen_t *length)
{
    struct sockaddr_alg *algorithm = AS(sockaddr_alg, address);
    algorithm->salg_family = AF_ALG;
    *length = sizeof *algorithm;
    return address_is_tuple(t, v, function, "AF_ALG", 2, 4, "tuple (type, name[, feat[, mask]])") &&
           read_field(t, toy_tuple_item(v, 0), "type", algorithm->salg_type, sizeof algorithm->salg_type) &&
           read_field(t, toy_tuple_item(v, 1), "name", algorithm->salg_name, sizeof algorithm->salg_name) &&
           read_words(t, v, 2, (uint32_t *const[]){&algorithm->salg_feat, &algorithm->salg_mask}, 2);
}

static ToyValue algorithm_value(ToyThread *t, const struct sockaddr_alg *algorithm)
{
    const char *type = (const char *)algorithm->salg_type, *name = (const char *)algorithm->salg_name;
    return toy_tuple(t, toy_str_from_os(t, type, strnlen(type, sizeof algorithm->salg_type)), toy_str_from_os(t, name, strnlen(name, sizeof algorithm->salg_name)),
                     toy_int(t, algorithm->salg_feat), toy_int(t, algorithm->salg_mask));
}

/* ---- AF_VSOCK: (machine, port); AF_QIPCRTR: (node, port) ---- */

static bool read_machine(ToyThread *t, ToyValue v, SocketAddress *address, socklen_t *length)
{
    struct sockaddr_vm *machine = AS(sockaddr_vm, address);
    if (!toy_is_tuple(v)) return toy_raise_false(t, TOY_TypeError, "getsockaddrarg: AF_VSOCK address must be tuple, not %T", v);
    if (toy_tuple_length(v) != 2) return toy_raise_false(t, TOY_TypeError, "getsockaddrarg() takes exactly 2 arguments (%zu given)", toy_tuple_length(v));
    machine->svm_family = AF_VSOCK;
    *length = sizeof *machine;
    return read_words(t, v, 0, (uint32_t *const[]){&machine->svm_cid, &machine->svm_port}, 2);
}

static bool read_router(ToyThread *t, ToyValue v, const char *function, SocketAddress *address, socklen_t *length)
{
    struct sockaddr_qrtr *router = AS(sockaddr_qrtr, address);
    router->sq_family = AF_QIPCRTR;
    *length = sizeof *router;
    return address_is_tuple(t, v, function, "AF_QIPCRTR", 2, 2, "pair (node, port)") &&
           read_words(t, v, 0, (uint32_t *const[]){&router->sq_node, &router->sq_port}, 2);
}

/* ---- the families together ---- */

bool kernel_address_read(ToyThread *t, const Socket *socket, ToyValue v, const char *function, SocketAddress *address, socklen_t *length)
{
    memset(address, 0, sizeof *address);
    switch (socket->family) {
    case AF_NETLINK: return read_netlink(t, v, function, address, length);
    case AF_PACKET: return read_packet(t, socket, v, function, address, length);
    case AF_CAN: return read_can(t, socket, v, function, address, length);
    case AF_TIPC: return read_tipc(t, v, function, address, length);
    case AF_ALG: return read_algorithm(t, v, function, address, length);
    case AF_VSOCK: return read_machine(t, v, address, length);
    case AF_QIPCRTR: return read_router(t, v, function, address, length);
    default: return toy_raise_false(t, TOY_OSError, "%s(): bad family", function);
    }
}

/* A family that nobody here knows: its number, and the bytes. */
static ToyValue unknown_value(ToyThread *t, const SocketAddress *address)
{
    return toy_tuple(t, toy_int(t, address->any.sa_family), toy_bytes(t, address->any.sa_data, sizeof address->any.sa_data));
}

ToyValue kernel_address_value(ToyThread *t, int fd, int64_t protocol, const SocketAddress *address, socklen_t length)
{
    switch (address->any.sa_family) {
    case AF_NETLINK: return toy_tuple(t, toy_int(t, AS_CONST(sockaddr_nl, address)->nl_pid), toy_int(t, AS_CONST(sockaddr_nl, address)->nl_groups));
    case AF_PACKET: return packet_value(t, fd, AS_CONST(sockaddr_ll, address));
    case AF_CAN: return can_value(t, fd, protocol, AS_CONST(sockaddr_can, address));
    case AF_TIPC: return tipc_value(t, AS_CONST(sockaddr_tipc, address));
    case AF_ALG: return algorithm_value(t, AS_CONST(sockaddr_alg, address));
    case AF_VSOCK: return toy_tuple(t, toy_int(t, AS_CONST(sockaddr_vm, address)->svm_cid), toy_int(t, AS_CONST(sockaddr_vm, address)->svm_port));
    case AF_QIPCRTR: return toy_tuple(t, toy_int(t, AS_CONST(sockaddr_qrtr, address)->sq_node), toy_int(t, AS_CONST(sockaddr_qrtr, address)->sq_port));
    default: return unknown_value(t, address);
    }
}
