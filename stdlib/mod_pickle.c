/* mod_pickle.c - _pickle: the part of pickle that is about bits.
 *
 * What        pack_float, unpack_float.
 * How         Doubles as eight bytes and back.
 * GIL         held.
 * Read next   stdlib/lib/pickle.toy */
#include "vm/toy.h"

static ToyValue pack_float(ToyThread *t, ToyValue self, const ToyValue *args)
{
    double d;
    uint64_t bits;
    if (!toy_arg_double(t, args[0], &d)) return TOY_FAILED;
    memcpy(&bits, &d, sizeof bits);
    bits = __builtin_bswap64(bits);
    return toy_bytes(t, &bits, sizeof bits);
}

static ToyValue unpack_float(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyBuffer buffer;
    uint64_t bits = 0;
    double d;
    if (!toy_buffer_get(t, args[0], &buffer, 0)) return TOY_FAILED;
    bool fits = buffer.length == sizeof bits;
    if (fits) memcpy(&bits, buffer.data, sizeof bits);
    toy_buffer_release(t, &buffer);
    if (!fits) return toy_raise_value_error(t, "a float has eight bytes");
    bits = __builtin_bswap64(bits);
    memcpy(&d, &bits, sizeof d);
    return toy_float(t, d);
}

static const ToyFunction functions[] = {
    TOY_FUNCTION("pack_float", pack_float, "(x, /)", 0, "The float as eight bytes, highest first."),
    TOY_FUNCTION("unpack_float", unpack_float, "(data, /)", 0, "The float of eight bytes, highest first."),
    TOY_FUNCTIONS_END,
};

const ToyModule toy_module_pickle = {.name = "_pickle", .doc = "The native part of pickle.", .functions = functions};
