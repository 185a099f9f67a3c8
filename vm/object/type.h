/* type.h - what a type is: slots that native code calls, a dict that scripts see, and the layout of its instances.
 *
 * What        Type, TypeSlots, and TypeSpec: the constant description from which a built-in type is made at start-up.
 * How         Native code never looks a dunder up: it calls a slot. A script's class gets slots that do the look-up
 *             (slot_calls.c), refreshed whenever a dunder changes. Attribute look-up walks the method resolution order
 *             through a cache keyed by (type version, name).
 * Layout      an instance:  | Object header | native payload of the solid base | __slots__ members | Attributes |
 *             Behind a variable-sized payload (str, bytes, tuple, int) they stand at the end of the object's cell.
 * Invariants  I1 built-in types do not change after start-up and are immortal.
 *             I2 version is 0 or unique; every change to the type or a base of it sets it to 0 (type_modified).
 *             I3 slots agree with the dict: whatever assigns a dunder calls type_update_slots.
 * GIL         held to change a type; slots are called with the lock held.
 * Read next   slots.def, shape.h, instance.h, function.h, native.h */
#ifndef TOY_OBJECT_TYPE_H
#define TOY_OBJECT_TYPE_H

#include "vm/object/value.h"

typedef struct Str Str;
typedef struct Tuple Tuple;
typedef struct List List;
typedef struct Dict Dict;
typedef struct Shape Shape;
typedef struct BufferView BufferView;

/* What may be asked of a pair of values; the numbers are COMPARE_OP's operand. */
typedef enum CompareOp { COMPARE_LT, COMPARE_LE, COMPARE_EQ, COMPARE_NE, COMPARE_GT, COMPARE_GE } CompareOp;

/* All results are owned; the zero word, false or -1 means raised. Arguments are borrowed. */
typedef Value (*UnaryFn)(Thread *t, Value self);
typedef Value (*BinaryFn)(Thread *t, Value left, Value right);
typedef Value (*TernaryFn)(Thread *t, Value base, Value exponent, Value modulus_or_none);
typedef Value (*CompareFn)(Thread *t, Value self, Value other, CompareOp op);     /* may answer NOT_IMPLEMENTED */
typedef Value (*NextFn)(Thread *t, Value self);                                   /* END: there is no next one */
typedef bool (*HashFn)(Thread *t, Value self, int64_t *hash);                     /* never -1, as in CPython */
typedef bool (*TruthFn)(Thread *t, Value self, bool *truth);
typedef bool (*LengthFn)(Thread *t, Value self, size_t *length);
typedef bool (*ContainsFn)(Thread *t, Value self, Value item, bool *found);
typedef bool (*SetItemFn)(Thread *t, Value self, Value key, Value value);         /* UNBOUND deletes */
typedef Value (*GetAttrFn)(Thread *t, Value self, Str *name);
typedef bool (*SetAttrFn)(Thread *t, Value self, Str *name, Value value);         /* UNBOUND deletes */
typedef Value (*DescrGetFn)(Thread *t, Value self, Value instance, Type *owner);  /* instance UNBOUND: through the class */
typedef bool (*DescrSetFn)(Thread *t, Value self, Value instance, Value value);   /* UNBOUND deletes */
typedef void (*FinalizeFn)(Thread *t, Value self);                                /* reports what it raises itself */
/* Arguments lie in a row: [count] positional ones, then one value for each name in [names] (NULL: none). All borrowed. */
typedef Value (*CallFn)(Thread *t, Value callee, const Value *args, size_t count, Tuple *names);
typedef bool (*InitFn)(Thread *t, Value self, const Value *args, size_t count, Tuple *names);
typedef Value (*NewFn)(Thread *t, Type *type, const Value *args, size_t count, Tuple *names);
typedef bool (*GetBufferFn)(Thread *t, Value self, BufferView *view, int flags);
typedef void (*ReleaseBufferFn)(Thread *t, Value self, BufferView *view);

/* The collector's questions. visit() is called once for each owned object reference. */
typedef void (*VisitFn)(Object *child, void *context);
typedef void (*TraverseFn)(Object *self, VisitFn visit, void *context);
static inline void visit_value(Value v, VisitFn visit, void *context) { if (is_object(v)) visit(as_object(v), context); }
typedef void (*ClearFn)(Object *self);    /* drop the references that can be part of a cycle; the object stays usable */
typedef void (*FreeFn)(Object *self);     /* drop all references and native memory; heap.c then takes the cell back */

typedef struct TypeSlots {
    UnaryFn repr, str; HashFn hash; CallFn call;
    GetAttrFn get_attribute; SetAttrFn set_attribute;
    CompareFn compare;
    UnaryFn iterate; NextFn next; UnaryFn await, aiter, anext;
    DescrGetFn descriptor_get; DescrSetFn descriptor_set;
    InitFn init; NewFn new_instance; FinalizeFn finalize;
    LengthFn length; BinaryFn get_item; SetItemFn set_item; ContainsFn contains; TruthFn truth;
    BinaryFn add, subtract, multiply, true_divide, floor_divide, remainder, divmod; TernaryFn power;
    BinaryFn matrix_multiply, lshift, rshift, and, or, xor;
    BinaryFn inplace_add, inplace_subtract, inplace_multiply, inplace_true_divide, inplace_floor_divide, inplace_remainder,
        inplace_power, inplace_matrix_multiply, inplace_lshift, inplace_rshift, inplace_and, inplace_or, inplace_xor;
    UnaryFn negative, positive, absolute, invert, to_int, to_float, index;
    GetBufferFn get_buffer; ReleaseBufferFn release_buffer;
} TypeSlots;

enum TypeFlags {
    TYPE_IS_SCRIPT_MADE = 0x0001,     /* a class statement or type() made it: mutable, counted, collected */
    TYPE_IS_FINAL = 0x0002,           /* may not be subclassed (bool, range, function ...) */
    TYPE_IS_CONTAINER = 0x0004,       /* instances may be part of a cycle: allocated in container pages */
    TYPE_HAS_ATTRIBUTES = 0x0008,     /* instances have Attributes (a __dict__) */
    TYPE_IS_WEAK_REFERABLE = 0x0010,
    TYPE_IS_METHOD_DESCRIPTOR = 0x0020, /* binding only puts self in front: LOAD_METHOD need not bind */
    TYPE_IS_SEQUENCE = 0x0040, TYPE_IS_MAPPING = 0x0080, /* as patterns see it */
    TYPE_IS_ABSTRACT = 0x0100,        /* __abstractmethods__ is not empty */
    TYPE_HAS_FINALIZER = 0x0200,      /* slots.finalize is set: __del__ somewhere in the order */
    TYPE_IS_EXCEPTION = 0x0400,       /* BaseException or a subclass */
    TYPE_IS_VARIABLE_SIZE = 0x0800,   /* payload ends in an array: str, bytes, tuple, int */
    TYPE_NO_NEW = 0x1000,             /* scripts cannot create instances: "cannot create 'x' instances" */
    TYPE_MATCHES_SELF = 0x2000,       /* a class pattern's one positional sub-pattern matches the subject itself: int, str ... */
    TYPE_DEFINES_GETATTR = 0x4000,    /* get_attribute is not the generic one: inline caches keep out */
    TYPE_HIDES_DICT = 0x8000,         /* Attributes, but no attribute __dict__ */
    TYPE_IS_OPEN = 0x10000,           /* every type of its order has its dict: see type_open */
};

/* ---- the constant description of a built-in type ---- */

struct NativeDef;   /* native.h: a table of methods */
typedef struct GetSetDef {
    const char *name;
    Value (*get)(Thread *t, Value self);
    bool (*set)(Thread *t, Value self, Value value);   /* NULL: read-only; UNBOUND deletes */
    const char *doc;
} GetSetDef;
typedef enum MemberKind { MEMBER_VALUE, MEMBER_VALUE_OR_NONE, MEMBER_INT64, MEMBER_BOOL, MEMBER_DOUBLE } MemberKind;
typedef struct MemberDef {
    const char *name;
    MemberKind kind;
    size_t offset;         /* from the start of the object */
    bool is_read_only;
    const char *doc;
} MemberDef;

typedef struct TypeSpec {
    const char *doc;
    const char *signature;           /* of a call of the type, for help(); "(x, /)" notation; NULL unknown */
    size_t size;                     /* header and fixed payload */
    uint32_t flags;                  /* enum TypeFlags */
    TypeSlots slots;                 /* empty ones are inherited from the base */
    const struct NativeDef *methods; /* ends with a NULL name; may be NULL, as the next two */
    const GetSetDef *getsets;
    const MemberDef *members;
    TraverseFn traverse;
    ClearFn clear;
    FreeFn free;
    size_t (*size_of)(Object *self); /* variable-sized payload: bytes in all, before members; NULL: size */
    bool (*add_rest)(Thread *t, Type *type, Value dict);   /* attributes that no table can hold; may be NULL */
} TypeSpec;

struct Type {
    Object head;
    Str *name;                /* the last part: __name__ */
    Str *qualified_name;
    Type *base;               /* owned, NULL for object */
    Tuple *bases, *mro;       /* owned */
    Dict *dict;               /* owned; NULL: native, and nobody has looked into it yet (type_open) */
    TypeSlots slots;
    const TypeSpec *spec;     /* of the solid base: size_of, traverse, clear, free */
    uint32_t flags;
    uint32_t version;         /* I2 */
    uint8_t kind, solid;      /* these three go into an instance's header, as one word */
    uint16_t first_flags;
    uint16_t member_count;    /* __slots__ of this class and its bases, laid out behind the payload */
    uint32_t inline_slots;    /* attribute slots inside a new instance: learned from what earlier ones used */
    uint32_t size;            /* bytes of a fixed-size instance, members, Attributes and inline slots included */
    uint32_t attributes_offset; /* of Attributes; 0: no attributes, or variable size (then behind the payload) */
    Shape *root_shape;        /* of instances without attributes */
    Type **subclasses;        /* BORROWED, oldest first: a class that dies takes itself out */
    uint32_t subclass_count, subclass_capacity;
    const char *native_name;  /* of a native type, for messages: with its module unless that is builtins; NULL: script-made */
    Value module;             /* what __module__ answers */
    void *module_state;       /* of a type that a native module made (vm/toy.h): that module's struct; else NULL */
    struct Function *init_function;  /* __init__ when it is a plain script function and __new__ is object's: entered directly; BORROWED from dict, cleared with version */
    struct PlainInit *plain_init;    /* what that comes to if it only stores; NULL: never asked */
};

static inline bool type_is(const Type *type, uint32_t flags) { return (type->flags & flags) != 0; }

BORROWED Type *value_type(Thread *t, Value v);
BORROWED Type *kind_type(Thread *t, enum Kind kind);
static inline bool is_type(Value v) { return has_payload(v, KIND_TYPE); }
static inline Type *as_type(Value v) { return (Type *)as_object(v); }
BORROWED const char *type_text(Thread *t, Type *type);              /* its name for messages: "int", "collections.deque"; UTF-8 */
BORROWED const char *value_type_name(Thread *t, Value v);           /* for messages; UTF-8 */

bool type_is_subtype(const Type *type, const Type *of);             /* by the method resolution order */
/* A native type gets its dict when somebody first looks into it or a type below it: an ordinary program looks into a tenth of
 * them. False: no memory for that, raised. */
MUST_CHECK bool type_open_order(Thread *t, Type *type);
static inline bool type_open(Thread *t, Type *type) { return LIKELY(type_is(type, TYPE_IS_OPEN)) || type_open_order(t, type); }
/* The attribute of [name] in the method resolution order; UNBOUND when there is none. Never raises, never binds. It opens the type, but
 * cannot tell if there was no memory for that: who must tell calls type_open before. */
BORROWED Value type_lookup(Thread *t, Type *type, Str *name);
/* The same in the order of [start], of what comes behind [type]: super()'s way. */
BORROWED Value type_lookup_behind(Thread *t, Type *start, Type *type, Str *name);
MUST_CHECK Value type_get_attribute(Thread *t, Value type, Str *name);
MUST_CHECK bool type_set_attribute(Thread *t, Value type, Str *name, Value value);

/* type(name, bases, dict, **keywords): what a class statement ends in. [metaclass] already decided. */
MUST_CHECK Type *type_new(Thread *t, Type *metaclass, Str *name, Tuple *bases, Dict *dict, const Value *args, size_t count, Tuple *names);
MUST_CHECK Value type_call(Thread *t, Value type, const Value *args, size_t count, Tuple *names);
/* The most derived metaclass of [bases], at least [metaclass]; NULL raises the conflict. */
BORROWED MUST_CHECK Type *type_metaclass(Thread *t, Type *metaclass, Tuple *bases);
void type_modified(Thread *t, Type *type);                          /* versions of it and its subclasses become 0 */
/* Every type's: an object that is an attribute of whatever class has become a descriptor, or is none any more. */
void type_all_modified(Thread *t);
void type_update_slots(Thread *t, Type *type, Str *name);           /* keeps I3, in subclasses too */
/* A unique number for the type's present state, for caches; 0 when none can be had. */
uint32_t type_version(Thread *t, Type *type);

/* An instance with its payload zeroed, attributes empty; count 1. For native constructors. */
MUST_CHECK Object *type_alloc(Thread *t, Type *type);
/* The same for a variable-sized payload of [size] bytes, header included. */
MUST_CHECK Object *type_alloc_sized(Thread *t, Type *type, size_t size);

/* Start-up: makes every type of kinds.def. The exception classes follow from exceptions.def (exception.c). */
MUST_CHECK bool types_init(Thread *t);
extern const TypeSpec type_spec;    /* what metaclasses build upon */
/* A native type beyond kinds.def: an exception class, a type of a native module ([name] "module.name", a constant). Immortal, known
 * to be immutable. [metaclass] NULL: that of the base. [kind]: what its instances' headers say, KIND_INSTANCE unless the payload is a built-in one.
 * BORROWED. */
BORROWED MUST_CHECK Type *type_new_native(Thread *t, const TypeSpec *spec, const char *name, Type *base, Type *metaclass, enum Kind kind);
/* Give an object another class of the same layout: __class__ assignment. Raises "object layout differs". */
MUST_CHECK bool object_set_class(Thread *t, Object *object, Type *type);

/* isinstance(v, cls) and issubclass(c, cls) with tuples, unions and __instancecheck__; result in *answer. */
MUST_CHECK bool value_is_instance(Thread *t, Value v, Value cls, bool *answer);
MUST_CHECK bool value_is_subclass(Thread *t, Value c, Value cls, bool *answer);

#endif
