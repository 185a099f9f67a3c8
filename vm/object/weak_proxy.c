/* weak_proxy.c - weakref.proxy: an object that acts as another one for as long as that lives.
 *
 * What        The types weakref.ProxyType and weakref.CallableProxyType.
 * How         Every slot takes proxies off its operands and asks the same question of what is behind them; when that is gone, a
 *             ReferenceError. Operators ask the slots of both operands themselves: the full rule for scripts' operators stands
 *             above this floor, and will be applied to what these answer.
 * GIL         held.
 * Read next   weakref.c, slots.def */
#include "vm/object/weakref.h"

#include "vm/object/exception.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/slots.h"
#include "vm/object/str.h"

static bool is_proxy(Value v) { return is_kind(v, KIND_WEAK_PROXY) || is_kind(v, KIND_WEAK_CALLABLE_PROXY); }

/* What is behind a proxy, or the value itself; owned. */
static Value unwrap(Thread *t, Value v)
{
    if (!is_proxy(v)) return retain(v);
    Value target = weakref_target(v);
    return is_bound(target) ? target : raise_error(t, EXC_ReferenceError, "weakly-referenced object no longer exists");
}

#define FORWARD(function, result_type, failure, parameters, call)        \
    static result_type function parameters                                \
    {                                                                     \
        Value target = unwrap(t, self);                                   \
        if (failed(target)) return failure;                               \
        result_type result = call;                                        \
        release(target);                                                  \
        return result;                                                    \
    }
FORWARD(proxy_str, Value, FAILED, (Thread *t, Value self), value_str(t, target))
FORWARD(proxy_get_attribute, Value, FAILED, (Thread *t, Value self, Str *name), value_get_attribute(t, target, name))
FORWARD(proxy_set_attribute, bool, false, (Thread *t, Value self, Str *name, Value value),
        is_bound(value) ? value_set_attribute(t, target, name, value) : value_delete_attribute(t, target, name))
FORWARD(proxy_iterate, Value, FAILED, (Thread *t, Value self), value_iterate(t, target))
FORWARD(proxy_length, bool, false, (Thread *t, Value self, size_t *length), value_length(t, target, length))
FORWARD(proxy_get_item, Value, FAILED, (Thread *t, Value self, Value key), value_get_item(t, target, key))
FORWARD(proxy_set_item, bool, false, (Thread *t, Value self, Value key, Value value),
        is_bound(value) ? value_set_item(t, target, key, value) : value_delete_item(t, target, key))
FORWARD(proxy_contains, bool, false, (Thread *t, Value self, Value item, bool *found), value_contains(t, target, item, found))
FORWARD(proxy_truth, bool, false, (Thread *t, Value self, bool *truth), value_truth(t, target, truth))
FORWARD(proxy_call, Value, FAILED, (Thread *t, Value self, const Value *args, size_t count, Tuple *names), value_call(t, target, args, count, names))

static Value next_of(Thread *t, Value target)
{
    if (value_type(t, target)->slots.next) return value_next(t, target);
    return raise_type_error(t, "Weakref proxy referenced a non-iterator '%T' object", target);
}
FORWARD(proxy_next, Value, FAILED, (Thread *t, Value self), next_of(t, target))

static Value unary_of(Thread *t, Value target, unsigned field, const char *what)
{
    UnaryFn slot = (UnaryFn)*type_slot(value_type(t, target), field);
    return slot ? slot(t, target) : raise_type_error(t, "bad operand type for %s: '%T'", what, target);
}
#define UNARY(field, what) FORWARD(proxy_##field, Value, FAILED, (Thread *t, Value self), unary_of(t, target, offsetof(TypeSlots, field) / sizeof(void *), what))
UNARY(negative, "unary -")
UNARY(positive, "unary +")
UNARY(absolute, "abs()")
UNARY(invert, "unary ~")
UNARY(to_int, "int()")
UNARY(to_float, "float()")
UNARY(index, "index")

static Value proxy_compare(Thread *t, Value self, Value other, CompareOp op)
{
    Value a = unwrap(t, self), b = failed(a) ? FAILED : unwrap(t, other);
    Value result = failed(b) ? FAILED : value_compare(t, a, b, op);
    release2(a, b);
    return result;
}

/* Both slots in the usual order; what is left undecided is an error that names what is behind the proxies. */
static Value binary_of(Thread *t, Value left, Value right, unsigned field, const char *symbol)
{
    Value a = unwrap(t, left), b = failed(a) ? FAILED : unwrap(t, right), result = FAILED;
    if (!failed(b)) {
        Type *a_type = value_type(t, a), *b_type = value_type(t, b);
        BinaryFn first = (BinaryFn)*type_slot(a_type, field), second = (BinaryFn)*type_slot(b_type, field);
        if (second == first) second = NULL;
        result = NOT_IMPLEMENTED;
        if (second && a_type != b_type && type_is_subtype(b_type, a_type)) {
            result = second(t, a, b);
            second = NULL;
        }
        if (is_not_implemented(result) && first) result = first(t, a, b);
        if (is_not_implemented(result) && second) result = second(t, a, b);
        if (is_not_implemented(result)) result = raise_type_error(t, "unsupported operand type(s) for %s: '%T' and '%T'", symbol, a, b);
    }
    release2(a, b);
    return result;
}

#define BINARY(field, symbol) \
    static Value proxy_##field(Thread *t, Value left, Value right) { return binary_of(t, left, right, offsetof(TypeSlots, field) / sizeof(void *), symbol); }
BINARY(add, "+")
BINARY(subtract, "-")
BINARY(multiply, "*")
BINARY(true_divide, "/")
BINARY(floor_divide, "//")
BINARY(remainder, "%")
BINARY(divmod, "divmod()")
BINARY(matrix_multiply, "@")
BINARY(lshift, "<<")
BINARY(rshift, ">>")
BINARY(and, "&")
BINARY(or, "|")
BINARY(xor, "^")

/* The in-place form if the object has one, else the plain one. */
static Value inplace_of(Thread *t, Value self, Value other, unsigned field, unsigned plain_field, const char *symbol)
{
    Value target = unwrap(t, self);
    if (failed(target)) return FAILED;
    BinaryFn slot = (BinaryFn)*type_slot(value_type(t, target), field);
    Value result = slot ? slot(t, target, other) : NOT_IMPLEMENTED;
    if (is_not_implemented(result)) result = binary_of(t, target, other, plain_field, symbol);
    release(target);
    return result;
}
#define INPLACE(field, symbol)                                                                             \
    static Value proxy_inplace_##field(Thread *t, Value self, Value other)                                 \
    {                                                                                                      \
        return inplace_of(t, self, other, offsetof(TypeSlots, inplace_##field) / sizeof(void *), offsetof(TypeSlots, field) / sizeof(void *), symbol); \
    }
INPLACE(add, "+=")
INPLACE(subtract, "-=")
INPLACE(multiply, "*=")
INPLACE(true_divide, "/=")
INPLACE(floor_divide, "//=")
INPLACE(remainder, "%=")
INPLACE(matrix_multiply, "@=")
INPLACE(lshift, "<<=")
INPLACE(rshift, ">>=")
INPLACE(and, "&=")
INPLACE(or, "|=")
INPLACE(xor, "^=")

static Value proxy_power(Thread *t, Value base, Value exponent, Value modulus)
{
    Value a = unwrap(t, base), b = failed(a) ? FAILED : unwrap(t, exponent), result = FAILED;
    if (!failed(b)) {
        TernaryFn first = value_type(t, a)->slots.power, second = value_type(t, b)->slots.power;
        result = first ? first(t, a, b, modulus) : NOT_IMPLEMENTED;
        if (is_not_implemented(result) && second && second != first) result = second(t, a, b, modulus);
        if (is_not_implemented(result)) result = raise_type_error(t, "unsupported operand type(s) for ** or pow(): '%T' and '%T'", a, b);
    }
    release2(a, b);
    return result;
}

static Value proxy_repr(Thread *t, Value self)
{
    Value target = weakref_target(self);
    if (is_unbound(target)) return object_value(str_format(t, "<weakproxy at %p; dead>", (void *)as_object(self)));
    Str *text = str_format(t, "<weakproxy at %p; to '%T' at %p>", (void *)as_object(self), target, (void *)as_object(target));
    release(target);
    return object_value(text);
}

static Value method_of(Thread *t, Value self, const char *name)
{
    Value target = unwrap(t, self);
    if (failed(target)) return FAILED;
    Str *interned = str_intern_text(t, name);
    Value result = interned ? value_call_method(t, target, interned, NULL, 0) : FAILED;
    if (interned) object_release(interned);
    release(target);
    return result;
}
static Value proxy_bytes(Thread *t, Value self, const Value *args) { (void)args; return method_of(t, self, "__bytes__"); }
static Value proxy_reversed(Thread *t, Value self, const Value *args) { (void)args; return method_of(t, self, "__reversed__"); }

static const NativeDef proxy_methods[] = {
    NATIVE("__bytes__", proxy_bytes, "($self, /)", 0, NULL),
    NATIVE("__reversed__", proxy_reversed, "($self, /)", 0, NULL),
    NATIVE_END,
};

#define PROXY_SLOTS                                                                                                                   \
    .repr = proxy_repr, .str = proxy_str, .hash = hash_not_implemented, .get_attribute = proxy_get_attribute, .set_attribute = proxy_set_attribute, \
    .compare = proxy_compare, .iterate = proxy_iterate, .next = proxy_next, .length = proxy_length, .get_item = proxy_get_item,                   \
    .set_item = proxy_set_item, .contains = proxy_contains, .truth = proxy_truth, .add = proxy_add, .subtract = proxy_subtract,                   \
    .multiply = proxy_multiply, .true_divide = proxy_true_divide, .floor_divide = proxy_floor_divide, .remainder = proxy_remainder,               \
    .divmod = proxy_divmod, .power = proxy_power, .matrix_multiply = proxy_matrix_multiply, .lshift = proxy_lshift, .rshift = proxy_rshift,       \
    .and = proxy_and, .or = proxy_or, .xor = proxy_xor, .inplace_add = proxy_inplace_add, .inplace_subtract = proxy_inplace_subtract,             \
    .inplace_multiply = proxy_inplace_multiply, .inplace_true_divide = proxy_inplace_true_divide,                                                 \
    .inplace_floor_divide = proxy_inplace_floor_divide, .inplace_remainder = proxy_inplace_remainder,                                             \
    .inplace_matrix_multiply = proxy_inplace_matrix_multiply, .inplace_lshift = proxy_inplace_lshift, .inplace_rshift = proxy_inplace_rshift,     \
    .inplace_and = proxy_inplace_and, .inplace_or = proxy_inplace_or, .inplace_xor = proxy_inplace_xor, .negative = proxy_negative,               \
    .positive = proxy_positive, .absolute = proxy_absolute, .invert = proxy_invert, .to_int = proxy_to_int, .to_float = proxy_to_float,           \
    .index = proxy_index

const TypeSpec weak_proxy_spec = {
    .size = sizeof(WeakRef), .flags = TYPE_IS_CONTAINER, .slots = {PROXY_SLOTS}, .methods = proxy_methods,
    .traverse = weakref_traverse, .clear = weakref_forget, .free = weakref_forget,
};
const TypeSpec weak_callable_proxy_spec = {
    .size = sizeof(WeakRef), .flags = TYPE_IS_CONTAINER, .slots = {PROXY_SLOTS, .call = proxy_call}, .methods = proxy_methods,
    .traverse = weakref_traverse, .clear = weakref_forget, .free = weakref_forget,
};
