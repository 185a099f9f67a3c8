/* buffer.c - see buffer.h: bytes that grow at the end, with one check for many writes.
 *
 * What        Growth, the sticky failure, formatted writing.
 * How         Capacity doubles, so n writes copy fewer than 2n bytes. After a failure (I2) every write returns at once;
 *             the block written so far stays with the buffer until buffer_free.
 * GIL         as its Memory.
 * Read next   memory.c */
#include "vm/base/buffer.h"

#include <stdio.h>
#include <string.h>

enum { BUFFER_FIRST_CAPACITY = 64 };

void buffer_init(Buffer *buffer, Memory *memory)
{
    *buffer = (Buffer){.memory = memory};
}

void buffer_free(Buffer *buffer)
{
    memory_free(buffer->memory, buffer->data, buffer->capacity);
    buffer_init(buffer, buffer->memory);
}

char *buffer_reserve(Buffer *buffer, size_t length)
{
    if (buffer->has_failed)
        return NULL;
    if (LIKELY(buffer->capacity - buffer->length >= length) && buffer->data)
        return buffer->data + buffer->length;
    size_t needed;
    if (__builtin_add_overflow(buffer->length, length, &needed) || needed > SIZE_MAX / 2) {
        buffer->has_failed = true;
        return NULL;
    }
    size_t capacity = buffer->capacity ? buffer->capacity : BUFFER_FIRST_CAPACITY;
    while (capacity < needed)
        capacity *= 2;
    char *moved = memory_resize(buffer->memory, buffer->data, buffer->capacity, capacity);
    if (!moved) {
        buffer->has_failed = true;
        return NULL;
    }
    buffer->data = moved;
    buffer->capacity = capacity;
    return buffer->data + buffer->length;
}

void buffer_add(Buffer *buffer, const void *bytes, size_t length)
{
    char *to = buffer_reserve(buffer, length);
    if (!to || length == 0)
        return;
    memcpy(to, bytes, length);
    buffer->length += length;
}

void buffer_add_byte(Buffer *buffer, unsigned char byte)
{
    char *to = buffer_reserve(buffer, 1);
    if (!to)
        return;
    *to = (char)byte;
    buffer->length++;
}

void buffer_add_text(Buffer *buffer, const char *text)
{
    buffer_add(buffer, text, strlen(text));
}

void buffer_add_u32(Buffer *buffer, uint32_t word)
{
    buffer_add(buffer, &word, sizeof word);
}

void buffer_add_format(Buffer *buffer, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    buffer_add_vformat(buffer, format, arguments);
    va_end(arguments);
}

void buffer_add_vformat(Buffer *buffer, const char *format, va_list arguments)
{
    char *to = buffer_reserve(buffer, 1);
    if (!to)
        return;
    size_t room = buffer->capacity - buffer->length;
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(to, room, format, arguments);
    if (length < 0) {
        buffer->has_failed = true;
    } else if ((size_t)length < room) {
        buffer->length += (size_t)length;
    } else {
        /* It did not fit, but now the exact size is known: once more, with room for the NUL that vsnprintf insists on. */
        to = buffer_reserve(buffer, (size_t)length + 1);
        if (to) {
            vsnprintf(to, (size_t)length + 1, format, again);
            buffer->length += (size_t)length;
        }
    }
    va_end(again);
}

void buffer_truncate(Buffer *buffer, size_t length)
{
    if (length < buffer->length)
        buffer->length = length;
}

const char *buffer_text(Buffer *buffer)
{
    char *to = buffer_reserve(buffer, 1);
    if (!to)
        return NULL;
    *to = '\0';
    return buffer->data;
}

char *buffer_detach(Buffer *buffer, size_t *length, size_t *capacity)
{
    if (!buffer_reserve(buffer, 0))
        return NULL;
    char *block = buffer->data;
    *length = buffer->length;
    *capacity = buffer->capacity;
    buffer_init(buffer, buffer->memory);
    return block;
}
