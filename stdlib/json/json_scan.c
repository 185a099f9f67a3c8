/* json_scan.c - text to values: what json.loads spends its time in.
 *
 * What        The type Scanner: (text, index) -> (value, index behind it), with the hooks of a JSONDecoder.
 * How         Recursive descent over the characters. A key that was met before is found again by its bytes, without making a str.
 *             Numbers of few digits are computed here, exactly; others go to the machine's own readers.
 * Invariants  I1 a function that reads something stands behind it when it returns, or has raised.
 *             I2 StopIteration(index) says that no value begins there; JSONDecoder makes an error of it.
 * GIL         held; hooks run script code.
 * Read next   json_strings.c, stdlib/lib/json/decoder.toy */
#include "stdlib/json/json.h"

typedef struct Scanner {
    ToyObject head;
    bool is_strict;
    ToyValue object_hook, object_pairs_hook, parse_float, parse_int, parse_constant;   /* the first four UNBOUND where nobody wants to be asked */
} Scanner;

typedef struct Key { uint64_t hash; ToyValue str; } Key;

/* One call. */
typedef struct Scan {
    ToyThread *t;
    const Scanner *scanner;
    ToyValue str;
    Characters text;
    size_t at;
    Key *keys;                 /* open addressing, [key_places] of them, a power of two or none; owns the strs */
    size_t key_count, key_places;
} Scan;

static uint32_t peek(const Scan *s) { return s->at < s->text.length ? character_at(&s->text, s->at) : UINT32_MAX; }
static uint32_t peek_at(const Scan *s, size_t i) { return i < s->text.length ? character_at(&s->text, i) : UINT32_MAX; }

static void skip_blanks(Scan *s)
{
    for (uint32_t c = peek(s); c == ' ' || c == '\n' || c == '\t' || c == '\r'; c = peek(s)) s->at++;
}

static ToyValue raise_at(Scan *s, const char *what, size_t at) { return json_raise(s->t, what, s->str, at); }

static ToyValue raise_nothing_at(Scan *s, size_t at)   /* I2 */
{
    ToyValue place = toy_int(s->t, (int64_t)at);
    if (toy_failed(place)) return TOY_FAILED;
    toy_raise_with(s->t, TOY_StopIteration, place);
    toy_release(place);
    return TOY_FAILED;
}

/* ---- keys ---- */

static uint64_t hash_bytes(const uint8_t *data, size_t length)
{
    uint64_t hash = length, word;
    for (; length >= 8; length -= 8, data += 8) {
        memcpy(&word, data, 8);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    word = 0;
    memcpy(&word, data, length);
    hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
    return hash ^ hash >> 32;
}

/* Where a key of these characters is, or would be. */
static Key *key_place(const Scan *s, uint64_t hash, const void *data, unsigned width, size_t length)
{
    for (size_t i = hash & (s->key_places - 1);; i = (i + 1) & (s->key_places - 1)) {
        Key *key = &s->keys[i];
        if (toy_is_unbound(key->str)) return key;
        Characters known = characters_of(key->str);
        if (key->hash == hash && known.width == width && known.length == length && memcmp(known.data, data, width * length) == 0) return key;
    }
}

static bool grow_keys(Scan *s)
{
    Key *old = s->keys;
    size_t old_places = s->key_places, places = old_places ? old_places * 2 : 32;
    Key *keys = toy_alloc(s->t, places * sizeof *keys);
    if (!keys) return false;
    memset(keys, 0, places * sizeof *keys);
    s->keys = keys;
    s->key_places = places;
    for (size_t i = 0; i < old_places; i++) {
        if (toy_is_unbound(old[i].str)) continue;
        Characters known = characters_of(old[i].str);
        *key_place(s, old[i].hash, known.data, known.width, known.length) = old[i];
    }
    if (old) toy_free(s->t, old, old_places * sizeof *old);
    return true;
}

/* The key that begins behind the quote at s->at. Equal keys are one object. */
static ToyValue read_key(Scan *s)
{
    uint32_t any;
    size_t start = s->at + 1, end = json_plain_end(&s->text, start, s->scanner->is_strict, &any);
    ToyValue str = TOY_UNBOUND;
    Characters written = {(const uint8_t *)s->text.data + start, 1, end - start};
    if (s->key_count * 2 >= s->key_places && !grow_keys(s)) return TOY_FAILED;
    if (end == SIZE_MAX || s->text.width != 1) {   /* only now is it known how wide they are */
        str = json_read_string(s->t, s->str, &s->text, start, s->scanner->is_strict, &s->at);
        if (toy_failed(str)) return TOY_FAILED;
        written = characters_of(str);
    }
    uint64_t hash = hash_bytes(written.data, written.length * written.width);
    Key *key = key_place(s, hash, written.data, written.width, written.length);
    if (toy_is_unbound(key->str)) {
        if (toy_is_unbound(str)) str = json_read_string(s->t, s->str, &s->text, start, s->scanner->is_strict, &s->at);
        if (toy_failed(str)) return TOY_FAILED;
        *key = (Key){hash, str};
        s->key_count++;
    } else {
        if (toy_is_unbound(str)) s->at = end + 1;
        toy_release(str);
    }
    return toy_retain(key->str);
}

/* ---- numbers ---- */

static bool is_digit(uint32_t c) { return c >= '0' && c <= '9'; }

/* ASCII characters of the text as a C string in *owned (to be freed) or [room]. */
static char *copy_ascii(Scan *s, size_t start, size_t end, char *room, size_t room_size, char **owned)
{
    size_t length = end - start;
    *owned = NULL;
    char *copy = room;
    if (length >= room_size && !(copy = *owned = toy_alloc(s->t, length + 1))) return NULL;
    for (size_t i = 0; i < length; i++) copy[i] = (char)character_at(&s->text, start + i);
    copy[length] = 0;
    return copy;
}

static ToyValue call_with_slice(Scan *s, ToyValue callee, size_t start, size_t end)
{
    ToyValue text = toy_str_slice(s->t, s->str, start, end);
    ToyValue v = toy_failed(text) ? TOY_FAILED : toy_call1(s->t, callee, text);
    toy_release(text);
    return v;
}

/* mantissa * 10**exponent, where both are exact as doubles, so that one rounding is all there is; false: not so. */
static bool is_simple_float(uint64_t mantissa, int digits, int exponent, double *d)
{
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    if (digits > 15 || exponent < -22 || exponent > 22) return false;
    *d = exponent < 0 ? (double)mantissa / powers[-exponent] : (double)mantissa * powers[exponent];
    return true;
}

static ToyValue finish_number(Scan *s, size_t start, size_t end, bool is_float, bool is_negative, uint64_t mantissa, int digits, int exponent)
{
    enum { SMALL_DIGITS = 18 };
    char room[64], *owned;
    double d;
    ToyValue hook = is_float ? s->scanner->parse_float : s->scanner->parse_int;
    s->at = end;
    if (toy_is_bound(hook)) return call_with_slice(s, hook, start, end);
    if (!is_float && digits <= SMALL_DIGITS) return toy_int(s->t, is_negative ? -(int64_t)mantissa : (int64_t)mantissa);
    if (is_float && is_simple_float(mantissa, digits, exponent, &d)) return toy_float(s->t, is_negative ? -d : d);
    char *text = copy_ascii(s, start, end, room, sizeof room, &owned);
    if (!text) return TOY_FAILED;
    ToyValue v = TOY_FAILED;
    if (!is_float) v = toy_int_from_text(s->t, text, 10);
    else if (toy_float_parse(text, &d)) v = toy_float(s->t, d);
    if (owned) toy_free(s->t, owned, end - start + 1);
    return v;
}

/* Digits from *at on are added to the mantissa. Beyond 19 they do not fit, and digits says so. */
static void read_digits(Scan *s, size_t *at, uint64_t *mantissa, int *digits)
{
    for (uint32_t c; is_digit(c = peek_at(s, *at)); (*at)++) {
        if (*digits < 19) *mantissa = *mantissa * 10 + (c - '0');
        if (*mantissa) (*digits) += *digits < 1000;   /* leading zeros do not count */
    }
}

static ToyValue read_number(Scan *s)
{
    size_t start = s->at, at = start;
    uint64_t mantissa = 0;
    int digits = 0, exponent = 0;
    bool is_float = false, is_negative = peek_at(s, at) == '-';
    at += is_negative;
    if (!is_digit(peek_at(s, at))) return raise_nothing_at(s, start);
    if (peek_at(s, at) == '0') at++;   /* nothing may follow a zero but a point or an exponent */
    else read_digits(s, &at, &mantissa, &digits);
    if (peek_at(s, at) == '.' && is_digit(peek_at(s, at + 1))) {
        size_t point = at++;
        is_float = true;
        read_digits(s, &at, &mantissa, &digits);
        exponent = at - point - 1 > 1000 ? -1000 : -(int)(at - point - 1);
    }
    if ((peek_at(s, at) | 0x20) == 'e') {
        size_t power = at + 1;
        bool is_small = peek_at(s, power) == '-';
        power += is_small || peek_at(s, power) == '+';
        if (is_digit(peek_at(s, power))) {
            int value = 0;
            for (is_float = true; is_digit(peek_at(s, power)); power++)
                if (value < 10000) value = value * 10 + (int)(peek_at(s, power) - '0');
            exponent += is_small ? -value : value;
            at = power;
        }
    }
    return finish_number(s, start, at, is_float, is_negative, mantissa, digits, exponent);
}

/* ---- constants ---- */

static bool has_word(const Scan *s, const char *word)
{
    for (size_t i = s->at; *word; i++, word++)
        if (peek_at(s, i) != (uint8_t)*word) return false;
    return true;
}

/* true, false, null; and by parse_constant NaN and the infinities, which JSON does not have. UNBOUND: none of them. */
static ToyValue read_word(Scan *s)
{
    static const char *const words[] = {"true", "false", "null", "NaN", "Infinity", "-Infinity"};
    const ToyValue constants[] = {TOY_TRUE, TOY_FALSE, TOY_NONE};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!has_word(s, words[i])) continue;
        size_t start = s->at;
        s->at += strlen(words[i]);
        return i < sizeof constants / sizeof *constants ? constants[i] : call_with_slice(s, s->scanner->parse_constant, start, s->at);
    }
    return TOY_UNBOUND;
}

/* ---- containers ---- */

static ToyValue read_value(Scan *s);

/* Behind an item: 1 another one follows (s->at there), 0 the end (s->at behind it), -1 raised. */
static int after_item(Scan *s, uint32_t closing, const char *trailing)
{
    skip_blanks(s);
    if (peek(s) == closing) {
        s->at++;
        return 0;
    }
    if (peek(s) != ',') return (raise_at(s, "Expecting ',' delimiter", s->at), -1);
    size_t comma = s->at++;
    skip_blanks(s);
    if (peek(s) != closing) return 1;
    raise_at(s, trailing, comma);
    return -1;
}

static ToyValue read_array(Scan *s)
{
    if (toy_stack_is_exhausted(s->t, " while decoding a JSON array from a unicode string")) return TOY_FAILED;
    ToyValue list = toy_list(s->t);
    if (toy_failed(list)) return TOY_FAILED;
    s->at++;
    skip_blanks(s);
    int more = peek(s) != ']';
    if (!more) s->at++;
    while (more > 0) more = toy_list_append_take(s->t, list, read_value(s)) ? after_item(s, ']', "Illegal trailing comma before end of array") : -1;
    if (more == 0) return list;
    toy_release(list);
    return TOY_FAILED;
}

/* A key and its value, put into [into]: a dict, or a list of pairs. */
static bool read_pair(Scan *s, ToyValue into, bool is_pairs)
{
    if (peek(s) != '"') return (raise_at(s, "Expecting property name enclosed in double quotes", s->at), false);
    ToyValue key = read_key(s), value = TOY_FAILED;
    if (toy_failed(key)) return false;
    skip_blanks(s);
    if (peek(s) == ':') {
        s->at++;
        skip_blanks(s);
        value = read_value(s);
    } else {
        raise_at(s, "Expecting ':' delimiter", s->at);
    }
    if (toy_failed(value)) {
        toy_release(key);
        return false;
    }
    if (is_pairs) return toy_list_append_take(s->t, into, toy_tuple(s->t, key, value));
    bool done = toy_dict_set(s->t, into, key, value);
    toy_release(key);
    toy_release(value);
    return done;
}

static ToyValue read_object(Scan *s)
{
    if (toy_stack_is_exhausted(s->t, " while decoding a JSON object from a unicode string")) return TOY_FAILED;
    bool is_pairs = toy_is_bound(s->scanner->object_pairs_hook);
    ToyValue made = is_pairs ? toy_list(s->t) : toy_dict(s->t), hook = is_pairs ? s->scanner->object_pairs_hook : s->scanner->object_hook;
    if (toy_failed(made)) return TOY_FAILED;
    s->at++;
    skip_blanks(s);
    int more = peek(s) != '}';
    if (!more) s->at++;
    while (more > 0) more = read_pair(s, made, is_pairs) ? after_item(s, '}', "Illegal trailing comma before end of object") : -1;
    ToyValue result = more < 0 ? TOY_FAILED : toy_is_bound(hook) ? toy_call1(s->t, hook, made) : toy_retain(made);
    toy_release(made);
    return result;
}

static ToyValue read_value(Scan *s)
{
    ToyValue word;
    switch (peek(s)) {
    case '"': return json_read_string(s->t, s->str, &s->text, s->at + 1, s->scanner->is_strict, &s->at);
    case '{': return read_object(s);
    case '[': return read_array(s);
    case '-':
        if (peek_at(s, s->at + 1) != 'I') return read_number(s);
        __attribute__((fallthrough));
    case 't': case 'f': case 'n': case 'N': case 'I':
        word = read_word(s);
        return toy_is_bound(word) || toy_is_raised(s->t) ? word : raise_nothing_at(s, s->at);
    default: return read_number(s);
    }
}

/* ---- the type ---- */

static Scanner *as_scanner(ToyValue v) { return (Scanner *)toy_object(v); }

static ToyValue scanner_call(ToyThread *t, ToyValue self, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"string", "idx", NULL};
    static const ToyParameters parameters = {"scan_once", parameter_names, 0, 2, 2};
    ToyValue given[2];
    int64_t start = 0;
    if (!toy_arguments_sort(t, &parameters, args, count, names, given) || !toy_arg_size(t, given[1], &start)) return TOY_FAILED;
    if (!toy_is_str(given[0])) return toy_raise_type_error(t, "first argument must be a string, not %T", given[0]);
    if (start < 0) return toy_raise_value_error(t, "idx cannot be negative");
    Scan s = {.t = t, .scanner = as_scanner(self), .str = given[0], .text = characters_of(given[0]), .at = (size_t)start};
    ToyValue v = s.at < s.text.length ? read_value(&s) : raise_nothing_at(&s, s.at);
    for (size_t i = 0; i < s.key_places; i++) toy_release(s.keys[i].str);
    if (s.keys) toy_free(t, s.keys, s.key_places * sizeof *s.keys);
    return toy_failed(v) ? TOY_FAILED : toy_tuple(t, v, toy_int(t, (int64_t)s.at));
}

/* An attribute of the decoder; [usual] itself, or None: UNBOUND. */
static bool take_hook(ToyThread *t, ToyValue context, const char *name, ToyType *usual, ToyValue *hook)
{
    ToyValue v = toy_get_attribute(t, context, name);
    if (toy_failed(v)) return false;
    if (toy_is_none(v) || (usual && toy_is_same(v, toy_type_value(usual)))) toy_clear(&v);
    *hook = v;
    return true;
}

static ToyValue scanner_new(ToyThread *t, ToyType *type, const ToyValue *args, size_t count, ToyTuple *names)
{
    static const char *const parameter_names[] = {"context", NULL};
    static const ToyParameters parameters = {"make_scanner", parameter_names, 0, 1, 1};
    ToyValue context;
    if (!toy_arguments_sort(t, &parameters, args, count, names, &context)) return TOY_FAILED;
    Scanner *scanner = (Scanner *)toy_type_alloc(t, type);
    if (!scanner) return TOY_FAILED;
    ToyValue strict = toy_get_attribute(t, context, "strict");
    bool done = !toy_failed(strict) && toy_truth(t, strict, &scanner->is_strict) && take_hook(t, context, "object_hook", NULL, &scanner->object_hook) &&
                take_hook(t, context, "object_pairs_hook", NULL, &scanner->object_pairs_hook) &&
                take_hook(t, context, "parse_float", toy_builtin_type(t, TOY_KIND_FLOAT), &scanner->parse_float) &&
                take_hook(t, context, "parse_int", toy_builtin_type(t, TOY_KIND_INT), &scanner->parse_int) &&
                !toy_failed(scanner->parse_constant = toy_get_attribute(t, context, "parse_constant"));
    toy_release(strict);
    if (done) return toy_value(scanner);
    toy_release(toy_value(scanner));
    return TOY_FAILED;
}

#define EACH_HOOK(X) X(object_hook) X(object_pairs_hook) X(parse_float) X(parse_int) X(parse_constant)
static void scanner_traverse(ToyObject *self, ToyVisit visit, void *context)
{
    const Scanner *scanner = (Scanner *)self;
#define VISIT(name) toy_visit(scanner->name, visit, context);
    EACH_HOOK(VISIT)
}
static void scanner_clear(ToyObject *self)
{
    Scanner *scanner = (Scanner *)self;
#define CLEAR(name) toy_clear(&scanner->name);
    EACH_HOOK(CLEAR)
}

static ToyValue get_strict(ToyThread *t, ToyValue self) { return toy_bool(as_scanner(self)->is_strict); }
static ToyValue hook_or(ToyValue hook, ToyValue usual) { return toy_retain(toy_is_bound(hook) ? hook : usual); }
static ToyValue get_object_hook(ToyThread *t, ToyValue self) { return hook_or(as_scanner(self)->object_hook, TOY_NONE); }
static ToyValue get_pairs_hook(ToyThread *t, ToyValue self) { return hook_or(as_scanner(self)->object_pairs_hook, TOY_NONE); }
static ToyValue get_parse_float(ToyThread *t, ToyValue self)
{
    return hook_or(as_scanner(self)->parse_float, toy_type_value(toy_builtin_type(t, TOY_KIND_FLOAT)));
}
static ToyValue get_parse_int(ToyThread *t, ToyValue self) { return hook_or(as_scanner(self)->parse_int, toy_type_value(toy_builtin_type(t, TOY_KIND_INT))); }
static ToyValue get_parse_constant(ToyThread *t, ToyValue self) { return hook_or(as_scanner(self)->parse_constant, TOY_NONE); }

static const ToyGetSet scanner_getsets[] = {
    {"strict", get_strict, NULL, "strict"},
    {"object_hook", get_object_hook, NULL, "object_hook"},
    {"object_pairs_hook", get_pairs_hook, NULL, "object_pairs_hook"},
    {"parse_float", get_parse_float, NULL, "parse_float"},
    {"parse_int", get_parse_int, NULL, "parse_int"},
    {"parse_constant", get_parse_constant, NULL, "parse_constant"},
    {NULL, NULL, NULL, NULL},
};
const ToyTypeSpec json_scanner_spec = {
    .doc = "Reads the value at an index of a text, with the settings of a JSONDecoder.", .signature = "(context)",
    .size = sizeof(Scanner), .flags = TOY_TYPE_IS_CONTAINER,
    .slots = {.call = scanner_call, .new_instance = scanner_new}, .getsets = scanner_getsets,
    .traverse = scanner_traverse, .clear = scanner_clear, .free = scanner_clear,
};
