/* constants.c - the types of None, Ellipsis and NotImplemented.
 *
 * What        Three types of one value each, which is an immediate word and no object.
 * How         Calling the type gives the value again.
 * GIL         held.
 * Read next   value.h */
#include "vm/object/native.h"

#include "vm/object/exception.h"
#include "vm/object/str.h"

extern const TypeSpec none_spec, ellipsis_spec, not_implemented_spec;

static Value only(Thread *t, const char *name, Value value, size_t count, Tuple *names)
{
    return count || names ? raise_type_error(t, "%s takes no arguments", name) : value;
}

static Value none_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names) { (void)type, (void)args; return only(t, "NoneType", NONE, count, names); }
static Value ellipsis_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names) { (void)type, (void)args; return only(t, "EllipsisType", ELLIPSIS, count, names); }
static Value not_implemented_new(Thread *t, Type *type, const Value *args, size_t count, Tuple *names) { (void)type, (void)args; return only(t, "NotImplementedType", NOT_IMPLEMENTED, count, names); }

static Value none_repr(Thread *t, Value self) { (void)self; return object_value(str_from_text(t, "None")); }
static Value ellipsis_repr(Thread *t, Value self) { (void)self; return object_value(str_from_text(t, "Ellipsis")); }
static Value not_implemented_repr(Thread *t, Value self) { (void)self; return object_value(str_from_text(t, "NotImplemented")); }

static bool none_truth(Thread *t, Value self, bool *truth) { (void)t, (void)self; *truth = false; return true; }
/* Whoever asks has probably forgotten to compare the other way round. */
static bool not_implemented_truth(Thread *t, Value self, bool *truth)
{
    *truth = true;
    return raise_warning(t, EXC_DeprecationWarning, "NotImplemented should not be used in a boolean context");
}
static bool none_hash(Thread *t, Value self, int64_t *hash) { (void)t, (void)self; *hash = 0xfca86420; return true; }
/* In CPython these follow from addresses; any number will do that differs from None's. */
static bool word_hash(Thread *t, Value self, int64_t *hash) { (void)t; *hash = (int64_t)(self.bits * 0x9e3779b97f4a7c15u >> 8); return true; }

static Value ellipsis_reduce(Thread *t, Value self, const Value *args) { (void)args; return ellipsis_repr(t, self); }
static Value not_implemented_reduce(Thread *t, Value self, const Value *args) { (void)args; return not_implemented_repr(t, self); }
static const NativeDef ellipsis_methods[] = {NATIVE("__reduce__", ellipsis_reduce, "($self, /)", 0, NULL), NATIVE_END};
static const NativeDef not_implemented_methods[] = {NATIVE("__reduce__", not_implemented_reduce, "($self, /)", 0, NULL), NATIVE_END};

const TypeSpec none_spec = {
    .doc = "The type of None, its only instance.", .signature = "()", .size = sizeof(Object), .flags = TYPE_IS_FINAL,
    .slots = {.repr = none_repr, .truth = none_truth, .hash = none_hash, .new_instance = none_new},
};
const TypeSpec ellipsis_spec = {
    .doc = "The type of Ellipsis, its only instance.", .signature = "()", .size = sizeof(Object), .flags = TYPE_IS_FINAL,
    .slots = {.repr = ellipsis_repr, .hash = word_hash, .new_instance = ellipsis_new}, .methods = ellipsis_methods,
};
const TypeSpec not_implemented_spec = {
    .doc = "The type of NotImplemented, its only instance.", .signature = "()", .size = sizeof(Object), .flags = TYPE_IS_FINAL,
    .slots = {.repr = not_implemented_repr, .truth = not_implemented_truth, .hash = word_hash, .new_instance = not_implemented_new}, .methods = not_implemented_methods,
};
