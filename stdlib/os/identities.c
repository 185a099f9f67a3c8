/* identities.c - posix: as which user, and in which groups, a process runs.
 *
 * What        User and group ids: real, effective and saved; supplementary groups; who is logged in.
 * How         One system call each. An id is 32 bits; -1 leaves it as it is. Setting is for the whole process: the C library tells all threads.
 * GIL         held: nothing waits.
 * Read next   processes.c */
#include <grp.h>
#include <limits.h>
#include <unistd.h>

#include "stdlib/os/os.h"

bool account_id_read(ToyThread *t, ToyValue v, const char *what, uint32_t *id)
{
    if (!toy_is_int(v)) {
        ToyValue method = toy_find_special(t, v, "__index__");
        bool is_number = toy_is_bound(method);
        toy_release(method);
        if (!is_number) return !toy_is_raised(t) && toy_raise_false(t, TOY_TypeError, "%s should be integer, not %T", what, v);
    }
    ToyValue n = toy_index(t, v);
    if (toy_failed(n)) return false;
    int64_t wide = 0;
    /* CPython compares after cutting down to 32 bits, and so calls all that fits 64 bits, but not these, too small. */
    bool is_wide = !toy_int_fits_int64(n, &wide), is_negative = toy_int_sign(n) < 0;
    toy_release(n);
    if (is_wide && !is_negative) return toy_raise_false(t, TOY_OverflowError, "%s is greater than maximum", what);
    if (is_wide || wide < -1 || wide > UINT32_MAX) return toy_raise_false(t, TOY_OverflowError, "%s is less than minimum", what);
    *id = (uint32_t)wide;
    return true;
}

#define GET(name) \
    static ToyValue posix_##name(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, name()); }
GET(getuid)
GET(geteuid)
GET(getgid)
GET(getegid)
#undef GET

#define GET_THREE(name) \
    static ToyValue posix_##name(ToyThread *t, ToyValue self, const ToyValue *args) \
    { \
        uint32_t real, effective, saved; \
        if (name(&real, &effective, &saved) < 0) return toy_raise_os_error(t, errno, TOY_UNBOUND); \
        return toy_tuple(t, toy_int(t, real), toy_int(t, effective), toy_int(t, saved)); \
    }
GET_THREE(getresuid)
GET_THREE(getresgid)
#undef GET_THREE

/* Up to three ids of one kind. */
static bool read_ids(ToyThread *t, const ToyValue *args, const char *what, uint32_t *ids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!account_id_read(t, args[i], what, &ids[i])) return false;
    return true;
}
#define SET(name, what, count, ...) \
    static ToyValue posix_##name(ToyThread *t, ToyValue self, const ToyValue *args) \
    { \
        uint32_t ids[count]; \
        return read_ids(t, args, what, ids, count) ? none_or_error(t, name(__VA_ARGS__)) : TOY_FAILED; \
    }
SET(setuid, "uid", 1, ids[0])
SET(seteuid, "uid", 1, ids[0])
SET(setgid, "gid", 1, ids[0])
SET(setegid, "gid", 1, ids[0])
SET(setreuid, "uid", 2, ids[0], ids[1])
SET(setregid, "gid", 2, ids[0], ids[1])
SET(setresuid, "uid", 3, ids[0], ids[1], ids[2])
SET(setresgid, "gid", 3, ids[0], ids[1], ids[2])
#undef SET

/* ---- groups ---- */

static ToyValue groups_value(ToyThread *t, const gid_t *groups, int count)
{
    ToyValue list = toy_list(t);
    for (int i = 0; !toy_failed(list) && i < count; i++)
        if (!toy_list_append_take(t, list, toy_int(t, groups[i]))) toy_clear(&list);
    return list;
}

static ToyValue posix_getgroups(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int count = getgroups(0, NULL);
    gid_t *groups = count < 0 ? NULL : toy_alloc(t, ((size_t)count + 1) * sizeof *groups);
    if (!groups) return count < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : TOY_FAILED;
    int got = getgroups(count, groups);
    ToyValue list = got < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : groups_value(t, groups, got);
    toy_free(t, groups, ((size_t)count + 1) * sizeof *groups);
    return list;
}

static bool read_groups(ToyThread *t, ToyValue items, gid_t *groups)
{
    for (size_t i = 0; i < toy_tuple_length(items); i++) {
        if (!toy_is_int(toy_tuple_item(items, i))) return toy_raise_false(t, TOY_TypeError, "groups must be integers");
        if (!account_id_read(t, toy_tuple_item(items, i), "gid", &groups[i])) return false;
    }
    return true;
}

static ToyValue set_groups(ToyThread *t, ToyValue items)
{
    size_t count = toy_tuple_length(items);
    if (count > NGROUPS_MAX) return toy_raise_value_error(t, "too many groups");
    gid_t *groups = toy_alloc(t, (count + 1) * sizeof *groups);
    if (!groups) return TOY_FAILED;
    ToyValue done = read_groups(t, items, groups) ? none_or_error(t, setgroups(count, groups)) : TOY_FAILED;
    toy_free(t, groups, (count + 1) * sizeof *groups);
    return done;
}

static ToyValue posix_setgroups(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue by_place = toy_is_dict(args[0]) || toy_is_set(args[0]) ? TOY_UNBOUND : toy_find_special(t, args[0], "__getitem__");
    bool is_sequence = toy_is_bound(by_place);
    toy_release(by_place);
    if (!is_sequence) return toy_is_raised(t) ? TOY_FAILED : toy_raise_type_error(t, "setgroups argument must be a sequence");
    ToyValue items = toy_tuple_from(t, args[0]);
    ToyValue done = toy_failed(items) ? TOY_FAILED : set_groups(t, items);
    toy_release(items);
    return done;
}

static ToyValue posix_initgroups(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue holder;
    uint32_t group;
    const char *name = toy_path(t, args[0], NULL, &holder);
    if (!name) return TOY_FAILED;
    ToyValue done = account_id_read(t, args[1], "gid", &group) ? none_or_error(t, initgroups(name, group)) : TOY_FAILED;
    toy_release(holder);
    return done;
}

static ToyValue posix_getgrouplist(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *name;
    uint32_t group;
    int count = NGROUPS_MAX;
    if (!toy_arg_text(t, args[0], "getgrouplist", "1", &name) || !account_id_read(t, args[1], "gid", &group)) return TOY_FAILED;
    size_t size = NGROUPS_MAX * sizeof(gid_t);
    gid_t *groups = toy_alloc(t, size);
    if (!groups) return TOY_FAILED;
    ToyValue list = getgrouplist(name, group, groups, &count) < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : groups_value(t, groups, count);
    toy_free(t, groups, size);
    return list;
}

static ToyValue posix_getlogin(ToyThread *t, ToyValue self, const ToyValue *args)
{
    char name[256];
    int error = getlogin_r(name, sizeof name);
    return error ? toy_raise_os_error(t, error, TOY_UNBOUND) : toy_str_from_os(t, name, strlen(name));
}

const ToyFunction posix_identity_functions[] = {
    TOY_FUNCTION("getuid", posix_getuid, "()", 0, "The real user id of this process."),
    TOY_FUNCTION("geteuid", posix_geteuid, "()", 0, "The effective user id of this process."),
    TOY_FUNCTION("getgid", posix_getgid, "()", 0, "The real group id of this process."),
    TOY_FUNCTION("getegid", posix_getegid, "()", 0, "The effective group id of this process."),
    TOY_FUNCTION("getresuid", posix_getresuid, "()", 0, "The user ids of this process: (real, effective, saved)."),
    TOY_FUNCTION("getresgid", posix_getresgid, "()", 0, "The group ids of this process: (real, effective, saved)."),
    TOY_FUNCTION("setuid", posix_setuid, "(uid, /)", 0, "Change the user id of this process."),
    TOY_FUNCTION("seteuid", posix_seteuid, "(euid, /)", 0, "Change the effective user id of this process."),
    TOY_FUNCTION("setgid", posix_setgid, "(gid, /)", 0, "Change the group id of this process."),
    TOY_FUNCTION("setegid", posix_setegid, "(egid, /)", 0, "Change the effective group id of this process."),
    TOY_FUNCTION("setreuid", posix_setreuid, "(ruid, euid, /)", 0, "Change the real and the effective user id; -1 leaves one as it is."),
    TOY_FUNCTION("setregid", posix_setregid, "(rgid, egid, /)", 0, "Change the real and the effective group id; -1 leaves one as it is."),
    TOY_FUNCTION("setresuid", posix_setresuid, "(ruid, euid, suid, /)", 0, "Change all three user ids; -1 leaves one as it is."),
    TOY_FUNCTION("setresgid", posix_setresgid, "(rgid, egid, sgid, /)", 0, "Change all three group ids; -1 leaves one as it is."),
    TOY_FUNCTION("getgroups", posix_getgroups, "()", 0, "The ids of the supplementary groups of this process, in a list."),
    TOY_FUNCTION("setgroups", posix_setgroups, "(groups, /)", 0, "Set the supplementary groups of this process."),
    TOY_FUNCTION("initgroups", posix_initgroups, "(username, gid, /)", 0, "Set the supplementary groups to those that a user is in, and one more."),
    TOY_FUNCTION("getgrouplist", posix_getgrouplist, "(user, group, /)", 0, "The ids of the groups that a user is in, and of one more."),
    TOY_FUNCTION("getlogin", posix_getlogin, "()", 0, "The name of the user logged in on the controlling terminal."),
    TOY_FUNCTIONS_END,
};
