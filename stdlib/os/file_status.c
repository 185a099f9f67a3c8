/* file_status.c - posix: stat, and the record it answers.
 *
 * What        stat, lstat, fstat, statvfs, fstatvfs; stat_result and statvfs_result.
 * How         stat_result shows ten items (times in whole seconds) and has more by name: times as floats and in ns.
 * GIL         held; dropped around the calls.
 * Read next   scandir.c */
#include <math.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "stdlib/os/os.h"

static const ToyMember stat_fields[] = {
    TOY_RECORD_FIELD("st_mode", 0, "kind of file and permissions"), TOY_RECORD_FIELD("st_ino", 1, "inode"), TOY_RECORD_FIELD("st_dev", 2, "device"),
    TOY_RECORD_FIELD("st_nlink", 3, "how many names it has"), TOY_RECORD_FIELD("st_uid", 4, "user it belongs to"),
    TOY_RECORD_FIELD("st_gid", 5, "group it belongs to"), TOY_RECORD_FIELD("st_size", 6, "its length in bytes"),
    TOY_RECORD_HIDDEN("st_atime", 10, "when it was last read"), TOY_RECORD_HIDDEN("st_mtime", 11, "when it was last written"),
    TOY_RECORD_HIDDEN("st_ctime", 12, "when anything about it last changed"),
    TOY_RECORD_HIDDEN("st_atime_ns", 13, "when it was last read, in nanoseconds"),
    TOY_RECORD_HIDDEN("st_mtime_ns", 14, "when it was last written, in nanoseconds"),
    TOY_RECORD_HIDDEN("st_ctime_ns", 15, "when anything about it last changed, in nanoseconds"),
    TOY_RECORD_HIDDEN("st_blksize", 16, "number of bytes best read at once"),
    TOY_RECORD_HIDDEN("st_blocks", 17, "number of 512-byte blocks it takes"),
    TOY_RECORD_HIDDEN("st_rdev", 18, "which device it stands for"), TOY_RECORD_END,
};
static const ToyTypeSpec stat_spec = TOY_RECORD(
    "stat_result: Result from stat, fstat, or lstat.\n\nA tuple of ten ints, (mode, ino, dev, nlink, uid, gid, size, atime, mtime, ctime),\n"
    "whose items have names; more of them can be had by name only.", stat_fields, 19);

static const ToyMember statvfs_fields[] = {
    TOY_RECORD_FIELD("f_bsize", 0, NULL), TOY_RECORD_FIELD("f_frsize", 1, NULL), TOY_RECORD_FIELD("f_blocks", 2, NULL),
    TOY_RECORD_FIELD("f_bfree", 3, NULL), TOY_RECORD_FIELD("f_bavail", 4, NULL), TOY_RECORD_FIELD("f_files", 5, NULL),
    TOY_RECORD_FIELD("f_ffree", 6, NULL), TOY_RECORD_FIELD("f_favail", 7, NULL), TOY_RECORD_FIELD("f_flag", 8, NULL),
    TOY_RECORD_FIELD("f_namemax", 9, NULL), TOY_RECORD_HIDDEN("f_fsid", 10, NULL), TOY_RECORD_END,
};
static const ToyTypeSpec statvfs_spec = TOY_RECORD("statvfs_result: Result from statvfs or fstatvfs.", statvfs_fields, 11);

bool add_stat_types(ToyThread *t, ToyModuleObject *module)
{
    PosixState *state = posix_state(toy_module_value(module));
    state->stat_result = toy_record_type_new(t, module, &stat_spec, "os.stat_result");
    state->statvfs_result = toy_record_type_new(t, module, &statvfs_spec, "os.statvfs_result");
    return toy_module_add_type(t, module, state->stat_result) && toy_module_add_type(t, module, state->statvfs_result);
}

static ToyValue seconds_value(ToyThread *t, const struct timespec *moment)
{
    return toy_float(t, (double)moment->tv_sec + 1e-9 * (double)moment->tv_nsec);
}
static ToyValue ns_value(ToyThread *t, const struct timespec *moment)
{
    int64_t ns;
    if (!__builtin_mul_overflow(moment->tv_sec, INT64_C(1000000000), &ns) && !__builtin_add_overflow(ns, moment->tv_nsec, &ns)) return toy_int(t, ns);
    return toy_int(t, moment->tv_sec < 0 ? INT64_MIN : INT64_MAX);
}

ToyValue stat_value(ToyThread *t, PosixState *state, const struct stat *status)
{
    ToyValue values[19] = {
        toy_int(t, status->st_mode), toy_int_from_uint64(t, status->st_ino), toy_int_from_uint64(t, status->st_dev),
        toy_int(t, (int64_t)status->st_nlink), toy_int(t, status->st_uid), toy_int(t, status->st_gid), toy_int(t, status->st_size),
        toy_int(t, status->st_atim.tv_sec), toy_int(t, status->st_mtim.tv_sec), toy_int(t, status->st_ctim.tv_sec),
        seconds_value(t, &status->st_atim), seconds_value(t, &status->st_mtim), seconds_value(t, &status->st_ctim),
        ns_value(t, &status->st_atim), ns_value(t, &status->st_mtim), ns_value(t, &status->st_ctim),
        toy_int(t, status->st_blksize), toy_int(t, status->st_blocks), toy_int_from_uint64(t, status->st_rdev)};
    return toy_record_new(t, state->stat_result, values);
}

static ToyValue stat_path(ToyThread *t, ToyValue self, ToyValue v, ToyValue dir, bool follows, const char *function, int kind)
{
    int dir_fd, result;
    struct stat status;
    Path path;
    if (!dir_fd_read(t, dir, &dir_fd) || !path_read(t, v, function, "path", kind, &path)) return TOY_FAILED;
    if (!check_fd_alone(t, function, &path, dir, follows)) {
        path_release(&path);
        return TOY_FAILED;
    }
    WITHOUT_LOCK(t, function, result = path.fd >= 0 ? fstat(path.fd, &status)
                                       : path.text  ? fstatat(dir_fd, path.text, &status, follows ? 0 : AT_SYMLINK_NOFOLLOW)
                                                    : fstat(-1, &status));
    if (result < 0) return path_finish(t, &path, result);
    path_release(&path);
    return stat_value(t, posix_state(self), &status);
}

static ToyValue posix_stat(ToyThread *t, ToyValue self, const ToyValue *args)
{
    bool follows = true;
    return toy_arg_bool(t, args[2], &follows) ? stat_path(t, self, args[0], args[1], follows, "stat", PATH_OR_FD) : TOY_FAILED;
}
static ToyValue posix_lstat(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return stat_path(t, self, args[0], args[1], false, "lstat", PATH_ONLY_TEXT);
}
static ToyValue posix_fstat(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, result;
    struct stat status;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    do WITHOUT_LOCK(t, "fstat", result = fstat(fd, &status));
    while (result < 0 && toy_block_retry(t));
    return result < 0 ? toy_block_failed(t, TOY_UNBOUND) : stat_value(t, posix_state(self), &status);
}

static ToyValue statvfs_value(ToyThread *t, ToyValue self, const struct statvfs *s)
{
    ToyValue values[11] = {
        toy_int_from_uint64(t, s->f_bsize), toy_int_from_uint64(t, s->f_frsize), toy_int_from_uint64(t, s->f_blocks),
        toy_int_from_uint64(t, s->f_bfree), toy_int_from_uint64(t, s->f_bavail), toy_int_from_uint64(t, s->f_files),
        toy_int_from_uint64(t, s->f_ffree), toy_int_from_uint64(t, s->f_favail), toy_int_from_uint64(t, s->f_flag),
        toy_int_from_uint64(t, s->f_namemax), toy_int_from_uint64(t, s->f_fsid)};
    return toy_record_new(t, posix_state(self)->statvfs_result, values);
}
static ToyValue posix_statvfs(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int result;
    struct statvfs status;
    Path path;
    if (!path_read(t, args[0], "statvfs", "path", PATH_OR_FD, &path)) return TOY_FAILED;
    WITHOUT_LOCK(t, "statvfs", result = path.fd >= 0 ? fstatvfs(path.fd, &status) : statvfs(path.text, &status));
    if (result < 0) return path_finish(t, &path, result);
    path_release(&path);
    return statvfs_value(t, self, &status);
}
static ToyValue posix_fstatvfs(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, result;
    struct statvfs status;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    do WITHOUT_LOCK(t, "fstatvfs", result = fstatvfs(fd, &status));
    while (result < 0 && toy_block_retry(t));
    return result < 0 ? toy_block_failed(t, TOY_UNBOUND) : statvfs_value(t, self, &status);
}

/* Of no device, -1, each part is -1 too, and the other way round. */
static ToyValue device_part(ToyThread *t, unsigned part) { return part == UINT32_MAX ? toy_int(t, -1) : toy_int(t, part); }
static ToyValue device_major(ToyThread *t, ToyValue self, const ToyValue *args)
{
    dev_t device;
    return device_read(t, args[0], &device) ? device_part(t, major(device)) : TOY_FAILED;
}
static ToyValue device_minor(ToyThread *t, ToyValue self, const ToyValue *args)
{
    dev_t device;
    return device_read(t, args[0], &device) ? device_part(t, minor(device)) : TOY_FAILED;
}
static bool read_part(ToyThread *t, ToyValue v, unsigned *part)
{
    dev_t wide;
    if (!device_read(t, v, &wide)) return false;
    *part = (unsigned)wide;
    return wide == (dev_t)-1 || wide <= UINT32_MAX || toy_raise_false(t, TOY_OverflowError, "Python int too large to convert to C unsigned int");
}
static ToyValue device_make(ToyThread *t, ToyValue self, const ToyValue *args)
{
    unsigned high, low;
    if (!read_part(t, args[0], &high) || !read_part(t, args[1], &low)) return TOY_FAILED;
    dev_t device = makedev(high, low);
    return device == (dev_t)-1 ? toy_int(t, -1) : toy_int_from_uint64(t, device);
}

const ToyFunction posix_stat_functions[] = {
    TOY_FUNCTION("stat", posix_stat, "(path, *, dir_fd=None, follow_symlinks=True)", 0, "Perform a stat system call on the given path, or open file descriptor."),
    TOY_FUNCTION("lstat", posix_lstat, "(path, *, dir_fd=None)", 0, "What stat() says, of a symbolic link itself."),
    TOY_FUNCTION("fstat", posix_fstat, "(fd)", 0, "What stat() says of the file that fd is open on."),
    TOY_FUNCTION("statvfs", posix_statvfs, "(path)", 0, "Perform a statvfs system call on the given path, or open file descriptor."),
    TOY_FUNCTION("fstatvfs", posix_fstatvfs, "(fd, /)", 0, "What statvfs() says of the file system of the file that fd is open on."),
    TOY_FUNCTION("major", device_major, "(device, /)", 0, "The major part of a device number."),
    TOY_FUNCTION("minor", device_minor, "(device, /)", 0, "The minor part of a device number."),
    TOY_FUNCTION("makedev", device_make, "(major, minor, /)", 0, "Join a major and a minor part into one device number."),
    TOY_FUNCTIONS_END,
};
