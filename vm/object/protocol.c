/* protocol.c - see protocol.h.
 *
 * What        The questions about one value: text, hash, truth, length, items, attributes. Comparison, iteration and calls
 *             stand in protocol_calls.c.
 * How         Each function: the immediate answers, then the slot, then the language's fallback, then the TypeError.
 * Invariants  I1 whatever a slot of a script's class answered is checked here for its type, once, so callers need not.
 * GIL         held; any slot may run script code.
 * Read next   protocol_calls.c, type.h, slot_calls.c */
#include "vm/object/protocol.h"

#include "vm/base/hash.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/format.h"
#include "vm/object/generic_alias.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/str.h"

/* ---- text ---- */

Value value_repr(Thread *t, Value v)
{
    if (stack_is_low(t) && stack_is_exhausted(t, " while getting the repr of an object"))
        return FAILED;
    Value text = value_type(t, v)->slots.repr(t, v);
    if (!failed(text) && UNLIKELY(!is_str(text))) {
        raise_type_error(t, "__repr__ returned non-string (type %T)", text);
        release(text);
        return FAILED;
    }
    return text;
}

Value value_str(Thread *t, Value v)
{
    if (is_kind(v, KIND_STR))
        return retain(v);
    if (is_small_int(v))
        return int_to_str(t, v, 10);
    if (is_word_float(v))
        return float_to_str(t, word_float(v));
    if (stack_is_low(t) && stack_is_exhausted(t, " while getting the str of an object"))
        return FAILED;
    UnaryFn str = value_type(t, v)->slots.str;
    if (!str)
        return value_repr(t, v);
    Value text = str(t, v);
    if (!failed(text) && UNLIKELY(!is_str(text))) {
        raise_type_error(t, "__str__ returned non-string (type %T)", text);
        release(text);
        return FAILED;
    }
    return text;
}

Value value_ascii(Thread *t, Value v)
{
    Value text = value_repr(t, v);
    if (failed(text) || as_str(text)->is_ascii)
        return text;
    static const char digits[] = "0123456789abcdef";
    StrBuilder builder;
    str_builder_init(&builder, t);
    Str *s = as_str(text);
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char(s, i);
        if (c < 128) {
            str_builder_add_char(&builder, c);
            continue;
        }
        int width = c < 0x100 ? 2 : c < 0x10000 ? 4 : 8;
        str_builder_add_char(&builder, '\\');
        str_builder_add_char(&builder, width == 2 ? 'x' : width == 4 ? 'u' : 'U');
        while (width-- > 0)
            str_builder_add_char(&builder, (uint32_t)digits[c >> (4 * width) & 15]);
    }
    release(text);
    return str_builder_finish(&builder);
}

Value value_format(Thread *t, Value v, Value spec)
{
    bool is_plain = is_unbound(spec) || (is_str(spec) && as_str(spec)->length == 0);
    if (is_plain) {
        if (is_kind(v, KIND_STR))
            return retain(v);
        if (is_small_int(v) || is_word_float(v))
            return value_str(t, v);  /* the exact types: what str() says is what format() says */
    }
    if (is_bound(spec) && is_str(spec)) {   /* the exact types, which nobody can change, without a call */
        if (is_exact_int(v))
            return format_int(t, v, as_str(spec));
        if (is_exact_float(v))
            return format_float(t, v, as_str(spec));
        if (is_kind(v, KIND_STR))
            return format_str(t, v, as_str(spec));
    }
    Value method = value_find_special(t, v, NAME_OF(t, __format__));
    if (is_unbound(method))
        return is_raised(t) ? FAILED : raise_type_error(t, "Type %T doesn't define __format__", v);
    Value text = value_call1(t, method, is_unbound(spec) ? t->interp->empty_str : spec);
    release(method);
    if (!failed(text) && UNLIKELY(!is_str(text))) {
        raise_type_error(t, "__format__ must return a str, not %T", text);
        release(text);
        return FAILED;
    }
    return text;
}

/* ---- hash and truth ---- */

bool hash_not_implemented(Thread *t, Value v, int64_t *hash)
{
    *hash = -1;
    return raise_false(t, EXC_TypeError, "unhashable type: '%T'", v);
}

bool value_hash(Thread *t, Value v, int64_t *hash)
{
    if (is_small_int(v)) {
        *hash = hash_int64(small_int(v));
        return true;
    }
    if (is_kind(v, KIND_STR)) {
        *hash = str_hash(t, as_str(v));
        return true;
    }
    HashFn function = value_type(t, v)->slots.hash;
    if (!function)
        return hash_not_implemented(t, v, hash);
    if (stack_is_low(t) && stack_is_exhausted(t, " while calling a Python object"))
        return false;
    return function(t, v, hash);
}

bool value_truth(Thread *t, Value v, bool *truth)
{
    if (is_bool(v)) {
        *truth = is_true(v);
        return true;
    }
    if (is_small_int(v)) {
        *truth = small_int(v) != 0;
        return true;
    }
    if (is_none(v)) {
        *truth = false;
        return true;
    }
    const TypeSlots *slots = is_object(v) ? &as_object(v)->type->slots : &value_type(t, v)->slots;
    if (slots->truth)
        return slots->truth(t, v, truth);
    if (!slots->length) {
        *truth = true;
        return true;
    }
    size_t length;
    if (!slots->length(t, v, &length))
        return false;
    *truth = length != 0;
    return true;
}

/* ---- length ---- */

bool value_length(Thread *t, Value v, size_t *length)
{
    LengthFn function = value_type(t, v)->slots.length;
    if (!function)
        return raise_false(t, EXC_TypeError, "object of type '%T' has no len()", v);
    return function(t, v, length);
}

bool value_length_hint(Thread *t, Value v, size_t fallback, size_t *hint)
{
    LengthFn function = value_type(t, v)->slots.length;
    if (function) {
        if (function(t, v, hint))
            return true;
        if (!raised_is(t, EXC_TypeError))
            return false;
        raised_clear(t);
    }
    *hint = fallback;
    Value method = value_find_special(t, v, NAME_OF(t, __length_hint__));
    if (is_unbound(method))
        return !is_raised(t);
    Value answer = value_call0(t, method);
    release(method);
    if (failed(answer)) {
        if (!raised_is(t, EXC_TypeError))
            return false;
        raised_clear(t);
        return true;
    }
    int64_t number;
    bool is_good = true;
    if (is_not_implemented(answer))
        ;
    else if (!is_int(answer))
        is_good = raise_false(t, EXC_TypeError, "__length_hint__ must be an integer, not %T", answer);
    else if (!int_fits_int64(answer, &number))
        is_good = raise_false(t, EXC_OverflowError, "cannot fit 'int' into an index-sized integer");
    else if (number < 0)
        is_good = raise_false(t, EXC_ValueError, "__length_hint__() should return >= 0");
    else
        *hint = (size_t)number;
    release(answer);
    return is_good;
}

/* ---- indices ---- */

/* The int behind v as an int64; what does not fit is INT64_MIN or INT64_MAX and *fits false. */
static bool index_of(Thread *t, Value v, int64_t *index, bool *fits)
{
    *fits = true;
    if (is_small_int(v)) {
        *index = small_int(v);
        return true;
    }
    Value number = int_from_index(t, v);
    if (failed(number))
        return false;
    *fits = int_fits_int64(number, index);
    if (!*fits)
        *index = int_sign(number) < 0 ? INT64_MIN : INT64_MAX;
    release(number);
    return true;
}

bool value_to_index(Thread *t, Value v, int64_t *index)
{
    bool fits;
    if (!index_of(t, v, index, &fits))
        return false;
    return fits || raise_false(t, EXC_IndexError, "cannot fit '%T' into an index-sized integer", v);
}

bool value_to_clipped_index(Thread *t, Value v, int64_t *index)
{
    bool fits;
    return index_of(t, v, index, &fits);
}

/* ---- items ---- */

/* x[key] where x is a class: list[int], or the class's own __class_getitem__. */
static Value class_get_item(Thread *t, Value v, Value key)
{
    if (is_same(v, object_value(kind_type(t, KIND_TYPE))))
        return generic_alias_new(t, v, key);   /* type[C]; other metaclasses are classes like any other */
    Value method = value_find_attribute(t, v, NAME_OF(t, __class_getitem__));
    if (is_unbound(method))
        return is_raised(t) ? FAILED : raise_type_error(t, "type '%s' is not subscriptable", type_text(t, (Type *)as_object(v)));
    Value item = is_none(method) ? raise_type_error(t, "'%T' object is not callable", method) : value_call1(t, method, key);
    release(method);
    return item;
}

Value value_get_item(Thread *t, Value v, Value key)
{
    BinaryFn get_item = value_type(t, v)->slots.get_item;
    if (LIKELY(get_item != NULL))
        return get_item(t, v, key);
    if (has_payload(v, KIND_TYPE))
        return class_get_item(t, v, key);
    return raise_type_error(t, "'%T' object is not subscriptable", v);
}

bool value_set_item(Thread *t, Value v, Value key, Value item)
{
    SetItemFn set_item = value_type(t, v)->slots.set_item;
    if (!set_item)
        return raise_false(t, EXC_TypeError, "'%T' object does not support item assignment", v);
    return set_item(t, v, key, item);
}

bool value_delete_item(Thread *t, Value v, Value key)
{
    const Type *type = value_type(t, v);
    if (type->slots.set_item)
        return type->slots.set_item(t, v, key, UNBOUND);
    /* CPython words it differently for what is some sort of sequence. */
    bool is_sequence = type_is(type, TYPE_IS_SCRIPT_MADE) || type->slots.get_item || type->slots.contains || type->slots.length;
    bool has_index = is_small_int(key) || value_type(t, key)->slots.index;
    return raise_false(t, EXC_TypeError, "'%T' object %s support item deletion", v, is_sequence && has_index ? "doesn't" : "does not");
}

/* ---- attributes ---- */

Value value_get_attribute(Thread *t, Value v, Str *name)
{
    Value found = value_type(t, v)->slots.get_attribute(t, v, name);
    if (UNLIKELY(failed(found)))
        attribute_error_complete(t, v, name);
    return found;
}

Value value_find_attribute(Thread *t, Value v, Str *name)
{
    GetAttrFn get_attribute = value_type(t, v)->slots.get_attribute;
    if (get_attribute == generic_get_attribute) {
        Value found = generic_find_attribute(t, v, name);
        if (is_bound(found) || !is_raised(t))
            return found;
    } else {
        Value found = get_attribute(t, v, name);
        if (!failed(found))
            return found;
    }
    /* A property that raises AttributeError counts as absent too. */
    if (raised_is(t, EXC_AttributeError))
        raised_clear(t);
    return UNBOUND;
}

bool value_set_attribute(Thread *t, Value v, Str *name, Value value)
{
    return value_type(t, v)->slots.set_attribute(t, v, name, value);
}

bool value_delete_attribute(Thread *t, Value v, Str *name)
{
    return value_type(t, v)->slots.set_attribute(t, v, name, UNBOUND);
}

Value value_find_special(Thread *t, Value v, Str *name)
{
    Type *type = value_type(t, v);
    if (UNLIKELY(!type_open(t, type)))
        return FAILED;
    Value found = type_lookup(t, type, name);
    if (is_unbound(found))
        return UNBOUND;
    DescrGetFn bind = value_type(t, found)->slots.descriptor_get;
    /* The class may change while its own descriptor runs: keep what was found. */
    retain(found);
    if (!bind)
        return found;
    Value bound = bind(t, found, v, type);
    release(found);
    return bound;
}

/* ---- sequences beside strangers ---- */

Value sequence_add_other(Thread *t, Value left, Value right, BinaryFn own, const char *format)
{
    /* [] + x asks x.__radd__ before it gives up; list.__add__([], x) called by an overriding class must not come back here. */
    BinaryFn other = value_type(t, right)->slots.add;
    if (other && other != own && value_type(t, left)->slots.add == own) {
        Value sum = other(t, left, right);
        if (!is_not_implemented(sum))
            return sum;
    }
    return raise_type_error(t, format, right);
}

bool sequence_repeat_count(Thread *t, Value left, Value right, bool sequence_is_left, size_t *count, Value *result)
{
    Value other = sequence_is_left ? right : left;
    *result = UNBOUND;
    if (LIKELY(is_small_int(other))) {
        *count = small_int(other) < 0 ? 0 : (size_t)small_int(other);
        return true;
    }
    Type *type = value_type(t, other);
    if (!is_int(other) || type->slots.multiply != kind_type(t, KIND_INT)->slots.multiply) {
        BinaryFn own = value_type(t, sequence_is_left ? left : right)->slots.multiply;
        BinaryFn multiply = type->slots.multiply;
        if (sequence_is_left && multiply && multiply != own) {
            Value product = multiply(t, left, right);
            if (!is_not_implemented(product)) {
                *result = product;
                return !failed(product);
            }
        }
        if (!is_int(other) && !type->slots.index && !sequence_is_left) {      /* whoever asked both operands says it, naming the right one */
            *result = NOT_IMPLEMENTED;
            return true;
        }
        if (!is_int(other) && !type->slots.index)
            return raise_false(t, EXC_TypeError, "can't multiply sequence by non-int of type '%T'", other);
    }
    int64_t number;
    bool fits;
    if (!index_of(t, other, &number, &fits))
        return false;
    if (!fits)
        return raise_false(t, EXC_OverflowError, "cannot fit '%T' into an index-sized integer", other);
    *count = number < 0 ? 0 : (size_t)number;
    return true;
}

/* ---- repr's guard ---- */

/* What is being printed right now, innermost last: t->repr_depth values. The row exists only while something is printed. */
struct ReprGuard { size_t capacity; Value values[]; };

static size_t guard_size(size_t capacity)
{
    return sizeof(struct ReprGuard) + capacity * sizeof(Value);
}

static bool guard_make_room(Thread *t)
{
    struct ReprGuard *guard = t->repr_guards;
    if (guard && t->repr_depth < guard->capacity)
        return true;
    size_t capacity = guard ? 2 * guard->capacity : 7;
    guard = block_resize(t, guard, guard ? guard_size(guard->capacity) : 0, guard_size(capacity));
    if (!guard)
        return false;
    guard->capacity = capacity;
    t->repr_guards = guard;
    return true;
}

bool repr_enter(Thread *t, Value v, bool *is_first)
{
    *is_first = true;
    for (size_t i = t->repr_depth; i-- > 0; ) {
        if (is_same(t->repr_guards->values[i], v)) {
            *is_first = false;
            return true;
        }
    }
    if (!guard_make_room(t))
        return false;
    t->repr_guards->values[t->repr_depth++] = v;
    return true;
}

void repr_leave(Thread *t, Value v)
{
    (void)v;
    assert(t->repr_depth > 0 && is_same(t->repr_guards->values[t->repr_depth - 1], v));
    if (--t->repr_depth == 0) {
        block_free(t, t->repr_guards, guard_size(t->repr_guards->capacity));
        t->repr_guards = NULL;
    }
}
