/* search.h - finding bytes in bytes: what str and bytes share.
 *
 * What        First and last place of a part, and how many there are.
 * How         memchr finds first bytes, memmem takes over where these are frequent: linear in the worst case. Wider characters
 *             are searched as bytes, and a hit that does not begin at a character is passed over.
 * GIL         never needed.
 * Read next   str_search.c, bytes_methods.c */
#ifndef TOY_OBJECT_SEARCH_H
#define TOY_OBJECT_SEARCH_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

/* The place of [part] in [text], or -1. An empty part is at 0. Both are arrays of characters of [width] bytes; lengths in characters. */
ssize_t search_first(const void *text, size_t length, const void *part, size_t part_length, unsigned width);
ssize_t search_last(const void *text, size_t length, const void *part, size_t part_length, unsigned width);

#endif
