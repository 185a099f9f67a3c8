/* complex.c - the type complex.
 *
 * What        complex(), its arithmetic, text and methods.
 * How         Two doubles. Whole exponents up to 100 multiply; other powers go through polar form. Division scales by the
 *             larger part of the divisor, so that no intermediate result overflows needlessly.
 * Invariants  I1 an int or float operand is (x, 0.0) before anything is computed, as in CPython 3.13.
 * GIL         held.
 * Read next   float.c */
#include <math.h>
#include <stdlib.h>

#include "vm/base/float_text.h"
#include "vm/base/hash.h"
#include "vm/object/arguments.h"
#include "vm/object/exception.h"
#include "vm/object/float_methods.h"
#include "vm/object/format.h"
#include "vm/object/heap.h"
#include "vm/object/int.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

typedef struct Pair { double real, imaginary; } Pair;

static bool is_complex(Value v)
{
    return has_payload(v, KIND_COMPLEX);
}

static Pair pair_of(Value v)
{
    const Complex *c = (const Complex *)as_object(v);
    return (Pair){c->real, c->imaginary};
}

/* ---- making ---- */

static Value complex_of_type(Thread *t, Type *type, double real, double imaginary)
{
    Complex *c = (Complex *)(type->kind == KIND_COMPLEX ? heap_new_quick(t, type, sizeof(Complex)) : type_alloc(t, type));
    if (!c)
        return FAILED;
    c->real = real;
    c->imaginary = imaginary;
    return object_value(c);
}

Value complex_value(Thread *t, double real, double imaginary)
{
    return complex_of_type(t, t->interp->types[KIND_COMPLEX], real, imaginary);
}

/* ---- from text ---- */

/* One signed number at *at; "+j" and "-j" stand for 1j. */
static bool read_part(const char **at, double *d)
{
    size_t length = float_parse(*at, d);
    if (length == 0) {
        const char *sign = *at;
        bool has_sign = *sign == '+' || *sign == '-';
        if ((sign[has_sign] | 0x20) != 'j')
            return false;
        *d = *sign == '-' ? -1.0 : 1.0;
        length = has_sign;
    }
    *at += length;
    return true;
}

static bool is_j(char c)
{
    return c == 'j' || c == 'J';
}

/* x, yj, x+yj, with brackets and blanks around. [text] is clean and ends in a NUL. */
static bool parse_complex(char *text, size_t length, Pair *result)
{
    if (length && text[0] == '(') {
        if (length < 2 || text[length - 1] != ')')
            return false;
        text[length - 1] = '\0';
        text++;
        while (*text == ' ' || (*text >= '\t' && *text <= '\r'))
            text++;
        for (length = strlen(text); length && (text[length - 1] == ' ' || (text[length - 1] >= '\t' && text[length - 1] <= '\r'));)
            text[--length] = '\0';
    }
    const char *at = text;
    double first, second = 0.0;
    *result = (Pair){0.0, 0.0};
    if (!read_part(&at, &first))
        return false;
    if (is_j(*at)) {
        result->imaginary = first;
        return at[1] == '\0';
    }
    result->real = first;
    if (*at == '\0')
        return true;
    if ((*at != '+' && *at != '-') || !read_part(&at, &second) || !is_j(*at))
        return false;
    result->imaginary = second;
    return at[1] == '\0';
}

static Value from_str(Thread *t, Type *type, Str *s)
{
    char *text = block_alloc(t, s->length + 1);
    if (!text)
        return FAILED;
    number_text_from_str(s, text);
    Pair pair;
    size_t length = number_text_clean(text, s->length);
    bool is_number = length != SIZE_MAX && strlen(text) == length && parse_complex(text, length, &pair);
    block_free(t, text, s->length + 1);
    if (!is_number)
        return raise_value_error(t, "complex() arg is a malformed string");
    return complex_of_type(t, type, pair.real, pair.imaginary);
}

/* ---- complex() ---- */

/* What v.__complex__() answers; UNBOUND in *result: there is no such method. */
static bool ask_complex(Thread *t, Value v, Value *result)
{
    *result = UNBOUND;
    if (is_kind(v, KIND_COMPLEX) || is_float(v) || is_int(v))
        return true;
    Str *name = str_intern_text(t, "__complex__");  /* not in names.def: the C compiler takes the word for its own */
    if (!name)
        return false;
    Value method = value_find_special(t, v, name);
    object_release(name);
    if (is_unbound(method))
        return !is_raised(t);
    Value answer = value_call0(t, method);
    release(method);
    bool is_good = !failed(answer);
    if (is_good && !is_complex(answer))
        is_good = raise_false(t, EXC_TypeError, "__complex__ returned non-complex (type %T)", answer);
    else if (is_good && !is_kind(answer, KIND_COMPLEX))
        is_good = raise_warning(t, EXC_DeprecationWarning, "__complex__ returned non-complex (type %T).  The ability to return an instance of a "
                                "strict subclass of complex is deprecated, and may be removed in a future version of Python.", answer);
    if (is_good)
        *result = answer;
    else
        release(answer);
    return is_good;
}

/* One argument of complex(). [position] is "first" or "second". *is_real: it was no complex number. */
static bool read_argument(Thread *t, Value v, const char *position, Pair *pair, bool *is_real)
{
    Value converted = UNBOUND;
    if (*position == 'f' && !ask_complex(t, v, &converted))
        return false;
    if (is_bound(converted) || is_complex(v)) {
        *pair = pair_of(is_bound(converted) ? converted : v);
        *is_real = false;
        release(converted);
        return true;
    }
    bool is_number;
    *is_real = true;
    pair->imaginary = 0.0;
    if (!double_from_number(t, v, &pair->real, &is_number))
        return false;
    if (is_number)
        return true;
    if (*position == 'f')
        return raise_false(t, EXC_TypeError, "complex() first argument must be a string or a number, not '%T'", v);
    return raise_false(t, EXC_TypeError, "complex() second argument must be a number, not '%T'", v);
}

static Value complex_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    static const char *const parameters[] = {"real", "imag", NULL};
    static const Parameters signature = {"complex", parameters, 0, 2, 0};
    Value slots[2];
    if (!arguments_sort(t, &signature, args, count, names, slots))
        return FAILED;
    Value real = slots[0], imaginary = slots[1];
    if (is_bound(real) && is_kind(real, KIND_COMPLEX) && is_unbound(imaginary) && type->kind == KIND_COMPLEX)
        return retain(real);
    if (is_bound(real) && is_str(real)) {
        if (is_bound(imaginary))
            return raise_type_error(t, "complex() can't take second arg if first is a string");
        return from_str(t, type, as_str(real));
    }
    if (is_bound(imaginary) && is_str(imaginary))
        return raise_type_error(t, "complex() second arg can't be a string");
    Pair a = {0.0, 0.0}, b = {0.0, 0.0};
    bool a_is_real = true, b_is_real = true;
    if ((is_bound(real) && !read_argument(t, real, "first", &a, &a_is_real)) ||
        (is_bound(imaginary) && !read_argument(t, imaginary, "second", &b, &b_is_real)))
        return FAILED;
    /* a + b*1j; parts that are not there are not added, or -0.0 would lose its sign. */
    if (!b_is_real)
        a.real -= b.imaginary;
    double imaginary_part = is_bound(imaginary) ? (a_is_real ? b.real : a.imaginary + b.real) : a.imaginary;
    return complex_of_type(t, type, a.real, imaginary_part);
}

/* ---- arithmetic ---- */

static Pair multiply(Pair a, Pair b)
{
    return (Pair){a.real * b.real - a.imaginary * b.imaginary, a.real * b.imaginary + a.imaginary * b.real};
}

/* [b] is not zero. */
static Pair divide(Pair a, Pair b)
{
    if (fabs(b.real) >= fabs(b.imaginary)) {
        double ratio = b.imaginary / b.real, denominator = b.real + b.imaginary * ratio;
        return (Pair){(a.real + a.imaginary * ratio) / denominator, (a.imaginary - a.real * ratio) / denominator};
    }
    if (fabs(b.imaginary) >= fabs(b.real)) {
        double ratio = b.real / b.imaginary, denominator = b.real * ratio + b.imaginary;
        return (Pair){(a.real * ratio + a.imaginary) / denominator, (a.imaginary * ratio - a.real) / denominator};
    }
    return (Pair){NAN, NAN};  /* one part of b is a nan */
}

static Pair power_whole(Pair base, long exponent)
{
    Pair result = {1.0, 0.0};
    unsigned long n = (unsigned long)labs(exponent);
    for (; n; n >>= 1) {
        if (n & 1)
            result = multiply(result, base);
        base = multiply(base, base);
    }
    return exponent < 0 ? divide((Pair){1.0, 0.0}, result) : result;
}

/* false: the angle of the result is infinite, a point nowhere. */
static bool power_polar(Pair base, Pair exponent, Pair *result)
{
    double length = hypot(base.real, base.imaginary), angle = atan2(base.imaginary, base.real);
    double power = pow(length, exponent.real), phase = angle * exponent.real;
    if (exponent.imaginary != 0) {
        power /= exp(angle * exponent.imaginary);
        phase += exponent.imaginary * log(length);
    }
    *result = (Pair){power * cos(phase), power * sin(phase)};
    return !isinf(phase);
}

static Value raise_to_complex_power(Thread *t)
{
    return raise_error(t, EXC_ZeroDivisionError, "0.0 to a negative or complex power");
}

static Value power(Thread *t, Pair a, Pair b)
{
    const double small_exponent = 100.0;
    bool is_whole = b.imaginary == 0 && b.real == floor(b.real) && fabs(b.real) <= small_exponent;
    if (a.real == 0 && a.imaginary == 0) {
        if (b.imaginary != 0 || b.real < 0)
            return raise_to_complex_power(t);
        if (!is_whole)
            return complex_value(t, 0.0, 0.0);
    }
    Pair result;
    if (is_whole)
        result = power_whole(a, (long)b.real);
    else if (!power_polar(a, b, &result))
        return raise_to_complex_power(t);   /* CPython says the same for infinities */
    if (isinf(result.real) || isinf(result.imaginary))
        return raise_error(t, EXC_OverflowError, "complex exponentiation");
    return complex_value(t, result.real, result.imaginary);
}

Value complex_power(Thread *t, double a_real, double a_imaginary, double b_real, double b_imaginary)
{
    return power(t, (Pair){a_real, a_imaginary}, (Pair){b_real, b_imaginary});
}

/* false: FAILED or NOT_IMPLEMENTED is in *answer. */
static inline bool operand(Thread *t, Value v, Pair *pair, Value *answer)
{
    if (is_complex(v)) {
        *pair = pair_of(v);
        return true;
    }
    *pair = (Pair){0.0, 0.0};
    if (is_float(v)) {
        pair->real = as_double(v);
        return true;
    }
    *answer = NOT_IMPLEMENTED;
    if (!is_int(v))
        return false;
    *answer = FAILED;
    return int_to_double(t, v, &pair->real);
}

static Value quotient(Thread *t, Pair a, Pair b)
{
    if (b.real == 0 && b.imaginary == 0)
        return raise_error(t, EXC_ZeroDivisionError, "complex division by zero");
    Pair c = divide(a, b);
    return complex_value(t, c.real, c.imaginary);
}

static Value product(Thread *t, Pair a, Pair b)
{
    Pair c = multiply(a, b);
    return complex_value(t, c.real, c.imaginary);
}

#define BINARY(name, expression) \
    static Value slot_##name(Thread *t, Value left, Value right) \
    { \
        Pair a, b; \
        Value answer; \
        if (!operand(t, left, &a, &answer) || !operand(t, right, &b, &answer)) \
            return answer; \
        return expression; \
    }
BINARY(add, complex_value(t, a.real + b.real, a.imaginary + b.imaginary))
BINARY(subtract, complex_value(t, a.real - b.real, a.imaginary - b.imaginary))
BINARY(multiply, product(t, a, b))
BINARY(true_divide, quotient(t, a, b))
BINARY(plain_power, power(t, a, b))
#undef BINARY

static Value slot_power(Thread *t, Value base, Value exponent, Value modulus)
{
    if (is_bound(modulus) && !is_none(modulus))
        return raise_value_error(t, "complex modulo");
    return slot_plain_power(t, base, exponent);
}

static Value slot_negative(Thread *t, Value self)
{
    Pair a = pair_of(self);
    return complex_value(t, -a.real, -a.imaginary);
}

static Value slot_positive(Thread *t, Value self)
{
    Pair a = pair_of(self);
    return is_kind(self, KIND_COMPLEX) ? retain(self) : complex_value(t, a.real, a.imaginary);
}

static Value slot_absolute(Thread *t, Value self)
{
    Pair a = pair_of(self);
    double length = hypot(a.real, a.imaginary);
    if (isinf(length) && isfinite(a.real) && isfinite(a.imaginary))
        return raise_error(t, EXC_OverflowError, "absolute value too large");
    return float_value(t, length);
}

static bool slot_truth(Thread *t, Value self, bool *truth)
{
    Pair a = pair_of(self);
    *truth = a.real != 0 || a.imaginary != 0;
    return true;
}

static bool slot_hash(Thread *t, Value self, int64_t *hash)
{
    Pair a = pair_of(self);
    int64_t by_identity = hash_address(as_object(self));
    *hash = hash_complex(isnan(a.real) ? by_identity : hash_double(a.real),
                         isnan(a.imaginary) ? by_identity : hash_double(a.imaginary));
    return true;
}

static Value slot_compare(Thread *t, Value self, Value other, CompareOp op)
{
    if (op != COMPARE_EQ && op != COMPARE_NE)
        return NOT_IMPLEMENTED;
    Pair a = pair_of(self);
    bool is_equal;
    if (is_complex(other)) {
        Pair b = pair_of(other);
        is_equal = a.real == b.real && a.imaginary == b.imaginary;
    } else if (is_float(other)) {
        is_equal = a.real == as_double(other) && a.imaginary == 0;
    } else if (is_int(other)) {
        double order = 1;
        if (a.imaginary == 0 && !float_compare_int(t, a.real, other, &order))
            return FAILED;
        is_equal = order == 0;
    } else {
        return NOT_IMPLEMENTED;
    }
    return bool_value(is_equal == (op == COMPARE_EQ));
}

static Value slot_repr(Thread *t, Value self)
{
    Pair a = pair_of(self);
    Buffer text;
    buffer_init(&text, &t->interp->memory);
    bool has_real = a.real != 0 || signbit(a.real);
    if (has_real) {
        buffer_add_byte(&text, '(');
        float_format(&text, a.real, 'r', 0, 0);
    }
    float_format(&text, a.imaginary, 'r', 0, has_real ? FLOAT_ALWAYS_SIGN : 0);
    buffer_add_text(&text, has_real ? "j)" : "j");
    if (!buffer_ok(&text)) {
        buffer_free(&text);
        return raise_memory_error(t);
    }
    Str *s = str_from_ascii(t, text.data, text.length);
    buffer_free(&text);
    return s ? object_value(s) : FAILED;
}

/* ---- methods ---- */

static Value conjugate(Thread *t, Value self, const Value *args)
{
    Pair a = pair_of(self);
    return complex_value(t, a.real, -a.imaginary);
}

static Value to_complex(Thread *t, Value self, const Value *args)
{
    return slot_positive(t, self);
}

static Value getnewargs(Thread *t, Value self, const Value *args)
{
    Pair a = pair_of(self);
    Value real = float_value(t, a.real), imaginary = float_value(t, a.imaginary);
    Value pair = failed(real) || failed(imaginary) ? FAILED : tuple_pack2(t, real, imaginary);
    release2(real, imaginary);
    return pair;
}

static Value format_method(Thread *t, Value self, const Value *args)
{
    if (!is_str(args[0]))
        return raise_type_error(t, "__format__() argument must be str, not %N", args[0]);
    return format_complex(t, self, as_str(args[0]));
}

static const NativeDef complex_methods[] = {
    NATIVE("conjugate", conjugate, "($self, /)", 0, "The number with the sign of its imaginary part turned."),
    NATIVE("__complex__", to_complex, "($self, /)", 0, "The number itself."),
    NATIVE("__format__", format_method, "($self, format_spec, /)", 0, "Text as the format specification asks."),
    NATIVE("__getnewargs__", getnewargs, "($self, /)", 0, NULL),
    NATIVE_END,
};

static const MemberDef complex_members[] = {
    {"real", MEMBER_DOUBLE, offsetof(Complex, real), true, "the real part of a complex number"},
    {"imag", MEMBER_DOUBLE, offsetof(Complex, imaginary), true, "the imaginary part of a complex number"},
    {NULL, MEMBER_VALUE, 0, true, NULL},
};

const TypeSpec complex_spec = {
    .doc = "complex(real=0, imag=0)\n\nA complex number: from its parts, from a number, or from text such as '1+2j'.",
    .signature = "(real=0, imag=0)",
    .size = sizeof(Complex),
    .slots = {
        .repr = slot_repr, .hash = slot_hash, .compare = slot_compare, .new_instance = complex_new_instance, .truth = slot_truth,
        .add = slot_add, .subtract = slot_subtract, .multiply = slot_multiply, .true_divide = slot_true_divide,
        .power = slot_power, .negative = slot_negative, .positive = slot_positive, .absolute = slot_absolute,
    },
    .methods = complex_methods,
    .members = complex_members,
};
