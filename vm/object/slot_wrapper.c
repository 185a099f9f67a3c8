/* slot_wrapper.c - native slots as scripts see them: int.__add__, and (1).__add__.
 *
 * What        wrapper_descriptor (in a type's dict), method-wrapper (bound to a value), and the __new__ of native types.
 * How         A wrapper knows its row of slots.def; the row's last column says how arguments become a call of the slot, and
 *             how its C result becomes a Value.
 * GIL         held.
 * Read next   slots.def, slot_calls.c (the other direction), descriptor.c */
#include "vm/object/descriptor.h"

#include "vm/base/hash.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/function.h"
#include "vm/object/instance.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/memoryview.h"
#include "vm/object/protocol.h"
#include "vm/object/slots.h"
#include "vm/object/str.h"
#include "vm/object/type_layout.h"

/* ---- arguments ---- */

static bool expect(Thread *t, size_t count, size_t wanted)
{
    if (count == wanted) return true;
    return raise_false(t, EXC_TypeError, "expected %zu argument%s, got %zu", wanted, wanted == 1 ? "" : "s", count);
}

static bool expect_between(Thread *t, size_t count, size_t least, size_t most)
{
    if (count >= least && count <= most) return true;
    size_t limit = count < least ? least : most;
    const char *bound = least == most ? "" : count < least ? "at least " : "at most ";
    return raise_false(t, EXC_TypeError, " expected %s%zu argument%s, got %zu", bound, limit, limit == 1 ? "" : "s", count);
}

/* object.__setattr__(cls, ...) would go around the rules of type: only a type's own way is allowed. */
static bool may_set(Thread *t, SlotWrapper *wrapper, Value self)
{
    if (!is_type(self) || wrapper->function == (void *)value_type(t, self)->slots.set_attribute) return true;
    if (wrapper->function != (void *)generic_set_attribute) return true;
    return raise_false(t, EXC_TypeError, "can't apply this %s to %T object", wrapper->row->dunder, self);
}

static bool expect_name(Thread *t, Value name)
{
    return is_str(name) || raise_false(t, EXC_TypeError, "attribute name must be string, not '%T'", name);
}

static Value done(bool is_good) { return is_good ? NONE : FAILED; }

static Value get_descriptor(Thread *t, SlotWrapper *wrapper, Value self, const Value *args, size_t count)
{
    if (!expect_between(t, count, 1, 2)) return FAILED;
    Value instance = is_none(args[0]) ? UNBOUND : args[0];
    Value owner = count < 2 || is_none(args[1]) ? UNBOUND : args[1];
    if (is_unbound(instance) && is_unbound(owner)) return raise_type_error(t, "__get__(None, None) is invalid");
    return ((DescrGetFn)wrapper->function)(t, self, instance, is_bound(owner) && is_type(owner) ? as_type(owner) : NULL);
}

static Value compare_by(Thread *t, SlotWrapper *wrapper, Value self, Value other)
{
    return ((CompareFn)wrapper->function)(t, self, other, (CompareOp)(wrapper->row->wrapper - WRAP_COMPARE_LT));
}

static Value next_by(Thread *t, SlotWrapper *wrapper, Value self)
{
    Value value = ((NextFn)wrapper->function)(t, self);
    return is_end(value) ? raise_stop_iteration(t, NONE) : value;
}

/* list.__mul__ and its like: a sequence is repeated a number of times, where a number looks at what it is multiplied with. */
static bool is_repetition(const SlotWrapper *wrapper)
{
    const TypeSlots *slots = &wrapper->d.owner->slots;
    return slots->get_item && (wrapper->function == (void *)slots->multiply || wrapper->function == (void *)slots->inplace_multiply);
}

static Value repeat_by(Thread *t, const SlotWrapper *wrapper, Value self, const Value *args, size_t count)
{
    if (!expect_between(t, count, 1, 1)) return FAILED;
    Value times = int_from_index(t, args[0]);
    Value result = failed(times) ? FAILED : ((BinaryFn)wrapper->function)(t, self, times);
    release(times);
    return result;
}

Value slot_wrapper_call(Thread *t, SlotWrapper *wrapper, Value self, const Value *args, size_t count, Tuple *names)
{
    enum SlotWrapperKind kind = wrapper->row->wrapper;
    void *slot = wrapper->function;
    if (names && names->count && kind != WRAP_CALL && kind != WRAP_INIT)
        return raise_type_error(t, "wrapper %s() takes no keyword arguments", wrapper->row->dunder);
    int64_t hash;
    size_t length;
    bool truth;
    switch (kind) {
    case WRAP_UNARY: return expect(t, count, 0) ? ((UnaryFn)slot)(t, self) : FAILED;
    case WRAP_BINARY: case WRAP_RBINARY: case WRAP_INPLACE:
        if (is_repetition(wrapper)) return repeat_by(t, wrapper, self, args, count);
        if (!expect(t, count, 1)) return FAILED;
        return kind == WRAP_RBINARY ? ((BinaryFn)slot)(t, args[0], self) : ((BinaryFn)slot)(t, self, args[0]);
    case WRAP_GET_ITEM: return expect(t, count, 1) ? ((BinaryFn)slot)(t, self, args[0]) : FAILED;
    case WRAP_TERNARY: return expect_between(t, count, 1, 2) ? ((TernaryFn)slot)(t, self, args[0], count > 1 ? args[1] : NONE) : FAILED;
    case WRAP_RTERNARY: return expect_between(t, count, 1, 2) ? ((TernaryFn)slot)(t, args[0], self, count > 1 ? args[1] : NONE) : FAILED;
    case WRAP_COMPARE_LT: case WRAP_COMPARE_LE: case WRAP_COMPARE_EQ: case WRAP_COMPARE_NE: case WRAP_COMPARE_GT: case WRAP_COMPARE_GE:
        return expect(t, count, 1) ? compare_by(t, wrapper, self, args[0]) : FAILED;
    case WRAP_INQUIRY: return expect(t, count, 0) && ((TruthFn)slot)(t, self, &truth) ? bool_value(truth) : FAILED;
    case WRAP_LENGTH: return expect(t, count, 0) && ((LengthFn)slot)(t, self, &length) ? int_from_int64(t, (int64_t)length) : FAILED;
    case WRAP_HASH: return expect(t, count, 0) && ((HashFn)slot)(t, self, &hash) ? int_from_int64(t, hash) : FAILED;
    case WRAP_CALL: return ((CallFn)slot)(t, self, args, count, names);
    case WRAP_INIT: return done(((InitFn)slot)(t, self, args, count, names));
    case WRAP_GET_ATTR:
        return expect(t, count, 1) && expect_name(t, args[0]) ? ((GetAttrFn)slot)(t, self, as_str(args[0])) : FAILED;
    case WRAP_SET_ATTR:
        return done(expect_between(t, count, 2, 2) && expect_name(t, args[0]) && may_set(t, wrapper, self) &&
                    ((SetAttrFn)slot)(t, self, as_str(args[0]), args[1]));
    case WRAP_DEL_ATTR:
        return done(expect(t, count, 1) && expect_name(t, args[0]) && may_set(t, wrapper, self) &&
                    ((SetAttrFn)slot)(t, self, as_str(args[0]), UNBOUND));
    case WRAP_SET_ITEM: return done(expect_between(t, count, 2, 2) && ((SetItemFn)slot)(t, self, args[0], args[1]));
    case WRAP_DEL_ITEM: return done(expect(t, count, 1) && ((SetItemFn)slot)(t, self, args[0], UNBOUND));
    case WRAP_CONTAINS: return expect(t, count, 1) && ((ContainsFn)slot)(t, self, args[0], &truth) ? bool_value(truth) : FAILED;
    case WRAP_NEXT: return expect(t, count, 0) ? next_by(t, wrapper, self) : FAILED;
    case WRAP_DESCR_GET: return get_descriptor(t, wrapper, self, args, count);
    case WRAP_DESCR_SET: return done(expect_between(t, count, 2, 2) && ((DescrSetFn)slot)(t, self, args[0], args[1]));
    case WRAP_DESCR_DELETE: return done(expect(t, count, 1) && ((DescrSetFn)slot)(t, self, args[0], UNBOUND));
    case WRAP_FINAL:
        if (!expect(t, count, 0)) return FAILED;
        ((FinalizeFn)slot)(t, self);
        return NONE;
    case WRAP_BUFFER: return expect_between(t, count, 1, 1) ? memoryview_by(t, self, (GetBufferFn)slot, args[0]) : FAILED;
    case WRAP_RELEASE_BUFFER: return done(expect_between(t, count, 1, 1) && memoryview_give_back(t, self, args[0]));
    case WRAP_NEW: break;    /* never a wrapper: see new_wrapper */
    }
    return raise_error(t, EXC_SystemError, "bad slot wrapper");
}

/* ---- __new__ of native types ---- */

static Value call_new(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    Type *type = as_type(self);
    if (count < 1) return raise_type_error(t, "%s.__new__(): not enough arguments", type->native_name);
    if (!is_type(args[0])) return raise_type_error(t, "%s.__new__(X): X is not a type object (%T)", type->native_name, args[0]);
    Type *subtype = as_type(args[0]);
    if (!type_is_subtype(subtype, type))
        return raise_type_error(t, "%s.__new__(%U): %U is not a subtype of %s", type->native_name, subtype->name, subtype->name, type->native_name);
    /* Only the constructor of the native part may be called: object.__new__(int) would make an int with nothing in it. */
    Type *native = subtype;
    while (native && type_is(native, TYPE_IS_SCRIPT_MADE)) native = native->base;
    if (native && native->slots.new_instance != type->slots.new_instance)
        return raise_type_error(t, "%s.__new__(%U) is not safe, use %s.__new__()", type->native_name, subtype->name, native->native_name);
    return type->slots.new_instance(t, subtype, args + 1, count - 1, names);
}

static const NativeDef new_def =
    NATIVE_RAW_ROW("__new__", call_new, "($type, *args, **kwargs)", NATIVE_STATIC,
                   "Make an object of the class that is the first argument; the class says what else is taken.");

Value new_wrapper(Thread *t, Type *type) { return native_function_new(t, &new_def, object_value(type), UNBOUND); }

/* ---- wrapper_descriptor ---- */

Value slot_wrapper_new(Thread *t, Type *owner, const SlotRow *row, void *function)
{
    SlotWrapper *wrapper = (SlotWrapper *)type_alloc(t, kind_type(t, KIND_SLOT_WRAPPER));
    if (!wrapper) return FAILED;
    wrapper->d.owner = owner;
    object_retain(owner);
    wrapper->d.name = slot_row_name(t->interp, row);
    object_retain(wrapper->d.name);
    wrapper->row = row;
    wrapper->function = function;
    return object_value(wrapper);
}

static Value wrapper_call(Thread *t, Value callee, const Value *args, size_t count, Tuple *names)
{
    SlotWrapper *wrapper = (SlotWrapper *)as_object(callee);
    if (count == 0) return raise_type_error(t, "descriptor '%U' of '%s' object needs an argument", wrapper->d.name, wrapper->d.owner->native_name);
    if (!type_is_subtype(value_type(t, args[0]), wrapper->d.owner))
        return raise_type_error(t, "descriptor '%U' requires a '%s' object but received a '%T'", wrapper->d.name, wrapper->d.owner->native_name, args[0]);
    return slot_wrapper_call(t, wrapper, args[0], args + 1, count - 1, names);
}

static Value wrapper_get(Thread *t, Value self, Value instance, Type *owner)
{
    (void)owner;
    SlotWrapper *wrapper = (SlotWrapper *)as_object(self);
    if (is_unbound(instance)) return retain(self);
    if (!type_is_subtype(value_type(t, instance), wrapper->d.owner))
        return raise_type_error(t, "descriptor '%U' for '%s' objects doesn't apply to a '%T' object", wrapper->d.name, wrapper->d.owner->native_name, instance);
    MethodWrapper *bound = (MethodWrapper *)type_alloc(t, kind_type(t, KIND_METHOD_WRAPPER));
    if (!bound) return FAILED;
    bound->wrapper = wrapper;
    object_retain(wrapper);
    bound->self = retain(instance);
    return object_value(bound);
}

static Value wrapper_repr(Thread *t, Value self)
{
    SlotWrapper *wrapper = (SlotWrapper *)as_object(self);
    return object_value(str_format(t, "<slot wrapper '%U' of '%s' objects>", wrapper->d.name, wrapper->d.owner->native_name));
}

/* The parameters a wrapper shows, by the kind of call it makes. */
static const char *wrapper_signature(enum SlotWrapperKind kind)
{
    switch (kind) {
    case WRAP_UNARY: case WRAP_INQUIRY: case WRAP_LENGTH: case WRAP_HASH: case WRAP_NEXT: case WRAP_FINAL: return "($self, /)";
    case WRAP_TERNARY: case WRAP_RTERNARY: return "($self, value, mod=None, /)";
    case WRAP_CALL: case WRAP_INIT: return "($self, /, *args, **kwargs)";
    case WRAP_GET_ATTR: case WRAP_DEL_ATTR: return "($self, name, /)";
    case WRAP_SET_ATTR: return "($self, name, value, /)";
    case WRAP_GET_ITEM: case WRAP_DEL_ITEM: case WRAP_CONTAINS: return "($self, key, /)";
    case WRAP_SET_ITEM: return "($self, key, value, /)";
    case WRAP_DESCR_GET: return "($self, instance, owner=None, /)";
    case WRAP_DESCR_SET: return "($self, instance, value, /)";
    case WRAP_DESCR_DELETE: return "($self, instance, /)";
    case WRAP_BUFFER: return "($self, flags, /)";
    case WRAP_RELEASE_BUFFER: return "($self, buffer, /)";
    default: return "($self, value, /)";
    }
}

static const char *wrapper_doc(const SlotRow *row)
{
    static const struct { const char *dunder, *doc; } docs[] = {
#define DOC(dunder, text) {#dunder, text},
#include "vm/object/slot_docs.def"
#undef DOC
    };
    for (size_t i = 0; i < ARRAY_LENGTH(docs); i++)
        if (strcmp(docs[i].dunder, row->dunder) == 0) return docs[i].doc;
    return "";
}

static Value text_value(Thread *t, const char *text) { return object_value(str_from_text(t, text)); }

static Value qualified(Thread *t, SlotWrapper *wrapper) { return object_value(str_format(t, "%U.%U", wrapper->d.owner->qualified_name, wrapper->d.name)); }

static Value wrapper_get_doc(Thread *t, Value self) { return text_value(t, wrapper_doc(((SlotWrapper *)as_object(self))->row)); }
static Value wrapper_get_signature(Thread *t, Value self) { return text_value(t, wrapper_signature(((SlotWrapper *)as_object(self))->row->wrapper)); }
static Value wrapper_get_qualname(Thread *t, Value self) { return qualified(t, (SlotWrapper *)as_object(self)); }

static const GetSetDef wrapper_getsets[] = {
    {"__doc__", wrapper_get_doc, NULL, NULL},
    {"__text_signature__", wrapper_get_signature, NULL, NULL},
    {"__qualname__", wrapper_get_qualname, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

static const MemberDef descriptor_members[] = {
    {"__objclass__", MEMBER_VALUE, offsetof(Descriptor, owner), true, NULL},
    {"__name__", MEMBER_VALUE, offsetof(Descriptor, name), true, NULL},
    {NULL, 0, 0, false, NULL},
};

static Value wrapper_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    Descriptor *d = (Descriptor *)as_object(self);
    return attribute_reduction(t, object_value(d->owner), object_value(d->name));
}

static const NativeDef wrapper_methods[] = {
    NATIVE("__reduce__", wrapper_reduce, "($self, /)", 0, NULL),
    NATIVE_END,
};

static void descriptor_traverse(Object *self, VisitFn visit, void *context) { visit(&((Descriptor *)self)->owner->head, context); }
static void descriptor_free(Object *self)
{
    Descriptor *d = (Descriptor *)self;
    if (d->owner) object_release(d->owner);
    if (d->name) object_release(d->name);
}

const TypeSpec slot_wrapper_spec = {
    .size = sizeof(SlotWrapper), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_IS_METHOD_DESCRIPTOR,
    .slots = {.repr = wrapper_repr, .call = wrapper_call, .descriptor_get = wrapper_get},
    .methods = wrapper_methods, .getsets = wrapper_getsets, .members = descriptor_members,
    .traverse = descriptor_traverse, .free = descriptor_free,
};

/* ---- method-wrapper ---- */

static MethodWrapper *as_bound(Value v) { return (MethodWrapper *)as_object(v); }

static Value bound_call(Thread *t, Value callee, const Value *args, size_t count, Tuple *names)
{
    return slot_wrapper_call(t, as_bound(callee)->wrapper, as_bound(callee)->self, args, count, names);
}

static Value bound_repr(Thread *t, Value v)
{
    MethodWrapper *bound = as_bound(v);
    return object_value(str_format(t, "<method-wrapper '%U' of %T object at %p>", bound->wrapper->d.name, bound->self, (void *)(uintptr_t)bound->self.bits));
}

static Value bound_compare(Thread *t, Value self, Value other, CompareOp op)
{
    (void)t;
    if ((op != COMPARE_EQ && op != COMPARE_NE) || !is_kind(other, KIND_METHOD_WRAPPER)) return NOT_IMPLEMENTED;
    MethodWrapper *a = as_bound(self), *b = as_bound(other);
    bool equal = a->wrapper == b->wrapper && is_same(a->self, b->self);
    return bool_value(equal == (op == COMPARE_EQ));
}

static bool bound_hash(Thread *t, Value self, int64_t *hash)
{
    (void)t;
    *hash = hash_address((void *)(uintptr_t)as_bound(self)->self.bits) ^ hash_address(as_bound(self)->wrapper);
    if (*hash == -1) *hash = -2;
    return true;
}

static Value bound_get_name(Thread *t, Value self) { (void)t; return retain(object_value(as_bound(self)->wrapper->d.name)); }
static Value bound_get_owner(Thread *t, Value self) { (void)t; return retain(object_value(as_bound(self)->wrapper->d.owner)); }
static Value bound_get_self(Thread *t, Value self) { (void)t; return retain(as_bound(self)->self); }
static Value bound_get_doc(Thread *t, Value self) { return text_value(t, wrapper_doc(as_bound(self)->wrapper->row)); }
static Value bound_get_signature(Thread *t, Value self) { return text_value(t, wrapper_signature(as_bound(self)->wrapper->row->wrapper)); }
static Value bound_get_qualname(Thread *t, Value self) { return qualified(t, as_bound(self)->wrapper); }

static const GetSetDef bound_getsets[] = {
    {"__objclass__", bound_get_owner, NULL, NULL},
    {"__name__", bound_get_name, NULL, NULL},
    {"__qualname__", bound_get_qualname, NULL, NULL},
    {"__doc__", bound_get_doc, NULL, NULL},
    {"__text_signature__", bound_get_signature, NULL, NULL},
    {"__self__", bound_get_self, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

static Value bound_reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    return attribute_reduction(t, as_bound(self)->self, object_value(as_bound(self)->wrapper->d.name));
}

static const NativeDef bound_methods[] = {
    NATIVE("__reduce__", bound_reduce, "($self, /)", 0, NULL),
    NATIVE_END,
};

static void bound_traverse(Object *self, VisitFn visit, void *context)
{
    visit(&((MethodWrapper *)self)->wrapper->d.head, context);
    visit_value(((MethodWrapper *)self)->self, visit, context);
}
static void bound_free(Object *self)
{
    object_release(((MethodWrapper *)self)->wrapper);
    release(((MethodWrapper *)self)->self);
}

const TypeSpec method_wrapper_spec = {
    .size = sizeof(MethodWrapper), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL,
    .slots = {.repr = bound_repr, .call = bound_call, .compare = bound_compare, .hash = bound_hash},
    .methods = bound_methods, .getsets = bound_getsets, .traverse = bound_traverse, .free = bound_free,
};
