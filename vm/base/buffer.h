/* buffer.h - bytes that grow at the end.
 *
 * What        The one growing byte array of the project: source text, code words, formatted output.
 * How         Doubling. A failed growth is remembered: later writes do nothing and buffer_ok() is false, so that a
 *             writer of many small pieces checks once, at the end.
 * Invariants  I1 length <= capacity.  I2 once failed, the content is no longer added to.
 * GIL         as its Memory.
 * Read next   memory.h */
#ifndef TOY_BASE_BUFFER_H
#define TOY_BASE_BUFFER_H

#include <stdarg.h>

#include "vm/base/memory.h"

typedef struct Buffer {
    Memory *memory;
    char *data;
    size_t length, capacity;  /* bytes */
    bool has_failed;          /* I2 */
} Buffer;

void buffer_init(Buffer *buffer, Memory *memory);
void buffer_free(Buffer *buffer);
static inline bool buffer_ok(const Buffer *buffer) { return !buffer->has_failed; }

void buffer_add(Buffer *buffer, const void *bytes, size_t length);
void buffer_add_byte(Buffer *buffer, unsigned char byte);
void buffer_add_text(Buffer *buffer, const char *text);                    /* NUL-terminated */
void buffer_add_u32(Buffer *buffer, uint32_t word);                        /* native byte order */
void buffer_add_format(Buffer *buffer, const char *format, ...) PRINTF_LIKE(2, 3);
void buffer_add_vformat(Buffer *buffer, const char *format, va_list arguments);
/* Room for [length] more bytes; returns where to write them (then buffer_advance), NULL when failed. */
MUST_CHECK char *buffer_reserve(Buffer *buffer, size_t length);
static inline void buffer_advance(Buffer *buffer, size_t length) { buffer->length += length; }
void buffer_truncate(Buffer *buffer, size_t length);
/* A NUL behind the content, not counted in length; NULL when failed. BORROWED: valid until the next write. */
BORROWED const char *buffer_text(Buffer *buffer);
/* Hands the block over: the caller frees it with memory_free(memory, block, *capacity). */
MUST_CHECK char *buffer_detach(Buffer *buffer, size_t *length, size_t *capacity);

#endif
