/* paths.c - posix: what is done to files by name.
 *
 * What        mkdir, rename, unlink, symlink, chmod, utime, access, getcwd ...
 * How         Each reads its paths, drops the lock around one system call (the ...at form, which knows dir_fd), and reports an
 *             error with the names that were given.
 * GIL         held; dropped around the calls.
 * Read next   path_argument.c, file_status.c, scandir.c */
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "stdlib/os/os.h"

/* A path with a mode and a dir_fd, as mkdir and its kin take. */
static bool read_with_dir(ToyThread *t, ToyValue v, ToyValue dir, const char *function, Path *path, int *dir_fd)
{
    if (!path_read(t, v, function, "path", PATH_ONLY_TEXT, path)) return false;
    if (dir_fd_read(t, dir, dir_fd)) return true;
    path_release(path);
    return false;
}

/* ---- directories, names ---- */

static ToyValue posix_mkdir(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int mode = 0777, dir_fd, result;
    Path path;
    if (!toy_arg_int(t, args[1], &mode) || !read_with_dir(t, args[0], args[2], "mkdir", &path, &dir_fd)) return TOY_FAILED;
    WITHOUT_LOCK(t, "mkdir", result = mkdirat(dir_fd, path.text, (mode_t)mode));
    return path_finish(t, &path, result);
}
static ToyValue posix_mkfifo(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int mode = 0666, dir_fd, result;
    Path path;
    if (!toy_arg_int(t, args[1], &mode) || !read_with_dir(t, args[0], args[2], "mkfifo", &path, &dir_fd)) return TOY_FAILED;
    do WITHOUT_LOCK(t, "mkfifo", result = mkfifoat(dir_fd, path.text, (mode_t)mode));
    while (result < 0 && toy_block_retry(t));
    if (result < 0 && toy_is_raised(t)) {
        path_release(&path);
        return TOY_FAILED;
    }
    return path_finish(t, &path, result);
}

/* CPython names no file in the error. */
static ToyValue posix_mknod(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int mode = 0600, dir_fd, result;
    dev_t device = 0;
    Path path;
    if (!toy_arg_int(t, args[1], &mode) || !device_read(t, args[2], &device) || !read_with_dir(t, args[0], args[3], "mknod", &path, &dir_fd)) return TOY_FAILED;
    do WITHOUT_LOCK(t, "mknod", result = mknodat(dir_fd, path.text, (mode_t)mode, device));
    while (result < 0 && toy_block_retry(t));
    ToyValue answer = result < 0 ? toy_block_failed(t, TOY_UNBOUND) : TOY_NONE;
    path_release(&path);
    return answer;
}

static ToyValue remove_name(ToyThread *t, const ToyValue *args, const char *function, int flags)
{
    int dir_fd, result;
    Path path;
    if (!read_with_dir(t, args[0], args[1], function, &path, &dir_fd)) return TOY_FAILED;
    WITHOUT_LOCK(t, function, result = unlinkat(dir_fd, path.text, flags));
    return path_finish(t, &path, result);
}
static ToyValue posix_unlink(ToyThread *t, ToyValue self, const ToyValue *args) { return remove_name(t, args, "unlink", 0); }
static ToyValue posix_remove(ToyThread *t, ToyValue self, const ToyValue *args) { return remove_name(t, args, "remove", 0); }
static ToyValue posix_rmdir(ToyThread *t, ToyValue self, const ToyValue *args) { return remove_name(t, args, "rmdir", AT_REMOVEDIR); }

/* ---- two names ---- */

static bool read_two(ToyThread *t, const ToyValue *args, const char *function, Path *from, Path *to)
{
    if (!path_read(t, args[0], function, "src", PATH_ONLY_TEXT, from)) return false;
    if (path_read(t, args[1], function, "dst", PATH_ONLY_TEXT, to)) return true;
    path_release(from);
    return false;
}
static ToyValue finish_two(ToyThread *t, Path *from, Path *to, int result)
{
    ToyValue answer = result < 0 ? toy_raise_os_error2(t, errno, from->name, to->name) : TOY_NONE;
    path_release(from);
    path_release(to);
    return answer;
}

static ToyValue rename_path(ToyThread *t, const ToyValue *args, const char *function)
{
    int from_fd, to_fd, result;
    Path from, to;
    if (!dir_fd_read(t, args[2], &from_fd) || !dir_fd_read(t, args[3], &to_fd) || !read_two(t, args, function, &from, &to)) return TOY_FAILED;
    WITHOUT_LOCK(t, "rename", result = renameat(from_fd, from.text, to_fd, to.text));
    return finish_two(t, &from, &to, result);
}
static ToyValue posix_rename(ToyThread *t, ToyValue self, const ToyValue *args) { return rename_path(t, args, "rename"); }
static ToyValue posix_replace(ToyThread *t, ToyValue self, const ToyValue *args) { return rename_path(t, args, "replace"); }

static ToyValue posix_link(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int from_fd, to_fd, result;
    bool follows = true;
    Path from, to;
    if (!dir_fd_read(t, args[2], &from_fd) || !dir_fd_read(t, args[3], &to_fd) || !toy_arg_bool(t, args[4], &follows) ||
        !read_two(t, args, "link", &from, &to)) return TOY_FAILED;
    /* link(2) itself does not follow, whatever the name of the parameter promises; CPython calls it unless asked otherwise. */
    WITHOUT_LOCK(t, "link", result = linkat(from_fd, from.text, to_fd, to.text, toy_is_bound(args[4]) && follows ? AT_SYMLINK_FOLLOW : 0));
    return finish_two(t, &from, &to, result);
}

static ToyValue posix_symlink(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int dir_fd, result;
    Path from, to;
    if (!dir_fd_read(t, args[3], &dir_fd) || !read_two(t, args, "symlink", &from, &to)) return TOY_FAILED;
    WITHOUT_LOCK(t, "symlink", result = symlinkat(from.text, dir_fd, to.text));
    return finish_two(t, &from, &to, result);
}

static ToyValue posix_readlink(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int dir_fd;
    ssize_t length;
    char target[PATH_MAX];
    Path path;
    if (!read_with_dir(t, args[0], args[1], "readlink", &path, &dir_fd)) return TOY_FAILED;
    WITHOUT_LOCK(t, "readlink", length = readlinkat(dir_fd, path.text, target, sizeof target));
    if (length < 0) return path_finish(t, &path, -1);
    ToyValue answer = path.is_bytes ? toy_bytes(t, target, (size_t)length) : toy_str_from_os(t, target, (size_t)length);
    path_release(&path);
    return answer;
}

/* ---- permissions, owners, times ---- */

static ToyValue posix_chmod(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int mode, dir_fd, result;
    bool follows = true;
    Path path;
    if (!toy_arg_int(t, args[1], &mode) || !dir_fd_read(t, args[2], &dir_fd) || !toy_arg_bool(t, args[3], &follows) ||
        !path_read(t, args[0], "chmod", "path", PATH_OR_FD, &path)) return TOY_FAILED;
    WITHOUT_LOCK(t, "chmod", result = path.fd >= 0 ? fchmod(path.fd, (mode_t)mode)
                                                   : fchmodat(dir_fd, path.text, (mode_t)mode, follows ? 0 : AT_SYMLINK_NOFOLLOW));
    if (result < 0 && errno == EOPNOTSUPP && !follows) {
        path_release(&path);
        return toy_raise(t, TOY_NotImplementedError, "chmod: follow_symlinks unavailable on this platform");
    }
    return path_finish(t, &path, result);
}

static ToyValue change_owner(ToyThread *t, ToyValue v, const ToyValue *ids, const char *function, ToyValue dir, bool follows)
{
    int dir_fd;
    uint32_t user, group;
    int result;
    Path path;
    if (!dir_fd_read(t, dir, &dir_fd) || !account_id_read(t, ids[0], "uid", &user) || !account_id_read(t, ids[1], "gid", &group) ||
        !path_read(t, v, function, "path", PATH_OR_FD, &path)) return TOY_FAILED;
    if (path.fd >= 0 && toy_is_given(dir)) {
        path_release(&path);
        return toy_raise_value_error(t, "%s: can't specify both dir_fd and fd", function);
    }
    if (!check_fd_alone(t, function, &path, TOY_UNBOUND, follows)) {
        path_release(&path);
        return TOY_FAILED;
    }
    WITHOUT_LOCK(t, "chown", result = path.fd >= 0 ? fchown(path.fd, user, group)
                                                   : fchownat(dir_fd, path.text, user, group, follows ? 0 : AT_SYMLINK_NOFOLLOW));
    return path_finish(t, &path, result);
}
static ToyValue posix_chown(ToyThread *t, ToyValue self, const ToyValue *args)
{
    bool follows = true;
    return toy_arg_bool(t, args[4], &follows) ? change_owner(t, args[0], args + 1, "chown", args[3], follows) : TOY_FAILED;
}
static ToyValue posix_lchown(ToyThread *t, ToyValue self, const ToyValue *args) { return change_owner(t, args[0], args + 1, "lchown", TOY_UNBOUND, false); }
static ToyValue posix_fchown(ToyThread *t, ToyValue self, const ToyValue *args) { return change_owner(t, args[0], args + 1, "fchown", TOY_UNBOUND, true); }

enum { NS_PER_SECOND = 1000000000 };
static bool read_moment(ToyThread *t, ToyValue v, bool in_ns, struct timespec *moment)
{
    if (in_ns) {
        ToyValue parts = toy_divmod(t, v, toy_small_int_value(NS_PER_SECOND));
        if (toy_failed(parts)) return false;
        int64_t seconds = 0, rest = 0;
        bool done = toy_arg_int64(t, toy_tuple_item(parts, 0), &seconds) && toy_arg_int64(t, toy_tuple_item(parts, 1), &rest);
        toy_release(parts);
        *moment = (struct timespec){.tv_sec = seconds, .tv_nsec = rest};
        return done;
    }
    if (toy_is_float(v)) {
        double whole = floor(toy_float_read(v)), rest = floor((toy_float_read(v) - whole) * 1e9);
        if (isnan(whole)) return toy_raise_false(t, TOY_ValueError, "Invalid value NaN (not a number)");
        if (!(fabs(whole) < 9e18)) return toy_raise_false(t, TOY_OverflowError, "timestamp out of range for platform time_t");
        *moment = (struct timespec){.tv_sec = (time_t)whole, .tv_nsec = (long)rest};
        return true;
    }
    int64_t seconds = 0;
    bool done = toy_arg_int64(t, v, &seconds);
    *moment = (struct timespec){.tv_sec = seconds};
    return done;
}

static ToyValue posix_utime(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int dir_fd, result;
    bool follows = true;
    Path path;
    struct timespec moments[2] = {{.tv_nsec = UTIME_NOW}, {.tv_nsec = UTIME_NOW}};
    ToyValue times = args[1], ns = args[2];
    if (toy_is_given(times) && toy_is_bound(ns)) return toy_raise_value_error(t, "utime: you may specify either 'times' or 'ns' but not both");
    if (toy_is_given(times) && (!toy_is_tuple(times) || toy_tuple_length(times) != 2))
        return toy_raise_type_error(t, "utime: 'times' must be either a tuple of two ints or None");
    if (toy_is_bound(ns) && (!toy_is_tuple(ns) || toy_tuple_length(ns) != 2)) return toy_raise_type_error(t, "utime: 'ns' must be a tuple of two ints");
    ToyValue pair = toy_is_given(times) ? times : ns;
    if (toy_is_bound(pair))
        for (size_t i = 0; i < 2; i++)
            if (!read_moment(t, toy_tuple_item(pair, i), toy_is_bound(ns), &moments[i])) return TOY_FAILED;
    if (!dir_fd_read(t, args[3], &dir_fd) || !toy_arg_bool(t, args[4], &follows) ||
        !path_read(t, args[0], "utime", "path", PATH_OR_FD, &path)) return TOY_FAILED;
    if (!check_fd_alone(t, "utime", &path, args[3], follows)) {
        path_release(&path);
        return TOY_FAILED;
    }
    WITHOUT_LOCK(t, "utime", result = path.fd >= 0 ? futimens(path.fd, moments)
                                                   : utimensat(dir_fd, path.text, moments, follows ? 0 : AT_SYMLINK_NOFOLLOW));
    return path_finish(t, &path, result);
}

static ToyValue posix_access(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int mode, dir_fd, result;
    bool is_effective = false, follows = true;
    Path path;
    if (!toy_arg_int(t, args[1], &mode) || !dir_fd_read(t, args[2], &dir_fd) || !toy_arg_bool(t, args[3], &is_effective) ||
        !toy_arg_bool(t, args[4], &follows) || !path_read(t, args[0], "access", "path", PATH_ONLY_TEXT, &path)) return TOY_FAILED;
    int flags = (is_effective ? AT_EACCESS : 0) | (follows ? 0 : AT_SYMLINK_NOFOLLOW);
    WITHOUT_LOCK(t, "access", result = faccessat(dir_fd, path.text, mode, flags));
    path_release(&path);
    return toy_bool(result == 0);
}

static ToyValue posix_truncate(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t length;
    int result;
    Path path;
    if (!toy_arg_int64(t, args[1], &length) || !path_read(t, args[0], "truncate", "path", PATH_OR_FD, &path)) return TOY_FAILED;
    WITHOUT_LOCK(t, "truncate", result = path.fd >= 0 ? ftruncate(path.fd, length) : truncate(path.text, length));
    return path_finish(t, &path, result);
}

/* ---- where we are ---- */

static ToyValue working_directory(ToyThread *t, bool wants_bytes)
{
    char text[PATH_MAX], *found;
    WITHOUT_LOCK(t, "getcwd", found = getcwd(text, sizeof text));
    if (!found) return toy_raise_os_error(t, errno, TOY_UNBOUND);
    return wants_bytes ? toy_bytes(t, text, strlen(text)) : toy_str_from_os(t, text, strlen(text));
}
static ToyValue posix_getcwd(ToyThread *t, ToyValue self, const ToyValue *args) { return working_directory(t, false); }
static ToyValue posix_getcwdb(ToyThread *t, ToyValue self, const ToyValue *args) { return working_directory(t, true); }

static ToyValue posix_chdir(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int result;
    Path path;
    if (!path_read(t, args[0], "chdir", "path", PATH_OR_FD, &path)) return TOY_FAILED;
    WITHOUT_LOCK(t, "chdir", result = path.fd >= 0 ? fchdir(path.fd) : chdir(path.text));
    return path_finish(t, &path, result);
}
static ToyValue posix_chroot(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int result;
    Path path;
    if (!path_read(t, args[0], "chroot", "path", PATH_ONLY_TEXT, &path)) return TOY_FAILED;
    WITHOUT_LOCK(t, "chroot", result = chroot(path.text));
    return path_finish(t, &path, result);
}

static ToyValue posix_umask(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int mask;
    return toy_arg_int(t, args[0], &mask) ? toy_int(t, umask((mode_t)mask)) : TOY_FAILED;
}

/* os.fspath, the C half of posixpath. */
static ToyValue posix_fspath(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_fspath(t, args[0]); }

/* "a//b/./../c" -> "a/c": one walk over the components, written over the text itself. */
static ToyValue path_normpath(ToyThread *t, ToyValue self, const ToyValue *args)
{
    /* Not path_read: this takes a NUL as it takes any character. */
    if (!is_path_like(t, args[0]))
        return toy_is_raised(t) ? TOY_FAILED : toy_raise_type_error(t, "_path_normpath: path should be string, bytes or os.PathLike, not %T", args[0]);
    ToyValue given = toy_fspath(t, args[0]);
    if (toy_failed(given)) return TOY_FAILED;
    bool is_bytes = toy_is_bytes(given);
    ToyValue bytes = is_bytes ? toy_retain(given) : toy_str_encode(t, given, "utf-8", "surrogatepass");
    toy_release(given);
    if (toy_failed(bytes)) return TOY_FAILED;
    size_t length;
    const char *text = (const char *)toy_bytes_data(bytes, &length);
    char *out = toy_alloc(t, length + 2);
    if (!out) {
        toy_release(bytes);
        return TOY_FAILED;
    }
    size_t root = 0, at = 0, n = 0;
    while (root < length && text[root] == '/') root++;
    at = root;
    if (root) root = root == 2 ? 2 : 1;   /* exactly two slashes mean something else to POSIX */
    for (; n < root; n++) out[n] = '/';
    while (at < length) {
        size_t end = at;
        while (end < length && text[end] != '/') end++;
        size_t size = end - at;
        bool is_up = size == 2 && text[at] == '.' && text[at + 1] == '.';
        size_t last = n;   /* where the last component written begins */
        while (last > root && out[last - 1] != '/') last--;
        bool last_is_up = n - last == 2 && out[last] == '.' && out[last + 1] == '.';
        if (is_up && n > root && !last_is_up) {
            n = last > root ? last - 1 : root;
        } else if (size && !(size == 1 && text[at] == '.') && !(is_up && root)) {
            if (n > root) out[n++] = '/';
            memcpy(out + n, text + at, size);
            n += size;
        }
        at = end + 1;
    }
    if (n == 0) out[n++] = '.';
    ToyValue answer = is_bytes ? toy_bytes(t, out, n) : toy_str_decode(t, out, n, "utf-8", "surrogatepass");
    toy_free(t, out, length + 2);
    toy_release(bytes);
    return answer;
}

const ToyFunction posix_path_functions[] = {
    TOY_FUNCTION("mkdir", posix_mkdir, "(path, mode=511, *, dir_fd=None)", 0, "Make a new folder; its mode is what the umask leaves of mode."),
    TOY_FUNCTION("mkfifo", posix_mkfifo, "(path, mode=438, *, dir_fd=None)", 0, "Make a pipe that has a name in a folder."),
    TOY_FUNCTION("mknod", posix_mknod, "(path, mode=384, device=0, *, dir_fd=None)", 0, "Create a file of any kind: plain, a pipe, a device; mode says which."),
    TOY_FUNCTION("unlink", posix_unlink, "(path, *, dir_fd=None)", 0, "Take a name of a file away; with the last one the file goes."),
    TOY_FUNCTION("remove", posix_remove, "(path, *, dir_fd=None)", 0, "Delete a file: what unlink() does."),
    TOY_FUNCTION("rmdir", posix_rmdir, "(path, *, dir_fd=None)", 0, "Delete a folder that is empty."),
    TOY_FUNCTION("rename", posix_rename, "(src, dst, *, src_dir_fd=None, dst_dir_fd=None)", 0,
                 "Give a file or folder another name; a file that has it goes."),
    TOY_FUNCTION("replace", posix_replace, "(src, dst, *, src_dir_fd=None, dst_dir_fd=None)", 0,
                 "Give a file or folder another name; a file that has it goes, on every system."),
    TOY_FUNCTION("link", posix_link, "(src, dst, *, src_dir_fd=None, dst_dir_fd=None, follow_symlinks=True)", 0,
                 "Give the file src one more name, dst."),
    TOY_FUNCTION("symlink", posix_symlink, "(src, dst, target_is_directory=False, *, dir_fd=None)", 0,
                 "Make dst a symbolic link: a file that says where src is."),
    TOY_FUNCTION("readlink", posix_readlink, "(path, *, dir_fd=None)", 0, "The text of the symbolic link: the path it leads to."),
    TOY_FUNCTION("chmod", posix_chmod, "(path, mode, *, dir_fd=None, follow_symlinks=True)", 0,
                 "Set who may read, write and execute a file: mode is made of the bits of the module stat."),
    TOY_FUNCTION("chown", posix_chown, "(path, uid, gid, *, dir_fd=None, follow_symlinks=True)", 0,
                 "Give a file to another user and group; -1 leaves one of them as it is."),
    TOY_FUNCTION("lchown", posix_lchown, "(path, uid, gid)", 0, "Change the owner and group id of path; a symbolic link is not followed."),
    TOY_FUNCTION("fchown", posix_fchown, "(fd, uid, gid)", 0, "What chown() does, for the file that fd is open on."),
    TOY_FUNCTION("utime", posix_utime, "(path, times=None, *, ns=None, dir_fd=None, follow_symlinks=True)", 0,
                 "Set when a file was last read and written: seconds in times, nanoseconds in ns, or this moment."),
    TOY_FUNCTION("access", posix_access, "(path, mode, *, dir_fd=None, effective_ids=False, follow_symlinks=True)", 0, "May this process read, write or execute the path?"),
    TOY_FUNCTION("truncate", posix_truncate, "(path, length)", 0, "Cut a file off at a length, or fill it up with zero bytes to that."),
    TOY_FUNCTION("getcwd", posix_getcwd, "()", 0, "The current directory, as a str."),
    TOY_FUNCTION("getcwdb", posix_getcwdb, "()", 0, "The current directory, as bytes."),
    TOY_FUNCTION("chdir", posix_chdir, "(path)", 0, "Make a folder the one from which relative paths start."),
    TOY_FUNCTION("chroot", posix_chroot, "(path)", 0, "Make path the root directory of this process."),
    TOY_FUNCTION("umask", posix_umask, "(mask, /)", 0, "Set the permission bits that new files do not get; returns the mask that was set before."),
    TOY_FUNCTION("fspath", posix_fspath, "(path)", 0, "A path as str or bytes: the argument itself if it is one, else what its __fspath__ answers."),
    TOY_FUNCTION("_path_normpath", path_normpath, "(path)", 0, "The path without empty and '.' parts, and with each '..' taking away the part before it."),
    TOY_FUNCTIONS_END,
};
