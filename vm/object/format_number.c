/* format_number.c - numbers formatted by a specification.
 *
 * What        int.__format__, float.__format__, complex.__format__.
 * How         A number is laid out from five pieces, and padding goes to one of three places:
 *
 *                 padding? | sign | prefix | padding? | digits with separators | rest (.25e+10) | padding?
 *                  '>' '^'            0x       '='                                                 '<' '^'
 *
 *             Zeros that fill up to the width ("=" with "0") are digits too: separators run through them.
 * GIL         held.
 * Read next   format.c, vm/base/float_text.h */
#include <limits.h>
#include <math.h>

#include "vm/base/float_text.h"
#include "vm/object/bigint.h"
#include "vm/object/exception.h"
#include "vm/object/float_methods.h"
#include "vm/object/format.h"
#include "vm/object/heap.h"
#include "vm/object/protocol.h"

typedef struct NumberText {
    bool is_negative;
    const char *prefix;        /* "", "0x" ... */
    const char *digits;        /* what separators may stand between */
    size_t digit_count;
    const char *rest;
    size_t rest_length;
} NumberText;

/* ---- layout ---- */

/* Groups from the right, each of [group] digits, zeros in front until [least] characters are reached. Counts when [to] is NULL, else
 * writes backwards from [to]. */
static size_t group_digits(char *to, const NumberText *number, size_t group, char separator, int64_t least)
{
    size_t remaining = number->digit_count, made = 0;
    bool is_first = true;
    if (number->digit_count == 0)
        return 0;
    do {
        int64_t wanted = (int64_t)remaining > least ? (int64_t)remaining : least;
        size_t length = wanted < 1 ? 1 : (size_t)wanted;
        if (separator && length > group)
            length = group;
        size_t digits = remaining < length ? remaining : length;
        if (!is_first) {
            made++;
            if (to)
                *--to = separator;
        }
        if (to) {
            to -= digits;
            memcpy(to, number->digits + remaining - digits, digits);
            to -= length - digits;
            memset(to, '0', length - digits);
        }
        made += length;
        remaining -= digits;
        least -= (int64_t)length;
        if (remaining == 0 && least <= 0)
            break;
        least--;  /* the separator to come counts too */
        is_first = false;
    } while (separator);
    return made;
}

/* Where everything goes, in characters. */
typedef struct Layout {
    char sign;                           /* 0: none */
    size_t left, inner, right;           /* padding */
    size_t prefix, grouped;
    int64_t least;                       /* zeros are added to the digits until so many characters are reached */
    size_t total;
} Layout;

/* Digits between two separators. */
static size_t group_of(const FormatSpec *spec)
{
    return spec->type && spec->type < 128 && strchr("boxX", (int)spec->type) ? 4 : 3;
}

/* false: raised. */
static bool lay_out(Thread *t, const FormatSpec *spec, const NumberText *number, Layout *layout)
{
    if (spec->width > (int64_t)STR_LENGTH_MAX) {
        raise_memory_error(t);
        return false;
    }
    layout->sign = number->is_negative ? '-' : spec->sign == '+' || spec->sign == ' ' ? spec->sign : 0;
    layout->prefix = strlen(number->prefix);
    size_t others = (layout->sign != 0) + layout->prefix + number->rest_length;
    layout->least = spec->fill == '0' && spec->align == '=' ? spec->width - (int64_t)others : 0;
    bool is_plain = !spec->grouping && layout->least <= (int64_t)number->digit_count;
    layout->grouped = is_plain ? number->digit_count : group_digits(NULL, number, group_of(spec), spec->grouping, layout->least);
    int64_t missing = spec->width - (int64_t)(others + layout->grouped);
    size_t padding = missing > 0 ? (size_t)missing : 0;
    layout->left = spec->align == '>' ? padding : spec->align == '^' ? padding / 2 : 0;
    layout->inner = spec->align == '=' ? padding : 0;
    layout->right = padding - layout->left - layout->inner;
    layout->total = others + layout->grouped + padding;
    return true;
}

/* Digits, separators between them, and what follows. Returns the end. */
static char *write_digits(char *to, const FormatSpec *spec, const NumberText *number, const Layout *layout)
{
    if (layout->grouped == number->digit_count)
        memcpy(to, number->digits, layout->grouped);
    else
        group_digits(to + layout->grouped, number, group_of(spec), spec->grouping, layout->least);
    if (number->rest_length)
        memcpy(to + layout->grouped, number->rest, number->rest_length);
    return to + layout->grouped + number->rest_length;
}

/* The whole text when the fill character is ASCII, as good as always: straight into the result. */
static Value number_str(Thread *t, const FormatSpec *spec, const NumberText *number, const Layout *layout)
{
    Str *s = str_new(t, layout->total, 0x7f);
    if (!s)
        return FAILED;
    char *to = str_data(s);
    if (layout->left)
        memset(to, (int)spec->fill, layout->left);
    to += layout->left;
    if (layout->sign)
        *to++ = layout->sign;
    if (layout->prefix)
        memcpy(to, number->prefix, layout->prefix);
    to += layout->prefix;
    if (layout->inner)
        memset(to, (int)spec->fill, layout->inner);
    to = write_digits(to + layout->inner, spec, number, layout);
    if (layout->right)
        memset(to, (int)spec->fill, layout->right);
    return object_value(s);
}

static void add_number(StrBuilder *out, const FormatSpec *spec, const NumberText *number)
{
    Layout layout;
    FormatSpec bare = *spec;
    bare.fill = spec->fill == '0' ? '0' : ' ';
    if (!lay_out(out->t, spec, number, &layout)) {
        str_builder_abandon(out);
        out->has_failed = true;
        return;
    }
    Layout core = layout;  /* the number without its padding, cut in two where the inner padding goes */
    core.left = core.right = core.inner = 0;
    core.total -= layout.left + layout.inner + layout.right;
    Value text = number_str(out->t, &bare, number, &core);
    if (failed(text)) {
        str_builder_abandon(out);
        out->has_failed = true;
        return;
    }
    size_t head = (core.sign != 0) + core.prefix;
    str_builder_add_repeated(out, spec->fill, layout.left);
    str_builder_add_slice(out, as_str(text), 0, head);
    str_builder_add_repeated(out, spec->fill, layout.inner);
    str_builder_add_slice(out, as_str(text), head, core.total);
    str_builder_add_repeated(out, spec->fill, layout.right);
    release(text);
}

static Value format_number(Thread *t, const FormatSpec *spec, const NumberText *number)
{
    Layout layout;
    if (spec->fill < 0x80)
        return lay_out(t, spec, number, &layout) ? number_str(t, spec, number, &layout) : FAILED;
    StrBuilder out;
    str_builder_init(&out, t);
    add_number(&out, spec, number);
    return str_builder_finish(&out);
}

/* ---- int ---- */

static Value format_character(Thread *t, Value v, const FormatSpec *spec)
{
    int64_t c;
    if (spec->sign)
        return raise_value_error(t, "Sign not allowed with integer format specifier 'c'");
    if (spec->is_alternate)
        return raise_value_error(t, "Alternate form (#) not allowed with integer format specifier 'c'");
    if (!int_fits_int64(v, &c))
        return raise_error(t, EXC_OverflowError, "Python int too large to convert to C long");
    if (c < 0 || c > 0x10ffff)
        return raise_error(t, EXC_OverflowError, "%%c arg not in range(0x110000)");
    Str *s = str_from_char(t, (uint32_t)c);
    if (!s)
        return FAILED;
    FormatSpec layout = *spec;
    if (layout.align == '=')
        layout.align = '>';
    StrBuilder out;
    str_builder_init(&out, t);
    format_add_padded(&out, s, 1, &layout);
    object_release(s);
    return str_builder_finish(&out);
}

static Value format_whole(Thread *t, Value v, const FormatSpec *spec)
{
    if (spec->precision >= 0)
        return raise_value_error(t, "Precision not allowed in integer format specifier");
    if (spec->drops_negative_zero)
        return raise_value_error(t, "Negative zero coercion (z) not allowed in integer format specifier");
    if (spec->type == 'c')
        return format_character(t, v, spec);
    unsigned base = spec->type == 'b' ? 2 : spec->type == 'o' ? 8 : (spec->type | 0x20) == 'x' ? 16 : 10;
    IntDigits digits;
    if (!int_digits(t, v, base, true, &digits))
        return FAILED;
    if (spec->type == 'X') {
        for (size_t i = 0; i < digits.length; i++) {
            if (digits.text[i] >= 'a')
                digits.text[i] = (char)(digits.text[i] - 'a' + 'A');
        }
    }
    NumberText number = {digits.is_negative, "", digits.text, digits.length, "", 0};
    if (spec->is_alternate && base != 10)
        number.prefix = spec->type == 'b' ? "0b" : spec->type == 'o' ? "0o" : spec->type == 'x' ? "0x" : "0X";
    Value text = format_number(t, spec, &number);
    int_digits_free(t, &digits);
    return text;
}

static Value format_double(Thread *t, double d, const FormatSpec *spec);

Value format_int(Thread *t, Value v, Str *text)
{
    FormatSpec spec;
    if (text->length == 0)
        return is_exact_int(v) ? int_to_str(t, v, 10) : value_str(t, v);
    if (!format_spec_read(t, text, v, '>', &spec))
        return FAILED;
    switch (spec.type) {
    case 0: case 'b': case 'c': case 'd': case 'o': case 'x': case 'X': case 'n':
        return format_whole(t, v, &spec);
    case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': case '%': {
        double d;
        return int_to_double(t, v, &d) ? format_double(t, d, &spec) : FAILED;
    }
    default:
        return raise_unknown_format(t, spec.type, v);
    }
}

/* ---- float ---- */

/* Cuts the text of a float into sign, whole digits and rest. */
static NumberText split_float(const char *text, size_t length)
{
    NumberText number = {.prefix = ""};
    if (length && *text == '-') {
        number.is_negative = true;
        text++;
        length--;
    }
    number.digits = text;
    while (number.digit_count < length && text[number.digit_count] >= '0' && text[number.digit_count] <= '9')
        number.digit_count++;
    number.rest = text + number.digit_count;
    number.rest_length = length - number.digit_count;
    return number;
}

/* Writes d as the specification's type and precision ask; signs other than '-' come with the layout. */
static bool write_float(Thread *t, double d, const FormatSpec *spec, bool adds_dot_0, Buffer *out)
{
    unsigned flags = (spec->is_alternate ? FLOAT_ALTERNATE : 0u) | (spec->drops_negative_zero ? FLOAT_NO_NEGATIVE_ZERO : 0u);
    char code = spec->type == 'n' ? 'g' : (char)spec->type;
    int64_t precision = spec->precision;
    if (precision > INT_MAX)
        return raise_false(t, EXC_ValueError, "precision too big");
    if (code == 0) {
        flags |= adds_dot_0 ? FLOAT_ADD_DOT_0 : 0u;
        code = precision < 0 ? 'r' : 'g';
    }
    float_format(out, d, code, precision < 0 ? 6 : (int)precision, flags);
    if (buffer_ok(out))
        return true;
    raise_memory_error(t);
    return false;
}

static Value format_double(Thread *t, double d, const FormatSpec *spec)
{
    /* Most texts are short: then they are written on the stack, and the buffer over it never grows. */
    enum { SHORT_TEXT = 160, SHORT_PRECISION = 64 };
    char place[SHORT_TEXT];
    bool is_short = spec->precision <= SHORT_PRECISION && (fabs(d) < 1e16 || !isfinite(d));
    Buffer text;
    buffer_init(&text, &t->interp->memory);
    if (is_short)
        text = (Buffer){.memory = &t->interp->memory, .data = place, .capacity = sizeof place};
    Value s = FAILED;
    if (write_float(t, d, spec, true, &text)) {
        NumberText number = split_float(text.data, text.length);
        s = format_number(t, spec, &number);
    }
    if (!is_short)
        buffer_free(&text);
    return s;
}

Value format_float(Thread *t, Value v, Str *text)
{
    FormatSpec spec;
    if (text->length == 0)
        return is_exact_float(v) ? float_to_str(t, as_double(v)) : value_str(t, v);
    if (!format_spec_read(t, text, v, '>', &spec))
        return FAILED;
    if (spec.type != 0 && (spec.type >= 128 || !strchr("eEfFgGn%", (int)spec.type)))
        return raise_unknown_format(t, spec.type, v);
    return format_double(t, as_double(v), &spec);
}

/* ---- complex ---- */

static Value format_parts(Thread *t, double real, double imaginary, const FormatSpec *spec)
{
    bool has_brackets = spec->type == 0 && (real != 0 || signbit(real));
    bool has_real = spec->type != 0 || has_brackets;
    FormatSpec part = *spec;
    part.width = -1;
    part.align = '<';
    part.fill = ' ';
    Buffer first, second;
    buffer_init(&first, &t->interp->memory);
    buffer_init(&second, &t->interp->memory);
    StrBuilder out;
    str_builder_init(&out, t);
    Value s = FAILED;
    if ((!has_real || write_float(t, real, spec, false, &first)) && write_float(t, imaginary, spec, false, &second)) {
        if (has_brackets)
            str_builder_add_char(&out, '(');
        if (has_real) {
            NumberText number = split_float(first.data, first.length);
            add_number(&out, &part, &number);
            part.sign = '+';
        }
        NumberText number = split_float(second.data, second.length);
        add_number(&out, &part, &number);
        str_builder_add_text(&out, has_brackets ? "j)" : "j");
        s = str_builder_finish(&out);
    }
    buffer_free(&first);
    buffer_free(&second);
    if (failed(s) || spec->width <= (int64_t)as_str(s)->length)
        return s;
    str_builder_init(&out, t);
    format_add_padded(&out, as_str(s), as_str(s)->length, spec);
    release(s);
    return str_builder_finish(&out);
}

Value format_complex(Thread *t, Value v, Str *text)
{
    FormatSpec spec;
    if (text->length == 0)
        return value_str(t, v);
    if (!format_spec_read(t, text, v, '>', &spec))
        return FAILED;
    if (spec.type != 0 && (spec.type >= 128 || !strchr("eEfFgGn", (int)spec.type)))
        return raise_unknown_format(t, spec.type, v);
    if (spec.fill == '0')
        return raise_value_error(t, "Zero padding is not allowed in complex format specifier");
    if (spec.align == '=')
        return raise_value_error(t, "'=' alignment flag is not allowed in complex format specifier");
    const Complex *c = (const Complex *)as_object(v);
    return format_parts(t, c->real, c->imaginary, &spec);
}
