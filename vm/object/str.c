/* str.c - strings as C code sees them: made, joined, cut, compared.
 *
 * What        The functions of str.h that are not about names (str_intern.c), bytes (str_codec.c) or scripts (str_type.c).
 * How         A Str is made with its final length and width and then filled, so whoever makes one looks at the characters first:
 *             the OR of all of them tells the class of the widest (below 0x80, 0x100, 0x10000, or more).
 *             s += x grows in place when nobody else holds s, with some room to spare, so a loop of appends costs what it
 *             copies and not its square.
 * Invariants  I1 to I5 of str.h. I6 a Str is changed only while its maker, or str_append with a count of 1, is the only one who knows it.
 * GIL         held.
 * Read next   str_builder.c, str_search.c, str_type.c */
#include "vm/object/str.h"

#include <endian.h>

#include "vm/base/codec.h"
#include "vm/base/siphash.h"
#include "vm/base/unicode.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"

/* ---- cells ---- */

/* As scripts see it; I5 may need some bytes more, to the end of a word. */
static size_t cell_size(size_t length, unsigned width, bool is_ascii)
{
    size_t size = offsetof(Str, characters) + (length + 1) * width;
    return is_ascii ? size : (size + 7) / 8 * 8 + sizeof(void *);
}

static size_t whole_words(size_t size) { return (size + sizeof(uint64_t) - 1) & ~(sizeof(uint64_t) - 1); }

/* Where the word begins that holds the end of an ASCII text. */
static inline size_t end_word(size_t length) { return (offsetof(Str, characters) + length) & ~(sizeof(uint64_t) - 1); }

/* Zeroes that word, before anything else is written there: keeps I5. */
static inline void end_text(Str *s, size_t length)
{
    memset((char *)s + end_word(length), 0, sizeof(uint64_t));
}

size_t str_size_of(Object *object)
{
    Str *s = (Str *)object;
    return cell_size(s->length, s->width, s->is_ascii);
}

Str *str_new_of(Thread *t, Type *type, size_t length, uint32_t widest)
{
    if (UNLIKELY(length > STR_LENGTH_MAX)) {
        raise_memory_error(t);
        return NULL;
    }
    unsigned width = codec_width(widest);
    bool is_ascii = widest < 0x80;
    size_t size = whole_words(cell_size(length, width, is_ascii));
    Object *object = LIKELY(type->kind == KIND_STR) ? heap_new_raw(t, type, size) : type_alloc_sized(t, type, size);
    if (UNLIKELY(!object))
        return NULL;
    Str *s = (Str *)object;
    s->hash = -1;
    s->length = length;
    s->width = (uint8_t)width;
    s->is_ascii = is_ascii;
    s->zero = 0;
    char *end = str_at(s, length);
    memset(end, 0, size - (size_t)(end - (char *)s));
    return s;
}

/* What most strings are, in as few steps as it takes. */
static inline Str *ascii_new(Thread *t, size_t length)
{
    if (UNLIKELY(length > STR_LENGTH_MAX)) {
        raise_memory_error(t);
        return NULL;
    }
    Type *type = t->interp->types[KIND_STR];
    size_t size = whole_words(offsetof(Str, characters) + length + 1);
    Str *s = (Str *)(LIKELY(size <= HEAP_SMALL_MAX) ? heap_new_quick(t, type, size) : heap_new_raw(t, type, size));
    if (UNLIKELY(!s))
        return NULL;
    end_text(s, length);
    s->hash = -1;
    s->length = length;
    s->width = 1;
    s->is_ascii = true;
    s->zero = 0;
    return s;
}

Str *str_new(Thread *t, size_t length, uint32_t widest)
{
    if (LIKELY(widest < 0x80))
        return ascii_new(t, length);
    return str_new_of(t, t->interp->types[KIND_STR], length, widest);
}

/* ---- characters ---- */

uint32_t characters_widest(const void *data, unsigned width, size_t length)
{
    size_t i = 0;
    if (width == 1) {
        const uint8_t *at = data;
        for (uint64_t eight; i + sizeof eight <= length; i += sizeof eight) {
            memcpy(&eight, at + i, sizeof eight);
            if (eight & UINT64_C(0x8080808080808080))
                return 0xff;
        }
        for (; i < length; i++) {
            if (at[i] & 0x80)
                return 0xff;
        }
        return 0x7f;
    }
    uint32_t all = 0;
    if (width == 2) {
        const uint16_t *at = data;
        for (; i < length && all < 0x100; i++)
            all |= at[i];
        return all < 0x100 ? all : 0xffff;
    }
    const uint32_t *at = data;
    for (; i < length && all < 0x10000; i++)
        all |= at[i];
    return all;
}

void characters_copy(void *to, unsigned to_width, const void *from, unsigned width, size_t count)
{
    if (count == 0)
        return;
    if (to_width == width) {
        memcpy(to, from, count * width);
    } else if (width == 1 && to_width == 2) {
        for (size_t i = 0; i < count; i++)
            ((uint16_t *)to)[i] = ((const uint8_t *)from)[i];
    } else if (width == 1) {
        for (size_t i = 0; i < count; i++)
            ((uint32_t *)to)[i] = ((const uint8_t *)from)[i];
    } else if (width == 2 && to_width == 4) {
        for (size_t i = 0; i < count; i++)
            ((uint32_t *)to)[i] = ((const uint16_t *)from)[i];
    } else if (to_width == 1) {
        for (size_t i = 0; i < count; i++)
            ((uint8_t *)to)[i] = (uint8_t)unicode_at(from, width, i);
    } else {
        for (size_t i = 0; i < count; i++)
            ((uint16_t *)to)[i] = (uint16_t)((const uint32_t *)from)[i];
    }
}

void str_put(Str *s, size_t i, uint32_t character)
{
    if (s->width == 1)
        ((uint8_t *)str_data(s))[i] = (uint8_t)character;
    else if (s->width == 2)
        ((uint16_t *)str_data(s))[i] = (uint16_t)character;
    else
        ((uint32_t *)str_data(s))[i] = character;
}

/* memcpy, without a call for what most pieces of text are: two words that may overlap. */
ALWAYS_INLINE void copy_bytes(char *to, const char *from, size_t size)
{
#define COPY_AS(type)                                                                                              \
    do {                                                                                                           \
        type first, last;                                                                                          \
        memcpy(&first, from, sizeof first), memcpy(&last, from + size - sizeof last, sizeof last);                 \
        memcpy(to, &first, sizeof first), memcpy(to + size - sizeof last, &last, sizeof last);                     \
    } while (0)
    if (size > 16) memcpy(to, from, size);
    else if (size >= 8) COPY_AS(uint64_t);
    else if (size >= 4) COPY_AS(uint32_t);
    else if (size >= 2) COPY_AS(uint16_t);
    else if (size) *to = *from;
#undef COPY_AS
}

static void copy_into(Str *s, size_t at, const Str *from)
{
    characters_copy(str_at(s, at), s->width, str_data(from), from->width, from->length);
}

/* The widest character that a string may hold, as far as its layout tells. */
static uint32_t widest_class(const Str *s)
{
    return s->is_ascii ? 0x7f : s->width == 1 ? 0xff : s->width == 2 ? 0xffff : UNICODE_MAX;
}

/* ---- making ---- */

static Str *empty(Thread *t)
{
    return (Str *)as_object(retain(t->interp->empty_str));
}

Str *str_from_char(Thread *t, uint32_t character)
{
    if (character < 256) {
        Str *shared = t->interp->one_char[character];
        object_retain(shared);
        return shared;
    }
    Str *s = str_new(t, 1, character);
    if (s)
        str_put(s, 0, character);
    return s;
}

/* A Str of [length] characters of [width] bytes, none wider than [widest]. */
static Str *from_characters(Thread *t, const void *data, unsigned width, size_t length, uint32_t widest)
{
    if (length == 0)
        return empty(t);
    if (length == 1)
        return str_from_char(t, unicode_at(data, width, 0));
    Str *s = str_new(t, length, widest);
    if (LIKELY(s != NULL))
        characters_copy(str_data(s), s->width, data, width, length);
    return s;
}

Str *str_from_ascii(Thread *t, const char *bytes, size_t length)
{
    if (UNLIKELY(length <= 1))
        return length ? str_from_char(t, (uint8_t)*bytes) : empty(t);
    Str *s = ascii_new(t, length);
    if (LIKELY(s != NULL))
        copy_bytes(s->characters, bytes, length);
    return s;
}

Str *str_from_characters(Thread *t, const void *characters, unsigned width, size_t length)
{
    return from_characters(t, characters, width, length, characters_widest(characters, width, length));
}

/* Decodes what the scan found good. */
static Str *from_scanned(Thread *t, const char *bytes, size_t length, CodecRun run)
{
    if (run.widest < 0x80)
        return str_from_ascii(t, bytes, length);
    if (run.made == 1) {
        uint32_t character = 0;
        utf8_read(bytes, length, CODEC_SURROGATES, &character);
        return str_from_char(t, character);
    }
    Str *s = str_new(t, run.made, run.widest);
    if (s)
        codec_decode(CODEC_UTF8, bytes, length, s->width, str_data(s));
    return s;
}

Str *str_from_utf8(Thread *t, const char *bytes, size_t length)
{
    CodecRun run = codec_scan(CODEC_UTF8, bytes, length, CODEC_STRICT);
    if (LIKELY(!run.reason))
        return from_scanned(t, bytes, length, run);
    raise_decode_error(t, "utf-8", bytes, length, run.taken, run.taken + run.error_length, run.reason);
    return NULL;
}

Str *str_from_wtf8(Thread *t, const char *bytes, size_t length)
{
    CodecRun run = codec_scan(CODEC_UTF8, bytes, length, CODEC_SURROGATES);
    if (LIKELY(!run.reason))
        return from_scanned(t, bytes, length, run);
    Value s = str_decode(t, bytes, length, "utf-8", "surrogateescape");
    return failed(s) ? NULL : as_str(s);
}

Str *str_from_text(Thread *t, const char *text)
{
    return str_from_wtf8(t, text, strlen(text));
}

Value str_exact(Thread *t, Str *s)
{
    if (LIKELY(s->head.kind == KIND_STR)) {
        object_retain(s);
        return object_value(s);
    }
    Str *copy = from_characters(t, str_data(s), s->width, s->length, widest_class(s));
    return copy ? object_value(copy) : FAILED;
}

/* ---- putting together and cutting ---- */

static Value raise_too_long(Thread *t, const char *message)
{
    return raise_error(t, EXC_OverflowError, "%s", message);
}

Value str_concat(Thread *t, Str *a, Str *b)
{
    if (a->length == 0)
        return str_exact(t, b);
    if (b->length == 0)
        return str_exact(t, a);
    if (UNLIKELY(a->length + b->length > STR_LENGTH_MAX))
        return raise_too_long(t, "strings are too large to concat");
    if (a->is_ascii && b->is_ascii) {
        Str *both = ascii_new(t, a->length + b->length);
        if (UNLIKELY(!both))
            return FAILED;
        copy_bytes(both->characters, a->characters, a->length);
        copy_bytes(both->characters + a->length, b->characters, b->length);
        return object_value(both);
    }
    Str *s = str_new(t, a->length + b->length, widest_class(a) | widest_class(b));
    if (UNLIKELY(!s))
        return FAILED;
    copy_into(s, 0, a);
    copy_into(s, a->length, b);
    return object_value(s);
}

/* May [a] become a + b without anybody noticing? Shared and interned strings may not change, and the layout must stay. */
static bool can_grow(const Str *a, const Str *b)
{
    return a->head.count == 1 && a->head.kind == KIND_STR && !(a->head.flags & (OBJECT_IS_INTERNED | OBJECT_HAS_WEAKREFS)) &&
           b->width <= a->width && (b->is_ascii || !a->is_ascii) && a->length + b->length <= STR_LENGTH_MAX;
}

static void forget_encoded(Thread *t, Str *s);

/* The cell of [a] with room for [size] bytes: itself, or moved; NULL with nothing raised: growing is not worth it here. */
static Str *cell_with_room(Thread *t, Str *a, size_t size)
{
    enum { SLACK = 8 };  /* a loop of appends moves the text only when it has grown by an eighth */
    if (!(a->head.flags & OBJECT_IS_LARGE))
        return size <= cell_class(str_size_of(&a->head)) * CELL_UNIT ? a : NULL;
    size_t room = object_size(&a->head);
    return size <= room ? a : (Str *)heap_resize(t, &a->head, room, size + size / SLACK);
}

Value str_append(Thread *t, TAKES Value left, Str *b)
{
    Str *a = as_str(left);
    if (can_grow(a, b) && b->length && a->length && b != a) {
        size_t length = a->length + b->length, size = whole_words(cell_size(length, a->width, a->is_ascii));
        forget_encoded(t, a);
        Str *grown = cell_with_room(t, a, size);
        if (grown) {
            char *end = str_at(grown, length);
            if (grown->is_ascii) {
                if (end_word(length) != end_word(grown->length))
                    end_text(grown, length);      /* else the end lies in the same word as before, whose rest is zero */
                copy_bytes(grown->characters + grown->length, b->characters, b->length);
            } else {
                copy_into(grown, grown->length, b);
                memset(end, 0, size - (size_t)(end - (char *)grown));
            }
            grown->length = length;
            grown->hash = -1;
            return object_value(grown);
        }
        if (is_raised(t)) {
            release(left);
            return FAILED;
        }
    }
    Value sum = str_concat(t, a, b);
    release(left);
    return sum;
}

/* The one pass over the items: their total length and widest class. */
static bool measure_items(Thread *t, Str *separator, const Value *items, size_t count, size_t *length, uint32_t *widest)
{
    size_t between = separator ? separator->length : 0;
    *length = 0;
    *widest = separator && count > 1 ? widest_class(separator) : 0;
    for (size_t i = 0; i < count; i++) {
        if (UNLIKELY(!is_str(items[i])))
            return raise_false(t, EXC_TypeError, "sequence item %zu: expected str instance, %T found", i, items[i]);
        Str *item = as_str(items[i]);
        *widest |= widest_class(item);
        *length += item->length + (i ? between : 0);
        if (UNLIKELY(*length > STR_LENGTH_MAX))
            return raise_false(t, EXC_OverflowError, "join() result is too long for a Python string");
    }
    return true;
}

/* The common case of join in a tight loop: everything is one byte wide. */
static void fill_narrow(Str *s, Str *separator, const Value *items, size_t count)
{
    char *to = str_data(s);
    size_t between = separator ? separator->length : 0;
    for (size_t i = 0; i < count; i++) {
        if (between && i) {
            copy_bytes(to, separator->characters, between);
            to += between;
        }
        Str *item = as_str(items[i]);
        copy_bytes(to, item->characters, item->length);
        to += item->length;
    }
}

static Value join(Thread *t, Str *separator, const Value *items, size_t count)
{
    if (count == 0)
        return object_value(empty(t));
    if (count == 1 && is_kind(items[0], KIND_STR))
        return retain(items[0]);
    size_t length;
    uint32_t widest;
    if (!measure_items(t, separator, items, count, &length, &widest))
        return FAILED;
    if (length == 0)
        return object_value(empty(t));
    Str *s = str_new(t, length, widest);
    if (!s)
        return FAILED;
    if (s->width == 1) {
        fill_narrow(s, separator, items, count);
        return object_value(s);
    }
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (i && separator) {
            copy_into(s, at, separator);
            at += separator->length;
        }
        copy_into(s, at, as_str(items[i]));
        at += as_str(items[i])->length;
    }
    return object_value(s);
}

Value str_join(Thread *t, Str *separator, const Value *items, size_t count)
{
    return join(t, separator, items, count);
}

Value str_join_pieces(Thread *t, const Value *items, size_t count)
{
    return join(t, NULL, items, count);
}

Value str_slice(Thread *t, Str *s, size_t start, size_t end)
{
    if (start == 0 && end >= s->length)
        return str_exact(t, s);
    if (start >= end)
        return object_value(empty(t));
    if (s->is_ascii) {
        Str *slice = str_from_ascii(t, s->characters + start, end - start);
        return slice ? object_value(slice) : FAILED;
    }
    const void *data = str_at(s, start);
    uint32_t widest = characters_widest(data, s->width, end - start);
    Str *slice = from_characters(t, data, s->width, end - start, widest);
    return slice ? object_value(slice) : FAILED;
}

/* ---- comparing and hashing ---- */

bool str_equal(const Str *a, const Str *b)
{
    if (a == b)
        return true;
    if (a->length != b->length || a->width != b->width)  /* I1: equal text has equal width */
        return false;
    if (a->hash != b->hash && a->hash != -1 && b->hash != -1)
        return false;
    return str_is_short(a) ? str_equal_short(a, b) : memcmp(str_data(a), str_data(b), a->length * a->width) == 0;
}

int str_order(const Str *a, const Str *b)
{
    size_t shorter = a->length < b->length ? a->length : b->length;
    if (a->width == 1 && b->width == 1) {
        /* The first twelve bytes as two big numbers. I5: where the shorter text ends it has zero. */
        uint32_t first_of_a = (uint32_t)be64toh(str_word(a, 0)), first_of_b = (uint32_t)be64toh(str_word(b, 0));
        if (first_of_a != first_of_b)
            return first_of_a < first_of_b ? -1 : 1;
        uint64_t next_of_a = shorter > STR_BYTES_IN_1 ? be64toh(str_word(a, 1)) : 0, next_of_b = shorter > STR_BYTES_IN_1 ? be64toh(str_word(b, 1)) : 0;
        if (next_of_a != next_of_b)
            return next_of_a < next_of_b ? -1 : 1;
        int order = shorter <= STR_BYTES_IN_2 ? 0 : memcmp(str_data(a), str_data(b), shorter);
        if (order != 0)
            return order;
    } else {
        for (size_t i = 0; i < shorter; i++) {
            uint32_t left = str_char(a, i), right = str_char(b, i);
            if (left != right)
                return left < right ? -1 : 1;
        }
    }
    return a->length < b->length ? -1 : a->length > b->length;
}

bool str_equal_text(const Str *s, const char *ascii)
{
    size_t length = strlen(ascii);
    return s->is_ascii && s->length == length && memcmp(str_data(s), ascii, length) == 0;
}

#ifndef NDEBUG
static bool ends_with_zeros(const Str *s)    /* I5 */
{
    const char *begin = (const char *)s, *end = str_at(s, s->length), *word_end = begin + whole_words((size_t)(end - begin) + 1);
    while (end < word_end && !*end)
        end++;
    return end == word_end && !s->zero;
}
#endif

int64_t str_hash(Thread *t, Str *s)
{
    if (s->hash == -1) {
        assert(ends_with_zeros(s));
        HashKey key = {t->interp->hash_key[0], t->interp->hash_key[1]};
        s->hash = hash_bytes(key, str_data(s), s->length * s->width);
    }
    return s->hash;
}

/* ---- bytes kept with the string ---- */

/* What str_utf8 and str_os_name keep: made once, freed with the string. */
typedef struct Encoded {
    size_t length;
    bool is_strict;   /* UTF-8; false: holds bytes that only an operating system takes */
    char bytes[];     /* and a NUL */
} Encoded;

static Encoded **encoded_place(const Str *s)
{
    return (Encoded **)((char *)s + cell_size(s->length, s->width, false) - sizeof(void *));
}

static void forget_encoded(Thread *t, Str *s)
{
    if (s->is_ascii)
        return;
    Encoded **place = encoded_place(s);
    if (*place)
        block_free(t, *place, sizeof(Encoded) + (*place)->length + 1);
    *place = NULL;
}

static Encoded *keep_encoded(Thread *t, Str *s, size_t length, bool is_strict)
{
    Encoded *encoded = block_alloc(t, sizeof(Encoded) + length + 1);
    if (!encoded)
        return NULL;
    encoded->length = length;
    encoded->is_strict = is_strict;
    encoded->bytes[length] = '\0';
    return *encoded_place(s) = encoded;
}

const char *str_utf8(Thread *t, Str *s, size_t *length)
{
    size_t ignored;
    if (!length)
        length = &ignored;
    if (s->is_ascii) {
        *length = s->length;
        return str_data(s);
    }
    Encoded *encoded = *encoded_place(s);
    if (encoded && encoded->is_strict) {
        *length = encoded->length;
        return encoded->bytes;
    }
    CodecRun run = codec_measure(CODEC_UTF8, str_data(s), s->width, s->length, CODEC_STRICT);
    if (run.reason) {
        raise_encode_error(t, "utf-8", s, run.taken, run.taken + run.error_length, run.reason);
        return NULL;
    }
    encoded = keep_encoded(t, s, run.made, true);
    if (!encoded)
        return NULL;
    codec_encode(CODEC_UTF8, str_data(s), s->width, s->length, encoded->bytes);
    *length = encoded->length;
    return encoded->bytes;
}

/* Bytes that were not UTF-8 came in as U+DC80..U+DCFF and go out as they were. */
static Encoded *encode_os_name(Thread *t, Str *s)
{
    size_t size = 0;
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char(s, i);
        unsigned char out[4];
        bool is_escape = c >= 0xdc80 && c <= 0xdcff;
        if (!is_escape && unicode_is_surrogate(c)) {
            raise_encode_error(t, "utf-8", s, i, i + 1, "surrogates not allowed");
            return NULL;
        }
        size += is_escape ? 1 : utf8_write(c, out);
    }
    Encoded *encoded = keep_encoded(t, s, size, false);
    if (!encoded)
        return NULL;
    char *to = encoded->bytes;
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char(s, i);
        if (c >= 0xdc80 && c <= 0xdcff)
            *to++ = (char)(c - 0xdc00);
        else
            to += utf8_write(c, (unsigned char *)to);
    }
    return encoded;
}

const char *str_os_name(Thread *t, Str *s)
{
    const char *name;
    size_t length;
    if (s->is_ascii) {
        name = str_data(s);
        length = s->length;
    } else {
        Encoded *encoded = *encoded_place(s);
        if (!encoded)
            encoded = encode_os_name(t, s);
        if (!encoded)
            return NULL;
        name = encoded->bytes;
        length = encoded->length;
    }
    if (strlen(name) != length) {
        raise_value_error(t, "embedded null byte");
        return NULL;
    }
    return name;
}

void str_add_to_buffer(const Str *s, Buffer *buffer)
{
    if (s->is_ascii) {
        buffer_add(buffer, str_data(s), s->length);
        return;
    }
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char(s, i);
        unsigned char out[4];
        if (unicode_is_surrogate(c))
            buffer_add_format(buffer, "\\u%04x", (unsigned)c);
        else
            buffer_add(buffer, out, utf8_write(c, out));
    }
}

/* ---- the end ---- */

void str_free(Object *object)
{
    Thread *t = thread_current();
    Str *s = (Str *)object;
    if (object->flags & OBJECT_IS_INTERNED)
        str_forget_interned(t->interp, s);
    forget_encoded(t, s);
}
