/* registry.c - codecs and error handlers by name.
 *
 * What        register, lookup, encode, decode; register_error, lookup_error; what str.encode and bytes.decode ask.
 * How         A name is brought to one form (lower case, words joined by '_') and asked of each search function in turn, the one of
 *             package encodings first; what was found is remembered. That package is imported when first somebody looks for a
 *             codec: most scripts use only encodings that the machine knows by itself.
 *             An exception that leaves a codec gets a note that says in which.
 * GIL         held; search functions, codecs and handlers are scripts.
 * Read next   stdlib/lib/encodings/__init__.toy, stdlib/lib/codecs.toy */
#include "stdlib/codecs/codecs.h"

static CodecsState *state_of(ToyValue self) { return toy_module_state(self); }

/* ---- search functions ---- */

ToyValue codecs_register(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_callable(t, args[0])) return toy_raise_type_error(t, "argument must be callable");
    return toy_list_append(t, state_of(self)->search_functions, args[0]) ? TOY_NONE : TOY_FAILED;
}

ToyValue codecs_unregister(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue list = state_of(self)->search_functions;
    for (size_t i = 0; i < toy_list_length(list); i++) {
        if (!toy_is_same(toy_list_item(list, i), args[0])) continue;
        ToyValue removed = toy_list_pop(t, list, (int64_t)i);
        if (toy_failed(removed)) return TOY_FAILED;
        toy_release(removed);
        toy_dict_clear(t, state_of(self)->found);
        break;
    }
    return TOY_NONE;
}

static bool stays_in_name(uint32_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.';
}

/* "ISO 8859--1" becomes "iso_8859_1". */
static ToyValue normal_name(ToyThread *t, ToyValue name)
{
    ToyText text;
    toy_text_init(&text, t);
    bool is_behind_gap = false, is_empty = true;
    for (size_t i = 0; i < toy_str_length(name); i++) {
        uint32_t c = toy_str_char(name, i);
        if (c == 0) {
            toy_text_abandon(&text);
            return toy_raise_value_error(t, "embedded null character");
        }
        if (!stays_in_name(c)) {
            is_behind_gap = true;
            continue;
        }
        if (is_behind_gap && !is_empty) toy_text_add_char(&text, '_');
        toy_text_add_char(&text, c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
        is_behind_gap = is_empty = false;
    }
    return toy_text_finish(&text);
}

/* Asks the search functions. UNBOUND with nothing raised: none of them knows it. */
static ToyValue search(ToyThread *t, ToyValue functions, ToyValue name)
{
    for (size_t i = 0; i < toy_list_length(functions); i++) {
        ToyValue function = toy_retain(toy_list_item(functions, i));
        ToyValue codec = toy_call1(t, function, name);
        toy_release(function);
        if (toy_failed(codec) || (toy_is_tuple(codec) && toy_tuple_length(codec) == 4)) return codec;
        bool is_unknown = toy_is_none(codec);
        toy_release(codec);
        if (!is_unknown) return toy_raise_type_error(t, "codec search functions must return 4-tuples");
    }
    return TOY_UNBOUND;
}

static ToyValue lookup(ToyThread *t, ToyValue self, ToyValue encoding)
{
    CodecsState *state = state_of(self);
    const char *text;
    if (!toy_is_str(encoding)) return toy_raise_type_error(t, "lookup() argument must be str, not %N", encoding);
    if (!toy_arg_text(t, encoding, "lookup", "1", &text)) return TOY_FAILED;   /* no lone surrogates, no NUL */
    ToyValue name = normal_name(t, encoding), codec = TOY_UNBOUND;
    if (toy_failed(name) || !toy_dict_get(t, state->found, name, &codec) || toy_is_bound(codec)) goto done;
    ToyValue encodings = toy_import(t, "encodings");   /* registers itself */
    if (toy_failed(encodings)) goto done;
    toy_release(encodings);
    if (toy_list_length(state->search_functions) == 0) {
        toy_raise(t, TOY_LookupError, "no codec search functions registered: can't find encoding");
        goto done;
    }
    codec = search(t, state->search_functions, name);
    if (toy_is_unbound(codec)) {
        if (!toy_is_raised(t)) toy_raise(t, TOY_LookupError, "unknown encoding: %S", encoding);
    } else if (!toy_dict_set(t, state->found, name, codec)) {
        toy_clear(&codec);
    }
done:
    toy_release(name);
    return codec;
}

ToyValue codecs_lookup(ToyThread *t, ToyValue self, const ToyValue *args) { return lookup(t, self, args[0]); }

/* ---- using a codec ---- */

/* Calls the codec's encoder (part 0) or decoder (part 1) and answers the first half of its pair. */
static ToyValue call_codec(ToyThread *t, ToyValue codec, size_t part, ToyValue object, ToyValue encoding, ToyValue errors)
{
    ToyValue pair = toy_call(t, toy_tuple_item(codec, part), (ToyValue[]){object, errors}, toy_is_given(errors) ? 2 : 1);
    if (toy_failed(pair)) {
        ToyValue note = toy_str_format(t, "%s with '%S' codec failed", part == 0 ? "encoding" : "decoding", encoding);
        if (!toy_failed(note)) toy_raised_note(t, note);
        toy_release(note);
        return TOY_FAILED;
    }
    ToyValue result = TOY_FAILED;
    if (toy_is_tuple(pair) && toy_tuple_length(pair) == 2)
        result = toy_retain(toy_tuple_item(pair, 0));
    else
        toy_raise_type_error(t, part == 0 ? "encoder must return a tuple (object, integer)" : "decoder must return a tuple (object,integer)");
    toy_release(pair);
    return result;
}

static ToyValue convert(ToyThread *t, ToyValue self, const ToyValue *args, size_t part)
{
    static const char *const functions[] = {"encode", "decode"};
    if (toy_is_bound(args[1]) && !toy_is_str(args[1]))
        return toy_raise_type_error(t, "%s() argument 'encoding' must be str, not %N", functions[part], args[1]);
    if (toy_is_bound(args[2]) && !toy_is_str(args[2]))
        return toy_raise_type_error(t, "%s() argument 'errors' must be str, not %N", functions[part], args[2]);
    ToyValue encoding = toy_is_bound(args[1]) ? toy_retain(args[1]) : toy_str(t, "utf-8");
    ToyValue codec = toy_failed(encoding) ? TOY_FAILED : lookup(t, self, encoding);
    ToyValue result = toy_failed(codec) ? TOY_FAILED : call_codec(t, codec, part, args[0], encoding, args[2]);
    toy_release(codec);
    toy_release(encoding);
    return result;
}

ToyValue codecs_encode(ToyThread *t, ToyValue self, const ToyValue *args) { return convert(t, self, args, 0); }
ToyValue codecs_decode(ToyThread *t, ToyValue self, const ToyValue *args) { return convert(t, self, args, 1); }

/* For str.encode and bytes.decode: the codec must be one for text, and answer bytes or text. */
static ToyValue text_codec(ToyThread *t, ToyValue self, ToyValue encoding, const char *function)
{
    ToyValue codec = lookup(t, self, encoding);
    if (toy_failed(codec)) return TOY_FAILED;
    ToyValue is_text = toy_find_attribute(t, codec, "_is_text_encoding");
    bool is_good = !toy_is_raised(t) && !toy_is_false(is_text);
    toy_release(is_text);
    if (is_good) return codec;
    toy_release(codec);
    if (toy_is_raised(t)) return TOY_FAILED;
    return toy_raise(t, TOY_LookupError, "'%S' is not a text encoding; use %s to handle arbitrary codecs", encoding, function);
}

ToyValue codecs_text_encode(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue codec = text_codec(t, self, args[1], "codecs.encode()");
    ToyValue bytes = toy_failed(codec) ? TOY_FAILED : call_codec(t, codec, 0, args[0], args[1], args[2]);
    toy_release(codec);
    if (toy_failed(bytes) || toy_is_bytes(bytes)) return bytes;
    if (!toy_is_bytearray(bytes)) {
        toy_raise_type_error(t, "'%S' encoder returned '%T' instead of 'bytes'; use codecs.encode() to encode to arbitrary types", args[1], bytes);
    } else if (toy_warn(t, TOY_RuntimeWarning, 1, "encoder %S returned bytearray instead of bytes; use codecs.encode() to encode to arbitrary types",
                        args[1])) {
        size_t length;
        const uint8_t *data = toy_bytes_data(bytes, &length);
        ToyValue copy = toy_bytes(t, data, length);
        toy_release(bytes);
        return copy;
    }
    toy_release(bytes);
    return TOY_FAILED;
}

ToyValue codecs_text_decode(ToyThread *t, ToyValue self, const ToyValue *args)
{
    ToyValue codec = text_codec(t, self, args[1], "codecs.decode()");
    ToyValue view = toy_failed(codec) ? TOY_FAILED : toy_memoryview(t, args[0]);
    ToyValue text = toy_failed(view) ? TOY_FAILED : call_codec(t, codec, 1, view, args[1], args[2]);
    toy_release(view);
    toy_release(codec);
    if (toy_failed(text) || toy_is_str(text)) return text;
    toy_raise_type_error(t, "'%S' decoder returned '%T' instead of 'str'; use codecs.decode() to decode to arbitrary types", args[1], text);
    toy_release(text);
    return TOY_FAILED;
}

/* ---- error handlers ---- */

ToyValue codecs_register_error(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "register_error() argument 1 must be str, not %N", args[0]);
    if (!toy_is_callable(t, args[1])) return toy_raise_type_error(t, "handler must be callable");
    return toy_dict_set(t, state_of(self)->handlers, args[0], args[1]) ? TOY_NONE : TOY_FAILED;
}

ToyValue codecs_lookup_error(ToyThread *t, ToyValue self, const ToyValue *args)
{
    if (!toy_is_str(args[0])) return toy_raise_type_error(t, "lookup_error() argument must be str, not %N", args[0]);
    ToyValue handler;
    if (!toy_dict_get(t, state_of(self)->handlers, args[0], &handler)) return TOY_FAILED;
    return toy_is_bound(handler) ? handler : toy_raise(t, TOY_LookupError, "unknown error handler name '%S'", args[0]);
}
