/* mod_json.c - _json: the hot half of package json.
 *
 * What        make_scanner, make_encoder, scanstring, encode_basestring, encode_basestring_ascii.
 * How         The package asks for them; without this module it would do the same in toy, more slowly.
 * GIL         held.
 * Read next   json_scan.c, json_encode.c, stdlib/lib/json/ */
#include "stdlib/json/json.h"

static ToyValue scanstring(ToyThread *t, ToyValue module, const ToyValue *args)
{
    int64_t start = 0;
    bool is_strict = true;
    size_t end;
    if (!toy_arg_size(t, args[1], &start) || !toy_arg_bool(t, args[2], &is_strict)) return TOY_FAILED;
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "first argument must be a string, not %T", args[0]);
    Characters text = characters_of(args[0]);
    if (start < 0 || (size_t)start > text.length) return toy_raise_value_error(t, "end is out of bounds");
    ToyValue str = json_read_string(t, args[0], &text, (size_t)start, is_strict, &end);
    return toy_failed(str) ? TOY_FAILED : toy_tuple(t, str, toy_int(t, (int64_t)end));
}

static ToyValue encode(ToyThread *t, ToyValue str, bool is_ascii)
{
    if (!toy_is_str(str)) return toy_raise_type_error(t, "first argument must be a string, not %T", str);
    ToyText out;
    toy_text_init(&out, t);
    json_write_string(&out, str, is_ascii);
    return toy_text_finish(&out);
}
static ToyValue encode_basestring(ToyThread *t, ToyValue module, const ToyValue *args) { return encode(t, args[0], false); }
static ToyValue encode_basestring_ascii(ToyThread *t, ToyValue module, const ToyValue *args) { return encode(t, args[0], true); }

const ToyFunction json_functions[] = {
    [ROW_SCANSTRING] = TOY_FUNCTION("scanstring", scanstring, "(string, end, strict=True, /)", 0,
                 "Return the str that the literal stands for whose opening quote is before the index, and the index behind it."),
    [ROW_ENCODE_ANY] = TOY_FUNCTION("encode_basestring", encode_basestring, "(string, /)", 0, "Return the str as a JSON literal."),
    [ROW_ENCODE_ASCII] = TOY_FUNCTION("encode_basestring_ascii", encode_basestring_ascii, "(string, /)", 0, "Return the str as a JSON literal of ASCII characters."),
    TOY_FUNCTIONS_END,
};

static bool add_type(ToyThread *t, ToyModuleObject *module, const char *name, ToyType *type)
{
    return type && toy_module_add(t, module, name, toy_retain(toy_type_value(type)));
}

static bool init(ToyThread *t, ToyModuleObject *module)
{
    return add_type(t, module, "make_scanner", toy_type_new(t, module, &json_scanner_spec, "_json.Scanner", NULL)) &&
           add_type(t, module, "make_encoder", toy_type_new(t, module, &json_encoder_spec, "_json.Encoder", NULL));
}

const ToyModule toy_module_json = {
    .name = "_json",
    .doc = "The native part of package json.",
    .functions = json_functions,
    .init = init,
};
