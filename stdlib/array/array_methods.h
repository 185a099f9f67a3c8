/* array_methods.h - the methods of array, and what they share with its operators.
 * What        array_methods and helpers.   How  see array_methods.c.   GIL  held.   Read next  array_methods.c */
#ifndef TOY_STDLIB_ARRAY_METHODS_H
#define TOY_STDLIB_ARRAY_METHODS_H

#include "stdlib/array/array.h"

extern const ToyFunction array_methods[];

/* of mod_array.c */
TOY_MUST_CHECK bool array_add_text(ToyThread *t, Array *array, ToyValue str);
TOY_MUST_CHECK bool array_add_item(ToyThread *t, ToyValue v, void *context);          /* context: the Array */
TOY_MUST_CHECK bool array_insert_bytes(ToyThread *t, Array *array, size_t at, const uint8_t *item);
TOY_MUST_CHECK bool array_delete(ToyThread *t, Array *array, size_t at);

/* of array_methods.c */
TOY_MUST_CHECK bool array_find(ToyThread *t, const Array *array, ToyValue v, size_t start, size_t end, size_t *at);   /* SIZE_MAX: not there */
TOY_MUST_CHECK bool array_extend_with(ToyThread *t, Array *array, ToyValue from);
TOY_MUST_CHECK ToyValue array_text(ToyThread *t, const Array *array);                                                /* of characters */

#endif
