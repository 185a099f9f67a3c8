/* transfers.c - posix: many bytes in one call.
 *
 * What        readv, writev, preadv, pwritev; sendfile, copy_file_range, splice; posix_fadvise, posix_fallocate.
 * How         The first four fill or empty several buffers at once; the next three let the kernel move bytes that the script need not
 *             see. All are tried again after a signal.
 * GIL         held; dropped around the calls. Buffers stay exported, and so keep their size, meanwhile.
 * Read next   descriptors.c */
#include <sys/sendfile.h>
#include <sys/uio.h>
#include <unistd.h>

#include "stdlib/os/os.h"

/* ---- several buffers in one call ---- */

/* Where in the file, if not where the descriptor stands. */
typedef struct Place { off_t offset; int flags; bool is_given; } Place;

static ssize_t move_vector(int fd, const struct iovec *parts, int count, const Place *place, bool is_reading)
{
    if (!place->is_given) return is_reading ? readv(fd, parts, count) : writev(fd, parts, count);
    return is_reading ? preadv2(fd, parts, count, place->offset, place->flags) : pwritev2(fd, parts, count, place->offset, place->flags);
}

enum { VECTOR_MAX = 1024 };   /* what the kernel takes, IOV_MAX; one more it refuses */
static ToyValue transfer_vector(ToyThread *t, const ToyValue *args, const char *shown, const Place *place, bool is_reading)
{
    int fd;
    if (!toy_arg_int(t, args[0], &fd)) return TOY_FAILED;
    ToyValue get_item = toy_find_special(t, args[1], "__getitem__");
    bool is_sequence = toy_is_bound(get_item) && !toy_is_dict(args[1]);
    toy_release(get_item);
    if (!is_sequence) return toy_is_raised(t) ? TOY_FAILED : toy_raise_type_error(t, "%s() arg 2 must be a sequence", shown);
    ToyValue items = toy_tuple_from(t, args[1]);
    if (toy_failed(items)) return TOY_FAILED;
    size_t count = toy_tuple_length(items), got = 0;
    ToyBuffer *buffers = toy_alloc(t, (count + 1) * sizeof *buffers);
    struct iovec *parts = buffers ? toy_alloc(t, (count + 1) * sizeof *parts) : NULL;
    bool done = parts != NULL;
    for (; done && got < count; got += done) {
        done = toy_buffer_get(t, toy_tuple_item(items, got), &buffers[got], is_reading ? TOY_BUFFER_WRITABLE : 0);
        if (done) parts[got] = (struct iovec){buffers[got].data, buffers[got].length};
    }
    ssize_t n = -1;
    if (done) {
        int parts_count = count > VECTOR_MAX ? VECTOR_MAX + 1 : (int)count;
        do WITHOUT_LOCK(t, "readv", n = move_vector(fd, parts, parts_count, place, is_reading));
        while (n < 0 && toy_block_retry(t));
    }
    int error = errno;
    for (size_t i = 0; i < got; i++) toy_buffer_release(t, &buffers[i]);
    if (parts) toy_free(t, parts, (count + 1) * sizeof *parts);
    if (buffers) toy_free(t, buffers, (count + 1) * sizeof *buffers);
    toy_release(items);
    if (!done) return TOY_FAILED;
    errno = error;
    return n < 0 ? toy_block_failed(t, TOY_UNBOUND) : toy_int(t, n);
}
static ToyValue posix_readv(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return transfer_vector(t, args, "readv", &(Place){.is_given = false}, true);
}
static ToyValue posix_writev(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return transfer_vector(t, args, "writev", &(Place){.is_given = false}, false);
}

static bool read_place(ToyThread *t, const ToyValue *args, Place *place)
{
    *place = (Place){.is_given = true};
    return toy_arg_int64(t, args[2], &place->offset) && toy_arg_int(t, args[3], &place->flags);
}
static ToyValue posix_preadv(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Place place;
    return read_place(t, args, &place) ? transfer_vector(t, args, "preadv2", &place, true) : TOY_FAILED;
}
static ToyValue posix_pwritev(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Place place;
    return read_place(t, args, &place) ? transfer_vector(t, args, "pwritev", &place, false) : TOY_FAILED;
}

/* ---- from one descriptor to another, without passing through here ---- */

static ToyValue posix_sendfile(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int out, in;
    int64_t count;
    off_t offset = 0;
    bool has_offset = !toy_is_none(args[2]);
    if (!toy_arg_int(t, args[0], &out) || !toy_arg_int(t, args[1], &in) || (has_offset && !toy_arg_int64(t, args[2], &offset)) ||
        !toy_arg_size(t, args[3], &count)) return TOY_FAILED;
    if (count < 0) return toy_raise_value_error(t, "negative value for 'count' not allowed");
    ssize_t n;
    do WITHOUT_LOCK(t, "sendfile", n = sendfile(out, in, has_offset ? &offset : NULL, (size_t)count));
    while (n < 0 && toy_block_retry(t));
    return n < 0 ? toy_block_failed(t, TOY_UNBOUND) : toy_int(t, n);
}

/* The arguments that copy_file_range and splice share; an offset that is None is where the descriptor stands. */
typedef struct Copy { int from, to; size_t count; off_t from_offset, to_offset; off_t *from_place, *to_place; } Copy;

static bool read_offset(ToyThread *t, ToyValue v, off_t *offset, off_t **place)
{
    *place = toy_is_given(v) ? offset : NULL;
    return !*place || toy_arg_int64(t, v, offset);
}
static bool read_copy(ToyThread *t, const ToyValue *args, Copy *copy)
{
    int64_t count;
    if (!toy_arg_int(t, args[0], &copy->from) || !toy_arg_int(t, args[1], &copy->to) || !toy_arg_size(t, args[2], &count) ||
        !read_offset(t, args[3], &copy->from_offset, &copy->from_place) || !read_offset(t, args[4], &copy->to_offset, &copy->to_place)) return false;
    copy->count = (size_t)count;
    return count >= 0 || toy_raise_false(t, TOY_ValueError, "negative value for 'count' not allowed");
}

static ToyValue posix_copy_file_range(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Copy copy;
    ssize_t n;
    if (!read_copy(t, args, &copy)) return TOY_FAILED;
    do WITHOUT_LOCK(t, "copy_file_range", n = copy_file_range(copy.from, copy.from_place, copy.to, copy.to_place, copy.count, 0));
    while (n < 0 && toy_block_retry(t));
    return n < 0 ? toy_block_failed(t, TOY_UNBOUND) : toy_int(t, n);
}
static ToyValue posix_splice(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Copy copy;
    unsigned flags = 0;
    ssize_t n;
    if (!read_copy(t, args, &copy) || !unsigned_read(t, args[5], &flags)) return TOY_FAILED;
    do WITHOUT_LOCK(t, "splice", n = splice(copy.from, copy.from_place, copy.to, copy.to_place, copy.count, flags));
    while (n < 0 && toy_block_retry(t));
    return n < 0 ? toy_block_failed(t, TOY_UNBOUND) : toy_int(t, n);
}

/* ---- hints and reservations: these two answer with the error itself ---- */

static ToyValue posix_posix_fadvise(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd, advice;
    int64_t offset, length;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_int64(t, args[1], &offset) || !toy_arg_int64(t, args[2], &length) ||
        !toy_arg_int(t, args[3], &advice)) return TOY_FAILED;
    do WITHOUT_LOCK(t, "posix_fadvise", errno = posix_fadvise(fd, offset, length, advice));
    while (errno && toy_block_retry(t));
    return errno || toy_is_raised(t) ? toy_block_failed(t, TOY_UNBOUND) : TOY_NONE;
}
static ToyValue posix_posix_fallocate(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int fd;
    int64_t offset, length;
    if (!toy_arg_int(t, args[0], &fd) || !toy_arg_int64(t, args[1], &offset) || !toy_arg_int64(t, args[2], &length)) return TOY_FAILED;
    do WITHOUT_LOCK(t, "posix_fallocate", errno = posix_fallocate(fd, offset, length));
    while (errno && toy_block_retry(t));
    return errno || toy_is_raised(t) ? toy_block_failed(t, TOY_UNBOUND) : TOY_NONE;
}

bool add_transfer_constants(ToyThread *t, ToyModuleObject *module)
{
    static const ToyIntConstant rows[] = {
#define N(name) {#name, name},
        N(POSIX_FADV_NORMAL) N(POSIX_FADV_RANDOM) N(POSIX_FADV_SEQUENTIAL) N(POSIX_FADV_WILLNEED) N(POSIX_FADV_DONTNEED) N(POSIX_FADV_NOREUSE)
        N(RWF_APPEND) N(RWF_DSYNC) N(RWF_HIPRI) N(RWF_NOWAIT) N(RWF_SYNC) N(SPLICE_F_MORE) N(SPLICE_F_MOVE) N(SPLICE_F_NONBLOCK)
#undef N
    };
    return toy_module_add_ints(t, module, rows, sizeof rows / sizeof *rows);
}

const ToyFunction posix_transfer_functions[] = {
    TOY_FUNCTION("readv", posix_readv, "(fd, buffers, /)", 0, "Read into several writable buffers.  Returns the number of bytes."),
    TOY_FUNCTION("writev", posix_writev, "(fd, buffers, /)", 0, "Write several buffers.  Returns the number of bytes."),
    TOY_FUNCTION("preadv", posix_preadv, "(fd, buffers, offset, flags=0, /)", 0,
                 "Read into several writable buffers from an offset; the position of the descriptor stays. flags are the RWF_ constants joined by |."),
    TOY_FUNCTION("pwritev", posix_pwritev, "(fd, buffers, offset, flags=0, /)", 0,
                 "Write several buffers at an offset; the position of the descriptor stays. flags are the RWF_ constants joined by |."),
    TOY_FUNCTION("sendfile", posix_sendfile, "(out_fd, in_fd, offset, count)", 0, "Copy bytes from one descriptor to another, in the kernel."),
    TOY_FUNCTION("copy_file_range", posix_copy_file_range, "(src, dst, count, offset_src=None, offset_dst=None)", 0,
                 "Copy bytes from one file to another, in the kernel, which may let both share them; how many."),
    TOY_FUNCTION("splice", posix_splice, "(src, dst, count, offset_src=None, offset_dst=None, flags=0)", 0,
                 "Move bytes between two descriptors of which one is a pipe, in the kernel; how many."),
    TOY_FUNCTION("posix_fadvise", posix_posix_fadvise, "(fd, offset, length, advice, /)", 0, "Tell the system how a part of a file is going to be read."),
    TOY_FUNCTION("posix_fallocate", posix_posix_fallocate, "(fd, offset, length, /)", 0, "Have room reserved on disk for a part of a file."),
    TOY_FUNCTIONS_END,
};
