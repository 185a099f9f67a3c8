/* mod_packets.c - _packets: numbered messages that several processes may take from, and put into, one socket.
 *
 * What        pair(), send, receive, receive_all, finish: what a Pool of processes works with.
 * How         A socket of packets (SOCK_SEQPACKET): the system hands each out whole, to one of those that wait. So neither those who
 *             take nor those who put need a lock, and one that is killed while it waits takes nothing with it. What is too long for a
 *             packet goes along as a descriptor, of a file in memory that has no name:
 *
 *                 packet   | job | place | length | first INLINE_MAX bytes |  + descriptor: the bytes behind these
 *
 * Invariants  I1 a packet is sent whole or not at all.
 *             I2 the room of a socket is small and a long message fills a packet: few long ones are under way at a time, whoever
 *                sends more waits until they have been taken.
 * GIL         held where nothing is waited for; dropped while a send waits for room, a receive for a packet, and around the file.
 * Read next   stdlib/lib/multiprocessing/crew.toy */
#include <errno.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "vm/toy.h"

typedef struct Header {
    int64_t job, place;
    uint64_t length;      /* of the whole message */
} Header;

enum { PACKET_MAX = 16 * 1024, INLINE_MAX = PACKET_MAX - (int)sizeof(Header), ROOM = 32 * 1024, PACKETS_AT_ONCE = 256 };

static ToyValue pair(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int ends[2], room = ROOM;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    for (int i = 0; i < 2; i++) setsockopt(ends[i], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);   /* I2 */
    return toy_tuple(t, toy_int(t, ends[0]), toy_int(t, ends[1]));
}

/* ==== sending =============================================================================================================== */

/* A file in memory that holds the bytes, or -1 with what went wrong raised. */
static int file_of(ToyThread *t, const uint8_t *data, size_t length)
{
    int fd = memfd_create("packet", MFD_CLOEXEC), error = fd < 0 ? errno : 0;
    toy_block_begin(t, "write");
    while (!error && length) {
        ssize_t n = write(fd, data, length);
        if (n < 0 && errno != EINTR) error = errno;
        if (n > 0) {
            data += n;
            length -= (size_t)n;
        }
    }
    toy_block_end(t);
    if (!error) return fd;
    if (fd >= 0) close(fd);
    return toy_raise_os_error(t, error, TOY_UNBOUND), -1;
}

/* A descriptor beside the bytes of a message, as sendmsg and recvmsg want it. */
typedef union Companion {
    struct cmsghdr header;
    char space[CMSG_SPACE(sizeof(int))];
} Companion;

static void accompany(struct msghdr *message, Companion *companion, int fd)
{
    memset(companion, 0, sizeof *companion);
    message->msg_control = companion;
    message->msg_controllen = sizeof *companion;
    struct cmsghdr *part = CMSG_FIRSTHDR(message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(part), &fd, sizeof fd);
}

/* True: it is sent. False: there was no room, and the caller would not wait. */
static ToyValue send_packet(ToyThread *t, int fd, const struct msghdr *message, bool waits)
{
    ssize_t n = sendmsg(fd, message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n < 0 && (errno == EAGAIN || errno == EINTR)) {
        if (!waits) return TOY_FALSE;
        do {
            toy_block_begin(t, "sendmsg");
            n = sendmsg(fd, message, MSG_NOSIGNAL);
            toy_block_end(t);
        } while (n < 0 && toy_block_retry(t));
    }
    return n < 0 ? toy_block_failed(t, TOY_UNBOUND) : TOY_TRUE;
}

static ToyValue deliver(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, file = -1;
    Header header;
    bool waits;
    ToyBuffer buffer;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_int64(t, args[1], &header.job) || !toy_arg_int64(t, args[2], &header.place)
        || !toy_arg_bool(t, args[4], &waits) || !toy_buffer_get(t, args[3], &buffer, 0)) return TOY_FAILED;
    header.length = buffer.length;
    size_t within = buffer.length < INLINE_MAX ? buffer.length : INLINE_MAX;
    struct iovec parts[] = {{&header, sizeof header}, {buffer.data, within}};
    struct msghdr message = {.msg_iov = parts, .msg_iovlen = 2};
    Companion companion;
    if (within < buffer.length) {
        file = file_of(t, (const uint8_t *)buffer.data + within, buffer.length - within);
        if (file >= 0) accompany(&message, &companion, file);
    }
    ToyValue answer = within < buffer.length && file < 0 ? TOY_FAILED : send_packet(t, fd, &message, waits);
    if (file >= 0) close(file);
    toy_buffer_release(t, &buffer);
    return answer;
}

/* ==== receiving ============================================================================================================= */

typedef struct Packet {
    struct { Header header; uint8_t data[INLINE_MAX]; } body;
    size_t length;        /* of the body; 0: nothing more comes */
    int file;             /* -1: none */
} Packet;

static ssize_t receive_packet(int fd, Packet *packet, int flags)
{
    Companion companion;
    struct iovec part = {&packet->body, sizeof packet->body};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = &companion, .msg_controllen = sizeof companion};
    ssize_t n = recvmsg(fd, &message, flags | MSG_CMSG_CLOEXEC);
    packet->length = n > 0 ? (size_t)n : 0;
    packet->file = -1;
    struct cmsghdr *about = n > 0 ? CMSG_FIRSTHDR(&message) : NULL;
    if (about && about->cmsg_type == SCM_RIGHTS) memcpy(&packet->file, CMSG_DATA(about), sizeof packet->file);
    return n;
}

/* What lies in the file, from its beginning; false with what went wrong raised. */
static bool read_file(ToyThread *t, int file, uint8_t *data, size_t length)
{
    int error = 0;
    toy_block_begin(t, "read");
    for (size_t got = 0; !error && got < length;) {
        ssize_t n = pread(file, data + got, length - got, (off_t)got);
        if (n > 0) got += (size_t)n;
        else if (n == 0 || errno != EINTR) error = n == 0 ? EIO : errno;
    }
    toy_block_end(t);
    return !error || (toy_raise_os_error(t, error, TOY_UNBOUND), false);
}

/* The message, whose packet has it or its beginning. */
static ToyValue message_of(ToyThread *t, const Packet *packet)
{
    uint64_t length = packet->body.header.length;
    size_t within = packet->length - sizeof(Header);
    if (length < within || (length > within && within < INLINE_MAX)) return toy_raise(t, TOY_OSError, "this is no packet of ours");
    if (length > within && packet->file < 0) return toy_raise_os_error(t, EMFILE, TOY_UNBOUND);   /* there was no number for it */
    uint8_t *data;
    ToyValue bytes = toy_bytes_new(t, length, &data);
    if (toy_failed(bytes)) return TOY_FAILED;
    memcpy(data, packet->body.data, within);
    if (length == within || read_file(t, packet->file, data + within, length - within)) return bytes;
    toy_release(bytes);
    return TOY_FAILED;
}

/* (job, place, data); if the message could not be taken in, the exception is in its place, for whoever waits for that job. */
static ToyValue unpack(ToyThread *t, const Packet *packet)
{
    if (packet->length < sizeof(Header)) return toy_raise(t, TOY_OSError, "this is no packet of ours");
    ToyValue data = message_of(t, packet);
    if (toy_failed(data)) data = toy_raised_take(t);
    if (packet->file >= 0) close(packet->file);
    return toy_tuple(t, toy_int(t, packet->body.header.job), toy_int(t, packet->body.header.place), data);
}

static ToyValue receive(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    Packet packet;
    ssize_t n;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    do {
        toy_block_begin(t, "recvmsg");
        n = receive_packet(fd, &packet, 0);
        toy_block_end(t);
    } while (n < 0 && toy_block_retry(t));
    if (n < 0) return toy_block_failed(t, TOY_UNBOUND);
    return n == 0 ? TOY_NONE : unpack(t, &packet);
}

static ToyValue receive_all(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    Packet packet;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    ToyValue list = toy_list(t);
    bool done = !toy_failed(list);
    for (int i = 0; done && i < PACKETS_AT_ONCE && receive_packet(fd, &packet, MSG_DONTWAIT) > 0; i++)
        done = toy_list_append_take(t, list, unpack(t, &packet));
    if (done || toy_failed(list)) return list;
    toy_release(list);
    return TOY_FAILED;
}

static ToyValue finish(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    bool both;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_bool(t, args[1], &both)) return TOY_FAILED;
    if (shutdown(fd, both ? SHUT_RDWR : SHUT_WR) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return TOY_NONE;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("pair", pair, "()", 0, "Two descriptors: packets sent to one are received from the other."),
    TOY_FUNCTION("send", deliver, "(fd, job, place, data, waits, /)", 0, "Send a message and two numbers. False: there is no room, and one would not wait."),
    TOY_FUNCTION("receive", receive, "(fd, /)", 0, "Wait for a packet: (job, place, data); None if nothing more comes."),
    TOY_FUNCTION("receive_all", receive_all, "(fd, /)", 0, "A list of the packets that lie there; it does not wait."),
    TOY_FUNCTION("finish", finish, "(fd, both, /)", 0, "Nothing more will be sent to the descriptor; if both, nothing received either."),
    TOY_FUNCTIONS_END,
};

const ToyModule toy_module_packets = {
    .name = "_packets",
    .doc = "Numbered messages on a socket that several processes share.",
    .functions = functions,
};
