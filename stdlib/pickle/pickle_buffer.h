/* pickle_buffer.h - PickleBuffer for the module that shows it.
 * What        pickle_buffer_spec.   How  see pickle_buffer.c.   GIL  held.   Read next  pickle_buffer.c */
#ifndef TOY_STDLIB_PICKLE_BUFFER_H
#define TOY_STDLIB_PICKLE_BUFFER_H

#include "vm/toy.h"

extern const ToyTypeSpec pickle_buffer_spec;

#endif
