/* descriptor.h - what a native type's attributes are made of.
 *
 * What        The objects in a native type's dict: getset and member descriptors, method descriptors, slot wrappers; and the
 *             bound forms that scripts see.
 * How         types_init makes them from the tables of a TypeSpec and from the slots it fills. Each knows its owner, so that
 *             `list.append(1, 2)` can be refused: "descriptor 'append' for 'list' objects doesn't apply to a 'int' object".
 * GIL         held.
 * Read next   descriptor.c, slot_wrapper.c, native.h */
#ifndef TOY_OBJECT_DESCRIPTOR_H
#define TOY_OBJECT_DESCRIPTOR_H

#include "vm/object/native.h"

/* What all of them begin with. */
typedef struct Descriptor {
    Object head;
    Type *owner;                 /* owned */
    Str *name;                   /* owned, interned */
} Descriptor;

typedef struct GetSet { Descriptor d; const GetSetDef *def; } GetSet;
typedef struct Member {
    Descriptor d;
    const MemberDef *def;        /* NULL: made by __slots__ */
    uint32_t index;              /* then: which of the members */
} Member;
typedef struct MethodDescriptor { Descriptor d; const NativeDef *def; Signature *signature; } MethodDescriptor;   /* also of class methods */
typedef struct SlotWrapper { Descriptor d; const struct SlotRow *row; void *function; } SlotWrapper;
typedef struct MethodWrapper { Object head; SlotWrapper *wrapper; Value self; } MethodWrapper;

MUST_CHECK Value getset_new(Thread *t, Type *owner, const GetSetDef *def);
MUST_CHECK Value member_new(Thread *t, Type *owner, const MemberDef *def);
MUST_CHECK Value member_new_slot(Thread *t, Type *owner, Str *name, uint32_t index);
MUST_CHECK Value method_descriptor_new(Thread *t, Type *owner, const NativeDef *def);   /* by its flags also a static or class one */
MUST_CHECK Value slot_wrapper_new(Thread *t, Type *owner, const struct SlotRow *row, void *function);

/* Where instances of [type] keep the Value of this member descriptor, in bytes from the object's begin; 0: not at one place for all, not as
 * a Value, or the descriptor is not for them. The second: where it may also be replaced without asking. */
uint32_t member_offset(const Type *type, Value member);
uint32_t member_offset_to_write(const Type *type, Value member);

/* Call [wrapper]'s slot on [self], as if its dunder had been called. */
MUST_CHECK Value slot_wrapper_call(Thread *t, SlotWrapper *wrapper, Value self, const Value *args, size_t count, Tuple *names);
/* Is [descriptor] one that takes writing (a data descriptor)? */
static inline bool is_data_descriptor(Thread *t, Value descriptor) { return value_type(t, descriptor)->slots.descriptor_set != NULL; }
/* Call a method found on the type with [self] in front, without making a bound method where that can be avoided. */
MUST_CHECK Value call_unbound(Thread *t, Value attribute, Value self, const Value *args, size_t count, Tuple *names);
/* callee(first, *args, **names) */
MUST_CHECK Value call_with_first(Thread *t, Value callee, Value first, const Value *args, size_t count, Tuple *names);
/* descriptor.__get__(instance, owner), or the attribute itself when it is no descriptor. */
MUST_CHECK Value attribute_bind(Thread *t, Value attribute, Value instance, Type *owner);

/* What pickle is told about a function or descriptor that is found as owner.name: (getattr, (owner, name)). */
MUST_CHECK Value attribute_reduction(Thread *t, Value owner, Value name);

typedef struct Property { Object head; Value getter, setter, deleter, doc, name; bool has_getter_doc; } Property;
/* classmethod and staticmethod */
typedef struct WrappedFunction { Object head; Value function; } WrappedFunction;
MUST_CHECK Value class_method_new(Thread *t, Value function);
MUST_CHECK Value static_method_new(Thread *t, Value function);
MUST_CHECK bool function_is_abstract(Thread *t, Value function, bool *answer);   /* the truth of its __isabstractmethod__, if it has one */
typedef struct Super { Object head; Type *type; Value object; Type *object_type; } Super;
/* super().name as LOAD_SUPER_ATTR and LOAD_SUPER_METHOD do it, without the super object. is_method as in object_get_method. */
MUST_CHECK Value super_get_attribute(Thread *t, Type *type, Value object, Str *name, bool *is_method);

extern const TypeSpec getset_spec, member_spec, slot_wrapper_spec, method_wrapper_spec, method_descriptor_spec,
    class_method_descriptor_spec, native_function_spec, property_spec, class_method_spec, static_method_spec, super_spec;

#endif
