/* api.c - the wall, first part: values, numbers, arguments, and what any value can be asked.
 *
 * What        Functions of toy.h, one or two lines each: the work is done in vm/object and vm/run.
 * How         toy.h and the machine's headers declare the same types, so nothing is converted. Link-time optimisation takes
 *             the wrapper away. What has more than a few lines here has no home further down: it exists for native modules only.
 * GIL         held, as toy.h says.
 * Read next   toy.h, api_text.c, api_containers.c, api_raise.c, api_types.c, api_threads.c */
#include "vm/base/clock.h"
#include "vm/base/float_text.h"
#include "vm/object/arguments.h"
#include "vm/object/buffer_view.h"
#include "vm/object/bytes.h"
#include "vm/object/dict.h"
#include "vm/object/exception.h"
#include "vm/object/float.h"
#include "vm/object/function.h"
#include "vm/object/heap.h"
#include "vm/object/instance.h"
#include "vm/object/int.h"
#include "vm/object/iterators.h"
#include "vm/object/list.h"
#include "vm/object/memory_format.h"
#include "vm/object/native.h"
#include "vm/object/order.h"
#include "vm/object/protocol.h"
#include "vm/object/range.h"
#include "vm/object/set.h"
#include "vm/object/str.h"
#include "vm/run/arith.h"
#include "vm/run/call.h"

#include "vm/toy.h"

/* ---- references, memory ---- */

ToyValue toy_retain(ToyValue v) { return retain(v); }
void toy_release(TOY_TAKES ToyValue v) { release(v); }
ToyThread *toy_thread(void) { return thread_current(); }
ToyInterp *toy_interp(ToyThread *t) { return t->interp; }
void *toy_alloc(ToyThread *t, size_t size) { return block_alloc(t, size); }
void *toy_resize(ToyThread *t, void *block, size_t old_size, size_t new_size) { return block_resize(t, block, old_size, new_size); }
void toy_free(ToyThread *t, TOY_TAKES void *block, size_t size) { block_free(t, block, size); }

/* ---- what type ---- */

ToyType *toy_builtin_type(ToyThread *t, ToyBuiltin which)
{
    static const uint8_t kinds[] = {
#define X(NAME) [TOY_KIND_##NAME] = KIND_##NAME,
        TOY_EACH_BUILTIN(X)
#undef X
    };
    return kind_type(t, kinds[which]);
}

ToyType *toy_type_of(ToyThread *t, ToyValue v) { return value_type(t, v); }
const char *toy_type_name(ToyThread *t, ToyValue v) { return value_type_name(t, v); }
const char *toy_type_text(ToyThread *t, ToyType *type) { return type_text(t, type); }
ToyType *toy_type_base(const ToyType *type) { return type->base; }
bool toy_type_is_subtype(const ToyType *type, const ToyType *of) { return type_is_subtype(type, of); }
bool toy_is_made_of(ToyThread *t, ToyValue v, const TypeSpec *spec)
{
    for (const Type *type = value_type(t, v); type; type = type->base)
        if (type->spec == spec) return true;
    return false;
}
bool toy_is_a(ToyThread *t, ToyValue v, const ToyType *type)
{
    const Type *own = value_type(t, v);
    return own == type || type_is_subtype(own, type);
}
bool toy_is_instance(ToyThread *t, ToyValue v, ToyValue type, bool *answer) { return value_is_instance(t, v, type, answer); }
bool toy_is_subclass(ToyThread *t, ToyValue v, ToyValue type, bool *answer) { return value_is_subclass(t, v, type, answer); }

bool toy_is_int(ToyValue v) { return is_int(v); }
bool toy_is_float(ToyValue v) { return is_float(v); }
bool toy_is_exact_float(ToyValue v) { return is_exact_float(v); }
bool toy_is_complex(ToyValue v) { return has_payload(v, KIND_COMPLEX); }
bool toy_is_str(ToyValue v) { return is_str(v); }
bool toy_is_bytes(ToyValue v) { return is_bytes(v); }
bool toy_is_bytearray(ToyValue v) { return has_payload(v, KIND_BYTEARRAY); }
bool toy_is_tuple(ToyValue v) { return is_tuple(v); }
bool toy_is_list(ToyValue v) { return is_list(v); }
bool toy_is_dict(ToyValue v) { return has_payload(v, KIND_DICT); }
bool toy_is_set(ToyValue v) { return is_set(v); }
bool toy_is_type(ToyValue v) { return is_type(v); }
bool toy_is_exception(ToyValue v) { return is_exception(v); }
bool toy_is_callable(ToyThread *t, ToyValue v) { return value_is_callable(t, v); }
bool toy_is_iterable(ToyThread *t, ToyValue v) { return value_is_iterable(t, v); }
bool toy_has_buffer(ToyThread *t, ToyValue v) { return value_has_buffer(t, v); }

/* ---- arguments ---- */

bool toy_arg_int64(ToyThread *t, ToyValue v, int64_t *out) { return arg_int64(t, v, out); }
bool toy_arg_int(ToyThread *t, ToyValue v, int *out) { return arg_int(t, v, out); }
bool toy_arg_size(ToyThread *t, ToyValue v, int64_t *out) { return arg_size(t, v, out); }
bool toy_arg_index(ToyThread *t, ToyValue v, int64_t *out) { return arg_index_clipped(t, v, out); }
bool toy_arg_double(ToyThread *t, ToyValue v, double *out) { return arg_double(t, v, out); }
bool toy_arg_bool(ToyThread *t, ToyValue v, bool *out) { return arg_bool(t, v, out); }

bool toy_arg_uint64(ToyThread *t, ToyValue v, uint64_t *out)
{
    if (is_unbound(v)) return true;
    Value n = int_from_index(t, v);
    if (failed(n)) return false;
    bool fits = int_fits_uint64(n, out);
    bool is_negative = int_sign(n) < 0;
    release(n);
    if (fits) return true;
    return raise_false(t, EXC_OverflowError, is_negative ? "can't convert negative int to unsigned" : "int too big to convert");
}

bool toy_arg_text(ToyThread *t, ToyValue v, const char *function, const char *what, const char **out)
{
    if (is_unbound(v)) return true;
    if (!is_str(v)) return raise_false(t, EXC_TypeError, "%s() argument %s must be str, not %N", function, what, v);
    size_t length;
    *out = str_utf8(t, as_str(v), &length);
    if (!*out) return false;
    return strlen(*out) == length || raise_false(t, EXC_ValueError, "embedded null character");
}

bool toy_arg_fd(ToyThread *t, ToyValue v, int *out)
{
    if (is_unbound(v)) return true;
    if (is_bool(v) && !toy_warn(t, TOY_RuntimeWarning, 1, "bool is used as a file descriptor")) return false;
    Value number = UNBOUND;
    if (!is_int(v)) {
        Value method = toy_find_attribute(t, v, "fileno");
        if (is_unbound(method)) {
            return is_raised(t) ? false : raise_false(t, EXC_TypeError, "argument must be an int, or have a fileno() method.");
        }
        v = number = value_call0(t, method);
        release(method);
        if (failed(number)) return false;
        if (!is_int(v)) {
            release(number);
            return raise_false(t, EXC_TypeError, "fileno() returned a non-integer");
        }
    }
    bool is_read = arg_int(t, v, out);
    release(number);
    if (is_read && *out < 0) return raise_false(t, EXC_ValueError, "file descriptor cannot be a negative integer (%d)", *out);
    return is_read;
}

bool toy_arg_seconds(ToyThread *t, ToyValue v, int64_t *out_ns)
{
    if (is_unbound(v) || is_none(v)) return true;
    if (is_float(v)) {
        double seconds = as_double(v);
        if (seconds != seconds) return raise_false(t, EXC_ValueError, "Invalid value NaN (not a number)");
        double ns = seconds * NS_PER_S;
        /* 2**63 is exact as a double: what is below fits. */
        if (!(ns > -9223372036854775808.0 && ns < 9223372036854775808.0))
            return raise_false(t, EXC_OverflowError, "timestamp out of range for platform time_t");
        int64_t whole = (int64_t)ns;
        if (ns > (double)whole) whole++;
        else if (ns < (double)whole) whole--;
        *out_ns = whole;
        return true;
    }
    int64_t seconds;
    Value n = int_from_index(t, v);
    if (failed(n)) return false;
    bool fits = int_fits_int64(n, &seconds) && !__builtin_mul_overflow(seconds, (int64_t)NS_PER_S, out_ns);
    release(n);
    return fits || raise_false(t, EXC_OverflowError, "timestamp too large to convert to C PyTime_t");
}

bool toy_arguments_sort(ToyThread *t, const ToyParameters *parameters, const ToyValue *args, size_t count, ToyTuple *names, ToyValue *slots)
{
    return arguments_sort(t, parameters, args, count, names, slots);
}
bool toy_arguments_count(ToyThread *t, const char *function, size_t count, size_t least, size_t most)
{
    return arguments_count(t, function, count, least, most);
}
bool toy_arguments_no_keywords(ToyThread *t, const char *function, ToyTuple *names) { return arguments_no_keywords(t, function, names); }
size_t toy_names_length(const ToyTuple *names) { return names ? names->count : 0; }
ToyValue toy_names_item(const ToyTuple *names, size_t i) { return names->items[i]; }

/* ---- numbers ---- */

ToyValue toy_int_boxed(ToyThread *t, int64_t n) { return int_from_int64(t, n); }
ToyValue toy_int_from_uint64(ToyThread *t, uint64_t n) { return int_from_uint64(t, n); }
ToyValue toy_int_from_double(ToyThread *t, double d) { return int_from_double(t, d); }
ToyValue toy_int_from_bytes(ToyThread *t, const uint8_t *bytes, size_t length, bool is_little, bool is_signed)
{
    return int_from_bytes(t, bytes, length, is_little, is_signed);
}
bool toy_int_to_bytes(ToyThread *t, ToyValue v, uint8_t *bytes, size_t length, bool is_little, bool is_signed)
{
    return int_to_bytes(t, v, bytes, length, is_little, is_signed);
}
ToyValue toy_int_from_text(ToyThread *t, const char *digits, int base) { return int_from_text(t, digits, strlen(digits), base); }
ToyValue toy_index(ToyThread *t, ToyValue v) { return int_from_index(t, v); }
bool toy_int_fits_int64(ToyValue v, int64_t *out) { return int_fits_int64(v, out); }
bool toy_int_fits_uint64(ToyValue v, uint64_t *out) { return int_fits_uint64(v, out); }
bool toy_int_to_double(ToyThread *t, ToyValue v, double *out) { return int_to_double(t, v, out); }
int toy_int_sign(ToyValue v) { return int_sign(v); }
size_t toy_int_bit_length(ToyValue v) { return int_bit_length(v); }

ToyValue toy_float_boxed(ToyThread *t, double d) { return float_value(t, d); }
double toy_float_read(ToyValue v) { return as_double(v); }
size_t toy_float_text(double d, char text[TOY_FLOAT_TEXT_MAX]) { return float_repr(d, text); }
size_t toy_float_parse(const char *text, double *d) { return float_parse(text, d); }
double toy_half_read(uint16_t bits) { return half_to_double(bits); }
bool toy_half_from_double(double d, uint16_t *bits) { return half_from_double(d, bits); }
ToyValue toy_complex(ToyThread *t, double real, double imaginary) { return complex_value(t, real, imaginary); }
void toy_complex_read(ToyValue v, double *real, double *imaginary)
{
    const Complex *c = (Complex *)as_object(v);
    *real = c->real;
    *imaginary = c->imaginary;
}

static const uint8_t operators[] = {
    [TOY_ADD] = BINARY_ADD, [TOY_SUBTRACT] = BINARY_SUBTRACT, [TOY_MULTIPLY] = BINARY_MULTIPLY, [TOY_TRUE_DIVIDE] = BINARY_TRUE_DIVIDE,
    [TOY_FLOOR_DIVIDE] = BINARY_FLOOR_DIVIDE, [TOY_REMAINDER] = BINARY_REMAINDER, [TOY_POWER] = BINARY_POWER,
    [TOY_MATRIX_MULTIPLY] = BINARY_MATRIX_MULTIPLY, [TOY_LSHIFT] = BINARY_LSHIFT, [TOY_RSHIFT] = BINARY_RSHIFT, [TOY_AND] = BINARY_AND,
    [TOY_OR] = BINARY_OR, [TOY_XOR] = BINARY_XOR,
};
ToyValue toy_operate(ToyThread *t, ToyOperator op, ToyValue left, ToyValue right) { return value_binary(t, left, right, operators[op]); }
ToyValue toy_operate_in_place(ToyThread *t, ToyOperator op, ToyValue left, ToyValue right)
{
    return value_binary(t, left, right, operators[op] + BINARY_INPLACE_FIRST);
}
ToyValue toy_power(ToyThread *t, ToyValue base, ToyValue exponent, ToyValue modulus_or_none)
{
    return value_power(t, base, exponent, modulus_or_none);
}
ToyValue toy_divmod(ToyThread *t, ToyValue left, ToyValue right) { return value_divmod(t, left, right); }
ToyValue toy_negative(ToyThread *t, ToyValue v) { return value_negative(t, v); }
ToyValue toy_positive(ToyThread *t, ToyValue v) { return value_positive(t, v); }
ToyValue toy_invert(ToyThread *t, ToyValue v) { return value_invert(t, v); }
ToyValue toy_absolute(ToyThread *t, ToyValue v) { return value_absolute(t, v); }

/* ---- calls ---- */

ToyValue toy_call(ToyThread *t, ToyValue callee, const ToyValue *args, size_t count) { return value_call(t, callee, args, count, NULL); }
ToyValue toy_call_names(ToyThread *t, ToyValue callee, const ToyValue *args, size_t count, ToyTuple *names)
{
    return value_call(t, callee, args, count, names);
}
ToyValue toy_call_with(ToyThread *t, ToyValue callee, ToyValue args_tuple, ToyValue keywords_dict)
{
    return call_with(t, callee, is_bound(args_tuple) ? as_tuple(args_tuple) : NULL, is_bound(keywords_dict) ? as_dict(keywords_dict) : NULL);
}
ToyValue toy_call_method(ToyThread *t, ToyValue object, const char *name, const ToyValue *args, size_t count)
{
    Str *interned = str_intern_text(t, name);
    if (!interned) return FAILED;
    Value result = value_call_method(t, object, interned, args, count);
    object_release(interned);
    return result;
}
ToyValue toy_call_method_of(ToyThread *t, ToyValue object, ToyValue name, const ToyValue *args, size_t count)
{
    return value_call_method(t, object, as_str(name), args, count);
}
ToyValue toy_method(ToyThread *t, ToyValue function, ToyValue self) { return method_new(t, function, self); }

/* ---- attributes ---- */

ToyValue toy_get_attribute(ToyThread *t, ToyValue v, const char *name)
{
    Str *interned = str_intern_text(t, name);
    if (!interned) return FAILED;
    Value result = value_get_attribute(t, v, interned);
    object_release(interned);
    return result;
}

ToyValue toy_find_attribute(ToyThread *t, ToyValue v, const char *name)
{
    Str *interned = str_intern_text(t, name);
    if (!interned) return FAILED;
    Value result = value_find_attribute(t, v, interned);
    object_release(interned);
    return result;
}

bool toy_set_attribute(ToyThread *t, ToyValue v, const char *name, ToyValue value)
{
    Str *interned = str_intern_text(t, name);
    if (!interned) return false;
    bool done = is_bound(value) ? value_set_attribute(t, v, interned, value) : value_delete_attribute(t, v, interned);
    object_release(interned);
    return done;
}

ToyValue toy_find_special(ToyThread *t, ToyValue v, const char *name)
{
    Str *interned = str_intern_text(t, name);
    if (!interned) return FAILED;
    Value result = value_find_special(t, v, interned);
    object_release(interned);
    return result;
}

ToyValue toy_get_attribute_of(ToyThread *t, ToyValue v, ToyValue name) { return value_get_attribute(t, v, as_str(name)); }
ToyValue toy_find_attribute_of(ToyThread *t, ToyValue v, ToyValue name) { return value_find_attribute(t, v, as_str(name)); }
bool toy_set_attribute_of(ToyThread *t, ToyValue v, ToyValue name, ToyValue value)
{
    return is_bound(value) ? value_set_attribute(t, v, as_str(name), value) : value_delete_attribute(t, v, as_str(name));
}
ToyValue toy_generic_get_attribute(ToyThread *t, ToyValue v, ToyValue name) { return generic_get_attribute(t, v, as_str(name)); }
bool toy_generic_set_attribute(ToyThread *t, ToyValue v, ToyValue name, ToyValue value)
{
    return generic_set_attribute(t, v, as_str(name), value);
}

/* ---- items, comparison, text of any value ---- */

ToyValue toy_get_item(ToyThread *t, ToyValue v, ToyValue key) { return value_get_item(t, v, key); }
bool toy_set_item(ToyThread *t, ToyValue v, ToyValue key, ToyValue item)
{
    return is_bound(item) ? value_set_item(t, v, key, item) : value_delete_item(t, v, key);
}
bool toy_length(ToyThread *t, ToyValue v, size_t *length) { return value_length(t, v, length); }
bool toy_length_hint(ToyThread *t, ToyValue v, size_t fallback, size_t *hint) { return value_length_hint(t, v, fallback, hint); }
bool toy_contains(ToyThread *t, ToyValue v, ToyValue item, bool *found) { return value_contains(t, v, item, found); }
bool toy_truth(ToyThread *t, ToyValue v, bool *truth) { return value_truth(t, v, truth); }
bool toy_equal(ToyThread *t, ToyValue a, ToyValue b, bool *equal) { return value_equal(t, a, b, equal); }
bool toy_compare(ToyThread *t, ToyValue a, ToyValue b, ToyCompare op, bool *answer) { return value_compare_truth(t, a, b, op, answer); }
int toy_order_try(ToyValue a, ToyValue b) { return order_try(a, b); }
ToyValue toy_compare_value(ToyThread *t, ToyValue a, ToyValue b, ToyCompare op) { return value_compare(t, a, b, op); }
bool toy_hash(ToyThread *t, ToyValue v, int64_t *hash) { return value_hash(t, v, hash); }
ToyValue toy_repr(ToyThread *t, ToyValue v) { return value_repr(t, v); }
ToyValue toy_to_str(ToyThread *t, ToyValue v) { return value_str(t, v); }
ToyValue toy_format(ToyThread *t, ToyValue v, ToyValue spec) { return value_format(t, v, spec); }
bool toy_repr_enter(ToyThread *t, ToyValue v, bool *is_first) { return repr_enter(t, v, is_first); }
void toy_repr_leave(ToyThread *t, ToyValue v) { repr_leave(t, v); }

bool toy_stack_is_exhausted(ToyThread *t, const char *where) { return stack_is_low(t) && stack_is_exhausted(t, where); }

ToyValue toy_iterate(ToyThread *t, ToyValue v) { return value_iterate(t, v); }
ToyValue toy_next(ToyThread *t, ToyValue iterator) { return value_next(t, iterator); }
bool toy_for_each(ToyThread *t, ToyValue iterable, bool (*visit)(ToyThread *t, ToyValue item, void *context), void *context)
{
    return value_for_each(t, iterable, visit, context);
}
bool toy_slice_resolve(ToyThread *t, ToyValue slice, const size_t *length, int64_t *start, int64_t *stop, int64_t *step, size_t *count)
{
    if (!slice_unpack(t, slice, start, stop, step)) return false;
    *count = slice_fit(*length, start, stop, *step);
    return true;
}
