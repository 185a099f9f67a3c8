/* mod_digest.c - _digest: are two secrets equal, without telling more.
 *
 * What        _compare_digest, which hmac and secrets find in _operator, where CPython keeps it.
 * How         An ordinary comparison ends at the first difference; who may guess often and can time the answers finds a secret byte by
 *             byte. This one always looks at every byte.
 * GIL         held.
 * Read next   lib/_operator.toy */
#include "vm/toy.h"

/* How long it takes tells the length of [b] and nothing else: each byte of it is looked at, whether an earlier one differed or not. */
static bool is_same_digest(const uint8_t *a, size_t a_length, const uint8_t *b, size_t b_length)
{
    volatile uint8_t difference = a_length != b_length;
    const volatile uint8_t *left = a_length == b_length ? a : b, *right = b;
    for (size_t i = 0; i < b_length; i++) difference |= left[i] ^ right[i];
    return !difference;
}

static ToyValue compare_texts(ToyThread *t, ToyValue a, ToyValue b)
{
    size_t a_length, b_length;
    const char *a_text = toy_str_utf8(t, a, &a_length), *b_text = a_text ? toy_str_utf8(t, b, &b_length) : NULL;
    if (b_text && a_length == toy_str_length(a) && b_length == toy_str_length(b))
        return toy_bool(is_same_digest((const uint8_t *)a_text, a_length, (const uint8_t *)b_text, b_length));
    if (!b_text) toy_raised_clear(t);      /* a lone surrogate has no UTF-8: not ASCII either */
    return toy_raise_type_error(t, "comparing strings with non-ASCII characters is not supported");
}

static ToyValue digest_compare(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (toy_is_str(args[0]) && toy_is_str(args[1])) return compare_texts(t, args[0], args[1]);
    if (!toy_has_buffer(t, args[0]) && !toy_has_buffer(t, args[1]))
        return toy_raise_type_error(t, "unsupported operand types(s) or combination of types: '%T' and '%T'", args[0], args[1]);
    ToyBuffer a, b;
    if (!toy_buffer_get(t, args[0], &a, 0)) return TOY_FAILED;
    bool is_gotten = toy_buffer_get(t, args[1], &b, 0);
    ToyValue result = is_gotten ? toy_bool(is_same_digest(a.data, a.length, b.data, b.length)) : TOY_FAILED;
    if (is_gotten) toy_buffer_release(t, &b);
    toy_buffer_release(t, &a);
    return result;
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("_compare_digest", digest_compare, "(a, b, /)", 0,
                 "Is a equal to b? Both ASCII str, or both bytes-like. How long the answer takes tells nothing about where they differ."),
    TOY_FUNCTIONS_END,
};

const ToyModule toy_module_digest = {.name = "_digest", .known_as = "_operator", .doc = "Comparing secrets.", .functions = functions};
