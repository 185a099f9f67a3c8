/* string_io.c - StringIO: a text file that lives in memory.
 *
 * What        The type StringIO.
 * How         Characters in a block, of as many bytes each as the widest so far needs; a str is made when somebody asks. Line ends are translated
 *             when they are written, as the argument newline says.
 * Invariants  I1 position may lie behind the end; what lies between is filled with zeros when something is written there.
 * GIL         held; never dropped.
 * Read next   bytes_io.c, newlines.c */
#include <stdio.h>

#include "stdlib/io/io.h"

typedef struct StringFile {
    ToyObject head;
    void *block;
    unsigned width;                         /* bytes of a character in the block: 1, 2 or 4 */
    size_t length, capacity, position;      /* characters */
    bool is_closed;
    bool translates;                        /* newline=None: \r\n and \r become \n */
    bool is_universal;                      /* newline=None or '': a line may end in any of the three */
    uint8_t seen;                           /* NEWLINES_ bits */
    const char *line_end;                   /* what \n becomes when written; NULL: itself */
    ToyValue newline;                       /* as it was given */
} StringFile;

static StringFile *self_of(ToyValue self) { return (StringFile *)toy_object(self); }
static bool check_open(ToyThread *t, StringFile *file)
{
    if (toy_is_unbound(file->newline)) return toy_raise_false(t, TOY_ValueError, "I/O operation on uninitialized object");
    return !file->is_closed || toy_raise_false(t, TOY_ValueError, "I/O operation on closed file");
}
static size_t left(const StringFile *file) { return file->position < file->length ? file->length - file->position : 0; }

static uint32_t at(const StringFile *file, size_t i)
{
    return file->width == 1 ? ((uint8_t *)file->block)[i] : file->width == 2 ? ((uint16_t *)file->block)[i] : ((uint32_t *)file->block)[i];
}
static void put(void *block, unsigned width, size_t i, uint32_t c)
{
    if (width == 1) ((uint8_t *)block)[i] = (uint8_t)c;
    else if (width == 2) ((uint16_t *)block)[i] = (uint16_t)c;
    else ((uint32_t *)block)[i] = c;
}

/* The first such character in [from, end), or end. */
static size_t find(const StringFile *file, uint32_t c, size_t from, size_t end)
{
    if (file->width == 1 && from < end) {
        const uint8_t *block = file->block, *hit = memchr(block + from, (int)c, end - from);
        return hit ? (size_t)(hit - block) : end;
    }
    while (from < end && at(file, from) != c) from++;
    return from;
}

/* Room for so many characters of so many bytes. */
static bool reserve(ToyThread *t, StringFile *file, size_t wanted, unsigned width)
{
    if (width < file->width) width = file->width;
    if (wanted <= file->capacity && width == file->width) return true;
    if (wanted > SIZE_MAX / 16) return toy_raise_false(t, TOY_OverflowError, "new position too large");
    size_t capacity = file->capacity ? file->capacity : 64;
    while (capacity < wanted) capacity += capacity / 2;
    if (width == file->width) {
        void *grown = toy_resize(t, file->block, file->capacity * width, capacity * width);
        if (grown) file->block = grown;
        file->capacity = grown ? capacity : file->capacity;
        return grown;
    }
    void *wider = toy_alloc(t, capacity * width);
    if (!wider) return false;
    for (size_t i = 0; i < file->length; i++) put(wider, width, i, at(file, i));
    if (file->block) toy_free(t, file->block, file->capacity * file->width);
    file->block = wider;
    file->capacity = capacity;
    file->width = width;
    return true;
}

/* As it is, over what is there. */
static bool put_str(ToyThread *t, StringFile *file, ToyValue str)
{
    unsigned width;
    size_t length = toy_str_length(str);
    (void)toy_str_data(str, &width);
    if (length == 0) return true;
    if (file->position > SIZE_MAX / 16) return toy_raise_false(t, TOY_OverflowError, "new position too large");
    if (!reserve(t, file, file->position + length, width)) return false;
    char *block = file->block;
    if (file->position > file->length) memset(block + file->length * file->width, 0, (file->position - file->length) * file->width);
    toy_str_copy(str, 0, length, block + file->position * file->width, file->width);
    file->position += length;
    if (file->position > file->length) file->length = file->position;
    return true;
}

/* What the argument newline makes of a text that is written. */
static ToyValue translated(ToyThread *t, StringFile *file, ToyValue str)
{
    if (file->is_universal) {
        NewlineState state = {.translates = file->translates, .seen = file->seen};
        ToyValue v = newlines_translate(t, &state, toy_retain(str), true);
        file->seen = state.seen;
        return v;
    }
    return file->line_end ? io_with_line_ends(t, str, file->line_end) : toy_retain(str);
}

static bool write_str(ToyThread *t, StringFile *file, ToyValue str)
{
    ToyValue text = translated(t, file, str);
    bool done = !toy_failed(text) && put_str(t, file, text);
    toy_release(text);
    return done;
}

static ToyValue method_write(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "string argument expected, got '%T'", args[0]);
    if (!check_open(t, self_of(self)) || !write_str(t, self_of(self), args[0])) return TOY_FAILED;
    return toy_int(t, (int64_t)toy_str_length(args[0]));
}

/* ---- reading ---- */

static ToyValue take(ToyThread *t, StringFile *file, size_t count)
{
    ToyValue v = count ? toy_str_from_characters(t, (char *)file->block + file->position * file->width, file->width, count) : toy_str(t, "");
    if (!toy_failed(v)) file->position += count;
    return v;
}

static ToyValue method_read(ToyThread *t, ToyValue self, const ToyValue *args)
{
    StringFile *file = self_of(self);
    int64_t count;
    if (!check_open(t, file) || !count_of(t, args[0], &count)) return TOY_FAILED;
    return take(t, file, count < 0 || (size_t)count > left(file) ? left(file) : (size_t)count);
}

static size_t line_length(const StringFile *file)
{
    size_t from = file->position, most = from + left(file);
    if (!file->line_end) {
        size_t lf = find(file, '\n', from, most), end = lf < most ? lf + 1 : most;
        size_t cr = file->is_universal ? find(file, '\r', from, end) : end;
        if (cr < end) end = cr + 1 < most && at(file, cr + 1) == '\n' ? cr + 2 : cr + 1;
        return end - from;
    }
    for (size_t i = from; (i = find(file, '\r', i, most)) < most; i++)
        if (!file->line_end[1] || (i + 1 < most && at(file, i + 1) == '\n')) return i - from + strlen(file->line_end);
    return most - from;
}

static ToyValue method_readline(ToyThread *t, ToyValue self, const ToyValue *args)
{
    StringFile *file = self_of(self);
    int64_t limit;
    if (!check_open(t, file) || !count_of(t, args[0], &limit)) return TOY_FAILED;
    size_t count = line_length(file);
    return take(t, file, limit >= 0 && count > (size_t)limit ? (size_t)limit : count);
}

/* A subclass may have a readline of its own. */
static ToyValue method_next(ToyThread *t, ToyValue self)
{
    StringFile *file = self_of(self);
    if (!check_open(t, file)) return TOY_FAILED;
    if (toy_type_of(t, self) == ((IoState *)toy_instance_state(self))->string) {
        size_t count = line_length(file);
        return count ? take(t, file, count) : TOY_END;
    }
    ToyValue line = toy_call_method(t, self, "readline", NULL, 0);
    if (toy_failed(line)) return TOY_FAILED;
    if (toy_is_str(line) && toy_str_length(line)) return line;
    if (!toy_is_str(line)) toy_raise(t, TOY_OSError, "readline() should have returned a str object, not '%T'", line);
    bool is_end = toy_is_str(line);
    toy_release(line);
    return is_end ? TOY_END : TOY_FAILED;
}

static ToyValue method_getvalue(ToyThread *t, ToyValue self, const ToyValue *args)
{
    StringFile *file = self_of(self);
    if (!check_open(t, file)) return TOY_FAILED;
    return file->length ? toy_str_from_characters(t, file->block, file->width, file->length) : toy_str(t, "");
}

/* ---- position and end ---- */

static ToyValue method_seek(ToyThread *t, ToyValue self, const ToyValue *args)
{
    StringFile *file = self_of(self);
    int64_t offset;
    int whence = SEEK_SET;
    if (!check_open(t, file) || !toy_arg_size(t, args[0], &offset) || !toy_arg_int(t, args[1], &whence)) return TOY_FAILED;
    if (whence < 0 || whence > 2) return toy_raise_value_error(t, "Invalid whence (%d, should be 0, 1 or 2)", whence);
    if (offset < 0 && whence == SEEK_SET) return toy_raise_value_error(t, "Negative seek position %lld", (long long)offset);
    if (offset != 0 && whence != SEEK_SET) return toy_raise(t, TOY_OSError, "Can't do nonzero cur-relative seeks");
    file->position = whence == SEEK_CUR ? file->position : whence == SEEK_END ? file->length : (size_t)offset;
    return toy_int(t, (int64_t)file->position);
}
static ToyValue method_tell(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return check_open(t, self_of(self)) ? toy_int(t, (int64_t)self_of(self)->position) : TOY_FAILED;
}
static ToyValue method_truncate(ToyThread *t, ToyValue self, const ToyValue *args)
{
    StringFile *file = self_of(self);
    int64_t size = (int64_t)file->position;
    if (!check_open(t, file) || (toy_is_given(args[0]) && !toy_arg_size(t, args[0], &size))) return TOY_FAILED;
    if (size < 0) return toy_raise_value_error(t, "Negative size value %lld", (long long)size);
    if ((size_t)size < file->length) file->length = (size_t)size;
    return toy_int(t, size);
}

static void forget(ToyThread *t, StringFile *file)
{
    if (file->block) toy_free(t, file->block, file->capacity * file->width);
    file->block = NULL;
    file->width = 1;
    file->length = file->capacity = file->position = 0;
}
static ToyValue method_close(ToyThread *t, ToyValue self, const ToyValue *args)
{
    forget(t, self_of(self));
    self_of(self)->is_closed = true;
    return TOY_NONE;
}
static ToyValue method_yes(ToyThread *t, ToyValue self, const ToyValue *args) { return check_open(t, self_of(self)) ? TOY_TRUE : TOY_FAILED; }
static ToyValue get_closed(ToyThread *t, ToyValue self) { return toy_bool(self_of(self)->is_closed); }
static ToyValue get_line_buffering(ToyThread *t, ToyValue self) { return check_open(t, self_of(self)) ? TOY_FALSE : TOY_FAILED; }
static ToyValue get_newlines(ToyThread *t, ToyValue self) { return check_open(t, self_of(self)) ? io_newlines(t, self_of(self)->seen) : TOY_FAILED; }

/* ---- making, pickling ---- */

static bool set_newline(ToyThread *t, StringFile *file, ToyValue newline)
{
    if (toy_is_bound(newline) && !toy_is_none(newline) && !toy_is_str(newline))
        return toy_raise_false(t, TOY_TypeError, "newline must be str or None, not %T", newline);
    const char *line_end = NULL;
    bool is_given = toy_is_given(newline), is_empty = is_given && toy_str_is(newline, "");
    if (is_given && toy_str_is(newline, "\r")) line_end = "\r";
    else if (is_given && toy_str_is(newline, "\r\n")) line_end = "\r\n";
    else if (is_given && !is_empty && !toy_str_is(newline, "\n")) return toy_raise_false(t, TOY_ValueError, "illegal newline value: %R", newline);
    ToyValue kept = toy_is_bound(newline) ? toy_retain(newline) : toy_str(t, "\n");
    if (toy_failed(kept)) return false;
    toy_replace(&file->newline, kept);
    file->line_end = line_end;
    file->translates = toy_is_none(newline);
    file->is_universal = file->translates || is_empty;
    file->seen = 0;
    return true;
}

static ToyValue string_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names) { return toy_value(toy_type_alloc(t, type)); }

static bool string_init(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const list[] = {"initial_value", "newline", NULL};
    static const ToyParameters parameters = {"StringIO", list, 0, 2, 0};
    ToyValue given[2];
    StringFile *file = self_of(self);
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return false;
    if (toy_is_given(given[0]) && !toy_is_str(given[0])) return toy_raise_false(t, TOY_TypeError, "initial_value must be str or None, not %T", given[0]);
    if (!set_newline(t, file, given[1])) return false;
    forget(t, file);
    file->is_closed = false;
    if (toy_is_given(given[0]) && !write_str(t, file, given[0])) return false;
    file->position = 0;
    return true;
}

static ToyValue method_get_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    StringFile *file = self_of(self);
    ToyValue value = method_getvalue(t, self, NULL), dict = toy_failed(value) ? TOY_FAILED : toy_get_attribute(t, self, "__dict__");
    ToyValue copy = toy_failed(dict) ? TOY_FAILED : toy_dict_length(dict) ? toy_dict_copy(t, dict) : TOY_NONE;
    toy_release(dict);
    return toy_tuple(t, value, toy_retain(file->newline), toy_int(t, (int64_t)file->position), copy);
}

/* The value has its line ends already: it is put in as it is. */
static ToyValue method_set_state(ToyThread *t, ToyValue self, const ToyValue *args)
{
    StringFile *file = self_of(self);
    ToyValue state = args[0];
    int64_t position;
    if (!toy_is_tuple(state) || toy_tuple_length(state) < 4) return toy_raise_type_error(t, "%T.__setstate__ argument should be 4-tuple, got %T", self, state);
    ToyValue value = toy_tuple_item(state, 0), place = toy_tuple_item(state, 2);
    if (toy_is_given(value) && !toy_is_str(value)) return toy_raise_type_error(t, "initial_value must be str or None, not %T", value);
    if (!set_newline(t, file, toy_tuple_item(state, 1))) return TOY_FAILED;
    if (file->is_closed) return toy_raise_value_error(t, "I/O operation on closed file");
    file->length = file->position = 0;
    if (toy_is_str(value) && !put_str(t, file, value)) return TOY_FAILED;
    if (!toy_is_int(place)) return toy_raise_type_error(t, "third item of state must be an integer, got %T", place);
    if (!toy_arg_size(t, place, &position)) return TOY_FAILED;
    if (position < 0) return toy_raise_value_error(t, "position value cannot be negative");
    file->position = (size_t)position;
    return io_set_dict(t, self, toy_tuple_item(state, 3), "fourth") ? TOY_NONE : TOY_FAILED;
}

static void free_file(ToyObject *self)
{
    forget(toy_thread(), (StringFile *)self);
    toy_clear(&((StringFile *)self)->newline);
}

static const ToyFunction methods[] = {
    TOY_FUNCTION("close", method_close, "($self, /)", 0, "Give the text up; whatever is asked of the stream after that raises ValueError."),
    TOY_FUNCTION("getvalue", method_getvalue, "($self, /)", 0, "All of the text, wherever the position is."),
    TOY_FUNCTION("read", method_read, "($self, size=-1, /)", 0, "The characters from the position on, size of them or all; '' at the end."),
    TOY_FUNCTION("readable", method_yes, "($self, /)", 0, "True, unless it is closed, which raises ValueError."),
    TOY_FUNCTION("readline", method_readline, "($self, size=-1, /)", 0, "Read until newline or EOF."),
    TOY_FUNCTION("seek", method_seek, "($self, pos, whence=0, /)", 0,
                 "Go to a position: from the start (whence 0), from here (1) or from the end (2); the new position."),
    TOY_FUNCTION("seekable", method_yes, "($self, /)", 0, "True, unless it is closed; then ValueError."),
    TOY_FUNCTION("tell", method_tell, "($self, /)", 0, "The position: how many characters lie before the next."),
    TOY_FUNCTION("truncate", method_truncate, "($self, pos=None, /)", 0, "Drop what lies beyond pos, or beyond the position; the position stays."),
    TOY_FUNCTION("writable", method_yes, "($self, /)", 0, "True while it is open; closed, it raises ValueError."),
    TOY_FUNCTION("write", method_write, "($self, s, /)", 0, "Put a text at the position, over what is there; the number of its characters."),
    TOY_FUNCTION("__getstate__", method_get_state, "($self, /)", 0, NULL),
    TOY_FUNCTION("__setstate__", method_set_state, "($self, state, /)", 0, NULL),
    TOY_FUNCTIONS_END,
};
static const ToyGetSet getsets[] = {
    {"closed", get_closed, NULL, NULL}, {"line_buffering", get_line_buffering, NULL, NULL}, {"newlines", get_newlines, NULL, NULL}, {NULL, NULL, NULL, NULL},
};
const ToyTypeSpec string_io_spec = {
    .doc = "A text stream whose file is memory: it begins with initial_value and grows as it is written.", .signature =
        "(initial_value='', newline='\\n')", .size = sizeof(StringFile),
    .flags = TOY_TYPE_HAS_ATTRIBUTES | TOY_TYPE_IS_WEAK_REFERABLE | TOY_TYPE_IS_CONTAINER,
    .slots = {.new_instance = string_new, .init = string_init, .next = method_next},
    .methods = methods, .getsets = getsets, .free = free_file,
};
