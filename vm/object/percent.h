/* percent.h - formatting with the % operator.
 * What        'text %d' % args for str, bytes and bytearray.   How  one reader for all three: percent.c.
 * GIL         held; %s and %r may run script code.   Read next  percent.c */
#ifndef TOY_OBJECT_PERCENT_H
#define TOY_OBJECT_PERCENT_H

#include "vm/object/str.h"

MUST_CHECK Value percent_format(Thread *t, Str *format, Value args);
/* The same for the bytes data[0:length]; a Bytes. */
MUST_CHECK Value percent_format_bytes(Thread *t, const void *data, size_t length, Value args);

#endif
