/* format.c - reading a format specification, and text formatted by one.
 *
 * What        format_spec_read, and str.__format__.
 * How         One pass over [[fill]align][sign][z][#][0][width][grouping][.precision][type]. The order in which parts are
 *             looked for decides which message a wrong specification gets; it is CPython's.
 * GIL         held.
 * Read next   format_number.c */
#include "vm/object/format.h"

#include "vm/object/exception.h"
#include "vm/object/protocol.h"

static bool is_align(uint32_t c)
{
    return c == '<' || c == '>' || c == '=' || c == '^';
}

static uint32_t at_or_0(const Str *text, size_t i)
{
    return i < text->length ? str_char(text, i) : 0;
}

/* Digits at *at as a number; -1 when there are none. */
static bool read_number(Thread *t, Str *text, size_t *at, int64_t *number)
{
    *number = -1;
    for (; *at < text->length; ++*at) {
        uint32_t c = str_char(text, *at);
        if (c < '0' || c > '9')
            break;
        int64_t n = *number < 0 ? 0 : *number;
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, (int64_t)(c - '0'), &n))
            return raise_false(t, EXC_ValueError, "Too many decimal digits in format string");
        *number = n;
    }
    return true;
}

static bool check_grouping(Thread *t, const FormatSpec *spec, uint32_t type)
{
    static const char with_both[] = "defgEGF%", with_underscore[] = "boxX";
    if (!spec->grouping || type == 0 || (type < 128 && strchr(with_both, (int)type)))
        return true;
    if (spec->grouping == '_' && type < 128 && strchr(with_underscore, (int)type))
        return true;
    if (type > 32 && type < 128)
        return raise_false(t, EXC_ValueError, "Cannot specify '%c' with '%c'.", spec->grouping, (int)type);
    return raise_false(t, EXC_ValueError, "Cannot specify '%c' with '\\x%x'.", spec->grouping, (unsigned)type);
}

/* [,] and [_]: one of them, once. */
static bool read_grouping(Thread *t, Str *text, size_t *at, FormatSpec *spec)
{
    if (at_or_0(text, *at) == ',') {
        spec->grouping = ',';
        ++*at;
    }
    if (at_or_0(text, *at) == '_') {
        if (spec->grouping)
            return raise_false(t, EXC_ValueError, "Cannot specify both ',' and '_'.");
        spec->grouping = '_';
        ++*at;
    }
    if (at_or_0(text, *at) == ',' && spec->grouping == '_')
        return raise_false(t, EXC_ValueError, "Cannot specify both ',' and '_'.");
    return true;
}

bool format_spec_read(Thread *t, Str *text, Value v, char default_align, FormatSpec *spec)
{
    size_t at = 0, length = text->length;
    *spec = (FormatSpec){.fill = ' ', .align = default_align, .width = -1, .precision = -1};
    if (length >= 2 && is_align(str_char(text, 1))) {
        spec->fill = str_char(text, 0);
        spec->align = (char)str_char(text, 1);
        spec->has_fill = spec->has_align = true;
        at = 2;
    } else if (is_align(at_or_0(text, 0))) {
        spec->align = (char)str_char(text, 0);
        spec->has_align = true;
        at = 1;
    }
    uint32_t c = at_or_0(text, at);
    if (c == '+' || c == '-' || c == ' ') {
        spec->sign = (char)c;
        at++;
    }
    if (at_or_0(text, at) == 'z') {
        spec->drops_negative_zero = true;
        at++;
    }
    if (at_or_0(text, at) == '#') {
        spec->is_alternate = true;
        at++;
    }
    if (!spec->has_fill && at_or_0(text, at) == '0') {
        spec->fill = '0';
        if (!spec->has_align && default_align == '>')
            spec->align = '=';
        at++;
    }
    if (!read_number(t, text, &at, &spec->width) || !read_grouping(t, text, &at, spec))
        return false;
    if (at_or_0(text, at) == '.') {
        at++;
        if (!read_number(t, text, &at, &spec->precision))
            return false;
        if (spec->precision < 0)
            return raise_false(t, EXC_ValueError, "Format specifier missing precision");
    }
    if (length - at > 1)
        return raise_false(t, EXC_ValueError, "Invalid format specifier '%U' for object of type '%T'", text, v);
    spec->type = at_or_0(text, at);
    uint32_t type = spec->type;
    if (type == 0 && is_str(v))
        type = 's';
    return check_grouping(t, spec, type);
}

Value raise_unknown_format(Thread *t, uint32_t code, Value v)
{
    if (code > 32 && code < 128)
        return raise_value_error(t, "Unknown format code '%c' for object of type '%T'", (int)code, v);
    return raise_value_error(t, "Unknown format code '\\x%x' for object of type '%T'", (unsigned)code, v);
}

void format_add_padded(StrBuilder *out, const Str *s, size_t length, const FormatSpec *spec)
{
    size_t padding = spec->width > 0 && (size_t)spec->width > length ? (size_t)spec->width - length : 0;
    size_t left = spec->align == '>' ? padding : spec->align == '^' ? padding / 2 : 0;
    str_builder_add_repeated(out, spec->fill, left);
    str_builder_add_slice(out, s, 0, length);
    str_builder_add_repeated(out, spec->fill, padding - left);
}

Value format_str(Thread *t, Value v, Str *text)
{
    FormatSpec spec;
    if (text->length == 0)
        return is_kind(v, KIND_STR) ? retain(v) : value_str(t, v);
    if (!format_spec_read(t, text, v, '<', &spec))
        return FAILED;
    if (spec.type != 0 && spec.type != 's')
        return raise_unknown_format(t, spec.type, v);
    if (spec.sign == ' ')
        return raise_value_error(t, "Space not allowed in string format specifier");
    if (spec.sign)
        return raise_value_error(t, "Sign not allowed in string format specifier");
    if (spec.drops_negative_zero)
        return raise_value_error(t, "Negative zero coercion (z) not allowed in string format specifier");
    if (spec.is_alternate)
        return raise_value_error(t, "Alternate form (#) not allowed in string format specifier");
    if (spec.align == '=')
        return raise_value_error(t, "'=' alignment not allowed in string format specifier");
    Str *s = as_str(v);
    size_t length = spec.precision >= 0 && (size_t)spec.precision < s->length ? (size_t)spec.precision : s->length;
    if (spec.width <= (int64_t)length)
        return str_slice(t, s, 0, length);
    StrBuilder out;
    str_builder_init(&out, t);
    format_add_padded(&out, s, length, &spec);
    return str_builder_finish(&out);
}
