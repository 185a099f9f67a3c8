/* generic_alias.h - list[int] and int | str: types written down, for annotations and for isinstance.
 *
 * What        GenericAlias (a class with arguments), Union (alternatives), and __class_getitem__ for the built-in types.
 * How         A GenericAlias forwards calls and most attributes to its origin. __parameters__ are the type variables among
 *             its arguments; subscripting puts arguments in their place.
 * GIL         held.
 * Read next   generic_alias.c, union.c */
#ifndef TOY_OBJECT_GENERIC_ALIAS_H
#define TOY_OBJECT_GENERIC_ALIAS_H

#include "vm/object/context.h"
#include "vm/object/native.h"

typedef struct GenericAlias {
    Object head;
    Value origin;
    Value args;                /* tuple */
    Value parameters;          /* tuple, or UNBOUND: not asked for yet */
    bool is_unpacked;          /* *tuple[int]: what iterating over the alias yields */
} GenericAlias;

typedef struct Union { Object head; Value args, parameters; } Union;   /* args: tuple of two or more different types */

MUST_CHECK Value generic_alias_new(Thread *t, Value origin, Value item);       /* item: one argument, or a tuple of them */
/* The row that makes cls[item] work. */
MUST_CHECK Value generic_alias_class_get_item(Thread *t, Value cls, const Value *args);
#define CLASS_GET_ITEM_ROW NATIVE("__class_getitem__", generic_alias_class_get_item, "($type, object, /)", NATIVE_CLASS, "See PEP 585")

MUST_CHECK Value union_new(Thread *t, Value left, Value right);                /* left | right; NOT_IMPLEMENTED for what is no type */
/* The `or` slot of type objects and of aliases. */
MUST_CHECK Value union_or_slot(Thread *t, Value left, Value right);

/* Shared by both: the type variables in a tuple of arguments; the arguments with [item] put in their place. */
MUST_CHECK Value generic_parameters(Thread *t, Tuple *args);
MUST_CHECK Value generic_substitute(Thread *t, Value alias, Tuple *args, Tuple *parameters, Value item);
MUST_CHECK Value generic_item_text(Thread *t, Value item);                     /* how an argument prints inside an alias */

extern const TypeSpec generic_alias_spec, union_spec;

#endif
