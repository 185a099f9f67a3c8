/* buffered.c - bytes in a block, over a raw file.
 *
 * What        BufferedReader, BufferedWriter, BufferedRandom: one struct, three names.
 * How         The block holds either bytes read ahead or bytes to be written. A reader in a random file that turns into a writer first steps
 *             back over what was read ahead. Everything that may touch the raw file runs with the file's own lock taken, because the GIL
 *             is dropped in there and another thread may come with the same file.
 * Invariants  I1, I2 of io.h.
 * GIL         held; dropped by the raw file.
 * Read next   file_io.c (below), text_io.c (above) */
#include <stdio.h>
#include <unistd.h>

#include "stdlib/io/io.h"

static Buffered *self_of(ToyValue self) { return (Buffered *)toy_object(self); }
static IoState *state_of(Buffered *buffered) { return toy_instance_state(toy_value(buffered)); }

/* ---- the lock ---- */

static bool enter(ToyThread *t, Buffered *buffered)
{
    uint64_t ident = toy_thread_ident(t);
    if (buffered->lock.is_locked && buffered->owner == ident)
        return toy_raise_false(t, TOY_RuntimeError, "reentrant call inside %R", toy_value(buffered));
    if (buffered->lock.is_locked && buffered->owner_process != getpid()) toy_lock_forget(t, &buffered->lock);
    if (toy_lock_acquire(t, &buffered->lock, -1) != TOY_LOCK_ACQUIRED) return false;
    buffered->owner = ident;
    buffered->owner_process = getpid();
    return true;
}

static void leave(ToyThread *t, Buffered *buffered)
{
    buffered->owner = 0;
    toy_lock_release(t, &buffered->lock);
}

static bool check_usable(ToyThread *t, Buffered *buffered)
{
    if (toy_is_unbound(buffered->raw)) {
        toy_raise_value_error(t, buffered->block ? "raw stream has been detached" : "I/O operation on uninitialized object");
        return false;
    }
    if (buffered->is_closed) raise_closed(t);
    return !buffered->is_closed;
}

/* ---- the raw file ---- */

static FileIO *own_raw(Buffered *buffered)
{
    return toy_object(buffered->raw)->type == state_of(buffered)->file ? (FileIO *)toy_object(buffered->raw) : NULL;
}

/* readinto() or write() of a raw file made by a script, through a memoryview of our bytes. */
static int64_t call_raw(ToyThread *t, Buffered *buffered, const char *method, ToyValue argument, size_t most)
{
    ToyValue v = toy_failed(argument) ? TOY_FAILED : toy_call_method(t, buffered->raw, method, &argument, 1);
    int64_t n = -1;
    if (toy_is_none(v)) n = -2;
    else if (!toy_failed(v) && !toy_arg_int64(t, v, &n)) n = -1;
    else if (!toy_failed(v) && (n < 0 || (size_t)n > most)) {
        toy_raise(t, TOY_OSError, "raw %s() returned invalid length %lld (should have been between 0 and %zu)", method, (long long)n, most);
        n = -1;
    }
    toy_release(v);
    return n;
}

static int64_t raw_read(ToyThread *t, Buffered *buffered, uint8_t *data, size_t length)
{
    FileIO *file = own_raw(buffered);
    if (file) return file_read(t, file, data, length);
    ToyValue array = toy_bytearray(t, data, length);
    int64_t n = call_raw(t, buffered, "readinto", array, length);
    ToyBuffer view;
    if (n > 0 && toy_buffer_get(t, array, &view, 0)) {
        if (view.length < (size_t)n) {   /* it made the array smaller */
            toy_raise(t, TOY_OSError, "raw readinto() returned invalid length %lld (should have been between 0 and %zu)", (long long)n, view.length);
            n = -1;
        } else {
            memcpy(data, view.data, (size_t)n);
        }
        toy_buffer_release(t, &view);
    }
    toy_release(array);
    return n;
}

static int64_t raw_write(ToyThread *t, Buffered *buffered, const uint8_t *data, size_t length)
{
    FileIO *file = own_raw(buffered);
    if (file) return file_write_once(t, file, data, length);
    ToyValue bytes = toy_bytes(t, data, length);
    int64_t n = call_raw(t, buffered, "write", bytes, length);
    toy_release(bytes);
    return n;
}

static bool raw_seek(ToyThread *t, Buffered *buffered, int64_t offset, int whence, int64_t *position)
{
    FileIO *file = own_raw(buffered);
    if (file) return file_seek(t, file, offset, whence, position);
    ToyValue row[2] = {toy_int(t, offset), toy_small_int_value(whence)};
    ToyValue v = toy_failed(row[0]) ? TOY_FAILED : toy_call_method(t, buffered->raw, "seek", row, 2);
    bool done = !toy_failed(v) && toy_arg_int64(t, v, position);
    toy_release(row[0]);
    toy_release(v);
    return done;
}

/* ---- writing; the lock is taken ---- */

static ToyValue raise_would_block(ToyThread *t)
{
    return toy_raise(t, TOY_BlockingIOError, "write could not complete without blocking");
}

/* All bytes out; what could not be written stays in the block. */
static bool flush_pending(ToyThread *t, Buffered *buffered)
{
    size_t done = 0;
    while (done < buffered->pending) {
        int64_t n = raw_write(t, buffered, buffered->block + done, buffered->pending - done);
        if (n < 0) {
            if (n == -2) raise_would_block(t);
            memmove(buffered->block, buffered->block + done, buffered->pending - done);
            buffered->pending -= done;
            return false;
        }
        done += (size_t)n;
    }
    buffered->pending = 0;
    return true;
}

/* Forget what was read ahead, stepping the raw file back to where the reader stands. */
static bool drop_read_ahead(ToyThread *t, Buffered *buffered)
{
    int64_t position;
    size_t ahead = buffered->end - buffered->start;
    buffered->start = buffered->end = 0;
    return ahead == 0 || raw_seek(t, buffered, -(int64_t)ahead, SEEK_CUR, &position);
}

static bool write_locked(ToyThread *t, Buffered *buffered, const uint8_t *data, size_t length)
{
    if (buffered->is_readable && !drop_read_ahead(t, buffered)) return false;
    if (length > buffered->size - buffered->pending && !flush_pending(t, buffered)) return false;
    while (length > buffered->size) {              /* larger than the block: straight out */
        int64_t n = raw_write(t, buffered, data, length);
        if (n < 0) {
            if (n == -2) raise_would_block(t);
            return false;
        }
        data += n;
        length -= (size_t)n;
    }
    memcpy(buffered->block + buffered->pending, data, length);
    buffered->pending += length;
    return true;
}

bool buffered_write(ToyThread *t, Buffered *buffered, const void *data, size_t length)
{
    if (!check_usable(t, buffered)) return false;
    /* The common case needs no lock of its own: nothing in it gives up the GIL. */
    if (!buffered->lock.is_locked && buffered->start == buffered->end && length <= buffered->size - buffered->pending) {
        memcpy(buffered->block + buffered->pending, data, length);
        buffered->pending += length;
        return true;
    }
    if (!enter(t, buffered)) return false;
    bool done = write_locked(t, buffered, data, length);
    leave(t, buffered);
    return done;
}

bool buffered_flush(ToyThread *t, Buffered *buffered)
{
    if (!check_usable(t, buffered)) return false;
    if (buffered->pending == 0 && buffered->start == buffered->end && !buffered->lock.is_locked) return true;
    if (!enter(t, buffered)) return false;
    bool done = flush_pending(t, buffered);
    if (done && buffered->is_writable && buffered->is_readable) done = drop_read_ahead(t, buffered);
    leave(t, buffered);
    return done;
}

/* ---- reading; the lock is taken ---- */

/* The block is empty: fill it once. As file_read. */
static int64_t fill(ToyThread *t, Buffered *buffered)
{
    if (buffered->pending && !flush_pending(t, buffered)) return -1;
    buffered->start = buffered->end = 0;
    int64_t n = raw_read(t, buffered, buffered->block, buffered->size);
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

int64_t buffered_read_some(ToyThread *t, Buffered *buffered, void *data, size_t length)
{
    if (!check_usable(t, buffered) || !enter(t, buffered)) return -1;
    int64_t n = 1;
    if (buffered->start == buffered->end) n = fill(t, buffered);
    if (n > 0) n = (int64_t)take(buffered, data, length);
    leave(t, buffered);
    return n;
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
            if (buffered->pending && !flush_pending(t, buffered)) n = -1;
            else n = raw_read(t, buffered, data + got, count - got);
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

static ToyValue read_to_end(ToyThread *t, Buffered *buffered)
{
    size_t length = 0, capacity = buffered->end - buffered->start + 65536;
    uint8_t *block = toy_alloc(t, capacity);
    if (!block) return TOY_FAILED;
    length = take(buffered, block, capacity);
    ToyValue result = TOY_FAILED;
    if (buffered->pending == 0 || flush_pending(t, buffered)) {
        for (;;) {
            if (length == capacity) {
                uint8_t *grown = toy_resize(t, block, capacity, 2 * capacity);
                if (!grown) break;
                block = grown;
                capacity *= 2;
            }
            int64_t n = raw_read(t, buffered, block + length, capacity - length);
            if (n == -1) break;
            if (n <= 0) {
                result = n == -2 && length == 0 ? TOY_NONE : toy_bytes(t, block, length);
                break;
            }
            length += (size_t)n;
        }
    }
    toy_free(t, block, capacity);
    return result;
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

bool buffered_tell(ToyThread *t, Buffered *buffered, int64_t *position)
{
    if (!check_usable(t, buffered) || !raw_seek(t, buffered, 0, SEEK_CUR, position)) return false;
    *position += (int64_t)buffered->pending - (int64_t)(buffered->end - buffered->start);
    return true;
}

bool buffered_seek(ToyThread *t, Buffered *buffered, int64_t offset, int whence, int64_t *position)
{
    if (!check_usable(t, buffered) || !enter(t, buffered)) return false;
    if (whence == SEEK_CUR) offset -= (int64_t)(buffered->end - buffered->start);
    bool done = flush_pending(t, buffered) && raw_seek(t, buffered, offset, whence, position);
    if (done) buffered->start = buffered->end = 0;
    leave(t, buffered);
    return done;
}

bool buffered_close(ToyThread *t, Buffered *buffered)
{
    if (buffered->is_closed || toy_is_unbound(buffered->raw)) return true;
    bool done = buffered_flush(t, buffered);
    ToyValue raised = done ? TOY_UNBOUND : toy_raised_take(t);
    buffered->is_closed = true;
    ToyValue v = toy_call_method(t, buffered->raw, "close", NULL, 0);
    if (toy_is_bound(raised)) {
        toy_raised_clear(t);
        toy_raise_instance(t, raised);
    } else {
        done = !toy_failed(v);
    }
    toy_release(v);
    return done;
}

bool is_buffered(IoState *state, ToyThread *t, ToyValue v)
{
    return toy_is_a(t, v, state->reader) || toy_is_a(t, v, state->writer) || toy_is_a(t, v, state->random);
}

/* ---- as objects ---- */

static bool set_up(ToyThread *t, Buffered *buffered, ToyValue raw, size_t size, bool is_readable, bool is_writable)
{
    buffered->block = toy_alloc(t, size);
    if (!buffered->block) return false;
    buffered->size = size;
    buffered->raw = toy_retain(raw);
    buffered->is_readable = is_readable;
    buffered->is_writable = is_writable;
    return true;
}

Buffered *buffered_new(ToyThread *t, ToyType *type, ToyValue raw, size_t size, bool is_readable, bool is_writable)
{
    Buffered *buffered = (Buffered *)toy_type_alloc(t, type);
    if (buffered && !set_up(t, buffered, raw, size, is_readable, is_writable)) {
        toy_release(toy_value(buffered));
        return NULL;
    }
    return buffered;
}

static ToyValue make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names, bool is_readable, bool is_writable, const char *name)
{
    static const char *const list[] = {"raw", "buffer_size", NULL};
    const ToyParameters parameters = {name, list, 0, 2, 1};
    ToyValue slots[2] = {TOY_UNBOUND};
    int64_t size = IO_BUFFER_SIZE;
    IoState *state = toy_type_state(type);
    if (!toy_arguments_sort(t, &parameters, args, count, names, slots) || !toy_arg_size(t, slots[1], &size)) return TOY_FAILED;
    if (size <= 0) return toy_raise_value_error(t, "buffer size must be strictly positive");
    if (is_readable && is_writable && !io_agrees(t, state, slots[0], "seekable", "File or stream is not seekable.")) return TOY_FAILED;
    if (is_readable && !io_agrees(t, state, slots[0], "readable", "File or stream is not readable.")) return TOY_FAILED;
    if (is_writable && !io_agrees(t, state, slots[0], "writable", "File or stream is not writable.")) return TOY_FAILED;
    return toy_value(buffered_new(t, type, slots[0], (size_t)size, is_readable, is_writable));
}
static ToyValue reader_make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    return make(t, type, args, count, names, true, false, "BufferedReader");
}
static ToyValue writer_make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    return make(t, type, args, count, names, false, true, "BufferedWriter");
}
static ToyValue random_make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    return make(t, type, args, count, names, true, true, "BufferedRandom");
}

/* Also where it is the raw file that somebody closed. [act]: "read of", for the message. */
static bool check_open(ToyThread *t, Buffered *buffered, const char *act)
{
    bool is_closed = buffered->is_closed;
    if (toy_is_unbound(buffered->raw)) return check_usable(t, buffered);
    const FileIO *own = own_raw(buffered);
    if (own) {
        is_closed = is_closed || own->fd < 0;
    } else if (!is_closed) {
        ToyValue v = toy_get_attribute(t, buffered->raw, "closed");
        bool done = !toy_failed(v) && toy_truth(t, v, &is_closed);
        toy_release(v);
        if (!done) return false;
    }
    return !is_closed || toy_raise_false(t, TOY_ValueError, "%s closed file", act);
}

/* Open, a reader, and the lock taken. */
static bool begin(ToyThread *t, Buffered *buffered, const char *act)
{
    if (!check_open(t, buffered, act)) return false;
    if (!buffered->is_readable) {
        raise_unsupported(t, state_of(buffered), "read");
        return false;
    }
    return enter(t, buffered);
}

static ToyValue method_read(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    int64_t count = -1;
    if (toy_is_given(args[0])) {
        if (!toy_arg_size(t, args[0], &count)) return TOY_FAILED;
        if (count < -1) return toy_raise_value_error(t, "read length must be non-negative or -1");
    }
    if (!begin(t, buffered, "read of")) return TOY_FAILED;
    ToyValue bytes = count < 0 ? read_to_end(t, buffered) : read_exactly(t, buffered, (size_t)count);
    leave(t, buffered);
    return bytes;
}

static ToyValue method_read1(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    int64_t count;
    if (!count_of(t, args[0], &count) || !begin(t, buffered, "read of")) return TOY_FAILED;
    int64_t n = buffered->start == buffered->end ? fill(t, buffered) : 1;
    ToyValue result = n == -1 ? TOY_FAILED : TOY_NONE;
    if (n != -1) {
        size_t there = buffered->end - buffered->start;
        if (count >= 0 && there > (size_t)count) there = (size_t)count;
        result = toy_bytes(t, buffered->block + buffered->start, there);
        buffered->start += there;
    }
    leave(t, buffered);
    return result;
}

static ToyValue method_peek(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    if (!begin(t, buffered, "peek of")) return TOY_FAILED;
    int64_t n = buffered->start == buffered->end ? fill(t, buffered) : 1;
    ToyValue result = n == -1 ? TOY_FAILED : toy_bytes(t, buffered->block + buffered->start, buffered->end - buffered->start);
    leave(t, buffered);
    return result;
}

static ToyValue read_into(ToyThread *t, Buffered *buffered, ToyValue target, const char *name, bool is_once)
{
    ToyBuffer view;
    if (!check_open(t, buffered, "readinto of") || !io_get_writable(t, target, name, &view)) return TOY_FAILED;
    ToyValue result = TOY_FAILED;
    if (begin(t, buffered, "readinto of")) {
        size_t got = take(buffered, view.data, view.length);
        int64_t n = 1;
        while (got < view.length && n > 0 && !(is_once && got)) {
            if (view.length - got >= buffered->size) {   /* no need to go through the block */
                n = buffered->pending && !flush_pending(t, buffered) ? -1 : raw_read(t, buffered, view.data + got, view.length - got);
                if (n > 0) got += (size_t)n;
            } else {
                n = fill(t, buffered);
                if (n > 0) got += take(buffered, view.data + got, view.length - got);
            }
        }
        leave(t, buffered);
        if (n != -1) result = n == -2 && got == 0 ? TOY_NONE : toy_int(t, (int64_t)got);
    }
    toy_buffer_release(t, &view);
    return result;
}
static ToyValue method_readinto(ToyThread *t, ToyValue self, const ToyValue *args) { return read_into(t, self_of(self), args[0], "readinto", false); }
static ToyValue method_readinto1(ToyThread *t, ToyValue self, const ToyValue *args) { return read_into(t, self_of(self), args[0], "readinto1", true); }

static ToyValue method_readline(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    int64_t limit;
    if (!count_of(t, args[0], &limit) || !begin(t, buffered, "readline of")) return TOY_FAILED;
    ToyValue line = limit == 0 ? toy_bytes(t, "", 0) : read_line(t, buffered, limit);
    leave(t, buffered);
    return line;
}

static ToyValue method_write(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    ToyBuffer view;
    if (toy_is_str(args[0])) return toy_raise_type_error(t, "a bytes-like object is required, not '%T'", args[0]);
    if (!check_open(t, buffered, "write to")) return TOY_FAILED;
    if (!buffered->is_writable) return raise_unsupported(t, state_of(buffered), "write");
    if (!toy_buffer_get(t, args[0], &view, 0)) return TOY_FAILED;
    bool done = buffered_write(t, buffered, view.data, view.length);
    ToyValue n = done ? toy_int(t, (int64_t)view.length) : TOY_FAILED;
    toy_buffer_release(t, &view);
    return n;
}

static ToyValue method_flush(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    if (!check_open(t, buffered, "flush of")) return TOY_FAILED;
    return buffered_flush(t, buffered) ? TOY_NONE : TOY_FAILED;
}
static ToyValue method_close(ToyThread *t, ToyValue self, const ToyValue *args) { return buffered_close(t, self_of(self)) ? TOY_NONE : TOY_FAILED; }

static ToyValue method_seek(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t offset, position;
    int whence;
    if (!toy_arg_int64(t, args[0], &offset) || !whence_of(t, args[1], &whence)) return TOY_FAILED;
    if (!check_open(t, self_of(self), "seek of")) return TOY_FAILED;
    return buffered_seek(t, self_of(self), offset, whence, &position) ? toy_int(t, position) : TOY_FAILED;
}
static ToyValue method_tell(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t position;
    return buffered_tell(t, self_of(self), &position) ? toy_int(t, position) : TOY_FAILED;
}
static ToyValue method_truncate(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    if (!check_open(t, buffered, "truncate of")) return TOY_FAILED;
    if (!buffered->is_writable) return raise_unsupported(t, state_of(buffered), "truncate");
    ToyValue size = toy_is_given(args[0]) ? toy_retain(args[0]) : method_tell(t, self, NULL);
    ToyValue v = TOY_FAILED;
    if (!toy_failed(size) && buffered_flush(t, buffered)) v = toy_call_method(t, buffered->raw, "truncate", &size, 1);
    toy_release(size);
    return v;
}
static ToyValue method_detach(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Buffered *buffered = self_of(self);
    if (!buffered_flush(t, buffered)) return TOY_FAILED;
    ToyValue raw = buffered->raw;
    buffered->raw = TOY_UNBOUND;
    return raw;
}

#define FORWARD(name)                                                                    \
    static ToyValue method_##name(ToyThread *t, ToyValue self, const ToyValue *args)     \
    {                                                                                    \
        Buffered *buffered = self_of(self);                                              \
        return check_usable(t, buffered) ? toy_call_method(t, buffered->raw, #name, NULL, 0) : TOY_FAILED; \
    }
FORWARD(fileno)
FORWARD(isatty)
FORWARD(seekable)
static ToyValue method_readable(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return check_usable(t, self_of(self)) ? toy_bool(self_of(self)->is_readable) : TOY_FAILED;
}
static ToyValue method_writable(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return check_usable(t, self_of(self)) ? toy_bool(self_of(self)->is_writable) : TOY_FAILED;
}

#define ATTRIBUTE_OF_RAW(name)                                                           \
    static ToyValue get_##name(ToyThread *t, ToyValue self)                              \
    {                                                                                    \
        ToyValue raw = self_of(self)->raw;                                               \
        return toy_is_bound(raw) ? toy_get_attribute(t, raw, #name) : toy_raise_value_error(t, "raw stream has been detached"); \
    }
ATTRIBUTE_OF_RAW(name)
ATTRIBUTE_OF_RAW(mode)
static ToyValue get_raw(ToyThread *t, ToyValue self) { return toy_is_bound(self_of(self)->raw) ? toy_retain(self_of(self)->raw) : TOY_NONE; }
static ToyValue get_closed(ToyThread *t, ToyValue self)
{
    Buffered *buffered = self_of(self);
    if (buffered->is_closed) return TOY_TRUE;
    return toy_is_bound(buffered->raw) ? toy_get_attribute(t, buffered->raw, "closed") : toy_raise_value_error(t, "raw stream has been detached");
}

static ToyValue method_repr(ToyThread *t, ToyValue self)
{
    ToyValue name = toy_is_bound(self_of(self)->raw) ? toy_find_attribute(t, self_of(self)->raw, "name") : TOY_UNBOUND;
    if (toy_is_raised(t)) toy_raised_clear(t);
    ToyValue text = toy_is_bound(name) ? toy_str_format(t, "<%T name=%R>", self, name) : toy_str_format(t, "<%T>", self);
    toy_release(name);
    return text;
}

static void finalize(ToyThread *t, ToyValue self)
{
    if (!buffered_close(t, self_of(self))) toy_report_unraisable(t, self, NULL);
}
static void traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((Buffered *)self)->raw, visit, context); }
static void clear(ToyObject *self) { toy_clear(&((Buffered *)self)->raw); }
static void free_buffered(ToyObject *self)
{
    Buffered *buffered = (Buffered *)self;
    clear(self);
    if (buffered->block) toy_free(toy_thread(), buffered->block, buffered->size);
}

#define COMMON_METHODS                                                                                                     \
    IO_NOT_PICKLED, TOY_FUNCTION("close", method_close, "($self, /)", 0, NULL), TOY_FUNCTION("detach", method_detach, "($self, /)", 0, NULL), \
    TOY_FUNCTION("fileno", method_fileno, "($self, /)", 0, NULL), TOY_FUNCTION("flush", method_flush, "($self, /)", 0, NULL), \
    TOY_FUNCTION("isatty", method_isatty, "($self, /)", 0, NULL), TOY_FUNCTION("readable", method_readable, "($self, /)", 0, NULL), \
    TOY_FUNCTION("seek", method_seek, "($self, target, whence=0, /)", 0, NULL), TOY_FUNCTION("seekable", method_seekable, "($self, /)", 0, NULL), \
    TOY_FUNCTION("tell", method_tell, "($self, /)", 0, NULL), TOY_FUNCTION("truncate", method_truncate, "($self, pos=None, /)", 0, NULL), \
    TOY_FUNCTION("writable", method_writable, "($self, /)", 0, NULL)
#define READING_METHODS                                                                                                    \
    TOY_FUNCTION("peek", method_peek, "($self, size=0, /)", 0, NULL), TOY_FUNCTION("read", method_read, "($self, size=-1, /)", 0, NULL), \
    TOY_FUNCTION("read1", method_read1, "($self, size=-1, /)", 0, NULL), TOY_FUNCTION("readinto", method_readinto, "($self, buffer, /)", 0, NULL), \
    TOY_FUNCTION("readinto1", method_readinto1, "($self, buffer, /)", 0, NULL), \
    TOY_FUNCTION("readline", method_readline, "($self, size=-1, /)", 0, NULL)
#define WRITING_METHODS TOY_FUNCTION("write", method_write, "($self, buffer, /)", 0, NULL)

static const ToyFunction reader_methods[] = {COMMON_METHODS, READING_METHODS, TOY_FUNCTIONS_END};
static const ToyFunction writer_methods[] = {COMMON_METHODS, WRITING_METHODS, TOY_FUNCTIONS_END};
static const ToyFunction random_methods[] = {COMMON_METHODS, READING_METHODS, WRITING_METHODS, TOY_FUNCTIONS_END};
static const ToyGetSet getsets[] = {
    {"closed", get_closed, NULL, NULL}, {"mode", get_mode, NULL, NULL}, {"name", get_name, NULL, NULL}, {"raw", get_raw, NULL, NULL}, {NULL, NULL, NULL, NULL},
};
#define BUFFERED(doc_, make_, methods_) {                                                                                  \
    .doc = doc_, .signature = "(raw, buffer_size=8192)", .size = sizeof(Buffered),                                          \
    .flags = TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_CONTAINER,                                  \
    .slots = {.repr = method_repr, .new_instance = make_, .finalize = finalize},                                            \
    .methods = methods_, .getsets = getsets, .traverse = traverse, .clear = clear, .free = free_buffered}
const ToyTypeSpec buffered_reader_spec = BUFFERED(
                                                  "Reads from a raw stream in large pieces, and hands them out in the "
                                                  "sizes asked for.", reader_make, reader_methods);
const ToyTypeSpec buffered_writer_spec = BUFFERED(
                                                  "Collects what is written, and hands it to a raw stream in large "
                                                  "pieces.", writer_make, writer_methods);
const ToyTypeSpec buffered_random_spec = BUFFERED("Reads and writes one raw stream that can seek, in large pieces.", random_make, random_methods);
