/* file_io.c - raw files: a descriptor and the system calls on it.
 *
 * What        FileIO; file_open, file_read, file_write_once, file_seek for the layer above.
 * How         Each call drops the lock around the one system call it makes, and goes on after signals (PEP 475).
 * Invariants  I1 fd is -1 exactly when the file is closed.
 * GIL         held; dropped around each system call.
 * Read next   buffered.c */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "stdlib/io/io.h"

static FileIO *self_of(ToyValue self) { return (FileIO *)toy_object(self); }

static bool check_open(ToyThread *t, FileIO *file)
{
    return file->fd >= 0 || toy_raise_false(t, TOY_ValueError, "I/O operation on closed file");
}

int64_t file_read(ToyThread *t, FileIO *file, void *data, size_t length)
{
    if (!check_open(t, file)) return -1;
    ssize_t n;
    do {
        int fd = file->fd;
        toy_block_begin(t, "read");
        n = read(fd, data, length);
        toy_block_end(t);
    } while (n < 0 && toy_block_retry(t));
    if (n < 0 && errno == EAGAIN && !toy_is_raised(t)) return -2;
    if (n < 0) toy_block_failed(t, TOY_UNBOUND);
    return n;
}

int64_t file_write_once(ToyThread *t, FileIO *file, const void *data, size_t length)
{
    if (!check_open(t, file)) return -1;
    ssize_t n;
    do {
        int fd = file->fd;
        toy_block_begin(t, "write");
        n = write(fd, data, length);
        toy_block_end(t);
    } while (n < 0 && toy_block_retry(t));
    if (n < 0 && errno == EAGAIN && !toy_is_raised(t)) return -2;
    if (n < 0) toy_block_failed(t, TOY_UNBOUND);
    return n;
}

bool file_seek(ToyThread *t, FileIO *file, int64_t offset, int whence, int64_t *position)
{
    if (!check_open(t, file)) return false;
    int fd = file->fd;
    toy_block_begin(t, "lseek");
    off_t at = lseek(fd, offset, whence);
    toy_block_end(t);
    if (at < 0) {
        toy_raise_os_error(t, errno, TOY_UNBOUND);
        return false;
    }
    *position = at;
    return true;
}

/* The descriptor alone; the file is closed whatever happens. */
static bool close_descriptor(ToyThread *t, FileIO *file)
{
    int fd = file->fd;
    file->fd = -1;
    if (fd < 0 || !file->closes_fd) return true;
    toy_block_begin(t, "close");
    int result = close(fd);
    toy_block_end(t);
    if (result < 0 && errno != EINTR) {
        toy_raise_os_error(t, errno, TOY_UNBOUND);
        return false;
    }
    return true;
}

/* Nobody has touched the filters, and those we begin with ignore ResourceWarnings: that saves loading warnings for every file that a script
 * leaves to be closed by itself. */
static bool is_warning_ignored(ToyThread *t)
{
    ToyValue modules = toy_sys_get(t, "modules"), options = toy_sys_get(t, "warnoptions"), loaded = TOY_UNBOUND;
    bool is_ignored = toy_is_list(options) && toy_list_length(options) == 0 && toy_is_dict(modules);
    if (is_ignored) loaded = toy_dict_get_text(t, modules, "warnings");
    is_ignored = is_ignored && toy_is_unbound(loaded) && !toy_is_raised(t);
    toy_raised_clear(t);
    toy_release(modules);
    toy_release(options);
    toy_release(loaded);
    return is_ignored;
}

void file_warn_unclosed(ToyThread *t, FileIO *file, ToyValue source)
{
    if (file->fd < 0 || !file->closes_fd || is_warning_ignored(t)) return;
    if (toy_warn_about(t, TOY_ResourceWarning, 1, source, "unclosed file %R", source)) return;
    /* A warning that a filter made an exception has nobody to catch it; other failures are those of an interpreter that ends. */
    if (toy_raised_is(t, TOY_Warning)) toy_report_unraisable(t, toy_value(file), NULL);
    else toy_raised_clear(t);
}

static bool file_close(ToyThread *t, FileIO *file)
{
    ToyValue raised = io_base_close(t, toy_value(file)) ? TOY_UNBOUND : toy_raised_take(t);
    if (file->is_finalizing) file_warn_unclosed(t, file, toy_value(file));
    (void)close_descriptor(t, file);
    return io_raise_both(t, raised);
}

static const char *file_mode(const FileIO *file)
{
    if (file->is_created) return file->is_readable ? "xb+" : "xb";
    if (file->is_appending) return file->is_readable ? "ab+" : "ab";
    if (file->is_readable && file->is_writable) return "rb+";
    return file->is_readable ? "rb" : "wb";
}

/* ---- opening ---- */

/* 'r', 'w', 'x' or 'a', once, and perhaps '+': the flags of open(2). */
static bool read_mode(ToyThread *t, FileIO *file, const char *mode, int *flags)
{
    int kinds = 0, pluses = 0;
    *flags = 0;
    for (const char *c = mode; *c; c++) {
        switch (*c) {
        case 'r': kinds++; file->is_readable = true; break;
        case 'w': kinds++; file->is_writable = true; *flags |= O_CREAT | O_TRUNC; break;
        case 'x': kinds++; file->is_writable = file->is_created = true; *flags |= O_CREAT | O_EXCL; break;
        case 'a': kinds++; file->is_writable = file->is_appending = true; *flags |= O_CREAT | O_APPEND; break;
        case '+': pluses++; break;
        case 'b': break;
        default: return toy_raise_false(t, TOY_ValueError, "invalid mode: %.200s", mode);
        }
    }
    if (kinds != 1 || pluses > 1)
        return toy_raise_false(t, TOY_ValueError, "Must have exactly one of create/read/write/append mode and at most one plus");
    if (pluses) file->is_readable = file->is_writable = true;
    *flags |= O_CLOEXEC | (file->is_readable && file->is_writable ? O_RDWR : file->is_readable ? O_RDONLY : O_WRONLY);
    return true;
}

static bool open_path(ToyThread *t, FileIO *file, ToyValue name, int flags)
{
    ToyValue holder = TOY_UNBOUND;
    const char *path = toy_path(t, name, NULL, &holder);
    if (!path) return false;
    int fd;
    do {
        toy_block_begin(t, "open");
        fd = open(path, flags, 0666);
        toy_block_end(t);
    } while (fd < 0 && toy_block_retry(t));
    toy_release(holder);
    if (fd < 0) {
        toy_block_failed(t, name);
        return false;
    }
    file->fd = fd;
    return true;
}

static bool open_with(ToyThread *t, FileIO *file, ToyValue opener, ToyValue name, int flags)
{
    ToyValue v = toy_call2(t, opener, name, toy_small_int_value(flags));
    if (toy_failed(v)) return false;
    int fd = -1;
    bool done = toy_is_int(v) ? toy_arg_int(t, v, &fd) : toy_raise_false(t, TOY_TypeError, "expected integer from opener");
    toy_release(v);
    if (done && fd < 0) done = toy_raise_false(t, TOY_ValueError, "opener returned %d", fd);
    file->fd = fd;
    return done;
}

/* A directory opens, but cannot be read: refuse it now, with its name. */
static bool check_kind(ToyThread *t, FileIO *file, ToyValue name)
{
    struct stat status;
    toy_block_begin(t, "fstat");
    int result = fstat(file->fd, &status);
    toy_block_end(t);
    file->block_size = IO_BUFFER_SIZE;
    if (result < 0 && errno != EBADF) return true;
    if (result < 0 || S_ISDIR(status.st_mode)) {
        toy_raise_os_error(t, result < 0 ? EBADF : EISDIR, result < 0 ? TOY_UNBOUND : name);
        return false;
    }
    if (status.st_blksize > 1) file->block_size = status.st_blksize;
    return true;
}

/* Is it a number for a descriptor? *fd: -1 unless it is. What is too large for one is taken for a bad path. */
static bool read_descriptor(ToyThread *t, ToyValue name, int *fd)
{
    int64_t n;
    *fd = -1;
    if (toy_is_bool(name) && !toy_warn(t, TOY_RuntimeWarning, 1, "bool is used as a file descriptor")) return false;
    if (!toy_is_int(name) || !toy_int_fits_int64(name, &n) || n > INT_MAX) return true;
    if (n < 0) return toy_raise_false(t, TOY_ValueError, "negative file descriptor");
    *fd = (int)n;
    return true;
}

/* [file] was closed, or never open. On failure it is closed again, but a descriptor that was given stays open. */
static bool set_up(ToyThread *t, FileIO *file, ToyValue name, const char *mode, bool closes_fd, ToyValue opener)
{
    int flags = 0, fd;
    file->is_readable = file->is_writable = file->is_created = file->is_appending = false;
    file->closes_fd = closes_fd;
    if (!read_descriptor(t, name, &fd) || !read_mode(t, file, mode, &flags)) return false;
    bool done = true, is_ours = fd < 0;
    if (fd >= 0) file->fd = fd;
    else if (!closes_fd) return toy_raise_false(t, TOY_ValueError, "Cannot use closefd=False with file name");
    else done = toy_is_given(opener) ? open_with(t, file, opener, name, flags) : open_path(t, file, name, flags);
    if (!done) return false;
    if (check_kind(t, file, name) && toy_set_attribute(t, toy_value(file), "name", name)) {
        if (file->is_appending) (void)lseek(file->fd, 0, SEEK_END);
        return true;
    }
    ToyValue raised = toy_raised_take(t);
    if (!is_ours) file->fd = -1;
    if (!close_descriptor(t, file)) toy_raised_clear(t);
    toy_raise_instance(t, raised);
    return false;
}

FileIO *file_open(ToyThread *t, IoState *state, ToyValue name, const char *mode, bool closes_fd, ToyValue opener)
{
    FileIO *file = (FileIO *)toy_type_alloc(t, state->file);
    if (!file) return NULL;
    file->fd = -1;
    if (set_up(t, file, name, mode, closes_fd, opener)) return file;
    toy_release(toy_value(file));
    return NULL;
}

static ToyValue file_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    FileIO *file = (FileIO *)toy_type_alloc(t, type);
    if (file) {
        file->fd = -1;
        file->closes_fd = true;
    }
    return toy_value(file);
}

static bool file_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const list[] = {"file", "mode", "closefd", "opener", NULL};
    static const ToyParameters parameters = {"FileIO", list, 0, 4, 1};
    ToyValue slots[4] = {TOY_UNBOUND};
    bool closes_fd = true;
    const char *mode = "r";
    FileIO *file = self_of(self);
    if (file->fd >= 0 && !close_descriptor(t, file)) return false;
    if (!toy_arguments_sort(t, &parameters, args, count, names, slots) || !toy_arg_bool(t, slots[2], &closes_fd)) return false;
    if (toy_is_bound(slots[1]) && !toy_arg_text(t, slots[1], "FileIO", "'mode'", &mode)) return false;
    return set_up(t, file, slots[0], mode, closes_fd, slots[3]);
}

/* ---- methods ---- */

static bool check_readable(ToyThread *t, FileIO *file)
{
    if (!check_open(t, file)) return false;
    if (!file->is_readable) raise_unsupported(t, toy_instance_state(toy_value(file)), "File not open for reading");
    return file->is_readable;
}

static bool check_writable(ToyThread *t, FileIO *file)
{
    if (!check_open(t, file)) return false;
    if (!file->is_writable) raise_unsupported(t, toy_instance_state(toy_value(file)), "File not open for writing");
    return file->is_writable;
}

/* How many bytes lie between here and the end of the file, as far as the system knows; 0: it does not, or there are none. */
static size_t bytes_left(ToyThread *t, FileIO *file)
{
    struct stat status;
    int fd = file->fd;
    toy_block_begin(t, "lseek");
    off_t here = lseek(fd, 0, SEEK_CUR);
    toy_block_end(t);
    toy_block_begin(t, "fstat");
    int result = fstat(fd, &status);
    toy_block_end(t);
    bool is_known = result == 0 && here >= 0 && S_ISREG(status.st_mode) && status.st_size > here;
    return is_known ? (size_t)(status.st_size - here) : 0;
}

/* Straight into the result, whose size is guessed: one byte more than there is shows that this was all. */
static ToyValue file_readall(ToyThread *t, ToyValue self, const ToyValue *args)
{
    FileIO *file = self_of(self);
    if (!check_open(t, file)) return TOY_FAILED;
    size_t length = 0, left = bytes_left(t, file), capacity = left ? left + 1 : IO_BUFFER_SIZE;
    uint8_t *data;
    ToyValue bytes = toy_bytes_new(t, capacity, &data);
    while (!toy_failed(bytes)) {
        if (length == capacity) {
            capacity *= 2;
            bytes = toy_bytes_resize(t, bytes, capacity, &data);
            if (toy_failed(bytes)) break;
        }
        int64_t n = file_read(t, file, data + length, capacity - length);
        if (n > 0) {
            length += (size_t)n;
        } else if (n == -1 || (n == -2 && length == 0)) {
            toy_release(bytes);
            return n == -1 ? TOY_FAILED : TOY_NONE;
        } else {
            return toy_bytes_cut(t, bytes, length);
        }
    }
    return TOY_FAILED;
}

static ToyValue file_read_method(ToyThread *t, ToyValue self, const ToyValue *args)
{
    FileIO *file = self_of(self);
    int64_t count;
    if (!check_readable(t, file) || !count_of(t, args[0], &count)) return TOY_FAILED;
    if (count < 0) return file_readall(t, self, NULL);
    uint8_t *data;
    ToyValue bytes = toy_bytes_new(t, (size_t)count, &data);
    if (toy_failed(bytes)) return TOY_FAILED;
    int64_t n = file_read(t, file, data, (size_t)count);
    if (n >= 0) return toy_bytes_cut(t, bytes, (size_t)n);
    toy_release(bytes);
    return n == -2 ? TOY_NONE : TOY_FAILED;
}

static ToyValue file_readinto(ToyThread *t, ToyValue self, const ToyValue *args)
{
    FileIO *file = self_of(self);
    ToyBuffer view;
    if (!check_readable(t, file) || !io_get_writable(t, args[0], "readinto() argument 1", &view)) return TOY_FAILED;
    int64_t n = file_read(t, file, view.data, view.length);
    toy_buffer_release(t, &view);
    return n == -1 ? TOY_FAILED : n == -2 ? TOY_NONE : toy_int(t, n);
}

static ToyValue file_write_method(ToyThread *t, ToyValue self, const ToyValue *args)
{
    FileIO *file = self_of(self);
    ToyBuffer view;
    if (!check_writable(t, file) || !toy_buffer_get(t, args[0], &view, 0)) return TOY_FAILED;
    int64_t n = file_write_once(t, file, view.data, view.length);
    toy_buffer_release(t, &view);
    return n == -1 ? TOY_FAILED : n == -2 ? TOY_NONE : toy_int(t, n);
}

static ToyValue file_seek_method(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t offset, position;
    int whence = SEEK_SET;
    if (!check_open(t, self_of(self)) || !toy_arg_int64(t, args[0], &offset) || !toy_arg_int(t, args[1], &whence)) return TOY_FAILED;
    return file_seek(t, self_of(self), offset, whence, &position) ? toy_int(t, position) : TOY_FAILED;
}

static ToyValue file_tell(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t position;
    return file_seek(t, self_of(self), 0, SEEK_CUR, &position) ? toy_int(t, position) : TOY_FAILED;
}

static ToyValue file_truncate(ToyThread *t, ToyValue self, const ToyValue *args)
{
    FileIO *file = self_of(self);
    int64_t size;
    if (!check_writable(t, file)) return TOY_FAILED;
    if (toy_is_given(args[0]) ? !toy_arg_int64(t, args[0], &size) : !file_seek(t, file, 0, SEEK_CUR, &size)) return TOY_FAILED;
    int fd = file->fd;
    toy_block_begin(t, "ftruncate");
    int result = ftruncate(fd, size);
    toy_block_end(t);
    return result < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : toy_int(t, size);
}

static ToyValue file_close_method(ToyThread *t, ToyValue self, const ToyValue *args) { return file_close(t, self_of(self)) ? TOY_NONE : TOY_FAILED; }
static ToyValue file_fileno(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return check_open(t, self_of(self)) ? toy_small_int_value(self_of(self)->fd) : TOY_FAILED;
}
static ToyValue file_isatty(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!check_open(t, self_of(self))) return TOY_FAILED;
    int fd = self_of(self)->fd;
    toy_block_begin(t, "isatty");
    int result = isatty(fd);
    toy_block_end(t);
    return toy_bool(result);
}
static ToyValue file_readable(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return check_open(t, self_of(self)) ? toy_bool(self_of(self)->is_readable) : TOY_FAILED;
}
static ToyValue file_writable(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return check_open(t, self_of(self)) ? toy_bool(self_of(self)->is_writable) : TOY_FAILED;
}
static ToyValue file_seekable(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return check_open(t, self_of(self)) ? toy_bool(lseek(self_of(self)->fd, 0, SEEK_CUR) >= 0) : TOY_FAILED;
}
static ToyValue file_get_closed(ToyThread *t, ToyValue self) { return toy_bool(self_of(self)->fd < 0); }
static ToyValue file_get_mode(ToyThread *t, ToyValue self) { return toy_str(t, file_mode(self_of(self))); }
static ToyValue file_get_closefd(ToyThread *t, ToyValue self) { return toy_bool(self_of(self)->closes_fd); }
static ToyValue file_warn(ToyThread *t, ToyValue self, const ToyValue *args) { return file_warn_unclosed(t, self_of(self), args[0]), TOY_NONE; }

static ToyValue file_repr(ToyThread *t, ToyValue self)
{
    FileIO *file = self_of(self);
    const char *closes = file->closes_fd ? "True" : "False";
    if (file->fd < 0) return toy_str_format(t, "<%T [closed]>", self);
    ToyValue name = toy_find_attribute(t, self, "name"), text = TOY_FAILED;
    if (toy_is_raised(t)) return TOY_FAILED;
    if (toy_is_unbound(name)) return toy_str_format(t, "<%T fd=%d mode='%s' closefd=%s>", self, file->fd, file_mode(file), closes);
    if (io_repr_enter(t, self)) {
        text = toy_str_format(t, "<%T name=%R mode='%s' closefd=%s>", self, name, file_mode(file), closes);
        toy_repr_leave(t, self);
    }
    toy_release(name);
    return text;
}

static void file_finalize(ToyThread *t, ToyValue self)
{
    if (self_of(self)->fd >= 0 && self_of(self)->layers == 0) io_finalize(t, self);
}

/* A script's class above may have failed to close it. */
static void file_free(ToyObject *self)
{
    FileIO *file = (FileIO *)self;
    if (file->fd >= 0 && file->closes_fd) (void)close(file->fd);
}

static const ToyFunction file_methods[] = {
    IO_NOT_PICKLED,
    TOY_FUNCTION("close", file_close_method, "($self, /)", 0,
                 "Close the descriptor, unless it was only lent (closefd=False); doing it twice is no error."),
    TOY_FUNCTION("fileno", file_fileno, "($self, /)", 0, "The number under which the system knows the file."),
    TOY_FUNCTION("isatty", file_isatty, "($self, /)", 0, "Whether a terminal is at the other end."),
    TOY_FUNCTION("read", file_read_method, "($self, size=-1, /)", 0,
                 "The bytes of one read, size of them at most, the lock released; without size, up to the end. None if none were ready."),
    TOY_FUNCTION("readable", file_readable, "($self, /)", 0, "Whether the mode allows reading."),
    TOY_FUNCTION("readall", file_readall, "($self, /)", 0, "Everything up to the end, by as many reads as that takes, the lock released for each."),
    TOY_FUNCTION("readinto", file_readinto, "($self, buffer, /)", 0,
                 "Fill the buffer with one read, the lock released; how many bytes came, None if none were ready."),
    TOY_FUNCTION("seek", file_seek_method, "($self, pos, whence=0, /)", 0,
                 "Go to a position, counted from whence: 0 the start, 1 here, 2 the end. The new position."),
    TOY_FUNCTION("seekable", file_seekable, "($self, /)", 0, "Whether the file has a position that can be set; pipes and terminals have not."),
    TOY_FUNCTION("tell", file_tell, "($self, /)", 0, "Where in the file the next read or write begins."),
    TOY_FUNCTION("truncate", file_truncate, "($self, size=None, /)", 0,
                 "Cut the file off at size, or fill it up with zeros to that; without it, at the position. The new size."),
    TOY_FUNCTION("writable", file_writable, "($self, /)", 0, "Whether the mode allows writing."),
    TOY_FUNCTION("write", file_write_method, "($self, b, /)", 0,
                 "Write the bytes with one call, the lock released; how many were taken, None if it would have had to wait."),
    TOY_FUNCTION("_dealloc_warn", file_warn, "($self, source, /)", 0, "Warn that source was not closed, if it was not."),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet file_getsets[] = {
    {"closed", file_get_closed, NULL, "whether the descriptor is gone"},
    {"closefd", file_get_closefd, NULL, "whether close() also closes the descriptor"},
    {"mode", file_get_mode, NULL, "how it was opened, such as 'rb+'"},
    {NULL, NULL, NULL, NULL},
};
static const ToyMember file_members[] = {
    {"_blksize", MEMBER_INT64, offsetof(FileIO, block_size), false, NULL},
    {"_finalizing", MEMBER_BOOL, offsetof(FileIO, is_finalizing), false, NULL},
    {NULL, MEMBER_BOOL, 0, false, NULL},
};
const ToyTypeSpec file_io_spec = {
    .doc = "Open a file.",
    .signature = "(file, mode='r', closefd=True, opener=None)",
    .size = sizeof(FileIO),
    .flags = TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_CONTAINER,
    .slots = {.repr = file_repr, .new_instance = file_new, .init = file_init, .finalize = file_finalize},
    .methods = file_methods,
    .getsets = file_getsets,
    .members = file_members,
    .free = file_free,
};
