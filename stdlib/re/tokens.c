/* tokens.c - the characters of a pattern or template, one by one, and what is wrong with them.
 *
 * What        token_get and its like, numbers and names in brackets, PatternError with its place.
 * How         A token is a character, or a backslash and the character behind it. One token is always read ahead: a lone backslash at
 *             the end is complained about before anything that stands in front of it, as CPython has it.
 * Invariants  I1 after an error every token is TOKEN_END, so that loops end by themselves; the first error is the one that is raised.
 * GIL         held.
 * Read next   parse.c, template.c */
#include "stdlib/re/re.h"

/* ==== errors ================================================================================================================ */

ToyValue regex_raise(ToyThread *t, TOY_TAKES ToyValue message, ToyValue pattern, size_t place)
{
    ToyValue at = place == SIZE_MAX ? TOY_NONE : toy_int(t, (int64_t)place);
    ToyValue type = toy_failed(message) || toy_failed(at) ? TOY_FAILED : toy_import_from(t, "re", "PatternError");
    ToyValue error = TOY_FAILED;
    if (!toy_failed(type)) error = toy_call(t, type, (ToyValue[]){message, place == SIZE_MAX ? TOY_NONE : pattern, at}, 3);
    toy_release(message);
    toy_release(at);
    toy_release(type);
    return toy_failed(error) ? TOY_FAILED : toy_raise_instance(t, error);
}

/* What a pattern of bytes is told is ASCII. */
static ToyValue ascii_only(ToyThread *t, TOY_TAKES ToyValue message)
{
    ToyValue bytes = toy_failed(message) ? TOY_FAILED : toy_str_encode(t, message, "ascii", "backslashreplace");
    toy_release(message);
    if (toy_failed(bytes)) return TOY_FAILED;
    size_t length;
    const uint8_t *data = toy_bytes_data(bytes, &length);
    ToyValue text = toy_str_from_latin1(t, (const char *)data, length);
    toy_release(bytes);
    return text;
}

static void fail(Parser *p)
{
    p->has_failed = true;
    p->next = (Token){TOKEN_END, false};
    p->next_length = 0;
}

bool parse_error(Parser *p, size_t back, const char *format, ...)
{
    if (p->has_failed) return false;
    va_list arguments;
    va_start(arguments, format);
    ToyValue message = toy_str_vformat(p->t, format, arguments);
    va_end(arguments);
    if (!p->is_str) message = ascii_only(p->t, message);
    regex_raise(p->t, message, p->pattern, p->at - back);
    fail(p);
    return false;
}

bool parse_error_text(Parser *p, size_t back, const char *format, size_t from, size_t to)
{
    if (p->has_failed) return false;
    ToyValue part = toy_str_slice(p->t, p->text, from, to);
    if (toy_failed(part)) fail(p);
    else parse_error(p, back, format, part);
    toy_release(part);
    return false;
}

bool parse_failed(Parser *p)
{
    fail(p);
    return false;
}

/* ==== tokens ================================================================================================================ */

static uint32_t character(const Parser *p, size_t at)
{
    if (p->width == 1) return ((const uint8_t *)p->data)[at];
    return p->width == 2 ? ((const uint16_t *)p->data)[at] : ((const uint32_t *)p->data)[at];
}

static void look_ahead(Parser *p)
{
    p->next = (Token){TOKEN_END, false};
    p->next_length = 0;
    if (p->at >= p->length) return;
    p->next.c = character(p, p->at);
    p->next_length = 1;
    if (p->next.c != '\\') return;
    if (p->at + 1 >= p->length) {
        parse_error(p, 0, "bad escape (end of pattern)");
        return;
    }
    p->next = (Token){character(p, p->at + 1), true};
    p->next_length = 2;
}

void tokens_begin(Parser *p, ToyValue text)
{
    p->text = text;
    p->data = toy_str_data(text, &p->width);
    p->length = toy_str_length(text);
    p->at = 0;
    look_ahead(p);
}

Token token_get(Parser *p)
{
    Token token = p->next;
    if (p->has_failed) return token;
    p->at += p->next_length;
    look_ahead(p);
    return token;
}

void token_go_back(Parser *p, size_t at)
{
    if (p->has_failed) return;
    p->at = at;
    look_ahead(p);
}

bool token_accept(Parser *p, uint32_t c)
{
    if (!token_is(p->next, c)) return false;
    token_get(p);
    return true;
}

ToyValue tokens_until(Parser *p, uint32_t terminator, const char *what)
{
    size_t start = p->at;
    for (;;) {
        size_t end = p->at;
        Token token = token_get(p);
        if (p->has_failed) return TOY_FAILED;
        if (token_is_end(token)) {
            if (end == start) parse_error(p, 0, "missing %s", what);
            else parse_error(p, end - start, "missing %c, unterminated name", (int)terminator);
            return TOY_FAILED;
        }
        if (!token_is(token, terminator)) continue;
        if (end == start) {
            parse_error(p, 1, "missing %s", what);
            return TOY_FAILED;
        }
        ToyValue name = toy_str_slice(p->t, p->text, start, end);
        if (toy_failed(name)) fail(p);
        return name;
    }
}

/* ==== names and numbers ===================================================================================================== */

static bool is_ascii(ToyValue text)
{
    for (size_t i = 0, n = toy_str_length(text); i < n; i++)
        if (toy_str_char(text, i) > 127) return false;
    return true;
}

bool name_check(Parser *p, ToyValue name, size_t behind)
{
    bool is_good = p->is_str || is_ascii(name);
    if (is_good) {
        ToyValue answer = toy_call_method(p->t, name, "isidentifier", NULL, 0);
        if (toy_failed(answer)) return parse_failed(p);
        is_good = toy_is_true(answer);
    }
    return is_good || parse_error(p, toy_str_length(name) + behind, "bad character in group name %R", name);
}

bool name_is_number(ToyValue name)
{
    for (size_t i = 0, n = toy_str_length(name); i < n; i++) {
        uint32_t c = toy_str_char(name, i);
        if (c < '0' || c > '9') return false;
    }
    return true;
}

uint64_t name_number(ToyValue name)
{
    uint64_t n = 0;
    for (size_t i = 0, length = toy_str_length(name); i < length; i++)
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, toy_str_char(name, i) - '0', &n)) return UINT64_MAX;
    return n;
}

bool name_no_such_number(Parser *p, ToyValue name, size_t back)
{
    const char *digits = toy_str_utf8(p->t, name, NULL);
    ToyValue number = digits ? toy_int_from_text(p->t, digits, 10) : TOY_FAILED;
    if (toy_failed(number)) parse_failed(p);
    else parse_error(p, back, "invalid group reference %S", number);
    toy_release(number);
    return false;
}

/* A backslash and a digit other than 0 have been read: two more octal digits make it a character, else it is the number of a group
 * of one or two digits. */
bool token_octal_or_group(Parser *p, size_t start, bool *is_octal, uint32_t *n)
{
    uint32_t first = character(p, start + 1) - '0';
    *is_octal = false;
    *n = first;
    if (!token_is_digit(p->next)) return true;
    uint32_t second = token_get(p).c - '0';
    *n = first * 10 + second;
    if (first > 7 || second > 7 || !token_is_octal(p->next)) return !p->has_failed;
    uint32_t third = token_get(p).c - '0';
    *is_octal = true;
    *n = first * 64 + second * 8 + third;
    if (*n > 0377) return parse_error_text(p, p->at - start, "octal escape value %S outside of range 0-0o377", start, p->at);
    return !p->has_failed;
}
