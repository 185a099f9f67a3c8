/* type_making.h - what the files that make classes share: type_new.c, type_members.c, type_attributes.c.
 * What        Steps of making or changing a class.
 * How         Each stands in the file named beside it.
 * GIL         held.
 * Read next   type_new.c */
#ifndef TOY_OBJECT_TYPE_MAKING_H
#define TOY_OBJECT_TYPE_MAKING_H

#include "vm/object/type_layout.h"

/* type_new.c */
MUST_CHECK bool type_check_bases(Thread *t, Tuple *bases);
BORROWED MUST_CHECK Type *type_best_base(Thread *t, Tuple *bases);      /* the one whose layout the class continues */
MUST_CHECK Value type_new_slot(Thread *t, Type *metaclass, const Value *args, size_t count, Tuple *names);

/* type_members.c: __slots__, __dict__ and __weakref__ of a class that is being made. */
MUST_CHECK bool type_add_members(Thread *t, Type *type);

/* type_methods.c: the order as a metaclass's mro() gives it. */
MUST_CHECK Tuple *type_ask_order(Thread *t, Type *type);

/* type_attributes.c and type_bases.c: what type_spec in type_methods.c is made of. */
extern const GetSetDef type_getsets[];
MUST_CHECK bool type_name_is_good(Thread *t, Str *name);                /* UTF-8 can hold it, and no NUL is inside */
MUST_CHECK bool type_set_slot(Thread *t, Value type, Str *name, Value value_or_unbound);   /* class attribute assignment */
MUST_CHECK Value type_get_bases(Thread *t, Value type);
MUST_CHECK bool type_put_bases(Thread *t, Value type, Value value);
/* False: raised, for the type is native. [name] names the attribute; deleting is refused too. */
MUST_CHECK bool type_may_change(Thread *t, Type *type, const char *name, Value value);

/* instance_check.c: what type.__instancecheck__ and __subclasscheck__ say. */
MUST_CHECK bool plain_is_instance(Thread *t, Value v, Value cls, bool *answer);
MUST_CHECK bool plain_is_subclass(Thread *t, Value c, Value cls, bool *answer);

#endif
