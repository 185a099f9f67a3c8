/* percent.c - "%-8s|%5.1f" % (name, x), for str and bytes.
 *
 * What        percent.h.
 * How         %[(key)][flags][width][.precision][length]code. One Directive after another is read, its argument fetched (from the tuple,
 *             from the mapping by key, or the one value itself), turned into text, and laid out in its width.
 *             bytes are formatted as text of Latin-1 characters, which are bytes again in the end: so there is one
 *             reader, and only the conversions %s %b %c %a %r ask which of the two it is for.
 * Invariants  I1 all arguments of a tuple must be used; of a mapping, none needs to be.
 * GIL         held.
 * Read next   format.c */
#include "vm/object/percent.h"

#include <limits.h>
#include <math.h>

#include "vm/base/float_text.h"
#include "vm/object/bigint.h"
#include "vm/object/buffer_view.h"
#include "vm/object/bytes.h"
#include "vm/object/exception.h"
#include "vm/object/float_methods.h"
#include "vm/object/heap.h"
#include "vm/object/list.h"
#include "vm/object/protocol.h"

typedef struct Reader {
    Thread *t;
    Str *format;
    size_t at;
    bool for_bytes;
    Value args;             /* BORROWED: the right operand */
    Value mapping;          /* BORROWED: args if it may be asked for keys, or UNBOUND */
    size_t next, count;     /* arguments of a tuple; a lone value counts as one */
    Value keyed;            /* owned: what the key of this directive gave, or UNBOUND */
    bool has_keyed;
    StrBuilder out;
} Reader;

typedef struct Directive {
    bool left, plus, space, alternate, zero;
    int64_t width, precision;   /* -1: none */
    uint32_t code;
    size_t code_at;
} Directive;

/* ---- arguments ---- */

/* BORROWED; UNBOUND: raised. */
static Value next_argument(Reader *r)
{
    if (r->has_keyed) {
        r->has_keyed = false;
        return r->keyed;
    }
    if (r->next < r->count) {
        size_t i = r->next++;
        return is_tuple(r->args) ? as_tuple(r->args)->items[i] : r->args;
    }
    raise_type_error(r->t, "not enough arguments for format string");
    return UNBOUND;
}

/* The value behind "(key)". [at] is behind the opening bracket. */
static bool read_key(Reader *r)
{
    Thread *t = r->t;
    if (is_unbound(r->mapping))
        return raise_false(t, EXC_TypeError, "format requires a mapping");
    size_t start = r->at;
    int depth = 1;
    for (; r->at < r->format->length; r->at++) {
        uint32_t c = str_char(r->format, r->at);
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        if (depth == 0)
            break;
    }
    if (depth > 0)
        return raise_false(t, EXC_ValueError, "incomplete format key");
    Value key = str_slice(t, r->format, start, r->at);
    r->at++;
    if (!failed(key) && r->for_bytes) {
        Bytes *bytes = bytes_from(t, str_data(as_str(key)), as_str(key)->length);
        release(key);
        key = bytes ? object_value(bytes) : FAILED;
    }
    if (failed(key))
        return false;
    Value v = value_get_item(t, r->mapping, key);
    release(key);
    if (failed(v))
        return false;
    replace(&r->keyed, v);
    r->has_keyed = true;
    return true;
}

/* ---- reading a directive ---- */

static bool read_star(Reader *r, int64_t *number)
{
    Value v = next_argument(r);
    if (is_unbound(v))
        return false;
    if (!is_int(v))
        return raise_false(r->t, EXC_TypeError, "* wants int");
    return arg_size(r->t, v, number);
}

/* '*' or digits; false: raised. */
static bool read_number(Reader *r, int64_t *number, int64_t most, const char *too_big)
{
    *number = 0;
    if (r->at < r->format->length && str_char(r->format, r->at) == '*') {
        r->at++;
        return read_star(r, number);
    }
    for (; r->at < r->format->length; r->at++) {
        uint32_t c = str_char(r->format, r->at);
        if (c < '0' || c > '9')
            break;
        if (*number > (most - (int64_t)(c - '0')) / 10)
            return raise_false(r->t, EXC_ValueError, "%s", too_big);
        *number = *number * 10 + (int64_t)(c - '0');
    }
    return true;
}

static bool read_flag(Directive *d, uint32_t c)
{
    switch (c) {
    case '-': return d->left = true;
    case '+': return d->plus = true;
    case ' ': return d->space = true;
    case '#': return d->alternate = true;
    case '0': return d->zero = true;
    default:  return false;
    }
}

/* [at] is behind the percent sign. */
static bool read_directive(Reader *r, Directive *d)
{
    Str *format = r->format;
    *d = (Directive){.width = -1, .precision = -1};
    r->has_keyed = false;
    uint32_t first = r->at < format->length ? str_char(format, r->at) : 0;
    if (first == 's' || first == 'd') {     /* nearly all */
        d->code_at = r->at++;
        d->code = first;
        return true;
    }
    if (r->at < format->length && str_char(format, r->at) == '(') {
        r->at++;
        if (!read_key(r))
            return false;
    }
    while (r->at < format->length && read_flag(d, str_char(format, r->at)))
        r->at++;
    if (!read_number(r, &d->width, INT64_MAX, "width too big"))
        return false;
    if (d->width < 0) {
        d->left = true;
        d->width = d->width == INT64_MIN ? INT64_MAX : -d->width;
    }
    if (r->at < format->length && str_char(format, r->at) == '.') {
        r->at++;
        if (!read_number(r, &d->precision, INT_MAX, "precision too big"))
            return false;
        if (d->precision > INT_MAX)
            return raise_false(r->t, EXC_OverflowError, "Python int too large to convert to C int");
        if (d->precision < 0)
            d->precision = 0;
    }
    if (r->at < format->length && strchr("hlL", (int)(str_char(format, r->at) & 0x7f)) && str_char(format, r->at) < 128 &&
        str_char(format, r->at) != 0)
        r->at++;
    if (r->at >= format->length)
        return raise_false(r->t, EXC_ValueError, "incomplete format");
    d->code_at = r->at;
    d->code = str_char(format, r->at++);
    return true;
}

/* ---- layout ---- */

/* [sign] and [prefix] stand before zeros, but behind blanks. */
static void add_number(Reader *r, const Directive *d, char sign, const char *prefix, const char *digits, size_t length)
{
    size_t prefix_length = strlen(prefix), whole = length + prefix_length + (sign != 0);
    size_t padding = d->width > 0 && (size_t)d->width > whole ? (size_t)d->width - whole : 0;
    StrBuilder *out = &r->out;
    bool pads_zeros = d->zero && !d->left;
    if (!pads_zeros && !d->left)
        str_builder_add_repeated(out, ' ', padding);
    if (sign)
        str_builder_add_char(out, (uint32_t)sign);
    str_builder_add_ascii(out, prefix, prefix_length);
    if (pads_zeros)
        str_builder_add_repeated(out, '0', padding);
    str_builder_add_ascii(out, digits, length);
    if (d->left)
        str_builder_add_repeated(out, ' ', padding);
}

static char sign_of(const Directive *d, bool is_negative)
{
    return is_negative ? '-' : d->plus ? '+' : d->space ? ' ' : 0;
}

/* Takes the reference to [text]. */
static bool add_text(Reader *r, const Directive *d, TAKES Value text)
{
    if (failed(text))
        return false;
    Str *s = as_str(text);
    size_t length = d->precision >= 0 && (size_t)d->precision < s->length ? (size_t)d->precision : s->length;
    size_t padding = d->width > 0 && (size_t)d->width > length ? (size_t)d->width - length : 0;
    if (!d->left)
        str_builder_add_repeated(&r->out, ' ', padding);
    str_builder_add_slice(&r->out, s, 0, length);
    if (d->left)
        str_builder_add_repeated(&r->out, ' ', padding);
    release(text);
    return !r->out.has_failed;
}

/* ---- numbers ---- */

static bool is_number(Thread *t, Value v)
{
    const TypeSlots *slots = &value_type(t, v)->slots;
    return slots->index || slots->to_int || slots->to_float || has_payload(v, KIND_COMPLEX);
}

/* The int that %d, %x ... print; owned. */
static Value whole_number(Reader *r, Value v, const Directive *d)
{
    Thread *t = r->t;
    if (is_int(v))
        return retain(v);
    bool wants_int = d->code == 'o' || d->code == 'x' || d->code == 'X';
    Value n = FAILED;
    if (is_number(t, v)) {
        n = wants_int ? int_from_index(t, v) : value_call1(t, object_value(t->interp->types[KIND_INT]), v);
        if (!failed(n) || !raised_is(t, EXC_TypeError))
            return n;
        raised_clear(t);
    }
    if (wants_int)
        return raise_type_error(t, "%%%c format: an integer is required, not %T", (int)d->code, v);
    return raise_type_error(t, "%%%c format: a real number is required, not %T", r->for_bytes && d->code == 'i' ? 'd' : (int)d->code, v);
}

static bool add_whole_number(Reader *r, const Directive *d, Value v)
{
    Thread *t = r->t;
    unsigned base = d->code == 'o' ? 8 : (d->code | 0x20) == 'x' ? 16 : 10;
    Value n = whole_number(r, v, d);
    if (failed(n))
        return false;
    IntDigits digits;
    bool has_digits = int_digits(t, n, base, true, &digits);
    release(n);
    if (!has_digits)
        return false;
    for (size_t i = 0; d->code == 'X' && i < digits.length; i++) {
        if (digits.text[i] >= 'a')
            digits.text[i] = (char)(digits.text[i] - 'a' + 'A');
    }
    const char *prefix = !d->alternate || base == 10 ? "" : d->code == 'o' ? "0o" : d->code == 'x' ? "0x" : "0X";
    char sign = sign_of(d, digits.is_negative);
    if (d->precision > (int64_t)digits.length) {
        size_t length = (size_t)d->precision;
        char *padded = block_alloc(t, length);
        if (padded) {
            memset(padded, '0', length - digits.length);
            memcpy(padded + length - digits.length, digits.text, digits.length);
            add_number(r, d, sign, prefix, padded, length);
            block_free(t, padded, length);
        }
        has_digits = padded != NULL;
    } else {
        add_number(r, d, sign, prefix, digits.text, digits.length);
    }
    int_digits_free(t, &digits);
    return has_digits && !r->out.has_failed;
}

static bool add_float(Reader *r, const Directive *d, Value v)
{
    Thread *t = r->t;
    double x;
    bool is_real;
    if (!double_from_number(t, v, &x, &is_real))
        return false;
    if (!is_real && r->for_bytes)
        return raise_false(t, EXC_TypeError, "float argument required, not %T", v);
    if (!is_real)
        return raise_false(t, EXC_TypeError, "must be real number, not %T", v);
    /* Most texts are short: then they are written on the stack, and the buffer over it never grows. */
    enum { SHORT_TEXT = 160, SHORT_PRECISION = 64 };
    char place[SHORT_TEXT];
    bool is_short = d->precision <= SHORT_PRECISION && (fabs(x) < 1e16 || !isfinite(x));
    Buffer text;
    buffer_init(&text, &t->interp->memory);
    if (is_short)
        text = (Buffer){.memory = &t->interp->memory, .data = place, .capacity = sizeof place};
    float_format(&text, x, (char)d->code, d->precision < 0 ? 6 : (int)d->precision, d->alternate ? FLOAT_ALTERNATE : 0);
    bool is_good = buffer_ok(&text);
    if (is_good) {
        bool is_negative = text.length && text.data[0] == '-';
        add_number(r, d, sign_of(d, is_negative), "", text.data + is_negative, text.length - is_negative);
    } else {
        raise_memory_error(t);
    }
    if (!is_short)
        buffer_free(&text);
    return is_good && !r->out.has_failed;
}

/* ---- characters and texts ---- */

static bool add_character(Reader *r, const Directive *d, Value v)
{
    Thread *t = r->t;
    Directive layout = *d;
    layout.precision = -1;
    if (is_str(v) && !r->for_bytes) {
        if (as_str(v)->length != 1)
            return raise_false(t, EXC_TypeError, "%%c requires int or char");
        return add_text(r, &layout, retain(v));
    }
    if (r->for_bytes && (is_bytes(v) || has_payload(v, KIND_BYTEARRAY))) {
        const uint8_t *data = is_bytes(v) ? as_bytes(v)->data : ((ByteArray *)as_object(v))->data;
        size_t length = is_bytes(v) ? as_bytes(v)->length : ((ByteArray *)as_object(v))->length;
        if (length != 1)
            return raise_false(t, EXC_TypeError, "%%c requires an integer in range(256) or a single byte");
        return add_text(r, &layout, object_value(str_from_char(t, data[0])));
    }
    Value n = is_int(v) || value_type(t, v)->slots.index ? int_from_index(t, v) : UNBOUND;
    if (is_unbound(n)) {
        if (is_raised(t) && !raised_is(t, EXC_TypeError))
            return false;
        raised_clear(t);
        return raise_false(t, EXC_TypeError, r->for_bytes ? "%%c requires an integer in range(256) or a single byte"
                                                          : "%%c requires int or char");
    }
    int64_t c;
    int64_t most = r->for_bytes ? 0xff : 0x10ffff;
    bool fits = int_fits_int64(n, &c) && c >= 0 && c <= most;
    release(n);
    if (!fits)
        return raise_false(t, EXC_OverflowError, r->for_bytes ? "%%c arg not in range(256)" : "%%c arg not in range(0x110000)");
    Str *s = str_from_char(t, (uint32_t)c);
    return s && add_text(r, &layout, object_value(s));
}

/* The bytes of a bytes-like object, as Latin-1 text; owned. */
static Value bytes_as_text(Reader *r, Value v)
{
    Thread *t = r->t;
    Value bytes = UNBOUND;
    if (!is_bytes(v) && !has_payload(v, KIND_BYTEARRAY)) {
        Value method = value_find_special(t, v, NAME_OF(t, __bytes__));
        if (is_bound(method)) {
            bytes = value_call0(t, method);
            release(method);
            if (!failed(bytes) && !is_bytes(bytes)) {
                raise_type_error(t, "__bytes__ returned non-bytes (type %T)", bytes);
                release(bytes);
                return FAILED;
            }
        }
        if (is_raised(t))
            return FAILED;
        if (is_unbound(bytes) && !value_has_buffer(t, v))
            return raise_type_error(t, "%%b requires a bytes-like object, or an object that implements __bytes__, not '%T'", v);
    }
    BufferView view;
    Value text = FAILED;
    if (buffer_get(t, is_bound(bytes) ? bytes : v, &view, 0)) {
        text = str_decode(t, (const char *)view.data, view.length, "latin-1", NULL);
        buffer_release(t, &view);
    }
    release(bytes);
    return text;
}

static bool add_argument(Reader *r, const Directive *d, Value v)
{
    Thread *t = r->t;
    switch (d->code) {
    case 's': return add_text(r, d, r->for_bytes ? bytes_as_text(r, v) : value_str(t, v));
    case 'b':
        if (r->for_bytes)
            return add_text(r, d, bytes_as_text(r, v));
        break;
    case 'r': return add_text(r, d, r->for_bytes ? value_ascii(t, v) : value_repr(t, v));
    case 'a': return add_text(r, d, value_ascii(t, v));
    case 'c': return add_character(r, d, v);
    case 'd': case 'i': case 'u': case 'o': case 'x': case 'X': return add_whole_number(r, d, v);
    case 'e': case 'E': case 'f': case 'F': case 'g': case 'G': return add_float(r, d, v);
    default:  break;
    }
    return raise_false(t, EXC_ValueError, "unsupported format character '%c' (0x%x) at index %zu",
                       r->for_bytes || (d->code > 31 && d->code <= 126) ? (int)d->code : '?', (unsigned)d->code, d->code_at);
}

/* ---- the whole ---- */

/* Where the next percent sign stands; the length, if there is none. */
static size_t next_sign(const Reader *r)
{
    const Str *format = r->format;
    size_t at = r->at;
    while (at < format->length && str_char(format, at) != '%')
        at++;
    return at;
}

static bool run(Reader *r)
{
    Str *format = r->format;
    while (r->at < format->length) {
        size_t sign = next_sign(r);
        str_builder_add_slice(&r->out, format, r->at, sign);
        r->at = sign + 1;
        if (sign == format->length)
            break;
        if (r->at < format->length && str_char(format, r->at) == '%') {
            str_builder_add_char(&r->out, '%');
            r->at++;
            continue;
        }
        Directive d;
        if (!read_directive(r, &d))
            return false;
        Value v = next_argument(r);
        if (is_unbound(v) || !add_argument(r, &d, v))
            return false;
    }
    if (r->next < r->count && is_unbound(r->mapping))  /* I1 */
        return raise_false(r->t, EXC_TypeError, "not all arguments converted during %s formatting", r->for_bytes ? "bytes" : "string");
    return true;
}

static Value format_with(Thread *t, Str *format, Value args, bool for_bytes)
{
    Reader r = {.t = t, .format = format, .for_bytes = for_bytes, .args = args, .count = 1};
    bool is_text = is_str(args) || (for_bytes && (is_bytes(args) || has_payload(args, KIND_BYTEARRAY)));
    if (is_tuple(args))
        r.count = as_tuple(args)->count;
    else if (!is_text && value_type(t, args)->slots.get_item)
        r.mapping = args;
    str_builder_init(&r.out, t);
    bool is_good = run(&r);
    release(r.keyed);
    if (is_good)
        return str_builder_finish(&r.out);
    str_builder_abandon(&r.out);
    return FAILED;
}

Value percent_format(Thread *t, Str *format, Value args)
{
    return format_with(t, format, args, false);
}

Value percent_format_bytes(Thread *t, const void *data, size_t length, Value args)
{
    Value format = str_decode(t, data, length, "latin-1", NULL);
    Value text = failed(format) ? FAILED : format_with(t, as_str(format), args, true);
    release(format);
    if (failed(text))
        return FAILED;
    Bytes *bytes = bytes_from(t, str_data(as_str(text)), as_str(text)->length);
    release(text);
    return bytes ? object_value(bytes) : FAILED;
}
