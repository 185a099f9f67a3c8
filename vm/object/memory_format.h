/* memory_format.h - one element of a memoryview as a Value, and back, by struct's letters.
 * What        Sizes, reading and writing for the native formats "?cbBhHiIlLqQnNPefd".   GIL  held.   Read next  memoryview.c */
#ifndef TOY_OBJECT_MEMORY_FORMAT_H
#define TOY_OBJECT_MEMORY_FORMAT_H

#include "vm/object/context.h"

/* The letter of a format like "i" or "@i"; 0 if it is anything else. */
char memory_format_letter(const char *format);
size_t memory_format_size(char letter);      /* 0: no such letter */
MUST_CHECK Value memory_read(Thread *t, char letter, const uint8_t *at);
/* TypeError and ValueError "memoryview: invalid type (value) for format 'i'". */
MUST_CHECK bool memory_write(Thread *t, char letter, uint8_t *at, Value v);

/* IEEE 754 binary16, which not every C compiler has. To the nearest, ties to even; false: too large for it, *half is an infinity. */
double half_to_double(uint16_t half);
bool half_from_double(double d, uint16_t *half);

#endif
