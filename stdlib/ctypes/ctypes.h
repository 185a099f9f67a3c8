/* ctypes.h - what the files of module _ctypes share: classes that describe C types, objects that are bytes, arguments of calls.
 *
 * What        CClass, the metaclasses' instance; CObject, an instance of such a class; Scalar, Kind, Argument; CtypesState.
 * How         A class knows size, alignment and what it is made of. An object knows where its bytes lie:
 *
 *                 own    in 'small', or in a block of its own      c_int(5), (c_int * 100)()
 *                 lent   by the buffer of another object           T.from_buffer(bytearray)
 *                 part   inside of the bytes of 'base'             structure.array, pointer.contents
 *                 wild   at an address that somebody gave          T.from_address(n), T.in_dll(library, name)
 * Invariants  I1 what a pointer among the bytes points to, and came from a value, is in 'keeps' of the outermost object.
 *             I2 nothing is read or written beyond data + size, whatever class the object has by now.
 *             I3 own bytes stay allocated until the object dies, even when it has got more room elsewhere: parts, views and pointers know them.
 * GIL         held; dropped around foreign calls only.
 * Read next   ctypes_classes.c, ctypes_objects.c, mod_ctypes.c */
#ifndef TOY_STDLIB_CTYPES_CTYPES_H
#define TOY_STDLIB_CTYPES_CTYPES_H

#include <ffi.h>
#include <wchar.h>

#include "vm/toy.h"

/* Room for any scalar, seen as each of them. */
typedef union Scalar {
    uint64_t bits;
    int8_t i8; int16_t i16; int32_t i32; int64_t i64;
    float f32; double f64; long double f80;
    wchar_t wide;
    void *pointer;
    ffi_arg word;              /* libffi widens small integer results to this */
} Scalar;

typedef enum Family { FAMILY_NONE, FAMILY_SIMPLE, FAMILY_ARRAY, FAMILY_STRUCTURE, FAMILY_UNION, FAMILY_POINTER, FAMILY_FUNCTION, FAMILY_COUNT } Family;

/* A row of the table of scalars. */
typedef struct Kind {
    char letter;               /* as _type_ has it */
    uint8_t size;
    char format;               /* as the buffer protocol has it, for a standard size */
    ffi_type *type;
    /* Store the value at [place]; *keeps (owned, UNBOUND so far) gets what must live on. */
    bool (*write)(ToyThread *t, const struct Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps);
    ToyValue (*read)(ToyThread *t, const struct Kind *kind, const Scalar *place);
} Kind;

/* A class that describes a C type. Zeroed, it is abstract: Structure itself, or one whose metaclass has not been asked yet. */
typedef struct CClass {
    ToyClass head;
    Family family;
    bool is_final;             /* the layout is used by somebody: _fields_ cannot be set any more */
    bool has_pointers;         /* its bytes mean nothing in another process */
    bool is_swapped;           /* a scalar with its bytes in the other order */
    size_t size, alignment;
    size_t count;              /* items of an array, fields of a structure; 0: scalars */
    const Kind *kind;          /* of a scalar */
    ToyValue item;             /* the class of an array's items, of what a pointer points to */
    ToyValue format;           /* a str; 'format_text' lies in it */
    const char *format_text;
    size_t item_size;          /* for buffers: of what the format describes */
    int dimensions;
    int64_t *shape;
    ToyValue names;            /* a tuple: of a structure's own fields */
    ToyValue arrays;           /* a dict: length -> weak reference to the class of arrays of so many of these */
    ToyValue swapped;          /* of a scalar: the class with the other order of bytes */
} CClass;

typedef struct Block { struct Block *older; size_t size; _Alignas(16) uint8_t bytes[]; } Block;

typedef struct CObject {
    ToyObject head;
    uint8_t *data;
    size_t size;
    ToyValue base;             /* the object of whose bytes these are a part; UNBOUND */
    size_t index;              /* which part: the name under which the outermost object keeps what this one needs */
    ToyValue keeps;            /* I1: UNBOUND, a dict by those names, or, for a scalar, the one value */
    Block *block;              /* own bytes that are too many for 'small'; older ones are kept for whoever knows them (I3) */
    ToyBuffer *buffer;         /* lent bytes; NULL */
    Scalar small;
} CObject;

/* One argument of a call. [holder], owned, keeps alive what it points to. */
typedef struct Argument { Scalar scalar; ffi_type *type; ToyValue holder; } Argument;

typedef struct CtypesState {
    ToyType *argument_error, *parameter_type, *field_type, *thunk_type;
    ToyType *meta, *data;                         /* _CType_Type and _CData: what all have in common */
    ToyType *metas[FAMILY_COUNT], *bases[FAMILY_COUNT];
} CtypesState;

static inline CObject *as_cobject(ToyValue v) { return (CObject *)toy_object(v); }
static inline CClass *as_cclass(ToyValue v) { return (CClass *)toy_object(v); }
static inline CClass *cobject_class(ToyValue v) { return (CClass *)toy_object(v)->type; }
static inline ToyValue cclass_value(const CClass *class) { return toy_value(class); }
static inline ToyType *cclass_type(CClass *class) { return (ToyType *)class; }
static inline CtypesState *cclass_state(const CClass *class) { return toy_type_state(class->head.head.type); }   /* its metaclass's */

/* ---- ctypes_scalars.c ---- */
const Kind *ctypes_kind(char letter);                                           /* NULL: there is none */
TOY_MUST_CHECK ToyValue ctypes_scalar_read(ToyThread *t, const CClass *class, const uint8_t *at);
TOY_MUST_CHECK bool ctypes_scalar_write(ToyThread *t, const CClass *class, ToyValue v, uint8_t *at, ToyValue *keeps);
TOY_MUST_CHECK bool ctypes_low_bits(ToyThread *t, ToyValue v, uint64_t *bits);  /* of an int of any size */
TOY_MUST_CHECK ToyValue ctypes_wide_copy(ToyThread *t, ToyValue str);           /* bytes that hold it as wide characters, with a zero behind */
TOY_MUST_CHECK bool ctypes_write_float(ToyThread *t, const Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps);
TOY_MUST_CHECK bool ctypes_write_int(ToyThread *t, const Kind *kind, ToyValue v, Scalar *place, ToyValue *keeps);

/* ---- ctypes_classes.c ---- */
TOY_MUST_CHECK bool ctypes_classes_init(ToyThread *t, ToyModuleObject *module, CtypesState *state);
bool ctypes_is_class(ToyThread *t, const CtypesState *state, ToyValue v);       /* of a C type, and no abstract one */
bool ctypes_is_object(ToyThread *t, const CtypesState *state, ToyValue v);
/* c_int itself, but no class derived from it: its values are handed out as numbers. */
bool ctypes_is_direct(const CClass *class);
/* First thing in a metaclass's __init__: false, and raised, if it has run before. */
TOY_MUST_CHECK bool ctypes_class_begin(ToyThread *t, CClass *class);
/* Last thing: it may have instances now, unless it was made without the family's base: type(Structure)('X', (), {}). */
void ctypes_class_end(CClass *class, Family family);
/* What buffers say of it: takes the format; shape of an array of [count] (SIZE_MAX: none) of [item]. */
TOY_MUST_CHECK bool ctypes_class_describe(ToyThread *t, CClass *class, TOY_TAKES ToyValue format, const CClass *item, size_t count);
TOY_MUST_CHECK ToyValue ctypes_shape_text(ToyThread *t, const CClass *class);   /* "(2,3)", or "" */
TOY_MUST_CHECK ToyValue ctypes_array_of(ToyThread *t, CClass *item, int64_t count);
void *ctypes_symbol(ToyThread *t, ToyValue library, ToyValue name, ToyException error);

/* ---- ctypes_objects.c ---- */
extern const ToyTypeSpec ctypes_data_spec;
void ctypes_object_traverse(ToyObject *self, ToyVisit visit, void *context);
void ctypes_object_clear(ToyObject *self);
void ctypes_object_free(ToyObject *self);
bool ctypes_object_buffer(ToyThread *t, ToyValue self, ToyBuffer *view, int flags);
void ctypes_object_buffer_release(ToyThread *t, ToyValue self, ToyBuffer *view);
bool ctypes_object_hash(ToyThread *t, ToyValue self, int64_t *hash);
/* A new one with zeroed bytes of its own; TypeError "abstract class". */
TOY_MUST_CHECK ToyValue ctypes_object_new(ToyThread *t, CClass *class);
/* One over bytes that are there already. [base] UNBOUND: wild. */
TOY_MUST_CHECK ToyValue ctypes_object_at(ToyThread *t, CClass *class, uint8_t *at, ToyValue base, size_t index);
TOY_MUST_CHECK bool ctypes_object_borrow(ToyThread *t, CObject *object, ToyValue exporter, int64_t offset);
TOY_MUST_CHECK bool ctypes_object_resize(ToyThread *t, CObject *object, size_t size);
TOY_MUST_CHECK bool ctypes_keep(ToyThread *t, CObject *object, size_t index, TOY_TAKES ToyValue v);   /* I1; UNBOUND: nothing to keep */
TOY_MUST_CHECK ToyValue ctypes_kept(ToyThread *t, CObject *object);             /* what the outermost object keeps, to be kept with it; owned */
CObject *ctypes_outermost(CObject *object);
/* The value of class [class] at [at], as scripts see it, and the other way. [owner] is the object that they are part [index] of. */
TOY_MUST_CHECK ToyValue ctypes_read(ToyThread *t, CClass *class, ToyValue owner, size_t index, uint8_t *at);
TOY_MUST_CHECK bool ctypes_write(ToyThread *t, CClass *class, ToyValue owner, size_t index, ToyValue v, uint8_t *at);
/* Are there [size] bytes at data + offset? False: raised (I2). */
TOY_MUST_CHECK bool ctypes_has_bytes(ToyThread *t, const CObject *object, size_t offset, size_t size);

/* ---- the families ---- */
extern const ToyTypeSpec ctypes_simple_spec, ctypes_simple_meta_spec, ctypes_array_spec, ctypes_array_meta_spec, ctypes_structure_spec,
    ctypes_structure_meta_spec, ctypes_union_spec, ctypes_pointer_spec, ctypes_pointer_meta_spec, ctypes_function_spec,
    ctypes_function_meta_spec, ctypes_field_spec, ctypes_parameter_spec;
void ctypes_class_traverse(ToyObject *self, ToyVisit visit, void *context);
void ctypes_class_clear(ToyObject *self);
void ctypes_class_free(ToyObject *self);
ToyValue ctypes_pointer_to(ToyThread *t, ToyValue self, const ToyValue *args), ctypes_pointer(ToyThread *t, ToyValue self, const ToyValue *args);
/* Items [start], [start + step] ... from [data] on: bytes, a str, or a list. */
TOY_MUST_CHECK ToyValue ctypes_items(ToyThread *t, CClass *item, ToyValue owner, uint8_t *data, int64_t start, int64_t step, size_t count);
TOY_MUST_CHECK ToyValue ctypes_text_get(ToyThread *t, const CObject *object, const uint8_t *at, size_t count, bool is_wide);
TOY_MUST_CHECK bool ctypes_text_set(ToyThread *t, uint8_t *at, size_t count, ToyValue v, bool is_wide);

/* ---- ctypes_fields.c ---- */
/* A member of a structure: the descriptor that stands in its class. */
typedef struct Field {
    ToyObject head;
    ToyValue class;            /* what lies there */
    size_t offset, index;
    uint8_t low_bit, bits;     /* bits 0: all of it */
    bool is_anonymous;
} Field;
static inline Field *as_field(ToyValue v) { return (Field *)toy_object(v); }
TOY_MUST_CHECK ToyValue ctypes_field_new(ToyThread *t, CtypesState *state, const Field *like);

/* ---- ctypes_arguments.c ---- */
/* A value as it comes, without a declared type: the [number]-th argument. */
TOY_MUST_CHECK bool ctypes_convert(ToyThread *t, CtypesState *state, ToyValue v, size_t number, Argument *argument);
/* By the class's from_param. */
TOY_MUST_CHECK bool ctypes_convert_as(ToyThread *t, CtypesState *state, ToyValue class, ToyValue v, size_t number, Argument *argument);
/* An address given as c_void_p takes it; [number] for the message. *holder is released by the caller. */
TOY_MUST_CHECK bool ctypes_arg_address(ToyThread *t, CtypesState *state, ToyValue v, size_t number, uint8_t **address, ToyValue *holder);
bool ctypes_blame_argument(ToyThread *t, CtypesState *state, size_t number);
TOY_MUST_CHECK bool ctypes_result_type(ToyThread *t, CtypesState *state, ToyValue restype, ffi_type **type);
TOY_MUST_CHECK ToyValue ctypes_result(ToyThread *t, CtypesState *state, ToyValue restype, const Scalar *returned);
ToyValue ctypes_from_param(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue ctypes_byref(ToyThread *t, ToyValue self, const ToyValue *args);

/* ---- ctypes_memory.c ---- */
ToyValue ctypes_sizeof(ToyThread *t, ToyValue self, const ToyValue *args), ctypes_alignment(ToyThread *t, ToyValue self, const ToyValue *args),
    ctypes_addressof(ToyThread *t, ToyValue self, const ToyValue *args), ctypes_resize(ToyThread *t, ToyValue self, const ToyValue *args),
    ctypes_memmove(ToyThread *t, ToyValue self, const ToyValue *args), ctypes_memset(ToyThread *t, ToyValue self, const ToyValue *args),
    ctypes_string_at(ToyThread *t, ToyValue self, const ToyValue *args), ctypes_wstring_at(ToyThread *t, ToyValue self, const ToyValue *args),
    ctypes_cast(ToyThread *t, ToyValue self, const ToyValue *args), ctypes_unpickle(ToyThread *t, ToyValue self, const ToyValue *args);

/* ---- ctypes_callbacks.c ---- */
extern const ToyTypeSpec ctypes_thunk_spec;
/* Something that lets C call [callable] at *code as long as it lives. [classes]: a tuple, of the arguments; UNBOUND: none. */
TOY_MUST_CHECK ToyValue ctypes_thunk_new(ToyThread *t, CtypesState *state, ToyValue callable, ToyValue classes, ToyValue restype, void **code);

/* ---- ctypes_functions.c ---- */
enum { CTYPES_KEEPS_LOCK = 4, CTYPES_USES_ERRNO = 8 };   /* in _flags_ */
enum { CTYPES_MAX_ARGUMENTS = 1024 };
ToyValue ctypes_get_errno(ToyThread *t, ToyValue self, const ToyValue *args), ctypes_set_errno(ToyThread *t, ToyValue self, const ToyValue *args);

#endif
