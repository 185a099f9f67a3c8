/* usage.h - what a process has used of the machine, as values.
 *
 * What        The items of a struct_rusage, in order: for the module resource, whose record it is, and for os.wait3 and os.wait4.
 * How         Inline, so that two modules can have it without one needing the other; the record type stays with resource.
 * GIL         held.
 * Read next   mod_resource.c */
#ifndef TOY_STDLIB_UNIX_USAGE_H
#define TOY_STDLIB_UNIX_USAGE_H

#include <sys/resource.h>

#include "vm/toy.h"

static inline double usage_seconds(struct timeval time) { return (double)time.tv_sec + (double)time.tv_usec * 1e-6; }

static inline ToyValue usage_items(ToyThread *t, const struct rusage *used)
{
    return toy_tuple(t, toy_float(t, usage_seconds(used->ru_utime)), toy_float(t, usage_seconds(used->ru_stime)), toy_int(t, used->ru_maxrss),
                     toy_int(t, used->ru_ixrss), toy_int(t, used->ru_idrss), toy_int(t, used->ru_isrss), toy_int(t, used->ru_minflt),
                     toy_int(t, used->ru_majflt), toy_int(t, used->ru_nswap), toy_int(t, used->ru_inblock), toy_int(t, used->ru_oublock),
                     toy_int(t, used->ru_msgsnd), toy_int(t, used->ru_msgrcv), toy_int(t, used->ru_nsignals), toy_int(t, used->ru_nvcsw),
                     toy_int(t, used->ru_nivcsw));
}

#endif
