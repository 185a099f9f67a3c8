/* path_argument.c - arguments as the system wants them: paths, which are str, bytes, PathLike or descriptor, and odd numbers.
 *
 * What        path_read and its helpers; unsigned_read, device_read.
 * How         One reader for all functions of os, which says what it accepts by flags.
 * GIL         held; __fspath__ may run script code.
 * Read next   os.h, paths.c */
#include "stdlib/os/os.h"

/* A number of a directory or file, as CPython reads those that may also be paths. */
static bool read_number(ToyThread *t, ToyValue v, int *out)
{
    if (toy_is_bool(v) && !toy_warn(t, TOY_RuntimeWarning, 1, "bool is used as a file descriptor")) return false;
    int64_t fd;
    ToyValue number = toy_index(t, v);
    if (toy_failed(number)) return false;
    bool fits = toy_int_fits_int64(number, &fd);
    if (!fits) fd = toy_int_sign(number) < 0 ? INT64_MIN : INT64_MAX;
    toy_release(number);
    if (fd > INT32_MAX) return toy_raise_false(t, TOY_OverflowError, "fd is greater than maximum");
    if (fd < INT32_MIN) return toy_raise_false(t, TOY_OverflowError, "fd is less than minimum");
    *out = (int)fd;
    return true;
}

static bool read_fd(ToyThread *t, ToyValue v, Path *path)
{
    if (!read_number(t, v, &path->fd)) return false;
    path->name = toy_retain(v);
    return true;
}

bool is_path_like(ToyThread *t, ToyValue v)
{
    if (toy_is_str(v) || toy_is_bytes(v)) return true;
    ToyValue method = toy_find_special(t, v, "__fspath__");
    toy_release(method);
    return toy_is_given(method);
}

bool path_read(ToyThread *t, ToyValue v, const char *function, const char *argument, int kind, Path *path)
{
    static const char *const allowed[] = {"string, bytes or os.PathLike", "string, bytes, os.PathLike or integer",
                                          "string, bytes, os.PathLike or None", "string, bytes, os.PathLike, integer or None"};
    *path = (Path){.fd = -1, .name = TOY_UNBOUND, .holder = TOY_UNBOUND};
    if (!toy_is_given(v) && (kind & PATH_OR_NONE)) {
        path->name = TOY_NONE;
        return true;
    }
    if (!is_path_like(t, v)) {
        if (toy_is_raised(t)) return false;
        if (kind & PATH_OR_FD) {
            ToyValue method = toy_find_special(t, v, "__index__");
            bool is_number = toy_is_bound(method);
            toy_release(method);
            if (is_number) return read_fd(t, v, path);
            if (toy_is_raised(t)) return false;
        }
        return toy_raise_false(t, TOY_TypeError, "%s: %s should be %s, not %T", function, argument, allowed[kind], v);
    }
    path->name = toy_fspath(t, v);
    if (toy_failed(path->name)) return false;
    path->is_bytes = toy_is_bytes(path->name);
    path->text = toy_path(t, path->name, function, &path->holder);
    if (path->text) return true;
    if (toy_raised_is(t, TOY_ValueError) && !toy_raised_is(t, TOY_UnicodeError)) {
        /* The argument's name may be another than "path". */
        toy_raised_clear(t);
        toy_raise_value_error(t, "%s: embedded null character in %s", function, argument);
    }
    path_release(path);
    return false;
}

void path_release(Path *path)
{
    toy_clear(&path->name);
    toy_clear(&path->holder);
}

ToyValue path_finish(ToyThread *t, Path *path, int result)
{
    ToyValue answer = result < 0 ? toy_raise_os_error(t, errno, path->name) : TOY_NONE;
    path_release(path);
    return answer;
}

bool dir_fd_read(ToyThread *t, ToyValue v, int *dir_fd)
{
    *dir_fd = AT_FDCWD;
    if (!toy_is_given(v)) return true;
    ToyValue method = toy_find_special(t, v, "__index__");
    bool is_number = toy_is_bound(method);
    toy_release(method);
    if (is_number) return read_number(t, v, dir_fd);
    return !toy_is_raised(t) && toy_raise_false(t, TOY_TypeError, "argument should be integer or None, not %T", v);
}

bool check_fd_alone(ToyThread *t, const char *function, const Path *path, ToyValue dir_fd, bool follows)
{
    if (path->fd < 0) return true;
    if (toy_is_given(dir_fd)) return toy_raise_false(t, TOY_ValueError, "%s: can't specify dir_fd without matching path", function);
    /* Of descriptor 0 CPython does not say so; nor do we. */
    return follows || path->fd == 0 || toy_raise_false(t, TOY_ValueError, "%s: cannot use fd and follow_symlinks together", function);
}

bool unsigned_read(ToyThread *t, ToyValue v, unsigned *n)
{
    uint64_t wide;
    if (toy_is_unbound(v)) return true;
    if (!toy_is_int(v)) return toy_raise_false(t, TOY_TypeError, "an integer is required");
    if (toy_int_sign(v) < 0) return toy_raise_false(t, TOY_ValueError, "value must be positive");
    if (!toy_int_fits_uint64(v, &wide) || wide > UINT32_MAX) return toy_raise_false(t, TOY_OverflowError, "Python int too large for C unsigned int");
    *n = (unsigned)wide;
    return true;
}

bool device_read(ToyThread *t, ToyValue v, dev_t *device)
{
    int64_t small;
    uint64_t wide;
    if (toy_is_unbound(v)) return true;
    if (!toy_is_int(v)) return toy_raise_false(t, TOY_TypeError, "an integer is required");
    if (toy_int_fits_int64(v, &small) && small == -1) wide = (uint64_t)-1;
    else if (!toy_arg_uint64(t, v, &wide)) return false;
    *device = wide;
    return true;
}
