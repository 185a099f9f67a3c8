/* plain_reader.c - loads for plain data and for instances that are their attributes.
 *
 * What        plain_loads; plain_find, which the writer needs too.
 * How         A machine with a stack and a memo, as in _unpickler.toy. Classes are those of modules that are loaded already.
 * Invariants  those of plain.h
 * GIL         held throughout.
 * Read next   plain_writer.c, stdlib/lib/_unpickler.toy */
#include "stdlib/pickle/plain.h"

ToyValue plain_find(ToyThread *t, ToyValue modules, ToyValue module_name, ToyValue name)
{
    ToyValue module = TOY_UNBOUND, dict = TOY_UNBOUND, found = TOY_UNBOUND;
    bool done = toy_is_dict(modules) && toy_dict_get(t, modules, module_name, &module) && toy_is_bound(module) &&
                toy_type_of(t, module) == toy_builtin_type(t, TOY_KIND_MODULE);
    if (done) dict = toy_get_attribute(t, module, "__dict__");
    done = done && toy_is_dict(dict) && toy_dict_get(t, dict, name, &found);
    toy_release(module);
    toy_release(dict);
    /* Of classes with a metaclass of their own we know nothing. */
    if (done && toy_is_bound(found) && toy_type_of(t, found) == toy_builtin_type(t, TOY_KIND_TYPE)) return found;
    toy_release(found);
    toy_raised_clear(t);
    return TOY_UNBOUND;
}

typedef struct Values { ToyValue *items; size_t count, capacity; } Values;

typedef struct Reader {
    ToyThread *t;
    const uint8_t *at, *end;
    Values stack, memo;       /* own what they hold; the stack's marks are TOY_END, which nothing else is */
    ToyValue modules;         /* sys.modules; asked for at the first class */
    bool has_instances;       /* then hashing may run a script's code */
    const ToyType *plain;     /* the last class that was found to be plain */
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

/* I1: may it be hashed, and compared, by us? */
static bool is_key(const Reader *r, ToyValue v)
{
    return !r->has_instances || !toy_is_object(v) || toy_is_str(v) || toy_is_bytes(v) || toy_is_int(v) || toy_is_float(v);
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
        if (kind != 'l' && !is_key(r, v)) return false;
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
    for (size_t i = mark + 1; done && i < r->stack.count; i++) done = is_key(r, r->stack.items[i]) && toy_set_add(r->t, set, r->stack.items[i]);
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

/* ---- classes and their instances ---- */

static bool push_class(Reader *r)
{
    const ToyValue *name = top(r, 0), *module = top(r, 1);
    if (!module || !toy_is_str(*name) || !toy_is_str(*module)) return false;
    if (toy_is_unbound(r->modules)) r->modules = toy_sys_get(r->t, "modules");
    ToyValue class = plain_find(r->t, r->modules, *module, *name);
    if (toy_is_unbound(class)) return false;
    drop_to(r, r->stack.count - 2);
    return push(r, class);
}

static bool is_plain(Reader *r, ToyType *type)
{
    if (type == r->plain) return true;
    if (!toy_type_is_plain(r->t, type)) return false;
    r->plain = type;
    return true;
}

static bool make_instance(Reader *r)
{
    const ToyValue *args = top(r, 0), *class = top(r, 1);
    if (!class || !toy_is_type(*class) || !toy_is_tuple(*args) || toy_tuple_length(*args)) return false;
    if (!is_plain(r, (ToyType *)toy_object(*class))) return false;
    ToyObject *instance = toy_type_alloc(r->t, (ToyType *)toy_object(*class));
    if (!instance) return false;
    r->has_instances = true;
    drop_to(r, r->stack.count - 2);
    return push(r, toy_value(instance));
}

/* The dict's items become the instance's attributes. */
static bool build(Reader *r)
{
    const ToyValue *state = top(r, 0), *instance = top(r, 1);
    size_t position = 0;
    ToyValue name, value;
    if (!instance || !toy_is_object(*instance) || !toy_is_dict(*state) || !is_plain(r, toy_type_of(r->t, *instance))) return false;
    while (toy_dict_next(*state, &position, &name, &value)) {
        if (!toy_is_str(name)) return false;
        ToyValue interned = toy_str_intern(r->t, toy_retain(name));
        bool done = !toy_failed(interned) && toy_instance_set(r->t, *instance, interned, value);
        toy_release(interned);
        if (!done) return false;
    }
    drop_to(r, r->stack.count - 1);
    return true;
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
    case 0x93: return push_class(r);
    case 0x81: return make_instance(r);
    case 'b': return build(r);
    default: return false;
    }
}

ToyValue plain_loads(ToyThread *t, ToyValue bytes)
{
    size_t length;
    if (!toy_is_bytes(bytes)) return TOY_NOT_IMPLEMENTED;
    const uint8_t *data = toy_bytes_data(bytes, &length);
    Reader r = {.t = t, .at = data, .end = data + length};
    bool done = true;
    while (done && r.at < r.end && *r.at != '.') done = step(&r, *r.at++);
    ToyValue answer = done && r.at < r.end && r.stack.count == 1 && top(&r, 0) ? toy_retain(r.stack.items[0]) : TOY_NOT_IMPLEMENTED;
    values_free(t, &r.stack);
    values_free(t, &r.memo);
    toy_release(r.modules);
    toy_raised_clear(t);   /* I2 */
    return answer;
}
