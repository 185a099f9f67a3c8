/* mod_codecs.c - _codecs: encodings as functions, and where they are registered. codecs.toy builds on it.
 *
 * What        The table of the module, and the functions for the machine's own encodings.
 * How         NAME_encode(str, errors) answers (bytes, characters), NAME_decode(data, errors, final) answers (text, bytes). With `final`
 *             false an unfinished character at the end is left over, which is what incremental decoders are made of.
 *             What the machine cannot encode itself (str.encode("cp1252")) it asks _text_encode and _text_decode here.
 * GIL         held; search functions and error handlers are scripts.
 * Read next   registry.c, error_handlers.c, charmap.c, vm/object/str_codec.c */
#include "stdlib/codecs/codecs.h"

/* ---- arguments and answers ---- */

bool codec_text_argument(ToyThread *t, const char *function, ToyValue v)
{
    return toy_is_str(v) || toy_raise_false(t, TOY_TypeError, "%s() argument 1 must be str, not %N", function, v);
}

bool codec_errors_argument(ToyThread *t, const char *function, ToyValue v, const char **errors)
{
    *errors = NULL;
    if (!toy_is_given(v)) return true;
    if (!toy_is_str(v)) return toy_raise_false(t, TOY_TypeError, "%s() argument 2 must be str or None, not %N", function, v);
    size_t length;
    *errors = toy_str_utf8(t, v, &length);
    if (*errors && strlen(*errors) != length) return toy_raise_false(t, TOY_ValueError, "embedded null character");
    return *errors != NULL;
}

ToyValue codec_answer(ToyThread *t, TOY_TAKES ToyValue result, size_t length)
{
    return toy_failed(result) ? TOY_FAILED : toy_tuple(t, result, toy_int(t, (int64_t)length));
}

/* ---- the machine's own ---- */

static ToyValue encode_as(ToyThread *t, const ToyValue *args, const char *function, const char *encoding)
{
    const char *errors;
    if (!codec_text_argument(t, function, args[0]) || !codec_errors_argument(t, function, args[1], &errors)) return TOY_FAILED;
    return codec_answer(t, toy_str_encode_part(t, args[0], encoding, errors), toy_str_length(args[0]));
}

/* [accepts_text]: a str is taken as its UTF-8 form. */
static ToyValue decode_as(ToyThread *t, const ToyValue *args, const char *function, const char *encoding, bool is_final, bool accepts_text, int *order)
{
    const char *errors;
    if (!codec_errors_argument(t, function, args[1], &errors)) return TOY_FAILED;
    size_t length, taken = 0;
    if (accepts_text && toy_is_str(args[0])) {
        const char *utf8 = toy_str_utf8(t, args[0], &length);
        return utf8 ? codec_answer(t, toy_str_decode_part(t, utf8, length, encoding, errors, is_final, &taken, order), length) : TOY_FAILED;
    }
    ToyBuffer data;
    if (!toy_buffer_get(t, args[0], &data, 0)) return TOY_FAILED;
    ToyValue text = toy_str_decode_part(t, (const char *)data.data, data.length, encoding, errors, is_final, &taken, order);
    toy_buffer_release(t, &data);
    return codec_answer(t, text, taken);
}

static bool read_final(ToyThread *t, ToyValue v, bool by_default, bool *is_final)
{
    *is_final = by_default;
    return toy_arg_bool(t, v, is_final);
}

#define BYTE_CODEC(name, encoding) \
    static ToyValue name##_encode(ToyThread *t, ToyValue self, const ToyValue *args) { return encode_as(t, args, #name "_encode", encoding); } \
    static ToyValue name##_decode(ToyThread *t, ToyValue self, const ToyValue *args) \
    { \
        return decode_as(t, args, #name "_decode", encoding, true, false, NULL); \
    }
#define CODEC(name, encoding) \
    static ToyValue name##_encode(ToyThread *t, ToyValue self, const ToyValue *args) { return encode_as(t, args, #name "_encode", encoding); } \
    static ToyValue name##_decode(ToyThread *t, ToyValue self, const ToyValue *args) \
    { \
        bool is_final; \
        return read_final(t, args[2], false, &is_final) ? decode_as(t, args, #name "_decode", encoding, is_final, false, NULL) : TOY_FAILED; \
    }
#include "stdlib/codecs/codecs.def"
#undef CODEC

/* ---- UTF-16 and UTF-32 with a mark in front ---- */

static ToyValue encode_ordered(ToyThread *t, const ToyValue *args, const char *function, const char *const encodings[3])
{
    int order = 0;
    if (!toy_arg_int(t, args[2], &order)) return TOY_FAILED;
    return encode_as(t, args, function, encodings[order < 0 ? 0 : order > 0 ? 2 : 1]);
}

static ToyValue utf_16_encode(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return encode_ordered(t, args, "utf_16_encode", (const char *const[3]){"utf-16-le", "utf-16", "utf-16-be"});
}

static ToyValue utf_32_encode(ToyThread *t, ToyValue self, const ToyValue *args)
{
    return encode_ordered(t, args, "utf_32_encode", (const char *const[3]){"utf-32-le", "utf-32", "utf-32-be"});
}

static ToyValue decode_marked(ToyThread *t, const ToyValue *args, const char *function, const char *encoding)
{
    bool is_final;
    int order = 0;
    return read_final(t, args[2], false, &is_final) ? decode_as(t, args, function, encoding, is_final, false, &order) : TOY_FAILED;
}

static ToyValue utf_16_decode(ToyThread *t, ToyValue self, const ToyValue *args) { return decode_marked(t, args, "utf_16_decode", "utf-16"); }
static ToyValue utf_32_decode(ToyThread *t, ToyValue self, const ToyValue *args) { return decode_marked(t, args, "utf_32_decode", "utf-32"); }

/* The ..._ex_decode functions take the byte order and answer with it: (text, bytes, order). */
static ToyValue decode_ordered(ToyThread *t, const ToyValue *args, const char *function, const char *encoding)
{
    int order = 0;
    bool is_final;
    if (!toy_arg_int(t, args[2], &order) || !read_final(t, args[3], false, &is_final)) return TOY_FAILED;
    order = order < 0 ? -1 : order > 0;
    ToyValue pair = decode_as(t, args, function, encoding, is_final, false, &order);
    if (toy_failed(pair)) return TOY_FAILED;
    ToyValue triple = toy_tuple(t, toy_retain(toy_tuple_item(pair, 0)), toy_retain(toy_tuple_item(pair, 1)), toy_int(t, order));
    toy_release(pair);
    return triple;
}

static ToyValue utf_16_ex_decode(ToyThread *t, ToyValue self, const ToyValue *args) { return decode_ordered(t, args, "utf_16_ex_decode", "utf-16"); }
static ToyValue utf_32_ex_decode(ToyThread *t, ToyValue self, const ToyValue *args) { return decode_ordered(t, args, "utf_32_ex_decode", "utf-32"); }

/* ---- text as escapes ---- */

#define ESCAPE_CODEC(name, encoding) \
    static ToyValue name##_encode(ToyThread *t, ToyValue self, const ToyValue *args) { return encode_as(t, args, #name "_encode", encoding); } \
    static ToyValue name##_decode(ToyThread *t, ToyValue self, const ToyValue *args) \
    { \
        bool is_final; \
        return read_final(t, args[2], true, &is_final) ? decode_as(t, args, #name "_decode", encoding, is_final, true, NULL) : TOY_FAILED; \
    }
ESCAPE_CODEC(unicode_escape, "unicode-escape")
ESCAPE_CODEC(raw_unicode_escape, "raw-unicode-escape")
#undef ESCAPE_CODEC

/* The bytes of anything that has some. */
static ToyValue readbuffer_encode(ToyThread *t, ToyValue self, const ToyValue *args)
{
    size_t length;
    if (toy_is_str(args[0])) {
        const char *utf8 = toy_str_utf8(t, args[0], &length);
        return utf8 ? codec_answer(t, toy_bytes(t, utf8, length), length) : TOY_FAILED;
    }
    ToyBuffer data;
    if (!toy_buffer_get(t, args[0], &data, 0)) return TOY_FAILED;
    ToyValue bytes = toy_bytes(t, data.data, data.length);
    length = data.length;
    toy_buffer_release(t, &data);
    return codec_answer(t, bytes, length);
}

/* ---- the module ---- */

#define ENCODES(name) TOY_FUNCTION(#name "_encode", name##_encode, "(str, errors=None, /)", 0, "Encode text: (bytes, how many characters).")
#define DECODES(name, signature) TOY_FUNCTION(#name "_decode", name##_decode, signature, 0, "Decode bytes: (text, how many bytes).")

static const ToyFunction functions[] = {
    TOY_FUNCTION("register", codecs_register, "(search_function, /)", 0,
                 "Add a function that finds codecs: called with a name in lower case, it answers a CodecInfo or None."),
    TOY_FUNCTION("unregister", codecs_unregister, "(search_function, /)", 0, "Take a search function out again, and forget what was found."),
    TOY_FUNCTION("lookup", codecs_lookup, "(encoding, /)", 0, "Return the CodecInfo of an encoding, or raise LookupError."),
    TOY_FUNCTION("encode", codecs_encode, "(obj, encoding='utf-8', errors='strict')", 0, "Encode an object with any codec, not only those for text."),
    TOY_FUNCTION("decode", codecs_decode, "(obj, encoding='utf-8', errors='strict')", 0, "Decode an object with any codec, not only those for text."),
    TOY_FUNCTION("register_error", codecs_register_error, "(errors, handler, /)", 0, "Give an error handler a name."),
    TOY_FUNCTION("lookup_error", codecs_lookup_error, "(name, /)", 0, "Return the error handler of that name, or raise LookupError."),
    TOY_FUNCTION("_text_encode", codecs_text_encode, "(str, encoding, errors, /)", 0, "What str.encode does with an encoding the machine lacks."),
    TOY_FUNCTION("_text_decode", codecs_text_decode, "(data, encoding, errors, /)", 0, "What bytes.decode does with an encoding the machine lacks."),
#define BYTE_CODEC(name, encoding) ENCODES(name), DECODES(name, "(data, errors=None, /)"),
#define CODEC(name, encoding)      ENCODES(name), DECODES(name, "(data, errors=None, final=False, /)"),
#include "stdlib/codecs/codecs.def"
#undef CODEC
    ENCODES(utf_7), DECODES(utf_7, "(data, errors=None, final=False, /)"),
    ENCODES(unicode_escape), DECODES(unicode_escape, "(data, errors=None, final=True, /)"),
    ENCODES(raw_unicode_escape), DECODES(raw_unicode_escape, "(data, errors=None, final=True, /)"),
    TOY_FUNCTION("utf_16_encode", utf_16_encode, "(str, errors=None, byteorder=0, /)", 0, "Encode text; byteorder 0 puts a mark in front."),
    TOY_FUNCTION("utf_32_encode", utf_32_encode, "(str, errors=None, byteorder=0, /)", 0, "Encode text; byteorder 0 puts a mark in front."),
    DECODES(utf_16, "(data, errors=None, final=False, /)"), DECODES(utf_32, "(data, errors=None, final=False, /)"),
    DECODES(utf_16_ex, "(data, errors=None, byteorder=0, final=False, /)"), DECODES(utf_32_ex, "(data, errors=None, byteorder=0, final=False, /)"),
    TOY_FUNCTION("charmap_encode", charmap_encode, "(str, errors=None, mapping=None, /)", 0, "Encode text by a mapping of characters to bytes."),
    TOY_FUNCTION("charmap_decode", charmap_decode, "(data, errors=None, mapping=None, /)", 0, "Decode bytes by a mapping, or a str of 256 characters."),
    TOY_FUNCTION("charmap_build", charmap_build, "(map, /)", 0, "Make a mapping for charmap_encode out of one for charmap_decode."),
    TOY_FUNCTION("escape_encode", escape_encode, "(data, errors=None, /)", 0, "Write bytes as in a literal."),
    TOY_FUNCTION("escape_decode", escape_decode, "(data, errors=None, /)", 0, "Read bytes written as in a literal."),
    TOY_FUNCTION("readbuffer_encode", readbuffer_encode, "(data, errors=None, /)", 0, "Copy the bytes of an object."),
    TOY_FUNCTIONS_END,
};

static bool init(ToyThread *t, ToyModuleObject *module)
{
    CodecsState *state = toy_module_state(toy_module_value(module));
    state->search_functions = toy_list(t);
    state->found = toy_dict(t);
    state->handlers = toy_dict(t);
    if (toy_failed(state->search_functions) || toy_failed(state->found) || toy_failed(state->handlers)) return false;
    for (const ToyFunction *def = codec_handlers; def->name; def++) {
        ToyValue function = toy_function_new(t, def, TOY_UNBOUND);  /* not the module: it owns them */
        /* A handler is registered as the first word of its function's name: "strict" for strict_errors. */
        char name[32];
        const char *end = strchr(def->name, '_');
        size_t length = end ? (size_t)(end - def->name) : strlen(def->name);
        memcpy(name, def->name, length);
        name[length] = '\0';
        if (toy_failed(function) || !toy_dict_take_text(t, state->handlers, name, function)) return false;
    }
    state->encoding_map_type = toy_type_new(t, NULL, &encoding_map_spec, "builtins.EncodingMap", NULL);   /* its instances need no module */
    return state->encoding_map_type != NULL;
}

static void traverse_state(void *pointer, ToyVisit visit, void *context)
{
    CodecsState *state = pointer;
    toy_visit(state->search_functions, visit, context);
    toy_visit(state->found, visit, context);
    toy_visit(state->handlers, visit, context);
}

static void free_state(ToyThread *t, void *pointer)
{
    CodecsState *state = pointer;
    toy_clear(&state->search_functions);
    toy_clear(&state->found);
    toy_clear(&state->handlers);
}

const ToyModule toy_module_codecs = {
    .name = "_codecs",
    .doc = "Encodings as functions, and the registry of codecs and error handlers.",
    .functions = functions,
    .state_size = sizeof(CodecsState),
    .init = init,
    .traverse_state = traverse_state,
    .free_state = free_state,
};
