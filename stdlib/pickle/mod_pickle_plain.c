/* mod_pickle_plain.c - _pickle_plain: plain data as bytes and back, fast; the rest of pickle is written in toy.
 *
 * What        PickleBuffer; dumps_plain and loads_plain for values made of built-in types only, in protocols 4 and 5; pack_float, unpack_float.
 * How         Both do what pickle.toy does for the same opcodes, and write the same bytes. Whatever they do not know - an instance, an
 *             older protocol, damaged bytes, a nesting that is very deep - they leave alone: they answer None (or the mark that was given),
 *             and the machine written in toy begins again from the start and says what there is to say.
 * Invariants  I1 nothing here runs script code, so what is being written cannot change meanwhile.
 *             I2 giving up leaves nothing raised and nothing half done.
 * GIL         held throughout.
 * Read next   stdlib/lib/pickle.toy */
#include "stdlib/pickle/pickle_buffer.h"

enum { FRAME_MIN = 4, FRAME_TARGET = 64 * 1024, FRAME_HEAD = 9, BATCH = 1000, DEPTH_MAX = 200 };

/* ==== writing =============================================================================================================== */

typedef struct Known { uint64_t bits; uint32_t place; } Known;

typedef struct Writer {
    ToyThread *t;
    uint8_t *data;
    size_t length, capacity;
    size_t frame;             /* where the frame that is being filled begins; SIZE_MAX: none */
    bool is_framing;
    int protocol;
    Known *known;             /* open addressing, a power of two of places; bits 0: free */
    size_t known_capacity;
    uint32_t known_count;
    ToyType *str_type, *bytes_type, *bytearray_type, *tuple_type, *list_type, *dict_type, *set_type, *frozenset_type, *int_type, *float_type;
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

static void end_frame(Writer *w)
{
    if (w->frame == SIZE_MAX) return;
    uint64_t length = w->length - w->frame - FRAME_HEAD;
    if (length >= FRAME_MIN) {
        w->data[w->frame] = 0x95;
        memcpy(w->data + w->frame + 1, &length, 8);
    } else {
        memmove(w->data + w->frame, w->data + w->frame + FRAME_HEAD, length);
        w->length -= FRAME_HEAD;
    }
    w->frame = SIZE_MAX;
}

/* Large data lies outside of frames. */
static bool put_data(Writer *w, char opcode, size_t length_bytes, const void *data, size_t length)
{
    bool is_large = length >= FRAME_TARGET;
    if (is_large) {
        end_frame(w);
        w->is_framing = false;
    }
    bool done = put_number(w, opcode, length, length_bytes) && put(w, data, length);
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
    return type == w->bytearray_type && save_bytearray(w, v);
}

static bool save(Writer *w, ToyValue v, int depth)
{
    bool done = toy_is_small_int(v)    ? save_int(w, v)
                : toy_is_word_float(v) ? save_float(w, v)
                : toy_is_none(v)       ? put_opcode(w, 'N')
                : toy_is_bool(v)       ? put_opcode(w, toy_is_true(v) ? '\x88' : '\x89')
                                       : toy_is_object(v) && save_object(w, v, depth);
    if (done && w->frame != SIZE_MAX && w->length - w->frame - FRAME_HEAD >= FRAME_TARGET) end_frame(w);
    return done;
}

static ToyValue dumps_plain(ToyThread *t, ToyValue self, const ToyValue *args)
{
    enum { FIRST_BYTES = 256, FIRST_KNOWN = 32 };
    int protocol = 4;
    if (toy_is_given(args[1])) {
        int64_t wanted;
        if (!toy_is_small_int(args[1])) return TOY_NONE;
        wanted = toy_small_int(args[1]);
        if (wanted < 0) wanted = 5;
        if (wanted < 4 || wanted > 5) return TOY_NONE;
        protocol = (int)wanted;
    }
    Writer w = {.t = t, .frame = SIZE_MAX, .protocol = protocol, .capacity = FIRST_BYTES, .known_capacity = FIRST_KNOWN};
#define TYPE(name, NAME) w.name##_type = toy_builtin_type(t, TOY_KIND_##NAME)
    TYPE(str, STR), TYPE(bytes, BYTES), TYPE(bytearray, BYTEARRAY), TYPE(tuple, TUPLE), TYPE(list, LIST), TYPE(dict, DICT), TYPE(set, SET),
        TYPE(frozenset, FROZENSET), TYPE(int, INT), TYPE(float, FLOAT);
#undef TYPE
    w.data = toy_alloc(t, w.capacity);
    w.known = w.data ? toy_alloc(t, w.known_capacity * sizeof *w.known) : NULL;
    ToyValue answer = TOY_FAILED;
    if (w.known) {
        memset(w.known, 0, w.known_capacity * sizeof *w.known);
        bool done = put_number(&w, '\x80', (uint64_t)protocol, 1);
        w.is_framing = true;
        if (done && save(&w, args[0], 0) && put_opcode(&w, '.')) {
            end_frame(&w);
            answer = toy_bytes(t, w.data, w.length);
        }
        toy_free(t, w.known, w.known_capacity * sizeof *w.known);
    }
    if (w.data) toy_free(t, w.data, w.capacity);
    if (!toy_failed(answer)) return answer;
    toy_raised_clear(t);   /* I2 */
    return TOY_NONE;
}

/* ==== reading =============================================================================================================== */

typedef struct Values { ToyValue *items; size_t count, capacity; } Values;

typedef struct Reader {
    ToyThread *t;
    const uint8_t *at, *end;
    Values stack, memo;       /* own what they hold; the stack's marks are TOY_END, which nothing else is */
} Reader;

static bool push_to(ToyThread *t, Values *values, TOY_TAKES ToyValue v)
{
    if (toy_failed(v)) return false;
    if (values->count == values->capacity) {
        size_t capacity = values->capacity ? values->capacity * 2 : 32;
        ToyValue *larger = toy_resize(t, values->items, values->capacity * sizeof v, capacity * sizeof v);
        if (!larger) {
            toy_release(v);
            return false;
        }
        values->items = larger;
        values->capacity = capacity;
    }
    values->items[values->count++] = v;
    return true;
}
static bool push(Reader *r, TOY_TAKES ToyValue v) { return push_to(r->t, &r->stack, v); }

static void values_free(ToyThread *t, Values *values)
{
    while (values->count) toy_release(values->items[--values->count]);
    if (values->items) toy_free(t, values->items, values->capacity * sizeof *values->items);
}

/* So many bytes; NULL: there are not so many. */
static const uint8_t *take(Reader *r, uint64_t length)
{
    if ((uint64_t)(r->end - r->at) < length) return NULL;
    const uint8_t *data = r->at;
    r->at += length;
    return data;
}
static bool take_number(Reader *r, size_t bytes, uint64_t *n)
{
    const uint8_t *data = take(r, bytes);
    *n = 0;
    if (data) memcpy(n, data, bytes);
    return data != NULL;
}

/* What lies at the top of the stack, above the last mark. */
static ToyValue *top(Reader *r, size_t down)
{
    if (r->stack.count <= down) return NULL;
    for (size_t i = 0; i <= down; i++)
        if (toy_is_end(r->stack.items[r->stack.count - 1 - i])) return NULL;
    return &r->stack.items[r->stack.count - 1 - down];
}
static bool find_mark(const Reader *r, size_t *mark)
{
    for (size_t i = r->stack.count; i-- > 0;) {
        if (!toy_is_end(r->stack.items[i])) continue;
        *mark = i;
        return true;
    }
    return false;
}
static void drop_to(Reader *r, size_t count)
{
    while (r->stack.count > count) toy_release(r->stack.items[--r->stack.count]);
}

static bool read_data(Reader *r, size_t length_bytes, char kind)
{
    uint64_t length;
    if (!take_number(r, length_bytes, &length)) return false;
    const uint8_t *data = take(r, length);
    if (!data) return false;
    switch (kind) {
    case 'u': return push(r, toy_str_from_utf8(r->t, (const char *)data, length));
    case 'b': return push(r, toy_bytes(r->t, data, length));
    case 'a': return push(r, toy_bytearray(r->t, data, length));
    default: return push(r, toy_int_from_bytes(r->t, data, length, true, true));
    }
}

static bool read_float(Reader *r)
{
    uint64_t bits;
    double d;
    if (!take_number(r, 8, &bits)) return false;
    bits = __builtin_bswap64(bits);
    memcpy(&d, &bits, sizeof d);
    return push(r, toy_float(r->t, d));
}

/* The last [count] become one tuple. */
static bool make_tuple(Reader *r, size_t count)
{
    if (count && !top(r, count - 1)) return false;
    ToyValue tuple = toy_tuple_of(r->t, r->stack.items + r->stack.count - count, count);
    if (toy_failed(tuple)) return false;
    drop_to(r, r->stack.count - count);
    return push(r, tuple);
}

/* What lies above the mark goes into the container below it. */
static bool fill(Reader *r, size_t first, size_t target, char kind)
{
    ToyValue container = r->stack.items[target];
    const ToyType *type = toy_type_of(r->t, container);
    ToyBuiltin wanted = kind == 'l' ? TOY_KIND_LIST : kind == 'd' ? TOY_KIND_DICT : TOY_KIND_SET;
    size_t step = kind == 'd' ? 2 : 1;
    if (type != toy_builtin_type(r->t, wanted) || (r->stack.count - first) % step) return false;
    for (size_t i = first; i < r->stack.count; i += step) {
        ToyValue v = r->stack.items[i];
        bool done = kind == 'l' ? toy_list_append(r->t, container, v) : kind == 'd' ? toy_dict_set(r->t, container, v, r->stack.items[i + 1]) : toy_set_add(r->t, container, v);
        if (!done) return false;
    }
    drop_to(r, target + 1);
    return true;
}
static bool fill_from_mark(Reader *r, char kind)
{
    size_t mark;
    return find_mark(r, &mark) && mark > 0 && !toy_is_end(r->stack.items[mark - 1]) && fill(r, mark + 1, mark - 1, kind);
}

static bool make_frozenset(Reader *r)
{
    size_t mark;
    if (!find_mark(r, &mark)) return false;
    ToyValue set = toy_set(r->t, true);
    bool done = !toy_failed(set);
    for (size_t i = mark + 1; done && i < r->stack.count; i++) done = toy_set_add(r->t, set, r->stack.items[i]);
    drop_to(r, mark);
    if (done) return push(r, set);
    toy_release(set);
    return false;
}

static bool recall(Reader *r, size_t bytes)
{
    uint64_t place;
    return take_number(r, bytes, &place) && place < r->memo.count && push(r, toy_retain(r->memo.items[place]));
}
/* Places are given in order by everybody who writes pickles; other orders are left to the other machine. */
static bool remember(Reader *r, size_t bytes)
{
    uint64_t place = r->memo.count;
    if (bytes && !take_number(r, bytes, &place)) return false;
    return place == r->memo.count && top(r, 0) && push_to(r->t, &r->memo, toy_retain(*top(r, 0)));
}

/* One opcode. False: not ours, or damaged. */
static bool step(Reader *r, uint8_t opcode)
{
    uint64_t n;
    size_t mark;
    switch (opcode) {
    case 0x80: return take_number(r, 1, &n) && n <= 5;                                        /* PROTO */
    case 0x95: return take_number(r, 8, &n) && n <= (uint64_t)(r->end - r->at);               /* FRAME */
    case '(': return push(r, TOY_END);
    case 'N': return push(r, TOY_NONE);
    case 0x88: return push(r, TOY_TRUE);
    case 0x89: return push(r, TOY_FALSE);
    case 'K': return take_number(r, 1, &n) && push(r, toy_small_int_value((int64_t)n));
    case 'M': return take_number(r, 2, &n) && push(r, toy_small_int_value((int64_t)n));
    case 'J': return take_number(r, 4, &n) && push(r, toy_small_int_value((int32_t)n));
    case 0x8a: return read_data(r, 1, 'i');
    case 0x8b: return read_data(r, 4, 'i');
    case 'G': return read_float(r);
    case 0x8c: return read_data(r, 1, 'u');
    case 'X': return read_data(r, 4, 'u');
    case 0x8d: return read_data(r, 8, 'u');
    case 'C': return read_data(r, 1, 'b');
    case 'B': return read_data(r, 4, 'b');
    case 0x8e: return read_data(r, 8, 'b');
    case 0x96: return read_data(r, 8, 'a');
    case ')': return push(r, toy_tuple_of(r->t, NULL, 0));
    case 0x85: return make_tuple(r, 1);
    case 0x86: return make_tuple(r, 2);
    case 0x87: return make_tuple(r, 3);
    case 't':
        if (!find_mark(r, &mark)) return false;
        if (!make_tuple(r, r->stack.count - mark - 1)) return false;
        r->stack.items[mark] = r->stack.items[--r->stack.count];
        return true;
    case ']': return push(r, toy_list(r->t));
    case '}': return push(r, toy_dict(r->t));
    case 0x8f: return push(r, toy_set(r->t, false));
    case 0x91: return make_frozenset(r);
    case 'a': return top(r, 1) && fill(r, r->stack.count - 1, r->stack.count - 2, 'l');
    case 's': return top(r, 2) && fill(r, r->stack.count - 2, r->stack.count - 3, 'd');
    case 'e': return fill_from_mark(r, 'l');
    case 'u': return fill_from_mark(r, 'd');
    case 0x90: return fill_from_mark(r, 's');
    case 'h': return recall(r, 1);
    case 'j': return recall(r, 4);
    case 'q': return remember(r, 1);
    case 'r': return remember(r, 4);
    case 0x94: return remember(r, 0);
    default: return false;
    }
}

static ToyValue loads_plain(ToyThread *t, ToyValue self, const ToyValue *args)
{
    size_t length;
    if (!toy_is_bytes(args[0])) return toy_retain(args[1]);
    const uint8_t *data = toy_bytes_data(args[0], &length);
    Reader r = {.t = t, .at = data, .end = data + length};
    bool done = true;
    while (done && r.at < r.end && *r.at != '.') done = step(&r, *r.at++);
    ToyValue answer = done && r.at < r.end && r.stack.count == 1 && top(&r, 0) ? toy_retain(r.stack.items[0]) : toy_retain(args[1]);
    values_free(t, &r.stack);
    values_free(t, &r.memo);
    toy_raised_clear(t);   /* I2 */
    return answer;
}

/* ==== floats ================================================================================================================ */

static ToyValue pack_float(ToyThread *t, ToyValue self, const ToyValue *args)
{
    double d;
    uint64_t bits;
    if (!toy_arg_double(t, args[0], &d)) return TOY_FAILED;
    memcpy(&bits, &d, sizeof bits);
    bits = __builtin_bswap64(bits);
    return toy_bytes(t, &bits, sizeof bits);
}

static ToyValue unpack_float(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyBuffer buffer;
    uint64_t bits = 0;
    double d;
    if (!toy_buffer_get(t, args[0], &buffer, 0)) return TOY_FAILED;
    bool fits = buffer.length == sizeof bits;
    if (fits) memcpy(&bits, buffer.data, sizeof bits);
    toy_buffer_release(t, &buffer);
    if (!fits) return toy_raise_value_error(t, "a float has eight bytes");
    bits = __builtin_bswap64(bits);
    memcpy(&d, &bits, sizeof d);
    return toy_float(t, d);
}

/* ---- the functions of pickle ---- */

/* pickle._dump and its like, with the arguments as they came: [positional] of the row by place, the rest by name. */
static ToyValue hand_on(ToyThread *t, const char *function, const ToyValue *args, size_t positional, const char *const *names)
{
    ToyValue callee = toy_import_from(t, "pickle", function), keywords = toy_failed(callee) ? TOY_FAILED : toy_dict(t);
    ToyValue row = toy_failed(keywords) ? TOY_FAILED : toy_tuple_of(t, args, positional), result = TOY_FAILED;
    bool done = !toy_failed(row);
    for (size_t i = 0; done && names[i]; i++)
        if (toy_is_bound(args[positional + i])) done = toy_dict_set_text(t, keywords, names[i], args[positional + i]);
    if (done) result = toy_call_with(t, callee, row, keywords);
    toy_release(row);
    toy_release(keywords);
    toy_release(callee);
    return result;
}

static const char *const dump_names[] = {"protocol", "fix_imports", "buffer_callback", NULL};
static const char *const load_names[] = {"fix_imports", "encoding", "errors", "buffers", NULL};

static ToyValue pickle_dump(ToyThread *t, ToyValue self, const ToyValue *args) { return hand_on(t, "_dump", args, 2, dump_names); }
static ToyValue pickle_load(ToyThread *t, ToyValue self, const ToyValue *args) { return hand_on(t, "_load", args, 1, load_names); }

static ToyValue pickle_dumps(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue bytes = toy_is_given(args[3]) ? TOY_NONE : dumps_plain(t, self, args);
    return toy_is_none(bytes) ? hand_on(t, "_dumps", args, 1, dump_names) : bytes;
}

static ToyValue pickle_loads(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue v = loads_plain(t, self, (ToyValue[]){args[0], TOY_NOT_IMPLEMENTED});   /* which is no plain data */
    return toy_is_not_implemented(v) ? hand_on(t, "_loads", args, 1, load_names) : v;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("dump", pickle_dump, "(obj, file, protocol=None, *, fix_imports=True, buffer_callback=None)", 0, "Write the object to the file."),
    TOY_FUNCTION("dumps", pickle_dumps, "(obj, protocol=None, *, fix_imports=True, buffer_callback=None)", 0, "Return the object as bytes."),
    TOY_FUNCTION("load", pickle_load, "(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())", 0, "Read an object from the file."),
    TOY_FUNCTION("loads", pickle_loads, "(data, /, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())", 0,
                 "Return the object that the bytes are of. What follows it is ignored."),
    TOY_FUNCTION("dumps_plain", dumps_plain, "(obj, protocol=None, /)", 0, "The pickle of plain data; None if there is something else in it."),
    TOY_FUNCTION("loads_plain", loads_plain, "(data, otherwise, /)", 0, "The plain data of a pickle; the second argument if there is something else in it."),
    TOY_FUNCTION("pack_float", pack_float, "(x, /)", 0, "The float as eight bytes, highest first."),
    TOY_FUNCTION("unpack_float", unpack_float, "(data, /)", 0, "The float of eight bytes, highest first."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    return toy_module_add_type(t, module, toy_type_new(t, module, &pickle_buffer_spec, "pickle.PickleBuffer", NULL));
}

const ToyModule toy_module_pickle_plain = {.name = "_pickle_plain", .known_as = "_pickle", .doc = "The native part of pickle.", .functions = functions, .init = init};
