/* mod_fcntl.c - fcntl: what else can be asked of an open file.
 *
 * What        fcntl, ioctl, flock, lockf, and the names of their commands.
 * How         An argument is a number or bytes. Bytes go through a block of our own, larger than what a command may write, since nobody tells
 *             how much that is; what a writable buffer is given is written back to it.
 * GIL         dropped around each call: it may wait for another process's lock.
 * Read next   stdlib/os/descriptors.c */
#include <fcntl.h>
#include <errno.h>
#include <linux/fs.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "vm/toy.h"

enum { BLOCK_BYTES = 1024 };

/* C's int, as a command is given: what is above 32 bits falls away. */
static bool read_word(ToyThread *t, ToyValue v, uint32_t *word)
{
    ToyValue n = toy_index(t, v);
    ToyValue low = toy_failed(n) ? TOY_FAILED : toy_operate(t, TOY_AND, n, toy_small_int_value(UINT32_MAX));
    toy_release(n);
    if (toy_failed(low)) return false;
    *word = (uint32_t)toy_small_int(low);
    return true;
}

/* One of the two calls: number or block as its argument. */
typedef struct ControlCall { const char *name; int (*with_number)(int fd, unsigned long command, long n), (*with_block)(int fd, unsigned long command, void *block); } ControlCall;
static int fcntl_number(int fd, unsigned long command, long n) { return fcntl(fd, (int)command, n); }
static int fcntl_block(int fd, unsigned long command, void *block) { return fcntl(fd, (int)command, block); }
static int ioctl_number(int fd, unsigned long command, long n) { return ioctl(fd, command, n); }
static int ioctl_block(int fd, unsigned long command, void *block) { return ioctl(fd, command, block); }
static const ControlCall fcntl_call = {"fcntl", fcntl_number, fcntl_block}, ioctl_call = {"ioctl", ioctl_number, ioctl_block};

static int control_with_number(ToyThread *t, const ControlCall *call, int fd, unsigned long command, long n)
{
    int result;
    do {
        toy_block_begin(t, call->name);
        result = call->with_number(fd, command, n);
        toy_block_end(t);
    } while (result < 0 && toy_block_retry(t));
    return result;
}
static int control_with_block(ToyThread *t, const ControlCall *call, int fd, unsigned long command, void *block)
{
    int result;
    do {
        toy_block_begin(t, call->name);
        result = call->with_block(fd, command, block);
        toy_block_end(t);
    } while (result < 0 && toy_block_retry(t));
    return result;
}

/* Bytes in, bytes of the same length out. */
static ToyValue control_bytes(ToyThread *t, const ControlCall *call, int fd, unsigned long command, const void *data, size_t length)
{
    uint8_t block[BLOCK_BYTES + 1] = {0};
    if (length > BLOCK_BYTES) return toy_raise_value_error(t, "%s string arg too long", call->name);
    memcpy(block, data, length);
    if (control_with_block(t, call, fd, command, block) < 0) return toy_block_failed(t, TOY_UNBOUND);
    return toy_bytes(t, block, length);
}

/* A writable buffer, which gets the answer; the result is the call's number. */
static ToyValue control_in_place(ToyThread *t, const ControlCall *call, int fd, unsigned long command, ToyBuffer *buffer)
{
    uint8_t block[BLOCK_BYTES + 1] = {0};
    bool is_short = buffer->length <= BLOCK_BYTES;
    if (is_short) memcpy(block, buffer->data, buffer->length);
    int result = control_with_block(t, call, fd, command, is_short ? block : buffer->data);
    if (result < 0) return toy_block_failed(t, TOY_UNBOUND);
    if (is_short) memcpy(buffer->data, block, buffer->length);
    return toy_int(t, result);
}

static ToyValue control_with_text(ToyThread *t, const ControlCall *call, int fd, unsigned long command, ToyValue v)
{
    size_t length;
    const char *text = toy_str_utf8(t, v, &length);
    return text ? control_bytes(t, call, fd, command, text, length) : TOY_FAILED;
}

static ToyValue fcntl_fcntl(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, command;
    uint32_t n = 0;
    if (!toy_arg_fd(t, args[0], &fd) || !toy_arg_int(t, args[1], &command)) return TOY_FAILED;
    if (toy_is_bound(args[2]) && toy_is_str(args[2])) return control_with_text(t, &fcntl_call, fd, (unsigned long)command, args[2]);
    if (toy_is_bound(args[2]) && toy_is_bytes(args[2])) {
        size_t length;
        const uint8_t *data = toy_bytes_data(args[2], &length);
        return control_bytes(t, &fcntl_call, fd, (unsigned long)command, data, length);
    }
    if (toy_is_bound(args[2]) && !read_word(t, args[2], &n)) return TOY_FAILED;
    int result = control_with_number(t, &fcntl_call, fd, (unsigned long)command, (int)n);
    return result < 0 ? toy_block_failed(t, TOY_UNBOUND) : toy_int(t, result);
}

static ToyValue ioctl_on_buffer(ToyThread *t, int fd, unsigned long request, ToyValue v, bool is_to_change)
{
    ToyBuffer buffer;
    if (toy_buffer_get(t, v, &buffer, TOY_BUFFER_WRITABLE)) {
        ToyValue result = is_to_change ? control_in_place(t, &ioctl_call, fd, request, &buffer)
                                       : control_bytes(t, &ioctl_call, fd, request, buffer.data, buffer.length);
        toy_buffer_release(t, &buffer);
        return result;
    }
    toy_raised_clear(t);
    if (!toy_buffer_get(t, v, &buffer, 0)) return TOY_FAILED;
    ToyValue result = control_bytes(t, &ioctl_call, fd, request, buffer.data, buffer.length);
    toy_buffer_release(t, &buffer);
    return result;
}

static ToyValue fcntl_ioctl(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, n = 0;
    uint32_t request;
    bool is_to_change = true;
    if (!toy_arg_fd(t, args[0], &fd) || !read_word(t, args[1], &request) || !toy_arg_bool(t, args[3], &is_to_change)) return TOY_FAILED;
    if (toy_is_bound(args[2]) && toy_is_str(args[2])) return control_with_text(t, &ioctl_call, fd, request, args[2]);
    if (toy_is_bound(args[2]) && toy_has_buffer(t, args[2])) return ioctl_on_buffer(t, fd, request, args[2], is_to_change);
    if (toy_is_bound(args[2]) && !toy_arg_int(t, args[2], &n)) {
        if (!toy_raised_is(t, TOY_OverflowError)) return TOY_FAILED;
        toy_raised_clear(t);
        return toy_raise(t, TOY_OverflowError, "signed integer is greater than maximum");
    }
    int result = control_with_number(t, &ioctl_call, fd, request, n);
    return result < 0 ? toy_block_failed(t, TOY_UNBOUND) : toy_int(t, result);
}

static ToyValue fcntl_flock(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, operation, result;
    if (!toy_arg_fd(t, args[0], &fd) || !toy_arg_int(t, args[1], &operation)) return TOY_FAILED;
    do {
        toy_block_begin(t, "flock");
        result = flock(fd, operation);
        toy_block_end(t);
    } while (result < 0 && toy_block_retry(t));
    return result < 0 ? toy_block_failed(t, TOY_UNBOUND) : TOY_NONE;
}

static ToyValue fcntl_lockf(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, operation, whence = SEEK_SET, result;
    int64_t length = 0, start = 0;
    if (!toy_arg_fd(t, args[0], &fd) || !toy_arg_int(t, args[1], &operation) || !toy_arg_int64(t, args[2], &length) ||
        !toy_arg_int64(t, args[3], &start) || !toy_arg_int(t, args[4], &whence)) return TOY_FAILED;
    short type;
    if (operation == LOCK_UN) type = F_UNLCK;
    else if (operation & LOCK_SH) type = F_RDLCK;
    else if (operation & LOCK_EX) type = F_WRLCK;
    else return toy_raise_value_error(t, "unrecognized lockf argument");
    struct flock lock = {.l_type = type, .l_whence = (short)whence, .l_start = start, .l_len = length};
    do {
        toy_block_begin(t, "lockf");
        result = fcntl(fd, operation & LOCK_NB ? F_SETLK : F_SETLKW, &lock);
        toy_block_end(t);
    } while (result < 0 && toy_block_retry(t));
    return result < 0 ? toy_block_failed(t, TOY_UNBOUND) : TOY_NONE;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("fcntl", fcntl_fcntl, "(fd, cmd, arg=0, /)", 0,
                 "Perform a command on an open file. arg is a number, or bytes: then the result is bytes of the same length."),
    TOY_FUNCTION("ioctl", fcntl_ioctl, "(fd, request, arg=0, mutate_flag=True, /)", 0,
                 "Ask a device something. arg is a number, bytes (the result is bytes of the same length), or a writable buffer, which is changed\n"
                 "unless mutate_flag is false."),
    TOY_FUNCTION("flock", fcntl_flock, "(fd, operation, /)", 0, "Lock or unlock a whole file, for the open file: LOCK_SH, LOCK_EX or LOCK_UN, and LOCK_NB."),
    TOY_FUNCTION("lockf", fcntl_lockf, "(fd, cmd, len=0, start=0, whence=0, /)", 0,
                 "Lock or unlock a part of a file, for this process: LOCK_SH, LOCK_EX or LOCK_UN, and LOCK_NB. A length of 0 reaches to the end."),
    TOY_FUNCTIONS_END,
};


static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant rows[] = {
#define NAME(name) {#name, name},
#define NUMBER(name, n) {#name, n},
#include "stdlib/unix/fcntl_constants.def"
#undef NUMBER
#undef NAME
    };
    return toy_module_add_ints(t, module, rows, sizeof rows / sizeof *rows);
}

const ToyModule toy_module_fcntl = {
    .name = "fcntl",
    .doc = "What else can be asked of an open file: its flags, locks, and whatever its device understands.",
    .functions = functions,
    .init = init,
};
