/* code_variant.h - code objects that scripts make and compare.
 * What        code.replace(), CodeType(...), == and hash().   How  code_variant.c
 * GIL         held.   Read next  code_object.c */
#ifndef TOY_OBJECT_CODE_VARIANT_H
#define TOY_OBJECT_CODE_VARIANT_H

#include "vm/object/function.h"

MUST_CHECK Value code_replace(Thread *t, Value self, const Value *args, size_t count, Tuple *names);
MUST_CHECK Value code_make(Thread *t, Type *type, const Value *args, size_t count, Tuple *names);
MUST_CHECK Value code_compare(Thread *t, Value self, Value other, CompareOp op);
MUST_CHECK bool code_hash(Thread *t, Value self, int64_t *hash);

/* code_object.c: a code object around a verified variant of [model]'s unit (NULL: of none), with these constants. It owns the
 * unit unless this fails. */
MUST_CHECK Code *code_object_variant(Thread *t, CodeUnit *unit, Code *model, const Value *constants);
/* Give back what belongs to a variant's unit alone. */
void code_variant_free(TAKES CodeUnit *unit);

#endif
