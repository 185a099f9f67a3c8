/* float.h - floats: in the word where they fit, boxed where they do not; and complex numbers.
 * What        Making and reading floats, text of floats.   How  value.h has the encoding.
 * GIL         held.   Read next  value.h, vm/base/float_text.h */
#ifndef TOY_OBJECT_FLOAT_H
#define TOY_OBJECT_FLOAT_H

#include "vm/object/context.h"

typedef struct Float { Object head; double value; } Float;
typedef struct Complex { Object head; double real, imaginary; } Complex;

MUST_CHECK Value float_box(Thread *t, double d);
MUST_CHECK static inline Value float_value(Thread *t, double d)
{
    Value v = word_float_try(d);
    return LIKELY(is_word_float(v)) ? v : float_box(t, d);
}
static inline bool is_exact_float(Value v) { return is_word_float(v) || is_kind(v, KIND_FLOAT); }
static inline bool is_float(Value v) { return is_word_float(v) || has_payload(v, KIND_FLOAT); }
static inline double as_double(Value v) { return is_word_float(v) ? word_float(v) : ((Float *)as_object(v))->value; }   /* v must be a float */

MUST_CHECK Value complex_value(Thread *t, double real, double imaginary);
/* float(text) as scripts write it: underscores, inf, nan, surrounding blanks. */
MUST_CHECK Value float_from_str(Thread *t, Value text);
MUST_CHECK Value float_to_str(Thread *t, double d);    /* repr */
double float_remainder(double a, double b);            /* Python's %: sign of b */
double float_floor_divide(double a, double b);
MUST_CHECK Value float_power(Thread *t, double a, double b);

MUST_CHECK bool float_init(Thread *t);                 /* start-up: the shared 0.0 */

extern const TypeSpec float_spec, complex_spec;

#endif
