/* memory_io.c - files that live in memory.
 *
 * What        BytesIO and StringIO.
 * How         BytesIO: a block that grows. StringIO: characters of four bytes each in a block; a str is made when somebody asks.
 * Invariants  I1 position may lie behind the end; what lies between is filled with zeros when something is written there.
 * GIL         held; never dropped.
 * Read next   io.h */
#include <stdio.h>

#include "stdlib/io/io.h"

/* Both kinds: items of one width in a block. */
typedef struct MemoryFile {
    ToyObject head;
    uint8_t *block;
    size_t length, capacity, position;      /* items */
    uint8_t width;                          /* of an item: 1 in a BytesIO, 4 in a StringIO */
    bool is_closed;
    bool translates;                        /* StringIO with newline=None: \r\n and \r become \n when written */
    const char *line_end;                   /* StringIO: what \n becomes when written; NULL: itself */
} MemoryFile;

static MemoryFile *self_of(ToyValue self) { return (MemoryFile *)toy_object(self); }
static size_t width_of(MemoryFile *file) { return file->width; }

static bool check_open(ToyThread *t, MemoryFile *file)
{
    if (file->is_closed) toy_raise_value_error(t, "I/O operation on closed file%s", width_of(file) == 1 ? "." : "");
    return !file->is_closed;
}

static bool reserve(ToyThread *t, MemoryFile *file, size_t width, size_t wanted)
{
    if (wanted <= file->capacity) return true;
    size_t capacity = file->capacity ? file->capacity : 64;
    while (capacity < wanted) capacity += capacity / 2;
    uint8_t *grown = toy_resize(t, file->block, file->capacity * width, capacity * width);
    if (!grown) return false;
    file->block = grown;
    file->capacity = capacity;
    return true;
}

/* Room for [count] items at the position, which moves behind them. NULL: raised. */
static uint8_t *place_for(ToyThread *t, MemoryFile *file, size_t width, size_t count)
{
    if (!reserve(t, file, width, file->position + count)) return NULL;
    if (file->position > file->length) memset(file->block + file->length * width, 0, (file->position - file->length) * width);
    uint8_t *place = file->block + file->position * width;
    file->position += count;
    if (file->position > file->length) file->length = file->position;
    return place;
}

/* ---- BytesIO ---- */

static bool bytes_put(ToyThread *t, MemoryFile *file, ToyValue v, int64_t *written)
{
    ToyBuffer view;
    if (toy_is_str(v)) return toy_raise_false(t, TOY_TypeError, "a bytes-like object is required, not '%T'", v);
    if (!toy_buffer_get(t, v, &view, 0)) return false;
    uint8_t *place = view.length ? place_for(t, file, 1, view.length) : file->block;
    bool done = place || view.length == 0;
    if (done && view.length) memcpy(place, view.data, view.length);
    *written = (int64_t)view.length;
    toy_buffer_release(t, &view);
    return done;
}

static ToyValue bytes_write(ToyThread *t, ToyValue self, const ToyValue *args)
{
    int64_t written;
    return check_open(t, self_of(self)) && bytes_put(t, self_of(self), args[0], &written) ? toy_int(t, written) : TOY_FAILED;
}

static size_t left(MemoryFile *file) { return file->position < file->length ? file->length - file->position : 0; }

static ToyValue bytes_take(ToyThread *t, MemoryFile *file, size_t count)
{
    ToyValue v = toy_bytes(t, count ? file->block + file->position : (const uint8_t *)"", count);
    if (!toy_failed(v)) file->position += count;
    return v;
}

static ToyValue bytes_read(ToyThread *t, ToyValue self, const ToyValue *args)
{
    MemoryFile *file = self_of(self);
    int64_t count;
    if (!check_open(t, file) || !count_of(t, args[0], &count)) return TOY_FAILED;
    return bytes_take(t, file, count < 0 || (size_t)count > left(file) ? left(file) : (size_t)count);
}

static ToyValue bytes_readline(ToyThread *t, ToyValue self, const ToyValue *args)
{
    MemoryFile *file = self_of(self);
    int64_t limit;
    if (!check_open(t, file) || !count_of(t, args[0], &limit)) return TOY_FAILED;
    size_t count = left(file);
    const uint8_t *end = count ? memchr(file->block + file->position, '\n', count) : NULL;
    if (end) count = (size_t)(end - (file->block + file->position)) + 1;
    if (limit >= 0 && count > (size_t)limit) count = (size_t)limit;
    return bytes_take(t, file, count);
}

static ToyValue bytes_readinto(ToyThread *t, ToyValue self, const ToyValue *args)
{
    MemoryFile *file = self_of(self);
    ToyBuffer view;
    if (!check_open(t, file) || !toy_buffer_get(t, args[0], &view, TOY_BUFFER_WRITABLE)) return TOY_FAILED;
    size_t count = left(file) < view.length ? left(file) : view.length;
    if (count) memcpy(view.data, file->block + file->position, count);
    file->position += count;
    toy_buffer_release(t, &view);
    return toy_int(t, (int64_t)count);
}

static ToyValue bytes_getvalue(ToyThread *t, ToyValue self, const ToyValue *args)
{
    MemoryFile *file = self_of(self);
    return check_open(t, file) ? toy_bytes(t, file->length ? file->block : (const uint8_t *)"", file->length) : TOY_FAILED;
}

static ToyValue bytes_make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const list[] = {"initial_bytes", NULL};
    static const ToyParameters parameters = {"BytesIO", list, 0, 1, 0};
    ToyValue slots[1] = {TOY_UNBOUND};
    if (!toy_arguments_sort(t, &parameters, args, count, names, slots)) return TOY_FAILED;
    MemoryFile *file = (MemoryFile *)toy_type_alloc(t, type);
    int64_t written;
    if (file) file->width = 1;
    if (file && toy_is_given(slots[0]) && !bytes_put(t, file, slots[0], &written)) {
        toy_release(toy_value(file));
        return TOY_FAILED;
    }
    if (file) file->position = 0;
    return toy_value(file);
}

/* ---- StringIO ---- */

static bool put_char(ToyThread *t, MemoryFile *file, uint32_t c)
{
    uint8_t *place = place_for(t, file, 4, 1);
    if (place) memcpy(place, &c, 4);
    return place;
}

static bool string_put(ToyThread *t, MemoryFile *file, ToyValue str)
{
    size_t length = toy_str_length(str);
    bool was_cr = false;
    if (!reserve(t, file, 4, file->position + length)) return false;
    for (size_t i = 0; i < length; i++) {
        uint32_t c = toy_str_char(str, i);
        if (file->translates && was_cr && c == '\n') {
            was_cr = false;
            continue;
        }
        was_cr = file->translates && c == '\r';
        if (was_cr) c = '\n';
        if (c == '\n' && file->line_end) {
            for (const char *e = file->line_end; *e; e++)
                if (!put_char(t, file, (uint8_t)*e)) return false;
        } else if (!put_char(t, file, c)) {
            return false;
        }
    }
    return true;
}

static ToyValue string_write(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "string argument expected, got '%T'", args[0]);
    if (!check_open(t, self_of(self)) || !string_put(t, self_of(self), args[0])) return TOY_FAILED;
    return toy_int(t, (int64_t)toy_str_length(args[0]));
}

static const uint32_t *characters(MemoryFile *file) { return (const uint32_t *)(const void *)file->block; }

static ToyValue string_take(ToyThread *t, MemoryFile *file, size_t count)
{
    ToyValue v = toy_str_from_ucs4(t, count ? characters(file) + file->position : NULL, count);
    if (!toy_failed(v)) file->position += count;
    return v;
}

static ToyValue string_read(ToyThread *t, ToyValue self, const ToyValue *args)
{
    MemoryFile *file = self_of(self);
    int64_t count;
    if (!check_open(t, file) || !count_of(t, args[0], &count)) return TOY_FAILED;
    return string_take(t, file, count < 0 || (size_t)count > left(file) ? left(file) : (size_t)count);
}

static ToyValue string_readline(ToyThread *t, ToyValue self, const ToyValue *args)
{
    MemoryFile *file = self_of(self);
    int64_t limit;
    if (!check_open(t, file) || !count_of(t, args[0], &limit)) return TOY_FAILED;
    size_t most = left(file), count = 0;
    if (limit >= 0 && most > (size_t)limit) most = (size_t)limit;
    while (count < most && characters(file)[file->position + count++] != '\n') continue;
    return string_take(t, file, count);
}

static ToyValue string_getvalue(ToyThread *t, ToyValue self, const ToyValue *args)
{
    MemoryFile *file = self_of(self);
    return check_open(t, file) ? toy_str_from_ucs4(t, characters(file), file->length) : TOY_FAILED;
}

static ToyValue string_make(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const list[] = {"initial_value", "newline", NULL};
    static const ToyParameters parameters = {"StringIO", list, 0, 2, 0};
    ToyValue slots[2] = {TOY_UNBOUND};
    if (!toy_arguments_sort(t, &parameters, args, count, names, slots)) return TOY_FAILED;
    if (toy_is_given(slots[0]) && !toy_is_str(slots[0])) return toy_raise_type_error(t, "initial_value must be str or None, not %T", slots[0]);
    if (toy_is_given(slots[1]) && !toy_is_str(slots[1])) return toy_raise_type_error(t, "newline must be str or None, not %T", slots[1]);
    MemoryFile *file = (MemoryFile *)toy_type_alloc(t, type);
    if (!file) return TOY_FAILED;
    file->width = 4;
    bool done = true;
    if (toy_is_none(slots[1])) file->translates = true;
    else if (toy_is_bound(slots[1])) {
        if (toy_str_is(slots[1], "\r")) file->line_end = "\r";
        else if (toy_str_is(slots[1], "\r\n")) file->line_end = "\r\n";
        else if (!toy_str_is(slots[1], "") && !toy_str_is(slots[1], "\n")) done = toy_raise_false(t, TOY_ValueError, "illegal newline value: %R", slots[1]);
    }
    if (done && toy_is_given(slots[0])) done = string_put(t, file, slots[0]);
    file->position = 0;
    if (done) return toy_value(file);
    toy_release(toy_value(file));
    return TOY_FAILED;
}

/* ---- both ---- */

static ToyValue memory_seek(ToyThread *t, ToyValue self, const ToyValue *args)
{
    MemoryFile *file = self_of(self);
    int64_t offset;
    int whence;
    if (!check_open(t, file) || !toy_arg_int64(t, args[0], &offset) || !whence_of(t, args[1], &whence)) return TOY_FAILED;
    if (width_of(file) == 4 && whence != SEEK_SET && offset != 0) return toy_raise(t, TOY_OSError, "Can't do nonzero cur-relative seeks");
    int64_t target = offset + (whence == SEEK_CUR ? (int64_t)file->position : whence == SEEK_END ? (int64_t)file->length : 0);
    if (target < 0 && whence == SEEK_SET) return toy_raise_value_error(t, width_of(file) == 1 ? "negative seek value %lld" : "Negative seek position %lld", (long long)offset);
    file->position = target < 0 ? 0 : (size_t)target;
    return toy_int(t, (int64_t)file->position);
}
static ToyValue memory_tell(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return check_open(t, self_of(self)) ? toy_int(t, (int64_t)self_of(self)->position) : TOY_FAILED;
}
static ToyValue memory_truncate(ToyThread *t, ToyValue self, const ToyValue *args)
{
    MemoryFile *file = self_of(self);
    int64_t size = (int64_t)file->position;
    if (!check_open(t, file) || (toy_is_given(args[0]) && !toy_arg_size(t, args[0], &size))) return TOY_FAILED;
    if (size < 0) return toy_raise_value_error(t, width_of(file) == 1 ? "negative size value %lld" : "Negative size value %lld", (long long)size);
    if ((size_t)size < file->length) file->length = (size_t)size;
    return toy_int(t, size);
}
static ToyValue memory_close(ToyThread *t, ToyValue self, const ToyValue *args)
{
    MemoryFile *file = self_of(self);
    if (file->block) toy_free(t, file->block, file->capacity * width_of(file));
    file->block = NULL;
    file->length = file->capacity = file->position = 0;
    file->is_closed = true;
    return TOY_NONE;
}
static ToyValue memory_yes(ToyThread *t, ToyValue self, const ToyValue *args) { return check_open(t, self_of(self)) ? TOY_TRUE : TOY_FAILED; }
static ToyValue memory_get_closed(ToyThread *t, ToyValue self) { return toy_bool(self_of(self)->is_closed); }
static ToyValue string_get_line_buffering(ToyThread *t, ToyValue self) { return TOY_FALSE; }
static ToyValue string_get_none(ToyThread *t, ToyValue self) { return TOY_NONE; }
static void memory_free(ToyObject *self) { (void)memory_close(toy_thread(), toy_value(self), NULL); }

#define COMMON_METHODS                                                                                                                 \
    TOY_FUNCTION("close", memory_close, "($self, /)", 0, NULL), TOY_FUNCTION("readable", memory_yes, "($self, /)", 0, NULL),            \
    TOY_FUNCTION("seek", memory_seek, "($self, pos, whence=0, /)", 0, NULL), TOY_FUNCTION("seekable", memory_yes, "($self, /)", 0, NULL), \
    TOY_FUNCTION("tell", memory_tell, "($self, /)", 0, NULL), TOY_FUNCTION("truncate", memory_truncate, "($self, pos=None, /)", 0, NULL), \
    TOY_FUNCTION("writable", memory_yes, "($self, /)", 0, NULL)
static const ToyFunction bytes_methods[] = {
    COMMON_METHODS, TOY_FUNCTION("getvalue", bytes_getvalue, "($self, /)", 0, NULL), TOY_FUNCTION("read", bytes_read, "($self, size=-1, /)", 0, NULL),
    TOY_FUNCTION("read1", bytes_read, "($self, size=-1, /)", 0, NULL), TOY_FUNCTION("readinto", bytes_readinto, "($self, buffer, /)", 0, NULL),
    TOY_FUNCTION("readline", bytes_readline, "($self, size=-1, /)", 0, NULL), TOY_FUNCTION("write", bytes_write, "($self, b, /)", 0, NULL), TOY_FUNCTIONS_END,
};
static const ToyFunction string_methods[] = {
    COMMON_METHODS, TOY_FUNCTION("getvalue", string_getvalue, "($self, /)", 0, NULL), TOY_FUNCTION("read", string_read, "($self, size=-1, /)", 0, NULL),
    TOY_FUNCTION("readline", string_readline, "($self, size=-1, /)", 0, NULL), TOY_FUNCTION("write", string_write, "($self, s, /)", 0, NULL), TOY_FUNCTIONS_END,
};
static const ToyGetSet bytes_getsets[] = {{"closed", memory_get_closed, NULL, NULL}, {NULL, NULL, NULL, NULL}};
static const ToyGetSet string_getsets[] = {
    {"closed", memory_get_closed, NULL, NULL}, {"line_buffering", string_get_line_buffering, NULL, NULL}, {"newlines", string_get_none, NULL, NULL},
    {"encoding", string_get_none, NULL, NULL}, {"errors", string_get_none, NULL, NULL}, {NULL, NULL, NULL, NULL},
};
#define MEMORY(doc_, signature_, make_, methods_, getsets_) {                                       \
    .doc = doc_, .signature = signature_, .size = sizeof(MemoryFile),                               \
    .flags = TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_CONTAINER,           \
    .slots = {.new_instance = make_}, .methods = methods_, .getsets = getsets_, .free = memory_free}
const ToyTypeSpec bytes_io_spec = MEMORY("Buffered I/O implementation using an in-memory bytes buffer.", "(initial_bytes=b'')", bytes_make, bytes_methods, bytes_getsets);
const ToyTypeSpec string_io_spec = MEMORY("Text I/O implementation using an in-memory buffer.", "(initial_value='', newline='\\n')", string_make, string_methods, string_getsets);
