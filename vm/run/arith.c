/* arith.c - operators.
 *
 * What        See arith.h.
 * How         One table maps the operator's number to the slot of the plain form, one to the slot of the in-place form; the
 *             dance of left and right operand is written once.
 * GIL         held.
 * Read next   eval_hot.h (the fast forms), vm/object/slot_calls.c (dunders of scripts) */
#include "vm/run/arith.h"

#include <math.h>
#include <stddef.h>

#include "vm/bytecode/opcode.h"
#include "vm/object/bytes.h"
#include "vm/object/descriptor.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/order.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

static const char *const symbols[] = {
#define BINARY(name, symbol, slot) symbol,
#include "vm/bytecode/binary_ops.def"
#undef BINARY
};
static const size_t plain_slots[] = {
#define BINARY(name, symbol, slot) offsetof(TypeSlots, slot),
#include "vm/bytecode/binary_ops.def"
#undef BINARY
};
static const size_t inplace_slots[BINARY_OP_COUNT] = {
    [BINARY_INPLACE_ADD] = offsetof(TypeSlots, inplace_add),
    [BINARY_INPLACE_AND] = offsetof(TypeSlots, inplace_and),
    [BINARY_INPLACE_FLOOR_DIVIDE] = offsetof(TypeSlots, inplace_floor_divide),
    [BINARY_INPLACE_LSHIFT] = offsetof(TypeSlots, inplace_lshift),
    [BINARY_INPLACE_MATRIX_MULTIPLY] = offsetof(TypeSlots, inplace_matrix_multiply),
    [BINARY_INPLACE_MULTIPLY] = offsetof(TypeSlots, inplace_multiply),
    [BINARY_INPLACE_REMAINDER] = offsetof(TypeSlots, inplace_remainder),
    [BINARY_INPLACE_OR] = offsetof(TypeSlots, inplace_or),
    [BINARY_INPLACE_POWER] = offsetof(TypeSlots, inplace_power),
    [BINARY_INPLACE_RSHIFT] = offsetof(TypeSlots, inplace_rshift),
    [BINARY_INPLACE_SUBTRACT] = offsetof(TypeSlots, inplace_subtract),
    [BINARY_INPLACE_TRUE_DIVIDE] = offsetof(TypeSlots, inplace_true_divide),
    [BINARY_INPLACE_XOR] = offsetof(TypeSlots, inplace_xor),
};

/* The methods, as offsets in Names. */
static const struct { uint16_t plain, reflected, in_place; } method_names[] = {
#define METHODS(NAME, name) [BINARY_##NAME] = {offsetof(Names, __##name##__), offsetof(Names, __r##name##__), offsetof(Names, __i##name##__)}
    METHODS(ADD, add), METHODS(AND, and), METHODS(FLOOR_DIVIDE, floordiv), METHODS(LSHIFT, lshift), METHODS(MATRIX_MULTIPLY, matmul),
    METHODS(MULTIPLY, mul), METHODS(REMAINDER, mod), METHODS(OR, or), METHODS(POWER, pow), METHODS(RSHIFT, rshift),
    METHODS(SUBTRACT, sub), METHODS(TRUE_DIVIDE, truediv), METHODS(XOR, xor),
#undef METHODS
};

/* The operator behind an in-place one. */
static BinaryOp plain_of(BinaryOp op) { return (int)op >= BINARY_INPLACE_FIRST ? (BinaryOp)((int)op - BINARY_INPLACE_FIRST) : op; }

static BinaryFn slot_at(const Type *type, size_t offset)
{
    BinaryFn slot;
    memcpy(&slot, (const char *)&type->slots + offset, sizeof slot);
    return slot;
}

static Value call_slot(Thread *t, BinaryFn slot, Value left, Value right, BinaryOp plain)
{
    if (plain == BINARY_POWER) return ((TernaryFn)(void (*)(void))slot)(t, left, right, NONE);
    return slot(t, left, right);
}

/* Both types are asked: the right one first if it is a subclass with a slot of its own. NOT_IMPLEMENTED: neither can. */
static Value ask_both(Thread *t, Value left, Value right, size_t offset, BinaryOp plain)
{
    Type *left_type = value_type(t, left), *right_type = is_object(right) ? as_object(right)->type : value_type(t, right);
    BinaryFn left_slot = slot_at(left_type, offset);
    if (left_type == right_type) return left_slot ? call_slot(t, left_slot, left, right, plain) : NOT_IMPLEMENTED;
    BinaryFn right_slot = slot_at(right_type, offset);
    if (right_slot == left_slot) right_slot = NULL;
    if (left_slot && right_slot && type_is_subtype(right_type, left_type)) {
        Value v = call_slot(t, right_slot, left, right, plain);
        if (!is_not_implemented(v)) return v;
        right_slot = NULL;
    }
    if (left_slot) {
        Value v = call_slot(t, left_slot, left, right, plain);
        if (!is_not_implemented(v)) return v;
    }
    return right_slot ? call_slot(t, right_slot, left, right, plain) : NOT_IMPLEMENTED;
}

/* The slot of two operands of the same type, where it is not an in-place one's turn; NULL: somebody else has to look. */
ALWAYS_INLINE BinaryFn common_slot(Value left, Value right, BinaryOp op)
{
    if (!is_object(left) || !is_object(right) || as_object(left)->type != as_object(right)->type || (int)op >= BINARY_INPLACE_FIRST || op == BINARY_POWER) return NULL;
    return slot_at(as_object(left)->type, plain_slots[op]);
}

/* The built-in sequences answer NOT_IMPLEMENTED, so that the other operand is asked; their words are said here. */
static bool is_repeatable(Value v)
{
    enum Kind solid = is_object(v) ? as_object(v)->solid : KIND_INSTANCE;
    return solid == KIND_STR || solid == KIND_LIST || solid == KIND_TUPLE || solid == KIND_BYTES || solid == KIND_BYTEARRAY;
}

static Value raise_unsupported(Thread *t, Value left, Value right, BinaryOp op)
{
    const char *symbol = op == BINARY_POWER ? "** or pow()" : symbols[op];
    if (op == BINARY_RSHIFT && is_kind(left, KIND_NATIVE_FUNCTION)) {
        Value name = value_find_attribute(t, left, NAME_OF(t, __name__));
        bool is_print = is_str(name) && str_equal_text(as_str(name), "print");
        release(name);
        if (is_print)
            return raise_type_error(t, "unsupported operand type(s) for %s: '%T' and '%T'. Did you mean \"print(<message>, file=<output_stream>)\"?", symbol, left, right);
    }
    BinaryOp plain = plain_of(op);
    enum Kind solid = is_object(left) ? as_object(left)->solid : KIND_INSTANCE;
    if (plain == BINARY_ADD && (solid == KIND_BYTES || solid == KIND_BYTEARRAY))
        return raise_type_error(t, "can't concat %T to %T", right, left);
    if (plain == BINARY_ADD && (solid == KIND_STR || solid == KIND_LIST || solid == KIND_TUPLE)) {
        const char *name = solid == KIND_STR ? "str" : solid == KIND_LIST ? "list" : "tuple";
        return raise_type_error(t, "can only concatenate %s (not \"%T\") to %s", name, right, name);
    }
    if (plain == BINARY_MULTIPLY && (is_repeatable(left) || is_repeatable(right)))
        return raise_type_error(t, "can't multiply sequence by non-int of type '%T'", is_repeatable(left) ? right : left);
    return raise_type_error(t, "unsupported operand type(s) for %s: '%T' and '%T'", symbol, left, right);
}

static Value int_binary(Thread *t, Value a, Value b, BinaryOp plain)
{
    switch (plain) {
    case BINARY_ADD: return int_add(t, a, b);
    case BINARY_SUBTRACT: return int_subtract(t, a, b);
    case BINARY_MULTIPLY: return int_multiply(t, a, b);
    case BINARY_FLOOR_DIVIDE: return int_floor_divide(t, a, b);
    case BINARY_REMAINDER: return int_remainder(t, a, b);
    case BINARY_TRUE_DIVIDE: return int_true_divide(t, a, b);
    case BINARY_POWER: return int_power(t, a, b, NONE);
    case BINARY_LSHIFT: return int_lshift(t, a, b);
    case BINARY_RSHIFT: return int_rshift(t, a, b);
    case BINARY_AND: return int_and(t, a, b);
    case BINARY_OR: return int_or(t, a, b);
    case BINARY_XOR: return int_xor(t, a, b);
    default: return raise_unsupported(t, a, b, plain);
    }
}

/* += and *= of a built-in sequence come last, in CPython: an operand with a reflected method of its own is asked before. */
static bool asks_right_first(Thread *t, Value left, Value right, BinaryFn in_place, BinaryOp op)
{
    const Type *left_type = value_type(t, left), *right_type = value_type(t, right);
    if (!type_is(right_type, TYPE_IS_SCRIPT_MADE) || (op != BINARY_INPLACE_ADD && op != BINARY_INPLACE_MULTIPLY)) return false;
    const TypeSlots *native = &left_type->spec->slots;
    return native->get_item && in_place == (op == BINARY_INPLACE_ADD ? native->inplace_add : native->inplace_multiply);
}

/* A float, or an int beside one, as a double. */
static inline bool is_double(Value v, double *d)
{
    if (is_word_float(v)) *d = word_float(v);
    else if (is_small_int(v)) *d = (double)small_int(v);
    else if (is_kind(v, KIND_FLOAT)) *d = ((Float *)as_object(v))->value;
    else return false;
    return true;
}

static inline bool is_exact_as_double(int64_t n) { return n >= -((int64_t)1 << 53) && n <= (int64_t)1 << 53; }

double arith_double(Value v)
{
    double d;
    return is_double(v, &d) && !(is_small_int(v) && !is_exact_as_double(small_int(v))) ? d : NAN;
}

TwoDoubles arith_two_doubles(Value left, Value right)
{
    /* Beside a number word stands a large int, a bool or an instance: said at once, these have a long way before them. */
    if ((!is_number_word(left) && !is_kind(left, KIND_FLOAT)) || (!is_number_word(right) && !is_kind(right, KIND_FLOAT)))
        return (TwoDoubles){NAN, NAN};
    TwoDoubles both = {.left = are_small_ints(left, right) ? NAN : arith_double(left), .right = arith_double(right)};
    if (isnan(both.right)) both.left = NAN;
    return both;
}

/* The same of all but two texts. */
NOINLINE static int outcome_of_others(Value left, Value right, bool order_matters)
{
    if (is_number_word(left) || is_number_word(right) || is_kind(left, KIND_FLOAT)) {
        TwoDoubles both = arith_two_doubles(left, right);
        if (!isnan(both.left)) return (both.left > both.right) - (both.left < both.right) + 1;
        return is_exact_int(left) && is_exact_int(right) ? int_order(left, right) + 1 : -1;
    }
    if (!is_object(left) || !is_object(right) || as_object(left)->kind != as_object(right)->kind) return -1;
    int order;
    switch (as_object(left)->kind) {
    case KIND_INT: return int_order(left, right) + 1;
    case KIND_TUPLE:
    case KIND_LIST:
        order = order_try_others(left, right);
        return order == ORDER_UNKNOWN ? -1 : order + 1;
    case KIND_BYTES:
        if (order_matters) return -1;
        return as_bytes(left)->length == as_bytes(right)->length && memcmp(as_bytes(left)->data, as_bytes(right)->data, as_bytes(left)->length) == 0;
    default: return -1;
    }
}

int arith_outcome(Value left, Value right, uint32_t outcomes)
{
    bool order_matters = (outcomes ^ outcomes >> 2) & 1;      /* else LESS may stand for GREATER too */
    if (!is_kind(left, KIND_STR) || !is_kind(right, KIND_STR)) return outcome_of_others(left, right, order_matters);
    const Str *a = as_str(left), *b = as_str(right);
    if (!order_matters) {       /* most texts that differ do so in their length or their first bytes */
        if (a == b) return 1;
        return str_begins_alike(a, b) && (str_is_tiny(a) || str_equal(a, b));
    }
    int order = str_order(a, b);
    return (order > 0) - (order < 0) + 1;
}

double arith_divide_words(Value left, Value right)
{
    if (!is_number_word(left) || !is_number_word(right) || is_same(right, small_int_value(0))) return NAN;
    /* What is rounded only once is right: two ints must be exact as doubles, one beside a float need not be. */
    if (are_small_ints(left, right) && !(is_exact_as_double(small_int(left)) && is_exact_as_double(small_int(right)))) return NAN;
    double a = is_small_int(left) ? (double)small_int(left) : word_float(left);
    return a / (is_small_int(right) ? (double)small_int(right) : word_float(right));
}

double arith_power(double base, Value exponent)
{
    double d;
    if (!is_double(exponent, &d) || !isfinite(d) || !isfinite(base) || base == 0 || (base < 0 && d != floor(d))) return NAN;
    double power = pow(base, d);
    return isinf(power) ? NAN : power;
}

double arith_power_words(Value base, Value exponent)
{
    if (is_word_float(base)) return arith_power(word_float(base), exponent);
    return is_small_int(base) && is_word_float(exponent) ? arith_power((double)small_int(base), exponent) : NAN;
}

/* Floats, and ints beside floats. NOT_IMPLEMENTED: the types have something to say, or to raise. */
static Value double_binary(Thread *t, double a, double b, BinaryOp plain)
{
    switch (plain) {
    case BINARY_ADD: return float_value(t, a + b);
    case BINARY_SUBTRACT: return float_value(t, a - b);
    case BINARY_MULTIPLY: return float_value(t, a * b);
    case BINARY_TRUE_DIVIDE: return b != 0 ? float_value(t, a / b) : NOT_IMPLEMENTED;
    case BINARY_FLOOR_DIVIDE: return b != 0 ? float_value(t, float_floor_divide(a, b)) : NOT_IMPLEMENTED;
    case BINARY_REMAINDER: return b != 0 ? float_value(t, float_remainder(a, b)) : NOT_IMPLEMENTED;
    case BINARY_POWER: return float_power(t, a, b);
    default: return NOT_IMPLEMENTED;
    }
}

/* Beside an int a bool is one, in every operation. */
static inline bool is_int_word_or_bool(Value v) { return is_small_int(v) || is_bool(v); }
static inline Value int_of_bool(Value v) { return is_bool(v) ? small_int_value(is_true(v)) : v; }

/* The rest of value_binary, which would save registers for nothing where both are of one type. */
NOINLINE static Value binary_of_two_types(Thread *t, Value left, Value right, BinaryOp op)
{
    /* 'ab' * 10, [0] * n: an int has nothing to say about it before the sequence. */
    if (op == BINARY_MULTIPLY && is_small_int(right) && (is_kind(left, KIND_STR) || is_kind(left, KIND_LIST))) return as_object(left)->type->slots.multiply(t, left, right);
    BinaryOp plain = plain_of(op);
    double a, b;
    if (is_double(left, &a) && is_double(right, &b) && !are_small_ints(left, right)) {
        Value v = double_binary(t, a, b, plain);
        if (!is_not_implemented(v)) return v;
    } else if (is_exact_int(left) && is_exact_int(right) && plain != BINARY_MATRIX_MULTIPLY) {
        return int_binary(t, left, right, plain);
    } else if (is_bool(left) != is_bool(right) && is_int_word_or_bool(left) && is_int_word_or_bool(right) && plain != BINARY_MATRIX_MULTIPLY) {
        return int_binary(t, int_of_bool(left), int_of_bool(right), plain);     /* count += x == y */
    }
    if (op != plain) {
        BinaryFn slot = slot_at(value_type(t, left), inplace_slots[op]), reflected = slot_at(value_type(t, right), plain_slots[plain]);
        if (slot && reflected && asks_right_first(t, left, right, slot, op) && reflected != slot_at(value_type(t, left), plain_slots[plain])) {
            Value v = reflected(t, left, right);
            if (!is_not_implemented(v)) return v;
        }
        if (slot) {
            Value v = slot(t, left, right);
            if (!is_not_implemented(v)) return v;
        }
    }
    Value v = ask_both(t, left, right, plain_slots[plain], plain);
    return is_not_implemented(v) ? raise_unsupported(t, left, right, op) : v;
}

Value value_binary(Thread *t, Value left, Value right, BinaryOp op)
{
    BinaryFn common = common_slot(left, right, op);
    if (!common) return binary_of_two_types(t, left, right, op);
    Value v = common(t, left, right);
    return is_not_implemented(v) ? raise_unsupported(t, left, right, op) : v;
}

bool arith_is_native(Thread *t, Value v, uint32_t op)
{
    const Type *type = as_object(v)->type, *native = t->interp->types[as_object(v)->solid];
    BinaryOp plain = plain_of((BinaryOp)op);
    if (slot_at(type, plain_slots[plain]) != slot_at(native, plain_slots[plain])) return false;
    return op == plain || slot_at(type, inplace_slots[op]) == slot_at(native, inplace_slots[op]);
}

BinaryNames arith_names(Thread *t, uint32_t op)
{
    const char *names = (const char *)&t->interp->names;
    BinaryOp plain = plain_of((BinaryOp)op);
    BinaryNames found = {.plain = NULL};
    memcpy(&found.plain, names + method_names[plain].plain, sizeof found.plain);
    memcpy(&found.reflected, names + method_names[plain].reflected, sizeof found.reflected);
    if (op != plain) memcpy(&found.in_place, names + method_names[plain].in_place, sizeof found.in_place);
    return found;
}

/* The right operand's answer, after the left one's method has declined. */
static Value ask_right(Thread *t, Value left, Value right, BinaryOp plain)
{
    Type *type = value_type(t, right);
    if (type == value_type(t, left)) return NOT_IMPLEMENTED;
    if (!type_is(type, TYPE_IS_SCRIPT_MADE)) {
        BinaryFn slot = slot_at(type, plain_slots[plain]);
        return slot ? call_slot(t, slot, left, right, plain) : NOT_IMPLEMENTED;
    }
    Value method = type_lookup(t, type, arith_names(t, plain).reflected);
    if (is_unbound(method)) return NOT_IMPLEMENTED;
    retain(method);
    Value v = call_unbound(t, method, right, &left, 1, NULL);
    release(method);
    return v;
}

Value value_binary_declined(Thread *t, Value left, Value right, BinaryOp op, enum ArithAsked asked)
{
    BinaryOp plain = plain_of(op);
    Value v = NOT_IMPLEMENTED;
    if (asked == ASKED_IN_PLACE) v = ask_both(t, left, right, plain_slots[plain], plain);
    if (asked == ASKED_LEFT) v = ask_right(t, left, right, plain);
    return is_not_implemented(v) ? raise_unsupported(t, left, right, op) : v;
}

Value value_divmod(Thread *t, Value left, Value right)
{
    if (is_exact_int(left) && is_exact_int(right)) return int_divmod(t, left, right);
    Value v = ask_both(t, left, right, offsetof(TypeSlots, divmod), BINARY_ADD);
    return is_not_implemented(v) ? raise_type_error(t, "unsupported operand type(s) for divmod(): '%T' and '%T'", left, right) : v;
}

/* pow(a, b, m): each of the three types may know how. */
Value value_power(Thread *t, Value base, Value exponent, Value modulus)
{
    if (is_none(modulus)) {
        Value v = ask_both(t, base, exponent, offsetof(TypeSlots, power), BINARY_POWER);
        return is_not_implemented(v) ? raise_type_error(t, "unsupported operand type(s) for ** or pow(): '%T' and '%T'", base, exponent) : v;
    }
    if (is_exact_int(base) && is_exact_int(exponent) && is_exact_int(modulus)) return int_power(t, base, exponent, modulus);
    Value operands[3] = {base, exponent, modulus};
    TernaryFn asked[3] = {NULL};
    for (int i = 0; i < 3; i++) {
        TernaryFn slot = value_type(t, operands[i])->slots.power;
        bool is_new = slot && slot != asked[0] && slot != asked[1];
        asked[i] = slot;
        if (!is_new) continue;
        Value v = slot(t, base, exponent, modulus);
        if (!is_not_implemented(v)) return v;
    }
    return raise_type_error(t, "unsupported operand type(s) for ** or pow(): '%T', '%T', '%T'", base, exponent, modulus);
}

static Value unary(Thread *t, Value v, UnaryFn slot, const char *what)
{
    return slot ? slot(t, v) : raise_type_error(t, "bad operand type for %s: '%T'", what, v);
}

Value value_negative(Thread *t, Value v)
{
    if (is_small_int(v)) return int_negative(t, v);
    if (is_word_float(v)) return float_value(t, -word_float(v));
    return unary(t, v, value_type(t, v)->slots.negative, "unary -");
}
Value value_positive(Thread *t, Value v) { return unary(t, v, value_type(t, v)->slots.positive, "unary +"); }
Value value_invert(Thread *t, Value v) { return unary(t, v, value_type(t, v)->slots.invert, "unary ~"); }
Value value_absolute(Thread *t, Value v)
{
    if (is_small_int(v)) return small_int(v) < 0 ? int_negative(t, v) : v;
    if (is_word_float(v)) return float_value(t, fabs(word_float(v)));
    return unary(t, v, value_type(t, v)->slots.absolute, "abs()");
}
