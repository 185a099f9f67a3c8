/* str_printf.c - the formats in which native code writes its messages.
 *
 * What        str_format and str_vformat: printf's conversions, and six of our own for values.
 * How         %R repr of a Value   %S str of a Value   %A ascii of a Value   %U a Str *   %T the name of a Value's type
 *             %N the same as a parameter is told of it: "None", not "NoneType"
 *             Everything else is printf's: the directive is cut out, its argument fetched by its length modifier, and
 *             snprintf does the work unless it is a mere %d or %u, by any modifier. %s is UTF-8. A precision limits %s in bytes and %U %S %R %T in characters.
 * Invariants  I1 an argument that fails to show itself (a __repr__ that raises) fails the whole text.
 * GIL         held; %R and %S may run script code.
 * Read next   exception.h (raise_error) */
#include <stdio.h>

#include "vm/object/exception.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

enum { DIRECTIVE_MAX = 32, NUMBER_MAX = 512 };

typedef struct Directive {
    char text[DIRECTIVE_MAX];   /* as printf wants it, '*' replaced by the number */
    int precision;              /* -1: none */
    char modifier;              /* 0 'l' 'q' (ll) 'z' 'j' 't' 'h' */
    char code;
} Directive;

/* va_list cannot be passed by address where it is an array: it travels in a struct. */
typedef struct Arguments { va_list list; } Arguments;

static const char *read_directive(const char *at, Directive *directive, Arguments *arguments)
{
    char *to = directive->text;
    *directive = (Directive){.precision = -1};
    *to++ = '%';
    bool in_precision = false;
    for (;; at++) {
        if (*at == '*') {
            int n = va_arg(arguments->list, int);
            to += snprintf(to, (size_t)(directive->text + DIRECTIVE_MAX - to), "%d", n);
            if (in_precision)
                directive->precision = n;
        } else if (*at == '.') {
            in_precision = true;
            directive->precision = 0;
            *to++ = '.';
        } else if (strchr("-+ #0123456789", *at) && *at) {
            if (in_precision)
                directive->precision = directive->precision * 10 + (*at - '0');
            *to++ = *at;
        } else {
            break;
        }
    }
    while (*at && strchr("lzjth", *at)) {
        directive->modifier = *at == 'l' && directive->modifier == 'l' ? 'q' : *at;
        *to++ = *at++;
    }
    directive->code = *at;
    *to++ = *at;
    *to = '\0';
    return *at ? at + 1 : at;
}

static void add_value(StrBuilder *out, Value text, int precision)
{
    if (failed(text)) {
        str_builder_abandon(out);
        out->has_failed = true;
        return;
    }
    Str *s = as_str(text);
    str_builder_add_slice(out, s, 0, precision >= 0 && (size_t)precision < s->length ? (size_t)precision : s->length);
    release(text);
}

/* A C string is UTF-8 in all likelihood; whatever it is, a message must come out of it. */
static void add_c_string(StrBuilder *out, const char *text, int precision)
{
    if (!text)
        text = "(null)";
    size_t length = precision >= 0 ? strnlen(text, (size_t)precision) : strlen(text);
    Value s = str_decode(out->t, text, length, "utf-8", "replace");
    add_value(out, s, -1);
}

static long long fetch_signed(Arguments *arguments, char modifier)
{
    switch (modifier) {
    case 'l': return va_arg(arguments->list, long);
    case 'q': return va_arg(arguments->list, long long);
    case 'z': return va_arg(arguments->list, ssize_t);
    case 'j': return va_arg(arguments->list, intmax_t);
    case 't': return va_arg(arguments->list, ptrdiff_t);
    default:  return va_arg(arguments->list, int);
    }
}

static void add_decimal(StrBuilder *out, uint64_t n, bool is_negative)
{
    char text[24], *digit = text + sizeof text;
    do *--digit = (char)('0' + n % 10); while (n /= 10);
    if (is_negative) *--digit = '-';
    str_builder_add_ascii(out, digit, (size_t)(text + sizeof text - digit));
}

/* Integers of every length are printed as long long: the modifier of the directive is replaced. */
static void add_integer(StrBuilder *out, Directive *directive, Arguments *arguments)
{
    char *end = strpbrk(directive->text, "lzjthdiuxXo");
    long long n = fetch_signed(arguments, directive->modifier);
    bool is_unsigned = directive->code != 'd' && directive->code != 'i';
    if (is_unsigned && (directive->modifier == 0 || directive->modifier == 'h'))
        n = (long long)(unsigned)n;
    bool is_bare = end == directive->text + 1 && directive->code != 'x' && directive->code != 'X' && directive->code != 'o';
    if (is_bare) {
        bool is_negative = !is_unsigned && n < 0;
        add_decimal(out, is_negative ? -(uint64_t)n : (uint64_t)n, is_negative);
        return;
    }
    snprintf(end, (size_t)(directive->text + DIRECTIVE_MAX - end), "ll%c", directive->code);
    char text[NUMBER_MAX];
    int length = snprintf(text, sizeof text, directive->text, n);
    if (length > 0)
        str_builder_add_ascii(out, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

static void add_double(StrBuilder *out, const Directive *directive, double d)
{
    char text[NUMBER_MAX];
    int length = snprintf(text, sizeof text, directive->text, d);
    if (length > 0)
        str_builder_add_ascii(out, text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

static void add_padded(StrBuilder *out, const Directive *directive, const char *text)
{
    char padded[NUMBER_MAX];
    int length = snprintf(padded, sizeof padded, directive->text, text);
    if (length > 0)
        str_builder_add_ascii(out, padded, (size_t)length < sizeof padded ? (size_t)length : sizeof padded - 1);
}

static void add_directive(StrBuilder *out, Directive *directive, Arguments *arguments)
{
    Thread *t = out->t;
    switch (directive->code) {
    case '%': str_builder_add_char(out, '%'); break;
    case 'c': str_builder_add_char(out, (uint32_t)va_arg(arguments->list, int)); break;
    case 's': {
        const char *text = va_arg(arguments->list, const char *);
        if (directive->text[1] == 's' || directive->text[1] == '.')
            add_c_string(out, text, directive->precision);
        else
            add_padded(out, directive, text ? text : "(null)");
        break;
    }
    case 'd': case 'i': case 'u': case 'x': case 'X': case 'o': add_integer(out, directive, arguments); break;
    case 'p': {
        char text[32];
        int length = snprintf(text, sizeof text, "%p", va_arg(arguments->list, void *));
        str_builder_add_ascii(out, text, (size_t)length);
        break;
    }
    case 'e': case 'f': case 'g': case 'E': case 'F': case 'G': add_double(out, directive, va_arg(arguments->list, double)); break;
    case 'U': {
        Str *s = va_arg(arguments->list, Str *);
        add_value(out, retain(object_value(s)), directive->precision);
        break;
    }
    case 'R': add_value(out, value_repr(t, va_arg(arguments->list, Value)), directive->precision); break;
    case 'S': add_value(out, value_str(t, va_arg(arguments->list, Value)), directive->precision); break;
    case 'A': add_value(out, value_ascii(t, va_arg(arguments->list, Value)), directive->precision); break;
    case 'N': {
        Value v = va_arg(arguments->list, Value);
        add_c_string(out, is_none(v) ? "None" : value_type_name(t, v), directive->precision);
        break;
    }
    case 'T': add_c_string(out, value_type_name(t, va_arg(arguments->list, Value)), directive->precision); break;
    default:  assert(!"unknown directive in a message"); break;
    }
}

Str *str_vformat(Thread *t, const char *format, va_list list)
{
    StrBuilder out;
    Arguments arguments;
    str_builder_init(&out, t);
    va_copy(arguments.list, list);
    while (*format) {
        const char *percent = strchrnul(format, '%');
        if (percent > format) {
            bool is_plain = characters_widest(format, 1, (size_t)(percent - format)) < 0x80;
            if (is_plain)
                str_builder_add_ascii(&out, format, (size_t)(percent - format));
            else
                add_c_string(&out, format, (int)(percent - format));
        }
        format = percent;
        if (*format == '%') {
            Directive directive;
            format = read_directive(format + 1, &directive, &arguments);
            add_directive(&out, &directive, &arguments);
        }
    }
    va_end(arguments.list);
    Value text = str_builder_finish(&out);
    return failed(text) ? NULL : as_str(text);
}

Str *str_format(Thread *t, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    Str *s = str_vformat(t, format, arguments);
    va_end(arguments);
    return s;
}
