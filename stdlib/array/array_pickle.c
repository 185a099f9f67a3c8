/* array_pickle.c - arrays taken apart and put together, also on another kind of machine.
 *
 * What        array_reduce, array_reconstruct.
 * How         Since protocol 3 an array is its bytes and a machine format code, which says size, sign and byte order of the items. Where it is
 *             read, the bytes are taken as they are if the type code still means that here; else the items are converted one by one.
 * GIL         held.
 * Read next   mod_array.c */
#include "stdlib/array/array.h"

/* By code. Characters are decoded. */
typedef struct MachineFormat { ArrayKind kind; uint8_t size; bool is_big; const char *encoding; } MachineFormat;
static const MachineFormat formats[] = {
    {ARRAY_UNSIGNED, 1, false, NULL}, {ARRAY_SIGNED, 1, false, NULL}, {ARRAY_UNSIGNED, 2, false, NULL}, {ARRAY_UNSIGNED, 2, true, NULL},
    {ARRAY_SIGNED, 2, false, NULL}, {ARRAY_SIGNED, 2, true, NULL}, {ARRAY_UNSIGNED, 4, false, NULL}, {ARRAY_UNSIGNED, 4, true, NULL},
    {ARRAY_SIGNED, 4, false, NULL}, {ARRAY_SIGNED, 4, true, NULL}, {ARRAY_UNSIGNED, 8, false, NULL}, {ARRAY_UNSIGNED, 8, true, NULL},
    {ARRAY_SIGNED, 8, false, NULL}, {ARRAY_SIGNED, 8, true, NULL}, {ARRAY_FLOAT, 4, false, NULL}, {ARRAY_FLOAT, 4, true, NULL},
    {ARRAY_FLOAT, 8, false, NULL}, {ARRAY_FLOAT, 8, true, NULL}, {ARRAY_CHARACTER, 2, false, "utf-16-le"}, {ARRAY_CHARACTER, 2, true, "utf-16-be"},
    {ARRAY_CHARACTER, 4, false, "utf-32-le"}, {ARRAY_CHARACTER, 4, true, "utf-32-be"},
};
enum { FORMAT_COUNT = sizeof formats / sizeof *formats };

static int format_of(const ItemType *item)
{
    for (int i = 0; i < FORMAT_COUNT; i++)
        if (formats[i].kind == item->kind && formats[i].size == item->size && !formats[i].is_big) return i;
    return -1;
}

ToyValue array_reduce(ToyThread *t, ToyValue self, const ToyValue *args)
{
    const Array *array = as_array(self);
    int64_t protocol;
    if (!toy_is_int(args[0])) return toy_raise_type_error(t, "__reduce_ex__ argument should be an integer");
    if (!toy_arg_int64(t, args[0], &protocol)) return TOY_FAILED;
    ToyValue state = toy_find_attribute(t, self, "__dict__");
    if (toy_is_unbound(state)) {
        if (toy_is_raised(t)) return TOY_FAILED;
        state = TOY_NONE;
    }
    ToyValue type = toy_retain(toy_type_value(toy_type_of(t, self))), code = toy_str_from_char(t, (uint8_t)array->item->code);
    if (protocol < 3) return toy_tuple(t, type, toy_tuple(t, code, array_to_list(t, array)), state);
    ToyValue bytes = toy_bytes(t, array->data, array->length * array->item->size);
    return toy_tuple(t, toy_import_from(t, "array", "_array_reconstructor"), toy_tuple(t, type, code, toy_int(t, format_of(array->item)), bytes), state);
}

/* Items of another machine's format, one by one, into a new array of the type code. */
static ToyValue convert(ToyThread *t, ToyType *type, const ItemType *item, const MachineFormat *format, const uint8_t *data, size_t length)
{
    ToyValue list = toy_list(t);
    bool done = !toy_failed(list);
    for (size_t i = 0; done && i + format->size <= length; i += format->size) {
        uint8_t bytes[ITEM_BYTES_MAX];
        for (size_t k = 0; k < format->size; k++) bytes[k] = data[i + (format->is_big ? format->size - 1 - k : k)];
        const ItemType source = {.size = format->size, .kind = format->kind};
        done = toy_list_append_take(t, list, array_read_item(t, &source, bytes));
    }
    ToyValue array = done ? array_make(t, type, item, list) : TOY_FAILED;
    toy_release(list);
    return array;
}

/* The type code that has this format here: the last one in the list, as L and Q may both have. */
static const ItemType *item_for(const MachineFormat *format)
{
    const ItemType *found = NULL;
    for (const ItemType *item = array_item_types; item->code; item++)
        if (item->kind == format->kind && item->size == format->size) found = item;
    return found;
}

ToyValue array_reconstruct(ToyThread *t, ToyValue module, const ToyValue *args)
{
    ArrayState *state = toy_module_state(module);
    int code;
    if (!toy_is_str(args[1]) || toy_str_length(args[1]) != 1)
        return toy_raise_type_error(t, "_array_reconstructor() argument 2 must be a unicode character, not %N", args[1]);
    if (!toy_arg_int(t, args[2], &code)) return TOY_FAILED;
    if (!toy_is_type(args[0])) return toy_raise_type_error(t, "first argument must be a type object, not %T", args[0]);
    ToyType *type = (ToyType *)toy_object(args[0]);
    if (!toy_type_is_subtype(type, state->array)) return toy_raise_type_error(t, "%s is not a subtype of array.array", toy_type_text(t, type));
    const ItemType *item = array_item_type(toy_str_char(args[1], 0));
    if (!item) return toy_raise_value_error(t, "second argument must be a valid type code");
    if (code < 0 || code >= FORMAT_COUNT) return toy_raise_value_error(t, "third argument must be a valid machine format code.");
    if (!toy_is_bytes(args[3])) return toy_raise_type_error(t, "fourth argument should be bytes, not %T", args[3]);
    if (code == format_of(item)) return array_make(t, type, item, args[3]);

    const MachineFormat *format = &formats[code];
    size_t length;
    const uint8_t *data = toy_bytes_data(args[3], &length);
    /* CPython's own table has twice the size for characters. */
    if (length % (format->encoding ? 2u * format->size : format->size)) return toy_raise_value_error(t, "string length not a multiple of item size");
    if (format->encoding) {
        ToyValue text = toy_str_decode(t, (const char *)data, length, format->encoding, NULL);
        ToyValue array = toy_failed(text) ? TOY_FAILED : array_make(t, type, item, text);
        toy_release(text);
        return array;
    }
    if (format->kind != ARRAY_FLOAT) item = item_for(format);
    return convert(t, type, item, format, data, length);
}
