/* mod_binascii.c - binascii: bytes as hexadecimal, base64, uuencoded and quoted-printable text and back; checksums.
 *
 * What        a2b_ and b2a_ of each, crc32, crc_hqx, Error, Incomplete. base64, quopri, uuid and zipfile stand on it.
 * How         Each conversion knows a bound for what it writes, makes a bytes of that size, fills it from the front and cuts it. Checksums
 *             take eight bytes a step by tables that the module makes when it is imported ("slicing").
 * GIL         held; crc32 drops it over much data.
 * Read next   stdlib/lib/base64.toy */
#include "vm/toy.h"

enum { LINE_MAX_BYTES = 45, QUOTED_LINE_MAX = 76, CRC_TABLES = 8, CRC_BLOCK_BYTES = 5 * 1024 };

typedef struct BinasciiState {
    ToyType *error;
    uint32_t crc[CRC_TABLES][256];      /* crc[k][b]: what byte b does when k more bytes come after it */
    uint16_t crc_hqx[256];
} BinasciiState;

static BinasciiState *state_of(ToyValue module) { return toy_module_state(module); }
static ToyValue fail(ToyThread *t, ToyValue module, const char *text) { return toy_raise_type(t, state_of(module)->error, "%s", text); }

/* ---- what comes in, what goes out ---- */

/* The bytes of a bytes-like object, or of a str of ASCII. */
typedef struct Input { ToyBuffer buffer; bool is_text; const uint8_t *data; size_t length; } Input;

static bool input_get(ToyThread *t, ToyValue v, Input *input)
{
    *input = (Input){.is_text = toy_is_str(v)};
    if (input->is_text) {
        unsigned width;
        input->data = toy_str_data(v, &width);
        input->length = toy_str_length(v);
        bool is_ascii = width == 1;
        for (size_t i = 0; is_ascii && i < input->length; i++) is_ascii = input->data[i] < 128;
        return is_ascii || toy_raise_false(t, TOY_ValueError, "string argument should contain only ASCII characters");
    }
    if (!toy_has_buffer(t, v)) return toy_raise_false(t, TOY_TypeError, "argument should be bytes, buffer or ASCII string, not '%T'", v);
    if (!toy_buffer_get(t, v, &input->buffer, 0)) return false;
    input->data = input->buffer.data;
    input->length = input->buffer.length;
    return true;
}
static void input_release(ToyThread *t, Input *input) { if (!input->is_text) toy_buffer_release(t, &input->buffer); }

/* Bytes that are being filled. */
typedef struct Output { ToyValue bytes; uint8_t *start, *at; } Output;

static bool output_begin(ToyThread *t, Output *output, size_t most)
{
    output->bytes = toy_bytes_new(t, most, &output->start);
    output->at = output->start;
    return toy_is_bound(output->bytes);
}
static ToyValue output_finish(ToyThread *t, Output *output) { return toy_bytes_cut(t, output->bytes, (size_t)(output->at - output->start)); }
static ToyValue output_abandon(Output *output) { return (toy_release(output->bytes), TOY_FAILED); }

/* ---- hexadecimal ---- */

static const char lower_digits[] = "0123456789abcdef", upper_digits[] = "0123456789ABCDEF";

static int digit_value(uint8_t c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* -1: none was given; -2: raised. */
static int separator(ToyThread *t, ToyValue v)
{
    size_t length;
    if (toy_is_unbound(v)) return -1;
    if (!toy_length(t, v, &length)) return -2;
    if (length != 1) return (toy_raise_value_error(t, "sep must be length 1."), -2);
    if (toy_is_bytes(v)) return *toy_bytes_data(v, &length);
    if (!toy_is_str(v)) return (toy_raise_type_error(t, "sep must be str or bytes."), -2);
    uint32_t c = toy_str_char(v, 0);
    return c < 256 ? (int)c : (toy_raise_value_error(t, "sep must be ASCII."), -2);
}

/* Separators after every so many bytes, counted from the right; below zero, from the left. */
static ToyValue hexlify(ToyThread *t, ToyValue module, const ToyValue *args)
{
    int every = 1, between = separator(t, args[1]);
    ToyBuffer buffer;
    Output output;
    if (between == -2 || !toy_arg_int(t, args[2], &every) || !toy_buffer_get(t, args[0], &buffer, 0)) return TOY_FAILED;
    size_t group = every < 0 ? -(size_t)every : (size_t)every;
    if (between < 0 || group == 0) group = SIZE_MAX;
    size_t first = every < 0 ? group : buffer.length % group ? buffer.length % group : group;   /* bytes before the first separator */
    ToyValue text = TOY_FAILED;
    if (output_begin(t, &output, buffer.length * 2 + buffer.length / group)) {
        for (size_t i = 0, left = first; i < buffer.length; i++, left--) {
            if (left == 0) {
                *output.at++ = (uint8_t)between;
                left = group;
            }
            *output.at++ = (uint8_t)lower_digits[buffer.data[i] >> 4];
            *output.at++ = (uint8_t)lower_digits[buffer.data[i] & 15];
        }
        text = output_finish(t, &output);
    }
    toy_buffer_release(t, &buffer);
    return text;
}

static ToyValue unhexlify(ToyThread *t, ToyValue module, const ToyValue *args)
{
    Input input;
    Output output;
    if (!input_get(t, args[0], &input)) return TOY_FAILED;
    ToyValue bytes = TOY_FAILED;
    if (input.length % 2) {
        fail(t, module, "Odd-length string");
    } else if (output_begin(t, &output, input.length / 2)) {
        int bits = 0;
        for (size_t i = 0; i < input.length && bits >= 0; i += 2) {
            int high = digit_value(input.data[i]), low = digit_value(input.data[i + 1]);
            bits = high < 0 || low < 0 ? -1 : high << 4 | low;
            *output.at++ = (uint8_t)bits;
        }
        bytes = bits >= 0 ? output_finish(t, &output) : output_abandon(&output);
        if (bits < 0) fail(t, module, "Non-hexadecimal digit found");
    }
    input_release(t, &input);
    return bytes;
}

/* ---- base64 ---- */

static const char base64_letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static int base64_value(uint8_t c)
{
    if (c >= 'A' && c <= 'Z') return c - 'A';
    if (c >= 'a' && c <= 'z') return c - 'a' + 26;
    if (c >= '0' && c <= '9') return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static ToyValue b2a_base64(ToyThread *t, ToyValue module, const ToyValue *args)
{
    bool newline = true;
    ToyBuffer buffer;
    Output output;
    if (!toy_arg_bool(t, args[1], &newline) || !toy_buffer_get(t, args[0], &buffer, 0)) return TOY_FAILED;
    ToyValue text = TOY_FAILED;
    if (output_begin(t, &output, (buffer.length + 2) / 3 * 4 + newline)) {
        const uint8_t *at = buffer.data, *end = at + buffer.length;
        for (; at < end; at += 3) {
            bool has_second = end - at > 1, has_third = end - at > 2;
            uint32_t bits = (uint32_t)at[0] << 16 | (has_second ? (uint32_t)at[1] << 8 : 0) | (has_third ? at[2] : 0);
            *output.at++ = (uint8_t)base64_letters[bits >> 18];
            *output.at++ = (uint8_t)base64_letters[bits >> 12 & 63];
            *output.at++ = has_second ? (uint8_t)base64_letters[bits >> 6 & 63] : '=';
            *output.at++ = has_third ? (uint8_t)base64_letters[bits & 63] : '=';
        }
        if (newline) *output.at++ = '\n';
        text = output_finish(t, &output);
    }
    toy_buffer_release(t, &buffer);
    return text;
}

/* Loosely: what is no letter is passed over, and the first complete padding ends it. Strictly: neither may be there but at the end.
 * NULL, or what is wrong; "": the number of letters. */
static const char *read_base64(const Input *input, bool is_strict, Output *output)
{
    uint32_t bits = 0;
    int place = 0, pads = 0;   /* letters since the last group of four, and = since the last letter */
    bool has_padding = false;
    if (is_strict && input->length && input->data[0] == '=') return "Leading padding not allowed";
    for (size_t i = 0; i < input->length; i++) {
        if (input->data[i] == '=') {
            has_padding = true;
            if (place >= 2 && place + ++pads >= 4) return is_strict && i + 1 < input->length ? "Excess data after padding" : NULL;
            if (is_strict && place == 0) return "Excess padding not allowed";
            continue;
        }
        int value = base64_value(input->data[i]);
        if (value < 0) {
            if (is_strict) return "Only base64 data is allowed";
            continue;
        }
        if (is_strict && has_padding) return "Discontinuous padding not allowed";
        pads = 0;
        bits = bits << 6 | (uint32_t)value;
        if (place) *output->at++ = (uint8_t)(bits >> (6 - 2 * place));
        place = (place + 1) % 4;
    }
    return place == 0 ? NULL : place == 1 ? "" : "Incorrect padding";
}

static ToyValue a2b_base64(ToyThread *t, ToyValue module, const ToyValue *args)
{
    bool is_strict = false;
    Input input;
    Output output;
    if (!toy_arg_bool(t, args[1], &is_strict) || !input_get(t, args[0], &input)) return TOY_FAILED;
    ToyValue bytes = TOY_FAILED;
    if (output_begin(t, &output, (input.length + 3) / 4 * 3)) {
        const char *problem = read_base64(&input, is_strict, &output);
        size_t letters = (size_t)(output.at - output.start) / 3 * 4 + 1;
        bytes = problem ? output_abandon(&output) : output_finish(t, &output);
        if (problem && *problem)
            fail(t, module, problem);
        else if (problem)
            toy_raise_type(t, state_of(module)->error,
                           "Invalid base64-encoded string: number of data characters (%zu) cannot be 1 more than a multiple of 4", letters);
    }
    input_release(t, &input);
    return bytes;
}

/* ---- uuencode: a line is its length, then four characters for three bytes; each is 32 more than its six bits ---- */

static ToyValue b2a_uu(ToyThread *t, ToyValue module, const ToyValue *args)
{
    bool backtick = false;   /* 0 as `, not as the space that mailers eat */
    ToyBuffer buffer;
    Output output;
    if (!toy_arg_bool(t, args[1], &backtick) || !toy_buffer_get(t, args[0], &buffer, 0)) return TOY_FAILED;
    ToyValue text = TOY_FAILED;
    if (buffer.length > LINE_MAX_BYTES) {
        fail(t, module, "At most 45 bytes at once");
    } else if (output_begin(t, &output, 2 + (buffer.length + 2) / 3 * 4)) {
        uint8_t zero = backtick ? '`' : ' ';
        *output.at++ = buffer.length ? (uint8_t)(' ' + buffer.length) : zero;
        for (size_t i = 0; i < buffer.length; i += 3) {
            uint32_t bits = 0;
            for (size_t k = i; k < i + 3; k++) bits = bits << 8 | (k < buffer.length ? buffer.data[k] : 0);
            for (int shift = 18; shift >= 0; shift -= 6) *output.at++ = bits >> shift & 63 ? (uint8_t)(' ' + (bits >> shift & 63)) : zero;
        }
        *output.at++ = '\n';
        text = output_finish(t, &output);
    }
    toy_buffer_release(t, &buffer);
    return text;
}

/* What is missing at the end of the line was spaces, once. */
static const char *read_uu(const Input *input, size_t length, Output *output)
{
    size_t at = 1;
    uint32_t bits = 0;
    for (unsigned count = 0; (size_t)(output->at - output->start) < length; at++) {
        uint8_t c = at < input->length ? input->data[at] : '\n';
        if (c == '\n' || c == '\r') c = ' ';
        if (c < ' ' || c > ' ' + 64) return "Illegal char";
        bits = bits << 6 | ((uint32_t)(c - ' ') & 63);
        count = (count + 1) % 4;
        if (count != 1) *output->at++ = (uint8_t)(bits >> (count ? 8 - 2 * count : 0));
    }
    for (; at < input->length; at++)
        if (!memchr(" `\r\n", input->data[at], 4)) return "Trailing garbage";
    return NULL;
}

static ToyValue a2b_uu(ToyThread *t, ToyValue module, const ToyValue *args)
{
    Input input;
    Output output;
    if (!input_get(t, args[0], &input)) return TOY_FAILED;
    size_t length = ((input.length ? input.data[0] : 0) - (unsigned)' ') & 63;
    ToyValue bytes = TOY_FAILED;
    if (output_begin(t, &output, length)) {
        const char *problem = read_uu(&input, length, &output);
        bytes = problem ? output_abandon(&output) : output_finish(t, &output);
        if (problem) fail(t, module, problem);
    }
    input_release(t, &input);
    return bytes;
}

/* ---- quoted-printable ---- */

static ToyValue a2b_qp(ToyThread *t, ToyValue module, const ToyValue *args)
{
    bool is_header = false;
    Input input;
    Output output;
    if (!toy_arg_bool(t, args[1], &is_header) || !input_get(t, args[0], &input)) return TOY_FAILED;
    ToyValue bytes = TOY_FAILED;
    if (output_begin(t, &output, input.length)) {
        const uint8_t *at = input.data, *end = at + input.length;
        while (at < end) {
            uint8_t c = *at++;
            if (c != '=') {
                *output.at++ = is_header && c == '_' ? ' ' : c;
            } else if (at == end) {
                break;
            } else if (*at == '\n' || *at == '\r') {   /* a soft line break: all to the end of the line */
                const uint8_t *newline = memchr(at, '\n', (size_t)(end - at));
                at = newline ? newline + 1 : end;
            } else if (end - at >= 2 && digit_value(at[0]) >= 0 && digit_value(at[1]) >= 0) {
                *output.at++ = (uint8_t)(digit_value(at[0]) << 4 | digit_value(at[1]));
                at += 2;
            } else {
                at += *at == '=';
                *output.at++ = '=';
            }
        }
        bytes = output_finish(t, &output);
    }
    input_release(t, &input);
    return bytes;
}

typedef struct Quoting { bool tabs, is_text, is_header, has_crlf; } Quoting;

static void put_quoted(Output *output, uint8_t c)
{
    *output->at++ = '=';
    *output->at++ = (uint8_t)upper_digits[c >> 4];
    *output->at++ = (uint8_t)upper_digits[c & 15];
}
static void put_newline(Output *output, const Quoting *how)
{
    if (how->has_crlf) *output->at++ = '\r';
    *output->at++ = '\n';
}

/* [column]: characters that the line has so far. */
static bool must_quote(const Quoting *how, const uint8_t *at, const uint8_t *end, size_t column)
{
    bool is_last = at + 1 == end;
    switch (*at) {
    case '=': return true;
    case '_': return how->is_header;
    case '.': return column == 0 && (is_last || at[1] == '\n' || at[1] == '\r' || at[1] == 0);   /* alone in a line it ends a mail */
    case '\r': case '\n': return !how->is_text;
    case '\t': case ' ': return is_last || how->tabs;
    default: return *at > 126 || *at < 33;
    }
}

static void write_quoted(const Quoting *how, const uint8_t *at, const uint8_t *end, Output *output)
{
    size_t column = 0;
    while (at < end) {
        bool quotes = must_quote(how, at, end, column);
        bool is_break = !quotes && how->is_text && (*at == '\n' || (*at == '\r' && at + 1 < end && at[1] == '\n'));
        if (is_break) {
            uint8_t before = output->at > output->start ? output->at[-1] : 0;
            if (before == ' ' || before == '\t') {   /* would be lost at the end of a line */
                output->at--;
                put_quoted(output, before);
            }
            put_newline(output, how);
            at += *at == '\r' ? 2 : 1;
            column = 0;
            continue;
        }
        bool fits = quotes ? column + 3 < QUOTED_LINE_MAX : at + 1 == end || at[1] == '\n' || column + 1 < QUOTED_LINE_MAX;
        if (!fits) {
            *output->at++ = '=';
            put_newline(output, how);
            column = 0;
        }
        column += quotes ? 3 : 1;
        if (quotes)
            put_quoted(output, *at);
        else
            *output->at++ = how->is_header && *at == ' ' ? '_' : *at;
        at++;
    }
}

static ToyValue b2a_qp(ToyThread *t, ToyValue module, const ToyValue *args)
{
    Quoting how = {.is_text = true};
    ToyBuffer buffer;
    Output output;
    if (!toy_arg_bool(t, args[1], &how.tabs) || !toy_arg_bool(t, args[2], &how.is_text) || !toy_arg_bool(t, args[3], &how.is_header) ||
        !toy_buffer_get(t, args[0], &buffer, 0))
        return TOY_FAILED;
    const uint8_t *newline = memchr(buffer.data, '\n', buffer.length);
    how.has_crlf = newline && newline > buffer.data && newline[-1] == '\r';
    ToyValue text = TOY_FAILED;
    /* Three for one, and a soft break of three for every 73. */
    if (output_begin(t, &output, buffer.length * 3 + buffer.length * 3 / 24 + 8)) {
        write_quoted(&how, buffer.data, buffer.data + buffer.length, &output);
        text = output_finish(t, &output);
    }
    toy_buffer_release(t, &buffer);
    return text;
}

/* ---- checksums ---- */

static void make_tables(BinasciiState *state)
{
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte, hqx = byte << 8;
        for (int bit = 0; bit < 8; bit++) {
            crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
            hqx = hqx << 1 ^ (hqx & 0x8000 ? 0x1021 : 0);
        }
        state->crc[0][byte] = crc;
        state->crc_hqx[byte] = (uint16_t)hqx;
    }
    for (int k = 1; k < CRC_TABLES; k++)
        for (int byte = 0; byte < 256; byte++) {
            uint32_t crc = state->crc[k - 1][byte];
            state->crc[k][byte] = crc >> 8 ^ state->crc[0][crc & 255];
        }
}

static uint32_t crc32_of(const BinasciiState *state, const uint8_t *at, size_t length, uint32_t crc)
{
    crc = ~crc;
    for (; length >= 8; length -= 8, at += 8) {
        uint64_t word;
        memcpy(&word, at, sizeof word);
        word ^= crc;
        crc = 0;
        for (int k = 0; k < 8; k++) crc ^= state->crc[7 - k][word >> (8 * k) & 255];
    }
    for (; length; length--) crc = crc >> 8 ^ state->crc[0][(crc ^ *at++) & 255];
    return ~crc;
}

/* The low bits of an int of any size. UNBOUND leaves *bits. */
static bool arg_low_bits(ToyThread *t, ToyValue v, uint32_t mask, uint32_t *bits)
{
    int64_t n = 0;
    if (toy_is_unbound(v)) return true;
    ToyValue number = toy_index(t, v);
    ToyValue low = toy_failed(number) ? TOY_FAILED : toy_operate(t, TOY_AND, number, toy_small_int_value(mask));
    toy_release(number);
    if (toy_failed(low) || !toy_arg_int64(t, low, &n)) return false;
    *bits = (uint32_t)n;
    return true;
}

static ToyValue crc32(ToyThread *t, ToyValue module, const ToyValue *args)
{
    uint32_t crc = 0;
    ToyBuffer buffer;
    if (!toy_buffer_get(t, args[0], &buffer, 0)) return TOY_FAILED;
    bool done = arg_low_bits(t, args[1], UINT32_MAX, &crc);
    if (done) {
        bool is_long = buffer.length > CRC_BLOCK_BYTES;
        if (is_long) toy_block_begin(t, "crc32");
        crc = crc32_of(state_of(module), buffer.data, buffer.length, crc);
        if (is_long) toy_block_end(t);
    }
    toy_buffer_release(t, &buffer);
    return done ? toy_int(t, crc) : TOY_FAILED;
}

static ToyValue crc_hqx(ToyThread *t, ToyValue module, const ToyValue *args)
{
    uint32_t crc = 0;
    ToyBuffer buffer;
    if (!toy_buffer_get(t, args[0], &buffer, 0)) return TOY_FAILED;
    bool done = arg_low_bits(t, args[1], 0xffff, &crc);
    for (size_t i = 0; done && i < buffer.length; i++)
        crc = (crc << 8 & 0xff00) ^ state_of(module)->crc_hqx[crc >> 8 ^ buffer.data[i]];
    toy_buffer_release(t, &buffer);
    return done ? toy_int(t, crc) : TOY_FAILED;
}

/* ---- tables ---- */

static const char hexlify_doc[] = "Return the bytes as hexadecimal digits, a separator after every so many bytes.";
static const char unhexlify_doc[] = "Return the bytes that the hexadecimal digits stand for.";
static const ToyFunction functions[] = {
    TOY_FUNCTION("hexlify", hexlify, "(data, sep=<unrepresentable>, bytes_per_sep=1)", 0, hexlify_doc),
    TOY_FUNCTION("b2a_hex", hexlify, "(data, sep=<unrepresentable>, bytes_per_sep=1)", 0, hexlify_doc),
    TOY_FUNCTION("unhexlify", unhexlify, "(hexstr, /)", 0, unhexlify_doc),
    TOY_FUNCTION("a2b_hex", unhexlify, "(hexstr, /)", 0, unhexlify_doc),
    TOY_FUNCTION("b2a_base64", b2a_base64, "(data, /, *, newline=True)", 0, "Return the bytes as one line of base64."),
    TOY_FUNCTION("a2b_base64", a2b_base64, "(data, /, *, strict_mode=False)", 0, "Return the bytes of base64 text; what is no base64 is an error, or ignored."),
    TOY_FUNCTION("b2a_uu", b2a_uu, "(data, /, *, backtick=False)", 0, "Return at most 45 bytes as a uuencoded line."),
    TOY_FUNCTION("a2b_uu", a2b_uu, "(data, /)", 0, "Return the bytes of a uuencoded line."),
    TOY_FUNCTION("b2a_qp", b2a_qp, "(data, quotetabs=False, istext=True, header=False)", 0, "Return the bytes as quoted-printable text."),
    TOY_FUNCTION("a2b_qp", a2b_qp, "(data, header=False)", 0, "Return the bytes of quoted-printable text."),
    TOY_FUNCTION("crc32", crc32, "(data, crc=0, /)", 0, "Return the CRC-32 of the bytes, going on from a previous one."),
    TOY_FUNCTION("crc_hqx", crc_hqx, "(data, crc, /)", 0, "Return the CRC-CCITT of the bytes, going on from a previous one."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    BinasciiState *state = toy_module_state(toy_module_value(module));
    make_tables(state);
    state->error = toy_exception_new(t, "binascii.Error", toy_exception_type(t, TOY_ValueError));
    return toy_module_add_type(t, module, state->error) &&
           toy_module_add_type(t, module, toy_exception_new(t, "binascii.Incomplete", toy_exception_type(t, TOY_Exception)));
}

const ToyModule toy_module_binascii = {
    .name = "binascii",
    .doc = "Bytes as text of printable characters and back.",
    .functions = functions,
    .state_size = sizeof(BinasciiState),
    .init = init,
};
