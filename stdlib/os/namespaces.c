/* namespaces.c - posix: what of the system a process shares with others.
 *
 * What        unshare and setns: leave a namespace (of mounts, host names, process ids, users ...) for a new one, or for somebody else's.
 * How         One system call each. It concerns the calling thread, not the process.
 * GIL         held; dropped around the calls.
 * Read next   processes.c */
#include <sched.h>

#include "stdlib/os/os.h"

static ToyValue posix_unshare(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int flags, result;
    if (!toy_arg_int(t, args[0], &flags)) return TOY_FAILED;
    WITHOUT_LOCK(t, "unshare", result = unshare(flags));
    return none_or_error(t, result);
}

static ToyValue posix_setns(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, kind = 0, result;
    if (!toy_arg_fd(t, args[0], &fd) || !toy_arg_int(t, args[1], &kind)) return TOY_FAILED;
    WITHOUT_LOCK(t, "setns", result = setns(fd, kind));
    return none_or_error(t, result);
}

const ToyFunction posix_namespace_functions[] = {
    TOY_FUNCTION("unshare", posix_unshare, "(flags)", 0, "Stop sharing what the CLONE_ constants in flags name: a copy of its own from now on."),
    TOY_FUNCTION("setns", posix_setns, "(fd, nstype=0)", 0, "Move into the namespaces that fd leads to, a file below /proc/PID/ns or a pidfd."),
    TOY_FUNCTIONS_END,
};
