/* api_layout.c - the structs that toy.h repeats are the machine's own: checked while compiling.
 *
 * What        toy.h stands alone, so it writes down once more the few structs that modules fill in or hold. Here both are compared.
 * How         toy.h is read first, its tags renamed; then the machine's headers. Each pair must agree in size and in every field's place.
 * GIL         never needed.
 * Read next   toy.h, api.c */
#define Value WallValue
#define Object WallObject
#define CompareOp WallCompareOp
#define COMPARE_LT WALL_COMPARE_LT
#define COMPARE_LE WALL_COMPARE_LE
#define COMPARE_EQ WALL_COMPARE_EQ
#define COMPARE_NE WALL_COMPARE_NE
#define COMPARE_GT WALL_COMPARE_GT
#define COMPARE_GE WALL_COMPARE_GE
#define MemberKind WallMemberKind
#define MEMBER_VALUE WALL_MEMBER_VALUE
#define MEMBER_VALUE_OR_NONE WALL_MEMBER_VALUE_OR_NONE
#define MEMBER_INT64 WALL_MEMBER_INT64
#define MEMBER_BOOL WALL_MEMBER_BOOL
#define MEMBER_DOUBLE WALL_MEMBER_DOUBLE
#define Parameters WallParameters
#define StrBuilder WallStrBuilder
#define BufferView WallBufferView
#define CodecError WallCodecError
#define NativeDef WallNativeDef
#define TypeSlots WallTypeSlots
#define GetSetDef WallGetSetDef
#define MemberDef WallMemberDef
#define TypeSpec WallTypeSpec
#define NativeModule WallNativeModule
#define ScriptLock WallScriptLock
#define RecursiveLock WallRecursiveLock
#include "vm/toy_vm.h"
#undef Value
#undef Object
#undef CompareOp
#undef COMPARE_LT
#undef COMPARE_LE
#undef COMPARE_EQ
#undef COMPARE_NE
#undef COMPARE_GT
#undef COMPARE_GE
#undef MemberKind
#undef MEMBER_VALUE
#undef MEMBER_VALUE_OR_NONE
#undef MEMBER_INT64
#undef MEMBER_BOOL
#undef MEMBER_DOUBLE
#undef Parameters
#undef StrBuilder
#undef BufferView
#undef CodecError
#undef NativeDef
#undef TypeSlots
#undef GetSetDef
#undef MemberDef
#undef TypeSpec
#undef NativeModule
#undef ScriptLock
#undef RecursiveLock

#include "vm/object/arguments.h"
#include "vm/object/buffer_view.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/order.h"
#include "vm/object/str.h"
#include "vm/object/str_codec.h"
#include "vm/run/interp.h"
#include "vm/threads/lock.h"

#define SAME_SIZE(tag) _Static_assert(sizeof(struct tag) == sizeof(struct Wall##tag), "toy.h: struct " #tag " has another size")
#define SAME_PLACE(tag, field) \
    _Static_assert(offsetof(struct tag, field) == offsetof(struct Wall##tag, field), "toy.h: " #tag "." #field " stands elsewhere")
#define SAME_NUMBER(ours, theirs) _Static_assert((int)(ours) == (int)(theirs), "toy.h: " #ours " is another number")

SAME_SIZE(Value);
SAME_SIZE(Object);
SAME_PLACE(Object, count);
SAME_PLACE(Object, kind);
SAME_PLACE(Object, solid);
SAME_PLACE(Object, flags);
SAME_PLACE(Object, type);
SAME_SIZE(Parameters);
SAME_PLACE(Parameters, names);
SAME_PLACE(Parameters, required);
SAME_SIZE(StrBuilder);
SAME_PLACE(StrBuilder, data);
SAME_PLACE(StrBuilder, width);
SAME_PLACE(StrBuilder, has_failed);
SAME_PLACE(StrBuilder, widest);
SAME_SIZE(CodecError);
SAME_PLACE(CodecError, object);
SAME_PLACE(CodecError, end);
SAME_PLACE(CodecError, reason);
SAME_SIZE(BufferView);
SAME_PLACE(BufferView, data);
SAME_PLACE(BufferView, length);
SAME_PLACE(BufferView, item_size);
SAME_PLACE(BufferView, is_read_only);
SAME_PLACE(BufferView, format);
SAME_PLACE(BufferView, dimensions);
SAME_PLACE(BufferView, shape);
SAME_PLACE(BufferView, one_shape);
SAME_PLACE(BufferView, internal);
SAME_SIZE(NativeDef);
SAME_PLACE(NativeDef, name);
SAME_PLACE(NativeDef, function);
SAME_PLACE(NativeDef, signature);
SAME_PLACE(NativeDef, flags);
SAME_PLACE(NativeDef, doc);
SAME_SIZE(GetSetDef);
SAME_PLACE(GetSetDef, get);
SAME_PLACE(GetSetDef, set);
SAME_PLACE(GetSetDef, doc);
SAME_SIZE(MemberDef);
SAME_PLACE(MemberDef, kind);
SAME_PLACE(MemberDef, offset);
SAME_PLACE(MemberDef, is_read_only);
SAME_PLACE(MemberDef, doc);
SAME_SIZE(TypeSpec);
SAME_PLACE(TypeSpec, size);
SAME_PLACE(TypeSpec, flags);
SAME_PLACE(TypeSpec, slots);
SAME_PLACE(TypeSpec, methods);
SAME_PLACE(TypeSpec, getsets);
SAME_PLACE(TypeSpec, members);
SAME_PLACE(TypeSpec, traverse);
SAME_PLACE(TypeSpec, clear);
SAME_PLACE(TypeSpec, free);
SAME_PLACE(TypeSpec, size_of);
SAME_PLACE(TypeSpec, add_rest);
SAME_SIZE(NativeModule);
_Static_assert(offsetof(struct NativeModule, abi) == 0, "toy.h: the word that is read before all others must be the first");
_Static_assert(NATIVE_MODULE_ABI == ((uint64_t)TOY_ABI_VERSION << 32 | sizeof(struct WallTypeSpec) << 16 | sizeof(struct WallNativeModule)),
               "toy.h: TOY_ABI_VERSION is another one");
SAME_PLACE(NativeModule, name);
SAME_PLACE(NativeModule, known_as);
SAME_PLACE(NativeModule, functions);
SAME_PLACE(NativeModule, state_size);
SAME_PLACE(NativeModule, init);
SAME_PLACE(NativeModule, traverse_state);
SAME_PLACE(NativeModule, free_state);
SAME_SIZE(ScriptLock);
SAME_PLACE(ScriptLock, is_locked);
SAME_PLACE(ScriptLock, fork_count);
SAME_PLACE(ScriptLock, first);
SAME_SIZE(RecursiveLock);
SAME_PLACE(RecursiveLock, owner);
SAME_PLACE(RecursiveLock, depth);

/* Every slot: they are of like types, so a swap of two would pass unseen. */
#define SLOT(field, signature, dunder, wrapper) SAME_PLACE(TypeSlots, field);
#include "vm/object/slots.def"
#undef SLOT

/* Where a record's items stand. */
_Static_assert(offsetof(Tuple, items) == sizeof(ToyObject) + sizeof(size_t), "TOY_RECORD_FIELD counts on it");

_Static_assert(sizeof(ToyClass) >= sizeof(Type), "a metaclass's instances have too little room: TOY_CLASS_WORDS");

SAME_NUMBER(COMPARE_LT, WALL_COMPARE_LT);
SAME_NUMBER(COMPARE_LE, WALL_COMPARE_LE);
SAME_NUMBER(COMPARE_EQ, WALL_COMPARE_EQ);
SAME_NUMBER(COMPARE_NE, WALL_COMPARE_NE);
SAME_NUMBER(COMPARE_GT, WALL_COMPARE_GT);
SAME_NUMBER(COMPARE_GE, WALL_COMPARE_GE);
SAME_NUMBER(ORDER_UNKNOWN, TOY_ORDER_UNKNOWN);
SAME_NUMBER(MEMBER_VALUE, WALL_MEMBER_VALUE);
SAME_NUMBER(MEMBER_VALUE_OR_NONE, WALL_MEMBER_VALUE_OR_NONE);
SAME_NUMBER(MEMBER_INT64, WALL_MEMBER_INT64);
SAME_NUMBER(MEMBER_BOOL, WALL_MEMBER_BOOL);
SAME_NUMBER(MEMBER_DOUBLE, WALL_MEMBER_DOUBLE);
SAME_NUMBER(NATIVE_LEAF, TOY_LEAF);
SAME_NUMBER(NATIVE_RAW, TOY_RAW);
SAME_NUMBER(NATIVE_STATIC, TOY_STATIC);
SAME_NUMBER(NATIVE_CLASS, TOY_CLASS);
SAME_NUMBER(TYPE_IS_FINAL, TOY_TYPE_IS_FINAL);
SAME_NUMBER(TYPE_IS_CONTAINER, TOY_TYPE_IS_CONTAINER);
SAME_NUMBER(TYPE_HAS_ATTRIBUTES, TOY_TYPE_HAS_ATTRIBUTES);
SAME_NUMBER(TYPE_IS_WEAK_REFERABLE, TOY_TYPE_IS_WEAK_REFERABLE);
SAME_NUMBER(TYPE_IS_SEQUENCE, TOY_TYPE_IS_SEQUENCE);
SAME_NUMBER(TYPE_IS_MAPPING, TOY_TYPE_IS_MAPPING);
SAME_NUMBER(TYPE_IS_VARIABLE_SIZE, TOY_TYPE_IS_VARIABLE_SIZE);
SAME_NUMBER(TYPE_NO_NEW, TOY_TYPE_NO_NEW);
SAME_NUMBER(BUFFER_WRITABLE, TOY_BUFFER_WRITABLE);
SAME_NUMBER(LOCK_ACQUIRED, TOY_LOCK_ACQUIRED);
SAME_NUMBER(LOCK_TIMED_OUT, TOY_LOCK_TIMED_OUT);
SAME_NUMBER(LOCK_RAISED, TOY_LOCK_RAISED);
