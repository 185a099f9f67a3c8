/* descriptors.c - posix: descriptors, and reading and writing through them.
 *
 * What        open, read, write, pipe, dup ... Each is one system call.
 * How         Calls that the kernel may let wait drop the lock and are tried again after a signal (PEP 475); those that only ask
 *             the kernel's tables of this process keep it.
 * Invariants  I1 descriptors made here are not inherited over exec, unless asked.
 * GIL         held; dropped around the calls.
 * Read next   os.h, transfers.c, event_descriptors.c, stdlib/io/file_io.c */
#include <poll.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "stdlib/os/os.h"

/* ---- open, close, copies ---- */

static ToyValue posix_open(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int flags, mode = 0777, dir_fd, fd;
    Path path;
    if (!path_read(t, args[0], "open", "path", PATH_ONLY_TEXT, &path)) return TOY_FAILED;
    if (!toy_arg_int(t, args[1], &flags) || !toy_arg_int(t, args[2], &mode) || !dir_fd_read(t, args[3], &dir_fd)) {
        path_release(&path);
        return TOY_FAILED;
    }
    do WITHOUT_LOCK(t, "open", fd = openat(dir_fd, path.text, flags | O_CLOEXEC, mode));
    while (fd < 0 && toy_block_retry(t));
    ToyValue answer = fd < 0 ? toy_block_failed(t, path.name) : toy_int(t, fd);
    path_release(&path);
    return answer;
}

static ToyValue posix_close(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, result;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    /* Not again after EINTR: Linux has closed it all the same. */
    WITHOUT_LOCK(t, "close", result = close(fd));
    return result < 0 && errno != EINTR ? toy_raise_os_error(t, errno, TOY_UNBOUND) : TOY_NONE;
}

static ToyValue posix_closerange(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int low, high;
    if (!toy_arg_int(t, args[0], &low) || !toy_arg_int(t, args[1], &high)) return TOY_FAILED;
    if (low < 0) low = 0;
    if (high > low) WITHOUT_LOCK(t, "close_range", (void)close_range((unsigned)low, (unsigned)high - 1, 0));
    return TOY_NONE;
}

static ToyValue posix_dup(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, copy;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    WITHOUT_LOCK(t, "dup", copy = fcntl(fd, F_DUPFD_CLOEXEC, 0));
    return int_or_error(t, copy);
}

static ToyValue posix_dup2(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, wanted, result;
    bool is_inheritable = true;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_int(t, args[1], &wanted) || !toy_arg_bool(t, args[2], &is_inheritable)) return TOY_FAILED;
    if (fd < 0 || wanted < 0) return toy_raise_os_error(t, EBADF, TOY_UNBOUND);
    /* dup3 refuses to copy a descriptor to itself. */
    WITHOUT_LOCK(t, "dup2", result = is_inheritable || fd == wanted ? dup2(fd, wanted) : dup3(fd, wanted, O_CLOEXEC));
    return int_or_error(t, result);
}

static ToyValue make_pipe(ToyThread *t, int flags)
{
    int ends[2], result;
    WITHOUT_LOCK(t, "pipe", result = pipe2(ends, flags));
    if (result < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    ToyValue pair = toy_tuple(t, toy_int(t, ends[0]), toy_int(t, ends[1]));
    if (toy_failed(pair)) {                      /* nobody else knows of them */
        close(ends[0]);
        close(ends[1]);
    }
    return pair;
}
static ToyValue posix_pipe(ToyThread *t, ToyValue self, const ToyValue *args) { return make_pipe(t, O_CLOEXEC); }
static ToyValue posix_pipe2(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int flags;
    return toy_arg_int(t, args[0], &flags) ? make_pipe(t, flags) : TOY_FAILED;
}

/* ---- reading and writing ---- */

/* read and pread; [offset] below 0: where the descriptor stands. */
static ToyValue read_bytes(ToyThread *t, int fd, int64_t length, int64_t offset, bool has_offset)
{
    uint8_t *data;
    ssize_t n;
    if (length < 0) return toy_raise_os_error(t, EINVAL, TOY_UNBOUND);
    ToyValue bytes = toy_bytes_new(t, (size_t)length, &data);
    if (toy_failed(bytes)) return TOY_FAILED;
    do WITHOUT_LOCK(t, "read", n = has_offset ? pread(fd, data, (size_t)length, offset) : read(fd, data, (size_t)length));
    while (n < 0 && toy_block_retry(t));
    if (n >= 0) return toy_bytes_cut(t, bytes, (size_t)n);
    toy_release(bytes);
    return toy_block_failed(t, TOY_UNBOUND);
}

static ToyValue posix_read(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    int64_t length;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_size(t, args[1], &length)) return TOY_FAILED;
    return read_bytes(t, fd, length, 0, false);
}
static ToyValue posix_pread(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, length;
    int64_t offset;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_int(t, args[1], &length) || !toy_arg_int64(t, args[2], &offset)) return TOY_FAILED;
    return read_bytes(t, fd, length, offset, true);
}

static ToyValue write_bytes(ToyThread *t, int fd, ToyValue data, int64_t offset, bool has_offset)
{
    ToyBuffer buffer;
    ssize_t n;
    if (!toy_buffer_get(t, data, &buffer, 0)) return TOY_FAILED;
    do WITHOUT_LOCK(t, "write", n = has_offset ? pwrite(fd, buffer.data, buffer.length, offset) : write(fd, buffer.data, buffer.length));
    while (n < 0 && toy_block_retry(t));
    toy_buffer_release(t, &buffer);
    return n < 0 ? toy_block_failed(t, TOY_UNBOUND) : toy_int(t, n);
}

static ToyValue posix_write(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    return toy_arg_int(t, args[0], &fd) ? write_bytes(t, fd, args[1], 0, false) : TOY_FAILED;
}
static ToyValue posix_pwrite(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    int64_t offset;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_int64(t, args[2], &offset)) return TOY_FAILED;
    return write_bytes(t, fd, args[1], offset, true);
}

static ToyValue posix_lseek(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, whence;
    int64_t position;
    off_t at;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_int64(t, args[1], &position) || !toy_arg_int(t, args[2], &whence)) return TOY_FAILED;
    WITHOUT_LOCK(t, "lseek", at = lseek(fd, position, whence));
    return int_or_error(t, at);
}

/* ---- calls of one descriptor that answer None ---- */

typedef int FdCall(int fd);
static ToyValue call_with_fd(ToyThread *t, ToyValue v, const char *what, FdCall *call)
{
    int fd, result;
    if (!toy_arg_fd(t, v, &fd)) return TOY_FAILED;
    do WITHOUT_LOCK(t, what, result = call(fd));
    while (result < 0 && toy_block_retry(t));
    return result < 0 ? toy_block_failed(t, TOY_UNBOUND) : TOY_NONE;
}
static ToyValue posix_fsync(ToyThread *t, ToyValue self, const ToyValue *args) { return call_with_fd(t, args[0], "fsync", fsync); }
static ToyValue posix_fdatasync(ToyThread *t, ToyValue self, const ToyValue *args) { return call_with_fd(t, args[0], "fdatasync", fdatasync); }
static ToyValue posix_fchdir(ToyThread *t, ToyValue self, const ToyValue *args) { return call_with_fd(t, args[0], "fchdir", fchdir); }

static ToyValue posix_fchmod(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, mode, result;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_int(t, args[1], &mode)) return TOY_FAILED;
    do WITHOUT_LOCK(t, "fchmod", result = fchmod(fd, (mode_t)mode));
    while (result < 0 && toy_block_retry(t));
    return result < 0 ? toy_block_failed(t, TOY_UNBOUND) : TOY_NONE;
}

static ToyValue posix_ftruncate(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, result;
    int64_t length;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_int64(t, args[1], &length)) return TOY_FAILED;
    do WITHOUT_LOCK(t, "ftruncate", result = ftruncate(fd, length));
    while (result < 0 && toy_block_retry(t));
    return result < 0 ? toy_block_failed(t, TOY_UNBOUND) : TOY_NONE;
}

static ToyValue posix_isatty(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, result;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    WITHOUT_LOCK(t, "isatty", result = isatty(fd));
    return toy_bool(result != 0);
}

static ToyValue posix_ttyname(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    char name[512];
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    int error = ttyname_r(fd, name, sizeof name);
    return error ? toy_raise_os_error(t, error, TOY_UNBOUND) : toy_str_from_os(t, name, strlen(name));
}

/* ---- flags of descriptors: the lock is kept ---- */

static ToyValue get_inheritable(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    int flags = fcntl(fd, F_GETFD);
    return flags < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : toy_bool(!(flags & FD_CLOEXEC));
}
static ToyValue set_inheritable(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, is_inheritable;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_int(t, args[1], &is_inheritable)) return TOY_FAILED;
    int flags = fcntl(fd, F_GETFD);
    if (flags < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return none_or_error(t, fcntl(fd, F_SETFD, is_inheritable ? flags & ~FD_CLOEXEC : flags | FD_CLOEXEC));
}
static ToyValue get_blocking(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : toy_bool(!(flags & O_NONBLOCK));
}
static ToyValue set_blocking(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    bool is_blocking;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_bool(t, args[1], &is_blocking)) return TOY_FAILED;
    int flags = fcntl(fd, F_GETFL);
    if (flags < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return none_or_error(t, fcntl(fd, F_SETFL, is_blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK));
}

static ToyValue get_terminal_size(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd = STDOUT_FILENO;
    struct winsize size;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    if (ioctl(fd, TIOCGWINSZ, &size) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    ToyValue values[2] = {toy_int(t, size.ws_col), toy_int(t, size.ws_row)};
    return toy_record_new(t, posix_state(self)->terminal_size, values);
}

static ToyValue device_encoding(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, result;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    WITHOUT_LOCK(t, "isatty", result = isatty(fd));
    return result ? toy_str(t, "utf-8") : TOY_NONE;
}

static ToyValue posix_lockf(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, command, result;
    int64_t length;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_int(t, args[1], &command) || !toy_arg_int64(t, args[2], &length)) return TOY_FAILED;
    WITHOUT_LOCK(t, "lockf", result = lockf(fd, command, length));
    return none_or_error(t, result);
}

const ToyFunction posix_file_functions[] = {
    TOY_FUNCTION("open", posix_open, "(path, flags, mode=511, *, dir_fd=None)", 0,
                 "Open a file; the new descriptor. flags are the O_ constants joined by |."),
    TOY_FUNCTION("close", posix_close, "(fd)", 0, "Give the file descriptor back to the system."),
    TOY_FUNCTION("closerange", posix_closerange, "(fd_low, fd_high, /)", 0, "Close the descriptors from fd_low up to, not including, fd_high; errors are ignored."),
    TOY_FUNCTION("dup", posix_dup, "(fd, /)", 0, "One more descriptor for what fd is open on; a program started later does not get it."),
    TOY_FUNCTION("dup2", posix_dup2, "(fd, fd2, inheritable=True)", 0,
                 "Make the descriptor fd2 one more name of what fd is open on; what it was before is closed."),
    TOY_FUNCTION("pipe", posix_pipe, "()", 0, "Create a pipe: returns (read_fd, write_fd)."),
    TOY_FUNCTION("pipe2", posix_pipe2, "(flags, /)", 0,
                 "Make a pipe: the pair of descriptors to read and to write, with flags such as O_CLOEXEC set from the start."),
    TOY_FUNCTION("read", posix_read, "(fd, length, /)", 0, "Read up to so many bytes from a file descriptor.  Returns bytes."),
    TOY_FUNCTION("pread", posix_pread, "(fd, length, offset, /)", 0, "Read bytes at an offset; the position of the descriptor stays."),
    TOY_FUNCTION("write", posix_write, "(fd, data, /)", 0, "Write bytes to a descriptor, the lock released; how many were taken."),
    TOY_FUNCTION("pwrite", posix_pwrite, "(fd, buffer, offset, /)", 0, "Write bytes at an offset; the position of the descriptor stays."),
    TOY_FUNCTION("lseek", posix_lseek, "(fd, position, whence, /)", 0,
                 "Go to a position in a file, counted from how: 0 its start, 1 here, 2 its end. The new position."),
    TOY_FUNCTION("fsync", posix_fsync, "(fd)", 0, "Wait until all that was written to fd is on disk, metadata included."),
    TOY_FUNCTION("fdatasync", posix_fdatasync, "(fd)", 0, "Wait until the data written to fd are on disk; metadata may follow later."),
    TOY_FUNCTION("fchdir", posix_fchdir, "(fd)", 0, "Make the folder that fd is open on the one from which relative paths start."),
    TOY_FUNCTION("fchmod", posix_fchmod, "(fd, mode)", 0, "What chmod() does, for the file that fd is open on."),
    TOY_FUNCTION("ftruncate", posix_ftruncate, "(fd, length, /)", 0, "Cut or extend the file open as fd so that it has exactly this length in bytes."),
    TOY_FUNCTION("isatty", posix_isatty, "(fd, /)", 0, "Whether fd leads to a terminal."),
    TOY_FUNCTION("ttyname", posix_ttyname, "(fd, /)", 0, "Return the name of the terminal device connected to 'fd'."),
    TOY_FUNCTION("get_inheritable", get_inheritable, "(fd, /)", 0, "Is the descriptor kept over exec?"),
    TOY_FUNCTION("set_inheritable", set_inheritable, "(fd, inheritable, /)", 0, "Say whether the descriptor is kept over exec."),
    TOY_FUNCTION("get_blocking", get_blocking, "(fd, /)", 0, "Do calls on the descriptor wait? False if O_NONBLOCK is set."),
    TOY_FUNCTION("set_blocking", set_blocking, "(fd, blocking, /)", 0, "Say whether calls on the descriptor wait; False sets O_NONBLOCK."),
    TOY_FUNCTION("get_terminal_size", get_terminal_size, "(fd=1, /)", 0, "How many columns and lines the terminal has; OSError if fd is none."),
    TOY_FUNCTION("device_encoding", device_encoding, "(fd)", 0, "Return the encoding of a terminal's file descriptor, None for other files."),
    TOY_FUNCTION("lockf", posix_lockf, "(fd, command, length, /)", 0,
                 "Lock len bytes of a file from where it stands, try to, test for a lock or give it up; may wait, the lock released."),
    TOY_FUNCTIONS_END,
};
