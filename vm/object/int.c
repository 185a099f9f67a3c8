/* int.c - the type int: making one from anything, and what its slots do.
 *
 * What        int(), the slots of int; methods are in int_methods.c, the operations in int_arith.c and int_power.c.
 * How         A slot gets its operands in source order and may meet anything: what is no int is NOT_IMPLEMENTED, so that the
 *             other operand is asked. bool is a subclass and needs nothing of its own but text and logic (bool.c).
 * Invariants  I1 results are plain ints, whatever subclass the operands are of.
 * GIL         held.
 * Read next   int.h, bigint.h, bool.c */
#include "vm/object/arguments.h"
#include "vm/object/bigint.h"
#include "vm/object/buffer_view.h"
#include "vm/object/bytes.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

/* ---- making ---- */

static Value from_text_like(Thread *t, Value v, int base, bool *is_text)
{
    *is_text = true;
    if (is_str(v))
        return int_from_str(t, as_str(v), base);
    if (is_bytes(v))
        return int_from_bytes_text(t, (const char *)as_bytes(v)->data, as_bytes(v)->length, base);
    *is_text = value_has_buffer(t, v);
    if (!*is_text)
        return FAILED;
    BufferView view;
    if (!buffer_get(t, v, &view, 0))
        return FAILED;
    Value n = int_from_bytes_text(t, (const char *)view.data, view.length, base);
    buffer_release(t, &view);
    return n;
}

static Value from_any(Thread *t, Value v)
{
    if (is_exact_int(v))
        return retain(v);
    Type *type = value_type(t, v);
    if (type->slots.to_int)
        return int_checked(t, type->slots.to_int(t, v), "__int__");
    if (type->slots.index)
        return int_from_index(t, v);
    Value trunc = value_find_special(t, v, NAME_OF(t, __trunc__));
    if (is_bound(trunc)) {
        bool goes_on = raise_warning(t, EXC_DeprecationWarning, "The delegation of int() to __trunc__ is deprecated.");
        Value n = goes_on ? value_call0(t, trunc) : FAILED;
        release(trunc);
        if (!failed(n) && !is_int(n) && value_type(t, n)->slots.index) {
            Value index = int_from_index(t, n);
            release(n);
            return index;
        }
        if (!failed(n) && !is_int(n)) {
            raise_type_error(t, "__trunc__ returned non-Integral (type %T)", n);
            release(n);
            return FAILED;
        }
        return int_checked(t, n, "__trunc__");
    }
    if (is_raised(t))
        return FAILED;
    bool is_text;
    Value n = from_text_like(t, v, 10, &is_text);
    if (is_text)
        return n;
    return raise_type_error(t, "int() argument must be a string, a bytes-like object or a real number, not '%T'", v);
}

static Value from_text_in_base(Thread *t, Value text, Value base_value)
{
    Value index = int_from_index(t, base_value);
    if (failed(index))
        return FAILED;
    int64_t base;
    bool fits = int_fits_int64(index, &base);
    release(index);
    if (!fits || base < 0 || base == 1 || base > 36)
        return raise_value_error(t, "int() base must be >= 2 and <= 36, or 0");
    bool is_text = is_str(text) || is_bytes(text) || has_payload(text, KIND_BYTEARRAY);
    if (!is_text)
        return raise_type_error(t, "int() can't convert non-string with explicit base");
    return from_text_like(t, text, (int)base, &is_text);
}

static Value int_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    static const char *const parameters[] = {"x", "base", NULL};
    static const Parameters signature = {"int", parameters, 1, 2, 0};
    if (LIKELY(!names && count == 1 && type->kind == KIND_INT) && is_kind(args[0], KIND_STR))
        return int_from_str(t, as_str(args[0]), 10);
    Value slots[2] = {UNBOUND, UNBOUND};
    if (!names && count <= 2) {
        for (size_t i = 0; i < count; i++)
            slots[i] = args[i];
    } else {
        if (!arguments_count(t, "int", count, 0, 2) || !arguments_sort(t, &signature, args, count, names, slots))
            return FAILED;
    }
    Value n;
    if (is_bound(slots[1])) {
        if (is_unbound(slots[0]))
            return raise_type_error(t, "int() missing string argument");
        n = from_text_in_base(t, slots[0], slots[1]);
    } else {
        n = is_unbound(slots[0]) ? small_int_value(0) : from_any(t, slots[0]);
    }
    if (LIKELY(type->kind == KIND_INT) || failed(n))
        return n;
    Value instance = int_of_type(t, type, n);
    release(n);
    return instance;
}

/* ---- slots ---- */

#define SLOT_OF(operation) \
    static Value slot_##operation(Thread *t, Value a, Value b) \
    { \
        return is_int(a) && is_int(b) ? int_##operation(t, a, b) : NOT_IMPLEMENTED; \
    }
SLOT_OF(add)
SLOT_OF(subtract)
SLOT_OF(multiply)
SLOT_OF(true_divide)
SLOT_OF(floor_divide)
SLOT_OF(remainder)
SLOT_OF(divmod)
SLOT_OF(lshift)
SLOT_OF(rshift)
SLOT_OF(and)
SLOT_OF(or)
SLOT_OF(xor)
#undef SLOT_OF

static Value slot_power(Thread *t, Value base, Value exponent, Value modulus)
{
    if (!is_int(base) || !is_int(exponent) || (is_bound(modulus) && !is_none(modulus) && !is_int(modulus)))
        return NOT_IMPLEMENTED;
    return int_power(t, base, exponent, modulus);
}

static Value slot_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (!is_int(self) || !is_int(other))
        return NOT_IMPLEMENTED;
    return compare_by_order(int_order(self, other), op);
}

static bool slot_hash(Thread *t, Value self, int64_t *hash)
{
    *hash = int_hash(self);
    return true;
}

static bool slot_truth(Thread *t, Value self, bool *truth)
{
    *truth = int_sign(self) != 0;
    return true;
}

static Value slot_repr(Thread *t, Value self)
{
    return int_to_str(t, self, 10);
}

static Value slot_absolute(Thread *t, Value self)
{
    return int_sign(self) < 0 ? int_negative(t, self) : int_exact(t, self);
}

static Value slot_to_float(Thread *t, Value self)
{
    double d;
    return int_to_double(t, self, &d) ? float_value(t, d) : FAILED;
}

static size_t int_size_of(Object *object)
{
    int64_t size = ((BigInt *)object)->size;
    return sizeof(BigInt) + (size_t)(size < 0 ? -size : size) * sizeof(uint64_t);
}

const TypeSpec int_spec = {
    .doc = "int(x=0) -> integer\nint(x, base=10) -> integer\n\n"
           "A whole number of any size: from a number (cut towards zero), or from text in a base between 2 and 36;\n"
           "base 0 reads the prefixes 0x, 0o and 0b as source text does.",
    .size = sizeof(BigInt),
    .flags = TYPE_IS_VARIABLE_SIZE | TYPE_MATCHES_SELF,
    .slots = {
        .repr = slot_repr, .hash = slot_hash, .compare = slot_compare, .new_instance = int_new_instance, .truth = slot_truth,
        .add = slot_add, .subtract = slot_subtract, .multiply = slot_multiply, .true_divide = slot_true_divide,
        .floor_divide = slot_floor_divide, .remainder = slot_remainder, .divmod = slot_divmod, .power = slot_power,
        .lshift = slot_lshift, .rshift = slot_rshift, .and = slot_and, .or = slot_or, .xor = slot_xor,
        .negative = int_negative, .positive = int_exact, .absolute = slot_absolute, .invert = int_invert,
        .to_int = int_exact, .to_float = slot_to_float, .index = int_exact,
    },
    .methods = int_methods,
    .getsets = int_getsets,
    .size_of = int_size_of,
};
