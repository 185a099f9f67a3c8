/* mapping_bytes.c - the bytes of a mapping: read, written, searched, moved; one by one and as slices.
 *
 * What        Methods of mmap.mmap that only touch its memory.
 * How         The memory is used where it lies. Reads copy out of it, writes copy into it; find and rfind search in place.
 * Invariants  I1 arguments are converted first, then the mapping is asked whether it is open: __index__ and the buffer of an argument
 *             may run script code that closes it. Between that question and the end of the copying no script code runs.
 * GIL         held throughout, as in CPython: a page that has to be fetched from the disk is waited for with the lock.
 * Read next   mod_mmap.c */
#include "stdlib/memory/mapping.h"

#include <limits.h>
#include <unistd.h>

bool mapping_arg_size(ToyThread *t, ToyValue v, int64_t *out)
{
    if (toy_is_unbound(v)) return true;
    ToyValue n = toy_index(t, v);
    if (toy_failed(n)) return false;
    bool fits = toy_int_fits_int64(n, out);
    toy_release(n);
    return fits || toy_raise_false(t, TOY_OverflowError, "Python int too large to convert to C ssize_t");
}

bool mapping_arg_int(ToyThread *t, ToyValue v, int *out)
{
    if (toy_is_unbound(v)) return true;
    int64_t n;
    if (!toy_arg_int64(t, v, &n)) return false;
    if (n < INT_MIN) return toy_raise_false(t, TOY_OverflowError, "signed integer is less than minimum");
    if (n > INT_MAX) return toy_raise_false(t, TOY_OverflowError, "signed integer is greater than maximum");
    *out = (int)n;
    return true;
}

static bool is_writable(ToyThread *t, const Mapping *map)
{
    return map->access != ACCESS_READ || toy_raise_false(t, TOY_TypeError, "mmap can't modify a readonly memory map.");
}

static size_t rest_of(const Mapping *map) { return map->position < map->length ? map->length - map->position : 0; }

static ToyValue take_bytes(ToyThread *t, Mapping *map, size_t count)
{
    ToyValue bytes = toy_bytes(t, map->data + map->position, count);
    if (!toy_failed(bytes)) map->position += count;
    return bytes;
}

/* ==== like a file =========================================================================================================== */

ToyValue map_read(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Mapping *map = as_mapping(self);
    int64_t wanted = -1;
    if (toy_is_given(args[0])) {
        if (!toy_is_int(args[0])) {
            ToyValue method = toy_find_special(t, args[0], "__index__");
            if (toy_is_unbound(method)) return toy_is_raised(t) ? TOY_FAILED : toy_raise_type_error(t, "argument should be integer or None, not '%T'", args[0]);
            toy_release(method);
        }
        if (!mapping_arg_size(t, args[0], &wanted)) return TOY_FAILED;
    }
    if (!mapping_is_open(t, map)) return TOY_FAILED;
    size_t rest = rest_of(map);
    return take_bytes(t, map, wanted < 0 || (size_t)wanted > rest ? rest : (size_t)wanted);
}

ToyValue map_read_byte(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Mapping *map = as_mapping(self);
    if (!mapping_is_open(t, map)) return TOY_FAILED;
    if (!rest_of(map)) return toy_raise_value_error(t, "read byte out of range");
    return toy_small_int_value(map->data[map->position++]);
}

ToyValue map_read_line(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Mapping *map = as_mapping(self);
    if (!mapping_is_open(t, map)) return TOY_FAILED;
    size_t rest = rest_of(map);
    const uint8_t *start = map->data + map->position, *end = rest ? memchr(start, '\n', rest) : NULL;
    return take_bytes(t, map, end ? (size_t)(end - start) + 1 : rest);
}

ToyValue map_write(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Mapping *map = as_mapping(self);
    ToyBuffer buffer;
    if (!mapping_is_open(t, map) || !toy_buffer_get(t, args[0], &buffer, 0)) return TOY_FAILED;
    size_t count = buffer.length;
    bool done = mapping_is_open(t, map) && is_writable(t, map) && (count <= rest_of(map) || toy_raise_false(t, TOY_ValueError, "data out of range"));
    if (done && count) {
        memmove(map->data + map->position, buffer.data, count);   /* it may be a view of this very mapping */
        map->position += count;
    }
    toy_buffer_release(t, &buffer);
    return done ? toy_int(t, (int64_t)count) : TOY_FAILED;
}

ToyValue map_write_byte(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Mapping *map = as_mapping(self);
    int64_t byte;
    if (!toy_arg_int64(t, args[0], &byte)) return TOY_FAILED;
    if (byte < 0) return toy_raise(t, TOY_OverflowError, "unsigned byte integer is less than minimum");
    if (byte > UINT8_MAX) return toy_raise(t, TOY_OverflowError, "unsigned byte integer is greater than maximum");
    if (!mapping_is_open(t, map) || !is_writable(t, map)) return TOY_FAILED;
    if (!rest_of(map)) return toy_raise_value_error(t, "write byte out of range");
    map->data[map->position++] = (uint8_t)byte;
    return TOY_NONE;
}

ToyValue map_seek(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Mapping *map = as_mapping(self);
    int64_t distance, place;
    int from = SEEK_SET;
    if (!mapping_arg_size(t, args[0], &distance) || !mapping_arg_int(t, args[1], &from) || !mapping_is_open(t, map)) return TOY_FAILED;
    if (from != SEEK_SET && from != SEEK_CUR && from != SEEK_END) return toy_raise_value_error(t, "unknown seek type");
    size_t base = from == SEEK_SET ? 0 : from == SEEK_CUR ? map->position : map->length;
    if (__builtin_add_overflow((int64_t)base, distance, &place) || place < 0 || (size_t)place > map->length)
        return toy_raise_value_error(t, "seek out of range");
    map->position = (size_t)place;
    return toy_int(t, place);
}

ToyValue map_tell(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Mapping *map = as_mapping(self);
    return mapping_is_open(t, map) ? toy_int(t, (int64_t)map->position) : TOY_FAILED;
}

ToyValue map_seekable(ToyThread *t, ToyValue self, const ToyValue *args) { return TOY_TRUE; }

/* ==== searching and moving ================================================================================================== */

/* Where [part] last begins in the text, NULL: nowhere. */
static const uint8_t *find_last(const uint8_t *text, size_t length, const uint8_t *part, size_t part_length)
{
    if (part_length > length) return NULL;
    if (part_length == 0) return text + length;
    for (size_t starts = length - part_length + 1; starts;) {
        const uint8_t *at = memrchr(text, part[0], starts);
        if (!at || memcmp(at, part, part_length) == 0) return at;
        starts = (size_t)(at - text);
    }
    return NULL;
}

/* As slices count: from the end if below 0, and never outside. */
static size_t clip(int64_t index, size_t length)
{
    if (index < 0) index += (int64_t)length;
    return index < 0 ? 0 : (size_t)index > length ? length : (size_t)index;
}

static ToyValue search(ToyThread *t, Mapping *map, const ToyValue *args, bool is_last)
{
    int64_t start = (int64_t)map->position, end = (int64_t)map->length;
    ToyBuffer part;
    if (!toy_buffer_get(t, args[0], &part, 0)) return TOY_FAILED;
    ToyValue answer = TOY_FAILED;
    if (mapping_arg_size(t, args[1], &start) && mapping_arg_size(t, args[2], &end) && mapping_is_open(t, map)) {
        size_t first = clip(start, map->length), stop = clip(end, map->length);
        const uint8_t *found = NULL;
        if (first <= stop) {
            const uint8_t *text = map->data + first;
            found = is_last ? find_last(text, stop - first, part.data, part.length) : memmem(text, stop - first, part.data, part.length);
        }
        answer = toy_int(t, found ? found - map->data : -1);
    }
    toy_buffer_release(t, &part);
    return answer;
}
ToyValue map_find(ToyThread *t, ToyValue self, const ToyValue *args) { return search(t, as_mapping(self), args, false); }
ToyValue map_rfind(ToyThread *t, ToyValue self, const ToyValue *args) { return search(t, as_mapping(self), args, true); }

ToyValue map_move(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Mapping *map = as_mapping(self);
    int64_t to, from, count;
    if (!mapping_arg_size(t, args[0], &to) || !mapping_arg_size(t, args[1], &from) || !mapping_arg_size(t, args[2], &count)) return TOY_FAILED;
    if (!mapping_is_open(t, map) || !is_writable(t, map)) return TOY_FAILED;
    int64_t length = (int64_t)map->length;
    if (to < 0 || from < 0 || count < 0 || length - to < count || length - from < count)
        return toy_raise_value_error(t, "source, destination, or count out of range");
    memmove(map->data + to, map->data + from, (size_t)count);
    return TOY_NONE;
}

/* ==== items and slices ====================================================================================================== */

static bool is_slice(ToyThread *t, ToyValue v) { return toy_is_a(t, v, toy_builtin_type(t, TOY_KIND_SLICE)); }

static bool has_index(ToyThread *t, ToyValue v)
{
    if (toy_is_int(v)) return true;
    ToyValue method = toy_find_special(t, v, "__index__");
    bool found = toy_is_bound(method);
    toy_release(method);
    return found;
}

/* An index, as given; [too_large] is raised for one that no memory has. */
static bool read_number(ToyThread *t, ToyValue v, const char *not_one, ToyException too_large, int64_t *out)
{
    if (!has_index(t, v)) return toy_is_raised(t) ? false : toy_raise_false(t, TOY_TypeError, "%s", not_one);
    ToyValue n = toy_index(t, v);
    if (toy_failed(n)) return false;
    bool fits = toy_int_fits_int64(n, out);
    toy_release(n);
    return fits || toy_raise_false(t, too_large, "cannot fit '%T' into an index-sized integer", v);
}

static bool find_place(ToyThread *t, const Mapping *map, int64_t index, size_t *place)
{
    if (!mapping_is_open(t, map)) return false;
    if (index < 0) index += (int64_t)map->length;
    if (index < 0 || (size_t)index >= map->length) return toy_raise_false(t, TOY_IndexError, "mmap index out of range");
    *place = (size_t)index;
    return true;
}

/* The parts of the slice; its __index__ calls have been made when the length is looked at. */
static bool find_slice(ToyThread *t, const Mapping *map, ToyValue slice, int64_t *start, int64_t *step, size_t *count)
{
    int64_t stop;
    return toy_slice_resolve(t, slice, &map->length, start, &stop, step, count) && mapping_is_open(t, map);
}

ToyValue mapping_get_item(ToyThread *t, ToyValue self, ToyValue key)
{
    const Mapping *map = as_mapping(self);
    int64_t index, step;
    size_t place, count;
    if (!mapping_is_open(t, map)) return TOY_FAILED;
    if (!is_slice(t, key)) {
        if (!read_number(t, key, "mmap indices must be integers", TOY_IndexError, &index) || !find_place(t, map, index, &place)) return TOY_FAILED;
        return toy_small_int_value(map->data[place]);
    }
    if (!find_slice(t, map, key, &index, &step, &count)) return TOY_FAILED;
    if (step == 1) return toy_bytes(t, map->data + index, count);
    uint8_t *out;
    ToyValue bytes = toy_bytes_new(t, count, &out);
    for (size_t i = 0; !toy_failed(bytes) && i < count; i++) out[i] = map->data[index + (int64_t)i * step];
    return bytes;
}

static bool set_slice(ToyThread *t, Mapping *map, ToyValue slice, ToyValue v)
{
    int64_t start, step;
    size_t count;
    ToyBuffer buffer;
    if (toy_is_unbound(v)) return toy_raise_false(t, TOY_TypeError, "mmap object doesn't support slice deletion");
    if (!toy_buffer_get(t, v, &buffer, 0)) return false;
    bool done = find_slice(t, map, slice, &start, &step, &count);
    done = done && (buffer.length == count || toy_raise_false(t, TOY_IndexError, "mmap slice assignment is wrong size"));
    if (done && step == 1 && count) memmove(map->data + start, buffer.data, count);
    if (done && step != 1)
        for (size_t i = 0; i < count; i++) map->data[start + (int64_t)i * step] = buffer.data[i];
    toy_buffer_release(t, &buffer);
    return done;
}

bool mapping_set_item(ToyThread *t, ToyValue self, ToyValue key, ToyValue v)
{
    Mapping *map = as_mapping(self);
    int64_t index, byte;
    size_t place;
    if (!mapping_is_open(t, map) || !is_writable(t, map)) return false;
    if (is_slice(t, key)) return set_slice(t, map, key, v);
    if (!read_number(t, key, "mmap indices must be integer", TOY_IndexError, &index)) return false;
    if (toy_is_unbound(v)) return toy_raise_false(t, TOY_TypeError, "mmap doesn't support item deletion");
    if (!find_place(t, map, index, &place) || !read_number(t, v, "mmap item value must be an int", TOY_TypeError, &byte)) return false;
    if (byte < 0 || byte > UINT8_MAX) return toy_raise_false(t, TOY_ValueError, "mmap item value must be in range(0, 256)");
    if (!find_place(t, map, index, &place)) return false;   /* once more: the value's __index__ may have closed or resized it */
    map->data[place] = (uint8_t)byte;
    return true;
}
