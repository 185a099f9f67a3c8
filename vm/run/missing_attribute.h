/* missing_attribute.h - a module has not what it was asked for.
 * What        missing_attribute().
 * How         missing_attribute.c
 * GIL         held; may run script code.
 * Read next   missing_attribute.c */
#ifndef TOY_RUN_MISSING_ATTRIBUTE_H
#define TOY_RUN_MISSING_ATTRIBUTE_H

#include "vm/object/context.h"

/* Interp.missing_attribute: raises AttributeError for [name], which the module called [own] lacks, and tells what is likely to be wrong. */
void missing_attribute(Thread *t, Value module, Str *own, Str *name);

#endif
