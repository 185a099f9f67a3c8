/* posix_constants.c - posix: numbers with names.
 *
 * What        Flags of open, wait, access, scheduling ... and exit codes; one row each.
 * How         A table, in the order of the headers.
 * GIL         held.
 * Read next   mod_posix.c */
#include <dlfcn.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <linux/limits.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <sysexits.h>
#include <unistd.h>

#include "stdlib/os/os.h"

static const ToyIntConstant numbers[] = {
#define N(name) {#name, name},
    N(O_RDONLY) N(O_WRONLY) N(O_RDWR) N(O_ACCMODE) N(O_APPEND) N(O_ASYNC) N(O_CLOEXEC) N(O_CREAT) N(O_DIRECT) N(O_DIRECTORY) N(O_DSYNC) N(O_EXCL)
    N(O_FSYNC) N(O_LARGEFILE) N(O_NDELAY) N(O_NOATIME) N(O_NOCTTY) N(O_NOFOLLOW) N(O_NONBLOCK) N(O_PATH) N(O_RSYNC) N(O_SYNC) N(O_TMPFILE) N(O_TRUNC)
    N(F_OK) N(R_OK) N(W_OK) N(X_OK) N(F_LOCK) N(F_TEST) N(F_TLOCK) N(F_ULOCK) N(SEEK_DATA) N(SEEK_HOLE)
    N(WNOHANG) N(WUNTRACED) N(WCONTINUED) N(WEXITED) N(WSTOPPED) N(WNOWAIT) N(P_ALL) N(P_PID) N(P_PGID) {"P_PIDFD", 3},
    N(CLD_EXITED) N(CLD_KILLED) N(CLD_DUMPED) N(CLD_TRAPPED) N(CLD_STOPPED) N(CLD_CONTINUED)
    N(PRIO_PROCESS) N(PRIO_PGRP) N(PRIO_USER) N(SCHED_OTHER) N(SCHED_BATCH) N(SCHED_IDLE) N(SCHED_FIFO) N(SCHED_RR) {"SCHED_RESET_ON_FORK", 0x40000000},
    N(EX_OK) N(EX_USAGE) N(EX_DATAERR) N(EX_NOINPUT) N(EX_NOUSER) N(EX_NOHOST) N(EX_UNAVAILABLE) N(EX_SOFTWARE) N(EX_OSERR) N(EX_OSFILE)
    N(EX_CANTCREAT) N(EX_IOERR) N(EX_TEMPFAIL) N(EX_PROTOCOL) N(EX_NOPERM) N(EX_CONFIG)
    N(ST_RDONLY) N(ST_NOSUID) N(ST_NODEV) N(ST_NOEXEC) N(ST_SYNCHRONOUS) N(ST_MANDLOCK) N(ST_WRITE) N(ST_APPEND) N(ST_NOATIME) N(ST_NODIRATIME) N(ST_RELATIME)
    N(RTLD_LAZY) N(RTLD_NOW) N(RTLD_GLOBAL) N(RTLD_LOCAL) N(RTLD_NODELETE) N(RTLD_NOLOAD) N(RTLD_DEEPBIND)
    N(GRND_NONBLOCK) N(GRND_RANDOM) N(TMP_MAX) N(NGROUPS_MAX)
    N(CLONE_FILES) N(CLONE_FS) N(CLONE_NEWCGROUP) N(CLONE_NEWIPC) N(CLONE_NEWNET) N(CLONE_NEWNS) N(CLONE_NEWPID) {"CLONE_NEWTIME", 0x80}, N(CLONE_NEWUSER)
    N(CLONE_NEWUTS) N(CLONE_SIGHAND) N(CLONE_SYSVSEM) N(CLONE_THREAD) N(CLONE_VM) N(XATTR_CREATE) N(XATTR_REPLACE) N(XATTR_SIZE_MAX)
#undef N
};

bool add_posix_constants(ToyThread *t, ToyModuleObject *module) { return toy_module_add_ints(t, module, numbers, sizeof numbers / sizeof *numbers); }
