/* str_builder.c - a text that grows: how repr, format, replace and their kin make strings of unknown length.
 *
 * What        StrBuilder: pieces are added at the end; at the end of all, one Str.
 * How         One block of characters that doubles. It starts narrow and is widened, whole, when the first wider
 *             character comes: most texts never are. A failure is remembered, so a writer checks once, at the end.
 * Invariants  I1 after a failure t->raised is set and has_failed is true; nothing is written any more.
 *             I2 capacity counts characters of the present width.
 * GIL         held.
 * Read next   str.c */
#include "vm/base/codec.h"
#include "vm/base/unicode.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/str.h"

enum { FIRST_CAPACITY = 56 };

void str_builder_init(StrBuilder *builder, Thread *t)
{
    *builder = (StrBuilder){.t = t, .width = 1};
}

void str_builder_abandon(StrBuilder *builder)
{
    if (builder->data)
        block_free(builder->t, builder->data, builder->capacity * builder->width);
    Thread *t = builder->t;
    str_builder_init(builder, t);
}

static bool fail(StrBuilder *builder)
{
    str_builder_abandon(builder);
    builder->has_failed = true;
    return false;
}

/* A block of another shape, with the same characters. */
static bool reshape(StrBuilder *builder, size_t capacity, unsigned width)
{
    Thread *t = builder->t;
    size_t size;
    if (capacity > STR_LENGTH_MAX || __builtin_mul_overflow(capacity, width, &size)) {
        raise_memory_error(t);
        return fail(builder);
    }
    char *data;
    if (width == builder->width && builder->data) {
        data = block_resize(t, builder->data, builder->capacity * width, size);
        if (!data)
            return fail(builder);
    } else {
        data = block_alloc(t, size);
        if (!data)
            return fail(builder);
        characters_copy(data, width, builder->data, builder->width, builder->length);
        if (builder->data)
            block_free(t, builder->data, builder->capacity * builder->width);
    }
    builder->data = data;
    builder->capacity = capacity;
    builder->width = (uint8_t)width;
    return true;
}

/* Room for [count] more characters, none wider than [widest]. */
static bool make_room(StrBuilder *builder, size_t count, uint32_t widest)
{
    if (UNLIKELY(builder->has_failed))
        return false;
    unsigned width = codec_width(widest);
    size_t needed = builder->length + count;
    builder->widest |= widest;
    if (LIKELY(needed <= builder->capacity && width <= builder->width))
        return true;
    size_t capacity = builder->capacity;
    if (needed > capacity) {
        capacity = capacity + capacity / 2 > needed ? capacity + capacity / 2 : needed;
        if (capacity < FIRST_CAPACITY)
            capacity = FIRST_CAPACITY;
    }
    return reshape(builder, capacity, width > builder->width ? width : builder->width);
}

static void put(StrBuilder *builder, size_t i, uint32_t character)
{
    if (builder->width == 1)
        ((uint8_t *)builder->data)[i] = (uint8_t)character;
    else if (builder->width == 2)
        ((uint16_t *)builder->data)[i] = (uint16_t)character;
    else
        ((uint32_t *)builder->data)[i] = character;
}

static void add_characters(StrBuilder *builder, const void *data, unsigned width, size_t count, uint32_t widest)
{
    if (count == 0 || !make_room(builder, count, widest))
        return;
    characters_copy(builder->data + builder->length * builder->width, builder->width, data, width, count);
    builder->length += count;
}

/* Plain characters where there is room for them: nothing but their number changes. After a failure there is no room. */
ALWAYS_INLINE bool takes_ascii(const StrBuilder *builder, size_t count)
{
    return LIKELY(builder->width == 1 && count <= builder->capacity - builder->length);
}

void str_builder_add_char(StrBuilder *builder, uint32_t character)
{
    if (character < 0x80 && takes_ascii(builder, 1))
        builder->data[builder->length++] = (char)character;
    else if (make_room(builder, 1, character))
        put(builder, builder->length++, character);
}

void str_builder_add(StrBuilder *builder, const Str *s)
{
    str_builder_add_slice(builder, s, 0, s->length);
}

void str_builder_add_slice(StrBuilder *builder, const Str *s, size_t start, size_t end)
{
    if (start >= end)
        return;
    if (s->is_ascii && takes_ascii(builder, end - start)) {
        memcpy(builder->data + builder->length, s->characters + start, end - start);
        builder->length += end - start;
        return;
    }
    uint32_t widest = s->is_ascii ? 0x7f : characters_widest(str_at(s, start), s->width, end - start);
    add_characters(builder, str_at(s, start), s->width, end - start, widest);
}

void str_builder_add_ascii(StrBuilder *builder, const char *text, size_t length)
{
    if (length > 0 && takes_ascii(builder, length)) {
        memcpy(builder->data + builder->length, text, length);
        builder->length += length;
        return;
    }
    add_characters(builder, text, 1, length, 0x7f);
}

void str_builder_add_text(StrBuilder *builder, const char *ascii)
{
    str_builder_add_ascii(builder, ascii, strlen(ascii));
}

void str_builder_add_repeated(StrBuilder *builder, uint32_t character, size_t times)
{
    if (times > STR_LENGTH_MAX) {
        if (!builder->has_failed)
            raise_memory_error(builder->t);
        fail(builder);
        return;
    }
    if (times == 0 || !make_room(builder, times, character))
        return;
    if (builder->width == 1) {
        memset(builder->data + builder->length, (int)character, times);
        builder->length += times;
        return;
    }
    while (times-- > 0)
        put(builder, builder->length++, character);
}

Value str_builder_finish(StrBuilder *builder)
{
    Thread *t = builder->t;
    if (builder->has_failed)
        return FAILED;
    Str *s;
    if (builder->length == 0) {
        s = (Str *)as_object(retain(t->interp->empty_str));
    } else if (builder->length == 1) {
        s = str_from_char(t, unicode_at(builder->data, builder->width, 0));
    } else {
        /* Characters may be narrower than what was announced for them: the widest ones counted, I1 of str.h holds. */
        s = str_new(t, builder->length, builder->widest);
        if (s)
            characters_copy(str_data(s), s->width, builder->data, builder->width, builder->length);
    }
    str_builder_abandon(builder);
    return s ? object_value(s) : FAILED;
}
