/* scandir.c - posix: what lies in a directory.
 *
 * What        listdir, scandir with its iterator, DirEntry.
 * How         readdir, one entry at a time; a DirEntry knows its name, inode and kind from the directory itself, and asks stat only
 *             when that does not suffice. What it has asked it remembers.
 * Invariants  I1 an iterator's stream is NULL exactly when it is closed or at its end.
 * GIL         held; dropped around opendir, each readdir, closedir, stat.
 * Read next   file_status.c */
#include <dirent.h>
#include <unistd.h>

#include "stdlib/os/os.h"

/* ---- the stream, shared by both ---- */

/* Of a descriptor a copy is opened: closing the stream closes what it was made of. */
static DIR *open_stream(ToyThread *t, const Path *path)
{
    DIR *stream = NULL;
    const char *text = path->text ? path->text : ".";
    if (path->fd >= 0) {
        int copy = fcntl(path->fd, F_DUPFD_CLOEXEC, 0);
        if (copy < 0) return NULL;
        WITHOUT_LOCK(t, "opendir", stream = fdopendir(copy));
        int error = errno;
        if (stream) rewinddir(stream);
        else close(copy);
        errno = error;
        return stream;
    }
    WITHOUT_LOCK(t, "opendir", stream = opendir(text));
    return stream;
}

static void close_stream(ToyThread *t, DIR **stream)
{
    DIR *closing = *stream;
    *stream = NULL;
    if (!closing) return;
    WITHOUT_LOCK(t, "closedir", closedir(closing));
}

/* The next entry but "." and ".."; NULL with errno 0 at the end. */
static struct dirent *read_entry(ToyThread *t, DIR *stream)
{
    for (;;) {
        struct dirent *entry;
        errno = 0;
        WITHOUT_LOCK(t, "readdir", entry = readdir(stream));
        if (!entry || !(entry->d_name[0] == '.' && (!entry->d_name[1] || (entry->d_name[1] == '.' && !entry->d_name[2])))) return entry;
    }
}

static ToyValue name_value(ToyThread *t, const char *name, bool is_bytes)
{
    return is_bytes ? toy_bytes(t, name, strlen(name)) : toy_str_from_os(t, name, strlen(name));
}

static ToyValue posix_listdir(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Path path;
    if (!path_read(t, args[0], "listdir", "path", PATH_OR_FD | PATH_OR_NONE, &path)) return TOY_FAILED;
    DIR *stream = open_stream(t, &path);
    if (!stream) return path_finish(t, &path, -1);
    ToyValue list = toy_list(t);
    bool done = !toy_failed(list);
    while (done) {
        struct dirent *entry = read_entry(t, stream);
        if (!entry && errno) {
            toy_raise_os_error(t, errno, path.name);
            done = false;
        }
        if (!entry) break;
        done = toy_list_append_take(t, list, name_value(t, entry->d_name, path.is_bytes));
    }
    close_stream(t, &stream);
    path_release(&path);
    if (done) return list;
    toy_release(list);
    return TOY_FAILED;
}

/* ---- one entry ---- */

typedef struct DirEntry {
    ToyObject head;
    ToyValue name, path;              /* owned */
    ToyValue status, link_status;     /* owned, once asked for: following links, and not */
    ino_t inode;
    int dir_fd;                       /* AT_FDCWD: 'path' is enough */
    unsigned char kind;               /* DT_... of the directory; DT_UNKNOWN: it does not say */
} DirEntry;
static DirEntry *as_entry(ToyValue v) { return (DirEntry *)toy_object(v); }

static ToyValue entry_new(ToyThread *t, PosixState *state, const struct dirent *from, const Path *directory)
{
    DirEntry *entry = (DirEntry *)toy_type_alloc(t, state->dir_entry);
    if (!entry) return TOY_FAILED;
    entry->inode = from->d_ino;
    entry->kind = from->d_type;
    entry->dir_fd = directory->fd >= 0 ? directory->fd : AT_FDCWD;
    entry->name = name_value(t, from->d_name, directory->is_bytes);
    if (!directory->text) {
        entry->path = directory->fd >= 0 || toy_failed(entry->name) ? toy_retain(entry->name) : toy_str_format(t, "./%S", entry->name);
    } else {
        size_t length = strlen(directory->text), name_length = strlen(from->d_name);
        bool has_slash = length && directory->text[length - 1] == '/';
        char *joined = toy_alloc(t, length + name_length + 2);
        if (joined) {
            memcpy(joined, directory->text, length);
            if (!has_slash && length) joined[length] = '/';
            size_t at = length + (!has_slash && length);
            memcpy(joined + at, from->d_name, name_length + 1);
            entry->path = name_value(t, joined, directory->is_bytes);
            toy_free(t, joined, length + name_length + 2);
        }
    }
    if (!toy_failed(entry->name) && !toy_failed(entry->path)) return toy_value(entry);
    toy_release(toy_value(entry));
    return TOY_FAILED;
}

static ToyValue entry_stat_now(ToyThread *t, DirEntry *entry, bool follows)
{
    ToyValue holder;
    ToyValue name = entry->dir_fd == AT_FDCWD ? entry->path : entry->name;
    const char *text = toy_path(t, name, "stat", &holder);
    if (!text) return TOY_FAILED;
    int result;
    struct stat status;
    WITHOUT_LOCK(t, "stat", result = fstatat(entry->dir_fd, text, &status, follows ? 0 : AT_SYMLINK_NOFOLLOW));
    toy_release(holder);
    if (result < 0) return toy_raise_os_error(t, errno, entry->path);
    return stat_value(t, toy_type_state(entry->head.type), &status);
}

/* The status, owned; asked for once. Of what is no link both are the same. */
static ToyValue entry_status(ToyThread *t, DirEntry *entry, bool follows)
{
    bool is_link = entry->kind == DT_LNK;
    if (entry->kind == DT_UNKNOWN) {
        if (toy_is_unbound(entry->link_status)) entry->link_status = entry_stat_now(t, entry, false);
        if (toy_failed(entry->link_status)) return TOY_FAILED;
        is_link = S_ISLNK((mode_t)toy_small_int(toy_tuple_item(entry->link_status, 0)));
    }
    ToyValue *place = follows && is_link ? &entry->status : &entry->link_status;
    if (toy_is_unbound(*place)) *place = entry_stat_now(t, entry, follows && is_link);
    return toy_retain(*place);
}

static ToyValue entry_stat(ToyThread *t, ToyValue self, const ToyValue *args)
{
    bool follows = true;
    return toy_arg_bool(t, args[0], &follows) ? entry_status(t, as_entry(self), follows) : TOY_FAILED;
}

/* Is it of that kind? What is gone is of no kind. */
static ToyValue entry_is(ToyThread *t, DirEntry *entry, bool follows, unsigned char kind, mode_t format)
{
    bool knows = entry->kind != DT_UNKNOWN && !(follows && entry->kind == DT_LNK);
    if (knows) return toy_bool(entry->kind == kind);
    ToyValue status = entry_status(t, entry, follows);
    if (toy_failed(status)) {
        if (!toy_raised_is(t, TOY_FileNotFoundError)) return TOY_FAILED;
        toy_raised_clear(t);
        return TOY_FALSE;
    }
    mode_t mode = (mode_t)toy_small_int(toy_tuple_item(status, 0));
    toy_release(status);
    return toy_bool((mode & S_IFMT) == format);
}
static ToyValue entry_is_dir(ToyThread *t, ToyValue self, const ToyValue *args)
{
    bool follows = true;
    return toy_arg_bool(t, args[0], &follows) ? entry_is(t, as_entry(self), follows, DT_DIR, S_IFDIR) : TOY_FAILED;
}
static ToyValue entry_is_file(ToyThread *t, ToyValue self, const ToyValue *args)
{
    bool follows = true;
    return toy_arg_bool(t, args[0], &follows) ? entry_is(t, as_entry(self), follows, DT_REG, S_IFREG) : TOY_FAILED;
}
static ToyValue entry_is_symlink(ToyThread *t, ToyValue self, const ToyValue *args) { return entry_is(t, as_entry(self), false, DT_LNK, S_IFLNK); }
static ToyValue entry_is_junction(ToyThread *t, ToyValue self, const ToyValue *args) { return TOY_FALSE; }
static ToyValue entry_inode(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int_from_uint64(t, as_entry(self)->inode); }
static ToyValue entry_fspath(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_retain(as_entry(self)->path); }
static ToyValue entry_repr(ToyThread *t, ToyValue self) { return toy_str_format(t, "<DirEntry %R>", as_entry(self)->name); }
static ToyValue entry_class_item(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_generic_alias(t, self, args[0]); }

static void entry_free(ToyObject *self)
{
    DirEntry *entry = (DirEntry *)self;
    toy_clear(&entry->name);
    toy_clear(&entry->path);
    toy_clear(&entry->status);
    toy_clear(&entry->link_status);
}

static const ToyMember entry_members[] = {
    {"name", MEMBER_VALUE, offsetof(DirEntry, name), true, "name of the entry within its directory"},
    {"path", MEMBER_VALUE, offsetof(DirEntry, path), true, "the folder given to scandir() joined with the entry's name"},
    {NULL, MEMBER_VALUE, 0, true, NULL},
};
static const ToyFunction entry_methods[] = {
    TOY_FUNCTION("is_dir", entry_is_dir, "($self, /, *, follow_symlinks=True)", 0, "Does the entry name a directory? The answer is kept for later calls."),
    TOY_FUNCTION("is_file", entry_is_file, "($self, /, *, follow_symlinks=True)", 0, "Does the entry name a regular file? The answer is kept for later calls."),
    TOY_FUNCTION("is_symlink", entry_is_symlink, "($self, /)", 0, "Is the entry itself a symbolic link? The answer is kept for later calls."),
    TOY_FUNCTION("is_junction", entry_is_junction, "($self, /)", 0, "Is the entry a junction? Always False here: only Windows has them."),
    TOY_FUNCTION("stat", entry_stat, "($self, /, *, follow_symlinks=True)", 0, "The entry's stat_result, fetched once and kept for later calls."),
    TOY_FUNCTION("inode", entry_inode, "($self, /)", 0, "The entry's inode number, as the directory listing gave it."),
    TOY_FUNCTION("__fspath__", entry_fspath, "($self, /)", 0, "The entry's path, the same object as its attribute path."),
    TOY_FUNCTION("__class_getitem__", entry_class_item, "($type, object, /)", TOY_CLASS, "See PEP 585"),
    TOY_FUNCTIONS_END,
};
static const ToyTypeSpec entry_spec = {
    .size = sizeof(DirEntry),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_NO_NEW,
    .slots = {.repr = entry_repr},
    .methods = entry_methods,
    .members = entry_members,
    .free = entry_free,
};

/* ---- the iterator ---- */

typedef struct Scan {
    ToyObject head;
    DIR *stream;     /* I1 */
    Path path;
} Scan;
static Scan *as_scan(ToyValue v) { return (Scan *)toy_object(v); }

static ToyValue posix_scandir(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Scan *scan = (Scan *)toy_type_alloc(t, posix_state(self)->scan);
    if (!scan) return TOY_FAILED;
    scan->path.fd = -1;
    if (path_read(t, args[0], "scandir", "path", PATH_OR_FD | PATH_OR_NONE, &scan->path)) {
        scan->stream = open_stream(t, &scan->path);
        if (scan->stream) return toy_value(scan);
        toy_raise_os_error(t, errno, scan->path.name);
    }
    toy_release(toy_value(scan));
    return TOY_FAILED;
}

static ToyValue scan_iterate(ToyThread *t, ToyValue self) { return toy_retain(self); }
static ToyValue scan_next(ToyThread *t, ToyValue self)
{
    Scan *scan = as_scan(self);
    if (!scan->stream) return TOY_END;
    struct dirent *entry = read_entry(t, scan->stream);
    if (entry) return entry_new(t, toy_type_state(scan->head.type), entry, &scan->path);
    int error = errno;
    close_stream(t, &scan->stream);
    return error ? toy_raise_os_error(t, error, scan->path.name) : TOY_END;
}
static ToyValue scan_close(ToyThread *t, ToyValue self, const ToyValue *args)
{
    close_stream(t, &as_scan(self)->stream);
    return TOY_NONE;
}
static ToyValue scan_enter(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_retain(self); }
static ToyValue scan_exit(ToyThread *t, ToyValue self, const ToyValue *args) { return scan_close(t, self, args); }

static void scan_finalize(ToyThread *t, ToyValue self)
{
    if (as_scan(self)->stream && !toy_warn(t, TOY_ResourceWarning, 1, "unclosed scandir iterator %R", self)) toy_report_unraisable(t, self, NULL);
}
static void scan_free(ToyObject *self)
{
    Scan *scan = (Scan *)self;
    if (scan->stream) closedir(scan->stream);
    path_release(&scan->path);
}

static const ToyFunction scan_methods[] = {
    TOY_FUNCTION("close", scan_close, "($self, /)", 0, NULL),
    TOY_FUNCTION("__enter__", scan_enter, "($self, /)", 0, NULL),
    TOY_FUNCTION("__exit__", scan_exit, "($self, /, *args)", 0, NULL),
    TOY_FUNCTIONS_END,
};
static const ToyTypeSpec scan_spec = {
    .size = sizeof(Scan),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_NO_NEW,
    .slots = {.iterate = scan_iterate, .next = scan_next, .finalize = scan_finalize},
    .methods = scan_methods,
    .free = scan_free,
};

bool add_scan_types(ToyThread *t, ToyModuleObject *module)
{
    PosixState *state = posix_state(toy_module_value(module));
    state->dir_entry = toy_type_new(t, module, &entry_spec, "posix.DirEntry", NULL);
    state->scan = toy_type_new(t, module, &scan_spec, "posix.ScandirIterator", NULL);
    return state->scan && toy_module_add_type(t, module, state->dir_entry);
}

const ToyFunction posix_scan_functions[] = {
    TOY_FUNCTION("listdir", posix_listdir, "(path=None)", 0, "The names in a folder, in no order, as a list; bytes for a path of bytes."),
    TOY_FUNCTION("scandir", posix_scandir, "(path=None)", 0,
                 "An iterator over what is in a folder, with what the system told about each along with its name."),
    TOY_FUNCTIONS_END,
};
