/* descriptor.c - the descriptors in a native type's dict, and those that __slots__ makes.
 *
 * What        getset_descriptor, member_descriptor, method_descriptor, classmethod_descriptor; binding; calling without binding.
 * How         Each checks that what it is applied to belongs to its owner, for the native code behind it does not.
 * GIL         held.
 * Read next   slot_wrapper.c, native.c, property.c, class_method.c */
#include "vm/object/descriptor.h"

#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"
#include "vm/object/type_layout.h"

/* ---- binding and calling ---- */

Value attribute_bind(Thread *t, Value attribute, Value instance, Type *owner)
{
    DescrGetFn get = value_type(t, attribute)->slots.descriptor_get;
    if (!get) return retain(attribute);
    retain(attribute);
    Value bound = get(t, attribute, instance, owner);
    release(attribute);
    return bound;
}

enum { ROW_ON_STACK = 8 };

Value call_with_first(Thread *t, Value callee, Value first, const Value *args, size_t count, Tuple *names)
{
    size_t total = count + (names ? names->count : 0);
    Value on_stack[ROW_ON_STACK], *row = on_stack;
    if (total + 1 > ROW_ON_STACK) {
        row = block_alloc(t, (total + 1) * sizeof(Value));
        if (!row) return FAILED;
    }
    row[0] = first;
    if (total) memcpy(row + 1, args, total * sizeof(Value));
    Value result = value_call(t, callee, row, count + 1, names);
    if (row != on_stack) block_free(t, row, (total + 1) * sizeof(Value));
    return result;
}

Value call_unbound(Thread *t, Value attribute, Value self, const Value *args, size_t count, Tuple *names)
{
    if (LIKELY(type_is(value_type(t, attribute), TYPE_IS_METHOD_DESCRIPTOR)))
        return call_with_first(t, attribute, self, args, count, names);
    Value bound = attribute_bind(t, attribute, self, value_type(t, self));
    if (failed(bound)) return FAILED;
    Value result = value_call(t, bound, args, count, names);
    release(bound);
    return result;
}

/* ---- what all have in common ---- */

static Descriptor *as_descriptor(Value v) { return (Descriptor *)as_object(v); }

static Value descriptor_new(Thread *t, enum Kind kind, Type *owner, const char *name)
{
    Descriptor *d = (Descriptor *)type_alloc(t, kind_type(t, kind));
    if (!d) return FAILED;
    d->owner = owner;
    object_retain(owner);
    d->name = str_intern_text(t, name);
    if (d->name) return object_value(d);
    object_release(d);
    return FAILED;
}

static bool applies(Thread *t, const Descriptor *d, Value instance)
{
    if (LIKELY(type_is_subtype(value_type(t, instance), d->owner))) return true;
    return raise_false(t, EXC_TypeError, "descriptor '%U' for '%s' objects doesn't apply to a '%T' object", d->name, type_text(t, d->owner), instance);
}

static Value get_qualname(Thread *t, Value self)
{
    Descriptor *d = as_descriptor(self);
    return object_value(str_format(t, "%U.%U", d->owner->qualified_name, d->name));
}

static Value doc_value(Thread *t, const char *doc) { return doc ? object_value(str_from_text(t, doc)) : NONE; }

static Value reduce(Thread *t, Value self, const Value *args)
{
    (void)args;
    return attribute_reduction(t, object_value(as_descriptor(self)->owner), object_value(as_descriptor(self)->name));
}

static const NativeDef descriptor_methods[] = {
    NATIVE("__reduce__", reduce, "($self, /)", 0, NULL),
    NATIVE_END,
};

static const MemberDef descriptor_members[] = {
    {"__objclass__", MEMBER_VALUE, offsetof(Descriptor, owner), true, NULL},
    {"__name__", MEMBER_VALUE, offsetof(Descriptor, name), true, NULL},
    {NULL, 0, 0, false, NULL},
};

static void descriptor_traverse(Object *self, VisitFn visit, void *context)
{
    if (((Descriptor *)self)->owner) visit(&((Descriptor *)self)->owner->head, context);
}

static void descriptor_free(Object *self)
{
    Descriptor *d = (Descriptor *)self;
    if (d->owner) object_release(d->owner);
    if (d->name) object_release(d->name);
}

/* ---- getset_descriptor ---- */

Value getset_new(Thread *t, Type *owner, const GetSetDef *def)
{
    Value v = descriptor_new(t, KIND_GETSET, owner, def->name);
    if (!failed(v)) ((GetSet *)as_object(v))->def = def;
    return v;
}

static Value getset_repr(Thread *t, Value self)
{
    Descriptor *d = as_descriptor(self);
    return object_value(str_format(t, "<attribute '%U' of '%s' objects>", d->name, type_text(t, d->owner)));
}

static Value getset_get(Thread *t, Value self, Value instance, Type *owner)
{
    (void)owner;
    GetSet *getset = (GetSet *)as_object(self);
    if (is_unbound(instance)) return retain(self);
    return applies(t, &getset->d, instance) ? getset->def->get(t, instance) : FAILED;
}

static bool getset_set(Thread *t, Value self, Value instance, Value value)
{
    GetSet *getset = (GetSet *)as_object(self);
    if (!applies(t, &getset->d, instance)) return false;
    if (getset->def->set) return getset->def->set(t, instance, value);
    return raise_false(t, EXC_AttributeError, "attribute '%U' of '%s' objects is not writable", getset->d.name, type_text(t, getset->d.owner));
}

static Value getset_get_doc(Thread *t, Value self) { return doc_value(t, ((GetSet *)as_object(self))->def->doc); }

static const GetSetDef getset_getsets[] = {
    {"__doc__", getset_get_doc, NULL, NULL},
    {"__qualname__", get_qualname, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

const TypeSpec getset_spec = {
    .size = sizeof(GetSet), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL,
    .slots = {.repr = getset_repr, .descriptor_get = getset_get, .descriptor_set = getset_set},
    .getsets = getset_getsets, .members = descriptor_members, .traverse = descriptor_traverse, .free = descriptor_free,
};

/* ---- member_descriptor ---- */

Value member_new(Thread *t, Type *owner, const MemberDef *def)
{
    Value v = descriptor_new(t, KIND_MEMBER, owner, def->name);
    if (!failed(v)) ((Member *)as_object(v))->def = def;
    return v;
}

Value member_new_slot(Thread *t, Type *owner, Str *name, uint32_t index)
{
    Member *member = (Member *)type_alloc(t, kind_type(t, KIND_MEMBER));
    if (!member) return FAILED;
    member->d.owner = owner;
    object_retain(owner);
    member->d.name = name;
    object_retain(name);
    member->index = index;
    return object_value(member);
}

static Value member_repr(Thread *t, Value self)
{
    Descriptor *d = as_descriptor(self);
    return object_value(str_format(t, "<member '%U' of '%s' objects>", d->name, type_text(t, d->owner)));
}

static Value native_member_get(Thread *t, const MemberDef *def, Object *object)
{
    char *place = (char *)object + def->offset;
    switch (def->kind) {
    case MEMBER_INT64: return int_from_int64(t, *(int64_t *)place);
    case MEMBER_BOOL: return bool_value(*(bool *)place);
    case MEMBER_DOUBLE: return float_value(t, *(double *)place);
    case MEMBER_VALUE: case MEMBER_VALUE_OR_NONE: break;
    }
    Value v = *(Value *)place;
    if (is_bound(v)) return retain(v);
    return def->kind == MEMBER_VALUE_OR_NONE ? NONE : FAILED;
}

static Value member_get(Thread *t, Value self, Value instance, Type *owner)
{
    (void)owner;
    Member *member = (Member *)as_object(self);
    if (is_unbound(instance)) return retain(self);
    if (!applies(t, &member->d, instance)) return FAILED;
    Value v = member->def ? native_member_get(t, member->def, as_object(instance)) : retain(object_members(as_object(instance))[member->index]);
    if (is_unbound(v) && !is_raised(t))
        return (member->def ? raise_attribute_error : raise_member_error)(t, instance, member->d.name);
    return v;
}

static bool native_member_set(Thread *t, const Member *member, Object *object, Value value)
{
    const MemberDef *def = member->def;
    char *place = (char *)object + def->offset;
    if (def->is_read_only) return raise_false(t, EXC_AttributeError, "readonly attribute");
    if (def->kind == MEMBER_INT64 || def->kind == MEMBER_BOOL || def->kind == MEMBER_DOUBLE) {
        if (is_unbound(value)) return raise_false(t, EXC_TypeError, "can't delete numeric/char attribute");
        if (def->kind == MEMBER_DOUBLE) return arg_double(t, value, (double *)place);
        if (def->kind == MEMBER_INT64) return arg_int64(t, value, (int64_t *)place);
        if (!is_bool(value)) return raise_false(t, EXC_TypeError, "attribute value type must be bool");
        *(bool *)place = is_true(value);
        return true;
    }
    Value *slot = (Value *)place;
    if (is_unbound(value) && is_unbound(*slot) && def->kind == MEMBER_VALUE) return raise_false(t, EXC_AttributeError, "%U", member->d.name);
    replace(slot, retain(value));
    return true;
}

static bool member_set(Thread *t, Value self, Value instance, Value value)
{
    Member *member = (Member *)as_object(self);
    if (!applies(t, &member->d, instance)) return false;
    if (member->def) return native_member_set(t, member, as_object(instance), value);
    Value *place = &object_members(as_object(instance))[member->index];
    if (is_unbound(value) && is_unbound(*place)) return raise_false(t, EXC_AttributeError, "%U", member->d.name);
    replace(place, retain(value));
    return true;
}

uint32_t member_offset(const Type *type, Value value)
{
    const Member *member = (const Member *)as_object(value);
    if (!type_is_subtype(type, member->d.owner)) return 0;
    if (member->def) return member->def->kind == MEMBER_VALUE || member->def->kind == MEMBER_VALUE_OR_NONE ? (uint32_t)member->def->offset : 0;
    size_t offset = type_payload_size(type) + member->index * sizeof(Value);
    return type_is(type, TYPE_IS_VARIABLE_SIZE) || offset > UINT32_MAX ? 0 : (uint32_t)offset;
}

uint32_t member_offset_to_write(const Type *type, Value value)
{
    return ((const Member *)as_object(value))->def ? 0 : member_offset(type, value);
}

static Value member_get_doc(Thread *t, Value self)
{
    const MemberDef *def = ((Member *)as_object(self))->def;
    return doc_value(t, def ? def->doc : NULL);
}

static const GetSetDef member_getsets[] = {
    {"__doc__", member_get_doc, NULL, NULL},
    {"__qualname__", get_qualname, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

const TypeSpec member_spec = {
    .size = sizeof(Member), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL,
    .slots = {.repr = member_repr, .descriptor_get = member_get, .descriptor_set = member_set},
    .methods = descriptor_methods, .getsets = member_getsets, .members = descriptor_members,
    .traverse = descriptor_traverse, .free = descriptor_free,
};

/* ---- method_descriptor, classmethod_descriptor ---- */

Value method_descriptor_new(Thread *t, Type *owner, const NativeDef *def)
{
    if (def->flags & NATIVE_STATIC) {
        Value function = native_function_new(t, def, object_value(owner), UNBOUND);
        if (failed(function)) return FAILED;
        Value wrapped = static_method_new(t, function);
        release(function);
        return wrapped;
    }
    Value v = descriptor_new(t, def->flags & NATIVE_CLASS ? KIND_CLASS_METHOD_DESCRIPTOR : KIND_METHOD_DESCRIPTOR, owner, def->name);
    if (!failed(v)) ((MethodDescriptor *)as_object(v))->def = def;
    return v;
}

static MethodDescriptor *as_method(Value v) { return (MethodDescriptor *)as_object(v); }

static Value method_repr(Thread *t, Value self)
{
    Descriptor *d = as_descriptor(self);
    return object_value(str_format(t, "<method '%U' of '%s' objects>", d->name, type_text(t, d->owner)));
}

static Value method_call(Thread *t, Value callee, const Value *args, size_t count, Tuple *names)
{
    MethodDescriptor *method = as_method(callee);
    if (UNLIKELY(count == 0)) return raise_type_error(t, "unbound method %U.%U() needs an argument", method->d.owner->qualified_name, method->d.name);
    if (!applies(t, &method->d, args[0])) return FAILED;
    return native_call(t, method->def, &method->signature, method->d.owner, args[0], args + 1, count - 1, names);
}

static Value bind(Thread *t, MethodDescriptor *method, Value self)
{
    const NativeDef *def = method->def;
    if (!method->signature && !(def->flags & NATIVE_RAW)) {
        method->signature = signature_parse(t, def->signature ? def->signature : "()");
        if (!method->signature) return FAILED;
    }
    return native_method_new(t, def, method->d.owner, method->signature, self);
}

static Value method_get(Thread *t, Value self, Value instance, Type *owner)
{
    (void)owner;
    if (is_unbound(instance)) return retain(self);
    return applies(t, as_descriptor(self), instance) ? bind(t, as_method(self), instance) : FAILED;
}

/* Class methods apply to the class, be it given or the instance's. */
static bool applies_to_class(Thread *t, const Descriptor *d, Value cls)
{
    const char *owner = type_text(t, d->owner);
    if (!is_type(cls)) return raise_false(t, EXC_TypeError, "descriptor '%U' for type '%s' needs a type, not a '%T' as arg 2", d->name, owner, cls);
    if (type_is_subtype(as_type(cls), d->owner)) return true;
    return raise_false(t, EXC_TypeError, "descriptor '%U' requires a subtype of '%s' but received '%s'", d->name, owner, type_text(t, as_type(cls)));
}

static Value class_get(Thread *t, Value self, Value instance, Type *owner)
{
    Value cls = owner ? object_value(owner) : object_value(value_type(t, instance));
    return applies_to_class(t, as_descriptor(self), cls) ? bind(t, as_method(self), cls) : FAILED;
}

static Value class_call(Thread *t, Value callee, const Value *args, size_t count, Tuple *names)
{
    MethodDescriptor *method = as_method(callee);
    if (count == 0) return raise_type_error(t, "descriptor '%U' of '%s' object needs an argument", method->d.name, type_text(t, method->d.owner));
    if (!applies_to_class(t, &method->d, args[0])) return FAILED;
    return native_call(t, method->def, &method->signature, method->d.owner, args[0], args + 1, count - 1, names);
}

static Value method_get_doc(Thread *t, Value self) { return doc_value(t, as_method(self)->def->doc); }
static Value method_get_signature(Thread *t, Value self)
{
    const NativeDef *def = as_method(self)->def;
    return native_text_signature(t, def, def->flags & NATIVE_CLASS ? "type" : "self");
}

static const GetSetDef method_getsets[] = {
    {"__doc__", method_get_doc, NULL, NULL},
    {"__qualname__", get_qualname, NULL, NULL},
    {"__text_signature__", method_get_signature, NULL, NULL},
    {NULL, NULL, NULL, NULL},
};

static void method_free(Object *self)
{
    signature_free(thread_current(), ((MethodDescriptor *)self)->signature);
    descriptor_free(self);
}

const TypeSpec method_descriptor_spec = {
    .size = sizeof(MethodDescriptor), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_IS_METHOD_DESCRIPTOR,
    .slots = {.repr = method_repr, .call = method_call, .descriptor_get = method_get},
    .methods = descriptor_methods, .getsets = method_getsets, .members = descriptor_members,
    .traverse = descriptor_traverse, .free = method_free,
};

const TypeSpec class_method_descriptor_spec = {
    .size = sizeof(MethodDescriptor), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL,
    .slots = {.repr = method_repr, .call = class_call, .descriptor_get = class_get},
    .getsets = method_getsets, .members = descriptor_members, .traverse = descriptor_traverse, .free = method_free,
};
