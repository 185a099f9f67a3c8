/* mod_select.c - select: waiting for one of several descriptors.
 *
 * What        The module, and its function select(); poll and epoll objects are in the files beside it.
 * How         The three lists become three sets of bits, which the system overwrites with those that are ready; who is in them is then looked
 *             up in the lists again. Objects are asked for their fileno() one by one, and a list may change while they are.
 * GIL         dropped during the wait.
 * Read next   poll_object.c, epoll_object.c */
#include <limits.h>
#include <poll.h>
#include <sys/select.h>

#include "stdlib/select/select.h"

bool wait_limit_read(ToyThread *t, ToyValue timeout, int64_t unit_ns, int64_t *limit_ns)
{
    *limit_ns = -1;
    if (!toy_is_given(timeout)) return true;
    int64_t as_seconds;
    if (!toy_arg_seconds(t, timeout, &as_seconds)) {
        if (!toy_raised_is(t, TOY_TypeError)) return false;
        toy_raised_clear(t);
        return toy_raise_false(t, TOY_TypeError, "timeout must be an integer or None");
    }
    /* Read as if 1 were a second: divided down to the unit, and up to a whole nanosecond. */
    int64_t divisor = (int64_t)NS_PER_MS * MS_PER_SECOND / unit_ns;
    int64_t limit = as_seconds / divisor + (as_seconds % divisor > 0);
    if (limit > (int64_t)INT32_MAX * NS_PER_MS) return toy_raise_false(t, TOY_OverflowError, "timeout is too large");
    *limit_ns = as_seconds < 0 ? -1 : limit;
    return true;
}

/* ==== select() ============================================================================================================== */

/* One of the three lists: the objects (owned), their descriptors, and the set of these. */
typedef struct WatchedList {
    ToyValue *objects;
    int *fds;
    size_t count;
    fd_set set;
} WatchedList;
enum { LISTS = 3, WATCHED_MAX = FD_SETSIZE };

static void watched_free(ToyThread *t, WatchedList *list)
{
    for (size_t i = 0; i < list->count; i++) toy_release(list->objects[i]);
    if (list->objects) toy_free(t, list->objects, WATCHED_MAX * sizeof *list->objects);
    if (list->fds) toy_free(t, list->fds, WATCHED_MAX * sizeof *list->fds);
}

static bool watched_add(ToyThread *t, WatchedList *list, ToyValue object, int *highest)
{
    int fd;
    if (!toy_arg_fd(t, object, &fd)) return false;
    if (fd >= FD_SETSIZE) return toy_raise_false(t, TOY_ValueError, "filedescriptor out of range in select()");
    if (list->count >= WATCHED_MAX) return toy_raise_false(t, TOY_ValueError, "too many file descriptors in select()");
    list->objects[list->count] = toy_retain(object);
    list->fds[list->count++] = fd;
    FD_SET(fd, &list->set);
    if (fd > *highest) *highest = fd;
    return true;
}

static bool watched_fill(ToyThread *t, WatchedList *list, ToyValue argument, int *highest)
{
    list->objects = toy_alloc(t, WATCHED_MAX * sizeof *list->objects);
    list->fds = list->objects ? toy_alloc(t, WATCHED_MAX * sizeof *list->fds) : NULL;
    if (!list->fds) return false;
    /* A list itself is walked, not a copy: what a fileno() takes out of it is not asked any more. */
    ToyValue items = toy_is_list(argument) ? toy_retain(argument) : toy_list_from(t, argument);
    if (toy_failed(items)) {
        if (!toy_raised_is(t, TOY_TypeError) || toy_is_iterable(t, argument)) return false;
        toy_raised_clear(t);
        return toy_raise_false(t, TOY_TypeError, "arguments 1-3 must be sequences");
    }
    bool done = true;
    for (size_t i = 0; done && i < toy_list_length(items); i++) {
        ToyValue object = toy_retain(toy_list_item(items, i));
        done = watched_add(t, list, object, highest);
        toy_release(object);
    }
    toy_release(items);
    return done;
}

static ToyValue watched_ready(ToyThread *t, const WatchedList *list, bool has_any)
{
    ToyValue ready = toy_list(t);
    for (size_t i = 0; has_any && !toy_failed(ready) && i < list->count; i++)
        if (FD_ISSET(list->fds[i], &list->set) && !toy_list_append(t, ready, list->objects[i])) toy_clear(&ready);
    return ready;
}

static bool read_select_timeout(ToyThread *t, ToyValue timeout, int64_t *limit_ns)
{
    *limit_ns = -1;
    if (!toy_is_given(timeout)) return true;
    if (!toy_arg_seconds(t, timeout, limit_ns)) {
        if (!toy_raised_is(t, TOY_TypeError)) return false;
        toy_raised_clear(t);
        return toy_raise_false(t, TOY_TypeError, "timeout must be a float or None");
    }
    return *limit_ns >= 0 || toy_raise_false(t, TOY_ValueError, "timeout must be non-negative");
}

static ToyValue wait_for_lists(ToyThread *t, WatchedList *lists, int highest, int64_t limit_ns)
{
    int64_t deadline = -1;
    if (limit_ns >= 0 && __builtin_add_overflow(toy_monotonic_ns(), limit_ns, &deadline)) deadline = -1;
    fd_set wanted[LISTS] = {lists[0].set, lists[1].set, lists[2].set};
    int n;
    do {
        for (size_t i = 0; i < LISTS; i++) lists[i].set = wanted[i];   /* what an interrupted call left there is nothing */
        int64_t left = deadline < 0 ? 0 : deadline - toy_monotonic_ns();
        if (left < 0) left = 0;
        struct timespec rest = {.tv_sec = left / ((int64_t)NS_PER_MS * MS_PER_SECOND), .tv_nsec = left % ((int64_t)NS_PER_MS * MS_PER_SECOND)};
        toy_block_begin(t, "select");
        n = pselect(highest + 1, &lists[0].set, &lists[1].set, &lists[2].set, deadline < 0 ? NULL : &rest, NULL);
        toy_block_end(t);
    } while (n < 0 && toy_block_retry(t));
    if (n < 0) return toy_block_failed(t, TOY_UNBOUND);
    return toy_tuple(t, watched_ready(t, &lists[0], n > 0), watched_ready(t, &lists[1], n > 0), watched_ready(t, &lists[2], n > 0));
}

static ToyValue select_select(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t limit_ns;
    if (!read_select_timeout(t, args[3], &limit_ns)) return TOY_FAILED;
    WatchedList lists[LISTS];
    memset(lists, 0, sizeof lists);
    int highest = -1;
    ToyValue result = TOY_FAILED;
    if (watched_fill(t, &lists[0], args[0], &highest) && watched_fill(t, &lists[1], args[1], &highest) && watched_fill(t, &lists[2], args[2], &highest))
        result = wait_for_lists(t, lists, highest, limit_ns);
    for (size_t i = 0; i < LISTS; i++) watched_free(t, &lists[i]);
    return result;
}

/* ==== the module ============================================================================================================ */

static const ToyFunction functions[] = {
    TOY_FUNCTION("select", select_select, "(rlist, wlist, xlist, timeout=None, /)", 0,
                 "Wait until a file of rlist can be read, one of wlist written, or one of xlist has something exceptional, at most timeout\n"
                 "seconds. Returns three lists of those that are ready."),
    TOY_FUNCTION("poll", poll_new, "()", 0, "An object that waits for any number of descriptors."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant constants[] = {
        {"POLLIN", POLLIN},         {"POLLPRI", POLLPRI},       {"POLLOUT", POLLOUT},       {"POLLERR", POLLERR},       {"POLLHUP", POLLHUP},
        {"POLLNVAL", POLLNVAL},     {"POLLRDNORM", POLLRDNORM}, {"POLLRDBAND", POLLRDBAND}, {"POLLWRNORM", POLLWRNORM}, {"POLLWRBAND", POLLWRBAND},
        {"POLLMSG", POLLMSG},       {"POLLRDHUP", POLLRDHUP},   {"PIPE_BUF", PIPE_BUF},
    };
    return toy_module_add_ints(t, module, constants, sizeof constants / sizeof *constants) && add_poll_type(t, module) && add_epoll_type(t, module) &&
           toy_module_add(t, module, "error", toy_retain(toy_type_value(toy_exception_type(t, TOY_OSError))));
}

const ToyModule toy_module_select = {
    .name = "select",
    .doc = "Waiting for one of several descriptors: select(), poll objects, and Linux' epoll.\n\nNot for files of a disk, which are always ready.",
    .functions = functions,
    .state_size = sizeof(SelectState),
    .init = init,
};
