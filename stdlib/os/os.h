/* os.h - what the files of module posix share.
 *
 * What        Paths as the system wants them, the state of the module, the tables of functions that the files contribute.
 * How         A Path is read from an argument, used without the lock, released. Every call that may wait drops the lock.
 * GIL         held, but inside of WITHOUT_LOCK.
 * Read next   mod_posix.c */
#ifndef TOY_STDLIB_OS_OS_H
#define TOY_STDLIB_OS_OS_H

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "vm/toy.h"

typedef struct PosixState {
    ToyType *stat_result, *statvfs_result, *terminal_size, *times_result, *uname_result, *waitid_result, *sched_param, *dir_entry, *scan;
} PosixState;
static inline PosixState *posix_state(ToyValue module) { return toy_module_state(module); }

/* One system call that may wait, and what belongs to it. No value is touched inside. */
#define WITHOUT_LOCK(t, what, statement) \
    do { \
        toy_block_begin(t, what); \
        statement; \
        toy_block_end(t); \
    } while (0)

/* A path: text for the system, or a descriptor where the function takes one. */
typedef struct Path {
    const char *text;         /* NULL: it is a descriptor, or none was given */
    int fd;                   /* -1: it is a text */
    bool is_bytes;            /* given as bytes: results are bytes too */
    ToyValue name;            /* owned: what was given, for errors; a str, bytes, int or None */
    ToyValue holder;          /* owned: keeps the text */
} Path;
enum PathKind { PATH_ONLY_TEXT = 0, PATH_OR_FD = 1, PATH_OR_NONE = 2 };
/* False raises "FUNCTION: ARGUMENT should be string, ..., not T". Nothing needs releasing then. */
TOY_MUST_CHECK bool path_read(ToyThread *t, ToyValue v, const char *function, const char *argument, int kind, Path *path);
void path_release(Path *path);
/* A str, bytes, or what has __fspath__. False may mean that asking raised. */
bool is_path_like(ToyThread *t, ToyValue v);
/* Releases the path, and raises the error if [result] is negative: errno's, with the path's name. */
ToyValue path_finish(ToyThread *t, Path *path, int result);
/* None and UNBOUND: AT_FDCWD. */
TOY_MUST_CHECK bool dir_fd_read(ToyThread *t, ToyValue v, int *dir_fd);
/* 32 bits, not negative. */
TOY_MUST_CHECK bool unsigned_read(ToyThread *t, ToyValue v, unsigned *n);
/* The number of a device; -1 is that of none. */
TOY_MUST_CHECK bool device_read(ToyThread *t, ToyValue v, dev_t *device);
struct sched_param;
/* An os.sched_param. */
TOY_MUST_CHECK bool sched_param_read(ToyThread *t, PosixState *state, ToyValue v, struct sched_param *param);
/* A user or group; -1 leaves it. [what] is "uid" or "gid". */
TOY_MUST_CHECK bool account_id_read(ToyThread *t, ToyValue v, const char *what, uint32_t *id);
/* A descriptor needs no directory, and is no link: "FUNCTION: can't specify dir_fd without matching path". */
TOY_MUST_CHECK bool check_fd_alone(ToyThread *t, const char *function, const Path *path, ToyValue dir_fd, bool follows);

/* None, or the error that errno tells. */
static inline ToyValue none_or_error(ToyThread *t, int result) { return result < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : TOY_NONE; }
static inline ToyValue int_or_error(ToyThread *t, int64_t result) { return result < 0 ? toy_raise_os_error(t, errno, TOY_UNBOUND) : toy_int(t, result); }

ToyValue stat_value(ToyThread *t, PosixState *state, const struct stat *status);
TOY_MUST_CHECK bool add_stat_types(ToyThread *t, ToyModuleObject *module);
TOY_MUST_CHECK bool add_scan_types(ToyThread *t, ToyModuleObject *module);
TOY_MUST_CHECK bool add_system_types(ToyThread *t, ToyModuleObject *module);
TOY_MUST_CHECK bool add_schedule_types(ToyThread *t, ToyModuleObject *module);
TOY_MUST_CHECK bool add_system_values(ToyThread *t, ToyModuleObject *module);
TOY_MUST_CHECK bool add_process_types(ToyThread *t, ToyModuleObject *module);
TOY_MUST_CHECK bool add_configuration_names(ToyThread *t, ToyModuleObject *module);
TOY_MUST_CHECK bool add_program_constants(ToyThread *t, ToyModuleObject *module);
TOY_MUST_CHECK bool add_transfer_constants(ToyThread *t, ToyModuleObject *module);
TOY_MUST_CHECK bool add_event_constants(ToyThread *t, ToyModuleObject *module);
TOY_MUST_CHECK bool add_posix_constants(ToyThread *t, ToyModuleObject *module);

/* Each file's functions; a table ends with a NULL name. mod_posix.c puts them into the module. */
extern const ToyFunction posix_file_functions[], posix_transfer_functions[], posix_event_functions[], posix_attribute_functions[], posix_path_functions[], posix_stat_functions[], posix_scan_functions[],
    posix_process_functions[], posix_schedule_functions[], posix_system_functions[], posix_terminal_functions[], posix_identity_functions[],
    posix_program_functions[], posix_configuration_functions[], posix_namespace_functions[];

#endif
