/* names.h - variables by name: globals, built-ins, class bodies, annotations, and the errors of unbound ones.
 * What        The bodies of the name instructions.   How  names.c.   GIL  held.   Read next  names.c */
#ifndef TOY_RUN_NAMES_H
#define TOY_RUN_NAMES_H

#include "vm/run/frame.h"

MUST_CHECK Value names_load_global(Thread *t, Frame *frame, Str *name);
MUST_CHECK Value names_load(Thread *t, Frame *frame, Str *name);
MUST_CHECK bool names_store(Thread *t, Frame *frame, Str *name, Value v);
MUST_CHECK bool names_delete(Thread *t, Frame *frame, Str *name);
MUST_CHECK bool names_delete_global(Thread *t, Frame *frame, Str *name);
/* Look in [mapping] first, then in the cell of slot [operand] or, if not is_cell, as LOAD_GLOBAL does for name [operand]. */
MUST_CHECK Value names_load_from_mapping(Thread *t, Frame *frame, Value mapping, uint32_t operand, bool is_cell);
MUST_CHECK bool names_set_up_annotations(Thread *t, Frame *frame);
MUST_CHECK Value names_load_build_class(Thread *t, Frame *frame);
/* row: super, class, self. The object that super() gives, and its attribute without making that object. */
MUST_CHECK Value names_make_super(Thread *t, const Value *row);
MUST_CHECK Value names_load_super(Thread *t, const Value *row, Str *name);
MUST_CHECK Value names_load_super_method(Thread *t, const Value *row, Str *name, bool *is_method);   /* as object_get_method */
/* UnboundLocalError, or NameError for a free variable, of slot [slot]. */
void names_raise_unbound(Thread *t, Frame *frame, uint32_t slot);

#endif
