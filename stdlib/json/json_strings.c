/* json_strings.c - string literals, both ways.
 *
 * What        json_read_string, json_write_string, json_raise.
 * How         Most literals have no escapes: the end is looked for eight bytes at a time, and the str is a copy of what lies before it.
 *             Writing copies runs of characters that may stand as they are.
 * GIL         held.
 * Read next   json_scan.c */
#include "stdlib/json/json.h"

ToyValue json_raise(ToyThread *t, const char *what, ToyValue text, size_t place)
{
    ToyValue type = toy_import_from(t, "json.decoder", "JSONDecodeError");
    if (toy_failed(type)) return TOY_FAILED;
    ToyValue row[3] = {toy_str(t, what), text, toy_int(t, (int64_t)place)};
    ToyValue exception = toy_failed(row[0]) || toy_failed(row[2]) ? TOY_FAILED : toy_call(t, type, row, 3);
    toy_release(type);
    toy_release(row[0]);
    toy_release(row[2]);
    return toy_failed(exception) ? TOY_FAILED : toy_raise_instance(t, exception);
}

/* ---- reading ---- */

#define EACH_BYTE(byte)    (UINT64_C(0x0101010101010101) * (byte))
#define ZERO_BYTES(word)   (((word) - EACH_BYTE(1)) & ~(word) & EACH_BYTE(0x80))           /* the lowest one found is right */
#define BELOW_BYTES(word, n) (((word) - EACH_BYTE(n)) & ~(word) & EACH_BYTE(0x80))         /* n <= 128 */

/* How many of the bytes at [at] are surely plain, in steps of eight. */
static size_t plain_run(const uint8_t *at, const uint8_t *end, uint32_t *any)
{
    const uint8_t *start = at;
    uint64_t word, all = 0;
    for (; end - at >= 8; at += 8) {
        memcpy(&word, at, 8);
        if (ZERO_BYTES(word ^ EACH_BYTE('"')) | ZERO_BYTES(word ^ EACH_BYTE('\\')) | BELOW_BYTES(word, 0x20)) break;
        all |= word;
    }
    if (all & EACH_BYTE(0x80)) *any |= 0xff;
    return (size_t)(at - start);
}

size_t json_plain_end(const Characters *text, size_t start, bool is_strict, uint32_t *any)
{
    size_t i = start;
    *any = 0;
    if (text->width == 1) i += plain_run((const uint8_t *)text->data + i, (const uint8_t *)text->data + text->length, any);
    for (; i < text->length; i++) {
        uint32_t c = character_at(text, i);
        if (c == '"') return i;
        if (c == '\\' || (c < 0x20 && is_strict)) return SIZE_MAX;
        *any |= c;
    }
    return SIZE_MAX;
}

static uint32_t widest_of(uint32_t any) { return any < 0x80 ? 0x7f : any < 0x100 ? 0xff : any < 0x10000 ? 0xffff : 0x10ffff; }

static ToyValue plain_string(ToyThread *t, ToyValue str, const Characters *text, size_t start, size_t end, uint32_t any)
{
    if (text->width != 1 || end - start < 2) return toy_str_slice(t, str, start, end);
    ToyValue v = toy_str_new(t, end - start, widest_of(any));
    unsigned width;
    if (!toy_failed(v)) memcpy(toy_str_data(v, &width), (const uint8_t *)text->data + start, end - start);
    return v;
}

/* Four hexadecimal digits; -1: they are not there. */
static int64_t read_digits(const Characters *text, size_t at)
{
    int64_t value = 0;
    if (text->length - at < 4) return -1;
    for (size_t i = at; i < at + 4; i++) {
        uint32_t c = character_at(text, i), letter = c | 0x20;
        if (c >= '0' && c <= '9') value = value << 4 | (c - '0');
        else if (c < 128 && letter >= 'a' && letter <= 'f') value = value << 4 | (letter - 'a' + 10);
        else return -1;
    }
    return value;
}

/* The character of the escape whose letter is at *at, which moves behind it. False: raised. */
static bool read_escape(ToyThread *t, ToyValue str, const Characters *text, size_t *at, uint32_t *character)
{
    static const char letters[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
    uint32_t c = character_at(text, *at);
    if (c != 'u') {
        const char *found = c && c < 128 ? strchr(letters, (int)c) : NULL;
        if (!found) return (json_raise(t, "Invalid \\escape", str, *at - 1), false);
        *character = (uint8_t)meanings[found - letters];
        (*at)++;
        return true;
    }
    int64_t value = read_digits(text, *at + 1);
    if (value < 0) return (json_raise(t, "Invalid \\uXXXX escape", str, *at), false);
    *at += 5;
    *character = (uint32_t)value;
    if (value >= 0xd800 && value < 0xdc00 && *at + 1 < text->length && character_at(text, *at) == '\\' && character_at(text, *at + 1) == 'u') {
        int64_t low = read_digits(text, *at + 2);   /* a pair of surrogates is one character */
        if (low >= 0xdc00 && low < 0xe000) {
            *character = 0x10000 + (((uint32_t)value - 0xd800) << 10) + ((uint32_t)low - 0xdc00);
            *at += 6;
        }
    }
    return true;
}

ToyValue json_read_string(ToyThread *t, ToyValue str, const Characters *text, size_t start, bool is_strict, size_t *end)
{
    uint32_t any;
    size_t at = start, run = json_plain_end(text, start, is_strict, &any);
    if (run != SIZE_MAX) {
        *end = run + 1;
        return plain_string(t, str, text, start, run, any);
    }
    ToyText built;
    toy_text_init(&built, t);
    for (run = start; at < text->length; ) {
        uint32_t c = character_at(text, at), meant;
        if (c == '"') {
            toy_text_add_slice(&built, str, run, at);
            *end = at + 1;
            return toy_text_finish(&built);
        }
        if (c < 0x20 && is_strict) {
            toy_text_abandon(&built);
            return json_raise(t, "Invalid control character at", str, at);
        }
        at++;
        if (c != '\\') continue;
        toy_text_add_slice(&built, str, run, at - 1);
        if (at == text->length) break;
        if (!read_escape(t, str, text, &at, &meant)) {
            toy_text_abandon(&built);
            return TOY_FAILED;
        }
        toy_text_add_char(&built, meant);
        run = at;
    }
    toy_text_abandon(&built);
    return json_raise(t, "Unterminated string starting at", str, start - 1);
}

/* ---- writing ---- */

static void write_unit(ToyText *out, uint32_t unit)
{
    static const char digits[] = "0123456789abcdef";
    char text[6] = {'\\', 'u', digits[unit >> 12 & 15], digits[unit >> 8 & 15], digits[unit >> 4 & 15], digits[unit & 15]};
    toy_text_add_ascii(out, text, sizeof text);
}

static void write_escape(ToyText *out, uint32_t c)
{
    static const char escaped[] = "\"\\\b\f\n\r\t", letters[] = "\"\\bfnrt";
    const char *found = c && c < 128 ? strchr(escaped, (int)c) : NULL;
    if (found) {
        toy_text_add_ascii(out, (char[]){'\\', letters[found - escaped]}, 2);
    } else if (c > 0xffff) {
        write_unit(out, 0xd800 + ((c - 0x10000) >> 10));
        write_unit(out, 0xdc00 + ((c - 0x10000) & 0x3ff));
    } else {
        write_unit(out, c);
    }
}

void json_write_string(ToyText *out, ToyValue str, bool is_ascii)
{
    Characters text = characters_of(str);
    uint32_t any = 0, limit = is_ascii ? 0x7f : 0x110000;
    size_t run = 0, at = 0;
    toy_text_add_ascii(out, "\"", 1);
    for (; at < text.length; at++) {
        /* Above ASCII a run of bytes is plain only if it may stay as it is; DEL is above in this sense. */
        if (text.width == 1 && !is_ascii) at += plain_run((const uint8_t *)text.data + at, (const uint8_t *)text.data + text.length, &any);
        if (at == text.length) break;
        uint32_t c = character_at(&text, at);
        if (c >= 0x20 && c != '"' && c != '\\' && c < limit) continue;
        toy_text_add_slice(out, str, run, at);
        write_escape(out, c);
        run = at + 1;
    }
    toy_text_add_slice(out, str, run, at);
    toy_text_add_ascii(out, "\"", 1);
}
