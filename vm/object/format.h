/* format.h - the format mini-language: what stands behind the colon of {x:>10.3f}.
 *
 * What        Text of str, int, float and complex as a specification asks; the methods __format__ of these types.
 * How         [[fill]align][sign][z][#][0][width][grouping][.precision][type] is read once into a FormatSpec; then the type
 *             makes the digits, and one function lays out sign, prefix, grouping and padding.
 * GIL         held.
 * Read next   format.c, format_number.c, percent.h */
#ifndef TOY_OBJECT_FORMAT_H
#define TOY_OBJECT_FORMAT_H

#include "vm/object/int.h"
#include "vm/object/str.h"

typedef struct FormatSpec {
    uint32_t fill;           /* ' ' unless given */
    char align;              /* '<' '>' '=' '^'; the type's default when has_align is false */
    char sign;               /* 0 '+' '-' ' ' */
    char grouping;           /* 0 ',' '_' */
    uint32_t type;           /* 0: none given */
    int64_t width;           /* -1: none */
    int64_t precision;       /* -1: none */
    bool has_align, has_fill, is_alternate, drops_negative_zero;
} FormatSpec;

/* false: raised. [v] is named in messages. */
MUST_CHECK bool format_spec_read(Thread *t, Str *text, Value v, char default_align, FormatSpec *spec);

/* Each takes the whole specification; an empty one is str(v). */
MUST_CHECK Value format_str(Thread *t, Value v, Str *spec);
MUST_CHECK Value format_int(Thread *t, Value v, Str *spec);
MUST_CHECK Value format_float(Thread *t, Value v, Str *spec);
MUST_CHECK Value format_complex(Thread *t, Value v, Str *spec);

/* "Unknown format code 'x' for object of type 'T'" */
COLD Value raise_unknown_format(Thread *t, uint32_t code, Value v);
/* Adds s[0:length], padded to the width. */
void format_add_padded(StrBuilder *out, const Str *s, size_t length, const FormatSpec *spec);

#endif
