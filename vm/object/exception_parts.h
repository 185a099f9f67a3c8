/* exception_parts.h - what single exception classes add to their base, for the table in exception.c.
 *
 * What        PART_xx, one for each tag in exceptions.def's third column: the initialisers of a TypeSpec.
 * How         Fields live in Exception.fields, at the places told by enum ExceptionField.
 * GIL         held.
 * Read next   exceptions.def, exception_fields.c, exception_os.c, exception_unicode.c, exception_group.c */
#ifndef TOY_OBJECT_EXCEPTION_PARTS_H
#define TOY_OBJECT_EXCEPTION_PARTS_H

#include "vm/object/exception.h"
#include "vm/object/native.h"

/* For subclasses: BaseException's own constructor and text. */
Value base_exception_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names);
bool base_exception_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names);
Value base_exception_str(Thread *t, Value self);
Value base_exception_reduce(Thread *t, Value self, const Value *args);
/* (class, args) and, if there is one, [state]. */
MUST_CHECK Value exception_reduction(Thread *t, Value self, Value args, Value state_or_unbound);
/* The instance's __dict__ as a new dict; *state UNBOUND if it is empty. */
MUST_CHECK bool exception_state(Thread *t, Value self, Value *state);

#define PART_PLAIN .slots = {.repr = NULL}

/* A field as a member: None while unbound. */
#define FIELD(name_, place, doc_) {name_, MEMBER_VALUE_OR_NONE, offsetof(Exception, fields) + (place) * sizeof(Value), false, doc_}
#define FIELD_END {NULL, MEMBER_VALUE, 0, false, NULL}

/* exception_fields.c */
bool system_exit_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names);
bool stop_iteration_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names);
Value key_error_str(Thread *t, Value self);
bool name_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names);
bool attribute_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names);
bool import_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names);
Value import_error_str(Thread *t, Value self);
bool syntax_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names);
Value syntax_error_str(Thread *t, Value self);
extern const MemberDef exit_members[], stop_members[], name_members[], attribute_members[], import_members[], syntax_members[];
extern const NativeDef attribute_methods[], import_methods[];
#define PART_EXIT      .slots = {.init = system_exit_init}, .members = exit_members
#define PART_STOP      .slots = {.init = stop_iteration_init}, .members = stop_members
#define PART_KEY       .slots = {.str = key_error_str}
#define PART_NAME      .slots = {.init = name_error_init}, .members = name_members
#define PART_ATTRIBUTE .slots = {.init = attribute_error_init}, .members = attribute_members, .methods = attribute_methods
#define PART_IMPORT    .slots = {.init = import_error_init, .str = import_error_str}, .members = import_members, .methods = import_methods
#define PART_SYNTAX    .slots = {.init = syntax_error_init, .str = syntax_error_str}, .members = syntax_members

/* exception_os.c */
Value os_error_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names);
bool os_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names);
Value os_error_str(Thread *t, Value self);
extern const MemberDef os_members[];
extern const GetSetDef os_getsets[];
extern const NativeDef os_methods[];
#define PART_OS .slots = {.new_instance = os_error_new, .init = os_error_init, .str = os_error_str}, \
                .members = os_members, .getsets = os_getsets, .methods = os_methods

/* exception_unicode.c */
bool decode_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names);
bool encode_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names);
bool translate_error_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names);
Value decode_error_str(Thread *t, Value self);
Value encode_error_str(Thread *t, Value self);
Value translate_error_str(Thread *t, Value self);
extern const MemberDef unicode_members[], translate_members[];
#define PART_DECODE    .slots = {.init = decode_error_init, .str = decode_error_str}, .members = unicode_members
#define PART_ENCODE    .slots = {.init = encode_error_init, .str = encode_error_str}, .members = unicode_members
#define PART_TRANSLATE .slots = {.init = translate_error_init, .str = translate_error_str}, .members = translate_members

/* exception_group.c */
Value group_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names);
Value group_str(Thread *t, Value self);
extern const MemberDef group_members[];
extern const NativeDef group_methods[];
#define PART_GROUP .slots = {.new_instance = group_new, .str = group_str}, .members = group_members, .methods = group_methods

#endif
