/* extended_attributes.c - posix: notes that a file system keeps beside a file.
 *
 * What        getxattr, setxattr, removexattr, listxattr.
 * How         Each has three forms in the C library: by descriptor, by name, by the name of the link itself; one of them is picked.
 *             How long an answer is nobody knows before: a small buffer is tried, then one as large as any answer may be.
 * GIL         held; dropped around each call.
 * Read next   paths.c, path_argument.c */
#include <limits.h>
#include <linux/limits.h>
#include <sys/xattr.h>

#include "stdlib/os/os.h"

/* The file, and the name of the attribute where there is one. */
typedef struct Target { Path path, attribute; bool follows; } Target;

static bool target_read(ToyThread *t, ToyValue path, ToyValue attribute, ToyValue follows, const char *function, Target *target)
{
    *target = (Target){.follows = true, .attribute = {.name = TOY_UNBOUND, .holder = TOY_UNBOUND}};
    if (!toy_arg_bool(t, follows, &target->follows)) return false;
    int kind = toy_is_bound(attribute) ? PATH_OR_FD : PATH_OR_FD | PATH_OR_NONE;
    if (!path_read(t, path, function, "path", kind, &target->path)) return false;
    if (check_fd_alone(t, function, &target->path, TOY_UNBOUND, target->follows) &&
        (toy_is_unbound(attribute) || path_read(t, attribute, function, "attribute", PATH_ONLY_TEXT, &target->attribute))) return true;
    path_release(&target->path);
    return false;
}
static ToyValue target_finish(ToyThread *t, Target *target, int result)
{
    path_release(&target->attribute);
    return path_finish(t, &target->path, result);
}

/* What is asked for a buffer of some size; the length, or -1. */
typedef ssize_t Question(const Target *target, char *buffer, size_t size);

static ssize_t ask_value(const Target *target, char *buffer, size_t size)
{
    const char *path = target->path.text, *name = target->attribute.text;
    if (!path) return fgetxattr(target->path.fd, name, buffer, size);
    return target->follows ? getxattr(path, name, buffer, size) : lgetxattr(path, name, buffer, size);
}
static ssize_t ask_names(const Target *target, char *buffer, size_t size)
{
    const char *path = target->path.text ? target->path.text : ".";
    if (target->path.fd >= 0) return flistxattr(target->path.fd, buffer, size);
    return target->follows ? listxattr(path, buffer, size) : llistxattr(path, buffer, size);
}

enum { USUAL_SIZE = 256 };
/* The answer as bytes, or FAILED with errno in *error (0: raised). */
static ToyValue answer_bytes(ToyThread *t, const Target *target, Question *question, size_t largest, int *error)
{
    static const size_t tries = 2;
    for (size_t i = 0; i < tries; i++) {
        size_t size = i ? largest : USUAL_SIZE;
        uint8_t *data;
        ssize_t length;
        ToyValue bytes = toy_bytes_new(t, size, &data);
        *error = 0;
        if (toy_failed(bytes)) return TOY_FAILED;
        WITHOUT_LOCK(t, "getxattr", length = question(target, (char *)data, size));
        if (length >= 0) return toy_bytes_cut(t, bytes, (size_t)length);
        *error = errno;
        toy_release(bytes);
        if (*error != ERANGE) break;
    }
    return TOY_FAILED;
}

static ToyValue posix_getxattr(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Target target;
    int error;
    if (!target_read(t, args[0], args[1], args[2], "getxattr", &target)) return TOY_FAILED;
    ToyValue value = answer_bytes(t, &target, ask_value, XATTR_SIZE_MAX, &error);
    if (toy_failed(value) && error) toy_raise_os_error(t, error, target.path.name);
    path_release(&target.attribute);
    path_release(&target.path);
    return value;
}

static ToyValue posix_setxattr(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int flags = 0, result;
    Target target;
    ToyBuffer value;
    if (!target_read(t, args[0], args[1], args[4], "setxattr", &target)) return TOY_FAILED;
    if (!toy_arg_int(t, args[3], &flags) || !toy_buffer_get(t, args[2], &value, 0)) {
        path_release(&target.attribute);
        path_release(&target.path);
        return TOY_FAILED;
    }
    const char *path = target.path.text, *name = target.attribute.text;
    WITHOUT_LOCK(t, "setxattr", result = !path            ? fsetxattr(target.path.fd, name, value.data, value.length, flags)
                                         : target.follows ? setxattr(path, name, value.data, value.length, flags)
                                                          : lsetxattr(path, name, value.data, value.length, flags));
    int error = errno;
    toy_buffer_release(t, &value);
    errno = error;
    return target_finish(t, &target, result);
}

static ToyValue posix_removexattr(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int result;
    Target target;
    if (!target_read(t, args[0], args[1], args[2], "removexattr", &target)) return TOY_FAILED;
    const char *path = target.path.text, *name = target.attribute.text;
    WITHOUT_LOCK(t, "removexattr", result = !path            ? fremovexattr(target.path.fd, name)
                                            : target.follows ? removexattr(path, name)
                                                             : lremovexattr(path, name));
    return target_finish(t, &target, result);
}

/* The names come one after the other, a NUL behind each. */
static ToyValue posix_listxattr(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Target target;
    int error;
    size_t length = 0;
    if (!target_read(t, toy_is_bound(args[0]) ? args[0] : TOY_NONE, TOY_UNBOUND, args[1], "listxattr", &target)) return TOY_FAILED;
    ToyValue bytes = answer_bytes(t, &target, ask_names, XATTR_LIST_MAX, &error);
    if (toy_failed(bytes) && error) toy_raise_os_error(t, error, target.path.name);
    path_release(&target.path);
    if (toy_failed(bytes)) return TOY_FAILED;
    const char *names = (const char *)toy_bytes_data(bytes, &length);
    ToyValue list = toy_list(t);
    for (size_t at = 0; !toy_failed(list) && at < length; at += strlen(names + at) + 1)
        if (!toy_list_append_take(t, list, toy_str_from_os(t, names + at, strlen(names + at)))) toy_clear(&list);
    toy_release(bytes);
    return list;
}

const ToyFunction posix_attribute_functions[] = {
    TOY_FUNCTION("getxattr", posix_getxattr, "(path, attribute, *, follow_symlinks=True)", 0, "The value of an extended attribute of a file, as bytes."),
    TOY_FUNCTION("setxattr", posix_setxattr, "(path, attribute, value, flags=0, *, follow_symlinks=True)", 0,
                 "Give a file an extended attribute; with XATTR_CREATE it must be new, with XATTR_REPLACE it must not."),
    TOY_FUNCTION("removexattr", posix_removexattr, "(path, attribute, *, follow_symlinks=True)", 0, "Take an extended attribute away from a file."),
    TOY_FUNCTION("listxattr", posix_listxattr, "(path=None, *, follow_symlinks=True)", 0, "The names of the extended attributes of a file, in a list."),
    TOY_FUNCTIONS_END,
};
