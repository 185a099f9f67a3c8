/* slot_calls.c - slots of script classes: look the dunder up on the type and call it.
 *
 * What        One function caller_FIELD for each field of TypeSlots, and slot_rows, which ties them to the dunders.
 * How         A special method is looked up on the type, never in the instance, and called with self in front. What it answers is
 *             checked here where the slot's C type demands it; other answers are checked by protocol.c.
 *             A binary slot is called with the operands in source order and may belong to either: so it must find out whose
 *             method is meant, and whether the right operand's reflected method goes first.
 * Invariants  as in slots.def.
 * GIL         held; all of these run script code.
 * Read next   type_slots.c, slot_wrapper.c (the other direction) */
#include "vm/object/slots.h"

#include "vm/base/hash.h"
#include "vm/object/buffer_view.h"
#include "vm/object/descriptor.h"
#include "vm/object/exception.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/memoryview.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

/* ---- finding and calling ---- */

enum { CALL_FEW = 3 };     /* arguments beside self that the operators' methods have at most */

static Value call_found(Thread *t, Value method, Value self, const Value *args, size_t count)
{
    if (stack_is_low(t) && stack_is_exhausted(t, " while calling a Python object")) return FAILED;
    if (is_kind(method, KIND_FUNCTION) && count <= CALL_FEW) {
        Value row[CALL_FEW + 1] = {self};
        for (size_t i = 0; i < count; i++) row[i + 1] = args[i];
        return as_object(method)->type->slots.call(t, method, row, count + 1, NULL);      /* a function keeps itself while it runs */
    }
    retain(method);    /* the call may take it out of the class */
    Value result = call_unbound(t, method, self, args, count, NULL);
    release(method);
    return result;
}

static Value call_special(Thread *t, Value self, Str *name, const Value *args, size_t count)
{
    Value method = type_lookup(t, value_type(t, self), name);
    if (is_unbound(method)) return raise_error(t, EXC_AttributeError, "%U", name);
    return call_found(t, method, self, args, count);
}

/* The same, but NOT_IMPLEMENTED when there is no such method. */
static Value call_optional(Thread *t, Value self, Str *name, const Value *args, size_t count)
{
    Value method = type_lookup(t, value_type(t, self), name);
    return is_unbound(method) ? NOT_IMPLEMENTED : call_found(t, method, self, args, count);
}

/* ---- one operand ---- */

#define UNARY_CALLER(field, dunder) \
    static Value caller_##field(Thread *t, Value self) { return call_special(t, self, NAME_OF(t, dunder), NULL, 0); }
UNARY_CALLER(repr, __repr__)
UNARY_CALLER(str, __str__)
UNARY_CALLER(await, __await__)
UNARY_CALLER(aiter, __aiter__)
UNARY_CALLER(anext, __anext__)
UNARY_CALLER(next, __next__)
UNARY_CALLER(negative, __neg__)
UNARY_CALLER(positive, __pos__)
UNARY_CALLER(absolute, __abs__)
UNARY_CALLER(invert, __invert__)
UNARY_CALLER(to_int, __int__)
UNARY_CALLER(to_float, __float__)
UNARY_CALLER(index, __index__)

static Value caller_iterate(Thread *t, Value self)
{
    if (is_none(type_lookup(t, value_type(t, self), NAME_OF(t, __iter__))))
        return raise_type_error(t, "'%T' object is not iterable", self);
    return call_special(t, self, NAME_OF(t, __iter__), NULL, 0);
}

static bool caller_hash(Thread *t, Value self, int64_t *hash)
{
    Value method = type_lookup(t, value_type(t, self), NAME_OF(t, __hash__));
    if (is_none(method) || is_unbound(method)) return hash_not_implemented(t, self, hash);
    Value result = call_found(t, method, self, NULL, 0);
    if (failed(result)) return false;
    bool is_good = is_int(result);
    if (!is_good)
        raise_type_error(t, "__hash__ method should return an integer");
    else if (!int_fits_int64(result, hash))
        *hash = int_hash(result);
    else if (*hash == -1)
        *hash = -2;
    release(result);
    return is_good;
}

static bool caller_truth(Thread *t, Value self, bool *truth)
{
    Value result = call_special(t, self, NAME_OF(t, __bool__), NULL, 0);
    if (failed(result)) return false;
    bool is_good = is_bool(result);
    if (is_good)
        *truth = is_true(result);
    else
        raise_type_error(t, "__bool__ should return bool, returned %T", result);
    release(result);
    return is_good;
}

static bool caller_length(Thread *t, Value self, size_t *length)
{
    Value result = call_special(t, self, NAME_OF(t, __len__), NULL, 0);
    if (failed(result)) return false;
    Value number = int_from_index(t, result);
    release(result);
    if (failed(number)) return false;
    int64_t n;
    bool is_good = false;
    if (int_sign(number) < 0)
        raise_value_error(t, "__len__() should return >= 0");
    else if (!int_fits_int64(number, &n))
        raise_error(t, EXC_OverflowError, "cannot fit '%T' into an index-sized integer", number);
    else
        *length = (size_t)n, is_good = true;
    release(number);
    return is_good;
}

static void caller_finalize(Thread *t, Value self)
{
    Value method = type_lookup(t, value_type(t, self), NAME_OF(t, __del__));
    if (is_unbound(method)) return;
    retain(method);
    Value result = call_found(t, method, self, NULL, 0);
    if (failed(result))
        raised_report_unraisable(t, method, NULL);
    release2(result, method);
}

/* ---- calls ---- */

static Value caller_call(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    Value method = type_lookup(t, value_type(t, self), NAME_OF(t, __call__));
    if (is_unbound(method)) return raise_error(t, EXC_AttributeError, "__call__");
    if (stack_is_low(t) && stack_is_exhausted(t, " while calling a Python object")) return FAILED;
    retain(method);
    Value result = call_unbound(t, method, self, args, count, names);
    release(method);
    return result;
}

static bool caller_init(Thread *t, Value self, const Value *args, size_t count, Tuple *names)
{
    Value method = type_lookup(t, value_type(t, self), NAME_OF(t, __init__));
    if (is_unbound(method)) return raise_false(t, EXC_AttributeError, "__init__");
    retain(method);
    Value result = call_unbound(t, method, self, args, count, names);
    release(method);
    if (failed(result)) return false;
    bool is_good = is_none(result);
    if (!is_good) raise_type_error(t, "__init__() should return None, not '%T'", result);
    release(result);
    return is_good;
}

static Value caller_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    Value function = type_get_attribute(t, object_value(type), NAME_OF(t, __new__));    /* a staticmethod, as a rule: bound to nothing */
    if (failed(function)) return FAILED;
    Value result = call_with_first(t, function, object_value(type), args, count, names);
    release(function);
    return result;
}

/* ---- attributes and descriptors ---- */

/* __getattribute__, and when that does not find the attribute, __getattr__. */
static Value caller_get_attribute(Thread *t, Value self, Str *name)
{
    Type *type = value_type(t, self);
    Value get = type_lookup(t, type, NAME_OF(t, __getattribute__)), fallback = type_lookup(t, type, NAME_OF(t, __getattr__));
    Value argument = object_value(name), result;
    bool is_generic = is_kind(get, KIND_SLOT_WRAPPER) && ((SlotWrapper *)as_object(get))->function == (void *)generic_get_attribute;
    retain(fallback);
    if (is_generic) {
        /* No AttributeError is made only to be thrown away. */
        result = generic_find_attribute(t, self, name);
        if (is_unbound(result) && !is_raised(t) && is_unbound(fallback)) raise_attribute_error(t, self, name);
    } else {
        result = call_found(t, get, self, &argument, 1);
    }
    if (failed(result) && is_bound(fallback) && (!is_raised(t) || raised_is(t, EXC_AttributeError))) {
        raised_clear(t);
        result = call_found(t, fallback, self, &argument, 1);
    }
    release(fallback);
    return result;
}

static bool succeeds(TAKES Value result)
{
    if (failed(result)) return false;
    release(result);
    return true;
}

static bool caller_set_attribute(Thread *t, Value self, Str *name, Value value)
{
    Value args[] = {object_value(name), value};
    if (is_unbound(value)) return succeeds(call_special(t, self, NAME_OF(t, __delattr__), args, 1));
    return succeeds(call_special(t, self, NAME_OF(t, __setattr__), args, 2));
}

static Value caller_descriptor_get(Thread *t, Value self, Value instance, Type *owner)
{
    Value args[] = {is_unbound(instance) ? NONE : instance, owner ? object_value(owner) : NONE};
    return call_special(t, self, NAME_OF(t, __get__), args, 2);
}

static bool caller_descriptor_set(Thread *t, Value self, Value instance, Value value)
{
    Value args[] = {instance, value};
    if (is_unbound(value)) return succeeds(call_special(t, self, NAME_OF(t, __delete__), args, 1));
    return succeeds(call_special(t, self, NAME_OF(t, __set__), args, 2));
}

/* ---- items ---- */

static Value caller_get_item(Thread *t, Value self, Value key) { return call_special(t, self, NAME_OF(t, __getitem__), &key, 1); }

static bool caller_set_item(Thread *t, Value self, Value key, Value value)
{
    Value args[] = {key, value};
    if (is_unbound(value)) return succeeds(call_special(t, self, NAME_OF(t, __delitem__), args, 1));
    return succeeds(call_special(t, self, NAME_OF(t, __setitem__), args, 2));
}

static bool caller_contains(Thread *t, Value self, Value item, bool *found)
{
    Value method = type_lookup(t, value_type(t, self), NAME_OF(t, __contains__));
    if (is_none(method)) return raise_false(t, EXC_TypeError, "'%T' object is not a container", self);
    Value result = call_special(t, self, NAME_OF(t, __contains__), &item, 1);
    if (failed(result)) return false;
    bool is_good = value_truth(t, result, found);
    release(result);
    return is_good;
}

/* ---- comparison and binary operators ---- */

static Value caller_compare(Thread *t, Value self, Value other, CompareOp op)
{
    Names *names = &t->interp->names;
    Str *const by_op[] = {names->__lt__, names->__le__, names->__eq__, names->__ne__, names->__gt__, names->__ge__};
    Value method = type_lookup(t, value_type(t, self), by_op[op]);
    if (is_unbound(method)) return NOT_IMPLEMENTED;
    if (is_kind(method, KIND_SLOT_WRAPPER)) {
        SlotWrapper *wrapper = (SlotWrapper *)as_object(method);
        if (wrapper->row->wrapper == (enum SlotWrapperKind)(WRAP_COMPARE_LT + op) && type_is_subtype(value_type(t, self), wrapper->d.owner))
            return ((CompareFn)wrapper->function)(t, self, other, op);
    }
    /* Whatever goes wrong while a descriptor is asked for the method means that there is none. */
    Value bound = type_is(value_type(t, method), TYPE_IS_METHOD_DESCRIPTOR) ? UNBOUND : attribute_bind(t, method, self, value_type(t, self));
    if (is_raised(t)) {
        raised_clear(t);
        return NOT_IMPLEMENTED;
    }
    if (is_unbound(bound)) return call_found(t, method, self, &other, 1);
    Value result = value_call1(t, bound, other);
    release(bound);
    return result;
}

/* Does the right operand's class have a reflected method of its own, not the one it shares with the left one's? */
static bool is_overridden(Thread *t, Type *left, Type *right, Str *name)
{
    Value method = type_lookup(t, right, name);
    return is_bound(method) && !is_same(method, type_lookup(t, left, name));
}

static Value binary_call(Thread *t, Value left, Value right, size_t field, void *caller, Str *name, Str *reflected)
{
    Type *left_type = value_type(t, left), *right_type = value_type(t, right);
    bool asks_right = left_type != right_type && *type_slot(right_type, (unsigned)field) == caller;
    if (*type_slot(left_type, (unsigned)field) == caller) {
        if (asks_right && type_is_subtype(right_type, left_type) && is_overridden(t, left_type, right_type, reflected)) {
            Value result = call_optional(t, right, reflected, &left, 1);
            if (!is_not_implemented(result)) return result;
            asks_right = false;
        }
        Value result = call_optional(t, left, name, &right, 1);
        if (!is_not_implemented(result) || left_type == right_type) return result;
    }
    return asks_right ? call_optional(t, right, reflected, &left, 1) : NOT_IMPLEMENTED;
}

#define BINARY_CALLER(field, dunder, reflected) \
    static Value caller_##field(Thread *t, Value left, Value right) \
    { \
        return binary_call(t, left, right, offsetof(TypeSlots, field) / sizeof(void *), (void *)caller_##field, NAME_OF(t, dunder), NAME_OF(t, reflected)); \
    }
BINARY_CALLER(add, __add__, __radd__)
BINARY_CALLER(subtract, __sub__, __rsub__)
BINARY_CALLER(multiply, __mul__, __rmul__)
BINARY_CALLER(true_divide, __truediv__, __rtruediv__)
BINARY_CALLER(floor_divide, __floordiv__, __rfloordiv__)
BINARY_CALLER(remainder, __mod__, __rmod__)
BINARY_CALLER(divmod, __divmod__, __rdivmod__)
BINARY_CALLER(matrix_multiply, __matmul__, __rmatmul__)
BINARY_CALLER(lshift, __lshift__, __rlshift__)
BINARY_CALLER(rshift, __rshift__, __rrshift__)
BINARY_CALLER(and, __and__, __rand__)
BINARY_CALLER(or, __or__, __ror__)
BINARY_CALLER(xor, __xor__, __rxor__)

static Value caller_power(Thread *t, Value base, Value exponent, Value modulus)
{
    size_t field = offsetof(TypeSlots, power) / sizeof(void *);
    if (is_none(modulus) || is_unbound(modulus))
        return binary_call(t, base, exponent, field, (void *)caller_power, NAME_OF(t, __pow__), NAME_OF(t, __rpow__));
    /* With three operands only the first one is asked; the slot may have been found on another one. */
    if (*type_slot(value_type(t, base), (unsigned)field) != (void *)caller_power) return NOT_IMPLEMENTED;
    Value args[] = {exponent, modulus};
    return call_optional(t, base, NAME_OF(t, __pow__), args, 2);
}

#define INPLACE_CALLER(field, dunder) \
    static Value caller_inplace_##field(Thread *t, Value self, Value other) { return call_special(t, self, NAME_OF(t, dunder), &other, 1); }
INPLACE_CALLER(add, __iadd__)
INPLACE_CALLER(subtract, __isub__)
INPLACE_CALLER(multiply, __imul__)
INPLACE_CALLER(true_divide, __itruediv__)
INPLACE_CALLER(floor_divide, __ifloordiv__)
INPLACE_CALLER(remainder, __imod__)
INPLACE_CALLER(power, __ipow__)
INPLACE_CALLER(matrix_multiply, __imatmul__)
INPLACE_CALLER(lshift, __ilshift__)
INPLACE_CALLER(rshift, __irshift__)
INPLACE_CALLER(and, __iand__)
INPLACE_CALLER(or, __ior__)
INPLACE_CALLER(xor, __ixor__)

/* ---- buffers ---- */

/* What __buffer__ answered, lent out again: the owner of views of objects whose class has a __buffer__ of its own. When such a view is
 * given back, __release_buffer__ hears of it, and then the memoryview goes. */
typedef struct BufferWrapper { Object head; Value object, memory; BufferView view; } BufferWrapper;

static bool caller_get_buffer(Thread *t, Value self, BufferView *view, int flags)
{
    Value asked = small_int_value(flags);
    Value result = call_special(t, self, NAME_OF(t, __buffer__), &asked, 1);
    if (failed(result)) return false;
    BufferWrapper *wrapper = NULL;
    if (!is_kind(result, KIND_MEMORYVIEW))
        raise_type_error(t, "__buffer__ returned non-memoryview object");
    else
        wrapper = (BufferWrapper *)heap_new(t, kind_type(t, KIND_BUFFER_WRAPPER), sizeof(BufferWrapper));
    if (!wrapper) {
        release(result);
        return false;
    }
    wrapper->object = retain(self);
    wrapper->memory = result;
    if (!buffer_get(t, result, &wrapper->view, flags)) {
        wrapper->view.owner = UNBOUND;
        object_release(wrapper);
        return false;
    }
    *view = wrapper->view;
    view->owner = object_value(wrapper);
    return true;
}

/* Calls the script's __release_buffer__; an exception that is on its way stays so. [memory] FAILED: no memory for it. */
static void tell_released(Thread *t, Value self, Value memory)
{
    if (failed(memory) || !succeeds(call_special(t, self, NAME_OF(t, __release_buffer__), &memory, 1)))
        raised_report_unraisable(t, self, NULL);
}

/* The native slot is called afterwards, whatever the script's did. */
static void caller_release_buffer(Thread *t, Value self, BufferView *view)
{
    Value raised = is_raised(t) ? raised_take(t) : UNBOUND;
    Value lent = memoryview_lend(t, view);
    tell_released(t, self, lent);
    if (is_bound(lent)) memoryview_end(lent);
    release(lent);
    if (is_bound(raised)) raise_instance(t, raised);
    for (Type *base = value_type(t, self)->base; base; base = base->base) {
        if (!base->slots.release_buffer || base->slots.release_buffer == caller_release_buffer) continue;
        base->slots.release_buffer(t, self, view);
        return;
    }
}

static void wrapper_end(Thread *t, BufferWrapper *wrapper)
{
    buffer_release(t, &wrapper->view);
    clear(&wrapper->memory);
    clear(&wrapper->object);
}

static void wrapper_release_buffer(Thread *t, Value self, BufferView *view)
{
    BufferWrapper *wrapper = (BufferWrapper *)as_object(self);
    (void)view;
    if (is_unbound(wrapper->view.owner)) return;
    Value raised = is_raised(t) ? raised_take(t) : UNBOUND;
    /* If it is a view of the object itself, its own release will tell. */
    if (!is_same(memoryview_exporter(wrapper->memory), wrapper->object) && value_type(t, wrapper->object)->slots.release_buffer == caller_release_buffer)
        tell_released(t, wrapper->object, wrapper->memory);
    wrapper_end(t, wrapper);
    if (is_bound(raised)) raise_instance(t, raised);
}

static void wrapper_traverse(Object *self, VisitFn visit, void *context)
{
    visit_value(((BufferWrapper *)self)->object, visit, context);
    visit_value(((BufferWrapper *)self)->memory, visit, context);
    visit_value(((BufferWrapper *)self)->view.owner, visit, context);
}
static void wrapper_free(Object *self) { wrapper_end(thread_current(), (BufferWrapper *)self); }
const TypeSpec buffer_wrapper_spec = {
    .size = sizeof(BufferWrapper), .flags = TYPE_IS_CONTAINER | TYPE_IS_FINAL | TYPE_NO_NEW,
    .slots = {.release_buffer = wrapper_release_buffer}, .traverse = wrapper_traverse, .free = wrapper_free,
};

/* ---- the table ---- */

const SlotRow slot_rows[] = {
#define SLOT(field_, signature_, dunder_, wrapper_)                                                             \
    {.dunder = #dunder_, .field = offsetof(TypeSlots, field_) / sizeof(void *), .name_offset = offsetof(Names, dunder_), \
     .wrapper = WRAP_##wrapper_, .caller = (void *)caller_##field_},
#include "vm/object/slots.def"
#undef SLOT
};
const size_t slot_row_count = ARRAY_LENGTH(slot_rows);
