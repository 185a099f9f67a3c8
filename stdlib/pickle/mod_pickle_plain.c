/* mod_pickle_plain.c - _pickle_plain: the native part of pickle.
 *
 * What        PickleBuffer; dump, dumps, load, loads; dumps_plain for who wants no code to run; pack_float, unpack_float.
 * How         The four functions try plain.h first and hand on to their namesakes in pickle.toy what that leaves alone.
 * GIL         held; the machine written in toy runs script code.
 * Read next   plain.h, stdlib/lib/pickle.toy */
#include "stdlib/pickle/pickle_buffer.h"
#include "stdlib/pickle/plain.h"

/* ---- floats ---- */

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

/* ---- the functions of pickle ---- */

/* pickle._dump and its like, with the arguments as they came: [positional] of the row by place, the rest by name. */
static ToyValue hand_on(ToyThread *t, const char *function, const ToyValue *args, size_t positional, const char *const *names)
{
    ToyValue callee = toy_import_from(t, "pickle", function), keywords = toy_failed(callee) ? TOY_FAILED : toy_dict(t);
    ToyValue row = toy_failed(keywords) ? TOY_FAILED : toy_tuple_of(t, args, positional), result = TOY_FAILED;
    bool done = !toy_failed(row);
    for (size_t i = 0; done && names[i]; i++)
        if (toy_is_bound(args[positional + i])) done = toy_dict_set_text(t, keywords, names[i], args[positional + i]);
    if (done) result = toy_call_with(t, callee, row, keywords);
    toy_release(row);
    toy_release(keywords);
    toy_release(callee);
    return result;
}

static const char *const dump_names[] = {"protocol", "fix_imports", "buffer_callback", NULL};
static const char *const load_names[] = {"fix_imports", "encoding", "errors", "buffers", NULL};

static ToyValue pickle_dump(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue write = toy_find_attribute(t, args[1], "write");
    if (toy_is_raised(t)) return TOY_FAILED;
    ToyValue done = toy_is_unbound(write) || toy_is_given(args[4]) ? TOY_NOT_IMPLEMENTED : plain_dump(t, args[0], args[2], write);
    toy_release(write);
    return toy_is_not_implemented(done) ? hand_on(t, "_dump", args, 2, dump_names) : done;
}
static ToyValue pickle_load(ToyThread *t, ToyValue self, const ToyValue *args) { return hand_on(t, "_load", args, 1, load_names); }

static ToyValue pickle_dumps(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue bytes = toy_is_given(args[3]) ? TOY_NONE : plain_dumps(t, args[0], args[1]);
    return toy_is_none(bytes) ? hand_on(t, "_dumps", args, 1, dump_names) : bytes;
}

static ToyValue pickle_loads(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue v = plain_loads(t, args[0]);
    return toy_is_not_implemented(v) ? hand_on(t, "_loads", args, 1, load_names) : v;
}

static ToyValue dumps_plain(ToyThread *t, ToyValue self, const ToyValue *args) { return plain_dumps(t, args[0], args[1]); }
static const ToyFunction functions[] = {
    TOY_FUNCTION("dump", pickle_dump, "(obj, file, protocol=None, *, fix_imports=True, buffer_callback=None)", 0, "Write the object to the file."),
    TOY_FUNCTION("dumps", pickle_dumps, "(obj, protocol=None, *, fix_imports=True, buffer_callback=None)", 0, "Return the object as bytes."),
    TOY_FUNCTION("load", pickle_load, "(file, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())", 0, "Read an object from the file."),
    TOY_FUNCTION("loads", pickle_loads, "(data, /, *, fix_imports=True, encoding='ASCII', errors='strict', buffers=())", 0,
                 "Return the object that the bytes are of. What follows it is ignored."),
    TOY_FUNCTION("dumps_plain", dumps_plain, "(obj, protocol=None, /)", 0, "The pickle of plain data; None if there is something else in it."),
    TOY_FUNCTION("pack_float", pack_float, "(x, /)", 0, "The float as eight bytes, highest first."),
    TOY_FUNCTION("unpack_float", unpack_float, "(data, /)", 0, "The float of eight bytes, highest first."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    return toy_module_add_type(t, module, toy_type_new(t, module, &pickle_buffer_spec, "pickle.PickleBuffer", NULL));
}

const ToyModule toy_module_pickle_plain = {.name = "_pickle_plain", .known_as = "_pickle", .doc = "The native part of pickle.", .functions = functions, .init = init};
