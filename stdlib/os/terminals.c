/* terminals.c - posix: pseudo-terminals, and which process a terminal listens to.
 *
 * What        openpty, forkpty, login_tty; the steps that openpty is made of; the process group in front of a terminal.
 * How         A pseudo-terminal is two descriptors: what a program writes to its line, the master reads. forkpty is a pair, a
 *             fork, and a child that makes the line its own.
 * GIL         held: nothing waits. forkpty forks as os.fork does.
 * Read next   processes.c, stdlib/unix/mod_termios.c */
#include <pty.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <utmp.h>

#include "stdlib/os/os.h"

/* Both ends, which programs that are started shall not inherit. */
static bool open_pair(ToyThread *t, int *master, int *line)
{
    if (openpty(master, line, NULL, NULL, NULL) == 0) {
        if (fcntl(*master, F_SETFD, FD_CLOEXEC) == 0 && fcntl(*line, F_SETFD, FD_CLOEXEC) == 0) return true;
        int error = errno;
        close(*master);
        close(*line);
        errno = error;
    }
    toy_raise_os_error(t, errno, TOY_UNBOUND);
    return false;
}

static ToyValue posix_openpty(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int master, line;
    return open_pair(t, &master, &line) ? toy_tuple(t, toy_int(t, master), toy_int(t, line)) : TOY_FAILED;
}

static ToyValue posix_forkpty(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int master, line;
    if (!open_pair(t, &master, &line)) return TOY_FAILED;
    pid_t pid = toy_fork(t);
    if (pid == 0) {
        close(master);
        if (login_tty(line) < 0) _exit(1);   /* without its terminal it is not what was asked for */
        return toy_tuple(t, toy_int(t, 0), toy_int(t, -1));
    }
    close(line);
    if (pid < 0) {
        close(master);
        return TOY_FAILED;
    }
    if (toy_thread_count(t) > 1 &&
        !toy_warn(t, TOY_DeprecationWarning, 1, "This process (pid=%d) is multi-threaded, use of forkpty() may lead to deadlocks in the child.", (int)getpid()))
        toy_raised_clear(t);   /* there is a child now, whose pid must not be lost */
    return toy_tuple(t, toy_int(t, pid), toy_int(t, master));
}

static ToyValue posix_login_tty(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    return toy_arg_fd(t, args[0], &fd) ? none_or_error(t, login_tty(fd)) : TOY_FAILED;
}

static ToyValue posix_posix_openpt(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int flags;
    if (!toy_arg_int(t, args[0], &flags)) return TOY_FAILED;
    int fd = posix_openpt(flags | O_CLOEXEC);
    return int_or_error(t, fd);
}
static ToyValue posix_grantpt(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    return toy_arg_fd(t, args[0], &fd) ? none_or_error(t, grantpt(fd)) : TOY_FAILED;
}
static ToyValue posix_unlockpt(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    return toy_arg_fd(t, args[0], &fd) ? none_or_error(t, unlockpt(fd)) : TOY_FAILED;
}
static ToyValue posix_ptsname(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    char name[64];
    if (!toy_arg_fd(t, args[0], &fd)) return TOY_FAILED;
    int error = ptsname_r(fd, name, sizeof name);
    return error ? toy_raise_os_error(t, error, TOY_UNBOUND) : toy_str_from_os(t, name, strlen(name));
}

static ToyValue posix_ctermid(ToyThread *t, ToyValue self, const ToyValue *args)
{
    char name[L_ctermid];
    ctermid(name);
    return toy_str_from_os(t, name, strlen(name));
}
static ToyValue posix_tcgetpgrp(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    return toy_arg_int(t, args[0], &fd) ? int_or_error(t, tcgetpgrp(fd)) : TOY_FAILED;
}
static ToyValue posix_tcsetpgrp(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, group;
    return toy_arg_int(t, args[0], &fd) && toy_arg_int(t, args[1], &group) ? none_or_error(t, tcsetpgrp(fd, group)) : TOY_FAILED;
}

const ToyFunction posix_terminal_functions[] = {
    TOY_FUNCTION("openpty", posix_openpty, "()", 0,
                 "A new pair of descriptors: the side that plays the terminal, and the one that programs take for it."),
    TOY_FUNCTION("forkpty", posix_forkpty, "()", 0, "Fork a child that has a new pseudo-terminal for its own: (0, -1) there, (pid, master) here."),
    TOY_FUNCTION("login_tty", posix_login_tty, "(fd, /)", 0, "Make the terminal the one of a new session, and its descriptor the three standard streams."),
    TOY_FUNCTION("posix_openpt", posix_posix_openpt, "(oflag, /)", 0, "Open the master of a pseudo-terminal."),
    TOY_FUNCTION("grantpt", posix_grantpt, "(fd, /)", 0, "Let the user of this process open the line that belongs to a master."),
    TOY_FUNCTION("unlockpt", posix_unlockpt, "(fd, /)", 0, "Let the line that belongs to a master be opened."),
    TOY_FUNCTION("ptsname", posix_ptsname, "(fd, /)", 0, "The file name of the line that belongs to a master."),
    TOY_FUNCTION("ctermid", posix_ctermid, "()", 0, "The file name of the terminal that controls this process."),
    TOY_FUNCTION("tcgetpgrp", posix_tcgetpgrp, "(fd, /)", 0, "The process group in front of a terminal."),
    TOY_FUNCTION("tcsetpgrp", posix_tcsetpgrp, "(fd, pgid, /)", 0, "Put a process group in front of a terminal."),
    TOY_FUNCTIONS_END,
};
