/* struct_items.c - values as bytes and back, by the fields of a layout.
 *
 * What        layout_pack, layout_unpack.
 * How         Numbers pass through one 64-bit word; they lie in 1, 2, 4 or 8 bytes, swapped if need be. Bytes that no field covers
 *             are zero: the whole is cleared first.
 * GIL         held; packing may run __index__, __float__ and __bool__ of the values.
 * Read next   mod_struct.c */
#include "stdlib/struct/struct.h"

/* ---- bytes to values ---- */

/* By size, in words of it: each is one instruction, where a copy of so many bytes would be a call and wait for itself. */
static uint64_t read_bits(const Field *field, const uint8_t *at)
{
    uint16_t two;
    uint32_t four;
    uint64_t eight;
    switch (field->size) {
    case 1: return *at;
    case 2: memcpy(&two, at, sizeof two); return field->is_swapped ? __builtin_bswap16(two) : two;
    case 4: memcpy(&four, at, sizeof four); return field->is_swapped ? __builtin_bswap32(four) : four;
    default: memcpy(&eight, at, sizeof eight); return field->is_swapped ? __builtin_bswap64(eight) : eight;
    }
}

static ToyValue read_float(ToyThread *t, const Field *field, const uint8_t *at)
{
    uint64_t bits = read_bits(field, at);
    double d;
    float single;
    uint32_t low = (uint32_t)bits;
    switch (field->size) {
    case 2: return toy_float(t, toy_half_read((uint16_t)bits));
    case 4: memcpy(&single, &low, sizeof single); return toy_float(t, (double)single);
    default: memcpy(&d, &bits, sizeof d); return toy_float(t, d);
    }
}

static ToyValue read_item(ToyThread *t, const Field *field, const uint8_t *at)
{
    unsigned unused = 64 - 8 * (unsigned)field->size;
    switch (field->kind) {
    case ITEM_SIGNED: return toy_int(t, (int64_t)(read_bits(field, at) << unused) >> unused);
    case ITEM_UNSIGNED: case ITEM_ADDRESS: return toy_int_from_uint64(t, read_bits(field, at));
    case ITEM_BOOL: return toy_bool(*at != 0);
    case ITEM_FLOAT: return read_float(t, field, at);
    case ITEM_PASCAL: return toy_bytes(t, at + 1, field->size == 0 ? 0 : *at < field->size ? *at : (size_t)field->size - 1);
    case ITEM_CHAR: case ITEM_TEXT: case ITEM_PAD: break;
    }
    return toy_bytes(t, at, (size_t)field->size);
}

ToyValue layout_unpack(ToyThread *t, const Layout *layout, const uint8_t *from)
{
    enum { FEW = 16 };
    ToyValue few[FEW];
    size_t wanted = (size_t)(layout->item_count > 0 ? layout->item_count : 0), made = 0;
    ToyValue *items = wanted <= FEW ? few : toy_alloc(t, wanted * sizeof *items);
    if (!items) return TOY_FAILED;
    for (const Field *field = layout->fields; field < layout->fields + layout->field_count; field++)
        for (int64_t i = 0; i < field->count; i++) items[made++] = read_item(t, field, from + field->offset + i * field->size);
    ToyValue tuple = toy_tuple_take(t, items, made);
    if (items != few) toy_free(t, items, wanted * sizeof *items);
    return tuple;
}

/* ---- values to bytes ---- */

static bool refuse(ToyThread *t, const StructState *state, const char *why) { return (toy_raise_type(t, state->error, "%s", why), false); }

static void write_bits(const Field *field, uint8_t *at, uint64_t bits)
{
    uint16_t two = field->is_swapped ? __builtin_bswap16((uint16_t)bits) : (uint16_t)bits;
    uint32_t four = field->is_swapped ? __builtin_bswap32((uint32_t)bits) : (uint32_t)bits;
    uint64_t eight = field->is_swapped ? __builtin_bswap64(bits) : bits;
    switch (field->size) {
    case 1: *at = (uint8_t)bits; break;
    case 2: memcpy(at, &two, sizeof two); break;
    case 4: memcpy(at, &four, sizeof four); break;
    default: memcpy(at, &eight, sizeof eight);
    }
}

/* The bits of an int that fits the field. */
static bool fits(const Field *field, ToyValue number, uint64_t *bits)
{
    int64_t n = 0;
    unsigned width = 8 * (unsigned)field->size;
    if (field->kind == ITEM_UNSIGNED) return toy_int_fits_uint64(number, bits) && (width == 64 || *bits >> width == 0);
    bool is_small = toy_int_fits_int64(number, &n);
    *bits = (uint64_t)n;
    if (field->kind == ITEM_ADDRESS) return is_small || toy_int_fits_uint64(number, bits);
    return is_small && (int64_t)(*bits << (64 - width)) >> (64 - width) == n;
}

static bool refuse_range(ToyThread *t, const StructState *state, const Field *field)
{
    if (field->kind == ITEM_ADDRESS) return refuse(t, state, "int too large to convert");
    uint64_t most = UINT64_MAX >> (64 - 8 * field->size);
    if (field->kind == ITEM_SIGNED) {
        int64_t half = (int64_t)(most >> 1);
        return (toy_raise_type(t, state->error, "'%c' format requires %lld <= number <= %lld", field->letter, (long long)(-half - 1), (long long)half), false);
    }
    return (toy_raise_type(t, state->error, "'%c' format requires 0 <= number <= %llu", field->letter, (unsigned long long)most), false);
}

static bool write_int(ToyThread *t, const StructState *state, const Field *field, ToyValue v, uint8_t *at)
{
    uint64_t bits;
    ToyValue number = v;
    if (!toy_is_int(v)) {
        ToyValue method = toy_find_special(t, v, "__index__");
        if (toy_is_unbound(method)) return toy_is_raised(t) ? false : refuse(t, state, "required argument is not an integer");
        toy_release(method);
        number = toy_index(t, v);
        if (toy_failed(number)) return false;
    }
    bool done = fits(field, number, &bits);
    if (number.bits != v.bits) toy_release(number);
    if (!done) return refuse_range(t, state, field);
    write_bits(field, at, bits);
    return true;
}

static bool write_float(ToyThread *t, const StructState *state, const Field *field, ToyValue v, uint8_t *at)
{
    double d;
    uint64_t bits = 0;
    uint16_t half;
    if (!toy_arg_double(t, v, &d)) {
        /* Whatever it was: a str, a number too large, an error in __float__. */
        toy_raised_clear(t);
        return refuse(t, state, "required argument is not a float");
    }
    float single = (float)d;
    if (field->size == 8) {
        memcpy(&bits, &d, sizeof d);
    } else if (field->size == 4) {
        if (__builtin_isinf(single) && !__builtin_isinf(d)) return toy_raise_false(t, TOY_OverflowError, "float too large to pack with f format");
        memcpy(&bits, &single, sizeof single);
    } else {
        if (!toy_half_from_double(d, &half)) return toy_raise_false(t, TOY_OverflowError, "float too large to pack with e format");
        bits = half;
    }
    write_bits(field, at, bits);
    return true;
}

/* As much as there is room for; before a Pascal string stands its length. */
static bool write_text(ToyThread *t, const StructState *state, const Field *field, ToyValue v, uint8_t *at)
{
    bool is_pascal = field->kind == ITEM_PASCAL;
    if (!toy_is_bytes(v) && !toy_is_bytearray(v))
        return refuse(t, state, is_pascal ? "argument for 'p' must be a bytes object" : "argument for 's' must be a bytes object");
    size_t length, room = (size_t)field->size;
    const uint8_t *data = toy_bytes_data(v, &length);
    if (is_pascal) {
        if (room == 0) return true;
        room--;
        if (length > room) length = room;
        *at++ = length < 255 ? (uint8_t)length : 255;
    }
    memcpy(at, data, length < room ? length : room);
    return true;
}

static bool write_item(ToyThread *t, const StructState *state, const Field *field, ToyValue v, uint8_t *at)
{
    size_t length;
    bool truth;
    switch (field->kind) {
    case ITEM_SIGNED: case ITEM_UNSIGNED: case ITEM_ADDRESS: return write_int(t, state, field, v, at);
    case ITEM_FLOAT: return write_float(t, state, field, v, at);
    case ITEM_BOOL:
        if (!toy_truth(t, v, &truth)) return false;
        *at = truth;
        return true;
    case ITEM_CHAR:
        if (!toy_is_bytes(v)) break;
        *at = *toy_bytes_data(v, &length);
        if (length == 1) return true;
        break;
    case ITEM_TEXT: case ITEM_PASCAL: return write_text(t, state, field, v, at);
    case ITEM_PAD: return true;
    }
    return refuse(t, state, "char format requires a bytes object of length 1");
}

bool layout_pack(ToyThread *t, const StructState *state, const Layout *layout, const ToyValue *values, uint8_t *to)
{
    memset(to, 0, (size_t)layout->size);
    for (const Field *field = layout->fields; field < layout->fields + layout->field_count; field++)
        for (int64_t i = 0; i < field->count; i++)
            if (!write_item(t, state, field, *values++, to + field->offset + i * field->size)) return false;
    return true;
}
