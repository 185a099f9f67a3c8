/* str_case.c - capital and small letters, and what a text consists of.
 *
 * What        upper, lower, title ... and the is...() methods of str.
 * How         ASCII is done in place of a copy. Elsewhere a character may become up to three ('ß' in capitals is 'SS'), so the result is
 *             built. A capital sigma in lower case depends on its place in the word: unicode_lower_sigma.
 * GIL         held.
 * Read next   vm/base/unicode.h */
#include "vm/base/unicode.h"
#include "vm/object/str_methods.h"

static bool is_ascii_upper(uint8_t c) { return c >= 'A' && c <= 'Z'; }
static bool is_ascii_lower(uint8_t c) { return c >= 'a' && c <= 'z'; }

static inline bool ascii_is_digit(uint8_t c) { return c >= '0' && c <= '9'; }
static inline bool ascii_is_alpha(uint8_t c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }
static inline bool ascii_is_alnum(uint8_t c) { return ascii_is_digit(c) || ascii_is_alpha(c); }
static inline bool ascii_is_space(uint8_t c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1c && c <= 0x1f); }
static inline bool ascii_is_printable(uint8_t c) { return c >= ' ' && c < 0x7f; }

/* ---- mappings ---- */

/* Eight characters at once: bit 5 of those that are letters between [first] and the one 25 behind it is turned over. Both sums set the highest
 * bit of a byte that is not below, and not behind, these; no byte carries into the next, for all are ASCII. */
#define EACH_BYTE(c) (UINT64_C(0x0101010101010101) * (c))
ALWAYS_INLINE uint64_t turn_letters(uint64_t word, char first)
{
    uint64_t is_reached = word + EACH_BYTE((uint64_t)(0x80 - first)), is_passed = word + EACH_BYTE((uint64_t)(0x80 - first - 26));
    return word ^ (is_reached & ~is_passed & EACH_BYTE(0x80)) >> 2;
}

static inline uint64_t ascii_lower(uint64_t word) { return turn_letters(word, 'A'); }
static inline uint64_t ascii_upper(uint64_t word) { return turn_letters(word, 'a'); }
static inline uint64_t ascii_swap(uint64_t word)
{
    return word ^ (turn_letters(word, 'A') ^ word) ^ (turn_letters(word, 'a') ^ word);
}

ALWAYS_INLINE void map_word(char *to, const char *from, uint64_t (*map)(uint64_t word))
{
    uint64_t word;
    memcpy(&word, from, sizeof word);
    word = map(word);
    memcpy(to, &word, sizeof word);
}

/* [map] is for words of eight characters; the last one overlaps with the one before it. */
ALWAYS_INLINE Value map_ascii(Thread *t, Str *s, uint64_t (*map)(uint64_t word))
{
    if (s->length == 0)
        return retain(t->interp->empty_str);
    if (s->length == 1)
        return object_value(str_from_char(t, (uint32_t)map((uint8_t)s->characters[0])));
    Str *mapped = str_new(t, s->length, 0x7f);
    if (!mapped)
        return FAILED;
    const char *from = str_data(s);
    char *to = str_data(mapped);
    enum { WORD = sizeof(uint64_t) };
    size_t count = s->length;
    if (count < WORD) {
        for (size_t i = 0; i < count; i++)
            to[i] = (char)map((uint8_t)from[i]);
    } else {
        for (size_t i = 0; i + WORD < count; i += WORD)
            map_word(to + i, from + i, map);
        map_word(to + count - WORD, from + count - WORD, map);
    }
    return object_value(mapped);
}

/* Latin-1 in small letters is Latin-1 again; in capitals too, but for three letters whose capitals lie elsewhere or are two. */
static uint8_t latin1_lower(uint8_t c) { return is_ascii_upper(c) || (c >= 0xc0 && c <= 0xde && c != 0xd7) ? c | 0x20 : c; }
static uint8_t latin1_upper(uint8_t c) { return is_ascii_lower(c) || (c >= 0xe0 && c != 0xf7) ? c & 0xdf : c; }
static bool has_latin1_capitals(const Str *s)
{
    for (size_t i = 0; i < s->length; i++) {
        uint8_t c = (uint8_t)s->characters[i];
        if (c == 0xb5 || c == 0xdf || c == 0xff)       /* micro sign, sharp s, y with two dots */
            return false;
    }
    return true;
}

/* Of text that is not all ASCII: a letter outside of ASCII stays outside. */
static inline Value map_narrow(Thread *t, Str *s, uint8_t (*map)(uint8_t c))
{
    if (s->length == 1)
        return object_value(str_from_char(t, map((uint8_t)s->characters[0])));
    Str *mapped = str_new(t, s->length, 0xff);
    if (!mapped)
        return FAILED;
    for (size_t i = 0; i < s->length; i++)
        mapped->characters[i] = (char)map((uint8_t)s->characters[i]);
    return object_value(mapped);
}

typedef unsigned (*FullMap)(uint32_t c, uint32_t out[UNICODE_CASE_MAX]);

static void add_mapped(StrBuilder *out, Str *s, size_t i, FullMap map)
{
    uint32_t c = str_char(s, i), mapped[UNICODE_CASE_MAX];
    if (map == unicode_lower_full && c == UNICODE_CAPITAL_SIGMA) {
        str_builder_add_char(out, unicode_lower_sigma(str_data(s), s->width, s->length, i));
        return;
    }
    unsigned count = map(c, mapped);
    for (unsigned k = 0; k < count; k++)
        str_builder_add_char(out, mapped[k]);
}

static Value map_full(Thread *t, Str *s, FullMap map)
{
    StrBuilder out;
    str_builder_init(&out, t);
    for (size_t i = 0; i < s->length; i++)
        add_mapped(&out, s, i, map);
    return str_builder_finish(&out);
}

Value str_method_lower(Thread *t, Value self, const Value *args)
{
    Str *s = as_str(self);
    if (s->is_ascii)
        return map_ascii(t, s, ascii_lower);
    return s->width == 1 ? map_narrow(t, s, latin1_lower) : map_full(t, s, unicode_lower_full);
}

Value str_method_upper(Thread *t, Value self, const Value *args)
{
    Str *s = as_str(self);
    if (s->is_ascii)
        return map_ascii(t, s, ascii_upper);
    return s->width == 1 && has_latin1_capitals(s) ? map_narrow(t, s, latin1_upper) : map_full(t, s, unicode_upper_full);
}

Value str_method_casefold(Thread *t, Value self, const Value *args)
{
    Str *s = as_str(self);
    return s->is_ascii ? map_ascii(t, s, ascii_lower) : map_full(t, s, unicode_fold_full);
}

Value str_method_swapcase(Thread *t, Value self, const Value *args)
{
    Str *s = as_str(self);
    if (s->is_ascii)
        return map_ascii(t, s, ascii_swap);
    StrBuilder out;
    str_builder_init(&out, t);
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char(s, i);
        if (unicode_is_upper(c))
            add_mapped(&out, s, i, unicode_lower_full);
        else if (unicode_is_lower(c))
            add_mapped(&out, s, i, unicode_upper_full);
        else
            str_builder_add_char(&out, c);
    }
    return str_builder_finish(&out);
}

Value str_method_capitalize(Thread *t, Value self, const Value *args)
{
    Str *s = as_str(self);
    if (s->is_ascii && s->length > 1) {
        Value lowered = map_ascii(t, s, ascii_lower);
        if (!failed(lowered))
            as_str(lowered)->characters[0] = (char)ascii_upper((uint8_t)s->characters[0]);
        return lowered;
    }
    StrBuilder out;
    str_builder_init(&out, t);
    for (size_t i = 0; i < s->length; i++)
        add_mapped(&out, s, i, i == 0 ? unicode_title_full : unicode_lower_full);
    return str_builder_finish(&out);
}

Value str_method_title(Thread *t, Value self, const Value *args)
{
    Str *s = as_str(self);
    if (s->is_ascii && s->length > 1) {
        Value titled = map_ascii(t, s, ascii_lower);
        for (size_t i = 0; !failed(titled) && i < s->length; i++) {
            char *c = &as_str(titled)->characters[i];
            if (i == 0 || !ascii_is_alpha((uint8_t)c[-1]))
                *c = (char)ascii_upper((uint8_t)*c);
        }
        return titled;
    }
    StrBuilder out;
    bool in_word = false;
    str_builder_init(&out, t);
    for (size_t i = 0; i < s->length; i++) {
        add_mapped(&out, s, i, in_word ? unicode_lower_full : unicode_title_full);
        in_word = unicode_is_cased(str_char(s, i));
    }
    return str_builder_finish(&out);
}

/* ---- what a text consists of ---- */

/* Not empty, and all characters are so; [ascii_claim] is the same for ASCII, which the compiler sees through. */
static inline bool is_all(Str *s, bool (*ascii_claim)(uint8_t c), bool (*claim)(uint32_t c))
{
    if (s->is_ascii) {
        const uint8_t *at = (const uint8_t *)s->characters, *end = at + s->length;
        while (at < end && ascii_claim(*at))
            at++;
        return at == end && s->length > 0;
    }
    for (size_t i = 0; i < s->length; i++) {
        if (!claim(str_char(s, i)))
            return false;
    }
    return s->length > 0;
}

#define IS_ALL(name, ascii_claim, claim) \
    Value str_method_##name(Thread *t, Value self, const Value *args) { return bool_value(is_all(as_str(self), ascii_claim, claim)); }
IS_ALL(isalnum, ascii_is_alnum, unicode_is_alnum)
IS_ALL(isalpha, ascii_is_alpha, unicode_is_alpha)
IS_ALL(isdecimal, ascii_is_digit, unicode_is_decimal)
IS_ALL(isdigit, ascii_is_digit, unicode_is_digit)
IS_ALL(isnumeric, ascii_is_digit, unicode_is_numeric)
IS_ALL(isspace, ascii_is_space, unicode_is_space)
#undef IS_ALL

Value str_method_isprintable(Thread *t, Value self, const Value *args)
{
    return bool_value(as_str(self)->length == 0 || is_all(as_str(self), ascii_is_printable, unicode_is_printable));
}

Value str_method_isascii(Thread *t, Value self, const Value *args)
{
    return bool_value(as_str(self)->is_ascii);
}

Value str_method_isidentifier(Thread *t, Value self, const Value *args)
{
    Str *s = as_str(self);
    if (s->length == 0 || !unicode_is_identifier_start(str_char(s, 0)))
        return FALSE;
    for (size_t i = 1; i < s->length; i++) {
        if (!unicode_is_identifier_continue(str_char(s, i)))
            return FALSE;
    }
    return TRUE;
}

/* At least one letter of this case, and none of the others. */
static bool has_case(Str *s, bool is_upper)
{
    bool found = false;
    if (s->is_ascii) {
        for (const char *at = s->characters, *end = at + s->length; at < end; at++) {
            if (is_upper ? is_ascii_lower((uint8_t)*at) : is_ascii_upper((uint8_t)*at))
                return false;
            found |= is_upper ? is_ascii_upper((uint8_t)*at) : is_ascii_lower((uint8_t)*at);
        }
        return found;
    }
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char(s, i);
        if (unicode_is_title(c) || (is_upper ? unicode_is_lower(c) : unicode_is_upper(c)))
            return false;
        found = found || (is_upper ? unicode_is_upper(c) : unicode_is_lower(c));
    }
    return found;
}

Value str_method_islower(Thread *t, Value self, const Value *args) { return bool_value(has_case(as_str(self), false)); }
Value str_method_isupper(Thread *t, Value self, const Value *args) { return bool_value(has_case(as_str(self), true)); }

Value str_method_istitle(Thread *t, Value self, const Value *args)
{
    Str *s = as_str(self);
    bool found = false, in_word = false;
    for (size_t i = 0; i < s->length; i++) {
        uint32_t c = str_char(s, i);
        bool is_capital = unicode_is_upper(c) || unicode_is_title(c);
        if ((is_capital && in_word) || (!is_capital && unicode_is_lower(c) && !in_word))
            return FALSE;
        in_word = is_capital || unicode_is_lower(c);
        found = found || in_word;
    }
    return bool_value(found);
}
