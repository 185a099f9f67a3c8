/* buffered_below.c - what a Buffered needs before it can work on its block: the lock, and the raw file.
 *
 * What        Taking turns; asking whether the file is usable and open; reading, writing, seeking and telling below.
 * How         A FileIO is called directly, any other raw file by its methods, with a view of bytes that belong to nobody else.
 * Invariants  I2 of io.h.
 * GIL         held; dropped by the raw file.
 * Read next   buffered.c */
#include <stdio.h>

#include "stdlib/io/buffered.h"

/* ---- turns ---- */

bool io_turn_take(ToyThread *t, const IoState *state, IoTurn *turn)
{
    if (turn->lock.is_locked && turn->forks != state->forks) toy_lock_forget(t, &turn->lock);
    if (toy_lock_acquire(t, &turn->lock, -1) != TOY_LOCK_ACQUIRED) return false;
    turn->owner = toy_thread_ident(t);
    turn->forks = state->forks;
    return true;
}

void io_turn_leave(ToyThread *t, IoTurn *turn)
{
    turn->owner = 0;
    toy_lock_release(t, &turn->lock);
}

bool buffered_enter(ToyThread *t, Buffered *buffered)
{
    if (io_turn_is_mine(t, &buffered->turn)) return toy_raise_false(t, TOY_RuntimeError, "reentrant call inside %R", toy_value(buffered));
    if (!io_turn_take(t, buffered->state, &buffered->turn)) return false;
    toy_retain(toy_value(buffered));
    return true;
}

void buffered_leave(ToyThread *t, Buffered *buffered)
{
    io_turn_leave(t, &buffered->turn);
    toy_release(toy_value(buffered));
}

/* ---- what it can do at all ---- */

bool buffered_check_usable(ToyThread *t, Buffered *buffered)
{
    if (toy_is_bound(buffered->raw)) return true;
    return toy_raise_false(t, TOY_ValueError, buffered->is_detached ? "raw stream has been detached" : "I/O operation on uninitialized object");
}

ToyValue buffered_call_raw(ToyThread *t, Buffered *buffered, const char *method, const ToyValue *args, size_t count)
{
    return buffered_check_usable(t, buffered) ? toy_call_method(t, buffered->raw, method, args, count) : TOY_FAILED;
}

/* The raw file knows. */
bool buffered_is_closed(ToyThread *t, Buffered *buffered, bool *is_closed)
{
    if (!buffered_check_usable(t, buffered)) return false;
    const FileIO *own = buffered_own_raw(buffered);
    if (own) {
        *is_closed = own->fd < 0;
        return true;
    }
    ToyValue v = toy_get_attribute(t, buffered->raw, "closed");
    bool done = !toy_failed(v) && toy_truth(t, v, is_closed);
    toy_release(v);
    return done;
}

/* [act]: "read of", for the message. */
bool buffered_check_open(ToyThread *t, Buffered *buffered, const char *act)
{
    bool is_closed;
    if (!buffered_is_closed(t, buffered, &is_closed)) return false;
    return !is_closed || toy_raise_false(t, TOY_ValueError, "%s closed file", act);
}

/* Open, and the lock taken. Whoever had it meanwhile may have closed the file. */
bool buffered_begin(ToyThread *t, Buffered *buffered, const char *act)
{
    if (!buffered_check_open(t, buffered, act) || !buffered_enter(t, buffered)) return false;
    if (buffered_check_open(t, buffered, act)) return true;
    buffered_leave(t, buffered);
    return false;
}

/* ---- the raw file ---- */

/* readinto() or write() of a raw file that a script made. As file_read: -1 raised, -2 it would block. */
static int64_t call_raw(ToyThread *t, Buffered *buffered, const char *method, ToyValue argument, size_t most)
{
    ToyValue v = toy_failed(argument) ? TOY_FAILED : buffered_call_raw(t, buffered, method, &argument, 1);
    int64_t n = -1;
    bool is_number = toy_is_none(v) || toy_failed(v) || toy_arg_size(t, v, &n);
    if (toy_is_none(v)) {
        n = -2;
    } else if (!is_number && method[0] == 'r') {
        io_raise_from(t, TOY_OSError, "raw readinto() failed");
        n = -1;
    } else if (!toy_failed(v) && (!is_number || n < 0 || (size_t)n > most)) {
        toy_raised_clear(t);
        if (!is_number) n = -1;
        toy_raise(t, TOY_OSError, "raw %s() returned invalid length %lld (should have been between 0 and %zu)", method, (long long)n, most);
        n = -1;
    }
    toy_release(v);
    return n;
}

static void note_moved(Buffered *buffered, int64_t n)
{
    if (n > 0 && buffered->raw_at >= 0) buffered->raw_at += n;
}

int64_t below_read(ToyThread *t, Buffered *buffered, uint8_t *data, size_t length)
{
    FileIO *file = buffered_own_raw(buffered);
    int64_t n;
    if (file) {
        toy_retain(toy_value(file));        /* another thread may detach it while the GIL is given up */
        n = file_read(t, file, data, length);
        toy_release(toy_value(file));
    } else {
        /* Our block could be gone while the script still has the view of it: it gets a block of its own. */
        ToyValue array = toy_bytearray(t, NULL, length), view = toy_failed(array) ? TOY_FAILED : toy_memoryview(t, array);
        n = call_raw(t, buffered, "readinto", view, length);
        size_t there = 0;
        const uint8_t *read = toy_failed(array) ? NULL : toy_bytes_data(array, &there);
        if (n > 0 && there < (size_t)n) {       /* it gave the view back and made the array smaller */
            toy_raise(t, TOY_OSError, "raw readinto() returned invalid length %lld (should have been between 0 and %zu)", (long long)n, there);
            n = -1;
        }
        if (n > 0) memcpy(data, read, (size_t)n);
        toy_release(view);
        toy_release(array);
    }
    note_moved(buffered, n);
    return n;
}

int64_t below_write(ToyThread *t, Buffered *buffered, const uint8_t *data, size_t length)
{
    FileIO *file = buffered_own_raw(buffered);
    int64_t n;
    if (file) {
        toy_retain(toy_value(file));        /* another thread may detach it while the GIL is given up */
        n = file_write_once(t, file, data, length);
        toy_release(toy_value(file));
    } else {
        ToyValue bytes = toy_bytes(t, data, length), view = toy_failed(bytes) ? TOY_FAILED : toy_memoryview(t, bytes);
        n = call_raw(t, buffered, "write", view, length);
        toy_release(view);
        toy_release(bytes);
    }
    note_moved(buffered, n);
    return n;
}

static bool note_position(ToyThread *t, Buffered *buffered, int64_t at, int64_t *position)
{
    if (at < 0) return toy_raise_false(t, TOY_OSError, "Raw stream returned invalid position %lld", (long long)at);
    *position = buffered->raw_at = at;
    return true;
}

bool below_seek(ToyThread *t, Buffered *buffered, int64_t offset, int whence, int64_t *position)
{
    FileIO *file = buffered_own_raw(buffered);
    int64_t at = -1;
    buffered->raw_at = -1;
    if (file) return file_seek(t, file, offset, whence, &at) && note_position(t, buffered, at, position);
    ToyValue row[2] = {toy_int(t, offset), toy_small_int_value(whence)};
    ToyValue v = toy_failed(row[0]) ? TOY_FAILED : buffered_call_raw(t, buffered, "seek", row, 2);
    bool done = !toy_failed(v) && toy_arg_int64(t, v, &at) && note_position(t, buffered, at, position);
    toy_release(row[0]);
    toy_release(v);
    return done;
}

bool below_tell(ToyThread *t, Buffered *buffered, int64_t *position)
{
    FileIO *file = buffered_own_raw(buffered);
    int64_t at = -1;
    if (file) return file_seek(t, file, 0, SEEK_CUR, &at) && note_position(t, buffered, at, position);
    ToyValue v = buffered_call_raw(t, buffered, "tell", NULL, 0);
    bool done = !toy_failed(v) && toy_arg_int64(t, v, &at) && note_position(t, buffered, at, position);
    toy_release(v);
    return done;
}
