/* float_text.h - floats as decimal text and back, every digit right.
 *
 * What        repr, the formats e f g % r with any precision, reading, and rounding to decimal places.
 * How         Shortest digits come from float_shortest.cc; digits of a given number from printf, which is exact in glibc;
 *             reading from strtod, exact too. The layout (when to use an exponent, ".0") is written here.
 *             LC_NUMERIC is never set in this program, so the decimal point is a point.
 * Invariants  I1 float_parse(float_repr(x)) == x, bit for bit (nan excepted).
 * GIL         never needed.
 * Read next   float_text.c */
#ifndef TOY_BASE_FLOAT_TEXT_H
#define TOY_BASE_FLOAT_TEXT_H

#include "vm/base/buffer.h"

enum { FLOAT_REPR_MAX = 32 };

/* repr(value) with a NUL behind; returns the length. "1.0", "1e+16", "-inf", "nan". */
size_t float_repr(double value, char out[FLOAT_REPR_MAX]);

enum FloatFormatFlags {
    FLOAT_ALWAYS_SIGN = 1,      /* '+' in front of what has no '-' */
    FLOAT_ADD_DOT_0 = 2,        /* what looks like an int gets ".0"; 'g' turns to exponents one digit earlier */
    FLOAT_ALTERNATE = 4,        /* '#': always a point, and 'g' keeps its trailing zeros */
    FLOAT_NO_NEGATIVE_ZERO = 8, /* 'z': what is rounded to zero has no sign */
};

/* Appends [value] as format [code] ('e' 'E' 'f' 'F' 'g' 'G' '%' or 'r') writes it; 'r' is the shortest text and ignores
 * [precision]. A capital code writes INF, NAN and E. */
void float_format(Buffer *out, double value, char code, int precision, unsigned flags);

/* Reads the number at the start of [text] (NUL-terminated): digits with point and exponent, "inf", "infinity" or "nan" in any
 * case, each with an optional sign; no spaces, no underscores, no hexadecimal. Returns its length, 0 if there is none.
 * What is too large reads as infinity, what is too small as zero. */
size_t float_parse(const char *text, double *value);

/* [value] rounded to [places] decimal places (negative: to tens, hundreds ..), ties to even; may give infinity. */
double float_round(double value, int places);

#endif
