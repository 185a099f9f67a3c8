/* float.c - the type float: making, arithmetic, comparison.
 *
 * What        float(), the slots of float, and the arithmetic that C does differently.
 * How         Most doubles are in the word (value.h); the rest is boxed, 0.0 as one shared object. An int operand is converted
 *             first, but comparison is exact: 2**53 + 1 is not equal to float(2**53).
 * Invariants  I1 results are plain floats.  I2 a // b and a % b round down, as for ints.
 * GIL         held.
 * Read next   float.h, float_methods.c, vm/base/float_text.h */
#include "vm/object/float.h"

#include <math.h>

#include "vm/base/float_text.h"
#include "vm/base/hash.h"
#include "vm/base/unicode.h"
#include "vm/object/arguments.h"
#include "vm/object/buffer_view.h"
#include "vm/object/bytes.h"
#include "vm/object/exception.h"
#include "vm/object/float_methods.h"
#include "vm/object/heap.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/str.h"

/* ---- making ---- */

bool float_init(Thread *t)
{
    Float *zero = (Float *)heap_new(t, t->interp->types[KIND_FLOAT], sizeof(Float));
    if (!zero)
        return false;
    zero->head.count = COUNT_IMMORTAL;
    t->interp->float_zero = object_value(zero);
    return true;
}

Value float_box(Thread *t, double d)
{
    if (float_bits(d) == 0)
        return t->interp->float_zero;
    Float *boxed = (Float *)heap_new_quick(t, t->interp->types[KIND_FLOAT], sizeof(Float));
    if (!boxed)
        return FAILED;
    boxed->value = d;
    return object_value(boxed);
}

Value float_of_type(Thread *t, Type *type, double d)
{
    if (type->kind == KIND_FLOAT)
        return float_value(t, d);
    Float *instance = (Float *)type_alloc(t, type);
    if (!instance)
        return FAILED;
    instance->value = d;
    return object_value(instance);
}

Value float_to_str(Thread *t, double d)
{
    char text[FLOAT_REPR_MAX];
    size_t length = float_repr(d, text);
    Str *s = str_from_ascii(t, text, length);
    return s ? object_value(s) : FAILED;
}

/* ---- from text ---- */

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

size_t number_text_clean(char *text, size_t length)
{
    size_t start = 0, to = 0;
    while (start < length && is_blank(text[start]))
        start++;
    while (length > start && is_blank(text[length - 1]))
        length--;
    for (size_t i = start; i < length; i++) {
        if (text[i] != '_') {
            text[to++] = text[i];
            continue;
        }
        if (i == start || i + 1 == length || !is_digit(text[i - 1]) || !is_digit(text[i + 1]))
            return SIZE_MAX;
    }
    text[to] = '\0';
    return to;
}

/* [text] has room for a NUL and may be changed. false: it is no number. */
static bool parse_text(char *text, size_t length, double *d)
{
    length = number_text_clean(text, length);
    return length != SIZE_MAX && length > 0 && float_parse(text, d) == length;
}

void number_text_from_str(const Str *s, char *out)
{
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char(s, i);
        int digit = c < 0x80 ? -1 : unicode_decimal(c);
        out[i] = c < 0x80 ? (char)c : digit >= 0 ? (char)('0' + digit) : unicode_is_space(c) ? ' ' : '?';
    }
}

/* Runs parse_text on a copy: of [s], or of [bytes]. [original] goes into the message. */
static Value from_text(Thread *t, const Str *s, const char *bytes, size_t length, Value original)
{
    char small[128];
    char *text = length < sizeof small ? small : block_alloc(t, length + 1);
    double d;
    if (!text)
        return FAILED;
    if (s)
        number_text_from_str(s, text);
    else
        memcpy(text, bytes, length);
    bool is_number = parse_text(text, length, &d);
    if (text != small)
        block_free(t, text, length + 1);
    return is_number ? float_value(t, d) : raise_value_error(t, "could not convert string to float: %R", original);
}

Value float_from_str(Thread *t, Value text)
{
    return from_text(t, as_str(text), NULL, as_str(text)->length, text);
}

static Value from_buffer(Thread *t, Value v)
{
    BufferView view;
    if (!buffer_get(t, v, &view, 0))
        return FAILED;
    Value d = from_text(t, NULL, (const char *)view.data, view.length, v);
    buffer_release(t, &view);
    return d;
}

/* ---- float() ---- */

bool double_from_number(Thread *t, Value v, double *d, bool *is_number)
{
    *is_number = true;
    if (is_word_float(v) || is_kind(v, KIND_FLOAT)) {
        *d = as_double(v);
        return true;
    }
    Type *type = value_type(t, v);
    if (type->slots.to_float) {
        Value f = type->slots.to_float(t, v);
        if (failed(f))
            return false;
        bool is_good = is_float(f) || raise_false(t, EXC_TypeError, "%T.__float__ returned non-float (type %T)", v, f);
        if (is_good && !is_exact_float(f))
            is_good = raise_warning(t, EXC_DeprecationWarning, "%T.__float__ returned non-float (type %T).  The ability to return an instance of "
                                    "a strict subclass of float is deprecated, and may be removed in a future version of Python.", v, f);
        if (is_good)
            *d = as_double(f);
        release(f);
        return is_good;
    }
    if (type->slots.index) {
        Value n = int_from_index(t, v);
        bool is_good = !failed(n) && int_to_double(t, n, d);
        release(n);
        return is_good;
    }
    *is_number = false;
    return true;
}

static Value from_any(Thread *t, Value v)
{
    double d;
    bool is_number;
    if (is_exact_float(v))
        return retain(v);
    if (is_kind(v, KIND_STR))
        return float_from_str(t, v);
    if (!double_from_number(t, v, &d, &is_number))
        return FAILED;
    if (is_number)
        return float_value(t, d);
    if (is_str(v))
        return float_from_str(t, v);
    if (value_has_buffer(t, v))
        return from_buffer(t, v);
    return raise_type_error(t, "float() argument must be a string or a real number, not '%T'", v);
}

static Value float_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    bool is_plain = !names && count == 1;
    if (!is_plain && (!arguments_no_keywords_for(t, type, KIND_FLOAT, "float", names) || !arguments_count(t, "float", count, 0, 1)))
        return FAILED;
    Value f = count ? from_any(t, args[0]) : float_value(t, 0.0);
    if (LIKELY(type->kind == KIND_FLOAT) || failed(f))
        return f;
    Value instance = float_of_type(t, type, as_double(f));
    release(f);
    return instance;
}

/* ---- arithmetic ---- */

double float_remainder(double a, double b)
{
    double rest = fmod(a, b);
    if (rest == 0)
        return copysign(0.0, b);
    return (rest < 0) != (b < 0) ? rest + b : rest;
}

double float_floor_divide(double a, double b)
{
    double rest = fmod(a, b), quotient = (a - rest) / b;
    if (rest != 0 && (rest < 0) != (b < 0))
        quotient -= 1.0;
    if (quotient == 0)
        return copysign(0.0, a / b);
    double whole = floor(quotient);
    return quotient - whole > 0.5 ? whole + 1.0 : whole;  /* the subtraction above may have been rounded */
}

static Value raise_range(Thread *t)
{
    Str *text = str_from_text(t, "Numerical result out of range");
    if (!text)
        return FAILED;
    Value args = tuple_pack2(t, small_int_value(34), object_value(text));
    object_release(text);
    if (failed(args))
        return FAILED;
    Value exception = exception_make(t, object_value(exception_type(t, EXC_OverflowError)), args);
    release(args);
    return failed(exception) ? FAILED : raise_instance(t, exception);
}

Value float_power(Thread *t, double a, double b)
{
    if (a == 0 && b < 0 && isfinite(b))
        return raise_error(t, EXC_ZeroDivisionError, "0.0 cannot be raised to a negative power");
    if (a < 0 && isfinite(a) && isfinite(b) && b != floor(b))
        return complex_power(t, a, 0.0, b, 0.0);
    double power = pow(a, b);
    if (isinf(power) && isfinite(a) && isfinite(b))
        return raise_range(t);
    return float_value(t, power);
}

/* An operand as a double. false: FAILED or NOT_IMPLEMENTED is in *answer. */
static inline bool operand(Thread *t, Value v, double *d, Value *answer)
{
    if (LIKELY(is_word_float(v))) {
        *d = word_float(v);
        return true;
    }
    if (is_float(v)) {
        *d = as_double(v);
        return true;
    }
    *answer = NOT_IMPLEMENTED;
    if (!is_int(v))
        return false;
    *answer = FAILED;
    return int_to_double(t, v, d);
}

#define BINARY(name, expression) \
    static Value slot_##name(Thread *t, Value left, Value right) \
    { \
        double a, b; \
        Value answer; \
        if (!operand(t, left, &a, &answer) || !operand(t, right, &b, &answer)) \
            return answer; \
        return expression; \
    }
#define ZERO_ERROR(message) raise_error(t, EXC_ZeroDivisionError, message)

BINARY(add, float_value(t, a + b))
BINARY(subtract, float_value(t, a - b))
BINARY(multiply, float_value(t, a * b))
BINARY(true_divide, b == 0 ? ZERO_ERROR("float division by zero") : float_value(t, a / b))
BINARY(floor_divide, b == 0 ? ZERO_ERROR("float floor division by zero") : float_value(t, float_floor_divide(a, b)))
BINARY(remainder, b == 0 ? ZERO_ERROR("float modulo by zero") : float_value(t, float_remainder(a, b)))

static Value divmod_pair(Thread *t, double a, double b)
{
    if (b == 0)
        return ZERO_ERROR("float divmod()");
    Value quotient = float_value(t, float_floor_divide(a, b)), rest = float_value(t, float_remainder(a, b));
    Value pair = failed(quotient) || failed(rest) ? FAILED : tuple_pack2(t, quotient, rest);
    release2(quotient, rest);
    return pair;
}
BINARY(divmod, divmod_pair(t, a, b))
BINARY(power_of_two_operands, float_power(t, a, b))
#undef BINARY

static Value slot_power(Thread *t, Value base, Value exponent, Value modulus)
{
    if (is_bound(modulus) && !is_none(modulus))
        return raise_type_error(t, "pow() 3rd argument not allowed unless all arguments are integers");
    return slot_power_of_two_operands(t, base, exponent);
}

static Value slot_negative(Thread *t, Value self) { return float_value(t, -as_double(self)); }
static Value slot_absolute(Thread *t, Value self) { return float_value(t, fabs(as_double(self))); }
static Value slot_to_int(Thread *t, Value self) { return int_from_double(t, as_double(self)); }
static Value slot_repr(Thread *t, Value self) { return float_to_str(t, as_double(self)); }

Value float_exact(Thread *t, Value self)
{
    return is_exact_float(self) ? retain(self) : float_value(t, as_double(self));
}

static bool slot_truth(Thread *t, Value self, bool *truth)
{
    *truth = as_double(self) != 0;
    return true;
}

static bool slot_hash(Thread *t, Value self, int64_t *hash)
{
    double d = as_double(self);
    /* A nan is equal to nothing, not even itself: any hash will do, and different ones keep dicts of nans fast. */
    *hash = isnan(d) ? hash_address(as_object(self)) : hash_double(d);
    return true;
}

/* ---- comparison ---- */

static Value compare_doubles(double a, double b, CompareOp op)
{
    switch (op) {
    case COMPARE_LT: return bool_value(a < b);
    case COMPARE_LE: return bool_value(a <= b);
    case COMPARE_EQ: return bool_value(a == b);
    case COMPARE_NE: return bool_value(a != b);
    case COMPARE_GT: return bool_value(a > b);
    case COMPARE_GE: return bool_value(a >= b);
    }
    return NOT_IMPLEMENTED;
}

bool float_compare_int(Thread *t, double d, Value n, double *order)
{
    const int64_t exact_below = (int64_t)1 << 53;
    int64_t small;
    if (isnan(d) || isinf(d)) {
        *order = d;  /* against 0: an infinity is beyond every int, a nan compares false */
        return true;
    }
    if (int_fits_int64(n, &small) && small <= exact_below && small >= -exact_below) {
        *order = d < (double)small ? -1 : d > (double)small;
        return true;
    }
    double whole = trunc(d);
    Value whole_int = int_from_double(t, whole);
    if (failed(whole_int))
        return false;
    int by_whole = int_order(whole_int, n);
    release(whole_int);
    *order = by_whole ? by_whole : d - whole;
    return true;
}

static Value slot_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (is_float(other))
        return compare_doubles(as_double(self), as_double(other), op);
    if (!is_int(other))
        return NOT_IMPLEMENTED;
    double order;
    return float_compare_int(t, as_double(self), other, &order) ? compare_doubles(order, 0.0, op) : FAILED;
}

const TypeSpec float_spec = {
    .doc = "float(x=0.0)\n\nA number in double precision: from a number, or from text such as '1.5', '-2e10', 'inf' or 'nan'.",
    .signature = "(x=0, /)",
    .size = sizeof(Float),
    .flags = TYPE_MATCHES_SELF,
    .slots = {
        .repr = slot_repr, .hash = slot_hash, .compare = slot_compare, .new_instance = float_new_instance, .truth = slot_truth,
        .add = slot_add, .subtract = slot_subtract, .multiply = slot_multiply, .true_divide = slot_true_divide,
        .floor_divide = slot_floor_divide, .remainder = slot_remainder, .divmod = slot_divmod, .power = slot_power,
        .negative = slot_negative, .positive = float_exact, .absolute = slot_absolute, .to_int = slot_to_int, .to_float = float_exact,
    },
    .methods = float_methods,
    .getsets = float_getsets,
};
