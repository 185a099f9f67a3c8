/* bytes_case.c - bytes as ASCII text: case, what they consist of, padding.
 *
 * What        The methods of bytes and bytearray that see letters.
 * How         Bytes above 0x7f are no letters here: these methods serve protocols whose words are ASCII.
 * GIL         held.
 * Read next   str_case.c */
#include "vm/base/buffer.h"
#include "vm/object/bytes_methods.h"
#include "vm/object/exception.h"

static bool is_upper(uint8_t c) { return c >= 'A' && c <= 'Z'; }
static bool is_lower(uint8_t c) { return c >= 'a' && c <= 'z'; }
static bool is_letter(uint8_t c) { return is_upper(c) || is_lower(c); }
static bool is_number(uint8_t c) { return c >= '0' && c <= '9'; }
static bool is_letter_or_number(uint8_t c) { return is_letter(c) || is_number(c); }
static bool is_blank(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r'); }
static uint8_t to_lower(uint8_t c) { return is_upper(c) ? c | 0x20 : c; }
static uint8_t to_upper(uint8_t c) { return is_lower(c) ? c & 0xdf : c; }
static uint8_t to_other(uint8_t c) { return is_letter(c) ? c ^ 0x20 : c; }

/* ---- case ---- */

/* A copy that may be changed before anybody sees it: so not one that is shared. */
static Value copy(Thread *t, Value self, uint8_t **data)
{
    ByteSpan span = span_of(self);
    bool may_be_shared = !is_bytearray(self) && span.length == 1;
    Value result = may_be_shared ? object_value(bytes_new(t, 1)) : bytes_like(t, self, span.data, span.length);
    if (failed(result))
        return FAILED;
    *data = (uint8_t *)span_of(result).data;
    if (may_be_shared)
        **data = *span.data;
    return result;
}

static Value map(Thread *t, Value self, uint8_t (*change)(uint8_t c))
{
    uint8_t *data;
    Value result = copy(t, self, &data);
    for (size_t i = 0; !failed(result) && i < span_of(self).length; i++)
        data[i] = change(data[i]);
    return result;
}

Value bytes_method_lower(Thread *t, Value self, const Value *args) { return map(t, self, to_lower); }
Value bytes_method_upper(Thread *t, Value self, const Value *args) { return map(t, self, to_upper); }
Value bytes_method_swapcase(Thread *t, Value self, const Value *args) { return map(t, self, to_other); }

Value bytes_method_capitalize(Thread *t, Value self, const Value *args)
{
    uint8_t *data;
    Value result = copy(t, self, &data);
    for (size_t i = 0; !failed(result) && i < span_of(self).length; i++)
        data[i] = i == 0 ? to_upper(data[i]) : to_lower(data[i]);
    return result;
}

Value bytes_method_title(Thread *t, Value self, const Value *args)
{
    uint8_t *data;
    bool in_word = false;
    Value result = copy(t, self, &data);
    for (size_t i = 0; !failed(result) && i < span_of(self).length; i++) {
        bool was_letter = is_letter(data[i]);
        data[i] = in_word ? to_lower(data[i]) : to_upper(data[i]);
        in_word = was_letter;
    }
    return result;
}

/* ---- what they consist of ---- */

static Value is_all(Value self, bool (*claim)(uint8_t c))
{
    ByteSpan span = span_of(self);
    for (size_t i = 0; i < span.length; i++) {
        if (!claim(span.data[i]))
            return FALSE;
    }
    return bool_value(span.length > 0);
}

Value bytes_method_isalnum(Thread *t, Value self, const Value *args) { return is_all(self, is_letter_or_number); }
Value bytes_method_isalpha(Thread *t, Value self, const Value *args) { return is_all(self, is_letter); }
Value bytes_method_isdigit(Thread *t, Value self, const Value *args) { return is_all(self, is_number); }
Value bytes_method_isspace(Thread *t, Value self, const Value *args) { return is_all(self, is_blank); }

Value bytes_method_isascii(Thread *t, Value self, const Value *args)
{
    ByteSpan span = span_of(self);
    for (size_t i = 0; i < span.length; i++) {
        if (span.data[i] & 0x80)
            return FALSE;
    }
    return TRUE;
}

static Value has_case(Value self, bool (*wanted)(uint8_t c), bool (*unwanted)(uint8_t c))
{
    ByteSpan span = span_of(self);
    bool found = false;
    for (size_t i = 0; i < span.length; i++) {
        if (unwanted(span.data[i]))
            return FALSE;
        found = found || wanted(span.data[i]);
    }
    return bool_value(found);
}

Value bytes_method_islower(Thread *t, Value self, const Value *args) { return has_case(self, is_lower, is_upper); }
Value bytes_method_isupper(Thread *t, Value self, const Value *args) { return has_case(self, is_upper, is_lower); }

Value bytes_method_istitle(Thread *t, Value self, const Value *args)
{
    ByteSpan span = span_of(self);
    bool found = false, in_word = false;
    for (size_t i = 0; i < span.length; i++) {
        uint8_t c = span.data[i];
        if ((is_upper(c) && in_word) || (is_lower(c) && !in_word))
            return FALSE;
        in_word = is_letter(c);
        found = found || in_word;
    }
    return bool_value(found);
}

/* ---- padding ---- */

static bool read_fill(Thread *t, const char *name, Value v, uint8_t *fill)
{
    *fill = ' ';
    if (is_unbound(v))
        return true;
    if ((!is_bytes(v) && !is_bytearray(v)) || span_of(v).length != 1)
        return raise_false(t, EXC_TypeError, "%s() argument 2 must be a byte string of length 1, not %N", name, v);
    *fill = span_of(v).data[0];
    return true;
}

static Value pad(Thread *t, Value self, size_t left, size_t right, uint8_t fill)
{
    ByteSpan span = span_of(self);
    if (left == 0 && right == 0)
        return bytes_slice(t, self, 0, span.length);
    if (left + right > (size_t)PTRDIFF_MAX - span.length)
        return raise_memory_error(t);
    Value result = is_bytearray(self) ? bytearray_from(t, NULL, left + span.length + right) : object_value(bytes_new(t, left + span.length + right));
    if (failed(result))
        return FAILED;
    uint8_t *data = (uint8_t *)span_of(result).data;
    memset(data, fill, left);
    memcpy(data + left, span.data, span.length);
    memset(data + left + span.length, fill, right);
    return result;
}

typedef enum Side { SIDE_LEFT, SIDE_RIGHT, SIDE_BOTH } Side;

static Value justify(Thread *t, Value self, const Value *args, const char *name, Side padded)
{
    int64_t width;
    uint8_t fill;
    if (!arg_size(t, args[0], &width) || !read_fill(t, name, args[1], &fill))
        return FAILED;
    size_t length = span_of(self).length, padding = width > (int64_t)length ? (size_t)width - length : 0;
    if (padded == SIDE_BOTH) {
        size_t left = padding / 2 + (padding & (size_t)width & 1);
        return pad(t, self, left, padding - left, fill);
    }
    return padded == SIDE_LEFT ? pad(t, self, padding, 0, fill) : pad(t, self, 0, padding, fill);
}

Value bytes_method_center(Thread *t, Value self, const Value *args) { return justify(t, self, args, "center", SIDE_BOTH); }
Value bytes_method_ljust(Thread *t, Value self, const Value *args) { return justify(t, self, args, "ljust", SIDE_RIGHT); }
Value bytes_method_rjust(Thread *t, Value self, const Value *args) { return justify(t, self, args, "rjust", SIDE_LEFT); }

Value bytes_method_zfill(Thread *t, Value self, const Value *args)
{
    int64_t width;
    if (!arg_size(t, args[0], &width))
        return FAILED;
    size_t length = span_of(self).length, padding = width > (int64_t)length ? (size_t)width - length : 0;
    Value result = pad(t, self, padding, 0, '0');
    if (failed(result) || padding == 0 || length == 0)
        return result;
    uint8_t *data = (uint8_t *)span_of(result).data;
    if (data[padding] == '+' || data[padding] == '-') {  /* the sign goes in front of the zeros */
        data[0] = data[padding];
        data[padding] = '0';
    }
    return result;
}

Value bytes_method_expandtabs(Thread *t, Value self, const Value *args)
{
    int64_t tab_size = 8;
    if (!arg_int64(t, args[0], &tab_size))
        return FAILED;
    if (tab_size > INT32_MAX || tab_size < INT32_MIN)
        return raise_error(t, EXC_OverflowError, "Python int too large to convert to C int");
    ByteSpan span = span_of(self);
    Buffer out;
    buffer_init(&out, &t->interp->memory);
    size_t column = 0;
    for (size_t i = 0; i < span.length && buffer_ok(&out); i++) {
        uint8_t c = span.data[i];
        if (c != '\t') {
            buffer_add_byte(&out, c);
            column = c == '\n' || c == '\r' ? 0 : column + 1;
        } else if (tab_size > 0) {
            size_t blanks = (size_t)tab_size - column % (size_t)tab_size;
            char *to = buffer_reserve(&out, blanks);
            if (to) {
                memset(to, ' ', blanks);
                buffer_advance(&out, blanks);
            }
            column += blanks;
        }
    }
    Value result = buffer_ok(&out) ? bytes_like(t, self, out.data, out.length) : raise_memory_error(t);
    buffer_free(&out);
    return result;
}
