/* instance.h - attributes of an object: slots laid out by a shape.
 *
 * What        Attributes: the part of an instance that holds what `self.x = ...` stores; and the generic attribute protocol.
 * How         A Shape says which name has which slot. Instances that got the same names in the same order share a shape, so
 *             the loop's inline caches compare one number. The first inline_count slots lie in the object, the rest in an overflow block.
 *             Once `__dict__` is asked for, extra->dict is a live view of the same slots (dict_live.c). Too many names, a deletion
 *             in the midst, or a view that is used as more than a mapping of names ends in dict mode: the Dict is their only home.
 * Layout      | shape | extra | slot 0 | slot 1 | ...  extra: NULL, or the overflow block | dict | capacity | slot n | ...
 * Invariants  I1 slot i is bound exactly if the shape has i keys or more and the key was not deleted.
 *             I2 shape NULL: dict mode, extra->dict holds everything.
 * GIL         held.
 * Read next   shape.h, type.h */
#ifndef TOY_OBJECT_INSTANCE_H
#define TOY_OBJECT_INSTANCE_H

#include "vm/object/context.h"
#include "vm/object/shape.h"

typedef struct ExtraAttributes {
    Dict *dict;               /* owned: a view of the slots, or I2; NULL: nobody asked, or nothing is there */
    uint32_t capacity;        /* of overflow */
    Value overflow[];         /* slots inline_count.. */
} ExtraAttributes;

typedef struct Attributes {
    Shape *shape;             /* I2 */
    ExtraAttributes *extra;
    Value slots[];            /* inline_count of the shape's root */
} Attributes;

/* Where the Attributes of an object are; NULL when its type has none. */
BORROWED Attributes *object_attributes(Object *object);

/* object.__getattribute__ and object.__setattr__: data descriptors, instance, other class attributes. */
MUST_CHECK Value generic_get_attribute(Thread *t, Value object, Str *name);
MUST_CHECK bool generic_set_attribute(Thread *t, Value object, Str *name, Value value);
/* As the first, but UNBOUND without an error when the attribute does not exist (t->raised tells a real error). */
Value generic_find_attribute(Thread *t, Value object, Str *name);

/* The AttributeError that was just raised is about [name] of [object]: it shall say so, for "Did you mean". */
void attribute_error_set_place(Thread *t, Value object, Str *name);
/* The same for an AttributeError that a script raised and that tells neither yet. */
void attribute_error_complete(Thread *t, Value object, Str *name);

/* For LOAD_METHOD: the plain function and *is_method true (self goes in front), or the bound attribute. */
MUST_CHECK Value object_get_method(Thread *t, Value object, Str *name, bool *is_method);

MUST_CHECK Dict *object_dict(Thread *t, Object *object);                 /* __dict__, owned reference */
MUST_CHECK bool object_set_dict(Thread *t, Object *object, Dict *dict);
/* The getter and setter behind the name __dict__, for GetSetDefs of types that have Attributes. */
MUST_CHECK Value object_get_dict(Thread *t, Value self);
MUST_CHECK bool object_put_dict(Thread *t, Value self, Value value_or_unbound);
/* Straight to the instance's own attributes, no descriptors. UNBOUND: not there. */
BORROWED Value attributes_get(Attributes *attributes, Str *name);
MUST_CHECK bool attributes_set(Thread *t, Object *object, Str *name, Value value);
/* All of them in the order in which they came, BORROWED; both arrays have SHAPE_KEYS_MAX places. How many; -1: there is
 * a Dict, ask that. */
int attributes_list(Attributes *attributes, Str **names, Value *values);
MUST_CHECK bool attributes_delete(Thread *t, Object *object, Str *name, bool *was_there);

/* The values of __slots__: type->member_count of them; NULL when there are none. */
BORROWED Value *object_members(Object *object);

/* Attributes and members; heap.c and collector.c call them, a type's own traverse, clear and free need not. */
void attributes_traverse(Object *object, VisitFn visit, void *context);
/* The same for all values, numbers too; gc.get_referents' way. */
void attributes_each(Object *object, void (*visit)(Value v, void *context), void *context);
void attributes_clear(Object *object);

/* object.__new__ and object.__init__ as slots: a class that has the first one can be made without asking anybody. */
MUST_CHECK Value object_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names);
MUST_CHECK bool object_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names);

/* object(): the base of all, see object_spec. */
extern const TypeSpec object_spec, type_spec;

#endif
