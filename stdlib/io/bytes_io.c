/* bytes_io.c - BytesIO: a binary file that lives in memory.
 *
 * What        The type BytesIO, and the buffer that getbuffer() lends out.
 * How         A block that grows. getbuffer() makes a small object that exports the block; while there are exports, the size may not change.
 * Invariants  I1 position may lie behind the end; what lies between is filled with zeros when something is written there.
 *             I2 exports > 0: neither length nor block changes.
 * GIL         held; never dropped.
 * Read next   string_io.c, io.h */
#include <stdio.h>

#include "stdlib/io/io.h"

typedef struct BytesFile {
    ToyObject head;
    uint8_t *block;
    size_t length, capacity, position, exports;
    bool is_closed;
} BytesFile;

static BytesFile *self_of(ToyValue self) { return (BytesFile *)toy_object(self); }

static bool check_open(ToyThread *t, BytesFile *file) { return !file->is_closed || (raise_closed(t), false); }
static bool check_exports(ToyThread *t, BytesFile *file)
{
    return file->exports == 0 || toy_raise_false(t, TOY_BufferError, "Existing exports of data: object cannot be re-sized");
}
static size_t left(const BytesFile *file) { return file->position < file->length ? file->length - file->position : 0; }
static const uint8_t *data_of(const BytesFile *file) { return file->block ? file->block : (const uint8_t *)""; }

static bool reserve(ToyThread *t, BytesFile *file, size_t wanted)
{
    if (wanted <= file->capacity) return true;
    size_t capacity = file->capacity ? file->capacity : 64;
    while (capacity < wanted) capacity += capacity / 2;
    uint8_t *grown = toy_resize(t, file->block, file->capacity, capacity);
    if (!grown) return false;
    file->block = grown;
    file->capacity = capacity;
    return true;
}

static bool put(ToyThread *t, BytesFile *file, const uint8_t *data, size_t length)
{
    if (length == 0) return true;
    if (file->position > SIZE_MAX / 4 || !reserve(t, file, file->position + length)) return toy_is_raised(t) ? false : toy_raise_false(t, TOY_OverflowError, "new buffer size too large");
    if (file->position > file->length) memset(file->block + file->length, 0, file->position - file->length);
    memcpy(file->block + file->position, data, length);
    file->position += length;
    if (file->position > file->length) file->length = file->position;
    return true;
}

/* The number of bytes written; -1: raised. */
static int64_t write_one(ToyThread *t, BytesFile *file, ToyValue v)
{
    ToyBuffer view;
    if (!check_open(t, file) || !check_exports(t, file) || !toy_buffer_get(t, v, &view, 0)) return -1;
    /* Getting the buffer may have run script code. */
    bool done = check_open(t, file) && check_exports(t, file) && put(t, file, view.data, view.length);
    int64_t written = (int64_t)view.length;
    toy_buffer_release(t, &view);
    return done ? written : -1;
}

static ToyValue method_write(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t written = write_one(t, self_of(self), args[0]);
    return written < 0 ? TOY_FAILED : toy_int(t, written);
}

static bool write_line(ToyThread *t, ToyValue line, void *file) { return write_one(t, file, line) >= 0; }
static ToyValue method_writelines(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return check_open(t, self_of(self)) && toy_for_each(t, args[0], write_line, self_of(self)) ? TOY_NONE : TOY_FAILED;
}

/* ---- reading ---- */

static ToyValue take(ToyThread *t, BytesFile *file, size_t count)
{
    ToyValue v = toy_bytes(t, count ? file->block + file->position : (const uint8_t *)"", count);
    if (!toy_failed(v)) file->position += count;
    return v;
}

static ToyValue method_read(ToyThread *t, ToyValue self, const ToyValue *args)
{
    BytesFile *file = self_of(self);
    int64_t count;
    if (!check_open(t, file) || !count_of(t, args[0], &count)) return TOY_FAILED;
    return take(t, file, count < 0 || (size_t)count > left(file) ? left(file) : (size_t)count);
}

static size_t line_length(const BytesFile *file)
{
    size_t count = left(file);
    const uint8_t *end = count ? memchr(file->block + file->position, '\n', count) : NULL;
    return end ? (size_t)(end - (file->block + file->position)) + 1 : count;
}

static ToyValue method_readline(ToyThread *t, ToyValue self, const ToyValue *args)
{
    BytesFile *file = self_of(self);
    int64_t limit;
    if (!check_open(t, file) || !count_of(t, args[0], &limit)) return TOY_FAILED;
    size_t count = line_length(file);
    return take(t, file, limit >= 0 && count > (size_t)limit ? (size_t)limit : count);
}

static ToyValue method_readlines(ToyThread *t, ToyValue self, const ToyValue *args)
{
    BytesFile *file = self_of(self);
    int64_t hint;
    if (!check_open(t, file) || !count_of(t, args[0], &hint)) return TOY_FAILED;
    ToyValue list = toy_list(t);
    for (size_t total = 0, count; !toy_failed(list) && (count = line_length(file)) > 0; ) {
        if (!toy_list_append_take(t, list, take(t, file, count))) toy_clear(&list);
        total += count;
        if (hint > 0 && total >= (size_t)hint) break;
    }
    return list;
}

static ToyValue method_next(ToyThread *t, ToyValue self)
{
    BytesFile *file = self_of(self);
    if (!check_open(t, file)) return TOY_FAILED;
    size_t count = line_length(file);
    return count ? take(t, file, count) : TOY_END;
}

static ToyValue method_readinto(ToyThread *t, ToyValue self, const ToyValue *args)
{
    BytesFile *file = self_of(self);
    ToyBuffer view;
    if (!check_open(t, file) || !io_get_writable(t, args[0], "readinto() argument", &view)) return TOY_FAILED;
    size_t count = left(file) < view.length ? left(file) : view.length;
    if (count) memmove(view.data, file->block + file->position, count);     /* the target may be our own getbuffer() */
    file->position += count;
    toy_buffer_release(t, &view);
    return toy_int(t, (int64_t)count);
}

static ToyValue method_getvalue(ToyThread *t, ToyValue self, const ToyValue *args)
{
    BytesFile *file = self_of(self);
    return check_open(t, file) ? toy_bytes(t, data_of(file), file->length) : TOY_FAILED;
}

/* ---- position and end ---- */

static ToyValue method_seek(ToyThread *t, ToyValue self, const ToyValue *args)
{
    BytesFile *file = self_of(self);
    int64_t offset, target;
    int whence = SEEK_SET;
    if (!check_open(t, file) || !toy_arg_size(t, args[0], &offset) || !toy_arg_int(t, args[1], &whence)) return TOY_FAILED;
    if (whence < 0 || whence > 2) return toy_raise_value_error(t, "invalid whence (%d, should be 0, 1 or 2)", whence);
    if (offset < 0 && whence == SEEK_SET) return toy_raise_value_error(t, "negative seek value %lld", (long long)offset);
    int64_t from = whence == SEEK_CUR ? (int64_t)file->position : whence == SEEK_END ? (int64_t)file->length : 0;
    if (__builtin_add_overflow(from, offset, &target)) return toy_raise(t, TOY_OverflowError, "new position too large");
    file->position = target < 0 ? 0 : (size_t)target;
    return toy_int(t, (int64_t)file->position);
}
static ToyValue method_tell(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return check_open(t, self_of(self)) ? toy_int(t, (int64_t)self_of(self)->position) : TOY_FAILED;
}
static ToyValue method_truncate(ToyThread *t, ToyValue self, const ToyValue *args)
{
    BytesFile *file = self_of(self);
    int64_t size = (int64_t)file->position;
    if (!check_open(t, file) || !check_exports(t, file) || (toy_is_given(args[0]) && !toy_arg_size(t, args[0], &size))) return TOY_FAILED;
    if (size < 0) return toy_raise_value_error(t, "negative size value %lld", (long long)size);
    if (!check_exports(t, file)) return TOY_FAILED;
    if ((size_t)size < file->length) file->length = (size_t)size;
    return toy_int(t, size);
}

static void forget(ToyThread *t, BytesFile *file)
{
    if (file->block) toy_free(t, file->block, file->capacity);
    file->block = NULL;
    file->length = file->capacity = file->position = 0;
}
static ToyValue method_close(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!check_exports(t, self_of(self))) return TOY_FAILED;
    forget(t, self_of(self));
    self_of(self)->is_closed = true;
    return TOY_NONE;
}
static ToyValue method_yes(ToyThread *t, ToyValue self, const ToyValue *args) { return check_open(t, self_of(self)) ? TOY_TRUE : TOY_FAILED; }
static ToyValue method_isatty(ToyThread *t, ToyValue self, const ToyValue *args) { return check_open(t, self_of(self)) ? TOY_FALSE : TOY_FAILED; }
static ToyValue method_flush(ToyThread *t, ToyValue self, const ToyValue *args) { return check_open(t, self_of(self)) ? TOY_NONE : TOY_FAILED; }
static ToyValue method_iterate(ToyThread *t, ToyValue self) { return check_open(t, self_of(self)) ? toy_retain(self) : TOY_FAILED; }
static ToyValue get_closed(ToyThread *t, ToyValue self) { return toy_bool(self_of(self)->is_closed); }
static ToyValue method_size_of(ToyThread *t, ToyValue self, const ToyValue *args) { return toy_int(t, (int64_t)(sizeof(BytesFile) + self_of(self)->capacity)); }

/* ---- making, pickling ---- */

static ToyValue bytes_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names) { return toy_value(toy_type_alloc(t, type)); }

static bool bytes_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const list[] = {"initial_bytes", NULL};
    static const ToyParameters parameters = {"BytesIO", list, 0, 1, 0};
    ToyValue initial;
    BytesFile *file = self_of(self);
    if (!toy_arguments_sort(t, &parameters, args, count, names, &initial) || !check_exports(t, file)) return false;
    forget(t, file);
    if (toy_is_given(initial) && write_one(t, file, initial) < 0) return false;
    file->position = 0;
    return true;
}

static ToyValue method_get_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue value = method_getvalue(t, self, NULL), dict = toy_failed(value) ? TOY_FAILED : toy_get_attribute(t, self, "__dict__");
    ToyValue copy = toy_failed(dict) ? TOY_FAILED : toy_dict_length(dict) ? toy_dict_copy(t, dict) : TOY_NONE;
    toy_release(dict);
    return toy_tuple(t, value, toy_int(t, (int64_t)self_of(self)->position), copy);
}

static ToyValue method_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    BytesFile *file = self_of(self);
    ToyValue state = args[0];
    int64_t position;
    if (!toy_is_tuple(state) || toy_tuple_length(state) < 3) return toy_raise_type_error(t, "%T.__setstate__ argument should be 3-tuple, got %T", self, state);
    if (!check_exports(t, file)) return TOY_FAILED;
    file->length = file->position = 0;
    if (write_one(t, file, toy_tuple_item(state, 0)) < 0) return TOY_FAILED;
    ToyValue place = toy_tuple_item(state, 1), dict = toy_tuple_item(state, 2);
    if (!toy_is_int(place)) return toy_raise_type_error(t, "second item of state must be an integer, not %T", place);
    if (!toy_arg_size(t, place, &position)) return TOY_FAILED;
    if (position < 0) return toy_raise_value_error(t, "position value cannot be negative");
    file->position = (size_t)position;
    return io_set_dict(t, self, dict, "third") ? TOY_NONE : TOY_FAILED;
}

/* ---- getbuffer ---- */

typedef struct BytesBuffer { ToyObject head; ToyValue file; } BytesBuffer;

static bool buffer_get(ToyThread *t, ToyValue self, ToyBuffer *buffer, int flags)
{
    BytesFile *file = self_of(((BytesBuffer *)toy_object(self))->file);
    if (!reserve(t, file, 1)) return false;
    toy_buffer_fill(buffer, self, file->block, file->length, false);
    file->exports++;
    return true;
}
static void buffer_release(ToyThread *t, ToyValue self, ToyBuffer *buffer) { self_of(((BytesBuffer *)toy_object(self))->file)->exports--; }
static void buffer_traverse(ToyObject *self, ToyVisit visit, void *context) { toy_visit(((BytesBuffer *)self)->file, visit, context); }
static void buffer_free(ToyObject *self) { toy_clear(&((BytesBuffer *)self)->file); }
const ToyTypeSpec bytes_buffer_spec = {
    .size = sizeof(BytesBuffer), .flags = TOY_TYPE_IS_CONTAINER | TOY_TYPE_NO_NEW | TOY_TYPE_IS_WEAK_REFERABLE,
    .slots = {.get_buffer = buffer_get, .release_buffer = buffer_release}, .traverse = buffer_traverse, .free = buffer_free,
};

static ToyValue method_getbuffer(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!check_open(t, self_of(self))) return TOY_FAILED;
    BytesBuffer *buffer = (BytesBuffer *)toy_type_alloc(t, ((IoState *)toy_instance_state(self))->bytes_buffer);
    if (!buffer) return TOY_FAILED;
    buffer->file = toy_retain(self);
    ToyValue view = toy_memoryview(t, toy_value(buffer));
    toy_release(toy_value(buffer));
    return view;
}

static void free_file(ToyObject *self) { forget(toy_thread(), (BytesFile *)self); }

static const ToyFunction methods[] = {
    TOY_FUNCTION("close", method_close, "($self, /)", 0, "Give the bytes up; whatever is asked of the stream after that raises ValueError."),
    TOY_FUNCTION("flush", method_flush, "($self, /)", 0, "Does nothing."),
    TOY_FUNCTION("getbuffer", method_getbuffer, "($self, /)", 0,
                 "A memoryview of the bytes themselves, to read and to write; while it lives, their number cannot change."),
    TOY_FUNCTION("getvalue", method_getvalue, "($self, /)", 0, "All the bytes, wherever the position is."),
    TOY_FUNCTION("isatty", method_isatty, "($self, /)", 0, "False: memory is no terminal."),
    TOY_FUNCTION("read", method_read, "($self, size=-1, /)", 0, "The bytes from the position on, size of them or all; b'' at the end."),
    TOY_FUNCTION("read1", method_read, "($self, size=-1, /)", 0, "The bytes from the position on, size of them or all; b'' at the end."),
    TOY_FUNCTION("readable", method_yes, "($self, /)", 0, "True, unless it is closed, which raises ValueError."),
    TOY_FUNCTION("readinto", method_readinto, "($self, buffer, /)", 0, "Copy bytes from the position on into a buffer; how many."),
    TOY_FUNCTION("readline", method_readline, "($self, size=-1, /)", 0,
                 "The bytes up to the end of the line, or size of them if that is less; b'' at the end."),
    TOY_FUNCTION("readlines", method_readlines, "($self, size=None, /)", 0,
                 "The lines that are left, as a list; no more once they come to size bytes."),
    TOY_FUNCTION("seek", method_seek, "($self, pos, whence=0, /)", 0,
                 "Go to a position: from the start (whence 0), from here (1) or from the end (2); the new position."),
    TOY_FUNCTION("seekable", method_yes, "($self, /)", 0, "True, unless it is closed; then ValueError."),
    TOY_FUNCTION("tell", method_tell, "($self, /)", 0, "The position: how many bytes lie before the next to be read or written."),
    TOY_FUNCTION("truncate", method_truncate, "($self, size=None, /)", 0, "Drop what lies beyond size, or beyond the position; the position stays."),
    TOY_FUNCTION("writable", method_yes, "($self, /)", 0, "True while it is open; closed, it raises ValueError."),
    TOY_FUNCTION("write", method_write, "($self, b, /)", 0, "Put the bytes at the position, over what is there; their number."),
    TOY_FUNCTION("writelines", method_writelines, "($self, lines, /)", 0, "Write all the bytes that an iterable gives, one after another."),
    TOY_FUNCTION("__getstate__", method_get_state, "($self, /)", 0, NULL),
    TOY_FUNCTION("__setstate__", method_set_state, "($self, state, /)", 0, NULL),
    TOY_FUNCTION("__sizeof__", method_size_of, "($self, /)", 0, NULL),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet getsets[] = {{"closed", get_closed, NULL, "whether close() has been called"}, {NULL, NULL, NULL, NULL}};
const ToyTypeSpec bytes_io_spec = {
    .doc = "A binary stream whose file is memory: it begins with initial_bytes and grows as it is written.", .signature =
        "(initial_bytes=b'')", .size = sizeof(BytesFile),
    .flags = TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_CONTAINER,
    .slots = {.new_instance = bytes_new, .init = bytes_init, .iterate = method_iterate, .next = method_next},
    .methods = methods, .getsets = getsets, .free = free_file,
};
