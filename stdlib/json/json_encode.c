/* json_encode.c - values to text: what json.dumps spends its time in.
 *
 * What        The type Encoder: (value, indent level) -> (text,), with the settings of a JSONEncoder.
 * How         Everything is written into one growing text. default() may run script code that changes the container it was called for:
 *             places are looked at anew each time, and what is being written is held.
 * Invariants  I1 the chain of Levels is what is being written around a value: a value that is in it contains itself. The chain is
 *             walked, as it is short; what lies deeper than NEAR_LEVELS is found in a set.
 * GIL         held; default() runs script code.
 * Read next   json_strings.c, stdlib/lib/json/encoder.toy */
#include "stdlib/json/json.h"

typedef struct Encoder {
    ToyObject head;
    ToyValue markers, default_function, encoder, indent, key_separator, item_separator;
    bool sorts_keys, skips_keys, allows_nan;
} Encoder;

typedef struct Level { ToyValue v; const struct Level *up; int depth; } Level;
enum { NEAR_LEVELS = 64 };

/* One call. */
typedef struct Encode {
    ToyThread *t;
    const Encoder *encoder;
    ToyText out;
    bool checks_circles, is_ascii, is_own;   /* is_own: string literals are written here, not by a function */
    int64_t depth;                           /* for the indent */
    const Level *last_near;                  /* the one of depth NEAR_LEVELS, while deeper ones exist */
    ToyValue far;                            /* set: addresses of what the deeper ones write; UNBOUND until needed */
} Encode;

static bool write_value(Encode *e, ToyValue v, const Level *up);

static void put(Encode *e, const char *ascii, size_t length)
{
    ToyText *out = &e->out;
    if (out->width == 1 && out->capacity - out->length >= length) {
        memcpy(out->data + out->length, ascii, length);
        out->length += length;
        out->widest |= 0x7f;
    } else {
        toy_text_add_ascii(out, ascii, length);
    }
}

static bool raise_circle(Encode *e) { return toy_raise_false(e->t, TOY_ValueError, "Circular reference detected"); }

static ToyValue address_of(ToyValue v) { return toy_small_int_value((int64_t)(v.bits >> 3)); }

/* Begins a level for the container. False: raised. After true comes leave(). */
static bool enter(Encode *e, Level *level)
{
    bool is_known = false;
    if (!e->checks_circles) return true;
    level->depth = level->up ? level->up->depth + 1 : 1;
    const Level *near = level->up;
    if (level->depth == NEAR_LEVELS) e->last_near = level;
    if (level->depth > NEAR_LEVELS) {
        near = e->last_near;
        if (toy_is_unbound(e->far) && toy_failed(e->far = toy_set(e->t, false))) return false;
        if (!toy_set_contains(e->t, e->far, address_of(level->v), &is_known)) return false;
    }
    for (; near && !is_known; near = near->up) is_known = toy_is_same(near->v, level->v);
    if (is_known) return raise_circle(e);
    return level->depth <= NEAR_LEVELS || toy_set_add(e->t, e->far, address_of(level->v));
}

static bool leave(Encode *e, const Level *level)
{
    bool was_there;
    return !e->checks_circles || level->depth <= NEAR_LEVELS || toy_set_discard(e->t, e->far, address_of(level->v), &was_there);
}

static void put_newline(Encode *e)
{
    if (toy_is_none(e->encoder->indent)) return;
    put(e, "\n", 1);
    for (int64_t i = 0; i < e->depth; i++) toy_text_add(&e->out, e->encoder->indent);
}

/* ---- numbers and strings ---- */

static bool write_string(Encode *e, ToyValue str)
{
    if (e->is_own) {
        json_write_string(&e->out, str, e->is_ascii);
        return !e->out.has_failed;
    }
    ToyValue text = toy_call1(e->t, e->encoder->encoder, str);
    bool done = !toy_failed(text) && (toy_is_str(text) || toy_raise_false(e->t, TOY_TypeError, "encoder() must return a string, not %T", text));
    if (done) toy_text_add(&e->out, text);
    toy_release(text);
    return done;
}

static size_t float_text(double d, char text[TOY_FLOAT_TEXT_MAX])
{
    if (__builtin_isfinite(d)) return toy_float_text(d, text);
    strcpy(text, __builtin_isnan(d) ? "NaN" : d < 0 ? "-Infinity" : "Infinity");
    return strlen(text);
}

static bool write_float(Encode *e, ToyValue v)
{
    char text[TOY_FLOAT_TEXT_MAX];
    double d = toy_float_read(v);
    if (!e->encoder->allows_nan && !__builtin_isfinite(d))
        return toy_raise_false(e->t, TOY_ValueError, "Out of range float values are not JSON compliant: %R", v);
    put(e, text, float_text(d, text));
    return true;
}

/* The digits of an int, also of a subclass's whose repr is another. */
static ToyValue int_text(ToyThread *t, ToyValue v)
{
    int64_t n;
    if (toy_int_fits_int64(v, &n)) return toy_str_format(t, "%lld", (long long)n);
    size_t length = toy_int_bit_length(v) / 8 + 1;
    uint8_t *bytes = toy_alloc(t, length);
    if (!bytes) return TOY_FAILED;
    ToyValue plain = toy_int_to_bytes(t, v, bytes, length, true, true) ? toy_int_from_bytes(t, bytes, length, true, true) : TOY_FAILED;
    toy_free(t, bytes, length);
    ToyValue text = toy_failed(plain) ? TOY_FAILED : toy_repr(t, plain);
    toy_release(plain);
    return text;
}

static bool write_int(Encode *e, ToyValue v)
{
    int64_t n;
    if (!toy_int_fits_int64(v, &n)) {
        ToyValue text = int_text(e->t, v);
        if (toy_failed(text)) return false;
        toy_text_add(&e->out, text);
        toy_release(text);
        return true;
    }
    char digits[24], *at = digits + sizeof digits;
    uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;
    do *--at = (char)('0' + left % 10);
    while (left /= 10);
    if (n < 0) *--at = '-';
    put(e, at, (size_t)(digits + sizeof digits - at));
    return true;
}

/* ---- arrays ---- */

/* [list] may be changed by default() while it is written: looked at anew each time. */
static bool write_items(Encode *e, ToyValue items, const Level *level)
{
    bool is_list = toy_is_list(items);
    for (size_t i = 0; i < (is_list ? toy_list_length(items) : toy_tuple_length(items)); i++) {
        if (i) toy_text_add(&e->out, e->encoder->item_separator);
        put_newline(e);
        ToyValue v = toy_retain(is_list ? toy_list_item(items, i) : toy_tuple_item(items, i));
        bool done = write_value(e, v, level);
        toy_release(v);
        if (!done) return false;
    }
    return true;
}

static bool write_array(Encode *e, ToyValue array, const Level *up)
{
    const ToyType *type = toy_type_of(e->t, array);
    bool is_plain = type == toy_builtin_type(e->t, TOY_KIND_LIST) || type == toy_builtin_type(e->t, TOY_KIND_TUPLE);
    ToyValue items = is_plain ? toy_retain(array) : toy_list_from(e->t, array);
    Level level = {array, up, 0};
    bool done = !toy_failed(items);
    if (done && (toy_is_list(items) ? toy_list_length(items) : toy_tuple_length(items)) == 0) {
        put(e, "[]", 2);
    } else if (done && (done = enter(e, &level))) {
        put(e, "[", 1);
        e->depth++;
        done = write_items(e, items, &level) && leave(e, &level);
        e->depth--;
        if (done) put_newline(e);
        put(e, "]", 1);
    }
    toy_release(items);
    return done;
}

/* ---- objects ---- */

/* *text: the str for a key that is none, owned; UNBOUND: it is left out. False: raised. */
static bool key_text(Encode *e, ToyValue key, ToyValue *text)
{
    *text = TOY_UNBOUND;
    if (toy_is_str(key)) {
        *text = toy_retain(key);
    } else if (toy_is_float(key)) {
        char digits[TOY_FLOAT_TEXT_MAX];
        double d = toy_float_read(key);
        if (!e->encoder->allows_nan && !__builtin_isfinite(d))
            return toy_raise_false(e->t, TOY_ValueError, "Out of range float values are not JSON compliant: %R", key);
        *text = toy_str_from_utf8(e->t, digits, float_text(d, digits));
    } else if (toy_is_bool(key) || toy_is_none(key)) {
        *text = toy_str(e->t, toy_is_none(key) ? "null" : toy_is_true(key) ? "true" : "false");
    } else if (toy_is_int(key)) {
        *text = int_text(e->t, key);
    } else {
        return e->encoder->skips_keys || toy_raise_false(e->t, TOY_TypeError, "keys must be str, int, float, bool or None, not %T", key);
    }
    return toy_is_bound(*text);
}

static bool write_pair(Encode *e, ToyValue key, ToyValue value, bool *is_first, const Level *level)
{
    ToyValue text;
    if (!key_text(e, key, &text)) return false;
    if (toy_is_unbound(text)) return true;
    if (!*is_first) toy_text_add(&e->out, e->encoder->item_separator);
    *is_first = false;
    put_newline(e);
    bool done = write_string(e, text);
    toy_release(text);
    if (!done) return false;
    toy_text_add(&e->out, e->encoder->key_separator);
    return write_value(e, value, level);
}

/* The pairs of an exact dict, as they are when their turn comes. */
static bool write_plain_dict(Encode *e, ToyValue dict, const Level *level)
{
    size_t position = 0;
    ToyValue key, value;
    bool done = true, is_first = true;
    while (done && toy_dict_next(dict, &position, &key, &value)) {
        toy_retain(key);
        toy_retain(value);
        done = write_pair(e, key, value, &is_first, level);
        toy_release(key);
        toy_release(value);
    }
    return done;
}

static ToyValue items_of(Encode *e, ToyValue dict)
{
    ToyValue items = toy_call_method(e->t, dict, "items", NULL, 0);
    ToyValue list = toy_failed(items) ? TOY_FAILED : toy_list_from(e->t, items);
    toy_release(items);
    if (!toy_failed(list) && e->encoder->sorts_keys && !toy_list_sort(e->t, list)) toy_clear(&list);
    return list;
}

static bool write_pairs(Encode *e, ToyValue dict, const Level *level)
{
    bool done = true, is_first = true, is_plain = toy_type_of(e->t, dict) == toy_builtin_type(e->t, TOY_KIND_DICT);
    if (is_plain && !e->encoder->sorts_keys) return write_plain_dict(e, dict, level);
    ToyValue list = items_of(e, dict);
    if (toy_failed(list)) return false;
    for (size_t i = 0; done && i < toy_list_length(list); i++) {
        ToyValue pair = toy_retain(toy_list_item(list, i));
        done = (toy_is_tuple(pair) && toy_tuple_length(pair) == 2) || toy_raise_false(e->t, TOY_ValueError, "items must return 2-tuples");
        done = done && write_pair(e, toy_tuple_item(pair, 0), toy_tuple_item(pair, 1), &is_first, level);
        toy_release(pair);
    }
    toy_release(list);
    return done;
}

static bool write_object(Encode *e, ToyValue dict, const Level *up)
{
    if (toy_dict_length(dict) == 0) {
        put(e, "{}", 2);
        return true;
    }
    Level level = {dict, up, 0};
    if (!enter(e, &level)) return false;
    put(e, "{", 1);
    e->depth++;
    bool done = write_pairs(e, dict, &level) && leave(e, &level);
    e->depth--;
    if (done) put_newline(e);
    put(e, "}", 1);
    return done;
}

/* ---- any value ---- */

/* What has no form in JSON: default() says what to write instead. */
static bool write_other(Encode *e, ToyValue v, const Level *up)
{
    Level level = {v, up, 0};
    if (!enter(e, &level)) return false;
    ToyValue instead = toy_call1(e->t, e->encoder->default_function, v);
    bool done = !toy_failed(instead) && write_value(e, instead, &level) && leave(e, &level);
    toy_release(instead);
    return done;
}

static bool write_value(Encode *e, ToyValue v, const Level *up)
{
    if (toy_is_small_int(v)) return write_int(e, v);
    if (toy_is_str(v)) return write_string(e, v);
    if (toy_is_none(v) || toy_is_bool(v)) {
        const char *word = toy_is_none(v) ? "null" : toy_is_true(v) ? "true" : "false";
        put(e, word, strlen(word));
        return true;
    }
    if (toy_is_float(v)) return write_float(e, v);
    if (toy_is_int(v)) return write_int(e, v);
    if (toy_stack_is_exhausted(e->t, " while encoding a JSON object")) return false;
    if (toy_is_list(v) || toy_is_tuple(v)) return write_array(e, v, up);
    if (toy_is_dict(v)) return write_object(e, v, up);
    return write_other(e, v, up);
}

/* ---- the type ---- */

static Encoder *as_encoder(ToyValue v) { return (Encoder *)toy_object(v); }

static ToyValue encoder_call(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"obj", "_current_indent_level", NULL};
    static const ToyParameters parameters = {"_iterencode", parameter_names, 0, 2, 2};
    const Encoder *encoder = as_encoder(self);
    const ToyFunction *row = toy_function_row(encoder->encoder);
    ToyValue given[2];
    Encode e = {.t = t, .encoder = encoder, .checks_circles = !toy_is_none(encoder->markers), .is_ascii = row == &json_functions[ROW_ENCODE_ASCII]};
    e.is_own = e.is_ascii || row == &json_functions[ROW_ENCODE_ANY];
    if (!toy_arguments_sort(t, &parameters, args, count, names, given) || !toy_arg_size(t, given[1], &e.depth)) return TOY_FAILED;
    toy_text_init(&e.out, t);
    bool done = write_value(&e, given[0], NULL);
    toy_release(e.far);
    if (done) return toy_tuple(t, toy_text_finish(&e.out));
    toy_text_abandon(&e.out);
    return TOY_FAILED;
}

static bool check_str(ToyThread *t, ToyValue v, int place)
{
    return toy_is_str(v) || toy_raise_false(t, TOY_TypeError, "make_encoder() argument %d must be str, not %T", place, v);
}

static ToyValue encoder_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"markers", "default", "encoder", "indent", "key_separator", "item_separator", "sort_keys", "skipkeys",
                                                  "allow_nan", NULL};
    static const ToyParameters parameters = {"make_encoder", parameter_names, 0, 9, 9};
    ToyValue given[9];
    if (!toy_arguments_sort(t, &parameters, args, count, names, given)) return TOY_FAILED;
    if (!check_str(t, given[4], 5) || !check_str(t, given[5], 6)) return TOY_FAILED;
    bool sorts = false, skips = false, allows = false;
    if (!toy_truth(t, given[6], &sorts) || !toy_truth(t, given[7], &skips) || !toy_truth(t, given[8], &allows)) return TOY_FAILED;
    if (!toy_is_none(given[0]) && !toy_is_dict(given[0]))
        return toy_raise_type_error(t, "make_encoder() argument 1 must be dict or None, not %T", given[0]);
    if (!toy_is_none(given[3]) && !check_str(t, given[3], 4)) return TOY_FAILED;
    Encoder *encoder = (Encoder *)toy_type_alloc(t, type);
    if (!encoder) return TOY_FAILED;
    encoder->sorts_keys = sorts;
    encoder->skips_keys = skips;
    encoder->allows_nan = allows;
    ToyValue *places[] = {&encoder->markers, &encoder->default_function, &encoder->encoder, &encoder->indent, &encoder->key_separator, &encoder->item_separator};
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) *places[i] = toy_retain(given[i]);
    return toy_value(encoder);
}

#define EACH_VALUE(X) X(markers) X(default_function) X(encoder) X(indent) X(key_separator) X(item_separator)
static void encoder_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const Encoder *encoder = (Encoder *)self;
#define VISIT(name) toy_visit(encoder->name, visit, context);
    EACH_VALUE(VISIT)
}
static void encoder_free(ToyObject *self)
{
    Encoder *encoder = (Encoder *)self;
#define CLEAR(name) toy_clear(&encoder->name);
    EACH_VALUE(CLEAR)
}
/* Of what can be part of a cycle; the rest is strs, and needed until the end. */
static void encoder_clear(ToyObject *self)
{
    Encoder *encoder = (Encoder *)self;
    toy_replace(&encoder->markers, TOY_NONE);
    toy_replace(&encoder->default_function, TOY_NONE);
    toy_replace(&encoder->encoder, TOY_NONE);
}

#define MEMBER(name_, kind_, field_) {name_, kind_, offsetof(Encoder, field_), true, name_}
static const ToyMember encoder_members[] = {
    MEMBER("markers", MEMBER_VALUE, markers), MEMBER("default", MEMBER_VALUE, default_function), MEMBER("encoder", MEMBER_VALUE, encoder),
    MEMBER("indent", MEMBER_VALUE, indent), MEMBER("key_separator", MEMBER_VALUE, key_separator),
    MEMBER("item_separator", MEMBER_VALUE, item_separator), MEMBER("sort_keys", MEMBER_BOOL, sorts_keys),
    MEMBER("skipkeys", MEMBER_BOOL, skips_keys), {NULL, MEMBER_VALUE, 0, true, NULL},
};
const ToyTypeSpec json_encoder_spec = {
    .doc = "Writes a value as text, with the settings of a JSONEncoder.",
    .signature = "(markers, default, encoder, indent, key_separator, item_separator, sort_keys, skipkeys, allow_nan)",
    .size = sizeof(Encoder), .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.call = encoder_call, .new_instance = encoder_new}, .members = encoder_members,
    .traverse = encoder_traverse, .clear = encoder_clear, .free = encoder_free,
};
