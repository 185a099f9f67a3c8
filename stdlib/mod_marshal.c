/* mod_marshal.c - marshal: plain values, and code, as bytes and back.
 *
 * What        dumps, dump, loads, load in CPython's format, versions 0 to 4: the same bytes mean the same values there and here. What
 *             stands for a code object is toy's own (vm/bytecode/image.h); each side refuses the other's.
 * How         A letter says what follows; its eighth bit, that a later 'r' may mean this value again. The writer sets the bit on
 *             whatever could come twice, which is what more than one owner refers to.
 * Invariants  I1 the bytes may be anybody's: no length is believed before so many bytes are there, code is verified.
 *             I2 Writer.seen keeps the values whose addresses it has as keys.
 * GIL         held.
 * Read next   vm/bytecode/image.h, pickle/ (which knows classes too) */
#include <stdio.h>

#include "vm/toy_vm.h"

enum { FORMAT_VERSION = 4, MAX_DEPTH = 2000, DIGIT_BITS = 15, MAY_RETURN = 0x80 };

/* ==== writing =============================================================================================================== */

typedef struct Writer {
    ToyThread *t;
    uint8_t *data;
    size_t length, capacity;
    int version, depth;
    bool allows_code;
    ToyValue seen;               /* dict: address -> (number, the value) */
} Writer;

static bool write_bytes(Writer *w, const void *bytes, size_t length)
{
    if (w->length + length > w->capacity) {
        size_t wanted = (w->length + length) * 2 + 64;
        uint8_t *data = toy_resize(w->t, w->data, w->capacity, wanted);
        if (!data) return false;
        w->data = data;
        w->capacity = wanted;
    }
    if (length) memcpy(w->data + w->length, bytes, length);
    w->length += length;
    return true;
}
static bool write_letter(Writer *w, char letter, int flag)
{
    uint8_t byte = (uint8_t)(letter | flag);
    return write_bytes(w, &byte, 1);
}
static bool write_u32(Writer *w, uint64_t n)
{
    if (n > INT32_MAX) return toy_raise_false(w->t, TOY_ValueError, "unmarshallable object");
    uint8_t bytes[] = {(uint8_t)n, (uint8_t)(n >> 8), (uint8_t)(n >> 16), (uint8_t)(n >> 24)};
    return write_bytes(w, bytes, sizeof bytes);
}
static bool write_sized(Writer *w, char letter, int flag, const void *bytes, size_t length)
{
    return write_letter(w, letter, flag) && write_u32(w, length) && write_bytes(w, bytes, length);
}

/* [held]: how many references to it are the writer's own. */
static bool write_value(Writer *w, ToyValue v, int held);

/* ---- numbers ---- */

static bool write_long(Writer *w, ToyValue v, int flag)
{
    size_t bits = toy_int_bit_length(v), count = (bits + DIGIT_BITS - 1) / DIGIT_BITS, room = bits / 8 + 3;
    uint8_t *bytes = toy_alloc(w->t, room);
    if (!bytes) return false;
    ToyValue magnitude = toy_absolute(w->t, v);
    bool done = !toy_failed(magnitude) && toy_int_to_bytes(w->t, magnitude, bytes, room, true, false) && write_letter(w, 'l', flag);
    toy_release(magnitude);
    int32_t signed_count = toy_int_sign(v) < 0 ? -(int32_t)count : (int32_t)count;
    done = done && write_bytes(w, &signed_count, sizeof signed_count);
    for (size_t i = 0; i < count && done; i++) {
        size_t bit = i * DIGIT_BITS, at = bit / 8;
        uint32_t window = bytes[at] | (uint32_t)bytes[at + 1] << 8 | (at + 2 < room ? (uint32_t)bytes[at + 2] << 16 : 0);
        uint16_t digit = window >> bit % 8 & ((1 << DIGIT_BITS) - 1);
        done = write_bytes(w, &digit, sizeof digit);
    }
    toy_free(w->t, bytes, room);
    return done;
}
static bool write_int(Writer *w, ToyValue v, int flag)
{
    int64_t n;
    if (!toy_int_fits_int64(v, &n) || n != (int32_t)n) return write_long(w, v, flag);
    return write_letter(w, 'i', flag) && write_bytes(w, &(int32_t){(int32_t)n}, 4);
}

/* A float: eight bytes, in the first versions a text behind its length. */
static bool write_double(Writer *w, double d)
{
    if (w->version > 1) return write_bytes(w, &d, sizeof d);
    char text[40];
    uint8_t length = (uint8_t)snprintf(text, sizeof text, "%.17g", d);
    return write_bytes(w, &length, 1) && write_bytes(w, text, length);
}

/* ---- text ---- */

static bool write_text(Writer *w, ToyValue v, int flag)
{
    bool is_interned = w->version >= 3 && toy_is_interned(v);
    unsigned width;
    const uint8_t *data = toy_str_data(v, &width);
    size_t length = toy_str_length(v);
    bool is_ascii = width == 1;
    for (size_t i = 0; i < length && is_ascii; i++) is_ascii = data[i] < 0x80;
    if (is_ascii && w->version >= 4) {
        if (length > 255) return write_sized(w, is_interned ? 'A' : 'a', flag, data, length);
        return write_letter(w, is_interned ? 'Z' : 'z', flag) && write_bytes(w, &(uint8_t){(uint8_t)length}, 1) && write_bytes(w, data, length);
    }
    ToyValue utf8 = toy_str_encode(w->t, v, "utf-8", "surrogatepass");
    if (toy_failed(utf8)) return false;
    const uint8_t *bytes = toy_bytes_data(utf8, &length);
    bool done = write_sized(w, is_interned ? 't' : 'u', flag, bytes, length);
    toy_release(utf8);
    return done;
}

/* ---- containers ---- */

static bool write_sequence(Writer *w, ToyValue v, int flag, bool is_list)
{
    size_t count = is_list ? toy_list_length(v) : toy_tuple_length(v);
    bool is_short = !is_list && w->version >= 4 && count < 256;
    bool done = write_letter(w, is_list ? '[' : is_short ? ')' : '(', flag) && (is_short ? write_bytes(w, &(uint8_t){(uint8_t)count}, 1) : write_u32(w, count));
    for (size_t i = 0; i < count && done; i++) {
        /* A buffer's own code may have shortened the list. */
        if (is_list && i >= toy_list_length(v)) return toy_raise_false(w->t, TOY_ValueError, "unmarshallable object");
        ToyValue item = toy_retain(is_list ? toy_list_item(v, i) : toy_tuple_item(v, i));
        done = write_value(w, item, 1);
        toy_release(item);
    }
    return done;
}

static bool write_dict(Writer *w, ToyValue v, int flag)
{
    ToyValue items = toy_dict_copy(w->t, v), key, value;
    bool done = !toy_failed(items) && write_letter(w, '{', flag);
    size_t position = 0;
    while (done && toy_dict_next(items, &position, &key, &value)) done = write_value(w, key, 1) && write_value(w, value, 1);
    toy_release(items);
    return done && write_letter(w, '0', 0);
}

static ToyValue dump(ToyThread *t, ToyValue v, int version, bool allows_code);

/* In the order of what each item looks like alone, so that hash seeds make no difference. */
static bool write_set(Writer *w, ToyValue v, int flag, bool is_frozen)
{
    ToyValue items = toy_list_from(w->t, v), rows = toy_list(w->t);
    bool done = !toy_failed(items) && !toy_failed(rows) && write_letter(w, is_frozen ? '>' : '<', flag) && write_u32(w, toy_list_length(items));
    for (size_t i = 0; done && i < toy_list_length(items); i++) {
        ToyValue item = toy_list_item(items, i);
        done = toy_list_append_take(w->t, rows, toy_tuple(w->t, dump(w->t, item, w->version, w->allows_code), toy_retain(item)));
    }
    done = done && toy_list_sort(w->t, rows);
    for (size_t i = 0; done && i < toy_list_length(rows); i++) done = write_value(w, toy_tuple_item(toy_list_item(rows, i), 1), 2);
    toy_release(items);
    toy_release(rows);
    return done;
}

static bool write_buffer(Writer *w, ToyValue v, int flag)
{
    ToyBuffer buffer;
    if (!toy_buffer_get(w->t, v, &buffer, 0)) {
        if (!toy_raised_is(w->t, TOY_BufferError)) return false;
        toy_raised_clear(w->t);
        return toy_raise_false(w->t, TOY_ValueError, "unmarshallable object");
    }
    bool done = write_sized(w, 's', flag, buffer.data, buffer.length);
    toy_buffer_release(w->t, &buffer);
    return done;
}

static bool write_code(Writer *w, ToyValue v, int flag)
{
    if (!w->allows_code) return toy_raise_false(w->t, TOY_ValueError, "marshalling code objects is disallowed");
    ToyValue image = toy_code_image(w->t, v);
    if (toy_failed(image)) return false;
    size_t length;
    const uint8_t *bytes = toy_bytes_data(image, &length);
    bool done = write_sized(w, 'c', flag, bytes, length);
    toy_release(image);
    return done;
}

/* ---- any value ---- */

/* Small ints are one object each in CPython, and so they are here, where most ints are none. */
static bool may_come_twice(ToyValue v, int held)
{
    int64_t n;
    if (toy_is_small_int(v)) return toy_int_fits_int64(v, &n) && n >= -5 && n <= 256;
    return toy_is_object(v) && (toy_reference_count(v) > 1 + held || (toy_is_str(v) && toy_is_interned(v)));
}

/* MAY_RETURN, 0, or -1 when the value was here before: then the reference is written; -2: raised. */
static int ask_whether_seen(Writer *w, ToyValue v, int held)
{
    if (w->version < 3 || !may_come_twice(v, held)) return 0;
    ToyValue key = toy_int_from_uint64(w->t, v.bits), row = TOY_UNBOUND;
    int answer = -2;
    if (!toy_failed(key) && toy_dict_get(w->t, w->seen, key, &row)) {
        int64_t number;
        if (toy_is_bound(row)) {
            if (toy_int_fits_int64(toy_tuple_item(row, 0), &number) && write_letter(w, 'r', 0) && write_u32(w, (uint64_t)number)) answer = -1;
        } else {
            row = toy_tuple(w->t, toy_int(w->t, (int64_t)toy_dict_length(w->seen)), toy_retain(v));
            if (!toy_failed(row) && toy_dict_set(w->t, w->seen, key, row)) answer = MAY_RETURN;
        }
    }
    toy_release(key);
    toy_release(row);
    return answer;
}

static bool write_kind(Writer *w, ToyValue v, int flag)
{
    ToyThread *t = w->t;
    const ToyType *type = toy_type_of(t, v);
    if (type == toy_builtin_type(t, TOY_KIND_INT)) return write_int(w, v, flag);
    if (type == toy_builtin_type(t, TOY_KIND_FLOAT)) return write_letter(w, w->version > 1 ? 'g' : 'f', flag) && write_double(w, toy_float_read(v));
    if (type == toy_builtin_type(t, TOY_KIND_COMPLEX)) {
        double real, imaginary;
        toy_complex_read(v, &real, &imaginary);
        return write_letter(w, w->version > 1 ? 'y' : 'x', flag) && write_double(w, real) && write_double(w, imaginary);
    }
    if (type == toy_builtin_type(t, TOY_KIND_STR)) return write_text(w, v, flag);
    if (type == toy_builtin_type(t, TOY_KIND_TUPLE)) return write_sequence(w, v, flag, false);
    if (type == toy_builtin_type(t, TOY_KIND_LIST)) return write_sequence(w, v, flag, true);
    if (type == toy_builtin_type(t, TOY_KIND_DICT)) return write_dict(w, v, flag);
    if (type == toy_builtin_type(t, TOY_KIND_SET)) return write_set(w, v, flag, false);
    if (type == toy_builtin_type(t, TOY_KIND_FROZENSET)) return write_set(w, v, flag, true);
    if (toy_is_code(v)) return write_code(w, v, flag);
    if (toy_has_buffer(t, v)) return write_buffer(w, v, flag);
    return toy_raise_false(t, TOY_ValueError, "unmarshallable object");
}

static bool write_value(Writer *w, ToyValue v, int held)
{
    if (toy_is_none(v)) return write_letter(w, 'N', 0);
    if (toy_is_same(v, TOY_TRUE)) return write_letter(w, 'T', 0);
    if (toy_is_same(v, TOY_FALSE)) return write_letter(w, 'F', 0);
    if (toy_is_same(v, TOY_ELLIPSIS)) return write_letter(w, '.', 0);
    if (toy_is_same(v, toy_type_value(toy_exception_type(w->t, TOY_StopIteration)))) return write_letter(w, 'S', 0);
    if (w->depth == MAX_DEPTH) return toy_raise_false(w->t, TOY_ValueError, "object too deeply nested to marshal");
    if (toy_stack_is_exhausted(w->t, " while marshalling an object")) return false;
    int flag = ask_whether_seen(w, v, held);
    if (flag < 0) return flag == -1;
    w->depth++;
    bool done = write_kind(w, v, flag);
    w->depth--;
    return done;
}

static ToyValue dump(ToyThread *t, ToyValue v, int version, bool allows_code)
{
    Writer w = {.t = t, .version = version, .allows_code = allows_code, .seen = toy_dict(t)};
    bool done = !toy_failed(w.seen) && write_value(&w, v, 0);
    ToyValue bytes = done ? toy_bytes(t, w.data, w.length) : TOY_FAILED;
    toy_free(t, w.data, w.capacity);
    toy_release(w.seen);
    return bytes;
}

static ToyValue dump_arguments(ToyThread *t, ToyValue v, ToyValue version, ToyValue allow_code)
{
    int number = FORMAT_VERSION;
    bool allows_code = true;
    if (!toy_arg_int(t, version, &number) || !toy_arg_bool(t, allow_code, &allows_code)) return TOY_FAILED;
    return dump(t, v, number, allows_code);
}
static ToyValue marshal_dumps(ToyThread *t, ToyValue self, const ToyValue *args) { return dump_arguments(t, args[0], args[1], args[2]); }
static ToyValue marshal_dump(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue bytes = dump_arguments(t, args[0], args[2], args[3]);
    if (toy_failed(bytes)) return TOY_FAILED;
    ToyValue result = toy_call_method(t, args[1], "write", &bytes, 1);
    toy_release(bytes);
    return result;
}

/* ==== reading =============================================================================================================== */

typedef struct Reader {
    ToyThread *t;
    const uint8_t *at, *end;     /* of loads */
    ToyValue file;               /* of load; else UNBOUND */
    ToyValue chunk;              /* what came from the file last: a bytearray */
    ToyBuffer view;              /* of [chunk], if bound */
    ToyValue values;             /* list: what an 'r' may mean */
    int depth;
    bool allows_code;
} Reader;

static ToyValue bad(Reader *r, const char *what) { return toy_raise_value_error(r->t, "bad marshal data (%s)", what); }

static void drop_chunk(Reader *r)
{
    if (toy_is_bound(r->chunk)) toy_buffer_release(r->t, &r->view);
    toy_clear(&r->chunk);
}

/* The file fills a view, so that it cannot change the size. NULL: raised. */
static const uint8_t *take_from_file(Reader *r, size_t length)
{
    drop_chunk(r);
    ToyValue chunk = toy_bytearray(r->t, NULL, length), view = TOY_UNBOUND, count = TOY_UNBOUND;
    int64_t n = -1;
    bool done = !toy_failed(chunk) && toy_buffer_get(r->t, chunk, &r->view, 0);
    if (done) {
        r->chunk = toy_retain(chunk);
        view = toy_memoryview(r->t, chunk);
        count = toy_failed(view) ? TOY_FAILED : toy_call_method(r->t, r->file, "readinto", &view, 1);
        done = !toy_failed(count) && toy_arg_size(r->t, count, &n);
    }
    toy_release(chunk);
    toy_release(view);
    toy_release(count);
    if (!done) return NULL;
    if (n == (int64_t)length) return r->view.data;
    if (n > (int64_t)length)
        return toy_raise_null(r->t, TOY_ValueError, "read() returned too much data: %zu bytes requested, %lld returned", length, (long long)n);
    return toy_raise_null(r->t, TOY_EOFError, "EOF read where not expected");
}

/* [length] bytes, until the next are taken; NULL: raised. */
static const uint8_t *take(Reader *r, size_t length)
{
    if (toy_is_bound(r->file)) return take_from_file(r, length);
    if ((size_t)(r->end - r->at) < length) return toy_raise_null(r->t, TOY_EOFError, "marshal data too short");
    r->at += length;
    return r->at - length;
}
static bool take_letter(Reader *r, uint8_t *letter)
{
    const uint8_t *byte = toy_is_unbound(r->file) && r->at == r->end ? NULL : take(r, 1);
    if (byte) {
        *letter = *byte;
        return true;
    }
    if (toy_is_raised(r->t) && !toy_raised_is(r->t, TOY_EOFError)) return false;
    toy_raised_clear(r->t);
    return toy_raise_false(r->t, TOY_EOFError, "EOF read where object expected");
}
static bool take_byte(Reader *r, size_t *n)
{
    const uint8_t *byte = toy_is_unbound(r->file) && r->at == r->end ? toy_raise_null(r->t, TOY_EOFError, "EOF read where not expected") : take(r, 1);
    if (byte) *n = *byte;
    return byte != NULL;
}
static bool take_i32(Reader *r, int32_t *n)
{
    const uint8_t *bytes = take(r, 4);
    if (bytes) memcpy(n, bytes, 4);
    return bytes != NULL;
}
/* A length that stands for itself; an item of anything takes a byte at least (I1). */
static bool take_count(Reader *r, const char *what, size_t *count)
{
    int32_t n;
    if (!take_i32(r, &n)) return false;
    if (n < 0) return toy_raise_false(r->t, TOY_ValueError, "bad marshal data (%s size out of range)", what);
    *count = (size_t)n;
    return true;
}

static ToyValue read_value(Reader *r);

/* ---- numbers ---- */

static ToyValue read_long(Reader *r)
{
    int32_t signed_count;
    if (!take_i32(r, &signed_count)) return TOY_FAILED;
    if (signed_count == INT32_MIN) return bad(r, "long size out of range");
    size_t count = (size_t)(signed_count < 0 ? -signed_count : signed_count), room = (count * DIGIT_BITS + 7) / 8 + 1;
    const uint8_t *digits = count ? take(r, count * 2) : (const uint8_t *)"";
    uint8_t *bytes = digits ? toy_alloc(r->t, room) : NULL;
    if (!bytes) return TOY_FAILED;
    memset(bytes, 0, room);
    uint16_t digit = 1;
    const char *fault = NULL;
    for (size_t i = 0; i < count && !fault; i++) {
        memcpy(&digit, digits + 2 * i, 2);
        if (digit >> DIGIT_BITS) fault = "digit out of range in long";
        size_t bit = i * DIGIT_BITS;
        uint32_t window = (uint32_t)digit << bit % 8;
        for (size_t k = 0; k < 3 && bit / 8 + k < room; k++) bytes[bit / 8 + k] |= (uint8_t)(window >> 8 * k);
    }
    if (!fault && !digit) fault = "unnormalized long data";
    ToyValue n = fault ? bad(r, fault) : toy_int_from_bytes(r->t, bytes, room, true, false);
    toy_free(r->t, bytes, room);
    if (!toy_failed(n) && signed_count < 0) toy_replace(&n, toy_negative(r->t, n));
    return n;
}

static bool take_double(Reader *r, bool is_text, double *d)
{
    size_t length;
    const uint8_t *bytes;
    if (!is_text) {
        if (!(bytes = take(r, 8))) return false;
        memcpy(d, bytes, 8);
        return true;
    }
    char text[256];
    if (!take_byte(r, &length) || !(bytes = take(r, length))) return false;
    memcpy(text, bytes, length);
    text[length] = 0;
    if (length && toy_float_parse(text, d) == length) return true;
    ToyValue shown = toy_str_from_latin1(r->t, text, length);
    if (!toy_failed(shown)) toy_raise_value_error(r->t, "could not convert string to float: %R", shown);
    toy_release(shown);
    return false;
}
static ToyValue read_float(Reader *r, bool is_text)
{
    double d;
    return take_double(r, is_text, &d) ? toy_float(r->t, d) : TOY_FAILED;
}
static ToyValue read_complex(Reader *r, bool is_text)
{
    double real, imaginary;
    return take_double(r, is_text, &real) && take_double(r, is_text, &imaginary) ? toy_complex(r->t, real, imaginary) : TOY_FAILED;
}

/* ---- text and bytes ---- */

static ToyValue read_bytes(Reader *r)
{
    size_t length;
    const uint8_t *bytes = take_count(r, "bytes object", &length) ? take(r, length) : NULL;
    return bytes ? toy_bytes(r->t, bytes, length) : TOY_FAILED;
}
static ToyValue read_text(Reader *r, bool is_short, bool is_ascii, bool is_interned)
{
    size_t length;
    bool has_length = is_short ? take_byte(r, &length) : take_count(r, "string", &length);
    const char *bytes = has_length ? (const char *)take(r, length) : NULL;
    if (!bytes) return TOY_FAILED;
    ToyValue text = is_ascii ? toy_str_from_latin1(r->t, bytes, length) : toy_str_decode(r->t, bytes, length, "utf-8", "surrogatepass");
    return is_interned && !toy_failed(text) ? toy_str_intern(r->t, text) : text;
}

/* ---- containers: each is among the values before its items are, for it may be one of them ---- */

static bool keep(Reader *r, ToyValue v, bool may_return) { return !may_return || toy_list_append(r->t, r->values, v); }

/* UNBOUND with nothing raised: the end of a dict. Elsewhere it is a fault. */
static ToyValue read_item(Reader *r, const char *of)
{
    ToyValue item = read_value(r);
    if (toy_is_unbound(item) && !toy_is_raised(r->t)) toy_raise_type_error(r->t, "NULL object in marshal data for %s", of);
    return item;
}

static ToyValue read_list(Reader *r, bool may_return)
{
    size_t count;
    if (!take_count(r, "list", &count)) return TOY_FAILED;
    ToyValue list = toy_list(r->t);
    bool done = !toy_failed(list) && keep(r, list, may_return);
    for (size_t i = 0; i < count && done; i++) done = toy_list_append_take(r->t, list, read_item(r, "list"));
    if (!done) toy_clear(&list);
    return list;
}

static ToyValue read_tuple(Reader *r, bool is_short, bool may_return)
{
    size_t count;
    if (is_short ? !take_byte(r, &count) : !take_count(r, "tuple", &count)) return TOY_FAILED;
    if (toy_is_unbound(r->file) && count > (size_t)(r->end - r->at)) return toy_raise(r->t, TOY_EOFError, "EOF read where object expected");
    ToyValue tuple = toy_tuple_new(r->t, count);
    bool done = !toy_failed(tuple) && keep(r, tuple, may_return);
    for (size_t i = 0; i < count && done; i++) {
        ToyValue item = read_item(r, "tuple");
        if (!toy_failed(item)) toy_tuple_put(tuple, i, item);
        else done = false;
    }
    if (!done) toy_clear(&tuple);
    return tuple;
}

static ToyValue read_dict(Reader *r, bool may_return)
{
    ToyValue dict = toy_dict(r->t);
    bool done = !toy_failed(dict) && keep(r, dict, may_return);
    while (done) {
        ToyValue key = read_value(r), value = toy_is_bound(key) ? read_value(r) : TOY_UNBOUND;
        bool is_over = toy_is_unbound(value) && !toy_is_raised(r->t);
        done = is_over || (toy_is_bound(value) && toy_dict_set(r->t, dict, key, value));
        toy_release(key);
        toy_release(value);
        if (is_over) break;
    }
    if (!done) toy_clear(&dict);
    return dict;
}

/* A frozenset gets its place at once, but nobody may have it before it is whole. */
static ToyValue read_set(Reader *r, bool is_frozen, bool may_return)
{
    size_t count, place = toy_list_length(r->values);
    if (!take_count(r, "set", &count)) return TOY_FAILED;
    ToyValue set = toy_set(r->t, is_frozen);
    bool done = !toy_failed(set) && keep(r, is_frozen ? TOY_NONE : set, may_return);
    for (size_t i = 0; i < count && done; i++) {
        ToyValue item = read_item(r, "set");
        done = !toy_failed(item) && toy_set_add(r->t, set, item);
        toy_release(item);
    }
    if (done && is_frozen && may_return) toy_list_put(r->t, r->values, place, toy_retain(set));
    if (!done) toy_clear(&set);
    return set;
}

static ToyValue read_code(Reader *r)
{
    if (!r->allows_code) return toy_raise_value_error(r->t, "unmarshalling code objects is disallowed");
    int32_t length;
    if (!take_i32(r, &length)) return TOY_FAILED;
    if (length < 0) return bad(r, "code size out of range");
    const uint8_t *bytes = take(r, (size_t)length);
    return bytes ? toy_code_from_image(r->t, bytes, (size_t)length) : TOY_FAILED;
}

static ToyValue read_reference(Reader *r)
{
    int32_t number;
    if (!take_i32(r, &number)) return TOY_FAILED;
    if (number < 0 || (size_t)number >= toy_list_length(r->values)) return bad(r, "invalid reference");
    ToyValue v = toy_list_item(r->values, (size_t)number);
    return toy_is_none(v) ? bad(r, "invalid reference") : toy_retain(v);
}

/* ---- any value ---- */

static ToyValue read_leaf(Reader *r, char letter)
{
    int32_t n;
    switch (letter) {
    case 'i': return take_i32(r, &n) ? toy_int(r->t, n) : TOY_FAILED;
    case 'I': {
        const uint8_t *bytes = take(r, 8);
        return bytes ? toy_int_from_bytes(r->t, bytes, 8, true, true) : TOY_FAILED;
    }
    case 'l': return read_long(r);
    case 'f': case 'g': return read_float(r, letter == 'f');
    case 'x': case 'y': return read_complex(r, letter == 'x');
    case 's': return read_bytes(r);
    case 'u': case 't': return read_text(r, false, false, letter == 't');
    case 'a': case 'A': return read_text(r, false, true, letter == 'A');
    case 'z': case 'Z': return read_text(r, true, true, letter == 'Z');
    case 'c': return read_code(r);
    default: return bad(r, "unknown type code");
    }
}

static ToyValue read_kind(Reader *r, char letter, bool may_return)
{
    switch (letter) {
    case '0': return TOY_UNBOUND;
    case 'N': return TOY_NONE;
    case 'T': return TOY_TRUE;
    case 'F': return TOY_FALSE;
    case '.': return TOY_ELLIPSIS;
    case 'S': return toy_retain(toy_type_value(toy_exception_type(r->t, TOY_StopIteration)));
    case 'r': return read_reference(r);
    case '[': return read_list(r, may_return);
    case '(': case ')': return read_tuple(r, letter == ')', may_return);
    case '{': return read_dict(r, may_return);
    case '<': case '>': return read_set(r, letter == '>', may_return);
    default: {
        ToyValue v = read_leaf(r, letter);
        if (!toy_failed(v) && !keep(r, v, may_return)) toy_clear(&v);
        return v;
    }
    }
}

static ToyValue read_value(Reader *r)
{
    uint8_t letter;
    if (!take_letter(r, &letter)) return TOY_FAILED;
    if (r->depth == MAX_DEPTH) return toy_raise_value_error(r->t, "recursion limit exceeded");
    if (toy_stack_is_exhausted(r->t, " while unmarshalling an object")) return TOY_FAILED;
    r->depth++;
    ToyValue v = read_kind(r, (char)(letter & ~MAY_RETURN), letter & MAY_RETURN);
    r->depth--;
    return v;
}

static ToyValue read_all(Reader *r)
{
    r->values = toy_list(r->t);
    ToyValue v = toy_failed(r->values) ? TOY_FAILED : read_item(r, "object");
    drop_chunk(r);
    toy_release(r->values);
    return v;
}

static ToyValue marshal_loads(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Reader r = {.t = t, .allows_code = true};
    ToyBuffer buffer;
    if (!toy_arg_bool(t, args[1], &r.allows_code) || !toy_buffer_get(t, args[0], &buffer, 0)) return TOY_FAILED;
    r.at = buffer.data;
    r.end = buffer.data + buffer.length;
    ToyValue v = read_all(&r);
    toy_buffer_release(t, &buffer);
    return v;
}

static ToyValue marshal_load(ToyThread *t, ToyValue self, const ToyValue *args)
{
    Reader r = {.t = t, .file = args[0], .allows_code = true};
    if (!toy_arg_bool(t, args[1], &r.allows_code)) return TOY_FAILED;
    /* Does it give bytes at all? */
    ToyValue nothing = toy_call_method(t, args[0], "read", (ToyValue[]){toy_small_int_value(0)}, 1);
    if (toy_failed(nothing)) return TOY_FAILED;
    bool is_binary = toy_is_bytes(nothing);
    if (!is_binary) toy_raise_type_error(t, "file.read() returned not bytes but %T", nothing);
    toy_release(nothing);
    return is_binary ? read_all(&r) : TOY_FAILED;
}

/* ==== the module ============================================================================================================ */

static const ToyFunction functions[] = {
    TOY_FUNCTION("dump", marshal_dump, "(value, file, version=4, /, *, allow_code=True)", 0,
                 "Write a value to a binary file, with one call of its write(), whose result this is."),
    TOY_FUNCTION("dumps", marshal_dumps, "(value, version=4, /, *, allow_code=True)", 0,
                 "Return the bytes that stand for a value; ValueError if nothing does."),
    TOY_FUNCTION("load", marshal_load, "(file, /, *, allow_code=True)", 0, "Read one value from a binary file, and not a byte more."),
    TOY_FUNCTION("loads", marshal_loads, "(bytes, /, *, allow_code=True)", 0,
                 "Return the value that stands at the start of some bytes; what is behind it is left over."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module) { return toy_module_add_int(t, module, "version", FORMAT_VERSION); }

const ToyModule toy_module_marshal = {
    .name = "marshal",
    .doc = "Values of built-in types, and code objects, as bytes: quick, and for the same version of the same interpreter.\n\n"
           "No classes, and no protection: bytes from strangers may be nonsense, and code from strangers is code.",
    .functions = functions,
    .init = init,
};
