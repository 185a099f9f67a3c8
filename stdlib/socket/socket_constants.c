/* socket_constants.c - _socket: the names of families, options, flags and the like.
 *
 * What        One constant of the module for each row of socket_constants.def.
 * How         The numbers are the system's headers'. What is a bit pattern of 32 bits there is a positive number here.
 * GIL         held.
 * Read next   socket_constants.def, mod_socket.c */
#include <linux/can.h>
#include <linux/can/bcm.h>
#include <linux/can/isotp.h>
#include <linux/can/j1939.h>
#include <linux/can/raw.h>
#include <linux/if_alg.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <linux/rds.h>
#include <linux/tipc.h>
#include <linux/vm_sockets.h>
#include <net/ethernet.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <sys/ioctl.h>

#include "stdlib/socket/socket.h"

bool add_socket_constants(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant rows[] = {
#define NAME(name) {#name, name},
#define NUMBER(name, n) {#name, n},
#include "stdlib/socket/socket_constants.def"
#undef NUMBER
#undef NAME
    };
    return toy_module_add_ints(t, module, rows, sizeof rows / sizeof *rows);
}
