/* ctypes_parts.h - what the files of module _ctypes share: scalars, arguments, and the way from values to them.
 *
 * What        Scalar, Argument, CtypesState; conversions of ctypes_data.c.
 * How         One file knows scalars, the other calls: neither looks into the structs of the other.
 * GIL         held.
 * Read next   mod_ctypes.c, ctypes_data.c */
#ifndef TOY_STDLIB_CTYPES_PARTS_H
#define TOY_STDLIB_CTYPES_PARTS_H

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

/* One argument of a call. [holder], owned, keeps alive what it points to. */
typedef struct Argument { Scalar scalar; ffi_type *type; ToyValue holder; } Argument;

typedef struct CtypesState {
    ToyType *argument_error, *function_type, *simple_type, *parameter_type;
} CtypesState;

TOY_MUST_CHECK bool ctypes_data_init(ToyThread *t, ToyModuleObject *module, CtypesState *state);

/* A value as it comes, without a declared type: the [number]-th argument. */
TOY_MUST_CHECK bool ctypes_convert(ToyThread *t, CtypesState *state, ToyValue v, size_t number, Argument *argument);
/* By the class's from_param. */
TOY_MUST_CHECK bool ctypes_convert_as(ToyThread *t, CtypesState *state, ToyValue class, ToyValue v, Argument *argument);
TOY_MUST_CHECK bool ctypes_result_type(ToyThread *t, CtypesState *state, ToyValue restype, ffi_type **type);
TOY_MUST_CHECK ToyValue ctypes_result(ToyThread *t, CtypesState *state, ToyValue restype, const Scalar *returned);

ToyValue ctypes_sizeof(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue ctypes_addressof(ToyThread *t, ToyValue self, const ToyValue *args);
ToyValue ctypes_byref(ToyThread *t, ToyValue self, const ToyValue *args);

TOY_MUST_CHECK void *ctypes_symbol(ToyThread *t, ToyValue library, ToyValue name, ToyException error);
void *ctypes_function_address(ToyValue v);

#endif
