/* float_methods.h - what float.c, float_methods.c and complex.c share.
 * What        The method tables of float, and reading numbers from text.   GIL  held.   Read next  float.c */
#ifndef TOY_OBJECT_FLOAT_METHODS_H
#define TOY_OBJECT_FLOAT_METHODS_H

#include "vm/object/float.h"
#include "vm/object/native.h"

extern const NativeDef float_methods[];
extern const GetSetDef float_getsets[];

MUST_CHECK Value float_of_type(Thread *t, Type *type, double d);
MUST_CHECK Value float_exact(Thread *t, Value self);
/* d as C sees it: through __float__ or __index__. false: raised. *is_number false: it has neither. */
MUST_CHECK bool double_from_number(Thread *t, Value v, double *d, bool *is_number);
/* d compared with an int of any size: *order against 0 says how. */
MUST_CHECK bool float_compare_int(Thread *t, double d, Value n, double *order);
MUST_CHECK Value complex_power(Thread *t, double a_real, double a_imaginary, double b_real, double b_imaginary);

/* The characters as ASCII: digits and spaces of other scripts become ours, the rest '?'. */
void number_text_from_str(const Str *s, char *out);
/* Takes blanks around and single underscores between digits away, in place, and puts a NUL behind; SIZE_MAX: a misplaced underscore. */
size_t number_text_clean(char *text, size_t length);

#endif
