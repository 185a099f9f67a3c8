/* bool.c - True and False.
 *
 * What        The type bool: a subclass of int with two instances, both held in the word.
 * How         Arithmetic is int's. & | ^ of two bools stay bool; with an int they are ints.
 * GIL         held.
 * Read next   int.c */
#include "vm/object/arguments.h"
#include "vm/object/exception.h"
#include "vm/object/int.h"
#include "vm/object/protocol.h"
#include "vm/object/str.h"

static Value bool_new_instance(Thread *t, Type *type, const Value *args, size_t count, Tuple *names)
{
    bool truth = false;
    if (!arguments_no_keywords(t, "bool", names) || !arguments_count(t, "bool", count, 0, 1))
        return FAILED;
    if (count == 1 && !value_truth(t, args[0], &truth))
        return FAILED;
    return bool_value(truth);
}

static Value bool_repr(Thread *t, Value self)
{
    Str *s = str_intern_text(t, is_true(self) ? "True" : "False");
    return s ? object_value(s) : FAILED;
}

static Value bool_invert(Thread *t, Value self)
{
    if (!raise_warning(t, EXC_DeprecationWarning, "Bitwise inversion '~' on bool is deprecated and will be removed in Python 3.16. This returns "
                       "the bitwise inversion of the underlying int object and is usually not what you expect from negating a bool. Use "
                       "the 'not' operator for boolean negation or ~int(x) if you really want the bitwise inversion of the underlying int."))
        return FAILED;
    return int_invert(t, self);
}

#define LOGIC(name, operator) \
    static Value bool_##name(Thread *t, Value a, Value b) \
    { \
        if (is_bool(a) && is_bool(b)) \
            return bool_value(is_true(a) operator is_true(b)); \
        return is_int(a) && is_int(b) ? int_##name(t, a, b) : NOT_IMPLEMENTED; \
    }
LOGIC(and, &&)
LOGIC(or, ||)
LOGIC(xor, !=)
#undef LOGIC

const TypeSpec bool_spec = {
    .doc = "bool(object=False)\n\nWhether the object counts as true. The two bools are the ints 1 and 0 under other names.",
    .signature = "(object=False, /)",
    .flags = TYPE_IS_FINAL | TYPE_MATCHES_SELF | TYPE_IS_VARIABLE_SIZE,
    .size = sizeof(BigInt),
    .slots = {.repr = bool_repr, .new_instance = bool_new_instance, .and = bool_and, .or = bool_or, .xor = bool_xor, .invert = bool_invert},
};
