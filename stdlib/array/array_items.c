/* array_items.c - single items of an array as values and back.
 *
 * What        array_item_types, array_read_item, array_convert_item, array_swap_items.
 * How         As numbers of 64 bits or doubles whose low bytes are copied. What does not fit is refused in the words of the C type.
 * GIL         held; converting may run __index__ or __float__.
 * Read next   mod_array.c */
#include "stdlib/array/array.h"

#define TO_LONG "Python int too large to convert to C long"
#define TO_UNSIGNED_LONG "Python int too large to convert to C unsigned long"
#define NEGATIVE "can't convert negative value to unsigned int"
#define TOO_BIG "int too big to convert"
#define SMALL(code, type, kind, name) {code, (const char[]){code, 0}, sizeof(type), kind, name " is less than minimum", name " is greater than maximum", TO_LONG, TO_LONG}
const ItemType array_item_types[] = {
    SMALL('b', signed char, ARRAY_SIGNED, "signed char"),
    SMALL('B', unsigned char, ARRAY_UNSIGNED, "unsigned byte integer"),
    {'u', "w", sizeof(wchar_t), ARRAY_CHARACTER, NULL, NULL, NULL, NULL},
    {'w', "w", sizeof(uint32_t), ARRAY_CHARACTER, NULL, NULL, NULL, NULL},
    SMALL('h', short, ARRAY_SIGNED, "signed short integer"),
    SMALL('H', unsigned short, ARRAY_UNSIGNED, "unsigned short"),
    SMALL('i', int, ARRAY_SIGNED, "signed integer"),
    {'I', "I", sizeof(unsigned), ARRAY_UNSIGNED, NEGATIVE, "unsigned int is greater than maximum", TO_UNSIGNED_LONG, NEGATIVE},
    {'l', "l", sizeof(long), ARRAY_SIGNED, TO_LONG, TO_LONG, TO_LONG, TO_LONG},
    {'L', "L", sizeof(unsigned long), ARRAY_UNSIGNED, NEGATIVE, TO_UNSIGNED_LONG, TO_UNSIGNED_LONG, NEGATIVE},
    {'q', "q", sizeof(long long), ARRAY_SIGNED, TOO_BIG, TOO_BIG, TOO_BIG, TOO_BIG},
    {'Q', "Q", sizeof(unsigned long long), ARRAY_UNSIGNED, "can't convert negative int to unsigned", TOO_BIG, TOO_BIG, "can't convert negative int to unsigned"},
    {'f', "f", sizeof(float), ARRAY_FLOAT, NULL, NULL, NULL, NULL},
    {'d', "d", sizeof(double), ARRAY_FLOAT, NULL, NULL, NULL, NULL},
    {0, NULL, 0, ARRAY_SIGNED, NULL, NULL, NULL, NULL},
};

const ItemType *array_item_type(uint32_t code)
{
    for (const ItemType *item = array_item_types; item->code; item++)
        if ((uint8_t)item->code == code) return item;
    return NULL;
}

ToyValue array_read_item(ToyThread *t, const ItemType *item, const uint8_t *at)
{
    uint64_t bits = 0;
    double d;
    float single;
    memcpy(&bits, at, item->size);   /* little-endian, as everything this runs on */
    unsigned unused = 64 - 8 * (unsigned)item->size;
    switch (item->kind) {
    case ARRAY_SIGNED: return toy_int(t, (int64_t)(bits << unused) >> unused);
    case ARRAY_UNSIGNED: return toy_int_from_uint64(t, bits);
    case ARRAY_CHARACTER:
        if (bits > 0x10ffff) return toy_raise_value_error(t, "chr() arg not in range(0x110000)");
        return toy_str_from_char(t, (uint32_t)bits);
    case ARRAY_FLOAT: break;
    }
    memcpy(&single, at, sizeof single);
    if (item->size == sizeof single) return toy_float(t, (double)single);
    memcpy(&d, at, sizeof d);
    return toy_float(t, d);
}

static bool convert_int(ToyThread *t, const ItemType *item, ToyValue v, uint64_t *bits)
{
    unsigned unused = 64 - 8 * (unsigned)item->size;
    int64_t n;
    const char *problem = NULL;
    ToyValue number = toy_index(t, v);
    if (toy_failed(number)) return false;
    bool is_negative = toy_int_sign(number) < 0;
    if (toy_int_fits_int64(number, &n)) {
        *bits = (uint64_t)n;
        bool fits = item->kind == ARRAY_SIGNED ? (int64_t)(*bits << unused) >> unused == n : n >= 0 && *bits << unused >> unused == *bits;
        if (!fits) problem = is_negative ? item->below : item->above;
    } else if (item->kind == ARRAY_UNSIGNED && unused == 0 && !is_negative) {
        if (!toy_int_fits_uint64(number, bits)) problem = item->far_above;
    } else if (item->kind == ARRAY_UNSIGNED && toy_int_fits_uint64(number, bits)) {
        problem = item->far_above == item->far_below ? item->far_above : item->above;   /* of the small ones, a C long was tried first */
    } else {
        problem = is_negative ? item->far_below : item->far_above;
    }
    toy_release(number);
    return !problem || toy_raise_false(t, TOY_OverflowError, "%s", problem);
}

bool array_convert_item(ToyThread *t, const ItemType *item, ToyValue v, uint8_t bytes[ITEM_BYTES_MAX])
{
    uint64_t bits = 0;
    double d = 0;
    float single;
    uint32_t character;
    switch (item->kind) {
    case ARRAY_SIGNED: case ARRAY_UNSIGNED:
        if (!convert_int(t, item, v, &bits)) return false;
        memcpy(bytes, &bits, item->size);
        return true;
    case ARRAY_CHARACTER:
        if (!toy_is_str(v) || toy_str_length(v) != 1) return toy_raise_false(t, TOY_TypeError, "array item must be unicode character");
        character = toy_str_char(v, 0);
        memcpy(bytes, &character, sizeof character);
        return true;
    case ARRAY_FLOAT: break;
    }
    if (!toy_arg_double(t, v, &d)) return false;
    single = (float)d;
    if (item->size == sizeof single) memcpy(bytes, &single, sizeof single);
    else memcpy(bytes, &d, sizeof d);
    return true;
}

void array_swap_items(Array *array)
{
    size_t size = array->item->size;
    for (size_t i = 0; i < array->length; i++) {
        uint8_t *at = array_at(array, i);
        for (size_t low = 0, high = size - 1; low < high; low++, high--) {
            uint8_t byte = at[low];
            at[low] = at[high];
            at[high] = byte;
        }
    }
}
