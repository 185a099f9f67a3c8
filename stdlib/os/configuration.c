/* configuration.c - posix: what the system allows and offers, asked by name.
 *
 * What        sysconf, confstr, pathconf, fpathconf, and the dicts of the names they know.
 * How         A name is looked up in the table of its function; a number is passed on as it is. "No limit" is -1 without an errno.
 * GIL         held: the C library answers at once.
 * Read next   configuration_names.def */
#include <unistd.h>

#include "stdlib/os/os.h"

typedef struct NameTable { const char *module_name; const ToyIntConstant *rows; size_t count; } NameTable;

#define IGNORED(name)
#define ROW(name) {#name, _##name},
static const ToyIntConstant confstr_rows[] = {
#define CONFSTR ROW
#define PATHCONF IGNORED
#define SYSCONF IGNORED
#include "stdlib/os/configuration_names.def"
#undef CONFSTR
#undef PATHCONF
};
static const ToyIntConstant pathconf_rows[] = {
#define CONFSTR IGNORED
#define PATHCONF ROW
#include "stdlib/os/configuration_names.def"
#undef PATHCONF
#undef SYSCONF
};
static const ToyIntConstant sysconf_rows[] = {
#define PATHCONF IGNORED
#define SYSCONF ROW
#include "stdlib/os/configuration_names.def"
#undef CONFSTR
#undef PATHCONF
#undef SYSCONF
};
#undef ROW
#undef IGNORED

static const NameTable confstr_names = {"confstr_names", confstr_rows, sizeof confstr_rows / sizeof *confstr_rows};
static const NameTable pathconf_names = {"pathconf_names", pathconf_rows, sizeof pathconf_rows / sizeof *pathconf_rows};
static const NameTable sysconf_names = {"sysconf_names", sysconf_rows, sizeof sysconf_rows / sizeof *sysconf_rows};

static bool read_name(ToyThread *t, ToyValue v, const NameTable *table, int *name)
{
    if (toy_is_int(v)) return toy_arg_int(t, v, name);
    if (!toy_is_str(v)) return toy_raise_false(t, TOY_TypeError, "configuration names must be strings or integers");
    for (size_t i = 0; i < table->count; i++) {
        if (!toy_str_is(v, table->rows[i].name)) continue;
        *name = (int)table->rows[i].n;
        return true;
    }
    return toy_raise_false(t, TOY_ValueError, "unrecognized configuration name");
}

static ToyValue posix_sysconf(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int name;
    if (!read_name(t, args[0], &sysconf_names, &name)) return TOY_FAILED;
    errno = 0;
    long value = sysconf(name);
    return value == -1 && errno ? toy_raise_os_error(t, errno, TOY_UNBOUND) : toy_int(t, value);
}

static ToyValue posix_confstr(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int name;
    char text[512];
    if (!read_name(t, args[0], &confstr_names, &name)) return TOY_FAILED;
    errno = 0;
    size_t size = confstr(name, text, sizeof text);   /* with its NUL; what it would take, if it did not fit */
    if (size == 0) return errno ? toy_raise_os_error(t, errno, TOY_UNBOUND) : TOY_NONE;
    if (size <= sizeof text) return toy_str_from_os(t, text, size - 1);
    char *longer = toy_alloc(t, size);
    if (!longer) return TOY_FAILED;
    confstr(name, longer, size);
    ToyValue answer = toy_str_from_os(t, longer, size - 1);
    toy_free(t, longer, size);
    return answer;
}

static ToyValue posix_pathconf(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int name;
    Path path;
    if (!path_read(t, args[0], "pathconf", "path", PATH_OR_FD, &path)) return TOY_FAILED;
    ToyValue answer = TOY_FAILED;
    if (read_name(t, args[1], &pathconf_names, &name)) {
        errno = 0;
        long value = path.text ? pathconf(path.text, name) : fpathconf(path.fd, name);
        /* EINVAL speaks of the name, not of the path. */
        answer = value == -1 && errno ? toy_raise_os_error(t, errno, errno == EINVAL ? TOY_UNBOUND : path.name) : toy_int(t, value);
    }
    path_release(&path);
    return answer;
}

static ToyValue posix_fpathconf(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, name;
    if (!toy_arg_fd(t, args[0], &fd) || !read_name(t, args[1], &pathconf_names, &name)) return TOY_FAILED;
    errno = 0;
    long value = fpathconf(fd, name);
    return value == -1 && errno ? toy_raise_os_error(t, errno, TOY_UNBOUND) : toy_int(t, value);
}

static bool add_names(ToyThread *t, ToyModuleObject *module, const NameTable *table)
{
    ToyValue dict = toy_dict(t);
    bool done = !toy_failed(dict);
    for (size_t i = 0; done && i < table->count; i++) done = toy_dict_take_text(t, dict, table->rows[i].name, toy_int(t, table->rows[i].n));
    if (done) return toy_module_add(t, module, table->module_name, dict);
    toy_release(dict);
    return false;
}
bool add_configuration_names(ToyThread *t, ToyModuleObject *module)
{
    return add_names(t, module, &confstr_names) && add_names(t, module, &pathconf_names) && add_names(t, module, &sysconf_names);
}

const ToyFunction posix_configuration_functions[] = {
    TOY_FUNCTION("sysconf", posix_sysconf, "(name, /)", 0, "The value of a system limit or option, named by a string or a number."),
    TOY_FUNCTION("confstr", posix_confstr, "(name, /)", 0, "A text that the system is configured with, named by a string or a number; None if it has none."),
    TOY_FUNCTION("pathconf", posix_pathconf, "(path, name)", 0, "A limit or option of the file system on which a file is; -1: there is no limit."),
    TOY_FUNCTION("fpathconf", posix_fpathconf, "(fd, name, /)", 0, "What pathconf() says, of the file that fd is open on."),
    TOY_FUNCTIONS_END,
};
