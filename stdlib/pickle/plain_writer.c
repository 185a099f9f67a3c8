/* plain_writer.c - dumps for plain data and for instances that are their attributes.
 *
 * What        plain_dumps, plain_dump.
 * How         As _pickler.toy does, and the same bytes. Of instances only those are known whose class leaves everything to object: their
 *             attributes are written from their slots, without a dict.
 * Invariants  those of plain.h
 * GIL         held throughout.
 * Read next   plain_reader.c, stdlib/lib/_pickler.toy */
#include "stdlib/pickle/plain.h"

enum { FRAME_MIN = 4, FRAME_TARGET = 64 * 1024, FRAME_HEAD = 9, BATCH = 1000, DEPTH_MAX = 200 };

typedef struct Known { uint64_t bits; uint32_t place; } Known;

typedef struct Writer {
    ToyThread *t;
    uint8_t *data;
    size_t length, capacity;
    bool is_for_file;
    size_t *cuts, cut_count;  /* places in data; only for a file */
    size_t frame;             /* where the frame that is being filled begins; SIZE_MAX: none */
    bool is_framing;
    int protocol;
    Known *known;             /* open addressing, a power of two of places; bits 0: free */
    size_t known_capacity;
    uint32_t known_count;
    ToyType *str_type, *bytes_type, *bytearray_type, *tuple_type, *list_type, *dict_type, *set_type, *frozenset_type, *int_type, *float_type, *type_type;
    ToyValue modules, reducers, codes;    /* sys.modules, copyreg.dispatch_table, its registry of codes; asked for at the first class */
} Writer;

static bool reserve(Writer *w, size_t more)
{
    if (w->capacity - w->length >= more) return true;
    size_t capacity = w->capacity * 2;
    while (capacity - w->length < more) capacity *= 2;
    uint8_t *larger = toy_resize(w->t, w->data, w->capacity, capacity);
    if (!larger) return false;
    w->data = larger;
    w->capacity = capacity;
    return true;
}

static bool put(Writer *w, const void *data, size_t length)
{
    if (!reserve(w, length + FRAME_HEAD)) return false;
    if (w->frame == SIZE_MAX && w->is_framing) {
        w->frame = w->length;
        w->length += FRAME_HEAD;
    }
    memcpy(w->data + w->length, data, length);
    w->length += length;
    return true;
}
static bool put_opcode(Writer *w, char opcode) { return put(w, &opcode, 1); }

/* An opcode and a number of so many bytes, lowest first. */
static bool put_number(Writer *w, char opcode, uint64_t n, size_t bytes)
{
    uint8_t text[9] = {(uint8_t)opcode};
    memcpy(text + 1, &n, bytes);
    return put(w, text, bytes + 1);
}

/* Here a writer to a file hands out what it has. */
static bool cut(Writer *w)
{
    if (!w->is_for_file) return true;
    size_t *larger = toy_resize(w->t, w->cuts, w->cut_count * sizeof *w->cuts, (w->cut_count + 1) * sizeof *w->cuts);
    if (!larger) return false;
    w->cuts = larger;
    w->cuts[w->cut_count++] = w->length;
    return true;
}

static bool end_frame(Writer *w)
{
    if (w->frame == SIZE_MAX) return true;
    uint64_t length = w->length - w->frame - FRAME_HEAD;
    if (length >= FRAME_MIN) {
        w->data[w->frame] = 0x95;
        memcpy(w->data + w->frame + 1, &length, 8);
    } else {
        memmove(w->data + w->frame, w->data + w->frame + FRAME_HEAD, length);
        w->length -= FRAME_HEAD;
    }
    w->frame = SIZE_MAX;
    return length < FRAME_TARGET || cut(w);
}

/* Large data lies outside of frames. */
static bool put_data(Writer *w, char opcode, size_t length_bytes, const void *data, size_t length)
{
    if (length < FRAME_TARGET) return put_number(w, opcode, length, length_bytes) && put(w, data, length);
    bool done = end_frame(w);
    w->is_framing = false;
    done = done && put_number(w, opcode, length, length_bytes) && cut(w) && put(w, data, length) && cut(w);
    w->is_framing = true;
    return done;
}

static Known *known_place(const Writer *w, uint64_t bits)
{
    size_t i = (size_t)((bits * UINT64_C(0x9e3779b97f4a7c15)) >> 20) & (w->known_capacity - 1);
    while (w->known[i].bits && w->known[i].bits != bits) i = (i + 1) & (w->known_capacity - 1);
    return &w->known[i];
}

static bool grow_known(Writer *w)
{
    size_t old_capacity = w->known_capacity;
    Known *old = w->known;
    w->known = toy_alloc(w->t, 2 * old_capacity * sizeof *w->known);
    if (!w->known) {
        w->known = old;
        return false;
    }
    w->known_capacity = 2 * old_capacity;
    memset(w->known, 0, w->known_capacity * sizeof *w->known);
    for (size_t i = 0; i < old_capacity; i++)
        if (old[i].bits) *known_place(w, old[i].bits) = old[i];
    toy_free(w->t, old, old_capacity * sizeof *old);
    return true;
}

static bool memoize(Writer *w, ToyValue v)
{
    if (w->known_count * 2 >= w->known_capacity && !grow_known(w)) return false;
    *known_place(w, v.bits) = (Known){v.bits, w->known_count++};
    return put_opcode(w, '\x94');
}
static bool put_get(Writer *w, uint32_t place) { return place < 256 ? put_number(w, 'h', place, 1) : put_number(w, 'j', place, 4); }

static bool save(Writer *w, ToyValue v, int depth);

static bool save_int(Writer *w, ToyValue v)
{
    int64_t n;
    if (toy_int_fits_int64(v, &n)) {
        if (n >= 0 && n <= 0xff) return put_number(w, 'K', (uint64_t)n, 1);
        if (n >= 0 && n <= 0xffff) return put_number(w, 'M', (uint64_t)n, 2);
        if (n >= INT32_MIN && n <= INT32_MAX) return put_number(w, 'J', (uint64_t)n, 4);
        uint64_t magnitude = n < 0 ? ~(uint64_t)n : (uint64_t)n;
        size_t bytes = (64 - (size_t)__builtin_clzll(magnitude)) / 8 + 1;   /* one bit is the sign's */
        uint8_t text[10] = {0x8a, (uint8_t)bytes};
        memcpy(text + 2, &n, 8);
        return put(w, text, 2 + bytes);
    }
    size_t bytes = toy_int_bit_length(v) / 8 + 1;
    uint8_t *digits = toy_alloc(w->t, bytes);
    bool done = digits && toy_int_to_bytes(w->t, v, digits, bytes, true, true);
    if (done) {
        size_t needed = bytes;
        if (toy_int_sign(v) < 0 && bytes > 1 && digits[bytes - 1] == 0xff && digits[bytes - 2] & 0x80) needed--;
        done = (needed < 256 ? put_number(w, '\x8a', needed, 1) : put_number(w, '\x8b', needed, 4)) && put(w, digits, needed);
    }
    if (digits) toy_free(w->t, digits, bytes);
    return done;
}

static bool save_float(Writer *w, ToyValue v)
{
    double d = toy_float_read(v);
    uint64_t bits;
    memcpy(&bits, &d, sizeof bits);
    return put_number(w, 'G', __builtin_bswap64(bits), 8);
}

static bool save_str(Writer *w, ToyValue v)
{
    size_t length;
    const char *text = toy_str_utf8(w->t, v, &length);   /* NULL: lone surrogates, left to the other */
    if (!text) return false;
    bool done = length <= 0xff ? put_number(w, '\x8c', length, 1) && put(w, text, length)
                : length > UINT32_MAX ? put_data(w, '\x8d', 8, text, length) : put_data(w, 'X', 4, text, length);
    return done && memoize(w, v);
}

static bool save_bytes(Writer *w, ToyValue v)
{
    size_t length;
    const uint8_t *data = toy_bytes_data(v, &length);
    bool done = length <= 0xff ? put_number(w, 'C', length, 1) && put(w, data, length)
                : length > UINT32_MAX ? put_data(w, '\x8e', 8, data, length) : put_data(w, 'B', 4, data, length);
    return done && memoize(w, v);
}

static bool save_bytearray(Writer *w, ToyValue v)
{
    ToyBuffer buffer;
    if (w->protocol < 5 || !toy_buffer_get(w->t, v, &buffer, 0)) return false;
    bool done = put_data(w, '\x96', 8, buffer.data, buffer.length) && memoize(w, v);
    toy_buffer_release(w->t, &buffer);
    return done;
}

static bool save_tuple(Writer *w, ToyValue v, int depth)
{
    static const char short_ones[] = {'\x85', '\x86', '\x87'};
    size_t count = toy_tuple_length(v);
    if (count == 0) return put_opcode(w, ')');
    if (count > 3 && !put_opcode(w, '(')) return false;
    for (size_t i = 0; i < count; i++)
        if (!save(w, toy_tuple_item(v, i), depth)) return false;
    const Known *made = known_place(w, v.bits);
    if (made->bits) {
        /* A tuple that contains itself, by way of a list: it was made meanwhile. */
        uint32_t place = made->place;
        for (size_t i = 0; i < (count > 3 ? 1 : count); i++)
            if (!put_opcode(w, count > 3 ? '1' : '0')) return false;
        return put_get(w, place);
    }
    return put_opcode(w, count > 3 ? 't' : short_ones[count - 1]) && memoize(w, v);
}

static bool save_list(Writer *w, ToyValue v, int depth)
{
    size_t count = toy_list_length(v);
    if (!put_opcode(w, ']') || !memoize(w, v)) return false;
    if (count == 1) return save(w, toy_list_item(v, 0), depth) && put_opcode(w, 'a');
    for (size_t done = 0; done < count; done += BATCH) {
        size_t end = count - done > BATCH ? done + BATCH : count;
        if (!put_opcode(w, '(')) return false;
        for (size_t i = done; i < end; i++)
            if (!save(w, toy_list_item(v, i), depth)) return false;
        if (!put_opcode(w, 'e')) return false;
    }
    return true;
}

static bool save_dict(Writer *w, ToyValue v, int depth)
{
    size_t position = 0, count = toy_dict_length(v), in_batch = BATCH;
    ToyValue key, value;
    if (!put_opcode(w, '}') || !memoize(w, v)) return false;
    if (count == 0) return true;
    if (count == 1) return toy_dict_next(v, &position, &key, &value) && save(w, key, depth) && save(w, value, depth) && put_opcode(w, 's');
    while (in_batch == BATCH) {   /* a full batch is followed by another, if only by an empty one */
        if (!put_opcode(w, '(')) return false;
        for (in_batch = 0; in_batch < BATCH && toy_dict_next(v, &position, &key, &value); in_batch++)
            if (!save(w, key, depth) || !save(w, value, depth)) return false;
        if (!put_opcode(w, 'u')) return false;
    }
    return true;
}

static bool save_set(Writer *w, ToyValue v, int depth)
{
    size_t position = 0, in_batch = BATCH;
    ToyValue key;
    if (!put_opcode(w, '\x8f') || !memoize(w, v)) return false;
    while (toy_set_length(v) && in_batch == BATCH) {
        if (!put_opcode(w, '(')) return false;
        for (in_batch = 0; in_batch < BATCH && toy_set_next(v, &position, &key); in_batch++)
            if (!save(w, key, depth)) return false;
        if (!put_opcode(w, '\x90')) return false;
    }
    return true;
}

static bool save_frozenset(Writer *w, ToyValue v, int depth)
{
    size_t position = 0;
    ToyValue key;
    if (!put_opcode(w, '(')) return false;
    while (toy_set_next(v, &position, &key))
        if (!save(w, key, depth)) return false;
    return put_opcode(w, '\x91') && memoize(w, v);   /* of plain data none can contain itself */
}

/* ---- classes and their instances ---- */

static bool look_around(Writer *w)
{
    if (toy_is_bound(w->codes)) return true;
    w->modules = toy_sys_get(w->t, "modules");
    w->reducers = toy_import_from(w->t, "copyreg", "dispatch_table");
    w->codes = toy_failed(w->reducers) ? TOY_FAILED : toy_import_from(w->t, "copyreg", "_extension_registry");
    return toy_is_dict(w->modules) && toy_is_dict(w->reducers) && toy_is_dict(w->codes) && toy_dict_length(w->codes) == 0;
}

/* Nobody has given it a way of its own, and it is found again under its names. */
static bool is_reachable(Writer *w, ToyValue class, ToyValue module, ToyValue name)
{
    ToyValue found = plain_find(w->t, w->modules, module, name);
    bool is_reduced = true, is_same = toy_is_same(found, class);
    toy_release(found);
    return is_same && toy_dict_contains(w->t, w->reducers, class, &is_reduced) && !is_reduced;
}

static bool save_class(Writer *w, ToyValue class, int depth)
{
    if (!toy_type_is_plain(w->t, (ToyType *)toy_object(class)) || !look_around(w)) return false;
    ToyValue module = toy_get_attribute(w->t, class, "__module__"), name = toy_get_attribute(w->t, class, "__qualname__");
    bool done = !toy_failed(module) && !toy_failed(name) && toy_type_of(w->t, module) == w->str_type && is_reachable(w, class, module, name) &&
                save(w, module, depth) && save(w, name, depth) && put_opcode(w, '\x93') && memoize(w, class);
    toy_release(module);
    toy_release(name);
    return done;
}

/* As a dict would be that has a place of its own in the memo, which nothing refers to. */
static bool save_attributes(Writer *w, const ToyValue *names, const ToyValue *values, int count, int depth)
{
    if (!put(w, "}\x94", 2) || (count > 1 && !put_opcode(w, '('))) return false;
    w->known_count++;
    for (int i = 0; i < count; i++) {
        /* __reduce_ex__ and its like may be an instance's own. */
        bool is_special = toy_str_length(names[i]) > 1 && toy_str_char(names[i], 0) == '_' && toy_str_char(names[i], 1) == '_';
        if (is_special || !save(w, names[i], depth) || !save(w, values[i], depth)) return false;
    }
    return put(w, count > 1 ? "ub" : "sb", 2);
}

static bool save_instance(Writer *w, ToyValue v, int depth)
{
    ToyValue class = toy_type_value(toy_type_of(w->t, v)), names[TOY_ATTRIBUTES_MAX], values[TOY_ATTRIBUTES_MAX];
    /* A class in the memo has been looked at; but one that is no plain one never gets there. */
    if (toy_object(class)->type != w->type_type || !save(w, class, depth)) return false;
    int count = toy_instance_attributes(v, names, values);
    return count >= 0 && put(w, ")\x81", 2) && memoize(w, v) && (count == 0 || save_attributes(w, names, values, count, depth));
}

/* False: something else lies there, or raised. */
static bool save_object(Writer *w, ToyValue v, int depth)
{
    const Known *known = known_place(w, v.bits);
    if (known->bits) return put_get(w, known->place);
    if (depth >= DEPTH_MAX) return false;
    const ToyType *type = toy_type_of(w->t, v);
    if (type == w->str_type) return save_str(w, v);
    if (type == w->int_type) return save_int(w, v);
    if (type == w->float_type) return save_float(w, v);
    if (type == w->tuple_type) return save_tuple(w, v, depth + 1);
    if (type == w->list_type) return save_list(w, v, depth + 1);
    if (type == w->dict_type) return save_dict(w, v, depth + 1);
    if (type == w->bytes_type) return save_bytes(w, v);
    if (type == w->set_type) return save_set(w, v, depth + 1);
    if (type == w->frozenset_type) return save_frozenset(w, v, depth + 1);
    if (type == w->bytearray_type) return save_bytearray(w, v);
    return type == w->type_type ? save_class(w, v, depth + 1) : save_instance(w, v, depth + 1);
}

static bool save(Writer *w, ToyValue v, int depth)
{
    bool done = toy_is_small_int(v)    ? save_int(w, v)
                : toy_is_word_float(v) ? save_float(w, v)
                : toy_is_none(v)       ? put_opcode(w, 'N')
                : toy_is_bool(v)       ? put_opcode(w, toy_is_true(v) ? '\x88' : '\x89')
                                       : toy_is_object(v) && save_object(w, v, depth);
    if (done && w->frame != SIZE_MAX && w->length - w->frame - FRAME_HEAD >= FRAME_TARGET) return end_frame(w);
    return done;
}

/* ---- the whole ---- */

/* Protocols that are not ours, or no numbers: 0. */
static int read_protocol(ToyValue given)
{
    if (!toy_is_given(given)) return 4;
    int64_t protocol = toy_is_small_int(given) ? toy_small_int(given) : 0;
    return protocol < 0 ? 5 : protocol == 4 || protocol == 5 ? (int)protocol : 0;
}

static bool writer_run(ToyThread *t, Writer *w, ToyValue v, ToyValue protocol)
{
    enum { FIRST_BYTES = 256, FIRST_KNOWN = 32 };
    w->t = t;
    w->frame = SIZE_MAX;
    if (!(w->protocol = read_protocol(protocol))) return false;
#define TYPE(name, NAME) w->name##_type = toy_builtin_type(t, TOY_KIND_##NAME)
    TYPE(str, STR), TYPE(bytes, BYTES), TYPE(bytearray, BYTEARRAY), TYPE(tuple, TUPLE), TYPE(list, LIST), TYPE(dict, DICT), TYPE(set, SET),
        TYPE(frozenset, FROZENSET), TYPE(int, INT), TYPE(float, FLOAT), TYPE(type, TYPE);
#undef TYPE
    if (!(w->data = toy_alloc(t, w->capacity = FIRST_BYTES))) return false;
    if (!(w->known = toy_alloc(t, (w->known_capacity = FIRST_KNOWN) * sizeof *w->known))) return false;
    memset(w->known, 0, w->known_capacity * sizeof *w->known);
    if (!put_number(w, '\x80', (uint64_t)w->protocol, 1)) return false;
    w->is_framing = true;
    return save(w, v, 0) && put_opcode(w, '.') && end_frame(w);
}

static void writer_free(Writer *w)
{
    if (w->known) toy_free(w->t, w->known, w->known_capacity * sizeof *w->known);
    if (w->data) toy_free(w->t, w->data, w->capacity);
    if (w->cuts) toy_free(w->t, w->cuts, w->cut_count * sizeof *w->cuts);
    toy_release(w->modules);
    toy_release(w->reducers);
    toy_release(w->codes);
}

ToyValue plain_dumps(ToyThread *t, ToyValue v, ToyValue protocol)
{
    Writer w = {.is_for_file = false};
    ToyValue answer = writer_run(t, &w, v, protocol) ? toy_bytes(t, w.data, w.length) : TOY_FAILED;
    writer_free(&w);
    if (!toy_failed(answer)) return answer;
    toy_raised_clear(t);   /* I2 */
    return TOY_NONE;
}

static bool hand_out(ToyThread *t, ToyValue write, const uint8_t *data, size_t length)
{
    if (length == 0) return true;
    ToyValue bytes = toy_bytes(t, data, length), written = toy_failed(bytes) ? TOY_FAILED : toy_call1(t, write, bytes);
    toy_release(bytes);
    toy_release(written);
    return !toy_failed(written);
}

/* All is written by us before the file's write() is called: that may be a script's. */
ToyValue plain_dump(ToyThread *t, ToyValue v, ToyValue protocol, ToyValue write)
{
    Writer w = {.is_for_file = true};
    ToyValue answer = TOY_NOT_IMPLEMENTED;
    if (writer_run(t, &w, v, protocol)) {
        size_t from = 0;
        bool done = true;
        for (size_t i = 0; done && i < w.cut_count; from = w.cuts[i++]) done = hand_out(t, write, w.data + from, w.cuts[i] - from);
        answer = done && hand_out(t, write, w.data + from, w.length - from) ? TOY_NONE : TOY_FAILED;
    } else {
        toy_raised_clear(t);   /* I2 */
    }
    writer_free(&w);
    return answer;
}
