/* socket_message.c - _socket: messages in several pieces, and what travels beside them.
 *
 * What        sendmsg, recvmsg, recvmsg_into, sendmsg_afalg; CMSG_LEN and CMSG_SPACE.
 * How         A message is a row of pieces (struct iovec), each an exported buffer, and a block of control data: items of
 *             (level, type, bytes), laid out by the system's CMSG macros. With it descriptors and credentials cross from one
 *             process to another.
 * Invariants  I1 a MessageParts has 'filled' buffers that are to be released, and no more, at every moment.
 *             I2 what the kernel wrote is read only as far as msg_controllen goes: it may have cut an item short.
 * GIL         dropped in socket_perform.
 * Read next   socket_transfer.c */
#include <linux/if_alg.h>
#include <poll.h>
#include <unistd.h>

#include "stdlib/socket/socket.h"

/* ==== pieces ================================================================================================================ */

typedef struct MessageParts {
    ToyBuffer *buffers;
    struct iovec *pieces;
    size_t count, filled;   /* I1 */
} MessageParts;

static void parts_release(ToyThread *t, MessageParts *parts)
{
    for (size_t i = 0; i < parts->filled; i++) toy_buffer_release(t, &parts->buffers[i]);
    if (parts->buffers) toy_free(t, parts->buffers, (parts->count + 1) * sizeof *parts->buffers);
    if (parts->pieces) toy_free(t, parts->pieces, (parts->count + 1) * sizeof *parts->pieces);
}

/* The items of an iterable; "NAME() argument N must be an iterable". */
static ToyValue items_of(ToyThread *t, ToyValue v, const char *function, int argument)
{
    ToyValue items = toy_tuple_from(t, v);
    if (toy_failed(items) && toy_raised_is(t, TOY_TypeError) && !toy_is_iterable(t, v)) {
        toy_raised_clear(t);
        return toy_raise_type_error(t, "%s() argument %d must be an iterable", function, argument);
    }
    return items;
}

static bool parts_fill(ToyThread *t, MessageParts *parts, ToyValue items, int buffer_flags)
{
    parts->count = toy_tuple_length(items);
    parts->buffers = toy_alloc(t, (parts->count + 1) * sizeof *parts->buffers);
    parts->pieces = parts->buffers ? toy_alloc(t, (parts->count + 1) * sizeof *parts->pieces) : NULL;
    if (!parts->pieces) return false;
    for (size_t i = 0; i < parts->count; i++) {
        ToyBuffer *buffer = &parts->buffers[i];
        if (!toy_buffer_get(t, toy_tuple_item(items, i), buffer, buffer_flags)) return false;
        parts->filled++;
        parts->pieces[i] = (struct iovec){.iov_base = buffer->data, .iov_len = buffer->length};
    }
    return true;
}

/* ==== control data ========================================================================================================== */

/* CMSG_LEN and CMSG_SPACE, unless the sum goes beyond what the system counts with. */
static bool control_length(int64_t payload, bool with_padding, size_t *length)
{
    if (payload < 0 || payload > INT32_MAX - (int64_t)(with_padding ? CMSG_SPACE(1) : CMSG_LEN(0))) return false;
    *length = with_padding ? CMSG_SPACE((size_t)payload) : CMSG_LEN((size_t)payload);
    return true;
}

static ToyValue control_length_value(ToyThread *t, ToyValue v, bool with_padding)
{
    int64_t payload;
    size_t length;
    if (!toy_arg_int64(t, v, &payload)) return TOY_FAILED;
    if (control_length(payload, with_padding, &length)) return toy_int(t, (int64_t)length);
    return toy_raise(t, TOY_OverflowError, "%s() argument out of range", with_padding ? "CMSG_SPACE" : "CMSG_LEN");
}
static ToyValue message_cmsg_len(ToyThread *t, ToyValue self, const ToyValue *args) { return control_length_value(t, args[0], false); }
static ToyValue message_cmsg_space(ToyThread *t, ToyValue self, const ToyValue *args) { return control_length_value(t, args[0], true); }

/* Control data as a script gives it: level and type of each item, and its bytes. */
typedef struct ControlItem { int level, type; } ControlItem;
typedef struct ControlItems { ControlItem *items; MessageParts data; } ControlItems;

static void control_release(ToyThread *t, ControlItems *control)
{
    if (control->items) toy_free(t, control->items, (control->data.count + 1) * sizeof *control->items);
    parts_release(t, &control->data);
}

static bool read_control_item(ToyThread *t, ToyValue v, ControlItem *item, ToyValue *data)
{
    static const char shape[] = "[sendmsg() ancillary data items]() argument must be";
    if (!toy_is_tuple(v) && !toy_is_list(v)) return toy_raise_false(t, TOY_TypeError, "%s 3-item sequence, not %T", shape, v);
    ToyValue triple = toy_tuple_from(t, v);
    if (toy_failed(triple)) return false;
    size_t length = toy_tuple_length(triple);
    bool is_right = length == 3 || toy_raise_false(t, TOY_TypeError, "%s sequence of length 3, not %zu", shape, length);
    is_right = is_right && toy_arg_int(t, toy_tuple_item(triple, 0), &item->level) && toy_arg_int(t, toy_tuple_item(triple, 1), &item->type);
    if (is_right) *data = toy_retain(toy_tuple_item(triple, 2));
    toy_release(triple);
    return is_right;
}

/* The triples apart: numbers here, bytes into a tuple whose buffers are then taken together. */
static bool control_read(ToyThread *t, ControlItems *control, ToyValue triples)
{
    size_t count = toy_tuple_length(triples);
    ToyValue data = toy_list(t);
    if (toy_failed(data)) return false;
    control->data.count = count;   /* what the block was allocated for, should the rest fail */
    control->items = toy_alloc(t, (count + 1) * sizeof *control->items);
    bool done = control->items != NULL;
    for (size_t i = 0; done && i < count; i++) {
        ToyValue bytes = TOY_UNBOUND;
        done = read_control_item(t, toy_tuple_item(triples, i), &control->items[i], &bytes) && toy_list_append_take(t, data, bytes);
    }
    ToyValue tuple = done ? toy_tuple_from(t, data) : TOY_FAILED;
    done = !toy_failed(tuple) && parts_fill(t, &control->data, tuple, 0);
    toy_release(tuple);
    toy_release(data);
    return done;
}

/* One block of the system's making. NULL with *size 0 is none; NULL with *size not 0: raised. */
static uint8_t *control_block(ToyThread *t, const ControlItems *control, size_t *size)
{
    size_t total = 0;
    for (size_t i = 0; i < control->data.count; i++) {
        size_t length;
        if (!control_length((int64_t)control->data.buffers[i].length, true, &length)) {
            *size = 1;
            return toy_raise_null(t, TOY_OSError, "ancillary data item too large");
        }
        total += length;
        if (total > INT32_MAX) {
            *size = 1;
            return toy_raise_null(t, TOY_OSError, "too much ancillary data");
        }
    }
    *size = total;
    if (total == 0) return NULL;
    uint8_t *block = toy_alloc(t, total);
    if (!block) return NULL;
    memset(block, 0, total);   /* CMSG_NXTHDR reads the length that is about to be written */
    struct msghdr message = {.msg_control = block, .msg_controllen = total};
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    for (size_t i = 0; i < control->data.count; i++, header = CMSG_NXTHDR(&message, header)) {
        const ToyBuffer *buffer = &control->data.buffers[i];
        header->cmsg_level = control->items[i].level;
        header->cmsg_type = control->items[i].type;
        header->cmsg_len = CMSG_LEN(buffer->length);
        memcpy(CMSG_DATA(header), buffer->data, buffer->length);
    }
    return block;
}

/* How many bytes of an item the block really has (I2). */
static size_t item_length(const struct msghdr *message, const struct cmsghdr *header)
{
    size_t start = (size_t)((const uint8_t *)CMSG_DATA(header) - (const uint8_t *)message->msg_control);
    size_t there = message->msg_controllen > start ? message->msg_controllen - start : 0;
    size_t said = header->cmsg_len > CMSG_LEN(0) ? header->cmsg_len - CMSG_LEN(0) : 0;
    return said < there ? said : there;
}

static ToyValue control_value(ToyThread *t, struct msghdr *message)
{
    ToyValue list = toy_list(t);
    if (toy_failed(list)) return TOY_FAILED;
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        ToyValue bytes = toy_bytes(t, CMSG_DATA(header), item_length(message, header));
        if (!toy_list_append_take(t, list, toy_tuple(t, toy_int(t, header->cmsg_level), toy_int(t, header->cmsg_type), bytes))) {
            toy_release(list);
            return TOY_FAILED;
        }
    }
    return list;
}

/* ==== out =================================================================================================================== */

typedef struct MessagePlan { struct msghdr message; int flags; } MessagePlan;

static int64_t attempt_sendmsg(const Socket *socket, void *plan_)
{
    MessagePlan *plan = plan_;
    return sendmsg(socket->fd, &plan->message, plan->flags);
}
static const SocketCall sendmsg_call = {"sendmsg", POLLOUT, attempt_sendmsg};

/* Sends the pieces with this control data. */
static ToyValue send_parts(ToyThread *t, const Socket *socket, const MessageParts *parts, const ControlItems *control, MessagePlan *plan)
{
    size_t size;
    uint8_t *block = control_block(t, control, &size);
    if (!block && size) return TOY_FAILED;
    plan->message.msg_iov = parts->pieces;
    plan->message.msg_iovlen = parts->count;
    plan->message.msg_control = block;
    plan->message.msg_controllen = size;
    int64_t n = socket_perform(t, socket, &sendmsg_call, plan, deadline_after(socket->timeout_ns));
    if (block) toy_free(t, block, size);
    return n < 0 ? TOY_FAILED : toy_int(t, n);
}

ToyValue socket_sendmsg(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Socket *socket = as_socket(self);
    MessageParts parts = {0};
    ControlItems control = {0};
    MessagePlan plan = {.flags = 0};
    SocketAddress address;
    ToyValue pieces = items_of(t, args[0], "sendmsg", 1), triples = TOY_UNBOUND, sent = TOY_FAILED;
    if (toy_failed(pieces)) return TOY_FAILED;
    bool is_right = read_flags(t, args[2], &plan.flags);
    if (is_right && toy_is_given(args[3])) {
        is_right = address_read(t, socket, args[3], "sendmsg", &address, &plan.message.msg_namelen);
        plan.message.msg_name = &address.any;
    }
    is_right = is_right && parts_fill(t, &parts, pieces, 0);
    if (is_right && toy_is_bound(args[1])) {
        triples = items_of(t, args[1], "sendmsg", 2);
        is_right = !toy_failed(triples) && control_read(t, &control, triples);
    }
    if (is_right) sent = send_parts(t, socket, &parts, &control, &plan);
    control_release(t, &control);
    parts_release(t, &parts);
    toy_release(triples);
    toy_release(pieces);
    return sent;
}

/* ---- to the kernel's cryptography ---- */

/* Puts one item of SOL_ALG at the header, and answers the next header. */
static struct cmsghdr *put_algorithm_item(struct msghdr *message, struct cmsghdr *header, int type, const void *data, size_t length)
{
    header->cmsg_level = SOL_ALG;
    header->cmsg_type = type;
    header->cmsg_len = CMSG_LEN(length);
    memcpy(CMSG_DATA(header), data, length);
    return CMSG_NXTHDR(message, header);
}

/* The operation, the vector it starts from (a struct of its length and bytes), the length of what is only authenticated. */
static ToyValue send_to_algorithm(ToyThread *t, const Socket *socket, const MessageParts *parts, int operation, const ToyBuffer *vector, int authenticated,
                                  int flags)
{
    size_t vector_size = vector ? sizeof(struct af_alg_iv) + vector->length : 0;
    size_t size = CMSG_SPACE(sizeof operation) + (vector_size ? CMSG_SPACE(vector_size) : 0) + (authenticated >= 0 ? CMSG_SPACE(sizeof authenticated) : 0);
    uint8_t *block = toy_alloc(t, size);
    struct af_alg_iv *start = block && vector_size ? toy_alloc(t, vector_size) : NULL;
    if (!block || (vector_size && !start)) {
        if (block) toy_free(t, block, size);
        return TOY_FAILED;
    }
    memset(block, 0, size);
    MessagePlan plan = {.message = {.msg_iov = parts->pieces, .msg_iovlen = parts->count, .msg_control = block, .msg_controllen = size}, .flags = flags};
    struct cmsghdr *header = put_algorithm_item(&plan.message, CMSG_FIRSTHDR(&plan.message), ALG_SET_OP, &operation, sizeof operation);
    if (start) {
        start->ivlen = (uint32_t)vector->length;
        memcpy(start->iv, vector->data, vector->length);
        header = put_algorithm_item(&plan.message, header, ALG_SET_IV, start, vector_size);
        toy_free(t, start, vector_size);
    }
    if (authenticated >= 0) (void)put_algorithm_item(&plan.message, header, ALG_SET_AEAD_ASSOCLEN, &authenticated, sizeof authenticated);
    int64_t n = socket_perform(t, socket, &sendmsg_call, &plan, deadline_after(socket->timeout_ns));
    toy_free(t, block, size);
    return n < 0 ? TOY_FAILED : toy_int(t, n);
}

ToyValue socket_sendmsg_afalg(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Socket *socket = as_socket(self);
    int operation = -1, authenticated = -1, flags = 0;
    if (socket->family != AF_ALG) return toy_raise(t, TOY_OSError, "algset is only supported for AF_ALG");
    if (toy_is_unbound(args[1])) return toy_raise_type_error(t, "Invalid or missing argument 'op'");
    if (!toy_arg_int(t, args[1], &operation)) return TOY_FAILED;
    if (operation < 0) return toy_raise_type_error(t, "Invalid or missing argument 'op'");
    if (toy_is_bound(args[3])) {
        if (!toy_arg_int(t, args[3], &authenticated)) return TOY_FAILED;
        if (authenticated < 0) return toy_raise_type_error(t, "assoclen must be positive");
    }
    ToyBuffer vector;
    bool has_vector = toy_is_bound(args[2]);
    MessageParts parts = {0};
    if (!read_flags(t, args[4], &flags) || (has_vector && !toy_buffer_get(t, args[2], &vector, 0))) return TOY_FAILED;
    ToyValue pieces = toy_is_given(args[0]) ? items_of(t, args[0], "sendmsg_afalg", 1) : toy_tuple_of(t, NULL, 0);
    ToyValue sent = TOY_FAILED;
    if (!toy_failed(pieces) && parts_fill(t, &parts, pieces, 0)) sent = send_to_algorithm(t, socket, &parts, operation, has_vector ? &vector : NULL, authenticated, flags);
    parts_release(t, &parts);
    toy_release(pieces);
    if (has_vector) toy_buffer_release(t, &vector);
    return sent;
}

/* ==== in ==================================================================================================================== */

typedef struct ReceivePlan { struct msghdr message; SocketAddress address; int flags; size_t control_size; } ReceivePlan;

/* The kernel shortens what it was given room for: each attempt begins anew. */
static int64_t attempt_recvmsg(const Socket *socket, void *plan_)
{
    ReceivePlan *plan = plan_;
    plan->message.msg_namelen = sizeof plan->address;
    plan->message.msg_controllen = plan->control_size;
    plan->message.msg_flags = 0;
    return recvmsg(socket->fd, &plan->message, plan->flags);
}
static const SocketCall recvmsg_call = {"recvmsg", POLLIN, attempt_recvmsg};

/* Descriptors that came along with a message of which nobody will hear. */
static void close_descriptors(struct msghdr *message)
{
    for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header; header = CMSG_NXTHDR(message, header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        for (size_t i = 0, count = item_length(message, header) / sizeof(int); i < count; i++) {
            int fd;
            memcpy(&fd, CMSG_DATA(header) + i * sizeof fd, sizeof fd);
            close(fd);
        }
    }
}

/* (what came, control data, flags, address). Takes [received]: what belongs in front. */
static ToyValue message_value(ToyThread *t, const Socket *socket, ReceivePlan *plan, TOY_TAKES ToyValue received)
{
    ToyValue message = toy_tuple(t, received, control_value(t, &plan->message), toy_int(t, plan->message.msg_flags),
                                 address_value(t, socket->fd, socket->protocol, &plan->address, plan->message.msg_namelen));
    if (toy_failed(message)) close_descriptors(&plan->message);
    return message;
}

static bool read_control_room(ToyThread *t, ToyValue size, ToyValue flags, ReceivePlan *plan)
{
    int64_t room = 0;
    if ((toy_is_bound(size) && !toy_arg_int64(t, size, &room)) || !read_flags(t, flags, &plan->flags)) return false;
    if (room < 0 || room > INT32_MAX) return toy_raise_false(t, TOY_ValueError, "invalid ancillary data buffer length");
    plan->control_size = (size_t)room;
    if (room == 0) return true;
    plan->message.msg_control = toy_alloc(t, plan->control_size);
    return plan->message.msg_control != NULL;
}

static int64_t receive_parts(ToyThread *t, const Socket *socket, ReceivePlan *plan, struct iovec *pieces, size_t count)
{
    plan->message.msg_name = &plan->address.any;
    plan->message.msg_iov = pieces;
    plan->message.msg_iovlen = count;
    return socket_perform(t, socket, &recvmsg_call, plan, deadline_after(socket->timeout_ns));
}
static void free_control_room(ToyThread *t, ReceivePlan *plan)
{
    if (plan->message.msg_control) toy_free(t, plan->message.msg_control, plan->control_size);
}

ToyValue socket_recvmsg(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Socket *socket = as_socket(self);
    ReceivePlan plan;
    memset(&plan, 0, sizeof plan);
    int64_t size;
    uint8_t *data;
    if (!toy_arg_int64(t, args[0], &size)) return TOY_FAILED;
    if (size < 0) return toy_raise_value_error(t, "negative buffer size in recvmsg()");
    ToyValue bytes = toy_bytes_new(t, (size_t)size, &data), result = TOY_FAILED;
    if (toy_failed(bytes)) return TOY_FAILED;
    int64_t n = -1;
    if (read_control_room(t, args[1], args[2], &plan)) n = receive_parts(t, socket, &plan, &(struct iovec){.iov_base = data, .iov_len = (size_t)size}, 1);
    if (n >= 0) result = message_value(t, socket, &plan, toy_bytes_cut(t, bytes, (size_t)n));
    else toy_release(bytes);
    free_control_room(t, &plan);
    return result;
}

ToyValue socket_recvmsg_into(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Socket *socket = as_socket(self);
    ReceivePlan plan;
    memset(&plan, 0, sizeof plan);
    MessageParts parts = {0};
    ToyValue items = items_of(t, args[0], "recvmsg_into", 1), result = TOY_FAILED;
    if (toy_failed(items)) return TOY_FAILED;
    if (!parts_fill(t, &parts, items, TOY_BUFFER_WRITABLE)) {
        if (!toy_raised_is(t, TOY_MemoryError)) {
            toy_raised_clear(t);
            (void)toy_raise_type_error(t, "recvmsg_into() argument 1 must be an iterable of single-segment read-write buffers");
        }
    } else if (read_control_room(t, args[1], args[2], &plan)) {
        int64_t n = receive_parts(t, socket, &plan, parts.pieces, parts.count);
        if (n >= 0) result = message_value(t, socket, &plan, toy_int(t, n));
    }
    free_control_room(t, &plan);
    parts_release(t, &parts);
    toy_release(items);
    return result;
}

const ToyFunction socket_control_functions[] = {
    TOY_FUNCTION("CMSG_LEN", message_cmsg_len, "(length, /)", 0, "How long an item of control data is, without padding behind it."),
    TOY_FUNCTION("CMSG_SPACE", message_cmsg_space, "(length, /)", 0, "How much room an item of control data takes, padding and all."),
    TOY_FUNCTIONS_END,
};
