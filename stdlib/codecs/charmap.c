/* charmap.c - encodings that are a table: one byte, one character (mostly).
 *
 * What        charmap_decode, charmap_encode, charmap_build; the type EncodingMap.
 * How         Decoding by a str of up to 256 characters is an index; by any other mapping, a subscript for each byte. U+FFFE, None and a
 *             missing key mean that the byte has no meaning. An EncodingMap is the way back, in two stages: the upper bits of a
 *             character lead to a page of 128 bytes, the lower ones to its byte there.
 * GIL         held; mappings and error handlers may be scripts.
 * Read next   stdlib/lib/encodings/_charmaps.toy */
#include "stdlib/codecs/codecs.h"

static const char undefined[] = "character maps to <undefined>";
enum { NO_CHARACTER = 0xfffe };

/* ---- EncodingMap ---- */

enum { PAGE_BITS = 7, PAGE_SIZE = 1 << PAGE_BITS, PAGES_IN_BMP = 0x10000 >> PAGE_BITS, PAGES_MOST = 256 };

typedef struct EncodingMap {
    ToyObject head;
    uint8_t has_zero;                          /* the character NUL is byte 0; every other 0 in a page means: no such character */
    uint8_t page_of[PAGES_IN_BMP];             /* number of the page + 1; 0: none of its characters */
    size_t page_count;
    uint8_t (*pages)[PAGE_SIZE];
} EncodingMap;

static void encoding_map_free(ToyObject *self)
{
    EncodingMap *map = (EncodingMap *)self;
    toy_free(toy_thread(), map->pages, map->page_count * PAGE_SIZE);
}

static ToyValue encoding_map_size(ToyThread *t, ToyValue self, const ToyValue *args)
{
    EncodingMap *map = (EncodingMap *)toy_object(self);
    return toy_int(t, (int64_t)(sizeof *map + map->page_count * PAGE_SIZE));
}

static const ToyFunction encoding_map_methods[] = {
    TOY_FUNCTION("size", encoding_map_size, "($self, /)", TOY_LEAF, "The memory it takes, in bytes."),
    TOY_FUNCTIONS_END,
};

const ToyTypeSpec encoding_map_spec = {
    .doc = "A fast mapping of characters to bytes, made by charmap_build.",
    .size = sizeof(EncodingMap),
    .flags = TOY_TYPE_IS_FINAL | TOY_TYPE_NO_NEW,
    .methods = encoding_map_methods,
    .free = encoding_map_free,
};

/* The byte for [c], or -1. */
static int encoding_map_get(const EncodingMap *map, uint32_t c)
{
    if (c == 0) return map->has_zero ? 0 : -1;
    unsigned page = c < 0x10000 ? map->page_of[c >> PAGE_BITS] : 0;
    uint8_t byte = page ? map->pages[page - 1][c & (PAGE_SIZE - 1)] : 0;
    return byte ? byte : -1;
}

/* A dict for tables with characters beyond the first plane, or where byte 0 is not NUL. */
static ToyValue build_dict(ToyThread *t, ToyValue table, size_t length)
{
    ToyValue dict = toy_dict(t);
    for (size_t i = 0; !toy_failed(dict) && i < length; i++) {
        if (!toy_dict_set(t, dict, toy_small_int_value(toy_str_char(table, i)), toy_small_int_value((int64_t)i))) toy_clear(&dict);
    }
    return dict;
}

ToyValue charmap_build(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "charmap_build() argument must be str, not %N", args[0]);
    CodecsState *state = toy_module_state(self);
    size_t length = toy_str_length(args[0]);
    if (length > 256) length = 256;
    bool is_simple = length > 0 && toy_str_char(args[0], 0) == 0;
    for (size_t i = 1; is_simple && i < length; i++) {
        uint32_t c = toy_str_char(args[0], i);
        is_simple = c != 0 && c < 0x10000;
    }
    if (!is_simple) return build_dict(t, args[0], length);
    EncodingMap *map = (EncodingMap *)toy_type_alloc(t, state->encoding_map_type);
    if (!map) return TOY_FAILED;
    map->has_zero = 1;
    for (size_t i = 1; i < length; i++) {
        uint32_t c = toy_str_char(args[0], i);
        if (c != NO_CHARACTER && !map->page_of[c >> PAGE_BITS]) map->page_of[c >> PAGE_BITS] = (uint8_t)(++map->page_count < PAGES_MOST ? map->page_count : 0);
    }
    map->pages = toy_alloc(t, map->page_count * PAGE_SIZE + 1);
    if (!map->pages) {
        map->page_count = 0;
        toy_release(toy_value(map));
        return TOY_FAILED;
    }
    memset(map->pages, 0, map->page_count * PAGE_SIZE);
    for (size_t i = 1; i < length; i++) {
        uint32_t c = toy_str_char(args[0], i);
        if (c != NO_CHARACTER && map->page_of[c >> PAGE_BITS]) map->pages[map->page_of[c >> PAGE_BITS] - 1][c & (PAGE_SIZE - 1)] = (uint8_t)i;
    }
    return toy_value(map);
}

/* ---- asking any mapping ---- */

/* mapping[key]; UNBOUND with nothing raised: there is no such key, or it is None. */
static ToyValue ask_mapping(ToyThread *t, ToyValue mapping, uint32_t key)
{
    ToyValue v = toy_get_item(t, mapping, toy_small_int_value(key));
    if (toy_failed(v) && toy_raised_is(t, TOY_LookupError)) toy_raised_clear(t);
    return toy_is_none(v) ? TOY_UNBOUND : v;
}

/* ---- decoding ---- */

typedef enum Outcome { GOOD, UNDEFINED, RAISED } Outcome;

static Outcome decode_byte(ToyThread *t, ToyValue mapping, uint8_t byte, ToyText *text)
{
    if (toy_is_str(mapping)) {
        uint32_t c = byte < toy_str_length(mapping) ? toy_str_char(mapping, byte) : NO_CHARACTER;
        if (c == NO_CHARACTER) return UNDEFINED;
        toy_text_add_char(text, c);
        return GOOD;
    }
    ToyValue v = ask_mapping(t, mapping, byte);
    if (toy_is_unbound(v)) return toy_is_raised(t) ? RAISED : UNDEFINED;
    Outcome outcome = GOOD;
    if (toy_is_int(v)) {
        int64_t c;
        if (!toy_int_fits_int64(v, &c) || c < 0 || c > 0x10ffff) {
            toy_raise_type_error(t, "character mapping must be in range(0x110000)");
            outcome = RAISED;
        } else if (c == NO_CHARACTER) {
            outcome = UNDEFINED;
        } else {
            toy_text_add_char(text, (uint32_t)c);
        }
    } else if (toy_is_str(v)) {
        if (toy_str_length(v) == 1 && toy_str_char(v, 0) == NO_CHARACTER) outcome = UNDEFINED;
        else toy_text_add(text, v);
    } else {
        toy_raise_type_error(t, "character mapping must return integer, None or str");
        outcome = RAISED;
    }
    toy_release(v);
    return outcome;
}

/* [bytes] is owned here: the handler may exchange it. */
static ToyValue decode(ToyThread *t, TOY_TAKES ToyValue bytes, ToyValue mapping, const char *errors)
{
    ToyText text;
    toy_text_init(&text, t);
    size_t at = 0, length;
    const uint8_t *data = toy_bytes_data(bytes, &length);
    Outcome outcome = GOOD;
    while (outcome != RAISED && at < length && !text.has_failed) {
        outcome = decode_byte(t, mapping, data[at], &text);
        if (outcome == GOOD) at++;
        if (outcome != UNDEFINED) continue;
        ToyCodecError error = {"charmap", errors, bytes, at, at + 1, undefined};
        ToyValue replacement;
        if (toy_codec_ask_handler(t, &error, &replacement, &at)) {
            toy_text_add(&text, replacement);
            toy_release(replacement);
        } else {
            outcome = RAISED;
        }
        bytes = error.object;
        data = toy_bytes_data(bytes, &length);
    }
    toy_release(bytes);
    if (outcome != RAISED) return toy_text_finish(&text);
    toy_text_abandon(&text);
    return TOY_FAILED;
}

ToyValue charmap_decode(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *errors;
    if (!codec_errors_argument(t, "charmap_decode", args[1], &errors)) return TOY_FAILED;
    ToyBuffer data;
    if (!toy_buffer_get(t, args[0], &data, 0)) return TOY_FAILED;
    size_t length = data.length;
    ToyValue text;
    if (toy_is_given(args[2])) {
        ToyValue bytes = toy_bytes(t, data.data, length);
        text = toy_failed(bytes) ? TOY_FAILED : decode(t, bytes, args[2], errors);
    } else {
        text = toy_str_from_latin1(t, (const char *)data.data, length);
    }
    toy_buffer_release(t, &data);
    return codec_answer(t, text, length);
}

/* ---- encoding ---- */

typedef struct Encoder {
    ToyThread *t;
    ToyValue text, mapping;
    const EncodingMap *map;     /* the mapping, if it is one; else NULL */
    const char *errors;
    uint8_t *data;              /* what is done so far */
    size_t length, capacity;
} Encoder;

static bool add_bytes(Encoder *e, const uint8_t *bytes, size_t count)
{
    if (e->length + count > e->capacity) {
        size_t capacity = (e->length + count) + (e->length + count) / 2 + 16;
        uint8_t *data = toy_resize(e->t, e->data, e->capacity, capacity);
        if (!data) return false;
        e->data = data;
        e->capacity = capacity;
    }
    memcpy(e->data + e->length, bytes, count);
    e->length += count;
    return true;
}

static Outcome encode_character(Encoder *e, uint32_t c)
{
    if (e->map) {
        int byte = encoding_map_get(e->map, c);
        return byte < 0 ? UNDEFINED : add_bytes(e, &(uint8_t){(uint8_t)byte}, 1) ? GOOD : RAISED;
    }
    ToyValue v = ask_mapping(e->t, e->mapping, c);
    if (toy_is_unbound(v)) return toy_is_raised(e->t) ? RAISED : UNDEFINED;
    bool is_good = false;
    int64_t byte;
    size_t length;
    if (toy_is_int(v)) {
        if (toy_int_fits_int64(v, &byte) && byte >= 0 && byte <= 255) is_good = add_bytes(e, &(uint8_t){(uint8_t)byte}, 1);
        else toy_raise_type_error(e->t, "character mapping must be in range(256)");
    } else if (toy_is_bytes(v)) {
        const uint8_t *bytes = toy_bytes_data(v, &length);
        is_good = add_bytes(e, bytes, length);
    } else {
        toy_raise_type_error(e->t, "character mapping must return integer, bytes or None, not %T", v);
    }
    toy_release(v);
    return is_good ? GOOD : RAISED;
}

/* Where the row of characters without a byte ends that begins at [start]. What is good behind it is encoded once more by the caller. */
static bool find_end(Encoder *e, size_t start, size_t *end)
{
    size_t length = e->length;
    Outcome outcome = UNDEFINED;
    for (*end = start + 1; *end < toy_str_length(e->text); ++*end) {
        outcome = encode_character(e, toy_str_char(e->text, *end));
        if (outcome != UNDEFINED) break;
    }
    e->length = length;
    return outcome != RAISED;
}

/* Characters [at, end) have no byte. A handler's text must be encodable itself. */
static bool handle_error(Encoder *e, size_t *at)
{
    size_t end, start = *at;
    if (!find_end(e, start, &end)) return false;
    ToyCodecError error = {"charmap", e->errors, toy_retain(e->text), start, end, undefined};
    ToyValue replacement = TOY_UNBOUND;
    bool is_good = toy_codec_ask_handler(e->t, &error, &replacement, at);
    if (is_good && toy_is_bytes(replacement)) {
        size_t length;
        const uint8_t *bytes = toy_bytes_data(replacement, &length);
        is_good = add_bytes(e, bytes, length);
    } else if (is_good) {
        Outcome outcome = GOOD;
        for (size_t i = 0; outcome == GOOD && i < toy_str_length(replacement); i++)
            outcome = encode_character(e, toy_str_char(replacement, i));
        if (outcome == UNDEFINED) toy_raise_encode_error(e->t, "charmap", e->text, start, end, undefined);
        is_good = outcome == GOOD;
    }
    toy_release(error.object);
    toy_release(replacement);
    return is_good;
}

ToyValue charmap_encode(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const char *errors;
    if (!codec_text_argument(t, "charmap_encode", args[0]) || !codec_errors_argument(t, "charmap_encode", args[1], &errors)) return TOY_FAILED;
    size_t length = toy_str_length(args[0]);
    if (!toy_is_given(args[2])) return codec_answer(t, toy_str_encode_part(t, args[0], "latin-1", errors), length);
    CodecsState *state = toy_module_state(self);
    Encoder e = {.t = t, .text = args[0], .mapping = args[2], .errors = errors};
    if (toy_is_a(t, args[2], state->encoding_map_type)) e.map = (EncodingMap *)toy_object(args[2]);
    e.capacity = length + 16;
    e.data = toy_alloc(t, e.capacity);
    bool is_good = e.data != NULL;
    for (size_t at = 0; is_good && at < length;) {
        Outcome outcome = encode_character(&e, toy_str_char(args[0], at));
        if (outcome == GOOD) at++;
        is_good = outcome == GOOD || (outcome == UNDEFINED && handle_error(&e, &at));
    }
    ToyValue bytes = is_good ? toy_bytes(t, e.data, e.length) : TOY_FAILED;
    if (e.data) toy_free(t, e.data, e.capacity);
    return codec_answer(t, bytes, length);
}
