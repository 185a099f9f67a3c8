/* buffered.c - bytes in a block, over a raw file.
 *
 * What        BufferedReader, BufferedWriter, BufferedRandom: one struct, three names.
 * How         The block holds either bytes read ahead or bytes to be written. A reader in a random file that turns into a writer first steps
 *             back over what was read ahead. Everything that may touch the raw file runs with the file's own lock taken, because the GIL
 *             is dropped in there and another thread may come with the same file.
 * Invariants  I1, I2 of io.h.
 * GIL         held; dropped by the raw file.
 * Read next   buffered_below.c, text_io.c (above) */
#include <errno.h>
#include <stdio.h>

#include "stdlib/io/buffered.h"

static Buffered *self_of(ToyValue self) { return (Buffered *)toy_object(self); }
static IoState *state_of(Buffered *buffered) { return buffered->state; }

/* ---- writing; the lock is taken ---- */

/* BlockingIOError, with how many bytes of this call's are on their way all the same. */
static bool raise_would_block(ToyThread *t, size_t written)
{
    ToyValue row[3] = {toy_small_int_value(EAGAIN), toy_str(t, "write could not complete without blocking"), toy_int(t, (int64_t)written)};
    ToyValue exception = toy_failed(row[1]) ? TOY_FAILED : toy_call(t, toy_type_value(toy_exception_type(t, TOY_BlockingIOError)), row, 3);
    toy_release(row[1]);
    toy_release(row[2]);
    if (!toy_failed(exception)) toy_raise_instance(t, exception);
    return false;
}

/* All bytes out; what could not be written stays at the start of the block. */
static bool flush_pending(ToyThread *t, Buffered *buffered)
{
    size_t done = 0;
    bool is_good = true;
    while (is_good && done < buffered->pending) {
        int64_t n = below_write(t, buffered, buffered->block + done, buffered->pending - done);
        if (n == -2) raise_would_block(t, 0);
        if (n > 0) done += (size_t)n;
        /* A part may have been written because a signal came: its handler runs before we wait again, perhaps for ever. */
        is_good = n >= 0 && toy_check_signals(t);
    }
    memmove(buffered->block, buffered->block + done, buffered->pending - done);
    buffered->pending -= done;
    return is_good;
}

/* Forget what was read ahead, stepping the raw file back to where the reader stands. */
static bool drop_read_ahead(ToyThread *t, Buffered *buffered)
{
    int64_t position;
    size_t ahead = buffered->end - buffered->start;
    buffered->start = buffered->end = 0;
    return ahead == 0 || below_seek(t, buffered, -(int64_t)ahead, SEEK_CUR, &position);
}

static void append(Buffered *buffered, const uint8_t *data, size_t length)
{
    memcpy(buffered->block + buffered->pending, data, length);
    buffered->pending += length;
}

static bool write_locked(ToyThread *t, Buffered *buffered, const uint8_t *data, size_t length)
{
    size_t written = 0;
    if (buffered->is_readable && !drop_read_ahead(t, buffered)) return false;
    if (length > buffered->size - buffered->pending && !flush_pending(t, buffered)) {
        if (!toy_raised_is(t, TOY_BlockingIOError)) return false;
        size_t room = buffered->size - buffered->pending;
        append(buffered, data, length < room ? length : room);
        if (length > room) {
            toy_raised_clear(t);
            return raise_would_block(t, room);
        }
        toy_raised_clear(t);
        return true;
    }
    while (length - written > buffered->size) {     /* larger than the block: straight out */
        int64_t n = below_write(t, buffered, data + written, length - written);
        if (n == -2) {                              /* as much as there is room for is not lost */
            append(buffered, data + written, buffered->size);
            return raise_would_block(t, written + buffered->size);
        }
        if (n < 0) return false;
        written += (size_t)n;
        if (!toy_check_signals(t)) return false;
    }
    append(buffered, data + written, length - written);
    return true;
}

bool buffered_write(ToyThread *t, Buffered *buffered, const void *data, size_t length)
{
    if (!buffered_check_open(t, buffered, "write to")) return false;
    /* The common case needs no lock of its own: nothing in it gives up the GIL. */
    if (!buffered->turn.lock.is_locked && buffered->start == buffered->end && length <= buffered->size - buffered->pending) {
        buffered->start = buffered->end = 0;
        append(buffered, data, length);
        return true;
    }
    if (!buffered_begin(t, buffered, "write to")) return false;
    bool done = write_locked(t, buffered, data, length);
    buffered_leave(t, buffered);
    return done;
}

/* Before something that needs the raw file to stand where the script thinks it does. */
static bool flush_and_rewind(ToyThread *t, Buffered *buffered)
{
    return flush_pending(t, buffered) && (!buffered->is_readable || drop_read_ahead(t, buffered));
}

bool buffered_flush(ToyThread *t, Buffered *buffered)
{
    if (!buffered_check_open(t, buffered, "flush of")) return false;
    if (!buffered->is_readable && buffered->pending == 0 && !buffered->turn.lock.is_locked) return true;
    if (!buffered_enter(t, buffered)) return false;
    int64_t position, ahead = (int64_t)(buffered->end - buffered->start);
    bool done = flush_pending(t, buffered);
    if (done && buffered->is_readable) {                /* even if nothing was read ahead: so a raw file that is gone is noticed */
        buffered->start = buffered->end = 0;
        done = below_seek(t, buffered, -ahead, SEEK_CUR, &position);
    }
    buffered_leave(t, buffered);
    return done;
}

/* ---- reading; the lock is taken ---- */

/* The block is empty: fill it once. As file_read. */
static int64_t fill(ToyThread *t, Buffered *buffered)
{
    if (buffered->pending && !flush_pending(t, buffered)) return -1;
    buffered->start = buffered->end = 0;
    int64_t n = below_read(t, buffered, buffered->block, buffered->size);
    if (n > 0) buffered->end = (size_t)n;
    return n;
}

static size_t take(Buffered *buffered, uint8_t *data, size_t length)
{
    size_t there = buffered->end - buffered->start, n = there < length ? there : length;
    memcpy(data, buffered->block + buffered->start, n);
    buffered->start += n;
    return n;
}

/* Past the block, for what is larger than it. As file_read. */
static int64_t read_directly(ToyThread *t, Buffered *buffered, uint8_t *data, size_t length)
{
    if (buffered->pending && !flush_pending(t, buffered)) return -1;
    buffered->start = buffered->end = 0;
    return below_read(t, buffered, data, length);
}

/* Up to [count] bytes, all of them unless the file ends. */
static ToyValue read_exactly(ToyThread *t, Buffered *buffered, size_t count)
{
    uint8_t *data;
    ToyValue bytes = toy_bytes_new(t, count, &data);
    if (toy_failed(bytes)) return TOY_FAILED;
    size_t got = take(buffered, data, count);
    while (got < count) {
        int64_t n;
        if (count - got >= buffered->size) {       /* no need to go through the block */
            n = read_directly(t, buffered, data + got, count - got);
            if (n > 0) got += (size_t)n;
        } else {
            n = fill(t, buffered);
            if (n > 0) got += take(buffered, data + got, count - got);
        }
        if (n == 0 || (n == -2 && got > 0)) break;
        if (n < 0) {
            toy_release(bytes);
            return n == -2 ? TOY_NONE : TOY_FAILED;
        }
    }
    return toy_bytes_cut(t, bytes, got);
}

/* What [piece], read from the raw file, adds to [*all]. 1: more may come, 0: that was all, -1: raised. [piece] is taken. */
static int add_piece(ToyThread *t, ToyValue *all, TOY_TAKES ToyValue piece, const char *method)
{
    size_t length = 0;
    int more = -1;
    if (toy_is_bytes(piece)) {
        size_t before;
        (void)toy_bytes_data(*all, &before);
        (void)toy_bytes_data(piece, &length);
        if (length) toy_replace(all, before ? toy_operate(t, TOY_ADD, *all, piece) : toy_retain(piece));
        more = toy_failed(*all) ? -1 : length > 0;
    } else if (toy_is_none(piece)) {
        (void)toy_bytes_data(*all, &length);
        if (length == 0) toy_replace(all, TOY_NONE);
        more = 0;
    } else if (!toy_failed(piece)) {
        toy_raise_type_error(t, "%s() should return bytes", method);
    }
    toy_release(piece);
    return more;
}

/* All there is. A raw file with readall() is asked once; others until they have no more. */
static ToyValue read_to_end(ToyThread *t, Buffered *buffered)
{
    ToyValue all = toy_bytes(t, buffered->block + buffered->start, buffered->end - buffered->start);
    if (toy_failed(all)) return TOY_FAILED;
    buffered->start = buffered->end = 0;
    if (!flush_pending(t, buffered)) {
        toy_release(all);
        return TOY_FAILED;
    }
    buffered->raw_at = -1;
    ToyValue readall = toy_find_attribute(t, buffered->raw, "readall");
    int more = toy_is_raised(t) ? -1 : 1;
    if (toy_is_bound(readall)) {
        more = add_piece(t, &all, toy_call0(t, readall), "readall");
        if (more > 0) more = 0;
    }
    while (more > 0) more = add_piece(t, &all, buffered_call_raw(t, buffered, "read", NULL, 0), "read");
    toy_release(readall);
    if (more < 0) toy_clear(&all);
    return all;
}

/* A line of at most [limit] bytes (-1: any length). */
static ToyValue read_line(ToyThread *t, Buffered *buffered, int64_t limit)
{
    size_t length = 0, capacity = 0;
    uint8_t *line = NULL;
    ToyValue result = TOY_FAILED;
    for (;;) {
        if (buffered->start == buffered->end) {
            int64_t n = fill(t, buffered);
            if (n == -1) break;
            if (n <= 0) {
                result = toy_bytes(t, line ? line : (const uint8_t *)"", length);
                break;
            }
        }
        size_t there = buffered->end - buffered->start;
        if (limit >= 0 && there > (size_t)limit - length) there = (size_t)limit - length;
        const uint8_t *from = buffered->block + buffered->start, *end = there ? memchr(from, '\n', there) : NULL;
        size_t n = end ? (size_t)(end - from) + 1 : there;
        bool is_last = end || (limit >= 0 && length + n == (size_t)limit);
        if (is_last && length == 0) {
            buffered->start += n;
            return toy_bytes(t, from, n);
        }
        uint8_t *grown = toy_resize(t, line, capacity, length + n);
        if (!grown) break;
        line = grown;
        capacity = length + n;
        memcpy(line + length, from, n);
        buffered->start += n;
        length += n;
        if (is_last) {
            result = toy_bytes(t, line, length);
            break;
        }
    }
    if (line) toy_free(t, line, capacity);
    return result;
}

/* ---- position ---- */

static bool tell(ToyThread *t, Buffered *buffered, int64_t *position)
{
    if (!below_tell(t, buffered, position)) return false;
    *position += (int64_t)buffered->pending - (int64_t)(buffered->end - buffered->start);
    if (*position < 0) *position = 0;               /* a device that has no position answers 0 whatever was read */
    return true;
}

/* Is the target among what was read ahead? Then a step within the block does it. */
static bool seek_in_block(Buffered *buffered, int64_t offset, int whence, int64_t *position)
{
    int64_t ahead = (int64_t)(buffered->end - buffered->start), here = buffered->raw_at - ahead;
    if (whence == SEEK_END || ahead == 0 || buffered->raw_at < 0) return false;
    int64_t step = whence == SEEK_CUR ? offset : offset - here;
    if (step < -(int64_t)buffered->start || step > ahead) return false;
    buffered->start = (size_t)((int64_t)buffered->start + step);
    *position = here + step < 0 ? 0 : here + step;
    return true;
}

static bool seek(ToyThread *t, Buffered *buffered, int64_t offset, int whence, int64_t *position)
{
    if (seek_in_block(buffered, offset, whence, position)) return true;
    if (!flush_pending(t, buffered)) return false;
    if (whence == SEEK_CUR) offset -= (int64_t)(buffered->end - buffered->start);
    if (!below_seek(t, buffered, offset, whence, position)) return false;
    buffered->start = buffered->end = 0;
    return true;
}

/* Both the flush and the raw file's close() are tried; what the flush raised becomes the context of what the other raises. */
static bool close_buffered(ToyThread *t, ToyValue self)
{
    Buffered *buffered = self_of(self);
    bool is_closed;
    if (!buffered_is_closed(t, buffered, &is_closed)) return false;
    if (is_closed) return true;
    if (buffered->is_finalizing) {
        ToyValue warned = buffered_call_raw(t, buffered, "_dealloc_warn", &self, 1);
        if (toy_failed(warned)) toy_raised_clear(t);
        toy_release(warned);
    }
    ToyValue flushed = toy_call_method(t, self, "flush", NULL, 0), earlier = toy_failed(flushed) ? toy_raised_take(t) : TOY_UNBOUND;
    toy_release(flushed);
    if (buffered_check_usable(t, buffered) && buffered_enter(t, buffered)) {
        ToyValue v = buffered_call_raw(t, buffered, "close", NULL, 0);
        toy_release(v);
        buffered->pending = 0;                      /* nobody should try again what could not be written */
        buffered_leave(t, buffered);
    }
    return io_raise_both(t, earlier);
}

/* ---- as objects ---- */

static bool set_up(ToyThread *t, Buffered *buffered, ToyValue raw, size_t size, bool is_readable, bool is_writable)
{
    uint8_t *block = toy_alloc(t, size);
    if (!block) return false;
    if (buffered->block) toy_free(t, buffered->block, buffered->size);
    buffered->block = block;
    buffered->size = size;
    buffered->start = buffered->end = buffered->pending = 0;
    buffered->raw_at = -1;
    buffered->is_readable = is_readable;
    buffered->is_writable = is_writable;
    buffered->is_detached = false;
    return io_lie_over(t, state_of(buffered), &buffered->raw, raw);
}

static Buffered *alloc(ToyThread *t, ToyType *type)
{
    Buffered *buffered = (Buffered *)toy_type_alloc(t, type);
    if (buffered) buffered->state = toy_type_state(type);
    return buffered;
}

Buffered *buffered_new(ToyThread *t, ToyType *type, ToyValue raw, size_t size, bool is_readable, bool is_writable)
{
    Buffered *buffered = alloc(t, type);
    if (buffered && !set_up(t, buffered, raw, size, is_readable, is_writable)) {
        toy_release(toy_value(buffered));
        return NULL;
    }
    return buffered;
}

static ToyValue make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names) { return toy_value(alloc(t, type)); }

static bool init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names, bool is_readable, bool is_writable, const char *name)
{
    static const char *const list[] = {"raw", "buffer_size", NULL};
    const ToyParameters parameters = {name, list, 0, 2, 1};
    ToyValue slots[2] = {TOY_UNBOUND};
    int64_t size = IO_BUFFER_SIZE;
    Buffered *buffered = self_of(self);
    IoState *state = state_of(buffered);
    if (!toy_arguments_sort(t, &parameters, args, count, names, slots) || !toy_arg_size(t, slots[1], &size)) return false;
    /* Called again and failing, it leaves behind a file that was never set up. */
    if (!buffered_enter(t, buffered)) return false;
    toy_release(io_part_from(t, state, &buffered->raw));
    buffered->is_detached = false;
    bool done = !is_readable || !is_writable || io_agrees(t, state, slots[0], "seekable", "File or stream is not seekable.");
    done = done && (!is_readable || io_agrees(t, state, slots[0], "readable", "File or stream is not readable."));
    done = done && (!is_writable || io_agrees(t, state, slots[0], "writable", "File or stream is not writable."));
    if (done && size <= 0) done = toy_raise_false(t, TOY_ValueError, "buffer size must be strictly positive");
    done = done && set_up(t, buffered, slots[0], (size_t)size, is_readable, is_writable);
    buffered_leave(t, buffered);
    return done;
}
static bool reader_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    return init(t, self, args, count, names, true, false, "BufferedReader");
}
static bool writer_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    return init(t, self, args, count, names, false, true, "BufferedWriter");
}
static bool random_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    return init(t, self, args, count, names, true, true, "BufferedRandom");
}

/* What lies in the block can be given out without a turn: nothing in that gives up the GIL. */
static bool is_at_hand(const Buffered *buffered, size_t count) { return !buffered->turn.lock.is_locked && buffered->end - buffered->start >= count; }

static ToyValue give(ToyThread *t, Buffered *buffered, size_t count)
{
    ToyValue bytes = toy_bytes(t, buffered->block + buffered->start, count);
    if (!toy_failed(bytes)) buffered->start += count;
    return bytes;
}

/* The whole line lies in the block. */
static bool has_line(const Buffered *buffered, size_t *length)
{
    if (buffered->start == buffered->end || !is_at_hand(buffered, 1)) return false;
    const uint8_t *from = buffered->block + buffered->start, *end = memchr(from, '\n', buffered->end - buffered->start);
    if (end) *length = (size_t)(end - from) + 1;
    return end != NULL;
}

static ToyValue method_read(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    int64_t count;
    if (!buffered_check_usable(t, buffered)) return TOY_FAILED;
    if (toy_is_int(args[0]) && toy_int_sign(args[0]) < 0 && !toy_is_same(args[0], toy_small_int_value(-1)))
        return toy_raise_value_error(t, "read length must be non-negative or -1");
    if (!count_of(t, args[0], &count) || !buffered_check_open(t, buffered, "read of")) return TOY_FAILED;
    if (count > 0 && is_at_hand(buffered, (size_t)count)) return give(t, buffered, (size_t)count);
    if (!buffered_begin(t, buffered, "read of")) return TOY_FAILED;
    ToyValue bytes = count < 0 ? read_to_end(t, buffered) : read_exactly(t, buffered, (size_t)count);
    buffered_leave(t, buffered);
    return bytes;
}

/* What the block has, else what one read of the raw file brings: it does not go through the block. */
ToyValue buffered_read1(ToyThread *t, Buffered *buffered, int64_t count)
{
    if (!buffered_begin(t, buffered, "read of")) return TOY_FAILED;
    size_t there = buffered->end - buffered->start, wanted = count < 0 ? buffered->size : (size_t)count;
    uint8_t *data;
    ToyValue bytes = toy_bytes_new(t, there && there < wanted ? there : wanted, &data);
    int64_t n = -1;
    if (!toy_failed(bytes)) n = there || wanted == 0 ? (int64_t)take(buffered, data, wanted) : read_directly(t, buffered, data, wanted);
    buffered_leave(t, buffered);
    if (n >= 0 || n == -2) return toy_bytes_cut(t, bytes, n < 0 ? 0 : (size_t)n);
    toy_release(bytes);
    return TOY_FAILED;
}

static ToyValue method_read1(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t count = -1;
    if (!buffered_check_usable(t, self_of(self)) || !toy_arg_size(t, args[0], &count)) return TOY_FAILED;
    return buffered_read1(t, self_of(self), count);
}

static ToyValue method_peek(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    int64_t count = 0;
    if (!buffered_check_usable(t, buffered) || !toy_arg_size(t, args[0], &count) || !buffered_begin(t, buffered, "peek of")) return TOY_FAILED;
    int64_t n = buffered->start == buffered->end ? fill(t, buffered) : 1;
    ToyValue result = n == -1 ? TOY_FAILED : toy_bytes(t, buffered->block + buffered->start, buffered->end - buffered->start);
    buffered_leave(t, buffered);
    return result;
}

/* readinto1 reads the raw file once at most: for what the block has not, and, if that is more than the block takes, for the rest too. */
static ToyValue read_into(ToyThread *t, Buffered *buffered, ToyValue target, const char *which, bool is_once)
{
    ToyBuffer view;
    if (!buffered_check_usable(t, buffered) || !io_get_writable(t, target, which, &view)) return TOY_FAILED;
    ToyValue result = TOY_FAILED;
    if (buffered_begin(t, buffered, "readinto of")) {
        size_t got = take(buffered, view.data, view.length);
        int64_t n = 1;
        while (got < view.length && n > 0) {
            if (view.length - got > buffered->size) {
                n = read_directly(t, buffered, view.data + got, view.length - got);
                if (n > 0) got += (size_t)n;
            } else if (is_once && got) {
                break;
            } else {
                n = fill(t, buffered);
                if (n > 0) got += take(buffered, view.data + got, view.length - got);
            }
            if (is_once) break;
        }
        buffered_leave(t, buffered);
        if (n != -1) result = n == -2 && got == 0 ? TOY_NONE : toy_int(t, (int64_t)got);
    }
    toy_buffer_release(t, &view);
    return result;
}
static ToyValue method_readinto(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return read_into(t, self_of(self), args[0], "readinto() argument", false);
}
static ToyValue method_readinto1(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return read_into(t, self_of(self), args[0], "readinto1() argument", true);
}

static ToyValue method_readline(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    int64_t limit;
    size_t length;
    if (!buffered_check_usable(t, buffered) || !count_of(t, args[0], &limit) || !buffered_check_open(t, buffered, "readline of")) return TOY_FAILED;
    if (limit < 0 && has_line(buffered, &length)) return give(t, buffered, length);
    if (!buffered_begin(t, buffered, "readline of")) return TOY_FAILED;
    ToyValue line = limit == 0 ? toy_bytes(t, "", 0) : read_line(t, buffered, limit);
    buffered_leave(t, buffered);
    return line;
}

/* A subclass may have a readline of its own. */
static ToyValue method_next(ToyThread *t, ToyValue self)
{
    ToyType *type = toy_type_of(t, self);
    Buffered *buffered = self_of(self);
    const IoState *state = state_of(buffered);
    const FileIO *file = buffered_own_raw(buffered);
    size_t whole;
    if (type == state->reader && file && file->fd >= 0 && has_line(buffered, &whole)) return give(t, buffered, whole);
    bool is_own = type == state->reader || type == state->random;
    ToyValue none = TOY_NONE, line = is_own ? method_readline(t, self, &none) : toy_call_method(t, self, "readline", NULL, 0);
    size_t length = 0;
    if (toy_failed(line)) return TOY_FAILED;
    if (toy_is_bytes(line)) (void)toy_bytes_data(line, &length);
    else toy_raise(t, TOY_OSError, "readline() should have returned a bytes object, not '%T'", line);
    if (length) return line;
    toy_release(line);
    return toy_is_raised(t) ? TOY_FAILED : TOY_END;
}

static ToyValue method_write(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    ToyBuffer view;
    if (!buffered_check_usable(t, buffered) || !toy_buffer_get(t, args[0], &view, 0)) return TOY_FAILED;
    bool done = buffered_write(t, buffered, view.data, view.length);
    ToyValue n = done ? toy_int(t, (int64_t)view.length) : TOY_FAILED;
    toy_buffer_release(t, &view);
    return n;
}

static bool write_line(ToyThread *t, ToyValue line, void *self)
{
    ToyValue n = method_write(t, toy_value(self), &line);
    toy_release(n);
    return !toy_failed(n);
}

/* A subclass may have a write of its own. */
static ToyValue method_writelines(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    const IoState *state = state_of(buffered);
    const ToyType *type = toy_type_of(t, self);
    bool is_closed;
    if (type != state->writer && type != state->random) return io_writelines(t, self, args[0]);
    if (!buffered_is_closed(t, buffered, &is_closed)) return TOY_FAILED;
    if (is_closed) return raise_closed(t);
    return toy_for_each(t, args[0], write_line, buffered) ? TOY_NONE : TOY_FAILED;
}

static ToyValue method_flush(ToyThread *t, ToyValue self, const ToyValue *args) { return buffered_flush(t, self_of(self)) ? TOY_NONE : TOY_FAILED; }
static ToyValue method_close(ToyThread *t, ToyValue self, const ToyValue *args) { return close_buffered(t, self) ? TOY_NONE : TOY_FAILED; }
static ToyValue method_warn(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (toy_is_unbound(self_of(self)->raw)) return TOY_NONE;
    return toy_call_method(t, self_of(self)->raw, "_dealloc_warn", args, 1);
}

static ToyValue method_seek(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    int64_t offset, position;
    int whence = SEEK_SET;
    if (!buffered_check_usable(t, buffered) || !toy_arg_int(t, args[1], &whence)) return TOY_FAILED;
    if (whence < 0 || whence > SEEK_HOLE) return toy_raise_value_error(t, "whence value %d unsupported", whence);
    if (!buffered_check_open(t, buffered, "seek of") || !buffered_check_usable(t, buffered)) return TOY_FAILED;
    if (!buffered_own_raw(buffered) && !io_agrees(t, state_of(buffered), buffered->raw, "seekable", "File or stream is not seekable.")) return TOY_FAILED;
    ToyValue target = toy_index(t, args[0]);
    bool is_far = !toy_failed(target) && !toy_int_fits_int64(target, &offset);
    if (is_far) toy_raise_value_error(t, "cannot fit '%T' into an offset-sized integer", target);
    bool done = !toy_failed(target) && !is_far && buffered_enter(t, buffered);
    toy_release(target);
    if (!done) return TOY_FAILED;
    done = seek(t, buffered, offset, whence, &position);
    buffered_leave(t, buffered);
    return done ? toy_int(t, position) : TOY_FAILED;
}

static ToyValue method_tell(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    int64_t position;
    if (!buffered_check_usable(t, buffered) || !buffered_enter(t, buffered)) return TOY_FAILED;
    bool done = tell(t, buffered, &position);
    buffered_leave(t, buffered);
    return done ? toy_int(t, position) : TOY_FAILED;
}

static ToyValue method_truncate(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    if (!buffered_check_open(t, buffered, "truncate of")) return TOY_FAILED;
    if (!buffered->is_writable) return raise_unsupported(t, state_of(buffered), "truncate");
    if (!buffered_enter(t, buffered)) return TOY_FAILED;
    ToyValue size = toy_is_given(args[0]) ? args[0] : TOY_NONE, v = TOY_FAILED;
    int64_t position;
    if (flush_and_rewind(t, buffered)) v = buffered_call_raw(t, buffered, "truncate", &size, 1);
    if (!toy_failed(v) && !below_tell(t, buffered, &position)) toy_raised_clear(t);        /* it may have moved: what we know of its place is renewed */
    buffered_leave(t, buffered);
    return v;
}

static ToyValue method_detach(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    ToyValue flushed = buffered_check_usable(t, buffered) ? toy_call_method(t, self, "flush", NULL, 0) : TOY_FAILED;
    toy_release(flushed);
    if (toy_failed(flushed) || !buffered_enter(t, buffered)) return TOY_FAILED;
    ToyValue raw = TOY_FAILED;
    if (buffered_check_usable(t, buffered)) {
        buffered->is_detached = true;
        raw = io_part_from(t, state_of(buffered), &buffered->raw);
    }
    buffered_leave(t, buffered);
    return raw;
}

#define FORWARD(name)                                                                    \
    static ToyValue method_##name(ToyThread *t, ToyValue self, const ToyValue *args)     \
    {                                                                                    \
        Buffered *buffered = self_of(self);                                              \
        return buffered_check_usable(t, buffered) ? buffered_call_raw(t, buffered, #name, NULL, 0) : TOY_FAILED; \
    }
FORWARD(fileno)
FORWARD(isatty)
FORWARD(readable)
FORWARD(seekable)
FORWARD(writable)
static ToyValue method_flush_raw(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return buffered_check_usable(t, self_of(self)) ? toy_call_method(t, self_of(self)->raw, "flush", NULL, 0) : TOY_FAILED;
}
static ToyValue method_size_of(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return toy_int(t, (int64_t)(sizeof(Buffered) + self_of(self)->size));
}

#define ATTRIBUTE_OF_RAW(name)                                                           \
    static ToyValue get_##name(ToyThread *t, ToyValue self)                              \
    {                                                                                    \
        return buffered_check_usable(t, self_of(self)) ? toy_get_attribute(t, self_of(self)->raw, #name) : TOY_FAILED; \
    }
ATTRIBUTE_OF_RAW(closed)
ATTRIBUTE_OF_RAW(mode)
ATTRIBUTE_OF_RAW(name)

static ToyValue method_repr(ToyThread *t, ToyValue self)
{
    ToyValue name = toy_find_attribute(t, self, "name"), text = TOY_FAILED;
    if (toy_is_raised(t)) {                             /* a detached file has none */
        if (!toy_raised_is(t, TOY_ValueError)) return TOY_FAILED;
        toy_raised_clear(t);
    }
    if (toy_is_unbound(name)) return toy_str_format(t, "<%T>", self);
    if (io_repr_enter(t, self)) {
        text = toy_str_format(t, "<%T name=%R>", self, name);
        toy_repr_leave(t, self);
    }
    toy_release(name);
    return text;
}

static void finalize(ToyThread *t, ToyValue self)
{
    Buffered *buffered = self_of(self);
    const FileIO *own = toy_is_bound(buffered->raw) ? buffered_own_raw(buffered) : NULL;
    if (toy_is_bound(buffered->raw) && !(own && own->fd < 0) && buffered->layers == 0) io_finalize(t, self);
}
static void traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((Buffered *)self)->raw, visit, context); }
static void clear(ToyObject *self)
{
    Buffered *buffered = (Buffered *)self;
    toy_release(io_part_from(toy_thread(), state_of(buffered), &buffered->raw));
}
static void free_buffered(ToyObject *self)
{
    Buffered *buffered = (Buffered *)self;
    clear(self);
    if (buffered->block) toy_free(toy_thread(), buffered->block, buffered->size);
}

#define COMMON_METHODS                                                                                                     \
    IO_NOT_PICKLED, TOY_FUNCTION("close", method_close, "($self, /)", 0, NULL), TOY_FUNCTION("detach", method_detach, "($self, /)", 0, NULL), \
    TOY_FUNCTION("fileno", method_fileno, "($self, /)", 0, NULL), TOY_FUNCTION("isatty", method_isatty, "($self, /)", 0, NULL), \
    TOY_FUNCTION("seek", method_seek, "($self, target, whence=0, /)", 0, NULL), TOY_FUNCTION("seekable", method_seekable, "($self, /)", 0, NULL), \
    TOY_FUNCTION("tell", method_tell, "($self, /)", 0, NULL), TOY_FUNCTION("truncate", method_truncate, "($self, pos=None, /)", 0, NULL), \
    TOY_FUNCTION("_dealloc_warn", method_warn, "($self, source, /)", 0, NULL), TOY_FUNCTION("__sizeof__", method_size_of, "($self, /)", 0, NULL)
#define READING_METHODS                                                                                                    \
    TOY_FUNCTION("peek", method_peek, "($self, size=0, /)", 0, NULL), TOY_FUNCTION("read", method_read, "($self, size=-1, /)", 0, NULL), \
    TOY_FUNCTION("read1", method_read1, "($self, size=-1, /)", 0, NULL), TOY_FUNCTION("readinto", method_readinto, "($self, buffer, /)", 0, NULL), \
    TOY_FUNCTION("readinto1", method_readinto1, "($self, buffer, /)", 0, NULL), TOY_FUNCTION("readable", method_readable, "($self, /)", 0, NULL), \
    TOY_FUNCTION("readline", method_readline, "($self, size=-1, /)", 0, NULL)
#define WRITING_METHODS                                                                                                    \
    TOY_FUNCTION("flush", method_flush, "($self, /)", 0, NULL), TOY_FUNCTION("writable", method_writable, "($self, /)", 0, NULL), \
    TOY_FUNCTION("write", method_write, "($self, buffer, /)", 0, NULL), TOY_FUNCTION("writelines", method_writelines, "($self, lines, /)", 0, NULL)

static const ToyFunction reader_methods[] = {
    COMMON_METHODS, READING_METHODS, TOY_FUNCTION("flush", method_flush_raw, "($self, /)", 0, NULL), TOY_FUNCTIONS_END,
};
static const ToyFunction writer_methods[] = {COMMON_METHODS, WRITING_METHODS, TOY_FUNCTIONS_END};
static const ToyFunction random_methods[] = {COMMON_METHODS, READING_METHODS, WRITING_METHODS, TOY_FUNCTIONS_END};
static const ToyGetSet getsets[] = {
    {"closed", get_closed, NULL, NULL}, {"mode", get_mode, NULL, NULL}, {"name", get_name, NULL, NULL}, {NULL, NULL, NULL, NULL},
};
static const ToyMember members[] = {
    {"raw", MEMBER_VALUE_OR_NONE, offsetof(Buffered, raw), true, NULL},
    {"_finalizing", MEMBER_BOOL, offsetof(Buffered, is_finalizing), false, NULL},
    {NULL, MEMBER_BOOL, 0, false, NULL},
};
#define BUFFERED(doc_, init_, next_, methods_) {                                                                           \
    .doc = doc_, .signature = "(raw, buffer_size=8192)", .size = sizeof(Buffered),                                          \
    .flags = TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_CONTAINER,                                  \
    .slots = {.repr = method_repr, .new_instance = make, .init = init_, .next = next_, .finalize = finalize},               \
    .methods = methods_, .getsets = getsets, .members = members, .traverse = traverse, .clear = clear, .free = free_buffered}
/* Read when the program starts: named, they lie with what starting needs (vm/cli/startup_order.py). */
static const char reader_doc[] = "Reads from a raw stream in large pieces, and hands them out in the sizes asked for.";
static const char writer_doc[] = "Collects what is written, and hands it to a raw stream in large pieces.";
const ToyTypeSpec buffered_reader_spec = BUFFERED(reader_doc, reader_init, method_next, reader_methods);
const ToyTypeSpec buffered_writer_spec = BUFFERED(writer_doc, writer_init, NULL, writer_methods);
const ToyTypeSpec buffered_random_spec = BUFFERED("Reads and writes one raw stream that can seek, in large pieces.", random_init, method_next, random_methods);
