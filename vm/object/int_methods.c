/* int_methods.c - the methods of int.
 *
 * What        bit_length, to_bytes, from_bytes, as_integer_ratio, round and the rest that scripts call by name.
 * How         Tables of rows; bool inherits them.
 * GIL         held.
 * Read next   int.c */
#include "vm/object/bigint.h"
#include "vm/object/buffer_view.h"
#include "vm/object/bytes.h"
#include "vm/object/exception.h"
#include "vm/object/format.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/native.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

static Value exact(Thread *t, Value self, const Value *args)
{
    return int_exact(t, self);
}

static Value bit_length(Thread *t, Value self, const Value *args)
{
    return small_int_value((int64_t)int_bit_length(self));
}

static Value bit_count(Thread *t, Value self, const Value *args)
{
    Limbs view;
    limbs_view(self, &view);
    return small_int_value(view.count ? (int64_t)mpn_popcount(mpn_const(view.data), (mp_size_t)view.count) : 0);
}

static Value as_integer_ratio(Thread *t, Value self, const Value *args)
{
    Value n = int_exact(t, self);
    if (failed(n))
        return FAILED;
    Value pair = tuple_pack2(t, n, small_int_value(1));
    release(n);
    return pair;
}

static Value is_integer(Thread *t, Value self, const Value *args)
{
    return TRUE;
}

/* ---- bytes ---- */

static bool read_byte_order(Thread *t, const char *function, Value order, bool *is_little)
{
    *is_little = false;
    if (is_unbound(order))
        return true;
    if (!is_str(order))
        return raise_false(t, EXC_TypeError, "%s() argument 'byteorder' must be str, not %N", function, order);
    *is_little = str_equal_text(as_str(order), "little");
    if (*is_little || str_equal_text(as_str(order), "big"))
        return true;
    return raise_false(t, EXC_ValueError, "byteorder must be either 'little' or 'big'");
}

static Value to_bytes(Thread *t, Value self, const Value *args)
{
    int64_t length = 1;
    bool is_little, is_signed = false;
    if (!arg_size(t, args[0], &length) || !read_byte_order(t, "to_bytes", args[1], &is_little) || !arg_bool(t, args[2], &is_signed))
        return FAILED;
    if (length < 0)
        return raise_value_error(t, "length argument must be non-negative");
    Bytes *bytes = bytes_new(t, (size_t)length);
    if (!bytes)
        return FAILED;
    if (!int_to_bytes(t, self, bytes->data, (size_t)length, is_little, is_signed)) {
        object_release(bytes);
        return FAILED;
    }
    return object_value(bytes);
}

static Value from_bytes(Thread *t, Value class, const Value *args)
{
    bool is_little, is_signed = false;
    if (!read_byte_order(t, "from_bytes", args[1], &is_little) || !arg_bool(t, args[2], &is_signed))
        return FAILED;
    Value bytes = bytes_from_object(t, args[0]);
    if (failed(bytes))
        return FAILED;
    Value n = int_from_bytes(t, as_bytes(bytes)->data, as_bytes(bytes)->length, is_little, is_signed);
    release(bytes);
    if (failed(n) || as_object(class) == &t->interp->types[KIND_INT]->head)
        return n;
    Value instance = value_call1(t, class, n);
    release(n);
    return instance;
}

/* ---- rounding ---- */

/* n - n % unit, or the next multiple when that is nearer; a tie goes to the even multiple. */
static Value round_to_multiple(Thread *t, Value n, Value unit)
{
    Value quotient, rest;
    if (!int_divide(t, n, unit, &quotient, &rest))
        return FAILED;
    Value twice = int_add(t, rest, rest);
    Value multiple = failed(twice) ? FAILED : int_subtract(t, n, rest);
    if (!failed(multiple)) {
        int order = int_order(twice, unit);
        bool is_odd = !failed(quotient) && (is_small_int(quotient) ? small_int(quotient) & 1 : ((BigInt *)as_object(quotient))->limbs[0] & 1);
        if (order > 0 || (order == 0 && is_odd)) {
            Value next = int_add(t, multiple, unit);
            release(multiple);
            multiple = next;
        }
    }
    release2(quotient, rest);
    release(twice);
    return multiple;
}

Value int_round(Thread *t, Value v, int64_t places)
{
    if (places <= 0)
        return int_exact(t, v);
    /* 10**places beyond twice the number: the answer is 0, and the power need not be built. */
    if ((uint64_t)places > int_bit_length(v) / 3 + 2)
        return small_int_value(0);
    Value unit = int_power(t, small_int_value(10), small_int_value(places), NONE);
    if (failed(unit))
        return FAILED;
    Value rounded = round_to_multiple(t, v, unit);
    release(unit);
    return rounded;
}

static Value round_method(Thread *t, Value self, const Value *args)
{
    if (is_unbound(args[0]))
        return int_exact(t, self);
    Value places = int_from_index(t, args[0]);
    if (failed(places))
        return FAILED;
    int64_t n;
    bool fits = int_fits_int64(places, &n);
    bool is_positive = int_sign(places) >= 0;
    release(places);
    if (is_positive)
        return int_exact(t, self);
    return fits && n > -INT64_MAX ? int_round(t, self, -n) : small_int_value(0);
}

/* ---- the rest ---- */

static Value format_method(Thread *t, Value self, const Value *args)
{
    if (!is_str(args[0]))
        return raise_type_error(t, "__format__() argument must be str, not %N", args[0]);
    return format_int(t, self, as_str(args[0]));
}

static Value getnewargs(Thread *t, Value self, const Value *args)
{
    Value n = int_exact(t, self);
    if (failed(n))
        return FAILED;
    Tuple *arguments = tuple_from_values(t, &n, 1);
    release(n);
    return arguments ? object_value(arguments) : FAILED;
}

static Value sizeof_method(Thread *t, Value self, const Value *args)
{
    return small_int_value(is_object(self) ? (int64_t)object_size(as_object(self)) : (int64_t)sizeof(Value));
}

const NativeDef int_methods[] = {
    NATIVE("as_integer_ratio", as_integer_ratio, "($self, /)", 0, "The pair (self, 1): two ints whose ratio is this number."),
    NATIVE("bit_count", bit_count, "($self, /)", 0, "How many ones the absolute value has in binary."),
    NATIVE("bit_length", bit_length, "($self, /)", 0, "How many bits the absolute value needs."),
    NATIVE("conjugate", exact, "($self, /)", 0, "The number itself: an int has no imaginary part."),
    NATIVE("from_bytes", from_bytes, "($type, /, bytes, byteorder='big', *, signed=False)", NATIVE_CLASS, "The int that these bytes are."),
    NATIVE("is_integer", is_integer, "($self, /)", 0, "True: for code that takes ints and floats alike."),
    NATIVE("to_bytes", to_bytes, "($self, /, length=1, byteorder='big', *, signed=False)", 0, "The number as that many bytes."),
    NATIVE("__ceil__", exact, "($self, /)", 0, "The number itself."),
    NATIVE("__floor__", exact, "($self, /)", 0, "The number itself."),
    NATIVE("__trunc__", exact, "($self, /)", 0, "The number itself."),
    NATIVE("__round__", round_method, "($self, ndigits=<unrepresentable>, /)", 0, "Rounded to tens, hundreds ... for negative ndigits; ties to even."),
    NATIVE("__format__", format_method, "($self, format_spec, /)", 0, "Text as the format specification asks."),
    NATIVE("__getnewargs__", getnewargs, "($self, /)", 0, NULL),
    NATIVE("__sizeof__", sizeof_method, "($self, /)", 0, "Bytes of memory this object takes."),
    NATIVE_END,
};

/* ---- attributes ---- */

static Value get_self(Thread *t, Value self) { return int_exact(t, self); }
static Value get_zero(Thread *t, Value self) { return small_int_value(0); }
static Value get_one(Thread *t, Value self) { return small_int_value(1); }

const GetSetDef int_getsets[] = {
    {"real", get_self, NULL, "the real part of a complex number"},
    {"imag", get_zero, NULL, "the imaginary part of a complex number"},
    {"numerator", get_self, NULL, "the number itself: an integer is a fraction over 1"},
    {"denominator", get_one, NULL, "always 1: an integer is a fraction over 1"},
    {0},
};
