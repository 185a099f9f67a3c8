/* str_format.h - 'text {field!r:spec}'.format(...).
 * What        str.format and str.format_map, and the two halves that string.Formatter is made of.
 * How         str_format.c.   GIL  held; fields run script code.   Read next  format.h */
#ifndef TOY_OBJECT_STR_FORMAT_H
#define TOY_OBJECT_STR_FORMAT_H

#include "vm/object/str.h"

/* Arguments in a row, keyword values after the positional ones. */
MUST_CHECK Value str_format_call(Thread *t, Str *format, const Value *args, size_t count, Tuple *names);
MUST_CHECK Value str_format_map(Thread *t, Str *format, Value mapping);
/* A list of (literal, field name, specification, conversion), the last three None behind the last field. */
MUST_CHECK Value str_format_parse(Thread *t, Str *format);
/* "0.name[key]" as (0, [(True, 'name'), (False, 'key')]). */
MUST_CHECK Value str_format_split_field(Thread *t, Str *field);

#endif
